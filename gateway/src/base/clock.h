/* SPDX-License-Identifier: PostgreSQL */
/*
 * clock.h
 *	  The clock of the gateway's deadlines, and waiting until a moment of it.
 *
 * The clock is monotonic: a deadline does not move when an administrator sets
 * the time of day, or when a virtual machine has slept.
 */
#ifndef DITTOFS_CLOCK_H
#define DITTOFS_CLOCK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* Microseconds. */
extern int64_t clock_now(void);

/*
 * As pthread's wait, lock and join, but until that moment at the latest.
 * False: it has come; clock_wait() may also return true when nothing was
 * signalled.
 */
extern bool clock_wait(pthread_cond_t *condition, pthread_mutex_t *mutex,
					   int64_t until);
extern bool clock_lock(pthread_mutex_t *mutex, int64_t until);
extern bool clock_join(pthread_t thread, int64_t until);

#endif							/* DITTOFS_CLOCK_H */
