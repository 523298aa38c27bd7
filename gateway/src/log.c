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
 * line tells how many there were.  That is the only lock in this file, and
 * nothing that goes well comes by it.
 */
#include "log.h"

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

const char *const log_level_names[] = {"error", "warning", "info", "debug",
									   NULL};

/* Of syslog(3), for the journal: err, warning, info, debug. */
static const int priorities[] = {3, 4, 6, 7};

enum log_level log_level = LOG_LEVEL_INFO;

bool		log_as_json;

static bool configured;
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

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
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

/* A log that nobody reads any more must not stop the file system. */
static void
write_out(const char *line, size_t size)
{
	if (write(STDERR_FILENO, line, size) < 0)
		return;
}

/* Not UTF-8: a name of somebody else's.  Anything is better than silence. */
json_t *
log_text(const char *text)
{
	json_t	   *string = json_string(text);
	char		ascii[LINE_MAX_SIZE];

	if (string != NULL)
		return string;
	snprintf(ascii, sizeof(ascii), "%s", text);
	for (char *at = ascii; *at != '\0'; at++)
		if ((unsigned char) *at >= 128)
			*at = '?';
	return json_string(ascii);
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
					   "level", log_level_names[level],
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
	write_out(line, (size_t) size);
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
								  log_level_names[level]);
	}
	size += (size_t) snprintf(line + size, sizeof(line) - size, "%s %s",
							  thread_name, message);
	mask_controls(line);
	line[size++] = '\n';
	write_out(line, size);
}

static void
write_message(enum log_level level, json_t *members, const char *message)
{
	if (log_as_json)
		write_json(level, members, message);
	else
		write_text(level, message);
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
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
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

	if (level > LOG_LEVEL_WARNING || repeat_time == 0)
		return true;
	now = milliseconds();
	pthread_mutex_lock(&lock);
	may = count_repeat(texts, hash_text(message), 1, level, message, now) &&
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
	if (configured)
		write_message(LOG_LEVEL_ERROR, NULL, message);
	else
		fprintf(stderr, "dittofs: %s\n", message);
	exit(1);
}
