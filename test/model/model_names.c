/* SPDX-License-Identifier: PostgreSQL */
/*
 * model_names.c
 *	  The calls that change names: CREATE, MKDIR, SYMLINK, MKNOD, LINK, REMOVE,
 *	  RMDIR, RENAME.
 *
 * Each is one function that reads like its description: all that can be wrong,
 * in order, and then what happens.
 */
#include "model.h"

#include <stdlib.h>
#include <string.h>

#define LINK_LIMIT 2147483647
#define TARGET_LIMIT 4095

static bool
is_dots(int name)
{
	return name == NAME_DOT || name == NAME_DOTDOT;
}

/* A directory gained or lost an entry. */
static void
touch_dir(struct model *model, struct node *dir)
{
	touch(model, dir);
	dir->mtime = dir->ctime;
}

/* An object loses a name. */
static void
drop_link(struct model *model, struct node *node)
{
	if (node->kind == NF3DIR)
		node->nlink = 0;
	else
		node->nlink--;
	if (node->nlink > 0)
		touch(model, node);
	else
	{
		touched(model, node);
		data_cut(node, 0);
	}
}

static uint32_t
kind_of(const struct call *call)
{
	switch (call->procedure)
	{
		case NFS3_CREATE:
			return NF3REG;
		case NFS3_MKDIR:
			return NF3DIR;
		case NFS3_SYMLINK:
			return NF3LNK;
		default:
			return call->how;
	}
}

static uint32_t
default_mode(uint32_t kind)
{
	return kind == NF3LNK ? 0777 : kind == NF3DIR ? 0755 : 0644;
}

static struct node *
make(struct model *model, const struct user *user, struct node *dir,
	 const struct call *call)
{
	const struct set none = {0};
	const struct set *set = call->procedure == NFS3_CREATE &&
		call->how == EXCLUSIVE ? &none : &call->set;
	uint32_t	kind = kind_of(call);
	struct node *node = node_new(model, call->number, kind);

	node->mode = (set->what & SET_MODE) && kind != NF3LNK ?
		set->mode & 07777 : default_mode(kind);
	node->uid = (set->what & SET_UID) && user->uid == 0 ? set->uid : user->uid;
	if ((set->what & SET_GID) && (user->uid == 0 || in_group(user, set->gid)))
		node->gid = set->gid;
	else if (dir->mode & 02000)
		node->gid = dir->gid;
	else
		node->gid = user->gid;
	if (kind == NF3DIR)
	{
		if (dir->mode & 02000)
			node->mode |= 02000;
		node->parent = dir;
		node->size = model->directory_size;
	}
	/* nobody makes a program of a group he is not in */
	else if (user->uid != 0 && (node->mode & 010) && !in_group(user, node->gid))
		node->mode &= ~(uint32_t) 02000;
	if (kind == NF3REG && (set->what & SET_SIZE))
		node->size = set->size;
	if (kind == NF3LNK)
	{
		node->size = call->count;
		node->target = malloc(sizeof(*call));
		*node->target = *call;
	}
	if (kind == NF3BLK || kind == NF3CHR)
	{
		node->major = call->major;
		node->minor = call->minor;
	}
	if (kind == NF3REG && call->how == EXCLUSIVE)
	{
		node->exclusive = true;
		node->verifier = call->data;
	}
	touch(model, node);
	node->mtime = node->ctime;
	if (set->what & SET_MTIME)
		node->mtime = (struct moment) {set->mtime - 1, set->mtime};
	return node;
}

/* CREATE of a name that is taken. */
static void
create_existing(struct model *model, const struct user *user,
				struct node *node, const struct call *call, struct expected *e)
{
	struct set	size = call->set;

	e->status = NFS3ERR_EXIST;
	if (call->procedure != NFS3_CREATE || call->how == GUARDED ||
		node->kind != NF3REG)
		return;
	if (call->how == EXCLUSIVE)
	{
		if (!node->exclusive || node->verifier != call->data)
			return;
		e->status = NFS3_OK;
		e->object = node;
		return;
	}
	/* of the attributes only the size counts, and only if it is given */
	size.what &= SET_SIZE;
	e->status = check_set(user, node, &size);
	if (e->status != NFS3_OK)
		return;
	e->object = node;
	if (size.what == 0)
		return;
	e->changed = true;
	if (!model->dry)
		apply_set(model, user, node, &size);
}

/* What is wrong with a creation, whatever there is. */
static uint32_t
check_creation(const struct call *call)
{
	if (call->procedure == NFS3_SYMLINK && call->count == 0)
		return NFS3ERR_INVAL;
	if (call->procedure == NFS3_SYMLINK && call->count > TARGET_LIMIT)
		return NFS3ERR_NAMETOOLONG;
	if (call->procedure == NFS3_MKNOD &&
		(call->how == NF3REG || call->how == NF3DIR || call->how == NF3LNK))
		return NFS3ERR_BADTYPE;
	return NFS3_OK;
}

static void
create(struct model *model, const struct user *user, struct node *dir,
	   const struct call *call, struct expected *e)
{
	struct dentry *entry = model_entry(dir, call->name);
	uint32_t	kind = kind_of(call);

	e->status = check_name(call->name);
	if (e->status == NFS3_OK)
		e->status = check_creation(call);
	if (e->status != NFS3_OK)
		return;
	if (!may(user, dir, 1))
		e->status = NFS3ERR_ACCES;
	else if (is_dots(call->name))
		e->status = NFS3ERR_EXIST;
	else if (entry != NULL)
		create_existing(model, user, entry->node, call, e);
	else if (!may(user, dir, 2))
		e->status = NFS3ERR_ACCES;
	else if ((kind == NF3BLK || kind == NF3CHR) && user->uid != 0)
		e->status = NFS3ERR_PERM;
	else if (kind == NF3REG && call->how != EXCLUSIVE &&
			 (call->set.what & SET_SIZE) && call->set.size > INT64_MAX)
		e->status = NFS3ERR_FBIG;
	else
	{
		e->changed = true;
		if (model->dry)
			return;
		e->object = make(model, user, dir, call);
		node_enter(dir, call->name, e->object);
		if (kind == NF3DIR)
			dir->nlink++;
		touch_dir(model, dir);
	}
}

static void
link_file(struct model *model, const struct user *user, struct node *dir,
		  struct node *node, const struct call *call, struct expected *e)
{
	e->status = check_name(call->name);
	if (e->status != NFS3_OK)
		return;
	if (!may(user, dir, 1))
		e->status = NFS3ERR_ACCES;
	else if (is_dots(call->name) || model_entry(dir, call->name) != NULL)
		e->status = NFS3ERR_EXIST;
	else if (!may(user, dir, 2))
		e->status = NFS3ERR_ACCES;
	else if (node->nlink >= LINK_LIMIT)
		e->status = NFS3ERR_MLINK;
	else
	{
		e->changed = true;
		if (model->dry)
			return;
		node_enter(dir, call->name, node);
		node->nlink++;
		touch(model, node);
		touch_dir(model, dir);
	}
}

static void
remove_name(struct model *model, const struct user *user, struct node *dir,
			const struct call *call, struct expected *e)
{
	bool		rmdir = call->procedure == NFS3_RMDIR;
	struct dentry *entry = model_entry(dir, call->name);
	struct node *node;

	e->status = check_name(call->name);
	if (e->status != NFS3_OK)
		return;
	if (is_dots(call->name))
		e->status = rmdir && call->name == NAME_DOTDOT ?
			NFS3ERR_EXIST : NFS3ERR_INVAL;
	else if (!may(user, dir, 1))
		e->status = NFS3ERR_ACCES;
	else if (entry == NULL)
		e->status = NFS3ERR_NOENT;
	else if (!rmdir && entry->node->kind == NF3DIR)
		e->status = NFS3ERR_ISDIR;
	else if (rmdir && entry->node->kind != NF3DIR)
		e->status = NFS3ERR_NOTDIR;
	else if (!may(user, dir, 2))
		e->status = NFS3ERR_ACCES;
	else if (!may_sticky(user, dir, entry->node))
		e->status = NFS3ERR_PERM;
	else if (rmdir && entry->node->entries != NULL)
		e->status = NFS3ERR_NOTEMPTY;
	else
	{
		e->changed = true;
		if (model->dry)
			return;
		node = entry->node;
		node_leave(dir, call->name);
		drop_link(model, node);
		if (rmdir)
			dir->nlink--;
		touch_dir(model, dir);
	}
}

/* What keeps a rename of source from replacing target (NULL: nothing there). */
static uint32_t
check_rename(const struct user *user, const struct node *from,
			 const struct node *to, const struct node *source,
			 const struct node *target)
{
	bool		moves = source->kind == NF3DIR && from != to;

	if (moves && node_inside(to, source))
		return NFS3ERR_INVAL;
	if (!may(user, from, 2) || !may(user, to, 2))
		return NFS3ERR_ACCES;
	if (!may_sticky(user, from, source))
		return NFS3ERR_PERM;
	/* its '..' changes */
	if (moves && !may(user, source, 2))
		return NFS3ERR_ACCES;
	if (target == NULL)
		return NFS3_OK;
	if (!may_sticky(user, to, target))
		return NFS3ERR_PERM;
	if (source->kind == NF3DIR && target->kind != NF3DIR)
		return NFS3ERR_NOTDIR;
	if (source->kind != NF3DIR && target->kind == NF3DIR)
		return NFS3ERR_ISDIR;
	if (target->kind == NF3DIR && target->entries != NULL)
		return NFS3ERR_NOTEMPTY;
	return NFS3_OK;
}

static void
rename_name(struct model *model, const struct user *user, struct node *from,
			struct node *to, const struct call *call, struct expected *e)
{
	struct dentry *source = model_entry(from, call->name);
	struct dentry *target = model_entry(to, call->name2);
	struct node *node;

	e->status = check_name(call->name);
	if (e->status == NFS3_OK)
		e->status = check_name(call->name2);
	if (e->status != NFS3_OK)
		return;
	if (is_dots(call->name) || is_dots(call->name2))
		e->status = NFS3ERR_INVAL;
	else if (!may(user, from, 1) || !may(user, to, 1))
		e->status = NFS3ERR_ACCES;
	else if (source == NULL)
		e->status = NFS3ERR_NOENT;
	/* two names of one file: nothing is done */
	else if (target != NULL && target->node == source->node)
		e->status = NFS3_OK;
	else
	{
		e->status = check_rename(user, from, to, source->node,
								 target ? target->node : NULL);
		if (e->status != NFS3_OK)
			return;
		e->changed = true;
		if (model->dry)
			return;
		node = source->node;
		if (target != NULL)
		{
			uint64_t	cookie = target->cookie;

			drop_link(model, target->node);
			if (target->node->kind == NF3DIR)
				to->nlink--;
			node_leave(to, call->name2);
			node_enter(to, call->name2, node);
			/* the entry stays and gets another object */
			to->entries->cookie = cookie;
		}
		else
			node_enter(to, call->name2, node);
		node_leave(from, call->name);
		if (node->kind == NF3DIR)
		{
			node->parent = to;
			from->nlink--;
			to->nlink++;
		}
		touch(model, node);
		touch_dir(model, from);
		if (to != from)
			touch_dir(model, to);
	}
}

void
apply_names(struct model *model, const struct call *call, struct expected *e)
{
	const struct user *user = &users[call->user];
	bool		two = call->procedure == NFS3_RENAME ||
		call->procedure == NFS3_LINK;
	struct node *first = model_node(model, call->object);
	struct node *second = two ? model_node(model, call->object2) : NULL;
	struct node *file = NULL;

	if (first != NULL && first->nlink == 0 &&
		!(call->procedure == NFS3_LINK && model->two_moments))
		first = NULL;
	if (second != NULL && second->nlink == 0 &&
		!(call->procedure == NFS3_RENAME && model->two_moments))
		second = NULL;
	if (call->procedure == NFS3_LINK)
	{
		e->object = file = first;
		first = second;
	}
	if (first != NULL)
	{
		e->wcc = first;
		e->before = before_of(first);
	}
	if (call->procedure == NFS3_RENAME && second != NULL)
	{
		e->to_wcc = second;
		e->to_before = before_of(second);
	}
	if (call->procedure == NFS3_LINK && file == NULL)
		e->status = NFS3ERR_STALE;
	else if (call->procedure == NFS3_LINK && file->kind == NF3DIR)
		e->status = NFS3ERR_ISDIR;
	else if (first == NULL)
		e->status = NFS3ERR_STALE;
	else if (first->kind != NF3DIR)
		e->status = NFS3ERR_NOTDIR;
	else if (call->procedure == NFS3_RENAME && second == NULL)
		e->status = NFS3ERR_STALE;
	else if (call->procedure == NFS3_RENAME && second->kind != NF3DIR)
		e->status = NFS3ERR_NOTDIR;
	else if (call->procedure == NFS3_RENAME)
		rename_name(model, user, first, second, call, e);
	else if (call->procedure == NFS3_LINK)
		link_file(model, user, first, file, call, e);
	else if (call->procedure == NFS3_REMOVE || call->procedure == NFS3_RMDIR)
		remove_name(model, user, first, call, e);
	else
		create(model, user, first, call, e);
}
