/* SPDX-License-Identifier: PostgreSQL */
/*
 * powercut.h
 *	  What of a directory would survive a power cut: the shadow.
 *
 * A shadow of a data directory, or of one with content, has
 *
 *		inodes/KEY		the content a file had when it was last synced
 *		names/PATH		the names a directory had when it was last synced, and
 *						those of files synced since: lines "KEY NAME"; the path
 *						with % for each slash
 *
 * KEY is the inode's number and the time it was made, for numbers are used
 * again.  A name is durable with its file (as ext4 and XFS have it) or with its
 * directory; a name that was removed or replaced is gone when its directory
 * has been synced, and not before.  Directories themselves are taken for
 * durable at once.
 *
 * preload/powercut.c keeps the shadow, in the processes that write; powercut.c
 * makes the first one, and a directory from it.  A copy is written over the one
 * before, in place and under a lock, so that a power cut in the middle of it
 * leaves old and new pages mixed, as an interrupted fsync does.
 */
#ifndef POWERCUT_H
#define POWERCUT_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEY_SIZE 64

static inline bool
shadow_key(int fd, char *key)
{
	struct statx s;

	if (statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &s) < 0)
		return false;
	snprintf(key, KEY_SIZE, "%llu-%lld.%09u", (unsigned long long) s.stx_ino,
			 (long long) s.stx_btime.tv_sec, s.stx_btime.tv_nsec);
	return true;
}

static inline void
shadow_die(const char *what, const char *path)
{
	fprintf(stderr, "powercut: %s %s: %s\n", what, path, strerror(errno));
	abort();
}

static inline void
shadow_copy_bytes(int from, int to, const char *path)
{
	static __thread char buffer[65536];
	off_t		at = 0;
	ssize_t		n;

	while ((n = pread(from, buffer, sizeof(buffer), at)) > 0)
	{
		if (pwrite(to, buffer, (size_t) n, at) != n)
			shadow_die("write", path);
		at += n;
	}
	if (n < 0 || ftruncate(to, at) < 0)
		shadow_die("copy", path);
}

/* fd must be open for reading. */
static inline void
shadow_file(const char *shadow, int fd, const char *key)
{
	char		path[PATH_MAX];
	int			to;

	snprintf(path, sizeof(path), "%s/inodes/%s", shadow, key);
	to = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (to < 0 || flock(to, LOCK_EX) < 0)
		shadow_die("open", path);
	shadow_copy_bytes(fd, to, path);
	close(to);
}

/* The list of names of a directory, given relative to the data directory. */
static inline int
shadow_names(const char *shadow, const char *directory, char *path)
{
	int			fd;
	char	   *at = path + snprintf(path, PATH_MAX, "%s/names/", shadow);

	snprintf(at, PATH_MAX - (size_t) (at - path), "%%%s", directory);
	for (; *at != '\0'; at++)
		if (*at == '/')
			*at = '%';
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		shadow_die("open", path);
	return fd;
}

/* The last of a name's lines counts: one is added. */
static inline void
shadow_name(const char *shadow, const char *directory, const char *name,
			const char *key)
{
	char		path[PATH_MAX];
	char		line[PATH_MAX];
	int			fd = shadow_names(shadow, directory, path);
	int			size = snprintf(line, sizeof(line), "%s %s\n", key, name);

	if (lseek(fd, 0, SEEK_END) < 0 || write(fd, line, (size_t) size) != size)
		shadow_die("write", path);
	close(fd);
}

/* All names, as they are now. */
static inline void
shadow_directory(const char *shadow, const char *data, const char *directory)
{
	char		path[PATH_MAX];
	char		real[2 * PATH_MAX];
	char	   *lines = NULL;
	size_t		size = 0;
	int			fd = shadow_names(shadow, directory, path);
	FILE	   *memory = open_memstream(&lines, &size);
	DIR		   *dir;
	struct dirent *entry;

	snprintf(real, sizeof(real), "%s/%s", data, directory);
	dir = opendir(real);
	if (dir == NULL || memory == NULL)
		shadow_die("open", real);
	while ((entry = readdir(dir)) != NULL)
	{
		char		key[KEY_SIZE];
		int			file;

		if (entry->d_type != DT_REG)
			continue;
		file = openat(dirfd(dir), entry->d_name, O_PATH | O_CLOEXEC);
		if (file < 0)
			continue;			/* removed meanwhile */
		if (shadow_key(file, key))
			fprintf(memory, "%s %s\n", key, entry->d_name);
		close(file);
	}
	closedir(dir);
	fclose(memory);
	if (pwrite(fd, lines, size, 0) != (ssize_t) size ||
		ftruncate(fd, (off_t) size) < 0)
		shadow_die("write", path);
	free(lines);
	close(fd);
}

#endif							/* POWERCUT_H */
