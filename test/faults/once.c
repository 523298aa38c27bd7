/* SPDX-License-Identifier: PostgreSQL */
/*
 * once.c
 *	  A change is made once, and answered as it was the first time, whatever has
 *	  failed between the first call and the next: for each of the nine
 *	  procedures that cannot be done twice, and for LOCK and UNLOCK.
 *
 *		once REQUEST DONE FAILURE...
 *
 * For each failure its name is written to the file REQUEST; whoever makes it
 * happen then makes the file DONE.  In between the names come to mean something
 * else, so that a server that does the call again is found out.
 */
#include "lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH 48
#define ROUNDS 25

static struct client *first;
static struct client *second;	/* to the other gateway */
static struct handle dir;
static const char *request_file;
static const char *done_file;

enum call
{
	SETATTR, CREATE, MKDIR, SYMLINK, MKNOD, REMOVE, RMDIR, RENAME, LINK, CALLS
};

static const char *const names[CALLS] = {
	"SETATTR", "CREATE", "MKDIR", "SYMLINK", "MKNOD", "REMOVE", "RMDIR",
	"RENAME", "LINK"
};

static struct handle cut;
static struct handle linked;

static struct result
make_call(struct client *c, enum call call)
{
	static const struct set empty = {.what = SET_SIZE, .size = 0};

	switch (call)
	{
		case SETATTR:
			return v3_setattr(c, &cut, &empty, 0);
		case CREATE:
			return v3_create(c, &dir, S("created"), GUARDED, MODE(0644));
		case MKDIR:
			return v3_mkdir(c, &dir, S("made"), MODE(0755));
		case SYMLINK:
			return v3_symlink(c, &dir, S("symlink"), NOTHING, S("target"));
		case MKNOD:
			return v3_mknod(c, &dir, S("fifo"), NF3FIFO, NOTHING, 0, 0);
		case REMOVE:
			return v3_remove(c, &dir, S("removed"));
		case RMDIR:
			return v3_rmdir(c, &dir, S("emptied"));
		case RENAME:
			return v3_rename(c, &dir, S("from"), &dir, S("to"));
		default:
			return v3_link(c, &linked, &dir, S("link"));
	}
}

static void
must(struct result result)
{
	if (result.status != NFS3_OK)
		bail_out("the scene cannot be set: %u", result.status);
}

/* What a second execution would not leave as it is. */
static void
meddle(void)
{
	must(v3_write(first, &cut, 0, S("data"), FILE_SYNC));
	must(v3_rename(first, &dir, S("created"), &dir, S("elsewhere")));
	make_file(first, &dir, "removed", 0644);
	make_dir(first, &dir, "emptied", 0755);
	make_file(first, &dir, "from", 0644);
	must(v3_remove(first, &dir, S("link")));
}

static void
is_as_meddled(const char *failure)
{
	is((int64_t) v3_getattr(second, &cut).attr.size, 4,
	   "%s: what was written after SETATTR is there", failure);
	is_status(v3_lookup(second, &dir, S("created")).status, NFS3ERR_NOENT,
			  "CREATE made no second file");
	is_status(v3_lookup(second, &dir, S("removed")).status, NFS3_OK,
			  "REMOVE did not take the next file of the name");
	is_status(v3_lookup(second, &dir, S("emptied")).status, NFS3_OK,
			  "nor RMDIR the next directory");
	is_status(v3_lookup(second, &dir, S("from")).status, NFS3_OK,
			  "nor RENAME the next file");
	is(v3_getattr(second, &linked).attr.nlink, 1, "LINK made no second link");
}

/* Locks: the first byte is locked by a LOCK, the second freed by an UNLOCK. */
static struct handle locked;

static struct lock
byte_of(uint64_t offset, uint32_t owner)
{
	return (struct lock) {.file = &locked, .client = "once", .svid = owner,
		.oh = S("owner"), .offset = offset, .length = 1, .exclusive = true};
}

static uint32_t
lock_call(struct client *c, uint32_t procedure, uint64_t offset,
		  uint32_t owner)
{
	struct lock lock = byte_of(offset, owner);

	return nlm(c, NLM_V4, procedure, &lock).status;
}

static void
must_lock(uint32_t procedure, uint64_t offset)
{
	if (lock_call(first, procedure, offset, 1) != NLM4_GRANTED)
		bail_out("the scene of locks cannot be set");
}

/* The calls, of which these are the xids; then the opposite of each. */
static void
set_locks(uint32_t xids[2])
{
	locked = make_file(first, &dir, "locked", 0644);
	must_lock(NLM4_LOCK, 0);
	xids[0] = first->xid;
	must_lock(NLM4_LOCK, 1);
	must_lock(NLM4_UNLOCK, 1);
	xids[1] = first->xid;
	must_lock(NLM4_UNLOCK, 0);
	must_lock(NLM4_LOCK, 1);
}

static void
repeat_locks(const char *failure, const uint32_t xids[2])
{
	second->xid = xids[0] - 1;
	is(lock_call(second, NLM4_LOCK, 0, 1), NLM4_GRANTED, "%s: LOCK again",
	   failure);
	second->xid = xids[1] - 1;
	is(lock_call(second, NLM4_UNLOCK, 1, 1), NLM4_GRANTED, "UNLOCK again");
	second->xid = arc4random();
	is(lock_call(second, NLM4_TEST, 0, 2), NLM4_GRANTED,
	   "LOCK locked nothing anew");
	is(lock_call(second, NLM4_TEST, 1, 2), NLM4_DENIED,
	   "UNLOCK did not end the next lock");
	is(lock_call(second, NLM4_UNLOCK, 1, 1), NLM4_GRANTED, "until it is freed");
}

static void
sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

static void
ask_for(const char *failure)
{
	char		temporary[4096];
	FILE	   *file;

	snprintf(temporary, sizeof(temporary), "%s.new", request_file);
	file = fopen(temporary, "w");
	if (file == NULL || fprintf(file, "%s\n", failure) < 0 ||
		fclose(file) != 0 || rename(temporary, request_file) != 0)
		bail_out("cannot write %s", request_file);
	for (int i = 0; i < PATIENCE_MS / 10; i++)
	{
		if (unlink(done_file) == 0)
			return;
		sleep_ms(10);
	}
	bail_out("nobody has made %s", failure);
}

static void
test_failure(const char *failure)
{
	struct handle root = root_of(first, "/export");
	struct result results[CALLS];
	uint32_t	xids[CALLS];
	uint32_t	lock_xids[2];

	dir = make_dir(first, &root, failure, 0777);
	cut = make_file(first, &dir, "cut", 0644);
	linked = make_file(first, &dir, "linked", 0644);
	make_file(first, &dir, "removed", 0644);
	make_dir(first, &dir, "emptied", 0755);
	make_file(first, &dir, "from", 0644);
	for (int i = 0; i < CALLS; i++)
	{
		results[i] = make_call(first, (enum call) i);
		xids[i] = first->xid;
		must(results[i]);
	}
	meddle();
	set_locks(lock_xids);
	ask_for(failure);
	reconnect(second);
	repeat_locks(failure, lock_xids);
	for (int i = 0; i < CALLS; i++)
	{
		struct result again;

		second->xid = xids[i] - 1;
		again = make_call(second, (enum call) i);
		is_status(again.status, NFS3_OK, "%s: %s again", failure, names[i]);
		if (results[i].handle.size > 0)
			ok(same_handle(&results[i].handle, &again.handle),
			   "with the handle it had");
	}
	second->xid = arc4random();
	is_as_meddled(failure);
	reconnect(first);
}

/*
 * Sessions die while batches run in them, before, in and after their commits.
 * The gateway runs the calls again: each must find what it did, not EXIST or
 * NOENT.
 */
static void
test_mid_batch(void)
{
	struct handle root = root_of(first, "/export");
	uint32_t	wrong = 0;
	int			answered = 0;

	dir = make_dir(first, &root, "mid-batch", 0777);
	for (int round = 0; round < ROUNDS; round++)
	{
		for (int i = 0; i < BATCH; i++)
		{
			char		name[32];
			char		to[32];

			/* round by round the same name is made, renamed and removed */
			snprintf(name, sizeof(name), "n%d", i);
			snprintf(to, sizeof(to), "t%d", i);
			begin(first, NFS_PROGRAM, NFS_V3,
				  round % 3 == 0 ? NFS3_MKDIR :
				  round % 3 == 1 ? NFS3_RENAME : NFS3_RMDIR);
			put_handle(first, &dir);
			put_opaque(first, S(round % 3 == 2 ? to : name));
			if (round % 3 == 0)
				put_set(first, MODE(0755));
			else if (round % 3 == 1)
			{
				put_handle(first, &dir);
				put_opaque(first, S(to));
			}
			send_call(first);
		}
		sleep_ms((int) arc4random_uniform(4));
		sql("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
			"WHERE usename = 'dittofs_gateway'");
		for (int i = 0; i < BATCH; i++)
		{
			struct reply r = receive(first);
			uint32_t	status;

			if (r.outcome != DONE)
				bail_out("a call was not answered");
			status = take(&r);
			if (status != NFS3_OK)
				wrong = status;
			answered++;
		}
	}
	is(answered, BATCH * ROUNDS,
	   "sessions die under batches: all are answered");
	is_status(wrong, NFS3_OK, "each as if nothing had happened");
}

int
main(int argc, char **argv)
{
	if (argc < 4 || gateway_count() < 2)
		bail_out("usage: once REQUEST DONE FAILURE..., with two gateways");
	request_file = argv[1];
	done_file = argv[2];
	first = connect_to(0);
	second = connect_to(1);
	test_mid_batch();
	for (int i = 3; i < argc; i++)
		test_failure(argv[i]);
	disconnect(first);
	disconnect(second);
	return done_testing();
}
