/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_retransmission.c
 *	  A change is made once, however often the call arrives: from another
 *	  port, at another gateway, after others have gone on.
 *
 * A retransmission is a call with the xid and the arguments of one before, on
 * the same connection or on one that was opened later.
 * Each is sent through both gateways here; a server whose memory of replies
 * is its own, or keyed by the client's port, answers EXIST or NOENT.
 *
 * On a connection that was open before, it is another client's call.
 */
#include "lib.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct client *first;
static struct client *second;	/* another connection, to another gateway */
static struct handle dir;

/*
 * What the first client's last call was, the second one's next repeats: that
 * is the first, which has reconnected.
 */
static void
repeat(void)
{
	reconnect(second);
	second->xid = first->xid - 1;
}

static void
is_repeated(struct result a, struct result b, const char *what)
{
	is_status(a.status, NFS3_OK, "%s", what);
	is_status(b.status, NFS3_OK, "%s again, through another gateway", what);
	ok(b.handle.size == a.handle.size && same_handle(&a.handle, &b.handle),
	   "the same handle");
	ok(!b.wcc.before && b.wcc.after.follows,
	   "attributes as they are, without what was before");
}

static void
test_creation(void)
{
	struct result a,
				b;

	a = v3_mkdir(first, &dir, S("directory"), MODE(0700));
	repeat();
	b = v3_mkdir(second, &dir, S("directory"), MODE(0700));
	is_repeated(a, b, "MKDIR");

	a = v3_create(first, &dir, S("file"), GUARDED, MODE(0600));
	repeat();
	b = v3_create(second, &dir, S("file"), GUARDED, MODE(0600));
	is_repeated(a, b, "CREATE");

	a = v3_symlink(first, &dir, S("symlink"), NOTHING, S("target"));
	repeat();
	b = v3_symlink(second, &dir, S("symlink"), NOTHING, S("target"));
	is_repeated(a, b, "SYMLINK");

	a = v3_mknod(first, &dir, S("fifo"), NF3FIFO, NOTHING, 0, 0);
	repeat();
	b = v3_mknod(second, &dir, S("fifo"), NF3FIFO, NOTHING, 0, 0);
	is_repeated(a, b, "MKNOD");

	a = v3_lookup(first, &dir, S("file"));
	is_status(v3_link(first, &a.handle, &dir, S("link")).status, NFS3_OK,
			  "LINK");
	repeat();
	b = v3_link(second, &a.handle, &dir, S("link"));
	is_status(b.status, NFS3_OK, "LINK again");
	is(b.attr.nlink, 2, "one link was made");
}

/* The name means something else by the time the call comes back. */
static void
test_removal(void)
{
	struct handle file = make_file(first, &dir, "removed", 0644);
	struct result result;

	is_status(v3_remove(first, &dir, S("removed")).status, NFS3_OK, "REMOVE");
	repeat();
	file = make_file(first, &dir, "removed", 0644);
	result = v3_remove(second, &dir, S("removed"));
	is_status(result.status, NFS3_OK, "REMOVE again");
	is_status(v3_getattr(first, &file).status, NFS3_OK,
			  "the name's new file is still there");
	second->xid++;
	is_status(v3_remove(second, &dir, S("removed")).status, NFS3_OK,
			  "a call of its own removes it");

	make_dir(first, &dir, "empty", 0755);
	is_status(v3_rmdir(first, &dir, S("empty")).status, NFS3_OK, "RMDIR");
	repeat();
	is_status(v3_rmdir(second, &dir, S("empty")).status, NFS3_OK,
			  "RMDIR again");

	make_file(first, &dir, "from", 0644);
	is_status(v3_rename(first, &dir, S("from"), &dir, S("to")).status, NFS3_OK,
			  "RENAME");
	repeat();
	file = make_file(first, &dir, "from", 0644);
	is_status(v3_rename(second, &dir, S("from"), &dir, S("to")).status, NFS3_OK,
			  "RENAME again");
	result = v3_lookup(first, &dir, S("from"));
	ok(result.status == NFS3_OK && same_handle(&result.handle, &file),
	   "what has the old name now was not renamed");
}

static void
test_setattr(void)
{
	static const struct set cut = {.what = SET_SIZE, .size = 0};
	struct handle file = make_file(first, &dir, "cut", 0644);
	struct result result;

	is_status(v3_setattr(first, &file, &cut, 0).status, NFS3_OK, "SETATTR");
	repeat();
	v3_write(first, &file, 0, S("data"), FILE_SYNC);
	result = v3_setattr(second, &file, &cut, 0);
	is_status(result.status, NFS3_OK, "SETATTR again");
	is((int64_t) result.wcc.after.size, 4,
	   "what was written in between is still there");
}

/* The same xid is not enough. */
static void
test_others(void)
{
	struct result result;

	v3_mkdir(first, &dir, S("mine"), MODE(0755));
	repeat();
	is_status(v3_mkdir(second, &dir, S("mine"), MODE(0700)).status,
			  NFS3ERR_EXIST, "other arguments are another call");
	repeat();
	become(second, 1000, 1000);
	is_status(v3_mkdir(second, &dir, S("mine"), MODE(0755)).status,
			  NFS3ERR_EXIST, "another user's call is another call");
	become(second, 0, 0);
	repeat();
	result = v3_create(second, &dir, S("mine"), GUARDED, MODE(0755));
	is_status(result.status, NFS3ERR_EXIST,
			  "another procedure is another call");
}

/* What a failed call said is not kept: nothing has happened. */
static void
test_failure(void)
{
	is_status(v3_remove(first, &dir, S("later")).status, NFS3ERR_NOENT,
			  "a failure");
	second->xid = first->xid - 1;
	make_file(first, &dir, "later", 0644);
	is_status(v3_remove(second, &dir, S("later")).status, NFS3_OK,
			  "is tried again");
}

/* Removes what is there, twice: the status of the second. */
static uint32_t
removed_twice(void)
{
	make_file(first, &dir, "twice", 0644);
	v3_remove(first, &dir, S("twice"));
	repeat();
	return v3_remove(second, &dir, S("twice")).status;
}

static uint32_t
set_keep_replies(const char *change, uint32_t until)
{
	uint32_t	status;

	sql("SELECT dittofs.status_name(0)");
	sql("ALTER SYSTEM %s", change);
	sql("SELECT pg_reload_conf()");
	for (int i = 0; (status = removed_twice()) != until && i < PATIENCE_MS / 10;
		 i++)
		usleep(10000);
	return status;
}

/* The switch by which the benchmark measures what all this costs. */
static void
test_switched_off(void)
{
	is_status(set_keep_replies("SET dittofs.keep_replies = off",
							   NFS3ERR_NOENT), NFS3ERR_NOENT,
			  "without replies a repeated call is another one");
	is_status(set_keep_replies("RESET dittofs.keep_replies", NFS3_OK), NFS3_OK,
			  "with them again it is not");
}

/*
 * Another client behind the address, with the same xids, that was connected
 * when the first one called: of each change one is told that it was made.
 */
static void
test_neighbour(int gateway)
{
	struct client *other = connect_to(gateway);
	char		name[32];
	struct handle root = dir;
	struct handle file;
	struct set mode = {.what = SET_MODE, .mode = 0600};
	uint64_t	ctime;

	snprintf(name, sizeof(name), "neighbour%d", gateway);
	dir = make_dir(first, &root, name, 0777);
	make_file(first, &dir, "removed", 0644);
	make_dir(first, &dir, "emptied", 0755);
	make_file(first, &dir, "from", 0644);
	file = make_file(first, &dir, "file", 0644);
	ctime = v3_getattr(first, &file).attr.ctime;
	/*
	 * longer than gateway and database may differ about the time on a busy
	 * machine
	 */
	usleep(2000000);

#define BOTH(call, refusal, what) \
	is_status((call(first)).status, NFS3_OK, "%s", what); \
	other->xid = first->xid - 1; \
	is_status((call(other)).status, refusal, "%s by the neighbour", what); \
	first->xid--; \
	is_status((call(first)).status, NFS3_OK, "%s again", what)
#define CREATE(c) v3_create(c, &dir, S("created"), GUARDED, MODE(0644))
#define MKDIR(c) v3_mkdir(c, &dir, S("made"), MODE(0755))
#define SYMLINK(c) v3_symlink(c, &dir, S("symlink"), NOTHING, S("target"))
#define MKNOD(c) v3_mknod(c, &dir, S("fifo"), NF3FIFO, NOTHING, 0, 0)
#define REMOVE(c) v3_remove(c, &dir, S("removed"))
#define RMDIR(c) v3_rmdir(c, &dir, S("emptied"))
#define RENAME(c) v3_rename(c, &dir, S("from"), &dir, S("to"))
#define LINK(c) v3_link(c, &file, &dir, S("link"))
#define SETATTR(c) v3_setattr(c, &file, &mode, ctime)
	BOTH(SETATTR, NFS3ERR_NOT_SYNC, "SETATTR");
	BOTH(CREATE, NFS3ERR_EXIST, "CREATE");
	BOTH(MKDIR, NFS3ERR_EXIST, "MKDIR");
	BOTH(SYMLINK, NFS3ERR_EXIST, "SYMLINK");
	BOTH(MKNOD, NFS3ERR_EXIST, "MKNOD");
	BOTH(REMOVE, NFS3ERR_NOENT, "REMOVE");
	BOTH(RMDIR, NFS3ERR_NOENT, "RMDIR");
	BOTH(RENAME, NFS3ERR_NOENT, "RENAME");
	BOTH(LINK, NFS3ERR_EXIST, "LINK");

	/* by somebody who begins with NULL when the first one has called */
	is_status(v3_mkdir(first, &dir, S("late"), MODE(0755)).status, NFS3_OK,
			  "MKDIR");
	reconnect(other);
	other->xid = first->xid - 2;
	begin(other, NFS_PROGRAM, NFS_V3, NFS3_NULL);
	is((int64_t) exchange(other).outcome, DONE, "NULL");
	is_status(v3_mkdir(other, &dir, S("late"), MODE(0755)).status,
			  NFS3ERR_EXIST, "MKDIR by one who has just come");
	disconnect(other);
	dir = root;
}

/* t_metrics.sh runs this with gateways of its own. */
static void
signal_first(const char *name)
{
	char		command[128];

	snprintf(command, sizeof(command), "kill -%s "
			 "$(gateway_pid 1 2>/dev/null || echo ${DITTOFS_PIDS%%%% *})", name);
	run_shell(command);
}

/*
 * A gateway that gets no time, on a machine that has none, reads a call when
 * its client has long been connected elsewhere, and makes the change before
 * that connection brings the call again.  Its client has hung up by then, or
 * the packets that say so are on their way.
 */
static void
test_read_late(const char *name, bool hung_up)
{
	struct client *c = connect_to(0);
	struct client *again;
	uint32_t	xid;

	is_status(v3_getattr(c, &dir).status, NFS3_OK, "%s: a client", name);
	signal_first("STOP");
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_MKDIR);
	put_handle(c, &dir);
	put_opaque(c, S(name));
	put_set(c, MODE(0700));
	send_call(c);
	xid = c->xid;
	usleep(50000);
	if (hung_up)
		disconnect(c);
	again = connect_to(1);
	is_status(v3_getattr(again, &dir).status, NFS3_OK, "%s: it connects again",
			  name);
	usleep(50000);
	signal_first("CONT");
	for (int i = 0; i < PATIENCE_MS / 20; i++)
	{
		if (v3_lookup(again, &dir, S(name)).status == NFS3_OK)
			break;
		usleep(20000);
	}
	again->xid = xid - 1;
	is_status(v3_mkdir(again, &dir, S(name), MODE(0700)).status, NFS3_OK,
			  "%s: MKDIR again, after it was made", name);
	disconnect(again);
	if (!hung_up)
		disconnect(c);
}

int
main(void)
{
	first = connect_to(0);
	second = connect_to(gateway_count() - 1);
	first->xid = 0x70000000;
	dir = make_playground(first);
	test_creation();
	test_removal();
	test_setattr();
	test_others();
	test_failure();
	test_neighbour(0);
	test_neighbour(gateway_count() - 1);
	test_switched_off();
	disconnect(first);
	disconnect(second);
	test_read_late("read late", true);
	test_read_late("read late, still open", false);
	return done_testing();
}
