/*-------------------------------------------------------------------------
 *
 * ops.c
 *	  What the operations share: arguments, the object of a call, times, wcc.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "utils/builtins.h"

#include "content.h"
#include "ops.h"
#include "usage.h"
#include "xact.h"

Status
op_enter(FunctionCallInfo fcinfo, int argh, int argc, Op *op)
{
	Handle		handle;
	Caller	   *caller;
	Status		status;

	if (PG_ARGISNULL(argh) || !handle_parse(PG_GETARG_BYTEA_PP(argh), &handle))
		return FS_BADHANDLE;
	op->share = share_by_uuid(&handle.share);
	if (op->share == NULL)
		return FS_STALE;
	if (PG_ARGISNULL(argc))
		return FS_ACCES;		/* nobody is nobody */
	caller = DatumGetCallerP(PG_GETARG_DATUM(argc));
	status = share_admits(op->share, caller);
	if (status != FS_OK)
		return status;
	op->caller = caller;
	cred_squash(op->share, caller, &op->cred);
	op->id = handle.id;
	return FS_OK;
}

/* A handle names an object of one share; with another share's name it is forged. */
static bool
in_share(const Op *op, const Inode *inode)
{
	return inode->share_id == op->share->share_id;
}

Status
op_get(const Op *op, Inode *inode)
{
	if (!inode_get(&op->id, inode) || !in_share(op, inode))
		return FS_STALE;
	return FS_OK;
}

Status
op_get_dir(const Op *op, Inode *dir)
{
	Status		status = op_get(op, dir);

	if (status == FS_OK && dir->kind != KIND_DIRECTORY)
		status = FS_NOTDIR;
	return status;
}

Status
op_lock(const Op *op, Inode **inode)
{
	inode_lock(1, &op->id, inode);
	if (*inode != NULL && !in_share(op, *inode))
		*inode = NULL;
	return *inode == NULL ? FS_STALE : FS_OK;
}

Status
op_lock_dir(const Op *op, Inode **dir)
{
	Inode		seen;
	Status		status;

	*dir = op->share->read_only ? NULL :
		inode_lock_dir(&op->id, op->share->share_id);
	if (*dir != NULL)
		return FS_OK;
	/* what is wrong with the handle comes first */
	status = op_get_dir(op, &seen);
	if (status == FS_OK)
		status = op->share->read_only ? FS_ROFS : FS_STALE;
	return status;
}

Status
op_name(FunctionCallInfo fcinfo, int arg, FsName *name)
{
	bytea	   *bytes;

	if (PG_ARGISNULL(arg))
		return FS_INVAL;
	bytes = PG_GETARG_BYTEA_PP(arg);
	name->data = VARDATA_ANY(bytes);
	name->len = VARSIZE_ANY_EXHDR(bytes);
	if (name->len == 0)
		return FS_INVAL;
	if (name->len > FS_NAME_MAX)
		return FS_NAMETOOLONG;
	if (memchr(name->data, '\0', name->len) || memchr(name->data, '/', name->len))
		return FS_INVAL;
	name->dot = name->len == 1 && name->data[0] == '.';
	name->dotdot = name->len == 2 && name->data[0] == '.' && name->data[1] == '.';
	return FS_OK;
}

OptInt
op_opt(FunctionCallInfo fcinfo, int arg)
{
	OptInt		opt = {false, 0};

	if (!PG_ARGISNULL(arg))
	{
		opt.given = true;
		opt.value = PG_GETARG_INT64(arg);
	}
	return opt;
}

bool
op_flag(FunctionCallInfo fcinfo, int arg)
{
	return !PG_ARGISNULL(arg) && PG_GETARG_BOOL(arg);
}

int
op_word(FunctionCallInfo fcinfo, int arg, const char *const *words)
{
	text	   *word;

	if (PG_ARGISNULL(arg))
		return -1;
	word = PG_GETARG_TEXT_PP(arg);
	for (int i = 0; words[i] != NULL; i++)
		if (strlen(words[i]) == VARSIZE_ANY_EXHDR(word) &&
			memcmp(words[i], VARDATA_ANY(word), VARSIZE_ANY_EXHDR(word)) == 0)
			return i;
	return -1;
}

FsTime
op_tick(const Inode *inode)
{
	return Max(inode->ctime + 1, fs_now());
}

void
op_touch_dir(Inode *dir)
{
	dir->mtime = dir->ctime = op_tick(dir);
	inode_dirty(dir);
}

void
op_touch_ctime(Inode *inode)
{
	inode->ctime = op_tick(inode);
	inode_dirty(inode);
}

void
op_unlink(const Share *share, Inode *inode)
{
	if (inode->kind == KIND_DIRECTORY || inode->nlink <= 1)
	{
		usage_add(share->share_id, -inode->used, -1);
		content_remove(inode);
		inode_delete(inode);
		return;
	}
	inode->nlink--;
	op_touch_ctime(inode);
}

void
wcc_before(Wcc *wcc, const Inode *inode)
{
	memset(wcc, 0, sizeof(*wcc));
	wcc->has_before = true;
	wcc->before_size = inode->size;
	wcc->before_mtime = inode->mtime;
	wcc->before_ctime = inode->ctime;
}

void
wcc_after(Wcc *wcc, const Share *share, const Inode *inode)
{
	wcc->has_after = true;
	inode_fattr(inode, share->fsid, &wcc->after);
}

void
wcc_now(Wcc *wcc, const Op *op)
{
	Inode		inode;

	memset(wcc, 0, sizeof(*wcc));
	if (op_get(op, &inode) == FS_OK)
		wcc_after(wcc, op->share, &inode);
}

Datum
op_result(ResultType type, Status status, const Datum *values, const bool *nulls,
		  int n)
{
	Datum		v[24];
	bool		null[24];

	Assert(n + 1 <= lengthof(v));
	v[0] = Int32GetDatum(status);
	null[0] = false;
	for (int i = 0; i < n; i++)
	{
		v[i + 1] = values == NULL ? (Datum) 0 : values[i];
		null[i + 1] = values == NULL || nulls[i];
	}
	return rel_form_result(type, v, null);
}
