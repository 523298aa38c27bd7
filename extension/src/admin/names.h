/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * names.h
 *	  Names, modes and times in the form people read and write.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_NAMES_H
#define DITTOFS_NAMES_H

#include "base/dittofs.h"

#include "utils/timestamp.h"

/*
 * Bytes as text: as they are where they are valid in the database's encoding,
 * otherwise with \ooo for each byte above 127; a backslash is doubled.
 */
extern char *name_to_text(const char *data, int len);
/* The way back; raises an ERROR when a backslash begins nothing. */
extern bytea *name_from_text(const text *name);

/* '0755' */
extern char *mode_to_text(int mode);
extern int	mode_from_text(const text *mode);

extern TimestampTz fs_time_to_timestamp(FsTime time);

#endif							/* DITTOFS_NAMES_H */
