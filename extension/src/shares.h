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

#include "dittofs.h"
#include "network.h"

typedef enum Squash
{
	SQUASH_NONE,
	SQUASH_ROOT,
	SQUASH_ALL
} Squash;

typedef enum AtimePolicy
{
	ATIME_OFF,
	ATIME_RELATIVE,
	ATIME_STRICT
} AtimePolicy;

typedef enum ContentKind
{
	CONTENT_POSTGRES,
	CONTENT_MEMORY,
	CONTENT_FILESYSTEM,
	CONTENT_S3
} ContentKind;

typedef enum Compression
{
	COMPRESSION_NONE,
	COMPRESSION_LZ4
} Compression;

typedef struct Share
{
	int32		share_id;
	pg_uuid_t	uuid;
	char	   *name;
	char	   *wire_name;		/* in UTF-8, as clients write it */
	pg_uuid_t	root_id;
	uint64		fsid;
	uint64		cookie_seed;
	ContentKind content;		/* where new bytes go */
	int32		store_id;		/* the store, if they go to one */
	char	   *store;			/* its name, or NULL */
	int32		block_size;		/* of the blocks there */
	Compression compression;	/* of pages */
	int64		max_bytes;		/* -1: no limit */
	int64		max_inodes;
	int64		external_min;	/* of server_config: */
	int64		merge_delay;	/* ms */
	bool		read_only;
	Squash		squash;
	uint32		anonuid;
	uint32		anongid;
	int			nallowed;
	Network    *allowed;		/* none: everybody */
	int			ndenied;
	Network    *denied;			/* stronger than allowed */
	bool		require_privileged_port;
	bool		allow_auth_none;
	AtimePolicy atime;

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
	return share->content >= CONTENT_FILESYSTEM;
}

/* Indexed by ContentKind and Compression; NULL-terminated. */
extern const char *const content_words[];
extern const char *const compression_words[];

/* What a share has that no row of dittofs.filesystem_capabilities says. */
extern const Share share_defaults;

#endif							/* DITTOFS_SHARES_H */
