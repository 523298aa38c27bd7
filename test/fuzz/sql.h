/* SPDX-License-Identifier: PostgreSQL */
/*
 * sql.h
 *	  What the parts of the SQL fuzzer share: sql.c calls, sql_values.c thinks
 *	  up arguments, sql_programs.c those that are programs of COMPOUND.
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

/*
 * Sessions of NFSv4.1 and stateids (seqid, then the rest; as on the wire) that
 * are in the tables.
 */
extern void forget_states(void);
extern void remember_session(const void *id, uint64_t client);
extern void remember_stateid(const void *stateid);

/* A program for dittofs.compound(). */
extern struct value make_program(bool wild);

/*
 * Programs that are right: a client's EXCHANGE_ID, its CREATE_SESSION (its
 * client id and sequence as EXCHANGE_ID's result has them), RECLAIM_COMPLETE.
 */
extern struct value exchange_program(const char *owner);
extern struct value session_program(const void *client_and_sequence);
extern struct value reclaim_program(const void *session);

/* An SQL literal of it, shortened, for people. */
extern void describe_value(const struct value *value, char *to, size_t room);

#endif							/* SQL_H */
