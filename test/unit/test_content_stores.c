/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_content_stores.c
 *	  Content stores: blocks in a directory, blocks in S3, and what they do
 *	  when those misbehave.
 */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../s3/bad_s3.h"
#include "content/content_backend.h"
#include "content/credentials.h"
#include "base/event.h"

/* Two chunks, and a bit. */
#define SIZE (2 * CONTENT_CHUNK + 1000)

static struct content_store_config directory;
static struct content_store_config bucket;
static struct content_session *session;
static struct content_effort effort;
static char data[SIZE];
static uint8_t hash[HASH_LEN];
static uint8_t sums[2 * SUM_LEN];
static char buffers[3][CONTENT_CHUNK];
static char *const pieces[3] = {buffers[0], buffers[1], buffers[2]};

/* Some block that no test has had before. */
static void
make_block(void)
{
	static unsigned number;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char) (i * 7 + number);
	memcpy(data, &number, sizeof(number));
	number++;
	content_hash(data, SIZE, hash, sums);
	memset(buffers, 0, sizeof(buffers));
}

static void
try_for(int milliseconds)
{
	memset(&effort, 0, sizeof(effort));
	effort.deadline = clock_now() + milliseconds * 1000;
}

static enum content_outcome
put(void)
{
	try_for(5000);
	return content_put(session, hash, data, SIZE, &effort);
}

static enum content_outcome
get(size_t from, size_t size)
{
	size_t		first = content_first_sum(from / CONTENT_CHUNK);
	struct content_part part = {hash, SIZE, from, size,
	sums + first * SUM_LEN};

	return content_get(session, &part, pieces, &effort);
}

static void
assert_got_all(void)
{
	try_for(5000);
	assert_int_equal(get(0, SIZE), CONTENT_OK);
	for (size_t i = 0; i < SIZE; i++)
		assert_int_equal(buffers[i / CONTENT_CHUNK][i % CONTENT_CHUNK],
						 data[i]);
}

/*
 * Names.
 */

static void
test_names(void **state)
{
	static const uint8_t abc[2] = {0xba, 0x78};
	char		key[CONTENT_KEY_SIZE];
	uint8_t		again[HASH_LEN];

	(void) state;
	/* FIPS 180-4's example */
	content_hash("abc", 3, hash, sums);
	assert_memory_equal(hash, abc, 2);
	content_key(hash, key);
	assert_string_equal(key, "ba/78/ba7816bf8f01cfea414140de5dae2223b00361a396"
						"177a9cb410ff61f20015ad");
	assert_true(content_key_parse(key, again));
	assert_memory_equal(again, hash, HASH_LEN);
	key[0] = 'c';
	assert_false(content_key_parse(key, again));
	assert_false(content_key_parse("ba/78/x", again));
}

/*
 * A sum is what SHA-256 has come to.  So the sum of a chunk that ends as
 * SHA-256 itself ends a message (0x80, zeros, its length in bits) is that
 * message's digest.
 */
static void
test_sums(void **state)
{
	size_t		size = CONTENT_CHUNK - 64;
	unsigned	length = HASH_LEN;
	uint8_t		digest[HASH_LEN];

	(void) state;
	make_block();
	memset(data + size, 0, 64);
	data[size] = (char) 0x80;
	for (int i = 0; i < 4; i++)
		data[size + 60 + i] = (char) (size * 8 >> (24 - 8 * i));
	assert_int_equal(
		EVP_Digest(data, size, digest, &length, EVP_sha256(), NULL), 1);
	content_hash(data, SIZE, hash, sums);
	assert_memory_equal(sums, digest, SUM_LEN);
	assert_int_equal(
		EVP_Digest(data, SIZE, digest, &length, EVP_sha256(), NULL), 1);
	assert_memory_equal(hash, digest, HASH_LEN);
	assert_int_equal(content_sums(0), 0);
	assert_int_equal(content_sums(CONTENT_CHUNK), 0);
	assert_int_equal(content_sums(CONTENT_CHUNK + 1), 1);
	assert_int_equal(content_sums(SIZE), 2);
}

/* Every part of a block is right, and wrong with any other bit. */
static void
test_parts(void **state)
{
	(void) state;
	make_block();
	for (size_t first = 0; first < 3; first++)
	{
		for (size_t last = first; last < 3; last++)
		{
			size_t		from = first * CONTENT_CHUNK;
			size_t		end = last == 2 ? SIZE : (last + 1) * CONTENT_CHUNK;
			uint8_t    *first_sum = sums + content_first_sum(first) * SUM_LEN;
			struct content_part part = {hash, SIZE, from, end - from,
										first_sum};
			char	   *at[3];
			size_t		sum_bytes = content_sums_between(first, last, SIZE) *
				SUM_LEN;

			for (size_t i = first; i < 3; i++)
				at[i - first] = data + i * CONTENT_CHUNK;
			assert_true(content_is_right(&part, at));
			for (size_t i = from; i < end; i += 9973)
			{
				data[i] = (char) (data[i] ^ 0x10);
				assert_false(content_is_right(&part, at));
				data[i] = (char) (data[i] ^ 0x10);
			}
			for (size_t i = 0; i < sum_bytes; i++)
			{
				first_sum[i] ^= 1;
				assert_false(content_is_right(&part, at));
				first_sum[i] ^= 1;
			}
			hash[31] ^= 1;
			assert_int_equal(content_is_right(&part, at), last < 2);
			hash[31] ^= 1;
			assert_true(content_is_right(&part, at));
		}
	}
}

/*
 * A directory.
 */

static char *
path_of(const char *key)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", directory.base_path, key);
	return path;
}

static char *
path_of_block(void)
{
	char		key[CONTENT_KEY_SIZE];

	content_key(hash, key);
	return path_of(key);
}

static int
begin_directory(void **state)
{
	char		path[] = "/tmp/dittofs-unit.XXXXXX";

	(void) state;
	directory.name = "files";
	directory.type = CONTENT_FILESYSTEM;
	directory.base_path = strdup(mkdtemp(path));
	session = content_session_begin(&directory, NULL);
	make_block();
	return 0;
}

static int
end_directory(void **state)
{
	char		command[256];

	(void) state;
	content_session_end(session);
	snprintf(command, sizeof(command), "rm -rf '%s'", directory.base_path);
	free(directory.base_path);
	return system(command);
}

static void
test_directory(void **state)
{
	(void) state;
	assert_int_equal(put(), CONTENT_OK);
	assert_got_all();
	assert_int_equal(put(), CONTENT_OK);
	assert_int_equal(get(CONTENT_CHUNK, CONTENT_CHUNK + 1000), CONTENT_OK);
	assert_memory_equal(buffers[0], data + CONTENT_CHUNK, CONTENT_CHUNK);
	assert_memory_equal(buffers[1], data + 2 * CONTENT_CHUNK, 1000);
	assert_int_equal(content_remove(session, hash, &effort), CONTENT_OK);
	assert_int_equal(content_remove(session, hash, &effort), CONTENT_OK);
	assert_int_equal(get(0, SIZE), CONTENT_MISSING);
}

static void
test_directory_damage(void **state)
{
	int			fd;

	(void) state;
	assert_int_equal(put(), CONTENT_OK);
	fd = open(path_of_block(), O_WRONLY);
	assert_true(pwrite(fd, "x", 1, 200000) == 1);
	assert_int_equal(get(0, SIZE), CONTENT_CORRUPT);
	assert_int_equal(get(CONTENT_CHUNK, CONTENT_CHUNK), CONTENT_CORRUPT);
	assert_int_equal(get(0, CONTENT_CHUNK), CONTENT_OK);

	/* writing it again heals it */
	assert_int_equal(put(), CONTENT_OK);
	assert_got_all();
	close(fd);
	assert_int_equal(truncate(path_of_block(), SIZE - 1), 0);
	assert_int_equal(get(2 * CONTENT_CHUNK, 1000), CONTENT_CORRUPT);
	assert_non_null(strstr(effort.message, "too early"));
}

/* The directory is not there: nobody is told that data is gone. */
static void
test_directory_away(void **state)
{
	char		other[256];

	(void) state;
	assert_int_equal(put(), CONTENT_OK);
	content_session_end(session);
	session = content_session_begin(&directory, NULL);
	snprintf(other, sizeof(other), "%s.away", directory.base_path);
	assert_int_equal(rename(directory.base_path, other), 0);
	try_for(100);
	assert_int_equal(get(0, SIZE), CONTENT_UNAVAILABLE);
	try_for(100);
	assert_int_equal(content_put(session, hash, data, SIZE, &effort),
					 CONTENT_UNAVAILABLE);
	assert_int_equal(rename(other, directory.base_path), 0);
	assert_got_all();
}

/*
 * What a file system may say of every call: in place of libc's functions.
 */

static int	fails_with;			/* errno; 0: nothing fails */

int
fsync(int fd)
{
	errno = fails_with;
	return fails_with != 0 ? -1 : (int) syscall(SYS_fsync, fd);
}

ssize_t
preadv(int fd, const struct iovec *pieces_of, int count, off_t from)
{
	errno = fails_with;
	return fails_with != 0 ? -1 :
		syscall(SYS_preadv, fd, pieces_of, count, from, 0);
}

/*
 * Whatever it says, the store is away; but bytes that a disk or a sum declares
 * broken are.
 */
static void
test_directory_errors(void **state)
{
	(void) state;
	assert_int_equal(put(), CONTENT_OK);
	for (int problem = 1; problem < 134; problem++)
	{
		bool		full = problem == ENOSPC || problem == EDQUOT;
		bool		damage = problem == EIO || problem == EBADMSG ||
			problem == EUCLEAN || problem == EISDIR;

		if (problem == EINTR)
			continue;
		fails_with = problem;
		try_for(0);
		assert_int_equal(content_put(session, hash, data, SIZE, &effort),
						 full ? CONTENT_FULL : CONTENT_UNAVAILABLE);
		assert_non_null(strstr(effort.message, strerror(problem)));
		try_for(0);
		assert_int_equal(get(0, SIZE),
						 damage ? CONTENT_FAILED : CONTENT_UNAVAILABLE);
		assert_non_null(strstr(effort.message, strerror(problem)));
		fails_with = 0;
		assert_got_all();
	}
}

static bool
count_block(void *argument, const uint8_t *found, int64_t size,
			int64_t modified)
{
	static uint8_t last[HASH_LEN];
	int		   *count = argument;

	assert_int_equal(size, SIZE);
	assert_true(modified <= time(NULL) && modified > time(NULL) - 600);
	if ((*count)++ > 0)
		assert_true(memcmp(found, last, HASH_LEN) > 0);
	memcpy(last, found, HASH_LEN);
	return *count != 7;
}

static void
test_directory_list(void **state)
{
	struct timespec old[2] = {{time(NULL) - 3 * 24 * 3600, 0},
							  {time(NULL) - 3 * 24 * 3600, 0}};
	struct stat is;
	int			count = 0;

	(void) state;
	for (int i = 0; i < 5; i++)
	{
		assert_int_equal(put(), CONTENT_OK);
		make_block();
	}

	/* what a writer that died left, long ago and just now; and a stranger */
	close(open(path_of("tmp/old"), O_CREAT | O_WRONLY, 0600));
	assert_int_equal(utimensat(AT_FDCWD, path_of("tmp/old"), old, 0), 0);
	close(open(path_of("tmp/new"), O_CREAT | O_WRONLY, 0600));
	close(open(path_of("README"), O_CREAT | O_WRONLY, 0600));
	try_for(5000);
	assert_int_equal(session->backend->list(session, count_block, &count,
											&effort), CONTENT_OK);
	assert_int_equal(count, 5);
	assert_int_not_equal(stat(path_of("tmp/old"), &is), 0);
	assert_int_equal(stat(path_of("tmp/new"), &is), 0);
	for (int i = 0; i < 5; i++)
	{
		assert_int_equal(put(), CONTENT_OK);
		make_block();
	}
	count = 0;
	assert_int_equal(session->backend->list(session, count_block, &count,
											&effort), CONTENT_OK);
	assert_int_equal(count, 7);
}

static bool
check_whole(void *argument, const uint8_t *found, int64_t size,
			int64_t modified)
{
	static char *big[CONTENT_CHUNKS_MAX];
	static char memory[SIZE];
	uint8_t		name[HASH_LEN];

	(void) modified;
	assert_int_equal(size, SIZE);
	for (size_t i = 0; i < 3; i++)
		big[i] = memory + i * CONTENT_CHUNK;
	assert_int_equal(session->backend->get(session, found, 0, SIZE, big,
										   &effort), CONTENT_OK);
	content_hash(memory, SIZE, name, sums);
	assert_memory_equal(name, found, HASH_LEN);
	++*(int *) argument;
	return true;
}

/*
 * A writer that is killed at any moment: what has a block's name is whole, and
 * what it said was there is there.
 */
static void
test_directory_killed(void **state)
{
	int			seen = 0;
	int			promised = 0;

	(void) state;
	for (int round = 0; round < 25; round++)
	{
		int			ends[2];
		pid_t		child;
		char		byte;
		struct timespec moment = {0, (round * 37 % 23) * 1000000};
		int			count = 0;

		assert_int_equal(pipe(ends), 0);
		child = fork();
		if (child == 0)
		{
			for (unsigned i = 0;; i++)
			{
				make_block();
				data[100] = (char) getpid();
				data[101] = (char) (getpid() >> 8);
				data[102] = (char) i;
				content_hash(data, SIZE, hash, sums);
				if (put() != CONTENT_OK || write(ends[1], "x", 1) != 1)
					_exit(1);
			}
		}
		close(ends[1]);

		/* every other round something has been promised by then */
		if (round % 2 == 1)
			promised += read(ends[0], &byte, 1) == 1;
		nanosleep(&moment, NULL);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(ends[0], &byte, 1) == 1)
			promised++;
		close(ends[0]);
		try_for(60000);
		assert_int_equal(session->backend->list(session, check_whole, &count,
												&effort), CONTENT_OK);
		seen = count;
	}
	assert_true(seen >= promised);
	assert_true(promised > 0);
}

/*
 * A bucket.
 */

static int
begin_bucket(void **state)
{
	(void) state;
	bad_set(BAD_NOTHING, 0, -1);
	session = content_session_begin(&bucket, NULL);
	make_block();
	return 0;
}

static int
end_bucket(void **state)
{
	(void) state;
	content_session_end(session);
	bad_forget_all();
	assert_int_equal(atomic_load(&bad_wrong), 0);
	return 0;
}

static void
test_bucket(void **state)
{
	int			before = atomic_load(&bad_connections);
	char		path[512];
	char		key[CONTENT_KEY_SIZE];

	(void) state;
	assert_int_equal(put(), CONTENT_OK);
	content_key(hash, key);
	snprintf(path, sizeof(path), "/bucket/some/where/%s", key);
	pthread_mutex_lock(&bad_mutex);
	assert_non_null(bad_find(path));
	pthread_mutex_unlock(&bad_mutex);
	assert_got_all();
	assert_int_equal(get(CONTENT_CHUNK, CONTENT_CHUNK), CONTENT_OK);
	assert_memory_equal(buffers[0], data + CONTENT_CHUNK, CONTENT_CHUNK);
	assert_int_equal(content_remove(session, hash, &effort), CONTENT_OK);
	assert_int_equal(content_remove(session, hash, &effort), CONTENT_OK);
	assert_int_equal(get(0, SIZE), CONTENT_MISSING);

	/* one connection did all of it */
	assert_int_equal(atomic_load(&bad_connections), before + 1);
}

/* Faults of the moment: the block arrives, after some attempts. */
static void
test_bucket_retries(void **state)
{
	static const struct
	{
		enum bad_mode mode;
		int			argument;
		bool		puts;
	}			faults[] = {
		{BAD_STATUS, 500, true}, {BAD_STATUS, 503, true},
		{BAD_STATUS, 429, true}, {BAD_RESET, 0, true},
		{BAD_RESET_LATE, 0, true}, {BAD_TRUNCATED, 0, false},
		{BAD_DAMAGED_UPLOAD, 0, true}
	};

	(void) state;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
	{
		make_block();
		bad_set(BAD_NOTHING, 0, -1);
		if (faults[i].puts)
			bad_set(faults[i].mode, faults[i].argument, 3);
		assert_int_equal(put(), CONTENT_OK);
		assert_int_equal(atomic_load(&bad_requests), faults[i].puts ? 4 : 1);
		bad_set(faults[i].mode, faults[i].argument, 2);
		if (faults[i].mode == BAD_DAMAGED_UPLOAD ||
			faults[i].mode == BAD_RESET_LATE)
			bad_set(BAD_NOTHING, 0, -1);
		assert_got_all();
	}
}

/* One that lasts ends with the time there is for it. */
static void
test_bucket_gives_up(void **state)
{
	int64_t		begin;

	(void) state;
	assert_int_equal(put(), CONTENT_OK);
	bad_set(BAD_STATUS, 503, -1);
	begin = clock_now();
	try_for(700);
	assert_int_equal(get(0, SIZE), CONTENT_UNAVAILABLE);
	assert_true(clock_now() - begin < 60000000);
	assert_non_null(strstr(effort.message, "503 SlowDown"));
	assert_true(atomic_load(&bad_requests) > 2);
	assert_true(atomic_load(&bad_requests) < 30);

	/* slow: the attempt is given up, not waited for */
	bad_set(BAD_SLOW, 60000, 1);
	begin = clock_now();
	assert_got_all();
	assert_true(clock_now() - begin < 55000000);
	bad_set(BAD_SLOW, 60000, 1);
	assert_int_equal(put(), CONTENT_OK);
}

static void
answer_with(int status, const char *code)
{
	snprintf(bad_code, sizeof(bad_code), "%s", code);
	bad_set(BAD_ANSWER, status, -1);
}

/*
 * Refusals of access, and what others than S3 say, are about the way: never
 * about the block, and never a success.
 */
static void
test_bucket_refusals(void **state)
{
	static const struct
	{
		int			status;
		const char *code;
		const char *message;	/* part of it */
		const char *remedy;
	}			answers[] = {
		{403, "AccessDenied", "403 AccessDenied", "credentials"},
		{400, "ExpiredToken", "400 ExpiredToken", "replace the credentials"},
		{403, "empty", "403", "credentials"},
		{403, "RequestTimeTooSkewed", "RequestTimeTooSkewed", "clock"},
		{301, "PermanentRedirect", "301 PermanentRedirect", "region"},
		{307, "empty", "307", "region"},
		{404, "NoSuchBucket", "404 NoSuchBucket", "bucket"},
		{404, "html", "404", "proxy"},
		{404, "empty", "404", "proxy"},
		{404, "half", "404", "proxy"},
		{404, "quoted", "404", "proxy"},
		{200, "html", "not S3's", "proxy"},
		{400, "InvalidRequest", "400 InvalidRequest", "settings"},
		{413, "html", "413", "block_size"},
	};
	enum content_outcome outcome;

	(void) state;
	assert_int_equal(put(), CONTENT_OK);
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
	{
		answer_with(answers[i].status, answers[i].code);
		for (int operation = 0; operation < 3; operation++)
		{
			try_for(60000);
			bucket.request_timeout = 60000;
			outcome = operation == 0 ?
				session->backend->get(session, hash, 0, SIZE, pieces, &effort) :
				operation == 1 ?
				session->backend->put(session, hash, data, SIZE, &effort) :
				session->backend->remove(session, hash, &effort);
			bucket.request_timeout = 1000;
			assert_int_equal(outcome, CONTENT_UNAVAILABLE);
			assert_non_null(strstr(effort.message, answers[i].message));
			assert_non_null(effort.remedy);
			assert_non_null(strstr(effort.remedy, answers[i].remedy));
		}
		bad_set(BAD_NOTHING, 0, -1);
		assert_got_all();
	}

	/* A command does not wait for what somebody must do first. */
	answer_with(403, "AccessDenied");
	try_for(60000);
	effort.brief = true;
	assert_int_equal(get(0, SIZE), CONTENT_UNAVAILABLE);
	assert_int_equal(atomic_load(&bad_requests), 4);

	/* In S3's own words: there is none, and for removing that will do. */
	try_for(5000);
	answer_with(404, "NoSuchKey");
	assert_int_equal(get(0, SIZE), CONTENT_MISSING);
	assert_int_equal(atomic_load(&bad_requests), 1);
	assert_int_equal(content_remove(session, hash, &effort), CONTENT_OK);
	assert_int_equal(session->backend->put(session, hash, data, SIZE, &effort),
					 CONTENT_UNAVAILABLE);
	answer_with(416, "InvalidRange");
	try_for(5000);
	assert_int_equal(get(0, SIZE), CONTENT_CORRUPT);
	answer_with(507, "empty");
	assert_int_equal(content_put(session, hash, data, SIZE, &effort),
					 CONTENT_FULL);
	try_for(100);
	assert_int_equal(get(0, SIZE), CONTENT_UNAVAILABLE);
}

static bool
note_any(void *argument, const uint8_t *found, int64_t size, int64_t modified)
{
	(void) found;
	(void) size;
	(void) modified;
	*(bool *) argument = true;
	return true;
}

/* A page that is not S3's is not an empty bucket. */
static void
test_bucket_listing(void **state)
{
	static const char *const codes[] = {"html", "empty", "NoSuchKey", "half"};
	bool		any = false;

	(void) state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
	{
		answer_with(200, codes[i]);
		try_for(5000);
		assert_int_equal(session->backend->list(session, note_any, &any,
												&effort), CONTENT_UNAVAILABLE);
		assert_non_null(effort.remedy);
		assert_false(any);
	}
}

/*
 * The first byte may take as long as the request may; a body that ends early
 * was cut on the way if its length was not announced.
 */
static void
test_bucket_slow(void **state)
{
	(void) state;
	assert_int_equal(put(), CONTENT_OK);
	bucket.request_timeout = 60000;
	bad_set(BAD_SLOW, 11500, 1);	/* some limits of "slow" are 10 s */
	try_for(60000);
	assert_int_equal(get(0, SIZE), CONTENT_OK);
	assert_int_equal(atomic_load(&bad_requests), 1);
	bucket.request_timeout = 1000;
	bad_set(BAD_CLOSE_EARLY, 0, -1);
	try_for(100);
	assert_int_equal(get(0, SIZE), CONTENT_UNAVAILABLE);
	bad_set(BAD_CLOSE_EARLY, 0, 2);
	assert_got_all();
}

/* A proxy of the environment is not ours. */
static void
test_bucket_proxy(void **state)
{
	(void) state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	assert_int_equal(put(), CONTENT_OK);
	bucket.proxy = "environment";
	try_for(100);
	assert_int_equal(content_put(session, hash, data, SIZE, &effort),
					 CONTENT_UNAVAILABLE);
	setenv("no_proxy", "127.0.0.1", 1);
	assert_int_equal(put(), CONTENT_OK);
	bucket.proxy = "http://127.0.0.1:1";
	try_for(100);
	assert_int_equal(content_put(session, hash, data, SIZE, &effort),
					 CONTENT_UNAVAILABLE);
	bucket.proxy = NULL;
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("no_proxy");
}

/* Never a wrong byte: once may have been the way, twice is the object. */
static void
test_bucket_damage(void **state)
{
	(void) state;
	assert_int_equal(put(), CONTENT_OK);
	bad_set(BAD_BYTES, 0, 1);
	assert_got_all();
	assert_int_equal(atomic_load(&bad_requests), 2);
	bad_set(BAD_BYTES, 0, -1);
	assert_int_equal(get(0, SIZE), CONTENT_CORRUPT);
	assert_int_equal(atomic_load(&bad_requests), 2);
	bad_set(BAD_SHORT, 0, -1);
	assert_int_equal(get(0, SIZE), CONTENT_CORRUPT);
	assert_int_equal(get(2 * CONTENT_CHUNK, 1000), CONTENT_CORRUPT);
	bad_set(BAD_NO_RANGES, 0, -1);
	assert_got_all();
	assert_int_equal(get(CONTENT_CHUNK, CONTENT_CHUNK), CONTENT_OK);
	assert_memory_equal(buffers[0], data + CONTENT_CHUNK, CONTENT_CHUNK);
	assert_int_equal(get(2 * CONTENT_CHUNK, 1000), CONTENT_OK);
	assert_memory_equal(buffers[0], data + 2 * CONTENT_CHUNK, 1000);
}

/* The service signs once more; a token is signed as well. */
static void
test_bucket_signature(void **state)
{
	char	   *secret = bucket.secret_key;

	(void) state;
	bucket.session_token = "a+token/of==some";
	credentials_reload(&bucket);
	assert_int_equal(put(), CONTENT_OK);
	bucket.session_token = NULL;
	bucket.secret_key = "other";
	credentials_reload(&bucket);
	try_for(5000);
	assert_int_equal(session->backend->put(session, hash, data, SIZE, &effort),
					 CONTENT_UNAVAILABLE);
	assert_non_null(strstr(effort.message, "SignatureDoesNotMatch"));
	assert_true(atomic_exchange(&bad_wrong, 0) > 0);
	bucket.secret_key = secret;
	credentials_reload(&bucket);
}

static void
write_line(const char *path, const char *line)
{
	FILE	   *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "%s\n", line);
	fclose(file);
}

/*
 * Keys in files that are not taken any more: one call waits until the files
 * have others, and is done.
 */
static void
test_bucket_rotation(void **state)
{
	static struct content_store_config rotated; /* stays, as its store does */
	char		path[] = "/tmp/dittofs-unit.XXXXXX";
	char		id[64];
	char		secret[64];

	(void) state;
	assert_non_null(mkdtemp(path));
	snprintf(id, sizeof(id), "%s/id", path);
	snprintf(secret, sizeof(secret), "%s/secret", path);
	write_line(id, "old");
	write_line(secret, "old");
	rotated = bucket;
	rotated.access_key = rotated.secret_key = NULL;
	rotated.access_key_file = id;
	rotated.secret_key_file = secret;
	content_session_end(session);
	session = content_session_begin(&rotated, NULL);
	try_for(60000);
	assert_int_equal(session->backend->put(session, hash, data, SIZE, &effort),
					 CONTENT_UNAVAILABLE);
	assert_non_null(strstr(effort.message, "SignatureDoesNotMatch"));
	write_line(id, "S3RVER");
	write_line(secret, "S3RVER");
	assert_int_equal(content_put(session, hash, data, SIZE, &effort),
					 CONTENT_OK);
	assert_true(atomic_exchange(&bad_wrong, 0) > 0);
	content_session_end(session);
	session = content_session_begin(&bucket, NULL);
	assert_int_equal(unlink(id), 0);
	assert_int_equal(unlink(secret), 0);
	assert_int_equal(rmdir(path), 0);
}

/* Nobody listens: that, too, may change. */
static void
test_bucket_nobody(void **state)
{
	char	   *endpoint = bucket.endpoint;

	(void) state;
	bucket.endpoint = "http://127.0.0.1:1";
	content_session_end(session);
	session = content_session_begin(&bucket, NULL);
	try_for(300);
	assert_int_equal(content_put(session, hash, data, SIZE, &effort),
					 CONTENT_UNAVAILABLE);
	bucket.endpoint = endpoint;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_parts),
		cmocka_unit_test_setup_teardown(test_directory, begin_directory,
										end_directory),
		cmocka_unit_test_setup_teardown(test_directory_damage,
										begin_directory, end_directory),
		cmocka_unit_test_setup_teardown(test_directory_away, begin_directory,
										end_directory),
		cmocka_unit_test_setup_teardown(test_directory_errors,
										begin_directory, end_directory),
		cmocka_unit_test_setup_teardown(test_directory_list, begin_directory,
										end_directory),
		cmocka_unit_test_setup_teardown(test_directory_killed,
										begin_directory, end_directory),
		cmocka_unit_test_setup_teardown(test_bucket, begin_bucket, end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_retries, begin_bucket,
										end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_gives_up, begin_bucket,
										end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_refusals, begin_bucket,
										end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_listing, begin_bucket,
										end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_slow, begin_bucket,
										end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_proxy, begin_bucket,
										end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_damage, begin_bucket,
										end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_signature, begin_bucket,
										end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_rotation, begin_bucket,
										end_bucket),
		cmocka_unit_test_setup_teardown(test_bucket_nobody, begin_bucket,
										end_bucket),
	};
	static char endpoint[64];

	content_backend_init();
	snprintf(endpoint, sizeof(endpoint), "http://127.0.0.1:%d", bad_start(0));
	bucket = (struct content_store_config) {
		.name = "bucket", .type = CONTENT_S3, .endpoint = endpoint,
		.region = "us-east-1", .bucket = "bucket", .prefix = "some/where/",
		.bucket_in_path = true, .access_key = "S3RVER", .secret_key = "S3RVER",
		.connect_timeout = 1000, .request_timeout = 1000};
	return cmocka_run_group_tests_name("content stores", tests, NULL, NULL);
}
