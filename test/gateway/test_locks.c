/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_locks.c
 *	  NLM, versions 4, 3 and 1, and NSM: locks of ranges, through two gateways.
 *
 * Each client of the test has an address of its own, and most tests a file.
 */
#include "lib.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TO_END 0
#define NLM_SHARE 20
#define NLM_UNSHARE 21
#define NLM_NM_LOCK 22
#define NLM_FREE_ALL 23

static const uint32_t versions[] = {4, 3, 1};

static struct client *alice;	/* at the first gateway */
static struct client *bob;		/* at the second */
static struct handle dir;

static struct handle
new_file(const char *name)
{
	return make_file(alice, &dir, name, 0666);
}

static struct lock
lock_of(const struct handle *file, const char *client, uint64_t offset,
		uint64_t length)
{
	return (struct lock) {.file = file, .client = client, .svid = 7,
		.oh = S("owner"), .offset = offset, .length = length,
		.exclusive = true};
}

/* Locks of Alice, and of Bob. */
static struct lock
of_alice(const struct handle *file, uint64_t offset, uint64_t length)
{
	return lock_of(file, "alice", offset, length);
}

static struct lock
of_bob(const struct handle *file, uint64_t offset, uint64_t length)
{
	return lock_of(file, "bob", offset, length);
}

static uint32_t
status_of(struct client *c, uint32_t procedure, const struct lock *lock)
{
	return nlm(c, NLM_V4, procedure, lock).status;
}

static void
is_holder(struct lock_reply r, bool exclusive, uint64_t offset,
		  uint64_t length, const char *what)
{
	ok(r.status == NLM4_DENIED && r.exclusive == exclusive &&
	   r.offset == offset && r.length == length && r.svid == 7 &&
	   r.oh.size == 5 && memcmp(r.oh.data, "owner", 5) == 0, "%s", what);
	if (r.status != NLM4_DENIED || r.offset != offset || r.length != length)
		note("  status %u, from %llu, length %llu", r.status,
			 (unsigned long long) r.offset, (unsigned long long) r.length);
}

static void
test_version(uint32_t version)
{
	char		name[16];
	struct handle file;
	struct lock a;
	struct lock b;

	snprintf(name, sizeof(name), "version-%u", version);
	file = new_file(name);
	a = of_alice(&file, 10, 20);
	b = of_bob(&file, 15, 1);
	begin(alice, NLM_PROGRAM, version, NLM4_NULL);
	is(exchange(alice).outcome, DONE, "version %u: NULL", version);
	is(nlm(bob, version, NLM4_TEST, &b).status, NLM4_GRANTED,
	   "TEST of what is free");
	is(nlm(alice, version, NLM4_LOCK, &a).status, NLM4_GRANTED, "LOCK");
	is_holder(nlm(bob, version, NLM4_TEST, &b), true, 10, 20,
			  "TEST tells the holder");
	is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_DENIED,
	   "LOCK of what another has");
	is(nlm(alice, version, NLM4_TEST, &a).status, NLM4_GRANTED,
	   "one's own is not in the way");
	is(nlm(alice, version, NLM4_LOCK, &a).status, NLM4_GRANTED,
	   "LOCK of what one has");
	b.offset = 30;
	is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_GRANTED,
	   "what lies behind is free");
	is(nlm(bob, version, NLM4_UNLOCK, &b).status, NLM4_GRANTED, "UNLOCK");
	is(nlm(bob, version, NLM4_UNLOCK, &b).status, NLM4_GRANTED,
	   "UNLOCK of nothing");
	a.offset = 15;
	a.length = 5;
	is(nlm(alice, version, NLM4_UNLOCK, &a).status, NLM4_GRANTED,
	   "UNLOCK in the middle");
	b.offset = 0;
	b.length = TO_END;
	is_holder(nlm(bob, version, NLM4_TEST, &b), true, 10, 5,
			  "leaves what is before");
	b.offset = 15;
	is_holder(nlm(bob, version, NLM4_TEST, &b), true, 20, 10,
			  "and what is behind");
	a.offset = 0;
	a.length = TO_END;
	a.exclusive = b.exclusive = false;
	is(nlm(alice, version, NLM4_LOCK, &a).status, NLM4_GRANTED,
	   "a shared lock in the place of exclusive ones");
	is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_GRANTED,
	   "shared with another");
	b.exclusive = true;
	is_holder(nlm(bob, version, NLM4_TEST, &b), false, 0, 0,
			  "no exclusive one beside it");
	is(nlm(alice, version, NLM4_CANCEL, &a).status, NLM4_DENIED,
	   "CANCEL where nothing waits");
	nlm(alice, version, NLM4_UNLOCK, &a);
	is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_GRANTED,
	   "a shared lock becomes an exclusive one");
	b.offset = 0;
	nlm(bob, version, NLM4_UNLOCK, &b);
	ok(strcmp(sql("SELECT count(*) FROM dittofs.locks"), "0") == 0,
	   "nothing is left");
	is(nlm(alice, version, NLM4_GRANT, &a).status, NLM4_DENIED,
	   "GRANTED is refused: a gateway waits for nothing");
}

/* One owner's lock is another's of the same client. */
static void
test_owners(void)
{
	struct handle file = new_file("owners");
	struct lock a = of_alice(&file, 0, 10);
	struct lock other = a;

	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "LOCK of an owner");
	other.svid = 8;
	is(status_of(alice, NLM4_LOCK, &other), NLM4_DENIED, "another svid");
	other = a;
	other.oh = S("other");
	is(status_of(alice, NLM4_LOCK, &other), NLM4_DENIED, "another oh");
	other.oh = S("");
	is(status_of(alice, NLM4_LOCK, &other), NLM4_DENIED, "an empty oh");
	other = a;
	other.client = "alice\xff";
	is(status_of(alice, NLM4_LOCK, &other), NLM4_DENIED,
	   "another name of the client, which is no text");
	is(status_of(bob, NLM4_LOCK, &a), NLM4_DENIED, "another address");
	is(status_of(bob, NLM4_UNLOCK, &a), NLM4_GRANTED, "whose UNLOCK");
	is(status_of(alice, NLM4_TEST, &other), NLM4_DENIED, "ends nothing");
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED, "the owner's does");
	is(status_of(alice, NLM4_LOCK, &other), NLM4_GRANTED, "it is free");
	is(status_of(alice, NLM4_UNLOCK, &other), NLM4_GRANTED, "and free again");
	a.oh = S("");
	a.svid = 0;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "an owner of no bytes");
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED, "and its UNLOCK");
}

/* All 64 bits. */
static void
test_ranges(void)
{
	static const uint64_t last = UINT64_MAX;
	struct handle file = new_file("ranges");
	struct lock a = of_alice(&file, last, 1);
	struct lock b = of_bob(&file, last, TO_END);

	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "the last byte");
	ok(nlm(bob, NLM_V4, NLM4_TEST, &b).status == NLM4_DENIED,
	   "is in the way of what goes to the end");
	b.offset = 0;
	b.length = last;
	is(status_of(bob, NLM4_LOCK, &b), NLM4_GRANTED, "all but the last byte");
	a.offset = 5;
	a.length = 1;
	is_holder(nlm(alice, NLM_V4, NLM4_TEST, &a), true, 0, last,
			  "its length comes back whole");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "UNLOCK");
	a.offset = last;
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED,
	   "UNLOCK of the last byte");
	b.offset = 2;
	b.length = last;
	is(status_of(bob, NLM4_LOCK, &b), NLM4_FBIG, "beyond 2^64");
	b.offset = last;
	b.length = 2;
	is(status_of(bob, NLM4_LOCK, &b), NLM4_FBIG, "by one byte");
	is(status_of(bob, NLM4_TEST, &b), NLM4_FBIG, "TEST of it");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_FBIG, "UNLOCK of it");
	a.offset = UINT64_C(1) << 63;
	a.length = TO_END;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "from 2^63 to the end");
	b.offset = 0;
	b.length = TO_END;
	is_holder(nlm(bob, NLM_V4, NLM4_TEST, &b), true, UINT64_C(1) << 63, TO_END,
			  "is told as it is");
	is_holder(nlm(bob, 3, NLM4_TEST, &b), true, UINT32_MAX, TO_END,
			  "in version 3 as well as 32 bits can");
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED, "UNLOCK");
}

/* Whose gateway dies keeps its locks. */
static void
test_gateway_dies(void)
{
	struct handle file = new_file("dies");
	struct lock a = of_alice(&file, 0, TO_END);
	struct lock b = of_bob(&file, 0, TO_END);
	struct client *elsewhere;

	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED,
	   "LOCK through one gateway");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_DENIED, "holds at the other");
	run_shell("gateway_stop 1 KILL");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_DENIED,
	   "also when the one is killed");
	elsewhere = connect_from(1, "127.0.0.51", 0);
	is(status_of(elsewhere, NLM4_UNLOCK, &a), NLM4_GRANTED,
	   "UNLOCK through the other");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_GRANTED, "frees it");
	run_shell("DITTOFS_GATEWAY_OPTS=\"$DITTOFS_GATEWAY_OPTS --udp on\";"
			  " gateway_start 1");
	reconnect(alice);
	is(status_of(alice, NLM4_LOCK, &a), NLM4_DENIED,
	   "the new gateway knows it");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "UNLOCK");
	a.reclaim = true;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED,
	   "a reclaim is a LOCK like any other");
	disconnect(elsewhere);
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED, "UNLOCK");
}

/*
 * What is sent again through another gateway, when others have gone on, is not
 * done again.
 */
static struct lock_reply
again(struct client *other, uint32_t procedure, const struct lock *lock)
{
	reconnect(other);
	other->xid = alice->xid - 1;
	return nlm(other, NLM_V4, procedure, lock);
}

static void
test_retransmission(void)
{
	struct handle file = new_file("again");
	struct lock a = of_alice(&file, 0, TO_END);
	struct lock b = of_bob(&file, 0, TO_END);
	struct client *other = connect_from(1, "127.0.0.51", 0);
	struct client *third = connect_from(0, "127.0.0.51", 0);

	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "LOCK");
	is(status_of(third, NLM4_UNLOCK, &a), NLM4_GRANTED, "UNLOCK");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_GRANTED, "another's LOCK");
	is(again(other, NLM4_LOCK, &a).status, NLM4_GRANTED,
	   "the LOCK again, at another gateway, gets its first answer");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "the other's UNLOCK");
	is(status_of(bob, NLM4_TEST, &b), NLM4_GRANTED,
	   "after which nothing is locked");

	is(status_of(third, NLM4_LOCK, &a), NLM4_GRANTED, "LOCK");
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED, "UNLOCK");
	is(status_of(third, NLM4_LOCK, &a), NLM4_GRANTED, "LOCK once more");
	is(again(other, NLM4_UNLOCK, &a).status, NLM4_GRANTED,
	   "the UNLOCK again, at another gateway");
	is(status_of(bob, NLM4_TEST, &b), NLM4_DENIED,
	   "does not end the newer lock");
	is(status_of(third, NLM4_UNLOCK, &a), NLM4_GRANTED, "UNLOCK");
	disconnect(other);
	disconnect(third);
}

static const char *
state_of(const char *client)
{
	return sql("SELECT coalesce(string_agg(state, ' '), 'none')"
			   " FROM dittofs.locks WHERE client = '%s'", client);
}

static void
test_waiting(void)
{
	struct handle file = new_file("waiting");
	struct lock a = of_alice(&file, 0, 100);
	struct lock b = of_bob(&file, 50, 100);

	b.block = true;
	for (size_t i = 0; i < 3; i++)
	{
		uint32_t	version = versions[i];

		is(nlm(alice, version, NLM4_LOCK, &a).status, NLM4_GRANTED,
		   "version %u: LOCK", version);
		is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_BLOCKED,
		   "a LOCK that waits");
		ok(strcmp(state_of("bob"), "waiting") == 0, "the view shows it");
		is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_BLOCKED,
		   "asked again it still waits");
		ok(strcmp(state_of("bob"), "waiting") == 0, "once");
		is(nlm(alice, version, NLM4_UNLOCK, &a).status, NLM4_GRANTED,
		   "UNLOCK");
		ok(strcmp(state_of("bob"), "held") == 0, "lets it in");
		is_holder(nlm(alice, version, NLM4_TEST, &a), true, 50, 100,
				  "TEST tells it");
		is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_GRANTED,
		   "asked again it is granted");
		is(nlm(bob, version, NLM4_UNLOCK, &b).status, NLM4_GRANTED, "UNLOCK");

		is(nlm(alice, version, NLM4_LOCK, &a).status, NLM4_GRANTED, "LOCK");
		is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_BLOCKED, "it waits");
		is(nlm(bob, version, NLM4_CANCEL, &b).status, NLM4_GRANTED, "CANCEL");
		ok(strcmp(state_of("bob"), "none") == 0, "and does not any more");
		is(nlm(alice, version, NLM4_UNLOCK, &a).status, NLM4_GRANTED,
		   "UNLOCK");
		ok(strcmp(state_of("bob"), "none") == 0, "no lock is given");
		is(nlm(bob, version, NLM4_CANCEL, &b).status, NLM4_DENIED,
		   "CANCEL of what does not wait");
	}
}

/* An unlock in the middle of one's own lock lets in who waits for that part. */
static void
test_waiting_for_a_part(void)
{
	struct handle file = new_file("part");
	struct lock a = of_alice(&file, 0, TO_END);
	struct lock b = of_bob(&file, 50, 10);

	b.block = true;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "LOCK");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_BLOCKED, "it waits for a part");
	a.offset = 55;
	a.length = 5;
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED,
	   "UNLOCK of half the part");
	ok(strcmp(state_of("bob"), "waiting") == 0, "is not enough");
	a.offset = 0;
	a.length = 55;
	a.exclusive = false;
	b.exclusive = false;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED,
	   "a downgrade of the other half");
	ok(strcmp(state_of("bob"), "waiting") == 0,
	   "is not enough for an exclusive lock");
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED, "UNLOCK of it");
	ok(strcmp(state_of("bob"), "held") == 0, "is");
	a.length = TO_END;
	nlm(alice, NLM_V4, NLM4_UNLOCK, &a);
	nlm(bob, NLM_V4, NLM4_UNLOCK, &b);
}

static void
test_shares(uint32_t version)
{
	char		name[16];
	struct handle file;
	struct lock a;
	struct lock b;

	snprintf(name, sizeof(name), "share-%u", version);
	file = new_file(name);
	a = of_alice(&file, 0, 0);
	b = of_bob(&file, 0, 0);
	a.access = 1;
	a.deny = 2;
	b.access = 2;
	is(nlm(alice, version, NLM_SHARE, &a).status, NLM4_GRANTED,
	   "version %u: SHARE to read, others may not write", version);
	is(nlm(bob, version, NLM_SHARE, &b).status, NLM4_DENIED,
	   "SHARE to write");
	b.access = 1;
	b.deny = 1;
	is(nlm(bob, version, NLM_SHARE, &b).status, NLM4_DENIED,
	   "SHARE that others may not read");
	b.deny = 0;
	is(nlm(bob, version, NLM_SHARE, &b).status, NLM4_GRANTED,
	   "SHARE to read");
	b.length = 10;
	is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_GRANTED,
	   "a lock is no matter of shares");
	is(nlm(bob, version, NLM4_UNLOCK, &b).status, NLM4_GRANTED, "UNLOCK");
	is(nlm(bob, version, NLM_UNSHARE, &b).status, NLM4_GRANTED, "UNSHARE");
	is(nlm(alice, version, NLM_UNSHARE, &a).status, NLM4_GRANTED, "UNSHARE");
	b.access = b.deny = 3;
	is(nlm(bob, version, NLM_SHARE, &b).status, NLM4_GRANTED,
	   "SHARE of everything");
	is(nlm(bob, version, NLM_UNSHARE, &b).status, NLM4_GRANTED, "UNSHARE");

	a.length = TO_END;
	is(nlm(alice, version, NLM_NM_LOCK, &a).status, NLM4_GRANTED, "NM_LOCK");
	is(nlm(alice, version, NLM_SHARE, &a).status, NLM4_GRANTED, "SHARE");
	is(nlm(bob, version, NLM4_TEST, &b).status, NLM4_DENIED,
	   "TEST sees the lock");
	notify(bob, NLM_PROGRAM, version, NLM_FREE_ALL, "alice", 0);
	is(nlm(bob, version, NLM4_TEST, &b).status, NLM4_DENIED,
	   "FREE_ALL from another address");
	notify(alice, NLM_PROGRAM, version, NLM_FREE_ALL, "alice", 0);
	is(nlm(bob, version, NLM4_TEST, &b).status, NLM4_GRANTED,
	   "FREE_ALL of the client frees locks");
	is(nlm(bob, version, NLM_SHARE, &b).status, NLM4_GRANTED, "and shares");
	notify(bob, NLM_PROGRAM, version, NLM_FREE_ALL, "bob", 0);
}

static void
rebooted(struct client *c, const char *name, uint32_t state)
{
	notify(c, NSM_PROGRAM, 1, NSM1_NOTIFY, name, state);
}

static void
test_reboot(void)
{
	struct handle file = new_file("reboot");
	struct lock a = of_alice(&file, 0, 10);
	struct lock b = of_bob(&file, 0, 10);
	struct client *elsewhere = connect_from(1, "127.0.0.51", 0);

	a.state = 11;
	b.block = true;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "LOCK in state 11");
	rebooted(bob, "alice", 13);
	is(status_of(bob, NLM4_TEST, &b), NLM4_DENIED,
	   "NOTIFY from another address");
	rebooted(alice, "alice", 11);
	is(status_of(bob, NLM4_TEST, &b), NLM4_DENIED,
	   "NOTIFY with the state it has");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_BLOCKED, "another one waits");
	rebooted(elsewhere, "alice", 13);
	ok(strcmp(state_of("alice"), "none") == 0,
	   "NOTIFY at another gateway ends the client's locks");
	/* by a pass, with which each question for grants goes on */
	await_sql("(SELECT count(*) FROM dittofs.next_grants(1)) >= 0 AND"
			  " (SELECT state FROM dittofs.locks WHERE client = 'bob') = 'held'");
	ok(true, "and lets in what waited");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "UNLOCK");

	a.state = 13;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "LOCK in state 13");
	a.offset = 100;
	a.state = 15;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED,
	   "LOCK in state 15, without a NOTIFY");
	is(status_of(bob, NLM4_TEST, &b), NLM4_GRANTED,
	   "ends those from before");
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED, "UNLOCK");
	disconnect(elsewhere);
}

/* What cannot be done now is not answered: the client asks again. */
static void
test_not_now(void)
{
	struct handle file = new_file("not-now");
	struct lock a = of_alice(&file, 0, 10);
	struct lock u = lock_of(&file, "datagram", 20, 10);
	struct client *c;
	char	   *path;

	run_shell("DITTOFS_GATEWAY_OPTS=\"$DITTOFS_GATEWAY_OPTS --udp on"
			  " --call-timeout 2s\"; gateway_stop 1; gateway_start 1");
	reconnect(alice);
	c = connect_udp(0, "127.0.0.54", 0);
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "LOCK");
	path = strdup(sql("SELECT path FROM dittofs.locks"));
	sql("BEGIN");
	sql("SELECT dittofs.chmod('%s', '0640')", path);
	nlm_begin(c, NLM_V4, NLM4_LOCK, S("c"), &u);
	send_call(c);
	nlm_begin(alice, NLM_V4, NLM4_UNLOCK, S("c"), &a);
	is(exchange(alice).outcome, CLOSED,
	   "an UNLOCK that cannot be done now: the connection is closed");
	ok(is_quiet(c, 500), "a LOCK by UDP is not answered");
	reconnect(alice);
	is(status_of(alice, NLM4_TEST, &u), NLM4_GRANTED, "TEST waits for nothing");
	sql("ROLLBACK");
	nlm_begin(alice, NLM_V4, NLM4_UNLOCK, S("c"), &a);
	is(exchange(alice).outcome, DONE, "asked again, it is done");
	ok(strcmp(state_of("alice"), "none") == 0, "and nothing is left");
	disconnect(c);
	free(path);
}

/* The same by UDP, to the gateway that was started last. */
static void
test_udp(void)
{
	struct handle file = new_file("udp");
	struct client *c = connect_udp(0, "127.0.0.54", 0);
	struct lock lock = lock_of(&file, "datagram", 0, 10);
	struct lock b = of_bob(&file, 5, 1);

	for (size_t i = 0; i < 3; i++)
	{
		uint32_t	version = versions[i];

		is(nlm(c, version, NLM4_LOCK, &lock).status, NLM4_GRANTED,
		   "version %u by UDP: LOCK", version);
		is_holder(nlm(bob, version, NLM4_TEST, &b), true, 0, 10,
				  "and TEST by TCP");
		is(nlm(c, version, NLM4_UNLOCK, &lock).status, NLM4_GRANTED,
		   "UNLOCK");
		is(nlm(bob, version, NLM4_LOCK, &b).status, NLM4_GRANTED, "LOCK");
		is_holder(nlm(c, version, NLM4_TEST, &lock), true, 5, 1,
				  "and TEST by UDP");
		is(nlm(bob, version, NLM4_UNLOCK, &b).status, NLM4_GRANTED, "UNLOCK");
	}
	is(status_of(c, NLM4_LOCK, &lock), NLM4_GRANTED, "LOCK");
	rebooted(c, "datagram", 3);
	is(status_of(bob, NLM4_TEST, &b), NLM4_GRANTED, "NOTIFY by UDP ends it");
	disconnect(c);
}

/* Owners that would wait for each other, at two files and two gateways. */
static void
test_deadlock(void)
{
	struct handle one = new_file("deadlock-1");
	struct handle other = new_file("deadlock-2");
	struct lock a = of_alice(&one, 0, 1);
	struct lock b = of_bob(&other, 0, 1);

	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "Alice has one file");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_GRANTED, "Bob has another");
	a.file = &other;
	b.file = &one;
	a.block = b.block = true;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_BLOCKED, "Alice waits for Bob");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_DEADLCK,
	   "Bob cannot wait for Alice");
	is(nlm(bob, 3, NLM4_LOCK, &b).status, NLM4_DENIED, "in version 3");
	is(status_of(bob, NLM4_CANCEL, &b), NLM4_DENIED, "and waits for nothing");
	b.svid = 8;
	is(status_of(bob, NLM4_LOCK, &b), NLM4_BLOCKED,
	   "another owner at the same client can wait");
	notify(alice, NLM_PROGRAM, NLM_V4, NLM_FREE_ALL, "alice", 0);
	notify(bob, NLM_PROGRAM, NLM_V4, NLM_FREE_ALL, "bob", 0);
	ok(strcmp(sql("SELECT count(*) FROM dittofs.locks"), "0") == 0,
	   "nothing is left");
}

/*
 * Of two clients that make no call one has a connection, at another gateway
 * than the one that it asked for the lock.  When the time is over, it alone has
 * its lock.  A gateway that has just begun tells soon whom it sees.
 */
static void
test_timeout(void)
{
	struct handle file = new_file("timeout");
	struct lock gone = lock_of(&file, "gone", 0, 1);
	struct lock idle = lock_of(&file, "idle", 1, 1);
	struct client *c = connect_from(0, "127.0.0.55", 0);
	struct client *d = connect_from(0, "127.0.0.56", 0);

	is(status_of(c, NLM4_LOCK, &gone), NLM4_GRANTED, "LOCK");
	is(status_of(d, NLM4_LOCK, &idle), NLM4_GRANTED, "LOCK");
	disconnect(c);
	disconnect(d);
	run_shell("gateway_stop 2; gateway_start 2");
	reconnect(bob);
	d = connect_from(1, "127.0.0.56", 0);
	begin(d, NLM_PROGRAM, NLM_V4, NLM4_NULL);
	is(exchange(d).outcome, DONE, "one is connected, and calls no more");
	sql("SELECT dittofs.lock_clients_seen('{}')");
	sql("UPDATE dittofs.lock_clients SET seen_at = now() - interval '1 day'");
	await_sql("(SELECT seen_at > now() - interval '1 hour' "
			  "FROM dittofs.lock_clients WHERE name = 'idle')");
	sql("SELECT dittofs.set_server_config('lock_client_timeout', '3600')");
	sql("SELECT dittofs.reap()");
	ok(strcmp(state_of("gone"), "none") == 0,
	   "a client that is not seen loses its lock");
	ok(strcmp(state_of("idle"), "held") == 0,
	   "the one that is connected has its own");
	sql("SELECT dittofs.set_server_config('lock_client_timeout', NULL)");
	is(status_of(d, NLM4_UNLOCK, &idle), NLM4_GRANTED, "UNLOCK");
	disconnect(d);
}

static void
put_my_id(struct client *c)
{
	put_opaque(c, S("me"));
	put(c, NLM_PROGRAM);
	put(c, 4);
	put(c, 16);
}

static void
is_nsm(uint32_t procedure, bool has_result)
{
	struct reply r = exchange(bob);

	is(r.outcome, DONE, "NSM: procedure %u", procedure);
	cross_check(NSM_PROGRAM, 1, procedure, r.at, (size_t) (r.end - r.at));
	if (has_result)
		is(take(&r), 1, "fails");
	is(take(&r) % 2, 1, "the state is odd");
	take_end(&r);
}

static void
test_nsm(void)
{
	struct reply r;

	begin(bob, NSM_PROGRAM, 1, NSM1_NULL);
	is(exchange(bob).outcome, DONE, "NSM: NULL");
	begin(bob, NSM_PROGRAM, 1, NSM1_STAT);
	put_opaque(bob, S("bob"));
	is_nsm(NSM1_STAT, true);
	begin(bob, NSM_PROGRAM, 1, NSM1_MON);
	put_opaque(bob, S("bob"));
	put_my_id(bob);
	put_fixed(bob, "0123456789abcdef", 16);
	is_nsm(NSM1_MON, true);
	begin(bob, NSM_PROGRAM, 1, NSM1_UNMON);
	put_opaque(bob, S("bob"));
	put_my_id(bob);
	is_nsm(NSM1_UNMON, false);
	begin(bob, NSM_PROGRAM, 1, NSM1_UNMON_ALL);
	put_my_id(bob);
	is_nsm(NSM1_UNMON_ALL, false);
	begin(bob, NSM_PROGRAM, 1, NSM1_SIMU_CRASH);
	r = exchange(bob);
	ok(r.outcome == REFUSED && r.why == PROC_UNAVAIL,
	   "SIMU_CRASH is not there");
	begin(bob, NSM_PROGRAM, 2, 1);
	r = exchange(bob);
	ok(r.outcome == REFUSED && r.why == PROG_MISMATCH && r.low == 1 &&
	   r.high == 1, "version 2 of NSM");
	begin(bob, NLM_PROGRAM, 2, 1);
	r = exchange(bob);
	ok(r.outcome == REFUSED && r.why == PROG_MISMATCH && r.low == 1 &&
	   r.high == 4, "version 2 of NLM");
	for (uint32_t procedure = 16; procedure < 25; procedure++)
	{
		if (procedure >= NLM_SHARE && procedure <= NLM_FREE_ALL)
			continue;
		begin(bob, NLM_PROGRAM, 4, procedure);
		r = exchange(bob);
		ok(r.outcome == REFUSED && r.why == PROC_UNAVAIL,
		   "there is no procedure %u of NLM", procedure);
	}
	begin(bob, NLM_PROGRAM, 1, NLM_SHARE);
	r = exchange(bob);
	ok(r.outcome == REFUSED && r.why == PROC_UNAVAIL,
	   "nor SHARE in version 1");
}

/* What may be locked, and by whom. */
static void
test_permission(void)
{
	struct handle file = make_file(alice, &dir, "private", 0600);
	struct handle sub = make_dir(alice, &dir, "directory", 0777);
	struct handle gone = stale_handle(alice);
	struct handle odd = {.size = 5, .data = "12345"};
	struct lock b = of_bob(&file, 0, 10);
	struct reply r;

	become(bob, 1000, 1000);
	is(status_of(bob, NLM4_LOCK, &b), NLM4_FAILED,
	   "a file that one may neither read nor write");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "UNLOCK may always");
	sql("SELECT dittofs.alter_share('/export', read_only => true)");
	become(bob, 0, 0);
	is(status_of(bob, NLM4_LOCK, &b), NLM4_GRANTED,
	   "a file of a share that is read-only");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "UNLOCK");
	sql("SELECT dittofs.alter_share('/export', read_only => false)");
	b.file = &sub;
	is(status_of(bob, NLM4_LOCK, &b), NLM4_FAILED, "a directory");
	b.file = &gone;
	is(status_of(bob, NLM4_LOCK, &b), NLM4_STALE_FH, "a file there is none of");
	is(nlm(bob, 3, NLM4_LOCK, &b).status, NLM4_DENIED_NOLOCKS,
	   "in version 3");
	b.file = &odd;
	is(status_of(bob, NLM4_TEST, &b), NLM4_STALE_FH, "what is no handle");
	b.file = &file;
	become_nobody(bob);
	nlm_begin(bob, NLM_V4, NLM4_LOCK, S("c"), &b);
	r = exchange(bob);
	ok(r.outcome == REJECTED && r.why == AUTH_TOOWEAK, "AUTH_NONE");
	become(bob, 0, 0);
	b.length = 0;
	is(status_of(bob, NLM4_LOCK, &b), NLM4_GRANTED, "LOCK");
	is_status(v3_remove(alice, &dir, S("private")).status, NFS3_OK,
			  "REMOVE of what is locked");
	ok(strcmp(state_of("bob"), "none") == 0, "takes the lock along");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_STALE_FH, "UNLOCK then");
}

/* A call whose argument has been spoilt: garbage, and nothing else happens. */
static void
is_garbage(const char *what)
{
	struct reply r = exchange(bob);

	ok(r.outcome == REFUSED && r.why == GARBAGE_ARGS, "%s", what);
}

static void
test_hostile(void)
{
	static char many[1025];
	struct handle file = new_file("hostile");
	struct lock b = of_bob(&file, 0, 10);
	size_t		whole;
	size_t		front;
	struct reply r;
	struct blob cookie;
	int			garbage = 0;
	int			cuts = 0;

	memset(many, 'x', sizeof(many));
	nlm_begin(bob, NLM_V4, NLM4_LOCK, B(many, 1024), &b);
	r = exchange(bob);
	cookie = take_opaque(&r);
	ok(cookie.size == 1024 && memcmp(cookie.data, many, 1024) == 0 &&
	   take(&r) == NLM4_GRANTED, "a cookie of 1024 bytes comes back");
	nlm_begin(bob, NLM_V4, NLM4_LOCK, B(many, 1025), &b);
	is_garbage("a cookie of 1025");
	nlm_begin(bob, NLM_V4, NLM4_UNLOCK, S(""), &b);
	r = exchange(bob);
	ok(take_opaque(&r).size == 0 && take(&r) == NLM4_GRANTED,
	   "a cookie of no bytes");
	b.oh = B(many, 1024);
	is(status_of(bob, NLM4_LOCK, &b), NLM4_GRANTED, "an owner of 1024 bytes");
	b.client = "other";
	r.outcome = CLOSED;
	ok(nlm(bob, NLM_V4, NLM4_TEST, &b).oh.size == 1024, "comes back");
	b.client = "bob";
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "UNLOCK");
	b.oh = B(many, 1025);
	nlm_begin(bob, NLM_V4, NLM4_LOCK, S("c"), &b);
	is_garbage("an owner of 1025");
	b.oh = S("owner");
	b.client = "";
	nlm_begin(bob, NLM_V4, NLM4_LOCK, S("c"), &b);
	r = exchange(bob);
	is(r.outcome, DONE, "a client without a name is answered");
	b.client = "bob";

	/* each count as large as can be, in turn; then each length of the call */
	begin(bob, NLM_PROGRAM, NLM_V4, NLM4_LOCK);
	front = bob->call_size;
	nlm_begin(bob, NLM_V4, NLM4_LOCK, S("c"), &b);
	whole = bob->call_size;
	for (size_t at = front; at < whole; at += 4)
	{
		nlm_begin(bob, NLM_V4, NLM4_LOCK, S("c"), &b);
		memset(bob->call + at, 0xff, 4);
		r = exchange(bob);
		garbage += r.outcome == REFUSED && r.why == GARBAGE_ARGS;
	}
	ok(garbage >= 7, "words of ones: counts and booleans are refused");
	for (size_t size = front; size < whole; size += 4)
	{
		nlm_begin(bob, NLM_V4, NLM4_LOCK, S("c"), &b);
		bob->call_size = size;
		r = exchange(bob);
		cuts += r.outcome == REFUSED && r.why == GARBAGE_ARGS;
	}
	is(cuts, (int64_t) (whole - front) / 4, "no part of a call is one");
	notify(bob, NLM_PROGRAM, NLM_V4, NLM_FREE_ALL, "bob", 0);
	sql("SELECT dittofs.break_locks(client => '127.0.0.52')");
	ok(strcmp(sql("SELECT count(*) FROM dittofs.locks"), "0") == 0,
	   "nothing of it is left");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_GRANTED, "LOCK");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "UNLOCK");
}

/*
 * A client that calls _MSG: its portmapper, and where its answers come.
 */
static const char *messenger;
#define PORTMAPPER_PORT 111
#define PORTMAPPER_PROGRAM 100000

static int
bind_at(int type, uint16_t port, uint16_t *bound)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t	size = sizeof(in);
	int			fd = socket(AF_INET, type, 0);

	inet_pton(AF_INET, messenger, &in.sin_addr);
	if (fd >= 0 && bind(fd, (struct sockaddr *) &in, size) == 0 &&
		getsockname(fd, (struct sockaddr *) &in, &size) == 0 &&
		(type == SOCK_DGRAM || listen(fd, 8) == 0))
	{
		*bound = ntohs(in.sin_port);
		return fd;
	}
	if (fd >= 0)
		close(fd);
	return -1;
}

static uint32_t
word_at(const unsigned char *data, size_t word)
{
	uint32_t	value;

	memcpy(&value, data + 4 * word, 4);
	return ntohl(value);
}

static void
await_input(int fd, const char *what)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN};

	if (poll(&ready, 1, PATIENCE_MS) != 1)
		bail_out("the gateway does not come: %s", what);
}

/* Says which port the program has, however often it is asked. */
static void
say_port(int portmapper, uint16_t port)
{
	unsigned char call[512];
	uint32_t	reply[7] = {0, htonl(REPLY)};
	struct sockaddr_in from;
	socklen_t	size = sizeof(from);

	await_input(portmapper, "to the portmapper");
	if (recvfrom(portmapper, call, sizeof(call), 0,
				 (struct sockaddr *) &from, &size) < 40 ||
		word_at(call, 3) != PORTMAPPER_PROGRAM)
		bail_out("what came is no call of a portmapper");
	memcpy(&reply[0], call, 4);
	reply[6] = htonl(port);
	sendto(portmapper, reply, sizeof(reply), 0, (struct sockaddr *) &from,
		   size);
}

/* A call by TCP, without its record mark; it is answered without results. */
static void
take_call(int listener, unsigned char *call, size_t room)
{
	uint32_t	reply[7] = {htonl(0x80000018), 0, htonl(REPLY)};
	unsigned char mark[4];
	size_t		size;
	int			fd;

	await_input(listener, "with its answer");
	fd = accept(listener, NULL, NULL);
	if (recv(fd, mark, 4, MSG_WAITALL) != 4)
		bail_out("no record came");
	size = word_at(mark, 0) & 0x7fffffff;
	if (size > room || recv(fd, call, size, MSG_WAITALL) != (ssize_t) size)
		bail_out("a record of %zu bytes came", size);
	memcpy(&reply[1], call, 4);
	send(fd, reply, sizeof(reply), MSG_NOSIGNAL);
	close(fd);
}

/* The message has no results; the answer comes as a call. */
static void
is_answered(struct client *c, uint32_t procedure, const struct lock *lock,
			int portmapper, int listener, uint16_t port, uint32_t status)
{
	unsigned char call[4096] = {0};
	size_t		at;
	struct reply r;

	nlm_begin(c, NLM_V4, procedure, S("call"), lock);
	r = exchange(c);
	ok(r.outcome == DONE && r.at == r.end, "message %u has no results",
	   procedure);
	say_port(portmapper, port);
	take_call(listener, call, sizeof(call));
	at = 8 + word_at(call, 7) / 4;	/* behind the credential */
	at += 2 + word_at(call, at + 1) / 4;	/* and the verifier */
	is(word_at(call, 5), procedure + 5, "its answer is a call");
	ok(word_at(call, 3) == NLM_PROGRAM && word_at(call, 4) == NLM_V4 &&
	   word_at(call, at) == 4 && memcmp(call + 4 * at + 4, "call", 4) == 0,
	   "with the cookie");
	is(word_at(call, at + 2), status, "and the status");
}

static void
test_messages(void)
{
	struct handle file = new_file("messages");
	struct lock lock = lock_of(&file, "messenger", 0, 10);
	struct lock b = of_bob(&file, 5, 1);
	struct client *c;
	uint16_t	port;
	int			listener;
	uint16_t	portmapper_port;
	int			portmapper;

	messenger = own_address(1);
	c = connect_from(0, messenger, 0);
	listener = bind_at(SOCK_STREAM, 0, &port);
	portmapper = bind_at(SOCK_DGRAM, PORTMAPPER_PORT, &portmapper_port);
	if (listener < 0)
		bail_out("no port at %s", messenger);
	if (portmapper < 0)
	{
		note("messages are not tested: port 111 is not ours to have");
		return;
	}
	is_answered(c, NLM4_LOCK_MSG, &lock, portmapper, listener, port,
				NLM4_GRANTED);
	is(status_of(bob, NLM4_LOCK, &b), NLM4_DENIED, "it is locked");
	is_answered(c, NLM4_TEST_MSG, &lock, portmapper, listener, port,
				NLM4_GRANTED);
	is_answered(c, NLM4_CANCEL_MSG, &lock, portmapper, listener, port,
				NLM4_DENIED);
	is_answered(c, NLM4_UNLOCK_MSG, &lock, portmapper, listener, port,
				NLM4_GRANTED);
	is(status_of(bob, NLM4_LOCK, &b), NLM4_GRANTED, "it is free");
	is_answered(c, NLM4_LOCK_MSG, &lock, portmapper, listener, port,
				NLM4_DENIED);
	is_answered(c, NLM4_TEST_MSG, &lock, portmapper, listener, port,
				NLM4_DENIED);
	is_answered(c, NLM4_GRANT_MSG, &lock, portmapper, listener, port,
				NLM4_DENIED);
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "UNLOCK");
	close(listener);
	close(portmapper);
	disconnect(c);
}

/* Answers to a GRANTED that was not sent. */
static void
test_forged_grants(void)
{
	static const char forged[25] = {0, 0, 0, 0, 0, 0, 0, 0, 1};
	struct handle file = new_file("forged");
	struct lock a = of_alice(&file, 0, 10);
	struct lock b = of_bob(&file, 0, 10);
	struct reply r;

	b.block = true;
	is(status_of(alice, NLM4_LOCK, &a), NLM4_GRANTED, "LOCK");
	is(status_of(bob, NLM4_LOCK, &b), NLM4_BLOCKED, "another waits");
	is(status_of(alice, NLM4_UNLOCK, &a), NLM4_GRANTED, "and is let in");
	for (uint32_t size = 0; size <= sizeof(forged); size++)
		for (uint32_t status = 0; status < 2; status++)
		{
			begin(alice, NLM_PROGRAM, NLM_V4, NLM4_GRANT_RES);
			put_opaque(alice, B(forged, size));
			put(alice, status);
			r = exchange(alice);
			if (r.outcome != DONE || r.at != r.end)
				bail_out("GRANTED_RES with a cookie of %u bytes", size);
		}
	ok(strcmp(state_of("bob"), "held") == 0,
	   "a GRANTED_RES that was made up takes no lock away");
	is(status_of(bob, NLM4_UNLOCK, &b), NLM4_GRANTED, "UNLOCK");
}

int
main(void)
{
	alice = connect_from(0, "127.0.0.51", 0);
	bob = connect_from(1, "127.0.0.52", 0);
	dir = make_playground(alice);
	for (size_t i = 0; i < 3; i++)
		test_version(versions[i]);
	test_owners();
	test_ranges();
	test_retransmission();
	test_waiting();
	test_waiting_for_a_part();
	test_shares(4);
	test_shares(3);
	test_deadlock();
	test_timeout();
	test_reboot();
	test_nsm();
	test_permission();
	test_messages();
	test_forged_grants();
	test_hostile();
	test_gateway_dies();
	test_udp();
	test_not_now();
	/* the tests that follow have a gateway as it is by default */
	run_shell("gateway_stop 1; gateway_start 1");
	return done_testing();
}
