/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * pseudo.c
 *	  The directories above the shares, where a client of NFSv4 begins.
 *
 * The list of shares is short and in memory, and a client asks here when it
 * mounts, so each question goes through the whole list.
 *
 * A share hides what is at its path in another share, as it does for the MOUNT
 * protocol (paths.c).  The directories that lead there are the other share's:
 * where they are missing, NFSv4 does not reach the nested share.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include <sodium.h>

#include "nfs4/pseudo.h"
#include "tables/dirents.h"
#include "tables/inodes.h"
#include "tables/paths.h"

#define PSEUDO_HASH_LEN (HANDLE_LEN - 1)

static void
hash_of(const char *path, uint8 hash[PSEUDO_HASH_LEN])
{
	crypto_generichash(hash, PSEUDO_HASH_LEN, (const unsigned char *) path,
					   strlen(path), NULL, 0);
}

static uint64
number_of(const char *path)
{
	uint8		hash[PSEUDO_HASH_LEN];
	uint64		number;

	hash_of(path, hash);
	memcpy(&number, hash, sizeof(number));
	return pg_ntoh64(number);
}

/* Clients keep these in 63 bits, too; 0 to 2 are taken. */
uint64
pseudo_fileid(const char *path)
{
	uint64		number = number_of(path) & PG_INT64_MAX;

	return number > 2 ? number : number + 3;
}

void
pseudo_handle(const char *path, char *data)
{
	data[0] = PSEUDO_HANDLE_VERSION;
	hash_of(path, (uint8 *) data + 1);
}

const char *
pseudo_share_path(const Share *share)
{
	return strcmp(share->wire_name, "/") == 0 ? "" : share->wire_name;
}

const char *
pseudo_parent(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? NULL : pnstrdup(path, slash - path);
}

/* Is what follows path in the share's own one; NULL: it does not begin so. */
static const char *
below(const Share *share, const char *path)
{
	const char *own = pseudo_share_path(share);
	int			len = strlen(path);

	return strncmp(own, path, len) == 0 &&
		(own[len] == '\0' || own[len] == '/') ? own + len : NULL;
}

/*
 * What there is at a path
 */

typedef struct PlaceSearch
{
	const Caller *caller;
	const char *path;
	const Share *share;			/* of this path */
	bool		above;			/* there is one below it */
} PlaceSearch;

static void
look_at_place(const Share *share, void *arg)
{
	PlaceSearch *search = (PlaceSearch *) arg;
	const char *rest = below(share, search->path);

	if (rest == NULL || share_admits_address(share, search->caller) != FS_OK)
		return;
	if (*rest == '\0')
		search->share = share;
	else
		search->above = true;
}

/* False: there is nothing. */
static bool
find_place(const Caller *caller, const char *path, PseudoPlace *place)
{
	PlaceSearch search = {.caller = caller,.path = path};

	share_foreach(look_at_place, &search);
	place->share = search.share;
	place->path = path;
	return search.share != NULL || search.above;
}

PseudoPlace
pseudo_root(const Caller *caller)
{
	PseudoPlace place;

	(void) find_place(caller, "", &place);
	return place;
}

Status
pseudo_lookup(const Caller *caller, const char *path, FsBytes name,
			  PseudoPlace *place)
{
	if (!find_place(caller, psprintf("%s/%.*s", path, name.len, name.data),
					place))
		return FS_NOENT;
	return FS_OK;
}

/*
 * Handles
 */

typedef struct HandleSearch
{
	const Caller *caller;
	const char *hash;
	const char *path;			/* found */
} HandleSearch;

static bool
has_hash(const char *path, const char *hash)
{
	uint8		own[PSEUDO_HASH_LEN];

	hash_of(path, own);
	return memcmp(own, hash, PSEUDO_HASH_LEN) == 0;
}

static void
look_at_handle(const Share *share, void *arg)
{
	HandleSearch *search = (HandleSearch *) arg;

	if (search->path != NULL ||
		share_admits_address(share, search->caller) != FS_OK)
		return;
	for (const char *path = pseudo_parent(pseudo_share_path(share));
		 path != NULL && search->path == NULL; path = pseudo_parent(path))
		if (has_hash(path, search->hash))
			search->path = path;
}

const char *
pseudo_from_handle(const Caller *caller, FsBytes handle)
{
	HandleSearch search = {.caller = caller,.hash = handle.data + 1};
	PseudoPlace place;

	if (has_hash("", search.hash))
		search.path = "";
	else
		share_foreach(look_at_handle, &search);
	if (search.path == NULL)
		return NULL;

	/* a share may have come there meanwhile */
	(void) find_place(caller, search.path, &place);
	return place.share == NULL ? search.path : NULL;
}

/*
 * Entries
 */

typedef struct Listing
{
	const Caller *caller;
	const char *path;
	int			n;
	int			allocated;
	PseudoEntry *entries;
} Listing;

/* Shares come in the order of their names, so equal names may be apart. */
static bool
is_listed(const Listing *listing, FsBytes name)
{
	for (int i = 0; i < listing->n; i++)
	{
		const FsBytes *other = &listing->entries[i].name;

		if (other->len == name.len &&
			memcmp(other->data, name.data, name.len) == 0)
			return true;
	}
	return false;
}

static void
list_entry(const Share *share, void *arg)
{
	Listing    *listing = (Listing *) arg;
	const char *rest = below(share, listing->path);
	FsBytes		name;
	PseudoEntry *entry;

	if (rest == NULL || *rest == '\0' ||
		share_admits_address(share, listing->caller) != FS_OK)
		return;
	name.data = rest + 1;
	name.len = (int) strcspn(rest + 1, "/");
	if (is_listed(listing, name))
		return;
	if (listing->n == listing->allocated)
	{
		listing->allocated *= 2;
		listing->entries = repalloc(listing->entries, listing->allocated *
									sizeof(PseudoEntry));
	}
	entry = &listing->entries[listing->n++];
	entry->name = name;
	(void) pseudo_lookup(listing->caller, listing->path, name, &entry->place);
	entry->cookie = pseudo_fileid(entry->place.path);
}

static int
compare_cookies(const void *a, const void *b)
{
	uint64		x = ((const PseudoEntry *) a)->cookie;
	uint64		y = ((const PseudoEntry *) b)->cookie;

	return (x > y) - (x < y);
}

int
pseudo_list(const Caller *caller, const char *path, PseudoEntry **entries)
{
	Listing		listing = {.caller = caller,.path = path,.allocated = 16};

	listing.entries = palloc(listing.allocated * sizeof(PseudoEntry));
	share_foreach(list_entry, &listing);
	qsort(listing.entries, listing.n, sizeof(PseudoEntry), compare_cookies);
	*entries = listing.entries;
	return listing.n;
}

void
pseudo_attributes(const Caller *caller, const char *path, Fattr *attributes,
				  uint64 *change)
{
	PseudoEntry *entries;
	int			n = pseudo_list(caller, path, &entries);

	memset(attributes, 0, sizeof(Fattr));
	attributes->kind = KIND_DIRECTORY;
	attributes->mode = 0555;
	attributes->nlink = 2 + n;
	attributes->size = attributes->used = FS_DIRECTORY_SIZE;
	attributes->fileid = pseudo_fileid(path);
	*change = 1;
	for (int i = 0; i < n; i++)
		*change = *change * 31 + entries[i].cookie +
			(entries[i].place.share != NULL);
}

/*
 * Shares in shares
 */

/* The directory of a share that a path inside it leads to. */
static bool
walk(Op *dir, const PathName *names, int n)
{
	for (int i = 0; i < n; i++)
	{
		Inode		inode;
		Dirent		dirent;

		if (!inode_get(&dir->id, &inode) || inode.kind != KIND_DIRECTORY ||
			!dirent_find_in(dir->share, &inode, names[i].data, names[i].len,
							&dirent))
			return false;
		dir->id = dirent.child_id;
	}
	return true;
}

/* The names of a share's path below that of another one; false: it is not. */
static bool
path_below(const Share *share, const Share *outer, Path *path)
{
	const char *rest = below(share, pseudo_share_path(outer));

	return rest != NULL && *rest != '\0' &&
		path_split(rest, strlen(rest), path);
}

typedef struct NestedSearch
{
	const Op   *dir;
	FsBytes		name;
	const Share *found;
} NestedSearch;

static void
look_at_nested(const Share *share, void *arg)
{
	NestedSearch *search = (NestedSearch *) arg;
	const PathName *last;
	Op			dir = *search->dir;
	Path		path;

	if (search->found != NULL || !path_below(share, dir.share, &path))
		return;
	last = &path.names[path.n - 1];
	if (last->len != search->name.len ||
		memcmp(last->data, search->name.data, last->len) != 0)
		return;
	dir.id = dir.share->root_id;
	if (walk(&dir, path.names, path.n - 1) &&
		memcmp(&dir.id, &search->dir->id, sizeof(pg_uuid_t)) == 0)
		search->found = share;
}

const Share *
pseudo_nested(const Op *dir, FsBytes name)
{
	NestedSearch search = {.dir = dir,.name = name};

	if (dir->share->has_nested)
		share_foreach(look_at_nested, &search);
	return search.found;
}

typedef struct AboveSearch
{
	const Share *share;
	const Share *outer;			/* the nearest one so far */
	Path		path;			/* from there */
} AboveSearch;

static void
look_above(const Share *share, void *arg)
{
	AboveSearch *search = (AboveSearch *) arg;
	Path		path;

	if (path_below(search->share, share, &path) &&
		(search->outer == NULL || path.n < search->path.n))
	{
		search->outer = share;
		search->path = path;
	}
}

bool
pseudo_above(const Op *root, Op *dir)
{
	AboveSearch search = {.share = root->share};

	share_foreach(look_above, &search);
	if (search.outer == NULL ||
		op_enter_share(dir, search.outer, &search.outer->root_id,
					   root->caller) != FS_OK)
		return false;
	return walk(dir, search.path.names, search.path.n - 1);
}
