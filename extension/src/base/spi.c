/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * spi.c
 *	  Runs SQL statements inside functions of the extension: see spi.h.
 *
 * The rules about memory come from a mistake that is easily made: a Datum that
 * SPI_getbinval() returns points into a result that goes with SPI_finish(), and
 * a palloc() after SPI_connect() is in a context that goes with it, too.  Both
 * look right until the memory is used again.
 *
 * Results that are too large for memory are read by a cursor (fsck.c), and a
 * statement that is run for each of thousands of rows is prepared once
 * (block_list.c); these two talk to SPI themselves.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "executor/spi.h"
#include "utils/datum.h"
#include "utils/memutils.h"

#include "base/spi.h"

/* More than any statement has. */
#define ARGS_MAX	32

void
spi_begin(void)
{
	MemoryContext caller = CurrentMemoryContext;
	int			code = SPI_connect();

	if (code != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed: %s", SPI_result_code_string(code));
	MemoryContextSwitchTo(caller);
}

void
spi_end(void)
{
	MemoryContext caller = CurrentMemoryContext;
	int			code = SPI_finish();

	if (code != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed: %s", SPI_result_code_string(code));
	MemoryContextSwitchTo(caller);
}

uint64
spi_execute(const char *sql, bool read_only, int n, const SpiArg *args)
{
	MemoryContext caller = CurrentMemoryContext;
	Oid			types[ARGS_MAX];
	Datum		values[ARGS_MAX];
	char		nulls[ARGS_MAX];
	int			code;

	if (n > ARGS_MAX)
		elog(ERROR, "a statement has more than %d arguments", ARGS_MAX);
	for (int i = 0; i < n; i++)
	{
		types[i] = args[i].type;
		values[i] = args[i].value;
		nulls[i] = args[i].isnull ? 'n' : ' ';
	}
	SPI_freetuptable(SPI_tuptable);
	code = SPI_execute_with_args(sql, n, types, values, nulls, read_only, 0);
	if (code < 0)
		elog(ERROR, "could not run \"%s\": %s", sql,
			 SPI_result_code_string(code));
	MemoryContextSwitchTo(caller);
	return SPI_processed;
}

Datum
spi_value(uint64 row, int column, bool *isnull)
{
	HeapTuple	tuple = spi_row(row);
	TupleDesc	desc = SPI_tuptable->tupdesc;
	Form_pg_attribute attribute = TupleDescAttr(desc, column - 1);
	bool		null;
	Datum		value = SPI_getbinval(tuple, desc, column, &null);

	if (isnull != NULL)
		*isnull = null;
	else if (null)
		elog(ERROR, "column %d of a result is null", column);
	return null ? (Datum) 0 :
				  datumCopy(value, attribute->attbyval, attribute->attlen);
}

HeapTuple
spi_row(uint64 row)
{
	Assert(SPI_tuptable != NULL && row < SPI_tuptable->numvals);
	return SPI_tuptable->vals[row];
}
