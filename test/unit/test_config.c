/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_config.c
 *	  Settings: where they come from, and what is said of wrong ones.
 */
#include "unit.h"

#include "config/config_table.h"
#include "problems.h"

#include <unistd.h>

static struct config config;

/* Reads "start" and the arguments given, up to a NULL. */
static const char *
read_arguments(char **arguments)
{
	char	   *argv[16] = {"dittofs", "start"};
	int			argc = 2;

	while (*arguments != NULL)
		argv[argc++] = *arguments++;
	config_free(&config);
	(void) config_read(&config, argc, argv, 2);
	return problems_of(&config);
}

#define READ(...) read_arguments((char *[]) {__VA_ARGS__, NULL})

static void
test_defaults(void **state)
{
	(void) state;
	assert_null(read_arguments((char *[]) {NULL}));
	assert_int_equal(config.port, 12049);
	assert_string_equal(config.stores[0].conninfo, "");
	assert_int_equal(config.stores[0].batch_calls, 64);
	assert_int_equal(config.stores[0].call_timeout, 20000);
	assert_int_equal(config.stores[0].lock_timeout, 500);
	assert_false(config.rpcbind);
	assert_true(config.workers >= 1);
	assert_true(config.busy_poll == 0 || config.busy_poll == 300);
	assert_int_equal(config.stores[0].min_conns, 3 * config.workers);
	assert_int_equal(config.listen_list.count, 2);
}

/*
 * Content stores: from the command line, the credentials from the environment.
 */
static void
test_stores(void **state)
{
	struct content_store_config *const *store = config.content_stores;

	(void) state;
	unsetenv("AWS_ENDPOINT_URL");
	setenv("AWS_ACCESS_KEY_ID", "id", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "secret", 1);
	setenv("DITTOFS_CONTENT_STORE",
		   "name=a,type=filesystem,base_path=/a name=b,type=s3,bucket=bbb", 1);
	assert_null(read_arguments((char *[]) {NULL}));
	assert_int_equal(config.content_store_count, 2);
	assert_int_equal(store[0]->type, CONTENT_FILESYSTEM);
	assert_string_equal(store[0]->base_path, "/a");
	assert_int_equal(store[0]->parallel, 8);
	assert_int_equal(store[1]->type, CONTENT_S3);
	assert_string_equal(store[1]->access_key, "id");
	assert_string_equal(store[1]->endpoint,
						"https://s3.us-east-1.amazonaws.com");
	assert_false(store[1]->bucket_in_path);

	/* the command line replaces the environment's */
	assert_null(READ("--content-store", "name=c,type=s3,bucket=b,prefix=p/q,"
					 "endpoint=http://127.0.0.1:9000/,request_timeout=1500ms",
					 "--content-store=name=d,type=filesystem,base_path=/d",
					 "--content-cache=1M"));
	assert_int_equal(config.content_store_count, 2);
	assert_string_equal(store[0]->name, "c");
	assert_string_equal(store[0]->prefix, "p/q/");
	assert_string_equal(store[0]->endpoint, "http://127.0.0.1:9000");
	assert_true(store[0]->bucket_in_path);
	assert_int_equal(store[0]->request_timeout, 1500);
	assert_int_equal(config.content_cache, 1 << 20);
	unsetenv("DITTOFS_CONTENT_STORE");

	/* its values are read as those of the file are */
	assert_null(READ("--content-store=name=a,type=filesystem,base_path=/a,"
					 "request_timeout=1m30s,connect_timeout=20s,parallel=3"));
	assert_int_equal(store[0]->request_timeout, 90000);
	assert_int_equal(store[0]->connect_timeout, 20000);
	assert_int_equal(store[0]->parallel, 3);
	assert_string_equal(
		READ("--content-store=name=a,type=filesystem,base_path=/a,"
			 "parallel=257"),
		"--content-store: content store: parallel: \"257\" is out "
		"of range: 0 to 256");
	assert_string_equal(READ("--content-store=name=a,type=memory"),
						"content store a: no type (filesystem|s3)");
	assert_string_equal(READ("--content-store=name=a,disk=/x"),
						"--content-store: content store: there is no setting "
						"\"disk\"");
	assert_string_equal(READ("--content-store=name=a,type=tape"),
						"--content-store: content store: type: \"tape\" is "
						"none of postgres, memory, filesystem or s3");
	assert_string_equal(READ("--content-store=name=a,secret_key=x"),
						"--content-store: content store: secret_key comes from the environment "
						"(AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
						"AWS_SESSION_TOKEN) or a file, not from the command "
						"line");
	assert_string_equal(
		READ("--content-store=name=a,type=filesystem,base_path=x"),
		"content store a: base_path must be an absolute path");
	assert_string_equal(
		READ("--content-store=name=a,type=filesystem,base_path=/x",
			 "--content-store=name=a,type=filesystem,base_path=/y"),
		"content store a is given twice");
	assert_string_equal(READ("--content-store=name=a,type=s3,bucket=my?bucket"),
						"content store a: bucket: \"my?bucket\" is not the "
						"name of a bucket: it has characters other than a-z, "
						"0-9, dots and hyphens (3 to 63 of a-z, 0-9, dots and "
						"hyphens; a path in the bucket is the setting prefix)");
	assert_string_equal(
		READ("--content-store=name=a,type=s3,bucket=bbb,prefix=a?b"),
		"content store a: prefix: \"a?b\" has characters other "
		"than letters, digits and -_./");
	unsetenv("AWS_ACCESS_KEY_ID");
	assert_string_equal(READ("--content-store=name=a,type=s3,bucket=bbb"),
						"content store a: no credentials: AWS_ACCESS_KEY_ID and "
						"AWS_SECRET_ACCESS_KEY must both be set");
}

static void
test_forms(void **state)
{
	(void) state;
	assert_null(READ("--port=2049", "--max-record-size", "2M",
					 "--call-timeout=1500ms", "--idle-timeout=2h", "--rpcbind",
					 "--log-level=DEBUG", "--listen", "127.0.0.1",
					 "--listen=::1,10.0.0.1"));
	assert_int_equal(config.port, 2049);
	assert_int_equal(config.max_record_size, 2 << 20);
	assert_int_equal(config.stores[0].call_timeout, 1500);
	assert_int_equal(config.idle_timeout, 7200000);
	assert_true(config.rpcbind);
	assert_int_equal(config.log_level, 3);
	assert_int_equal(config.listen_list.count, 3);
	assert_string_equal(config.listen_list.addresses[0], "127.0.0.1");
	assert_string_equal(config.listen_list.addresses[2], "10.0.0.1");

	assert_null(READ("--idle-timeout=1h30m", "--max-bytes=256MiB",
					 "--batch-bytes=1MB", "--max-idle-time=30m"));
	assert_int_equal(config.idle_timeout, 90 * 60 * 1000);
	assert_int_equal(config.max_bytes, 256 << 20);
	assert_int_equal(config.stores[0].batch_bytes, 1000000);
	assert_int_equal(config.stores[0].max_idle_time, 30 * 60 * 1000);

	assert_null(READ("--rpcbind", "off", "--call-timeout=3", "--busy-poll=50"));
	assert_int_equal(config.busy_poll, 50);
	assert_false(config.rpcbind);
	assert_int_equal(config.stores[0].call_timeout, 3000);
}

static void
test_environment(void **state)
{
	(void) state;
	setenv("DITTOFS_ADAPTERS_NFS_PORT", "4000", 1);
	setenv("DITTOFS_METADATA_POSTGRES_MAX_CONNS", "99", 1);
	setenv("DITTOFS_WORKERS", "2", 1);
	assert_null(READ("--max-conns=9"));
	assert_int_equal(config.port, 4000);
	assert_int_equal(config.stores[0].max_conns, 9);
	assert_int_equal(config.workers, 2);

	setenv("DITTOFS_ADAPTERS_NFS_PORT", "no", 1);
	assert_string_equal(READ("--max-conns=9"),
						"DITTOFS_ADAPTERS_NFS_PORT: \"no\" is not a number");

	/* variables of test scripts mean nothing here */
	unsetenv("DITTOFS_ADAPTERS_NFS_PORT");
	setenv("DITTOFS_PORT", "no", 1);
	assert_null(READ("--max-conns=9"));
	unsetenv("DITTOFS_PORT");
	unsetenv("DITTOFS_METADATA_POSTGRES_MAX_CONNS");
	unsetenv("DITTOFS_WORKERS");
}

static void
test_proxies(void **state)
{
	(void) state;
	assert_null(READ("--proxy-protocol", "--proxy-protocol-from=10.0.0.5",
					 "--proxy-protocol-from", "10.1.0.0/16,fd00::/8"));
	assert_true(config.proxy_protocol);
	assert_int_equal(config.proxies.count, 3);
	assert_int_equal(config.proxies.list[1].bits, 16);

	/* named beforehand, they are no proxies yet */
	assert_null(READ("--proxy-protocol-from=10.0.0.5"));
	assert_false(config.proxy_protocol);

	assert_string_equal(READ("--proxy-protocol"),
						"--proxy-protocol: needs the addresses of the proxies: "
						"adapters.nfs.proxy_protocol_from "
						"(--proxy-protocol-from) names none");
	assert_string_equal(READ("--proxy-protocol-from=10.0.0.5,10.1.0.5/16"),
						"--proxy-protocol-from: \"10.1.0.5/16\" is an address "
						"and a network at once: it has bits behind those of "
						"the network");
	assert_string_equal(READ("--proxy-protocol-from=balancer"),
						"--proxy-protocol-from: \"balancer\" is not an "
						"address, or a network as 10.0.0.0/8");
}

static void
test_portmapper(void **state)
{
	(void) state;
	assert_null(READ("--port=12049"));
	assert_false(config.portmapper);
	assert_false(config.by_udp);
	assert_int_equal(config.portmapper_port, 111);
	assert_int_equal(config.advertise_port, 0);
	assert_null(READ("--portmapper", "--advertise-port=2049"));
	assert_true(config.portmapper);
	assert_true(config.by_udp);
	assert_int_equal(config.advertise_port, 2049);
	assert_null(READ("--rpcbind"));
	assert_true(config.by_udp);
	assert_null(READ("--rpcbind", "--udp=off"));
	assert_false(config.by_udp);
	assert_null(READ("--udp=on"));
	assert_true(config.by_udp);

	assert_string_equal(READ("--udp=maybe"),
						"--udp: \"maybe\" is none of auto, on or off");
	assert_string_equal(READ("--portmapper", "--rpcbind"),
						"--portmapper: rpcbind is such a portmapper: only one of "
						"the two can be on");
	assert_string_equal(READ("--portmapper", "--portmapper-port=12049"),
						"--portmapper-port: 12049 is the port of NFS already");
	assert_string_equal(READ("--portmapper", "--portmapper-port=9090",
							 "--metrics", "--metrics-port=9090"),
						"--metrics-port: 9090 is the port of the portmapper "
						"already");
}

static void
test_complaints(void **state)
{
	(void) state;
	assert_string_equal(READ("--prot=1"),
						"unknown option \"--prot\"; did you mean --port?");
	assert_string_equal(READ("port=1"), "unexpected argument \"port=1\"");
	assert_string_equal(READ("--port"), "--port needs a value");
	assert_string_equal(READ("--port=0"),
						"--port: \"0\" is out of range: 1 to 65535");
	assert_string_equal(READ("--port=99999999999999999999"),
						"--port: \"99999999999999999999\" is not a number");
	assert_string_equal(READ("--max-bytes=9223372036854775807K"),
						"--max-bytes: \"9223372036854775807K\" is not a size "
						"(as 512K, 256MiB)");
	assert_string_equal(READ("--call-timeout=5d"),
						"--call-timeout: \"5d\" is not a time (as 500ms, 20s, "
						"30m)");
	assert_string_equal(READ("--rpcbind=maybe"),
						"--rpcbind: \"maybe\" is neither on nor off");
	assert_string_equal(READ("--log-level=loud"),
						"--log-level: \"loud\" is none of error, warning, info "
						"or debug");
	assert_string_equal(READ("--listen=,"), "--listen: no address");
	assert_string_equal(READ("--max-bytes=1M"),
						"--max-bytes: 1048576 is less than two records of "
						"--max-record-size, 1114112");
	assert_string_equal(READ("--workers=4", "--max-conns=11"),
						"--max-conns: 11 connections are too few for 4 workers, "
						"which need 3 each");
	assert_string_equal(READ("--cofnig", "x.yaml", "--port", "--listen=,",
							 "stray", "--rpcbind=maybe"),
						"unknown option \"--cofnig\"; did you mean --config?\n"
						"--port needs a value\n"
						"unexpected argument \"stray\"\n"
						"--rpcbind: \"maybe\" is neither on nor off\n"
						"--listen: no address");
	assert_string_equal(READ("-port", "2049", "-c", "--share=/x", "a.yaml",
							 "--listen=localhost:2049,[::1]:1,::1",
							 "--config="),
						"unknown option \"-port\"; did you mean --port?\n"
						"unknown option \"-c\"; options begin with --\n"
						"--share is an option of dittofs verify, not of dittofs "
						"start\n"
						"unexpected argument \"a.yaml\"; did you mean --config "
						"a.yaml?\n"
						"--config needs a value\n"
						"--listen: \"localhost:2049\" has a port in it: that is the "
						"key port beside it\n"
						"--listen: \"[::1]:1\" has a port in it: that is the key "
						"port beside it");
	assert_string_equal(READ("--min-conns=30", "--max-conns=12"),
						"--min-conns: 30 is more than --max-conns, 12");
}

/* A processor count that is nobody's choice gives way to --max-conns. */
static void
test_few_connections(void **state)
{
	(void) state;
	assert_null(READ("--max-conns=3"));
	assert_int_equal(config.workers, 1);
}

static void
test_secret(void **state)
{
	char		option[] = "--conninfo=host=/tmp password=secret";
	char	   *argv[] = {"dittofs", "start", option, NULL};

	(void) state;
	config_free(&config);
	assert_true(config_read(&config, 3, argv, 2));
	assert_string_equal(config.stores[0].conninfo, "host=/tmp password=secret");
	assert_null(strstr(option, "secret"));
	config_free(&config);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_stores),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_proxies),
		cmocka_unit_test(test_portmapper),
		cmocka_unit_test(test_complaints),
		cmocka_unit_test(test_few_connections),
		cmocka_unit_test(test_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
