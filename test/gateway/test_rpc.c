/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_rpc.c
 *	  The RPC layer on the wire (RFC 5531): what is refused and how, record
 *	  marking, many calls at once.
 */
#include "lib.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RPCSEC_GSS 6
#define LAST_FRAGMENT 0x80000000u

/*
 * Calls whose RPC header is not the usual one.  begin_call writes it up to the
 * credential.
 */
static void
begin_call(struct client *c, uint32_t rpc_version, uint32_t program,
		   uint32_t version, uint32_t procedure)
{
	begin_empty(c);
	put(c, ++c->xid);
	put(c, CALL);
	put(c, rpc_version);
	put(c, program);
	put(c, version);
	put(c, procedure);
}

static void
put_no_verifier(struct client *c)
{
	put(c, AUTH_NONE);
	put(c, 0);
}

static void
is_refused(struct reply r, uint32_t why, const char *what)
{
	ok(r.outcome == REFUSED && r.why == why, "%s", what);
	if (r.outcome != REFUSED || r.why != why)
		note("  outcome %d, why %u; want refusal %u", r.outcome, r.why, why);
}

static void
is_denied(struct reply r, uint32_t why, const char *what)
{
	ok(r.outcome == REJECTED && r.why == why, "%s", what);
	if (r.outcome != REJECTED || r.why != why)
		note("  outcome %d, why %u; want denial %u", r.outcome, r.why, why);
}

/* A call that must succeed: the connection is still of use. */
static void
still_works(struct client *c, const char *what)
{
	struct reply r;

	become(c, 0, 0);
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_NULL);
	r = exchange(c);
	ok(r.outcome == DONE && r.at == r.end, "%s", what);
}

static void
test_null(struct client *c)
{
	static const uint32_t flavors[] = {AUTH_NONE, AUTH_UNIX, 2, RPCSEC_GSS,
	390003};
	static const uint32_t programs[] = {NFS_PROGRAM, MOUNT_PROGRAM};

	for (size_t p = 0; p < 2; p++)
	{
		for (size_t f = 0; f < sizeof(flavors) / sizeof(flavors[0]); f++)
		{
			struct reply r;

			begin_call(c, RPC_MSG_VERSION, programs[p], 3, 0);
			put(c, flavors[f]);
			if (flavors[f] == AUTH_UNIX)
			{
				put(c, 20);
				for (int i = 0; i < 5; i++)
					put(c, 0);
			}
			else
				put_opaque(c, S("what"));
			put_no_verifier(c);
			r = exchange(c);
			ok(r.outcome == DONE && r.at == r.end,
			   "NULL of program %u with flavor %u", programs[p], flavors[f]);
		}
	}
}

static void
test_programs(struct client *c)
{
	static const uint32_t unknown[] = {0, 100000, 100020, 100025, 100227,
	UINT32_MAX};
	static const struct
	{
		uint32_t	program;
		uint32_t	version;
		uint32_t	low;
		uint32_t	high;
	}			wrong[] = {
		{NFS_PROGRAM, 2, 3, 4}, {NFS_PROGRAM, 5, 3, 4},
		{NFS_PROGRAM, 0, 3, 4}, {MOUNT_PROGRAM, 1, 3, 3},
		{MOUNT_PROGRAM, 2, 3, 3}, {MOUNT_PROGRAM, UINT32_MAX, 3, 3},
		{NLM_PROGRAM, 2, 1, 4}, {NLM_PROGRAM, 5, 1, 4},
		{NSM_PROGRAM, 2, 1, 1},
	};

	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
	{
		begin(c, unknown[i], 3, 0);
		is_refused(exchange(c), PROG_UNAVAIL, "unknown program");
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
	{
		struct reply r;

		begin(c, wrong[i].program, wrong[i].version, 0);
		r = exchange(c);
		is_refused(r, PROG_MISMATCH, "wrong version");
		ok(r.low == wrong[i].low && r.high == wrong[i].high,
		   "the versions are %u to %u", wrong[i].low, wrong[i].high);
	}
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_COMMIT + 1);
	is_refused(exchange(c), PROC_UNAVAIL, "NFS has 22 procedures");
	begin(c, NFS_PROGRAM, NFS_V3, UINT32_MAX);
	is_refused(exchange(c), PROC_UNAVAIL, "the last procedure number");
	begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_EXPORT + 1);
	is_refused(exchange(c), PROC_UNAVAIL, "MOUNT has 6 procedures");
}

static void
test_rpc_version(struct client *c)
{
	static const uint32_t versions[] = {0, 1, 3, UINT32_MAX};

	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
	{
		struct reply r;

		begin_call(c, versions[i], NFS_PROGRAM, 3, 0);
		put_no_verifier(c);
		put_no_verifier(c);
		r = exchange(c);
		is_denied(r, MISMATCH, "RPC of another version");
		ok(r.low == 2 && r.high == 2, "the RPC version is 2");
	}
}

/*
 * A GETATTR with a credential of the given bytes.
 */
static struct reply
with_credential(struct client *c, const struct handle *root, uint32_t flavor,
				struct blob body)
{
	begin_call(c, RPC_MSG_VERSION, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put(c, flavor);
	put_opaque(c, body);
	put_no_verifier(c);
	put_handle(c, root);
	return exchange(c);
}

/* authsys_parms as words: stamp, a machine name, uid, gid, gids */
static struct blob
auth_sys(uint32_t name_size, uint32_t gids)
{
	static struct client writer;

	begin_empty(&writer);
	put(&writer, 1);
	put(&writer, name_size);
	for (uint32_t i = 0; i < (name_size + 3) / 4; i++)
		put(&writer, i * 4 + 4 <= name_size ? 0x6d6d6d6d : 0);
	put(&writer, 0);
	put(&writer, 0);
	put(&writer, gids);
	for (uint32_t i = 0; i < gids; i++)
		put(&writer, i);
	return B(writer.call + 4, writer.call_size - 4);
}

static void
test_credentials(struct client *c)
{
	static const char long_body[404];
	struct handle root = root_of(c, "/export");
	struct blob body;
	int			denied = 0;

	ok(with_credential(c, &root, AUTH_UNIX, auth_sys(0, 16)).outcome == DONE,
	   "16 gids");
	is_denied(with_credential(c, &root, AUTH_UNIX, auth_sys(0, 17)),
			  AUTH_BADCRED, "17 gids");
	ok(with_credential(c, &root, AUTH_UNIX, auth_sys(255, 0)).outcome == DONE,
	   "a machine name of 255 bytes");
	is_denied(with_credential(c, &root, AUTH_UNIX, auth_sys(256, 0)),
			  AUTH_BADCRED, "a machine name of 256 bytes");
	body = auth_sys(4, 4);
	for (uint32_t size = 0; size < body.size; size += 4)
	{
		struct reply r = with_credential(c, &root, AUTH_UNIX,
										 B(body.data, size));

		denied += r.outcome == REJECTED && r.why == AUTH_BADCRED;
	}
	is(denied, body.size / 4, "a credential cut short, anywhere");
	is_denied(with_credential(c, &root, 2, S("what")),
			  AUTH_REJECTEDCRED, "flavor 2, AUTH_SHORT");
	is_denied(with_credential(c, &root, RPCSEC_GSS, S("what")),
			  AUTH_REJECTEDCRED, "flavor 6, RPCSEC_GSS");
	is_denied(with_credential(c, &root, 77, B("", 0)),
			  AUTH_REJECTEDCRED, "an unknown flavor");
	is_denied(with_credential(c, &root, AUTH_UNIX, B(long_body, 404)),
			  AUTH_BADCRED, "a credential of more than 400 bytes");
	still_works(c, "the connection goes on after all that");
}

static void
test_auth_none(struct client *c)
{
	struct handle root = root_of(c, "/export");
	struct handle open_root;
	struct handle file;
	struct result result;

	become_nobody(c);
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put_handle(c, &root);
	is_denied(exchange(c), AUTH_TOOWEAK,
			  "AUTH_NONE where the share does not allow it");

	sql("SELECT dittofs.create_share('/rpc-open', squash => 'none',"
		" allow_auth_none => true, anonuid => 1234, anongid => 4321,"
		" root_mode => '0777')");
	result = mount_path(c, S("/rpc-open"));
	is_status(result.status, MNT3_OK, "MNT by AUTH_NONE");
	open_root = result.handle;
	file = make_file(c, &open_root, "anonymous", 0600);
	result = v3_getattr(c, &file);
	is(result.attr.uid, 1234, "AUTH_NONE is squashed to the anonymous user");
	is(result.attr.gid, 4321, "and group");
	result = v3_write(c, &file, 0, S("data"), FILE_SYNC);
	is_status(result.status, NFS3_OK, "who may write what he has made");
	become(c, 0, 0);
}

/*
 * Arguments that cannot be decoded.
 */

static void
is_garbage(struct client *c, const char *what)
{
	is_refused(exchange(c), GARBAGE_ARGS, what);
}

static void
test_garbage(struct client *c)
{
	struct handle root = root_of(c, "/export");
	int			refused = 0;

	for (uint32_t procedure = 1; procedure <= NFS3_COMMIT; procedure++)
	{
		struct reply r;

		begin(c, NFS_PROGRAM, NFS_V3, procedure);
		r = exchange(c);
		refused += r.outcome == REFUSED && r.why == GARBAGE_ARGS;
	}
	is(refused, NFS3_COMMIT, "every procedure without arguments");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put(c, 64);
	put_fixed(c, root.data, root.size);
	is_garbage(c, "a handle shorter than it says");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put(c, UINT32_MAX);
	put_fixed(c, root.data, root.size);
	is_garbage(c, "a handle of 4 GiB");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_LOOKUP);
	put_handle(c, &root);
	put(c, UINT32_MAX - 2);
	is_garbage(c, "a name of 4 GiB");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_READ);
	put_handle(c, &root);
	put64(c, 0);
	is_garbage(c, "READ without a count");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_WRITE);
	put_handle(c, &root);
	put64(c, 0);
	put(c, 4);
	put(c, 3);
	put_opaque(c, S("data"));
	is_garbage(c, "a stable_how of 3");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_WRITE);
	put_handle(c, &root);
	put64(c, 0);
	put(c, 100);
	put(c, FILE_SYNC);
	put(c, 100);
	put_fixed(c, "data", 4);
	is_garbage(c, "data shorter than it says");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_CREATE);
	put_handle(c, &root);
	put_opaque(c, S("name"));
	put(c, 3);
	put_set(c, NOTHING);
	is_garbage(c, "a createmode3 of 3");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_MKNOD);
	put_handle(c, &root);
	put_opaque(c, S("name"));
	put(c, 8);
	put_set(c, NOTHING);
	is_garbage(c, "an ftype3 of 8");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_MKNOD);
	put_handle(c, &root);
	put_opaque(c, S("name"));
	put(c, 0);
	put_set(c, NOTHING);
	is_garbage(c, "an ftype3 of 0");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_SETATTR);
	put_handle(c, &root);
	put(c, 2);
	put(c, 0755);
	for (int i = 0; i < 6; i++)
		put(c, 0);
	is_garbage(c, "a boolean of 2");

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_SETATTR);
	put_handle(c, &root);
	for (int i = 0; i < 4; i++)
		put(c, 0);
	put(c, 3);
	put(c, 0);
	put(c, 0);
	is_garbage(c, "a time_how of 3");

	begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_MNT);
	is_garbage(c, "MNT without a path");

	{
		static const char path[1025];

		begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_MNT);
		put_opaque(c, B(path, sizeof(path)));
		is_garbage(c, "MNT of a path of 1025 bytes");
	}

	begin(c, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put_handle(c, &root);
	put(c, 0xdeadbeef);
	ok(exchange(c).outcome == DONE, "bytes after the arguments are tolerated");
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_NULL);
	put(c, 0xdeadbeef);
	ok(exchange(c).outcome == DONE, "also where there should be none at all");
}

/*
 * Record marking
 */

static void
store_mark(unsigned char *mark, uint32_t size, bool last)
{
	size |= last ? LAST_FRAGMENT : 0;
	mark[0] = (unsigned char) (size >> 24);
	mark[1] = (unsigned char) (size >> 16);
	mark[2] = (unsigned char) (size >> 8);
	mark[3] = (unsigned char) size;
}

/* Sends the call that has been written in fragments of this size. */
static void
send_fragmented(struct client *c, size_t fragment)
{
	const unsigned char *at = c->call + 4;
	size_t		left = c->call_size - 4;
	unsigned char mark[4];

	while (left > 0)
	{
		size_t		size = left < fragment ? left : fragment;

		store_mark(mark, (uint32_t) size, size == left);
		send_bytes(c, mark, 4);
		send_bytes(c, at, size);
		at += size;
		left -= size;
	}
}

static bool
is_getattr_reply(struct client *c)
{
	struct reply r = receive(c);

	if (r.outcome != DONE || r.xid != c->xid)
		return false;
	return take(&r) == NFS3_OK;
}

static void
begin_getattr(struct client *c, const struct handle *root)
{
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put_handle(c, root);
}

static void
test_fragments(struct client *c)
{
	struct handle root = root_of(c, "/export");
	unsigned char mark[4];

	begin_getattr(c, &root);
	send_fragmented(c, 1);
	ok(is_getattr_reply(c), "fragments of one byte");

	begin_getattr(c, &root);
	send_fragmented(c, 7);
	ok(is_getattr_reply(c), "fragments of seven bytes");

	begin_getattr(c, &root);
	store_mark(c->call, (uint32_t) c->call_size - 4, true);
	for (size_t i = 0; i < c->call_size; i++)
	{
		send_bytes(c, c->call + i, 1);
		if (i % 16 == 0)
			usleep(500);
	}
	ok(is_getattr_reply(c), "one fragment, sent byte by byte");

	begin_getattr(c, &root);
	store_mark(mark, 0, false);
	for (int i = 0; i < 3; i++)
		send_bytes(c, mark, 4);
	send_fragmented(c, 50);
	ok(is_getattr_reply(c), "empty fragments first");

	begin_getattr(c, &root);
	store_mark(mark, (uint32_t) c->call_size - 4, false);
	send_bytes(c, mark, 4);
	send_bytes(c, c->call + 4, c->call_size - 4);
	store_mark(mark, 0, true);
	send_bytes(c, mark, 4);
	ok(is_getattr_reply(c), "an empty last fragment");
}

/* A megabyte, in fragments that have nothing to do with its structure. */
static void
test_fragmented_write(struct client *c)
{
	struct handle root = root_of(c, "/export");
	struct handle file = make_file(c, &root, "fragmented", 0644);
	const uint32_t size = 1024 * 1024;
	unsigned char *data = malloc(size);
	struct result result;

	for (uint32_t i = 0; i < size; i++)
		data[i] = (unsigned char) (i * 2654435761u >> 24);
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_WRITE);
	put_handle(c, &file);
	put64(c, 0);
	put(c, size);
	put(c, FILE_SYNC);
	put_opaque(c, B(data, size));
	send_fragmented(c, 4093);
	ok(is_getattr_reply(c), "a WRITE of 1 MiB in fragments of 4,093 bytes");
	result = v3_read(c, &file, 0, size);
	ok(result.status == NFS3_OK && result.count == size &&
	   memcmp(result.data.data, data, size) == 0, "is read back unchanged");
	is_status(v3_remove(c, &root, S("fragmented")).status, NFS3_OK, "removed");
	free(data);
}

static void
test_oversize(void)
{
	struct client *good = connect_to(0);
	struct client *c = connect_to(0);
	unsigned char mark[4];
	static unsigned char zeros[65536];

	store_mark(mark, 0x7fffffff, true);
	send_bytes(c, mark, 4);
	ok(is_closed(c), "a record of 2 GiB closes the connection");

	reconnect(c);
	store_mark(mark, 64 * 1024 * 1024, false);
	send_bytes(c, mark, 4);
	ok(is_closed(c), "so does a fragment of 64 MiB");

	/* a record of many small fragments that does not end */
	reconnect(c);
	begin_empty(c);
	for (int i = 0; i < 16; i++)
	{
		store_mark(mark, sizeof(zeros), false);
		put_fixed(c, mark, 4);
		put_fixed(c, zeros, sizeof(zeros));
	}
	send_bytes(c, c->call + 4, c->call_size - 4);
	store_mark(mark, 4 * 1024 * 1024, true);
	send_bytes(c, mark, 4);
	ok(is_closed(c), "fragments are added up");

	still_works(good, "other clients do not notice");
	disconnect(c);
	disconnect(good);
}

static void
test_not_rpc(void)
{
	struct client *c = connect_to(0);

	begin_empty(c);
	put(c, ++c->xid);
	put(c, REPLY);
	put(c, MSG_ACCEPTED);
	send_call(c);
	ok(is_closed(c), "a reply nobody waits for closes the connection");

	reconnect(c);
	begin_empty(c);
	put_fixed(c, "", 0);
	send_call(c);
	ok(is_closed(c), "an empty record closes the connection");

	reconnect(c);
	send_bytes(c, "GET / HTTP/1.1\r\nHost: example\r\n\r\n", 34);
	ok(is_closed(c), "so does HTTP");

	/* a header that ends in the middle, with an xid to answer to */
	reconnect(c);
	begin_empty(c);
	put(c, ++c->xid);
	put(c, CALL);
	put(c, RPC_MSG_VERSION);
	send_call(c);
	{
		struct reply r = receive(c);

		ok(r.outcome == CLOSED || r.outcome == REFUSED,
		   "half a header is refused or closes the connection");
	}
	disconnect(c);
}

/*
 * Many at once
 */

static void
test_pipelined(void)
{
	enum
	{
		CALLS = 400
	};
	struct client *c = connect_to(0);
	struct handle root = root_of(c, "/export");
	bool		answered[CALLS] = {false};
	uint32_t	first = c->xid + 1;
	int			correct = 0;

	for (int i = 0; i < CALLS; i++)
	{
		begin(c, NFS_PROGRAM, NFS_V3, i % 2 ? NFS3_ACCESS : NFS3_LOOKUP);
		put_handle(c, &root);
		if (i % 2)
			put(c, 0x3f);
		else
			put_opaque(c, S("no-such-file"));
		send_call(c);
	}
	for (int i = 0; i < CALLS; i++)
	{
		struct reply r = receive(c);
		uint32_t	number = r.xid - first;

		if (r.outcome != DONE || number >= CALLS || answered[number])
			continue;
		answered[number] = true;
		correct += take(&r) == (number % 2 ? NFS3_OK : NFS3ERR_NOENT);
	}
	is(correct, CALLS, "%d calls in flight, each with a reply of its own",
	   CALLS);
	disconnect(c);
}

static void
test_connections(void)
{
	enum
	{
		CONNECTIONS = 100
	};
	struct client *clients[CONNECTIONS];
	struct handle root;
	int			correct = 0;

	for (int i = 0; i < CONNECTIONS; i++)
		clients[i] = connect_to(i % gateway_count());
	root = root_of(clients[0], "/export");
	for (int i = 0; i < CONNECTIONS; i++)
	{
		begin_getattr(clients[i], &root);
		send_call(clients[i]);
	}
	for (int i = CONNECTIONS - 1; i >= 0; i--)
		correct += is_getattr_reply(clients[i]);
	is(correct, CONNECTIONS, "%d connections, each with a call", CONNECTIONS);
	for (int i = 0; i < CONNECTIONS; i++)
		disconnect(clients[i]);
}

/* Half a record of one client is no matter of another's. */
static void
test_slow_client(void)
{
	struct client *slow = connect_to(0);
	struct client *c = connect_to(0);
	struct handle root = root_of(c, "/export");

	begin_getattr(slow, &root);
	store_mark(slow->call, (uint32_t) slow->call_size - 4, true);
	send_bytes(slow, slow->call, slow->call_size - 10);
	is_status(v3_getattr(c, &root).status, NFS3_OK,
			  "a call beside half a call");
	send_bytes(slow, slow->call + slow->call_size - 10, 10);
	ok(is_getattr_reply(slow), "the other half");
	disconnect(slow);
	disconnect(c);
}

/* Gone in the middle of everything. */
static void
test_vanishing_clients(void)
{
	struct client *c = connect_to(0);
	struct handle root = root_of(c, "/export");

	for (int i = 0; i < 50; i++)
	{
		struct client *gone = connect_to(0);

		for (int calls = 0; calls < 20; calls++)
		{
			begin_getattr(gone, &root);
			send_call(gone);
		}
		send_bytes(gone, "\x80", 1);
		disconnect(gone);
	}
	still_works(c, "clients that leave without waiting do no harm");
	disconnect(c);
}

int
main(void)
{
	struct client *c = connect_to(0);

	test_null(c);
	test_programs(c);
	test_rpc_version(c);
	test_credentials(c);
	test_auth_none(c);
	test_garbage(c);
	test_fragments(c);
	test_fragmented_write(c);
	test_oversize();
	test_not_rpc();
	test_pipelined();
	test_connections();
	test_slow_client();
	test_vanishing_clients();
	still_works(c, "the first connection still works");
	disconnect(c);
	return done_testing();
}
