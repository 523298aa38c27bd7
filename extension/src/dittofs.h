/*-------------------------------------------------------------------------
 *
 * dittofs.h
 *	  The words every module of the extension shares: statuses, identities,
 *	  inodes, what comes in and what goes out.
 *
 * No rules here, only shapes.  Each module's own header states its contract.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_H
#define DITTOFS_H

#include "pgcompat.h"

#include "fmgr.h"
#include "utils/uuid.h"

/*
 * Outcome of an operation: nfsstat3 (RFC 1813, 2.6), so that the gateway has
 * nothing to translate.
 */
typedef enum Status
{
	FS_OK = 0,
	FS_PERM = 1,
	FS_NOENT = 2,
	FS_IO = 5,
	FS_ACCES = 13,
	FS_EXIST = 17,
	FS_XDEV = 18,
	FS_NODEV = 19,
	FS_NOTDIR = 20,
	FS_ISDIR = 21,
	FS_INVAL = 22,
	FS_FBIG = 27,
	FS_NOSPC = 28,
	FS_ROFS = 30,
	FS_MLINK = 31,
	FS_NAMETOOLONG = 63,
	FS_NOTEMPTY = 66,
	FS_DQUOT = 69,
	FS_STALE = 70,
	FS_BADHANDLE = 10001,
	FS_NOT_SYNC = 10002,
	FS_BAD_COOKIE = 10003,
	FS_NOTSUPP = 10004,
	FS_TOOSMALL = 10005,
	FS_SERVERFAULT = 10006,
	FS_BADTYPE = 10007,
	FS_JUKEBOX = 10008,
	FS_TOOWEAK = 20001,			/* ours: the share takes no AUTH_NONE */
	FS_ELSEWHERE = 20002		/* ours: the content is in a store */
} Status;

/* ftype3 */
typedef enum Kind
{
	KIND_REGULAR = 1,
	KIND_DIRECTORY = 2,
	KIND_BLOCK = 3,
	KIND_CHARACTER = 4,
	KIND_SYMLINK = 5,
	KIND_SOCKET = 6,
	KIND_FIFO = 7
} Kind;

#define FS_NAME_MAX			255
#define FS_LINK_MAX			32000
#define FS_TARGET_MAX		4095
#define FS_MAX_GIDS			16
#define FS_SIZE_MAX			PG_INT64_MAX
#define FS_VERIFIER_LEN		8
#define FS_DIRECTORY_SIZE	4096	/* what a directory reports as its size */
#define FS_NOBODY			65534

#define MODE_SUID	04000
#define MODE_SGID	02000
#define MODE_STICKY	01000
#define MODE_ALL	07777

/* Nanoseconds since the epoch. */
typedef int64 FsTime;

/* Who calls: SQL type dittofs.caller.  A varlena, never toasted. */
typedef struct Caller
{
	int32		vl_len_;
	uint8		auth;			/* 0 AUTH_NONE, 1 AUTH_SYS */
	uint8		family;			/* 0 local, 4, 6 */
	uint16		ngids;
	uint32		uid;
	uint32		gid;
	uint32		port;			/* the client's source port */
	bool		has_call;		/* xid and checksum tell which call this is */
	uint32		xid;
	uint64		checksum;		/* of its arguments */
	uint8		addr[16];		/* network order; the first 4 for IPv4 */
	uint32		gids[FLEXIBLE_ARRAY_MEMBER];
} Caller;

#define CALLER_SIZE(ngids)	(offsetof(Caller, gids) + (ngids) * sizeof(uint32))

/* Attributes as they go out: SQL type dittofs.fattr, 96 bytes. */
typedef struct Fattr
{
	uint32		kind;
	uint32		mode;
	uint32		nlink;
	uint32		uid;
	uint32		gid;
	uint32		rdev_major;
	uint32		rdev_minor;
	uint32		pad;
	uint64		size;
	uint64		used;
	uint64		fsid;
	uint64		fileid;
	FsTime		atime;
	FsTime		mtime;
	FsTime		ctime;
	uint64		reserved;
} Fattr;

StaticAssertDecl(sizeof(Fattr) == 96, "dittofs.fattr is 96 bytes");

/* Weak cache consistency data: SQL type dittofs.wcc, 128 bytes. */
typedef struct Wcc
{
	int64		before_size;
	FsTime		before_mtime;
	FsTime		before_ctime;
	uint8		has_before;
	uint8		has_after;
	uint8		pad[6];
	Fattr		after;
} Wcc;

StaticAssertDecl(sizeof(Wcc) == 128, "dittofs.wcc is 128 bytes");

/* A parsed handle. */
typedef struct Handle
{
	pg_uuid_t	share;
	pg_uuid_t	id;
} Handle;

#define HANDLE_VERSION	1
#define HANDLE_LEN		(1 + 2 * UUID_LEN)

#define DatumGetCallerP(X)	((Caller *) PG_DETOAST_DATUM(X))

/* status.c */
extern const char *status_name(Status status);
/* Raises the status as an ERROR with a fitting SQLSTATE; returns for FS_OK. */
extern void status_raise(Status status, const char *what, const char *object);

#endif							/* DITTOFS_H */
