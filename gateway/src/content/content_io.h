/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_io.h
 *	  Jobs of content stores for a request, or for a chore.
 *
 * Each of these functions begins a job and counts it in io->waits.  When the
 * last job has ended io->owner->resumed is called, never before the function
 * returns, and io->failure is the worst outcome.  The memory that a job points
 * at must stay until then; and if a thread of a store hangs with it (io->lost),
 * until io->owner->found is called.
 */
#ifndef DITTOFS_CONTENT_IO_H
#define DITTOFS_CONTENT_IO_H

#include <stddef.h>
#include <stdint.h>

#include "content/content_backend.h"

struct call;
struct content_io;
struct content_job;
struct content_range;
struct content_store;
struct region;

struct content_failure
{
	enum content_outcome outcome;
	const char *store;
	uint8_t		hash[HASH_LEN];
	uint64_t	offset;			/* in the file, of what was to be read */
	char		message[512];
};

struct content_io_owner
{
	/* All jobs have ended. */
	void		(*resumed) (struct content_io *io);

	/* io->lost is 0 again: threads of stores no longer use the memory. */
	void		(*found) (struct content_io *io);
};

/* A part of struct request and of struct chore. */
struct content_io
{
	const struct content_io_owner *owner;
	struct region *region;		/* memory for jobs */
	const struct call *call;	/* gives pool and deadline, and the
								 * name in the log */
	int			waits;			/* jobs that have not ended */
	int			lost;			/* jobs given up that still use its memory */
	struct content_store *holder;	/* of the last one */
	struct content_failure *failure;	/* or NULL */
};

/* The hash and the midstates of a block. */
extern void content_io_hash(struct content_io *io,
							struct content_store *store, const char *data,
							size_t size, uint8_t *hash, uint8_t *sums);

extern void content_io_put(struct content_io *io,
						   struct content_store *store, const uint8_t *hash,
						   const char *data, size_t size);

/* Reads to `to`, the place of byte `offset` of a file. */
extern void content_io_read(struct content_io *io,
							const struct content_range *range, char *to,
							uint64_t offset);

extern void content_io_remove(struct content_io *io,
							  struct content_store *store,
							  const uint8_t *hash);

/*
 * A store has failed: returns the status for it, and writes a line in the log
 * unless clients simply try again.
 */
extern uint32_t content_io_complain(struct content_io *io);

/*
 * The same for a store that is not in the settings: writes the line in the log.
 */
extern void content_io_no_store(const struct content_io *io, uint32_t store_id);

/* For content_cache.c. */
extern void content_io_failed(struct content_io *io,
							  const struct content_job *job, uint64_t offset);
extern void content_io_done(struct content_io *io);

#endif							/* DITTOFS_CONTENT_IO_H */
