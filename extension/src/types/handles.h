/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * handles.h
 *	  File handles: HANDLE_LEN opaque bytes, the same on every replica, for
 *	  ever.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_HANDLES_H
#define DITTOFS_HANDLES_H

#include "base/dittofs.h"

/* False: this cannot be one of ours (NFS3ERR_BADHANDLE). */
extern bool handle_parse(const bytea *wire, Handle *handle);
/* The same of HANDLE_LEN bytes somewhere. */
extern bool handle_parse_bytes(const char *data, Handle *handle);
/* HANDLE_LEN bytes */
extern void handle_write(const Handle *handle, char *data);
extern bytea *handle_form(const pg_uuid_t *share, const pg_uuid_t *id);

#endif							/* DITTOFS_HANDLES_H */
