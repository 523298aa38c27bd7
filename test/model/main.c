/* SPDX-License-Identifier: PostgreSQL */
/*
 * main.c
 *	  The model against dittofs, or against a directory: command line, TAP.
 *
 * README.md says what can be asked for.
 */
#include "failures.h"
#include "many.h"
#include "recorded.h"
#include "single.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHRINK_SECONDS 60

static struct
{
	uint64_t	seed;
	uint32_t	operations;
	int			clients;
	int			minutes;
	const char *directory;
	const char *replay;
	const char *save;
	const char *share;
	bool		through_failures;
}			options = {.operations = 5000,.clients = 1};

static void
usage(void)
{
	fputs("usage: model [--seed N] [--operations N] [--clients N] "
		  "[--minutes N]\n"
		  "             [--ports 'PORT...'] [--host ADDRESS] "
		  "[--through-failures]\n"
		  "             [--block-size N] [--directory DIR] [--share OPTIONS]\n"
		  "             [--replay FILE] [--save FILE]\n",
		  stderr);
	exit(2);
}

static void
parse(int argc, char **argv)
{
	static const struct option longs[] = {
		{"seed", required_argument, NULL, 's'},
		{"operations", required_argument, NULL, 'o'},
		{"clients", required_argument, NULL, 'c'},
		{"minutes", required_argument, NULL, 'm'},
		{"ports", required_argument, NULL, 'p'},
		{"host", required_argument, NULL, 'h'},
		{"directory", required_argument, NULL, 'd'},
		{"replay", required_argument, NULL, 'r'},
		{"save", required_argument, NULL, 'w'},
		{"share", required_argument, NULL, 'x'},
		{"through-failures", no_argument, NULL, 'f'},
		{"block-size", required_argument, NULL, 'b'},
		{NULL, 0, NULL, 0}
	};
	int			option;

	options.seed = arc4random();
	while ((option = getopt_long(argc, argv, "", longs, NULL)) != -1)
	{
		switch (option)
		{
			case 's':
				options.seed = strtoull(optarg, NULL, 10);
				break;
			case 'o':
				options.operations = (uint32_t) strtoul(optarg, NULL, 10);
				break;
			case 'c':
				options.clients = atoi(optarg);
				break;
			case 'm':
				options.minutes = atoi(optarg);
				break;
			case 'p':
				setenv("DITTOFS_PORTS", optarg, 1);
				break;
			case 'h':
				setenv("DITTOFS_HOST", optarg, 1);
				break;
			case 'd':
				options.directory = optarg;
				break;
			case 'r':
				options.replay = optarg;
				break;
			case 'w':
				options.save = optarg;
				break;
			case 'x':
				options.share = optarg;
				break;
			case 'b':
				nfs_block_size = (uint32_t) strtoul(optarg, NULL, 10);
				break;
			case 'f':
				options.through_failures = true;
				break;
			default:
				usage();
		}
	}
	if (optind != argc || options.clients < 1 || options.operations < 1)
		usage();
}

/* A share of one's own, with options of dittofs.create_share(). */
static void
make_share(void)
{
	static char name[40];

	snprintf(name, sizeof(name), "/model.%d", (int) getpid());
	sql("SELECT dittofs.create_share('%s', squash => 'none', %s)", name,
		options.share);
	nfs_share = name;
}

/* The tables themselves; a directory has none. */
static void
check_tables(void)
{
	if (options.directory != NULL || getenv("PGHOST") == NULL)
		return;
	is_clean("dittofs.fsck() finds nothing");
}

static void
single(void)
{
	struct place *place = options.directory != NULL ?
		posix_open(options.directory) : &nfs_open()->place;
	struct generator g = {
		.names = 10,.objects = 250,.data_max = 400000,.wide = true,
		.block_size = nfs_block_size,.posix = options.directory != NULL
	};
	struct history history = {0};
	char		why[WHY_SIZE] = "";
	char		from[40];
	bool		right;

	chance_seed(&g.chance, options.seed);
	if (options.replay != NULL)
	{
		history_read(&history, options.replay);
		right = run_history(place, &history, why);
	}
	else
		right = run_single(place, &g, options.operations, &history, why);
	if (!right)
	{
		note("%s", why);
		note("after %u calls; looking for a shorter way to it", history.count);
		if (options.save != NULL)
			history_write(&history, options.save);
		shrink(place, &history, SHRINK_SECONDS, why);
		note("%u calls are enough:", history.count);
		history_note(&history);
		note("%s", why);
	}
	note_tally();
	snprintf(from, sizeof(from), "seed %llu",
			 (unsigned long long) options.seed);
	ok(right, "%s: %u calls of one client and the tree they leave are the "
	   "model's%s", options.replay != NULL ? options.replay : from,
	   history.count, options.directory != NULL ? ", in a directory" : "");
	if (options.directory != NULL)
		posix_close(place);
}

int
main(int argc, char **argv)
{
	parse(argc, argv);
	if (options.share != NULL)
		make_share();
	if (options.through_failures)
		run_through_failures(options.clients, options.seed,
							 options.operations, options.minutes);
	else if (options.clients > 1)
		run_many(options.clients, options.seed, options.operations,
				 options.minutes, options.save);
	else if (options.replay != NULL && is_recorded(options.replay))
	{
		run_recorded(options.replay);
		return done_testing();
	}
	else
		single();
	check_tables();
	return done_testing();
}
