/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * guard_tables.c
 *	  Refuses commands that would break the tables.
 *
 * An event trigger calls check_tables() after every command that may have made
 * something which shape.c would meet later.  It examines only tables on which
 * this transaction holds a lock stronger than those of mere use: these are the
 * ones that the command has changed.  So an obstacle that got past the event
 * trigger, which can be disabled, does not block commands on other tables.
 *
 * Functions are looked up by name and arguments.  So a role that can create one
 * in our schema, or owns one there, can have superusers call it in place of
 * ours. check_object() is asked about each object that a command has made or
 * changed, and check_tables() about the schema.
 *
 * TRUNCATE fires no event trigger; the tables have triggers of their own for
 * it.  They do not fire where session_replication_role is replica: a subscriber
 * does what its publisher did.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/genam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "tcop/deparse_utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "tables/shape.h"

PG_FUNCTION_INFO_V1(dittofs_check_object);
PG_FUNCTION_INFO_V1(dittofs_check_tables);
PG_FUNCTION_INFO_V1(dittofs_guard_truncate);

/* Does this transaction hold a lock that a command on the definition takes? */
static bool
is_being_altered(Oid relid)
{
	LOCKTAG		tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	return compat_lock_held(&tag, ShareUpdateExclusiveLock);
}

/*
 * A command has taken something out of the extension, which so would lose it.
 */
pg_noreturn static void
refuse_leaving(Oid class, Oid object)
{
	ObjectAddress address = {class, object, 0};

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s must stay in extension dittofs",
					getObjectDescription(&address, false)),
			 errhint("ALTER EXTENSION dittofs UPDATE changes what belongs to it.")));
}

/* False: there is no table or sequence of that name. */
static bool
check_table(RelName name, Oid schema, Oid extension)
{
	Oid			relid = get_relname_relid(known_tables[name].name, schema);

	if (OidIsValid(relid) && is_being_altered(relid) &&
		getExtensionOfObject(RelationRelationId, relid) != extension)
		refuse_leaving(RelationRelationId, relid);
	if (OidIsValid(relid) && known_tables[name].columns != NULL &&
		is_being_altered(relid))
	{
		Relation	heap = relation_open(relid, NoLock);

		table_look_again(name, heap);
		relation_close(heap, NoLock);
	}
	return OidIsValid(relid);
}

static bool
check_type(ResultType name, Oid schema)
{
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
									   CStringGetDatum(known_types[name].name),
									   ObjectIdGetDatum(schema));

	if (OidIsValid(type) && is_being_altered(get_typ_typrelid(type)))
		type_look_again(name);
	return OidIsValid(type);
}

static bool
is_known_name(const char *name)
{
	for (int i = 0; i < REL_COUNT; i++)
		if (strcmp(name, known_tables[i].name) == 0)
			return true;
	for (int i = 0; i < TYPE_COUNT; i++)
		if (strcmp(name, known_types[i].name) == 0)
			return true;
	return false;
}

/*
 * A member of the extension that is not where it was: has it just been moved?
 */
static void
check_member(const ObjectAddress *member)
{
	Oid			relid = member->objectId;

	if (member->classId == TypeRelationId)
		relid = get_typ_typrelid(relid);
	else if (member->classId != RelationRelationId ||
			 get_rel_relkind(relid) == RELKIND_VIEW)
		return;
	if (!OidIsValid(relid) || !is_being_altered(relid))
		return;
	if (get_rel_namespace(relid) == get_namespace_oid("dittofs", true) &&
		is_known_name(get_rel_name(relid)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("what belongs to extension dittofs must keep its name and its schema"),
			 errdetail("It would be %s.%s.",
					   get_namespace_name(get_rel_namespace(relid)),
					   get_rel_name(relid)),
			 errhint("A view in another schema can have any name.")));
}

static void
check_members(Oid extension)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&keys[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(ExtensionRelationId));
	ScanKeyInit(&keys[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(extension));
	scan =
		systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		ObjectAddress member = {form->classid, form->objid, 0};

		if (form->deptype == DEPENDENCY_EXTENSION)
			check_member(&member);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

/*
 * Who owns things
 */

/* Of the extension, or a superuser, who can do all that anyway. */
static bool
is_trusted(Oid role, Oid extension)
{
	HeapTuple	tuple;
	ScanKeyData key;
	Relation	catalog;
	SysScanDesc scan;
	bool		trusted = role != ACL_ID_PUBLIC && superuser_arg(role);

	if (trusted || role == ACL_ID_PUBLIC)
		return trusted;
	ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(extension));
	catalog = table_open(ExtensionRelationId, AccessShareLock);
	scan =
		systable_beginscan(catalog, ExtensionOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	trusted = HeapTupleIsValid(tuple) &&
		((Form_pg_extension) GETSTRUCT(tuple))->extowner == role;
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	return trusted;
}

static void
check_privileges(HeapTuple tuple, Oid owner, Oid extension)
{
	bool		isnull;
	Datum		datum = SysCacheGetAttr(NAMESPACEOID, tuple,
										Anum_pg_namespace_nspacl, &isnull);
	Acl		   *acl;

	if (isnull)
		return;
	acl = DatumGetAclP(datum);
	for (int i = 0; i < ACL_NUM(acl); i++)
	{
		const AclItem *item = &ACL_DAT(acl)[i];

		if ((ACLITEM_GET_PRIVS(*item) & ACL_CREATE) != 0 &&
			item->ai_grantee != owner &&
			!is_trusted(item->ai_grantee, extension))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("only superusers may have CREATE on schema dittofs"),
					 errdetail("%s could make functions there that superusers call in place of dittofs's.",
							   item->ai_grantee == ACL_ID_PUBLIC ? "PUBLIC" :
							   GetUserNameFromId(item->ai_grantee, false)),
					 errhint("Indexes need no such privilege. Make tables and functions in another schema.")));
	}
}

/* The schema, if this transaction has changed who may do what there. */
static void
check_schema(Oid schema, Oid extension)
{
	HeapTuple	tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		return;
	if (TransactionIdIsCurrentTransactionId(
			HeapTupleHeaderGetXmin(tuple->t_data)))
	{
		owner = ((Form_pg_namespace) GETSTRUCT(tuple))->nspowner;
		if (!is_trusted(owner, extension))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("schema dittofs must belong to the extension's owner or to a superuser"),
					 errdetail("%s could make functions there that superusers call in place of dittofs's.",
							   GetUserNameFromId(owner, false)),
					 errhint("Grant USAGE on the schema and EXECUTE on what the role is to do.")));
		check_privileges(tuple, owner, extension);
	}
	ReleaseSysCache(tuple);
}

static void
check_owner(const ObjectAddress *object, Oid extension)
{
	Relation	catalog = table_open(object->classId, AccessShareLock);
	AttrNumber	column = get_object_attnum_owner(object->classId);
	HeapTuple	tuple = column == InvalidAttrNumber ? NULL :
		get_catalog_object_by_oid(catalog,
								  get_object_attnum_oid(object->classId),
								  object->objectId);
	bool		isnull;

	if (tuple != NULL &&
		!is_trusted(DatumGetObjectId(heap_getattr(tuple, column,
												  RelationGetDescr(catalog),
												  &isnull)),
					extension))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s must belong to the extension's owner or to a superuser",
						getObjectDescription(object, false)),
				 errhint("Grant what the role is to do.")));
	table_close(catalog, AccessShareLock);
}

/*
 * Tables are check_tables()'s.  The row type of a table, and the array type of
 * any type, come and go with what they belong to, and are no members
 * themselves.
 */
static bool
is_member_by_itself(Oid class, Oid object)
{
	Oid			relid;

	if (class == RelationRelationId)
		return get_rel_relkind(object) == RELKIND_VIEW;
	if (class != TypeRelationId)
		return true;
	relid = get_typ_typrelid(object);
	return !OidIsValid(get_element_type(object)) &&
		(!OidIsValid(relid) ||
		 get_rel_relkind(relid) == RELKIND_COMPOSITE_TYPE);
}

/* Views, functions and types that have just been taken out of the extension. */
static void
check_left(Oid class, AttrNumber schema_column, AttrNumber oid_column,
		   Oid schema, Oid extension)
{
	Relation	catalog = table_open(class, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, schema_column, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(schema));
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 1, &key);
	while ((tuple = systable_getnext(scan)) != NULL)
	{
		bool		isnull;
		Oid			object = DatumGetObjectId(heap_getattr(
			tuple, oid_column, RelationGetDescr(catalog), &isnull));
		LOCKTAG		tag;

		SET_LOCKTAG_OBJECT(tag, MyDatabaseId, class, object, 0);
		if (class == RelationRelationId)
			SET_LOCKTAG_RELATION(tag, MyDatabaseId, object);
		if (is_member_by_itself(class, object) &&
			compat_lock_held(&tag, ShareUpdateExclusiveLock) &&
			getExtensionOfObject(class, object) != extension)
			refuse_leaving(class, object);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
}

/*
 * A function of ours that is C's is named after it, but for those of the types.
 */
static void
check_function_name(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	Form_pg_proc form;
	char	   *symbol;
	bool		isnull;

	if (!HeapTupleIsValid(tuple))
		return;
	form = (Form_pg_proc) GETSTRUCT(tuple);
	if (form->prolang == ClanguageId)
	{
		symbol = TextDatumGetCString(
			SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_prosrc, &isnull));
		if (strncmp(symbol, "dittofs_", 8) == 0 &&
			strncmp(symbol + 8, "fattr_", 6) != 0 &&
			strncmp(symbol + 8, "wcc_", 4) != 0 &&
			namestrcmp(&form->proname, symbol + 8) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("what belongs to extension dittofs must keep its name and its schema"),
					 errdetail("Function dittofs.%s would be %s.", symbol + 8,
							   NameStr(form->proname)),
					 errhint("Make a function of another name that calls it, in another schema.")));
	}
	ReleaseSysCache(tuple);
}

/* Types that C or the gateway names, beside the result types. */
static void
check_type_name(Oid type)
{
	static const char *const others[] = {"caller", "fattr", "wcc"};
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	char	   *name;
	bool		known;

	if (!HeapTupleIsValid(tuple))
		return;
	name = pstrdup(NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname));
	ReleaseSysCache(tuple);
	known = is_known_name(name);
	for (int i = 0; i < lengthof(others); i++)
		known = known || strcmp(name, others[i]) == 0;
	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("what belongs to extension dittofs must keep its name and its schema"),
				 errdetail("It would be type dittofs.%s.", name)));
}

/* GRANT has no statement here. */
static bool
is(const Node *statement, NodeTag tag)
{
	return statement != NULL && nodeTag(statement) == tag;
}

static void
refuse_replacing(const ObjectAddress *object)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s belongs to extension dittofs and cannot be replaced",
					getObjectDescription(object, false)),
			 errhint("Make one in another schema.")));
}

static void
refuse_renaming(const ObjectAddress *object)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("what belongs to extension dittofs must keep its name and its schema"),
			 errdetail("It would be %s.", getObjectDescription(object, false))));
}

/* What was C's and has its symbol's name again may be renamed to it. */
static bool
is_of_sql(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		is_c;

	if (!HeapTupleIsValid(tuple))
		return false;
	is_c = ((Form_pg_proc) GETSTRUCT(tuple))->prolang == ClanguageId;
	ReleaseSysCache(tuple);
	return !is_c;
}

/*
 * A table of ours, a sequence or a view; check_tables() has the tables.  A
 * fileid is never used again, and only the sequence knows which have been used.
 */
static void
check_relation(const ObjectAddress *object, Oid extension, Node *statement,
			   bool made)
{
	char		kind = get_rel_relkind(object->objectId);

	/* a crash would have an unlogged one begin anew */
	if (kind == RELKIND_SEQUENCE &&
		(is(statement, T_AlterSeqStmt) ||
		 get_rel_persistence(object->objectId) != RELPERSISTENCE_PERMANENT))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s must stay as it is, or numbers would be given out twice",
						getObjectDescription(object, false)),
				 errhint("dittofs.advance_sequences() moves it beyond all numbers that are in use.")));
	if (kind == RELKIND_VIEW && made)
		refuse_replacing(object);
	if (kind == RELKIND_VIEW && is(statement, T_RenameStmt))
		refuse_renaming(object);
	check_owner(object, extension);
}

static void
check_own(const ObjectAddress *object, Oid schema, Oid extension,
		  Node *statement, bool made)
{
	Oid			now = get_object_namespace(object);

	if (made)
		refuse_replacing(object);
	/* gateways send and receive them in their binary form */
	if (is(statement, T_AlterTypeStmt))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s must keep its functions and its storage",
						getObjectDescription(object, false))));
	if ((OidIsValid(now) && now != schema) ||
		(is(statement, T_RenameStmt) &&
		 object->classId == ProcedureRelationId && is_of_sql(object->objectId)))
		refuse_renaming(object);
	if (object->classId == ProcedureRelationId)
		check_function_name(object->objectId);
	else if (object->classId == TypeRelationId)
		check_type_name(object->objectId);
	check_owner(object, extension);
}

/* A publication has been made or changed, or a table is in it or no longer. */
static void
check_publications(Oid schema)
{
	for (int i = 0; i < REL_COUNT; i++)
	{
		Oid			relid = get_relname_relid(known_tables[i].name, schema);
		Relation	heap;

		if (!OidIsValid(relid) || known_tables[i].columns == NULL)
			continue;
		heap = table_open(relid, AccessShareLock);
		table_look_at_publications((RelName) i, heap);
		table_close(heap, AccessShareLock);
	}
}

/*
 * check_object(class, object, made, command): an error if it is ours and not as
 * it was, or another role's in our schema where it could be taken for ours.
 */
Datum
dittofs_check_object(PG_FUNCTION_ARGS)
{
	ObjectAddress object = {PG_GETARG_OID(0), PG_GETARG_OID(1), 0};
	bool		made = PG_GETARG_BOOL(2);
	Node	   *statement =
		((CollectedCommand *) PG_GETARG_POINTER(3))->parsetree;
	Oid			extension = get_extension_oid("dittofs", true);
	Oid			schema = get_namespace_oid("dittofs", true);

	if (!OidIsValid(extension) || !OidIsValid(schema) || IsBinaryUpgrade ||
		(creating_extension && CurrentExtensionObject == extension))
		PG_RETURN_VOID();
	if (is(statement, T_CreatePublicationStmt) ||
		is(statement, T_AlterPublicationStmt))
		check_publications(schema);
	if (!is_objectclass_supported(object.classId))
		PG_RETURN_VOID();
	if (object.classId == ExtensionRelationId)
	{
		if (object.objectId == extension)
		{
			check_left(ProcedureRelationId, Anum_pg_proc_pronamespace,
					   Anum_pg_proc_oid, schema, extension);
			check_left(TypeRelationId, Anum_pg_type_typnamespace,
					   Anum_pg_type_oid, schema, extension);
			check_left(RelationRelationId, Anum_pg_class_relnamespace,
					   Anum_pg_class_oid, schema, extension);
		}
		PG_RETURN_VOID();
	}
	/* nothing calls these by their names */
	if (object.classId == StatisticExtRelationId ||
		object.classId == ConstraintRelationId)
		PG_RETURN_VOID();
	/* otherwise tables and their like are check_tables()'s */
	if (object.classId == RelationRelationId)
	{
		if (getExtensionOfObject(object.classId, object.objectId) == extension)
			check_relation(&object, extension, statement, made);
		PG_RETURN_VOID();
	}
	if (getExtensionOfObject(object.classId, object.objectId) == extension)
		check_own(&object, schema, extension, statement, made);
	else if (get_object_attnum_namespace(object.classId) != InvalidAttrNumber &&
			 get_object_namespace(&object) == schema)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema dittofs has no room for others' functions, types and operators"),
				 errdetail("%s could be taken for one of extension dittofs.",
						   getObjectDescription(&object, false)),
				 errhint("Make it in another schema.")));
	PG_RETURN_VOID();
}

/*
 * check_tables(): an error if this transaction has done something to a table or
 * a result type that the library cannot work with.
 */
Datum
dittofs_check_tables(PG_FUNCTION_ARGS)
{
	Oid			extension = get_extension_oid("dittofs", true);
	Oid			schema = get_namespace_oid("dittofs", true);
	bool		complete = OidIsValid(schema);

	/* our own scripts know what they do */
	if (!OidIsValid(extension) || IsBinaryUpgrade ||
		(creating_extension && CurrentExtensionObject == extension))
		PG_RETURN_VOID();
	if (complete)
		check_schema(schema, extension);
	for (int i = 0; i < REL_COUNT && complete; i++)
		complete = check_table((RelName) i, schema, extension);
	for (int i = 0; i < TYPE_COUNT && complete; i++)
		complete = check_type((ResultType) i, schema);
	if (!complete)
		check_members(extension);
	PG_RETURN_VOID();
}

/*
 * TRUNCATE
 */

static bool
has_rows(Relation heap)
{
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	TableScanDesc scan = table_beginscan(heap, snapshot, 0, NULL);
	TupleTableSlot *slot = table_slot_create(heap, NULL);
	bool		found =
		table_scan_getnextslot(scan, ForwardScanDirection, slot);

	ExecDropSingleTupleTableSlot(slot);
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	return found;
}

/* BEFORE TRUNCATE ... FOR EACH STATEMENT */
Datum
dittofs_guard_truncate(PG_FUNCTION_ARGS)
{
	Relation	heap;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("dittofs.guard_truncate() is a trigger function")));
	heap = ((TriggerData *) fcinfo->context)->tg_relation;
	if (has_rows(heap))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot truncate table dittofs.%s because files need its rows",
						RelationGetRelationName(heap)),
				 errhint("dittofs.rm(path, recursive => true) removes files, dittofs.drop_share(name, force => true) a share with all its files.")));
	PG_RETURN_POINTER(NULL);
}
