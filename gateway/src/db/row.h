/* SPDX-License-Identifier: PostgreSQL */
/*
 * row.h
 *	  Takes apart a composite value in PostgreSQL's binary form.
 *
 * The form (record_send): int32 number of columns; for each column its type's
 * OID, int32 length (-1 for NULL) and the value.  All integers big-endian.
 *
 * Columns are taken in order, one call each.  Nothing is copied: a pointer
 * handed out lies in the PGresult.  A value that does not fit (short, a column
 * too many, a length other than its type's) clears `ok` and everything taken
 * from then on is zero and NULL, so a caller checks once, at the end.
 */
#ifndef DITTOFS_ROW_H
#define DITTOFS_ROW_H

#include <stdbool.h>
#include <stdint.h>

#include "db/call.h"

struct row
{
	const unsigned char *at;	/* the next column */
	const unsigned char *end;
	int			columns;		/* still to come */
	bool		null;			/* the column taken last was NULL */
	bool		ok;				/* all of it has had its form so far */
};

extern void row_open(struct row *row, const void *data, int len);
extern const unsigned char *row_bytes(struct row *row, uint32_t *len);
extern const unsigned char *row_fixed(struct row *row, uint32_t len);
extern int32_t row_int4(struct row *row);
extern int64_t row_int8(struct row *row);
extern bool row_bool(struct row *row);
extern void row_skip(struct row *row, int columns);

/*
 * The same, for a value of bytes alone: fattr and wcc have no columns, an
 * array is a form of its own.
 */
struct bytes_reader
{
	const unsigned char *at;
	const unsigned char *end;
	bool		ok;
};

static inline struct bytes_reader
reader_of(struct bytes bytes)
{
	const unsigned char *at = (const unsigned char *) bytes.data;

	return (struct bytes_reader) {at, at + bytes.size, true};
}

extern const unsigned char *take_bytes(struct bytes_reader *in, uint32_t len);
extern uint8_t take_uint8(struct bytes_reader *in);
extern uint32_t take_uint32(struct bytes_reader *in);
extern uint64_t take_uint64(struct bytes_reader *in);

#endif							/* DITTOFS_ROW_H */
