/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_shares.h
 *	  The database's hints about shares and stores: the store for a share's new
 *	  content, and the number of each of our stores.
 *
 * Refreshed every few seconds.  Share entries are hints: a stale one costs a
 * round trip, never data.  Store numbers are never reused.
 */
#ifndef DITTOFS_CONTENT_SHARES_H
#define DITTOFS_CONTENT_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "db/call.h"
#include "dittofs_contract.h"
#include "base/event.h"

struct content_store;
struct database;

struct content_share
{
	uint8_t		share[HANDLE_ID_LEN];
	char		name[64];		/* the beginning of it, for the log */
	struct content_store *store;	/* NULL: content is in the database */
	uint32_t	store_id;
	uint32_t	block_size;
};

struct content_store_number
{
	uint32_t	id;
	struct content_store *store;	/* NULL: not in our settings */
	char		name[64];
};

struct content_shares
{
	struct database *database;
	struct timer timer;
	bool		asking;
	struct content_share *shares;
	int			share_count;
	struct content_store_number *stores;
	int			store_count;
};

extern void content_shares_start(struct content_shares *shares,
								 struct database *database);
extern void content_shares_free(struct content_shares *shares);

/* The file's share, if its content goes to one of our stores; or NULL. */
extern const struct content_share *
content_share_of(const struct content_shares *shares, struct bytes handle);

/*
 * The store with this number.  NULL: it is not in our settings, or not known
 * yet; then the database is asked, and *unknown is set: the same question may
 * have an answer soon.
 */
extern struct content_store *content_store_of(struct content_shares *shares,
											  uint32_t id, bool *unknown);

/*
 * What a handle names, for the log: the share's name, or its UUID until the
 * database has told us, and the file's UUID.  False: it is no handle of ours.
 */
struct content_file_name
{
	char		share[64];
	char		file[40];
};

extern bool content_file_name(const struct content_shares *shares,
							  struct bytes handle,
							  struct content_file_name *name);

#endif							/* DITTOFS_CONTENT_SHARES_H */
