/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_epoch.c
 *	  Retired memory is released when no thread can be reading it, and not
 *	  before.
 */
#include "unit.h"

#include "base/epoch.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static int	released;
static int	releases[8];

static void
note_release(void *memory)
{
	releases[released++] = *(int *) memory;
}

/* A thread that does one thing after the other, as it is told. */
struct reader
{
	pthread_t	thread;
	sem_t		go;
	sem_t		done;
	void		(*step) (void);
};

static void *
run_reader(void *argument)
{
	struct reader *reader = argument;

	for (;;)
	{
		sem_wait(&reader->go);
		if (reader->step == NULL)
			return NULL;
		reader->step();
		sem_post(&reader->done);
	}
}

static void
tell(struct reader *reader, void (*step) (void))
{
	reader->step = step;
	sem_post(&reader->go);
	if (step != NULL)
		sem_wait(&reader->done);
	else
		pthread_join(reader->thread, NULL);
}

static void
start(struct reader *reader)
{
	sem_init(&reader->go, 0, 0);
	sem_init(&reader->done, 0, 0);
	assert_int_equal(pthread_create(&reader->thread, NULL, run_reader, reader),
					 0);
}

static void
test_nobody(void **state)
{
	int			number = 1;

	(void) state;
	released = 0;
	epoch_retire(NULL, note_release);
	assert_int_equal(released, 0);
	epoch_retire(&number, note_release);
	assert_int_equal(released, 1);
}

static void
test_readers(void **state)
{
	int			numbers[] = {1, 2, 3};
	struct reader one;
	struct reader two;

	(void) state;
	released = 0;
	start(&one);
	start(&two);
	tell(&one, epoch_attach);
	tell(&two, epoch_attach);
	epoch_retire(&numbers[0], note_release);
	epoch_reclaim();
	assert_int_equal(released, 0);
	tell(&one, epoch_pass);
	epoch_reclaim();
	assert_int_equal(released, 0);

	/* The second, retired later, waits for both to pass again. */
	epoch_retire(&numbers[1], note_release);
	tell(&two, epoch_pass);
	epoch_reclaim();
	assert_int_equal(released, 1);
	assert_int_equal(releases[0], 1);
	for (int i = 0; i < 10; i++)
		tell(&two, epoch_pass);
	epoch_reclaim();
	assert_int_equal(released, 1);
	tell(&one, epoch_pass);
	epoch_reclaim();
	assert_int_equal(released, 2);

	/* One that ends holds nothing up. */
	epoch_retire(&numbers[2], note_release);
	tell(&two, epoch_pass);
	assert_int_equal(released, 2);
	tell(&one, epoch_detach);
	assert_int_equal(released, 3);
	assert_int_equal(releases[2], 3);
	tell(&two, epoch_detach);
	tell(&one, NULL);
	tell(&two, NULL);
}

/*
 * Readers at full speed.  What is released is overwritten first, so a reader
 * that comes too late sees it, with AddressSanitizer or without.
 */
#define VALUE 12345
#define ROUNDS 20000

static int *_Atomic shared;
static atomic_bool stop;
static atomic_int wrong;

static void
spoil(void *memory)
{
	*(int *) memory = -1;
	free(memory);
}

static int *
make(void)
{
	int		   *memory = malloc(sizeof(*memory));

	*memory = VALUE;
	return memory;
}

static void *
read_shared(void *unused)
{
	(void) unused;
	epoch_attach();
	while (!atomic_load(&stop))
	{
		const int  *memory = atomic_load_explicit(&shared,
												  memory_order_acquire);

		for (int i = 0; i < 50; i++)
			if (*(const volatile int *) memory != VALUE)
				atomic_fetch_add(&wrong, 1);
		epoch_pass();
	}
	epoch_detach();
	return NULL;
}

static void
test_race(void **state)
{
	pthread_t	threads[3];

	(void) state;
	atomic_store(&shared, make());
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_shared, NULL),
						 0);
	for (int i = 0; i < ROUNDS; i++)
		epoch_retire(atomic_exchange(&shared, make()), spoil);
	atomic_store(&stop, true);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&wrong), 0);
	epoch_retire(atomic_exchange(&shared, NULL), spoil);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_readers),
		cmocka_unit_test(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
