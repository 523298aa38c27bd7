/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_access.c
 *	  Who is let in: each rule of a share, from addresses and ports that it
 *	  admits and that it does not, with every flavor and any uid, in every
 *	  procedure; and handles that nobody was given.
 *
 * All of 127.0.0.0/8 is this machine, so a client may have many addresses.
 * Whoever is refused is told ACCES (or, for his flavor, AUTH_TOOWEAK), never
 * IO, and learns nothing: no attributes come with it.
 */
#include "lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COUNT(array) ((int) (sizeof(array) / sizeof((array)[0])))

/*
 * Every procedure on the objects of a share.  Each would succeed if it were
 * let in, or fail for a reason of its own: refused() is what counts.
 */
struct objects
{
	struct handle dir;
	struct handle file;
	struct handle symlink;
};

static struct result
call_procedure(struct client *c, uint32_t procedure, const struct objects *o)
{
	switch (procedure)
	{
		case NFS3_GETATTR:
			return v3_getattr(c, &o->file);
		case NFS3_SETATTR:
			return v3_setattr(c, &o->file, MODE(0600), 0);
		case NFS3_LOOKUP:
			return v3_lookup(c, &o->dir, S("file"));
		case NFS3_ACCESS:
			return v3_access(c, &o->dir, 0x3f);
		case NFS3_READLINK:
			return v3_readlink(c, &o->symlink);
		case NFS3_READ:
			return v3_read(c, &o->file, 0, 100);
		case NFS3_WRITE:
			return v3_write(c, &o->file, 0, S("intruder"), FILE_SYNC);
		case NFS3_CREATE:
			return v3_create(c, &o->dir, S("intruder"), GUARDED, NOTHING);
		case NFS3_MKDIR:
			return v3_mkdir(c, &o->dir, S("intruder"), NOTHING);
		case NFS3_SYMLINK:
			return v3_symlink(c, &o->dir, S("intruder"), NOTHING, S("x"));
		case NFS3_MKNOD:
			return v3_mknod(c, &o->dir, S("intruder"), NF3FIFO, NOTHING, 0, 0);
		case NFS3_REMOVE:
			return v3_remove(c, &o->dir, S("file"));
		case NFS3_RMDIR:
			return v3_rmdir(c, &o->dir, S("sub"));
		case NFS3_RENAME:
			return v3_rename(c, &o->dir, S("file"), &o->dir, S("intruder"));
		case NFS3_LINK:
			return v3_link(c, &o->file, &o->dir, S("intruder"));
		case NFS3_READDIR:
			return v3_readdir(c, &o->dir, 0, NULL, 4096);
		case NFS3_READDIRPLUS:
			return v3_readdirplus(c, &o->dir, 0, NULL, 4096, 8192);
		case NFS3_FSSTAT:
			return v3_fsstat(c, &o->dir);
		case NFS3_FSINFO:
			return v3_fsinfo(c, &o->dir);
		case NFS3_PATHCONF:
			return v3_pathconf(c, &o->dir);
		default:
			return v3_commit(c, &o->file, 0, 0);
	}
}

/* This status, and not a word more. */
static bool
refused(const struct result *result, uint32_t status)
{
	return result->status == status && result->handle.size == 0 &&
		!result->attr.follows && !result->dir.follows &&
		!result->wcc.before && !result->wcc.after.follows &&
		!result->to_wcc.before && !result->to_wcc.after.follows;
}

/* How many of the 21 procedures answer with this status and nothing else. */
static int
count_refused(struct client *c, const struct objects *o, uint32_t status)
{
	int			count = 0;

	for (uint32_t p = NFS3_GETATTR; p <= NFS3_COMMIT; p++)
	{
		struct result result = call_procedure(c, p, o);

		if (refused(&result, status))
			count++;
		else
			note("procedure %u: %u", p, result.status);
	}
	return count;
}

static struct handle
from_hex(const char *text)
{
	struct handle handle = {0};
	unsigned	byte;

	for (; sscanf(text, "%2x", &byte) == 1; text += 2)
		handle.data[handle.size++] = (unsigned char) byte;
	return handle;
}

static struct handle
handle_of(const char *share, const char *path)
{
	return from_hex(sql("SELECT encode(dittofs.resolve('%s%s'), 'hex')",
						share, path));
}

/* Made by SQL, for whoever will not be let in. */
static struct objects
make_share(const char *share, const char *options)
{
	sql("SELECT dittofs.create_share('%s', root_mode => '0777')", share);
	sql("SELECT dittofs.write_file('%s/file', 'secret'),"
		" dittofs.chmod('%s/file', '0666'), dittofs.mkdir('%s/sub'),"
		" dittofs.symlink('target', '%s/symlink')", share, share, share,
		share);
	sql("SELECT dittofs.alter_share('%s', %s)", share, options);
	return (struct objects) {
		handle_of(share, ""), handle_of(share, "/file"),
			handle_of(share, "/symlink")
	};
}

/* What may not change while nobody is let in. */
static void
fingerprint(const char *share, char *value, size_t size)
{
	snprintf(value, size, "%s",
			 sql("SELECT md5(string_agg(t::text, ' ' ORDER BY t::text))"
				 " FROM dittofs.tree('%s') t", share));
}

static void
drop_share(const char *share)
{
	sql("SELECT dittofs.drop_share('%s', force => true)", share);
}

/*
 * The rules.  A client that a share lets in does something with it, one that
 * it does not can do nothing: neither mount nor use a handle it has from
 * elsewhere, as whoever.
 */
static const struct rule
{
	const char *options;
	const char *source;
	int			port;			/* 0: any from 1024 up */
	bool		admitted;
}			rules[] = {
	{"squash => 'none'", "127.0.0.1", 0, true},
	{"allowed_clients => '{127.0.5.0/24}'", "127.0.5.9", 0, true},
	{"allowed_clients => '{127.0.5.0/24}'", "127.0.6.9", 0, false},
	{"allowed_clients => '{127.0.5.0/24}'", "127.0.4.255", 0, false},
	{"allowed_clients => '{127.0.5.7}'", "127.0.5.7", 0, true},
	{"allowed_clients => '{127.0.5.7}'", "127.0.5.6", 0, false},
	{"allowed_clients => '{10.0.0.0/8,127.64.0.0/10}'", "127.127.255.255", 0,
	true},
	{"allowed_clients => '{10.0.0.0/8,127.64.0.0/10}'", "127.128.0.1", 0,
	false},
	{"allowed_clients => '{::/0}'", "127.0.0.1", 0, false},
	{"allowed_clients => '{::ffff:127.0.5.0/120}'", "127.0.5.9", 0, true},
	{"denied_clients => '{127.0.5.0/24}'", "127.0.6.9", 0, true},
	{"denied_clients => '{127.0.5.0/24}'", "127.0.5.9", 0, false},
	{"denied_clients => '{127.0.5.7}', allowed_clients => '{127.0.5.0/24}'",
	"127.0.5.7", 0, false},
	{"denied_clients => '{127.0.5.7}', allowed_clients => '{127.0.5.0/24}'",
	"127.0.5.8", 0, true},
	{"denied_clients => '{0.0.0.0/0}'", "127.0.0.1", 0, false},
	{"require_privileged_port => true", "127.0.5.9", 0, false},
	{"require_privileged_port => true", "127.0.5.9", 1023, true},
	{"require_privileged_port => true", "127.0.5.9", 1024, false},
	{"require_privileged_port => true, allowed_clients => '{127.0.5.7}'",
	"127.0.5.9", 1022, false},
	{"denied_clients => '{127.0.0.0/8}', allow_auth_none => true,"
		" squash => 'all'", "127.0.0.1", 0, false},
	{"denied_clients => '{127.0.0.0/8}', read_only => true", "127.0.0.1", 0,
	false},
};

static void
test_admitted(struct client *c, const struct objects *o, const char *what)
{
	is_status(mount_path(c, S("/access")).status, MNT3_OK, "%s: MNT", what);
	is_status(v3_getattr(c, &o->file).status, NFS3_OK, "%s: GETATTR", what);
	is_status(v3_read(c, &o->file, 0, 10).status, NFS3_OK, "%s: READ", what);
	is_status(v3_create(c, &o->dir, S("guest"), GUARDED, NOTHING).status,
			  NFS3_OK, "%s: CREATE", what);
}

static void
test_refused(struct client *c, const struct objects *o, const char *what)
{
	static const uint32_t uids[] = {0, 1000, 65534, 4294967294u, 4294967295u};
	char		before[64];
	char		after[64];
	int			count = 0;

	fingerprint("/access", before, sizeof(before));
	is_status(mount_path(c, S("/access")).status, MNT3ERR_ACCES, "%s: MNT",
			  what);
	is_status(mount_path(c, S("/access/sub")).status, MNT3ERR_ACCES,
			  "%s: MNT of a directory in it", what);
	is_status(mount_path(c, S("/access/nothing")).status, MNT3ERR_ACCES,
			  "%s: MNT of what there is none of", what);
	for (int i = 0; i < COUNT(uids); i++)
	{
		become(c, uids[i], uids[i]);
		count += count_refused(c, o, NFS3ERR_ACCES);
	}
	/* the address comes before the flavor */
	become_nobody(c);
	is_status(mount_path(c, S("/access")).status, MNT3ERR_ACCES,
			  "%s: MNT by AUTH_NONE", what);
	count += count_refused(c, o, NFS3ERR_ACCES);
	is(count, 21 * (COUNT(uids) + 1), "%s: ACCES to all procedures and users",
	   what);
	fingerprint("/access", after, sizeof(after));
	ok(strcmp(before, after) == 0, "%s: nothing was changed", what);
}

static void
test_rules(void)
{
	for (int i = 0; i < COUNT(rules); i++)
	{
		const struct rule *rule = &rules[i];
		struct objects o;
		struct client *c;
		char		what[256];

		if (rule->port != 0 && rule->port < 1024 && geteuid() != 0)
		{
			note("only root may come from port %d: left out", rule->port);
			continue;
		}
		snprintf(what, sizeof(what), "%s, from %s%s", rule->options,
				 rule->source, rule->port == 0 ? "" :
				 rule->port < 1024 ? " below 1024" : " at 1024");
		o = make_share("/access", rule->options);
		c = connect_from(i % gateway_count(), rule->source, rule->port);
		if (rule->admitted)
			test_admitted(c, &o, what);
		else
			test_refused(c, &o, what);
		disconnect(c);
		drop_share("/access");
	}
}

/* A rule holds from now on, also for whom it let in before. */
static void
test_change_of_rules(void)
{
	struct objects o = make_share("/access", "squash => 'none'");
	struct client *c = connect_from(0, "127.0.5.9", 0);
	struct client *other = connect_from(gateway_count() - 1, "127.0.5.9", 0);

	test_admitted(c, &o, "before");
	is_status(v3_getattr(other, &o.file).status, NFS3_OK, "both of them");
	sql("SELECT dittofs.alter_share('/access',"
		" denied_clients => '{127.0.5.9}')");
	is(count_refused(c, &o, NFS3ERR_ACCES), 21,
	   "a connection that was let in is refused from now on");
	is(count_refused(other, &o, NFS3ERR_ACCES), 21, "by the other gateway too");
	sql("SELECT dittofs.alter_share('/access', denied_clients => '{}')");
	is_status(v3_getattr(c, &o.file).status, NFS3_OK, "and let in again");
	disconnect(c);
	disconnect(other);
	drop_share("/access");
}

/*
 * Flavors.  send_flavor() is a call by hand: the library speaks AUTH_SYS and
 * AUTH_NONE only.
 */
static struct reply
send_flavor(struct client *c, uint32_t flavor, uint32_t procedure,
			const struct handle *handle)
{
	begin_empty(c);
	put(c, ++c->xid);
	put(c, 0);
	put(c, 2);
	put(c, NFS_PROGRAM);
	put(c, NFS_V3);
	put(c, procedure);
	put(c, flavor);
	put_opaque(c, S(flavor == AUTH_NONE ? "" : "whatever"));
	put(c, AUTH_NONE);
	put(c, 0);
	put_handle(c, handle);
	/* whatever the arguments are, zeros will do, but for a type of file */
	for (int i = 0; i < 40; i++)
		put(c, procedure == NFS3_MKNOD && i == 1 ? NF3FIFO : 0);
	return exchange(c);
}

static void
test_flavors(void)
{
	static const uint32_t flavors[] = {2, 3, 4, 5, 6, 390003, 0x7fffffff,
	0xffffffff};
	struct objects strict = make_share("/access", "squash => 'none'");
	struct objects open = make_share("/access2", "allow_auth_none => true,"
									 " anonuid => 4001, anongid => 4002");
	struct client *c = connect_to(0);
	struct result result;
	int			count = 0;

	for (uint32_t p = NFS3_GETATTR; p <= NFS3_COMMIT; p++)
		for (int i = 0; i < COUNT(flavors); i++)
		{
			struct reply r = send_flavor(c, flavors[i], p, &open.file);

			count += r.outcome == REJECTED && r.why == AUTH_REJECTEDCRED;
		}
	is(count, 21 * COUNT(flavors),
	   "no flavor but AUTH_SYS and AUTH_NONE, in any procedure");

	count = 0;
	for (uint32_t p = NFS3_GETATTR; p <= NFS3_COMMIT; p++)
	{
		struct reply r;

		if (p == NFS3_RENAME || p == NFS3_LINK)
			continue;			/* their second handle is below */
		r = send_flavor(c, AUTH_NONE, p, &strict.file);
		if (r.outcome == REJECTED && r.why == AUTH_TOOWEAK)
			count++;
		else
			note("procedure %u: %d, %u", p, r.outcome, r.why);
	}
	is(count, 19, "AUTH_NONE is too weak for the share, in all procedures");
	become_nobody(c);
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_LINK);
	put_handle(c, &open.file);
	put_handle(c, &strict.dir);
	put_opaque(c, S("intruder"));
	ok(exchange(c).why == AUTH_TOOWEAK, "LINK into it");
	begin(c, NFS_PROGRAM, NFS_V3, NFS3_RENAME);
	put_handle(c, &strict.dir);
	put_opaque(c, S("file"));
	put_handle(c, &open.dir);
	put_opaque(c, S("intruder"));
	ok(exchange(c).why == AUTH_TOOWEAK, "RENAME out of it");

	result = v3_create(c, &open.dir, S("guest"), GUARDED, NOTHING);
	ok(result.status == NFS3_OK && result.attr.uid == 4001 &&
	   result.attr.gid == 4002, "where it will do it is nobody");
	is_status(v3_read(c, &open.file, 0, 10).status, NFS3_OK, "who may read");
	disconnect(c);
	drop_share("/access");
	drop_share("/access2");
}

/*
 * Two shares: one that lets us in, one that does not.
 */
static void
test_two_shares(void)
{
	struct objects mine = make_share("/access", "squash => 'none'");
	struct objects theirs = make_share("/access2", "squash => 'none',"
									   " denied_clients => '{127.0.5.0/24}'");
	struct client *c = connect_from(0, "127.0.5.9", 0);
	struct result result;

	result = v3_link(c, &theirs.file, &mine.dir, S("intruder"));
	ok(result.status == NFS3ERR_ACCES && !result.attr.follows,
	   "LINK of another share's file");
	result = v3_link(c, &mine.file, &theirs.dir, S("intruder"));
	ok(result.status == NFS3ERR_ACCES && !result.wcc.after.follows,
	   "LINK into another share");
	result = v3_rename(c, &theirs.dir, S("file"), &mine.dir, S("intruder"));
	ok(result.status == NFS3ERR_ACCES && !result.wcc.after.follows,
	   "RENAME out of another share");
	result = v3_rename(c, &mine.dir, S("file"), &theirs.dir, S("intruder"));
	ok(result.status == NFS3ERR_ACCES && !result.to_wcc.after.follows,
	   "RENAME into another share");
	is_status(v3_getattr(c, &mine.file).status, NFS3_OK, "one's own is open");
	disconnect(c);
	drop_share("/access");
	drop_share("/access2");
}

/*
 * Handles: a version, the share's UUID, the file's UUID.  A handle says
 * nothing about rights, but it must be of the share it names.
 */
static struct handle
mixed(const struct handle *share, const struct handle *object)
{
	struct handle handle = *object;

	memcpy(handle.data + 1, share->data + 1, 16);
	return handle;
}

static void
test_forged(void)
{
	struct objects mine = make_share("/access", "squash => 'none'");
	struct objects theirs = make_share("/access2", "squash => 'none',"
									   " denied_clients => '{127.0.5.0/24}'");
	struct objects forged = {
		mixed(&mine.dir, &theirs.dir), mixed(&mine.dir, &theirs.file),
		mixed(&mine.dir, &theirs.symlink)
	};
	struct client *c = connect_from(0, "127.0.5.9", 0);
	struct client *guest = connect_to(0);
	char		before[64];
	char		after[64];
	int			wrong = 0;
	struct handle handle;

	fingerprint("/access2", before, sizeof(before));
	is(count_refused(c, &forged, NFS3ERR_STALE), 21,
	   "my share's name on the objects of another: STALE, whatever is asked");
	is(count_refused(guest, &forged, NFS3ERR_STALE), 21,
	   "also for who is let into both");
	is_status(v3_link(c, &forged.file, &mine.dir, S("intruder")).status,
			  NFS3ERR_STALE, "LINK of a forged file");
	is_status(v3_rename(c, &forged.dir, S("file"), &mine.dir,
						S("intruder")).status, NFS3ERR_STALE,
			  "RENAME out of a forged directory");
	is_status(v3_rename(c, &mine.dir, S("file"), &forged.dir,
						S("intruder")).status, NFS3ERR_STALE,
			  "RENAME into a forged directory");
	fingerprint("/access2", after, sizeof(after));
	ok(strcmp(before, after) == 0, "and nothing was changed");

	/* every bit of a handle counts */
	for (uint32_t bit = 0; bit < mine.file.size * 8; bit++)
	{
		struct result result;

		handle = mine.file;
		handle.data[bit / 8] ^= (unsigned char) (1 << bit % 8);
		result = v3_getattr(c, &handle);
		wrong += result.status != (bit < 8 ? NFS3ERR_BADHANDLE :
								   NFS3ERR_STALE);
		result = v3_read(c, &handle, 0, 10);
		wrong += result.status != (bit < 8 ? NFS3ERR_BADHANDLE :
								   NFS3ERR_STALE);
	}
	is(wrong, 0, "a handle with one bit changed is none");

	wrong = 0;
	for (uint32_t version = 0; version < 256; version++)
	{
		handle = mine.file;
		handle.data[0] = (unsigned char) version;
		wrong += v3_getattr(c, &handle).status !=
			(version == mine.file.data[0] ? NFS3_OK : NFS3ERR_BADHANDLE);
	}
	is(wrong, 0, "no other version is understood");

	wrong = 0;
	for (uint32_t size = 0; size <= NFS3_FHSIZE; size++)
	{
		handle = mine.file;
		handle.size = size;
		wrong += v3_getattr(c, &handle).status !=
			(size == mine.file.size ? NFS3_OK : NFS3ERR_BADHANDLE);
	}
	is(wrong, 0, "nor any other length");

	/* the ids swapped, and ids of nothing */
	handle = mine.file;
	memcpy(handle.data + 1, mine.file.data + 17, 16);
	memcpy(handle.data + 17, mine.file.data + 1, 16);
	is_status(v3_getattr(c, &handle).status, NFS3ERR_STALE, "swapped");
	memset(handle.data + 17, 0, 16);
	memcpy(handle.data + 1, mine.file.data + 1, 16);
	is_status(v3_getattr(c, &handle).status, NFS3ERR_STALE, "a file of zeros");
	memset(handle.data + 1, 0xff, 32);
	is_status(v3_getattr(c, &handle).status, NFS3ERR_STALE, "all ones");

	drop_share("/access");
	is(count_refused(c, &mine, NFS3ERR_STALE), 21, "a share that was dropped");
	sql("SELECT dittofs.create_share('/access', squash => 'none')");
	is(count_refused(c, &mine, NFS3ERR_STALE), 21,
	   "and made again: it is another one");
	drop_share("/access");
	drop_share("/access2");
	disconnect(c);
	disconnect(guest);
}

/* Whose mounts UMNTALL forgets is decided by the address. */
static void
test_mounts(void)
{
	struct client *c = connect_from(0, "127.0.5.9", 0);
	struct client *other = connect_from(gateway_count() - 1, "127.0.5.10", 0);
	struct reply r;

	root_of(c, "/export");
	root_of(other, "/export");
	begin(c, MOUNT_PROGRAM, MOUNT_V3, MOUNT3_UMNTALL);
	r = exchange(c);
	ok(r.outcome == DONE, "UMNTALL");
	ok(strcmp(sql("SELECT string_agg(host(client), ' ') FROM dittofs.mounts"
				  " WHERE client << '127.0.5.0/24'"), "127.0.5.10") == 0,
	   "only the caller's own are forgotten");
	disconnect(c);
	disconnect(other);
}

int
main(void)
{
	test_rules();
	test_change_of_rules();
	test_flavors();
	test_two_shares();
	test_forged();
	test_mounts();
	is_clean("fsck is clean");
	return done_testing();
}
