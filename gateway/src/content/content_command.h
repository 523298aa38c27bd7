/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_command.h
 *	  dittofs verify and dittofs gc: commands for people, about the blocks in
 *	  content stores.  Both need what a gateway needs, and nothing more.
 */
#ifndef DITTOFS_CONTENT_COMMAND_H
#define DITTOFS_CONTENT_COMMAND_H

#include "config/config.h"

/*
 * Reads back every block that the database knows, or those of one share, and
 * checks it.  What is wrong is printed with the files that have it.  Returns
 * the exit status: 0 all is well, 1 something is wrong, 2 not all could be
 * looked at.
 */
extern int	content_verify(const struct config *config, const char *share);

/*
 * Deletes blocks that no file has had for as long as the database says, now;
 * and with orphans >= 0 those that the database has never heard of, if they are
 * at least so many days old.
 */
extern int	content_collect(const struct config *config, int orphans);

#endif							/* DITTOFS_CONTENT_COMMAND_H */
