/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * leases4.c
 *	  Leases of clients of NFSv4.1, and the end of a client.
 *
 * A SEQUENCE renews its client's lease, and writes nothing.  A gateway
 * remembers which clients it has seen, and tells it by renew_leases() several
 * times in a lease.  Each of these calls also moves the clock on, by the time
 * since the last one, but not by more than the time in which the next one is
 * due.  So time in which no gateway could reach the database does not count
 * against any client, nor does a step of the machine's clock.
 *
 * A client has a row in nfs4_leases from its EXCHANGE_ID until it ends.  That
 * row is written again and again; what is hot does not read it.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include <xxhash.h>

#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "base/spi.h"
#include "nfs4/leases4.h"
#include "nfs4/slots4.h"
#include "tables/config.h"
#include "tables/rel.h"

PG_FUNCTION_INFO_V1(dittofs_renew_leases);

enum
{
	LEASE_CLIENT_ID,
	LEASE_RENEWED
};

/* Of nfs4_clients; the rest is clients4.c's */
#define CLIENT_RECLAIMED	8

enum
{
	CLOCK_ONE,
	CLOCK_SERVED
};

/* Gateways tell so many times in a lease whom they have seen. */
#define FLUSHES		6
/* Seconds by which one may be late. */
#define LATE		5

static int64
setting(ConfigKey key)
{
	int64		values[CONFIG_COUNT];

	config_read(values);
	return values[key];
}

uint32
nfs4_lease_time(void)
{
	return (uint32) setting(CONFIG_NFS4_LEASE_TIME);
}

static int64
flush_interval(void)
{
	return Max(setting(CONFIG_NFS4_LEASE_TIME) / FLUSHES, 1);
}

/*
 * SQL
 */

Nfs4Sql
nfs4_sql_begin(void)
{
	Nfs4Sql		before;
	Relation	clients = rel_open(REL_NFS4_CLIENTS, AccessShareLock);

	GetUserIdAndSecContext(&before.user, &before.context);
	SetUserIdAndSecContext(clients->rd_rel->relowner,
						   before.context | SECURITY_LOCAL_USERID_CHANGE);
	table_close(clients, NoLock);
	before.settings = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	spi_begin();
	return before;
}

void
nfs4_sql_end(const Nfs4Sql *before)
{
	spi_end();
	AtEOXact_GUC(false, before->settings);
	SetUserIdAndSecContext(before->user, before->context);
}

/*
 * Looking
 */

static bool
is_lease(TupleTableSlot *slot, const void *client_id)
{
	return DatumGetInt64(slot->tts_values[LEASE_CLIENT_ID]) ==
		*(const int64 *) client_id;
}

/* When it was seen, by our clock; false: it has ended. */
static bool
find_lease(int64 client_id, int64 *renewed)
{
	/* who polls for a lock asks for the same client each time */
	static ItemPointerData place;
	RelScan		rs;
	ScanKeyData key;
	bool		found;

	found = rel_fetch_far(&rs, REL_NFS4_LEASES, AccessShareLock,
						  GetActiveSnapshot(), &place, is_lease, &client_id);
	if (!found)
	{
		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
					Int64GetDatum(client_id));
		rel_scan_begin(&rs, REL_NFS4_LEASES, AccessShareLock,
					   GetActiveSnapshot(), &key, 1);
		found = rel_scan_next(&rs);
		if (!found)
		{
			rel_scan_end(&rs);
			return false;
		}
	}
	place = rs.slot->tts_tid;
	*renewed = DatumGetInt64(rs.slot->tts_values[LEASE_RENEWED]);
	rel_scan_end(&rs);
	return true;
}

/* The table has one row at most. */
static bool
is_clock(TupleTableSlot *slot, const void *key)
{
	return true;
}

static int64
read_clock(void)
{
	static ItemPointerData place;
	RelScan		rs;
	int64		served = 0;
	bool		found;

	found = rel_fetch_far(&rs, REL_NFS4_CLOCK, AccessShareLock,
						  GetActiveSnapshot(), &place, is_clock, NULL);
	if (!found)
	{
		rel_scan_begin(&rs, REL_NFS4_CLOCK, AccessShareLock,
					   GetActiveSnapshot(), NULL, 0);
		found = rel_scan_next(&rs);
	}
	if (found)
	{
		place = rs.slot->tts_tid;
		served = DatumGetInt64(rs.slot->tts_values[CLOCK_SERVED]);
	}
	rel_scan_end(&rs);
	return served;
}

/* Seen by all that was committed by now, whatever the transaction sees. */
int64
nfs4_served(void)
{
	int64		served;

	PushActiveSnapshot(GetLatestSnapshot());
	served = read_clock();
	PopActiveSnapshot();
	return served;
}

/*
 * A client that a gateway has seen just after it told of others is told of by
 * the next call but one.
 */
bool
nfs4_client_is_expired(int64 client_id)
{
	int64		renewed;
	bool		expired;

	PushActiveSnapshot(GetLatestSnapshot());
	expired = !find_lease(client_id, &renewed) ||
		read_clock() - renewed >
		setting(CONFIG_NFS4_LEASE_TIME) + 2 * flush_interval();
	PopActiveSnapshot();
	return expired;
}

/*
 * Ending
 */

bool
nfs4_owner_lock(const void *owner, int len, bool wait)
{
	uint64		hash = XXH3_64bits(owner, len);
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, rel_oid(REL_NFS4_CLIENTS),
					   (uint32) (hash >> 16), (uint16) hash);
	return LockAcquire(&tag, ExclusiveLock, false, !wait) !=
		LOCKACQUIRE_NOT_AVAIL;
}

/* All slots of the client's sessions, in one order. */
static bool
lock_sessions(SpiArg id, bool wait)
{
	uint64		rows = spi_run(
		"SELECT session_id, slots FROM dittofs.nfs4_sessions"
		" WHERE client_id = $1 ORDER BY session_id", id);

	for (uint64 i = 0; i < rows; i++)
	{
		pg_uuid_t  *session = DatumGetUUIDP(spi_value(i, 1, NULL));
		int32		slots = DatumGetInt32(spi_value(i, 2, NULL));

		for (int32 slot = 0; slot < slots; slot++)
			if (!slot_lock(session, slot, wait))
				return false;
	}
	return true;
}

/* A number is never given again, and what it has done it has done. */
#define RECLAIMED_MAX 256

bool
nfs4_client_has_reclaimed(int64 client_id)
{
	static int64 known[RECLAIMED_MAX];
	int64	   *slot = &known[(uint64) client_id % RECLAIMED_MAX];
	RelScan		rs;
	ScanKeyData key;

	if (*slot == client_id)
		return true;
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_INT8EQ,
				Int64GetDatum(client_id));
	rel_scan_begin(&rs, REL_NFS4_CLIENTS, AccessShareLock, GetActiveSnapshot(),
				   &key, 1);
	if (rel_scan_next(&rs) &&
		DatumGetBool(rs.slot->tts_values[CLIENT_RECLAIMED]))
		*slot = client_id;
	rel_scan_end(&rs);
	return *slot == client_id;
}

/* It gets no session meanwhile: that takes its owner's lock, too. */
bool
nfs4_client_end(int64 client_id, bool wait)
{
	SpiArg		id = spi_int8(client_id);

	if (!lock_sessions(id, wait))
		return false;
	spi_run("DELETE FROM dittofs.nfs4_sessions WHERE client_id = $1", id);
	spi_run("DELETE FROM dittofs.nfs4_leases WHERE client_id = $1", id);
	spi_run("UPDATE dittofs.nfs4_clients SET state = 'ended', reply = NULL"
			" WHERE client_id = $1 AND state <> 'ended'", id);
	return true;
}

bool
nfs4_client_expire(int64 client_id)
{
	Nfs4Sql		before;
	bool		ended = true;

	if (!nfs4_client_is_expired(client_id))
		return false;
	before = nfs4_sql_begin();
	if (spi_run("SELECT owner FROM dittofs.nfs4_clients"
				" WHERE client_id = $1 AND state <> 'ended'",
				spi_int8(client_id)) > 0)
	{
		bytea	   *owner = DatumGetByteaPP(spi_value(0, 1, NULL));

		ended = nfs4_owner_lock(VARDATA_ANY(owner), VARSIZE_ANY_EXHDR(owner),
								false) &&
			nfs4_client_is_expired(client_id) &&
			nfs4_client_end(client_id, false);
	}
	nfs4_sql_end(&before);
	return ended;
}

/*
 * Renewing
 */

void
nfs4_lease_begin(int64 client_id)
{
	spi_run("INSERT INTO dittofs.nfs4_leases AS l (client_id, renewed) VALUES ($1, $2)"
			" ON CONFLICT (client_id) DO UPDATE"
			" SET renewed = excluded.renewed, seen_at = clock_timestamp()",
			spi_int8(client_id), spi_int8(nfs4_served()));
}

/* Another session that is at it does it. */
static void
move_clock(int64 interval)
{
	static const char *const move =
		"UPDATE dittofs.nfs4_clock c SET served = c.served + greatest(0, least(t.gone, $1)),"
		" counted_at = CASE WHEN t.gone BETWEEN 0 AND $1"
		" THEN c.counted_at + t.gone * interval '1 s' ELSE clock_timestamp() END"
		" FROM (SELECT one, floor(extract(epoch FROM clock_timestamp() - counted_at))::bigint AS gone"
		" FROM dittofs.nfs4_clock FOR UPDATE SKIP LOCKED) t WHERE t.one = c.one AND t.gone <> 0";

	if (spi_run(move, spi_int8(interval + LATE)) == 0)
		spi_run("INSERT INTO dittofs.nfs4_clock (served, counted_at)"
				" SELECT 0, clock_timestamp()"
				" WHERE NOT EXISTS (SELECT FROM dittofs.nfs4_clock)"
				" ON CONFLICT DO NOTHING");
}

/* renew_leases(client_ids): those that a gateway has seen meanwhile */
Datum
dittofs_renew_leases(PG_FUNCTION_ARGS)
{
	static const char *const renew =
		"UPDATE dittofs.nfs4_leases SET renewed = $2, seen_at = clock_timestamp()"
		" WHERE client_id IN (SELECT l.client_id FROM dittofs.nfs4_leases l"
		" WHERE l.client_id = ANY ($1) AND l.renewed < $2 FOR UPDATE SKIP LOCKED)";
	int64		interval;

	PreventCommandIfReadOnly("dittofs.renew_leases()");
	interval = flush_interval();
	spi_begin();
	move_clock(interval);
	if (!PG_ARGISNULL(0))
		spi_run(renew, spi_arg(INT8ARRAYOID, 0), spi_int8(nfs4_served()));
	spi_end();
	PG_RETURN_INT32((int32) interval);
}
