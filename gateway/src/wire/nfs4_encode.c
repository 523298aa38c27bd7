/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_encode.c
 *	  From the results of a COMPOUND to its reply: see nfs4_codec.h.
 *
 * The database is our own, but of another version perhaps: each field is
 * checked against what is there, and results of operations that were not asked
 * for are not believed.
 */
#include "wire/nfs4_codec.h"
#include "wire/nfs4_operations.h"
#include "wire/nfs4_signature.h"

#include <string.h>

/* Beside the results: status, tag, the XDR's own words */
#define REPLY_ROOM 256

/* Where the arguments of the first operation are in a program. */
#define FIRST_ARGUMENTS_AT (32 + 8)

/* What a reply begins with. */
static void
begin_reply(struct nfs4_encoder *e, const struct nfs4_compound *compound,
			struct region *region, struct nfs4_reply *reply, size_t size)
{
	memset(e, 0, sizeof(*e));
	memset(reply, 0, sizeof(*reply));
	e->compound = compound;
	e->reply = reply;
	e->next_piece = &reply->pieces;
	writer_begin(&e->out, region, REPLY_ROOM + compound->tag.size + size);
	add_uint32(&e->out, 0);
	add_xdr_opaque(&e->out, compound->tag);
	add_uint32(&e->out, 0);
}

static void
end_reply(struct nfs4_encoder *e, uint32_t status, int count)
{
	struct nfs4_reply *reply = e->reply;
	size_t		count_at = 8 + ((e->compound->tag.size + 3) & ~(size_t) 3);

	set_uint32(&e->out, 0, status);
	set_uint32(&e->out, count_at, (uint32_t) count);
	reply->status = status;
	reply->count = count;
	if (reply->data.size == 0 && !reply->in_segments)
		e->split = writer_size(&e->out);
	reply->before = writer_bytes(&e->out, 0);
	reply->before.size = (uint32_t) e->split;
	reply->after = writer_bytes(&e->out, e->split);
	for (struct nfs4_piece *piece = reply->pieces; piece; piece = piece->next)
		if (piece->place > 0)
			piece->to = (char *) e->out.start + piece->place;
}

/* The results of one operation, behind its number and its status. */
static uint32_t
encode_fields(struct nfs4_encoder *e, uint32_t status)
{
	nfs4_results encode = nfs4_results_of(e->operation->number);
	const struct nfs4_form *form = nfs4_form_of(e->operation->number);

	if (encode != NULL)
		return encode(e, status);
	if (status == NFS4_OK && strcmp(form->results, "*") != 0)
		nfs4_to_xdr(form->results, &e->in, &e->out);
	return status;
}

/* What a failing operation has: nothing but its status, as a rule. */
static void
encode_failed(struct nfs4_encoder *e, uint32_t status)
{
	add_uint32(&e->out, e->operation->number);
	add_uint32(&e->out, status);
	if (e->operation->number == NFS4_OP_SETATTR)
		add_uint32(&e->out, 0);
}

/* What the reply was to refer to, if that is in what was forgotten. */
static void
forget_data(struct nfs4_encoder *e)
{
	int			operation = (int) (e->operation - e->compound->operations);

	e->next_piece = &e->reply->pieces;
	while (*e->next_piece != NULL && (*e->next_piece)->operation < operation)
		e->next_piece = &(*e->next_piece)->next;
	*e->next_piece = NULL;
	if (e->split <= writer_size(&e->out))
		return;
	e->split = 0;
	e->reply->data = (struct bytes) {NULL, 0};
	e->reply->in_segments = false;
}

/*
 * The next result becomes the next one of the reply.  Returns its status, and
 * NFS4_OK for what makes no sense: that shows in e->in.ok.
 */
static uint32_t
encode_result(struct nfs4_encoder *e)
{
	size_t		start = writer_size(&e->out);
	uint32_t	number = take_uint32(&e->in);
	uint32_t	status = take_uint32(&e->in);
	uint32_t	outcome;

	if (number != e->operation->number)
		e->in.ok = false;
	if (!e->in.ok)
		return NFS4_OK;
	if (e->operation->status != NFS4_OK)
	{
		if (status == NFS4_OK)
			e->in.ok = false;
		encode_failed(e, status);
		return status;
	}
	add_uint32(&e->out, number);
	add_uint32(&e->out, status);
	outcome = encode_fields(e, status);
	if (outcome != status)
	{
		writer_back(&e->out, start);
		forget_data(e);
		encode_failed(e, outcome);
	}
	return outcome;
}

/*
 * A WRITE whose blocks went to a store has several results, which are one for
 * the client: it is as stable as the least stable of them.
 */
static uint32_t
encode_write(struct nfs4_encoder *e)
{
	size_t		start = writer_size(&e->out);
	uint32_t	written = 0;
	uint32_t	stable = UINT32_MAX;
	struct bytes verifier = {NULL, 0};

	for (int i = 0; i < e->compound->write_parts; i++)
	{
		uint32_t	number = take_uint32(&e->in);
		uint32_t	status = take_uint32(&e->in);
		uint32_t	committed;

		if (number != NFS4_OP_WRITE)
			e->in.ok = false;
		if (!e->in.ok)
			return NFS4_OK;
		if (status != NFS4_OK)
		{
			encode_failed(e, status);
			return status;
		}
		written += take_uint32(&e->in);
		committed = take_uint32(&e->in);
		stable = committed < stable ? committed : stable;
		verifier = (struct bytes) {
			(const char *) take_bytes(&e->in, NFS4_VERIFIER_LEN),
			NFS4_VERIFIER_LEN};
		if (!e->in.ok)
			return NFS4_OK;
	}
	writer_back(&e->out, start);
	add_uint32(&e->out, NFS4_OP_WRITE);
	add_uint32(&e->out, NFS4_OK);
	add_uint32(&e->out, written);
	add_uint32(&e->out, stable);
	add_bytes(&e->out, verifier.data, verifier.size);
	e->reply->written += written;
	return NFS4_OK;
}

bool
nfs4_encode(struct nfs4_reply *reply, const struct nfs4_compound *compound,
			struct region *region, struct bytes results, struct bytes data,
			int failing, uint32_t why)
{
	struct nfs4_encoder e;
	uint32_t	said;
	uint32_t	status = NFS4_OK;
	int			count = 0;
	int			expected;

	begin_reply(&e, compound, region, reply, results.size + results.size / 4);
	e.in = reader_of(results);
	e.data = data;
	said = take_uint32(&e.in);
	expected = (int) take_uint32(&e.in);
	if (!e.in.ok || expected < (said == NFS4_OK ? compound->count : 1))
		return false;
	while (count < compound->count && status == NFS4_OK && e.in.ok &&
		   reader_left(&e.in) > 0)
	{
		e.operation = &compound->operations[count];
		if (count == failing)
		{
			encode_failed(&e, why);
			status = why;
		}
		else if (count == compound->write && compound->write_parts > 1)
			status = encode_write(&e);
		else
			status = encode_result(&e);
		count++;
	}
	if (!e.in.ok || count == 0 || (status == NFS4_OK && said != NFS4_OK) ||
		(status == NFS4_OK && count < compound->count))
		return false;
	end_reply(&e, status, count);
	return true;
}

/*
 * SEQUENCE went well, as far as its client should know: its slot is free for
 * the next request.  All it learns of the session is what it has said itself.
 */
static void
encode_sequence(struct nfs4_encoder *e)
{
	struct bytes_reader arguments = reader_of(
		writer_bytes(&e->compound->program, FIRST_ARGUMENTS_AT));
	uint32_t	highest;

	copy_bytes(&e->out, &arguments, NFS4_SESSION_ID_LEN);
	add_uint32(&e->out, take_uint32(&arguments));
	add_uint32(&e->out, take_uint32(&arguments));
	highest = take_uint32(&arguments);
	add_uint32(&e->out, highest);
	add_uint32(&e->out, highest);
	add_uint32(&e->out, 0);
}

/* Has it nothing to tell but its status? */
static bool
is_silent(const struct nfs4_operation *operation)
{
	switch (operation->number)
	{
		case NFS4_OP_PUTFH:
		case NFS4_OP_PUTROOTFH:
		case NFS4_OP_SAVEFH:
			return operation->status == NFS4_OK;
		default:
			return false;
	}
}

bool
nfs4_encode_failure(struct nfs4_reply *reply,
					const struct nfs4_compound *compound,
					struct region *region, uint32_t status)
{
	struct nfs4_encoder e;
	int			count = 0;

	begin_reply(&e, compound, region, reply, 0);
	if (compound->count > 0 && compound->status == NFS4_OK &&
		compound->operations[0].number == NFS4_OP_SEQUENCE &&
		compound->operations[0].status == NFS4_OK)
	{
		if (compound->count == 1)
			return false;
		add_uint32(&e.out, NFS4_OP_SEQUENCE);
		add_uint32(&e.out, NFS4_OK);
		encode_sequence(&e);
		count++;
	}
	for (; count < compound->count - 1 &&
		   is_silent(&compound->operations[count]); count++)
	{
		add_uint32(&e.out, compound->operations[count].number);
		add_uint32(&e.out, NFS4_OK);
	}
	if (compound->count > 0)
	{
		e.operation = &compound->operations[count++];
		encode_failed(&e, status);
	}
	end_reply(&e, status, count);
	return true;
}
