/* SPDX-License-Identifier: PostgreSQL */
/*
 * connection.c
 *	  One connection to the database: opened, kept, closed.
 *
 * connection_run.c has what is sent there and what becomes of it.
 */
#include "db/connection.h"
#include "db/cancel.h"
#include "config/config.h"
#include "db/connection_run.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "db/pooler.h"
#include "db/session.h"

#include <stdio.h>
#include <string.h>

/* Microseconds. */
#define PREPARE_TIMEOUT (10 * 1000000)
#define CHECK_TIMEOUT (5 * 1000000)
#define SETTLED_TIME (5 * 1000000)
#define FIRST_BACKOFF 50000
#define LAST_BACKOFF 1000000
#define REFUSED_BACKOFF (5 * 1000000)

static void connection_handle(struct event *event, uint32_t ready);
static void connection_retry(struct timer *timer);

void
connection_init(struct connection *connection, struct lane_pool *lane,
				int number)
{
	memset(connection, 0, sizeof(*connection));
	connection->loop = lane->pool->loop;
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
	const char *sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
	const char *function = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);

	/* Not a warning. */
	if (sqlstate != NULL && strcmp(sqlstate, SQLSTATE_REPLAYED) == 0)
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
	event_set(connection->loop, &connection->event, wanted);
}

static void try_next(struct connection *connection);

void
connection_open(struct connection *connection)
{
	connection->wanted = true;
	if (connection->lane->opened <= connection->number)
		connection->lane->opened = connection->number + 1;
	connection->row = (struct reach_row) {0};
	connection->refused = false;
	connection->reasons[0] = '\0';
	try_next(connection);
}

static void
add_reason(struct connection *connection, const char *reason)
{
	size_t		used = strlen(connection->reasons);

	snprintf(connection->reasons + used, sizeof(connection->reasons) - used,
			 "%s\n", reason);
}

static void
drop_session(struct connection *connection)
{
	event_remove(connection->loop, &connection->event);
	PQfinish(connection->pg);
	connection->pg = NULL;
}

/* An attempt has failed; the next place may do better. */
static void
attempt_failed(struct connection *connection, const char *reason, bool slow)
{
	int			store = connection->lane->pool->number;
	bool		showed_password = PQconnectionUsedPassword(connection->pg) ||
		PQconnectionNeedsPassword(connection->pg);

	add_reason(connection, reason);
	reach_failed(store, &connection->target, slow);
	if (showed_password && connection->state == CONNECTION_CONNECTING)
	{
		connection->refused = true;
		session_password_refused(store);
	}
	drop_session(connection);
	try_next(connection);
}

static void
begin_attempt(struct connection *connection)
{
	int			store = connection->lane->pool->number;

	connection->state = CONNECTION_CONNECTING;
	connection->broken = false;
	connection->process = (struct session_process) {0};
	connection->attempted = connection->loop->now;
	connection->pg = session_connect(store, &connection->target);
	if (connection->pg == NULL)
		fatal("out of memory");
	timer_set(connection->loop, &connection->retry, clock_now() +
			  reach_limit(store, connection->failures));
	if (PQstatus(connection->pg) == CONNECTION_BAD)
	{
		attempt_failed(connection, PQerrorMessage(connection->pg), false);
		return;
	}
	PQsetNoticeReceiver(connection->pg, receive_notice, connection);
	wait_for_socket(connection, EPOLLOUT);
}

static void
try_next(struct connection *connection)
{
	char		problem[256];

	switch (reach_next(connection->lane->pool->number, &connection->row,
					   &connection->target, problem, sizeof(problem)))
	{
		case REACH_TARGET:
			begin_attempt(connection);
			break;
		case REACH_WAIT:
			connection->state = CONNECTION_SEEKING;
			timer_set(connection->loop, &connection->retry,
					  connection->row.wait_until);
			break;
		case REACH_NONE:
			if (problem[0] != '\0')
				add_reason(connection, problem);
			connection_close(connection, connection->reasons);
			break;
	}
}

/* Where several places were to be had, it is worth a line. */
static void
note_place(struct connection *connection)
{
	struct pool *pool = connection->lane->pool;
	char		where[160];

	if (!reach_works(pool->number, &connection->target) ||
		!reach_has_choice(pool->number))
		return;
	reach_describe(&connection->target, where, sizeof(where));
	log_with(LOG_LEVEL_INFO,
			 log_members(NULL, "{s:s, s:o}", "store", pool->config->name,
						 "host", log_text(where)),
			 "metadata store %s: served by %s", pool->config->name, where);
}

static void
connection_up(struct connection *connection)
{
	struct loop *loop = connection->loop;

	connection->state = CONNECTION_READY;
	connection->abandoned = (struct session_process) {0};
	note_place(connection);
	metric_add(METRIC_CONNECTS, 1);
	connection->up_since = loop->now;
	connection->last_input = connection->idle_since = loop->now;
	timer_clear(loop, &connection->retry);
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

/*
 * Of several places one may have been fenced off by
 * default_transaction_read_only when another became the primary: it is taken
 * only if there is no better.
 */
static bool
is_second_choice(struct connection *connection)
{
	if (!session_is_read_only(connection->pg) ||
		connection->row.takes_read_only ||
		!reach_has_choice(connection->lane->pool->number))
		return false;
	connection->row.saw_read_only = true;
	return true;
}

static void
prepare(struct connection *connection)
{
	const char *standby = session_is_standby(connection->pg);

	connection->state = CONNECTION_PREPARING;
	if (standby != NULL)
		attempt_failed(connection, standby, false);
	else if (pooler_is_refused(connection->lane->pool->number))
		attempt_failed(connection, session_pooler_problem, false);
	else if (is_second_choice(connection))
		attempt_failed(connection, "the server is read-only", false);
	else if (!session_prepare(connection->lane->pool->number, connection->pg,
							  connection->lane->lane, &connection->abandoned) ||
			 !flush(connection))
		attempt_failed(connection, PQerrorMessage(connection->pg), false);
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
			attempt_failed(connection, PQerrorMessage(connection->pg), false);
			break;
	}
}

static void
continue_preparing(struct connection *connection)
{
	char		problem[512];
	bool		known = connection->process.pid != 0;

	switch (session_prepared(connection->pg, &connection->process, problem,
							 sizeof(problem)))
	{
		case SESSION_WAIT:
			/* The server answers: its statements may take longer. */
			if (!known && connection->process.pid != 0)
				timer_set(connection->loop, &connection->retry,
						  connection->loop->now + PREPARE_TIMEOUT);
			break;
		case SESSION_READY:
			connection_up(connection);
			break;
		case SESSION_FAILED:
			if (strcmp(problem, session_pooler_problem) == 0)
				pooler_refuse(connection->lane->pool->number,
							  connection->lane->pool->config->name);
			attempt_failed(connection, problem, false);
			break;
	}
}

/*
 * Closing.
 */

/*
 * The time that a row of attempts took counts: when a host that does not answer
 * has been waited for, the next row begins at once.  Two kinds of failure may
 * last, and trying often would make them worse: a server that refuses us, and
 * one that has no room for more than the connections that the lane has.
 */
static int64_t
backoff(struct connection *connection)
{
	int64_t		last = connection->refused ||
		pool_lane_is_up(connection->lane->pool, connection->lane->lane) ?
		REFUSED_BACKOFF : LAST_BACKOFF;
	int64_t		delay = FIRST_BACKOFF;
	int64_t		spent = connection->row.begun != 0 ?
		clock_now() - connection->row.begun : 0;

	for (int i = 1; i < connection->failures && delay < last; i++)
		delay *= 2;
	if (delay > last)
		delay = last;
	delay = delay / 2 +
		delay / 2 * (pool_chance(connection->lane->pool) % 1024) / 1024;
	return delay > spent ? delay - spent : 0;
}

/*
 * A call that was on the connection when it went down.
 *
 * One that was running may have happened, if the connection was lost between
 * the commit and its confirmation.  It simply runs again: a change says which
 * call it is (parameters_caller), and the database knows the answers it gave
 * (extension/src/ops/replies.c).
 *
 * It runs alone from now on, so that a call that makes the server crash
 * takes no others with it a second time; and if it was alone already and the
 * first in the row, it is the one that was running, and waits a little, so
 * that those behind it get through.
 */
static void
take_back(struct call *call, bool suspect)
{
	if (call->state == CALL_RUNNING)
	{
		suspect = suspect && call->alone;
		call->alone = true;
	}
	else
		suspect = false;
	call_set_state(call, CALL_IDLE);
	if (!call_is_wanted(call))
		call->owner->dropped(call);
	else if (suspect)
		pool_retry(call);
	else
		pool_submit(call);
}

void
connection_close(struct connection *connection, const char *reason)
{
	struct loop *loop = connection->loop;
	struct call_list calls = TAILQ_HEAD_INITIALIZER(calls);
	struct call *call;
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
	connection->sending = (struct sending) {0};
	drop_session(connection);
	if (connection->state == CONNECTION_READY)
		connection->row.begun = 0;
	connection->state = CONNECTION_DOWN;
	connection->broken = false;

	while ((batch = TAILQ_FIRST(&connection->running)) != NULL)
	{
		TAILQ_REMOVE(&connection->running, batch, link);
		TAILQ_INSERT_TAIL(&connection->spare, batch, link);
		batch_clear(batch);
		TAILQ_CONCAT(&calls, &batch->calls, link);
	}
	for (int i = 0; i < QUEUES; i++)
		TAILQ_CONCAT(&calls, &connection->queues[i], link);
	connection->queued = 0;

	if (connection->wanted)
	{
		connection->failures++;
		timer_set(loop, &connection->retry,
				  loop->now + backoff(connection));
	}
	else
	{
		connection->failures = 0;
		timer_clear(loop, &connection->retry);
	}

	while ((call = TAILQ_FIRST(&calls)) != NULL)
	{
		TAILQ_REMOVE(&calls, call, link);
		take_back(call, first);
		first = false;
	}
}

static void
no_answer(struct connection *connection)
{
	char		where[160];
	char		reason[256];

	reach_describe(&connection->target, where, sizeof(where));
	snprintf(reason, sizeof(reason),
			 "connection to server at %s failed: timeout expired", where);
	attempt_failed(connection, reason, true);
}

static void
connection_retry(struct timer *timer)
{
	struct connection *connection = container_of(timer, struct connection,
												 retry);

	switch (connection->state)
	{
		case CONNECTION_DOWN:
			connection_open(connection);
			break;
		case CONNECTION_SEEKING:
			try_next(connection);
			break;
		default:
			no_answer(connection);
			break;
	}
}

void
connection_dispatch(struct connection *connection)
{
	if (connection->state == CONNECTION_SEEKING)
	{
		try_next(connection);
		return;
	}
	if (connection->cancel != NULL &&
		cancel_state(connection->cancel) == CANCEL_OVER)
	{
		cancel_release(connection->cancel);
		connection->cancel = NULL;
		sending_cancel_over(&connection->sending);
	}
	if (connection->state != CONNECTION_READY)
		return;

	if (connection_send(connection) && !connection->broken)
		flush(connection);
	if (connection->broken)
		connection_close(connection, PQerrorMessage(connection->pg));
}

static void
continue_running(struct connection *connection, uint32_t ready)
{
	connection->last_input = connection->loop->now;
	connection->reason[0] = '\0';
	if (!PQconsumeInput(connection->pg))
		connection->broken = true;
	if (ready & EPOLLOUT)
		flush(connection);

	/* Even when it is broken: what has arrived before that counts. */
	if (!connection->broken || TAILQ_FIRST(&connection->running) != NULL)
	{
		connection->broken = false;
		connection_receive(connection);
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
		case CONNECTION_SEEKING:
			break;
		case CONNECTION_CONNECTING:
			continue_connecting(connection);
			break;
		case CONNECTION_PREPARING:
			if (!PQconsumeInput(connection->pg) || !flush(connection))
				attempt_failed(connection, PQerrorMessage(connection->pg),
							   false);
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
	if (!connection_send_check(connection) || !flush(connection))
		connection_close(connection, PQerrorMessage(connection->pg));
}

/*
 * The server is gone, or the way to it: not even its kernel acknowledges what
 * was sent, or a keep-alive.  Its process may live on, and is told to end when
 * the server can be reached again.
 */
static void
give_up(struct connection *connection, const char *reason)
{
	if (TAILQ_FIRST(&connection->running) != NULL)
		connection->abandoned = connection->process;
	connection_close(connection, reason);
}

/* A cancel that hangs, or cannot be: the connection cannot be used either. */
static bool
cancel_has_failed(struct connection *connection)
{
	bool		unsent = connection->sending.cancelling == CANCELLING_FAILED;

	if (!unsent && (connection->cancel == NULL ||
					cancel_state(connection->cancel) != CANCEL_HANGS))
		return false;
	give_up(connection, unsent ? "too many cancel requests hang" :
			"a cancel request is not answered");
	return true;
}

/* False: it cannot be sent. */
static bool
begin_cancel(struct connection *connection)
{
	connection->cancel =
		cancel_start(connection->loop, connection->pg,
					 reach_limit(connection->lane->pool->number, 0));
	if (connection->cancel == NULL)
		return false;
	sending_began(&connection->sending, SENT_CANCEL);
	return true;
}

static void
check_running(struct connection *connection, struct batch *batch)
{
	const struct metadata_store_config *config =
		connection->lane->pool->config;
	int64_t		silence = connection->loop->now - connection->last_input;
	int64_t		limit = batch->count == 0 ? CHECK_TIMEOUT :
		config->call_timeout * 1000 + CHECK_TIMEOUT;

	if (silence > limit + (batch->count > 0 ? CHECK_TIMEOUT : 0))
	{
		give_up(connection, "the server does not answer");
		return;
	}
	if (silence > limit && !batch->cancelled &&
		sending_may(&connection->sending, SENT_CANCEL))
	{
		/*
		 * A statement ends by itself in this time, a commit does not: it
		 * waits for a synchronous standby.  Were the connection given up,
		 * its server process would stay, and one more for each attempt.
		 */
		batch->cancelled = true;
		(void) begin_cancel(connection);
	}
}

/* An attempt goes on although another place has the primary by now. */
static void
check_attempt(struct connection *connection)
{
	if ((connection->state == CONNECTION_CONNECTING ||
		 connection->state == CONNECTION_PREPARING) &&
		reach_is_elsewhere(connection->lane->pool->number, &connection->target,
						   connection->attempted))
	{
		reach_failed(connection->lane->pool->number, &connection->target, true);
		drop_session(connection);
		connection_open(connection);
	}
}

void
connection_check(struct connection *connection)
{
	const struct metadata_store_config *config =
		connection->lane->pool->config;
	struct lane_pool *lane = connection->lane;
	int64_t		now = connection->loop->now;
	struct batch *batch = TAILQ_FIRST(&connection->running);
	const char *standby;

	if (connection->state != CONNECTION_READY)
	{
		check_attempt(connection);
		return;
	}
	if (now - connection->up_since > SETTLED_TIME)
		connection->failures = 0;
	if (cancel_has_failed(connection))
		return;
	if (reach_peer_is_silent(connection->event.fd,
							 reach_limit(lane->pool->number, 0)))
	{
		reach_failed(lane->pool->number, &connection->target, true);
		give_up(connection, "the server's host has gone silent");
		return;
	}
	if (batch != NULL)
	{
		check_running(connection, batch);
		return;
	}
	if (pooler_is_refused(lane->pool->number))
	{
		connection_close(connection, session_pooler_problem);
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
	else if (now - connection->last_input >
				 config->health_check_period * 1000 &&
			 sending_may(&connection->sending, SENT_CHECK))
		send_check(connection);
}

void
connection_forget(struct connection *connection, const struct call *gone)
{
	struct batch *batch;
	struct call *call;

	if (connection->state != CONNECTION_READY ||
		connection->lane->lane == LANE_CHANGE ||
		!sending_may(&connection->sending, SENT_CANCEL))
		return;
	if (!gone->changes)
		TAILQ_FOREACH(batch, &connection->running, link)
			TAILQ_FOREACH(call, &batch->calls, link)
				if (call_is_wanted(call))
					return;
	if (!begin_cancel(connection))
		sending_cancel_failed(&connection->sending);
}
