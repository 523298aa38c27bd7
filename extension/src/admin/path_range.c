/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * path_range.c
 *	  Holes and ranges of files by path, for people in psql: seek_data,
 *	  seek_hole, punch_hole, allocate, copy_range, clone_range.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "utils/builtins.h"

#include "admin/path_resolve.h"

PG_FUNCTION_INFO_V1(dittofs_seek_data);
PG_FUNCTION_INFO_V1(dittofs_seek_hole);
PG_FUNCTION_INFO_V1(dittofs_punch_hole);
PG_FUNCTION_INFO_V1(dittofs_allocate);
PG_FUNCTION_INFO_V1(dittofs_copy_range);
PG_FUNCTION_INFO_V1(dittofs_clone_range);

/* NULL: there is none; of a hole, that is an offset beyond the end. */
static Datum
seek(FunctionCallInfo fcinfo, bool hole)
{
	Place		place;
	Op			op;
	FsSeek		args = {.hole = hole};
	FsSought	sought;
	Status		status;

	require_values(fcinfo, 0);
	args.offset = PG_GETARG_INT64(1);
	place_open(&place, hole ? "look for a hole in" : "look for data in",
			   PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(2));
	people_begin();
	op = place_enter(&place, 0);
	status = fs_seek(&op, &args, &sought);
	people_end();
	if (status == FS_NXIO)
		PG_RETURN_NULL();
	place_raise(&place, status);
	if (sought.eof && !hole)
		PG_RETURN_NULL();
	PG_RETURN_INT64(sought.offset);
}

/* seek_data(path, offset, caller), seek_hole(path, offset, caller) */
Datum
dittofs_seek_data(PG_FUNCTION_ARGS)
{
	return seek(fcinfo, false);
}

Datum
dittofs_seek_hole(PG_FUNCTION_ARGS)
{
	return seek(fcinfo, true);
}

static Datum
change_range(FunctionCallInfo fcinfo, const char *verb,
			 Status (*change) (const Op *op, const FsRange *args,
							   FsChanged *result))
{
	Place		place;
	Op			op;
	FsRange		range;
	FsChanged	changed;

	require_values(fcinfo, 0);
	range.offset = PG_GETARG_INT64(1);
	range.count = PG_GETARG_INT64(2);
	place_open(&place, verb, PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(3));
	people_begin();
	op = place_enter(&place, 0);
	place_raise(&place, change(&op, &range, &changed));
	people_end();
	PG_RETURN_VOID();
}

/* punch_hole(path, offset, count, caller) */
Datum
dittofs_punch_hole(PG_FUNCTION_ARGS)
{
	return change_range(fcinfo, "punch a hole into", fs_deallocate);
}

/* allocate(path, offset, count, caller) */
Datum
dittofs_allocate(PG_FUNCTION_ARGS)
{
	return change_range(fcinfo, "allocate space of", fs_allocate);
}

/* Where a status of these has another meaning than the names of files give. */
static void
raise_status(const Place *place, Status status)
{
	if (status == FS_XDEV)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("could not %s \"%s\": some of it is in a store that the target's share does not have",
						place->verb, place->path),
				 errhint("Only gateways read from stores: copy the file through one.")));
	if (status == FS_INVAL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("could not %s \"%s\": invalid argument", place->verb,
						place->path),
				 errhint("The source must have all of the range, which must not overlap its copy. One clone is of 4096 pages in the database, 33 MB, and 10000 pieces of blocks at most: copy_range() has no such limit.")));
	place_raise(place, status);
}

/* (source, target, source_offset, target_offset, count, caller): the bytes */
static int64
copy_range(FunctionCallInfo fcinfo, const char *verb,
		   Status (*copy) (const Op *source, const Op *target,
						   const FsCopy *args, FsCopied *result))
{
	Place		source;
	Place		target;
	Op			from;
	Op			to;
	FsCopy		args;
	FsCopied	copied;

	require_values(fcinfo, 0);
	args.from = PG_GETARG_INT64(2);
	args.to = PG_GETARG_INT64(3);
	args.count = PG_GETARG_INT64(4);
	place_open(&source, verb, PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(5));
	place_open(&target, psprintf("%s into", verb), PG_GETARG_TEXT_PP(1),
			   PG_GETARG_DATUM(5));
	people_begin();
	from = place_enter(&source, 0);
	to = place_enter(&target, 0);
	source.path = psprintf("%s\" to \"%s", source.path, target.path);
	raise_status(&source, copy(&from, &to, &args, &copied));
	people_end();
	return copied.count;
}

/* copy_range(...): how many bytes were copied */
Datum
dittofs_copy_range(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(copy_range(fcinfo, "copy", fs_copy));
}

/* clone_range(...) */
Datum
dittofs_clone_range(PG_FUNCTION_ARGS)
{
	(void) copy_range(fcinfo, "clone", fs_clone);
	PG_RETURN_VOID();
}
