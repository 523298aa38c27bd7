/* SPDX-License-Identifier: PostgreSQL */
/*
 * credentials_sources.c
 *	  Where credentials come from: settings and files, profiles, web identity
 *	  (STS), the services of containers and of EC2.
 *
 * The services are asked by libcurl, with deadlines, and what they answer is
 * believed only as a whole: jansson and expat read it.  Those of containers
 * and EC2 are of this host, so no proxy is asked, ever.
 */
#include "content/credentials.h"
#include "content/content_backend.h"
#include "content/content_s3_answers.h"
#include "base/log.h"
#include "content/xml.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Milliseconds. */
#define CONNECT_TIMEOUT 2000L
#define FETCH_TIMEOUT 10000L
#define IMDS_TIMEOUT 1000L		/* of each of three requests: it is near */

/* No answer is longer. */
#define ANSWER_MAX ((size_t) 256 * 1024)

#define LINE_MAX_SIZE ((size_t) 64 * 1024)

/*
 * Sets.
 */

static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (!isgraph((unsigned char) *text))
			return false;
	return true;
}

static char *
copy_of(const char *text)
{
	char	   *copy = strdup(text);

	if (copy == NULL)
		fatal("out of memory");
	return copy;
}

/* NULL unless it is a whole set that can be sent in headers. */
static struct credentials *
credentials_make(const char *access_key, const char *secret_key,
				 const char *session_token, int64_t expires, char *problem,
				 size_t size)
{
	struct credentials *set;

	if (session_token == NULL)
		session_token = "";
	if (access_key == NULL || *access_key == '\0' || secret_key == NULL ||
		*secret_key == '\0')
	{
		snprintf(problem, size, "there is no %s key",
				 access_key == NULL || *access_key == '\0' ? "access" :
				 "secret");
		return NULL;
	}
	if (!is_plain(access_key) || !is_plain(secret_key) ||
		!is_plain(session_token))
	{
		snprintf(problem, size, "the keys or the token have characters that "
				 "cannot be in one");
		return NULL;
	}
	set = calloc(1, sizeof(*set));
	if (set == NULL)
		fatal("out of memory");
	set->access_key = copy_of(access_key);
	set->secret_key = copy_of(secret_key);
	set->session_token = copy_of(session_token);
	set->expires = expires;
	atomic_init(&set->users, 1);
	return set;
}

void
credentials_free(struct credentials *set)
{
	if (set == NULL)
		return;
	explicit_bzero(set->secret_key, strlen(set->secret_key));
	explicit_bzero(set->session_token, strlen(set->session_token));
	free(set->access_key);
	free(set->secret_key);
	free(set->session_token);
	free(set);
}

/*
 * Settings and files.
 */

/* Does the file hold one line, and not too long a one?  From malloc. */
static char *
credentials_read_line(const char *file, char *problem, size_t size)
{
	FILE	   *stream = fopen(file, "re");
	char	   *line = NULL;
	size_t		room = 0;
	ssize_t		length;

	if (stream == NULL)
	{
		snprintf(problem, size, "cannot read %s: %s", file, strerror(errno));
		return NULL;
	}
	length = getline(&line, &room, stream);
	fclose(stream);
	while (length > 0 && isspace((unsigned char) line[length - 1]))
		line[--length] = '\0';
	if (length > 0 && (size_t) length < LINE_MAX_SIZE)
		return line;
	snprintf(problem, size, "%s is %s", file, length > 0 ? "too long" :
			 "empty");
	free(line);
	return NULL;
}

/* The file's line, or else the value; NULL after a failure. */
static char *
take_part(const char *file, char *const *value, char *problem, size_t size)
{
	const char *text;

	if (file != NULL && *file != '\0')
		return credentials_read_line(file, problem, size);
	text = __atomic_load_n(value, __ATOMIC_ACQUIRE);
	return copy_of(text != NULL ? text : "");
}

static struct credentials *
read_settings(const struct content_store_config *config, char *problem,
			  size_t size)
{
	struct credentials *set = NULL;
	char	   *access = take_part(config->access_key_file,
								   &config->access_key, problem, size);
	char	   *secret = access == NULL ? NULL :
		take_part(config->secret_key_file, &config->secret_key, problem, size);
	char	   *token = secret == NULL ? NULL :
		take_part(config->session_token_file, &config->session_token, problem,
				  size);

	if (token != NULL)
		set = credentials_make(access, secret, token, 0, problem, size);
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(access);
	free(secret);
	free(token);
	return set;
}

static struct credentials *
credentials_assume(const struct content_store_config *config,
				   const char *role_arn, const char *token_file,
				   const atomic_bool *stop, char *problem, size_t size);

static struct credentials *
read_profile(const struct content_store_config *config, const atomic_bool *stop,
			 char *problem, size_t size)
{
	struct credentials_profile profile;
	struct credentials *set = NULL;

	if (!credentials_profile_read(&profile, config, problem, size))
		return NULL;
	if (profile.access_key != NULL || profile.secret_key != NULL)
		set = credentials_make(profile.access_key, profile.secret_key,
							   profile.session_token, 0, problem, size);
	else if (profile.role_arn != NULL &&
			 profile.web_identity_token_file != NULL)
		set = credentials_assume(config, profile.role_arn,
								 profile.web_identity_token_file, stop,
								 problem, size);
	else if (profile.other != NULL)
		snprintf(problem, size, "profile \"%s\" has %s, which dittofs does not "
				 "do: have another program write a credentials file",
				 config->profile, profile.other);
	else
		snprintf(problem, size, "profile \"%s\" has no aws_access_key_id",
				 config->profile);
	credentials_profile_free(&profile);
	return set;
}

/*
 * HTTP.
 */

struct fetch
{
	CURL	   *curl;
	struct curl_slist *headers;
	const atomic_bool *stop;
	char	   *text;
	size_t		size;
	char		error[CURL_ERROR_SIZE];
};

static size_t
keep_answer(char *data, size_t unit, size_t count, void *argument)
{
	struct fetch *fetch = argument;
	size_t		size = unit * count;
	char	   *text;

	if (fetch->size + size > ANSWER_MAX)
		return 0;
	text = realloc(fetch->text, fetch->size + size + 1);
	if (text == NULL)
		fatal("out of memory");
	memcpy(text + fetch->size, data, size);
	fetch->text = text;
	fetch->size += size;
	text[fetch->size] = '\0';
	return size;
}

static int
is_stopped(void *argument, curl_off_t a, curl_off_t b, curl_off_t c,
		   curl_off_t d)
{
	struct fetch *fetch = argument;

	(void) a;
	(void) b;
	(void) c;
	(void) d;
	return fetch->stop != NULL && atomic_load(fetch->stop);
}

static void
add_header(struct fetch *fetch, const char *name, const char *value)
{
	struct curl_slist *longer;
	char	   *line;

	if (asprintf(&line, "%s: %s", name, value) < 0 ||
		(longer = curl_slist_append(fetch->headers, line)) == NULL)
		fatal("out of memory");
	free(line);
	fetch->headers = longer;
}

static void
fetch_begin(struct fetch *fetch, const atomic_bool *stop, const char *proxy)
{
	memset(fetch, 0, sizeof(*fetch));
	fetch->stop = stop;
	fetch->curl = curl_easy_init();
	if (fetch->curl == NULL)
		fatal("libcurl cannot be set up");
	curl_easy_setopt(fetch->curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(fetch->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(fetch->curl, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	curl_easy_setopt(fetch->curl, CURLOPT_USERAGENT,
					 "dittofs/" DITTOFS_VERSION);
	curl_easy_setopt(fetch->curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT);
	curl_easy_setopt(fetch->curl, CURLOPT_TIMEOUT_MS, FETCH_TIMEOUT);
	curl_easy_setopt(fetch->curl, CURLOPT_ERRORBUFFER, fetch->error);
	curl_easy_setopt(fetch->curl, CURLOPT_WRITEFUNCTION, keep_answer);
	curl_easy_setopt(fetch->curl, CURLOPT_WRITEDATA, fetch);
	curl_easy_setopt(fetch->curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(fetch->curl, CURLOPT_XFERINFOFUNCTION, is_stopped);
	curl_easy_setopt(fetch->curl, CURLOPT_XFERINFODATA, fetch);
	content_set_proxy(fetch->curl, proxy);
}

static void
fetch_end(struct fetch *fetch)
{
	curl_easy_cleanup(fetch->curl);
	curl_slist_free_all(fetch->headers);
	if (fetch->text != NULL)
		explicit_bzero(fetch->text, fetch->size);
	free(fetch->text);
}

/* True: it was answered, with any status; fetch->text is never NULL then. */
static bool
fetch_perform(struct fetch *fetch, const char *url, long *status, char *problem,
			  size_t size)
{
	CURLcode	result;

	fetch->size = 0;
	(void) keep_answer(fetch->error, 1, 0, fetch);
	fetch->error[0] = '\0';
	curl_easy_setopt(fetch->curl, CURLOPT_URL, url);
	curl_easy_setopt(fetch->curl, CURLOPT_HTTPHEADER, fetch->headers);
	result = curl_easy_perform(fetch->curl);
	curl_easy_getinfo(fetch->curl, CURLINFO_RESPONSE_CODE, status);
	if (result == CURLE_OK)
		return true;
	snprintf(problem, size, "%.200s: %s", url, fetch->error[0] != '\0' ?
			 fetch->error : curl_easy_strerror(result));
	return false;
}

/* 2026-03-01T12:00:00Z, perhaps with a fraction; -1: it is none. */
static int64_t
time_of(const char *text)
{
	struct tm	tm = {0};
	const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);

	if (rest == NULL)
		return -1;
	if (*rest == '.')
		rest += 1 + strspn(rest + 1, "0123456789");
	if (strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0)
		return -1;
	return (int64_t) timegm(&tm);
}

/*
 * Web identity: a token that the cluster renews in a file, for a role's keys.
 */

struct assumed
{
	char		access_key[256];
	char		secret_key[256];
	char		session_token[8192];
	char		expiration[64];
};

static void
take_assumed(void *argument, const char *parent, const char *name,
			 const char *text)
{
	struct assumed *assumed = argument;

	if (strcmp(parent, "Credentials") != 0)
		return;
	if (strcmp(name, "AccessKeyId") == 0)
		snprintf(assumed->access_key, sizeof(assumed->access_key), "%s", text);
	else if (strcmp(name, "SecretAccessKey") == 0)
		snprintf(assumed->secret_key, sizeof(assumed->secret_key), "%s", text);
	else if (strcmp(name, "SessionToken") == 0)
		snprintf(assumed->session_token, sizeof(assumed->session_token), "%s",
				 text);
	else if (strcmp(name, "Expiration") == 0)
		snprintf(assumed->expiration, sizeof(assumed->expiration), "%s", text);
}

static struct credentials *
read_assumed(const struct fetch *fetch, const char *url, char *problem,
			 size_t size)
{
	static const char *const roots[] = {"AssumeRoleWithWebIdentityResponse",
	NULL};
	struct assumed assumed = {0};
	struct credentials *set = NULL;
	int64_t		expires;

	if (!xml_read(fetch->text, fetch->size, roots, take_assumed, &assumed))
		snprintf(problem, size, "%.200s: the answer is not that of an STS",
				 url);
	else if ((expires = time_of(assumed.expiration)) < 0)
		snprintf(problem, size, "%.200s: the answer has no time of expiry",
				 url);
	else
		set = credentials_make(assumed.access_key, assumed.secret_key,
							   assumed.session_token, expires, problem, size);
	explicit_bzero(&assumed, sizeof(assumed));
	return set;
}

static char *
escape(CURL *curl, const char *text)
{
	char	   *escaped = curl_easy_escape(curl, text, 0);

	if (escaped == NULL)
		fatal("out of memory");
	return escaped;
}

/* Web identity, of settings or of a profile. */
static struct credentials *
credentials_assume(const struct content_store_config *config,
				   const char *role_arn, const char *token_file,
				   const atomic_bool *stop, char *problem, size_t size)
{
	struct fetch fetch;
	struct credentials *set = NULL;
	struct s3_error error;
	char	   *token = credentials_read_line(token_file, problem, size);
	char	   *parts[3];
	char	   *body;
	long		status = 0;

	if (token == NULL)
		return NULL;
	fetch_begin(&fetch, stop, config->proxy);
	if (config->ca_file != NULL)
		curl_easy_setopt(fetch.curl, CURLOPT_CAINFO, config->ca_file);
	parts[0] = escape(fetch.curl, role_arn);
	parts[1] = escape(fetch.curl, config->role_session_name);
	parts[2] = escape(fetch.curl, token);
	if (asprintf(&body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
				 "&RoleArn=%s&RoleSessionName=%s&WebIdentityToken=%s", parts[0],
				 parts[1], parts[2]) < 0)
		fatal("out of memory");
	curl_easy_setopt(fetch.curl, CURLOPT_POSTFIELDS, body);
	if (fetch_perform(&fetch, config->sts_endpoint, &status, problem, size))
	{
		if (status == 200)
			set = read_assumed(&fetch, config->sts_endpoint, problem, size);
		else
		{
			s3_error_read(&error, fetch.text, fetch.size);
			snprintf(problem, size, "%.200s: HTTP status %ld %s %s",
					 config->sts_endpoint, status, error.code, error.message);
		}
	}
	for (int i = 0; i < 3; i++)
		curl_free(parts[i]);
	explicit_bzero(body, strlen(body));
	free(body);
	free(token);
	fetch_end(&fetch);
	return set;
}

/*
 * Services of the host, which answer in JSON.
 */

static const char *
member(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static struct credentials *
read_json(const struct fetch *fetch, const char *url, char *problem,
		  size_t size)
{
	json_t	   *answer = json_loadb(fetch->text, fetch->size, 0, NULL);
	const char *code = member(answer, "Code");
	const char *expiration = member(answer, "Expiration");
	struct credentials *set = NULL;
	int64_t		expires = expiration == NULL ? 0 : time_of(expiration);

	if (!json_is_object(answer))
		snprintf(problem, size, "%.200s: the answer is not a JSON object", url);
	else if (code != NULL && strcmp(code, "Success") != 0)
		snprintf(problem, size, "%.200s: %.80s", url, code);
	else if (expires < 0)
		snprintf(problem, size, "%.200s: the answer has no time of expiry",
				 url);
	else
		set = credentials_make(member(answer, "AccessKeyId"),
							   member(answer, "SecretAccessKey"),
							   member(answer, "Token"), expires, problem, size);
	json_decref(answer);
	return set;
}

/* Of ECS, of EKS Pod Identity. */
static struct credentials *
ask_container(const struct content_store_config *config,
			  const atomic_bool *stop, char *problem, size_t size)
{
	struct fetch fetch;
	struct credentials *set = NULL;
	char	   *token = NULL;
	long		status = 0;

	if (config->container_token_file != NULL)
	{
		token = credentials_read_line(config->container_token_file, problem,
									  size);
		if (token == NULL)
			return NULL;
	}
	else if (config->container_token != NULL)
		token = copy_of(config->container_token);
	fetch_begin(&fetch, stop, NULL);
	if (token != NULL && strpbrk(token, "\r\n") == NULL)
		add_header(&fetch, "Authorization", token);
	if (fetch_perform(&fetch, config->container_uri, &status, problem, size))
	{
		if (status == 200)
			set = read_json(&fetch, config->container_uri, problem, size);
		else
			snprintf(problem, size, "%.200s: HTTP status %ld",
					 config->container_uri, status);
	}
	free(token);
	fetch_end(&fetch);
	return set;
}

/* One request of IMDS; what it answers stays in fetch->text. */
static bool
ask_imds(struct fetch *fetch, const struct content_store_config *config,
		 const char *path, const char *role, char *problem, size_t size)
{
	char		url[1024];
	long		status = 0;

	snprintf(url, sizeof(url), "%s/latest/%s%s", config->imds_endpoint, path,
			 role);
	if (!fetch_perform(fetch, url, &status, problem, size))
		return false;
	if (status == 200)
		return true;
	snprintf(problem, size, "%.200s: HTTP status %ld%s", url, status,
			 status == 404 ? " (the machine has no role)" : "");
	return false;
}

/* Version 2: a session's token first, then the role's name, then its keys. */
static struct credentials *
ask_machine(const struct content_store_config *config, const atomic_bool *stop,
			char *problem, size_t size)
{
	static const char path[] = "meta-data/iam/security-credentials/";
	struct fetch fetch;
	struct credentials *set = NULL;
	char		role[256] = "";
	char		token[256] = "";

	fetch_begin(&fetch, stop, NULL);
	curl_easy_setopt(fetch.curl, CURLOPT_CONNECTTIMEOUT_MS, IMDS_TIMEOUT);
	curl_easy_setopt(fetch.curl, CURLOPT_TIMEOUT_MS, IMDS_TIMEOUT);
	curl_easy_setopt(fetch.curl, CURLOPT_CUSTOMREQUEST, "PUT");
	add_header(&fetch, "X-aws-ec2-metadata-token-ttl-seconds", "300");
	if (ask_imds(&fetch, config, "api/token", "", problem, size))
		snprintf(token, sizeof(token), "%.*s",
				 (int) strcspn(fetch.text, " \r\n"), fetch.text);
	curl_slist_free_all(fetch.headers);
	fetch.headers = NULL;
	curl_easy_setopt(fetch.curl, CURLOPT_CUSTOMREQUEST, "GET");
	if (token[0] != '\0' && is_plain(token))
	{
		add_header(&fetch, "X-aws-ec2-metadata-token", token);
		if (ask_imds(&fetch, config, path, "", problem, size))
			snprintf(role, sizeof(role), "%.*s",
					 (int) strcspn(fetch.text, " \r\n"), fetch.text);
		if (role[0] != '\0' && is_plain(role) &&
			strpbrk(role, "/?#<") == NULL)
		{
			if (ask_imds(&fetch, config, path, role, problem, size))
				set = read_json(&fetch, config->imds_endpoint, problem, size);
		}
		else if (problem[0] == '\0')
			snprintf(problem, size, "%.200s: no name of a role",
					 config->imds_endpoint);
	}
	else if (problem[0] == '\0')
		snprintf(problem, size, "%.200s: no token for a session",
				 config->imds_endpoint);
	fetch_end(&fetch);
	return set;
}

struct credentials *
credentials_load(const struct content_store_config *config,
				 const atomic_bool *stop, char *problem, size_t size)
{
	problem[0] = '\0';
	switch (config->kind)
	{
		case CREDENTIALS_NONE:
		case CREDENTIALS_SETTINGS:
		case CREDENTIALS_ENVIRONMENT:
			return read_settings(config, problem, size);
		case CREDENTIALS_PROFILE:
			return read_profile(config, stop, problem, size);
		case CREDENTIALS_WEB_IDENTITY:
			return credentials_assume(config, config->role_arn,
									  config->web_identity_token_file, stop,
									  problem, size);
		case CREDENTIALS_CONTAINER:
			return ask_container(config, stop, problem, size);
		case CREDENTIALS_IMDS:
			return ask_machine(config, stop, problem, size);
	}
	return NULL;
}

void
credentials_describe(const struct content_store_config *config, char *to,
					 size_t size)
{
	switch (config->kind)
	{
		case CREDENTIALS_NONE:
		case CREDENTIALS_SETTINGS:
			snprintf(to, size, "%s%s", config->secret_key_file != NULL ?
					 "the settings, file " : "the settings",
					 config->secret_key_file != NULL ?
					 config->secret_key_file : "");
			return;
		case CREDENTIALS_ENVIRONMENT:
			snprintf(to, size, "the environment (AWS_ACCESS_KEY_ID)");
			return;
		case CREDENTIALS_PROFILE:
			snprintf(to, size, "profile %s of %s", config->profile,
					 config->credentials_file != NULL ?
					 config->credentials_file : config->config_file);
			return;
		case CREDENTIALS_WEB_IDENTITY:
			snprintf(to, size, "web identity: role %s, token in %s, STS at %s",
					 config->role_arn, config->web_identity_token_file,
					 config->sts_endpoint);
			return;
		case CREDENTIALS_CONTAINER:
			snprintf(to, size, "the container's service at %s",
					 config->container_uri);
			return;
		case CREDENTIALS_IMDS:
			snprintf(to, size, "the machine's role (IMDSv2 at %s)",
					 config->imds_endpoint);
			return;
	}
}
