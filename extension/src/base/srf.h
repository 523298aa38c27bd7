/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * srf.h
 *	  Returns sets from functions, all rows at once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_SRF_H
#define DITTOFS_SRF_H

#include "base/dittofs.h"

#include "access/tupdesc.h"
#include "utils/tuplestore.h"

#include "base/spi.h"

typedef struct Srf
{
	Tuplestorestate *rows;
	TupleDesc	desc;
} Srf;

/* To be called first; then srf_row() for each row, and return (Datum) 0. */
extern void srf_begin(FunctionCallInfo fcinfo, Srf *srf);
extern void srf_row(Srf *srf, Datum *values, bool *nulls);

/*
 * Returns all rows of a statement, whose columns are those of the result:
 * srf_query(fcinfo, sql, read_only, SPI_ARGS(...)), with read_only as in spi.h.
 */
extern void srf_query(FunctionCallInfo fcinfo, const char *sql, bool read_only,
					  int n, const SpiArg *args);

/* The row type of a function that returns one row. */
extern Datum srf_single_row(FunctionCallInfo fcinfo, Datum *values,
							bool *nulls);

#endif							/* DITTOFS_SRF_H */
