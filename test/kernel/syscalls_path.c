/* SPDX-License-Identifier: PostgreSQL */
/*
 * syscalls_path.c
 *	  The calls of syscalls that take a path.
 *
 * Most are one system call.  The others (fill, pattern, list ...) do what a
 * test would need a process of its own for.
 */
#include "syscalls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const Name limits[] = {
	{"PC_LINK_MAX", _PC_LINK_MAX}, {"PC_NAME_MAX", _PC_NAME_MAX},
	{"PC_PATH_MAX", _PC_PATH_MAX}, {NULL, 0}
};

static void
free_names(char **names, int count)
{
	for (int i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* The names in a directory, in order; returns how many. */
static int
list(const char *path, char ***names)
{
	DIR		   *directory = opendir(path);
	struct dirent *entry;
	int			count = 0;
	int			error;

	*names = NULL;
	if (directory == NULL)
		return -1;
	while (errno = 0, (entry = readdir(directory)) != NULL)
	{
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		*names = allocate(*names, (count + 1) * sizeof(char *));
		(*names)[count++] = strdup(entry->d_name);
	}
	error = errno;
	closedir(directory);
	errno = error;
	if (error != 0)
	{
		free_names(*names, count);
		errno = error;
		return -1;
	}
	if (count > 0)
		qsort(*names, count, sizeof(char *), by_name);
	return count;
}

static int
do_utimens(char **a)
{
	struct timespec times[2];

	for (int i = 0; i < 2; i++)
	{
		times[i].tv_sec = number(a[i + 1]) / 1000000000;
		times[i].tv_nsec = number(a[i + 1]) % 1000000000;
	}
	return utimensat(AT_FDCWD, a[0], times, AT_SYMLINK_NOFOLLOW);
}

/* PATH KIND MODE [MAJOR MINOR] */
static int
do_mknod(char **a)
{
	dev_t		device = a[3] && a[4] ? makedev(number(a[3]), number(a[4])) : 0;

	return mknod(a[0], value_of(kinds, a[1]) | number(a[2]), device);
}

/* A socket, which appears in the file system. */
static int
do_bind(char **a)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int			sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int			error;

	if (sock < 0)
		return -1;
	if (strlen(a[0]) >= sizeof(address.sun_path))
		die("the path is too long for a socket: %s", a[0]);
	strcpy(address.sun_path, a[0]);
	error = bind(sock, (struct sockaddr *) &address, sizeof(address)) == 0 ?
		0 : errno;
	close(sock);
	errno = error;
	return error ? -1 : 0;
}

/* The answer is yes or no. */
static int
do_access(char **a)
{
	int			mode = F_OK;

	for (const char *c = a[1]; *c; c++)
		mode |= *c == 'r' ? R_OK : *c == 'w' ? W_OK : *c == 'x' ? X_OK : F_OK;
	return say(faccessat(AT_FDCWD, a[0], mode, AT_EACCESS) == 0 ? "yes" : "no");
}

/* In the child of do_exec: becomes the program or returns. */
static void
become(const char *path, uid_t uid, gid_t gid)
{
	int			null;
	char		here[4096] = "";
	char	   *absolute;

	if (seteuid(0) != 0 ||
		(*path != '/' && getcwd(here, sizeof(here)) == NULL) ||
		asprintf(&absolute, "%s%s%s", here, *here ? "/" : "", path) < 0 ||
		(null = open("/dev/null", O_RDWR)) < 0 ||
		dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0 ||
		setresgid(gid, gid, gid) != 0 || setresuid(uid, uid, uid) != 0)
		return;
	execl(absolute, absolute, (char *) NULL);
}

/* Runs a program and answers with its exit status. */
static int
do_exec(char **a)
{
	uid_t		uid = geteuid();
	gid_t		gid = getegid();
	int			report[2];
	int			error = 0;
	int			status;
	pid_t		pid;

	if (pipe2(report, O_CLOEXEC) != 0 || (pid = fork()) < 0)
		die("%s", strerror(errno));
	if (pid == 0)
	{
		become(a[0], uid, gid);
		error = errno;
		_exit(write(report[1], &error, sizeof(error)) != sizeof(error));
	}
	close(report[1]);
	/* Nothing comes if the pipe was closed by execution. */
	if (read(report[0], &error, sizeof(error)) < 0)
		die("%s", strerror(errno));
	close(report[0]);
	if (waitpid(pid, &status, 0) != pid)
		die("%s", strerror(errno));
	errno = error;
	if (error != 0)
		return -1;
	return say("%d",
			   WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

/* Names in order, separated by blanks. */
static int
do_list(char **a)
{
	char	  **names;
	int			count = list(a[0] ? a[0] : ".", &names);

	if (count < 0)
		return -1;
	say("%s", "");
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			say(" ");
		say_bytes(names[i], strlen(names[i]));
	}
	free_names(names, count);
	return 0;
}

/* How many entries, or "doubled" if one comes twice. */
static int
do_count(char **a)
{
	char	  **names;
	int			count = list(a[0] ? a[0] : ".", &names);
	bool		doubled = false;

	if (count < 0)
		return -1;
	for (int i = 1; i < count; i++)
		doubled |= strcmp(names[i - 1], names[i]) == 0;
	free_names(names, count);
	return doubled ? say("doubled") : say_number(count);
}

/* DIRECTORY PREFIX FIRST LAST: empty files by the least number of NFS calls */
static int
do_fill(char **a)
{
	int			result = 0;

	for (int64_t i = number(a[2]); i <= number(a[3]) && result == 0; i++)
	{
		char	   *path;

		if (asprintf(&path, "%s/%s%jd", a[0], a[1], (intmax_t) i) < 0)
			die("no memory");
		result = mknod(path, S_IFREG | 0644, 0);
		free(path);
	}
	return result;
}

static int
do_statvfs(char **a)
{
	struct statvfs s;

	if (statvfs(a[0], &s) != 0)
		return -1;
	return say_number(strcmp(a[1], "blocks") == 0 ? s.f_blocks :
					  strcmp(a[1], "bfree") == 0 ? s.f_bfree :
					  strcmp(a[1], "bavail") == 0 ? s.f_bavail :
					  strcmp(a[1], "files") == 0 ? s.f_files :
					  strcmp(a[1], "ffree") == 0 ? s.f_ffree :
					  strcmp(a[1], "favail") == 0 ? s.f_favail :
					  strcmp(a[1], "bsize") == 0 ? s.f_bsize :
					  strcmp(a[1], "frsize") == 0 ? s.f_frsize :
					  strcmp(a[1], "namemax") == 0 ? s.f_namemax :
					  (die("no field %s", a[1]), 0));
}

static int
do_chdir(char **a)
{
	return chdir(a[0]);
}

static int
do_chmod(char **a)
{
	return chmod(a[0], number(a[1]));
}

static int
do_chown(char **a)
{
	return lchown(a[0], number(a[1]), number(a[2]));
}

static int
do_exists(char **a)
{
	struct stat status;

	return say(lstat(a[0], &status) == 0 ? "True" : "False");
}

static int
do_link(char **a)
{
	return linkat(AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
}

static int
do_lstat(char **a)
{
	struct stat status;

	return lstat(a[0], &status) != 0 ? -1 : show(&status, a[1]);
}

static int
do_mkdir(char **a)
{
	return mkdir(a[0], a[1] ? number(a[1]) : 0777);
}

static int
do_mkfifo(char **a)
{
	return mkfifo(a[0], a[1] ? number(a[1]) : 0666);
}

static int
do_now(char **a)
{
	return utimensat(AT_FDCWD, a[0], NULL, 0);
}

static int
do_pathconf(char **a)
{
	return say_number(pathconf(a[0], value_of(limits, a[1])));
}

static int
do_readlink(char **a)
{
	char		target[8192];

	return say_bytes(target, readlink(a[0], target, sizeof(target)));
}

static int
do_rename(char **a)
{
	return rename(a[0], a[1]);
}

static int
do_rmdir(char **a)
{
	return rmdir(a[0]);
}

static int
do_setxattr(char **a)
{
	return setxattr(a[0], a[1], a[2], strlen(a[2]), 0);
}

static int
do_stat(char **a)
{
	struct stat status;

	return stat(a[0], &status) != 0 ? -1 : show(&status, a[1]);
}

static int
do_symlink(char **a)
{
	return symlink(a[0], a[1]);
}

static int
do_truncate(char **a)
{
	return truncate(a[0], number(a[1]));
}

/* The mask is for what is created by path. */
static int
do_umask(char **a)
{
	return say("%04o", umask(number(a[0])));
}

static int
do_unlink(char **a)
{
	return unlink(a[0]);
}

const Call calls_by_path[] = {
	{"access", do_access, 2, 2},
	{"bind", do_bind, 1, 1},
	{"chdir", do_chdir, 1, 1},
	{"chmod", do_chmod, 2, 2},
	{"chown", do_chown, 3, 3},
	{"count", do_count, 0, 1},
	{"exec", do_exec, 1, 1},
	{"exists", do_exists, 1, 1},
	{"fill", do_fill, 4, 4},
	{"link", do_link, 2, 2},
	{"list", do_list, 0, 1},
	{"lstat", do_lstat, 2, 2},
	{"mkdir", do_mkdir, 1, 2},
	{"mkfifo", do_mkfifo, 1, 2},
	{"mknod", do_mknod, 3, 5},
	{"now", do_now, 1, 1},
	{"pathconf", do_pathconf, 2, 2},
	{"readlink", do_readlink, 1, 1},
	{"rename", do_rename, 2, 2},
	{"rmdir", do_rmdir, 1, 1},
	{"setxattr", do_setxattr, 3, 3},
	{"stat", do_stat, 2, 2},
	{"statvfs", do_statvfs, 2, 2},
	{"symlink", do_symlink, 2, 2},
	{"truncate", do_truncate, 2, 2},
	{"umask", do_umask, 1, 1},
	{"unlink", do_unlink, 1, 1},
	{"utimens", do_utimens, 3, 3},
	{NULL, NULL, 0, 0}
};
