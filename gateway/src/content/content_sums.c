/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_sums.c
 *	  Names and sums of blocks: one pass of SHA-256 (FIPS 180-4) for both.
 *
 * The name is the digest of a block.  Its sums are the states that the digest
 * went through, one after each chunk, and no weaker: who would pass something
 * else for a chunk has to find a second message that takes SHA-256 from one
 * given state to another.  Digests of the chunks would cost a second pass, and
 * hashing is a third of what the gateway does for a block.
 *
 * Only libcrypto's own functions for SHA-256 show the state.  Since version 3
 * they are deprecated in favour of EVP, which has nothing for it.
 */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "content/content_backend.h"
#include "base/log.h"

#include <openssl/sha.h>
#include <string.h>

#define WORDS (SUM_LEN / 4)

/* What no chunk ever meets: bytes that wait for their 64 to be full. */
_Static_assert(CONTENT_CHUNK % SHA256_CBLOCK == 0,
			   "chunks are of whole blocks");

static void
begin(SHA256_CTX *context)
{
	if (SHA256_Init(context) != 1)
		fatal("SHA-256 failed");
}

static void
update(SHA256_CTX *context, const void *data, size_t size)
{
	if (SHA256_Update(context, data, size) != 1)
		fatal("SHA-256 failed");
}

static void
end(SHA256_CTX *context, uint8_t *hash)
{
	if (SHA256_Final(hash, context) != 1)
		fatal("SHA-256 failed");
}

/* Words are written as a digest's are, the highest byte first. */
static void
save_state(const SHA256_CTX *context, uint8_t *sum)
{
	for (int i = 0; i < WORDS; i++, sum += 4)
	{
		sum[0] = (uint8_t) (context->h[i] >> 24);
		sum[1] = (uint8_t) (context->h[i] >> 16);
		sum[2] = (uint8_t) (context->h[i] >> 8);
		sum[3] = (uint8_t) context->h[i];
	}
}

/* As if `from` bytes, whole chunks of less than 512 MiB, had been hashed. */
static void
begin_at(SHA256_CTX *context, size_t from, const uint8_t *sum)
{
	begin(context);
	for (int i = 0; i < WORDS; i++, sum += 4)
		context->h[i] = (SHA_LONG) sum[0] << 24 | (SHA_LONG) sum[1] << 16 |
			(SHA_LONG) sum[2] << 8 | sum[3];
	context->Nl = (SHA_LONG) (from * 8);
}

void
content_hash(const void *data, size_t size, uint8_t *hash, uint8_t *sums)
{
	const char *at = data;
	const char *last = at + content_sums(size) * CONTENT_CHUNK;
	SHA256_CTX	context;

	begin(&context);
	for (; at < last; at += CONTENT_CHUNK, sums += SUM_LEN)
	{
		update(&context, at, CONTENT_CHUNK);
		save_state(&context, sums);
	}
	update(&context, at, size - (size_t) (last - (const char *) data));
	end(&context, hash);
}

bool
content_is_right(const struct content_part *part, char *const *pieces)
{
	const uint8_t *sum = part->sums;
	uint8_t		result[SUM_LEN];
	SHA256_CTX	context;
	size_t		done = 0;

	if (part->from == 0)
		begin(&context);
	else
	{
		begin_at(&context, part->from, sum);
		sum += SUM_LEN;
	}
	for (size_t i = 0; done < part->size; i++)
	{
		size_t		left = part->size - done;
		size_t		size = left < CONTENT_CHUNK ? left : CONTENT_CHUNK;
		bool		last = part->from + done + size == part->length;

		update(&context, pieces[i], size);
		done += size;
		if (last)
			end(&context, result);
		else
			save_state(&context, result);
		if (memcmp(result, last ? part->hash : sum, SUM_LEN) != 0)
			return false;
		sum += SUM_LEN;
	}
	return true;
}
