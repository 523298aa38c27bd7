/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_nfs4.h
 *	  A client of NFSv4.1 and 4.2 that does exactly what it is told (RFC 8881,
 *	  RFC 7862, RFC 8276).
 *
 * A test writes a COMPOUND operation by operation, sends it and looks at the
 * results, which have been read strictly: every operation's fields to the last
 * byte, and those that version 4.0 has a second time by libnfs.
 *
 *	v4_begin(w);
 *	op_putfh(w, &dir);
 *	op_lookup(w, S("name"));
 *	is_status(v4_call(w), NFS4_OK, "LOOKUP");
 *
 * The client counts the sequence of its slots and nothing else.  What a test
 * wants wrong it writes wrong: v4_bare() begins without SEQUENCE, and the call
 * is in the connection's buffer until it is sent.
 */
#ifndef LIB_NFS4_H
#define LIB_NFS4_H

#include "lib.h"

/*
 * libnfs has the numbers of version 4.0.  Its header has names that version 3's
 * has, too, but not for other things.
 */
#include <nfsc/libnfs-raw-nfs4.h>

enum nfs4_operation
{
	OP_BACKCHANNEL_CTL = 40,
	OP_BIND_CONN_TO_SESSION = 41,
	OP_EXCHANGE_ID = 42,
	OP_CREATE_SESSION = 43,
	OP_DESTROY_SESSION = 44,
	OP_FREE_STATEID = 45,
	OP_GET_DIR_DELEGATION = 46,
	OP_GETDEVICEINFO = 47,
	OP_GETDEVICELIST = 48,
	OP_LAYOUTCOMMIT = 49,
	OP_LAYOUTGET = 50,
	OP_LAYOUTRETURN = 51,
	OP_SECINFO_NO_NAME = 52,
	OP_SEQUENCE = 53,
	OP_SET_SSV = 54,
	OP_TEST_STATEID = 55,
	OP_WANT_DELEGATION = 56,
	OP_DESTROY_CLIENTID = 57,
	OP_RECLAIM_COMPLETE = 58,
	OP_ALLOCATE = 59,
	OP_COPY = 60,
	OP_COPY_NOTIFY = 61,
	OP_DEALLOCATE = 62,
	OP_IO_ADVISE = 63,
	OP_LAYOUTERROR = 64,
	OP_LAYOUTSTATS = 65,
	OP_OFFLOAD_CANCEL = 66,
	OP_OFFLOAD_STATUS = 67,
	OP_READ_PLUS = 68,
	OP_SEEK = 69,
	OP_WRITE_SAME = 70,
	OP_CLONE = 71,
	OP_GETXATTR = 72,
	OP_SETXATTR = 73,
	OP_LISTXATTRS = 74,
	OP_REMOVEXATTR = 75
};

enum nfs4_status
{
	NFS4ERR_BADXDR = 10036,
	NFS4ERR_BADIOMODE = 10049,
	NFS4ERR_BADLAYOUT = 10050,
	NFS4ERR_BAD_SESSION_DIGEST = 10051,
	NFS4ERR_BADSESSION = 10052,
	NFS4ERR_BADSLOT = 10053,
	NFS4ERR_COMPLETE_ALREADY = 10054,
	NFS4ERR_CONN_NOT_BOUND_TO_SESSION = 10055,
	NFS4ERR_SEQ_MISORDERED = 10063,
	NFS4ERR_SEQUENCE_POS = 10064,
	NFS4ERR_REQ_TOO_BIG = 10065,
	NFS4ERR_REP_TOO_BIG = 10066,
	NFS4ERR_REP_TOO_BIG_TO_CACHE = 10067,
	NFS4ERR_RETRY_UNCACHED_REP = 10068,
	NFS4ERR_UNSAFE_COMPOUND = 10069,
	NFS4ERR_TOO_MANY_OPS = 10070,
	NFS4ERR_OP_NOT_IN_SESSION = 10071,
	NFS4ERR_HASH_ALG_UNSUPP = 10072,
	NFS4ERR_CLIENTID_BUSY = 10074,
	NFS4ERR_SEQ_FALSE_RETRY = 10076,
	NFS4ERR_BAD_HIGH_SLOT = 10077,
	NFS4ERR_DEADSESSION = 10078,
	NFS4ERR_ENCR_ALG_UNSUPP = 10079,
	NFS4ERR_NOT_ONLY_OP = 10081,
	NFS4ERR_WRONG_CRED = 10082,
	NFS4ERR_WRONG_TYPE = 10083,
	NFS4ERR_DELEG_REVOKED = 10087,
	NFS4ERR_UNION_NOTSUPP = 10090,
	NFS4ERR_WRONG_LFS = 10092,
	NFS4ERR_OFFLOAD_NO_REQS = 10094,
	NFS4ERR_NOXATTR = 10095,
	NFS4ERR_XATTR2BIG = 10096
};

/* Of our own: no status has come. */
#define NOT_REACHED 0xfffffffe	/* a result that the COMPOUND does not have */
#define NO_REPLY 0xffffffff		/* connection closed, or refused by RPC */

#define FATTR4_FS_LAYOUT_TYPES 62
#define FATTR4_LAYOUT_BLKSIZE 65
#define FATTR4_SUPPATTR_EXCLCREAT 75
#define FATTR4_CLONE_BLKSIZE 77
#define FATTR4_CHANGE_ATTR_TYPE 79
#define FATTR4_MODE_UMASK 81
#define FATTR4_XATTR_SUPPORT 82

#define EXCLUSIVE4_1 3

#define CLAIM_FH 4
#define CLAIM_DELEG_CUR_FH 5
#define CLAIM_DELEG_PREV_FH 6

#define OPEN_DELEGATE_NONE_EXT 3
#define WANT_NO_DELEG 0x400		/* beside the access of an OPEN */

#define EXCHGID_UPD_CONFIRMED_REC_A 0x40000000
#define EXCHGID_CONFIRMED_R 0x80000000
#define EXCHGID_USE_NON_PNFS 0x10000

#define CREATE_SESSION_PERSIST 1
#define CREATE_SESSION_BACK_CHAN 2

#define ATTR_WORDS 3
#define ATTR_BITS (ATTR_WORDS * 32)

struct stateid
{
	uint32_t	seqid;
	unsigned char other[12];
};

/* anonymous, READ bypass, current: constants of the protocol */
extern const struct stateid anonymous_stateid;
extern const struct stateid bypass_stateid;
extern const struct stateid current_stateid;
/* The same with seqid 0, the newest, or another. */
extern struct stateid with_seqid(struct stateid s, uint32_t seqid);
extern bool same_other(const struct stateid *a, const struct stateid *b);

struct change
{
	bool		atomic;
	uint64_t	before;
	uint64_t	after;
};

/*
 * Attributes as they came, by bit.  A time is nanoseconds; fsid and rawdev have
 * a second number.
 */
struct attr4
{
	uint32_t	mask[ATTR_WORDS];
	uint64_t	value[ATTR_BITS];
	uint64_t	second[ATTR_BITS];
	struct blob text[ATTR_BITS];	/* in the client's reply */
	uint32_t	supported[ATTR_WORDS];
	uint32_t	exclusive[ATTR_WORDS];	/* suppattr_exclcreat */
};

extern bool in_mask(const uint32_t *mask, int bit);
extern bool has_attr(const struct attr4 *a, int bit);

/* Attributes to be sent: from what version 3's tests set, or value by value. */
struct fattr
{
	int			words;
	uint32_t	mask[8];
	size_t		size;
	unsigned char values[4096];
};

extern struct fattr fattr_of(const struct set *set);
/* Values come in the order of the calls; right is by ascending bit. */
extern void fattr_bit(struct fattr *f, int bit);
extern void fattr_word(struct fattr *f, uint32_t word);
extern void fattr_number(struct fattr *f, int bit, uint64_t value);
extern void fattr_text(struct fattr *f, int bit, struct blob text);
extern void fattr_time(struct fattr *f, int bit, uint64_t nanoseconds);

struct dirent4
{
	uint64_t	cookie;
	struct blob name;			/* in the client's reply */
	struct attr4 attr;
};

struct channel
{
	uint32_t	headerpad;
	uint32_t	request;
	uint32_t	response;
	uint32_t	cached;
	uint32_t	operations;
	uint32_t	requests;
};

/* What one operation had for results; a status without results leaves 0. */
struct result4
{
	uint32_t	op;
	uint32_t	status;
	struct stateid stateid;
	struct change change;
	struct change to_change;	/* RENAME: of the new directory */
	uint32_t	mask[ATTR_WORDS];	/* attributes that were set */
	struct attr4 attr;
	struct handle handle;
	uint32_t	supported;		/* ACCESS */
	uint32_t	access;
	bool		eof;
	struct blob data;			/* READ, READLINK, GETXATTR */
	uint32_t	count;
	uint32_t	committed;
	unsigned char verifier[8];
	uint32_t	rflags;			/* OPEN */
	uint32_t	delegation;
	uint32_t	why;
	uint64_t	offset;			/* LOCK, LOCKT denied, SEEK */
	uint64_t	length;			/* LOCK, LOCKT denied, COPY */
	uint32_t	type;
	uint64_t	client_id;		/* the denier's; EXCHANGE_ID */
	struct blob owner;
	struct dirent4 *entries;		/* READDIR */
	int			entry_count;
	uint64_t	cookie;			/* LISTXATTRS */
	int			list_count;		/* SECINFO, TEST_STATEID; LISTXATTRS */
	uint32_t   *list;
	struct blob *names;
	unsigned char session[16];
	uint32_t	sequence;
	uint32_t	slot;
	uint32_t	highest;
	uint32_t	target;
	uint32_t	flags;
	uint32_t	protect;		/* EXCHANGE_ID: SP4_NONE and so on */
	uint64_t	server_minor;
	struct blob server_major;
	struct blob scope;
	struct channel fore;
	struct channel back;
	size_t		size;			/* of the result, with operation and status */
};

#define SLOTS 64

/* A session, which any number of connections can share. */
struct session
{
	char		owner[128];		/* co_ownerid */
	char		verifier[8];
	uint64_t	client_id;
	uint32_t	create_sequence;	/* of the next CREATE_SESSION */
	unsigned char id[16];
	struct channel fore;
	uint32_t	sequence[SLOTS];	/* of the last COMPOUND that was taken */
};

#define OPS_MAX 300

/* A connection and the session that it is used for. */
struct v4
{
	struct client *c;
	struct session *s;
	uint32_t	minor;
	struct blob tag;
	uint32_t	slot;
	bool		cache;			/* sa_cachethis */

	size_t		count_at;		/* in the call: the number of operations */
	uint32_t	count;
	uint32_t	ops[OPS_MAX];

	enum outcome outcome;
	uint32_t	status;
	int			result_count;
	struct result4 *results;
	size_t		reply_size;		/* the COMPOUND's, without RPC's header */
};

/* Ends the test, which is skipped, where no version 4 is served. */
extern void v4_required(void);

/*
 * Without a session: a connection, and what a client does first.  The owner's
 * name is made unique to the program.
 */
extern struct v4 *v4_connect(int gateway);
/* With client and session, ready for everything. */
extern struct v4 *v4_client(int gateway, const char *owner);
/* Another connection for the same session. */
extern struct v4 *v4_also(const struct v4 *w, int gateway);
/* Another session of the same client. */
extern struct v4 *v4_another(const struct v4 *w, int gateway);
extern void v4_disconnect(struct v4 *w);
/* DESTROY_SESSION, DESTROY_CLIENTID, and the connection ends. */
extern void v4_leave(struct v4 *w);

/* Begins a COMPOUND, with the next SEQUENCE of the slot, or with nothing. */
extern void v4_begin(struct v4 *w);
extern void v4_bare(struct v4 *w);
/* Begins, with the current filehandle set. */
extern void v4_at(struct v4 *w, const struct handle *handle);
/* The number of an operation, for those who write the arguments themselves. */
extern void op(struct v4 *w, uint32_t number);

/* Sends and reads the results; returns the COMPOUND's status or NO_REPLY. */
extern uint32_t v4_call(struct v4 *w);
/* The two halves, for what happens in between. */
extern void v4_send(struct v4 *w);
extern uint32_t v4_receive(struct v4 *w);
/* Sends the call that is in another connection's buffer once more. */
extern void v4_copy_call(struct v4 *w, const struct v4 *from);

/* The first result of an operation; if there is none its status is so. */
extern const struct result4 *result_of(struct v4 *w, uint32_t number);
extern const struct result4 *last_result(struct v4 *w);

/*
 * Operations
 */

struct exchange_id
{
	struct blob owner;
	const char *verifier;		/* 8 bytes */
	uint32_t	flags;
	uint32_t	protect;		/* SP4_NONE 0, SP4_MACH_CRED 1, SP4_SSV 2 */
};

struct create_session
{
	uint64_t	client_id;
	uint32_t	sequence;
	uint32_t	flags;
	struct channel fore;
	struct channel back;
};

extern const struct channel usual_fore;
extern const struct channel usual_back;

struct open4
{
	uint32_t	access;
	uint32_t	deny;
	struct blob owner;
	uint64_t	client_id;		/* 0: the session's */
	bool		create;
	uint32_t	how;			/* UNCHECKED4 and so on */
	const struct fattr *attrs;	/* NULL: none */
	const char *verifier;		/* 8 bytes */
	uint32_t	claim;
	struct blob name;
	struct stateid stateid;		/* DELEGATE_CUR, DELEG_CUR_FH */
};

struct lock4
{
	uint32_t	type;			/* READ_LT and so on */
	bool		reclaim;
	uint64_t	offset;
	uint64_t	length;
	struct stateid stateid;		/* of the open, or of the lock */
	bool		first;			/* the owner has no lock stateid yet */
	struct blob owner;			/* if first; LOCKT */
	uint64_t	client_id;		/* 0: the session's */
};

extern void op_sequence(struct v4 *w, uint32_t sequence, uint32_t slot,
						uint32_t highest, bool cache);
extern void op_exchange_id(struct v4 *w, const struct exchange_id *e);
extern void op_create_session(struct v4 *w, const struct create_session *e);
extern void op_destroy_session(struct v4 *w, const unsigned char *id);
extern void op_destroy_clientid(struct v4 *w, uint64_t client_id);
extern void op_bind_conn(struct v4 *w, const unsigned char *id, uint32_t dir);
extern void op_reclaim_complete(struct v4 *w, bool one_fs);

extern void op_putfh(struct v4 *w, const struct handle *handle);
extern void op_putrootfh(struct v4 *w);
extern void op_getfh(struct v4 *w);
extern void op_savefh(struct v4 *w);
extern void op_restorefh(struct v4 *w);
extern void op_lookup(struct v4 *w, struct blob name);
extern void op_lookupp(struct v4 *w);
extern void op_secinfo(struct v4 *w, struct blob name);
extern void op_secinfo_no_name(struct v4 *w, uint32_t style);

/* bits end with -1 */
extern void op_getattr(struct v4 *w, const int *bits);
#define op_getattrs(w, ...) op_getattr(w, (const int[]) {__VA_ARGS__, -1})
extern void put_mask(struct v4 *w, const int *bits);
extern void put_fattr(struct v4 *w, const struct fattr *f);
extern void op_setattr(struct v4 *w, struct stateid s, const struct fattr *f);
extern void op_verify(struct v4 *w, const struct fattr *f);
extern void op_nverify(struct v4 *w, const struct fattr *f);
extern void op_access(struct v4 *w, uint32_t access);
extern void op_readdir(struct v4 *w, uint64_t cookie, const void *verifier,
					   uint32_t dircount, uint32_t maxcount, const int *bits);

/* data is the target of NF4LNK; major and minor are of devices */
extern void op_create(struct v4 *w, uint32_t type, struct blob name,
					  struct blob data, const struct fattr *f);
extern void op_remove(struct v4 *w, struct blob name);
extern void op_rename(struct v4 *w, struct blob from, struct blob to);
extern void op_link(struct v4 *w, struct blob name);
extern void op_readlink(struct v4 *w);

extern void op_open(struct v4 *w, const struct open4 *o);
extern void op_close(struct v4 *w, struct stateid s);
extern void op_open_downgrade(struct v4 *w, struct stateid s, uint32_t access,
							  uint32_t deny);
extern void op_lock(struct v4 *w, const struct lock4 *l);
extern void op_lockt(struct v4 *w, const struct lock4 *l);
extern void op_locku(struct v4 *w, const struct lock4 *l);
extern void op_free_stateid(struct v4 *w, struct stateid s);
extern void op_test_stateid(struct v4 *w, const struct stateid *s, int count);

extern void op_read(struct v4 *w, struct stateid s, uint64_t offset,
					uint32_t count);
extern void op_write(struct v4 *w, struct stateid s, uint64_t offset,
					 struct blob data, uint32_t stable);
extern void op_commit(struct v4 *w, uint64_t offset, uint32_t count);
extern void op_allocate(struct v4 *w, struct stateid s, uint64_t offset,
						uint64_t length);
extern void op_deallocate(struct v4 *w, struct stateid s, uint64_t offset,
						  uint64_t length);
extern void op_seek(struct v4 *w, struct stateid s, uint64_t offset,
					uint32_t what);
extern void op_copy(struct v4 *w, struct stateid from, struct stateid to,
					uint64_t from_offset, uint64_t to_offset, uint64_t count);
extern void op_clone(struct v4 *w, struct stateid from, struct stateid to,
					 uint64_t from_offset, uint64_t to_offset, uint64_t count);
extern void op_read_plus(struct v4 *w, struct stateid s, uint64_t offset,
						 uint32_t count);
extern void op_getxattr(struct v4 *w, struct blob name);
extern void op_setxattr(struct v4 *w, uint32_t how, struct blob name,
						struct blob value);
extern void op_listxattrs(struct v4 *w, uint64_t cookie, uint32_t maxcount);
extern void op_removexattr(struct v4 *w, struct blob name);

/* Reading a result whose operation and status have been taken. */
extern void take_result4(struct reply *r, struct result4 *result);

/*
 * Shorthands that must succeed
 */

/* /export or another path below the pseudo root */
extern struct handle v4_root(struct v4 *w, const char *path);
/* A new directory in /export with mode 0777, named after the test. */
extern struct handle v4_playground(struct v4 *w);
extern struct handle v4_make_dir(struct v4 *w, const struct handle *dir,
								 const char *name, uint32_t mode);
extern struct handle v4_make_file(struct v4 *w, const struct handle *dir,
								  const char *name, uint32_t mode);
/* Opens by handle for an owner. */
extern struct stateid v4_open(struct v4 *w, const struct handle *file,
							  const char *owner, uint32_t access,
							  uint32_t deny);
extern struct attr4 v4_attrs(struct v4 *w, const struct handle *object,
							 const int *bits);
#define v4_attr(w, object, bit) \
	(v4_attrs(w, object, (const int[]) {bit, -1}).value[bit])

/*
 * One operation at a handle, and its status: call is an op_ function's.
 *
 *	is_status(AT(w, &file, op_read(w, s, 0, 10)), NFS4_OK, "READ");
 */
#define AT(w, handle, call) (v4_at(w, handle), (call), v4_call(w))

#endif							/* LIB_NFS4_H */
