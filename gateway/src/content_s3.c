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
 * are not followed: credentials for one place are not for another.
 */
#include "content_backend.h"
#include "event.h"
#include "log.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EMPTY_SHA256 \
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

/* A transfer below this many bytes a second for that long is dead. */
#define LOW_SPEED 1024L
#define LOW_SPEED_TIME 10L

/* Of an answer that is not a block: an error's XML, a page of a listing. */
#define TEXT_MAX ((size_t) 4 * 1024 * 1024)

struct s3_session
{
	struct content_session base;
	CURL	   *curl;
	char	   *base_url;		/* up to and with the bucket, no / at the end */
	char	   *provider;		/* "aws:amz:region:s3" */

	/* of the request under way */
	struct content_effort *effort;
	const char *data;			/* to be sent */
	size_t		size;
	size_t		sent;
	char	   *const *pieces;	/* where a block's bytes go, or NULL */
	size_t		skip;			/* bytes of the answer that nobody asked for */
	size_t		from;
	size_t		wanted;
	size_t		received;
	char	   *text;
	size_t		text_size;
	char		error[CURL_ERROR_SIZE];
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

static struct content_session *
s3_begin(const struct content_store_config *config)
{
	struct s3_session *s3 = calloc(1, sizeof(*s3));

	if (s3 == NULL)
		fatal("out of memory");
	s3->curl = curl_easy_init();
	if (s3->curl == NULL)
		fatal("libcurl cannot be set up");
	s3->base_url = config->path_style ?
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
 * What an answer means.
 */

/* The text of <name>, of an error's XML; "" if there is none. */
static void
take_element(const char *xml, const char *name, char *to, size_t size)
{
	char		tag[32];
	const char *at;
	size_t		n = 0;

	to[0] = '\0';
	snprintf(tag, sizeof(tag), "<%s>", name);
	at = xml != NULL ? strstr(xml, tag) : NULL;
	if (at == NULL)
		return;
	for (at += strlen(tag); *at != '\0' && *at != '<' && n < size - 1; at++)
		to[n++] = isprint((unsigned char) *at) ? *at : '?';
	to[n] = '\0';
}

static enum content_outcome
complain(struct s3_session *s3, const char *method, long status,
		 enum content_outcome outcome, const char *advice)
{
	char		code[64];
	char		message[120];

	take_element(s3->text, "Code", code, sizeof(code));
	take_element(s3->text, "Message", message, sizeof(message));
	snprintf(s3->effort->message, sizeof(s3->effort->message),
			 "%s: HTTP status %ld%s%s%s%s%s", method, status,
			 code[0] != '\0' ? " " : "", code, message[0] != '\0' ? ": " : "",
			 message, advice);
	return outcome;
}

static enum content_outcome
judge(struct s3_session *s3, const char *method, long status)
{
	char		code[64];

	take_element(s3->text, "Code", code, sizeof(code));
	switch (status)
	{
		case 404:
			if (strcmp(code, "NoSuchBucket") == 0)
				return complain(s3, method, status, CONTENT_FAILED,
								" (is the bucket's name right?)");
			return complain(s3, method, status, CONTENT_MISSING, "");
		case 403:
			return complain(s3, method, status, CONTENT_FAILED,
							" (are the credentials right, and allowed to read, "
							"write, list and delete?)");
		case 301:
		case 307:
		case 308:
			return complain(s3, method, status, CONTENT_FAILED,
							" (are region and endpoint right?)");
		case 507:
			return complain(s3, method, status, CONTENT_FULL, "");
		case 408:
		case 425:
		case 429:
			return complain(s3, method, status, CONTENT_UNAVAILABLE, "");
		case 400:
			/* Damaged on the way, or too slow: the next one may not be. */
			if (strcmp(code, "BadDigest") == 0 ||
				strcmp(code, "XAmzContentSHA256Mismatch") == 0 ||
				strcmp(code, "IncompleteBody") == 0 ||
				strcmp(code, "RequestTimeout") == 0)
				return complain(s3, method, status, CONTENT_UNAVAILABLE, "");
			return complain(s3, method, status, CONTENT_FAILED, "");
		default:
			return complain(s3, method, status, status >= 500 ?
							CONTENT_UNAVAILABLE : CONTENT_FAILED, "");
	}
}

static enum content_outcome
judge_curl(struct s3_session *s3, const char *method, CURLcode problem)
{
	snprintf(s3->effort->message, sizeof(s3->effort->message), "%s: %s",
			 method, s3->error[0] != '\0' ? s3->error :
			 curl_easy_strerror(problem));
	switch (problem)
	{
			/* Somebody in between, a wrong name, a wrong file: no use. */
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_CACERT_BADFILE:
		case CURLE_SSL_CERTPROBLEM:
		case CURLE_URL_MALFORMAT:
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_NOT_BUILT_IN:
			return CONTENT_FAILED;
		default:
			return CONTENT_UNAVAILABLE;
	}
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

	/* A reload of the settings may give others (config_reload.c). */
	curl_easy_setopt(curl, CURLOPT_USERNAME,
					 __atomic_load_n(&config->access_key, __ATOMIC_ACQUIRE));
	curl_easy_setopt(curl, CURLOPT_PASSWORD,
					 __atomic_load_n(&config->secret_key, __ATOMIC_ACQUIRE));
	if (config->ca_file != NULL)
		curl_easy_setopt(curl, CURLOPT_CAINFO, config->ca_file);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
					 time_left(s3->effort, config->connect_timeout));
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
					 time_left(s3->effort, config->request_timeout));
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, LOW_SPEED);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, LOW_SPEED_TIME);
	curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, 256L * 1024);
	curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, s3->error);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, receive);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, s3);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, s3);
}

/*
 * Sends what the caller has prepared and judges the answer.  payload: its
 * hash.  Anything but 2xx is a failure.
 */
static enum content_outcome
perform(struct s3_session *s3, const char *method, const char *url,
		const char *payload)
{
	struct curl_slist *headers = NULL;
	const char *token = __atomic_load_n(&s3->base.config->session_token,
										__ATOMIC_ACQUIRE);
	char		header[128];
	CURLcode	problem;
	long		status = 0;

	s3->error[0] = '\0';
	s3->text_size = 0;
	if (s3->text != NULL)
		s3->text[0] = '\0';
	snprintf(header, sizeof(header), "x-amz-content-sha256: %s", payload);
	headers = add_header(headers, header);
	if (token != NULL && *token != '\0')
	{
		char	   *line = format("%s: %s", "x-amz-security-token", token);

		headers = add_header(headers, line);
		free(line);
	}

	/*
	 * Not "Expect:", for none: 7.88 signs that header, and then does not send
	 * it.  It sends its "Expect: 100-continue", and does not wait (s3_put).
	 */
	curl_easy_setopt(s3->curl, CURLOPT_URL, url);
	curl_easy_setopt(s3->curl, CURLOPT_HTTPHEADER, headers);
	problem = curl_easy_perform(s3->curl);
	curl_easy_setopt(s3->curl, CURLOPT_HTTPHEADER, NULL);
	curl_slist_free_all(headers);
	if (problem != CURLE_OK)
		return judge_curl(s3, method, problem);
	curl_easy_getinfo(s3->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || status > 299)
		return judge(s3, method, status);
	return CONTENT_OK;
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
	s3->pieces = NULL;
	s3->skip = s3->from = s3->wanted = s3->received = 0;
	set_common(s3, url);
}

static enum content_outcome
s3_put(struct content_session *session, const uint8_t *hash, const void *data,
	   size_t size, struct content_effort *effort)
{
	struct s3_session *s3 = s3_of(session);
	char	   *url = url_of(s3, hash);
	char		hex[CONTENT_HEX_SIZE];
	enum content_outcome outcome;

	begin_request(s3, url, effort);
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
	outcome = perform(s3, "PUT", url, content_hex(hash, hex));
	free(url);

	/* There is nothing to be missing when something is put. */
	return outcome == CONTENT_MISSING ? CONTENT_FAILED : outcome;
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
	outcome = perform(s3, "GET", url, EMPTY_SHA256);
	free(url);
	if (outcome == CONTENT_OK && s3->received < size)
	{
		/* It came whole, as far as HTTP can tell: the object is short. */
		snprintf(effort->message, sizeof(effort->message),
				 "GET: %zu bytes of %zu", s3->received, size);
		return CONTENT_CORRUPT;
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
	outcome = perform(s3, "DELETE", url, EMPTY_SHA256);
	free(url);
	return outcome == CONTENT_MISSING ? CONTENT_OK : outcome;
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

static enum content_outcome
list_page(struct s3_session *s3, const char *after)
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
		outcome = perform(s3, "LIST", url, EMPTY_SHA256);
	} while (outcome == CONTENT_UNAVAILABLE && ++attempt < 5 &&
			 !content_is_over(s3->effort));
	free(url);
	return outcome == CONTENT_MISSING ? CONTENT_FAILED : outcome;
}

static int64_t
take_time(const char *xml)
{
	char		text[40];
	struct tm	tm = {0};

	take_element(xml, "LastModified", text, sizeof(text));
	return strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) != NULL ?
		(int64_t) timegm(&tm) : INT64_MAX;
}

/*
 * The objects of one page; the last key among them, ours or not, is left in
 * after.  False: the lister has had enough.
 */
static bool
take_page(struct s3_session *s3, char *after, size_t after_size,
		  content_lister lister, void *argument)
{
	size_t		prefix = strlen(s3->base.config->prefix);
	char	   *rest = s3->text;
	char	   *item;

	while (rest != NULL && (item = strstr(rest, "<Contents>")) != NULL)
	{
		uint8_t		hash[CONTENT_HASH_SIZE];
		char		key[1100];
		char		size[24];

		rest = strstr(item, "</Contents>");
		if (rest != NULL)
			*rest++ = '\0';
		take_element(item, "Key", key, sizeof(key));
		take_element(item, "Size", size, sizeof(size));
		if (strlen(key) < prefix)
			continue;
		snprintf(after, after_size, "%s", key + prefix);
		if (content_key_parse(key + prefix, hash) &&
			!lister(argument, hash, strtoll(size, NULL, 10), take_time(item)))
			return false;
	}
	return true;
}

static enum content_outcome
s3_list(struct content_session *session, content_lister lister, void *argument,
		struct content_effort *effort)
{
	struct s3_session *s3 = s3_of(session);
	char		after[1100] = "";
	char		truncated[8];

	s3->effort = effort;
	do
	{
		enum content_outcome outcome = list_page(s3, after);
		char		before[sizeof(after)];

		if (outcome != CONTENT_OK)
			return outcome;
		take_element(s3->text, "IsTruncated", truncated, sizeof(truncated));
		memcpy(before, after, sizeof(after));
		if (!take_page(s3, after, sizeof(after), lister, argument))
			return CONTENT_OK;
		if (strcmp(before, after) == 0)
			break;
	} while (strcmp(truncated, "true") == 0);
	return CONTENT_OK;
}

const struct content_backend content_s3_backend = {
	.begin = s3_begin, .end = s3_end, .put = s3_put, .get = s3_get,
	.remove = s3_remove, .list = s3_list};
