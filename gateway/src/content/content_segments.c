/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_segments.c
 *	  Putting a range of a file together: see content_segments.h.
 */
#include "content/content_segments.h"
#include "content/content_cache.h"
#include "content/content_io.h"
#include "db/database.h"
#include "dittofs_contract.h"
#include "db/row.h"
#include "core/worker.h"

#include <string.h>

struct segment
{
	enum dittofs_source source;
	uint32_t	length;
	uint32_t	store_id;		/* SOURCE_BLOCK, and so on */
	const uint8_t *hash;
	uint32_t	block_length;
	uint32_t	from;
	const uint8_t *sums;
};

/* The next segment.  False: there is none, or in->ok has become false. */
static bool
next_segment(struct bytes_reader *in, struct segment *segment)
{
	uint32_t	number;

	if (in->at == in->end)
		return false;
	segment->source = take_uint8(in);
	segment->length = take_uint32(in);
	if (segment->source != SOURCE_BLOCK)
	{
		in->ok = in->ok && segment->source <= SOURCE_DATA;
		return in->ok;
	}
	segment->store_id = take_uint32(in);
	segment->hash = take_bytes(in, HASH_LEN);
	segment->block_length = take_uint32(in);
	segment->from = take_uint32(in);
	number = (uint32_t) take_uint8(in) << 8;
	number |= take_uint8(in);
	segment->sums = take_bytes(in, number * SUM_LEN);
	if (!in->ok || segment->length == 0 ||
		segment->block_length > CONTENT_BLOCK_MAX ||
		segment->from > segment->block_length ||
		segment->length > segment->block_length - segment->from)
	{
		in->ok = false;
		return false;
	}
	in->ok = number ==
		content_sums_between(segment->from / CONTENT_CHUNK,
							 (segment->from + segment->length - 1) /
								 CONTENT_CHUNK,
							 segment->block_length);
	return in->ok;
}

bool
segments_take(struct segments *segments, struct bytes packed,
			  struct bytes *data)
{
	struct bytes_reader in = reader_of(packed);
	struct segment segment;
	size_t		from_data = 0;

	segments->segments = packed;
	segments->size = 0;
	while (next_segment(&in, &segment))
	{
		segments->size += segment.length;
		if (segment.source == SOURCE_DATA)
			from_data += segment.length;
	}
	if (!in.ok || from_data > data->size)
		return false;
	segments->data = (struct bytes) {data->data, (uint32_t) from_data};
	segments->whole = segments->size == from_data;
	data->data += from_data;
	data->size -= (uint32_t) from_data;
	return true;
}

bool
segments_open(struct segments *segments, struct bytes packed,
			  struct bytes data)
{
	return segments_take(segments, packed, &data) && data.size == 0;
}

static struct content_range
range_of(const struct segment *segment, struct content_store *store)
{
	struct content_range range = {
		.store = store, .length = segment->block_length,
		.from = segment->from, .size = segment->length,
		.sums = segment->sums};

	memcpy(range.hash, segment->hash, HASH_LEN);
	return range;
}

/* Are all the stores that are needed ours?  Nothing is begun before. */
static enum segments_outcome
check_stores(struct content_shares *shares, const struct segments *segments,
			 uint32_t *store_id)
{
	struct bytes_reader in = reader_of(segments->segments);
	struct segment segment;

	while (next_segment(&in, &segment))
	{
		bool		unknown;

		if (segment.source != SOURCE_BLOCK ||
			content_store_of(shares, segment.store_id, &unknown) != NULL)
			continue;
		*store_id = segment.store_id;
		return unknown ? SEGMENTS_UNKNOWN : SEGMENTS_NO_STORE;
	}
	return SEGMENTS_READY;
}

enum segments_outcome
segments_read(struct content_io *io, const struct segments *segments,
			  char *to, uint64_t offset, uint32_t *store_id)
{
	struct content_shares *shares = &database_of(io->call)->shares;
	enum segments_outcome outcome = check_stores(shares, segments, store_id);
	struct bytes_reader in = reader_of(segments->segments);
	const char *data = segments->data.data;
	struct segment segment;
	bool		unknown;

	if (outcome != SEGMENTS_READY)
		return outcome;
	while (next_segment(&in, &segment))
	{
		struct content_range range;

		switch (segment.source)
		{
			case SOURCE_ZEROS:
				memset(to, 0, segment.length);
				break;
			case SOURCE_DATA:
				memcpy(to, data, segment.length);
				data += segment.length;
				break;
			case SOURCE_BLOCK:
				range = range_of(&segment,
								 content_store_of(shares, segment.store_id,
												  &unknown));
				content_io_read(io, &range, to, offset);
				break;
		}
		to += segment.length;
		offset += segment.length;
	}
	return SEGMENTS_READY;
}

void
segments_fetch(struct database *database, const struct segments *segments)
{
	struct worker *worker = database->worker;
	struct bytes_reader in = reader_of(segments->segments);
	struct segment segment;

	while (next_segment(&in, &segment))
	{
		struct content_range range;
		struct content_store *store;
		bool		unknown;

		if (segment.source != SOURCE_BLOCK)
			continue;
		store = content_store_of(&database->shares, segment.store_id, &unknown);
		if (store == NULL)
			continue;
		range = range_of(&segment, store);
		content_cache_read(&worker->cache, &range, NULL, NULL, 0,
						   worker->loop.now +
						   database->pool.config->call_timeout * 1000);
	}
}
