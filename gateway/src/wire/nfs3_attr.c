/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_attr.c
 *	  Attributes: from the extension's binary forms to those of RFC 1813
 *	  (2.6: fattr3, wcc_data).
 *
 * Nothing is decided here.  The one thing that cannot pass unchanged is a time
 * before 1970 or after 2106, which nfstime3 cannot say: it becomes the nearest
 * that can be said, so that ordering among files survives.
 */
#include "wire/nfs3_attr.h"

#include <string.h>

#define NS_PER_SECOND INT64_C(1000000000)

nfstime3
nfs3_time(int64_t nanoseconds)
{
	nfstime3	time;

	if (nanoseconds < 0)
		nanoseconds = 0;
	if (nanoseconds / NS_PER_SECOND > UINT32_MAX)
	{
		time.seconds = UINT32_MAX;
		time.nseconds = NS_PER_SECOND - 1;
	}
	else
	{
		time.seconds = nanoseconds / NS_PER_SECOND;
		time.nseconds = nanoseconds % NS_PER_SECOND;
	}
	return time;
}

static void
take_fattr(struct bytes_reader *in, fattr3 *attr)
{
	attr->type = take_uint32(in);
	attr->mode = take_uint32(in);
	attr->nlink = take_uint32(in);
	attr->uid = take_uint32(in);
	attr->gid = take_uint32(in);
	attr->size = take_uint64(in);
	attr->used = take_uint64(in);
	attr->rdev.specdata1 = take_uint32(in);
	attr->rdev.specdata2 = take_uint32(in);
	attr->fsid = take_uint64(in);
	attr->fileid = take_uint64(in);
	attr->atime = nfs3_time((int64_t) take_uint64(in));
	attr->mtime = nfs3_time((int64_t) take_uint64(in));
	attr->ctime = nfs3_time((int64_t) take_uint64(in));
}

bool
nfs3_fattr(struct row *row, fattr3 *attr)
{
	const unsigned char *value = row_fixed(row, FATTR_LEN);
	struct bytes_reader in = {value, value, true};

	if (!value)
		return false;
	in.end = value + FATTR_LEN;
	take_fattr(&in, attr);
	return true;
}

void
nfs3_post_op_attr(struct row *row, post_op_attr *attr)
{
	attr->attributes_follow =
		nfs3_fattr(row, &attr->post_op_attr_u.attributes);
}

void
nfs3_wcc_data(struct row *row, wcc_data *wcc)
{
	uint32_t	len;
	const unsigned char *value = row_bytes(row, &len);
	struct bytes_reader in = {value, value, true};

	wcc->before.attributes_follow = FALSE;
	wcc->after.attributes_follow = FALSE;
	if (!value)
		return;
	in.end = value + len;
	if (take_uint8(&in))
	{
		wcc_attr   *before = &wcc->before.pre_op_attr_u.attributes;

		wcc->before.attributes_follow = TRUE;
		before->size = take_uint64(&in);
		before->mtime = nfs3_time((int64_t) take_uint64(&in));
		before->ctime = nfs3_time((int64_t) take_uint64(&in));
	}
	if (take_uint8(&in))
	{
		wcc->after.attributes_follow = TRUE;
		take_fattr(&in, &wcc->after.post_op_attr_u.attributes);
	}
	if (!in.ok || in.at != in.end)
		row->ok = false;
}

void
nfs3_post_op_fh3(struct row *row, post_op_fh3 *fh)
{
	uint32_t	len;
	const unsigned char *value = row_bytes(row, &len);

	fh->handle_follows = value != NULL && len <= NFS3_FHSIZE;
	if (value && len > NFS3_FHSIZE)
		row->ok = false;
	fh->post_op_fh3_u.handle.data.data_val = (char *) value;
	fh->post_op_fh3_u.handle.data.data_len = len;
}

/*
 * The verifier of WRITE and COMMIT is never left out.
 */
void
nfs3_write_verifier(struct row *row, writeverf3 verf)
{
	const unsigned char *value = row_fixed(row, NFS3_WRITEVERFSIZE);

	if (value)
		memcpy(verf, value, NFS3_WRITEVERFSIZE);
	else
		row->ok = false;
}
