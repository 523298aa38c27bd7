/* SPDX-License-Identifier: PostgreSQL */
/*
 * single.h
 *	  One client and the model side by side; and making failures short.
 */
#ifndef SINGLE_H
#define SINGLE_H

#include "generate.h"
#include "run.h"

struct history
{
	struct call *calls;
	uint32_t	count;
	uint32_t	room;
};

extern void history_add(struct history *history, const struct call *call);
/* Lines of calls; others in the file are passed over. */
extern void history_read(struct history *history, const char *file);
extern void history_note(const struct history *history);
extern void history_write(const struct history *history, const char *file);

#define WHY_SIZE 500

/* How many replies of each kind were judged, for the report. */
extern void note_tally(void);

/* Makes a call and judges the reply; a call that has no meaning passes. */
extern bool step(struct place *place, struct model *model, struct call *call,
				 char *why);
/* Everything the model has is there, and nothing else. */
extern bool check_tree(struct place *place, struct model *model, char *why);

/* Generates until something is wrong; the history is what was called. */
extern bool run_single(struct place *place, struct generator *g,
					   uint32_t operations, struct history *history, char *why);
/* Calls of a history, in a tree of their own. */
extern bool run_history(struct place *place, const struct history *history,
						char *why);
/* Leaves out of a failing history what it fails without. */
extern void shrink(struct place *place, struct history *history,
				   int seconds, char *why);

#endif							/* SINGLE_H */
