/* SPDX-License-Identifier: PostgreSQL */
/*
 * locks_book.h
 *	  Who has which lock, as far as anybody has been told; what was wrong;
 *	  what there was, and how long it took.
 *
 * A lock is in the book from when its owner knows of it to when it begins to
 * give it back: so two who are in each other's way there have both been
 * promised it.
 */
#ifndef LOCKS_BOOK_H
#define LOCKS_BOOK_H

#include "lib.h"

#include <pthread.h>

#define OWNERS_MAX 256

/* Files 0 and 1 have numbers, 2 and 3 ranges, 4 share modes. */
#define FILES 5
#define NUMBERS 2
#define RANGED 2
#define SHARED 4

/* What an owner wants, or has. */
struct claim
{
	int			file;
	uint64_t	offset;
	uint64_t	length;			/* 0: to the end */
	bool		exclusive;
	uint32_t	access;			/* a share mode */
	uint32_t	deny;
};

enum count
{
	GRANTED_AT_ONCE,
	GRANTED_TOLD,
	GRANTED_ASKED,
	DENIED,
	GIVEN_UP,
	CHANGED,
	SHARES,
	REBOOTS,
	NUMBERS_ADDED,
	DENIED_GRANTS,
	COUNTS
};

extern int64_t milliseconds(void);

/*
 * The functions take the lock, but for those whose names end in _locked; owners
 * keep what they say of themselves under it, too.
 */
extern pthread_mutex_t book;

extern void book_wrong_locked(const char *format, ...) PRINTF(1, 2);
extern void book_wrong(const char *format, ...) PRINTF(1, 2);

extern void book_enter(uint32_t owner, const struct claim *claim);
/* What the owner has is shared from now on. */
extern void book_weaken(uint32_t owner);
extern void book_leave(uint32_t owner);
extern void book_leave_locked(uint32_t owner);

/* An owner begins to give a file back, and has been told that it is done. */
extern void book_freeing(int file);
extern void book_freed(int file);

/* One that was told to wait then knows that it has the file. */
extern void book_turn_locked(int file, int64_t blocked_at);

/* Returns the number that is to be there. */
extern uint64_t book_number_read(int file, uint64_t number);
extern void book_number_written(int file, uint64_t number);

extern void book_count(enum count what);
extern void book_count_locked(enum count what);
extern void book_server_is(bool away);

/* Prints what there was; true if nothing was wrong. */
extern bool book_report(uint64_t resends);

#endif							/* LOCKS_BOOK_H */
