/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * network.h
 *	  Client addresses and networks, as type inet has them.
 *
 * An IPv4 address mapped into IPv6 (::ffff:10.0.0.7, what a dual-stack socket
 * reports) is the IPv4 address: rules, mount records and replies must not
 * depend on which socket a client came through.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_NETWORK_H
#define DITTOFS_NETWORK_H

#include "base/dittofs.h"

typedef struct Network
{
	uint8		family;			/* 4 or 6 */
	uint8		bits;
	uint8		addr[16];		/* network order; the first 4 for IPv4 */
} Network;

/* Room for network_text(): an IPv6 address, '/128' and a NUL. */
#define NETWORK_TEXT_LEN	64

extern void network_from_inet(Datum inet, Network *network);
extern Datum network_to_inet(const Network *network);
/* False: the text is no address or network. */
extern bool network_parse(const char *text, Network *network);
/* '10.0.0.0/8', without the length where it is the whole address. */
extern const char *network_text(const Network *network, char *buf);

/* The caller's address; he must not be local. */
extern void network_of_caller(const Caller *caller, Network *network);
/* Turns a mapped address into the IPv4 one it stands for. */
extern void network_unmap(Network *network);
/* Is the address (or network) inside the network?  As inet's <<=. */
extern bool network_contains(const Network *network, const Network *address);

#endif							/* DITTOFS_NETWORK_H */
