/* SPDX-License-Identifier: PostgreSQL */
/*
 * route.h
 *	  Which metadata store a call belongs to, where there are several.
 *
 * Each share lives in one store.  A handle has its share's id in it, MOUNT
 * has its name; keepers ask each store for ids and names of its shares, and
 * workers look them up here.  With one store everything is its.
 */
#ifndef DITTOFS_ROUTE_H
#define DITTOFS_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "db/call.h"
#include "config/config.h"

/* Once.  ask: makes the keepers ask their stores soon (keeper.c). */
extern void route_configure(const struct config *config, void (*ask) (void));

/*
 * For a keeper: name and id in hexadecimal of each share of the store, as of
 * that time (clock_now).
 */
extern void route_learn(int store, const PGresult *shares, int64_t asked);

/*
 * The number of the metadata store, or -1: no store is known to have the share,
 * and one of them has not been asked since the call arrived.  A share that no
 * store has gets the first store, which will say so.  For threads that
 * epoch_attach() knows.
 */
extern int	route_handle(struct bytes handle, int64_t arrived);
extern int	route_path(struct bytes path, int64_t arrived);

#endif							/* DITTOFS_ROUTE_H */
