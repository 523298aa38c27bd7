/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_libnfs.c
 *	  The share through libnfs, as a program uses it: mount by URL, open, read,
 *	  write, list, walk a tree and take it down again.
 */
#include "lib.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <nfsc/libnfs.h>

#define SIZE (5 * 1024 * 1024 + 12345)

static struct nfs_context *
mount_url(void)
{
	struct nfs_context *nfs = nfs_init_context();
	const char *text = getenv("DITTOFS_URL");
	struct nfs_url *url;

	if (!nfs || !text)
		bail_out("no context, or DITTOFS_URL is not set");
	url = nfs_parse_url_dir(nfs, text);
	if (!url)
		bail_out("%s: %s", text, nfs_get_error(nfs));
	if (nfs_mount(nfs, url->server, url->path) != 0)
		bail_out("mount %s: %s", text, nfs_get_error(nfs));
	nfs_destroy_url(url);
	return nfs;
}

/* A call of libnfs succeeds with 0 or a count. */
static void
succeeds(struct nfs_context *nfs, int result, const char *what)
{
	ok(result >= 0, "%s", what);
	if (result < 0)
		note("  %s", nfs_get_error(nfs));
}

static void
test_file(struct nfs_context *nfs, struct nfs_context *second)
{
	unsigned char *data = malloc(SIZE);
	unsigned char *back = malloc(SIZE);
	struct nfsfh *file;
	struct nfs_stat_64 stat;
	size_t		done = 0;

	for (size_t i = 0; i < SIZE; i++)
		data[i] = (unsigned char) (i * 2654435761u >> 13);
	succeeds(nfs, nfs_creat(nfs, "/libnfs/file", 0640, &file), "creat");
	while (done < SIZE)
	{
		int			written = nfs_pwrite(nfs, file, done,
										 SIZE - done > 1048576 ? 1048576 :
										 SIZE - done, data + done);

		if (written <= 0)
			bail_out("write: %s", nfs_get_error(nfs));
		done += (size_t) written;
	}
	succeeds(nfs, nfs_fsync(nfs, file), "fsync");
	succeeds(nfs, nfs_close(nfs, file), "close");

	succeeds(second, nfs_stat64(second, "/libnfs/file", &stat),
			 "another client: stat");
	is((int64_t) stat.nfs_size, SIZE, "its size");
	is((int64_t) (stat.nfs_mode & 07777), 0640, "its mode");
	succeeds(second, nfs_open(second, "/libnfs/file", O_RDONLY, &file), "open");
	for (done = 0; done < SIZE;)
	{
		int			got = nfs_pread(second, file, done, SIZE - done > 1048576 ?
									1048576 : SIZE - done, back + done);

		if (got <= 0)
			bail_out("read: %s", nfs_get_error(second));
		done += (size_t) got;
	}
	ok(memcmp(data, back, SIZE) == 0, "every byte of %d", SIZE);
	is(nfs_pread(second, file, SIZE, 100, back), 0, "and then the end");
	nfs_close(second, file);
	free(data);
	free(back);
}

static void
test_tree(struct nfs_context *nfs)
{
	struct nfs_stat_64 stat;
	struct nfs_statvfs_64 statvfs;
	struct nfsdir *dir;
	struct nfsdirent *entry;
	struct nfsfh *file;
	char		target[64];
	int			seen = 0;

	for (int i = 0; i < 1000; i++)
	{
		char		path[64];

		snprintf(path, sizeof(path), "/libnfs/tree/file-%d", i);
		if (i == 0)
			succeeds(nfs, nfs_mkdir(nfs, "/libnfs/tree"), "mkdir");
		if (nfs_creat(nfs, path, 0644, &file) != 0)
			bail_out("creat %s: %s", path, nfs_get_error(nfs));
		nfs_close(nfs, file);
	}
	succeeds(nfs, nfs_opendir(nfs, "/libnfs/tree", &dir), "opendir");
	while ((entry = nfs_readdir(nfs, dir)))
		seen += strncmp(entry->name, "file-", 5) == 0 && entry->type == NF3REG;
	nfs_closedir(nfs, dir);
	is(seen, 1000, "a thousand files listed, each with its type");

	succeeds(nfs, nfs_symlink(nfs, "tree/file-1", "/libnfs/symlink"),
			 "symlink");
	succeeds(nfs, nfs_readlink(nfs, "/libnfs/symlink", target,
							   sizeof(target)), "readlink");
	ok(strcmp(target, "tree/file-1") == 0, "its target");
	succeeds(nfs, nfs_stat64(nfs, "/libnfs/symlink", &stat),
			 "stat through it");
	ok(S_ISREG(stat.nfs_mode), "is of the file");
	succeeds(nfs, nfs_lstat64(nfs, "/libnfs/symlink", &stat), "lstat");
	ok(S_ISLNK(stat.nfs_mode), "is of the link");
	succeeds(nfs, nfs_link(nfs, "/libnfs/tree/file-1", "/libnfs/link"),
			 "link");
	succeeds(nfs, nfs_stat64(nfs, "/libnfs/link", &stat), "stat");
	is((int64_t) stat.nfs_nlink, 2, "two links");
	succeeds(nfs, nfs_rename(nfs, "/libnfs/link", "/libnfs/tree/link"),
			 "rename");
	succeeds(nfs, nfs_mknod(nfs, "/libnfs/fifo", S_IFIFO | 0600, 0), "mknod");
	succeeds(nfs, nfs_chmod(nfs, "/libnfs/tree/file-2", 0600), "chmod");
	succeeds(nfs, nfs_truncate(nfs, "/libnfs/tree/file-2", 100000),
			 "truncate");
	succeeds(nfs, nfs_stat64(nfs, "/libnfs/tree/file-2", &stat), "stat");
	ok(stat.nfs_size == 100000 && (stat.nfs_mode & 07777) == 0600,
	   "size and mode");
	succeeds(nfs, nfs_statvfs64(nfs, "/libnfs", &statvfs), "statvfs");
	ok(statvfs.f_blocks > 0, "space");
	ok(nfs_rmdir(nfs, "/libnfs/tree") < 0, "rmdir of what is not empty");
	ok(nfs_unlink(nfs, "/libnfs/nothing") < 0, "unlink of nothing");

	for (int i = 0; i < 1000; i++)
	{
		char		path[64];

		snprintf(path, sizeof(path), "/libnfs/tree/file-%d", i);
		if (nfs_unlink(nfs, path) != 0)
			bail_out("unlink %s: %s", path, nfs_get_error(nfs));
	}
	succeeds(nfs, nfs_unlink(nfs, "/libnfs/tree/link"), "unlink of the rest");
	succeeds(nfs, nfs_unlink(nfs, "/libnfs/symlink"), "of the symlink");
	succeeds(nfs, nfs_unlink(nfs, "/libnfs/fifo"), "of the FIFO");
	succeeds(nfs, nfs_unlink(nfs, "/libnfs/file"), "of the file");
	succeeds(nfs, nfs_rmdir(nfs, "/libnfs/tree"), "rmdir");
	succeeds(nfs, nfs_rmdir(nfs, "/libnfs"), "of all");
}

int
main(void)
{
	struct nfs_context *nfs = mount_url();
	struct nfs_context *second = mount_url();

	ok(true, "mounted twice");
	is((int64_t) nfs_get_readmax(nfs), 1048576, "reads of 1 MiB");
	is((int64_t) nfs_get_writemax(nfs), 1048576, "writes of 1 MiB");
	succeeds(nfs, nfs_mkdir(nfs, "/libnfs"), "mkdir");
	test_file(nfs, second);
	test_tree(nfs);
	nfs_destroy_context(second);
	nfs_destroy_context(nfs);
	return done_testing();
}
