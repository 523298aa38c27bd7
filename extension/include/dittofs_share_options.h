/* SPDX-License-Identifier: PostgreSQL */
/*
 * dittofs_share_options.h
 *	  Lists the options of a share, one row each.
 *
 * The name of an option is the name of a column of dittofs.shares, of an
 * argument of create_share() and alter_share(), of a column of list_shares()
 * and of a key in the gateway's file.  Both halves make what they need of the
 * rows: the extension its struct Share, the checks of arguments, the statements
 * and the list (share_options.c); the gateway its settings, their documentation
 * and the comparison of file and database.  test/shell/t_share_options.sh
 * compares the rows with the declarations in extension/sql.
 *
 * To add an option, add a row here, the column and the arguments in
 * extension/sql (with comments) and in extension/src/tables/tables.c, and the
 * code that obeys it.
 *
 * A row is ROW(kind, name, default, words, help):
 *
 *	kind		what its values are, see below
 *	default		in create_share(), as text of SQL; "" is NULL
 *	words		the values of a WORD, separated by |, in the order of their enum
 *	help		what the gateway's documentation says; the value that means
 *				"not given" in the file is named there
 *
 * Kinds:
 *
 *	SWITCH		a bool
 *	WORD		one of the words
 *	ID			a uid or gid
 *	NETWORKS	addresses and networks, inet[]
 *	BLOCK_SIZE	bytes, a power of two
 *	BYTE_LIMIT	bytes, or NULL for no limit; 0 given to a function is NULL
 *	COUNT_LIMIT	the same, of things that are counted
 *	ROOT_ID		of the root directory when it is made: no column, never altered
 *	ROOT_MODE	its mode, octal
 *
 * An unknown word in a row of dittofs.shares, which a newer version may have
 * left there, is taken for the default.
 */
#ifndef DITTOFS_SHARE_OPTIONS_H
#define DITTOFS_SHARE_OPTIONS_H

#define SQUASH_WORDS	"none|root|all"
#define ATIME_WORDS		"off|relative|strict"
#define COMPRESSION_WORDS "none|lz4"

#define SHARE_OPTIONS(ROW) \
	ROW(SWITCH, read_only, "false", "", \
		"nothing can be changed") \
	ROW(WORD, squash, "root", SQUASH_WORDS, \
		"which callers become anonuid and anongid; empty: none when the share " \
		"is made") \
	ROW(ID, anonuid, "65534", "", \
		"uid of squashed callers; -1: 65534") \
	ROW(ID, anongid, "65534", "", \
		"gid of squashed callers; -1: 65534") \
	ROW(NETWORKS, allowed_clients, "{}", "", \
		"addresses and networks that may come in; empty: all") \
	ROW(NETWORKS, denied_clients, "{}", "", \
		"those that may not, even if allowed") \
	ROW(SWITCH, require_privileged_port, "false", "", \
		"the client's port must be below 1024") \
	ROW(SWITCH, allow_auth_none, "false", "", \
		"take callers without credentials, as anonuid") \
	ROW(WORD, atime, "relative", ATIME_WORDS, \
		"when reading sets the access time; empty: relative") \
	ROW(ROOT_ID, root_uid, "0", "", \
		"owner of the root directory when the share is made; -1: 0") \
	ROW(ROOT_ID, root_gid, "0", "", \
		"group of the root directory when the share is made; -1: 0") \
	ROW(ROOT_MODE, root_mode, "0755", "", \
		"its mode, octal; empty: 0755") \
	ROW(BLOCK_SIZE, block_size, "1048576", "", \
		"bytes of a block in a content store; 0: 1M") \
	ROW(WORD, compression, "none", COMPRESSION_WORDS, \
		"of blocks in a content store; empty: none") \
	ROW(BYTE_LIMIT, max_bytes, "", "", \
		"how much it may hold; 0: no limit from here") \
	ROW(COUNT_LIMIT, max_inodes, "", "", \
		"how many files it may have; 0: no limit from here")

/* The type of an option in SQL. */
#define SHARE_SQL_SWITCH "bool"
#define SHARE_SQL_WORD "text"
#define SHARE_SQL_ID "bigint"
#define SHARE_SQL_NETWORKS "inet[]"
#define SHARE_SQL_BLOCK_SIZE "int"
#define SHARE_SQL_BYTE_LIMIT "bigint"
#define SHARE_SQL_COUNT_LIMIT "bigint"
#define SHARE_SQL_ROOT_ID "bigint"
#define SHARE_SQL_ROOT_MODE "text"

#endif							/* DITTOFS_SHARE_OPTIONS_H */
