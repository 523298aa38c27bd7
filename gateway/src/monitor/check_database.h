/* SPDX-License-Identifier: PostgreSQL */
/*
 * check_database.h
 *	  Is a metadata store as a gateway needs it?  Asked by a connection that
 *	  blocks: before the workers start, and by "dittofs check".
 */
#ifndef DITTOFS_CHECK_DATABASE_H
#define DITTOFS_CHECK_DATABASE_H

#include <stdbool.h>

#include "config/config.h"
#include "monitor/findings.h"

/*
 * Server, extension, rights, settings and shares of store number.  With
 * auto_migrate, and if migrate is set, extension and shares are made first.
 * False: it cannot be reached.
 */
extern bool database_examine(const struct config *config, int number,
							 bool migrate, struct findings *findings);

#endif							/* DITTOFS_CHECK_DATABASE_H */
