/*
 * nfs3_remove.c
 *	  REMOVE and RMDIR (RFC 1813, 3.3.12 and 3.3.13): an entry goes.
 *
 * Arguments and results are alike: a directory and a name, wcc data of the
 * directory.
 */
#include "nfs3_procedures.h"

void
nfs3_remove_send(struct request *request)
{
	nfs3_dirop_send(request, STATEMENT_REMOVE_FILE);
}

void
nfs3_rmdir_send(struct request *request)
{
	nfs3_dirop_send(request, STATEMENT_REMOVE_DIRECTORY);
}
