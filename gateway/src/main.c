/*
 * main.c
 *	  dittofs start: read the settings, listen, start the workers, wait for a
 *	  signal, stop them.
 */
#include "config.h"
#include "log.h"
#include "pool.h"
#include "rpcbind.h"
#include "worker.h"

#include <errno.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void
usage(FILE *to)
{
	fputs("dittofs - NFSv3 gateway to a file system in PostgreSQL\n"
		  "\n"
		  "usage: dittofs start [--OPTION=VALUE ...]\n"
		  "       dittofs version\n"
		  "       dittofs --help\n"
		  "\n"
		  "Options of start; an option wins over its environment variable:\n"
		  "\n", to);
	config_print_options(to);
}

/* Every client and every connection is a descriptor. */
static void
raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/*
 * Records and results of a megabyte come and go all the time.  malloc would
 * give each back to the kernel and take the next one page by page, zeroed.
 * Kept instead is at most what was in use at once, which --max-bytes bounds.
 */
static void
keep_freed_memory(void)
{
#ifdef __GLIBC__
	mallopt(M_MMAP_THRESHOLD, 16 * 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 16 * 1024 * 1024);
#endif
}

/* Blocked in every thread; main waits for them. */
static sigset_t
block_signals(void)
{
	sigset_t	signals;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	return signals;
}

/* A second signal while we stop: the operator does not want to wait. */
static void
stop_at_once(int signal_number)
{
	(void) signal_number;
	_exit(1);
}

static int
start(int argc, char **argv)
{
	static struct config config;
	const char *problem = config_read(&config, argc, argv, 2);
	struct worker *workers;
	sigset_t	signals;
	int			signal_number;

	if (problem == NULL)
		problem = pool_configure(&config);
	if (problem != NULL)
		fatal("%s (dittofs --help lists the options)", problem);
	log_level = (enum log_level) config.log_level;

	signals = block_signals();
	raise_descriptor_limit();
	keep_freed_memory();
	workers = workers_create(&config);
	workers_start(workers, &config);
	log_info("dittofs %s: NFS and MOUNT version 3 on %s port %lld, %lld "
			 "workers, at most %lld connections to PostgreSQL",
			 DITTOFS_VERSION, config.listen, (long long) config.port,
			 (long long) config.workers, (long long) config.max_conns);
	if (config.rpcbind)
		rpcbind_register((uint16_t) config.port);

	while (sigwait(&signals, &signal_number) != 0)
		;
	log_info("%s: no new calls; finishing those in flight",
			 strsignal(signal_number));
	signal(SIGTERM, stop_at_once);
	signal(SIGINT, stop_at_once);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	if (config.rpcbind)
		rpcbind_unregister();
	workers_stop(workers, &config);
	config_free(&config);
	log_info("stopped");
	return 0;
}

int
main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (strcmp(command, "start") == 0)
	{
		if (argc > 2 && strcmp(argv[2], "--help") == 0)
		{
			usage(stdout);
			return 0;
		}
		return start(argc, argv);
	}
	if (strcmp(command, "version") == 0 || strcmp(command, "--version") == 0)
	{
		puts("dittofs " DITTOFS_VERSION);
		return 0;
	}
	if (strcmp(command, "--help") == 0 || strcmp(command, "help") == 0)
	{
		usage(stdout);
		return 0;
	}
	if (*command != '\0')
		fprintf(stderr, "dittofs: unknown command \"%s\"\n\n", command);
	usage(stderr);
	return 2;
}
