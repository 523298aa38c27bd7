/* SPDX-License-Identifier: PostgreSQL */
/*
 * problems.h
 *	  What is wrong with settings, as tests compare it.
 */
#ifndef PROBLEMS_H
#define PROBLEMS_H

#include "config/config.h"

/* A line each; NULL: nothing is wrong.  Until it is called again. */
static inline const char *
problems_of(const struct config *config)
{
	static char text[CONFIG_PROBLEMS_MAX * 1024];
	const struct config_problems *problems = &config->problems;
	int			left_out = config_problems_left_out(problems);
	size_t		used = 0;

	if (problems->count == 0)
		return NULL;
	for (int i = 0; i < problems->count - left_out; i++)
		used += (size_t) snprintf(text + used, sizeof(text) - used, "%s%s",
								  i > 0 ? "\n" : "", problems->texts[i]);
	if (left_out > 0)
		snprintf(text + used, sizeof(text) - used, "\nand %d more", left_out);
	return text;
}

#endif							/* PROBLEMS_H */
