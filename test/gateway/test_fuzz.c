/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_fuzz.c
 *	  Calls that are nearly right: bytes changed, words replaced, ends cut off.
 *
 * Whatever comes, there is an answer or the connection is closed; results are
 * of the right form (libnfs decodes them too); and the gateway, which in
 * `make test SANITIZE=1` is built with AddressSanitizer, is alive in the end.
 *
 * The numbers are pseudo-random from a seed that is printed, and DITTOFS_SEED
 * repeats a run.
 */
#include "lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CALLS 20000

/* Record mark, xid, type: left alone, so that there is an xid to answer to. */
#define HEADER 12

static uint64_t state;

/* xorshift64* */
static uint32_t
any(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t) ((state * UINT64_C(2685821657736338717)) >> 32) % below;
}

/* What goes wrong at the edges. */
static uint32_t
odd_word(void)
{
	static const uint32_t words[] = {
		0, 1, 2, 3, 4, 5, 7, 8, 16, 63, 64, 65, 255, 256, 4096, 65536,
		1048576, 1048577, 0x7fffffff, 0x80000000, 0xfffffffc, 0xfffffffd,
		0xfffffffe, 0xffffffff
	};

	return words[any(sizeof(words) / sizeof(words[0]))];
}

static const struct handle *
any_handle(const struct handle *handles, int count)
{
	return &handles[any((uint32_t) count)];
}

static void
put_any_set(struct client *c)
{
	put_set(c, &(struct set)
			{.what = (int) any(256), .mode = any(07777), .uid = any(3),
			.gid = any(3), .size = any(300000), .atime = any(1000000000),
			.mtime = any(1000000000)});
}

/* A correct call of a procedure, with one of these objects. */
static void
write_call(struct client *c, uint32_t procedure, const struct handle *handles,
		   int count)
{
	static const char *const names[] = {"a", "b", "dir", "file", "..", ".",
		"", "\xff\xff", "a-name-that-is-somewhat-longer-than-the-others"
	};
	struct blob name = S(names[any(sizeof(names) / sizeof(names[0]))]);
	struct blob other_name = S(names[any(sizeof(names) / sizeof(names[0]))]);

	begin(c, NFS_PROGRAM, NFS_V3, procedure);
	if (procedure != NFS3_NULL)
		put_handle(c, any_handle(handles, count));
	switch (procedure)
	{
		case NFS3_SETATTR:
			put_any_set(c);
			put(c, 0);
			break;
		case NFS3_LOOKUP:
		case NFS3_REMOVE:
		case NFS3_RMDIR:
			put_opaque(c, name);
			break;
		case NFS3_ACCESS:
			put(c, 0x3f);
			break;
		case NFS3_READ:
		case NFS3_COMMIT:
			put64(c, any(300000));
			put(c, any(300000));
			break;
		case NFS3_WRITE:
			put64(c, any(300000));
			put(c, 16);
			put(c, any(3));
			put_opaque(c, S("sixteen bytes ok"));
			break;
		case NFS3_CREATE:
			put_opaque(c, name);
			put(c, any(2));
			put_any_set(c);
			break;
		case NFS3_MKDIR:
			put_opaque(c, name);
			put_any_set(c);
			break;
		case NFS3_SYMLINK:
			put_opaque(c, name);
			put_any_set(c);
			put_opaque(c, other_name);
			break;
		case NFS3_MKNOD:
			put_opaque(c, name);
			put(c, NF3FIFO);
			put_any_set(c);
			break;
		case NFS3_RENAME:
			put_opaque(c, name);
			put_handle(c, any_handle(handles, count));
			put_opaque(c, other_name);
			break;
		case NFS3_LINK:
			put_handle(c, any_handle(handles, count));
			put_opaque(c, name);
			break;
		case NFS3_READDIR:
			put64(c, any(3));
			put64(c, 0);
			put(c, any(10000));
			break;
		case NFS3_READDIRPLUS:
			put64(c, any(3));
			put64(c, 0);
			put(c, any(10000));
			put(c, any(10000));
			break;
		default:
			break;
	}
}

/* Changes some of the bytes of the call from `from` on. */
static void
damage(struct client *c, size_t from)
{
	uint32_t	times = any(3);

	if (c->call_size <= from)
		return;
	for (uint32_t i = 0; i < times; i++)
	{
		size_t		words = (c->call_size - from) / 4;
		size_t		at;

		switch (any(3))
		{
			case 0:
				at = from + any((uint32_t) (c->call_size - from));
				c->call[at] ^= (unsigned char) (1 << any(8));
				break;
			case 1:
				if (words > 0)
				{
					size_t		size = c->call_size;

					at = from + 4 * any((uint32_t) words);
					c->call_size = at;
					put(c, odd_word());
					c->call_size = size;
				}
				break;
			default:
				c->call_size -= any((uint32_t) (c->call_size - from));
				if (c->call_size <= from)
					return;
		}
	}
}

static int
read_seed(void)
{
	const char *text = getenv("DITTOFS_SEED");

	return text ? atoi(text) : (int) (arc4random() >> 1);
}

int
main(void)
{
	struct client *c = connect_to(0);
	struct handle handles[6];
	int			outcomes[CLOSED + 1] = {0};
	int			seed = read_seed();
	struct reply r;

	note("DITTOFS_SEED=%d", seed);
	state = (uint64_t) seed + 1;
	handles[0] = make_playground(c);
	handles[1] = make_dir(c, &handles[0], "dir", 0777);
	handles[2] = make_file(c, &handles[0], "file", 0666);
	handles[3] = v3_symlink(c, &handles[0], S("link"), NOTHING,
							S("target")).handle;
	handles[4] = make_dir(c, &handles[1], "deep", 0777);
	handles[5] = stale_handle(c);

	for (int i = 0; i < CALLS; i++)
	{
		uint32_t	procedure = any(NFS3_COMMIT + 1);
		bool		arguments_only = any(4) != 0;
		size_t		header;

		become(c, any(2) ? 0 : 1000, any(2) ? 0 : 100);
		begin(c, NFS_PROGRAM, NFS_V3, procedure);
		header = c->call_size;
		write_call(c, procedure, handles, 6);
		damage(c, arguments_only ? header : HEADER);
		send_call(c);
		r = receive(c);
		outcomes[r.outcome]++;
		if (r.outcome == CLOSED)
			reconnect(c);
		else if (r.xid != c->xid)
			bail_out("call %d: a reply to another call", i);
		else if (r.outcome == DONE && arguments_only)
			cross_check(NFS_PROGRAM, NFS_V3, procedure, r.at,
						(size_t) (r.end - r.at));
	}
	ok(true, "%d calls: %d done, %d refused, %d denied, %d times hung up on",
	   CALLS, outcomes[DONE], outcomes[REFUSED], outcomes[REJECTED],
	   outcomes[CLOSED]);
	become(c, 0, 0);
	is_status(v3_getattr(c, &handles[0]).status, NFS3_OK,
			  "the gateway is alive and well");
	ok(outcomes[DONE] > CALLS / 4 && outcomes[REFUSED] > CALLS / 50,
	   "the calls were neither all right nor all wrong");
	disconnect(c);
	return done_testing();
}
