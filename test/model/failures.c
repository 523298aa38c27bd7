/* SPDX-License-Identifier: PostgreSQL */
/*
 * failures.c
 *	  Clients that go on through whatever is done to the servers, and remember
 *	  what they were told.
 *
 * Each is a client as Linux has it: when its connection is lost or a reply
 * does not come, it connects again and sends the same call with the same xid,
 * however long it takes; JUKEBOX makes it call anew; what was written UNSTABLE
 * it keeps until COMMIT has confirmed it with the verifier of all the WRITEs,
 * and writes it again where the verifier has changed.
 *
 * Each has a tree of its own.  So there is exactly one right answer to each of
 * its calls, the model's, however often the call had to be sent and whoever
 * answered it in the end; a change made twice, lost, or answered by a false
 * EXIST or NOENT cannot go unnoticed.  What is left open is what NFS leaves
 * open: wcc data of a reply that was given before, and the fate of unstable
 * data, which must be there or be announced as lost by another verifier.
 */
#include "failures.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compare.h"
#include "single.h"

#define BURST_MAX 6

/* A minute or two for the background pass to bring all content to the store. */
#define MERGE_TRIES (PATIENCE_MS / 100)

struct survivor
{
	struct nfs	nfs;
	struct client *client;
	struct model *model;
	struct generator generator;
	struct history history;
	uint32_t	operations;
	time_t		end;
	uint64_t	bursts;			/* of unstable writes */
	uint64_t	losses;			/* bursts of which a crash took something */
	bool		right;
	char		why[WHY_SIZE];
	pthread_t	thread;
};

static volatile sig_atomic_t stopped;

static void
stop(int signal_number)
{
	(void) signal_number;
	stopped = 1;
}

/* Bursts are in so many bytes at the beginning of a file. */
static uint32_t
burst_bytes(void)
{
	return nfs_block_size > 0 ? 3 * nfs_block_size : 40000;
}

/* A burst of unstable writes, and the region of the file they fall in. */
struct burst
{
	struct call calls[BURST_MAX];
	struct result results[BURST_MAX];
	int			count;
	struct node *node;
};

static bool
fail(struct survivor *s, const char *what)
{
	snprintf(s->why, WHY_SIZE, "%s", what);
	return false;
}

static bool
write_burst(struct survivor *s, struct burst *b)
{
	for (int i = 0; i < b->count; i++)
	{
		struct result *r = &b->results[i];

		nfs_call(&s->nfs, s->client, &b->calls[i], &b->node->handle,
				 &b->node->handle, r);
		result_drop(r);
		if (r->status != NFS3_OK || r->count != b->calls[i].count)
		{
			snprintf(s->why, WHY_SIZE, "an unstable WRITE: %s, %u of %u bytes",
					 status_word(r->status), r->count, b->calls[i].count);
			return false;
		}
	}
	return true;
}

/*
 * Before COMMIT: each byte is what it was, or what one of the writes made it.
 * Is any of the last writes missing?
 */
static bool
look_at_burst(struct survivor *s, struct burst *b, bool *lost)
{
	struct node now = *b->node;
	uint32_t	size = burst_bytes() * 2;
	struct call call = {
		.procedure = NFS3_READ,.object = b->node->label,.count = size
	};
	struct result result;
	unsigned char *bytes = malloc(size);
	unsigned char *old = malloc(size);
	unsigned char *want = malloc(size);
	unsigned char *fits = calloc(1, size);
	bool		right = true;

	*lost = false;
	nfs_call(&s->nfs, s->client, &call, &b->node->handle, &b->node->handle,
			 &result);
	if (result.status != NFS3_OK)
		right = fail(s, "a READ after unstable WRITEs failed");
	data_read(&now, 0, old, size);
	memcpy(want, old, size);
	for (uint32_t i = 0; right && i < result.data.size; i++)
		fits[i] = old[i] == ((const unsigned char *) result.data.data)[i];
	for (int w = 0; right && w < b->count; w++)
	{
		const struct call *c = &b->calls[w];

		call_bytes(c, bytes);
		memcpy(want + c->offset, bytes, c->count);
		for (uint32_t i = 0; i < c->count; i++)
		{
			uint32_t	at = (uint32_t) c->offset + i;

			if (at < result.data.size)
				fits[at] |= bytes[i] ==
					((const unsigned char *) result.data.data)[at];
			else
				*lost = true;
		}
	}
	for (uint32_t i = 0; right && i < result.data.size; i++)
	{
		if (!fits[i])
			right = fail(s, "a byte that nobody has written");
		if (want[i] != ((const unsigned char *) result.data.data)[i])
			*lost = true;
	}
	result_drop(&result);
	free(bytes);
	free(old);
	free(want);
	free(fits);
	return right;
}

/* Until one COMMIT confirms all of it. */
static bool
commit_burst(struct survivor *s, struct burst *b, bool lost)
{
	struct call call = {.procedure = NFS3_COMMIT,.object = b->node->label};
	struct result result;

	for (;;)
	{
		bool		confirmed = true;

		nfs_call(&s->nfs, s->client, &call, &b->node->handle,
				 &b->node->handle, &result);
		result_drop(&result);
		if (result.status != NFS3_OK)
			return fail(s, "a COMMIT after unstable WRITEs failed");
		for (int i = 0; i < b->count; i++)
		{
			if (memcmp(result.verifier, b->results[i].verifier, 8) != 0)
				confirmed = false;
		}
		if (confirmed && lost)
			return fail(s, "unstable data was lost, but the verifier is the "
						"same");
		if (confirmed)
			return true;
		s->losses++;
		lost = false;
		/* all of it, in the order in which it was written */
		if (!write_burst(s, b))
			return false;
	}
}

static void
draw_unstable(struct chance *chance, struct call *call)
{
	uint32_t	half = burst_bytes() / 2;

	call->offset = chance_below(chance, half);
	call->count = 1 + chance_below(chance, half);
	if (nfs_block_size == 0 || chance_percent(chance, 50))
		return;
	call->offset = (uint64_t) chance_below(chance, 2) * nfs_block_size;
	call->count = nfs_block_size;
	if (chance_percent(chance, 30))
		call->count += chance_below(chance, nfs_block_size / 2);
}

static bool
burst(struct survivor *s, uint32_t number)
{
	struct chance *chance = &s->generator.chance;
	const struct labels *files = &s->generator.sights.files;
	struct burst b = {.count = 1 + (int) chance_below(chance, BURST_MAX)};
	bool		lost = false;
	bool		right;
	struct expected expected;

	if (files->count == 0)
		return true;
	b.node = model_node(s->model,
						files->labels[chance_below(chance, files->count)]);
	s->bursts++;
	for (int i = 0; i < b.count; i++)
	{
		b.calls[i] = (struct call) {
			.number = number,.procedure = NFS3_WRITE,.object = b.node->label,
			.how = UNSTABLE,.data = number * 16 + (uint32_t) i
		};
		draw_unstable(chance, &b.calls[i]);
	}
	right = write_burst(s, &b);
	if (right && chance_percent(chance, 50))
		right = look_at_burst(s, &b, &lost);
	right = right && commit_burst(s, &b, lost);

	for (int i = 0; right && i < b.count; i++)
	{
		history_add(&s->history, &b.calls[i]);
		model_apply(s->model, &b.calls[i], &expected);
	}
	if (right)
	{
		/* of all times that it went through only the last is of interest */
		struct timespec ts;

		clock_gettime(CLOCK_REALTIME, &ts);
		b.node->ctime.until = (uint64_t) ts.tv_sec * 1000000000 +
			(uint64_t) ts.tv_nsec;
		b.node->ctime.after = 0;
		b.node->mtime = b.node->ctime;
		struct call check = {
			.procedure = NFS3_READ,.object = b.node->label,
			.count = burst_bytes() * 2
		};

		right = step(&s->nfs.place, s->model, &check, s->why);
	}
	return right;
}

static void *
survive(void *argument)
{
	struct survivor *s = argument;
	struct place *place = &s->nfs.place;

	s->right = true;
	place->begin(place, s->model);
	for (uint32_t i = 1; s->right && !stopped; i++)
	{
		struct call call;

		if (s->end != 0 ? time(NULL) >= s->end : i > s->operations)
			break;
		generate_look(&s->generator);
		if (chance_percent(&s->generator.chance, 6))
		{
			s->right = burst(s, i);
			continue;
		}
		generate(&s->generator, i, &call);
		if (call.procedure == NFS3_WRITE && call.how == UNSTABLE)
			call.how = FILE_SYNC;
		history_add(&s->history, &call);
		s->right = step(place, s->model, &call, s->why);
	}
	s->right = s->right && check_tree(place, s->model, s->why);
	return NULL;
}

static void
begin_survivor(struct survivor *s, int number, uint64_t seed)
{
	s->client = connect_to(number % gateway_count());
	s->client->persistent = true;
	reconnect(s->client);
	s->nfs = *nfs_new();
	s->nfs.clients = &s->client;
	s->nfs.client_count = 1;
	s->nfs.place.compare = COMPARE_TIMES | COMPARE_AFTER | COMPARE_HANDLES;
	s->model = model_new();
	s->generator = (struct generator) {
		.model = s->model,.names = 10,.objects = 150,
		.data_max = nfs_block_size > 0 ? 3 * nfs_block_size : 60000,
		.block_size = nfs_block_size,.wide = true
	};
	chance_seed(&s->generator.chance, seed * 1000 + (uint64_t) number);
}

/* Until all content that is to be in a store is there. */
static void
await_merges(void)
{
	int			tries = 0;

	while (strcmp(sql("SELECT count(*) FROM dittofs.staged_files"), "0") != 0 &&
		   ++tries < MERGE_TRIES)
		usleep(100000);
	ok(tries < MERGE_TRIES, "everything comes to the store");
}

void
run_through_failures(int clients, uint64_t seed, uint32_t operations,
					 int minutes)
{
	struct survivor *all = calloc((size_t) clients, sizeof(*all));
	struct sigaction action = {.sa_handler = stop};
	uint64_t	calls = 0;
	uint64_t	resends = 0;
	uint64_t	jukeboxes = 0;
	uint64_t	bursts = 0;
	uint64_t	losses = 0;
	uint64_t	whole_blocks = 0;
	bool		all_right = true;
	int			wrong = 0;

	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	note("seed %llu, %d clients", (unsigned long long) seed, clients);
	for (int i = 0; i < clients; i++)
	{
		struct survivor *s = &all[i];

		begin_survivor(s, i, seed);
		s->operations = operations;
		s->end = minutes > 0 ? time(NULL) + minutes * 60 : 0;
		if (pthread_create(&s->thread, NULL, survive, s) != 0)
			bail_out("cannot start a thread");
	}
	for (int i = 0; i < clients; i++)
	{
		pthread_join(all[i].thread, NULL);
		all_right = all_right && all[i].right;
	}
	if (nfs_block_size > 0 && all_right)
		await_merges();
	for (int i = 0; i < clients; i++)
	{
		struct survivor *s = &all[i];

		if (s->right && nfs_block_size > 0)
			s->right = check_tree(&s->nfs.place, s->model, s->why);
		calls += s->history.count;
		resends += s->client->resends;
		jukeboxes += s->nfs.jukeboxes;
		bursts += s->bursts;
		losses += s->losses;
		whole_blocks += s->nfs.whole_blocks;
		if (s->right)
			continue;
		wrong++;
		note("client %d: %s", i, s->why);
		s->history.calls += s->history.count > 5 ? s->history.count - 5 : 0;
		s->history.count = s->history.count > 5 ? 5 : s->history.count;
		history_note(&s->history);
	}
	note("operations %llu, sent again %llu, jukebox %llu, bursts of unstable "
		 "writes %llu, of these written again %llu, violations %d",
		 (unsigned long long) calls, (unsigned long long) resends,
		 (unsigned long long) jukeboxes, (unsigned long long) bursts,
		 (unsigned long long) losses, wrong);
	if (nfs_block_size > 0)
		note("writes of whole blocks %llu", (unsigned long long) whole_blocks);
	note_tally();
	ok(wrong == 0, "seed %llu: %llu calls of %d clients through failures, "
	   "every answer and every tree is the model's",
	   (unsigned long long) seed, (unsigned long long) calls, clients);
}
