/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_blocks.h
 *	  The whole blocks of a WRITE, on their way to a store: found, hashed, put.
 *
 * What is in front of the first whole block, and behind the last, is the
 * database's.
 */
#ifndef DITTOFS_CONTENT_BLOCKS_H
#define DITTOFS_CONTENT_BLOCKS_H

#include <stdbool.h>
#include <stdint.h>

#include "content/content_io.h"
#include "content/content_shares.h"
#include "db/row.h"

struct content_block
{
	const char *data;
	uint32_t	size;
	uint8_t    *hash;
};

struct content_blocks
{
	struct content_store *store;
	uint32_t	store_id;
	uint32_t	head;			/* bytes in front of the first */
	uint32_t	middle;			/* bytes of all */
	int			count;
	struct content_block *blocks;
	struct bytes packed;		/* as prepare_write and commit_write want them:
								 * see sql/README.md */
};

/* Finds them.  False: there are none, or more than one call may have. */
extern bool content_blocks_find(struct content_blocks *blocks,
								const struct content_share *share,
								uint64_t offset, uint32_t size);

/* Lays out the packed form, and has hashes and sums put into it. */
extern void content_blocks_hash(struct content_blocks *blocks,
								struct content_io *io, const char *data);

enum content_blocks_outcome
{
	CONTENT_BLOCKS_PUT,			/* all are there, or will be: io->waits */
	CONTENT_BLOCKS_DATABASE,	/* the database has to take them */
	CONTENT_BLOCKS_MALFORMED
};

/* row: prepare_write's, behind its status.  Puts what is needed. */
extern enum content_blocks_outcome
content_blocks_put(struct content_blocks *blocks, struct content_io *io,
				   struct row *row);

#endif							/* DITTOFS_CONTENT_BLOCKS_H */
