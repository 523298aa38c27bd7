/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_portmap.c
 *	  The gateway's own portmapper: versions 2, 3 and 4, by TCP and by UDP, what
 *	  it refuses, and what it makes of bytes that are no calls.
 */
#include "lib.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PORTMAP 100000
#define ADVERTISED 32049
#define LOCKS 100021
#define TCP 6
#define UDP 17

enum
{
	SET = 1, UNSET, GETPORT, DUMP, CALLIT, GETTIME, UADDR2TADDR, TADDR2UADDR,
	GETVERSADDR, INDIRECT, GETADDRLIST
};

#define GETADDR GETPORT			/* of versions 3 and 4 */

static struct client *tcp;
static struct client *udp;

static void
restart(const char *environment, const char *options)
{
	char		command[512];

	snprintf(command, sizeof(command),
			 "gateway_stop 1; %s DITTOFS_GATEWAY_OPTS=\"--portmapper "
			 "--portmapper-port %d %s\" gateway_start 1",
			 environment, spare_port(), options);
	run_shell(command);
}

static struct reply
ask2(struct client *c, uint32_t procedure, uint32_t program, uint32_t version,
	 uint32_t protocol)
{
	begin(c, PORTMAP, 2, procedure);
	put(c, program);
	put(c, version);
	put(c, protocol);
	put(c, 0);
	return exchange(c);
}

static struct reply
ask(struct client *c, uint32_t how, uint32_t procedure, uint32_t program,
	const char *netid, const char *address)
{
	begin(c, PORTMAP, how, procedure);
	put(c, program);
	put(c, 3);
	put_opaque(c, S(netid));
	put_opaque(c, S(address));
	put_opaque(c, S("test"));
	return exchange(c);
}

static uint32_t
getport(struct client *c, uint32_t program, uint32_t version, uint32_t protocol)
{
	struct reply r = ask2(c, GETPORT, program, version, protocol);
	uint32_t	port;

	if (r.outcome != DONE)
		bail_out("GETPORT has no result");
	port = take(&r);
	take_end(&r);
	return port;
}

static void
is_address(struct reply r, const char *want, const char *what)
{
	struct blob text = S("none");

	if (r.outcome == DONE)
	{
		text = take_opaque(&r);
		take_end(&r);
	}
	ok(text.size == strlen(want) && memcmp(text.data, want, text.size) == 0,
	   "%s: %.*s", what, (int) text.size, (const char *) text.data);
}

static void
test_version2(struct client *c, const char *by)
{
	begin(c, PORTMAP, 2, 0);
	is(exchange(c).outcome, DONE, "%s: NULL", by);
	is(getport(c, NFS_PROGRAM, NFS_V3, TCP), ADVERTISED, "NFS by TCP");
	is(getport(c, NFS_PROGRAM, NFS_V3, UDP), 0, "NFS by UDP: none");
	is(getport(c, NFS_PROGRAM, 2, TCP), 0, "version 2 of NFS: none");
	is(getport(c, MOUNT_PROGRAM, MOUNT_V3, TCP), ADVERTISED, "MOUNT by TCP");
	is(getport(c, MOUNT_PROGRAM, MOUNT_V3, UDP), ADVERTISED, "MOUNT by UDP");
	is(getport(c, PORTMAP, 2, UDP), spare_port(), "itself");
	is(getport(c, 100099, 1, TCP), 0, "another program: none");
	is(getport(c, NFS_PROGRAM, NFS_V3, 99), 0, "another protocol: none");
}

static void
test_version3(struct client *c, uint32_t version, const char *netid)
{
	struct reply r;

	begin(c, PORTMAP, version, 0);
	is(exchange(c).outcome, DONE, "version %u: NULL", version);
	is_address(ask(c, version, GETADDR, NFS_PROGRAM, "tcp",
				   "127.0.0.1.0.111"), "127.0.0.1.125.49", "NFS by TCP");
	is_address(ask(c, version, GETADDR, MOUNT_PROGRAM, "udp", "192.0.2.7.0.9"),
			   "192.0.2.7.125.49", "at the address that was asked");
	is_address(ask(c, version, GETADDR, MOUNT_PROGRAM, "tcp", "0.0.0.0.0.111"),
			   "127.0.0.1.125.49", "or at that which has heard");
	is_address(ask(c, version, GETADDR, MOUNT_PROGRAM, "tcp",
				   "999.1.2.3.4.5.6.7.8"), "127.0.0.1.125.49",
			   "an address that is none");
	is_address(ask(c, version, GETADDR, MOUNT_PROGRAM, netid, ""),
			   "127.0.0.1.125.49", "no address");
	is_address(ask(c, version, GETADDR, MOUNT_PROGRAM, "ticlts", ""),
			   "127.0.0.1.125.49", "a network of another kind");
	is_address(ask(c, version, GETADDR, MOUNT_PROGRAM, "tcp6", "::1.0.111"), "",
			   "IPv6 where there is none");
	is_address(ask(c, version, GETADDR, 100099, "tcp", ""), "",
			   "another program");
	begin(c, PORTMAP, version, GETTIME);
	r = exchange(c);
	ok(r.outcome == DONE && llabs((int64_t) take(&r) - time(NULL)) < 600,
	   "GETTIME");
	if (version == 4)
		is_address(ask(c, version, GETVERSADDR, NFS_PROGRAM, "tcp", ""),
				   "127.0.0.1.125.49", "GETVERSADDR");
}

static void
test_dump(void)
{
	struct reply r;
	int			nfs = 0;
	int			mount = 0;
	int			itself = 0;

	begin(tcp, PORTMAP, 2, DUMP);
	r = exchange(tcp);
	while (r.outcome == DONE && take_bool(&r))
	{
		uint32_t	program = take(&r);
		uint32_t	version = take(&r);
		uint32_t	protocol = take(&r);
		uint32_t	port = take(&r);

		nfs += program == NFS_PROGRAM && protocol == TCP && version == 3 &&
			port == ADVERTISED;
		mount += program == MOUNT_PROGRAM && port == ADVERTISED;
		itself += program == PORTMAP && (int) port == spare_port();
	}
	take_end(&r);
	ok(nfs == 1 && mount == 2 && itself == 6, "DUMP of version 2");

	for (uint32_t version = 3; version < 5; version++)
	{
		int			count = 0;

		begin(tcp, PORTMAP, version, DUMP);
		r = exchange(tcp);
		while (r.outcome == DONE && take_bool(&r))
		{
			struct blob netid;
			struct blob address;

			count += take(&r) == NFS_PROGRAM && take(&r) == 3;
			if (count == 0)
				(void) take(&r);
			netid = take_opaque(&r);
			address = take_opaque(&r);
			(void) take_opaque(&r);
			if (count == 1)
			{
				ok(netid.size == 3 && memcmp(netid.data, "tcp", 3) == 0 &&
				   address.size == 14 &&
				   memcmp(address.data, "0.0.0.0.125.49", 14) == 0,
				   "DUMP of version %u: NFS", version);
				break;
			}
		}
		is(count, 1, "is in the list");
		tcp->reply_size = 0;
	}
}

static void
is_refused(struct client *c, uint32_t version, uint32_t procedure,
		   const char *what)
{
	struct reply r;

	begin(c, PORTMAP, version, procedure);
	for (int i = 0; i < 8; i++)
		put(c, 0);
	r = exchange(c);
	ok(r.outcome == REFUSED && r.why == PROC_UNAVAIL, "%s is refused", what);
}

static void
test_refused(void)
{
	struct client *clients[] = {tcp, udp};
	struct reply r;

	for (int i = 0; i < 2; i++)
	{
		r = ask2(clients[i], SET, NFS_PROGRAM, 2, TCP);
		ok(r.outcome == DONE && !take_bool(&r), "SET does nothing");
		r = ask2(clients[i], UNSET, NFS_PROGRAM, 3, TCP);
		ok(r.outcome == DONE && !take_bool(&r), "UNSET does nothing");
		for (uint32_t version = 3; version < 5; version++)
		{
			r = ask(clients[i], version, SET, NFS_PROGRAM, "tcp", "1.2.3.4.5");
			ok(r.outcome == DONE && !take_bool(&r), "SET of version %u",
			   version);
			r = ask(clients[i], version, UNSET, NFS_PROGRAM, "tcp", "");
			ok(r.outcome == DONE && !take_bool(&r), "UNSET of version %u",
			   version);
			is_refused(clients[i], version, UADDR2TADDR, "UADDR2TADDR");
			is_refused(clients[i], version, TADDR2UADDR, "TADDR2UADDR");
		}
		is_refused(clients[i], 4, GETADDRLIST, "GETADDRLIST");
		is_refused(clients[i], 3, GETVERSADDR, "GETVERSADDR of version 3");
		begin(clients[i], NFS_PROGRAM, NFS_V3, 0);
		r = exchange(clients[i]);
		ok(r.outcome == REFUSED && r.why == PROG_UNAVAIL, "NFS is not there");
		begin(clients[i], PORTMAP, 5, 0);
		r = exchange(clients[i]);
		ok(r.outcome == REFUSED && r.why == PROG_MISMATCH && r.low == 2 &&
		   r.high == 4, "nor is version 5");
	}
	is(getport(tcp, NFS_PROGRAM, NFS_V3, TCP), ADVERTISED,
	   "NFS is still there");
	is_refused(tcp, 2, CALLIT, "CALLIT by TCP");
	for (uint32_t version = 2; version < 5; version++)
	{
		is_refused(udp, version, DUMP, "DUMP by UDP");
		begin(udp, PORTMAP, version, CALLIT);
		send_call(udp);
		ok(is_quiet(udp, 200), "CALLIT by UDP is not answered");
	}
	begin(udp, PORTMAP, 4, INDIRECT);
	send_call(udp);
	ok(is_quiet(udp, 200), "nor is INDIRECT");
}

/* By UDP no reply is larger than its call. */
static void
test_sizes(void)
{
	static const char *const netids[] = {"tcp", "udp6", "", "none"};

	become_nobody(udp);
	for (uint32_t version = 3; version < 5; version++)
		for (int i = 0; i < 4; i++)
		{
			begin(udp, PORTMAP, version, GETADDR);
			put(udp, NFS_PROGRAM);
			put(udp, 3);
			put_opaque(udp, S(netids[i]));
			put_opaque(udp, S(""));
			put_opaque(udp, S(""));
			send_call(udp);
			if (is_quiet(udp, 500))
				continue;
			(void) receive(udp);
			ok(udp->reply_size + 4 <= udp->call_size,
			   "a call of %zu bytes has a reply of %zu", udp->call_size - 4,
			   udp->reply_size);
		}
	become(udp, 0, 0);
}

static void
test_bytes(void)
{
	static uint32_t words[2000];
	struct reply r;

	for (int i = 0; i < 3000; i++)
	{
		for (int j = 0; j < 40; j++)
			words[j] = arc4random() % (i % 2 ? 300 : UINT32_MAX);
		words[1] = htonl(CALL);
		words[2] = htonl(2);
		words[3] = htonl(PORTMAP);
		words[4] = htonl(2 + arc4random() % 3);
		words[5] = htonl(arc4random() % 13);
		if (i % 3)
			memset(&words[6], 0, 16);
		send_bytes(udp, words, 4 * (10 + arc4random() % 30));
	}
	disconnect(udp);
	udp = connect_port(spare_port(), true);
	begin(tcp, PORTMAP, 3, GETADDR);
	put(tcp, NFS_PROGRAM);
	put(tcp, 3);
	put(tcp, 0xfffffffc);
	r = exchange(tcp);
	ok(r.outcome == REFUSED && r.why == GARBAGE_ARGS, "a name without an end");
	memset(words, 0, sizeof(words));
	words[0] = htonl(0x80000000 | (sizeof(words) - 4));
	send_bytes(tcp, words, sizeof(words));
	ok(is_closed(tcp), "a record that no question is as long as");
	disconnect(tcp);
	tcp = connect_port(spare_port(), false);
	is(getport(udp, NFS_PROGRAM, NFS_V3, TCP), ADVERTISED,
	   "and then it answers by UDP");
	is(getport(tcp, NFS_PROGRAM, NFS_V3, TCP), ADVERTISED, "and by TCP");
}

/* Without another port it tells that of NFS; where there is IPv6, that, too. */
static void
test_other_settings(void)
{
	char		want[64];

	restart("DITTOFS_LISTEN=0.0.0.0,::", "--udp off");
	disconnect(tcp);
	disconnect(udp);
	tcp = connect_port(spare_port(), false);
	udp = connect_port(spare_port(), true);
	is(getport(udp, NFS_PROGRAM, NFS_V3, TCP), connect_to(0)->port,
	   "the port of NFS");
	is(getport(udp, MOUNT_PROGRAM, MOUNT_V3, UDP), 0, "no MOUNT by UDP");
	snprintf(want, sizeof(want), "fd00::7.%d.%d", connect_to(0)->port / 256,
			 connect_to(0)->port % 256);
	is_address(ask(tcp, 4, GETADDR, NFS_PROGRAM, "tcp6", "fd00::7.0.111"),
			   want, "IPv6");
	is_address(ask(tcp, 4, GETADDR, NFS_PROGRAM, "udp6", "fd00::7.0.111"), "",
			   "not by UDP");
}

/*
 * By a balancer, with a header in front; what it sends without is no client's.
 */
static void
test_balancer(void)
{
	struct client *c;

	restart("", "--proxy-protocol --proxy-protocol-from 127.0.0.9");
	c = connect_port(spare_port(), false);
	c->source = "127.0.0.9";
	c->greeting = S("PROXY TCP4 10.0.0.7 10.0.0.1 871 111\r\n");
	reconnect(c);
	is(getport(c, NFS_PROGRAM, NFS_V3, TCP), connect_to(0)->port,
	   "a client behind a balancer");
	c->greeting = S("");
	reconnect(c);
	begin(c, PORTMAP, 2, 0);
	send_call(c);
	ok(is_closed(c), "a balancer that names none");
	c->udp = true;
	reconnect(c);
	begin(c, PORTMAP, 2, 0);
	send_call(c);
	ok(is_quiet(c, 300), "and its datagram");
	disconnect(c);
}

int
main(void)
{
	char		options[64];

	snprintf(options, sizeof(options), "--advertise-port %d", ADVERTISED);
	restart("", options);
	tcp = connect_port(spare_port(), false);
	udp = connect_port(spare_port(), true);
	test_version2(tcp, "TCP");
	test_version2(udp, "UDP");
	test_version3(tcp, 3, "tcp");
	test_version3(tcp, 4, "tcp");
	test_version3(udp, 4, "udp");
	test_dump();
	test_refused();
	test_sizes();
	test_bytes();
	test_other_settings();
	test_balancer();
	/* the tests that follow have a gateway as it is by default */
	run_shell("gateway_stop 1; gateway_start 1");
	return done_testing();
}
