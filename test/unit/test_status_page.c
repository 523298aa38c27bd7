/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_status_page.c
 *	  The status page when the time is set.
 */
#include "unit.h"

#include <jansson.h>
#include <time.h>

#include "monitor/http.h"
#include "config/config.h"

static time_t set_by;			/* seconds */

/* In place of libc's. */
time_t
time(time_t *result)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	now.tv_sec += set_by;
	if (result != NULL)
		*result = now.tv_sec;
	return now.tv_sec;
}

static json_int_t
uptime(void)
{
	static struct config config;
	char	   *text = status_text(&config, false);
	json_t	   *status = json_loads(text, 0, NULL);
	json_int_t	seconds;

	assert_non_null(status);
	seconds = json_integer_value(json_object_get(status, "uptime"));
	json_decref(status);
	free(text);
	return seconds;
}

static void
test_uptime(void **state)
{
	(void) state;
	status_sample();
	for (set_by = -86400; set_by <= 86400; set_by += 86400)
		assert_in_range(uptime(), 0, 3600);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_uptime)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
