/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_s3_answers.h
 *	  The meaning of S3's answers: one table.
 *
 * Only two answers are about the object itself, and final: "there is no such
 * key" in S3's own words (404 with the code NoSuchKey: a proxy has a 404 of
 * its own, and a bucket that is not there says nothing about its objects), and
 * a range behind the object's end (416).  A service that says it is full is
 * believed, too.  All the rest (keys that have expired or are wrong, clocks,
 * redirects, proxies, limits, faults) is about the way to the object: the
 * store is away, clients ask again (JUKEBOX), and the log says what to do.
 */
#ifndef DITTOFS_CONTENT_S3_ANSWERS_H
#define DITTOFS_CONTENT_S3_ANSWERS_H

#include "content/content_backend.h"

enum s3_operation
{
	S3_PUT,
	S3_GET,
	S3_DELETE,
	S3_LIST,
	S3_OPERATIONS
};

extern const char *const s3_operation_names[];

/* What an error's XML says; "" where it says nothing. */
struct s3_error
{
	char		code[64];
	char		message[160];
	char		region[64];		/* where the bucket is, of some redirects */
};

/*
 * body: what came with a status other than 2xx, which may be anything.  What
 * is not one whole <Error> document leaves the error empty.
 */
extern void s3_error_read(struct s3_error *error, const char *body,
						  size_t size);

struct s3_verdict
{
	enum content_outcome outcome;

	/* What an operator must do; NULL: it passes without action. */
	const char *remedy;

	/* It may be the credentials: they are looked for again. */
	bool		refused;
};

/* Of an answer with a status other than 2xx. */
extern struct s3_verdict s3_judge(enum s3_operation operation, long status,
								  const char *code);

/*
 * For an answer with 2xx that cannot be S3's: a page from something in between.
 */
extern struct s3_verdict s3_judge_stranger(void);

/* For a request that was not sent, for lack of keys to sign it with. */
extern struct s3_verdict s3_judge_no_credentials(void);

/*
 * Error codes of libcurl: never final either, since a certificate is renewed
 * and a name comes back.  problem: a CURLcode.
 */
extern struct s3_verdict s3_judge_transport(int problem);

#endif							/* DITTOFS_CONTENT_S3_ANSWERS_H */
