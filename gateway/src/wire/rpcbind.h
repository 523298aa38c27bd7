/* SPDX-License-Identifier: PostgreSQL */
/*
 * rpcbind.h
 *	  Registration with this host's rpcbind, for clients that ask it where
 *	  NFS and MOUNT are.  Off by default: clients that are told the port need
 *	  none, and a gateway in a container has none.
 */
#ifndef DITTOFS_RPCBIND_H
#define DITTOFS_RPCBIND_H

#include <stdbool.h>
#include <stdint.h>

/* Once: from here on a thread sees to it.  Then, at the end. */
extern void rpcbind_register(uint16_t port, bool udp);
extern void rpcbind_unregister(void);

#endif							/* DITTOFS_RPCBIND_H */
