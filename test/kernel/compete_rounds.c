/* SPDX-License-Identifier: PostgreSQL */
/*
 * compete_rounds.c
 *	  The games of compete that have rounds: in each, both players make one call
 *	  at the same moment, and exactly one of the two may succeed.
 *
 * A game's name is that of its function.
 */
#include "compete.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROUNDS		60

static const int exists[] = {EEXIST, 0};
static const int gone[] = {ENOENT, ESTALE, 0};

static int
ones(const char *text)
{
	int			count = 0;

	for (; *text; text++)
		count += *text == '1';
	return count;
}

/*
 * In each round both attempt the same: exactly one may succeed.
 */

static struct
{
	int			(*attempt) (int i, int number);
	const int  *allowed;
}			contest;

static void
contestant(int number, Answer *answer)
{
	/* Whoever was slower has to know what was prepared. */
	look(".");
	for (int i = 0; i < ROUNDS; i++)
	{
		meet();
		answer->text[i] = outcome(contest.attempt(i, number), contest.allowed) ?
			'1' : '0';
	}
}

static void
one_wins(int (*prepare) (int i), int (*attempt) (int i, int number),
		 const int *allowed)
{
	Answer		won[2];
	char		wrong[ROUNDS * 4 + 1] = "";
	int			length = 0;

	contest.attempt = attempt;
	contest.allowed = allowed;
	for (int i = 0; prepare != NULL && i < ROUNDS; i++)
		check(prepare(i), "prepare");
	both(contestant, won);
	for (int i = 0; i < ROUNDS; i++)
	{
		if ((won[0].text[i] == '1') == (won[1].text[i] == '1'))
			length += sprintf(wrong + length, " %d", i);
	}
	if (length > 0)
		fail("both or none won rounds%s\n%s\n%s", wrong, won[0].text,
			 won[1].text);
	printf("# %d of %d won by the first\n", ones(won[0].text), ROUNDS);
}

static int
prepare_file(int i)
{
	return create(path("%s/f%d", here, i));
}

static int
prepare_directory(int i)
{
	return mkdir(path("%s/d%d", here, i), 0777);
}

static int
prepare_nests(int i)
{
	check(mkdir(path("%s/a%d", here, i), 0777), "mkdir");
	return mkdir(path("%s/b%d", here, i), 0777);
}

static int
attempt_create(int i, int number)
{
	(void) number;
	return create(path("f%d", i));
}

static int
attempt_mkdir(int i, int number)
{
	(void) number;
	return mkdir(path("d%d", i), 0777);
}

static int
attempt_symlink(int i, int number)
{
	return symlink(path("to%d", number), path("s%d", i));
}

static int
attempt_link(int i, int number)
{
	(void) number;
	return link("source", path("l%d", i));
}

static int
attempt_unlink(int i, int number)
{
	(void) number;
	return unlink(path("f%d", i));
}

static int
attempt_rmdir(int i, int number)
{
	(void) number;
	return rmdir(path("d%d", i));
}

static int
attempt_move(int i, int number)
{
	return rename(path("f%d", i), path("%d/f%d", number, i));
}

static int
attempt_nest(int i, int number)
{
	char	   *names[] = {path("a%d", i), path("b%d", i)};
	const char *source = names[number];

	return rename(source, path("%s/%s", names[1 - number], source));
}

static void
one_creates(void)
{
	one_wins(NULL, attempt_create, exists);
}

static void
one_makes(void)
{
	one_wins(NULL, attempt_mkdir, exists);
}

static void
one_symlinks(void)
{
	one_wins(NULL, attempt_symlink, exists);
}

static void
one_links(void)
{
	check(create(path("%s/source", here)), "source");
	one_wins(NULL, attempt_link, exists);
}

static void
one_removes(void)
{
	one_wins(prepare_file, attempt_unlink, gone);
}

static void
one_rmdirs(void)
{
	one_wins(prepare_directory, attempt_rmdir, gone);
}

static void
one_moves(void)
{
	check(mkdir(path("%s/0", here), 0777), "0");
	check(mkdir(path("%s/1", here), 0777), "1");
	one_wins(prepare_file, attempt_move, gone);
}

/* One moves a into b, the other b into a: both would make a loop. */
static void
one_nests(void)
{
	static const int allowed[] = {ENOENT, ESTALE, EINVAL, ELOOP, EBUSY, 0};
	Names		files = {0};
	int			found = 0;

	one_wins(prepare_nests, attempt_nest, allowed);
	walk(here, &found, &files);
	if (found != 2 * ROUNDS)
		fail("%d of %d directories are left", found, 2 * ROUNDS);
}

/* rmdir of a directory in which somebody creates: a file, or no directory. */
static void
fill_or_remove_player(int number, Answer *answer)
{
	static const int allowed[] = {ENOENT, ESTALE, ENOTEMPTY, 0};

	look(".");
	for (int i = 0; i < ROUNDS; i++)
	{
		bool		done;

		meet();
		if (number == 0)
			done = outcome(create(path("d%d/f", i)), gone);
		else
			done = outcome(rmdir(path("d%d", i)), allowed);
		answer->text[i] = done ? '1' : '0';
	}
}

static void
fill_or_remove(void)
{
	Answer		won[2];
	Names		left = {0};
	int			directories = 0;

	for (int i = 0; i < ROUNDS; i++)
		check(prepare_directory(i), "mkdir");
	both(fill_or_remove_player, won);
	for (int i = 0; i < ROUNDS; i++)
	{
		if ((won[0].text[i] == '1') == (won[1].text[i] == '1'))
			fail("round %d: created %c, removed %c", i, won[0].text[i],
				 won[1].text[i]);
	}
	walk(here, &directories, &left);
	if (left.count != ones(won[0].text))
		fail("%d created, %d there", ones(won[0].text), left.count);
}

const Game	games_of_rounds[] = {
	GAME(one_creates), GAME(one_makes), GAME(one_symlinks), GAME(one_links),
	GAME(one_removes), GAME(one_rmdirs), GAME(one_moves), GAME(one_nests),
	GAME(fill_or_remove), {NULL, NULL}
};
