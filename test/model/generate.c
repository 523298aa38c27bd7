/* SPDX-License-Identifier: PostgreSQL */
/*
 * generate.c
 *	  Random calls: names that collide, trees that grow deep and wide, links,
 *	  renames of every kind, permissions, sizes, truncations, holes.
 *
 * What is drawn is biased to where the rules are: names that exist, the users
 * who are nearly allowed, sizes around the boundaries of blocks.  A share of
 * the calls is nonsense, as it comes from clients that are behind the times:
 * objects that are gone, files taken for directories, names that cannot be.
 */
#include "generate.h"

#include <stdlib.h>
#include <string.h>

/*
 * Chance
 */

/* splitmix64 */
static uint64_t
chance_next(struct chance *chance)
{
	uint64_t	z = chance->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Mixed, or the next seed would be the same numbers a little later. */
void
chance_seed(struct chance *chance, uint64_t seed)
{
	chance->state = seed;
	chance->state = chance_next(chance);
}

uint32_t
chance_below(struct chance *chance, uint32_t below)
{
	return (uint32_t) (chance_next(chance) % below);
}

bool
chance_percent(struct chance *chance, uint32_t percent)
{
	return chance_below(chance, 100) < percent;
}

/*
 * Sights
 */

void
labels_add(struct labels *labels, uint32_t label)
{
	if (labels->count == labels->room)
	{
		labels->room = labels->room ? labels->room * 2 : 256;
		labels->labels = realloc(labels->labels,
								 labels->room * sizeof(uint32_t));
		if (labels->labels == NULL)
			bail_out("out of memory");
	}
	labels->labels[labels->count++] = label;
}

void
generate_look(struct generator *g)
{
	struct sights *s = &g->sights;

	s->directories.count = s->files.count = s->others.count = s->gone.count = 0;
	for (uint32_t i = 0; i < g->model->room; i++)
	{
		const struct node *node = g->model->nodes[i];

		if (node == NULL)
			continue;
		if (node->nlink == 0)
			labels_add(&s->gone, i);
		else if (node->kind == NF3DIR)
			labels_add(&s->directories, i);
		else if (node->kind == NF3REG)
			labels_add(&s->files, i);
		else
			labels_add(&s->others, i);
	}
}

/*
 * Choices
 */

static uint32_t
one_of(struct generator *g, const struct labels *labels)
{
	uint32_t	n = labels->count;

	/* the newest are the deepest */
	if (n > 4 && chance_percent(&g->chance, 30))
		return labels->labels[n - 1 - chance_below(&g->chance, 4)];
	/* the oldest are where others are too */
	if (n > 4 && chance_percent(&g->chance, 30))
		return labels->labels[chance_below(&g->chance, 4)];
	return labels->labels[chance_below(&g->chance, n)];
}

static uint32_t
any_object(struct generator *g)
{
	const struct sights *s = &g->sights;

	for (;;)
	{
		uint32_t	draw = chance_below(&g->chance, 100);

		if (draw < 45 && s->files.count > 0)
			return one_of(g, &s->files);
		if (draw < 80 || (draw < 96 && s->others.count == 0))
			return one_of(g, &s->directories);
		if (draw < 96)
			return one_of(g, &s->others);
		if (s->gone.count > 0 && !g->posix)
			return one_of(g, &s->gone);
	}
}

static uint32_t
directory(struct generator *g)
{
	if (!g->posix && chance_percent(&g->chance, 2))
		return any_object(g);
	return one_of(g, &g->sights.directories);
}

static uint32_t
file(struct generator *g)
{
	if (g->sights.files.count == 0 ||
		(!g->posix && chance_percent(&g->chance, 4)))
		return any_object(g);
	return one_of(g, &g->sights.files);
}

/* Of kind, if there is one in dir (0: of any); -1 if there is none. */
static int
existing_name(struct generator *g, uint32_t dir, uint32_t kind)
{
	const struct node *node = g->model ? model_node(g->model, dir) : NULL;
	const struct dentry *e;
	uint32_t	count = 0;

	if (node == NULL)
		return -1;
	for (e = node->entries; e != NULL; e = e->next)
		count += kind == 0 || e->node->kind == kind;
	if (count == 0)
		return -1;
	count = chance_below(&g->chance, count);
	for (e = node->entries;; e = e->next)
	{
		if ((kind == 0 || e->node->kind == kind) && count-- == 0)
			return e->name;
	}
}

static int
any_name(struct generator *g, uint32_t dir)
{
	static const int odd[] = {
		NAME_DOT, NAME_DOTDOT, NAME_LONG, NAME_LONG_TOO, NAME_TOO_LONG,
		NAME_BYTES, NAME_SPACE, NAME_DOTS, NAME_SILLY,
		NAME_EMPTY, NAME_SLASH, NAME_NUL
	};

	if (chance_percent(&g->chance, 5))
		return odd[chance_below(&g->chance, g->posix ? 9 : 12)];
	if (g->wide && dir % 7 == 3)
		return NAME_WIDE + (int) chance_below(&g->chance, 400);
	return (int) chance_below(&g->chance, (uint32_t) g->names);
}

/* A name to look for: mostly one that is there. */
static int
name_in(struct generator *g, uint32_t dir, uint32_t kind)
{
	int			name = -1;

	if (chance_percent(&g->chance, 75))
		name = existing_name(g, dir, kind);
	return name >= 0 ? name : any_name(g, dir);
}

static uint32_t
some_mode(struct generator *g)
{
	static const uint32_t modes[] = {
		0777, 0777, 0777, 0755, 0755, 0700, 0775, 0770, 0750, 0711, 01777,
		01777, 02777, 02775, 03777, 0666, 0666, 0644, 0664, 0640, 0600, 0400,
		0, 0111, 0222, 0444, 04755, 06777, 02755, 02644, 06711, 07777
	};

	if (chance_percent(&g->chance, 5))
		return chance_below(&g->chance, 010000);
	return modes[chance_below(&g->chance, sizeof(modes) / sizeof(modes[0]))];
}

static uint32_t
some_uid(struct generator *g)
{
	return users[chance_below(&g->chance, (uint32_t) user_count)].uid;
}

static uint32_t
some_gid(struct generator *g)
{
	static const uint32_t gids[] = {0, 1000, 1001, 2000, 3000, 4294967294};

	return gids[chance_below(&g->chance, sizeof(gids) / sizeof(gids[0]))];
}

/* Around the boundaries of pages and blocks; now and then far out. */
static uint64_t
some_offset(struct generator *g)
{
	static const uint64_t near[] = {0, 0, 1, 4095, 4096, 8192, 65536,
	131071, 131072, 131073, 262144};
	static const uint64_t far[] = {UINT64_C(1) << 31, UINT64_C(1) << 32,
		(UINT64_C(1) << 40) + 7};

	switch (chance_below(&g->chance, 20))
	{
		case 0:
			return far[chance_below(&g->chance, 3)];
		case 1:
		case 2:
		case 3:
		case 4:
		case 5:
		case 6:
			return near[chance_below(&g->chance,
									 sizeof(near) / sizeof(near[0]))];
		default:
			return chance_below(&g->chance, 20000);
	}
}

/* Around the end of a file, where one knows it. */
static uint64_t
near_end(struct generator *g, uint32_t label)
{
	const struct node *node = g->model ? model_node(g->model, label) : NULL;
	uint64_t	size = node != NULL ? node->size : 0;

	if (size == 0 || chance_percent(&g->chance, 50))
		return some_offset(g);
	switch (chance_below(&g->chance, 5))
	{
		case 0:
			return size / 2;
		case 1:
			return size - 1;
		case 2:
			return size;
		case 3:
			return size + 1 + chance_below(&g->chance, 3000);
		default:
			return size - chance_below(&g->chance, size < 3000 ?
									   (uint32_t) size : 3000);
	}
}

static uint32_t
some_count(struct generator *g)
{
	if (chance_percent(&g->chance, 3))
		return 0;
	if (chance_percent(&g->chance, 10))
		return 1 + chance_below(&g->chance, g->data_max);
	return 1 + chance_below(&g->chance, 5000);
}

/*
 * Of a share whose content goes to a store: a WRITE that covers one block or
 * two, often exactly, sometimes with something before or behind.
 */
static void
whole_blocks(struct generator *g, struct call *call)
{
	uint32_t	before = chance_percent(&g->chance, 25) ?
		chance_below(&g->chance, 3000) : 0;

	call->offset = (uint64_t) chance_below(&g->chance, 4) * g->block_size;
	if (call->offset < before)
		before = 0;
	call->offset -= before;
	call->count = before +
		g->block_size * (1 + chance_below(&g->chance, 2));
	if (chance_percent(&g->chance, 25))
		call->count += chance_below(&g->chance, 3000);
}

static uint64_t
some_time(struct generator *g)
{
	return (uint64_t) chance_below(&g->chance, 4000000000u) * 1000000000 +
		chance_below(&g->chance, 1000000000) + 1;
}

/*
 * What is to be removed: where there is a model, mostly something that can be.
 */
static void
generate_removal(struct generator *g, struct call *call)
{
	uint32_t	kind = NF3REG;

	if (call->procedure == NFS3_RMDIR)
	{
		for (int tries = 0; g->model != NULL && tries < 4; tries++)
		{
			uint32_t	label = one_of(g, &g->sights.directories);
			const struct node *node = model_node(g->model, label);

			if (node->entries != NULL || node == g->model->root)
				continue;
			call->object = node->parent->label;
			for (const struct dentry *e = node->parent->entries; e; e = e->next)
			{
				if (e->node == node)
					call->name = e->name;
			}
			return;
		}
		kind = NF3DIR;
	}
	else if (chance_percent(&g->chance, 30))
		kind = 0;
	call->object = directory(g);
	call->name = name_in(g, call->object, kind);
}

/* Where a listing may go on: after any entry that was ever listed. */
static uint64_t
some_cookie(struct generator *g, uint32_t dir)
{
	int			name = existing_name(g, dir, 0);

	if (chance_percent(&g->chance, 20))
		return chance_below(&g->chance, 3);
	return name < 0 ? 0 : model_entry(model_node(g->model, dir), name)->cookie;
}

/*
 * Attributes
 */

static void
set_at_creation(struct generator *g, struct set *set)
{
	if (g->posix || chance_percent(&g->chance, 85))
	{
		set->what |= SET_MODE;
		set->mode = some_mode(g);
	}
	if (g->posix)
		return;
	if (chance_percent(&g->chance, 8))
	{
		set->what |= SET_UID;
		set->uid = some_uid(g);
	}
	if (chance_percent(&g->chance, 8))
	{
		set->what |= SET_GID;
		set->gid = some_gid(g);
	}
	if (chance_percent(&g->chance, 5))
	{
		set->what |= SET_MTIME;
		set->mtime = some_time(g);
	}
}

static void
set_of_kind(struct generator *g, uint32_t kind, struct set *set)
{
	switch (kind)
	{
		case 0:
			set->what |= SET_MODE;
			set->mode = some_mode(g);
			break;
		case 1:
			set->what |= SET_SIZE;
			set->size = some_offset(g);
			if (!g->posix && chance_percent(&g->chance, 3))
				set->size = UINT64_C(1) << 63;
			break;
		case 2:
			set->what |= SET_UID;
			set->uid = some_uid(g);
			break;
		case 3:
			set->what |= SET_GID;
			set->gid = some_gid(g);
			break;
		case 4:
			set->what |= SET_MTIME;
			set->mtime = some_time(g);
			break;
		case 5:
			set->what |= MTIME_NOW;
			break;
	}
}

static void
generate_setattr(struct generator *g, struct call *call)
{
	uint32_t	draw = chance_below(&g->chance, 100);
	uint32_t	kind = draw < 35 ? 0 : draw < 65 ? 1 : draw < 75 ? 2 :
		draw < 88 ? 3 : draw < 94 ? 4 : 5;

	call->object = kind == 1 ? file(g) : any_object(g);
	set_of_kind(g, kind, &call->set);
	if (kind == 1 && call->set.size <= INT64_MAX)
		call->set.size = near_end(g, call->object);
	if (g->posix)
		return;
	if (chance_percent(&g->chance, 15))
	{
		kind = chance_below(&g->chance, 6);
		/* explicit and current time exclude each other */
		if (kind < 4 || !(call->set.what & (SET_MTIME | MTIME_NOW)))
			set_of_kind(g, kind, &call->set);
	}
	if (chance_percent(&g->chance, 3))
		call->set.what = 0;
	if (chance_percent(&g->chance, 10))
		call->guard = chance_percent(&g->chance, 30) ?
			GUARD_WRONG : GUARD_RIGHT;
}

/*
 * Calls
 */

static const struct
{
	int			procedure;
	uint32_t	weight;
}			mix[] = {
	{NFS3_GETATTR, 4}, {NFS3_SETATTR, 14}, {NFS3_LOOKUP, 8}, {NFS3_ACCESS, 4},
	{NFS3_READLINK, 2}, {NFS3_READ, 7}, {NFS3_WRITE, 10}, {NFS3_CREATE, 12},
	{NFS3_MKDIR, 7}, {NFS3_SYMLINK, 2}, {NFS3_MKNOD, 2}, {NFS3_REMOVE, 8},
	{NFS3_RMDIR, 4}, {NFS3_RENAME, 13}, {NFS3_LINK, 6}, {NFS3_READDIR, 1},
	{NFS3_READDIRPLUS, 2}, {NFS3_COMMIT, 1}
};

static int
some_procedure(struct generator *g)
{
	const struct sights *s = &g->sights;
	uint32_t	total = 0;
	uint32_t	draw;
	uint32_t	i;

	if (s->directories.count + s->files.count + s->others.count > g->objects &&
		chance_percent(&g->chance, 35))
		return chance_percent(&g->chance, 60) ? NFS3_REMOVE : NFS3_RMDIR;
	for (i = 0; i < sizeof(mix) / sizeof(mix[0]); i++)
		total += mix[i].weight;
	do
	{
		draw = chance_below(&g->chance, total);
		for (i = 0; draw >= mix[i].weight; i++)
			draw -= mix[i].weight;
	} while (g->procedures != 0 &&
			 !(g->procedures & UINT32_C(1) << mix[i].procedure));
	return mix[i].procedure;
}

static void
generate_creation(struct generator *g, struct call *call)
{
	static const uint32_t kinds[] = {NF3FIFO, NF3FIFO, NF3SOCK, NF3CHR,
	NF3BLK, NF3REG, NF3DIR, NF3LNK};

	call->object = directory(g);
	call->name = any_name(g, call->object);
	set_at_creation(g, &call->set);
	switch (call->procedure)
	{
		case NFS3_CREATE:
			call->how = chance_below(&g->chance, g->posix ? 2 : 3);
			/* few verifiers, so that one comes back */
			call->data = chance_below(&g->chance, 3);
			if (call->how != EXCLUSIVE && chance_percent(&g->chance, 20))
			{
				call->set.what |= SET_SIZE;
				call->set.size = g->posix ? 0 : some_offset(g);
			}
			if (g->posix && call->how == GUARDED)
				call->set.what &= ~SET_SIZE;
			break;
		case NFS3_SYMLINK:
			call->data = chance_below(&g->chance, 1000);
			call->count = 1 + chance_below(&g->chance, 60);
			if (!g->posix && chance_percent(&g->chance, 10))
				call->count = chance_percent(&g->chance, 50) ?
					4095 + chance_below(&g->chance, 2) : 0;
			break;
		case NFS3_MKNOD:
			call->how = kinds[chance_below(&g->chance, g->posix ? 5 : 8)];
			call->major = chance_below(&g->chance, 200);
			call->minor = chance_below(&g->chance, 200);
			break;
	}
}

static void
generate_rename(struct generator *g, struct call *call)
{
	call->object = directory(g);
	call->object2 = chance_percent(&g->chance, 40) ? call->object :
		directory(g);
	call->name = name_in(g, call->object,
						 chance_percent(&g->chance, 40) ? NF3DIR : 0);
	call->name2 = chance_percent(&g->chance, 50) ?
		name_in(g, call->object2, 0) : any_name(g, call->object2);
}

void
generate(struct generator *g, uint32_t number, struct call *call)
{
	memset(call, 0, sizeof(*call));
	call->number = number;
	call->procedure = some_procedure(g);
	if (!chance_percent(&g->chance, 45))
		call->user = (int) chance_below(&g->chance, (uint32_t) user_count);
	switch (call->procedure)
	{
		case NFS3_GETATTR:
		case NFS3_READLINK:
			call->object = any_object(g);
			if (g->sights.others.count > 0 && call->procedure == NFS3_READLINK)
				call->object = one_of(g, &g->sights.others);
			break;
		case NFS3_ACCESS:
			call->object = any_object(g);
			call->how = chance_percent(&g->chance, 70) ? 0x3f :
				chance_below(&g->chance, 0x40);
			break;
		case NFS3_SETATTR:
			generate_setattr(g, call);
			break;
		case NFS3_LOOKUP:
			call->object = directory(g);
			call->name = name_in(g, call->object, 0);
			break;
		case NFS3_READ:
		case NFS3_WRITE:
		case NFS3_COMMIT:
			call->object = file(g);
			call->offset = near_end(g, call->object);
			call->count = some_count(g);
			if (g->block_size > 0 && call->procedure == NFS3_WRITE &&
				chance_percent(&g->chance, 15))
				whole_blocks(g, call);
			call->data = number;
			call->how = chance_below(&g->chance, 3);
			if (call->procedure == NFS3_COMMIT)
				call->offset = call->count = 0;
			else if (!g->posix && chance_percent(&g->chance, 1))
				call->offset = INT64_MAX - chance_below(&g->chance, 2);
			break;
		case NFS3_REMOVE:
		case NFS3_RMDIR:
			generate_removal(g, call);
			break;
		case NFS3_RENAME:
			generate_rename(g, call);
			break;
		case NFS3_LINK:
			call->object = file(g);
			call->object2 = directory(g);
			call->name = any_name(g, call->object2);
			break;
		case NFS3_READDIR:
		case NFS3_READDIRPLUS:
			call->object = directory(g);
			call->count = 1024 + chance_below(&g->chance, 8192);
			if (!g->posix && chance_percent(&g->chance, 5))
				call->count = chance_below(&g->chance, 130);
			else if (!g->posix && chance_percent(&g->chance, 40))
			{
				call->how = ONE_PAGE;
				call->offset = some_cookie(g, call->object);
			}
			break;
		default:
			generate_creation(g, call);
	}
}
