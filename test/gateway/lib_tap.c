/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_tap.c
 *	  Results of tests on standard output (TAP), and the tests' way into the
 *	  database.
 */
#include "lib.h"

#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libpq-fe.h>

static int	tests;
static int	failures;

static bool
report(bool passed, const char *format, va_list arguments)
{
	tests++;
	if (!passed)
		failures++;
	printf("%sok %d - ", passed ? "" : "not ", tests);
	vprintf(format, arguments);
	printf("\n");
	fflush(stdout);
	return passed;
}

void
ok(bool passed, const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	report(passed, format, arguments);
	va_end(arguments);
}

void
is(int64_t got, int64_t want, const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	if (!report(got == want, format, arguments))
		note("  got %lld, want %lld", (long long) got, (long long) want);
	va_end(arguments);
}

static const char *
status_name(uint32_t status)
{
	static const struct
	{
		uint32_t	status;
		const char *name;
	}			names[] = {
		{NFS3_OK, "OK"},
		{NFS3ERR_PERM, "PERM"},
		{NFS3ERR_NOENT, "NOENT"},
		{NFS3ERR_IO, "IO"},
		{NFS3ERR_NXIO, "NXIO"},
		{NFS3ERR_ACCES, "ACCES"},
		{NFS3ERR_EXIST, "EXIST"},
		{NFS3ERR_XDEV, "XDEV"},
		{NFS3ERR_NODEV, "NODEV"},
		{NFS3ERR_NOTDIR, "NOTDIR"},
		{NFS3ERR_ISDIR, "ISDIR"},
		{NFS3ERR_INVAL, "INVAL"},
		{NFS3ERR_FBIG, "FBIG"},
		{NFS3ERR_NOSPC, "NOSPC"},
		{NFS3ERR_ROFS, "ROFS"},
		{NFS3ERR_MLINK, "MLINK"},
		{NFS3ERR_NAMETOOLONG, "NAMETOOLONG"},
		{NFS3ERR_NOTEMPTY, "NOTEMPTY"},
		{NFS3ERR_DQUOT, "DQUOT"},
		{NFS3ERR_STALE, "STALE"},
		{NFS3ERR_REMOTE, "REMOTE"},
		{NFS3ERR_BADHANDLE, "BADHANDLE"},
		{NFS3ERR_NOT_SYNC, "NOT_SYNC"},
		{NFS3ERR_BAD_COOKIE, "BAD_COOKIE"},
		{NFS3ERR_NOTSUPP, "NOTSUPP"},
		{NFS3ERR_TOOSMALL, "TOOSMALL"},
		{NFS3ERR_SERVERFAULT, "SERVERFAULT"},
		{NFS3ERR_BADTYPE, "BADTYPE"},
		{NFS3ERR_JUKEBOX, "JUKEBOX"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		if (names[i].status == status)
			return names[i].name;
	}
	return "unknown";
}

void
is_status(uint32_t got, uint32_t want, const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	if (!report(got == want, format, arguments))
		note("  got %s (%u), want %s", status_name(got), got,
			 status_name(want));
	va_end(arguments);
}

void
note(const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	printf("# ");
	vprintf(format, arguments);
	printf("\n");
	fflush(stdout);
	va_end(arguments);
}

void
bail_out(const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	printf("Bail out! ");
	vprintf(format, arguments);
	printf("\n");
	fflush(stdout);
	va_end(arguments);
	exit(2);
}

int
done_testing(void)
{
	printf("1..%d\n", tests);
	return failures > 0;
}

void
run_shell(const char *functions)
{
	char		program[PATH_MAX] = "";
	char		command[PATH_MAX + 512];

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) < 0)
		bail_out("/proc/self/exe cannot be read");
	snprintf(command, sizeof(command), "bash -c '. \"%s/../../lib.sh\"; %s'",
			 dirname(program), functions);
	if (system(command) != 0)
		bail_out("%s failed", functions);
}

const char *
sql(const char *format, ...)
{
	static PGconn *conn;
	static char value[1024];
	char		text[4096];
	va_list		arguments;
	PGresult   *result;

	if (!conn)
		conn = PQconnectdb("");
	if (PQstatus(conn) != CONNECTION_OK)
		bail_out("database: %s", PQerrorMessage(conn));
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	result = PQexec(conn, text);
	if (PQresultStatus(result) != PGRES_COMMAND_OK &&
		PQresultStatus(result) != PGRES_TUPLES_OK)
		bail_out("%s: %s", text, PQerrorMessage(conn));
	value[0] = '\0';
	if (PQntuples(result) > 0)
		snprintf(value, sizeof(value), "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return value;
}

void
await_sql(const char *condition)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += 20)
	{
		/* in a transaction the activity would stand still */
		sql("SELECT pg_stat_clear_snapshot()");
		if (strcmp(sql("SELECT %s", condition), "t") == 0)
			return;
		usleep(20000);
	}
	bail_out("waited in vain for %s", condition);
}
