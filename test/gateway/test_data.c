/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_data.c
 *	  READ, WRITE, COMMIT: every byte where it was put, holes, the far end of
 *	  what an offset can say, stability and verifiers.
 */
#include "lib.h"

#include <stdlib.h>
#include <string.h>

#define MIB (1024 * 1024)
#define GIB ((uint64_t) 1 << 30)

static struct client *c;
static struct handle dir;

/* Bytes that depend on where in which file they are. */
static void
fill(unsigned char *data, size_t size, uint64_t offset, uint32_t seed)
{
	for (size_t i = 0; i < size; i++)
		data[i] = (unsigned char) (((offset + i) * 2654435761u + seed) >> 16);
}

static bool
reads_as(const struct handle *file, uint64_t offset, const void *want,
		 uint32_t size)
{
	struct result result = v3_read(c, file, offset, size);

	return result.status == NFS3_OK && result.count == size &&
		memcmp(result.data.data, want, size) == 0;
}

static bool
reads_as_zeros(const struct handle *file, uint64_t offset, uint32_t size)
{
	void	   *zeros = calloc(1, size);
	bool		same = reads_as(file, offset, zeros, size);

	free(zeros);
	return same;
}

static void
test_write(void)
{
	static const struct
	{
		uint32_t	stable;
		const char *name;
	}			levels[] = {
		{UNSTABLE, "UNSTABLE"}, {DATA_SYNC, "DATA_SYNC"},
		{FILE_SYNC, "FILE_SYNC"},
	};
	struct handle file = make_file(c, &dir, "write", 0644);
	struct attr before;
	struct result result;

	for (int i = 0; i < 3; i++)
	{
		before = v3_getattr(c, &file).attr;
		result = v3_write(c, &file, (uint64_t) i * 5, S("hello"),
						  levels[i].stable);
		is_status(result.status, NFS3_OK, "%s", levels[i].name);
		is(result.count, 5, "count");
		ok(result.committed >= levels[i].stable,
		   "committed is not weaker than asked");
		ok(result.wcc.before && result.wcc.size == before.size &&
		   result.wcc.mtime == before.mtime && result.wcc.ctime == before.ctime,
		   "wcc data: before");
		ok(result.wcc.after.size == before.size + 5 &&
		   result.wcc.after.mtime > before.mtime &&
		   result.wcc.after.ctime > before.ctime, "and after");
	}
	ok(reads_as(&file, 0, "hellohellohello", 15), "READ gives it back");

	before = v3_getattr(c, &file).attr;
	result = v3_write(c, &file, 1000, B("", 0), FILE_SYNC);
	is_status(result.status, NFS3_OK, "WRITE of nothing");
	is(result.count, 0, "count 0");
	result = v3_getattr(c, &file);
	ok(result.attr.size == 15 && result.attr.mtime == before.mtime &&
	   result.attr.ctime == before.ctime, "changes nothing");

	result = v3_write(c, &file, 3, S("LOHE"), FILE_SYNC);
	ok(reads_as(&file, 0, "helLOHEllohello", 15), "overwriting in the middle");
	is((int64_t) result.wcc.after.size, 15, "leaves the size alone");
}

static void
test_count_mismatch(void)
{
	struct handle file = make_file(c, &dir, "mismatch", 0644);
	static const uint32_t counts[] = {0, 3, 5, UINT32_MAX};

	for (int i = 0; i < 4; i++)
	{
		struct reply r;

		begin(c, NFS_PROGRAM, NFS_V3, NFS3_WRITE);
		put_handle(c, &file);
		put64(c, 0);
		put(c, counts[i]);
		put(c, FILE_SYNC);
		put_opaque(c, S("four"));
		r = exchange(c);
		is_status(take(&r), NFS3ERR_INVAL, "count %u, four bytes of data",
				  counts[i]);
		take_wcc(&r);
		take_end(&r);
	}
	is((int64_t) v3_getattr(c, &file).attr.size, 0, "nothing is written");
}

static void
test_read(void)
{
	struct handle file = make_file(c, &dir, "read", 0644);
	struct result result;

	v3_write(c, &file, 0, S("0123456789"), FILE_SYNC);
	result = v3_read(c, &file, 0, 10);
	ok(result.count == 10 && result.eof, "up to the end: eof");
	ok(result.attr.follows && result.attr.size == 10, "with attributes");
	result = v3_read(c, &file, 0, 9);
	ok(result.count == 9 && !result.eof, "up to the last byte but one: not");
	result = v3_read(c, &file, 0, 11);
	ok(result.count == 10 && result.eof, "beyond the end: what there is");
	result = v3_read(c, &file, 9, 1);
	ok(result.count == 1 && result.eof, "the last byte");
	result = v3_read(c, &file, 10, 1);
	ok(result.status == NFS3_OK && result.count == 0 && result.eof,
	   "at the end: nothing, eof");
	result = v3_read(c, &file, 1000, 1000);
	ok(result.status == NFS3_OK && result.count == 0 && result.eof,
	   "past the end: nothing, eof");
	result = v3_read(c, &file, 0, 0);
	ok(result.status == NFS3_OK && result.count == 0 && !result.eof,
	   "nothing from the start: not the end");
	result = v3_read(c, &file, 10, 0);
	ok(result.status == NFS3_OK && result.count == 0 && result.eof,
	   "nothing from the end: the end");
	result = v3_read(c, &file, UINT64_MAX, UINT32_MAX);
	ok(result.status == NFS3_OK && result.count == 0 && result.eof,
	   "at the largest offset there is");
	result = v3_read(c, &file, (uint64_t) 1 << 63, 1);
	ok(result.status == NFS3_OK && result.count == 0 && result.eof,
	   "at 2^63");
	for (uint32_t size = 0; size <= 10; size++)
	{
		if (!reads_as(&file, 10 - size, &"0123456789"[10 - size], size))
			ok(false, "the last %u bytes", size);
	}
	ok(true, "tails of every length");

	file = make_file(c, &dir, "empty", 0644);
	result = v3_read(c, &file, 0, 4096);
	ok(result.status == NFS3_OK && result.count == 0 && result.eof,
	   "an empty file");
}

static void
test_not_files(void)
{
	struct handle sub = make_dir(c, &dir, "no-file", 0755);
	struct handle fifo = v3_mknod(c, &dir, S("fifo"), NF3FIFO, NOTHING, 0,
								  0).handle;
	struct handle link = v3_symlink(c, &dir, S("link"), NOTHING,
									S("x")).handle;
	struct result result;

	result = v3_read(c, &sub, 0, 10);
	is_status(result.status, NFS3ERR_ISDIR, "READ of a directory");
	ok(result.attr.follows, "with attributes");
	result = v3_write(c, &sub, 0, S("x"), FILE_SYNC);
	is_status(result.status, NFS3ERR_ISDIR, "WRITE of a directory");
	ok(result.wcc.after.follows, "with attributes");
	is_status(v3_read(c, &fifo, 0, 10).status, NFS3ERR_INVAL, "READ of a FIFO");
	is_status(v3_write(c, &fifo, 0, S("x"), FILE_SYNC).status, NFS3ERR_INVAL,
			  "WRITE of a FIFO");
	is_status(v3_read(c, &link, 0, 10).status, NFS3ERR_INVAL,
			  "READ of a symbolic link");
	is_status(v3_write(c, &link, 0, S("x"), FILE_SYNC).status, NFS3ERR_INVAL,
			  "WRITE of a symbolic link");
	ok(v3_commit(c, &sub, 0, 0).status != NFS3_OK, "COMMIT of a directory");
}

/* Lengths and offsets around every boundary of the blocks below. */
static void
test_boundaries(void)
{
	static const uint32_t sizes[] = {1, 2, 3, 4, 5, 4095, 4096, 4097, 8191,
		8192, 8193, 65536, 131071, 131072, 131073, 262144, 300000, MIB - 1, MIB
	};
	static const uint64_t offsets[] = {0, 1, 131071, 131072, 200000};
	struct handle file = make_file(c, &dir, "boundaries", 0644);
	unsigned char *data = malloc(MIB);
	int			wrong = 0;
	int			cases = 0;

	for (size_t o = 0; o < sizeof(offsets) / sizeof(offsets[0]); o++)
	{
		for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
		{
			struct result result;

			v3_setattr(c, &file, &(struct set) {.what = SET_SIZE}, 0);
			fill(data, sizes[s], offsets[o], (uint32_t) cases++);
			result = v3_write(c, &file, offsets[o], B(data, sizes[s]),
							  UNSTABLE);
			wrong += result.status != NFS3_OK || result.count != sizes[s] ||
				result.wcc.after.size != offsets[o] + sizes[s];
			wrong += !reads_as(&file, offsets[o], data, sizes[s]);
			if (offsets[o] > 0)
				wrong += !reads_as_zeros(&file, 0, (uint32_t) offsets[o]);
		}
	}
	is(wrong, 0, "%d writes around the boundaries of blocks", cases);
	free(data);
}

static void
test_mebibytes(void)
{
	struct handle file = make_file(c, &dir, "mebibytes", 0644);
	unsigned char *data = malloc(MIB + 1);
	struct result result;
	int			right = 0;

	for (int i = 0; i < 8; i++)
	{
		fill(data, MIB, (uint64_t) i * MIB, 7);
		result = v3_write(c, &file, (uint64_t) i * MIB, B(data, MIB),
						  UNSTABLE);
		right += result.status == NFS3_OK && result.count == MIB;
	}
	is(right, 8, "eight writes of 1 MiB");
	is_status(v3_commit(c, &file, 0, 0).status, NFS3_OK, "COMMIT");
	right = 0;
	for (int i = 7; i >= 0; i--)
	{
		fill(data, MIB, (uint64_t) i * MIB, 7);
		right += reads_as(&file, (uint64_t) i * MIB, data, MIB);
	}
	is(right, 8, "eight reads of 1 MiB");
	fill(data, MIB, MIB / 2 + 13, 7);
	ok(reads_as(&file, MIB / 2 + 13, data, MIB), "one across all boundaries");
	result = v3_read(c, &file, 0, 4 * MIB);
	ok(result.status == NFS3_OK && result.count == MIB && !result.eof,
	   "a count above rtmax is clamped");
	result = v3_read(c, &file, 0, UINT32_MAX);
	ok(result.status == NFS3_OK && result.count == MIB,
	   "the largest count there is");
	result = v3_getattr(c, &file);
	ok(result.attr.size == 8 * MIB && result.attr.used >= 8 * MIB,
	   "8 MiB, and the space for it");

	/* a server may write less than it was given, and says so */
	fill(data, MIB + 1, 8 * (uint64_t) MIB, 7);
	result = v3_write(c, &file, 8 * (uint64_t) MIB, B(data, MIB + 1),
					  FILE_SYNC);
	ok(result.status == NFS3_OK && result.count >= MIB &&
	   result.wcc.after.size == 8 * (uint64_t) MIB + result.count,
	   "a WRITE of more than wtmax: %u bytes of it", result.count);
	ok(reads_as(&file, 8 * (uint64_t) MIB, data, MIB), "which are there");
	free(data);
}

static void
test_sparse(void)
{
	struct handle file = make_file(c, &dir, "sparse", 0644);
	static const uint64_t offsets[] = {
		4 * GIB - 2, 4 * GIB, 5 * GIB + 123, (uint64_t) 1 << 40,
		((uint64_t) 1 << 45) + 131070
	};
	uint64_t	end = 0;
	struct result result;

	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
	{
		result = v3_write(c, &file, offsets[i], S("data"), FILE_SYNC);
		is_status(result.status, NFS3_OK, "WRITE at %llu",
				  (unsigned long long) offsets[i]);
		end = offsets[i] + 4;
		is((int64_t) result.wcc.after.size, (int64_t) end, "the size");
	}
	ok(result.wcc.after.used < 4 * MIB, "holes use no space: %llu bytes",
	   (unsigned long long) result.wcc.after.used);
	ok(reads_as(&file, 4 * GIB - 2, "dadata", 6), "both sides of 4 GiB");
	for (size_t i = 2; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		ok(reads_as(&file, offsets[i], "data", 4), "READ at %llu",
		   (unsigned long long) offsets[i]);
	ok(reads_as_zeros(&file, 0, MIB), "a hole at the start is zeros");
	ok(reads_as_zeros(&file, 100 * GIB + 77, MIB), "so is one far out");
	ok(reads_as_zeros(&file, 4 * GIB - 2 - 1000, 1000), "before data");
	ok(reads_as_zeros(&file, 4 * GIB + 4, 1000), "after data");
	result = v3_read(c, &file, end - 4, 100);
	ok(result.count == 4 && result.eof, "the end is where it should be");

	/* cut in the middle, grow again: what was there must not come back */
	v3_setattr(c, &file, &(struct set)
			   {.what = SET_SIZE, .size = 5 * GIB + 125}, 0);
	v3_setattr(c, &file, &(struct set)
			   {.what = SET_SIZE, .size = 6 * GIB}, 0);
	ok(reads_as(&file, 5 * GIB + 123, "da\0\0\0\0\0\0", 8),
	   "what was cut off does not come back");
	v3_setattr(c, &file, &(struct set) {.what = SET_SIZE}, 0);
	is((int64_t) v3_getattr(c, &file).attr.used, 0,
	   "an empty file uses nothing");
}

static void
test_far_end(void)
{
	struct handle file = make_file(c, &dir, "far", 0644);
	struct result result;

	result = v3_write(c, &file, INT64_MAX - 4, S("last"), FILE_SYNC);
	is_status(result.status, NFS3_OK, "the last four bytes there can be");
	is((int64_t) result.wcc.after.size, INT64_MAX, "a size of 2^63-1");
	ok(reads_as(&file, INT64_MAX - 4, "last", 4), "READ of them");
	result = v3_read(c, &file, INT64_MAX - 4, 100);
	ok(result.count == 4 && result.eof, "and then the end");
	result = v3_write(c, &file, INT64_MAX - 3, S("more"), FILE_SYNC);
	is_status(result.status, NFS3ERR_FBIG, "a byte beyond");
	ok(result.wcc.after.follows, "with attributes");
	is_status(v3_write(c, &file, INT64_MAX, S("x"), FILE_SYNC).status,
			  NFS3ERR_FBIG, "at 2^63-1");
	is_status(v3_write(c, &file, (uint64_t) 1 << 63, S("x"),
					   FILE_SYNC).status, NFS3ERR_FBIG, "at 2^63");
	is_status(v3_write(c, &file, UINT64_MAX, S("x"), FILE_SYNC).status,
			  NFS3ERR_FBIG, "at 2^64-1");
	is_status(v3_write(c, &file, UINT64_MAX - 1, S("wraps"),
					   FILE_SYNC).status, NFS3ERR_FBIG, "around the end");
	ok(reads_as(&file, INT64_MAX - 4, "last", 4), "nothing was written");
}

static void
test_commit(void)
{
	struct client *other = connect_to(gateway_count() - 1);
	struct handle file = make_file(c, &dir, "commit", 0644);
	struct result written = v3_write(c, &file, 0, S("data"), UNSTABLE);
	struct result result;

	result = v3_commit(c, &file, 0, 0);
	is_status(result.status, NFS3_OK, "COMMIT to the end");
	ok(result.wcc.after.follows, "with attributes");
	ok(memcmp(result.verifier, written.verifier, 8) == 0,
	   "the verifier of WRITE");
	result = v3_commit(c, &file, 1, 2);
	is_status(result.status, NFS3_OK, "COMMIT of a range");
	result = v3_commit(c, &file, UINT64_MAX, UINT32_MAX);
	ok(result.status == NFS3_OK || result.status == NFS3ERR_INVAL,
	   "COMMIT of an impossible range is answered");

	result = v3_write(other, &file, 4, S("more"), UNSTABLE);
	ok(memcmp(result.verifier, written.verifier, 8) == 0,
	   "another gateway, the same verifier");
	result = v3_commit(other, &file, 0, 0);
	ok(memcmp(result.verifier, written.verifier, 8) == 0, "of COMMIT as well");
	ok(reads_as(&file, 0, "datamore", 8), "one file through two gateways");
	disconnect(other);
}

/*
 * Writes of one file, all in flight at once and in no order: the size is the
 * greatest end there was.
 */
static void
test_parallel_writes(void)
{
	enum
	{
		WRITES = 200, SIZE = 10000
	};
	struct client *clients[4];
	struct handle file = make_file(c, &dir, "parallel", 0644);
	unsigned char data[SIZE];
	int			right = 0;

	for (int i = 0; i < 4; i++)
		clients[i] = connect_to(i % gateway_count());
	for (int i = 0; i < WRITES; i++)
	{
		struct client *writer = clients[i % 4];
		uint64_t	number = (uint64_t) (i * 77 % WRITES);

		fill(data, SIZE, number * SIZE, 3);
		begin(writer, NFS_PROGRAM, NFS_V3, NFS3_WRITE);
		put_handle(writer, &file);
		put64(writer, number * SIZE);
		put(writer, SIZE);
		put(writer, i % 3 == 0 ? FILE_SYNC : UNSTABLE);
		put_opaque(writer, B(data, SIZE));
		send_call(writer);
	}
	for (int i = 0; i < WRITES; i++)
	{
		struct reply r = receive(clients[i % 4]);

		right += r.outcome == DONE && take(&r) == NFS3_OK;
	}
	is(right, WRITES, "%d writes in flight, through all gateways", WRITES);
	is((int64_t) v3_getattr(c, &file).attr.size, WRITES * SIZE, "the size");
	right = 0;
	for (int i = 0; i < WRITES; i++)
	{
		fill(data, SIZE, (uint64_t) i * SIZE, 3);
		right += reads_as(&file, (uint64_t) i * SIZE, data, SIZE);
	}
	is(right, WRITES, "every byte");
	for (int i = 0; i < 4; i++)
		disconnect(clients[i]);
}

/* The same calls on content that is in memory only. */
static void
test_memory_share(void)
{
	struct handle root;
	struct handle file;
	unsigned char *data = malloc(MIB);

	sql("SELECT dittofs.create_share('/data-memory', content => 'memory',"
		" squash => 'none')");
	root = root_of(c, "/data-memory");
	file = make_file(c, &root, "file", 0644);
	fill(data, MIB, 0, 9);
	is_status(v3_write(c, &file, 12345, B(data, MIB), FILE_SYNC).status,
			  NFS3_OK, "WRITE to a share in memory");
	ok(reads_as(&file, 12345, data, MIB), "READ from it");
	ok(reads_as_zeros(&file, 0, 12345), "and its hole");
	is_status(v3_remove(c, &root, S("file")).status, NFS3_OK, "REMOVE");
	sql("SELECT dittofs.drop_share('/data-memory', force => true)");
	free(data);
}

/* Who may read and write is decided when it is done. */
static void
test_permission(void)
{
	struct handle file = make_file(c, &dir, "mine", 0600);
	struct handle program = make_file(c, &dir, "program", 0711);
	struct result result;

	v3_write(c, &file, 0, S("secret"), FILE_SYNC);
	become(c, 2000, 200);
	result = v3_read(c, &file, 0, 10);
	is_status(result.status, NFS3ERR_ACCES, "READ by another");
	ok(result.attr.follows, "with attributes");
	result = v3_write(c, &file, 0, S("x"), FILE_SYNC);
	is_status(result.status, NFS3ERR_ACCES, "WRITE by another");
	ok(result.wcc.after.follows, "with attributes");
	is_status(v3_read(c, &program, 0, 10).status, NFS3_OK,
			  "READ of what one may only execute");
	is_status(v3_write(c, &program, 0, S("x"), FILE_SYNC).status,
			  NFS3ERR_ACCES, "WRITE of that");
	become(c, 0, 0);

	file = make_file(c, &dir, "closed", 0644);
	v3_setattr(c, &file, &(struct set)
			   {.what = SET_MODE | SET_UID, .mode = 0, .uid = 1000}, 0);
	become(c, 1000, 100);
	is_status(v3_write(c, &file, 0, S("x"), FILE_SYNC).status, NFS3_OK,
			  "the owner may write his file, mode 0000");
	is_status(v3_read(c, &file, 0, 10).status, NFS3_OK, "and read");
	is_status(v3_setattr(c, &file, &(struct set) {.what = SET_SIZE},
						 0).status, NFS3_OK, "and truncate");
	become(c, 0, 0);
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	test_write();
	test_count_mismatch();
	test_read();
	test_not_files();
	test_boundaries();
	test_mebibytes();
	test_sparse();
	test_far_end();
	test_commit();
	test_parallel_writes();
	test_memory_share();
	test_permission();
	disconnect(c);
	return done_testing();
}
