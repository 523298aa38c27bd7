/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * path_resolve.c
 *	  Walks the paths of the functions for people (path_api.c, path_list.c) by
 *	  fs_lookup(), and raises its errors.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "catalog/pg_proc.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "admin/names.h"
#include "admin/path_resolve.h"

void
place_raise(const Place *place, Status status)
{
	status_raise(status, place->verb, place->path);
}

void
people_begin(void)
{
	PushActiveSnapshot(GetTransactionSnapshot());
}

void
people_end(void)
{
	PopActiveSnapshot();
}

void
require_values(FunctionCallInfo fcinfo, uint32 nullable)
{
	for (int i = 0; i < PG_NARGS(); i++)
	{
		HeapTuple	function;
		Oid		   *types;
		char	  **names;
		char	   *modes;

		if (!PG_ARGISNULL(i) || (nullable >> i & 1) != 0)
			continue;
		function = SearchSysCache1(PROCOID,
								   ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
		if (!HeapTupleIsValid(function))
			elog(ERROR, "cache lookup failed for function %u",
				 fcinfo->flinfo->fn_oid);
		get_func_arg_info(function, &types, &names, &modes);
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s of dittofs.%s() must not be null",
						names != NULL ? names[i] : "argument",
						NameStr(((Form_pg_proc) GETSTRUCT(function))->proname)),
				 errhint("Nothing was done. Where a row has no value, leave it out: WHERE ... IS NOT NULL.")));
	}
}

void
place_open(Place *place, const char *verb, text *path, Datum caller)
{
	bytea	   *bytes = name_from_text(path);
	const Share *share;

	place->verb = verb;
	place->path = text_to_cstring(path);
	if (!path_split(VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ, &place->names))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("path \"%s\" does not begin with a slash", place->path),
				 errhint("A path begins with the name of a share. %s",
						 path_share_hint(place->path))));
	share = path_share(&place->names, false, &place->depth);
	if (share == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FILE),
				 errmsg("could not %s \"%s\": no share has this name",
						verb, place->path),
				 errhint("%s", path_share_hint(place->path))));
	op_enter_share(&place->root, share, &share->root_id,
				   DatumGetCallerP(caller));
}

Op
place_enter(const Place *place, int up)
{
	Op			op = place->root;

	for (int i = place->depth; i < place->names.n - up; i++)
	{
		FsLookup	lookup = {.name = path_name_bytes(&place->names.names[i])};
		FsLookedUp	found;

		place_raise(place, fs_lookup(&op, &lookup, &found));
		op = op_at(&op, &found.handle);
	}
	return op;
}

Op
place_enter_dir(const Place *place, Status at_root, FsBytes *name)
{
	if (place->names.n == place->depth)
		place_raise(place, at_root);
	*name = path_name_bytes(&place->names.names[place->names.n - 1]);
	return place_enter(place, 1);
}
