/*
 * check.c
 *	  Everything outside the configuration that a gateway depends on:
 *	  environment, ports, content stores, databases.
 */
#include "check.h"
#include "config_table.h"
#include "content_backend.h"
#include "database.h"
#include "event.h"
#include "findings.h"
#include "log.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* Microseconds. */
#define BUCKET_TIMEOUT (10 * 1000000)

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
may_listen(const struct addrinfo *address)
{
	int			on = 1;
	int			fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool		free_port;
	int			problem;

	if (fd < 0)
		return errno == EAFNOSUPPORT;
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

static void
check_port(const char *name, int64_t number, const char *keys,
		   struct findings *findings)
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
		good = may_listen(at);
		if (good)
			continue;
		if (errno == EADDRINUSE)
			snprintf(remedy, sizeof(remedy), "stop what listens there (ss -ltnp "
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
	for (int i = 0; i < config->listen_count; i++)
		check_port(config->listen_addresses[i], config->port, "adapters.nfs",
				   findings);
	if (config->metrics)
		check_port(config->metrics_listen, config->metrics_port, "metrics",
				   findings);
}

/*
 * Content stores.
 */

static void
check_directory(const struct content_store_config *store, const char *object,
				struct findings *findings)
{
	struct stat status;
	char		path[4096];
	char		remedy[4096 + 128];
	int			fd;

	if (stat(store->base_path, &status) != 0)
	{
		snprintf(remedy, sizeof(remedy), "mount what belongs there, or make it "
				 "(install -d -m 700 -o the gateway's user %s); or set "
				 "base_path to a directory that exists", store->base_path);
		finding(findings, FINDING_WRONG, object, remedy, "base_path %s: %s",
				store->base_path, strerror(errno));
		return;
	}
	if (!S_ISDIR(status.st_mode))
	{
		finding(findings, FINDING_WRONG, object, "set base_path to a directory",
				"base_path %s is no directory", store->base_path);
		return;
	}
	snprintf(path, sizeof(path), "%s/.dittofs-check.XXXXXX", store->base_path);
	fd = mkstemp(path);
	if (fd < 0)
	{
		snprintf(remedy, sizeof(remedy), "let user %d, who runs the gateway, "
				 "write there (chown, chmod, mount -o rw)", (int) geteuid());
		finding(findings, FINDING_WRONG, object, remedy,
				"base_path %s cannot be written to: %s", store->base_path,
				strerror(errno));
		return;
	}
	close(fd);
	unlink(path);
	finding(findings, FINDING_GOOD, object, NULL, "%s can be written to",
			store->base_path);
}

/* The first object of a listing is enough. */
static bool
stop_listing(void *argument, const uint8_t *hash, int64_t size,
			 int64_t modified)
{
	(void) argument;
	(void) hash;
	(void) size;
	(void) modified;
	return false;
}

/* Asked of the store itself: a list of its blocks, of which one will do. */
static void
check_bucket(const struct content_store_config *store, const char *object,
			 struct findings *findings)
{
	struct content_effort effort = {.deadline = clock_now() + BUCKET_TIMEOUT};
	struct content_session *session;
	enum content_outcome outcome;

	content_backend_init();
	session = content_session_begin(store);
	outcome = session->backend->list(session, stop_listing, NULL, &effort);
	content_session_end(session);
	if (outcome == CONTENT_OK)
		finding(findings, FINDING_GOOD, object, NULL,
				"bucket %s at %s can be listed", store->bucket,
				store->endpoint);
	else
		finding(findings, FINDING_WRONG, object, outcome == CONTENT_UNAVAILABLE ?
				"check endpoint and region, and that the service runs and can "
				"be reached from here" : "check bucket, region, access_key and "
				"secret_key, and that the key may list, read, write and delete "
				"in the bucket", "bucket %s at %s: %s", store->bucket,
				store->endpoint, effort.message);
}

static void
check_content_stores(const struct config *config, bool remote,
					 struct findings *findings)
{
	for (int i = 0; i < config->content_store_count; i++)
	{
		const struct content_store_config *store = &config->content_stores[i];
		char		object[96];

		snprintf(object, sizeof(object), "content store %s", store->name);
		if (store->type == CONTENT_STORE_FILESYSTEM)
			check_directory(store, object, findings);
		else if (remote && store->type == CONTENT_STORE_S3)
			check_bucket(store, object, findings);
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
