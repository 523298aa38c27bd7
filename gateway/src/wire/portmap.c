/* SPDX-License-Identifier: PostgreSQL */
/*
 * portmap.c
 *	  The portmapper: program 100000, versions 2, 3 and 4 (RFC 1833).
 *
 * It tells at which port a program of this gateway is served, and knows no
 * other program: SET and UNSET are refused, and so are the calls that it would
 * have to pass on (CALLIT, BCAST, INDIRECT).
 *
 * The port is one of the settings, since a client may reach this gateway by a
 * balancer that has another port than the gateway.  The address in the
 * universal address of versions 3 and 4 is the one that the client has asked
 * at, if it says that (r_addr); no other word tells a balancer's address.
 *
 * Any host may ask.  By UDP it gets no list (DUMP), and no reply that is larger
 * than its call (udp.c): portmappers are what the writers of false source
 * addresses look for.
 */
#include "wire/programs.h"

#include "core/client.h"
#include "core/worker.h"
#include "wire/nfs3_args.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define PORTMAP_PROGRAM 100000

/* Names of networks, and what else a struct rpcb has. */
#define TEXT_MAX 256

/* "255.255.255.255.255.255"; or an IPv6 address and two numbers */
#define UNIVERSAL_MAX (INET6_ADDRSTRLEN + 8)

/* A transport by each of its names. */
struct transport
{
	const char *netid;
	int			protocol;
	int			family;
};

static const struct transport transports[] = {
	{"tcp", IPPROTO_TCP, AF_INET},
	{"udp", IPPROTO_UDP, AF_INET},
	{"tcp6", IPPROTO_TCP, AF_INET6},
	{"udp6", IPPROTO_UDP, AF_INET6},
};

#define TRANSPORTS ((int) (sizeof(transports) / sizeof(transports[0])))

/* What is asked for: struct mapping of version 2, struct rpcb of the others. */
struct question
{
	uint32_t	program;
	uint32_t	version;
	uint32_t	protocol;		/* version 2 */
	struct bytes netid;			/* versions 3 and 4 */
	struct bytes address;
};

/*
 * What there is.
 */

static bool
has_family(const struct worker *worker, int family)
{
	return family == AF_INET ? worker->by_ipv4 : worker->by_ipv6;
}

/* The port of a program by a transport; 0: it is not served. */
static uint16_t
port_of(const struct worker *worker, const struct program *program,
		const struct transport *transport)
{
	const struct config *config = worker->config;
	bool		udp = transport->protocol == IPPROTO_UDP;

	if (!has_family(worker, transport->family))
		return 0;
	if (program->portmapper)
		return (uint16_t) config->portmapper_port;
	if (!program_is_served(program, udp ? DOOR_UDP : DOOR_TCP) ||
		(udp && !config->by_udp))
		return 0;
	return (uint16_t) (config->advertise_port != 0 ? config->advertise_port :
					   config->port);
}

static const struct program *
program_of(const struct question *question)
{
	for (int i = 0; programs[i] != NULL; i++)
		if (programs[i]->number == question->program &&
			programs[i]->version == question->version)
			return programs[i];
	return NULL;
}

static bool
is_text(struct bytes bytes, const char *text)
{
	return bytes.size == strlen(text) &&
		memcmp(bytes.data, text, bytes.size) == 0;
}

/*
 * The one that is named.  RFC 1833 has servers take that by which the call has
 * come; a client that names another one wants to know of that.
 */
static const struct transport *
transport_of(const struct request *request, struct bytes netid)
{
	bool		udp = door_is_udp(request->client->door);

	for (int i = 0; i < TRANSPORTS; i++)
		if (is_text(netid, transports[i].netid))
			return &transports[i];
	for (int i = 0; i < TRANSPORTS; i++)
		if (transports[i].family == request->peer->family &&
			transports[i].protocol == (udp ? IPPROTO_UDP : IPPROTO_TCP))
			return &transports[i];
	return &transports[0];
}

/*
 * Universal addresses: those of inet_ntop, and the port as two numbers.
 */

/* The address part of one of this family, if it is a host's. */
static bool
take_host(struct bytes address, int family, struct peer *host)
{
	static const uint8_t wildcard[sizeof(host->address)];
	uint8_t		binary[sizeof(host->address)] = {0};
	char		text[UNIVERSAL_MAX];
	char	   *dot;

	if (address.size >= sizeof(text))
		return false;
	memcpy(text, address.data, address.size);
	text[address.size] = '\0';
	for (int i = 0; i < 2; i++)
	{
		dot = strrchr(text, '.');
		if (dot == NULL)
			return false;
		*dot = '\0';
	}
	if (inet_pton(family, text, binary) != 1 ||
		memcmp(binary, wildcard, sizeof(binary)) == 0)
		return false;
	peer_set(host, family, binary, 0);
	return true;
}

static void
write_address(char text[UNIVERSAL_MAX], int family, const struct peer *host,
			  uint16_t port)
{
	static const struct peer any;
	char		address[INET6_ADDRSTRLEN];

	if (host == NULL || host->family != family)
		host = &any;
	inet_ntop(family, host->address, address, sizeof(address));
	snprintf(text, UNIVERSAL_MAX, "%s.%u.%u", address, port >> 8, port & 0xff);
}

/*
 * Replies.
 */

static void
reply_word(struct request *request, uint32_t word)
{
	(void) xdr_uint32_t(reply_begin(request, sizeof(word)), &word);
	reply_end(request);
}

static bool
put_text(XDR *xdr, const char *text)
{
	char	   *string = (char *) (uintptr_t) text;

	return xdr_string(xdr, &string, UNIVERSAL_MAX);
}

static void
getport_send(struct request *request)
{
	const struct question *question = request->args;
	const struct program *program = program_of(question);
	uint16_t	port = 0;

	for (int i = 0; program != NULL && i < TRANSPORTS; i++)
		if ((uint32_t) transports[i].protocol == question->protocol &&
			port == 0)
			port = port_of(request->worker, program, &transports[i]);
	reply_word(request, port);
}

/* An empty text: there is none. */
static void
getaddr_send(struct request *request)
{
	const struct question *question = request->args;
	const struct transport *transport = transport_of(request, question->netid);
	const struct program *program = program_of(question);
	uint16_t	port = program == NULL ? 0 :
		port_of(request->worker, program, transport);
	struct peer host;
	char		text[UNIVERSAL_MAX] = "";

	if (!take_host(question->address, transport->family, &host))
		host = client_local(request->client);
	if (port != 0)
		write_address(text, transport->family, &host, port);
	(void) put_text(reply_begin(request, BYTES_PER_XDR_UNIT + UNIVERSAL_MAX),
					text);
	reply_end(request);
}

/* TRUE and a mapping, or a struct rpcb, for each; then FALSE. */
static bool
put_entry(XDR *xdr, const struct program *program,
		  const struct transport *transport, uint16_t port, bool texts)
{
	uint32_t	words[] = {1, program->number, program->version,
		(uint32_t) transport->protocol, port};
	char		address[UNIVERSAL_MAX];
	bool		good = true;

	for (int i = 0; good && i < (texts ? 3 : 5); i++)
		good = xdr_uint32_t(xdr, &words[i]);
	if (!texts)
		return good;
	write_address(address, transport->family, NULL, port);
	return good && put_text(xdr, transport->netid) && put_text(xdr, address) &&
		put_text(xdr, "dittofs");
}

#define ENTRY_MAX (6 * BYTES_PER_XDR_UNIT + UNIVERSAL_MAX + 2 * 8)

static void
dump(struct request *request, bool texts)
{
	uint32_t	end = 0;
	int			count = 0;
	XDR		   *xdr;
	bool		good = true;

	while (programs[count] != NULL)
		count++;
	xdr = reply_begin(request, BYTES_PER_XDR_UNIT +
					  (size_t) (count * TRANSPORTS) * ENTRY_MAX);
	for (int i = 0; i < count; i++)
		for (int j = 0; good && j < TRANSPORTS; j++)
		{
			uint16_t	port = port_of(request->worker, programs[i],
									   &transports[j]);

			/* version 2 has no names of networks: each protocol once */
			if (!texts && transports[j].family == AF_INET6 &&
				has_family(request->worker, AF_INET))
				continue;
			if (port != 0)
				good = put_entry(xdr, programs[i], &transports[j], port, texts);
		}
	if (good && xdr_uint32_t(xdr, &end))
	{
		reply_end(request);
		return;
	}
	reply_reset(request);
	request_refuse(request, SYSTEM_ERR);
}

static void
dump2_send(struct request *request)
{
	dump(request, false);
}

static void
dump_send(struct request *request)
{
	dump(request, true);
}

static void
gettime_send(struct request *request)
{
	reply_word(request, (uint32_t) time(NULL));
}

static void
false_send(struct request *request)
{
	reply_word(request, 0);
}

static void
refuse_send(struct request *request)
{
	request_refuse(request, PROC_UNAVAIL);
}

/*
 * Arguments.
 */

static bool
mapping_decode(struct request *request, XDR *xdr)
{
	struct question *question = region_alloc(&request->region,
											 sizeof(*question));
	uint32_t	port;

	request->args = question;
	return args_uint32(xdr, &question->program) &&
		args_uint32(xdr, &question->version) &&
		args_uint32(xdr, &question->protocol) && args_uint32(xdr, &port);
}

static bool
rpcb_decode(struct request *request, XDR *xdr)
{
	struct question *question = region_alloc(&request->region,
											 sizeof(*question));
	struct bytes owner;

	request->args = question;
	return args_uint32(xdr, &question->program) &&
		args_uint32(xdr, &question->version) &&
		args_opaque(xdr, &question->netid, TEXT_MAX) &&
		args_opaque(xdr, &question->address, TEXT_MAX) &&
		args_opaque(xdr, &owner, TEXT_MAX);
}

static bool
no_decode(struct request *request, XDR *xdr)
{
	(void) request;
	(void) xdr;
	return true;
}

/*
 * Procedures.  None calls the database, so there is nothing to reply to later,
 * and nothing that fails.
 */

static void
no_fail(struct request *request, uint32_t status)
{
	request->status = status;
	request_refuse(request, SYSTEM_ERR);
}

static const struct procedure set2 = {
	.name = "SET", .decode = mapping_decode, .send = false_send,
	.fail = no_fail};
static const struct procedure unset2 = {
	.name = "UNSET", .decode = mapping_decode, .send = false_send,
	.fail = no_fail};
static const struct procedure getport = {
	.name = "GETPORT", .decode = mapping_decode, .send = getport_send,
	.fail = no_fail};
static const struct procedure dump2 = {
	.name = "DUMP", .decode = no_decode, .send = dump2_send,
	.fail = no_fail, .tcp_only = true};
static const struct procedure callit = {
	.name = "CALLIT", .decode = no_decode, .send = refuse_send,
	.fail = no_fail, .mute = true};

static const struct procedure set = {
	.name = "SET", .decode = rpcb_decode, .send = false_send,
	.fail = no_fail};
static const struct procedure unset = {
	.name = "UNSET", .decode = rpcb_decode, .send = false_send,
	.fail = no_fail};
static const struct procedure getaddr = {
	.name = "GETADDR", .decode = rpcb_decode, .send = getaddr_send,
	.fail = no_fail};
static const struct procedure dump34 = {
	.name = "DUMP", .decode = no_decode, .send = dump_send,
	.fail = no_fail, .tcp_only = true};
static const struct procedure gettime = {
	.name = "GETTIME", .decode = no_decode, .send = gettime_send,
	.fail = no_fail};
static const struct procedure to_taddr = {
	.name = "UADDR2TADDR", .decode = no_decode, .send = refuse_send,
	.fail = no_fail};
static const struct procedure to_uaddr = {
	.name = "TADDR2UADDR", .decode = no_decode, .send = refuse_send,
	.fail = no_fail};
static const struct procedure getversaddr = {
	.name = "GETVERSADDR", .decode = rpcb_decode, .send = getaddr_send,
	.fail = no_fail};
static const struct procedure indirect = {
	.name = "INDIRECT", .decode = no_decode, .send = refuse_send,
	.fail = no_fail, .mute = true};

/* By number. */
static const struct procedure *const portmap2_procedures[] = {
	&null_procedure, &set2, &unset2, &getport, &dump2, &callit};
static const struct procedure *const rpcbind_procedures[] = {
	&null_procedure, &set, &unset, &getaddr, &dump34, &callit, &gettime,
	&to_taddr, &to_uaddr, &getversaddr, &indirect};

#define RPCBIND3_PROCEDURES 9
#define RPCBIND4_PROCEDURES 11

const struct program portmap2_program = {
	.name = "PORTMAP2",
	.number = PORTMAP_PROGRAM,
	.version = 2,
	.procedures = portmap2_procedures,
	.procedure_count = sizeof(portmap2_procedures) /
		sizeof(portmap2_procedures[0]),
	.udp = true,
	.portmapper = true,
};

const struct program rpcbind3_program = {
	.name = "RPCBIND3",
	.number = PORTMAP_PROGRAM,
	.version = 3,
	.procedures = rpcbind_procedures,
	.procedure_count = RPCBIND3_PROCEDURES,
	.udp = true,
	.portmapper = true,
};

const struct program rpcbind4_program = {
	.name = "RPCBIND4",
	.number = PORTMAP_PROGRAM,
	.version = 4,
	.procedures = rpcbind_procedures,
	.procedure_count = RPCBIND4_PROCEDURES,
	.udp = true,
	.portmapper = true,
};
