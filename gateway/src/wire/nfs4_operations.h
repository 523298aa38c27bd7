/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_operations.h
 *	  Operations whose fields no signature can describe: "*" in
 *	  dittofs_compound.h, which has their packed forms.
 */
#ifndef DITTOFS_NFS4_OPERATIONS_H
#define DITTOFS_NFS4_OPERATIONS_H

#include "wire/nfs4_codec.h"

/*
 * Arguments, from XDR into compound->program.  Returns a status: not OK makes
 * the operation NFS4_OP_FAIL.
 */
typedef uint32_t (*nfs4_arguments) (struct nfs4_compound *compound,
									struct nfs4_operation *operation,
									struct bytes_reader *in);

/* NULL: there is none, the operation is not supported. */
extern nfs4_arguments nfs4_arguments_of(uint32_t number);

/* A reply in the making. */
struct nfs4_encoder
{
	const struct nfs4_compound *compound;
	const struct nfs4_operation *operation;
	struct bytes_reader in;
	struct writer out;
	struct bytes data;			/* the result's other column */
	size_t		split;			/* where the data of the reply belongs */
	struct nfs4_reply *reply;
	struct nfs4_piece **next_piece;
};

/*
 * Results with this status, from encoder->in to XDR in encoder->out.  Returns
 * the status, or another one: then what it wrote is forgotten.
 */
typedef uint32_t (*nfs4_results) (struct nfs4_encoder *encoder,
								  uint32_t status);

extern nfs4_results nfs4_results_of(uint32_t number);

#endif							/* DITTOFS_NFS4_OPERATIONS_H */
