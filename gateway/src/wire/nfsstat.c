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
		{10007, "BADTYPE"}, {10008, "JUKEBOX"},
		{FS_DENIED, "DENIED"}, {FS_NOLOCKS, "NOLOCKS"},
		{FS_BLOCKED, "BLOCKED"}, {FS_DEADLOCK, "DEADLOCK"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].status == status)
			return names[i].name;
	snprintf(buffer, NFSSTAT_NAME_MAX, "%u", status);
	return buffer;
}
