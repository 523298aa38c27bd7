/* SPDX-License-Identifier: PostgreSQL */
/*
 * statements.h
 *	  Every statement the gateway sends, by number (see call.h).
 */
#ifndef DITTOFS_STATEMENTS_H
#define DITTOFS_STATEMENTS_H

/*
 * ROW(number, function, parameters, lane, width, form)
 *
 *	width	WIDE: calls that follow each other are one statement (statements.c)
 *	form	BRIEF: the function's last arguments are left to their defaults
 *
 * To call another function of the extension, add a line.
 */
#define STATEMENT_LIST(ROW) \
	/* NFS */ \
	ROW(GET_FILE, get_file, 2, READ, WIDE, FULL) \
	ROW(SET_FILE_ATTRIBUTES, set_file_attributes, 11, CHANGE, WIDE, FULL) \
	ROW(SET_FILE_ATTRIBUTES_BRIEF, set_file_attributes, \
		6, CHANGE, WIDE, BRIEF) \
	ROW(LOOKUP, lookup, 3, READ, WIDE, FULL) \
	ROW(CHECK_PERMISSIONS, check_permissions, 3, READ, WIDE, FULL) \
	ROW(READ_SYMLINK, read_symlink, 2, READ, WIDE, FULL) \
	ROW(READ, read, 4, BULK, NARROW, FULL) \
	ROW(WRITE, write, 5, BULK, NARROW, FULL) \
	ROW(CREATE_FILE, create_file, 13, CHANGE, WIDE, FULL) \
	ROW(CREATE_FILE_BRIEF, create_file, 5, CHANGE, WIDE, BRIEF) \
	ROW(CREATE_DIRECTORY, create_directory, 10, CHANGE, WIDE, FULL) \
	ROW(CREATE_DIRECTORY_BRIEF, create_directory, 4, CHANGE, WIDE, BRIEF) \
	ROW(CREATE_SYMLINK, create_symlink, 10, CHANGE, WIDE, FULL) \
	ROW(CREATE_SPECIAL_FILE, create_special_file, 13, CHANGE, WIDE, FULL) \
	ROW(REMOVE_FILE, remove_file, 3, CHANGE, WIDE, FULL) \
	ROW(REMOVE_DIRECTORY, remove_directory, 3, CHANGE, WIDE, FULL) \
	ROW(MOVE, move, 5, CHANGE, WIDE, FULL) \
	ROW(CREATE_HARD_LINK, create_hard_link, 4, CHANGE, WIDE, FULL) \
	ROW(READ_DIRECTORY, read_directory, 6, READ, NARROW, FULL) \
	ROW(GET_FILESYSTEM_STATISTICS, get_filesystem_statistics, \
		2, READ, NARROW, FULL) \
	ROW(GET_FILESYSTEM_CAPABILITIES, get_filesystem_capabilities, \
		2, READ, NARROW, FULL) \
	ROW(COMMIT, commit, 4, BULK, NARROW, FULL) \
	/* NFSv4: one function, in the lane that its operations need */ \
	ROW(COMPOUND_READ, compound, 3, READ, WIDE, FULL) \
	ROW(COMPOUND, compound, 3, CHANGE, WIDE, FULL) \
	ROW(COMPOUND_DATA, compound, 3, BULK, NARROW, FULL) \
	ROW(RENEW_LEASES, renew_leases, 1, CHANGE, NARROW, FULL) \
	/* MOUNT */ \
	ROW(MOUNT, mount, 2, CHANGE, NARROW, FULL) \
	ROW(UNMOUNT, unmount, 2, CHANGE, NARROW, FULL) \
	ROW(UNMOUNT_ALL, unmount_all, 1, CHANGE, NARROW, FULL) \
	ROW(LIST_MOUNTS, list_mounts, 1, READ, NARROW, FULL) \
	ROW(LIST_EXPORTS, list_exports, 1, READ, NARROW, FULL) \
	/* NLM and NSM */ \
	ROW(LOCK_RANGE, lock_range, 9, CHANGE, WIDE, FULL) \
	ROW(UNLOCK_RANGE, unlock_range, 7, CHANGE, WIDE, FULL) \
	ROW(CANCEL_LOCK, cancel_lock, 8, CHANGE, NARROW, FULL) \
	ROW(TEST_LOCK, test_lock, 8, READ, WIDE, FULL) \
	ROW(SHARE_FILE, share_file, 8, CHANGE, NARROW, FULL) \
	ROW(UNSHARE_FILE, unshare_file, 5, CHANGE, NARROW, FULL) \
	ROW(FREE_LOCKS, free_locks, 3, CHANGE, NARROW, FULL) \
	ROW(CLIENT_REBOOTED, client_rebooted, 3, CHANGE, NARROW, FULL) \
	ROW(GRANT_TOLD, grant_told, 2, CHANGE, NARROW, FULL) \
	ROW(NEXT_GRANTS, next_grants, 2, CHANGE, NARROW, FULL) \
	ROW(LOCK_CLIENTS_SEEN, lock_clients_seen, 1, CHANGE, NARROW, FULL) \
	/* content outside the database */ \
	ROW(PREPARE_READ, prepare_read, 4, BULK, NARROW, FULL) \
	ROW(PREPARE_WRITE, prepare_write, 4, BULK, NARROW, FULL) \
	ROW(COMMIT_WRITE, commit_write, 6, BULK, NARROW, FULL) \
	/* the gateway's own */ \
	ROW(LOCK_OBJECTS, lock_objects, 1, CHANGE, NARROW, FULL) \
	ROW(REAP, reap, 1, BULK, NARROW, FULL) \
	ROW(CONTENT_HINTS, content_hints, 0, READ, NARROW, FULL) \
	ROW(CONTENT_STORE_MARKED, content_store_marked, 2, BULK, NARROW, FULL) \
	ROW(MERGE_NEXT, merge_next, 0, BULK, NARROW, FULL) \
	ROW(CLAIM_BLOCKS, claim_blocks, 2, BULK, NARROW, FULL) \
	ROW(MERGE_COMMIT, merge_commit, 5, BULK, NARROW, FULL) \
	ROW(MERGE_STORE, merge_store, 4, BULK, NARROW, FULL) \
	ROW(GC_NEXT, gc_next, 1, BULK, NARROW, FULL) \
	ROW(GC_DONE, gc_done, 2, BULK, NARROW, FULL)

enum statement_number
{
#define STATEMENT_NUMBER(number, function, parameters, lane, width, form) \
	STATEMENT_##number,
	STATEMENT_LIST(STATEMENT_NUMBER)
#undef STATEMENT_NUMBER
	STATEMENTS
};

#endif							/* DITTOFS_STATEMENTS_H */
