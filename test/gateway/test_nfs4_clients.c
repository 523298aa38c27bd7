/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_clients.c
 *	  NFSv4.1: who a client is, and its sessions' beginning and end.
 *	  EXCHANGE_ID, CREATE_SESSION, DESTROY_SESSION, DESTROY_CLIENTID,
 *	  BIND_CONN_TO_SESSION, RECLAIM_COMPLETE (RFC 8881, 18.33 to 18.37, 18.50,
 *	  18.51).
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct v4 *one;			/* at the first gateway */
static struct v4 *two;			/* at the second */

static struct blob
name_of(const char *what)
{
	static char names[8][64];
	static int	last;
	char	   *name = names[last++ % 8];

	snprintf(name, sizeof(names[0]), "%d %s", (int) getpid(), what);
	return S(name);
}

static const struct result4 *
exchange_id(struct v4 *w, struct blob owner, const char *verifier,
			uint32_t flags)
{
	struct exchange_id e = {.owner = owner, .verifier = verifier,
		.flags = flags};

	v4_bare(w);
	op_exchange_id(w, &e);
	v4_call(w);
	return last_result(w);
}

static const struct result4 *
create_session(struct v4 *w, uint64_t client_id, uint32_t sequence)
{
	struct create_session e = {.client_id = client_id, .sequence = sequence,
		.fore = usual_fore, .back = usual_back};

	v4_bare(w);
	op_create_session(w, &e);
	v4_call(w);
	return last_result(w);
}

/* Puts a client with a session into w, by these hands. */
static uint64_t
confirm(struct v4 *w, struct blob owner, const char *verifier)
{
	const struct result4 *r = exchange_id(w, owner, verifier, 0);
	uint64_t	client_id = r->client_id;
	uint32_t	sequence = r->sequence;

	is_status(w->status, NFS4_OK, "EXCHANGE_ID");
	r = create_session(w, client_id, sequence);
	is_status(w->status, NFS4_OK, "CREATE_SESSION");
	memcpy(w->s->id, r->session, 16);
	memset(w->s->sequence, 0, sizeof(w->s->sequence));
	w->s->client_id = client_id;
	w->s->create_sequence = sequence + 1;
	return client_id;
}

static uint32_t
sequence_status(struct v4 *w)
{
	v4_begin(w);
	return v4_call(w);
}

static uint32_t
destroy_session(struct v4 *w)
{
	v4_bare(w);
	op_destroy_session(w, w->s->id);
	return v4_call(w);
}

static uint32_t
destroy_clientid(struct v4 *w, uint64_t client_id)
{
	v4_bare(w);
	op_destroy_clientid(w, client_id);
	return v4_call(w);
}

static void
test_versions(void)
{
	struct reply r;

	begin(one->c, NFS_PROGRAM, 4, 0);
	r = exchange(one->c);
	ok(r.outcome == DONE && r.at == r.end, "NULL");
	begin(one->c, NFS_PROGRAM, 4, 2);
	r = exchange(one->c);
	ok(r.outcome == REFUSED && r.why == PROC_UNAVAIL, "no procedure 2");
	begin(one->c, NFS_PROGRAM, 5, 0);
	r = exchange(one->c);
	ok(r.outcome == REFUSED && r.why == PROG_MISMATCH && r.low == 3 &&
	   r.high == 4, "version 5: there are 3 and 4");
	for (uint32_t minor = 0; minor <= 3; minor += 3)
	{
		one->minor = minor;
		v4_bare(one);
		op_putrootfh(one);
		is_status(v4_call(one), NFS4ERR_MINOR_VERS_MISMATCH,
				  "minor version %u", minor);
		is(one->result_count, 0, "has no results");
	}
	one->minor = 1;
}

/* RFC 8881, 18.35.4: the cases by their numbers there */
static void
test_exchange_id(void)
{
	struct blob owner = name_of("exchange");
	const struct result4 *r = exchange_id(one, owner, "verifier", 0);
	uint64_t	first = r->client_id;
	uint64_t	id;
	uint32_t	sequence = r->sequence;
	char		major[256];
	uint32_t	major_size = r->server_major.size;

	is_status(one->status, NFS4_OK, "a new owner (1)");
	is(r->flags, EXCHGID_USE_NON_PNFS, "is not confirmed, and no pNFS");
	is(r->protect, 0, "nothing is protected");
	is((int64_t) r->server_minor, 0, "the server's minor id is 0");
	ok(r->server_major.size > 0 && r->server_major.size <= sizeof(major) &&
	   r->scope.size > 0, "it has a major id and a scope");
	memcpy(major, r->server_major.data, major_size);
	r = exchange_id(two, name_of("elsewhere"), "verifier", 0);
	ok(r->server_major.size == major_size &&
	   memcmp(r->server_major.data, major, major_size) == 0,
	   "the same at another gateway");

	r = exchange_id(two, owner, "verifier", 0);
	is_status(two->status, NFS4_OK, "again, not confirmed yet (4)");
	ok(r->client_id != first, "another client id");
	id = r->client_id;
	sequence = r->sequence;
	create_session(one, first, 1);
	is_status(one->status, NFS4ERR_STALE_CLIENTID, "the first one is gone");
	exchange_id(one, owner, "verifier", EXCHGID_UPD_CONFIRMED_REC_A);
	is_status(one->status, NFS4ERR_NOENT, "an update of what is not (7)");
	create_session(one, id, sequence);
	is_status(one->status, NFS4_OK, "CREATE_SESSION confirms");

	r = exchange_id(two, owner, "verifier", 0);
	is_status(two->status, NFS4_OK, "the confirmed one again (2)");
	ok(r->client_id == id && (r->flags & EXCHGID_CONFIRMED_R) != 0,
	   "is the same, and confirmed");
	r = exchange_id(one, owner, "verifier", EXCHGID_UPD_CONFIRMED_REC_A);
	is_status(one->status, NFS4_OK, "an update (6)");
	ok(r->client_id == id && (r->flags & EXCHGID_CONFIRMED_R) != 0,
	   "is of the same");
	exchange_id(one, owner, "VERIFIER", EXCHGID_UPD_CONFIRMED_REC_A);
	is_status(one->status, NFS4ERR_NOT_SAME,
			  "an update with another verifier (8)");
	become(one->c, 1000, 1000);
	exchange_id(one, owner, "verifier", EXCHGID_UPD_CONFIRMED_REC_A);
	is_status(one->status, NFS4ERR_PERM, "an update by another user (9)");
	become(one->c, 0, 0);

	exchange_id(one, name_of("flags"), "verifier", EXCHGID_CONFIRMED_R);
	is_status(one->status, NFS4ERR_INVAL, "a flag that only a server has");
	exchange_id(one, name_of("flags"), "verifier", 0x00800000);
	is_status(one->status, NFS4ERR_INVAL, "a flag that nobody knows");
}

/* A client that has started anew (5) */
static void
test_restarted_client(void)
{
	struct blob owner = name_of("restarted");
	uint64_t	old = confirm(one, owner, "verifier");
	const struct result4 *r = exchange_id(two, owner, "another ", 0);
	uint64_t	new = r->client_id;
	uint32_t	sequence = r->sequence;

	is_status(two->status, NFS4_OK, "EXCHANGE_ID with another verifier");
	ok(new != old && (r->flags & EXCHGID_CONFIRMED_R) == 0,
	   "is another client");
	is_status(sequence_status(one), NFS4_OK,
			  "the old one lives until the new one is confirmed");
	create_session(two, new, sequence);
	is_status(two->status, NFS4_OK, "CREATE_SESSION");
	is_status(sequence_status(one), NFS4ERR_BADSESSION,
			  "then its session is gone");
	create_session(one, old, one->s->create_sequence);
	is_status(one->status, NFS4ERR_STALE_CLIENTID, "and its client id");
}

/* Somebody else with the same owner (3) */
static void
test_collision(void)
{
	struct blob owner = name_of("collision");
	struct v4  *w = v4_client(0, "collision");
	struct handle dir = v4_playground(w);
	struct handle file = v4_make_file(w, &dir, "collision", 0666);
	struct stateid s;
	const struct result4 *r;

	confirm(w, owner, "verifier");
	v4_begin(w);
	op_reclaim_complete(w, false);
	is_status(v4_call(w), NFS4_OK, "RECLAIM_COMPLETE");
	s = v4_open(w, &file, "owner", OPEN4_SHARE_ACCESS_READ, 0);
	become(two->c, 1000, 1000);
	exchange_id(two, owner, "verifier", 0);
	is_status(two->status, NFS4ERR_CLID_INUSE,
			  "another user's EXCHANGE_ID while there is an open file");
	is_status(AT(w, &file, op_close(w, s)), NFS4_OK, "CLOSE");
	is_status(destroy_session(w), NFS4_OK, "DESTROY_SESSION");
	r = exchange_id(two, owner, "verifier", 0);
	is_status(two->status, NFS4_OK, "another user's without any state");
	ok(r->client_id != w->s->client_id, "is another client");
	become(two->c, 0, 0);
	r = exchange_id(two, name_of("unconfirmed"), "verifier", 0);
	become(one->c, 1000, 1000);
	create_session(one, r->client_id, r->sequence);
	is_status(one->status, NFS4ERR_CLID_INUSE,
			  "CREATE_SESSION by another user than EXCHANGE_ID");
	become(one->c, 0, 0);
	v4_disconnect(w);
}

static void
test_create_session(void)
{
	const struct result4 *r = exchange_id(one, name_of("create"), "verifier",
										  0);
	uint64_t	id = r->client_id;
	uint32_t	sequence = r->sequence;
	unsigned char session[16];
	struct create_session e = {.client_id = id, .sequence = sequence,
		.flags = CREATE_SESSION_PERSIST | CREATE_SESSION_BACK_CHAN,
		.fore = usual_fore, .back = usual_back};

	create_session(one, id, sequence + 1);
	is_status(one->status, NFS4ERR_SEQ_MISORDERED,
			  "a sequence before its time");
	create_session(one, id ^ 0x5555, sequence);
	is_status(one->status, NFS4ERR_STALE_CLIENTID, "a client id of nobody");

	v4_bare(one);
	op_create_session(one, &e);
	is_status(v4_call(one), NFS4_OK, "CREATE_SESSION");
	r = last_result(one);
	memcpy(session, r->session, 16);
	is(r->sequence, sequence, "its sequence comes back");
	is(r->flags, CREATE_SESSION_PERSIST,
	   "replies are kept; there is no back channel");
	ok(r->fore.request <= usual_fore.request &&
	   r->fore.response <= usual_fore.response &&
	   r->fore.operations <= usual_fore.operations &&
	   r->fore.requests <= usual_fore.requests && r->fore.headerpad == 0,
	   "nothing is larger than what was asked for");
	ok(r->fore.operations >= 8 && r->fore.requests >= 8 &&
	   r->fore.request >= 65536 && r->fore.response >= 65536,
	   "and all of use");

	v4_bare(two);
	op_create_session(two, &e);
	is_status(v4_call(two), NFS4_OK, "again, at another gateway");
	ok(memcmp(last_result(two)->session, session, 16) == 0,
	   "is the same session");
	create_session(one, id, sequence - 1);
	is_status(one->status, NFS4ERR_SEQ_MISORDERED, "a sequence of the past");
	create_session(two, id, sequence + 1);
	is_status(two->status, NFS4_OK, "the next one");
	ok(memcmp(last_result(two)->session, session, 16) != 0,
	   "is another session");

	memcpy(one->s->id, session, 16);
	memset(one->s->sequence, 0, sizeof(one->s->sequence));
	is_status(sequence_status(one), NFS4_OK, "the first is there, too");
	e.sequence = sequence + 2;
	e.flags = 0x100;
	v4_bare(one);
	op_create_session(one, &e);
	is_status(v4_call(one), NFS4ERR_INVAL, "flags that nobody knows");
	/* an error counts, too, and would come back */
	e.sequence++;
	e.flags = 0;
	e.fore.request = 20;
	v4_bare(one);
	op_create_session(one, &e);
	is_status(v4_call(one), NFS4ERR_TOOSMALL, "requests of 20 bytes");
	e.sequence++;
	e.fore = usual_fore;
	e.fore.response = 20;
	v4_bare(one);
	op_create_session(one, &e);
	is_status(v4_call(one), NFS4ERR_TOOSMALL, "responses of 20 bytes");
}

static void
test_destroy(void)
{
	uint64_t	id = confirm(one, name_of("destroy"), "verifier");
	unsigned char unknown[16] = {1, 2, 3};
	struct session first;

	v4_bare(two);
	op_destroy_session(two, unknown);
	is_status(v4_call(two), NFS4ERR_BADSESSION, "DESTROY_SESSION of none");
	is_status(destroy_clientid(one, id), NFS4ERR_CLIENTID_BUSY,
			  "DESTROY_CLIENTID while there is a session");
	v4_begin(one);
	op_destroy_session(one, one->s->id);
	op_putrootfh(one);
	is_status(v4_call(one), NFS4ERR_NOT_ONLY_OP,
			  "DESTROY_SESSION of the session itself is the last operation");
	first = *one->s;
	create_session(one, id, one->s->create_sequence);
	is_status(one->status, NFS4_OK, "a second session");
	memcpy(one->s->id, last_result(one)->session, 16);
	memset(one->s->sequence, 0, sizeof(one->s->sequence));
	v4_begin(one);
	op_destroy_session(one, first.id);
	op_putrootfh(one);
	is_status(v4_call(one), NFS4_OK,
			  "which destroys the first on its way to other operations");
	memcpy(two->s->id, first.id, 16);
	two->s->sequence[0] = first.sequence[0];
	is_status(sequence_status(two), NFS4ERR_BADSESSION,
			  "SEQUENCE of the first, at another gateway");
	v4_begin(one);
	op_destroy_session(one, one->s->id);
	is_status(v4_call(one), NFS4_OK, "DESTROY_SESSION in its own session");
	is_status(sequence_status(one), NFS4ERR_BADSESSION, "SEQUENCE then");
	is_status(destroy_clientid(one, id), NFS4_OK, "DESTROY_CLIENTID");
	is_status(destroy_clientid(two, id), NFS4ERR_STALE_CLIENTID, "once more");
	create_session(two, id, 3);
	is_status(two->status, NFS4ERR_STALE_CLIENTID, "CREATE_SESSION then");
}

static uint32_t
bind_to(struct v4 *w, uint32_t dir)
{
	v4_bare(w);
	op_bind_conn(w, w->s->id, dir);
	return v4_call(w);
}

static void
test_bind(void)
{
	unsigned char unknown[16] = {1, 2, 3};
	struct v4  *also;

	confirm(one, name_of("bind"), "verifier");
	also = v4_also(one, gateway_count() - 1);
	is_status(bind_to(also, 1), NFS4_OK, "BIND_CONN_TO_SESSION: fore");
	is(last_result(also)->flags, 1, "fore it is");
	is_status(bind_to(also, 3), NFS4_OK, "fore or both");
	is(last_result(also)->flags, 1, "fore it is: nothing goes back");
	v4_bare(also);
	op_bind_conn(also, unknown, 1);
	is_status(v4_call(also), NFS4ERR_BADSESSION, "to no session");
	v4_bare(also);
	op_bind_conn(also, also->s->id, 1);
	op_putrootfh(also);
	is_status(v4_call(also), NFS4ERR_NOT_ONLY_OP, "beside another operation");
	v4_begin(also);
	op_bind_conn(also, also->s->id, 1);
	is_status(v4_call(also), NFS4ERR_NOT_ONLY_OP, "in a session");
	bind_to(also, 9);
	ok(also->status == NFS4ERR_BADXDR || also->status == NFS4ERR_INVAL,
	   "in a direction of no name");
	is_status(sequence_status(one), NFS4_OK, "SEQUENCE on one connection");
	is_status(sequence_status(also), NFS4_OK, "and on the other");
	v4_disconnect(also);
}

static void
test_reclaim_complete(void)
{
	struct v4  *w = v4_client(0, "reclaim");
	struct handle dir = v4_playground(w);
	struct handle file = v4_make_file(w, &dir, "reclaim", 0644);
	struct open4 open = {.access = OPEN4_SHARE_ACCESS_READ, .owner = S("o"),
		.claim = CLAIM_FH};

	v4_begin(w);
	op_reclaim_complete(w, false);
	is_status(v4_call(w), NFS4ERR_COMPLETE_ALREADY,
			  "RECLAIM_COMPLETE is said once");
	confirm(w, name_of("reclaim"), "verifier");
	is_status(AT(w, &file, op_reclaim_complete(w, true)), NFS4_OK,
			  "RECLAIM_COMPLETE of one file system");
	v4_begin(w);
	op_reclaim_complete(w, false);
	is_status(v4_call(w), NFS4_OK, "is not that of all");
	is_status(AT(w, &file, op_open(w, &open)), NFS4_OK, "OPEN");
	open.claim = CLAIM_PREVIOUS;
	is_status(AT(w, &file, op_open(w, &open)), NFS4ERR_NO_GRACE,
			  "nothing was lost: nothing is reclaimed");
	v4_disconnect(w);
}

/* What stands first */
static void
test_positions(void)
{
	struct exchange_id e = {.owner = name_of("position"),
		.verifier = "verifier"};

	confirm(one, name_of("positions"), "verifier");
	v4_bare(one);
	is_status(v4_call(one), NFS4_OK, "a COMPOUND of nothing");
	v4_bare(one);
	op_putrootfh(one);
	is_status(v4_call(one), NFS4ERR_OP_NOT_IN_SESSION,
			  "PUTROOTFH without a session");
	v4_bare(one);
	op(one, 4711);
	is_status(v4_call(one), NFS4ERR_OP_ILLEGAL,
			  "an unknown operation, without a session");
	is(last_result(one)->op, OP_ILLEGAL, "is called so");
	v4_begin(one);
	op(one, 4711);
	is_status(v4_call(one), NFS4ERR_OP_ILLEGAL, "with one");
	v4_begin(one);
	op_sequence(one, 99, 0, 0, false);
	is_status(v4_call(one), NFS4ERR_SEQUENCE_POS, "SEQUENCE as the second");
	v4_bare(one);
	op_exchange_id(one, &e);
	op_putrootfh(one);
	is_status(v4_call(one), NFS4ERR_NOT_ONLY_OP,
			  "EXCHANGE_ID beside another operation");
	v4_begin(one);
	op_exchange_id(one, &e);
	is_status(v4_call(one), NFS4_OK, "in a session it is allowed");
	e.protect = 2;
	v4_bare(one);
	op_exchange_id(one, &e);
	is_status(v4_call(one), NFS4ERR_ENCR_ALG_UNSUPP, "SSV without algorithms");
}

int
main(void)
{
	v4_required();
	one = v4_connect(0);
	two = v4_connect(gateway_count() - 1);
	test_versions();
	test_exchange_id();
	test_restarted_client();
	test_collision();
	test_create_session();
	test_destroy();
	test_bind();
	test_reclaim_complete();
	test_positions();
	return done_testing();
}
