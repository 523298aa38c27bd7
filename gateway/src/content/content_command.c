/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_command.c
 *	  dittofs verify and dittofs gc: see content_command.h.
 *
 * Uses one connection to each database, for the list of blocks that should
 * exist, and for each store as many threads as its settings allow.
 */
#include "content/content_command.h"
#include "content/content_backend.h"
#include "content/content_identity.h"
#include "base/event.h"
#include "base/log.h"
#include "db/row.h"
#include "db/session.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <search.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PAGE 512
#define ANSWER_TIMEOUT (90 * (int64_t) 1000000) /* beyond statement_timeout */
#define PROGRESS_PERIOD (5 * 1000000)
#define EFFORT (60 * (int64_t) 1000000)
#define DAY (24 * 3600)

/* 64 hexadecimal digits for each, behind \x */
#define HASHES_TEXT(n) ((size_t) (n) * 2 * HASH_LEN + 3)

/* A position of stored_block_list(), which is a hash at longest */
#define POSITION_TEXT HASHES_TEXT(1)

struct block
{
	uint8_t		hash[HASH_LEN];
	size_t		length;
	uint8_t		sums[(CONTENT_CHUNKS_MAX - 1) * SUM_LEN];
	bool		unknown;		/* to the database: nothing to ask for */
	enum content_outcome outcome;
	char		message[512];
};

/* A store of one database, and the work of its threads. */
struct work
{
	PGconn	   *pg;
	const struct content_store_config *config;
	const char *store_id;
	struct content_identity identity;
	bool		removes;		/* or verifies */
	int64_t		remove_until;

	struct block blocks[PAGE];
	int			count;
	bool		more;			/* after this page */
	char		after[POSITION_TEXT];	/* verify: where it goes on */
	void	   *verified;		/* of a share: the hashes so far, a tree */
	atomic_int	next;

	/* totals */
	long long	seen;
	long long	bytes;
	long long	wrong;
	long long	failed;			/* could not be looked at */
	int64_t		last_progress;
};

/* Results are binary, parameters text.  NULL: it failed, and that is said. */
static PGresult *
ask(PGconn *pg, const char *sql, int count, const char *const *values)
{
	PGresult   *result = session_exec(pg, sql, count, values, 1,
									  clock_now() + ANSWER_TIMEOUT);

	if (PQresultStatus(result) == PGRES_TUPLES_OK)
		return result;
	if (result == NULL && PQstatus(pg) == CONNECTION_OK)
		fprintf(stderr, "PostgreSQL: the server does not answer\n");
	else
		fprintf(stderr, "PostgreSQL: %s", PQerrorMessage(pg));
	PQclear(result);
	return NULL;
}

static int32_t
int4_of(const PGresult *result, int row, int column)
{
	uint32_t	word = 0;

	if (PQgetlength(result, row, column) == 4)
		memcpy(&word, PQgetvalue(result, row, column), 4);
	return (int32_t) ntohl(word);
}

static long long
int8_of(const PGresult *result, int row, int column)
{
	const unsigned char *at =
		(const unsigned char *) PQgetvalue(result, row, column);
	unsigned long long value = 0;

	for (int i = 0; i < 8 && PQgetlength(result, row, column) == 8; i++)
		value = value << 8 | at[i];
	return (long long) value;
}

/* Hashes in the text form of bytea. */
static void
write_hashes(char *to, const struct block *blocks, int count)
{
	strcpy(to, "\\x");
	to += 2;
	for (int i = 0; i < count; i++, to += 2 * HASH_LEN)
		content_hex(blocks[i].hash, to);
}

/*
 * The threads.
 */

static void
verify(struct content_session *session, struct block *block,
	   char *const *pieces)
{
	struct content_effort effort = {.deadline = clock_now() + EFFORT,
									.brief = true};

	if (block->unknown)
	{
		block->outcome = CONTENT_MISSING;
		snprintf(block->message, sizeof(block->message),
				 "the database does not "
				 "know it, or what it knows is damaged: see dittofs.fsck()");
		return;
	}

	struct content_part whole = {block->hash, block->length, 0, block->length,
	block->sums};

	block->outcome = content_get(session, &whole, pieces, &effort);
	content_explain(&effort, block->message, sizeof(block->message));
}

static void
delete(struct content_session *session, struct block *block, int64_t until)
{
	struct content_effort effort = {.deadline = clock_now() + EFFORT,
									.brief = true};

	if (effort.deadline > until)
		effort.deadline = until;

	block->outcome = content_remove(session, block->hash, &effort);
	content_explain(&effort, block->message, sizeof(block->message));
}

static void *
work_thread(void *argument)
{
	struct work *work = argument;
	struct content_session *session = content_session_begin(work->config,
														   &work->identity);
	char	   *memory = malloc(CONTENT_BLOCK_MAX);
	char	   *pieces[CONTENT_CHUNKS_MAX];
	int			number;

	if (memory == NULL)
		fatal("out of memory");
	for (size_t i = 0; i < CONTENT_CHUNKS_MAX; i++)
		pieces[i] = memory + i * CONTENT_CHUNK;
	while ((number = atomic_fetch_add(&work->next, 1)) < work->count)
	{
		if (work->removes)
			delete(session, &work->blocks[number], work->remove_until);
		else
			verify(session, &work->blocks[number], pieces);
	}
	free(memory);
	content_session_end(session);
	return NULL;
}

/*
 * What the database says of the store's owner; again before each page, since
 * its ticket changes while a command runs.
 */
static bool
ask_terms(struct work *work, struct content_terms *terms)
{
	const char *values[1] = {work->store_id};
	PGresult   *result = ask(work->pg, "SELECT h FROM dittofs.content_hints() h"
							 " WHERE store_id = $1::int LIMIT 1", 1, values);
	struct row	row;
	bool		good = result != NULL && PQntuples(result) == 1;

	if (good)
	{
		row_open(&row, PQgetvalue(result, 0, 0), PQgetlength(result, 0, 0));
		row_skip(&row, CONTENT_HINTS_STORE_UUID);
		good = content_terms_take(terms, &row);
		if (good)
			content_identity_learn(&work->identity, terms);
		else
			fprintf(stderr, "content_hints() returns what makes no sense\n");
	}
	PQclear(result);
	return good;
}

/* Has the page of blocks looked at, or removed. */
static void
run_page(struct work *work)
{
	struct content_terms terms;
	pthread_t	threads[64];
	int			count = work->config->parallel < 64 ?
		(int) work->config->parallel : 64;

	if (count > work->count)
		count = work->count;
	(void) ask_terms(work, &terms);
	atomic_store(&work->next, 0);
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, work_thread, work) != 0)
			fatal("a thread cannot be started");
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static void
show_progress(struct work *work, const char *done)
{
	int64_t		now = clock_now();

	if (now - work->last_progress < PROGRESS_PERIOD)
		return;
	work->last_progress = now;
	fprintf(stderr, "%s: %lld blocks %s, %lld MiB, %lld wrong\n",
			work->config->name, work->seen, done, work->bytes / (1 << 20),
			work->wrong);
}

/*
 * Databases and stores.
 */

typedef bool (*store_function) (struct work *work, const void *argument);

/* May the command do its work with the store?  What is in the way is said. */
static bool
may_work(struct work *work)
{
	struct content_terms terms;
	struct identity_report report;
	const char *name = work->config->name;

	if (!ask_terms(work, &terms))
		return false;
	content_identity_report(work->config, &terms, &report);
	if (!report.good)
	{
		fprintf(stderr, "content store %s is away, and nothing in it is %s: "
				"%s\n", name, work->removes ? "deleted" : "verified",
				report.text);
		if (report.remedy[0] != '\0')
			fprintf(stderr, "    remedy: %s\n", report.remedy);
		return false;
	}
	if (work->removes && terms.read_only)
	{
		printf("content store %s is attached to be read only: nothing in it is "
			   "deleted here\n", name);
		return true;
	}
	if (report.unused)
		printf("content store %s: %s\n", name, report.text);
	return true;
}

/* With the store's place in the settings known. */
static bool
run_store(struct work *work, store_function function, const void *argument)
{
	struct content_terms *terms = &work->identity.terms;

	content_identity_init(&work->identity, work->config, false);
	if (!may_work(work))
		return false;
	if (terms->state == TERMS_NEW || (work->removes && terms->read_only))
		return true;
	return function(work, argument);
}

/* Calls it for each store of the database that is in the settings. */
static bool
each_store(PGconn *pg, const struct config *config, bool removes,
		   store_function function, const void *argument)
{
	PGresult   *result = ask(pg, "SELECT DISTINCT store_id, store FROM "
							 "dittofs.content_hints() WHERE store IS NOT NULL "
							 "ORDER BY 1", 0, NULL);
	bool		good = result != NULL;

	for (int i = 0; result != NULL && i < PQntuples(result); i++)
	{
		const char *name = PQgetvalue(result, i, 1);
		struct work *work = calloc(1, sizeof(*work));
		char		store_id[16];

		if (work == NULL)
			fatal("out of memory");
		snprintf(store_id, sizeof(store_id), "%d", int4_of(result, i, 0));
		work->pg = pg;
		work->store_id = store_id;
		work->removes = removes;
		work->last_progress = clock_now();
		for (int j = 0; j < config->content_store_count; j++)
			if (strcmp(config->content_stores[j]->name, name) == 0)
				work->config = config->content_stores[j];
		if (work->config == NULL)
		{
			fprintf(stderr, "content store %s is not in the settings\n", name);
			good = false;
		}
		else
			good = run_store(work, function, argument) && good;
		free(work);
	}
	PQclear(result);
	return good;
}

/* Does one of the databases that answer have the share?  They have said so. */
static bool
share_exists(const struct config *config, const char *share)
{
	bool		found = false;

	for (int i = 0; i < config->store_count && !found; i++)
	{
		const char *values[1] = {share};
		char		problem[1024];
		PGconn	   *pg = session_connect_plain(i, problem, sizeof(problem));
		PGresult   *result;

		if (pg == NULL)
			return true;		/* which each_database() will tell */
		result = ask(pg, "SELECT name = $1::text, name FROM "
					 "dittofs.list_shares() ORDER BY 1 DESC, 2", 1, values);
		found = result == NULL ||
			(PQntuples(result) > 0 && *PQgetvalue(result, 0, 0) != 0);
		for (int j = 0; !found && j < PQntuples(result); j++)
			fprintf(stderr, "%s%s", j == 0 ? "the shares are: " : ", ",
					PQgetvalue(result, j, 1));
		if (!found)
			fputs(PQntuples(result) > 0 ? "\n" : "there are no shares\n",
				  stderr);
		PQclear(result);
		PQfinish(pg);
	}
	if (!found)
		fprintf(stderr, "there is no share \"%s\": nothing has been verified\n",
				share);
	return found;
}

static bool
each_database(const struct config *config, bool removes,
			  store_function function, const void *argument)
{
	bool		good = true;

	content_backend_init();
	for (int i = 0; i < config->store_count; i++)
	{
		char		problem[1024];
		PGconn	   *pg = session_connect_plain(i, problem, sizeof(problem));

		if (pg == NULL)
		{
			fprintf(stderr, "PostgreSQL: %s", problem);
			good = false;
		}
		else
			good = each_store(pg, config, removes, function, argument) && good;
		PQfinish(pg);
	}
	return good;
}

/*
 * Verification.
 */

struct verification
{
	const char *share;
	long long  *wrong;
};

/* Which files use the block?  False: none, so it may be on its way out. */
static bool
print_users(struct work *work, const struct block *block)
{
	char		hash[HASHES_TEXT(1)];
	const char *values[2] = {work->store_id, hash};
	PGresult   *result;
	bool		used;

	write_hashes(hash, block, 1);
	result =
		ask(work->pg,
			"SELECT share, coalesce(path, encode(handle, 'hex')), "
			"\"offset\", length FROM dittofs.block_users($1::int, $2::bytea)",
			2, values);
	used = result == NULL || PQntuples(result) > 0;
	for (int i = 0; result != NULL && i < PQntuples(result); i++)
		printf("          share %s, file %s, offset %lld, %d bytes\n",
			   PQgetvalue(result, i, 0), PQgetvalue(result, i, 1),
			   int8_of(result, i, 2), int4_of(result, i, 3));
	PQclear(result);
	return used;
}

static bool
is_used(struct work *work, const struct block *block)
{
	char		hash[HASHES_TEXT(1)];
	const char *values[2] = {work->store_id, hash};
	PGresult   *result;
	bool		used;

	write_hashes(hash, block, 1);
	result = ask(work->pg, "SELECT 1 FROM dittofs.block_users($1::int, "
				 "$2::bytea) LIMIT 1", 2, values);
	used = result == NULL || PQntuples(result) > 0;
	PQclear(result);
	return used;
}

static void
count_page(struct work *work)
{
	for (int i = 0; i < work->count; i++)
	{
		struct block *block = &work->blocks[i];
		char		hex[CONTENT_HEX_SIZE];

		work->seen++;
		if (block->outcome == CONTENT_OK)
		{
			work->bytes += (long long) block->length;
			continue;
		}
		if (block->outcome == CONTENT_MISSING && !is_used(work, block))
			continue;
		if (block->outcome == CONTENT_MISSING ||
			block->outcome == CONTENT_CORRUPT)
			work->wrong++;
		else
			work->failed++;
		printf("%s content store %s, block %s: %s\n",
			   block->outcome == CONTENT_MISSING ? "missing  " :
			   block->outcome == CONTENT_CORRUPT ? "wrong    " : "unread   ",
			   work->config->name, content_hex(block->hash, hex),
			   block->message);
		print_users(work, block);
		fflush(stdout);
	}
}

static int
compare_hashes(const void *a, const void *b)
{
	return memcmp(a, b, HASH_LEN);
}

/*
 * The blocks of a share come in the order of its files, and some more than
 * once.  Is it the first time?
 */
static bool
is_new(struct work *work, const uint8_t *hash)
{
	uint8_t    *copy = malloc(HASH_LEN);
	uint8_t   **found;

	if (copy == NULL)
		fatal("out of memory");
	memcpy(copy, hash, HASH_LEN);
	found = tsearch(copy, &work->verified, compare_hashes);
	if (found == NULL)
		fatal("out of memory");
	if (*found == copy)
		return true;
	free(copy);
	return false;
}

/* One of a list.  What is damaged is a block that is unknown. */
static void
take_block(struct work *work, const PGresult *result, int row)
{
	struct block *block = &work->blocks[work->count];
	size_t		size = (size_t) PQgetlength(result, row, 0);

	memset(block, 0, sizeof(*block));
	memcpy(block->hash, PQgetvalue(result, row, 0),
		   size < HASH_LEN ? size : HASH_LEN);
	block->length = (size_t) int4_of(result, row, 1);
	block->unknown = size != HASH_LEN ||
		block->length < 1 || block->length > CONTENT_BLOCK_MAX ||
		(size_t) PQgetlength(result, row, 2) !=
		content_sums(block->length) * SUM_LEN;
	if (!block->unknown)
		memcpy(block->sums, PQgetvalue(result, row, 2),
			   (size_t) PQgetlength(result, row, 2));
	work->count++;
}

/*
 * The blocks after the last position: a slice, of a share without those that
 * were there before.  False: the database does not answer.
 */
static bool
list_page(struct work *work, const char *share)
{
	char		max[16];
	const char *values[4] = {work->store_id, work->after, max, share};
	PGresult   *result;
	int			rows;

	snprintf(max, sizeof(max), "%d", PAGE);
	result = ask(work->pg, "SELECT hash, length, sums, \"position\" FROM "
				 "dittofs.stored_block_list($1::int, $2::bytea, $3::int, "
				 "$4::text)", 4, values);
	if (result == NULL)
		return false;
	rows = PQntuples(result);
	work->count = 0;
	work->more = rows > 0;
	for (int i = 0; i < rows && work->count < PAGE; i++)
	{
		if (PQgetisnull(result, i, 0))
			continue;
		take_block(work, result, i);
		if (share != NULL && !is_new(work, work->blocks[work->count - 1].hash))
			work->count--;
	}
	if (rows > 0)
	{
		const unsigned char *position =
			(const unsigned char *) PQgetvalue(result, rows - 1, 3);
		int			size = PQgetlength(result, rows - 1, 3);

		if (size > HASH_LEN)
			size = HASH_LEN;
		strcpy(work->after, "\\x");
		for (int i = 0; i < size; i++)
			sprintf(work->after + 2 + 2 * (size_t) i, "%02x", position[i]);
	}
	PQclear(result);
	return true;
}

static bool
verify_pages(struct work *work, const struct verification *verification)
{
	strcpy(work->after, "\\x");
	while (list_page(work, verification->share))
	{
		if (!work->more)
		{
			printf("content store %s: %lld blocks, %lld bytes; %lld wrong or "
				   "missing, %lld could not be read\n", work->config->name,
				   work->seen, work->bytes, work->wrong, work->failed);
			*verification->wrong += work->wrong;
			return work->failed == 0;
		}
		run_page(work);
		count_page(work);
		show_progress(work, "verified");
	}
	return false;
}

static bool
verify_store(struct work *work, const void *argument)
{
	bool		good = verify_pages(work, argument);

	tdestroy(work->verified, free);
	return good;
}

int
content_verify(const struct config *config, const char *share)
{
	long long	wrong = 0;
	struct verification verification = {share, &wrong};
	bool		good;

	if (share != NULL && !share_exists(config, share))
		return 2;
	good = each_database(config, false, verify_store, &verification);
	if (wrong > 0)
		return 1;
	return good ? 0 : 2;
}

/*
 * Garbage.
 */

/* Removes the page and says so to the database. */
static bool
remove_page(struct work *work)
{
	char	   *hashes = malloc(HASHES_TEXT(PAGE));
	const char *values[2] = {work->store_id, hashes};
	PGresult   *result;
	int			kept = 0;

	if (hashes == NULL)
		fatal("out of memory");
	run_page(work);
	for (int i = 0; i < work->count; i++)
	{
		char		hex[CONTENT_HEX_SIZE];

		if (work->blocks[i].outcome == CONTENT_OK)
		{
			work->seen++;
			work->blocks[kept++] = work->blocks[i];
			continue;
		}
		work->failed++;
		fprintf(stderr, "content store %s: block %s cannot be deleted: %s\n",
				work->config->name, content_hex(work->blocks[i].hash, hex),
				work->blocks[i].message);
	}
	write_hashes(hashes, work->blocks, kept);
	result = ask(work->pg, "SELECT dittofs.gc_done($1::int, $2::bytea)", 2,
				 values);
	free(hashes);
	work->count = 0;
	if (result == NULL)
		return false;
	PQclear(result);
	return true;
}

struct orphans
{
	struct work *work;
	int64_t		before;			/* seconds */
	long long	looked_at;
	bool		good;
};

/* Those of the page that the database does not know are its to delete now. */
static void
adopt_page(struct orphans *orphans)
{
	struct work *work = orphans->work;
	char	   *hashes = malloc(HASHES_TEXT(PAGE));
	const char *values[2] = {work->store_id, hashes};
	PGresult   *result;

	if (hashes == NULL)
		fatal("out of memory");
	write_hashes(hashes, work->blocks, work->count);
	work->remove_until = clock_now() + CONTENT_REMOVE_WITHIN;
	result = ask(work->pg, "SELECT dittofs.gc_adopt($1::int, $2::bytea)", 2,
				 values);
	free(hashes);
	if (result == NULL)
	{
		orphans->good = false;
		return;
	}
	work->count = PQgetlength(result, 0, 0) / HASH_LEN;
	for (int i = 0; i < work->count; i++)
		memcpy(work->blocks[i].hash, PQgetvalue(result, 0, 0) +
			   i * HASH_LEN, HASH_LEN);
	PQclear(result);
	if (work->count > 0 && !remove_page(work))
		orphans->good = false;
	work->count = 0;
	show_progress(work, "deleted");
}

static bool
note_object(void *argument, const uint8_t *hash, int64_t size,
			int64_t modified)
{
	struct orphans *orphans = argument;
	struct work *work = orphans->work;

	(void) size;
	orphans->looked_at++;
	if (modified >= orphans->before)
		return true;
	memcpy(work->blocks[work->count++].hash, hash, HASH_LEN);
	if (work->count == PAGE)
		adopt_page(orphans);
	return orphans->good;
}

static bool
collect_orphans(struct work *work, int days)
{
	struct content_session *session = content_session_begin(work->config,
														   &work->identity);
	struct content_effort effort = {.deadline = INT64_MAX};
	struct orphans orphans = {.work = work, .good = true,
							  .before = time(NULL) - (int64_t) days * DAY};
	enum content_outcome outcome;

	work->count = 0;
	outcome = content_list(session, note_object, &orphans, &effort);
	if (outcome != CONTENT_OK)
		fprintf(stderr, "content store %s cannot be listed: %s%s%s\n",
				work->config->name, effort.message,
				effort.remedy != NULL ? "; " : "",
				effort.remedy != NULL ? effort.remedy : "");
	else if (work->count > 0)
		adopt_page(&orphans);
	content_session_end(session);
	return outcome == CONTENT_OK && orphans.good;
}

/*
 * Takes what the database hands out; what is another store's comes back.  A row
 * without a block: it has not looked at all of them yet.
 */
static bool
next_garbage(struct work *work)
{
	const char *values[2];
	char		max[16];
	PGresult   *result;

	snprintf(max, sizeof(max), "%d", PAGE);
	values[0] = max;
	work->remove_until = clock_now() + CONTENT_REMOVE_WITHIN;
	result =
		ask(work->pg, "SELECT store_id, hash FROM dittofs.gc_next($1::int)", 1,
			values);
	work->count = 0;
	work->more = false;
	if (result == NULL)
		return false;
	for (int i = 0; i < PQntuples(result); i++)
		work->more |= PQgetisnull(result, i, 1);
	for (int i = 0; i < PQntuples(result) && work->count < PAGE; i++)
		if (int4_of(result, i, 0) == atoi(work->store_id) &&
			PQgetlength(result, i, 1) == HASH_LEN)
			memcpy(work->blocks[work->count++].hash,
				   PQgetvalue(result, i, 1), HASH_LEN);
	PQclear(result);
	return true;
}

static bool
collect_store(struct work *work, const void *argument)
{
	int			days = *(const int *) argument;
	long long	unused;
	bool		good;

	while ((good = next_garbage(work)) && (work->count > 0 || work->more))
	{
		if (work->count > 0 && !remove_page(work))
			return false;
		show_progress(work, "deleted");
	}
	unused = work->seen;
	if (good && days >= 0)
		good = collect_orphans(work, days);
	printf("content store %s: %lld blocks deleted that no file has had for "
		   "long", work->config->name, unused);
	if (days >= 0)
		printf(", %lld that the database did not know", work->seen - unused);
	printf("%s\n", work->failed > 0 ? "; not all could be deleted" : "");
	return good && work->failed == 0;
}

int
content_collect(const struct config *config, int orphans)
{
	return each_database(config, true, collect_store, &orphans) ? 0 : 2;
}
