/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_s3_settings.c
 *	  The settings of a store of kind s3: what the environment adds, what must
 *	  be right, and whether they lead to a bucket.
 */
#include "content/content_s3_settings.h"
#include "content/credentials.h"
#include "base/event.h"
#include "monitor/findings.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Microseconds. */
#define BUCKET_TIMEOUT (10 * 1000000)

/* The first of these variables that has a value, unless one is given. */
static void
from_environment(char **field, const char *const *variables)
{
	for (; *field == NULL && *variables != NULL; variables++)
	{
		const char *value = getenv(*variables);

		if (value != NULL && *value != '\0')
			content_set_text(field, value);
	}
}

#define FROM(field, ...) \
	from_environment(&store->field, (const char *const[]){__VA_ARGS__, NULL})

#define LOWER  "abcdefghijklmnopqrstuvwxyz"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool
is_made_of(const char *text, const char *characters)
{
	return text[strspn(text, characters)] == '\0';
}

/* The region is part of a host name and of each signature. */
static const char *
check_region(const struct content_store_config *store)
{
	if (*store->region == '\0' || !is_made_of(store->region, LOWER DIGITS "-"))
		return content_complain(
			"content store %s: region: \"%s\" has characters other "
			"than a-z, 0-9 and - (as eu-central-1)",
			store->name, store->region);
	return NULL;
}

static const char *
aws_domain(const char *region)
{
	return strncmp(region, "cn-", 3) == 0 ? "amazonaws.com.cn"
										  : "amazonaws.com";
}

static void
set_aws_endpoint(struct content_store_config *store)
{
	store->aws = true;
	if (asprintf(&store->endpoint, "https://s3.%s.%s", store->region,
				 aws_domain(store->region)) < 0)
		fatal("out of memory");
}

/* http[s]://host[:port], with slashes at the end at most. */
static const char *
check_endpoint(const struct content_store_config *store, const char *key,
			   const char *url)
{
	const char *host = strstr(url, "://");
	const char *end;
	const char *port;
	long		number;

	if (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0)
		return content_complain(
			"content store %s: %s: \"%s\" begins neither with "
			"https:// nor with http://",
			store->name, key, url);
	host += 3;
	end = host + strcspn(host, "/");
	if (!is_made_of(end, "/"))
		return content_complain(
			"content store %s: %s: \"%s\" has more than "
			"http[s]://host[:port]: a path, as \"%s\", belongs "
			"into bucket or prefix",
			store->name, key, url, end);
	port = *host == '[' ? strchr(host, ']') : host;
	if (port == NULL || port >= end ||
		strspn(host, LOWER UPPER DIGITS "-._:[]%") < (size_t) (end - host) ||
		(*host == ':' || host == end))
		return content_complain(
			"content store %s: %s: \"%s\" has no host name or "
			"address that could be one after ://",
			store->name, key, url);
	port = memchr(port, ':', (size_t) (end - port));
	if (port == NULL)
		return NULL;
	number = strtol(port + 1, NULL, 10);
	if (strspn(port + 1, DIGITS) != (size_t) (end - port - 1) || number < 1 ||
		number > 65535)
		return content_complain(
			"content store %s: %s: \"%s\": the port is not a "
			"number from 1 to 65535",
			store->name, key, url);
	return NULL;
}

static bool
is_address(const char *text)
{
	struct in_addr address;

	return inet_pton(AF_INET, text, &address) == 1;
}

/* Of a URL: is its host an address, before which no name can stand? */
static bool
has_address(const char *url)
{
	const char *host = strstr(url, "://") + 3;
	char		text[64];

	snprintf(text, sizeof(text), "%.*s", (int) strcspn(host, ":/"), host);
	return *host == '[' || is_address(text);
}

/* Is path_style given, in one of these words? */
static bool
style_is(const struct content_store_config *store, const char *word,
		 const char *other)
{
	return store->path_style != NULL &&
		   (strcasecmp(store->path_style, word) == 0 ||
			strcasecmp(store->path_style, other) == 0);
}

const char *
content_bucket_problem(const char *bucket, bool aws)
{
	size_t		size = strlen(bucket);

	if (size < 3 && aws)
		return "it has fewer than 3 characters";
	if (size > 63)
		return "it has more than 63 characters";
	if (!is_made_of(bucket, LOWER DIGITS ".-"))
		return is_made_of(bucket, LOWER UPPER DIGITS ".-")
				   ? "it has capital letters"
				   : "it has characters other than a-z, 0-9, dots and hyphens";
	if (strchr(LOWER DIGITS, bucket[0]) == NULL ||
		strchr(LOWER DIGITS, bucket[size - 1]) == NULL)
		return "it does not begin and end with a letter or a digit";
	if (strstr(bucket, "..") != NULL)
		return "it has two dots side by side";
	if (strstr(bucket, ".-") != NULL || strstr(bucket, "-.") != NULL)
		return "it has a dot beside a hyphen";
	if (is_address(bucket))
		return "it looks like an IP address";
	if (strncmp(bucket, "xn--", 4) == 0)
		return "it begins with xn--";
	return NULL;
}

static const char *
check_bucket(const struct content_store_config *store)
{
	const char *problem = content_bucket_problem(store->bucket, store->aws);

	if (problem != NULL)
		return content_complain(
			"content store %s: bucket: \"%s\" is not the name of a "
			"bucket: %s (3 to 63 of a-z, 0-9, dots and hyphens; a "
			"path in the bucket is the setting prefix)",
			store->name, store->bucket, problem);
	if (style_is(store, "off", "false") && store->aws &&
		strchr(store->bucket, '.') != NULL)
		return content_complain(
			"content store %s: path_style: off does not go with the "
			"dots of bucket \"%s\": no certificate has such a host "
			"name; set it on",
			store->name, store->bucket);
	if (style_is(store, "off", "false") && has_address(store->endpoint))
		return content_complain(
			"content store %s: path_style: off does not go with the "
			"address in endpoint \"%s\": the bucket's name goes "
			"before a host name; set it on",
			store->name, store->endpoint);
	return NULL;
}

static const char *
check_proxy(struct content_store_config *store)
{
	static const char *const schemes[] = {"http://", "https://", "socks5://",
										  "socks5h://"};

	if (store->proxy == NULL || strcmp(store->proxy, "none") == 0 ||
		*store->proxy == '\0')
	{
		free(store->proxy);
		store->proxy = NULL;
		return NULL;
	}
	if (strcmp(store->proxy, "environment") == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (strncmp(store->proxy, schemes[i], strlen(schemes[i])) == 0)
			return NULL;
	return content_complain(
		"content store %s: proxy is neither none, nor environment, "
		"nor a URL as http://proxy:3128",
		store->name);
}

/*
 * AWS wants the bucket in the host name, all others in the path.  A name
 * with dots is in no certificate there, so it goes into the path, too.
 */
static void
choose_style(struct content_store_config *store)
{
	store->bucket_in_path =
		style_is(store, "on", "true") ||
		(!style_is(store, "off", "false") &&
		 (!store->aws || strchr(store->bucket, '.') != NULL));
}

/*
 * The source of credentials. auto looks in the order of AWS's own libraries,
 * but asks no host other than this one: the machine's role must be named.  All
 * three parts of a set are from one place: a key of one and a token of another
 * would not fit.
 */

static const char *const kind_names[] = {
	[CREDENTIALS_NONE] = "auto",
	[CREDENTIALS_SETTINGS] = "settings",
	[CREDENTIALS_ENVIRONMENT] = "environment",
	[CREDENTIALS_PROFILE] = "profile",
	[CREDENTIALS_WEB_IDENTITY] = "web_identity",
	[CREDENTIALS_CONTAINER] = "container",
	[CREDENTIALS_IMDS] = "imds"};

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && *value != '\0';
}

static void
in_home(char **field, const char *name)
{
	const char *home = getenv("HOME");

	if (*field == NULL && home != NULL && *home == '/' &&
		asprintf(field, "%s/.aws/%s", home, name) < 0)
		fatal("out of memory");
}

static bool
has_profile(const struct content_store_config *store)
{
	struct credentials_profile profile;
	char		problem[256];
	bool		usable = false;

	if (credentials_profile_read(&profile, store, problem, sizeof(problem)))
	{
		usable = profile.access_key != NULL || profile.role_arn != NULL ||
				 profile.other != NULL;
		credentials_profile_free(&profile);
	}
	return usable;
}

static enum credentials_kind
find_credentials(const struct content_store_config *store, bool profile_given)
{
	if (store->access_key != NULL || store->secret_key != NULL ||
		store->access_key_file != NULL || store->secret_key_file != NULL)
		return CREDENTIALS_SETTINGS;
	if (profile_given)
		return CREDENTIALS_PROFILE;
	if (store->role_arn != NULL || store->web_identity_token_file != NULL)
		return CREDENTIALS_WEB_IDENTITY;
	if (is_set("AWS_ACCESS_KEY_ID") || is_set("AWS_SECRET_ACCESS_KEY"))
		return CREDENTIALS_ENVIRONMENT;
	if (is_set("AWS_WEB_IDENTITY_TOKEN_FILE"))
		return CREDENTIALS_WEB_IDENTITY;
	if (is_set("AWS_PROFILE") || has_profile(store))
		return CREDENTIALS_PROFILE;
	if (is_set("AWS_CONTAINER_CREDENTIALS_FULL_URI") ||
		is_set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"))
		return CREDENTIALS_CONTAINER;
	return CREDENTIALS_NONE;
}

static void
derive_container(struct content_store_config *store)
{
	const char *relative = getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");

	if (relative != NULL && *relative == '/' &&
		asprintf(&store->container_uri, "http://169.254.170.2%s", relative) < 0)
		fatal("out of memory");
	FROM(container_uri, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
	FROM(container_token_file, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
	FROM(container_token, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
}

static const char *
choose_credentials(struct content_store_config *store)
{
	bool profile_given =
		store->profile != NULL || store->credentials_file != NULL;

	FROM(profile, "AWS_PROFILE", "AWS_DEFAULT_PROFILE");
	if (store->profile == NULL)
		content_set_text(&store->profile, "default");
	if (store->credentials_file == NULL)
	{
		FROM(credentials_file, "AWS_SHARED_CREDENTIALS_FILE");
		in_home(&store->credentials_file, "credentials");
		FROM(config_file, "AWS_CONFIG_FILE");
		in_home(&store->config_file, "config");
	}
	if (store->credentials == NULL || strcmp(store->credentials, "auto") == 0)
		store->kind = find_credentials(store, profile_given);
	else
	{
		for (int i = 1; i <= CREDENTIALS_IMDS; i++)
			if (strcmp(store->credentials, kind_names[i]) == 0)
				store->kind = (enum credentials_kind) i;
		if (store->kind == CREDENTIALS_NONE)
			return content_complain(
				"content store %s: credentials: \"%s\" is none of "
				"auto, settings, environment, profile, web_identity, "
				"container or imds",
				store->name, store->credentials);
	}
	switch (store->kind)
	{
		case CREDENTIALS_ENVIRONMENT:
			FROM(access_key, "AWS_ACCESS_KEY_ID");
			FROM(secret_key, "AWS_SECRET_ACCESS_KEY");
			FROM(session_token, "AWS_SESSION_TOKEN");
			break;
		case CREDENTIALS_WEB_IDENTITY:
			FROM(role_arn, "AWS_ROLE_ARN");
			FROM(web_identity_token_file, "AWS_WEB_IDENTITY_TOKEN_FILE");
			break;
		case CREDENTIALS_CONTAINER:
			derive_container(store);
			break;
		case CREDENTIALS_IMDS:
			FROM(imds_endpoint, "AWS_EC2_METADATA_SERVICE_ENDPOINT");
			if (store->imds_endpoint == NULL)
				content_set_text(&store->imds_endpoint,
								 "http://169.254.169.254");
			break;
		default:
			break;
	}
	FROM(sts_endpoint, "AWS_ENDPOINT_URL_STS");
	if (store->sts_endpoint == NULL &&
		asprintf(&store->sts_endpoint, "https://sts.%s.%s", store->region,
				 aws_domain(store->region)) < 0)
		fatal("out of memory");
	FROM(role_session_name, "AWS_ROLE_SESSION_NAME");
	if (store->role_session_name == NULL)
		content_set_text(&store->role_session_name, "dittofs");
	return NULL;
}

/*
 * What has the keys of others may be sent over TLS, or to this host and the two
 * addresses that ECS and EKS have for it.
 */
static bool
is_local_service(const char *url)
{
	static const char *const hosts[] = {"127.0.0.1",	  "localhost",
										"[::1]",		  "169.254.170.2",
										"169.254.170.23", "[fd00:ec2::23]"};

	if (strncmp(url, "https://", 8) == 0)
		return true;
	if (strncmp(url, "http://", 7) != 0)
		return false;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
	{
		size_t		size = strlen(hosts[i]);

		if (strncmp(url + 7, hosts[i], size) == 0 &&
			strchr("/:", url[7 + size]) != NULL)
			return true;
	}
	return false;
}

static void
check_file(const struct content_store_config *store, const char *key,
		   const char *file, struct content_told *told)
{
	if (file != NULL && access(file, R_OK) != 0)
		(void) content_tell(
			told, key,
			content_complain("content store %s: %s: cannot read %s: %s",
							 store->name, key, file, strerror(errno)));
}

static const char *
check_container(const struct content_store_config *store)
{
	if (store->container_uri == NULL)
		return content_complain(
			"content store %s: the environment has no "
			"AWS_CONTAINER_CREDENTIALS_FULL_URI, nor a RELATIVE one "
			"that begins with /",
			store->name);
	if (!is_local_service(store->container_uri))
		return content_complain(
			"content store %s: AWS_CONTAINER_CREDENTIALS_FULL_URI: "
			"\"%s\" is neither https nor a service of this host",
			store->name, store->container_uri);
	return NULL;
}

static void
check_settings(const struct content_store_config *store,
			   struct content_told *told)
{
	bool		access =
		store->access_key != NULL || store->access_key_file != NULL;
	bool		secret =
		store->secret_key != NULL || store->secret_key_file != NULL;

	if (!access || !secret)
		(void) content_tell(
			told, access ? "access_key" : "secret_key",
			content_complain("content store %s: %s is given and %s is not: "
							 "they must be from one place",
							 store->name, access ? "access_key" : "secret_key",
							 access ? "secret_key" : "access_key"));
	check_file(store, "access_key_file", store->access_key_file, told);
	check_file(store, "secret_key_file", store->secret_key_file, told);
	check_file(store, "session_token_file", store->session_token_file, told);
}

static void
check_credentials(const struct content_store_config *store,
				  struct content_told *told)
{
	struct credentials_profile profile;
	char		text[256];

	switch (store->kind)
	{
		case CREDENTIALS_NONE:
			(void) content_tell(
				told, "credentials",
				content_complain(
					"content store %s: no credentials "
					"(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY; or "
					"access_key and secret_key, credentials_file, "
					"role_arn, or credentials: imds for the role of "
					"a machine of EC2)",
					store->name));
			break;
		case CREDENTIALS_SETTINGS:
			check_settings(store, told);
			break;
		case CREDENTIALS_ENVIRONMENT:
			if (store->access_key == NULL || store->secret_key == NULL)
				(void) content_tell(
					told, "credentials",
					content_complain("content store %s: no credentials: "
									 "AWS_ACCESS_KEY_ID and "
									 "AWS_SECRET_ACCESS_KEY must both be set",
									 store->name));
			break;
		case CREDENTIALS_PROFILE:
			if (credentials_profile_read(&profile, store, text, sizeof(text)))
				credentials_profile_free(&profile);
			else
				(void) content_tell(told, "profile",
									content_complain("content store %s: %s",
													 store->name, text));
			break;
		case CREDENTIALS_WEB_IDENTITY:
			if (store->role_arn == NULL ||
				store->web_identity_token_file == NULL)
				(void) content_tell(
					told,
					store->role_arn != NULL ? "role_arn"
											: "web_identity_token_file",
					content_complain(
						"content store %s: web identity needs a "
						"role and a token: role_arn (AWS_ROLE_ARN) "
						"and web_identity_token_file "
						"(AWS_WEB_IDENTITY_TOKEN_FILE)",
						store->name));
			(void) content_tell(
				told, "sts_endpoint",
				check_endpoint(store, "sts_endpoint", store->sts_endpoint));
			break;
		case CREDENTIALS_CONTAINER:
			(void) content_tell(told, "credentials", check_container(store));
			break;
		case CREDENTIALS_IMDS:
			(void) content_tell(
				told, "credentials",
				check_endpoint(store, "AWS_EC2_METADATA_SERVICE_ENDPOINT",
							   store->imds_endpoint));
			break;
	}
}

/* Signatures are made of what is sent: nothing that needs escaping. */
static const char *
check_prefix(const struct content_store_config *store)
{
	if (!is_made_of(store->prefix, LOWER UPPER DIGITS "-_./"))
		return content_complain(
			"content store %s: prefix: \"%s\" has characters other "
			"than letters, digits and -_./",
			store->name, store->prefix);
	return NULL;
}

/* What is compared or put together later is all written in one way. */
static void
normalize_s3(struct content_store_config *store)
{
	size_t		size = strlen(store->endpoint);

	choose_style(store);
	while (size > 0 && store->endpoint[size - 1] == '/')
		store->endpoint[--size] = '\0';
	size = strlen(store->prefix);
	if (size > 0 && store->prefix[size - 1] != '/')
	{
		char	   *prefix;

		if (asprintf(&prefix, "%s/", store->prefix) < 0)
			fatal("out of memory");
		free(store->prefix);
		store->prefix = prefix;
	}
}

void
content_s3_complete(struct content_store_config *store,
					struct content_told *told)
{
	bool		has_bucket;
	bool		reachable;

	FROM(region, "AWS_REGION", "AWS_DEFAULT_REGION");
	FROM(endpoint, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
	FROM(ca_file, "AWS_CA_BUNDLE");
	if (store->region == NULL)
		content_set_text(&store->region, "us-east-1");
	if (store->prefix == NULL)
		content_set_text(&store->prefix, "");
	has_bucket = store->bucket != NULL && *store->bucket != '\0';
	if (!has_bucket)
		(void) content_tell(
			told, "bucket",
			content_complain("content store %s: no bucket", store->name));
	(void) content_tell(told, "region", check_region(store));
	if (store->endpoint == NULL)
		set_aws_endpoint(store);
	reachable = store->aws || content_tell(told, "endpoint",
										   check_endpoint(store, "endpoint",
														  store->endpoint));
	if (has_bucket && (reachable || content_bucket_problem(store->bucket,
														   store->aws) != NULL))
		(void) content_tell(told, "bucket", check_bucket(store));
	(void) content_tell(told, "proxy", check_proxy(store));
	if (content_tell(told, "credentials", choose_credentials(store)))
		check_credentials(store, told);
	(void) content_tell(told, "prefix", check_prefix(store));
	if (*told->first == '\0')
		normalize_s3(store);
}

const char *
content_s3_place(const struct content_store_config *config)
{
	return config->bucket;
}

const char *
content_s3_server(const struct content_store_config *config)
{
	return config->endpoint;
}

void
content_s3_describe(const struct content_store_config *config, char *to,
					size_t size)
{
	snprintf(to, size, "%s, bucket %s", config->endpoint, config->bucket);
}

/*
 * "dittofs check"
 */

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

/* S3 takes what is signed with a clock that is a quarter of an hour wrong. */
#define SKEW_DOUBTFUL 60
#define SKEW_WRONG	  (15 * 60)

static void
check_clock(struct content_session *session, const char *object,
			struct findings *findings)
{
	int64_t		skew;

	if (!content_s3_skew(session, &skew) ||
		(skew <= SKEW_DOUBTFUL && skew >= -SKEW_DOUBTFUL))
		return;
	finding(findings,
			skew > SKEW_WRONG || skew < -SKEW_WRONG ? FINDING_WRONG
													: FINDING_DOUBTFUL,
			object,
			"set this host's clock (NTP): S3 refuses requests that are signed "
			"with a clock 15 minutes wrong",
			"this host's clock is %lld s %s the service's",
			(long long) (skew < 0 ? -skew : skew),
			skew < 0 ? "behind" : "before");
}

/* Asked of the store itself: a list of its blocks, of which one will do. */
void
content_s3_check(const struct content_store_config *store, const char *object,
				 struct findings *findings)
{
	struct content_effort effort = {.deadline = clock_now() + BUCKET_TIMEOUT,
									.brief = true};
	struct content_session *session;
	enum content_outcome outcome;
	char		source[512];

	credentials_describe(store, source, sizeof(source));
	finding(findings, FINDING_GOOD, object, NULL, "credentials are from %s",
			source);
	content_backend_init();
	session = content_session_begin(store, NULL);
	outcome = session->backend->list(session, stop_listing, NULL, &effort);
	check_clock(session, object, findings);
	content_session_end(session);
	if (outcome == CONTENT_OK)
		finding(findings, FINDING_GOOD, object, NULL,
				"bucket %s at %s can be listed", store->bucket,
				store->endpoint);
	else
		finding(findings, FINDING_WRONG, object,
				effort.remedy != NULL
					? effort.remedy
					: "check endpoint and region, and that the "
					  "service runs and can be reached from here",
				"bucket %s at %s: %s", store->bucket, store->endpoint,
				effort.message);
}
