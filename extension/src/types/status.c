/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * status.c
 *	  What each status is called, and which error it is for people.
 *
 * The operations return a status; the functions that people call raise it
 * here, so that every one of them fails with the same SQLSTATE and the same
 * words for the same reason.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(dittofs_status_name);

typedef struct StatusInfo
{
	Status		status;
	const char *name;
	int			sqlstate;
	const char *text;
	const char *hint;			/* NULL: the text says it all */
} StatusInfo;

/* In the order of the numbers; names and meanings of RFC 1813, 2.6. */
static const StatusInfo statuses[] = {
	{FS_OK, "OK", ERRCODE_SUCCESSFUL_COMPLETION, "success", NULL},
	{FS_PERM, "PERM", ERRCODE_INSUFFICIENT_PRIVILEGE,
		"operation not permitted",
	"Only the owner or root may do this."},
	{FS_NOENT, "NOENT", ERRCODE_UNDEFINED_FILE,
		"no such file or directory", NULL},
	{FS_IO, "IO", ERRCODE_IO_ERROR, "input/output error", NULL},
	{FS_NXIO, "NXIO", ERRCODE_INVALID_PARAMETER_VALUE,
		"the offset is not within the file", NULL},
	{FS_ACCES, "ACCES", ERRCODE_INSUFFICIENT_PRIVILEGE,
		"permission denied",
		"The mode bits of the file and of the directories above it, or the "
	"share's rules about clients, do not let this caller."},
	{FS_EXIST, "EXIST", ERRCODE_DUPLICATE_FILE, "file exists", NULL},
	{FS_XDEV, "XDEV", ERRCODE_FEATURE_NOT_SUPPORTED,
		"the names are in different shares",
	"Copy the file and remove the original."},
	{FS_NODEV, "NODEV", ERRCODE_FEATURE_NOT_SUPPORTED, "no such device", NULL},
	{FS_NOTDIR, "NOTDIR", ERRCODE_WRONG_OBJECT_TYPE, "not a directory",
	"Symbolic links in a path are not followed here."},
	{FS_ISDIR, "ISDIR", ERRCODE_WRONG_OBJECT_TYPE, "is a directory",
	"dittofs.ls() lists it, dittofs.rmdir() removes it if it is empty, and "
	"dittofs.rm(path, recursive => true) with all in it."},
	{FS_INVAL, "INVAL", ERRCODE_INVALID_PARAMETER_VALUE,
		"invalid argument", NULL},
	{FS_FBIG, "FBIG", ERRCODE_PROGRAM_LIMIT_EXCEEDED, "file too large", NULL},
	{FS_NOSPC, "NOSPC", ERRCODE_DISK_FULL, "no space left",
	"Either the share's max_bytes or max_inodes is reached, which "
	"dittofs.list_shares() shows beside what it holds, or the disk is full."},
	{FS_ROFS, "ROFS", ERRCODE_READ_ONLY_SQL_TRANSACTION,
		"the share is read-only",
	"dittofs.alter_share(name, read_only => false) changes that."},
	{FS_MLINK, "MLINK", ERRCODE_PROGRAM_LIMIT_EXCEEDED, "too many links",
	"A file can have 2147483647 names."},
	{FS_NAMETOOLONG, "NAMETOOLONG", ERRCODE_NAME_TOO_LONG, "name too long",
	"A name can have 255 bytes, the target of a symbolic link 4095."},
	{FS_NOTEMPTY, "NOTEMPTY", ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
	"directory not empty", "Remove what is in it first."},
	{FS_DQUOT, "DQUOT", ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
		"quota exceeded", NULL},
	{FS_STALE, "STALE", ERRCODE_UNDEFINED_FILE,
		"the file of this handle is gone", NULL},
	{FS_BADHANDLE, "BADHANDLE", ERRCODE_INVALID_PARAMETER_VALUE,
		"not a file handle",
	"A handle comes from a function of dittofs and is "
	CONTRACT_TEXT(HANDLE_LEN) " bytes long."},
	{FS_NOT_SYNC, "NOT_SYNC", ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
		"the file has changed meanwhile", NULL},
	{FS_BAD_COOKIE, "BAD_COOKIE", ERRCODE_INVALID_PARAMETER_VALUE,
		"not a cookie of this directory", NULL},
	{FS_NOTSUPP, "NOTSUPP", ERRCODE_FEATURE_NOT_SUPPORTED,
		"operation not supported", NULL},
	{FS_TOOSMALL, "TOOSMALL", ERRCODE_INVALID_PARAMETER_VALUE,
		"not even one entry fits", NULL},
	{FS_SERVERFAULT, "SERVERFAULT", ERRCODE_INTERNAL_ERROR,
		"server fault", NULL},
	{FS_BADTYPE, "BADTYPE", ERRCODE_INVALID_PARAMETER_VALUE,
	"no such kind of file", "Use fifo, socket, block or character."},
	{FS_JUKEBOX, "JUKEBOX", ERRCODE_LOCK_NOT_AVAILABLE,
	"not available at the moment", "Try again."},
	{FS_NOXATTR, "NOXATTR", ERRCODE_UNDEFINED_OBJECT,
	"no such extended attribute", "dittofs.listxattr() lists them."},
	{FS_XATTR2BIG, "XATTR2BIG", ERRCODE_PROGRAM_LIMIT_EXCEEDED,
		"the value is too large",
	"The value of an extended attribute can have 65536 bytes."},
	{FS_TOOWEAK, "TOOWEAK", ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
		"the share takes no callers without credentials",
	"dittofs.alter_share(name, allow_auth_none => true) changes that."},
	{FS_ELSEWHERE, "ELSEWHERE", ERRCODE_FEATURE_NOT_SUPPORTED,
		"its content is in a store",
	"Only a gateway reaches the store; read the file through one."},
	{FS_DENIED, "DENIED", ERRCODE_LOCK_NOT_AVAILABLE,
		"another owner has a lock in the way", NULL},
	{FS_BLOCKED, "BLOCKED", ERRCODE_LOCK_NOT_AVAILABLE,
		"the lock waits", NULL},
	{FS_NOLOCKS, "NOLOCKS", ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
		"no more locks", NULL},
	{FS_DEADLOCK, "DEADLOCK", ERRCODE_T_R_DEADLOCK_DETECTED,
		"owners of locks would wait for each other", NULL},
};

static const StatusInfo *
status_find(Status status)
{
	for (int i = 0; i < lengthof(statuses); i++)
	{
		if (statuses[i].status == status)
			return &statuses[i];
	}
	return NULL;
}

/* NULL: no status has this number. */
static const char *
status_name(Status status)
{
	const StatusInfo *info = status_find(status);

	return info == NULL ? NULL : info->name;
}

Datum
dittofs_status_name(PG_FUNCTION_ARGS)
{
	const char *name = status_name((Status) PG_GETARG_INT32(0));

	if (name == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(name));
}

/*
 * what: a verb ("remove"); object: what it was to be done to, as the user
 * wrote it.
 */
void
status_raise(Status status, const char *what, const char *object)
{
	const StatusInfo *info;

	if (status == FS_OK)
		return;
	info = status_find(status);
	if (info == NULL)
		elog(ERROR, "could not %s \"%s\": status %d", what, object, status);
	ereport(ERROR,
			(errcode(info->sqlstate),
			 errmsg("could not %s \"%s\": %s", what, object, info->text),
			 info->hint != NULL ? errhint("%s", info->hint) : 0));
}
