/* SPDX-License-Identifier: PostgreSQL */
/*
 * record.c
 *	  Record marking: see record.h.
 *
 * The state is the place in the stream: in a mark (mark_have < 4), or in a
 * fragment (mark_have == 4, left bytes of it to come).  No more memory is
 * asked for than the mark in hand justifies, and none at all before the
 * receiver agrees: a client that announces a megabyte and falls silent must
 * not hold one.
 */
#include "wire/record.h"

#include <string.h>

void
record_reader_init(struct record_reader *reader, size_t limit)
{
	memset(reader, 0, sizeof(*reader));
	reader->limit = limit;
}

void
record_reader_reset(struct record_reader *reader)
{
	if (reader->chunk != NULL)
		region_chunk_free(reader->chunk);
	record_reader_init(reader, reader->limit);
}

bool
record_begun(const struct record_reader *reader)
{
	return reader->mark_have > 0 || reader->chunk != NULL;
}

bool
record_needs_room(const struct record_reader *reader)
{
	return reader->mark_have == RECORD_MARK_SIZE && reader->chunk == NULL;
}

size_t
record_room_wanted(const struct record_reader *reader)
{
	return reader->last ? reader->size + reader->left : reader->limit;
}

void
record_make_room(struct record_reader *reader, size_t size)
{
	reader->chunk = region_chunk_new(size);
}

char *
record_target(struct record_reader *reader, size_t *size)
{
	if (reader->chunk == NULL || reader->mark_have < RECORD_MARK_SIZE ||
		reader->left == 0)
		return NULL;
	*size = reader->left;
	return reader->chunk->data + reader->size;
}

void
record_received(struct record_reader *reader, size_t size)
{
	reader->size += size;
	reader->left -= size;
}

/* Take bytes of a mark.  True when it is complete. */
static bool
take_mark(struct record_reader *reader, const char **data, size_t *size)
{
	uint32_t	mark;

	while (reader->mark_have < RECORD_MARK_SIZE && *size > 0)
	{
		reader->mark[reader->mark_have++] = (uint8_t) *(*data)++;
		(*size)--;
	}
	if (reader->mark_have < RECORD_MARK_SIZE)
		return false;

	mark = (uint32_t) reader->mark[0] << 24 | (uint32_t) reader->mark[1] << 16 |
		(uint32_t) reader->mark[2] << 8 | reader->mark[3];
	reader->last = (mark & RECORD_LAST) != 0;
	reader->left = mark & ~RECORD_LAST;
	return true;
}

enum record_outcome
record_next(struct record_reader *reader, const char **data, size_t *size,
			struct record *record)
{
	for (;;)
	{
		size_t		n;

		if (reader->mark_have < RECORD_MARK_SIZE)
		{
			if (!take_mark(reader, data, size))
				return RECORD_MORE;
			if (reader->left > reader->limit - reader->size)
				return RECORD_TOO_LARGE;
		}

		/* The whole record in the input: no copy. */
		if (reader->chunk == NULL && reader->last && reader->left <= *size)
		{
			record->data = *data;
			record->size = reader->left;
			record->chunk = NULL;
			*data += reader->left;
			*size -= reader->left;
			record_reader_init(reader, reader->limit);
			return RECORD_COMPLETE;
		}

		if (reader->chunk == NULL)
			return RECORD_NEEDS_ROOM;

		n = reader->left < *size ? reader->left : *size;
		memcpy(reader->chunk->data + reader->size, *data, n);
		*data += n;
		*size -= n;
		record_received(reader, n);

		if (reader->left > 0)
			return RECORD_MORE;
		reader->mark_have = 0;
		if (reader->last)
		{
			record->data = reader->chunk->data;
			record->size = reader->size;
			record->chunk = reader->chunk;
			record_reader_init(reader, reader->limit);
			return RECORD_COMPLETE;
		}
	}
}
