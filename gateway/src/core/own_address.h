/* SPDX-License-Identifier: PostgreSQL */
/*
 * own_address.h
 *	  The addresses at which clients may call this gateway.
 */
#ifndef DITTOFS_OWN_ADDRESS_H
#define DITTOFS_OWN_ADDRESS_H

#include "base/peer.h"

struct worker;

/*
 * Those of the host where the worker listens on all of them, and otherwise
 * those where it listens; with repetitions.  Returns how many, or -1: there are
 * more than max.
 */
extern int	own_addresses(const struct worker *worker, struct peer *peers,
						  int max);

#endif							/* DITTOFS_OWN_ADDRESS_H */
