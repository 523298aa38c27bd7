/* SPDX-License-Identifier: PostgreSQL */
/*
 * check.c
 *	  Everything outside the configuration that a gateway depends on:
 *	  environment, ports, content stores, databases.
 */
#include "monitor/check.h"
#include "config/config_table.h"
#include "content/content_backend.h"
#include "content/content_identity.h"
#include "content/credentials.h"
#include "monitor/check_database.h"
#include "base/event.h"
#include "monitor/findings.h"
#include "base/log.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

/*
 * Variables that look as if they were ours and mean nothing: a misspelled
 * one would otherwise be found out by what it does not do.
 */

static bool
begins_like_a_key(const char *variable)
{
	static const char *const sections[] = {
		"METADATA_", "CONTENT_", "SHARES_", "ADAPTERS_", "LOGGING_",
		"METRICS_", "LIMITS_", "SHUTDOWN_", "WORKER"};

	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (strncmp(variable + strlen("DITTOFS_"), sections[i],
					strlen(sections[i])) == 0)
			return true;
	return false;
}

/* The known variable that is most like it; the same if it is one. */
static void
nearest_variable(const struct config *config, const char *variable,
				 char *nearest)
{
	int			best = 1000;

	for (int i = 0; i < option_count; i++)
		for (int j = 0; j < config_count(config, options[i].scope); j++)
		{
			char		known[OPTION_PATH_MAX];
			int			distance;

			option_variable(config, &options[i], j, known);
			distance = strcmp(known, variable) == 0 ? -1 :
				option_distance(known, variable);
			if (distance < best)
			{
				best = distance;
				memcpy(nearest, known, sizeof(known));
			}
		}
}

/* DITTOFS_METADATA_STORES_MAIN_..., which stands for the short form. */
static bool
is_long_form(const struct config *config, const char *variable)
{
	char		prefix[OPTION_PATH_MAX];
	char		shortened[OPTION_PATH_MAX];
	char		nearest[OPTION_PATH_MAX];

	snprintf(prefix, sizeof(prefix), "DITTOFS_METADATA_STORES_%s_",
			 config->stores[0].name);
	if (strncasecmp(variable, prefix, strlen(prefix)) != 0)
		return false;
	snprintf(shortened, sizeof(shortened), "DITTOFS_METADATA_%s",
			 variable + strlen(prefix));
	nearest_variable(config, shortened, nearest);
	return strcmp(nearest, shortened) == 0;
}

static void
check_environment(const struct config *config, struct findings *findings)
{
	for (char **at = environ; *at != NULL; at++)
	{
		char		variable[OPTION_PATH_MAX];
		char		nearest[OPTION_PATH_MAX];
		char		remedy[OPTION_PATH_MAX + 64];

		if (strncmp(*at, "DITTOFS_", 8) != 0 || !begins_like_a_key(*at))
			continue;
		snprintf(variable, sizeof(variable), "%.*s", (int) strcspn(*at, "="),
				 *at);
		nearest_variable(config, variable, nearest);
		if (strcmp(nearest, variable) == 0 || is_long_form(config, variable))
			continue;
		snprintf(remedy, sizeof(remedy), "unset it; the nearest variable is "
				 "%s", nearest);
		finding(findings, FINDING_DOUBTFUL, "environment", remedy,
				"there is no key for the variable %s", variable);
	}
}

/*
 * Ports: can they be listened on?
 */

static bool
may_listen(const struct addrinfo *address, int type)
{
	int			on = 1;
	int			fd = socket(address->ai_family, type | SOCK_CLOEXEC, 0);
	bool		free_port;
	int			problem;

	if (fd < 0)
		return errno == EAFNOSUPPORT;
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (address->ai_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	free_port = bind(fd, address->ai_addr, address->ai_addrlen) == 0;
	problem = errno;
	close(fd);
	errno = problem;
	return free_port ||
		(address->ai_family == AF_INET6 && errno == EADDRNOTAVAIL);
}

/* Milliseconds that what listens on a port has to answer. */
#define PROBE_TIMEOUT 2000

/*
 * Does a gateway listen there?  It answers procedure 0 of version 3 of the
 * program; 0, HTTP: /healthz begins a reply.
 */
#define NFS 100003
#define PORTMAPPER 100000
#define HTTP 0

static bool
gateway_answers(const struct addrinfo *address, uint32_t program)
{
	const uint32_t null_call[] = {
		0x80000000 | 40, 0x64697474, 0, 2, program, 3, 0, 0, 0, 0, 0};
	static const char request[] = "GET /healthz HTTP/1.0\r\n\r\n";
	struct timeval timeout = {.tv_sec = PROBE_TIMEOUT / 1000};
	uint32_t	words[11];
	char		answer[28];
	const void *data = program != HTTP ? (const void *) words : request;
	size_t		size = program != HTTP ? sizeof(words) : sizeof(request) - 1;
	int			fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ssize_t		got = 0;

	if (fd < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	for (int i = 0; i < 11; i++)
		words[i] = htonl(null_call[i]);
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0 &&
		send(fd, data, size, MSG_NOSIGNAL) == (ssize_t) size)
		got = recv(fd, answer, sizeof(answer), MSG_WAITALL);
	close(fd);
	if (program == HTTP)
		return got > 5 && memcmp(answer, "HTTP/", 5) == 0;

	/* its xid, a reply, accepted, no verifier, success */
	for (int i = 0; i < 7; i++)
		words[i] = (uint32_t) htonl(i == 0 ? 0x80000000 | 24 :
									i == 1 ? null_call[1] : i == 2);
	return got == sizeof(answer) && memcmp(answer, words, sizeof(answer)) == 0;
}

static void
check_port(const char *name, int64_t number, const char *keys,
		   uint32_t program, bool udp, struct findings *findings)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *addresses;
	char		port[16];
	char		object[128];
	char		remedy[256];
	int			problem;
	bool		good = true;

	snprintf(port, sizeof(port), "%lld", (long long) number);
	snprintf(object, sizeof(object), "%s", keys);
	problem = getaddrinfo(name, port, &hints, &addresses);
	if (problem != 0)
	{
		snprintf(remedy, sizeof(remedy), "set %s.listen to addresses of this "
				 "machine (ip addr)", keys);
		finding(findings, FINDING_WRONG, object, remedy, "%s: %s", name,
				gai_strerror(problem));
		return;
	}
	for (struct addrinfo *at = addresses; at != NULL && good; at = at->ai_next)
	{
		good = may_listen(at, SOCK_STREAM) &&
			(!udp || may_listen(at, SOCK_DGRAM));
		if (good)
			continue;
		problem = errno;
		if (problem == EADDRINUSE && gateway_answers(at, program))
		{
			finding(findings, FINDING_GOOD, object, NULL,
					"a gateway is running "
					"on %s port %s, and answers",
					name, port);
			freeaddrinfo(addresses);
			return;
		}
		errno = problem;
		if (errno == EADDRINUSE)
			snprintf(remedy, sizeof(remedy),
					 "stop what listens there (ss -ltunp "
					 "'sport = :%s' names it), unless that is this gateway "
					 "already running; or set %s.port to another", port, keys);
		else if (errno == EACCES)
			snprintf(remedy, sizeof(remedy), "set %s.port to 1024 or more, or "
					 "give the process CAP_NET_BIND_SERVICE", keys);
		else
			snprintf(remedy, sizeof(remedy), "set %s.listen to addresses of "
					 "this machine (ip addr)", keys);
		finding(findings, FINDING_WRONG, object, remedy,
				"cannot listen on %s port %s: %s", name, port, strerror(errno));
	}
	freeaddrinfo(addresses);
	if (good)
		finding(findings, FINDING_GOOD, object, NULL, "%s port %s is free",
				name, port);
}

static void
check_ports(const struct config *config, struct findings *findings)
{
	const struct listen_list *list = &config->listen_list;

	for (int i = 0; i < list->count; i++)
		check_port(list->addresses[i], config->port, "adapters.nfs", NFS,
				   config->by_udp, findings);
	for (int i = 0; config->portmapper && i < list->count; i++)
		check_port(list->addresses[i], config->portmapper_port,
				   "adapters.nfs.portmapper", PORTMAPPER, true, findings);
	for (int i = 0; config->metrics && i < config->metrics_list.count; i++)
		check_port(config->metrics_list.addresses[i], config->metrics_port,
				   "metrics", HTTP, false, findings);
}

/*
 * Files with secrets in them: who else can read them?
 */

static void
check_secret_file(const char *file, const char *object,
				  struct findings *findings)
{
	struct stat status;
	char		remedy[4096 + 64];

	if (file == NULL || *file == '\0' || stat(file, &status) != 0 ||
		(status.st_mode & S_IROTH) == 0)
		return;
	snprintf(remedy, sizeof(remedy), "chmod o-rwx %s (the gateway's user must "
			 "still be able to read it)", file);
	finding(findings, FINDING_DOUBTFUL, object, remedy,
			"%s holds a secret, and "
			"every user of this machine can read it",
			file);
}

/* Secrets in the configuration file itself, and the files that it names. */
static void
check_secrets(const struct config *config, struct findings *findings)
{
	bool		in_file = false;

	for (int i = 0; i < option_count; i++)
		for (int j = 0; j < config_count(config, options[i].scope); j++)
		{
			char		path[OPTION_PATH_MAX];

			if (options[i].type == OPTION_SECRET_FILE)
				check_secret_file(config_show(config, &options[i], j),
								  option_shown(config, &options[i], j, path),
								  findings);
			else if (options[i].type == OPTION_SECRET &&
					 strcmp(options[i].name != NULL ? options[i].name : "",
							"conninfo") != 0)
				in_file |= config_line(config, options[i].path, j) > 0;
		}
	if (in_file)
		check_secret_file(config->file, "configuration", findings);
}

/*
 * Content stores.
 */

/* remote: what must be asked of another machine, too. */
static void
check_content_stores(const struct config *config, bool remote,
					 struct findings *findings)
{
	for (int i = 0; i < config->content_store_count; i++)
	{
		const struct content_store_config *store = config->content_stores[i];
		const struct content_backend *backend = content_backend(store);
		char		object[96];

		snprintf(object, sizeof(object), "content store %s", store->name);
		if (remote || !backend->remote)
			backend->check(store, object, findings);
	}
}

static void
print_finding(enum finding_level level, const char *object, const char *text,
			  const char *remedy)
{
	static const char *const words[] = {"ok", "doubtful", "wrong", "wrong"};

	printf("%-9s %s: %s\n", words[level], object, text);
	if (remedy != NULL)
		printf("          remedy: %s\n", remedy);
}

bool
check(const struct config *config)
{
	struct findings findings = {.tell = print_finding};

	finding(&findings, FINDING_GOOD, "configuration", NULL, "%s",
			config->file != NULL ? config->file :
			"no file: environment, options and defaults");
	check_environment(config, &findings);
	check_secrets(config, &findings);
	check_ports(config, &findings);
	check_content_stores(config, true, &findings);
	for (int i = 0; i < config->store_count; i++)
		(void) database_examine(config, i, false, &findings);
	printf("%d wrong, %d doubtful\n", findings.counts[FINDING_WRONG] +
		   findings.counts[FINDING_FATAL], findings.counts[FINDING_DOUBTFUL]);
	return findings.counts[FINDING_WRONG] + findings.counts[FINDING_FATAL] == 0;
}

static void
log_finding(enum finding_level level, const char *object, const char *text,
			const char *remedy)
{
	if (level == FINDING_GOOD)
		log_with(LOG_LEVEL_INFO,
				 log_members(NULL, "{s:o}", "object", log_text(object)),
				 "%s: %s", object, text);
	else
		log_with(level == FINDING_FATAL ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING,
				 log_members(NULL, "{s:o, s:o}", "object", log_text(object),
							 "remedy", log_text(remedy)),
				 "%s: %s (remedy: %s)", object, text, remedy);
}

/* Stores that could be reached. */
static bool examined[METADATA_STORES_MAX];

bool
check_before_start(const struct config *config)
{
	struct findings findings = {.tell = log_finding};

	check_environment(config, &findings);
	check_content_stores(config, false, &findings);
	for (int i = 0; i < config->store_count; i++)
		examined[i] = database_examine(config, i, true, &findings);
	return findings.counts[FINDING_FATAL] == 0;
}

void
check_later(const struct config *config, int store)
{
	struct findings findings = {.tell = log_finding};

	if (!examined[store])
		examined[store] = database_examine(config, store, true, &findings);
}
