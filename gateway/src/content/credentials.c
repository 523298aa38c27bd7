/* SPDX-License-Identifier: PostgreSQL */
/*
 * credentials.c
 *	  A store's set of credentials and the thread that renews it: see
 *	  credentials.h.
 *
 * Files of a set that are replaced one after the other would give a mix for a
 * moment: the key of the new set with the secret of the old.  So what has
 * changed in files counts when two looks, a second apart, agree; and when only
 * a part of the set has changed, only after that has been so for half a
 * minute: it may be a correction.  SIGHUP says that all is in place.
 */
#include "content/credentials.h"
#include "base/epoch.h"
#include "base/event.h"
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND ((int64_t) 1000000)

#define FILES_PERIOD (60 * SECOND)
#define SERVICE_PERIOD (300 * SECOND)	/* of a set that does not expire */
#define SETTLE SECOND
#define SETTLE_PART (30 * SECOND)

/* After a failure: doubled up to ... */
#define RETRY_FIRST SECOND
#define RETRY_LAST (60 * SECOND)

/*
 * When the service refuses a set, the source is asked this often at most; a
 * service, which has no better ones if the first did not help, less and less.
 */
#define ASK_FILES SECOND
#define ASK_SERVICE (5 * SECOND)
#define ASK_DOUBLED 5			/* times */

/* A set is renewed when a quarter of its time is left, and so early at most. */
#define RENEW_EARLY 600

/* The log is told again that renewing fails. */
#define SAY_AGAIN (600 * SECOND)

struct credentials_provider
{
	struct credentials_provider *next;
	const struct content_store_config *config;	/* whose provider it is */

	pthread_mutex_t mutex;
	pthread_cond_t changed;		/* a set, a problem, something to do */
	struct content_store_config own;	/* a copy: config may be freed */
	struct content_store_config *fresh;	/* what a reload brought */
	bool		running;		/* the thread */

	struct credentials *current;
	struct credentials *candidate;
	int64_t		candidate_since;

	int64_t		due;
	int64_t		looked;			/* last; 0: not yet */
	bool		asked;			/* to look as soon as may be */
	bool		at_once;		/* a reload: now, and ... */
	bool		settled;		/* ... what is there is meant */
	int			failures;
	int			refusals;		/* that led to another set, in a row */
	int64_t		said;
	char		problem[256];
};

static struct credentials_provider *all;
static pthread_mutex_t all_mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool stopping;
static atomic_int threads;

/*
 * Sets.
 */

void
credentials_give_back(struct credentials *set)
{
	if (set != NULL && atomic_fetch_sub(&set->users, 1) == 1)
		credentials_free(set);
}

/* How many of the three parts differ. */
static int
differences(const struct credentials *a, const struct credentials *b)
{
	return (strcmp(a->access_key, b->access_key) != 0) +
		(strcmp(a->secret_key, b->secret_key) != 0) +
		(strcmp(a->session_token, b->session_token) != 0);
}

/*
 * Is b, which comes after a, surely whole?  Key and secret have changed, and
 * the token unless neither has one.
 */
static bool
is_whole_change(const struct credentials *a, const struct credentials *b)
{
	return strcmp(a->access_key, b->access_key) != 0 &&
		strcmp(a->secret_key, b->secret_key) != 0 &&
		(strcmp(a->session_token, b->session_token) != 0 ||
		 a->session_token[0] == '\0');
}

static bool
has_files(const struct content_store_config *config)
{
	return config->access_key_file != NULL || config->secret_key_file != NULL ||
		config->session_token_file != NULL ||
		config->kind == CREDENTIALS_PROFILE;
}

/*
 * Given once, by settings or environment: SIGHUP is the only way to change it.
 */
static bool
is_fixed(const struct content_store_config *config)
{
	return config->kind <= CREDENTIALS_ENVIRONMENT && !has_files(config);
}

/*
 * The thread.  All with the mutex held.
 */

static json_t *
provider_members(const struct credentials_provider *provider)
{
	return log_members(NULL, "{s:o}", "content_store",
					   log_text(provider->own.name));
}

static void
schedule(struct credentials_provider *provider, int64_t now)
{
	const struct credentials *set = provider->current;
	int64_t		left;

	if (set->expires == 0)
		provider->due = now + (has_files(&provider->own) ? FILES_PERIOD :
							   SERVICE_PERIOD);
	else
	{
		left = set->expires - (int64_t) time(NULL);
		left -= left / 4 < RENEW_EARLY ? left / 4 : RENEW_EARLY;
		provider->due = now + (left < 1 ? 5 : left) * SECOND;
	}
}

static void
take_failure(struct credentials_provider *provider, const char *problem,
			 int64_t now)
{
	int64_t		pause = RETRY_FIRST;
	char		when[64] = "";
	struct tm	tm;
	time_t		expires;

	for (int i = 0; i < provider->failures && pause < RETRY_LAST; i++)
		pause *= 2;
	provider->failures++;
	provider->due = now + (pause < RETRY_LAST ? pause : RETRY_LAST);
	snprintf(provider->problem, sizeof(provider->problem), "%s", problem);
	if (provider->said != 0 && now - provider->said < SAY_AGAIN)
		return;
	provider->said = now;
	if (provider->current != NULL && provider->current->expires != 0)
	{
		expires = (time_t) provider->current->expires;
		gmtime_r(&expires, &tm);
		strftime(when, sizeof(when), ", until %Y-%m-%dT%H:%M:%SZ", &tm);
	}
	log_with(LOG_LEVEL_ERROR,
			 log_members(provider_members(provider), "{s:o}", "error",
						 log_text(problem)),
			 "content store %s: no new credentials: %s; %s%s (dittofs check "
			 "tells where they come from)", provider->own.name, problem,
			 provider->current != NULL ? "those there are stay in use" :
			 "it is away", when);
}

static void
adopt(struct credentials_provider *provider, struct credentials *set,
	  int64_t now)
{
	bool		first = provider->current == NULL;

	credentials_give_back(provider->current);
	provider->current = set;
	if (!first)
		log_with(LOG_LEVEL_INFO, provider_members(provider),
				 "content store %s: new credentials are in use",
				 provider->own.name);
	schedule(provider, now);
}

/* May what is in files now be taken?  It may be written at this moment. */
static bool
has_settled(struct credentials_provider *provider,
			const struct credentials *set, int64_t now)
{
	int64_t		age;

	if (provider->current == NULL || provider->settled ||
		!has_files(&provider->own) || set->expires != 0)
		return true;
	if (provider->candidate == NULL ||
		differences(provider->candidate, set) != 0)
		return false;
	age = now - provider->candidate_since;
	return age >= (is_whole_change(provider->current, set) ? SETTLE :
				   SETTLE_PART);
}

static void
take_set(struct credentials_provider *provider, struct credentials *set,
		 int64_t now)
{
	if (provider->failures > 0 && provider->current != NULL)
		log_with(LOG_LEVEL_INFO, provider_members(provider),
				 "content store %s: credentials can be had again",
				 provider->own.name);
	provider->failures = 0;
	provider->said = 0;
	provider->problem[0] = '\0';
	if (provider->current != NULL &&
		differences(provider->current, set) == 0 &&
		provider->current->expires == set->expires)
	{
		credentials_give_back(set);
		credentials_give_back(provider->candidate);
		provider->candidate = NULL;
		schedule(provider, now);
	}
	else if (has_settled(provider, set, now))
	{
		credentials_give_back(provider->candidate);
		provider->candidate = NULL;
		adopt(provider, set, now);
	}
	else
	{
		if (provider->candidate == NULL ||
			differences(provider->candidate, set) != 0)
			provider->candidate_since = now;
		credentials_give_back(provider->candidate);
		provider->candidate = set;
		provider->due = now + SETTLE;
	}
}

/* Two looks that agree, where a directory of files may be replaced between. */
static struct credentials *
load(const struct content_store_config *config, char *problem, size_t size)
{
	struct credentials *set =
		credentials_load(config, &stopping, problem, size);

	for (int i = 0; i < 5 && set != NULL && has_files(config) &&
		 set->expires == 0; i++)
	{
		struct credentials *again = credentials_load(config, &stopping, problem,
													 size);
		bool		same = again != NULL && differences(set, again) == 0;

		credentials_give_back(set);
		set = again;
		if (same)
			break;
	}
	return set;
}

/* With the mutex held, which is let go meanwhile. */
static void
look(struct credentials_provider *provider)
{
	char		problem[sizeof(provider->problem)];
	struct credentials *set;

	if (!provider->asked)
		provider->refusals = 0;
	else if (provider->refusals < ASK_DOUBLED)
		provider->refusals++;
	provider->asked = false;
	provider->settled = provider->at_once;
	provider->at_once = false;
	if (provider->fresh != NULL)
	{
		content_store_free(&provider->own);
		provider->own = *provider->fresh;
		free(provider->fresh);
		provider->fresh = NULL;
	}
	pthread_mutex_unlock(&provider->mutex);
	set = load(&provider->own, problem, sizeof(problem));
	pthread_mutex_lock(&provider->mutex);
	provider->looked = clock_now();
	if (set != NULL)
		take_set(provider, set, provider->looked);
	else
		take_failure(provider, problem, provider->looked);
	pthread_cond_broadcast(&provider->changed);
}

static void
wait_until(struct credentials_provider *provider, int64_t until)
{
	clock_wait(&provider->changed, &provider->mutex, until);
}

static void *
provider_thread(void *argument)
{
	struct credentials_provider *provider = argument;

	log_set_thread_name("credentials");
	pthread_mutex_lock(&provider->mutex);
	while (!atomic_load(&stopping))
	{
		int64_t		due = provider->due;
		const struct credentials *set = provider->current;
		bool		files = has_files(&provider->own) &&
			(set == NULL || set->expires == 0);
		int64_t		soonest = provider->looked +
			(files ? ASK_FILES : ASK_SERVICE << provider->refusals);

		if (provider->at_once)
			due = 0;
		else if (provider->asked && soonest < due)
			due = soonest;
		if (clock_now() >= due)
			look(provider);
		else
			wait_until(provider, due);
	}
	pthread_mutex_unlock(&provider->mutex);
	atomic_fetch_sub(&threads, 1);
	return NULL;
}

static void
start_thread(struct credentials_provider *provider)
{
	pthread_t	thread;
	pthread_attr_t attributes;
	int			problem;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	atomic_fetch_add(&threads, 1);
	problem = pthread_create(&thread, &attributes, provider_thread, provider);
	pthread_attr_destroy(&attributes);
	if (problem != 0)
		fatal("a thread cannot be started: %s", strerror(problem));
	provider->running = true;
}

/* Before OpenSSL cleans up: a thread may be in the middle of a request. */
static void
stop_threads(void)
{
	struct timespec slice = {0, 10 * 1000000};

	atomic_store(&stopping, true);
	pthread_mutex_lock(&all_mutex);
	for (struct credentials_provider *at = all; at != NULL; at = at->next)
		pthread_cond_broadcast(&at->changed);
	pthread_mutex_unlock(&all_mutex);
	for (int i = 0; i < 200 && atomic_load(&threads) > 0; i++)
		nanosleep(&slice, NULL);
}

/*
 * For sessions.
 */

static struct credentials_provider *
find(const struct content_store_config *config)
{
	for (struct credentials_provider *at = all; at != NULL; at = at->next)
		if (at->config == config)
			return at;
	return NULL;
}

struct credentials_provider *
credentials_provider_begin(const struct content_store_config *config)
{
	struct credentials_provider *provider;

	pthread_mutex_lock(&all_mutex);
	provider = find(config);
	if (provider == NULL)
	{
		provider = calloc(1, sizeof(*provider));
		if (provider == NULL)
			fatal("out of memory");
		if (all == NULL)
			atexit(stop_threads);
		provider->config = config;
		epoch_attach();			/* a reload may replace its texts */
		content_store_copy(&provider->own, config);
		epoch_detach();
		pthread_mutex_init(&provider->mutex, NULL);
		pthread_cond_init(&provider->changed, NULL);
		pthread_mutex_lock(&provider->mutex);
		if (is_fixed(&provider->own))
			look(provider);
		else
			start_thread(provider);
		pthread_mutex_unlock(&provider->mutex);
		provider->next = all;
		all = provider;
	}
	pthread_mutex_unlock(&all_mutex);
	return provider;
}

struct credentials *
credentials_take(struct credentials_provider *provider, int64_t deadline,
				 const atomic_bool *stop, char *problem, size_t size)
{
	struct credentials *set;

	pthread_mutex_lock(&provider->mutex);
	while (provider->current == NULL && provider->looked == 0 &&
		   clock_now() < deadline && (stop == NULL || !atomic_load(stop)))
		wait_until(provider, clock_now() + SECOND / 10);
	set = provider->current;
	if (set != NULL)
		atomic_fetch_add(&set->users, 1);
	else
		snprintf(problem, size, "%s", provider->problem[0] != '\0' ?
				 provider->problem : "their source does not answer");
	pthread_mutex_unlock(&provider->mutex);
	return set;
}

void
credentials_refused(struct credentials_provider *provider,
					const struct credentials *set)
{
	pthread_mutex_lock(&provider->mutex);
	if (set == provider->current && provider->running && !provider->asked)
	{
		provider->asked = true;
		pthread_cond_broadcast(&provider->changed);
	}
	pthread_mutex_unlock(&provider->mutex);
}

void
credentials_problem(struct credentials_provider *provider, char *problem,
					size_t size)
{
	pthread_mutex_lock(&provider->mutex);
	snprintf(problem, size, "%s", provider->problem);
	pthread_mutex_unlock(&provider->mutex);
}

void
credentials_reload(const struct content_store_config *config)
{
	struct credentials_provider *provider;

	pthread_mutex_lock(&all_mutex);
	provider = find(config);
	pthread_mutex_unlock(&all_mutex);
	if (provider == NULL)
		return;
	pthread_mutex_lock(&provider->mutex);
	if (provider->fresh != NULL)
		content_store_free(provider->fresh);
	else
		provider->fresh = malloc(sizeof(*provider->fresh));
	if (provider->fresh == NULL)
		fatal("out of memory");
	content_store_copy(provider->fresh, config);
	provider->at_once = true;
	if (provider->running)
		pthread_cond_broadcast(&provider->changed);
	else if (is_fixed(provider->fresh))
		look(provider);
	else
		start_thread(provider);
	pthread_mutex_unlock(&provider->mutex);
}
