/* SPDX-License-Identifier: PostgreSQL */
/*
 * single.c
 *	  One client: every reply must be the model's, and the tree in the end.
 *
 * A failing history is cut down by delta debugging: runs of calls are left out
 * as long as what remains still fails, first halves, then ever shorter ones.
 * Since a call's objects are known by the calls that made them, what remains
 * needs no renaming: a call on something that was not made is passed over.
 */
#include "single.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare.h"

#define READ_MAX (256 * 1024)

/*
 * Histories
 */

void
history_add(struct history *history, const struct call *call)
{
	if (history->count == history->room)
	{
		history->room = history->room ? history->room * 2 : 1024;
		history->calls = realloc(history->calls,
								 history->room * sizeof(struct call));
		if (history->calls == NULL)
			bail_out("out of memory");
	}
	history->calls[history->count++] = *call;
}

void
history_read(struct history *history, const char *file)
{
	FILE	   *in = fopen(file, "r");
	char		line[2000];
	struct call call;

	if (in == NULL)
		bail_out("cannot read %s", file);
	while (fgets(line, sizeof(line), in) != NULL)
	{
		/* also as a test prints it, or a test of tests */
		const char *at = line + strspn(line, "# |");

		if (strncmp(at, "call ", 5) == 0)
			at += 5;
		if (call_parse(at, &call))
			history_add(history, &call);
	}
	fclose(in);
	if (history->count == 0)
		bail_out("there are no calls in %s", file);
}

/* In the test's output, from which it can be read again. */
void
history_note(const struct history *history)
{
	char		line[1000];

	for (uint32_t i = 0; i < history->count; i++)
	{
		call_print(&history->calls[i], line, sizeof(line));
		note("call %s", line);
	}
}

void
history_write(const struct history *history, const char *file)
{
	FILE	   *out = fopen(file, "w");
	char		line[1000];

	if (out == NULL)
		bail_out("cannot write %s", file);
	for (uint32_t i = 0; i < history->count; i++)
	{
		call_print(&history->calls[i], line, sizeof(line));
		fprintf(out, "%s\n", line);
	}
	fclose(out);
}

/*
 * Running
 */

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
}

/* By procedure, and whether it was OK. */
static uint64_t tally[NFS3_COMMIT + 1][2];

void
note_tally(void)
{
	char		line[1000] = "";

	for (int i = 0; i <= NFS3_COMMIT; i++)
	{
		size_t		used = strlen(line);

		if (tally[i][0] + tally[i][1] > 0)
			snprintf(line + used, sizeof(line) - used, " %s %llu+%llu",
					 procedure_name(i), (unsigned long long) tally[i][1],
					 (unsigned long long) tally[i][0]);
	}
	note("judged (OK + failed):%s", line);
}

bool
step(struct place *place, struct model *model, struct call *call, char *why)
{
	struct expected expected;
	struct result result;
	bool		right;

	if (!place->run(place, model, call, &result))
		return true;
	__atomic_add_fetch(&tally[call->procedure][result.status == NFS3_OK], 1,
					   __ATOMIC_RELAXED);
	model->now = now();
	model_apply(model, call, &expected);
	right = compare(model, call, &expected, &result, place->compare, why,
					WHY_SIZE);
	if (!right && place->tolerates && result.status != expected.status &&
		place->tolerates(call, result.status, expected.status))
		right = true;
	result_drop(&result);
	return right;
}

static bool
check(struct place *place, struct model *model, int procedure, uint32_t label,
	  uint64_t offset, uint32_t count, char *why)
{
	struct call call = {
		.procedure = procedure, .object = label, .offset = offset,
		.count = count
	};
	size_t		used;

	if (step(place, model, &call, why))
		return true;
	used = strlen(why);
	snprintf(why + used, WHY_SIZE - used, ", in the end, %s of %u",
			 procedure_name(procedure), label);
	return false;
}

/* What was written, and the end; holes in between are sampled. */
static bool
check_content(struct place *place, struct model *model, struct node *node,
			  char *why)
{
	uint64_t	end = node->size > 10000 ? node->size - 10000 : 0;

	for (const struct page *p = node->pages; p != NULL; p = p->next)
	{
		uint64_t	start = p->number * sizeof(p->bytes);

		if (!check(place, model, NFS3_READ, node->label, start,
				   2 * sizeof(p->bytes), why))
			return false;
	}
	return check(place, model, NFS3_READ, node->label, 0, READ_MAX, why) &&
		check(place, model, NFS3_READ, node->label, end, 20000, why);
}

bool
check_tree(struct place *place, struct model *model, char *why)
{
	for (uint32_t i = 0; i < model->room; i++)
	{
		struct node *node = model->nodes[i];

		if (node == NULL || node->nlink == 0)
			continue;
		if (!check(place, model, NFS3_GETATTR, i, 0, 0, why))
			return false;
		if (node->kind == NF3DIR &&
			!check(place, model, NFS3_READDIRPLUS, i, 0, 32768, why))
			return false;
		if (node->kind == NF3LNK &&
			!check(place, model, NFS3_READLINK, i, 0, 0, why))
			return false;
		if (node->kind == NF3REG && !check_content(place, model, node, why))
			return false;
	}
	return true;
}

bool
run_single(struct place *place, struct generator *g, uint32_t operations,
		   struct history *history, char *why)
{
	struct model *model = model_new();
	bool		right = true;

	place->begin(place, model);
	g->model = model;
	for (uint32_t i = 1; i <= operations && right; i++)
	{
		struct call call;

		generate_look(g);
		generate(g, i, &call);
		right = step(place, model, &call, why);
		history_add(history, &call);
	}
	right = right && check_tree(place, model, why);
	model_free(model);
	return right;
}

bool
run_history(struct place *place, const struct history *history, char *why)
{
	struct model *model = model_new();
	bool		right = true;

	place->begin(place, model);
	for (uint32_t i = 0; i < history->count && right; i++)
	{
		struct call call = history->calls[i];

		right = step(place, model, &call, why);
	}
	right = right && check_tree(place, model, why);
	model_free(model);
	return right;
}

/*
 * Shrinking
 */

/* Without count calls from the one at from; false if it still fails. */
static bool
run_without(struct place *place, const struct history *history,
			uint32_t from, uint32_t count, struct history *rest, char *why)
{
	rest->count = 0;
	for (uint32_t i = 0; i < history->count; i++)
	{
		if (i < from || i >= from + count)
			history_add(rest, &history->calls[i]);
	}
	return run_history(place, rest, why);
}

void
shrink(struct place *place, struct history *history, int seconds, char *why)
{
	time_t		end = time(NULL) + seconds;
	uint32_t	part = history->count / 2;
	struct history rest = {0};
	char		other[WHY_SIZE];

	while (part > 0)
	{
		bool		shorter = false;

		for (uint32_t from = 0; from < history->count && time(NULL) < end;)
		{
			if (run_without(place, history, from, part, &rest, other))
			{
				from += part;
				continue;
			}
			struct history swap = *history;

			*history = rest;
			rest = swap;
			memcpy(why, other, WHY_SIZE);
			shorter = true;
		}
		if (!shorter || part > 1)
			part /= 2;
		if (time(NULL) >= end)
			break;
	}
	free(rest.calls);
}
