/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_connections.c
 *	  How connections end, and who gets one when there are few.
 */
#include "lib.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALLS 20
#define READS 12

static struct client *c;
static struct handle dir;
static struct handle large;		/* a MiB */
static char data[1024 * 1024];

static void
make_large(void)
{
	uint32_t	status;

	large = make_file(c, &dir, "large", 0644);
	memset(data, 'x', sizeof(data));
	/*
	 * a gateway that has just begun may not have looked at the content store
	 * yet
	 */
	do
		status =
			v3_write(c, &large, 0, B(data, sizeof(data)), FILE_SYNC).status;
	while (status == NFS3ERR_JUKEBOX);
	if (status != NFS3_OK)
		bail_out("the file cannot be written: %u", status);
}

static void
send_reads(struct client *client, int count)
{
	for (int i = 0; i < count; i++)
	{
		begin(client, NFS_PROGRAM, NFS_V3, NFS3_READ);
		put_handle(client, &large);
		put64(client, 0);
		put(client, sizeof(data));
		send_call(client);
	}
}

/* The peer sends no more; it still receives (RFC 9293, 3.6). */
static void
end_sending(struct client *client)
{
	if (shutdown(client->fd, SHUT_WR) != 0)
		bail_out("shutdown");
}

static void
begin_getattr(struct client *client)
{
	begin(client, NFS_PROGRAM, NFS_V3, NFS3_GETATTR);
	put_handle(client, &dir);
}

static void
test_half_close(void)
{
	struct client *half = connect_to(0);
	int			answered = 0;

	for (int i = 0; i < CALLS; i++)
	{
		begin_getattr(half);
		send_call(half);
	}
	end_sending(half);
	for (int i = 0; i < CALLS; i++)
	{
		struct reply r = receive(half);

		answered += r.outcome == DONE && take(&r) == NFS3_OK;
	}
	is(answered, CALLS, "calls are answered after the client's shutdown");
	ok(is_closed(half), "then the connection is closed");
	disconnect(half);

	half = connect_to(0);
	end_sending(half);
	ok(is_closed(half), "one without calls is closed at once");
	disconnect(half);

	half = connect_to(0);
	send_bytes(half, "\x80\x00\x01\x00 half a call", 16);
	end_sending(half);
	ok(is_closed(half), "one with half a call, too");
	disconnect(half);
}

/* A change that the database has by then is made, and answered. */
static void
test_half_close_of_change(void)
{
	struct client *half = connect_to(0);
	struct reply r;

	begin(half, NFS_PROGRAM, NFS_V3, NFS3_MKDIR);
	put_handle(half, &dir);
	put_opaque(half, S("made"));
	put_set(half, MODE(0755));
	send_call(half);
	end_sending(half);
	r = receive(half);
	ok(r.outcome == CLOSED || take(&r) == NFS3_OK,
	   "MKDIR is answered, or the connection closed");
	if (r.outcome == DONE)
		is_status(v3_lookup(c, &dir, S("made")).status, NFS3_OK,
				  "what is answered is made");
	disconnect(half);
}

/* More replies than the socket holds go out all the same. */
static void
test_half_close_of_reads(void)
{
	struct client *half = connect_to(0);
	int			answered = 0;

	send_reads(half, CALLS);
	end_sending(half);
	for (int i = 0; i < CALLS; i++)
	{
		struct reply r = receive(half);

		answered += r.outcome == DONE && take(&r) == NFS3_OK &&
			(size_t) (r.end - r.at) >= sizeof(data);
	}
	is(answered, CALLS, "20 MiB are read after the client's shutdown");
	ok(is_closed(half), "then the connection is closed");
	disconnect(half);
}

/*
 * The same of calls that were refused, behind replies that are not taken: READs
 * of three quarters of what a client may have in flight.
 */
static void
test_half_close_of_refused(void)
{
	struct client *half = connect_to(0);
	int			answered = 0;
	char		byte;

	send_reads(half, READS);
	if (recv(half->fd, &byte, 1, MSG_PEEK) != 1)
		bail_out("no reply");
	for (int i = 0; i < CALLS; i++)
	{
		begin(half, NFS_PROGRAM + 7, 1, 1);
		send_call(half);
		usleep(20000);
	}
	end_sending(half);
	usleep(100000);
	for (int i = 0; i < READS + CALLS; i++)
	{
		struct reply r = receive(half);

		answered += r.outcome == DONE || r.outcome == REFUSED;
	}
	is(answered, READS + CALLS,
	   "what was refused before the client's shutdown is told");
	ok(is_closed(half), "then the connection is closed");
	disconnect(half);
}

#define PLACES 40

/* GETATTR by a client of this address; it connects, again if it must. */
static bool
is_served(const char *address)
{
	struct client *other = connect_from(0, address, 0);
	uint32_t	status;

	other->persistent = true;
	status = v3_getattr(other, &dir).status;
	disconnect(other);
	return status == NFS3_OK;
}

/*
 * One address has taken all the places there are, and says nothing, or has
 * called once: others are served all the same, and so are those of that
 * address.
 */
static void
test_places(bool calling)
{
	struct client *crowd[2 * PLACES];
	struct client *busy = connect_to(0);
	int			served = 0;

	busy->persistent = true;
	v3_getattr(busy, &dir);
	for (int i = 0; i < 2 * PLACES; i++)
	{
		crowd[i] = connect_from(0, "127.0.0.2", 0);
		if (calling)
		{
			begin_getattr(crowd[i]);
			send_call(crowd[i]);
		}
	}
	for (int i = 0; i < 10; i++)
		served += is_served("127.0.0.1");
	is(served, 10, "others find a place beside %d that %s", 2 * PLACES,
	   calling ? "have called once" : "say nothing");
	ok(is_served("127.0.0.2"), "so does one of their own address");
	is_status(v3_getattr(busy, &dir).status, NFS3_OK,
			  "one that was there is served");
	for (int i = 0; i < 2 * PLACES; i++)
		disconnect(crowd[i]);
	disconnect(busy);
}

/* As many as there are places: none has to go, since none waits for a place. */
static void
test_all_places(void)
{
	struct client *clients[PLACES];
	int			served = 0;

	for (int i = 0; i < PLACES; i++)
	{
		clients[i] = connect_to(0);
		begin_getattr(clients[i]);
		served += exchange(clients[i]).outcome == DONE;
	}
	for (int i = 0; i < PLACES; i++)
	{
		begin_getattr(clients[i]);
		served += exchange(clients[i]).outcome == DONE;
	}
	is(served, 2 * PLACES, "as many clients as there are places keep them");
	for (int i = 0; i < PLACES; i++)
		disconnect(clients[i]);
}

static void
test_few_places(void)
{
	run_shell("gateway_stop 1; DITTOFS_GATEWAY_OPTS=\"--max-clients 40 --workers 2\" gateway_start 1");
	test_all_places();
	reconnect(c);
	c->persistent = true;
	test_places(false);
	test_places(true);
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	test_half_close();
	test_half_close_of_change();
	make_large();
	test_half_close_of_reads();
	test_half_close_of_refused();
	test_few_places();
	disconnect(c);
	return done_testing();
}
