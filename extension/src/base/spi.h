/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * spi.h
 *	  Runs SQL statements inside functions of the extension.
 *
 * A function that is not hot (administration, background passes, reports of
 * gateways) runs SQL as the extension's owner.  All of them use this header, so
 * that four rules hold everywhere:
 *
 *	- spi_run() changes things: it takes a new snapshot, and so sees what
 *	  earlier statements of the same call have changed, and what other
 *	  transactions have committed meanwhile (READ COMMITTED).  spi_look() has
 *	  the snapshot of the statement that called the function, and can change
 *	  nothing.
 *	- The caller's memory context stays the current one.  SPI itself would
 *	  switch to a context that spi_end() deletes, with all that was allocated
 *	  there.
 *	- spi_value() returns a copy in the current memory context.  So a value
 *	  outlives the next statement, and spi_end().
 *	- One result is kept at a time.  A function that runs thousands of
 *	  statements holds no more memory than one that runs a few.
 *
 * Arguments carry their types: spi_run("... $1 ... $2", spi_uuid(id),
 * spi_text(s)).
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_SPI_H
#define DITTOFS_SPI_H

#include "base/dittofs.h"

#include "access/htup.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

/*
 * An argument of a statement.  Its value must be good until the statement has
 * run.
 */
typedef struct SpiArg
{
	Oid			type;
	Datum		value;
	bool		isnull;
} SpiArg;

static inline SpiArg
spi_datum(Oid type, Datum value)
{
	return (SpiArg) {type, value, false};
}

static inline SpiArg
spi_null(Oid type)
{
	return (SpiArg) {type, (Datum) 0, true};
}

static inline SpiArg
spi_int4(int32 value)
{
	return spi_datum(INT4OID, Int32GetDatum(value));
}

static inline SpiArg
spi_int8(int64 value)
{
	return spi_datum(INT8OID, Int64GetDatum(value));
}

static inline SpiArg
spi_text(const char *value)
{
	return spi_datum(TEXTOID, CStringGetTextDatum(value));
}

static inline SpiArg
spi_uuid(const pg_uuid_t *value)
{
	return spi_datum(UUIDOID, UUIDPGetDatum(value));
}

static inline SpiArg
spi_timestamp(TimestampTz value)
{
	return spi_datum(TIMESTAMPTZOID, TimestampTzGetDatum(value));
}

/* Argument arg of the function that is called, NULL included. */
#define spi_arg(type, arg) \
	((SpiArg) {(type), PG_GETARG_DATUM(arg), PG_ARGISNULL(arg)})

/*
 * Statements run between these two.  An error ends everything without
 * spi_end().
 */
extern void spi_begin(void);
extern void spi_end(void);

/*
 * Runs a statement with n arguments, and returns how many rows there are in its
 * result, or how many it has changed.  A statement that fails is an ERROR.
 */
extern uint64 spi_execute(const char *sql, bool read_only, int n,
						  const SpiArg *args);

#define SPI_ARGS(...) \
	sizeof((SpiArg[]) {__VA_ARGS__}) / sizeof(SpiArg), (SpiArg[]) {__VA_ARGS__}
#define spi_run(sql, ...)	spi_execute(sql, false, SPI_ARGS(__VA_ARGS__))
#define spi_look(sql, ...)	spi_execute(sql, true, SPI_ARGS(__VA_ARGS__))

/*
 * A value of the last statement's result, copied to the current memory context.
 * Rows count from 0, columns from 1 as in SQL.  isnull may be NULL if the
 * column cannot be; then a null is an ERROR.
 */
extern Datum spi_value(uint64 row, int column, bool *isnull);

/*
 * A row of the last statement's result, good until the next statement or
 * spi_end().
 */
extern HeapTuple spi_row(uint64 row);

#endif							/* DITTOFS_SPI_H */
