/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * config.h
 *	  Settings of the server, which are in dittofs.server_config.
 *
 * They are in a table, not in GUCs, because they belong to the file systems:
 * they are the same for all sessions and replicas, and a dump carries them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_CONFIG_H
#define DITTOFS_CONFIG_H

#include "base/dittofs.h"

/* In the order of the table in config.c. */
typedef enum ConfigKey
{
	CONFIG_CAPACITY_BYTES,
	CONFIG_CAPACITY_INODES,
	CONFIG_CONTENT_RETENTION,
	CONFIG_EXTERNAL_MIN,
	CONFIG_LOCK_CLIENT_MAX,
	CONFIG_LOCK_CLIENT_TIMEOUT,
	CONFIG_LOCK_FILE_BYTES,
	CONFIG_MERGE_DELAY,
	CONFIG_NFS4_COURTESY_TIME,
	CONFIG_NFS4_LEASE_TIME,
	CONFIG_NFS4_OPEN_MAX,
	CONFIG_NFS4_SESSION_MAX,
	CONFIG_NFS4_SLOTS,
	CONFIG_COUNT
} ConfigKey;

typedef struct ConfigEntry
{
	const char *key;
	int64		default_value;
	int64		min;
	int64		max;
	const char *description;
} ConfigEntry;

extern const ConfigEntry config_table[CONFIG_COUNT];

/* The entry of a key; CONFIG_COUNT: there is no such key. */
extern int	config_find(const char *key);
/* False: no number, or out of range. */
extern bool config_parse(const ConfigEntry *entry, const char *text,
						 int64 *value);

/* All settings as the statement's snapshot has them. */
extern void config_read(int64 values[CONFIG_COUNT]);

#endif							/* DITTOFS_CONFIG_H */
