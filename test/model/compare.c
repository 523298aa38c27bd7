/* SPDX-License-Identifier: PostgreSQL */
/*
 * compare.c
 *	  Holds a reply against what the model expects.
 *
 * All of it is looked at twice, to judge first and to learn after that: a
 * reply that is wrong in its last byte must not have taught us anything.
 */
#include "compare.h"
#include "generate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The server's, of the two entries that every directory has. */
#define COOKIE_DOT 1
#define COOKIE_DOTDOT 2

struct comparison
{
	struct model *model;
	const struct call *call;
	const struct expected *e;
	const struct result *r;
	int			flags;
	bool		learn;
	char	   *why;
	size_t		why_size;
};

static bool
wrong(struct comparison *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static bool
wrong(struct comparison *c, const char *format, ...)
{
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(c->why, c->why_size, format, arguments);
	va_end(arguments);
	return false;
}

/*
 * Attributes
 */

static bool
same_moment(struct comparison *c, const char *whose, const char *what,
			struct moment *want, uint64_t got)
{
	if (!(c->flags & COMPARE_TIMES))
		return true;
	if (got <= want->after || got > want->until)
	{
		if (want->after + 1 == want->until)
			return wrong(c, "%s of %s is %" PRIu64 " (%" PRIu64 ")", what,
						 whose, got, want->until);
		return wrong(c, "%s of %s is %" PRIu64 " (after %" PRIu64
					 ", until %" PRIu64 ")", what, whose, got, want->after,
					 want->until);
	}
	if (c->learn)
		*want = (struct moment) {got - 1, got};
	return true;
}

static bool
same_number(struct comparison *c, const char *whose, const char *what,
			uint64_t want, uint64_t got)
{
	return got == want ||
		wrong(c, "%s of %s is %" PRIu64 " (%" PRIu64 ")", what, whose, got,
			  want);
}

static bool
same_fileid(struct comparison *c, const char *whose, struct node *node,
			uint64_t fileid)
{
	if (node->fileid != 0)
		return same_number(c, whose, "fileid", node->fileid, fileid);
	if (c->learn)
		node->fileid = fileid;
	return true;
}

static bool
same_attributes(struct comparison *c, const char *whose, struct node *node,
				const struct attr *got)
{
	/* of a file, before two changes of mtime and ctime part */
	bool		together = node->mtime.until == node->ctime.until &&
		node->mtime.after == node->ctime.after;

	if (got->type != node->kind)
		return wrong(c, "%s is of kind %u (%u)", whose, got->type, node->kind);
	if (got->mode != node->mode)
		return wrong(c, "mode of %s is %04o (%04o)", whose, got->mode,
					 node->mode);
	if ((c->flags & COMPARE_TIMES) && together && got->mtime != got->ctime &&
		node->ctime.after + 1 != node->ctime.until)
		return wrong(c, "mtime of %s is %" PRIu64 ", but its ctime %" PRIu64,
					 whose, got->mtime, got->ctime);
	return same_number(c, whose, "link count", node->nlink, got->nlink) &&
		same_number(c, whose, "uid", node->uid, got->uid) &&
		same_number(c, whose, "gid", node->gid, got->gid) &&
		(node->kind == NF3DIR && !(c->flags & COMPARE_HANDLES) ? true :
		 same_number(c, whose, "size", node->size, got->size)) &&
		same_number(c, whose, "major", node->major, got->major) &&
		same_number(c, whose, "minor", node->minor, got->minor) &&
		same_moment(c, whose, "mtime", &node->mtime, got->mtime) &&
		same_moment(c, whose, "ctime", &node->ctime, got->ctime) &&
		same_fileid(c, whose, node, got->fileid);
}

/* Attributes follow exactly if there is a node to show. */
static bool
same_optional(struct comparison *c, const char *whose, struct node *node,
			  const struct attr *got)
{
	if (node == NULL)
		return !got->follows || wrong(c, "there are attributes of %s", whose);
	if (!got->follows)
		return wrong(c, "there are no attributes of %s", whose);
	return same_attributes(c, whose, node, got);
}

static bool
same_handle_of(struct comparison *c, const char *whose, struct node *node,
			   const struct handle *got)
{
	if (!(c->flags & COMPARE_HANDLES))
		return true;
	if (got->size == 0)
		return wrong(c, "there is no handle of %s", whose);
	if (node->handle.size == 0)
	{
		if (c->learn)
			node->handle = *got;
		return true;
	}
	return same_handle(&node->handle, got) ||
		wrong(c, "the handle of %s is another's", whose);
}

static bool
same_wcc(struct comparison *c, const char *whose, struct node *node,
		 const struct before *before, const struct wcc *got)
{
	if (!(c->flags & COMPARE_AFTER))
		return true;
	if (!(c->flags & COMPARE_BEFORE))
		return same_optional(c, whose, node, &got->after);
	if (node != NULL && got->before)
	{
		struct moment mtime = before->mtime;
		struct moment ctime = before->ctime;

		if (got->size != before->size)
			return wrong(c, "size of %s before is %" PRIu64 " (%" PRIu64 ")",
						 whose, got->size, before->size);
		if (!same_moment(c, whose, "mtime before", &mtime, got->mtime) ||
			!same_moment(c, whose, "ctime before", &ctime, got->ctime))
			return false;
	}
	else if (c->e->changed)
		return wrong(c, "a change of %s does not say what was before", whose);
	return same_optional(c, whose, node, &got->after);
}

/*
 * Results of their own kind
 */

static bool
same_bytes(struct comparison *c, const unsigned char *want,
		   const unsigned char *got, uint32_t size)
{
	for (uint32_t i = 0; i < size; i++)
	{
		if (want[i] != got[i])
			return wrong(c, "byte %u of %u is %u (%u)", i, size, got[i],
						 want[i]);
	}
	return true;
}

static bool
same_read(struct comparison *c)
{
	const struct expected *e = c->e;
	unsigned char *want;
	bool		same;

	if (c->r->data.size != e->count)
		return wrong(c, "%u bytes were read (%u)", c->r->data.size, e->count);
	if (c->r->eof != e->eof)
		return wrong(c, "eof is %d (%d)", c->r->eof, e->eof);
	want = malloc(e->count + 1);
	data_read(e->object, c->call->offset, want, e->count);
	same = same_bytes(c, want, c->r->data.data, e->count);
	free(want);
	return same;
}

static bool
same_target(struct comparison *c)
{
	const struct call *made = c->e->object->target;
	unsigned char want[5000];

	if (c->r->data.size != made->count)
		return wrong(c, "a target of %u bytes (%u)", c->r->data.size,
					 made->count);
	call_bytes(made, want);
	return same_bytes(c, want, c->r->data.data, made->count);
}

static bool
same_entry(struct comparison *c, struct node *dir, const struct entry *got)
{
	char		whose[40];
	struct dentry *entry;
	struct node *node;
	int			name = name_number(got->name);

	snprintf(whose, sizeof(whose), "entry %.20s",
			 name < 0 ? "?" : (const char *) name_bytes(name).data);
	if (name == NAME_DOT || name == NAME_DOTDOT)
		node = name == NAME_DOT ? dir : dir->parent;
	else
	{
		entry = name >= 0 ? model_entry(dir, name) : NULL;
		if (entry == NULL)
			return wrong(c, "%s should not be there", whose);
		node = entry->node;
		if (entry->cookie != 0 && entry->cookie != got->cookie)
			return wrong(c, "the cookie of %s was changed", whose);
		if (c->learn)
			entry->cookie = got->cookie;
	}
	/* of the tree's own parent nothing is known */
	if (name == NAME_DOTDOT && dir == c->model->root)
		return true;
	if (!same_fileid(c, whose, node, got->fileid))
		return false;
	if (c->call->procedure == NFS3_READDIR || !(c->flags & COMPARE_HANDLES))
		return true;
	if (c->e->names_only && name != NAME_DOT)
		return (!got->attr.follows && got->handle.size == 0) ||
			wrong(c, "%s shows more than its name", whose);
	return same_optional(c, whose, node, &got->attr) &&
		same_handle_of(c, whose, node, &got->handle);
}

static bool
is_listed(const struct result *r, int name)
{
	for (int i = 0; i < r->entry_count; i++)
	{
		if (name_number(r->entries[i].name) == name)
			return true;
	}
	return false;
}

/*
 * A page begins after a cookie and ends with its last entry's, or with the
 * directory: every entry in between must be on it.  Of an entry that was never
 * listed nobody knows yet where it belongs.
 */
static bool
same_listing(struct comparison *c)
{
	const struct result *r = c->r;
	struct node *dir = c->e->dir;
	uint64_t	after = c->call->how == ONE_PAGE ? c->call->offset : 0;
	uint64_t	last = after;

	for (int i = 0; i < r->entry_count; i++)
	{
		if ((c->flags & COMPARE_HANDLES) && r->entries[i].cookie <= last)
			return wrong(c, "the cookie of entry %d does not ascend", i);
		last = r->entries[i].cookie;
		if (!same_entry(c, dir, &r->entries[i]))
			return false;
	}
	if (r->eof)
		last = UINT64_MAX;
	else if (r->entry_count == 0 || c->call->how != ONE_PAGE)
		return wrong(c, "the listing does not end");
	if (after < COOKIE_DOT && !is_listed(r, NAME_DOT))
		return wrong(c, "entry . is missing");
	if (after < COOKIE_DOTDOT && last >= COOKIE_DOTDOT &&
		!is_listed(r, NAME_DOTDOT))
		return wrong(c, "entry .. is missing");
	for (const struct dentry *e = dir->entries; e != NULL; e = e->next)
	{
		bool		due = e->cookie != 0 ?
			e->cookie > after && e->cookie <= last : after == 0 && r->eof;

		if (due && !is_listed(r, e->name))
			return wrong(c, "entry %.20s is missing",
						 (const char *) name_bytes(e->name).data);
	}
	return true;
}

/* A page in which not even '.' has room. */
static bool
is_too_small(const struct call *call)
{
	return (call->procedure == NFS3_READDIR ||
			call->procedure == NFS3_READDIRPLUS) && call->count < 132;
}

static bool
judge(struct comparison *c)
{
	const struct expected *e = c->e;
	const struct result *r = c->r;
	uint32_t	want = e->status;

	if (want == NFS3_OK && is_too_small(c->call))
		want = NFS3ERR_TOOSMALL;
	if (r->status != want)
		return wrong(c, "%s (%s)", status_word(r->status), status_word(want));
	switch (c->call->procedure)
	{
		case NFS3_GETATTR:
			return e->status != NFS3_OK ||
				same_attributes(c, "the object", e->object, &r->attr);
		case NFS3_LOOKUP:
			/* of the tree's own parent nothing is known */
			return same_optional(c, "the directory", e->dir, &r->dir) &&
				(e->status != NFS3_OK || (c->call->name == NAME_DOTDOT &&
										  e->dir == c->model->root) ||
				 (same_optional(c, "the object", e->object, &r->attr) &&
				  same_handle_of(c, "the object", e->object, &r->handle)));
		case NFS3_ACCESS:
			return same_optional(c, "the object", e->object, &r->attr) &&
				(e->status != NFS3_OK || r->access == e->access ||
				 wrong(c, "access 0x%x (0x%x)", r->access, e->access));
		case NFS3_READLINK:
			return same_optional(c, "the object", e->object, &r->attr) &&
				(e->status != NFS3_OK || same_target(c));
		case NFS3_READ:
			return same_optional(c, "the file", e->object, &r->attr) &&
				(e->status != NFS3_OK || same_read(c));
		case NFS3_READDIR:
		case NFS3_READDIRPLUS:
			return same_optional(c, "the directory", e->dir, &r->dir) &&
				(want != NFS3_OK || same_listing(c));
		case NFS3_WRITE:
			if (e->status == NFS3_OK && r->count != c->call->count)
				return wrong(c, "%u bytes were written (%u)", r->count,
							 c->call->count);
			if (e->status == NFS3_OK && r->committed < c->call->how)
				return wrong(c, "less was promised than was asked for");
			return same_wcc(c, "the file", e->wcc, &e->before, &r->wcc);
		case NFS3_RENAME:
			return same_wcc(c, "the directory", e->wcc, &e->before, &r->wcc) &&
				same_wcc(c, "the second directory", e->to_wcc, &e->to_before,
						 &r->to_wcc);
		case NFS3_LINK:
			return same_optional(c, "the file", e->object, &r->attr) &&
				same_wcc(c, "the directory", e->wcc, &e->before, &r->wcc);
		case NFS3_CREATE:
		case NFS3_MKDIR:
		case NFS3_SYMLINK:
		case NFS3_MKNOD:
			return same_wcc(c, "the directory", e->wcc, &e->before, &r->wcc) &&
				(e->status != NFS3_OK ||
				 (same_optional(c, "the object", e->object, &r->attr) &&
				  same_handle_of(c, "the object", e->object, &r->handle)));
		default:
			return same_wcc(c, "the object", e->wcc, &e->before, &r->wcc);
	}
}

bool
compare(struct model *model, const struct call *call,
		const struct expected *expected, const struct result *result,
		int flags, char *why, size_t why_size)
{
	struct comparison c = {model, call, expected, result, flags, false, why,
	why_size};

	why[0] = '\0';
	if (!judge(&c))
		return false;
	c.learn = true;
	return judge(&c);
}

/*
 * Keeping results
 */

static struct blob
copy_of(struct blob value)
{
	char	   *copy = malloc(value.size + 1);

	if (copy == NULL)
		bail_out("out of memory");
	if (value.size > 0)
		memcpy(copy, value.data, value.size);
	return B(copy, value.size);
}

void
result_keep(struct result *r)
{
	struct entry *entries = malloc(((size_t) r->entry_count + 1) *
								   sizeof(struct entry));

	if (entries == NULL)
		bail_out("out of memory");
	r->data = copy_of(r->data);
	for (int i = 0; i < r->entry_count; i++)
	{
		entries[i] = r->entries[i];
		entries[i].name = copy_of(r->entries[i].name);
	}
	r->entries = entries;
}

void
result_drop(struct result *r)
{
	free((void *) r->data.data);
	for (int i = 0; i < r->entry_count; i++)
		free((void *) r->entries[i].name.data);
	free(r->entries);
}
