/* SPDX-License-Identifier: PostgreSQL */
/*
 * powercut.c
 *	  Before and after a power cut (powercut.h).
 *
 *		powercut snapshot DATA SHADOW		all of DATA is durable: the shadow
 *		powercut restore SHADOW DATA NEW	NEW is what a power cut leaves of
 *		DATA
 */
#include "powercut.h"

#include <ftw.h>

static const char *data;
static const char *shadow;
static const char *new_data;

static void
join(char *path, const char *directory, const char *name)
{
	if (snprintf(path, PATH_MAX, "%s%s%s", directory,
				 name[0] != '\0' ? "/" : "", name) >= PATH_MAX)
	{
		errno = ENAMETOOLONG;
		shadow_die("path", name);
	}
}

static const char *
below(const char *path)
{
	path += strlen(data);
	return *path == '/' ? path + 1 : path;
}

static int
snapshot(const char *path, const struct stat *s, int type, struct FTW *where)
{
	char		key[KEY_SIZE];
	int			fd;

	(void) s;
	(void) where;
	if (type == FTW_D)
		shadow_directory(shadow, data, below(path));
	if (type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !shadow_key(fd, key))
		shadow_die("open", path);
	shadow_file(shadow, fd, key);
	close(fd);
	return 0;
}

/* A name may have several lines: the last one counts. */
static void
restore_file(const char *directory, const char *line)
{
	const char *space = strchr(line, ' ');
	char		from_path[PATH_MAX];
	char		to_path[PATH_MAX];
	int			from;
	int			to;

	snprintf(from_path, sizeof(from_path), "%s/inodes/%.*s", shadow,
			 (int) (space - line), line);
	join(to_path, directory, space + 1);
	to = open(to_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (to < 0)
		shadow_die("open", to_path);
	from = open(from_path, O_RDONLY | O_CLOEXEC);
	if (from >= 0)
	{
		shadow_copy_bytes(from, to, to_path);
		close(from);
	}
	else if (ftruncate(to, 0) < 0)	/* a name is durable, no content ever was */
		shadow_die("truncate", to_path);
	close(to);
}

static int
restore(const char *path, const struct stat *s, int type, struct FTW *where)
{
	char		directory[PATH_MAX];
	char		names[PATH_MAX];
	char		line[PATH_MAX];
	FILE	   *file;

	(void) where;
	if (type != FTW_D)
		return 0;
	join(directory, new_data, below(path));
	if (mkdir(directory, s->st_mode & 0777) < 0)
		shadow_die("mkdir", directory);
	close(shadow_names(shadow, below(path), names));
	file = fopen(names, "r");
	if (file == NULL)
		shadow_die("open", names);
	while (fgets(line, sizeof(line), file) != NULL)
	{
		size_t		size = strlen(line);

		/* cut off in the middle: it was not durable yet */
		if (line[size - 1] != '\n' || strchr(line, ' ') == NULL)
			continue;
		line[size - 1] = '\0';
		restore_file(directory, line);
	}
	fclose(file);
	return 0;
}

int
main(int argc, char **argv)
{
	char		path[PATH_MAX];

	if (argc == 4 && strcmp(argv[1], "snapshot") == 0)
	{
		data = argv[2];
		shadow = argv[3];
		join(path, shadow, "inodes");
		if (mkdir(shadow, 0700) < 0 || mkdir(path, 0700) < 0)
			shadow_die("mkdir", shadow);
		join(path, shadow, "names");
		if (mkdir(path, 0700) < 0)
			shadow_die("mkdir", path);
		return nftw(data, snapshot, 32, FTW_PHYS) != 0;
	}
	if (argc == 5 && strcmp(argv[1], "restore") == 0)
	{
		shadow = argv[2];
		data = argv[3];
		new_data = argv[4];
		return nftw(data, restore, 32, FTW_PHYS) != 0;
	}
	fprintf(stderr, "usage: powercut snapshot DATA SHADOW\n"
			"       powercut restore SHADOW DATA NEW\n");
	return 2;
}
