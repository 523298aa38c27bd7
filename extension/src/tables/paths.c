/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * paths.c
 *	  Paths, which only people and the MOUNT protocol use: finds the share of a
 *	  path, and the rest of the path within it.
 *
 * Shares may nest by name ('/a' and '/a/b'): these are two file systems, and
 * the entry 'b' of '/a' is hidden.  Names are compared one by one, so '/a' is
 * no beginning of '/ab'.  A '..' ends the comparison, because no share has it
 * in its name: it is resolved inside the share that was found, where it cannot
 * lead out.
 *
 *-------------------------------------------------------------------------
 */
#include "base/dittofs.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "tables/paths.h"

/* How many shares a hint names. */
#define HINT_SHARES 5

bool
path_split(const char *data, int len, Path *path)
{
	const char *end = data + len;
	const char *p = data;

	path->n = 0;
	path->names = NULL;
	if (len == 0 || *data != '/')
		return false;

	/* between two names there is a slash */
	path->names = palloc(sizeof(PathName) * (len / 2 + 1));
	while (p < end)
	{
		const char *slash = memchr(p, '/', end - p);
		PathName	name = {p, (slash == NULL ? end : slash) - p};

		if (name.len > 0 && !path_name_is(&name, "."))
			path->names[path->n++] = name;
		p += name.len + 1;
	}
	return true;
}

typedef struct Search
{
	const Path *path;
	bool		wire;
	const Share *share;
	int			depth;
} Search;

static void
compare_share(const Share *share, void *arg)
{
	Search	   *search = arg;
	const char *name = search->wire ? share->wire_name : share->name;
	Path		own;

	if (!path_split(name, strlen(name), &own) || own.n > search->path->n ||
		(search->share != NULL && own.n < search->depth))
		return;
	for (int i = 0; i < own.n; i++)
	{
		const PathName *wanted = &search->path->names[i];

		if (own.names[i].len != wanted->len ||
			memcmp(own.names[i].data, wanted->data, wanted->len) != 0)
			return;
	}
	search->share = share;
	search->depth = own.n;
}

const Share *
path_share(const Path *path, bool wire, int *depth)
{
	Search		search = {.path = path, .wire = wire};

	share_foreach(compare_share, &search);
	*depth = search.depth;
	return search.share;
}

/*
 * Hints
 */

typedef struct Resemblance
{
	const char *path;
	const char *nearest;
	int			distance;
	int			count;
	StringInfoData names;
} Resemblance;

/* The length of as many names of path as a share's name has. */
static int
beginning_of(const char *path, const char *name)
{
	int			slashes = 0;
	const char *p;

	Assert(*name == '/');
	for (p = name; *p != '\0'; p++)
		slashes += *p == '/';
	for (p = path; *p != '\0'; p++)
	{
		if (*p == '/' && p > path && --slashes <= 0)
			break;
	}
	return Min(p - path, PATH_LEN_MAX);
}

static void
compare_name(const Share *share, void *arg)
{
	Resemblance *r = arg;
	int			namelen = strlen(share->name);
	int			len = beginning_of(r->path, share->name);

	if (r->count++ < HINT_SHARES)
		appendStringInfo(&r->names, "%s%s", r->count > 1 ? ", " : "",
						 share->name);

	/* what varstr_levenshtein() takes, and what can be a slip of the finger */
	if (namelen <= 255 && len <= 255)
	{
		int			distance = varstr_levenshtein_less_equal(
			r->path, len, share->name, namelen, 1, 1, 1, r->distance, true);

		if (distance < r->distance && distance <= 1 + namelen / 3)
		{
			r->distance = distance;
			r->nearest = share->name;
		}
	}
}

const char *
path_share_hint(const char *path)
{
	Resemblance r = {.path = path, .distance = PATH_LEN_MAX};

	if (*path != '\0' && *path != '/')
		r.path = psprintf("/%s", path);
	initStringInfo(&r.names);
	share_foreach(compare_name, &r);
	if (r.count == 0)
		return "There are no shares yet; dittofs.create_share(name) makes one.";
	if (r.nearest != NULL)
		return psprintf(
			"Did you mean \"%s\"? dittofs.list_shares() lists the shares.",
			r.nearest);
	if (r.count > HINT_SHARES)
		return psprintf(
			"There are %d shares, among them %s; dittofs.list_shares() lists them.",
			r.count, r.names.data);
	return psprintf("The shares are %s.", r.names.data);
}
