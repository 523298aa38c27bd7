/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * clients4.c
 *	  EXCHANGE_ID, DESTROY_CLIENTID, RECLAIM_COMPLETE: clients of NFSv4.1; and
 *	  what administrators and the reaper do with them.
 *
 * Of an owner (co_ownerid) there is a confirmed record, whose sessions, opens
 * and locks are its; and an unconfirmed one beside it, from EXCHANGE_ID to
 * CREATE_SESSION, when the client has begun anew.  What changes one takes the
 * owner's lock.
 *
 * A client ends by a change of its record, and with its sessions.  From then on
 * its opens and locks count for nothing (leases4.h); nfs4_reap() frees them in
 * slices, and then deletes the record.
 *
 * A client is its owner and its principal: flavor, uid and gid.  Its address is
 * none of it, because a balancer gives it another one each time.
 *
 * All of this is rare, and so it is SQL.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include <sodium.h>

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "base/spi.h"
#include "nfs4/clients4.h"
#include "nfs4/leases4.h"
#include "nfs4/opens4.h"
#include "nfs4/operations.h"
#include "nfs4/sessions4.h"
#include "tables/config.h"
#include "tables/rel.h"
#include "tables/xact.h"
#include "types/network.h"

PG_FUNCTION_INFO_V1(dittofs_evict_client);
PG_FUNCTION_INFO_V1(dittofs_forget_clients);

/* RFC 8881, 18.35.1; RFC 7862, 14.1.1 */
#define EXCHGID4_FLAG_SUPP_FENCE_OPS 0x00000004
#define EXCHGID4_FLAG_USE_NON_PNFS 0x00010000
#define EXCHGID4_FLAG_UPD_CONFIRMED_REC_A 0x40000000
#define EXCHGID4_FLAG_CONFIRMED_R 0x80000000
#define EXCHGID4_FLAGS_OF_CLIENT 0x40070107
#define SP4_NONE		0

/* Of an implementation id, as much as is kept. */
#define IMPLEMENTATION_MAX 200

/*
 * A client that has neither opens nor locks loses nothing but its sessions, and
 * makes new ones.  So it goes earlier, after seconds of service.
 */
#define IDLE_TIME		3600

/* So many records need not be confirmed yet; the oldest of more go. */
#define UNCONFIRMED_MAX	10000

/* Clients that the reaper looks at in one call. */
#define REAP_CLIENTS	50

/*
 * This server
 */

/*
 * Makes another server of this one: ends all clients, without waiting for what
 * they do.
 */
static int64
forget_all(void)
{
	spi_run("UPDATE dittofs.nfs4_server SET server_uuid = DEFAULT,"
			" database = DEFAULT");
	spi_run("DELETE FROM dittofs.nfs4_sessions");
	spi_run("DELETE FROM dittofs.nfs4_leases");
	return (int64) spi_run("UPDATE dittofs.nfs4_clients"
						   " SET state = 'ended', reply = NULL"
						   " WHERE state <> 'ended'");
}

/* Was this the database when the server got its identity? */
static bool
is_copy(void)
{
	return spi_run("SELECT FROM dittofs.nfs4_server"
				   " WHERE database <> dittofs.this_database()") > 0;
}

/*
 * What clients know this server by.  A copy of a database is another server,
 * and the clients of the original are none of its.
 */
static const char *
identity(void)
{
	if (is_copy())
		(void) forget_all();
	if (spi_run("SELECT server_uuid::text FROM dittofs.nfs4_server") == 0)
	{
		spi_run("INSERT INTO dittofs.nfs4_server DEFAULT VALUES ON CONFLICT DO NOTHING");
		spi_run("SELECT server_uuid::text FROM dittofs.nfs4_server");
	}
	return TextDatumGetCString(spi_value(0, 1, NULL));
}

/*
 * Records
 */

static SpiArg
spi_bytes(const void *data, int len)
{
	bytea	   *value = (bytea *) palloc(VARHDRSZ + len);

	SET_VARSIZE(value, VARHDRSZ + len);
	memcpy(VARDATA(value), data, len);
	return spi_datum(BYTEAOID, PointerGetDatum(value));
}

/* The principal, which are the first three arguments of a statement. */
#define PRINCIPAL(caller) \
	spi_int4((caller)->auth), spi_int8((caller)->uid), spi_int8((caller)->gid)
#define IS_PRINCIPAL "(auth = $1 AND uid = $2 AND gid = $3)"

#define RECORD_COLUMNS \
	"client_id, owner, state = 'confirmed', verifier = $4, " IS_PRINCIPAL \
	", sequence, reply"

/* The row of the last statement, which had RECORD_COLUMNS. */
static void
take_record(uint64 row, Client4 *client)
{
	bool		isnull;
	Datum		reply = spi_value(row, 7, &isnull);

	client->client_id = DatumGetInt64(spi_value(row, 1, NULL));
	client->owner = DatumGetByteaPP(spi_value(row, 2, NULL));
	client->confirmed = DatumGetBool(spi_value(row, 3, NULL));
	client->same_verifier = DatumGetBool(spi_value(row, 4, NULL));
	client->same_principal = DatumGetBool(spi_value(row, 5, NULL));
	client->sequence = (uint32) DatumGetInt64(spi_value(row, 6, NULL));
	client->reply = isnull ? NULL : DatumGetByteaPP(reply);
}

static bool
find_record(int64 client_id, const Caller *caller, Client4 *client)
{
	if (spi_run("SELECT " RECORD_COLUMNS " FROM dittofs.nfs4_clients"
				" WHERE client_id = $5 AND state <> 'ended'",
				PRINCIPAL(caller), spi_bytes("", 0), spi_int8(client_id)) == 0)
		return false;
	take_record(0, client);
	return true;
}

/* The confirmed one, or the other, of an owner. */
static bool
find_owner(SpiArg owner, bool confirmed, SpiArg verifier, const Caller *caller,
		   Client4 *client)
{
	if (spi_run("SELECT " RECORD_COLUMNS " FROM dittofs.nfs4_clients"
				" WHERE owner = $5 AND state = $6",
				PRINCIPAL(caller), verifier, owner,
				spi_text(confirmed ? "confirmed" : "unconfirmed")) == 0)
		return false;
	take_record(0, client);
	return true;
}

static void
lock_owner(const bytea *owner)
{
	(void) nfs4_owner_lock(VARDATA_ANY(owner), VARSIZE_ANY_EXHDR(owner), true);
}

bool
client_take(int64 client_id, const Caller *caller, Client4 *client)
{
	if (is_copy() || !find_record(client_id, caller, client))
		return false;
	lock_owner(client->owner);
	return find_record(client_id, caller, client);
}

static void
delete_record(int64 client_id)
{
	spi_run("DELETE FROM dittofs.nfs4_leases WHERE client_id = $1",
			spi_int8(client_id));
	spi_run("DELETE FROM dittofs.nfs4_clients WHERE client_id = $1",
			spi_int8(client_id));
}

int64
client_sessions(int64 client_id)
{
	spi_run("SELECT count(*) FROM dittofs.nfs4_sessions WHERE client_id = $1",
			spi_int8(client_id));
	return DatumGetInt64(spi_value(0, 1, NULL));
}

bool
client_is_principal(int64 client_id, const Caller *caller)
{
	Client4		client;

	return find_record(client_id, caller, &client) && client.same_principal;
}

void
client_store_reply(int64 client_id, uint32 sequence, const bytea *reply)
{
	spi_run("UPDATE dittofs.nfs4_clients SET sequence = $2, reply = $3"
			" WHERE client_id = $1",
			spi_int8(client_id), spi_int8(sequence),
			spi_datum(BYTEAOID, PointerGetDatum(reply)));
}

/* May another principal have this owner's name? */
static bool
is_in_use(int64 client_id)
{
	return nfs4_client_has_state(client_id) &&
		!nfs4_client_is_expired(client_id);
}

uint32
client_confirm(const Client4 *client, const Caller *caller)
{
	SpiArg		owner = spi_datum(BYTEAOID, PointerGetDatum(client->owner));
	Client4		old;

	if (!client->same_principal)
		return NFS4ERR_CLID_INUSE;
	if (!client->confirmed)
	{
		if (find_owner(owner, true, spi_bytes("", 0), caller, &old))
		{
			if (!old.same_principal && is_in_use(old.client_id))
				return NFS4ERR_CLID_INUSE;
			(void) nfs4_client_end(old.client_id, true);
		}
		spi_run("UPDATE dittofs.nfs4_clients SET state = 'confirmed'"
				" WHERE client_id = $1", spi_int8(client->client_id));
	}
	nfs4_lease_begin(client->client_id);
	return NFS4_OK;
}

/*
 * EXCHANGE_ID
 */

typedef struct ExchangeId
{
	SpiArg		verifier;
	FsBytes		owner;
	uint32		flags;
	uint32		how;
	char		implementation[IMPLEMENTATION_MAX + 1];
} ExchangeId;

/* "domain name", as far as it is ASCII that can be printed. */
static void
add_printable(char *to, FsBytes from)
{
	int			len = strlen(to);

	for (int i = 0; i < from.len && len < IMPLEMENTATION_MAX; i++)
		to[len++] = from.data[i] >= ' ' && from.data[i] <= '~' ?
			from.data[i] : '?';
	to[len] = '\0';
}

static void
get_exchange_id(Compound *c, ExchangeId *args)
{
	uint32		ids;
	FsBytes		space = {" ", 1};

	memset(args, 0, sizeof(*args));
	args->verifier = spi_bytes(get_bytes(c, NFS4_VERIFIER_LEN),
							   NFS4_VERIFIER_LEN);
	args->owner = get_opaque(c);
	args->flags = get_u32(c);
	args->how = get_u32(c);
	if (args->how != SP4_NONE)
	{
		(void) get_bitmap(c);
		(void) get_bitmap(c);
	}
	ids = get_u32(c);
	if (ids > 1)
		compound_malformed();
	if (ids == 1)
	{
		add_printable(args->implementation, get_opaque(c));
		add_printable(args->implementation, space);
		add_printable(args->implementation, get_opaque(c));
		(void) get_u64(c);		/* its date */
		(void) get_u32(c);
	}
}

static SpiArg
address_of(const Caller *caller)
{
	Network		address;

	if (caller->family == CALLER_LOCAL)
		return spi_null(INETOID);
	network_of_caller(caller, &address);
	return spi_datum(INETOID, network_to_inet(&address));
}

static int64
new_client_id(void)
{
	int64		id;

	randombytes_buf(&id, sizeof(id));
	return id;
}

/* One that asks over and over, by new names, makes room for itself. */
static void
make_room(void)
{
	static const char *const look =
		"SELECT FROM dittofs.nfs4_clients WHERE state = 'unconfirmed'"
		" OFFSET $1 LIMIT 1";
	static const char *const clear =
		"WITH gone AS (DELETE FROM dittofs.nfs4_clients WHERE client_id IN ("
		"SELECT client_id FROM dittofs.nfs4_clients WHERE state = 'unconfirmed'"
		" ORDER BY created_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING client_id)"
		" DELETE FROM dittofs.nfs4_leases l USING gone g"
		" WHERE l.client_id = g.client_id";

	if (spi_run(look, spi_int4(UNCONFIRMED_MAX)) > 0)
		spi_run(clear, spi_int4(UNCONFIRMED_MAX / 10));
}

/* A record that is not confirmed, in place of the one there was. */
static void
insert_record(const Compound *c, const ExchangeId *args, SpiArg owner,
			  Client4 *client)
{
	Client4		old;

	if (find_owner(owner, false, args->verifier, c->caller, &old))
		delete_record(old.client_id);
	make_room();
	client->client_id = new_client_id();
	client->confirmed = false;
	client->sequence = 0;
	spi_run("INSERT INTO dittofs.nfs4_clients (client_id, owner, state, verifier,"
			" auth, uid, gid, minor, address, implementation)"
			" VALUES ($4, $5, 'unconfirmed', $6, $1, $2, $3, $7, $8, $9)",
			PRINCIPAL(c->caller), spi_int8(client->client_id), owner,
			args->verifier, spi_int4((int32) c->minor), address_of(c->caller),
			spi_text(args->implementation));
	nfs4_lease_begin(client->client_id);
}

/* It is here again, perhaps at another address. */
static void
refresh_record(const Compound *c, const ExchangeId *args,
			   const Client4 *client)
{
	spi_run("UPDATE dittofs.nfs4_clients SET minor = $2, address = $3,"
			" implementation = $4 WHERE client_id = $1 AND"
			" (minor, address, implementation) IS DISTINCT FROM ($2, $3, $4)",
			spi_int8(client->client_id), spi_int4((int32) c->minor),
			address_of(c->caller), spi_text(args->implementation));
	nfs4_lease_begin(client->client_id);
}

/*
 * The nine cases of RFC 8881, 18.35.4, by their numbers there.  What a client
 * that has begun anew had before is kept until CREATE_SESSION.
 */
static uint32
exchange(const Compound *c, const ExchangeId *args, SpiArg owner,
		 Client4 *client)
{
	bool		update = args->flags & EXCHGID4_FLAG_UPD_CONFIRMED_REC_A;
	bool		exists =
		find_owner(owner, true, args->verifier, c->caller, client);

	if (update && !exists)
		return FS_NOENT;		/* 7 */
	if (update && !client->same_principal)
		return FS_PERM;			/* 9 */
	if (update && !client->same_verifier)
		return NFS4ERR_NOT_SAME;	/* 8 */
	if (exists && client->same_principal && client->same_verifier)
	{
		refresh_record(c, args, client);	/* 2, 6 */
		return NFS4_OK;
	}
	if (exists && !client->same_principal)
	{
		if (is_in_use(client->client_id))
			return NFS4ERR_CLID_INUSE;	/* 3 */
		(void) nfs4_client_end(client->client_id, true);
	}
	insert_record(c, args, owner, client);	/* 1, 3, 4, 5 */
	return NFS4_OK;
}

static void
put_exchange_id(Compound *c, const Client4 *client, const char *server)
{
	put_u64(c, (uint64) client->client_id);
	put_u32(c, client->sequence + 1);
	put_u32(c, EXCHGID4_FLAG_USE_NON_PNFS |
			(client->confirmed ? EXCHGID4_FLAG_CONFIRMED_R : 0));
	put_u32(c, SP4_NONE);
	put_u64(c, 0);				/* so_minor_id */
	put_opaque(c, server, strlen(server));	/* so_major_id */
	put_opaque(c, server, strlen(server));	/* scope */
	put_u32(c, 0);				/* no implementation id */
}

uint32
nfs4_exchange_id(Compound *c)
{
	ExchangeId	args;
	Client4		client;
	Nfs4Sql		before;
	const char *server;
	uint32		status;

	get_exchange_id(c, &args);
	/* SP4_MACH_CRED is for credentials that RPCSEC_GSS protects */
	if ((args.flags & ~EXCHGID4_FLAGS_OF_CLIENT) ||
		(c->minor < 2 && (args.flags & EXCHGID4_FLAG_SUPP_FENCE_OPS)) ||
		args.how != SP4_NONE ||
		args.owner.len > NFS4_OPAQUE_MAX)
		return FS_INVAL;

	change_begin("dittofs.compound()", CHANGE_DURABLE);
	before = nfs4_sql_begin();
	(void) nfs4_owner_lock(args.owner.data, args.owner.len, true);
	server = identity();
	status = exchange(c, &args, spi_bytes(args.owner.data, args.owner.len),
					  &client);
	if (status == NFS4_OK)
		put_exchange_id(c, &client, server);
	nfs4_sql_end(&before);
	change_end();
	return status;
}

/*
 * The others
 */

static uint32
destroy_client(const Compound *c, int64 client_id)
{
	Client4		client;

	if (!client_take(client_id, c->caller, &client))
		return NFS4ERR_STALE_CLIENTID;
	if (!client.same_principal)
		return NFS4ERR_WRONG_CRED;
	if (client_sessions(client_id) > 0 || nfs4_client_has_state(client_id))
		return NFS4ERR_CLIENTID_BUSY;
	delete_record(client_id);
	return NFS4_OK;
}

uint32
nfs4_destroy_clientid(Compound *c)
{
	int64		client_id = (int64) get_u64(c);
	Nfs4Sql		before;
	uint32		status;

	change_begin("dittofs.compound()", CHANGE_DURABLE);
	before = nfs4_sql_begin();
	status = destroy_client(c, client_id);
	nfs4_sql_end(&before);
	change_end();
	return status;
}

/*
 * There is no grace period, so there is nothing to be reclaimed.  That a file
 * system is done (one_fs) says nothing, then.
 */
uint32
nfs4_reclaim_complete(Compound *c)
{
	bool		one_fs = get_bool(c);
	Nfs4Sql		before;
	uint64		rows;

	if (one_fs)
		return c->current.kind == FH_NONE ? NFS4ERR_NOFILEHANDLE : NFS4_OK;
	change_begin("dittofs.compound()", CHANGE_DURABLE);
	before = nfs4_sql_begin();
	rows = spi_run("UPDATE dittofs.nfs4_clients SET reclaimed = true"
				   " WHERE client_id = $1 AND NOT reclaimed",
				   spi_int8(c->client_id));
	nfs4_sql_end(&before);
	change_end();
	return rows == 0 ? NFS4ERR_COMPLETE_ALREADY : NFS4_OK;
}

/*
 * Reaping
 */

/*
 * Clients that no gateway has seen since, but for those that another
 * transaction is at.
 */
static void
end_clients(const char *sql, int64 since)
{
	uint64		rows = spi_run(sql, spi_int8(since), spi_int4(REAP_CLIENTS));
	int64		ids[REAP_CLIENTS];
	const bytea *owners[REAP_CLIENTS];

	for (uint64 i = 0; i < rows; i++)
	{
		ids[i] = DatumGetInt64(spi_value(i, 1, NULL));
		owners[i] = DatumGetByteaPP(spi_value(i, 2, NULL));
	}
	for (uint64 i = 0; i < rows; i++)
		if (nfs4_owner_lock(VARDATA_ANY(owners[i]),
							VARSIZE_ANY_EXHDR(owners[i]), false))
			(void) nfs4_client_end(ids[i], false);
}

/* One after the other, so that nothing grows with their number. */
static int64
free_ended(int64 max)
{
	static const char *const find =
		"SELECT client_id FROM dittofs.nfs4_clients WHERE state = 'ended'"
		" LIMIT 1 FOR UPDATE SKIP LOCKED";
	int64		freed = 0;

	while (freed < max && spi_run(find) > 0)
	{
		int64		client_id = DatumGetInt64(spi_value(0, 1, NULL));
		int64		left = max - freed;
		int64		here = nfs4_free_client_state(client_id, left);

		if (here < left)
			delete_record(client_id);
		freed += here + 1;
	}
	return freed;
}

static bool
any_client(void)
{
	RelScan		rs;
	bool		any;

	rel_scan_begin(&rs, REL_NFS4_CLIENTS, AccessShareLock, GetActiveSnapshot(),
				   NULL, 0);
	any = rel_scan_next(&rs);
	rel_scan_end(&rs);
	return any;
}

int64
nfs4_reap(int64 max)
{
	static const char *const unconfirmed =
		"SELECT c.client_id, c.owner FROM dittofs.nfs4_clients c"
		" JOIN dittofs.nfs4_leases l USING (client_id)"
		" WHERE c.state = 'unconfirmed' AND l.renewed < $1 LIMIT $2";
	static const char *const away =
		"SELECT c.client_id, c.owner FROM dittofs.nfs4_leases l"
		" JOIN dittofs.nfs4_clients c USING (client_id)"
		" WHERE l.renewed < $1 ORDER BY l.renewed LIMIT $2";
	static const char *const idle =
		"SELECT c.client_id, c.owner FROM dittofs.nfs4_leases l"
		" JOIN dittofs.nfs4_clients c USING (client_id)"
		" WHERE l.renewed < $1 AND NOT EXISTS (SELECT FROM dittofs.nfs4_states s"
		" WHERE s.client_id = l.client_id) ORDER BY l.renewed LIMIT $2";
	int64		values[CONFIG_COUNT];
	int64		served;
	int64		freed;
	Nfs4Sql		before;

	if (!any_client())
		return 0;
	change_begin("dittofs.reap()", CHANGE_UNSTABLE);
	before = nfs4_sql_begin();
	config_read(values);
	served = nfs4_served();
	end_clients(unconfirmed, served - values[CONFIG_NFS4_LEASE_TIME]);
	end_clients(idle, served - IDLE_TIME - values[CONFIG_NFS4_LEASE_TIME]);
	end_clients(away, served - values[CONFIG_NFS4_COURTESY_TIME]);
	freed = free_ended(max);
	nfs4_sql_end(&before);
	change_end();
	return freed;
}

/*
 * Administration, as the extension's owner
 */

/* evict_client(client_id): false: there is no such client. */
Datum
dittofs_evict_client(PG_FUNCTION_ARGS)
{
	Caller		anyone = {0};
	Client4		client;
	bool		found;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("client_id must not be null"),
				 errhint("SELECT client_id, name FROM dittofs.clients")));
	change_begin("dittofs.evict_client()", CHANGE_DURABLE);
	spi_begin();
	found = find_record(PG_GETARG_INT64(0), &anyone, &client);
	if (found)
	{
		lock_owner(client.owner);
		found = find_record(PG_GETARG_INT64(0), &anyone, &client);
	}
	if (found)
		(void) nfs4_client_end(client.client_id, true);
	spi_end();
	change_end();
	PG_RETURN_BOOL(found);
}

/* forget_clients(): how many there were */
Datum
dittofs_forget_clients(PG_FUNCTION_ARGS)
{
	int64		clients;

	change_begin("dittofs.forget_clients()", CHANGE_DURABLE);
	spi_begin();
	clients = forget_all();
	spi_end();
	change_end();
	PG_RETURN_INT64(clients);
}
