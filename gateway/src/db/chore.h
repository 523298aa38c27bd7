/* SPDX-License-Identifier: PostgreSQL */
/*
 * chore.h
 *	  A chore: work of the gateway's own, for no client, by calls of the
 *	  database and jobs of content stores.
 *
 *	  chore = chore_new(database, &kind, sizeof(struct merge));
 *	  p = chore_parameters(chore, STATEMENT_MERGE_NEXT, no_handle);
 *	  parameters_end(&p);
 *	  chore_begin(chore);
 *
 * Then reply, fail or chore->resume is called, and ends in one of these ways:
 *
 *		- a call was made by chore_parameters: it is queued, reply follows
 *		  (chore->later: it waits a moment first);
 *		- something is to come from a content store (content_io.h):
 *		  chore->resume follows;
 *		- neither: the chore is over, and its memory is released.
 *
 * None of them blocks.  Memory comes from chore->region.
 */
#ifndef DITTOFS_CHORE_H
#define DITTOFS_CHORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/call.h"
#include "content/content_io.h"
#include "db/parameters.h"
#include "base/region.h"

struct chore;
struct database;

struct chore_kind
{
	const char *name;			/* for the log */
	bool		changes;		/* its calls take locks: those of one object
								 * go to one connection */
	bool		alone;			/* each call has its own transaction */

	/* All rows of the call's result. */
	void		(*reply) (struct chore *chore, const PGresult *result);

	/* There is none: FS_JUKEBOX (it took too long), or as in call.h. */
	void		(*fail) (struct chore *chore, uint32_t status);
};

struct chore
{
	const struct chore_kind *kind;
	struct region region;
	struct call call;
	struct content_io io;
	void		(*resume) (struct chore *chore);
	bool		later;
	void	   *memory;			/* of the kind; zeroed at first */
	bool		over;			/* a thread of a store has its memory still */
};

/*
 * Counts as a call in flight until it is over.  memory: bytes of chore->memory.
 */
extern struct chore *chore_new(struct database *database,
							   const struct chore_kind *kind, size_t memory);
extern struct parameters chore_parameters(struct chore *chore,
										  enum statement_number statement,
										  struct bytes key_handle);
extern void chore_begin(struct chore *chore);
extern struct database *chore_database(const struct chore *chore);

#endif							/* DITTOFS_CHORE_H */
