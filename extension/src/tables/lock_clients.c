/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * lock_clients.c
 *	  Clients that have locks, and their lives.
 *
 * A transaction that looks at the locks of a file asks for the life of each
 * client in it.  That takes no lock, and is remembered to the end of the
 * transaction: should a life end meanwhile, it is as if it had ended after us.
 * What the locks of a dead client kept out is let in by a pass (lock_passes,
 * admin/locks.c), which comes by again until every transaction has ended that
 * may have missed the end.
 *
 * What a transaction changes is collected and written at the end, in the order
 * of ids, after everything else that may have to wait: rows of clients come
 * last in the order of locks.  A row that has got another life since it was
 * read is a serialization failure: the call is to be run again, and be made in
 * the new life.
 *
 * The count of a client's locks is in its row, so that its limit is exact.  Two
 * transactions with locks of one client follow each other, then, while one of
 * them commits.  Nothing else does this to a client, and a client seldom locks
 * by two gateways at a time.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include <sodium.h>

#include "access/stratnum.h"
#include "access/table.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "base/change.h"
#include "tables/lock_clients.h"
#include "tables/rel.h"
#include "types/network.h"

#define PROTOCOL	"nlm"
#define PROTOCOL4	"nfs4"

enum
{
	COL_ID,
	COL_LIFE,
	COL_LOCKS,
	COL_STATE,
	COL_SEEN_AT,
	COL_SHARE_ID,
	COL_PROTOCOL,
	COL_NAME,
	COL_ADDRESS,
	NCOLS
};

enum
{
	PASS_LIFE,
	PASS_SHARE_ID,
	PASS_POSITION,
	PASS_AGAIN,
	PASS_UNTIL,
	PASS_NEXT_AT,
	PASS_NCOLS
};

typedef struct Client
{
	pg_uuid_t	id;				/* first: the key */
	bool		exists;			/* as a row */
	int64		read_life;		/* of the row, when it was read */
	int64		life;			/* 0: there is no such client */
	int64		locks;			/* of this life, when it was read */
	int64		added;			/* since, by us */
	int64		max;			/* no more than that; 0: no matter */
	int64		ended;			/* a life with locks that we have ended, or 0 */
	TimestampTz seen_at;		/* of the row */
	bool		seen;			/* now: that is to be written */
	int32		state;
	bool		new_state;
	int64		client4;

	/* of one that is to get a row */
	int32		share_id;
	char	   *name;
	int			len;
	Caller	   *caller;
} Client;

/* NULL when none is known; both live in a child of TopTransactionContext. */
static MemoryContext context = NULL;
static HTAB *clients = NULL;

static void
add_bytes(crypto_generichash_state *state, const void *bytes, Size len)
{
	crypto_generichash_update(state, (const unsigned char *) bytes, len);
}

/* 128 bits of BLAKE2b: no client finds a name that is another client's. */
void
lock_client_id(const LockClientName *client, pg_uuid_t *id)
{
	crypto_generichash_state state;
	const Caller *caller = client->caller;

	crypto_generichash_init(&state, NULL, 0, UUID_LEN);
	if (client->client4 != 0)
	{
		add_bytes(&state, PROTOCOL4, sizeof(PROTOCOL4));
		add_bytes(&state, &client->share->uuid, UUID_LEN);
		add_bytes(&state, &client->client4, sizeof(client->client4));
	}
	else
	{
		uint8		family = caller->family;

		add_bytes(&state, PROTOCOL, sizeof(PROTOCOL));
		add_bytes(&state, &client->share->uuid, UUID_LEN);
		add_bytes(&state, &family, 1);
		add_bytes(&state, caller->addr, sizeof(caller->addr));
		add_bytes(&state, client->name, client->len);
	}
	crypto_generichash_final(&state, id->data, UUID_LEN);
}

/*
 * The rows of clients that lock are hot (inodes.c has why that matters):
 * guesses where they are.
 */
#define PLACES 256

typedef struct Place
{
	pg_uuid_t	id;
	ItemPointerData tid;
} Place;

static Place places[PLACES];

static Place *
place_of(const pg_uuid_t *id)
{
	return &places[id->data[0] % PLACES];
}

static void
remember_place(const pg_uuid_t *id, const ItemPointerData *tid)
{
	Place	   *place = place_of(id);

	place->id = *id;
	place->tid = *tid;
}

static bool
is_client(TupleTableSlot *slot, const void *id)
{
	return memcmp(DatumGetUUIDP(slot->tts_values[COL_ID]), id, UUID_LEN) == 0;
}

/* The row as the active snapshot has it; rs is open if it is there. */
static bool
find_row(RelScan *rs, const pg_uuid_t *id, LOCKMODE lockmode)
{
	Place	   *place = place_of(id);
	ScanKeyData key;

	if (memcmp(&place->id, id, UUID_LEN) != 0 ||
		!rel_fetch(rs, REL_LOCK_CLIENTS, lockmode, GetActiveSnapshot(),
				   &place->tid, is_client, id))
	{
		ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_UUID_EQ,
					UUIDPGetDatum(id));
		rel_scan_begin(rs, REL_LOCK_CLIENTS, lockmode, GetActiveSnapshot(),
					   &key, 1);
		if (!rel_scan_next(rs))
		{
			rel_scan_end(rs);
			return false;
		}
	}
	remember_place(id, &rs->slot->tts_tid);
	return true;
}

/* A client of NFSv4 has its number for a name. */
static int64
number4(Datum protocol, Datum name)
{
	if (strcmp(TextDatumGetCString(protocol), PROTOCOL4) != 0)
		return 0;
	return DatumGetInt64(DirectFunctionCall1(
		int8in, CStringGetDatum(TextDatumGetCString(name))));
}

/*
 * What is known of a client, or can be read.  The snapshot is one that was
 * taken after the inode's lock, also where the transaction has one for all its
 * statements: only so a pass knows whom it has to wait for.
 */
static Client *
client_of(const pg_uuid_t *id)
{
	Client	   *client;
	bool		found;
	RelScan		rs;

	if (clients == NULL)
	{
		HASHCTL		ctl = {0};

		context = AllocSetContextCreate(TopTransactionContext,
										"dittofs lock clients",
										ALLOCSET_SMALL_SIZES);
		ctl.keysize = sizeof(pg_uuid_t);
		ctl.entrysize = sizeof(Client);
		ctl.hcxt = context;
		clients = hash_create("dittofs lock clients", 16, &ctl,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	client = (Client *) hash_search(clients, id, HASH_FIND, NULL);
	if (client != NULL)
		return client;

	if (IsolationUsesXactSnapshot())
		PushActiveSnapshot(GetLatestSnapshot());
	found = find_row(&rs, id, AccessShareLock);
	client = (Client *) hash_search(clients, id, HASH_ENTER, NULL);
	memset((char *) client + UUID_LEN, 0, sizeof(Client) - UUID_LEN);
	if (found)
	{
		Datum	   *values = rs.slot->tts_values;

		client->exists = true;
		client->read_life = client->life = DatumGetInt64(values[COL_LIFE]);
		client->locks = DatumGetInt64(values[COL_LOCKS]);
		client->state = DatumGetInt32(values[COL_STATE]);
		client->seen_at = DatumGetTimestampTz(values[COL_SEEN_AT]);
		client->share_id = DatumGetInt32(values[COL_SHARE_ID]);
		client->client4 = number4(values[COL_PROTOCOL], values[COL_NAME]);
		rel_scan_end(&rs);
	}
	if (IsolationUsesXactSnapshot())
		PopActiveSnapshot();
	return client;
}

static int64
new_life(void)
{
	return nextval_internal(rel_oid(REL_LOCK_LIVES), false);
}

int64
lock_client_life(const pg_uuid_t *id)
{
	return client_of(id)->life;
}

int32
lock_client_state(const pg_uuid_t *id)
{
	return client_of(id)->state;
}

int64
lock_client_number4(const pg_uuid_t *id)
{
	return client_of(id)->client4;
}

int64
lock_client_locks(const pg_uuid_t *id)
{
	Client	   *client = client_of(id);

	return client->locks + client->added;
}

/* Is a state of NSM newer?  They count up, and begin anew after 2^32. */
static bool
newer_state(int32 state, int32 seen)
{
	return state != 0 && seen != 0 &&
		(int32) ((uint32) state - (uint32) seen) > 0;
}

/*
 * A request is a sign of life, also where it changes nothing: that of a client
 * that waits, and has no connection, as by UDP.
 */
#define SEEN_MS 60000

int64
lock_client_enter(const LockClientName *name, const pg_uuid_t *id, int32 state)
{
	Client	   *client = client_of(id);

	if (client->exists &&
		TimestampDifferenceExceeds(client->seen_at, GetCurrentTimestamp(),
								   SEEN_MS))
		client->seen = true;
	if (client->life == 0)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		client->life = new_life();
		client->share_id = name->share->share_id;
		client->client4 = name->client4;
		client->name = name->client4 == 0 ? pnstrdup(name->name, name->len) :
			psprintf(INT64_FORMAT, name->client4);
		client->len = (int) (name->client4 == 0 ? name->len :
							 strlen(client->name));
		client->caller = palloc(VARSIZE(name->caller));
		memcpy(client->caller, name->caller, VARSIZE(name->caller));
		MemoryContextSwitchTo(old);
	}
	if (newer_state(state, client->state))
		lock_client_end(id, state);
	else if (state != 0 && client->state == 0)
	{
		client->state = state;
		client->new_state = true;
	}
	return client->life;
}

void
lock_client_add(const pg_uuid_t *id, int64 locks, int64 max)
{
	Client	   *client = client_of(id);

	if (client->life == 0 || locks == 0)
		return;
	client->added += locks;
	if (locks > 0 && max > 0)
		client->max = max;
}

/* The count decides nothing: if it is wrong, the locks must end, too. */
bool
lock_client_end(const pg_uuid_t *id, int32 state)
{
	Client	   *client = client_of(id);

	if (client->life == 0)
		return false;
	if (state != 0 && state != client->state)
	{
		client->state = state;
		client->new_state = true;
	}
	client->ended = client->life;
	client->life = new_life();
	client->locks = client->added = client->max = 0;
	return true;
}

void
lock_client_foreach_new(LockClientCallback callback, void *arg)
{
	HASH_SEQ_STATUS status;
	Client	   *client;

	if (clients == NULL)
		return;
	hash_seq_init(&status, clients);
	while ((client = (Client *) hash_seq_search(&status)) != NULL)
		if (!client->exists && client->life != 0 && client->client4 == 0)
			callback(&client->id, client->name, client->len, client->caller,
					 arg);
}

/*
 * Writing
 */

static void
insert_client(const Client *client)
{
	Datum		values[NCOLS];
	bool		nulls[NCOLS] = {false};
	Relation	heap = rel_open(REL_LOCK_CLIENTS, RowExclusiveLock);

	values[COL_ID] = UUIDPGetDatum(&client->id);
	values[COL_LIFE] = Int64GetDatum(client->life);
	values[COL_LOCKS] = Int64GetDatum(client->locks + client->added);
	values[COL_STATE] = Int32GetDatum(client->state);
	values[COL_SEEN_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[COL_SHARE_ID] = Int32GetDatum(client->share_id);
	values[COL_PROTOCOL] =
		CStringGetTextDatum(client->client4 == 0 ? PROTOCOL : PROTOCOL4);
	values[COL_NAME] = PointerGetDatum(cstring_to_text_with_len(client->name,
																client->len));
	nulls[COL_ADDRESS] = client->caller->family == CALLER_LOCAL;
	values[COL_ADDRESS] = (Datum) 0;
	if (!nulls[COL_ADDRESS])
	{
		Network		address;

		network_of_caller(client->caller, &address);
		values[COL_ADDRESS] = network_to_inet(&address);
	}
	rel_insert(heap, NCOLS, values, nulls);
	table_close(heap, NoLock);
}

pg_noreturn static void
refuse_changed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("a client's locks have ended while one was added or removed"),
			 errhint("Run the transaction again.")));
}

static void
update_client(const Client *client)
{
	RelScan		rs;
	TM_Result	result;
	Datum		values[NCOLS];
	bool		nulls[NCOLS];
	ItemPointerData tid;
	int64		locks;

	if (!find_row(&rs, &client->id, RowExclusiveLock))
		refuse_changed();
	result = rel_lock(&rs, LockTupleNoKeyExclusive, LockWaitBlock);
	if (result != TM_Ok ||
		DatumGetInt64(rs.slot->tts_values[COL_LIFE]) != client->read_life)
		refuse_changed();
	memcpy(values, rs.slot->tts_values, sizeof(values));
	memcpy(nulls, rs.slot->tts_isnull, sizeof(nulls));
	locks = client->added;
	if (client->life == client->read_life)
		locks += DatumGetInt64(values[COL_LOCKS]);
	if (client->max > 0 && client->added > 0 && locks > client->max)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("a client has got more locks than it may have"),
				 errhint("Run the transaction again.")));
	values[COL_LIFE] = Int64GetDatum(client->life);
	values[COL_LOCKS] = Int64GetDatum(Max(locks, 0));
	values[COL_STATE] = Int32GetDatum(client->state);
	values[COL_SEEN_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	tid = rs.slot->tts_tid;
	rel_update(rs.heap, &tid, NCOLS, values, nulls);
	remember_place(&client->id, &tid);
	rel_scan_end(&rs);
}

/* The requests that the locks of this life kept out are to be let in. */
static void
insert_pass(const Client *client)
{
	static const pg_uuid_t nowhere;
	Datum		values[PASS_NCOLS];
	bool		nulls[PASS_NCOLS] = {false};
	Relation	heap = rel_open(REL_LOCK_PASSES, RowExclusiveLock);

	values[PASS_LIFE] = Int64GetDatum(client->ended);
	values[PASS_SHARE_ID] = Int32GetDatum(client->share_id);
	values[PASS_POSITION] = UUIDPGetDatum(&nowhere);
	values[PASS_AGAIN] = BoolGetDatum(false);
	values[PASS_UNTIL] = (Datum) 0;
	nulls[PASS_UNTIL] = true;
	values[PASS_NEXT_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	rel_insert(heap, PASS_NCOLS, values, nulls);
	table_close(heap, NoLock);
}

static int
compare_clients(const void *a, const void *b)
{
	return memcmp(&(*(Client *const *) a)->id, &(*(Client *const *) b)->id,
				  UUID_LEN);
}

/* A client without a row gets one when it has got something. */
static bool
is_to_be_written(const Client *client)
{
	return client->added != 0 ||
		(client->exists && (client->seen || client->new_state ||
							client->life != client->read_life));
}

static void
write_client(Client *client)
{
	if (is_to_be_written(client))
	{
		if (client->exists)
			update_client(client);
		else
			insert_client(client);
		client->exists = true;
		client->read_life = client->life;
		client->locks += client->added;
		client->added = 0;
		client->new_state = false;
		client->seen = false;
	}
	if (client->ended != 0)
		insert_pass(client);
	client->ended = 0;
}

void
lock_clients_flush(void)
{
	HASH_SEQ_STATUS status;
	Client	   *client;
	Client	  **order;
	int			n = 0;

	if (clients == NULL)
		return;
	order = (Client **)
		palloc(hash_get_num_entries(clients) * sizeof(Client *));
	hash_seq_init(&status, clients);
	while ((client = (Client *) hash_seq_search(&status)) != NULL)
		if (is_to_be_written(client) || client->ended != 0)
			order[n++] = client;
	qsort(order, n, sizeof(Client *), compare_clients);
	/* what this operation has written before is to be seen */
	if (n > 0)
		PushActiveSnapshot(GetLatestSnapshot());
	for (int i = 0; i < n; i++)
		write_client(order[i]);
	if (n > 0)
		PopActiveSnapshot();
	pfree(order);
}

void
lock_clients_refresh(void)
{
	if (!change_is_under_way())
		lock_clients_forget();
}

void
lock_clients_forget(void)
{
	if (context != NULL)
		MemoryContextDelete(context);
	context = NULL;
	clients = NULL;
}
