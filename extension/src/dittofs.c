/*-------------------------------------------------------------------------
 *
 * dittofs.c
 *	  Loading the library: settings and callbacks.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "utils/guc.h"

#include "guc.h"
#include "guard.h"
#include "xact.h"

PG_MODULE_MAGIC;

bool		dittofs_gateway = false;

void		_PG_init(void);

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
	guard_init();
	compat_reserve_guc_prefix("dittofs");
	xact_init();
}
