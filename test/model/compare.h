/* SPDX-License-Identifier: PostgreSQL */
/*
 * compare.h
 *	  Is a reply what the model expects?
 */
#ifndef COMPARE_H
#define COMPARE_H

#include "model.h"

/* How much of a reply is looked at. */
#define COMPARE_TIMES	1		/* mtime and ctime: each change has its own */
#define COMPARE_AFTER	2		/* of wcc data what it was afterwards */
#define COMPARE_BEFORE	4		/* and before, which a change must say */
#define COMPARE_HANDLES	8		/* there are handles */
#define COMPARE_SERVER \
	(COMPARE_TIMES | COMPARE_AFTER | COMPARE_BEFORE | COMPARE_HANDLES)

/*
 * The model has applied the call, or would have.  If the reply is right, what
 * it shows for the first time is learnt; otherwise why says what is wrong with
 * it (in parentheses what was expected) and nothing is learnt.
 */
extern bool compare(struct model *model, const struct call *call,
					const struct expected *expected,
					const struct result *result, int flags,
					char *why, size_t why_size);

/* A result that outlives its client's next call. */
extern void result_keep(struct result *result);
extern void result_drop(struct result *result);

#endif							/* COMPARE_H */
