/* SPDX-License-Identifier: PostgreSQL */
/*
 * model.h
 *	  The reference model: what a file system should answer.
 *
 * A tree in memory, one caller at a time, everything looked for from the
 * beginning: so plain that reading it is enough to believe it.  The rules are
 * those of POSIX and RFC 1813, written down a second time and independently of
 * the extension's code.
 *
 * Objects are known by labels.  A label is the number of the call that made
 * the object, so calls can be left out of a history and the others still mean
 * what they meant.  Label 0 is the directory in which everything happens.
 *
 * What a server is free to choose (handles, fileids, cookies, times) the model
 * learns from the first reply that shows it, and insists on from then on.
 */
#ifndef MODEL_H
#define MODEL_H

#include "lib.h"

/*
 * Callers
 */
struct user
{
	uint32_t	uid;
	uint32_t	gid;
	int			group_count;
	uint32_t	groups[3];
};

extern const struct user users[];
extern const int user_count;
extern bool in_group(const struct user *user, uint32_t gid);

/*
 * Names come from a list, so that they collide.  Some are ordinary, some are
 * what makes servers stumble; from WIDE on there are as many as one likes, for
 * directories with many entries.
 */
enum
{
	NAME_ORDINARY = 24,			/* 0 to 23 are ordinary */
	NAME_DOT = 24,
	NAME_DOTDOT,
	NAME_EMPTY,
	NAME_LONG,					/* 255 bytes */
	NAME_LONG_TOO,				/* 255 others */
	NAME_TOO_LONG,				/* 256 */
	NAME_SLASH,
	NAME_NUL,
	NAME_BYTES,					/* no UTF-8 */
	NAME_SPACE,
	NAME_DOTS,
	NAME_SILLY,					/* .nfs... */
	NAME_COUNT,
	NAME_WIDE = 64
};

extern struct blob name_bytes(int name);
/* -1: no name of ours */
extern int	name_number(struct blob bytes);

/*
 * Calls
 */
#define NO_LABEL UINT32_MAX

/* How to list a directory: all of it, or a page after the cookie in offset */
#define ALL_PAGES	0
#define ONE_PAGE	1

enum guard
{
	GUARD_NONE,
	GUARD_RIGHT,				/* the ctime the object has */
	GUARD_WRONG
};

struct call
{
	uint32_t	number;			/* label of what it makes */
	int			procedure;		/* NFS3_... */
	int			user;
	uint32_t	object;			/* or directory; of LINK the file */
	uint32_t	object2;		/* directory of RENAME's target, of LINK */
	int			name;
	int			name2;
	uint32_t	how;			/* createmode3, stable_how, ACCESS, ... */
	struct set	set;
	uint64_t	offset;
	uint32_t	count;			/* also the length of a symlink's target */
	uint32_t	data;			/* what bytes are written; verifier */
	enum guard	guard;
	uint64_t	guard_ctime;	/* set when it is sent */
	uint32_t	major;
	uint32_t	minor;
};

/* The bytes a call writes, or its target: count of them. */
extern void call_bytes(const struct call *call, unsigned char *to);
extern void call_verifier(const struct call *call, char *to);

/*
 * The tree
 */

/*
 * A time that is later than one moment and not later than another; known
 * exactly when there is but one nanosecond between.
 */
struct moment
{
	uint64_t	after;
	uint64_t	until;
};

struct page
{
	struct page *next;			/* in no order */
	uint64_t	number;
	unsigned char bytes[4096];
};

struct dentry
{
	struct dentry *next;
	int			name;
	struct node *node;
	uint64_t	cookie;			/* 0: not yet seen */
};

struct node
{
	uint32_t	label;
	uint32_t	kind;			/* NF3... */
	uint32_t	mode;
	uint32_t	nlink;			/* 0: it is gone */
	uint32_t	uid;
	uint32_t	gid;
	uint64_t	size;
	uint32_t	major;
	uint32_t	minor;
	struct moment mtime;
	struct moment ctime;
	bool		exclusive;		/* made with this verifier */
	uint32_t	verifier;
	struct node *parent;		/* of a directory */
	struct dentry *entries;		/* in a directory */
	struct page *pages;			/* of a regular file; what has none is zeros */
	struct call *target;		/* of a symbolic link: the call that made it */

	/* learnt */
	struct handle handle;		/* size 0: not yet */
	uint64_t	fileid;			/* 0: not yet */
};

struct model
{
	struct node **nodes;		/* by label, NULL where nothing was made */
	uint32_t	room;
	struct node *root;
	uint64_t	now;			/* the end of the call that is applied */
	bool		dry;			/* only say what would come of it */
	bool		two_moments;	/* the other object was looked at before */
	uint64_t	directory_size; /* what directories have for a size */

	/* whose ctime the last call moved on, or who is gone by it */
	struct node *touched[6];
	int			touched_count;
};

struct before
{
	uint64_t	size;
	struct moment mtime;
	struct moment ctime;
};

/* What a call must be answered; nodes as they are afterwards. */
struct expected
{
	uint32_t	status;
	bool		changed;
	struct node *object;		/* whose attributes it shows, if any */
	struct node *dir;			/* LOOKUP, READDIR */
	struct node *wcc;
	struct node *to_wcc;
	struct before before;
	struct before to_before;
	uint32_t	access;
	uint32_t	count;			/* READ */
	bool		eof;
	bool		names_only;		/* READDIRPLUS */
};

extern struct model *model_new(void);
extern void model_free(struct model *model);
/* NULL: nothing has this label. */
extern struct node *model_node(const struct model *model, uint32_t label);
extern struct dentry *model_entry(const struct node *dir, int name);
extern void model_apply(struct model *model, const struct call *call,
						struct expected *expected);

/* For those who build a tree of their own to start from. */
extern struct node *node_new(struct model *model, uint32_t label,
							 uint32_t kind);
extern void node_enter(struct node *dir, int name, struct node *node);
extern void node_leave(struct node *dir, int name);
extern bool node_inside(const struct node *node, const struct node *ancestor);

extern void data_write(struct node *node, uint64_t offset,
					   const unsigned char *bytes, uint32_t count);
extern void data_cut(struct node *node, uint64_t size);
extern void data_read(const struct node *node, uint64_t offset,
					  unsigned char *bytes, uint32_t count);

/* bits: 4 to read, 2 to write, 1 to execute or search */
extern bool may(const struct user *user, const struct node *node, int bits);
extern bool may_sticky(const struct user *user, const struct node *dir,
					   const struct node *child);
extern uint32_t check_set(const struct user *user, const struct node *node,
						  const struct set *set);
extern void apply_set(struct model *model, const struct user *user,
					  struct node *node, const struct set *set);
extern void touch(struct model *model, struct node *node);
extern void touched(struct model *model, struct node *node);

extern uint32_t check_name(int name);
extern struct before before_of(const struct node *node);
extern void apply_names(struct model *model, const struct call *call,
						struct expected *expected);

#endif							/* MODEL_H */
