/* SPDX-License-Identifier: PostgreSQL */
/*
 * route.c
 *	  Shares by id and by name, of all stores: see route.h.
 *
 * There are few shares, so a table is a row of them.  Tables are read by all
 * workers and replaced by a keeper; a table that is replaced is released when
 * each worker has begun another round (epoch.h).
 */
#include "db/route.h"
#include "dittofs_contract.h"
#include "base/epoch.h"
#include "base/event.h"
#include "base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Keys of what no store has that a worker remembers, and for how long. */
#define UNKNOWN_MAX 64
#define UNKNOWN_TIME 1000000

struct share
{
	uint8_t		id[HANDLE_ID_LEN];
	char	   *name;
};

struct table
{
	int			count;
	struct share *shares;
};

static struct store
{
	struct table *table;		/* replaced as a whole */
	int64_t		asked;
}			stores[METADATA_STORES_MAX];

static const struct config *config;
static void (*ask_now) (void);

static void
free_table(void *memory)
{
	struct table *table = memory;

	for (int i = 0; i < table->count; i++)
		free(table->shares[i].name);
	free(table->shares);
	free(table);
}

void
route_configure(const struct config *of, void (*ask) (void))
{
	config = of;
	ask_now = ask;
}

static bool
parse_id(const char *hex, uint8_t *id)
{
	for (int i = 0; i < HANDLE_ID_LEN; i++)
	{
		unsigned	byte;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		id[i] = (uint8_t) byte;
	}
	return true;
}

void
route_learn(int number, const PGresult *result, int64_t asked)
{
	struct store *store = &stores[number];
	struct table *table = calloc(1, sizeof(*table));
	struct table *old;
	int			rows = PQntuples(result);

	if (table != NULL)
		table->shares = calloc((size_t) rows + 1, sizeof(*table->shares));
	if (table == NULL || table->shares == NULL)
		fatal("out of memory");
	for (int i = 0; i < rows; i++)
	{
		struct share *share = &table->shares[table->count];

		if (!parse_id(PQgetvalue(result, i, 1), share->id))
			continue;
		share->name = strdup(PQgetvalue(result, i, 0));
		if (share->name == NULL)
			fatal("out of memory");
		table->count++;
	}
	old = __atomic_exchange_n(&store->table, table, __ATOMIC_ACQ_REL);
	__atomic_store_n(&store->asked, asked, __ATOMIC_RELEASE);
	epoch_retire(old, free_table);
}

static const struct table *
table_of(int number)
{
	return __atomic_load_n(&stores[number].table, __ATOMIC_ACQUIRE);
}

static bool
asked_since(int64_t then)
{
	for (int i = 0; i < config->store_count; i++)
		if (__atomic_load_n(&stores[i].asked, __ATOMIC_ACQUIRE) <= then)
			return false;
	return true;
}

/*
 * A share that no table has may have been made a moment ago.  So the stores are
 * asked again, and only a share that they do not have after that does not
 * exist.  A peer may name what it likes, without a credential: so the stores
 * are asked once a second however many calls wait for the answer, and each
 * worker remembers some keys for a second.  A handle of a share that does not
 * exist yet is impossible; a name is possible, and has no key here (0), so a
 * share can be mounted as soon as it is made.
 */
static int
unknown(uint64_t key, int64_t arrived)
{
	static _Thread_local struct
	{
		uint64_t	key;
		int64_t		until;
	}			absent[UNKNOWN_MAX];
	int			slot = (int) (key % UNKNOWN_MAX);
	int64_t		now = clock_now();

	if (key != 0 && absent[slot].key == key && now < absent[slot].until)
		return 0;
	if (!asked_since(arrived))
	{
		ask_now();
		return -1;
	}
	absent[slot].key = key;
	absent[slot].until = now + UNKNOWN_TIME;
	return 0;
}

int
route_handle(struct bytes handle, int64_t arrived)
{
	if (config == NULL || config->store_count < 2 ||
		handle.size < HANDLE_SHARE_AT + HANDLE_ID_LEN)
		return 0;
	for (int i = 0; i < config->store_count; i++)
	{
		const struct table *table = table_of(i);

		for (int j = 0; table != NULL && j < table->count; j++)
			if (memcmp(table->shares[j].id, handle.data + HANDLE_SHARE_AT,
					   HANDLE_ID_LEN) == 0)
				return i;
	}
	return unknown(call_key(handle.data, HANDLE_SHARE_AT + HANDLE_ID_LEN),
				   arrived);
}

/* Is the path the share, or below it? */
static bool
lies_in(struct bytes path, const char *name, size_t size)
{
	return path.size >= size && memcmp(path.data, name, size) == 0 &&
		(path.size == size || path.data[size] == '/');
}

/* Of nested shares the one with the longest name, as the extension has it. */
int
route_path(struct bytes path, int64_t arrived)
{
	int			found = -1;
	size_t		longest = 0;

	if (config == NULL || config->store_count < 2)
		return 0;
	for (int i = 0; i < config->store_count; i++)
	{
		const struct table *table = table_of(i);

		for (int j = 0; table != NULL && j < table->count; j++)
		{
			size_t		size = strlen(table->shares[j].name);

			if (size > longest && lies_in(path, table->shares[j].name, size))
			{
				found = i;
				longest = size;
			}
		}
	}
	return found >= 0 ? found : unknown(0, arrived);
}
