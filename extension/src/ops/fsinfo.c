/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * fsinfo.c
 *	  FSINFO, PATHCONF and FSSTAT (RFC 1813, 3.3.18 to 3.3.20): what a share
 *	  can do and how full it is.
 *
 * All three are asked about an object, and any object of the share will do.
 * FSINFO and PATHCONF have one function, since what they tell changes
 * together.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "tables/config.h"
#include "ops/fs.h"
#include "tables/usage.h"

/* FSINFO3res.properties */
#define FSF3_LINK			0x0001
#define FSF3_SYMLINK		0x0002
#define FSF3_HOMOGENEOUS	0x0008
#define FSF3_CANSETTIME		0x0010

/* Transfers of a multiple of this size are handled best: a page of a client. */
#define TRANSFER_MULTIPLE	4096
/* Times are told apart that differ by so many nanoseconds. */
#define TIME_DELTA			1

Status
fs_info(const Op *op, FsInfo *result)
{
	const Share *share;
	FsGot		got;
	Status		status = fs_getattr(op, &got);

	if (status != FS_OK)
		return status;
	share = op->share;
	memset(result, 0, sizeof(FsInfo));
	result->attributes = got.attributes;
	result->rtmax = share->rtmax;
	result->rtpref = share->rtpref;
	result->rtmult = TRANSFER_MULTIPLE;
	result->wtmax = share->wtmax;
	result->wtpref = share->wtpref;
	result->wtmult = TRANSFER_MULTIPLE;
	result->dtpref = share->dtpref;
	result->maxfilesize = share->maxfilesize;
	result->time_delta = TIME_DELTA;
	result->properties = FSF3_LINK | FSF3_SYMLINK | FSF3_HOMOGENEOUS |
		FSF3_CANSETTIME;
	result->linkmax = FS_LINK_MAX;
	result->name_max = FS_NAME_MAX;
	result->no_trunc = true;
	result->chown_restricted = true;
	result->case_preserving = true;
	return FS_OK;
}

/*
 * The size of a share is its limit; of one that has none, what the settings say
 * (config.c).  invarsec is 0: the numbers are of this moment.
 */
Status
fs_stat(const Op *op, FsStat *result)
{
	int64		config[CONFIG_COUNT];
	int64		bytes,
				inodes;
	FsGot		got;
	Status		status = fs_getattr(op, &got);

	if (status != FS_OK)
		return status;
	config_read(config);
	usage_get(op->share->share_id, &bytes, &inodes);
	result->attributes = got.attributes;
	result->total_bytes = op->share->max_bytes < 0 ?
		config[CONFIG_CAPACITY_BYTES] : op->share->max_bytes;
	result->total_files = op->share->max_inodes < 0 ?
		config[CONFIG_CAPACITY_INODES] : op->share->max_inodes;
	result->free_bytes = Max(result->total_bytes - bytes, 0);
	result->free_files = Max(result->total_files - inodes, 0);
	result->available_bytes = result->free_bytes;
	result->available_files = result->free_files;
	result->invarsec = 0;
	return FS_OK;
}
