/*
 * main.c
 *	  The commands.  dittofs start: read the settings, listen, start the
 *	  workers, wait for a signal, stop them.
 */
#include "check.h"
#include "config.h"
#include "content.h"
#include "content_command.h"
#include "event.h"
#include "http.h"
#include "keeper.h"
#include "log.h"
#include "pool.h"
#include "rpcbind.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static void
usage(FILE *to)
{
	fputs("dittofs - NFSv3 gateway to a file system in PostgreSQL\n"
		  "\n"
		  "usage: dittofs start [--config FILE] [--OPTION=VALUE ...]\n"
		  "       dittofs check [--config FILE] [--OPTION=VALUE ...]\n"
		  "       dittofs verify [--share NAME] [--config FILE] [--OPTION=VALUE ...]\n"
		  "       dittofs gc [--orphans DAYS] [--config FILE] [--OPTION=VALUE ...]\n"
		  "       dittofs init [FILE]\n"
		  "       dittofs help keys\n"
		  "       dittofs version\n"
		  "       dittofs --help\n"
		  "\n"
		  "Options of start and check.  An option wins over its environment\n"
		  "variable, and that over the configuration file; in FILE there are\n"
		  "keys that have no option (dittofs help keys).\n"
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
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
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

/*
 * The words of the command line as they were: config_read blanks what is
 * secret, and a reload reads them again.
 */
static char **
copy_arguments(int argc, char **argv)
{
	char	  **copy = calloc((size_t) argc + 1, sizeof(*copy));

	if (copy == NULL)
		fatal("out of memory");
	for (int i = 0; i < argc; i++)
	{
		copy[i] = strdup(argv[i]);
		if (copy[i] == NULL)
			fatal("out of memory");
	}
	return copy;
}

static void
free_arguments(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	free(argv);
}

static void
configure_log(const struct config *config)
{
	log_configure((enum log_level) config->log_level, config->log_format == 1,
				  config->log_repeat);
}

static void
reload(struct config *config, int argc, char **given)
{
	struct config fresh;
	char	  **words = copy_arguments(argc, given);
	const char *problem = config_read(&fresh, argc, words, 2);

	if (problem != NULL)
	{
		log_with(LOG_LEVEL_ERROR,
				 log_members(NULL, "{s:o}", "error", log_text(problem)),
				 "nothing is reloaded: %s", problem);
		config_free(&fresh);
	}
	else
		config_reload(config, &fresh);
	configure_log(config);
	free_arguments(argc, words);
}

static long long
total_conns(const struct config *config)
{
	long long	total = 0;

	for (int i = 0; i < config->store_count; i++)
		total += config->stores[i].max_conns;
	return total;
}

/* Never over a file that is there: it may have been edited. */
static int
init(int argc, char **argv)
{
	FILE	   *to = stdout;
	int			fd;

	if (argc > 3)
		fatal("init takes one file");
	if (argc == 3)
	{
		/* It may come to hold a password. */
		fd = open(argv[2], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		to = fd >= 0 ? fdopen(fd, "w") : NULL;
		if (to == NULL)
			fatal("cannot make %s: %s", argv[2], strerror(errno));
	}
	config_print_sample(to);
	if (fflush(to) != 0 || (to != stdout && fclose(to) != 0))
		fatal("cannot write %s: %s", argc == 3 ? argv[2] : "the sample",
			  strerror(errno));
	return 0;
}

static int
check_command(int argc, char **argv)
{
	struct config config;
	const char *problem = config_read(&config, argc, argv, 2);
	bool		good;

	if (problem == NULL)
		problem = pool_configure(&config);
	if (problem != NULL)
	{
		printf("wrong     configuration: %s\n1 wrong, 0 doubtful\n", problem);
		config_free(&config);
		return 1;
	}
	log_level = LOG_LEVEL_ERROR;
	good = check(&config);
	config_free(&config);
	return good ? 0 : 1;
}

/* Until somebody wants the gateway to stop; which signal it was. */
static int
await_signal(struct config *config, const sigset_t *signals, int argc,
			 char **given)
{
	const struct timespec period = {.tv_sec = STATUS_PERIOD};

	status_sample();
	for (;;)
	{
		int			signal_number = sigtimedwait(signals, NULL, &period);

		if (signal_number == SIGHUP)
			reload(config, argc, given);
		else if (signal_number > 0)
			return signal_number;
		else if (errno == EAGAIN)
		{
			status_sample();
			log_finish_repeats(false);
		}
	}
}

/* Another signal to stop cuts it short. */
static int
drain(const sigset_t *signals, int signal_number, int64_t delay)
{
	int64_t		until = clock_now() + delay * 1000;
	int64_t		left;

	while ((left = until - clock_now()) > 0)
	{
		struct timespec period = {.tv_sec = left / 1000000,
			.tv_nsec = left % 1000000 * 1000};
		int			another = sigtimedwait(signals, NULL, &period);

		if (another == SIGTERM || another == SIGINT)
			return another;
	}
	return signal_number;
}

/*
 * Takes --NAME VALUE, or --NAME=VALUE, out of the arguments, where a command
 * has an option that no gateway has.  NULL: it is not there.
 */
static char *
take_argument(int *argc, char **argv, const char *name)
{
	size_t		size = strlen(name);

	for (int i = 2; i < *argc; i++)
	{
		char	   *value = argv[i] + size;
		int			used = 1;

		if (strncmp(argv[i], name, size) != 0 || (*value != '\0' && *value != '='))
			continue;
		if (*value == '=')
			value++;
		else if (i + 1 < *argc)
		{
			value = argv[i + 1];
			used = 2;
		}
		else
			fatal("%s needs a value", name);
		memmove(&argv[i], &argv[i + used],
				sizeof(*argv) * (size_t) (*argc - i - used + 1));
		*argc -= used;
		return value;
	}
	return NULL;
}

static void
read_settings(struct config *config, int argc, char **argv)
{
	const char *problem = config_read(config, argc, argv, 2);

	if (problem == NULL)
		problem = pool_configure(config);
	if (problem != NULL)
		fatal("%s", problem);
	log_level = LOG_LEVEL_ERROR;
}

static int
verify_command(int argc, char **argv)
{
	struct config config;
	const char *share = take_argument(&argc, argv, "--share");
	int			status;

	read_settings(&config, argc, argv);
	status = content_verify(&config, share);
	config_free(&config);
	return status;
}

static int
gc_command(int argc, char **argv)
{
	struct config config;
	const char *days = take_argument(&argc, argv, "--orphans");
	char	   *end;
	long		orphans = days != NULL ? strtol(days, &end, 10) : -1;
	int			status;

	if (days != NULL && (end == days || *end != '\0' || orphans < 0 ||
						 orphans > 36500))
		fatal("--orphans: \"%s\" is not a number of days", days);
	read_settings(&config, argc, argv);
	status = content_collect(&config, (int) orphans);
	config_free(&config);
	return status;
}

static json_t *
signal_members(int number)
{
	return log_members(NULL, "{s:s}", "signal", sigabbrev_np(number));
}

static int
start(int argc, char **argv)
{
	static struct config config;
	char	  **given = copy_arguments(argc, argv);
	const char *problem = config_read(&config, argc, argv, 2);
	struct worker *workers;
	sigset_t	signals;
	int			signal_number;

	if (problem == NULL)
		problem = pool_configure(&config);
	if (problem != NULL)
		fatal("%s%s", problem, config.file == NULL ?
			  " (dittofs --help lists the options)" : "");
	configure_log(&config);

	signals = block_signals();
	if (!check_before_start(&config))
		fatal("not started: see above (dittofs check tells more)");
	raise_descriptor_limit();
	keep_freed_memory();
	content_start(&config);
	workers = workers_create(&config);
	http_start(&config);
	keepers_start(&config);
	workers_start(workers, &config);
	log_with(LOG_LEVEL_INFO,
			 log_members(NULL, "{s:s, s:s, s:I, s:I}",
						 "version", DITTOFS_VERSION, "listen", config.listen,
						 "port", (json_int_t) config.port,
						 "workers", (json_int_t) config.workers),
			 "dittofs %s: NFS and MOUNT version 3 on %s port %lld, %lld "
			 "workers, at most %lld connections to PostgreSQL%s%s",
			 DITTOFS_VERSION, config.listen, (long long) config.port,
			 (long long) config.workers, total_conns(&config),
			 config.file != NULL ? ", configured by " : "",
			 config.file != NULL ? config.file : "");
	if (config.rpcbind)
		rpcbind_register((uint16_t) config.port);

	signal_number = await_signal(&config, &signals, argc, given);
	http_drain();
	keepers_drain();
	if (config.drain_delay > 0)
	{
		log_with(LOG_LEVEL_INFO, signal_members(signal_number),
				 "%s: serving for another %lld ms while load balancers move "
				 "away", strsignal(signal_number),
				 (long long) config.drain_delay);
		signal_number = drain(&signals, signal_number, config.drain_delay);
	}
	log_with(LOG_LEVEL_INFO, signal_members(signal_number),
			 "%s: no new calls; finishing those in flight",
			 strsignal(signal_number));
	signal(SIGTERM, stop_at_once);
	signal(SIGINT, stop_at_once);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	if (config.rpcbind)
		rpcbind_unregister();
	workers_stop(workers, &config);
	content_stop();
	keepers_stop();
	http_stop();
	config_free(&config);
	free_arguments(argc, given);
	log_finish_repeats(true);
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
	if (strcmp(command, "check") == 0)
		return check_command(argc, argv);
	if (strcmp(command, "verify") == 0)
		return verify_command(argc, argv);
	if (strcmp(command, "gc") == 0)
		return gc_command(argc, argv);
	if (strcmp(command, "init") == 0)
		return init(argc, argv);
	if (strcmp(command, "help") == 0 && argc > 2 && strcmp(argv[2], "keys") == 0)
	{
		config_print_keys(stdout);
		return 0;
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
