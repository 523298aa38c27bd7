/*-------------------------------------------------------------------------
 *
 * dittofs.c
 *	  Loading the library: settings and callbacks.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "utils/guc.h"

#include "guc.h"
#include "guard.h"
#include "xact.h"

PG_MODULE_MAGIC;

bool		dittofs_gateway = false;
bool		dittofs_keep_replies = true;
bool		dittofs_report_replays = false;

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
	DefineCustomBoolVariable("dittofs.gateway",
							 "This session carries a gateway's batches and nothing else.",
							 "Inodes are written once per transaction, and "
							 "transactions of nothing but unstable writes commit "
							 "asynchronously.",
							 &dittofs_gateway,
							 false,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);

	/*
	 * Of the configuration file, and of nothing else: no session, and no
	 * setting of a role that somebody forgets, may undo what was promised to
	 * all clients.
	 */
	DefineCustomBoolVariable("dittofs.keep_replies",
							 "Answers to changes are kept for clients that ask again.",
							 "Without them a call that arrives twice is made "
							 "twice. Off is for measuring what keeping costs, "
							 "and for nothing else.",
							 &dittofs_keep_replies,
							 true,
							 PGC_SIGHUP,
							 GUC_NOT_IN_SAMPLE,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("dittofs.report_replays",
							 "The client is told when a stored reply is the answer.",
							 "By a message of level INFO, for a gateway to count.",
							 &dittofs_report_replays,
							 false,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);
	if (dittofs_gateway)
		keep_freed_memory();
	guard_init();
	compat_reserve_guc_prefix("dittofs");
	xact_init();
}
