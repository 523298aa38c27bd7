/* SPDX-License-Identifier: PostgreSQL */
/*
 * credentials.h
 *	  The keys that sign a content store's requests, and their renewal.
 *
 * Key, secret and token are one thing, a set: it is made whole, never changed,
 * and replaced as one.  A request takes the set there is, uses it to its end,
 * and gives it back.
 *
 * Sets come from one of the sources below, chosen when the settings are read
 * (content_config.c), because a wrong guess at night would be a different
 * user.  Where a set can change, a thread of the store's own looks again: at
 * files once a minute, at what expires before it does, at both when the
 * service refuses the set.  It may block, with deadlines; no event loop and no
 * request waits for it, except when there has never been a set yet.  When
 * looking fails, the set there is stays in use (the service is the one to say
 * that it has expired), and the log has one line.
 *
 *		credentials.c			the store's set, its thread
 *		credentials_sources.c	where a set comes from
 *		credentials_profile.c	AWS's shared files
 */
#ifndef DITTOFS_CREDENTIALS_H
#define DITTOFS_CREDENTIALS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "content/content_config.h"

struct credentials
{
	char	   *access_key;
	char	   *secret_key;
	char	   *session_token;	/* "" if there is none */
	int64_t		expires;		/* seconds since the epoch; 0: never */
	atomic_int	users;
};

struct credentials_provider;

/* One for each store; it stays until the process ends. */
extern struct credentials_provider *
credentials_provider_begin(const struct content_store_config *config);

/*
 * The set there is, to be given back.  NULL: there has never been one, and
 * problem says why.  Waits, until the deadline (clock_now()) or *stop, only
 * for the first look at the source to end.
 */
extern struct credentials *
credentials_take(struct credentials_provider *provider, int64_t deadline,
				 const atomic_bool *stop, char *problem, size_t size);
extern void credentials_give_back(struct credentials *set);

/* The service did not take the set: the source is looked at soon. */
extern void credentials_refused(struct credentials_provider *provider,
								const struct credentials *set);

/* What the last look failed for; "" if it did not. */
extern void credentials_problem(struct credentials_provider *provider,
								char *problem, size_t size);

/* The settings were read again (SIGHUP), all of them by now. */
extern void credentials_reload(const struct content_store_config *config);

/* Where they come from, for people: never what they are. */
extern void credentials_describe(const struct content_store_config *config,
								 char *to, size_t size);

/*
 * credentials_sources.c: asks the source.  Blocks, for some ten seconds at
 * most.  NULL: problem says why.
 */
extern struct credentials *
credentials_load(const struct content_store_config *config,
				 const atomic_bool *stop, char *problem, size_t size);

extern void credentials_free(struct credentials *set);

/*
 * credentials_profile.c: a profile of AWS's shared files.
 */
struct credentials_profile
{
	char	   *access_key;
	char	   *secret_key;
	char	   *session_token;
	char	   *role_arn;
	char	   *web_identity_token_file;
	char	   *other;			/* a source that we do not have: its key */
};

/* False: problem says why. */
extern bool credentials_profile_read(struct credentials_profile *profile,
									 const struct content_store_config *config,
									 char *problem, size_t size);
extern void credentials_profile_free(struct credentials_profile *profile);

#endif							/* DITTOFS_CREDENTIALS_H */
