/* SPDX-License-Identifier: PostgreSQL */
/*
 * call_back.h
 *	  Calls that the gateway makes itself: to a client that has called it.
 *
 * NLM has some: GRANTED tells a client that waits that its lock is there, and a
 * procedure called TEST_MSG is answered by the call of another, TEST_RES.  The
 * client's portmapper says at which port they are heard; then one call is made,
 * and its reply is awaited.
 *
 * The only address that is ever talked to is the one that has called.  Where a
 * datagram's source is a lie, that is another host's: what a call may cause
 * there is no more than a few small packets, and an address that does not
 * answer is left alone for a while.
 *
 * Everything has a deadline and a number: of calls under way, of calls that
 * wait their turn, and of either for one address, which gets a part of what is
 * left.  So an address that is silent keeps no other one waiting.
 */
#ifndef DITTOFS_CALL_BACK_H
#define DITTOFS_CALL_BACK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/event.h"
#include "base/peer.h"
#include "db/call.h"

struct worker;
struct called;

enum call_back_outcome
{
	CALL_BACK_ANSWERED,			/* there are results */
	CALL_BACK_REFUSED,			/* there is no such program, or it takes no such
								 * call */
	CALL_BACK_SILENT			/* no answer in time, or no way there */
};

struct call_back_answer
{
	enum call_back_outcome outcome;
	struct bytes results;		/* of ANSWERED; gone when answered() returns */

	/*
	 * It came from the address given as local.  A Linux client takes a GRANTED
	 * from any other for one that nothing waits for, and says DENIED.
	 */
	bool		from_local;
	bool		sent;			/* the call may have come there, */
	bool		once;			/* and once only: this answers the first one */
};

/* What is called; all of it is copied. */
struct call_back
{
	struct peer peer;			/* the client; its port is not used */
	struct peer local;			/* the address at which it called: it is called
								 * from there, if it is this host's; family 0:
								 * from any */
	bool		udp;			/* else TCP */
	uint32_t	program;
	uint32_t	version;
	uint32_t	procedure;
	struct bytes arguments;		/* in XDR, at most CALL_BACK_ARGUMENTS_MAX */

	/*
	 * In the worker's thread, and not before call_back() has returned.  NULL:
	 * the answer is of no use, and a call by UDP is sent once.
	 */
	void		(*answered) (void *owner,
							 const struct call_back_answer *answer);
	void	   *owner;
};

#define CALL_BACK_ARGUMENTS_MAX 4096

/* False: too many wait already, and nothing is done. */
extern bool call_back(struct worker *worker, const struct call_back *what);

/*
 * A worker's.
 */

TAILQ_HEAD(called_list, called);

/* Addresses that have not answered, and until when they are left alone. */
#define CALL_BACK_SILENT_MAX 64

struct call_backs
{
	struct worker *worker;
	struct timer timer;
	struct called_list waiting;	/* oldest first */
	int			waiting_count;
	struct called_list active;
	int			active_count;
	struct
	{
		struct peer peer;
		int64_t		until;
	}			silent[CALL_BACK_SILENT_MAX];
	int			silent_next;	/* the one to be replaced */
};

extern void call_backs_init(struct call_backs *backs, struct worker *worker);

/* All end now, unanswered. */
extern void call_backs_stop(struct call_backs *backs);

#endif							/* DITTOFS_CALL_BACK_H */
