/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * verifier.h
 *	  The write verifier (RFC 1813, 3.3.7 and 3.3.21).
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_VERIFIER_H
#define DITTOFS_VERIFIER_H

#include "base/dittofs.h"

/*
 * Eight bytes that are the same in every session of this server, and other
 * bytes once unstable writes may have been lost.
 */
extern void write_verifier(uint8 out[FS_VERIFIER_LEN]);

#endif							/* DITTOFS_VERIFIER_H */
