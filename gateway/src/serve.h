/*
 * serve.h
 *	  What the core does with a request between its record and its reply.
 *
 *		client.c	a record is complete		serve_record
 *		pool.c		a result is committed		serve_result, serve_column
 *		pool.c		there will be none			serve_failure
 *		content_io.c	a content store has answered	serve_resume
 */
#ifndef DITTOFS_SERVE_H
#define DITTOFS_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "record.h"
#include "request.h"
#include "worker.h"

/* Statuses that come from the core: nfsstat3 of RFC 1813, 2.6. */
#define STATUS_IO 5
#define STATUS_XDEV 18
#define STATUS_NOSPC 28
#define STATUS_SERVERFAULT 10006
#define STATUS_JUKEBOX 10008

/*
 * Takes over record->chunk.  May close the client, if what it sent is not
 * RPC.
 */
extern void serve_record(struct client *client, struct record *record);

/* Takes over the result. */
extern void serve_result(struct request *request, PGresult *result);

/* Its record is a column of a result that it shares with others. */
extern void serve_column(struct request *request, const PGresult *result,
						 int column);
extern void serve_failure(struct request *request, uint32_t status);

/*
 * It took too long, and nobody knows what becomes of it.  JUKEBOX would make the
 * client call anew, with another xid.  That is right for what can be done twice.
 * A change that may have been made, here or by the gateway that the client asked
 * before, would get EXIST or NOENT then, for what it did itself; so it gets no
 * answer, and asks again with the same xid.
 */
extern void serve_too_late(struct request *request);

/* What the request wanted of content stores has come to its end. */
extern void serve_resume(struct request *request);

/* Now and then: charges to stores what they have room for again. */
extern void serve_hold(struct worker *worker);

/* request.c */

extern struct request *request_new(struct worker *worker);

/*
 * The one place where a request ends: it leaves every list but that of its
 * state, which it has left before, and all its memory is released.
 */
extern void request_free(struct request *request);
extern void request_set_state(struct request *request,
							  enum request_state state);
extern void request_attach(struct request *request, struct client *client);
extern void request_detach(struct request *request);
extern void request_charge(struct request *request, size_t bytes);
extern void request_uncharge(struct request *request);

/*
 * Its client has gone.  The client sends the call again, here or elsewhere, and
 * when it has its answer goes on: what waited here must not be written over what it
 * wrote then to the same place, nor must a REMOVE that was told NOENT, which is
 * remembered nowhere, find the file that has been made since.
 */
extern bool request_pointless(const struct request *request);

/* Fills in the record mark.  False: nothing has been encoded. */
extern bool request_finish_reply(struct request *request);
struct rpc_refusal;
extern void request_refuse_as(struct request *request,
							  const struct rpc_refusal *refusal);

/*
 * "client 10.0.0.7:871 xid 1a2b3c4d GETATTR (share /export, file 0190...)", for
 * log lines, and the same as members of a JSON object.
 */
#define REQUEST_NAME_MAX 320
extern const char *request_name(const struct request *request, char *buffer);
extern json_t *request_members(const struct request *request);
extern const char *status_name(uint32_t status, char *buffer);

extern void requests_free_all(struct worker *worker);

#endif							/* DITTOFS_SERVE_H */
