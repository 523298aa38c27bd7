/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_call_back.c
 *	  Calls to clients: a portmapper and a program of the test's own, at an
 *	  address of 127.0.0.0/8 for each test.
 *
 * The portmapper's port is 111, which only root may have; for others the tests
 * that need one are skipped.
 */
#include "unit.h"

#include "base/log.h"
#include "core/call_back.h"
#include "core/worker.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROGRAM 100021
#define VERSION 4
#define PROCEDURE 5
#define PATIENCE 60000000		/* microseconds */

static struct worker worker;
static int	answers;
static struct call_back_answer last;
static uint32_t last_word;

static void
answered(void *owner, const struct call_back_answer *answer)
{
	assert_ptr_equal(owner, &answers);
	answers++;
	last = *answer;
	last_word = 0;
	if (answer->results.size >= 4)
		memcpy(&last_word, answer->results.data, 4);
	last_word = ntohl(last_word);
}

static struct peer
host(const char *address)
{
	struct in_addr in;
	struct peer peer;

	assert_int_equal(inet_pton(AF_INET, address, &in), 1);
	peer_set(&peer, AF_INET, &in, 0);
	return peer;
}

static const char *local = "127.0.0.9";

static bool
call(const char *address, bool udp)
{
	struct call_back what = {
		.peer = host(address), .local = host(local), .udp = udp,
		.program = PROGRAM, .version = VERSION, .procedure = PROCEDURE,
		.arguments = {"argument", 8}, .answered = answered,
	.owner = &answers};

	return call_back(&worker, &what);
}

static void
await_answers(int count)
{
	int64_t		until = clock_now() + PATIENCE;

	while (answers < count && clock_now() < until)
	{



		loop_round(&worker.loop);
	}
	assert_int_equal(answers, count);
}

/*
 * The client's side: what it says is in a struct, and a thread serves.
 */

struct other
{
	const char *address;
	int			questions_to_lose;
	int			calls_to_lose;
	bool		no_program;
	bool		wrong_xid;		/* a reply to something else comes first */
	bool		refuses;
	bool		garbage;

	pthread_t	thread;
	int			stop[2];
	int			question_udp;
	int			call_udp;
	int			call_tcp;
	uint16_t	udp_port;
	uint16_t	tcp_port;
	int			questions;
	int			calls;
	uint16_t	from_port;		/* of the last call */
};

static int
open_at(const char *address, int type, uint16_t *port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t	size = sizeof(in);
	int			fd = socket(AF_INET, type, 0);

	inet_pton(AF_INET, address, &in.sin_addr);
	if (bind(fd, (struct sockaddr *) &in, size) != 0)
	{
		close(fd);
		return -1;
	}
	if (type == SOCK_STREAM)
		listen(fd, 8);
	getsockname(fd, (struct sockaddr *) &in, &size);
	*port = ntohs(in.sin_port);
	return fd;
}

static size_t
reply_to(const struct other *other, const uint32_t *message, uint32_t word,
		 uint32_t *reply)
{
	uint32_t	words[] = {message[0], htonl(1), 0, 0, 0,
		htonl(other->refuses ? 3 : 0), htonl(word)};

	memcpy(reply, words, sizeof(words));
	return other->garbage ? 10 : sizeof(words);
}

static void
answer_question(struct other *other)
{
	uint32_t	message[256];
	uint32_t	reply[16];
	struct sockaddr_in from;
	socklen_t	size = sizeof(from);
	ssize_t		n = recvfrom(other->question_udp, message, sizeof(message), 0,
							 (struct sockaddr *) &from, &size);
	uint32_t	port;

	assert_true(n >= 56);
	other->questions++;
	if (other->questions_to_lose-- > 0)
		return;
	assert_int_equal(ntohl(message[3]), 100000);
	assert_int_equal(ntohl(message[n / 4 - 4]), PROGRAM);
	assert_int_equal(ntohl(message[n / 4 - 3]), VERSION);
	port = ntohl(message[n / 4 - 2]) == IPPROTO_UDP ? other->udp_port :
		other->tcp_port;
	if (other->no_program)
		port = 0;
	n = (ssize_t) reply_to(other, message, port, reply);
	sendto(other->question_udp, reply, (size_t) n, 0,
		   (struct sockaddr *) &from, size);
}

static void
answer_by_udp(struct other *other)
{
	uint32_t	message[256];
	uint32_t	reply[16];
	struct sockaddr_in from;
	socklen_t	size = sizeof(from);
	ssize_t		n = recvfrom(other->call_udp, message, sizeof(message), 0,
							 (struct sockaddr *) &from, &size);

	assert_true(n > 48);
	assert_memory_equal((char *) message + n - 8, "argument", 8);
	other->calls++;
	other->from_port = ntohs(from.sin_port);
	if (other->calls_to_lose-- > 0)
		return;
	n = (ssize_t) reply_to(other, message, 7, reply);
	if (other->wrong_xid)
	{
		reply[0] ^= 1;
		sendto(other->call_udp, reply, (size_t) n, 0, (struct sockaddr *) &from,
			   size);
		reply[0] ^= 1;
	}
	sendto(other->call_udp, reply, (size_t) n, 0,
		   (struct sockaddr *) &from, size);
}

static void
answer_by_tcp(struct other *other)
{
	uint32_t	message[256];
	uint32_t	reply[17];
	struct sockaddr_in from;
	socklen_t	size = sizeof(from);
	int			fd = accept(other->call_tcp, (struct sockaddr *) &from, &size);
	ssize_t		n = recv(fd, message, sizeof(message), 0);

	assert_true(n > 52);
	assert_int_equal(ntohl(message[0]), 0x80000000u | (uint32_t) (n - 4));
	assert_memory_equal((char *) message + n - 8, "argument", 8);
	other->calls++;
	other->from_port = ntohs(from.sin_port);
	n = (ssize_t) reply_to(other, message + 1, 7, reply + 1);
	reply[0] = htonl(0x80000000u | (uint32_t) n);

	/* in pieces */
	send(fd, reply, 2, MSG_NOSIGNAL);
	send(fd, (char *) reply + 2, (size_t) n + 2, MSG_NOSIGNAL);
	(void) recv(fd, message, sizeof(message), 0);
	close(fd);
}

static void *
serve(void *argument)
{
	struct other *other = argument;

	for (;;)
	{
		fd_set		ready;

		FD_ZERO(&ready);
		FD_SET(other->stop[0], &ready);
		FD_SET(other->question_udp, &ready);
		FD_SET(other->call_udp, &ready);
		FD_SET(other->call_tcp, &ready);
		select(FD_SETSIZE, &ready, NULL, NULL, NULL);
		if (FD_ISSET(other->stop[0], &ready))
			return NULL;
		if (FD_ISSET(other->question_udp, &ready))
			answer_question(other);
		if (FD_ISSET(other->call_udp, &ready))
			answer_by_udp(other);
		if (FD_ISSET(other->call_tcp, &ready))
			answer_by_tcp(other);
	}
}

static void
begin(struct other *other)
{
	uint16_t	port = 111;

	other->question_udp = open_at(other->address, SOCK_DGRAM, &port);
	if (other->question_udp < 0)
		skip();
	other->call_udp = open_at(other->address, SOCK_DGRAM, &other->udp_port);
	other->call_tcp = open_at(other->address, SOCK_STREAM, &other->tcp_port);
	assert_int_equal(pipe(other->stop), 0);
	assert_int_equal(pthread_create(&other->thread, NULL, serve, other), 0);
}

static void
finish(struct other *other)
{
	assert_int_equal(write(other->stop[1], "", 1), 1);
	pthread_join(other->thread, NULL);
	close(other->question_udp);
	close(other->call_udp);
	close(other->call_tcp);
	close(other->stop[0]);
	close(other->stop[1]);
}

static int
set_up(void **state)
{
	(void) state;
	log_level = LOG_LEVEL_ERROR;
	memset(&worker, 0, sizeof(worker));
	loop_init(&worker.loop);
	call_backs_init(&worker.call_backs, &worker);
	answers = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void) state;
	call_backs_stop(&worker.call_backs);
	loop_close(&worker.loop);
	return 0;
}

static void
test_answered(void **state)
{
	struct other other = {.address = "127.0.7.1"};

	(void) state;
	begin(&other);
	for (int udp = 0; udp < 2; udp++)
	{
		assert_true(call("127.0.7.1", udp));
		assert_int_equal(answers, udp);
		await_answers(udp + 1);
		assert_int_equal(last.outcome, CALL_BACK_ANSWERED);
		assert_int_equal(last.results.size, 4);
		assert_int_equal(last_word, 7);
		assert_true(last.from_local);
		assert_true(last.once);
		assert_true(other.from_port < 1024);
	}

	/* an address that this host does not have */
	local = "192.0.2.1";
	assert_true(call("127.0.7.1", false));
	await_answers(3);
	local = "127.0.0.9";
	assert_int_equal(last.outcome, CALL_BACK_ANSWERED);
	assert_false(last.from_local);
	assert_true(other.from_port < 1024);
	finish(&other);
	assert_int_equal(other.calls, 3);
}

/* What is lost is sent again, and what answers another call is no answer. */
static void
test_lost(void **state)
{
	struct other other = {.address = "127.0.7.2", .questions_to_lose = 1,
		.calls_to_lose = 2, .wrong_xid = true};

	(void) state;
	begin(&other);
	assert_true(call("127.0.7.2", true));
	await_answers(1);
	finish(&other);
	assert_int_equal(last.outcome, CALL_BACK_ANSWERED);
	assert_false(last.once);
	assert_int_equal(other.questions, 2);
	assert_int_equal(other.calls, 3);
}

static void
test_refused(void **state)
{
	struct other none = {.address = "127.0.7.3", .no_program = true};
	struct other refuses = {.address = "127.0.7.4", .refuses = true};

	(void) state;
	begin(&none);
	assert_true(call("127.0.7.3", true));
	await_answers(1);
	finish(&none);
	assert_int_equal(last.outcome, CALL_BACK_REFUSED);
	assert_int_equal(none.calls, 0);

	begin(&refuses);
	assert_true(call("127.0.7.4", false));
	await_answers(2);
	finish(&refuses);
	assert_int_equal(last.outcome, CALL_BACK_REFUSED);
}

/* Half a reply is none: the question is asked again, and then by TCP. */
static void
test_garbage(void **state)
{
	struct other other = {.address = "127.0.7.5", .garbage = true};

	(void) state;
	begin(&other);
	assert_true(call("127.0.7.5", true));
	await_answers(1);
	finish(&other);
	assert_int_equal(last.outcome, CALL_BACK_SILENT);
	assert_int_equal(other.questions, 3);
}

/* Nothing is there; then it is left alone, and others are not. */
static void
test_silent(void **state)
{
	struct other other = {.address = "127.0.7.7"};

	(void) state;
	begin(&other);
	assert_true(call("127.0.7.6", false));
	await_answers(1);
	assert_int_equal(last.outcome, CALL_BACK_SILENT);
	assert_true(call("127.0.7.6", false));
	assert_true(call("127.0.7.7", false));
	await_answers(2);
	assert_int_equal(last.outcome, CALL_BACK_SILENT);
	await_answers(3);
	assert_int_equal(last.outcome, CALL_BACK_ANSWERED);
	finish(&other);
}

/*
 * One that takes every question and answers none has a part of what there is,
 * and another one is answered meanwhile.
 */
static void
test_shares(void **state)
{
	struct other silent = {.address = "127.0.7.8",
		.questions_to_lose = INT32_MAX};
	struct other other = {.address = "127.0.7.9"};
	int			count = 0;

	(void) state;
	begin(&silent);
	begin(&other);
	while (count < 1000 && call("127.0.7.8", false))
		count++;
	assert_in_range(count, 10, 500);
	loop_round(&worker.loop);
	assert_in_range(worker.call_backs.active_count, 1, 20);
	assert_true(call("127.0.7.9", false));
	await_answers(1);
	assert_int_equal(last.outcome, CALL_BACK_ANSWERED);
	assert_int_equal(worker.call_backs.waiting_count +
					 worker.call_backs.active_count, count);
	await_answers(1 + count);
	assert_int_equal(last.outcome, CALL_BACK_SILENT);
	finish(&silent);
	finish(&other);
}

/* Whoever stops waits for nobody. */
static void
test_stopping(void **state)
{
	(void) state;
	assert_true(call("127.0.7.10", false));
	assert_true(call("127.0.7.10", false));
	call_backs_stop(&worker.call_backs);
	assert_int_equal(answers, 2);
	assert_int_equal(last.outcome, CALL_BACK_SILENT);
	worker.stopping = true;
	assert_false(call("127.0.7.10", false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_answered, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_garbage, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_shares, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_stopping, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
