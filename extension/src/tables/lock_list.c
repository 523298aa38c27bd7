/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * lock_list.c
 *	  The byte-range locks and share modes of one file, as one packed value.
 *
 * POSIX: a range that an owner locks takes the place of what it held there, in
 * either direction, so locking may split, merge, upgrade and downgrade.  Owners
 * conflict where ranges overlap and one of them is exclusive.  Unlocking what
 * is not held is fine.  test/unit/test_lock_list.c holds this against Linux'
 * own locks.
 *
 * A waiter is let in unless a lock is in its way, or an older waiter with whom
 * it conflicts; otherwise readers that come one after the other would keep a
 * writer waiting for ever.  An older waiter who waits for the very owner that
 * asks is not in the way: neither would ever get in.  A request that does not
 * wait asks for locks only, as Linux' do.
 *
 *-------------------------------------------------------------------------
 */
#include "lock_list.h"

#include <string.h>

/*
 * Arrays
 */

static void
release(const LockList *list, void *array)
{
	if (list->release != NULL && array != NULL)
		list->release(array);
}

/*
 * An array with room for one more.  It is copied each time: a request adds a
 * few items at most.
 */
static void *
with_one_more(const LockList *list, void *array, int n, size_t size)
{
	char	   *copy = list->alloc((size_t) (n + 1) * size);

	if (n > 0)
		memcpy(copy, array, (size_t) n * size);
	memset(copy + (size_t) n * size, 0, size);
	release(list, array);
	return copy;
}

#define ADD(list, array, count) \
	((array) = with_one_more(list, array, count, sizeof(*(array))), \
	 &(array)[(count)++])

#define REMOVE(array, count, i) \
	memmove(&(array)[i], &(array)[(i) + 1], \
			(size_t) (--(count) - (i)) * sizeof(*(array)))

int
lock_list_find_client(const LockList *list, const uint8_t *id)
{
	for (int i = 0; i < list->nclients; i++)
		if (memcmp(list->clients[i].id, id, LOCK_CLIENT_ID_LEN) == 0)
			return i;
	return -1;
}

static int
find_owner(const LockList *list, int client, const void *name, uint32_t len)
{
	for (int i = 0; i < list->nowners; i++)
		if (list->owners[i].client == client && list->owners[i].len == len &&
			(len == 0 || memcmp(list->owners[i].name, name, len) == 0))
			return i;
	return -1;
}

int
lock_list_find_owner(const LockList *list, const uint8_t *client_id,
					 const void *name, uint32_t len)
{
	int			client = lock_list_find_client(list, client_id);

	return client < 0 ? -1 : find_owner(list, client, name, len);
}

int
lock_list_owner(LockList *list, const LockClient *client, const void *name,
				uint32_t len)
{
	int			at = lock_list_find_client(list, client->id);
	int			owner;
	LockOwner  *added;

	if (at < 0)
	{
		*ADD(list, list->clients, list->nclients) = *client;
		at = list->nclients - 1;
	}
	/* one that is there with another life was dropped */
	list->clients[at].life = client->life;
	owner = find_owner(list, at, name, len);
	if (owner >= 0)
		return owner;
	added = ADD(list, list->owners, list->nowners);
	added->client = at;
	added->name = name;
	added->len = len;
	return list->nowners - 1;
}

bool
lock_list_empty(const LockList *list)
{
	return list->nheld == 0 && list->nwaiting == 0 && list->nuntold == 0 &&
		list->nshares == 0;
}

void
lock_list_count(const LockList *list, int *counts)
{
	for (int i = 0; i < list->nclients; i++)
		counts[i] = 0;
	for (int i = 0; i < list->nheld; i++)
		counts[list->owners[list->held[i].owner].client]++;
	for (int i = 0; i < list->nwaiting; i++)
		counts[list->owners[list->waiting[i].owner].client]++;
	for (int i = 0; i < list->nshares; i++)
		counts[list->owners[list->shares[i].owner].client]++;
}

/*
 * Ranges
 */

static bool
overlap(const LockRange *a, const LockRange *b)
{
	return a->start <= b->end && b->start <= a->end;
}

static bool
same_range(const LockRange *a, const LockRange *b)
{
	return a->start == b->start && a->end == b->end &&
		a->exclusive == b->exclusive;
}

static bool
conflict(int owner, const LockRange *range, int other_owner,
		 const LockRange *other)
{
	return owner != other_owner && overlap(range, other) &&
		(range->exclusive || other->exclusive);
}

/* A stretch of one owner's locks; a list of them is sorted and disjoint. */
typedef struct Piece
{
	LockRange	range;
	int64_t		since;
} Piece;

/* Adds one behind the others; it joins the last if it goes on with it. */
static int
push(Piece *pieces, int n, uint64_t start, uint64_t end, bool exclusive,
	 int64_t since)
{
	if (n > 0 && pieces[n - 1].range.exclusive == exclusive &&
		pieces[n - 1].range.end + 1 == start)
	{
		pieces[n - 1].range.end = end;
		if (since < pieces[n - 1].since)
			pieces[n - 1].since = since;
		return n;
	}
	pieces[n].range = (LockRange) {start, end, exclusive};
	pieces[n].since = since;
	return n + 1;
}

/*
 * What an owner holds when a range of it is locked, or unlocked (lock: false).
 * to has room for two more.
 */
static int
put_range(Piece *to, const Piece *from, int n, const LockRange *range,
		  bool lock, int64_t since)
{
	int			m = 0;
	bool		put = !lock;

	/* what was held already is held since then */
	for (int i = 0; i < n; i++)
		if (overlap(&from[i].range, range) && from[i].since < since &&
			from[i].range.exclusive == range->exclusive)
			since = from[i].since;
	for (int i = 0; i < n; i++)
	{
		const LockRange *old = &from[i].range;

		if (old->start < range->start)
			m = push(to, m, old->start,
					 old->end < range->start ? old->end : range->start - 1,
					 old->exclusive, from[i].since);
		if (!put && old->end >= range->start)
		{
			m = push(to, m, range->start, range->end, range->exclusive, since);
			put = true;
		}
		if (old->end > range->end)
			m = push(to, m,
					 old->start > range->end ? old->start : range->end + 1,
					 old->end, old->exclusive, from[i].since);
	}
	if (!put)
		m = push(to, m, range->start, range->end, range->exclusive, since);
	return m;
}

/*
 * The same where what is in the range is given: these parts of it, sorted and
 * disjoint.  to has room for n + k + 1 pieces.
 */
static int
replace_range(Piece *to, const Piece *from, int n, const LockRange *range,
			  const Piece *parts, int k)
{
	int			m = 0;
	int			i;

	for (i = 0; i < n && from[i].range.start < range->start; i++)
		m = push(to, m, from[i].range.start, from[i].range.end <
				 range->start ? from[i].range.end : range->start - 1,
				 from[i].range.exclusive, from[i].since);
	for (int j = 0; j < k; j++)
		m = push(to, m, parts[j].range.start, parts[j].range.end,
				 parts[j].range.exclusive, parts[j].since);
	/* one piece may go on behind the range that began before it */
	for (i = i > 0 ? i - 1 : 0; i < n; i++)
		if (from[i].range.end > range->end)
			m = push(to, m, from[i].range.start > range->end ?
					 from[i].range.start : range->end + 1, from[i].range.end,
					 from[i].range.exclusive, from[i].since);
	return m;
}

/* What owner holds. */
static Piece *
pieces_of(const LockList *list, int owner, int *n)
{
	int			count = 0;
	Piece	   *pieces;

	for (int i = 0; i < list->nheld; i++)
		count += list->held[i].owner == owner;
	pieces = LOCK_LIST_ALLOC(list, Piece, count);
	*n = 0;
	for (int i = 0; i < list->nheld; i++)
	{
		if (list->held[i].owner != owner)
			continue;
		pieces[*n].range = list->held[i].range;
		pieces[(*n)++].since = list->held[i].since;
	}
	return pieces;
}

/* Puts these in the place of what owner holds. */
static void
replace_pieces(LockList *list, int owner, const Piece *pieces, int n)
{
	HeldLock   *held = LOCK_LIST_ALLOC(list, HeldLock, list->nheld + n);
	int			m = 0;
	int			next = 0;

	for (int i = 0; i <= list->nheld; i++)
	{
		bool		end = i == list->nheld;

		if (!end && list->held[i].owner == owner)
			continue;
		while (next < n && (end || pieces[next].range.start <
							list->held[i].range.start))
		{
			held[m].owner = owner;
			held[m].range = pieces[next].range;
			held[m++].since = pieces[next++].since;
		}
		if (!end)
			held[m++] = list->held[i];
	}
	release(list, list->held);
	list->held = held;
	list->nheld = m;
}

/* The part of a range that is within another; false: there is none. */
static bool
clip(const LockRange *range, const LockRange *within, LockRange *part)
{
	if (!overlap(range, within))
		return false;
	part->start = range->start > within->start ? range->start : within->start;
	part->end = range->end < within->end ? range->end : within->end;
	part->exclusive = range->exclusive;
	return true;
}

static void
set_before(LockList *list, UntoldLock *untold, Piece *pieces, int n)
{
	release(list, untold->before);
	untold->before = LOCK_LIST_ALLOC(list, LockRange, n);
	for (int i = 0; i < n; i++)
		untold->before[i] = pieces[i].range;
	untold->nbefore = n;
	untold->touched = true;
	release(list, pieces);
}

static Piece *
pieces_before(const LockList *list, const UntoldLock *untold)
{
	Piece	   *pieces = LOCK_LIST_ALLOC(list, Piece, untold->nbefore);

	for (int i = 0; i < untold->nbefore; i++)
		pieces[i] = (Piece) {untold->before[i], 0};
	return pieces;
}

/* What is locked or unlocked after a grant is so, too, if that is refused. */
static void
change_before(LockList *list, UntoldLock *untold, const LockRange *range,
			  bool lock)
{
	LockRange	part;
	Piece	   *from;
	Piece	   *to;
	int			n;

	if (!clip(range, &untold->range, &part))
		return;
	from = pieces_before(list, untold);
	to = LOCK_LIST_ALLOC(list, Piece, untold->nbefore + 2);
	n = put_range(to, from, untold->nbefore, &part, lock, 0);
	release(list, from);
	set_before(list, untold, to, n);
}

static void
change_grants(LockList *list, int owner, const LockRange *range, bool lock)
{
	for (int i = 0; i < list->nuntold; i++)
		if (list->untold[i].owner == owner)
			change_before(list, &list->untold[i], range, lock);
}

static void
apply(LockList *list, int owner, const LockRange *range, bool lock, int64_t now)
{
	int			n;
	Piece	   *from = pieces_of(list, owner, &n);
	Piece	   *to = LOCK_LIST_ALLOC(list, Piece, n + 2);

	n = put_range(to, from, n, range, lock, now);
	replace_pieces(list, owner, to, n);
	release(list, from);
	release(list, to);
	change_grants(list, owner, range, lock);
}

/* What an owner holds in a range becomes these parts of it. */
static void
apply_parts(LockList *list, int owner, const LockRange *range,
			const Piece *parts, int k)
{
	int			n;
	Piece	   *from = pieces_of(list, owner, &n);
	Piece	   *to = LOCK_LIST_ALLOC(list, Piece, n + k + 1);

	n = replace_range(to, from, n, range, parts, k);
	replace_pieces(list, owner, to, n);
	release(list, from);
	release(list, to);
	for (int i = 0; i < list->nuntold; i++)
	{
		UntoldLock *untold = &list->untold[i];
		LockRange	part;
		Piece	   *inside;
		int			m = 0;

		if (untold->owner != owner || !clip(range, &untold->range, &part))
			continue;
		inside = LOCK_LIST_ALLOC(list, Piece, k);
		for (int j = 0; j < k; j++)
			if (clip(&parts[j].range, &part, &inside[m].range))
				inside[m++].since = 0;
		from = pieces_before(list, untold);
		to = LOCK_LIST_ALLOC(list, Piece, untold->nbefore + m + 1);
		n = replace_range(to, from, untold->nbefore, &part, inside, m);
		release(list, from);
		release(list, inside);
		set_before(list, untold, to, n);
	}
}

/*
 * Waiting
 */

/* The lock that is in the way, or -1. */
static int
held_in_the_way(const LockList *list, int owner, const LockRange *range)
{
	for (int i = 0; i < list->nheld; i++)
	{
		if (list->held[i].range.start > range->end)
			break;
		if (conflict(owner, range, list->held[i].owner, &list->held[i].range))
			return i;
	}
	return -1;
}

/* Does this waiter wait for what owner holds? */
static bool
waits_for(const LockList *list, const WaitingLock *waiter, int owner)
{
	for (int i = 0; i < list->nheld; i++)
	{
		const HeldLock *held = &list->held[i];

		if (held->owner == owner &&
			conflict(waiter->owner, &waiter->range, owner, &held->range))
			return true;
	}
	return false;
}

/* Is anything in the way of a request that comes behind so many waiters? */
static bool
in_the_way(const LockList *list, int owner, const LockRange *range, int behind,
		   LockHolder *holder)
{
	int			held = held_in_the_way(list, owner, range);

	if (held >= 0)
	{
		*holder = (LockHolder) {list->held[held].owner, list->held[held].range};
		return true;
	}
	for (int i = 0; i < behind; i++)
	{
		const WaitingLock *older = &list->waiting[i];

		if (conflict(owner, range, older->owner, &older->range) &&
			!waits_for(list, older, owner))
		{
			*holder = (LockHolder) {older->owner, older->range};
			return true;
		}
	}
	return false;
}

int
lock_list_blockers(const LockList *list, int owner, const LockRange *range,
				   int behind, int *owners)
{
	int			n = 0;

	for (int i = 0; i < list->nheld; i++)
		if (conflict(owner, range, list->held[i].owner, &list->held[i].range))
			owners[n++] = list->held[i].owner;
	for (int i = 0; i < behind; i++)
	{
		const WaitingLock *older = &list->waiting[i];

		if (conflict(owner, range, older->owner, &older->range) &&
			!waits_for(list, older, owner))
			owners[n++] = older->owner;
	}
	return n;
}

static int
find_waiting(const LockList *list, int owner, const LockRange *range)
{
	for (int i = 0; i < list->nwaiting; i++)
		if (list->waiting[i].owner == owner &&
			same_range(&list->waiting[i].range, range))
			return i;
	return -1;
}

static int
find_untold(const LockList *list, int owner, const LockRange *range)
{
	for (int i = 0; i < list->nuntold; i++)
		if (list->untold[i].owner == owner &&
			same_range(&list->untold[i].range, range))
			return i;
	return -1;
}

static void
forget(LockList *list, int i)
{
	if (list->untold[i].id != 0)
		*ADD(list, list->forgotten, list->nforgotten) = list->untold[i].id;
	REMOVE(list->untold, list->nuntold, i);
}

/*
 * What an owner holds when it is granted a shared range, and loses nothing by
 * that: what is exclusive in it stays so.
 */
static void
add_shared(LockList *list, int owner, const LockRange *range, int64_t now)
{
	int			n;
	Piece	   *from = pieces_of(list, owner, &n);
	Piece	   *parts = LOCK_LIST_ALLOC(list, Piece, 2 * n + 1);
	int			k = 0;
	uint64_t	next = range->start;	/* what lies before is in parts */
	bool		whole = false;
	int64_t		since = now;
	LockRange	part;

	for (int i = 0; i < n; i++)
		if (!from[i].range.exclusive && overlap(&from[i].range, range) &&
			from[i].since < since)
			since = from[i].since;
	for (int i = 0; i < n && !whole; i++)
	{
		if (!from[i].range.exclusive || !clip(&from[i].range, range, &part))
			continue;
		if (part.start > next)
			k = push(parts, k, next, part.start - 1, false, since);
		k = push(parts, k, part.start, part.end, true, from[i].since);
		whole = part.end == range->end;
		next = part.end + 1;
	}
	if (!whole)
		k = push(parts, k, next, range->end, false, since);
	n = list->nuntold;
	list->nuntold = 0;
	apply_parts(list, owner, range, parts, k);
	list->nuntold = n;
	change_grants(list, owner, range, true);
	release(list, from);
	release(list, parts);
}

/* A waiter becomes a holder that is to be told so. */
static void
let_in(LockList *list, int i, int64_t now)
{
	WaitingLock waiter = list->waiting[i];
	UntoldLock	untold = {.owner = waiter.owner,.range = waiter.range,
	.wait = waiter.wait};
	int			n;
	Piece	   *pieces = pieces_of(list, waiter.owner, &n);

	REMOVE(list->waiting, list->nwaiting, i);
	untold.before = LOCK_LIST_ALLOC(list, LockRange, n);
	for (int j = 0; j < n; j++)
		if (clip(&pieces[j].range, &waiter.range,
				 &untold.before[untold.nbefore]))
			untold.nbefore++;
	release(list, pieces);
	if (waiter.range.exclusive)
		apply(list, waiter.owner, &waiter.range, true, now);
	else
		add_shared(list, waiter.owner, &waiter.range, now);
	*ADD(list, list->untold, list->nuntold) = untold;
	list->granted++;
}

/* The more is held, the less can be let in: once round is enough. */
void
lock_list_admit(LockList *list, int64_t now)
{
	LockHolder	holder;

	for (int i = 0; i < list->nwaiting;)
	{
		const WaitingLock *waiter = &list->waiting[i];

		if (in_the_way(list, waiter->owner, &waiter->range, i, &holder))
			i++;
		else
			let_in(list, i, now);
	}
}

/* The grant is taken back: its owner holds what it held before. */
static void
take_back(LockList *list, int i, int64_t now)
{
	UntoldLock	untold = list->untold[i];
	Piece	   *parts = pieces_before(list, &untold);

	forget(list, i);
	for (int j = 0; j < untold.nbefore; j++)
		parts[j].since = now;
	apply_parts(list, untold.owner, &untold.range, parts, untold.nbefore);
	release(list, parts);
	release(list, untold.before);
}

/*
 * Requests
 */

LockOutcome
lock_list_lock(LockList *list, int owner, const LockRange *range, LockWait wait,
			   int64_t now, LockHolder *holder)
{
	int			waiting = find_waiting(list, owner, range);
	int			behind = wait.bytes == NULL ? 0 :
		waiting >= 0 ? waiting : list->nwaiting;
	int			untold;

	if (in_the_way(list, owner, range, behind, holder))
	{
		WaitingLock *waiter;

		if (wait.bytes == NULL)
			return LOCK_DENIED;
		if (waiting >= 0)
			waiter = &list->waiting[waiting];
		else if (list->nwaiting >= LOCK_WAITING_MAX)
			return LOCK_NO_LOCKS;
		else
		{
			waiter = ADD(list, list->waiting, list->nwaiting);
			waiter->owner = owner;
			waiter->range = *range;
			waiter->since = now;
		}
		waiter->wait = wait;
		return LOCK_BLOCKED;
	}
	if (waiting >= 0)
		REMOVE(list->waiting, list->nwaiting, waiting);
	while ((untold = find_untold(list, owner, range)) >= 0)
		forget(list, untold);
	apply(list, owner, range, true, now);
	lock_list_admit(list, now);
	return LOCK_GRANTED;
}

void
lock_list_unlock(LockList *list, int owner, uint64_t start, uint64_t end,
				 int64_t now)
{
	LockRange	range = {start, end, false};

	if (owner < 0)
		return;
	for (int i = list->nuntold - 1; i >= 0; i--)
	{
		const UntoldLock *untold = &list->untold[i];

		if (untold->owner == owner && untold->range.start >= start &&
			untold->range.end <= end)
			forget(list, i);
	}
	apply(list, owner, &range, false, now);
	lock_list_admit(list, now);
}

bool
lock_list_cancel(LockList *list, int owner, const LockRange *range, int64_t now)
{
	int			at;

	if (owner < 0)
		return false;
	if ((at = find_waiting(list, owner, range)) >= 0)
		REMOVE(list->waiting, list->nwaiting, at);
	else if ((at = find_untold(list, owner, range)) >= 0)
		take_back(list, at, now);
	else
		return false;
	lock_list_admit(list, now);
	return true;
}

LockOutcome
lock_list_test(const LockList *list, int owner, const LockRange *range,
			   LockHolder *holder)
{
	return in_the_way(list, owner, range, 0, holder) ? LOCK_DENIED :
		LOCK_GRANTED;
}

bool
lock_list_told(LockList *list, int64_t id, bool accepted, int64_t now)
{
	int			i;

	for (i = 0; i < list->nuntold && list->untold[i].id != id; i++)
		;
	if (i == list->nuntold)
		return false;
	if (!accepted)
		take_back(list, i, now);
	else
	{
		UntoldLock	untold = list->untold[i];

		forget(list, i);
		/* what it held exclusively, it does no more */
		if (!untold.range.exclusive && !untold.touched)
			apply(list, untold.owner, &untold.range, true, now);
	}
	lock_list_admit(list, now);
	return true;
}

static bool
is_of(const LockList *list, int owner, int client)
{
	return client < 0 || list->owners[owner].client == client;
}

/* Takes what a client (-1: any) holds; also what waits, if that is to go. */
static void
take_all(LockList *list, int client, bool waiters)
{
	for (int i = list->nheld - 1; i >= 0; i--)
		if (is_of(list, list->held[i].owner, client))
			REMOVE(list->held, list->nheld, i);
	for (int i = list->nwaiting - 1; i >= 0 && waiters; i--)
		if (is_of(list, list->waiting[i].owner, client))
			REMOVE(list->waiting, list->nwaiting, i);
	for (int i = list->nuntold - 1; i >= 0; i--)
		if (is_of(list, list->untold[i].owner, client))
			forget(list, i);
	for (int i = list->nshares - 1; i >= 0; i--)
		if (is_of(list, list->shares[i].owner, client))
			REMOVE(list->shares, list->nshares, i);
}

void
lock_list_drop_client(LockList *list, int client)
{
	take_all(list, client, true);
}

int
lock_list_break(LockList *list, int client, int64_t now)
{
	int			before = list->nheld + list->nshares;
	int			broken;

	take_all(list, client, client >= 0);
	broken = before - list->nheld - list->nshares;
	lock_list_admit(list, now);
	return broken;
}

LockOutcome
lock_list_share(LockList *list, int owner, int access, int deny, int64_t now,
				LockHolder *holder)
{
	ShareMode  *own = NULL;

	for (int i = 0; i < list->nshares; i++)
	{
		ShareMode  *other = &list->shares[i];

		if (other->owner == owner)
			own = other;
		else if ((access & other->deny) != 0 || (deny & other->access) != 0)
		{
			*holder = (LockHolder) {other->owner,
			{0, LOCK_TO_END, (other->access & 2) != 0}};
			return LOCK_DENIED;
		}
	}
	if (own == NULL)
	{
		own = ADD(list, list->shares, list->nshares);
		own->owner = owner;
		own->since = now;
	}
	own->access = access;
	own->deny = deny;
	return LOCK_GRANTED;
}

void
lock_list_unshare(LockList *list, int owner)
{
	for (int i = list->nshares - 1; i >= 0; i--)
		if (list->shares[i].owner == owner)
			REMOVE(list->shares, list->nshares, i);
}

/*
 * Soundness
 */

const char *
lock_list_trouble(const LockList *list)
{
	for (int i = 0; i < list->nclients; i++)
		if (lock_list_find_client(list, list->clients[i].id) != i)
			return "a client is in it twice";
	for (int i = 0; i < list->nowners; i++)
		if (find_owner(list, list->owners[i].client, list->owners[i].name,
					   list->owners[i].len) != i)
			return "an owner is in it twice";
	for (int i = 0; i < list->nheld; i++)
	{
		const HeldLock *held = &list->held[i];

		if (held_in_the_way(list, held->owner, &held->range) >= 0)
			return "two locks conflict";
	}
	for (int i = 0; i < list->nwaiting; i++)
		if (find_waiting(list, list->waiting[i].owner,
						 &list->waiting[i].range) != i)
			return "a request waits twice";
	for (int i = 0; i < list->nshares; i++)
		for (int j = 0; j < i; j++)
		{
			const ShareMode *a = &list->shares[i];
			const ShareMode *b = &list->shares[j];

			if (a->owner == b->owner || (a->access & b->deny) != 0 ||
				(a->deny & b->access) != 0)
				return "two shares conflict";
		}
	return NULL;
}
