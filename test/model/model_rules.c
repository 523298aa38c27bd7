/* SPDX-License-Identifier: PostgreSQL */
/*
 * model_rules.c
 *	  What each call must come to: permissions, attributes, data.  The calls
 *	  that change names are in model_names.c.
 *
 * Where several things are wrong with a call, the first one that is looked at
 * decides; that order is part of the model.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#define SIZE_LIMIT ((uint64_t) INT64_MAX)

/* One class decides: owner, else group, else others.  Root may everything but
 * execute what nobody may. */
bool
may(const struct user *user, const struct node *node, int bits)
{
	uint32_t	granted;

	if (user->uid == 0)
		return (bits & 1) == 0 || node->kind == NF3DIR ||
			(node->mode & 0111) != 0;
	if (user->uid == node->uid)
		granted = node->mode >> 6;
	else if (in_group(user, node->gid))
		granted = node->mode >> 3;
	else
		granted = node->mode;
	return (granted & (uint32_t) bits) == (uint32_t) bits;
}

static bool
owns(const struct user *user, const struct node *node)
{
	return user->uid == 0 || user->uid == node->uid;
}

/* In a sticky directory only owners remove and rename. */
bool
may_sticky(const struct user *user, const struct node *dir,
		   const struct node *child)
{
	return (dir->mode & 01000) == 0 || owns(user, dir) || owns(user, child);
}

void
touched(struct model *model, struct node *node)
{
	for (int i = 0; i < model->touched_count; i++)
	{
		if (model->touched[i] == node)
			return;
	}
	model->touched[model->touched_count++] = node;
}

void
touch(struct model *model, struct node *node)
{
	node->ctime.after = node->ctime.until;
	node->ctime.until = model->now;
	touched(model, node);
}

struct before
before_of(const struct node *node)
{
	return (struct before) {node->size, node->mtime, node->ctime};
}

static void
expect_wcc(struct expected *expected, struct node *node)
{
	expected->wcc = node;
	expected->before = before_of(node);
}

/*
 * SETATTR
 */

/* The owner may cut his file whatever its mode: his client has asked when the
 * file was opened. */
uint32_t
check_set(const struct user *user, const struct node *node,
		  const struct set *set)
{
	bool		owner = owns(user, node);
	bool		writes = owner || may(user, node, 2);

	if ((set->what & SET_MODE) && !owner)
		return NFS3ERR_PERM;
	if ((set->what & SET_UID) && user->uid != 0 &&
		(!owner || set->uid != node->uid))
		return NFS3ERR_PERM;
	if ((set->what & SET_GID) && user->uid != 0 &&
		(!owner || (set->gid != node->gid && !in_group(user, set->gid))))
		return NFS3ERR_PERM;
	if ((set->what & (SET_ATIME | SET_MTIME)) && !owner)
		return NFS3ERR_PERM;
	if ((set->what & (ATIME_NOW | MTIME_NOW)) && !writes)
		return NFS3ERR_ACCES;
	if (set->what & SET_SIZE)
	{
		if (node->kind == NF3DIR)
			return NFS3ERR_ISDIR;
		if (node->kind != NF3REG)
			return NFS3ERR_INVAL;
		if (!writes)
			return NFS3ERR_ACCES;
		if (set->size > SIZE_LIMIT)
			return NFS3ERR_FBIG;
	}
	return NFS3_OK;
}

/* A program that somebody else has changed runs as nobody but its user. */
static void
lose_set_ids(const struct user *user, struct node *node)
{
	if (user->uid == 0)
		return;
	node->mode &= ~(uint32_t) 04000;
	if (node->mode & 010)
		node->mode &= ~(uint32_t) 02000;
}

void
apply_set(struct model *model, const struct user *user, struct node *node,
		  const struct set *set)
{
	touch(model, node);
	if (set->what & SET_UID)
		node->uid = set->uid;
	if (set->what & SET_GID)
		node->gid = set->gid;
	if (set->what & SET_SIZE)
	{
		data_cut(node, set->size);
		node->size = set->size;
		node->mtime = node->ctime;
		lose_set_ids(user, node);
	}
	if ((set->what & SET_MODE) && node->kind != NF3LNK)
	{
		node->mode = set->mode & 07777;
		if (user->uid != 0 && !in_group(user, node->gid))
			node->mode &= ~(uint32_t) 02000;
	}
	if ((set->what & (SET_UID | SET_GID)) && node->kind != NF3DIR)
	{
		node->mode &= ~(uint32_t) 04000;
		if (node->mode & 010)
			node->mode &= ~(uint32_t) 02000;
	}
	if (set->what & SET_MTIME)
		node->mtime = (struct moment) {set->mtime - 1, set->mtime};
	else if (set->what & MTIME_NOW)
		node->mtime = node->ctime;
}

static void
apply_setattr(struct model *model, const struct user *user,
			  struct node *node, const struct call *call, struct expected *e)
{
	expect_wcc(e, node);
	if (call->guard != GUARD_NONE &&
		(call->guard == GUARD_WRONG ||
		 call->guard_ctime <= node->ctime.after ||
		 call->guard_ctime > node->ctime.until))
		e->status = NFS3ERR_NOT_SYNC;
	else
		e->status = check_set(user, node, &call->set);
	if (e->status != NFS3_OK || call->set.what == 0)
		return;
	e->changed = true;
	if (!model->dry)
		apply_set(model, user, node, &call->set);
}

/*
 * LOOKUP, ACCESS, READLINK, READDIR
 */

/* INVAL, NAMETOOLONG */
uint32_t
check_name(int name)
{
	switch (name)
	{
		case NAME_EMPTY:
		case NAME_SLASH:
		case NAME_NUL:
			return NFS3ERR_INVAL;
		case NAME_TOO_LONG:
			return NFS3ERR_NAMETOOLONG;
		default:
			return NFS3_OK;
	}
}

static void
apply_lookup(const struct user *user, struct node *dir,
			 const struct call *call, struct expected *e)
{
	struct dentry *entry;

	e->dir = dir;
	if (dir->kind != NF3DIR)
		e->status = NFS3ERR_NOTDIR;
	else if (!may(user, dir, 1))
		e->status = NFS3ERR_ACCES;
	else
		e->status = check_name(call->name);
	if (e->status != NFS3_OK)
		return;
	entry = model_entry(dir, call->name);
	if (call->name == NAME_DOT)
		e->object = dir;
	else if (call->name == NAME_DOTDOT)
		e->object = dir->parent;
	else if (entry != NULL)
		e->object = entry->node;
	else
		e->status = NFS3ERR_NOENT;
}

static void
apply_access(const struct user *user, struct node *node,
			 const struct call *call, struct expected *e)
{
	bool		directory = node->kind == NF3DIR;
	uint32_t	granted = 0;

	e->object = node;
	if (may(user, node, 4))
		granted |= ACCESS3_READ;
	if (may(user, node, 1))
		granted |= directory ? ACCESS3_LOOKUP : ACCESS3_EXECUTE;
	/* without search, the right to write a directory is of no use */
	if (may(user, node, directory ? 3 : 2))
		granted |= ACCESS3_MODIFY | ACCESS3_EXTEND |
			(directory ? ACCESS3_DELETE : 0);
	e->access = granted & call->how;
}

/*
 * READ, WRITE, COMMIT
 */

static uint32_t
check_data(const struct user *user, const struct node *node, bool write)
{
	if (node->kind == NF3DIR)
		return NFS3ERR_ISDIR;
	if (node->kind != NF3REG)
		return NFS3ERR_INVAL;
	if (owns(user, node) || may(user, node, write ? 2 : 4))
		return NFS3_OK;
	/* what one may run one may read, or no client could run it */
	return !write && may(user, node, 1) ? NFS3_OK : NFS3ERR_ACCES;
}

static void
apply_read(const struct user *user, struct node *node,
		   const struct call *call, struct expected *e)
{
	e->object = node;
	e->status = check_data(user, node, false);
	if (e->status != NFS3_OK)
		return;
	e->count = 0;
	if (call->offset < node->size)
	{
		uint64_t	left = node->size - call->offset;

		e->count = left < call->count ? (uint32_t) left : call->count;
	}
	e->eof = call->offset + e->count >= node->size;
}

static void
apply_write(struct model *model, const struct user *user,
			struct node *node, const struct call *call, struct expected *e)
{
	unsigned char *bytes;

	expect_wcc(e, node);
	e->status = check_data(user, node, true);
	if (e->status == NFS3_OK &&
		(call->offset > SIZE_LIMIT || call->count > SIZE_LIMIT - call->offset))
		e->status = NFS3ERR_FBIG;
	if (e->status != NFS3_OK || call->count == 0)
		return;
	e->changed = true;
	if (model->dry)
		return;
	bytes = malloc(call->count);
	call_bytes(call, bytes);
	data_write(node, call->offset, bytes, call->count);
	free(bytes);
	if (node->size < call->offset + call->count)
		node->size = call->offset + call->count;
	touch(model, node);
	node->mtime = node->ctime;
	lose_set_ids(user, node);
}

void
model_apply(struct model *model, const struct call *call, struct expected *e)
{
	const struct user *user = &users[call->user];
	struct node *node = model_node(model, call->object);

	memset(e, 0, sizeof(*e));
	model->touched_count = 0;
	switch (call->procedure)
	{
		case NFS3_CREATE:
		case NFS3_MKDIR:
		case NFS3_SYMLINK:
		case NFS3_MKNOD:
		case NFS3_REMOVE:
		case NFS3_RMDIR:
		case NFS3_RENAME:
		case NFS3_LINK:
			apply_names(model, call, e);
			return;
		default:
			break;
	}
	if (node == NULL || node->nlink == 0)
	{
		e->status = NFS3ERR_STALE;
		return;
	}
	switch (call->procedure)
	{
		case NFS3_GETATTR:
			e->object = node;
			break;
		case NFS3_SETATTR:
			apply_setattr(model, user, node, call, e);
			break;
		case NFS3_LOOKUP:
			apply_lookup(user, node, call, e);
			break;
		case NFS3_ACCESS:
			apply_access(user, node, call, e);
			break;
		case NFS3_READLINK:
			e->object = node;
			if (node->kind != NF3LNK)
				e->status = NFS3ERR_INVAL;
			break;
		case NFS3_READ:
			apply_read(user, node, call, e);
			break;
		case NFS3_WRITE:
			apply_write(model, user, node, call, e);
			break;
		case NFS3_COMMIT:
			expect_wcc(e, node);
			e->status = check_data(user, node, true);
			break;
		case NFS3_READDIR:
		case NFS3_READDIRPLUS:
			e->dir = node;
			if (node->kind != NF3DIR)
				e->status = NFS3ERR_NOTDIR;
			else if (!may(user, node, 4))
				e->status = NFS3ERR_ACCES;
			/* what is behind the names he could not look up either */
			else
				e->names_only = !may(user, node, 1);
			break;
		default:
			bail_out("the model has no procedure %d", call->procedure);
	}
}
