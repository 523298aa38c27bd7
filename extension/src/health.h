/*-------------------------------------------------------------------------
 *
 * health.h
 *	  What pg_extension says of us.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_HEALTH_H
#define DITTOFS_HEALTH_H

#include "dittofs.h"

typedef struct Installed
{
	Oid			owner;
	char	   *version;
} Installed;

/* False: the library is loaded, but the extension is not installed. */
extern bool extension_installed(Installed *installed);

#endif							/* DITTOFS_HEALTH_H */
