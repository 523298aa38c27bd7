/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * shares.c
 *	  Shares: the cache of dittofs.shares, and the admission of clients.
 *
 * All shares are read at once, into a memory context of their own, with three
 * sorted arrays to find one by.  A statement trigger on dittofs.shares and
 * dittofs.filesystem_capabilities sends a relcache invalidation for its table
 * (see 55-share-triggers.sql); when one arrives, here or on a standby that
 * replays it, the cache is set aside and the next to ask reads the tables
 * again.  What was set aside stays until the transaction ends, because its
 * shares may be in use further up the stack.
 *
 * The tables are read with a snapshot of that moment, not the statement's: a
 * repeatable-read transaction must not leave behind a cache of the past that no
 * message will ever empty again.  If a message arrives while we read, the
 * result serves this call only.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "tables/config.h"
#include "tables/rel.h"
#include "tables/share_options.h"
#include "tables/shares.h"

PG_FUNCTION_INFO_V1(dittofs_shares_changed);

#define FIRST_UNPRIVILEGED_PORT 1024

typedef struct ShareCache
{
	MemoryContext context;
	int			nshares;
	Share	  **by_id;
	Share	  **by_uuid;
	Share	  **by_name;
} ShareCache;

/* What a share has that no row of dittofs.filesystem_capabilities says. */
static const Share share_defaults = {
	.rtmax = TRANSFER_MAX,
	.rtpref = TRANSFER_MAX,
	.wtmax = TRANSFER_MAX,
	.wtpref = TRANSFER_MAX,
	.dtpref = 64 * 1024,
	.maxfilesize = FS_SIZE_MAX,
};

static ShareCache *cache = NULL;
/* The cache is good as long as no message has come since we began to read. */
static uint64 messages = 1;
static uint64 messages_at_read = 0;
static bool callback_registered = false;
static Oid	cached_shares_oid = InvalidOid;
static Oid	cached_capabilities_oid = InvalidOid;
static Oid	cached_stores_oid = InvalidOid;
static Oid	cached_config_oid = InvalidOid;

static void
share_invalidate(Datum arg, Oid relid)
{
	if (relid == InvalidOid || relid == cached_shares_oid ||
		relid == cached_capabilities_oid || relid == cached_stores_oid ||
		relid == cached_config_oid)
		messages++;
}

/*
 * Reading the tables
 */

static ContentKind
content_from_text(const char *text)
{
	int			kind = word_number(CONTENT_WORDS, text);

	return kind < 0 ? CONTENT_POSTGRES : (ContentKind) kind;
}

static char *
utf8_from_server(const char *text)
{
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		return pstrdup(text);
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

static void
take_cookie_key(Share *share, const bytea *key)
{
	if (VARSIZE_ANY_EXHDR(key) != COOKIE_KEY_LEN)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("cookie_key of share \"%s\" does not have %d bytes",
						share->name, COOKIE_KEY_LEN),
				 errhint("Bring its row in dittofs.shares back from a backup.")));
	memcpy(share->cookie_key, VARDATA_ANY(key), COOKIE_KEY_LEN);
}

/* Where a column of dittofs.shares is in its rows. */
static int
column(const char *name)
{
	const KnownTable *table = &known_tables[REL_SHARES];

	for (int i = 0; i < table->ncolumns; i++)
	{
		if (strcmp(table->columns[i].name, name) == 0)
			return i;
	}
	elog(ERROR, "dittofs.shares has no column %s", name);
	return -1;
}

/* The option in each column of dittofs.shares; NULL where there is none. */
static void
find_options(const ShareOption *options[TABLE_COLUMNS_MAX])
{
	const KnownTable *table = &known_tables[REL_SHARES];

	for (int i = 0; i < table->ncolumns; i++)
		options[i] = share_option_find(table->columns[i].name);
}

static Share *
share_from_row(const Datum *values, const bool *nulls,
			   const ShareOption **options)
{
	Share	   *share = palloc(sizeof(Share));
	int			key = column("cookie_key");
	int			store = column("content_store_id");

	*share = share_defaults;
	share->share_id = DatumGetInt32(values[column("share_id")]);
	share->uuid = *DatumGetUUIDP(values[column("share_uuid")]);
	share->name = TextDatumGetCString(values[column("name")]);
	share->wire_name = utf8_from_server(share->name);
	share->root_id = *DatumGetUUIDP(values[column("root_id")]);
	share->fsid = DatumGetInt64(values[column("fsid")]);
	share->cookie_seed = DatumGetInt64(values[column("cookie_seed")]);
	share->keyed = !nulls[key];
	if (share->keyed)
		take_cookie_key(share, DatumGetByteaPP(values[key]));
	share->content =
		content_from_text(TextDatumGetCString(values[column("content")]));
	share->store_id = nulls[store] ? 0 : DatumGetInt32(values[store]);
	for (int i = 0; i < known_tables[REL_SHARES].ncolumns; i++)
	{
		if (options[i] != NULL)
			share_option_read(options[i], values[i], nulls[i], share);
	}
	return share;
}

static int
compare_ids(const void *a, const void *b)
{
	int32		x = (*(Share *const *) a)->share_id;
	int32		y = (*(Share *const *) b)->share_id;

	return (x > y) - (x < y);
}

static int
compare_uuids(const void *a, const void *b)
{
	return memcmp(&(*(Share *const *) a)->uuid, &(*(Share *const *) b)->uuid,
				  sizeof(pg_uuid_t));
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp((*(Share *const *) a)->name, (*(Share *const *) b)->name);
}

static Share **
sorted_copy(Share **shares, int n, int (*compare) (const void *, const void *))
{
	Share	  **copy = palloc(sizeof(Share *) * Max(n, 1));

	memcpy(copy, shares, sizeof(Share *) * n);
	qsort(copy, n, sizeof(Share *), compare);
	return copy;
}

static Share *
find(Share **shares, int n, const Share *key,
	 int (*compare) (const void *, const void *))
{
	Share	  **found = bsearch(&key, shares, n, sizeof(Share *), compare);

	return found == NULL ? NULL : *found;
}

/* Notes which shares have others below their paths: '/a', where '/a/b' is. */
static void
note_nested(ShareCache *new_cache)
{
	for (int i = 0; i < new_cache->nshares; i++)
	{
		char	   *path = pstrdup(new_cache->by_id[i]->name);
		Share		key = {.name = path};

		while (path[1] != '\0')
		{
			char	   *slash = strrchr(path, '/');
			Share	   *above;

			/* what is above '/a' is '/' */
			slash[slash == path] = '\0';
			above = find(new_cache->by_name, new_cache->nshares, &key,
						 compare_names);
			if (above != NULL)
				above->has_nested = true;
		}
		pfree(path);
	}
}

static void
read_shares(ShareCache *new_cache, Snapshot snapshot)
{
	int			room = 16;
	Share	  **shares = palloc(sizeof(Share *) * room);
	int			n = 0;
	const ShareOption *options[TABLE_COLUMNS_MAX];
	RelScan		rs;

	find_options(options);
	rel_scan_begin(&rs, REL_SHARES, AccessShareLock, snapshot, NULL, 0);
	while (rel_scan_next(&rs))
	{
		if (n == room)
			shares = repalloc(shares, sizeof(Share *) * (room *= 2));
		shares[n++] = share_from_row(rs.slot->tts_values,
									 rs.slot->tts_isnull, options);
	}
	rel_scan_end(&rs);

	new_cache->nshares = n;
	new_cache->by_id = sorted_copy(shares, n, compare_ids);
	new_cache->by_uuid = sorted_copy(shares, n, compare_uuids);
	new_cache->by_name = sorted_copy(shares, n, compare_names);
	note_nested(new_cache);
}

static void
read_capabilities(ShareCache *new_cache, Snapshot snapshot)
{
	RelScan		rs;

	rel_scan_begin(&rs, REL_FILESYSTEM_CAPABILITIES, AccessShareLock, snapshot,
				   NULL, 0);
	while (rel_scan_next(&rs))
	{
		Datum	   *values = rs.slot->tts_values;
		Share		key = {.share_id = DatumGetInt32(values[0])};
		Share	   *share = find(new_cache->by_id, new_cache->nshares, &key,
								 compare_ids);

		if (share == NULL)
			continue;
		share->rtmax = DatumGetInt32(values[1]);
		share->rtpref = DatumGetInt32(values[2]);
		share->wtmax = DatumGetInt32(values[3]);
		share->wtpref = DatumGetInt32(values[4]);
		share->dtpref = DatumGetInt32(values[5]);
		share->maxfilesize = DatumGetInt64(values[6]);
	}
	rel_scan_end(&rs);
}

/* Names of the stores that shares have, and whether these take blocks. */
static void
read_stores(ShareCache *new_cache, Snapshot snapshot)
{
	RelScan		rs;

	rel_scan_begin(&rs, REL_CONTENT_STORES, AccessShareLock, snapshot, NULL, 0);
	while (rel_scan_next(&rs))
	{
		int32		store_id = DatumGetInt32(rs.slot->tts_values[0]);
		char	   *name = TextDatumGetCString(rs.slot->tts_values[1]);
		bool		read_only = DatumGetBool(rs.slot->tts_values[4]);

		for (int i = 0; i < new_cache->nshares; i++)
		{
			if (new_cache->by_id[i]->store_id == store_id)
			{
				new_cache->by_id[i]->store = name;
				new_cache->by_id[i]->store_read_only = read_only;
			}
		}
	}
	rel_scan_end(&rs);
}

/* The settings that every write asks for. */
static void
read_config(ShareCache *new_cache, Snapshot snapshot)
{
	int64		config[CONFIG_COUNT];

	PushActiveSnapshot(snapshot);
	config_read(config);
	PopActiveSnapshot();
	for (int i = 0; i < new_cache->nshares; i++)
	{
		new_cache->by_id[i]->external_min = config[CONFIG_EXTERNAL_MIN];
		new_cache->by_id[i]->merge_delay = config[CONFIG_MERGE_DELAY];
		new_cache->by_id[i]->lock_client_max = config[CONFIG_LOCK_CLIENT_MAX];
		new_cache->by_id[i]->lock_file_bytes = config[CONFIG_LOCK_FILE_BYTES];
	}
}

static void
cache_read(void)
{
	MemoryContext context;
	MemoryContext caller_context;
	Snapshot	snapshot;
	ShareCache *new_cache;
	uint64		messages_before;

	if (!callback_registered)
	{
		CacheRegisterRelcacheCallback(share_invalidate, (Datum) 0);
		callback_registered = true;
	}

	/* Until it is complete it belongs to the caller, and goes with an error. */
	context = AllocSetContextCreate(CurrentMemoryContext, "dittofs shares",
									ALLOCSET_SMALL_SIZES);
	caller_context = MemoryContextSwitchTo(context);
	new_cache = palloc0(sizeof(ShareCache));
	new_cache->context = context;

	cached_shares_oid = rel_oid(REL_SHARES);
	cached_capabilities_oid = rel_oid(REL_FILESYSTEM_CAPABILITIES);
	cached_stores_oid = rel_oid(REL_CONTENT_STORES);
	cached_config_oid = rel_oid(REL_SERVER_CONFIG);
	messages_before = messages; /* then the snapshot, not the other way round */
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	read_shares(new_cache, snapshot);
	read_capabilities(new_cache, snapshot);
	read_stores(new_cache, snapshot);
	read_config(new_cache, snapshot);
	UnregisterSnapshot(snapshot);

	MemoryContextSwitchTo(caller_context);
	if (cache != NULL)
		MemoryContextSetParent(cache->context, TopTransactionContext);
	MemoryContextSetParent(context, CacheMemoryContext);
	cache = new_cache;
	messages_at_read = messages_before;
}

static inline ShareCache *
cache_get(void)
{
	if (unlikely(messages != messages_at_read))
		cache_read();
	return cache;
}

/* AFTER INSERT OR UPDATE OR DELETE FOR EACH ROW, AFTER TRUNCATE. */
Datum
dittofs_shares_changed(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("dittofs.shares_changed() is a trigger function")));
	CacheInvalidateRelcache(((TriggerData *) fcinfo->context)->tg_relation);
	PG_RETURN_POINTER(NULL);
}

/*
 * Finding
 */

const Share *
share_by_uuid(const pg_uuid_t *uuid)
{
	ShareCache *shares = cache_get();
	Share		key = {.uuid = *uuid};

	return find(shares->by_uuid, shares->nshares, &key, compare_uuids);
}

const Share *
share_by_id(int32 share_id)
{
	ShareCache *shares = cache_get();
	Share		key = {.share_id = share_id};

	return find(shares->by_id, shares->nshares, &key, compare_ids);
}

const Share *
share_by_name(const char *name)
{
	ShareCache *shares = cache_get();
	Share		key = {.name = unconstify(char *, name)};

	return find(shares->by_name, shares->nshares, &key, compare_names);
}

void
share_foreach(void (*callback) (const Share *, void *), void *arg)
{
	ShareCache *shares = cache_get();

	for (int i = 0; i < shares->nshares; i++)
		callback(shares->by_name[i], arg);
}

/*
 * Admission
 */

static bool
any_contains(const NetworkList *list, const Network *address)
{
	for (int i = 0; i < list->n; i++)
	{
		if (network_contains(&list->networks[i], address))
			return true;
	}
	return false;
}

/*
 * A network client whose port is unknown (0) has not shown a privileged one.
 */
Status
share_admits_address(const Share *share, const Caller *caller)
{
	if (caller->family == 0)
		return FS_OK;
	if (share->require_privileged_port &&
		(caller->port == 0 || caller->port >= FIRST_UNPRIVILEGED_PORT))
		return FS_ACCES;
	if (share->denied_clients.n > 0 || share->allowed_clients.n > 0)
	{
		Network		address;

		network_of_caller(caller, &address);
		if (any_contains(&share->denied_clients, &address))
			return FS_ACCES;
		if (share->allowed_clients.n > 0 &&
			!any_contains(&share->allowed_clients, &address))
			return FS_ACCES;
	}
	return FS_OK;
}

Status
share_admits(const Share *share, const Caller *caller)
{
	Status		status = share_admits_address(share, caller);

	if (status != FS_OK)
		return status;
	if (caller->auth == CALLER_AUTH_NONE && caller->family != CALLER_LOCAL &&
		!share->allow_auth_none)
		return FS_TOOWEAK;
	return FS_OK;
}
