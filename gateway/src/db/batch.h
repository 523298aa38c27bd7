/* SPDX-License-Identifier: PostgreSQL */
/*
 * batch.h
 *	  A batch: calls that share one transaction, one commit and one Sync.
 *
 * Decides what needs no connection: which queued calls go together, and what to
 * do about calls that failed.
 */
#ifndef DITTOFS_BATCH_H
#define DITTOFS_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "db/call.h"
#include "config/config.h"

/* A statement of a batch. */
struct batch_statement
{
	int			calls;			/* the next so many of its calls; 0: it locks
								 * what they will */
	PGresult   *result;			/* a column for each of them, or NULL */
};

struct batch
{
	TAILQ_ENTRY(batch) link;	/* of the connection's running batches, in the
								 * order they were sent */
	struct call_list calls;
	int			count;
	bool		alone;			/* of one call that was told to run alone */
	bool		locks_first;	/* what its calls lock is locked before them */
	int64_t		begun;			/* clock_now() when it was sent, or when the
								 * one before it had ended */
	int64_t		answered;		/* last result, before the Sync; 0: no matter */
	bool		sampled;		/* its results come before its commit */
	struct batch_statement statements[CONFIG_BATCH_CALLS_MAX + 1];
	int			statement_count;
	/* As results come in. */
	int			cursor;			/* the statement whose result is next; all of
								 * them: the Sync's */
	bool		failed;			/* there was an ERROR: nothing happened */
	bool		doubtful;		/* it may be committed, but not safely */
	bool		cancelled;		/* because it took too long */
	char		sqlstate[6];
	char		message[256];
};

TAILQ_HEAD(batch_list, batch);

/*
 * Moves calls from the queue to the (empty) batch: the first, and those
 * behind it while there are fewer than max_calls and the bytes of parameters
 * and expected results stay below max_bytes.  A call that is to run alone
 * does.  Returns how many.
 *
 * The batch is sorted by the handles that its calls lock.  Batches of other
 * connections, workers and gateways do the same, and the extension locks
 * directories in the order of their ids, which is the order of their handles:
 * so two batches wait for each other only over what the arguments do not tell,
 * such as the file behind a name.  Sorting does not do where a call locks two
 * objects, or an object that may be a directory or not: then the batch has
 * locks_first set, and batch_locks() tells what is to be locked.
 *
 * Calls that lock nothing have no order; those of one statement come together.
 */
extern int	batch_fill(struct batch *batch, struct call_list *queue,
					   int max_calls, size_t max_bytes);

/*
 * How many calls, from this one of a batch on, go out as one statement: they
 * are in calls.
 */
extern int	batch_gather(struct call *call,
						 const struct call *calls[CALL_MAX_WIDTH]);

/* The results that are here, and have not been given away, are freed. */
extern void batch_clear(struct batch *batch);

/*
 * The handles that the calls of a batch lock, one behind the other; at most
 * size bytes of them.  Returns how many bytes.
 */
extern size_t batch_locks(const struct batch *batch, uint8_t *handles,
						  size_t size);

/* Bytes of a call's parameters and expected result; exported for the fuzzer. */
extern size_t call_size(const struct call *call);

enum remedy
{
	REMEDY_RETRY,				/* temporary: run it again */
	REMEDY_RECONNECT,			/* the same, but on another connection */
	REMEDY_READ_ONLY,			/* a standby: reconnect.  A primary: answer
								 * with the status, since
								 * default_transaction_read_only is on */
	REMEDY_FAIL					/* answer with the status */
};

/* The remedy for an ERROR with this SQLSTATE, of a call that ran alone. */
extern enum remedy remedy_for(const char *sqlstate, uint32_t *status);

/*
 * The pause before attempt number attempts, in microseconds: 5 ms doubling to
 * half a second, and up to half as much again by chance, so that two gateways
 * that clashed do not clash again.
 */
extern int64_t retry_delay(int attempts, uint32_t chance);

#endif							/* DITTOFS_BATCH_H */
