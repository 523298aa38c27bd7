/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_blocks.c
 *	  The whole blocks of a WRITE: see content_blocks.h.
 */
#include "content/content_blocks.h"
#include "base/region.h"
#include "db/database.h"

bool
content_blocks_find(struct content_blocks *blocks,
					const struct content_share *share, uint64_t offset,
					uint32_t size)
{
	uint64_t	block = share->block_size;
	uint64_t	end = offset + size;
	uint64_t	first = (offset + block - 1) / block * block;
	uint64_t	last = end / block * block;

	if (end < offset || first < offset || last <= first || end > INT64_MAX ||
		(last - first) / block > BLOCKS_MAX)
		return false;
	blocks->store = share->store;
	blocks->store_id = share->store_id;
	blocks->head = (uint32_t) (first - offset);
	blocks->middle = (uint32_t) (last - first);
	blocks->count = (int) ((last - first) / block);
	return true;
}

static void
put_uint32(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t) (value >> 24);
	at[1] = (uint8_t) (value >> 16);
	at[2] = (uint8_t) (value >> 8);
	at[3] = (uint8_t) value;
}

void
content_blocks_hash(struct content_blocks *blocks, struct content_io *io,
					const char *data)
{
	uint32_t	size = blocks->middle / (uint32_t) blocks->count;
	uint32_t	packed = BLOCK_PACKED_LEN((uint32_t) content_sums(size));
	uint8_t    *at = region_alloc(io->region,
								  packed * (uint32_t) blocks->count);

	blocks->packed.data = (const char *) at;
	blocks->packed.size = packed * (uint32_t) blocks->count;
	blocks->blocks = region_alloc(io->region, sizeof(*blocks->blocks) *
								  (size_t) blocks->count);
	for (int i = 0; i < blocks->count; i++, at += packed)
	{
		struct content_block *block = &blocks->blocks[i];

		block->data = data + blocks->head + (uint32_t) i * size;
		block->size = size;
		block->hash = at;
		put_uint32(at + BLOCK_LENGTH_AT, size);
		content_io_hash(io, blocks->store, block->data, size, at,
						at + BLOCK_SUMS_AT);
	}
}

enum content_blocks_outcome
content_blocks_put(struct content_blocks *blocks, struct content_io *io,
				   struct row *row)
{
	const unsigned char *needed;
	uint32_t	size = 0;
	bool		unknown;

	row_skip(row, 1);
	blocks->store_id = (uint32_t) row_int4(row);
	blocks->store = content_store_of(&database_of(io->call)->shares,
									 blocks->store_id, &unknown);
	needed = row_bytes(row, &size);
	if (!row->ok || size != (uint32_t) blocks->count)
		return CONTENT_BLOCKS_MALFORMED;

	/* The share has moved to a store that we do not have. */
	if (blocks->store == NULL)
		return CONTENT_BLOCKS_DATABASE;

	/*
	 * A block that is being removed: if the gateway that removes it has died,
	 * it takes an hour until another one may.  No client can wait.
	 */
	for (int i = 0; i < blocks->count; i++)
		if (needed[i] == NEED_PATIENCE)
			return CONTENT_BLOCKS_DATABASE;
	for (int i = 0; i < blocks->count; i++)
		if (needed[i] != NEED_NOTHING)
			content_io_put(io, blocks->store, blocks->blocks[i].hash,
						   blocks->blocks[i].data, blocks->blocks[i].size);
	return CONTENT_BLOCKS_PUT;
}
