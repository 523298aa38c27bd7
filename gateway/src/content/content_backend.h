/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_backend.h
 *	  The inside of a content store: blocks put, got and removed, one after
 *	  the other, by a thread that may block.
 *
 * A block is immutable and named by the SHA-256 of its content, so putting one
 * twice is harmless, also by two gateways.  In a store its key is
 * ab/cd/abcd...: the hash in hexadecimal, in directories of its first two
 * bytes.
 *
 * A session is what one thread needs to talk to a store: a libcurl handle with
 * its connection, a directory.  store_queue.c has the threads; the commands of
 * dittofs that check and clean stores use sessions of their own.
 */
#ifndef DITTOFS_CONTENT_BACKEND_H
#define DITTOFS_CONTENT_BACKEND_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "content/content_config.h"
#include "dittofs_contract.h"

/* The unit of verification, of range reads and of the cache. */
#define CONTENT_CHUNK ((size_t) SUM_CHUNK)
#define CONTENT_BLOCK_MAX ((size_t) STORED_BLOCK_MAX)
#define CONTENT_CHUNKS_MAX (CONTENT_BLOCK_MAX / CONTENT_CHUNK)

/*
 * The sums of a block are midstates: the state of SHA-256 after each of its
 * chunks but the last.  So one pass computes them together with the name.  A
 * chunk is right if hashing it leads from the sum before it (for the first, the
 * initial state of SHA-256) to the sum after it (for the last, the name).
 */
static inline size_t
content_sums(size_t size)
{
	return size == 0 ? 0 : (size - 1) / CONTENT_CHUNK;
}

/* Checking chunks first to last takes sums from this one on ... */
static inline size_t
content_first_sum(size_t first)
{
	return first > 0 ? first - 1 : 0;
}

/* ... and so many, in a block of that size. */
static inline size_t
content_sums_between(size_t first, size_t last, size_t size)
{
	size_t		end = last + 1 < content_sums(size) ? last + 1 :
		content_sums(size);

	return end - content_first_sum(first);
}

/* "ab/cd/" and 64 digits */
#define CONTENT_KEY_SIZE (6 + 2 * HASH_LEN + 1)

/* In ascending order of severity, for a request that needs several. */
enum content_outcome
{
	CONTENT_OK,
	CONTENT_UNAVAILABLE,		/* not now: all attempts or the time are over */
	CONTENT_FULL,				/* no room in the store */
	CONTENT_FAILED,				/* refused, not allowed, broken: do not retry */
	CONTENT_MISSING,			/* there is no such block */
	CONTENT_CORRUPT				/* there is one, but not with these bytes */
};

/*
 * How long to try, and the words for a failure. remedy: what an operator must
 * do before another attempt can succeed, or NULL.  A command does not wait for
 * that: brief.
 */
struct content_effort
{
	int64_t		deadline;		/* clock_now() */
	const atomic_bool *stop;	/* the process ends; may be NULL */
	bool		away;			/* it is not our store: do not retry */
	bool		brief;
	const char *remedy;
	char		message[384];
};

struct content_session;
struct content_identity;
struct findings;

/* One object of a listing; false stops it. */
typedef bool (*content_lister) (void *argument, const uint8_t *hash,
								int64_t size, int64_t modified);

/*
 * A kind of store: its settings, its descriptions, and its operations on
 * blocks.  Only content_backends[], the settings in config_table.c and the
 * files of the kinds distinguish kinds.
 */
struct content_backend
{
	int64_t		parallel;		/* requests at a time, by default */

	/*
	 * Reading the marker is a request, so there is not one before each
	 * operation; failures are logged where the marker was asked for.
	 */
	bool		remote;

	/* Completes and checks the settings of one store (content_config.h). */
	void		(*complete) (struct content_store_config *config,
							 struct content_told *told);

	/* "dittofs check": does the store exist, and can it be used?  May wait. */
	void		(*check) (const struct content_store_config *config,
						  const char *object, struct findings *findings);

	/* The store's place, for log lines: in full, the store, and its server. */
	void		(*describe) (const struct content_store_config *config,
							 char *to, size_t size);
	const char *(*place) (const struct content_store_config *config);
	const char *(*server) (const struct content_store_config *config);

	/* Remedies for a marker that is missing, or cannot be read. */
	const char *find_it;
	const char *reach_it;

	/*
	 * One attempt each: a failure that is worth another attempt is
	 * CONTENT_UNAVAILABLE.
	 */
	struct content_session *(*begin)(const struct content_store_config *config);
	void		(*end) (struct content_session *session);

	/* On stable storage when it returns CONTENT_OK. */
	enum content_outcome (*put) (struct content_session *session,
								 const uint8_t *hash, const void *data,
								 size_t size, struct content_effort *effort);

	/*
	 * Bytes [from, from+size) of a block, to pieces of CONTENT_CHUNK bytes, the
	 * last with the rest.
	 */
	enum content_outcome (*get) (struct content_session *session,
								 const uint8_t *hash, size_t from, size_t size,
								 char *const *pieces,
								 struct content_effort *effort);

	/* CONTENT_OK also when there was none. */
	enum content_outcome (*remove) (struct content_session *session,
									const uint8_t *hash,
									struct content_effort *effort);

	/* All blocks, in the order of their hashes.  modified: seconds. */
	enum content_outcome (*list) (struct content_session *session,
								  content_lister lister, void *argument,
								  struct content_effort *effort);

	/*
	 * The text of the marker (content_identity.h), to MARKER_MAX bytes.
	 * CONTENT_MISSING: the store can be read, and has none.
	 */
	enum content_outcome (*get_marker) (struct content_session *session,
										char *text,
										struct content_effort *effort);

	/*
	 * On stable storage, as a whole, when it returns CONTENT_OK. first: keeps
	 * an existing marker, which is CONTENT_OK, too.
	 */
	enum content_outcome (*put_marker) (struct content_session *session,
										const char *text, bool first,
										struct content_effort *effort);
};

struct content_session
{
	const struct content_backend *backend;
	const struct content_store_config *config;
	struct content_identity *identity;	/* NULL: whosever it is (for tests) */
	unsigned	chance;			/* rand_r */
};

extern const struct content_backend content_fs_backend;
extern const struct content_backend content_s3_backend;

/* By enum dittofs_content; NULL: the content is in the database. */
extern const struct content_backend *const content_backends[];
extern const struct content_backend *
content_backend(const struct content_store_config *config);

/* Before the first session, in one thread. */
extern void content_backend_init(void);

extern struct content_session *
content_session_begin(const struct content_store_config *config,
					  struct content_identity *identity);
extern void content_session_end(struct content_session *session);

/*
 * The same with as many attempts as there is time for, and random pauses
 * between them that double.  All of these first check that the store exists and
 * is ours (content_identity.h).
 */
extern enum content_outcome content_put(struct content_session *session,
										const uint8_t *hash, const void *data,
										size_t size,
										struct content_effort *effort);

/*
 * Not begun after the deadline: after DELETE_AGAIN (extension/src/admin/gc.c)
 * blocks that are to be deleted are handed to another gateway, and may soon be
 * in use again.
 */
#define CONTENT_REMOVE_WITHIN ((int64_t) DELETE_WITHIN * 1000000)
extern enum content_outcome content_remove(struct content_session *session,
										   const uint8_t *hash,
										   struct content_effort *effort);

extern enum content_outcome content_list(struct content_session *session,
										 content_lister lister, void *argument,
										 struct content_effort *effort);

/* Some chunks of a block, and the sums to check them by. */
struct content_part
{
	const uint8_t *hash;		/* of the block */
	size_t		length;			/* of the block */
	size_t		from;			/* a multiple of CONTENT_CHUNK */
	size_t		size;			/* one too, or to the block's end */
	const uint8_t *sums;		/* content_first_sum() and so on */
};

/*
 * Gets a part of a block and verifies it.  A part that is wrong twice is
 * CONTENT_CORRUPT: once may have been the transfer.
 */
extern enum content_outcome content_get(struct content_session *session,
										const struct content_part *part,
										char *const *pieces,
										struct content_effort *effort);

/* The name of a block, and its sums (content_sums.c). */
extern void content_hash(const void *data, size_t size, uint8_t *hash,
						 uint8_t *sums);
extern bool content_is_right(const struct content_part *part,
							 char *const *pieces);

extern void content_key(const uint8_t *hash, char *key);

/* False: key is not one of ours. */
extern bool content_key_parse(const char *key, uint8_t *hash);

/* For log lines: the first 16 digits would do, but people search for all. */
#define CONTENT_HEX_SIZE (2 * HASH_LEN + 1)
extern const char *content_hex(const uint8_t *hash, char *buffer);

/*
 * For an S3 session that has been answered: by how many seconds our clock is
 * ahead of the service's.  False: the service did not say.
 */
extern bool content_s3_skew(const struct content_session *session,
							int64_t *seconds);

/* Message and remedy, for people. */
extern void content_explain(const struct content_effort *effort, char *to,
							size_t size);

/*
 * For a handle of libcurl: no proxy if it is NULL, "environment": that of
 * http_proxy and its kin, otherwise the one of this URL.
 */
extern void content_set_proxy(void *curl, const char *proxy);

/* Has the effort come to its end? */
extern bool content_is_over(const struct content_effort *effort);

#endif							/* DITTOFS_CONTENT_BACKEND_H */
