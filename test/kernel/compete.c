/* SPDX-License-Identifier: PostgreSQL */
/*
 * compete.c
 *	  compete A B GAME...: two processes work on one directory, one through
 *	  mount A and one through mount B.  For t_two_clients.sh.
 *
 * A line "ok GAME" or "not ok GAME" for each.  A game checks afterwards what
 * must hold whoever was quicker, says what does not, and fails then.  The games
 * are in compete_rounds.c and compete_games.c; here is how they are played.
 *
 * Each game is a process and so is each of its players.  Whoever finds
 * something wrong says so into the pipe to its parent and exits with 1.
 */
#include "compete.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *here;
const char *there;

static int	to_parent = -1;		/* the pipe */
static int	partner = -1;		/* a player's socket to the other one */

void
fail(const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	vdprintf(to_parent < 0 ? STDERR_FILENO : to_parent, format, arguments);
	fflush(stdout);
	_exit(1);
}

void
check(int result, const char *what)
{
	if (result < 0)
		fail("%s: %s", what, strerror(errno));
}

bool
outcome_of(int result, const char *what, const int *allowed)
{
	if (result == 0)
		return true;
	for (; *allowed != 0; allowed++)
	{
		if (errno == *allowed)
			return false;
	}
	fail("%s: %s", what, strerror(errno));
}

double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/*
 * Processes
 */

/* Forks; the parent gets the end of a pipe that the child's to_parent is. */
static pid_t
start(int *from_child)
{
	int			ends[2];
	pid_t		pid;

	fflush(stdout);
	check(pipe(ends), "pipe");
	check(pid = fork(), "fork");
	if (pid == 0)
	{
		to_parent = ends[1];
		close(ends[0]);
	}
	else
	{
		*from_child = ends[0];
		close(ends[1]);
	}
	return pid;
}

/* What the child says until it ends; more than fits is lost. */
static bool
succeeded(pid_t pid, int from_child, char *text, size_t size)
{
	size_t		length = 0;
	ssize_t		got;
	char		lost[256];
	int			status;

	while (got = length < size - 1 ?
		   read(from_child, text + length, size - 1 - length) :
		   read(from_child, lost, sizeof(lost)), got > 0)
		length += length < size - 1 ? got : 0;
	text[length] = '\0';
	close(from_child);
	check(waitpid(pid, &status, 0), "waitpid");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/*
 * Runs player 0 in here and player 1 in there, and has their answers when both
 * have ended.
 */
void
both(Player player, Answer answers[2])
{
	int			sockets[2];
	pid_t		pids[2];
	int			from[2];
	char		said[2][4096];
	bool		good = true;

	check(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), "socketpair");
	for (int i = 0; i < 2; i++)
	{
		Answer		answer = {""};

		pids[i] = start(&from[i]);
		if (pids[i] != 0)
			continue;
		/* If one ends early, the other must not wait for it. */
		partner = sockets[i];
		close(sockets[1 - i]);
		check(chdir(i == 0 ? here : there), "chdir");
		player(i, &answer);
		_exit(write(to_parent, answer.text, strlen(answer.text)) < 0);
	}
	close(sockets[0]);
	close(sockets[1]);
	for (int i = 0; i < 2; i++)
		good &= succeeded(pids[i], from[i], said[i], sizeof(said[i]));
	if (!good)
		fail("a process failed: ['%s', '%s']", said[0], said[1]);
	for (int i = 0; i < 2; i++)
		snprintf(answers[i].text, sizeof(answers[i].text), "%.250s", said[i]);
}

/* Both players call it, and go on together. */
void
meet(void)
{
	char		byte = 'x';

	if (write(partner, &byte, 1) != 1 || read(partner, &byte, 1) != 1)
		fail("the other one has gone");
}

/*
 * Files
 */

/* A string that nobody frees: a game is a short life. */
char *
path(const char *format,...)
{
	va_list		arguments;
	char	   *result;

	va_start(arguments, format);
	check(vasprintf(&result, format, arguments), "vasprintf");
	va_end(arguments);
	return result;
}

static void
add(Names *names, char *name)
{
	names->names = realloc(names->names, (names->count + 1) * sizeof(char *));
	if (names->names == NULL || name == NULL)
		fail("no memory");
	names->names[names->count++] = name;
}

void
free_names(Names *names)
{
	for (int i = 0; i < names->count; i++)
		free(names->names[i]);
	free(names->names);
	*names = (Names) {0};
}

/* How many, or -1 with errno set */
int
list(const char *directory, Names *names)
{
	DIR		   *stream = opendir(directory);
	struct dirent *entry;
	int			error;

	*names = (Names) {0};
	if (stream == NULL)
		return -1;
	while (errno = 0, (entry = readdir(stream)) != NULL)
	{
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			add(names, strdup(entry->d_name));
	}
	error = errno;
	closedir(stream);
	errno = error;
	if (error == 0)
		return names->count;
	free_names(names);
	errno = error;
	return -1;
}

/* Opening a directory asks the server what is new. */
void
look(const char *directory)
{
	Names		names;

	check(list(directory, &names), directory);
	free_names(&names);
}

static bool
is_directory(const char *name, int type)
{
	struct stat status;

	if (type != DT_UNKNOWN)
		return type == DT_DIR;
	return lstat(name, &status) == 0 && S_ISDIR(status.st_mode);
}

/*
 * Counts the directories below top and lists the paths of everything else.
 * What cannot be opened is passed over; the numbers will tell.
 */
void
walk(const char *top, int *directories, Names *files)
{
	DIR		   *stream = opendir(top);
	struct dirent *entry;

	if (stream == NULL)
		return;
	while ((entry = readdir(stream)) != NULL)
	{
		char	   *below;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		below = path("%s/%s", top, entry->d_name);
		if (is_directory(below, entry->d_type))
		{
			(*directories)++;
			walk(below, directories, files);
		}
		else
			add(files, below);
	}
	closedir(stream);
}

int
create(const char *name)
{
	int			file = open(name, O_CREAT | O_EXCL | O_WRONLY, 0777);

	return file < 0 ? -1 : close(file);
}

void
put(const char *name, const char *data)
{
	int			file = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0666);

	check(file, name);
	check(write(file, data, strlen(data)), name);
	check(close(file), name);
}

/* All of a file, with a NUL behind it */
char *
get(const char *name, size_t *size)
{
	int			file = open(name, O_RDONLY);
	char	   *data = NULL;
	size_t		length = 0;
	ssize_t		got;

	check(file, name);
	do
	{
		data = realloc(data, length + 65536 + 1);
		if (data == NULL)
			fail("no memory");
		got = read(file, data + length, 65536);
		check(got, name);
		length += got;
	} while (got > 0);
	check(close(file), name);
	data[length] = '\0';
	if (size != NULL)
		*size = length;
	return data;
}

/*
 * Games
 */

static const Game *
find_game(const char *name)
{
	const Game *kinds[] = {games_of_rounds, games};

	for (int i = 0; i < 2; i++)
	{
		for (const Game *game = kinds[i]; game->name != NULL; game++)
		{
			if (strcmp(game->name, name) == 0)
				return game;
		}
	}
	fail("compete: no game %s\n", name);
}

static void
play(const char *a, const char *b, const Game *game)
{
	double		since = now();
	char		said[16384];
	char	   *line = said;
	int			from;
	pid_t		pid;
	bool		good;

	/* A directory for each game; B learns of it by opening the one above. */
	look(a);
	look(b);
	here = path("%s/%s", a, game->name);
	there = path("%s/%s", b, game->name);
	check(mkdir(here, 0777), here);
	look(b);
	pid = start(&from);
	if (pid == 0)
	{
		game->play();
		fflush(stdout);
		_exit(0);
	}
	good = succeeded(pid, from, said, sizeof(said));
	printf("%sok %s\n", good ? "" : "not ", game->name);
	while (!good && line != NULL)
		printf("# %s\n", strsep(&line, "\n"));
	printf("# %s: %.1f s\n", game->name, now() - since);
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		fail("usage: compete A B GAME...\n");
	signal(SIGPIPE, SIG_IGN);
	for (int i = 3; i < argc; i++)
	{
		check(chdir(argv[2]), argv[2]);
		play(argv[1], argv[2], find_game(argv[i]));
	}
	return 0;
}
