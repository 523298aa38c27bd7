/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_record.c
 *	  Record marking: every fragmentation, every way to cut the stream.
 */
#include "unit.h"

#include "wire/record.h"

#define LIMIT 1000

struct stream
{
	char		data[16384];
	size_t		size;
};

static void
add_fragment(struct stream *stream, const void *data, size_t size, bool last)
{
	uint32_t	mark = (uint32_t) size | (last ? RECORD_LAST : 0);

	stream->data[stream->size++] = (char) (mark >> 24);
	stream->data[stream->size++] = (char) (mark >> 16);
	stream->data[stream->size++] = (char) (mark >> 8);
	stream->data[stream->size++] = (char) mark;
	memcpy(stream->data + stream->size, data, size);
	stream->size += size;
}

/* A record whose bytes tell their place, in fragments of at most the size. */
static void
add_record(struct stream *stream, size_t size, size_t fragment, char first)
{
	char		data[LIMIT];
	size_t		at = 0;

	for (size_t i = 0; i < size; i++)
		data[i] = (char) (first + i);
	do
	{
		size_t		n = size - at < fragment ? size - at : fragment;

		add_fragment(stream, data + at, n, at + n == size);
		at += n;
	} while (at < size);
}

static void
check_record(const struct record *record, size_t size, char first)
{
	assert_int_equal(record->size, size);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(record->data[i], (char) (first + i));
}

/*
 * Feeds the stream in pieces and checks that the records come out: of the
 * sizes given, numbered from 0.
 */
static void
feed(const struct stream *stream, size_t piece, const size_t *sizes, int count)
{
	struct record_reader reader;
	int			seen = 0;

	record_reader_init(&reader, LIMIT);
	for (size_t at = 0; at < stream->size; at += piece)
	{
		const char *data = stream->data + at;
		size_t		left =
			stream->size - at < piece ? stream->size - at : piece;
		struct record record;
		enum record_outcome outcome;

		while ((outcome = record_next(&reader, &data, &left, &record)) !=
			   RECORD_MORE)
		{
			if (outcome == RECORD_NEEDS_ROOM)
			{
				record_make_room(&reader, record_room_wanted(&reader));
				continue;
			}
			assert_int_equal(outcome, RECORD_COMPLETE);
			assert_true(seen < count);
			check_record(&record, sizes[seen], (char) seen);
			seen++;
			if (record.chunk != NULL)
				region_chunk_free(record.chunk);
		}
		assert_int_equal(left, 0);
	}
	assert_int_equal(seen, count);
	assert_false(record_begun(&reader));
	record_reader_reset(&reader);
}

static void
test_fragmentations(void **state)
{
	static const size_t sizes[] = {1, 4, 0, 100, 3, 999, 1000, 40};
	static const size_t cuts[] = {1, 2, 3, 4, 5, 7, 64, 999, 1000, 4096};

	(void) state;
	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++)
	{
		struct stream stream = {.size = 0};

		for (int j = 0; j < 8; j++)
			add_record(&stream, sizes[j], cuts[i], (char) j);
		for (size_t j = 0; j < sizeof(cuts) / sizeof(cuts[0]); j++)
			feed(&stream, cuts[j], sizes, 8);
	}
}

static void
test_empty_fragments(void **state)
{
	struct stream stream = {.size = 0};
	static const size_t sizes[] = {2};

	(void) state;
	add_fragment(&stream, "", 0, false);
	add_fragment(&stream, "\0", 1, false);
	add_fragment(&stream, "", 0, false);
	add_fragment(&stream, "\1", 1, false);
	add_fragment(&stream, "", 0, true);
	for (size_t piece = 1; piece < 8; piece++)
		feed(&stream, piece, sizes, 1);
}

/* Nothing is copied, nothing allocated, for a record that is all there. */
static void
test_in_place(void **state)
{
	struct stream stream = {.size = 0};
	struct record_reader reader;
	struct record record;
	const char *data = stream.data;
	size_t		left;

	(void) state;
	add_record(&stream, 10, 10, 0);
	left = stream.size;
	record_reader_init(&reader, LIMIT);
	assert_int_equal(record_next(&reader, &data, &left, &record),
					 RECORD_COMPLETE);
	assert_ptr_equal(record.data, stream.data + 4);
	assert_null(record.chunk);
}

static void
test_too_large(void **state)
{
	struct stream stream;
	struct record_reader reader;
	struct record record;
	const char *data;
	size_t		left;
	char		zeros[LIMIT + 1] = {0};

	(void) state;

	/* one fragment over the limit is refused by its mark alone */
	stream.size = 0;
	add_fragment(&stream, zeros, LIMIT + 1, true);
	record_reader_init(&reader, LIMIT);
	data = stream.data;
	left = 4;
	assert_int_equal(record_next(&reader, &data, &left, &record),
					 RECORD_TOO_LARGE);

	/* so is the fragment with which a record crosses it */
	stream.size = 0;
	add_fragment(&stream, zeros, LIMIT, false);
	add_fragment(&stream, zeros, 1, true);
	record_reader_init(&reader, LIMIT);
	data = stream.data;
	left = stream.size;
	assert_int_equal(record_next(&reader, &data, &left, &record),
					 RECORD_NEEDS_ROOM);
	record_make_room(&reader, record_room_wanted(&reader));
	assert_int_equal(record_next(&reader, &data, &left, &record),
					 RECORD_TOO_LARGE);
	record_reader_reset(&reader);

	/* and the largest mark there is */
	record_reader_init(&reader, LIMIT);
	data = "\xff\xff\xff\xff";
	left = 4;
	assert_int_equal(record_next(&reader, &data, &left, &record),
					 RECORD_TOO_LARGE);
}

static void
test_room(void **state)
{
	struct record_reader reader;
	struct record record;
	const char *data;
	size_t		left;
	size_t		room;
	char	   *target;

	(void) state;
	record_reader_init(&reader, LIMIT);
	assert_null(record_target(&reader, &room));

	/* the last fragment says how long the record is */
	data = "\x80\x00\x00\x10" "ab";
	left = 6;
	assert_int_equal(record_next(&reader, &data, &left, &record),
					 RECORD_NEEDS_ROOM);
	assert_int_equal(left, 2);
	assert_true(record_needs_room(&reader));
	assert_int_equal(record_room_wanted(&reader), 16);
	record_make_room(&reader, 16);
	assert_false(record_needs_room(&reader));
	assert_int_equal(record_next(&reader, &data, &left, &record), RECORD_MORE);
	assert_true(record_begun(&reader));

	/* the rest is received in its place */
	target = record_target(&reader, &room);
	assert_int_equal(room, 14);
	memcpy(target, "cdefghijklmnop", 14);
	record_received(&reader, 14);
	assert_int_equal(record_next(&reader, &data, &left, &record),
					 RECORD_COMPLETE);
	assert_memory_equal(record.data, "abcdefghijklmnop", 16);
	region_chunk_free(record.chunk);

	/* of any other nobody knows: room for the largest */
	record_reader_init(&reader, LIMIT);
	data = "\x00\x00\x00\x02" "ab";
	left = 6;
	assert_int_equal(record_next(&reader, &data, &left, &record),
					 RECORD_NEEDS_ROOM);
	assert_int_equal(record_room_wanted(&reader), LIMIT);
	record_reader_reset(&reader);
	assert_false(record_begun(&reader));
	assert_false(record_needs_room(&reader));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fragmentations),
		cmocka_unit_test(test_empty_fragments),
		cmocka_unit_test(test_in_place),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
