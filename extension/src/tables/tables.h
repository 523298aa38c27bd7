/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * tables.h
 *	  What this library knows of the extension's tables and result types.
 *
 * A column, a table or an attribute that is added in extension/sql/ is added
 * here, too; the modules count columns in this order.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_TABLES_H
#define DITTOFS_TABLES_H

#include "base/pgcompat.h"

typedef enum RelName
{
	REL_FILES,
	REL_DIRENTS,
	REL_BLOCKS,
	REL_BLOCKS_MEMORY,
	REL_MEMORY_LIFE,
	REL_EXTENTS,
	REL_STORED_BLOCKS,
	REL_CONTENT_STORES,
	REL_CONTENT_STORE_MARKS,
	REL_EXTENDED_ATTRIBUTES,
	REL_STAGED_FILES,
	REL_CONTENT_MOVES,
	REL_GC_POSITION,
	REL_SPACE_USAGE,
	REL_REAP_QUEUE,
	REL_DROPPED_SHARES,
	REL_DROPPED_DIRECTORIES,
	REL_SHARES,
	REL_FILESYSTEM_CAPABILITIES,
	REL_SERVER_CONFIG,
	REL_MOUNTS,
	REL_REPLIES_0,				/* generations, in this order */
	REL_REPLIES_1,
	REL_REPLIES_2,
	REL_REPLIES_TURN,
	REL_GATEWAY_REPLICAS,
	REL_SLOW_CALL_LOG,
	REL_WAITING_CALLS,
	REL_LOCK_CLIENTS,
	REL_LOCKED_FILES,
	REL_LOCK_GRANTS,
	REL_LOCK_PASSES,
	REL_NFS4_STATES,
	REL_NFS4_FILE_STATES,
	REL_NFS4_UNLINKED_FILES,
	REL_NFS4_SERVER,
	REL_NFS4_CLOCK,
	REL_NFS4_CLIENTS,
	REL_NFS4_LEASES,
	REL_NFS4_SESSIONS,
	REL_NFS4_REPLIES_0,			/* as REL_REPLIES_0 */
	REL_NFS4_REPLIES_1,
	REL_NFS4_REPLIES_2,
	REL_LOCK_WATCH,
	REL_FILE_IDS,				/* a sequence */
	REL_SHARE_IDS,				/* a sequence */
	REL_STORE_IDS,				/* a sequence */
	REL_LOCK_LIVES,				/* a sequence */
	REL_LOCK_GRANT_IDS,			/* a sequence */
	REL_NFS4_STATE_IDS,			/* a sequence */
	REL_COUNT
} RelName;

typedef enum ResultType
{
	TYPE_ATTRIBUTES,
	TYPE_WCC_BEFORE,
	TYPE_LOOKUP_RESULT,
	TYPE_FILE_RESULT,
	TYPE_CHANGE_RESULT,
	TYPE_ACCESS_RESULT,
	TYPE_CREATE_RESULT,
	TYPE_READLINK_RESULT,
	TYPE_LINK_RESULT,
	TYPE_MOVE_RESULT,
	TYPE_DIRECTORY_ROW,
	TYPE_READ_RESULT,
	TYPE_WRITE_RESULT,
	TYPE_COMMIT_RESULT,
	TYPE_PREPARE_READ_RESULT,
	TYPE_PREPARE_WRITE_RESULT,
	TYPE_MERGE_TASK,
	TYPE_CAPABILITIES_RESULT,
	TYPE_STATISTICS_RESULT,
	TYPE_MOUNT_RESULT,
	TYPE_LOCK_RESULT,
	TYPE_LOCK_GRANT,
	TYPE_COMPOUND_RESULT,
	TYPE_COUNT
} ResultType;

#define TABLE_COLUMNS_MAX 32

/* A column of a table, or an attribute of a result type. */
typedef struct KnownColumn
{
	const char *name;
	Oid			type;			/* or TYPE_FATTR, TYPE_WCC */
	bool		nullable;
} KnownColumn;

/* Types of ours have no fixed OID. */
#define TYPE_FATTR ((Oid) 1)
#define TYPE_WCC ((Oid) 2)

typedef struct KnownTable
{
	const char *name;
	const KnownColumn *columns; /* NULL: a sequence */
	int			ncolumns;

	/* The index that we scan is on the first nkeys columns. */
	int			nkeys;
	bool		not_unique;
	bool		covering;		/* its entries are looked at, too */

	/* Rows are read and written by SQL alone, which does what SQL does. */
	bool		by_sql;
	bool		unlogged;
	const char *check;			/* a constraint that all our rows satisfy */
} KnownTable;

typedef struct KnownType
{
	const char *name;
	const KnownColumn *columns;
	int			ncolumns;
} KnownType;

extern const KnownTable known_tables[REL_COUNT];
extern const KnownType known_types[TYPE_COUNT];

#endif							/* DITTOFS_TABLES_H */
