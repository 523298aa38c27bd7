/* SPDX-License-Identifier: PostgreSQL */
/*
 * duplicates.h
 *	  Changing calls in progress, to know a retransmission of one by.
 *
 * A retransmission is the same record (xid and arguments alike) from the
 * same address.  On the same connection the first call's reply will do for
 * both.  On one that was opened after the first call had arrived, because the
 * old one has gone, the first call is handed over to the new connection.
 * Otherwise the two may be calls of two clients behind one address whose xids
 * happen to agree, and the database decides (extension/src/ops/replies.c).
 *
 * What has ended is not remembered here: a worker knows only its own calls.
 */
#ifndef DITTOFS_DUPLICATES_H
#define DITTOFS_DUPLICATES_H

#include <sys/queue.h>

#include "core/request.h"

#define DUPLICATE_BUCKETS 256

LIST_HEAD(duplicate_list, request);

struct duplicates
{
	struct duplicate_list buckets[DUPLICATE_BUCKETS];
};

extern void duplicates_init(struct duplicates *duplicates);

/* The call in progress that this one repeats, or NULL. */
extern struct request *duplicates_find(struct duplicates *duplicates,
									   const struct request *request);
extern void duplicates_add(struct duplicates *duplicates,
						   struct request *request);
extern void duplicates_remove(struct request *request);

#endif							/* DITTOFS_DUPLICATES_H */
