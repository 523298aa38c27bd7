/* SPDX-License-Identifier: PostgreSQL */
/*
 * row.c
 *	  Takes apart a composite value in PostgreSQL's binary form.
 *
 * Every length is checked against what is there, although it comes from our
 * own database: an extension of another version must give an error reply, not
 * a wild read.
 */
#include "db/row.h"

#include <stddef.h>

const unsigned char *
take_bytes(struct bytes_reader *in, uint32_t len)
{
	const unsigned char *at = in->at;

	if (!in->ok || (size_t) (in->end - at) < len)
	{
		in->ok = false;
		return NULL;
	}
	in->at = at + len;
	return at;
}

uint8_t
take_uint8(struct bytes_reader *in)
{
	const unsigned char *p = take_bytes(in, 1);

	return p ? p[0] : 0;
}

uint32_t
take_uint32(struct bytes_reader *in)
{
	const unsigned char *p = take_bytes(in, 4);

	if (!p)
		return 0;
	return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 |
		(uint32_t) p[2] << 8 | (uint32_t) p[3];
}

uint64_t
take_uint64(struct bytes_reader *in)
{
	uint64_t	high = take_uint32(in);

	return high << 32 | take_uint32(in);
}

void
row_open(struct row *row, const void *data, int len)
{
	struct bytes_reader in = {data, data, data != NULL};

	if (data)
		in.end = in.at + len;
	row->columns = (int) take_uint32(&in);
	row->at = in.at;
	row->end = in.end;
	row->null = true;
	row->ok = in.ok && row->columns >= 0;
}

/*
 * The next column, of any length.  NULL for a NULL, and when there is none.
 */
const unsigned char *
row_bytes(struct row *row, uint32_t *len)
{
	struct bytes_reader in = {row->at, row->end, row->ok};
	const unsigned char *value = NULL;
	uint32_t	length;

	*len = 0;
	row->null = true;
	(void) take_uint32(&in);	/* the type */
	length = take_uint32(&in);
	if (in.ok && length != UINT32_MAX)
		value = take_bytes(&in, length);
	if (!in.ok || row->columns <= 0)
	{
		row->ok = false;
		return NULL;
	}
	row->columns--;
	row->at = in.at;
	if (!value)
		return NULL;
	row->null = false;
	*len = length;
	return value;
}

/*
 * The next column, which has this length unless it is NULL.
 */
const unsigned char *
row_fixed(struct row *row, uint32_t len)
{
	uint32_t	length;
	const unsigned char *value = row_bytes(row, &length);

	if (value && length != len)
	{
		row->ok = false;
		row->null = true;
		return NULL;
	}
	return value;
}

int32_t
row_int4(struct row *row)
{
	const unsigned char *value = row_fixed(row, 4);
	struct bytes_reader in = {value, value, value != NULL};

	if (!value)
		return 0;
	in.end = value + 4;
	return (int32_t) take_uint32(&in);
}

int64_t
row_int8(struct row *row)
{
	const unsigned char *value = row_fixed(row, 8);
	struct bytes_reader in = {value, value, value != NULL};

	if (!value)
		return 0;
	in.end = value + 8;
	return (int64_t) take_uint64(&in);
}

bool
row_bool(struct row *row)
{
	const unsigned char *value = row_fixed(row, 1);

	return value && value[0] != 0;
}

void
row_skip(struct row *row, int columns)
{
	uint32_t	len;

	while (columns-- > 0)
		(void) row_bytes(row, &len);
}
