/* SPDX-License-Identifier: PostgreSQL */
/*
 * findings.h
 *	  What an examination finds: good, doubtful or wrong, and for all but the
 *	  good what to do about it.  "dittofs check" prints them, "dittofs start"
 *	  logs them.
 */
#ifndef DITTOFS_FINDINGS_H
#define DITTOFS_FINDINGS_H

enum finding_level
{
	FINDING_GOOD,
	FINDING_DOUBTFUL,			/* works, perhaps not as intended */
	FINDING_WRONG,
	FINDING_FATAL				/* wrong; a gateway must not start */
};

struct findings
{
	void		(*tell) (enum finding_level level, const char *object,
						 const char *text, const char *remedy);
	int			counts[FINDING_FATAL + 1];
};

/* object: "metadata store main".  remedy: what to do, NULL if all is well. */
extern void finding(struct findings *findings, enum finding_level level,
					const char *object, const char *remedy,
					const char *format, ...)
	__attribute__((format(printf, 5, 6)));

#endif							/* DITTOFS_FINDINGS_H */
