/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * lock_pack.c
 *	  The packed value of a list of locks (lock_list.h).
 *
 * The packed value, of numbers in base 128, the lowest digits first:
 *
 *	a byte: the form, 1
 *	a byte: 1, if a request waits
 *	clients:	16 bytes id, life
 *	owners:		client, length, name
 *	held:		owner * 2 + exclusive, start, length (0: to the end), since
 *	waiting:	the same, length of the gateway's bytes, these
 *	untold:		id, owner * 2 + exclusive, start, length, touched + 2 * n, and n
 *				ranges that were held before:
 *				exclusive, start, length
 *	shares:		owner, access + deny * 4, since
 *
 * with the number of them in front of each group.  A list of some locks takes
 * about a hundred bytes.
 *
 *-------------------------------------------------------------------------
 */
#include "lock_list.h"

#include <string.h>

#define FORM			1
#define FLAG_WAITING	1

/* The fewest bytes that an item takes, so that a count can be believed. */
#define CLIENT_MIN	(LOCK_CLIENT_ID_LEN + 1)
#define OWNER_MIN	2
#define HELD_MIN	4
#define WAITING_MIN 5
#define UNTOLD_MIN	5
#define RANGE_MIN	3
#define SHARE_MIN	3

void
lock_list_init(LockList *list, void *(*alloc) (size_t size))
{
	memset(list, 0, sizeof(*list));
	list->alloc = alloc;
}

/*
 * Reading
 */

typedef struct Reader
{
	const uint8_t *at;
	const uint8_t *end;
	bool		damaged;
} Reader;

static uint64_t
get_number(Reader *in)
{
	uint64_t	number = 0;

	for (int shift = 0; shift < 64; shift += 7)
	{
		uint8_t		digit;

		if (in->at == in->end)
			break;
		digit = *in->at++;
		/* the tenth has one bit */
		if (shift == 63 && digit > 1)
			break;
		number |= (uint64_t) (digit & 0x7f) << shift;
		if ((digit & 0x80) == 0)
			return number;
	}
	in->damaged = true;
	return 0;
}

/* A count of items of so many bytes at least. */
static int
get_count(Reader *in, size_t item)
{
	uint64_t	n = get_number(in);

	if (in->damaged || n > (size_t) (in->end - in->at) / item)
	{
		in->damaged = true;
		return 0;
	}
	return (int) n;
}

/* A number below max. */
static int
get_index(Reader *in, uint64_t max)
{
	uint64_t	n = get_number(in);

	if (n >= max)
	{
		in->damaged = true;
		return 0;
	}
	return (int) n;
}

static const uint8_t *
get_bytes(Reader *in, size_t len)
{
	const uint8_t *bytes = in->at;

	if (in->damaged || len > (size_t) (in->end - in->at))
	{
		in->damaged = true;
		return NULL;
	}
	in->at += len;
	return bytes;
}

static void
get_range(Reader *in, LockRange *range, bool exclusive)
{
	uint64_t	length;

	range->start = get_number(in);
	length = get_number(in);
	range->exclusive = exclusive;
	range->end = length == 0 ? LOCK_TO_END : range->start + (length - 1);
	if (range->end < range->start || (length != 0 && range->end == LOCK_TO_END))
		in->damaged = true;
}

static int
get_owned_range(Reader *in, const LockList *list, LockRange *range)
{
	int			word = get_index(in, (uint64_t) list->nowners * 2);

	get_range(in, range, (word & 1) != 0);
	return in->damaged ? 0 : word / 2;
}

static void *
get_array(const LockList *list, int n, size_t size)
{
	void	   *array = list->alloc((size_t) (n + 1) * size);

	memset(array, 0, (size_t) (n + 1) * size);
	return array;
}

#define GET_ARRAY(in, list, array, count, item) \
	((count) = get_count(in, item), \
	 (array) = get_array(list, count, sizeof(*(array))))

static void
get_owners(Reader *in, LockList *list)
{
	GET_ARRAY(in, list, list->clients, list->nclients, CLIENT_MIN);
	for (int i = 0; i < list->nclients && !in->damaged; i++)
	{
		const uint8_t *id = get_bytes(in, LOCK_CLIENT_ID_LEN);

		if (id != NULL)
			memcpy(list->clients[i].id, id, LOCK_CLIENT_ID_LEN);
		list->clients[i].life = (int64_t) get_number(in);
	}
	GET_ARRAY(in, list, list->owners, list->nowners, OWNER_MIN);
	for (int i = 0; i < list->nowners && !in->damaged; i++)
	{
		LockOwner  *owner = &list->owners[i];

		owner->client = get_index(in, (uint64_t) list->nclients);
		owner->len = (uint32_t) get_index(in, LOCK_OWNER_MAX + 1);
		owner->name = get_bytes(in, owner->len);
	}
}

static void
get_held(Reader *in, LockList *list)
{
	/* where the last lock of each owner ends */
	uint64_t   *ends;
	bool	   *seen;

	GET_ARRAY(in, list, list->held, list->nheld, HELD_MIN);
	ends = get_array(list, list->nowners, sizeof(*ends));
	seen = get_array(list, list->nowners, sizeof(*seen));
	for (int i = 0; i < list->nheld && !in->damaged; i++)
	{
		HeldLock   *lock = &list->held[i];

		lock->owner = get_owned_range(in, list, &lock->range);
		lock->since = (int64_t) get_number(in);
		if ((i > 0 && lock->range.start < list->held[i - 1].range.start) ||
			(!in->damaged && seen[lock->owner] &&
			 ends[lock->owner] >= lock->range.start))
			in->damaged = true;
		else if (!in->damaged)
		{
			seen[lock->owner] = true;
			ends[lock->owner] = lock->range.end;
		}
	}
}

static void
get_waiting(Reader *in, LockList *list)
{
	GET_ARRAY(in, list, list->waiting, list->nwaiting, WAITING_MIN);
	for (int i = 0; i < list->nwaiting && !in->damaged; i++)
	{
		WaitingLock *waiter = &list->waiting[i];

		waiter->owner = get_owned_range(in, list, &waiter->range);
		waiter->since = (int64_t) get_number(in);
		waiter->wait.len = (uint32_t) get_index(in, LOCK_WAIT_MAX + 1);
		waiter->wait.bytes = get_bytes(in, waiter->wait.len);
	}
}

static void
get_before(Reader *in, LockList *list, UntoldLock *untold)
{
	uint64_t	word = get_number(in);

	if (word / 2 > (size_t) (in->end - in->at) / RANGE_MIN)
	{
		in->damaged = true;
		return;
	}
	untold->touched = (word & 1) != 0;
	untold->nbefore = (int) (word / 2);
	untold->before = get_array(list, untold->nbefore, sizeof(LockRange));
}

static void
get_untold(Reader *in, LockList *list)
{
	GET_ARRAY(in, list, list->untold, list->nuntold, UNTOLD_MIN);
	for (int i = 0; i < list->nuntold && !in->damaged; i++)
	{
		UntoldLock *untold = &list->untold[i];

		untold->id = (int64_t) get_number(in);
		untold->owner = get_owned_range(in, list, &untold->range);
		get_before(in, list, untold);
		for (int j = 0; j < untold->nbefore && !in->damaged; j++)
		{
			bool		exclusive = get_index(in, 2) != 0;
			LockRange  *before = &untold->before[j];

			get_range(in, before, exclusive);
			if (before->start < untold->range.start ||
				before->end > untold->range.end ||
				(j > 0 && before->start <= before[-1].end))
				in->damaged = true;
		}
	}
}

static void
get_shares(Reader *in, LockList *list)
{
	GET_ARRAY(in, list, list->shares, list->nshares, SHARE_MIN);
	for (int i = 0; i < list->nshares && !in->damaged; i++)
	{
		ShareMode  *share = &list->shares[i];
		int			modes;

		share->owner = get_index(in, (uint64_t) list->nowners);
		modes = get_index(in, 16);
		share->access = modes & 3;
		share->deny = modes >> 2;
		share->since = (int64_t) get_number(in);
	}
}

bool
lock_list_decode(LockList *list, void *(*alloc) (size_t size),
				 const void *bytes, size_t len)
{
	Reader		in = {bytes, (const uint8_t *) bytes + len, false};
	const uint8_t *head;

	lock_list_init(list, alloc);
	head = get_bytes(&in, 2);
	if (head == NULL || head[0] != FORM || (head[1] & ~FLAG_WAITING) != 0)
		return false;
	list->noted_waiting = (head[1] & FLAG_WAITING) != 0;
	get_owners(&in, list);
	get_held(&in, list);
	get_waiting(&in, list);
	get_untold(&in, list);
	get_shares(&in, list);
	return !in.damaged && in.at == in.end;
}

/*
 * Writing
 */

typedef struct Writer
{
	const LockList *list;
	uint8_t    *bytes;
	size_t		len;
	size_t		room;
} Writer;

static void
put_bytes(Writer *out, const void *bytes, size_t len)
{
	if (len > out->room - out->len)
	{
		size_t		room = out->room * 2 + len;
		uint8_t    *copy = out->list->alloc(room);

		memcpy(copy, out->bytes, out->len);
		out->bytes = copy;
		out->room = room;
	}
	if (len > 0)
		memcpy(out->bytes + out->len, bytes, len);
	out->len += len;
}

static void
put_number(Writer *out, uint64_t number)
{
	uint8_t		digits[10];
	int			n = 0;

	for (; number >= 0x80; number >>= 7)
		digits[n++] = (uint8_t) (number | 0x80);
	digits[n++] = (uint8_t) number;
	put_bytes(out, digits, (size_t) n);
}

static void
put_extent(Writer *out, const LockRange *range)
{
	put_number(out, range->start);
	put_number(out, lock_range_length(range));
}

static void
put_owned_range(Writer *out, const int *numbers, int owner,
				const LockRange *range)
{
	put_number(out, (uint64_t) numbers[owner] * 2 + range->exclusive);
	put_extent(out, range);
}

/* Clients and owners that are needed, with their numbers in the value. */
static int *
put_owners(Writer *out)
{
	const LockList *list = out->list;
	int		   *owners = LOCK_LIST_ALLOC(list, int, list->nowners);
	int		   *clients = LOCK_LIST_ALLOC(list, int, list->nclients);
	int			nowners = 0;
	int			nclients = 0;

	memset(owners, 0, (size_t) (list->nowners + 1) * sizeof(int));
	memset(clients, 0, (size_t) (list->nclients + 1) * sizeof(int));
	for (int i = 0; i < list->nheld; i++)
		owners[list->held[i].owner] = 1;
	for (int i = 0; i < list->nwaiting; i++)
		owners[list->waiting[i].owner] = 1;
	for (int i = 0; i < list->nuntold; i++)
		owners[list->untold[i].owner] = 1;
	for (int i = 0; i < list->nshares; i++)
		owners[list->shares[i].owner] = 1;
	for (int i = 0; i < list->nowners; i++)
		if (owners[i] != 0)
		{
			clients[list->owners[i].client] = 1;
			nowners++;
		}
	for (int i = 0; i < list->nclients; i++)
		nclients += clients[i];

	put_number(out, (uint64_t) nclients);
	nclients = 0;
	for (int i = 0; i < list->nclients; i++)
	{
		if (clients[i] == 0)
			continue;
		put_bytes(out, list->clients[i].id, LOCK_CLIENT_ID_LEN);
		put_number(out, (uint64_t) list->clients[i].life);
		clients[i] = nclients++;
	}
	put_number(out, (uint64_t) nowners);
	nowners = 0;
	for (int i = 0; i < list->nowners; i++)
	{
		const LockOwner *owner = &list->owners[i];

		if (owners[i] == 0)
			continue;
		put_number(out, (uint64_t) clients[owner->client]);
		put_number(out, owner->len);
		put_bytes(out, owner->name, owner->len);
		owners[i] = nowners++;
	}
	return owners;
}

uint8_t *
lock_list_encode(const LockList *list, size_t *len)
{
	Writer		out = {.list = list,.room = 256};
	uint8_t		head[2] = {FORM, list->nwaiting > 0 ? FLAG_WAITING : 0};
	const int  *owners;

	out.bytes = list->alloc(out.room);
	put_bytes(&out, head, sizeof(head));
	owners = put_owners(&out);
	put_number(&out, (uint64_t) list->nheld);
	for (int i = 0; i < list->nheld; i++)
	{
		const HeldLock *held = &list->held[i];

		put_owned_range(&out, owners, held->owner, &held->range);
		put_number(&out, (uint64_t) held->since);
	}
	put_number(&out, (uint64_t) list->nwaiting);
	for (int i = 0; i < list->nwaiting; i++)
	{
		const WaitingLock *waiter = &list->waiting[i];

		put_owned_range(&out, owners, waiter->owner, &waiter->range);
		put_number(&out, (uint64_t) waiter->since);
		put_number(&out, waiter->wait.len);
		put_bytes(&out, waiter->wait.bytes, waiter->wait.len);
	}
	put_number(&out, (uint64_t) list->nuntold);
	for (int i = 0; i < list->nuntold; i++)
	{
		const UntoldLock *untold = &list->untold[i];

		put_number(&out, (uint64_t) untold->id);
		put_owned_range(&out, owners, untold->owner, &untold->range);
		put_number(&out, (uint64_t) untold->nbefore * 2 + untold->touched);
		for (int j = 0; j < untold->nbefore; j++)
		{
			put_number(&out, untold->before[j].exclusive);
			put_extent(&out, &untold->before[j]);
		}
	}
	put_number(&out, (uint64_t) list->nshares);
	for (int i = 0; i < list->nshares; i++)
	{
		const ShareMode *share = &list->shares[i];

		put_number(&out, (uint64_t) owners[share->owner]);
		put_number(&out, (uint64_t) (share->access | share->deny << 2));
		put_number(&out, (uint64_t) share->since);
	}
	*len = out.len;
	return out.bytes;
}
