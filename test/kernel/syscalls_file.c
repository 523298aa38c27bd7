/* SPDX-License-Identifier: PostgreSQL */
/*
 * syscalls_file.c
 *	  The calls of syscalls that open, read and write files.
 *
 * A test can keep several files open, by names that it gives them, to see what
 * becomes of them while other things happen.
 */
#include "syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAX_FILES	64

static const Name whences[] = {
	{"SEEK_SET", SEEK_SET}, {"SEEK_CUR", SEEK_CUR}, {"SEEK_END", SEEK_END},
	{"SEEK_DATA", SEEK_DATA}, {"SEEK_HOLE", SEEK_HOLE}, {NULL, 0}
};

/*
 * By path
 */

/* Closes in any case; the first error counts. */
static int
finish(int file, bool failed)
{
	int			error = errno;

	if (close(file) != 0 && !failed)
		return -1;
	errno = error;
	return failed ? -1 : 0;
}

static ssize_t
read_all(const char *path, char **data)
{
	int			file = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t		size = 0;
	ssize_t		got;

	*data = NULL;
	if (file < 0)
		return -1;
	do
	{
		*data = allocate(*data, size + 65536);
		got = read(file, *data + size, 65536);
		size += got;
	} while (got > 0);
	return finish(file, got < 0) == 0 ? size : -1;
}

static int
do_open(char **a)
{
	int			flag = flags(a[1]);
	int			file = open(a[0], flag, a[2] ? number(a[2]) : 0666);

	return file < 0 ? -1 : close(file);
}

/* Creates or truncates and writes. */
static int
do_put(char **a)
{
	int			file =
		open(a[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	return file < 0 ? -1 : finish(file, write(file, a[1], strlen(a[1])) < 0);
}

static int
do_get(char **a)
{
	char	   *data;
	ssize_t		size = read_all(a[0], &data);
	int			result = size < 0 ? -1 : say_bytes(data, size);

	free(data);
	return result;
}

/* PATH SIZE: a file of blocks that tell their place */
static int
do_pattern(char **a)
{
	FILE	   *file = fopen(a[0], "we");
	bool		failed = false;

	if (file == NULL)
		return -1;
	for (int64_t i = 0; i < number(a[1]) / 16 && !failed; i++)
		failed = fprintf(file, "%015jx\n", (intmax_t) i) < 0;
	return fclose(file) != 0 || failed ? -1 : 0;
}

static int
do_check_pattern(char **a)
{
	char	   *data;
	ssize_t		size = read_all(a[0], &data);
	ssize_t		wanted = number(a[1]) / 16 * 16;
	ssize_t		i = 0;

	if (size == wanted)
	{
		char		block[17] = "";

		for (; i < wanted; i++)
		{
			if (i % 16 == 0)
				snprintf(block, sizeof(block), "%015jx\n", (intmax_t) (i / 16));
			if (data[i] != block[i % 16])
				break;
		}
	}
	free(data);
	if (size < 0)
		return -1;
	if (size != wanted)
		return say("size %zd", size);
	return i == wanted ? say("good") : say("differs at %zd", i);
}

/* PATH NUMBER COUNT: a file of COUNT times the four bytes of NUMBER */
static int
do_repeat(char **a)
{
	uint32_t	word = number(a[1]);
	FILE	   *file = fopen(a[0], "we");

	if (file == NULL)
		return -1;
	for (int64_t i = number(a[2]); i > 0; i--)
	{
		for (int shift = 24; shift >= 0; shift -= 8)
			putc(word >> shift & 0xff, file);
	}
	return fclose(file);
}

/*
 * By open file
 */

/* Open files by the name the test gave them */
static struct
{
	char	   *name;
	int			fd;
}			files[MAX_FILES];

/* The slot of an open file, or with a name of NULL a free one */
static int
slot(const char *name)
{
	for (int i = 0; i < MAX_FILES; i++)
	{
		if (name == NULL ? files[i].name == NULL :
			files[i].name != NULL && strcmp(files[i].name, name) == 0)
			return i;
	}
	die("%s", name ? name : "too many open files");
}

static int
fd(const char *name)
{
	return files[slot(name)].fd;
}

/* NAME PATH FLAGS [MODE] */
static int
do_fopen(char **a)
{
	int			flag = flags(a[2]);
	int			file = open(a[1], flag, a[3] ? number(a[3]) : 0666);
	int			i;

	if (file < 0)
		return -1;
	i = slot(NULL);
	files[i].name = strdup(a[0]);
	files[i].fd = file;
	return 0;
}

static int
do_close(char **a)
{
	int			i = slot(a[0]);

	free(files[i].name);
	files[i].name = NULL;
	return close(files[i].fd);
}

/* As many bytes as a call reads at OFFSET, or where the file is if negative */
static int
read_some(const char *name, int64_t offset, size_t count)
{
	char	   *data = allocate(NULL, count);
	ssize_t		got = offset < 0 ? read(fd(name), data, count) :
		pread(fd(name), data, count, offset);
	int			result = say_bytes(data, got);

	free(data);
	return result;
}

static int
do_read(char **a)
{
	return read_some(a[0], -1, number(a[1]));
}

static int
do_pread(char **a)
{
	return read_some(a[0], number(a[1]), number(a[2]));
}

static int
do_write(char **a)
{
	return say_number(write(fd(a[0]), a[1], strlen(a[1])));
}

static int
do_pwrite(char **a)
{
	return say_number(pwrite(fd(a[0]), a[2], strlen(a[2]), number(a[1])));
}

static int
do_lseek(char **a)
{
	return say_number(lseek(fd(a[0]), number(a[1]), value_of(whences, a[2])));
}

/* All of an open file in memory; NULL with errno set if that cannot be */
static char *
map(const char *name, int protection, size_t *size)
{
	struct stat status;
	void	   *area;

	if (fstat(fd(name), &status) != 0)
		return NULL;
	*size = status.st_size;
	area = mmap(NULL, *size, protection, MAP_SHARED, fd(name), 0);
	return area == MAP_FAILED ? NULL : area;
}

static int
unmap(char *area, size_t size, int result)
{
	int			error = errno;

	munmap(area, size);
	errno = error;
	return result;
}

/* Writes through a shared mapping. */
static int
do_poke(char **a)
{
	size_t		size;
	char	   *area = map(a[0], PROT_READ | PROT_WRITE, &size);
	size_t		offset = number(a[1]);

	if (area == NULL)
		return -1;
	if (offset + strlen(a[2]) > size)
		die("poke: beyond the end");
	memcpy(area + offset, a[2], strlen(a[2]));
	return unmap(area, size, msync(area, size, MS_SYNC));
}

static int
do_peek(char **a)
{
	size_t		size;
	char	   *area = map(a[0], PROT_READ, &size);
	size_t		offset = number(a[1]);
	size_t		count = number(a[2]);

	if (area == NULL)
		return -1;
	if (offset > size)
		offset = size;
	if (count > size - offset)
		count = size - offset;
	return unmap(area, size, say_bytes(area + offset, count));
}

static int
do_copy_range(char **a)
{
	return say_number(copy_file_range(fd(a[0]), NULL, fd(a[1]), NULL,
									  number(a[2]), 0));
}

static int
do_fchmod(char **a)
{
	return fchmod(fd(a[0]), number(a[1]));
}

static int
do_fstat(char **a)
{
	struct stat status;

	return fstat(fd(a[0]), &status) != 0 ? -1 : show(&status, a[1]);
}

static int
do_fsync(char **a)
{
	return fsync(fd(a[0]));
}

static int
do_ftruncate(char **a)
{
	return ftruncate(fd(a[0]), number(a[1]));
}

const Call calls_on_files[] = {
	{"check_pattern", do_check_pattern, 2, 2},
	{"close", do_close, 1, 1},
	{"copy_range", do_copy_range, 3, 3},
	{"fchmod", do_fchmod, 2, 2},
	{"fopen", do_fopen, 3, 4},
	{"fstat", do_fstat, 2, 2},
	{"fsync", do_fsync, 1, 1},
	{"ftruncate", do_ftruncate, 2, 2},
	{"get", do_get, 1, 1},
	{"lseek", do_lseek, 3, 3},
	{"open", do_open, 2, 3},
	{"pattern", do_pattern, 2, 2},
	{"peek", do_peek, 3, 3},
	{"poke", do_poke, 3, 3},
	{"pread", do_pread, 3, 3},
	{"put", do_put, 2, 2},
	{"pwrite", do_pwrite, 3, 3},
	{"read", do_read, 2, 2},
	{"repeat", do_repeat, 3, 3},
	{"write", do_write, 2, 2},
	{NULL, NULL, 0, 0}
};
