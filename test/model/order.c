/* SPDX-License-Identifier: PostgreSQL */
/*
 * order.c
 *	  Finds an order of the calls of several clients that explains every reply,
 *	  or says that there is none.
 *
 * The promise is linearizability: the calls can be put in a row such that each
 * stands between its sending and its answer, and that the model, given the
 * calls in this row, answers each of them exactly so.  To find such a row by
 * trial takes time without bound; but replies betray most of it, because the
 * ctime of an object strictly grows from change to change.
 *
 * 1. Changes that meet in an object are in the order of their ctimes, for each
 *	  took its ctime while it held the object's lock.  So the ctimes of replies
 *	  are an order of all changes, good enough to replay them in the model and
 *	  to write down the versions that every object went through, each with the
 *	  change that made it.  A change also moves the ctime of objects that its
 *	  reply does not show (a file that loses one of its names): of such a
 *	  version it is known that its ctime lies between the previous change of the
 *	  object and the last ctime that the change took.
 *
 * 2. A reply that changed nothing shows attributes, and their ctime says which
 *	  version of the object it saw: it comes after the change that made this
 *	  version and before the one that made the next.  A handle that is STALE was
 *	  used after the change that removed the object.  Moves of directories to
 *	  other parents exclude each other.  And what was answered before something
 *	  else was sent comes before it.  If all that contains a cycle, no order
 *	  explains the history.  If not, a topological order of the changes is
 *	  taken.
 *
 * 3. The changes are replayed in that order, and between any two of them the
 *	  calls that changed nothing are tried, as long as their time allows it:
 *	  each takes the first place where the model's answer is its reply, down to
 *	  the last byte.  The first place is the best one, since it only delays
 *	  others by what it must.
 *
 * Step 3 alone is the proof: if it ends well, there is an order, whatever the
 * first two assumed to find it.  What is assumed there (that clocks of client
 * and server agree, that no clock is set back, that ctimes are taken under
 * locks) can at worst make a false alarm.
 *
 * One liberty is taken: a failed call that names two objects and locks neither,
 * or only one, may find the two as they were at two moments (the file of a
 * failed LINK; the directories of a RENAME whose arguments are at fault).
 */
#include "order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

#define WHY_SIZE 500
#define NO_CHANGE UINT32_MAX

static void *
grow(void *old, size_t count, size_t size)
{
	void	   *new = realloc(old, count * size);

	if (new == NULL)
		bail_out("out of memory");
	return new;
}

void
events_add(struct events *events, const struct event *event)
{
	if (events->count == events->room)
	{
		events->room = events->room ? events->room * 2 : 1024;
		events->all = grow(events->all, events->room, sizeof(struct event));
	}
	events->all[events->count++] = *event;
}

void
events_drop(struct events *events)
{
	for (uint32_t i = 0; i < events->count; i++)
		result_drop(&events->all[i].result);
	free(events->all);
	*events = (struct events) {0};
}

static void
note_event(const char *before, const struct event *event)
{
	char		line[1000];

	call_print(&event->call, line, sizeof(line));
	note("%s client %d, %llu to %llu: %s: %s", before, event->client,
		 (unsigned long long) event->invoked,
		 (unsigned long long) event->answered, strchr(line, '#') + 2,
		 status_word(event->result.status));
}

/*
 * What a reply tells about its place
 */

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static bool
moved(const struct wcc *wcc)
{
	return wcc->before && wcc->after.follows && wcc->after.ctime != wcc->ctime;
}

/* The last ctime a change took; 0 if the call changed nothing. */
static uint64_t
time_of_change(const struct event *event)
{
	const struct result *r = &event->result;
	uint64_t	time = 0;

	if (r->status != NFS3_OK)
		return 0;
	if (moved(&r->wcc))
		time = r->wcc.after.ctime;
	if (moved(&r->to_wcc))
		time = later(time, r->to_wcc.after.ctime);
	switch (event->call.procedure)
	{
		case NFS3_LINK:
			return time ? later(time, r->attr.ctime) : 0;
		case NFS3_CREATE:
			/* the file was there, and was given a size */
			if (time == 0 && event->call.how == UNCHECKED &&
				(event->call.set.what & SET_SIZE))
				return r->attr.ctime;
			return time;
		default:
			return time;
	}
}

/*
 * A failed LINK shows the file as it is in the end, if it still is; a failed
 * RENAME whose names or handles are at fault has locked nothing.
 */
static void
split(struct events *events, uint32_t at)
{
	struct event *event = &events->all[at];
	struct result *r = &event->result;
	struct event other = *event;

	if (r->status == NFS3_OK)
		return;
	memset(&other.result, 0, sizeof(other.result));
	other.call = (struct call) {.procedure = NFS3_GETATTR};
	if (event->call.procedure == NFS3_LINK)
	{
		event->without_object = r->attr.follows ||
			r->status != NFS3ERR_STALE;
		if (!r->attr.follows)
			return;
		other.call.object = event->call.object;
		other.result.attr = r->attr;
		r->attr.follows = false;
	}
	else if (event->call.procedure == NFS3_RENAME && r->to_wcc.after.follows &&
			 r->wcc.after.follows && !r->wcc.before)
	{
		event->without_to = true;
		other.call.object = event->call.object2;
		other.result.attr = r->to_wcc.after;
		r->to_wcc.after.follows = false;
	}
	else
		return;
	events_add(events, &other);
}

/*
 * Replaying
 */

struct model *
base_model(const struct events *base)
{
	struct model *model = model_new();
	struct expected expected;
	char		why[WHY_SIZE];
	struct node *root = model->root;
	const struct event *first = &base->all[0];
	const struct attr *attr = &first->result.attr;

	root->handle = first->result.handle;
	root->mode = attr->mode;
	root->uid = attr->uid;
	root->gid = attr->gid;
	root->size = model->directory_size = attr->size;
	root->fileid = attr->fileid;
	root->mtime = (struct moment) {attr->mtime - 1, attr->mtime};
	root->ctime = (struct moment) {attr->ctime - 1, attr->ctime};
	for (uint32_t i = 1; i < base->count; i++)
	{
		const struct event *event = &base->all[i];

		model->now = event->answered;
		model_apply(model, &event->call, &expected);
		if (!compare(model, &event->call, &expected, &event->result,
					 COMPARE_SERVER, why, sizeof(why)))
			bail_out("before the clients began: %s", why);
	}
	return model;
}

/* Does the reply fit the model as it is now?  A change is applied. */
static bool
fits(struct model *model, const struct event *event, char *why)
{
	struct expected expected;

	model->dry = event->time == 0;
	model->two_moments = event->without_object || event->without_to;
	model->now = event->time ? event->time : event->answered;
	if (event->time != 0 && event->result.handle.size != 0)
	{
		/* an object is made once */
		model->dry = true;
		model_apply(model, &event->call, &expected);
		model->dry = false;
		if (expected.status == NFS3_OK && expected.changed &&
			expected.object == NULL &&
			model_node(model, event->call.number) != NULL)
		{
			snprintf(why, WHY_SIZE, "the object was made before");
			return false;
		}
	}
	model_apply(model, &event->call, &expected);
	if (event->time == 0 && expected.changed)
	{
		snprintf(why, WHY_SIZE, "%s (a change)",
				 status_word(event->result.status));
		return false;
	}
	if (event->time != 0 && !expected.changed)
	{
		snprintf(why, WHY_SIZE, "a change (%s)", status_word(expected.status));
		return false;
	}
	if (event->without_object)
		expected.object = NULL;
	if (event->without_to)
		expected.to_wcc = NULL;
	return compare(model, &event->call, &expected, &event->result,
				   COMPARE_SERVER, why, WHY_SIZE);
}

/*
 * Step 1: the versions of every object
 */

struct version
{
	struct moment ctime;
	uint32_t	change;			/* index of the event, or NO_CHANGE */
	bool		gone;
};

struct versions
{
	struct version *all;
	uint32_t	count;
};

struct check
{
	const struct events *base;
	struct events *events;
	struct event **changes;
	uint32_t	change_count;
	struct versions *objects;	/* by label */
	uint32_t	object_room;

	/* step 2: edges by their first node, as lists */
	struct edge *edges;
	uint32_t	edge_count;
	uint32_t	edge_room;
	uint32_t   *first;			/* by node */
	uint32_t   *indegree;
	uint32_t	node_count;
};

struct edge
{
	uint32_t	to;
	uint32_t	next;			/* of the same first node */
};

static int
by_time(const void *a, const void *b)
{
	const struct event *x = *(struct event *const *) a;
	const struct event *y = *(struct event *const *) b;

	return x->time < y->time ? -1 : x->time > y->time;
}

static void
add_version(struct check *c, const struct node *node, uint32_t change)
{
	struct versions *v;

	while (node->label >= c->object_room)
	{
		uint32_t	room = c->object_room ? c->object_room * 2 : 1024;

		c->objects = grow(c->objects, room, sizeof(struct versions));
		memset(c->objects + c->object_room, 0,
			   (room - c->object_room) * sizeof(struct versions));
		c->object_room = room;
	}
	v = &c->objects[node->label];
	v->all = grow(v->all, v->count + 1, sizeof(struct version));
	v->all[v->count++] = (struct version) {node->ctime, change,
	node->nlink == 0};
}

static bool
find_versions(struct check *c)
{
	struct model *model = base_model(c->base);
	bool		right = true;
	char		why[WHY_SIZE] = "";

	for (uint32_t i = 0; i < model->room; i++)
	{
		if (model->nodes[i] != NULL)
			add_version(c, model->nodes[i], NO_CHANGE);
	}
	for (uint32_t i = 0; i < c->change_count && right; i++)
	{
		struct event *event = c->changes[i];

		right = fits(model, event, why);
		if (!right)
		{
			note("of the changes, in the order of their ctimes, number %u "
				 "cannot be: %s", i, why);
			note_event("this:", event);
			for (uint32_t j = i > 5 ? i - 5 : 0; j < i; j++)
				note_event("before:", c->changes[j]);
			break;
		}
		for (int t = 0; t < model->touched_count; t++)
		{
			const struct node *node = model->touched[t];

			add_version(c, node, (uint32_t) (event - c->events->all));
			if (event->call.procedure == NFS3_RENAME && node->nlink > 0 &&
				event->call.object != event->call.object2 &&
				node->kind == NF3DIR && node->label != event->call.object &&
				node->label != event->call.object2)
				event->moves_directory = true;
		}
	}
	model_free(model);
	return right;
}

/*
 * Step 2: what must come before what.  Nodes of the graph are the events, and
 * after them as many moments: the times of the answers, in their order.
 */

static void
add_edge(struct check *c, uint32_t from, uint32_t to)
{
	if (c->edge_count == c->edge_room)
	{
		c->edge_room = c->edge_room ? c->edge_room * 2 : 4096;
		c->edges = grow(c->edges, c->edge_room, sizeof(struct edge));
	}
	c->edges[c->edge_count] = (struct edge) {to, c->first[from]};
	c->first[from] = c->edge_count++;
	c->indegree[to]++;
}

/* The call saw the object with this ctime. */
static bool
saw(struct check *c, uint32_t at, uint32_t label, const struct attr *attr)
{
	const struct versions *v = label < c->object_room ?
		&c->objects[label] : NULL;

	if (!attr->follows || label == NO_LABEL)
		return true;
	for (uint32_t i = 0; v != NULL && i < v->count; i++)
	{
		if (v->all[i].gone || attr->ctime <= v->all[i].ctime.after ||
			attr->ctime > v->all[i].ctime.until)
			continue;
		if (v->all[i].change != NO_CHANGE && v->all[i].change != at)
			add_edge(c, v->all[i].change, at);
		if (i + 1 < v->count && v->all[i + 1].change != at)
			add_edge(c, at, v->all[i + 1].change);
		return true;
	}
	note("object %u never had the ctime %llu that this shows:", label,
		 (unsigned long long) attr->ctime);
	note_event("", &c->events->all[at]);
	return false;
}

static bool
saw_gone(struct check *c, uint32_t at, uint32_t label)
{
	const struct versions *v = label < c->object_room ?
		&c->objects[label] : NULL;

	if (v != NULL && v->count > 0 && v->all[v->count - 1].gone)
	{
		add_edge(c, v->all[v->count - 1].change, at);
		return true;
	}
	note("object %u was never removed, but this says so:", label);
	note_event("", &c->events->all[at]);
	return false;
}

static bool
saw_what_it_shows(struct check *c, uint32_t at)
{
	const struct event *event = &c->events->all[at];
	const struct call *call = &event->call;
	const struct result *r = &event->result;
	bool		link = call->procedure == NFS3_LINK;
	bool		listing = call->procedure == NFS3_READDIR ||
		call->procedure == NFS3_READDIRPLUS;
	uint32_t	shown = r->handle.size ? label_of(&r->handle) : call->object;

	if (!saw(c, at, shown, &r->attr) ||
		!saw(c, at, call->object, &r->dir) ||
		!saw(c, at, link ? call->object2 : call->object, &r->wcc.after) ||
		!saw(c, at, call->object2, &r->to_wcc.after))
		return false;
	for (int i = 0; listing && i < r->entry_count; i++)
	{
		if (!saw(c, at, label_of(&r->entries[i].handle), &r->entries[i].attr))
			return false;
	}
	if (r->status != NFS3ERR_STALE)
		return true;
	if (link && !event->without_object)
		return saw_gone(c, at, call->object);
	if (call->procedure == NFS3_RENAME && r->wcc.after.follows)
		return saw_gone(c, at, call->object2);
	return saw_gone(c, at, link ? call->object2 : call->object);
}

static int
by_answer(const void *a, const void *b)
{
	const struct event *x = *(struct event *const *) a;
	const struct event *y = *(struct event *const *) b;

	return x->answered < y->answered ? -1 : x->answered > y->answered;
}

static struct event **
sorted(struct events *events, int (*order) (const void *, const void *))
{
	struct event **s = grow(NULL, events->count + 1, sizeof(*s));

	for (uint32_t i = 0; i < events->count; i++)
		s[i] = &events->all[i];
	qsort(s, events->count, sizeof(*s), order);
	return s;
}

/* How many of them were answered before this moment? */
static uint32_t
answered_before(struct event *const *by_answers, uint32_t count,
				uint64_t moment)
{
	uint32_t	low = 0;
	uint32_t	high = count;

	while (low < high)
	{
		uint32_t	middle = (low + high) / 2;

		if (by_answers[middle]->answered < moment)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* No directory gets another parent while the ancestors of one are looked at. */
static void
order_moves(struct check *c)
{
	uint32_t	last = NO_CHANGE;

	for (uint32_t i = 0; i < c->change_count; i++)
	{
		uint32_t	at = (uint32_t) (c->changes[i] - c->events->all);

		if (!c->changes[i]->moves_directory)
			continue;
		if (last != NO_CHANGE)
			add_edge(c, last, at);
		last = at;
	}
}

static bool
build_graph(struct check *c)
{
	uint32_t	count = c->events->count;
	struct event **answers = sorted(c->events, by_answer);
	bool		right = true;

	c->node_count = 2 * count;
	c->first = grow(NULL, c->node_count, sizeof(uint32_t));
	memset(c->first, 0xff, c->node_count * sizeof(uint32_t));
	c->indegree = calloc(c->node_count, sizeof(uint32_t));

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t	earlier = answered_before(answers, count,
											  c->events->all[i].invoked);

		add_edge(c, (uint32_t) (answers[i] - c->events->all), count + i);
		if (i > 0)
			add_edge(c, count + i - 1, count + i);
		if (earlier > 0)
			add_edge(c, count + earlier - 1, i);
	}
	for (uint32_t i = 0; i < c->object_room; i++)
	{
		const struct versions *v = &c->objects[i];

		for (uint32_t j = 1; j < v->count; j++)
		{
			if (v->all[j - 1].change != NO_CHANGE)
				add_edge(c, v->all[j - 1].change, v->all[j].change);
		}
	}
	for (uint32_t i = 0; i < count && right; i++)
	{
		const struct event *event = &c->events->all[i];

		if (event->time == 0)
			right = saw_what_it_shows(c, i);
		/* a file that was there was given a size: the directory it only saw */
		else if (event->call.procedure == NFS3_CREATE &&
				 !moved(&event->result.wcc))
			right = saw(c, i, event->call.object, &event->result.wcc.after);
	}
	order_moves(c);
	free(answers);
	return right;
}

/* Follows what is not free of predecessors until it comes round. */
static void
note_cycle(const struct check *c)
{
	uint32_t	count = c->events->count;
	uint32_t   *before = grow(NULL, c->node_count, sizeof(uint32_t));
	bool	   *seen = calloc(c->node_count, sizeof(bool));
	uint32_t	at = NO_CHANGE;
	uint32_t	start;

	for (uint32_t i = 0; i < c->node_count; i++)
	{
		if (c->indegree[i] == 0)
			continue;
		at = i;
		for (uint32_t e = c->first[i]; e != UINT32_MAX; e = c->edges[e].next)
		{
			if (c->indegree[c->edges[e].to] > 0)
				before[c->edges[e].to] = i;
		}
	}
	while (!seen[at])
	{
		seen[at] = true;
		at = before[at];
	}
	note("each of these must come after the next, and the last after the "
		 "first:");
	start = at;
	do
	{
		if (at < count)
			note_event(c->events->all[at].time ? "change:" : "",
					   &c->events->all[at]);
		at = before[at];
	} while (at != start);
	free(before);
	free(seen);
}

/*
 * A topological order of the changes: of those that are free, always the one
 * with the least ctime.  c->changes are in the order of their ctimes.
 */
static bool
sort_changes(struct check *c)
{
	uint32_t	count = c->events->count;
	uint32_t   *free_nodes = grow(NULL, c->node_count + 1, sizeof(uint32_t));
	uint32_t	free_count = 0;
	uint32_t	done = 0;
	uint32_t	position = 0;
	uint32_t	least = 0;		/* changes before it are done */
	bool	   *ready = calloc(c->node_count, sizeof(bool));

	for (uint32_t i = 0; i < c->node_count; i++)
	{
		if (c->indegree[i] == 0)
			free_nodes[free_count++] = i;
	}
	for (;;)
	{
		uint32_t	node;

		if (free_count > 0)
		{
			node = free_nodes[--free_count];
			if (node < count && c->events->all[node].time != 0)
			{
				ready[node] = true;
				continue;
			}
		}
		else
		{
			uint32_t	i = least;

			while (i < c->change_count &&
				   !ready[c->changes[i] - c->events->all])
				i++;
			if (i == c->change_count)
				break;
			node = (uint32_t) (c->changes[i] - c->events->all);
			ready[node] = false;
			c->events->all[node].position = position++;
			c->events->all[node].placed = true;
			while (least < c->change_count && c->changes[least]->placed)
				least++;
		}
		done++;
		for (uint32_t e = c->first[node]; e != UINT32_MAX;
			 e = c->edges[e].next)
		{
			if (--c->indegree[c->edges[e].to] == 0)
				free_nodes[free_count++] = c->edges[e].to;
		}
	}
	free(free_nodes);
	free(ready);
	if (done < c->node_count)
		note_cycle(c);
	return done == c->node_count;
}

/*
 * Step 3: the proof
 */

static int
by_position(const void *a, const void *b)
{
	const struct event *x = *(struct event *const *) a;
	const struct event *y = *(struct event *const *) b;

	return x->position < y->position ? -1 : x->position > y->position;
}

static int
by_limit(const void *a, const void *b)
{
	const struct event *x = *(struct event *const *) a;
	const struct event *y = *(struct event *const *) b;

	return x->not_before < y->not_before ? -1 : x->not_before > y->not_before;
}

/*
 * Between which changes a call may stand, by the clock alone: after those that
 * were answered before it was sent.
 */
static void
limit_below(struct check *c, struct event *const *answers)
{
	uint32_t	count = c->events->count;
	uint32_t   *highest = calloc(count + 1, sizeof(uint32_t));

	for (uint32_t i = 0; i < count; i++)
	{
		uint32_t	after = answers[i]->time ? answers[i]->position + 1 : 0;

		highest[i + 1] = after > highest[i] ? after : highest[i];
	}
	for (uint32_t i = 0; i < count; i++)
	{
		struct event *event = &c->events->all[i];

		event->not_before = highest[answered_before(answers, count,
													event->invoked)];
	}
	free(highest);
}

/* And before those that were sent after it was answered. */
static void
limit_above(struct check *c, struct event *const *answers)
{
	uint32_t	count = c->events->count;
	uint32_t   *lowest = grow(NULL, count + 1, sizeof(uint32_t));

	for (uint32_t i = 0; i <= count; i++)
		lowest[i] = c->change_count;
	for (uint32_t i = 0; i < c->change_count; i++)
	{
		uint32_t	earlier = answered_before(answers, count,
											  c->changes[i]->invoked);

		/* so many were answered before it was sent */
		if (earlier > 0 && c->changes[i]->position < lowest[earlier - 1])
			lowest[earlier - 1] = c->changes[i]->position;
	}
	for (uint32_t i = count; i-- > 0;)
	{
		if (lowest[i + 1] < lowest[i])
			lowest[i] = lowest[i + 1];
		answers[i]->not_after = lowest[i];
	}
	free(lowest);
}

/* Tries all that may stand here until none fits any more. */
static void
place_here(struct model *model, struct event **waiting, uint32_t *count,
		   struct event **answers, uint32_t *first, uint32_t total,
		   char *why)
{
	bool		again = true;

	while (again)
	{
		again = false;
		for (uint32_t i = 0; i < *count; i++)
		{
			struct event *event = waiting[i];

			while (*first < total &&
				   (answers[*first]->placed || answers[*first]->time != 0))
				(*first)++;
			if (*first < total && answers[*first] != event &&
				answers[*first]->answered < event->invoked)
				continue;
			if (!fits(model, event, why))
				continue;
			event->placed = true;
			waiting[i--] = waiting[--(*count)];
			again = true;
		}
	}
}

static void
note_unplaced(struct check *c, struct model *model, struct event *event)
{
	char		why[WHY_SIZE];

	(void) fits(model, event, why);
	note("no place explains this; at the last one: %s", why);
	note_event("this:", event);
	note("it may stand after %u to %u changes; these are around it:",
		 event->not_before, event->not_after);
	for (uint32_t i = event->not_before > 3 ? event->not_before - 3 : 0;
		 i < c->change_count && i < event->not_after + 3; i++)
		note_event("change:", c->changes[i]);
}

static bool
prove(struct check *c)
{
	struct model *model = base_model(c->base);
	struct event **answers = sorted(c->events, by_answer);
	struct event **waiting = grow(NULL, c->events->count + 1,
								  sizeof(*waiting));
	struct event **coming;
	uint32_t	count = 0;
	uint32_t	next = 0;
	uint32_t	first = 0;
	bool		right = true;
	char		why[WHY_SIZE];

	qsort(c->changes, c->change_count, sizeof(*c->changes), by_position);
	limit_below(c, answers);
	limit_above(c, answers);
	coming = sorted(c->events, by_limit);
	for (uint32_t here = 0; right; here++)
	{
		for (; next < c->events->count && coming[next]->not_before <= here;
			 next++)
		{
			if (coming[next]->time == 0)
				waiting[count++] = coming[next];
		}
		place_here(model, waiting, &count, answers, &first, c->events->count,
				   why);
		for (uint32_t i = 0; i < count && right; i++)
		{
			if (waiting[i]->not_after <= here)
			{
				note_unplaced(c, model, waiting[i]);
				right = false;
			}
		}
		if (here == c->change_count || !right)
			break;
		right = fits(model, c->changes[here], why);
		if (!right)
		{
			note("change %u of the order does not fit: %s", here, why);
			note_event("", c->changes[here]);
		}
		else if (c->changes[here]->position < c->changes[here]->not_before ||
				 c->changes[here]->position > c->changes[here]->not_after)
			bail_out("the order is not that of time");
	}
	free(answers);
	free(waiting);
	free(coming);
	model_free(model);
	return right;
}

bool
explain(const struct events *base, struct events *events)
{
	struct check c = {.base = base,.events = events};
	uint32_t	count = events->count;
	bool		right;

	for (uint32_t i = 0; i < count; i++)
		split(events, i);
	c.changes = grow(NULL, events->count + 1, sizeof(*c.changes));
	for (uint32_t i = 0; i < events->count; i++)
	{
		events->all[i].time = time_of_change(&events->all[i]);
		if (events->all[i].time != 0)
			c.changes[c.change_count++] = &events->all[i];
	}
	qsort(c.changes, c.change_count, sizeof(*c.changes), by_time);
	right = find_versions(&c) && build_graph(&c) && sort_changes(&c) &&
		prove(&c);

	for (uint32_t i = 0; i < c.object_room; i++)
		free(c.objects[i].all);
	free(c.objects);
	free(c.changes);
	free(c.edges);
	free(c.first);
	free(c.indegree);
	return right;
}
