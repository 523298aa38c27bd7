/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * sql_ops.c
 *	  Makes the operations (fs.h) functions of SQL: arguments into structs,
 *	  structs into rows.
 *
 * This file decides nothing, and no other file meets SQL's calling convention.
 * A table names for each argument the member of the struct that it becomes,
 * another for each column of the result type the member that it is made of.
 * The names in both are those of extension/sql, and the compiler checks the
 * types of the members; test/shell/t_operations.sh compares names and order
 * with the catalogs.
 *
 * An operation is added in this order: structs and prototype in fs.h, the
 * function in an ops_*.c, the SQL declaration (and the result type, in
 * tables.c, too), then the tables and the function here.
 *
 * Each function has its tables unrolled, so a call costs the same as if the
 * members were written out: a loop at run time would take 200 instructions more
 * of the 1,700 of ACCESS.  Only the row is allocated: its parts are in the
 * structs and in a buffer on the stack.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "funcapi.h"

#include "nfs4/clients4.h"
#include "ops/fs.h"
#include "types/handles.h"
#include "tables/rel.h"

PG_FUNCTION_INFO_V1(dittofs_lookup);
PG_FUNCTION_INFO_V1(dittofs_get_file);
PG_FUNCTION_INFO_V1(dittofs_set_file_attributes);
PG_FUNCTION_INFO_V1(dittofs_check_permissions);
PG_FUNCTION_INFO_V1(dittofs_read_symlink);
PG_FUNCTION_INFO_V1(dittofs_create_file);
PG_FUNCTION_INFO_V1(dittofs_create_directory);
PG_FUNCTION_INFO_V1(dittofs_create_symlink);
PG_FUNCTION_INFO_V1(dittofs_create_special_file);
PG_FUNCTION_INFO_V1(dittofs_create_hard_link);
PG_FUNCTION_INFO_V1(dittofs_remove_file);
PG_FUNCTION_INFO_V1(dittofs_remove_directory);
PG_FUNCTION_INFO_V1(dittofs_move);
PG_FUNCTION_INFO_V1(dittofs_read_directory);
PG_FUNCTION_INFO_V1(dittofs_read);
PG_FUNCTION_INFO_V1(dittofs_write);
PG_FUNCTION_INFO_V1(dittofs_commit);
PG_FUNCTION_INFO_V1(dittofs_prepare_read);
PG_FUNCTION_INFO_V1(dittofs_prepare_write);
PG_FUNCTION_INFO_V1(dittofs_commit_write);
PG_FUNCTION_INFO_V1(dittofs_claim_blocks);
PG_FUNCTION_INFO_V1(dittofs_get_filesystem_capabilities);
PG_FUNCTION_INFO_V1(dittofs_get_filesystem_statistics);
PG_FUNCTION_INFO_V1(dittofs_lock_range);
PG_FUNCTION_INFO_V1(dittofs_unlock_range);
PG_FUNCTION_INFO_V1(dittofs_cancel_lock);
PG_FUNCTION_INFO_V1(dittofs_test_lock);
PG_FUNCTION_INFO_V1(dittofs_share_file);
PG_FUNCTION_INFO_V1(dittofs_unshare_file);
PG_FUNCTION_INFO_V1(dittofs_lock_objects);
PG_FUNCTION_INFO_V1(dittofs_reap);

static const char *const createmode_words[] = CREATEMODE_WORDS;
static const char *const kind_words[] = KIND_WORDS;
static const char *const stability_words[] = STABILITY_WORDS;
static const char *const lock_outcome_words[] = LOCK_OUTCOME_WORDS;

/* Where a member is, which must be of this type. */
#define MEMBER(Struct, member, Type) \
	(offsetof(Struct, member) + 0 * sizeof(char[ \
		__builtin_types_compatible_p(__typeof__(((Struct *) 0)->member), \
									 Type) ? \
		1 : -1]))
/* The same of an enum, or of an int that has its numbers. */
#define MEMBER_WORD(Struct, member) \
	(offsetof(Struct, member) + 0 * sizeof(char[ \
		sizeof(((Struct *) 0)->member) == sizeof(int) ? 1 : -1]))

/* A loop over a table that the compiler knows: one step for each row. */
#if defined(__GNUC__) && !defined(__clang__)
#define UNROLL _Pragma("GCC unroll 24")
#else
#define UNROLL
#endif

/*
 * Arguments into structs
 */

typedef enum ArgKind
{
	ARG_HANDLE,					/* is entered, for the caller */
	ARG_CALLER,
	ARG_BYTES,
	ARG_OPT,
	ARG_INT64,
	ARG_INT32,
	ARG_BOOL,
	ARG_WORD
} ArgKind;

typedef struct Arg
{
	const char *name;
	ArgKind		kind;
	int			offset;			/* of the member; of a handle: which Op */
	int			null;			/* the number that NULL is */
	const char *const *words;
} Arg;

/* What NULL is: of an offset or a count no number at all, otherwise 0 */
#define HANDLE(name, op)			{name, ARG_HANDLE, op, 0, NULL}
#define CALLER(name)				{name, ARG_CALLER, 0, 0, NULL}
#define BYTES(name, S, m) \
	{name, ARG_BYTES, MEMBER(S, m, FsBytes), 0, NULL}
#define OPT(name, S, m) \
	{name, ARG_OPT, MEMBER(S, m, OptInt), 0, NULL}
#define NUMBER(name, S, m) \
	{name, ARG_INT64, MEMBER(S, m, int64), 0, NULL}
#define EXTENT(name, S, m) \
	{name, ARG_INT64, MEMBER(S, m, int64), -1, NULL}
#define NUMBER32(name, S, m) \
	{name, ARG_INT32, MEMBER(S, m, int32), 0, NULL}
#define FLAG(name, S, m) \
	{name, ARG_BOOL, MEMBER(S, m, bool), 0, NULL}
#define WORD(name, S, m, words) \
	{name, ARG_WORD, MEMBER_WORD(S, m), -1, words}

/* The index of a word; -1: it is none of them. */
static int
find_word(const text *word, const char *const *words)
{
	int			len = VARSIZE_ANY_EXHDR(word);

	for (int i = 0; words[i] != NULL; i++)
		if (strlen(words[i]) == len &&
			memcmp(words[i], VARDATA_ANY(word), len) == 0)
			return i;
	return -1;
}

static inline FsBytes
bytes_of(const bytea *value)
{
	FsBytes		bytes = {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};

	return bytes;
}

/*
 * Fills in members from the arguments, and enters the objects.  to is zeroed:
 * what NULL leaves alone is not given.
 */
static pg_attribute_always_inline void
unpack(FunctionCallInfo fcinfo, const Arg *args, int nargs, Op *ops, int nops,
	   void *to)
{
	FsBytes		handles[2] = {0};
	const Caller *caller = NULL;

	Assert(PG_NARGS() == nargs && nops <= lengthof(handles));
	UNROLL
	for (int i = 0; i < nargs; i++)
	{
		const Arg  *arg = &args[i];
		char	   *member = (char *) to + arg->offset;
		bool		null = PG_ARGISNULL(i);
		Datum		value = PG_GETARG_DATUM(i);

		switch (arg->kind)
		{
			case ARG_HANDLE:
				if (!null)
					handles[arg->offset] = bytes_of(DatumGetByteaPP(value));
				break;
			case ARG_CALLER:
				if (!null)
					caller = DatumGetCallerP(value);
				break;
			case ARG_BYTES:
				if (!null)
					*(FsBytes *) member = bytes_of(DatumGetByteaPP(value));
				break;
			case ARG_OPT:
				((OptInt *) member)->given = !null;
				((OptInt *) member)->value = null ? 0 : DatumGetInt64(value);
				break;
			case ARG_INT64:
				*(int64 *) member = null ? arg->null : DatumGetInt64(value);
				break;
			case ARG_INT32:
				*(int32 *) member = null ? arg->null : DatumGetInt32(value);
				break;
			case ARG_BOOL:
				*(bool *) member = !null && DatumGetBool(value);
				break;
			case ARG_WORD:
				*(int *) member = null ? arg->null :
					find_word(DatumGetTextPP(value), arg->words);
				break;
		}
	}
	for (int i = 0; i < nops; i++)
		op_enter(&ops[i], handles[i], caller);
}

#define UNPACK(fcinfo, args, ops, nops, to) \
	unpack(fcinfo, args, lengthof(args), ops, nops, to)

/*
 * Structs into rows
 */

typedef enum ColumnKind
{
	COLUMN_OPT_FATTR,			/* these two for each status, if given */
	COLUMN_OPT_WCC,
	COLUMN_FATTR,				/* the others where the status is FS_OK */
	COLUMN_HANDLE,
	COLUMN_INT64,
	COLUMN_INT32,
	COLUMN_BOOL,
	COLUMN_BYTEA,
	COLUMN_VERIFIER,
	COLUMN_WORD,
	COLUMN_OPT_INT64,			/* these, where they are given, besides */
	COLUMN_OPT_BOOL,
	COLUMN_OPT_BYTEA
} ColumnKind;

typedef struct Column
{
	const char *name;
	ColumnKind	kind;
	int			offset;
	const char *const *words;
} Column;

typedef uint8 Verifier[FS_VERIFIER_LEN];

#define OPT_FATTR_COLUMN(name, S, m) \
	{name, COLUMN_OPT_FATTR, MEMBER(S, m, OptFattr), NULL}
#define OPT_WCC_COLUMN(name, S, m) \
	{name, COLUMN_OPT_WCC, MEMBER(S, m, OptWcc), NULL}
#define FATTR_COLUMN(name, S, m) \
	{name, COLUMN_FATTR, MEMBER(S, m, Fattr), NULL}
#define HANDLE_COLUMN(name, S, m) \
	{name, COLUMN_HANDLE, MEMBER(S, m, Handle), NULL}
#define INT64_COLUMN(name, S, m) \
	{name, COLUMN_INT64, MEMBER(S, m, int64), NULL}
#define INT32_COLUMN(name, S, m) \
	{name, COLUMN_INT32, MEMBER(S, m, int32), NULL}
#define BOOL_COLUMN(name, S, m) \
	{name, COLUMN_BOOL, MEMBER(S, m, bool), NULL}
#define BYTEA_COLUMN(name, S, m) \
	{name, COLUMN_BYTEA, MEMBER(S, m, const bytea *), NULL}
#define VERIFIER_COLUMN(name, S, m) \
	{name, COLUMN_VERIFIER, MEMBER(S, m, Verifier), NULL}
#define OPT_INT64_COLUMN(name, S, m) \
	{name, COLUMN_OPT_INT64, MEMBER(S, m, OptInt), NULL}
#define OPT_BOOL_COLUMN(name, S, m) \
	{name, COLUMN_OPT_BOOL, MEMBER(S, m, OptInt), NULL}
#define OPT_BYTEA_COLUMN(name, S, m) \
	{name, COLUMN_OPT_BYTEA, MEMBER(S, m, const bytea *), NULL}
#define WORD_COLUMN(name, S, m, words) \
	{name, COLUMN_WORD, MEMBER_WORD(S, m), words}

#define COLUMNS_MAX 24

/* Room for a handle, a verifier and a word, each a varlena */
typedef struct Scratch
{
	char	   *next;
	uint32		room[32];
} Scratch;

/* A varlena of so many bytes. */
static inline char *
scratch_take(Scratch *scratch, int len, Datum *value)
{
	char	   *varlena = scratch->next;

	Assert(varlena + VARHDRSZ + len <=
		   (char *) scratch->room + sizeof(scratch->room));
	scratch->next += INTALIGN(VARHDRSZ + len);
	SET_VARSIZE(varlena, VARHDRSZ + len);
	*value = PointerGetDatum(varlena);
	return VARDATA(varlena);
}

/* The value of a column that has one. */
static inline Datum
column_value(const Column *column, const char *member, Scratch *scratch)
{
	Datum		value = (Datum) 0;
	const char *word;

	switch (column->kind)
	{
		case COLUMN_OPT_FATTR:
			return PointerGetDatum(&((const OptFattr *) member)->value);
		case COLUMN_OPT_WCC:
			return PointerGetDatum(&((const OptWcc *) member)->value);
		case COLUMN_FATTR:
			return PointerGetDatum(member);
		case COLUMN_HANDLE:
			handle_write((const Handle *) member,
						 scratch_take(scratch, HANDLE_LEN, &value));
			return value;
		case COLUMN_INT64:
			return Int64GetDatum(*(const int64 *) member);
		case COLUMN_INT32:
			return Int32GetDatum(*(const int32 *) member);
		case COLUMN_BOOL:
			return BoolGetDatum(*(const bool *) member);
		case COLUMN_BYTEA:
			return PointerGetDatum(*(const bytea *const *) member);
		case COLUMN_VERIFIER:
			memcpy(scratch_take(scratch, FS_VERIFIER_LEN, &value), member,
				   FS_VERIFIER_LEN);
			return value;
		case COLUMN_WORD:
			word = column->words[*(const int *) member];
			memcpy(scratch_take(scratch, strlen(word), &value), word,
				   strlen(word));
			return value;
		case COLUMN_OPT_INT64:
			return Int64GetDatum(((const OptInt *) member)->value);
		case COLUMN_OPT_BOOL:
			return BoolGetDatum(((const OptInt *) member)->value != 0);
		case COLUMN_OPT_BYTEA:
			return PointerGetDatum(*(const bytea *const *) member);
	}
	return value;
}

static inline bool
column_is_given(const Column *column, const char *member, Status status)
{
	if (column->kind == COLUMN_OPT_FATTR)
		return ((const OptFattr *) member)->given;
	if (column->kind == COLUMN_OPT_WCC)
		return ((const OptWcc *) member)->given;
	if (column->kind == COLUMN_OPT_INT64 || column->kind == COLUMN_OPT_BOOL)
		return status == FS_OK && ((const OptInt *) member)->given;
	if (column->kind == COLUMN_OPT_BYTEA)
		return status == FS_OK && *(const bytea *const *) member != NULL;
	return status == FS_OK;
}

/* The row of a result: the status, then its columns. */
static pg_attribute_always_inline Datum
pack(ResultType type, const Column *columns, int ncolumns, Status status,
	 const void *from)
{
	Datum		values[COLUMNS_MAX];
	bool		nulls[COLUMNS_MAX];
	Scratch		scratch;

	scratch.next = (char *) scratch.room;
	values[0] = Int32GetDatum(status);
	nulls[0] = false;
	UNROLL
	for (int i = 0; i < ncolumns; i++)
	{
		const Column *column = &columns[i];
		const char *member = (const char *) from + column->offset;

		nulls[i + 1] = !column_is_given(column, member, status);
		values[i + 1] = nulls[i + 1] ? (Datum) 0 :
			column_value(column, member, &scratch);
	}
	return rel_form_result(type, values, nulls, ncolumns + 1);
}

#define PACK(type, columns, status, from) \
	pack(type, columns, lengthof(columns), status, from)

/*
 * Attributes
 */

static const Arg lookup_args[] = {
	HANDLE("dir", 0),
	BYTES("name", FsLookup, name),
	CALLER("caller"),
};

static const Column lookup_result[] = {
	HANDLE_COLUMN("handle", FsLookedUp, handle),
	FATTR_COLUMN("attributes", FsLookedUp, attributes),
	OPT_FATTR_COLUMN("dir_attributes", FsLookedUp, dir),
};

Datum
dittofs_lookup(PG_FUNCTION_ARGS)
{
	Op			dir;
	FsLookup	args = {0};
	FsLookedUp	result;

	UNPACK(fcinfo, lookup_args, &dir, 1, &args);
	return PACK(TYPE_LOOKUP_RESULT, lookup_result,
				fs_lookup(&dir, &args, &result), &result);
}

/* What has no arguments but the object. */
static const Arg object_args[] = {
	HANDLE("handle", 0),
	CALLER("caller"),
};

static const Column file_result[] = {
	FATTR_COLUMN("attributes", FsGot, attributes),
};

Datum
dittofs_get_file(PG_FUNCTION_ARGS)
{
	Op			op;
	FsGot		result;

	UNPACK(fcinfo, object_args, &op, 1, NULL);
	return PACK(TYPE_FILE_RESULT, file_result, fs_getattr(&op, &result),
				&result);
}

static const Arg set_file_attributes_args[] = {
	HANDLE("handle", 0),
	CALLER("caller"),
	OPT("mode", FsSetattr, set.mode),
	OPT("uid", FsSetattr, set.uid),
	OPT("gid", FsSetattr, set.gid),
	OPT("size", FsSetattr, set.size),
	OPT("atime", FsSetattr, set.atime),
	OPT("mtime", FsSetattr, set.mtime),
	FLAG("atime_now", FsSetattr, set.atime_now),
	FLAG("mtime_now", FsSetattr, set.mtime_now),
	OPT("guard", FsSetattr, guard),
};

static const Column change_result[] = {
	OPT_WCC_COLUMN("wcc", FsChanged, wcc),
};

Datum
dittofs_set_file_attributes(PG_FUNCTION_ARGS)
{
	Op			op;
	FsSetattr	args = {0};
	FsChanged	result;

	UNPACK(fcinfo, set_file_attributes_args, &op, 1, &args);
	return PACK(TYPE_CHANGE_RESULT, change_result,
				fs_setattr(&op, &args, &result), &result);
}

static const Arg check_permissions_args[] = {
	HANDLE("handle", 0),
	NUMBER32("wanted", FsAccess, wanted),
	CALLER("caller"),
};

static const Column access_result[] = {
	FATTR_COLUMN("attributes", FsAccessed, attributes),
	INT32_COLUMN("granted", FsAccessed, granted),
};

Datum
dittofs_check_permissions(PG_FUNCTION_ARGS)
{
	Op			op;
	FsAccess	args = {0};
	FsAccessed	result;

	UNPACK(fcinfo, check_permissions_args, &op, 1, &args);
	return PACK(TYPE_ACCESS_RESULT, access_result,
				fs_access(&op, &args, &result), &result);
}

static const Column readlink_result[] = {
	OPT_FATTR_COLUMN("attributes", FsLink, attributes),
	BYTEA_COLUMN("target", FsLink, target),
};

Datum
dittofs_read_symlink(PG_FUNCTION_ARGS)
{
	Op			op;
	FsLink		result;

	UNPACK(fcinfo, object_args, &op, 1, NULL);
	return PACK(TYPE_READLINK_RESULT, readlink_result,
				fs_readlink(&op, &result), &result);
}

/*
 * Entries
 */

static const Column create_result[] = {
	HANDLE_COLUMN("handle", FsMade, handle),
	OPT_FATTR_COLUMN("attributes", FsMade, attributes),
	OPT_WCC_COLUMN("dir_wcc", FsMade, dir_wcc),
};

static const Arg create_file_args[] = {
	HANDLE("dir", 0),
	BYTES("name", FsCreate, name),
	CALLER("caller"),
	WORD("how", FsCreate, how, createmode_words),
	OPT("mode", FsCreate, set.mode),
	OPT("uid", FsCreate, set.uid),
	OPT("gid", FsCreate, set.gid),
	OPT("size", FsCreate, set.size),
	OPT("atime", FsCreate, set.atime),
	OPT("mtime", FsCreate, set.mtime),
	FLAG("atime_now", FsCreate, set.atime_now),
	FLAG("mtime_now", FsCreate, set.mtime_now),
	BYTES("verifier", FsCreate, verifier),
};

Datum
dittofs_create_file(PG_FUNCTION_ARGS)
{
	Op			dir;
	FsCreate	args = {0};
	FsMade		result;

	UNPACK(fcinfo, create_file_args, &dir, 1, &args);
	return PACK(TYPE_CREATE_RESULT, create_result,
				fs_create(&dir, &args, &result), &result);
}

static const Arg create_directory_args[] = {
	HANDLE("dir", 0),
	BYTES("name", FsMkdir, name),
	CALLER("caller"),
	OPT("mode", FsMkdir, set.mode),
	OPT("uid", FsMkdir, set.uid),
	OPT("gid", FsMkdir, set.gid),
	OPT("atime", FsMkdir, set.atime),
	OPT("mtime", FsMkdir, set.mtime),
	FLAG("atime_now", FsMkdir, set.atime_now),
	FLAG("mtime_now", FsMkdir, set.mtime_now),
};

Datum
dittofs_create_directory(PG_FUNCTION_ARGS)
{
	Op			dir;
	FsMkdir		args = {0};
	FsMade		result;

	UNPACK(fcinfo, create_directory_args, &dir, 1, &args);
	return PACK(TYPE_CREATE_RESULT, create_result,
				fs_mkdir(&dir, &args, &result), &result);
}

static const Arg create_symlink_args[] = {
	HANDLE("dir", 0),
	BYTES("name", FsSymlink, name),
	BYTES("target", FsSymlink, target),
	CALLER("caller"),
	OPT("uid", FsSymlink, set.uid),
	OPT("gid", FsSymlink, set.gid),
	OPT("atime", FsSymlink, set.atime),
	OPT("mtime", FsSymlink, set.mtime),
	FLAG("atime_now", FsSymlink, set.atime_now),
	FLAG("mtime_now", FsSymlink, set.mtime_now),
};

Datum
dittofs_create_symlink(PG_FUNCTION_ARGS)
{
	Op			dir;
	FsSymlink	args = {0};
	FsMade		result;

	UNPACK(fcinfo, create_symlink_args, &dir, 1, &args);
	return PACK(TYPE_CREATE_RESULT, create_result,
				fs_symlink(&dir, &args, &result), &result);
}

static const Arg create_special_file_args[] = {
	HANDLE("dir", 0),
	BYTES("name", FsMknod, name),
	WORD("kind", FsMknod, kind, kind_words),
	NUMBER("rdev_major", FsMknod, rdev_major),
	NUMBER("rdev_minor", FsMknod, rdev_minor),
	CALLER("caller"),
	OPT("mode", FsMknod, set.mode),
	OPT("uid", FsMknod, set.uid),
	OPT("gid", FsMknod, set.gid),
	OPT("atime", FsMknod, set.atime),
	OPT("mtime", FsMknod, set.mtime),
	FLAG("atime_now", FsMknod, set.atime_now),
	FLAG("mtime_now", FsMknod, set.mtime_now),
};

Datum
dittofs_create_special_file(PG_FUNCTION_ARGS)
{
	Op			dir;
	FsMknod		args = {0};
	FsMade		result;

	UNPACK(fcinfo, create_special_file_args, &dir, 1, &args);
	return PACK(TYPE_CREATE_RESULT, create_result,
				fs_mknod(&dir, &args, &result), &result);
}

static const Arg create_hard_link_args[] = {
	HANDLE("handle", 0),
	HANDLE("dir", 1),
	BYTES("name", FsHardLink, name),
	CALLER("caller"),
};

static const Column link_result[] = {
	OPT_FATTR_COLUMN("attributes", FsLinked, attributes),
	OPT_WCC_COLUMN("dir_wcc", FsLinked, dir_wcc),
};

Datum
dittofs_create_hard_link(PG_FUNCTION_ARGS)
{
	Op			ops[2];
	FsHardLink	args = {0};
	FsLinked	result;

	UNPACK(fcinfo, create_hard_link_args, ops, 2, &args);
	return PACK(TYPE_LINK_RESULT, link_result,
				fs_link(&ops[0], &ops[1], &args, &result), &result);
}

/* remove_file(), remove_directory() */
static const Arg remove_args[] = {
	HANDLE("dir", 0),
	BYTES("name", FsRemove, name),
	CALLER("caller"),
};

Datum
dittofs_remove_file(PG_FUNCTION_ARGS)
{
	Op			dir;
	FsRemove	args = {0};
	FsChanged	result;

	UNPACK(fcinfo, remove_args, &dir, 1, &args);
	return PACK(TYPE_CHANGE_RESULT, change_result,
				fs_remove(&dir, &args, &result), &result);
}

Datum
dittofs_remove_directory(PG_FUNCTION_ARGS)
{
	Op			dir;
	FsRemove	args = {0};
	FsChanged	result;

	UNPACK(fcinfo, remove_args, &dir, 1, &args);
	return PACK(TYPE_CHANGE_RESULT, change_result,
				fs_rmdir(&dir, &args, &result), &result);
}

static const Arg move_args[] = {
	HANDLE("from_dir", 0),
	BYTES("from_name", FsRename, from_name),
	HANDLE("to_dir", 1),
	BYTES("to_name", FsRename, to_name),
	CALLER("caller"),
};

static const Column move_result[] = {
	OPT_WCC_COLUMN("from_wcc", FsRenamed, from_wcc),
	OPT_WCC_COLUMN("to_wcc", FsRenamed, to_wcc),
};

Datum
dittofs_move(PG_FUNCTION_ARGS)
{
	Op			dirs[2];
	FsRename	args = {0};
	FsRenamed	result;

	UNPACK(fcinfo, move_args, dirs, 2, &args);
	return PACK(TYPE_MOVE_RESULT, move_result,
				fs_rename(&dirs[0], &dirs[1], &args, &result), &result);
}

/*
 * Data
 */

/* read(), prepare_read(), commit() */
static const Arg range_args[] = {
	HANDLE("handle", 0),
	EXTENT("offset", FsRange, offset),
	EXTENT("count", FsRange, count),
	CALLER("caller"),
};

static const Column read_result[] = {
	OPT_FATTR_COLUMN("attributes", FsRead, attributes),
	BOOL_COLUMN("eof", FsRead, eof),
	BYTEA_COLUMN("data", FsRead, data),
};

Datum
dittofs_read(PG_FUNCTION_ARGS)
{
	Op			op;
	FsRange		args = {0};
	FsRead		result;

	UNPACK(fcinfo, range_args, &op, 1, &args);
	return PACK(TYPE_READ_RESULT, read_result,
				fs_read(&op, &args, &result), &result);
}

static const Column prepare_read_result[] = {
	OPT_FATTR_COLUMN("attributes", FsReadPrepared, attributes),
	BOOL_COLUMN("eof", FsReadPrepared, eof),
	BYTEA_COLUMN("segments", FsReadPrepared, segments),
	BYTEA_COLUMN("data", FsReadPrepared, data),
};

Datum
dittofs_prepare_read(PG_FUNCTION_ARGS)
{
	Op			op;
	FsRange		args = {0};
	FsReadPrepared result;

	UNPACK(fcinfo, range_args, &op, 1, &args);
	return PACK(TYPE_PREPARE_READ_RESULT, prepare_read_result,
				fs_prepare_read(&op, &args, &result), &result);
}

static const Arg write_args[] = {
	HANDLE("handle", 0),
	EXTENT("offset", FsWrite, offset),
	BYTES("data", FsWrite, data),
	WORD("stability", FsWrite, stability, stability_words),
	CALLER("caller"),
};

/* write(), commit_write() */
static const Column write_result[] = {
	OPT_WCC_COLUMN("wcc", FsWritten, wcc),
	INT32_COLUMN("count", FsWritten, count),
	WORD_COLUMN("committed", FsWritten, stability, stability_words),
	VERIFIER_COLUMN("verifier", FsWritten, verifier),
};

Datum
dittofs_write(PG_FUNCTION_ARGS)
{
	Op			op;
	FsWrite		args = {0};
	FsWritten	result;

	UNPACK(fcinfo, write_args, &op, 1, &args);
	return PACK(TYPE_WRITE_RESULT, write_result,
				fs_write(&op, &args, &result), &result);
}

static const Arg commit_write_args[] = {
	HANDLE("handle", 0),
	EXTENT("offset", FsCommitWrite, offset),
	BYTES("blocks", FsCommitWrite, blocks),
	NUMBER32("store_id", FsCommitWrite, store_id),
	WORD("stability", FsCommitWrite, stability, stability_words),
	CALLER("caller"),
};

Datum
dittofs_commit_write(PG_FUNCTION_ARGS)
{
	Op			op;
	FsCommitWrite args = {0};
	FsWritten	result;

	UNPACK(fcinfo, commit_write_args, &op, 1, &args);
	return PACK(TYPE_WRITE_RESULT, write_result,
				fs_commit_write(&op, &args, &result), &result);
}

static const Column commit_result[] = {
	OPT_WCC_COLUMN("wcc", FsCommitted, wcc),
	VERIFIER_COLUMN("verifier", FsCommitted, verifier),
};

Datum
dittofs_commit(PG_FUNCTION_ARGS)
{
	Op			op;
	FsRange		args = {0};
	FsCommitted result;

	UNPACK(fcinfo, range_args, &op, 1, &args);
	return PACK(TYPE_COMMIT_RESULT, commit_result,
				fs_commit(&op, &args, &result), &result);
}

static const Arg prepare_write_args[] = {
	HANDLE("handle", 0),
	EXTENT("offset", FsPrepareWrite, offset),
	BYTES("blocks", FsPrepareWrite, blocks),
	CALLER("caller"),
};

static const Column prepare_write_result[] = {
	OPT_FATTR_COLUMN("attributes", FsWritePrepared, attributes),
	INT32_COLUMN("store_id", FsWritePrepared, store_id),
	BYTEA_COLUMN("needed", FsWritePrepared, needed),
};

Datum
dittofs_prepare_write(PG_FUNCTION_ARGS)
{
	Op			op;
	FsPrepareWrite args = {0};
	FsWritePrepared result;

	UNPACK(fcinfo, prepare_write_args, &op, 1, &args);
	return PACK(TYPE_PREPARE_WRITE_RESULT, prepare_write_result,
				fs_prepare_write(&op, &args, &result), &result);
}

Datum
dittofs_claim_blocks(PG_FUNCTION_ARGS)
{
	const bytea *needed = NULL;

	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
		needed = fs_claim_blocks(PG_GETARG_INT32(0),
								 bytes_of(PG_GETARG_BYTEA_PP(1)));
	if (needed == NULL)
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(needed);
}

/*
 * Directories: the first row is the head, the others are entries.
 */

static const Arg read_directory_args[] = {
	HANDLE("dir", 0),
	NUMBER("cookie", FsReaddir, cookie),
	NUMBER("dircount", FsReaddir, dircount),
	NUMBER("maxcount", FsReaddir, maxcount),
	FLAG("attributes", FsReaddir, plus),
	CALLER("caller"),
};

typedef enum DirectoryColumn
{
	DIRECTORY_STATUS,
	DIRECTORY_DIR_ATTRIBUTES,
	DIRECTORY_EOF,
	DIRECTORY_FILEID,
	DIRECTORY_NAME,
	DIRECTORY_COOKIE,
	DIRECTORY_ATTRIBUTES,
	DIRECTORY_HANDLE,
	DIRECTORY_COLUMNS
} DirectoryColumn;

StaticAssertDecl((int) DIRECTORY_FILEID == DIRECTORY_ROW_FILEID,
				 "the gateway finds an entry behind the head");

typedef struct DirectoryRows
{
	FsPage		page;
	int			next;			/* entry to be returned */
} DirectoryRows;

static Datum
form_head(const FsPage *page, Status status)
{
	Datum		values[DIRECTORY_COLUMNS] = {0};
	bool		nulls[DIRECTORY_COLUMNS];

	memset(nulls, true, sizeof(nulls));
	values[DIRECTORY_STATUS] = Int32GetDatum(status);
	nulls[DIRECTORY_STATUS] = false;
	if (page->dir.given)
	{
		values[DIRECTORY_DIR_ATTRIBUTES] = PointerGetDatum(&page->dir.value);
		nulls[DIRECTORY_DIR_ATTRIBUTES] = false;
	}
	if (status == FS_OK)
	{
		values[DIRECTORY_EOF] = BoolGetDatum(page->eof);
		nulls[DIRECTORY_EOF] = false;
	}
	return rel_form_result(TYPE_DIRECTORY_ROW, values, nulls,
						   DIRECTORY_COLUMNS);
}

static Datum
form_entry(const FsEntry *entry)
{
	Datum		values[DIRECTORY_COLUMNS] = {0};
	bool		nulls[DIRECTORY_COLUMNS] = {false};
	Scratch		scratch;

	values[DIRECTORY_STATUS] = Int32GetDatum(FS_OK);
	nulls[DIRECTORY_DIR_ATTRIBUTES] = nulls[DIRECTORY_EOF] = true;
	values[DIRECTORY_FILEID] = Int64GetDatum(entry->fileid);
	values[DIRECTORY_NAME] = PointerGetDatum(entry->name);
	values[DIRECTORY_COOKIE] = Int64GetDatum(entry->cookie);
	nulls[DIRECTORY_ATTRIBUTES] = nulls[DIRECTORY_HANDLE] =
		!entry->attributes.given;
	if (entry->attributes.given)
	{
		scratch.next = (char *) scratch.room;
		values[DIRECTORY_ATTRIBUTES] =
			PointerGetDatum(&entry->attributes.value);
		handle_write(
			&entry->handle,
			scratch_take(&scratch, HANDLE_LEN, &values[DIRECTORY_HANDLE]));
	}
	return rel_form_result(TYPE_DIRECTORY_ROW, values, nulls,
						   DIRECTORY_COLUMNS);
}

Datum
dittofs_read_directory(PG_FUNCTION_ARGS)
{
	FuncCallContext *context;
	DirectoryRows *rows;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext old;
		Op			dir;
		FsReaddir	args = {0};
		Status		status;

		context = SRF_FIRSTCALL_INIT();
		old = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		rows = palloc0(sizeof(DirectoryRows));
		UNPACK(fcinfo, read_directory_args, &dir, 1, &args);
		status = fs_readdir(&dir, &args, &rows->page);
		context->user_fctx = rows;
		MemoryContextSwitchTo(old);
		context = SRF_PERCALL_SETUP();
		SRF_RETURN_NEXT(context, form_head(&rows->page, status));
	}
	context = SRF_PERCALL_SETUP();
	rows = (DirectoryRows *) context->user_fctx;
	if (rows->next < rows->page.n)
		SRF_RETURN_NEXT(context, form_entry(&rows->page.entries[rows->next++]));
	SRF_RETURN_DONE(context);
}

/*
 * Locks
 */

static const Column lock_result[] = {
	WORD_COLUMN("outcome", FsLockReply, outcome, lock_outcome_words),
	OPT_BOOL_COLUMN("holder_exclusive", FsLockReply, holder_exclusive),
	OPT_BYTEA_COLUMN("holder_owner", FsLockReply, holder_owner),
	OPT_INT64_COLUMN("holder_offset", FsLockReply, holder_offset),
	OPT_INT64_COLUMN("holder_length", FsLockReply, holder_length),
	INT32_COLUMN("grants", FsLockReply, grants),
};

static const Arg lock_range_args[] = {
	HANDLE("handle", 0),
	CALLER("caller"),
	BYTES("client_name", FsLockRequest, client_name),
	NUMBER32("client_state", FsLockRequest, client_state),
	BYTES("owner", FsLockRequest, owner),
	NUMBER("offset", FsLockRequest, offset),
	NUMBER("length", FsLockRequest, length),
	FLAG("exclusive", FsLockRequest, exclusive),
	BYTES("wait", FsLockRequest, wait),
};

Datum
dittofs_lock_range(PG_FUNCTION_ARGS)
{
	Op			op;
	FsLockRequest args = {0};
	FsLockReply result;

	UNPACK(fcinfo, lock_range_args, &op, 1, &args);
	return PACK(TYPE_LOCK_RESULT, lock_result, fs_lock(&op, &args, &result),
				&result);
}

static const Arg unlock_range_args[] = {
	HANDLE("handle", 0),
	CALLER("caller"),
	BYTES("client_name", FsLockRequest, client_name),
	NUMBER32("client_state", FsLockRequest, client_state),
	BYTES("owner", FsLockRequest, owner),
	NUMBER("offset", FsLockRequest, offset),
	NUMBER("length", FsLockRequest, length),
};

Datum
dittofs_unlock_range(PG_FUNCTION_ARGS)
{
	Op			op;
	FsLockRequest args = {0};
	FsLockReply result;

	UNPACK(fcinfo, unlock_range_args, &op, 1, &args);
	return PACK(TYPE_LOCK_RESULT, lock_result, fs_unlock(&op, &args, &result),
				&result);
}

/* Of CANCEL and TEST */
static const Arg try_lock_args[] = {
	HANDLE("handle", 0),
	CALLER("caller"),
	BYTES("client_name", FsLockRequest, client_name),
	NUMBER32("client_state", FsLockRequest, client_state),
	BYTES("owner", FsLockRequest, owner),
	NUMBER("offset", FsLockRequest, offset),
	NUMBER("length", FsLockRequest, length),
	FLAG("exclusive", FsLockRequest, exclusive),
};

Datum
dittofs_cancel_lock(PG_FUNCTION_ARGS)
{
	Op			op;
	FsLockRequest args = {0};
	FsLockReply result;

	UNPACK(fcinfo, try_lock_args, &op, 1, &args);
	return PACK(TYPE_LOCK_RESULT, lock_result,
				fs_cancel_lock(&op, &args, &result), &result);
}

Datum
dittofs_test_lock(PG_FUNCTION_ARGS)
{
	Op			op;
	FsLockRequest args = {0};
	FsLockReply result;

	UNPACK(fcinfo, try_lock_args, &op, 1, &args);
	return PACK(TYPE_LOCK_RESULT, lock_result,
				fs_test_lock(&op, &args, &result), &result);
}

static const Arg share_file_args[] = {
	HANDLE("handle", 0),
	CALLER("caller"),
	BYTES("client_name", FsLockRequest, client_name),
	NUMBER32("client_state", FsLockRequest, client_state),
	BYTES("owner", FsLockRequest, owner),
	NUMBER32("access", FsLockRequest, access),
	NUMBER32("deny", FsLockRequest, deny),
	FLAG("reclaim", FsLockRequest, reclaim),
};

Datum
dittofs_share_file(PG_FUNCTION_ARGS)
{
	Op			op;
	FsLockRequest args = {0};
	FsLockReply result;

	UNPACK(fcinfo, share_file_args, &op, 1, &args);
	return PACK(TYPE_LOCK_RESULT, lock_result, fs_share(&op, &args, &result),
				&result);
}

static const Arg unshare_file_args[] = {
	HANDLE("handle", 0),
	CALLER("caller"),
	BYTES("client_name", FsLockRequest, client_name),
	NUMBER32("client_state", FsLockRequest, client_state),
	BYTES("owner", FsLockRequest, owner),
};

Datum
dittofs_unshare_file(PG_FUNCTION_ARGS)
{
	Op			op;
	FsLockRequest args = {0};
	FsLockReply result;

	UNPACK(fcinfo, unshare_file_args, &op, 1, &args);
	return PACK(TYPE_LOCK_RESULT, lock_result, fs_unshare(&op, &args, &result),
				&result);
}

/*
 * The share
 */

static const Column capabilities_result[] = {
	FATTR_COLUMN("attributes", FsInfo, attributes),
	INT64_COLUMN("rtmax", FsInfo, rtmax),
	INT64_COLUMN("rtpref", FsInfo, rtpref),
	INT64_COLUMN("rtmult", FsInfo, rtmult),
	INT64_COLUMN("wtmax", FsInfo, wtmax),
	INT64_COLUMN("wtpref", FsInfo, wtpref),
	INT64_COLUMN("wtmult", FsInfo, wtmult),
	INT64_COLUMN("dtpref", FsInfo, dtpref),
	INT64_COLUMN("maxfilesize", FsInfo, maxfilesize),
	INT64_COLUMN("time_delta", FsInfo, time_delta),
	INT32_COLUMN("properties", FsInfo, properties),
	INT64_COLUMN("linkmax", FsInfo, linkmax),
	INT64_COLUMN("name_max", FsInfo, name_max),
	BOOL_COLUMN("no_trunc", FsInfo, no_trunc),
	BOOL_COLUMN("chown_restricted", FsInfo, chown_restricted),
	BOOL_COLUMN("case_insensitive", FsInfo, case_insensitive),
	BOOL_COLUMN("case_preserving", FsInfo, case_preserving),
};

Datum
dittofs_get_filesystem_capabilities(PG_FUNCTION_ARGS)
{
	Op			op;
	FsInfo		result;

	UNPACK(fcinfo, object_args, &op, 1, NULL);
	return PACK(TYPE_CAPABILITIES_RESULT, capabilities_result,
				fs_info(&op, &result), &result);
}

static const Column statistics_result[] = {
	FATTR_COLUMN("attributes", FsStat, attributes),
	INT64_COLUMN("total_bytes", FsStat, total_bytes),
	INT64_COLUMN("free_bytes", FsStat, free_bytes),
	INT64_COLUMN("available_bytes", FsStat, available_bytes),
	INT64_COLUMN("total_files", FsStat, total_files),
	INT64_COLUMN("free_files", FsStat, free_files),
	INT64_COLUMN("available_files", FsStat, available_files),
	INT32_COLUMN("invarsec", FsStat, invarsec),
};

Datum
dittofs_get_filesystem_statistics(PG_FUNCTION_ARGS)
{
	Op			op;
	FsStat		result;

	UNPACK(fcinfo, object_args, &op, 1, NULL);
	return PACK(TYPE_STATISTICS_RESULT, statistics_result,
				fs_stat(&op, &result), &result);
}

/*
 * Batches and passes
 */

Datum
dittofs_lock_objects(PG_FUNCTION_ARGS)
{
	if (!PG_ARGISNULL(0))
		fs_lock_objects(bytes_of(PG_GETARG_BYTEA_PP(0)));
	PG_RETURN_VOID();
}

Datum
dittofs_reap(PG_FUNCTION_ARGS)
{
	int64		max = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);

	int64		done;

	if (max <= 0)
		PG_RETURN_INT64(0);
	/* first, for the other ends with tables that it keeps locked */
	done = nfs4_reap(max);
	PG_RETURN_INT64(done + fs_reap(max));
}
