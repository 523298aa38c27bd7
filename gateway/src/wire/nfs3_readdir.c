/* SPDX-License-Identifier: PostgreSQL */
/*
 * nfs3_readdir.c
 *	  READDIR and READDIRPLUS (RFC 1813, 3.3.16 and 3.3.17): a page of a
 *	  directory.
 *
 * A cookie belongs to its entry for as long as the entry lives, so
 * it can never be stale and there is nothing for the cookie verifier to
 * guard: ours is zero, and every one that comes is accepted.  Refusing a
 * foreign one would break scans that go on through another gateway.
 *
 * The extension counts bytes and stops in time.  What is counted is what this
 * file writes, so it counts again and leaves out trailing entries rather than
 * send more than the client has room for; they come with the next page.
 */
#include "wire/nfs3_procedures.h"

/* FALSE after the last entry, and eof. */
#define TRAILER_SIZE (2 * BYTES_PER_XDR_UNIT)

struct readdir_args
{
	struct bytes dir;
	uint64_t	cookie;
	struct bytes verifier;
	uint32_t	dircount;		/* READDIRPLUS only */
	uint32_t	maxcount;		/* READDIR calls it count */
};

/*
 * Clients may ask for pages of 4 GiB.  A page has as much as READ and WRITE
 * have at most: that is the memory a client may claim with one call.
 */
static bool
decode_limit(XDR *xdr, uint32_t *limit)
{
	if (!args_uint32(xdr, limit))
		return false;
	if (*limit > TRANSFER_MAX)
		*limit = TRANSFER_MAX;
	return true;
}

static bool
decode_position(XDR *xdr, struct readdir_args *args)
{
	return args_handle(xdr, &args->dir) &&
		args_uint64(xdr, &args->cookie) &&
		args_fixed(xdr, &args->verifier, NFS3_COOKIEVERFSIZE);
}

static bool
readdir_decode(struct request *request, XDR *xdr)
{
	struct readdir_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	if (!decode_position(xdr, args) || !decode_limit(xdr, &args->maxcount))
		return false;
	args->dircount = args->maxcount;
	return true;
}

static bool
readdirplus_decode(struct request *request, XDR *xdr)
{
	struct readdir_args *args = region_alloc(&request->region, sizeof(*args));

	request->args = args;
	return decode_position(xdr, args) &&
		decode_limit(xdr, &args->dircount) &&
		decode_limit(xdr, &args->maxcount);
}

static void
send_page(struct request *request, bool plus)
{
	const struct readdir_args *args = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_READ_DIRECTORY,
										   args->dir);

	parameters_bytes(&p, args->dir);
	parameters_offset(&p, args->cookie);
	parameters_int8(&p, args->dircount);
	parameters_int8(&p, args->maxcount);
	parameters_bool(&p, plus);
	parameters_caller(&p);
	request->call.result_size = args->maxcount;
	parameters_end(&p);
}

static void
readdir_send(struct request *request)
{
	send_page(request, false);
}

static void
readdirplus_send(struct request *request)
{
	send_page(request, true);
}

static bool_t
encode_entry(XDR *xdr, struct row *row, bool plus)
{
	entryplus3	entry;
	entry3		plain;
	bool_t		follows = TRUE;
	const unsigned char *name;

	row_skip(row, DIRECTORY_ROW_FILEID);
	entry.fileid = (uint64_t) row_int8(row);
	name = row_bytes(row, &entry.name.filename3_len);
	entry.name.filename3_val = (char *) name;
	entry.cookie = (uint64_t) row_int8(row);
	if (plus)
	{
		nfs3_post_op_attr(row, &entry.name_attributes);
		nfs3_post_op_fh3(row, &entry.name_handle);
	}
	if (!row->ok || !name)
	{
		row->ok = false;
		return FALSE;
	}
	plain = (entry3) {entry.fileid, entry.name, entry.cookie};
	return xdr_bool(xdr, &follows) &&
		(plus ? xdr_entryplus3(xdr, &entry) : xdr_entry3(xdr, &plain));
}

/*
 * Room for the whole page.  Of each row the columns' lengths alone are more
 * than XDR's framing of the entry.
 */
static size_t
page_room(const PGresult *result)
{
	size_t		room = NFS3_REPLY_ROOM;

	for (int i = 1; i < PQntuples(result); i++)
		room += (size_t) PQgetlength(result, i, 0);
	return room;
}

static void
reply_page(struct request *request, const PGresult *result, bool plus)
{
	const struct readdir_args *args = request->args;
	READDIR3head head = {0};
	bool_t		eof;
	bool_t		follows = FALSE;
	u_int		start;
	int			rows = PQntuples(result);
	int			sent = 0;
	struct row	row;
	XDR		   *xdr;

	if (!nfs3_result(request, result, &row, &head.status))
		return;
	nfs3_post_op_attr(&row, &head.dir_attributes);
	eof = row_bool(&row);
	if (!row.ok || head.status != NFS3_OK)
	{
		nfs3_reply(request, &row, (xdrproc_t) xdr_READDIR3fail, &head, 0);
		return;
	}

	/*
	 * count and maxcount are sizes of READDIR3resok and READDIRPLUS3resok,
	 * which begin after the status.
	 */
	xdr = reply_begin(request, page_room(result));
	start = XDR_GETPOS(xdr) + BYTES_PER_XDR_UNIT;
	(void) xdr_READDIR3head(xdr, &head);
	for (int i = 1; i < rows; i++)
	{
		u_int		before = XDR_GETPOS(xdr);

		row_open(&row, PQgetvalue(result, i, 0), PQgetlength(result, i, 0));
		if (!encode_entry(xdr, &row, plus))
		{
			nfs3_malformed(request);
			return;
		}
		if (XDR_GETPOS(xdr) - start + TRAILER_SIZE > args->maxcount)
		{
			(void) XDR_SETPOS(xdr, before);
			eof = FALSE;
			break;
		}
		sent++;
	}
	if ((sent == 0 && rows > 1) ||
		XDR_GETPOS(xdr) - start + TRAILER_SIZE > args->maxcount)
	{
		READDIR3fail too_small = {NFS3ERR_TOOSMALL, head.dir_attributes};

		reply_reset(request);
		request->status = NFS3ERR_TOOSMALL;
		row.ok = true;
		nfs3_reply(request, &row, (xdrproc_t) xdr_READDIR3fail, &too_small, 0);
		return;
	}
	(void) xdr_bool(xdr, &follows);
	(void) xdr_bool(xdr, &eof);
	reply_end(request);
}

static void
readdir_reply(struct request *request, const PGresult *result)
{
	reply_page(request, result, false);
}

static void
readdirplus_reply(struct request *request, const PGresult *result)
{
	reply_page(request, result, true);
}

const struct procedure nfs3_readdir = {
	.name = "READDIR",
	.decode = readdir_decode,
	.send = readdir_send,
	.reply = readdir_reply,
	.fail = nfs3_fail,
	.absent = 1,
};

const struct procedure nfs3_readdirplus = {
	.name = "READDIRPLUS",
	.decode = readdirplus_decode,
	.send = readdirplus_send,
	.reply = readdirplus_reply,
	.fail = nfs3_fail,
	.absent = 1,
};
