/* SPDX-License-Identifier: PostgreSQL */
/*
 * locks_book.c
 *	  What locks.c judges by: see locks_book.h.
 *
 * How long did who waited wait beyond its turn?  As long as nobody had the
 * file: from when the last owner was told that it had given it back (or, if
 * that is later, from when the waiting one was told to wait) to when it knows
 * that it has it.  Only files that one owner has as a whole tell that.  Who
 * waited while a database server was away is counted apart.
 */
#include "locks_book.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define WRONG_MAX 20

/* Of those who had their turn. */
struct waits
{
	long		count;
	int64_t		sum;
	int64_t		longest;
};

pthread_mutex_t book = PTHREAD_MUTEX_INITIALIZER;

static struct claim claims[OWNERS_MAX];
static bool held[OWNERS_MAX];
static uint64_t numbers[NUMBERS];
static int	freeing[FILES];		/* owners that give it back */
static int64_t freed_at[FILES]; /* when one was told that it has */
static long counts[COUNTS];
static struct waits waits[2];	/* [1]: while a server was away */
static bool server_away;
static int64_t server_back_at;
static int	wrong_count;

int64_t
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void
print_wrong(const char *format, va_list args)
{
	if (wrong_count++ >= WRONG_MAX)
		return;
	printf("# wrong: ");
	vprintf(format, args);
	printf("\n");
	fflush(stdout);
}

void
book_wrong_locked(const char *format, ...)
{
	va_list		args;

	va_start(args, format);
	print_wrong(format, args);
	va_end(args);
}

void
book_wrong(const char *format, ...)
{
	va_list		args;

	pthread_mutex_lock(&book);
	va_start(args, format);
	print_wrong(format, args);
	va_end(args);
	pthread_mutex_unlock(&book);
}

static bool
overlap(const struct claim *a, const struct claim *b)
{
	return (a->length == 0 || a->offset + a->length > b->offset) &&
		(b->length == 0 || b->offset + b->length > a->offset);
}

static bool
conflict(const struct claim *a, const struct claim *b)
{
	if (a->file != b->file)
		return false;
	if (a->file == SHARED)
		return (a->access & b->deny) != 0 || (b->access & a->deny) != 0;
	return (a->exclusive || b->exclusive) && overlap(a, b);
}

void
book_enter(uint32_t owner, const struct claim *claim)
{
	pthread_mutex_lock(&book);
	claims[owner] = *claim;
	held[owner] = true;
	for (uint32_t i = 0; i < OWNERS_MAX; i++)
		if (i != owner && held[i] && conflict(claim, &claims[i]))
			book_wrong_locked("owners %u and %u have file %d", owner, i,
							  claim->file);
	pthread_mutex_unlock(&book);
}

void
book_weaken(uint32_t owner)
{
	pthread_mutex_lock(&book);
	claims[owner].exclusive = false;
	pthread_mutex_unlock(&book);
}

void
book_leave_locked(uint32_t owner)
{
	held[owner] = false;
}

void
book_leave(uint32_t owner)
{
	pthread_mutex_lock(&book);
	book_leave_locked(owner);
	pthread_mutex_unlock(&book);
}

void
book_freeing(int file)
{
	pthread_mutex_lock(&book);
	freeing[file]++;
	pthread_mutex_unlock(&book);
}

void
book_freed(int file)
{
	pthread_mutex_lock(&book);
	freeing[file]--;
	freed_at[file] = milliseconds();
	pthread_mutex_unlock(&book);
}

void
book_turn_locked(int file, int64_t blocked_at)
{
	int64_t		now = milliseconds();
	int64_t		turn = freed_at[file] > blocked_at ? freed_at[file] :
		blocked_at;
	struct waits *w;

	if (file >= NUMBERS)
		return;
	/* who gives it back does not even know that it has */
	if (freeing[file] > 0)
		turn = now;
	w = &waits[server_away || server_back_at >= turn];
	w->count++;
	w->sum += now - turn;
	if (now - turn > w->longest)
		w->longest = now - turn;
}

uint64_t
book_number_read(int file, uint64_t number)
{
	uint64_t	wanted;

	pthread_mutex_lock(&book);
	wanted = numbers[file];
	if (number != wanted)
		book_wrong_locked("file %d has %llu, and %llu was written", file,
						  (unsigned long long) number,
						  (unsigned long long) wanted);
	pthread_mutex_unlock(&book);
	return wanted;
}

void
book_number_written(int file, uint64_t number)
{
	pthread_mutex_lock(&book);
	numbers[file] = number;
	counts[NUMBERS_ADDED]++;
	pthread_mutex_unlock(&book);
}

void
book_count_locked(enum count what)
{
	counts[what]++;
}

void
book_count(enum count what)
{
	pthread_mutex_lock(&book);
	book_count_locked(what);
	pthread_mutex_unlock(&book);
}

void
book_server_is(bool away)
{
	pthread_mutex_lock(&book);
	server_away = away;
	server_back_at = milliseconds();
	pthread_mutex_unlock(&book);
}

static void
print_waits(const struct waits *w, const char *when)
{
	printf("# locks: %ld had to wait%s; longest beyond its turn %lld ms, "
		   "%lld ms on the average\n", w->count, when,
		   (long long) w->longest,
		   (long long) (w->count > 0 ? w->sum / w->count : 0));
}

bool
book_report(uint64_t resends)
{
	pthread_mutex_lock(&book);
	printf("# locks: %ld grants, %ld of them at once, %ld told, %ld when asked "
		   "again\n", counts[GRANTED_AT_ONCE] + counts[GRANTED_TOLD] +
		   counts[GRANTED_ASKED], counts[GRANTED_AT_ONCE],
		   counts[GRANTED_TOLD], counts[GRANTED_ASKED]);
	printf("# locks: %ld refused, %ld given up, %ld changed, %ld share modes, "
		   "%ld hosts rebooted, %ld grants that nobody waited for, "
		   "%llu calls sent again\n", counts[DENIED], counts[GIVEN_UP],
		   counts[CHANGED], counts[SHARES], counts[REBOOTS],
		   counts[DENIED_GRANTS], (unsigned long long) resends);
	print_waits(&waits[0], "");
	print_waits(&waits[1], " while a server was away");
	printf("# locks: %ld added to numbers; %d wrong\n",
		   counts[NUMBERS_ADDED], wrong_count);
	pthread_mutex_unlock(&book);
	return wrong_count == 0;
}
