/* SPDX-License-Identifier: PostgreSQL */
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
#include "base/dittofs.h"

#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"

#include "types/network.h"

PG_FUNCTION_INFO_V1(dittofs_caller_in);
PG_FUNCTION_INFO_V1(dittofs_caller_out);
PG_FUNCTION_INFO_V1(dittofs_caller_recv);
PG_FUNCTION_INFO_V1(dittofs_caller_send);

typedef enum CallerKey
{
	KEY_ARRIVED,
	KEY_AUTH,
	KEY_CHECKSUM,
	KEY_CLIENT,
	KEY_CONNECTED,
	KEY_CONNECTION,
	KEY_GID,
	KEY_GROUPS,
	KEY_PORT,
	KEY_UID,
	KEY_XID,
	KEY_COUNT
} CallerKey;

static const char *const key_names[KEY_COUNT] = {
	[KEY_ARRIVED] = "arrived",
	[KEY_AUTH] = "auth",
	[KEY_CHECKSUM] = "checksum",
	[KEY_CLIENT] = "client",
	[KEY_CONNECTED] = "connected",
	[KEY_CONNECTION] = "connection",
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
	caller->auth = CALLER_AUTH_SYS;
	caller->ngids = ngids;
	return caller;
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
parse_long(const char *key, const char *value)
{
	char	   *end;
	uint64		number;

	errno = 0;
	number = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end != '\0' || errno != 0)
		bad_caller(key, value, "A number of up to 64 bits is expected.");
	return number;
}

/* Microseconds since the epoch. */
static int64
parse_time(const char *key, const char *value)
{
	uint64		number = parse_long(key, value);

	if (number > PG_INT64_MAX)
		bad_caller(key, value, "Microseconds since 1970 are expected.");
	return (int64) number;
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
		if (n == CALLER_GIDS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a caller has more than %d supplementary groups",
							CALLER_GIDS_MAX),
					 errhint("AUTH_SYS has room for %d.", CALLER_GIDS_MAX)));
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
			 errhint("The keys are arrived, auth, checksum, client, connected, connection, gid, groups, port, uid and xid.")));
}

Datum
dittofs_caller_in(PG_FUNCTION_ARGS)
{
	char	   *text = pstrdup(PG_GETARG_CSTRING(0));
	Caller	   *caller = caller_alloc(CALLER_GIDS_MAX);
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
			case KEY_ARRIVED:
				caller->arrived = parse_time("arrived", value);
				break;
			case KEY_AUTH:
				if (strcmp(value, "none") == 0)
					caller->auth = CALLER_AUTH_NONE;
				else if (strcmp(value, "sys") != 0)
					bad_caller("auth", value, "Use none or sys.");
				break;
			case KEY_CHECKSUM:
				caller->checksum = parse_long("checksum", value);
				break;
			case KEY_CLIENT:
				parse_client(caller, value);
				break;
			case KEY_CONNECTED:
				caller->connected = parse_time("connected", value);
				break;
			case KEY_CONNECTION:
				caller->connection = parse_long("connection", value);
				caller->has_connection = true;
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
	if (seen[KEY_CONNECTION] != seen[KEY_CONNECTED] ||
		seen[KEY_CONNECTION] != seen[KEY_ARRIVED] ||
		(seen[KEY_CONNECTION] && !seen[KEY_XID]))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("a caller tells only a part of how its call came here"),
				 errhint("Give connection, connected and arrived together, with xid, or none of them.")));
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
	if (caller->family != CALLER_LOCAL)
	{
		Network		address;
		char		buf[NETWORK_TEXT_LEN];

		network_of_caller(caller, &address);
		appendStringInfo(&out, " client=%s", network_text(&address, buf));
	}
	if (caller->port != 0)
		appendStringInfo(&out, " port=%u", caller->port);
	appendStringInfo(&out, " auth=%s",
					 caller->auth == CALLER_AUTH_NONE ? "none" : "sys");
	if (caller->has_call)
		appendStringInfo(&out, " xid=%u checksum=" UINT64_FORMAT,
						 caller->xid, caller->checksum);
	if (caller->has_connection)
		appendStringInfo(&out,
						 " connection=" UINT64_FORMAT " connected=" INT64_FORMAT
						 " arrived=" INT64_FORMAT,
						 caller->connection, caller->connected,
						 caller->arrived);
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

static int
address_len(int family)
{
	return family == CALLER_IPV4 ? CALLER_IPV4_LEN : CALLER_IPV6_LEN;
}

static int64
recv_time(StringInfo buf)
{
	int64		value = pq_getmsgint64(buf);

	if (value < 0)
		bad_binary("Its call is of the time %lld.", value);
	return value;
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
				told;

	if ((auth = pq_getmsgint(buf, 2)) != CALLER_VERSION)
		bad_binary("Its version is %lld.", auth);
	if ((auth = pq_getmsgint(buf, 2)) > CALLER_AUTH_SYS)
		bad_binary("Its authentication flavor is %lld.", auth);
	uid = pq_getmsgint(buf, 4);
	gid = pq_getmsgint(buf, 4);
	family = pq_getmsgint(buf, 2);
	if (family != CALLER_LOCAL && family != CALLER_IPV4 &&
		family != CALLER_IPV6)
		bad_binary("Its address family is %lld.", family);
	if (family != CALLER_LOCAL)
	{
		address.family = family;
		address.bits = family == CALLER_IPV4 ? 32 : 128;
		pq_copymsgbytes(buf, (char *) address.addr, address_len(family));
	}
	if ((port = pq_getmsgint(buf, 4)) > PG_UINT16_MAX)
		bad_binary("Its port is %lld.", port);
	if ((ngids = pq_getmsgint(buf, 2)) > CALLER_GIDS_MAX)
		bad_binary("It has %lld supplementary groups.", ngids);

	caller = caller_alloc(ngids);
	caller->auth = auth;
	caller->uid = uid;
	caller->gid = gid;
	caller->port = port;
	if (family != CALLER_LOCAL)
		caller_set_address(caller, &address);
	for (int i = 0; i < ngids; i++)
		caller->gids[i] = pq_getmsgint(buf, 4);
	if ((told = pq_getmsgint(buf, 2)) > CALLER_TELLS_CONNECTION)
		bad_binary("It says %lld where 0, 1 or 2 tells what follows of the call.",
				   told);
	if (told >= CALLER_TELLS_CALL)
	{
		caller->has_call = true;
		caller->xid = pq_getmsgint(buf, 4);
		caller->checksum = (uint64) pq_getmsgint64(buf);
	}
	if (told == CALLER_TELLS_CONNECTION)
	{
		caller->has_connection = true;
		caller->connection = (uint64) pq_getmsgint64(buf);
		caller->connected = recv_time(buf);
		caller->arrived = recv_time(buf);
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
	if (caller->family != CALLER_LOCAL)
		pq_sendbytes(&buf, (char *) caller->addr, address_len(caller->family));
	pq_sendint32(&buf, caller->port);
	pq_sendint16(&buf, caller->ngids);
	for (int i = 0; i < caller->ngids; i++)
		pq_sendint32(&buf, caller->gids[i]);
	pq_sendint16(&buf, caller->has_connection ? CALLER_TELLS_CONNECTION :
				 caller->has_call ? CALLER_TELLS_CALL : CALLER_TELLS_NOTHING);
	if (caller->has_call)
	{
		pq_sendint32(&buf, caller->xid);
		pq_sendint64(&buf, (int64) caller->checksum);
	}
	if (caller->has_connection)
	{
		pq_sendint64(&buf, (int64) caller->connection);
		pq_sendint64(&buf, caller->connected);
		pq_sendint64(&buf, caller->arrived);
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}
