/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * tables.c
 *	  The tables and result types of the extension, as this library expects
 *	  them.
 *
 * A table is right if it has these columns, with these types; their place among
 * others does not matter (shape.c).  A column that is not marked as nullable is
 * declared NOT NULL, so no code checks before it reads it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "tables/tables.h"

#define COLUMNS(array) array, lengthof(array)

/* Tables, in the order of the fragments. */

static const KnownColumn files_columns[] = {
	{"id", UUIDOID},
	{"fileid", INT8OID},
	{"size", INT8OID},
	{"used", INT8OID},
	{"atime", INT8OID},
	{"mtime", INT8OID},
	{"ctime", INT8OID},
	{"uid", INT8OID},
	{"gid", INT8OID},
	{"share_id", INT4OID},
	{"mode", INT4OID},
	{"nlink", INT4OID},
	{"kind", INT2OID},
	{"parent_id", UUIDOID, true},
	{"content_id", UUIDOID, true},
	{"rdev", INT8OID, true},
	{"target", BYTEAOID, true},
	{"verifier", BYTEAOID, true},
	{"memory_epoch", INT8OID, true},
	{"external", INT8OID, true},
	{"cuts", INT8ARRAYOID, true},
	{"moved", INT8OID, true},
	{"overflow", INT4OID, true},
	{"locks", BYTEAOID, true},
	{"xattrs", INT8OID, true},
};

static const KnownColumn dirents_columns[] = {
	{"parent_id", UUIDOID},
	{"cookie", INT8OID},
	{"child_id", UUIDOID},
	{"fileid", INT8OID},
	{"name", BYTEAOID},
	{"place", TIDOID, true},
};

static const KnownColumn blocks_columns[] = {
	{"content_id", UUIDOID},
	{"block", INT8OID},
	{"data", BYTEAOID},
	{"ranges", BYTEAOID, true},
	{"cut", INT8OID, true},
};

static const KnownColumn memory_life_columns[] = {
	{"epoch", INT8OID},
};

static const KnownColumn extents_columns[] = {
	{"content_id", UUIDOID},
	{"start", INT8OID},
	{"length", INT4OID},
	{"store_id", INT4OID},
	{"hash", BYTEAOID},
	{"skip", INT4OID},
	{"cut", INT8OID, true},
};

static const KnownColumn stored_blocks_columns[] = {
	{"store_id", INT4OID},
	{"hash", BYTEAOID},
	{"length", INT4OID},
	{"state", TEXTOID},
	{"claimed_at", TIMESTAMPTZOID},
	{"unreferenced_since", TIMESTAMPTZOID, true},
	{"sums", BYTEAOID},
};

static const KnownColumn content_stores_columns[] = {
	{"store_id", INT4OID},
	{"name", TEXTOID},
	{"kind", TEXTOID},
	{"created_at", TIMESTAMPTZOID},
	{"read_only", BOOLOID},
};

static const KnownColumn extended_attributes_columns[] = {
	{"file_id", UUIDOID},
	{"cookie", INT8OID},
	{"name", BYTEAOID},
	{"value", BYTEAOID},
};

static const KnownColumn staged_files_columns[] = {
	{"file_id", UUIDOID},
	{"next_at", TIMESTAMPTZOID},
	{"position", INT8OID},
	{"moving", BOOLOID},
	{"clean", BOOLOID},
	{"tries", INT4OID},
	{"failures", INT4OID},
	{"error", TEXTOID, true},
};

static const KnownColumn content_moves_columns[] = {
	{"share_id", INT4OID},
	{"position", UUIDOID},
	{"passes", INT4OID},
	{"next_at", TIMESTAMPTZOID},
	{"failures", INT4OID},
	{"error", TEXTOID, true},
};

static const KnownColumn gc_position_columns[] = {
	{"one", BOOLOID},
	{"store_id", INT4OID},
	{"hash", BYTEAOID},
	{"failures", INT4OID},
	{"error", TEXTOID, true},
};

static const KnownColumn content_store_marks_columns[] = {
	{"store_id", INT4OID},
	{"store_uuid", UUIDOID},
	{"owner_uuid", UUIDOID},
	{"database", TEXTOID},
	{"ticket", UUIDOID},
	{"next_ticket", UUIDOID},
	{"turned_at", TIMESTAMPTZOID},
	{"marked_at", TIMESTAMPTZOID, true},
	{"adopting", BOOLOID},
};

static const KnownColumn space_usage_columns[] = {
	{"share_id", INT4OID},
	{"slot", INT4OID},
	{"bytes", INT8OID},
	{"inodes", INT8OID},
};

static const KnownColumn reap_queue_columns[] = {
	{"content_id", UUIDOID},
	{"content", TEXTOID},
	{"queued_at", TIMESTAMPTZOID},
	{"position", INT8OID},
	{"file_id", UUIDOID, true},
	{"next_at", TIMESTAMPTZOID},
	{"failures", INT4OID},
	{"error", TEXTOID, true},
};

static const KnownColumn dropped_shares_columns[] = {
	{"share_id", INT4OID},
	{"name", TEXTOID},
	{"dropped_at", TIMESTAMPTZOID},
	{"swept", UUIDOID, true},
	{"files", BOOLOID},
};

static const KnownColumn dropped_directories_columns[] = {
	{"id", UUIDOID},
	{"share_id", INT4OID},
	{"position", INT8OID},
	{"next_at", TIMESTAMPTZOID},
	{"failures", INT4OID},
	{"error", TEXTOID, true},
};

static const KnownColumn shares_columns[] = {
	{"share_id", INT4OID},
	{"share_uuid", UUIDOID},
	{"name", TEXTOID},
	{"root_id", UUIDOID},
	{"fsid", INT8OID},
	{"cookie_seed", INT8OID},
	{"content", TEXTOID},
	{"read_only", BOOLOID},
	{"squash", TEXTOID},
	{"anonuid", INT8OID},
	{"anongid", INT8OID},
	{"allowed_clients", INETARRAYOID},
	{"denied_clients", INETARRAYOID},
	{"require_privileged_port", BOOLOID},
	{"allow_auth_none", BOOLOID},
	{"atime", TEXTOID},
	{"created_at", TIMESTAMPTZOID},
	{"content_store_id", INT4OID, true},
	{"block_size", INT4OID},
	{"compression", TEXTOID},
	{"max_bytes", INT8OID, true},
	{"max_inodes", INT8OID, true},
	{"cookie_key", BYTEAOID, true},
};

static const KnownColumn filesystem_capabilities_columns[] = {
	{"share_id", INT4OID},
	{"rtmax", INT4OID},
	{"rtpref", INT4OID},
	{"wtmax", INT4OID},
	{"wtpref", INT4OID},
	{"dtpref", INT4OID},
	{"maxfilesize", INT8OID},
};

static const KnownColumn server_config_columns[] = {
	{"key", TEXTOID},
	{"value", TEXTOID},
	{"changed_at", TIMESTAMPTZOID},
};

static const KnownColumn mounts_columns[] = {
	{"client", INETOID},
	{"path", BYTEAOID},
	{"share_id", INT4OID},
	{"mounted_at", TIMESTAMPTZOID},
};

static const KnownColumn replies_columns[] = {
	{"key", INT8OID},
	{"xids", INT8OID},
	{"replies", BYTEAOID},
};

static const KnownColumn replies_turn_columns[] = {
	{"turn", INT8OID},
	{"since", INT8OID},
	{"seen", INT8OID},
};

static const KnownColumn gateway_replicas_columns[] = {
	{"replica_id", UUIDOID},
	{"host", TEXTOID},
	{"pid", INT4OID},
	{"version", TEXTOID},
	{"address", TEXTOID},
	{"started_at", TIMESTAMPTZOID},
	{"seen_at", TIMESTAMPTZOID},
	{"state", TEXTOID},
	{"clients", INT4OID},
	{"calls_per_second", FLOAT8OID},
};

static const KnownColumn slow_call_log_columns[] = {
	{"happened_at", TIMESTAMPTZOID},
	{"host", TEXTOID},
	{"client", TEXTOID},
	{"procedure", TEXTOID},
	{"status", INT4OID},
	{"total_ms", FLOAT8OID},
	{"queue_ms", FLOAT8OID},
	{"database_ms", FLOAT8OID},
	{"flush_ms", FLOAT8OID},
	{"content_ms", FLOAT8OID},
	{"handle", BYTEAOID, true},
};

static const KnownColumn waiting_calls_columns[] = {
	{"replica_id", UUIDOID},
	{"call_id", TEXTOID},
	{"host", TEXTOID},
	{"client", TEXTOID},
	{"procedure", TEXTOID},
	{"handle", BYTEAOID, true},
	{"since", TIMESTAMPTZOID},
	{"pid", INT4OID, true},
	{"blocked_by", INT4OID, true},
	{"seen_at", TIMESTAMPTZOID},
};

static const KnownColumn lock_clients_columns[] = {
	{"id", UUIDOID},
	{"life", INT8OID},
	{"locks", INT8OID},
	{"state", INT4OID},
	{"seen_at", TIMESTAMPTZOID},
	{"share_id", INT4OID},
	{"protocol", TEXTOID},
	{"name", TEXTOID},
	{"address", INETOID, true},
};

static const KnownColumn locked_files_columns[] = {
	{"file_id", UUIDOID},
	{"share_id", INT4OID},
	{"waiting", BOOLOID},
};

static const KnownColumn lock_grants_columns[] = {
	{"id", INT8OID},
	{"file_id", UUIDOID},
	{"share_id", INT4OID},
	{"client_id", UUIDOID},
	{"life", INT8OID},
	{"owner", BYTEAOID},
	{"offset", INT8OID},
	{"length", INT8OID},
	{"exclusive", BOOLOID},
	{"wait", BYTEAOID},
	{"next_at", TIMESTAMPTZOID},
	{"attempts", INT4OID},
	{"server_address", INETOID, true},
};

static const KnownColumn lock_watch_columns[] = {
	{"one", BOOLOID},
	{"told_at", TIMESTAMPTZOID},
};

static const KnownColumn lock_passes_columns[] = {
	{"life", INT8OID},
	{"share_id", INT4OID},
	{"position", UUIDOID},
	{"again", BOOLOID},
	{"until", XID8OID, true},
	{"next_at", TIMESTAMPTZOID},
};

static const KnownColumn nfs4_states_columns[] = {
	{"client_id", INT8OID},
	{"id", INT8OID},
	{"salt", INT4OID},
	{"seqid", INT4OID},
	{"file_id", UUIDOID},
	{"share_id", INT4OID},
	{"open_id", INT8OID},
	{"access", INT4OID},
	{"deny", INT4OID},
	{"modes", INT4OID},
	{"owner", BYTEAOID},
	{"owner_key", INT8OID},
	{"since", TIMESTAMPTZOID},
};

static const KnownColumn nfs4_file_states_columns[] = {
	{"file_id", UUIDOID},
	{"client_id", INT8OID},
	{"owner_key", INT8OID},
	{"id", INT8OID},
};

static const KnownColumn nfs4_unlinked_files_columns[] = {
	{"file_id", UUIDOID},
	{"share_id", INT4OID},
};

static const KnownColumn nfs4_server_columns[] = {
	{"one", BOOLOID},
	{"server_uuid", UUIDOID},
	{"database", TEXTOID},
};

static const KnownColumn nfs4_clock_columns[] = {
	{"one", BOOLOID},
	{"served", INT8OID},
	{"counted_at", TIMESTAMPTZOID},
};

static const KnownColumn nfs4_clients_columns[] = {
	{"client_id", INT8OID},
	{"owner", BYTEAOID},
	{"state", TEXTOID},
	{"verifier", BYTEAOID},
	{"auth", INT4OID},
	{"uid", INT8OID},
	{"gid", INT8OID},
	{"minor", INT4OID},
	{"reclaimed", BOOLOID},
	{"sequence", INT8OID},
	{"reply", BYTEAOID, true},
	{"address", INETOID, true},
	{"implementation", TEXTOID},
	{"created_at", TIMESTAMPTZOID},
};

static const KnownColumn nfs4_leases_columns[] = {
	{"client_id", INT8OID},
	{"renewed", INT8OID},
	{"seen_at", TIMESTAMPTZOID},
};

static const KnownColumn nfs4_sessions_columns[] = {
	{"session_id", UUIDOID},
	{"client_id", INT8OID},
	{"slots", INT4OID},
	{"max_operations", INT4OID},
	{"max_request", INT8OID},
	{"max_response", INT8OID},
	{"max_cached", INT8OID},
	{"created_at", TIMESTAMPTZOID},
};

static const KnownColumn nfs4_replies_columns[] = {
	{"key", INT8OID},
	{"seqid", INT8OID},
	{"digest", INT8OID},
	{"results", BYTEAOID},
	{"data", BYTEAOID, true},
};

/* Result types */

static const KnownColumn attributes[] = {
	{"kind", TEXTOID},
	{"mode", INT4OID},
	{"nlink", INT8OID},
	{"uid", INT8OID},
	{"gid", INT8OID},
	{"size", INT8OID},
	{"used", INT8OID},
	{"rdev_major", INT8OID},
	{"rdev_minor", INT8OID},
	{"fsid", INT8OID},
	{"fileid", INT8OID},
	{"atime", INT8OID},
	{"mtime", INT8OID},
	{"ctime", INT8OID},
};

static const KnownColumn wcc_before[] = {
	{"size", INT8OID},
	{"mtime", INT8OID},
	{"ctime", INT8OID},
};

static const KnownColumn lookup_result[] = {
	{"status", INT4OID},
	{"handle", BYTEAOID},
	{"attributes", TYPE_FATTR},
	{"dir_attributes", TYPE_FATTR},
};

static const KnownColumn file_result[] = {
	{"status", INT4OID},
	{"attributes", TYPE_FATTR},
};

static const KnownColumn change_result[] = {
	{"status", INT4OID},
	{"wcc", TYPE_WCC},
};

static const KnownColumn access_result[] = {
	{"status", INT4OID},
	{"attributes", TYPE_FATTR},
	{"granted", INT4OID},
};

static const KnownColumn create_result[] = {
	{"status", INT4OID},
	{"handle", BYTEAOID},
	{"attributes", TYPE_FATTR},
	{"dir_wcc", TYPE_WCC},
};

static const KnownColumn readlink_result[] = {
	{"status", INT4OID},
	{"attributes", TYPE_FATTR},
	{"target", BYTEAOID},
};

static const KnownColumn link_result[] = {
	{"status", INT4OID},
	{"attributes", TYPE_FATTR},
	{"dir_wcc", TYPE_WCC},
};

static const KnownColumn move_result[] = {
	{"status", INT4OID},
	{"from_wcc", TYPE_WCC},
	{"to_wcc", TYPE_WCC},
};

static const KnownColumn directory_row[] = {
	{"status", INT4OID},
	{"dir_attributes", TYPE_FATTR},
	{"eof", BOOLOID},
	{"fileid", INT8OID},
	{"name", BYTEAOID},
	{"cookie", INT8OID},
	{"attributes", TYPE_FATTR},
	{"handle", BYTEAOID},
};

static const KnownColumn read_result[] = {
	{"status", INT4OID},
	{"attributes", TYPE_FATTR},
	{"eof", BOOLOID},
	{"data", BYTEAOID},
};

static const KnownColumn write_result[] = {
	{"status", INT4OID},
	{"wcc", TYPE_WCC},
	{"count", INT4OID},
	{"committed", TEXTOID},
	{"verifier", BYTEAOID},
};

static const KnownColumn commit_result[] = {
	{"status", INT4OID},
	{"wcc", TYPE_WCC},
	{"verifier", BYTEAOID},
};

static const KnownColumn prepare_read_result[] = {
	{"status", INT4OID},
	{"attributes", TYPE_FATTR},
	{"eof", BOOLOID},
	{"segments", BYTEAOID},
	{"data", BYTEAOID},
};

static const KnownColumn prepare_write_result[] = {
	{"status", INT4OID},
	{"attributes", TYPE_FATTR},
	{"store_id", INT4OID},
	{"needed", BYTEAOID},
};

static const KnownColumn merge_task[] = {
	{"status", INT4OID},
	{"action", TEXTOID},
	{"handle", BYTEAOID},
	{"offset", INT8OID},
	{"length", INT4OID},
	{"stamp", BYTEAOID},
	{"store_id", INT4OID},
	{"segments", BYTEAOID},
	{"data", BYTEAOID},
	{"wait_ms", INT4OID},
};

static const KnownColumn capabilities_result[] = {
	{"status", INT4OID},
	{"attributes", TYPE_FATTR},
	{"rtmax", INT8OID},
	{"rtpref", INT8OID},
	{"rtmult", INT8OID},
	{"wtmax", INT8OID},
	{"wtpref", INT8OID},
	{"wtmult", INT8OID},
	{"dtpref", INT8OID},
	{"maxfilesize", INT8OID},
	{"time_delta", INT8OID},
	{"properties", INT4OID},
	{"linkmax", INT8OID},
	{"name_max", INT8OID},
	{"no_trunc", BOOLOID},
	{"chown_restricted", BOOLOID},
	{"case_insensitive", BOOLOID},
	{"case_preserving", BOOLOID},
};

static const KnownColumn statistics_result[] = {
	{"status", INT4OID},
	{"attributes", TYPE_FATTR},
	{"total_bytes", INT8OID},
	{"free_bytes", INT8OID},
	{"available_bytes", INT8OID},
	{"total_files", INT8OID},
	{"free_files", INT8OID},
	{"available_files", INT8OID},
	{"invarsec", INT4OID},
};

static const KnownColumn mount_result[] = {
	{"status", INT4OID},
	{"handle", BYTEAOID},
	{"auth_none", BOOLOID},
};

static const KnownColumn lock_result[] = {
	{"status", INT4OID},
	{"outcome", TEXTOID},
	{"holder_exclusive", BOOLOID},
	{"holder_owner", BYTEAOID},
	{"holder_offset", INT8OID},
	{"holder_length", INT8OID},
	{"grants", INT4OID},
};

static const KnownColumn lock_grant[] = {
	{"id", INT8OID},
	{"client_address", TEXTOID},
	{"client_name", TEXTOID},
	{"wait", BYTEAOID},
	{"owner", BYTEAOID},
	{"offset", INT8OID},
	{"length", INT8OID},
	{"exclusive", BOOLOID},
	{"attempts", INT4OID},
};

static const KnownColumn compound_result[] = {
	{"results", BYTEAOID},
	{"data", BYTEAOID},
	{"client_id", INT8OID},
};

const KnownType known_types[TYPE_COUNT] = {
	[TYPE_ATTRIBUTES] = {"attributes", COLUMNS(attributes)},
	[TYPE_WCC_BEFORE] = {"wcc_before", COLUMNS(wcc_before)},
	[TYPE_LOOKUP_RESULT] = {"lookup_result", COLUMNS(lookup_result)},
	[TYPE_FILE_RESULT] = {"file_result", COLUMNS(file_result)},
	[TYPE_CHANGE_RESULT] = {"change_result", COLUMNS(change_result)},
	[TYPE_ACCESS_RESULT] = {"access_result", COLUMNS(access_result)},
	[TYPE_CREATE_RESULT] = {"create_result", COLUMNS(create_result)},
	[TYPE_READLINK_RESULT] = {"readlink_result", COLUMNS(readlink_result)},
	[TYPE_LINK_RESULT] = {"link_result", COLUMNS(link_result)},
	[TYPE_MOVE_RESULT] = {"move_result", COLUMNS(move_result)},
	[TYPE_DIRECTORY_ROW] = {"directory_row", COLUMNS(directory_row)},
	[TYPE_READ_RESULT] = {"read_result", COLUMNS(read_result)},
	[TYPE_WRITE_RESULT] = {"write_result", COLUMNS(write_result)},
	[TYPE_COMMIT_RESULT] = {"commit_result", COLUMNS(commit_result)},
	[TYPE_PREPARE_READ_RESULT] = {"prepare_read_result",
								  COLUMNS(prepare_read_result)},
	[TYPE_PREPARE_WRITE_RESULT] = {"prepare_write_result",
								   COLUMNS(prepare_write_result)},
	[TYPE_MERGE_TASK] = {"merge_task", COLUMNS(merge_task)},
	[TYPE_CAPABILITIES_RESULT] = {"capabilities_result",
								  COLUMNS(capabilities_result)},
	[TYPE_STATISTICS_RESULT] = {"statistics_result",
								COLUMNS(statistics_result)},
	[TYPE_MOUNT_RESULT] = {"mount_result", COLUMNS(mount_result)},
	[TYPE_LOCK_RESULT] = {"lock_result", COLUMNS(lock_result)},
	[TYPE_LOCK_GRANT] = {"lock_grant", COLUMNS(lock_grant)},
	[TYPE_COMPOUND_RESULT] = {"compound_result", COLUMNS(compound_result)},
};

const KnownTable known_tables[REL_COUNT] = {
	[REL_FILES] = {"files", COLUMNS(files_columns), .nkeys = 1},
	[REL_DIRENTS] = {"parent_child_map", COLUMNS(dirents_columns), .nkeys = 2},
	[REL_BLOCKS] = {"blocks", COLUMNS(blocks_columns), .nkeys = 2},
	[REL_BLOCKS_MEMORY] = {"blocks_memory", COLUMNS(blocks_columns), .nkeys = 2,
	.unlogged = true},
	[REL_MEMORY_LIFE] = {"memory_life", COLUMNS(memory_life_columns),
	.nkeys = 1,.unlogged = true},
	[REL_EXTENTS] = {"extents", COLUMNS(extents_columns), .nkeys = 2},
	[REL_STORED_BLOCKS] = {"stored_blocks", COLUMNS(stored_blocks_columns),
	.nkeys = 2,.check = "stored_blocks_state_check"},
	[REL_CONTENT_STORES] = {"content_stores", COLUMNS(content_stores_columns),
	.nkeys = 1,.by_sql = true},
	[REL_CONTENT_STORE_MARKS] = {"content_store_marks",
								 COLUMNS(content_store_marks_columns),
								 .by_sql = true},
	[REL_EXTENDED_ATTRIBUTES] = {"extended_attributes",
								 COLUMNS(extended_attributes_columns),
								 .nkeys = 2},
	[REL_STAGED_FILES] = {"staged_files", COLUMNS(staged_files_columns),
						  .nkeys = 1},
	[REL_CONTENT_MOVES] = {"content_moves", COLUMNS(content_moves_columns),
						   .nkeys = 1, .by_sql = true},
	[REL_GC_POSITION] = {"gc_position", COLUMNS(gc_position_columns),
						 .nkeys = 1, .by_sql = true},
	[REL_SPACE_USAGE] = {"space_usage", COLUMNS(space_usage_columns),
						 .nkeys = 2},
	[REL_REAP_QUEUE] = {"reap_queue", COLUMNS(reap_queue_columns), .nkeys = 1},
	[REL_DROPPED_SHARES] = {"dropped_shares", COLUMNS(dropped_shares_columns),
	.nkeys = 1},
	[REL_DROPPED_DIRECTORIES] = {"dropped_directories",
								 COLUMNS(dropped_directories_columns),
								 .nkeys = 1},
	[REL_SHARES] = {"shares", COLUMNS(shares_columns), .nkeys = 1,
					.by_sql = true},
	[REL_FILESYSTEM_CAPABILITIES] = {"filesystem_capabilities",
	COLUMNS(filesystem_capabilities_columns), .nkeys = 1,.by_sql = true},
	[REL_SERVER_CONFIG] = {"server_config", COLUMNS(server_config_columns),
						   .nkeys = 1, .by_sql = true},
	[REL_MOUNTS] = {"mounts", COLUMNS(mounts_columns), .nkeys = 2,
					.by_sql = true},
	[REL_REPLIES_0] = {"replies_0", COLUMNS(replies_columns), .nkeys = 2,
	.not_unique = true,.covering = true},
	[REL_REPLIES_1] = {"replies_1", COLUMNS(replies_columns), .nkeys = 2,
	.not_unique = true,.covering = true},
	[REL_REPLIES_2] = {"replies_2", COLUMNS(replies_columns), .nkeys = 2,
	.not_unique = true,.covering = true},
	[REL_REPLIES_TURN] = {"replies_turn", COLUMNS(replies_turn_columns),
						  .nkeys = 1, .by_sql = true},
	[REL_GATEWAY_REPLICAS] = {"gateway_replicas",
							  COLUMNS(gateway_replicas_columns), .nkeys = 1,
							  .by_sql = true, .unlogged = true},
	[REL_SLOW_CALL_LOG] = {"slow_call_log", COLUMNS(slow_call_log_columns),
	.by_sql = true,.unlogged = true},
	[REL_WAITING_CALLS] = {"waiting_calls", COLUMNS(waiting_calls_columns),
						   .nkeys = 2, .by_sql = true, .unlogged = true},
	[REL_LOCK_CLIENTS] = {"lock_clients", COLUMNS(lock_clients_columns),
						  .nkeys = 1},
	[REL_LOCKED_FILES] = {"locked_files", COLUMNS(locked_files_columns),
						  .nkeys = 1},
	[REL_LOCK_GRANTS] = {"lock_grants", COLUMNS(lock_grants_columns),
						 .nkeys = 1},
	[REL_LOCK_PASSES] = {"lock_passes", COLUMNS(lock_passes_columns),
						 .nkeys = 1},
	[REL_NFS4_STATES] = {"nfs4_states", COLUMNS(nfs4_states_columns),
						 .nkeys = 2},
	[REL_NFS4_FILE_STATES] = {"nfs4_file_states",
							  COLUMNS(nfs4_file_states_columns), .nkeys = 4},
	[REL_NFS4_UNLINKED_FILES] = {"nfs4_unlinked_files",
								 COLUMNS(nfs4_unlinked_files_columns),
								 .nkeys = 1},
	[REL_NFS4_SERVER] = {"nfs4_server", COLUMNS(nfs4_server_columns),
						 .nkeys = 1, .by_sql = true},
	[REL_NFS4_CLOCK] = {"nfs4_clock", COLUMNS(nfs4_clock_columns), .nkeys = 1,
						.by_sql = true},
	[REL_NFS4_CLIENTS] = {"nfs4_clients", COLUMNS(nfs4_clients_columns),
						  .nkeys = 1, .by_sql = true},
	[REL_NFS4_LEASES] = {"nfs4_leases", COLUMNS(nfs4_leases_columns),
						 .nkeys = 1, .by_sql = true},
	[REL_NFS4_SESSIONS] = {"nfs4_sessions", COLUMNS(nfs4_sessions_columns),
						   .nkeys = 1, .by_sql = true},
	[REL_NFS4_REPLIES_0] = {"nfs4_replies_0", COLUMNS(nfs4_replies_columns),
	.nkeys = 2,.not_unique = true,.covering = true},
	[REL_NFS4_REPLIES_1] = {"nfs4_replies_1", COLUMNS(nfs4_replies_columns),
	.nkeys = 2,.not_unique = true,.covering = true},
	[REL_NFS4_REPLIES_2] = {"nfs4_replies_2", COLUMNS(nfs4_replies_columns),
	.nkeys = 2,.not_unique = true,.covering = true},
	[REL_LOCK_WATCH] = {"lock_watch", COLUMNS(lock_watch_columns),
						.nkeys = 1, .by_sql = true},
	[REL_FILE_IDS] = {"file_ids"},
	[REL_SHARE_IDS] = {"share_ids"},
	[REL_STORE_IDS] = {"store_ids"},
	[REL_LOCK_LIVES] = {"lock_lives"},
	[REL_LOCK_GRANT_IDS] = {"lock_grant_ids"},
	[REL_NFS4_STATE_IDS] = {"nfs4_state_ids"},
};
