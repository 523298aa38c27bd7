/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * guc.c
 *	  Defines the extension's settings.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "utils/guc.h"

#include "base/guc.h"

bool		dittofs_gateway = false;
bool		dittofs_keep_replies = true;
bool		dittofs_report_replays = false;

void
guc_init(void)
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
	 * Only the configuration file may change this: a session, or a setting of a
	 * role, must not undo a promise to all clients.
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
							 "By a message of level INFO with SQLSTATE "
							 SQLSTATE_REPLAYED ", for a gateway to count.",
							 &dittofs_report_replays,
							 false,
							 PGC_USERSET,
							 0,
							 NULL, NULL, NULL);
}
