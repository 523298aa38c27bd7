/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * shape.h
 *	  The shape of the extension's tables and result types.
 *
 * The tables belong to the owner of the database, who may add columns and
 * indexes, and an update of the extension adds some while old sessions go on.
 * So the library checks a table or a type when it opens it, under its lock, and
 * again after every invalidation.  In between the check costs one comparison.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_SHAPE_H
#define DITTOFS_SHAPE_H

#include "base/pgcompat.h"

#include "access/tupdesc.h"
#include "utils/rel.h"

#include "tables/tables.h"

/* The shape of a table, compared with tables.c. */
typedef struct TableShape
{
	bool		valid;			/* no invalidation since the check */

	/* the columns that tables.c names are there, in order, and no others */
	bool		plain;

	/*
	 * Only b-trees on columns need maintenance, and nothing needs a check
	 * before a row is stored.
	 */
	bool		simple;
	int			ncolumns;		/* that tables.c names */
	AttrNumber	attnums[TABLE_COLUMNS_MAX]; /* where they are */
	Oid			index;			/* on the first of them, as tables.c says */

	Oid			file;			/* the file with its rows */
	bool		rewritten;		/* perhaps after a snapshot that is in use */

	/* Why the table may be read, but not changed; NULL: it may. */
	const char *obstacle;
	const char *remedy;
} TableShape;

/* The table with this OID, among those whose shape was checked. */
extern RelName rel_name(Oid oid);

/*
 * Tables that were checked.  Each call asks dozens of times, so the usual
 * answer is given here; shape.c has the others.
 */
extern Oid	table_oids[REL_COUNT];
extern TableShape table_shapes[REL_COUNT];
extern Oid	rel_find_oid(RelName name);
extern const TableShape *table_find_shape(RelName name, Relation heap,
										  bool for_change);

/* OIDs are looked up by name, and again after DROP EXTENSION. */
static inline Oid
rel_oid(RelName name)
{
	return likely(OidIsValid(table_oids[name])) ? table_oids[name] :
		rel_find_oid(name);
}

/*
 * The shape of a table that is open and locked.  An error if the library cannot
 * work with it; if it cannot change it and for_change is set; or if the active
 * snapshot is older than all of its rows.
 */
static inline const TableShape *
table_shape(RelName name, Relation heap, bool for_change)
{
	const TableShape *shape = &table_shapes[name];

	return likely(shape->valid && !shape->rewritten &&
				  (shape->obstacle == NULL || !for_change)) ? shape :
		table_find_shape(name, heap, for_change);
}

/* Is there no obstacle to changing this table, whose shape was checked? */
extern bool table_may_change(RelName name);

/* Check again after a command that may have changed one: an error as above. */
extern void table_look_again(RelName name, Relation heap);
extern void type_look_again(ResultType name);
extern void table_look_at_publications(RelName name, Relation heap);

/*
 * A row of a result type, of n values: attributes that others have added are
 * NULL.
 */
extern Datum rel_form_result(ResultType type, const Datum *values,
							 const bool *nulls, int n);

#endif							/* DITTOFS_SHAPE_H */
