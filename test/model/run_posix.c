/* SPDX-License-Identifier: PostgreSQL */
/*
 * run_posix.c
 *	  Makes calls on a directory, by system calls.
 *
 * A handle becomes a descriptor (O_PATH), opened as root on the way from the
 * top, so that no directory above matters, as with NFS.  The call itself is
 * made with the user's ids as the file system sees them (setfsuid), which also
 * takes root's privileges over files away from others.
 *
 * What system calls say differently is in one table below.  What they do
 * differently, so that the tree would not be the same, is not called at all
 * (differs()).
 */
#include "run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "compare.h"

/* Errors that are no statuses */
#define STATUS_BUSY		100016
#define STATUS_LOOP		100040

struct posix
{
	struct place place;
	char		path[4096];		/* of the directory of all trees */
	int			trees;
	int			top;			/* directory of the present tree, or -1 */
	bool		protected_links;
	bool		protected_files;
};

/*
 * The same refusals under other names, or found in another order.
 */
static const struct
{
	int			procedure;
	uint32_t	model;
	uint32_t	system;
}			translations[] = {
	/* unlink("."), rmdir(".."), rename(".") have errors of their own */
	{NFS3_REMOVE, NFS3ERR_INVAL, NFS3ERR_ISDIR},
	{NFS3_RMDIR, NFS3ERR_EXIST, NFS3ERR_NOTEMPTY},
	{NFS3_RENAME, NFS3ERR_INVAL, STATUS_BUSY},
	/* open() of a directory, or of a link that it is not to follow */
	{NFS3_CREATE, NFS3ERR_EXIST, NFS3ERR_ISDIR},
	{NFS3_CREATE, NFS3ERR_EXIST, STATUS_LOOP},
	/* readlink() of a descriptor */
	{NFS3_READLINK, NFS3ERR_INVAL, NFS3ERR_NOENT},
	/* permission is looked at before the kind */
	{NFS3_REMOVE, NFS3ERR_ISDIR, NFS3ERR_ACCES},
	{NFS3_REMOVE, NFS3ERR_ISDIR, NFS3ERR_PERM},
	{NFS3_RMDIR, NFS3ERR_NOTDIR, NFS3ERR_ACCES},
	{NFS3_RMDIR, NFS3ERR_NOTDIR, NFS3ERR_PERM},
	/* the length of a name is looked at after permission */
	{NFS3_LOOKUP, NFS3ERR_NAMETOOLONG, NFS3ERR_ACCES},
	{NFS3_CREATE, NFS3ERR_NAMETOOLONG, NFS3ERR_ACCES},
	{NFS3_MKDIR, NFS3ERR_NAMETOOLONG, NFS3ERR_ACCES},
	{NFS3_SYMLINK, NFS3ERR_NAMETOOLONG, NFS3ERR_ACCES},
	{NFS3_MKNOD, NFS3ERR_NAMETOOLONG, NFS3ERR_ACCES},
	{NFS3_LINK, NFS3ERR_NAMETOOLONG, NFS3ERR_ACCES},
	{NFS3_REMOVE, NFS3ERR_NAMETOOLONG, NFS3ERR_ACCES},
	{NFS3_RMDIR, NFS3ERR_NAMETOOLONG, NFS3ERR_ACCES},
	{NFS3_RENAME, NFS3ERR_NAMETOOLONG, NFS3ERR_ACCES},
	{NFS3_RENAME, NFS3ERR_NAMETOOLONG, NFS3ERR_NOENT},
	{NFS3_RENAME, NFS3ERR_NAMETOOLONG, STATUS_BUSY},
	/* '.' and '..' are looked at after search permission, before the rest */
	{NFS3_REMOVE, NFS3ERR_INVAL, NFS3ERR_ACCES},
	{NFS3_RMDIR, NFS3ERR_INVAL, NFS3ERR_ACCES},
	{NFS3_RMDIR, NFS3ERR_EXIST, NFS3ERR_ACCES},
	{NFS3_RENAME, NFS3ERR_INVAL, NFS3ERR_ACCES},
	{NFS3_RENAME, NFS3ERR_ACCES, STATUS_BUSY},
	/* of several things that forbid a rename, another one */
	{NFS3_RENAME, NFS3ERR_ACCES, NFS3ERR_PERM},
	{NFS3_RENAME, NFS3ERR_PERM, NFS3ERR_ACCES},
	{NFS3_RENAME, NFS3ERR_ACCES, NFS3ERR_NOTDIR},
	{NFS3_RENAME, NFS3ERR_NOTDIR, NFS3ERR_ACCES},
	{NFS3_RENAME, NFS3ERR_ACCES, NFS3ERR_ISDIR},
	{NFS3_RENAME, NFS3ERR_ISDIR, NFS3ERR_ACCES},
	{NFS3_RENAME, NFS3ERR_ACCES, NFS3ERR_NOTEMPTY},
	{NFS3_RENAME, NFS3ERR_NOTEMPTY, NFS3ERR_ACCES},
	{NFS3_RENAME, NFS3ERR_PERM, NFS3ERR_NOTDIR},
	{NFS3_RENAME, NFS3ERR_PERM, NFS3ERR_ISDIR},
	{NFS3_RENAME, NFS3ERR_PERM, NFS3ERR_NOTEMPTY},
	{NFS3_RENAME, NFS3ERR_NOTDIR, NFS3ERR_PERM},
	{NFS3_RENAME, NFS3ERR_ISDIR, NFS3ERR_PERM},
	{NFS3_RENAME, NFS3ERR_NOTEMPTY, NFS3ERR_PERM},
	/* Linux's client leaves the directory's permission to the server */
	{NFS3_MKNOD, NFS3ERR_ACCES, NFS3ERR_PERM},
	{NFS3_REMOVE, NFS3ERR_ACCES, NFS3ERR_PERM},
	{NFS3_RMDIR, NFS3ERR_ACCES, NFS3ERR_PERM},
	/* a target that contains the source */
	{NFS3_RENAME, NFS3ERR_ISDIR, NFS3ERR_NOTEMPTY},
};

static bool
posix_tolerates(const struct call *call, uint32_t got, uint32_t want)
{
	for (size_t i = 0; i < sizeof(translations) / sizeof(translations[0]); i++)
	{
		if (translations[i].procedure == call->procedure &&
			translations[i].model == want && translations[i].system == got)
			return true;
	}
	return false;
}

static uint32_t
status_of(int error)
{
	switch (error)
	{
		case 0:
			return NFS3_OK;
		case EPERM:
			return NFS3ERR_PERM;
		case ENOENT:
			return NFS3ERR_NOENT;
		case EACCES:
			return NFS3ERR_ACCES;
		case EEXIST:
			return NFS3ERR_EXIST;
		case ENOTDIR:
			return NFS3ERR_NOTDIR;
		case EISDIR:
			return NFS3ERR_ISDIR;
		case EINVAL:
			return NFS3ERR_INVAL;
		case EFBIG:
			return NFS3ERR_FBIG;
		case EMLINK:
			return NFS3ERR_MLINK;
		case ENAMETOOLONG:
			return NFS3ERR_NAMETOOLONG;
		case ENOTEMPTY:
			return NFS3ERR_NOTEMPTY;
		case EBUSY:
			return STATUS_BUSY;
		case ELOOP:
			return STATUS_LOOP;
		default:
			bail_out("a system call failed: %s", strerror(error));
	}
}

/*
 * Ids
 */

static void
be(int user)
{
	const struct user *u = &users[user];
	gid_t		groups[3];

	setfsuid(0);
	for (int i = 0; i < u->group_count; i++)
		groups[i] = u->groups[i];
	if (setgroups((size_t) u->group_count, groups) != 0)
		bail_out("setgroups: %s; a directory needs root", strerror(errno));
	setfsgid(u->gid);
	setfsuid(u->uid);
	if ((uint32_t) setfsuid(u->uid) != u->uid)
		bail_out("cannot become user %u", u->uid);
}

/*
 * Descriptors
 */

static const char *
terminated(int name)
{
	static _Thread_local char text[2][300];
	static _Thread_local int turn;
	struct blob bytes = name_bytes(name);

	turn = !turn;
	memcpy(text[turn], bytes.data, bytes.size);
	text[turn][bytes.size] = '\0';
	return text[turn];
}

static int open_node(struct posix *posix, struct model *model,
					 struct node *node);

/* By one of its names. */
static int
open_in(struct posix *posix, struct model *model, struct node *dir,
		struct node *node)
{
	for (const struct dentry *e = dir->entries; e != NULL; e = e->next)
	{
		int			parent;
		int			fd;

		if (e->node != node)
			continue;
		parent = open_node(posix, model, dir);
		fd = openat(parent, terminated(e->name), O_PATH | O_NOFOLLOW);
		if (fd < 0)
			bail_out("an object of the model cannot be opened: %s",
					 strerror(errno));
		close(parent);
		return fd;
	}
	return -1;
}

static int
open_node(struct posix *posix, struct model *model, struct node *node)
{
	int			fd = -1;

	if (node == model->root)
		return dup(posix->top);
	if (node->kind == NF3DIR)
		return open_in(posix, model, node->parent, node);
	for (uint32_t i = 0; i < model->room && fd < 0; i++)
	{
		struct node *dir = model->nodes[i];

		if (dir != NULL && dir->nlink > 0 && dir->kind == NF3DIR)
			fd = open_in(posix, model, dir, node);
	}
	return fd;
}

/* For calls that take no descriptor of this kind. */
static const char *
by_path(int fd)
{
	static _Thread_local char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

static struct attr
attributes(int fd, const char *name)
{
	static const uint32_t kinds[] = {
		[S_IFREG >> 12] = NF3REG, [S_IFDIR >> 12] = NF3DIR,
		[S_IFLNK >> 12] = NF3LNK, [S_IFIFO >> 12] = NF3FIFO,
		[S_IFSOCK >> 12] = NF3SOCK, [S_IFCHR >> 12] = NF3CHR,
		[S_IFBLK >> 12] = NF3BLK
	};
	struct attr a = {0};
	struct stat st;

	if (fstatat(fd, name, &st, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) != 0)
		return a;
	a.follows = true;
	a.type = kinds[(st.st_mode & S_IFMT) >> 12];
	a.mode = st.st_mode & 07777;
	a.nlink = (uint32_t) st.st_nlink;
	a.uid = st.st_uid;
	a.gid = st.st_gid;
	a.size = (uint64_t) st.st_size;
	if (a.type == NF3CHR || a.type == NF3BLK)
	{
		a.major = major(st.st_rdev);
		a.minor = minor(st.st_rdev);
	}
	a.fileid = st.st_ino;
	return a;
}

/*
 * Calls
 */

/*
 * Before Linux 6.2, and here, a set-gid bit without group execution survives
 * all changes of the content; since then only those by members of the group.
 */
static bool
keeps_sgid(const struct user *user, const struct node *node)
{
	return user->uid != 0 && (node->mode & 02010) == 02000 &&
		!in_group(user, node->gid);
}

/*
 * NFS lets the owner read and write, and who may execute read; and there are
 * the kernel's own precautions (protected_hardlinks, protected_regular).
 */
static bool
differs(struct posix *posix, struct model *model, struct call *call)
{
	const struct user *user = &users[call->user];
	struct node *node = model_node(model, call->object);
	struct dentry *entry;

	switch (call->procedure)
	{
		case NFS3_COMMIT:
			return true;
		case NFS3_ACCESS:
			/* Linux's client never executes what is no file */
			if (node->kind != NF3REG && node->kind != NF3DIR)
				call->how &= ~(uint32_t) ACCESS3_EXECUTE;
			return false;
		case NFS3_READ:
			return node->kind != NF3REG ||
				(!may(user, node, 4) && (user->uid == node->uid ||
										 may(user, node, 1)));
		case NFS3_WRITE:
			return node->kind != NF3REG || keeps_sgid(user, node) ||
				(!may(user, node, 2) && user->uid == node->uid);
		case NFS3_SETATTR:
			/* Linux has no mode of symbolic links */
			if ((call->set.what & SET_MODE) && node->kind == NF3LNK)
				return true;
			if ((call->set.what & (SET_SIZE | SET_UID | SET_GID)) &&
				keeps_sgid(user, node))
				return true;
			if (!(call->set.what & SET_SIZE))
				return false;
			/* nor does its client set a size that a file has already */
			return node->kind != NF3REG || call->set.size == node->size ||
				(!may(user, node, 2) && user->uid == node->uid);
		case NFS3_MKDIR:
			/* mkdir() takes no more of the mode */
			call->set.mode &= 01777;
			return false;
		case NFS3_CREATE:
			/*
			 * With O_EXCL Linux's client sets the mode afterwards; chmod()
			 * leaves the bit to members of the group only, open() also to
			 * others, where there is no group execution.
			 */
			if ((call->set.mode & 02010) == 02000)
				call->set.mode &= ~(uint32_t) 02000;
			entry = model_entry(node, call->name);
			if (entry == NULL || call->how == GUARDED)
				return false;
			/* the file is opened, too */
			return entry->node->kind != NF3REG || posix->protected_files ||
				((call->set.what & SET_SIZE) && entry->node->size == 0) ||
				keeps_sgid(user, entry->node) ||
				!may(user, entry->node, call->set.what & SET_SIZE ? 2 : 4);
		case NFS3_LINK:
			return node->kind == NF3DIR ||
				(posix->protected_links && user->uid != 0 &&
				 user->uid != node->uid);
		default:
			return false;
	}
}

/* Bits of ACCESS, from those of access(). */
static uint32_t
granted(int fd, bool directory)
{
	const int	flags = AT_EACCESS | AT_EMPTY_PATH;
	uint32_t	bits = 0;

	if (faccessat(fd, "", R_OK, flags) == 0)
		bits |= ACCESS3_READ;
	if (faccessat(fd, "", X_OK, flags) == 0)
		bits |= directory ? ACCESS3_LOOKUP : ACCESS3_EXECUTE;
	if (faccessat(fd, "", directory ? W_OK | X_OK : W_OK, flags) == 0)
		bits |= ACCESS3_MODIFY | ACCESS3_EXTEND |
			(directory ? ACCESS3_DELETE : 0);
	return bits;
}

static int
set_attributes(int fd, const struct set *set)
{
	if (set->what & SET_MODE)
		return chmod(by_path(fd), set->mode);
	if (set->what & SET_SIZE)
		return truncate(by_path(fd), (off_t) set->size);
	if (set->what & (SET_UID | SET_GID))
		return fchownat(fd, "", set->what & SET_UID ? set->uid : (uid_t) -1,
						set->what & SET_GID ? set->gid : (gid_t) -1,
						AT_EMPTY_PATH);
	if (set->what & SET_MTIME)
	{
		struct timespec times[2] = {
			{.tv_nsec = UTIME_OMIT},
			{.tv_sec = (time_t) (set->mtime / 1000000000),
			.tv_nsec = (long) (set->mtime % 1000000000)}
		};

		return utimensat(fd, "", times, AT_EMPTY_PATH);
	}
	return utimensat(fd, "", NULL, AT_EMPTY_PATH);
}

static int
read_file(int fd, const struct call *call, struct result *r)
{
	char	   *bytes = malloc((size_t) call->count + 1);
	int			file = open(by_path(fd), O_RDONLY);
	ssize_t		got = 0;
	ssize_t		part;

	if (file < 0)
	{
		free(bytes);
		return -1;
	}
	while ((part = pread(file, bytes + got, call->count - (size_t) got,
						 (off_t) call->offset + got)) > 0)
		got += part;
	close(file);
	r->data = B(bytes, (size_t) got);
	r->count = (uint32_t) got;
	r->eof = call->offset + (uint64_t) got >= attributes(fd, "").size;
	return (int) part;
}

static int
write_file(int fd, const struct call *call, struct result *r)
{
	unsigned char *bytes;
	int			file = open(by_path(fd), O_WRONLY);
	ssize_t		written;

	if (file < 0)
		return -1;
	bytes = malloc((size_t) call->count + 1);
	call_bytes(call, bytes);
	written = pwrite(file, bytes, call->count, (off_t) call->offset);
	free(bytes);
	if (close(file) != 0 || written < 0)
		return -1;
	r->count = (uint32_t) written;
	r->committed = call->how;
	return 0;
}

/* '.' and '..' first, wherever they were found. */
static int
list_directory(int fd, struct result *r)
{
	int			file = open(by_path(fd), O_RDONLY | O_DIRECTORY);
	DIR		   *dir = file < 0 ? NULL : fdopendir(file);
	struct dirent *d;
	int			room = 2;

	if (dir == NULL)
		return -1;
	r->entries = calloc((size_t) room, sizeof(struct entry));
	r->entry_count = 2;
	while ((d = readdir(dir)) != NULL)
	{
		bool		dots = strcmp(d->d_name, "..") == 0;
		struct entry *e;

		if (!dots && strcmp(d->d_name, ".") != 0)
		{
			if (r->entry_count == room)
				r->entries = realloc(r->entries, (size_t) (room *= 2) *
									 sizeof(struct entry));
			e = &r->entries[r->entry_count++];
		}
		else
			e = &r->entries[dots];
		*e = (struct entry) {.fileid = d->d_ino};
		e->name = B(strdup(d->d_name), strlen(d->d_name));
	}
	closedir(dir);
	r->eof = true;
	return 0;
}

static int
make(int dir, const struct call *call)
{
	static const mode_t kinds[] = {
		[NF3FIFO] = S_IFIFO, [NF3SOCK] = S_IFSOCK, [NF3CHR] = S_IFCHR,
		[NF3BLK] = S_IFBLK
	};
	const char *name = terminated(call->name);
	unsigned char target[200] = {0};
	int			flags = O_CREAT | O_NOFOLLOW | O_NONBLOCK;
	int			file;

	switch (call->procedure)
	{
		case NFS3_MKDIR:
			return mkdirat(dir, name, call->set.mode);
		case NFS3_SYMLINK:
			call_bytes(call, target);
			return symlinkat((char *) target, dir, name);
		case NFS3_MKNOD:
			return mknodat(dir, name, kinds[call->how] | call->set.mode,
						   makedev(call->major, call->minor));
		default:
			flags |= call->how == GUARDED ? O_EXCL : 0;
			flags |= call->set.what & SET_SIZE ? O_TRUNC | O_WRONLY : O_RDONLY;
			file = openat(dir, name, flags, call->set.mode);
			if (file >= 0)
				close(file);
			return file < 0 ? -1 : 0;
	}
}

static int
make_call(const struct call *call, int fd, int fd2, uint32_t kind,
		  struct result *r)
{
	char		target[5000];
	ssize_t		size;
	struct stat st;

	switch (call->procedure)
	{
		case NFS3_GETATTR:
			return 0;
		case NFS3_SETATTR:
			return set_attributes(fd, &call->set);
		case NFS3_LOOKUP:
			return fstatat(fd, terminated(call->name), &st,
						   AT_SYMLINK_NOFOLLOW);
		case NFS3_ACCESS:
			r->access = granted(fd, kind == NF3DIR) & call->how;
			return 0;
		case NFS3_READLINK:
			size = readlinkat(fd, "", target, sizeof(target));
			if (size >= 0)
				r->data = B(memcpy(malloc((size_t) size + 1), target,
								   (size_t) size), (size_t) size);
			return size < 0 ? -1 : 0;
		case NFS3_READ:
			return read_file(fd, call, r);
		case NFS3_WRITE:
			return write_file(fd, call, r);
		case NFS3_READDIR:
		case NFS3_READDIRPLUS:
			return list_directory(fd, r);
		case NFS3_REMOVE:
			return unlinkat(fd, terminated(call->name), 0);
		case NFS3_RMDIR:
			return unlinkat(fd, terminated(call->name), AT_REMOVEDIR);
		case NFS3_RENAME:
			return renameat(fd, terminated(call->name), fd2,
							terminated(call->name2));
		case NFS3_LINK:
			return linkat(AT_FDCWD, by_path(fd), fd2, terminated(call->name),
						  AT_SYMLINK_FOLLOW);
		default:
			return make(fd, call);
	}
}

static bool
posix_run(struct place *place, struct model *model, struct call *call,
		  struct result *result)
{
	struct posix *posix = (struct posix *) place;
	bool		two = call->procedure == NFS3_RENAME ||
		call->procedure == NFS3_LINK;
	struct node *object = model_node(model, call->object);
	struct node *object2 = two ? model_node(model, call->object2) : object;
	int			fd;
	int			fd2;

	memset(result, 0, sizeof(*result));
	call->guard = GUARD_NONE;
	if (object == NULL || object->nlink == 0 || object2 == NULL ||
		object2->nlink == 0 || differs(posix, model, call))
		return false;
	fd = open_node(posix, model, object);
	fd2 = two ? open_node(posix, model, object2) : -1;
	be(call->user);
	errno = 0;
	result->status = status_of(make_call(call, fd, fd2, object->kind,
										 result) == 0 ? 0 : errno);
	be(0);

	result->attr = attributes(fd, "");
	result->dir = result->attr;
	if (call->procedure == NFS3_LOOKUP || call->procedure == NFS3_CREATE ||
		call->procedure == NFS3_MKDIR || call->procedure == NFS3_SYMLINK ||
		call->procedure == NFS3_MKNOD)
		result->attr = attributes(fd, terminated(call->name));
	if (result->status != NFS3_OK && call->procedure == NFS3_LOOKUP)
		result->attr.follows = false;
	close(fd);
	if (fd2 >= 0)
		close(fd2);
	return true;
}

static void
posix_begin(struct place *place, struct model *model)
{
	struct posix *posix = (struct posix *) place;
	struct attr a;
	char		path[4200];

	snprintf(path, sizeof(path), "%s/%d", posix->path, ++posix->trees);
	if (mkdir(path, 0777) != 0)
		bail_out("cannot make %s: %s", path, strerror(errno));
	if (posix->top >= 0)
		close(posix->top);
	posix->top = open(path, O_PATH | O_DIRECTORY);
	a = attributes(posix->top, "");
	model->root->mode = a.mode;
	model->root->uid = a.uid;
	model->root->gid = a.gid;
	model->root->fileid = a.fileid;
}

static bool
is_protected(const char *what)
{
	char		path[100];
	char		value[8] = "0";
	int			fd;

	snprintf(path, sizeof(path), "/proc/sys/fs/protected_%s", what);
	fd = open(path, O_RDONLY);
	if (fd >= 0 && read(fd, value, sizeof(value) - 1) < 0)
		value[0] = '0';
	if (fd >= 0)
		close(fd);
	return value[0] != '0';
}

struct place *
posix_open(const char *directory)
{
	struct posix *posix = calloc(1, sizeof(*posix));

	umask(0);
	posix->place.run = posix_run;
	posix->place.begin = posix_begin;
	posix->place.tolerates = posix_tolerates;
	posix->top = -1;
	posix->protected_links = is_protected("hardlinks");
	posix->protected_files = is_protected("regular");
	snprintf(posix->path, sizeof(posix->path), "%s/model.XXXXXX", directory);
	if (mkdtemp(posix->path) == NULL)
		bail_out("cannot make a directory in %s: %s", directory,
				 strerror(errno));
	return &posix->place;
}

void
posix_close(struct place *place)
{
	struct posix *posix = (struct posix *) place;
	char		command[4200];

	close(posix->top);
	snprintf(command, sizeof(command), "rm -rf '%s'", posix->path);
	if (system(command) != 0)
		note("%s could not be removed", posix->path);
	free(posix);
}
