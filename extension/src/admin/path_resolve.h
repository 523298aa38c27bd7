/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * path_resolve.h
 *	  Declares what the functions for people share: from a path to an object,
 *	  and errors that name the path.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_PEOPLE_PATH_H
#define DITTOFS_PEOPLE_PATH_H

#include "ops/fs.h"
#include "tables/paths.h"

/* A path, and what its caller wants to do with it. */
typedef struct Place
{
	const char *verb;			/* for messages: could not <verb> <path> */
	const char *path;			/* as the user wrote it */
	Op			root;			/* the caller at the share's root */
	Path		names;
	int			depth;			/* how many of them are the share's */
} Place;

/*
 * Brackets of a function that calls operations: each function sees what the
 * one before it in the same statement did, like any volatile function.
 */
extern void people_begin(void);
extern void people_end(void);

/*
 * An argument that is NULL is an error: what reads as done must have been done.
 * nullable has a bit for each argument that may be NULL.
 */
extern void require_values(FunctionCallInfo fcinfo, uint32 nullable);

/*
 * Takes a path apart and enters the root of its share; raises where there is no
 * share.  A caller who is not let in is told by the first operation.
 */
extern void place_open(Place *place, const char *verb, text *path,
					   Datum caller);
/*
 * Walks to the object, or to the one up levels above it; raises where that does
 * not lead on.
 */
extern Op	place_enter(const Place *place, int up);
/*
 * Walks to the directory, and tells the name in it.  A share's root has
 * neither: for it, raises at_root.
 */
extern Op	place_enter_dir(const Place *place, Status at_root, FsBytes *name);
/* Raises the status, if it is one, with the verb and the path. */
extern void place_raise(const Place *place, Status status);

static inline FsBytes
path_name_bytes(const PathName *name)
{
	FsBytes		bytes = {name->data, name->len};

	return bytes;
}

#endif							/* DITTOFS_PEOPLE_PATH_H */
