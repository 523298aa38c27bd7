/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_trouble.c
 *	  Calls that fail, wait or come twice among calls that do not, clients
 *	  that leave or do not read, sessions that die: each call gets its own
 *	  answer, and what was asked for happens once.
 *
 * An open transaction that has changed a directory holds its lock, so a call
 * that changes it too waits, as long as the test wants.
 */
#include "lib.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FILES 40

static struct client *c;
static struct handle dir;
static struct handle held;

static int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

static const char *
hex(const struct handle *handle)
{
	static char text[2 * sizeof(handle->data) + 1];

	for (uint32_t i = 0; i < handle->size; i++)
		snprintf(text + 2 * i, 3, "%02x", handle->data[i]);
	return text;
}

/* Takes the lock of the directory `held`, by a transaction of our own. */
static void
hold(void)
{
	sql("BEGIN");
	if (strcmp(sql("SELECT status FROM dittofs.set_file_attributes("
				   "'\\x%s', mode => 511)", hex(&held)), "0") != 0)
		bail_out("the directory cannot be changed");
}

static void
let_go(void)
{
	sql("COMMIT");
}

static void
begin_mkdir(struct client *client, const struct handle *in, const char *name)
{
	begin(client, NFS_PROGRAM, NFS_V3, NFS3_MKDIR);
	put_handle(client, in);
	put_opaque(client, S(name));
	put_set(client, MODE(0755));
}

static void
begin_remove(struct client *client, const struct handle *in, const char *name)
{
	begin(client, NFS_PROGRAM, NFS_V3, NFS3_REMOVE);
	put_handle(client, in);
	put_opaque(client, S(name));
}

/* The status of the next reply; its xid, if wanted, from the first call. */
static uint32_t
next_status(struct client *client, uint32_t first, uint32_t *number)
{
	struct reply r = receive(client);

	if (r.outcome != DONE)
		bail_out("a call was not accepted");
	if (number)
		*number = r.xid - first;
	return take(&r);
}

static int
entries_of(const struct handle *directory)
{
	struct result result = v3_readdir(c, directory, 0, NULL, 65536);

	return result.entry_count - 2;
}

static void
wait_for_entry(const struct handle *in, const char *name, const char *what)
{
	int64_t		deadline = milliseconds() + PATIENCE_MS;
	struct result result;

	do
	{
		result = v3_lookup(c, in, S(name));
		if (result.status == NFS3ERR_NOENT)
			sleep_ms(20);
	} while (result.status == NFS3ERR_NOENT && milliseconds() < deadline);
	is_status(result.status, NFS3_OK, "%s", what);
}

/*
 * Sends MKDIRs of m0, m1... in a new directory, and in the middle of them a
 * call that somebody writes.  Returns the xid of the first.
 */
static uint32_t
send_around(const struct handle *in, void (*write_call) (void))
{
	uint32_t	first = c->xid + 1;

	for (int i = 0; i < FILES; i++)
	{
		char		name[16];

		snprintf(name, sizeof(name), "m%d", i);
		if (i == FILES / 2)
			write_call();
		else
			begin_mkdir(c, in, name);
		send_call(c);
	}
	return first;
}

static void
mkdir_in_held(void)
{
	begin_mkdir(c, &held, "waits");
}

/* One call of a batch waits for a lock: the others do not wait with it. */
static void
test_waiting_call(void)
{
	struct handle free_dir = make_dir(c, &dir, "free", 0777);
	uint32_t	first;
	int			good = 0;
	int64_t		start;

	hold();
	start = milliseconds();
	first = send_around(&free_dir, mkdir_in_held);
	for (int i = 0; i < FILES - 1; i++)
	{
		uint32_t	number;
		uint32_t	status = next_status(c, first, &number);

		good += status == NFS3_OK && number != FILES / 2;
	}
	is(good, FILES - 1, "calls sent beside one that waits for a lock");
	ok(milliseconds() - start < 5000, "are answered while it waits");
	let_go();
	is_status(next_status(c, 0, NULL), NFS3_OK, "and then so is that one");
	is(entries_of(&free_dir), FILES - 1, "each was done once");
	v3_rmdir(c, &held, S("waits"));
}

static void
remove_in_dir(void)
{
	begin_remove(c, &dir, "victim");
}

/* One call of a batch is an ERROR: it alone gets the answer. */
static void
test_guilty_call(void)
{
	struct handle beside = make_dir(c, &dir, "beside", 0777);
	uint32_t	first;
	uint32_t	guilty = 0;
	int			good = 0;

	make_file(c, &dir, "victim", 0644);
	sql("REVOKE EXECUTE ON FUNCTION dittofs.remove_file FROM dittofs_gateway");
	first = send_around(&beside, remove_in_dir);
	for (int i = 0; i < FILES; i++)
	{
		uint32_t	number;
		uint32_t	status = next_status(c, first, &number);

		if (number == FILES / 2)
			guilty = status;
		else
			good += status == NFS3_OK;
	}
	is_status(guilty, NFS3ERR_SERVERFAULT,
			  "a call the database refuses to run");
	is(good, FILES - 1, "does no harm to those sent with it");
	is(entries_of(&beside), FILES - 1, "each was done once");
	sql("GRANT EXECUTE ON FUNCTION dittofs.remove_file TO dittofs_gateway");
	is_status(v3_remove(c, &dir, S("victim")).status, NFS3_OK,
			  "nothing of it stays behind");
}

/* Sessions die while calls run in them. */
static void
test_dying_sessions(void)
{
	struct handle survivors = make_dir(c, &dir, "survivors", 0777);
	uint32_t	first;
	int			good = 0;

	hold();
	first = send_around(&survivors, mkdir_in_held);
	for (int i = 0; i < 3; i++)
	{
		sleep_ms(100);
		sql("SELECT pg_catalog.pg_stat_clear_snapshot()");
		sql("SELECT pg_catalog.count(pg_catalog.pg_terminate_backend(pid)) "
			"FROM pg_catalog.pg_stat_activity WHERE usename = 'dittofs_gateway'");
	}
	let_go();
	for (int i = 0; i < FILES; i++)
		good += next_status(c, first, NULL) == NFS3_OK;
	is(good, FILES,
	   "all calls are done, though their sessions died three times");
	is(entries_of(&survivors), FILES - 1, "each was done once");
	v3_rmdir(c, &held, S("waits"));
}

/* The call is sent again, byte for byte, while it runs. */
static void
test_retransmission(void)
{
	struct client *other = connect_to(0);
	struct reply r;

	hold();
	begin_mkdir(c, &held, "once");
	send_call(c);
	send_bytes(c, c->call, c->call_size);
	sleep_ms(100);
	let_go();
	is_status(next_status(c, 0, NULL), NFS3_OK,
			  "a call that is sent again while it runs");
	r = (begin(c, NFS_PROGRAM, NFS_V3, NFS3_NULL), exchange(c));
	ok(r.outcome == DONE, "is answered once");
	v3_rmdir(c, &held, S("once"));

	/* by a client that has lost its connection */
	hold();
	begin_mkdir(c, &held, "again");
	send_call(c);
	await_sql(GATEWAY_WAITS_FOR_LOCK);
	reconnect(c);
	send_bytes(c, c->call, c->call_size);
	sleep_ms(100);
	let_go();
	is_status(next_status(c, 0, NULL), NFS3_OK,
			  "sent again on a new connection it is answered there");
	is(entries_of(&held), 1, "and done once");
	v3_rmdir(c, &held, S("again"));
	disconnect(other);
}

/* A change is completed though nobody waits for it any more. */
static void
test_leaving_client(void)
{
	struct client *leaving = connect_to(0);

	hold();
	begin_mkdir(leaving, &held, "left");
	send_call(leaving);
	await_sql(GATEWAY_WAITS_FOR_LOCK);
	disconnect(leaving);
	sleep_ms(100);
	let_go();
	wait_for_entry(&held, "left", "a change is completed without its client");
	v3_rmdir(c, &held, S("left"));
}

/*
 * A WRITE that waited here when its client went away does not come after what
 * the client has since written through another gateway.
 */
static void
test_leaving_writer(void)
{
	struct client *leaving = connect_to(0);
	struct client *other = connect_to(1);
	struct handle file = make_file(c, &dir, "written", 0644);
	struct result result;

	sql("BEGIN");
	sql("SELECT status FROM dittofs.set_file_attributes('\\x%s', mode => 420)",
		hex(&file));
	begin(leaving, NFS_PROGRAM, NFS_V3, NFS3_WRITE);
	put_handle(leaving, &file);
	put64(leaving, 0);
	put(leaving, 3);
	put(leaving, FILE_SYNC);
	put_opaque(leaving, S("old"));
	send_call(leaving);
	await_sql(GATEWAY_WAITS_FOR_LOCK);
	disconnect(leaving);
	await_sql("NOT " GATEWAY_WAITS_FOR_LOCK);	/* it has a time-out */
	let_go();
	result = v3_write(other, &file, 0, S("new"), FILE_SYNC);
	is_status(result.status, NFS3_OK, "a client comes back to another gateway");
	sleep_ms(1000);
	result = v3_read(c, &file, 0, 10);
	ok(result.count == 3 && memcmp(result.data.data, "new", 3) == 0,
	   "what it had left at the first does not undo what it writes there");
	disconnect(other);
}

static struct client *silent;
static struct handle large;

#define READS 80
#define READ_SIZE (1024 * 1024)

/* In a thread: the gateway stops reading, so this may take a while. */
static void *
send_reads(void *unused)
{
	(void) unused;
	for (int i = 0; i < READS; i++)
	{
		begin(silent, NFS_PROGRAM, NFS_V3, NFS3_READ);
		put_handle(silent, &large);
		put64(silent, 0);
		put(silent, READ_SIZE);
		send_call(silent);
	}
	return NULL;
}

/* Megabytes are asked for and not taken. */
static void
test_silent_client(void)
{
	static char data[READ_SIZE];
	pthread_t	thread;
	uint32_t	first;
	int			good = 0;

	silent = connect_to(0);
	large = make_file(c, &dir, "large", 0644);
	memset(data, 'x', sizeof(data));
	if (v3_write(c, &large, 0, B(data, sizeof(data)), FILE_SYNC).status !=
		NFS3_OK)
		bail_out("the file cannot be written");
	first = silent->xid + 1;
	if (pthread_create(&thread, NULL, send_reads, NULL) != 0)
		bail_out("no thread");
	sleep_ms(500);
	for (int i = 0; i < 20; i++)
		good += v3_getattr(c, &dir).status == NFS3_OK;
	ok(good == 20, "others are served beside a client that takes no replies");
	pthread_join(thread, NULL);
	good = 0;
	for (int i = 0; i < READS; i++)
	{
		struct reply r = receive(silent);

		good += r.outcome == DONE && r.xid - first < READS &&
			take(&r) == NFS3_OK && (size_t) (r.end - r.at) >= READ_SIZE;
	}
	is(good, READS, "it gets all of them when it does");
	disconnect(silent);
}

/* Megabytes are announced and not sent. */
static void
test_announcing_clients(void)
{
	enum
	{
		CLIENTS = 40
	};
	struct client *announcing[CLIENTS];
	int			there = 0;

	for (int i = 0; i < CLIENTS; i++)
	{
		announcing[i] = connect_to(0);
		send_bytes(announcing[i], "\x80\x10\x00\x00" "12345678", 12);
	}
	is_status(v3_getattr(c, &dir).status, NFS3_OK,
			  "a call beside 40 announcements of a megabyte");
	for (int i = 0; i < CLIENTS; i++)
	{
		struct pollfd fd = {.fd = announcing[i]->fd, .events = POLLRDHUP};

		there += poll(&fd, 1, 0) == 0;
		disconnect(announcing[i]);
	}
	is(there, CLIENTS, "does not wait until they are hung up on");
}

int
main(void)
{
	/* nobody is hung up on, however busy the machine */
	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS=\"--stall-timeout 1h\" gateway_start 1");
	c = connect_to(0);
	dir = make_playground(c);
	held = make_dir(c, &dir, "held", 0777);
	test_waiting_call();
	test_guilty_call();
	test_dying_sessions();
	test_retransmission();
	test_leaving_client();
	test_leaving_writer();
	test_silent_client();
	test_announcing_clients();
	disconnect(c);
	run_shell("gateway_stop 1; gateway_start 1");
	return done_testing();
}
