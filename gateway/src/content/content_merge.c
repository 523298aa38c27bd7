/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_merge.c
 *	  Merges and moves content: the tasks of dittofs.merge_next.
 *
 *		merge_next		a range of a file, its pieces, and a stamp of them
 *		assemble		the pieces: out of the result and out of stores
 *		action "block"	hash, claim_blocks, put, merge_commit
 *		action "fetch"	merge_store: back into the database
 *
 * merge_commit and merge_store compare the stamp again under the file's lock:
 * if another transaction has written meanwhile, nothing is changed and the
 * range will be leased again later, so this code needs no locking of its own.
 */
#include "db/chore.h"
#include "content/store_queue.h"
#include "content/content_segments.h"
#include "db/database.h"
#include "base/log.h"
#include "db/row.h"
#include "core/worker.h"

#include <string.h>

/* Microseconds. */
#define AFTER_TROUBLE (5 * 1000000)
#define WAIT_MIN 100000
#define WAIT_MAX (5 * 1000000)

/*
 * A block that is being deleted is usually gone in an instant: a second or so.
 */
#define CLAIMS_MAX 8

/* One that helps looks again after a while, in case it is not called. */
#define HELPER_WAIT (60 * 1000000)

enum merge_step
{
	MERGE_NEXT,
	MERGE_CLAIM,
	MERGE_END
};

struct merge
{
	struct merger *merger;
	enum merge_step step;
	bool		fetch;			/* into the database */
	struct bytes handle;
	int64_t		offset;
	uint32_t	length;
	struct bytes stamp;
	uint32_t	store_id;
	struct content_store *store;
	int			claims;			/* while the block is being deleted */
	char	   *data;
	uint8_t    *packed;			/* hash, length, sums */
	uint32_t	packed_size;
};

static void merge_begin(struct timer *timer);

static bool
is_first(const struct merger *merger)
{
	return merger == &merger->database->passes.mergers[0];
}

static void
merge_end(struct chore *chore, int64_t wait)
{
	struct merge *merge = chore->memory;
	struct merger *merger = merge->merger;
	struct loop *loop = merger->database->pool.loop;

	merger->busy = false;
	timer_set(loop, &merger->timer, loop->now + wait);
}

/* There is something to do: those who help had better look. */
static void
call_helpers(struct database *database)
{
	struct loop *loop = database->pool.loop;

	for (int i = 1; i < MERGERS; i++)
	{
		struct merger *merger = &database->passes.mergers[i];

		if (!merger->busy && merger->timer.at > loop->now)
			timer_set(loop, &merger->timer, loop->now);
	}
}

static void
merge_trouble(struct chore *chore)
{
	struct merge *merge = chore->memory;

	if (chore->io.failure != NULL)
	{
		chore->io.failure->offset += chore->io.failure->offset == 0 ?
			(uint64_t) merge->offset : 0;
		chore->call.handle = merge->handle;
		(void) content_io_complain(&chore->io);
	}
	merge_end(chore, AFTER_TROUBLE);
}

static void
send_claim(struct chore *chore)
{
	struct merge *merge = chore->memory;
	struct bytes none = {NULL, 0};
	struct bytes packed = {(const char *) merge->packed, merge->packed_size};
	struct parameters p = chore_parameters(chore, STATEMENT_CLAIM_BLOCKS,
										   none);

	merge->step = MERGE_CLAIM;
	parameters_int4(&p, merge->store_id);
	parameters_bytes(&p, packed);
	parameters_end(&p);
}

static void
send_end(struct chore *chore)
{
	struct merge *merge = chore->memory;
	struct parameters p;
	struct bytes packed = {(const char *) merge->packed, merge->packed_size};
	struct bytes data = {merge->data, merge->length};

	merge->step = MERGE_END;
	p = chore_parameters(chore, merge->fetch ? STATEMENT_MERGE_STORE :
						 STATEMENT_MERGE_COMMIT, merge->handle);
	parameters_bytes(&p, merge->handle);
	parameters_int8(&p, merge->offset);
	parameters_bytes(&p, merge->stamp);
	if (merge->fetch)
		parameters_bytes(&p, data);
	else
	{
		parameters_int4(&p, merge->store_id);
		parameters_bytes(&p, packed);
	}
	parameters_end(&p);
}

static void
merge_stored(struct chore *chore)
{
	if (chore->io.failure != NULL)
		merge_trouble(chore);
	else
		send_end(chore);
}

static void
merge_hashed(struct chore *chore)
{
	if (chore->io.failure != NULL)
		merge_trouble(chore);
	else
		send_claim(chore);
}

static void
merge_assembled(struct chore *chore)
{
	struct merge *merge = chore->memory;
	uint32_t	length = merge->length;

	if (chore->io.failure != NULL)
	{
		merge_trouble(chore);
		return;
	}
	if (merge->fetch)
	{
		send_end(chore);
		return;
	}
	merge->packed_size = BLOCK_PACKED_LEN((uint32_t) content_sums(length));
	merge->packed = region_alloc(&chore->region, merge->packed_size);
	for (int i = 0; i < 4; i++)
		merge->packed[BLOCK_LENGTH_AT + i] = (uint8_t) (length >> (24 - 8 * i));
	content_io_hash(&chore->io, merge->store, merge->data, length,
					merge->packed, merge->packed + BLOCK_SUMS_AT);
	chore->resume = merge_hashed;
}

static struct bytes
take_copy(struct chore *chore, struct row *row)
{
	struct bytes value;

	value.data = (const char *) row_bytes(row, &value.size);
	if (value.data != NULL)
		value.data = region_copy(&chore->region, value.data, value.size);
	return value;
}

static bool
is_word(struct bytes text, const char *word)
{
	return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

static void
take_task(struct chore *chore, struct row *row)
{
	struct merge *merge = chore->memory;
	struct segments segments;
	struct bytes action;
	struct bytes packed;
	struct bytes data;
	uint32_t	store_id;
	bool		unknown;

	action.data = (const char *) row_bytes(row, &action.size);
	if (row->ok && is_word(action, MERGE_NONE))
	{
		merge_end(chore, 0);
		return;
	}
	merge->fetch = is_word(action, MERGE_FETCH);
	merge->handle = take_copy(chore, row);
	merge->offset = row_int8(row);
	merge->length = (uint32_t) row_int4(row);
	merge->stamp = take_copy(chore, row);
	merge->store_id = (uint32_t) row_int4(row);
	packed.data = (const char *) row_bytes(row, &packed.size);
	data.data = (const char *) row_bytes(row, &data.size);
	if (!row->ok || packed.data == NULL ||
		!segments_open(&segments, packed, data) ||
		segments.size != merge->length || segments.size > CONTENT_BLOCK_MAX)
	{
		log_error("merge_next: what it returns makes no sense: is the extension "
				  "of another version?");
		merge_end(chore, AFTER_TROUBLE);
		return;
	}
	call_helpers(chore_database(chore));
	if (!merge->fetch)
		merge->store = content_store_of(&chore_database(chore)->shares,
										merge->store_id, &unknown);
	merge->data = region_alloc(&chore->region, merge->length);
	if ((!merge->fetch && merge->store == NULL) ||
		segments_read(&chore->io, &segments, merge->data,
					  (uint64_t) merge->offset, &store_id) != SEGMENTS_READY)
	{
		merge_end(chore, AFTER_TROUBLE);
		return;
	}
	chore->resume = merge_assembled;
	if (chore->io.waits == 0)
		merge_assembled(chore);
}

static void
merge_claimed(struct chore *chore, const PGresult *result)
{
	struct merge *merge = chore->memory;
	const char *needed = PQgetvalue(result, 0, 0);

	if (PQgetlength(result, 0, 0) != 1)
		merge_end(chore, AFTER_TROUBLE);
	else if (*needed == NEED_PATIENCE && ++merge->claims < CLAIMS_MAX)
	{
		send_claim(chore);
		chore->later = true;
	}
	else if (*needed == NEED_UPLOAD)
	{
		content_io_put(&chore->io, merge->store, merge->packed, merge->data,
					   merge->length);
		chore->resume = merge_stored;
	}
	else

		/* It is there; or still being deleted: merge_commit puts it off. */
		send_end(chore);
}

static void
merge_reply(struct chore *chore, const PGresult *result)
{
	struct merge *merge = chore->memory;
	struct row	row;
	int32_t		status;
	int64_t		wait;

	if (PQntuples(result) != 1)
	{
		merge_end(chore, AFTER_TROUBLE);
		return;
	}
	if (merge->step == MERGE_CLAIM)
	{
		merge_claimed(chore, result);
		return;
	}
	if (merge->step == MERGE_END)
	{
		merge_end(chore, 0);
		return;
	}
	row_open(&row, PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
	status = row_int4(&row);
	if (status == FS_OK)
	{
		take_task(chore, &row);
		return;
	}
	row_skip(&row, MERGE_TASK_WAIT_MS - 1);
	wait = (int64_t) row_int4(&row) * 1000;
	if (wait < WAIT_MIN)
		wait = WAIT_MIN;
	if (wait > WAIT_MAX)
		wait = WAIT_MAX;
	merge_end(chore, is_first(merge->merger) ? wait : HELPER_WAIT);
}

static void
merge_failed(struct chore *chore, uint32_t status)
{
	(void) status;
	merge_end(chore, AFTER_TROUBLE);
}

static const struct chore_kind merge_chore = {
	.name = "merge",
	.changes = true,
	.alone = true,
	.reply = merge_reply,
	.fail = merge_failed,
};

static void
merge_begin(struct timer *timer)
{
	struct merger *merger = container_of(timer, struct merger, timer);
	struct database *database = merger->database;
	struct loop *loop = database->pool.loop;
	struct chore *chore;
	struct merge *merge;
	struct parameters p;

	if (database->worker->stopping)
		return;
	if (!pool_lane_is_up(&database->pool, LANE_BULK))
	{
		timer_set(loop, timer, loop->now + AFTER_TROUBLE);
		return;
	}
	chore = chore_new(database, &merge_chore, sizeof(*merge));
	merge = chore->memory;
	merge->merger = merger;
	merger->busy = true;
	p = chore_parameters(chore, STATEMENT_MERGE_NEXT, (struct bytes) {NULL, 0});
	parameters_end(&p);
	chore_begin(chore);
}

void
mergers_start(struct content_passes *passes)
{
	struct loop *loop = passes->database->pool.loop;

	for (int i = 0; i < MERGERS; i++)
	{
		struct merger *merger = &passes->mergers[i];

		merger->database = passes->database;
		merger->timer.fire = merge_begin;
		timer_set(loop, &merger->timer, loop->now +
				  (i == 0 ? WAIT_MIN : HELPER_WAIT));
	}
}
