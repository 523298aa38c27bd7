/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * srf.c
 *	  Functions that return a set, all rows at once.
 *
 * The server's own helper for this has had three names in five versions.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "base/srf.h"

static TupleDesc
result_desc(FunctionCallInfo fcinfo)
{
	TupleDesc	desc;

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return desc;
}

void
srf_begin(FunctionCallInfo fcinfo, Srf *srf)
{
	ReturnSetInfo *info = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller_context;

	if (info == NULL || !IsA(info, ReturnSetInfo) ||
		(info->allowedModes & SFRM_Materialize) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("set-valued function called in context that cannot accept a set")));

	caller_context =
		MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
	srf->desc = result_desc(fcinfo);
	srf->rows = tuplestore_begin_heap(
		(info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
	info->returnMode = SFRM_Materialize;
	info->setResult = srf->rows;
	info->setDesc = srf->desc;
	MemoryContextSwitchTo(caller_context);
}

void
srf_row(Srf *srf, Datum *values, bool *nulls)
{
	tuplestore_putvalues(srf->rows, srf->desc, values, nulls);
}

void
srf_query(FunctionCallInfo fcinfo, const char *sql, bool read_only, int n,
		  const SpiArg *args)
{
	Srf			srf;
	uint64		rows;

	srf_begin(fcinfo, &srf);
	spi_begin();
	rows = spi_execute(sql, read_only, n, args);
	for (uint64 i = 0; i < rows; i++)
		tuplestore_puttuple(srf.rows, spi_row(i));
	spi_end();
}

Datum
srf_single_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	TupleDesc	desc = BlessTupleDesc(result_desc(fcinfo));

	return HeapTupleGetDatum(heap_form_tuple(desc, values, nulls));
}
