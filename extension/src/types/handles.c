/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * handles.c
 *	  File handles: a version byte, the share's UUID, the file's UUID.
 *
 * A handle says nothing about rights: the caller that presents one is checked
 * against the rules of the share in it and the mode of the file, on every call,
 * and the file must be of that share.  So it needs no secret; and since it is
 * made of what the tables hold, it survives restart, fail-over, and dump and
 * restore.
 *
 * For people a handle is text: base64 of {"share": name, "id": uuid}.  The
 * JSON is in UTF-8 whatever the database's encoding, so that the text means
 * the same everywhere.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include <ctype.h>

#include "common/base64.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "types/handles.h"
#include "tables/paths.h"
#include "tables/shares.h"

PG_FUNCTION_INFO_V1(dittofs_handle_to_text);
PG_FUNCTION_INFO_V1(dittofs_handle_from_text);
PG_FUNCTION_INFO_V1(dittofs_get_share_name_for_handle);

bool
handle_parse_bytes(const char *data, Handle *handle)
{
	if (data[0] != HANDLE_VERSION)
		return false;
	memcpy(handle->share.data, data + HANDLE_SHARE_AT, UUID_LEN);
	memcpy(handle->id.data, data + HANDLE_FILE_AT, UUID_LEN);
	return true;
}

bool
handle_parse(const bytea *wire, Handle *handle)
{
	return VARSIZE_ANY_EXHDR(wire) == HANDLE_LEN &&
		handle_parse_bytes(VARDATA_ANY(wire), handle);
}

void
handle_write(const Handle *handle, char *data)
{
	data[0] = HANDLE_VERSION;
	memcpy(data + HANDLE_SHARE_AT, handle->share.data, UUID_LEN);
	memcpy(data + HANDLE_FILE_AT, handle->id.data, UUID_LEN);
}

bytea *
handle_form(const pg_uuid_t *share, const pg_uuid_t *id)
{
	bytea	   *wire = palloc(VARHDRSZ + HANDLE_LEN);
	Handle		handle = {*share, *id};

	SET_VARSIZE(wire, VARHDRSZ + HANDLE_LEN);
	handle_write(&handle, VARDATA(wire));
	return wire;
}

Datum
dittofs_handle_to_text(PG_FUNCTION_ARGS)
{
	Handle		handle;
	const Share *share;
	StringInfoData json;
	char	   *utf8;
	text	   *result;
	int			size,
				len;

	if (!handle_parse(PG_GETARG_BYTEA_PP(0), &handle))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid handle"),
				 errhint("A handle comes from a function of dittofs and is %d bytes long.",
						 HANDLE_LEN)));
	share = share_by_uuid(&handle.share);
	if (share == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the share of this handle does not exist"),
				 errhint("It was dropped, or the handle is another database's.")));

	initStringInfo(&json);
	appendStringInfoString(&json, "{\"share\":");
	escape_json(&json, share->name);
	appendStringInfo(&json, ",\"id\":\"%s\"}",
					 DatumGetCString(DirectFunctionCall1(
						 uuid_out, UUIDPGetDatum(&handle.id))));
	utf8 = pg_server_to_any(json.data, json.len, PG_UTF8);

	len = strlen(utf8);
	size = pg_b64_enc_len(len);
	result = palloc(VARHDRSZ + size);
	len = pg_b64_encode((void *) utf8, len, VARDATA(result), size);
	if (len < 0)
		elog(ERROR, "could not encode a handle");
	SET_VARSIZE(result, VARHDRSZ + len);
	PG_RETURN_TEXT_P(result);
}

static void
bad_text(const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid text form of a handle"),
			 errdetail("%s", detail),
			 errhint("It is base64 of {\"share\": name, \"id\": uuid}, as dittofs.handle_to_text() makes it.")));
}

/* The value of a key; it must be there and a string. */
static char *
json_string(Jsonb *json, const char *key)
{
	JsonbValue	value;

	if (getKeyJsonValueFromContainer(&json->root, key, strlen(key),
									 &value) == NULL ||
		value.type != jbvString)
		bad_text(psprintf("It has no string \"%s\".", key));
	return pnstrdup(value.val.string.val, value.val.string.len);
}

/* Base64 is often broken into lines on its way. */
static char *
without_spaces(const text *string)
{
	char	   *result = text_to_cstring(string);
	char	   *out = result;

	for (const char *p = result; *p != '\0'; p++)
	{
		if (!isspace((unsigned char) *p))
			*out++ = *p;
	}
	*out = '\0';
	return result;
}

Datum
dittofs_handle_from_text(PG_FUNCTION_ARGS)
{
	char	   *base64 = without_spaces(PG_GETARG_TEXT_PP(0));
	int			size = pg_b64_dec_len(strlen(base64));
	char	   *utf8 = palloc(size + 1);
	int			len;
	Jsonb	   *json;
	char	   *name;
	const Share *share;
	Datum		id;

	len = pg_b64_decode(base64, strlen(base64), (void *) utf8, size);
	if (len <= 0)
		bad_text("It is not base64.");
	utf8[len] = '\0';
	if (!pg_verify_mbstr(PG_UTF8, utf8, len, true) || strlen(utf8) != len)
		bad_text("What it encodes is not UTF-8.");

	json = DatumGetJsonbP(DirectFunctionCall1(
		jsonb_in, CStringGetDatum(pg_any_to_server(utf8, len, PG_UTF8))));
	if (!JB_ROOT_IS_OBJECT(json) || JB_ROOT_COUNT(json) != 2)
		bad_text("What it encodes is not an object with two keys.");
	name = json_string(json, "share");
	id = DirectFunctionCall1(uuid_in, CStringGetDatum(json_string(json, "id")));

	share = share_by_name(name);
	if (share == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("share \"%s\" does not exist", name),
				 errhint("%s", path_share_hint(name))));
	PG_RETURN_BYTEA_P(handle_form(&share->uuid, DatumGetUUIDP(id)));
}

Datum
dittofs_get_share_name_for_handle(PG_FUNCTION_ARGS)
{
	Handle		handle;
	const Share *share;

	if (!handle_parse(PG_GETARG_BYTEA_PP(0), &handle))
		PG_RETURN_NULL();
	share = share_by_uuid(&handle.share);
	if (share == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(share->name));
}
