/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_crash.c
 *	  NFSv4.1 and 4.2: PostgreSQL crashes between a change and the copy of its
 *	  COMPOUND.  The copy gets the first answer, byte by byte, the change is
 *	  made once, and session, opens, locks and extended attributes are there.
 *
 * PostgreSQL is stopped without a checkpoint ("immediate"), which is what a
 * crash is to it, and started again.
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOTH OPEN4_SHARE_ACCESS_BOTH

/* Changes that are under way at the crash, each on a slot and a connection. */
#define CHANGES 10

static struct v4 *changes[CHANGES];
static struct v4 *one;			/* a session at the first gateway */
static struct v4 *two;			/* the same session at the second */
static struct handle dir;
static struct handle file;
static struct stateid s;
static struct stateid lock;

/* The answers of before */
static unsigned char *replies[CHANGES];
static size_t sizes[CHANGES];
static const char *const names[CHANGES] = {
	"CREATE of a directory", "CREATE of a symbolic link", "OPEN that creates",
	"LINK", "REMOVE", "RENAME", "SETATTR", "LOCK", "SETXATTR",
	"CREATE, and LOOKUP of nothing",
};

static void
keep_reply(struct v4 *w, int i)
{
	sizes[i] = w->reply_size;
	replies[i] = malloc(sizes[i]);
	memcpy(replies[i], w->c->reply + w->c->reply_size - sizes[i], sizes[i]);
}

static void
write_change(struct v4 *w, int i)
{
	struct fattr mode = fattr_of(MODE(0750));
	struct open4 open = {.access = BOTH, .owner = S("o"), .create = true,
		.how = GUARDED4, .attrs = &mode, .name = S("opened")};

	v4_at(w, i == 3 || i == 6 || i == 7 || i == 8 ? &file : &dir);
	switch (i)
	{
		case 0:
			op_create(w, NF4DIR, S("directory"), S(""), &mode);
			op_getfh(w);
			op_getattrs(w, FATTR4_CHANGE, FATTR4_FILEID);
			break;
		case 1:
			op_create(w, NF4LNK, S("symlink"), S("target"), &mode);
			op_getfh(w);
			break;
		case 2:
			op_open(w, &open);
			op_getfh(w);
			break;
		case 3:
			op_savefh(w);
			op_putfh(w, &dir);
			op_link(w, S("link"));
			break;
		case 4:
			op_remove(w, S("to be removed"));
			break;
		case 5:
			op_savefh(w);
			op_rename(w, S("to be renamed"), S("renamed"));
			break;
		case 6:
			op_setattr(w, s, &mode);
			op_getattrs(w, FATTR4_CHANGE, FATTR4_MODE);
			break;
		case 7:
			op_lock(w, &(struct lock4) {.type = WRITE_LT, .offset = 5,
				.length = 10, .stateid = s, .first = true, .owner = S("l")});
			break;
		case 8:
			op_setxattr(w, 0, S("later"), S("value of the change"));
			break;
		case 9:
			op_create(w, NF4DIR, S("half"), S(""), &mode);
			op_lookup(w, S("nothing"));
			break;
	}
}

static uint32_t
wanted_status(int i)
{
	return i == 9 ? NFS4ERR_NOENT : NFS4_OK;
}

static void
crash(void)
{
	run_shell("pg_stop immediate; pg_start");
}

/* What reads, and DELAY is an answer to: until it is another one. */
static uint32_t
read_patiently(struct v4 *w, void (*write) (struct v4 *w))
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 50)
	{
		write(w);
		if (v4_call(w) != NFS4ERR_DELAY)
			break;
		usleep(50000);
	}
	return w->status;
}

static void
write_getxattr(struct v4 *w)
{
	v4_at(w, &file);
	op_getxattr(w, S("early"));
	op_getxattr(w, S("later"));
}

static void
write_listxattrs(struct v4 *w)
{
	v4_at(w, &file);
	op_listxattrs(w, 0, 4096);
}

static void
write_read(struct v4 *w)
{
	v4_at(w, &file);
	op_read(w, s, 0, 100);
}

static void
write_lockt(struct v4 *w)
{
	v4_at(w, &file);
	op_lockt(w, &(struct lock4) {.type = READ_LT, .length = UINT64_MAX,
		.owner = S("another")});
}

static void
write_missing(struct v4 *w)
{
	v4_at(w, &dir);
	op_lookup(w, S("to be removed"));
}

static void
write_links(struct v4 *w)
{
	v4_at(w, &file);
	op_getattrs(w, FATTR4_NUMLINKS, FATTR4_MODE);
}

static bool
is_text(struct blob got, const char *want)
{
	return got.size == strlen(want) && memcmp(got.data, want, got.size) == 0;
}

static void
set_scene(void)
{
	struct fattr mode = fattr_of(MODE(0644));

	one = v4_client(0, "crash");
	two = v4_also(one, gateway_count() - 1);
	one->minor = two->minor = 2;
	one->c->persistent = two->c->persistent = true;
	dir = v4_playground(one);
	file = v4_make_file(one, &dir, "file", 0644);
	(void) v4_make_file(one, &dir, "to be removed", 0644);
	(void) v4_make_file(one, &dir, "to be renamed", 0644);
	s = v4_open(one, &file, "owner", BOTH, 0);
	is_status(AT(one, &file, op_write(one, s, 0, S("stable"), FILE_SYNC4)),
			  NFS4_OK, "WRITE, FILE_SYNC");
	is_status(AT(one, &file, op_setxattr(one, 0, S("early"), S("bird"))),
			  NFS4_OK, "SETXATTR");
	is_status(AT(one, &file, op_setattr(one, s, &mode)), NFS4_OK, "SETATTR");
	for (int i = 0; i < CHANGES; i++)
	{
		changes[i] = v4_also(one, i % gateway_count());
		changes[i]->minor = 2;
		changes[i]->slot = (uint32_t) i + 1;
		changes[i]->c->persistent = true;
	}
}

static void
test_first_answers(void)
{
	for (int i = 0; i < CHANGES; i++)
	{
		write_change(changes[i], i);
		is_status(v4_call(changes[i]), wanted_status(i), "%s", names[i]);
		keep_reply(changes[i], i);
	}
	lock = result_of(changes[7], OP_LOCK)->stateid;
	crash();
	for (int i = 0; i < CHANGES; i++)
	{
		struct v4  *w = v4_also(one, (i + 1) % gateway_count());

		w->minor = 2;
		w->c->persistent = true;
		v4_copy_call(w, changes[i]);
		is_status(v4_call(w), wanted_status(i),
				  "behind the crash, through another gateway: %s", names[i]);
		ok(w->reply_size == sizes[i] &&
		   memcmp(w->c->reply + w->c->reply_size - sizes[i], replies[i],
				  sizes[i]) == 0, "the same reply");
		v4_disconnect(w);
	}
}

/* Made once, and nothing is lost. */
static void
test_all_there(const char *when)
{
	is_status(read_patiently(two, write_links), NFS4_OK, "%s: GETATTR", when);
	is((int64_t) last_result(two)->attr.value[FATTR4_NUMLINKS], 2,
	   "one link was made");
	is((int64_t) last_result(two)->attr.value[FATTR4_MODE], 0750,
	   "the mode is the new one");
	is_status(read_patiently(one, write_missing), NFS4ERR_NOENT,
			  "what was removed is not there");
	is_status(read_patiently(two, write_read), NFS4_OK,
			  "READ with the stateid of before");
	ok(is_text(last_result(two)->data, "stable"), "gives what was written");
	is_status(read_patiently(one, write_lockt), NFS4ERR_DENIED,
			  "the lock is held");
	ok(last_result(one)->offset == 5 && last_result(one)->length == 10,
	   "with its range");
	is_status(read_patiently(two, write_getxattr), NFS4_OK,
			  "GETXATTR of both");
	ok(two->result_count == 4 && is_text(two->results[2].data, "bird") &&
	   is_text(two->results[3].data, "value of the change"), "their values");
	is_status(read_patiently(one, write_listxattrs), NFS4_OK, "LISTXATTRS");
	is(last_result(one)->list_count, 2, "has both");
}

/* The session's slots go on where they were. */
static void
test_session_goes_on(void)
{
	struct fattr mode = fattr_of(MODE(0755));
	struct stateid unlocked;

	for (int i = 0; i < CHANGES; i++)
	{
		char		name[32];

		snprintf(name, sizeof(name), "behind %d", i);
		v4_at(changes[i], &dir);
		op_create(changes[i], NF4DIR, S(name), S(""), &mode);
		is_status(v4_call(changes[i]), NFS4_OK, "slot %d goes on", i + 1);
		is(result_of(changes[i], OP_SEQUENCE)->sequence,
		   changes[i]->s->sequence[i + 1], "with its sequence");
	}
	is_status(AT(one, &file, op_locku(one, &(struct lock4) {.type = WRITE_LT,
		.offset = 5, .length = 10, .stateid = lock})), NFS4_OK, "LOCKU");
	unlocked = last_result(one)->stateid;
	is(unlocked.seqid, lock.seqid + 1, "counts on");
	is_status(AT(two, &file, op_removexattr(two, S("early"))), NFS4_OK,
			  "REMOVEXATTR");
	is_status(AT(one, &file, op_close(one, s)), NFS4_OK, "CLOSE");
}

/*
 * The first copy never got its answer: the gateway was killed, and PostgreSQL
 * crashed, when the change had been made.
 */
static void
test_unanswered(void)
{
	struct fattr mode = fattr_of(MODE(0755));
	struct v4  *w = v4_also(one, 0);

	w->slot = CHANGES + 1;
	v4_at(w, &dir);
	op_create(w, NF4DIR, S("unanswered"), S(""), &mode);
	op_getfh(w);
	v4_send(w);
	await_sql("EXISTS (SELECT FROM dittofs.parent_child_map"
			  " WHERE name = 'unanswered')");
	run_shell("gateway_stop 1 KILL; pg_stop immediate; pg_start; "
			  "gateway_start 1");
	reconnect(w->c);
	w->c->persistent = true;
	v4_copy_call(two, w);
	is_status(v4_call(two), NFS4_OK,
			  "CREATE whose answer was lost with gateway and database");
	{
		struct handle made = last_result(two)->handle;

		v4_at(w, &dir);
		op_lookup(w, S("unanswered"));
		op_getfh(w);
		is_status(v4_call(w), NFS4_OK, "LOOKUP");
		ok(same_handle(&last_result(w)->handle, &made), "is what was made");
	}
	v4_disconnect(w);
}

int
main(void)
{
	v4_required();
	set_scene();
	test_first_answers();
	test_all_there("behind the crash");
	run_shell("pg_stop fast; pg_start");
	test_all_there("behind a restart");
	test_session_goes_on();
	test_unanswered();
	for (int i = 0; i < CHANGES; i++)
	{
		v4_disconnect(changes[i]);
		free(replies[i]);
	}
	return done_testing();
}
