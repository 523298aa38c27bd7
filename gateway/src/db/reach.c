/* SPDX-License-Identifier: PostgreSQL */
/*
 * reach.c
 *	  Which address of a metadata store is tried next: see reach.h.
 *
 * Names are looked up by a thread (aside.c), at the beginning of each row of
 * attempts, since a name may have moved to another server by then.  A row waits
 * for the answer only a moment if addresses are known from before: while the
 * name server is silent, or says that there is no such name, the last good
 * ones are used.
 */
#include "db/reach.h"
#include "base/aside.h"
#include "base/event.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config/config.h"

#define HOSTS_MAX 32
#define PLACES_MAX 64			/* bits of reach_row's tried */
#define ADDRESSES_MAX 256		/* of one name that are looked at */

/* Microseconds. */
#define FRESH (1 * 1000000)		/* an answer of the name server */
#define SHORT_WAIT (300 * 1000) /* for one, if there are addresses */
#define HANGS_AFTER (10 * 1000000)	/* then another thread asks */

enum host_kind
{
	HOST_SOCKET,
	HOST_ADDRESS,
	HOST_NAME
};

struct host
{
	enum host_kind kind;
	char	   *name;			/* NULL: not given */
	char	   *port;			/* NULL: not given */
	int64_t		asked;			/* when a thread was last sent to ask */
	bool		asking;			/* it is not back */
	int64_t		answered;		/* 0: never */
	int			turn;			/* of which of too many addresses */
	char		problem[160];	/* of the last answer */
};

struct place
{
	int			host;
	char		address[80];
	bool		current;		/* of the last answer */
	int64_t		failed;			/* when it last did; 0: not since it worked */
	bool		slow;
};

static struct reach
{
	struct host hosts[HOSTS_MAX];
	int			host_count;
	struct place places[PLACES_MAX];
	int			place_count;
	bool		random;
	int64_t		limit;
	int			good;			/* the place that worked last, or -1 */
	int64_t		good_at;
}			reaches[METADATA_STORES_MAX];

/* Held for a few instructions. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/*
 * Settings.
 */

/* The element of a list with commas, from malloc; NULL: empty, or not there. */
static char *
element_of(const char *list, int number)
{
	size_t		size;

	if (list == NULL)
		return NULL;
	for (; number > 0; number--)
	{
		list = strchr(list, ',');
		if (list == NULL)
			return NULL;
		list++;
	}
	size = strcspn(list, ",");
	return size > 0 ? strndup(list, size) : NULL;
}

/* 0: there is no list. */
static int
count_elements(const char *list)
{
	int			count = 1;

	if (list == NULL || *list == '\0')
		return 0;
	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

static bool
is_address(const char *text)
{
	unsigned char buffer[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, buffer) == 1 ||
		inet_pton(AF_INET6, text, buffer) == 1;
}

static bool
knows_place(struct reach *reach, int host, const char *address)
{
	for (int i = 0; i < reach->place_count; i++)
		if (reach->places[i].host == host &&
			strcmp(reach->places[i].address, address) == 0)
		{
			reach->places[i].current = true;
			return true;
		}
	return false;
}

static void
add_place(struct reach *reach, int host, const char *address)
{
	struct place *place = NULL;

	/*
	 * one that no name has any more, unless a caller has just been told of it
	 */
	for (int i = 0; place == NULL && i < reach->place_count; i++)
		if (!reach->places[i].current && reach->places[i].host == host &&
			i != reach->good)
			place = &reach->places[i];
	if (place == NULL && reach->place_count < PLACES_MAX)
		place = &reach->places[reach->place_count++];
	if (place == NULL)
		return;
	memset(place, 0, sizeof(*place));
	place->host = host;
	place->current = true;
	snprintf(place->address, sizeof(place->address), "%s", address);
}

static void
add_host(struct reach *reach, const struct reach_settings *settings, int number)
{
	struct host *host = &reach->hosts[number];
	char	   *address = element_of(settings->hostaddr, number);

	memset(host, 0, sizeof(*host));
	host->name = element_of(settings->host, number);
	host->port = element_of(settings->port,
							count_elements(settings->port) > 1 ? number : 0);
	if (address != NULL)
		host->kind = HOST_ADDRESS;
	else if (host->name == NULL || *host->name == '/' || *host->name == '@')
		host->kind = HOST_SOCKET;
	else
		host->kind = is_address(host->name) ? HOST_ADDRESS : HOST_NAME;
	if (host->kind != HOST_NAME)
		add_place(reach, number, address != NULL ? address :
				  host->kind == HOST_ADDRESS ? host->name : "");
	free(address);
}

const char *
reach_configure(int store, const struct reach_settings *settings)
{
	static char problem[160];
	struct reach *reach = &reaches[store];
	int			hosts = count_elements(settings->host);
	int			addresses = count_elements(settings->hostaddr);
	int			ports = count_elements(settings->port);

	if (hosts > 0 && addresses > 0 && hosts != addresses)
		snprintf(problem, sizeof(problem),
				 "there are %d hosts and %d hostaddrs: "
				 "give each host its own",
				 hosts, addresses);
	else if (hosts == 0 && addresses == 0 && ports > 1)
		snprintf(problem, sizeof(problem), "there are %d ports and no host",
				 ports);
	else
	{
		if (hosts == 0)
			hosts = addresses > 0 ? addresses : 1;
		if (ports > 1 && ports != hosts)
			snprintf(problem, sizeof(problem),
					 "there are %d hosts and %d ports: "
					 "give one port, or each host its own",
					 hosts, ports);
		else if (hosts > HOSTS_MAX)
			snprintf(problem, sizeof(problem), "more than %d hosts", HOSTS_MAX);
		else
			problem[0] = '\0';
	}
	if (problem[0] != '\0')
		return problem;

	for (int i = 0; i < reach->host_count; i++)
	{
		free(reach->hosts[i].name);
		free(reach->hosts[i].port);
	}
	memset(reach, 0, sizeof(*reach));
	reach->good = -1;
	reach->limit = settings->limit;
	reach->random = settings->load_balance_hosts != NULL &&
		strcmp(settings->load_balance_hosts, "random") == 0;
	reach->host_count = hosts;
	for (int i = 0; i < hosts; i++)
		add_host(reach, settings, i);
	return NULL;
}

/*
 * Names.
 */

struct question
{
	int			store;
	int			host;
	int64_t		asked;
};

static bool
has_place(const struct reach *reach, int host)
{
	for (int i = 0; i < reach->place_count; i++)
		if (reach->places[i].host == host && reach->places[i].current)
			return true;
	return false;
}

enum standing
{
	STANDING_FINE,
	STANDING_NEW,
	STANDING_FAILED
};

static enum standing
standing_of(const struct reach *reach, int host, const char *address)
{
	for (int i = 0; i < reach->place_count; i++)
		if (reach->places[i].host == host &&
			strcmp(reach->places[i].address, address) == 0)
			return reach->places[i].failed == 0 ? STANDING_FINE :
				STANDING_FAILED;
	return STANDING_NEW;
}

/*
 * A name may have more addresses than there are places for it.  Then those that
 * have failed make room for others, and each has its turn.
 */
static void
take_addresses(struct reach *reach, int host, const struct addrinfo *addresses)
{
	/* those that stay first: a new one may take the place of one that goes */
	static const enum standing few[] = {STANDING_FINE, STANDING_FAILED,
		STANDING_NEW};
	static const enum standing many[] = {STANDING_FINE, STANDING_NEW,
		STANDING_FAILED};
	char		texts[ADDRESSES_MAX][sizeof(reach->places[0].address)];
	enum standing standings[ADDRESSES_MAX];
	int			count = 0;
	int			room = PLACES_MAX / reach->host_count;
	int			first;
	const enum standing *order_of;

	for (; addresses != NULL && count < ADDRESSES_MAX;
		 addresses = addresses->ai_next)
		if (getnameinfo(addresses->ai_addr, addresses->ai_addrlen, texts[count],
						sizeof(texts[count]), NULL, 0, NI_NUMERICHOST) == 0)
		{
			standings[count] = standing_of(reach, host, texts[count]);
			count++;
		}
	for (int i = 0; i < reach->place_count; i++)
		if (reach->places[i].host == host)
			reach->places[i].current = false;
	order_of = count > room ? many : few;
	first = count > room ? reach->hosts[host].turn : 0;
	for (int pass = 0; pass < 3; pass++)
		for (int i = 0; i < count && room > 0; i++)
		{
			int			at = (first + i) % count;

			if (standings[at] != order_of[pass])
				continue;
			if (!knows_place(reach, host, texts[at]))
				add_place(reach, host, texts[at]);
			if (standings[at] == STANDING_NEW)
				reach->hosts[host].turn = at + 1;
			room--;
		}
}

static void
look_up(void *argument)
{
	struct question *question = argument;
	struct reach *reach = &reaches[question->store];
	struct host *host = &reach->hosts[question->host];
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *addresses = NULL;
	int			code = getaddrinfo(host->name, NULL, &hints, &addresses);

	pthread_mutex_lock(&lock);
	if (code == 0)
		take_addresses(reach, question->host, addresses);
	snprintf(host->problem, sizeof(host->problem), "%s",
			 code != 0 ? gai_strerror(code) : "");
	host->answered = clock_now();
	if (host->asked == question->asked)
		host->asking = false;
	pthread_mutex_unlock(&lock);
	if (addresses != NULL)
		freeaddrinfo(addresses);
	free(question);
}

static void
ask(int store, int number, int64_t now)
{
	struct host *host = &reaches[store].hosts[number];
	struct question *question;

	if (host->kind != HOST_NAME ||
		(host->asking && now - host->asked < HANGS_AFTER) ||
		(host->answered != 0 && now - host->answered < FRESH))
		return;
	question = malloc(sizeof(*question));
	if (question == NULL)
		return;
	question->store = store;
	question->host = number;
	question->asked = host->asked = now;
	host->asking = aside_run(ASIDE_NAMES, look_up, question);
	if (!host->asking)
		free(question);
}

/* Until when a row waits for the answer; 0: it does not. */
static int64_t
wait_for(const struct reach *reach, const struct reach_row *row, int number,
		 int64_t now)
{
	const struct host *host = &reach->hosts[number];
	int64_t		until = row->begun +
		(has_place(reach, number) ? SHORT_WAIT : reach->limit);

	return host->asking && now < until ? until : 0;
}

/*
 * Choosing.
 */

static int
rank(const struct reach *reach, int number)
{
	const struct place *place = &reach->places[number];

	if (place->failed != 0)
		return place->slow ? 3 : 2;
	return number == reach->good && !reach->random ? 0 : 1;
}

static uint32_t
order(const struct reach *reach, const struct reach_row *row, int number)
{
	uint32_t	place = (uint32_t) (reach->places[number].host * PLACES_MAX +
									number);

	return reach->random ? (place + row->seed) * 2654435761u : place;
}

static bool
goes_before(const struct reach *reach, const struct reach_row *row, int a,
			int b)
{
	int			difference = rank(reach, a) - rank(reach, b);

	if (difference != 0)
		return difference < 0;
	if (rank(reach, a) == 3 &&
		reach->places[a].failed != reach->places[b].failed)
		return reach->places[a].failed < reach->places[b].failed;
	return order(reach, row, a) < order(reach, row, b);
}

static int
best_place(const struct reach *reach, const struct reach_row *row)
{
	int			best = -1;

	for (int i = 0; i < reach->place_count; i++)
		if (reach->places[i].current && !(row->tried >> i & 1) &&
			(best < 0 || goes_before(reach, row, i, best)))
			best = i;
	return best;
}

static void
name_problems(const struct reach *reach, char *problem, size_t size)
{
	size_t		used = 0;

	problem[0] = '\0';
	for (int i = 0; i < reach->host_count && used < size; i++)
	{
		const struct host *host = &reach->hosts[i];

		if (host->kind != HOST_NAME || has_place(reach, i))
			continue;
		used += snprintf(problem + used, size - used,
						 "could not translate host name \"%s\" to address: %s\n",
						 host->name, host->asking || host->problem[0] == '\0' ?
						 "the name server does not answer" : host->problem);
	}
}

enum reach_answer
reach_next(int store, struct reach_row *row, struct reach_target *target,
		   char *problem, size_t size)
{
	struct reach *reach = &reaches[store];
	int64_t		now = clock_now();
	enum reach_answer answer = REACH_TARGET;
	int			best;

	pthread_mutex_lock(&lock);
	if (row->begun == 0)
	{
		row->begun = now;
		row->seed = (uint32_t) (now * 2654435761u);
	}
	if (row->tried == 0)
		for (int i = 0; i < reach->host_count; i++)
			ask(store, i, now);
	best = best_place(reach, row);
	if (best < 0 && row->saw_read_only && !row->takes_read_only)
	{
		row->takes_read_only = true;
		row->tried = 0;
		best = best_place(reach, row);
	}
	row->wait_until = 0;
	if (best >= 0)
		row->wait_until = wait_for(reach, row, reach->places[best].host, now);
	else
		for (int i = 0; i < reach->host_count && row->wait_until == 0; i++)
			if (!has_place(reach, i))
				row->wait_until = wait_for(reach, row, i, now);
	if (row->wait_until != 0)
		answer = REACH_WAIT;
	else if (best < 0)
	{
		answer = REACH_NONE;
		name_problems(reach, problem, size);
	}
	else
	{
		const struct host *host = &reach->hosts[reach->places[best].host];

		row->tried |= UINT64_C(1) << best;
		target->number = best;
		target->host = host->name;
		target->port = host->port;
		memcpy(target->address, reach->places[best].address,
			   sizeof(target->address));
	}
	pthread_mutex_unlock(&lock);
	return answer;
}

/*
 * Experience.  A place may have become another address since.
 */

static struct place *
place_of(struct reach *reach, const struct reach_target *target)
{
	struct place *place = &reach->places[target->number];

	return strcmp(place->address, target->address) == 0 ? place : NULL;
}

void
reach_failed(int store, const struct reach_target *target, bool slow)
{
	struct reach *reach = &reaches[store];
	struct place *place;

	pthread_mutex_lock(&lock);
	place = place_of(reach, target);
	if (place != NULL)
	{
		place->failed = clock_now();
		place->slow = slow;
		if (reach->good == target->number)
			reach->good = -1;
	}
	pthread_mutex_unlock(&lock);
}

bool
reach_works(int store, const struct reach_target *target)
{
	struct reach *reach = &reaches[store];
	struct place *place;
	bool		news = false;

	pthread_mutex_lock(&lock);
	place = place_of(reach, target);
	if (place != NULL)
	{
		place->failed = 0;
		news = reach->good != target->number;
		if (news)
			reach->good_at = clock_now();
		reach->good = target->number;
	}
	pthread_mutex_unlock(&lock);
	return news;
}

bool
reach_is_elsewhere(int store, const struct reach_target *target, int64_t since)
{
	struct reach *reach = &reaches[store];
	bool		elsewhere;

	pthread_mutex_lock(&lock);
	elsewhere = reach->good >= 0 && reach->good != target->number &&
		reach->good_at > since;
	pthread_mutex_unlock(&lock);
	return elsewhere;
}

bool
reach_has_choice(int store)
{
	const struct reach *reach = &reaches[store];
	int			count = 0;

	pthread_mutex_lock(&lock);
	for (int i = 0; i < reach->place_count; i++)
		count += reach->places[i].current;
	pthread_mutex_unlock(&lock);
	return count > 1 || reach->host_count > 1;
}

int64_t
reach_limit(int store, int failures)
{
	int64_t		limit = reaches[store].limit;

	if (reach_has_choice(store) || failures < 1)
		return limit;
	return failures == 1 ? 2 * limit : 4 * limit;
}

void
reach_describe(const struct reach_target *target, char *text, size_t size)
{
	bool		named = target->host != NULL &&
		strcmp(target->host, target->address) != 0;

	snprintf(text, size, "%s%s%s%s%s%s",
			 named ? target->host : target->address[0] != '\0' ?
			 target->address : "the default socket",
			 named && target->address[0] != '\0' ? " (" : "",
			 named ? target->address : "",
			 named && target->address[0] != '\0' ? ")" : "",
			 target->port != NULL ? " port " : "",
			 target->port != NULL ? target->port : "");
}

bool
reach_peer_is_silent(int fd, int64_t limit)
{
	struct tcp_info info;
	socklen_t	size = sizeof(info);

	memset(&info, 0, sizeof(info));
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0 ||
		info.tcpi_state != TCP_ESTABLISHED)
		return false;
	return (info.tcpi_unacked > 0 || info.tcpi_probes > 0) &&
		(int64_t) info.tcpi_last_ack_recv * 1000 > limit;
}
