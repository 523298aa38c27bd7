/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * sessions4.c
 *	  SEQUENCE, CREATE_SESSION, DESTROY_SESSION, BIND_CONN_TO_SESSION,
 *	  BACKCHANNEL_CTL: sessions of NFSv4.1.
 *
 * A session is a row that never changes.  Any gateway serves any session, on
 * any connection, so nothing is bound to a connection.  There is no back
 * channel.
 *
 * A session is there as long as its client: whatever ends the client deletes
 * its sessions.  Who deletes a session takes all of its slots first, and so
 * waits for the changes that are under way; what comes later looks for the
 * session when it has got the slot, and does not find it.  What only reads does
 * not wait, and may be answered as if it had come before the end.
 *
 * Every COMPOUND asks for its session, so a backend remembers those that it has
 * found.  A deletion, by whatever statement, tells all backends to forget: they
 * hear of it before the locks of the slots are free (AtEOXact_Inval()).
 *
 * An id is random, but for the bytes in front, which are a mark of the
 * database.  A copy has another mark, and so none of the original's sessions.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include <sodium.h>
#include <xxhash.h>

#include "access/stratnum.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/inval.h"
#include "utils/snapmgr.h"

#include "base/spi.h"
#include "nfs4/clients4.h"
#include "nfs4/leases4.h"
#include "nfs4/operations.h"
#include "nfs4/sessions4.h"
#include "nfs4/slots4.h"
#include "ops/replies.h"
#include "tables/config.h"
#include "tables/rel.h"
#include "tables/xact.h"

/* RFC 8881, 18.36.1 and 18.34.1 */
#define CREATE_SESSION4_FLAG_PERSIST 1
#define CREATE_SESSION4_FLAGS 7
#define CDFC4_FORE		1
#define CDFC4_FORE_OR_BOTH 3
#define CDFS4_FORE		1

/*
 * What a channel must have, and may have at most, in bytes of RPC.  A request
 * of more than a gateway's max_record_size never gets here.
 */
#define MESSAGE_MIN		128
#define MESSAGE_MAX		(1088 * 1024)
#define CACHED_MAX		8192

enum
{
	COL_SESSION_ID,
	COL_CLIENT_ID,
	COL_SLOTS,
	COL_MAX_OPERATIONS,
	COL_MAX_REQUEST,
	COL_MAX_RESPONSE,
	COL_MAX_CACHED,
	NCOLS
};

/* In front of an id. */
static uint32
mark_of_database(void)
{
	struct
	{
		uint64		system;
		uint64		database;
	}			here = {GetSystemIdentifier(), MyDatabaseId};

	return (uint32) XXH3_64bits(&here, sizeof(here));
}

static void
new_session_id(pg_uuid_t *id)
{
	uint32		mark = mark_of_database();

	memcpy(id->data, &mark, sizeof(mark));
	randombytes_buf(id->data + sizeof(mark), UUID_LEN - sizeof(mark));
}

static bool
is_of_database(const pg_uuid_t *id)
{
	uint32		mark = mark_of_database();

	return memcmp(id->data, &mark, sizeof(mark)) == 0;
}

/*
 * Finding
 */

#define KNOWN 256

/* An id of zeros is none: this database's mark is in front of each. */
static Session4 known[KNOWN];
static Oid	known_in = InvalidOid;	/* the table that they are from */
static uint64 forgotten = 0;	/* so many times */

static void
forget_sessions(Datum arg, Oid relid)
{
	if (relid != known_in && relid != InvalidOid)
		return;
	memset(known, 0, sizeof(known));
	forgotten++;
}

static Session4 *
known_session(const pg_uuid_t *id)
{
	return &known[id->data[UUID_LEN - 1] % KNOWN];
}

static uint32
bytes_of(Datum value)
{
	return (uint32) DatumGetInt64(value);
}

/* Remembered for good only if it was made, and read, for good. */
static bool
scan_session(const pg_uuid_t *id, Session4 *session, bool *ours)
{
	RelScan		rs;
	ScanKeyData key;
	Datum	   *values;

	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ, UUIDPGetDatum(id));
	rel_scan_begin(&rs, REL_NFS4_SESSIONS, AccessShareLock,
				   GetActiveSnapshot(), &key, 1);
	if (!rel_scan_next(&rs))
	{
		rel_scan_end(&rs);
		return false;
	}
	*ours = rel_row_is_ours(&rs);
	values = rs.slot->tts_values;
	session->id = *id;
	session->client_id = DatumGetInt64(values[COL_CLIENT_ID]);
	session->slots = (uint32) DatumGetInt32(values[COL_SLOTS]);
	session->max_operations =
		(uint32) DatumGetInt32(values[COL_MAX_OPERATIONS]);
	session->max_request = bytes_of(values[COL_MAX_REQUEST]);
	session->max_response = bytes_of(values[COL_MAX_RESPONSE]);
	session->max_cached = bytes_of(values[COL_MAX_CACHED]);
	rel_scan_end(&rs);
	return true;
}

/*
 * A session that is deleted while we read it, with a snapshot that still sees
 * it, is not remembered: what tells of the deletion comes after the snapshot.
 */
static bool
read_session(const pg_uuid_t *id, Session4 *session)
{
	static bool registered = false;
	uint64		before;
	bool		found;
	bool		ours;

	if (!registered)
		CacheRegisterRelcacheCallback(forget_sessions, (Datum) 0);
	registered = true;
	known_in = rel_oid(REL_NFS4_SESSIONS);
	before = forgotten;
	PushActiveSnapshot(GetLatestSnapshot());
	found = scan_session(id, session, &ours);
	PopActiveSnapshot();
	if (found && !ours && forgotten == before)
		*known_session(id) = *session;
	return found;
}

/* As it is now; slot and seqid are not the session's. */
static bool
find_session(const pg_uuid_t *id, Session4 *session)
{
	const Session4 *found = known_session(id);

	if (memcmp(&found->id, id, UUID_LEN) != 0)
		return read_session(id, session);
	*session = *found;
	return true;
}

/*
 * SEQUENCE
 */

typedef struct SequenceArgs
{
	pg_uuid_t	id;
	uint32		seqid;
	uint32		slot;
	uint32		highest;
	bool		cache_this;
} SequenceArgs;

static void
put_sequence(Compound *c, const Session4 *session)
{
	put_bytes(c, &session->id, UUID_LEN);
	put_u32(c, session->seqid);
	put_u32(c, session->slot);
	put_u32(c, session->slots - 1);	/* highest slot, and the one to aim at */
	put_u32(c, session->slots - 1);
	put_u32(c, 0);				/* no status of a back channel, or of state */
}

/*
 * What is stored are the results without those of SEQUENCE, which come first,
 * after two numbers.
 */
#define RESULTS_HEAD	(VARHDRSZ + 2 * sizeof(uint32))
#define SEQUENCE_LEN	(2 * sizeof(uint32) + UUID_LEN + 5 * sizeof(uint32))

void
nfs4_store(Compound *c)
{
	const Session4 *session = c->session;
	SlotRequest request = {&session->id, session->slot, session->seqid,
	c->digest};
	Size		rest = c->results.len - RESULTS_HEAD - SEQUENCE_LEN;
	bytea	   *stored = (bytea *) palloc(RESULTS_HEAD + rest);

	SET_VARSIZE(stored, RESULTS_HEAD + rest);
	memcpy(VARDATA(stored), c->results.data + VARHDRSZ,
		   RESULTS_HEAD - VARHDRSZ);
	memcpy((char *) stored + RESULTS_HEAD,
		   c->results.data + RESULTS_HEAD + SEQUENCE_LEN, rest);
	change_begin("dittofs.compound()", CHANGE_UNSTABLE);
	slot_store(&request, stored, c->data);
	change_end();
	pfree(stored);
}

/*
 * The stored answer is visible to all, but perhaps not yet where this server's
 * promises have to be: see find_reply() in replies.c.
 */
static void
promise_replay(void)
{
	flush_begin("dittofs.compound()");
	compat_log_message("dittofs");
	change_end();
	reply_found();
}

/* The row's column, which the frame returns as it is. */
static void
replay(Compound *c, const Session4 *session, const bytea *stored,
	   const bytea *data)
{
	Size		rest = VARSIZE(stored) - RESULTS_HEAD;
	bytea	   *results;

	put_sequence(c, session);
	results = (bytea *) palloc(RESULTS_HEAD + SEQUENCE_LEN + rest);
	SET_VARSIZE(results, RESULTS_HEAD + SEQUENCE_LEN + rest);
	memcpy(VARDATA(results), VARDATA(stored), RESULTS_HEAD - VARHDRSZ);
	/* what the frame has put for SEQUENCE says NFS4_OK already */
	memcpy((char *) results + RESULTS_HEAD, c->results.data + RESULTS_HEAD,
		   SEQUENCE_LEN);
	memcpy((char *) results + RESULTS_HEAD + SEQUENCE_LEN,
		   (const char *) stored + RESULTS_HEAD, rest);
	promise_replay();
	c->replay = results;
	c->replay_data = data;
}

/* Does the client keep to what CREATE_SESSION has granted? */
static uint32
check_limits(const Compound *c, const Session4 *session)
{
	if (c->ops_sent > session->max_operations)
		return NFS4ERR_TOO_MANY_OPS;
	if (c->request_bytes > session->max_request)
		return NFS4ERR_REQ_TOO_BIG;
	return NFS4_OK;
}

/*
 * Is the request the next one of its slot?  One that only reads is not asked:
 * it does no harm out of its turn.
 */
static uint32
check_turn(Compound *c, const Session4 *session)
{
	SlotRequest request = {&session->id, session->slot, session->seqid,
	c->digest};
	bytea	   *stored;
	bytea	   *data;

	if ((c->classes & CLASS_STORED) == 0 && !c->writes)
		return check_limits(c, session);
	switch (slot_find(&request, &stored, &data))
	{
		case SLOT_NEW:
			return check_limits(c, session);
		case SLOT_REPLAY:
			replay(c, session, stored, data);
			return NFS4_OK;
		case SLOT_FALSE_RETRY:
			return NFS4ERR_SEQ_FALSE_RETRY;
		case SLOT_MISORDERED:
			return NFS4ERR_SEQ_MISORDERED;
	}
	return FS_SERVERFAULT;
}

/* Has a snapshot that sees all that was done by the slot, if it is taken. */
static uint32
look(Compound *c, Session4 *session, const SequenceArgs *args)
{
	if (!find_session(&args->id, session))
		return NFS4ERR_BADSESSION;
	session->slot = args->slot;
	session->seqid = args->seqid;
	if (args->slot >= session->slots)
		return NFS4ERR_BADSLOT;
	if (args->highest >= session->slots)
		return NFS4ERR_BAD_HIGH_SLOT;
	return check_turn(c, session);
}

/*
 * A change takes its slot before it looks for anything: what another gateway
 * has done with the slot, or with the session, is committed then.
 */
uint32
nfs4_sequence(Compound *c)
{
	Session4   *session = (Session4 *) palloc(sizeof(Session4));
	SequenceArgs args;
	uint32		status;

	memcpy(&args.id, get_bytes(c, UUID_LEN), UUID_LEN);
	args.seqid = get_u32(c);
	args.slot = get_u32(c);
	args.highest = get_u32(c);
	args.cache_this = get_bool(c);

	if (!is_of_database(&args.id))
		return NFS4ERR_BADSESSION;
	if ((c->classes & CLASS_STORED) && args.slot < NFS4_SLOTS_MAX)
	{
		(void) slot_lock(&args.id, args.slot, true);
		/* has the session ended while we waited? */
		AcceptInvalidationMessages();
		compound_renew_snapshot(c);
	}
	if (IsolationUsesXactSnapshot())
		PushActiveSnapshot(GetLatestSnapshot());
	status = look(c, session, &args);
	if (IsolationUsesXactSnapshot())
		PopActiveSnapshot();
	if (status != NFS4_OK)
		return status;

	c->session = session;
	c->client_id = session->client_id;
	c->cache_this = args.cache_this;
	c->reply_max = session->max_response;
	c->cached_max = session->max_cached;
	if (c->replay == NULL)
		put_sequence(c, session);
	return NFS4_OK;
}

/*
 * CREATE_SESSION
 */

/* channel_attrs4, without RDMA */
typedef struct Channel
{
	uint32		headerpad;
	uint32		request;
	uint32		response;
	uint32		cached;
	uint32		operations;
	uint32		requests;
} Channel;

typedef struct CreateSession
{
	int64		client_id;
	uint32		sequence;
	uint32		flags;
	Channel		fore;
	Channel		back;
} CreateSession;

static void
get_channel(Compound *c, Channel *channel)
{
	channel->headerpad = get_u32(c);
	channel->request = get_u32(c);
	channel->response = get_u32(c);
	channel->cached = get_u32(c);
	channel->operations = get_u32(c);
	channel->requests = get_u32(c);
}

static void
put_channel(Compound *c, const Channel *channel)
{
	put_u32(c, channel->headerpad);
	put_u32(c, channel->request);
	put_u32(c, channel->response);
	put_u32(c, channel->cached);
	put_u32(c, channel->operations);
	put_u32(c, channel->requests);
}

static uint32
check_channel(const Channel *fore)
{
	if (fore->operations == 0 || fore->requests == 0)
		return FS_INVAL;
	if (fore->request < MESSAGE_MIN || fore->response < MESSAGE_MIN)
		return FS_TOOSMALL;
	return NFS4_OK;
}

/* Never more than was asked for. */
static void
grant_channel(Channel *fore, int64 slots)
{
	fore->headerpad = 0;
	fore->request = Min(fore->request, MESSAGE_MAX);
	fore->response = Min(fore->response, MESSAGE_MAX);
	fore->cached = Min(Min(fore->cached, CACHED_MAX), fore->response);
	fore->operations = Min(fore->operations, NFS4_OPS_MAX);
	fore->requests = Min(fore->requests, (uint32) slots);
}

static void
insert_session(const pg_uuid_t *id, const CreateSession *args)
{
	const Channel *fore = &args->fore;

	spi_run("INSERT INTO dittofs.nfs4_sessions (session_id, client_id, slots,"
			" max_operations, max_request, max_response, max_cached)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7)",
			spi_uuid(id), spi_int8(args->client_id),
			spi_int4((int32) fore->requests),
			spi_int4((int32) fore->operations), spi_int8(fore->request),
			spi_int8(fore->response), spi_int8(fore->cached));
}

/*
 * What is done once for each csa_sequence: the client has the right to it.
 * Puts the results.
 */
static uint32
create_session(Compound *c, const Client4 *client, CreateSession *args)
{
	int64		values[CONFIG_COUNT];
	uint32		status = check_channel(&args->fore);
	pg_uuid_t	id;

	if (status != NFS4_OK)
		return status;
	if (args->flags & ~CREATE_SESSION4_FLAGS)
		return FS_INVAL;
	config_read(values);
	if (client_sessions(args->client_id) >= values[CONFIG_NFS4_SESSION_MAX])
		return FS_NOSPC;
	status = client_confirm(client, c->caller);
	if (status != NFS4_OK)
		return status;
	grant_channel(&args->fore, values[CONFIG_NFS4_SLOTS]);
	new_session_id(&id);
	insert_session(&id, args);

	put_bytes(c, &id, UUID_LEN);
	put_u32(c, args->sequence);
	put_u32(c, args->flags & CREATE_SESSION4_FLAG_PERSIST);
	put_channel(c, &args->fore);
	put_channel(c, &args->back);
	return NFS4_OK;
}

/* The answer to the last one, which is a status and perhaps results. */
static uint32
put_stored(Compound *c, const bytea *reply)
{
	uint32		status;
	const char *at = VARDATA_ANY(reply);

	memcpy(&status, at, sizeof(status));
	put_bytes(c, at + sizeof(status),
			  VARSIZE_ANY_EXHDR(reply) - sizeof(status));
	return pg_ntoh32(status);
}

static void
store_reply(Compound *c, const CreateSession *args, uint32 status, int at)
{
	uint32		wire = pg_hton32(status);
	int			len = status == NFS4_OK ? c->results.len - at : 0;
	bytea	   *reply = (bytea *) palloc(VARHDRSZ + sizeof(wire) + len);

	SET_VARSIZE(reply, VARHDRSZ + sizeof(wire) + len);
	memcpy(VARDATA(reply), &wire, sizeof(wire));
	memcpy(VARDATA(reply) + sizeof(wire), c->results.data + at, len);
	client_store_reply(args->client_id, args->sequence, reply);
}

static uint32
create_once(Compound *c, CreateSession *args)
{
	Client4		client;
	int			at = c->results.len;
	uint32		status;

	if (!client_take(args->client_id, c->caller, &client))
		return NFS4ERR_STALE_CLIENTID;
	if (args->sequence == client.sequence && client.reply != NULL)
		return put_stored(c, client.reply);
	if (args->sequence != client.sequence + 1)
		return NFS4ERR_SEQ_MISORDERED;
	status = create_session(c, &client, args);
	store_reply(c, args, status, at);
	return status;
}

uint32
nfs4_create_session(Compound *c)
{
	CreateSession args;
	Nfs4Sql		before;
	uint32		status;

	args.client_id = (int64) get_u64(c);
	args.sequence = get_u32(c);
	args.flags = get_u32(c);
	get_channel(c, &args.fore);
	get_channel(c, &args.back);
	(void) get_u32(c);			/* the back channel's program */

	change_begin("dittofs.compound()", CHANGE_DURABLE);
	before = nfs4_sql_begin();
	status = create_once(c, &args);
	nfs4_sql_end(&before);
	change_end();
	return status;
}

/*
 * The others
 */

/* With all slots of the session, waiting for its changes. */
static uint32
destroy_session(const Compound *c, const pg_uuid_t *id)
{
	Session4	session;

	if (spi_run("SELECT client_id, slots FROM dittofs.nfs4_sessions"
				" WHERE session_id = $1",
				spi_uuid(id)) == 0)
		return NFS4ERR_BADSESSION;
	session.client_id = DatumGetInt64(spi_value(0, 1, NULL));
	session.slots = (uint32) DatumGetInt32(spi_value(0, 2, NULL));
	if (!client_is_principal(session.client_id, c->caller))
		return NFS4ERR_WRONG_CRED;
	for (uint32 slot = 0; slot < session.slots; slot++)
		(void) slot_lock(id, slot, true);
	if (spi_run("DELETE FROM dittofs.nfs4_sessions WHERE session_id = $1",
				spi_uuid(id)) == 0)
		return NFS4ERR_BADSESSION;
	return NFS4_OK;
}

uint32
nfs4_destroy_session(Compound *c)
{
	pg_uuid_t	id;
	Nfs4Sql		before;
	uint32		status;

	memcpy(&id, get_bytes(c, UUID_LEN), UUID_LEN);
	if (!is_of_database(&id))
		return NFS4ERR_BADSESSION;
	/* of the session that the COMPOUND is in: the last operation */
	if (c->session != NULL && memcmp(&c->session->id, &id, UUID_LEN) == 0 &&
		c->index + 1 != c->ops_sent)
		return NFS4ERR_NOT_ONLY_OP;
	change_begin("dittofs.compound()", CHANGE_DURABLE);
	before = nfs4_sql_begin();
	status = destroy_session(c, &id);
	nfs4_sql_end(&before);
	change_end();
	return status;
}

/*
 * Every connection carries requests of every session.  None carries any of ours
 * to the client.
 */
uint32
nfs4_bind_conn_to_session(Compound *c)
{
	Session4	session;
	pg_uuid_t	id;
	uint32		direction;

	memcpy(&id, get_bytes(c, UUID_LEN), UUID_LEN);
	direction = get_u32(c);
	(void) get_u32(c);			/* RDMA */
	if (!is_of_database(&id) || !find_session(&id, &session))
		return NFS4ERR_BADSESSION;
	if (direction != CDFC4_FORE && direction != CDFC4_FORE_OR_BOTH)
		return FS_INVAL;
	put_bytes(c, &id, UUID_LEN);
	put_u32(c, CDFS4_FORE);
	put_u32(c, false);
	return NFS4_OK;
}

uint32
nfs4_backchannel_ctl(Compound *c)
{
	(void) get_u32(c);			/* program */
	return NFS4_OK;
}
