/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  DROP EXTENSION is refused while there are files.
 *
 * Dropping an extension drops its tables without asking, and what people put
 * into a file system is worth a question.  An event trigger looks at three
 * commands before they begin: DROP EXTENSION dittofs, DROP SCHEMA dittofs,
 * and DROP OWNED BY the extension's owner.  Whoever means it sets
 * dittofs.allow_drop, in the session or by PGOPTIONS, as for
 *
 *		PGOPTIONS='-c dittofs.allow_drop=on' pg_restore --clean ...
 *
 * A trigger on sql_drop would see every way of dropping, but it belongs to the
 * extension and so is gone when its time comes.  Superusers can disable the
 * event trigger; this is a seat belt, not a lock.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "commands/event_trigger.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "dirents.h"
#include "guard.h"
#include "health.h"
#include "shares.h"
#include "usage.h"

PG_FUNCTION_INFO_V1(dittofs_guard_drop);

static bool allow_drop = false;

void
guard_init(void)
{
	DefineCustomBoolVariable("dittofs.allow_drop",
							 "Lets DROP EXTENSION dittofs drop all files.",
							 NULL,
							 &allow_drop,
							 false,
							 PGC_USERSET, 0, NULL, NULL, NULL);
}

static bool
names_us(List *objects)
{
	ListCell   *cell;

	foreach(cell, objects)
	{
		if (strcmp(strVal(lfirst(cell)), "dittofs") == 0)
			return true;
	}
	return false;
}

static bool
names_owner(List *roles)
{
	Installed	installed;
	ListCell   *cell;

	if (!extension_installed(&installed))
		return false;
	foreach(cell, roles)
	{
		if (get_rolespec_oid(lfirst(cell), true) == installed.owner)
			return true;
	}
	return false;
}

/* Would this command drop the extension? */
static bool
drops_us(Node *command)
{
	if (IsA(command, DropStmt))
	{
		DropStmt   *drop = (DropStmt *) command;

		return (drop->removeType == OBJECT_EXTENSION ||
				drop->removeType == OBJECT_SCHEMA) && names_us(drop->objects);
	}
	if (IsA(command, DropOwnedStmt))
		return names_owner(((DropOwnedStmt *) command)->roles);
	return false;
}

typedef struct Count
{
	int			shares;
	int64		inodes;
	int64		bytes;
} Count;

static void
count_share(const Share *share, void *arg)
{
	Count	   *count = arg;
	int64		inodes;
	int64		bytes;

	usage_get(share->share_id, &bytes, &inodes);
	if (inodes > 1 || dirent_any(&share->root_id))
	{
		count->shares++;
		count->inodes += inodes - 1;
		count->bytes += bytes;
	}
}

Datum
dittofs_guard_drop(PG_FUNCTION_ARGS)
{
	EventTriggerData *data;
	Count		count = {0};

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("dittofs.guard_drop() is an event trigger function")));
	data = (EventTriggerData *) fcinfo->context;
	if (allow_drop || !drops_us(data->parsetree))
		PG_RETURN_NULL();

	PushActiveSnapshot(GetTransactionSnapshot());
	share_foreach(count_share, &count);
	PopActiveSnapshot();
	if (count.shares > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot drop extension dittofs because it holds files"),
				 errdetail_plural("%d share has files in it: " INT64_FORMAT
								  " inodes, " INT64_FORMAT " bytes.",
								  "%d shares have files in them: " INT64_FORMAT
								  " inodes, " INT64_FORMAT " bytes.",
								  count.shares, count.shares, count.inodes,
								  count.bytes),
				 errhint("SET dittofs.allow_drop = on to drop the extension and all files "
						 "(for pg_restore --clean: PGOPTIONS='-c dittofs.allow_drop=on').")));
	PG_RETURN_NULL();
}
