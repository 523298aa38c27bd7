/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_config_file.c
 *	  The configuration file: what is taken from it, what is refused and in
 *	  which words; what the environment adds; what a reload takes over.
 */
#include "unit.h"

#include "config/config_table.h"
#include "problems.h"

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

static bool
read_into(struct config *to, const char *text)
{
	char	   *argv[] = {"dittofs", "start", "--config", file, NULL};

	write_file(file, text);
	return config_read(to, 4, argv, 2);
}

/* All complaints, a line each, with the name of the file as F. */
static const char *
read_text(const char *text)
{
	static char shown[CONFIG_PROBLEMS_MAX * 1024];
	const char *problems;
	const char *found;
	size_t		used = 0;

	config_free(&config);
	if (read_into(&config, text))
		return NULL;
	problems = problems_of(&config);
	while ((found = strstr(problems, file)) != NULL)
	{
		used += (size_t) snprintf(shown + used, sizeof(shown) - used, "%.*sF",
								  (int) (found - problems), problems);
		problems = found + strlen(file);
	}
	snprintf(shown + used, sizeof(shown) - used, "%s", problems);
	return shown;
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
	assert_string_equal(config.content[0].base_path, "/var/lib/x");
	assert_int_equal(config.content[0].type, CONTENT_FILESYSTEM);
	assert_int_equal(config.share_count, 2);
	assert_int_equal(config.shares[0].store, 0);
	assert_int_equal(config.shares[0].content, CONTENT_FILESYSTEM);
	assert_int_equal(config.shares[1].store, 1);
	assert_int_equal(config.shares[1].content, CONTENT_MEMORY);
	assert_string_equal(config.shares[1].allowed_clients, "10.0.0.0/8,::1");
	assert_int_equal(config.shares[1].anonuid, -1);
	assert_int_equal(config.port, 2049);
	assert_int_equal(config.listen_list.count, 2);
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

/*
 * All that is wrong is found, and nothing that is wrong only because something
 * else is: what refers to a store whose name or section is misspelled, a bound
 * that a misspelled value would have kept.
 */
static void
test_all(void **state)
{
	char		many[4096] = "";

	(void) state;
	unsetenv("UNIT_NOTHING");
	COMPLAINT("metdata:\n  stores:\n    a b: { type: mysql }\n    c:\n"
			  "      postgres:\n        max_cons: 1000\n"
			  "        min_conns: 900\n"
			  "shares:\n  - nmae: /x\n    metadata_store: a b\n"
			  "  - metadata_store: d\n    content_store: e\n    root_mode: x\n"
			  "  - /y\n"
			  "content:\n  stores:\n    s:\n      type: s3\n      s3:\n"
			  "        region: EU\n        endpoint: ftp://x\n"
			  "        access_key: a\n        prefix: \"?\"\n    f:\n"
			  "adapters: { nfs: { port: 12050, listen: [{}, \"${UNIT_NOTHING}\"] } }\n"
			  "limits:\n  bytes: 1 parsec\n  record_size: 48M\n"
			  "metrics: { enabled: on, port: x }\n",

			  "F:1: unknown key \"metdata\" in the file; the nearest valid key "
			  "is \"metadata\"\n"
			  "F:3: \"a b\" cannot be a name in metdata.stores: only letters, "
			  "digits, - and _, 63 at most\n"
			  "F:3: metdata.stores.a b.type: \"mysql\" is wrong: it must be "
			  "postgres\n"
			  "F:6: unknown key \"max_cons\" in metdata.stores.c.postgres; the "
			  "nearest valid key is \"max_conns\"\n"
			  "F:9: unknown key \"nmae\" in shares.0; the nearest valid key is "
			  "\"name\"\n"
			  "F:14: shares.2 is a single value, but must be a mapping: lines "
			  "with \"key: value\"\n"
			  "F:25: adapters.nfs.listen: an item of this list is a mapping, but "
			  "must be a single value\n"
			  "F:25: adapters.nfs.listen: the environment has no variable "
			  "UNIT_NOTHING; set it, or write ${UNIT_NOTHING:-default}\n"
			  "F:27: limits.bytes: \"1 parsec\" is not a size (as 512K, "
			  "256MiB)\n"
			  "F:29: metrics.port: \"x\" is not a number\n"
			  "F:17: content store s: no bucket\n"
			  "F:20: content store s: region: \"EU\" has characters other than "
			  "a-z, 0-9 and - (as eu-central-1)\n"
			  "F:21: content store s: endpoint: \"ftp://x\" begins neither with "
			  "https:// nor with http://\n"
			  "F:22: content store s: access_key is given and secret_key is not: "
			  "they must be from one place\n"
			  "F:23: content store s: prefix: \"?\" has characters other than "
			  "letters, digits and -_./\n"
			  "F:24: content store f: base_path must be an absolute path\n"
			  "F:11: shares.1.name: the share has no name (the path that clients "
			  "mount, as /export)\n"
			  "F:11: shares.1.metadata_store: metadata.stores has no \"d\"\n"
			  "F:12: shares.1.content_store: content.stores has no \"e\"; "
			  "without a store there are postgres and memory\n"
			  "F:13: shares.1.root_mode: \"x\" is not an octal mode, as 0755");

	/* Where stores cannot be read, nothing is known of what refers to them. */
	COMPLAINT("metadata:\n  stores: [main]\n"
			  "shares:\n  - { name: /x, metadata_store: main, content_store: y }\n"
			  "content: { stores: { a: x, b: { filesystem: [/x] } } }\n",
			  "F:2: metadata.stores is a list, but must be a mapping: names, each "
			  "with a colon and its keys below it\n"
			  "F:5: content.stores.a is a single value, but must be a mapping: "
			  "lines with \"key: value\"\n"
			  "F:5: content.stores.b.filesystem is a list, but must be a mapping: "
			  "lines with \"key: value\"\n"
			  "F:4: shares.0.content_store: content.stores has no \"y\"; without a "
			  "store there are postgres and memory");
	COMPLAINT("shares:\n  - { name: /x, content_store: y }\ncontent: none\n",
			  "F:3: content is a single value, but must be a mapping: lines with "
			  "\"key: value\"");

	/* What is before the line that is no YAML is read. */
	COMPLAINT("workers: many\nlogging:\n\tlevel: info\nworkers: [\n",
			  "F:3: this is not YAML: found character that cannot start any "
			  "token while scanning for the next token; indent with spaces, "
			  "not with tabs\n"
			  "F:1: workers: \"many\" is not a number");
	COMPLAINT("workers: many\n---\n a: [\n",
			  "F:1: workers: \"many\" is not a number\n"
			  "F:4: this is not YAML: did not find expected node content while "
			  "parsing a flow node");

	for (int i = 0; i < CONFIG_PROBLEMS_MAX + 7; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many),
				 "qwertz%d: 1\n", i);
	assert_non_null(strstr(read_text(many), "\"qwertz49\" in the file\n"
						   "and 7 more"));
	assert_int_equal(config.problems.count, CONFIG_PROBLEMS_MAX + 7);
}

/* What a database would refuse only when the share is made. */
static void
test_shares(void **state)
{
	(void) state;
	assert_null(read_text("shares:\n  - name: /\n"
						  "    allowed_clients: [10.0.0.1/8, \"::1\", fd00::/8]\n"
						  "    block_size: 256K\n    compression: lz4\n"));
	COMPLAINT("shares:\n  - name: /a/\n"
			  "    allowed_clients: [10.0.0.0/33, host, 10.0.0.0/x, \"::/129\"]\n"
			  "    denied_clients: 10.0.0\n"
			  "    block_size: 100K\n    compression: gzip\n"
			  "  - name: /a//b\n  - name: /a/../b\n  - name: /a/.\n",
			  "F:6: shares.0.compression: \"gzip\" is wrong: it must be none or lz4\n"
			  "F:2: shares.0.name: \"/a/\" is not a path in its shortest form: no "
			  "/ at its end, no //, . or .. in it\n"
			  "F:3: shares.0.allowed_clients: \"10.0.0.0/33\" has more than 32 "
			  "bits behind its /, or no number\n"
			  "F:3: shares.0.allowed_clients: \"host\" is neither an address nor a "
			  "network, as 10.0.0.0/8 or fd00::/8 (no host names)\n"
			  "F:3: shares.0.allowed_clients: \"10.0.0.0/x\" has more than 32 "
			  "bits behind its /, or no number\n"
			  "F:3: shares.0.allowed_clients: \"::/129\" has more than 128 bits "
			  "behind its /, or no number\n"
			  "F:4: shares.0.denied_clients: \"10.0.0\" is neither an address nor "
			  "a network, as 10.0.0.0/8 or fd00::/8 (no host names)\n"
			  "F:5: shares.0.block_size: 102400 is no power of two from 128K to "
			  "4M\n"
			  "F:7: shares.1.name: \"/a//b\" is not a path in its shortest form: "
			  "no / at its end, no //, . or .. in it\n"
			  "F:8: shares.2.name: \"/a/../b\" is not a path in its shortest "
			  "form: no / at its end, no //, . or .. in it\n"
			  "F:9: shares.3.name: \"/a/.\" is not a path in its shortest form: "
			  "no / at its end, no //, . or .. in it");
}

/* What newcomers write who know other programs. */
static void
test_newcomers(void **state)
{
	(void) state;
	COMPLAINT("metadata: { stores: { a: { postgres: { host: \"db:5433,::1\" } } } }\n",
			  "F:1: metadata.stores.a.postgres.host: \"db:5433\" has a port in it: "
			  "that is the key port beside it, or, where the hosts have several, "
			  "conninfo");
	COMPLAINT("metadata:\n  stores:\n  - name: main\n",
			  "F:3: metadata.stores is a list, but must be a mapping: names, each "
			  "with a colon and its keys below it");
	COMPLAINT("metadata:\n  stores:\n    a: &a { type: postgres }\n"
			  "    b:\n      <<: *a\n",
			  "F:5: unknown key \"<<\" in metadata.stores.b; there is no merging "
			  "here: write its keys out");
	COMPLAINT("content:\n  stores:\n    f:\n      base_path: /x\n",
			  "F:4: unknown key \"base_path\" in content.stores.f; the nearest "
			  "valid key is \"content.stores.*.filesystem.base_path\"");
	COMPLAINT("logging: { level: ${UNIT_NOTHING} }\n",
			  "F:1: this is not YAML: did not find expected ',' or '}' while "
			  "parsing a flow mapping; within { } and [ ], ${VARIABLE} must be in "
			  "quotes");
	COMPLAINT("adapters:\n  nfs:\n    listen: db: 5\n",
			  "F:3: this is not YAML: mapping values are not allowed in this "
			  "context; a value with \": \" in it must be in quotes, and keys of "
			  "one section must be indented alike");
}

/* What environment and file are wrong about is told at once, too. */
static void
test_all_sources(void **state)
{
	(void) state;
	setenv("DITTOFS_LOGGING_LEVEL", "loud", 1);
	setenv("DITTOFS_METADATA_POSTGRES_PORT", "x", 1);
	COMPLAINT("workers: x\n",
			  "F:1: workers: \"x\" is not a number\n"
			  "DITTOFS_METADATA_POSTGRES_PORT: \"x\" is not a number\n"
			  "DITTOFS_LOGGING_LEVEL: \"loud\" is none of error, warning, info "
			  "or debug");
	unsetenv("DITTOFS_LOGGING_LEVEL");
	unsetenv("DITTOFS_METADATA_POSTGRES_PORT");
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
	const struct content_store_config *store;

	(void) state;
	setenv("AWS_ACCESS_KEY_ID", "id", 1);
	unsetenv("AWS_ENDPOINT_URL");
	unsetenv("AWS_REGION");
	assert_null(read_text("content:\n  stores:\n    b:\n      type: s3\n"
						  "      s3: { bucket: ccc, access_key: i, secret_key: s, prefix: p }\n"
						  "      parallel: 3\n"
						  "      request_timeout: 1500ms\n"));
	assert_int_equal(config.content_store_count, 1);
	store = config.content_stores[0];
	assert_string_equal(store->name, "b");
	assert_string_equal(store->endpoint,
						"https://s3.us-east-1.amazonaws.com");
	assert_string_equal(store->access_key, "i");
	assert_string_equal(store->secret_key, "s");
	assert_string_equal(store->prefix, "p/");
	assert_int_equal(store->parallel, 3);
	assert_int_equal(store->request_timeout, 1500);
	unsetenv("AWS_ACCESS_KEY_ID");
	COMPLAINT("content:\n  stores:\n    b:\n      type: s3\n"
			  "      s3: { bucket: ccc, secret_key: s }\n",
			  "F:5: content store b: secret_key is given and access_key is not: "
			  "they must be from one place");
	COMPLAINT("content:\n  stores:\n    b:\n      type: filesystem\n",
			  "F:3: content store b: base_path must be an absolute path");
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
	assert_true(read_into(&fresh, "metadata: { stores: { a: { postgres: "
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

/* A store is one struct, so its secrets are replaced at once for all. */
static void
test_reload_store(void **state)
{
	static const char format[] =
		"content: { stores: { b: { type: s3, s3: { bucket: ccc, "
		"access_key: %s, secret_key: s%s } } } }\n";
	char		text[256];
	struct config fresh;

	(void) state;
	snprintf(text, sizeof(text), format, "old", "");
	assert_null(read_text(text));
	assert_ptr_equal(config.content_stores[0], &config.content[0]);
	snprintf(text, sizeof(text), format, "new", ", session_token: t");
	assert_true(read_into(&fresh, text));
	config_reload(&config, &fresh);
	assert_string_equal(config.content_stores[0]->access_key, "new");
	assert_string_equal(config.content_stores[0]->secret_key, "s");
	assert_string_equal(config.content_stores[0]->session_token, "t");
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
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_all_sources),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_newcomers),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_every_variable),
		cmocka_unit_test(test_content),
		cmocka_unit_test(test_secret_files),
		cmocka_unit_test(test_reload),
		cmocka_unit_test(test_reload_store),
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
