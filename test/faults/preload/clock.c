/* SPDX-License-Identifier: PostgreSQL */
/*
 * clock.c
 *	  For LD_PRELOAD: the wall clock, set forward or back while the server runs.
 *
 * The file that CLOCK_OFFSET names holds one int64_t: seconds to add.  It is
 * mapped, so that all processes see it change at once.  The monotonic clock,
 * by which timers run, stays as it is, as it does when an operator sets the
 * time.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;
static int	(*real_clock_gettime) (clockid_t, struct timespec *);

static __attribute__((constructor)) void
begin(void)
{
	const char *path = getenv("CLOCK_OFFSET");
	int			fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void	   *map;

	*(void **) &real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	if (fd < 0)
		return;
	map = mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);
	if (map != MAP_FAILED)
		offset = map;
	close(fd);
}

int
clock_gettime(clockid_t clock, struct timespec *time)
{
	int			result = real_clock_gettime(clock, time);

	if (result == 0 && offset != NULL && clock == CLOCK_REALTIME)
		time->tv_sec += *offset;
	return result;
}

int
gettimeofday(struct timeval *restrict time, void *restrict zone)
{
	struct timespec now;

	(void) zone;
	if (clock_gettime(CLOCK_REALTIME, &now) < 0)
		return -1;
	time->tv_sec = now.tv_sec;
	time->tv_usec = now.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *result)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (result != NULL)
		*result = now.tv_sec;
	return now.tv_sec;
}
