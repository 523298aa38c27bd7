/* SPDX-License-Identifier: PostgreSQL */
/*
 * check_database.c
 *	  Examines a metadata store: see check_database.h.
 *
 * Every finding that is not good names its remedy, in words that can be
 * typed where there are some.
 */
#include "monitor/check_database.h"
#include "db/call.h"
#include "config/config_content.h"
#include "content/content_backend.h"
#include "content/content_identity.h"
#include "base/event.h"
#include "db/pooler.h"
#include "db/row.h"
#include "db/session.h"
#include "db/statements.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libpq-fe.h>

void
finding(struct findings *findings, enum finding_level level,
		const char *object, const char *remedy, const char *format, ...)
{
	char		text[1024];
	va_list		arguments;
	size_t		size;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);

	/* libpq's messages end with a line break and have some within */
	size = strlen(text);
	while (size > 0 && text[size - 1] == '\n')
		text[--size] = '\0';
	for (char *at = text; *at != '\0'; at++)
		if (*at == '\n' || *at == '\t')
			*at = ' ';
	findings->counts[level]++;
	findings->tell(level, object, text, remedy);
}

struct examination
{
	const struct config *config;
	const struct metadata_store_config *store;
	int			number;
	PGconn	   *pg;
	struct findings *findings;
	char		object[96];
};

#define FIND(x, level, remedy, ...) \
	finding((x)->findings, level, (x)->object, remedy, __VA_ARGS__)

/* Beyond the statement_timeout of session_connect_plain, in microseconds. */
#define ANSWER_TIMEOUT (90 * (int64_t) 1000000)

static PGresult *
exec(PGconn *pg, const char *sql, int count, const char *const *values)
{
	return session_exec(pg, sql, count, values, 0,
						clock_now() + ANSWER_TIMEOUT);
}

static const char *
error_of(const PGresult *result)
{
	return result != NULL ? PQresultErrorMessage(result) :
		"the server does not answer";
}

/* The rows, or NULL; then it has been told. */
static PGresult *
query(struct examination *x, const char *sql, int count,
	  const char *const *values)
{
	PGresult   *result = exec(x->pg, sql, count, values);

	if (PQresultStatus(result) == PGRES_TUPLES_OK ||
		PQresultStatus(result) == PGRES_COMMAND_OK)
		return result;
	FIND(x, FINDING_WRONG, "see the server's log; is the role allowed to do "
		 "this?", "%s", error_of(result));
	PQclear(result);
	return NULL;
}

/*
 * What libpq says when there is no connection, and what helps.  A server says
 * it in its own language, which may be another: then the last one holds.
 */
static const struct
{
	const char *says;
	const char *remedy;
}			remedies[] = {
	{"password authentication failed", "set the role's password in "
		"PostgreSQL (ALTER ROLE ... PASSWORD), or the right one in password, "
		"password_file or DITTOFS_METADATA_POSTGRES_PASSWORD"},
	{"no password supplied", "set password, password_file or "
		"DITTOFS_METADATA_POSTGRES_PASSWORD"},
	{"no pg_hba.conf entry", "add a line for this host, role and database to "
		"the server's pg_hba.conf and reload it"},
	{"Peer authentication failed", "run as the system user of that name, or "
		"allow the role in the server's pg_hba.conf"},
	{"role \"", "CREATE ROLE ... LOGIN PASSWORD '...' IN ROLE dittofs_gateway, "
		"or set user to a role that exists"},
	{"database \"", "createdb, or set database to one that exists; CREATE "
		"EXTENSION dittofs in it"},
	{"could not translate host name", "set host to a name that this machine "
		"can resolve, or to an address"},
	{"Connection refused", "start PostgreSQL, or set host and port to where it "
		"listens (its listen_addresses and port)"},
	{"No such file or directory", "start PostgreSQL, or set host to the "
		"directory of its socket (its unix_socket_directories)"},
	{"server does not support SSL", "turn ssl on in the server, or set "
		"sslmode to prefer or disable"},
	{"root certificate file", "set sslrootcert to a file with the authority's "
		"certificate, or sslmode to require"},
	{"certificate", "check sslrootcert, sslcert, sslkey and the names in the "
		"server's certificate"},
	{"timeout expired", "check host and port, and firewalls between here and "
		"there"},
	{"too many connections for", "raise the CONNECTION LIMIT of the role "
		"(ALTER ROLE) or the database (ALTER DATABASE), or lower max_conns of "
		"the gateways"},
	{"connection slots are reserved", "raise max_connections in the server, or "
		"lower max_conns of the gateways"},
	{"unsupported startup parameter", "the pooler does not take options: leave "
		"them out of conninfo and PGOPTIONS, a gateway needs none"},
	{"too many clients", "raise max_connections in the server, or lower "
		"max_conns of the gateways"},
	{"session is read-only", "name the hosts of the primary in host, too"},
	{"", "check host, port, database, user and sslmode"},
};

static void
not_connected(struct examination *x, const char *message)
{
	size_t		i = 0;

	while (strstr(message, remedies[i].says) == NULL)
		i++;
	FIND(x, FINDING_WRONG, remedies[i].remedy, "no connection: %s", message);
}

/*
 * The server.
 */

static bool
examine_server(struct examination *x)
{
	int			version = PQserverVersion(x->pg);

	if (version < 140000)
	{
		FIND(x, FINDING_FATAL, "upgrade the server to PostgreSQL 14 or later",
			 "the server has version %d", version / 10000);
		return false;
	}
	if (session_is_standby(x->pg) != NULL)
	{
		FIND(x, FINDING_WRONG, "set host to the primary, or to all hosts "
			 "(host: db1,db2): the primary among them is found",
			 "%s:%s is a standby, which takes no changes", PQhost(x->pg),
			 PQport(x->pg));
		return true;
	}
	FIND(x, FINDING_GOOD, NULL, "PostgreSQL %d, database %s, role %s",
		 version / 10000, PQdb(x->pg), PQuser(x->pg));
	return true;
}

/*
 * The extension.
 */

/*
 * Several gateways start at once; the lock is held to the end of the
 * transaction, and the second one finds the work done.
 */
static const char migration[] =
	"BEGIN; SELECT pg_catalog.pg_advisory_xact_lock(7235441826346803);"
	"CREATE EXTENSION IF NOT EXISTS dittofs;"
	"ALTER EXTENSION dittofs UPDATE; COMMIT";

static void
migrate_extension(struct examination *x)
{
	PGresult   *result = exec(x->pg, migration, 0, NULL);

	if (PQresultStatus(result) != PGRES_COMMAND_OK)
		FIND(x, FINDING_WRONG, "install the extension's files in the server "
			 "(package postgresql-15-dittofs, or make install); connect as a "
			 "superuser, or set auto_migrate to false and run CREATE EXTENSION "
			 "dittofs as one", "auto_migrate: %s",
			 error_of(result));
	PQclear(result);
	PQclear(exec(x->pg, "ROLLBACK", 0, NULL));
}

static bool
examine_extension(struct examination *x)
{
	PGresult   *result = query(x, session_version_query, 0, NULL);
	char		problem[256];
	char		text[512];
	bool		right;

	if (result == NULL)
		return false;
	right = session_version_is_right(result, problem, sizeof(problem));
	if (right)
		FIND(x, FINDING_GOOD, NULL, "extension dittofs %s",
			 PQgetvalue(result, 0, 0));
	else
	{
		/* "what: remedy" */
		char	   *remedy = strstr(problem, ": ");

		*remedy = '\0';
		snprintf(text, sizeof(text), "%s; or set auto_migrate to true and "
				 "connect as a superuser", remedy + 2);
		FIND(x, FINDING_FATAL, text, "%s", problem);
	}
	PQclear(result);
	return right;
}

/*
 * Rights: to execute what the statements call.
 */

static char *
function_names(void)
{
	char	   *names = NULL;
	size_t		size;
	FILE	   *to = open_memstream(&names, &size);

	fputc('{', to);
	for (int i = 0; i < statement_count; i++)
		fprintf(to, "%s%s", i > 0 ? "," : "", statements[i].name);
	fputc('}', to);
	fclose(to);
	return names;
}

/*
 * A member that does not inherit what it is a member of has the rights of none.
 */
static void
remedy_for_rights(struct examination *x, char *remedy, size_t size)
{
	PGresult   *result = query(x, "SELECT pg_catalog.pg_has_role(oid, 'MEMBER')"
							   " FROM pg_catalog.pg_roles"
							   " WHERE rolname = 'dittofs_gateway'", 0, NULL);
	const char *form = "GRANT dittofs_gateway TO \"%s\"";

	if (result != NULL && PQntuples(result) == 1 &&
		*PQgetvalue(result, 0, 0) == 't')
		form = PQserverVersion(x->pg) >= 160000 ?
			"GRANT dittofs_gateway TO \"%s\" WITH INHERIT TRUE" :
			"ALTER ROLE \"%s\" INHERIT (it is a member of dittofs_gateway, but "
			"NOINHERIT)";
	PQclear(result);
	snprintf(remedy, size, form, PQuser(x->pg));
}

static void
examine_rights(struct examination *x)
{
	char	   *names = function_names();
	const char *values[] = {names};
	PGresult   *result;
	char		remedy[256];

	result = query(x,
				   "SELECT name, p.oid IS NULL FROM unnest($1::text[]) name"
				   " LEFT JOIN pg_catalog.pg_proc p ON p.proname = name AND"
				   "  p.pronamespace = (SELECT oid FROM pg_catalog.pg_namespace"
				   "   WHERE nspname = 'dittofs')"
				   " WHERE p.oid IS NULL OR"
				   "  NOT pg_catalog.has_function_privilege(p.oid, 'EXECUTE')"
				   "  OR NOT pg_catalog.has_schema_privilege('dittofs', 'USAGE')"
				   " ORDER BY 2 DESC, 1", 1, values);
	free(names);
	if (result == NULL)
		return;
	if (PQntuples(result) == 0)
		FIND(x, FINDING_GOOD, NULL, "role %s may call what a gateway calls",
			 PQuser(x->pg));
	else if (*PQgetvalue(result, 0, 1) == 't')
		FIND(x, FINDING_WRONG, "install the extension's files of the gateway's "
			 "version in the server and run ALTER EXTENSION dittofs UPDATE",
			 "the extension has no function %s", PQgetvalue(result, 0, 0));
	else
	{
		remedy_for_rights(x, remedy, sizeof(remedy));
		FIND(x, FINDING_WRONG, remedy, "role %s may not execute dittofs.%s%s",
			 PQuser(x->pg), PQgetvalue(result, 0, 0),
			 PQntuples(result) > 1 ? " and others" : "");
	}
	PQclear(result);

	result = query(x, "SELECT rolsuper FROM pg_catalog.pg_roles"
				   " WHERE rolname = current_user", 0, NULL);
	if (result != NULL && PQntuples(result) == 1 &&
		*PQgetvalue(result, 0, 0) == 't' && !x->store->auto_migrate)
		FIND(x, FINDING_DOUBTFUL, "connect as a role that is a member of "
			 "dittofs_gateway and nothing else: CREATE ROLE ... LOGIN IN ROLE "
			 "dittofs_gateway", "role %s is a superuser, which a gateway does "
			 "not need", PQuser(x->pg));
	PQclear(result);
}

/*
 * A pooler in between.
 */

static bool
examine_pooler(struct examination *x)
{
	char		problem[900];

	switch (pooler_examine(x->number, x->pg, problem, sizeof(problem)))
	{
		case POOLER_NONE:
			break;
		case POOLER_KEEPS_SESSIONS:
			FIND(x, FINDING_GOOD, NULL, "through a connection pooler, which "
				 "keeps a session's server process; its settings are made by "
				 "each session");
			break;
		case POOLER_SHARES_PROCESSES:
			FIND(x, FINDING_FATAL, "set pool_mode to session for this database "
				 "or user in the pooler, or connect to the server itself", "a "
				 "connection pooler gives each transaction another server "
				 "process, so the settings and prepared statements of a session "
				 "are lost");
			return false;
		case POOLER_UNKNOWN:
			FIND(x, FINDING_WRONG,
				 "see the log of the pooler and of the server; "
				 "it needs room for two connections beside those of the pools",
				 "no answer through the connection pooler: %s", problem);
			break;
	}
	return true;
}

/*
 * Settings of the server that must fit ours.
 */

/*
 * Each lane of each worker needs a connection, and this gateway's keeper one;
 * with less, some calls are never served.
 */
static void
examine_limit(struct examination *x, const char *what, const char *remedy,
			  long long limit)
{
	long long	least = x->config->workers * 3 + 1;
	long long	most = (long long) x->store->max_conns + 1;

	if (limit < 0 || limit >= most)
		return;
	FIND(x, limit < least ? FINDING_WRONG : FINDING_DOUBTFUL, remedy,
		 "%s has a connection limit of %lld; this gateway needs %lld at least, "
		 "and takes up to %lld (max_conns and one)", what, limit, least, most);
}

static void
examine_limits(struct examination *x)
{
	char		what[160];
	char		remedy[256];
	PGresult   *result;

	result = query(x,
				   "SELECT rolconnlimit, datconnlimit FROM pg_catalog.pg_roles,"
				   " pg_catalog.pg_database WHERE rolname = current_user"
				   " AND datname = current_database() AND NOT rolsuper",
				   0, NULL);
	if (result != NULL && PQntuples(result) == 1)
	{
		snprintf(what, sizeof(what), "role %s", PQuser(x->pg));
		snprintf(remedy, sizeof(remedy),
				 "ALTER ROLE \"%s\" CONNECTION LIMIT -1, "
				 "or a limit for all gateways together; or lower max_conns",
				 PQuser(x->pg));
		examine_limit(x, what, remedy, atoll(PQgetvalue(result, 0, 0)));
		snprintf(what, sizeof(what), "database %s", PQdb(x->pg));
		snprintf(remedy, sizeof(remedy),
				 "ALTER DATABASE \"%s\" CONNECTION LIMIT "
				 "-1, or a limit for all gateways together; or lower max_conns",
				 PQdb(x->pg));
		examine_limit(x, what, remedy, atoll(PQgetvalue(result, 0, 1)));
	}
	PQclear(result);
}

/*
 * What NFS calls stable is in the WAL when the reply leaves.  That is worth
 * what the server does with its WAL.
 */
static void
examine_durability(struct examination *x)
{
	static const struct
	{
		const char *name;
		const char *loses;
	} settings[] = {
		{"fsync",
		 "a crash of the server's machine can lose files that clients "
		 "were told are stored, or the whole database"},
		{"full_page_writes",
		 "a crash of the server's machine can leave pages "
		 "half written, and files damaged"},
		{"synchronous_commit",
		 "sessions other than a gateway's lose their last "
		 "changes in a crash"},
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
	{
		const char *values[] = {settings[i].name};
		char		remedy[160];
		PGresult   *result = query(x, "SELECT pg_catalog.current_setting($1)",
								   1, values);

		if (result != NULL && PQntuples(result) == 1 &&
			strcmp(PQgetvalue(result, 0, 0), "off") == 0)
		{
			snprintf(remedy, sizeof(remedy), "ALTER SYSTEM SET %s = on, and "
					 "SELECT pg_reload_conf()", settings[i].name);
			FIND(x, FINDING_DOUBTFUL, remedy, "%s is off in the server: %s",
				 settings[i].name, settings[i].loses);
		}
		PQclear(result);
	}
}

static void
examine_settings(struct examination *x)
{
	PGresult   *result;
	long long	room;
	long long	deadlock;

	result = query(x,
				   "SELECT current_setting('max_connections')::int -"
				   " current_setting('superuser_reserved_connections')::int,"
				   " (SELECT setting FROM pg_catalog.pg_settings"
				   "  WHERE name = 'deadlock_timeout'),"
				   " current_setting('server_encoding')", 0, NULL);
	if (result == NULL)
		return;
	room = atoll(PQgetvalue(result, 0, 0));
	deadlock = atoll(PQgetvalue(result, 0, 1));
	if (x->store->max_conns + 1 > room)
		FIND(x, FINDING_WRONG, "lower max_conns, or raise max_connections in "
			 "the server; all gateways of the database share it",
			 "max_conns is %lld, but the server takes %lld connections",
			 (long long) x->store->max_conns, room);
	if (x->store->lock_timeout >= deadlock)
		FIND(x, FINDING_DOUBTFUL, "lower lock_timeout, or raise "
			 "deadlock_timeout in the server",
			 "lock_timeout is %lld ms, not below the server's "
			 "deadlock_timeout, %lld ms", (long long) x->store->lock_timeout,
			 deadlock);
	PQclear(result);
	examine_durability(x);
}

/*
 * Shares.  The database has them; the file may name some, which are then
 * made or compared.  Their options are the rows of dittofs_share_options.h.
 */

struct share_option
{
	const char *name;
	const char *type;			/* in SQL */
	size_t		offset;
	bool		text;
	bool		creation_only;
	bool		positive;		/* a number of 0 was not given */
};

/* By the kind of the row: is it text, of the creation only, positive? */
#define OPTION_ROW(kind, name, initial, words, help) \
	{#name, SHARE_SQL_##kind, offsetof(struct share_config, name), IS_##kind},
#define IS_SWITCH true, false, false
#define IS_WORD true, false, false
#define IS_NETWORKS true, false, false
#define IS_ROOT_MODE true, true, false
#define IS_ID false, false, false
#define IS_ROOT_ID false, true, false
#define IS_BLOCK_SIZE false, false, true
#define IS_BYTE_LIMIT false, false, true
#define IS_COUNT_LIMIT false, false, true

static const struct share_option share_options[] = {
	SHARE_OPTIONS(OPTION_ROW)
};

#define OPTION_COUNT ((int) (sizeof(share_options) / sizeof(share_options[0])))

/* As SQL reads it, or NULL if the file says nothing. */
static const char *
option_value(const struct share_config *share,
			 const struct share_option *option, char *buffer, size_t size)
{
	const char *field = (const char *) share + option->offset;
	const char *text;

	if (!option->text)
	{
		long long	number = *(const int64_t *) (const void *) field;

		snprintf(buffer, size, "%lld", number);
		return number >= option->positive ? buffer : NULL;
	}
	text = *(char *const *) (const void *) field;
	if (*text == '\0')
		return NULL;
	snprintf(buffer, size, strcmp(option->type, "inet[]") == 0 ?
			 "{%s}" : "%s", text);
	return buffer;
}

#define VALUE_MAX 1024

/*
 * create_share with what the file gives; as a statement, or for people.  Squash
 * is none unless the file says otherwise: the root directory of a new share is
 * root's, so no client could write to it.
 */
static char *
creation(PGconn *pg, const struct share_config *share, bool with_store)
{
	char	   *sql = NULL;
	size_t		size;
	FILE	   *to = open_memstream(&sql, &size);
	char	   *literal = PQescapeLiteral(pg, share->name, strlen(share->name));

	fprintf(to, "SELECT dittofs.create_share(%s", literal);
	PQfreemem(literal);
	if (share->content != CONTENT_POSTGRES)
		fprintf(to, ", content => '%s'", content_word(share->content));
	if (with_store)
	{
		literal = PQescapeLiteral(pg, share->content_store,
								  strlen(share->content_store));
		fprintf(to, ", content_store => %s", literal);
		PQfreemem(literal);
	}
	for (int i = 0; i < OPTION_COUNT; i++)
	{
		char		buffer[VALUE_MAX];
		const char *value = option_value(share, &share_options[i], buffer,
										 sizeof(buffer));

		if (value == NULL && strcmp(share_options[i].name, "squash") == 0)
			value = "none";
		if (value == NULL)
			continue;
		literal = PQescapeLiteral(pg, value, strlen(value));
		fprintf(to, ", %s => %s", share_options[i].name, literal);
		PQfreemem(literal);
	}
	fputc(')', to);
	fclose(to);
	return sql;
}

static bool
is_external(const struct share_config *share)
{
	return content_backends[share->content] != NULL;
}

static void
make_share(struct examination *x, const struct share_config *share)
{
	char	   *sql = creation(x->pg, share, is_external(share));
	PGresult   *result;

	if (is_external(share))
	{
		const char *values[] = {share->content_store,
		content_word(share->content)};

		/* 42710: it exists */
		result = exec(x->pg, "SELECT dittofs.create_content_store($1, $2)", 2,
					  values);
		PQclear(result);
	}
	result = exec(x->pg, sql, 0, NULL);

	/* 42710: another gateway was quicker */
	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		FIND(x, FINDING_GOOD, NULL, "share %s has been made", share->name);
	else if (PQresultErrorField(result, PG_DIAG_SQLSTATE) == NULL ||
			 strcmp(PQresultErrorField(result, PG_DIAG_SQLSTATE), "42710") != 0)
		FIND(x, FINDING_WRONG, sql, "share %s cannot be made: %s", share->name,
			 error_of(result));
	PQclear(result);
	free(sql);
}

/* One option of a share that exists. */
static bool
option_agrees(struct examination *x, const struct share_config *share,
			  const struct share_option *option)
{
	char		buffer[VALUE_MAX];
	char		sql[256];
	char		remedy[VALUE_MAX + 256];
	const char *values[2] = {share->name};
	PGresult   *result;
	bool		agrees;

	values[1] = option_value(share, option, buffer, sizeof(buffer));
	if (values[1] == NULL || option->creation_only)
		return true;
	snprintf(sql, sizeof(sql), "SELECT %s IS NOT DISTINCT FROM $2::%s, %s"
			 " FROM dittofs.list_shares() WHERE name = $1", option->name,
			 option->type, option->name);
	result = query(x, sql, 2, values);
	if (result == NULL)
		return false;
	agrees = PQntuples(result) == 1 && *PQgetvalue(result, 0, 0) == 't';
	if (!agrees)
	{
		snprintf(remedy, sizeof(remedy), "SELECT dittofs.alter_share('%s', %s "
				 "=> '%s'), or change the file", share->name, option->name,
				 values[1]);
		FIND(x, FINDING_DOUBTFUL, remedy, "share %s: %s is %s in the database "
			 "and %s in the file; the database's holds", share->name,
			 option->name, PQntuples(result) == 1 ?
			 PQgetvalue(result, 0, 1) : "nothing", values[1]);
	}
	PQclear(result);
	return agrees;
}

static void
examine_share(struct examination *x, const struct share_config *share,
			  bool migrate)
{
	const char *values[] = {share->name};
	PGresult   *result = query(x, "SELECT content FROM dittofs.list_shares()"
							   " WHERE name = $1", 1, values);
	bool		agrees = true;

	if (result == NULL)
		return;
	if (PQntuples(result) == 0 && migrate && x->store->auto_migrate)
		make_share(x, share);
	else if (PQntuples(result) == 0)
	{
		char	   *sql = creation(x->pg, share, is_external(share));
		char		remedy[2048];

		snprintf(remedy, sizeof(remedy), "%s; or set auto_migrate to true",
				 sql);
		FIND(x, FINDING_WRONG, remedy, "there is no share %s", share->name);
		free(sql);
	}
	else
	{
		if (*share->content_store != '\0' &&
			strcmp(PQgetvalue(result, 0, 0), content_word(share->content)) != 0)
		{
			FIND(x, FINDING_DOUBTFUL,
				 "change content_store in the file, or the "
				 "share's content in the database",
				 "share %s: its content is "
				 "in %s, and in %s according to the file; the database's holds",
				 share->name, PQgetvalue(result, 0, 0),
				 content_word(share->content));
			agrees = false;
		}
		for (int i = 0; i < OPTION_COUNT; i++)
			agrees = option_agrees(x, share, &share_options[i]) && agrees;
		if (agrees)
			FIND(x, FINDING_GOOD, NULL, "share %s", share->name);
	}
	PQclear(result);
}

static void
examine_shares(struct examination *x, bool migrate)
{
	PGresult   *result;
	int			named = 0;

	for (int i = 0; i < x->config->share_count; i++)
		if (x->config->shares[i].store == x->number)
		{
			examine_share(x, &x->config->shares[i], migrate);
			named++;
		}
	if (named > 0)
		return;
	result = query(x, "SELECT FROM dittofs.list_shares()", 0, NULL);
	if (result != NULL && PQntuples(result) == 0)
		FIND(x, FINDING_DOUBTFUL,
			 "SELECT dittofs.create_share('/export', squash => 'none')",
			 "there are no shares: clients have nothing to mount");
	PQclear(result);
}

/* Is what is there the store that the database means? */
static void
examine_identity(struct examination *x, const char *name,
				 const struct content_store_config *config)
{
	const char *values[] = {name};
	PGresult   *result = session_exec(x->pg, "SELECT h FROM"
									  " dittofs.content_hints() h"
									  " WHERE store = $1 LIMIT 1", 1, values,
									  1, clock_now() + ANSWER_TIMEOUT);
	struct content_terms terms;
	struct identity_report report;
	struct row	row;
	char		object[128];

	if (PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1)
	{
		row_open(&row, PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
		row_skip(&row, CONTENT_HINTS_STORE_UUID);
		if (content_terms_take(&terms, &row))
		{
			content_identity_report(config, &terms, &report);
			snprintf(object, sizeof(object), "content store %s", name);
			finding(x->findings, report.good ? FINDING_GOOD : FINDING_WRONG,
					object, report.good ? NULL : report.remedy,
					"metadata store %s: %s", x->store->name, report.text);
		}
	}
	PQclear(result);
}

/*
 * The database knows stores by name alone; where they are is ours to know, of
 * every one that a share has its content in.
 */
static void
examine_content(struct examination *x, bool look)
{
	PGresult   *result = query(x, "SELECT DISTINCT ON (store) store, content,"
							   " name FROM dittofs.content_hints()"
							   " WHERE store IS NOT NULL ORDER BY store, name",
							   0, NULL);

	for (int i = 0; result != NULL && i < PQntuples(result); i++)
	{
		const char *name = PQgetvalue(result, i, 0);
		const struct content_store_config *known = NULL;
		char		remedy[256];

		for (int j = 0; j < x->config->content_store_count; j++)
			if (strcmp(x->config->content_stores[j]->name, name) == 0)
				known = x->config->content_stores[j];
		if (known != NULL && look)
			examine_identity(x, name, known);
		if (known != NULL || PQgetisnull(result, i, 2))
			continue;
		snprintf(remedy, sizeof(remedy), "add content.stores.%s with type: %s "
				 "to the configuration, as the other gateways have it", name,
				 PQgetvalue(result, i, 1));
		FIND(x, FINDING_WRONG, remedy, "share %s has its content in store %s, "
			 "of which this configuration knows nothing",
			 PQgetvalue(result, i, 2), name);
	}
	PQclear(result);
}

bool
database_examine(const struct config *config, int number, bool migrate,
				 struct findings *findings)
{
	struct examination x = {.config = config,
		.store = &config->stores[number], .number = number,
		.findings = findings};
	char		problem[900];

	snprintf(x.object, sizeof(x.object), "metadata store %s", x.store->name);
	x.pg = session_connect_plain(number, problem, sizeof(problem));
	if (x.pg == NULL)
	{
		not_connected(&x, problem);
		return false;
	}
	if (examine_server(&x) && examine_pooler(&x))
	{
		int			wrong;

		if (migrate && x.store->auto_migrate)
			migrate_extension(&x);
		wrong = findings->counts[FINDING_WRONG];
		if (examine_extension(&x))
		{
			examine_rights(&x);
			examine_settings(&x);
			if (findings->counts[FINDING_WRONG] == wrong)
			{
				examine_shares(&x, migrate);
				examine_content(&x, !migrate);
			}
			examine_limits(&x);
		}
	}
	PQfinish(x.pg);
	return true;
}
