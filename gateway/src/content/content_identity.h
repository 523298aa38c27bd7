/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_identity.h
 *	  The owner of a store: compares the marker in the store with what the
 *	  database expects.
 *
 * A directory that is not mounted looks like an empty store, and a store of
 * another database like one with nothing but garbage in it.  So a store has a
 * marker, MARKER_NAME in the directory or below the prefix of the bucket, with
 * three UUIDs: the store's, its owner's (a database's, which is another one in
 * each copy of that database), and a ticket.  Nothing is put, deleted or listed
 * and no block is missing unless the marker is the one that the database
 * expects (content_hints()).  Otherwise the store is away: CONTENT_UNAVAILABLE,
 * and a line in the log that says what to do.
 *
 * The ticket tells a database from its physical copies, which have the same
 * owner.  The database knows two, this one and the next; about once a minute a
 * gateway writes the next into the marker, and then tells the database, which
 * makes another next one.  So a database that was copied, and a copy that is
 * promoted, part: the marker has a ticket that one of them does not know.  A
 * standby that follows within a minute knows it, and goes on.
 *
 * A new store gets its marker with the first block.  No gateway replaces
 * another database's marker, unless dittofs.adopt_content_store() has said so.
 *
 * One of these is shared by the sessions of all threads of a store.
 */
#ifndef DITTOFS_CONTENT_IDENTITY_H
#define DITTOFS_CONTENT_IDENTITY_H

#include <libpq-fe.h>
#include <pthread.h>

#include "content/content_backend.h"

#define MARKER_NAME ".dittofs-store"
#define MARKER_MAX 1024
#define MARKER_UUID_SIZE 16

struct row;

enum terms_state
{
	TERMS_NONE,					/* the database has not told */
	TERMS_UNKNOWN,				/* it knows nothing of the store's owner */
	TERMS_NEW,					/* the store has never been used */
	TERMS_OWN,
	TERMS_ADOPTING,				/* the marker is to be replaced */
	TERMS_COPY					/* the database is a copy of the owner */
};

/* What the database says. */
struct content_terms
{
	enum terms_state state;
	bool		read_only;
	bool		turn;			/* the next ticket is to be written */
	uint8_t		store[MARKER_UUID_SIZE];
	uint8_t		owner[MARKER_UUID_SIZE];
	uint8_t		ticket[MARKER_UUID_SIZE];
	uint8_t		next_ticket[MARKER_UUID_SIZE];
};

enum identity_state
{
	IDENTITY_UNSEEN,
	IDENTITY_HERE,
	IDENTITY_AWAY
};

struct content_identity
{
	const struct content_store_config *config;
	bool		serves;			/* a gateway: it writes markers, and logs */

	pthread_mutex_t first_use;	/* held while a new store gets its marker */

	pthread_mutex_t mutex;
	struct content_terms terms;
	int64_t		learned;		/* when; 0: never */
	enum identity_state state;
	bool		said;			/* the log has been told that it is away */
	int64_t		looked;			/* when the marker was last right */
	int64_t		doubted;		/* since when the marker is wrong; 0: right */
	int64_t		failing;		/* since when it cannot be read; 0: it can */
	bool		written;		/* the marker has the next ticket... */
	uint8_t		ticket[MARKER_UUID_SIZE];	/* ... which was this one */
	int64_t		told;			/* when the database was last told of one */
};

extern void content_identity_init(struct content_identity *identity,
								  const struct content_store_config *config,
								  bool serves);

/*
 * The columns of content_hints() from CONTENT_HINTS_STORE_UUID on.  False: none
 * of a store.
 */
extern bool content_terms_take(struct content_terms *terms, struct row *row);
extern void content_identity_learn(struct content_identity *identity,
								   const struct content_terms *terms);
extern bool content_identity_known(struct content_identity *identity);

/* What looking has found last, for those who show it. */
extern enum identity_state
content_identity_state(struct content_identity *identity);

/* The store has failed: the next look is a real one. */
extern void content_identity_doubt(struct content_identity *identity);

/*
 * A ticket of which the database is to be told now (content_store_marked()).
 * It is asked for again until the database has another next ticket.
 */
extern bool content_identity_news(struct content_identity *identity,
								  uint8_t *ticket);

/* The operation that is wanted of the store. */
enum identity_purpose
{
	IDENTITY_READ,
	IDENTITY_CHANGE,			/* remove, list */
	IDENTITY_PUT,				/* which may also be the store's first use */
	IDENTITY_WATCH				/* nothing: to look whether it is there */
};

/*
 * Is the store there, and ours to do that with?  CONTENT_OK, or
 * CONTENT_UNAVAILABLE with the reason in words; and effort->away set unless the
 * marker could not be looked at, which another attempt may change.  again: look
 * at the marker, however short the last look is ago.
 */
extern enum content_outcome
content_identity_look(struct content_session *session,
					  enum identity_purpose purpose, bool again,
					  struct content_effort *effort);

/*
 * For commands: what a look finds, in words, and what to do about it (or "").
 * Nothing is written, and a store that hangs is one that does not answer.
 */
struct identity_report
{
	bool		good;
	bool		unused;			/* it has no marker yet, and needs none */
	char		text[512];
	char		remedy[768];
};

extern void content_identity_report(const struct content_store_config *config,
									const struct content_terms *terms,
									struct identity_report *report);

/*
 * Calls the function in a thread of its own.  False: it has not come back in
 * that time (milliseconds), and argument is the thread's for ever.
 */
extern bool content_within(int64_t milliseconds, void (*function) (void *),
						   void *argument);

/*
 * True: a thread of content_within() may still run, with the settings and what
 * exit() tears down.  The process ends by _exit().
 */
extern bool content_was_given_up(void);

#endif							/* DITTOFS_CONTENT_IDENTITY_H */
