/* SPDX-License-Identifier: PostgreSQL */
/*
 * dittofs_contract.h
 *	  Defines the numbers and words that the extension and the gateway share.
 *
 * The functions that the gateway calls are declared in extension/sql, and
 * extension/sql/README.md describes their binary forms.  What both halves must
 * have alike is defined here and nowhere else: a number that stood in two
 * places could be changed in one.  test/shell/t_contract.sh compares the SQL
 * and the README, which cannot include a header, with this one.
 *
 * Everything here is fixed for ever once it is released: handles live in
 * clients, hashes and sums in stores, and a gateway works with the extension of
 * the version before.  A new form gets a new number.
 *
 * This is plain C, macros and enums only.  It includes nothing, so that it fits
 * behind postgres.h as well as beside libpq-fe.h and the output of rpcgen.
 */
#ifndef DITTOFS_CONTRACT_H
#define DITTOFS_CONTRACT_H

/* A number of this header as text, for SQL and messages. */
#define CONTRACT_TEXT(number)	CONTRACT_TEXT_OF(number)
#define CONTRACT_TEXT_OF(number) #number

/*
 * Statuses
 *
 * The outcome of an operation is a number of nfsstat3 (RFC 1813, 2.6), so that
 * the gateway has nothing to translate; MOUNT's mountstat3 has the same
 * numbers.  Ours begin at 20001, and no client ever sees one.
 */
enum dittofs_status
{
	FS_OK = 0,
	FS_PERM = 1,
	FS_NOENT = 2,
	FS_IO = 5,
	FS_NXIO = 6,
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
	FS_NOXATTR = 10095,			/* these two of RFC 8276 */
	FS_XATTR2BIG = 10096,
	FS_TOOWEAK = 20001,			/* the share takes no AUTH_NONE */
	FS_ELSEWHERE = 20002,		/* the content is in a store: prepare_read() */

	/*
	 * For the log only: what NLM has said, where nfsstat3 has no word that
	 * means the same.
	 */
	FS_DENIED = 20003,			/* another owner has a lock in the way */
	FS_BLOCKED = 20004,			/* the lock waits */
	FS_NOLOCKS = 20005,			/* no more locks for this client, or file */
	FS_DEADLOCK = 20006			/* the owners would wait for each other */
};

/*
 * SQLSTATEs of our own are of class NF.  The SQL standard leaves classes that
 * begin with I to Z to implementations, and PostgreSQL uses no NF.
 */

/*
 * INFO: a call was answered from the stored replies (dittofs.report_replays).
 */
#define SQLSTATE_REPLAYED	"NF001"

/*
 * Handles: a byte of version, the share's UUID, the file's.
 */
#define HANDLE_VERSION	1
#define HANDLE_ID_LEN	16
#define HANDLE_SHARE_AT	1
#define HANDLE_FILE_AT	17
#define HANDLE_LEN		33

_Static_assert(HANDLE_FILE_AT == HANDLE_SHARE_AT + HANDLE_ID_LEN &&
			   HANDLE_LEN == HANDLE_FILE_AT + HANDLE_ID_LEN,
			   "a handle is a byte and two UUIDs");

/* The verifiers of WRITE and COMMIT, and of an exclusive CREATE. */
#define FS_VERIFIER_LEN	8

/*
 * The binary form of dittofs.caller.
 */
#define CALLER_VERSION	1
#define CALLER_AUTH_NONE 0
#define CALLER_AUTH_SYS	1
#define CALLER_LOCAL	0		/* address families */
#define CALLER_IPV4		4
#define CALLER_IPV6		6
#define CALLER_IPV4_LEN	4
#define CALLER_IPV6_LEN	16
#define CALLER_GIDS_MAX	16		/* RFC 5531, appendix A */

/* What it tells of the call, at its end: how much is behind this number. */
#define CALLER_TELLS_NOTHING 0
#define CALLER_TELLS_CALL 1		/* which it is: xid and checksum */
#define CALLER_TELLS_CONNECTION 2	/* and how it came: connection and times */

/*
 * version, auth, uid, gid, family, address, port, number of gids, gids, tells
 */
#define CALLER_LEN_MAX \
	(2 + 2 + 4 + 4 + 2 + CALLER_IPV6_LEN + 4 + 2 + 4 * CALLER_GIDS_MAX + 2 + \
	 4 + 8 + 3 * 8)				/* xid, checksum; connection, two times */

/* The binary form of dittofs.fattr: seven of 32 bits, seven of 64. */
#define FATTR_LEN		(7 * 4 + 7 * 8)

/* fattr's kind: ftype3 */
enum dittofs_kind
{
	KIND_REGULAR = 1,
	KIND_DIRECTORY = 2,
	KIND_BLOCK = 3,
	KIND_CHARACTER = 4,
	KIND_SYMLINK = 5,
	KIND_SOCKET = 6,
	KIND_FIFO = 7
};

/*
 * Words, by the numbers that RFC 1813 gives them; the lists end with a null
 * pointer.
 */
#define KIND_WORDS { \
	[0] = "", \
	[KIND_REGULAR] = "regular", \
	[KIND_DIRECTORY] = "directory", \
	[KIND_BLOCK] = "block", \
	[KIND_CHARACTER] = "character", \
	[KIND_SYMLINK] = "symlink", \
	[KIND_SOCKET] = "socket", \
	[KIND_FIFO] = "fifo", \
	[KIND_FIFO + 1] = 0}

/* stable_how: write(), commit_write() */
#define STABILITY_WORDS	{"unstable", "data_sync", "file_sync", 0}

/* createmode3: create_file() */
#define CREATEMODE_WORDS {"unchecked", "guarded", "exclusive", 0}

/* outcome of lock_range() and the like */
#define LOCK_OUTCOME_WORDS {"granted", "denied", "blocked", "no_locks", \
	"deadlock", 0}

/* What lock_range() takes, in bytes. */
#define LOCK_CLIENT_NAME_MAX 1024
#define LOCK_OWNER_MAX	1040
#define LOCK_WAIT_MAX	2048

/* action of merge_next() */
#define MERGE_NONE		"none"
#define MERGE_BLOCK		"block"
#define MERGE_FETCH		"fetch"

/*
 * Where the content of a share is: in tables of the database, or in a content
 * store, which is of one of the kinds that come last.   gateway/README.md says
 * what else a new kind of store needs.
 */
enum dittofs_content
{
	CONTENT_POSTGRES,
	CONTENT_MEMORY,
	CONTENT_FILESYSTEM,
	CONTENT_S3
};

#define CONTENT_WORD_LIST { \
	[CONTENT_POSTGRES] = "postgres", \
	[CONTENT_MEMORY] = "memory", \
	[CONTENT_FILESYSTEM] = "filesystem", \
	[CONTENT_S3] = "s3", \
	[CONTENT_S3 + 1] = 0}

/* The same, for SQL, settings and messages. */
#define CONTENT_DATABASE_WORDS "postgres|memory"
#define CONTENT_STORE_WORDS "filesystem|s3"
#define CONTENT_WORDS	CONTENT_DATABASE_WORDS "|" CONTENT_STORE_WORDS

/*
 * Blocks of content stores
 *
 * A sum is the state of SHA-256 after a chunk.  Every chunk of a block has one
 * but the last.
 */
#define HASH_LEN		32
#define SUM_LEN			32
#define SUM_CHUNK		(128 * 1024)
#define STORED_BLOCK_MAX (4 * 1024 * 1024)
#define SUMS_MAX		(STORED_BLOCK_MAX / SUM_CHUNK - 1)

_Static_assert(STORED_BLOCK_MAX % SUM_CHUNK == 0,
			   "the largest block is of whole chunks");

/* The packed form: hash, uint32 length, sums; so many of them in one call. */
#define BLOCK_LENGTH_AT	HASH_LEN
#define BLOCK_SUMS_AT	(BLOCK_LENGTH_AT + 4)
#define BLOCK_PACKED_LEN(sums) (BLOCK_SUMS_AT + (sums) * SUM_LEN)
#define BLOCKS_MAX		64

/* What is to be done with a block: `needed` */
enum dittofs_need
{
	NEED_NOTHING = 0,			/* it is stored */
	NEED_UPLOAD = 1,
	NEED_PATIENCE = 2			/* it is being deleted */
};

/* Where the bytes of a stretch are: `segments` */
enum dittofs_source
{
	SOURCE_ZEROS = 0,
	SOURCE_DATA = 1,
	SOURCE_BLOCK = 2
};

/*
 * In seconds.  A gateway that has blocks to delete begins within the first time
 * or forgets them; after the second, another gateway gets them.
 */
#define DELETE_WITHIN	600
#define DELETE_AGAIN	3600

_Static_assert(DELETE_WITHIN * 2 <= DELETE_AGAIN,
			   "a slow gateway has ended before another begins");

/*
 * Content in the database: a page of a file is a row, and 17 of them hold
 * 128 KiB.
 */
#define PAGE_BYTES		8064
#define GROUP_BYTES		(128 * 1024)
#define GROUP_PAGES		17

_Static_assert((GROUP_PAGES - 1) * PAGE_BYTES < GROUP_BYTES &&
			   GROUP_BYTES <= GROUP_PAGES * PAGE_BYTES,
			   "the pages of a group hold its bytes");

/* The most that READ, WRITE and a page of a directory are offered. */
#define TRANSFER_MAX	(1024 * 1024)

/*
 * Columns of results, counted from 0, to which the gateway goes over others
 */
#define DIRECTORY_ROW_FILEID 3	/* of read_directory(): behind the head's */
#define CAPABILITIES_LINKMAX 12 /* PATHCONF's are behind FSINFO's */
#define MERGE_TASK_WAIT_MS 9
#define CONTENT_HINTS_STORE_UUID 6

#endif							/* DITTOFS_CONTRACT_H */
