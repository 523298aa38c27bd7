/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * compound.h
 *	  A COMPOUND of NFSv4 while it runs: what its operations share.
 *
 * compound_run.c runs the operations of a program (dittofs_compound.h) one
 * after the other until one fails.  An operation is a function nfs4_...() that
 * takes its arguments with the get_...() of here, does its work by the typed
 * operations of fs.h or by the modules of state, appends its results with
 * put_...(), and returns a nfsstat4.  It takes all of its arguments if it
 * returns NFS4_OK.  Results of an operation that failed are dropped, but of
 * those that have FAILS_WITH_RESULTS (compound_run.c).
 *
 * An expected failure is a status; what the operations before it have changed
 * stays.  An ERROR undoes the whole COMPOUND, and the gateway runs it again.
 *
 * What was answered before is not run again: nfs4_sequence() finds the stored
 * results, and nfs4_store() stores them if an operation of class W or S has
 * succeeded (Compound.changed).  An operation that has changed something
 * durable and fails sets Compound.changed itself.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_NFS4_COMPOUND_H
#define DITTOFS_NFS4_COMPOUND_H

#include "base/dittofs.h"

#include "lib/stringinfo.h"
#include "port/pg_bswap.h"

#include "dittofs_compound.h"
#include "ops/fs.h"

typedef struct Stateid
{
	uint32		seqid;
	uint8		other[NFS4_OTHER_LEN];
} Stateid;

typedef struct Bitmap
{
	uint32		words[NFS4_BITMAP_WORDS];
} Bitmap;

static inline bool
bitmap_has(const Bitmap *bitmap, int bit)
{
	return (bitmap->words[bit / 32] & ((uint32) 1 << (bit % 32))) != 0;
}

static inline void
bitmap_add(Bitmap *bitmap, int bit)
{
	bitmap->words[bit / 32] |= (uint32) 1 << (bit % 32);
}

static inline void
bitmap_drop(Bitmap *bitmap, int bit)
{
	bitmap->words[bit / 32] &= ~((uint32) 1 << (bit % 32));
}

static inline bool
bitmap_is_empty(const Bitmap *bitmap)
{
	return (bitmap->words[0] | bitmap->words[1] | bitmap->words[2]) == 0;
}

typedef enum FhKind
{
	FH_NONE,
	FH_OBJECT,					/* of a share */
	FH_PSEUDO					/* a directory above the shares (pseudo.h) */
} FhKind;

/* A filehandle that was entered. */
typedef struct Fh
{
	FhKind		kind;
	Op			op;				/* FH_OBJECT: and admitted */
	const char *path;			/* FH_PSEUDO: "" or "/a/b", in UTF-8 */

	/* the stateid that goes with it (RFC 8881, 16.2.3.1.2) */
	bool		has_stateid;
	Stateid		stateid;
} Fh;

/* Classes of operations, by the letters of NFS4_OPERATIONS */
#define CLASS_R 1
#define CLASS_W 2
#define CLASS_S 4
#define CLASS_D 8
/* What is not repeated but answered from the stored results */
#define CLASS_STORED (CLASS_W | CLASS_S)

typedef struct Session4 Session4;	/* sessions4.h */

typedef struct Compound
{
	/* who calls; it does not say which call this is (Caller.has_call) */
	const Caller *caller;

	/* the program's head */
	uint32		minor;
	uint64		digest;
	uint32		ops_sent;		/* by the client */
	uint32		request_bytes;	/* of XDR */
	uint32		reply_head;		/* bytes of XDR that are no operation's */
	uint32		nops;
	int			classes;		/* of all its operations, CLASS_ bits */
	bool		writes;			/* one of them is a WRITE */

	/* the program */
	const char *next;			/* operation */
	const char *end;			/* of the program */
	uint32		index;			/* of the operation that runs, from 0 */
	uint32		op;				/* its number */
	const char *arg;			/* what is left of its arguments */
	const char *arg_end;
	FsBytes		beside;			/* left of the data beside the program */

	/* the results: the parts of the row */
	StringInfoData results;
	uint32		xdr;			/* bytes that they take as XDR */
	uint32		nresults;
	const bytea *data;			/* beside the results; or NULL */

	/* of the session; nfs4_sequence() sets these */
	Session4   *session;		/* NULL: the COMPOUND has none */
	int64		client_id;		/* with a session: its lease is renewed */
	bool		cache_this;
	uint32		reply_max;		/* bytes of XDR, reply_head included */
	uint32		cached_max;		/* the same for a reply that is to be cached */
	/* the stored answer: nothing is run, and these are the parts of the row */
	const bytea *replay;
	const bytea *replay_data;

	Fh			current;
	Fh			saved;
	bool		changed;		/* the results must be stored */
	bool		has_snapshot;	/* compound_renew_snapshot() */
} Compound;

/*
 * Arguments.  A program that ends early is the gateway's mistake, and an ERROR
 * (22023).
 */
pg_noreturn extern void compound_malformed(void);

static inline const char *
get_bytes(Compound *c, uint32 len)
{
	const char *bytes = c->arg;

	if (unlikely(len > c->arg_end - c->arg))
		compound_malformed();
	c->arg += len;
	return bytes;
}

static inline uint32
get_u32(Compound *c)
{
	uint32		value;

	memcpy(&value, get_bytes(c, sizeof(value)), sizeof(value));
	return pg_ntoh32(value);
}

static inline uint64
get_u64(Compound *c)
{
	uint64		value;

	memcpy(&value, get_bytes(c, sizeof(value)), sizeof(value));
	return pg_ntoh64(value);
}

static inline bool
get_bool(Compound *c)
{
	return get_u32(c) != 0;
}

/* They lie in the program. */
static inline FsBytes
get_opaque(Compound *c)
{
	FsBytes		bytes;

	bytes.len = (int) get_u32(c);
	bytes.data = get_bytes(c, (uint32) bytes.len);
	return bytes;
}

extern Stateid get_stateid(Compound *c);
extern Bitmap get_bitmap(Compound *c);
/* The next bytes of the data beside the program. */
extern FsBytes get_beside(Compound *c, uint32 len);
/* NFS4_DATA_HERE or NFS4_DATA_BESIDE, and the bytes */
extern FsBytes get_data(Compound *c);

/*
 * Results.  Each adds what it takes as XDR to Compound.xdr.
 */

/* Room for so many bytes, which have been added. */
static inline char *
put_space(Compound *c, uint32 len)
{
	StringInfo	results = &c->results;
	char	   *at;

	if (unlikely(len >= results->maxlen - results->len))
		enlargeStringInfo(results, (int) len);
	at = results->data + results->len;
	results->len += (int) len;
	return at;
}

static inline void
put_u32(Compound *c, uint32 value)
{
	uint32		wire = pg_hton32(value);

	memcpy(put_space(c, sizeof(wire)), &wire, sizeof(wire));
	c->xdr += sizeof(wire);
}

static inline void
put_u64(Compound *c, uint64 value)
{
	uint64		wire = pg_hton64(value);

	memcpy(put_space(c, sizeof(wire)), &wire, sizeof(wire));
	c->xdr += sizeof(wire);
}

#define XDR_PADDED(len) (((len) + 3) & ~3)

/* Bytes of a fixed number */
extern void put_bytes(Compound *c, const void *bytes, uint32 len);
extern void put_opaque(Compound *c, const void *bytes, uint32 len);
extern void put_stateid(Compound *c, const Stateid *stateid);
extern void put_bitmap(Compound *c, const Bitmap *bitmap);
/* change_info4 of a directory that was changed atomically */
extern void put_change_info(Compound *c, uint64 before, uint64 after);
/* The same of a directory with this wcc */
extern void put_wcc(Compound *c, const OptWcc *dir);
/* A number that put_u32_at() sets later; where it is. */
extern int	put_room_u32(Compound *c);
extern void put_u32_at(Compound *c, int at, uint32 value);
/*
 * Data of a READ: how it travels, and its length or the bytes.  It goes beside
 * the results if they are not to be stored.
 */
extern void put_data(Compound *c, const bytea *data);
/* The bytes beside the results; what is there already comes first. */
extern void put_beside(Compound *c, const bytea *data);
/* Bytes of XDR that the results may still take. */
extern uint32 put_room(const Compound *c);

/* The status of an operation of fs.h, as nfsstat4. */
extern uint32 status4(Status status);

/* The same of an operation on a directory, whose attributes may be known. */
extern uint32 directory_status4(Status status, bool is_known,
								const Fattr *dir);
extern uint32 changed_status4(Status status, const OptWcc *dir);
/* What is wrong with a name.  INVAL, NAMETOOLONG, BADCHAR, BADNAME */
extern uint32 name4_check(FsBytes name);

/*
 * Filehandles.  Another current filehandle has no stateid.
 */
extern void fh_set_object(Compound *c, const Op *op);
extern void fh_set_pseudo(Compound *c, const char *path);
/* The object with this handle, in the share of an Op that was admitted */
static inline void
fh_set_handle(Compound *c, const Op *op, const Handle *handle)
{
	Op			other = op_at(op, handle);

	fh_set_object(c, &other);
}

/*
 * Stateids.  An operation that makes one says so to compound_set_stateid(), so
 * that it is the current one; CLOSE calls compound_no_stateid().
 * compound_stateid() is get_stateid() where the argument may be the current
 * stateid: NFS4ERR_BAD_STATEID if there is none.
 */
extern void compound_set_stateid(Compound *c, const Stateid *stateid);
extern void compound_no_stateid(Compound *c);
extern uint32 compound_stateid(Compound *c, Stateid *stateid);

/* All zeros, or all ones: these are no open's */
extern bool stateid_is_anonymous(const Stateid *stateid);
extern bool stateid_is_bypass(const Stateid *stateid);

/*
 * What follows sees what was committed by now.  The frame calls it after each
 * operation that may have changed something; also to be called after a lock was
 * waited for.
 */
extern void compound_renew_snapshot(Compound *c);

#endif							/* DITTOFS_NFS4_COMPOUND_H */
