/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_ahead.c
 *	  Reading ahead: see content_ahead.h.
 *
 * A stream is a file that is read at ascending offsets; a client that reads
 * ahead itself has several READs under way, which come in any order, so being
 * near is enough.  From the third READ on the gateway asks the database for
 * the range behind, in a call of its own, and has the cache fetch it.  Never
 * more than a part of the cache, or the first would be gone before it is
 * wanted.
 */
#include "content/content_ahead.h"
#include "db/chore.h"
#include "content/content_segments.h"
#include "db/database.h"
#include "db/row.h"
#include "core/worker.h"

#include <string.h>

#define WINDOW_MAX ((uint64_t) 4 * 1024 * 1024)
#define ROW 3

static struct ahead_stream *
find_stream(struct worker *worker, uint64_t key)
{
	return &worker->streams[key % AHEAD_STREAMS];
}

static void
ahead_reply(struct chore *chore, const PGresult *result)
{
	struct segments segments;
	struct row	row;
	struct bytes packed;
	struct bytes data;

	if (PQntuples(result) != 1)
		return;
	row_open(&row, PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
	if (row_int4(&row) != 0)
		return;
	row_skip(&row, 2);
	packed.data = (const char *) row_bytes(&row, &packed.size);
	data.data = (const char *) row_bytes(&row, &data.size);
	if (row.ok && packed.data != NULL && segments_open(&segments, packed, data))
		segments_fetch(chore_database(chore), &segments);
}

static void
ahead_failed(struct chore *chore, uint32_t status)
{
	(void) chore;
	(void) status;
}

static const struct chore_kind ahead_chore = {
	.name = "read ahead",
	.reply = ahead_reply,
	.fail = ahead_failed,
};

static struct bytes
copy(struct chore *chore, struct bytes bytes)
{
	bytes.data = region_copy(&chore->region, bytes.data, bytes.size);
	return bytes;
}

static void
fetch(const struct request *reader, struct bytes handle, uint64_t offset,
	  uint64_t count)
{
	struct chore *chore =
		chore_new(database_of(&reader->call), &ahead_chore, 0);
	struct parameters p;

	/* The reader may be gone before its connection is free. */
	handle = copy(chore, handle);
	p = chore_parameters(chore, STATEMENT_PREPARE_READ, handle);
	parameters_bytes(&p, handle);
	parameters_offset(&p, offset);
	parameters_int8(&p, (int64_t) count);
	parameters_bytes(&p, copy(chore, reader->caller));
	parameters_end(&p);
	chore_begin(chore);
}

void
ahead_note(struct request *request, struct bytes handle, uint64_t offset,
		   uint32_t count)
{
	struct worker *worker = request->worker;
	uint64_t	key = call_key(handle.data, handle.size);
	struct ahead_stream *stream = find_stream(worker, key);
	uint64_t	window = worker->cache.limit / 4;
	uint64_t	end = offset + count;

	if (window > WINDOW_MAX)
		window = WINDOW_MAX;
	if (stream->key != key || end < offset || offset > stream->next + window ||
		offset + window < stream->next)
	{
		*stream = (struct ahead_stream) {key, end, end, 1};
		return;
	}
	stream->in_row++;
	if (end <= stream->next)
		return;
	stream->next = end;
	if (stream->fetched < end)
		stream->fetched = end;
	if (stream->in_row < ROW || worker->stopping ||
		stream->fetched - end > window / 2)
		return;
	fetch(request, handle, stream->fetched, end + window - stream->fetched);
	stream->fetched = end + window;
}
