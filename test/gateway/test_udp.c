/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_udp.c
 *	  Calls by UDP: what is served, by whose rules, what a flood of them does,
 *	  and from where the replies come.
 */
#include "lib.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLOOD 20000

/* Room for what a worker may have, and no more. */
#define GROWTH_MAX (48 * 1024)	/* KiB */

static struct client *u;
static struct client *c;

static void
restart(const char *environment, const char *options)
{
	char		command[512];

	snprintf(command, sizeof(command),
			 "gateway_stop 1; %s DITTOFS_GATEWAY_OPTS=\"%s\" gateway_start 1",
			 environment, options);
	run_shell(command);
}

static void
is_refused(uint32_t program, uint32_t version, uint32_t procedure,
		   uint32_t why, const char *what)
{
	struct reply r;

	begin(u, program, version, procedure);
	r = exchange(u);
	is(r.outcome, REFUSED, "%s is refused by UDP", what);
	is(r.why, why, "for the right reason");
}

static void
test_served(void)
{
	struct result by_udp = mount_path(u, S("/export"));
	struct result by_tcp = mount_path(c, S("/export"));

	is_status(by_udp.status, MNT3_OK, "MNT by UDP");
	ok(same_handle(&by_udp.handle, &by_tcp.handle),
	   "the handle is that by TCP");
	is_status(mount_path(u, S("/nowhere")).status, MNT3ERR_NOENT,
			  "MNT of what is not there");
	is_refused(NFS_PROGRAM, NFS_V3, NFS3_NULL, PROG_UNAVAIL, "NFS");
	is_refused(100000, 2, 0, PROG_UNAVAIL, "the portmapper at the port of NFS");
	is_refused(MOUNT_PROGRAM, MOUNT_V3, MOUNT3_DUMP, PROC_UNAVAIL, "DUMP");
	is_refused(MOUNT_PROGRAM, MOUNT_V3, MOUNT3_EXPORT, PROC_UNAVAIL, "EXPORT");
	is_refused(MOUNT_PROGRAM, 2, 0, PROG_MISMATCH, "version 2 of MOUNT");
}

static void
is_dropped(const void *data, size_t size, const char *what)
{
	send_bytes(u, data, size);
	ok(is_quiet(u, 200), "%s is not answered", what);
}

static void
test_bytes(void)
{
	static uint32_t words[15000];
	struct reply r;

	is_dropped("", 0, "an empty datagram");
	is_dropped("x", 1, "a byte");
	words[1] = htonl(CALL);
	words[2] = htonl(7);
	is_dropped(words, 36, "what is shorter than a call");
	is_dropped(words, sizeof(words), "what is longer than a call");
	words[1] = htonl(REPLY);
	is_dropped(words, 40, "a reply");
	words[1] = htonl(2);
	is_dropped(words, 400, "what is neither call nor reply");

	begin(u, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_MNT);
	put(u, 0x7fffffff);
	r = exchange(u);
	ok(r.outcome == REFUSED && r.why == GARBAGE_ARGS,
	   "a path that is longer than the datagram");
	begin(u, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_MNT);
	u->call_size = 4 + 40;
	r = exchange(u);
	ok(r.outcome == REJECTED, "half a credential");
	for (int i = 0; i < 2000; i++)
	{
		for (int j = 0; j < 30; j++)
			words[j] = arc4random();
		words[1] = htonl(CALL);
		words[2] = htonl(2);
		words[3] = htonl(MOUNT_PROGRAM);
		words[4] = htonl(MOUNT_V3);
		words[5] = htonl(arc4random() % 8);
		send_bytes(u, words, 40 + 4 * (arc4random() % 20));
	}
	disconnect(u);
	u = connect_udp(0, NULL, 0);
	is_status(mount_path(u, S("/export")).status, MNT3_OK,
			  "MNT, after much that was none");
}

/* The same datagram again, while the first one waits for a lock. */
static void
test_repeated(void)
{
	struct reply r;

	(void) sql("BEGIN; LOCK TABLE dittofs.mounts IN ACCESS EXCLUSIVE MODE");
	begin(u, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_MNT);
	put_opaque(u, S("/export"));
	send_call(u);
	await_sql(GATEWAY_WAITS_FOR_LOCK);
	for (int i = 0; i < 3; i++)
		send_call(u);
	ok(is_quiet(u, 300), "nothing is answered before it is done");
	(void) sql("COMMIT");
	r = receive(u);
	ok(r.outcome == DONE && r.xid == u->xid, "then the call is answered");
	ok(is_quiet(u, 300), "and those that repeat it are not");
	send_call(u);
	r = receive(u);
	ok(r.outcome == DONE && r.xid == u->xid,
	   "asked again later, it is answered again");
}

static void
test_rules(void)
{
	const char *allowed = own_address(3);
	struct client *one = connect_udp(0, allowed, 0);
	struct client *other = connect_udp(0, own_address(4), 0);

	(void) sql("SELECT dittofs.create_share('/udp', squash => 'none', "
			   "allowed_clients => '{%s}')", allowed);
	is_status(mount_path(one, S("/udp")).status, MNT3_OK,
			  "a share is for those that may have it");
	is_status(mount_path(other, S("/udp")).status, MNT3ERR_ACCES,
			  "and for no others");
	disconnect(one);
	disconnect(other);
}

static long
gateway_memory(void)
{
	const char *log = getenv("DITTOFS_LOG");
	char		name[512];
	char		line[256];
	long		pid = 0;
	long		size = 0;
	FILE	   *file;

	snprintf(name, sizeof(name), "%s/gateway.1/pid", log);
	file = fopen(name, "r");
	if (file == NULL || fscanf(file, "%ld", &pid) != 1)
		bail_out("no pid in %s", name);
	fclose(file);
	snprintf(name, sizeof(name), "/proc/%ld/status", pid);
	file = fopen(name, "r");
	while (file != NULL && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, "VmRSS:", 6) == 0)
			size = strtol(line + 6, NULL, 10);
	if (file == NULL || size == 0)
		bail_out("no memory in %s", name);
	fclose(file);
	return size;
}

/* Calls that wait, from many addresses, as those with a false source. */
static void
test_flood(void)
{
	struct handle root = root_of(c, "/export");
	long		before = gateway_memory();
	struct sockaddr_in to = {.sin_family = AF_INET,
		.sin_port = htons((uint16_t) u->port)};

	inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
	(void) sql("BEGIN; LOCK TABLE dittofs.mounts IN ACCESS EXCLUSIVE MODE");
	begin(u, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_MNT);
	put_opaque(u, S("/export"));
	for (int i = 0; i < FLOOD; i++)
	{
		struct sockaddr_in from = {.sin_family = AF_INET,
			.sin_addr.s_addr = htonl(0x7f010000 + (uint32_t) i)};
		int			fd = socket(AF_INET, SOCK_DGRAM, 0);

		if (bind(fd, (struct sockaddr *) &from, sizeof(from)) != 0)
			bail_out("no socket for a flood");
		sendto(fd, u->call + 4, u->call_size - 4, 0, (struct sockaddr *) &to,
			   sizeof(to));
		close(fd);
	}
	is_status(v3_getattr(c, &root).status, NFS3_OK,
			  "by TCP calls are answered in a flood by UDP");
	ok(gateway_memory() - before < GROWTH_MAX,
	   "which takes no memory beyond its part (%ld KiB)",
	   gateway_memory() - before);
	(void) sql("COMMIT");
	is_status(mount_path(c, S("/export")).status, MNT3_OK,
			  "and MNT, when nothing waits any more");
	u->persistent = true;
	is_status(mount_path(u, S("/export")).status, MNT3_OK, "by UDP, too");
	u->persistent = false;
}

/* The client's socket is connected, and takes a reply from nowhere else. */
static void
test_source(void)
{
	const char *const hosts[] = {"127.0.0.1", own_address(5), own_address(6)};
	char	   *host = strdup(getenv("DITTOFS_HOST"));

	restart("DITTOFS_LISTEN=0.0.0.0", "--udp on --workers 2");
	for (int i = 0; i < 3; i++)
	{
		struct client *one;

		setenv("DITTOFS_HOST", hosts[i], 1);
		one = connect_udp(0, NULL, 0);
		is_status(mount_path(one, S("/export")).status, MNT3_OK,
				  "a reply comes from the address that was asked");
		disconnect(one);
	}
	setenv("DITTOFS_HOST", host, 1);
	free(host);
}

static void
test_proxy(void)
{
	const char *address = own_address(9);
	struct client *proxy;
	char		options[128];

	snprintf(options, sizeof(options),
			 "--udp on --proxy-protocol --proxy-protocol-from %s", address);
	restart("", options);
	proxy = connect_udp(0, address, 0);
	begin(proxy, MOUNT_PROGRAM, MOUNT_V3, 0);
	send_call(proxy);
	ok(is_quiet(proxy, 300), "a proxy's datagram is no client's");
	is_status(mount_path(u, S("/export")).status, MNT3_OK, "another one is");
	disconnect(proxy);
}

static void
test_off(void)
{
	begin(u, MOUNT_PROGRAM, MOUNT_V3, 0);
	is(exchange(u).outcome, CLOSED, "by UDP nothing is served unless told to");
}

int
main(void)
{
	u = connect_udp(0, NULL, 0);
	test_off();
	restart("", "--udp on --workers 2");
	c = connect_to(0);
	test_served();
	test_bytes();
	test_repeated();
	test_rules();
	test_flood();
	disconnect(c);
	test_source();
	test_proxy();
	return done_testing();
}
