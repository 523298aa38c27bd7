/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4.h
 *	  The NFS program, version 4: what its files share.
 */
#ifndef DITTOFS_NFS4_H
#define DITTOFS_NFS4_H

#include "content/content_blocks.h"
#include "core/request.h"
#include "wire/nfs4_codec.h"

/* A COMPOUND: request->args. */
struct nfs4_args
{
	struct nfs4_compound compound;

	/* Blocks of a WRITE, on their way to a store. */
	bool		preparing;		/* prepare_write was asked */
	struct content_blocks blocks;

	/* Results of which a part comes from a store. */
	struct bytes results;
	struct bytes data;
	struct nfs4_reply reply;
	struct nfs4_piece *piece;	/* which is being put together */
};

/* The call of compound(). */
extern void nfs4_send(struct request *request);

/* The reply: whole; a status in place of results; of results that were lost. */
extern void nfs4_answer(struct request *request,
						const struct nfs4_reply *reply);
extern void nfs4_fail(struct request *request, uint32_t status);
extern void nfs4_malformed(struct request *request);

/*
 * nfs4_data.c: content in stores.
 *
 * nfs4_data_send() is false where the COMPOUND is not for a store, as far as is
 * known; nfs4_send() then.
 */
extern bool nfs4_data_send(struct request *request);
extern void nfs4_prepared(struct request *request, const PGresult *result);

/* The reply has pieces: they are put together, and it is answered. */
extern void nfs4_assemble(struct request *request);

#endif							/* DITTOFS_NFS4_H */
