/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_s3_answers.c
 *	  What an answer of S3 means: see content_s3_answers.h.
 *
 * Codes are those of "Error responses" in the Amazon S3 API Reference, and of
 * MinIO, Ceph and Garage where they have others.
 */
#include "content/content_s3_answers.h"
#include "content/xml.h"

#include <ctype.h>
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

const char *const s3_operation_names[] = {"PUT", "GET", "DELETE", "LIST"};

/*
 * The table.
 */

#define PUT (1 << S3_PUT)
#define GET (1 << S3_GET)
#define DELETE (1 << S3_DELETE)
#define ANY (PUT | GET | DELETE | 1 << S3_LIST)

#define CREDENTIALS \
	"replace the credentials, or let what renews them run; files, environment " \
	"services and SIGHUP are looked at again by themselves"
#define KEYS \
	"check the credentials, access_key and secret_key (dittofs check says " \
	"where they come from)"
#define RIGHTS \
	"are the credentials right, and allowed to put, get, delete and list in " \
	"the bucket?  Without s3:ListBucket S3 says this of a missing block, too"
#define CLOCK "set this host's clock (NTP)"
#define PLACE "set region and endpoint to those of the bucket"
#define BETWEEN \
	"this is no answer of S3's: look at endpoint, path_style, and at the proxy " \
	"or load balancer in between"
#define BUCKET "check bucket, region and endpoint"
#define ACCOUNT "look at the account at the service"
#define KMS "look at the key that the bucket is encrypted with (KMS)"
#define ARCHIVE \
	"restore the object, and take the prefix out of the rule that archives"

static const struct
{
	int			operations;
	long		status;			/* 0: any */
	const char *code;			/* NULL: any; * at the end: a prefix */
	struct s3_verdict verdict;
}			table[] = {
	/* about the object */
	{GET, 404, "NoSuchKey", {CONTENT_MISSING, NULL, false}},
	{DELETE, 404, "NoSuchKey", {CONTENT_OK, NULL, false}},
	{GET, 416, NULL, {CONTENT_CORRUPT, NULL, false}},

	/* about room */
	{PUT, 507, NULL, {CONTENT_FULL, NULL, false}},
	{PUT, 0, "QuotaExceeded", {CONTENT_FULL, NULL, false}},
	{PUT, 0, "XMinioStorageFull", {CONTENT_FULL, NULL, false}},
	{PUT, 0, "XMinioAdminBucketQuotaExceeded", {CONTENT_FULL, NULL, false}},

	/* about who we are */
	{ANY, 0, "ExpiredToken*", {CONTENT_UNAVAILABLE, CREDENTIALS, true}},
	{ANY, 0, "TokenRefreshRequired", {CONTENT_UNAVAILABLE, CREDENTIALS, true}},
	{ANY, 0, "InvalidToken*", {CONTENT_UNAVAILABLE, CREDENTIALS, true}},
	{ANY, 0, "InvalidAccessKeyId", {CONTENT_UNAVAILABLE, KEYS, true}},
	{ANY, 0, "InvalidClientTokenId", {CONTENT_UNAVAILABLE, KEYS, true}},
	{ANY, 0, "SignatureDoesNotMatch", {CONTENT_UNAVAILABLE, KEYS, true}},
	{ANY, 0, "InvalidSecurity", {CONTENT_UNAVAILABLE, KEYS, true}},

	/* about when and where */
	{ANY, 0, "RequestTimeTooSkewed", {CONTENT_UNAVAILABLE, CLOCK, false}},
	{ANY, 0, "RequestExpired", {CONTENT_UNAVAILABLE, CLOCK, false}},
	{ANY, 0, "RequestNotYetValid", {CONTENT_UNAVAILABLE, CLOCK, false}},
	{ANY, 0, "PermanentRedirect", {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 0, "TemporaryRedirect", {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 0, "Redirect", {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY,
	 0,
	 "AuthorizationHeaderMalformed",
	 {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 0, "IncorrectEndpoint", {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 0, "InvalidRegion", {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 0, "NoSuchBucket", {CONTENT_UNAVAILABLE, BUCKET, false}},
	{ANY, 0, "InvalidBucketName", {CONTENT_UNAVAILABLE, BUCKET, false}},

	/* about the account */
	{ANY, 0, "AccountProblem", {CONTENT_UNAVAILABLE, ACCOUNT, false}},
	{ANY, 0, "AllAccessDisabled", {CONTENT_UNAVAILABLE, ACCOUNT, false}},
	{ANY, 0, "NotSignedUp", {CONTENT_UNAVAILABLE, ACCOUNT, false}},
	{ANY, 0, "KMS.*", {CONTENT_UNAVAILABLE, KMS, false}},
	{ANY, 0, "InvalidObjectState", {CONTENT_UNAVAILABLE, ARCHIVE, false}},
	{ANY, 0, "ObjectLocked", {CONTENT_UNAVAILABLE,
		"take the lock off the bucket's objects, or do not have blocks deleted",
	false}},

	/* damaged on the way, or too slow: the next one may not be */
	{ANY, 0, "BadDigest", {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 0, "XAmzContentSHA256Mismatch", {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 0, "XAmzContentChecksumMismatch", {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 0, "IncompleteBody", {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 0, "RequestTimeout", {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 0, "SlowDown*", {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 0, "OperationAborted", {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 0, "ConditionalRequestConflict", {CONTENT_UNAVAILABLE, NULL, false}},

	/* without a code that says more */
	{ANY, 301, NULL, {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 302, NULL, {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 303, NULL, {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 307, NULL, {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 308, NULL, {CONTENT_UNAVAILABLE, PLACE, false}},
	{ANY, 401, NULL, {CONTENT_UNAVAILABLE, RIGHTS, true}},
	{ANY, 403, NULL, {CONTENT_UNAVAILABLE, RIGHTS, true}},
	{ANY, 404, NULL, {CONTENT_UNAVAILABLE, BETWEEN, false}},
	{ANY, 407, NULL, {CONTENT_UNAVAILABLE, "set proxy with user and password",
	false}},
	{ANY, 413, NULL, {CONTENT_UNAVAILABLE,
		"let the proxy in front of S3 take bodies of the shares' block_size",
	false}},
	{ANY, 408, NULL, {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 409, NULL, {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 412, NULL, {CONTENT_UNAVAILABLE, NULL, false}},	/* our condition */
	{ANY, 425, NULL, {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 429, NULL, {CONTENT_UNAVAILABLE, NULL, false}},
	{ANY, 501, NULL, {CONTENT_UNAVAILABLE, BETWEEN, false}},
	{ANY, 505, NULL, {CONTENT_UNAVAILABLE, BETWEEN, false}},
	{ANY, 511, NULL, {CONTENT_UNAVAILABLE, BETWEEN, false}},
};

static const struct s3_verdict passing = {CONTENT_UNAVAILABLE, NULL, false};
static const struct s3_verdict other = {
	CONTENT_UNAVAILABLE, "see the message; is there an S3 service at the "
	"endpoint, and does it know this store's settings?", false};

static bool
code_matches(const char *pattern, const char *code)
{
	size_t		size = strlen(pattern);

	if (size > 0 && pattern[size - 1] == '*')
		return strncmp(pattern, code, size - 1) == 0;
	return strcmp(pattern, code) == 0;
}

struct s3_verdict
s3_judge(enum s3_operation operation, long status, const char *code)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if ((table[i].operations & 1 << operation) != 0 &&
			(table[i].status == 0 || table[i].status == status) &&
			(table[i].code == NULL || code_matches(table[i].code, code)))
			return table[i].verdict;
	return status >= 500 ? passing : other;
}

struct s3_verdict
s3_judge_stranger(void)
{
	return (struct s3_verdict) {CONTENT_UNAVAILABLE, BETWEEN, false};
}

struct s3_verdict
s3_judge_no_credentials(void)
{
	return (struct s3_verdict) {CONTENT_UNAVAILABLE, CREDENTIALS, false};
}

struct s3_verdict
s3_judge_transport(int problem)
{
	struct s3_verdict verdict = passing;

	switch ((CURLcode) problem)
	{
		case CURLE_PEER_FAILED_VERIFICATION:
		case CURLE_SSL_ISSUER_ERROR:
		case CURLE_SSL_INVALIDCERTSTATUS:
		case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
			verdict.remedy = "renew the certificate of the service, name its "
				"authority by ca_file, or set endpoint to a name that it has";
			break;
		case CURLE_SSL_CACERT_BADFILE:
			verdict.remedy =
				"make ca_file a readable file of certificates (PEM)";
			break;
		case CURLE_SSL_CONNECT_ERROR:
			verdict.remedy = "does the endpoint speak TLS (https or http)?";
			break;
		case CURLE_COULDNT_RESOLVE_HOST:
			verdict.remedy = "check endpoint and region, and the name server";
			break;
		case CURLE_COULDNT_RESOLVE_PROXY:
			verdict.remedy = "check proxy, and the name server";
			break;
		case CURLE_COULDNT_CONNECT:
			verdict.remedy = "check endpoint and proxy, and that the service "
				"runs and can be reached from here";
			break;
		case CURLE_UNSUPPORTED_PROTOCOL:
		case CURLE_URL_MALFORMAT:
		case CURLE_WEIRD_SERVER_REPLY:
		case CURLE_HTTP2:
			verdict.remedy = BETWEEN;
			break;
		default:
			break;
	}
	return verdict;
}

/*
 * The XML of an error.
 */

static void
copy_printable(char *to, size_t size, const char *text)
{
	size_t		n = 0;

	for (; *text != '\0' && n < size - 1; text++)
		to[n++] = isprint((unsigned char) *text) ? *text : '?';
	to[n] = '\0';
}

static void
take_error(void *argument, const char *parent, const char *name,
		   const char *text)
{
	struct s3_error *error = argument;

	if (strcmp(parent, "Error") != 0)
		return;
	if (strcmp(name, "Code") == 0)
		copy_printable(error->code, sizeof(error->code), text);
	else if (strcmp(name, "Message") == 0)
		copy_printable(error->message, sizeof(error->message), text);
	else if (strcmp(name, "Region") == 0)
		copy_printable(error->region, sizeof(error->region), text);
}

void
s3_error_read(struct s3_error *error, const char *body, size_t size)
{
	/* ErrorResponse has an Error inside: AWS's STS, and some of its likes. */
	static const char *const roots[] = {"Error", "ErrorResponse", NULL};

	memset(error, 0, sizeof(*error));
	if (size == 0 || !xml_read(body, size, roots, take_error, error))
		memset(error, 0, sizeof(*error));
}
