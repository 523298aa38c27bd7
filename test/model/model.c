/* SPDX-License-Identifier: PostgreSQL */
/*
 * model.c
 *	  The tree of the model: nodes, entries, bytes.
 */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct user users[] = {
	{0, 0, 0, {0}},
	{1000, 1000, 1, {2000}},
	{1001, 1001, 2, {2000, 3000}},
	{1002, 1000, 0, {0}},		/* in the first one's group */
	{4294967294, 4294967294, 1, {3000}},
};
const int	user_count = sizeof(users) / sizeof(users[0]);

bool
in_group(const struct user *user, uint32_t gid)
{
	for (int i = 0; i < user->group_count; i++)
	{
		if (user->groups[i] == gid)
			return true;
	}
	return user->gid == gid;
}

/*
 * Names
 */

struct blob
name_bytes(int name)
{
	static char longs[3][256];
	static _Thread_local char text[8][16];
	static _Thread_local int turn;

	if (longs[0][0] == '\0')
	{
		memset(longs[1], 'l', 256);
		longs[1][254] = 'm';
		memset(longs[2], 'l', 256);
		memset(longs[0], 'l', 256);
	}
	switch (name)
	{
		case NAME_DOT:
			return S(".");
		case NAME_DOTDOT:
			return S("..");
		case NAME_EMPTY:
			return S("");
		case NAME_LONG:
			return B(longs[0], 255);
		case NAME_LONG_TOO:
			return B(longs[1], 255);
		case NAME_TOO_LONG:
			return B(longs[2], 256);
		case NAME_SLASH:
			return S("a/b");
		case NAME_NUL:
			return B("a\0b", 3);
		case NAME_BYTES:
			return S("\xff\xfe\x80");
		case NAME_SPACE:
			return S(" ");
		case NAME_DOTS:
			return S("...");
		case NAME_SILLY:
			return S(".nfs0001");
		default:
			break;
	}
	/* the caller uses it before it asks for eight more */
	turn = (turn + 1) % 8;
	if (name < NAME_ORDINARY)
		snprintf(text[turn], sizeof(text[turn]), "%c", 'a' + name);
	else
		snprintf(text[turn], sizeof(text[turn]), "w%d", name - NAME_WIDE);
	return S(text[turn]);
}

int
name_number(struct blob bytes)
{
	const char *text = bytes.data;
	char		copy[8];

	for (int i = 0; i < NAME_COUNT; i++)
	{
		struct blob b = name_bytes(i);

		if (b.size == bytes.size && memcmp(b.data, bytes.data, b.size) == 0)
			return i;
	}
	if (bytes.size < 2 || bytes.size >= sizeof(copy) || text[0] != 'w')
		return -1;
	memcpy(copy, text, bytes.size);
	copy[bytes.size] = '\0';
	return NAME_WIDE + atoi(copy + 1);
}

/*
 * Nodes
 */

static void *
allocate(size_t size)
{
	void	   *made = calloc(1, size);

	if (made == NULL)
		bail_out("out of memory");
	return made;
}

struct model *
model_new(void)
{
	struct model *model = allocate(sizeof(*model));

	model->root = node_new(model, 0, NF3DIR);
	model->root->parent = model->root;
	return model;
}

void
model_free(struct model *model)
{
	for (uint32_t i = 0; i < model->room; i++)
	{
		struct node *node = model->nodes[i];

		if (node == NULL)
			continue;
		for (struct dentry *e = node->entries, *next; e; e = next)
		{
			next = e->next;
			free(e);
		}
		data_cut(node, 0);
		free(node->target);
		free(node);
	}
	free(model->nodes);
	free(model);
}

struct node *
model_node(const struct model *model, uint32_t label)
{
	return label < model->room ? model->nodes[label] : NULL;
}

struct node *
node_new(struct model *model, uint32_t label, uint32_t kind)
{
	struct node *node = allocate(sizeof(*node));

	while (label >= model->room)
	{
		uint32_t	room = model->room ? model->room * 2 : 1024;

		model->nodes = realloc(model->nodes, room * sizeof(struct node *));
		if (model->nodes == NULL)
			bail_out("out of memory");
		memset(model->nodes + model->room, 0,
			   (room - model->room) * sizeof(struct node *));
		model->room = room;
	}
	if (model->nodes[label] != NULL)
		bail_out("two objects have the label %u", label);
	model->nodes[label] = node;
	node->label = label;
	node->kind = kind;
	node->nlink = kind == NF3DIR ? 2 : 1;
	return node;
}

struct dentry *
model_entry(const struct node *dir, int name)
{
	struct dentry *e = dir->entries;

	while (e != NULL && e->name != name)
		e = e->next;
	return e;
}

void
node_enter(struct node *dir, int name, struct node *node)
{
	struct dentry *e = allocate(sizeof(*e));

	e->name = name;
	e->node = node;
	e->next = dir->entries;
	dir->entries = e;
}

void
node_leave(struct node *dir, int name)
{
	struct dentry **at = &dir->entries;
	struct dentry *gone;

	while ((*at)->name != name)
		at = &(*at)->next;
	gone = *at;
	*at = gone->next;
	free(gone);
}

bool
node_inside(const struct node *node, const struct node *ancestor)
{
	while (node != ancestor && node->parent != node)
		node = node->parent;
	return node == ancestor;
}

/*
 * Content
 */

static struct page *
find_page(const struct node *node, uint64_t number)
{
	struct page *page = node->pages;

	while (page != NULL && page->number != number)
		page = page->next;
	return page;
}

void
data_write(struct node *node, uint64_t offset, const unsigned char *bytes,
		   uint32_t count)
{
	for (uint32_t i = 0; i < count;)
	{
		uint64_t	number = (offset + i) / sizeof(node->pages->bytes);
		uint32_t	from = (offset + i) % sizeof(node->pages->bytes);
		uint32_t	part = sizeof(node->pages->bytes) - from;
		struct page *page = find_page(node, number);

		if (page == NULL)
		{
			page = allocate(sizeof(*page));
			page->number = number;
			page->next = node->pages;
			node->pages = page;
		}
		if (part > count - i)
			part = count - i;
		memcpy(page->bytes + from, bytes + i, part);
		i += part;
	}
}

void
data_cut(struct node *node, uint64_t size)
{
	struct page **at = &node->pages;

	while (*at != NULL)
	{
		struct page *page = *at;
		uint64_t	start = page->number * sizeof(page->bytes);

		if (start >= size)
		{
			*at = page->next;
			free(page);
			continue;
		}
		if (size - start < sizeof(page->bytes))
			memset(page->bytes + (size - start), 0,
				   sizeof(page->bytes) - (size_t) (size - start));
		at = &page->next;
	}
}

void
data_read(const struct node *node, uint64_t offset, unsigned char *bytes,
		  uint32_t count)
{
	for (uint32_t i = 0; i < count;)
	{
		uint64_t	number = (offset + i) / sizeof(node->pages->bytes);
		uint32_t	from = (offset + i) % sizeof(node->pages->bytes);
		uint32_t	part = sizeof(node->pages->bytes) - from;
		const struct page *page = find_page(node, number);

		if (part > count - i)
			part = count - i;
		if (page != NULL)
			memcpy(bytes + i, page->bytes + from, part);
		else
			memset(bytes + i, 0, part);
		i += part;
	}
}

/* No two calls write the same bytes, nor does one repeat itself. */
void
call_bytes(const struct call *call, unsigned char *to)
{
	uint64_t	x = call->data * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (uint32_t i = 0; i < call->count; i++)
	{
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* a target has no NUL */
		to[i] = (unsigned char) (x % 255 + 1);
	}
}

void
call_verifier(const struct call *call, char *to)
{
	memset(to, 0, NFS3_CREATEVERFSIZE);
	memcpy(to, &call->data, sizeof(call->data));
}
