/*-------------------------------------------------------------------------
 *
 * srf.h
 *	  Functions that return a set, all rows at once.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_SRF_H
#define DITTOFS_SRF_H

#include "dittofs.h"

#include "access/tupdesc.h"
#include "utils/tuplestore.h"

typedef struct Srf
{
	Tuplestorestate *rows;
	TupleDesc	desc;
} Srf;

/* To be called first; then srf_row() for each row, and return (Datum) 0. */
extern void srf_begin(FunctionCallInfo fcinfo, Srf *srf);
extern void srf_row(Srf *srf, Datum *values, bool *nulls);

/*
 * All rows of a statement, whose columns are those of the result.  read_only: it
 * sees what the calling statement sees.
 */
extern void srf_query(FunctionCallInfo fcinfo, const char *sql, bool read_only,
					  int n, Oid *types, Datum *args);

/* The row type of a function that returns one row. */
extern Datum srf_single_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls);

#endif							/* DITTOFS_SRF_H */
