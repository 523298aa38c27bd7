/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_permission_table.c
 *	  Who may do what, by a table: operations × users × modes × owners ×
 *	  shares.
 *
 * What is expected comes from the table of operations below and from the one
 * rule granted(), which are written from RFC 1813 (4.4) and POSIX and share
 * nothing with the extension.  The scene (two objects, their mode and owner)
 * is set by SQL as a local root, whom no share squashes; the calls go over the
 * wire.  Sticky and set-gid directories, set-id bits that a change clears, and
 * the search along a path have rules of their own, in test_permission_bits.c.
 *
 * A test is an operation by a user; it stands for all modes and owners, and
 * names the first combination that goes wrong.
 */
#include "lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TARGET_GROUP 500		/* what chgrp changes to */
#define ANONUID 65534
#define ANONGID 65533

/*
 * Users, as they come and as the share sees them.
 */
struct user
{
	const char *name;
	bool		auth_none;
	uint32_t	uid;
	uint32_t	gid;
	uint32_t	groups[3];		/* until 0; a group 0 is said by root_group */
	bool		root_group;
	struct
	{
		uint32_t	uid;
		uint32_t	gid;
		uint32_t	groups[3];
	}			seen;			/* as, by the share */
};

static const struct user plain_users[] = {
	{.name = "1000:100", .uid = 1000, .gid = 100,
	.seen = {1000, 100}},
	{.name = "1000:200", .uid = 1000, .gid = 200,
	.seen = {1000, 200}},
	{.name = "1000:200 and 500", .uid = 1000, .gid = 200, .groups = {300, 500},
	.seen = {1000, 200, {300, 500}}},
	{.name = "2000:100", .uid = 2000, .gid = 100,
	.seen = {2000, 100}},
	{.name = "2000:200 and 100", .uid = 2000, .gid = 200, .groups = {300, 100},
	.seen = {2000, 200, {300, 100}}},
	{.name = "2000:200", .uid = 2000, .gid = 200, .groups = {300},
	.seen = {2000, 200, {300}}},
	{.name = "4294967294:4294967294", .uid = 4294967294, .gid = 4294967294,
	.seen = {4294967294, 4294967294}},
	{.name = "root", .uid = 0, .gid = 0, .seen = {0, 0}},
};

static const struct user squash_root_users[] = {
	{.name = "root, squashed", .uid = 0, .gid = 0, .groups = {100, 500},
	.seen = {ANONUID, ANONGID}},
	{.name = "2000:200 and root's group, squashed", .uid = 2000, .gid = 200,
	.groups = {100}, .root_group = true, .seen = {2000, 200, {100, ANONGID}}},
	{.name = "AUTH_NONE", .auth_none = true, .seen = {ANONUID, ANONGID}},
};

static const struct user squash_all_users[] = {
	{.name = "1000:100, all squashed", .uid = 1000, .gid = 100,
	.groups = {500}, .seen = {ANONUID, ANONGID}},
	{.name = "root, all squashed", .uid = 0, .gid = 0,
	.seen = {ANONUID, ANONGID}},
};

struct owner
{
	uint32_t	uid;
	uint32_t	gid;
};

static const struct owner plain_owners[] = {{1000, 100}, {0, 0}};
static const struct owner squash_owners[] = {
	{1000, 100}, {0, 0}, {ANONUID, 100}, {1000, ANONGID}
};

#define COUNT(array) ((int) (sizeof(array) / sizeof((array)[0])))

static const struct share
{
	const char *name;
	const char *options;
	const struct user *users;
	int			user_count;
	const struct owner *owners;
	int			owner_count;
	bool		read_only;
}			shares[] = {
	{"/table", "squash => 'none'", plain_users, COUNT(plain_users),
	plain_owners, COUNT(plain_owners), false},
	{"/table-root", "squash => 'root', allow_auth_none => true,"
		" anonuid => 65534, anongid => 65533", squash_root_users,
		COUNT(squash_root_users), squash_owners, COUNT(squash_owners), false},
	{"/table-all", "squash => 'all', anonuid => 65534, anongid => 65533",
		squash_all_users, COUNT(squash_all_users), squash_owners,
	COUNT(squash_owners), false},
	{"/table-ro", "squash => 'none'", plain_users, COUNT(plain_users),
	plain_owners, COUNT(plain_owners), true},
};

/*
 * The scene: a file and a directory in a directory that is everybody's, with
 * something in it, and another directory that is everybody's.
 */
static struct client *c;
static struct handle home;		/* 0777 */
static struct handle away;		/* 0777, has a file "guest" and "guests" */
static struct handle file;		/* home/file, to be tried */
static struct handle dir;		/* home/dir, to be tried; has "f", "d" */
static struct handle link_target;	/* away/guest */
static struct handle symlink_handle;
static struct owner owner;		/* of the two */
static uint32_t mode;

/*
 * The operations, on what is to be tried.  They return the status; what they
 * changed is put back by undo, as SQL with the names of handles in capitals.
 */
static uint32_t
do_getattr(void)
{
	return v3_getattr(c, &file).status;
}

static uint32_t
do_access(void)
{
	return v3_access(c, &dir, 0x3f).status;
}

static uint32_t
do_statics(void)
{
	return v3_fsstat(c, &dir).status | v3_fsinfo(c, &dir).status |
		v3_pathconf(c, &dir).status;
}

static uint32_t
do_readlink(void)
{
	return v3_readlink(c, &symlink_handle).status;
}

static uint32_t
do_read(void)
{
	return v3_read(c, &file, 0, 10).status;
}

static uint32_t
do_write(void)
{
	return v3_write(c, &file, 0, S("x"), FILE_SYNC).status;
}

static uint32_t
do_write_unstable(void)
{
	return v3_write(c, &file, 0, S("x"), UNSTABLE).status;
}

static uint32_t
do_write_nothing(void)
{
	return v3_write(c, &file, 0, S(""), FILE_SYNC).status;
}

static uint32_t
do_commit(void)
{
	return v3_commit(c, &file, 0, 0).status;
}

static uint32_t
set(const struct handle *object, struct set what)
{
	return v3_setattr(c, object, &what, 0).status;
}

static uint32_t
do_size(void)
{
	return set(&file, (struct set) {.what = SET_SIZE, .size = 1});
}

static uint32_t
do_now(void)
{
	return set(&file, (struct set) {.what = ATIME_NOW | MTIME_NOW});
}

static uint32_t
do_now_dir(void)
{
	return set(&dir, (struct set) {.what = ATIME_NOW | MTIME_NOW});
}

static uint32_t
do_times(void)
{
	return set(&file, (struct set) {.what = SET_ATIME | SET_MTIME});
}

static uint32_t
do_times_dir(void)
{
	return set(&dir, (struct set) {.what = SET_ATIME | SET_MTIME});
}

static uint32_t
do_now_and_time(void)
{
	return set(&file, (struct set) {.what = ATIME_NOW | SET_MTIME});
}

static uint32_t
do_chmod(void)
{
	return set(&file, (struct set) {.what = SET_MODE, .mode = mode});
}

static uint32_t
do_chmod_dir(void)
{
	return set(&dir, (struct set) {.what = SET_MODE, .mode = mode});
}

static uint32_t
do_chown_same(void)
{
	return set(&file, (struct set)
			   {.what = SET_UID | SET_GID, .uid = owner.uid, .gid = owner.gid});
}

static uint32_t
do_chown(void)
{
	return set(&file, (struct set) {.what = SET_UID, .uid = 77});
}

static uint32_t
do_chown_dir(void)
{
	return set(&dir, (struct set) {.what = SET_UID, .uid = 77});
}

static uint32_t
do_chgrp(void)
{
	return set(&file, (struct set) {.what = SET_GID, .gid = TARGET_GROUP});
}

static uint32_t
do_chgrp_dir(void)
{
	return set(&dir, (struct set) {.what = SET_GID, .gid = TARGET_GROUP});
}

static uint32_t
do_setattr_nothing(void)
{
	return set(&file, (struct set) {0});
}

static uint32_t
do_link_it(void)
{
	return v3_link(c, &file, &away, S("linked")).status;
}

static uint32_t
do_rename_it(void)
{
	return v3_rename(c, &home, S("file"), &away, S("moved")).status;
}

static uint32_t
do_rename_dir_here(void)
{
	return v3_rename(c, &home, S("dir"), &home, S("moved")).status;
}

static uint32_t
do_rename_dir_away(void)
{
	return v3_rename(c, &home, S("dir"), &away, S("moved")).status;
}

static uint32_t
do_lookup(void)
{
	return v3_lookup(c, &dir, S("f")).status;
}

static uint32_t
do_lookup_dotdot(void)
{
	return v3_lookup(c, &dir, S("..")).status;
}

static uint32_t
do_lookup_nothing(void)
{
	return v3_lookup(c, &dir, S("nothing")).status;
}

static uint32_t
do_readdir(void)
{
	return v3_readdir(c, &dir, 0, NULL, 4096).status;
}

static uint32_t
do_readdirplus(void)
{
	return v3_readdirplus(c, &dir, 0, NULL, 4096, 8192).status;
}

/* Attributes and handles of entries are what LOOKUP would have to give. */
static uint32_t
do_readdirplus_handles(void)
{
	struct result result = v3_readdirplus(c, &dir, 0, NULL, 4096, 8192);

	for (int i = 0; result.status == NFS3_OK && i < result.entry_count; i++)
	{
		const struct entry *entry = &result.entries[i];

		if (entry->cookie != 1 &&
			(entry->handle.size == 0 || !entry->attr.follows))
			return entry->handle.size == 0 && !entry->attr.follows ?
				NFS3ERR_ACCES : NFS3ERR_SERVERFAULT;
	}
	return result.status;
}

static uint32_t
do_create(void)
{
	return v3_create(c, &dir, S("new"), GUARDED, NOTHING).status;
}

static uint32_t
do_create_unchecked(void)
{
	return v3_create(c, &dir, S("new"), UNCHECKED, NOTHING).status;
}

static uint32_t
do_create_exclusive(void)
{
	return v3_create_exclusive(c, &dir, S("new"), "12345678").status;
}

static uint32_t
do_create_there(void)
{
	return v3_create(c, &dir, S("f"), UNCHECKED, NOTHING).status;
}

static uint32_t
do_create_guarded_there(void)
{
	return v3_create(c, &dir, S("f"), GUARDED, NOTHING).status;
}

/* by the mode of what is there, whatever its directory's, but for x */
static uint32_t
do_create_it(void)
{
	return v3_create(c, &home, S("file"), UNCHECKED, &(struct set)
					 {.what = SET_SIZE, .size = 1}).status;
}

static uint32_t
do_mkdir(void)
{
	return v3_mkdir(c, &dir, S("new"), NOTHING).status;
}

static uint32_t
do_mkdir_there(void)
{
	return v3_mkdir(c, &dir, S("d"), NOTHING).status;
}

static uint32_t
do_symlink(void)
{
	return v3_symlink(c, &dir, S("new"), NOTHING, S("target")).status;
}

static uint32_t
do_mkfifo(void)
{
	return v3_mknod(c, &dir, S("new"), NF3FIFO, NOTHING, 0, 0).status;
}

static uint32_t
do_mkdevice(void)
{
	return v3_mknod(c, &dir, S("new"), NF3CHR, NOTHING, 1, 3).status;
}

static uint32_t
do_link_into(void)
{
	return v3_link(c, &link_target, &dir, S("new")).status;
}

static uint32_t
do_link_there(void)
{
	return v3_link(c, &link_target, &dir, S("f")).status;
}

static uint32_t
do_remove(void)
{
	return v3_remove(c, &dir, S("f")).status;
}

static uint32_t
do_remove_nothing(void)
{
	return v3_remove(c, &dir, S("nothing")).status;
}

static uint32_t
do_rmdir(void)
{
	return v3_rmdir(c, &dir, S("d")).status;
}

static uint32_t
do_rename_within(void)
{
	return v3_rename(c, &dir, S("f"), &dir, S("new")).status;
}

static uint32_t
do_rename_out(void)
{
	return v3_rename(c, &dir, S("f"), &away, S("moved")).status;
}

static uint32_t
do_rename_into(void)
{
	return v3_rename(c, &away, S("guest"), &dir, S("new")).status;
}

static uint32_t
do_rename_over(void)
{
	return v3_rename(c, &away, S("guests"), &dir, S("d")).status;
}

static uint32_t
do_rename_nothing(void)
{
	return v3_rename(c, &dir, S("nothing"), &away, S("moved")).status;
}

/*
 * The table.  needs: alternatives, one of which must hold; in each all letters
 * must.  r, w, x: the bits of the user's class in the mode of what is tried;
 * o: he owns it; g: he is in TARGET_GROUP; * anybody.  Root passes always.
 */
#define RESET "set_file_attributes(FILE, mode => MODE, uid => UID, gid => GID)"
#define RESET_DIR \
	"set_file_attributes(DIR, mode => MODE, uid => UID, gid => GID)"
#define UNNEW "remove_file(DIR, 'new')"

static const struct operation
{
	const char *name;
	uint32_t	(*run) (void);
	const char *needs;
	uint32_t	denied;
	uint32_t	granted;
	bool		changes;		/* ROFS on a read-only share */
	const char *undo;
}			operations[] = {
	{"GETATTR", do_getattr, "*", 0, NFS3_OK, false, NULL},
	{"ACCESS", do_access, "*", 0, NFS3_OK, false, NULL},
	{"FSSTAT, FSINFO, PATHCONF", do_statics, "*", 0, NFS3_OK, false, NULL},
	{"READLINK", do_readlink, "*", 0, NFS3_OK, false, NULL},

	/* a file: its owner's client has asked when the file was opened */
	{"READ", do_read, "o r x", NFS3ERR_ACCES, NFS3_OK, false, NULL},
	{"WRITE", do_write, "o w", NFS3ERR_ACCES, NFS3_OK, true, NULL},
	{"WRITE, unstable", do_write_unstable, "o w", NFS3ERR_ACCES, NFS3_OK,
	true, NULL},
	{"WRITE of nothing", do_write_nothing, "o w", NFS3ERR_ACCES, NFS3_OK,
	true, NULL},
	{"COMMIT", do_commit, "o w", NFS3ERR_ACCES, NFS3_OK, true, NULL},
	{"CREATE of a file there is, size given", do_create_it, "o w",
	NFS3ERR_ACCES, NFS3_OK, true, NULL},

	{"SETATTR size", do_size, "o w", NFS3ERR_ACCES, NFS3_OK, true, NULL},
	{"SETATTR times, now", do_now, "o w", NFS3ERR_ACCES, NFS3_OK, true, NULL},
	{"SETATTR times, now, directory", do_now_dir, "o w", NFS3ERR_ACCES,
	NFS3_OK, true, NULL},
	{"SETATTR times", do_times, "o", NFS3ERR_PERM, NFS3_OK, true, NULL},
	{"SETATTR times, directory", do_times_dir, "o", NFS3ERR_PERM, NFS3_OK,
	true, NULL},
	{"SETATTR atime now, mtime given", do_now_and_time, "o", NFS3ERR_PERM,
	NFS3_OK, true, NULL},
	{"SETATTR mode", do_chmod, "o", NFS3ERR_PERM, NFS3_OK, true, NULL},
	{"SETATTR mode, directory", do_chmod_dir, "o", NFS3ERR_PERM, NFS3_OK,
	true, NULL},
	{"SETATTR owner and group as they are", do_chown_same, "o", NFS3ERR_PERM,
	NFS3_OK, true, NULL},
	{"SETATTR owner", do_chown, "", NFS3ERR_PERM, NFS3_OK, true, RESET},
	{"SETATTR owner, directory", do_chown_dir, "", NFS3ERR_PERM, NFS3_OK,
	true, RESET_DIR},
	{"SETATTR group", do_chgrp, "og", NFS3ERR_PERM, NFS3_OK, true, RESET},
	{"SETATTR group, directory", do_chgrp_dir, "og", NFS3ERR_PERM, NFS3_OK,
	true, RESET_DIR},
	{"SETATTR of nothing", do_setattr_nothing, "*", 0, NFS3_OK, true, NULL},

	/* the mode of a file says nothing about its names */
	{"LINK of the file", do_link_it, "*", 0, NFS3_OK, true,
	"remove_file(AWAY, 'linked')"},
	{"RENAME of the file", do_rename_it, "*", 0, NFS3_OK, true,
	"move(AWAY, 'moved', HOME, 'file')"},
	/* but to move a directory is to change its '..' */
	{"RENAME of the directory", do_rename_dir_here, "*", 0, NFS3_OK, true,
	"move(HOME, 'moved', HOME, 'dir')"},
	{"RENAME of the directory to another", do_rename_dir_away, "w",
		NFS3ERR_ACCES, NFS3_OK, true, "move(AWAY, 'moved', HOME, 'dir')"},

	/* in a directory; its owner has no privilege */
	{"LOOKUP", do_lookup, "x", NFS3ERR_ACCES, NFS3_OK, false, NULL},
	{"LOOKUP of ..", do_lookup_dotdot, "x", NFS3ERR_ACCES, NFS3_OK, false,
	NULL},
	{"LOOKUP of nothing", do_lookup_nothing, "x", NFS3ERR_ACCES,
	NFS3ERR_NOENT, false, NULL},
	{"READDIR", do_readdir, "r", NFS3ERR_ACCES, NFS3_OK, false, NULL},
	{"READDIRPLUS", do_readdirplus, "r", NFS3ERR_ACCES, NFS3_OK, false, NULL},
	{"READDIRPLUS, attributes and handles", do_readdirplus_handles, "rx",
	NFS3ERR_ACCES, NFS3_OK, false, NULL},
	{"CREATE", do_create, "wx", NFS3ERR_ACCES, NFS3_OK, true, UNNEW},
	{"CREATE, unchecked", do_create_unchecked, "wx", NFS3ERR_ACCES, NFS3_OK,
	true, UNNEW},
	{"CREATE, exclusive", do_create_exclusive, "wx", NFS3ERR_ACCES, NFS3_OK,
	true, UNNEW},
	{"CREATE, unchecked, of a file there is", do_create_there, "x",
	NFS3ERR_ACCES, NFS3_OK, true, NULL},
	{"CREATE, guarded, of a file there is", do_create_guarded_there, "x",
	NFS3ERR_ACCES, NFS3ERR_EXIST, true, NULL},
	{"MKDIR", do_mkdir, "wx", NFS3ERR_ACCES, NFS3_OK, true,
	"remove_directory(DIR, 'new')"},
	{"MKDIR of a directory there is", do_mkdir_there, "x", NFS3ERR_ACCES,
	NFS3ERR_EXIST, true, NULL},
	{"SYMLINK", do_symlink, "wx", NFS3ERR_ACCES, NFS3_OK, true, UNNEW},
	{"MKNOD of a FIFO", do_mkfifo, "wx", NFS3ERR_ACCES, NFS3_OK, true, UNNEW},
	{"MKNOD of a device", do_mkdevice, "wx", NFS3ERR_ACCES, NFS3ERR_PERM,
	true, UNNEW},
	{"LINK into the directory", do_link_into, "wx", NFS3ERR_ACCES, NFS3_OK,
	true, UNNEW},
	{"LINK to a name there is", do_link_there, "x", NFS3ERR_ACCES,
	NFS3ERR_EXIST, true, NULL},
	{"REMOVE", do_remove, "wx", NFS3ERR_ACCES, NFS3_OK, true,
	"create_file(DIR, 'f', mode => 438)"},
	{"REMOVE of nothing", do_remove_nothing, "x", NFS3ERR_ACCES,
	NFS3ERR_NOENT, true, NULL},
	{"RMDIR", do_rmdir, "wx", NFS3ERR_ACCES, NFS3_OK, true,
	"create_directory(DIR, 'd', mode => 511)"},
	{"RENAME in the directory", do_rename_within, "wx", NFS3ERR_ACCES,
	NFS3_OK, true, "move(DIR, 'new', DIR, 'f')"},
	{"RENAME out of the directory", do_rename_out, "wx", NFS3ERR_ACCES,
	NFS3_OK, true, "move(AWAY, 'moved', DIR, 'f')"},
	{"RENAME into the directory", do_rename_into, "wx", NFS3ERR_ACCES,
	NFS3_OK, true, "move(DIR, 'new', AWAY, 'guest')"},
	{"RENAME over a directory in it", do_rename_over, "wx", NFS3ERR_ACCES,
	NFS3_OK, true, "create_directory(AWAY, 'guests', mode => 511)"},
	{"RENAME of nothing", do_rename_nothing, "x", NFS3ERR_ACCES,
	NFS3ERR_NOENT, true, NULL},
};

static bool
in_group(const struct user *user, uint32_t gid)
{
	bool		found = user->seen.gid == gid;

	for (int i = 0; i < 3 && user->seen.groups[i] != 0; i++)
		found |= user->seen.groups[i] == gid;
	return found;
}

/* The bits of the one class that the user is in. */
static uint32_t
bits_of(const struct user *user)
{
	if (user->seen.uid == owner.uid)
		return mode >> 6 & 7;
	if (in_group(user, owner.gid))
		return mode >> 3 & 7;
	return mode & 7;
}

static bool
granted(const struct user *user, const char *needs)
{
	uint32_t	bits = bits_of(user);
	bool		all = *needs != '\0';	/* nothing to need: for root only */

	if (user->seen.uid == 0)
		return true;
	for (; *needs != '\0'; needs++)
	{
		switch (*needs)
		{
			case ' ':
				if (all)
					return true;
				all = true;
				break;
			case 'r':
				all &= (bits & 4) != 0;
				break;
			case 'w':
				all &= (bits & 2) != 0;
				break;
			case 'x':
				all &= (bits & 1) != 0;
				break;
			case 'o':
				all &= user->seen.uid == owner.uid;
				break;
			case 'g':
				all &= in_group(user, TARGET_GROUP);
				break;
		}
	}
	return all;
}

static uint32_t
expected(const struct share *share, const struct operation *operation,
		 const struct user *user)
{
	if (share->read_only && operation->changes)
		return NFS3ERR_ROFS;
	if (operation->run == do_mkdevice && user->seen.uid == 0)
		return NFS3_OK;
	return granted(user, operation->needs) ?
		operation->granted : operation->denied;
}

/*
 * Setting the scene
 */

static void
act_as(const struct user *user)
{
	if (user->auth_none)
	{
		become_nobody(c);
		return;
	}
	become(c, user->uid, user->gid);
	for (int i = 0; i < 3 && user->groups[i] != 0; i++)
		add_group(c, user->groups[i]);
	if (user->root_group)
		add_group(c, 0);
}

static void
hex(char *text, const struct handle *handle)
{
	text += sprintf(text, "'\\x");
	for (uint32_t i = 0; i < handle->size; i++)
		text += sprintf(text, "%02x", handle->data[i]);
	sprintf(text, "'");
}

/* Runs a function of dittofs as a local root; it must have status 0. */
static void
by_root(const char *call)
{
	const struct
	{
		const char *name;
		const struct handle *handle;
	}			handles[] = {
		{"FILE", &file}, {"DIR", &dir}, {"HOME", &home}, {"AWAY", &away}
	};
	char		text[1024] = "SELECT status FROM dittofs.";
	char	   *to = text + strlen(text);

	while (*call != '\0')
	{
		int			i = 0;

		while (i < COUNT(handles) &&
			   strncmp(call, handles[i].name, strlen(handles[i].name)) != 0)
			i++;
		if (i < COUNT(handles))
		{
			hex(to, handles[i].handle);
			call += strlen(handles[i].name);
		}
		else if (strncmp(call, "MODE", 4) == 0)
		{
			sprintf(to, "%u", mode);
			call += 4;
		}
		else if (strncmp(call, "UID", 3) == 0)
		{
			sprintf(to, "%u", owner.uid);
			call += 3;
		}
		else if (strncmp(call, "GID", 3) == 0)
		{
			sprintf(to, "%u", owner.gid);
			call += 3;
		}
		else
			sprintf(to, "%c", *call++);
		to += strlen(to);
	}
	if (strcmp(sql("%s", text), "0") != 0)
		bail_out("the scene cannot be set: %s", text);
}

static struct handle
from_hex(const char *text)
{
	struct handle handle = {0};
	unsigned	byte;

	for (; sscanf(text, "%2x", &byte) == 1; text += 2)
		handle.data[handle.size++] = (unsigned char) byte;
	return handle;
}

static struct handle
made(const char *format, const struct handle *parent)
{
	char		text[256] = "";

	if (parent != NULL)
		hex(text, parent);
	return from_hex(sql(format, text));
}

#define IN(function, name, options) \
	"SELECT encode(handle, 'hex') FROM dittofs." function "(%s, '" name "'" options ")"

static void
build(const struct share *share)
{
	sql("SELECT dittofs.create_share('%s', %s, root_mode => '0777')",
		share->name, share->options);
	home = from_hex(sql("SELECT encode(dittofs.resolve('%s'), 'hex')",
						share->name));
	away = made(IN("create_directory", "away", ", mode => 511"), &home);
	link_target = made(IN("create_file", "guest", ", mode => 438"), &away);
	made(IN("create_directory", "guests", ", mode => 511"), &away);
	file = made(IN("create_file", "file", ""), &home);
	dir = made(IN("create_directory", "dir", ""), &home);
	made(IN("create_file", "f", ", mode => 438"), &dir);
	made(IN("create_directory", "d", ", mode => 511"), &dir);
	symlink_handle = made(IN("create_symlink", "s", ", 'target'"), &home);
}

/*
 * 48 modes: each class with all its bits, the others with none or all.
 */
static uint32_t
nth_mode(int n)
{
	int			shift = n % 3 * 3;
	uint32_t	others = n / 24 == 0 ? 0 : 0777;

	return (others & ~(7u << shift)) | (uint32_t) (n / 3 % 8) << shift;
}

struct tally
{
	int			tried;
	int			wrong;
	char		first[160];
};

static void
try_all(const struct share *share, struct tally *tallies)
{
	for (int u = 0; u < share->user_count; u++)
	{
		const struct user *user = &share->users[u];

		act_as(user);
		for (int o = 0; o < COUNT(operations); o++)
		{
			const struct operation *operation = &operations[o];
			struct tally *tally = &tallies[u * COUNT(operations) + o];
			uint32_t	want = expected(share, operation, user);
			uint32_t	got = operation->run();

			tally->tried++;
			if (got != want && tally->wrong++ == 0)
				snprintf(tally->first, sizeof(tally->first),
						 "  mode 0%03o of %u:%u: got %u, want %u", mode,
						 owner.uid, owner.gid, got, want);
			if (got == NFS3_OK && operation->undo != NULL)
				by_root(operation->undo);
		}
	}
}

static void
test_share(const struct share *share)
{
	int			count = share->user_count * COUNT(operations);
	struct tally *tallies = calloc((size_t) count, sizeof(*tallies));
	int			tried = 0;

	build(share);
	for (int o = 0; o < share->owner_count; o++)
	{
		/* every mode once; then every fifth, which is of all classes too */
		for (int n = 0; n < 48; n += share == shares && o == 0 ? 1 : 5)
		{
			owner = share->owners[o];
			mode = nth_mode(n);
			by_root(RESET);
			by_root(RESET_DIR);
			if (share->read_only)
				sql("SELECT dittofs.alter_share('%s', read_only => true)",
					share->name);
			try_all(share, tallies);
			if (share->read_only)
				sql("SELECT dittofs.alter_share('%s', read_only => false)",
					share->name);
		}
	}
	for (int i = 0; i < count; i++)
	{
		tried += tallies[i].tried;
		ok(tallies[i].wrong == 0 && tallies[i].tried > 0, "%s: %s by %s",
		   share->name, operations[i % COUNT(operations)].name,
		   share->users[i / COUNT(operations)].name);
		if (tallies[i].wrong > 0)
			note("%d of %d are wrong, the first: %s", tallies[i].wrong,
				 tallies[i].tried, tallies[i].first);
	}
	note("%s: %d calls", share->name, tried);
	free(tallies);
	sql("SELECT dittofs.drop_share('%s', force => true)", share->name);
}

/*
 * ACCESS, for all modes: it says what the bits say, no more (RFC 1813, 3.3.4).
 */
static uint32_t
expected_access(const struct user *user, bool directory)
{
	bool		root = user->seen.uid == 0;
	uint32_t	bits = root ? 6 : bits_of(user);
	uint32_t	access = 0;

	/* root may execute what somebody may */
	if (root && (directory || (mode & 0111) != 0))
		bits |= 1;
	if (bits & 4)
		access |= ACCESS3_READ;
	if (directory)
	{
		if (bits & 1)
			access |= ACCESS3_LOOKUP;
		if ((bits & 3) == 3)
			access |= ACCESS3_MODIFY | ACCESS3_EXTEND | ACCESS3_DELETE;
	}
	else
	{
		if (bits & 1)
			access |= ACCESS3_EXECUTE;
		if (bits & 2)
			access |= ACCESS3_MODIFY | ACCESS3_EXTEND;
	}
	return access;
}

static void
test_access(const struct share *share)
{
	int			wrong[8] = {0};

	build(share);
	owner = share->owners[0];
	for (mode = 0; mode <= 0777; mode++)
	{
		by_root(RESET);
		by_root(RESET_DIR);
		for (int u = 0; u < share->user_count; u++)
		{
			act_as(&share->users[u]);
			wrong[u] += v3_access(c, &file, 0x3f).access !=
				expected_access(&share->users[u], false);
			wrong[u] += v3_access(c, &dir, 0x3f).access !=
				expected_access(&share->users[u], true);
		}
	}
	for (int u = 0; u < share->user_count; u++)
		is(wrong[u], 0, "%s: ACCESS for all modes by %s", share->name,
		   share->users[u].name);
	sql("SELECT dittofs.drop_share('%s', force => true)", share->name);
}

int
main(void)
{
	c = connect_to(0);
	for (int s = 0; s < COUNT(shares); s++)
		test_share(&shares[s]);
	test_access(&shares[0]);
	test_access(&shares[1]);
	disconnect(c);
	return done_testing();
}
