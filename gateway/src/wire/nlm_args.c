/* SPDX-License-Identifier: PostgreSQL */
/*
 * nlm_args.c
 *	  Decodes the arguments of NLM, in place.
 *
 * Every opaque has a bound of the protocol's: more is GARBAGE_ARGS, and nothing
 * is allocated by what a client says of itself.
 */
#include "wire/nlm.h"
#include "wire/nfs3_args.h"

static struct nlm_args *
new_args(struct request *request)
{
	struct nlm_args *args = region_alloc(&request->region, sizeof(*args));

	*args = (struct nlm_args) {0};
	request->args = args;
	return args;
}

static bool
opaque(XDR *xdr, struct bytes *value)
{
	return args_opaque(xdr, value, NLM_OPAQUE_MAX);
}

/* nlm4_lock has 64 bits where nlm_lock has 32. */
static bool
position(const struct request *request, XDR *xdr, uint64_t *value)
{
	uint32_t	word;

	if (request->program->version == 4)
		return args_uint64(xdr, value);
	if (!args_uint32(xdr, &word))
		return false;
	*value = word;
	return true;
}

static bool
lock(const struct request *request, XDR *xdr, struct nlm_args *args)
{
	return opaque(xdr, &args->caller_name) && opaque(xdr, &args->handle) &&
		opaque(xdr, &args->oh) && args_uint32(xdr, &args->svid) &&
		position(request, xdr, &args->offset) &&
		position(request, xdr, &args->length);
}

bool
nlm_lock_decode(struct request *request, XDR *xdr)
{
	struct nlm_args *args = new_args(request);

	return opaque(xdr, &args->cookie) && args_bool(xdr, &args->block) &&
		args_bool(xdr, &args->exclusive) && lock(request, xdr, args) &&
		args_bool(xdr, &args->reclaim) && args_uint32(xdr, &args->state);
}

bool
nlm_cancel_decode(struct request *request, XDR *xdr)
{
	struct nlm_args *args = new_args(request);

	return opaque(xdr, &args->cookie) && args_bool(xdr, &args->block) &&
		args_bool(xdr, &args->exclusive) && lock(request, xdr, args);
}

bool
nlm_test_decode(struct request *request, XDR *xdr)
{
	struct nlm_args *args = new_args(request);

	return opaque(xdr, &args->cookie) && args_bool(xdr, &args->exclusive) &&
		lock(request, xdr, args);
}

bool
nlm_unlock_decode(struct request *request, XDR *xdr)
{
	struct nlm_args *args = new_args(request);

	return opaque(xdr, &args->cookie) && lock(request, xdr, args);
}

bool
nlm_share_decode(struct request *request, XDR *xdr)
{
	struct nlm_args *args = new_args(request);

	return opaque(xdr, &args->cookie) && opaque(xdr, &args->caller_name) &&
		opaque(xdr, &args->handle) && opaque(xdr, &args->oh) &&
		args_enum(xdr, &args->deny, NLM_SHARE_MAX) &&
		args_enum(xdr, &args->access, NLM_SHARE_MAX) &&
		args_bool(xdr, &args->reclaim);
}

bool
nlm_result_decode(struct request *request, XDR *xdr)
{
	struct nlm_args *args = new_args(request);

	return opaque(xdr, &args->cookie) &&
		args_enum(xdr, &args->status, request->program->version == 4 ?
				  NLM_FAILED : NLM_DENIED_GRACE_PERIOD);
}

bool
nlm_notify_decode(struct request *request, XDR *xdr)
{
	struct nlm_args *args = new_args(request);

	return opaque(xdr, &args->caller_name) && args_uint32(xdr, &args->state);
}

bool
nlm_client_name(struct region *region, struct bytes name, struct bytes *text)
{
	char	   *start = region_alloc(region, LOCK_CLIENT_NAME_MAX);
	char	   *at = start;

	for (uint32_t i = 0; i < name.size; i++)
	{
		unsigned char byte = (unsigned char) name.data[i];
		bool		plain = byte >= ' ' && byte <= '~' && byte != '\\';

		if (LOCK_CLIENT_NAME_MAX - (at - start) < (plain ? 1 : 4))
			return false;
		if (plain)
			*at++ = (char) byte;
		else
		{
			*at++ = '\\';
			*at++ = (char) ('0' + (byte >> 6));
			*at++ = (char) ('0' + (byte >> 3 & 7));
			*at++ = (char) ('0' + (byte & 7));
		}
	}
	*text = (struct bytes) {start, (uint32_t) (at - start)};
	return true;
}
