/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * leases4.h
 *	  Leases of clients of NFSv4.1, and the end of a client.
 *
 * A client whose lease has expired keeps everything until another client wants
 * what it has.  An operation that meets an open or a lock in its way asks
 * nfs4_client_expire(): if that is true the client is no more, and neither is
 * what it had.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_LEASES4_H
#define DITTOFS_LEASES4_H

#include "base/dittofs.h"

/*
 * Has this client ended, or not been seen for longer than its lease?  What one
 * that has ended left behind counts for nothing; nfs4_reap() frees it.
 */
extern bool nfs4_client_is_expired(int64 client_id);

/* Has it done RECLAIM_COMPLETE?  Before that it opens nothing. */
extern bool nfs4_client_has_reclaimed(int64 client_id);

/*
 * Ends an expired client.  False: it is alive, or a transaction is at it.
 * Never waits for what a client does, so it may be called with locks held.
 */
extern bool nfs4_client_expire(int64 client_id);

/*
 * Ends a client, whatever its lease: its sessions go, and its lease.  wait: for
 * its changes that are under way; false: one is, and nothing was done.  For
 * those who have nfs4_owner_lock() of its owner, inside nfs4_sql_begin().
 */
extern bool nfs4_client_end(int64 client_id, bool wait);

/* The lease time that clients are told, in seconds. */
extern uint32 nfs4_lease_time(void);

/* The clock that leases are measured by: seconds of service. */
extern int64 nfs4_served(void);

/* Of a client that is new, or is here again; inside nfs4_sql_begin(). */
extern void nfs4_lease_begin(int64 client_id);

/*
 * Takes all records of an owner (co_ownerid) to the end of the transaction.
 * False, without wait: another transaction has them.
 */
extern bool nfs4_owner_lock(const void *owner, int len, bool wait);

/*
 * What is not hot runs SQL (spi.h), as the owner of the tables, for every
 * caller.  An error ends it without nfs4_sql_end().
 */
typedef struct Nfs4Sql
{
	Oid			user;
	int			context;
	int			settings;
} Nfs4Sql;

extern Nfs4Sql nfs4_sql_begin(void);
extern void nfs4_sql_end(const Nfs4Sql *before);

#endif							/* DITTOFS_LEASES4_H */
