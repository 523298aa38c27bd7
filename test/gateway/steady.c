/* SPDX-License-Identifier: PostgreSQL */
/*
 * steady.c
 *	  Clients that go on whatever happens to their servers, and know what they
 *	  were promised.
 *
 *		steady run NAME CLIENTS SECONDS		work, then check
 *		steady getattr HANDLE...			handles in hexadecimal
 *
 * Each client of "run" is a process with a directory of its own, NAME-1 and so
 * on in /export.  It makes files, writes them (stable, or unstable and then
 * COMMIT), renames and removes some, and keeps the outcome that was answered.
 * A connection that is lost is made anew and the call sent again, as it was;
 * "try again" (JUKEBOX) is obeyed.  Every other status than OK is wrong, since
 * nobody else works there.  In the end the directory must have exactly the
 * files that were acknowledged, with their content.
 *
 * SIGTERM ends the work early.  The last line is
 *
 *		operations=N lost=N wrong=N reconnects=N jukebox=N pause_ms=N
 *
 * where pause is the longest time that any client waited for an operation.  The
 * exit status is 0 if nothing was lost or wrong.  Servers: DITTOFS_HOST and
 * DITTOFS_PORTS, which the clients take in turn.
 */
#include "lib.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define FILES_MAX 200000		/* of one client */
#define SIZE_MAX_BYTES 20000

struct tally
{
	long		operations;
	long		lost;
	long		wrong;
	long		reconnects;
	long		jukebox;
	long		pause_ms;
};

/* What a client was promised of its files, by number. */
enum promise
{
	ABSENT,
	MADE,						/* under its first name */
	RENAMED
};

struct worker
{
	struct client *c;
	struct handle dir;
	int			number;
	struct tally tally;
	unsigned char promised[FILES_MAX];
};

static volatile sig_atomic_t stopping;

static void
stop(int signal)
{
	(void) signal;
	stopping = 1;
}

static long
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * One operation: what the expression, a call, says, until it is not "try
 * again".
 */
#define OPERATION(worker, what, expression) __extension__ \
({ \
	struct result result_; \
	long		begun_ = milliseconds(); \
	while ((result_ = (expression)).status == NFS3ERR_JUKEBOX) \
	{ \
		struct timespec pause_ = {.tv_nsec = 100 * 1000000}; \
		(worker)->tally.jukebox++; \
		nanosleep(&pause_, NULL); \
	} \
	account(worker, what, result_.status, milliseconds() - begun_); \
	result_; \
})

static void
account(struct worker *w, const char *what, uint32_t status, long ms)
{
	w->tally.operations++;
	if (ms > w->tally.pause_ms)
		w->tally.pause_ms = ms;
	if (status != NFS3_OK && w->tally.wrong++ < 5)
		note("client %d: %s: status %u after %ld ms", w->number, what, status,
			 ms);
}

static void
file_name(char *name, int file, bool renamed)
{
	sprintf(name, "%s-%d", renamed ? "renamed" : "file", file);
}

/* The content of a file follows from its number. */
static struct blob
content(int worker, int file)
{
	static char data[SIZE_MAX_BYTES];
	size_t		size = (size_t) (file * 7919 % SIZE_MAX_BYTES);

	for (size_t i = 0; i < size; i++)
		data[i] = (char) ((size_t) worker * 31 + (size_t) file + i / 7);
	return B(data, size);
}

/* Unstable, and again if the server has lost it before the COMMIT. */
static bool
write_and_commit(struct worker *w, const struct handle *file, struct blob data)
{
	struct result written,
				committed;

	do
	{
		written = OPERATION(w, "WRITE",
							v3_write(w->c, file, 0, data, UNSTABLE));
		committed = OPERATION(w, "COMMIT", v3_commit(w->c, file, 0, 0));
		if (written.status != NFS3_OK || committed.status != NFS3_OK)
			return false;
	}
	while (memcmp(written.verifier, committed.verifier, 8) != 0);
	return true;
}

static void
one_file(struct worker *w, int file)
{
	char		name[32];
	char		other[32];
	struct blob data = content(w->number, file);
	struct result made;

	file_name(name, file, false);
	file_name(other, file, true);
	made = OPERATION(w, "CREATE",
					 v3_create(w->c, &w->dir, S(name), GUARDED, MODE(0644)));
	if (made.status != NFS3_OK)
		return;
	if (file % 2 == 0)
		write_and_commit(w, &made.handle, data);
	else if (data.size > 0)
		OPERATION(w, "WRITE", v3_write(w->c, &made.handle, 0, data, FILE_SYNC));
	w->promised[file] = MADE;
	if (file % 3 == 0 &&
		OPERATION(w, "RENAME", v3_rename(w->c, &w->dir, S(name), &w->dir,
										 S(other))).status == NFS3_OK)
		w->promised[file] = RENAMED;
	if (file % 5 == 0 &&
		OPERATION(w, "REMOVE",
				  v3_remove(w->c, &w->dir,
							S(file % 3 == 0 ? other : name))).status == NFS3_OK)
		w->promised[file] = ABSENT;
}

static void
missing(struct worker *w, const char *name, const char *why)
{
	if (w->tally.lost++ < 5)
		note("client %d: %s %s", w->number, name, why);
}

/* What is there is what was promised. */
static void
check(struct worker *w, int files)
{
	uint64_t	cookie = 0;
	long		entries = 0;
	long		promised = 0;
	bool		eof = false;

	for (int file = 0; file < files; file++)
	{
		char		name[32];
		struct blob data = content(w->number, file);
		struct result found;

		if (w->promised[file] == ABSENT)
			continue;
		promised++;
		file_name(name, file, w->promised[file] == RENAMED);
		found = OPERATION(w, "LOOKUP", v3_lookup(w->c, &w->dir, S(name)));
		if (found.status != NFS3_OK)
		{
			missing(w, name, "is lost");
			continue;
		}
		found = OPERATION(w, "READ", v3_read(w->c, &found.handle, 0,
										   SIZE_MAX_BYTES));
		if (found.status != NFS3_OK || found.data.size != data.size ||
			(data.size > 0 &&
			 memcmp(found.data.data, data.data, data.size) != 0))
			missing(w, name, "has other content");
	}
	while (!eof)
	{
		struct result page;

		page = OPERATION(w, "READDIRPLUS",
						 v3_readdirplus(w->c, &w->dir, cookie, NULL, 65536,
										65536));

		if (page.status != NFS3_OK)
			bail_out("READDIRPLUS: status %u", page.status);
		if (page.entry_count > 0)
			cookie = page.entries[page.entry_count - 1].cookie;
		entries += page.entry_count;
		eof = page.eof;
	}
	if (entries != promised + 2)
	{
		note("client %d: %ld entries, %ld were promised", w->number,
			 entries - 2, promised);
		w->tally.lost++;
	}
}

static struct tally
work(const char *name, int number, int seconds)
{
	static struct worker w;
	struct handle root;
	char		directory[64];
	long		until = milliseconds() + seconds * 1000L;
	int			file = 0;

	w.number = number;
	w.c = connect_to((number - 1) % gateway_count());
	w.c->persistent = true;
	root = root_of(w.c, "/export");
	snprintf(directory, sizeof(directory), "%s-%d", name, number);
	w.dir = make_dir(w.c, &root, directory, 0777);
	while (file < FILES_MAX && !stopping && milliseconds() < until)
		one_file(&w, file++);
	check(&w, file);
	w.tally.reconnects = w.c->resends;
	return w.tally;
}

static void
add(struct tally *sum, const struct tally *t)
{
	sum->operations += t->operations;
	sum->lost += t->lost;
	sum->wrong += t->wrong;
	sum->reconnects += t->reconnects;
	sum->jukebox += t->jukebox;
	if (t->pause_ms > sum->pause_ms)
		sum->pause_ms = t->pause_ms;
}

static int
run(const char *name, int clients, int seconds)
{
	struct tally sum = {0};
	pid_t		pids[256];
	int			results[2];
	int			failed = 0;

	if (clients < 1 || clients > 256 || pipe(results) != 0)
		bail_out("between 1 and 256 clients");
	/* without SA_RESTART: wait() is to return */
	sigaction(SIGTERM, &(struct sigaction) {.sa_handler = stop}, NULL);
	for (int i = 0; i < clients; i++)
	{
		pids[i] = fork();
		if (pids[i] == 0)
		{
			struct tally tally = work(name, i + 1, seconds);

			_exit(write(results[1], &tally, sizeof(tally)) != sizeof(tally));
		}
	}
	close(results[1]);
	for (int ended = 0; ended < clients;)
	{
		int			status;

		if (wait(&status) < 0)
		{
			/* interrupted: our SIGTERM is theirs */
			for (int i = 0; i < clients; i++)
				kill(pids[i], SIGTERM);
			continue;
		}
		ended++;
		failed += status != 0;
	}
	for (struct tally tally;
		 read(results[0], &tally, sizeof(tally)) == sizeof(tally);)
		add(&sum, &tally);
	sum.wrong += failed;
	printf("operations=%ld lost=%ld wrong=%ld reconnects=%ld jukebox=%ld "
		   "pause_ms=%ld\n", sum.operations, sum.lost, sum.wrong,
		   sum.reconnects, sum.jukebox, sum.pause_ms);
	return sum.lost + sum.wrong > 0 || sum.operations == 0;
}

/* Prints status, fileid, size and kind of each. */
static int
getattr(char **handles)
{
	struct client *c = connect_to(0);

	for (; *handles != NULL; handles++)
	{
		struct handle handle = {0};
		struct result result;
		unsigned	byte;

		for (const char *at = *handles;
			 handle.size < sizeof(handle.data) && sscanf(at, "%2x", &byte) == 1;
			 at += 2)
			handle.data[handle.size++] = (unsigned char) byte;
		while ((result = v3_getattr(c, &handle)).status == NFS3ERR_JUKEBOX)
			usleep(100000);
		printf("%u %llu %llu %u\n", result.status,
			   (unsigned long long) result.attr.fileid,
			   (unsigned long long) result.attr.size, result.attr.type);
	}
	disconnect(c);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "run") == 0)
		return run(argv[2], atoi(argv[3]), atoi(argv[4]));
	if (argc > 2 && strcmp(argv[1], "getattr") == 0)
		return getattr(argv + 2);
	fprintf(stderr, "usage: steady run NAME CLIENTS SECONDS\n"
			"       steady getattr HANDLE...\n");
	return 2;
}
