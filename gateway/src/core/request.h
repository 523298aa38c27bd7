/* SPDX-License-Identifier: PostgreSQL */
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
 * send and reply end in one of these ways:
 *
 *		- request->call.statement is set: the call is queued, reply follows
 *		  (from reply too: content outside the database takes two calls);
 *		- something is to come from a content store (content_io.h): then
 *		  request->resume is called, and ends in one of these ways again;
 *		- something was encoded by reply_begin/reply_end/reply_append: it is
 *		  the reply;
 *		- request_refuse or request_deny was called;
 *		- request_leave was called: there is no reply, and the client asks
 *		  again.
 *
 * A result is not true before its transaction is committed, so reply is not
 * called before.  The reply may point into the PGresult (reply_append), which
 * lives until the reply is written, or until reply sends a further call; but
 * not that of a wide statement.
 */
#ifndef DITTOFS_REQUEST_H
#define DITTOFS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/uio.h>

#include <rpc/rpc.h>

#include <libpq-fe.h>

#include "db/call.h"
#include "core/charge.h"
#include "content/content_io.h"
#include "dittofs_contract.h"
#include "base/peer.h"
#include "base/region.h"

struct client;
struct worker;
struct request;

/*
 * A procedure of an RPC program, at the end of its file.  Number 0 is
 * null_procedure: the core answers it.
 */
struct procedure
{
	const char *name;			/* as its RFC has it, for the log */

	/*
	 * Once it runs it is not cancelled when its client has gone, unless it is a
	 * WRITE; a retransmission of it while it runs waits for it.  One that waits
	 * is forgotten (request_pointless).
	 */
	bool		changes;

	/*
	 * A change of the namespace, or of attributes: made a second time it is
	 * another call, since the name exists or is gone.  If its outcome is not
	 * known, it gets no answer, and its client asks again with the same xid
	 * (too_late in serve.c).
	 */
	bool		once;

	/*
	 * The size of its result has a bound of its own (call.result_size); that of
	 * any other is what one record may have.
	 */
	bool		bounded;

	/*
	 * Arguments to request->args (allocated by decode in the region).
	 * false answers GARBAGE_ARGS.  Bytes after the arguments are tolerated.
	 * Opaques are best left where they are: xdr_inline gives their address
	 * in the record.
	 */
	bool		(*decode) (struct request *request, XDR *xdr);
	void		(*send) (struct request *request);

	/*
	 * All rows of the call, in binary; PQgetvalue(result, row,
	 * request->column) is a record where the function returns one.  At least
	 * one row unless the function returns a set.  The result is call.result,
	 * and the column 0, unless the statement is wide (call.h): then it may be
	 * shared with other calls, and gone when they have been answered.
	 */
	void		(*reply) (struct request *request, const PGresult *result);

	/*
	 * There is no result.  status is one of FS_JUKEBOX (call anew), FS_NOSPC,
	 * FS_IO, FS_ROFS, FS_XDEV, FS_SERVERFAULT.  A reply that has no room for a
	 * status is refused with SYSTEM_ERR.
	 */
	void		(*fail) (struct request *request, uint32_t status);

	/*
	 * NFS: how many optional parts (attributes, or either half of wcc data) the
	 * failure arm of its result has; absent, each is a FALSE.
	 */
	unsigned char absent;

	/*
	 * A part of another one, for the log and the metrics.  It cannot be called
	 * by its number.
	 */
	bool		inner;

	/*
	 * By UDP the source of a call may be a lie.  One whose reply may be much
	 * larger than itself is refused there (tcp_only), and one that may not even
	 * be refused gets no reply (mute).
	 */
	bool		tcp_only;
	bool		mute;
};

extern const struct procedure null_procedure;

/* Where calls come in; which programs are served there is in programs.c. */
enum door
{
	DOOR_TCP,					/* adapters.nfs.port */
	DOOR_UDP,
	DOOR_PORTMAPPER_TCP,		/* adapters.nfs.portmapper.port */
	DOOR_PORTMAPPER_UDP,
	DOORS
};

static inline bool
door_is_udp(enum door door)
{
	return door == DOOR_UDP || door == DOOR_PORTMAPPER_UDP;
}

static inline bool
door_is_portmapper(enum door door)
{
	return door == DOOR_PORTMAPPER_TCP || door == DOOR_PORTMAPPER_UDP;
}

/* One version of an RPC program: a row of PROGRAMS in programs.h. */
struct program
{
	const char *name;			/* "NFS", "MOUNT" */
	uint32_t	number;
	uint32_t	version;
	const struct procedure *const *procedures;	/* by number; NULL: none */
	uint32_t	procedure_count;

	bool		udp;			/* served by UDP, too */
	bool		portmapper;		/* at the portmapper's port, and only there */
	bool		one_store;		/* only where there is one metadata store */

	/* A client that has mounted begins its connection with NULL of it. */
	bool		greeted;

	/*
	 * Its statuses have no word for "not now", and clients take an error for
	 * final: a mount at boot fails, and is not tried again.  A connection that
	 * ends is tried again, so JUKEBOX and NOSPC leave a call unanswered.
	 */
	bool		errors_are_final;
};

/* Who sent it: AUTH_NONE, or AUTH_SYS with the rest filled in. */
struct credential
{
	uint32_t	flavor;
	uint32_t	uid;
	uint32_t	gid;
	uint32_t	gid_count;
	uint32_t	gids[CALLER_GIDS_MAX];
};

/*
 * Changed by request_set_state alone, which has the table of what may follow
 * what.  In brackets the list that holds it, beside its client's list of all
 * requests.
 */
enum request_state
{
	REQUEST_FREE,				/* [worker's free list] */
	REQUEST_RECEIVED,			/* being decoded and checked [none] */
	REQUEST_CALLING,			/* its call is the pool's: call.state [none] */
	REQUEST_AT_STORE,			/* waits for a store [worker, if not held] */
	REQUEST_REPLYING,			/* reply not yet written [client] */
	REQUEST_LOST,				/* over, but a thread of a store that hangs has
								 * its memory still [none] */
	REQUEST_STATES
};

TAILQ_HEAD(request_list, request);

#define REPLY_MAX_PIECES 8

struct request
{
	/* What procedures use. */
	struct region region;
	const struct program *program;
	const struct procedure *procedure;
	uint32_t	procedure_number;
	uint32_t	xid;
	struct credential credential;
	const struct peer *peer;
	struct bytes caller;		/* the parameter of type dittofs.caller, ready
								 * made from credential and peer */
	struct bytes record;		/* the whole RPC message, aligned to 8 bytes:
								 * xdr_inline works on it */
	struct bytes identity;		/* the part of it that tells who calls */
	struct bytes arguments;		/* the part of it behind the RPC header */
	void	   *args;			/* decoded arguments */
	void	   *memory;			/* the procedure's own, from send to reply */
	struct call call;
	void		(*resume) (struct request *request);	/* see content_io.h */
	struct content_io io;		/* what content stores do for it */
	bool		later;			/* the call is to wait a moment first */
	uint32_t	status;			/* of the reply, for the log: nfsstat3, or of
								 * nfsstat.h */
	const char *refused;		/* name of an RPC error, for the log, or NULL */
	bool		unanswered;		/* see request_leave */

	/* The core's. */
	enum request_state state;
	TAILQ_ENTRY(request) link;	/* of the list its state names */
	TAILQ_ENTRY(request) client_link;
	LIST_ENTRY(request) duplicate_link; /* changing calls in progress */
	struct worker *worker;
	struct client *client;		/* NULL before it is attached to one */
	int			column;			/* of the result that reply gets, which
								 * holds this call's record */
	uint32_t	checksum;		/* of the record, to know a duplicate by */
	int64_t		came;			/* at the earliest (client.h); 0: unknown */
	bool		in_duplicates;

	/* For the log of slow calls; microseconds.  See also struct call. */
	int64_t		content_time;	/* content outside the database */
	int64_t		at_store;		/* since when, AT_STORE */

	struct charge charge;		/* bytes counted against the limits */

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
extern void reply_append(struct request *request, const void *data,
						 size_t size);
extern void reply_reset(struct request *request);

/* The reply is one without results: accepted but not done, or rejected. */
extern void request_refuse(struct request *request, enum accept_stat why);
extern void request_deny(struct request *request, enum auth_stat why);

/*
 * There is no reply.  The client is disconnected, and sends its calls again,
 * here or elsewhere: for a protocol that has no word for "not now".
 */
extern void request_leave(struct request *request);

#endif							/* DITTOFS_REQUEST_H */
