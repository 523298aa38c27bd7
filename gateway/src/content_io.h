/*
 * content_io.h
 *	  What a request can have done by content stores.
 *
 * Each of these begins something and counts it in request->waits.  When a
 * procedure's send, reply or resume returns with something under way,
 * request->resume is called after the end of the last of it, and
 * request->failure tells the worst that happened.  What is pointed at must
 * live as long as the request.
 */
#ifndef DITTOFS_CONTENT_IO_H
#define DITTOFS_CONTENT_IO_H

#include "content.h"
#include "content_cache.h"
#include "request.h"

struct content_failure
{
	enum content_outcome outcome;
	const char *store;
	uint8_t		hash[CONTENT_HASH_SIZE];
	uint64_t	offset;			/* in the file, of what was to be read */
	char		message[384];
};

/* The hash and the sums of the chunks of a block. */
extern void content_io_hash(struct request *request,
							struct content_store *store, const char *data,
							size_t size, uint8_t *hash, uint8_t *sums);

extern void content_io_put(struct request *request,
						   struct content_store *store, const uint8_t *hash,
						   const char *data, size_t size);

/* To `to`, which is where byte `offset` of a file is to be. */
extern void content_io_read(struct request *request,
							const struct content_range *range, char *to,
							uint64_t offset);

extern void content_io_remove(struct request *request,
							  struct content_store *store,
							  const uint8_t *hash);

/*
 * The request cannot be answered for what a store did: the status for it, and
 * a line in the log unless it is for clients to try again.
 */
extern uint32_t content_io_complain(struct request *request);

/* The same for a store that is not in the settings: the line in the log. */
extern void content_io_no_store(struct request *request, uint32_t store_id);

/* For content_cache.c. */
extern void content_io_failed(struct request *request,
							  const struct content_job *job, uint64_t offset);
extern void content_io_done(struct request *request);

#endif							/* DITTOFS_CONTENT_IO_H */
