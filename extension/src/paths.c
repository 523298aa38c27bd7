/*-------------------------------------------------------------------------
 *
 * paths.c
 *	  Paths, which only people and the MOUNT protocol have: to which share one
 *	  belongs, and what is left of it there.
 *
 * Shares may nest by name ('/a' and '/a/b'): these are two file systems, and
 * what '/a' holds under 'b' is hidden.  Names are compared one by one, so that
 * '/a' is no beginning of '/ab'.  A '..' ends the comparison, because no share
 * has it in its name: it is resolved inside the share that was found, where it
 * cannot lead out.
 *
 *-------------------------------------------------------------------------
 */
#include "dittofs.h"

#include "paths.h"

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
