/*-------------------------------------------------------------------------
 *
 * people.h
 *	  What the functions for people share: from a path to a place, and calls of
 *	  the operations that raise what they return.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_PEOPLE_H
#define DITTOFS_PEOPLE_H

#include "dittofs.h"

#include "paths.h"

/* A path, and who wants to do what with it. */
typedef struct Place
{
	const char *verb;			/* for messages: could not <verb> <path> */
	const char *path;			/* as the user wrote it */
	Datum		caller;
	const Share *share;
	Path		names;
	int			depth;			/* how many of them are the share's */
} Place;

/* Takes a path apart; raises where there is no share. */
extern void place_open(Place *place, const char *verb, text *path, Datum caller);
/* The handle of the object, or of the one names->n - up levels above it. */
extern bytea *place_handle(const Place *place, int up);
/*
 * The directory and the name in it; at_root is what to raise for a share's
 * root, which has neither.
 */
extern bytea *place_parent(const Place *place, Status at_root, bytea **name);
/* Raises the status, if it is one, with the verb and the path. */
extern void place_raise(const Place *place, Status status);

#define CALL_MAX_ARGS	14

/* A call of an operation, argument by argument in its SQL order. */
typedef struct Call
{
	int			nargs;
	NullableDatum args[CALL_MAX_ARGS];
} Call;

extern void call_add(Call *call, Datum value);
extern void call_add_null(Call *call);
/* Runs it, and raises its status unless that is OK. */
extern HeapTupleHeader call_run(Call *call, PGFunction operation,
								const Place *place);
/* A column of the result that is not NULL, counted from 1. */
extern Datum call_column(HeapTupleHeader row, int column);

/* Brackets of a function that changes something: it sees what was done before. */
extern void people_begin(void);
extern void people_end(void);

/* The operations; each in a file ops_*.c. */
extern PGDLLEXPORT Datum dittofs_lookup(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_get_file(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_set_file_attributes(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_create_file(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_create_directory(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_create_symlink(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_read_symlink(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_create_hard_link(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_remove_file(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_remove_directory(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_move(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_read(PG_FUNCTION_ARGS);
extern PGDLLEXPORT Datum dittofs_write(PG_FUNCTION_ARGS);

/* people_list.c: a directory's entries, sorted by name */
typedef struct Entry
{
	char	   *name;
	int			namelen;
	pg_uuid_t	id;
} Entry;

extern Entry *entries_of(const pg_uuid_t *dir, int64 *n);

#endif							/* DITTOFS_PEOPLE_H */
