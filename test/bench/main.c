/* SPDX-License-Identifier: PostgreSQL */
/*
 * main.c
 *	  Options, one run, one line of JSON.
 */
#include "load.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static const struct workload *const workload_groups[] = {
	workloads_read, workloads_change, workloads_data, workloads_mixed
};

#define GROUPS (sizeof(workload_groups) / sizeof(workload_groups[0]))

#define FIELD(name) offsetof(struct settings, name)

/* Alphabetical. */
static const struct
{
	const char *name;
	bool		text;
	size_t		offset;
	const char *initial;
	const char *help;
}			options[] = {
	{"connections", false, FIELD(connections), "1", "connections"},
	{"directories", false, FIELD(directories), "64",
		"directories, or files that are read"},
	{"directory", true, FIELD(directory), "bench",
		"where all of it is, below the export"},
	{"entries", false, FIELD(entries), "1000", "entries of a directory"},
	{"export", true, FIELD(export), "/export", "what is mounted"},
	{"file-size", false, FIELD(file_size), "67108864", "bytes of a file"},
	{"host", true, FIELD(host), "127.0.0.1", "address of the servers"},
	{"in-flight", false, FIELD(in_flight), "1",
		"calls in flight, over all connections"},
	{"label", true, FIELD(label), "", "name of the run in the output"},
	{"lock-port", false, FIELD(lock_port), "0",
		"port of NLM, where calls go that are counted; 0: the same as NFS"},
	{"milliseconds", false, FIELD(milliseconds), "5000", "how long"},
	{"mount-port", false, FIELD(mount_port), "0",
		"port of MOUNT; 0: the same as NFS"},
	{"operations", false, FIELD(operations), "0", "at most; 0: no bound"},
	{"ports", true, FIELD(ports), "12049",
		"ports of the servers; connections take turns"},
	{"prepared", true, FIELD(prepared), "",
		"a command that is run before the first call that counts"},
	{"size", false, FIELD(size), "4096", "bytes of a READ or WRITE"},
	{"warmup", false, FIELD(warmup), "1000",
		"milliseconds before anything is counted"},
	{"workload", true, FIELD(workload), "", "one of:"},
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))

static void
usage(void)
{
	fprintf(stderr, "usage: load --workload NAME [--option VALUE]...\n");
	for (size_t i = 0; i < OPTIONS; i++)
		fprintf(stderr, "  --%-14s %s (%s)\n", options[i].name,
				options[i].help, options[i].initial);
	for (size_t i = 0; i < GROUPS; i++)
		for (const struct workload *w = workload_groups[i]; w->name != NULL;
			 w++)
			fprintf(stderr, "      %-18s %s\n", w->name, w->help);
	exit(2);
}

static void
set_value(struct settings *settings, size_t option, const char *text)
{
	char	   *field = (char *) settings + options[option].offset;
	int64_t		number;
	char	   *end;

	if (options[option].text)
	{
		*(const char **) (void *) field = text;
		return;
	}
	number = strtoll(text, &end, 10);
	if (*end != '\0' || number < 0 || number > (INT64_C(1) << 40))
		fatal("--%s: \"%s\" is not a number", options[option].name, text);
	*(int64_t *) (void *) field = number;
}

static void
read_settings(struct settings *settings, int argc, char **argv)
{
	struct option table[OPTIONS + 1];
	int			which;

	memset(table, 0, sizeof(table));
	for (size_t i = 0; i < OPTIONS; i++)
	{
		set_value(settings, i, options[i].initial);
		table[i].name = options[i].name;
		table[i].has_arg = required_argument;
	}
	for (;;)
	{
		int			found = getopt_long(argc, argv, "", table, &which);

		if (found == -1)
			break;
		if (found != 0)
			usage();
		set_value(settings, (size_t) which, optarg);
	}
	if (optind < argc || settings->workload[0] == '\0')
		usage();
	if (settings->connections < 1 || settings->size < 1 ||
		settings->in_flight < settings->connections ||
		settings->directories < 1 || settings->file_size < settings->size)
		fatal("in flight must be at least connections, a file at least one size");
	if (settings->label[0] == '\0')
		settings->label = settings->workload;
}

static const struct workload *
find_workload(const char *name)
{
	for (size_t i = 0; i < GROUPS; i++)
		for (const struct workload *w = workload_groups[i]; w->name != NULL;
			 w++)
			if (strcmp(w->name, name) == 0)
				return w;
	usage();
	return NULL;
}

static double
microseconds(const struct load *load, double fraction)
{
	return (double) histogram_quantile(&load->latency, fraction) / 1000;
}

static double
cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		(double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
print_result(const struct load *load, double cpu, double wall)
{
	const struct settings *settings = load->settings;
	double		seconds = (double) (load->last - load->first) / 1e9;
	double		count = (double) load->latency.count;

	if (load->latency.count == 0)
		fatal("%s: nothing was finished in time", settings->workload);
	if (seconds <= 0)
		seconds = 1e-9;
	printf("{\"label\":\"%s\",\"workload\":\"%s\",\"connections\":%lld,"
		   "\"in_flight\":%lld,\"seconds\":%.3f,\"operations\":%llu,"
		   "\"rate\":%.1f,\"entries_rate\":%.1f,\"mb_rate\":%.2f,"
		   "\"mean_us\":%.1f,\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,"
		   "\"p999_us\":%.1f,\"max_us\":%.1f,\"jukebox\":%llu,\"errors\":%llu,"
		   "\"first_error\":%u,\"client_cpu\":%.2f}\n",
		   settings->label, settings->workload,
		   (long long) settings->connections, (long long) settings->in_flight,
		   seconds, (unsigned long long) load->latency.count,
		   count / seconds, (double) load->units / seconds,
		   (double) load->bytes / seconds / 1e6,
		   (double) load->latency.sum / count / 1000,
		   microseconds(load, 0.5), microseconds(load, 0.9),
		   microseconds(load, 0.99), microseconds(load, 0.999),
		   (double) load->latency.max / 1000,
		   (unsigned long long) load->jukebox,
		   (unsigned long long) load->errors, load->first_error,
		   cpu / wall);
}

int
main(int argc, char **argv)
{
	static struct settings settings;
	static struct load load;
	const struct workload *workload;
	double		cpu;
	uint64_t	begun;

	read_settings(&settings, argc, argv);
	workload = find_workload(settings.workload);
	load.settings = &settings;
	engine_open(&load);
	setup_mount(&load);
	if (workload->prepare != NULL)
		workload->prepare(&load);
	if (settings.lock_port != 0)
		engine_move(&load, (int) settings.lock_port);
	if (settings.prepared[0] != '\0' && system(settings.prepared) != 0)
		fatal("%s: failed", settings.prepared);
	cpu = cpu_seconds();
	begun = clock_ns();
	engine_run(&load, workload, (uint64_t) settings.operations,
			   (uint64_t) settings.warmup * 1000000u,
			   (uint64_t) settings.milliseconds * 1000000u);
	print_result(&load, cpu_seconds() - cpu,
				 (double) (clock_ns() - begun) / 1e9);
	return load.errors > 0;
}
