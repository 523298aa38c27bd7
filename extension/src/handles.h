/*-------------------------------------------------------------------------
 *
 * handles.h
 *	  File handles: 33 opaque bytes, the same on every replica, for ever.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_HANDLES_H
#define DITTOFS_HANDLES_H

#include "dittofs.h"

/* False: this cannot be one of ours (NFS3ERR_BADHANDLE). */
extern bool handle_parse(const bytea *wire, Handle *handle);
/* The same of HANDLE_LEN bytes somewhere. */
extern bool handle_parse_bytes(const char *data, Handle *handle);
extern bytea *handle_form(const pg_uuid_t *share, const pg_uuid_t *id);

#endif							/* DITTOFS_HANDLES_H */
