/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * lock_cycle.c
 *	  Owners of locks that would wait for each other for ever.
 *
 * POSIX lets a server refuse a request that would close such a circle
 * (EDEADLK); Linux does so for locks of one machine, and its NFS server for
 * those of all clients.  We look when a request would wait, and again each time
 * that its client repeats it: two requests that close a circle at the same
 * moment, at two files, do not see each other, and the first one that is
 * repeated does.
 *
 * The walk takes no lock.  It reads the other files in which requests wait as
 * the statement's snapshot has them, which was taken when this file was locked.
 * So it finds what was there at one moment, and a request that is withdrawn
 * just then counts as one that still waits.
 *
 * A request behind an older one counts as waiting for its owner, as it
 * does (lock_list.c), though POSIX knows no such order.
 *
 * An owner is known in one share: circles through several are not found.  Nor
 * are those beyond the limits below, which keep the walk short whatever clients
 * do.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "miscadmin.h"

#include "tables/file_locks.h"
#include "tables/lock_cycle.h"

#define FILES_MAX	64
#define BYTES_MAX	(256 * 1024)	/* of their locks, packed */
#define OWNERS_MAX	256				/* that are met */
#define STEPS_MAX	1000000			/* owners and locks that are passed */

typedef struct Owner
{
	const uint8_t *client_id;
	const uint8_t *name;
	uint32_t	len;
} Owner;

typedef struct Walk
{
	const LockList *lists[FILES_MAX + 1];
	int			nlists;
	Owner		asker;
	Owner		met[OWNERS_MAX];	/* that wait, or may */
	int			nmet;
	int64		steps;
	bool		closes;
} Walk;

static Owner
owner_in(const LockList *list, int i)
{
	const LockOwner *owner = &list->owners[i];

	return (Owner) {list->clients[owner->client].id, owner->name, owner->len};
}

static bool
same_owner(const Owner *a, const Owner *b)
{
	return a->len == b->len &&
		memcmp(a->client_id, b->client_id, LOCK_CLIENT_ID_LEN) == 0 &&
		(a->len == 0 || memcmp(a->name, b->name, a->len) == 0);
}

static void
meet(Walk *walk, const Owner *owner)
{
	if (same_owner(owner, &walk->asker))
	{
		walk->closes = true;
		return;
	}
	for (int i = 0; i < walk->nmet; i++)
		if (same_owner(owner, &walk->met[i]))
			return;
	if (walk->nmet < OWNERS_MAX)
		walk->met[walk->nmet++] = *owner;
}

/* Meets the owners that are in the way of a request. */
static void
meet_blockers(Walk *walk, const LockList *list, int owner,
			  const LockRange *range, int behind)
{
	int		   *owners = palloc(sizeof(int) *
								(list->nheld + list->nwaiting + 1));
	int			n = lock_list_blockers(list, owner, range, behind, owners);

	walk->steps += list->nheld + list->nwaiting + (int64) n * walk->nmet;
	for (int i = 0; i < n && !walk->closes; i++)
	{
		Owner		blocker = owner_in(list, owners[i]);

		if (i == 0 || owners[i] != owners[i - 1])
			meet(walk, &blocker);
	}
	pfree(owners);
}

static int
place_in_queue(const LockList *list, int owner, const LockRange *range)
{
	for (int i = 0; i < list->nwaiting; i++)
		if (list->waiting[i].owner == owner &&
			list->waiting[i].range.start == range->start &&
			list->waiting[i].range.end == range->end &&
			list->waiting[i].range.exclusive == range->exclusive)
			return i;
	return list->nwaiting;
}

/* What the requests of an owner wait for in this file. */
static void
look_in(Walk *walk, const LockList *list, const Owner *owner)
{
	int			at = lock_list_find_owner(list, owner->client_id, owner->name,
										  owner->len);

	walk->steps += list->nclients + list->nowners;
	for (int i = 0; at >= 0 && i < list->nwaiting && !walk->closes; i++)
		if (list->waiting[i].owner == at)
			meet_blockers(walk, list, at, &list->waiting[i].range, i);
}

/* The other files in which requests wait. */
static void
take_files(Walk *walk, int32 share_id, const pg_uuid_t *file_id)
{
	pg_uuid_t	ids[FILES_MAX];
	int			n = file_locks_waiting(share_id, ids, FILES_MAX);
	Size		bytes = 0;

	for (int i = 0; i < n && bytes < BYTES_MAX; i++)
	{
		FileLocks  *locks;
		Inode		inode;

		if (memcmp(&ids[i], file_id, UUID_LEN) == 0 ||
			!inode_get(&ids[i], &inode) || inode.locks == NULL)
			continue;
		locks = palloc(sizeof(FileLocks));
		bytes += file_locks_size(&inode);
		if (bytes < BYTES_MAX && file_locks_peek(locks, &inode))
			walk->lists[walk->nlists++] = &locks->list;
	}
}

bool
lock_cycle_closes(int32 share_id, const pg_uuid_t *file_id,
				  const LockList *list, int owner, const LockRange *range)
{
	Walk	   *walk = palloc0(sizeof(Walk));

	walk->asker = owner_in(list, owner);
	walk->lists[walk->nlists++] = list;
	meet_blockers(walk, list, owner, range, place_in_queue(list, owner, range));
	take_files(walk, share_id, file_id);
	for (int i = 0; i < walk->nmet; i++)
		for (int j = 0; j < walk->nlists; j++)
		{
			CHECK_FOR_INTERRUPTS();
			if (walk->steps > STEPS_MAX)
				return false;
			look_in(walk, walk->lists[j], &walk->met[i]);
			if (walk->closes)
				return true;
		}
	return false;
}
