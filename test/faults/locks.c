/* SPDX-License-Identifier: PostgreSQL */
/*
 * locks.c
 *	  Many owners of locks want the same few files, and a book says who has
 *	  what.
 *
 *		locks OWNERS
 *
 * The owners are threads on a few hosts.  A host is an address of 127.0.0.0/8
 * with a portmapper and a lock manager of its own, which hears GRANTED and
 * answers as Linux does; it reboots now and then, with all that its owners had,
 * and says so by NOTIFY.  Each owner has a connection to any of the gateways,
 * which is lost now and then, and asks again through another one.  In a turn it
 *
 *		counts		has a file for itself, adds one to the number in there
 *		ranges		has some bytes of a file, shared or exclusive, and
 *					changes the one into the other
 *		shares		opens a file by a share mode
 *
 * and asks for that so that it waits, waits for a while, or does not wait.  No
 * two may have what only one may have, and every number that is read must be
 * the one that was written last (locks_book.h).
 *
 * SIGUSR1 says that a database server is going to be ended, SIGUSR2 that it is
 * back.  SIGTERM ends it, with a report.  The exit status is 0 if nothing was
 * wrong, and 77 if port 111 cannot be had.
 */
#include "locks_book.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HOSTS 4
#define NO_PORT 77

#define SHARE 20
#define UNSHARE 21

/* What a Linux client does that has heard nothing. */
#define ASK_AGAIN_MS 30000

/* Connections lost, in one of so many calls, and of those of GRANTED. */
#define CUT_EVERY 60
#define LOST_EVERY 20

/* Longer than until it is called again. */
#define UNHEARD_US 1200000

#define REBOOT_EVERY_MS 4000

struct host
{
	struct ear	ear;
	struct client *c;			/* for NOTIFY */
	uint32_t	state;
	bool		crashing;		/* its owners are to stop where they are */
	uint32_t	crashes;
	int			stopped;		/* owners that have */
	int			owners;
};

struct owner
{
	pthread_t	thread;
	pthread_cond_t told;
	struct client *c;
	struct host *host;
	uint32_t	number;
	uint32_t	svid;			/* another one for each claim */
	struct claim wants;
	bool		waiting;
	bool		granted;		/* it has been told so */
	bool		unheard;		/* ... and its answer was lost */
	int64_t		blocked_at;		/* when it was told to wait */
};

static struct handle files[FILES];
static struct host hosts[HOSTS];
static struct owner owners[OWNERS_MAX];
static int	owner_count;

/* With the book locked. */
static pthread_cond_t stopped = PTHREAD_COND_INITIALIZER;
static pthread_cond_t started = PTHREAD_COND_INITIALIZER;
static bool over;

static uint32_t
chance(uint32_t n)
{
	return arc4random_uniform(n);
}

static void
unexpected(const struct owner *o, const char *what, uint32_t status)
{
	book_wrong("owner %u: %s: status %u", o->number, what, status);
}

/*
 * Being called.
 */

/* As Linux does: who waits for exactly that has it. */
static bool
hand_over(struct host *host, const struct granted *heard, bool lost)
{
	bool		taken = false;

	pthread_mutex_lock(&book);
	for (int i = 0; i < owner_count && !taken; i++)
	{
		struct owner *o = &owners[i];

		if (o->host != host || !o->waiting || o->svid != heard->svid ||
			o->wants.offset != heard->offset ||
			o->wants.length != heard->length ||
			!same_handle(&files[o->wants.file], &heard->file))
			continue;
		taken = true;
		if (!o->granted && o->blocked_at != 0)
			book_turn_locked(o->wants.file, o->blocked_at);
		o->granted = true;
		o->unheard |= lost;
		pthread_cond_signal(&o->told);
	}
	if (!taken)
		book_count_locked(DENIED_GRANTS);
	pthread_mutex_unlock(&book);
	return taken;
}

static void *
listen_for(void *argument)
{
	struct host *host = argument;
	struct granted heard;

	while (ear_hears(&host->ear, &heard, -1))
	{
		bool		lost = chance(LOST_EVERY) == 0;
		bool		taken = hand_over(host, &heard, lost);

		if (lost)
			ear_forgets(&host->ear);
		else
			granted_answer(&host->ear, &heard, taken ? NLM4_GRANTED :
						   NLM4_DENIED);
	}
	bail_out("%s cannot listen", host->ear.address);
}

/*
 * Asking.
 */

static uint32_t
ask(struct owner *o, uint32_t procedure, bool block)
{
	static const char oh[] = "one of many";
	struct lock lock = {
		.file = &files[o->wants.file],
		.client = o->host->ear.address,
		.svid = o->svid,
		.oh = B(oh, sizeof(oh)),
		.offset = o->wants.offset,
		.length = o->wants.length,
		.exclusive = o->wants.exclusive,
		.block = block,
		.state = o->host->state,
		.deny = o->wants.deny,
		.access = o->wants.access,
	};
	char		share_oh[32];

	if (procedure == SHARE || procedure == UNSHARE)
	{
		/* it has no svid */
		snprintf(share_oh, sizeof(share_oh), "%u", o->svid);
		lock.oh = S(share_oh);
	}
	return nlm(o->c, NLM_V4, procedure, &lock).status;
}

/*
 * Nothing of what it wanted is its own; a client that has given up says CANCEL,
 * and UNLOCK, for it may have been granted meanwhile.
 */
static void
give_back(struct owner *o, bool gave_up)
{
	uint32_t	status;

	book_freeing(o->wants.file);
	if (gave_up)
	{
		status = ask(o, NLM4_CANCEL, true);
		if (status != NLM4_GRANTED && status != NLM4_DENIED)
			unexpected(o, "CANCEL", status);
		book_count(GIVEN_UP);
	}
	status = ask(o, NLM4_UNLOCK, false);
	if (status != NLM4_GRANTED)
		unexpected(o, "UNLOCK", status);
	book_freed(o->wants.file);
}

/* True: told in time that it is its own.  Not later than its host crashes. */
static bool
await_told(struct owner *o, int64_t ms)
{
	struct timespec until;
	bool		granted;
	int			timed_out = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000)
	{
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&book);
	while (!o->granted && !o->host->crashing && timed_out == 0)
		timed_out = pthread_cond_timedwait(&o->told, &book, &until);
	granted = o->granted;
	pthread_mutex_unlock(&book);
	return granted;
}

/* From here on a grant is denied.  True: there was one before. */
static bool
stop_waiting(struct owner *o)
{
	bool		granted;

	pthread_mutex_lock(&book);
	o->waiting = false;
	granted = o->granted;
	pthread_mutex_unlock(&book);
	return granted;
}

static bool
crashes(struct owner *o)
{
	bool		crashing;

	pthread_mutex_lock(&book);
	crashing = o->host->crashing;
	pthread_mutex_unlock(&book);
	return crashing;
}

/* It has been told to wait, for at most so long.  True: it has the lock. */
static bool
wait_for(struct owner *o, int64_t patience_ms)
{
	int64_t		begun = milliseconds();

	pthread_mutex_lock(&book);
	o->blocked_at = begun;
	pthread_mutex_unlock(&book);
	for (;;)
	{
		int64_t		left = begun + patience_ms - milliseconds();
		uint32_t	status;

		if (left > 0 &&
			await_told(o, left < ASK_AGAIN_MS ? left : ASK_AGAIN_MS))
		{
			book_count(GRANTED_TOLD);
			return stop_waiting(o);
		}
		if (crashes(o))
			return false;
		if (milliseconds() - begun >= patience_ms)
			break;
		status = ask(o, NLM4_LOCK, true);
		if (status == NLM4_GRANTED)
		{
			pthread_mutex_lock(&book);
			if (!o->granted)
				book_turn_locked(o->wants.file, o->blocked_at);
			book_count_locked(GRANTED_ASKED);
			o->waiting = false;
			pthread_mutex_unlock(&book);
			return true;
		}
		if (status != NLM4_BLOCKED)
			unexpected(o, "LOCK asked again", status);
	}
	if (stop_waiting(o))
	{
		book_count(GRANTED_TOLD);
		return true;
	}
	if (patience_ms >= PATIENCE_MS)
	{
		book_wrong("owner %u (svid %u of %s) waits for file %d for ever",
				   o->number, o->svid, o->host->ear.address, o->wants.file);
	}
	give_back(o, true);
	return false;
}

/* patience_ms 0: it does not wait. */
static bool
take_lock(struct owner *o, int64_t patience_ms)
{
	uint32_t	status;

	pthread_mutex_lock(&book);
	o->granted = false;
	o->unheard = false;
	o->waiting = patience_ms > 0;
	o->blocked_at = 0;
	pthread_mutex_unlock(&book);
	status = ask(o, NLM4_LOCK, patience_ms > 0);
	if (status == NLM4_BLOCKED && patience_ms > 0)
	{
		if (!wait_for(o, patience_ms))
			return false;
	}
	else
	{
		(void) stop_waiting(o);
		if (status != NLM4_GRANTED)
		{
			if (status != NLM4_DENIED || patience_ms > 0)
				unexpected(o, "LOCK", status);
			book_count(DENIED);
			return false;
		}
		book_count(GRANTED_AT_ONCE);
	}
	book_enter(o->number, &o->wants);
	return true;
}

static void
release(struct owner *o)
{
	book_leave(o->number);
	give_back(o, false);
}

/*
 * What locks are for.
 */

#define PATIENTLY(call) __extension__ \
({ \
	struct result result_; \
	while ((result_ = (call)).status == NFS3ERR_JUKEBOX) \
		usleep(50000); \
	result_; \
})

static bool
write_number(struct owner *o, const struct handle *file, uint64_t number)
{
	bool		stable = chance(2) == 0;
	char		text[32];
	struct result written;
	struct result committed;

	snprintf(text, sizeof(text), "%020llu", (unsigned long long) number);
	for (;;)
	{
		written = PATIENTLY(v3_write(o->c, file, 0, B(text, 20),
									 stable ? FILE_SYNC : UNSTABLE));
		if (written.status != NFS3_OK)
			unexpected(o, "WRITE", written.status);
		if (written.status != NFS3_OK || stable)
			break;
		committed = PATIENTLY(v3_commit(o->c, file, 0, 0));
		if (committed.status != NFS3_OK)
			unexpected(o, "COMMIT", committed.status);
		if (committed.status != NFS3_OK ||
			memcmp(written.verifier, committed.verifier, 8) == 0)
			break;
	}
	return written.status == NFS3_OK;
}

/* UINT64_MAX: it is none. */
static uint64_t
read_number(struct owner *o, const struct handle *file)
{
	char		text[32] = "";
	struct result result = PATIENTLY(v3_read(o->c, file, 0, 20));

	if (result.status != NFS3_OK)
	{
		unexpected(o, "READ", result.status);
		return UINT64_MAX;
	}
	if (result.data.size == 0)
		return 0;
	memcpy(text, result.data.data, result.data.size);
	return strtoull(text, NULL, 10);
}

static void
add_one(struct owner *o)
{
	int			file = o->wants.file;
	uint64_t	number;

	number = book_number_read(file, read_number(o, &files[file]));
	if (write_number(o, &files[file], number + 1))
		book_number_written(file, number + 1);
}

static int64_t
some_patience(void)
{
	switch (chance(8))
	{
		case 0:
			return 0;
		case 1:
			return 1 + chance(300);
		default:
			return PATIENCE_MS;
	}
}

/* True: it may go on; otherwise its host has crashed. */
static bool
count_turn(struct owner *o)
{
	o->wants = (struct claim) {
		.file = (int) chance(NUMBERS),
		.exclusive = true,
	};
	if (!take_lock(o, some_patience()))
		return !crashes(o);
	add_one(o);
	if (crashes(o))
		return false;
	release(o);
	return true;
}

/* The lock of the other kind instead, if nobody is in the way of it. */
static void
change_kind(struct owner *o)
{
	uint32_t	status;

	o->wants.exclusive = !o->wants.exclusive;
	/* before others may have it */
	if (!o->wants.exclusive)
		book_weaken(o->number);
	status = ask(o, NLM4_LOCK, false);
	if (status == NLM4_GRANTED)
	{
		book_enter(o->number, &o->wants);
		book_count(CHANGED);
	}
	else if (status != NLM4_DENIED || !o->wants.exclusive)
		unexpected(o, "LOCK of the other kind", status);
}

static bool
range_turn(struct owner *o)
{
	o->wants = (struct claim) {
		.file = (int) (RANGED + chance(SHARED - RANGED)),
		.offset = chance(40),
		.length = chance(16),
		.exclusive = chance(2) == 0,
	};
	if (!take_lock(o, some_patience()))
		return !crashes(o);
	/* long enough that its host is called again, and says DENIED */
	usleep(o->unheard ? UNHEARD_US : chance(4000));
	if (chance(4) == 0)
		change_kind(o);
	if (crashes(o))
		return false;
	release(o);
	return true;
}

static bool
share_turn(struct owner *o)
{
	uint32_t	status;

	o->wants = (struct claim) {
		.file = SHARED,
		.access = 1 + chance(3),
		.deny = chance(4),
	};
	status = ask(o, SHARE, false);
	if (status == NLM4_DENIED)
	{
		book_count(DENIED);
		return true;
	}
	if (status != NLM4_GRANTED)
	{
		unexpected(o, "SHARE", status);
		return true;
	}
	book_enter(o->number, &o->wants);
	book_count(SHARES);
	usleep(chance(4000));
	if (crashes(o))
		return false;
	book_leave(o->number);
	status = ask(o, UNSHARE, false);
	if (status != NLM4_GRANTED)
		unexpected(o, "UNSHARE", status);
	return true;
}

/* Until the host is up again; false: it is the end. */
static bool
go_on(struct owner *o)
{
	struct host *host = o->host;
	bool		going;

	pthread_mutex_lock(&book);
	while (host->crashing)
	{
		uint32_t	crash = host->crashes;

		host->stopped++;
		pthread_cond_signal(&stopped);
		while (host->crashing && host->crashes == crash)
			pthread_cond_wait(&started, &book);
	}
	going = !over;
	pthread_mutex_unlock(&book);
	return going;
}

static void *
live(void *argument)
{
	struct owner *o = argument;

	while (go_on(o))
	{
		uint32_t	what = chance(10);

		/*
		 * Linux takes another svid when an owner has no lock any more: a late
		 * call of GRANTED finds nobody.
		 */
		o->svid += OWNERS_MAX;
		if (what < 5)
			(void) count_turn(o);
		else if (what < 9)
			(void) range_turn(o);
		else
			(void) share_turn(o);
		usleep(chance(8000));
	}
	return NULL;
}

/*
 * Hosts.
 */

/*
 * All that is there of its owners ends where it is.  They have no call under
 * way then, so none is made after NOTIFY.
 */
static void
reboot(struct host *host)
{
	pthread_mutex_lock(&book);
	host->stopped = 0;
	host->crashing = true;
	host->crashes++;
	for (int i = 0; i < owner_count; i++)
		pthread_cond_signal(&owners[i].told);
	while (host->stopped < host->owners)
		pthread_cond_wait(&stopped, &book);
	for (int i = 0; i < owner_count; i++)
	{
		if (owners[i].host != host)
			continue;
		book_leave_locked(owners[i].number);
		owners[i].waiting = false;
	}
	host->state += 2;
	book_count_locked(REBOOTS);
	pthread_mutex_unlock(&book);
	for (int file = 0; file < FILES; file++)
		book_freeing(file);
	notify(host->c, NSM_PROGRAM, 1, NSM1_NOTIFY, host->ear.address,
		   host->state);
	for (int file = 0; file < FILES; file++)
		book_freed(file);
	pthread_mutex_lock(&book);
	host->crashing = false;
	pthread_cond_broadcast(&started);
	pthread_mutex_unlock(&book);
}

static struct client *
roaming(const char *address)
{
	struct client *c = connect_anywhere(address);

	c->cut_every = CUT_EVERY;
	return c;
}

/* False: no port 111. */
static bool
begin_hosts(void)
{
	for (int i = 0; i < HOSTS; i++)
	{
		if (!ear_open(&hosts[i].ear, strdup(own_address(i + 1))))
			return false;
		hosts[i].state = 1;
	}
	return true;
}

static void
begin_owner(struct owner *o, uint32_t number)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&o->told, &monotonic);
	o->number = number;
	o->svid = number;
	o->host = &hosts[number % HOSTS];
	o->host->owners++;
	o->c = roaming(o->host->ear.address);
}

static void
set_out(void)
{
	struct client *c = connect_anywhere(NULL);
	struct handle root;
	struct handle dir;
	pthread_t	listener;

	root = root_of(c, "/export");
	dir = make_dir(c, &root, "locks", 0777);
	for (int i = 0; i < FILES; i++)
	{
		char		name[16];

		snprintf(name, sizeof(name), "file-%d", i);
		files[i] = make_file(c, &dir, name, 0666);
	}
	disconnect(c);
	for (uint32_t i = 0; i < (uint32_t) owner_count; i++)
		begin_owner(&owners[i], i);
	for (int i = 0; i < HOSTS; i++)
	{
		hosts[i].c = roaming(hosts[i].ear.address);
		if (pthread_create(&listener, NULL, listen_for, &hosts[i]) != 0)
			bail_out("no thread");
	}
	for (int i = 0; i < owner_count; i++)
		if (pthread_create(&owners[i].thread, NULL, live, &owners[i]) != 0)
			bail_out("no thread");
}

/*
 * Until SIGTERM.
 */
static void
preside(const sigset_t *signals)
{
	int64_t		reboot_at = milliseconds() + REBOOT_EVERY_MS;

	for (;;)
	{
		struct timespec pause = {.tv_nsec = 100 * 1000000};
		int			signal_number = sigtimedwait(signals, NULL, &pause);

		if (signal_number == SIGTERM)
			return;
		if (signal_number == SIGUSR1 || signal_number == SIGUSR2)
			book_server_is(signal_number == SIGUSR1);
		if (milliseconds() >= reboot_at)
		{
			reboot(&hosts[chance(HOSTS)]);
			reboot_at = milliseconds() + chance(2 * REBOOT_EVERY_MS);
		}
	}
}

/* Each owner ends its turn.  Nobody waits for ever, by what wait_for() says. */
static void
finish(void)
{
	struct owner *o = &owners[0];

	pthread_mutex_lock(&book);
	over = true;
	pthread_mutex_unlock(&book);
	for (int i = 0; i < owner_count; i++)
		pthread_join(owners[i].thread, NULL);
	for (int file = 0; file < NUMBERS; file++)
		(void) book_number_read(file, read_number(o, &files[file]));
}

static uint64_t
count_resends(void)
{
	uint64_t	resends = 0;

	for (int i = 0; i < owner_count; i++)
		resends += owners[i].c->resends;
	return resends;
}

int
main(int argc, char **argv)
{
	sigset_t	signals;

	if (argc != 2 || (owner_count = atoi(argv[1])) < HOSTS ||
		owner_count > OWNERS_MAX)
		bail_out("usage: locks OWNERS (from %d to %d)", HOSTS, OWNERS_MAX);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	if (!begin_hosts())
	{
		printf("# locks: port 111: %s\n", strerror(errno));
		return NO_PORT;
	}
	set_out();
	preside(&signals);
	finish();
	return book_report(count_resends()) ? 0 : 1;
}
