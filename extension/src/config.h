/*-------------------------------------------------------------------------
 *
 * config.h
 *	  Settings of the server: the one module that touches
 *	  dittofs.server_config.
 *
 * They are in a table, not in GUCs, because they belong to the file systems:
 * they are the same for all sessions and replicas, and a dump carries them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_CONFIG_H
#define DITTOFS_CONFIG_H

#include "dittofs.h"

/* In the order of the table in config.c. */
typedef enum ConfigKey
{
	CONFIG_CAPACITY_BYTES,
	CONFIG_CAPACITY_INODES,
	CONFIG_CONTENT_RETENTION,
	CONFIG_EXTERNAL_MIN,
	CONFIG_MERGE_DELAY,
	CONFIG_COUNT
} ConfigKey;

/* All settings as the statement's snapshot has them. */
extern void config_read(int64 values[CONFIG_COUNT]);

#endif							/* DITTOFS_CONFIG_H */
