/*
 * route.c
 *	  Shares by id and by name, of all stores: see route.h.
 *
 * There are few shares, so a table is a row of them.  Tables are read by all
 * workers and replaced by a keeper: a table that is replaced is released
 * with the next but one, seconds later, when no worker can be in it any more
 * (a look-up does not wait for anything).
 */
#include "route.h"
#include "event.h"
#include "log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define ID_SIZE 16
#define ID_OFFSET 1				/* in a handle; before it is a version */
#define UNKNOWN_MAX 64

struct share
{
	uint8_t		id[ID_SIZE];
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
	struct table *old[2];
	int64_t		asked;
}			stores[METADATA_STORES_MAX];

static const struct config *config;
static void (*ask_now) (void);

static void
free_table(struct table *table)
{
	if (table == NULL)
		return;
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
	for (int i = 0; i < ID_SIZE; i++)
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
	free_table(store->old[1]);
	store->old[1] = store->old[0];
	store->old[0] = store->table;
	__atomic_store_n(&store->table, table, __ATOMIC_RELEASE);
	__atomic_store_n(&store->asked, asked, __ATOMIC_RELEASE);
}

static const struct table *
table_of(int number)
{
	return __atomic_load_n(&stores[number].table, __ATOMIC_ACQUIRE);
}

/*
 * What no table has may be a share made a moment ago.  When a key comes up
 * for the first time the stores are asked again, and only what they do not
 * have after that does not exist.  Each worker remembers some such keys.
 */
static int
unknown(uint64_t key)
{
	static _Thread_local struct
	{
		uint64_t	key;
		int64_t		since;
	}			seen[UNKNOWN_MAX];
	int			slot = (int) (key % UNKNOWN_MAX);

	if (seen[slot].key != key)
	{
		seen[slot].key = key;
		seen[slot].since = clock_now();
		ask_now();
		return -1;
	}
	for (int i = 0; i < config->store_count; i++)
		if (__atomic_load_n(&stores[i].asked, __ATOMIC_ACQUIRE) <=
			seen[slot].since)
			return -1;
	return 0;
}

int
route_handle(struct bytes handle)
{
	if (config == NULL || config->store_count < 2 ||
		handle.size < ID_OFFSET + ID_SIZE)
		return 0;
	for (int i = 0; i < config->store_count; i++)
	{
		const struct table *table = table_of(i);

		for (int j = 0; table != NULL && j < table->count; j++)
			if (memcmp(table->shares[j].id, handle.data + ID_OFFSET,
					   ID_SIZE) == 0)
				return i;
	}
	return unknown(call_key(handle.data, ID_OFFSET + ID_SIZE));
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
route_path(struct bytes path)
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
	return found >= 0 ? found : unknown(call_key(path.data, path.size));
}
