/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_room.c
 *	  One address takes all the room it can get, and others do not notice.
 *
 * The gateway has one worker, so that all meet, and no limit of a connection
 * or of time that would help.  "Others do not notice" is a condition: their
 * calls are answered while nobody had to go for it.
 */
#include "lib.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LIMITS "--stall-timeout 1h --max-client-bytes 1G" \
	" --max-client-requests 65536 --log-level error"

/* As room.c has it */
#define WAITING_MS 3000

#define GREEDY "127.0.0.1"
#define OTHER "127.0.0.2"
#define SLOW "127.0.0.3"
#define CROWD 64
#define GONE 16				/* of them, in all, before we have seen enough */
#define MEGABYTE (1024 * 1024)

static struct client *other;
static struct handle dir;
static struct handle file;
static struct handle large;
static char data[MEGABYTE];

static void
sleep_ms(int ms)
{
	struct timespec time = {ms / 1000, ms % 1000 * 1000000L};

	nanosleep(&time, NULL);
}

/* A connection that is not to wait for us. */
static struct client *
come_from(const char *address)
{
	struct client *c = connect_from(0, address, 0);
	int			small = 4096;

	setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	setsockopt(c->fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	return c;
}

static bool
is_hung_up(const struct client *c)
{
	struct pollfd fd = {.fd = c->fd, .events = POLLRDHUP};

	return poll(&fd, 1, 0) > 0;
}

static int64_t
now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * INT64_C(1000) + time.tv_nsec / 1000000;
}

static void
start_gateway(const char *options)
{
	char		functions[512];

	snprintf(functions, sizeof(functions), "gateway_stop 1; "
			 "DITTOFS_GATEWAY_OPTS=\"%s %s\" gateway_start 1", LIMITS, options);
	run_shell(functions);
}

/*
 * What the greedy send.  Nothing is ever read.
 */

static void
begin_read(struct client *c)
{
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_READ);
	put_handle(c, &large);
	put64(c, 0);
	put(c, MEGABYTE);
}

static void
begin_getattr(struct client *c)
{
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put_handle(c, &file);
}

static void
begin_write(struct client *c)
{
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_WRITE);
	put_handle(c, &large);
	put64(c, 0);
	put(c, MEGABYTE);
	put(c, UNSTABLE);
	put_opaque(c, B(data, MEGABYTE));
}

/* How far each is with its call; sent again and again. */
static size_t sent[CROWD];

/* The mark goes in front of what begin() has written room for. */
static void
mark_call(struct client *c)
{
	size_t		size = c->call_size - 4;

	c->call[0] = 0x80 | (unsigned char) (size >> 24);
	c->call[1] = (unsigned char) (size >> 16);
	c->call[2] = (unsigned char) (size >> 8);
	c->call[3] = (unsigned char) size;
}

/*
 * As much as the socket takes, up to this byte of a call.  True: it took some.
 */
static bool
send_more(struct client *c, size_t *at, size_t end)
{
	bool		some = false;

	for (;;)
	{
		ssize_t		n;

		if (*at == c->call_size && *at <= end)
			*at = 0;
		if (*at >= end)
			return some;
		n = send(c->fd, c->call + *at, (end < c->call_size ? end :
				 c->call_size) - *at, MSG_NOSIGNAL);
		if (n <= 0)
			return some;
		*at += (size_t) n;
		some = true;
	}
}

/* Until nothing more is taken of it. */
static void
fill(struct client *c)
{
	size_t		at = 0;

	for (int refused = 0; refused < 20; sleep_ms(20))
		refused = send_more(c, &at, SIZE_MAX) ? 0 : refused + 1;
}

/*
 * Somebody with work to do.
 */

static int
errors_of(struct client *c)
{
	int			errors = 0;

	for (int i = 0; i < 10; i++)
		errors += v3_getattr(c, &file).status != NFS3_OK;
	errors +=
		v3_write(c, &file, 0, B(data, MEGABYTE), UNSTABLE).status != NFS3_OK;
	errors += v3_read(c, &file, 0, MEGABYTE).status != NFS3_OK;
	return errors;
}

/*
 * Scenes
 */

static void
test_one_greedy(void (*begin_call) (struct client *c), const char *what)
{
	struct client *greedy = come_from(GREEDY);
	struct client *neighbour = connect_from(0, GREEDY, 0);
	int64_t		begun;

	begin_call(greedy);
	mark_call(greedy);
	fill(greedy);
	begun = now_ms();
	is(errors_of(other), 0, "%s: another address is served", what);
	is(errors_of(neighbour), 0, "%s: another connection of that address, too",
	   what);
	/* who has been paused for so long waits, and may have the other's room */
	ok(!is_hung_up(greedy) || now_ms() - begun > WAITING_MS,
	   "%s: nobody has gone for it", what);
	disconnect(greedy);
	disconnect(neighbour);
}

static struct client *crowd[CROWD];

/* They go on, and come again when they are sent away.  How many were? */
static int
press(void)
{
	int			gone = 0;

	for (int i = 0; i < CROWD; i++)
	{
		if (crowd[i] != NULL && is_hung_up(crowd[i]))
		{
			disconnect(crowd[i]);
			crowd[i] = NULL;
			gone++;
		}
		if (crowd[i] == NULL)
		{
			crowd[i] = come_from(GREEDY);
			(i % 2 ? begin_write : begin_read) (crowd[i]);
			mark_call(crowd[i]);
			sent[i] = 0;
		}
		/* WRITEs stay incomplete, READs follow each other */
		send_more(crowd[i], &sent[i], i % 2 ? MEGABYTE : SIZE_MAX);
	}
	return gone;
}

/*
 * Some of the crowd are sent away now and then, for others of it.  That must
 * neither be what the other address waits for, nor meet who is slow
 * elsewhere.
 */
static void
test_crowd(void)
{
	struct client *slow = come_from(SLOW);
	size_t		at = 0;
	int			errors = 0;
	int			gone = 0;
	bool		undisturbed = false;

	begin_write(slow);
	mark_call(slow);
	while (at < 65536)
		if (!send_more(slow, &at, 65536))
			sleep_ms(5);
	for (int i = 0; i < PATIENCE_MS / 50 && !(undisturbed && gone > GONE); i++)
	{
		int			went = press();

		gone += went;
		errors += errors_of(other);
		went = press();
		gone += went;
		undisturbed |= gone > 0 && went == 0;
		if (i % 20 == 0)
			send_more(slow, &at, at + 1);
		sleep_ms(50);
	}
	is(errors, 0, "beside %d greedy ones an address is served", CROWD);
	ok(undisturbed, "also while none of them goes");
	ok(gone > GONE, "they send each other away");
	ok(!is_hung_up(slow), "but not one of another address that is slow");
	for (int i = 0; i < CROWD; i++)
	{
		disconnect(crowd[i]);
		crowd[i] = NULL;
	}
	fcntl(slow->fd, F_SETFL, 0);
	send_bytes(slow, slow->call + at, slow->call_size - at);
	ok(receive(slow).outcome == DONE, "which is answered at last");
	disconnect(slow);
}

/* A record in fragments may become as long as all the room there is. */
static void
test_smallest(void)
{
	static const unsigned char empty[4];
	struct client *c = connect_to(0);

	begin_getattr(c);
	mark_call(c);
	send_bytes(c, empty, sizeof(empty));
	sleep_ms(100);
	send_bytes(c, c->call, c->call_size);
	ok(receive(c).outcome == DONE,
	   "a call in fragments is answered where one record is all there is room for");
	disconnect(c);
}

static void
connect_other(void)
{
	other = connect_from(0, OTHER, 0);
	if (v3_write(other, &large, 0, B(data, MEGABYTE), UNSTABLE).status !=
		NFS3_OK)
		bail_out("the file cannot be written");
}

int
main(void)
{
	start_gateway("--workers 1 --max-bytes 64M");
	memset(data, 'x', sizeof(data));
	other = connect_from(0, OTHER, 0);
	dir = make_playground(other);
	file = make_file(other, &dir, "file", 0644);
	large = make_file(other, &dir, "large", 0644);
	disconnect(other);

	connect_other();
	test_one_greedy(begin_read, "READs whose replies are not taken");
	test_one_greedy(begin_getattr, "GETATTRs whose replies are not taken");
	test_one_greedy(begin_write, "WRITEs whose replies are not taken");
	disconnect(other);

	start_gateway("--workers 1 --max-bytes 16M");
	connect_other();
	test_crowd();
	disconnect(other);

	start_gateway("--workers 2 --max-bytes 2176K");
	test_smallest();
	return done_testing();
}
