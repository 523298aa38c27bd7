/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * dittofs.c
 *	  Loading the library.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <sodium/core.h>

#include "base/guc.h"
#include "admin/guard.h"
#include "tables/xact.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

/*
 * A session that moves content allocates megabytes in each call and frees
 * them at its end.  malloc would give them back to the kernel every time, and
 * the next call would take them page by page, zeroed: half the time of a READ
 * of 1 MiB.  A gateway's session, which was one from its start, keeps a few
 * megabytes instead.
 */
static void
keep_freed_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 16 * 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
#endif
}

void
_PG_init(void)
{
	guc_init();
	if (sodium_init() < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not initialize libsodium")));
	if (dittofs_gateway)
		keep_freed_memory();
	guard_init();
	compat_reserve_guc_prefix("dittofs");
	xact_init();
}
