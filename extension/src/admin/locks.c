/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * locks.c
 *	  What is done with locks beside requesting them: clients that have gone or
 *	  are sent away, grants that are to be told, passes and sweeps.
 *
 * All that ends a client's locks is a change of its row.  The requests that
 * these locks kept out are let in by a pass over the files of the share in
 * which requests wait.  A transaction may run beside that, see the client alive
 * still and leave a request waiting for it; so a pass is made again until every
 * transaction has ended that could have: all that were under way when it first
 * looked.
 *
 * These functions run SQL, as the extension's owner.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/inet.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "admin/locks.h"
#include "admin/path_resolve.h"
#include "base/change.h"
#include "base/spi.h"
#include "base/srf.h"
#include "ops/fs.h"
#include "tables/config.h"
#include "tables/lock_clients.h"
#include "tables/lock_list.h"
#include "tables/rel.h"
#include "tables/xact.h"
#include "types/network.h"

PG_FUNCTION_INFO_V1(dittofs_client_rebooted);
PG_FUNCTION_INFO_V1(dittofs_free_locks);
PG_FUNCTION_INFO_V1(dittofs_break_locks);
PG_FUNCTION_INFO_V1(dittofs_grant_told);
PG_FUNCTION_INFO_V1(dittofs_next_grants);
PG_FUNCTION_INFO_V1(dittofs_unpack_locks);
PG_FUNCTION_INFO_V1(dittofs_lock_trouble);
PG_FUNCTION_INFO_V1(dittofs_unconfirmed_locks);
PG_FUNCTION_INFO_V1(dittofs_confirm_lock);

/* A lock_result of a request that was granted. */
static Datum
form_granted(int32 grants)
{
	Datum		values[7] = {0};
	bool		nulls[7] = {false, false, true, true, true, true, false};

	values[0] = Int32GetDatum(FS_OK);
	values[1] = CStringGetTextDatum("granted");
	values[6] = Int32GetDatum(grants);
	return rel_form_result(TYPE_LOCK_RESULT, values, nulls, lengthof(values));
}

/*
 * Clients
 */

/*
 * Clients that a statement has found, or that this transaction is going to
 * write.
 */
typedef struct Found
{
	int			n;
	int			room;
	pg_uuid_t  *ids;
	bool	   *named;			/* has it the name that is asked for? */
	bool		others;			/* their names are not all the same */
	const char *first;			/* the first name */
	int			first_len;

	/* what is looked for */
	const Caller *caller;		/* at whose address; NULL: anywhere */
	const char *name;
	int			len;
} Found;

static bool
same_bytes(const char *a, int alen, const char *b, int blen)
{
	return alen == blen && memcmp(a, b, alen) == 0;
}

static void *
enlarge(void *array, Size size)
{
	return array == NULL ? palloc(size) : repalloc(array, size);
}

static void
add_found(Found *found, const pg_uuid_t *id, const char *name, int len)
{
	if (found->n == found->room)
	{
		found->room = Max(16, found->room * 2);
		found->ids = enlarge(found->ids, found->room * sizeof(pg_uuid_t));
		found->named = enlarge(found->named, found->room * sizeof(bool));
	}
	if (found->n == 0)
	{
		found->first = name;
		found->first_len = len;
	}
	else
		found->others |= !same_bytes(name, len, found->first, found->first_len);
	found->ids[found->n] = *id;
	found->named[found->n++] = same_bytes(name, len, found->name, found->len);
}

/* One that no statement sees yet. */
static void
add_new(const pg_uuid_t *id, const char *name, int len, const Caller *caller,
		void *arg)
{
	Found	   *found = (Found *) arg;

	if (found->caller->family == caller->family &&
		memcmp(found->caller->addr, caller->addr, sizeof(caller->addr)) == 0)
		add_found(found, id, pnstrdup(name, len), len);
}

static SpiArg
caller_address(const Caller *caller)
{
	Network		address;

	network_of_caller(caller, &address);
	return spi_datum(INETOID, network_to_inet(&address));
}

/* All clients at the caller's address, by whatever name. */
static void
find_at_address(Found *found)
{
	uint64		rows;

	spi_begin();
	if (found->caller->family == CALLER_LOCAL)
		rows = spi_run("SELECT c.id, c.name FROM dittofs.lock_clients c"
					   " JOIN dittofs.shares s USING (share_id)"
					   " WHERE c.address IS NULL AND c.protocol = 'nlm'");
	else
		rows = spi_run("SELECT c.id, c.name FROM dittofs.lock_clients c"
					   " JOIN dittofs.shares s USING (share_id)"
					   " WHERE c.address = $1 AND c.protocol = 'nlm'",
					   caller_address(found->caller));
	for (uint64 i = 0; i < rows; i++)
	{
		text	   *name = DatumGetTextPP(spi_value(i, 2, NULL));

		add_found(found, DatumGetUUIDP(spi_value(i, 1, NULL)),
				  VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	}
	spi_end();
	lock_client_foreach_new(add_new, found);
}

static bool
any_named(const Found *found)
{
	for (int i = 0; i < found->n; i++)
		if (found->named[i])
			return true;
	return false;
}

/* Takes caller and client_name; false: one of them is no value. */
static bool
take_client(FunctionCallInfo fcinfo, Found *found)
{
	text	   *name;

	memset(found, 0, sizeof(*found));
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return false;
	found->caller = DatumGetCallerP(PG_GETARG_DATUM(0));
	name = PG_GETARG_TEXT_PP(1);
	found->name = VARDATA_ANY(name);
	found->len = VARSIZE_ANY_EXHDR(name);
	return true;
}

/* client_rebooted(caller, client_name, client_state): what SM_NOTIFY says. */
Datum
dittofs_client_rebooted(PG_FUNCTION_ARGS)
{
	Found		found;
	int32		state = PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2);
	int32		ended = 0;
	bool		by_name;

	change_begin("dittofs.client_rebooted()", CHANGE_DURABLE);
	if (take_client(fcinfo, &found))
	{
		find_at_address(&found);
		by_name = found.others && any_named(&found);
		for (int i = 0; i < found.n; i++)
		{
			if ((by_name && !found.named[i]) ||
				(state != 0 && lock_client_state(&found.ids[i]) == state))
				continue;
			ended += lock_client_end(&found.ids[i], state);
		}
	}
	change_end();
	return form_granted(ended);
}

/* free_locks(caller, client_name, client_state): NLM's FREE_ALL. */
Datum
dittofs_free_locks(PG_FUNCTION_ARGS)
{
	Found		found;
	int32		ended = 0;

	change_begin("dittofs.free_locks()", CHANGE_DURABLE);
	if (take_client(fcinfo, &found))
	{
		find_at_address(&found);
		for (int i = 0; i < found.n; i++)
			if (found.named[i])
				ended += lock_client_end(&found.ids[i], 0);
	}
	change_end();
	return form_granted(ended);
}

/*
 * Breaking, by an administrator
 */

static bool
is_found(const pg_uuid_t *id, void *arg)
{
	const Found *found = (const Found *) arg;

	for (int i = 0; i < found->n; i++)
		if (memcmp(&found->ids[i], id, UUID_LEN) == 0)
			return true;
	return false;
}

/* By the client's name, or its address as text. */
static void
find_client(Found *found, Datum client)
{
	uint64		rows;

	spi_begin();
	rows = spi_run("SELECT c.id FROM dittofs.lock_clients c"
				   " JOIN dittofs.shares s USING (share_id)"
				   " WHERE c.name = $1 OR pg_catalog.host(c.address) = $1",
				   spi_datum(TEXTOID, client));
	for (uint64 i = 0; i < rows; i++)
		add_found(found, DatumGetUUIDP(spi_value(i, 1, NULL)), "", 0);
	spi_end();
}

static int64
break_in_file(text *path, Found *found, bool by_client)
{
	Caller	   *root = palloc0(CALLER_SIZE(0));
	Place		place;
	Op			op;
	FsGot		got;
	FsLockReply reply;

	SET_VARSIZE(root, CALLER_SIZE(0));
	root->auth = CALLER_AUTH_SYS;
	place_open(&place, "break the locks of", path, PointerGetDatum(root));
	op = place_enter(&place, 0);
	place_raise(&place, fs_getattr(&op, &got));
	return fs_break_locks(&op, by_client ? is_found : NULL, found, &reply);
}

/* break_locks(client, path); one of them may be NULL. */
Datum
dittofs_break_locks(PG_FUNCTION_ARGS)
{
	Found		found = {0};
	bool		by_client = !PG_ARGISNULL(0);
	int64		broken = 0;

	PreventCommandIfReadOnly("dittofs.break_locks()");
	if (!by_client && PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("client and path must not both be null"),
				 errhint("Say whose locks, client => a name or an address, or of which file, path => '/share/file', or both.")));
	if (by_client)
		find_client(&found, PG_GETARG_DATUM(0));
	if (!PG_ARGISNULL(1))
		PG_RETURN_INT64(break_in_file(PG_GETARG_TEXT_PP(1), &found, by_client));

	change_begin("dittofs.break_locks()", CHANGE_DURABLE);
	for (int i = 0; i < found.n; i++)
	{
		int64		locks = lock_client_locks(&found.ids[i]);

		if (lock_client_end(&found.ids[i], 0))
			broken += locks;
	}
	change_end();
	PG_RETURN_INT64(broken);
}

/*
 * Passes
 */

/* Files that a pass looks at in one call, and passes that a call makes. */
#define PASS_SLICE	100
#define PASSES		10
#define SWEEP_SLICE 200

typedef struct Work
{
	pg_uuid_t	id;
	bool		(*look) (const pg_uuid_t *id);
	bool		done;
} Work;

static void
look_at_file(void *arg)
{
	Work	   *work = (Work *) arg;

	work->done = work->look(&work->id);
}

/*
 * The first column of the last statement's result.  It is copied, for what is
 * done with a file runs statements of its own.
 */
static pg_uuid_t *
take_ids(uint64 rows)
{
	pg_uuid_t  *ids = palloc((rows + 1) * sizeof(pg_uuid_t));

	for (uint64 i = 0; i < rows; i++)
		ids[i] = *DatumGetUUIDP(spi_value(i, 1, NULL));
	return ids;
}

static char *
uuid_text(const pg_uuid_t *id)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id)));
}

/* False: another transaction has a file.  What is damaged is left to fsck(). */
static bool
look_at_files(const pg_uuid_t *ids, uint64 n,
			  bool (*look) (const pg_uuid_t *id))
{
	bool		all = true;

	for (uint64 i = 0; i < n; i++)
	{
		Work		work = {.id = ids[i],.look = look};
		char	   *error;

		CHECK_FOR_INTERRUPTS();
		if (change_attempt(look_at_file, &work, &error))
			all &= work.done;
		else
			ereport(WARNING,
					(errmsg("could not look at the locks of inode %s: %s",
							uuid_text(&ids[i]), error),
					 errhint("dittofs.fsck() may know more.")));
	}
	return all;
}

static const pg_uuid_t nowhere;

/*
 * A client may end its life over and over.  So passes over a share that are
 * between two rounds, or have not begun, become one, which goes on as the one
 * does that has the longest way to go.
 */
static void
merge_passes(void)
{
	static const char *const merge =
		"WITH idle AS MATERIALIZED (SELECT life, share_id, until FROM dittofs.lock_passes"
		" WHERE position = $1 FOR UPDATE SKIP LOCKED),"
		" kept AS MATERIALIZED (SELECT share_id, max(life) AS life,"
		" CASE WHEN count(until) = count(*) THEN (array_agg(until ORDER BY until DESC))[1] END AS until"
		" FROM idle GROUP BY share_id HAVING count(*) > 1),"
		" gone AS (DELETE FROM dittofs.lock_passes p USING idle i, kept k"
		" WHERE p.life = i.life AND k.share_id = i.share_id AND k.life <> i.life)"
		" UPDATE dittofs.lock_passes p SET until = k.until, next_at = clock_timestamp()"
		" FROM kept k WHERE p.life = k.life";

	spi_run(merge, spi_uuid(&nowhere));
}

/*
 * A slice of the pass that has waited longest.  A round that begins when all
 * transactions have ended which ran at the first look, and finds every file
 * free, is the last one.
 */
static bool
pass_slice(void)
{
	static const char *const find =
		"SELECT life, share_id, position, again FROM dittofs.lock_passes"
		" WHERE next_at <= clock_timestamp() ORDER BY next_at LIMIT 1"
		" FOR UPDATE SKIP LOCKED";
	static const char *const begin =
		/* it may have come here from another server, with that one's numbers */
		"UPDATE dittofs.lock_passes SET until = least(until, pg_snapshot_xmax(pg_current_snapshot())),"
		" again = coalesce(pg_snapshot_xmin(pg_current_snapshot()) < until, true)"
		" WHERE life = $1 RETURNING again";
	static const char *const files =
		"SELECT file_id FROM dittofs.locked_files WHERE share_id = $1 AND waiting"
		" AND file_id > $2 ORDER BY file_id LIMIT " CppAsString2(PASS_SLICE);
	static const char *const go_on =
		"UPDATE dittofs.lock_passes SET position = $2, again = $3 WHERE life = $1";
	static const char *const next_round =
		"UPDATE dittofs.lock_passes SET position = $2,"
		" next_at = clock_timestamp() + interval '1 s' WHERE life = $1";
	static const char *const finish =
		"DELETE FROM dittofs.lock_passes WHERE life = $1";
	SpiArg		life;
	SpiArg		share;
	pg_uuid_t	position;
	bool		again;
	uint64		n;
	pg_uuid_t  *ids;

	if (spi_run(find) == 0)
		return false;
	life = spi_datum(INT8OID, spi_value(0, 1, NULL));
	share = spi_datum(INT4OID, spi_value(0, 2, NULL));
	position = *DatumGetUUIDP(spi_value(0, 3, NULL));
	again = DatumGetBool(spi_value(0, 4, NULL));
	if (memcmp(&position, &nowhere, UUID_LEN) == 0)
	{
		spi_run(begin, life);
		again = DatumGetBool(spi_value(0, 1, NULL));
	}
	n = spi_run(files, share, spi_uuid(&position));
	ids = take_ids(n);
	again |= !look_at_files(ids, n, fs_admit_waiters);
	if (n == PASS_SLICE)
		spi_run(go_on, life, spi_uuid(&ids[n - 1]),
				spi_datum(BOOLOID, BoolGetDatum(again)));
	else if (again)
		spi_run(next_round, life, spi_uuid(&nowhere));
	else
		spi_run(finish, life);
	return true;
}

/*
 * Grants
 */

static bool
any_row(RelName table)
{
	RelScan		rs;
	bool		any;

	rel_scan_begin(&rs, table, AccessShareLock, GetActiveSnapshot(), NULL, 0);
	any = rel_scan_next(&rs);
	rel_scan_end(&rs);
	return any;
}

/* So often the gateway that has the address goes first. */
#define OWN_ATTEMPTS 3

/*
 * next_grants(count, addresses): asked three times a second by each gateway,
 * so what it does where there is nothing to do is look at two empty tables.  A
 * grant is leased by bringing forward when it is due again.
 */
Datum
dittofs_next_grants(PG_FUNCTION_ARGS)
{
	static const char *const claim =
		"WITH due AS MATERIALIZED (SELECT g.id FROM dittofs.lock_grants g"
		" WHERE g.next_at <= clock_timestamp() AND ($2 IS NULL"
		" OR g.server_address IS NULL OR g.attempts >= " CppAsString2(OWN_ATTEMPTS)
		" OR g.next_at <= clock_timestamp() - interval '0.6 s'"
		" OR g.server_address = ANY ($2::inet[]))"
		" ORDER BY g.next_at LIMIT $1 FOR UPDATE SKIP LOCKED),"
		" claimed AS (UPDATE dittofs.lock_grants g SET attempts = g.attempts + 1,"
		" next_at = clock_timestamp() + least(30, 2 ^ (least(g.attempts, 6) - 1)) * interval '1 s'"
		" FROM due d, dittofs.lock_clients c"
		" WHERE g.id = d.id AND c.id = g.client_id AND c.life = g.life"
		" RETURNING g.*, host(c.address) AS address, c.name),"
		" dead AS (DELETE FROM dittofs.lock_grants g USING due d WHERE g.id = d.id"
		" AND NOT EXISTS (SELECT FROM dittofs.lock_clients c"
		" WHERE c.id = g.client_id AND c.life = g.life))"
		" SELECT id, address, name, wait, owner, \"offset\", length, exclusive, attempts"
		" FROM claimed ORDER BY id";
	int32		count = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT32(0);
	Srf			srf;
	uint64		rows;

	srf_begin(fcinfo, &srf);
	if (count <= 0 || XactReadOnly || RecoveryInProgress() ||
		(!any_row(REL_LOCK_PASSES) && !any_row(REL_LOCK_GRANTS)))
		return (Datum) 0;
	change_begin("dittofs.next_grants()", CHANGE_DURABLE);
	spi_begin();
	merge_passes();
	for (int i = 0; i < PASSES && pass_slice(); i++)
		;
	rows = spi_run(claim, spi_int4(count), PG_ARGISNULL(1) ?
				   spi_null(TEXTARRAYOID) :
				   spi_datum(TEXTARRAYOID, PG_GETARG_DATUM(1)));
	for (uint64 i = 0; i < rows; i++)
		tuplestore_puttuple(srf.rows, spi_row(i));
	spi_end();
	change_end();
	return (Datum) 0;
}

/* grant_told(id, accepted) */
Datum
dittofs_grant_told(PG_FUNCTION_ARGS)
{
	FsLockReply reply = {0};

	if (!PG_ARGISNULL(0) && !PG_ARGISNULL(1))
		fs_grant_told(PG_GETARG_INT64(0), PG_GETARG_BOOL(1), &reply);
	return form_granted(reply.grants);
}

/*
 * The sweep
 */

#define SWEEP_PERIOD_MS 60000

static void
sweep_clients(void)
{
	/* what has no locks loses nothing; a life is never used again */
	static const char *const forget =
		"DELETE FROM dittofs.lock_clients WHERE id IN (SELECT c.id FROM dittofs.lock_clients c"
		" WHERE (c.locks = 0 AND c.seen_at < clock_timestamp() - interval '2 minutes')"
		" OR NOT EXISTS (SELECT FROM dittofs.shares s WHERE s.share_id = c.share_id)"
		" LIMIT 10000 FOR UPDATE OF c SKIP LOCKED)";
	static const char *const lost =
		"SELECT id FROM dittofs.lock_clients WHERE locks > 0 AND protocol = 'nlm'"
		" AND seen_at < clock_timestamp() - greatest($1, 300) * interval '1 s'"
		/* no client is seen while no gateway tells: see lock_clients_seen() */
		" AND EXISTS (SELECT FROM dittofs.lock_watch"
		" WHERE told_at > clock_timestamp() - interval '2 min') LIMIT 1000";
	int64		config[CONFIG_COUNT];
	uint64		n = 0;
	pg_uuid_t  *ids = NULL;

	spi_run(forget);
	config_read(config);
	if (config[CONFIG_LOCK_CLIENT_TIMEOUT] == 0)
		return;
	n = spi_run(lost, spi_int8(config[CONFIG_LOCK_CLIENT_TIMEOUT]));
	ids = take_ids(n);
	for (uint64 i = 0; i < n; i++)
		lock_client_end(&ids[i], 0);
}

/* False: there are more behind the position. */
static bool
sweep_files(pg_uuid_t *position)
{
	static const char *const files =
		"SELECT file_id FROM dittofs.locked_files WHERE file_id > $1"
		" ORDER BY file_id LIMIT " CppAsString2(SWEEP_SLICE);
	uint64		n = spi_run(files, spi_uuid(position));
	pg_uuid_t  *ids;

	if (n > 0)
	{
		ids = take_ids(n);
		look_at_files(ids, n, fs_sweep_locks);
		*position = ids[n - 1];
	}
	if (n < SWEEP_SLICE)
		memset(position, 0, sizeof(*position));
	return n < SWEEP_SLICE;
}

/* A round through all files may take long, and clients do not wait for it. */
void
locks_sweep(void)
{
	static pg_uuid_t position;
	static TimestampTz files_at = DT_NOBEGIN;
	static TimestampTz clients_at = DT_NOBEGIN;
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz next_at = TimestampTzPlusMilliseconds(now, SWEEP_PERIOD_MS);

	if ((now < files_at || !any_row(REL_LOCKED_FILES)) &&
		(now < clients_at || !any_row(REL_LOCK_CLIENTS)))
		return;
	spi_begin();
	if (now >= files_at && sweep_files(&position))
		files_at = next_at;
	if (now >= clients_at)
	{
		sweep_clients();
		clients_at = next_at;
	}
	spi_end();
}

/*
 * Looking
 */

static void *
allocate(size_t size)
{
	return palloc(size);
}

static bool
decode_argument(FunctionCallInfo fcinfo, LockList *list)
{
	bytea	   *packed = PG_GETARG_BYTEA_PP(0);

	return lock_list_decode(list, allocate, VARDATA_ANY(packed),
							VARSIZE_ANY_EXHDR(packed));
}

/* A number of 64 bits without a sign. */
static Datum
form_numeric(uint64 number)
{
	return DirectFunctionCall3(numeric_in,
							   CStringGetDatum(psprintf(UINT64_FORMAT, number)),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static Datum
form_time(int64 seconds)
{
	return TimestampTzGetDatum(time_t_to_timestamptz((pg_time_t) seconds));
}

static void
put_row(Srf *srf, const LockList *list, int owner, const LockRange *range,
		const char *kind, const char *state, int64 since)
{
	const LockOwner *who = &list->owners[owner];
	const LockClient *client = &list->clients[who->client];
	Datum		values[8];
	bool		nulls[8] = {false};
	pg_uuid_t	id;
	text	   *name;

	memcpy(id.data, client->id, UUID_LEN);
	values[0] = UUIDPGetDatum(&id);
	values[1] = Int64GetDatum(client->life);
	name = cstring_to_text_with_len((const char *) who->name, (int) who->len);
	values[2] = PointerGetDatum(name);
	nulls[3] = nulls[4] = range == NULL;
	values[3] = values[4] = (Datum) 0;
	if (range != NULL)
	{
		values[3] = form_numeric(range->start);
		nulls[4] = range->end == LOCK_TO_END;
		if (!nulls[4])
			values[4] = form_numeric(range->end);
	}
	values[5] = CStringGetTextDatum(kind);
	values[6] = CStringGetTextDatum(state);
	values[7] = form_time(since);
	srf_row(srf, values, nulls);
}

static const char *
range_kind(const LockRange *range)
{
	return range->exclusive ? "write" : "read";
}

static const char *
share_kind(const ShareMode *share)
{
	static const char *const words[] = {"none", "read", "write", "both"};

	return psprintf("share %s, deny %s", words[share->access & 3],
					words[share->deny & 3]);
}

/* unpack_locks(locks): a row for each; of a damaged value, none. */
Datum
dittofs_unpack_locks(PG_FUNCTION_ARGS)
{
	LockList	list;
	Srf			srf;

	srf_begin(fcinfo, &srf);
	if (PG_ARGISNULL(0) || !decode_argument(fcinfo, &list))
		return (Datum) 0;
	for (int i = 0; i < list.nheld; i++)
		put_row(&srf, &list, list.held[i].owner, &list.held[i].range,
				range_kind(&list.held[i].range), "held", list.held[i].since);
	for (int i = 0; i < list.nwaiting; i++)
		put_row(&srf, &list, list.waiting[i].owner, &list.waiting[i].range,
				range_kind(&list.waiting[i].range), "waiting",
				list.waiting[i].since);
	for (int i = 0; i < list.nshares; i++)
		put_row(&srf, &list, list.shares[i].owner, NULL,
				share_kind(&list.shares[i]), "held", list.shares[i].since);
	return (Datum) 0;
}

/* lock_trouble(locks): what is wrong with the value; NULL: nothing. */
Datum
dittofs_lock_trouble(PG_FUNCTION_ARGS)
{
	LockList	list;
	const char *trouble = "damaged";

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	if (decode_argument(fcinfo, &list))
		trouble = lock_list_trouble(&list);
	if (trouble == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(trouble));
}

/* unconfirmed_locks(locks): none of a value that is damaged. */
Datum
dittofs_unconfirmed_locks(PG_FUNCTION_ARGS)
{
	LockList	list;
	Srf			srf;

	srf_begin(fcinfo, &srf);
	if (PG_ARGISNULL(0) || !decode_argument(fcinfo, &list))
		return (Datum) 0;
	for (int i = 0; i < list.nuntold; i++)
	{
		const UntoldLock *untold = &list.untold[i];
		const LockClient *client =
			&list.clients[list.owners[untold->owner].client];
		Datum		values[3];
		bool		nulls[3] = {false};

		values[0] = Int64GetDatum(untold->id);
		values[1] = UUIDPGetDatum((const pg_uuid_t *) client->id);
		values[2] = Int64GetDatum(client->life);
		srf_row(&srf, values, nulls);
	}
	return (Datum) 0;
}

/* confirm_lock(locks, id): the value, as if the client had confirmed it. */
Datum
dittofs_confirm_lock(PG_FUNCTION_ARGS)
{
	LockList	list;
	bytea	   *packed;
	uint8	   *bytes;
	size_t		len;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (!decode_argument(fcinfo, &list))
		PG_RETURN_DATUM(PG_GETARG_DATUM(0));
	lock_list_told(&list, PG_GETARG_INT64(1), true,
				   fs_now() / INT64CONST(1000000000));
	bytes = lock_list_encode(&list, &len);
	packed = palloc(VARHDRSZ + len);
	SET_VARSIZE(packed, VARHDRSZ + len);
	memcpy(VARDATA(packed), bytes, len);
	PG_RETURN_BYTEA_P(packed);
}
