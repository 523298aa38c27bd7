/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs3_calls.c
 *	  From arguments on the wire to the call of a function: for every
 *	  procedure of NFS its statement and parameters, and what is refused.
 */
#include "wire.h"

#include "nfs3.h"
#include "db/statements.h"

static const char dir[33] = "directory-handle-of-33-bytes-----";
static const char other[33] = "another-handle-of-33-bytes-------";

static void
put_handle(struct buffer *b, const char *handle)
{
	put_opaque(b, handle, sizeof(dir));
}

static void
put_name(struct buffer *b, const char *name)
{
	put_opaque(b, name, (uint32_t) strlen(name));
}

/* sattr3 with every attribute: 1, 2, 3, 4, 5.6 s, 7.8 s */
static void
put_full_sattr(struct buffer *b)
{
	for (uint32_t i = 1; i <= 3; i++)
	{
		put32(b, 1);
		put32(b, i);
	}
	put32(b, 1);
	put64(b, 4);
	put32(b, SET_TO_CLIENT_TIME);
	put32(b, 5);
	put32(b, 6);
	put32(b, SET_TO_CLIENT_TIME);
	put32(b, 7);
	put32(b, 8);
}

static void
put_empty_sattr(struct buffer *b)
{
	for (int i = 0; i < 4; i++)
		put32(b, 0);
	put32(b, DONT_CHANGE);
	put32(b, DONT_CHANGE);
}

/* Arguments of every procedure, with all optional parts. */
static void
put_arguments(struct buffer *b, uint32_t procedure)
{
	b->size = 0;
	put_handle(b, dir);
	switch (procedure)
	{
		case NFSPROC3_SETATTR:
			put_full_sattr(b);
			put32(b, 1);
			put32(b, 9);
			put32(b, 10);
			break;
		case NFSPROC3_LOOKUP:
		case NFSPROC3_REMOVE:
		case NFSPROC3_RMDIR:
			put_name(b, "name");
			break;
		case NFSPROC3_ACCESS:
			put32(b, 0x3f);
			break;
		case NFSPROC3_READ:
		case NFSPROC3_COMMIT:
			put64(b, UINT64_C(0x100000001));
			put32(b, 4096);
			break;
		case NFSPROC3_WRITE:
			put64(b, UINT64_C(0x100000001));
			put32(b, 5);
			put32(b, DATA_SYNC);
			put_opaque(b, "hello", 5);
			break;
		case NFSPROC3_CREATE:
			put_name(b, "name");
			put32(b, GUARDED);
			put_full_sattr(b);
			break;
		case NFSPROC3_MKDIR:
			put_name(b, "name");
			put_full_sattr(b);
			break;
		case NFSPROC3_SYMLINK:
			put_name(b, "name");
			put_full_sattr(b);
			put_name(b, "../target");
			break;
		case NFSPROC3_MKNOD:
			put_name(b, "name");
			put32(b, NF3BLK);
			put_full_sattr(b);
			put32(b, 8);
			put32(b, 1);
			break;
		case NFSPROC3_RENAME:
			put_name(b, "name");
			put_handle(b, other);
			put_name(b, "new");
			break;
		case NFSPROC3_LINK:
			put_handle(b, other);
			put_name(b, "new");
			break;
		case NFSPROC3_READDIR:
			put64(b, 3);
			put_bytes(b, "verifier", 8);
			put32(b, 4096);
			break;
		case NFSPROC3_READDIRPLUS:
			put64(b, 3);
			put_bytes(b, "verifier", 8);
			put32(b, 512);
			put32(b, 4096);
			break;
		default:
			break;
	}
}

/*
 * One parameter after another.
 */
static int	parameter;

static void
expect_bytes(struct fixture *f, const void *data, int size)
{
	const struct call *call = &f->request.call;

	assert_non_null(call->values[parameter]);
	assert_int_equal(call->lengths[parameter], size);
	assert_memory_equal(call->values[parameter], data, size);
	parameter++;
}

static void
expect_caller(struct fixture *f)
{
	assert_caller(&f->request.call, parameter++, f->request.xid);
}

static void
expect_text(struct fixture *f, const char *text)
{
	expect_bytes(f, text, (int) strlen(text));
}

static void
expect_int8(struct fixture *f, int64_t value)
{
	struct buffer b = {.size = 0};

	put64(&b, (uint64_t) value);
	expect_bytes(f, b.data, 8);
}

static void
expect_bool(struct fixture *f, bool value)
{
	char		byte = value;

	expect_bytes(f, &byte, 1);
}

static void
expect_null(struct fixture *f)
{
	assert_null(f->request.call.values[parameter]);
	parameter++;
}

/* The times of put_full_sattr. */
static void
expect_times(struct fixture *f)
{
	expect_int8(f, INT64_C(5000000006));
	expect_int8(f, INT64_C(7000000008));
	expect_bool(f, false);
	expect_bool(f, false);
}

static void
start(struct fixture *f, uint32_t procedure, const struct buffer *arguments)
{
	fixture_start(f, &nfs3_program, procedure);
	assert_true(decode(f, arguments->data, arguments->size));
	f->request.procedure->send(&f->request);
	parameter = 0;
}

static void
start_standard(struct fixture *f, uint32_t procedure, int statement)
{
	struct buffer b;

	put_arguments(&b, procedure);
	start(f, procedure, &b);
	assert_int_equal(f->request.call.statement, statement);
	assert_int_equal(f->request.reply_pieces, 0);
}

static void
end(struct fixture *f)
{
	assert_int_equal(parameter, statements[f->request.call.statement].nparams);
	fixture_end(f);
}

static void
test_handle_alone(void **state)
{
	static const struct
	{
		uint32_t	procedure;
		int			statement;
	}			calls[] = {
		{NFSPROC3_GETATTR, STATEMENT_GET_FILE},
		{NFSPROC3_READLINK, STATEMENT_READ_SYMLINK},
		{NFSPROC3_FSSTAT, STATEMENT_GET_FILESYSTEM_STATISTICS},
		{NFSPROC3_FSINFO, STATEMENT_GET_FILESYSTEM_CAPABILITIES},
		{NFSPROC3_PATHCONF, STATEMENT_GET_FILESYSTEM_CAPABILITIES},
	};
	struct fixture f;

	(void) state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
	{
		start_standard(&f, calls[i].procedure, calls[i].statement);
		expect_bytes(&f, dir, sizeof(dir));
		expect_caller(&f);
		assert_int_equal(f.request.call.key, call_key(dir, sizeof(dir)));
		end(&f);
	}
}

static void
test_handle_and_name(void **state)
{
	static const struct
	{
		uint32_t	procedure;
		int			statement;
	}			calls[] = {
		{NFSPROC3_LOOKUP, STATEMENT_LOOKUP},
		{NFSPROC3_REMOVE, STATEMENT_REMOVE_FILE},
		{NFSPROC3_RMDIR, STATEMENT_REMOVE_DIRECTORY},
	};
	struct fixture f;

	(void) state;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
	{
		start_standard(&f, calls[i].procedure, calls[i].statement);
		expect_bytes(&f, dir, sizeof(dir));
		expect_text(&f, "name");
		expect_caller(&f);
		end(&f);
	}
}

static void
test_setattr(void **state)
{
	struct fixture f;
	struct buffer b = {.size = 0};

	(void) state;
	start_standard(&f, NFSPROC3_SETATTR, STATEMENT_SET_FILE_ATTRIBUTES);
	expect_bytes(&f, dir, sizeof(dir));
	expect_caller(&f);
	for (int i = 1; i <= 4; i++)
		expect_int8(&f, i);
	expect_times(&f);
	expect_int8(&f, INT64_C(9000000010));
	end(&f);

	/* nothing but "now", all bits of a uid, a size beyond bigint */
	put_handle(&b, dir);
	put32(&b, 0);
	put32(&b, 1);
	put32(&b, UINT32_MAX);
	put32(&b, 0);
	put32(&b, 1);
	put64(&b, UINT64_MAX);
	put32(&b, SET_TO_SERVER_TIME);
	put32(&b, DONT_CHANGE);
	put32(&b, 0);
	start(&f, NFSPROC3_SETATTR, &b);
	expect_bytes(&f, dir, sizeof(dir));
	expect_caller(&f);
	expect_null(&f);
	expect_int8(&f, UINT32_MAX);
	expect_null(&f);
	expect_int8(&f, -1);
	expect_null(&f);
	expect_null(&f);
	expect_bool(&f, true);
	expect_bool(&f, false);
	expect_null(&f);
	end(&f);

	/*
	 * no times and no guard: the brief statement; with a guard it will not do
	 */
	for (int guarded = 0; guarded <= 1; guarded++)
	{
		b.size = 0;
		put_handle(&b, dir);
		put32(&b, 1);
		put32(&b, 0640);
		for (int i = 0; i < 5; i++)
			put32(&b, 0);
		put32(&b, guarded);
		if (guarded)
			put64(&b, UINT64_C(9) << 32 | 10);
		start(&f, NFSPROC3_SETATTR, &b);
		assert_int_equal(f.request.call.statement, guarded ?
						 STATEMENT_SET_FILE_ATTRIBUTES :
						 STATEMENT_SET_FILE_ATTRIBUTES_BRIEF);
		expect_bytes(&f, dir, sizeof(dir));
		expect_caller(&f);
		expect_int8(&f, 0640);
		for (int i = 0; i < 3; i++)
			expect_null(&f);
		if (guarded)
		{
			expect_null(&f);
			expect_null(&f);
			expect_bool(&f, false);
			expect_bool(&f, false);
			expect_int8(&f, INT64_C(9000000010));
		}
		end(&f);
	}
}

static void
test_access(void **state)
{
	struct fixture f;

	(void) state;
	start_standard(&f, NFSPROC3_ACCESS, STATEMENT_CHECK_PERMISSIONS);
	expect_bytes(&f, dir, sizeof(dir));
	expect_bytes(&f, "\0\0\0\x3f", 4);
	expect_caller(&f);
	end(&f);
}

static void
test_read_and_commit(void **state)
{
	struct fixture f;

	(void) state;
	start_standard(&f, NFSPROC3_READ, STATEMENT_READ);
	expect_bytes(&f, dir, sizeof(dir));
	expect_int8(&f, INT64_C(0x100000001));
	expect_int8(&f, 4096);
	expect_caller(&f);
	assert_int_equal(f.request.call.result_size, 4096);
	end(&f);

	start_standard(&f, NFSPROC3_COMMIT, STATEMENT_COMMIT);
	expect_bytes(&f, dir, sizeof(dir));
	expect_int8(&f, INT64_C(0x100000001));
	expect_int8(&f, 4096);
	expect_caller(&f);
	assert_false(f.request.call.unstable);
	end(&f);
}

/* The wire has one bit more than bigint; no page is larger than 1 MiB. */
static void
test_large_offsets(void **state)
{
	struct fixture f;
	struct buffer b = {.size = 0};

	(void) state;
	put_handle(&b, dir);
	put64(&b, UINT64_C(1) << 63);
	put32(&b, UINT32_MAX);
	start(&f, NFSPROC3_READ, &b);
	expect_bytes(&f, dir, sizeof(dir));
	expect_int8(&f, INT64_MAX);
	expect_int8(&f, UINT32_MAX);
	assert_true(f.request.call.result_size <= 1024 * 1024);
	fixture_end(&f);

	b.size = 0;
	put_handle(&b, dir);
	put64(&b, UINT64_MAX);
	put64(&b, 0);
	put32(&b, UINT32_MAX);
	put32(&b, UINT32_MAX);
	start(&f, NFSPROC3_READDIRPLUS, &b);
	expect_bytes(&f, dir, sizeof(dir));
	expect_int8(&f, INT64_MAX);
	expect_int8(&f, 1048576);
	expect_int8(&f, 1048576);
	fixture_end(&f);
}

static void
test_write(void **state)
{
	static const char *const labels[] = {"unstable", "data_sync", "file_sync"};
	struct fixture f;
	struct buffer b;

	(void) state;
	for (uint32_t stable = UNSTABLE; stable <= FILE_SYNC; stable++)
	{
		b.size = 0;
		put_handle(&b, dir);
		put64(&b, 1);
		put32(&b, 5);
		put32(&b, stable);
		put_opaque(&b, "hello", 5);
		start(&f, NFSPROC3_WRITE, &b);
		expect_bytes(&f, dir, sizeof(dir));
		expect_int8(&f, 1);

		/* where it was received, not a copy */
		assert_ptr_equal(f.request.call.values[parameter],
						 f.record + b.size - 8);
		expect_text(&f, "hello");
		expect_text(&f, labels[stable]);
		expect_caller(&f);
		assert_int_equal(f.request.call.unstable, stable == UNSTABLE);
		end(&f);
	}
}

/* Answered by the gateway alone: it contradicts itself. */
static void
test_write_count(void **state)
{
	struct fixture f;
	struct buffer b = {.size = 0};
	struct buffer expected = {.size = 0};

	(void) state;
	put_handle(&b, dir);
	put64(&b, 0);
	put32(&b, 4);
	put32(&b, FILE_SYNC);
	put_opaque(&b, "hello", 5);
	start(&f, NFSPROC3_WRITE, &b);
	assert_int_equal(f.request.call.statement, NO_STATEMENT);
	put32(&expected, NFS3ERR_INVAL);
	put32(&expected, 0);
	put32(&expected, 0);
	assert_results(&f, &expected);
	fixture_end(&f);
}

static void
test_create(void **state)
{
	struct fixture f;
	struct buffer b = {.size = 0};

	(void) state;
	start_standard(&f, NFSPROC3_CREATE, STATEMENT_CREATE_FILE);
	expect_bytes(&f, dir, sizeof(dir));
	expect_text(&f, "name");
	expect_caller(&f);
	expect_text(&f, "guarded");
	for (int i = 1; i <= 4; i++)
		expect_int8(&f, i);
	expect_times(&f);
	expect_null(&f);
	end(&f);

	put_handle(&b, dir);
	put_name(&b, "name");
	put32(&b, UNCHECKED);
	put_empty_sattr(&b);
	start(&f, NFSPROC3_CREATE, &b);
	assert_int_equal(f.request.call.statement, STATEMENT_CREATE_FILE_BRIEF);
	parameter = 3;
	expect_text(&f, "unchecked");
	expect_null(&f);
	end(&f);

	b.size = 0;
	put_handle(&b, dir);
	put_name(&b, "name");
	put32(&b, EXCLUSIVE);
	put_bytes(&b, "\0verify\xff", 8);
	start(&f, NFSPROC3_CREATE, &b);
	parameter = 3;
	expect_text(&f, "exclusive");
	for (int i = 0; i < 6; i++)
		expect_null(&f);
	expect_bool(&f, false);
	expect_bool(&f, false);
	expect_bytes(&f, "\0verify\xff", 8);
	end(&f);
}

static void
test_mkdir(void **state)
{
	struct fixture f;
	struct buffer b = {.size = 0};

	(void) state;
	start_standard(&f, NFSPROC3_MKDIR, STATEMENT_CREATE_DIRECTORY);
	expect_bytes(&f, dir, sizeof(dir));
	expect_text(&f, "name");
	expect_caller(&f);
	for (int i = 1; i <= 3; i++)
		expect_int8(&f, i);
	expect_times(&f);
	end(&f);

	put_handle(&b, dir);
	put_name(&b, "name");
	put_empty_sattr(&b);
	start(&f, NFSPROC3_MKDIR, &b);
	assert_int_equal(f.request.call.statement,
					 STATEMENT_CREATE_DIRECTORY_BRIEF);
	parameter = 3;
	expect_null(&f);
	end(&f);
}

static void
test_symlink(void **state)
{
	struct fixture f;

	(void) state;
	start_standard(&f, NFSPROC3_SYMLINK, STATEMENT_CREATE_SYMLINK);
	expect_bytes(&f, dir, sizeof(dir));
	expect_text(&f, "name");
	expect_text(&f, "../target");
	expect_caller(&f);
	expect_int8(&f, 2);
	expect_int8(&f, 3);
	expect_times(&f);
	end(&f);
}

static void
test_mknod(void **state)
{
	static const struct
	{
		uint32_t	type;
		const char *kind;
	}			kinds[] = {
		{NF3REG, "regular"}, {NF3DIR, "directory"}, {NF3BLK, "block"},
		{NF3CHR, "character"}, {NF3LNK, "symlink"}, {NF3SOCK, "socket"},
		{NF3FIFO, "fifo"},
	};
	struct fixture f;
	struct buffer b;

	(void) state;
	start_standard(&f, NFSPROC3_MKNOD, STATEMENT_CREATE_SPECIAL_FILE);
	expect_bytes(&f, dir, sizeof(dir));
	expect_text(&f, "name");
	expect_text(&f, "block");
	expect_int8(&f, 8);
	expect_int8(&f, 1);
	expect_caller(&f);
	for (int i = 1; i <= 3; i++)
		expect_int8(&f, i);
	expect_times(&f);
	end(&f);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
	{
		bool		device = kinds[i].type == NF3BLK || kinds[i].type == NF3CHR;

		b.size = 0;
		put_handle(&b, dir);
		put_name(&b, "name");
		put32(&b, kinds[i].type);
		if (device || kinds[i].type >= NF3SOCK)
			put_empty_sattr(&b);
		if (device)
		{
			put32(&b, UINT32_MAX);
			put32(&b, 7);
		}
		start(&f, NFSPROC3_MKNOD, &b);
		parameter = 2;
		expect_text(&f, kinds[i].kind);
		expect_int8(&f, device ? UINT32_MAX : 0);
		expect_int8(&f, device ? 7 : 0);
		fixture_end(&f);
	}
}

static void
test_rename_and_link(void **state)
{
	struct fixture f;

	(void) state;
	start_standard(&f, NFSPROC3_RENAME, STATEMENT_MOVE);
	expect_bytes(&f, dir, sizeof(dir));
	expect_text(&f, "name");
	expect_bytes(&f, other, sizeof(other));
	expect_text(&f, "new");
	expect_caller(&f);
	assert_int_equal(f.request.call.key, call_key(dir, sizeof(dir)));
	end(&f);

	/* here the directory is the second handle */
	start_standard(&f, NFSPROC3_LINK, STATEMENT_CREATE_HARD_LINK);
	expect_bytes(&f, dir, sizeof(dir));
	expect_bytes(&f, other, sizeof(other));
	expect_text(&f, "new");
	expect_caller(&f);
	assert_int_equal(f.request.call.key, call_key(other, sizeof(other)));
	end(&f);
}

static void
test_readdir(void **state)
{
	struct fixture f;

	(void) state;
	start_standard(&f, NFSPROC3_READDIR, STATEMENT_READ_DIRECTORY);
	expect_bytes(&f, dir, sizeof(dir));
	expect_int8(&f, 3);
	expect_int8(&f, 4096);
	expect_int8(&f, 4096);
	expect_bool(&f, false);
	expect_caller(&f);
	end(&f);

	start_standard(&f, NFSPROC3_READDIRPLUS, STATEMENT_READ_DIRECTORY);
	expect_bytes(&f, dir, sizeof(dir));
	expect_int8(&f, 3);
	expect_int8(&f, 512);
	expect_int8(&f, 4096);
	expect_bool(&f, true);
	expect_caller(&f);
	assert_int_equal(f.request.call.result_size, 4096);
	end(&f);
}

/*
 * Cut off anywhere, arguments are refused; what comes after them is not looked
 * at.  The block is exactly as long as the arguments, so that reading on would
 * be seen.
 */
static void
test_every_length(void **state)
{
	struct fixture f;
	struct buffer b;

	(void) state;
	for (uint32_t procedure = 1; procedure < nfs3_program.procedure_count;
		 procedure++)
	{
		put_arguments(&b, procedure);
		for (size_t size = 0; size < b.size; size++)
		{
			fixture_start(&f, &nfs3_program, procedure);
			assert_false(decode(&f, b.data, size));
			fixture_end(&f);
		}
		put_bytes(&b, "and something more", 18);
		fixture_start(&f, &nfs3_program, procedure);
		assert_true(decode(&f, b.data, b.size));
		fixture_end(&f);
	}
}

/* The arguments with one word replaced. */
static bool
decode_with(uint32_t procedure, size_t offset, uint32_t word)
{
	struct fixture f;
	struct buffer b;
	size_t		size;
	bool		decoded;

	put_arguments(&b, procedure);
	size = b.size;
	b.size = offset;
	put32(&b, word);
	b.size = size;
	fixture_start(&f, &nfs3_program, procedure);
	decoded = decode(&f, b.data, b.size);
	fixture_end(&f);
	return decoded;
}

static void
test_bad_discriminants(void **state)
{
	const size_t handle = 4 + 36;
	const size_t where = handle + 4 + 4;
	const size_t sattr = 3 * 8 + 12;

	(void) state;
	/* booleans of sattr3, then its two time_hows, then the guard's check */
	assert_true(decode_with(NFSPROC3_SETATTR, handle, 1));
	assert_false(decode_with(NFSPROC3_SETATTR, handle, 2));
	assert_false(decode_with(NFSPROC3_SETATTR, handle + 24, 0x01000000));
	assert_false(decode_with(NFSPROC3_SETATTR, handle + sattr, 3));
	assert_false(decode_with(NFSPROC3_SETATTR, handle + sattr + 12, 3));
	assert_false(decode_with(NFSPROC3_SETATTR, handle + sattr + 24, 2));

	/* createmode3, ftype3, stable_how */
	assert_false(decode_with(NFSPROC3_CREATE, where, 3));
	assert_false(decode_with(NFSPROC3_CREATE, where, UINT32_MAX));
	assert_false(decode_with(NFSPROC3_MKNOD, where, 0));
	assert_false(decode_with(NFSPROC3_MKNOD, where, 8));
	assert_false(decode_with(NFSPROC3_WRITE, handle + 12, 3));

	/* lengths: of a handle, a name, of data */
	assert_false(decode_with(NFSPROC3_GETATTR, 0, UINT32_MAX));
	assert_false(decode_with(NFSPROC3_GETATTR, 0, UINT32_MAX - 3));
	assert_false(decode_with(NFSPROC3_GETATTR, 0, 37));
	assert_false(decode_with(NFSPROC3_GETATTR, 0, NFS3_FHSIZE + 1));
	assert_false(decode_with(NFSPROC3_LOOKUP, handle, UINT32_MAX));
	assert_false(decode_with(NFSPROC3_WRITE, handle + 16, UINT32_MAX));
	assert_false(decode_with(NFSPROC3_WRITE, handle + 16, 9));
}

/*
 * Handles that cannot be handles are the extension's to refuse; more than
 * NFS3_FHSIZE bytes are none by the type.
 */
static void
test_odd_handles(void **state)
{
	static const uint32_t sizes[] = {0, 1, 63, NFS3_FHSIZE};
	static const char long_handle[NFS3_FHSIZE];
	struct fixture f;
	struct buffer b;

	(void) state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		b.size = 0;
		put_opaque(&b, long_handle, sizes[i]);
		start(&f, NFSPROC3_GETATTR, &b);
		expect_bytes(&f, long_handle, (int) sizes[i]);
		expect_caller(&f);
		end(&f);
	}
}

static void
test_long_names(void **state)
{
	static const uint32_t sizes[] = {0, 255, 256, 5000};
	static const char long_name[5000];
	struct fixture f;
	struct buffer b;

	(void) state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		b.size = 0;
		put_handle(&b, dir);
		put_opaque(&b, long_name, sizes[i]);
		start(&f, NFSPROC3_LOOKUP, &b);
		expect_bytes(&f, dir, sizeof(dir));
		expect_bytes(&f, long_name, (int) sizes[i]);
		fixture_end(&f);
	}
}

/* A second has no more than 10^9 nanoseconds, wherever one is given. */
static void
test_bad_time(void **state)
{
	const size_t handle = 4 + 36;
	const size_t sattr = 3 * 8 + 12;
	const struct
	{
		uint32_t	procedure;
		size_t		offset;
		int			optional_parts;
	}			times[] = {
		{NFSPROC3_SETATTR, handle + sattr + 8, 2},
		{NFSPROC3_SETATTR, handle + sattr + 20, 2},
		{NFSPROC3_SETATTR, handle + sattr + 32, 2},
		{NFSPROC3_CREATE, handle + 8 + 4 + sattr + 8, 2},
		{NFSPROC3_MKDIR, handle + 8 + sattr + 8, 2},
		{NFSPROC3_SYMLINK, handle + 8 + sattr + 20, 2},
		{NFSPROC3_MKNOD, handle + 8 + 4 + sattr + 8, 2},
	};
	struct fixture f;
	struct buffer b;

	(void) state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
	{
		struct buffer expected = {.size = 0};
		size_t		size;

		put_arguments(&b, times[i].procedure);
		size = b.size;
		b.size = times[i].offset;
		put32(&b, 999999999);
		b.size = size;
		start(&f, times[i].procedure, &b);
		assert_int_not_equal(f.request.call.statement, NO_STATEMENT);
		fixture_end(&f);

		b.size = times[i].offset;
		put32(&b, 1000000000);
		b.size = size;
		start(&f, times[i].procedure, &b);
		assert_int_equal(f.request.call.statement, NO_STATEMENT);
		put32(&expected, NFS3ERR_INVAL);
		for (int part = 0; part < times[i].optional_parts; part++)
			put32(&expected, 0);
		assert_results(&f, &expected);
		fixture_end(&f);
	}
}

/*
 * Changes of names and attributes are made once only: those of the lane for
 * changes, which the database knows again.
 */
static void
test_once(void **state)
{
	static const uint32_t once[] = {
		NFSPROC3_SETATTR, NFSPROC3_CREATE, NFSPROC3_MKDIR, NFSPROC3_SYMLINK,
		NFSPROC3_MKNOD, NFSPROC3_REMOVE, NFSPROC3_RMDIR, NFSPROC3_RENAME,
		NFSPROC3_LINK,
	};
	struct fixture f;
	struct buffer b;

	(void) state;
	for (uint32_t procedure = 1; procedure < nfs3_program.procedure_count;
		 procedure++)
	{
		bool		expected = false;

		for (size_t i = 0; i < sizeof(once) / sizeof(once[0]); i++)
			expected = expected || once[i] == procedure;
		put_arguments(&b, procedure);
		start(&f, procedure, &b);
		assert_int_equal(f.request.procedure->once, expected);
		assert_int_equal(statements[f.request.call.statement].lane ==
						 LANE_CHANGE, expected);
		assert_true(f.request.procedure->changes || !expected);
		fixture_end(&f);
	}
}

static void
test_lanes(void **state)
{
	(void) state;
	assert_int_equal(statements[STATEMENT_LOOKUP].lane, LANE_READ);
	assert_int_equal(statements[STATEMENT_READ_DIRECTORY].lane, LANE_READ);
	assert_int_equal(statements[STATEMENT_WRITE].lane, LANE_BULK);
	assert_int_equal(statements[STATEMENT_COMMIT].lane, LANE_BULK);
	assert_int_equal(statements[STATEMENT_SET_FILE_ATTRIBUTES].lane,
					 LANE_CHANGE);
	assert_int_equal(statements[STATEMENT_MOVE].lane, LANE_CHANGE);
}

/* A column for each call, as many parameters as it has, and no name twice. */
static void
test_statements(void **state)
{
	char		sql[STATEMENT_SQL_MAX];
	char		name[STATEMENT_NAME_MAX];
	char		one_name[STATEMENT_NAME_MAX];

	(void) state;
	for (int i = 0; i < statement_count; i++)
	{
		char		call[128];

		assert_true(statements[i].nparams <= CALL_MAX_PARAMS);
		snprintf(call, sizeof(call), " dittofs.%s(", statements[i].name);
		statement_name(&statements[i], 1, one_name);
		if (statements[i].brief)
		{
			assert_true(i > 0 && !statements[i - 1].brief);
			assert_string_equal(statements[i].name, statements[i - 1].name);
			assert_true(statements[i].nparams < statements[i - 1].nparams);
		}
		else
			assert_string_equal(one_name, statements[i].name);
		for (int j = 0; j < CALL_WIDTHS; j++)
		{
			const char *at = sql;
			int			columns = 0;
			int			highest = 0;

			statement_sql(&statements[i], call_widths[j], sql);
			assert_true(strlen(sql) < sizeof(sql) - 1);
			assert_memory_equal(sql, "SELECT ", 7);
			while ((at = strstr(at, call)))
			{
				columns++;
				at += strlen(call);
			}
			assert_int_equal(columns, call_widths[j]);
			for (at = sql; (at = strchr(at, '$'));)
			{
				highest++;
				assert_int_equal(atoi(++at), highest);
			}
			assert_int_equal(highest, columns * statements[i].nparams);
			assert_true(sql[strlen(sql) - 1] == ')');
			statement_name(&statements[i], call_widths[j], name);
			assert_int_equal(strcmp(name, one_name) == 0, call_widths[j] == 1);
		}
		for (int j = 0; j < i; j++)
		{
			char		other_name[STATEMENT_NAME_MAX];

			statement_name(&statements[j], 1, other_name);
			if (statements[i].lane == statements[j].lane)
				assert_string_not_equal(one_name, other_name);
		}
	}
	assert_int_equal(call_widths[0], CALL_MAX_WIDTH);
	assert_int_equal(call_widths[CALL_WIDTHS - 1], 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_handle_alone),
		cmocka_unit_test(test_handle_and_name),
		cmocka_unit_test(test_setattr),
		cmocka_unit_test(test_access),
		cmocka_unit_test(test_read_and_commit),
		cmocka_unit_test(test_large_offsets),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_count),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_mkdir),
		cmocka_unit_test(test_symlink),
		cmocka_unit_test(test_mknod),
		cmocka_unit_test(test_rename_and_link),
		cmocka_unit_test(test_readdir),
		cmocka_unit_test(test_every_length),
		cmocka_unit_test(test_bad_discriminants),
		cmocka_unit_test(test_odd_handles),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_bad_time),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_lanes),
		cmocka_unit_test(test_statements),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
