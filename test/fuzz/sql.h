/* SPDX-License-Identifier: PostgreSQL */
/*
 * sql.h
 *	  What the two halves of the SQL fuzzer share: sql.c calls, sql_values.c
 *	  thinks up arguments.
 */
#ifndef SQL_H
#define SQL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARGUMENTS_MAX 20

/* An argument, as PQexecParams takes it. */
struct value
{
	bool		null;
	bool		binary;
	char	   *data;			/* malloc'ed; with a NUL behind it */
	int			size;
};

/* Pseudo-random numbers, all from the seed. */
extern void seed_random(uint64_t seed);
extern uint32_t any(uint32_t below);

/* So many times in a hundred. */
extern bool chance(uint32_t percent);

/*
 * The scene: handles of what the shares hold, gathered when it was set.  Calls
 * change it, so some are stale.
 */
enum kind
{
	OBJECT_DIRECTORY,
	OBJECT_FILE,
	OBJECT_OTHER,
	KINDS
};

extern void forget_handles(void);
extern void remember_handle(enum kind kind, const void *data, size_t size);

/* Keys of dittofs.set_server_config(). */
extern void remember_key(const char *key);

/*
 * A value for an argument of this name and type (as pg_type has it): one that
 * is right for most functions, or a wild one.
 */
extern struct value make_value(const char *name, const char *type, bool wild);

/* An SQL literal of it, shortened, for people. */
extern void describe_value(const struct value *value, char *to, size_t room);

#endif							/* SQL_H */
