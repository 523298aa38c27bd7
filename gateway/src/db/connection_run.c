/* SPDX-License-Identifier: PostgreSQL */
/*
 * connection_run.c
 *	  What runs on a connection: batches sent, results received.
 *
 * A batch is a row of prepared executions, of one or more calls each, and one
 * Sync.  The server runs it as one transaction that commits at the Sync, so no
 * result means anything before the Sync is answered: an ERROR may still come
 * out of the commit.  That is why results wait in the batch until then.
 *
 * What can become of a batch:
 *
 *	committed	each call's reply is made from its result
 *	ERROR		nothing happened.  The calls of a batch run again, each in a
 *				transaction of its own; a call that was alone gets the remedy
 *				for its SQLSTATE (batch.c)
 *	doubtful	committed, but a wait for synchronous replication was
 *				cancelled: the server says WARNING and COMMIT, and a client
 *				would take the reply for a promise.  The calls run again: a
 *				change finds its answer, and waits for the standby once more
 *	lost		with the connection.  See connection_close
 *
 * While a batch runs, what arrives becomes the next.  That one is sent before
 * the first is answered, as soon as half of the calls under way are in it
 * (pays_to_follow): then the server process goes from one to the other without
 * having been woken, while we deal with the answers of the first.
 */
#include "db/connection_run.h"
#include "config/config.h"
#include "db/connection.h"
#include "dittofs_contract.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "wire/nfsstat.h"
#include "db/session.h"
#include "db/statements.h"

#include <stdio.h>
#include <string.h>

/*
 * Results and the end of a commit come together, so how long the commit took
 * is seen only if the server is asked to send the results before it.  That
 * costs it one more write: now and then is enough.
 */
#define SAMPLE_PERIOD 10000

/*
 * Sending.
 */

static struct call_list *
queue_of(struct connection *connection, const struct call *call)
{
	return &connection->queues[call->unstable ? QUEUE_UNSTABLE : QUEUE_FLUSHED];
}

void
connection_enqueue(struct connection *connection, struct call *call)
{
	call_set_state(call, CALL_QUEUED);
	call->connection = connection;
	TAILQ_INSERT_TAIL(queue_of(connection, call), call, link);
	connection->queued++;
}

void
connection_dequeue(struct connection *connection, struct call *call)
{
	TAILQ_REMOVE(queue_of(connection, call), call, link);
	call_set_state(call, CALL_IDLE);
	connection->queued--;
}

/* The server has the second batch, too, but is still at the first. */
static const struct batch *
second_batch(const struct connection *connection)
{
	const struct batch *first = TAILQ_FIRST(&connection->running);

	return first != NULL ? TAILQ_NEXT(first, link) : NULL;
}

int
connection_waiting(const struct connection *connection)
{
	const struct batch *batch = second_batch(connection);
	int			calls = connection->queued;

	for (; batch != NULL; batch = TAILQ_NEXT(batch, link))
		calls += batch->count;
	return calls;
}

int64_t
connection_oldest(const struct connection *connection)
{
	const struct batch *second = second_batch(connection);
	int64_t		oldest = second != NULL ? second->begun : INT64_MAX;

	for (int i = 0; i < QUEUES; i++)
	{
		const struct call *call = TAILQ_FIRST(&connection->queues[i]);

		if (call != NULL && call->arrived < oldest)
			oldest = call->arrived;
	}
	return oldest;
}

/* The queue whose first call has waited longer. */
static struct call_list *
next_queue(struct connection *connection)
{
	struct call *flushed = TAILQ_FIRST(&connection->queues[QUEUE_FLUSHED]);
	struct call *unstable = TAILQ_FIRST(&connection->queues[QUEUE_UNSTABLE]);

	if (unstable == NULL ||
		(flushed != NULL && flushed->arrived <= unstable->arrived))
		return &connection->queues[QUEUE_FLUSHED];
	return &connection->queues[QUEUE_UNSTABLE];
}

/*
 * Does it pay to send the next batch behind one that runs?  Clients that wait
 * for answers come back with other calls, in two groups: those of the batch
 * that runs and those of the next.  So a batch that waits for half of all calls
 * there were when a batch last ended is not smaller than one that waits for the
 * answers; three batches of a third each would cost three commits.
 *
 * Large data is left alone: what is sent can neither expire nor be taken
 * elsewhere.
 */
static bool
pays_to_follow(const struct connection *connection)
{
	return connection->lane->lane != LANE_BULK &&
		2 * connection->queued >= connection->outstanding;
}

static bool
may_send_next(struct connection *connection)
{
	const struct call *next = TAILQ_FIRST(next_queue(connection));

	return sending_may(&connection->sending,
					   next->alone ? SENT_ALONE : SENT_BATCH) &&
		(connection->sending.running != RUNNING_BATCH ||
		 pays_to_follow(connection));
}

static struct batch *
take_spare_batch(struct connection *connection)
{
	struct batch *batch = TAILQ_FIRST(&connection->spare);

	TAILQ_REMOVE(&connection->spare, batch, link);
	TAILQ_INSERT_TAIL(&connection->running, batch, link);
	if (connection->sending.count == 0)
		connection->last_input = connection->loop->now;
	return batch;
}

static void
send_statement(struct connection *connection, struct batch *batch, int calls,
			   const struct call *const *first)
{
	struct batch_statement *statement =
		&batch->statements[batch->statement_count++];

	statement->calls = calls;
	statement->result = NULL;
	if (!connection->broken &&
		!session_send(connection->pg, first, calls > 0 ? calls : 1))
		connection->broken = true;
}

/* See batch.h. */
static void
send_locks(struct connection *connection, struct batch *batch)
{
	uint8_t		handles[CONFIG_BATCH_CALLS_MAX * 2 * HANDLE_LEN];
	struct call call = {.statement = STATEMENT_LOCK_OBJECTS};
	const struct call *calls = &call;

	call.values[0] = (const char *) handles;
	call.lengths[0] = (int) batch_locks(batch, handles, sizeof(handles));
	send_statement(connection, batch, 0, &calls);
}

static void
send_calls(struct connection *connection, struct batch *batch)
{
	const struct call *calls[CALL_MAX_WIDTH];
	struct call *call = TAILQ_FIRST(&batch->calls);

	while (call != NULL)
	{
		int			count = batch_gather(call, calls);

		send_statement(connection, batch, count, calls);
		for (; count > 0; count--)
		{
			call_set_state(call, CALL_RUNNING);
			if (!call->background)
				connection->idle_since = connection->loop->now;
			call = TAILQ_NEXT(call, link);
		}
	}
}

static void
send_batch(struct connection *connection)
{
	const struct metadata_store_config *config =
		connection->lane->pool->config;
	struct batch *batch = take_spare_batch(connection);

	connection->queued -= batch_fill(batch, next_queue(connection),
									 (int) config->batch_calls,
									 (size_t) config->batch_bytes);
	sending_began(&connection->sending, batch->alone ? SENT_ALONE : SENT_BATCH);
	if (batch->locks_first)
		send_locks(connection, batch);
	send_calls(connection, batch);
	batch->begun = clock_now();
	histogram_add(&metrics_of_thread()->batch_calls[connection->lane->lane],
				  (uint64_t) batch->count, HISTOGRAM_COUNT_SHIFT);
	if (connection->lane->lane != LANE_READ &&
		batch->begun - connection->sampled_at >= SAMPLE_PERIOD)
	{
		connection->sampled_at = batch->begun;
		batch->sampled = true;
		if (!connection->broken && !PQsendFlushRequest(connection->pg))
			connection->broken = true;
	}
	if (!connection->broken && !PQpipelineSync(connection->pg))
		connection->broken = true;
}

bool
connection_send(struct connection *connection)
{
	bool		sent = false;

	while (connection->queued > 0 && !connection->broken &&
		   may_send_next(connection))
	{
		send_batch(connection);
		sent = true;
	}
	return sent;
}

bool
connection_send_check(struct connection *connection)
{
	struct batch *batch = take_spare_batch(connection);
	struct call_list nothing = TAILQ_HEAD_INITIALIZER(nothing);

	batch_fill(batch, &nothing, 0, 0);
	sending_began(&connection->sending, SENT_CHECK);
	return PQpipelineSync(connection->pg) != 0;
}

/*
 * Receiving.
 */

static struct call *
take_first(struct batch *batch)
{
	struct call *call = TAILQ_FIRST(&batch->calls);

	TAILQ_REMOVE(&batch->calls, call, link);
	call_set_state(call, CALL_IDLE);
	return call;
}

/*
 * A result of one call becomes the call's.  Those of several stay here until
 * all of them have been answered.
 */
static void
statement_committed(struct batch *batch, struct batch_statement *statement)
{
	PGresult   *result = statement->result;

	if (statement->calls == 1)
		statement->result = NULL;
	for (int i = 0; i < statement->calls; i++)
	{
		struct call *call = take_first(batch);

		call_clear(call);
		if (statement->calls == 1)
			call->result = result;
		if (result == NULL)
			call->owner->failed(call, FS_SERVERFAULT);
		else
			call->owner->committed(call, result, i);
	}
}

static void
batch_committed(struct batch *batch)
{
	for (int i = 0; i < batch->statement_count; i++)
		statement_committed(batch, &batch->statements[i]);
}

static void
log_failure(const struct batch *batch, const struct call *call,
			enum log_level level, const char *consequence)
{
	char		name[CALL_NAME_MAX];

	log_with(level,
			 log_members(call->owner->members(call), "{s:s, s:o, s:s}",
						 "sqlstate", batch->sqlstate,
						 "error", log_text(batch->message),
						 "consequence", consequence),
			 "%s: %s: %s; %s", call->owner->name(call, name),
			 batch->sqlstate, batch->message, consequence);
}

/* A call that ran alone came to nothing. */
static void
call_failed(struct connection *connection, struct batch *batch,
			struct call *call)
{
	uint32_t	status;
	char		buffer[16];
	enum remedy remedy = remedy_for(batch->sqlstate, &status);

	if (remedy == REMEDY_READ_ONLY &&
		session_is_standby(connection->pg) != NULL)
		remedy = REMEDY_RECONNECT;
	switch (remedy)
	{
		case REMEDY_READ_ONLY:
			log_failure(batch, call, LOG_LEVEL_DEBUG, "ROFS");
			pool_is_read_only(connection->lane->pool);
			call->owner->failed(call, status);
			break;
		case REMEDY_RETRY:
			log_failure(batch, call, LOG_LEVEL_DEBUG, "it will be retried");
			pool_retry(call);
			break;
		case REMEDY_RECONNECT:
			log_failure(batch, call, LOG_LEVEL_DEBUG,
						"it will be retried on a new connection");
			connection->broken = true;
			snprintf(connection->reason, sizeof(connection->reason), "%s: %s",
					 batch->sqlstate, batch->message);
			pool_retry(call);
			break;
		case REMEDY_FAIL:
			log_failure(batch, call, LOG_LEVEL_ERROR,
						strcmp(batch->sqlstate, "42501") == 0 ?
						"GRANT dittofs_gateway TO the gateway's role" :
						nfsstat_name(status, buffer));
			call->owner->failed(call, status);
			break;
	}
}

/*
 * Nothing of the batch happened.  Whatever ran it to ground hit one of its
 * calls; the others must not pay for it.
 */
static void
batch_failed(struct connection *connection, struct batch *batch)
{
	struct call *call;

	if (batch->count > 1)
	{
		metric_add(METRIC_RERUNS, 1);
		log_with(LOG_LEVEL_DEBUG,
				 log_members(NULL, "{s:i, s:s, s:o}", "calls", batch->count,
							 "sqlstate", batch->sqlstate,
							 "error", log_text(batch->message)),
				 "a batch of %d calls failed with %s: %s; they run one by one",
				 batch->count, batch->sqlstate, batch->message);
	}

	while ((call = TAILQ_LAST(&batch->calls, call_list)) != NULL)
	{
		TAILQ_REMOVE(&batch->calls, call, link);
		call_set_state(call, CALL_IDLE);
		if (!call_is_wanted(call))
			call->owner->dropped(call);
		else if (batch->count == 1)
			call_failed(connection, batch, call);
		else
		{
			call->alone = true;
			call_set_state(call, CALL_QUEUED);
			TAILQ_INSERT_HEAD(queue_of(connection, call), call, link);
			connection->queued++;
		}
	}
}

static void
batch_doubtful(struct batch *batch)
{
	while (TAILQ_FIRST(&batch->calls) != NULL)
	{
		struct call *call = take_first(batch);

		if (call_is_wanted(call))
			pool_retry(call);
		else
			call->owner->dropped(call);
	}
}

/* How long all this took, for the metrics and the calls in it. */
static void
note_times(struct connection *connection, struct batch *batch, int64_t now)
{
	int64_t		flush_time = 0;
	struct call *call;

	if (batch->count == 0)
		return;
	if (batch->answered != 0 && !batch->failed)
	{
		flush_time = now - batch->answered;
		metric_observe(METRIC_FLUSH, flush_time);
	}
	histogram_add(&metrics_of_thread()->batch_time[connection->lane->lane],
				  (uint64_t) (now - batch->begun), HISTOGRAM_TIME_SHIFT);
	TAILQ_FOREACH(call, &batch->calls, link)
	{
		call->database_time += now - batch->begun;
		call->flush_time += flush_time;
	}
}

static void
batch_ended(struct connection *connection, struct batch *batch)
{
	int64_t		now = clock_now();

	note_times(connection, batch, now);
	connection->outstanding = batch->count + connection_waiting(connection);
	TAILQ_REMOVE(&connection->running, batch, link);
	sending_answered(&connection->sending);
	if (TAILQ_FIRST(&connection->running) != NULL)
		TAILQ_FIRST(&connection->running)->begun = now;
	if (batch->failed)
		batch_failed(connection, batch);
	else if (batch->doubtful)
		batch_doubtful(batch);
	else
		batch_committed(batch);
	batch_clear(batch);
	TAILQ_INSERT_HEAD(&connection->spare, batch, link);
}

/*
 * Two gateways that make the same entry meet in a primary key of the
 * extension's, and the second one tries again.  A unique index that others have
 * made will not be satisfied later.
 */
static bool
is_others_unique_index(const PGresult *result, const char *sqlstate)
{
	const char *table = PQresultErrorField(result, PG_DIAG_TABLE_NAME);
	const char *constraint =
		PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
	size_t		length = table != NULL ? strlen(table) : 0;

	return strcmp(sqlstate, "23505") == 0 && table != NULL &&
		constraint != NULL &&
		(strncmp(constraint, table, length) != 0 ||
		 strcmp(constraint + length, "_pkey") != 0);
}

static void
note_error(struct batch *batch, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (batch->failed)
		return;
	batch->failed = true;
	if (sqlstate == NULL)
		sqlstate = "08006";
	else if (is_others_unique_index(result, sqlstate))
		sqlstate = "23000";		/* integrity constraint violation */
	snprintf(batch->sqlstate, sizeof(batch->sqlstate), "%s", sqlstate);
	snprintf(batch->message, sizeof(batch->message), "%s",
			 message != NULL ? message : PQresultErrorMessage(result));
}

/* False: not what this batch has asked for. */
static bool
keep_result(struct batch *batch, PGresult *result)
{
	struct batch_statement *statement = &batch->statements[batch->cursor];

	if (batch->cursor == batch->statement_count || statement->result != NULL ||
		PQnfields(result) != (statement->calls > 0 ? statement->calls : 1))
		return false;
	statement->result = result;
	return true;
}

/*
 * Results that are here, in the order their statements were sent.  Each
 * statement's results end with a NULL, a batch's with a PGRES_PIPELINE_SYNC; an
 * error at commit comes between its last statement and that.
 */
void
connection_receive(struct connection *connection)
{
	struct batch *batch;
	bool		stray = false;

	while ((batch = TAILQ_FIRST(&connection->running)) != NULL &&
		   !connection->broken && !PQisBusy(connection->pg))
	{
		PGresult   *result = PQgetResult(connection->pg);

		if (result == NULL)
		{
			if (batch->cursor < batch->statement_count)
			{
				batch->cursor++;
				if (batch->cursor == batch->statement_count && batch->sampled)
					batch->answered = clock_now();
			}
			else if (stray)
				connection->broken = true;
			else
				stray = true;
			continue;
		}
		stray = false;
		switch (PQresultStatus(result))
		{
			case PGRES_TUPLES_OK:
				if (!keep_result(batch, result))
				{
					connection->broken = true;
					break;
				}
				continue;
			case PGRES_PIPELINE_SYNC:
				batch_ended(connection, batch);
				break;
			case PGRES_PIPELINE_ABORTED:
				break;
			default:
				note_error(batch, result);
				break;
		}
		PQclear(result);
	}
	if (PQstatus(connection->pg) == CONNECTION_BAD)
		connection->broken = true;
}
