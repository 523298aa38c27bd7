/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_remove.c
 *	  REMOVE and RMDIR (RFC 1813, 3.3.12 and 3.3.13): an entry goes.
 *
 * Arguments and results are alike: a directory and a name, wcc data of the
 * directory.
 */
#include "wire/nfs3_procedures.h"

static void
remove_send(struct request *request)
{
	nfs3_dirop_send(request, STATEMENT_REMOVE_FILE);
}

static void
rmdir_send(struct request *request)
{
	nfs3_dirop_send(request, STATEMENT_REMOVE_DIRECTORY);
}

const struct procedure nfs3_remove = {
	.name = "REMOVE",
	.changes = true,
	.once = true,
	.decode = nfs3_dirop_decode,
	.send = remove_send,
	.reply = nfs3_change_reply,
	.fail = nfs3_fail,
	.absent = 2,
};

const struct procedure nfs3_rmdir = {
	.name = "RMDIR",
	.changes = true,
	.once = true,
	.decode = nfs3_dirop_decode,
	.send = rmdir_send,
	.reply = nfs3_change_reply,
	.fail = nfs3_fail,
	.absent = 2,
};
