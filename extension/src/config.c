/*-------------------------------------------------------------------------
 *
 * config.c
 *	  Settings of the server: one alphabetical table of what there is drives
 *	  reading, checking and showing.
 *
 * dittofs.server_config holds only what differs from the defaults, so that a
 * new version may bring better ones.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "config.h"
#include "rel.h"
#include "srf.h"
#include "staged.h"

PG_FUNCTION_INFO_V1(dittofs_get_server_config);
PG_FUNCTION_INFO_V1(dittofs_set_server_config);

typedef struct ConfigEntry
{
	const char *key;
	int64		default_value;
	int64		min;
	int64		max;
	const char *description;
} ConfigEntry;

static const ConfigEntry config_table[CONFIG_COUNT] = {
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
	[CONFIG_MERGE_DELAY] =
	{"merge_delay", 2000, 0, 24 * 3600 * 1000,
		"Milliseconds for which a file must not have changed before what was "
	"written to it in pieces goes to the store."},
};

/* CONFIG_COUNT: there is no such key. */
static int
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

/* False: no number, or out of range. */
static bool
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

Datum
dittofs_get_server_config(PG_FUNCTION_ARGS)
{
	int64		config[CONFIG_COUNT];
	Srf			srf;

	srf_begin(fcinfo, &srf);
	config_read(config);
	for (int i = 0; i < CONFIG_COUNT; i++)
	{
		const ConfigEntry *entry = &config_table[i];
		Datum		values[4];
		bool		nulls[4] = {false};

		values[0] = CStringGetTextDatum(entry->key);
		values[1] = CStringGetTextDatum(psprintf(INT64_FORMAT, config[i]));
		values[2] = CStringGetTextDatum(psprintf(INT64_FORMAT,
												 entry->default_value));
		values[3] = CStringGetTextDatum(entry->description);
		srf_row(&srf, values, nulls);
	}
	return (Datum) 0;
}

static void
unknown_key(const char *key)
{
	StringInfoData keys;

	initStringInfo(&keys);
	for (int i = 0; i < CONFIG_COUNT; i++)
		appendStringInfo(&keys, "%s%s", i > 0 ? ", " : "",
						 config_table[i].key);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("unrecognized setting \"%s\"", key),
			 errhint("The settings are %s.", keys.data)));
}

Datum
dittofs_set_server_config(PG_FUNCTION_ARGS)
{
	static const char *const set_sql =
		"INSERT INTO dittofs.server_config AS c (key, value, changed_at)"
		" VALUES ($1, $2, pg_catalog.now())"
		" ON CONFLICT (key) DO UPDATE"
		" SET value = excluded.value, changed_at = excluded.changed_at";
	static const char *const reset_sql =
		"DELETE FROM dittofs.server_config WHERE key = $1";
	Oid			types[2] = {TEXTOID, TEXTOID};
	Datum		args[2];
	const ConfigEntry *entry;
	char	   *key;
	int64		value;
	int			i;
	int			result;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the key must not be null")));
	key = text_to_cstring(PG_GETARG_TEXT_PP(0));
	i = config_find(key);
	if (i == CONFIG_COUNT)
		unknown_key(key);
	entry = &config_table[i];
	args[0] = CStringGetTextDatum(key);

	SPI_connect();
	if (PG_ARGISNULL(1))
	{
		result = SPI_execute_with_args(reset_sql, 1, types, args, NULL, false,
									   0);
		if (result != SPI_OK_DELETE)
			elog(ERROR, "could not reset a setting: %s",
				 SPI_result_code_string(result));
	}
	else
	{
		char	   *given = text_to_cstring(PG_GETARG_TEXT_PP(1));

		if (!config_parse(entry, given, &value))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("invalid value for setting \"%s\": \"%s\"", key,
							given),
					 errhint("A number from " INT64_FORMAT " to " INT64_FORMAT " is expected.",
							 entry->min, entry->max)));
		args[1] = CStringGetTextDatum(psprintf(INT64_FORMAT, value));
		result = SPI_execute_with_args(set_sql, 2, types, args, NULL, false, 0);
		if (result != SPI_OK_INSERT)
			elog(ERROR, "could not store a setting: %s",
				 SPI_result_code_string(result));
	}
	if (i == CONFIG_EXTERNAL_MIN)
		staged_sweep_stores();
	SPI_finish();
	PG_RETURN_VOID();
}
