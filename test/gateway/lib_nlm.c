/* SPDX-License-Identifier: PostgreSQL */
/*
 * lib_nlm.c
 *	  Calls of NLM 4, 3 and 1, and of NSM.
 */
#include "lib.h"

#include <string.h>

#define SHARE 20
#define UNSHARE 21
#define NM_LOCK 22

static void
put_position(struct client *c, uint32_t version, uint64_t value)
{
	if (version == NLM_V4)
		put64(c, value);
	else
		put(c, (uint32_t) value);
}

static uint64_t
take_position(struct reply *r, uint32_t version)
{
	return version == NLM_V4 ? take64(r) : take(r);
}

static void
put_share(struct client *c, const struct lock *lock)
{
	put_opaque(c, S(lock->client));
	put_handle(c, lock->file);
	put_opaque(c, lock->oh);
	put(c, lock->deny);
	put(c, lock->access);
	put(c, lock->reclaim);
}

static void
put_lock(struct client *c, uint32_t version, const struct lock *lock)
{
	put_opaque(c, S(lock->client));
	put_handle(c, lock->file);
	put_opaque(c, lock->oh);
	put(c, lock->svid);
	put_position(c, version, lock->offset);
	put_position(c, version, lock->length);
}

static bool
is_lock(uint32_t procedure)
{
	return procedure == NLM4_LOCK || procedure == NLM4_LOCK_MSG ||
		procedure == NM_LOCK;
}

static bool
is_cancel(uint32_t procedure)
{
	return procedure == NLM4_CANCEL || procedure == NLM4_CANCEL_MSG;
}

static bool
is_unlock(uint32_t procedure)
{
	return procedure == NLM4_UNLOCK || procedure == NLM4_UNLOCK_MSG;
}

void
nlm_begin(struct client *c, uint32_t version, uint32_t procedure,
		  struct blob cookie, const struct lock *lock)
{
	begin(c, NLM_PROGRAM, version, procedure);
	put_opaque(c, cookie);
	if (procedure == SHARE || procedure == UNSHARE)
	{
		put_share(c, lock);
		return;
	}
	if (is_lock(procedure) || is_cancel(procedure))
		put(c, lock->block);
	if (!is_unlock(procedure))
		put(c, lock->exclusive);
	put_lock(c, version, lock);
	if (is_lock(procedure))
	{
		put(c, lock->reclaim);
		put(c, lock->state);
	}
}

static void
take_holder(struct reply *r, uint32_t version, struct lock_reply *reply)
{
	reply->exclusive = take_bool(r);
	reply->svid = take(r);
	reply->oh = take_opaque(r);
	reply->offset = take_position(r, version);
	reply->length = take_position(r, version);
}

struct lock_reply
nlm(struct client *c, uint32_t version, uint32_t procedure,
	const struct lock *lock)
{
	static const char cookie[] = "a cookie of 21 bytes";
	struct lock_reply reply = {0};
	struct reply r;
	struct blob got;

	nlm_begin(c, version, procedure, B(cookie, sizeof(cookie)), lock);
	r = exchange(c);
	if (r.outcome != DONE)
		bail_out("procedure %u of NLM %u: outcome %d, %u", procedure, version,
				 r.outcome, r.why);
	cross_check(NLM_PROGRAM, version, procedure, r.at,
				(size_t) (r.end - r.at));
	got = take_opaque(&r);
	if (got.size != sizeof(cookie) || memcmp(got.data, cookie, got.size) != 0)
		bail_out("a cookie that is not the one that was sent");
	reply.status = take(&r);
	if (version != NLM_V4 && reply.status > NLM4_DENIED_GRACE_PERIOD)
		bail_out("status %u in version %u", reply.status, version);
	if (procedure == NLM4_TEST && reply.status == NLM4_DENIED)
		take_holder(&r, version, &reply);
	if (procedure == SHARE || procedure == UNSHARE)
		(void) take(&r);
	take_end(&r);
	return reply;
}

void
notify(struct client *c, uint32_t program, uint32_t version,
	   uint32_t procedure, const char *name, uint32_t state)
{
	struct reply r;

	begin(c, program, version, procedure);
	put_opaque(c, S(name));
	put(c, state);
	r = exchange(c);
	if (r.outcome != DONE)
		bail_out("procedure %u of program %u: outcome %d, %u", procedure,
				 program, r.outcome, r.why);
	take_end(&r);
}
