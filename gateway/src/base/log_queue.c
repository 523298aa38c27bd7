/* SPDX-License-Identifier: PostgreSQL */
/*
 * log_queue.c
 *	  Lines on their way to standard error: see log_queue.h.
 *
 * There are two buffers.  Threads fill one; the writer takes it as a whole,
 * leaves the other in its place, and writes.  When the one that is being filled
 * has no room for a line, that line and all after it are lost until the writer
 * comes for it: so the place of the line that tells of the loss is right.
 *
 * Several lines go out by one write(2), but never more than PIPE_BUF bytes
 * unless a line alone is longer: other processes may write to the same pipe.
 */
#include "base/log_queue.h"
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* What the last words of a program find room in. */
#define RESERVE 8192

struct buffer
{
	size_t		size;
	char		text[LOG_QUEUE_SIZE + RESERVE];
};

static struct buffer buffers[2];
static struct buffer *filling = &buffers[0];
static bool full;				/* a line of this buffer is lost already */
static bool writing;
static uint64_t lost;			/* since the last that was told */
static atomic_uint_fast64_t lost_ever;

static bool started;
static _Thread_local bool is_writer;
static void (*tell_lost) (uint64_t lost);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t filled = PTHREAD_COND_INITIALIZER;
static pthread_cond_t written = PTHREAD_COND_INITIALIZER;

/* False: it cannot be written, now or ever. */
static bool
write_all(const char *text, size_t size)
{
	while (size > 0)
	{
		ssize_t		n = write(STDERR_FILENO, text, size);

		if (n < 0 && errno == EAGAIN)
		{
			/* Set by another process: the descriptor is shared. */
			struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};

			poll(&out, 1, -1);
		}
		else if (n < 0 && errno != EINTR)
			return false;
		else if (n > 0)
		{
			text += n;
			size -= (size_t) n;
		}
	}
	return true;
}

/* As many whole lines as one write takes. */
static size_t
lines_of(const char *text, size_t size)
{
	const char *end;

	if (size <= PIPE_BUF)
		return size;
	end = memrchr(text, '\n', PIPE_BUF);
	if (end == NULL)
		end = memchr(text, '\n', size);
	return end != NULL ? (size_t) (end - text) + 1 : size;
}

static uint64_t
count_lines(const char *text, size_t size)
{
	uint64_t	count = 0;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	return count;
}

/* Returns how many lines could not be written. */
static uint64_t
write_lines(const char *text, size_t size)
{
	uint64_t	failed = 0;

	while (size > 0)
	{
		size_t		part = lines_of(text, size);

		if (!write_all(text, part))
			failed += count_lines(text, part);
		text += part;
		size -= part;
	}
	return failed;
}

static void *
write_queue(void *unused)
{
	(void) unused;
	is_writer = true;
	pthread_mutex_lock(&lock);
	for (;;)
	{
		struct buffer *taken = filling;
		uint64_t	untold;
		uint64_t	failed;

		if (taken->size == 0 && lost == 0)
		{
			writing = false;
			pthread_cond_broadcast(&written);
			pthread_cond_wait(&filled, &lock);
			continue;
		}
		writing = true;
		filling = &buffers[taken == &buffers[0]];
		filling->size = 0;
		full = false;
		untold = lost;
		lost = 0;
		pthread_mutex_unlock(&lock);

		failed = write_lines(taken->text, taken->size);
		if (untold > 0)
			tell_lost(untold);
		atomic_fetch_add(&lost_ever, failed);

		pthread_mutex_lock(&lock);
	}
	return NULL;
}

void
log_queue_start(void (*tell) (uint64_t lost))
{
	pthread_t	thread;

	tell_lost = tell;
	if (pthread_create(&thread, NULL, write_queue, NULL) != 0)
		return;
	pthread_detach(thread);
	started = true;
}

void
log_queue_put(const char *line, size_t size, bool last)
{
	size_t		room = last ? LOG_QUEUE_SIZE + RESERVE : LOG_QUEUE_SIZE;

	if (!started || is_writer)
	{
		if (!write_all(line, size))
			atomic_fetch_add(&lost_ever, 1);
		return;
	}
	pthread_mutex_lock(&lock);
	if ((full && !last) || filling->size + size > room)
	{
		full = true;
		lost++;
		atomic_fetch_add(&lost_ever, 1);
	}
	else
	{
		memcpy(filling->text + filling->size, line, size);
		filling->size += size;
	}
	if (!writing)
		pthread_cond_signal(&filled);
	pthread_mutex_unlock(&lock);
}

bool
log_queue_flush(int milliseconds)
{
	int64_t		until = clock_now() + (int64_t) milliseconds * 1000;
	bool		done;

	if (!started || is_writer)
		return true;
	pthread_mutex_lock(&lock);
	while ((writing || filling->size > 0) &&
		   clock_wait(&written, &lock, until))
		;
	done = !writing && filling->size == 0;
	pthread_mutex_unlock(&lock);
	return done;
}

uint64_t
log_queue_lost(void)
{
	return atomic_load(&lost_ever);
}
