/* SPDX-License-Identifier: PostgreSQL */
/*
 * statements.c
 *	  Every statement the gateway sends, in one place.
 *
 * This table and extension/sql are the two sides of the call interface: a
 * parameter here is an argument there, in the same order.  The types are not
 * given.  Each function has one form, so the server finds them, and a gateway
 * that does not know an oid is not surprised when dump and restore change it.
 *
 * The form is SELECT f(...) rather than SELECT * FROM f(...), also for
 * functions that return sets: a call then costs 28 to 41 microseconds instead
 * of 42 to 51, since no tuplestore is filled.
 *
 * A statement costs the server 2 microseconds before and after the function it
 * calls, more than a GETATTR itself: for its portal, its executor, its row
 * description.  So calls of one function that follow each other in a batch go
 * out as one statement with a column for each.  They run in the order of the
 * columns, and each change has a snapshot of its own as in a statement by
 * itself.  Several widths, since most batches are small.
 *
 * What returns a set, or bytes of a file, has a bound among its parameters,
 * which the procedure puts into call.result_size: the request is charged for it
 * before it is sent (serve.c).  So nothing that a peer asks for is larger than
 * what --max-bytes has room for.  Bounds by parameter: read, read_directory,
 * list_mounts, list_exports, claim_blocks, gc_next; by the extension:
 * prepare_read and prepare_write (the blocks that the count touches),
 * merge_next (a file's slice), content_hints (a row for each share and store:
 * administrators make them).
 *
 * A parameter costs the server something also if it is NULL, and most
 * attributes of most calls are not given.  So where all that are given are
 * among the first, a brief statement leaves the others to their defaults: 13.0
 * microseconds of its backend for a CREATE instead of 13.5.
 */
#include "db/statements.h"

#include <stdio.h>

#include "db/call.h"

const int	call_widths[CALL_WIDTHS] = {CALL_MAX_WIDTH, 4, 1};

#define WIDE	true
#define NARROW	false
#define BRIEF	true
#define FULL	false

#define STATEMENT(number, function, parameters, lane, width, form) \
	{#function, parameters, LANE_##lane, width, form},

const struct statement statements[] = {
	STATEMENT_LIST(STATEMENT)
};

const int	statement_count = STATEMENTS;

void
statement_sql(const struct statement *statement, int calls,
			  char sql[STATEMENT_SQL_MAX])
{
	int			used = snprintf(sql, STATEMENT_SQL_MAX, "SELECT");

	for (int i = 0; i < calls; i++)
	{
		used += snprintf(sql + used, STATEMENT_SQL_MAX - used, "%s dittofs.%s(",
						 i > 0 ? "," : "", statement->name);
		for (int j = 0; j < statement->nparams; j++)
			used += snprintf(sql + used, STATEMENT_SQL_MAX - used, "%s$%d",
							 j > 0 ? ", " : "",
							 i * statement->nparams + j + 1);
		used += snprintf(sql + used, STATEMENT_SQL_MAX - used, ")");
	}
}

void
statement_name(const struct statement *statement, int calls,
			   char name[STATEMENT_NAME_MAX])
{
	const char *form = statement->brief ? ", brief" : "";

	if (calls == 1)
		snprintf(name, STATEMENT_NAME_MAX, "%s%s", statement->name, form);
	else
		snprintf(name, STATEMENT_NAME_MAX, "%s%s, %d", statement->name, form,
				 calls);
}
