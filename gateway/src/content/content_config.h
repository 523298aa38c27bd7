/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_config.h
 *	  Where a content store is and how to reach it.
 *
 * The database knows a store by its name and never where it is; each gateway
 * has that in its settings.  They come from --content-store, or from the
 * configuration file; either way config_content.c fills in a struct, by the
 * rows of config_table.c, and hands it to content_store_complete, which is
 * where environment, defaults and checks are.
 */
#ifndef DITTOFS_CONTENT_CONFIG_H
#define DITTOFS_CONTENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTENT_STORES_MAX 16
#define CONTENT_COMPLAINT_MAX 512

/* Where credentials come from (credentials.h). */
enum credentials_kind
{
	CREDENTIALS_NONE,			/* not chosen yet */
	CREDENTIALS_SETTINGS,		/* access_key and so on, or files with them */
	CREDENTIALS_ENVIRONMENT,	/* AWS_ACCESS_KEY_ID and so on: as settings */
	CREDENTIALS_PROFILE,		/* of AWS's shared files */
	CREDENTIALS_WEB_IDENTITY,	/* a token in a file, for STS: IRSA */
	CREDENTIALS_CONTAINER,		/* ECS, EKS Pod Identity */
	CREDENTIALS_IMDS			/* the machine's role, of EC2 */
};

/*
 * All text is from malloc, or NULL.  Numbers are 0 until they are set.
 */
struct content_store_config
{
	/* first, for config_table.c */
	char	   *name;			/* as in dittofs.create_content_store */
	int64_t		type;			/* enum dittofs_content; not the database's */

	/* filesystem */
	char	   *base_path;		/* the same directory for all gateways */

	/* s3 */
	char	   *endpoint;		/* http[s]://host[:port]; NULL: AWS's */
	char	   *region;
	char	   *bucket;
	char	   *prefix;			/* of every key; ends with / or is "" */
	char	   *path_style;		/* on, off; auto, or NULL: */
	bool		bucket_in_path; /* not bucket.endpoint/key */
	bool		aws;			/* endpoint is AWS's of the region */
	char	   *credentials;	/* auto or one of the kinds; NULL: auto */
	enum credentials_kind kind; /* what that came to */
	char	   *access_key;
	char	   *secret_key;
	char	   *session_token;
	char	   *access_key_file;
	char	   *secret_key_file;
	char	   *session_token_file;
	char	   *profile;
	char	   *credentials_file;
	char	   *role_arn;
	char	   *web_identity_token_file;
	char	   *sts_endpoint;
	char	   *ca_file;		/* certificates to trust, beside none other */
	char	   *proxy;			/* NULL: none; "environment", or a URL */

	/* of the environment alone */
	char	   *config_file;
	char	   *role_session_name;
	char	   *container_uri;
	char	   *container_token;
	char	   *container_token_file;
	char	   *imds_endpoint;

	/* both */
	int64_t		parallel;		/* requests, or files, at a time */
	int64_t		connect_timeout;	/* milliseconds */
	int64_t		request_timeout;	/* of one attempt */
};

/* Called for each thing that is wrong, with the setting where that is. */
typedef void content_store_tell(void *argument, const char *key,
								const char *problem);

/*
 * What was left open comes from the environment (AWS_REGION, AWS_CA_BUNDLE and
 * so on) or has a default, and where credentials come from is decided; then it
 * is checked that nothing is missing.  tell (or NULL) hears of all that is
 * wrong; the first of it is returned, as above.
 */
extern const char *content_store_complete(struct content_store_config *store,
										  content_store_tell *tell,
										  void *argument);

/*
 * For the kinds of stores (content_backend.h).
 *
 * Formats a complaint, in static storage.  Tells of one about a setting, unless
 * it is NULL, and returns whether it is.
 */
struct content_told
{
	content_store_tell *tell;
	void	   *argument;
	char		first[CONTENT_COMPLAINT_MAX];
};
extern const char *content_complain(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
extern bool content_tell(struct content_told *told, const char *key,
						 const char *problem);
extern void content_set_text(char **field, const char *value);

/* Of from, with text of its own. */
extern void content_store_copy(struct content_store_config *to,
							   const struct content_store_config *from);

extern void content_store_free(struct content_store_config *store);

#endif							/* DITTOFS_CONTENT_CONFIG_H */
