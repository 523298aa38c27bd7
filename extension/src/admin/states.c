/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * states.c
 *	  The sweep of what clients of NFSv4 had open.
 *
 * CLOSE of the last open deletes a file that has no name.  What is left for the
 * sweep is what CLOSE could not see: a name that another transaction removed at
 * the same moment, and opens that ended with their client.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "admin/states.h"
#include "base/change.h"
#include "base/spi.h"
#include "ops/ops.h"
#include "tables/states4.h"
#include "tables/xact.h"

#define SWEEP_PERIOD_MS 60000
#define FILES_SLICE		100
#define STATES_SLICE	1000

typedef struct Work
{
	pg_uuid_t	file_id;
	State4		state;
} Work;

/* False: it failed, and the log says why; fsck() may know more. */
static void
attempt(void (*look) (void *arg), Work *work)
{
	char	   *error;

	CHECK_FOR_INTERRUPTS();
	if (!change_attempt(look, work, &error))
		ereport(WARNING,
				(errmsg("could not look at the opens of inode %s: %s",
						DatumGetCString(DirectFunctionCall1(
							uuid_out, UUIDPGetDatum(&work->file_id))), error),
				 errhint("dittofs.fsck() may know more.")));
}

/* A file that another transaction has is looked at in the next round. */
static void
look_at_file(void *arg)
{
	Work	   *work = arg;
	Inode		seen;
	Inode	   *inode = inode_lock_nowait(&work->file_id);
	const Share *share;

	if (inode == NULL)
	{
		if (!inode_get(&work->file_id, &seen))
			unlinked4_remove(&work->file_id);
		return;
	}
	share = share_by_id(inode->share_id);
	if (inode->nlink > 0)
		unlinked4_remove(&work->file_id);
	else if (share != NULL && !states4_any(&work->file_id))
		op_delete(share, inode);
}

/* Files without a name after *position; false: there are no more. */
static bool
sweep_files(pg_uuid_t *position)
{
	static const char *const find =
		"SELECT file_id FROM dittofs.nfs4_unlinked_files WHERE file_id > $1"
		" ORDER BY file_id LIMIT " CppAsString2(FILES_SLICE);
	uint64		n = spi_run(find, spi_uuid(position));
	pg_uuid_t  *ids = palloc((n + 1) * sizeof(pg_uuid_t));

	for (uint64 i = 0; i < n; i++)
		ids[i] = *DatumGetUUIDP(spi_value(i, 1, NULL));
	for (uint64 i = 0; i < n; i++)
	{
		Work		work = {.file_id = ids[i]};

		attempt(look_at_file, &work);
		*position = ids[i];
	}
	return n == FILES_SLICE;
}

void
states_sweep(void)
{
	static pg_uuid_t position;
	static TimestampTz next_at = DT_NOBEGIN;
	TimestampTz now = GetCurrentTimestamp();

	if (now < next_at || unlinked4_none())
		return;
	spi_begin();
	if (!sweep_files(&position))
	{
		memset(&position, 0, sizeof(position));
		next_at = TimestampTzPlusMilliseconds(now, SWEEP_PERIOD_MS);
	}
	spi_end();
}
