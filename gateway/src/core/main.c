/* SPDX-License-Identifier: PostgreSQL */
/*
 * main.c
 *	  The commands.  dittofs start: read the settings, listen, start the
 *	  workers, wait for a signal, stop them.
 */
#include "monitor/check.h"
#include "config/config.h"
#include "config/config_table.h"
#include "content/store_queue.h"
#include "content/content_command.h"
#include "content/content_identity.h"
#include "base/event.h"
#include "monitor/http.h"
#include "monitor/http_clients.h"
#include "monitor/keeper.h"
#include "base/log.h"
#include "db/pool.h"
#include "wire/programs.h"
#include "wire/rpcbind.h"
#include "core/worker.h"
#include "core/waiting.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
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

/*
 * Commands, each with its own help.
 */

struct command
{
	const char *name;
	const char *arguments;
	const char *does;
	const char *own_options;	/* beside those of the table */
	bool		settings;		/* takes the options of the table */
	int			(*run) (int argc, char **argv);
};

static int	start(int argc, char **argv);
static int	check_command(int argc, char **argv);
static int	verify_command(int argc, char **argv);
static int	gc_command(int argc, char **argv);
static int	init(int argc, char **argv);
static int	help(int argc, char **argv);
static int	version(int argc, char **argv);
static int	unknown_command(const char *name);

static const struct command commands[] = {
	{"start", "[--config FILE] [--OPTION=VALUE ...]",
		"Serves the shares of the database, in the foreground.\n"
		"Exit status: 0 stopped by a signal, 1 not started.", "", true, start},
	{"check", "[--config FILE] [--OPTION=VALUE ...]",
		"Looks at everything the configuration names, and says what to do.\n"
		"Exit status: 0 nothing is wrong, 1 something is.", "", true,
		check_command},
	{"verify", "[--share NAME] [--config FILE] [--OPTION=VALUE ...]",
		"Reads every block in content stores and compares its checksums.\n"
		"Exit status: 0 all are right, 1 some are wrong or missing, 2 not all\n"
		"could be read, or there is no such share.",
		"  --share=NAME               only blocks of this share\n", true,
		verify_command},
	{"gc", "[--orphans DAYS] [--config FILE] [--OPTION=VALUE ...]",
		"Deletes blocks in content stores that no file has any more.\n"
		"Exit status: 0 all were deleted, 2 some could not be.",
		"  --orphans=DAYS             also those that the database does not know,\n"
		"                             if they are older than this\n", true,
		gc_command},
	{"init", "[FILE]",
		"Writes a configuration file with all keys, or prints it.", "", false,
		init},
	{"help", "[keys | COMMAND]", "Prints this, all keys of the configuration "
		"file, or what a command takes.", "", false, help},
	{"version", "", "Prints the version.", "", false, version},
};

#define COMMANDS ((int) (sizeof(commands) / sizeof(commands[0])))

static const struct command *
command_named(const char *name)
{
	for (int i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static void
command_help(const struct command *command)
{
	printf("usage: dittofs %s %s\n\n%s\n", command->name, command->arguments,
		   command->does);
	if (command->settings)
		printf("\n%s  --config=FILE              configuration file; without it "
			   "DITTOFS_CONFIG, else\n"
			   "                             /etc/dittofs/dittofs.yaml if it is "
			   "there and neither\n"
			   "                             option nor environment names a "
			   "database\n", command->own_options);
	if (command->settings)
		config_print_options(stdout);
}

static int
help(int argc, char **argv)
{
	const struct command *command = argc > 2 ? command_named(argv[2]) : NULL;

	if (argc > 3)
		fatal("help takes one word, keys or the name of a command");
	if (argc > 2 && strcmp(argv[2], "keys") == 0)
		config_print_keys(stdout);
	else if (argc > 2 && command == NULL)
		return unknown_command(argv[2]);
	else if (command != NULL)
		command_help(command);
	else
		usage(stdout);
	return 0;
}

static int
version(int argc, char **argv)
{
	if (argc > 2)
		fatal("version takes no arguments, and there is \"%s\"", argv[2]);
	puts("dittofs " DITTOFS_VERSION);
	return 0;
}

static int
unknown_command(const char *name)
{
	const char *nearest = NULL;
	char		word[32];
	int			best = 3;

	/* As it may have been meant: START, --verison. */
	snprintf(word, sizeof(word), "%s", name + strspn(name, "-"));
	for (char *at = word; *at != '\0'; at++)
		*at = (char) tolower((unsigned char) *at);
	if ((int) strlen(word) < best)
		best = (int) strlen(word);
	for (int i = 0; i < COMMANDS; i++)
	{
		int			distance = option_distance(word, commands[i].name);

		if (distance < best)
		{
			best = distance;
			nearest = commands[i].name;
		}
	}
	fprintf(stderr, "dittofs: unknown command \"%s\"\n", name);
	if (nearest != NULL)
		fprintf(stderr, "did you mean \"dittofs %s\"? dittofs --help lists the "
				"commands\n", nearest);
	else
		fputs("dittofs --help lists the commands\n", stderr);
	return 2;
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

/* A job of main's that may hang (beside()) has ended: main is told by this. */
#define SIGNAL_ENDED SIGUSR1

/* Blocked in every thread; main waits for them. */
static sigset_t
block_signals(void)
{
	sigset_t	signals;

	/* errors of a write, and not the end */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGNAL_ENDED);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	return signals;
}

/*
 * Runs calls of main that may hang, on a database that does not answer or a
 * file without a writer, in a thread, so that main hears signals meanwhile.
 */
struct beside
{
	void		(*run) (void *);
	void	   *argument;
	pthread_t	main;
	atomic_bool ended;
};

static void *
beside_thread(void *argument)
{
	struct beside *beside = argument;

	beside->run(beside->argument);
	atomic_store(&beside->ended, true);
	pthread_kill(beside->main, SIGNAL_ENDED);
	return NULL;
}

/* beside stays where it is until the thread has ended. */
static void
beside_begin(struct beside *beside, void (*run) (void *), void *argument)
{
	pthread_t	thread;
	int			problem;

	beside->run = run;
	beside->argument = argument;
	beside->main = pthread_self();
	atomic_store(&beside->ended, false);
	problem = pthread_create(&thread, NULL, beside_thread, beside);
	if (problem != 0)
		fatal("a thread cannot be started: %s", strerror(problem));
	pthread_detach(thread);
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

/* tell is called with everything that is wrong with the settings. */
static void
each_problem(const struct config *config, void (*tell) (const char *problem))
{
	const struct config_problems *problems = &config->problems;
	int			left_out = config_problems_left_out(problems);
	char		text[64];

	for (int i = 0; i < problems->count - left_out; i++)
		tell(problems->texts[i]);
	if (left_out == 0)
		return;
	snprintf(text, sizeof(text), "and %d more", left_out);
	tell(text);
}

static void
not_reloaded(const char *problem)
{
	log_with(LOG_LEVEL_ERROR,
			 log_members(NULL, "{s:o}", "error", log_text(problem)),
			 "nothing is reloaded: %s", problem);
}

/*
 * The settings that are read again, since SIGHUP and until they are in force.
 */
static struct
{
	struct beside beside;
	bool		runs;			/* the thread has it */
	bool		once_more;		/* SIGHUP has come again meanwhile */
	struct config fresh;
	int			argc;
	char	  **given;
	bool		good;
}			reload;

static void
read_again(void *unused)
{
	char	  **words = copy_arguments(reload.argc, reload.given);

	(void) unused;
	reload.good = config_read(&reload.fresh, reload.argc, words, 2);
	free_arguments(reload.argc, words);
}

static void
reload_begin(int argc, char **given)
{
	if (reload.runs)
	{
		reload.once_more = true;
		log_warning("the settings are still being read from the last SIGHUP "
					"on, and will be read once more then");
		return;
	}
	reload.runs = true;
	reload.once_more = false;
	reload.argc = argc;
	reload.given = given;
	beside_begin(&reload.beside, read_again, NULL);
}

/* If they have been read, they are in force now. */
static void
reload_end(struct config *config)
{
	if (!reload.runs || !atomic_load(&reload.beside.ended))
		return;
	reload.runs = false;
	if (!reload.good)
	{
		each_problem(&reload.fresh, not_reloaded);
		config_free(&reload.fresh);
	}
	else
		config_reload(config, &reload.fresh);
	configure_log(config);
	if (reload.once_more)
		reload_begin(reload.argc, reload.given);
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
		fatal("init takes one file, and there are \"%s\" and \"%s\"", argv[2],
			  argv[3]);
	if (argc == 3)
	{
		if (*argv[2] == '-')
			fatal("init has no option \"%s\" (dittofs init --help)", argv[2]);
		/* It may come to hold a password. */
		fd = open(argv[2], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		to = fd >= 0 ? fdopen(fd, "w") : NULL;
		if (to == NULL)
			fatal("cannot make %s: %s%s", argv[2], strerror(errno),
				  errno == EEXIST ? " (init writes over no file: remove it, or "
				  "name another)" : errno == ENOENT ?
				  " (make the directory first)" : "");
	}
	config_print_sample(to);
	if (fflush(to) != 0 || (to != stdout && fclose(to) != 0))
		fatal("cannot write %s: %s", argc == 3 ? argv[2] : "the sample",
			  strerror(errno));
	return 0;
}

/* The settings of a command; false: config->problems. */
static bool
read_settings(struct config *config, int argc, char **argv)
{
	bool		good = config_read(config, argc, argv, 2);

	return pool_configure(config) && good;
}

static void
print_problem(const char *problem)
{
	fprintf(stderr, "dittofs: %s\n", problem);
}

/* Nothing can be done with these settings. */
static void
refuse_settings(const struct config *config)
{
	const char *hint = config->file == NULL ?
		" (dittofs --help lists the options)" : "";

	if (config->problems.count == 1)
		fatal("%s%s", config->problems.texts[0], hint);
	each_problem(config, print_problem);
	fatal("%d settings are wrong%s", config->problems.count, hint);
}

/*
 * The end of a command.  A thread that hangs in a store has the settings, and
 * what exit() would tear down: OpenSSL's tables, for instance.
 */
static int
finish(struct config *config, int status)
{
	if (content_was_given_up())
	{
		fflush(stdout);
		_exit(status);
	}
	config_free(config);
	return status;
}

static void
print_wrong(const char *problem)
{
	printf("wrong     configuration: %s\n", problem);
}

static int
check_command(int argc, char **argv)
{
	struct config config;
	bool		good = read_settings(&config, argc, argv);

	if (!good)
	{
		each_problem(&config, print_wrong);
		puts("ports, content stores and databases are looked at when these "
			 "settings are right");
		printf("%d wrong, 0 doubtful\n", config.problems.count);
	}
	else
	{
		log_level = LOG_LEVEL_ERROR;
		good = check(&config);
	}
	return finish(&config, good ? 0 : 1);
}

/* A signal that has come by then; -1: none has. */
static int
signal_until(const sigset_t *signals, int64_t until)
{
	int64_t		left = until - clock_now();
	struct timespec period;

	if (left < 0)
		left = 0;
	period = (struct timespec) {.tv_sec = left / 1000000,
		.tv_nsec = left % 1000000 * 1000};
	return sigtimedwait(signals, NULL, &period);
}

/*
 * Waits until the gateway is to stop; returns the signal.  What is done
 * now and then has its time, however many signals come in between.
 */
static int
await_signal(struct config *config, const sigset_t *signals, int argc,
			 char **given)
{
	int64_t		due = 0;

	for (;;)
	{
		int			signal_number = signal_until(signals, due);

		if (signal_number == SIGHUP)
			reload_begin(argc, given);
		else if (signal_number == SIGNAL_ENDED)
			reload_end(config);
		else if (signal_number > 0)
			return signal_number;
		if (clock_now() < due)
			continue;
		due = clock_now() + STATUS_PERIOD * INT64_C(1000000);
		status_sample();
		http_clients_check();
		log_finish_repeats(false);
	}
}

/* Another signal to stop cuts it short. */
static int
drain(const sigset_t *signals, int signal_number, int64_t delay)
{
	int64_t		until = clock_now() + delay * 1000;

	while (clock_now() < until)
	{
		int			another = signal_until(signals, until);

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

		if (strncmp(argv[i], name, size) != 0 ||
			(*value != '\0' && *value != '='))
			continue;
		if (*value == '=')
			value++;
		else if (i + 1 < *argc && strncmp(argv[i + 1], "--", 2) != 0)
		{
			value = argv[i + 1];
			used = 2;
		}
		if (*value == '\0')
			fatal("%s needs a value", name);
		memmove(&argv[i], &argv[i + used],
				sizeof(*argv) * (size_t) (*argc - i - used + 1));
		*argc -= used;
		return value;
	}
	return NULL;
}

static void
require_settings(struct config *config, int argc, char **argv)
{
	if (!read_settings(config, argc, argv))
		refuse_settings(config);
	log_level = LOG_LEVEL_ERROR;
}

static int
verify_command(int argc, char **argv)
{
	struct config config;
	const char *share = take_argument(&argc, argv, "--share");

	require_settings(&config, argc, argv);
	return finish(&config, content_verify(&config, share));
}

static int
gc_command(int argc, char **argv)
{
	struct config config;
	const char *days = take_argument(&argc, argv, "--orphans");
	char	   *end;
	long		orphans = days != NULL ? strtol(days, &end, 10) : -1;

	if (days != NULL && (end == days || *end != '\0' || orphans < 0 ||
						 orphans > 36500))
		fatal("--orphans: \"%s\" is not a number of days", days);
	require_settings(&config, argc, argv);
	return finish(&config, content_collect(&config, (int) orphans));
}

static json_t *
signal_members(int number)
{
	return log_members(NULL, "{s:s}", "signal", sigabbrev_np(number));
}

struct start_check
{
	const struct config *config;
	bool		good;
};

static void
run_start_check(void *argument)
{
	struct start_check *check = argument;

	check->good = check_before_start(check->config);
}

/*
 * A database, or a directory, may keep it waiting.  No client is connected yet,
 * so the gateway may stop meanwhile without further waiting.  SIGHUP stays for
 * later.
 */
static void
check_or_stop(const struct config *config, const sigset_t *signals)
{
	static struct beside beside;
	static struct start_check check;
	sigset_t	heard = *signals;

	sigdelset(&heard, SIGHUP);
	check.config = config;
	beside_begin(&beside, run_start_check, &check);
	while (!atomic_load(&beside.ended))
	{
		int			signal_number = sigwaitinfo(&heard, NULL);

		if (signal_number == SIGTERM || signal_number == SIGINT)
		{
			log_with(LOG_LEVEL_INFO, signal_members(signal_number),
					 "%s: stopped before it had started",
					 strsignal(signal_number));
			log_finish();
			_exit(0);
		}
	}
	if (!check.good)
		fatal("not started: see above (dittofs check tells more)");
}

static int
start(int argc, char **argv)
{
	static struct config config;
	char	  **given = copy_arguments(argc, argv);
	struct worker *workers;
	sigset_t	signals;
	int			signal_number;
	bool		ended;

	if (!read_settings(&config, argc, argv))
		refuse_settings(&config);
	configure_log(&config);

	signals = block_signals();
	log_start();
	check_or_stop(&config, &signals);
	raise_descriptor_limit();
	keep_freed_memory();
	content_start(&config);
	programs_configure(config.nfs4, config.store_count);
	workers = workers_create(&config);
	http_start(&config);
	waiting_init(&config);
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
	if (config.portmapper)
		log_with(LOG_LEVEL_INFO,
				 log_members(NULL, "{s:I}", "port",
							 (json_int_t) config.portmapper_port),
				 "a portmapper on port %lld tells clients port %lld",
				 (long long) config.portmapper_port,
				 (long long) (config.advertise_port != 0 ?
							  config.advertise_port : config.port));
	if (config.nfs4 && config.store_count > 1)
		log_with(LOG_LEVEL_INFO, NULL, "NFSv4 is not served: that needs one "
				 "metadata store, and there are %d", config.store_count);
	if (config.rpcbind)
		rpcbind_register((uint16_t) config.port, config.by_udp);

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
	signal(SIGHUP, SIG_IGN);
	signal(SIGNAL_ENDED, SIG_IGN);
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	if (config.rpcbind)
		rpcbind_unregister();
	workers_stop(workers, &config);
	ended = content_stop();
	keepers_stop();
	http_stop();
	log_finish_repeats(true);
	log_info("stopped");
	log_finish();

	/* A thread that hangs has the settings, and what exit() would tear down. */
	if (!ended || reload.runs || content_was_given_up())
		_exit(0);
	config_free(&config);
	free_arguments(argc, given);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	const struct command *command;

	if (strcmp(name, "--version") == 0)
		name = "version";
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	command = command_named(name);
	if (command == NULL && *name != '\0')
		return unknown_command(name);
	if (command == NULL)
	{
		usage(stderr);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0)
		{
			command_help(command);
			return 0;
		}
	return command->run(argc, argv);
}
