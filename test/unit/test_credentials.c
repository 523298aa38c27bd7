/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_credentials.c
 *	  Where credentials come from and how they are replaced: with the files and
 *	  services of a cloud played here, on 127.0.0.1.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config/config_content.h"
#include "content/content_backend.h"
#include "content/credentials.h"
#include "base/event.h"

/* Far beyond any load; a test that works does not wait for it. */
#define PATIENCE ((int64_t) 60 * 1000000)

/*
 * A service: it gives sets with a number, which belong together, or misbehaves.
 */

enum behaviour
{
	GOOD,
	GARBAGE,					/* 200, with half of what it should be */
	STRANGE,					/* 200, whole, with a part missing */
	BROKEN,						/* 500 */
	SILENT						/* takes the request and says nothing */
};

static atomic_int behaviour;
static atomic_int served;		/* sets */
static atomic_int asked;		/* requests */
static atomic_int lifetime = 3600;
static char request[16384];		/* the last one */
static pthread_mutex_t request_mutex = PTHREAD_MUTEX_INITIALIZER;
static int	port;

static const char *
expiration(void)
{
	static char text[64];
	time_t		when = time(NULL) + atomic_load(&lifetime);
	struct tm	tm;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000Z",
			 gmtime_r(&when, &tm));
	return text;
}

static void
make_body(char *body, size_t size)
{
	int			number = atomic_load(&served) + 1;
	bool		strange = atomic_load(&behaviour) == STRANGE;

	body[0] = '\0';
	if (strstr(request, "PUT /latest/api/token") == request)
		snprintf(body, size, "imds-session");
	else if (strstr(request,
					"GET /latest/meta-data/iam/security-credentials/ "))
		snprintf(body, size, "the-role\n");
	else if (strstr(request, "Action=AssumeRoleWithWebIdentity") != NULL)
	{
		atomic_fetch_add(&served, 1);
		snprintf(body, size, "<AssumeRoleWithWebIdentityResponse "
				 "xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">"
				 "<AssumeRoleWithWebIdentityResult><Credentials>"
				 "<AccessKeyId>key%d</AccessKeyId><SecretAccessKey>secret%d"
				 "</SecretAccessKey><SessionToken>token%d</SessionToken>%s%s%s"
				 "</Credentials></AssumeRoleWithWebIdentityResult>"
				 "</AssumeRoleWithWebIdentityResponse>", number, number, number,
				 strange ? "" : "<Expiration>", strange ? "" : expiration(),
				 strange ? "" : "</Expiration>");
	}
	else
	{
		atomic_fetch_add(&served, 1);
		snprintf(
			body, size,
			"{\"Code\": \"Success\", \"AccessKeyId\": \"key%d\", "
			"%s\"SecretAccessKey\"%s: \"secret%d\", \"Token\": \"token%d\", "
			"\"Expiration\": \"%s\"}",
			number, "", strange ? "\"x\"" : "", number, number, expiration());
	}
	if (atomic_load(&behaviour) == GARBAGE)
		body[strlen(body) / 2] = '\0';
}

/* Head and body, as far as this client sends them in one or two pieces. */
static void
read_request(int fd)
{
	size_t		have = 0;
	const char *end;
	const char *length;

	for (;;)
	{
		ssize_t		n = recv(fd, request + have, sizeof(request) - 1 - have, 0);

		if (n <= 0)
			return;
		have += (size_t) n;
		request[have] = '\0';
		end = strstr(request, "\r\n\r\n");
		length = strcasestr(request, "content-length:");
		if (end != NULL &&
			have >= (size_t) (end + 4 - request) +
			(length != NULL ? strtoul(length + 15, NULL, 10) : 0))
			return;
	}
}

static void *
serve(void *argument)
{
	int			listener = *(int *) argument;

	for (;;)
	{
		int			fd = accept(listener, NULL, NULL);
		char		body[4096] = "";
		char		answer[8192];

		pthread_mutex_lock(&request_mutex);
		request[0] = '\0';
		read_request(fd);
		atomic_fetch_add(&asked, 1);
		if (atomic_load(&behaviour) == SILENT)
		{
			char		byte;

			pthread_mutex_unlock(&request_mutex);
			while (recv(fd, &byte, 1, 0) > 0)	/* till it gives up */
				;
			close(fd);
			continue;
		}
		if (atomic_load(&behaviour) != BROKEN)
			make_body(body, sizeof(body));
		pthread_mutex_unlock(&request_mutex);
		snprintf(answer, sizeof(answer),
				 "HTTP/1.1 %d x\r\nConnection: close\r\n"
				 "Content-Length: %zu\r\n\r\n%s",
				 atomic_load(&behaviour) == BROKEN ? 500 : 200, strlen(body),
				 body);
		(void) !send(fd, answer, strlen(answer), MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

static void
start_service(void)
{
	static int	listener;
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t	size = sizeof(address);
	pthread_t	thread;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *) &address, size), 0);
	assert_int_equal(listen(listener, 64), 0);
	getsockname(listener, (struct sockaddr *) &address, &size);
	port = ntohs(address.sin_port);
	pthread_create(&thread, NULL, serve, &listener);
	pthread_detach(thread);
}

/*
 * Files and stores.
 */

static char directory[] = "/tmp/dittofs-unit.XXXXXX";

static const char *
path_of(const char *name)
{
	static char paths[8][256];
	static int	next;
	char	   *path = paths[next++ % 8];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

/* As a whole, as kubelet and AWS's tools do it. */
static void
write_file(const char *name, const char *text)
{
	char		temporary[256];
	FILE	   *file;

	snprintf(temporary, sizeof(temporary), "%s/.new", directory);
	file = fopen(temporary, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
	assert_int_equal(rename(temporary, path_of(name)), 0);
}

static void
clear_environment(void)
{
	static const char *const variables[] = {"AWS_ACCESS_KEY_ID",
		"AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE",
		"AWS_DEFAULT_PROFILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE",
		"AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_SESSION_NAME",
		"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_ENDPOINT_URL_STS",
		"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_REGION",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_ENDPOINT_URL",
		"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", "AWS_ENDPOINT_URL_S3",
	"AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_DEFAULT_REGION", "AWS_CA_BUNDLE"};

	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	setenv("HOME", directory, 1);
	atomic_store(&behaviour, GOOD);
	atomic_store(&lifetime, 3600);
}

/* A store with these settings, which stays, as its provider does. */
static const char *
make_store(struct content_store_config **store, const char *settings)
{
	char		text[1024];
	const char *problem;

	*store = calloc(1, sizeof(**store));
	snprintf(text, sizeof(text), "name=s,type=s3,bucket=bbb%s%s",
			 *settings != '\0' ? "," : "", settings);
	problem = content_store_parse(*store, text);
	if (problem == NULL)
		problem = content_store_complete(*store, NULL, NULL);
	if (problem != NULL)
	{
		content_store_free(*store);
		free(*store);
	}
	return problem;
}

static struct credentials_provider *
begin(const char *settings, enum credentials_kind kind)
{
	struct content_store_config *store;

	assert_null(make_store(&store, settings));
	assert_int_equal(store->kind, kind);
	return credentials_provider_begin(store);
}

static struct credentials *
take(struct credentials_provider *provider)
{
	char		problem[256];

	return credentials_take(provider, clock_now() + PATIENCE, NULL, problem,
							sizeof(problem));
}

static void
assert_set(struct credentials_provider *provider, const char *access_key,
		   const char *secret_key, const char *session_token)
{
	struct credentials *set = take(provider);

	assert_non_null(set);
	assert_string_equal(set->access_key, access_key);
	assert_string_equal(set->secret_key, secret_key);
	assert_string_equal(set->session_token, session_token);
	credentials_give_back(set);
}

static void
pause_briefly(void)
{
	struct timespec time = {0, 20 * 1000000};

	nanosleep(&time, NULL);
}

/*
 * Refuses each set that has another key until there is one with it.  All seen
 * on the way are whole: of one number.
 */
static void
await_key(struct credentials_provider *provider, const char *access_key)
{
	int64_t		until = clock_now() + PATIENCE;

	for (;;)
	{
		struct credentials *set = take(provider);
		bool		there;

		assert_non_null(set);
		there = strcmp(set->access_key, access_key) == 0;
		assert_string_equal(
			set->access_key + strcspn(set->access_key, "0123456789"),
			set->secret_key + strcspn(set->secret_key, "0123456789"));
		if (!there)
			credentials_refused(provider, set);
		credentials_give_back(set);
		if (there)
			return;
		assert_true(clock_now() < until);
		pause_briefly();
	}
}

/*
 * Settings and environment.
 */

static void
test_environment(void **state)
{
	struct content_store_config *store;
	struct credentials_provider *provider;

	(void) state;
	clear_environment();
	setenv("AWS_ACCESS_KEY_ID", "key1", 1);
	assert_string_equal(make_store(&store, ""),
						"content store s: no credentials: AWS_ACCESS_KEY_ID and "
						"AWS_SECRET_ACCESS_KEY must both be set");
	setenv("AWS_SECRET_ACCESS_KEY", "secret1", 1);
	provider = begin("", CREDENTIALS_ENVIRONMENT);
	assert_set(provider, "key1", "secret1", "");
	setenv("AWS_SESSION_TOKEN", "token1", 1);
	assert_set(begin("", CREDENTIALS_ENVIRONMENT), "key1", "secret1", "token1");
}

static void
test_none(void **state)
{
	struct content_store_config *store;
	const char *problem;

	(void) state;
	clear_environment();
	problem = make_store(&store, "");
	assert_non_null(problem);
	assert_non_null(strstr(problem, "no credentials"));
	assert_non_null(strstr(problem, "imds"));
	assert_non_null(make_store(&store, "credentials=nonsense"));
	assert_non_null(make_store(&store, "credentials=container"));
	assert_non_null(make_store(&store, "credentials=web_identity"));
	assert_non_null(make_store(&store, "profile=nobody"));
	assert_non_null(make_store(&store, "access_key_file=/nothing"));
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/x", 1);
	assert_non_null(make_store(&store, ""));
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1.evil/", 1);
	assert_non_null(make_store(&store, ""));
	unsetenv("AWS_CONTAINER_CREDENTIALS_FULL_URI");
	setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/x", 1);
	assert_null(make_store(&store, ""));
	assert_string_equal(store->container_uri, "http://169.254.170.2/v2/x");
	content_store_free(store);
	free(store);
}

/*
 * Files that are replaced one after the other: what is in use is never a mix.
 */
static void
test_files(void **state)
{
	struct credentials_provider *provider;
	char		settings[600];
	int64_t		until;

	(void) state;
	clear_environment();
	write_file("id", "key1\n");
	write_file("secret", "secret1\r\n");
	snprintf(settings, sizeof(settings),
			 "access_key_file=%s,secret_key_file=%s", path_of("id"),
			 path_of("secret"));
	setenv("AWS_SESSION_TOKEN", "another", 1);	/* is no part of this set */
	provider = begin(settings, CREDENTIALS_SETTINGS);
	assert_set(provider, "key1", "secret1", "");

	write_file("id", "key2");
	until = clock_now() + 2500000;
	while (clock_now() < until)
	{
		struct credentials *set = take(provider);

		assert_string_equal(set->access_key, "key1");
		credentials_refused(provider, set);
		credentials_give_back(set);
		pause_briefly();
	}
	write_file("secret", "secret2");
	await_key(provider, "key2");

	/* a file that is away, or empty: what there was stays */
	assert_int_equal(unlink(path_of("id")), 0);
	for (int i = 0; i < 20; i++)
	{
		struct credentials *set = take(provider);

		assert_string_equal(set->access_key, "key2");
		credentials_refused(provider, set);
		credentials_give_back(set);
		pause_briefly();
	}
	write_file("id", "key3");
	write_file("secret", "secret3");
	await_key(provider, "key3");
}

static void
test_profile(void **state)
{
	struct credentials_provider *provider;
	char		settings[600];

	(void) state;
	clear_environment();
	assert_int_equal(mkdir(path_of(".aws"), 0700), 0);
	write_file(".aws/credentials", "# mine\n[default]\naws_access_key_id = key1\n"
			   "aws_secret_access_key=secret1\n\n[other]\n"
			   "aws_access_key_id=key7\naws_secret_access_key=secret7\n"
			   "aws_session_token=token7==\n");
	write_file(".aws/config", "[default]\nregion = x\ns3 =\n"
			   "  aws_access_key_id = nested\n[profile third]\n"
			   "credential_process = /bin/false\n");
	provider = begin("", CREDENTIALS_PROFILE);
	assert_set(provider, "key1", "secret1", "");
	assert_set(begin("profile=other", CREDENTIALS_PROFILE), "key7", "secret7",
			   "token7==");
	setenv("AWS_PROFILE", "other", 1);
	assert_set(begin("", CREDENTIALS_PROFILE), "key7", "secret7", "token7==");
	assert_null(take(begin("profile=third", CREDENTIALS_PROFILE)));

	/* keys of the environment go before files, as with AWS's own tools */
	setenv("AWS_ACCESS_KEY_ID", "key5", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret5", 1);
	assert_set(begin("", CREDENTIALS_ENVIRONMENT), "key5", "secret5", "");
	assert_set(begin("credentials=profile", CREDENTIALS_PROFILE), "key7",
			   "secret7", "token7==");

	/* one file with all of it, replaced */
	write_file("store", "[default]\naws_access_key_id=key1\n"
			   "aws_secret_access_key=secret1\naws_session_token=t1\n");
	snprintf(settings, sizeof(settings), "credentials_file=%s",
			 path_of("store"));
	unsetenv("AWS_PROFILE");
	provider = begin(settings, CREDENTIALS_PROFILE);
	assert_set(provider, "key1", "secret1", "t1");
	write_file("store", "[default]\naws_access_key_id=key2\n");	/* half of it */
	write_file("store", "[default]\naws_access_key_id=key2\n"
			   "aws_secret_access_key=secret2\naws_session_token=t2\n");
	await_key(provider, "key2");
	assert_set(provider, "key2", "secret2", "t2");
	unlink(path_of(".aws/credentials"));
	unlink(path_of(".aws/config"));
	rmdir(path_of(".aws"));
}

/*
 * Services.
 */

static bool
was_asked(const char *text)
{
	bool		was;

	pthread_mutex_lock(&request_mutex);
	was = strstr(request, text) != NULL;
	pthread_mutex_unlock(&request_mutex);
	return was;
}

static struct credentials_provider *
begin_web_identity(int seconds)
{
	char		url[64];

	clear_environment();
	atomic_store(&lifetime, seconds);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	setenv("AWS_ENDPOINT_URL_STS", url, 1);
	setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/r", 1);
	setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path_of("jwt"), 1);
	write_file("jwt", "ey.J+/=\n");
	atomic_store(&served, 0);
	return begin("", CREDENTIALS_WEB_IDENTITY);
}

static void
test_web_identity(void **state)
{
	struct credentials_provider *provider = begin_web_identity(3600);
	struct credentials *set;

	(void) state;
	assert_set(provider, "key1", "secret1", "token1");
	assert_true(was_asked("RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr"));
	assert_true(was_asked("WebIdentityToken=ey.J%2B%2F%3D"));
	assert_true(was_asked("RoleSessionName=dittofs"));
	set = take(provider);
	assert_true(set->expires > time(NULL) + 3000);
	credentials_give_back(set);

	/* refused by the service, before its time */
	await_key(provider, "key2");
}

static void
test_container(void **state)
{
	char		url[64];

	(void) state;
	clear_environment();
	atomic_store(&served, 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/v1/credentials", port);
	setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
	setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", path_of("pod"), 1);
	write_file("pod", "pod-token\n");
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	assert_set(begin("proxy=environment", CREDENTIALS_CONTAINER), "key1",
			   "secret1", "token1");
	unsetenv("http_proxy");
	assert_true(was_asked("GET /v1/credentials "));
	assert_true(was_asked("Authorization: pod-token"));
}

static void
test_imds(void **state)
{
	char		url[64];

	(void) state;
	clear_environment();
	atomic_store(&served, 0);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
	setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
	assert_set(begin("credentials=imds", CREDENTIALS_IMDS), "key1", "secret1",
			   "token1");
	assert_true(was_asked("GET /latest/meta-data/iam/security-credentials/"
						  "the-role "));
	assert_true(was_asked("X-aws-ec2-metadata-token: imds-session"));
}

/* What a service says is believed as a whole or not at all. */
static void
test_bad_services(void **state)
{
	static const enum behaviour bad[] = {GARBAGE, STRANGE, BROKEN};
	char		problem[256];

	(void) state;
	for (int kind = 0; kind < 3; kind++)
		for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		{
			struct content_store_config *store;
			char		url[64];

			clear_environment();
			snprintf(url, sizeof(url), "http://127.0.0.1:%d/x", port);
			if (kind == 0)
				setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", url, 1);
			snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
			setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", url, 1);
			setenv("AWS_ENDPOINT_URL_STS", url, 1);
			setenv("AWS_ROLE_ARN", "r", 1);
			if (kind == 1)
				setenv("AWS_WEB_IDENTITY_TOKEN_FILE", path_of("jwt"), 1);
			write_file("jwt", "x");
			assert_null(
				make_store(&store, kind == 2 ? "credentials=imds" : ""));
			atomic_store(&behaviour, bad[i]);
			problem[0] = '\0';
			assert_null(
				credentials_load(store, NULL, problem, sizeof(problem)));
			assert_true(strlen(problem) > 10);
			content_store_free(store);
			free(store);
		}
}

/*
 * Renewal before expiry; what there is stays in use while that fails, also
 * when the service hangs, and nobody waits for it.
 */
static void
test_renewal(void **state)
{
	struct credentials_provider *provider;
	int64_t		begin_time;
	int			before;

	(void) state;
	provider = begin_web_identity(4);
	await_key(provider, "key2");

	/* of its own accord */
	before = atomic_load(&served);
	begin_time = clock_now();
	while (atomic_load(&served) == before)
	{
		assert_true(clock_now() - begin_time < PATIENCE);
		pause_briefly();
	}

	atomic_store(&behaviour, SILENT);
	before = atomic_load(&asked);
	begin_time = clock_now();
	while (atomic_load(&asked) == before)
	{
		assert_true(clock_now() - begin_time < PATIENCE);
		pause_briefly();
	}
	begin_time = clock_now();
	for (int i = 0; i < 1000; i++)
	{
		struct credentials *set = take(provider);

		assert_non_null(set);
		credentials_refused(provider, set);
		credentials_give_back(set);
	}
	assert_true(clock_now() - begin_time < 9 * 1000000);
	atomic_store(&behaviour, GOOD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment), cmocka_unit_test(test_none),
		cmocka_unit_test(test_files), cmocka_unit_test(test_profile),
		cmocka_unit_test(test_web_identity), cmocka_unit_test(test_container),
		cmocka_unit_test(test_imds), cmocka_unit_test(test_bad_services),
		cmocka_unit_test(test_renewal),
	};
	char		command[64];
	int			status;

	if (mkdtemp(directory) == NULL)
		return 1;
	content_backend_init();
	start_service();
	status = cmocka_run_group_tests_name("credentials", tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command) == 0 ? status : 1;
}
