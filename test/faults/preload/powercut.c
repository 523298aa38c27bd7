/* SPDX-License-Identifier: PostgreSQL */
/*
 * powercut.c
 *	  For LD_PRELOAD: fsync and fdatasync copy to a shadow what a power cut
 *	  would leave (../powercut.h), and do nothing else.
 *
 *		POWERCUT_DATA=directory POWERCUT_SHADOW=directory [POWERCUT_LAZY=1]
 *
 * The server has it, and gateways with content in a directory.  A lazy one
 * does not even copy: what is never synced, nothing is left of.
 *
 * What is written and not synced exists in the page cache only, so the data
 * directory as it is says nothing: the shadow is what the server would find.
 */
#include "../powercut.h"

static const char *data;
static size_t data_size;
static const char *shadow;

static __attribute__((constructor)) void
begin(void)
{
	/* copies: the server writes its process title over its environment */
	const char *lazy = getenv("POWERCUT_LAZY");

	if (getenv("POWERCUT_DATA") == NULL || getenv("POWERCUT_SHADOW") == NULL)
		return;
	if (lazy != NULL && lazy[0] != '\0')
		return;
	data = strdup(getenv("POWERCUT_DATA"));
	shadow = strdup(getenv("POWERCUT_SHADOW"));
	data_size = strlen(data);
}

/* The path of fd below the data directory, or false. */
static bool
path_of(int fd, char *path)
{
	char		link[64];
	char		real[PATH_MAX];
	ssize_t		size;

	if (data == NULL || shadow == NULL)
		return false;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, real, sizeof(real) - 1);
	if (size < 0)
		return false;
	real[size] = '\0';
	if (strncmp(real, data, data_size) != 0 ||
		(real[data_size] != '/' && real[data_size] != '\0'))
		return false;
	strcpy(path, real + data_size + (real[data_size] == '/'));
	return true;
}

static int
sync_it(int fd)
{
	/* Of the file synced last: WAL is synced for every commit. */
	static __thread char last_key[KEY_SIZE];
	static __thread char last_path[PATH_MAX];
	char		path[PATH_MAX];
	char		key[KEY_SIZE];
	struct stat s;
	int			saved = errno;
	char	   *slash;
	int			readable;
	char		link[64];

	if (fstat(fd, &s) < 0)
		return -1;
	if (!path_of(fd, path))
		return 0;
	if (S_ISDIR(s.st_mode))
	{
		shadow_directory(shadow, data, path);
		last_path[0] = '\0';
		errno = saved;
		return 0;
	}
	if (s.st_nlink == 0 || !shadow_key(fd, key))
		return 0;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	readable = open(link, O_RDONLY | O_CLOEXEC);
	if (readable < 0)
		shadow_die("open", path);
	shadow_file(shadow, readable, key);
	close(readable);
	if (strcmp(key, last_key) != 0 || strcmp(path, last_path) != 0)
	{
		strcpy(last_key, key);
		strcpy(last_path, path);
		slash = strrchr(path, '/');
		if (slash != NULL)
			*slash = '\0';
		shadow_name(shadow, slash != NULL ? path : "",
					slash != NULL ? slash + 1 : path, key);
	}
	errno = saved;
	return 0;
}

int
fsync(int fd)
{
	return sync_it(fd);
}

int
fdatasync(int fd)
{
	return sync_it(fd);
}
