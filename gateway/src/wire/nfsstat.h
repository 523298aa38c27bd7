/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfsstat.h
 *	  Names of nfsstat3 (RFC 1813, 2.6) and nfsstat4 (RFC 8881, 15.1), for the
 *	  log and the metrics.
 *
 * DELAY of version 4 is JUKEBOX.  A reply of NLM has statuses of its own.
 * Where nfsstat3 has one that means the same (STALE, ROFS, FBIG), that is
 * noted; the others have numbers here.
 */
#ifndef DITTOFS_NFSSTAT_H
#define DITTOFS_NFSSTAT_H

#include <stdint.h>

#define NFSSTAT_NAME_MAX 16

/* "NOENT"; of a status without a name its number, in the buffer. */
extern const char *nfsstat_name(uint32_t status, char *buffer);

#endif							/* DITTOFS_NFSSTAT_H */
