/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * attrs.h
 *	  Attributes on their way out.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_ATTRS_H
#define DITTOFS_ATTRS_H

#include "base/dittofs.h"

/* 'regular', 'directory'…; NULL for what is none. */
extern const char *kind_name(int kind);

#endif							/* DITTOFS_ATTRS_H */
