/* SPDX-License-Identifier: PostgreSQL */
/*
 * compete.h
 *	  What the games of compete are made of: two players and what they do to
 *	  files.
 */
#ifndef COMPETE_H
#define COMPETE_H

#include <stdbool.h>
#include <sys/types.h>

typedef struct Game
{
	const char *name;
	void		(*play) (void);
} Game;

#define GAME(name) {#name, name}

/* They end with a name that is NULL. */
extern const Game games[];
extern const Game games_of_rounds[];

/* The game's directory through A and through B */
extern const char *here;
extern const char *there;

/* What a player tells when it has ended */
typedef struct Answer
{
	char		text[256];
} Answer;

typedef void (*Player) (int number, Answer *answer);

extern void both(Player player, Answer answers[2]);
extern void meet(void);

/* Whatever must not fail and does ends the game by this. */
extern void fail(const char *format,...)
			__attribute__((format(printf, 1, 2), noreturn));
extern void check(int result, const char *what);

/*
 * True if the call succeeded, false if it failed with one of the errors, which
 * end with 0.
 */
#define outcome(call, allowed) outcome_of(call, #call, allowed)
extern bool outcome_of(int result, const char *what, const int *allowed);

/* Names or paths */
typedef struct Names
{
	char	  **names;
	int			count;
} Names;

extern char *path(const char *format,...)
			__attribute__((format(printf, 1, 2)));
extern int	list(const char *directory, Names *names);
extern void look(const char *directory);
extern void free_names(Names *names);
extern void walk(const char *top, int *directories, Names *files);

extern int	create(const char *name);
extern void put(const char *name, const char *data);
extern char *get(const char *name, size_t *size);

extern double now(void);

#endif							/* COMPETE_H */
