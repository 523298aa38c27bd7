/* SPDX-License-Identifier: PostgreSQL */
/*
 * syscalls.c
 *	  Makes system calls for lib.sh, as any user.
 *
 * Reads requests from standard input, words that end with NUL: the number of
 * words that follow, UID[:GID[:GROUP,...]], the call, its arguments.  Answers
 * each with a line: what the call returned (0 for nothing), or the name of its
 * error.  Bytes that are not printable are answered as \xNN.
 *
 * The process stays root and changes its effective ids, which is what file
 * systems look at.  A request that makes no sense ends it: that is a mistake
 * in the test.
 */
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define MAX_GROUPS	64
#define MAX_WORDS	16

static const Name open_flags[] = {
	{"O_RDONLY", O_RDONLY}, {"O_WRONLY", O_WRONLY}, {"O_RDWR", O_RDWR},
	{"O_APPEND", O_APPEND}, {"O_CREAT", O_CREAT}, {"O_DIRECT", O_DIRECT},
	{"O_DIRECTORY", O_DIRECTORY}, {"O_DSYNC", O_DSYNC}, {"O_EXCL", O_EXCL},
	{"O_NOFOLLOW", O_NOFOLLOW}, {"O_NONBLOCK", O_NONBLOCK},
	{"O_PATH", O_PATH}, {"O_SYNC", O_SYNC}, {"O_TRUNC", O_TRUNC}, {NULL, 0}
};

const Name	kinds[] = {
	{"file", S_IFREG}, {"dir", S_IFDIR}, {"symlink", S_IFLNK},
	{"fifo", S_IFIFO}, {"socket", S_IFSOCK}, {"char", S_IFCHR},
	{"block", S_IFBLK}, {NULL, 0}
};

/* Was there an answer?  A call that says nothing is answered 0. */
static bool answered;

void
die(const char *format,...)
{
	va_list		arguments;

	va_start(arguments, format);
	fputs("syscalls: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	exit(1);
}

void *
allocate(void *old, size_t size)
{
	void	   *new = realloc(old, size + 1);

	if (new == NULL)
		die("no memory");
	return new;
}

int
say(const char *format,...)
{
	va_list		arguments;

	answered = true;
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	return 0;
}

int
say_bytes(const char *data, ssize_t size)
{
	answered = true;
	for (ssize_t i = 0; i < size; i++)
	{
		unsigned char c = data[i];

		if (c >= 32 && c < 127 && c != '\\')
			putchar(c);
		else
			printf("\\x%02x", c);
	}
	return size < 0 ? -1 : 0;
}

/* What read, write and the like return */
int
say_number(int64_t number)
{
	return number < 0 ? -1 : say("%lld", (long long) number);
}

/* Decimal, 0octal or 0x; sums such as 0x100000000+5 help with offsets. */
int64_t
number(const char *text)
{
	int64_t		sum = 0;
	char	   *end;

	for (;; text = end + 1)
	{
		sum += strtoll(text, &end, 0);
		if (end == text || (*end != '\0' && *end != '+'))
			die("no number: %s", text);
		if (*end == '\0')
			return sum;
	}
}

int
value_of(const Name *names, const char *wanted)
{
	for (; names->name != NULL; names++)
	{
		if (strcmp(names->name, wanted) == 0)
			return names->value;
	}
	die("no %s", wanted);
}

int
flags(char *text)
{
	int			value = O_CLOEXEC;

	for (char *name = strtok(text, ","); name != NULL; name = strtok(NULL, ","))
		value |= value_of(open_flags, name);
	return value;
}

int
show(const struct stat *status, char *wanted)
{
	for (char *f = strtok(wanted, ","); f != NULL; f = strtok(NULL, ","))
	{
		const struct timespec *time = NULL;

		if (answered)
			say(",");
		if (strcmp(f, "type") == 0)
		{
			for (const Name *kind = kinds; kind->name != NULL; kind++)
			{
				if (kind->value == (int) (status->st_mode & S_IFMT))
					say("%s", kind->name);
			}
		}
		else if (strcmp(f, "mode") == 0)
			say("%04o", status->st_mode & 07777);
		else if (strcmp(f, "nlink") == 0)
			say("%ju", (uintmax_t) status->st_nlink);
		else if (strcmp(f, "uid") == 0)
			say("%u", status->st_uid);
		else if (strcmp(f, "gid") == 0)
			say("%u", status->st_gid);
		else if (strcmp(f, "size") == 0)
			say("%jd", (intmax_t) status->st_size);
		else if (strcmp(f, "blocks") == 0)
			say("%jd", (intmax_t) status->st_blocks);
		else if (strcmp(f, "ino") == 0)
			say("%ju", (uintmax_t) status->st_ino);
		else if (strcmp(f, "rdev") == 0)
			say("%u:%u", major(status->st_rdev), minor(status->st_rdev));
		else if (strcmp(f, "atime") == 0)
			time = &status->st_atim;
		else if (strcmp(f, "mtime") == 0)
			time = &status->st_mtim;
		else if (strcmp(f, "ctime") == 0)
			time = &status->st_ctim;
		else
			die("no field %s", f);
		if (time != NULL)
			say("%jd", (intmax_t) time->tv_sec * 1000000000 + time->tv_nsec);
	}
	return 0;
}

static const Call *
find_call(const Call *call, const char *name)
{
	while (call->name != NULL && strcmp(call->name, name) != 0)
		call++;
	return call->name != NULL ? call : NULL;
}

/* UID[:GID[:GROUP,...]]; the group is the user's number if it is left out. */
static void
become_user(char *who)
{
	char	   *uid = strsep(&who, ":");
	char	   *gid = strsep(&who, ":");
	char	   *group;
	gid_t		groups[MAX_GROUPS];
	int			count = 0;

	while ((group = strsep(&who, ",")) != NULL)
	{
		if (count == MAX_GROUPS)
			die("too many groups");
		if (*group)
			groups[count++] = number(group);
	}
	if (setgroups(count, groups) != 0 ||
		setegid(number(gid && *gid ? gid : uid)) != 0 ||
		seteuid(number(uid)) != 0)
		die("cannot become %s: %s", uid, strerror(errno));
}

static void
become_root(void)
{
	if (seteuid(0) != 0 || setegid(0) != 0 || setgroups(0, NULL) != 0)
		die("cannot become root: %s", strerror(errno));
}

/* The kernel does not tell one from the other; POSIX has it as ENOTSUP. */
static const char *
error_name(int error)
{
	const char *name = error == ENOTSUP ? "ENOTSUP" : strerrorname_np(error);

	return name ? name : strerror(error);
}

/* WHO CALL ARGUMENT...; words[count] is NULL, and so are some behind it. */
static void
handle(char **words, int count)
{
	const Call *call;
	int			result;
	int			error;

	if (count < 2)
		die("a request of %d words", count);
	call = find_call(calls_on_files, words[1]);
	if (call == NULL)
		call = find_call(calls_by_path, words[1]);
	if (call == NULL || count - 2 < call->least || count - 2 > call->most)
		die("%s %s", call ? "wrong number of arguments:" : "no call", words[1]);
	become_user(words[0]);
	answered = false;
	result = call->function(words + 2);
	error = errno;
	become_root();
	if (result != 0)
		printf("%s", error_name(error));
	else if (!answered)
		putchar('0');
	putchar('\n');
	if (fflush(stdout) != 0)
		exit(1);
}

/* The next word, or NULL at the end */
static char *
read_word(void)
{
	char	   *word = NULL;
	size_t		size = 0;

	if (getdelim(&word, &size, '\0', stdin) < 0)
	{
		free(word);
		return NULL;
	}
	return word;
}

int
main(void)
{
	char	   *length;

	umask(0);
	while ((length = read_word()) != NULL)
	{
		char	   *words[MAX_WORDS + 8] = {NULL};
		int			count = number(length);

		free(length);
		if (count > MAX_WORDS)
			die("a request of %d words", count);
		for (int i = 0; i < count; i++)
		{
			if ((words[i] = read_word()) == NULL)
				return 1;
		}
		handle(words, count);
		for (int i = 0; i < count; i++)
			free(words[i]);
	}
	return 0;
}
