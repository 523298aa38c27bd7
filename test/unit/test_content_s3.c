/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_content_s3.c
 *	  S3 without a service: what answers mean, which settings are refused.
 */
#include "unit.h"

#include <curl/curl.h>

#include "config/config_content.h"
#include "content/content_s3_answers.h"
#include "content/content_s3_settings.h"
#include "content/xml.h"

/*
 * Answers.
 */

/* Only these are final, and each only for what it can be about. */
static void
test_final(void **state)
{
	(void) state;
	assert_int_equal(s3_judge(S3_GET, 404, "NoSuchKey").outcome,
					 CONTENT_MISSING);
	assert_int_equal(s3_judge(S3_DELETE, 404, "NoSuchKey").outcome, CONTENT_OK);
	assert_int_equal(s3_judge(S3_GET, 416, "InvalidRange").outcome,
					 CONTENT_CORRUPT);
	assert_int_equal(s3_judge(S3_PUT, 507, "").outcome, CONTENT_FULL);
	assert_int_equal(s3_judge(S3_PUT, 403, "QuotaExceeded").outcome,
					 CONTENT_FULL);
	assert_int_equal(s3_judge(S3_PUT, 404, "NoSuchKey").outcome,
					 CONTENT_UNAVAILABLE);
	assert_int_equal(s3_judge(S3_LIST, 404, "NoSuchKey").outcome,
					 CONTENT_UNAVAILABLE);
	assert_int_equal(s3_judge(S3_GET, 507, "").outcome, CONTENT_UNAVAILABLE);
	assert_int_equal(s3_judge(S3_GET, 403, "NoSuchKey").outcome,
					 CONTENT_UNAVAILABLE);
}

/* All other statuses, known or not, with any code: away. */
static void
test_away(void **state)
{
	static const char *const codes[] = {"", "AccessDenied", "ExpiredToken",
		"RequestTimeTooSkewed", "PermanentRedirect", "NoSuchBucket", "NoSuchTag",
		"SlowDown", "Strange", "NoSuchKey ", "nosuchkey"};

	(void) state;
	for (int operation = 0; operation < S3_OPERATIONS; operation++)
		for (long status = 100; status < 700; status++)
			for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
			{
				struct s3_verdict verdict = s3_judge(operation, status,
													 codes[i]);

				if ((status == 416 && operation == S3_GET) ||
					(status == 507 && operation == S3_PUT))
					continue;
				assert_int_equal(verdict.outcome, CONTENT_UNAVAILABLE);
				if (status < 500 && status != 408 && status != 409 &&
					status != 412 && status != 425 && status != 429 &&
					strcmp(codes[i], "SlowDown") != 0)
					assert_non_null(verdict.remedy);
			}
	for (int problem = 1; problem < CURL_LAST; problem++)
		assert_int_equal(s3_judge_transport(problem).outcome,
						 CONTENT_UNAVAILABLE);
	assert_non_null(s3_judge_transport(CURLE_PEER_FAILED_VERIFICATION).remedy);
	assert_null(s3_judge_transport(CURLE_OPERATION_TIMEDOUT).remedy);
}

/* Who we are is looked for again after these, and not after others. */
static void
test_refused(void **state)
{
	(void) state;
	assert_true(s3_judge(S3_GET, 400, "ExpiredToken").refused);
	assert_true(s3_judge(S3_PUT, 403, "InvalidAccessKeyId").refused);
	assert_true(s3_judge(S3_PUT, 403, "SignatureDoesNotMatch").refused);
	assert_true(s3_judge(S3_GET, 403, "").refused);
	assert_true(s3_judge(S3_GET, 401, "").refused);
	assert_false(s3_judge(S3_GET, 403, "RequestTimeTooSkewed").refused);
	assert_false(s3_judge(S3_GET, 404, "NoSuchBucket").refused);
	assert_false(s3_judge(S3_GET, 503, "").refused);
}

static const char *
code_of(const char *body)
{
	static struct s3_error error;

	s3_error_read(&error, body, strlen(body));
	return error.code;
}

static void
test_error_xml(void **state)
{
	struct s3_error error;
	static const char redirect[] =
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<Error><Code>AuthorizationHeaderMalformed</Code><Message>the region "
		"'us-east-1' is wrong; expecting 'eu-west-1'\n</Message>"
		"<Region>eu-west-1</Region><RequestId>1</RequestId></Error>";

	(void) state;
	s3_error_read(&error, redirect, strlen(redirect));
	assert_string_equal(error.code, "AuthorizationHeaderMalformed");
	assert_string_equal(error.region, "eu-west-1");
	assert_string_equal(error.message, "the region 'us-east-1' is wrong; "
						"expecting 'eu-west-1'?");
	assert_string_equal(code_of("<Error xmlns=\"http://s3.amazonaws.com/doc/"
								"2006-03-01/\">\n <Code>NoSuchKey</Code></Error>"),
						"NoSuchKey");
	assert_string_equal(code_of(""), "");
	assert_string_equal(code_of("<Error><Code>NoSuchKey</Code>"), "");
	assert_string_equal(code_of("<html><Code>NoSuchKey</Code></html>"), "");
	assert_string_equal(code_of("<Error><X><Code>NoSuchKey</Code></X></Error>"),
						"");
	assert_string_equal(
		code_of("<Error><!-- <Code>NoSuchKey</Code> --></Error>"), "");
	assert_string_equal(code_of("<Error><Code>NoSuchKey</Code></Error>tail"),
						"");
	assert_string_equal(code_of("{\"Code\": \"NoSuchKey\"}"), "");

	/* no entities of theirs, no depth */
	assert_string_equal(code_of("<!DOCTYPE Error [<!ENTITY a \"NoSuchKey\">]>"
								"<Error><Code>&a;</Code></Error>"), "");
	assert_string_equal(code_of("<Error><a><a><a><a><a><a><a><a><a><a><a><a>"
								"<a><a><a><a><a></a></a></a></a></a></a></a>"
								"</a></a></a></a></a></a></a></a></a></a>"
								"<Code>NoSuchKey</Code></Error>"), "");
}

/*
 * Settings.
 */

static void
test_bucket_names(void **state)
{
	static const char *const good[] = {"abc", "my-bucket", "my.bucket", "1a2",
		"a.b.c", "0123456789", "x--y",
	"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz0"};
	static const char *const bad[] = {"", "ab", "My-Bucket", "my_bucket",
		"my?bucket", "buck#et", "b%41", "a/b", "a b", "-ab", "ab-", ".ab", "ab.",
		"a..b", "a.-b", "a-.b", "192.168.5.4", "xn--abc", "bück", "a\nb", "a@b",
	"abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz01"};

	(void) state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_null(content_bucket_problem(good[i], true));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(content_bucket_problem(bad[i], true));

	/* Other services have short names, but none that need escaping either. */
	assert_null(content_bucket_problem("b", false));
	assert_non_null(content_bucket_problem("my?bucket", false));
}

/* Fills the store from text; NULL, or the complaint. */
static const char *
complete(struct content_store_config *store, const char *text)
{
	const char *problem;

	content_store_free(store);
	problem = content_store_parse(store, text);
	return problem != NULL ? problem :
							 content_store_complete(store, NULL, NULL);
}

static void
test_places(void **state)
{
	static const char *const bad[] = {
		"endpoint=ftp://host", "endpoint=host:9000", "endpoint=http://",
		"endpoint=http://host/bucket", "endpoint=http://host:0",
		"endpoint=http://host:port", "endpoint=http://host:99999",
		"endpoint=http://ho st", "endpoint=http://user:secret@host",
		"endpoint=http://host?x", "endpoint=http://[::1", "endpoint=http://:80",
		"region=eu/west", "region=EU", "proxy=proxy:3128",
	"bucket=my.bucket,path_style=off",
	"endpoint=http://10.0.0.1:9000,path_style=off",
	"endpoint=http://[::1]:9000,path_style=off"};
	static const char *const good[] = {
		"endpoint=http://host", "endpoint=http://host:9000/",
		"endpoint=http://[::1]:9000", "endpoint=https://a.b-c.d",
	"proxy=http://proxy:3128", "proxy=environment", "proxy=none"};
	struct content_store_config store = {0};
	char		text[256];

	(void) state;
	setenv("AWS_ACCESS_KEY_ID", "id", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
	unsetenv("AWS_REGION");
	unsetenv("AWS_DEFAULT_REGION");
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_ENDPOINT_URL_S3");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		snprintf(text, sizeof(text), "name=a,type=s3,bucket=bbb,%s", bad[i]);
		assert_non_null(complete(&store, text));
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
	{
		snprintf(text, sizeof(text), "name=a,type=s3,bucket=bbb,%s", good[i]);
		assert_null(complete(&store, text));
	}

	/* Where the bucket's name goes */
	assert_null(complete(&store, "name=a,type=s3,bucket=my-bucket"));
	assert_false(store.bucket_in_path);
	assert_string_equal(store.endpoint, "https://s3.us-east-1.amazonaws.com");
	assert_null(complete(&store, "name=a,type=s3,bucket=my.bucket"));
	assert_true(store.bucket_in_path);
	assert_null(complete(&store, "name=a,type=s3,bucket=b,endpoint=http://h"));
	assert_true(store.bucket_in_path);
	assert_null(complete(&store, "name=a,type=s3,bucket=b,endpoint=http://h,"
						 "path_style=off"));
	assert_false(store.bucket_in_path);
	assert_null(
		complete(&store, "name=a,type=s3,bucket=bbb,region=cn-north-1"));
	assert_string_equal(store.endpoint,
						"https://s3.cn-north-1.amazonaws.com.cn");
	content_store_free(&store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_final), cmocka_unit_test(test_away),
		cmocka_unit_test(test_refused), cmocka_unit_test(test_error_xml),
		cmocka_unit_test(test_bucket_names), cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests_name("S3", tests, NULL, NULL);
}
