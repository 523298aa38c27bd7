/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * config_admin.c
 *	  Shows and changes settings of the server (config.c).
 *
 * Reading them is in another module because a change has consequences: modules
 * that read a setting stand below those that act on its change.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "utils/builtins.h"

#include "tables/config.h"
#include "base/spi.h"
#include "base/srf.h"
#include "tables/staged.h"

PG_FUNCTION_INFO_V1(dittofs_get_server_config);
PG_FUNCTION_INFO_V1(dittofs_set_server_config);

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
	const ConfigEntry *entry;
	char	   *key;
	int64		value;
	int			i;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the key must not be null")));
	key = text_to_cstring(PG_GETARG_TEXT_PP(0));
	i = config_find(key);
	if (i == CONFIG_COUNT)
		unknown_key(key);
	entry = &config_table[i];

	spi_begin();
	if (PG_ARGISNULL(1))
		spi_run(reset_sql, spi_text(key));
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
		spi_run(set_sql, spi_text(key),
				spi_text(psprintf(INT64_FORMAT, value)));
	}
	if (i == CONFIG_EXTERNAL_MIN)
		staged_sweep_stores();
	spi_end();
	PG_RETURN_VOID();
}
