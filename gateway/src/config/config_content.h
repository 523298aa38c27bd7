/* SPDX-License-Identifier: PostgreSQL */
/*
 * config_content.h
 *	  Content stores among the settings, for the files config*.c.
 */
#ifndef DITTOFS_CONFIG_CONTENT_H
#define DITTOFS_CONFIG_CONTENT_H

#include "config/config.h"

/*
 * Takes "name=files,type=filesystem,base_path=/x".  The keys are name and those
 * of content.stores.* in the file, by the last word of their paths, but for
 * credentials themselves, since every user can read a command line.
 *
 * Returns NULL or what is wrong, in static storage.
 */
extern const char *content_store_parse(struct content_store_config *store,
									   const char *text);

/* Adds the stores of --content-store, or forgets those that were added so. */
extern bool config_add_stores(struct config *config, const char *source,
							  const char *text);
extern void config_forget_stores(struct config *config);

/* Completes all stores, complains of what is wrong, and lists them. */
extern void config_complete_stores(struct config *config);

/*
 * The kind of a share's content; false: no store has the name.  Kinds of the
 * database may be named without one.
 */
extern bool config_content_of(const struct config *config,
							  const struct share_config *share,
							  enum dittofs_content *kind);

/* The word of a kind. */
extern const char *content_word(enum dittofs_content kind);

#endif							/* DITTOFS_CONFIG_CONTENT_H */
