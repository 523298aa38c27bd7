/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * shape.c
 *	  Checks the shape of the extension's tables and result types.
 *
 * Rows are read and written without SQL (rel.c), so what SQL would have done
 * with what people add to a table is done there, or it is refused here.  Done:
 * columns, with defaults, generated ones and identities; CHECK and NOT NULL;
 * indexes of every kind.  Refused, with the table, what is in the way and the
 * remedy: that a column of ours is gone or of another type; what would change
 * the meaning of reading (row security, rules, inheritance, another access
 * method); and for changes what would have to happen later or elsewhere
 * (triggers, foreign keys, deferrable and exclusion constraints).  Tables that
 * are written by SQL alone may have these last.
 *
 * An obstacle is refused twice: when it is made (guard_tables.c), and, since
 * event triggers can be disabled, when the table is opened.
 *
 * A relation's shape cannot change while it is locked, so what was looked at
 * under a lock is true until the lock is released; and a session that gets a
 * lock has read all invalidations that came before.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/htup_details.h"
#include "access/genam.h"
#include "access/tableam.h"
#include "access/transam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "commands/trigger.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "rewrite/prs2lock.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "tables/shape.h"

#define SCHEMA "dittofs"

typedef struct TypeShape
{
	bool		valid;
	bool		plain;
	Oid			relid;			/* its pg_class row */
	TupleDesc	desc;
	AttrNumber	attnums[TABLE_COLUMNS_MAX];
} TypeShape;

Oid			table_oids[REL_COUNT];
TableShape	table_shapes[REL_COUNT];

static Oid	shape_oids[REL_COUNT];	/* whose shapes these are, or were */
static TypeShape type_shapes[TYPE_COUNT];
static bool callbacks_registered = false;

/*
 * Validity
 */

static void
rel_invalidate(Datum arg, Oid relid)
{
	for (int i = 0; i < REL_COUNT; i++)
	{
		if (relid == InvalidOid || table_oids[i] == relid)
			table_oids[i] = InvalidOid;
		if (relid == InvalidOid || shape_oids[i] == relid)
			table_shapes[i].valid = false;
	}
	for (int i = 0; i < TYPE_COUNT; i++)
	{
		if (relid == InvalidOid || type_shapes[i].relid == relid)
			type_shapes[i].valid = false;
	}
}

static void
type_invalidate(Datum arg, int cacheid, uint32 hashvalue)
{
	for (int i = 0; i < TYPE_COUNT; i++)
		type_shapes[i].valid = false;
}

static void
register_callbacks(void)
{
	if (callbacks_registered)
		return;
	CacheRegisterRelcacheCallback(rel_invalidate, (Datum) 0);
	CacheRegisterSyscacheCallback(TYPEOID, type_invalidate, (Datum) 0);
	callbacks_registered = true;
}

Oid
rel_find_oid(RelName name)
{
	Oid			oid;

	register_callbacks();
	oid = get_relname_relid(known_tables[name].name,
							get_namespace_oid(SCHEMA, false));
	if (!OidIsValid(oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation dittofs.%s does not exist",
						known_tables[name].name),
				 errhint("CREATE EXTENSION dittofs makes it, or ALTER EXTENSION dittofs UPDATE.")));
	table_oids[name] = oid;
	return oid;
}

RelName
rel_name(Oid oid)
{
	/*
	 * Each change asks, some of them four times: where the answer was before.
	 */
	static uint8 guesses[64];
	uint8	   *guess = &guesses[oid % lengthof(guesses)];
	int			name = 0;

	StaticAssertStmt(REL_COUNT <= PG_UINT8_MAX,
					 "a table has a number of 8 bits");
	if (likely(shape_oids[*guess] == oid))
		return (RelName) *guess;
	while (name < REL_COUNT && shape_oids[name] != oid)
		name++;
	if (name == REL_COUNT)
		elog(ERROR, "dittofs: relation %u was not opened by rel_open()", oid);
	*guess = (uint8) name;
	return (RelName) name;
}

/*
 * Refusals
 */

pg_noreturn static void
refuse(const char *table, const char *what, const char *remedy)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("dittofs cannot work with table dittofs.%s: %s", table, what),
			 errhint("%s", remedy)));
}

#define FOLLOW \
	"To follow changes use logical decoding (docs/operations.md, \"Your own use of the tables\")."

/* The first one counts. */
static void
obstruct(TableShape *shape, const char *what, const char *remedy)
{
	MemoryContext caller;

	if (shape->obstacle != NULL)
		return;
	caller = MemoryContextSwitchTo(TopMemoryContext);
	shape->remedy = pstrdup(remedy);
	shape->obstacle = pstrdup(what);
	MemoryContextSwitchTo(caller);
}

static void
clear_way(TableShape *shape)
{
	if (shape->obstacle == NULL)
		return;
	pfree(unconstify(char *, shape->obstacle));
	pfree(unconstify(char *, shape->remedy));
	shape->obstacle = shape->remedy = NULL;
}

/*
 * Columns
 */

static Oid
known_type(const KnownColumn *column)
{
	if (column->type != TYPE_FATTR && column->type != TYPE_WCC)
		return column->type;
	return GetSysCacheOid2(
		TYPENAMENSP, Anum_pg_type_oid,
		CStringGetDatum(column->type == TYPE_WCC ? "wcc" : "fattr"),
		ObjectIdGetDatum(get_namespace_oid(SCHEMA, false)));
}

static AttrNumber
find_column(TupleDesc desc, const char *name)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (!attribute->attisdropped &&
			namestrcmp(&attribute->attname, name) == 0)
			return (AttrNumber) (i + 1);
	}
	return InvalidAttrNumber;
}

/* Where the known columns are; true: just there, and there are no others. */
static bool
find_columns(TupleDesc desc, const KnownColumn *columns, int n,
			 AttrNumber *attnums, bool is_type, const char *owner)
{
	bool		plain = desc->natts == n;

	Assert(n <= TABLE_COLUMNS_MAX);
	for (int i = 0; i < n; i++)
	{
		AttrNumber	attnum = find_column(desc, columns[i].name);
		Oid			type = known_type(&columns[i]);

		if (attnum == InvalidAttrNumber)
			ereport(
				ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg(is_type ? "type dittofs.%s has no attribute \"%s\"" :
								  "table dittofs.%s has no column \"%s\"",
						owner, columns[i].name),
				 errhint(
					 "ALTER EXTENSION dittofs UPDATE makes it; otherwise give it back its name.")));
		if (TupleDescAttr(desc, attnum - 1)->atttypid != type)
			ereport(
				ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg(
					 is_type ?
						 "attribute \"%s\" of type dittofs.%s must be of type %s" :
						 "column \"%s\" of table dittofs.%s must be of type %s",
					 columns[i].name, owner, format_type_be(type)),
				 errdetail(
					 "It is of type %s.",
					 format_type_be(TupleDescAttr(desc, attnum - 1)->atttypid)),
				 errhint(
					 "ALTER EXTENSION dittofs UPDATE changes it; otherwise give it back its type.")));
		attnums[i] = attnum;
		plain = plain && attnum == i + 1;
	}
	return plain;
}

static void
look_at_columns(const KnownTable *known, Relation heap, TableShape *shape)
{
	TupleDesc	desc = RelationGetDescr(heap);

	shape->ncolumns = known->ncolumns;
	shape->plain = find_columns(desc, known->columns, known->ncolumns,
								shape->attnums, false, known->name);
	for (int i = 0; i < known->ncolumns; i++)
	{
		const KnownColumn *column = &known->columns[i];
		bool		not_null =
			TupleDescAttr(desc, shape->attnums[i] - 1)->attnotnull;

		if (!column->nullable && !not_null)
			refuse(known->name,
				   psprintf("column \"%s\" may be NULL", column->name),
				   psprintf("ALTER TABLE dittofs.%s ALTER %s SET NOT NULL.",
							known->name, quote_identifier(column->name)));
		if (column->nullable && not_null)
			obstruct(shape,
					 psprintf("column \"%s\" may not be NULL", column->name),
					 psprintf("ALTER TABLE dittofs.%s ALTER %s DROP NOT NULL.",
							  known->name, quote_identifier(column->name)));
	}
}

/*
 * Of a column that is not ours: is NULL what a new row would get, against its
 * will?
 */
static bool
has_nothing_to_get(Form_pg_attribute attribute)
{
	return !attribute->attisdropped && attribute->attnotnull &&
		!attribute->atthasdef && attribute->attidentity == '\0' &&
		attribute->attgenerated == '\0';
}

static void
look_at_added_columns(const KnownTable *known, Relation heap, TableShape *shape)
{
	TupleDesc	desc = RelationGetDescr(heap);

	for (int i = 0; i < desc->natts && !shape->plain; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		bool		ours = false;

		for (int k = 0; k < known->ncolumns; k++)
			ours = ours || shape->attnums[k] == i + 1;
		if (!ours && has_nothing_to_get(attribute))
			obstruct(
				shape,
				psprintf("column \"%s\" may not be NULL and has no default",
						 NameStr(attribute->attname)),
				psprintf(
					"ALTER TABLE dittofs.%s ALTER %s SET DEFAULT gives new rows a value.",
					known->name,
					quote_identifier(NameStr(attribute->attname))));
	}
}

/*
 * Indexes
 */

/* Columns alone, in a b-tree: CatalogIndexInsert would do. */
static bool
is_simple_index(Relation index)
{
	return index->rd_rel->relam == BTREE_AM_OID &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indexprs, NULL) &&
		heap_attisnull(index->rd_indextuple, Anum_pg_index_indpred, NULL);
}

/* Is it the index that the modules scan? */
static bool
is_our_index(const KnownTable *known, Relation heap, const TableShape *shape,
			 Relation index)
{
	Form_pg_index form = index->rd_index;

	if (!is_simple_index(index) || !form->indisvalid ||
		form->indnkeyatts != known->nkeys ||
		(!known->not_unique && !form->indisunique))
		return false;
	for (int i = 0; i < known->nkeys; i++)
	{
		Oid			type = TupleDescAttr(RelationGetDescr(heap),
										 shape->attnums[i] - 1)->atttypid;
		Oid			opclass = GetDefaultOpClass(type, BTREE_AM_OID);

		if (form->indkey.values[i] != shape->attnums[i] ||
			index->rd_indoption[i] != 0 ||
			index->rd_opfamily[i] != get_opclass_family(opclass))
			return false;
	}
	return true;
}

static void
miss_index(const KnownTable *known)
{
	StringInfoData columns;

	initStringInfo(&columns);
	for (int i = 0; i < known->nkeys; i++)
		appendStringInfo(&columns, "%s%s", i == 0 ? "" : ", ",
						 quote_identifier(known->columns[i].name));
	refuse(known->name,
		   psprintf("its %s on (%s) is gone",
					known->not_unique ? "index" : "primary key", columns.data),
		   known->not_unique ?
		   psprintf("CREATE INDEX ON dittofs.%s (%s).", known->name, columns.data) :
		   psprintf("ALTER TABLE dittofs.%s ADD PRIMARY KEY (%s).", known->name,
					columns.data));
}

static void
look_at_indexes(const KnownTable *known, Relation heap, TableShape *shape)
{
	List	   *oids = RelationGetIndexList(heap);
	ListCell   *cell;

	shape->index = InvalidOid;
	foreach(cell, oids)
	{
		Relation	index = index_open(lfirst_oid(cell), AccessShareLock);
		Form_pg_index form = index->rd_index;

		if (!is_simple_index(index))
			shape->simple = false;
		if (form->indisexclusion)
			obstruct(shape,
					 psprintf("exclusion constraint \"%s\"",
							  RelationGetRelationName(index)),
					 "Drop the constraint; dittofs does not look at it.");
		else if (!form->indimmediate)
			obstruct(shape,
					 psprintf("constraint \"%s\" is deferrable",
							  RelationGetRelationName(index)),
					 "Make it one that is not deferrable, or an index.");
		else if (known->nkeys > 0 && is_our_index(known, heap, shape, index) &&
				 (!OidIsValid(shape->index) || form->indisprimary))
			shape->index = RelationGetRelid(index);
		/* as the executor does, until the end of the transaction */
		index_close(index, NoLock);
	}
	list_free(oids);
	if (known->nkeys > 0 && !OidIsValid(shape->index))
		miss_index(known);
}

/*
 * Triggers and constraints
 */

static void
look_at_trigger(const KnownTable *known, const Trigger *trigger,
				TableShape *shape)
{
	char	   *constraint;

	/* TRUNCATE is SQL, and what fires on a replica does so by SQL */
	if (trigger->tgenabled == TRIGGER_DISABLED ||
		trigger->tgenabled == TRIGGER_FIRES_ON_REPLICA ||
		!(TRIGGER_FOR_INSERT(trigger->tgtype) ||
		  TRIGGER_FOR_UPDATE(trigger->tgtype) ||
		  TRIGGER_FOR_DELETE(trigger->tgtype)))
		return;
	if (!trigger->tgisinternal)
	{
		obstruct(shape,
				 psprintf("trigger \"%s\" would never fire", trigger->tgname),
				 "Drop the trigger. " FOLLOW
				 " In place of pg_repack use VACUUM FULL, CLUSTER or pg_squeeze.");
		return;
	}
	constraint = OidIsValid(trigger->tgconstraint) ?
		get_constraint_name(trigger->tgconstraint) : NULL;
	if (RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_NONE)
		return;
	obstruct(shape,
			 psprintf("foreign key \"%s\" %s%s would not be looked at",
					  constraint != NULL ? constraint : trigger->tgname,
					  RI_FKey_trigger_type(trigger->tgfoid) == RI_TRIGGER_PK ?
					  "of table " : "to table ",
					  OidIsValid(trigger->tgconstrrelid) ?
					  get_rel_name(trigger->tgconstrrelid) : "?"),
			 "Drop the constraint. Keep what is known of a file by its fileid, "
			 "and remove from time to time what has no row in dittofs.files any more.");
}

static void
look_at_constraints(const KnownTable *known, Relation heap, TableShape *shape)
{
	TupleDesc	desc = RelationGetDescr(heap);
	TriggerDesc *triggers = heap->trigdesc;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
		look_at_trigger(known, &triggers->triggers[i], shape);
	for (int i = 0; desc->constr != NULL && i < desc->constr->num_check; i++)
	{
		if (known->check == NULL ||
			strcmp(desc->constr->check[i].ccname, known->check) != 0)
			shape->simple = false;
	}
}

/*
 * Publications: SQL refuses an UPDATE or DELETE that one could not pass on, for
 * its row filter, or its list of columns, wants more than the replica identity
 * has.
 */

#define NOT_FOLLOWED \
	"a publication could not pass on what changes or deletes its rows"
#define BE_FOLLOWED \
	"Publish without row filter and list of columns, or only what the primary key has; ALTER TABLE ... REPLICA IDENTITY DEFAULT."

/* Replies are only added, and emptied by TRUNCATE. */
static bool
can_be_followed(const KnownTable *known, Relation heap)
{
	return known->not_unique || compat_can_be_followed(heap);
}

void
table_look_at_publications(RelName name, Relation heap)
{
	if (!can_be_followed(&known_tables[name], heap))
		refuse(known_tables[name].name, NOT_FOLLOWED, BE_FOLLOWED);
}

/*
 * The table as a whole
 */

static void
look_at_kind(const KnownTable *known, Relation heap)
{
	Form_pg_class form = heap->rd_rel;
	const char *table = known->name;

	if (form->relkind != RELKIND_RELATION ||
		heap->rd_tableam != GetHeapamTableAmRoutine())
		refuse(table, "it is not a heap",
			   psprintf("ALTER TABLE dittofs.%s SET ACCESS METHOD heap.", table));
	if (form->relpersistence !=
		(known->unlogged ? RELPERSISTENCE_UNLOGGED : RELPERSISTENCE_PERMANENT))
		refuse(table,
			   known->unlogged ? "a crash does not empty it" :
								 "a crash would empty it",
			   psprintf("ALTER TABLE dittofs.%s SET %s.", table,
						known->unlogged ? "UNLOGGED" : "LOGGED"));
	if (form->relrowsecurity)
		refuse(table, "its row-level security would not be looked at",
			   psprintf("ALTER TABLE dittofs.%s DISABLE ROW LEVEL SECURITY; who may see which rows is a view's business.",
						table));
	if (heap->rd_rules != NULL && heap->rd_rules->numLocks > 0)
	{
		ObjectAddress rule = {RewriteRelationId,
		heap->rd_rules->rules[0]->ruleId, 0};

		refuse(table,
			   psprintf("%s would not be looked at",
						getObjectDescription(&rule, false)),
			   "Drop the rule. " FOLLOW);
	}
	if (form->relispartition || has_superclass(RelationGetRelid(heap)))
		refuse(table, "it is part of another table",
			   "ALTER TABLE ... NO INHERIT, or DETACH PARTITION.");
	if (form->relhassubclass &&
		find_inheritance_children(RelationGetRelid(heap), NoLock) != NIL)
		refuse(table, "rows of tables that inherit from it would not be found",
			   "ALTER TABLE ... NO INHERIT. CREATE TABLE ... (LIKE ...) copies columns without inheritance.");
}

static void
look_at_table(RelName name, Relation heap, TableShape *shape)
{
	const KnownTable *known = &known_tables[name];

	register_callbacks();
	/* true unless an invalidation comes while we look */
	shape_oids[name] = RelationGetRelid(heap);
	shape->valid = true;
	shape->rewritten |= shape->file != heap->rd_rel->relfilenode;
	shape->file = heap->rd_rel->relfilenode;
	PG_TRY();
	{
		clear_way(shape);
		shape->simple = true;
		look_at_kind(known, heap);
		look_at_columns(known, heap, shape);
		if (!shape->plain)
			shape->simple = false;
		look_at_indexes(known, heap, shape);
		look_at_added_columns(known, heap, shape);
		look_at_constraints(known, heap, shape);
		if (!can_be_followed(known, heap))
			obstruct(shape, NOT_FOLLOWED, BE_FOLLOWED);
		if (known->by_sql)
			clear_way(shape);
	}
	PG_CATCH();
	{
		shape->valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

/*
 * Rewriting
 *
 * SQL locks a table before it takes a snapshot; a statement that calls us has
 * its snapshot when we wait for the lock.  If we waited for an ALTER TABLE that
 * wrote the table anew, all rows are by a transaction which that snapshot does
 * not see: files are gone, and what is added in their place is there twice.  So
 * the call fails as one does that meets a concurrent update, and a gateway runs
 * it again.
 *
 * VACUUM FULL and CLUSTER keep the transactions of the rows, and what a
 * snapshot sees.  As long as there is a snapshot that does not see the
 * rewriting, what it wrote first is still on the first pages.
 */

static bool
is_seen(TransactionId xid, Snapshot snapshot)
{
	return !TransactionIdIsNormal(xid) ||
		TransactionIdIsCurrentTransactionId(xid) ||
		!XidInMVCCSnapshot(xid, snapshot);
}

/* True: at least one row is seen.  any: there is at least one. */
static bool
has_seen_row(Relation heap, BlockNumber block, Snapshot snapshot, bool *any)
{
	Buffer		buffer = ReadBuffer(heap, block);
	Page		page;
	bool		seen = false;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	for (OffsetNumber i = FirstOffsetNumber;
		 !seen && !PageIsNew(page) && i <= PageGetMaxOffsetNumber(page); i++)
	{
		ItemId		item = PageGetItemId(page, i);

		if (!ItemIdIsNormal(item))
			continue;
		*any = true;
		seen = is_seen(
			HeapTupleHeaderGetXmin((HeapTupleHeader) PageGetItem(page, item)),
			snapshot);
	}
	UnlockReleaseBuffer(buffer);
	return seen;
}

/*
 * A page of the file that VACUUM FULL has written may be all newer by now, some
 * are not.
 */
static bool
is_all_newer(Relation heap, Snapshot snapshot)
{
	BlockNumber blocks = Min(RelationGetNumberOfBlocks(heap), 16);
	bool		any = false;

	for (BlockNumber i = 0; i < blocks; i++)
		if (has_seen_row(heap, i, snapshot, &any))
			return false;
	return any;
}

/*
 * The transaction that last changed the row of pg_class comes after the one
 * that rewrote the table.
 */
static TransactionId
last_altered_by(Relation heap)
{
	HeapTuple	tuple =
		SearchSysCache1(RELOID, ObjectIdGetDatum(RelationGetRelid(heap)));
	TransactionId xid;

	if (!HeapTupleIsValid(tuple))
		return InvalidTransactionId;
	xid = HeapTupleHeaderGetXmin(tuple->t_data);
	ReleaseSysCache(tuple);
	return xid;
}

static void
check_rewritten(const KnownTable *known, Relation heap, TableShape *shape)
{
	TransactionId xid = last_altered_by(heap);
	Snapshot	snapshot;

	if (!ActiveSnapshotSet())
		return;
	snapshot = GetActiveSnapshot();
	if (!TransactionIdIsNormal(xid) ||
		TransactionIdPrecedes(xid, snapshot->xmin))
		shape->rewritten = false;
	/* replies are emptied by TRUNCATE, which replies.c knows */
	else if (!known->not_unique && !is_seen(xid, snapshot) &&
			 is_all_newer(heap, snapshot))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("table dittofs.%s was written anew by a concurrent ALTER TABLE",
						known->name),
				 errhint("Run the transaction again.")));
}

const TableShape *
table_find_shape(RelName name, Relation heap, bool for_change)
{
	TableShape *shape = &table_shapes[name];

	if (!shape->valid)
		look_at_table(name, heap, shape);
	if (shape->rewritten)
		check_rewritten(&known_tables[name], heap, shape);
	if (shape->obstacle != NULL && for_change)
		refuse(known_tables[name].name, shape->obstacle, shape->remedy);
	return shape;
}

/*
 * Result types
 */

static Oid
type_oid(const KnownType *known)
{
	Oid			oid = GetSysCacheOid2(
		TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(known->name),
		ObjectIdGetDatum(get_namespace_oid(SCHEMA, false)));

	if (!OidIsValid(oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type dittofs.%s does not exist", known->name),
				 errhint("ALTER EXTENSION dittofs UPDATE makes it.")));
	return oid;
}

static void
look_at_type(ResultType name, TypeShape *shape)
{
	const KnownType *known = &known_types[name];
	Oid			oid;
	TupleDesc	desc;
	TupleDesc	copy;
	MemoryContext caller;

	register_callbacks();
	oid = type_oid(known);
	shape->relid = get_typ_typrelid(oid);
	shape->valid = true;
	PG_TRY();
	{
		desc = lookup_rowtype_tupdesc(oid, -1);
		caller = MemoryContextSwitchTo(TopMemoryContext);
		copy = CreateTupleDescCopy(desc);
		MemoryContextSwitchTo(caller);
		ReleaseTupleDesc(desc);
		if (shape->desc != NULL)
			FreeTupleDesc(shape->desc);
		shape->desc = copy;
		shape->plain = find_columns(copy, known->columns, known->ncolumns,
									shape->attnums, true, known->name);
	}
	PG_CATCH();
	{
		shape->valid = false;
		PG_RE_THROW();
	}
	PG_END_TRY();
}

Datum
rel_form_result(ResultType type, const Datum *values, const bool *nulls, int n)
{
	TypeShape  *shape = &type_shapes[type];
	Datum	   *all_values;
	bool	   *all_nulls;

	if (unlikely(!shape->valid))
		look_at_type(type, shape);
	if (unlikely(n != known_types[type].ncolumns))
		elog(ERROR, "dittofs: %d values for type %s", n,
			 known_types[type].name);
	if (likely(shape->plain))
		return HeapTupleGetDatum(heap_form_tuple(shape->desc,
												 unconstify(Datum *, values),
												 unconstify(bool *, nulls)));
	all_values = palloc0(sizeof(Datum) * shape->desc->natts);
	all_nulls = palloc(sizeof(bool) * shape->desc->natts);
	memset(all_nulls, true, sizeof(bool) * shape->desc->natts);
	for (int i = 0; i < n; i++)
	{
		all_values[shape->attnums[i] - 1] = values[i];
		all_nulls[shape->attnums[i] - 1] = nulls[i];
	}
	return HeapTupleGetDatum(
		heap_form_tuple(shape->desc, all_values, all_nulls));
}

void
table_look_again(RelName name, Relation heap)
{
	table_shapes[name].valid = false;
	(void) table_shape(name, heap, true);
}

void
type_look_again(ResultType name)
{
	type_shapes[name].valid = false;
	look_at_type(name, &type_shapes[name]);
}

bool
table_may_change(RelName name)
{
	return table_shapes[name].obstacle == NULL;
}
