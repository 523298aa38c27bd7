/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_kills.c
 *	  NFSv4.1: 1,000 open files and 100 locks while gateways are killed, and
 *	  while the database crashes.  Each change is made once, and each stateid
 *	  that was given stays good.
 *
 * The client does what a kernel does whose connection breaks: it sends the same
 * COMPOUND again, with the same slot and sequence, to the same address.  The
 * gateway that it finds there has never heard of it.
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILES 1000
#define LOCKS 100
#define ROUNDS 4

static struct v4 *w;			/* at the gateways that are killed, by turns */
static struct v4 *other;		/* another client, which wants the locks */
static struct handle dir;
static struct handle files[FILES];
static struct stateid opens[FILES];
static struct stateid locks[2 * LOCKS];

/* Meanwhile; the caller waits for it. */
static pid_t
in_background(const char *functions)
{
	pid_t		pid = fork();

	if (pid < 0)
		bail_out("fork");
	if (pid == 0)
	{
		run_shell(functions);
		_exit(0);
	}
	return pid;
}

static void
wait_for(pid_t pid)
{
	int			status;

	if (pid != 0 && (waitpid(pid, &status, 0) != pid || status != 0))
		bail_out("what ran beside has failed");
}

/* "Not now" is an answer to a read; everything else must be done. */
static uint32_t
patiently(void (*write) (int), int i)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 20)
	{
		write(i);
		if (v4_call(w) != NFS4ERR_DELAY)
			return w->status;
		usleep(20000);
	}
	return NFS4ERR_DELAY;
}

static void
write_open(int i)
{
	struct fattr mode = fattr_of(MODE(0644));
	char		name[32];
	struct open4 open = {.access = OPEN4_SHARE_ACCESS_BOTH,
		.owner = S("owner"), .create = true, .how = GUARDED4, .attrs = &mode};

	snprintf(name, sizeof(name), "file %d", i);
	open.name = S(name);
	v4_at(w, &dir);
	op_open(w, &open);
	op_getfh(w);
	op_write(w, current_stateid, 0, S(name), FILE_SYNC4);
}

static void
write_lock(int i)
{
	v4_at(w, &files[i]);
	op_lock(w, &(struct lock4) {.type = WRITE_LT, .offset = (uint64_t) i,
		.length = 10, .stateid = opens[i], .first = true,
		.owner = S("locker")});
}

static void
write_upgrade(int i)
{
	v4_at(w, &files[i]);
	op_open(w, &(struct open4) {.access = OPEN4_SHARE_ACCESS_READ,
		.owner = S("owner"), .claim = CLAIM_FH});
}

static void
write_read(int i)
{
	v4_at(w, &files[i]);
	op_read(w, with_seqid(opens[i], 0), 0, 100);
}

static void
write_close(int i)
{
	v4_at(w, &files[i]);
	op_close(w, opens[i]);
}

static void
write_unlock(int i)
{
	v4_at(w, &files[i]);
	op_locku(w, &(struct lock4) {.type = WRITE_LT, .length = UINT64_MAX,
		.stateid = locks[i]});
}

/* The gateways die in turn as long as this goes on. */
static void
test_opens(void)
{
	pid_t		pid = 0;
	int			done = 0;
	int			wrong = 0;
	int			next = 0;

	for (int i = 0; i < FILES; i++)
	{
		if (i % (FILES / ROUNDS) == 10)
		{
			char		functions[128];
			int			gateway = 1 + next++ % 2;

			wait_for(pid);
			snprintf(functions, sizeof(functions),
					 "gateway_stop %d KILL; gateway_start %d", gateway,
					 gateway);
			pid = in_background(functions);
		}
		if (patiently(write_open, i) != NFS4_OK)
		{
			if (wrong++ < 5)
				is_status(w->status, NFS4_OK, "OPEN of file %d", i);
			continue;
		}
		done++;
		opens[i] = result_of(w, OP_OPEN)->stateid;
		wrong += opens[i].seqid != 1;
		files[i] = result_of(w, OP_GETFH)->handle;
		if (i < LOCKS)
		{
			if (patiently(write_lock, i) != NFS4_OK)
				is_status(w->status, NFS4_OK, "LOCK of file %d", i);
			locks[i] = last_result(w)->stateid;
			wrong += locks[i].seqid != 1;
		}
		/* the client changes its gateway now and then, as behind a balancer */
		if (i % 50 == 0)
			move_to(w->c, i / 50 % 2);
	}
	wait_for(pid);
	is(done, FILES, "%d files were made and opened while gateways were killed",
	   FILES);
	is(wrong, 0, "each once: all stateids begin with 1");
	note("calls sent again: %d", (int) w->c->resends);
}

/* TEST_STATEID of all, and each by being used */
static void
test_all_good(const char *when, uint32_t seqid)
{
	int			bad = 0;
	int			wrong = 0;

	for (int i = 0; i < FILES; i += 50)
	{
		v4_begin(w);
		op_test_stateid(w, opens + i, 50);
		if (v4_call(w) != NFS4_OK)
			bail_out("TEST_STATEID: %u", w->status);
		for (int k = 0; k < 50; k++)
			bad += last_result(w)->list[k] != NFS4_OK;
	}
	for (int i = 0; i < FILES; i++)
	{
		char		name[32];
		uint32_t	status = patiently(write_read, i);

		snprintf(name, sizeof(name), "file %d", i);
		wrong += status != NFS4_OK ||
			last_result(w)->data.size != strlen(name) ||
			memcmp(last_result(w)->data.data, name, strlen(name)) != 0;
		wrong += opens[i].seqid != seqid;
	}
	is(bad, 0, "%s: TEST_STATEID finds them all", when);
	is(wrong, 0, "%s: each reads its file", when);
}

static void
test_locks_held(const char *when, int count)
{
	int			held = 0;

	for (int i = 0; i < count; i++)
	{
		v4_at(other, &files[i]);
		op_lockt(other, &(struct lock4) {.type = READ_LT,
			.length = UINT64_MAX, .owner = S("other")});
		if (v4_call(other) == NFS4ERR_DENIED &&
			last_result(other)->offset == (uint64_t) i &&
			last_result(other)->length == 10)
			held++;
	}
	is(held, count, "%s: no lock is lost", when);
}

/*
 * Postgres is killed while locks are taken.  An OPEN that creates nothing may
 * be lost by that, if it was made in the last moment: so they come before, and
 * something that is written at once.
 */
static void
test_crash(void)
{
	pid_t		pid;
	int			wrong = 0;

	for (int i = 0; i < FILES; i++)
	{
		if (patiently(write_upgrade, i) != NFS4_OK)
			bail_out("OPEN of file %d: %u", i, w->status);
		wrong += !same_other(&opens[i], &last_result(w)->stateid);
		wrong += last_result(w)->stateid.seqid != 2;
		opens[i] = last_result(w)->stateid;
	}
	is(wrong, 0, "opens are counted");
	sql("CHECKPOINT");
	pid = in_background("pg_stop immediate; pg_start");
	for (int i = LOCKS; i < 2 * LOCKS; i++)
	{
		if (patiently(write_lock, i) != NFS4_OK)
			bail_out("LOCK of file %d: %u", i, w->status);
		locks[i] = last_result(w)->stateid;
		wrong += locks[i].seqid != 1;
	}
	wait_for(pid);
	is(wrong, 0, "locks are taken once while the database crashes");
}

static void
test_end(void)
{
	int			wrong = 0;

	for (int i = 0; i < 2 * LOCKS; i++)
		wrong += patiently(write_unlock, i) != NFS4_OK;
	for (int i = 0; i < FILES; i++)
		wrong += patiently(write_close, i) != NFS4_OK;
	is(wrong, 0, "all are unlocked and closed");
}

int
main(void)
{
	v4_required();
	w = v4_client(0, "kills");
	other = v4_client(1, "other");
	w->c->persistent = true;
	other->c->persistent = true;
	dir = v4_playground(w);
	test_opens();
	test_all_good("after the kills", 1);
	test_locks_held("after the kills", LOCKS);
	test_crash();
	test_all_good("after the crash", 2);
	test_locks_held("after the crash", 2 * LOCKS);
	test_end();
	return done_testing();
}
