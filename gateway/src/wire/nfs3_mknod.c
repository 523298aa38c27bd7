/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_mknod.c
 *	  MKNOD (RFC 1813, 3.3.11): a device, a socket or a FIFO.
 *
 * The union's arm depends on the type.  A type that MKNOD does not make comes
 * with a void arm and goes to the extension, which answers BADTYPE; a number
 * that is no type at all is GARBAGE_ARGS.
 */
#include "wire/nfs3_procedures.h"

/* By ftype3, in the words of the extension. */
static const char *const kind_names[] = KIND_WORDS;

struct mknod_args
{
	struct dirop where;
	uint32_t	type;
	struct sattr attributes;
	uint32_t	major;
	uint32_t	minor;
};

static bool
mknod_decode(struct request *request, XDR *xdr)
{
	struct mknod_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	*args = (struct mknod_args) {0};
	if (!args_dirop(xdr, &args->where) ||
		!args_enum(xdr, &args->type, NF3FIFO))
		return false;
	switch (args->type)
	{
		case NF3BLK:
		case NF3CHR:
			return args_sattr(xdr, &args->attributes) &&
				args_uint32(xdr, &args->major) &&
				args_uint32(xdr, &args->minor);
		case NF3SOCK:
		case NF3FIFO:
			return args_sattr(xdr, &args->attributes);
		case NF3REG:
		case NF3DIR:
		case NF3LNK:
			return true;
		default:
			return false;
	}
}

static void
mknod_send(struct request *request)
{
	const struct mknod_args *args = request->args;
	struct parameters p;

	if (args->attributes.bad_time)
	{
		nfs3_fail(request, NFS3ERR_INVAL);
		return;
	}
	p = parameters_begin(request, STATEMENT_CREATE_SPECIAL_FILE,
						 args->where.dir);
	parameters_bytes(&p, args->where.dir);
	parameters_bytes(&p, args->where.name);
	parameters_text(&p, kind_names[args->type]);
	parameters_int8(&p, args->major);
	parameters_int8(&p, args->minor);
	parameters_caller(&p);
	parameters_sattr(&p, &args->attributes, PARAMETERS_MODE);
	parameters_end(&p);
}

const struct procedure nfs3_mknod = {
	.name = "MKNOD",
	.changes = true,
	.once = true,
	.decode = mknod_decode,
	.send = mknod_send,
	.reply = nfs3_create_reply,
	.fail = nfs3_fail,
	.absent = 2,
};
