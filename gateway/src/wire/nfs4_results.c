/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs4_results.c
 *	  Results that no signature can describe: unions, lists, and data.
 */
#include "wire/nfs4_operations.h"
#include "wire/nfs4_signature.h"
#include "dittofs_contract.h"

/* open_delegation_type4, why_no_delegation4 */
#define DELEGATE_NONE 0
#define DELEGATE_NONE_EXT 3
#define WHY_CONTENTION 1
#define WHY_RESOURCE 2

/* state_protect_how4 */
#define PROTECT_MACHINE 1

/* data_content4 */
#define CONTENT_DATA 0
#define CONTENT_HOLE 1

/* What is less is copied: a piece of a reply costs something, too. */
#define REFERENCE_MIN 1024

/* The end of READDIR's results: no more entries, and eof. */
#define READDIR_END 8

static uint32_t
pass_uint32(struct nfs4_encoder *e)
{
	uint32_t	value = take_uint32(&e->in);

	add_uint32(&e->out, value);
	return value;
}

static uint32_t
by_signature(struct nfs4_encoder *e, const char *signature)
{
	nfs4_to_xdr(signature, &e->in, &e->out);
	return NFS4_OK;
}

/*
 * Data of files.
 */

static struct bytes
take_beside(struct nfs4_encoder *e, uint32_t size)
{
	struct bytes data = {e->data.data, size};

	if (size > e->data.size)
	{
		e->in.ok = false;
		return (struct bytes) {"", 0};
	}
	e->data.data += size;
	e->data.size -= size;
	return data;
}

/* By reference where that is worth it, and nothing else is. */
static void
add_data(struct nfs4_encoder *e, struct bytes data)
{
	struct nfs4_reply *reply = e->reply;

	reply->read += data.size;
	if (reply->data.size > 0 || reply->in_segments ||
		data.size < REFERENCE_MIN)
	{
		add_xdr_opaque(&e->out, data);
		return;
	}
	add_uint32(&e->out, data.size);
	e->split = writer_size(&e->out);
	reply->data = data;
}

/* Room for what is put together later. */
static void
add_piece(struct nfs4_encoder *e, const struct segments *segments,
		  uint64_t offset)
{
	struct nfs4_reply *reply = e->reply;
	struct nfs4_piece *piece = region_alloc(e->out.region, sizeof(*piece));
	uint32_t	size = (uint32_t) segments->size;

	*piece = (struct nfs4_piece) {
		.segments = *segments,
		.offset = offset,
		.operation = (int) (e->operation - e->compound->operations),
	};
	*e->next_piece = piece;
	e->next_piece = &piece->next;
	reply->read += size;
	add_uint32(&e->out, size);
	if (reply->data.size == 0 && !reply->in_segments)
	{
		reply->in_segments = true;
		e->split = writer_size(&e->out);
		return;
	}
	piece->place = writer_size(&e->out);
	add_room(&e->out, size);
	add_xdr_padding(&e->out, size);
}

/*
 * The clients there are ask for one stretch in a COMPOUND, which is put
 * together where nothing copies it.  Others have to fit what a session's
 * replies may have, which the database sees to.
 */
static uint32_t
add_segments(struct nfs4_encoder *e, struct bytes packed, uint64_t offset)
{
	struct nfs4_reply *reply = e->reply;
	struct segments segments;

	if (!segments_take(&segments, packed, &e->data) ||
		segments.size > TRANSFER_MAX)
	{
		e->in.ok = false;
		return NFS4_OK;
	}
	if (segments.whole)
	{
		add_data(e, segments.data);
		return NFS4_OK;
	}
	if (reply->pieces != NULL &&
		reply->read + segments.size > 2 * TRANSFER_MAX)
		return NFS4ERR_REP_TOO_BIG;
	add_piece(e, &segments, offset);
	return NFS4_OK;
}

static uint32_t
pass_data(struct nfs4_encoder *e, uint64_t offset)
{
	switch (take_uint32(&e->in))
	{
		case NFS4_DATA_HERE:
			add_data(e, take_opaque(&e->in));
			return NFS4_OK;
		case NFS4_DATA_BESIDE:
			add_data(e, take_beside(e, take_uint32(&e->in)));
			return NFS4_OK;
		case NFS4_DATA_SEGMENTS:
			return add_segments(e, take_opaque(&e->in), offset);
		default:
			e->in.ok = false;
			return NFS4_OK;
	}
}

static uint32_t
read_results(struct nfs4_encoder *e, uint32_t status)
{
	if (status != NFS4_OK)
		return status;
	pass_uint32(e);
	return pass_data(e, e->operation->offset);
}

static uint32_t
read_plus_results(struct nfs4_encoder *e, uint32_t status)
{
	uint32_t	count;

	if (status != NFS4_OK)
		return status;
	pass_uint32(e);
	count = pass_uint32(e);
	while (count-- > 0 && e->in.ok && status == NFS4_OK)
	{
		uint32_t	kind = pass_uint32(e);
		uint64_t	offset = take_uint64(&e->in);

		add_uint64(&e->out, offset);
		if (kind == CONTENT_DATA)
			status = pass_data(e, offset);
		else if (kind == CONTENT_HOLE)
			by_signature(e, "l");
		else
			e->in.ok = false;
	}
	return status;
}

/*
 * Directories.
 */

/*
 * As many entries as the client has room for.  The others are looked at, too:
 * behind them are the results of the next operation.
 */
static uint32_t
readdir_results(struct nfs4_encoder *e, uint32_t status)
{
	size_t		start = writer_size(&e->out);
	bool		full = false;
	uint32_t	count;
	uint32_t	eof;

	if (status != NFS4_OK)
		return status;
	by_signature(e, "v");
	count = take_uint32(&e->in);
	for (uint32_t i = 0; i < count && e->in.ok; i++)
	{
		size_t		before = writer_size(&e->out);

		add_uint32(&e->out, 1);
		by_signature(e, "loa");
		if (full || writer_size(&e->out) - start + READDIR_END >
			e->operation->limit)
		{
			writer_back(&e->out, before);
			full = true;
		}
	}
	eof = take_uint32(&e->in);
	add_uint32(&e->out, 0);
	add_uint32(&e->out, !full && eof);
	if (writer_size(&e->out) - start > e->operation->limit ||
		(full && writer_size(&e->out) - start <=
			 NFS4_VERIFIER_LEN + READDIR_END))
		return FS_TOOSMALL;
	return NFS4_OK;
}

static uint32_t
listxattrs_results(struct nfs4_encoder *e, uint32_t status)
{
	uint32_t	count;

	if (status != NFS4_OK)
		return status;
	by_signature(e, "l");
	count = pass_uint32(e);
	while (count-- > 0 && e->in.ok)
		by_signature(e, "o");
	return by_signature(e, "i");
}

/*
 * Opens, locks, sessions.
 */

static uint32_t
open_results(struct nfs4_encoder *e, uint32_t status)
{
	uint32_t	why;

	if (status != NFS4_OK)
		return status;
	by_signature(e, "scib");
	switch (pass_uint32(e))
	{
		case DELEGATE_NONE:
			break;
		case DELEGATE_NONE_EXT:
			why = pass_uint32(e);
			if (why == WHY_CONTENTION || why == WHY_RESOURCE)
				pass_uint32(e);
			break;
		default:
			e->in.ok = false;
	}
	return NFS4_OK;
}

static uint32_t
denied_results(struct nfs4_encoder *e, uint32_t status)
{
	if (status == NFS4ERR_DENIED)
		by_signature(e, "llilo");
	return status;
}

static uint32_t
lock_results(struct nfs4_encoder *e, uint32_t status)
{
	return status == NFS4_OK ? by_signature(e, "s") : denied_results(e, status);
}

static uint32_t
secinfo_results(struct nfs4_encoder *e, uint32_t status)
{
	uint32_t	count;

	if (status != NFS4_OK)
		return status;
	count = pass_uint32(e);
	while (count-- > 0 && e->in.ok)
		pass_uint32(e);
	return NFS4_OK;
}

static uint32_t
exchange_id_results(struct nfs4_encoder *e, uint32_t status)
{
	if (status != NFS4_OK)
		return status;
	by_signature(e, "lii");
	if (pass_uint32(e) == PROTECT_MACHINE)
		by_signature(e, "bb");
	return by_signature(e, "looi");
}

static uint32_t
create_session_results(struct nfs4_encoder *e, uint32_t status)
{
	if (status != NFS4_OK)
		return status;
	by_signature(e, "Sii");
	for (int channel = 0; channel < 2; channel++)
	{
		by_signature(e, "iiiiii");
		add_uint32(&e->out, 0); /* no RDMA */
	}
	return NFS4_OK;
}

static uint32_t
copy_results(struct nfs4_encoder *e, uint32_t status)
{
	return status == NFS4_OK ? by_signature(e, "ilivii") : status;
}

static uint32_t
write_results(struct nfs4_encoder *e, uint32_t status)
{
	struct bytes_reader peek = e->in;

	if (status != NFS4_OK)
		return status;
	e->reply->written += take_uint32(&peek);
	return by_signature(e, "iiv");
}

/* An empty bitmap says that nothing was set. */
static uint32_t
setattr_results(struct nfs4_encoder *e, uint32_t status)
{
	if (status == NFS4_OK)
		return by_signature(e, "b");
	add_uint32(&e->out, 0);
	return status;
}

nfs4_results
nfs4_results_of(uint32_t number)
{
	static const nfs4_results functions[NFS4_OP_LAST + 1] = {
		[NFS4_OP_COPY] = copy_results,
		[NFS4_OP_CREATE_SESSION] = create_session_results,
		[NFS4_OP_EXCHANGE_ID] = exchange_id_results,
		[NFS4_OP_LISTXATTRS] = listxattrs_results,
		[NFS4_OP_LOCK] = lock_results,
		[NFS4_OP_LOCKT] = denied_results,
		[NFS4_OP_OPEN] = open_results,
		[NFS4_OP_READ] = read_results,
		[NFS4_OP_READDIR] = readdir_results,
		[NFS4_OP_READ_PLUS] = read_plus_results,
		[NFS4_OP_SECINFO] = secinfo_results,
		[NFS4_OP_SECINFO_NO_NAME] = secinfo_results,
		[NFS4_OP_SETATTR] = setattr_results,
		[NFS4_OP_TEST_STATEID] = secinfo_results,
		[NFS4_OP_WRITE] = write_results,
	};

	return number <= NFS4_OP_LAST ? functions[number] : NULL;
}
