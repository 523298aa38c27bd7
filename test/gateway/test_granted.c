/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_granted.c
 *	  A lock that a client waits for is there, and the client is told: by the
 *	  gateway that it did not ask, again until it answers, after a gateway was
 *	  killed, while another client is silent, by the gateway of the address that
 *	  it has called.
 *
 * Each client is an address of 127.0.0.0/8 with a portmapper and a lock manager
 * of its own, which this program plays.  A portmapper's port is 111, which only
 * root may have; without that right there is nothing to test.
 */
#include "lib.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A client of locks, and the last call of GRANTED that it has heard. */
struct side
{
	struct ear	ear;
	struct client *c;
	struct granted heard;
};

static struct client *root;
static struct handle dir;
static struct side a;
static struct side b;
static struct side d;
static struct handle file;
static struct handle other;
static const char owner[] = "an owner";

/* False: none has come in time. */
static bool
hears_granted(struct side *side, int milliseconds)
{
	return ear_hears(&side->ear, &side->heard, milliseconds);
}

static void
await_granted(struct side *side, const struct handle *handle, const char *what)
{
	const struct granted *heard = &side->heard;

	if (!hears_granted(side, PATIENCE_MS))
		bail_out("no GRANTED: %s", what);
	ok(same_handle(&heard->file, handle) &&
	   heard->oh_size == sizeof(owner) &&
	   memcmp(heard->oh, owner, sizeof(owner)) == 0 &&
	   heard->exclusive && heard->svid == 7 && heard->offset == 10 &&
	   heard->length == 5, "%s", what);
}

static void
answer_granted(struct side *side, uint32_t status)
{
	granted_answer(&side->ear, &side->heard, status);
}

/*
 * What the client does.
 */

static uint32_t
lock(struct side *side, const struct handle *handle, uint32_t version,
	 uint32_t procedure)
{
	struct lock lock = {
		.file = handle,
		.client = side->ear.address,
		.svid = 7,
		.oh = B(owner, sizeof(owner)),
		.offset = 10,
		.length = 5,
		.exclusive = true,
		.block = true,
	};

	return nlm(side->c, version, procedure, &lock).status;
}

/* As the side, through another gateway. */
static void
unlock_by(int gateway, struct side *side, const struct handle *handle)
{
	struct client *before = side->c;

	side->c = connect_from(gateway, side->ear.address, 0);
	is(lock(side, handle, NLM_V4, NLM4_UNLOCK), NLM4_GRANTED,
	   "UNLOCK through gateway %d", gateway + 1);
	disconnect(side->c);
	side->c = before;
}

static void
wait_for(struct side *holder, struct side *waiter, const struct handle *handle,
		 uint32_t version)
{
	is(lock(holder, handle, NLM_V4, NLM4_LOCK), NLM4_GRANTED,
	   "one has the lock");
	is(lock(waiter, handle, version, NLM4_LOCK), NLM4_BLOCKED,
	   "another one waits");
}

static void
is_held_by(struct side *side, const struct handle *handle, const char *what)
{
	is(lock(&a, handle, NLM_V4, NLM4_TEST), NLM4_DENIED, "%s", what);
	is(lock(side, handle, NLM_V4, NLM4_LOCK), NLM4_GRANTED, "by its own word");
	is(lock(side, handle, NLM_V4, NLM4_UNLOCK), NLM4_GRANTED,
	   "until it is free");
}

static void
await_told(void)
{
	await_sql("NOT EXISTS (SELECT FROM dittofs.lock_grants)");
}

static void
restart(const char *how)
{
	char		command[256];

	snprintf(command, sizeof(command), "gateway_stop 2 %s; "
			 "DITTOFS_GATEWAY_OPTS=\"--udp on\" gateway_start 2", how);
	run_shell(command);
}

static void
test_versions(void)
{
	static const uint32_t versions[] = {4, 3, 1};

	for (int i = 0; i < 3; i++)
	{
		wait_for(&a, &b, &file, versions[i]);
		ok(!hears_granted(&b, 300), "it is told nothing yet");
		unlock_by(1, &a, &file);
		await_granted(&b, &file, "it is told that it has the lock");
		is(b.heard.version, versions[i], "in its version of NLM");
		ok(!b.heard.by_udp, "by TCP");
		ok(ntohs(b.heard.from.sin_port) < 1024 &&
		   b.heard.from.sin_addr.s_addr == htonl(INADDR_LOOPBACK),
		   "from the address that it called, and a port of root's");
		answer_granted(&b, NLM4_GRANTED);
		await_told();
		ok(!hears_granted(&b, 1500), "once");
		is_held_by(&b, &file, "the lock is its own");
	}
}

static void
test_udp(void)
{
	struct client *tcp = b.c;

	b.c = connect_udp(1, b.ear.address, 0);
	wait_for(&a, &b, &file, NLM_V4);
	unlock_by(0, &a, &file);
	await_granted(&b, &file, "one that waits by UDP is told");
	ok(b.heard.by_udp, "by UDP");
	answer_granted(&b, NLM4_GRANTED);
	await_told();
	is_held_by(&b, &file, "the lock is its own");
	disconnect(b.c);
	b.c = tcp;
}

/* The first answer is lost, and the second one says that nothing waits. */
static void
test_repeated(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	unlock_by(1, &a, &file);
	await_granted(&b, &file, "told, and its answer is lost");
	ear_forgets(&b.ear);
	await_granted(&b, &file, "told again");
	answer_granted(&b, NLM4_DENIED);
	await_told();
	is_held_by(&b, &file,
			   "what it may have had since the first time stays its own");
}

/* Two wait, and the first is told; once, if the machine is not too busy. */
static bool
first_is_told_once(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	is(lock(&d, &file, NLM_V4, NLM4_LOCK), NLM4_BLOCKED, "and another one");
	unlock_by(1, &a, &file);
	await_granted(&b, &file, "the first in the queue is told");
	ok(!hears_granted(&d, 300), "the second one is not");
	return strcmp(sql("SELECT max(attempts) FROM dittofs.lock_grants"), "1") ==
		0;
}

static void
test_denied(void)
{
	while (!first_is_told_once())
	{
		note("told more than once: again");
		is(lock(&d, &file, NLM_V4, NLM4_CANCEL), NLM4_GRANTED, "CANCEL");
		is(lock(&b, &file, NLM_V4, NLM4_UNLOCK), NLM4_GRANTED, "UNLOCK");
		await_told();
	}
	answer_granted(&b, NLM4_DENIED);
	await_granted(&d, &file,
				  "when the first does not want it, the second is told");
	answer_granted(&d, NLM4_GRANTED);
	await_told();
	is_held_by(&d, &file, "the lock is the second one's");
}

/* Nothing comes from the host of the first, and the second hears it. */
static void
test_silent(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	wait_for(&a, &d, &other, NLM_V4);
	ear_answers(&b.ear, false);
	unlock_by(1, &a, &file);
	unlock_by(1, &a, &other);
	await_granted(&d, &other, "one is told while another one is silent");
	answer_granted(&d, NLM4_GRANTED);
	await_sql("(SELECT count(*) FROM dittofs.lock_grants) = 1");
	is_held_by(&d, &other, "its lock is its own");
	ear_answers(&b.ear, true);
	await_granted(&b, &file, "and the silent one when it listens");
	answer_granted(&b, NLM4_GRANTED);
	await_told();
	is_held_by(&b, &file, "its lock is its own, too");
}

/* The gateway of the unlock is killed before it could tell. */
static void
test_killed(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	ear_answers(&b.ear, false);
	unlock_by(1, &a, &file);
	run_shell("gateway_stop 2 KILL");
	ear_answers(&b.ear, true);
	await_granted(&b, &file,
				  "another gateway tells when that of the unlock is dead");
	answer_granted(&b, NLM4_GRANTED);
	await_told();
	is_held_by(&b, &file, "the lock is its own");
	restart("KILL");
}

/* Who asks again before it is told needs not be told. */
static void
test_asked_again(void)
{
	wait_for(&a, &b, &file, NLM_V4);
	ear_answers(&b.ear, false);
	unlock_by(1, &a, &file);
	is(lock(&b, &file, NLM_V4, NLM4_LOCK), NLM4_GRANTED,
	   "a client that asks again has its lock");
	await_told();
	ear_answers(&b.ear, true);
	is_held_by(&b, &file, "and is not told of it");
}

/*
 * Gateways with an address each.  The one that the client has called goes
 * first, though the unlock comes to the other one.
 */
static char *hosts[2];

static struct client *
connect_at(int gateway, struct side *side)
{
	struct client *c;
	char	   *host = strdup(getenv("DITTOFS_HOST"));

	setenv("DITTOFS_HOST", hosts[gateway], 1);
	c = connect_from(gateway, side->ear.address, 0);
	setenv("DITTOFS_HOST", host, 1);
	free(host);
	return c;
}

/* Clients that the first gateway has told, as it says itself. */
static long
told_by_first(void)
{
	char		command[256];
	char		line[64] = "";
	FILE	   *metrics;

	snprintf(command, sizeof(command),
			 "curl -s http://127.0.0.1:%d/metrics | "
			 "sed -n 's/^dittofs_lock_grants_told_total //p'", spare_port());
	metrics = popen(command, "r");
	if (metrics == NULL || fgets(line, sizeof(line), metrics) == NULL)
		bail_out("the gateway tells no metrics");
	pclose(metrics);
	return strtol(line, NULL, 10);
}

/* A machine may be too busy for the one that goes first, but not each time. */
#define TURNS 10

static void
test_own_address(void)
{
	char		command[256];
	long		told = 0;

	disconnect(a.c);
	disconnect(b.c);
	hosts[0] = strdup(own_address(11));
	hosts[1] = strdup(own_address(12));
	snprintf(command, sizeof(command),
			 "export DITTOFS_LISTEN=\"%s %s\"; gateway_stop 2; gateway_start 2; "
			 "gateway_stop 1; DITTOFS_GATEWAY_OPTS=\"--metrics "
			 "--metrics-listen 127.0.0.1 --metrics-port %d\" gateway_start 1",
			 hosts[0], hosts[1], spare_port());
	run_shell(command);
	a.c = connect_at(1, &a);
	b.c = connect_at(0, &b);
	for (int i = 0; i < TURNS && told == 0; i++)
	{
		wait_for(&a, &b, &file, NLM_V4);
		is(lock(&a, &file, NLM_V4, NLM4_UNLOCK), NLM4_GRANTED,
		   "UNLOCK through the other gateway");
		await_granted(&b, &file, "told");
		answer_granted(&b, NLM4_GRANTED);
		await_told();
		told = told_by_first();
		is_held_by(&b, &file, "the lock is its own");
	}
	is(told, 1, "first by the gateway that has the address it had called");

	wait_for(&a, &b, &file, NLM_V4);
	run_shell("gateway_stop 1 KILL");
	is(lock(&a, &file, NLM_V4, NLM4_UNLOCK), NLM4_GRANTED,
	   "UNLOCK when that gateway is dead");
	await_granted(&b, &file, "told by the other gateway");
	answer_granted(&b, NLM4_GRANTED);
	await_told();
	b.c = connect_at(1, &b);
	is_held_by(&b, &file, "the lock is its own");
	free(hosts[0]);
	free(hosts[1]);
}

int
main(void)
{
	struct side *sides[] = {&a, &b, &d};

	for (int i = 0; i < 3; i++)
	{
		if (!ear_open(&sides[i]->ear, strdup(own_address(i + 1))))
		{
			printf("1..0 # SKIP port 111: %s\n", strerror(errno));
			return 0;
		}
	}
	run_shell("for n in 1 2; do gateway_stop $n; "
			  "DITTOFS_GATEWAY_OPTS=\"--udp on\" gateway_start $n; done");
	root = connect_to(0);
	dir = make_playground(root);
	file = make_file(root, &dir, "file", 0666);
	other = make_file(root, &dir, "other", 0666);
	for (int i = 0; i < 3; i++)
		sides[i]->c = connect_from(0, sides[i]->ear.address, 0);
	test_versions();
	test_udp();
	test_repeated();
	test_denied();
	test_silent();
	test_asked_again();
	test_killed();
	test_own_address();
	/* the tests that follow have gateways as they are by default */
	disconnect(a.c);
	disconnect(b.c);
	run_shell("for n in 1 2; do gateway_stop $n; gateway_start $n; done");
	return done_testing();
}
