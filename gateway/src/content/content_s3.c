/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_s3.c
 *	  Blocks in a bucket: AWS S3 and what speaks its language (MinIO, Ceph,
 *	  Garage).
 *
 * libcurl does HTTP, TLS and the signature (AWS SigV4).  The version of
 * Debian 12 signs path and query as they are given, so both are made of
 * characters that need no escaping, and a query is sorted.  It would hash
 * what is sent by itself, but we have done that: the block's name is the hash
 * of its content, and so it is x-amz-content-sha256, by which the service
 * notices what is damaged on the way.  An ETag is the MD5 of some uploads and
 * not of others, so it is not looked at.
 *
 * Each session has one easy handle, which keeps its connection.  Redirects
 * are not followed: credentials for one place are not for another.  Proxies of
 * the environment (http_proxy) are used only where the setting proxy says so:
 * they are made for people's downloads.
 *
 * content_s3_answers.c has the meaning of answers.  While a store is away for
 * a reason that an operator must remove, the log says so once a minute for each
 * operation, however many requests there are, and once when that is over.
 */
#include "content/content_backend.h"
#include "content/content_identity.h"
#include "content/content_s3_answers.h"
#include "content/content_s3_settings.h"
#include "content/credentials.h"
#include "base/event.h"
#include "base/log.h"
#include "content/xml.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EMPTY_SHA256 \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* Of an answer that is not a block: an error's XML, a page of a listing. */
#define TEXT_MAX ((size_t) 4 * 1024 * 1024)

/* Microseconds. */
#define SAY_AGAIN ((int64_t) 60 * 1000000)	/* that a store is away */
#define SAY_ANEW ((int64_t) 10 * 1000000)	/* ... and not only for a moment */
#define SAY_OTHER ((int64_t) 1000000)	/* ... for another reason */
#define BLIP ((int64_t) 2 * 1000000)	/* a service that is restarted */

/* Trouble with one operation. */
struct s3_trouble
{
	int64_t		since;			/* of the first failure; 0: all is well */
	int64_t		said;			/* when the log was told; 0: not yet */
	bool		open;			/* the log does not know that it is over */
	int			failures;
	char		reason[96];		/* status and code */
};

/* What the sessions of a store share. */
struct s3_store
{
	struct s3_store *next;
	const struct content_store_config *config;
	struct credentials_provider *credentials;
	pthread_mutex_t mutex;
	struct s3_trouble troubles[S3_OPERATIONS];
};

struct s3_session
{
	struct content_session base;
	struct s3_store *store;
	CURL	   *curl;
	char	   *base_url;		/* up to and with the bucket, no / at the end */
	char	   *provider;		/* "aws:amz:region:s3" */

	/* of the request under way */
	struct content_effort *effort;
	const char *condition;		/* a further header, or NULL */
	const char *data;			/* to be sent */
	size_t		size;
	size_t		sent;
	char	   *const *pieces;	/* where a block's bytes go, or NULL */
	size_t		skip;			/* bytes of the answer, not asked for */
	size_t		from;
	size_t		wanted;
	size_t		received;
	char	   *text;
	size_t		text_size;
	char		error[CURL_ERROR_SIZE];
	int64_t		skew;			/* our clock before the service's, seconds */
	bool		skew_known;
};

static struct s3_session *
s3_of(struct content_session *session)
{
	return container_of(session, struct s3_session, base);
}

static char *
format(const char *template, const char *a, const char *b)
{
	char	   *text;

	if (asprintf(&text, template, a, b) < 0)
		fatal("out of memory");
	return text;
}

/* "https://host" and "bucket" to "https://bucket.host". */
static char *
host_style(const char *endpoint, const char *bucket)
{
	const char *host = strstr(endpoint, "://") + 3;
	char	   *text;

	if (asprintf(&text, "%.*s%s.%s", (int) (host - endpoint), endpoint, bucket,
				 host) < 0)
		fatal("out of memory");
	return text;
}

/* Stores are few, and stay until the process ends. */
static struct s3_store *
store_of(const struct content_store_config *config)
{
	static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	static struct s3_store *all;
	struct s3_store *store;

	pthread_mutex_lock(&mutex);
	for (store = all; store != NULL; store = store->next)
		if (store->config == config)
			break;
	if (store == NULL)
	{
		store = calloc(1, sizeof(*store));
		if (store == NULL)
			fatal("out of memory");
		store->config = config;
		store->credentials = credentials_provider_begin(config);
		pthread_mutex_init(&store->mutex, NULL);
		store->next = all;
		all = store;
	}
	pthread_mutex_unlock(&mutex);
	return store;
}

static struct content_session *
s3_begin(const struct content_store_config *config)
{
	struct s3_session *s3 = calloc(1, sizeof(*s3));

	if (s3 == NULL)
		fatal("out of memory");
	s3->store = store_of(config);
	s3->curl = curl_easy_init();
	if (s3->curl == NULL)
		fatal("libcurl cannot be set up");
	s3->base_url = config->bucket_in_path ?
		format("%s/%s", config->endpoint, config->bucket) :
		host_style(config->endpoint, config->bucket);
	s3->provider = format("aws:amz:%s:%s", config->region, "s3");
	return &s3->base;
}

static void
s3_end(struct content_session *session)
{
	struct s3_session *s3 = s3_of(session);

	curl_easy_cleanup(s3->curl);
	free(s3->base_url);
	free(s3->provider);
	free(s3->text);
	free(s3);
}

/*
 * Called by libcurl.
 */

static size_t
send_data(char *to, size_t size, size_t count, void *argument)
{
	struct s3_session *s3 = argument;
	size_t		n = s3->size - s3->sent;

	if (n > size * count)
		n = size * count;
	memcpy(to, s3->data + s3->sent, n);
	s3->sent += n;
	return n;
}

/* A connection that was closed meanwhile: once more from the beginning. */
static int
seek_data(void *argument, curl_off_t offset, int origin)
{
	struct s3_session *s3 = argument;

	if (origin != SEEK_SET || offset < 0 || (size_t) offset > s3->size)
		return CURL_SEEKFUNC_FAIL;
	s3->sent = (size_t) offset;
	return CURL_SEEKFUNC_OK;
}

static size_t
keep_text(struct s3_session *s3, const char *data, size_t size)
{
	char	   *text;

	if (s3->text_size + size > TEXT_MAX)
		return 0;
	text = realloc(s3->text, s3->text_size + size + 1);
	if (text == NULL)
		fatal("out of memory");
	memcpy(text + s3->text_size, data, size);
	s3->text = text;
	s3->text_size += size;
	s3->text[s3->text_size] = '\0';
	return size;
}

static size_t
receive(char *data, size_t unit, size_t count, void *argument)
{
	struct s3_session *s3 = argument;
	size_t		size = unit * count;
	size_t		at = 0;
	long		status = 0;

	curl_easy_getinfo(s3->curl, CURLINFO_RESPONSE_CODE, &status);
	if (s3->pieces == NULL || (status != 200 && status != 206))
		return keep_text(s3, data, size);

	/* The whole block, from a service that knows no ranges. */
	if (status == 200 && s3->received == 0 && s3->skip == 0)
		s3->skip = s3->from;
	while (at < size)
	{
		size_t		n = size - at;
		size_t		within = s3->received % CONTENT_CHUNK;

		if (s3->skip > 0)
		{
			if (n > s3->skip)
				n = s3->skip;
			s3->skip -= n;
			if (s3->skip == 0)
				s3->from = 0;
		}
		else if (s3->received == s3->wanted)
			break;
		else
		{
			if (n > CONTENT_CHUNK - within)
				n = CONTENT_CHUNK - within;
			if (n > s3->wanted - s3->received)
				n = s3->wanted - s3->received;
			memcpy(s3->pieces[s3->received / CONTENT_CHUNK] + within,
				   data + at, n);
			s3->received += n;
		}
		at += n;
	}
	return size;
}

static int
progress(void *argument, curl_off_t a, curl_off_t b, curl_off_t c,
		 curl_off_t d)
{
	struct s3_session *s3 = argument;

	(void) a;
	(void) b;
	(void) c;
	(void) d;
	return content_is_over(s3->effort);
}

/*
 * What an answer means, and what the log says of it.
 */

static json_t *
trouble_members(const struct s3_store *store, enum s3_operation operation)
{
	return log_members(NULL, "{s:o, s:s}", "content_store",
					   log_text(store->config->name), "operation",
					   s3_operation_names[operation]);
}

/*
 * One line for all requests that fail alike.  patience: how long it must have
 * lasted.
 */
static void
say_away(struct s3_session *s3, enum s3_operation operation, const char *reason,
		 int64_t patience)
{
	struct s3_store *store = s3->store;
	struct s3_trouble *trouble = &store->troubles[operation];
	const struct content_effort *effort = s3->effort;
	int64_t		now = clock_now();
	int64_t		quiet;
	bool		say;
	int			failures;

	pthread_mutex_lock(&store->mutex);
	if (trouble->since == 0)
		trouble->since = now;
	trouble->failures++;
	quiet = strcmp(trouble->reason, reason) != 0 ? SAY_OTHER :
		trouble->open ? SAY_AGAIN : SAY_ANEW;
	say = now - trouble->since >= patience &&
		(trouble->said == 0 || now - trouble->said >= quiet);
	if (say)
	{
		snprintf(trouble->reason, sizeof(trouble->reason), "%s", reason);
		trouble->said = now;
		trouble->open = true;
	}
	failures = trouble->failures;
	pthread_mutex_unlock(&store->mutex);
	if (say)
		log_with(LOG_LEVEL_ERROR,
				 log_members(trouble_members(store, operation),
							 "{s:o, s:o, s:i}",
							 "error", log_text(effort->message),
							 "remedy", log_text(effort->remedy),
							 "failures", failures),
				 "content store %s is away: %s; clients wait (remedy: %s)",
				 store->config->name, effort->message, effort->remedy);
}

/* The operation works: the common case is one look. */
static void
say_well(struct s3_session *s3, enum s3_operation operation)
{
	struct s3_store *store = s3->store;
	struct s3_trouble *trouble = &store->troubles[operation];
	int			failures;
	long long	seconds;
	bool		open;

	if (__atomic_load_n(&trouble->since, __ATOMIC_RELAXED) == 0)
		return;
	pthread_mutex_lock(&store->mutex);
	failures = trouble->failures;
	seconds = (long long) (clock_now() - trouble->since) / 1000000;
	open = trouble->open;
	trouble->open = false;
	trouble->failures = 0;
	__atomic_store_n(&trouble->since, 0, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&store->mutex);
	if (open)
		log_with(LOG_LEVEL_WARNING,
				 log_members(trouble_members(store, operation),
							 "{s:i, s:I}", "failures", failures,
							 "seconds", (json_int_t) seconds),
				 "content store %s is back: %s works again, after %lld s and "
				 "%d failures", store->config->name,
				 s3_operation_names[operation], seconds, failures);
}

bool
content_s3_skew(const struct content_session *session, int64_t *seconds)
{
	const struct s3_session *s3 = (const struct s3_session *) session;

	*seconds = s3->skew;
	return s3->skew_known;
}

static enum content_outcome
conclude(struct s3_session *s3, enum s3_operation operation,
		 struct s3_verdict verdict, const char *reason, int64_t patience)
{
	s3->effort->remedy = verdict.remedy;
	if (verdict.outcome != CONTENT_UNAVAILABLE)
		say_well(s3, operation);
	else if (verdict.remedy != NULL)
		say_away(s3, operation, reason, patience);
	return verdict.outcome;
}

static enum content_outcome
judge(struct s3_session *s3, enum s3_operation operation, long status,
	  const struct credentials *set)
{
	struct s3_verdict verdict;
	struct s3_error error;
	char		reason[96];
	char		renewal[256] = "";
	char		clock[96] = "";

	s3_error_read(&error, s3->text, s3->text_size);
	verdict = s3_judge(operation, status, error.code);
	snprintf(reason, sizeof(reason), "HTTP status %ld%s%s", status,
			 error.code[0] != '\0' ? " " : "", error.code);
	if (s3->skew_known && llabs((long long) s3->skew) > 60 &&
		(status == 400 || status == 403))
		snprintf(clock, sizeof(clock), " (this host's clock is %lld s %s the "
				 "service's)", llabs((long long) s3->skew),
				 s3->skew < 0 ? "behind" : "before");
	if (verdict.refused)
	{
		credentials_refused(s3->store->credentials, set);
		credentials_problem(s3->store->credentials, renewal, sizeof(renewal));
	}
	snprintf(s3->effort->message, sizeof(s3->effort->message),
			 "%s: %s%s%s%s%s%s%s%s%s", s3_operation_names[operation], reason,
			 error.message[0] != '\0' ? ": " : "", error.message,
			 error.region[0] != '\0' ? " (the bucket is in region " : "",
			 error.region, error.region[0] != '\0' ? ")" : "", clock,
			 renewal[0] != '\0' ? "; no new credentials: " : "", renewal);
	return conclude(s3, operation, verdict, reason, 0);
}

/* A success that is none: a maintenance page, the form of a hotel's network. */
static enum content_outcome
judge_stranger(struct s3_session *s3, enum s3_operation operation, long status)
{
	snprintf(s3->effort->message, sizeof(s3->effort->message),
			 "%s: HTTP status %ld with an answer that is not S3's",
			 s3_operation_names[operation], status);
	return conclude(s3, operation, s3_judge_stranger(), "stranger", 0);
}

static enum content_outcome
judge_curl(struct s3_session *s3, enum s3_operation operation, CURLcode problem)
{
	/* The attempt was cut short: why those before it failed says more. */
	if (content_is_over(s3->effort) && s3->effort->message[0] != '\0')
		return CONTENT_UNAVAILABLE;
	snprintf(s3->effort->message, sizeof(s3->effort->message), "%s: %s",
			 s3_operation_names[operation], s3->error[0] != '\0' ? s3->error :
			 curl_easy_strerror(problem));
	return conclude(s3, operation, s3_judge_transport(problem),
					curl_easy_strerror(problem), BLIP);
}

/* A header of the answer; "" if it has none. */
static const char *
answer_header(struct s3_session *s3, const char *name)
{
	struct curl_header *header;

	return curl_easy_header(s3->curl, name, 0, CURLH_HEADER, -1, &header) ==
		CURLHE_OK ? header->value : "";
}

/* How far our clock is before the service's, by what it says of its own. */
static void
note_clock(struct s3_session *s3)
{
	time_t		theirs = (time_t) curl_getdate(answer_header(s3, "date"), NULL);

	s3->skew_known = theirs != -1;
	if (s3->skew_known)
		s3->skew = (int64_t) time(NULL) - (int64_t) theirs;
}

/*
 * A server that answers for S3 with 2xx, and a page for people, has stored
 * nothing and has no block.  S3's answer to a PUT or DELETE has no body.
 */
static bool
is_stranger(struct s3_session *s3, enum s3_operation operation)
{
	if (strncasecmp(answer_header(s3, "content-type"), "text/html", 9) == 0)
		return true;
	return (operation == S3_PUT || operation == S3_DELETE) &&
		s3->text_size > 0;
}

/*
 * Requests.
 */

static struct curl_slist *
add_header(struct curl_slist *headers, const char *header)
{
	struct curl_slist *longer = curl_slist_append(headers, header);

	if (longer == NULL)
		fatal("out of memory");
	return longer;
}

static long
time_left(const struct content_effort *effort, int64_t limit)
{
	int64_t		left = (effort->deadline - clock_now()) / 1000;

	if (left > limit)
		left = limit;
	return left < 1 ? 1 : (long) left;
}

void
content_set_proxy(void *curl, const char *proxy)
{
	if (proxy != NULL && strcmp(proxy, "environment") == 0)
		return;					/* libcurl's own way */
	curl_easy_setopt(curl, CURLOPT_PROXY, proxy != NULL ? proxy : "");
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
}

static void
set_common(struct s3_session *s3, const char *url)
{
	const struct content_store_config *config = s3->base.config;
	CURL	   *curl = s3->curl;

	curl_easy_reset(curl);		/* not its connection */
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_NETRC, (long) CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "dittofs/" DITTOFS_VERSION);
	curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, s3->provider);
	content_set_proxy(curl, config->proxy);
	if (config->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, config->ca_file);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
					 time_left(s3->effort, config->connect_timeout));
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
					 time_left(s3->effort, config->request_timeout));
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L * 1024);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, s3->error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, s3);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, s3);
}

/* The request's headers, which are signed with it. */
static struct curl_slist *
make_headers(const struct s3_session *s3, const struct credentials *set,
			 const char *payload)
{
	struct curl_slist *headers = NULL;
	char		header[128];

	snprintf(header, sizeof(header), "x-amz-content-sha256: %s", payload);
	headers = add_header(headers, header);
	if (s3->condition != NULL)
		headers = add_header(headers, s3->condition);
	if (set->session_token[0] != '\0')
	{
		char	   *line = format("%s: %s", "x-amz-security-token",
								  set->session_token);

		headers = add_header(headers, line);
		free(line);
	}
	return headers;
}

/*
 * Sends what the caller has prepared, signed by the set, and judges the answer.
 * payload: its hash.  Anything but 2xx is a failure.
 */
static enum content_outcome
perform_as(struct s3_session *s3, enum s3_operation operation, const char *url,
		   const char *payload, const struct credentials *set)
{
	struct curl_slist *headers = make_headers(s3, set, payload);
	CURLcode	problem;
	long		status = 0;

	/*
	 * Not "Expect:", for none: 7.88 signs that header, and then does not send
	 * it.  It sends its "Expect: 100-continue", and does not wait (s3_put).
	 */
	curl_easy_setopt(s3->curl, CURLOPT_URL, url);
	curl_easy_setopt(s3->curl, CURLOPT_USERNAME, set->access_key);
	curl_easy_setopt(s3->curl, CURLOPT_PASSWORD, set->secret_key);
	curl_easy_setopt(s3->curl, CURLOPT_HTTPHEADER, headers);
	problem = curl_easy_perform(s3->curl);
	curl_easy_setopt(s3->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (problem != CURLE_OK)
		return judge_curl(s3, operation, problem);
	curl_easy_getinfo(s3->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status > 299 || !s3->skew_known)
		note_clock(s3);
	if (status < 200 || status > 299)
		return judge(s3, operation, status, set);
	if (is_stranger(s3, operation))
		return judge_stranger(s3, operation, status);
	s3->effort->remedy = NULL;
	if (operation != S3_LIST)	/* whose page is still to be read */
		say_well(s3, operation);
	return CONTENT_OK;
}

static enum content_outcome
perform(struct s3_session *s3, enum s3_operation operation, const char *url,
		const char *payload)
{
	struct content_effort *effort = s3->effort;
	char		problem[256];
	enum content_outcome outcome;
	struct credentials *set;

	s3->error[0] = '\0';
	s3->text_size = 0;
	if (s3->text != NULL)
		s3->text[0] = '\0';
	set = credentials_take(s3->store->credentials, effort->deadline,
						   effort->stop, problem, sizeof(problem));
	if (set == NULL)
	{
		snprintf(effort->message, sizeof(effort->message),
				 "%s: there are no credentials: %s",
				 s3_operation_names[operation], problem);
		return conclude(s3, operation, s3_judge_no_credentials(),
						"no credentials", 0);
	}
	outcome = perform_as(s3, operation, url, payload, set);
	credentials_give_back(set);
	return outcome;
}

static char *
url_of(struct s3_session *s3, const uint8_t *hash)
{
	char		key[CONTENT_KEY_SIZE];
	char	   *url;

	content_key(hash, key);
	if (asprintf(&url, "%s/%s%s", s3->base_url, s3->base.config->prefix,
				 key) < 0)
		fatal("out of memory");
	return url;
}

static void
begin_request(struct s3_session *s3, const char *url,
			  struct content_effort *effort)
{
	s3->effort = effort;
	s3->condition = NULL;
	s3->pieces = NULL;
	s3->skip = s3->from = s3->wanted = s3->received = 0;
	set_common(s3, url);
}

/* To a URL for which begin_request was called; hash is the data's. */
static enum content_outcome
put_object(struct s3_session *s3, const char *url, const uint8_t *hash,
		   const void *data, size_t size)
{
	char		hex[CONTENT_HEX_SIZE];

	s3->data = data;
	s3->size = size;
	s3->sent = 0;
	curl_easy_setopt(s3->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(s3->curl, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
	curl_easy_setopt(s3->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t) size);
	curl_easy_setopt(s3->curl, CURLOPT_READFUNCTION, send_data);
	curl_easy_setopt(s3->curl, CURLOPT_READDATA, s3);
	curl_easy_setopt(s3->curl, CURLOPT_SEEKFUNCTION, seek_data);
	curl_easy_setopt(s3->curl, CURLOPT_SEEKDATA, s3);
	return perform(s3, S3_PUT, url, content_hex(hash, hex));
}

static enum content_outcome
s3_put(struct content_session *session, const uint8_t *hash, const void *data,
	   size_t size, struct content_effort *effort)
{
	struct s3_session *s3 = s3_of(session);
	char	   *url = url_of(s3, hash);
	enum content_outcome outcome;

	begin_request(s3, url, effort);
	outcome = put_object(s3, url, hash, data, size);
	free(url);
	return outcome;
}

/*
 * Fewer bytes came than were asked for.  The object is short if the answer
 * says how long it is, and came whole; otherwise it was cut on the way.
 */
static bool
is_cut(struct s3_session *s3, size_t end)
{
	const char *total = strchr(answer_header(s3, "content-range"), '/');
	curl_off_t	length = -1;

	curl_easy_getinfo(s3->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
	if (length < 0 && answer_header(s3, "transfer-encoding")[0] == '\0')
		return true;
	return total != NULL && strtoull(total + 1, NULL, 10) >= end;
}

static enum content_outcome
s3_get(struct content_session *session, const uint8_t *hash, size_t from,
	   size_t size, char *const *pieces, struct content_effort *effort)
{
	struct s3_session *s3 = s3_of(session);
	char	   *url = url_of(s3, hash);
	char		range[64];
	enum content_outcome outcome;

	begin_request(s3, url, effort);
	s3->pieces = pieces;
	s3->from = from;
	s3->wanted = size;
	snprintf(range, sizeof(range), "%zu-%zu", from, from + size - 1);
	curl_easy_setopt(s3->curl, CURLOPT_RANGE, range);
	outcome = perform(s3, S3_GET, url, EMPTY_SHA256);
	free(url);
	if (outcome == CONTENT_OK && s3->received < size)
	{
		snprintf(effort->message, sizeof(effort->message),
				 "GET: %zu bytes of %zu", s3->received, size);
		return is_cut(s3, from + size) ? CONTENT_UNAVAILABLE : CONTENT_CORRUPT;
	}
	return outcome;
}

static enum content_outcome
s3_remove(struct content_session *session, const uint8_t *hash,
		  struct content_effort *effort)
{
	struct s3_session *s3 = s3_of(session);
	char	   *url = url_of(s3, hash);
	enum content_outcome outcome;

	begin_request(s3, url, effort);
	curl_easy_setopt(s3->curl, CURLOPT_CUSTOMREQUEST, "DELETE");
	outcome = perform(s3, S3_DELETE, url, EMPTY_SHA256);
	free(url);
	return outcome;
}

/*
 * The marker.  Two that put the first one at the same time agree by the
 * condition, or, where a service does not know it, by reading the marker again:
 * the last one counts.
 */

static char *
marker_url(struct s3_session *s3)
{
	return format("%s/%s" MARKER_NAME, s3->base_url, s3->base.config->prefix);
}

static enum content_outcome
s3_get_marker(struct content_session *session, char *text,
			  struct content_effort *effort)
{
	struct s3_session *s3 = s3_of(session);
	char	   *url = marker_url(s3);
	enum content_outcome outcome;

	begin_request(s3, url, effort);
	outcome = perform(s3, S3_GET, url, EMPTY_SHA256);
	free(url);
	if (outcome == CONTENT_OK)
		snprintf(text, MARKER_MAX, "%s", s3->text != NULL ? s3->text : "");
	return outcome;
}

static enum content_outcome
s3_put_marker(struct content_session *session, const char *text, bool first,
			  struct content_effort *effort)
{
	struct s3_session *s3 = s3_of(session);
	char	   *url = marker_url(s3);
	uint8_t		hash[HASH_LEN];
	enum content_outcome outcome;
	long		status = 0;

	content_hash(text, strlen(text), hash, NULL);
	for (;;)
	{
		begin_request(s3, url, effort);
		s3->condition = first ? "If-None-Match: *" : NULL;
		outcome = put_object(s3, url, hash, text, strlen(text));
		curl_easy_getinfo(s3->curl, CURLINFO_RESPONSE_CODE, &status);
		if (!first || status != 501)
			break;
		first = false;			/* NotImplemented: without, then */
	}
	free(url);
	if (outcome != CONTENT_OK && first && (status == 412 || status == 409))
		return CONTENT_OK;
	return outcome;
}

/*
 * Listing.  ListObjectsV2, each page after the last key of the one before:
 * our keys need no escaping, a continuation token might.
 */

/* '/' is escaped in a query. */
static void
add_escaped(char *to, size_t size, const char *text)
{
	size_t		n = strlen(to);

	for (; *text != '\0' && n + 4 < size; text++)
		n += (size_t) snprintf(to + n, size - n, *text == '/' ? "%%2F" : "%c",
							   *text);
}

struct s3_object
{
	uint8_t		hash[HASH_LEN];
	int64_t		size;
	int64_t		modified;
};

struct s3_page
{
	const char *prefix;
	struct s3_object *objects;	/* ours */
	size_t		count;
	size_t		room;
	char		last[1100];		/* key, ours or not, without the prefix */
	bool		truncated;

	/* the object that is being read */
	char		key[1100];
	struct s3_object object;
};

static int64_t
time_of(const char *text)
{
	struct tm	tm = {0};

	return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) != NULL ?
		(int64_t) timegm(&tm) : INT64_MAX;
}

static void
take_object(struct s3_page *page)
{
	size_t		prefix = strlen(page->prefix);

	if (strncmp(page->key, page->prefix, prefix) != 0)
		return;
	snprintf(page->last, sizeof(page->last), "%s", page->key + prefix);
	if (!content_key_parse(page->last, page->object.hash))
		return;
	if (page->count == page->room)
	{
		size_t		room = page->room + 1000;
		struct s3_object *objects = realloc(page->objects,
											room * sizeof(*objects));

		if (objects == NULL)
			fatal("out of memory");
		page->objects = objects;
		page->room = room;
	}
	page->objects[page->count++] = page->object;
}

static void
take_element(void *argument, const char *parent, const char *name,
			 const char *text)
{
	struct s3_page *page = argument;

	if (strcmp(parent, "Contents") == 0)
	{
		if (strcmp(name, "Key") == 0)
			snprintf(page->key, sizeof(page->key), "%s", text);
		else if (strcmp(name, "Size") == 0)
			page->object.size = strtoll(text, NULL, 10);
		else if (strcmp(name, "LastModified") == 0)
			page->object.modified = time_of(text);
	}
	else if (strcmp(name, "Contents") == 0)
	{
		take_object(page);
		page->key[0] = '\0';
		page->object.size = 0;
		page->object.modified = INT64_MAX;
	}
	else if (strcmp(name, "IsTruncated") == 0)
		page->truncated = strcmp(text, "true") == 0;
}

/* A page that is not whole, or not S3's, lists nothing. */
static enum content_outcome
read_page(struct s3_session *s3, struct s3_page *page)
{
	static const char *const roots[] = {"ListBucketResult", NULL};
	char		last[sizeof(page->last)];

	memcpy(last, page->last, sizeof(last));
	page->count = 0;
	page->truncated = false;
	page->key[0] = '\0';
	page->object.size = 0;
	page->object.modified = INT64_MAX;
	if (s3->text_size > 0 &&
		xml_read(s3->text, s3->text_size, roots, take_element, page))
	{
		say_well(s3, S3_LIST);
		return CONTENT_OK;
	}
	memcpy(page->last, last, sizeof(last));
	page->count = 0;
	return judge_stranger(s3, S3_LIST, 200);
}

static enum content_outcome
list_page(struct s3_session *s3, const char *after, struct s3_page *page)
{
	const char *prefix = s3->base.config->prefix;
	char		query[2048] = "?list-type=2";
	char	   *url;
	enum content_outcome outcome;
	int			attempt = 0;

	if (prefix[0] != '\0')
	{
		snprintf(query + strlen(query), sizeof(query) - strlen(query),
				 "&prefix=");
		add_escaped(query, sizeof(query), prefix);
	}
	if (after[0] != '\0')
	{
		snprintf(query + strlen(query), sizeof(query) - strlen(query),
				 "&start-after=");
		add_escaped(query, sizeof(query), prefix);
		add_escaped(query, sizeof(query), after);
	}
	url = format("%s/%s", s3->base_url, query);
	do
	{
		begin_request(s3, url, s3->effort);
		outcome = perform(s3, S3_LIST, url, EMPTY_SHA256);
		if (outcome == CONTENT_OK)
			outcome = read_page(s3, page);
	} while (outcome == CONTENT_UNAVAILABLE && ++attempt < 5 &&
			 !content_is_over(s3->effort));
	free(url);
	return outcome;
}

static enum content_outcome
s3_list(struct content_session *session, content_lister lister, void *argument,
		struct content_effort *effort)
{
	struct s3_session *s3 = s3_of(session);
	struct s3_page page = {.prefix = s3->base.config->prefix};
	enum content_outcome outcome;
	bool		more;

	s3->effort = effort;
	do
	{
		char		before[sizeof(page.last)];

		memcpy(before, page.last, sizeof(before));
		outcome = list_page(s3, before, &page);
		more = outcome == CONTENT_OK && page.truncated &&
			strcmp(before, page.last) != 0;
		for (size_t i = 0; outcome == CONTENT_OK && i < page.count; i++)
			if (!lister(argument, page.objects[i].hash, page.objects[i].size,
						page.objects[i].modified))
			{
				more = false;
				break;
			}
	} while (more);
	free(page.objects);
	return outcome;
}

const struct content_backend content_s3_backend = {
	.parallel = 16, .remote = true, .complete = content_s3_complete,
	.check = content_s3_check, .describe = content_s3_describe,
	.place = content_s3_place, .server = content_s3_server,
	.find_it = "set bucket and prefix to where the content is",
	.reach_it = "see that the service can be reached and allows access",
	.begin = s3_begin, .end = s3_end, .put = s3_put, .get = s3_get,
	.remove = s3_remove, .list = s3_list, .get_marker = s3_get_marker,
	.put_marker = s3_put_marker};
