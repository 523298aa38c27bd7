/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_permission_bits.c
 *	  Sticky and set-gid directories, set-id bits that a change clears, and the
 *	  search permission along a path: each by one rule, written down here, over
 *	  all combinations of users, owners and modes.
 *
 * Rules: POSIX chmod(), chown(), write(), open(); Linux where POSIX leaves
 * room (what a chown clears is cleared for root too).  Who may do what by the
 * plain bits is test_permission_table.c's.
 */
#include "lib.h"

#include <stdio.h>
#include <string.h>

#define COUNT(array) ((int) (sizeof(array) / sizeof((array)[0])))

static struct client *c;		/* whoever is tried */
static struct client *root;		/* sets the scene */
static struct handle playground;

static void
give(const struct handle *object, uint32_t uid, uint32_t gid, uint32_t mode)
{
	if (v3_setattr(root, object, &(struct set)
				   {.what = SET_UID | SET_GID, .uid = uid, .gid = gid},
				   0).status != NFS3_OK ||
		v3_setattr(root, object, MODE(mode), 0).status != NFS3_OK)
		bail_out("cannot give a file away");
}

static uint32_t
mode_of(const struct handle *object)
{
	return v3_getattr(root, object).attr.mode;
}

/*
 * Sticky: an entry is removed, renamed or replaced only by its owner, the
 * directory's owner, or root.
 */
static bool
sticky_lets(bool sticky, uint32_t uid, uint32_t dir_owner, uint32_t owner)
{
	return !sticky || uid == 0 || uid == dir_owner || uid == owner;
}

static void
test_sticky(void)
{
	static const uint32_t users[] = {0, 1000, 2000, 3000};
	static const char *const names[] = {
		"REMOVE", "RMDIR", "RENAME within", "RENAME out", "RENAME of a directory",
		"RENAME over a file", "RENAME over a directory", "LINK", "CREATE"
	};
	struct handle dir = make_dir(root, &playground, "sticky", 0777);
	struct handle free_dir = make_dir(root, &playground, "free", 0777);
	int			wrong[COUNT(names)] = {0};
	int			tried = 0;

	for (int sticky = 0; sticky < 2; sticky++)
		for (int d = 0; d < COUNT(users); d++)
			for (int o = 0; o < COUNT(users); o++)
				for (int u = 0; u < COUNT(users); u++)
				{
					bool		may = sticky_lets(sticky, users[u], users[d],
												  users[o]);
					uint32_t	want = may ? NFS3_OK : NFS3ERR_PERM;
					uint32_t	got[COUNT(names)];
					struct handle file;
					struct handle sub;

					v3_remove(root, &dir, S("f"));
					v3_rmdir(root, &dir, S("d"));
					file = make_file(root, &dir, "f", 0666);
					sub = make_dir(root, &dir, "d", 0777);
					give(&file, users[o], 100, 0666);
					give(&sub, users[o], 100, 0777);
					give(&dir, users[d], 100, sticky ? 01777 : 0777);
					become(c, users[u], 200);
					tried++;

					got[7] = v3_link(c, &file, &free_dir, S("l")).status;
					wrong[7] += got[7] != NFS3_OK;
					v3_remove(root, &free_dir, S("l"));
					got[8] = v3_create(c, &dir, S("new"), GUARDED,
									   NOTHING).status;
					wrong[8] += got[8] != NFS3_OK;

					/* the file just made is his own: whom does it replace? */
					got[5] = v3_rename(c, &dir, S("new"), &dir, S("f")).status;
					v3_remove(root, &dir, S("new"));
					if (got[5] == NFS3_OK)
					{
						v3_remove(root, &dir, S("f"));
						file = make_file(root, &dir, "f", 0666);
						give(&file, users[o], 100, 0666);
					}
					v3_mkdir(c, &dir, S("newd"), MODE(0777));
					got[6] = v3_rename(c, &dir, S("newd"), &dir, S("d")).status;
					v3_rmdir(root, &dir, S("newd"));
					if (got[6] == NFS3_OK)
					{
						v3_rmdir(root, &dir, S("d"));
						sub = make_dir(root, &dir, "d", 0777);
						give(&sub, users[o], 100, 0777);
					}

					got[2] = v3_rename(c, &dir, S("f"), &dir, S("g")).status;
					v3_rename(root, &dir, S("g"), &dir, S("f"));
					got[3] = v3_rename(c, &dir, S("f"), &free_dir,
									   S("g")).status;
					v3_rename(root, &free_dir, S("g"), &dir, S("f"));
					got[4] = v3_rename(c, &dir, S("d"), &free_dir,
									   S("e")).status;
					v3_rename(root, &free_dir, S("e"), &dir, S("d"));
					got[0] = v3_remove(c, &dir, S("f")).status;
					got[1] = v3_rmdir(c, &dir, S("d")).status;
					for (int i = 0; i < 7; i++)
						wrong[i] += got[i] != want;
				}
	for (int i = 0; i < COUNT(names); i++)
		is(wrong[i], 0, "sticky: %s, %d combinations of directory's owner,"
		   " file's owner and user", names[i], tried);
}

/*
 * What a new inode gets: its creator, his group or a set-gid directory's; a
 * directory also the bit; a file keeps the bit only where its creator could
 * set it.
 */
struct person
{
	uint32_t	uid;
	uint32_t	gid;
	uint32_t	group;			/* supplementary, 0: none */
};

static void
act_as(const struct person *person)
{
	become(c, person->uid, person->gid);
	if (person->group != 0)
		add_group(c, person->group);
}

static bool
in_group(const struct person *person, uint32_t gid)
{
	return person->gid == gid || person->group == gid;
}

static void
test_creation(void)
{
	static const struct person persons[] = {
		{0, 0, 0}, {1000, 100, 0}, {1000, 100, 500}, {2000, 500, 0}
	};
	static const uint32_t modes[] = {
		0, 0644, 0755, 02755, 06755, 02744, 04711, 01777, 07777
	};
	static const uint32_t dir_modes[] = {0777, 02777, 01777, 03777};
	struct handle dir = make_dir(root, &playground, "creation", 0777);
	int			wrong_ids[5] = {0};
	int			wrong_mode[5] = {0};
	int			tried = 0;

	for (int d = 0; d < COUNT(dir_modes); d++)
		for (int p = 0; p < COUNT(persons); p++)
			for (int m = 0; m < COUNT(modes); m++)
			{
				const struct person *person = &persons[p];
				bool		setgid = (dir_modes[d] & 02000) != 0;
				uint32_t	gid = setgid ? 500 : person->gid;
				struct result made[5];

				give(&dir, 3000, 500, dir_modes[d]);
				act_as(person);
				made[0] = v3_create(c, &dir, S("0"), GUARDED, MODE(modes[m]));
				made[1] = v3_create(c, &dir, S("1"), UNCHECKED, MODE(modes[m]));
				made[2] = v3_mknod(c, &dir, S("2"), NF3FIFO, MODE(modes[m]),
								   0, 0);
				made[3] = v3_symlink(c, &dir, S("3"), MODE(modes[m]), S("x"));
				made[4] = v3_mkdir(c, &dir, S("4"), MODE(modes[m]));
				tried++;
				for (int i = 0; i < 5; i++)
				{
					uint32_t	want = modes[m];

					if (i == 3)
						want = 0777;
					else if (i == 4)
						want |= setgid ? 02000 : 0;
					else if (person->uid != 0 && (want & 0010) &&
							 !in_group(person, gid))
						want &= ~02000u;
					wrong_ids[i] += made[i].status != NFS3_OK ||
						made[i].attr.uid != person->uid ||
						made[i].attr.gid != gid;
					wrong_mode[i] += made[i].attr.mode != want;
				}
				for (int i = 0; i < 4; i++)
					v3_remove(root, &dir, B("0123" + i, 1));
				v3_rmdir(root, &dir, S("4"));
			}
	for (int i = 0; i < 5; i++)
	{
		static const char *const names[] = {
			"CREATE, guarded", "CREATE, unchecked", "MKNOD", "SYMLINK", "MKDIR"
		};

		is(wrong_ids[i], 0, "%s: owner and group, %d combinations", names[i],
		   tried);
		is(wrong_mode[i], 0, "%s: mode, %d combinations", names[i], tried);
	}
}

/*
 * Set-id bits.  lose() is what a program loses when somebody else than root
 * writes it, or anybody gives it away: set-uid, and set-gid where it means
 * that (without group execution it does not).
 */
static uint32_t
lose(uint32_t mode)
{
	return mode & ~04000u & ~(mode & 0010 ? 02000u : 0);
}

enum change
{
	WRITE_IT, WRITE_UNSTABLE, WRITE_NOTHING, CUT, TRUNCATE_CREATE, READ_IT,
	CHOWN_SAME, CHGRP_SAME, CHGRP_OWN, CHOWN, CHMOD_SAME, TIMES, LINK_IT,
	RENAME_IT, CHANGES
};

static const char *const change_names[CHANGES] = {
	"WRITE", "WRITE, unstable", "WRITE of nothing", "SETATTR size",
	"CREATE, unchecked, size 0", "READ", "SETATTR owner, the same",
	"SETATTR group, the same", "SETATTR group, another of one's own",
	"SETATTR owner", "SETATTR mode", "SETATTR times", "LINK", "RENAME"
};

static uint32_t
change(const struct handle *dir, const struct handle *object, bool directory,
	   enum change what, uint32_t mode)
{
	struct set	set = {0};

	switch (what)
	{
		case WRITE_IT:
			return v3_write(c, object, 0, S("x"), FILE_SYNC).status;
		case WRITE_UNSTABLE:
			return v3_write(c, object, 0, S("x"), UNSTABLE).status;
		case WRITE_NOTHING:
			return v3_write(c, object, 0, S(""), FILE_SYNC).status;
		case CUT:
			set = (struct set) {.what = SET_SIZE};
			break;
		case TRUNCATE_CREATE:
			return v3_create(c, dir, S("f"), UNCHECKED, &(struct set)
							 {.what = SET_SIZE}).status;
		case READ_IT:
			return directory ? v3_readdir(c, object, 0, NULL, 4096).status :
				v3_read(c, object, 0, 1).status;
		case CHOWN_SAME:
			set = (struct set) {.what = SET_UID, .uid = 1000};
			break;
		case CHGRP_SAME:
			set = (struct set) {.what = SET_GID, .gid = 100};
			break;
		case CHGRP_OWN:
			set = (struct set) {.what = SET_GID, .gid = 500};
			break;
		case CHOWN:
			set = (struct set) {.what = SET_UID, .uid = 77};
			break;
		case CHMOD_SAME:
			set = (struct set) {.what = SET_MODE, .mode = mode};
			break;
		case TIMES:
			set = (struct set) {.what = SET_ATIME | SET_MTIME};
			break;
		case LINK_IT:
			return v3_link(c, object, dir, S("l")).status;
		case RENAME_IT:
			return v3_rename(c, dir, directory ? S("d") : S("f"), dir,
							 S("r")).status;
		case CHANGES:
			break;
	}
	return v3_setattr(c, object, &set, 0).status;
}

/* What of the mode is left if the change succeeds. */
static uint32_t
left(const struct person *person, bool directory, enum change what,
	 uint32_t mode)
{
	bool		is_root = person->uid == 0;

	switch (what)
	{
		case WRITE_IT:
		case WRITE_UNSTABLE:
		case CUT:
		case TRUNCATE_CREATE:
			return is_root ? mode : lose(mode);
		case CHOWN_SAME:
		case CHGRP_SAME:
		case CHGRP_OWN:
		case CHOWN:
			return directory ? mode : lose(mode);
		case CHMOD_SAME:
			return is_root || in_group(person, 100) ? mode : mode & ~02000u;
		default:
			return mode;
	}
}

static void
test_set_ids(bool directory)
{
	static const struct person persons[] = {
		{0, 0, 0}, {1000, 100, 500}, {1000, 500, 0}, {2000, 100, 0},
		{2000, 200, 0}
	};
	static const uint32_t specials[] = {0, 02000, 04000, 06000, 07000};
	static const uint32_t perms[] = {0777, 0767, 0666, 0676};
	struct handle dir = make_dir(root, &playground,
								 directory ? "ids-d" : "ids-f", 0777);
	int			succeeded[CHANGES] = {0};
	int			wrong[CHANGES] = {0};
	int			touched[CHANGES] = {0};

	for (int p = 0; p < COUNT(persons); p++)
		for (int m = 0; m < COUNT(specials) * COUNT(perms); m++)
			for (int w = 0; w < CHANGES; w++)
			{
				uint32_t	mode = specials[m % COUNT(specials)] |
					perms[m / COUNT(specials)];
				struct handle object;
				bool		done;
				uint32_t	after;

				if (directory && (w < READ_IT || w == LINK_IT))
					continue;
				v3_remove(root, &dir, S("l"));
				v3_remove(root, &dir, S("r"));
				v3_rmdir(root, &dir, S("r"));
				v3_remove(root, &dir, S("f"));
				v3_rmdir(root, &dir, S("d"));
				object = directory ? make_dir(root, &dir, "d", 0) :
					make_file(root, &dir, "f", 0);
				if (!directory)
					v3_write(root, &object, 0, S("abc"), FILE_SYNC);
				give(&object, 1000, 100, mode);
				act_as(&persons[p]);
				done = change(&dir, &object, directory, w, mode) == NFS3_OK;
				after = mode_of(&object);
				succeeded[w] += done;
				if (done)
					wrong[w] += after != left(&persons[p], directory, w, mode);
				else
					touched[w] += after != mode;
			}
	for (int w = 0; w < CHANGES; w++)
	{
		if (directory && (w < READ_IT || w == LINK_IT))
			continue;
		ok(wrong[w] == 0 && touched[w] == 0 && succeeded[w] > 0,
		   "set-id bits of a %s: %s", directory ? "directory" : "file",
		   change_names[w]);
		if (wrong[w] != 0 || touched[w] != 0 || succeeded[w] == 0)
			note("%d of %d wrong, %d changed by a failure", wrong[w],
				 succeeded[w], touched[w]);
	}
}

/*
 * Each step of a path needs the search permission of its own directory, and of
 * no other; whoever has a handle needs none above it (RFC 1813, 4.4: a handle
 * is what an open file was).
 */
static void
test_path(void)
{
	struct handle dirs[5];
	struct handle file;
	int			wrong = 0;
	int			tried = 0;

	dirs[0] = make_dir(root, &playground, "path", 0755);
	for (int i = 1; i < COUNT(dirs); i++)
		dirs[i] = make_dir(root, &dirs[i - 1], "next", 0755);
	file = make_file(root, &dirs[COUNT(dirs) - 1], "next", 0644);
	become(c, 2000, 200);
	for (int closed = 0; closed < 1 << COUNT(dirs); closed++)
	{
		for (int i = 0; i < COUNT(dirs); i++)
			give(&dirs[i], 1000, 100, closed >> i & 1 ? 0776 : 0771);
		for (int i = 0; i < COUNT(dirs); i++)
		{
			uint32_t	want = closed >> i & 1 ? NFS3ERR_ACCES : NFS3_OK;

			tried++;
			wrong += v3_lookup(c, &dirs[i], S("next")).status != want;
		}
		wrong += v3_read(c, &file, 0, 1).status != NFS3_OK;
		wrong += v3_getattr(c, &file).status != NFS3_OK;
	}
	is(wrong, 0, "search along a path of %d directories, %d look-ups",
	   COUNT(dirs), tried);

	/* MNT walks as root, as mountd does, and what it gives is checked again */
	sql("SELECT dittofs.create_share('/bits', squash => 'none')");
	sql("SELECT dittofs.mkdir('/bits/a'), dittofs.mkdir('/bits/a/b')");
	sql("SELECT dittofs.chmod('/bits/a', '0700'),"
		" dittofs.chmod('/bits/a/b', '0700')");
	file = root_of(c, "/bits/a/b");
	is_status(v3_lookup(c, &file, S("x")).status, NFS3ERR_ACCES,
			  "a directory mounted below one that may not be searched");
	is_status(v3_lookup(c, &file, S("..")).status, NFS3ERR_ACCES, "nor up");
	sql("SELECT dittofs.drop_share('/bits', force => true)");
}

int
main(void)
{
	c = connect_to(0);
	root = connect_to(gateway_count() - 1);
	playground = make_playground(root);
	test_sticky();
	test_creation();
	test_set_ids(false);
	test_set_ids(true);
	test_path();
	disconnect(c);
	disconnect(root);
	return done_testing();
}
