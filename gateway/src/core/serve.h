/* SPDX-License-Identifier: PostgreSQL */
/*
 * serve.h
 *	  The way of a request between its record and its reply.
 *
 *		client.c	a record is complete		serve_record
 *		pool.c, connection*.c	its call has ended	serve_calls
 *		content_io.c	a content store has answered	serve_io
 */
#ifndef DITTOFS_SERVE_H
#define DITTOFS_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "dittofs_contract.h"
#include "wire/record.h"
#include "core/request.h"
#include "core/worker.h"

/*
 * Takes over record->chunk.  May close the client, if what it sent is not
 * RPC.
 */
extern void serve_record(struct client *client, struct record *record);

/* The owners of a request's call, and of its jobs of content stores. */
extern const struct call_owner serve_calls;
extern const struct content_io_owner serve_io;

/* Its client has gone: nothing more is done for it than must be. */
extern void serve_forget(struct request *request);

/* Now and then: charges to stores what they have room for again. */
extern void serve_hold(struct worker *worker);

/* request.c */

extern struct request *request_new(struct worker *worker);

/*
 * The one place where a request ends: it leaves every list but that of its
 * state, which it has left before, and all its memory is released.
 */
extern void request_free(struct request *request);

/*
 * A thread of a store that hung has let go of the request's memory
 * (store_queue.h).  request_free leaves that to be released here.
 */
extern void request_found(struct request *request);
extern void request_set_state(struct request *request,
							  enum request_state state);
extern void request_attach(struct request *request, struct client *client);
extern void request_detach(struct request *request);

/*
 * Its client has gone, or may have (client_has_left).  The client sends the
 * call again, here or elsewhere, and when it has its answer goes on: what
 * waited here must not be written over what it wrote then to the same place,
 * nor must a REMOVE that was told NOENT, which is remembered nowhere, find the
 * file that has been made since.
 */
extern bool request_pointless(const struct request *request);

/* Fills in the record mark.  False: nothing has been encoded. */
extern bool request_finish_reply(struct request *request);
struct rpc_refusal;
extern void request_refuse_as(struct request *request,
							  const struct rpc_refusal *refusal);

/*
 * "client 10.0.0.7:871 xid 1a2b3c4d GETATTR (share /export, file 0190...)", for
 * log lines, in CALL_NAME_MAX bytes; and the same as members of a JSON object.
 */
extern const char *request_name(const struct request *request, char *buffer);
extern json_t *request_members(const struct request *request);

extern void requests_free_all(struct worker *worker);

#endif							/* DITTOFS_SERVE_H */
