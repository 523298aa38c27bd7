/* SPDX-License-Identifier: PostgreSQL */
/*
 * conditions.c
 *	  What clients are told when the database is short of something, waits, or
 *	  has another time; and that all is right when that is over.
 *
 *		conditions TEST...
 *
 * The tests in the order of main(); t_conditions.sh prepares what they need.
 * Gateway 1 has a patience (--call-timeout) of a second; gateway 2 has one of 8
 * seconds, and a lock time-out that is longer.
 */
#include "lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct client *c;
static struct client *other;
static struct handle dir;

static void
sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

static int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Runs a function of t_conditions.sh's, or whatever the shell knows. */
static void
shell(const char *command)
{
	if (system(command) != 0)
		bail_out("%s failed", command);
}

static bool
log_has(int gateway, const char *pattern)
{
	char		command[1024];
	bool		found = false;

	snprintf(command, sizeof(command),
			 "grep -qE '%s' \"$DITTOFS_LOG/gateway.%d/log\"", pattern, gateway);
	for (int i = 0; i < PATIENCE_MS / 50 && !found; i++)
	{
		found = system(command) == 0;
		if (!found)
			sleep_ms(50);
	}
	return found;
}

static const char *
hex(const struct handle *handle)
{
	static char text[2 * sizeof(handle->data) + 1];

	for (uint32_t i = 0; i < handle->size; i++)
		snprintf(text + 2 * i, 3, "%02x", handle->data[i]);
	return text;
}

static void
reload(const char *setting)
{
	sql("%s", setting);
	sql("SELECT pg_reload_conf()");
	sleep_ms(200);
}

static void
begin_mkdir(struct client *client, const struct handle *in, const char *name)
{
	begin(client, NFS_PROGRAM, NFS_V3, NFS3_MKDIR);
	put_handle(client, in);
	put_opaque(client, S(name));
	put_set(client, MODE(0755));
}

/* The call that c has written once more, on new connections, until answered. */
static uint32_t
again(struct client *client)
{
	for (int tries = 0; tries < 200; tries++)
	{
		struct reply r;

		reconnect(client);
		send_bytes(client, client->call, client->call_size);
		r = receive(client);
		if (r.outcome == DONE)
			return take(&r);
	}
	return UINT32_MAX;
}

static void
nothing_amiss(const char *after)
{
	is_clean("%s: fsck finds nothing", after);
}

/*
 * A lock is held for longer than a call may take.
 */
static void
test_locks(void)
{
	struct handle held = make_dir(c, &dir, "held", 0777);
	struct handle file = make_file(c, &dir, "held-file", 0644);
	struct handle beside = make_dir(c, &dir, "beside", 0777);

	sql("BEGIN");
	sql("SELECT dittofs.set_file_attributes('\\x%s', mode => 511)", hex(&held));
	sql("SELECT dittofs.set_file_attributes('\\x%s', mode => 511)", hex(&file));
	is_status(v3_write(c, &file, 0, S("x"), FILE_SYNC).status, NFS3ERR_JUKEBOX,
			  "locks: a WRITE that waits too long is told to try again");
	ok(log_has(1, "WRITE .*: given up after"), "which the log says");
	is_status(v3_getattr(c, &file).status, NFS3_OK, "reading does not wait");
	is_status(v3_mkdir(c, &beside, S("d"), MODE(0755)).status, NFS3_OK,
			  "nor does a change elsewhere");
	begin_mkdir(c, &held, "late");
	send_call(c);
	ok(is_closed(c), "a change that waits too long: the connection is closed");
	begin_mkdir(other, &held, "later");
	send_call(other);
	ok(is_closed(other), "also when the statement time-out ends it");
	sql("ROLLBACK");
	is_status(again(c), NFS3_OK, "asked again, it is made");
	is_status(again(other), NFS3_OK, "and so is that");
	is(v3_getattr(c, &held).attr.nlink, 4, "both once");
	is_status(v3_write(c, &file, 0, S("x"), FILE_SYNC).status, NFS3_OK,
			  "the WRITE as well");
}

/*
 * There are no connections left for the gateway's role.
 */
static void
test_connections(void)
{
	int			tries = 0;
	struct result result;

	sql("ALTER ROLE dittofs_gateway CONNECTION LIMIT 0");
	sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
		"WHERE usename = 'dittofs_gateway'");
	sleep_ms(200);
	is_status(v3_getattr(c, &dir).status, NFS3ERR_JUKEBOX,
			  "no connections: try again");
	ok(log_has(1, "too many connections"), "the log says why");
	begin_mkdir(c, &dir, "unconnected");
	send_call(c);
	ok(is_closed(c), "a change is not answered");
	sql("ALTER ROLE dittofs_gateway CONNECTION LIMIT -1");
	is_status(again(c), NFS3_OK, "asked again it is made");
	do
		result = v3_getattr(c, &dir);
	while (result.status == NFS3ERR_JUKEBOX && tries++ < 200);
	is_status(result.status, NFS3_OK, "reads are back, too");
}

/*
 * A server process is stuck for so long that it is given up.  When it goes on
 * it must not do what it had been told.
 */
static void
test_stuck(void)
{
	struct handle file = make_file(c, &dir, "stuck", 0644);
	struct result result;
	char		pids[256];
	char		command[300];
	int			tries = 0;

	v3_write(c, &file, 0, S("..."), FILE_SYNC);
	/* all of the lane: what they did last tells */
	snprintf(pids, sizeof(pids), "%s",
			 sql("SELECT string_agg(pid::text, ' ') FROM pg_stat_activity "
				 "WHERE usename = 'dittofs_gateway' AND "
				 "query ~ 'dittofs.(read|write|commit|reap)\\('"));
	snprintf(command, sizeof(command), "kill -STOP %s", pids);
	shell(command);
	/* OK if another session was up in time, otherwise JUKEBOX */
	v3_write(c, &file, 0, S("old"), FILE_SYNC);
	ok(log_has(1, "the server does not answer"),
	   "stuck: a session that does not answer is given up");
	do
		result = v3_write(c, &file, 0, S("new"), FILE_SYNC);
	while (result.status == NFS3ERR_JUKEBOX && tries++ < 200);
	is_status(result.status, NFS3_OK, "the client goes on in another");
	snprintf(command, sizeof(command), "kill -CONT %s", pids);
	shell(command);
	sleep_ms(1000);
	result = v3_read(c, &file, 0, 10);
	ok(result.count == 3 && memcmp(result.data.data, "new", 3) == 0,
	   "the old one goes on, and does not write what it was told before");
}

/*
 * The synchronous standby is gone: what is to be safe waits for it.
 */
static void
test_standby_gone(void)
{
	struct handle file = make_file(c, &dir, "replicated", 0644);
	struct handle other_dir = make_dir(c, &dir, "replicated-dir", 0777);
	int64_t		start;
	int			sessions;
	uint32_t	status = UINT32_MAX;

	reload("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
	is_status(v3_write(c, &file, 0, S("x"), UNSTABLE).status, NFS3_OK,
			  "standby gone: an UNSTABLE write does not wait");
	is_status(v3_getattr(c, &file).status, NFS3_OK, "nor does reading");
	begin_mkdir(c, &dir, "waits");
	send_call(c);
	start = milliseconds();
	ok(is_closed(c), "a change waits, and is not answered");
	ok(milliseconds() - start > 5000, "as long as anything may take");
	ok(log_has(1, "canceling wait for synchronous replication"),
	   "the log says what it waited for");
	reconnect(c);
	is_status(v3_commit(c, &file, 0, 0).status, NFS3ERR_JUKEBOX,
			  "COMMIT: try again");
	begin_mkdir(c, &other_dir, "waits-too");
	send_call(c);
	ok(is_closed(c), "so does one elsewhere");
	reconnect(c);
	sessions = atoi(sql("SELECT count(*) FROM pg_stat_activity "
						"WHERE usename = 'dittofs_gateway'"));
	ok(sessions <= 48, "sessions do not pile up: there are %d", sessions);
	/* the call that was sent first, with its xid */
	begin_mkdir(c, &dir, "waits-too");
	send_call(c);
	sleep_ms(300);
	reload("ALTER SYSTEM RESET synchronous_standby_names");
	{
		struct reply r = receive(c);

		if (r.outcome == DONE)
			status = take(&r);
	}
	is_status(status, NFS3_OK, "the standby is back: the change completes");
	is_status(v3_lookup(c, &dir, S("waits")).status, NFS3_OK,
			  "so do those that nobody waits for");
	is_status(v3_commit(c, &file, 0, 0).status, NFS3_OK, "and COMMIT");
}

/*
 * Who goes away while a directory is read frees the backend.
 */
static int
active_sessions(void)
{
	sql("SELECT pg_stat_clear_snapshot()");
	return atoi(sql("SELECT count(*) FROM pg_stat_activity WHERE usename = "
					"'dittofs_gateway' AND state = 'active'"));
}

static int
wait_for_sessions(int wanted)
{
	int			active = -1;

	for (int i = 0; i < PATIENCE_MS / 20 && active != wanted; i++)
	{
		active = active_sessions();
		if (active != wanted)
			sleep_ms(20);
	}
	return active;
}

static void
test_cancel(void)
{
	struct client *leaving = connect_to(1);
	int			entries = getenv("ENTRIES") ? atoi(getenv("ENTRIES")) : 20000;
	struct handle huge = make_dir(c, &dir, "huge", 0777);
	struct result result;
	uint64_t	cookie = 0;
	int			seen = 0;

	/* gateway 2 waits for locks: only a cancel ends this so soon */
	result = v3_readdir(leaving, &dir, 0, NULL, 4096);
	if (result.status != NFS3_OK)
		bail_out("READDIR: %u", result.status);
	sql("BEGIN; LOCK TABLE dittofs.parent_child_map IN ACCESS EXCLUSIVE MODE");
	begin(leaving, NFS_PROGRAM, NFS_V3, NFS3_READDIR);
	put_handle(leaving, &dir);
	put64(leaving, 0);
	put64(leaving, 0);
	put(leaving, 4096);
	send_call(leaving);
	is(wait_for_sessions(1), 1, "cancel: a READDIR keeps a backend busy");
	disconnect(leaving);
	is(wait_for_sessions(0), 0,
	   "when its client goes away, the backend is free");
	sql("ROLLBACK");

	/* as in a gateway's batch, which writes the directory's row once */
	sql("BEGIN; SET LOCAL dittofs.gateway = on; SELECT count(*) FROM "
		"generate_series(1, %d) n, LATERAL "
		"dittofs.create_file('\\x%s', n::text::bytea); COMMIT", entries, hex(&huge));
	leaving = connect_to(1);
	for (int i = 0; i < 100; i++)
	{
		begin(leaving, NFS_PROGRAM, NFS_V3, NFS3_READDIRPLUS);
		put_handle(leaving, &huge);
		put64(leaving, 0);
		put64(leaving, 0);
		put(leaving, 1024 * 1024);
		put(leaving, 1024 * 1024);
		send_call(leaving);
	}
	disconnect(leaving);
	is(wait_for_sessions(0), 0,
	   "so it is when 100 pages of %d entries were on their way", entries);
	do
	{
		result = v3_readdir(c, &huge, cookie, NULL, 1024 * 1024);
		if (result.status != NFS3_OK)
			bail_out("READDIR: %u", result.status);
		seen += result.entry_count;
		if (result.entry_count > 0)
			cookie = result.entries[result.entry_count - 1].cookie;
	} while (!result.eof);
	is(seen, entries + 2, "who stays sees all of them");
}

/*
 * The disk is full: first that of the data, then that of the WAL.
 */
static void
test_disk_full(void)
{
	static char data[256 * 1024];
	struct handle file = make_file(c, &dir, "filling", 0644);
	struct result result = {0};
	int			written = 0;
	int			good = 0;

	memset(data, 'x', sizeof(data));
	for (int i = 0; i < 400 && result.status == NFS3_OK; i++)
	{
		result = v3_write(c, &file, (uint64_t) i * sizeof(data),
						  B(data, sizeof(data)), i % 2 ? FILE_SYNC : UNSTABLE);
		written += result.status == NFS3_OK;
	}
	is_status(result.status, NFS3ERR_NOSPC,
			  "the disk is full: NOSPC, after %d MB", written / 4);
	ok(log_has(1, "53100.*NOSPC"), "the log says so");
	is_status(v3_mkdir(c, &dir, S("in-spite"), MODE(0755)).status, NFS3_OK,
			  "changes that need no room there go on");
	for (int i = 0; i < written; i++)
	{
		result = v3_read(c, &file, (uint64_t) i * sizeof(data), sizeof(data));
		good += result.count == sizeof(data) &&
			memcmp(result.data.data, data, sizeof(data)) == 0;
	}
	is(good, written, "what was acknowledged is there");
	nothing_amiss("full");
	is_status(v3_remove(c, &dir, S("filling")).status, NFS3_OK,
			  "a file is removed");
	for (int i = 0; i < PATIENCE_MS / 50 &&
		 strcmp(sql("SELECT count(*) FROM dittofs.reap_queue"), "0") != 0; i++)
		sleep_ms(50);
	/* vacuum wants a page or two for itself */
	shell("rm \"$DITTOFS_RUN/data-disk/ballast\"");
	sql("VACUUM dittofs.blocks");
	file = make_file(c, &dir, "again", 0644);
	is_status(v3_write(c, &file, 0, B(data, sizeof(data)), FILE_SYNC).status,
			  NFS3_OK, "and there is room again");
}

static void
test_wal_full(void)
{
	static char data[256 * 1024];
	struct handle file = make_file(c, &dir, "wal-filling", 0644);
	struct result result = {0};
	int			written = 0;
	int			tries = 0;
	int			good = 0;

	for (int i = 0; i < 400 && result.status == NFS3_OK; i++)
	{
		memset(data, 'a' + i % 26, sizeof(data));
		result = v3_write(c, &file, (uint64_t) i * sizeof(data),
						  B(data, sizeof(data)), FILE_SYNC);
		written += result.status == NFS3_OK;
	}
	is_status(result.status, NFS3ERR_JUKEBOX,
			  "no room for WAL: the server stops; try again, after %d MB",
			  written / 4);
	shell("rm \"$DITTOFS_RUN/wal/ballast\"; : >\"$DITTOFS_RUN/start\"; "
		  "while [ -e \"$DITTOFS_RUN/start\" ]; do sleep 0.05; done");
	do
		result = v3_getattr(c, &file);
	while (result.status == NFS3ERR_JUKEBOX && tries++ < 400);
	is_status(result.status, NFS3_OK, "it is started with room, and back");
	for (int i = 0; i < written; i++)
	{
		memset(data, 'a' + i % 26, sizeof(data));
		result = v3_read(c, &file, (uint64_t) i * sizeof(data), sizeof(data));
		good += result.count == sizeof(data) &&
			memcmp(result.data.data, data, sizeof(data)) == 0;
	}
	is(good, written, "what was acknowledged is there");
}

/*
 * Somebody sets the clock.
 */
static void
set_clock(int64_t seconds)
{
	const char *path = getenv("CLOCK_OFFSET");
	FILE	   *file = path != NULL ? fopen(path, "r+") : NULL;

	if (file == NULL || fwrite(&seconds, sizeof(seconds), 1, file) != 1 ||
		fclose(file) != 0)
		bail_out("the clock cannot be set");
}

static void
test_clock(void)
{
	static const int64_t offsets[] = {0, -120, -3600, -3840, 86400 + 120, 0};
	struct handle watched = make_dir(c, &dir, "watched", 0777);
	struct handle file = make_file(c, &watched, "file", 0644);
	uint64_t	before = 0;
	uint64_t	file_before = 0;
	bool		grows = true;
	bool		known = true;
	bool		same = true;
	unsigned char verifier[8];
	time_t		now;

	memcpy(verifier, v3_commit(c, &file, 0, 0).verifier, 8);
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
	{
		struct result result;

		for (int j = 0; j < 5; j++)
		{
			char		name[32];
			uint32_t	xid = c->xid;

			snprintf(name, sizeof(name), "d%zu-%d", i, j);
			result = v3_mkdir(c, &watched, S(name), MODE(0755));
			grows = grows && result.status == NFS3_OK &&
				result.wcc.after.ctime > before;
			before = result.wcc.after.ctime;
			result = v3_write(c, &file, 0, S("x"), UNSTABLE);
			grows = grows && result.wcc.after.ctime > file_before;
			file_before = result.wcc.after.ctime;
			if (j < 4)
				continue;
			/* the last one is asked for again after the clock was set */
			set_clock(
				offsets[(i + 1) % (sizeof(offsets) / sizeof(offsets[0]))]);
			sleep_ms(1500);		/* the reaper comes by */
			reconnect(other);	/* whoever asks again has lost the connection */
			other->xid = xid;
			known = known && v3_mkdir(other, &watched, S(name),
									  MODE(0755)).status == NFS3_OK;
			other->xid = arc4random();
		}
		same = same && memcmp(v3_commit(c, &file, 0, 0).verifier, verifier,
							  8) == 0;
	}
	ok(grows,
	   "the clock is set back and forth: every ctime is greater than the last");
	ok(known, "a call that was answered before is known after");
	ok(same, "the write verifier stays");
	now = atoll(sql("SELECT extract(epoch FROM clock_timestamp())::bigint"));
	ok(llabs((long long) now - (long long) time(NULL)) < 10,
	   "(and it was the server's clock)");
	set_clock(-3600);
	now = atoll(sql("SELECT extract(epoch FROM clock_timestamp())::bigint"));
	ok((long long) time(NULL) - (long long) now > 3500, "(which was set)");
	set_clock(0);
}

int
main(int argc, char **argv)
{
	static const struct
	{
		const char *name;
		void		(*run) (void);
	}			tests[] = {
		{"locks", test_locks},
		{"connections", test_connections},
		{"stuck", test_stuck},
		{"standby-gone", test_standby_gone},
		{"cancel", test_cancel},
		{"clock", test_clock},
		{"disk-full", test_disk_full},
		{"wal-full", test_wal_full},
	};

	c = connect_to(0);
	other = connect_to(1);
	dir = make_playground(c);
	for (int i = 1; i < argc; i++)
		for (size_t j = 0; j < sizeof(tests) / sizeof(tests[0]); j++)
			if (strcmp(argv[i], tests[j].name) == 0)
			{
				tests[j].run();
				if (strcmp(argv[i], "wal-full") != 0)
					nothing_amiss(tests[j].name);
			}
	disconnect(c);
	disconnect(other);
	return done_testing();
}
