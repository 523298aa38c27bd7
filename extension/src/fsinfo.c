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
#include "dittofs.h"

#include "config.h"
#include "ops.h"
#include "usage.h"

PG_FUNCTION_INFO_V1(dittofs_get_filesystem_capabilities);
PG_FUNCTION_INFO_V1(dittofs_get_filesystem_statistics);

/* FSINFO3res.properties */
#define FSF3_LINK			0x0001
#define FSF3_SYMLINK		0x0002
#define FSF3_HOMOGENEOUS	0x0008
#define FSF3_CANSETTIME		0x0010

/* Transfers of a multiple of this size are handled best: a page of a client. */
#define TRANSFER_MULTIPLE	4096
/* Times are told apart that differ by so many nanoseconds. */
#define TIME_DELTA			1

/* The object of the call: arguments 0 (handle) and 1 (caller). */
static Status
fsinfo_object(FunctionCallInfo fcinfo, Op *op, Fattr **fattr)
{
	Inode		inode;
	Status		status = op_enter(fcinfo, 0, 1, op);

	if (status == FS_OK)
		status = op_get(op, &inode);
	if (status == FS_OK)
	{
		*fattr = palloc(sizeof(Fattr));
		inode_fattr(&inode, op->share->fsid, *fattr);
	}
	return status;
}

Datum
dittofs_get_filesystem_capabilities(PG_FUNCTION_ARGS)
{
	Op			op;
	Fattr	   *fattr;
	Datum		values[17];
	bool		nulls[17] = {false};
	Status		status = fsinfo_object(fcinfo, &op, &fattr);
	const Share *share;

	if (status != FS_OK)
		return op_result(TYPE_CAPABILITIES_RESULT, status, NULL, NULL,
						 lengthof(values));
	share = op.share;
	values[0] = PointerGetDatum(fattr);
	values[1] = Int64GetDatum(share->rtmax);
	values[2] = Int64GetDatum(share->rtpref);
	values[3] = Int64GetDatum(TRANSFER_MULTIPLE);
	values[4] = Int64GetDatum(share->wtmax);
	values[5] = Int64GetDatum(share->wtpref);
	values[6] = Int64GetDatum(TRANSFER_MULTIPLE);
	values[7] = Int64GetDatum(share->dtpref);
	values[8] = Int64GetDatum(share->maxfilesize);
	values[9] = Int64GetDatum(TIME_DELTA);
	values[10] = Int32GetDatum(FSF3_LINK | FSF3_SYMLINK | FSF3_HOMOGENEOUS |
							   FSF3_CANSETTIME);
	values[11] = Int64GetDatum(FS_LINK_MAX);
	values[12] = Int64GetDatum(FS_NAME_MAX);
	values[13] = BoolGetDatum(true);	/* no_trunc */
	values[14] = BoolGetDatum(true);	/* chown_restricted */
	values[15] = BoolGetDatum(false);	/* case_insensitive */
	values[16] = BoolGetDatum(true);	/* case_preserving */
	return op_result(TYPE_CAPABILITIES_RESULT, FS_OK, values, nulls,
					 lengthof(values));
}

/*
 * The size of a share is its limit; of one that has none, what the settings say
 * (config.c).  invarsec is 0: the numbers are of this moment.
 */
Datum
dittofs_get_filesystem_statistics(PG_FUNCTION_ARGS)
{
	Op			op;
	Fattr	   *fattr;
	Datum		values[8];
	bool		nulls[8] = {false};
	int64		config[CONFIG_COUNT];
	int64		bytes,
				inodes,
				total_bytes,
				total_inodes,
				free_bytes,
				free_inodes;
	Status		status = fsinfo_object(fcinfo, &op, &fattr);

	if (status != FS_OK)
		return op_result(TYPE_STATISTICS_RESULT, status, NULL, NULL,
						 lengthof(values));
	config_read(config);
	usage_get(op.share->share_id, &bytes, &inodes);
	total_bytes = op.share->max_bytes < 0 ? config[CONFIG_CAPACITY_BYTES] :
		op.share->max_bytes;
	total_inodes = op.share->max_inodes < 0 ? config[CONFIG_CAPACITY_INODES] :
		op.share->max_inodes;
	free_bytes = Max(total_bytes - bytes, 0);
	free_inodes = Max(total_inodes - inodes, 0);

	values[0] = PointerGetDatum(fattr);
	values[1] = Int64GetDatum(total_bytes);
	values[2] = Int64GetDatum(free_bytes);
	values[3] = Int64GetDatum(free_bytes);
	values[4] = Int64GetDatum(total_inodes);
	values[5] = Int64GetDatum(free_inodes);
	values[6] = Int64GetDatum(free_inodes);
	values[7] = Int32GetDatum(0);
	return op_result(TYPE_STATISTICS_RESULT, FS_OK, values, nulls,
					 lengthof(values));
}
