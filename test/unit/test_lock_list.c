/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_lock_list.c
 *	  The list of a file's locks, of the extension: what is stored, what damaged
 *	  values do, and thousands of random requests beside two others who know the
 *	  rules: Linux' own locks, and a model that has a letter for each byte.
 *
 * Linux is asked by locks of open file descriptions, whose rules are those of
 * POSIX record locks, with an owner for each description.
 */
#include "unit.h"

#include "../../extension/src/tables/lock_list.c"
#include "../../extension/src/tables/lock_pack.c"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/queue.h>
#include <unistd.h>

#define OWNERS	4
#define SPACE	24				/* bytes of the file that requests are about */

/*
 * Memory: all of a test's requests in a piece, which its owner empties.
 */
static char *memory = NULL;
static size_t memory_used = 0;

#define MEMORY	((size_t) 64 << 20)

static void *
take(size_t size)
{
	void	   *bytes;

	if (memory == NULL)
		memory = malloc(MEMORY);
	assert_true(memory_used + size + 16 <= MEMORY);
	bytes = memory + memory_used;
	memory_used += (size + 15) & ~(size_t) 15;
	memset(bytes, 0x5a, size);
	return bytes;
}

/* A generator whose numbers are the same everywhere. */
static uint64_t seed;

static uint32_t
some(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t) (seed >> 33) % below;
}

static int
owner_of(LockList *list, int number)
{
	static const uint8_t names[OWNERS] = {'a', 'b', 'c', 'd'};
	LockClient	client = {{0}, 7 + number / 2};

	client.id[0] = (uint8_t) (number / 2);
	return lock_list_owner(list, &client, &names[number], 1);
}

static int
number_of(const LockList *list, int owner)
{
	return list->owners[owner].name[0] - 'a';
}

/* The list as it is after it was stored and read. */
static void
store(LockList *list)
{
	size_t		len;
	uint8_t    *bytes = lock_list_encode(list, &len);
	LockList	copy;
	size_t		copy_len;

	assert_true(lock_list_decode(&copy, take, bytes, len));
	assert_null(lock_list_trouble(&copy));
	assert_memory_equal(lock_list_encode(&copy, &copy_len), bytes, len);
	assert_int_equal(copy_len, len);
	assert_int_equal(copy.noted_waiting, list->nwaiting > 0);
	*list = copy;
}

static LockRange
some_range(void)
{
	LockRange	range;

	range.start = some(SPACE);
	range.end = some(8) == 0 ? LOCK_TO_END : range.start + some(SPACE / 2);
	range.exclusive = some(2) == 0;
	return range;
}

/*
 * Linux
 */

static int	files[OWNERS];

static void
open_files(void)
{
	char		name[] = "/tmp/dittofs-locks.XXXXXX";
	int			first = mkstemp(name);

	assert_true(first >= 0);
	for (int i = 0; i < OWNERS; i++)
	{
		files[i] = open(name, O_RDWR);
		assert_true(files[i] >= 0);
	}
	close(first);
	unlink(name);
}

static void
close_files(void)
{
	for (int i = 0; i < OWNERS; i++)
		close(files[i]);
}

static struct flock
flock_of(const LockRange *range, short type)
{
	struct flock lock = {.l_type = type,.l_whence = SEEK_SET};

	lock.l_start = (off_t) range->start;
	lock.l_len = (off_t) lock_range_length(range);
	return lock;
}

/* What Linux says that an owner holds, as "w 3 5, r 6 EOF". */
static void
linux_holds(int owner, char *text, size_t size)
{
	char		name[64];
	char		line[256];
	FILE	   *info;

	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", files[owner]);
	info = fopen(name, "r");
	assert_non_null(info);
	*text = '\0';
	while (fgets(line, sizeof(line), info) != NULL)
	{
		char		kind[16];
		char		start[32];
		char		end[32];
		size_t		len = strlen(text);

		if (sscanf(line, "lock: %*d: OFDLCK ADVISORY %15s %*d %*s %31s %31s",
				   kind, start, end) == 3)
			snprintf(text + len, size - len, "%c %s %s, ", kind[0] + 'a' - 'A',
					 start, end);
	}
	fclose(info);
}

static void
list_holds(const LockList *list, int owner, char *text, size_t size)
{
	*text = '\0';
	for (int i = 0; i < list->nheld; i++)
	{
		const HeldLock *held = &list->held[i];
		size_t		len = strlen(text);

		if (number_of(list, held->owner) != owner)
			continue;
		len += (size_t) snprintf(text + len, size - len, "%c %llu ",
								 held->range.exclusive ? 'w' : 'r',
								 (unsigned long long) held->range.start);
		if (held->range.end == LOCK_TO_END)
			snprintf(text + len, size - len, "EOF, ");
		else
			snprintf(text + len, size - len, "%llu, ",
					 (unsigned long long) held->range.end);
	}
}

static void
compare_with_linux(const LockList *list)
{
	char		wanted[4096];
	char		got[4096];

	for (int i = 0; i < OWNERS; i++)
	{
		linux_holds(i, wanted, sizeof(wanted));
		list_holds(list, i, got, sizeof(got));
		assert_string_equal(got, wanted);
	}
}

/* Linux tells a lock that is in the way: one of those that are. */
static void
test_with_linux(LockList *list, int number, const LockRange *range)
{
	struct flock lock = flock_of(range, range->exclusive ? F_WRLCK : F_RDLCK);
	LockHolder	holder = {-1, {0, 0, false}};
	LockOutcome outcome = lock_list_test(list, owner_of(list, number), range,
										 &holder);

	assert_int_equal(fcntl(files[number], F_OFD_GETLK, &lock), 0);
	assert_int_equal(outcome == LOCK_DENIED, lock.l_type != F_UNLCK);
	if (outcome == LOCK_DENIED)
	{
		assert_true(conflict(owner_of(list, number), range, holder.owner,
							 &holder.range));
		assert_true(held_in_the_way(list, owner_of(list, number), range) >= 0);
	}
}

static void
one_step_with_linux(LockList *list)
{
	int			number = (int) some(OWNERS);
	LockRange	range = some_range();
	LockWait	no_wait = {NULL, 0};
	LockHolder	holder;
	struct flock lock;
	int			owner;
	uint32_t	what = some(10);

	test_with_linux(list, number, &range);
	owner = owner_of(list, number);
	if (what < 6)
	{
		LockOutcome outcome = lock_list_lock(list, owner, &range, no_wait, 1,
											 &holder);
		int			result;

		lock = flock_of(&range, range.exclusive ? F_WRLCK : F_RDLCK);
		result = fcntl(files[number], F_OFD_SETLK, &lock);
		assert_true(result == 0 || errno == EAGAIN);
		assert_int_equal(outcome, result == 0 ? LOCK_GRANTED : LOCK_DENIED);
	}
	else
	{
		lock = flock_of(&range, F_UNLCK);
		assert_int_equal(fcntl(files[number], F_OFD_SETLK, &lock), 0);
		lock_list_unlock(list, owner, range.start, range.end, 1);
	}
	store(list);
	compare_with_linux(list);
}

static void
agrees_with_linux(void **state)
{
	(void) state;
	for (uint64_t i = 0; i < 3000; i++)
	{
		LockList	list;

		seed = i;
		memory_used = 0;
		lock_list_init(&list, take);
		open_files();
		for (int step = 0; step < 30; step++)
			one_step_with_linux(&list);
		close_files();
	}
}

/*
 * A model: a letter for each byte and owner, and the end of the file as one
 * more.  Waiting, grants and refusals, which Linux has in another way.
 */

#define BYTES	(SPACE * 2 + 1)	/* the last is all that follows */

typedef struct Bytes
{
	char		of[BYTES];		/* 0, 'r', 'w' */
} Bytes;

typedef struct Waiter
{
	int			owner;
	LockRange	range;
} Waiter;

typedef struct Untold
{
	int			owner;
	LockRange	range;
	Bytes		before;
	bool		touched;
	int64_t		id;
} Untold;

typedef struct Model
{
	Bytes		held[OWNERS];
	Waiter		waiting[64];
	int			nwaiting;
	Untold		untold[256];
	int			nuntold;
	int			granted;
} Model;

static bool
in_range(const LockRange *range, int at)
{
	return (uint64_t) at >= range->start &&
		((uint64_t) at <= range->end || range->end == LOCK_TO_END) &&
		(at < BYTES - 1 || range->end == LOCK_TO_END);
}

static bool
model_conflict(const Model *model, int owner, const LockRange *range, int other)
{
	for (int i = 0; i < BYTES; i++)
		if (other != owner && in_range(range, i) && model->held[other].of[i] &&
			(range->exclusive || model->held[other].of[i] == 'w'))
			return true;
	return false;
}

static bool
model_free(const Model *model, int owner, const LockRange *range, int behind)
{
	for (int i = 0; i < OWNERS; i++)
		if (model_conflict(model, owner, range, i))
			return false;
	for (int i = 0; i < behind; i++)
	{
		const Waiter *older = &model->waiting[i];

		if (older->owner != owner && overlap(&older->range, range) &&
			(older->range.exclusive || range->exclusive) &&
			!model_conflict(model, older->owner, &older->range, owner))
			return false;
	}
	return true;
}

static void
put_bytes_of(Bytes *bytes, const LockRange *range, const LockRange *within,
			 char what)
{
	for (int i = 0; i < BYTES; i++)
		if (in_range(range, i) && in_range(within, i))
			bytes->of[i] = what;
}

static void
model_put(Model *model, int owner, const LockRange *range, char what)
{
	put_bytes_of(&model->held[owner], range, range, what);
	for (int i = 0; i < model->nuntold; i++)
		if (model->untold[i].owner == owner)
		{
			put_bytes_of(&model->untold[i].before, range,
						 &model->untold[i].range, what);
			model->untold[i].touched |= overlap(range, &model->untold[i].range);
		}
}

static void
model_admit(Model *model)
{
	bool		again = true;

	while (again)
	{
		again = false;
		for (int i = 0; i < model->nwaiting; i++)
		{
			Waiter		waiter = model->waiting[i];
			Untold	   *untold;

			if (!model_free(model, waiter.owner, &waiter.range, i))
				continue;
			memmove(&model->waiting[i], &model->waiting[i + 1],
					sizeof(Waiter) * (size_t) (model->nwaiting - i - 1));
			model->nwaiting--;
			untold = &model->untold[model->nuntold];
			untold->owner = waiter.owner;
			untold->range = waiter.range;
			untold->before = model->held[waiter.owner];
			for (int j = 0; j < BYTES; j++)
				if (!in_range(&waiter.range, j))
					untold->before.of[j] = 0;
			untold->id = 0;
			untold->touched = false;
			/* it loses nothing before it knows */
			model_put(model, waiter.owner, &waiter.range,
					  waiter.range.exclusive ? 'w' : 'r');
			for (int j = 0; j < BYTES; j++)
				if (untold->before.of[j] == 'w')
					model->held[waiter.owner].of[j] = 'w';
			model->nuntold++;
			model->granted++;
			again = true;
			break;
		}
	}
}

static void
model_forget(Model *model, int i)
{
	memmove(&model->untold[i], &model->untold[i + 1],
			sizeof(Untold) * (size_t) (model->nuntold - i - 1));
	model->nuntold--;
}

/* Stretches of a letter, one after the other, as the list restores them. */
static void
model_take_back(Model *model, int i)
{
	Untold		untold = model->untold[i];

	model_forget(model, i);
	model_put(model, untold.owner, &untold.range, 0);
	for (int at = 0; at < BYTES; at++)
		if (untold.before.of[at])
		{
			LockRange	byte = {(uint64_t) at,
			at == BYTES - 1 ? LOCK_TO_END : (uint64_t) at, false};

			model_put(model, untold.owner, &byte, untold.before.of[at]);
		}
}

static int
model_find_untold(const Model *model, int owner, const LockRange *range)
{
	for (int i = 0; i < model->nuntold; i++)
		if (model->untold[i].owner == owner &&
			same_range(&model->untold[i].range, range))
			return i;
	return -1;
}

static int
model_find_waiting(const Model *model, int owner, const LockRange *range)
{
	for (int i = 0; i < model->nwaiting; i++)
		if (model->waiting[i].owner == owner &&
			same_range(&model->waiting[i].range, range))
			return i;
	return -1;
}

static void
model_remove_waiting(Model *model, int i)
{
	memmove(&model->waiting[i], &model->waiting[i + 1],
			sizeof(Waiter) * (size_t) (model->nwaiting - i - 1));
	model->nwaiting--;
}

static LockOutcome
model_lock(Model *model, int owner, const LockRange *range, bool wait)
{
	int			at = model_find_waiting(model, owner, range);
	int			untold;

	if (!model_free(model, owner, range,
					!wait ? 0 : at >= 0 ? at : model->nwaiting))
	{
		if (!wait)
			return LOCK_DENIED;
		if (at < 0)
			model->waiting[model->nwaiting++] = (Waiter) {owner, *range};
		return LOCK_BLOCKED;
	}
	if (at >= 0)
		model_remove_waiting(model, at);
	while ((untold = model_find_untold(model, owner, range)) >= 0)
		model_forget(model, untold);
	model_put(model, owner, range, range->exclusive ? 'w' : 'r');
	model_admit(model);
	return LOCK_GRANTED;
}

static void
model_unlock(Model *model, int owner, const LockRange *range)
{
	for (int i = model->nuntold - 1; i >= 0; i--)
		if (model->untold[i].owner == owner &&
			model->untold[i].range.start >= range->start &&
			model->untold[i].range.end <= range->end)
			model_forget(model, i);
	model_put(model, owner, range, 0);
	model_admit(model);
}

static bool
model_cancel(Model *model, int owner, const LockRange *range)
{
	int			at = model_find_waiting(model, owner, range);

	if (at >= 0)
		model_remove_waiting(model, at);
	else if ((at = model_find_untold(model, owner, range)) >= 0)
		model_take_back(model, at);
	else
		return false;
	model_admit(model);
	return true;
}

static void
compare_with_model(const LockList *list, const Model *model)
{
	Bytes		held[OWNERS] = {0};

	for (int i = 0; i < list->nheld; i++)
		put_bytes_of(&held[number_of(list, list->held[i].owner)],
					 &list->held[i].range, &list->held[i].range,
					 list->held[i].range.exclusive ? 'w' : 'r');
	for (int i = 0; i < OWNERS; i++)
		assert_memory_equal(held[i].of, model->held[i].of, BYTES);
	assert_int_equal(list->nwaiting, model->nwaiting);
	for (int i = 0; i < list->nwaiting; i++)
	{
		assert_int_equal(number_of(list, list->waiting[i].owner),
						 model->waiting[i].owner);
		assert_true(same_range(&list->waiting[i].range,
							   &model->waiting[i].range));
	}
	assert_int_equal(list->nuntold, model->nuntold);
	for (int i = 0; i < list->nuntold; i++)
	{
		Bytes		before = {0};

		assert_int_equal(number_of(list, list->untold[i].owner),
						 model->untold[i].owner);
		for (int j = 0; j < list->untold[i].nbefore; j++)
			put_bytes_of(&before, &list->untold[i].before[j],
						 &list->untold[i].before[j],
						 list->untold[i].before[j].exclusive ? 'w' : 'r');
		assert_memory_equal(before.of, model->untold[i].before.of, BYTES);
		assert_int_equal(list->untold[i].touched, model->untold[i].touched);
	}
}

/* Numbers for grants, as the caller gives them. */
static void
number_grants(LockList *list, Model *model)
{
	static int64_t last = 0;

	for (int i = 0; i < list->nuntold; i++)
		if (list->untold[i].id == 0)
			list->untold[i].id = model->untold[i].id = ++last;
}

static void
one_step_with_model(LockList *list, Model *model)
{
	int			number = (int) some(OWNERS);
	int			owner = owner_of(list, number);
	LockRange	range = some_range();
	LockHolder	holder;
	uint32_t	what = some(20);
	bool		wait = some(3) > 0;
	LockWait	bytes = {wait ? (const uint8_t *) "wait" : NULL, wait ? 4 : 0};

	/* often one that waits already, or has been granted */
	if (list->nwaiting > 0 && some(3) == 0)
		range = list->waiting[some((uint32_t) list->nwaiting)].range;
	else if (list->nuntold > 0 && some(3) == 0)
		range = list->untold[some((uint32_t) list->nuntold)].range;
	model->granted = 0;
	if (what < 10)
		assert_int_equal(lock_list_lock(list, owner, &range, bytes, 1, &holder),
						 model_lock(model, number, &range, wait));
	else if (what < 15)
	{
		lock_list_unlock(list, owner, range.start, range.end, 1);
		model_unlock(model, number, &range);
	}
	else if (what < 18)
		assert_int_equal(lock_list_cancel(list, owner, &range, 1),
						 model_cancel(model, number, &range));
	else if (list->nuntold > 0)
	{
		int			i = (int) some((uint32_t) list->nuntold);
		bool		accepted = some(2) == 0;

		assert_true(lock_list_told(list, list->untold[i].id, accepted, 1));
		if (!accepted)
			model_take_back(model, i);
		else
		{
			Untold		untold = model->untold[i];

			model_forget(model, i);
			if (!untold.range.exclusive && !untold.touched)
				model_put(model, untold.owner, &untold.range, 'r');
		}
		model_admit(model);
	}
	assert_int_equal(list->granted, model->granted);
	number_grants(list, model);
	store(list);
	compare_with_model(list, model);
}

static void
agrees_with_model(void **state)
{
	(void) state;
	for (uint64_t i = 0; i < 5000; i++)
	{
		LockList	list;
		Model		model = {0};

		seed = i;
		memory_used = 0;
		lock_list_init(&list, take);
		for (int step = 0; step < 40; step++)
			one_step_with_model(&list, &model);
	}
}

/*
 * What is stored
 */

/* These bytes are in databases. */
static void
has_this_form(void **state)
{
	static const uint8_t expected[] = {
		1, 1,
		1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,
		2, 0, 1, 'a', 0, 1, 'b',
		2, 1, 0x80, 1, 1, 0x90, 0x4e, 2, 0x81, 1, 0, 0x90, 0x4e,
		1, 3, 0, 5, 0x91, 0x4e, 2, 'h', 'i',
		0,
		1, 1, 9, 0x90, 0x4e
	};
	static const LockRange ranges[] = {{128, 128, true},
	{129, LOCK_TO_END, false}, {200, 300, true}};
	LockList	list;
	LockHolder	holder;
	LockWait	none = {NULL, 0};
	LockWait	wait = {(const uint8_t *) "hi", 2};
	size_t		len;
	uint8_t    *bytes;

	(void) state;
	memory_used = 0;
	lock_list_init(&list, take);
	lock_list_lock(&list, owner_of(&list, 0), &ranges[0], none, 10000, &holder);
	lock_list_lock(&list, owner_of(&list, 1), &ranges[1], none, 10000, &holder);
	lock_list_lock(&list, owner_of(&list, 0), &ranges[2], wait, 10001, &holder);
	list.waiting[0].owner = 1;
	list.waiting[0].range = (LockRange) {0, 4, true};
	assert_int_equal(lock_list_share(&list, owner_of(&list, 1), 1, 2, 10000,
									 &holder), LOCK_GRANTED);
	bytes = lock_list_encode(&list, &len);
	assert_int_equal(len, sizeof(expected));
	assert_memory_equal(bytes, expected, len);
}

static void
keeps_64_bits(void **state)
{
	LockList	list;
	LockHolder	holder;
	LockWait	none = {NULL, 0};
	LockRange	last = {UINT64_MAX - 1, LOCK_TO_END, true};
	LockRange	all = {0, LOCK_TO_END, true};

	(void) state;
	memory_used = 0;
	lock_list_init(&list, take);
	assert_int_equal(lock_list_lock(&list, owner_of(&list, 0), &all, none, 1,
									&holder), LOCK_GRANTED);
	lock_list_unlock(&list, owner_of(&list, 0), 0, UINT64_MAX - 2, 2);
	store(&list);
	assert_int_equal(list.nheld, 1);
	assert_true(same_range(&list.held[0].range, &last));
	assert_int_equal(list.held[0].since, 1);
	lock_list_unlock(&list, owner_of(&list, 0), UINT64_MAX, UINT64_MAX, 3);
	store(&list);
	assert_true(list.held[0].range.end == UINT64_MAX - 1);
	lock_list_unlock(&list, owner_of(&list, 0), UINT64_MAX - 1, LOCK_TO_END, 4);
	assert_true(lock_list_empty(&list));
	store(&list);
	assert_int_equal(list.nowners + list.nclients, 0);
}

/*
 * Memory at a file with as many locks as there may be, whatever is asked: so
 * many bytes at a time, of which each array has some hundred thousand.
 */
#define MANY 10000
#define MANY_MAX ((size_t) 16 << 20)

struct counted
{
	LIST_ENTRY(counted) link;
	size_t		size;
	_Alignas(16) char bytes[];
};

static LIST_HEAD(, counted) in_use;
static size_t size_in_use;
static size_t most_in_use;

static void *
take_counted(size_t size)
{
	struct counted *counted = malloc(sizeof(*counted) + size);

	assert_non_null(counted);
	counted->size = size;
	LIST_INSERT_HEAD(&in_use, counted, link);
	size_in_use += size;
	if (size_in_use > most_in_use)
		most_in_use = size_in_use;
	assert_true(size_in_use < MANY_MAX);
	return counted->bytes;
}

static void
give_back(void *bytes)
{
	struct counted *counted = (struct counted *)
		((char *) bytes - offsetof(struct counted, bytes));

	size_in_use -= counted->size;
	LIST_REMOVE(counted, link);
	free(counted);
}

static void
hold_many(LockList *list, int owner)
{
	list->held = take_counted(sizeof(HeldLock) * (MANY + 1));
	list->nheld = MANY + 1;
	for (int i = 0; i < MANY; i++)
		list->held[i] = (HeldLock) {owner,
		{2 * (uint64_t) i, 2 * (uint64_t) i, true}, 1};
	list->held[MANY] = (HeldLock) {owner_of(list, 1),
	{2 * MANY, 2 * MANY, true}, 1};
}

static void
stays_in_memory(void **state)
{
	LockRange	all = {0, LOCK_TO_END, false};
	LockRange	last = {2 * MANY, 2 * MANY, false};
	LockWait	wait = {(const uint8_t *) "w", 1};
	LockList	list;
	LockHolder	holder;
	int			owner;

	(void) state;
	lock_list_init(&list, take_counted);
	list.release = give_back;
	owner = owner_of(&list, 0);
	hold_many(&list, owner);
	/* an owner of many locks waits for all, is let in, and does not want it */
	assert_int_equal(lock_list_lock(&list, owner, &all, wait, 2, &holder),
					 LOCK_BLOCKED);
	lock_list_unlock(&list, owner_of(&list, 1), 0, LOCK_TO_END, 3);
	assert_int_equal(list.nuntold, 1);
	assert_int_equal(list.nheld, 2 * MANY);
	list.untold[0].id = 1;
	assert_true(lock_list_told(&list, 1, false, 4));
	assert_int_equal(list.nheld, MANY);
	assert_null(lock_list_trouble(&list));
	/* as many wait as may, and are let in by one request */
	lock_list_lock(&list, owner_of(&list, 1), &last, (LockWait) {NULL, 0}, 5,
				   &holder);
	list.held[list.nheld - 1].range.exclusive = true;
	for (int i = 0; i < LOCK_WAITING_MAX; i++)
	{
		LockRange	range = {2 * MANY, 2 * MANY + (uint64_t) i, false};

		assert_int_equal(lock_list_lock(&list, owner_of(&list, 2), &range, wait,
										6, &holder), LOCK_BLOCKED);
	}
	lock_list_unlock(&list, owner_of(&list, 1), 0, LOCK_TO_END, 7);
	assert_int_equal(list.nuntold, LOCK_WAITING_MAX);
	print_message("# at most %zu KiB\n", most_in_use / 1024);
	while (!LIST_EMPTY(&in_use))
		give_back(LIST_FIRST(&in_use)->bytes);
}

static void
forgets_clients(void **state)
{
	LockList	list;
	LockHolder	holder;
	LockWait	wait = {(const uint8_t *) "w", 1};
	LockRange	range = {0, 9, true};
	int			counts[2];

	(void) state;
	memory_used = 0;
	lock_list_init(&list, take);
	/* 0 and 1 are of a client, 2 and 3 of another */
	lock_list_lock(&list, owner_of(&list, 0), &range, wait, 1, &holder);
	lock_list_lock(&list, owner_of(&list, 2), &range, wait, 1, &holder);
	lock_list_lock(&list, owner_of(&list, 1), &range, wait, 1, &holder);
	lock_list_share(&list, owner_of(&list, 3), 1, 1, 1, &holder);
	lock_list_count(&list, counts);
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], 2);
	lock_list_drop_client(&list, 0);
	assert_int_equal(list.nheld, 0);
	lock_list_admit(&list, 2);
	assert_int_equal(list.granted, 1);
	assert_int_equal(list.nheld, 1);
	assert_int_equal(list.nwaiting, 0);
	list.untold[0].id = 4711;
	store(&list);
	assert_int_equal(list.nclients, 1);
	assert_int_equal(lock_list_break(&list, 0, 3), 2);
	assert_int_equal(list.nforgotten, 1);
	assert_int_equal(list.forgotten[0], 4711);
	assert_true(lock_list_empty(&list));
}

/*
 * A client that has come back with another life is not the one that was
 * dropped.
 */
static void
knows_lives(void **state)
{
	LockList	list;
	LockHolder	holder;
	LockWait	none = {NULL, 0};
	LockClient	client = {{0}, 99};
	LockRange	range = {0, 9, true};

	(void) state;
	memory_used = 0;
	lock_list_init(&list, take);
	lock_list_lock(&list, owner_of(&list, 0), &range, none, 1, &holder);
	lock_list_drop_client(&list, 0);
	lock_list_lock(&list, lock_list_owner(&list, &client, "a", 1), &range,
				   none, 1, &holder);
	store(&list);
	assert_int_equal(list.nclients, 1);
	assert_int_equal(list.clients[0].life, 99);
}

static void
limits_waiters(void **state)
{
	LockList	list;
	LockHolder	holder;
	LockWait	wait = {(const uint8_t *) "", 0};
	LockRange	range = {0, 9, true};

	(void) state;
	memory_used = 0;
	lock_list_init(&list, take);
	lock_list_lock(&list, owner_of(&list, 0), &range, wait, 1, &holder);
	for (uint64_t i = 0; i < LOCK_WAITING_MAX + 5; i++)
	{
		range.end = i;
		assert_int_equal(lock_list_lock(&list, owner_of(&list, 1), &range,
										wait, 1, &holder),
						 i < LOCK_WAITING_MAX ? LOCK_BLOCKED : LOCK_NO_LOCKS);
	}
	store(&list);
}

/*
 * Damage
 */

/* Whatever a value says, reading it and working with it ends well. */
static void
work_with(const uint8_t *bytes, size_t len)
{
	LockList	list;
	LockHolder	holder;
	LockWait	wait = {(const uint8_t *) "w", 1};
	LockRange	range = some_range();
	size_t		ignored;

	if (!lock_list_decode(&list, take, bytes, len))
		return;
	(void) lock_list_trouble(&list);
	lock_list_lock(&list, owner_of(&list, 0), &range, wait, 1, &holder);
	range = some_range();
	lock_list_unlock(&list, owner_of(&list, 1), range.start, range.end, 1);
	lock_list_cancel(&list, owner_of(&list, 0), &range, 1);
	while (list.nuntold > 0)
		lock_list_told(&list, list.untold[0].id, some(2) == 0, 1);
	if (list.nclients > 0)
		lock_list_drop_client(&list, 0);
	lock_list_break(&list, -1, 1);
	lock_list_encode(&list, &ignored);
}

static void
survives_damage(void **state)
{
	(void) state;
	for (uint64_t i = 0; i < 3000; i++)
	{
		LockList	list;
		Model		model = {0};
		uint8_t    *bytes;
		uint8_t    *exact;
		size_t		len;

		seed = i;
		memory_used = 0;
		lock_list_init(&list, take);
		for (int step = 0; step < 12; step++)
			one_step_with_model(&list, &model);
		bytes = lock_list_encode(&list, &len);
		for (int damage = 0; damage < 20; damage++)
		{
			size_t		kept = some(4) == 0 ? some((uint32_t) len + 1) : len;

			/* of that length exactly, for who reads beyond it to be found */
			exact = malloc(kept + 1);
			memcpy(exact, bytes, kept);
			for (uint32_t n = some(4); n > 0 && kept > 0; n--)
				exact[some((uint32_t) kept)] = some(3) == 0 ? 0xff :
					(uint8_t) some(256);
			exact = realloc(exact, kept > 0 ? kept : 1);
			work_with(exact, kept);
			free(exact);
		}
	}
}

static void
refuses_rubbish(void **state)
{
	static const struct
	{
		const char *what;
		uint8_t		bytes[40];
		size_t		len;
	}			values[] = {
		{"nothing", {0}, 0},
		{"another form", {2, 0, 0, 0, 0, 0, 0, 0}, 8},
		{"another flag", {1, 2, 0, 0, 0, 0, 0, 0}, 8},
		{"the end is missing", {1, 0, 0, 0, 0, 0, 0}, 7},
		{"something behind it", {1, 0, 0, 0, 0, 0, 0, 0, 0}, 9},
		{"more clients than bytes", {1, 0, 0xff, 0xff, 0xff, 0xff, 0xf}, 7},
		{"a number of 65 bits", {1, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 2}, 12},
		{"an owner of no client", {1, 0, 0, 1, 0, 1, 'a', 0, 0, 0, 0}, 11},
		{"a lock of no owner", {1, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0}, 12}
	};
	LockList	list;

	(void) state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
	{
		memory_used = 0;
		if (lock_list_decode(&list, take, values[i].bytes, values[i].len))
			assert_string_equal(values[i].what, "refused");
	}
	assert_true(lock_list_decode(&list, take, "\1\0\0\0\0\0\0\0", 7) ||
				lock_list_decode(&list, take, "\1\0\0\0\0\0\0\0", 8));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_this_form),
		cmocka_unit_test(keeps_64_bits),
		cmocka_unit_test(stays_in_memory),
		cmocka_unit_test(forgets_clients),
		cmocka_unit_test(knows_lives),
		cmocka_unit_test(limits_waiters),
		cmocka_unit_test(agrees_with_linux),
		cmocka_unit_test(agrees_with_model),
		cmocka_unit_test(survives_damage),
		cmocka_unit_test(refuses_rubbish)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
