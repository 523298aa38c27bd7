/* SPDX-License-Identifier: PostgreSQL */
/*
 * epoch.h
 *	  Releases memory that threads read without a lock, when no thread can still
 *	  be reading it.
 *
 * A thread that reads such memory attaches itself, and declares now and then
 * that it holds no pointer to any of it: a worker at the end of each round.
 * The memory is first replaced, by one store of a pointer (release; readers
 * load it with acquire), and then retired.  It is released when each attached
 * thread has made that declaration since.  The time this takes does not matter:
 * a thread that stands still keeps the memory that it may be reading.
 *
 *		worker:		epoch_attach();
 *					for (;;) { ...; epoch_pass(); }
 *					epoch_detach();
 *		others:		old = table;
 *					store(&table, new);
 *					epoch_retire(old, free);
 */
#ifndef DITTOFS_EPOCH_H
#define DITTOFS_EPOCH_H

/*
 * This thread reads from now on; it holds nothing now.  A thread that reads now
 * and then attaches itself for as long as it does; that may nest.
 */
extern void epoch_attach(void);

/* This thread holds nothing at this moment.  Costs two loads. */
extern void epoch_pass(void);

/* This thread reads nothing any more. */
extern void epoch_detach(void);

/*
 * No pointer leads there any more but those that threads hold.  NULL is
 * nothing.
 */
extern void epoch_retire(void *memory, void (*release) (void *memory));

/* Releases what can be; epoch_retire does it, too. */
extern void epoch_reclaim(void);

#endif							/* DITTOFS_EPOCH_H */
