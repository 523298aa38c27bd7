/* SPDX-License-Identifier: PostgreSQL */
/*
 * mount3.c
 *	  The MOUNT program, version 3 (RFC 1813, appendix I): from the name of a
 *	  share to the handle of its root, and who has mounted what.
 *
 * The six procedures are small and share one vocabulary, so they share a file.
 * Paths go to the extension as they came; it finds the share they lie in and
 * decides who may have it.  The list of mounts is in the database, where every
 * replica sees the same one.
 *
 * Only MNT has a status to say what went wrong with.  The others are refused
 * with SYSTEM_ERR, since an empty list would be a lie.  Neither says "not now":
 * see errors_are_final in request.h.
 */
#include "mount3.h"

#include "db/database.h"
#include "dittofs_contract.h"
#include "wire/nfs3_args.h"
#include "db/parameters.h"
#include "wire/programs.h"
#include "core/request.h"
#include "db/row.h"
#include "core/worker.h"

#define SAME(status) \
	_Static_assert((int) FS_##status == (int) MNT3ERR_##status, #status)

SAME(PERM);
SAME(NOENT);
SAME(IO);
SAME(ACCES);
SAME(NOTDIR);
SAME(INVAL);
SAME(NAMETOOLONG);
SAME(NOTSUPP);
SAME(SERVERFAULT);

/* Status, a handle with its length, two flavors with their number. */
#define MNT_REPLY_ROOM 128

static bool path_decode(struct request *request, XDR *xdr);
static bool void_decode(struct request *request, XDR *xdr);
static void mnt_send(struct request *request);
static void mnt_reply(struct request *request, const PGresult *result);
static void mnt_fail(struct request *request, uint32_t status);
static void dump_send(struct request *request);
static void dump_reply(struct request *request, const PGresult *result);
static void umnt_send(struct request *request);
static void umntall_send(struct request *request);
static void void_reply(struct request *request, const PGresult *result);
static void export_send(struct request *request);
static void export_reply(struct request *request, const PGresult *result);
static void refuse(struct request *request, uint32_t status);

static const struct procedure mnt = {
	.name = "MNT",
	.changes = true,
	.decode = path_decode,
	.send = mnt_send,
	.reply = mnt_reply,
	.fail = mnt_fail,
};

static const struct procedure dump = {
	.name = "DUMP",
	.bounded = true,
	.decode = void_decode,
	.send = dump_send,
	.reply = dump_reply,
	.fail = refuse,
	.tcp_only = true,
};

static const struct procedure umnt = {
	.name = "UMNT",
	.changes = true,
	.decode = path_decode,
	.send = umnt_send,
	.reply = void_reply,
	.fail = refuse,
};

static const struct procedure umntall = {
	.name = "UMNTALL",
	.changes = true,
	.decode = void_decode,
	.send = umntall_send,
	.reply = void_reply,
	.fail = refuse,
};

static const struct procedure export = {
	.name = "EXPORT",
	.bounded = true,
	.decode = void_decode,
	.send = export_send,
	.reply = export_reply,
	.fail = refuse,
	.tcp_only = true,
};

static const struct procedure *const procedures[] = {
	[MOUNTPROC3_NULL] = &null_procedure,
	[MOUNTPROC3_MNT] = &mnt,
	[MOUNTPROC3_DUMP] = &dump,
	[MOUNTPROC3_UMNT] = &umnt,
	[MOUNTPROC3_UMNTALL] = &umntall,
	[MOUNTPROC3_EXPORT] = &export,
};

const struct program mount3_program = {
	.name = "MOUNT",
	.number = MOUNT_PROGRAM,
	.version = MOUNT_V3,
	.procedures = procedures,
	.procedure_count = sizeof(procedures) / sizeof(procedures[0]),
	.udp = true,
	.errors_are_final = true,
};

static const struct bytes no_key = {NULL, 0};

static bool
path_decode(struct request *request, XDR *xdr)
{
	struct bytes *path = region_alloc(&request->region, sizeof(*path));

	request->args = path;
	return args_opaque(xdr, path, MNTPATHLEN);
}

static bool
void_decode(struct request *request, XDR *xdr)
{
	(void) request;
	(void) xdr;
	return true;
}

/*
 * What concerns all stores is asked of one after the other, those that are
 * away left out: many clients ask for all shares before they mount one.  UMNT
 * is no such case: its path has told the store.
 */
static bool
next_store(struct request *request)
{
	const struct worker *worker = request->worker;
	enum lane	lane = request->procedure->changes ? LANE_CHANGE : LANE_READ;

	if (worker->database_count < 2 || request->procedure == &umnt)
		return false;
	for (struct database *database = database_of(&request->call) + 1;
		 database < worker->databases + worker->database_count; database++)
		if (pool_lane_is_up(&database->pool, lane))
		{
			request->call.pool = &database->pool;
			return true;
		}
	return false;
}

/* The first that is there; if none is, the first, to wait for it. */
static void
first_store(struct request *request, enum lane lane)
{
	struct pool *first = request->call.pool;

	if (request->worker->database_count > 1 && !pool_lane_is_up(first, lane) &&
		!next_store(request))
		request->call.pool = first;
}

static void
refuse(struct request *request, uint32_t status)
{
	request->status = status;
	reply_reset(request);
	request_refuse(request, SYSTEM_ERR);
}

/*
 * MNT (5.2.1)
 */
static void
mnt_send(struct request *request)
{
	const struct bytes *path = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_MOUNT, no_key);

	parameters_path(&p, *path);
	parameters_bytes(&p, *path);
	parameters_caller(&p);
	parameters_end(&p);
}

/*
 * The numbers of nfsstat3 that mountstat3 has are its numbers; what it has no
 * word for is a fault of the server.
 */
static mountstat3
mount_status(uint32_t status)
{
	switch (status)
	{
		case MNT3_OK:
		case MNT3ERR_PERM:
		case MNT3ERR_NOENT:
		case MNT3ERR_IO:
		case MNT3ERR_ACCES:
		case MNT3ERR_NOTDIR:
		case MNT3ERR_INVAL:
		case MNT3ERR_NAMETOOLONG:
		case MNT3ERR_NOTSUPP:
		case MNT3ERR_SERVERFAULT:
			return status;
		default:
			return MNT3ERR_SERVERFAULT;
	}
}

static void
mnt_fail(struct request *request, uint32_t status)
{
	mountres3	res;

	res.fhs_status = status == MNT3_OK ?
		MNT3ERR_SERVERFAULT : mount_status(status);
	request->status = res.fhs_status;
	reply_reset(request);
	(void) xdr_mountres3(reply_begin(request, MNT_REPLY_ROOM), &res);
	reply_end(request);
}

static void
mnt_reply(struct request *request, const PGresult *result)
{
	mountres3	res;
	mountres3_ok *ok = &res.mountres3_u.mountinfo;
	const unsigned char *handle;
	int			flavors[2] = {AUTH_SYS, AUTH_NONE};
	uint32_t	size;
	int32_t		status;
	struct row	row;

	if (PQntuples(result) < 1)
	{
		mnt_fail(request, MNT3ERR_SERVERFAULT);
		return;
	}
	row_open(&row, PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
	status = row_int4(&row);
	request->status = (uint32_t) status;
	if (row.ok && !row.null && status == FS_TOOWEAK)
	{
		request_deny(request, AUTH_TOOWEAK);
		return;
	}
	if (!row.ok || row.null || status != MNT3_OK)
	{
		mnt_fail(request, (uint32_t) status);
		return;
	}
	handle = row_bytes(&row, &size);
	ok->fhandle.fhandle3_val = (char *) handle;
	ok->fhandle.fhandle3_len = size;
	ok->auth_flavors.auth_flavors_val = flavors;
	ok->auth_flavors.auth_flavors_len = row_bool(&row) ? 2 : 1;
	res.fhs_status = MNT3_OK;
	if (!row.ok || !handle ||
		!xdr_mountres3(reply_begin(request, MNT_REPLY_ROOM), &res))
	{
		mnt_fail(request, MNT3ERR_SERVERFAULT);
		return;
	}
	reply_end(request);
}

/*
 * UMNT and UMNTALL (5.2.3, 5.2.4): the caller's own entries go.  There is no
 * result, whatever was there.
 */
static void
umnt_send(struct request *request)
{
	const struct bytes *path = request->args;
	struct parameters p = parameters_begin(request, STATEMENT_UNMOUNT, no_key);

	parameters_path(&p, *path);
	parameters_bytes(&p, *path);
	parameters_caller(&p);
	parameters_end(&p);
}

static void
umntall_send(struct request *request)
{
	struct parameters p = parameters_begin(request, STATEMENT_UNMOUNT_ALL,
										   no_key);

	first_store(request, LANE_CHANGE);
	parameters_caller(&p);
	parameters_end(&p);
}

static void
void_reply(struct request *request, const PGresult *result)
{
	(void) result;
	if (next_store(request))
	{
		umntall_send(request);
		return;
	}
	(void) reply_begin(request, 0);
	reply_end(request);
}

/*
 * DUMP and EXPORT answer with lists, to every host.  A list ends where it
 * would be larger than this, for each store.
 */
#define DUMP_MAX (256 * 1024)
#define EXPORT_MAX (1024 * 1024)

/* What is received, and the reply that is made of it. */
#define LIST_MEMORY(max) (3 * (size_t) (max))

static void
send_list(struct request *request, enum statement_number statement,
		  int64_t max)
{
	struct parameters p = parameters_begin(request, statement, no_key);

	first_store(request, LANE_READ);
	parameters_int8(&p, max);
	parameters_end(&p);
	request->call.result_size = LIST_MEMORY(max);
}

/* TRUE, then the string; no more than max bytes of it. */
static bool
encode_item(XDR *xdr, const unsigned char *value, uint32_t size, uint32_t max)
{
	char	   *string = (char *) value;
	bool_t		follows = TRUE;

	if (size > max)
		size = max;
	return value && xdr_bool(xdr, &follows) &&
		xdr_bytes(xdr, &string, &size, max);
}

/*
 * Room for a list: the columns' lengths make up for most of the framing, a
 * few words for each row for the rest.
 */
static XDR *
begin_list(struct request *request, const PGresult *result)
{
	const struct bytes *before = request->memory;
	size_t		room = BYTES_PER_XDR_UNIT + (before != NULL ? before->size : 0);
	XDR		   *xdr;

	for (int i = 0; i < PQntuples(result); i++)
		room += (size_t) PQgetlength(result, i, 0) * 2 +
			4 * BYTES_PER_XDR_UNIT;
	xdr = reply_begin(request, room);
	if (before != NULL)
		(void) xdr_opaque(xdr, (char *) (uintptr_t) before->data, before->size);
	return xdr;
}

/*
 * There is another store: what has been encoded so far is kept for its turn.
 */
static void
keep_list(struct request *request, XDR *xdr)
{
	struct bytes *before = region_alloc(&request->region, sizeof(*before));
	u_int		size = xdr_getpos(xdr);

	before->size = size;
	before->data = region_copy(&request->region,
							   xdr->x_base, size);
	request->memory = before;
	reply_end(request);
}

static void
end_list(struct request *request, XDR *xdr, bool ok,
		 void (*again) (struct request *))
{
	bool_t		follows = FALSE;

	if (ok && next_store(request))
	{
		keep_list(request, xdr);
		again(request);
		return;
	}
	if (ok && xdr_bool(xdr, &follows))
		reply_end(request);
	else
		refuse(request, MNT3ERR_SERVERFAULT);
}

/*
 * DUMP (5.2.2)
 */
static void
dump_send(struct request *request)
{
	send_list(request, STATEMENT_LIST_MOUNTS, DUMP_MAX);
}

static void
dump_reply(struct request *request, const PGresult *result)
{
	XDR		   *xdr = begin_list(request, result);
	bool		ok = true;

	for (int i = 0; ok && i < PQntuples(result); i++)
	{
		const unsigned char *client;
		uint32_t	client_size;
		dirpath		path;
		struct row	row;

		row_open(&row, PQgetvalue(result, i, 0), PQgetlength(result, i, 0));
		client = row_bytes(&row, &client_size);
		path.dirpath_val = (char *) row_bytes(&row, &path.dirpath_len);
		ok = row.ok && path.dirpath_val &&
			encode_item(xdr, client, client_size, MNTNAMLEN) &&
			xdr_dirpath(xdr, &path);
	}
	end_list(request, xdr, ok, dump_send);
}

/*
 * EXPORT (5.2.5).  A share's networks are an array: int32 dimensions, int32
 * flags, the elements' oid; for the one dimension int32 number and int32
 * lower bound; each element with an int32 length before it.  None at all
 * means that all clients may mount it, in the protocol as in the table.
 */
static bool
encode_groups(XDR *xdr, const unsigned char *array, uint32_t size)
{
	struct bytes_reader in = {array, array, true};
	bool_t		follows = FALSE;
	uint32_t	dimensions = 0;
	uint32_t	count = 0;

	if (array)
	{
		in.end = array + size;
		dimensions = take_uint32(&in);
		(void) take_bytes(&in, 8);
	}
	if (dimensions == 1)
	{
		count = take_uint32(&in);
		(void) take_uint32(&in);
	}
	while (in.ok && count-- > 0)
	{
		uint32_t	length = take_uint32(&in);
		const unsigned char *name = take_bytes(&in, length);

		if (!encode_item(xdr, name, length, MNTNAMLEN))
			return false;
	}
	return in.ok && dimensions <= 1 && xdr_bool(xdr, &follows);
}

static void
export_send(struct request *request)
{
	send_list(request, STATEMENT_LIST_EXPORTS, EXPORT_MAX);
}

static void
export_reply(struct request *request, const PGresult *result)
{
	XDR		   *xdr = begin_list(request, result);
	bool		ok = true;

	for (int i = 0; ok && i < PQntuples(result); i++)
	{
		const unsigned char *path;
		const unsigned char *clients;
		uint32_t	path_size;
		uint32_t	clients_size;
		struct row	row;

		row_open(&row, PQgetvalue(result, i, 0), PQgetlength(result, i, 0));
		path = row_bytes(&row, &path_size);
		clients = row_bytes(&row, &clients_size);
		ok = row.ok && encode_item(xdr, path, path_size, MNTPATHLEN) &&
			encode_groups(xdr, clients, clients_size);
	}
	end_list(request, xdr, ok, export_send);
}
