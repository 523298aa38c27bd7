/* SPDX-License-Identifier: PostgreSQL */
/*
 * epoch.c
 *	  When retired memory may be released: see epoch.h.
 *
 * There is a number, the epoch, which each retirement increases; what is
 * retired bears the new one.  A thread that passes writes down the epoch it
 * finds.  When it finds the number of a retirement, it also finds the pointer
 * that was stored before, so from then on it cannot come to the old memory; and
 * what it held, it holds no more.  So that memory is free when all threads have
 * written down its number or a later one.
 */
#include "base/epoch.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/queue.h>

struct reader
{
	LIST_ENTRY(reader) link;
	_Atomic uint64_t passed;	/* the epoch seen while it held nothing */
	int			depth;			/* how often it is attached */
};

struct retired
{
	STAILQ_ENTRY(retired) link;
	uint64_t	epoch;
	void	   *memory;
	void		(*release) (void *memory);
};

static _Atomic uint64_t epoch;
static _Thread_local struct reader mine;

static LIST_HEAD(, reader) readers = LIST_HEAD_INITIALIZER(readers);
static STAILQ_HEAD(, retired) all = STAILQ_HEAD_INITIALIZER(all);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void
epoch_attach(void)
{
	if (mine.depth++ > 0)
		return;
	pthread_mutex_lock(&lock);
	atomic_store(&mine.passed, atomic_load(&epoch));
	LIST_INSERT_HEAD(&readers, &mine, link);
	pthread_mutex_unlock(&lock);
}

void
epoch_detach(void)
{
	if (--mine.depth > 0)
		return;
	pthread_mutex_lock(&lock);
	LIST_REMOVE(&mine, link);
	pthread_mutex_unlock(&lock);
	epoch_reclaim();
}

void
epoch_pass(void)
{
	uint64_t	now = atomic_load_explicit(&epoch, memory_order_acquire);

	if (atomic_load_explicit(&mine.passed, memory_order_relaxed) != now)
		atomic_store_explicit(&mine.passed, now, memory_order_release);
}

/* Of all threads the one that has passed longest ago. */
static uint64_t
oldest_pass(void)
{
	const struct reader *reader;
	uint64_t	oldest = UINT64_MAX;

	LIST_FOREACH(reader, &readers, link)
	{
		uint64_t	passed = atomic_load_explicit(&reader->passed,
												  memory_order_acquire);

		if (passed < oldest)
			oldest = passed;
	}
	return oldest;
}

void
epoch_reclaim(void)
{
	STAILQ_HEAD(, retired) free_now = STAILQ_HEAD_INITIALIZER(free_now);
	struct retired *retired;
	uint64_t	oldest;

	pthread_mutex_lock(&lock);
	oldest = oldest_pass();
	while ((retired = STAILQ_FIRST(&all)) != NULL && retired->epoch <= oldest)
	{
		STAILQ_REMOVE_HEAD(&all, link);
		STAILQ_INSERT_TAIL(&free_now, retired, link);
	}
	pthread_mutex_unlock(&lock);

	while ((retired = STAILQ_FIRST(&free_now)) != NULL)
	{
		STAILQ_REMOVE_HEAD(&free_now, link);
		retired->release(retired->memory);
		free(retired);
	}
}

void
epoch_retire(void *memory, void (*release) (void *memory))
{
	struct retired *retired;

	if (memory == NULL)
		return;
	retired = malloc(sizeof(*retired));
	if (retired == NULL)
		fatal("out of memory");
	retired->memory = memory;
	retired->release = release;
	pthread_mutex_lock(&lock);
	retired->epoch = atomic_fetch_add(&epoch, 1) + 1;
	STAILQ_INSERT_TAIL(&all, retired, link);
	pthread_mutex_unlock(&lock);
	epoch_reclaim();
}
