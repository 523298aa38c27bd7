/*
 * statements.c
 *	  Every statement the gateway sends, in one place.
 *
 * This table and extension/sql are the two sides of the call interface: a
 * parameter here is an argument there, in the same order, none left to its
 * default.  The types are not given.  Each function has one form, so the
 * server finds them, and a gateway that does not know an oid is not surprised
 * when dump and restore change it.
 *
 * The form is SELECT f(...) rather than SELECT * FROM f(...), also for
 * functions that return sets: a call then costs 28 to 41 microseconds instead
 * of 42 to 51, since no tuplestore is filled.
 */
#include "statements.h"

#include "call.h"

#define THREE	"$1, $2, $3"
#define FIVE	THREE ", $4, $5"
#define TEN		FIVE ", $6, $7, $8, $9, $10"

const struct statement statements[] = {
	[STATEMENT_GET_FILE] = {
		"get_file",
		"SELECT dittofs.get_file($1, $2)",
		2, LANE_READ
	},
	[STATEMENT_SET_FILE_ATTRIBUTES] = {
		"set_file_attributes",
		"SELECT dittofs.set_file_attributes(" TEN ", $11)",
		11, LANE_CHANGE
	},
	[STATEMENT_LOOKUP] = {
		"lookup",
		"SELECT dittofs.lookup(" THREE ")",
		3, LANE_READ
	},
	[STATEMENT_CHECK_PERMISSIONS] = {
		"check_permissions",
		"SELECT dittofs.check_permissions(" THREE ")",
		3, LANE_READ
	},
	[STATEMENT_READ_SYMLINK] = {
		"read_symlink",
		"SELECT dittofs.read_symlink($1, $2)",
		2, LANE_READ
	},
	[STATEMENT_READ] = {
		"read",
		"SELECT dittofs.read(" THREE ", $4)",
		4, LANE_BULK
	},
	[STATEMENT_WRITE] = {
		"write",
		"SELECT dittofs.write(" FIVE ")",
		5, LANE_BULK
	},
	[STATEMENT_CREATE_FILE] = {
		"create_file",
		"SELECT dittofs.create_file(" TEN ", $11, $12, $13)",
		13, LANE_CHANGE
	},
	[STATEMENT_CREATE_DIRECTORY] = {
		"create_directory",
		"SELECT dittofs.create_directory(" TEN ")",
		10, LANE_CHANGE
	},
	[STATEMENT_CREATE_SYMLINK] = {
		"create_symlink",
		"SELECT dittofs.create_symlink(" TEN ")",
		10, LANE_CHANGE
	},
	[STATEMENT_CREATE_SPECIAL_FILE] = {
		"create_special_file",
		"SELECT dittofs.create_special_file(" TEN ", $11, $12, $13)",
		13, LANE_CHANGE
	},
	[STATEMENT_REMOVE_FILE] = {
		"remove_file",
		"SELECT dittofs.remove_file(" THREE ")",
		3, LANE_CHANGE
	},
	[STATEMENT_REMOVE_DIRECTORY] = {
		"remove_directory",
		"SELECT dittofs.remove_directory(" THREE ")",
		3, LANE_CHANGE
	},
	[STATEMENT_MOVE] = {
		"move",
		"SELECT dittofs.move(" FIVE ")",
		5, LANE_CHANGE
	},
	[STATEMENT_CREATE_HARD_LINK] = {
		"create_hard_link",
		"SELECT dittofs.create_hard_link(" THREE ", $4)",
		4, LANE_CHANGE
	},
	[STATEMENT_READ_DIRECTORY] = {
		"read_directory",
		"SELECT dittofs.read_directory(" FIVE ", $6)",
		6, LANE_READ
	},
	[STATEMENT_GET_FILESYSTEM_STATISTICS] = {
		"get_filesystem_statistics",
		"SELECT dittofs.get_filesystem_statistics($1, $2)",
		2, LANE_READ
	},
	[STATEMENT_GET_FILESYSTEM_CAPABILITIES] = {
		"get_filesystem_capabilities",
		"SELECT dittofs.get_filesystem_capabilities($1, $2)",
		2, LANE_READ
	},
	[STATEMENT_COMMIT] = {
		"commit",
		"SELECT dittofs.commit(" THREE ", $4)",
		4, LANE_BULK
	},
	[STATEMENT_MOUNT] = {
		"mount",
		"SELECT dittofs.mount($1, $2)",
		2, LANE_CHANGE
	},
	[STATEMENT_UNMOUNT] = {
		"unmount",
		"SELECT dittofs.unmount($1, $2)",
		2, LANE_CHANGE
	},
	[STATEMENT_UNMOUNT_ALL] = {
		"unmount_all",
		"SELECT dittofs.unmount_all($1)",
		1, LANE_CHANGE
	},
	[STATEMENT_LIST_MOUNTS] = {
		"list_mounts",
		"SELECT dittofs.list_mounts()",
		0, LANE_READ
	},
	[STATEMENT_LIST_EXPORTS] = {
		"list_exports",
		"SELECT dittofs.list_exports()",
		0, LANE_READ
	},
	[STATEMENT_PREPARE_READ] = {
		"prepare_read",
		"SELECT dittofs.prepare_read(" THREE ", $4)",
		4, LANE_BULK
	},
	[STATEMENT_PREPARE_WRITE] = {
		"prepare_write",
		"SELECT dittofs.prepare_write(" THREE ", $4)",
		4, LANE_BULK
	},
	[STATEMENT_COMMIT_WRITE] = {
		"commit_write",
		"SELECT dittofs.commit_write(" FIVE ", $6)",
		6, LANE_BULK
	},
	[STATEMENT_LOCK_OBJECTS] = {
		"lock_objects",
		"SELECT dittofs.lock_objects($1)",
		1, LANE_CHANGE
	},
	[STATEMENT_REAP] = {
		"reap",
		"SELECT dittofs.reap($1)",
		1, LANE_BULK
	},
	[STATEMENT_CONTENT_HINTS] = {
		"content_hints",
		"SELECT dittofs.content_hints()",
		0, LANE_READ
	},
	[STATEMENT_MERGE_NEXT] = {
		"merge_next",
		"SELECT dittofs.merge_next()",
		0, LANE_BULK
	},
	[STATEMENT_CLAIM_BLOCKS] = {
		"claim_blocks",
		"SELECT dittofs.claim_blocks($1, $2)",
		2, LANE_BULK
	},
	[STATEMENT_MERGE_COMMIT] = {
		"merge_commit",
		"SELECT dittofs.merge_commit(" FIVE ")",
		5, LANE_BULK
	},
	[STATEMENT_MERGE_STORE] = {
		"merge_store",
		"SELECT dittofs.merge_store(" THREE ", $4)",
		4, LANE_BULK
	},
	[STATEMENT_GC_NEXT] = {
		"gc_next",
		"SELECT dittofs.gc_next($1)",
		1, LANE_BULK
	},
	[STATEMENT_GC_DONE] = {
		"gc_done",
		"SELECT dittofs.gc_done($1, $2)",
		2, LANE_BULK
	},
};

const int	statement_count = STATEMENTS;
