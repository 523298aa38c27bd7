/* SPDX-License-Identifier: PostgreSQL */
/*
 * fuzz_record.c
 *	  Record marking: any stream, arriving in any pieces.
 *
 * The oracle is a reader that has the whole stream before it and puts records
 * together the obvious way.  record.c must find the same records and come to
 * the same end, wherever the stream was cut, and must never hold more than
 * it asked room for.
 *
 * Input: limit of a record, how the pieces are cut, then the stream.
 */
#include "fuzz.h"

#include "wire/record.h"

struct oracle
{
	struct input stream;
	size_t		limit;
	char	   *record;			/* of the limit's size */
};

/* The next record; or RECORD_MORE or RECORD_TOO_LARGE, where it ends. */
static enum record_outcome
oracle_next(struct oracle *oracle, size_t *size)
{
	*size = 0;
	for (;;)
	{
		uint32_t	mark;
		uint32_t	length;
		struct bytes data;

		if (oracle->stream.left < RECORD_MARK_SIZE)
			return RECORD_MORE;
		mark = (uint32_t) input_16(&oracle->stream) << 16;
		mark |= input_16(&oracle->stream);
		length = mark & 0x7fffffff;
		if (*size + length > oracle->limit)
			return RECORD_TOO_LARGE;
		data = input_bytes(&oracle->stream, length);
		if (data.size < length)
			return RECORD_MORE;
		memcpy(oracle->record + *size, data.data, length);
		*size += length;
		if (mark & RECORD_LAST)
			return RECORD_COMPLETE;
	}
}

/*
 * Sizes of pieces, from a number: some of one byte, some of all that is left.
 */
static size_t
next_piece(uint32_t *state, size_t left)
{
	static const size_t sizes[] = {1, 1, 2, 3, 4, 5, 7, 8, 64, 65536};
	size_t		size;

	*state = *state * 1664525 + 1013904223;
	size = sizes[(*state >> 16) % (sizeof(sizes) / sizeof(sizes[0]))];
	return size < left ? size : left;
}

static void
take_record(struct oracle *oracle, struct record *record)
{
	size_t		size;

	CHECK(oracle_next(oracle, &size) == RECORD_COMPLETE);
	CHECK(record->size == size);
	CHECK(memcmp(record->data, oracle->record, size) == 0);
	if (record->chunk != NULL)
	{
		CHECK(record->data == record->chunk->data);
		CHECK(record->chunk->size >= size);
		region_chunk_free(record->chunk);
	}
}

/* One piece, in a block of its own.  False: the stream has come to its end. */
static bool
feed(struct record_reader *reader, struct oracle *oracle, const char *from,
	 size_t size)
{
	char	   *piece = malloc(size);
	const char *data = piece;
	bool		more = true;

	CHECK(piece != NULL);
	memcpy(piece, from, size);
	while (more)
	{
		struct record record;
		size_t		ignored;

		switch (record_next(reader, &data, &size, &record))
		{
			case RECORD_MORE:
				CHECK(size == 0);
				free(piece);
				return true;
			case RECORD_NEEDS_ROOM:
				CHECK(reader->chunk == NULL);
				CHECK(record_room_wanted(reader) <= reader->limit);
				record_make_room(reader, record_room_wanted(reader));
				break;
			case RECORD_TOO_LARGE:
				CHECK(oracle_next(oracle, &ignored) == RECORD_TOO_LARGE);
				more = false;
				break;
			case RECORD_COMPLETE:
				take_record(oracle, &record);
				break;
		}
	}
	free(piece);
	return false;
}

/* As client_read does: what belongs to a record in progress goes there. */
static size_t
receive_in_place(struct record_reader *reader, const struct input *stream,
				 size_t piece)
{
	size_t		room = 0;
	char	   *target = record_target(reader, &room);

	if (target == NULL)
		return 0;
	CHECK(room > 0 && reader->size + room <= reader->chunk->size);
	if (room > piece)
		room = piece;
	memcpy(target, stream->at, room);
	record_received(reader, room);
	return room;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	size_t		limit = 1 + 16 * input_8(&in);
	uint32_t	cuts = input_8(&in);
	struct oracle oracle = {in, limit, malloc(limit)};
	struct record_reader reader;
	bool		open = true;
	size_t		ignored;

	CHECK(oracle.record != NULL);
	record_reader_init(&reader, limit);
	while (open && in.left > 0)
	{
		size_t		piece = next_piece(&cuts, in.left);
		size_t		in_place = receive_in_place(&reader, &in, piece);

		open = feed(&reader, &oracle, (const char *) in.at + in_place,
					piece - in_place);
		input_bytes(&in, piece);
	}
	if (open)
		CHECK(oracle_next(&oracle, &ignored) == RECORD_MORE);
	record_reader_reset(&reader);
	CHECK(!record_begun(&reader));
	free(oracle.record);
	return 0;
}
