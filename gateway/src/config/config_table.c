/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_table.c
 *	  The table of settings, and look-ups in it.
 *
 * Not among the variables that are made of the paths: DITTOFS_HOST,
 * DITTOFS_PORT, DITTOFS_PORTS and DITTOFS_URL, which tell a client where a
 * gateway is.
 */
#include "config/config_table.h"
#include "dittofs_contract.h"
#include "base/log.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define KIB ((int64_t) 1024)
#define MIB (1024 * KIB)
#define HOUR ((int64_t) 3600 * 1000)
#define ID_MAX INT64_C(4294967295)

#define PROCESS(field) SCOPE_PROCESS, offsetof(struct config, field)
#define META(field) SCOPE_METADATA_STORE, \
	offsetof(struct metadata_store_config, field)
#define CONTENT(field) SCOPE_CONTENT_STORE, \
	offsetof(struct content_store_config, field)
#define SHARE(field) SCOPE_SHARE, offsetof(struct share_config, field)

#define POSTGRES "metadata.stores.*.postgres."
#define STORE "content.stores.*."
#define SWITCH "on|off|true|false"

/* How an option of a share is given, by its kind: dittofs_share_options.h. */
#define SHARE_ROW(kind, name, initial, words, help) \
	{"shares.*." #name, NULL, SHARE_GIVEN_##kind(name, words), NULL, false, \
		help},
#define SHARE_GIVEN_SWITCH(name, words) \
	OPTION_WORD, SHARE(name), "", 0, 0, SWITCH
#define SHARE_GIVEN_WORD(name, words) \
	OPTION_WORD, SHARE(name), "", 0, 0, words
#define SHARE_GIVEN_ID(name, words) \
	OPTION_NUMBER, SHARE(name), "-1", -1, ID_MAX, NULL
#define SHARE_GIVEN_ROOT_ID(name, words) SHARE_GIVEN_ID(name, words)
#define SHARE_GIVEN_NETWORKS(name, words) \
	OPTION_LIST, SHARE(name), "", 0, 0, NULL
#define SHARE_GIVEN_ROOT_MODE(name, words) \
	OPTION_TEXT, SHARE(name), "", 0, 0, NULL
#define SHARE_GIVEN_BLOCK_SIZE(name, words) \
	OPTION_SIZE, SHARE(name), "0", 0, STORED_BLOCK_MAX, NULL
#define SHARE_GIVEN_BYTE_LIMIT(name, words) \
	OPTION_SIZE, SHARE(name), "0", 0, INT64_MAX, NULL
#define SHARE_GIVEN_COUNT_LIMIT(name, words) \
	OPTION_NUMBER, SHARE(name), "0", 0, INT64_MAX, NULL

/*
 * path, option, type, scope and field, default, bounds, choices, sample,
 * may be reloaded, help.  The sample has them in this order, so keys of one
 * section follow each other.
 */
const struct option options[] = {
	{"metadata.stores.*.type", NULL, OPTION_CHOICE, META(type),
		"postgres", 0, 0, "postgres", "postgres", false,
		"what kind of store this is"},
	{POSTGRES "host", NULL, OPTION_TEXT, META(host),
		"", 0, 0, NULL, "localhost", false,
		"host names or addresses, separated by commas, or the directory of a "
		"socket; empty: libpq's choice (PGHOST)"},
	{POSTGRES "port", NULL, OPTION_NUMBER, META(port),
		"0", 0, 65535, NULL, "5432", false,
		"port of all hosts; 0: libpq's choice (PGPORT, 5432)"},
	{POSTGRES "database", NULL, OPTION_TEXT, META(database),
		"", 0, 0, NULL, "dittofs", false,
		"database that has the extension; empty: libpq's choice"},
	{POSTGRES "user", NULL, OPTION_TEXT, META(user),
		"", 0, 0, NULL, "dittofs", false,
		"role to connect as, a member of dittofs_gateway; empty: libpq's "
		"choice"},
	{POSTGRES "password", NULL, OPTION_SECRET, META(password),
		"", 0, 0, NULL, NULL, true,
		"its password; ${VARIABLE} takes it from the environment"},
	{POSTGRES "password_file", NULL, OPTION_SECRET_FILE, META(password_file),
		"", 0, 0, NULL, NULL, true,
		"file that holds the password, of a Kubernetes secret for instance"},
	{POSTGRES "sslmode", NULL, OPTION_WORD, META(sslmode),
		"", 0, 0, "disable|allow|prefer|require|verify-ca|verify-full", NULL,
		false, "whether the connection is encrypted and the server's "
		"certificate checked; empty: libpq's choice (prefer)"},
	{POSTGRES "sslrootcert", NULL, OPTION_TEXT, META(sslrootcert),
		"", 0, 0, NULL, NULL, false,
		"file with the certificates of authorities to trust"},
	{POSTGRES "sslcert", NULL, OPTION_TEXT, META(sslcert),
		"", 0, 0, NULL, NULL, false, "file with the client's certificate"},
	{POSTGRES "sslkey", NULL, OPTION_TEXT, META(sslkey),
		"", 0, 0, NULL, NULL, false, "file with its key"},
	{POSTGRES "conninfo", "conninfo", OPTION_SECRET, META(conninfo),
		"", 0, 0, NULL, NULL, false,
		"libpq connection string or URI; the keys above win over it"},
	{POSTGRES "connect_timeout", "connect-timeout", OPTION_TIME,
		META(connect_timeout), "0", 0, HOUR, NULL, NULL, false,
		"how long each host or address may take to give a session, before the "
		"next one is tried; 0: libpq's (connect_timeout, PGCONNECT_TIMEOUT), or "
		"3s"},
	{POSTGRES "max_conns", "max-conns", OPTION_NUMBER, META(max_conns),
		"24", 3, 10000, NULL, NULL, false,
		"connections to the database at most; 3 for each worker at least"},
	{POSTGRES "min_conns", "min-conns", OPTION_NUMBER, META(min_conns),
		"-1", -1, 10000, NULL, NULL, false,
		"connections to the database always open; -1: 3 for each worker"},
	{POSTGRES "max_idle_time", "max-idle-time", OPTION_TIME,
		META(max_idle_time), "5min", 100, 24 * HOUR, NULL, NULL, true,
		"idle connections above min_conns are closed after this"},
	{POSTGRES "health_check_period", "health-check-period", OPTION_TIME,
		META(health_check_period), "30s", 100, HOUR, NULL, NULL, true,
		"how often idle connections are tried"},
	{POSTGRES "auto_migrate", NULL, OPTION_SWITCH, META(auto_migrate),
		"off", 0, 0, NULL, "false", false,
		"make and update the extension and make missing shares at start; the "
		"role must be allowed to"},
	{POSTGRES "call_timeout", "call-timeout", OPTION_TIME,
		META(call_timeout), "20s", 100, HOUR, NULL, NULL, true,
		"how long a call may wait and be retried before JUKEBOX"},
	{POSTGRES "lock_timeout", "lock-timeout", OPTION_TIME,
		META(lock_timeout), "500ms", 1, HOUR, NULL, NULL, false,
		"bound of a wait for a lock; below the server's deadlock_timeout"},
	{POSTGRES "batch_calls", "batch-calls", OPTION_NUMBER, META(batch_calls),
		"64", 1, CONFIG_BATCH_CALLS_MAX, NULL, NULL, true,
		"calls in one batch at most"},
	{POSTGRES "batch_bytes", "batch-bytes", OPTION_SIZE, META(batch_bytes),
		"2M", 4 * KIB, 64 * MIB, NULL, NULL, true,
		"parameters and results of one batch, about"},

	{"content.cache", "content-cache", OPTION_SIZE, PROCESS(content_cache),
		"64M", 0, 1024 * 1024 * MIB, NULL, NULL, false,
		"memory for content read from stores"},
	{"content.gc_period", "content-gc-period", OPTION_TIME,
		PROCESS(content_gc_period), "1min", 100, 24 * HOUR, NULL, NULL, true,
		"how often blocks that no file has any more are looked for"},
	{"content.store", "content-store", OPTION_STORES, PROCESS(given_stores),
		"", 0, 0, NULL, NULL, false,
		"where content is, as name=files,type=filesystem,base_path=/x"},
	{STORE "type", NULL, OPTION_CHOICE, CONTENT(type),
		"filesystem", 0, 0, CONTENT_WORDS, "postgres",
		false, "filesystem or s3; memory and postgres are in the database and "
		"need no settings"},
	{STORE "parallel", NULL, OPTION_NUMBER, CONTENT(parallel),
		"0", 0, 256, NULL, NULL, false,
		"files, or requests, at a time; 0: 8 of a filesystem, 16 of s3"},
	{STORE "connect_timeout", NULL, OPTION_TIME,
		CONTENT(connect_timeout), "3s", 10, HOUR, NULL, NULL, false,
		"how long connecting to the store may take"},
	{STORE "request_timeout", NULL, OPTION_TIME,
		CONTENT(request_timeout), "10s", 10, HOUR, NULL, NULL, false,
		"how long one attempt of a request may take"},
	{STORE "filesystem.base_path", NULL, OPTION_TEXT,
		CONTENT(base_path), "", 0, 0, NULL, NULL, false,
		"directory for the blocks, the same one for all gateways"},
	{STORE "s3.endpoint", NULL, OPTION_TEXT, CONTENT(endpoint),
		"", 0, 0, NULL, NULL, false,
		"http[s]://host[:port]; empty: AWS's of the region"},
	{STORE "s3.region", NULL, OPTION_TEXT, CONTENT(region),
		"", 0, 0, NULL, NULL, false,
		"region of the bucket; empty: AWS_REGION, or us-east-1"},
	{STORE "s3.bucket", NULL, OPTION_TEXT, CONTENT(bucket),
		"", 0, 0, NULL, NULL, false,
		"bucket for the blocks: 3 to 63 of a-z, 0-9, dots and hyphens"},
	{STORE "s3.prefix", NULL, OPTION_TEXT, CONTENT(prefix),
		"", 0, 0, NULL, NULL, false, "what every key begins with"},
	{STORE "s3.path_style", NULL, OPTION_WORD, CONTENT(path_style),
		"auto", 0, 0, "auto|" SWITCH, NULL, false,
		"the bucket in the path (on) or in the host name (off); auto: in the "
		"path if there is an endpoint or the name has dots"},
	{STORE "s3.proxy", NULL, OPTION_TEXT, CONTENT(proxy),
		"", 0, 0, NULL, NULL, false,
		"proxy to the service, as http://proxy:3128; environment: that of "
		"http_proxy, https_proxy and no_proxy; empty: none"},
	{STORE "s3.ca_file", NULL, OPTION_TEXT, CONTENT(ca_file),
		"", 0, 0, NULL, NULL, false,
		"certificates of authorities to trust, and no others"},
	{STORE "s3.credentials", NULL, OPTION_WORD, CONTENT(credentials),
		"auto", 0, 0,
		"auto|settings|environment|profile|web_identity|container|imds", NULL,
		false, "where credentials come from; auto: the first of these that is "
		"there, but imds, the role of a machine of EC2, only if it is named"},
	{STORE "s3.access_key", NULL, OPTION_SECRET, CONTENT(access_key),
		"", 0, 0, NULL, NULL, true,
		"name of the key to sign with; empty: AWS_ACCESS_KEY_ID"},
	{STORE "s3.access_key_file", NULL, OPTION_SECRET_FILE,
		CONTENT(access_key_file), "", 0, 0, NULL, NULL, true,
		"file that holds it"},
	{STORE "s3.secret_key", NULL, OPTION_SECRET, CONTENT(secret_key),
		"", 0, 0, NULL, NULL, true,
		"the key itself; empty: AWS_SECRET_ACCESS_KEY"},
	{STORE "s3.secret_key_file", NULL, OPTION_SECRET_FILE,
		CONTENT(secret_key_file), "", 0, 0, NULL, NULL, true,
		"file that holds it"},
	{STORE "s3.session_token", NULL, OPTION_SECRET,
		CONTENT(session_token), "", 0, 0, NULL, NULL, true,
		"token of a temporary key; empty: AWS_SESSION_TOKEN"},
	{STORE "s3.session_token_file", NULL, OPTION_SECRET_FILE,
		CONTENT(session_token_file), "", 0, 0, NULL, NULL, true,
		"file that holds it"},
	{STORE "s3.credentials_file", NULL, OPTION_TEXT,
		CONTENT(credentials_file), "", 0, 0, NULL, NULL, false,
		"file of credentials in AWS's form, read again when it changes; empty: "
		"AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/credentials"},
	{STORE "s3.profile", NULL, OPTION_TEXT, CONTENT(profile),
		"", 0, 0, NULL, NULL, false,
		"its section; empty: AWS_PROFILE, or default"},
	{STORE "s3.role_arn", NULL, OPTION_TEXT, CONTENT(role_arn),
		"", 0, 0, NULL, NULL, false,
		"role to take by web identity; empty: AWS_ROLE_ARN"},
	{STORE "s3.web_identity_token_file", NULL, OPTION_TEXT,
		CONTENT(web_identity_token_file), "", 0, 0, NULL, NULL, false,
		"token for that; empty: AWS_WEB_IDENTITY_TOKEN_FILE"},
	{STORE "s3.sts_endpoint", NULL, OPTION_TEXT, CONTENT(sts_endpoint),
		"", 0, 0, NULL, NULL, false,
		"service that gives keys for it; empty: AWS_ENDPOINT_URL_STS, or AWS's "
		"of the region"},

	{"shares.*.name", NULL, OPTION_TEXT, SHARE(name),
		"", 0, 0, NULL, "/export", false, "path that clients mount"},
	{"shares.*.metadata_store", NULL, OPTION_TEXT, SHARE(metadata_store),
		"", 0, 0, NULL, "main", false,
		"store that has the share; empty: the first"},
	{"shares.*.content_store", NULL, OPTION_TEXT, SHARE(content_store),
		"", 0, 0, NULL, NULL, false,
		"store for its content, or postgres or memory; empty: postgres"},
	SHARE_OPTIONS(SHARE_ROW)

	{"adapters.nfs.listen", "listen", OPTION_LIST, PROCESS(listen),
		"0.0.0.0,::", 0, 0, NULL, NULL, false,
		"addresses to listen on, separated by commas"},
	{"adapters.nfs.port", "port", OPTION_NUMBER, PROCESS(port),
		"12049", 1, 65535, NULL, "12049", false,
		"TCP port, for NFS and MOUNT alike"},
	{"adapters.nfs.proxy_protocol", "proxy-protocol", OPTION_SWITCH,
		PROCESS(proxy_protocol), "off", 0, 0, NULL, NULL, false,
		"balancers tell the client's address by the PROXY protocol (version 2 or "
		"1); those that may are named below"},
	{"adapters.nfs.proxy_protocol_from", "proxy-protocol-from", OPTION_LIST,
		PROCESS(proxy_protocol_from), "", 0, 0, NULL, NULL, false,
		"addresses and networks of these balancers, separated by commas: from "
		"there each connection must begin with a PROXY header, from elsewhere "
		"none may"},
	{"adapters.nfs.nfs4", "nfs4", OPTION_SWITCH, PROCESS(nfs4),
		"off", 0, 0, NULL, NULL, false,
		"serve NFS version 4.1 and 4.2, too, on the same port; new, and not yet "
		"for data that matters"},
	{"adapters.nfs.udp", "udp", OPTION_CHOICE, PROCESS(udp),
		"auto", 0, 0, "auto|on|off", NULL, false,
		"serve MOUNT and locks by UDP, too, on the same port; auto: if rpcbind or "
		"the portmapper is on, which tell clients of it"},
	{"adapters.nfs.rpcbind", "rpcbind", OPTION_SWITCH, PROCESS(rpcbind),
		"off", 0, 0, NULL, NULL, false, "register with this host's rpcbind"},
	{"adapters.nfs.portmapper.enabled", "portmapper", OPTION_SWITCH,
		PROCESS(portmapper), "off", 0, 0, NULL, NULL, false,
		"a portmapper of the gateway's own, for clients that ask where NFS, MOUNT "
		"and locks are; where no rpcbind runs"},
	{"adapters.nfs.portmapper.port", "portmapper-port", OPTION_NUMBER,
		PROCESS(portmapper_port), "111", 1, 65535, NULL, NULL, false,
		"its TCP and UDP port; clients ask at 111"},
	{"adapters.nfs.portmapper.advertise_port", "advertise-port", OPTION_NUMBER,
		PROCESS(advertise_port), "0", 0, 65535, NULL, NULL, false,
		"the port that it tells clients, where a balancer has another one than "
		"adapters.nfs.port; 0: that one"},

	{"logging.level", "log-level", OPTION_CHOICE, PROCESS(log_level),
		"info", 0, 0, "error|warning|info|debug", "info", true,
		"error, warning, info or debug"},
	{"logging.format", "log-format", OPTION_CHOICE, PROCESS(log_format),
		"text", 0, 0, "text|json", NULL, true, "text or json, a line each"},
	{"logging.repeat", "log-repeat", OPTION_TIME, PROCESS(log_repeat),
		"10s", 0, 24 * HOUR, NULL, NULL, true,
		"the same warning or error is written once in this time, then "
		"counted; 0: always written"},
	{"logging.slow_call", "slow-call", OPTION_TIME, PROCESS(slow_call),
		"1s", 0, HOUR, NULL, NULL, true,
		"calls that take longer are logged with their parts; 0: none"},

	{"metrics.enabled", "metrics", OPTION_SWITCH, PROCESS(metrics),
		"off", 0, 0, NULL, "false", false,
		"serve /healthz, /readyz, /metrics and a status page by HTTP"},
	{"metrics.listen", "metrics-listen", OPTION_LIST, PROCESS(metrics_listen),
		"127.0.0.1", 0, 0, NULL, NULL, false,
		"addresses of that, separated by commas; every host that reaches them can read all that is shown there"},
	{"metrics.port", "metrics-port", OPTION_NUMBER, PROCESS(metrics_port),
		"12050", 1, 65535, NULL, NULL, false, "its port"},

	{"limits.bytes", "max-bytes", OPTION_SIZE, PROCESS(max_bytes),
		"64M", 1 * MIB, 1024 * 1024 * MIB, NULL, NULL, true,
		"memory for calls and replies in flight"},
	{"limits.client_bytes", "max-client-bytes", OPTION_SIZE,
		PROCESS(max_client_bytes), "16M", 64 * KIB, 1024 * 1024 * MIB,
		NULL, NULL, true, "the same, of one connection"},
	{"limits.client_requests", "max-client-requests", OPTION_NUMBER,
		PROCESS(max_client_requests), "256", 1, 65536, NULL, NULL, true,
		"calls in flight of one connection"},
	{"limits.clients", "max-clients", OPTION_NUMBER, PROCESS(max_clients),
		"4096", 1, 1000000, NULL, NULL, true, "connected clients"},
	{"limits.idle_timeout", "idle-timeout", OPTION_TIME,
		PROCESS(idle_timeout), "1h", 0, 1000 * HOUR, NULL, NULL, true,
		"clients silent for this long are disconnected; 0: never"},
	{"limits.record_size", "max-record-size", OPTION_SIZE,
		PROCESS(max_record_size), "1088K", 4 * KIB, 64 * MIB,
		NULL, NULL, false,
		"one call on the wire; WRITE needs wtmax and a little more"},
	{"limits.requests", "max-requests", OPTION_NUMBER, PROCESS(max_requests),
		"4096", 1, 1000000, NULL, NULL, true, "calls in flight"},
	{"limits.stall_timeout", "stall-timeout", OPTION_TIME,
		PROCESS(stall_timeout), "30s", 100, 24 * HOUR, NULL, NULL, true,
		"clients that stop in the middle of a record, or take no replies, "
		"are disconnected"},

	{"shutdown.drain_delay", "drain-delay", OPTION_TIME, PROCESS(drain_delay),
		"0s", 0, HOUR, NULL, NULL, true,
		"how long SIGTERM goes on serving with /readyz false, so that load "
		"balancers move away"},
	{"shutdown.timeout", "shutdown-timeout", OPTION_TIME,
		PROCESS(shutdown_timeout), "10s", 0, HOUR, NULL, NULL, true,
		"how long SIGTERM then waits for calls in flight"},

	{"busy_poll", "busy-poll", OPTION_NUMBER, PROCESS(busy_poll),
		"-1", -1, 1000000, NULL, NULL, false,
		"microseconds that a worker with few calls looks for the next event "
		"before it sleeps; 0: none; -1: 300, or 0 where it has less than two "
		"processors"},
	{"workers", "workers", OPTION_NUMBER, PROCESS(workers),
		"0", 0, 1024, NULL, NULL, false,
		"worker threads; 0: one for four processors"},
};

const int	option_count = sizeof(options) / sizeof(options[0]);

const char *
option_type_name(const struct option *option)
{
	switch (option->type)
	{
		case OPTION_NUMBER:
			return "number";
		case OPTION_SIZE:
			return "size";
		case OPTION_TIME:
			return "time";
		case OPTION_SWITCH:
			return "switch";
		case OPTION_LIST:
			return "list";
		case OPTION_TEXT:
			return "text";
		case OPTION_SECRET:
			return "secret";
		case OPTION_SECRET_FILE:
			return "file";
		case OPTION_STORES:
			return "stores";
		case OPTION_WORD:
		case OPTION_CHOICE:
			return option->choices;
	}
	return "";
}

bool
option_is_text(const struct option *option)
{
	switch (option->type)
	{
		case OPTION_LIST:
		case OPTION_TEXT:
		case OPTION_SECRET:
		case OPTION_SECRET_FILE:
		case OPTION_WORD:
			return true;
		default:
			return false;
	}
}

const struct option *
option_by_name(const char *name, size_t size)
{
	for (int i = 0; i < option_count; i++)
		if (options[i].name != NULL && strlen(options[i].name) == size &&
			memcmp(options[i].name, name, size) == 0)
			return &options[i];
	return NULL;
}

const struct option *
option_by_path(const char *path)
{
	for (int i = 0; i < option_count; i++)
		if (options[i].type != OPTION_STORES &&
			strcmp(options[i].path, path) == 0)
			return &options[i];
	return NULL;
}

/* What follows section and its dot; path itself for the section "". */
static const char *
below(const char *path, const char *section)
{
	size_t		size = strlen(section);

	if (size == 0)
		return path;
	return strncmp(path, section, size) == 0 && path[size] == '.' ?
		path + size + 1 : NULL;
}

bool
option_is_section(const char *path)
{
	for (int i = 0; i < option_count; i++)
		if (below(options[i].path, path) != NULL)
			return true;
	return false;
}

enum option_scope
option_element_scope(const char *path)
{
	size_t		size = strlen(path);

	if (size < 2 || path[size - 1] != '*')
		return SCOPE_PROCESS;
	for (int i = 0; i < option_count; i++)
		if (below(options[i].path, path) != NULL)
			return options[i].scope;
	return SCOPE_PROCESS;
}

#define WORD_MAX 63

int
option_distance(const char *a, const char *b)
{
	int			rows[3][WORD_MAX + 2];
	int			na = (int) strnlen(a, WORD_MAX);
	int			nb = (int) strnlen(b, WORD_MAX);

	for (int j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (int i = 1; i <= na; i++)
	{
		int		   *row = rows[i % 3];
		const int  *last = rows[(i + 2) % 3];
		const int  *before = rows[(i + 1) % 3];

		row[0] = i;
		for (int j = 1; j <= nb; j++)
		{
			int			least = last[j - 1] + (a[i - 1] != b[j - 1]);

			if (last[j] + 1 < least)
				least = last[j] + 1;
			if (row[j - 1] + 1 < least)
				least = row[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] && before[j - 2] + 1 < least)
				least = before[j - 2] + 1;
			row[j] = least;
		}
	}
	return rows[na % 3][nb];
}

const char *
option_nearest(const char *section, const char *key, char *buffer)
{
	int			best = (int) strlen(key) / 2 + 1;
	bool		found = false;

	for (int i = 0; i < option_count; i++)
	{
		const char *rest = below(options[i].path, section);
		char		word[WORD_MAX + 1];
		int			distance;

		if (rest == NULL || options[i].type == OPTION_STORES)
			continue;
		snprintf(word, sizeof(word), "%.*s", (int) strcspn(rest, "."), rest);
		distance = option_distance(key, word);
		if (distance < best)
		{
			best = distance;
			found = true;
			snprintf(buffer, OPTION_PATH_MAX, "%s", word);
		}
	}
	if (found)
		return buffer;

	/* A right name in a wrong place. */
	for (int i = 0; i < option_count; i++)
	{
		const char *last = strrchr(options[i].path, '.');

		last = last != NULL ? last + 1 : options[i].path;
		if (strcmp(last, key) == 0)
		{
			snprintf(buffer, OPTION_PATH_MAX, "%s", options[i].path);
			return buffer;
		}
	}
	return NULL;
}

/*
 * Elements.
 */

struct element_kind
{
	size_t		size;
	size_t		array;			/* offsets in struct config */
	size_t		count;
};

/* The name is the first member of each. */
static const struct element_kind kinds[] = {
	[SCOPE_METADATA_STORE] = {sizeof(struct metadata_store_config),
		offsetof(struct config, stores), offsetof(struct config, store_count)},
	[SCOPE_CONTENT_STORE] = {sizeof(struct content_store_config),
							 offsetof(struct config, content),
							 offsetof(struct config, content_count)},
	[SCOPE_SHARE] = {sizeof(struct share_config),
		offsetof(struct config, shares), offsetof(struct config, share_count)},
};

int
config_count(const struct config *config, enum option_scope scope)
{
	if (scope == SCOPE_PROCESS)
		return 1;
	return *(const int *) ((const char *) config + kinds[scope].count);
}

void *
config_element(const struct config *config, enum option_scope scope, int index)
{
	char	   *array;

	if (scope == SCOPE_PROCESS)
		return (void *) (uintptr_t) config;
	memcpy(&array, (const char *) config + kinds[scope].array, sizeof(array));
	return array + (size_t) index * kinds[scope].size;
}

int
config_add(struct config *config, enum option_scope scope, const char *name,
		   int line)
{
	const struct element_kind *kind = &kinds[scope];
	int			index = config_count(config, scope);
	void	   *array = config_element(config, scope, 0);

	array = realloc(array, (size_t) (index + 1) * kind->size);
	if (array == NULL)
		fatal("out of memory");
	memcpy((char *) config + kind->array, &array, sizeof(array));
	memset((char *) array + (size_t) index * kind->size, 0, kind->size);
	*(int *) ((char *) config + kind->count) = index + 1;
	for (int i = 0; i < option_count; i++)
		if (options[i].scope == scope)
			config_default(config, &options[i], index);
	if (name != NULL)
		config_replace_text(config_element(config, scope, index), name);
	config_note_element(config, scope, index, line);
	return index;
}

void
config_note_unknown(struct config *config, const char *path, int index,
					int line)
{
	for (int i = 0; i < option_count; i++)
	{
		const struct option *option = &options[i];

		if (below(option->path, path) == NULL)
			continue;

		/* metadata and metadata.stores have stores; metadata.stores.* is one */
		if (option->scope != SCOPE_PROCESS &&
			strlen(path) < strcspn(option->path, "*"))
			config->unknown |= 1u << option->scope;
		else
			config_note_wrong(config, option, index, line);
	}
}

bool
config_is_complete(const struct config *config, enum option_scope scope)
{
	return (config->unknown & 1u << scope) == 0;
}

const char *
option_shown(const struct config *config, const struct option *option,
			 int index, char *buffer)
{
	const char *star = strchr(option->path, '*');
	char		number[16];
	const char *name = number;

	if (star == NULL || index < 0)
	{
		snprintf(buffer, OPTION_PATH_MAX, "%s", option->path);
		return buffer;
	}
	snprintf(number, sizeof(number), "%d", index);
	if (option->scope != SCOPE_SHARE)
		name = *(char **) config_element(config, option->scope, index);
	snprintf(buffer, OPTION_PATH_MAX, "%.*s%s%s",
			 (int) (star - option->path), option->path, name, star + 1);
	return buffer;
}

/*
 * DITTOFS_, and the path in capitals.  The keys of the first metadata store,
 * which is the only one as a rule, go without "stores" and its name.
 */
void
option_variable(const struct config *config, const struct option *option,
				int index, char *buffer)
{
	char		path[OPTION_PATH_MAX];
	size_t		used = (size_t) snprintf(buffer, OPTION_PATH_MAX, "DITTOFS_");
	const char *from = path;

	if (index < 0 && option->scope == SCOPE_METADATA_STORE)
		index = 0;
	if (option->scope == SCOPE_METADATA_STORE && index == 0)
		snprintf(path, sizeof(path), "metadata.%s",
				 strchr(option->path, '*') + 2);
	else
		option_shown(config, option, index, path);
	for (; *from != '\0' && used < OPTION_PATH_MAX - 1; from++)
		buffer[used++] = *from == '*' ? 'N' :
			isalnum((unsigned char) *from) ?
			(char) toupper((unsigned char) *from) : '_';
	buffer[used] = '\0';
}
