/* SPDX-License-Identifier: PostgreSQL */
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

#include "base/pgcompat.h"

#include "fmgr.h"
#include "utils/uuid.h"

#include "dittofs_contract.h"

typedef enum dittofs_status Status;
typedef enum dittofs_kind Kind;

#define FS_NAME_MAX			255
#define FS_LINK_MAX			2147483647
#define FS_TARGET_MAX		4095
#define FS_SIZE_MAX			PG_INT64_MAX
#define FS_DIRECTORY_SIZE	4096	/* what a directory reports as its size */

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
	uint8		auth;			/* CALLER_AUTH_* */
	uint8		family;			/* CALLER_LOCAL, CALLER_IPV4, CALLER_IPV6 */
	uint16		ngids;
	uint32		uid;
	uint32		gid;
	uint32		port;			/* the client's source port */
	bool		has_call;		/* xid and checksum tell which call this is */
	bool		has_connection; /* connection, connected, arrived are known */
	uint32		xid;
	uint64		checksum;		/* of its credential and arguments */
	uint64		connection;		/* a number that no other connection has */
	int64		connected;		/* when that was opened, at the latest; 0: the
								 * call was first sent on it */
	int64		arrived;		/* when the call arrived, at the earliest; both
								 * in microseconds of this server's clock */
	uint8		addr[CALLER_IPV6_LEN];	/* network order; IPv4: the first 4 */
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
	uint64		reserved;		/* the length of a type is for ever */
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

StaticAssertDecl(HANDLE_ID_LEN == UUID_LEN, "handles are made of UUIDs");

#define DatumGetCallerP(X)	((Caller *) PG_DETOAST_DATUM(X))

/* MAKE_SQLSTATE() of one of the contract's. */
#define CONTRACT_ERRCODE(s) \
	MAKE_SQLSTATE((s)[0], (s)[1], (s)[2], (s)[3], (s)[4])
#define ERRCODE_REPLAYED	CONTRACT_ERRCODE(SQLSTATE_REPLAYED)

/* status.c */
/* Raises the status as an ERROR with a fitting SQLSTATE; returns for FS_OK. */
extern void status_raise(Status status, const char *what, const char *object);

#endif							/* DITTOFS_H */
