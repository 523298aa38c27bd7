/* SPDX-License-Identifier: PostgreSQL */
/*
 * many.c
 *	  Several clients at once, through several gateways, in one small tree.
 *
 * What is recorded of each call is what its client knows: when it was sent,
 * when it was answered, and the answer.  Nothing is asked of the servers and
 * nothing is added to them.  order.c then looks for an order that explains it.
 *
 * The calls of a client depend on the seed and on what it and the others have
 * been told so far, so a seed gives the same kind of history, not the same
 * one.  A history that cannot be explained is written to a file, to be judged
 * again (recorded.c).
 */
#include "many.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compare.h"
#include "order.h"
#include "recorded.h"
#include "run.h"
#include "single.h"

/* Few names and few objects: the clients are to meet. */
#define NAMES 5
#define OBJECTS_IN_SIGHT 40

/*
 * For so many calls all of them do much the same; in every second such phase
 * they are close together: a few procedures, two names, hardly any objects.
 */
#define PHASE_CALLS 300
#define OBJECTS_IN_CROWD 5

/*
 * What all clients know of the objects, under one lock.
 */
struct known
{
	struct handle handle;
	uint32_t	next;			/* label with the same hash */
	uint32_t	kind;
	uint64_t	ctime;			/* seen last */
	uint64_t	cookie;			/* of one of its entries */
	bool		gone;
};

#define BUCKETS 8192

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct known *known;		/* by label */
static uint32_t known_count;
static uint32_t known_room;
static uint32_t base_objects;	/* that were there at first */
static uint64_t calls_drawn;
static uint32_t buckets[BUCKETS];

static uint32_t
bucket(const struct handle *handle)
{
	uint32_t	hash = 5381;

	for (uint32_t i = 0; i < handle->size; i++)
		hash = hash * 33 + handle->data[i];
	return hash % BUCKETS;
}

uint32_t
label_of(const struct handle *handle)
{
	uint32_t	label = buckets[bucket(handle)];

	while (label != NO_LABEL && !same_handle(&known[label].handle, handle))
		label = known[label].next;
	return label;
}

void
labels_forget(void)
{
	known_count = 0;
	memset(buckets, 0xff, sizeof(buckets));
}

/* Has the object been seen before?  Now it has. */
uint32_t
label_learn(const struct handle *handle)
{
	uint32_t	label = label_of(handle);
	uint32_t	hash = bucket(handle);

	if (label != NO_LABEL)
		return label;
	if (known_count == known_room)
	{
		known_room = known_room ? known_room * 2 : 1024;
		known = realloc(known, known_room * sizeof(*known));
		if (known == NULL)
			bail_out("out of memory");
	}
	label = known_count++;
	known[label] = (struct known) {.handle = *handle,.next = buckets[hash]};
	buckets[hash] = label;
	return label;
}

static void
learn_attributes(uint32_t label, const struct attr *attr)
{
	if (label == NO_LABEL || !attr->follows)
		return;
	known[label].kind = attr->type;
	known[label].ctime = attr->ctime;
}

/* What a reply says about objects; the label of the one whose handle it has. */
static uint32_t
learn(const struct call *call, const struct result *r)
{
	uint32_t	label = NO_LABEL;

	/* the directory above the tree is none of ours */
	if (r->handle.size != 0 &&
		!(call->procedure == NFS3_LOOKUP && call->name == NAME_DOTDOT))
	{
		label = label_learn(&r->handle);
		learn_attributes(label, &r->attr);
	}
	else if (r->handle.size == 0)
		learn_attributes(call->object, &r->attr);
	if (call->procedure == NFS3_SETATTR || call->procedure == NFS3_WRITE)
		learn_attributes(call->object, &r->wcc.after);
	if (r->entry_count > 0)
		known[call->object].cookie =
			r->entries[call->data % (uint32_t) r->entry_count].cookie;
	if (r->status == NFS3ERR_STALE && call->procedure != NFS3_RENAME &&
		call->procedure != NFS3_LINK)
		known[call->object].gone = true;
	return label;
}

/*
 * A client
 */
struct worker
{
	int			number;
	struct nfs *nfs;
	struct client *client;
	struct generator generator;
	uint64_t	seed;			/* the same for all */
	uint32_t	operations;
	struct events events;
	pthread_t	thread;
};

static uint64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
}

/*
 * What is this phase like?
 */
static void
choose_phase(struct generator *g, uint64_t seed, uint64_t phase)
{
	static const int procedures[] = {NFS3_SETATTR, NFS3_LOOKUP, NFS3_WRITE,
	NFS3_CREATE, NFS3_MKDIR, NFS3_REMOVE, NFS3_RMDIR, NFS3_RENAME, NFS3_LINK};
	struct chance chance;

	g->names = NAMES;
	g->procedures = 0;
	if (phase % 2 == 0)
		return;
	chance_seed(&chance, seed ^ phase << 40);
	g->names = 2;
	for (int i = 0; i < 4; i++)
		g->procedures |= UINT32_C(1) << procedures[chance_below(&chance, 9)];
	/* so that there is something to do it with */
	if (chance_percent(&chance, 70))
		g->procedures |= UINT32_C(1) << NFS3_CREATE;
}

/* The objects of the beginning, and the youngest. */
static void
look_around(struct sights *s, bool crowd)
{
	const uint32_t in_sight = crowd ? OBJECTS_IN_CROWD : OBJECTS_IN_SIGHT;
	uint32_t	from = base_objects;

	s->directories.count = s->files.count = s->others.count = s->gone.count = 0;
	if (known_count > from + in_sight)
		from = known_count - in_sight;
	for (uint32_t i = crowd ? base_objects - 2 : 0; i < known_count; i++)
	{
		if (i == base_objects)
			i = from;
		if (known[i].gone)
			labels_add(&s->gone, i);
		else if (known[i].kind == NF3DIR)
			labels_add(&s->directories, i);
		else if (known[i].kind == NF3REG)
			labels_add(&s->files, i);
		else
			labels_add(&s->others, i);
	}
}

static void
next_call(struct worker *w, uint32_t number, struct event *event,
		  struct handle *object, struct handle *object2)
{
	struct call *call = &event->call;

	*event = (struct event) {.client = w->number};
	pthread_mutex_lock(&lock);
	choose_phase(&w->generator, w->seed, ++calls_drawn / PHASE_CALLS);
	look_around(&w->generator.sights, w->generator.procedures != 0);
	generate(&w->generator, number, call);
	/* one page, which is read at one moment */
	if (call->procedure == NFS3_READDIR || call->procedure == NFS3_READDIRPLUS)
	{
		call->offset = chance_percent(&w->generator.chance, 50) ?
			known[call->object].cookie : 0;
		call->count = chance_percent(&w->generator.chance, 50) ? 800 : 65536;
		call->how = ONE_PAGE;
	}
	call->data = (uint32_t) w->number << 24 | number;
	if (call->procedure == NFS3_CREATE && call->how == EXCLUSIVE)
		call->data %= 3;
	call->guard_ctime = call->guard == GUARD_RIGHT ?
		known[call->object].ctime : call->guard == GUARD_WRONG;
	if (call->guard_ctime == 0)
		call->guard = GUARD_NONE;
	*object = known[call->object].handle;
	*object2 = known[call->object2].handle;
	pthread_mutex_unlock(&lock);
}

static void *
work(void *argument)
{
	struct worker *w = argument;

	for (uint32_t i = 1; i <= w->operations; i++)
	{
		struct event event;
		struct handle object;
		struct handle object2;

		next_call(w, i, &event, &object, &object2);
		event.invoked = now();
		nfs_call(w->nfs, w->client, &event.call, &object, &object2,
				 &event.result);
		event.answered = now();
		pthread_mutex_lock(&lock);
		event.call.number = learn(&event.call, &event.result);
		pthread_mutex_unlock(&lock);
		events_add(&w->events, &event);
	}
	return NULL;
}

/*
 * The tree they begin with: ordinary, sticky, of a group, with the group bit,
 * and one below another; their names are not among those that are drawn.
 */
static void
build_base(struct nfs *nfs, struct events *base)
{
	static const struct
	{
		uint32_t	in;
		uint32_t	mode;
		uint32_t	gid;
	}			directories[] = {
		{0, 0777, 0}, {0, 01777, 0}, {1, 03775, 2000}, {3, 0770, 3000}
	};
	struct model *model = model_new();
	struct event event = {0};

	labels_forget();
	nfs->place.begin(&nfs->place, model);
	event.result.handle = model->root->handle;
	event.result.attr = v3_getattr(nfs->clients[0], &model->root->handle).attr;
	(void) label_learn(&event.result.handle);
	known[0].kind = NF3DIR;
	known[0].ctime = event.result.attr.ctime;
	events_add(base, &event);
	model_free(model);
	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
	{
		event.call = (struct call) {
			.procedure = NFS3_MKDIR,.object = directories[i].in,
			.name = NAMES + (int) i,
			.set = {.what = SET_MODE | SET_GID,.mode = directories[i].mode,
			.gid = directories[i].gid}
		};
		nfs_call(nfs, nfs->clients[0], &event.call,
				 &known[event.call.object].handle, NULL, &event.result);
		event.answered = now();
		event.call.number = learn(&event.call, &event.result);
		events_add(base, &event);
	}
	base_objects = known_count;
}

/* In the end one client looks at everything; that too must fit. */
static void
look_at_all(struct nfs *nfs, struct events *events, int number)
{
	static const int looks[] = {NFS3_GETATTR, NFS3_READDIRPLUS, NFS3_READ,
	NFS3_READLINK};

	for (uint32_t label = 0; label < known_count; label++)
	{
		for (int i = 0; i < 4; i++)
		{
			struct event event = {.client = number};

			if (known[label].gone && i > 0)
				break;
			if (i > 0 && known[label].kind != (i == 1 ? NF3DIR :
											   i == 2 ? NF3REG : NF3LNK))
				continue;
			event.call = (struct call) {
				.procedure = looks[i],.object = label,.count = 65536,
				.how = i == 1 ? ONE_PAGE : 0
			};
			event.invoked = now();
			nfs_call(nfs, nfs->clients[0], &event.call, &known[label].handle,
					 NULL, &event.result);
			event.answered = now();
			event.call.number = learn(&event.call, &event.result);
			events_add(events, &event);
		}
	}
}

static bool
round_of(struct nfs *nfs, int clients, uint64_t seed, uint32_t operations,
		 const char *save, uint32_t *calls)
{
	struct worker *workers = calloc((size_t) clients, sizeof(*workers));
	struct events base = {0};
	struct events events = {0};
	bool		right;

	build_base(nfs, &base);
	for (int i = 0; i < clients; i++)
	{
		struct worker *w = &workers[i];

		w->number = i;
		w->nfs = nfs;
		w->client = connect_to(i % gateway_count());
		w->operations = operations;
		w->seed = seed;
		w->generator = (struct generator) {
			.names = NAMES,.objects = 60,.data_max = 8000
		};
		chance_seed(&w->generator.chance, seed * 1000 + (uint64_t) i);
	}
	for (int i = 0; i < clients; i++)
	{
		if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
			bail_out("cannot start a thread");
	}
	for (int i = 0; i < clients; i++)
	{
		struct worker *w = &workers[i];

		pthread_join(w->thread, NULL);
		for (uint32_t j = 0; j < w->events.count; j++)
			events_add(&events, &w->events.all[j]);
		free(w->events.all);
		disconnect(w->client);
	}
	look_at_all(nfs, &events, clients);
	*calls += events.count;
	if (save != NULL)
		recorded_write(save, &base, &events);
	right = explain(&base, &events);
	if (!right && save == NULL)
		note("run it again with --save FILE to keep the history");
	events_drop(&base);
	events_drop(&events);
	for (int i = 0; i < clients; i++)
	{
		free(workers[i].generator.sights.directories.labels);
		free(workers[i].generator.sights.files.labels);
		free(workers[i].generator.sights.others.labels);
		free(workers[i].generator.sights.gone.labels);
	}
	free(workers);
	return right;
}

void
run_many(int clients, uint64_t seed, uint32_t operations, int minutes,
		 const char *save)
{
	struct nfs *nfs = nfs_open();
	time_t		end = time(NULL) + minutes * 60;
	uint32_t	calls = 0;
	uint64_t	round = 0;
	bool		right;

	note("seed %llu, %d clients, %d gateways", (unsigned long long) seed,
		 clients, gateway_count());
	do
		right = round_of(nfs, clients, seed + round++, operations, save,
						 &calls);
	while (right && time(NULL) < end);
	ok(right, "seed %llu: there is an order that explains %u calls of %d "
	   "clients through %d gateways, and the tree they leave",
	   (unsigned long long) seed, calls, clients, gateway_count());
}

void
run_recorded(const char *file)
{
	struct events base;
	struct events events;

	labels_forget();
	recorded_read(file, &base, &events);
	ok(explain(&base, &events), "there is an order that explains %s", file);
	events_drop(&base);
	events_drop(&events);
}
