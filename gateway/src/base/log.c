/* SPDX-License-Identifier: PostgreSQL */
/*
 * log.c
 *	  Log lines: see log.h.
 *
 * Messages of the server arrive with line breaks; a line break inside a line
 * becomes a space, or a log reader would take the rest for a line of ours.
 *
 * Trouble tends to say the same again and again.  A warning or error with
 * the very words of one that was written a moment ago is counted instead, and
 * so is what one place in the code says too often, in whatever words (calls
 * that fail one by one bear the name of a client).  When the time is over one
 * line tells how many there were.  Calls that go well are told at level debug,
 * which has no such bound.
 */
#include "base/log.h"
#include "base/clock.h"
#include "base/log_queue.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_SIZE 2048

/* Milliseconds for what waits at the end. */
#define FINISH_TIME 2000

static const char *const level_names[] = {"error", "warning", "info", "debug"};

/* Of syslog(3), for the journal: err, warning, info, debug. */
static const int priorities[] = {3, 4, 6, 7};

enum log_level log_level = LOG_LEVEL_INFO;

bool		log_as_json;

static bool configured;
static bool ending;				/* what is said now is the last */
static int64_t repeat_time;		/* milliseconds */
static bool to_journal;

static _Thread_local char thread_name[16] = "main";

void
log_set_thread_name(const char *name)
{
	snprintf(thread_name, sizeof(thread_name), "%s", name);
}

/* systemd tells by JOURNAL_STREAM which stream is the journal's. */
static bool
is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device;
	unsigned long long inode;
	struct stat status;

	return stream != NULL &&
		sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
		fstat(STDERR_FILENO, &status) == 0 && status.st_dev == device &&
		status.st_ino == inode;
}

void
log_configure(enum log_level level, bool json, int64_t repeat)
{
	log_level = level;
	log_as_json = json;
	repeat_time = repeat;
	to_journal = is_journal();
	configured = true;
}

/*
 * Writing.
 */

static size_t
put_time(char *to, size_t size)
{
	struct timespec now;
	struct tm	tm;
	size_t		used;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	used = strftime(to, size, "%Y-%m-%dT%H:%M:%S", &tm);
	used += (size_t) snprintf(to + used, size - used, ".%03ldZ",
							  now.tv_nsec / 1000000);
	return used;
}

/* size bytes at most; what does not fit is left out. */
static void
escape_bytes(char *to, size_t size, const char *from)
{
	char	   *end = to + size - sizeof("\\ooo");

	for (; *from != '\0' && to <= end; from++)
	{
		unsigned char byte = (unsigned char) *from;

		if (byte < 128)
			*to++ = *from;
		else
			to += sprintf(to, "\\%03o", byte);
	}
	*to = '\0';
}

json_t *
log_text(const char *text)
{
	json_t	   *string = json_string(text);
	char		escaped[LINE_MAX_SIZE];

	if (string != NULL)
		return string;
	escape_bytes(escaped, sizeof(escaped), text);
	return json_string(escaped);
}

json_t *
log_members(json_t *members, const char *format, ...)
{
	va_list		arguments;
	json_t	   *more;

	va_start(arguments, format);
	more = json_vpack_ex(NULL, 0, format, arguments);
	va_end(arguments);
	if (members == NULL)
		return more;
	json_object_update(members, more);
	json_decref(more);
	return members;
}

static void
write_json(enum log_level level, json_t *members, const char *message)
{
	char		when[64];
	json_t	   *object;
	char	   *text;
	char	   *line;
	int			size;

	put_time(when, sizeof(when));
	object = json_pack("{s:s, s:s, s:s, s:o}", "time", when,
					   "level", level_names[level],
					   "thread", thread_name, "message", log_text(message));
	json_object_update(object, members);
	text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(9));
	json_decref(object);
	if (text == NULL)
		return;
	size = asprintf(&line, "%s\n", text);
	free(text);
	if (size < 0)
		return;
	log_queue_put(line, (size_t) size, ending);
	free(line);
}

/* What is in a name must not reach the terminal of who reads it. */
static void
mask_controls(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char) *text < ' ' || *text == 127)
			*text = '?';
}

static void
write_text(enum log_level level, const char *message)
{
	char		line[LINE_MAX_SIZE + 128];
	size_t		size = 0;

	if (to_journal)
		size += (size_t) snprintf(line, sizeof(line), "<%d>",
								  priorities[level]);
	else
	{
		size += put_time(line, sizeof(line));
		size += (size_t) snprintf(line + size, sizeof(line) - size, " %s ",
								  level_names[level]);
	}
	size += (size_t) snprintf(line + size, sizeof(line) - size, "%s %s",
							  thread_name, message);
	mask_controls(line);
	line[size++] = '\n';
	log_queue_put(line, size, ending);
}

static void
write_message(enum log_level level, json_t *members, const char *message)
{
	if (log_as_json)
		write_json(level, members, message);
	else
		write_text(level, message);
}

/* Said by the thread that writes. */
static void
tell_lost(uint64_t lost)
{
	char		message[64];
	json_t	   *members = NULL;

	snprintf(message, sizeof(message),
			 "%llu lines are lost: the log was not read in time",
			 (unsigned long long) lost);
	if (log_as_json)
		members = log_members(NULL, "{s:I}", "lost", (json_int_t) lost);
	write_message(LOG_LEVEL_WARNING, members, message);
	json_decref(members);
}

void
log_start(void)
{
	log_queue_start(tell_lost);
}

void
log_finish(void)
{
	(void) log_queue_flush(FINISH_TIME);
}

/*
 * Repeats.
 */

/* Lines of one place in the code that are written within the time. */
#define BURST 50

#define REPEATS 64

struct repeat
{
	uint64_t	key;			/* of the words, or of the place; 0: free */
	enum log_level level;
	int64_t		since;			/* milliseconds */
	int			count;
	char		message[200];	/* the beginning */
};

/* Apart, so that many texts of one place do not push out the place. */
static struct repeat texts[REPEATS];
static struct repeat places[REPEATS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t
milliseconds(void)
{
	return clock_now() / 1000;
}

static uint64_t
hash_text(const char *text)
{
	uint64_t	hash = 14695981039346656037u;

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t) *text) * 1099511628211u;
	return hash | 1;
}

/* Its time is over: what it has kept back is told. */
static void
finish_repeat(struct repeat *repeat, int limit)
{
	char		message[sizeof(repeat->message) + 64];

	if (repeat->count > limit)
	{
		json_t	   *members = NULL;

		snprintf(message, sizeof(message), "%d more like this: %s",
				 repeat->count - limit, repeat->message);
		if (log_as_json)
			members = log_members(NULL, "{s:i}", "repeats",
								  repeat->count - limit);
		write_message(repeat->level, members, message);
		json_decref(members);
	}
	repeat->key = 0;
}

/* The entry of the key, or one that can be had for it. */
static struct repeat *
find_repeat(struct repeat *table, uint64_t key, int limit)
{
	struct repeat *oldest = NULL;

	for (int i = 0; i < REPEATS; i++)
	{
		struct repeat *repeat = &table[i];

		if (repeat->key == key)
			return repeat;
		if (oldest == NULL || repeat->key == 0 ||
			(oldest->key != 0 && repeat->since < oldest->since))
			oldest = repeat;
	}
	if (oldest->key != 0)
		finish_repeat(oldest, limit);
	return oldest;
}

static bool
count_repeat(struct repeat *table, uint64_t key, int limit,
			 enum log_level level, const char *message, int64_t now)
{
	struct repeat *repeat = find_repeat(table, key, limit);

	if (repeat->key == key && now - repeat->since >= repeat_time)
		finish_repeat(repeat, limit);
	if (repeat->key != key)
	{
		repeat->key = key;
		repeat->level = level;
		repeat->since = now;
		repeat->count = 0;
	}
	snprintf(repeat->message, sizeof(repeat->message), "%s", message);
	return ++repeat->count <= limit;
}

static bool
may_write(enum log_level level, const char *format, const char *message)
{
	int64_t		now;
	bool		may;

	if (level > LOG_LEVEL_INFO || repeat_time == 0)
		return true;
	now = milliseconds();
	pthread_mutex_lock(&lock);
	may = (level == LOG_LEVEL_INFO ||
		   count_repeat(texts, hash_text(message), 1, level, message, now)) &&
		count_repeat(places, (uint64_t) (uintptr_t) format, BURST, level,
					 message, now);
	pthread_mutex_unlock(&lock);
	return may;
}

static void
finish_table(struct repeat *table, int limit, bool all)
{
	int64_t		now = milliseconds();

	for (int i = 0; i < REPEATS; i++)
		if (table[i].key != 0 && (all || now - table[i].since >= repeat_time))
			finish_repeat(&table[i], limit);
}

void
log_finish_repeats(bool all)
{
	pthread_mutex_lock(&lock);
	finish_table(texts, 1, all);
	finish_table(places, BURST, all);
	pthread_mutex_unlock(&lock);
}

static bool
is_utf8(const char *text)
{
	json_t	   *string;
	const char *at = text;

	while (*at != '\0' && (unsigned char) *at < 128)
		at++;
	if (*at == '\0')
		return true;
	string = json_string(text);
	json_decref(string);
	return string != NULL;
}

/* Of several lines one, without what ends them. */
static void make_message(char *message, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void
make_message(char *message, const char *format, va_list arguments)
{
	size_t		size;

	if (vsnprintf(message, LINE_MAX_SIZE, format, arguments) < 0)
		message[0] = '\0';
	size = strlen(message);
	while (size > 0 && message[size - 1] == '\n')
		message[--size] = '\0';
	for (char *at = message; (at = strchr(at, '\n')) != NULL;)
		*at = ' ';
	if (!is_utf8(message))
	{
		char		bytes[LINE_MAX_SIZE];

		memcpy(bytes, message, strlen(message) + 1);
		escape_bytes(message, LINE_MAX_SIZE, bytes);
	}
}

void
log_write(enum log_level level, json_t *members, const char *format, ...)
{
	char		message[LINE_MAX_SIZE];
	va_list		arguments;

	va_start(arguments, format);
	make_message(message, format, arguments);
	va_end(arguments);
	if (may_write(level, format, message))
		write_message(level, members, message);
	json_decref(members);
}

void
fatal(const char *format, ...)
{
	char		message[LINE_MAX_SIZE];
	va_list		arguments;

	va_start(arguments, format);
	make_message(message, format, arguments);
	va_end(arguments);
	ending = true;
	if (configured)
	{
		write_message(LOG_LEVEL_ERROR, NULL, message);
		log_finish();
	}
	else
		fprintf(stderr, "dittofs: %s\n", message);
	/* Not exit(): other threads may have in use what that tears down. */
	fflush(stdout);
	_exit(1);
}
