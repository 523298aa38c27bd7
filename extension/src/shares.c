/*-------------------------------------------------------------------------
 *
 * shares.c
 *	  Shares: the cache of dittofs.shares, and who may come in.
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
 * repeatable-read transaction must not leave behind a cache of the past that
 * no message will ever empty again.  A message may arrive while we read, and
 * then the result serves this call only.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "config.h"
#include "rel.h"
#include "shares.h"

PG_FUNCTION_INFO_V1(dittofs_shares_changed);

#define FIRST_UNPRIVILEGED_PORT 1024

/* Columns of dittofs.shares, counted from 0. */
enum
{
	COL_SHARE_ID,
	COL_SHARE_UUID,
	COL_NAME,
	COL_ROOT_ID,
	COL_FSID,
	COL_COOKIE_SEED,
	COL_CONTENT,
	COL_READ_ONLY,
	COL_SQUASH,
	COL_ANONUID,
	COL_ANONGID,
	COL_ALLOWED_CLIENTS,
	COL_DENIED_CLIENTS,
	COL_REQUIRE_PRIVILEGED_PORT,
	COL_ALLOW_AUTH_NONE,
	COL_ATIME,
	COL_CREATED_AT,
	COL_CONTENT_STORE_ID,
	COL_BLOCK_SIZE,
	COL_COMPRESSION,
	COL_MAX_BYTES,
	COL_MAX_INODES
};

const char *const content_words[] = {"postgres", "memory", "filesystem", "s3", NULL};
const char *const compression_words[] = {"none", "lz4", NULL};

typedef struct ShareCache
{
	MemoryContext context;
	int			nshares;
	Share	  **by_id;
	Share	  **by_uuid;
	Share	  **by_name;
} ShareCache;

const Share share_defaults = {
	.rtmax = 1024 * 1024,
	.rtpref = 1024 * 1024,
	.wtmax = 1024 * 1024,
	.wtpref = 1024 * 1024,
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

static Squash
squash_from_text(const char *text)
{
	if (strcmp(text, "none") == 0)
		return SQUASH_NONE;
	return strcmp(text, "all") == 0 ? SQUASH_ALL : SQUASH_ROOT;
}

static AtimePolicy
atime_from_text(const char *text)
{
	if (strcmp(text, "off") == 0)
		return ATIME_OFF;
	return strcmp(text, "strict") == 0 ? ATIME_STRICT : ATIME_RELATIVE;
}

static ContentKind
content_from_text(const char *text)
{
	int			kind = CONTENT_POSTGRES;

	for (int i = 0; content_words[i] != NULL; i++)
	{
		if (strcmp(text, content_words[i]) == 0)
			kind = i;
	}
	return (ContentKind) kind;
}

static Network *
networks_from_array(Datum datum, int *n)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	Network    *networks;
	Datum	   *elements;
	bool	   *nulls;
	int			count;

	deconstruct_array(array, INETOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &count);
	networks = palloc(sizeof(Network) * Max(count, 1));
	*n = 0;
	for (int i = 0; i < count; i++)
	{
		if (!nulls[i])
			network_from_inet(elements[i], &networks[(*n)++]);
	}
	return networks;
}

static char *
utf8_from_server(const char *text)
{
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		return pstrdup(text);
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

static Share *
share_from_row(const Datum *values, const bool *nulls)
{
	Share	   *share = palloc(sizeof(Share));

	*share = share_defaults;
	share->share_id = DatumGetInt32(values[COL_SHARE_ID]);
	share->uuid = *DatumGetUUIDP(values[COL_SHARE_UUID]);
	share->name = TextDatumGetCString(values[COL_NAME]);
	share->wire_name = utf8_from_server(share->name);
	share->root_id = *DatumGetUUIDP(values[COL_ROOT_ID]);
	share->fsid = DatumGetInt64(values[COL_FSID]);
	share->cookie_seed = DatumGetInt64(values[COL_COOKIE_SEED]);
	share->content = content_from_text(TextDatumGetCString(values[COL_CONTENT]));
	share->store_id = nulls[COL_CONTENT_STORE_ID] ? 0 :
		DatumGetInt32(values[COL_CONTENT_STORE_ID]);
	share->block_size = DatumGetInt32(values[COL_BLOCK_SIZE]);
	share->compression =
		strcmp(TextDatumGetCString(values[COL_COMPRESSION]), "lz4") == 0 ?
		COMPRESSION_LZ4 : COMPRESSION_NONE;
	share->max_bytes = nulls[COL_MAX_BYTES] ? -1 :
		DatumGetInt64(values[COL_MAX_BYTES]);
	share->max_inodes = nulls[COL_MAX_INODES] ? -1 :
		DatumGetInt64(values[COL_MAX_INODES]);
	share->read_only = DatumGetBool(values[COL_READ_ONLY]);
	share->squash = squash_from_text(TextDatumGetCString(values[COL_SQUASH]));
	share->anonuid = DatumGetInt64(values[COL_ANONUID]);
	share->anongid = DatumGetInt64(values[COL_ANONGID]);
	share->allowed = networks_from_array(values[COL_ALLOWED_CLIENTS],
										 &share->nallowed);
	share->denied = networks_from_array(values[COL_DENIED_CLIENTS],
										&share->ndenied);
	share->require_privileged_port =
		DatumGetBool(values[COL_REQUIRE_PRIVILEGED_PORT]);
	share->allow_auth_none = DatumGetBool(values[COL_ALLOW_AUTH_NONE]);
	share->atime = atime_from_text(TextDatumGetCString(values[COL_ATIME]));
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

static void
read_shares(ShareCache *new_cache, Snapshot snapshot)
{
	int			room = 16;
	Share	  **shares = palloc(sizeof(Share *) * room);
	int			n = 0;
	RelScan		rs;

	rel_scan_begin(&rs, REL_SHARES, AccessShareLock, snapshot, NULL, 0);
	while (rel_scan_next(&rs))
	{
		if (n == room)
			shares = repalloc(shares, sizeof(Share *) * (room *= 2));
		shares[n++] = share_from_row(rs.slot->tts_values,
									 rs.slot->tts_isnull);
	}
	rel_scan_end(&rs);

	new_cache->nshares = n;
	new_cache->by_id = sorted_copy(shares, n, compare_ids);
	new_cache->by_uuid = sorted_copy(shares, n, compare_uuids);
	new_cache->by_name = sorted_copy(shares, n, compare_names);
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

/* Names of the stores that shares have. */
static void
read_stores(ShareCache *new_cache, Snapshot snapshot)
{
	RelScan		rs;

	rel_scan_begin(&rs, REL_CONTENT_STORES, AccessShareLock, snapshot, NULL, 0);
	while (rel_scan_next(&rs))
	{
		int32		store_id = DatumGetInt32(rs.slot->tts_values[0]);
		char	   *name = TextDatumGetCString(rs.slot->tts_values[1]);

		for (int i = 0; i < new_cache->nshares; i++)
		{
			if (new_cache->by_id[i]->store_id == store_id)
				new_cache->by_id[i]->store = name;
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

/* AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE … FOR EACH STATEMENT. */
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
any_contains(const Network *networks, int n, const Network *address)
{
	for (int i = 0; i < n; i++)
	{
		if (network_contains(&networks[i], address))
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
	if (share->ndenied > 0 || share->nallowed > 0)
	{
		Network		address;

		network_of_caller(caller, &address);
		if (any_contains(share->denied, share->ndenied, &address))
			return FS_ACCES;
		if (share->nallowed > 0 &&
			!any_contains(share->allowed, share->nallowed, &address))
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
	if (caller->auth == 0 && caller->family != 0 && !share->allow_auth_none)
		return FS_TOOWEAK;
	return FS_OK;
}
