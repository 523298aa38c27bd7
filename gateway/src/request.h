/*
 * request.h
 *	  A request: one RPC from the arrival of its record to the last byte of
 *	  its reply; and the contract between the core and the procedures.
 *
 * The core reads a record, checks the RPC header and the credential, finds
 * the procedure and then calls it up to three times:
 *
 *		decode	arguments from the record to request->args
 *		send	check them; fill request->call, or encode a reply at once
 *		reply	the result is here and committed: encode the reply
 *
 * or, when there will be no result,
 *
 *		fail	encode the procedure's form of the status given
 *
 * None of them blocks, keeps state of its own, or calls malloc: memory comes
 * from request->region and is released with the request, whatever happens.
 * send and reply end in one of three ways:
 *
 *		- request->call.statement is set: the call is queued, reply follows
 *		  (from reply too: content outside the database takes two calls);
 *		- something is to come from a content store (content_io.h): then
 *		  request->resume is called, and ends in one of these ways again;
 *		- something was encoded by reply_begin/reply_end/reply_append: it is
 *		  the reply;
 *		- request_refuse or request_deny was called.
 *
 * A result is not true before its transaction is committed, so reply is not
 * called before.  The reply may point into the PGresult (reply_append), which
 * lives until the reply is written, or until reply sends a further call; but
 * not that of a wide statement.
 */
#ifndef DITTOFS_REQUEST_H
#define DITTOFS_REQUEST_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <rpc/rpc.h>

#include <libpq-fe.h>

#include "call.h"
#include "region.h"

struct client;
struct connection;
struct pool;
struct batch;
struct worker;
struct request;
struct content_failure;
struct content_store;

/* A procedure of an RPC program; number 0, NULL, is the core's. */
struct procedure
{
	const char *name;			/* as RFC 1813 has it, for the log */

	/*
	 * Once it runs it is not cancelled when its client has gone, unless it is a
	 * WRITE; a retransmission of it while it runs waits for it.  One that waits
	 * is forgotten (request_pointless).
	 */
	bool		changes;

	/*
	 * Arguments to request->args (allocated by decode in the region).
	 * false answers GARBAGE_ARGS.  Bytes after the arguments are tolerated.
	 * The xdr's x_public is the request; opaques are best left where they
	 * are, xdr_inline gives their address in the record.
	 */
	bool		(*decode) (struct request *request, XDR *xdr);
	void		(*send) (struct request *request);

	/*
	 * All rows of the call, in binary; PQgetvalue(result, row,
	 * request->column) is a record where the function returns one.  At least
	 * one row unless the function returns a set.  The column is 0, and the
	 * result the request's, unless the statement is wide (call.h): then it is
	 * shared with other calls, and gone when they have been answered.
	 */
	void		(*reply) (struct request *request, const PGresult *result);

	/*
	 * There is no result.  status is one of NFS3ERR_JUKEBOX (10008: call
	 * anew), NFS3ERR_NOSPC (28),
	 * NFS3ERR_IO (5), NFS3ERR_SERVERFAULT (10006).  A reply that has no
	 * room for a status is refused with SYSTEM_ERR.
	 */
	void		(*fail) (struct request *request, uint32_t status);
};

/* One version of an RPC program.  procedures[i] is procedure i; [0] is NULL. */
struct program
{
	const char *name;			/* "NFS", "MOUNT" */
	uint32_t	number;
	uint32_t	version;		/* the only one */
	const struct procedure *procedures;
	uint32_t	procedure_count;
};

extern const struct program nfs3_program;	/* 100003, 3 */
extern const struct program mount3_program; /* 100005, 3 */

/* Who sent it: AUTH_NONE, or AUTH_SYS with the rest filled in. */
struct credential
{
	uint32_t	flavor;
	uint32_t	uid;
	uint32_t	gid;
	uint32_t	gid_count;
	uint32_t	gids[16];
};

/*
 * Where it came from.  An IPv4 address that arrived on an IPv6 socket is an
 * IPv4 address here.
 */
struct peer
{
	int			family;			/* AF_INET or AF_INET6 */
	uint8_t		address[16];	/* 4 or 16 bytes, network order */
	uint16_t	port;			/* host order */
};

/*
 * Changed by request_set_state alone.  In brackets the list that holds it,
 * beside its client's list of all requests.
 */
enum request_state
{
	REQUEST_FREE,				/* [worker's free list] */
	REQUEST_RECEIVED,			/* being decoded and checked [none] */
	REQUEST_WAITING,			/* no connection of its lane is up [lane] */
	REQUEST_QUEUED,				/* for a connection [connection] */
	REQUEST_RUNNING,			/* sent to the database [batch] */
	REQUEST_AT_STORE,			/* waits for a content store [worker, if not held] */
	REQUEST_DELAYED,			/* to be run again in a moment [lane] */
	REQUEST_REPLYING			/* reply not yet written [client] */
};

TAILQ_HEAD(request_list, request);

#define REPLY_MAX_PIECES 8

struct request
{
	/* What procedures use. */
	struct region region;
	const struct program *program;
	const struct procedure *procedure;
	uint32_t	xid;
	struct credential credential;
	const struct peer *peer;
	struct bytes caller;		/* the parameter of type dittofs.caller, ready
								 * made from credential and peer */
	struct bytes record;		/* the whole RPC message, aligned to 8 bytes:
								 * xdr_inline works on it */
	struct bytes arguments;		/* the part of it behind the RPC header */
	void	   *args;			/* decoded arguments */
	void	   *memory;			/* the procedure's own, from send to reply */
	struct call call;
	void		(*resume) (struct request *request);	/* see content_io.h */
	bool		later;			/* the call is to wait a moment first */
	struct content_failure *failure;	/* of a content store, or NULL */
	uint32_t	status;			/* of the reply, for the log: nfsstat3 */
	const char *refused;		/* name of an RPC error, for the log, or NULL */

	/* The core's. */
	enum request_state state;
	TAILQ_ENTRY(request) link;	/* of the list its state names */
	TAILQ_ENTRY(request) client_link;
	LIST_ENTRY(request) duplicate_link; /* changing calls in progress */
	struct worker *worker;
	struct pool *pool;			/* of the database its call goes to */
	struct client *client;		/* NULL for the gateway's own calls */
	struct connection *connection;	/* QUEUED, RUNNING */
	struct batch *batch;		/* RUNNING */
	PGresult   *result;			/* what reply was called with */
	int			column;			/* of it, or of the one that reply is called with,
								 * which holds this call's record */
	uint32_t	checksum;		/* of the record, to know a duplicate by */
	bool		alone;			/* runs in a transaction of its own */
	bool		in_duplicates;
	int			attempts;
	int64_t		arrived;		/* microseconds, monotonic */
	int64_t		due;			/* when a delayed one is queued again */

	/* Where its time went, for the log of slow calls; microseconds. */
	int64_t		database_time;	/* in batches, the flush included */
	int64_t		flush_time;		/* as far as batches were sampled */
	int64_t		content_time;	/* content outside the database */
	int64_t		at_store;		/* since when, AT_STORE */

	size_t		charged;		/* bytes counted against the limits */
	int			waits;			/* jobs of stores that have not ended */
	struct content_store *holder;	/* AT_STORE: what these count against... */
	size_t		held;			/* ... meanwhile */

	struct iovec reply[REPLY_MAX_PIECES];
	int			reply_pieces;
	size_t		reply_size;
	XDR			reply_xdr;
	char	   *reply_start;	/* of the piece being encoded */
};

/*
 * Encoding a reply.  reply_begin gives an XDR stream with room for max bytes
 * in the region, and the RPC header goes in front by itself; reply_end takes
 * what has been encoded so far.  reply_append adds bytes by reference: they
 * must live as long as the request, and their XDR padding is the caller's
 * (reply_append of a constant).  begin/end and append may alternate, up to
 * REPLY_MAX_PIECES pieces.
 *
 * reply_reset forgets the pieces, for a procedure that finds half way that
 * it has to answer something else.
 */
extern XDR *reply_begin(struct request *request, size_t max);
extern void reply_end(struct request *request);
extern void reply_append(struct request *request, const void *data, size_t size);
extern void reply_reset(struct request *request);

/* The reply is one without results: accepted but not done, or rejected. */
extern void request_refuse(struct request *request, enum accept_stat why);
extern void request_deny(struct request *request, enum auth_stat why);

/*
 * Is it a change of the namespace, or of attributes?  Such a call, made a second
 * time, is another call: the name exists, or is gone.
 */
extern bool request_is_once(const struct request *request);

/* The request an XDR stream given to decode belongs to. */
#define request_of_xdr(xdr) ((struct request *) (void *) (xdr)->x_public)

#endif							/* DITTOFS_REQUEST_H */
