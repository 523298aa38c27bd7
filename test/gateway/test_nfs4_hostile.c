/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_hostile.c
 *	  NFSv4.1 and 4.2: COMPOUNDs that no client would send.  The gateway answers
 *	  or hangs up, and the next client finds it alive.
 *
 * DITTOFS_SEED=N repeats a run.
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 3000

static struct v4 *w;
static struct handle dir;
static struct handle file;
static uint64_t state;

static uint32_t
any(uint32_t limit)
{
	state = state * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (uint32_t) (state >> 33) % limit;
}

/* Whatever came, the gateway is there. */
static void
is_alive(const char *what)
{
	if (w->outcome == CLOSED)
		reconnect(w->c);
	begin(w->c, NFS_PROGRAM, 4, 0);
	ok(exchange(w->c).outcome == DONE, "%s", what);
}

/* A failure that says that the arguments could not be read, or no reply. */
static bool
is_refused(uint32_t status)
{
	return status == NFS4ERR_BADXDR || status == NO_REPLY;
}

static void
patch(size_t at, uint32_t word)
{
	for (int i = 0; i < 4; i++)
		w->c->call[at + (size_t) i] = (unsigned char) (word >> (24 - 8 * i));
}

static void
test_counts(void)
{
	static const uint32_t counts[] = {3, 100, 0x7fffffff, UINT32_MAX};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
	{
		v4_at(w, &dir);
		patch(w->count_at, counts[i]);
		w->count = counts[i];
		v4_call(w);
		ok(is_refused(w->status) || w->status == NFS4ERR_TOO_MANY_OPS ||
		   w->status == NFS4ERR_RESOURCE || w->status == NFS4ERR_REQ_TOO_BIG,
		   "%u operations of which there are 2", counts[i]);
		is_alive("goes on");
	}
	/* more bytes than operations */
	v4_at(w, &dir);
	op_getfh(w);
	patch(w->count_at, 2);
	w->count = 2;
	v4_call(w);
	ok(is_refused(w->status) || w->status == NFS4_OK, "a rest");
	is_alive("goes on");
}

static void
test_tags(void)
{
	static char large[100000];

	w->tag = S("a tag of 21 bytes ...");
	is_status(AT(w, &dir, op_getfh(w)), NFS4_OK, "a tag comes back");
	w->tag = B("\xff\xfe", 2);
	AT(w, &dir, op_getfh(w));
	ok(w->status == NFS4_OK || w->status == NFS4ERR_INVAL,
	   "a tag that is no text");
	memset(large, 't', sizeof(large));
	w->tag = B(large, sizeof(large));
	AT(w, &dir, op_getfh(w));
	ok(w->status != NOT_REACHED, "a tag of 100,000 bytes");
	is_alive("goes on");
	w->tag = S("");
}

static uint32_t
raw(uint32_t number, const uint32_t *words, int count)
{
	v4_at(w, &file);
	op(w, number);
	for (int i = 0; i < count; i++)
		put(w->c, words[i]);
	return v4_call(w);
}

/* A count or length that says more than there is, in each operation with one */
static void
test_lengths(void)
{
	static const uint32_t numbers[] = {OP_CREATE, OP_GETATTR, OP_LINK,
		OP_LOOKUP, OP_NVERIFY, OP_PUTFH, OP_REMOVE, OP_RENAME, OP_SECINFO,
		OP_VERIFY, OP_TEST_STATEID, OP_GETXATTR, OP_REMOVEXATTR,
		OP_BACKCHANNEL_CTL};

	w->minor = 2;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
	{
		static const uint32_t lengths[] = {0x7fffffff, UINT32_MAX, 1 << 20};

		for (int k = 0; k < 3; k++)
		{
			uint32_t	words[] = {lengths[k], lengths[k], 5};

			raw(numbers[i], words, 3);
			/* a server may find before that it does not do it at all */
			if (!is_refused(w->status) && w->status != NFS4ERR_NOTSUPP &&
				w->status != NFS4ERR_BADTYPE && w->status != NFS4ERR_INVAL &&
				w->status != NFS4ERR_NAMETOOLONG &&
				w->status != NFS4ERR_OP_ILLEGAL)
				is_status(w->status, NFS4ERR_BADXDR,
						  "operation %u with a length of %u", numbers[i],
						  lengths[k]);
			if (w->outcome == CLOSED)
				reconnect(w->c);
		}
	}
	w->minor = 1;
	is_alive("lengths without end");
}

static void
test_handles(void)
{
	static const unsigned char bytes[200] = {1};
	static const uint32_t sizes[] = {0, 1, 8, 32, 33, 34, 64, 128, 129, 200};
	struct handle handle = file;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		v4_begin(w);
		op(w, OP_PUTFH);
		put_opaque(w->c, B(bytes, sizes[i]));
		op_getattrs(w, FATTR4_TYPE);
		v4_call(w);
		ok(sizes[i] > 128 ? is_refused(w->status) :
		   w->status == NFS4ERR_BADHANDLE || w->status == NFS4ERR_STALE,
		   "a handle of %u bytes", sizes[i]);
	}
	for (uint32_t i = 0; i < file.size; i++)
	{
		handle = file;
		handle.data[i] ^= 0x10;
		AT(w, &handle, op_getattrs(w, FATTR4_TYPE));
		if (w->status != NFS4ERR_BADHANDLE && w->status != NFS4ERR_STALE)
			is_status(w->status, NFS4ERR_BADHANDLE,
					  "a handle that was altered at byte %u", i);
	}
	is_alive("handles that are none");
}

static void
test_owners(void)
{
	static char owner[2000];
	struct open4 open = {.access = OPEN4_SHARE_ACCESS_READ,
		.owner = B(owner, 1024), .claim = CLAIM_FH};

	is_status(AT(w, &file, op_open(w, &open)), NFS4_OK,
			  "an owner of 1,024 bytes, all NUL");
	is_status(AT(w, &file, op_close(w, result_of(w, OP_OPEN)->stateid)),
			  NFS4_OK, "closes");
	open.owner = B(owner, 1025);
	AT(w, &file, op_open(w, &open));
	ok(is_refused(w->status) || w->status == NFS4ERR_INVAL, "of 1,025");
	is_alive("goes on");
}

/* Replies that would be larger than all memory */
static void
test_amplification(void)
{
	static char data[1 << 20];

	memset(data, 'd', sizeof(data));
	is_status(AT(w, &file, op_write(w, anonymous_stateid, 0,
									B(data, sizeof(data) - 4096), UNSTABLE4)),
			  NFS4_OK, "WRITE of a MiB");
	w->cache = false;
	v4_at(w, &file);
	for (int i = 0; i < 50; i++)
		op_read(w, anonymous_stateid, 0, 1 << 20);
	v4_call(w);
	is_status(w->status, NFS4ERR_REP_TOO_BIG, "50 READs of a MiB");
	ok(w->reply_size <= w->s->fore.response, "the reply keeps its bounds");
	is_status(AT(w, &file, op_read(w, anonymous_stateid, 0, UINT32_MAX)),
			  NFS4_OK, "READ of 4 GiB");
	ok(w->reply_size <= w->s->fore.response, "gives what fits");
	v4_at(w, &dir);
	for (int i = 0; i < 50; i++)
		op_readdir(w, 0, NULL, UINT32_MAX, UINT32_MAX,
				   (const int[]) {FATTR4_FILEHANDLE, -1});
	v4_call(w);
	ok(w->status == NFS4_OK || w->status == NFS4ERR_REP_TOO_BIG,
	   "50 READDIRs without a limit");
	w->cache = true;
	is_alive("goes on");
}

/* Version 4.2's operations are none of 4.1. */
static void
test_minor(void)
{
	for (uint32_t number = 56; number <= 90; number++)
	{
		w->minor = number <= 75 ? 1 : 2;
		if (number <= 58)
			continue;
		v4_at(w, &file);
		op(w, number);
		v4_call(w);
		is_status(w->status, NFS4ERR_OP_ILLEGAL,
				  "operation %u is none of 4.%u", number, w->minor);
	}
	w->minor = 1;
	for (uint32_t number = 0; number <= 39; number++)
	{
		if (number > 2 && number != 20 && number != 30 && number != 35 &&
			number != 36 && number != 39)
			continue;
		v4_at(w, &file);
		op(w, number);
		v4_call(w);
		ok(w->status == (number > 2 ? NFS4ERR_NOTSUPP : NFS4ERR_OP_ILLEGAL),
		   "operation %u is of 4.0, or of none", number);
	}
}

/*
 * Correct COMPOUNDs, damaged
 */

static void
write_any(void)
{
	struct fattr mode = fattr_of(&(struct set) {.what = SET_MODE | SET_UID |
		SET_MTIME, .mode = any(010000), .uid = any(5), .mtime = 5});
	struct open4 open = {.access = any(4), .deny = any(5),
		.owner = S("fuzz"), .create = any(2), .how = any(4), .attrs = &mode,
		.verifier = "verifier", .claim = any(7), .name = S("a")};
	struct lock4 l = {.type = any(6), .offset = any(100), .length = any(100),
		.first = any(2), .owner = S("fuzz"), .stateid = current_stateid};
	struct exchange_id e = {.owner = S("fuzz"), .verifier = "verifier",
		.protect = any(3)};
	struct create_session c = {.client_id = w->s->client_id, .sequence = any(9),
		.fore = usual_fore, .back = usual_back};

	switch (any(28))
	{
		case 0:
			op_create(w, any(9), S("b"), S("target"), &mode);
			break;
		case 1:
			op_open(w, &open);
			break;
		case 2:
			op_lock(w, &l);
			break;
		case 3:
			op_lockt(w, &l);
			break;
		case 4:
			op_locku(w, &l);
			break;
		case 5:
			op_exchange_id(w, &e);
			break;
		case 6:
			op_create_session(w, &c);
			break;
		case 7:
			op_setattr(w, anonymous_stateid, &mode);
			break;
		case 8:
			op_verify(w, &mode);
			break;
		case 9:
			op_readdir(w, any(10), NULL, any(9000), any(9000),
					   (const int[]) {FATTR4_TYPE, FATTR4_OWNER, -1});
			break;
		case 10:
			op_read(w, anonymous_stateid, any(100), any(100000));
			break;
		case 11:
			op_write(w, anonymous_stateid, any(100), S("fuzz"), any(4));
			break;
		case 12:
			op_rename(w, S("a"), S("b"));
			break;
		case 13:
			op_link(w, S("a"));
			break;
		case 14:
			op_test_stateid(w, &current_stateid, 1);
			break;
		case 15:
			op_bind_conn(w, w->s->id, any(9));
			break;
		case 16:
			op_copy(w, anonymous_stateid, current_stateid, any(9), any(9),
					any(9));
			break;
		case 17:
			op_clone(w, anonymous_stateid, current_stateid, any(9), any(9),
					 any(9));
			break;
		case 18:
			op_setxattr(w, any(4), S("user.a"), S("value"));
			break;
		case 19:
			op_listxattrs(w, any(3), any(9000));
			break;
		case 20:
			op_seek(w, anonymous_stateid, any(100), any(3));
			break;
		case 21:
			op_allocate(w, anonymous_stateid, any(100), any(1000));
			break;
		case 22:
			op_savefh(w);
			break;
		case 23:
			op_restorefh(w);
			break;
		case 24:
			op_secinfo(w, S("a"));
			break;
		case 25:
			op_getattrs(w, FATTR4_SUPPORTED_ATTRS, FATTR4_OWNER,
						FATTR4_XATTR_SUPPORT);
			break;
		case 26:
			op_commit(w, any(100), any(100));
			break;
		default:
			op_putfh(w, any(2) ? &dir : &file);
			break;
	}
}

static void
damage(size_t from)
{
	static const uint32_t odd[] = {0, 1, 0x7fffffff, 0x80000000, UINT32_MAX,
		65537, 3};
	struct client *c = w->c;

	for (uint32_t times = any(3); times > 0 && c->call_size > from + 4; times--)
	{
		size_t		room = c->call_size - from;

		switch (any(3))
		{
			case 0:
				c->call[from + any((uint32_t) room)] ^=
					(unsigned char) (1 << any(8));
				break;
			case 1:
				patch(from + 4 * any((uint32_t) (room / 4)), odd[any(7)]);
				break;
			default:
				c->call_size -= any((uint32_t) room);
				break;
		}
	}
}

static void
test_damaged(void)
{
	int			outcomes[CLOSED + 1] = {0};

	for (int i = 0; i < CALLS; i++)
	{
		uint32_t	count = 1 + any(6);
		struct reply r;
		size_t		from;

		w->minor = 1 + any(2);
		become(w->c, any(2) ? 0 : 1000, 100);
		v4_begin(w);
		from = w->c->call_size;
		op_putfh(w, any(2) ? &dir : &file);
		while (count-- > 0)
			write_any();
		damage(any(4) ? from : w->count_at);
		v4_send(w);
		r = receive(w->c);
		outcomes[r.outcome]++;
		if (r.outcome == CLOSED)
			reconnect(w->c);
		else if (r.xid != w->c->xid)
			bail_out("call %d: a reply to another call", i);
		/* whether SEQUENCE was taken is not looked at: the next one is */
		w->s->sequence[0]++;
	}
	ok(outcomes[DONE] > CALLS / 2,
	   "%d calls: %d done, %d refused, %d denied, %d times hung up on", CALLS,
	   outcomes[DONE], outcomes[REFUSED], outcomes[REJECTED],
	   outcomes[CLOSED]);
	become(w->c, 0, 0);
	w->minor = 1;
	w->slot = 5;
	is_status(AT(w, &dir, op_getattrs(w, FATTR4_TYPE)), NFS4_OK,
			  "the session is alive and well");
}

/* Every beginning of a COMPOUND */
static void
test_truncated(void)
{
	struct fattr mode = fattr_of(MODE(0644));
	struct open4 open = {.access = OPEN4_SHARE_ACCESS_BOTH,
		.owner = S("owner"), .create = true, .how = EXCLUSIVE4_1,
		.verifier = "verifier", .attrs = &mode, .name = S("truncated")};
	size_t		whole;
	int			wrong = 0;

	v4_at(w, &dir);
	op_open(w, &open);
	op_lock(w, &(struct lock4) {.type = WRITE_LT, .length = 1,
		.stateid = current_stateid, .first = true, .owner = S("l")});
	whole = w->c->call_size;
	for (size_t size = w->count_at; size < whole; size += 4)
	{
		struct reply r;

		v4_at(w, &dir);
		op_open(w, &open);
		op_lock(w, &(struct lock4) {.type = WRITE_LT, .length = 1,
			.stateid = current_stateid, .first = true, .owner = S("l")});
		w->c->call_size = size;
		v4_send(w);
		r = receive(w->c);
		if (r.outcome == DONE)
			wrong += take(&r) == NFS4_OK;
		else if (r.outcome == CLOSED)
			reconnect(w->c);
		w->s->sequence[w->slot]++;
	}
	is(wrong, 0, "no beginning of a COMPOUND is done as a whole");
	is_alive("goes on");
}

int
main(void)
{
	const char *text = getenv("DITTOFS_SEED");
	int			seed = text ? atoi(text) : (int) (arc4random() >> 1);

	v4_required();
	note("DITTOFS_SEED=%d", seed);
	state = (uint64_t) seed + 1;
	w = v4_client(0, "hostile");
	dir = v4_playground(w);
	file = v4_make_file(w, &dir, "file", 0666);
	test_counts();
	test_tags();
	test_lengths();
	test_handles();
	test_owners();
	test_amplification();
	test_minor();
	w->slot = 1;
	test_truncated();
	w->slot = 0;
	test_damaged();
	return done_testing();
}
