/* SPDX-License-Identifier: PostgreSQL */
/*
 * order.h
 *	  Is there an order of these calls that explains their replies?
 */
#ifndef ORDER_H
#define ORDER_H

#include "generate.h"

struct event
{
	int			client;
	struct call call;			/* number: label of the object it made */
	struct result result;
	uint64_t	invoked;		/* by the clock that the server has too */
	uint64_t	answered;

	/* made by the checker */
	bool		without_object; /* those attributes are an event of their own */
	bool		without_to;
	uint64_t	time;			/* of a change; 0: nothing was changed */
	bool		moves_directory;	/* to another parent */
	uint32_t	position;		/* of a change, in the order */
	uint32_t	not_before;		/* changes before it, at least */
	uint32_t	not_after;		/* and at most */
	bool		placed;
};

struct events
{
	struct event *all;
	uint32_t	count;
	uint32_t	room;
};

extern void events_add(struct events *events, const struct event *event);
extern void events_drop(struct events *events);

/* The label of the object with this handle, or NO_LABEL. */
extern uint32_t label_of(const struct handle *handle);

/*
 * base: what one client did before, in its order, beginning with the root's
 * attributes.  False: no order explains it; the reasons are printed as
 * comments.
 */
extern bool explain(const struct events *base, struct events *events);

/* The model after base. */
extern struct model *base_model(const struct events *base);

#endif							/* ORDER_H */
