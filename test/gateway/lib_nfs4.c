/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_nfs4.c
 *	  COMPOUNDs of NFSv4.1 and 4.2: beginning, sending, results; sessions; and
 *	  shorthands for setting a scene.
 */
#include "lib_nfs4.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct stateid anonymous_stateid = {0, {0}};
const struct stateid bypass_stateid = {
	UINT32_MAX, {255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}};
const struct stateid current_stateid = {1, {0}};

const struct channel usual_fore = {.request = 1049620, .response = 1049480,
	.cached = 7584, .operations = 64, .requests = 16};
const struct channel usual_back = {.request = 4096, .response = 4096,
	.operations = 2, .requests = 1};

struct stateid
with_seqid(struct stateid s, uint32_t seqid)
{
	s.seqid = seqid;
	return s;
}

bool
same_other(const struct stateid *a, const struct stateid *b)
{
	return memcmp(a->other, b->other, sizeof(a->other)) == 0;
}

bool
in_mask(const uint32_t *mask, int bit)
{
	return (mask[bit / 32] >> (bit % 32) & 1) != 0;
}

bool
has_attr(const struct attr4 *a, int bit)
{
	return in_mask(a->mask, bit);
}

/*
 * The COMPOUND
 */

void
v4_bare(struct v4 *w)
{
	begin(w->c, NFS_PROGRAM, 4, 1);
	put_opaque(w->c, w->tag);
	put(w->c, w->minor);
	w->count_at = w->c->call_size;
	w->count = 0;
	put(w->c, 0);
}

void
op(struct v4 *w, uint32_t number)
{
	put(w->c, number);
	if (w->count < OPS_MAX)
		w->ops[w->count] = number;
	w->count++;
	for (int i = 0; i < 4; i++)
		w->c->call[w->count_at + (size_t) i] =
			(unsigned char) (w->count >> (24 - 8 * i));
}

void
v4_begin(struct v4 *w)
{
	v4_bare(w);
	op_sequence(w, w->s->sequence[w->slot] + 1, w->slot, w->slot, w->cache);
}

void
v4_at(struct v4 *w, const struct handle *handle)
{
	v4_begin(w);
	op_putfh(w, handle);
}

static void
forget_results(struct v4 *w)
{
	for (int i = 0; i < w->result_count; i++)
	{
		free(w->results[i].entries);
		free(w->results[i].list);
		free(w->results[i].names);
	}
	free(w->results);
	w->results = NULL;
	w->result_count = 0;
}

/*
 * libnfs reads the results of version 4.0's operations, too, but has no word
 * for the reason why there is no delegation, nor for a SECINFO that failed.
 */
static void
cross_check_result(const unsigned char *at, const struct result4 *result)
{
	nfs_resop4	value;
	char	   *copy;
	ZDR			zdr;

	if (result->op > OP_RELEASE_LOCKOWNER ||
		result->delegation == OPEN_DELEGATE_NONE_EXT ||
		(result->op == OP_SECINFO && result->status != NFS4_OK))
		return;
	copy = malloc(result->size);
	memcpy(copy, at, result->size);
	memset(&value, 0, sizeof(value));
	libnfs_zdrmem_create(&zdr, copy, (uint32_t) result->size, ZDR_DECODE);
	if (!zdr_nfs_resop4(&zdr, &value))
		bail_out("libnfs cannot decode the result of operation %u, status %u",
				 result->op, result->status);
	if (libnfs_zdr_getpos(&zdr) != result->size)
		bail_out("of %d bytes of the result of operation %u libnfs took %u",
				 (int) result->size, result->op, libnfs_zdr_getpos(&zdr));
	libnfs_zdr_destroy(&zdr);
	free(copy);
}

void
v4_send(struct v4 *w)
{
	send_call(w->c);
}

/* The results say of which slot they are. */
static void
note_sequence(struct v4 *w, const struct result4 *result)
{
	if (w->s == NULL || result->op != OP_SEQUENCE || result->status != NFS4_OK)
		return;
	if (memcmp(result->session, w->s->id, 16) == 0 && result->slot < SLOTS)
		w->s->sequence[result->slot] = result->sequence;
}

static void
take_results(struct v4 *w, struct reply *r)
{
	const unsigned char *start = r->at;
	struct blob tag;
	uint32_t	count;

	w->reply_size = (size_t) (r->end - r->at);
	w->status = take(r);
	tag = take_opaque(r);
	if (tag.size != w->tag.size || memcmp(tag.data, w->tag.data, tag.size) != 0)
		bail_out("a tag of %u bytes that is not the one that was sent",
				 tag.size);
	count = take(r);
	if (count > w->count)
		bail_out("%u results of %u operations", count, w->count);
	w->results = calloc(count + 1, sizeof(w->results[0]));
	for (uint32_t i = 0; i < count; i++)
	{
		struct result4 *result = &w->results[i];

		start = r->at;
		result->op = take(r);
		result->status = take(r);
		if (i < OPS_MAX && result->op != w->ops[i] && result->op != OP_ILLEGAL)
			bail_out("result %u is of operation %u, not of %u", i, result->op,
					 w->ops[i]);
		take_result4(r, result);
		result->size = (size_t) (r->at - start);
		cross_check_result(start, result);
		w->result_count = (int) i + 1;
		note_sequence(w, result);
		if (result->status != NFS4_OK && i + 1 < count)
			bail_out("results after a failure of operation %u", result->op);
	}
	take_end(r);
	if (count > 0 && w->results[count - 1].status != w->status)
		bail_out("status %u, but that of the last operation is %u", w->status,
				 w->results[count - 1].status);
	if (w->status == NFS4_OK && count < w->count)
		bail_out("NFS4_OK after %u of %u operations", count, w->count);
}

static uint32_t
results_of(struct v4 *w, struct reply r)
{
	forget_results(w);
	w->outcome = r.outcome;
	w->status = NO_REPLY;
	if (r.outcome == DONE)
		take_results(w, &r);
	return w->status;
}

uint32_t
v4_receive(struct v4 *w)
{
	return results_of(w, receive(w->c));
}

uint32_t
v4_call(struct v4 *w)
{
	return results_of(w, exchange(w->c));
}

void
v4_copy_call(struct v4 *w, const struct v4 *from)
{
	begin_empty(w->c);
	put_fixed(w->c, from->c->call + 4, from->c->call_size - 4);
	w->c->xid = from->c->xid;
	w->count = from->count;
	w->tag = from->tag;
	memcpy(w->ops, from->ops, sizeof(w->ops));
}

const struct result4 *
result_of(struct v4 *w, uint32_t number)
{
	static const struct result4 none = {.status = NOT_REACHED};

	for (int i = 0; i < w->result_count; i++)
	{
		if (w->results[i].op == number)
			return &w->results[i];
	}
	return &none;
}

const struct result4 *
last_result(struct v4 *w)
{
	if (w->result_count == 0)
		bail_out("a COMPOUND without results");
	return &w->results[w->result_count - 1];
}

/*
 * Sessions
 */

void
v4_required(void)
{
	struct client *c = connect_to(0);

	begin(c, NFS_PROGRAM, 4, 0);
	if (exchange(c).outcome != DONE)
	{
		printf("1..0 # SKIP no version 4 is served\n");
		exit(0);
	}
	disconnect(c);
}

static struct v4 *
v4_with(int gateway, struct session *s)
{
	struct v4  *w = calloc(1, sizeof(*w));

	w->c = connect_to(gateway);
	w->s = s;
	w->minor = 1;
	w->tag = S("");
	w->cache = true;
	return w;
}

struct v4 *
v4_connect(int gateway)
{
	return v4_with(gateway, calloc(1, sizeof(struct session)));
}

struct v4 *
v4_also(const struct v4 *w, int gateway)
{
	struct v4  *also = v4_with(gateway, w->s);

	also->minor = w->minor;
	return also;
}

static void
make_session(struct v4 *w)
{
	struct session *s = w->s;
	struct create_session create = {.client_id = s->client_id,
		.sequence = s->create_sequence, .flags = CREATE_SESSION_PERSIST,
		.fore = usual_fore, .back = usual_back};
	const struct result4 *r;

	v4_bare(w);
	op_create_session(w, &create);
	if (v4_call(w) != NFS4_OK)
		bail_out("CREATE_SESSION: %u", w->status);
	r = last_result(w);
	memcpy(s->id, r->session, 16);
	s->fore = r->fore;
	s->create_sequence++;
}

struct v4 *
v4_client(int gateway, const char *owner)
{
	struct v4  *w = v4_connect(gateway);
	struct session *s = w->s;
	struct exchange_id exchange_id = {.verifier = s->verifier};

	snprintf(s->owner, sizeof(s->owner), "%s %s %d",
			 program_invocation_short_name, owner, (int) getpid());
	memcpy(s->verifier, "verifier", 8);
	exchange_id.owner = S(s->owner);
	v4_bare(w);
	op_exchange_id(w, &exchange_id);
	if (v4_call(w) != NFS4_OK)
		bail_out("EXCHANGE_ID: %u", w->status);
	s->client_id = last_result(w)->client_id;
	s->create_sequence = last_result(w)->sequence;
	make_session(w);
	v4_begin(w);
	op_reclaim_complete(w, false);
	if (v4_call(w) != NFS4_OK)
		bail_out("RECLAIM_COMPLETE: %u", w->status);
	return w;
}

struct v4 *
v4_another(const struct v4 *w, int gateway)
{
	struct v4  *another = v4_connect(gateway);

	*another->s = *w->s;
	memset(another->s->sequence, 0, sizeof(another->s->sequence));
	another->minor = w->minor;
	make_session(another);
	w->s->create_sequence = another->s->create_sequence;
	return another;
}

void
v4_disconnect(struct v4 *w)
{
	forget_results(w);
	disconnect(w->c);
	free(w);
}

void
v4_leave(struct v4 *w)
{
	v4_bare(w);
	op_destroy_session(w, w->s->id);
	if (v4_call(w) != NFS4_OK)
		bail_out("DESTROY_SESSION: %u", w->status);
	v4_bare(w);
	op_destroy_clientid(w, w->s->client_id);
	if (v4_call(w) != NFS4_OK)
		bail_out("DESTROY_CLIENTID: %u", w->status);
	free(w->s);
	v4_disconnect(w);
}

/*
 * Shorthands
 */

struct handle
v4_root(struct v4 *w, const char *path)
{
	const char *at = path + strspn(path, "/");

	v4_begin(w);
	op_putrootfh(w);
	while (*at != '\0')
	{
		size_t		size = strcspn(at, "/");

		op_lookup(w, B(at, size));
		at += size;
		at += strspn(at, "/");
	}
	op_getfh(w);
	if (v4_call(w) != NFS4_OK)
		bail_out("no handle of %s: %u", path, w->status);
	return last_result(w)->handle;
}

struct handle
v4_make_dir(struct v4 *w, const struct handle *dir, const char *name,
			uint32_t mode)
{
	struct fattr attrs = fattr_of(MODE(mode));

	v4_at(w, dir);
	op_create(w, NF4DIR, S(name), S(""), &attrs);
	op_getfh(w);
	if (v4_call(w) != NFS4_OK)
		bail_out("cannot make directory %s: %u", name, w->status);
	return last_result(w)->handle;
}

struct handle
v4_playground(struct v4 *w)
{
	const char *path = getenv("DITTOFS_TEST_EXPORT");
	struct handle root = v4_root(w, path ? path : "/export");
	static int	count;
	char		name[64];

	snprintf(name, sizeof(name), "%s.%d.%d", program_invocation_short_name,
			 (int) getpid(), count++);
	return v4_make_dir(w, &root, name, 0777);
}

struct handle
v4_make_file(struct v4 *w, const struct handle *dir, const char *name,
			 uint32_t mode)
{
	struct fattr attrs = fattr_of(MODE(mode));
	struct open4 open = {.access = OPEN4_SHARE_ACCESS_BOTH, .owner = S("maker"),
		.create = true, .how = GUARDED4, .attrs = &attrs, .name = S(name)};
	struct handle handle;

	v4_at(w, dir);
	op_open(w, &open);
	op_getfh(w);
	if (v4_call(w) != NFS4_OK)
		bail_out("cannot make file %s: %u", name, w->status);
	handle = last_result(w)->handle;
	if (AT(w, &handle, op_close(w, result_of(w, OP_OPEN)->stateid)) != NFS4_OK)
		bail_out("cannot close file %s: %u", name, w->status);
	return handle;
}

struct stateid
v4_open(struct v4 *w, const struct handle *file, const char *owner,
		uint32_t access, uint32_t deny)
{
	struct open4 open = {.access = access, .deny = deny, .owner = S(owner),
		.claim = CLAIM_FH};

	if (AT(w, file, op_open(w, &open)) != NFS4_OK)
		bail_out("cannot open for %s: %u", owner, w->status);
	return last_result(w)->stateid;
}

struct attr4
v4_attrs(struct v4 *w, const struct handle *object, const int *bits)
{
	if (AT(w, object, op_getattr(w, bits)) != NFS4_OK)
		bail_out("no attributes: %u", w->status);
	return last_result(w)->attr;
}
