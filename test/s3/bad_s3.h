/* SPDX-License-Identifier: PostgreSQL */
/*
 * bad_s3.h
 *	  An S3 service that misbehaves when it is told to, for tests.
 *
 * It keeps objects in memory, has a thread for each connection, and checks
 * what servers from package registries do not: the signature (AWS SigV4, made
 * here once more), and that x-amz-content-sha256 is the hash of what came.
 *
 * Everything is in this header, so that unit tests can have it in their own
 * process and bad_s3.c can make a program of it.
 */
#ifndef BAD_S3_H
#define BAD_S3_H

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum bad_mode
{
	BAD_NOTHING,
	BAD_STATUS,					/* answer with bad_argument */
	BAD_SLOW,					/* wait bad_argument milliseconds first, or
								 * until told otherwise */
	BAD_RESET,					/* reset the connection instead of answering */
	BAD_RESET_LATE,				/* do what is asked, and then reset */
	BAD_TRUNCATED,				/* half of the body, and the connection ends */
	BAD_SHORT,					/* half of the object, as if that were all */
	BAD_BYTES,					/* one byte is not what was put */
	BAD_NO_RANGES,				/* the whole object, status 200 */
	BAD_DAMAGED_UPLOAD,			/* it came damaged: 400 BadDigest */
	BAD_ANSWER,					/* bad_argument and bad_code: see bad_say() */
	BAD_CLOSE_EARLY				/* half of the body, of no announced length */
};

struct bad_object
{
	struct bad_object *next;
	char		path[1100];
	char	   *data;
	size_t		size;
};

static const char *const bad_mode_names[] = {
	"nothing", "status", "slow", "reset", "reset_late", "truncated", "short",
	"bytes", "no_ranges", "damaged_upload", "answer", "close_early", NULL};

static atomic_int bad_mode;
static atomic_int bad_argument;
static char bad_code[64];		/* set while nobody asks for anything */
static atomic_int bad_times;	/* how often; -1: always */
static atomic_int bad_requests;
static atomic_int bad_connections;
static atomic_int bad_wrong;	/* requests that were wrong themselves */
static pthread_mutex_t bad_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct bad_object *bad_objects;

static inline void
bad_set(enum bad_mode mode, int argument, int times)
{
	atomic_store(&bad_argument, argument);
	atomic_store(&bad_times, times);
	atomic_store(&bad_mode, mode);
	atomic_store(&bad_requests, 0);
}

/* With the mutex held. */
static inline struct bad_object *
bad_find(const char *path)
{
	struct bad_object *object;

	for (object = bad_objects; object != NULL; object = object->next)
		if (strcmp(object->path, path) == 0)
			return object;
	return NULL;
}

static inline void
bad_forget_all(void)
{
	struct bad_object *object;

	pthread_mutex_lock(&bad_mutex);
	while ((object = bad_objects) != NULL)
	{
		bad_objects = object->next;
		free(object->data);
		free(object);
	}
	pthread_mutex_unlock(&bad_mutex);
}

struct bad_connection
{
	int			fd;
	char		buffer[65536];
	size_t		have;
};

struct bad_request
{
	char		method[8];
	char		path[1100];
	char		query[2048];
	char		sha256[80];
	bool		has_range;
	size_t		from;
	size_t		to;
	char		authorization[1024];
	char		names[32][64];	/* of headers, in lower case */
	char		values[32][1024];
	int			header_count;
	char	   *body;
	size_t		size;
};

static inline bool
bad_send(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0)
	{
		ssize_t		n = send(fd, at, size, MSG_NOSIGNAL);

		if (n <= 0)
			return false;
		at += n;
		size -= (size_t) n;
	}
	return true;
}

/* Reads up to the empty line.  Returns the size of the head, or 0. */
static inline size_t
bad_read_head(struct bad_connection *connection)
{
	for (;;)
	{
		char	   *end;
		ssize_t		n;

		connection->buffer[connection->have] = '\0';
		end = strstr(connection->buffer, "\r\n\r\n");
		if (end != NULL)
			return (size_t) (end - connection->buffer) + 4;
		if (connection->have == sizeof(connection->buffer) - 1)
			return 0;
		n = recv(connection->fd, connection->buffer + connection->have,
				 sizeof(connection->buffer) - 1 - connection->have, 0);
		if (n <= 0)
			return 0;
		connection->have += (size_t) n;
	}
}

static inline bool
bad_read_request(struct bad_connection *connection, struct bad_request *request)
{
	size_t		head = bad_read_head(connection);
	size_t		left;
	char	   *line;
	char	   *rest;
	char	   *query;

	memset(request, 0, sizeof(*request));
	if (head == 0)
		return false;
	connection->buffer[head - 2] = '\0';
	line = strtok_r(connection->buffer, "\r\n", &rest);
	if (line == NULL ||
		sscanf(line, "%7s %1099s", request->method, request->path) != 2)
		return false;
	while ((line = strtok_r(NULL, "\r\n", &rest)) != NULL)
	{
		char	   *value = strchr(line, ':');

		if (value == NULL)
			continue;
		*value++ = '\0';
		value += strspn(value, " ");
		if (request->header_count < 32)
		{
			int			number = request->header_count++;

			for (int i = 0; i < 63 && line[i] != '\0'; i++)
				request->names[number][i] =
					(char) tolower((unsigned char) line[i]);
			snprintf(request->values[number], sizeof(request->values[number]),
					 "%s", value);
		}
		if (strcasecmp(line, "content-length") == 0)
			request->size = strtoul(value, NULL, 10);
		else if (strcasecmp(line, "x-amz-content-sha256") == 0)
			snprintf(request->sha256, sizeof(request->sha256), "%s", value);
		else if (strcasecmp(line, "authorization") == 0)
			snprintf(request->authorization, sizeof(request->authorization),
					 "%s", value);
		else if (strcasecmp(line, "range") == 0)
			request->has_range = sscanf(value, "bytes=%zu-%zu", &request->from,
										&request->to) == 2;
	}
	query = strchr(request->path, '?');
	if (query != NULL)
	{
		snprintf(request->query, sizeof(request->query), "%s", query + 1);
		*query = '\0';
	}

	request->body = malloc(request->size + 1);
	left = connection->have - head;
	if (left > request->size)
		left = request->size;
	memcpy(request->body, connection->buffer + head, left);
	memmove(connection->buffer, connection->buffer + head + left,
			connection->have - head - left);
	connection->have -= head + left;
	while (left < request->size)
	{
		ssize_t		n = recv(connection->fd, request->body + left,
							 request->size - left, 0);

		if (n <= 0)
			return false;
		left += (size_t) n;
	}
	return true;
}

static inline bool
bad_answer(int fd, int status, const char *code, const void *body, size_t size,
		   size_t claimed)
{
	char		head[256];
	char		xml[256];

	if (code != NULL)
	{
		size = (size_t) snprintf(xml, sizeof(xml), "<?xml version=\"1.0\"?>"
								 "<Error><Code>%s</Code><Message>as told"
								 "</Message></Error>", code);
		body = xml;
		claimed = size;
	}
	snprintf(head, sizeof(head), "HTTP/1.1 %d x\r\nContent-Length: %zu\r\n\r\n",
			 status, claimed);
	return bad_send(fd, head, strlen(head)) && bad_send(fd, body, size);
}

static inline const char *
bad_hex(const uint8_t *bytes, char *to)
{
	for (int i = 0; i < 32; i++)
		snprintf(to + 2 * i, 3, "%02x", bytes[i]);
	return to;
}

static inline void
bad_hmac(uint8_t *key, int size, const char *text)
{
	uint8_t		result[32];

	HMAC(EVP_sha256(), key, size, (const uint8_t *) text, strlen(text), result,
		 NULL);
	memcpy(key, result, sizeof(result));
}

/*
 * Signature version 4, as AWS describes it for the header Authorization.
 */
static inline bool
bad_signature_is_right(const struct bad_request *request)
{
	static const char secret[] = "S3RVER";
	char		scope[256];
	char		signed_headers[512];
	char		given[80];
	char		canonical[8192];
	char		text[1024];
	char		hex[65];
	char		date[16];
	char		region[64];
	char		list[512];
	const char *time = "";
	uint8_t		hash[64];
	size_t		n;
	char	   *rest = list;
	char	   *name;

	if (sscanf(request->authorization,
			   "AWS4-HMAC-SHA256 Credential=S3RVER/%255[^,], "
			   "SignedHeaders=%511[^,], Signature=%79s", scope, signed_headers,
			   given) != 3 ||
		sscanf(scope, "%15[^/]/%63[^/]/s3/aws4_request", date, region) != 2 ||
		strstr(signed_headers, "host") == NULL ||
		strstr(signed_headers, "x-amz-content-sha256") == NULL ||
		strstr(signed_headers, "x-amz-date") == NULL)
		return false;
	n = (size_t) snprintf(canonical, sizeof(canonical), "%s\n%s\n%s\n",
						  request->method, request->path, request->query);
	snprintf(list, sizeof(list), "%s", signed_headers);
	while ((name = strsep(&rest, ";")) != NULL)
		for (int i = 0; i < request->header_count; i++)
			if (strcmp(request->names[i], name) == 0)
			{
				n += (size_t) snprintf(canonical + n, sizeof(canonical) - n,
									   "%s:%s\n", name, request->values[i]);
				if (strcmp(name, "x-amz-date") == 0)
					time = request->values[i];
			}
	snprintf(canonical + n, sizeof(canonical) - n, "\n%s\n%s", signed_headers,
			 request->sha256);
	EVP_Digest(canonical, strlen(canonical), hash, NULL, EVP_sha256(), NULL);
	snprintf(text, sizeof(text), "AWS4-HMAC-SHA256\n%s\n%s\n%s", time, scope,
			 bad_hex(hash, hex));
	n = (size_t) snprintf((char *) hash, sizeof(hash), "AWS4%s", secret);
	bad_hmac(hash, (int) n, date);
	bad_hmac(hash, 32, region);
	bad_hmac(hash, 32, "s3");
	bad_hmac(hash, 32, "aws4_request");
	bad_hmac(hash, 32, text);
	return strcmp(bad_hex(hash, hex), given) == 0;
}

static inline bool
bad_hash_is_right(const struct bad_request *request)
{
	uint8_t		hash[32];
	unsigned	length = sizeof(hash);
	char		hex[65];

	EVP_Digest(request->body, request->size, hash, &length, EVP_sha256(), NULL);
	return strcmp(bad_hex(hash, hex), request->sha256) == 0;
}

static inline bool
bad_get(int fd, const struct bad_request *request, enum bad_mode mode)
{
	struct bad_object *object;
	char	   *data;
	size_t		from = request->from;
	size_t		size;
	size_t		claimed;
	int			status = 206;
	bool		done;

	pthread_mutex_lock(&bad_mutex);
	object = bad_find(request->path);
	if (object == NULL)
	{
		pthread_mutex_unlock(&bad_mutex);
		return bad_answer(fd, 404, "NoSuchKey", NULL, 0, 0);
	}
	size = object->size;
	data = malloc(size + 1);
	memcpy(data, object->data, size);
	pthread_mutex_unlock(&bad_mutex);

	if (!request->has_range || mode == BAD_NO_RANGES)
	{
		from = 0;
		status = 200;
	}
	else if (request->to < size)
		size = request->to - from + 1;
	else
		size -= from;
	claimed = size;
	if (mode == BAD_BYTES)
		data[from + size / 2] ^= 1;
	if (mode == BAD_SHORT)
		claimed = size = size / 2;
	if (mode == BAD_TRUNCATED)
		size = size / 2;
	if (mode == BAD_CLOSE_EARLY)
	{
		static const char head[] = "HTTP/1.1 206 x\r\n"
			"Connection: close\r\n\r\n";

		(void) (bad_send(fd, head, strlen(head)) &&
				bad_send(fd, data + from, size / 2));
		free(data);
		return false;
	}
	done = bad_answer(fd, status, NULL, data + from, size, claimed);
	free(data);
	return done && mode != BAD_TRUNCATED;
}

static inline void
bad_put(struct bad_request *request)
{
	struct bad_object *object;

	pthread_mutex_lock(&bad_mutex);
	object = bad_find(request->path);
	if (object == NULL)
	{
		object = calloc(1, sizeof(*object));
		snprintf(object->path, sizeof(object->path), "%s", request->path);
		object->next = bad_objects;
		bad_objects = object;
	}
	free(object->data);
	object->data = request->body;
	object->size = request->size;
	request->body = NULL;
	pthread_mutex_unlock(&bad_mutex);
}

static inline void
bad_delete(const char *path)
{
	struct bad_object **at;

	pthread_mutex_lock(&bad_mutex);
	for (at = &bad_objects; *at != NULL; at = &(*at)->next)
		if (strcmp((*at)->path, path) == 0)
		{
			struct bad_object *object = *at;

			*at = object->next;
			free(object->data);
			free(object);
			break;
		}
	pthread_mutex_unlock(&bad_mutex);
}

static inline void
bad_reset(int fd)
{
	struct linger linger = {1, 0};

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
}

/*
 * An answer as services and what stands before them give it.  The code is that
 * of an error's XML, or: html, a page of a proxy; empty, no body at all; half,
 * XML with NoSuchKey that ends in the middle; quoted, a page that speaks of
 * NoSuchKey.  A redirect leads to this service again, where all would be well.
 */
static inline bool
bad_say(int fd, int status, const char *code)
{
	static const char page[] = "<html><body>default backend</body></html>";
	static const char half[] = "<?xml version=\"1.0\"?><Error><Code>NoSuchKey"
		"</Code><Mess";
	static const char quoted[] = "<html><p>S3 said &lt;Error&gt; "
		"<Code>NoSuchKey</Code></p></html>";
	const char *body = "";
	char		answer[1024];

	if (strcmp(code, "html") == 0)
		body = page;
	else if (strcmp(code, "half") == 0)
		body = half;
	else if (strcmp(code, "quoted") == 0)
		body = quoted;
	else if (strcmp(code, "empty") != 0)
		return bad_answer(fd, status, code, NULL, 0, 0);
	snprintf(answer, sizeof(answer), "HTTP/1.1 %d x\r\n%s%s"
			 "Content-Length: %zu\r\n\r\n%s", status,
			 status / 100 == 3 ? "Location: /elsewhere\r\n" : "",
			 body[0] == '\0' ? "" : "Content-Type: text/html\r\n",
			 strlen(body), body);
	return bad_send(fd, answer, strlen(answer));
}

/* PUT /_bad?mode,argument,times,code: from another process. */
static inline bool
bad_command(int fd, const char *query)
{
	char		mode[32];
	int			argument = 0;
	int			times = -1;

	bad_code[0] = '\0';
	if (sscanf(query, "%31[a-z_],%d,%d,%63[A-Za-z0-9.]", mode, &argument,
			   &times, bad_code) < 1)
		return bad_answer(fd, 400, "Bad", NULL, 0, 0);
	for (int i = 0; bad_mode_names[i] != NULL; i++)
		if (strcmp(mode, bad_mode_names[i]) == 0)
		{
			bad_set(i, argument, times);
			return bad_answer(fd, 200, NULL, "", 0, 0);
		}
	return bad_answer(fd, 400, "Bad", NULL, 0, 0);
}

/* Until that time is over, or somebody wants another mode. */
static inline void
bad_wait(int milliseconds)
{
	struct timespec pause = {0, 10 * 1000000};
	struct timespec now;
	int64_t		end;

	clock_gettime(CLOCK_MONOTONIC, &now);
	end = now.tv_sec * 1000 + now.tv_nsec / 1000000 + milliseconds;
	do
	{
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < end &&
			 atomic_load(&bad_mode) == BAD_SLOW);
}

/* False: the connection ends. */
static inline bool
bad_serve(int fd, struct bad_request *request)
{
	enum bad_mode mode = atomic_load(&bad_mode);

	if (strcmp(request->path, "/_bad") == 0)
		return bad_command(fd, request->query);
	atomic_fetch_add(&bad_requests, 1);
	if (!bad_signature_is_right(request) || !bad_hash_is_right(request))
	{
		atomic_fetch_add(&bad_wrong, 1);
		return bad_answer(fd, 403, "SignatureDoesNotMatch", NULL, 0, 0);
	}
	/* Faults are counted in blocks. */
	if (strstr(request->path, "/.dittofs-store") != NULL)
		mode = BAD_NOTHING;
	if (mode != BAD_NOTHING && atomic_load(&bad_times) >= 0 &&
		atomic_fetch_sub(&bad_times, 1) <= 0)
	{
		atomic_store(&bad_times, 0);
		mode = BAD_NOTHING;
	}
	if (mode == BAD_SLOW)
		bad_wait(atomic_load(&bad_argument));
	if (mode == BAD_STATUS)
	{
		int			status = atomic_load(&bad_argument);

		return bad_answer(fd, status, status == 403 ? "AccessDenied" :
						  status == 404 ? "NoSuchKey" : "SlowDown",
						  NULL, 0, 0);
	}
	if (mode == BAD_ANSWER)
		return bad_say(fd, atomic_load(&bad_argument), bad_code);
	if (mode == BAD_RESET)
	{
		bad_reset(fd);
		return false;
	}
	if (strcmp(request->method, "GET") == 0)
		return bad_get(fd, request, mode);
	if (strcmp(request->method, "PUT") == 0)
	{
		if (mode == BAD_DAMAGED_UPLOAD)
			return bad_answer(fd, 400, "BadDigest", NULL, 0, 0);
		bad_put(request);
	}
	else
		bad_delete(request->path);
	if (mode == BAD_RESET_LATE)
	{
		bad_reset(fd);
		return false;
	}
	return bad_answer(fd, strcmp(request->method, "PUT") == 0 ? 200 : 204, NULL,
					  "", 0, 0);
}

static inline void *
bad_connection_thread(void *argument)
{
	struct bad_connection *connection = argument;
	struct bad_request request;
	int			on = 1;

	atomic_fetch_add(&bad_connections, 1);
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	while (bad_read_request(connection, &request))
	{
		bool		more = bad_serve(connection->fd, &request);

		free(request.body);
		request.body = NULL;
		if (!more)
			break;
	}
	free(request.body);
	close(connection->fd);
	free(connection);
	return NULL;
}

static inline void *
bad_listener_thread(void *argument)
{
	int			listener = *(int *) argument;

	for (;;)
	{
		struct bad_connection *connection;
		pthread_t	thread;
		int			fd = accept(listener, NULL, NULL);

		if (fd < 0)
			return NULL;
		connection = calloc(1, sizeof(*connection));
		connection->fd = fd;
		pthread_create(&thread, NULL, bad_connection_thread, connection);
		pthread_detach(thread);
	}
}

/* Listens on a port of 127.0.0.1, 0 for any; returns which.  -1: it cannot. */
static inline int
bad_start(int port)
{
	static int	listener;
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t	size = sizeof(address);
	pthread_t	thread;
	int			on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address.sin_port = htons((uint16_t) port);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *) &address, sizeof(address)) != 0 ||
		listen(listener, 256) != 0 ||
		getsockname(listener, (struct sockaddr *) &address, &size) != 0)
		return -1;
	pthread_create(&thread, NULL, bad_listener_thread, &listener);
	pthread_detach(thread);
	return ntohs(address.sin_port);
}

#endif							/* BAD_S3_H */
