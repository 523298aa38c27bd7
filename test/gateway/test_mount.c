/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_mount.c
 *	  The MOUNT protocol (RFC 1813, appendix I).
 */
#include "lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t
mount_status(struct client *c, const char *path)
{
	return mount_path(c, S(path)).status;
}

/* An MNT of this path must give that handle. */
static void
mounts_as(struct client *c, const char *path, const struct handle *want)
{
	struct result result = mount_path(c, S(path));

	ok(result.status == MNT3_OK && same_handle(&result.handle, want),
	   "MNT %s", path);
	if (result.status != MNT3_OK)
		note("  got status %u", result.status);
}

static void
test_paths(struct client *c)
{
	struct handle root = root_of(c, "/export");
	struct handle dir = make_dir(c, &root, "mount-dir", 0755);
	struct handle deep = make_dir(c, &dir, "deep", 0755);
	struct handle odd;
	struct result result;

	make_file(c, &root, "mount-file", 0644);
	mounts_as(c, "/export/", &root);
	mounts_as(c, "/export///", &root);
	mounts_as(c, "/export/mount-dir", &dir);
	mounts_as(c, "/export/mount-dir/", &dir);
	mounts_as(c, "/export/mount-dir/deep", &deep);
	mounts_as(c, "/export//mount-dir//deep", &deep);

	result = v3_mkdir(c, &root, S("mount-\xff\xfe"), MODE(0755));
	odd = result.handle;
	mounts_as(c, "/export/mount-\xff\xfe", &odd);

	is(mount_status(c, "/no-such-share"), MNT3ERR_NOENT, "no such share");
	is(mount_status(c, "/exports"), MNT3ERR_NOENT,
	   "a share's name followed by something");
	is(mount_status(c, "/expor"), MNT3ERR_NOENT, "a part of a share's name");
	is(mount_status(c, "/export/nothing"), MNT3ERR_NOENT,
	   "no such directory in the share");
	is(mount_status(c, "/export/nothing/deep"), MNT3ERR_NOENT,
	   "nor a directory in what there is none of");
	is(mount_status(c, "/export/mount-file"), MNT3ERR_NOTDIR, "a file");
	is(mount_status(c, "/export/mount-file/deep"), MNT3ERR_NOTDIR,
	   "a file as a directory");
	ok(mount_status(c, "") != MNT3_OK, "an empty path");
	ok(mount_status(c, "/") != MNT3_OK, "the root, which is not shared");

	/* nothing outside what is shared */
	result = mount_path(c, S("/export/.."));
	ok(result.status != MNT3_OK || same_handle(&result.handle, &root),
	   "no way out of a share by ..");
	result = mount_path(c, S("/export/mount-dir/../.."));
	ok(result.status != MNT3_OK || same_handle(&result.handle, &root),
	   "nor by .. twice");

	v3_rmdir(c, &dir, S("deep"));
	v3_rmdir(c, &root, S("mount-dir"));
	v3_rmdir(c, &root, S("mount-\xff\xfe"));
	v3_remove(c, &root, S("mount-file"));
}

static void
test_longest_share(struct client *c)
{
	struct handle root = root_of(c, "/export");
	struct handle inner;

	sql("SELECT dittofs.create_share('/export/inner', squash => 'none')");
	inner = root_of(c, "/export/inner");
	ok(!same_handle(&inner, &root), "the longest matching share");
	ok(v3_getattr(c, &inner).attr.fsid != v3_getattr(c, &root).attr.fsid,
	   "is another file system");
	make_dir(c, &inner, "below", 0755);
	is(mount_status(c, "/export/inner/below"), MNT3_OK, "and its directories");
	sql("SELECT dittofs.drop_share('/export/inner', force => true)");
}

static void
test_rules(struct client *c)
{
	struct handle handle;
	struct result result;

	sql("SELECT dittofs.create_share('/mount-far',"
		" allowed_clients => '{10.0.0.0/8,fe80::/10}')");
	is(mount_status(c, "/mount-far"), MNT3ERR_ACCES,
	   "a share for other networks");
	sql("SELECT dittofs.alter_share('/mount-far',"
		" allowed_clients => '{10.0.0.0/8,127.0.0.0/8}')");
	handle = root_of(c, "/mount-far");
	ok(true, "the same for this one too");
	sql("SELECT dittofs.alter_share('/mount-far',"
		" denied_clients => '{127.0.0.1}')");
	is(mount_status(c, "/mount-far"), MNT3ERR_ACCES, "denied beats allowed");
	is_status(v3_getattr(c, &handle).status, NFS3ERR_ACCES,
			  "a handle from before is of no use");
	sql("SELECT dittofs.alter_share('/mount-far', denied_clients => '{}',"
		" require_privileged_port => true)");
	is(mount_status(c, "/mount-far"), MNT3ERR_ACCES,
	   "a share for privileged ports, from another");
	sql("SELECT dittofs.drop_share('/mount-far')");

	result = mount_path(c, S("/export"));
	ok(result.count == 1 && result.numbers[0] == AUTH_UNIX,
	   "flavors: AUTH_SYS");
	sql("SELECT dittofs.create_share('/mount-open', allow_auth_none => true)");
	result = mount_path(c, S("/mount-open"));
	ok(result.count == 2 && result.numbers[0] == AUTH_UNIX &&
	   result.numbers[1] == AUTH_NONE, "flavors: AUTH_SYS, AUTH_NONE");
	become_nobody(c);
	is(mount_status(c, "/mount-open"), MNT3_OK, "MNT by AUTH_NONE");
	is(mount_status(c, "/export"), MNT3_OK,
	   "MNT by AUTH_NONE of a share that wants AUTH_SYS");
	become(c, 0, 0);
	sql("SELECT dittofs.drop_share('/mount-open')");
}

/*
 * DUMP and EXPORT
 */

/* How many of DUMP's items are this path, mounted by this client. */
static int
dumped(struct client *c, const char *client, const char *path)
{
	struct reply r;
	int			count = 0;

	begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_DUMP);
	r = exchange(c);
	if (r.outcome != DONE)
		bail_out("DUMP: %u", r.why);
	cross_check(MOUNT_PROGRAM, MOUNT_V3, MOUNT3_DUMP, r.at,
				(size_t) (r.end - r.at));
	while (take_bool(&r))
	{
		struct blob hostname = take_opaque(&r);
		struct blob directory = take_opaque(&r);

		count += hostname.size == strlen(client) &&
			memcmp(hostname.data, client, hostname.size) == 0 &&
			directory.size == strlen(path) &&
			memcmp(directory.data, path, directory.size) == 0;
	}
	take_end(&r);
	return count;
}

static void
unmount(struct client *c, const char *path)
{
	struct reply r;

	if (path)
	{
		begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_UMNT);
		put_opaque(c, S(path));
	}
	else
		begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_UMNTALL);
	r = exchange(c);
	ok(r.outcome == DONE && r.at == r.end, path ? "UMNT" : "UMNTALL");
}

static void
test_list_of_mounts(struct client *c, struct client *other_gateway)
{
	struct handle root = root_of(c, "/export");
	struct handle dir = make_dir(c, &root, "mounted", 0755);

	(void) dir;
	unmount(c, NULL);
	is(dumped(c, "127.0.0.1", "/export"), 0, "nothing is mounted");
	root_of(c, "/export");
	root_of(c, "/export");
	root_of(c, "/export/mounted");
	sql("SELECT dittofs.mount('/export', 'uid=0 client=10.1.2.3')");
	is(dumped(c, "127.0.0.1", "/export"), 1, "a mount is listed once");
	is(dumped(c, "127.0.0.1", "/export/mounted"), 1, "with its path");
	is(dumped(other_gateway, "127.0.0.1", "/export"), 1,
	   "by the other gateway as well");
	is(dumped(c, "10.1.2.3", "/export"), 1, "with its client");

	unmount(other_gateway, "/export");
	is(dumped(c, "127.0.0.1", "/export"), 0, "it is gone");
	is(dumped(c, "127.0.0.1", "/export/mounted"), 1, "the other path is not");
	is(dumped(c, "10.1.2.3", "/export"), 1, "nor the other client");
	unmount(c, "/export");
	unmount(c, "/no-such-share");

	root_of(c, "/export");
	unmount(c, NULL);
	is(dumped(c, "127.0.0.1", "/export") +
	   dumped(c, "127.0.0.1", "/export/mounted"), 0, "all of the client's");
	is(dumped(c, "10.1.2.3", "/export"), 1, "and of nobody else");
	sql("SELECT dittofs.unmount_all('uid=0 client=10.1.2.3')");
	v3_rmdir(c, &root, S("mounted"));
}

/*
 * DUMP takes no credential, so its reply has a bound however long the list is.
 */
static void
test_long_list(struct client *c)
{
	struct reply r;

	root_of(c, "/export");
	sql("INSERT INTO dittofs.mounts SELECT '10.9.0.0'::inet + i,"
		" convert_to('/export' || repeat('/long', 50), 'UTF8'), m.share_id"
		" FROM generate_series(1, 5000) i,"
		" (SELECT share_id FROM dittofs.mounts LIMIT 1) m");
	begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_DUMP);
	r = exchange(c);
	ok(r.outcome == DONE && r.end - r.at > 100000 &&
	   r.end - r.at <= 256 * 1024, "a long list of mounts is cut short");
	note("%zu bytes", (size_t) (r.end - r.at));
	sql("DELETE FROM dittofs.mounts WHERE client << '10.9.0.0/16'");
}

/* However a client spells a path, it is one mount. */
static void
test_spellings(struct client *c)
{
	struct handle root = root_of(c, "/export");

	make_dir(c, &root, "spelled", 0755);
	unmount(c, NULL);
	for (int i = 0; i < 8; i++)
	{
		char		path[256] = "/export";

		for (int bit = 0; bit < 3; bit++)
			strcat(path, i >> bit & 1 ? "/spelled/.." : "//./spelled/../");
		strcat(path, "/spelled");
		root_of(c, path);
	}
	is(strtol(
		   sql("SELECT count(*) FROM dittofs.mounts WHERE client = '127.0.0.1'"),
		   NULL, 10),
	   1, "eight spellings of a path are one mount");
	unmount(c, "/export/spelled/../spelled/");
	is(strtol(
		   sql("SELECT count(*) FROM dittofs.mounts WHERE client = '127.0.0.1'"),
		   NULL, 10),
	   0, "which a ninth takes back");
	v3_rmdir(c, &root, S("spelled"));
}

/* The networks EXPORT lists for a share, with a space after each. */
static bool
exported(struct client *c, const char *path, char *networks, size_t size)
{
	struct reply r;
	bool		found = false;

	begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_EXPORT);
	r = exchange(c);
	if (r.outcome != DONE)
		bail_out("EXPORT: %u", r.why);
	cross_check(MOUNT_PROGRAM, MOUNT_V3, MOUNT3_EXPORT, r.at,
				(size_t) (r.end - r.at));
	networks[0] = '\0';
	while (take_bool(&r))
	{
		struct blob directory = take_opaque(&r);
		bool		this = directory.size == strlen(path) &&
			memcmp(directory.data, path, directory.size) == 0;

		found = found || this;
		while (take_bool(&r))
		{
			struct blob name = take_opaque(&r);
			size_t		have = strlen(networks);

			if (this)
				snprintf(networks + have, size - have, "%.*s ",
						 (int) name.size, (const char *) name.data);
		}
	}
	take_end(&r);
	return found;
}

static void
test_exports(struct client *c)
{
	char		networks[256];

	ok(exported(c, "/export", networks, sizeof(networks)), "EXPORT: /export");
	ok(strcmp(networks, "") == 0, "for everybody");
	sql("SELECT dittofs.create_share('/mount-some',"
		" allowed_clients => '{10.0.0.0/8,192.168.7.9,fe80::/10}')");
	ok(exported(c, "/mount-some", networks, sizeof(networks)),
	   "EXPORT: /mount-some");
	ok(strcmp(networks, "10.0.0.0/8 192.168.7.9 fe80::/10 ") == 0 ||
	   strcmp(networks, "10.0.0.0/8 192.168.7.9/32 fe80::/10 ") == 0,
	   "for three networks: %s", networks);
	become_nobody(c);
	ok(exported(c, "/mount-some", networks, sizeof(networks)),
	   "EXPORT by AUTH_NONE");
	become(c, 0, 0);
	sql("SELECT dittofs.drop_share('/mount-some')");
	ok(!exported(c, "/mount-some", networks, sizeof(networks)),
	   "a share that has been dropped");
}

int
main(void)
{
	struct client *c = connect_to(0);
	struct client *other_gateway = connect_to(gateway_count() - 1);

	test_paths(c);
	test_longest_share(c);
	test_rules(c);
	test_list_of_mounts(c, other_gateway);
	test_long_list(c);
	test_spellings(c);
	test_exports(c);
	disconnect(c);
	disconnect(other_gateway);
	return done_testing();
}
