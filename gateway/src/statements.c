/*
 * statements.c
 *	  Every statement the gateway sends, in one place.
 *
 * This table and extension/sql are the two sides of the call interface: a
 * parameter here is an argument there, in the same order.  The types are not
 * given.  Each function has one form, so the server finds them, and a gateway that
 * does not know an oid is not surprised when dump and restore change it.
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
 * A parameter costs the server something also if it is NULL, and most attributes
 * of most calls are not given.  So where all that are given are among the first, a
 * brief statement leaves the others to their defaults: 13.0 microseconds of its
 * backend for a CREATE instead of 13.5.
 */
#include "statements.h"

#include <stdio.h>

#include "call.h"

const int	call_widths[CALL_WIDTHS] = {CALL_MAX_WIDTH, 4, 1};

#define WIDE	true
#define NARROW	false
#define BRIEF	true
#define FULL	false

const struct statement statements[] = {
	[STATEMENT_GET_FILE] = {"get_file", 2, LANE_READ, WIDE, FULL},
	[STATEMENT_SET_FILE_ATTRIBUTES] = {"set_file_attributes", 11, LANE_CHANGE, WIDE, FULL},
	[STATEMENT_SET_FILE_ATTRIBUTES_BRIEF] = {"set_file_attributes", 6, LANE_CHANGE, WIDE, BRIEF},
	[STATEMENT_LOOKUP] = {"lookup", 3, LANE_READ, WIDE, FULL},
	[STATEMENT_CHECK_PERMISSIONS] = {"check_permissions", 3, LANE_READ, WIDE, FULL},
	[STATEMENT_READ_SYMLINK] = {"read_symlink", 2, LANE_READ, WIDE, FULL},
	[STATEMENT_READ] = {"read", 4, LANE_BULK, NARROW, FULL},
	[STATEMENT_WRITE] = {"write", 5, LANE_BULK, NARROW, FULL},
	[STATEMENT_CREATE_FILE] = {"create_file", 13, LANE_CHANGE, WIDE, FULL},
	[STATEMENT_CREATE_FILE_BRIEF] = {"create_file", 5, LANE_CHANGE, WIDE, BRIEF},
	[STATEMENT_CREATE_DIRECTORY] = {"create_directory", 10, LANE_CHANGE, WIDE, FULL},
	[STATEMENT_CREATE_DIRECTORY_BRIEF] = {"create_directory", 4, LANE_CHANGE, WIDE, BRIEF},
	[STATEMENT_CREATE_SYMLINK] = {"create_symlink", 10, LANE_CHANGE, WIDE, FULL},
	[STATEMENT_CREATE_SPECIAL_FILE] = {"create_special_file", 13, LANE_CHANGE, WIDE, FULL},
	[STATEMENT_REMOVE_FILE] = {"remove_file", 3, LANE_CHANGE, WIDE, FULL},
	[STATEMENT_REMOVE_DIRECTORY] = {"remove_directory", 3, LANE_CHANGE, WIDE, FULL},
	[STATEMENT_MOVE] = {"move", 5, LANE_CHANGE, WIDE, FULL},
	[STATEMENT_CREATE_HARD_LINK] = {"create_hard_link", 4, LANE_CHANGE, WIDE, FULL},
	[STATEMENT_READ_DIRECTORY] = {"read_directory", 6, LANE_READ, NARROW, FULL},
	[STATEMENT_GET_FILESYSTEM_STATISTICS] = {"get_filesystem_statistics", 2, LANE_READ, NARROW, FULL},
	[STATEMENT_GET_FILESYSTEM_CAPABILITIES] = {"get_filesystem_capabilities", 2, LANE_READ, NARROW, FULL},
	[STATEMENT_COMMIT] = {"commit", 4, LANE_BULK, NARROW, FULL},
	[STATEMENT_MOUNT] = {"mount", 2, LANE_CHANGE, NARROW, FULL},
	[STATEMENT_UNMOUNT] = {"unmount", 2, LANE_CHANGE, NARROW, FULL},
	[STATEMENT_UNMOUNT_ALL] = {"unmount_all", 1, LANE_CHANGE, NARROW, FULL},
	[STATEMENT_LIST_MOUNTS] = {"list_mounts", 0, LANE_READ, NARROW, FULL},
	[STATEMENT_LIST_EXPORTS] = {"list_exports", 0, LANE_READ, NARROW, FULL},
	[STATEMENT_PREPARE_READ] = {"prepare_read", 4, LANE_BULK, NARROW, FULL},
	[STATEMENT_PREPARE_WRITE] = {"prepare_write", 4, LANE_BULK, NARROW, FULL},
	[STATEMENT_COMMIT_WRITE] = {"commit_write", 6, LANE_BULK, NARROW, FULL},
	[STATEMENT_LOCK_OBJECTS] = {"lock_objects", 1, LANE_CHANGE, NARROW, FULL},
	[STATEMENT_REAP] = {"reap", 1, LANE_BULK, NARROW, FULL},
	[STATEMENT_CONTENT_HINTS] = {"content_hints", 0, LANE_READ, NARROW, FULL},
	[STATEMENT_MERGE_NEXT] = {"merge_next", 0, LANE_BULK, NARROW, FULL},
	[STATEMENT_CLAIM_BLOCKS] = {"claim_blocks", 2, LANE_BULK, NARROW, FULL},
	[STATEMENT_MERGE_COMMIT] = {"merge_commit", 5, LANE_BULK, NARROW, FULL},
	[STATEMENT_MERGE_STORE] = {"merge_store", 4, LANE_BULK, NARROW, FULL},
	[STATEMENT_GC_NEXT] = {"gc_next", 1, LANE_BULK, NARROW, FULL},
	[STATEMENT_GC_DONE] = {"gc_done", 2, LANE_BULK, NARROW, FULL},
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
