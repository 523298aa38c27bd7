/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  Keeps the extension from being dropped while there are files.
 *
 * Dropping an extension drops its tables without asking, and a file system's
 * content is worth a question.  Many commands can lead to it: DROP EXTENSION
 * dittofs, DROP SCHEMA, DROP OWNED, but also DROP EXTENSION plpgsql CASCADE.
 * So this does not look at commands: a hook sees each object before it is
 * dropped, and refuses the first that belongs to us.  To drop the extension all
 * the same, a superuser sets dittofs.allow_drop, in the session or by
 * PGOPTIONS:
 *
 *		PGOPTIONS='-c dittofs.allow_drop=on' pg_restore --clean ...
 *
 * The hook is there in sessions that have loaded the library, so an event
 * trigger calls watch_drops() before every command that could drop us, which
 * loads it.  The trigger's function is in PL/pgSQL: where the library is gone,
 * commands that are none of our business must not fail.  A trigger on sql_drop
 * would see every object too, but it belongs to the extension and so is gone
 * when its time comes.
 *
 * Superusers can disable the event trigger; this is a seat belt, not a lock.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_class.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "tables/dirents.h"
#include "admin/guard.h"
#include "tables/shares.h"
#include "tables/usage.h"

PG_FUNCTION_INFO_V1(dittofs_watch_drops);

typedef struct Count
{
	int			shares;
	int64		inodes;
	int64		bytes;
} Count;

static bool allow_drop = false;
static object_access_hook_type next_hook = NULL;

/* Of the command that runs: the files there were before it dropped anything. */
static bool counted = false;
static Count count;

/* DROP TRIGGER runs; otherwise triggers go with their tables. */
static bool dropping_trigger = false;

static void
count_share(const Share *share, void *arg)
{
	int64		inodes;
	int64		bytes;

	usage_get(share->share_id, &bytes, &inodes);
	if (inodes > 1 || dirent_any(&share->root_id))
	{
		count.shares++;
		count.inodes += inodes - 1;
		count.bytes += bytes;
	}
}

/*
 * An index is dropped before its table, and one of ours may be the first object
 * of all: counting needs it, but it belongs to the extension only by way of its
 * table.  So the files are counted when the first relation of our schema goes,
 * whatever it is.
 */
static void
count_files(void)
{
	if (counted)
		return;
	counted = true;
	memset(&count, 0, sizeof(count));
	PushActiveSnapshot(GetTransactionSnapshot());
	share_foreach(count_share, NULL);
	PopActiveSnapshot();
}

static void
refuse(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
			 errmsg("cannot drop extension dittofs because it holds files"),
			 errdetail_plural("%d share has files in it: " INT64_FORMAT
							  " inodes, " INT64_FORMAT " bytes.",
							  "%d shares have files in them: " INT64_FORMAT
							  " inodes, " INT64_FORMAT " bytes.",
							  count.shares, count.shares, count.inodes,
							  count.bytes),
			 errhint("A superuser can SET dittofs.allow_drop = on to drop the extension and all files "
					 "(for pg_restore --clean: PGOPTIONS='-c dittofs.allow_drop=on').")));
}

static void
refuse_trigger(Oid trigger, Oid extension)
{
	ScanKeyData key;
	Relation	catalog = table_open(TriggerRelationId, AccessShareLock);
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_trigger_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(trigger));
	scan = systable_beginscan(catalog, TriggerOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_trigger form = (Form_pg_trigger) GETSTRUCT(tuple);

		if (getExtensionOfObject(RelationRelationId, form->tgrelid) ==
				extension &&
			getExtensionOfObject(ProcedureRelationId, form->tgfoid) ==
				extension)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("cannot drop trigger \"%s\" of table dittofs.%s because extension dittofs needs it",
							NameStr(form->tgname), get_rel_name(form->tgrelid)),
					 errhint("ALTER TABLE ... DISABLE TRIGGER stops it for a while.")));
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/* Before an object goes. */
static void
before_drop(Oid class, Oid object)
{
	Oid			extension = get_extension_oid("dittofs", true);
	bool		ours;

	if (!OidIsValid(extension))
		return;
	if (class == TriggerRelationId)
	{
		if (dropping_trigger)
			refuse_trigger(object, extension);
		return;
	}
	ours = class == ExtensionRelationId ? object == extension :
		getExtensionOfObject(class, object) == extension;
	if (ours || (class == RelationRelationId && get_rel_namespace(object) ==
				 get_namespace_oid("dittofs", true)))
		count_files();
	if (ours && count.shares > 0)
		refuse();
}

static void
guard_hook(ObjectAccessType access, Oid class, Oid object, int part, void *arg)
{
	if (next_hook)
		next_hook(access, class, object, part, arg);
	/* an update of the extension drops what it replaces */
	if (access == OAT_DROP && part == 0 && !allow_drop && !creating_extension)
		before_drop(class, object);
}

void
guard_init(void)
{
	DefineCustomBoolVariable("dittofs.allow_drop",
							 "Lets DROP EXTENSION dittofs drop all files.",
							 NULL,
							 &allow_drop,
							 false,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	next_hook = object_access_hook;
	object_access_hook = guard_hook;
}

/* A command that may drop something begins. */
Datum
dittofs_watch_drops(PG_FUNCTION_ARGS)
{
	counted = false;
	dropping_trigger = PG_GETARG_BOOL(0);
	PG_RETURN_VOID();
}
