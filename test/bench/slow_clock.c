/* SPDX-License-Identifier: PostgreSQL */
/*
 * slow_clock.c
 *	  A library for LD_PRELOAD: time passes a five-hundredth as fast.
 *
 * What runs under callgrind takes fifty times as long, and so do calls; but a
 * gateway looks for something to do every second.  With its clock that slow,
 * what it does by the clock is next to nothing of what is counted
 * (instructions).
 */
#include <limits.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SLOWER 500
#define SECOND INT64_C(1000000000)

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	static int64_t begin;
	int64_t		time;

	if (syscall(SYS_clock_gettime, clock, now) != 0)
		return -1;
	if (clock != CLOCK_MONOTONIC)
		return 0;
	time = now->tv_sec * SECOND + now->tv_nsec;
	if (begin == 0)
		begin = time;
	time = begin + (time - begin) / SLOWER;
	now->tv_sec = time / SECOND;
	now->tv_nsec = time % SECOND;
	return 0;
}

int
epoll_wait(int epoll, struct epoll_event *events, int size, int timeout)
{
	if (timeout > 0)
		timeout = timeout > INT_MAX / SLOWER ? INT_MAX : timeout * SLOWER;
	return epoll_pwait(epoll, events, size, timeout, NULL);
}
