/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * network.c
 *	  Client addresses and networks, as type inet has them.
 *
 * The shares' rules are compared on every call, so they are kept as plain
 * structs and compared here, not by the operators of type inet, which would
 * want a Datum made of every caller's address.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include <sys/socket.h>

#include "utils/builtins.h"
#include "utils/inet.h"

#include "types/network.h"

static const uint8 mapped_prefix[12] = {
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff
};

static inline int
address_len(const Network *network)
{
	return network->family == 4 ? 4 : 16;
}

void
network_unmap(Network *network)
{
	if (network->family != 6 || network->bits < 96 ||
		memcmp(network->addr, mapped_prefix, sizeof(mapped_prefix)) != 0)
		return;
	network->family = 4;
	network->bits -= 96;
	memmove(network->addr, network->addr + 12, 4);
	memset(network->addr + 4, 0, 12);
}

void
network_from_inet(Datum datum, Network *network)
{
	inet	   *value = DatumGetInetPP(datum);

	memset(network, 0, sizeof(*network));
	network->family = ip_family(value) == PGSQL_AF_INET ? 4 : 6;
	network->bits = ip_bits(value);
	memcpy(network->addr, ip_addr(value), address_len(network));
	network_unmap(network);
}

Datum
network_to_inet(const Network *network)
{
	inet	   *value = palloc0(sizeof(inet));

	ip_family(value) = network->family == 4 ? PGSQL_AF_INET : PGSQL_AF_INET6;
	ip_bits(value) = network->bits;
	memcpy(ip_addr(value), network->addr, address_len(network));
	SET_INET_VARSIZE(value);
	return InetPGetDatum(value);
}

bool
network_parse(const char *text, Network *network)
{
	bool		is_ipv6 = strchr(text, ':') != NULL;
	int			bits;

	memset(network, 0, sizeof(*network));
	bits = pg_inet_net_pton(is_ipv6 ? PGSQL_AF_INET6 : PGSQL_AF_INET, text,
							network->addr, -1);
	if (bits < 0)
		return false;
	network->family = is_ipv6 ? 6 : 4;
	network->bits = bits;
	network_unmap(network);
	return true;
}

const char *
network_text(const Network *network, char *buf)
{
	if (pg_inet_net_ntop(network->family == 4 ? PGSQL_AF_INET : PGSQL_AF_INET6,
						 network->addr, network->bits,
						 buf, NETWORK_TEXT_LEN) == NULL)
		elog(ERROR, "could not format a network of family %d",
			 network->family);
	return buf;
}

void
network_of_caller(const Caller *caller, Network *network)
{
	Assert(caller->family != 0);
	memset(network, 0, sizeof(*network));
	network->family = caller->family;
	network->bits = caller->family == 4 ? 32 : 128;
	memcpy(network->addr, caller->addr, address_len(network));
	network_unmap(network);
}

bool
network_contains(const Network *network, const Network *address)
{
	int			bytes = network->bits / 8;
	int			bits = network->bits % 8;

	if (network->family != address->family || network->bits > address->bits)
		return false;
	if (memcmp(network->addr, address->addr, bytes) != 0)
		return false;
	return bits == 0 ||
		((network->addr[bytes] ^ address->addr[bytes]) >> (8 - bits)) == 0;
}
