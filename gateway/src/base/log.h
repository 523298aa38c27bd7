/* SPDX-License-Identifier: PostgreSQL */
/*
 * log.h
 *	  Log lines on standard error, for whatever supervises the gateway.
 *
 *		2026-03-01T12:00:00.123Z warning w0 connection to PostgreSQL lost: ...
 *
 * or, with logging.format json, an object with time, level, thread and
 * message, and as members of its own what the message says of a client, a
 * call, a store...: docs/operations.md lists them.  In the journal of systemd
 * a line begins with its priority, and the journal knows the time.
 *
 * Lines are whole, and those of several workers do not mix.  No thread but the
 * log's own waits for a reader (log_queue.h).  A line never contains
 * one: a password, and therefore the connection string as a whole.
 *
 * Text that is not UTF-8 (names are bytes) has each byte above 127 as \ooo, the
 * way dittofs.name_to_text() writes it.
 */
#ifndef DITTOFS_LOG_H
#define DITTOFS_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

enum log_level
{
	LOG_LEVEL_ERROR,			/* someone must do something */
	LOG_LEVEL_WARNING,			/* a fault that heals by itself */
	LOG_LEVEL_INFO,				/* what an operator wants to see of a day */
	LOG_LEVEL_DEBUG				/* a line for every call */
};

extern enum log_level log_level;

/*
 * Before the workers start, and at a reload.  repeat: milliseconds in which
 * the same warning or error is written once; 0: always.
 */
extern void log_configure(enum log_level level, bool json, int64_t repeat);

/*
 * From here on a thread writes the lines.  Before the workers start, with the
 * signals blocked.
 */
extern void log_start(void);

/*
 * The program ends: lines that wait are written, as far as they can be within
 * two seconds.  Also before _exit(), which knows nothing of them.
 */
extern void log_finish(void);

/* Tells how often what was kept back came; now and then, and at the end. */
extern void log_finish_repeats(bool all);

/* The name that this thread's lines bear: "main", "w0". */
extern void log_set_thread_name(const char *name);

#define log_enabled(level) (__builtin_expect((level) <= log_level, 0))

#define log_error(...) log_with(LOG_LEVEL_ERROR, NULL, __VA_ARGS__)
#define log_warning(...) log_with(LOG_LEVEL_WARNING, NULL, __VA_ARGS__)
#define log_info(...) log_with(LOG_LEVEL_INFO, NULL, __VA_ARGS__)
#define log_debug(...) log_with(LOG_LEVEL_DEBUG, NULL, __VA_ARGS__)

/*
 * A line whose object has further members: a json_t *, NULL for none.  The
 * expression is evaluated only if that object is to be written.
 */
#define log_with(level, members, ...) \
	do { \
		if (log_enabled(level)) \
			log_write(level, log_as_json ? (members) : NULL, __VA_ARGS__); \
	} while (0)

extern bool log_as_json;

/*
 * Adds to members, or to a new object if that is NULL, what json_pack() makes
 * of the rest.  Text that is not certain to be UTF-8 goes there by log_text,
 * as "o".
 */
extern json_t *log_members(json_t *members, const char *format, ...);
extern json_t *log_text(const char *text);

/* What the macros call.  members is taken. */
extern void log_write(enum log_level level, json_t *members,
					  const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Reports a fault and ends the program, also when the log has no reader.  For
 * main and its options: before log_configure it writes to the terminal.
 */
extern void fatal(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

#endif							/* DITTOFS_LOG_H */
