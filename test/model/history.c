/* SPDX-License-Identifier: PostgreSQL */
/*
 * history.c
 *	  Calls as lines of text: what a run writes when it fails, and what
 *	  --replay reads.
 *
 * The numbers come first, for the program; the words after # are for people.
 */
#include "generate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const procedures[] = {
	[NFS3_GETATTR] = "GETATTR", [NFS3_SETATTR] = "SETATTR",
	[NFS3_LOOKUP] = "LOOKUP", [NFS3_ACCESS] = "ACCESS",
	[NFS3_READLINK] = "READLINK", [NFS3_READ] = "READ",
	[NFS3_WRITE] = "WRITE", [NFS3_CREATE] = "CREATE", [NFS3_MKDIR] = "MKDIR",
	[NFS3_SYMLINK] = "SYMLINK", [NFS3_MKNOD] = "MKNOD",
	[NFS3_REMOVE] = "REMOVE", [NFS3_RMDIR] = "RMDIR",
	[NFS3_RENAME] = "RENAME", [NFS3_LINK] = "LINK",
	[NFS3_READDIR] = "READDIR", [NFS3_READDIRPLUS] = "READDIRPLUS",
	[NFS3_COMMIT] = "COMMIT",
};

const char *
procedure_name(int procedure)
{
	return procedures[procedure];
}

const char *
status_word(uint32_t status)
{
	static const struct
	{
		uint32_t	status;
		const char *word;
	}			words[] = {
		{NFS3_OK, "OK"}, {NFS3ERR_PERM, "PERM"}, {NFS3ERR_NOENT, "NOENT"},
		{NFS3ERR_IO, "IO"}, {NFS3ERR_ACCES, "ACCES"},
		{NFS3ERR_EXIST, "EXIST"}, {NFS3ERR_XDEV, "XDEV"},
		{NFS3ERR_NOTDIR, "NOTDIR"}, {NFS3ERR_ISDIR, "ISDIR"},
		{NFS3ERR_INVAL, "INVAL"}, {NFS3ERR_FBIG, "FBIG"},
		{NFS3ERR_NOSPC, "NOSPC"}, {NFS3ERR_ROFS, "ROFS"},
		{NFS3ERR_MLINK, "MLINK"}, {NFS3ERR_NAMETOOLONG, "NAMETOOLONG"},
		{NFS3ERR_NOTEMPTY, "NOTEMPTY"}, {NFS3ERR_DQUOT, "DQUOT"},
		{NFS3ERR_STALE, "STALE"}, {NFS3ERR_BADHANDLE, "BADHANDLE"},
		{NFS3ERR_NOT_SYNC, "NOT_SYNC"}, {NFS3ERR_BAD_COOKIE, "BAD_COOKIE"},
		{NFS3ERR_NOTSUPP, "NOTSUPP"}, {NFS3ERR_TOOSMALL, "TOOSMALL"},
		{NFS3ERR_SERVERFAULT, "SERVERFAULT"}, {NFS3ERR_BADTYPE, "BADTYPE"},
		{NFS3ERR_JUKEBOX, "JUKEBOX"}, {UINT32_MAX, "another"},
	};
	int			i = 0;

	while (words[i].status != status && words[i].status != UINT32_MAX)
		i++;
	return words[i].word;
}

/* A name for people. */
static const char *
name_word(int name)
{
	switch (name)
	{
		case NAME_LONG:
		case NAME_LONG_TOO:
			return "(255 bytes)";
		case NAME_TOO_LONG:
			return "(256 bytes)";
		case NAME_EMPTY:
			return "(empty)";
		case NAME_BYTES:
			return "(not text)";
		default:
			return name_bytes(name).data;
	}
}

static void
append(char *line, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void
append(char *line, size_t size, const char *format, ...)
{
	size_t		used = strlen(line);
	va_list		arguments;

	va_start(arguments, format);
	vsnprintf(line + used, size - used, format, arguments);
	va_end(arguments);
}

static void
append_set(char *line, size_t size, const struct set *set)
{
	if (set->what & SET_MODE)
		append(line, size, " mode=%04o", set->mode);
	if (set->what & SET_UID)
		append(line, size, " uid=%u", set->uid);
	if (set->what & SET_GID)
		append(line, size, " gid=%u", set->gid);
	if (set->what & SET_SIZE)
		append(line, size, " size=%" PRIu64, set->size);
	if (set->what & SET_MTIME)
		append(line, size, " mtime=%" PRIu64, set->mtime);
	if (set->what & MTIME_NOW)
		append(line, size, " mtime=now");
}

static void
append_words(const struct call *c, char *line, size_t size)
{
	append(line, size, " # uid %u: %s", users[c->user].uid,
		   procedure_name(c->procedure));
	append(line, size, " of %u", c->object);
	switch (c->procedure)
	{
		case NFS3_READ:
		case NFS3_WRITE:
			append(line, size, " offset=%" PRIu64 " count=%u", c->offset,
				   c->count);
			break;
		case NFS3_RENAME:
			append(line, size, " %s to %u %s", name_word(c->name), c->object2,
				   name_word(c->name2));
			break;
		case NFS3_LINK:
			append(line, size, " to %u %s", c->object2, name_word(c->name));
			break;
		case NFS3_CREATE:
			append(line, size, " %s %s", name_word(c->name),
				   c->how == UNCHECKED ? "unchecked" :
				   c->how == GUARDED ? "guarded" : "exclusive");
			append_set(line, size, &c->set);
			break;
		case NFS3_MKDIR:
		case NFS3_SYMLINK:
		case NFS3_MKNOD:
			append(line, size, " %s", name_word(c->name));
			append_set(line, size, &c->set);
			break;
		case NFS3_LOOKUP:
		case NFS3_REMOVE:
		case NFS3_RMDIR:
			append(line, size, " %s", name_word(c->name));
			break;
		case NFS3_SETATTR:
			append_set(line, size, &c->set);
			break;
	}
}

#define NUMBERS \
	"%" PRIu32 " %d %d %" PRIu32 " %" PRIu32 " %d %d %" PRIu32 " %d %" \
	PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" \
	PRIu32 " %" PRIu32 " %d %" PRIu32 " %" PRIu32

#define SCAN_NUMBERS \
	"%" SCNu32 " %d %d %" SCNu32 " %" SCNu32 " %d %d %" SCNu32 " %d %" \
	SCNu32 " %" SCNu32 " %" SCNu32 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" \
	SCNu32 " %" SCNu32 " %d %" SCNu32 " %" SCNu32

void
call_print(const struct call *c, char *line, size_t size)
{
	snprintf(line, size, NUMBERS, c->number, c->procedure, c->user, c->object,
			 c->object2, c->name, c->name2, c->how, c->set.what, c->set.mode,
			 c->set.uid, c->set.gid, c->set.size, c->set.mtime, c->offset,
			 c->count, c->data, (int) c->guard, c->major, c->minor);
	append_words(c, line, size);
}

bool
call_parse(const char *line, struct call *c)
{
	int			guard;

	memset(c, 0, sizeof(*c));
	if (sscanf(line, SCAN_NUMBERS, &c->number, &c->procedure, &c->user,
			   &c->object, &c->object2, &c->name, &c->name2, &c->how,
			   &c->set.what, &c->set.mode, &c->set.uid, &c->set.gid,
			   &c->set.size, &c->set.mtime, &c->offset, &c->count, &c->data,
			   &guard, &c->major, &c->minor) != 20)
		return false;
	c->guard = (enum guard) guard;
	return c->procedure > 0 && c->procedure <= NFS3_COMMIT &&
		procedures[c->procedure] != NULL &&
		c->user >= 0 && c->user < user_count;
}
