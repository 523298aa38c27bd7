/* SPDX-License-Identifier: PostgreSQL */
/*
 * compete_games.c
 *	  The games of compete that have no rounds: both players work on the same
 *	  files for a while, as programs do that trust the file system to keep them
 *	  apart.
 *
 * A game's name is that of its function.
 */
#include "compete.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const int exists[] = {EEXIST, 0};
static const int gone[] = {ENOENT, ESTALE, 0};
static const int passing[] = {ENOENT, ESTALE, EEXIST, ENOTEMPTY, 0};

/*
 * A counter and a log, kept right by a lock in the file system.
 */

#define TIMES	40

static struct
{
	int			(*take) (int number);
	int			(*give) (const char *name);
}			lock;

static void
count_player(int number, Answer *answer)
{
	(void) answer;
	check(create(path("mine%d", number)), "mine");
	for (int i = 0; i < TIMES; i++)
	{
		char	   *text;
		char	   *end;
		char	   *line = path("%d %d\n", number, i);
		int			value;
		int			log;

		while (!outcome(lock.take(number), exists))
			usleep(1000);
		text = get("counter", NULL);
		value = strtol(text, &end, 10);
		if (end == text || *end != '\0')
			fail("the counter is '%s'", text);
		put("counter", path("%d", value + 1));
		check(log = open("log", O_WRONLY | O_CREAT | O_APPEND, 0666), "log");
		check(write(log, line, strlen(line)), "log");
		check(close(log), "log");
		check(lock.give("lock"), "unlock");
	}
}

static void
counter(int (*take) (int number), int (*give) (const char *name))
{
	Answer		nothing[2];
	char	   *count;
	char	   *log;
	char	   *lines;
	char	   *line;
	bool		seen[2][TIMES] = {{false}};
	int			good = 0;
	int			all = 0;

	lock.take = take;
	lock.give = give;
	put(path("%s/counter", here), "0");
	put(path("%s/log", here), "");
	both(count_player, nothing);
	log = get(path("%s/log", there), NULL);
	lines = path("%s", log);
	while ((line = strsep(&lines, "\n")) != NULL && lines != NULL)
	{
		int			n;
		int			i;

		all++;
		if (sscanf(line, "%d %d", &n, &i) == 2 && n >= 0 && n < 2 && i >= 0 &&
			i < TIMES && !seen[n][i] && strcmp(line, path("%d %d", n, i)) == 0)
		{
			seen[n][i] = true;
			good++;
		}
	}
	count = get(path("%s/counter", there), NULL);
	if (strcmp(count, path("%d", 2 * TIMES)) != 0 || all != 2 * TIMES ||
		good != all)
		fail("counter %s, log of %d lines:\n%s", count, all, log);
}

static int
take_by_mkdir(int number)
{
	(void) number;
	return mkdir("lock", 0777);
}

static int
take_by_create(int number)
{
	(void) number;
	return create("lock");
}

static int
take_by_link(int number)
{
	return link(path("mine%d", number), "lock");
}

static void
lock_by_mkdir(void)
{
	counter(take_by_mkdir, rmdir);
}

static void
lock_by_create(void)
{
	counter(take_by_create, unlink);
}

static void
lock_by_link(void)
{
	counter(take_by_link, unlink);
}

/*
 * Each writes every second block of a file.
 */

#define BLOCKS		64
#define BLOCK_SIZE	65536

static void
fill_block(char *block, int i)
{
	char		word[16];

	snprintf(word, sizeof(word), "%07d\n", i);
	for (int offset = 0; offset < BLOCK_SIZE; offset += 8)
		memcpy(block + offset, word, 8);
}

static void
halves_player(int number, Answer *answer)
{
	static char block[BLOCK_SIZE];
	int			order[BLOCKS / 2];
	int			file = open("f", O_WRONLY);

	(void) answer;
	check(file, "f");
	srandom(number + 1);
	for (int i = 0; i < BLOCKS / 2; i++)
	{
		int			j = random() % (i + 1);

		order[i] = number + 2 * i;
		if (j != i)
		{
			order[i] = order[j];
			order[j] = number + 2 * i;
		}
	}
	for (int n = 0; n < BLOCKS / 2; n++)
	{
		int			i = order[n];

		fill_block(block, i);
		check(pwrite(file, block, BLOCK_SIZE, (off_t) i * BLOCK_SIZE), "write");
		if (i % 10 == number)
			check(fsync(file), "fsync");
	}
	check(close(file), "close");
}

static void
halves(void)
{
	static char wanted[BLOCKS * BLOCK_SIZE];
	const char *tops[] = {here, there};
	Answer		nothing[2];

	put(path("%s/f", here), "");
	both(halves_player, nothing);
	for (int i = 0; i < BLOCKS; i++)
		fill_block(wanted + i * BLOCK_SIZE, i);
	for (int n = 0; n < 2; n++)
	{
		size_t		size;
		char	   *data = get(path("%s/f", tops[n]), &size);

		if (size != sizeof(wanted) || memcmp(data, wanted, size) != 0)
			fail("%s: %zu bytes, wanted %zu, or another content", tops[n], size,
				 sizeof(wanted));
	}
}

/*
 * Files are moved to and fro between two directories; none may get lost.
 */

#define MOVED_FILES 30

static void
shuffle_player(int number, Answer *answer)
{
	int			moved = 0;

	srandom(number + 1);
	for (int n = 0; n < 300; n++)
	{
		int			i = random() % MOVED_FILES;
		char	   *a = path("a/%d", i);
		char	   *b = path("b/%d", i);
		bool		back = random() % 2;

		moved += outcome(rename(back ? b : a, back ? a : b), gone);
	}
	sprintf(answer->text, "%d", moved);
}

static void
shuffle(void)
{
	Answer		moved[2];
	Names		found = {0};
	bool		seen[MOVED_FILES] = {false};
	int			good = 0;
	int			directories = 0;
	char	   *list_of = path("%s", "");

	for (const char *name = "ab"; *name; name++)
		check(mkdir(path("%s/%c", here, *name), 0777), "mkdir");
	for (int i = 0; i < MOVED_FILES; i++)
		put(path("%s/a/%d", here, i), path("%d", i));
	both(shuffle_player, moved);
	printf("# %s and %s moves\n", moved[0].text, moved[1].text);
	walk(there, &directories, &found);
	for (int n = 0; n < found.count; n++)
	{
		char	   *text = get(found.names[n], NULL);
		int			i = atoi(text);

		list_of = path("%s %s (%s)", list_of, found.names[n], text);
		if (i >= 0 && i < MOVED_FILES && !seen[i] &&
			strcmp(text, path("%d", i)) == 0)
		{
			seen[i] = true;
			good++;
		}
	}
	if (found.count != MOVED_FILES || good != MOVED_FILES ||
		atoi(moved[0].text) == 0 || atoi(moved[1].text) == 0)
		fail("found, with content:%s", list_of);
}

/*
 * One removes a tree again and again while the other builds it.
 */

#define SECONDS		4

static double end;

/*
 * Returns how much of it has gone.  A slow client may never find the tree empty
 * that another one builds, so it is not the tree that must have gone.
 */
static int
remove_tree(const char *top)
{
	Names		names;
	int			removed = 0;

	if (list(top, &names) < 0)
	{
		if (errno == ENOTDIR)
			return outcome(unlink(top), passing);
		return outcome_of(-1, top, gone);
	}
	for (int i = 0; i < names.count; i++)
		removed += remove_tree(path("%s/%s", top, names.names[i]));
	free_names(&names);
	return removed + outcome(rmdir(top), passing);
}

static void
build_or_remove(int number, Answer *answer)
{
	int			done = 0;

	while (now() < end)
	{
		look(".");				/* is the tree there, or still there? */
		if (number == 1)
		{
			done += remove_tree("tree");
			continue;
		}
		outcome(mkdir("tree", 0777), passing);
		for (int i = 0; i < 5; i++)
		{
			outcome(mkdir(path("tree/%d", i), 0777), passing);
			for (int j = 0; j < 5; j++)
				done += outcome(create(path("tree/%d/%d", i, j)), passing);
		}
	}
	sprintf(answer->text, "%d", done);
}

static void
remove_while_creating(void)
{
	const char *tops[] = {here, there};
	Answer		done[2];
	struct stat status;

	end = now() + SECONDS;
	both(build_or_remove, done);
	printf("# %s files created, %s files and directories removed\n",
		   done[0].text, done[1].text);
	usleep(100000);
	look(there);
	check(chdir(there), there);
	if (lstat("tree", &status) == 0)
		remove_tree("tree");
	for (int n = 0; n < 2; n++)
	{
		Names		left;

		check(list(tops[n], &left), tops[n]);
		check(stat(tops[n], &status), tops[n]);
		if (left.count > 0 || status.st_nlink != 2)
			fail("%s: %d names%s%s, %d links", tops[n], left.count,
				 left.count ? ", " : "", left.count ? left.names[0] : "",
				 (int) status.st_nlink);
	}
	if (atoi(done[0].text) == 0 || atoi(done[1].text) == 0)
		fail("nothing happened");
}

/*
 * What is there all the time is listed once, whatever comes and goes.
 */

#define STABLE_FILES	600

static char xs[101];
static char ys[101];

static void
check_listing(const Names *names)
{
	bool		seen[STABLE_FILES] = {false};
	int			all = 0;
	int			good = 0;

	for (int n = 0; n < names->count; n++)
	{
		char		wanted[200];
		int			i;

		if (strncmp(names->names[n], "stays", 5) != 0)
			continue;
		all++;
		i = atoi(names->names[n] + 6);
		snprintf(wanted, sizeof(wanted), "stays %06d %s", i, xs);
		if (i >= 0 && i < STABLE_FILES && !seen[i] &&
			strcmp(names->names[n], wanted) == 0)
		{
			seen[i] = true;
			good++;
		}
	}
	if (all != STABLE_FILES || good != STABLE_FILES)
		fail("%d names, %d different ones, wanted %d", all, good, STABLE_FILES);
}

static void
change_or_list(int number, Answer *answer)
{
	int			done = 0;

	while (now() < end)
	{
		done++;
		if (number == 0)
		{
			char	   *name = path("goes %d %.*s", done % 50, done % 100, ys);

			check(create(name), name);
			if (done % 3 != 0)
			{
				char	   *new = path("new %s", name);

				check(rename(name, new), name);
				name = new;
			}
			check(unlink(name), name);
		}
		else
		{
			Names		names;

			check(list(".", &names), "list");
			check_listing(&names);
			free_names(&names);
		}
	}
	sprintf(answer->text, "%d", done);
}

static void
list_while_changing(void)
{
	Answer		done[2];

	memset(xs, 'x', 100);
	memset(ys, 'y', 100);
	for (int i = 0; i < STABLE_FILES; i++)
		check(mknod(path("%s/stays %06d %s", here, i, xs), S_IFREG | 0600, 0),
			  "mknod");
	end = now() + SECONDS;
	both(change_or_list, done);
	printf("# %s changes, %s listings\n", done[0].text, done[1].text);
}

const Game	games[] = {
	GAME(lock_by_mkdir), GAME(lock_by_create), GAME(lock_by_link),
	GAME(halves), GAME(shuffle), GAME(remove_while_creating),
	GAME(list_while_changing), {NULL, NULL}
};
