/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_backend.c
 *	  What all kinds of stores share: names, attempts.
 */
#include "content/content_backend.h"
#include "content/content_identity.h"
#include "base/event.h"
#include "base/log.h"
#include "monitor/metrics.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Of a brief effort, when an operator must act first. */
#define BRIEF_ATTEMPTS 4

/* Microseconds. */
#define FIRST_PAUSE 50000
#define LAST_PAUSE 2000000

void
content_backend_init(void)
{
	static bool done;

	if (!done && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		fatal("libcurl cannot be set up");
	done = true;
}

const struct content_backend *const content_backends[] = {
	[CONTENT_POSTGRES] = NULL,
	[CONTENT_MEMORY] = NULL,
	[CONTENT_FILESYSTEM] = &content_fs_backend,
	[CONTENT_S3] = &content_s3_backend,
};

const struct content_backend *
content_backend(const struct content_store_config *config)
{
	return content_backends[config->type];
}

struct content_session *
content_session_begin(const struct content_store_config *config,
					  struct content_identity *identity)
{
	const struct content_backend *backend = content_backend(config);
	struct content_session *session = backend->begin(config);

	session->backend = backend;
	session->config = config;
	session->identity = identity;
	session->chance = (unsigned) clock_now() ^ (unsigned) (uintptr_t) session;
	return session;
}

void
content_session_end(struct content_session *session)
{
	session->backend->end(session);
}

/*
 * Names.
 */

const char *
content_hex(const uint8_t *hash, char *buffer)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < HASH_LEN; i++)
	{
		buffer[2 * i] = digits[hash[i] >> 4];
		buffer[2 * i + 1] = digits[hash[i] & 15];
	}
	buffer[2 * HASH_LEN] = '\0';
	return buffer;
}

void
content_key(const uint8_t *hash, char *key)
{
	char		hex[CONTENT_HEX_SIZE];

	content_hex(hash, hex);
	snprintf(key, CONTENT_KEY_SIZE, "%.2s/%.2s/%s", hex, hex + 2, hex);
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

bool
content_key_parse(const char *key, uint8_t *hash)
{
	char		again[CONTENT_KEY_SIZE];

	if (strlen(key) != CONTENT_KEY_SIZE - 1)
		return false;
	for (int i = 0; i < HASH_LEN; i++)
	{
		int			high = digit(key[6 + 2 * i]);
		int			low = digit(key[7 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		hash[i] = (uint8_t) (high << 4 | low);
	}
	content_key(hash, again);
	return strcmp(key, again) == 0;
}

/*
 * Attempts.
 */

bool
content_is_over(const struct content_effort *effort)
{
	return clock_now() >= effort->deadline ||
		(effort->stop != NULL && atomic_load(effort->stop));
}

void
content_explain(const struct content_effort *effort, char *to, size_t size)
{
	snprintf(to, size, "%s%s%s%s", effort->message,
			 effort->remedy != NULL ? " (remedy: " : "",
			 effort->remedy != NULL ? effort->remedy : "",
			 effort->remedy != NULL ? ")" : "");
}

/*
 * Waits before another attempt: half of a time that doubles, and up to as
 * much again by chance, so that those who were refused together do not come
 * back together.  False: there is no time for one.
 */
static bool
pause_before(struct content_session *session, int attempt,
			 struct content_effort *effort)
{
	int64_t		pause = FIRST_PAUSE;
	int64_t		until;

	if (effort->brief && effort->remedy != NULL && attempt >= BRIEF_ATTEMPTS)
		return false;
	while (attempt-- > 1 && pause < LAST_PAUSE)
		pause *= 2;
	if (pause > LAST_PAUSE)
		pause = LAST_PAUSE;
	pause = pause / 2 + pause / 2 * (rand_r(&session->chance) % 1024) / 1024;
	until = clock_now() + pause;
	if (until >= effort->deadline)
		return false;
	while (!content_is_over(effort))
	{
		int64_t		left = until - clock_now();
		struct timespec slice = {0};

		if (left <= 0)
			return true;
		slice.tv_nsec = (left < 100000 ? left : 100000) * 1000;
		nanosleep(&slice, NULL);
	}
	return false;
}

enum content_outcome
content_put(struct content_session *session, const uint8_t *hash,
			const void *data, size_t size, struct content_effort *effort)
{
	enum content_outcome outcome;
	int			attempt = 0;
	int64_t		began;

	do
	{
		began = clock_now();
		outcome = content_identity_look(session, IDENTITY_PUT, false, effort);
		if (outcome == CONTENT_OK)
			outcome = session->backend->put(session, hash, data, size, effort);
		metric_observe(METRIC_CONTENT_PUT_TIME, clock_now() - began);
		if (attempt > 0)
			metric_add(METRIC_CONTENT_RETRIES, 1);
	}
	while (outcome == CONTENT_UNAVAILABLE && !effort->away &&
		   pause_before(session, ++attempt, effort));
	metric_add(METRIC_CONTENT_PUTS, 1);
	if (outcome == CONTENT_OK)
		metric_add(METRIC_CONTENT_PUT_BYTES, size);
	else
		metric_add(METRIC_CONTENT_FAILURES, 1);
	return outcome;
}

enum content_outcome
content_remove(struct content_session *session, const uint8_t *hash,
			   struct content_effort *effort)
{
	enum content_outcome outcome;
	int			attempt = 0;

	if (content_is_over(effort))
	{
		snprintf(effort->message, sizeof(effort->message), "it is too late");
		return CONTENT_UNAVAILABLE;
	}
	do
	{
		outcome =
			content_identity_look(session, IDENTITY_CHANGE, false, effort);
		if (outcome == CONTENT_OK)
			outcome = session->backend->remove(session, hash, effort);
	}
	while (outcome == CONTENT_UNAVAILABLE && !effort->away &&
		   pause_before(session, ++attempt, effort));
	return outcome;
}

/* Whose a long listing was is to be known at its end, too. */
enum content_outcome
content_list(struct content_session *session, content_lister lister,
			 void *argument, struct content_effort *effort)
{
	enum content_outcome outcome = content_identity_look(session,
														 IDENTITY_CHANGE, true,
														 effort);

	if (outcome == CONTENT_OK)
		outcome = session->backend->list(session, lister, argument, effort);
	if (outcome == CONTENT_OK)
		outcome = content_identity_look(session, IDENTITY_CHANGE, true, effort);
	return outcome;
}

/*
 * A block that is not there is missing only if the store was there before and
 * is there still: a directory that has just been unmounted has no block either.
 */
static enum content_outcome
get_once(struct content_session *session, const struct content_part *part,
		 char *const *pieces, struct content_effort *effort)
{
	enum content_outcome outcome = content_identity_look(session, IDENTITY_READ,
														 false, effort);
	bool		again = false;

	for (;;)
	{
		char		message[sizeof(effort->message)];

		if (outcome == CONTENT_OK)
			outcome = session->backend->get(session, part->hash, part->from,
											part->size, pieces, effort);
		if (outcome != CONTENT_MISSING || session->identity == NULL)
			return outcome;
		memcpy(message, effort->message, sizeof(message));
		outcome = content_identity_look(session, IDENTITY_READ, true, effort);
		if (outcome == CONTENT_OK && again)
		{
			memcpy(effort->message, message, sizeof(message));
			return CONTENT_MISSING;
		}
		again = true;
	}
}

static enum content_outcome
get_verified(struct content_session *session, const struct content_part *part,
			 char *const *pieces, struct content_effort *effort)
{
	enum content_outcome outcome;
	bool		wrong = false;
	int			attempt = 0;

	for (;;)
	{
		int64_t		began = clock_now();

		outcome = get_once(session, part, pieces, effort);
		metric_observe(METRIC_CONTENT_GET_TIME, clock_now() - began);
		if (attempt > 0)
			metric_add(METRIC_CONTENT_RETRIES, 1);
		if (outcome == CONTENT_OK && !content_is_right(part, pieces))
		{
			outcome = CONTENT_CORRUPT;
			snprintf(effort->message, sizeof(effort->message),
					 "its content is not what its name says");
		}
		if (outcome == CONTENT_CORRUPT && !wrong)
		{
			wrong = true;
			continue;
		}
		if (outcome != CONTENT_UNAVAILABLE || effort->away ||
			!pause_before(session, ++attempt, effort))
			return outcome;
	}
}

enum content_outcome
content_get(struct content_session *session, const struct content_part *part,
			char *const *pieces, struct content_effort *effort)
{
	enum content_outcome outcome = get_verified(session, part, pieces, effort);

	metric_add(METRIC_CONTENT_GETS, 1);
	if (outcome == CONTENT_OK)
		metric_add(METRIC_CONTENT_GET_BYTES, part->size);
	else
		metric_add(METRIC_CONTENT_FAILURES, 1);
	return outcome;
}
