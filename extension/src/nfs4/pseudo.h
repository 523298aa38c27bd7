/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * pseudo.h
 *	  The directories above the shares, which NFSv4 begins at.
 *
 * Shares have paths like /export or /a/b.  What is above them is made of their
 * list, as far as the caller may see it: there are no rows for it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_PSEUDO_H
#define DITTOFS_PSEUDO_H

#include "nfs4/compound.h"

/* The first byte of a handle; the others are a hash of the path. */
#define PSEUDO_HANDLE_VERSION 2

#endif							/* DITTOFS_PSEUDO_H */
