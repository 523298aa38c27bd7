/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_decode.c
 *	  From the arguments of a COMPOUND to a program: see nfs4_codec.h.
 *
 * Numbers have bounds before anything is allocated by them.  An operation that
 * cannot be decoded ends the program, since it does not show where the next one
 * begins; those before it run.
 */
#include "wire/nfs4_codec.h"
#include "wire/nfs4_operations.h"
#include "wire/nfs4_signature.h"

#include "dittofs_contract.h"

#include <string.h>

/* Where things are in a program. */
#define DIGEST_AT 8
#define COUNT_AT 28
#define HEAD_LEN 32

/* Most programs are smaller. */
#define PROGRAM_ROOM 512

/*
 * Results of an operation that moves no data, about; and of a COMPOUND: when
 * they are as large as a session's replies may be, one more operation may add
 * to them.
 */
#define RESULTS_ROOM 512
#define RESULTS_MAX (2 * TRANSFER_MAX + 65536)

#define R NFS4_CLASS_R
#define D NFS4_CLASS_D
#define S NFS4_CLASS_S
#define W NFS4_CLASS_W
#define FORM(number, name, arguments, results, class) \
	[(number) <= NFS4_OP_LAST ? (number) : 0] = \
		{#name, arguments, results, class},
static const struct nfs4_form forms[NFS4_OP_LAST + 1] = {
	NFS4_OPERATIONS(FORM)
};
#undef R
#undef D
#undef S
#undef W
#undef FORM

const struct nfs4_form *
nfs4_form_of(uint32_t number)
{
	if (number > NFS4_OP_LAST || forms[number].name == NULL)
		return &forms[0];
	return &forms[number];
}

/*
 * RFC 8881, section 16.2: those of 4.0 that 4.1 has abolished are known and not
 * supported.
 */
static bool
is_abolished(uint32_t number)
{
	switch (number)
	{
		case 20:				/* OPEN_CONFIRM */
		case 30:				/* RENEW */
		case 35:				/* SETCLIENTID */
		case 36:				/* SETCLIENTID_CONFIRM */
		case 39:				/* RELEASE_LOCKOWNER */
			return true;
		default:
			return false;
	}
}

/* Its arguments go into the program; returns a status. */
static uint32_t
decode_arguments(struct nfs4_compound *compound,
				 struct nfs4_operation *operation, struct bytes_reader *in)
{
	const struct nfs4_form *form = nfs4_form_of(operation->number);
	nfs4_arguments decode = nfs4_arguments_of(operation->number);

	if (is_abolished(operation->number))
		return FS_NOTSUPP;
	if (operation->number == NFS4_OP_ILLEGAL)
		return NFS4ERR_OP_ILLEGAL;
	if (decode != NULL)
		return decode(compound, operation, in);
	if (strcmp(form->arguments, "*") == 0)
		return FS_NOTSUPP;
	return nfs4_from_xdr(form->arguments, in, &compound->program);
}

static uint32_t
known_number(const struct nfs4_compound *compound, uint32_t number)
{
	uint32_t	last = compound->minor == 1 ? NFS4_OP_LAST_41 : NFS4_OP_LAST;

	if (is_abolished(number))
		return number;
	return number > last || nfs4_form_of(number) == &forms[0] ?
		NFS4_OP_ILLEGAL : number;
}

/* How much does it say of the COMPOUND that it is in?  0: nothing. */
static int
weight(uint32_t number)
{
	static const int by_class[] = {
		[NFS4_CLASS_R] = 2, [NFS4_CLASS_D] = 3, [NFS4_CLASS_S] = 5,
		[NFS4_CLASS_W] = 6};

	switch (number)
	{
		case NFS4_OP_SEQUENCE:
		case NFS4_OP_PUTFH:
		case NFS4_OP_PUTROOTFH:
		case NFS4_OP_SAVEFH:
		case NFS4_OP_RESTOREFH:
			return 0;
		case NFS4_OP_GETFH:
			return 1;
		case NFS4_OP_WRITE:
		case NFS4_OP_COMMIT:
			return 4;
		default:
			return by_class[nfs4_form_of(number)->class];
	}
}

/* What the COMPOUND is, with one operation more. */
static void
note_operation(struct nfs4_compound *compound,
			   const struct nfs4_operation *operation)
{
	enum nfs4_class class = operation->durable ? NFS4_CLASS_W :
		nfs4_form_of(operation->number)->class;
	uint32_t	main = compound->operations[compound->main].number;

	if (class > compound->class)
		compound->class = class;
	if (class == NFS4_CLASS_W || operation->number == NFS4_OP_COMMIT)
		compound->stable = true;
	if (weight(operation->number) > weight(main))
		compound->main = compound->count;
	compound->result_size += RESULTS_ROOM + (operation->limit < TRANSFER_MAX ?
											 operation->limit : TRANSFER_MAX);
	if (compound->result_size > RESULTS_MAX)
		compound->result_size = RESULTS_MAX;
}

/* False: the program ends with this one. */
static bool
decode_operation(struct nfs4_compound *compound, struct bytes_reader *in)
{
	struct nfs4_operation *operation =
		&compound->operations[compound->count];
	struct writer *out = &compound->program;
	size_t		start = writer_size(out);
	size_t		arguments;

	*operation = (struct nfs4_operation) {0};
	operation->number = known_number(compound, take_uint32(in));
	add_uint32(out, operation->number);
	add_uint32(out, 0);
	arguments = writer_size(out);
	if (in->ok)
		operation->status = decode_arguments(compound, operation, in);
	else
		operation->status = NFS4ERR_BADXDR;
	if (operation->status != NFS4_OK)
	{
		writer_back(out, start);
		add_uint32(out, NFS4_OP_FAIL);
		add_uint32(out, 8);
		add_uint32(out, operation->number);
		add_uint32(out, operation->status);
	}
	else
	{
		set_uint32(out, arguments - 4,
				   (uint32_t) (writer_size(out) - arguments));
		note_operation(compound, operation);
	}
	compound->count++;
	return operation->status == NFS4_OK;
}

bool
nfs4_decode(struct nfs4_compound *compound, struct region *region,
			struct bytes arguments)
{
	struct bytes_reader in = reader_of(arguments);

	memset(compound, 0, sizeof(*compound));
	compound->write = -1;
	compound->tag = take_xdr_opaque(&in, NFS4_TAG_MAX);
	compound->minor = take_uint32(&in);
	compound->asked = take_uint32(&in);
	if (!in.ok)
		return false;
	if (compound->minor < 1 || compound->minor > 2)
	{
		compound->status = NFS4ERR_MINOR_VERS_MISMATCH;
		return true;
	}
	compound->operations =
		region_alloc(region, sizeof(compound->operations[0]) *
					 (compound->asked <= NFS4_OPS_MAX ?
					  compound->asked + 1 : 1));
	compound->operations[0] = (struct nfs4_operation) {0};
	if (compound->asked > NFS4_OPS_MAX)
	{
		compound->operations[0].number =
			known_number(compound, take_uint32(&in));
		compound->status = compound->operations[0].status =
			NFS4ERR_TOO_MANY_OPS;
		compound->count = 1;
		return true;
	}

	writer_begin(&compound->program, region, PROGRAM_ROOM);
	add_uint32(&compound->program, NFS4_PROGRAM_VERSION);
	add_uint32(&compound->program, compound->minor);
	add_uint64(&compound->program, 0);	/* see nfs4_finish() */
	add_uint32(&compound->program, compound->asked);
	add_uint64(&compound->program, 0);
	add_uint32(&compound->program, 0);
	for (uint32_t i = 0; i < compound->asked; i++)
		if (!decode_operation(compound, &in))
			break;
	return true;
}

struct bytes
nfs4_finish(struct nfs4_compound *compound, uint64_t digest,
			size_t request_size, size_t reply_head)
{
	struct writer *out = &compound->program;
	int			count = compound->count;

	if (compound->write_parts > 0)
		count += compound->write_parts - 1;
	set_uint64(out, DIGEST_AT, digest);
	set_uint32(out, DIGEST_AT + 12, (uint32_t) request_size);
	set_uint32(out, DIGEST_AT + 16, (uint32_t) reply_head);
	set_uint32(out, COUNT_AT, (uint32_t) count);
	return writer_bytes(out, 0);
}

/*
 * WRITE in parts.
 */

/* A WRITE of a part; its data is where data points, or else beside. */
static void
add_write(struct nfs4_compound *compound, struct writer *out, uint32_t from,
		  uint32_t size, bool here)
{
	const struct nfs4_operation *operation =
		&compound->operations[compound->write];
	struct bytes data = {compound->write_data.data + from, size};
	size_t		start;

	add_uint32(out, NFS4_OP_WRITE);
	add_uint32(out, 0);
	start = writer_size(out);
	add_bytes(out, compound->write_stateid, 4 + NFS4_OTHER_LEN);
	add_uint64(out, operation->offset + from);
	add_uint32(out, compound->write_stable);
	add_uint32(out, here ? NFS4_DATA_HERE : NFS4_DATA_BESIDE);
	if (here)
		add_opaque(out, data);
	else
	{
		add_uint32(out, size);
		compound->data = data;
	}
	set_uint32(out, start - 4, (uint32_t) (writer_size(out) - start));
}

void
nfs4_write_blocks(struct nfs4_compound *compound, uint32_t head,
				  uint32_t tail, uint32_t store_id, struct bytes blocks)
{
	const struct writer before = compound->program;
	struct writer *out = &compound->program;
	uint32_t	size = compound->write_data.size;
	size_t		start;

	writer_begin(out, before.region,
				 writer_size(&before) + blocks.size + PROGRAM_ROOM);
	add_bytes(out, before.start, compound->write_at);
	compound->data = (struct bytes) {NULL, 0};
	compound->write_parts = 1;
	if (head > 0)
	{
		add_write(compound, out, 0, head, false);
		compound->write_parts++;
	}
	add_uint32(out, NFS4_OP_WRITE_BLOCKS);
	add_uint32(out, 0);
	start = writer_size(out);
	add_bytes(out, compound->write_stateid, 4 + NFS4_OTHER_LEN);
	add_uint64(out, compound->operations[compound->write].offset + head);
	add_uint32(out, compound->write_stable);
	add_uint32(out, store_id);
	add_opaque(out, blocks);
	set_uint32(out, start - 4, (uint32_t) (writer_size(out) - start));
	if (tail < size)
	{
		add_write(compound, out, tail, size - tail, head > 0);
		compound->write_parts++;
	}
	add_bytes(out, before.start + compound->write_end,
			  writer_size(&before) - compound->write_end);
}
