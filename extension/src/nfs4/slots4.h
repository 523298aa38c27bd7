/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * slots4.h
 *	  Slots of sessions of NFSv4.1: the one module that touches
 *	  dittofs.nfs4_replies_0, _1 and _2.
 *
 * A client numbers the requests of a slot, and has one of them under way at a
 * time.  The answer to a change is stored in the transaction that makes it, so
 * that whichever gateway gets the request again can give it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_SLOTS4_H
#define DITTOFS_SLOTS4_H

#include "base/dittofs.h"

/* A request, by the slot it came on. */
typedef struct SlotRequest
{
	const pg_uuid_t *session;
	uint32		slot;
	uint32		seqid;
	uint64		digest;			/* of all that the client asks */
} SlotRequest;

typedef enum SlotState
{
	SLOT_NEW,					/* no later request has an answer, nor this */
	SLOT_REPLAY,				/* it is answered */
	SLOT_FALSE_RETRY,			/* another one with its number is */
	SLOT_MISORDERED				/* a later one is */
} SlotState;

/*
 * Takes the slot to the end of the transaction: of those who change something
 * by it one goes after the other.  False, without wait: another one has it.
 */
extern bool slot_lock(const pg_uuid_t *session, uint32 slot, bool wait);

/*
 * What is known of a request, as the active snapshot has it.  SLOT_REPLAY: the
 * two that slot_store() was given, in the current memory context.
 */
extern SlotState slot_find(const SlotRequest *request, bytea **results,
						   bytea **data);

/*
 * Stores the answer to a request; data may be NULL.  The caller has the slot,
 * and brackets this as a change (xact.h).
 */
extern void slot_store(const SlotRequest *request, const bytea *results,
					   const bytea *data);

/* Called by xact.c only: as those of replies.h. */
extern void slots_flush(void);
extern void slots_verify(void);
extern void slots_forget(void);

#endif							/* DITTOFS_SLOTS4_H */
