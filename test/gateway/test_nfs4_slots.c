/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_slots.c
 *	  NFSv4.1: each COMPOUND of a session is run once, whichever gateway it
 *	  comes to (RFC 8881, 2.10.6, 18.46).
 *
 * A retransmission has the slot and the sequence of a COMPOUND before, and its
 * operations.  Each is sent through both gateways here.
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct v4 *one;			/* a session at the first gateway */
static struct v4 *two;			/* the same session at the second */
static struct handle dir;

/*
 * Sends what the first one sent last through the second, on a connection that
 * is opened for it, and compares the replies byte by byte.
 */
static void
is_repeated(const char *what)
{
	size_t		size = one->reply_size;
	unsigned char *reply = malloc(size);

	is_status(one->status, NFS4_OK, "%s", what);
	memcpy(reply, one->c->reply + one->c->reply_size - size, size);
	reconnect(two->c);
	v4_copy_call(two, one);
	is_status(v4_call(two), one->status, "%s again, through another gateway",
			  what);
	ok(two->reply_size == size &&
	   memcmp(two->c->reply + two->c->reply_size - size, reply, size) == 0,
	   "the same reply");
	free(reply);
}

static uint32_t
sequence(struct v4 *w, uint32_t number, uint32_t slot, uint32_t highest)
{
	v4_bare(w);
	op_sequence(w, number, slot, highest, true);
	return v4_call(w);
}

/* What only reads is not compared with anything. */
static uint32_t
create_at(struct v4 *w, uint32_t number, uint32_t slot)
{
	struct fattr mode = fattr_of(MODE(0755));

	v4_bare(w);
	op_sequence(w, number, slot, slot, true);
	op_putfh(w, &dir);
	op_create(w, NF4DIR, S("of the past"), S(""), &mode);
	return v4_call(w);
}

static struct handle
lookup(const char *name)
{
	v4_at(two, &dir);
	op_lookup(two, S(name));
	op_getfh(two);
	v4_call(two);
	return result_of(two, OP_GETFH)->handle;
}

static void
test_replays(void)
{
	struct fattr mode = fattr_of(MODE(0755));
	struct fattr size = fattr_of(&(struct set) {.what = SET_SIZE, .size = 0});
	struct open4 open = {.access = OPEN4_SHARE_ACCESS_BOTH, .owner = S("o"),
		.create = true, .how = GUARDED4, .attrs = &mode, .name = S("file")};
	struct handle file;
	struct stateid s;

	v4_at(one, &dir);
	op_create(one, NF4DIR, S("directory"), S(""), &mode);
	op_getfh(one);
	op_getattrs(one, FATTR4_CHANGE, FATTR4_FILEID, FATTR4_NUMLINKS);
	v4_call(one);
	is_repeated("CREATE of a directory");
	v4_at(one, &dir);
	op_create(one, NF4LNK, S("symlink"), S("target"), &mode);
	op_getfh(one);
	v4_call(one);
	is_repeated("CREATE of a symbolic link");
	v4_at(one, &dir);
	op_open(one, &open);
	op_getfh(one);
	v4_call(one);
	is_repeated("OPEN that creates");
	file = last_result(one)->handle;
	s = result_of(one, OP_OPEN)->stateid;
	is(s.seqid, 1, "the open was counted once");

	v4_at(one, &file);
	op_savefh(one);
	op_putfh(one, &dir);
	op_link(one, S("link"));
	v4_call(one);
	is_repeated("LINK");
	is((int64_t) v4_attr(two, &file, FATTR4_NUMLINKS), 2, "one link was made");
	v4_at(one, &dir);
	op_remove(one, S("link"));
	v4_call(one);
	is_repeated("REMOVE");
	v4_at(one, &dir);
	op_savefh(one);
	op_rename(one, S("file"), S("renamed"));
	v4_call(one);
	is_repeated("RENAME");
	is_status(AT(one, &file, op_write(one, s, 0, S("data"), FILE_SYNC4)),
			  NFS4_OK, "WRITE");
	AT(one, &file, op_setattr(one, s, &size));
	is_repeated("SETATTR");

	open = (struct open4) {.access = OPEN4_SHARE_ACCESS_READ, .owner = S("p"),
		.claim = CLAIM_FH};
	AT(one, &file, op_open(one, &open));
	is_repeated("OPEN");
	s = last_result(one)->stateid;
	AT(one, &file, op_open(one, &open));
	is_repeated("OPEN of what is open");
	is(last_result(one)->stateid.seqid, 2, "it was counted once");
	s = last_result(one)->stateid;
	AT(one, &file, op_lock(one, &(struct lock4) {.type = READ_LT, .length = 10,
		.stateid = s, .first = true, .owner = S("l")}));
	is_repeated("LOCK");
	s = last_result(one)->stateid;
	is(s.seqid, 1, "it was counted once");
	AT(one, &file, op_locku(one, &(struct lock4) {.type = READ_LT,
		.length = 5, .stateid = s}));
	is_repeated("LOCKU");
	is(last_result(one)->stateid.seqid, 2, "it was counted once");
}

/* The name means something else by the time the COMPOUND comes back. */
static void
test_late_replays(void)
{
	struct handle file = v4_make_file(one, &dir, "removed", 0644);
	struct handle found;

	v4_at(one, &dir);
	op_remove(one, S("removed"));
	is_status(v4_call(one), NFS4_OK, "REMOVE");
	two->slot = 1;
	file = v4_make_file(two, &dir, "removed", 0644);
	is_repeated("REMOVE");
	found = lookup("removed");
	ok(same_handle(&file, &found), "the name's new file is still there");
	two->slot = 0;
}

/* What was done before an operation failed has been done. */
static void
test_half(void)
{
	struct fattr mode = fattr_of(MODE(0755));

	v4_at(one, &dir);
	op_create(one, NF4DIR, S("half"), S(""), &mode);
	op_lookup(one, S("nothing"));
	is_status(v4_call(one), NFS4ERR_NOENT, "CREATE, and LOOKUP of nothing");
	reconnect(two->c);
	v4_copy_call(two, one);
	is_status(v4_call(two), NFS4ERR_NOENT,
			  "again: CREATE is not repeated, NOENT comes back");
	is_status(result_of(two, OP_CREATE)->status, NFS4_OK, "CREATE's result");
}

/* The same slot and sequence, but other operations */
static void
test_false_retry(void)
{
	struct fattr mode = fattr_of(MODE(0755));
	uint32_t	last;

	v4_at(one, &dir);
	op_create(one, NF4DIR, S("true"), S(""), &mode);
	is_status(v4_call(one), NFS4_OK, "CREATE");
	last = one->s->sequence[0];
	for (int i = 0; i < 2; i++)
	{
		struct v4  *w = i == 0 ? one : two;

		v4_bare(w);
		op_sequence(w, last, 0, 0, true);
		op_putfh(w, &dir);
		op_create(w, NF4DIR, S("false"), S(""), &mode);
		is_status(v4_call(w), NFS4ERR_SEQ_FALSE_RETRY,
				  "another CREATE in its place, gateway %d", i + 1);
		is(w->result_count, 1, "fails at SEQUENCE");
	}
	ok(lookup("false").size == 0, "and is not made");
}

/* No error of SEQUENCE changes the slot. */
static void
test_errors(void)
{
	struct fattr mode = fattr_of(MODE(0755));
	uint32_t	last;
	unsigned char id[16];

	v4_at(one, &dir);
	op_create(one, NF4DIR, S("errors"), S(""), &mode);
	is_status(v4_call(one), NFS4_OK, "CREATE");
	last = one->s->sequence[0];

	is_status(sequence(one, 1, 64, 64), NFS4ERR_BADSLOT, "slot 64");
	is_status(sequence(one, 1, UINT32_MAX, UINT32_MAX), NFS4ERR_BADSLOT,
			  "slot 2^32-1");
	is_status(sequence(one, one->s->sequence[1] + 1, 1, 1000),
			  NFS4ERR_BAD_HIGH_SLOT, "a highest slot that is too high");
	is_status(create_at(one, last - 1, 0), NFS4ERR_SEQ_MISORDERED,
			  "a sequence of the past");
	is_status(create_at(two, last - 1, 0), NFS4ERR_SEQ_MISORDERED,
			  "at another gateway");
	memcpy(id, one->s->id, 16);
	one->s->id[3] ^= 0x55;
	is_status(sequence(one, last + 1, 0, 0), NFS4ERR_BADSESSION,
			  "no such session");
	memcpy(one->s->id, id, 16);
	v4_bare(one);
	for (int i = 0; i < 200; i++)
		i == 0 ? op_sequence(one, last + 1, 0, 0, true) : op_putrootfh(one);
	is_status(v4_call(one), NFS4ERR_TOO_MANY_OPS, "200 operations");

	v4_bare(one);
	op_sequence(one, last + 1, 0, 0, true);
	op_putfh(one, &dir);
	op_create(one, NF4DIR, S("after errors"), S(""), &mode);
	is_status(v4_call(one), NFS4_OK, "the sequence is still to come");
}

static uint32_t
create_numbered(struct v4 *w, const char *what, int number)
{
	struct fattr mode = fattr_of(MODE(0755));
	char		name[64];

	snprintf(name, sizeof(name), "%s %d", what, number);
	v4_at(w, &dir);
	op_create(w, NF4DIR, S(name), S(""), &mode);
	return v4_call(w);
}

/* A gateway that has seen only reads has nothing to say about the sequence. */
static void
test_skipped(void)
{
	for (int i = 0; i < 3; i++)
	{
		struct v4  *reader = i % 2 == 0 ? two : one;
		struct v4  *writer = i % 2 == 0 ? one : two;

		for (int k = 0; k < 3 + i; k++)
		{
			v4_at(reader, &dir);
			op_getattrs(reader, FATTR4_CHANGE);
			is_status(v4_call(reader), NFS4_OK, "GETATTR at one gateway");
		}
		is_status(create_numbered(writer, "skipped", i), NFS4_OK,
				  "CREATE at the other");
		is(result_of(writer, OP_SEQUENCE)->sequence, writer->s->sequence[0],
		   "has the sequence that it came with");
	}
}

/*
 * The sequence goes on behind its greatest number.  The slot has had nothing
 * but reads before, so it can be anywhere.
 */
static void
test_wrap(void)
{
	one->slot = 7;
	is_status(sequence(one, 1, 7, 7), NFS4_OK, "slot 7");
	one->s->sequence[7] = UINT32_MAX - 1;
	for (int i = 0; i < 3; i++)
		is_status(create_numbered(one, "wrap", i), NFS4_OK, "sequence %u",
				  one->s->sequence[7]);
	is_repeated("CREATE behind the greatest sequence");
	is_status(create_at(two, UINT32_MAX, 7), NFS4ERR_SEQ_MISORDERED,
			  "the greatest one is of the past then");
	one->slot = 0;
}

/* The call comes again while it runs. */
static void
test_running(void)
{
	struct fattr mode = fattr_of(MODE(0755));
	struct handle held = v4_make_dir(one, &dir, "held", 0777);
	char		hex[2 * sizeof(held.data) + 1];

	for (uint32_t i = 0; i < held.size; i++)
	{
		static const char digits[] = "0123456789abcdef";

		hex[2 * i] = digits[held.data[i] >> 4];
		hex[2 * i + 1] = digits[held.data[i] & 15];
	}
	hex[2 * held.size] = '\0';
	sql("BEGIN");
	sql("SELECT status FROM dittofs.set_file_attributes('\\x%s', mode => 511)",
		hex);
	v4_at(one, &held);
	op_create(one, NF4DIR, S("once"), S(""), &mode);
	op_getfh(one);
	v4_send(one);
	await_sql(GATEWAY_WAITS_FOR_LOCK);
	reconnect(two->c);
	v4_copy_call(two, one);
	v4_send(two);
	usleep(300000);
	sql("COMMIT");
	is_status(v4_receive(one), NFS4_OK, "CREATE that had to wait");
	is_status(v4_receive(two), NFS4_OK,
			  "its copy, through another gateway meanwhile");
	ok(same_handle(&last_result(one)->handle, &last_result(two)->handle),
	   "made one directory");
	is((int64_t) v4_attr(one, &held, FATTR4_NUMLINKS), 3, "and only one");
}

static struct v4 *
small_session(struct channel fore)
{
	struct v4  *w = v4_client(0, "small");
	struct create_session e = {.client_id = w->s->client_id,
		.sequence = w->s->create_sequence, .fore = fore, .back = usual_back};

	v4_bare(w);
	op_create_session(w, &e);
	if (v4_call(w) != NFS4_OK)
		bail_out("CREATE_SESSION: %u", w->status);
	memcpy(w->s->id, last_result(w)->session, 16);
	w->s->fore = last_result(w)->fore;
	w->s->create_sequence++;
	memset(w->s->sequence, 0, sizeof(w->s->sequence));
	return w;
}

static void
test_limits(void)
{
	static const char data[4096];
	struct v4  *w = small_session((struct channel) {.request = 1024,
		.response = 1024, .cached = 400, .operations = 8, .requests = 2});
	struct handle file = v4_make_file(w, &dir, "limits", 0644);
	struct stateid s;

	ok(w->s->fore.request <= 1024 && w->s->fore.response <= 1024 &&
	   w->s->fore.operations <= 8 && w->s->fore.requests <= 2,
	   "a small session");
	s = v4_open(w, &file, "owner", OPEN4_SHARE_ACCESS_BOTH, 0);
	is_status(AT(w, &file, op_write(w, s, 0, B(data, 800), UNSTABLE4)),
			  NFS4_OK, "WRITE of 800 bytes");
	is_status(AT(w, &file, op_write(w, s, 0, B(data, 1100), UNSTABLE4)),
			  NFS4ERR_REQ_TOO_BIG, "of 1100");
	is(last_result(w)->op, OP_SEQUENCE, "is refused at SEQUENCE");
	w->cache = false;
	is_status(AT(w, &file, op_read(w, s, 0, 800)), NFS4_OK,
			  "READ of 800 bytes");
	w->status = AT(w, &file, op_read(w, s, 0, 4096));
	ok(w->status == NFS4_OK || w->status == NFS4ERR_REP_TOO_BIG,
	   "of 4096, of which there are 800");
	is_status(AT(w, &file, op_write(w, s, 800, B(data, 800), UNSTABLE4)),
			  NFS4_OK, "WRITE of 800 bytes more");
	w->status = AT(w, &file, op_read(w, s, 0, 1600));
	ok(w->status == NFS4ERR_REP_TOO_BIG ||
	   (w->status == NFS4_OK && w->reply_size <= 1024),
	   "a READ that does not fit gives less, or REP_TOO_BIG");
	w->cache = true;
	w->status = AT(w, &file, op_read(w, s, 0, 800));
	ok(w->status == NFS4ERR_REP_TOO_BIG_TO_CACHE ||
	   w->status == NFS4ERR_REP_TOO_BIG || w->status == NFS4_OK,
	   "one that is to be kept");
	v4_at(w, &file);
	for (int i = 0; i < 7; i++)
		op_getfh(w);
	is_status(v4_call(w), NFS4ERR_TOO_MANY_OPS, "nine operations");
	v4_begin(w);
	for (int i = 0; i < 7; i++)
		op_putfh(w, &file);
	is_status(v4_call(w), NFS4_OK, "eight");
	v4_at(w, &dir);
	op_readdir(w, 0, NULL, 65536, 65536, (const int[]) {FATTR4_FILEHANDLE, -1});
	w->status = v4_call(w);
	ok((w->status == NFS4_OK && w->reply_size <= 1024) ||
	   w->status == NFS4ERR_REP_TOO_BIG ||
	   w->status == NFS4ERR_REP_TOO_BIG_TO_CACHE,
	   "READDIR's page fits, or is refused");
	is_status(sequence(w, 1, w->s->fore.requests, w->s->fore.requests),
			  NFS4ERR_BADSLOT, "the slot behind the last");
	v4_disconnect(w);
}

/* A client's sessions have slots of their own; so have its connections not. */
static void
test_sessions(void)
{
	struct v4  *other = v4_another(one, gateway_count() - 1);
	struct fattr mode = fattr_of(MODE(0755));
	struct handle file = v4_make_file(one, &dir, "sessions", 0644);
	struct stateid s = v4_open(one, &file, "owner", OPEN4_SHARE_ACCESS_BOTH, 0);

	other->s->sequence[0] = one->s->sequence[0] - 1;
	if (sequence(other, one->s->sequence[0], 0, 0) != NFS4_OK)
		other->s->sequence[0] = 0;
	v4_at(other, &dir);
	op_create(other, NF4DIR, S("of another session"), S(""), &mode);
	is_status(v4_call(other), NFS4_OK,
			  "the slot of another session has nothing to do with ours");
	is_status(AT(other, &file, op_write(other, s, 0, S("x"), FILE_SYNC4)),
			  NFS4_OK, "but state is the client's, whichever session");
	v4_bare(other);
	op_destroy_session(other, other->s->id);
	is_status(v4_call(other), NFS4_OK, "DESTROY_SESSION");
	is_status(AT(one, &file, op_close(one, s)), NFS4_OK,
			  "state outlives a session");
	v4_disconnect(other);
}

int
main(void)
{
	v4_required();
	one = v4_client(0, "one");
	two = v4_also(one, gateway_count() - 1);
	dir = v4_playground(one);
	test_replays();
	test_late_replays();
	test_half();
	test_false_retry();
	test_errors();
	test_skipped();
	test_wrap();
	test_limits();
	test_sessions();
	test_running();
	return done_testing();
}
