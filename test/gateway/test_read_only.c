/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_read_only.c
 *	  A database that somebody sets read-only and that is no standby, as
 *	  managed servers do when a disk is full: changes are refused at once,
 *	  reading goes on, and all is well when the setting is taken back.
 */
#include "lib.h"

#include <string.h>
#include <time.h>

static struct client *c;
static struct handle dir;
static struct handle file;

static void
sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

/* made by a session that had not learned it, and not removed by one that had */
static uint32_t left;

/* The sessions of the gateways learn it one by one. */
static uint32_t
mkdir_until(uint32_t wanted, const char *name)
{
	uint32_t	status;

	for (int tries = 0; tries < 600; tries++)
	{
		status = v3_mkdir(c, &dir, S(name), MODE(0755)).status;
		if (status == wanted)
			break;
		if (status == NFS3_OK &&
			v3_rmdir(c, &dir, S(name)).status == NFS3ERR_ROFS)
			left++;
		sleep_ms(100);
	}
	return status;
}

static void
refuses_changes(void)
{
	struct handle subdir = dir;

	is_status(mkdir_until(NFS3ERR_ROFS, "refused"), NFS3ERR_ROFS, "MKDIR");
	is_status(v3_create(c, &dir, S("f2"), GUARDED, MODE(0644)).status,
			  NFS3ERR_ROFS, "CREATE");
	is_status(v3_symlink(c, &dir, S("link"), NOTHING, S("x")).status,
			  NFS3ERR_ROFS, "SYMLINK");
	is_status(v3_write(c, &file, 0, S("other"), FILE_SYNC).status,
			  NFS3ERR_ROFS, "WRITE");
	is_status(v3_write(c, &file, 0, S("other"), UNSTABLE).status,
			  NFS3ERR_ROFS, "unstable WRITE");
	is_status(v3_setattr(c, &file, MODE(0600), 0).status, NFS3ERR_ROFS,
			  "SETATTR");
	is_status(v3_remove(c, &dir, S("file")).status, NFS3ERR_ROFS, "REMOVE");
	is_status(v3_rename(c, &dir, S("file"), &subdir, S("moved")).status,
			  NFS3ERR_ROFS, "RENAME");
	is_status(v3_link(c, &file, &dir, S("again")).status, NFS3ERR_ROFS, "LINK");
}

static void
serves_readers(void)
{
	struct client *other = connect_to(0);
	struct result result;

	result = v3_read(c, &file, 0, 100);
	is_status(result.status, NFS3_OK, "READ");
	ok(result.data.size == 7 && memcmp(result.data.data, "content", 7) == 0,
	   "the content");
	is_status(v3_getattr(c, &dir).status, NFS3_OK, "GETATTR");
	is_status(v3_lookup(c, &dir, S("file")).status, NFS3_OK, "LOOKUP");
	is_status(v3_access(c, &dir, ACCESS3_READ).status, NFS3_OK, "ACCESS");
	result = v3_readdirplus(c, &dir, 0, NULL, 4096, 32768);
	is_status(result.status, NFS3_OK, "READDIRPLUS");
	is(result.entry_count, 3 + left, "the entries");
	is_status(v3_fsstat(c, &dir).status, NFS3_OK, "FSSTAT");
	is_status(mount_path(other, S("/export")).status, 0, "MNT");
	is_status(v3_commit(c, &file, 0, 0).status, NFS3_OK,
			  "COMMIT makes stable what was written before");
	disconnect(other);
}

/* A change that was made before, whose answer the client has not got. */
static void
knows_what_was_done(struct client *before)
{
	struct reply r;

	reconnect(before);
	send_bytes(before, before->call, before->call_size);
	r = receive(before);
	is_status(r.outcome == DONE ? take(&r) : NFS3ERR_IO, NFS3_OK,
			  "a change that was made before and is asked again");
	disconnect(before);
}

static struct client *
make_change(void)
{
	struct client *before = connect_to(0);

	is_status(v3_setattr(before, &file, MODE(0666), 0).status, NFS3_OK,
			  "a change");
	return before;
}

static void
end_sessions(void)
{
	sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
		" WHERE application_name LIKE 'dittofs%%'");
}

/* All sessions that follow have it, as in ALTER DATABASE. */
static void
test_new_sessions(void)
{
	struct client *before = make_change();

	note("sessions that begin read-only");
	sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET"
		" default_transaction_read_only = on', current_database()); END $$");
	end_sessions();
	refuses_changes();
	knows_what_was_done(before);
	serves_readers();
	sql("DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I RESET"
		" default_transaction_read_only', current_database()); END $$");
	end_sessions();
	is_status(mkdir_until(NFS3_OK, "after"), NFS3_OK, "it takes changes again");
	is_status(v3_rmdir(c, &dir, S("after")).status, NFS3_OK, "and again");
}

/* Open sessions get it, too, as managed servers do it. */
static void
test_open_sessions(void)
{
	struct client *before = make_change();

	note("sessions that become read-only");
	sql("ALTER SYSTEM SET default_transaction_read_only = on");
	sql("SELECT pg_reload_conf()");
	refuses_changes();
	knows_what_was_done(before);
	serves_readers();
	sql("ALTER SYSTEM RESET default_transaction_read_only");
	sql("SELECT pg_reload_conf()");
	is_status(mkdir_until(NFS3_OK, "after"), NFS3_OK, "it takes changes again");
	is_status(v3_rmdir(c, &dir, S("after")).status, NFS3_OK, "and again");
}

int
main(void)
{
	c = connect_to(0);
	c->persistent = true;
	dir = make_playground(c);
	file = make_file(c, &dir, "file", 0666);
	if (v3_write(c, &file, 0, S("content"), UNSTABLE).status != NFS3_OK)
		bail_out("WRITE");
	test_new_sessions();
	test_open_sessions();
	disconnect(c);
	return done_testing();
}
