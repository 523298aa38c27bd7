/*
 * test_remove.c
 *	  REMOVE, RMDIR, LINK: entries that come and go, and what is left.
 */
#include "lib.h"

#include <stdio.h>
#include <string.h>

static struct client *c;
static struct handle dir;

static void
is_removed(struct result result, const struct attr *before, int links,
		   const char *what)
{
	is_status(result.status, NFS3_OK, "%s", what);
	ok(result.wcc.before && result.wcc.ctime == before->ctime,
	   "wcc data from before");
	ok(result.wcc.after.ctime > before->ctime &&
	   result.wcc.after.mtime > before->mtime,
	   "mtime and ctime of the directory have grown");
	is(result.wcc.after.nlink, (int64_t) before->nlink + links,
	   "its link count");
}

static void
test_remove(void)
{
	static const char *const names[] = {"file", "symlink", "fifo", "device"};
	struct handle file = make_file(c, &dir, "file", 0);
	struct handle sub;
	struct attr before;
	struct result result;

	v3_symlink(c, &dir, S("symlink"), NOTHING, S("file"));
	v3_mknod(c, &dir, S("fifo"), NF3FIFO, NOTHING, 0, 0);
	v3_mknod(c, &dir, S("device"), NF3CHR, NOTHING, 1, 3);
	for (int i = 0; i < 4; i++)
	{
		before = v3_getattr(c, &dir).attr;
		is_removed(v3_remove(c, &dir, S(names[i])), &before, 0, names[i]);
		is_status(v3_lookup(c, &dir, S(names[i])).status, NFS3ERR_NOENT,
				  "it is gone");
	}
	is_status(v3_getattr(c, &file).status, NFS3ERR_STALE,
			  "its handle is stale");
	is_status(v3_remove(c, &dir, S("file")).status, NFS3ERR_NOENT,
			  "REMOVE a second time");

	sub = make_dir(c, &dir, "sub", 0755);
	result = v3_remove(c, &dir, S("sub"));
	is_status(result.status, NFS3ERR_ISDIR, "REMOVE of a directory");
	ok(result.wcc.after.follows, "with attributes");
	make_file(c, &sub, "in-it", 0644);
	result = v3_rmdir(c, &dir, S("sub"));
	is_status(result.status, NFS3ERR_NOTEMPTY,
			  "RMDIR of one that is not empty");
	ok(result.wcc.after.follows, "with attributes");
	v3_remove(c, &sub, S("in-it"));
	before = v3_getattr(c, &dir).attr;
	is_removed(v3_rmdir(c, &dir, S("sub")), &before, -1, "RMDIR");
	is_status(v3_getattr(c, &sub).status, NFS3ERR_STALE,
			  "its handle is stale");
	is_status(v3_create(c, &sub, S("x"), GUARDED, NOTHING).status,
			  NFS3ERR_STALE, "nothing can be made in it");
	is_status(v3_readdir(c, &sub, 0, NULL, 4096).status, NFS3ERR_STALE,
			  "or read from it");

	make_file(c, &dir, "plain", 0644);
	v3_symlink(c, &dir, S("to-dir"), NOTHING, S("."));
	is_status(v3_rmdir(c, &dir, S("plain")).status, NFS3ERR_NOTDIR,
			  "RMDIR of a file");
	is_status(v3_rmdir(c, &dir, S("to-dir")).status, NFS3ERR_NOTDIR,
			  "RMDIR of a symbolic link to a directory");
	v3_remove(c, &dir, S("plain"));
	v3_remove(c, &dir, S("to-dir"));
}

static void
test_link(void)
{
	struct handle file = make_file(c, &dir, "first", 0644);
	struct handle sub = make_dir(c, &dir, "links", 0755);
	struct handle other;
	struct attr before;
	struct result result;

	v3_write(c, &file, 0, S("content"), FILE_SYNC);
	before = v3_getattr(c, &sub).attr;
	result = v3_link(c, &file, &sub, S("second"));
	is_status(result.status, NFS3_OK, "LINK");
	is(result.attr.nlink, 2, "the file's attributes: two links");
	ok(result.wcc.before && result.wcc.ctime == before.ctime &&
	   result.wcc.after.ctime > before.ctime, "wcc data of the directory");
	result = v3_lookup(c, &sub, S("second"));
	ok(same_handle(&result.handle, &file), "one file by two names");
	is_status(v3_remove(c, &dir, S("first")).status, NFS3_OK,
			  "REMOVE of the first name");
	result = v3_getattr(c, &file);
	is(result.attr.nlink, 1, "one link is left");
	result = v3_read(c, &file, 0, 100);
	ok(result.count == 7 && memcmp(result.data.data, "content", 7) == 0,
	   "and the content");

	is_status(v3_link(c, &file, &sub, S("second")).status, NFS3ERR_EXIST,
			  "LINK to a name that is there");
	result = v3_link(c, &sub, &dir, S("dir-link"));
	is_status(result.status, NFS3ERR_ISDIR, "LINK of a directory");
	ok(result.attr.follows && result.wcc.after.follows,
	   "with attributes of both");

	/* links to what is no regular file */
	other = v3_symlink(c, &dir, S("sym"), NOTHING, S("x")).handle;
	is(v3_link(c, &other, &dir, S("sym2")).attr.nlink, 2,
	   "a symbolic link can have two names");
	other = v3_mknod(c, &dir, S("ff"), NF3FIFO, NOTHING, 0, 0).handle;
	is(v3_link(c, &other, &dir, S("ff2")).attr.nlink, 2, "so can a FIFO");

	/* another share */
	sql("SELECT dittofs.create_share('/remove-other', squash => 'none')");
	other = root_of(c, "/remove-other");
	result = v3_link(c, &file, &other, S("x"));
	is_status(result.status, NFS3ERR_XDEV, "LINK across shares");
	is(v3_getattr(c, &file).attr.nlink, 1, "no link has been made");
	is_status(v3_rename(c, &sub, S("second"), &other, S("x")).status,
			  NFS3ERR_XDEV, "RENAME across shares");
	is_status(v3_lookup(c, &sub, S("second")).status, NFS3_OK,
			  "nothing has moved");
	sql("SELECT dittofs.drop_share('/remove-other', force => true)");
}

/*
 * The limit on links.  Making 32,000 takes seconds, so they are sent many at
 * a time.
 */
static void
test_link_limit(void)
{
	enum
	{
		LIMIT = 32000, AT_ONCE = 200
	};
	struct handle many = make_dir(c, &dir, "many-links", 0755);
	struct handle file = make_file(c, &many, "l0", 0644);
	char		name[16];
	int			made = 1;
	int			sent = 1;
	int			answered = 1;

	while (answered < LIMIT)
	{
		struct reply r;

		while (sent < LIMIT && sent - answered < AT_ONCE)
		{
			snprintf(name, sizeof(name), "l%d", sent++);
			begin(c, NFS_PROGRAM, NFS_V3, NFS3_LINK);
			put_handle(c, &file);
			put_handle(c, &many);
			put_opaque(c, S(name));
			send_call(c);
		}
		r = receive(c);
		if (r.outcome != DONE)
			bail_out("LINK: %u", r.why);
		made += take(&r) == NFS3_OK;
		answered++;
	}
	is(made, LIMIT, "%d links to a file", LIMIT);
	is(v3_getattr(c, &file).attr.nlink, LIMIT, "its link count");
	is_status(v3_link(c, &file, &many, S("one-too-many")).status,
			  NFS3ERR_MLINK, "and not one more");
	is_status(v3_remove(c, &many, S("l0")).status, NFS3_OK, "one less");
	is_status(v3_link(c, &file, &many, S("l0")).status, NFS3_OK,
			  "one more again");
}

int
main(void)
{
	c = connect_to(0);
	dir = make_playground(c);
	test_remove();
	test_link();
	test_link_limit();
	disconnect(c);
	return done_testing();
}
