/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_arguments.c
 *	  Arguments that no signature can describe: unions, and lists.
 *
 * See RFC 5662 (4.1), RFC 7863 (4.2), and for the packed forms
 * dittofs_compound.h.
 */
#include "wire/nfs4_operations.h"
#include "wire/nfs4_signature.h"
#include "dittofs_contract.h"

/* nfs_ftype4 */
#define TYPE_BLOCK 3
#define TYPE_CHARACTER 4
#define TYPE_SYMLINK 5

/* opentype4, createmode4, open_claim_type4 */
#define OPEN_CREATE 1
enum
{
	HOW_UNCHECKED,
	HOW_GUARDED,
	HOW_EXCLUSIVE,
	HOW_EXCLUSIVE_WITH_ATTRIBUTES
};

/* state_protect_how4 */
enum
{
	PROTECT_NONE,
	PROTECT_MACHINE,
	PROTECT_SECRET
};

/* auth_flavor of callback_sec_parms4 */
#define FLAVOR_NONE 0
#define FLAVOR_SYS 1
#define FLAVOR_GSS 6

#define STATEIDS_MAX (NFS4_OPS_MAX * 16)

static uint32_t
outcome(const struct bytes_reader *in)
{
	return in->ok ? NFS4_OK : NFS4ERR_BADXDR;
}

/* The next word, which goes into the program, too. */
static uint32_t
pass_uint32(struct bytes_reader *in, struct writer *out)
{
	uint32_t	value = take_uint32(in);

	add_uint32(out, value);
	return value;
}

/* An owner of clients, opens or locks. */
static void
pass_owner(struct bytes_reader *in, struct writer *out)
{
	add_opaque(out, take_xdr_opaque(in, NFS4_OPAQUE_MAX));
}

static uint32_t
create_arguments(struct nfs4_compound *compound,
				 struct nfs4_operation *operation, struct bytes_reader *in)
{
	struct writer *out = &compound->program;
	uint32_t	type = pass_uint32(in, out);

	(void) operation;
	if (type == TYPE_SYMLINK)
		return nfs4_from_xdr("ooa", in, out);
	if (type == TYPE_BLOCK || type == TYPE_CHARACTER)
		return nfs4_from_xdr("iioa", in, out);
	return nfs4_from_xdr("oa", in, out);
}

static uint32_t
lock_arguments(struct nfs4_compound *compound,
			   struct nfs4_operation *operation, struct bytes_reader *in)
{
	struct writer *out = &compound->program;

	(void) operation;
	nfs4_from_xdr("iill", in, out);
	switch (pass_uint32(in, out))
	{
		case 0:
			return nfs4_from_xdr("si", in, out);
		case 1:
			nfs4_from_xdr("isil", in, out);
			pass_owner(in, out);
			return outcome(in);
		default:
			return NFS4ERR_BADXDR;
	}
}

static uint32_t
lockt_arguments(struct nfs4_compound *compound,
				struct nfs4_operation *operation, struct bytes_reader *in)
{
	(void) operation;
	nfs4_from_xdr("illl", in, &compound->program);
	pass_owner(in, &compound->program);
	return outcome(in);
}

static uint32_t
open_how(struct bytes_reader *in, struct writer *out)
{
	switch (pass_uint32(in, out))
	{
		case HOW_UNCHECKED:
		case HOW_GUARDED:
			return nfs4_from_xdr("a", in, out);
		case HOW_EXCLUSIVE:
			return nfs4_from_xdr("v", in, out);
		case HOW_EXCLUSIVE_WITH_ATTRIBUTES:
			return nfs4_from_xdr("va", in, out);
		default:
			return NFS4ERR_BADXDR;
	}
}

static uint32_t
open_claim(struct bytes_reader *in, struct writer *out)
{
	static const char *const claims[] = {"o", "i", "so", "o", "", "s", ""};
	uint32_t	claim = pass_uint32(in, out);

	if (claim >= sizeof(claims) / sizeof(claims[0]))
		return NFS4ERR_BADXDR;
	return nfs4_from_xdr(claims[claim], in, out);
}

static uint32_t
open_arguments(struct nfs4_compound *compound,
			   struct nfs4_operation *operation, struct bytes_reader *in)
{
	struct writer *out = &compound->program;
	uint32_t	create;
	uint32_t	status = NFS4_OK;

	nfs4_from_xdr("iiil", in, out);
	pass_owner(in, out);
	create = pass_uint32(in, out);
	if (create > OPEN_CREATE)
		return NFS4ERR_BADXDR;
	if (create == OPEN_CREATE)
	{
		operation->durable = true;
		status = open_how(in, out);
	}
	return status != NFS4_OK ? status : open_claim(in, out);
}

static uint32_t
read_range_arguments(struct nfs4_compound *compound,
					 struct nfs4_operation *operation, struct bytes_reader *in)
{
	struct bytes_reader copy = *in;
	uint32_t	status = nfs4_from_xdr("sli", in, &compound->program);

	take_bytes(&copy, 4 + NFS4_OTHER_LEN);
	operation->offset = take_uint64(&copy);
	operation->limit = take_uint32(&copy);
	return status;
}

static uint32_t
readdir_arguments(struct nfs4_compound *compound,
				  struct nfs4_operation *operation, struct bytes_reader *in)
{
	struct writer *out = &compound->program;

	nfs4_from_xdr("lvi", in, out);
	operation->limit = pass_uint32(in, out);
	return nfs4_from_xdr("b", in, out);
}

static uint32_t
write_arguments(struct nfs4_compound *compound,
				struct nfs4_operation *operation, struct bytes_reader *in)
{
	struct writer *out = &compound->program;
	size_t		start = writer_size(out) - 8;	/* its number and length */
	const uint8_t *stateid = take_bytes(in, 4 + NFS4_OTHER_LEN);
	uint64_t	offset = take_uint64(in);
	uint32_t	stable = take_uint32(in);
	struct bytes data = take_xdr_opaque(in, UINT32_MAX);

	if (!in->ok)
		return NFS4ERR_BADXDR;
	operation->offset = offset;
	add_bytes(out, stateid, 4 + NFS4_OTHER_LEN);
	add_uint64(out, offset);
	add_uint32(out, stable);
	if (stable > 0)
		compound->stable = true;
	if (compound->write >= 0)
	{
		add_uint32(out, NFS4_DATA_HERE);
		add_opaque(out, data);
		return NFS4_OK;
	}
	add_uint32(out, NFS4_DATA_BESIDE);
	add_uint32(out, data.size);
	compound->data = compound->write_data = data;
	compound->write = compound->count;
	compound->write_stateid = stateid;
	compound->write_stable = stable;
	compound->write_at = start;
	compound->write_end = writer_size(out);
	compound->write_parts = 1;
	return NFS4_OK;
}

/* callback_sec_parms4<>: there are no callbacks */
static void
skip_security(struct bytes_reader *in)
{
	uint32_t	count = take_uint32(in);

	while (count-- > 0 && in->ok)
		switch (take_uint32(in))
		{
			case FLAVOR_NONE:
				break;
			case FLAVOR_SYS:
				take_uint32(in);
				take_xdr_opaque(in, UINT32_MAX);
				take_uint64(in);
				for (uint32_t i = take_uint32(in); i > 0 && in->ok; i--)
					take_uint32(in);
				break;
			case FLAVOR_GSS:
				take_uint32(in);
				take_xdr_opaque(in, UINT32_MAX);
				take_xdr_opaque(in, UINT32_MAX);
				break;
			default:
				in->ok = false;
		}
}

static uint32_t
backchannel_ctl_arguments(struct nfs4_compound *compound,
						  struct nfs4_operation *operation,
						  struct bytes_reader *in)
{
	(void) operation;
	pass_uint32(in, &compound->program);
	skip_security(in);
	return outcome(in);
}

static uint32_t
exchange_id_arguments(struct nfs4_compound *compound,
					  struct nfs4_operation *operation, struct bytes_reader *in)
{
	struct writer *out = &compound->program;

	(void) operation;
	nfs4_from_xdr("v", in, out);
	pass_owner(in, out);
	pass_uint32(in, out);
	switch (pass_uint32(in, out))
	{
		case PROTECT_NONE:
			break;
		case PROTECT_MACHINE:
			nfs4_from_xdr("bb", in, out);
			break;
		case PROTECT_SECRET:
			return NFS4ERR_ENCR_ALG_UNSUPP;
		default:
			return NFS4ERR_BADXDR;
	}
	switch (pass_uint32(in, out))
	{
		case 0:
			return outcome(in);
		case 1:
			pass_owner(in, out);
			pass_owner(in, out);
			return nfs4_from_xdr("t", in, out);
		default:
			return NFS4ERR_BADXDR;
	}
}

/* channel_attrs4, whose last is a list of at most one */
static void
channel(struct bytes_reader *in, struct writer *out)
{
	uint32_t	rdma;

	nfs4_from_xdr("iiiiii", in, out);
	rdma = take_uint32(in);
	if (rdma > 1)
		in->ok = false;
	else if (rdma == 1)
		take_uint32(in);
}

static uint32_t
create_session_arguments(struct nfs4_compound *compound,
						 struct nfs4_operation *operation,
						 struct bytes_reader *in)
{
	struct writer *out = &compound->program;

	(void) operation;
	nfs4_from_xdr("lii", in, out);
	channel(in, out);
	channel(in, out);
	pass_uint32(in, out);
	skip_security(in);
	return outcome(in);
}

static uint32_t
test_stateid_arguments(struct nfs4_compound *compound,
					   struct nfs4_operation *operation,
					   struct bytes_reader *in)
{
	uint32_t	count = pass_uint32(in, &compound->program);

	(void) operation;
	if (count > STATEIDS_MAX)
		return NFS4ERR_BADXDR;
	while (count-- > 0 && in->ok)
		nfs4_from_xdr("s", in, &compound->program);
	return outcome(in);
}

/* Between servers it is not supported. */
static uint32_t
copy_arguments(struct nfs4_compound *compound,
			   struct nfs4_operation *operation, struct bytes_reader *in)
{
	(void) operation;
	nfs4_from_xdr("sslllii", in, &compound->program);
	if (pass_uint32(in, &compound->program) > 0)
		return FS_NOTSUPP;
	return outcome(in);
}

static uint32_t
listxattrs_arguments(struct nfs4_compound *compound,
					 struct nfs4_operation *operation, struct bytes_reader *in)
{
	struct writer *out = &compound->program;

	nfs4_from_xdr("l", in, out);
	operation->limit = pass_uint32(in, out);
	return outcome(in);
}

static uint32_t
putfh_arguments(struct nfs4_compound *compound,
				struct nfs4_operation *operation, struct bytes_reader *in)
{
	struct bytes handle = take_xdr_opaque(in, NFS4_FHSIZE_MAX);

	(void) operation;
	add_opaque(&compound->program, handle);
	if (in->ok && compound->handle_count < 2)
		compound->handles[compound->handle_count++] = handle;
	return outcome(in);
}

nfs4_arguments
nfs4_arguments_of(uint32_t number)
{
	static const nfs4_arguments functions[NFS4_OP_LAST + 1] = {
		[NFS4_OP_BACKCHANNEL_CTL] = backchannel_ctl_arguments,
		[NFS4_OP_COPY] = copy_arguments,
		[NFS4_OP_CREATE] = create_arguments,
		[NFS4_OP_CREATE_SESSION] = create_session_arguments,
		[NFS4_OP_EXCHANGE_ID] = exchange_id_arguments,
		[NFS4_OP_LISTXATTRS] = listxattrs_arguments,
		[NFS4_OP_LOCK] = lock_arguments,
		[NFS4_OP_LOCKT] = lockt_arguments,
		[NFS4_OP_OPEN] = open_arguments,
		[NFS4_OP_PUTFH] = putfh_arguments,
		[NFS4_OP_READ] = read_range_arguments,
		[NFS4_OP_READDIR] = readdir_arguments,
		[NFS4_OP_READ_PLUS] = read_range_arguments,
		[NFS4_OP_TEST_STATEID] = test_stateid_arguments,
		[NFS4_OP_WRITE] = write_arguments,
	};

	return number <= NFS4_OP_LAST ? functions[number] : NULL;
}
