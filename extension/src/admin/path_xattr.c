/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * path_xattr.c
 *	  Extended attributes by path, for people in psql: getxattr, setxattr,
 *	  removexattr, listxattr.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "utils/builtins.h"

#include "admin/names.h"
#include "admin/path_resolve.h"
#include "base/srf.h"

PG_FUNCTION_INFO_V1(dittofs_getxattr);
PG_FUNCTION_INFO_V1(dittofs_setxattr);
PG_FUNCTION_INFO_V1(dittofs_removexattr);
PG_FUNCTION_INFO_V1(dittofs_listxattr);

/* For messages: could not <verb> attribute "name" of <path>. */
static const char *
attribute_verb(const char *verb, const text *name)
{
	return psprintf("%s attribute \"%s\" of", verb, text_to_cstring(name));
}

static FsBytes
attribute_name(const text *name)
{
	bytea	   *bytes = name_from_text(name);
	FsBytes		result = {VARDATA(bytes), VARSIZE(bytes) - VARHDRSZ};

	return result;
}

/* The words of a path's messages are about files. */
static void
raise_status(const Place *place, Status status)
{
	if (status == FS_EXIST)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("could not %s \"%s\": it exists", place->verb,
						place->path)));
	if (status == FS_NAMETOOLONG)
		ereport(ERROR,
				(errcode(ERRCODE_NAME_TOO_LONG),
				 errmsg("could not %s \"%s\": name too long", place->verb,
						place->path),
				 errhint("The name of an extended attribute can have 250 bytes.")));
	if (status == FS_NOSPC)
		ereport(ERROR,
				(errcode(ERRCODE_DISK_FULL),
				 errmsg("could not %s \"%s\": no space left", place->verb,
						place->path),
				 errhint("An object can have 256 extended attributes, of 1 MiB together; and they count for the share's max_bytes.")));
	if (status == FS_PERM)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("could not %s \"%s\": operation not permitted",
						place->verb, place->path),
				 errhint("Only regular files and directories have extended attributes; those of a directory with the sticky bit only its owner can change.")));
	place_raise(place, status);
}

/* getxattr(path, name, caller) */
Datum
dittofs_getxattr(PG_FUNCTION_ARGS)
{
	Place		place;
	Op			op;
	FsXattr		args;
	FsXattrValue got;

	require_values(fcinfo, 0);
	args.name = attribute_name(PG_GETARG_TEXT_PP(1));
	place_open(&place, attribute_verb("get", PG_GETARG_TEXT_PP(1)),
			   PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(2));
	people_begin();
	op = place_enter(&place, 0);
	raise_status(&place, fs_getxattr(&op, &args, &got));
	people_end();
	PG_RETURN_BYTEA_P(got.value);
}

static XattrHow
how_from_text(const text *how)
{
	const char *word = text_to_cstring(how);

	if (strcmp(word, "either") == 0)
		return XATTR_EITHER;
	if (strcmp(word, "create") == 0)
		return XATTR_CREATE;
	if (strcmp(word, "replace") == 0)
		return XATTR_REPLACE;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is no way to set an attribute", word),
			 errhint("Use either, create or replace.")));
}

/* setxattr(path, name, value, how, caller) */
Datum
dittofs_setxattr(PG_FUNCTION_ARGS)
{
	Place		place;
	Op			op;
	bytea	   *value;
	FsSetXattr	args;
	FsChanged	changed;

	require_values(fcinfo, 0);
	value = PG_GETARG_BYTEA_PP(2);
	args.name = attribute_name(PG_GETARG_TEXT_PP(1));
	args.value.data = VARDATA_ANY(value);
	args.value.len = VARSIZE_ANY_EXHDR(value);
	args.how = how_from_text(PG_GETARG_TEXT_PP(3));
	place_open(&place, attribute_verb("set", PG_GETARG_TEXT_PP(1)),
			   PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(4));
	people_begin();
	op = place_enter(&place, 0);
	raise_status(&place, fs_setxattr(&op, &args, &changed));
	people_end();
	PG_RETURN_VOID();
}

/* removexattr(path, name, caller) */
Datum
dittofs_removexattr(PG_FUNCTION_ARGS)
{
	Place		place;
	Op			op;
	FsXattr		args;
	FsChanged	changed;

	require_values(fcinfo, 0);
	args.name = attribute_name(PG_GETARG_TEXT_PP(1));
	place_open(&place, attribute_verb("remove", PG_GETARG_TEXT_PP(1)),
			   PG_GETARG_TEXT_PP(0), PG_GETARG_DATUM(2));
	people_begin();
	op = place_enter(&place, 0);
	raise_status(&place, fs_removexattr(&op, &args, &changed));
	people_end();
	PG_RETURN_VOID();
}

/* listxattr(path, caller): all, in the order in which they were made. */
Datum
dittofs_listxattr(PG_FUNCTION_ARGS)
{
	Place		place;
	Op			op;
	FsListXattrs args = {.maxcount = PG_INT64_MAX};
	FsXattrPage page;
	Srf			srf;

	require_values(fcinfo, 0);
	srf_begin(fcinfo, &srf);
	place_open(&place, "list attributes of", PG_GETARG_TEXT_PP(0),
			   PG_GETARG_DATUM(1));
	people_begin();
	op = place_enter(&place, 0);
	raise_status(&place, fs_listxattrs(&op, &args, &page));
	people_end();
	for (int i = 0; i < page.n; i++)
	{
		const FsXattrEntry *entry = &page.entries[i];
		Datum		values[2];
		bool		nulls[2] = {false};

		values[0] = CStringGetTextDatum(
			name_to_text(entry->name.data, entry->name.len));
		values[1] = Int32GetDatum(entry->length);
		srf_row(&srf, values, nulls);
	}
	return (Datum) 0;
}
