/* SPDX-License-Identifier: PostgreSQL */
/*
 * http.c
 *	  The HTTP port, by libmicrohttpd: see http.h.
 *
 * One thread for each address, libmicrohttpd's own, makes every answer from
 * numbers in memory.  No answer waits for a database, so a probe is answered
 * when all else stands still, and beside any other connections
 * (http_clients.h).
 *
 *		/healthz	200 while every worker turns its loop
 *		/readyz		200 while there is a database to serve and the gateway
 *					is not told to stop
 *		/metrics	for Prometheus
 *		/			for people; it fetches /status.json
 */
#include "monitor/http.h"
#include "content/store_queue.h"
#include "base/event.h"
#include "monitor/http_clients.h"
#include "core/listen.h"
#include "base/log.h"
#include "monitor/metrics.h"
#include "status_html.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

/* A worker turns its loop every second; one that has not for this is stuck. */
#define STUCK_AFTER (15 * 1000000)

/*
 * http_clients.c keeps them below HTTP_CLIENTS_MAX; libmicrohttpd's own limit,
 * at which it accepts no connection, leaves room for those that it has yet to
 * close.
 */
#define CONNECTIONS_MAX 256
#define CONNECTION_MEMORY 16384
#define IDLE_TIMEOUT 10

static const struct config *config;
static struct MHD_Daemon *daemons[LISTEN_MAX];	/* one for each address */
static int	daemon_count;
static atomic_bool draining;

struct answer
{
	unsigned	status;
	const char *type;
	char	   *text;			/* from malloc */
};

static char *
format(const char *text, ...) __attribute__((format(printf, 1, 2)));

static char *
format(const char *text, ...)
{
	char	   *result;
	va_list		arguments;

	va_start(arguments, text);
	if (vasprintf(&result, text, arguments) < 0)
		fatal("out of memory");
	va_end(arguments);
	return result;
}

static void
answer_health(struct answer *answer)
{
	int64_t		beat = metrics_oldest_beat();

	if (beat == INT64_MAX || clock_now() - beat < STUCK_AFTER)
		answer->text = format("ok\n");
	else
	{
		answer->status = MHD_HTTP_SERVICE_UNAVAILABLE;
		answer->text = format("a worker has done nothing for %lld s\n",
							  (long long) (clock_now() - beat) / 1000000);
	}
}

/* The text, which is freed, with more behind it. */
static char *
longer(char *text, const char *more, const char *name, const char *state)
{
	char	   *both = format("%s%s %s: %s\n", text, more, name, state);

	free(text);
	return both;
}

/*
 * A connection is not up before the extension's version has been found right
 * (session.c).  Of several stores one is enough: the shares of the others
 * would be no better off with no gateway at all.  So it is with content stores:
 * names and attributes are served without them.
 */
static void
answer_ready(struct answer *answer)
{
	struct metrics *sum = metrics_sum();
	struct content_standing standing;
	bool		any = false;
	char	   *text = format("%s", "");

	for (int i = 0; i < config->store_count; i++)
	{
		const char *state = sum->store_up[i] ? "up" : "down";

		if (sum->store_read_only[i])
			state = sum->store_up[i] ? "up, read-only" : "down, read-only";
		text = longer(text, "metadata store", config->stores[i].name, state);
		any = any || sum->store_up[i];
	}
	free(sum);
	for (int i = 0; content_standing(i, &standing); i++)
		if (standing.known)
			text = longer(text, "content store", standing.name,
						  standing.up ? "up" : "away");
	if (atomic_load(&draining))
	{
		free(text);
		text = format("stopping\n");
		any = false;
	}
	answer->status = any ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
	answer->text = text;
}

static bool
make_answer(const char *path, struct answer *answer)
{
	answer->status = MHD_HTTP_OK;
	answer->type = "text/plain; charset=utf-8";
	if (strcmp(path, "/healthz") == 0)
		answer_health(answer);
	else if (strcmp(path, "/readyz") == 0)
		answer_ready(answer);
	else if (strcmp(path, "/metrics") == 0)
	{
		answer->type = "text/plain; version=0.0.4; charset=utf-8";
		answer->text = metrics_text(config);
	}
	else if (strcmp(path, "/status.json") == 0)
	{
		answer->type = "application/json";
		answer->text = status_text(config, atomic_load(&draining));
	}
	else if (strcmp(path, "/") == 0)
	{
		answer->type = "text/html; charset=utf-8";
		answer->text = format("%s", status_html);
	}
	else
		return false;
	return true;
}

static enum MHD_Result
send_answer(struct MHD_Connection *connection, const struct answer *answer)
{
	struct MHD_Response *response;
	enum MHD_Result result;

	response = MHD_create_response_from_buffer(strlen(answer->text),
											   answer->text,
											   MHD_RESPMEM_MUST_FREE);
	if (response == NULL)
	{
		free(answer->text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", answer->type);
	MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Content-Security-Policy",
							"default-src 'none'; style-src 'unsafe-inline'; "
							"script-src 'unsafe-inline'; connect-src 'self'; "
							"img-src data:; frame-ancestors 'none'");
	if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, "Allow", "GET, HEAD");
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result
handle(void *argument, struct MHD_Connection *connection, const char *url,
	   const char *method, const char *version, const char *upload,
	   size_t *upload_size, void **state)
{
	static int	begun;
	struct answer answer;

	(void) argument;
	(void) version;
	(void) upload;
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
	{
		/* What it wants to send us is not read. */
		answer.status = MHD_HTTP_METHOD_NOT_ALLOWED;
		answer.type = "text/plain; charset=utf-8";
		answer.text = format("only GET and HEAD\n");
		return send_answer(connection, &answer);
	}

	/* The first call has the headers alone; the second may answer. */
	if (*state == NULL)
	{
		*state = &begun;
		return MHD_YES;
	}
	*upload_size = 0;
	if (!make_answer(url, &answer))
	{
		answer.status = MHD_HTTP_NOT_FOUND;
		answer.text = format("there are /, /healthz, /readyz and /metrics\n");
	}
	return send_answer(connection, &answer);
}

static void
note_connection(void *argument, struct MHD_Connection *connection,
				void **context, enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *fd;
	const union MHD_ConnectionInfo *address;

	(void) argument;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED)
	{
		if (*context != NULL)
			http_client_gone(*context);
		*context = NULL;
		return;
	}
	fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	address = MHD_get_connection_info(connection,
									  MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (fd != NULL && address != NULL)
		*context = http_client_came(fd->connect_fd, address->client_addr);
}

static void
note_answer(void *argument, struct MHD_Connection *connection, void **state,
			enum MHD_RequestTerminationCode how)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection,
								MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	(void) argument;
	(void) state;
	if (how == MHD_REQUEST_TERMINATED_COMPLETED_OK && info != NULL &&
		info->socket_context != NULL)
		http_client_answered(info->socket_context);
}

static struct MHD_Daemon *
serve_on(int fd)
{
	return MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO, 0,
							NULL, NULL, handle, NULL,
							MHD_OPTION_LISTEN_SOCKET, fd,
							MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
							MHD_OPTION_CONNECTION_MEMORY_LIMIT,
							(size_t) CONNECTION_MEMORY,
							MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT,
							MHD_OPTION_NOTIFY_CONNECTION, note_connection, NULL,
							MHD_OPTION_NOTIFY_COMPLETED, note_answer, NULL,
							MHD_OPTION_END);
}

/* A host without IPv6 is served by IPv4; any other trouble is fatal. */
static void
listen_at(const char *name)
{
	struct addrinfo *addresses = listen_resolve("metrics.listen", name,
												config->metrics_port);

	for (struct addrinfo *at = addresses; at != NULL; at = at->ai_next)
	{
		int			fd = listen_on(at, SOCK_STREAM, false);

		if (fd < 0 && listen_lacks_ipv6(at))
		{
			log_warning("no IPv6 here: no metrics on %s", name);
			continue;
		}
		if (daemon_count == LISTEN_MAX)
			fatal("metrics.listen: more than %d addresses", LISTEN_MAX);
		if (fd >= 0)
			daemons[daemon_count] = serve_on(fd);
		if (fd < 0 || daemons[daemon_count] == NULL)
			fatal("cannot listen on %s port %lld for metrics: %s", name,
				  (long long) config->metrics_port, strerror(errno));
		daemon_count++;
	}
	freeaddrinfo(addresses);
	log_info("metrics and status page: http://%s%s%s:%lld/",
			 strchr(name, ':') != NULL ? "[" : "", name,
			 strchr(name, ':') != NULL ? "]" : "",
			 (long long) config->metrics_port);
}

void
http_start(const struct config *of)
{
	config = of;
	for (int i = 0; of->metrics && i < of->metrics_list.count; i++)
		listen_at(of->metrics_list.addresses[i]);
	if (of->metrics && daemon_count == 0)
		fatal("metrics.listen: no address to listen on");
}

void
http_drain(void)
{
	atomic_store(&draining, true);
}

void
http_stop(void)
{
	while (daemon_count > 0)
		MHD_stop_daemon(daemons[--daemon_count]);
}
