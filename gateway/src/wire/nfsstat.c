/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfsstat.c
 *	  Names of statuses, for the log and the metrics: see nfsstat.h.
 */
#include "wire/nfsstat.h"
#include "dittofs_contract.h"

#include <stddef.h>
#include <stdio.h>

const char *
nfsstat_name(uint32_t status, char *buffer)
{
	static const struct
	{
		uint32_t	status;
		const char *name;
	}			names[] = {
		{0, "OK"}, {1, "PERM"}, {2, "NOENT"}, {5, "IO"}, {6, "NXIO"},
		{13, "ACCES"}, {17, "EXIST"}, {18, "XDEV"}, {19, "NODEV"},
		{20, "NOTDIR"}, {21, "ISDIR"}, {22, "INVAL"}, {27, "FBIG"},
		{28, "NOSPC"}, {30, "ROFS"}, {31, "MLINK"}, {63, "NAMETOOLONG"},
		{66, "NOTEMPTY"}, {69, "DQUOT"}, {70, "STALE"}, {71, "REMOTE"},
		{10001, "BADHANDLE"}, {10002, "NOT_SYNC"}, {10003, "BAD_COOKIE"},
		{10004, "NOTSUPP"}, {10005, "TOOSMALL"}, {10006, "SERVERFAULT"},
		{10007, "BADTYPE"}, {10008, "JUKEBOX"}, {10009, "SAME"},
		{10011, "EXPIRED"}, {10012, "LOCKED"}, {10013, "GRACE"},
		{10014, "FHEXPIRED"}, {10015, "SHARE_DENIED"}, {10016, "WRONGSEC"},
		{10017, "CLID_INUSE"}, {10019, "MOVED"}, {10020, "NOFILEHANDLE"},
		{10021, "MINOR_VERS_MISMATCH"}, {10022, "STALE_CLIENTID"},
		{10023, "STALE_STATEID"}, {10024, "OLD_STATEID"},
		{10025, "BAD_STATEID"}, {10026, "BAD_SEQID"}, {10027, "NOT_SAME"},
		{10028, "LOCK_RANGE"}, {10029, "SYMLINK"}, {10030, "RESTOREFH"},
		{10032, "ATTRNOTSUPP"}, {10033, "NO_GRACE"}, {10034, "RECLAIM_BAD"},
		{10036, "BADXDR"}, {10037, "LOCKS_HELD"}, {10038, "OPENMODE"},
		{10039, "BADOWNER"}, {10040, "BADCHAR"}, {10041, "BADNAME"},
		{10042, "BAD_RANGE"}, {10043, "LOCK_NOTSUPP"},
		{10044, "OP_ILLEGAL"}, {10045, "DEADLOCK"}, {10046, "FILE_OPEN"},
		{10047, "ADMIN_REVOKED"}, {10052, "BADSESSION"}, {10053, "BADSLOT"},
		{10054, "COMPLETE_ALREADY"}, {10063, "SEQ_MISORDERED"},
		{10064, "SEQUENCE_POS"}, {10065, "REQ_TOO_BIG"},
		{10066, "REP_TOO_BIG"}, {10067, "REP_TOO_BIG_TO_CACHE"},
		{10068, "RETRY_UNCACHED_REP"}, {10070, "TOO_MANY_OPS"},
		{10071, "OP_NOT_IN_SESSION"}, {10074, "CLIENTID_BUSY"},
		{10076, "SEQ_FALSE_RETRY"}, {10077, "BAD_HIGH_SLOT"},
		{10078, "DEADSESSION"}, {10079, "ENCR_ALG_UNSUPP"},
		{10081, "NOT_ONLY_OP"}, {10083, "WRONG_TYPE"},
		{10090, "UNION_NOTSUPP"}, {10091, "OFFLOAD_DENIED"},
		{10095, "NOXATTR"}, {10096, "XATTR2BIG"},
		{FS_DENIED, "DENIED"}, {FS_NOLOCKS, "NOLOCKS"},
		{FS_BLOCKED, "BLOCKED"}, {FS_DEADLOCK, "DEADLOCK"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].status == status)
			return names[i].name;
	snprintf(buffer, NFSSTAT_NAME_MAX, "%u", status);
	return buffer;
}
