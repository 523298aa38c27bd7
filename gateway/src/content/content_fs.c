/* SPDX-License-Identifier: PostgreSQL */
/*
 * content_fs.c
 *	  Blocks in a directory that all gateways share.
 *
 * A block is written to a temporary name in tmp/, synced, renamed, and its
 * directory is synced.  So under its own name there is a whole block or none,
 * whatever dies at whatever moment.  A process that dies leaves a temporary
 * file without a reader (files there are removed when they are a day old), a
 * power failure the same or nothing.  The directories on the way are synced in
 * their parents before the first block of a session goes there, even if another
 * process made them: it may not have synced them yet.
 *
 * Putting an existing block writes it again: only reading would show whether it
 * is whole, and a rename repairs it if it is not.
 */
#include "content/content_backend.h"
#include "content/content_identity.h"
#include "base/event.h"
#include "monitor/findings.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define TEMPORARY "tmp"
#define TEMPORARY_AGE (24 * 3600)

struct fs_session
{
	struct content_session base;
	int			root;			/* the base path, or -1 */
	struct stat root_is;		/* while it is open */
	struct stat marker_is;		/* of which this is the text */
	char		marker[MARKER_MAX];
	unsigned	number;			/* of temporary names */
	uint8_t		first_safe[256];	/* by number: is ab safe in its parent? */
	uint8_t		second_safe[256 * 256];
};

static struct fs_session *
fs_of(struct content_session *session)
{
	return container_of(session, struct fs_session, base);
}

static struct content_session *
fs_begin(const struct content_store_config *config)
{
	struct fs_session *fs = calloc(1, sizeof(*fs));

	(void) config;
	if (fs == NULL)
		fatal("out of memory");
	fs->root = -1;
	return &fs->base;
}

static void
fs_end(struct content_session *session)
{
	struct fs_session *fs = fs_of(session);

	if (fs->root >= 0)
		close(fs->root);
	free(fs);
}

static void
close_root(struct fs_session *fs)
{
	if (fs->root >= 0)
		close(fs->root);
	fs->root = -1;
	memset(&fs->marker_is, 0, sizeof(fs->marker_is));
	memset(fs->first_safe, 0, sizeof(fs->first_safe));
	memset(fs->second_safe, 0, sizeof(fs->second_safe));
}

/*
 * What a system call's failure means.  A directory that is not there or allows
 * no access, a disk that has become read-only, a server behind it that does not
 * answer or whose ticket has run out, are the operator's to bring back: clients
 * wait for it meanwhile, instead of being told that their data is gone.  There
 * are too many file systems, and too many words of theirs for it, to list them.
 */
static enum content_outcome
failure(struct fs_session *fs, const char *what, const char *name,
		struct content_effort *effort)
{
	int			problem = errno;

	snprintf(effort->message, sizeof(effort->message), "%s %s/%s: %s", what,
			 fs->base.config->base_path, name, strerror(problem));
	if (problem == ENOSPC || problem == EDQUOT)
		return CONTENT_FULL;
	close_root(fs);
	return CONTENT_UNAVAILABLE;
}

/*
 * Of a block that could be opened.  A disk and a file system that looks at sums
 * have words for bytes that cannot be had again; the others perhaps can.
 */
static enum content_outcome
read_failure(struct fs_session *fs, const char *key,
			 struct content_effort *effort)
{
	bool		damaged = errno == EIO || errno == EBADMSG ||
		errno == EUCLEAN || errno == EISDIR;

	(void) failure(fs, "read", key, effort);
	return damaged ? CONTENT_FAILED : CONTENT_UNAVAILABLE;
}

static bool
open_root(struct fs_session *fs)
{
	if (fs->root >= 0)
		return true;
	fs->root = open(fs->base.config->base_path,
					O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fs->root >= 0 && fstat(fs->root, &fs->root_is) == 0;
}

/* Opens a directory below another, and makes it if need be. */
static int
open_directory(int parent, const char *name)
{
	int			fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	if (mkdirat(parent, name, 0770) != 0 && errno != EEXIST)
		return -1;
	return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool
write_all(int fd, const char *data, size_t size)
{
	while (size > 0)
	{
		ssize_t		n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		size -= (size_t) n;
	}
	return true;
}

/* close, without losing the reason why we came here */
static void
close_quietly(int fd)
{
	int			problem = errno;

	if (fd >= 0)
		close(fd);
	errno = problem;
}

static bool
write_temporary(int tmp, const char *name, const void *data, size_t size)
{
	int			fd = openat(tmp, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
							0660);

	if (fd < 0)
		return false;
	if (!write_all(fd, data, size) || fsync(fd) != 0)
	{
		close_quietly(fd);
		return false;
	}
	return close(fd) == 0;
}

/* Opens a directory that is safe in its parent. */
static int
open_safe_directory(int parent, const char *name, uint8_t *safe)
{
	int			fd = open_directory(parent, name);

	if (fd < 0 || *safe)
		return fd;
	if (fsync(parent) != 0)
	{
		close_quietly(fd);
		return -1;
	}
	*safe = true;
	return fd;
}

/* The directory ab/cd. */
static int
open_place(struct fs_session *fs, const uint8_t *hash, const char *key)
{
	char		first[3] = {key[0], key[1], '\0'};
	char		second[3] = {key[3], key[4], '\0'};
	int			above = open_safe_directory(fs->root, first,
											&fs->first_safe[hash[0]]);
	int			place;

	if (above < 0)
		return -1;
	place = open_safe_directory(above, second,
								&fs->second_safe[hash[0] << 8 | hash[1]]);
	close_quietly(above);
	return place;
}

static enum content_outcome
fs_put(struct content_session *session, const uint8_t *hash, const void *data,
	   size_t size, struct content_effort *effort)
{
	struct fs_session *fs = fs_of(session);
	enum content_outcome outcome = CONTENT_OK;
	char		key[CONTENT_KEY_SIZE];
	char		name[128];
	int			tmp = -1;
	int			place = -1;

	content_key(hash, key);
	if (!open_root(fs))
		return failure(fs, "open", "", effort);
	snprintf(name, sizeof(name), "%s.%lx.%d.%lx.%u", key + 6,
			 (unsigned long) gethostid(), (int) getpid(),
			 (unsigned long) pthread_self(), fs->number++);
	if ((tmp = open_directory(fs->root, TEMPORARY)) < 0 ||
		(place = open_place(fs, hash, key)) < 0)
		outcome = failure(fs, "open the directory of", key, effort);
	else if (!write_temporary(tmp, name, data, size))
	{
		outcome = failure(fs, "write", key, effort);
		unlinkat(tmp, name, 0);
	}
	else if (renameat(tmp, name, place, key + 6) != 0 || fsync(place) != 0)
	{
		outcome = failure(fs, "rename to", key, effort);
		unlinkat(tmp, name, 0);
	}
	close_quietly(place);
	close_quietly(tmp);
	return outcome;
}

/* Reads size bytes, in pieces.  Short is the number that were there. */
static ssize_t
read_pieces(int fd, size_t from, size_t size, char *const *pieces)
{
	size_t		done = 0;

	while (done < size)
	{
		struct iovec iov[CONTENT_CHUNKS_MAX];
		size_t		at = done;
		int			count = 0;
		ssize_t		n;

		while (at < size && count < (int) CONTENT_CHUNKS_MAX)
		{
			size_t		within = at % CONTENT_CHUNK;
			size_t		room = CONTENT_CHUNK - within;

			if (room > size - at)
				room = size - at;
			iov[count].iov_base = pieces[at / CONTENT_CHUNK] + within;
			iov[count++].iov_len = room;
			at += room;
		}
		n = preadv(fd, iov, count, (off_t) (from + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		done += (size_t) n;
	}
	return (ssize_t) done;
}

static enum content_outcome
fs_get(struct content_session *session, const uint8_t *hash, size_t from,
	   size_t size, char *const *pieces, struct content_effort *effort)
{
	struct fs_session *fs = fs_of(session);
	enum content_outcome outcome = CONTENT_OK;
	char		key[CONTENT_KEY_SIZE];
	ssize_t		n;
	int			fd;

	content_key(hash, key);
	if (!open_root(fs))
		return failure(fs, "open", "", effort);
	fd = openat(fs->root, key, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
	{
		struct stat is;

		/* Unless it is the store that is missing. */
		if (fstat(fs->root, &is) != 0 || is.st_nlink == 0)
			return failure(fs, "open", "", effort);
		snprintf(effort->message, sizeof(effort->message), "%s/%s: %s",
				 session->config->base_path, key, strerror(ENOENT));
		return CONTENT_MISSING;
	}
	if (fd < 0)
		return failure(fs, "open", key, effort);
	n = read_pieces(fd, from, size, pieces);
	if (n < 0)
		outcome = read_failure(fs, key, effort);
	else if ((size_t) n < size)
	{
		outcome = CONTENT_CORRUPT;
		snprintf(effort->message, sizeof(effort->message),
				 "%s/%s ends after %zu bytes, too early",
				 session->config->base_path, key, from + (size_t) n);
	}
	close(fd);
	return outcome;
}

/*
 * Not synced: a block that comes back with a power failure is garbage again,
 * and found by the next listing.
 */
static enum content_outcome
fs_remove(struct content_session *session, const uint8_t *hash,
		  struct content_effort *effort)
{
	struct fs_session *fs = fs_of(session);
	char		key[CONTENT_KEY_SIZE];

	content_key(hash, key);
	if (!open_root(fs))
		return failure(fs, "open", "", effort);
	if (unlinkat(fs->root, key, 0) != 0 && errno != ENOENT)
		return failure(fs, "remove", key, effort);
	return CONTENT_OK;
}

/*
 * The marker.  It is looked at before each change, so it is read only when it
 * has become another file, and it decides for the directory that is open: one
 * that was mounted, or unmounted, on the path is another directory.
 */

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool
is_unchanged(const struct stat *a, const struct stat *b)
{
	return is_same(a, b) && a->st_size == b->st_size &&
		a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
		a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
		a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
		a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static bool
read_marker(struct fs_session *fs)
{
	int			fd = openat(fs->root, MARKER_NAME, O_RDONLY | O_CLOEXEC);
	ssize_t		n;

	if (fd < 0)
		return false;
	n = read(fd, fs->marker, sizeof(fs->marker) - 1);
	if (n < 0 || fstat(fd, &fs->marker_is) != 0)
	{
		close_quietly(fd);
		return false;
	}
	fs->marker[n] = '\0';
	close(fd);
	return true;
}

static enum content_outcome
fs_get_marker(struct content_session *session, char *text,
			  struct content_effort *effort)
{
	struct fs_session *fs = fs_of(session);
	struct stat is;

	if (stat(session->config->base_path, &is) != 0)
		return failure(fs, "open", "", effort);
	if (fs->root >= 0 && !is_same(&is, &fs->root_is))
		close_root(fs);
	if (!open_root(fs))
		return failure(fs, "open", "", effort);
	if (fstatat(fs->root, MARKER_NAME, &is, 0) != 0 ||
		(!is_unchanged(&is, &fs->marker_is) && !read_marker(fs)))
	{
		memset(&fs->marker_is, 0, sizeof(fs->marker_is));
		return errno == ENOENT ? CONTENT_MISSING :
			failure(fs, "read", MARKER_NAME, effort);
	}
	memcpy(text, fs->marker, sizeof(fs->marker));
	return CONTENT_OK;
}

/*
 * The name for the file, if nothing has it.  Some file systems know no links.
 */
static bool
take_name(int root, const char *temporary, const char *text)
{
	int			fd;

	if (linkat(root, temporary, root, MARKER_NAME, 0) == 0 || errno == EEXIST)
		return true;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS &&
		errno != EMLINK)
		return false;
	fd = openat(root, MARKER_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
				0660);
	if (fd < 0)
		return errno == EEXIST;
	if (!write_all(fd, text, strlen(text)) || fsync(fd) != 0)
	{
		close_quietly(fd);
		return false;
	}
	return close(fd) == 0;
}

static enum content_outcome
fs_put_marker(struct content_session *session, const char *text, bool first,
			  struct content_effort *effort)
{
	struct fs_session *fs = fs_of(session);
	char		name[128];
	bool		done;
	int			problem;

	if (!open_root(fs))
		return failure(fs, "open", "", effort);
	snprintf(name, sizeof(name), MARKER_NAME ".%lx.%d.%lx.%u",
			 (unsigned long) gethostid(), (int) getpid(),
			 (unsigned long) pthread_self(), fs->number++);
	done = write_temporary(fs->root, name, text, strlen(text)) &&
		(first ? take_name(fs->root, name, text) :
		 renameat(fs->root, name, fs->root, MARKER_NAME) == 0) &&
		fsync(fs->root) == 0;
	problem = errno;
	if (first || !done)
		unlinkat(fs->root, name, 0);
	errno = problem;
	return done ? CONTENT_OK : failure(fs, "write", MARKER_NAME, effort);
}

/*
 * Listing.
 */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Names of a directory in order, in a block of pointers to be freed singly. */
static char **
read_names(int fd, size_t *count)
{
	int			copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	DIR		   *directory = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;
	char	  **names = NULL;
	size_t		room = 0;

	*count = 0;
	if (directory == NULL)
	{
		close_quietly(copy);
		return NULL;
	}
	rewinddir(directory);
	while ((entry = readdir(directory)) != NULL)
	{
		if (*count == room)
		{
			room = room * 2 + 64;
			names = reallocarray(names, room, sizeof(*names));
			if (names == NULL)
				fatal("out of memory");
		}
		names[*count] = strdup(entry->d_name);
		if (names[(*count)++] == NULL)
			fatal("out of memory");
	}
	closedir(directory);
	if (names != NULL)
		qsort(names, *count, sizeof(*names), compare_names);
	return names;
}

static void
free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

/* Calls the lister for the blocks of ab/cd.  False: it has had enough. */
static bool
list_place(int place, const char *prefix, content_lister lister,
		   void *argument)
{
	size_t		count;
	char	  **names = read_names(place, &count);
	bool		more = true;

	for (size_t i = 0; i < count && more; i++)
	{
		char		key[CONTENT_KEY_SIZE + 8];
		uint8_t		hash[HASH_LEN];
		struct stat is;

		if (strlen(names[i]) != 2 * HASH_LEN)
			continue;
		snprintf(key, sizeof(key), "%s%s", prefix, names[i]);
		if (content_key_parse(key, hash) &&
			fstatat(place, names[i], &is, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(is.st_mode))
			more = lister(argument, hash, is.st_size, is.st_mtime);
	}
	free_names(names, count);
	return more;
}

static bool
list_above(int above, const char *first, content_lister lister, void *argument,
		   struct content_effort *effort)
{
	size_t		count;
	char	  **names = read_names(above, &count);
	bool		more = true;

	for (size_t i = 0; i < count && more && !content_is_over(effort); i++)
	{
		char		prefix[8];
		int			place;

		if (strlen(names[i]) != 2 || names[i][0] == '.')
			continue;
		snprintf(prefix, sizeof(prefix), "%.2s/%.2s/", first, names[i]);
		place = openat(above, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (place < 0)
			continue;
		more = list_place(place, prefix, lister, argument);
		close(place);
	}
	free_names(names, count);
	return more;
}

/* What writers that died have left. */
static void
remove_old_temporaries(int root)
{
	int			tmp =
		openat(root, TEMPORARY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t		count;
	char	  **names;

	if (tmp < 0)
		return;
	names = read_names(tmp, &count);
	for (size_t i = 0; i < count; i++)
	{
		struct stat is;

		if (fstatat(tmp, names[i], &is, AT_SYMLINK_NOFOLLOW) == 0 &&
			S_ISREG(is.st_mode) && is.st_mtime + TEMPORARY_AGE < time(NULL))
			unlinkat(tmp, names[i], 0);
	}
	free_names(names, count);
	close(tmp);
}

static enum content_outcome
fs_list(struct content_session *session, content_lister lister, void *argument,
		struct content_effort *effort)
{
	struct fs_session *fs = fs_of(session);
	size_t		count;
	char	  **names;
	bool		more = true;

	if (!open_root(fs))
		return failure(fs, "open", "", effort);
	remove_old_temporaries(fs->root);
	names = read_names(fs->root, &count);
	for (size_t i = 0; i < count && more; i++)
	{
		int			above;

		if (strlen(names[i]) != 2 || names[i][0] == '.')
			continue;
		above = openat(fs->root, names[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (above < 0)
			continue;
		more = list_above(above, names[i], lister, argument, effort);
		close(above);
	}
	free_names(names, count);
	return more && content_is_over(effort) ? CONTENT_UNAVAILABLE : CONTENT_OK;
}

/*
 * Settings.
 */

static void
fs_complete(struct content_store_config *config, struct content_told *told)
{
	if (config->base_path == NULL || config->base_path[0] != '/')
		(void) content_tell(told, "base_path",
							content_complain("content store %s: base_path must "
											 "be an absolute path",
											 config->name));
}

static const char *
fs_place(const struct content_store_config *config)
{
	return config->base_path;
}

static void
fs_describe(const struct content_store_config *config, char *to, size_t size)
{
	snprintf(to, size, "%s", config->base_path);
}

/* What is to be said of a directory, by a thread that may hang with it. */
struct directory_check
{
	char	   *path;
	enum finding_level level;
	char		text[4096 + 128];
	char		remedy[4096 + 128];
};

static void
directory_wrong(struct directory_check *check, const char *text,
				const char *remedy)
{
	check->level = FINDING_WRONG;
	snprintf(check->text, sizeof(check->text), "%s", text);
	snprintf(check->remedy, sizeof(check->remedy), "%s", remedy);
}

static void
examine_directory(void *argument)
{
	struct directory_check *check = argument;
	struct stat status;
	char		path[4096];
	char		text[4096 + 128];
	char		remedy[4096 + 128];
	int			fd;

	if (stat(check->path, &status) != 0)
	{
		snprintf(text, sizeof(text), "base_path %s: %s", check->path,
				 strerror(errno));
		snprintf(remedy, sizeof(remedy), "mount what belongs there, or make it "
				 "(install -d -m 700 -o the gateway's user %s); or set "
				 "base_path to a directory that exists", check->path);
		directory_wrong(check, text, remedy);
		return;
	}
	if (!S_ISDIR(status.st_mode))
	{
		snprintf(text, sizeof(text), "base_path %s is no directory",
				 check->path);
		directory_wrong(check, text, "set base_path to a directory");
		return;
	}
	snprintf(path, sizeof(path), "%s/.dittofs-check.XXXXXX", check->path);
	fd = mkstemp(path);
	if (fd < 0)
	{
		snprintf(text, sizeof(text), "base_path %s cannot be written to: %s",
				 check->path, strerror(errno));
		snprintf(remedy, sizeof(remedy), "let user %d, who runs the gateway, "
				 "write there (chown, chmod, mount -o rw)", (int) geteuid());
		directory_wrong(check, text, remedy);
		return;
	}
	close(fd);
	unlink(path);
	snprintf(check->text, sizeof(check->text), "%s can be written to",
			 check->path);
}

static void
fs_check(const struct content_store_config *store, const char *object,
		 struct findings *findings)
{
	struct directory_check *check = calloc(1, sizeof(*check));

	if (check == NULL || (check->path = strdup(store->base_path)) == NULL)
		fatal("out of memory");
	check->level = FINDING_GOOD;
	if (!content_within(store->request_timeout, examine_directory, check))
	{
		finding(findings, FINDING_WRONG, object, "see whether what is mounted "
				"there hangs, and whether its server runs",
				"base_path %s does not answer within %lld s", store->base_path,
				(long long) store->request_timeout / 1000);
		return;
	}
	finding(findings, check->level, object,
			check->level == FINDING_GOOD ? NULL : check->remedy, "%s",
			check->text);
	free(check->path);
	free(check);
}

const struct content_backend content_fs_backend = {
	.parallel = 8,
	.remote = false,
	.complete = fs_complete,
	.check = fs_check,
	.describe = fs_describe,
	.place = fs_place,
	.server = fs_place,
	.find_it =
		"mount what belongs there, or set base_path to where the content "
		"is",
	.reach_it = "mount what belongs there, and let the gateway's user read and "
	"write it",
	.begin = fs_begin, .end = fs_end, .put = fs_put, .get = fs_get,
	.remove = fs_remove, .list = fs_list, .get_marker = fs_get_marker,
	.put_marker = fs_put_marker};
