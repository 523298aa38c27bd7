/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_restart.c
 *	  Gateways and the database go and come back: clients go on with the
 *	  handles, cookies and verifiers they have.
 */
#include "lib.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ENTRIES 500

static struct handle dir;

static int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* GETATTR until it is answered by something else than "try again". */
static struct result
getattr_patiently(struct client *c, const struct handle *object)
{
	int64_t		deadline = milliseconds() + PATIENCE_MS;
	struct result result;

	do
		result = v3_getattr(c, object);
	while (result.status == NFS3ERR_JUKEBOX && milliseconds() < deadline);
	return result;
}

/* Reads pages from a cookie on; returns the entries seen, up to a limit. */
static int
scan(struct client *c, uint64_t *cookie, int limit)
{
	int			seen = 0;

	while (seen < limit)
	{
		struct result result = v3_readdirplus(c, &dir, *cookie, NULL, 4096,
											  4096);

		if (result.status != NFS3_OK)
			bail_out("READDIRPLUS: %u", result.status);
		seen += result.entry_count;
		if (result.entry_count > 0)
			*cookie = result.entries[result.entry_count - 1].cookie;
		if (result.eof)
			break;
	}
	return seen;
}

/* One gateway is killed in the middle of a scan, the other finishes it. */
static void
test_gateway_killed(void)
{
	struct client *first = connect_to(0);
	struct client *second = connect_to(1);
	struct handle file;
	uint64_t	cookie = 0;
	int			seen;
	struct result result;

	dir = make_playground(first);
	for (int i = 0; i < ENTRIES; i++)
	{
		char		name[32];

		snprintf(name, sizeof(name), "entry-%d", i);
		make_file(first, &dir, name, 0644);
	}
	file = v3_lookup(first, &dir, S("entry-7")).handle;
	is_status(v3_write(first, &file, 0, S("written"), FILE_SYNC).status,
			  NFS3_OK, "a stable write");
	result = v3_create_exclusive(first, &dir, S("exclusive"), "verifier");
	is_status(result.status, NFS3_OK, "an exclusive create");
	seen = scan(first, &cookie, ENTRIES / 2);

	run_shell("gateway_stop 1 KILL");
	ok(is_closed(first), "the first gateway is killed");
	seen += scan(second, &cookie, INT_MAX);
	is(seen, ENTRIES + 3, "the other one finishes the scan");
	result = v3_read(second, &file, 0, 100);
	ok(result.count == 7 && memcmp(result.data.data, "written", 7) == 0,
	   "what was answered is there");
	is_status(v3_create_exclusive(second, &dir, S("exclusive"),
								  "verifier").status, NFS3_OK,
			  "the repetition of an exclusive create is recognized");

	run_shell("gateway_start 1");
	reconnect(first);
	is_status(v3_getattr(first, &file).status, NFS3_OK,
			  "the first is back and knows the handle");
	disconnect(first);
	disconnect(second);
}

/* SIGTERM: what has been answered has been done, the rest can be repeated. */
static void
test_gateway_stopped(void)
{
	enum
	{
		CALLS = 100
	};
	struct client *c = connect_to(0);
	struct client *second = connect_to(1);
	uint32_t	first = c->xid + 1;
	bool		done[CALLS] = {false};
	int			answered = 0;
	int			missing = 0;
	int			unsaid = 0;
	struct reply r;

	for (int i = 0; i < CALLS; i++)
	{
		char		name[32];

		snprintf(name, sizeof(name), "stop-%d", i);
		begin(c, NFS_PROGRAM, NFS_V3, NFS3_MKDIR);
		put_handle(c, &dir);
		put_opaque(c, S(name));
		put_set(c, MODE(0755));
		send_call(c);
	}
	run_shell("gateway_stop 1");
	while ((r = receive(c)).outcome != CLOSED)
	{
		if (r.outcome != DONE || r.xid - first >= CALLS)
			bail_out("a reply that is none");
		if (take(&r) == NFS3_OK)
			done[r.xid - first] = true;
		answered++;
	}
	for (int i = 0; i < CALLS; i++)
	{
		char		name[32];

		snprintf(name, sizeof(name), "stop-%d", i);
		if (v3_lookup(second, &dir, S(name)).status == NFS3_OK)
			unsaid += !done[i];
		else
			missing += done[i];
	}
	ok(answered > 0, "SIGTERM with %d calls in flight: %d were answered",
	   CALLS, answered);
	is(missing, 0, "and what was answered was done");
	is(unsaid, 0, "and what was done was answered");
	run_shell("gateway_start 1");
	disconnect(c);
	disconnect(second);
}

/* The database restarts under the gateways. */
static void
test_database_restarted(void)
{
	struct client *c = connect_to(0);
	struct client *second = connect_to(1);
	struct handle file = make_file(c, &dir, "restart", 0644);
	struct result before = v3_write(c, &file, 0, S("stable"), FILE_SYNC);
	struct result result;

	result = v3_create_exclusive(c, &dir, S("exclusive-2"), "verify-2");
	is_status(result.status, NFS3_OK, "an exclusive create");
	run_shell("pg_stop fast");
	run_shell("pg_start");
	result = getattr_patiently(c, &file);
	is_status(result.status, NFS3_OK, "the gateway finds the database again");
	ok(result.attr.ctime == before.wcc.after.ctime, "nothing has changed");
	is_status(getattr_patiently(second, &file).status, NFS3_OK,
			  "so does the other");
	result = v3_commit(c, &file, 0, 0);
	ok(result.status == NFS3_OK &&
	   memcmp(result.verifier, before.verifier, 8) != 0,
	   "the write verifier is another: unstable writes may be lost");
	{
		struct result other = v3_commit(second, &file, 0, 0);

		ok(memcmp(result.verifier, other.verifier, 8) == 0,
		   "and the same through both");
	}
	is_status(v3_create_exclusive(second, &dir, S("exclusive-2"),
								  "verify-2").status, NFS3_OK,
			  "the exclusive create is still recognized");
	result = v3_read(c, &file, 0, 100);
	ok(result.count == 6 && memcmp(result.data.data, "stable", 6) == 0,
	   "the stable write is there");

	/* calls that come while it is away wait for it */
	run_shell("pg_stop fast");
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_MKDIR);
	put_handle(c, &dir);
	put_opaque(c, S("made-while-away"));
	put_set(c, MODE(0755));
	send_call(c);
	run_shell("pg_start");
	{
		struct reply r = receive(c);

		is_status(take(&r), NFS3_OK, "a call waits for the database");
	}
	disconnect(c);
	disconnect(second);
}

/* It is away for longer than a call may wait: "try again", in time. */
static void
test_database_away(void)
{
	struct client *c;
	int64_t		start;
	struct reply r;

	run_shell("gateway_stop 1");
	setenv("DITTOFS_METADATA_POSTGRES_CALL_TIMEOUT", "500ms", 1);
	run_shell("gateway_start 1");
	c = connect_to(0);
	is_status(getattr_patiently(c, &dir).status, NFS3_OK,
			  "a patience of 500 ms");
	run_shell("pg_stop fast");
	start = milliseconds();
	is_status(v3_getattr(c, &dir).status, NFS3ERR_JUKEBOX, "GETATTR: JUKEBOX");
	is_status(v3_write(c, &dir, 0, S("x"), FILE_SYNC).status, NFS3ERR_JUKEBOX,
			  "WRITE: JUKEBOX");
	is_status(v3_readdirplus(c, &dir, 0, NULL, 4096, 4096).status,
			  NFS3ERR_JUKEBOX, "READDIRPLUS: JUKEBOX");
	is_status(v3_fsinfo(c, &dir).status, NFS3ERR_JUKEBOX, "FSINFO: JUKEBOX");

	/* mountstat3 has no word for "not now", and EXPORT has no status at all. */
	begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_MNT);
	put_opaque(c, S("/export"));
	send_call(c);
	ok(is_closed(c), "MNT: no answer, and the connection is closed");
	reconnect(c);
	begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_EXPORT);
	send_call(c);
	ok(is_closed(c), "EXPORT, too");
	reconnect(c);
	ok(milliseconds() - start < 15000, "all of them in time");
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_NULL);
	ok(exchange(c).outcome == DONE, "NULL asks nobody");

	/*
	 * JUKEBOX would make the client call anew, with another xid; but for all
	 * the gateway knows the change has been made, by the gateway that had the
	 * client before.
	 */
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_MKDIR);
	put_handle(c, &dir);
	put_opaque(c, S("made-when-back"));
	put_set(c, MODE(0755));
	send_call(c);
	ok(is_closed(c), "MKDIR: no answer, and the connection is closed");
	reconnect(c);
	send_bytes(c, c->call, c->call_size);
	ok(is_closed(c), "asked again, too");
	reconnect(c);

	/* Every lane tries again once a second, longer than the patience. */
	run_shell("pg_start");
	start = milliseconds();
	do
	{
		reconnect(c);
		send_bytes(c, c->call, c->call_size);
		r = receive(c);
	} while (r.outcome != DONE && milliseconds() - start < PATIENCE_MS);
	ok(r.xid == c->xid, "when it is back, there is an answer");
	is_status(take(&r), NFS3_OK, "and it is done");
	is_status(getattr_patiently(c, &dir).status, NFS3_OK, "and it is back");
	disconnect(c);
	/* the tests that follow get the usual patience */
	run_shell("gateway_stop 1");
	unsetenv("DITTOFS_METADATA_POSTGRES_CALL_TIMEOUT");
	run_shell("gateway_start 1");
}

int
main(void)
{
	if (gateway_count() < 2)
		bail_out("this test wants two gateways");
	test_gateway_killed();
	test_gateway_stopped();
	test_database_restarted();
	test_database_away();
	return done_testing();
}
