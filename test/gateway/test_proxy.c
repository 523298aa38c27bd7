/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_proxy.c
 *	  Clients behind a TCP proxy that speaks the PROXY protocol: they are who
 *	  the header says, if it comes from a trusted proxy, and nobody otherwise.
 *
 * The proxies are 127.0.0.9 and 127.0.0.10; a connection from there with a
 * header in front is what a balancer makes of a client's.
 */
#include "lib.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROXY "127.0.0.9"
#define OTHER_PROXY "127.0.0.10"
#define OPTIONS "--proxy-protocol --proxy-protocol-from " PROXY ",127.0.0.10/31"

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"

static struct client *c;
static struct handle dir;

/*
 * Headers.  They live as long as the program.
 */

static struct blob
copy(const void *data, size_t size)
{
	void	   *memory = malloc(size);

	memcpy(memory, data, size);
	return B(memory, size);
}

/* Version 2, of TCP, with a field behind the addresses. */
static struct blob
v2(const char *client, int port)
{
	unsigned char header[16 + 36 + 5] = SIGNATURE "\x21";
	int			family = strchr(client, ':') ? AF_INET6 : AF_INET;
	size_t		size = family == AF_INET ? 4 : 16;
	unsigned char *at = header + 16;

	header[13] = family == AF_INET ? 0x11 : 0x21;
	header[15] = (unsigned char) (2 * size + 4 + 5);
	if (inet_pton(family, client, at) != 1)
		bail_out("%s is no address", client);
	at += 2 * size;
	*at++ = (unsigned char) (port >> 8);
	*at++ = (unsigned char) port;
	at += 2;
	memcpy(at, "\xe0\0\x02xx", 5);
	return copy(header, (size_t) (at + 5 - header));
}

static struct blob
v1(const char *client, int port)
{
	char		line[108];
	int			size =
		snprintf(line, sizeof(line), "PROXY %s %s %s %d 2049\r\n",
				 strchr(client, ':') ? "TCP6" : "TCP4", client,
				 strchr(client, ':') ? "::1" : "127.0.0.1", port);

	return copy(line, (size_t) size);
}

/* The share's root, or the status. */
static uint32_t
mount_by(const char *proxy, struct blob header, const char *path)
{
	struct client *other = connect_by(0, proxy, header);
	uint32_t	status = mount_path(other, S(path)).status;

	disconnect(other);
	return status;
}

static const char *
mounts_of(const char *client)
{
	return sql("SELECT count(*) FROM dittofs.mounts WHERE client = '%s'",
			   client);
}

static void
are_mounts(const char *client, int count, const char *what)
{
	is(atoi(mounts_of(client)), count, "%s", what);
}

static void
restart(const char *options)
{
	char		command[512];

	snprintf(command, sizeof(command), "gateway_stop 1; gateway_stop 2; "
			 "export DITTOFS_GATEWAY_OPTS=\"%s\"; gateway_start 1; "
			 "gateway_start 2", options);
	run_shell(command);
}

/*
 * What is refused.
 */

/* Nothing is answered to a call behind it. */
static void
is_refused(const char *from, struct blob header, const char *what)
{
	struct client *other = connect_by(0, from, header);

	begin(other, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put_handle(other, &dir);
	is(exchange(other).outcome, CLOSED, "refused: %s", what);
	disconnect(other);
}

static void
test_off(void)
{
	is_refused(PROXY, v2("10.1.2.3", 871), "a header where none is expected");
	is_refused(PROXY, v1("10.1.2.3", 871), "one of version 1");
	is_status(mount_by(PROXY, S(""), "/export"), MNT3_OK,
			  "without a header it is an ordinary client");
}

static void
test_refused(void)
{
	is_refused("127.0.0.8", v2("10.1.2.3", 871), "a stranger's header");
	is_refused("127.0.0.8", v1("10.1.2.3", 871), "a stranger's, version 1");
	is_refused(PROXY, S(""), "no header from a proxy");
	is_refused(PROXY, B(SIGNATURE "\x20\0\0\0", 16), "LOCAL");
	is_refused(
		PROXY,
		B(SIGNATURE "\x20\x11\0\x0c\x7f\0\0\1\x7f\0\0\1\3\x67\x08\1", 28),
		"LOCAL with an address");
	is_refused(PROXY, B(SIGNATURE "\x21\0\0\0", 16), "UNSPEC");
	is_refused(PROXY, S("PROXY UNKNOWN\r\n"), "UNKNOWN");
	is_refused(
		PROXY,
		B(SIGNATURE "\x21\x12\0\x0c\x7f\0\0\1\x7f\0\0\1\3\x67\x08\1", 28),
		"UDP");
	is_refused(PROXY, S("PROXY TCP4 10.1.2.3\r\n"), "half a line");
	is_refused(PROXY, B(SIGNATURE "\x21\x11\xff\xff", 16), "64 KiB");
	is_refused(PROXY, S("GET / HTTP/1.0\r\n\r\n"), "HTTP");
	are_mounts(PROXY, 1, "the proxy has mounted nothing since");

	/* who names a client twice is a client that pretends to be a proxy */
	{
		char		twice[128];
		struct blob header = v2("10.1.2.3", 871);

		memcpy(twice, header.data, header.size);
		memcpy(twice + header.size, header.data, header.size);
		is_refused(PROXY, B(twice, 2 * header.size), "a second header");
	}
}

/*
 * What is believed.
 */

static void
test_forms(void)
{
	struct blob header = v2("10.1.2.3", 871);
	struct client *slow;

	is_status(mount_by(PROXY, header, "/export"), MNT3_OK, "version 2");
	are_mounts("10.1.2.3", 1, "the client is in the list of mounts");
	is_status(mount_by(OTHER_PROXY, v1("10.1.2.4", 871), "/export"), MNT3_OK,
			  "version 1, by another proxy");
	are_mounts("10.1.2.4", 1, "the client is in the list of mounts");
	is_status(mount_by("127.0.0.11", v2("fd00::7", 871), "/export"), MNT3_OK,
			  "IPv6, by a proxy of the network");
	are_mounts("fd00::7", 1, "the client is in the list of mounts");
	is_status(mount_by(PROXY, v2("::ffff:10.1.2.5", 871), "/export"), MNT3_OK,
			  "IPv4 in IPv6");
	are_mounts("10.1.2.5", 1, "it is IPv4 in the list of mounts");
	is_status(mount_by("127.0.0.8", S(""), "/export"), MNT3_OK,
			  "a client that comes without a proxy");
	are_mounts("127.0.0.8", 1, "the client is in the list of mounts");
	are_mounts(OTHER_PROXY, 0, "the proxy is not");

	/* each byte in a segment of its own */
	slow = connect_by(0, PROXY, S(""));
	for (uint32_t i = 0; i < header.size; i++)
		send_bytes(slow, (const char *) header.data + i, 1);
	is_status(v3_getattr(slow, &dir).status, NFS3_OK, "a header byte by byte");
	disconnect(slow);
}

static void
test_rules(void)
{
	sql("SELECT dittofs.create_share('/sec', squash => 'none', "
		"allowed_clients => '{10.0.0.0/8, fd00::/8}', "
		"denied_clients => '{10.6.6.6}', require_privileged_port => true)");
	is_status(mount_by(PROXY, v2("10.1.2.3", 871), "/sec"), MNT3_OK,
			  "an admitted client");
	is_status(mount_by(PROXY, v2("::ffff:10.1.2.3", 871), "/sec"), MNT3_OK,
			  "the same in IPv6's form");
	is_status(mount_by(PROXY, v2("fd00::7", 871), "/sec"), MNT3_OK, "IPv6");
	is_status(mount_by(PROXY, v2("10.6.6.6", 871), "/sec"), MNT3ERR_ACCES,
			  "a denied one");
	is_status(mount_by(PROXY, v2("::ffff:10.6.6.6", 871), "/sec"),
			  MNT3ERR_ACCES, "denied in IPv6's form, too");
	is_status(mount_by(PROXY, v2("11.1.2.3", 871), "/sec"), MNT3ERR_ACCES,
			  "one that is not admitted");
	is_status(mount_by(PROXY, v2("127.0.0.9", 871), "/sec"), MNT3ERR_ACCES,
			  "the proxy's own address, as a client's");
	is_status(mount_by(PROXY, v2("10.1.2.3", 40000), "/sec"), MNT3ERR_ACCES,
			  "the client's port counts, not the proxy's");

	/* and each call, not only mounting */
	{
		struct client *good = connect_by(0, PROXY, v2("10.1.2.3", 871));
		struct client *bad = connect_by(0, PROXY, v2("10.6.6.6", 871));
		struct handle root = root_of(good, "/sec");

		is_status(v3_getattr(good, &root).status, NFS3_OK, "its calls");
		is_status(v3_getattr(bad, &root).status, NFS3ERR_ACCES,
				  "a denied one's calls");
		disconnect(good);
		disconnect(bad);
	}
	sql("SELECT dittofs.drop_share('/sec', true)");
}

/*
 * Two clients behind one proxy whose xids happen to agree are two; one that
 * comes back by another proxy and another gateway is the same.
 */
static void
test_identity(void)
{
	struct client *one = connect_by(0, PROXY, v2("10.1.0.1", 871));
	struct client *two = connect_by(0, PROXY, v2("10.1.0.2", 871));
	struct client *again;
	struct result made;
	struct result repeated;

	two->xid = one->xid;
	made = v3_mkdir(one, &dir, S("lock"), MODE(0700));
	is_status(made.status, NFS3_OK, "one client makes a directory");
	is_status(v3_mkdir(two, &dir, S("lock"), MODE(0700)).status, NFS3ERR_EXIST,
			  "another one behind the same proxy cannot");
	reconnect(two);
	two->xid = one->xid - 1;
	is_status(v3_mkdir(two, &dir, S("lock"), MODE(0700)).status, NFS3ERR_EXIST,
			  "nor on a new connection");

	again = connect_by(1, OTHER_PROXY, v2("10.1.0.1", 871));
	again->xid = one->xid - 1;
	repeated = v3_mkdir(again, &dir, S("lock"), MODE(0700));
	is_status(repeated.status, NFS3_OK,
			  "the first gets its reply again, by another proxy and gateway");
	ok(same_handle(&made.handle, &repeated.handle), "the same one");
	disconnect(one);
	disconnect(two);
	disconnect(again);
}

/*
 * Places.
 */

#define PLACES 40
#define UNREAD (PLACES / 4)

static bool
is_served(struct client *other)
{
	uint32_t	status;

	other->persistent = true;
	status = v3_getattr(other, &dir).status;
	disconnect(other);
	return status == NFS3_OK;
}

static bool
called(struct client *other)
{
	return v3_getattr(other, &dir).status == NFS3_OK;
}

/*
 * Connections of a proxy that say nothing leave places for others, and for
 * clients of the same proxy; the oldest have gone.
 */
static void
test_silent(void)
{
	struct client *silent[2 * PLACES];
	struct client *half;
	int			served = 0;

	for (int i = 0; i < 2 * PLACES; i++)
		silent[i] = connect_by(0, PROXY, i % 2 == 0 ? S("") : S("PROXY "));
	for (int i = 0; i < 10; i++)
		served += is_served(connect_by(0, PROXY, v2("10.1.0.1", 871)));
	is(served, 10, "clients are served beside %d connections without a header",
	   2 * PLACES);
	ok(is_served(connect_from(0, "127.0.0.8", 0)),
	   "also one that comes without the proxy");
	for (int i = 0; i < 2 * PLACES - UNREAD; i++)
		if (!is_closed(silent[i]))
			ok(false, "the oldest without a header go: %d", i);
	for (int i = 2 * PLACES - UNREAD; i < 2 * PLACES; i++)
		if (!is_closed(silent[i]))
			ok(false, "the last ones go after a time: %d", i);
	ok(true, "connections without a header come to an end");
	run_shell("grep -q \""PROXY".* refused: it was the oldest of too many\" "
			  "$DITTOFS_RUN/gateway.1/log");
	ok(true, "their number has a limit");
	for (int i = 0; i < 2 * PLACES; i++)
		disconnect(silent[i]);

	half = connect_by(0, PROXY, S("PROXY TCP4 10.1.2.3 10.0.0.1 871 2049\r"));
	ok(is_closed(half), "half a header has a time-out");
	disconnect(half);
}

/*
 * When places are few, the clients of a proxy are not one address: those go
 * that share one.
 */
static void
test_shares(void)
{
	struct client *proxied[PLACES / 2 + 4];
	struct client *crowd[PLACES];
	int			served = 0;
	int			count = PLACES / 2 + 4;

	for (int i = 0; i < count; i++)
	{
		char		address[32];

		snprintf(address, sizeof(address), "10.2.0.%d", i + 1);
		proxied[i] = connect_by(0, PROXY, v2(address, 871));
		served += called(proxied[i]);
	}
	is(served, count, "%d clients of a proxy", count);
	for (int i = 0; i < PLACES; i++)
	{
		crowd[i] = connect_from(0, "127.0.0.8", 0);
		crowd[i]->persistent = true;
		called(crowd[i]);
	}
	served = 0;
	for (int i = 0; i < count; i++)
	{
		begin(proxied[i], NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
		put_handle(proxied[i], &dir);
		served += exchange(proxied[i]).outcome == DONE;
	}
	is(served, count,
	   "have their places when another address takes all it can");
	for (int i = 0; i < count; i++)
		disconnect(proxied[i]);
	for (int i = 0; i < PLACES; i++)
		disconnect(crowd[i]);
}

/*
 * A host that has a network of IPv6 addresses and takes a place with each is
 * one that takes all places.
 */
static void
test_network(void)
{
	struct client *crowd[PLACES];
	int			served = 0;

	for (int i = 0; i < PLACES; i++)
	{
		char		address[64];

		snprintf(address, sizeof(address), "2001:db8::%x:1", i);
		crowd[i] = connect_by(0, PROXY, v2(address, 871));
		begin(crowd[i], NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
		put_handle(crowd[i], &dir);
		served += exchange(crowd[i]).outcome == DONE;
	}
	is(served, PLACES, "addresses of one IPv6 network have all places");
	served = 0;
	for (int i = 0; i < PLACES / 4; i++)
	{
		struct client *other = connect_by(0, PROXY, v2("2001:db8:0:1::1", 871));

		begin(other, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
		put_handle(other, &dir);
		served += exchange(other).outcome == DONE;
		disconnect(other);
	}
	is(served, PLACES / 4, "another network finds a place at once");
	for (int i = 0; i < PLACES; i++)
		disconnect(crowd[i]);
}

int
main(void)
{
	c = connect_to(0);
	c->persistent = true;
	dir = make_playground(c);
	test_off();
	restart(OPTIONS);
	test_refused();
	test_forms();
	test_rules();
	test_identity();
	restart(OPTIONS " --max-clients 40 --workers 1");
	test_silent();
	test_shares();
	restart(OPTIONS " --max-clients 40 --workers 1");
	test_network();
	restart("");
	is_status(v3_getattr(c, &dir).status, NFS3_OK, "a gateway as before");
	disconnect(c);
	return done_testing();
}
