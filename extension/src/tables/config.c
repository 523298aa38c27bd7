/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * config.c
 *	  Settings of the server: one alphabetical table drives reading, checking
 *	  and showing them (config_admin.c).
 *
 * dittofs.server_config holds only values that differ from the defaults, so
 * that a new version may bring better defaults.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "tables/config.h"
#include "tables/rel.h"

const ConfigEntry config_table[CONFIG_COUNT] = {
	[CONFIG_CAPACITY_BYTES] =
	{"capacity_bytes", INT64CONST(1) << 50, 0, PG_INT64_MAX,
		"Bytes that df shows as the size of a share without max_bytes. "
	"It shows a number, it limits nothing."},
	[CONFIG_CAPACITY_INODES] =
	{"capacity_inodes", INT64CONST(4294967295), 0, PG_INT64_MAX,
		"Inodes that df -i shows for a share without max_inodes. "
	"It shows a number, it limits nothing."},
	[CONFIG_CONTENT_RETENTION] =
	{"content_retention", 7 * 24 * 3600, 0, INT64CONST(100) * 365 * 24 * 3600,
		"Seconds for which a block of a store is kept after it was found that no "
		"file refers to it: a backup of the database that is older "
	"may refer to blocks that are gone."},
	[CONFIG_EXTERNAL_MIN] =
	{"external_min", 64 * 1024, 1, PG_INT64_MAX,
		"Files shorter than this, in bytes, stay in the database "
	"where the content of the share is in a store."},
	[CONFIG_LOCK_CLIENT_MAX] =
	{"lock_client_max", 65536, 1, PG_INT32_MAX,
		"Locks, waiting requests and share modes that a client may have in a share. "
	"Beyond that it is told that there are no locks left."},
	[CONFIG_LOCK_CLIENT_TIMEOUT] =
	{"lock_client_timeout", 0, 0, INT64CONST(100) * 365 * 24 * 3600,
		"Seconds after which a client that no gateway has seen loses its locks; "
	"at least 300 have to pass in any case. 0: it keeps them."},
	[CONFIG_LOCK_FILE_BYTES] =
	{"lock_file_bytes", 128 * 1024, 1024, 16 * 1024 * 1024,
		"Bytes that the locks of one file may take, packed. A lock takes about 20. "
	"All of them are written anew when one of them changes."},
	[CONFIG_MERGE_DELAY] =
	{"merge_delay", 2000, 0, 24 * 3600 * 1000,
		"Milliseconds for which a file must not have changed before what was "
	"written to it in pieces goes to the store."},
	[CONFIG_NFS4_COURTESY_TIME] =
	{"nfs4_courtesy_time", 24 * 3600, 60, INT64CONST(100) * 365 * 24 * 3600,
		"Seconds of service after which a client of NFSv4 that no gateway has "
		"seen loses its opens and locks, even if no other client wants what it "
	"has. After its lease it loses them to one that does."},
	[CONFIG_NFS4_LEASE_TIME] =
	{"nfs4_lease_time", 90, 6, 3600,
		"Seconds for which a client of NFSv4 that no gateway has seen keeps its "
	"opens and locks in any case. Clients ask for it when they mount."},
	[CONFIG_NFS4_OPEN_MAX] =
	{"nfs4_open_max", 1000000, 1, PG_INT32_MAX,
		"Files that a client of NFSv4 may have open, owners of locks included, "
		"more or less: they are not counted each time. Beyond that it is told "
	"that there is no room."},
	[CONFIG_NFS4_SESSION_MAX] =
	{"nfs4_session_max", 16, 1, 1024,
		"Sessions that a client of NFSv4 may have. Beyond that it is told that "
	"there is no room."},
	[CONFIG_NFS4_SLOTS] =
	{"nfs4_slots", 64, 1, 64,
		"Requests that a client of NFSv4 may have under way in a session. "
	"It holds for sessions that begin later."},
};

int
config_find(const char *key)
{
	int			i;

	for (i = 0; i < CONFIG_COUNT; i++)
	{
		if (strcmp(config_table[i].key, key) == 0)
			break;
	}
	return i;
}

bool
config_parse(const ConfigEntry *entry, const char *text, int64 *value)
{
	char	   *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	return end != text && *end == '\0' && errno == 0 &&
		*value >= entry->min && *value <= entry->max;
}

void
config_read(int64 values[CONFIG_COUNT])
{
	RelScan		rs;

	for (int i = 0; i < CONFIG_COUNT; i++)
		values[i] = config_table[i].default_value;

	rel_scan_begin(&rs, REL_SERVER_CONFIG, AccessShareLock, GetActiveSnapshot(),
				   NULL, 0);
	while (rel_scan_next(&rs))
	{
		char	   *key = TextDatumGetCString(rs.slot->tts_values[0]);
		char	   *stored = TextDatumGetCString(rs.slot->tts_values[1]);
		int			i = config_find(key);
		int64		value;

		/* A row that an older or newer version left is not ours to judge. */
		if (i < CONFIG_COUNT && config_parse(&config_table[i], stored, &value))
			values[i] = value;
	}
	rel_scan_end(&rs);
}
