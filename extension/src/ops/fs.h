/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * fs.h
 *	  Declares the operations: a typed function for each call of NFS.
 *
 * The functions of SQL (sql_ops.c), those for people (path_api.c) and all other
 * code that changes or reads files call these.  A caller enters an object once,
 * which checks handle, caller and share, and may then run any number of
 * operations there or at other objects of the share (op_at()):
 *
 *		Op			op;
 *		FsLookup	lookup = {.name = {"a", 1}};
 *		FsLookedUp	found;
 *
 *		op_enter(&op, handle, caller);
 *		status = fs_lookup(&op, &lookup, &found);
 *		if (status == FS_OK)
 *			op = op_at(&op, &found.handle);
 *
 * Each operation returns a status.  A status other than FS_OK means that
 * nothing was changed.  An operation on an Op that was not admitted returns the
 * status of op_enter(), so no caller has to check that first.
 *
 * Members of a result of type OptFattr and OptWcc say for each status whether
 * they are given; the others are set if the status is FS_OK.  Pointers in a
 * result point into the current memory context.
 *
 * An operation that makes a change brackets it by change_begin() and
 * change_end() (xact.h), so several operations in a transaction see each
 * other's work.  A caller that makes many outside a gateway's session brackets
 * them with change_gather_begin().  An operation raises an ERROR for conditions
 * without a status: a read-only transaction, a lock time-out, a damaged table.
 *
 * If the caller says which call this is (Caller.has_call), the reply of a
 * change is stored, and a repeated change gets the stored reply.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_FS_H
#define DITTOFS_FS_H

#include "base/dittofs.h"

#include "ops/perm.h"
#include "tables/shares.h"

/* A caller at an object: what its handle and his credential say. */
typedef struct Op
{
	Status		status;			/* of op_enter(); the rest is set if it is OK */
	const Share *share;
	const Caller *caller;
	Cred		cred;
	pg_uuid_t	id;
} Op;

/* Bytes that lie with the caller; data is NULL where none were given. */
typedef struct FsBytes
{
	const char *data;
	int			len;
} FsBytes;

/* A number that need not be given. */
typedef struct OptInt
{
	bool		given;
	int64		value;
} OptInt;

typedef struct OptFattr
{
	bool		given;
	Fattr		value;
} OptFattr;

typedef struct OptWcc
{
	bool		given;
	Wcc			value;
} OptWcc;

/* What SETATTR or a creation sets (sattr3 of RFC 1813, 2.6); times in ns. */
typedef struct SetAttrs
{
	OptInt		mode;
	OptInt		uid;
	OptInt		gid;
	OptInt		size;
	OptInt		atime;
	OptInt		mtime;
	bool		atime_now;
	bool		mtime_now;
} SetAttrs;

/* createmode3, in the order of its numbers */
typedef enum CreateMode
{
	CREATE_NO_MODE = -1,		/* INVAL */
	CREATE_UNCHECKED,
	CREATE_GUARDED,
	CREATE_EXCLUSIVE
} CreateMode;

/* stable_how, in the order of its numbers */
typedef enum Stability
{
	STABILITY_NONE = -1,		/* INVAL */
	STABILITY_UNSTABLE,
	STABILITY_DATA_SYNC,
	STABILITY_FILE_SYNC
} Stability;

/*
 * Entering
 */

/*
 * Enters the object of a handle, of HANDLE_LEN bytes.  caller may be NULL,
 * which is no caller.  BADHANDLE, STALE (no such share), ACCES, TOOWEAK
 */
extern Status op_enter(Op *op, FsBytes handle, const Caller *caller);
/* Enters an object of a share that is known.  ACCES, TOOWEAK */
extern Status op_enter_share(Op *op, const Share *share, const pg_uuid_t *id,
							 const Caller *caller);

/* The same caller at another object of the share. */
static inline Op
op_at(const Op *op, const Handle *handle)
{
	Op			other = *op;

	other.id = handle->id;
	return other;
}

/*
 * Attributes: ops_attr.c.  Each may answer STALE besides.
 */

typedef struct FsLookup
{
	FsBytes		name;			/* "." and "..", too */
} FsLookup;

typedef struct FsLookedUp
{
	Handle		handle;
	Fattr		attributes;
	OptFattr	dir;
} FsLookedUp;

/* RFC 1813, 3.3.3.  NOTDIR, ACCES, INVAL, NAMETOOLONG, NOENT */
extern Status fs_lookup(const Op *op, const FsLookup *args, FsLookedUp *result);

typedef struct FsGot
{
	Fattr		attributes;
} FsGot;

/* RFC 1813, 3.3.1. */
extern Status fs_getattr(const Op *op, FsGot *result);

typedef struct FsSetattr
{
	SetAttrs	set;
	OptInt		guard;			/* the ctime that the object must have */
} FsSetattr;

/* Of SETATTR, REMOVE and RMDIR; for these the wcc is the directory's. */
typedef struct FsChanged
{
	OptWcc		wcc;
} FsChanged;

/*
 * RFC 1813, 3.3.2.  ROFS, NOT_SYNC, PERM, ACCES, INVAL, ISDIR, FBIG, IO,
 * JUKEBOX (content_may_cut())
 */
extern Status fs_setattr(const Op *op, const FsSetattr *args,
						 FsChanged *result);

typedef struct FsAccess
{
	int32		wanted;			/* bits of RFC 1813, 3.3.4 */
	bool		xattrs;			/* and of RFC 8276, 8.5 */
} FsAccess;

typedef struct FsAccessed
{
	Fattr		attributes;
	int32		granted;
} FsAccessed;

/* RFC 1813, 3.3.4.  A bit that is denied is no failure. */
extern Status fs_access(const Op *op, const FsAccess *args, FsAccessed *result);

typedef struct FsLink
{
	OptFattr	attributes;
	const bytea *target;
} FsLink;

/* RFC 1813, 3.3.5.  INVAL: this is no symbolic link */
extern Status fs_readlink(const Op *op, FsLink *result);

/*
 * Entries: ops_create.c, ops_remove.c, ops_move.c.  The object is a directory:
 * STALE, NOTDIR, ROFS; ACCES; of a name INVAL, NAMETOOLONG.
 */

typedef struct FsMade
{
	Handle		handle;
	OptFattr	attributes;
	OptWcc		dir_wcc;
} FsMade;

typedef struct FsCreate
{
	FsBytes		name;
	CreateMode	how;
	SetAttrs	set;			/* not of CREATE_EXCLUSIVE */
	FsBytes		verifier;		/* of CREATE_EXCLUSIVE: FS_VERIFIER_LEN bytes */
} FsCreate;

/*
 * RFC 1813, 3.3.8.  EXIST, INVAL, FBIG, NOSPC; of a file that is taken as it is
 * also what fs_setattr() answers
 */
extern Status fs_create(const Op *op, const FsCreate *args, FsMade *result);

typedef struct FsMkdir
{
	FsBytes		name;
	SetAttrs	set;			/* no size */
} FsMkdir;

/* RFC 1813, 3.3.9.  EXIST, INVAL, NOSPC */
extern Status fs_mkdir(const Op *op, const FsMkdir *args, FsMade *result);

typedef struct FsSymlink
{
	FsBytes		name;
	FsBytes		target;
	SetAttrs	set;			/* no size */
} FsSymlink;

/* RFC 1813, 3.3.10.  EXIST, INVAL, NAMETOOLONG (the target), NOSPC */
extern Status fs_symlink(const Op *op, const FsSymlink *args, FsMade *result);

typedef struct FsMknod
{
	FsBytes		name;
	int			kind;			/* of enum dittofs_kind; -1: none */
	int64		rdev_major;
	int64		rdev_minor;
	SetAttrs	set;			/* no size */
} FsMknod;

/* RFC 1813, 3.3.11.  BADTYPE, EXIST, PERM, INVAL, NOSPC */
extern Status fs_mknod(const Op *op, const FsMknod *args, FsMade *result);

typedef struct FsHardLink
{
	FsBytes		name;
} FsHardLink;

typedef struct FsLinked
{
	OptFattr	attributes;
	OptWcc		dir_wcc;
} FsLinked;

/*
 * RFC 1813, 3.3.15: file gets a name in dir.  XDEV, ISDIR, EXIST, MLINK, NOSPC
 */
extern Status fs_link(const Op *file, const Op *dir, const FsHardLink *args,
					  FsLinked *result);

typedef struct FsRemove
{
	FsBytes		name;
} FsRemove;

/* RFC 1813, 3.3.12 and 3.3.13.  NOENT, ISDIR, NOTDIR, PERM, EXIST, NOTEMPTY */
extern Status fs_remove(const Op *dir, const FsRemove *args, FsChanged *result);
extern Status fs_rmdir(const Op *dir, const FsRemove *args, FsChanged *result);

typedef struct FsRename
{
	FsBytes		from_name;
	FsBytes		to_name;
} FsRename;

typedef struct FsRenamed
{
	OptWcc		from_wcc;
	OptWcc		to_wcc;
} FsRenamed;

/*
 * RFC 1813, 3.3.14: from a directory to a directory.  XDEV, NOENT, INVAL, PERM,
 * NOTDIR, ISDIR, NOTEMPTY, NOSPC
 */
extern Status fs_rename(const Op *from, const Op *to, const FsRename *args,
						FsRenamed *result);

/*
 * Data: ops_data.c, ops_content.c.  STALE; ISDIR, INVAL (no regular file, no
 * range); ACCES; IO (a crash has taken the content).  What writes also: ROFS,
 * FBIG, NOSPC.
 */

typedef struct FsRange
{
	int64		offset;			/* bytes; below 0: INVAL */
	int64		count;
} FsRange;

typedef struct FsRead
{
	OptFattr	attributes;
	bool		eof;
	const bytea *data;
} FsRead;

/*
 * RFC 1813, 3.3.6; count is cut to the share's rtmax.  ELSEWHERE: some of it is
 * in a store
 */
extern Status fs_read(const Op *op, const FsRange *args, FsRead *result);

typedef struct FsWrite
{
	int64		offset;
	FsBytes		data;
	Stability	stability;
} FsWrite;

/* Of fs_write() and fs_commit_write(). */
typedef struct FsWritten
{
	OptWcc		wcc;
	int32		count;
	Stability	stability;
	uint8		verifier[FS_VERIFIER_LEN];
} FsWritten;

/*
 * RFC 1813, 3.3.7.  All of the data or nothing.  Nothing to write is OK and
 * changes nothing.
 */
extern Status fs_write(const Op *op, const FsWrite *args, FsWritten *result);

typedef struct FsCommitted
{
	OptWcc		wcc;
	uint8		verifier[FS_VERIFIER_LEN];
} FsCommitted;

/* RFC 1813, 3.3.21: the transaction's commit flushes what was written. */
extern Status fs_commit(const Op *op, const FsRange *args, FsCommitted *result);

typedef struct FsReadPrepared
{
	OptFattr	attributes;
	bool		eof;
	int64		count;			/* of bytes, wherever they are */
	const bytea *segments;		/* extension/sql/README.md */
	const bytea *data;
} FsReadPrepared;

/* As fs_read(), but blocks of a store are named and not fetched. */
extern Status fs_prepare_read(const Op *op, const FsRange *args,
							  FsReadPrepared *result);

typedef struct FsPrepareWrite
{
	int64		offset;
	FsBytes		blocks;			/* packed: extension/sql/README.md */
} FsPrepareWrite;

typedef struct FsWritePrepared
{
	OptFattr	attributes;
	int32		store_id;
	const bytea *needed;		/* a byte of enum dittofs_need for each block */
} FsWritePrepared;

/* May blocks be written there, and which must be put?  NOTSUPP: no store */
extern Status fs_prepare_write(const Op *op, const FsPrepareWrite *args,
							   FsWritePrepared *result);

typedef struct FsCommitWrite
{
	int64		offset;
	FsBytes		blocks;
	int32		store_id;
	Stability	stability;
} FsCommitWrite;

/* The blocks are stored; they are the file's from now on.  JUKEBOX */
extern Status fs_commit_write(const Op *op, const FsCommitWrite *args,
							  FsWritten *result);

/* What fs_prepare_write() says of blocks; NULL: none can be put there. */
extern const bytea *fs_claim_blocks(int32 store_id, FsBytes blocks);

/*
 * Holes and ranges: ops_range.c (RFC 7862).  As the operations on data.
 */

typedef struct FsSeek
{
	int64		offset;
	bool		hole;			/* or data */
} FsSeek;

typedef struct FsSought
{
	bool		eof;			/* there is none before the end of the file */
	int64		offset;
} FsSought;

/*
 * RFC 7862, 15.11.  NXIO: the offset is not within the file.  More may be said
 * to be data than is (content_seek.h).
 */
extern Status fs_seek(const Op *op, const FsSeek *args, FsSought *result);

/*
 * RFC 7862, 15.1 and 15.4; a count below 1 is INVAL.  fs_allocate() makes the
 * file as long as the range: FBIG; NOSPC if there is no room for it now, but
 * keeps none for later.  fs_deallocate() makes what of the range is within the
 * file a hole: JUKEBOX (content_may_cut()).
 */
extern Status fs_allocate(const Op *op, const FsRange *args,
						  FsChanged *result);
extern Status fs_deallocate(const Op *op, const FsRange *args,
							FsChanged *result);

typedef struct FsCopy
{
	int64		from;
	int64		to;
	int64		count;			/* 0: up to the end of the source */
} FsCopy;

typedef struct FsCopied
{
	OptWcc		wcc;			/* of the target */
	int64		count;
	Stability	stability;
	uint8		verifier[FS_VERIFIER_LEN];
} FsCopied;

/*
 * RFC 7862, 15.2: copies from the beginning of the range as much as one call
 * may, which is not all of it.  INVAL: the source ends before, or the range
 * overlaps its copy; FBIG, NOSPC; XDEV (content_may_copy()).
 */
extern Status fs_copy(const Op *source, const Op *target, const FsCopy *args,
					  FsCopied *result);
/*
 * RFC 7862, 15.13: all of it, or nothing.  Also INVAL if that is more than one
 * call may copy (ops_range.c); JUKEBOX.
 */
extern Status fs_clone(const Op *source, const Op *target, const FsCopy *args,
					   FsCopied *result);

/*
 * Extended attributes: ops_xattr.c (RFC 8276).  The name is without the "user."
 * that clients put in front of it: INVAL (none, or a NUL in it), NAMETOOLONG.
 * STALE, ACCES; what changes also ROFS, PERM (this object has none; the sticky
 * bit).
 */

typedef struct FsXattr
{
	FsBytes		name;
} FsXattr;

typedef struct FsXattrValue
{
	const bytea *value;
} FsXattrValue;

/* RFC 8276, 8.4.1.  NOXATTR */
extern Status fs_getxattr(const Op *op, const FsXattr *args,
						  FsXattrValue *result);

/* setxattr_option4, in the order of its numbers */
typedef enum XattrHow
{
	XATTR_NO_HOW = -1,			/* INVAL */
	XATTR_EITHER,
	XATTR_CREATE,
	XATTR_REPLACE
} XattrHow;

typedef struct FsSetXattr
{
	FsBytes		name;
	FsBytes		value;
	XattrHow	how;
} FsSetXattr;

/* RFC 8276, 8.4.2.  EXIST, NOXATTR, XATTR2BIG, NOSPC */
extern Status fs_setxattr(const Op *op, const FsSetXattr *args,
						  FsChanged *result);
/* RFC 8276, 8.4.4.  NOXATTR */
extern Status fs_removexattr(const Op *op, const FsXattr *args,
							 FsChanged *result);

typedef struct FsListXattrs
{
	int64		cookie;			/* after which to go on; 0: from the start */
	int64		maxcount;		/* bytes of XDR (RFC 8276, 8.4.3) */
} FsListXattrs;

typedef struct FsXattrEntry
{
	FsBytes		name;
	int			length;			/* of the value */
} FsXattrEntry;

typedef struct FsXattrPage
{
	int64		cookie;			/* of the last name; or what was asked for */
	bool		eof;
	int			n;
	FsXattrEntry *entries;
} FsXattrPage;

/* RFC 8276, 8.4.3.  BAD_COOKIE, TOOSMALL */
extern Status fs_listxattrs(const Op *op, const FsListXattrs *args,
							FsXattrPage *result);

/*
 * Directories: ops_readdir.c
 */

typedef struct FsReaddir
{
	int64		cookie;			/* after which to go on; 0: from the start */
	int64		dircount;		/* bytes of XDR (RFC 1813, 3.3.17) */
	int64		maxcount;
	bool		plus;			/* with attributes and handles */

	/*
	 * Bytes of XDR besides the entries, and of an entry besides its padded
	 * name; 0: those of NFSv3.
	 */
	int32		head_size;
	int32		entry_size;
} FsReaddir;

typedef struct FsEntry
{
	int64		cookie;
	int64		fileid;
	Handle		handle;
	ItemPointerData place;		/* of the inode's row; or invalid */
	bytea	   *name;
	OptFattr	attributes;		/* where the handle is to be told, too */
} FsEntry;

typedef struct FsPage
{
	OptFattr	dir;
	bool		eof;
	bool		may_search;		/* otherwise entries have no attributes */
	int			n;
	FsEntry    *entries;
} FsPage;

/* RFC 1813, 3.3.16 and 3.3.17.  NOTDIR, ACCES, BAD_COOKIE, TOOSMALL */
extern Status fs_readdir(const Op *op, const FsReaddir *args, FsPage *result);

/*
 * Locks of NLM and NFSv4: ops_byte_lock.c.  The object is a regular file:
 * ISDIR, INVAL; INVAL also for a name, an owner or a wait that is none or too
 * long, FBIG for a range beyond 2^64.
 */

/* In the order of LOCK_OUTCOME_WORDS, and of enum LockOutcome */
typedef enum FsLockOutcome
{
	FS_LOCK_GRANTED,
	FS_LOCK_DENIED,
	FS_LOCK_BLOCKED,
	FS_LOCK_NO_LOCKS,
	FS_LOCK_DEADLOCK
} FsLockOutcome;

/* Each takes what it needs of this. */
typedef struct FsLockRequest
{
	int64		client4;		/* of NFSv4; 0: of NLM, by name */
	FsBytes		client_name;
	int32		client_state;	/* NSM's; 0: not told */
	FsBytes		owner;			/* opaque */
	int64		offset;			/* this and length: bit patterns of uint64 */
	int64		length;			/* 0: to the end */
	bool		exclusive;
	FsBytes		wait;			/* comes back with the grant; NULL: no wait */
	int32		access;			/* this and deny: 1 reading, 2 writing */
	int32		deny;
	bool		reclaim;		/* ignored: there is no grace period */
} FsLockRequest;

typedef struct FsLockReply
{
	FsLockOutcome outcome;
	/* what is in the way, where it is known: DENIED, BLOCKED */
	OptInt		holder_exclusive;
	int64		holder_client4; /* of NFSv4; 0: of NLM, or not known */
	const bytea *holder_owner;	/* or NULL */
	OptInt		holder_offset;
	OptInt		holder_length;
	int32		grants;			/* so many waiters have been let in */
} FsLockReply;

/*
 * A caller that may read or write the file, or owns it, may lock it; for NFSv4
 * the caller of this function has looked whether it is open.  ACCES
 */
extern Status fs_lock(const Op *op, const FsLockRequest *args,
					  FsLockReply *result);
extern Status fs_test_lock(const Op *op, const FsLockRequest *args,
						   FsLockReply *result);
extern Status fs_share(const Op *op, const FsLockRequest *args,
					   FsLockReply *result);
/* Of what the client has, whatever the mode of the file has become. */
extern Status fs_unlock(const Op *op, const FsLockRequest *args,
						FsLockReply *result);
extern Status fs_cancel_lock(const Op *op, const FsLockRequest *args,
							 FsLockReply *result);
extern Status fs_unshare(const Op *op, const FsLockRequest *args,
						 FsLockReply *result);
/*
 * Is an open or a share mode in the way of this access by a client of NFSv4, or
 * of what it is to deny (access and deny: 1 reading, 2 writing)?  To deny
 * anything the caller has to hold the inode's lock, or there may be opens that
 * it does not see.
 */
extern bool fs_share_conflict(const Inode *inode, int64 client4, int access,
							  int deny);
/* What the client says of a grant.  One that is none any more is no failure. */
extern void fs_grant_told(int64 id, bool accepted, FsLockReply *result);
/*
 * Takes from clients what they hold in a file: those of whose ids the callback
 * says so, or all clients (NULL).  Returns how many locks and shares went.
 */
extern int64 fs_break_locks(const Op *op,
							bool (*client) (const pg_uuid_t *id, void *arg),
							void *arg, FsLockReply *result);
/*
 * For passes, which bracket them: lets in the waiters that nothing blocks any
 * more, and forgets a file that has no locks.  False: the file is not free.
 */
extern bool fs_admit_waiters(const pg_uuid_t *id);
extern bool fs_sweep_locks(const pg_uuid_t *id);

/*
 * The share: fsinfo.c
 */

typedef struct FsInfo
{
	Fattr		attributes;
	int64		rtmax;			/* bytes */
	int64		rtpref;
	int64		rtmult;
	int64		wtmax;
	int64		wtpref;
	int64		wtmult;
	int64		dtpref;
	int64		maxfilesize;
	int64		time_delta;		/* ns */
	int32		properties;		/* bits of RFC 1813, 3.3.19 */
	int64		linkmax;
	int64		name_max;
	bool		no_trunc;
	bool		chown_restricted;
	bool		case_insensitive;
	bool		case_preserving;
} FsInfo;

/* RFC 1813, 3.3.19 and 3.3.20. */
extern Status fs_info(const Op *op, FsInfo *result);

typedef struct FsStat
{
	Fattr		attributes;
	int64		total_bytes;
	int64		free_bytes;
	int64		available_bytes;
	int64		total_files;
	int64		free_files;
	int64		available_files;
	int32		invarsec;		/* seconds */
} FsStat;

/* RFC 1813, 3.3.18. */
extern Status fs_stat(const Op *op, FsStat *result);

/*
 * Batches and passes
 */

/* Locks what handles, one behind the other, name: ops_lock.c. */
extern void fs_lock_objects(FsBytes handles);
/*
 * Deletes up to max rows of content without a file; their number: ops_data.c.
 */
extern int64 fs_reap(int64 max);

#endif							/* DITTOFS_FS_H */
