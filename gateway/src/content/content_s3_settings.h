/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_s3_settings.h
 *	  The settings of a store of kind s3.
 */
#ifndef DITTOFS_CONTENT_S3_SETTINGS_H
#define DITTOFS_CONTENT_S3_SETTINGS_H

#include "content/content_backend.h"

/*
 * Completes the settings from the environment (AWS_REGION and so on), decides
 * where credentials come from, and checks all of it.
 */
extern void content_s3_complete(struct content_store_config *store,
								struct content_told *told);

/*
 * Lists a block of the bucket, and compares clocks; waits 10 seconds at most.
 */
extern void content_s3_check(const struct content_store_config *store,
							 const char *object, struct findings *findings);

/* As in struct content_backend. */
extern void content_s3_describe(const struct content_store_config *config,
								char *to, size_t size);
extern const char *content_s3_place(const struct content_store_config *config);
extern const char *content_s3_server(const struct content_store_config *config);

/*
 * Returns what is wrong with a bucket's name, or NULL: the rules are S3's.
 * Other services than AWS (aws: false) take short ones.
 */
extern const char *content_bucket_problem(const char *bucket, bool aws);

#endif							/* DITTOFS_CONTENT_S3_SETTINGS_H */
