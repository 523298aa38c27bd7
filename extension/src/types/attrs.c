/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * attrs.c
 *	  SQL types dittofs.fattr and dittofs.wcc: attributes on their way out.
 *
 * Both are only ever made by the extension, as structs; they have an output
 * form for people, a binary form for the gateway, and no input form, since
 * nothing takes one.  dittofs.attributes(), before() and after() unfold them
 * into columns.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "types/attrs.h"
#include "tables/rel.h"

PG_FUNCTION_INFO_V1(dittofs_fattr_in);
PG_FUNCTION_INFO_V1(dittofs_fattr_out);
PG_FUNCTION_INFO_V1(dittofs_fattr_send);
PG_FUNCTION_INFO_V1(dittofs_fattr_attributes);
PG_FUNCTION_INFO_V1(dittofs_wcc_in);
PG_FUNCTION_INFO_V1(dittofs_wcc_out);
PG_FUNCTION_INFO_V1(dittofs_wcc_send);
PG_FUNCTION_INFO_V1(dittofs_wcc_before);
PG_FUNCTION_INFO_V1(dittofs_wcc_after);

const char *
kind_name(int kind)
{
	static const char *const names[] = KIND_WORDS;

	if (kind < KIND_REGULAR || kind > KIND_FIFO)
		return NULL;
	return names[kind];
}

static void
refuse_input(const char *type)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot accept a value of type %s", type),
			 errdetail("Only the functions of dittofs make one.")));
}

Datum
dittofs_fattr_in(PG_FUNCTION_ARGS)
{
	refuse_input("dittofs.fattr");
	PG_RETURN_NULL();
}

Datum
dittofs_wcc_in(PG_FUNCTION_ARGS)
{
	refuse_input("dittofs.wcc");
	PG_RETURN_NULL();
}

static void
fattr_append_text(StringInfo out, const Fattr *fattr)
{
	appendStringInfo(out,
					 "kind=%s mode=%04o nlink=%u uid=%u gid=%u size=" UINT64_FORMAT
					 " used=" UINT64_FORMAT " rdev=%u,%u fsid=" UINT64_FORMAT
					 " fileid=" UINT64_FORMAT " atime=" INT64_FORMAT
					 " mtime=" INT64_FORMAT " ctime=" INT64_FORMAT,
					 kind_name(fattr->kind), fattr->mode, fattr->nlink,
					 fattr->uid, fattr->gid, fattr->size, fattr->used,
					 fattr->rdev_major, fattr->rdev_minor,
					 fattr->fsid, fattr->fileid,
					 fattr->atime, fattr->mtime, fattr->ctime);
}

Datum
dittofs_fattr_out(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	fattr_append_text(&out, (Fattr *) PG_GETARG_POINTER(0));
	PG_RETURN_CSTRING(out.data);
}

Datum
dittofs_wcc_out(PG_FUNCTION_ARGS)
{
	Wcc		   *wcc = (Wcc *) PG_GETARG_POINTER(0);
	StringInfoData out;

	initStringInfo(&out);
	if (wcc->has_before)
		appendStringInfo(&out,
						 "before=(size=" INT64_FORMAT " mtime=" INT64_FORMAT
						 " ctime=" INT64_FORMAT ")",
						 wcc->before_size, wcc->before_mtime,
						 wcc->before_ctime);
	else
		appendStringInfoString(&out, "before=none");
	if (wcc->has_after)
	{
		appendStringInfoString(&out, " after=(");
		fattr_append_text(&out, &wcc->after);
		appendStringInfoChar(&out, ')');
	}
	else
		appendStringInfoString(&out, " after=none");
	PG_RETURN_CSTRING(out.data);
}

static void
fattr_append_binary(StringInfo buf, const Fattr *fattr)
{
	int			begin PG_USED_FOR_ASSERTS_ONLY = buf->len;

	enlargeStringInfo(buf, FATTR_LEN);
	pq_writeint32(buf, fattr->kind);
	pq_writeint32(buf, fattr->mode);
	pq_writeint32(buf, fattr->nlink);
	pq_writeint32(buf, fattr->uid);
	pq_writeint32(buf, fattr->gid);
	pq_writeint64(buf, fattr->size);
	pq_writeint64(buf, fattr->used);
	pq_writeint32(buf, fattr->rdev_major);
	pq_writeint32(buf, fattr->rdev_minor);
	pq_writeint64(buf, fattr->fsid);
	pq_writeint64(buf, fattr->fileid);
	pq_writeint64(buf, fattr->atime);
	pq_writeint64(buf, fattr->mtime);
	pq_writeint64(buf, fattr->ctime);
	Assert(buf->len - begin == FATTR_LEN);
}

Datum
dittofs_fattr_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;

	pq_begintypsend(&buf);
	fattr_append_binary(&buf, (Fattr *) PG_GETARG_POINTER(0));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

Datum
dittofs_wcc_send(PG_FUNCTION_ARGS)
{
	Wcc		   *wcc = (Wcc *) PG_GETARG_POINTER(0);
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbyte(&buf, wcc->has_before ? 1 : 0);
	if (wcc->has_before)
	{
		pq_sendint64(&buf, wcc->before_size);
		pq_sendint64(&buf, wcc->before_mtime);
		pq_sendint64(&buf, wcc->before_ctime);
	}
	pq_sendbyte(&buf, wcc->has_after ? 1 : 0);
	if (wcc->has_after)
		fattr_append_binary(&buf, &wcc->after);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

Datum
dittofs_fattr_attributes(PG_FUNCTION_ARGS)
{
	Fattr	   *fattr = (Fattr *) PG_GETARG_POINTER(0);
	Datum		values[14];
	bool		nulls[14] = {false};

	values[0] = CStringGetTextDatum(kind_name(fattr->kind));
	values[1] = Int32GetDatum(fattr->mode);
	values[2] = Int64GetDatum(fattr->nlink);
	values[3] = Int64GetDatum(fattr->uid);
	values[4] = Int64GetDatum(fattr->gid);
	values[5] = Int64GetDatum(fattr->size);
	values[6] = Int64GetDatum(fattr->used);
	values[7] = Int64GetDatum(fattr->rdev_major);
	values[8] = Int64GetDatum(fattr->rdev_minor);
	values[9] = Int64GetDatum(fattr->fsid);
	values[10] = Int64GetDatum(fattr->fileid);
	values[11] = Int64GetDatum(fattr->atime);
	values[12] = Int64GetDatum(fattr->mtime);
	values[13] = Int64GetDatum(fattr->ctime);
	return rel_form_result(TYPE_ATTRIBUTES, values, nulls, lengthof(values));
}

Datum
dittofs_wcc_before(PG_FUNCTION_ARGS)
{
	Wcc		   *wcc = (Wcc *) PG_GETARG_POINTER(0);
	Datum		values[3];
	bool		nulls[3] = {false};

	if (!wcc->has_before)
		PG_RETURN_NULL();
	values[0] = Int64GetDatum(wcc->before_size);
	values[1] = Int64GetDatum(wcc->before_mtime);
	values[2] = Int64GetDatum(wcc->before_ctime);
	return rel_form_result(TYPE_WCC_BEFORE, values, nulls, lengthof(values));
}

Datum
dittofs_wcc_after(PG_FUNCTION_ARGS)
{
	Wcc		   *wcc = (Wcc *) PG_GETARG_POINTER(0);
	Fattr	   *fattr;

	if (!wcc->has_after)
		PG_RETURN_NULL();
	fattr = palloc(sizeof(Fattr));
	*fattr = wcc->after;
	PG_RETURN_POINTER(fattr);
}
