/* SPDX-License-Identifier: PostgreSQL */
/*
 * clock.c
 *	  The clock of deadlines: see clock.h.
 */
#include "base/clock.h"

#include <time.h>

#define SECOND 1000000

int64_t
clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * SECOND + now.tv_nsec / 1000;
}

static struct timespec
moment(int64_t until)
{
	struct timespec moment = {until / SECOND, until % SECOND * 1000};

	return moment;
}

bool
clock_wait(pthread_cond_t *condition, pthread_mutex_t *mutex, int64_t until)
{
	struct timespec time = moment(until);

	return pthread_cond_clockwait(condition, mutex, CLOCK_MONOTONIC, &time) ==
		0;
}

bool
clock_lock(pthread_mutex_t *mutex, int64_t until)
{
	struct timespec time = moment(until);

	return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &time) == 0;
}

bool
clock_join(pthread_t thread, int64_t until)
{
	struct timespec time = moment(until);

	return pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &time) == 0;
}
