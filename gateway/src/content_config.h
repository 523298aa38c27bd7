/*
 * content_config.h
 *	  Where a content store is and how to reach it.
 *
 * The database knows a store by its name and never where it is; each gateway
 * has that in its settings.  They come from --content-store, or from the
 * configuration file; either way a struct is filled in and handed to
 * content_store_complete, which is where environment, defaults and checks are.
 */
#ifndef DITTOFS_CONTENT_CONFIG_H
#define DITTOFS_CONTENT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTENT_STORES_MAX 16

enum content_store_type
{
	CONTENT_STORE_NONE,			/* not said yet */
	CONTENT_STORE_FILESYSTEM,
	CONTENT_STORE_S3
};

/*
 * All text is from malloc, or NULL.  Numbers are 0 until they are set.
 */
struct content_store_config
{
	char	   *name;			/* as in dittofs.create_content_store */
	enum content_store_type type;

	/* filesystem */
	char	   *base_path;		/* the same directory for all gateways */

	/* s3 */
	char	   *endpoint;		/* http[s]://host[:port]; NULL: AWS's */
	char	   *region;
	char	   *bucket;
	char	   *prefix;			/* in front of every key; ends with / or is "" */
	bool		path_style;		/* endpoint/bucket/key, not bucket.endpoint/key */
	bool		path_style_set;
	char	   *access_key;
	char	   *secret_key;
	char	   *session_token;
	char	   *ca_file;		/* certificates to trust, beside none other */

	/* both */
	int64_t		parallel;		/* requests, or files, at a time */
	int64_t		connect_timeout;	/* milliseconds */
	int64_t		request_timeout;	/* of one attempt */
};

/*
 * Takes "name=files,type=filesystem,base_path=/x".  Keys: name, type,
 * base_path, endpoint, region, bucket, prefix, path_style (on, off), ca_file,
 * parallel, connect_timeout, request_timeout.  Credentials are not among
 * them, since anybody may look at a command line.
 *
 * Returns NULL or what is wrong, in static storage.
 */
extern const char *content_store_parse(struct content_store_config *store,
									   const char *text);

/*
 * Sets one of these keys, or access_key, secret_key or session_token (for a
 * configuration file).  As above.
 */
extern const char *content_store_set(struct content_store_config *store,
									 const char *key, const char *value);

/*
 * What was left open comes from the environment (AWS_ACCESS_KEY_ID,
 * AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_DEFAULT_REGION,
 * AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_CA_BUNDLE) or has a default;
 * then it is checked that nothing is missing.  As above.
 */
extern const char *content_store_complete(struct content_store_config *store);

extern void content_store_free(struct content_store_config *store);

#endif							/* DITTOFS_CONTENT_CONFIG_H */
