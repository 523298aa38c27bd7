/* SPDX-License-Identifier: PostgreSQL */
/*
 * sending.c
 *	  What may be sent on a connection to the database: see sending.h.
 */
#include "db/sending.h"

#include <assert.h>

/* What runs when this has been sent while that runs; NEVER: it may not be. */
#define NEVER RUNNING_STATES

static const enum running after_sending[RUNNING_STATES][SENT_KINDS] = {
	/* SENT_BATCH, SENT_ALONE, SENT_CHECK, SENT_CANCEL */
	[RUNNING_NOTHING] = {RUNNING_BATCH, RUNNING_ALONE, RUNNING_CHECK, NEVER},
	[RUNNING_BATCH] = {RUNNING_TWO, NEVER, NEVER, RUNNING_BATCH},
	[RUNNING_TWO] = {NEVER, NEVER, NEVER, RUNNING_TWO},
	[RUNNING_ALONE] = {NEVER, RUNNING_ALONE, NEVER, RUNNING_ALONE},
	[RUNNING_CHECK] = {NEVER, NEVER, NEVER, NEVER},
};

bool
sending_may(const struct sending *sending, enum sent what)
{
	if (sending->cancelling != CANCELLING_NOTHING)
		return what == SENT_CANCEL && sending->count > 0 &&
			sending->cancelling == CANCELLING_FAILED;
	return after_sending[sending->running][what] != NEVER &&
		(what == SENT_CANCEL || sending->count < RUNNING_MAX);
}

void
sending_began(struct sending *sending, enum sent what)
{
	assert(sending_may(sending, what));
	if (what == SENT_CANCEL)
	{
		sending->cancelling = CANCELLING;
		return;
	}
	sending->running = after_sending[sending->running][what];
	sending->count++;
}

void
sending_answered(struct sending *sending)
{
	assert(sending->count > 0);
	sending->count--;
	if (sending->running == RUNNING_TWO)
		sending->running = RUNNING_BATCH;
	else if (sending->count == 0)
		sending->running = RUNNING_NOTHING;
	assert(sending->count > 0 || sending->running == RUNNING_NOTHING);
}

void
sending_cancel_failed(struct sending *sending)
{
	assert(sending_may(sending, SENT_CANCEL));
	sending->cancelling = CANCELLING_FAILED;
}

void
sending_cancel_over(struct sending *sending)
{
	assert(sending->cancelling == CANCELLING);
	sending->cancelling = CANCELLING_NOTHING;
}
