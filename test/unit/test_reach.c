/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_reach.c
 *	  Which address of a database is tried next, where a name has many.
 */
#include "unit.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/aside.h"
#include "base/clock.h"
#include "db/reach.h"

/* More than there are places for. */
#define ADDRESSES 150
#define LAST "10.0.0.149"

/* In place of libc's: a name that has so many addresses. */
int
getaddrinfo(const char *name, const char *service,
			const struct addrinfo *hints, struct addrinfo **result)
{
	(void) name;
	(void) service;
	(void) hints;
	*result = NULL;
	for (int i = ADDRESSES - 1; i >= 0; i--)
	{
		struct addrinfo *info = calloc(1, sizeof(*info));
		struct sockaddr_in *address = calloc(1, sizeof(*address));

		address->sin_family = AF_INET;
		address->sin_addr.s_addr = htonl(0x0a000000 + (uint32_t) i);
		info->ai_addr = (struct sockaddr *) address;
		info->ai_addrlen = sizeof(*address);
		info->ai_next = *result;
		*result = info;
	}
	return 0;
}

void
freeaddrinfo(struct addrinfo *info)
{
	while (info != NULL)
	{
		struct addrinfo *next = info->ai_next;

		free(info->ai_addr);
		free(info);
		info = next;
	}
}

/* A row of attempts, of which only the last address answers. */
static bool
row_finds_it(int *attempts)
{
	struct reach_row row = {0};
	struct reach_target target;
	char		problem[256];

	for (;;)
		switch (reach_next(0, &row, &target, problem, sizeof(problem)))
		{
			case REACH_WAIT:
				aside_await(row.wait_until);
				break;
			case REACH_NONE:
				return false;
			case REACH_TARGET:
				++*attempts;
				if (strcmp(target.address, LAST) == 0)
				{
					(void) reach_works(0, &target);
					return true;
				}
				reach_failed(0, &target, false);
				break;
		}
}

static void
test_many_addresses(void **state)
{
	struct reach_settings settings = {.host = "many,elsewhere",
		.limit = 3000000};
	int			attempts = 0;
	int			rows = 1;

	(void) state;
	assert_null(reach_configure(0, &settings));
	while (!row_finds_it(&attempts))
	{
		assert_true(++rows < 20);
		usleep(1100000);		/* older answers are not asked for again */
	}
	assert_in_range(attempts, ADDRESSES / 4, 2 * ADDRESSES);

	/* and is the first from then on, whatever else there is */
	for (int i = 0; i < 3; i++)
	{
		usleep(1100000);
		attempts = 0;
		assert_true(row_finds_it(&attempts));
		assert_int_equal(attempts, 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_many_addresses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
