/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_create.c
 *	  CREATE (RFC 1813, 3.3.8): a regular file.
 *
 * An exclusive create brings a verifier and no attributes; the others bring
 * attributes and no verifier.
 */
#include "wire/nfs3_procedures.h"

/* By createmode3, in the words of the extension. */
static const char *const how_names[] = CREATEMODE_WORDS;

_Static_assert(UNCHECKED == 0 && GUARDED == 1 && EXCLUSIVE == 2, "createmode3");

struct create_args
{
	struct dirop where;
	uint32_t	how;
	struct sattr attributes;
	struct bytes verifier;
};

static bool
create_decode(struct request *request, XDR *xdr)
{
	struct create_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	if (!args_dirop(xdr, &args->where) ||
		!args_enum(xdr, &args->how, EXCLUSIVE))
		return false;
	if (args->how == EXCLUSIVE)
	{
		args->attributes = (struct sattr) {0};
		return args_fixed(xdr, &args->verifier, NFS3_CREATEVERFSIZE);
	}
	args->verifier = (struct bytes) {NULL, 0};
	return args_sattr(xdr, &args->attributes);
}

static void
create_send(struct request *request)
{
	const struct create_args *args = request->args;
	struct parameters p;

	if (args->attributes.bad_time)
	{
		nfs3_fail(request, NFS3ERR_INVAL);
		return;
	}
	p = parameters_begin(request, STATEMENT_CREATE_FILE, args->where.dir);
	parameters_bytes(&p, args->where.dir);
	parameters_bytes(&p, args->where.name);
	parameters_caller(&p);
	parameters_text(&p, how_names[args->how]);
	parameters_sattr(&p, &args->attributes, PARAMETERS_MODE | PARAMETERS_SIZE);
	parameters_bytes(&p, args->verifier);
	parameters_end(&p);
}

const struct procedure nfs3_create = {
	.name = "CREATE",
	.changes = true,
	.once = true,
	.decode = create_decode,
	.send = create_send,
	.reply = nfs3_create_reply,
	.fail = nfs3_fail,
	.absent = 2,
};
