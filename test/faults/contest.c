/* SPDX-License-Identifier: PostgreSQL */
/*
 * contest.c
 *	  Several clients want the same thing at once, and exactly one gets it,
 *	  whatever becomes of servers and connections meanwhile.
 *
 *		contest CLIENTS PORT
 *
 * In each round all clients make the same call in one directory: they create
 * one name in every way there is, link it, rename it, guard a SETATTR with one
 * ctime, remove it.  Exactly one of them may be told OK, and all others what
 * they are told when another was first.  A server that forgets that it has
 * answered tells the winner EXIST or NOENT when he asks again, and then there
 * is none; one that lets two of them pass has two.
 *
 * SIGTERM ends it.
 */
#include "lib.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS_MAX 32

enum contest
{
	CREATE,
	LINK,
	GUARD,
	RENAME,
	REMOVE,
	MAKE_EXCLUSIVE,
	REMOVE_IT,
	MKDIR,
	RMDIR,
	SYMLINK, REMOVE_SYMLINK, MKNOD, REMOVE_FIFO, REMOVE_LINK, CONTESTS
};

/* What the others are told. */
static const uint32_t lost[CONTESTS] = {
	NFS3ERR_EXIST, NFS3ERR_EXIST, NFS3ERR_NOT_SYNC, NFS3ERR_NOENT,
	NFS3ERR_NOENT, NFS3ERR_EXIST, NFS3ERR_NOENT, NFS3ERR_EXIST, NFS3ERR_NOENT,
	NFS3ERR_EXIST, NFS3ERR_NOENT, NFS3ERR_EXIST, NFS3ERR_NOENT, NFS3ERR_NOENT
};

static const char *const names[CONTESTS] = {
	"CREATE", "LINK", "SETATTR", "RENAME", "REMOVE", "CREATE exclusive",
	"REMOVE of that", "MKDIR", "RMDIR", "SYMLINK", "REMOVE of that", "MKNOD",
	"REMOVE of that", "REMOVE of the link"
};

static struct handle dir;
static struct handle file;		/* of this round */
static uint64_t file_ctime;
static int	client_count;
static pthread_barrier_t barrier;
static uint32_t answers[CLIENTS_MAX];
static volatile sig_atomic_t stop_asked;
static bool over;

static void
stop(int signal_number)
{
	(void) signal_number;
	stop_asked = 1;
}

static struct result
take_part(struct client *c, enum contest contest, int number)
{
	static const struct set touched = {.what = MTIME_NOW};
	char		verifier[9];

	snprintf(verifier, sizeof(verifier), "client%2d", number);
	switch (contest)
	{
		case CREATE:
			return v3_create(c, &dir, S("file"), GUARDED, MODE(0666));
		case LINK:
			return v3_link(c, &file, &dir, S("link"));
		case GUARD:
			return v3_setattr(c, &file, &touched, file_ctime);
		case RENAME:
			return v3_rename(c, &dir, S("file"), &dir, S("renamed"));
		case REMOVE:
			return v3_remove(c, &dir, S("renamed"));
		case MAKE_EXCLUSIVE:
			return v3_create_exclusive(c, &dir, S("exclusive"), verifier);
		case REMOVE_IT:
			return v3_remove(c, &dir, S("exclusive"));
		case MKDIR:
			return v3_mkdir(c, &dir, S("dir"), MODE(0777));
		case RMDIR:
			return v3_rmdir(c, &dir, S("dir"));
		case SYMLINK:
			return v3_symlink(c, &dir, S("symlink"), NOTHING, S("target"));
		case REMOVE_SYMLINK:
			return v3_remove(c, &dir, S("symlink"));
		case MKNOD:
			return v3_mknod(c, &dir, S("fifo"), NF3FIFO, NOTHING, 0, 0);
		case REMOVE_FIFO:
			return v3_remove(c, &dir, S("fifo"));
		default:
			return v3_remove(c, &dir, S("link"));
	}
}

static struct client *
enter(int number)
{
	struct client *c = connect_to(0);

	c->persistent = true;
	/* a call is known by its user, too: these are different clients */
	become(c, 1000 + (uint32_t) number, 1000);
	return c;
}

static void *
compete(void *argument)
{
	int			number = (int) (intptr_t) argument;
	struct client *c = enter(number);

	for (int contest = 0;; contest = (contest + 1) % CONTESTS)
	{
		struct result result;

		pthread_barrier_wait(&barrier);
		if (over)
			break;
		do
			result = take_part(c, (enum contest) contest, number);
		while (result.status == NFS3ERR_JUKEBOX);
		answers[number] = result.status;
		pthread_barrier_wait(&barrier);
		/* the referee looks */
		pthread_barrier_wait(&barrier);
	}
	disconnect(c);
	return NULL;
}

/* Prints what is wrong; true if something is. */
static bool
judge(enum contest contest, int round)
{
	int			winners = 0;
	bool		wrong = false;

	for (int i = 0; i < client_count; i++)
	{
		winners += answers[i] == NFS3_OK;
		wrong = wrong || (answers[i] != NFS3_OK && answers[i] != lost[contest]);
	}
	if (winners == 1 && !wrong)
		return false;
	printf("# round %d, %s:", round, names[contest]);
	for (int i = 0; i < client_count; i++)
		printf(" %u", answers[i]);
	printf("\n");
	return true;
}

static void
look(struct client *c)
{
	struct result result;

	do
		result = v3_lookup(c, &dir, S("file"));
	while (result.status == NFS3ERR_JUKEBOX);
	if (result.status == NFS3_OK)
		file = result.handle;
	do
		result = v3_getattr(c, &file);
	while (result.status == NFS3ERR_JUKEBOX);
	file_ctime = result.attr.ctime;
}

int
main(int argc, char **argv)
{
	pthread_t	threads[CLIENTS_MAX];
	struct client *referee;
	struct handle root;
	int			violations = 0;
	int			round = 0;

	if (argc != 3 || (client_count = atoi(argv[1])) < 2 ||
		client_count > CLIENTS_MAX)
		bail_out("usage: contest CLIENTS PORT");
	setenv("DITTOFS_PORTS", argv[2], 1);
	signal(SIGTERM, stop);
	signal(SIGPIPE, SIG_IGN);
	referee = connect_to(0);
	referee->persistent = true;
	root = root_of(referee, "/export");
	dir = make_dir(referee, &root, "contest", 0777);
	pthread_barrier_init(&barrier, NULL, (unsigned) client_count + 1);
	for (int i = 0; i < client_count; i++)
		if (pthread_create(&threads[i], NULL, compete, (void *) (intptr_t) i) !=
			0)
			bail_out("no thread");

	for (int contest = 0;; contest = (contest + 1) % CONTESTS, round++)
	{
		/* to the end of the row, so that the directory is empty */
		over = stop_asked && contest == 0;
		pthread_barrier_wait(&barrier);
		if (over)
			break;
		pthread_barrier_wait(&barrier);
		violations += judge((enum contest) contest, round);
		if (contest == CREATE || contest == LINK)
			look(referee);
		pthread_barrier_wait(&barrier);
	}
	for (int i = 0; i < client_count; i++)
		pthread_join(threads[i], NULL);
	printf("# contests %d, violations %d\n", round, violations);
	is(violations, 0,
	   "%d contests of %d clients: one wins, the others are told", round,
	   client_count);
	disconnect(referee);
	return done_testing();
}
