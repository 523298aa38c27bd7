/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * share_options.h
 *	  Reads, checks and shows options of shares, by the rows of
 *	  dittofs_share_options.h.
 *
 * Nothing here knows an option by its name or place.  What an option does is
 * the business of the modules that read the fields of struct Share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_SHARE_OPTIONS_ROWS_H
#define DITTOFS_SHARE_OPTIONS_ROWS_H

#include "base/dittofs.h"

#include "tables/shares.h"

typedef enum ShareOptionKind
{
	OPTION_SWITCH,
	OPTION_WORD,
	OPTION_ID,
	OPTION_NETWORKS,
	OPTION_BLOCK_SIZE,
	OPTION_BYTE_LIMIT,
	OPTION_COUNT_LIMIT,
	OPTION_ROOT_ID,
	OPTION_ROOT_MODE
} ShareOptionKind;

typedef struct ShareOption
{
	const char *name;
	ShareOptionKind kind;
	Oid			type;
	const char *words;			/* of a WORD */
	const char *initial;		/* the default */
	Size		offset;			/* of its field in struct Share */
} ShareOption;

extern const ShareOption share_options[];
extern const int share_option_count;

/* NULL: no option has the name. */
extern const ShareOption *share_option_find(const char *name);

/* Is it a column of dittofs.shares, and can be altered? */
extern bool share_option_is_kept(const ShareOption *option);

/* May it be NULL?  NULL is "no limit". */
extern bool share_option_is_limit(const ShareOption *option);

/* Raises an ERROR that names the option, unless it may have this value. */
extern void share_option_check(const ShareOption *option, Datum value);

/* Sets the field of the share by the column of its row. */
extern void share_option_read(const ShareOption *option, Datum column,
							  bool isnull, Share *share);

/* Returns the value of the field, as a function shows it. */
extern Datum share_option_show(const ShareOption *option, const Share *share,
							   bool *isnull);

/*
 * Words separated by |.  The number of one, -1 if it is none of them; the word
 * with a number, as a new text; an ERROR unless it is one.
 */
extern int	word_number(const char *words, const char *word);
extern text *word_text(const char *words, int number);
extern void word_check(const char *option, const char *words, const char *word);

#endif							/* DITTOFS_SHARE_OPTIONS_ROWS_H */
