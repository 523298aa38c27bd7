/* SPDX-License-Identifier: PostgreSQL */
/*
 * sql.c
 *	  Calls every function of schema dittofs with arguments of all kinds, as
 *	  an administrator and as a gateway, in a person's and in a gateway's
 *	  session.
 *
 *	test/with-postgres test/fuzz/build/sql
 *
 * Functions are those pg_proc has, so a new one is called without being
 * mentioned here.  What must hold:
 *
 *	- the server neither crashes nor hangs;
 *	- an ERROR has an SQLSTATE that a caller can make sense of, never one of an
 *	  internal error;
 *	- a call that fails, by ERROR or by a status other than 0, has changed
 *	  nothing in any table, and neither has a transaction that is rolled back;
 *	- dittofs.fsck() finds nothing, at any time.
 *
 * Calls come from a seed, which is printed; DITTOFS_SEED repeats a run (as far
 * as handles, which are random, let it), FUZZ_SECONDS says how long it takes.
 * The result is TAP.
 */
#include "sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <libpq-fe.h>

/* Calls between two scenes, between two looks by fsck. */
#define CALLS_A_SCENE 2000
#define CALLS_A_CHECK 500

/* Clients of NFSv4 do not live long: some calls end them. */
#define CALLS_A_CLIENT 50

/* Statuses, the number of results, and the number of the first. */
#define RESULT_AT 16

#define FUNCTIONS_MAX 256
#define SESSIONS 4
#define COMPLAINTS_MAX 20

/* Nothing here takes longer than this. */
#define TIMEOUT "15s"

struct function
{
	char		name[64];
	int			count;			/* of its arguments */
	char		names[ARGUMENTS_MAX][64];
	char		types[ARGUMENTS_MAX][64];
	char		qualified[ARGUMENTS_MAX][96];
	bool		has_status;		/* the result begins with one */
	long		calls;
	long		succeeded;
	long		refused;		/* a status other than 0 */
	long		errors;
};

static struct function functions[FUNCTIONS_MAX];
static int	function_count;
static struct function *the_compound;

static const char *const session_names[SESSIONS] = {
	"administrator", "administrator with dittofs.gateway",
	"role dittofs_gateway", "role dittofs_gateway with dittofs.gateway"
};
static PGconn *sessions[SESSIONS];
static PGconn *observer;

static char digest_query[8192];
static char digest[128];		/* of the tables, as they were last */
static char horizon[32];		/* the next transaction, then */

static long total;
static long unchanged;			/* failures, the tables compared after them */
static int	complaints;

/* SQLSTATEs seen, and how often. */
static struct
{
	char		state[6];
	long		count;
}			states[64];

static int	tests;
static int	failures;

static void fatal(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

static void
fatal(const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	printf("Bail out! ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	exit(2);
}

static void
ok(bool passed, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
ok(bool passed, const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	tests++;
	failures += !passed;
	printf("%sok %d - ", passed ? "" : "not ", tests);
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double) time.tv_sec + (double) time.tv_nsec / 1e9;
}

/* By the observer, who is a superuser: must succeed. */
static PGresult *
run(const char *sql)
{
	PGresult   *result = PQexec(observer, sql);

	if (PQresultStatus(result) != PGRES_TUPLES_OK &&
		PQresultStatus(result) != PGRES_COMMAND_OK)
		fatal("%s: %s", sql, PQerrorMessage(observer));
	return result;
}

static void
execute(const char *sql)
{
	PQclear(run(sql));
}

static PGconn *
connect_as(const char *user)
{
	const char *keywords[] = {"user", "options", NULL};
	const char *values[] = {user, "-c statement_timeout=" TIMEOUT
		" -c client_min_messages=error -c jit=off", NULL};
	PGconn	   *conn = PQconnectdbParams(keywords, values, 0);

	if (PQstatus(conn) != CONNECTION_OK)
		fatal("%s", PQerrorMessage(conn));
	return conn;
}

static void
connect_all(void)
{
	observer = connect_as(NULL);
	execute("SET statement_timeout = 0; ALTER ROLE dittofs_gateway LOGIN");
	for (int i = 0; i < SESSIONS; i++)
	{
		sessions[i] = connect_as(i < 2 ? NULL : "dittofs_gateway");
		if (i % 2 == 1)
			PQclear(PQexec(sessions[i], "SET dittofs.gateway = on"));
	}
}

/*
 * What there is to call.
 */

static void
find_functions(void)
{
	PGresult   *result;

	/*
	 * What takes an argument of type internal cannot be called by SQL; the
	 * receive functions among them run whenever a binary parameter comes.
	 */
	result = run("SELECT p.oid, p.proname, a.name, t.typname,"
				 "	CASE WHEN p.pronargs > 0 THEN format_type(t.oid, NULL) END,"
				 "	EXISTS (SELECT FROM pg_attribute c JOIN pg_type r"
				 "		ON r.typrelid = c.attrelid WHERE r.oid = p.prorettype"
				 "		AND c.attnum = 1 AND c.attname = 'status')"
				 "	FROM pg_proc p"
				 "	LEFT JOIN LATERAL (SELECT a.type, a.n,"
				 "			coalesce(p.proargnames[a.n], '') AS name"
				 "		FROM unnest(p.proargtypes::oid[]) WITH ORDINALITY AS a(type, n)) a"
				 "		ON true"
				 "	LEFT JOIN pg_type t ON t.oid = a.type"
				 "	WHERE p.pronamespace = 'dittofs'::regnamespace"
				 "	AND p.prokind = 'f'"
				 "	AND NOT 'internal'::regtype = ANY (p.proargtypes::oid[])"
				 "	ORDER BY p.proname, p.oid, a.n");
	for (int i = 0; i < PQntuples(result); i++)
	{
		struct function *f;

		if (i == 0 || strcmp(PQgetvalue(result, i, 0),
							 PQgetvalue(result, i - 1, 0)) != 0)
		{
			if (function_count == FUNCTIONS_MAX)
				fatal("more than %d functions", FUNCTIONS_MAX);
			f = &functions[function_count++];
			snprintf(f->name, sizeof(f->name), "%s", PQgetvalue(result, i, 1));
			f->has_status = *PQgetvalue(result, i, 5) == 't';
		}
		if (PQgetisnull(result, i, 3))
			continue;
		f = &functions[function_count - 1];
		if (f->count == ARGUMENTS_MAX)
			fatal("%s has more than %d arguments", f->name, ARGUMENTS_MAX);
		snprintf(f->names[f->count], sizeof(f->names[0]), "%s",
				 PQgetvalue(result, i, 2));
		snprintf(f->types[f->count], sizeof(f->types[0]), "%s",
				 PQgetvalue(result, i, 3));
		snprintf(f->qualified[f->count], sizeof(f->qualified[0]), "%s",
				 PQgetvalue(result, i, 4));
		f->count++;
	}
	PQclear(result);
	result = run("SELECT count(*) FROM pg_proc"
				 "	WHERE pronamespace = 'dittofs'::regnamespace"
				 "	AND prokind <> 'f'");
	for (int i = 0; i < function_count; i++)
		if (strcmp(functions[i].name, "compound") == 0)
			the_compound = &functions[i];
	if (the_compound == NULL)
		fatal("there is no function compound()");
	ok(strcmp(PQgetvalue(result, 0, 0), "0") == 0,
	   "%d functions, and nothing that is no function", function_count);
	PQclear(result);
}

/*
 * The tables.  A failing call may use numbers of a sequence up, no more.
 */

static void
prepare_digest(void)
{
	PGresult   *result = run("SELECT oid::regclass FROM pg_class"
							 "	WHERE relnamespace = 'dittofs'::regnamespace"
							 "	AND relkind = 'r' ORDER BY 1");
	size_t		size = 0;

	size += (size_t) snprintf(digest_query, sizeof(digest_query),
							  "SELECT hash_numeric_extended(0, 0)::text");
	for (int i = 0; i < PQntuples(result); i++)
		size += (size_t)
			snprintf(digest_query + size, sizeof(digest_query) - size,
					 " || ' ' || (SELECT coalesce(sum("
					 "hashtextextended(t::text, 1)), 0) FROM %s t)",
					 PQgetvalue(result, i, 0));
	if (PQntuples(result) < 5 || size >= sizeof(digest_query))
		fatal("the tables are not as expected");
	snprintf(digest_query + size, sizeof(digest_query) - size, " AS digest");
	PQclear(result);
}

/* Has there been a transaction that wrote since this was asked last? */
static bool
something_was_written(void)
{
	PGresult   *result = run("SELECT pg_snapshot_xmax(pg_current_snapshot())");
	bool		written = strcmp(horizon, PQgetvalue(result, 0, 0)) != 0;

	snprintf(horizon, sizeof(horizon), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return written;
}

/* True: the tables hold what they held the last time. */
static bool
take_digest(void)
{
	char		query[sizeof(digest_query) + 64];
	PGresult   *result;
	bool		same;

	if (!something_was_written())
		return true;
	snprintf(query, sizeof(query), "SELECT md5(digest) FROM (%s) d",
			 digest_query);
	result = run(query);
	same = strcmp(digest, PQgetvalue(result, 0, 0)) == 0;
	snprintf(digest, sizeof(digest), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return same;
}

/*
 * The scene
 */

static void
gather_handles(void)
{
	PGresult   *result;

	forget_handles();
	result = PQexecParams(observer,
						  "SELECT f.kind::int4,"
						  "	'\\x01'::bytea || uuid_send(s.share_uuid) ||"
						  "		uuid_send(f.id)"
						  "	FROM dittofs.files f JOIN dittofs.shares s"
						  "	USING (share_id) ORDER BY f.fileid",
						  0, NULL, NULL, NULL, NULL, 1);
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
		fatal("no handles: %s", PQerrorMessage(observer));
	for (int i = 0; i < PQntuples(result); i++)
	{
		char		kind = PQgetvalue(result, i, 0)[3];

		remember_handle(kind == 2 ? OBJECT_DIRECTORY : kind == 1 ? OBJECT_FILE :
						OBJECT_OTHER, PQgetvalue(result, i, 1),
						(size_t) PQgetlength(result, i, 1));
	}
	PQclear(result);
}

/* The results of a program, behind the head of the first of them. */
static PGresult *
compound(struct value program, size_t least)
{
	const char *values[] = {program.data};
	const int	lengths[] = {program.size};
	const int	formats[] = {1};
	PGresult   *result;

	result = PQexecParams(observer,
						  "SELECT (dittofs.compound($1::bytea)).results", 1,
						  NULL, values, lengths, formats, 1);
	free(program.data);
	if (PQresultStatus(result) != PGRES_TUPLES_OK ||
		(size_t) PQgetlength(result, 0, 0) < RESULT_AT + least ||
		memcmp(PQgetvalue(result, 0, 0), "\0\0\0", 4) != 0)
		fatal("a program of the scene fails: %s", PQerrorMessage(observer));
	return result;
}

/* Clients of NFSv4 with a session each. */
static void
make_clients(void)
{
	for (int i = 0; i < 2; i++)
	{
		char		owner[32];
		PGresult   *client;
		PGresult   *session;

		snprintf(owner, sizeof(owner), "client %ld.%d", total, i);
		client = compound(exchange_program(owner), 12);
		session =
			compound(session_program(PQgetvalue(client, 0, 0) + RESULT_AT), 16);
		PQclear(compound(reclaim_program(PQgetvalue(session, 0, 0) + RESULT_AT),
						 0));
		PQclear(client);
		PQclear(session);
	}
}

/* New clients if those that there were have gone; and what all have. */
static void
meet_clients(void)
{
	PGresult   *result;

	result = run("SELECT count(*) < 2 FROM dittofs.nfs4_sessions"
				 "	JOIN dittofs.nfs4_clients c USING (client_id)"
				 "	JOIN dittofs.nfs4_leases USING (client_id)"
				 "	WHERE c.state = 'confirmed'");
	if (*PQgetvalue(result, 0, 0) == 't')
		make_clients();
	PQclear(result);
	forget_states();
	result = PQexecParams(observer,
						  "SELECT uuid_send(s.session_id), int8send(s.client_id)"
						  "	FROM dittofs.nfs4_sessions s"
						  "	JOIN dittofs.nfs4_clients c USING (client_id)"
						  "	WHERE c.state = 'confirmed' ORDER BY s.created_at DESC",
						  0, NULL, NULL, NULL, NULL, 1);
	for (int i = 0; i < PQntuples(result); i++)
	{
		const unsigned char *bytes = (void *) PQgetvalue(result, i, 1);
		uint64_t	client = 0;

		for (int k = 0; k < 8; k++)
			client = client << 8 | bytes[k];
		remember_session(PQgetvalue(result, i, 0), client);
	}
	PQclear(result);
	result = PQexecParams(observer,
						  "SELECT int4send(seqid) || int4send(salt) || int8send(id)"
						  "	FROM dittofs.nfs4_states ORDER BY id DESC",
						  0, NULL, NULL, NULL, NULL, 1);
	for (int i = 0; i < PQntuples(result); i++)
		remember_stateid(PQgetvalue(result, i, 0));
	PQclear(result);
	gather_handles();
	take_digest();
}

static void
find_keys(void)
{
	PGresult   *result = run("SELECT key FROM dittofs.get_server_config()");

	for (int i = 0; i < PQntuples(result); i++)
		remember_key(PQgetvalue(result, i, 0));
	PQclear(result);
}

static void
set_scene(void)
{
	/* samples: values of types that only functions make */
	execute("SELECT dittofs.drop_share(name, true) FROM dittofs.list_shares();"
			"DELETE FROM dittofs.server_config;"
			"SELECT dittofs.reap(1000000);"
			"SELECT dittofs.create_share('/fuzz', squash => 'none',"
			"	root_mode => '0777');"
			"SELECT dittofs.create_share('/memory', content => 'memory',"
			"	squash => 'none', atime => 'strict', root_mode => '0777');"
			"SELECT dittofs.create_share('/squashed', squash => 'all',"
			"	allowed_clients => '{10.0.0.0/8}', allow_auth_none => true,"
			"	root_mode => '0777', require_privileged_port => true)");
	execute("SELECT dittofs.create_share('/readonly', root_mode => '0777');"
			"SELECT dittofs.mkdir('/fuzz/sub'),"
			"	dittofs.mkdir('/fuzz/sub/deep', '0777'),"
			"	dittofs.mkdir('/memory/sub', '0777'),"
			"	dittofs.mkdir('/squashed/sub', '0777'),"
			"	dittofs.mkdir('/readonly/sub', '1777');"
			"SELECT dittofs.write_file('/fuzz/' || n, 'content of ' || n::bytea)"
			"	FROM unnest(array['a', 'b', 'sub/a', 'sub/deep/c']) n;"
			"SELECT dittofs.write_file('/memory/' || n, 'content')"
			"	FROM unnest(array['a', 'sub/b']) n;"
			"SELECT dittofs.write_file('/squashed/a', 'content', '0666');"
			"SELECT dittofs.write_file('/readonly/a', 'content', '0666');"
			"SELECT dittofs.write_file('/fuzz/big', decode(repeat('00ff', 70000),"
			"	'hex'));"
			"SELECT dittofs.symlink('a', '/fuzz/link');"
			"SELECT dittofs.ln('/fuzz/b', '/fuzz/sub/e');"
			"SELECT dittofs.create_special_file(dittofs.resolve('/fuzz'),"
			"	'f', 'fifo'), dittofs.create_special_file("
			"	dittofs.resolve('/fuzz'), 'g', 'block', 8, 1);"
			"SELECT dittofs.mount('/fuzz', 'client=10.0.0.9');"
			"SELECT dittofs.alter_share('/readonly', read_only => true)");
	gather_handles();
	execute("DROP TABLE IF EXISTS public.samples;"
			"CREATE TABLE public.samples AS SELECT row_number() OVER () AS n, f, w"
			"	FROM (SELECT (dittofs.get_file(dittofs.resolve(p))).attributes AS f,"
			"		(dittofs.set_file_attributes(dittofs.resolve(p), mode => 511)).wcc"
			"		AS w FROM unnest(array['/fuzz', '/fuzz/a', '/fuzz/link',"
			"		'/fuzz/g']) p) s;"
			"GRANT SELECT ON public.samples TO PUBLIC");
	horizon[0] = '\0';
	take_digest();
}

static void
check_tables(void)
{
	PGresult   *result = run("SELECT rule, object FROM dittofs.fsck() LIMIT 5");

	if (PQntuples(result) > 0 && complaints++ < COMPLAINTS_MAX)
	{
		for (int i = 0; i < PQntuples(result); i++)
			printf("# after call %ld, fsck: %s: %s\n", total,
				   PQgetvalue(result, i, 0), PQgetvalue(result, i, 1));
	}
	PQclear(result);
}

/*
 * Calls
 */

struct call
{
	struct function *function;
	struct value arguments[ARGUMENTS_MAX];
	char		sql[2048];
	int			session;
};

/* What has no parameter form comes from the samples. */
static const char *
sample_column(const char *type)
{
	if (strcmp(type, "fattr") == 0)
		return "f";
	return strcmp(type, "wcc") == 0 ? "w" : NULL;
}

static void
make_call(struct call *call, int session)
{
	struct function *f = &functions[any((uint32_t) function_count)];
	size_t		size;
	uint32_t	wildness = any(100);
	int			wild;

	/* operations more often than what administers, and all of NFSv4 is one */
	if (!f->has_status && chance(50))
		f = &functions[any((uint32_t) function_count)];
	if (chance(15))
		f = the_compound;

	/* most often one argument is wild, or none; sometimes all are */
	wild = wildness < 45 || f->count == 0 ? -1 :
		wildness < 88 ? (int) any((uint32_t) f->count) : ARGUMENTS_MAX;
	call->function = f;
	call->session = session;
	size = (size_t) snprintf(call->sql, sizeof(call->sql), "SELECT dittofs.%s(",
							 f->name);
	for (int i = 0; i < f->count; i++)
	{
		const char *column = sample_column(f->types[i]);

		call->arguments[i] = make_value(f->names[i], f->types[i],
											wild == i || wild == ARGUMENTS_MAX);
		size += (size_t) snprintf(call->sql + size, sizeof(call->sql) - size,
								  "%s$%d::%s", i > 0 ? ", " : "", i + 1,
								  column != NULL ? "int4" : f->qualified[i]);
		if (column == NULL)
			continue;
		free(call->arguments[i].data);
		call->arguments[i] = (struct value) {.null = true};
		call->sql[size - strlen("$0::int4")] = '\0';
		size -= strlen("$0::int4");
		size += (size_t) snprintf(call->sql + size, sizeof(call->sql) - size,
								  "(SELECT %s FROM public.samples WHERE n ="
								  " coalesce($%d::int4, %u))", column, i + 1,
								  any(6));
	}
	snprintf(call->sql + size, sizeof(call->sql) - size, ")");
}

static void
free_call(struct call *call)
{
	for (int i = 0; i < call->function->count; i++)
		free(call->arguments[i].data);
}

static void
complain(const struct call *call, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void
complain(const struct call *call, const char *format, ...)
{
	va_list		arguments;

	if (complaints++ >= COMPLAINTS_MAX)
		return;
	printf("# call %ld, %s: dittofs.%s(", total, session_names[call->session],
		   call->function->name);
	for (int i = 0; i < call->function->count; i++)
	{
		char		literal[400];

		describe_value(&call->arguments[i], literal, sizeof(literal));
		printf("%s%s => %s", i > 0 ? ", " : "", call->function->names[i],
			   literal);
	}
	printf(")\n#   ");
	va_start(arguments, format);
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	fflush(stdout);
}

/* May a call end like this, if its arguments are bad enough? */
static bool
is_meaningful(const char *state)
{
	static const char *const meaningful[] = {
		"08P01",				/* a binary parameter is too short */
		"0A000",				/* feature not supported */
		"25001", "25006",		/* in a transaction; read only */
		"28000",				/* the credential is too weak */
		"2BP01",				/* there are files */
		"39P01", "39P03",		/* a trigger function is no function */
		"42501",				/* insufficient privilege */
		"42602", "42622",		/* a bad name, a long one */
		"42704", "42710", "42809",	/* no such object; it exists; another kind */
		"54000", "55000", "55006",	/* a limit; not in this state; in use */
		"58P01", "58P02",		/* no such file; it exists */
	};

	if (strncmp(state, "22", 2) == 0)
		return true;
	for (size_t i = 0; i < sizeof(meaningful) / sizeof(meaningful[0]); i++)
		if (strcmp(state, meaningful[i]) == 0)
			return true;
	return false;
}

static void
count_state(const char *state)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
	{
		if (states[i].count == 0)
			snprintf(states[i].state, sizeof(states[i].state), "%s", state);
		if (strcmp(states[i].state, state) == 0)
		{
			states[i].count++;
			return;
		}
	}
}

enum outcome
{
	SUCCEEDED,
	REFUSED,					/* by a status */
	FAILED						/* by an ERROR */
};

/* The status a result begins with, in text or in binary. */
static int
status_of(const PGresult *result, bool binary)
{
	const char *value = PQgetvalue(result, 0, 0);
	int			status = 0;

	if (!binary)
		return atoi(value + 1);
	for (int i = 12; i < 16; i++)
		status = status << 8 | (unsigned char) value[i];
	return status;
}

static enum outcome
perform(struct call *call)
{
	struct function *f = call->function;
	PGconn	   *conn = sessions[call->session];
	const char *values[ARGUMENTS_MAX];
	int			lengths[ARGUMENTS_MAX];
	int			formats[ARGUMENTS_MAX];
	bool		binary = f->has_status && chance(50);
	enum outcome outcome = SUCCEEDED;
	PGresult   *result;

	for (int i = 0; i < f->count; i++)
	{
		values[i] = call->arguments[i].null ? NULL : call->arguments[i].data;
		lengths[i] = call->arguments[i].size;
		formats[i] = call->arguments[i].binary;
	}
	total++;
	f->calls++;
	result = PQexecParams(conn, call->sql, f->count, NULL, values, lengths,
						  formats, binary);
	if (PQstatus(conn) != CONNECTION_OK)
	{
		complaints = 0;
		complain(call, "the connection is lost");
		fatal("the server has crashed: %s", PQerrorMessage(conn));
	}
	if (PQresultStatus(result) != PGRES_TUPLES_OK)
	{
		const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		const char *message =
			PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

		outcome = FAILED;
		f->errors++;
		count_state(state != NULL ? state : "?????");
		if (state == NULL || !is_meaningful(state))
			complain(call, "ERROR %s: %s", state != NULL ? state : "?????",
					 message != NULL ? message : PQresultErrorMessage(result));
	}
	else if (f->has_status && PQntuples(result) > 0 &&
			 PQgetlength(result, 0, 0) > 0 && status_of(result, binary) != 0)
	{
		outcome = REFUSED;
		f->refused++;
	}
	else
		f->succeeded++;
	PQclear(result);
	return outcome;
}

static void
compare(const struct call *call, const char *after)
{
	unchanged++;
	if (!take_digest())
		complain(call, "%s, and yet the tables have changed", after);
}

/* In a transaction of its own. */
static void
single_call(int session)
{
	struct call call;

	make_call(&call, session);
	switch (perform(&call))
	{
		case SUCCEEDED:
			take_digest();
			break;
		case REFUSED:
			compare(&call, "it was refused");
			break;
		case FAILED:
			compare(&call, "it has failed");
			break;
	}
	free_call(&call);
}

static void
command(int session, const char *sql)
{
	PQclear(PQexec(sessions[session], sql));
	if (PQstatus(sessions[session]) != CONNECTION_OK)
		fatal("the server has crashed at %s: %s", sql,
			  PQerrorMessage(sessions[session]));
}

/*
 * Several in one transaction, as a gateway's batch is; committed or rolled
 * back, or with a savepoint around each call.
 */
static void
several_calls(int session)
{
	struct call call;
	bool		commit = chance(60);
	bool		savepoints = chance(20);
	bool		none_succeeded = true;
	int			count = 1 + (int) any(8);

	command(session, "BEGIN");
	for (int i = 0; i < count; i++)
	{
		enum outcome outcome;

		if (savepoints)
			command(session, "SAVEPOINT s");
		if (i > 0)
			free_call(&call);
		make_call(&call, session);
		if (PQtransactionStatus(sessions[session]) == PQTRANS_INERROR)
			break;
		outcome = perform(&call);
		if (savepoints && (outcome == FAILED || chance(30)))
			command(session, "ROLLBACK TO s");
		else if (outcome == SUCCEEDED)
			none_succeeded = false;
		if (outcome == FAILED && !savepoints)
		{
			none_succeeded = true;
			break;
		}
	}
	if (PQtransactionStatus(sessions[session]) == PQTRANS_INERROR)
		none_succeeded = true;
	command(session, commit ? "COMMIT" : "ROLLBACK");
	if (none_succeeded || !commit)
		compare(&call, "all of a transaction has failed or was rolled back");
	else
		take_digest();
	free_call(&call);
}

static void
fuzz(double seconds)
{
	double		end = now() + seconds;
	int			session = 0;

	for (long i = 0; now() < end && complaints < COMPLAINTS_MAX; i++)
	{
		if (i % CALLS_A_CHECK == 0)
			check_tables();
		if (i % CALLS_A_SCENE == 0)
			set_scene();
		if (i % CALLS_A_CLIENT == 0)
			meet_clients();
		session = (int) any(SESSIONS);
		if (chance(10))
			several_calls(session);
		else
			single_call(session);
	}
	check_tables();
}

static void
report(const char *only)
{
	int			never = 0;

	for (int i = 0; i < function_count; i++)
	{
		const struct function *f = &functions[i];

		never += f->calls == 0;
		if (only != NULL)
			printf("# %-32s %6ld calls %6ld done %6ld refused %6ld errors\n",
				   f->name, f->calls, f->succeeded, f->refused, f->errors);
	}
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (states[i].count > 0)
			printf("# SQLSTATE %s: %ld\n", states[i].state, states[i].count);
	ok(never == 0, "each function was called");
	ok(complaints == 0, "%ld calls: no crash, no internal error, fsck is clean",
	   total);
	ok(unchanged > total / 10, "%ld of them failed and changed nothing",
	   unchanged);
	printf("1..%d\n", tests);
}

int
main(void)
{
	const char *seed = getenv("DITTOFS_SEED");
	const char *seconds = getenv("FUZZ_SECONDS");
	uint64_t	number = seed != NULL ? strtoull(seed, NULL, 10) :
		(uint64_t) time(NULL) * 1000003 % 1000000007;

	printf("# DITTOFS_SEED=%llu\n", (unsigned long long) number);
	seed_random(number);
	connect_all();
	find_functions();
	find_keys();
	prepare_digest();
	fuzz(seconds != NULL ? atof(seconds) : 40);
	report(getenv("FUZZ_VERBOSE"));
	for (int i = 0; i < SESSIONS; i++)
		PQfinish(sessions[i]);
	PQfinish(observer);
	return failures > 0;
}
