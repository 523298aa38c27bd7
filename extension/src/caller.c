/*-------------------------------------------------------------------------
 *
 * caller.c
 *	  SQL type dittofs.caller: who calls, and from where.
 *
 * The binary form comes from a gateway with every call, so reading it is a few
 * loads and one palloc.  It decides what a call may do, so nothing in it is
 * taken on trust: a value that a credential of RFC 5531 cannot have is an
 * error, not something to repair.
 *
 * The text form is for people and tests.  Its keys come in any order, each at
 * most once; an absent key has the value that '' gives it.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "caller.h"
#include "network.h"

PG_FUNCTION_INFO_V1(dittofs_caller_in);
PG_FUNCTION_INFO_V1(dittofs_caller_out);
PG_FUNCTION_INFO_V1(dittofs_caller_recv);
PG_FUNCTION_INFO_V1(dittofs_caller_send);

#define CALLER_VERSION	1
#define AUTH_NONE		0
#define AUTH_SYS		1

typedef enum CallerKey
{
	KEY_AUTH,
	KEY_CHECKSUM,
	KEY_CLIENT,
	KEY_GID,
	KEY_GROUPS,
	KEY_PORT,
	KEY_UID,
	KEY_XID,
	KEY_COUNT
} CallerKey;

static const char *const key_names[KEY_COUNT] = {
	[KEY_AUTH] = "auth",
	[KEY_CHECKSUM] = "checksum",
	[KEY_CLIENT] = "client",
	[KEY_GID] = "gid",
	[KEY_GROUPS] = "groups",
	[KEY_PORT] = "port",
	[KEY_UID] = "uid",
	[KEY_XID] = "xid",
};

static Caller *
caller_alloc(int ngids)
{
	Caller	   *caller = palloc0(CALLER_SIZE(ngids));

	SET_VARSIZE(caller, CALLER_SIZE(ngids));
	caller->auth = AUTH_SYS;
	caller->ngids = ngids;
	return caller;
}

Caller *
caller_local_root(void)
{
	return caller_alloc(0);
}

static void
caller_set_address(Caller *caller, Network *address)
{
	network_unmap(address);
	caller->family = address->family;
	memcpy(caller->addr, address->addr, sizeof(caller->addr));
}

static void
bad_caller(const char *key, const char *value, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid value for \"%s\" in a caller: \"%s\"", key, value),
			 errhint("%s", hint)));
}

/* A decimal number without sign or blanks, from 0 to max. */
static uint32
parse_number(const char *key, const char *value, uint32 max)
{
	uint64		number = 0;
	const char *p;

	for (p = value; *p >= '0' && *p <= '9' && number <= max; p++)
		number = number * 10 + (*p - '0');
	if (p == value || *p != '\0' || number > max)
		bad_caller(key, value,
				   psprintf("A number from 0 to %u is expected.", max));
	return (uint32) number;
}

static uint64
parse_checksum(const char *value)
{
	char	   *end;
	uint64		checksum;

	errno = 0;
	checksum = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end != '\0' || errno != 0)
		bad_caller("checksum", value, "A number of up to 64 bits is expected.");
	return checksum;
}

static int
parse_groups(char *value, uint32 *gids)
{
	int			n = 0;
	char	   *next;

	if (*value == '\0')
		return 0;
	for (char *gid = value; gid != NULL; gid = next)
	{
		next = strchr(gid, ',');
		if (next != NULL)
			*next++ = '\0';
		if (n == FS_MAX_GIDS)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a caller has more than %d supplementary groups",
							FS_MAX_GIDS),
					 errhint("AUTH_SYS has room for %d.", FS_MAX_GIDS)));
		gids[n++] = parse_number("groups", gid, PG_UINT32_MAX);
	}
	return n;
}

static void
parse_client(Caller *caller, const char *value)
{
	Network		address;

	if (strchr(value, '/') != NULL || !network_parse(value, &address))
		bad_caller("client", value, "An IPv4 or IPv6 address is expected.");
	caller_set_address(caller, &address);
}

static CallerKey
parse_key(const char *key)
{
	for (int i = 0; i < KEY_COUNT; i++)
	{
		if (strcmp(key, key_names[i]) == 0)
			return (CallerKey) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("unrecognized key in a caller: \"%s\"", key),
			 errhint("The keys are auth, checksum, client, gid, groups, port, uid and xid.")));
}

Datum
dittofs_caller_in(PG_FUNCTION_ARGS)
{
	char	   *text = pstrdup(PG_GETARG_CSTRING(0));
	Caller	   *caller = caller_alloc(FS_MAX_GIDS);
	bool		seen[KEY_COUNT] = {false};
	char	   *next;

	caller->ngids = 0;
	for (char *item = text + strspn(text, " "); *item != '\0'; item = next)
	{
		char	   *value;
		CallerKey	key;

		next = item + strcspn(item, " ");
		if (*next != '\0')
			*next++ = '\0';
		next += strspn(next, " ");

		value = strchr(item, '=');
		if (value == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("no value for \"%s\" in a caller", item),
					 errhint("Write key=value, as in 'uid=1000 gid=100 client=10.0.0.7'.")));
		*value++ = '\0';
		key = parse_key(item);
		if (seen[key])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("key \"%s\" appears twice in a caller", item)));
		seen[key] = true;

		switch (key)
		{
			case KEY_AUTH:
				if (strcmp(value, "none") == 0)
					caller->auth = AUTH_NONE;
				else if (strcmp(value, "sys") != 0)
					bad_caller("auth", value, "Use none or sys.");
				break;
			case KEY_CHECKSUM:
				caller->checksum = parse_checksum(value);
				break;
			case KEY_CLIENT:
				parse_client(caller, value);
				break;
			case KEY_GID:
				caller->gid = parse_number("gid", value, PG_UINT32_MAX);
				break;
			case KEY_GROUPS:
				caller->ngids = parse_groups(value, caller->gids);
				break;
			case KEY_PORT:
				caller->port = parse_number("port", value, PG_UINT16_MAX);
				break;
			case KEY_UID:
				caller->uid = parse_number("uid", value, PG_UINT32_MAX);
				break;
			case KEY_XID:
				caller->xid = parse_number("xid", value, PG_UINT32_MAX);
				caller->has_call = true;
				break;
			case KEY_COUNT:
				break;
		}
	}
	SET_VARSIZE(caller, CALLER_SIZE(caller->ngids));
	PG_RETURN_POINTER(caller);
}

Datum
dittofs_caller_out(PG_FUNCTION_ARGS)
{
	Caller	   *caller = DatumGetCallerP(PG_GETARG_DATUM(0));
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "uid=%u gid=%u", caller->uid, caller->gid);
	for (int i = 0; i < caller->ngids; i++)
		appendStringInfo(&out, "%s%u", i == 0 ? " groups=" : ",",
						 caller->gids[i]);
	if (caller->family != 0)
	{
		Network		address;
		char		buf[NETWORK_TEXT_LEN];

		network_of_caller(caller, &address);
		appendStringInfo(&out, " client=%s", network_text(&address, buf));
	}
	if (caller->port != 0)
		appendStringInfo(&out, " port=%u", caller->port);
	appendStringInfo(&out, " auth=%s",
					 caller->auth == AUTH_NONE ? "none" : "sys");
	if (caller->has_call)
		appendStringInfo(&out, " xid=%u checksum=" UINT64_FORMAT,
						 caller->xid, caller->checksum);
	PG_RETURN_CSTRING(out.data);
}

static void
bad_binary(const char *detail, int64 value)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
			 errmsg("invalid binary form of a caller"),
			 errdetail(detail, (long long) value),
			 errhint("The gateway and the extension may be of different versions.")));
}

Datum
dittofs_caller_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	Network		address = {0};
	Caller	   *caller;
	uint32		auth,
				uid,
				gid,
				family,
				port,
				ngids,
				has_call;

	if ((auth = pq_getmsgint(buf, 2)) != CALLER_VERSION)
		bad_binary("Its version is %lld.", auth);
	if ((auth = pq_getmsgint(buf, 2)) > AUTH_SYS)
		bad_binary("Its authentication flavor is %lld.", auth);
	uid = pq_getmsgint(buf, 4);
	gid = pq_getmsgint(buf, 4);
	family = pq_getmsgint(buf, 2);
	if (family != 0 && family != 4 && family != 6)
		bad_binary("Its address family is %lld.", family);
	if (family != 0)
	{
		address.family = family;
		address.bits = family == 4 ? 32 : 128;
		pq_copymsgbytes(buf, (char *) address.addr, family == 4 ? 4 : 16);
	}
	if ((port = pq_getmsgint(buf, 4)) > PG_UINT16_MAX)
		bad_binary("Its port is %lld.", port);
	if ((ngids = pq_getmsgint(buf, 2)) > FS_MAX_GIDS)
		bad_binary("It has %lld supplementary groups.", ngids);

	caller = caller_alloc(ngids);
	caller->auth = auth;
	caller->uid = uid;
	caller->gid = gid;
	caller->port = port;
	if (family != 0)
		caller_set_address(caller, &address);
	for (int i = 0; i < ngids; i++)
		caller->gids[i] = pq_getmsgint(buf, 4);
	if ((has_call = pq_getmsgint(buf, 2)) > 1)
		bad_binary("It says %lld where 0 or 1 tells whether a call follows.",
				   has_call);
	if (has_call)
	{
		caller->has_call = true;
		caller->xid = pq_getmsgint(buf, 4);
		caller->checksum = (uint64) pq_getmsgint64(buf);
	}
	pq_getmsgend(buf);
	PG_RETURN_POINTER(caller);
}

Datum
dittofs_caller_send(PG_FUNCTION_ARGS)
{
	Caller	   *caller = DatumGetCallerP(PG_GETARG_DATUM(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint16(&buf, CALLER_VERSION);
	pq_sendint16(&buf, caller->auth);
	pq_sendint32(&buf, caller->uid);
	pq_sendint32(&buf, caller->gid);
	pq_sendint16(&buf, caller->family);
	if (caller->family != 0)
		pq_sendbytes(&buf, (char *) caller->addr, caller->family == 4 ? 4 : 16);
	pq_sendint32(&buf, caller->port);
	pq_sendint16(&buf, caller->ngids);
	for (int i = 0; i < caller->ngids; i++)
		pq_sendint32(&buf, caller->gids[i]);
	pq_sendint16(&buf, caller->has_call);
	if (caller->has_call)
	{
		pq_sendint32(&buf, caller->xid);
		pq_sendint64(&buf, (int64) caller->checksum);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
