/*
 * connection.c
 *	  One connection to the database: opened, kept, and what runs on it.
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
 * (may_follow): then the server process goes from one to the other without having
 * been woken, while we deal with the answers of the first.
 */
#include "connection.h"
#include "cancel.h"
#include "config.h"
#include "log.h"
#include "metrics.h"
#include "serve.h"
#include "session.h"
#include "statements.h"
#include "worker.h"

#include <stdio.h>
#include <string.h>

/* Microseconds. */
#define CONNECT_TIMEOUT (10 * 1000000)
#define CHECK_TIMEOUT (5 * 1000000)
#define SETTLED_TIME (5 * 1000000)
#define FIRST_BACKOFF 50000
#define LAST_BACKOFF 1000000

/*
 * Results and the end of a commit come together, so how long the commit took
 * is seen only if the server is asked to send the results before it.  That
 * costs it one more write: now and then is enough.
 */
#define SAMPLE_PERIOD 10000

static void connection_handle(struct event *event, uint32_t ready);
static void connection_retry(struct timer *timer);

void
connection_init(struct connection *connection, struct lane_pool *lane,
				int number)
{
	memset(connection, 0, sizeof(*connection));
	connection->worker = lane->worker;
	connection->lane = lane;
	connection->number = number;
	connection->state = CONNECTION_DOWN;
	connection->event.fd = -1;
	connection->event.handle = connection_handle;
	connection->retry.fire = connection_retry;
	for (int i = 0; i < QUEUES; i++)
		TAILQ_INIT(&connection->queues[i]);
	TAILQ_INIT(&connection->running);
	TAILQ_INIT(&connection->spare);
	for (int i = 0; i < RUNNING_MAX; i++)
		TAILQ_INSERT_TAIL(&connection->spare, &connection->batches[i], link);
}

/*
 * Opening.
 */

/* Warnings of the server; one of them changes what a commit means. */
static void
receive_notice(void *argument, const PGresult *notice)
{
	struct connection *connection = argument;
	struct batch *batch = TAILQ_FIRST(&connection->running);
	const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);

	/* Not a warning: see extension/src/replies.c. */
	if (function != NULL && strcmp(function, "reply_found") == 0)
	{
		metric_add(METRIC_REPLAYS, 1);
		return;
	}

	/*
	 * The message is translated and its SQLSTATE is any warning's, so the
	 * function it comes from is what tells it.
	 */
	if (function != NULL && strcmp(function, "SyncRepWaitForLSN") == 0 &&
		batch != NULL)
		batch->doubtful = true;
	log_with(LOG_LEVEL_WARNING, session_result_members(notice),
			 "PostgreSQL: %s", PQresultErrorMessage(notice));
}

static void
wait_for_socket(struct connection *connection, uint32_t wanted)
{
	int			fd = PQsocket(connection->pg);

	if (fd == connection->event.fd && wanted == connection->event.wanted &&
		connection->state != CONNECTION_CONNECTING)
		return;
	connection->event.fd = fd;
	event_set(&connection->worker->loop, &connection->event, wanted);
}

void
connection_open(struct connection *connection)
{
	struct worker *worker = connection->worker;

	connection->wanted = true;
	connection->state = CONNECTION_CONNECTING;
	connection->broken = false;
	connection->pg = session_connect(connection->lane->pool->number);
	timer_set(&worker->loop, &connection->retry,
			  worker->loop.now + CONNECT_TIMEOUT);
	if (connection->pg == NULL)
		fatal("out of memory");
	if (PQstatus(connection->pg) == CONNECTION_BAD)
	{
		connection_close(connection, PQerrorMessage(connection->pg));
		return;
	}
	PQsetNoticeReceiver(connection->pg, receive_notice, connection);
	wait_for_socket(connection, EPOLLOUT);
}

static void
connection_up(struct connection *connection)
{
	struct worker *worker = connection->worker;

	connection->state = CONNECTION_READY;
	connection->abandoned = 0;
	metric_add(METRIC_CONNECTS, 1);
	connection->up_since = worker->loop.now;
	connection->last_input = connection->idle_since = worker->loop.now;
	timer_clear(&worker->loop, &connection->retry);
	pool_connection_up(connection);
}

/* False: the connection has been closed. */
static bool
flush(struct connection *connection)
{
	int			left = PQflush(connection->pg);

	if (left < 0)
	{
		connection->broken = true;
		return false;
	}
	wait_for_socket(connection, left > 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
	return true;
}

static void
prepare(struct connection *connection)
{
	const char *standby = session_is_standby(connection->pg);

	if (standby != NULL)
	{
		connection_close(connection, standby);
		return;
	}
	connection->state = CONNECTION_PREPARING;
	if (!session_prepare(connection->pg, connection->lane->lane,
						 connection->abandoned) ||
		!flush(connection))
		connection_close(connection, PQerrorMessage(connection->pg));
}

static void
continue_connecting(struct connection *connection)
{
	switch (PQconnectPoll(connection->pg))
	{
		case PGRES_POLLING_READING:
			wait_for_socket(connection, EPOLLIN);
			break;
		case PGRES_POLLING_WRITING:
			wait_for_socket(connection, EPOLLOUT);
			break;
		case PGRES_POLLING_OK:
			prepare(connection);
			break;
		default:
			connection_close(connection, PQerrorMessage(connection->pg));
			break;
	}
}

static void
continue_preparing(struct connection *connection)
{
	char		problem[256];

	switch (session_prepared(connection->pg, problem, sizeof(problem)))
	{
		case SESSION_WAIT:
			break;
		case SESSION_READY:
			connection_up(connection);
			break;
		case SESSION_FAILED:
			connection_close(connection, problem);
			break;
	}
}

/*
 * Closing.
 */

static int64_t
backoff(struct connection *connection)
{
	int64_t		delay = FIRST_BACKOFF;

	for (int i = 1; i < connection->failures && delay < LAST_BACKOFF; i++)
		delay *= 2;
	if (delay > LAST_BACKOFF)
		delay = LAST_BACKOFF;
	return delay / 2 +
		delay / 2 * (pool_chance(connection->lane->pool) % 1024) / 1024;
}

/*
 * A call that was on the connection when it went down.
 *
 * One that was running may have happened, if the connection was lost between
 * the commit and its confirmation.  It simply runs again: a change says which
 * call it is (parameters_caller), and the database knows the answers it gave
 * (extension/src/replies.c).
 *
 * It runs alone from now on, so that a call that makes the server crash
 * takes no others with it a second time; and if it was alone already and the
 * first in the row, it is the one that was running, and waits a little, so
 * that those behind it get through.
 */
static void
take_back(struct request *request, bool suspect)
{
	if (request->state == REQUEST_RUNNING)
	{
		suspect = suspect && request->alone;
		request->batch = NULL;
		request->alone = true;
	}
	else
		suspect = false;
	if (request_pointless(request))
		request_free(request);
	else if (suspect)
		pool_retry(request);
	else
		pool_submit(request);
}

void
connection_close(struct connection *connection, const char *reason)
{
	struct worker *worker = connection->worker;
	struct request_list requests = TAILQ_HEAD_INITIALIZER(requests);
	struct request *request;
	struct batch *batch;
	bool		first = true;

	if (reason != NULL)
	{
		metric_add(METRIC_CONNECTION_LOSSES, 1);
		pool_complain(connection->lane->pool, reason);
	}
	if (connection->cancel != NULL)
		cancel_release(connection->cancel);
	connection->cancel = NULL;
	event_remove(&worker->loop, &connection->event);
	PQfinish(connection->pg);
	connection->pg = NULL;
	connection->state = CONNECTION_DOWN;
	connection->broken = false;

	while ((batch = TAILQ_FIRST(&connection->running)) != NULL)
	{
		TAILQ_REMOVE(&connection->running, batch, link);
		TAILQ_INSERT_TAIL(&connection->spare, batch, link);
		batch_clear(batch);
		TAILQ_CONCAT(&requests, &batch->requests, link);
	}
	connection->running_count = 0;
	for (int i = 0; i < QUEUES; i++)
		TAILQ_CONCAT(&requests, &connection->queues[i], link);
	connection->queued = 0;

	if (connection->wanted)
	{
		connection->failures++;
		timer_set(&worker->loop, &connection->retry,
				  worker->loop.now + backoff(connection));
	}
	else
	{
		connection->failures = 0;
		timer_clear(&worker->loop, &connection->retry);
	}

	while ((request = TAILQ_FIRST(&requests)) != NULL)
	{
		TAILQ_REMOVE(&requests, request, link);
		take_back(request, first);
		first = false;
	}
}

static void
connection_retry(struct timer *timer)
{
	struct connection *connection = container_of(timer, struct connection,
												 retry);

	if (connection->state == CONNECTION_DOWN)
		connection_open(connection);
	else
		connection_close(connection, "no answer to a connection attempt");
}

/*
 * Sending.
 */

static struct request_list *
queue_of(struct connection *connection, const struct request *request)
{
	return &connection->queues[request->call.unstable ? QUEUE_UNSTABLE :
							   QUEUE_FLUSHED];
}

void
connection_enqueue(struct connection *connection, struct request *request)
{
	request_set_state(request, REQUEST_QUEUED);
	request->connection = connection;
	TAILQ_INSERT_TAIL(queue_of(connection, request), request, link);
	connection->queued++;
}

void
connection_dequeue(struct connection *connection, struct request *request)
{
	TAILQ_REMOVE(queue_of(connection, request), request, link);
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
		const struct request *request = TAILQ_FIRST(&connection->queues[i]);

		if (request != NULL && request->arrived < oldest)
			oldest = request->arrived;
	}
	return oldest;
}

/* The queue whose first call has waited longer. */
static struct request_list *
next_queue(struct connection *connection)
{
	struct request *flushed = TAILQ_FIRST(&connection->queues[QUEUE_FLUSHED]);
	struct request *unstable = TAILQ_FIRST(&connection->queues[QUEUE_UNSTABLE]);

	if (unstable == NULL ||
		(flushed != NULL && flushed->arrived <= unstable->arrived))
		return &connection->queues[QUEUE_FLUSHED];
	return &connection->queues[QUEUE_UNSTABLE];
}

/*
 * May the next batch be sent while others run?  Clients that wait for answers
 * come back with other calls, in two groups: those of the batch that runs and those
 * of the next.  So a batch that waits for half of all calls there were when a batch
 * last ended is not smaller than one that waits for the answers; three batches of a
 * third each would cost three commits.
 *
 * Large data is left alone: what is sent can neither expire nor be taken elsewhere.
 * Calls that are to run alone go out one behind the other, but not behind others.
 */
static bool
may_follow(struct connection *connection)
{
	const struct batch *last = TAILQ_LAST(&connection->running, batch_list);
	const struct request *next = TAILQ_FIRST(next_queue(connection));

	if (last->alone || next->alone)
		return last->alone && next->alone;
	return connection->running_count == 1 && last->count > 0 &&
		connection->lane->lane != LANE_BULK &&
		2 * connection->queued >= connection->outstanding;
}

static struct batch *
take_spare_batch(struct connection *connection)
{
	struct batch *batch = TAILQ_FIRST(&connection->spare);

	TAILQ_REMOVE(&connection->spare, batch, link);
	TAILQ_INSERT_TAIL(&connection->running, batch, link);
	if (connection->running_count++ == 0)
		connection->last_input = connection->worker->loop.now;
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
	uint8_t		handles[CONFIG_BATCH_CALLS_MAX * 2 * BATCH_HANDLE_SIZE];
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
	struct request *request = TAILQ_FIRST(&batch->requests);

	while (request != NULL)
	{
		int			count = batch_gather(request, calls);

		send_statement(connection, batch, count, calls);
		for (; count > 0; count--)
		{
			request_set_state(request, REQUEST_RUNNING);
			request->batch = batch;
			if (request->client != NULL)
				connection->idle_since = connection->worker->loop.now;
			request = TAILQ_NEXT(request, link);
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

void
connection_dispatch(struct connection *connection)
{
	bool		sent = false;

	if (connection->cancel != NULL && cancel_is_over(connection->cancel))
	{
		cancel_release(connection->cancel);
		connection->cancel = NULL;
	}
	if (connection->state != CONNECTION_READY || connection->cancel != NULL)
		return;

	while (connection->queued > 0 && !connection->broken &&
		   connection->running_count < RUNNING_MAX &&
		   (connection->running_count == 0 || may_follow(connection)))
	{
		send_batch(connection);
		sent = true;
	}
	if (sent && !connection->broken)
		flush(connection);
	if (connection->broken)
		connection_close(connection, PQerrorMessage(connection->pg));
}

/*
 * Receiving.
 */

/*
 * A result of one call becomes the request's.  Those of several stay here until
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
		struct request *request = TAILQ_FIRST(&batch->requests);

		TAILQ_REMOVE(&batch->requests, request, link);
		request->batch = NULL;
		if (result == NULL)
			serve_failure(request, STATUS_SERVERFAULT);
		else if (statement->calls == 1)
			serve_result(request, result);
		else
			serve_column(request, result, i);
	}
}

static void
batch_committed(struct batch *batch)
{
	for (int i = 0; i < batch->statement_count; i++)
		statement_committed(batch, &batch->statements[i]);
}

static void
log_failure(const struct batch *batch, const struct request *request,
			enum log_level level, const char *consequence)
{
	char		name[REQUEST_NAME_MAX];

	log_with(level,
			 log_members(request_members(request), "{s:s, s:o, s:s}",
						 "sqlstate", batch->sqlstate,
						 "error", log_text(batch->message),
						 "consequence", consequence),
			 "%s: %s: %s; %s", request_name(request, name),
			 batch->sqlstate, batch->message, consequence);
}

/* A call that ran alone came to nothing. */
static void
call_failed(struct connection *connection, struct batch *batch,
			struct request *request)
{
	uint32_t	status;
	char		buffer[16];

	switch (remedy_for(batch->sqlstate, &status))
	{
		case REMEDY_RETRY:
			log_failure(batch, request, LOG_LEVEL_DEBUG, "it will be retried");
			pool_retry(request);
			break;
		case REMEDY_RECONNECT:
			log_failure(batch, request, LOG_LEVEL_DEBUG,
						"it will be retried on a new connection");
			connection->broken = true;
			snprintf(connection->reason, sizeof(connection->reason), "%s: %s",
					 batch->sqlstate, batch->message);
			pool_retry(request);
			break;
		case REMEDY_FAIL:
			log_failure(batch, request, LOG_LEVEL_ERROR,
						strcmp(batch->sqlstate, "42501") == 0 ?
						"GRANT dittofs_gateway TO the gateway's role" :
						status_name(status, buffer));
			serve_failure(request, status);
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
	struct request *request;

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

	while ((request = TAILQ_LAST(&batch->requests, request_list)) != NULL)
	{
		TAILQ_REMOVE(&batch->requests, request, link);
		request->batch = NULL;
		if (request_pointless(request))
			request_free(request);
		else if (batch->count == 1)
			call_failed(connection, batch, request);
		else
		{
			request->alone = true;
			request_set_state(request, REQUEST_QUEUED);
			TAILQ_INSERT_HEAD(queue_of(connection, request), request, link);
			connection->queued++;
		}
	}
}

static void
batch_doubtful(struct batch *batch)
{
	struct request *request;

	while ((request = TAILQ_FIRST(&batch->requests)) != NULL)
	{
		TAILQ_REMOVE(&batch->requests, request, link);
		request->batch = NULL;
		if (request_pointless(request))
			request_free(request);
		else
			pool_retry(request);
	}
}

/* How long all this took, for the metrics and the calls in it. */
static void
note_times(struct connection *connection, struct batch *batch, int64_t now)
{
	int64_t		flush_time = 0;
	struct request *request;

	if (batch->count == 0)
		return;
	if (batch->answered != 0 && !batch->failed)
	{
		flush_time = now - batch->answered;
		metric_observe(METRIC_FLUSH, flush_time);
	}
	histogram_add(&metrics_of_thread()->batch_time[connection->lane->lane],
				  (uint64_t) (now - batch->begun), HISTOGRAM_TIME_SHIFT);
	TAILQ_FOREACH(request, &batch->requests, link)
	{
		request->database_time += now - batch->begun;
		request->flush_time += flush_time;
	}
}

static void
batch_ended(struct connection *connection, struct batch *batch)
{
	int64_t		now = clock_now();

	note_times(connection, batch, now);
	connection->outstanding = batch->count + connection_waiting(connection);
	TAILQ_REMOVE(&connection->running, batch, link);
	connection->running_count--;
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

static void
note_error(struct batch *batch, const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

	if (batch->failed)
		return;
	batch->failed = true;
	snprintf(batch->sqlstate, sizeof(batch->sqlstate), "%s",
			 sqlstate != NULL ? sqlstate : "08006");
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
static void
collect_results(struct connection *connection)
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

static void
continue_running(struct connection *connection, uint32_t ready)
{
	connection->last_input = connection->worker->loop.now;
	connection->reason[0] = '\0';
	if (!PQconsumeInput(connection->pg))
		connection->broken = true;
	if (ready & EPOLLOUT)
		flush(connection);

	/* Even when it is broken: what has arrived before that counts. */
	if (!connection->broken || TAILQ_FIRST(&connection->running) != NULL)
	{
		connection->broken = false;
		collect_results(connection);
	}
	if (connection->broken || PQstatus(connection->pg) == CONNECTION_BAD)
		connection_close(connection, connection->reason[0] != '\0' ?
						 connection->reason : PQerrorMessage(connection->pg));
}

static void
connection_handle(struct event *event, uint32_t ready)
{
	struct connection *connection = container_of(event, struct connection,
												 event);

	switch (connection->state)
	{
		case CONNECTION_DOWN:
			break;
		case CONNECTION_CONNECTING:
			continue_connecting(connection);
			break;
		case CONNECTION_PREPARING:
			if (!PQconsumeInput(connection->pg) || !flush(connection))
				connection_close(connection, PQerrorMessage(connection->pg));
			else
				continue_preparing(connection);
			break;
		case CONNECTION_READY:
			continue_running(connection, ready);
			break;
	}
}

/*
 * Now and then.
 */

static void
send_check(struct connection *connection)
{
	struct batch *batch = take_spare_batch(connection);
	struct request_list nothing = TAILQ_HEAD_INITIALIZER(nothing);

	batch_fill(batch, &nothing, 0, 0);
	if (!PQpipelineSync(connection->pg) || !flush(connection))
		connection_close(connection, PQerrorMessage(connection->pg));
}

void
connection_check(struct connection *connection)
{
	const struct metadata_store_config *config =
		connection->lane->pool->config;
	struct lane_pool *lane = connection->lane;
	int64_t		now = connection->worker->loop.now;
	struct batch *batch = TAILQ_FIRST(&connection->running);
	const char *standby;

	if (connection->state != CONNECTION_READY)
		return;
	if (now - connection->up_since > SETTLED_TIME)
		connection->failures = 0;

	if (batch != NULL)
	{
		int64_t		limit = batch->count == 0 ? CHECK_TIMEOUT :
			config->call_timeout * 1000 + CHECK_TIMEOUT;

		if (now - connection->last_input > limit +
			(batch->count > 0 ? CHECK_TIMEOUT : 0))
		{
			connection->abandoned = PQbackendPID(connection->pg);
			connection_close(connection, "the server does not answer");
		}
		else if (now - connection->last_input > limit && batch->count > 0 &&
				 connection->cancel == NULL && !batch->cancelled)
		{
			/*
			 * A statement ends by itself in this time, a commit does not: it
			 * waits for a synchronous standby.  Were the connection given up,
			 * its server process would stay, and one more for each attempt.
			 */
			batch->cancelled = true;
			connection->cancel = cancel_start(connection->pg,
											  connection->worker->wake.fd);
		}
		return;
	}
	if (connection->queued > 0)
		return;
	standby = session_is_standby(connection->pg);
	if (!connection->wanted)
	{
		log_debug("a connection that is not needed is closed");
		connection_close(connection, NULL);
	}
	else if (standby != NULL)
		connection_close(connection, standby);
	else if (lane->wanted > lane->min &&
			 now - connection->idle_since > config->max_idle_time * 1000)
	{
		connection->wanted = false;
		lane->wanted--;
		log_debug("an idle connection is closed");
		connection_close(connection, NULL);
	}
	else if (now - connection->last_input > config->health_check_period * 1000)
		send_check(connection);
}

void
connection_forget(struct connection *connection, const struct request *gone)
{
	struct batch *batch;
	struct request *request;

	if (connection->state != CONNECTION_READY || connection->cancel != NULL ||
		statements[gone->call.statement].lane == LANE_CHANGE)
		return;
	if (!gone->procedure->changes)
		TAILQ_FOREACH(batch, &connection->running, link)
			TAILQ_FOREACH(request, &batch->requests, link)
				if (!request_pointless(request))
					return;
	connection->cancel = cancel_start(connection->pg,
									  connection->worker->wake.fd);
}
