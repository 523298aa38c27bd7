/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * churn.c
 *	  Remembers the place of rows that are written or replaced again and again.
 *
 * A table of fixed size has one note in each slot.  A note that is lost to
 * another key costs a scan, which notes it again.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "utils/memutils.h"

#include "tables/churn.h"

/* As many pages of files as 32 MiB have. */
#define NOTES 4096

static Churn *notes = NULL;

/* All are looked at, so there are few. */
#define GAPS 64

static ChurnGap gaps[GAPS];
static int	next_gap = 0;

bool		churn_any = false;

static Churn *
slot_of(const pg_uuid_t *id, int64 number)
{
	uint64		random;

	/* ids end in random bits; the pages of a file get slots side by side */
	memcpy(&random, id->data + UUID_LEN - sizeof(random), sizeof(random));
	return &notes[(random + (uint64) number + ((uint64) number >> 20)) % NOTES];
}

Churn *
churn_look(RelName table, const pg_uuid_t *id, int64 number)
{
	Churn	   *churn = slot_of(id, number);

	return churn->number == number && churn->table == table &&
		memcmp(&churn->id, id, UUID_LEN) == 0 &&
		(ItemPointerIsValid(&churn->tid) || churn->era != 0) ? churn : NULL;
}

static void
begin_notes(void)
{
	if (notes == NULL)
		notes = MemoryContextAllocZero(TopMemoryContext, sizeof(Churn) * NOTES);
	churn_any = true;
}

void
churn_note(RelName table, const pg_uuid_t *id, int64 number,
		   const ItemPointerData *tid, uint64 era)
{
	Churn	   *churn;

	begin_notes();
	churn = slot_of(id, number);
	churn->id = *id;
	churn->number = number;
	churn->table = table;
	churn->era = era;
	if (tid != NULL)
		churn->tid = *tid;
	else
		ItemPointerSetInvalid(&churn->tid);
}

static bool
is_in(const ChurnGap *gap, const pg_uuid_t *content_id, int64 from, int64 to)
{
	return gap->from < to && from < gap->to &&
		memcmp(&gap->content_id, content_id, UUID_LEN) == 0;
}

const ChurnGap *
churn_find_gap(const pg_uuid_t *content_id, int64 at)
{
	for (int i = 0; i < GAPS; i++)
		if (is_in(&gaps[i], content_id, at, at + 1))
			return &gaps[i];
	return NULL;
}

void
churn_note_gap(const pg_uuid_t *content_id, int64 from, int64 to, uint64 era)
{
	ChurnGap   *gap = &gaps[next_gap];

	begin_notes();
	/*
	 * a byte is in one of them, or those of an era that is over would be met
	 * first
	 */
	churn_fill_gap(content_id, from, to);
	next_gap = (next_gap + 1) % GAPS;
	gap->content_id = *content_id;
	gap->from = from;
	gap->to = to;
	gap->era = era;
}

void
churn_fill_gap(const pg_uuid_t *content_id, int64 from, int64 to)
{
	for (int i = 0; i < GAPS; i++)
	{
		ChurnGap   *gap = &gaps[i];

		if (!is_in(gap, content_id, from, to))
			continue;
		/* the longer part of it remains */
		if (from - gap->from > gap->to - to)
			gap->to = from;
		else
			gap->from = to;
	}
}

void
churn_drop(Churn *churn)
{
	ItemPointerSetInvalid(&churn->tid);
	churn->era = 0;
}

void
churn_forget(void)
{
	if (!churn_any)
		return;
	memset(notes, 0, sizeof(Churn) * NOTES);
	memset(gaps, 0, sizeof(gaps));
	churn_any = false;
}
