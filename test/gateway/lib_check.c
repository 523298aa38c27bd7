/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_check.c
 *	  Every reply is decoded a second time, by libnfs.
 *
 * The tests' own reading and the gateway's writing come from one pair of
 * hands and one reading of RFC 1813; libnfs is somebody else's.  Its decoder
 * must accept the results and end exactly where they end.
 */
#include "lib.h"

#include <stdlib.h>
#include <string.h>

static const zdrproc_t nfs_results[] = {
	[NFS3_NULL] = (zdrproc_t) zdr_void,
	[NFS3_GETATTR] = (zdrproc_t) zdr_GETATTR3res,
	[NFS3_SETATTR] = (zdrproc_t) zdr_SETATTR3res,
	[NFS3_LOOKUP] = (zdrproc_t) zdr_LOOKUP3res,
	[NFS3_ACCESS] = (zdrproc_t) zdr_ACCESS3res,
	[NFS3_READLINK] = (zdrproc_t) zdr_READLINK3res,
	[NFS3_READ] = (zdrproc_t) zdr_READ3res,
	[NFS3_WRITE] = (zdrproc_t) zdr_WRITE3res,
	[NFS3_CREATE] = (zdrproc_t) zdr_CREATE3res,
	[NFS3_MKDIR] = (zdrproc_t) zdr_MKDIR3res,
	[NFS3_SYMLINK] = (zdrproc_t) zdr_SYMLINK3res,
	[NFS3_MKNOD] = (zdrproc_t) zdr_MKNOD3res,
	[NFS3_REMOVE] = (zdrproc_t) zdr_REMOVE3res,
	[NFS3_RMDIR] = (zdrproc_t) zdr_RMDIR3res,
	[NFS3_RENAME] = (zdrproc_t) zdr_RENAME3res,
	[NFS3_LINK] = (zdrproc_t) zdr_LINK3res,
	[NFS3_READDIR] = (zdrproc_t) zdr_READDIR3res,
	[NFS3_READDIRPLUS] = (zdrproc_t) zdr_READDIRPLUS3res,
	[NFS3_FSSTAT] = (zdrproc_t) zdr_FSSTAT3res,
	[NFS3_FSINFO] = (zdrproc_t) zdr_FSINFO3res,
	[NFS3_PATHCONF] = (zdrproc_t) zdr_PATHCONF3res,
	[NFS3_COMMIT] = (zdrproc_t) zdr_COMMIT3res,
};

static const zdrproc_t mount_results[] = {
	[MOUNT3_NULL] = (zdrproc_t) zdr_void,
	[MOUNT3_MNT] = (zdrproc_t) zdr_mountres3,
	[MOUNT3_DUMP] = (zdrproc_t) zdr_mountlist,
	[MOUNT3_UMNT] = (zdrproc_t) zdr_void,
	[MOUNT3_UMNTALL] = (zdrproc_t) zdr_void,
	[MOUNT3_EXPORT] = (zdrproc_t) zdr_exports,
};

/* Version 4, the only one that libnfs has. */
static const zdrproc_t nlm_results[] = {
	[NLM4_NULL] = (zdrproc_t) zdr_void,
	[NLM4_TEST] = (zdrproc_t) zdr_NLM4_TESTres,
	[NLM4_LOCK] = (zdrproc_t) zdr_NLM4_LOCKres,
	[NLM4_CANCEL] = (zdrproc_t) zdr_NLM4_CANCres,
	[NLM4_UNLOCK] = (zdrproc_t) zdr_NLM4_UNLOCKres,
	[NLM4_GRANT] = (zdrproc_t) zdr_NLM4_GRANTEDres,
};

static const zdrproc_t nsm_results[] = {
	[NSM1_NULL] = (zdrproc_t) zdr_void,
	[NSM1_STAT] = (zdrproc_t) zdr_NSM1_STATres,
	[NSM1_MON] = (zdrproc_t) zdr_NSM1_MONres,
	[NSM1_UNMON] = (zdrproc_t) zdr_NSM1_UNMONres,
	[NSM1_UNMON_ALL] = (zdrproc_t) zdr_NSM1_UNMONALLres,
	[NSM1_SIMU_CRASH] = (zdrproc_t) zdr_void,
	[NSM1_NOTIFY] = (zdrproc_t) zdr_void,
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* NULL: libnfs cannot read them. */
static zdrproc_t
decoder(uint32_t program, uint32_t version, uint32_t procedure)
{
	switch (program)
	{
		case NFS_PROGRAM:
			return nfs_results[procedure];
		case MOUNT_PROGRAM:
			return mount_results[procedure];
		case NLM_PROGRAM:
			return version == NLM_V4 && procedure < COUNT(nlm_results) ?
				nlm_results[procedure] : NULL;
		case NSM_PROGRAM:
			return nsm_results[procedure];
		default:
			return NULL;
	}
}

void
cross_check(uint32_t program, uint32_t version, uint32_t procedure,
			const void *results, size_t size)
{
	zdrproc_t	decode = decoder(program, version, procedure);
	union
	{
		LOOKUP3res	largest;
		char		room[4096];
	}			value;
	char	   *copy;
	ZDR			zdr;

	if (size == 0 || decode == NULL)
		return;

	/*
	 * libnfs writes into what it reads: it ends strings in place, moving them
	 * onto their length when no padding leaves room for the NUL.
	 */
	copy = malloc(size);
	memcpy(copy, results, size);
	memset(&value, 0, sizeof(value));
	libnfs_zdrmem_create(&zdr, copy, (uint32_t) size, ZDR_DECODE);
	if (!decode(&zdr, &value))
		bail_out("libnfs cannot decode the results of procedure %u of %u",
				 procedure, program);
	if (libnfs_zdr_getpos(&zdr) != size)
		bail_out("of %d bytes of results of procedure %u of %u libnfs took %u",
				 (int) size, procedure, program, libnfs_zdr_getpos(&zdr));
	libnfs_zdr_destroy(&zdr);
	free(copy);
}
