/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_attr.h
 *	  Attributes: from the extension's binary forms to those of RFC 1813.
 *
 * fattr and wcc are described in extension/sql/README.md.  Each function takes
 * the row's next column; a column that is NULL becomes "no attributes follow".
 */
#ifndef DITTOFS_NFS3_ATTR_H
#define DITTOFS_NFS3_ATTR_H

#include "dittofs_contract.h"
#include "nfs3.h"
#include "db/row.h"

/* Fills attr; false (and attr untouched) when there is no value. */
extern bool nfs3_fattr(struct row *row, fattr3 *attr);
extern void nfs3_post_op_attr(struct row *row, post_op_attr *attr);
extern void nfs3_wcc_data(struct row *row, wcc_data *wcc);
extern void nfs3_post_op_fh3(struct row *row, post_op_fh3 *fh);
extern void nfs3_write_verifier(struct row *row, writeverf3 verf);

/* Nanoseconds since the epoch, as near as 32 bits of seconds can come. */
extern nfstime3 nfs3_time(int64_t nanoseconds);

#endif							/* DITTOFS_NFS3_ATTR_H */
