/* SPDX-License-Identifier: PostgreSQL */
/*
 * reach.h
 *	  Decides which address of a metadata store is tried next.
 *
 * A store has hosts (of host, hostaddr and port, wherever libpq takes them
 * from), and a host has addresses.  libpq would go through them by itself, but
 * its asynchronous form applies no connect_timeout, so it would stay for ever
 * with a host that drops packets, and it looks names up while the caller waits.
 * So libpq gets one address at a time, as hostaddr beside the host's name: the
 * name is still what a certificate is compared with and what the password file
 * is searched for.
 *
 * A row of attempts begins with the place that worked last, goes on with those
 * that have not failed, and ends with those that did not answer.  Places are
 * shared by all connections of the process: what one has found out, the others
 * need not.
 *
 * Any thread may call this.
 */
#ifndef DITTOFS_REACH_H
#define DITTOFS_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As libpq has them: lists with commas; NULL or "": not given. */
struct reach_settings
{
	const char *host;
	const char *hostaddr;
	const char *port;
	const char *load_balance_hosts;
	int64_t		limit;			/* of one attempt, in microseconds */
};

/*
 * Once for each store, before the workers start.  NULL, or what is wrong
 * (static storage).
 */
extern const char *reach_configure(int store,
								   const struct reach_settings *settings);

/* A place that is to be tried. */
struct reach_target
{
	int			number;
	const char *host;			/* NULL: not given */
	const char *port;			/* NULL: libpq's default */
	char		address[80];	/* "": a socket of this machine */
};

/* A row of attempts: zeroed when it begins. */
struct reach_row
{
	int64_t		begun;
	uint64_t	tried;			/* a bit for each place */
	uint32_t	seed;
	bool		saw_read_only;	/* a read-only primary: the last resort */
	bool		takes_read_only;
	int64_t		wait_until;
};

enum reach_answer
{
	REACH_TARGET,				/* try this one */
	REACH_WAIT,					/* a name is being looked up: ask again when a
								 * job has ended (aside.h), or at
								 * row->wait_until */
	REACH_NONE					/* all have been tried */
};

/*
 * With REACH_NONE, problem tells of the names that have no address, if there
 * are such.
 */
extern enum reach_answer reach_next(int store, struct reach_row *row,
									struct reach_target *target,
									char *problem, size_t size);

/* slow: it did not answer in time, rather than refuse. */
extern void reach_failed(int store, const struct reach_target *target,
						 bool slow);

/* A session is there.  True: the last one was somewhere else. */
extern bool reach_works(int store, const struct reach_target *target);

/* Since that time another place than this one has turned out to work. */
extern bool reach_is_elsewhere(int store, const struct reach_target *target,
							   int64_t since);

/* There is more than one place to look for the primary. */
extern bool reach_has_choice(int store);

/*
 * How long an attempt may take, after so many failures in a row.  Where there
 * is only one place, an attempt that is given up is begun again at the same
 * one: it gets more time each time, up to four times the limit.
 */
extern int64_t reach_limit(int store, int failures);

/* "db1 (10.0.0.1) port 5432", for messages. */
extern void reach_describe(const struct reach_target *target, char *text,
						   size_t size);

/*
 * Has the other end of a TCP connection been silent for so long (microseconds),
 * although its kernel should have acknowledged something?  A server that is
 * slow, or does not read, is not: its kernel answers.
 */
extern bool reach_peer_is_silent(int fd, int64_t limit);

#endif							/* DITTOFS_REACH_H */
