/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * shares.h
 *	  Shares: the cache of dittofs.shares, and who may come in.
 *
 * Each call needs its share's rules, so every backend keeps all shares in
 * memory.  A statement trigger on the table sends a relcache invalidation,
 * which empties the cache of every backend at its next transaction.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_SHARES_H
#define DITTOFS_SHARES_H

#include "base/dittofs.h"
#include "dittofs_share_options.h"
#include "types/network.h"

/* In the order of SQUASH_WORDS. */
typedef enum Squash
{
	SQUASH_NONE,
	SQUASH_ROOT,
	SQUASH_ALL
} Squash;

/* In the order of ATIME_WORDS. */
typedef enum AtimePolicy
{
	ATIME_OFF,
	ATIME_RELATIVE,
	ATIME_STRICT
} AtimePolicy;

typedef enum dittofs_content ContentKind;

/* In the order of COMPRESSION_WORDS. */
typedef enum Compression
{
	COMPRESSION_NONE,
	COMPRESSION_LZ4
} Compression;

#define COOKIE_KEY_LEN	16

typedef struct NetworkList
{
	int			n;
	Network    *networks;
} NetworkList;

/* A share's max_bytes or max_inodes where there is none. */
#define NO_LIMIT		(-1)

/* The field of an option, by its kind; options of the root have none. */
#define SHARE_FIELD(kind, name, initial, words, help) SHARE_FIELD_##kind(name)
#define SHARE_FIELD_SWITCH(name) bool name;
#define SHARE_FIELD_WORD(name) int name;
#define SHARE_FIELD_ID(name) uint32 name;
#define SHARE_FIELD_NETWORKS(name) NetworkList name;
#define SHARE_FIELD_BLOCK_SIZE(name) int32 name;
#define SHARE_FIELD_BYTE_LIMIT(name) int64 name;
#define SHARE_FIELD_COUNT_LIMIT(name) int64 name;
#define SHARE_FIELD_ROOT_ID(name)
#define SHARE_FIELD_ROOT_MODE(name)

typedef struct Share
{
	int32		share_id;
	pg_uuid_t	uuid;
	char	   *name;
	char	   *wire_name;		/* in UTF-8, as clients write it */
	bool		has_nested;		/* names of other shares begin with its path */
	pg_uuid_t	root_id;
	uint64		fsid;
	uint64		cookie_seed;
	bool		keyed;			/* cookies have the key, not the seed */
	unsigned char cookie_key[COOKIE_KEY_LEN];
	ContentKind content;		/* where new bytes go */
	int32		store_id;		/* the store, if they go to one; or 0 */
	char	   *store;			/* its name, or NULL */
	bool		store_read_only;	/* attached: nothing new goes there */
	int64		external_min;	/* of server_config: */
	int64		merge_delay;	/* ms */
	int64		lock_client_max;
	int64		lock_file_bytes;
	/* read_only, squash and so on: the rows of dittofs_share_options.h */
	SHARE_OPTIONS(SHARE_FIELD)

	/* of dittofs.filesystem_capabilities, or the defaults */
	int32		rtmax;
	int32		rtpref;
	int32		wtmax;
	int32		wtpref;
	int32		dtpref;
	int64		maxfilesize;
} Share;

/*
 * The result of these three is good until the end of the transaction (an
 * emptied cache is freed when the next transaction first asks).
 */
extern const Share *share_by_uuid(const pg_uuid_t *uuid);
extern const Share *share_by_id(int32 share_id);
extern const Share *share_by_name(const char *name);

/* Calls back for each share, in the order of names. */
extern void share_foreach(void (*callback) (const Share *, void *), void *arg);

/*
 * May this caller talk to this share?  FS_OK, FS_ACCES (network, port) or
 * FS_TOOWEAK (AUTH_NONE that the share does not take).  A local caller may.
 */
extern Status share_admits(const Share *share, const Caller *caller);
/*
 * Of that, what is about the address only: what the MOUNT protocol asks, whose
 * callers often have no credentials yet.
 */
extern Status share_admits_address(const Share *share, const Caller *caller);

static inline bool
share_in_store(const Share *share)
{
	return share->store_id != 0;
}

/* Do new bytes go to a store?  Otherwise they stay in the database. */
static inline bool
share_fills_store(const Share *share)
{
	return share_in_store(share) && !share->store_read_only;
}

#endif							/* DITTOFS_SHARES_H */
