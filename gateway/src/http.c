/*
 * http.c
 *	  The HTTP port, by libmicrohttpd: see http.h.
 *
 * One thread, libmicrohttpd's own, makes every answer of numbers that are in
 * memory: no answer waits for a database, so a probe is answered when all
 * else stands still.
 *
 *		/healthz	200 while every worker turns its loop
 *		/readyz		200 while there is a database to serve and nobody has
 *					asked the gateway to stop
 *		/metrics	for Prometheus
 *		/			for people; it fetches /status.json
 */
#include "http.h"
#include "event.h"
#include "log.h"
#include "metrics.h"
#include "status_page.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

/* A worker turns its loop every second; one that has not for this is stuck. */
#define STUCK_AFTER (15 * 1000000)

#define CONNECTIONS_MAX 64
#define IDLE_TIMEOUT 10

static const struct config *config;
static struct MHD_Daemon *http_daemon;
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

/*
 * A connection is not up before the extension's version has been found right
 * (session.c).  Of several stores one is enough: the shares of the others
 * would be no better off with no gateway at all.
 */
static void
answer_ready(struct answer *answer)
{
	struct metrics *sum = malloc(sizeof(*sum));
	bool		any = false;
	char	   *text = format("%s", "");

	if (sum == NULL)
		fatal("out of memory");
	metrics_sum(sum);
	for (int i = 0; i < config->store_count; i++)
	{
		char	   *longer = format("%smetadata store %s: %s\n", text,
									config->stores[i].name, sum->store_up[i] ?
									"up" : "down");

		free(text);
		text = longer;
		any = any || sum->store_up[i];
	}
	free(sum);
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
		answer->text = format("%s", status_page);
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

void
http_start(const struct config *of)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *address;
	char		port[16];
	int			problem;
	unsigned	flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_AUTO;

	config = of;
	if (!of->metrics)
		return;
	snprintf(port, sizeof(port), "%lld", (long long) of->metrics_port);
	problem = getaddrinfo(of->metrics_listen, port, &hints, &address);
	if (problem != 0)
		fatal("metrics.listen: %s: %s", of->metrics_listen,
			  gai_strerror(problem));
	if (address->ai_family == AF_INET6)
		flags |= MHD_USE_IPv6;
	http_daemon = MHD_start_daemon(flags, 0, NULL, NULL, handle, NULL,
								   MHD_OPTION_SOCK_ADDR, address->ai_addr,
								   MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX,
								   MHD_OPTION_CONNECTION_TIMEOUT, IDLE_TIMEOUT,
								   MHD_OPTION_END);
	problem = errno;
	freeaddrinfo(address);
	if (http_daemon == NULL)
		fatal("cannot listen on %s port %s for metrics: %s",
			  of->metrics_listen, port, strerror(problem));
	log_info("metrics and status page: http://%s%s%s:%s/",
			 flags & MHD_USE_IPv6 ? "[" : "", of->metrics_listen,
			 flags & MHD_USE_IPv6 ? "]" : "", port);
}

void
http_drain(void)
{
	atomic_store(&draining, true);
}

void
http_stop(void)
{
	if (http_daemon != NULL)
		MHD_stop_daemon(http_daemon);
	http_daemon = NULL;
}
