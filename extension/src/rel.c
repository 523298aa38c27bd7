/*-------------------------------------------------------------------------
 *
 * rel.c
 *	  Direct access to the extension's own tables.
 *
 * Inserting, updating and deleting goes through the functions the backend
 * uses for its catalogs: they keep all indexes, toast what is large and write
 * the same WAL as an executor node would, without building one.
 *
 * The OIDs are found by name once per session.  Invalidation messages of the
 * relations and types concerned make us look again, so that DROP EXTENSION
 * and CREATE EXTENSION, or REINDEX CONCURRENTLY (which swaps OIDs), may happen
 * in a living session.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "funcapi.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "rel.h"

static const struct
{
	const char *table;
	const char *index;			/* NULL: none that we scan */
}			rel_names[REL_COUNT] = {
	[REL_FILES] = {"files", "files_pkey"},
	[REL_DIRENTS] = {"parent_child_map", "parent_child_map_pkey"},
	[REL_BLOCKS] = {"blocks", "blocks_pkey"},
	[REL_BLOCKS_MEMORY] = {"blocks_memory", "blocks_memory_pkey"},
	[REL_SPACE_USAGE] = {"space_usage", "space_usage_pkey"},
	[REL_REAP_QUEUE] = {"reap_queue", "reap_queue_pkey"},
	[REL_SHARES] = {"shares", "shares_pkey"},
	[REL_FILESYSTEM_CAPABILITIES] = {"filesystem_capabilities", "filesystem_capabilities_pkey"},
	[REL_SERVER_CONFIG] = {"server_config", "server_config_pkey"},
	[REL_MOUNTS] = {"mounts", "mounts_pkey"},
	[REL_REPLIES_0] = {"replies_0", "replies_0_key"},
	[REL_REPLIES_1] = {"replies_1", "replies_1_key"},
	[REL_REPLIES_2] = {"replies_2", "replies_2_key"},
	[REL_FILE_IDS] = {"file_ids", NULL},
	[REL_SHARE_IDS] = {"share_ids", NULL},
};

static const char *const type_names[TYPE_COUNT] = {
	[TYPE_ATTRIBUTES] = "attributes",
	[TYPE_WCC_BEFORE] = "wcc_before",
	[TYPE_LOOKUP_RESULT] = "lookup_result",
	[TYPE_FILE_RESULT] = "file_result",
	[TYPE_CHANGE_RESULT] = "change_result",
	[TYPE_ACCESS_RESULT] = "access_result",
	[TYPE_CREATE_RESULT] = "create_result",
	[TYPE_READLINK_RESULT] = "readlink_result",
	[TYPE_LINK_RESULT] = "link_result",
	[TYPE_MOVE_RESULT] = "move_result",
	[TYPE_DIRECTORY_ROW] = "directory_row",
	[TYPE_READ_RESULT] = "read_result",
	[TYPE_WRITE_RESULT] = "write_result",
	[TYPE_COMMIT_RESULT] = "commit_result",
	[TYPE_PREPARE_RESULT] = "prepare_result",
	[TYPE_CAPABILITIES_RESULT] = "capabilities_result",
	[TYPE_STATISTICS_RESULT] = "statistics_result",
	[TYPE_MOUNT_RESULT] = "mount_result",
};

static Oid	table_oids[REL_COUNT];
static Oid	index_oids[REL_COUNT];
static Oid	type_oids[TYPE_COUNT];
static bool callbacks_registered = false;

static void
rel_invalidate(Datum arg, Oid relid)
{
	for (int i = 0; i < REL_COUNT; i++)
	{
		if (relid == InvalidOid || table_oids[i] == relid)
			table_oids[i] = InvalidOid;
		if (relid == InvalidOid || index_oids[i] == relid)
			index_oids[i] = InvalidOid;
	}
}

static void
type_invalidate(Datum arg, int cacheid, uint32 hashvalue)
{
	memset(type_oids, 0, sizeof(type_oids));
}

static Oid
find_relation(const char *name)
{
	Oid			oid;

	if (!callbacks_registered)
	{
		CacheRegisterRelcacheCallback(rel_invalidate, (Datum) 0);
		CacheRegisterSyscacheCallback(TYPEOID, type_invalidate, (Datum) 0);
		callbacks_registered = true;
	}
	oid = get_relname_relid(name, get_namespace_oid("dittofs", false));
	if (!OidIsValid(oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation dittofs.%s does not exist", name),
				 errhint("CREATE EXTENSION dittofs makes it.")));
	return oid;
}

Oid
rel_oid(RelName name)
{
	if (unlikely(!OidIsValid(table_oids[name])))
		table_oids[name] = find_relation(rel_names[name].table);
	return table_oids[name];
}

static Oid
rel_index_oid(RelName name)
{
	if (unlikely(!OidIsValid(index_oids[name])))
		index_oids[name] = find_relation(rel_names[name].index);
	return index_oids[name];
}

Oid
rel_type_oid(ResultType name)
{
	if (unlikely(!OidIsValid(type_oids[name])))
	{
		Oid			nsp = get_namespace_oid("dittofs", false);

		(void) rel_oid(REL_FILES);	/* registers the callbacks */
		type_oids[name] = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
										  CStringGetDatum(type_names[name]),
										  ObjectIdGetDatum(nsp));
		if (!OidIsValid(type_oids[name]))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("type dittofs.%s does not exist",
							type_names[name]),
					 errhint("ALTER EXTENSION dittofs UPDATE makes it.")));
	}
	return type_oids[name];
}

Datum
rel_form_result(ResultType type, Datum *values, bool *nulls)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(rel_type_oid(type), -1);
	HeapTuple	tuple = heap_form_tuple(desc, values, nulls);

	ReleaseTupleDesc(desc);
	return HeapTupleGetDatum(tuple);
}

void
rel_scan_begin(RelScan *rs, RelName name, LOCKMODE lockmode,
			   Snapshot snapshot, ScanKey keys, int nkeys)
{
	rs->lockmode = lockmode;
	rs->heap = table_open(rel_oid(name), lockmode);
	rs->index = index_open(rel_index_oid(name), lockmode);
	rs->slot = table_slot_create(rs->heap, NULL);
	rs->scan = compat_index_beginscan(rs->heap, rs->index, snapshot, nkeys);
	index_rescan(rs->scan, keys, nkeys, NULL, 0);
}

bool
rel_scan_next(RelScan *rs)
{
	if (!index_getnext_slot(rs->scan, ForwardScanDirection, rs->slot))
		return false;
	slot_getallattrs(rs->slot);
	return true;
}

void
rel_scan_end(RelScan *rs)
{
	index_endscan(rs->scan);
	ExecDropSingleTupleTableSlot(rs->slot);
	index_close(rs->index, NoLock);
	table_close(rs->heap, NoLock);
}

void
rel_insert(Relation heap, Datum *values, bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(heap), values, nulls);

	CatalogTupleInsert(heap, tuple);
	heap_freetuple(tuple);
}

void
rel_insert_tid(Relation heap, Datum *values, bool *nulls, ItemPointer tid)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(heap), values, nulls);

	CatalogTupleInsert(heap, tuple);
	ItemPointerCopy(&tuple->t_self, tid);
	heap_freetuple(tuple);
}

void
rel_update(Relation heap, ItemPointer tid, Datum *values, bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(heap), values, nulls);

	CatalogTupleUpdate(heap, tid, tuple);
	ItemPointerCopy(&tuple->t_self, tid);
	heap_freetuple(tuple);
}

void
rel_delete(Relation heap, ItemPointer tid)
{
	CatalogTupleDelete(heap, tid);
}
