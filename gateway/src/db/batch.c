/* SPDX-License-Identifier: PostgreSQL */
/*
 * batch.c
 *	  Which calls go together, and what an ERROR means: see batch.h.
 */
#include "db/batch.h"
#include "dittofs_contract.h"
#include "db/statements.h"

#include <string.h>

size_t
call_size(const struct call *call)
{
	size_t		size = call->result_size;

	for (int i = 0; i < statements[call->statement].nparams; i++)
		size += call->lengths[i];
	return size;
}

/* It locks what it is given, whatever kind of object that is. */
static bool
locks_any_kind(const struct call *call)
{
	return call->any_kind || call->statement == STATEMENT_SET_FILE_ATTRIBUTES ||
		call->statement == STATEMENT_SET_FILE_ATTRIBUTES_BRIEF;
}

static int
compare_handles(const struct bytes *a, const struct bytes *b)
{
	uint32_t	size = a->size < b->size ? a->size : b->size;
	int			order = memcmp(a->data, b->data, size);

	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static const struct bytes *
first_lock(const struct call *call)
{
	return call->lock_count > 1 &&
		compare_handles(&call->locks[1], &call->locks[0]) < 0 ?
		&call->locks[1] : &call->locks[0];
}

/* Does this call belong right behind the other, which is in the batch? */
static bool
follows(const struct call *call, const struct call *other)
{
	if (call->lock_count == 0)
		return other->lock_count == 0 && other->statement == call->statement;
	return other->lock_count == 0 ||
		compare_handles(first_lock(other), first_lock(call)) <= 0;
}

static void
insert_in_order(struct batch *batch, struct call *call)
{
	struct call *other;

	TAILQ_FOREACH_REVERSE(other, &batch->calls, call_list, link)
		if (follows(call, other))
			break;
	if (other != NULL)
		TAILQ_INSERT_AFTER(&batch->calls, other, call, link);
	else if (call->lock_count == 0)
		TAILQ_INSERT_TAIL(&batch->calls, call, link);
	else
		TAILQ_INSERT_HEAD(&batch->calls, call, link);
}

size_t
batch_locks(const struct batch *batch, uint8_t *handles, size_t size)
{
	const struct call *call;
	const struct bytes *last = NULL;
	size_t		used = 0;

	TAILQ_FOREACH(call, &batch->calls, link)
		for (int i = 0; i < call->lock_count; i++)
		{
			const struct bytes *handle = &call->locks[i];

			/* anything else is no handle of ours and locks nothing */
			if (handle->size != HANDLE_LEN ||
				size - used < HANDLE_LEN ||
				(last != NULL && compare_handles(last, handle) == 0))
				continue;
			memcpy(handles + used, handle->data, HANDLE_LEN);
			used += HANDLE_LEN;
			last = handle;
		}
	return used;
}

int
batch_fill(struct batch *batch, struct call_list *queue, int max_calls,
		   size_t max_bytes)
{
	struct call *call;
	struct call *next;
	size_t		bytes = 0;
	int			pairs = 0;		/* calls with two locks */
	int			any = 0;		/* ... of objects of whatever kind */

	TAILQ_INIT(&batch->calls);
	batch->count = 0;
	batch->alone = batch->locks_first = false;
	batch->statement_count = batch->cursor = 0;
	batch->answered = 0;
	batch->sampled = false;
	batch->failed = batch->doubtful = batch->cancelled = false;
	batch->sqlstate[0] = batch->message[0] = '\0';

	for (call = TAILQ_FIRST(queue);
		 call != NULL && batch->count < max_calls; call = next)
	{
		next = TAILQ_NEXT(call, link);
		if (batch->count > 0 &&
			(call->alone || bytes + call_size(call) > max_bytes))
			break;
		TAILQ_REMOVE(queue, call, link);
		insert_in_order(batch, call);
		pairs += call->lock_count > 1;
		any += locks_any_kind(call);
		bytes += call_size(call);
		batch->count++;
		if (call->alone)
		{
			batch->alone = true;
			break;
		}
	}
	batch->locks_first = batch->count > 1 &&
		(pairs > 0 || (any > 0 && any < batch->count));
	return batch->count;
}

int
batch_gather(struct call *call, const struct call *calls[CALL_MAX_WIDTH])
{
	int			statement = call->statement;
	int			count = 0;
	int			i = 0;

	do
	{
		calls[count++] = call;
		call = TAILQ_NEXT(call, link);
	} while (statements[statement].wide && count < CALL_MAX_WIDTH &&
			 call != NULL && call->statement == statement);
	while (call_widths[i] > count)
		i++;
	return call_widths[i];
}

void
batch_clear(struct batch *batch)
{
	for (int i = 0; i < batch->statement_count; i++)
	{
		PQclear(batch->statements[i].result);
		batch->statements[i].result = NULL;
	}
}

/*
 * Classes first match first: a code before its class.
 */
static const struct
{
	const char *prefix;			/* of the SQLSTATE */
	enum remedy remedy;
	uint32_t	status;
}			remedies[] = {
	{"55P03", REMEDY_RETRY, 0}, /* lock timeout */
	{"40P01", REMEDY_RETRY, 0}, /* deadlock */
	{"40001", REMEDY_RETRY, 0}, /* serialization */
	{"23505", REMEDY_RETRY, 0}, /* another gateway made the entry first */
	{"57014", REMEDY_RETRY, 0}, /* cancelled: because of another call, or the
								 * statement timeout */
	{"53300", REMEDY_RECONNECT, 0}, /* too many connections */
	{"53400", REMEDY_RETRY, 0}, /* configuration limit exceeded */
	{"53200", REMEDY_RETRY, 0}, /* out of memory */
	{"25006", REMEDY_READ_ONLY, FS_ROFS},
	{"0A000", REMEDY_RECONNECT, 0}, /* the extension was made anew: "cached plan
									 * must not change result type" */
	{"42883", REMEDY_RECONNECT, 0}, /* ... and lacks a function */
	{"3F000", REMEDY_RECONNECT, 0}, /* ... or is gone */
	{"26000", REMEDY_RECONNECT, 0}, /* someone deallocated our statements */
	{"57P", REMEDY_RECONNECT, 0},	/* shutdown, crash, start-up */
	{"08", REMEDY_RECONNECT, 0},	/* connection */
	{"53100", REMEDY_FAIL, FS_NOSPC},	/* disk full */
	{"XX001", REMEDY_FAIL, FS_IO},	/* data corrupted */
	{"XX002", REMEDY_FAIL, FS_IO},	/* index corrupted */
	{"58030", REMEDY_FAIL, FS_IO},	/* io_error */
	{"", REMEDY_FAIL, FS_SERVERFAULT},
};

enum remedy
remedy_for(const char *sqlstate, uint32_t *status)
{
	size_t		i = 0;

	while (strncmp(sqlstate, remedies[i].prefix,
				   strlen(remedies[i].prefix)) != 0)
		i++;
	*status = remedies[i].status;
	return remedies[i].remedy;
}

#define FIRST_DELAY 5000
#define LAST_DELAY 500000

int64_t
retry_delay(int attempts, uint32_t chance)
{
	int64_t		delay = FIRST_DELAY;

	while (attempts-- > 1 && delay < LAST_DELAY)
		delay *= 2;
	if (delay > LAST_DELAY)
		delay = LAST_DELAY;
	return delay + delay * (chance % 1024) / 2048;
}
