/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * clients4.h
 *	  Records of clients of NFSv4.1: the one module that changes
 *	  dittofs.nfs4_clients, with leases4.c, which ends a client.
 *
 * What is for CREATE_SESSION is called inside nfs4_sql_begin().
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_CLIENTS4_H
#define DITTOFS_CLIENTS4_H

#include "base/dittofs.h"

/* A record, of a client that has not ended. */
typedef struct Client4
{
	int64		client_id;
	const bytea *owner;
	bool		confirmed;
	bool		same_verifier;	/* these two: as who asks */
	bool		same_principal;
	uint32		sequence;		/* of its last CREATE_SESSION */
	const bytea *reply;			/* and what it answered; NULL: there was none */
} Client4;

/*
 * The record of a client, for its principal or another, with its owner's lock
 * to the end of the transaction.  False: there is none.
 */
extern bool client_take(int64 client_id, const Caller *caller,
						Client4 *client);

/*
 * Makes it its owner's one record, if the caller is its principal; what the one
 * before had is gone.  CLID_INUSE
 */
extern uint32 client_confirm(const Client4 *client, const Caller *caller);

/* Stores the answer to its last CREATE_SESSION. */
extern void client_store_reply(int64 client_id, uint32 sequence,
							   const bytea *reply);

/* How many sessions it has. */
extern int64 client_sessions(int64 client_id);

/* May the caller speak for it? */
extern bool client_is_principal(int64 client_id, const Caller *caller);

/*
 * A slice of the reaper's work: ends clients that have been away for longer
 * than nfs4_courtesy_time, and frees what those have left behind that have
 * ended; returns how much that was.  Not inside nfs4_sql_begin().
 */
extern int64 nfs4_reap(int64 max);

#endif							/* DITTOFS_CLIENTS4_H */
