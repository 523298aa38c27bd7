/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_args.c
 *	  Decodes arguments in place (RFC 1813, 2.5 and 2.6; RFC 4506).
 */
#include "wire/nfs3_args.h"

#define NS_PER_SECOND INT64_C(1000000000)

bool
args_uint32(XDR *xdr, uint32_t *value)
{
	return xdr_uint32_t(xdr, value);
}

bool
args_uint64(XDR *xdr, uint64_t *value)
{
	uint32_t	high;
	uint32_t	low;

	if (!xdr_uint32_t(xdr, &high) || !xdr_uint32_t(xdr, &low))
		return false;
	*value = (uint64_t) high << 32 | low;
	return true;
}

bool
args_enum(XDR *xdr, uint32_t *value, uint32_t highest)
{
	return xdr_uint32_t(xdr, value) && *value <= highest;
}

bool
args_bool(XDR *xdr, bool *value)
{
	uint32_t	word;

	if (!args_enum(xdr, &word, 1))
		return false;
	*value = word;
	return true;
}

bool
args_fixed(XDR *xdr, struct bytes *value, uint32_t size)
{
	/* the padding must be there, what it holds does not matter */
	value->data = (const char *) XDR_INLINE(xdr, RNDUP(size));
	value->size = size;
	return value->data != NULL;
}

bool
args_opaque(XDR *xdr, struct bytes *value, uint32_t max)
{
	uint32_t	size;

	/* the largest sizes would wrap when they are rounded up */
	if (!xdr_uint32_t(xdr, &size) || size > max || size > INT32_MAX)
		return false;
	return args_fixed(xdr, value, size);
}

bool
args_handle(XDR *xdr, struct bytes *handle)
{
	return args_opaque(xdr, handle, NFS3_FHSIZE);
}

bool
args_name(XDR *xdr, struct bytes *name)
{
	return args_opaque(xdr, name, UINT32_MAX);
}

bool
args_dirop(XDR *xdr, struct dirop *where)
{
	return args_handle(xdr, &where->dir) && args_name(xdr, &where->name);
}

bool
args_time(XDR *xdr, int64_t *nanoseconds, bool *bad)
{
	uint32_t	seconds;
	uint32_t	nseconds;

	if (!args_uint32(xdr, &seconds) || !args_uint32(xdr, &nseconds))
		return false;
	if (nseconds >= NS_PER_SECOND)
		*bad = true;
	*nanoseconds = seconds * NS_PER_SECOND + nseconds;
	return true;
}

static bool
optional_uint32(XDR *xdr, bool *given, uint32_t *value)
{
	return args_bool(xdr, given) && (!*given || args_uint32(xdr, value));
}

static bool
optional_time(XDR *xdr, time_how *how, int64_t *nanoseconds, bool *bad)
{
	uint32_t	word;

	if (!args_enum(xdr, &word, SET_TO_CLIENT_TIME))
		return false;
	*how = word;
	return word != SET_TO_CLIENT_TIME || args_time(xdr, nanoseconds, bad);
}

bool
args_sattr(XDR *xdr, struct sattr *sattr)
{
	*sattr = (struct sattr) {0};
	return optional_uint32(xdr, &sattr->set_mode, &sattr->mode) &&
		optional_uint32(xdr, &sattr->set_uid, &sattr->uid) &&
		optional_uint32(xdr, &sattr->set_gid, &sattr->gid) &&
		args_bool(xdr, &sattr->set_size) &&
		(!sattr->set_size || args_uint64(xdr, &sattr->size)) &&
		optional_time(xdr, &sattr->atime_how, &sattr->atime,
					  &sattr->bad_time) &&
		optional_time(xdr, &sattr->mtime_how, &sattr->mtime,
					  &sattr->bad_time);
}
