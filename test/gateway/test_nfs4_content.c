/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_content.c
 *	  NFSv4.1 and 4.2 with content in each kind of place: what is written is
 *	  read by both versions through both gateways, before it is moved into a
 *	  store and behind that.  A store that is away is DELAY.
 *
 * A file has a twin in memory here.  Whatever changes the file changes the twin
 * as well, and the two are compared byte by byte.
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The share's blocks, and what one call may move. */
#define BLOCK 131072
#define MIB 1048576
#define TWIN_MAX (3 * MIB)

#define BOTH OPEN4_SHARE_ACCESS_BOTH

/* data_content4 */
#define DATA 0
#define HOLE 1

struct twin
{
	struct handle file;
	struct stateid s;
	uint64_t	fileid;
	size_t		size;
	unsigned char *bytes;
};

static struct v4 *one;			/* a session at the first gateway */
static struct v4 *two;			/* the same session at the second */
static struct client *old;		/* a client of version 3 */
static struct handle dir;
static const char *kind;
static bool in_store;			/* content moves into one */

static struct twin
make_twin(const char *name)
{
	struct twin t = {.file = v4_make_file(one, &dir, name, 0644)};

	t.s = v4_open(one, &t.file, name, BOTH, 0);
	t.fileid = v4_attr(one, &t.file, FATTR4_FILEID);
	t.bytes = calloc(1, TWIN_MAX);
	return t;
}

static void
forget_twin(struct twin *t)
{
	if (AT(one, &t->file, op_close(one, t->s)) != NFS4_OK)
		bail_out("CLOSE: %u", one->status);
	free(t->bytes);
}

/* Bytes that are nowhere else. */
static void
fill(struct twin *t, uint64_t offset, size_t size)
{
	static uint32_t seed;

	seed += 977;
	for (size_t i = 0; i < size; i++)
		t->bytes[offset + i] =
			(unsigned char) ((((uint32_t) i + seed) * 2654435761u) >> 16 | 1);
	if (offset + size > t->size)
		t->size = offset + size;
}

static uint32_t
write_at(struct v4 *w, struct twin *t, uint64_t offset, size_t size,
		 uint32_t stable)
{
	fill(t, offset, size);
	AT(w, &t->file, op_write(w, t->s, offset, B(t->bytes + offset, size),
							 stable));
	if (w->status == NFS4_OK && last_result(w)->count != size)
		return NOT_REACHED;
	return w->status;
}

/* In pieces of 1 MiB, which begin where no block does, too. */
static bool
same_by_4(struct v4 *w, const struct twin *t, uint64_t from)
{
	for (uint64_t at = from; at < t->size; at += MIB)
	{
		size_t		want = t->size - at < MIB ? t->size - at : MIB;
		const struct result4 *r;

		AT(w, &t->file, op_read(w, t->s, at, MIB));
		r = last_result(w);
		if (w->status != NFS4_OK || r->data.size != want ||
			r->eof != (at + want == t->size) ||
			memcmp(r->data.data, t->bytes + at, want) != 0)
		{
			note("READ at %lld: status %u, %u bytes", (long long) at,
				 w->status, r->data.size);
			return false;
		}
	}
	return true;
}

static bool
same_by_3(const struct twin *t)
{
	for (uint64_t at = 0; at < t->size; at += MIB)
	{
		size_t		want = t->size - at < MIB ? t->size - at : MIB;
		struct result r = v3_read(old, &t->file, at, MIB);

		if (r.status != NFS3_OK || r.data.size != want ||
			memcmp(r.data.data, t->bytes + at, want) != 0)
		{
			note("READ of version 3 at %lld: status %u, %u bytes",
				 (long long) at, r.status, r.data.size);
			return false;
		}
	}
	return true;
}

static void
is_same(const struct twin *t, const char *what)
{
	is((int64_t) v4_attr(two, &t->file, FATTR4_SIZE), (int64_t) t->size,
	   "%s: size", what);
	ok(same_by_4(one, t, 0) && same_by_4(two, t, 777),
	   "%s: version 4 reads it", what);
	ok(same_by_3(t), "%s: version 3 reads it", what);
}

/* Until nothing of the file's is in the database, where there is a store. */
static void
await_moved(const struct twin *t)
{
	char		condition[400];

	if (!in_store)
		return;
	snprintf(condition, sizeof(condition),
			 "(SELECT NOT EXISTS (SELECT FROM dittofs.blocks WHERE"
			 " content_id = f.id) AND EXISTS (SELECT FROM dittofs.extents"
			 " WHERE content_id = f.id) AND NOT EXISTS (SELECT FROM"
			 " dittofs.staged_files WHERE file_id = f.id)"
			 " FROM dittofs.files f WHERE fileid = %lld)",
			 (long long) t->fileid);
	await_sql(condition);
}

static void
is_same_and_moved(const struct twin *t, const char *what)
{
	char		moved[128];

	is_same(t, what);
	await_moved(t);
	snprintf(moved, sizeof(moved), "%s, moved", what);
	is_same(t, moved);
}

static void
test_large(void)
{
	struct twin t = make_twin("large");

	is_status(write_at(one, &t, 0, MIB, UNSTABLE4), NFS4_OK,
			  "WRITE of 1 MiB");
	is_status(write_at(two, &t, MIB + 1000, MIB, UNSTABLE4), NFS4_OK,
			  "another behind a hole, its ends within blocks");
	is_status(AT(one, &t.file, op_commit(one, 0, 0)), NFS4_OK, "COMMIT");
	is_same_and_moved(&t, "large WRITEs");
	is_status(write_at(one, &t, BLOCK, 3 * BLOCK, FILE_SYNC4), NFS4_OK,
			  "WRITE over whole blocks");
	is(last_result(one)->committed, FILE_SYNC4, "FILE_SYNC");
	is_status(write_at(two, &t, 5 * BLOCK - 100, BLOCK + 200, DATA_SYNC4),
			  NFS4_OK, "WRITE over a block and what is beside it");
	is_status(write_at(one, &t, 777, 10, UNSTABLE4), NFS4_OK,
			  "WRITE of ten bytes");
	is_same_and_moved(&t, "WRITEs over blocks");
	forget_twin(&t);
}

#define SMALL 60

/* So many READs in one COMPOUND; how many give what they should? */
static int
read_small(struct v4 *w, const struct twin *t, uint32_t step, uint32_t size)
{
	int			right = 0;

	v4_at(w, &t->file);
	for (uint32_t i = 0; i < SMALL; i++)
		op_read(w, t->s, i * step, size);
	if (v4_call(w) != NFS4_OK)
		note("%d READs: status %u of number %d", SMALL, w->status,
			 w->result_count - 2);
	for (int i = 0; i < SMALL && i + 2 < w->result_count; i++)
	{
		const struct result4 *r = &w->results[i + 2];

		right += r->status == NFS4_OK && r->data.size == size &&
			memcmp(r->data.data, t->bytes + (uint32_t) i * step, size) == 0;
	}
	return right;
}

static void
test_small(void)
{
	const uint32_t step = 9001;
	struct twin t = make_twin("small");

	v4_at(one, &t.file);
	for (uint32_t i = 0; i < SMALL; i++)
	{
		fill(&t, i * step, 1000 + i);
		op_write(one, t.s, i * step, B(t.bytes + i * step, 1000 + i),
				 UNSTABLE4);
	}
	op_commit(one, 0, 0);
	is_status(v4_call(one), NFS4_OK, "%d WRITEs and COMMIT in one COMPOUND",
			  SMALL);
	is(read_small(two, &t, step, 1000), SMALL, "READs in one COMPOUND");
	is_same_and_moved(&t, "small WRITEs");
	is(read_small(one, &t, step, 1000), SMALL,
	   "READs in one COMPOUND, moved");
	is(read_small(two, &t, step, 1000), SMALL, "through the other gateway");
	is(read_small(two, &t, step, 7), SMALL, "of few bytes");

	/* The first WRITE has whole blocks, the others have none. */
	v4_at(one, &t.file);
	fill(&t, BLOCK, 2 * BLOCK);
	op_write(one, t.s, BLOCK, B(t.bytes + BLOCK, 2 * BLOCK), UNSTABLE4);
	for (uint32_t i = 1; i < SMALL; i++)
	{
		fill(&t, i * step, 100);
		op_write(one, t.s, i * step, B(t.bytes + i * step, 100), UNSTABLE4);
	}
	is_status(v4_call(one), NFS4_OK, "a large WRITE and %d small ones over it",
			  SMALL - 1);
	is(read_small(one, &t, step, 1000), SMALL, "are read in one COMPOUND");
	is_same_and_moved(&t, "large and small WRITEs");
	forget_twin(&t);
}

static void
is_sought(const struct twin *t, uint32_t what, uint64_t from, uint64_t want,
		  const char *name)
{
	AT(two, &t->file, op_seek(two, t->s, from, what));
	ok(two->status == NFS4_OK && last_result(two)->offset == want, "%s", name);
	if (two->status != NFS4_OK || last_result(two)->offset != want)
		note("status %u, offset %lld", two->status,
			 (long long) last_result(two)->offset);
}

static uint32_t
set_size(struct v4 *w, struct twin *t, size_t size)
{
	struct fattr f = fattr_of(&(struct set) {.what = SET_SIZE, .size = size});

	if (size < t->size)
		memset(t->bytes + size, 0, t->size - size);
	t->size = size;
	return AT(w, &t->file, op_setattr(w, t->s, &f));
}

static void
test_ranges(void)
{
	struct twin t = make_twin("ranges");

	is_status(write_at(one, &t, 0, MIB, FILE_SYNC4), NFS4_OK, "WRITE");
	await_moved(&t);
	memset(t.bytes + BLOCK + 5000, 0, 2 * BLOCK);
	is_status(AT(one, &t.file, op_deallocate(one, t.s, BLOCK + 5000,
											 2 * BLOCK)), NFS4_OK,
			  "DEALLOCATE from within a block into another");
	is_sought(&t, HOLE, 0, BLOCK + 5000, "SEEK finds the hole");
	is_sought(&t, DATA, BLOCK + 5000, 3 * BLOCK + 5000,
			  "and the data behind it");
	is_same(&t, "DEALLOCATE");
	t.size = MIB + 5 * BLOCK;
	is_status(AT(two, &t.file, op_allocate(two, t.s, MIB, 5 * BLOCK)),
			  NFS4_OK, "ALLOCATE behind the end");
	is_same_and_moved(&t, "ALLOCATE");
	is_status(set_size(one, &t, 4 * BLOCK + 333), NFS4_OK,
			  "SETATTR cuts a block");
	is_same(&t, "cut");
	is_status(set_size(two, &t, 6 * BLOCK + 1), NFS4_OK,
			  "SETATTR makes it longer");
	is_same_and_moved(&t, "longer");
	is_status(write_at(one, &t, 5 * BLOCK, 100, FILE_SYNC4), NFS4_OK,
			  "WRITE behind what was cut off");
	is_same_and_moved(&t, "written");
	is_status(set_size(one, &t, 0), NFS4_OK, "SETATTR cuts all");
	is_status(write_at(two, &t, BLOCK, BLOCK, UNSTABLE4), NFS4_OK,
			  "WRITE of a block");
	is_same_and_moved(&t, "written anew");
	forget_twin(&t);
}

static void
test_copies(void)
{
	struct twin from = make_twin("from");
	struct twin copy = make_twin("copy");
	struct twin clone = make_twin("clone");
	uint64_t	copied = 0;

	is_status(write_at(one, &from, 0, MIB, UNSTABLE4), NFS4_OK, "WRITE");
	await_moved(&from);
	is_status(write_at(one, &from, 2 * BLOCK + 10, 500, UNSTABLE4), NFS4_OK,
			  "WRITE of what stays in the database for a while");
	is_status(write_at(two, &copy, 0, 2 * BLOCK, UNSTABLE4), NFS4_OK,
			  "the target has something, too");

	/* The server may copy less than it was asked for. */
	while (copied < 6 * BLOCK)
	{
		v4_at(two, &from.file);
		op_savefh(two);
		op_putfh(two, &copy.file);
		op_copy(two, from.s, copy.s, 1000 + copied, BLOCK + 77 + copied,
				6 * BLOCK - copied);
		if (v4_call(two) != NFS4_OK || last_result(two)->length == 0)
			break;
		copied += last_result(two)->length;
	}
	is((int64_t) copied, 6 * BLOCK, "COPY from and to within blocks");
	memcpy(copy.bytes + BLOCK + 77, from.bytes + 1000, 6 * BLOCK);
	copy.size = BLOCK + 77 + 6 * BLOCK;
	v4_at(one, &from.file);
	op_savefh(one);
	op_putfh(one, &clone.file);
	op_clone(one, from.s, clone.s, 0, 0, 0);
	is_status(v4_call(one), NFS4_OK, "CLONE");
	memcpy(clone.bytes, from.bytes, from.size);
	clone.size = from.size;
	is_same(&copy, "COPY");
	is_same(&clone, "CLONE");

	/* What happens to the source is nothing to the copies. */
	is_status(write_at(one, &from, 100, 3 * BLOCK, FILE_SYNC4), NFS4_OK,
			  "WRITE to the source");
	is_status(set_size(two, &from, 4 * BLOCK), NFS4_OK, "the source is cut");
	is_status(write_at(two, &clone, 3 * BLOCK - 1, 2, FILE_SYNC4), NFS4_OK,
			  "WRITE to the clone");
	is_same_and_moved(&copy, "COPY behind that");
	is_same_and_moved(&clone, "CLONE behind that");
	is_same_and_moved(&from, "the source");
	forget_twin(&from);
	forget_twin(&copy);
	forget_twin(&clone);
}

/* A file without a name is read and written until it is closed. */
static void
test_removed(void)
{
	struct twin t = make_twin("removed");

	is_status(write_at(one, &t, 0, 3 * BLOCK + 100, UNSTABLE4), NFS4_OK,
			  "WRITE");
	await_moved(&t);
	is_status(v3_remove(old, &dir, S("removed")).status, NFS3_OK,
			  "REMOVE by version 3");
	sql("SELECT dittofs.reap()");
	ok(same_by_4(one, &t, 0) && same_by_4(two, &t, 777),
	   "a file without a name is read");
	is_status(write_at(two, &t, BLOCK, BLOCK, FILE_SYNC4), NFS4_OK,
			  "WRITE of a whole block of it");
	is_status(write_at(one, &t, 2 * BLOCK - 5, 10, FILE_SYNC4), NFS4_OK,
			  "WRITE of a part of one");
	is_same_and_moved(&t, "written without a name");
	is_status(AT(one, &t.file, op_close(one, t.s)), NFS4_OK, "CLOSE");
	is_status(AT(one, &t.file, op_getattrs(one, FATTR4_SIZE)), NFS4ERR_STALE,
			  "and it is gone");
	free(t.bytes);
}

/* A session's limit for replies is one for data of a store, too. */
static void
test_limits(void)
{
	struct twin t = make_twin("limits");
	struct v4  *w = v4_connect(0);
	struct create_session e = {.fore = usual_fore, .back = usual_back};

	is_status(write_at(one, &t, 0, 2 * BLOCK, FILE_SYNC4), NFS4_OK, "WRITE");
	await_moved(&t);
	w->minor = 2;
	w->cache = false;
	*w->s = *one->s;
	memset(w->s->sequence, 0, sizeof(w->s->sequence));
	e.client_id = one->s->client_id;
	e.sequence = one->s->create_sequence++;
	e.fore.response = 4096;
	v4_bare(w);
	op_create_session(w, &e);
	is_status(v4_call(w), NFS4_OK, "a session with replies of 4096 bytes");
	memcpy(w->s->id, last_result(w)->session, 16);
	is_status(AT(w, &t.file, op_read(w, t.s, 0, 3000)), NFS4_OK,
			  "READ of 3000");
	is_status(AT(w, &t.file, op_read(w, t.s, 0, 8192)), NFS4ERR_REP_TOO_BIG,
			  "of 8192");
	is(result_of(w, OP_READ)->data.size, 0, "has no data");
	v4_at(w, &t.file);
	op_read(w, t.s, 0, 1500);
	op_read(w, t.s, BLOCK, 1500);
	op_read(w, t.s, 1500, 1500);
	is_status(v4_call(w), NFS4ERR_REP_TOO_BIG, "three of 1500");
	is(w->result_count, 5, "the third of which is too much");
	ok(w->results[3].data.size == 1500 &&
	   memcmp(w->results[3].data.data, t.bytes + BLOCK, 1500) == 0,
	   "the second has its data");
	v4_bare(w);
	op_destroy_session(w, w->s->id);
	is_status(v4_call(w), NFS4_OK, "DESTROY_SESSION");
	free(w->s);
	v4_disconnect(w);
	forget_twin(&t);
}

/* A block that is gone fails the READ that needs it, and none before. */
static void
test_damaged(void)
{
	struct twin t = make_twin("damaged");
	char		path[1024];
	char		aside[1100];

	is_status(write_at(two, &t, 0, 4 * BLOCK, FILE_SYNC4), NFS4_OK, "WRITE");
	await_moved(&t);
	snprintf(path, sizeof(path), "%s/content/%s", getenv("DITTOFS_RUN"),
			 sql("SELECT substr(h, 1, 2) || '/' || substr(h, 3, 2) || '/' || h"
				 " FROM (SELECT encode(hash, 'hex') AS h FROM dittofs.extents"
				 " WHERE start = %d AND content_id = (SELECT id FROM"
				 " dittofs.files WHERE fileid = %lld)) x", 2 * BLOCK,
				 (long long) t.fileid));
	snprintf(aside, sizeof(aside), "%s.aside", path);
	if (rename(path, aside) != 0)
		bail_out("%s cannot be renamed", path);
	v4_at(one, &t.file);
	for (uint32_t i = 0; i < 4; i++)
		op_read(one, t.s, i * BLOCK + 100, 5001);
	is_status(v4_call(one), NFS4ERR_IO, "four READs, a block is gone: IO");
	is(one->result_count, 5, "at the third");
	for (int i = 0; i < 2; i++)
		ok(one->results[2 + i].data.size == 5001 &&
		   memcmp(one->results[2 + i].data.data, t.bytes + i * BLOCK + 100,
				  5001) == 0, "READ %d is right", i + 1);
	if (rename(aside, path) != 0)
		bail_out("%s cannot be renamed", aside);
	is_same(&t, "the block is back");
	forget_twin(&t);
}

/*
 * The store goes away: the directory is not there, or nobody listens.  A thread
 * that has opened the directory keeps it, so the gateway begins anew.
 */
static void
take_store_away(void)
{
	run_shell(strcmp(kind, "s3") == 0 ? "gateway_stop 1; s3_stop" :
			  "gateway_stop 1; "
			  "mv \"$DITTOFS_RUN/content\" \"$DITTOFS_RUN/content.away\"");
	run_shell("DITTOFS_GATEWAY_OPTS=\"--call-timeout 600ms "
			  "--content-cache 0\" gateway_start 1");
	reconnect(one->c);
	one->c->persistent = true;	/* not everything is done in so short a time */
}

static void
bring_store_back(void)
{
	run_shell(strcmp(kind, "s3") == 0 ?
			  "options=$(cat \"$DITTOFS_RUN/gateway-options\"); "
			  "s3_start \"${options##*:}\"" :
			  "mv \"$DITTOFS_RUN/content.away\" \"$DITTOFS_RUN/content\"");
}

/* Where content goes is asked for; until then the database has it all. */
static void
await_delay(struct twin *t)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 100)
	{
		if (write_at(one, t, 4 * BLOCK, BLOCK, UNSTABLE4) == NFS4ERR_DELAY)
			return;
		usleep(100000);
	}
	bail_out("waited in vain for a WRITE to be delayed");
}

static uint32_t
read_until_done(struct v4 *w, const struct twin *t, uint64_t at)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 100)
	{
		AT(w, &t->file, op_read(w, t->s, at, BLOCK));
		if (w->status != NFS4ERR_DELAY)
			break;
		usleep(100000);
	}
	return w->status;
}

static void
test_away(void)
{
	struct twin t = make_twin("away");
	struct twin copy = make_twin("copy of what is away");
	struct twin scratch = make_twin("scratch");
	unsigned char *wanted;

	is_status(write_at(two, &t, 0, 4 * BLOCK, FILE_SYNC4), NFS4_OK, "WRITE");
	await_moved(&t);
	take_store_away();
	await_delay(&scratch);
	is_status(AT(one, &t.file, op_read(one, t.s, 0, BLOCK)), NFS4ERR_DELAY,
			  "READ: DELAY");
	is(last_result(one)->op, OP_READ, "at READ");
	v4_at(one, &t.file);
	op_read(one, t.s, 0, 100);
	op_read(one, t.s, BLOCK, 100);
	op_getattrs(one, FATTR4_SIZE);
	is_status(v4_call(one), NFS4ERR_DELAY, "two READs and GETATTR: DELAY");
	wanted = malloc(TWIN_MAX);
	memcpy(wanted, t.bytes, TWIN_MAX);
	is_status(write_at(one, &t, BLOCK, 2 * BLOCK, FILE_SYNC4), NFS4ERR_DELAY,
			  "WRITE of whole blocks: DELAY");
	is(last_result(one)->op, OP_WRITE, "at WRITE");
	is_status(write_at(one, &t, 4 * BLOCK, BLOCK, UNSTABLE4), NFS4ERR_DELAY,
			  "behind the end, too");
	memcpy(t.bytes, wanted, TWIN_MAX);
	t.size = 4 * BLOCK;
	free(wanted);
	is((int64_t) v4_attr(one, &t.file, FATTR4_SIZE), 4 * BLOCK,
	   "which leaves nothing");
	is_status(write_at(one, &t, 50, 100, FILE_SYNC4), NFS4_OK,
			  "WRITE of part of a block is done");
	v4_at(one, &t.file);
	op_savefh(one);
	op_putfh(one, &copy.file);
	op_clone(one, t.s, copy.s, 0, 0, 0);
	is_status(v4_call(one), NFS4_OK, "and CLONE");
	memcpy(copy.bytes, t.bytes, t.size);
	copy.size = t.size;
	is_status(set_size(one, &t, 3 * BLOCK + 7), NFS4_OK, "and SETATTR");
	is_status(AT(one, &t.file, op_read(one, t.s, 60, 20)), NFS4_OK,
			  "what the database has is read");

	bring_store_back();
	is_status(read_until_done(one, &t, BLOCK), NFS4_OK,
			  "the store is back: READ");
	ok(memcmp(last_result(one)->data.data, t.bytes + BLOCK, BLOCK) == 0,
	   "is right");
	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS= gateway_start 1");
	reconnect(one->c);
	one->c->persistent = false;
	is_status(read_until_done(two, &t, 0), NFS4_OK,
			  "through the other gateway");
	is_same_and_moved(&t, "the store is back");
	is_same_and_moved(&copy, "the clone of then");
	forget_twin(&t);
	forget_twin(&copy);
	forget_twin(&scratch);
}

int
main(void)
{
	v4_required();
	kind = getenv("DITTOFS_TEST_CONTENT");
	in_store = kind != NULL && (strcmp(kind, "filesystem") == 0 ||
								strcmp(kind, "s3") == 0);
	one = v4_client(0, "one");
	one->minor = 2;
	one->cache = false;			/* what is read is more than is kept */
	two = v4_also(one, gateway_count() - 1);
	two->minor = 2;
	two->cache = false;
	old = connect_to(gateway_count() - 1);
	dir = v4_playground(one);
	if (in_store)
		await_store(old, &dir, BLOCK);
	test_large();
	test_small();
	test_ranges();
	test_copies();
	test_removed();
	test_limits();
	if (in_store && strcmp(kind, "filesystem") == 0)
		test_damaged();
	if (in_store)
		test_away();
	return done_testing();
}
