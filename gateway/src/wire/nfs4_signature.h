/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_signature.h
 *	  Fields by the letters of dittofs_compound.h, from XDR and to XDR.
 */
#ifndef DITTOFS_NFS4_SIGNATURE_H
#define DITTOFS_NFS4_SIGNATURE_H

#include "wire/nfs4_bytes.h"

/*
 * From XDR to the packed form.  Returns NFS4_OK, NFS4ERR_BADXDR, or
 * NFS4ERR_ATTRNOTSUPP for values of an attribute without a form.
 */
extern uint32_t nfs4_from_xdr(const char *signature, struct bytes_reader *in,
							  struct writer *out);

/* From the packed form to XDR.  What is wrong shows in in->ok. */
extern void nfs4_to_xdr(const char *signature, struct bytes_reader *in,
						struct writer *out);

#endif							/* DITTOFS_NFS4_SIGNATURE_H */
