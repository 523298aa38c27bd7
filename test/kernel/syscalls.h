/* SPDX-License-Identifier: PostgreSQL */
/*
 * syscalls.h
 *	  What the parts of syscalls share: arguments and answers.
 */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * A call gets its arguments as strings, NULL for those that were left out.  It
 * says its answer or nothing and returns 0, or returns -1 with errno set.
 */
typedef struct Call
{
	const char *name;
	int			(*function) (char **a);
	int			least;			/* how many arguments it needs */
	int			most;
} Call;

typedef struct Name
{
	const char *name;
	int			value;
} Name;

/* These end with a name that is NULL. */
extern const Call calls_by_path[];
extern const Call calls_on_files[];
extern const Name kinds[];

extern void die(const char *format,...)
			__attribute__((format(printf, 1, 2), noreturn));
extern void *allocate(void *old, size_t size);

extern int	say(const char *format,...) __attribute__((format(printf, 1, 2)));
extern int	say_bytes(const char *data, ssize_t size);
extern int	say_number(int64_t number);

extern int64_t number(const char *text);
extern int	value_of(const Name *names, const char *wanted);
extern int	flags(char *text);
extern int	show(const struct stat *status, char *wanted);

#endif							/* SYSCALLS_H */
