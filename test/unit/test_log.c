/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_log.c
 *	  Log lines: their forms, and what is done about repeats.
 */
#include "unit.h"

#include "base/log.h"
#include "base/log_queue.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

static int	saved;
static char file[] = "/tmp/dittofs-test-log.XXXXXX";

/* Standard error goes to the file. */
static int
begin(void **state)
{
	int			fd = open(file, O_RDWR | O_CREAT | O_TRUNC, 0600);

	(void) state;
	fflush(stderr);
	saved = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	close(fd);
	return 0;
}

static int
end(void **state)
{
	(void) state;
	log_finish_repeats(true);
	dup2(saved, STDERR_FILENO);
	close(saved);
	log_configure(LOG_LEVEL_INFO, false, 0);
	return 0;
}

/* What has been written so far. */
static const char *
written(void)
{
	static char text[65536];
	int			fd = open(file, O_RDONLY);
	ssize_t		size = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[size > 0 ? size : 0] = '\0';
	return text;
}

static int
lines(void)
{
	int			count = 0;

	for (const char *at = written(); *at != '\0'; at++)
		count += *at == '\n';
	return count;
}

static void
test_text(void **state)
{
	(void) state;
	log_configure(LOG_LEVEL_INFO, false, 0);
	log_debug("not this");
	log_warning("two\nlines\n");
	assert_int_equal(lines(), 1);
	assert_non_null(strstr(written(), "Z warning main two lines\n"));
}

static void
test_json(void **state)
{
	json_t	   *object;

	(void) state;
	log_configure(LOG_LEVEL_INFO, true, 0);
	log_error("a \"quoted\" %s", "\ttab\x01");
	assert_int_equal(lines(), 1);
	object = json_loads(written(), 0, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "level")),
						"error");
	assert_string_equal(json_string_value(json_object_get(object, "message")),
						"a \"quoted\" \ttab\x01");
	assert_int_equal(strlen(json_string_value(json_object_get(object, "time"))),
					 24);
	json_decref(object);
}

static void
test_json_of_bytes(void **state)
{
	json_t	   *object;

	(void) state;
	log_configure(LOG_LEVEL_INFO, true, 0);
	log_error("name \xff\xfe");
	object = json_loads(written(), 0, NULL);
	assert_non_null(object);
	assert_string_equal(json_string_value(json_object_get(object, "message")),
						"name \\377\\376");
	json_decref(object);
}

static const char *
member(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static int	made;

static json_t *
make_members(void)
{
	made++;
	return log_members(log_members(NULL, "{s:s, s:o}", "procedure", "CREATE",
								   "error", log_text("na\xefve")),
					   "{s:i, s:f}", "attempts", 3, "total_ms", 1.5);
}

static void
test_json_members(void **state)
{
	json_t	   *object;

	(void) state;
	made = 0;
	log_configure(LOG_LEVEL_INFO, true, 0);
	log_with(LOG_LEVEL_DEBUG, make_members(), "not this");
	assert_int_equal(made, 0);
	log_with(LOG_LEVEL_INFO, make_members(), "%s was late", "CREATE");
	assert_int_equal(made, 1);
	assert_int_equal(lines(), 1);
	object = json_loads(written(), 0, NULL);
	assert_non_null(object);
	assert_int_equal(json_object_size(object), 8);
	assert_string_equal(member(object, "message"), "CREATE was late");
	assert_string_equal(member(object, "procedure"), "CREATE");
	assert_string_equal(member(object, "error"), "na\\357ve");
	assert_int_equal(json_integer_value(json_object_get(object, "attempts")),
					 3);
	assert_true(json_real_value(json_object_get(object, "total_ms")) == 1.5);
	json_decref(object);

	/* text has the words alone */
	log_configure(LOG_LEVEL_INFO, false, 0);
	log_with(LOG_LEVEL_INFO, make_members(), "%s was late", "REMOVE");
	assert_int_equal(made, 1);
	assert_non_null(strstr(written(), " info main REMOVE was late\n"));
}

/* Who reads text reads it in a terminal. */
static void
test_controls(void **state)
{
	(void) state;
	log_configure(LOG_LEVEL_INFO, false, 0);
	log_info("a \x1b[31mname\r\x7f");
	assert_non_null(strstr(written(), " info main a ?[31mname??\n"));
}

static void
test_json_repeats(void **state)
{
	json_t	   *object;

	(void) state;
	log_configure(LOG_LEVEL_INFO, true, 60000);
	for (int i = 0; i < 5; i++)
		log_warning("the same");
	log_finish_repeats(true);
	assert_int_equal(lines(), 2);
	object = json_loads(strchr(written(), '\n'), 0, NULL);
	assert_non_null(object);
	assert_int_equal(json_integer_value(json_object_get(object, "repeats")), 4);
	json_decref(object);
}

static void
test_journal(void **state)
{
	struct stat status;
	char		stream[64];

	(void) state;
	fstat(STDERR_FILENO, &status);
	snprintf(stream, sizeof(stream), "%llu:%llu",
			 (unsigned long long) status.st_dev,
			 (unsigned long long) status.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_configure(LOG_LEVEL_DEBUG, false, 0);
	unsetenv("JOURNAL_STREAM");
	log_error("e");
	log_warning("w");
	log_info("i");
	log_debug("d");
	assert_string_equal(written(), "<3>main e\n<4>main w\n<6>main i\n"
						"<7>main d\n");

	/* of somebody else's stream */
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_configure(LOG_LEVEL_DEBUG, false, 0);
	unsetenv("JOURNAL_STREAM");
	log_error("x");
	assert_non_null(strstr(written(), "Z error main x\n"));
}

static void
test_repeats(void **state)
{
	(void) state;
	log_configure(LOG_LEVEL_INFO, false, 50);
	for (int i = 0; i < 1000; i++)
		log_warning("the same");
	assert_int_equal(lines(), 1);
	log_warning("another");
	assert_int_equal(lines(), 2);
	usleep(60000);
	log_finish_repeats(false);
	assert_int_equal(lines(), 3);
	assert_non_null(strstr(written(), "999 more like this: the same\n"));
	log_warning("the same");
	assert_int_equal(lines(), 4);

	/* what goes well is told as it comes */
	for (int i = 0; i < 10; i++)
		log_info("fine");
	assert_int_equal(lines(), 14);
}

static void
test_bursts(void **state)
{
	(void) state;
	log_configure(LOG_LEVEL_INFO, false, 60000);
	for (int i = 0; i < 1000; i++)
		log_warning("client %d in trouble", i);
	assert_int_equal(lines(), 50);
	log_finish_repeats(true);
	assert_int_equal(lines(), 51);
	assert_non_null(strstr(written(),
						   "950 more like this: client 999 in trouble\n"));
}

/* So is what clients can make it say at level info. */
static void
test_bursts_of_info(void **state)
{
	(void) state;
	log_configure(LOG_LEVEL_INFO, false, 60000);
	for (int i = 0; i < 1000; i++)
		log_info("client %d takes no replies", i);
	assert_int_equal(lines(), 50);
	log_finish_repeats(true);
	assert_int_equal(lines(), 51);
}

static void
test_always(void **state)
{
	(void) state;
	log_configure(LOG_LEVEL_INFO, false, 0);
	for (int i = 0; i < 10; i++)
		log_warning("the same");
	assert_int_equal(lines(), 10);
}

#define MANY 20000

static char said[8 * LOG_QUEUE_SIZE];

/* To its end. */
static void *
read_pipe(void *argument)
{
	size_t		size = 0;
	ssize_t		n;

	while ((n = read(*(int *) argument, said + size,
					 sizeof(said) - 1 - size)) > 0)
		size += (size_t) n;
	return NULL;
}

/*
 * A pipe that nobody reads: lines are lost, nobody waits, and when it is read
 * after all, what comes are whole lines, in order, and the number of those that
 * are missing.  Last, for there is a thread that writes from here on.
 */
static void
test_unread(void **state)
{
	int			ends[2];
	pthread_t	reader;
	int			count = 0;
	int			last = -1;
	int			words = 0;
	uint64_t	missing = 0;
	uint64_t	lost;

	(void) state;
	assert_int_equal(pipe(ends), 0);
	fcntl(ends[1], F_SETPIPE_SZ, 4096);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	log_configure(LOG_LEVEL_DEBUG, false, 0);
	log_start();
	for (int i = 0; i < MANY; i++)
		log_debug("line %d of a log that nobody reads", i);
	lost = log_queue_lost();
	assert_true(lost > 0);
	assert_true(lost < MANY);
	assert_false(log_queue_flush(10));

	/* The last words of a program find room all the same. */
	log_queue_put("the last words\n", 15, true);
	pthread_create(&reader, NULL, read_pipe, &ends[0]);
	assert_true(log_queue_flush(600000));
	dup2(saved, STDERR_FILENO);
	pthread_join(reader, NULL);
	close(ends[0]);
	for (char *line = strtok(said, "\n"); line != NULL;
		 line = strtok(NULL, "\n"))
	{
		const char *text = strstr(line, " main ");
		unsigned long long number;

		if (strcmp(line, "the last words") == 0)
			words++;
		else if (text != NULL &&
				 sscanf(text, " main line %llu of", &number) == 1)
		{
			assert_non_null(strstr(text, " of a log that nobody reads"));
			assert_true((int) number > last);
			last = (int) number;
			count++;
		}
		else
		{
			assert_non_null(text);
			assert_non_null(strstr(text, " lines are lost"));
			assert_int_equal(sscanf(text, " main %llu lines", &number), 1);
			missing += number;
		}
	}
	assert_int_equal(words, 1);
	assert_int_equal(missing, lost);
	assert_int_equal(count + (int) lost, MANY);

	/* Nobody is there any more. */
	assert_int_equal(pipe(ends), 0);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	close(ends[0]);
	log_debug("said to nobody");
	assert_true(log_queue_flush(600000));
	assert_int_equal(log_queue_lost(), lost + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text, begin, end),
		cmocka_unit_test_setup_teardown(test_json, begin, end),
		cmocka_unit_test_setup_teardown(test_json_of_bytes, begin, end),
		cmocka_unit_test_setup_teardown(test_json_members, begin, end),
		cmocka_unit_test_setup_teardown(test_json_repeats, begin, end),
		cmocka_unit_test_setup_teardown(test_controls, begin, end),
		cmocka_unit_test_setup_teardown(test_journal, begin, end),
		cmocka_unit_test_setup_teardown(test_repeats, begin, end),
		cmocka_unit_test_setup_teardown(test_bursts, begin, end),
		cmocka_unit_test_setup_teardown(test_bursts_of_info, begin, end),
		cmocka_unit_test_setup_teardown(test_always, begin, end),
		cmocka_unit_test_setup_teardown(test_unread, begin, end),
	};
	int			failed;

	signal(SIGPIPE, SIG_IGN);
	close(mkstemp(file));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(file);
	return failed;
}
