/*
 * log.c
 *	  Log lines: see log.h.
 *
 * Messages of the server arrive with line breaks; a line break inside a line
 * becomes a space, or a log reader would take the rest for a line of ours.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

const char *const log_level_names[] = {"error", "warning", "info", "debug",
									   NULL};

enum log_level log_level = LOG_LEVEL_INFO;

static _Thread_local char thread_name[16] = "main";

void
log_set_thread_name(const char *name)
{
	snprintf(thread_name, sizeof(thread_name), "%s", name);
}

void
log_write(enum log_level level, const char *format, ...)
{
	char		line[2048];
	size_t		size;
	int			n;
	struct timespec now;
	struct tm	tm;
	va_list		arguments;

	if (level > log_level)
		return;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	size = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &tm);
	size += snprintf(line + size, sizeof(line) - size, ".%03ldZ %s %s ",
					 now.tv_nsec / 1000000, log_level_names[level],
					 thread_name);

	va_start(arguments, format);
	n = vsnprintf(line + size, sizeof(line) - size, format, arguments);
	va_end(arguments);
	if (n > 0)
		size += n;
	if (size > sizeof(line) - 1)
		size = sizeof(line) - 1;

	while (size > 0 && line[size - 1] == '\n')
		size--;
	for (char *at = line; (at = memchr(at, '\n', line + size - at)) != NULL;)
		*at = ' ';
	line[size++] = '\n';

	/* A log that nobody reads any more must not stop the file system. */
	if (write(STDERR_FILENO, line, size) < 0)
		return;
}

void
fatal(const char *format, ...)
{
	va_list		arguments;

	fputs("dittofs: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}
