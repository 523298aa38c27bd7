/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * share_fsinfo.c
 *	  Sets what FSINFO tells of a share; fsinfo.c tells it.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "admin/shares_admin.h"
#include "base/spi.h"

PG_FUNCTION_INFO_V1(dittofs_set_filesystem_capabilities);

/* What a transfer may be, from a page to what a gateway takes in a record. */
#define TRANSFER_MIN	4096

static int32
transfer_size(FunctionCallInfo fcinfo, int arg, const char *option, int32 old)
{
	int32		size;

	if (PG_ARGISNULL(arg))
		return old;
	size = PG_GETARG_INT32(arg);
	if (size < TRANSFER_MIN || size > TRANSFER_MAX || size % TRANSFER_MIN != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for %s: %d", option, size),
				 errhint("Use a multiple of %d from %d to %d.",
						 TRANSFER_MIN, TRANSFER_MIN, TRANSFER_MAX)));
	return size;
}

/* A size that clients are to prefer but cannot use would be no help. */
static int32
preferred_size(FunctionCallInfo fcinfo, int arg, const char *option, int32 old,
			   int32 max)
{
	int32		size = transfer_size(fcinfo, arg, option, old);

	if (size > max && !PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for %s: %d", option, size),
				 errdetail("It is above the greatest size allowed, %d.", max),
				 errhint("Raise the greatest size too: %.5s => %d.",
						 strcmp(option, "rtpref") == 0 ? "rtmax" : "wtmax",
						 size)));
	return Min(size, max);
}

Datum
dittofs_set_filesystem_capabilities(PG_FUNCTION_ARGS)
{
	static const char *const sql =
		"INSERT INTO dittofs.filesystem_capabilities AS c"
		" (share_id, rtmax, rtpref, wtmax, wtpref, dtpref, maxfilesize)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7)"
		" ON CONFLICT (share_id) DO UPDATE SET rtmax = excluded.rtmax,"
		" rtpref = excluded.rtpref, wtmax = excluded.wtmax,"
		" wtpref = excluded.wtpref, dtpref = excluded.dtpref,"
		" maxfilesize = excluded.maxfilesize";
	const Share *share = share_argument(fcinfo, 0);
	int32		rtmax = transfer_size(fcinfo, 1, "rtmax", share->rtmax);
	int32		wtmax = transfer_size(fcinfo, 3, "wtmax", share->wtmax);
	int64		maxfilesize = share->maxfilesize;

	if (!PG_ARGISNULL(6))
		maxfilesize = PG_GETARG_INT64(6);
	if (maxfilesize < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for maxfilesize: " INT64_FORMAT,
						maxfilesize),
				 errhint("Use a number of bytes from 0 to " INT64_FORMAT ".",
						 FS_SIZE_MAX)));
	spi_begin();
	spi_run(sql, spi_int4(share->share_id), spi_int4(rtmax),
			spi_int4(preferred_size(fcinfo, 2, "rtpref", share->rtpref, rtmax)),
			spi_int4(wtmax),
			spi_int4(preferred_size(fcinfo, 4, "wtpref", share->wtpref, wtmax)),
			spi_int4(transfer_size(fcinfo, 5, "dtpref", share->dtpref)),
			spi_int8(maxfilesize));
	spi_end();
	PG_RETURN_VOID();
}
