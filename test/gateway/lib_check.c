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

/*
 * Versions 3 and 1 of NLM, which libnfs has not: cookie, status; to TEST, if it
 * is DENIED, a holder; to SHARE and UNSHARE a number.
 */
#define NLM3_SHARE 20
#define NLM3_UNSHARE 21

static uint32_t
short_nlm_word(ZDR *zdr)
{
	uint32_t	word;

	if (!libnfs_zdr_u_int(zdr, &word))
		bail_out("results of NLM that are too short");
	return word;
}

static void
skip_short_nlm_opaque(ZDR *zdr)
{
	char	   *data = NULL;
	uint32_t	size;

	if (!libnfs_zdr_bytes(zdr, &data, &size, 1024))
		bail_out("no cookie, or no owner, in results of NLM");
}

static bool
decode_short_nlm(ZDR *zdr, uint32_t procedure)
{
	uint32_t	status;
	int			words = 0;

	skip_short_nlm_opaque(zdr);
	status = short_nlm_word(zdr);
	if (procedure == NLM4_TEST && status == NLM4_DENIED)
	{
		(void) short_nlm_word(zdr);
		(void) short_nlm_word(zdr);
		skip_short_nlm_opaque(zdr);
		words = 2;
	}
	else if (procedure == NLM3_SHARE || procedure == NLM3_UNSHARE)
		words = 1;
	while (words-- > 0)
		(void) short_nlm_word(zdr);
	return status <= NLM4_DENIED_GRACE_PERIOD;
}

void
cross_check(uint32_t program, uint32_t version, uint32_t procedure,
			const void *results, size_t size)
{
	zdrproc_t	decode = decoder(program, version, procedure);
	bool		is_short = program == NLM_PROGRAM && version != NLM_V4;
	union
	{
		LOOKUP3res	largest;
		char		room[4096];
	}			value;
	char	   *copy;
	ZDR			zdr;

	if (size == 0 || (decode == NULL && !is_short))
		return;

	/*
	 * libnfs writes into what it reads: it ends strings in place, moving them
	 * onto their length when no padding leaves room for the NUL.
	 */
	copy = malloc(size);
	memcpy(copy, results, size);
	memset(&value, 0, sizeof(value));
	libnfs_zdrmem_create(&zdr, copy, (uint32_t) size, ZDR_DECODE);
	if (is_short ? !decode_short_nlm(&zdr, procedure) : !decode(&zdr, &value))
		bail_out("libnfs cannot decode the results of procedure %u of %u",
				 procedure, program);
	if (libnfs_zdr_getpos(&zdr) != size)
		bail_out("of %d bytes of results of procedure %u of %u libnfs took %u",
				 (int) size, procedure, program, libnfs_zdr_getpos(&zdr));
	libnfs_zdr_destroy(&zdr);
	free(copy);
}
