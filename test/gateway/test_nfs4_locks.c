/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_locks.c
 *	  NFSv4.1: locks of ranges, through two gateways, and beside those of NLM
 *	  (RFC 8881, 9, 18.10 to 18.12).
 */
#include "lib_nfs4.h"

#include <string.h>

#define TO_END UINT64_MAX
#define BOTH OPEN4_SHARE_ACCESS_BOTH

static struct v4 *alice;		/* at the first gateway */
static struct v4 *bob;			/* another client, at the second */
static struct v4 *also;			/* Alice's session, at the second */
static struct handle dir;

/* An owner of locks with a file open, and its lock stateid once there is one */
struct locker
{
	struct v4  *w;
	const char *owner;
	struct handle file;
	struct stateid open;
	struct stateid lock;
	bool		has_lock;
};

static struct locker
locker_of(struct v4 *w, const struct handle *file, const char *owner,
		  uint32_t access)
{
	struct locker l = {.w = w, .owner = owner, .file = *file};

	l.open = v4_open(w, file, owner, access, 0);
	return l;
}

static uint32_t
lock(struct locker *l, uint32_t type, uint64_t offset, uint64_t length)
{
	struct lock4 arguments = {.type = type, .offset = offset,
		.length = length, .first = !l->has_lock,
		.stateid = l->has_lock ? l->lock : l->open, .owner = S(l->owner)};
	uint32_t	status = AT(l->w, &l->file, op_lock(l->w, &arguments));

	if (status == NFS4_OK)
	{
		l->lock = last_result(l->w)->stateid;
		l->has_lock = true;
	}
	return status;
}

static uint32_t
unlock(struct locker *l, uint64_t offset, uint64_t length)
{
	struct lock4 arguments = {.type = WRITE_LT, .offset = offset,
		.length = length, .stateid = l->lock};
	uint32_t	status = AT(l->w, &l->file, op_locku(l->w, &arguments));

	if (status == NFS4_OK)
		l->lock = last_result(l->w)->stateid;
	return status;
}

static uint32_t
test_lock(struct locker *l, uint32_t type, uint64_t offset, uint64_t length)
{
	struct lock4 arguments = {.type = type, .offset = offset,
		.length = length, .owner = S(l->owner)};

	return AT(l->w, &l->file, op_lockt(l->w, &arguments));
}

/* What stands in the way of a lock is this one. */
static void
is_denied(struct locker *l, uint32_t type, uint64_t offset, uint64_t length,
		  const struct locker *holder, uint32_t held, uint64_t at,
		  uint64_t size, const char *what)
{
	const struct result4 *r;

	is_status(test_lock(l, type, offset, length), NFS4ERR_DENIED, "%s", what);
	r = last_result(l->w);
	ok(r->offset == at && r->length == size && r->type == held &&
	   r->client_id == holder->w->s->client_id &&
	   r->owner.size == strlen(holder->owner) &&
	   memcmp(r->owner.data, holder->owner, r->owner.size) == 0,
	   "%s: what is in the way", what);
	if (r->offset != at || r->length != size)
		note("  from %llu, length %llu", (unsigned long long) r->offset,
			 (unsigned long long) r->length);
}

static void
leave(struct locker *l)
{
	if (l->has_lock && unlock(l, 0, TO_END) != NFS4_OK)
		bail_out("LOCKU: %u", l->w->status);
	if (AT(l->w, &l->file, op_close(l->w, with_seqid(l->open, 0))) != NFS4_OK)
		bail_out("CLOSE: %u", l->w->status);
	l->has_lock = false;
}

static struct handle
new_file(const char *name)
{
	return v4_make_file(alice, &dir, name, 0666);
}

static void
test_two(void)
{
	struct handle file = new_file("two");
	struct locker a = locker_of(alice, &file, "a", BOTH);
	struct locker b = locker_of(bob, &file, "b", BOTH);
	struct stateid first;

	is_status(test_lock(&b, WRITE_LT, 15, 1), NFS4_OK, "LOCKT of what is free");
	is_status(lock(&a, WRITE_LT, 10, 20), NFS4_OK, "LOCK");
	is(a.lock.seqid, 1, "its stateid begins with 1");
	ok(!same_other(&a.lock, &a.open), "it is not the open's");
	first = a.lock;
	is_denied(&b, WRITE_LT, 15, 1, &a, WRITE_LT, 10, 20,
			  "LOCKT by another client");
	is_denied(&b, READ_LT, 29, 100, &a, WRITE_LT, 10, 20,
			  "LOCKT of a shared one");
	is_status(lock(&b, WRITE_LT, 0, TO_END), NFS4ERR_DENIED,
			  "LOCK by another client");
	is_status(lock(&b, WRITEW_LT, 0, TO_END), NFS4ERR_DENIED,
			  "LOCK that would wait is refused, too");
	ok(last_result(bob)->offset == 10 && last_result(bob)->length == 20,
	   "what is in the way");
	is_status(test_lock(&a, WRITE_LT, 0, TO_END), NFS4_OK,
			  "one's own is not in the way");
	is_status(lock(&a, WRITE_LT, 10, 20), NFS4_OK, "LOCK of what one has");
	ok(same_other(&first, &a.lock) && a.lock.seqid == 2,
	   "the same stateid, counted");
	is_status(lock(&b, WRITE_LT, 30, 10), NFS4_OK, "what lies behind is free");
	is_status(lock(&b, WRITE_LT, 0, 10), NFS4_OK, "and what lies before");
	is_status(unlock(&b, 0, TO_END), NFS4_OK, "LOCKU of all");
	is_status(unlock(&b, 0, TO_END), NFS4_OK, "LOCKU of nothing");
	is_status(unlock(&a, 10, 20), NFS4_OK, "LOCKU");
	is_status(lock(&b, WRITE_LT, 0, TO_END), NFS4_OK, "LOCK by the other");
	is_denied(&a, READ_LT, UINT64_MAX - 1, 1, &b, WRITE_LT, 0, TO_END,
			  "LOCKT at the very end");
	leave(&a);
	leave(&b);
}

static void
test_splitting(void)
{
	struct handle file = new_file("splitting");
	struct locker a = locker_of(alice, &file, "a", BOTH);
	struct locker b = locker_of(bob, &file, "b", BOTH);

	lock(&a, WRITE_LT, 10, 20);
	is_status(unlock(&a, 15, 5), NFS4_OK, "LOCKU in the middle");
	is_denied(&b, WRITE_LT, 0, TO_END, &a, WRITE_LT, 10, 5,
			  "leaves what is before");
	is_denied(&b, WRITE_LT, 15, TO_END, &a, WRITE_LT, 20, 10,
			  "and what is behind");
	is_status(test_lock(&b, WRITE_LT, 15, 5), NFS4_OK, "the middle is free");
	is_status(lock(&a, READ_LT, 12, 13), NFS4_OK,
			  "a shared lock over parts of both");
	is_denied(&b, READ_LT, 0, TO_END, &a, WRITE_LT, 10, 2,
			  "what is before stays exclusive");
	is_denied(&b, READ_LT, 12, TO_END, &a, WRITE_LT, 25, 5,
			  "and what is behind");
	is_denied(&b, WRITE_LT, 12, 13, &a, READ_LT, 12, 13,
			  "in between it is shared");
	is_status(lock(&b, READ_LT, 12, 13), NFS4_OK, "by both");
	is_status(lock(&a, WRITE_LT, 12, 13), NFS4ERR_DENIED,
			  "a shared lock that another has, too, is not made exclusive");
	is_denied(&b, WRITE_LT, 12, 13, &a, READ_LT, 12, 13, "and stays");
	unlock(&b, 12, 13);
	is_status(lock(&a, WRITE_LT, 12, 13), NFS4_OK, "that of one is");
	is_denied(&b, READ_LT, 0, TO_END, &a, WRITE_LT, 10, 20,
			  "and joins its neighbours");
	is_status(unlock(&a, 0, 11), NFS4_OK, "LOCKU of more than is before");
	is_status(unlock(&a, 29, TO_END), NFS4_OK, "and of more than is behind");
	is_denied(&b, READ_LT, 0, TO_END, &a, WRITE_LT, 11, 18,
			  "takes off both ends");
	leave(&a);
	leave(&b);
}

static void
test_ranges(void)
{
	struct handle file = new_file("ranges");
	struct locker a = locker_of(alice, &file, "a", BOTH);
	struct locker b = locker_of(bob, &file, "b", BOTH);

	is_status(lock(&a, WRITE_LT, 0, 0), NFS4ERR_INVAL, "LOCK of 0 bytes");
	is_status(test_lock(&a, WRITE_LT, 5, 0), NFS4ERR_INVAL, "LOCKT of 0 bytes");
	is_status(lock(&a, WRITE_LT, 2, TO_END - 1), NFS4ERR_INVAL,
			  "LOCK beyond 2^64");
	is_status(test_lock(&a, WRITE_LT, TO_END, 2), NFS4ERR_INVAL,
			  "LOCKT beyond 2^64");
	is_status(lock(&a, WRITE_LT, 100, TO_END), NFS4_OK, "LOCK to the end");
	is_status(unlock(&a, 100, 0), NFS4ERR_INVAL, "LOCKU of 0 bytes");
	is_status(unlock(&a, 101, TO_END - 1), NFS4ERR_INVAL, "beyond 2^64");
	is_denied(&b, WRITE_LT, 500, 1, &a, WRITE_LT, 100, TO_END, "in the end");
	is_status(lock(&b, WRITE_LT, 0, 100), NFS4_OK, "LOCK of what is before");
	is_status(unlock(&a, 1000, TO_END), NFS4_OK, "LOCKU of the end");
	is_denied(&b, WRITE_LT, 500, 1, &a, WRITE_LT, 100, 900, "a finite lock");
	is_status(lock(&a, WRITE_LT, TO_END - 1, 1), NFS4_OK, "the last byte");
	is_status(lock(&b, WRITE_LT, 5000, TO_END), NFS4ERR_DENIED,
			  "is in the way of what goes to the end");
	is_status(lock(&b, WRITE_LT, 5000, TO_END - 5001), NFS4_OK,
			  "but not of what goes before it");
	leave(&a);
	leave(&b);
}

/* One client, two owners */
static void
test_owners(void)
{
	struct handle file = new_file("owners");
	struct locker a = locker_of(alice, &file, "a", BOTH);
	struct locker b = locker_of(also, &file, "b", BOTH);
	struct locker c = a;
	struct lock4 test = {.type = WRITE_LT, .length = 1, .owner = S("a")};

	is_status(lock(&a, WRITE_LT, 0, 10), NFS4_OK, "LOCK");
	is_denied(&b, WRITE_LT, 0, 10, &a, WRITE_LT, 0, 10,
			  "another owner of the same client");
	is_status(lock(&b, WRITE_LT, 0, 10), NFS4ERR_DENIED, "LOCK");
	c.owner = "c";
	is_status(lock(&c, WRITE_LT, 20, 10), NFS4_OK,
			  "another owner of locks by the same open");
	ok(!same_other(&a.lock, &c.lock), "has a stateid of its own");
	is_status(AT(bob, &file, op_lockt(bob, &test)), NFS4ERR_DENIED,
			  "the same name is another client's owner");
	test.client_id = alice->s->client_id;
	is_status(AT(bob, &file, op_lockt(bob, &test)), NFS4ERR_DENIED,
			  "whichever client it says: the session's counts");
	/* the owner has one already: first again finds it */
	test = (struct lock4) {.type = WRITE_LT, .offset = 50, .length = 1,
		.first = true, .stateid = a.open, .owner = S("a")};
	is_status(AT(alice, &file, op_lock(alice, &test)), NFS4_OK,
			  "an owner as if it had no lock yet");
	ok(same_other(&last_result(alice)->stateid, &a.lock) &&
	   last_result(alice)->stateid.seqid == 2, "keeps its stateid");
	a.lock = last_result(alice)->stateid;
	/* a server may refuse this, or free the locks */
	AT(alice, &file, op_close(alice, a.open));
	ok(alice->status == NFS4ERR_LOCKS_HELD || alice->status == NFS4_OK,
	   "CLOSE while there are locks");
	if (alice->status == NFS4ERR_LOCKS_HELD)
	{
		unlock(&c, 0, TO_END);
		leave(&a);
	}
	is_status(lock(&b, WRITE_LT, 0, 60), NFS4_OK, "then all is free");
	leave(&b);
}

static void
test_stateids(void)
{
	struct handle file = new_file("stateids");
	struct handle other = new_file("stateids of another");
	struct locker a = locker_of(alice, &file, "a", BOTH);
	struct locker b = locker_of(bob, &file, "b", BOTH);
	struct locker thief = b;
	struct stateid old;
	struct lock4 l = {.type = WRITE_LT, .length = 10, .first = true,
		.owner = S("x")};

	lock(&a, WRITE_LT, 0, 10);
	old = a.lock;
	lock(&a, WRITE_LT, 0, 20);
	is_status(AT(alice, &file, op_read(alice, a.lock, 0, 1)), NFS4_OK,
			  "READ by a lock");
	is_status(AT(alice, &file, op_write(alice, with_seqid(a.lock, 0), 0,
										S("x"), FILE_SYNC4)),
			  NFS4_OK, "WRITE by a lock");
	is_status(AT(bob, &file, op_read(bob, a.lock, 0, 1)), NFS4ERR_BAD_STATEID,
			  "READ by another client's");
	thief.lock = a.lock;
	thief.has_lock = true;
	is_status(unlock(&thief, 0, TO_END), NFS4ERR_BAD_STATEID,
			  "LOCKU by another client");
	is_status(lock(&thief, WRITE_LT, 50, 1), NFS4ERR_BAD_STATEID,
			  "LOCK by another client's stateid");
	thief = a;
	thief.lock = old;
	is_status(unlock(&thief, 0, 10), NFS4ERR_OLD_STATEID,
			  "LOCKU with what it was before");
	is_status(lock(&thief, WRITE_LT, 50, 1), NFS4ERR_OLD_STATEID, "LOCK");
	thief.lock = with_seqid(old, 0);
	is_status(lock(&thief, WRITE_LT, 50, 1), NFS4_OK, "LOCK with the newest");
	is_status(unlock(&thief, 50, 1), NFS4_OK, "LOCKU");
	a.lock = thief.lock;
	thief.lock = with_seqid(a.lock, a.lock.seqid + 1);
	is_status(unlock(&thief, 0, 10), NFS4ERR_BAD_STATEID,
			  "LOCKU with what is to come");
	thief.lock = a.lock;
	thief.file = other;
	is_status(unlock(&thief, 0, 10), NFS4ERR_BAD_STATEID,
			  "LOCKU of another file");

	l.stateid = a.open;
	is_status(AT(bob, &file, op_lock(bob, &l)), NFS4ERR_BAD_STATEID,
			  "LOCK by another client's open");
	is_status(AT(alice, &other, op_lock(alice, &l)), NFS4ERR_BAD_STATEID,
			  "by another file's");
	l.stateid = anonymous_stateid;
	is_status(AT(alice, &file, op_lock(alice, &l)), NFS4ERR_BAD_STATEID,
			  "by none");
	l.stateid = bypass_stateid;
	is_status(AT(alice, &file, op_lock(alice, &l)), NFS4ERR_BAD_STATEID,
			  "by that which bypasses");
	l.stateid = a.open;
	l.reclaim = true;
	is_status(AT(alice, &file, op_lock(alice, &l)), NFS4ERR_NO_GRACE,
			  "a reclaim: nothing was lost");
	l.reclaim = false;
	l.type = 0;
	AT(alice, &file, op_lock(alice, &l));
	ok(alice->status == NFS4ERR_BADXDR || alice->status == NFS4ERR_INVAL,
	   "of a type there is none of");
	l.type = READ_LT;
	is_status(AT(alice, &dir, op_lockt(alice, &l)), NFS4ERR_ISDIR,
			  "LOCKT of a directory");
	v4_begin(alice);
	op_free_stateid(alice, a.lock);
	is_status(v4_call(alice), NFS4ERR_LOCKS_HELD, "FREE_STATEID of a lock");
	unlock(&a, 0, TO_END);
	v4_begin(alice);
	op_free_stateid(alice, a.lock);
	is_status(v4_call(alice), NFS4_OK, "of one that holds nothing");
	is_status(AT(alice, &file, op_read(alice, with_seqid(a.lock, 0), 0, 1)),
			  NFS4ERR_BAD_STATEID, "is its end");
	a.has_lock = false;
	is_status(lock(&a, WRITE_LT, 0, 1), NFS4_OK, "LOCK as at first");
	is(a.lock.seqid, 1, "begins with 1 again");
	leave(&a);
	leave(&b);
}

/* What a file is open for, its locks may be. */
static void
test_modes(void)
{
	struct handle file = new_file("modes");
	struct locker r = locker_of(alice, &file, "r", OPEN4_SHARE_ACCESS_READ);
	struct locker w = locker_of(alice, &file, "w", OPEN4_SHARE_ACCESS_WRITE);

	is_status(lock(&r, WRITE_LT, 0, 10), NFS4ERR_OPENMODE,
			  "an exclusive lock of what is open to be read");
	is_status(lock(&r, READ_LT, 0, 10), NFS4_OK, "a shared one");
	is_status(lock(&r, WRITE_LT, 0, 10), NFS4ERR_OPENMODE,
			  "which does not become exclusive");
	is_status(lock(&w, WRITE_LT, 10, 10), NFS4_OK,
			  "an exclusive lock of what is open to be written");
	alice->status = lock(&w, READ_LT, 20, 10);
	ok(alice->status == NFS4_OK || alice->status == NFS4ERR_OPENMODE,
	   "a shared one: as the server likes");
	leave(&r);
	leave(&w);
}

/* The whole of a client ends, and its locks. */
static void
test_ends(void)
{
	struct handle file = new_file("ends");
	struct v4  *carol = v4_client(0, "carol");
	struct locker b = locker_of(bob, &file, "b", BOTH);
	struct locker c = locker_of(carol, &file, "c", BOTH);
	struct exchange_id e = {.verifier = "another "};
	struct create_session session = {.fore = usual_fore, .back = usual_back};

	is_status(lock(&c, WRITE_LT, 0, 10), NFS4_OK, "LOCK");
	disconnect(carol->c);
	carol->c = connect_to(gateway_count() - 1);
	is_status(lock(&b, WRITE_LT, 0, 10), NFS4ERR_DENIED,
			  "a lock outlives the connection");
	v4_bare(carol);
	op_destroy_session(carol, carol->s->id);
	is_status(v4_call(carol), NFS4_OK, "DESTROY_SESSION");
	is_status(lock(&b, WRITE_LT, 0, 10), NFS4ERR_DENIED, "and the session");
	v4_bare(carol);
	op_destroy_clientid(carol, carol->s->client_id);
	is_status(v4_call(carol), NFS4ERR_CLIENTID_BUSY,
			  "DESTROY_CLIENTID while there is a lock");
	e.owner = S(carol->s->owner);
	v4_bare(carol);
	op_exchange_id(carol, &e);
	is_status(v4_call(carol), NFS4_OK, "the client starts anew");
	is_status(lock(&b, WRITE_LT, 0, 10), NFS4ERR_DENIED,
			  "which ends nothing yet");
	session.client_id = result_of(carol, OP_EXCHANGE_ID)->client_id;
	session.sequence = result_of(carol, OP_EXCHANGE_ID)->sequence;
	v4_bare(carol);
	op_create_session(carol, &session);
	is_status(v4_call(carol), NFS4_OK, "CREATE_SESSION");
	is_status(lock(&b, WRITE_LT, 0, 10), NFS4_OK, "its locks are free");
	leave(&b);
	v4_disconnect(carol);
}

/* Locks of NLM and of version 4 are of one kind. */
static void
test_nlm(void)
{
	struct client *dave = connect_to(0);
	struct handle root = make_playground(dave);
	struct handle file = make_file(dave, &root, "nlm", 0666);
	struct handle v4_file;
	struct lock l = {.file = &file, .client = "dave", .svid = 7,
		.oh = S("dave's"), .offset = 10, .length = 20, .exclusive = true};
	struct lock_reply r;
	struct locker b;
	const struct result4 *denied;

	v4_at(bob, &file);
	op_getfh(bob);
	is_status(v4_call(bob), NFS4_OK, "a handle of version 3 is one of 4");
	v4_file = last_result(bob)->handle;
	b = locker_of(bob, &v4_file, "b", BOTH);
	is(nlm(dave, NLM_V4, NLM4_LOCK, &l).status, NLM4_GRANTED, "LOCK of NLM");
	is_status(lock(&b, WRITE_LT, 0, TO_END), NFS4ERR_DENIED,
			  "is in the way of one of version 4");
	denied = last_result(bob);
	ok(denied->offset == 10 && denied->length == 20 &&
	   denied->type == WRITE_LT, "what is in the way");
	is_status(lock(&b, WRITE_LT, 30, TO_END), NFS4_OK,
			  "LOCK of version 4 behind it");
	l.offset = 0;
	l.length = 0;
	r = nlm(dave, NLM_V4, NLM4_TEST, &l);
	ok(r.status == NLM4_DENIED && r.exclusive && r.offset == 30 &&
	   r.length == 0, "is in the way of NLM's to the end");
	is(nlm(dave, NLM_V4, NLM4_LOCK, &l).status, NLM4_DENIED, "LOCK");
	leave(&b);
	is(nlm(dave, NLM_V4, NLM4_LOCK, &l).status, NLM4_GRANTED,
	   "LOCK when it is gone");
	is(nlm(dave, NLM_V4, NLM4_UNLOCK, &l).status, NLM4_GRANTED, "UNLOCK");
	disconnect(dave);
}

int
main(void)
{
	int			last = gateway_count() - 1;

	v4_required();
	alice = v4_client(0, "alice");
	bob = v4_client(last, "bob");
	also = v4_also(alice, last);
	dir = v4_playground(alice);
	test_two();
	test_splitting();
	test_ranges();
	test_owners();
	test_stateids();
	test_modes();
	test_ends();
	test_nlm();
	return done_testing();
}
