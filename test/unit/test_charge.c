/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_charge.c
 *	  Who counts the memory of a request: client, address, worker, store.
 */
#include "unit.h"

#include "core/client.h"
#include "config/config.h"
#include "content/store_queue.h"
#include "base/log.h"
#include "core/request.h"
#include "core/room.h"
#include "core/worker.h"

#define MIB ((size_t) 1024 * 1024)

static struct metadata_store_config database = {.name = "main"};
static struct content_store_config store = {
	.name = "s", .type = CONTENT_FILESYSTEM, .base_path = "/nonexistent"};
static struct config config = {
	.stores = &database, .store_count = 1, .content_stores = {&store},
	.content_store_count = 1, .max_bytes = 512 * 1024 * 1024};
static struct worker worker;
static struct address addresses[2];
static struct client clients[2];
static struct request request;

static int
start(void **state)
{
	(void) state;
	log_level = LOG_LEVEL_ERROR;
	content_start(&config);
	memset(&worker, 0, sizeof(worker));
	memset(addresses, 0, sizeof(addresses));
	memset(clients, 0, sizeof(clients));
	memset(&request, 0, sizeof(request));
	request.worker = &worker;
	for (int i = 0; i < 2; i++)
		clients[i].address = &addresses[i];
	request.client = &clients[0];
	request.io.holder = content_store_find("s", 1, 0);
	assert_non_null(request.io.holder);
	return 0;
}

/* What each counts, in bytes; the addresses as their clients, or the worker. */
static void
expect(size_t client, size_t address, size_t in_worker)
{
	assert_int_equal(clients[0].bytes, client);
	assert_int_equal(addresses[0].bytes, address);
	assert_int_equal(worker.bytes, in_worker);
}

/* What is left of the store's limit of 256 MiB. */
static void
expect_room(size_t bytes)
{
	assert_true(content_hold(request.io.holder, bytes));
	assert_false(content_hold(request.io.holder, 1));
	content_release(request.io.holder, bytes);
}

static void
test_flight(void **state)
{
	(void) state;
	charge_add(&request, 100);
	charge_add(&request, 20);
	expect(120, 120, 120);
	assert_false(charge_from_store(&request));
	assert_false(worker.released);
	charge_end(&request);
	expect(0, 0, 0);
	assert_true(worker.released);
	expect_room(256 * MIB);
}

/* Data on its way to a store is the store's alone. */
static void
test_to_store(void **state)
{
	(void) state;
	charge_add(&request, MIB);
	assert_true(charge_to_store(&request, CHARGE_TO_STORE));
	expect(0, 0, 0);
	assert_true(worker.released);
	expect_room(255 * MIB);
	assert_true(charge_from_store(&request));
	expect(MIB, MIB, MIB);
	expect_room(256 * MIB);
	charge_end(&request);
	expect(0, 0, 0);
}

/*
 * A client that asks for data goes on being charged; a store carries it to the
 * end.
 */
static void
test_from_store(void **state)
{
	(void) state;
	charge_add(&request, MIB);
	assert_true(charge_to_store(&request, CHARGE_FROM_STORE));
	expect(MIB, 0, 0);
	expect_room(255 * MIB);
	assert_true(charge_is_at_store(&request));
	charge_end(&request);
	expect(0, 0, 0);
	expect_room(256 * MIB);
}

/* A store without room, or no store, leaves it where it is. */
static void
test_no_room(void **state)
{
	(void) state;
	assert_false(charge_to_store(&request, CHARGE_TO_STORE));
	charge_add(&request, 256 * MIB + 1);
	assert_false(charge_to_store(&request, CHARGE_TO_STORE));
	expect(256 * MIB + 1, 256 * MIB + 1, 256 * MIB + 1);
	charge_end(&request);
	request.io.holder = NULL;
	charge_add(&request, 10);
	assert_false(charge_to_store(&request, CHARGE_FROM_STORE));
	expect(10, 10, 10);
}

/*
 * Handed over to another connection, it is counted there, as far as it was
 * here.
 */
static void
test_another_client(void **state)
{
	static const struct
	{
		enum charge_carrier carrier;
		size_t		client;
		size_t		address;
	}			cases[] = {
		{CHARGE_FLIGHT, 10, 10}, {CHARGE_FROM_STORE, 10, 0},
		{CHARGE_TO_STORE, 0, 0},
	};

	(void) state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		start(NULL);
		charge_add(&request, 10);
		if (cases[i].carrier != CHARGE_FLIGHT)
			assert_true(charge_to_store(&request, cases[i].carrier));
		charge_detach(&request, &clients[0]);
		charge_attach(&request, &clients[1]);
		request.client = &clients[1];
		assert_int_equal(clients[0].bytes, 0);
		assert_int_equal(addresses[0].bytes, 0);
		assert_int_equal(clients[1].bytes, cases[i].client);
		assert_int_equal(addresses[1].bytes, cases[i].address);
		(void) charge_from_store(&request);
		charge_end(&request);
		assert_int_equal(clients[1].bytes, 0);
		assert_int_equal(addresses[1].bytes, 0);
		assert_int_equal(worker.bytes, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_flight, start),
		cmocka_unit_test_setup(test_to_store, start),
		cmocka_unit_test_setup(test_from_store, start),
		cmocka_unit_test_setup(test_no_room, start),
		cmocka_unit_test_setup(test_another_client, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
