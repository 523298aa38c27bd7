/*
 * test_config_file.c
 *	  The configuration file: what is taken from it, what is refused and in
 *	  which words; what the environment adds; what a reload takes over.
 */
#include "unit.h"

#include "config_table.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct config config;
static char file[] = "/tmp/dittofs-test-config.XXXXXX";

static void
write_file(const char *path, const char *text)
{
	FILE	   *to = fopen(path, "w");

	assert_non_null(to);
	fputs(text, to);
	fclose(to);
}

static const char *
read_into(struct config *to, const char *text)
{
	char	   *argv[] = {"dittofs", "start", "--config", file, NULL};

	write_file(file, text);
	return config_read(to, 4, argv, 2);
}

/* The complaint, with the name of the file as F. */
static const char *
read_text(const char *text)
{
	static char shown[1024];
	const char *problem;

	config_free(&config);
	problem = read_into(&config, text);
	if (problem == NULL)
		return NULL;
	if (strncmp(problem, file, strlen(file)) == 0)
	{
		snprintf(shown, sizeof(shown), "F%s", problem + strlen(file));
		return shown;
	}
	return problem;
}

#define COMPLAINT(text, complaint) \
	do { \
		const char *problem_ = read_text(text); \
		assert_non_null(problem_); \
		assert_string_equal(problem_, complaint); \
	} while (0)

static const char whole[] =
"metadata:\n"
"  stores:\n"
"    main:\n"
"      type: postgres\n"
"      postgres:\n"
"        host: db1,db2\n"
"        port: 5433\n"
"        database: files\n"
"        user: gateway\n"
"        password: a${UNIT_PASSWORD}$${b}$c\n"
"        sslmode: require\n"
"        max_conns: 15\n"
"        min_conns: 2\n"
"        max_idle_time: 30m\n"
"        health_check_period: 1m\n"
"        auto_migrate: true\n"
"    other: { type: postgres, postgres: { host: \"${UNIT_HOST:-elsewhere}\" } }\n"
"content:\n"
"  stores:\n"
"    files: { type: filesystem, filesystem: { base_path: /var/lib/x } }\n"
"    mem: { type: memory }\n"
"shares:\n"
"  - name: /export\n"
"    metadata_store: main\n"
"    content_store: files\n"
"  - name: /scratch\n"
"    metadata_store: other\n"
"    content_store: mem\n"
"    allowed_clients: [10.0.0.0/8, \"::1\"]\n"
"adapters: { nfs: { port: 2049, listen: [127.0.0.1, \"::1\"] } }\n"
"logging:\n"
"  level: debug\n"
"limits:\n"
"  bytes: 256MiB\n";

static void
test_whole(void **state)
{
	(void) state;
	setenv("UNIT_PASSWORD", "secret", 1);
	assert_null(read_text(whole));
	assert_int_equal(config.store_count, 2);
	assert_string_equal(config.stores[0].name, "main");
	assert_string_equal(config.stores[0].host, "db1,db2");
	assert_int_equal(config.stores[0].port, 5433);
	assert_string_equal(config.stores[0].password, "asecret${b}$c");
	assert_int_equal(config.stores[0].max_conns, 15);
	assert_int_equal(config.stores[0].min_conns, 2);
	assert_int_equal(config.stores[0].max_idle_time, 30 * 60000);
	assert_true(config.stores[0].auto_migrate);
	assert_string_equal(config.stores[1].host, "elsewhere");
	assert_int_equal(config.stores[1].batch_calls, 64);
	assert_false(config.stores[1].auto_migrate);
	assert_int_equal(config.content_count, 2);
	assert_string_equal(config.content[0].store.base_path, "/var/lib/x");
	assert_int_equal(config.content[0].store.type, CONTENT_STORE_FILESYSTEM);
	assert_int_equal(config.share_count, 2);
	assert_int_equal(config.shares[0].store, 0);
	assert_string_equal(config.shares[0].content, "filesystem");
	assert_int_equal(config.shares[1].store, 1);
	assert_string_equal(config.shares[1].content, "memory");
	assert_string_equal(config.shares[1].allowed_clients, "10.0.0.0/8,::1");
	assert_int_equal(config.shares[1].anonuid, -1);
	assert_int_equal(config.port, 2049);
	assert_int_equal(config.listen_count, 2);
	assert_int_equal(config.log_level, 3);
	assert_int_equal(config.max_bytes, 256 << 20);
}

static void
test_empty(void **state)
{
	(void) state;
	assert_null(read_text(""));
	assert_int_equal(config.port, 12049);
	assert_string_equal(config.stores[0].name, "main");
	assert_null(read_text("# nothing\n"));
	assert_null(read_text("logging:\n  #level: debug\nshares:\n"));
	assert_int_equal(config.log_level, 2);
	assert_null(read_text("metadata:\n  stores:\n    only:\n"));
	assert_string_equal(config.stores[0].name, "only");
	assert_int_equal(config.stores[0].max_conns, 24);
}

static void
test_unknown_keys(void **state)
{
	(void) state;
	COMPLAINT("adapters:\n  nfs:\n    prot: 1\n",
			  "F:3: unknown key \"prot\" in adapters.nfs; the nearest valid key "
			  "is \"port\"");
	COMPLAINT("metdata:\n", "F:1: unknown key \"metdata\" in the file; the "
			  "nearest valid key is \"metadata\"");
	COMPLAINT("metadata:\n  stores:\n    a:\n      max_conns: 3\n",
			  "F:4: unknown key \"max_conns\" in metadata.stores.a; the nearest "
			  "valid key is \"metadata.stores.*.postgres.max_conns\"");
	COMPLAINT("shares:\n- name: /a\n- nmae: /b\n",
			  "F:3: unknown key \"nmae\" in shares.1; the nearest valid key is "
			  "\"name\"");
	COMPLAINT("qwertz: 1\n", "F:1: unknown key \"qwertz\" in the file");
	COMPLAINT("adapters.nfs.port: 1\n",
			  "F:1: unknown key \"adapters.nfs.port\" in the file");
}

static void
test_types(void **state)
{
	(void) state;
	COMPLAINT("adapters: { nfs: { port: [1] } }\n",
			  "F:1: adapters.nfs.port is a list, but must be a single value");
	COMPLAINT("adapters:\n  nfs: 12049\n",
			  "F:2: adapters.nfs is a single value, but must be a mapping: "
			  "lines with \"key: value\"");
	COMPLAINT("adapters:\n  nfs:\n    port: many\n",
			  "F:3: adapters.nfs.port: \"many\" is not a number");
	COMPLAINT("limits:\n  bytes: 12 parsecs\n",
			  "F:2: limits.bytes: \"12 parsecs\" is not a size (as 512K, "
			  "256MiB)");
	COMPLAINT("adapters:\n  nfs:\n    listen: {a: b}\n",
			  "F:3: adapters.nfs.listen is a mapping, but must be a list or a "
			  "single value");
	COMPLAINT("shares: /export\n",
			  "F:1: shares is a single value, but must be a list: each share "
			  "begins with \"- name: /...\"");
	COMPLAINT("- a\n", "F:1: the file is a list, but must be a mapping: lines "
			  "with \"key: value\"");
	COMPLAINT("workers: 1\nworkers: 2\n",
			  "F:2: \"workers\" is here for the second time; first on line 1");
	COMPLAINT("workers: 1\n---\nworkers: 2\n",
			  "F:3: a second document begins; one file holds one");
	COMPLAINT("metadata:\n  stores:\n    a b:\n",
			  "F:3: \"a b\" cannot be a name in metadata.stores: only letters, "
			  "digits, - and _, 63 at most");
	COMPLAINT("metadata: { stores: { a: { postgres: { sslmode: on } } } }\n",
			  "F:1: metadata.stores.a.postgres.sslmode: \"on\" is none of "
			  "disable, allow, prefer, require, verify-ca or verify-full");
	assert_non_null(strstr(read_text("a: [\n"), "this is not YAML"));
}

static void
test_together(void **state)
{
	(void) state;
	COMPLAINT("workers: 4\nmetadata:\n  stores:\n    a:\n      postgres:\n"
			  "        max_conns: 11\n",
			  "F:6: metadata.stores.a.postgres.max_conns: 11 connections are "
			  "too few for 4 workers, which need 3 each");
	COMPLAINT("shares:\n  - name: export\n",
			  "F:2: shares.0.name: \"export\" must begin with / (the path that "
			  "clients mount, as /export)");
	COMPLAINT("shares:\n  - name: /a\n  - name: /a\n",
			  "F:3: shares.1.name: /a is the name of another share in this "
			  "file");
	COMPLAINT("shares:\n  - name: /a\n    metadata_store: b\n",
			  "F:3: shares.0.metadata_store: metadata.stores has no \"b\"");
	COMPLAINT("shares:\n  - name: /a\n    content_store: b\n",
			  "F:3: shares.0.content_store: content.stores has no \"b\"; "
			  "without a store there are postgres and memory");
	COMPLAINT("metrics: { enabled: yes, port: 12049 }\n",
			  "F:1: metrics.port: 12049 is the port of NFS already");
}

static void
test_variables(void **state)
{
	(void) state;
	unsetenv("UNIT_NOTHING");
	COMPLAINT("adapters:\n  nfs:\n    port: ${UNIT_NOTHING}\n",
			  "F:3: adapters.nfs.port: the environment has no variable "
			  "UNIT_NOTHING; set it, or write ${UNIT_NOTHING:-default}");
	COMPLAINT("adapters:\n  nfs:\n    port: ${1\n",
			  "F:3: adapters.nfs.port: \"${\" must be followed by the name of a "
			  "variable and \"}\" (\"$${\" stands for \"${\" itself)");

	setenv("DITTOFS_METADATA_POSTGRES_HOST", "here", 1);
	setenv("DITTOFS_METADATA_STORES_B_POSTGRES_HOST", "there", 1);
	setenv("DITTOFS_SHARES_0_NAME", "/renamed", 1);
	setenv("DITTOFS_LOGGING_LEVEL", "error", 1);
	assert_null(read_text("metadata:\n  stores:\n"
						  "    a: { postgres: { host: x } }\n"
						  "    b: { postgres: { host: x } }\n"
						  "shares:\n  - name: /x\n"
						  "logging: { level: debug }\n"));
	assert_string_equal(config.stores[0].host, "here");
	assert_string_equal(config.stores[1].host, "there");
	assert_string_equal(config.shares[0].name, "/renamed");
	assert_int_equal(config.log_level, 0);
	setenv("DITTOFS_METADATA_STORES_A_POSTGRES_HOST", "long", 1);
	assert_null(read_text("metadata:\n  stores:\n    a:\n    b:\n"));
	assert_string_equal(config.stores[0].host, "long");
	unsetenv("DITTOFS_METADATA_STORES_A_POSTGRES_HOST");
	unsetenv("DITTOFS_METADATA_STORES_B_POSTGRES_HOST");
	unsetenv("DITTOFS_METADATA_POSTGRES_HOST");
	unsetenv("DITTOFS_SHARES_0_NAME");
	unsetenv("DITTOFS_LOGGING_LEVEL");
}

/* Every key is there, and its variable is read. */
static void
test_every_variable(void **state)
{
	struct config nothing = {0};

	(void) state;
	for (int i = 0; i < option_count; i++)
	{
		const struct option *option = &options[i];
		char		variable[OPTION_PATH_MAX];
		const char *problem;

		if (option->scope != SCOPE_PROCESS &&
			option->scope != SCOPE_METADATA_STORE)
			continue;
		if (option->type == OPTION_STORES ||
			(option_is_text(option) && option->type != OPTION_WORD))
			continue;
		option_variable(&nothing, option, -1, variable);
		setenv(variable, "nonsense", 1);
		problem = read_text("");
		unsetenv(variable);
		assert_non_null(problem);
		assert_true(strncmp(problem, variable, strlen(variable)) == 0);
	}
}

/* Environment and defaults fill in what the file leaves open. */
static void
test_content(void **state)
{
	const struct content_store_config *store = config.content_stores;

	(void) state;
	setenv("AWS_ACCESS_KEY_ID", "id", 1);
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_REGION");
	assert_null(read_text("content:\n  stores:\n    b:\n      type: s3\n"
						  "      s3: { bucket: c, secret_key: s, prefix: p }\n"
						  "      parallel: 3\n"
						  "      request_timeout: 1500ms\n"));
	assert_int_equal(config.content_store_count, 1);
	assert_string_equal(store->name, "b");
	assert_string_equal(store->endpoint,
						"https://s3.us-east-1.amazonaws.com");
	assert_string_equal(store->access_key, "id");
	assert_string_equal(store->secret_key, "s");
	assert_string_equal(store->prefix, "p/");
	assert_int_equal(store->parallel, 3);
	assert_int_equal(store->request_timeout, 1500);
	unsetenv("AWS_ACCESS_KEY_ID");
	COMPLAINT("content:\n  stores:\n    b:\n      type: filesystem\n",
			  "F: content store b: base_path must be an absolute path");
}

static void
test_secret_files(void **state)
{
	char		secret[] = "/tmp/dittofs-test-secret.XXXXXX";
	char		text[512];
	char		expected[512];

	(void) state;
	close(mkstemp(secret));
	write_file(secret, "open sesame\n");
	snprintf(text, sizeof(text), "metadata: { stores: { a: { postgres: "
			 "{ password_file: %s } } } }\n", secret);
	assert_null(read_text(text));
	assert_string_equal(config.stores[0].password, "open sesame");

	write_file(secret, "");
	snprintf(expected, sizeof(expected), "F:1: metadata.stores.a.postgres."
			 "password_file: %s is empty", secret);
	COMPLAINT(text, expected);
	unlink(secret);
	snprintf(expected, sizeof(expected), "F:1: metadata.stores.a.postgres."
			 "password_file: cannot read %s: No such file or directory", secret);
	COMPLAINT(text, expected);
	COMPLAINT("metadata:\n  stores:\n    a:\n      postgres:\n"
			  "        password: x\n        password_file: y\n",
			  "F:6: metadata.stores.a.postgres.password_file: password is given "
			  "too; which one holds?");
}

static void
test_reload(void **state)
{
	struct config fresh;

	(void) state;
	assert_null(read_text("metadata: { stores: { a: { postgres: "
						  "{ password: x, host: y } } } }\n"));
	assert_null(read_into(&fresh, "metadata: { stores: { a: { postgres: "
						  "{ password: z, host: q, call_timeout: 3s } } } }\n"
						  "limits: { clients: 7 }\n"
						  "logging: { level: error }\n"));
	config_reload(&config, &fresh);
	assert_string_equal(config.stores[0].password, "z");
	assert_string_equal(config.stores[0].host, "y");
	assert_int_equal(config.stores[0].call_timeout, 3000);
	assert_int_equal(config.max_clients, 7);
	assert_int_equal(config.log_level, 0);
}

/* What init writes is a configuration, with every comment taken away too. */
static void
test_sample(void **state)
{
	char	   *sample = NULL;
	size_t		size;
	FILE	   *to = open_memstream(&sample, &size);

	(void) state;
	config_print_sample(to);
	fclose(to);
	assert_null(read_text(sample));
	assert_int_equal(config.share_count, 1);

	/* "#key:" is a key, "# text" is not */
	for (char *at = sample; (at = strchr(at, '#')) != NULL; at++)
		if (at[1] != ' ')
			memmove(at, at + 1, strlen(at));
	assert_null(read_text(sample));
	for (int i = 0; i < option_count; i++)
		if (*options[i].initial != '\0')
			assert_true(config_is_given(&config, options[i].path, 0));
	free(sample);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_unknown_keys),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_together),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_every_variable),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_secret_files),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_sample),
	};
	int			failed;

	/* test/run-tests sets it for the gateways of other tests. */
	unsetenv("DITTOFS_WORKERS");
	close(mkstemp(file));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	config_free(&config);
	unlink(file);
	return failed;
}
