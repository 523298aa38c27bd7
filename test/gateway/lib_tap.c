/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_tap.c
 *	  Results of tests on standard output (TAP), and the tests' way into the
 *	  database.
 */
#include "lib_nfs4.h"

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
#define NAME4(name) {NFS4ERR_##name, #name}
		NAME4(SAME),
		NAME4(DENIED),
		NAME4(EXPIRED),
		NAME4(LOCKED),
		NAME4(GRACE),
		NAME4(SHARE_DENIED),
		NAME4(WRONGSEC),
		NAME4(CLID_INUSE),
		NAME4(NOFILEHANDLE),
		NAME4(MINOR_VERS_MISMATCH),
		NAME4(STALE_CLIENTID),
		NAME4(STALE_STATEID),
		NAME4(OLD_STATEID),
		NAME4(BAD_STATEID),
		NAME4(BAD_SEQID),
		NAME4(NOT_SAME),
		NAME4(LOCK_RANGE),
		NAME4(SYMLINK),
		NAME4(RESTOREFH),
		NAME4(ATTRNOTSUPP),
		NAME4(NO_GRACE),
		NAME4(RECLAIM_BAD),
		NAME4(BADXDR),
		NAME4(LOCKS_HELD),
		NAME4(OPENMODE),
		NAME4(BADOWNER),
		NAME4(BADCHAR),
		NAME4(BADNAME),
		NAME4(OP_ILLEGAL),
		NAME4(FILE_OPEN),
		NAME4(ADMIN_REVOKED),
		NAME4(BADSESSION),
		NAME4(BADSLOT),
		NAME4(COMPLETE_ALREADY),
		NAME4(CONN_NOT_BOUND_TO_SESSION),
		NAME4(SEQ_MISORDERED),
		NAME4(SEQUENCE_POS),
		NAME4(REQ_TOO_BIG),
		NAME4(REP_TOO_BIG),
		NAME4(REP_TOO_BIG_TO_CACHE),
		NAME4(RETRY_UNCACHED_REP),
		NAME4(TOO_MANY_OPS),
		NAME4(OP_NOT_IN_SESSION),
		NAME4(CLIENTID_BUSY),
		NAME4(SEQ_FALSE_RETRY),
		NAME4(BAD_HIGH_SLOT),
		NAME4(DEADSESSION),
		NAME4(ENCR_ALG_UNSUPP),
		NAME4(NOT_ONLY_OP),
		NAME4(WRONG_CRED),
		NAME4(WRONG_TYPE),
		NAME4(NOXATTR),
		NAME4(XATTR2BIG),
		{NOT_REACHED, "not reached"},
		{NO_REPLY, "no reply"},
#undef NAME4
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
is_clean(const char *format, ...)
{
	const char *found = sql("SELECT coalesce(string_agg(rule || ': ' || object,"
							" '; '), '') FROM dittofs.fsck()");
	char		name[256];
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(name, sizeof(name), format, arguments);
	va_end(arguments);
	ok(*found == '\0', "%s", name);
	if (*found != '\0')
		note("  %s", found);
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
