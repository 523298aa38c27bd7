/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * health.c
 *	  The state of this server: write verifier and health check.
 *
 * A client that wrote UNSTABLE keeps its data until COMMIT answers with the
 * verifier that WRITE gave.  So the verifier must change whenever WAL that was
 * not flushed may have been lost, and in no other case: every change makes all
 * clients write again.  Such WAL is lost with the shared memory: at a restart,
 * at the reset after a crash of a backend (which the postmaster and its start
 * time survive), or with a fail-over to another server, which has another
 * timeline.  The server draws a random handle for its dynamic shared memory
 * each time it sets up shared memory, and that reveals a reset.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_extension.h"
#include "common/hashfn.h"
#include "storage/pg_shmem.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "tables/shares.h"
#include "base/srf.h"
#include "base/verifier.h"

PG_FUNCTION_INFO_V1(dittofs_write_verifier);
PG_FUNCTION_INFO_V1(dittofs_healthcheck);

void
write_verifier(uint8 out[FS_VERIFIER_LEN])
{
	struct
	{
		uint64		system;
		TimestampTz postmaster_start;
		TimeLineID	timeline;
		dsm_handle	shared_memory;
	}			incarnation;
	uint64		hash;

	memset(&incarnation, 0, sizeof(incarnation));
	incarnation.system = GetSystemIdentifier();
	incarnation.postmaster_start = PgStartTime;
	if (RecoveryInProgress())
		(void) GetXLogReplayRecPtr(&incarnation.timeline);
	else
		incarnation.timeline = compat_timeline();
	incarnation.shared_memory =
		((PGShmemHeader *) UsedShmemSegAddr)->dsm_control;

	hash = hash_bytes_extended((unsigned char *) &incarnation,
							   sizeof(incarnation), 0);
	memcpy(out, &hash, FS_VERIFIER_LEN);
}

static bytea *
verifier_bytea(void)
{
	bytea	   *result = palloc(VARHDRSZ + FS_VERIFIER_LEN);

	SET_VARSIZE(result, VARHDRSZ + FS_VERIFIER_LEN);
	write_verifier((uint8 *) VARDATA(result));
	return result;
}

Datum
dittofs_write_verifier(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(verifier_bytea());
}

/* NULL: the library is loaded, but the extension is not installed. */
static char *
installed_version(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *version = NULL;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber,
				F_NAMEEQ, CStringGetDatum("dittofs"));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, Anum_pg_extension_extversion,
										 RelationGetDescr(rel), &isnull);

		version = TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return version;
}

static void
count_share(const Share *share, void *arg)
{
	++*(int64 *) arg;
}

Datum
dittofs_healthcheck(PG_FUNCTION_ARGS)
{
	Datum		values[4];
	bool		nulls[4] = {false};
	int64		nshares = 0;
	char	   *version = installed_version();

	share_foreach(count_share, &nshares);
	nulls[0] = version == NULL;
	if (version != NULL)
		values[0] = CStringGetTextDatum(version);
	values[1] = BoolGetDatum(RecoveryInProgress());
	values[2] = Int64GetDatum(nshares);
	values[3] = PointerGetDatum(verifier_bytea());
	PG_RETURN_DATUM(srf_single_row(fcinfo, values, nulls));
}
