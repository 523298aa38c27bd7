/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_nfs4_opens.c
 *	  NFSv4.1: OPEN, CLOSE, OPEN_DOWNGRADE, stateids, share reservations,
 *	  creation (RFC 8881, 8.2, 9, 18.2, 18.16, 18.18).
 */
#include "lib_nfs4.h"

#include <stdio.h>
#include <string.h>

#define READ OPEN4_SHARE_ACCESS_READ
#define WRITE OPEN4_SHARE_ACCESS_WRITE
#define BOTH OPEN4_SHARE_ACCESS_BOTH

static struct v4 *alice;		/* at the first gateway */
static struct v4 *bob;			/* another client, at the second */
static struct v4 *also;			/* Alice's session, at the second */
static struct handle dir;

static struct handle
new_file(const char *name)
{
	return v4_make_file(alice, &dir, name, 0666);
}

static uint32_t
open_status(struct v4 *w, const struct handle *file, const char *owner,
			uint32_t access, uint32_t deny)
{
	struct open4 open = {.access = access, .deny = deny, .owner = S(owner),
		.claim = CLAIM_FH};

	return AT(w, file, op_open(w, &open));
}

static uint32_t
close_status(struct v4 *w, const struct handle *file, struct stateid s)
{
	return AT(w, file, op_close(w, s));
}

static uint32_t
read_status(struct v4 *w, const struct handle *file, struct stateid s)
{
	return AT(w, file, op_read(w, s, 0, 10));
}

static uint32_t
write_status(struct v4 *w, const struct handle *file, struct stateid s)
{
	return AT(w, file, op_write(w, s, 0, S("data"), FILE_SYNC4));
}

/* The same owner's opens of a file are one. */
static void
test_counting(void)
{
	struct handle file = new_file("counting");
	struct stateid a = v4_open(alice, &file, "a", READ, 0);
	struct stateid again;
	struct stateid b = v4_open(alice, &file, "b", READ, 0);
	struct stateid bobs = v4_open(bob, &file, "a", READ, 0);

	is(a.seqid, 1, "an open begins with 1");
	ok(!same_other(&a, &b), "another owner's is another open");
	ok(!same_other(&a, &bobs), "another client's, too");
	is_status(write_status(alice, &file, a), NFS4ERR_OPENMODE,
			  "WRITE by what is open to be read");
	again = v4_open(also, &file, "a", WRITE, 0);
	ok(same_other(&a, &again) && again.seqid == 2,
	   "the same owner opens again: the same, counted");
	is_status(write_status(also, &file, again), NFS4_OK,
			  "WRITE: the accesses are joined");
	is_status(read_status(alice, &file, again), NFS4_OK, "READ");
	is_status(read_status(alice, &file, a), NFS4ERR_OLD_STATEID,
			  "READ with what it was before");
	is_status(read_status(alice, &file, with_seqid(a, 0)), NFS4_OK,
			  "READ with the newest, whichever that is");
	is_status(read_status(alice, &file, with_seqid(a, 3)),
			  NFS4ERR_BAD_STATEID, "READ with what is to come");
	is_status(AT(alice, &file, op_open_downgrade(alice, again, READ, 0)),
			  NFS4_OK, "OPEN_DOWNGRADE");
	is(last_result(alice)->stateid.seqid, 3, "is counted");
	is_status(write_status(also, &file, with_seqid(a, 0)), NFS4ERR_OPENMODE,
			  "WRITE then");
	is_status(AT(alice, &file, op_open_downgrade(alice, with_seqid(a, 0), BOTH,
												 0)),
			  NFS4ERR_INVAL, "OPEN_DOWNGRADE to more");
	is_status(AT(alice, &file, op_open_downgrade(alice, with_seqid(a, 0), 0,
												 0)),
			  NFS4ERR_INVAL, "to nothing");
	is_status(close_status(alice, &file, again), NFS4ERR_OLD_STATEID,
			  "CLOSE of what it was before");
	is_status(close_status(also, &file, with_seqid(a, 3)), NFS4_OK,
			  "CLOSE, through the other gateway");
	is_status(read_status(alice, &file, with_seqid(a, 0)),
			  NFS4ERR_BAD_STATEID, "READ then");
	is_status(close_status(alice, &file, with_seqid(a, 4)),
			  NFS4ERR_BAD_STATEID, "CLOSE then");
	is_status(read_status(alice, &file, b), NFS4_OK,
			  "the other owner's is open");
	is_status(close_status(alice, &file, b), NFS4_OK, "until its CLOSE");
	is_status(close_status(bob, &file, bobs), NFS4_OK, "and so is Bob's");
}

/* Whose a stateid is, and of what */
static void
test_wrong_stateids(void)
{
	struct handle file = new_file("wrong");
	struct handle other = new_file("other");
	struct stateid s = v4_open(alice, &file, "o", BOTH, 0);
	struct stateid wrong = s;
	struct stateid tested[3];
	const struct result4 *r;

	is_status(read_status(bob, &file, s), NFS4ERR_BAD_STATEID,
			  "READ with another client's");
	is_status(write_status(bob, &file, s), NFS4ERR_BAD_STATEID, "WRITE");
	is_status(close_status(bob, &file, s), NFS4ERR_BAD_STATEID, "CLOSE");
	is_status(read_status(alice, &other, s), NFS4ERR_BAD_STATEID,
			  "READ of another file");
	is_status(write_status(alice, &other, s), NFS4ERR_BAD_STATEID, "WRITE");
	is_status(close_status(alice, &other, s), NFS4ERR_BAD_STATEID, "CLOSE");
	is_status(AT(alice, &other, op_open_downgrade(alice, s, READ, 0)),
			  NFS4ERR_BAD_STATEID, "OPEN_DOWNGRADE");
	for (int i = 0; i < 12; i++)
	{
		wrong = s;
		wrong.other[i] ^= 1;
		is_status(read_status(alice, &file, wrong), NFS4ERR_BAD_STATEID,
				  "READ with one that nobody was given: byte %d", i);
	}
	is_status(close_status(alice, &file, anonymous_stateid),
			  NFS4ERR_BAD_STATEID, "CLOSE with that of nobody");
	is_status(close_status(alice, &file, bypass_stateid), NFS4ERR_BAD_STATEID,
			  "with that which bypasses");

	tested[0] = s;
	tested[1] = wrong;
	tested[2] = with_seqid(s, 9);
	v4_begin(also);
	op_test_stateid(also, tested, 3);
	is_status(v4_call(also), NFS4_OK, "TEST_STATEID");
	r = last_result(also);
	ok(r->list_count == 3 && r->list[0] == NFS4_OK &&
	   r->list[1] == NFS4ERR_BAD_STATEID && r->list[2] == NFS4ERR_BAD_STATEID,
	   "one is good, one is nobody's, one is of the future");
	v4_begin(bob);
	op_test_stateid(bob, tested, 1);
	is_status(v4_call(bob), NFS4_OK, "TEST_STATEID by another client");
	is(last_result(bob)->list[0], NFS4ERR_BAD_STATEID, "to which it is none");
	v4_begin(alice);
	op_free_stateid(alice, s);
	is_status(v4_call(alice), NFS4ERR_LOCKS_HELD, "FREE_STATEID of an open");
	v4_begin(alice);
	op_free_stateid(alice, wrong);
	is_status(v4_call(alice), NFS4ERR_BAD_STATEID, "of none");
	is_status(close_status(alice, &file, s), NFS4_OK, "CLOSE");

	is_status(AT(alice, &dir, op_read(alice, anonymous_stateid, 0, 1)),
			  NFS4ERR_ISDIR, "READ of a directory");
	is_status(read_status(alice, &file, anonymous_stateid), NFS4_OK,
			  "READ without an open");
	is_status(read_status(alice, &file, bypass_stateid), NFS4_OK,
			  "READ by bypass");
	is_status(write_status(alice, &file, anonymous_stateid), NFS4_OK,
			  "WRITE without an open");
}

/* RFC 8881, 16.2.3.1.2 */
static void
test_current(void)
{
	struct fattr mode = fattr_of(MODE(0644));
	struct open4 open = {.access = BOTH, .owner = S("current"), .create = true,
		.how = UNCHECKED4, .attrs = &mode, .name = S("current")};
	struct handle file;
	struct stateid s;

	v4_at(alice, &dir);
	op_open(alice, &open);
	op_write(alice, current_stateid, 0, S("data"), FILE_SYNC4);
	op_read(alice, current_stateid, 0, 10);
	op_getfh(alice);
	op_close(alice, current_stateid);
	is_status(v4_call(alice), NFS4_OK, "OPEN, WRITE, READ, CLOSE in one");
	is(result_of(alice, OP_READ)->data.size, 4, "READ of what WRITE wrote");
	file = result_of(alice, OP_GETFH)->handle;
	v4_at(alice, &dir);
	op_open(alice, &open);
	op_close(alice, current_stateid);
	op_read(alice, current_stateid, 0, 10);
	is_status(v4_call(alice), NFS4ERR_BAD_STATEID, "READ after CLOSE");
	v4_at(alice, &dir);
	op_open(alice, &open);
	op_putfh(alice, &file);
	op_read(alice, current_stateid, 0, 10);
	is_status(v4_call(alice), NFS4ERR_BAD_STATEID,
			  "another filehandle has no stateid");
	s = result_of(alice, OP_OPEN)->stateid;
	v4_at(alice, &file);
	op_read(alice, current_stateid, 0, 10);
	is_status(v4_call(alice), NFS4ERR_BAD_STATEID, "READ without any");
	v4_at(alice, &dir);
	op_open(alice, &open);
	op_savefh(alice);
	op_putfh(alice, &dir);
	op_restorefh(alice);
	op_read(alice, current_stateid, 0, 10);
	is_status(v4_call(alice), NFS4_OK, "SAVEFH and RESTOREFH carry it");
	v4_at(alice, &dir);
	op_open(alice, &open);
	op_lock(alice, &(struct lock4) {.type = WRITE_LT, .length = 10,
		.stateid = current_stateid, .first = true, .owner = S("l")});
	op_locku(alice, &(struct lock4) {.type = WRITE_LT, .length = 10,
		.stateid = current_stateid});
	is_status(v4_call(alice), NFS4_OK, "OPEN, LOCK, LOCKU in one");
	is_status(close_status(alice, &file, with_seqid(s, 0)), NFS4_OK, "CLOSE");
}

static void
test_modes(void)
{
	struct handle file = new_file("modes");
	struct stateid s;
	struct fattr size = fattr_of(&(struct set) {.what = SET_SIZE, .size = 1});

	is_status(open_status(alice, &file, "m", 0, 0), NFS4ERR_INVAL,
			  "OPEN for nothing");
	is_status(open_status(alice, &file, "m", READ, 4), NFS4ERR_INVAL,
			  "denying what there is none of");
	is_status(open_status(alice, &dir, "m", READ, 0), NFS4ERR_ISDIR,
			  "OPEN of a directory");
	s = v4_open(alice, &file, "m", WRITE, 0);
	is_status(write_status(alice, &file, s), NFS4_OK, "WRITE");
	alice->status = read_status(alice, &file, s);
	ok(alice->status == NFS4_OK || alice->status == NFS4ERR_OPENMODE,
	   "READ by what is open to be written: as the server likes");
	is_status(AT(alice, &file, op_setattr(alice, s, &size)), NFS4_OK,
			  "SETATTR of the size");
	close_status(alice, &file, s);
	s = v4_open(alice, &file, "m", READ, 0);
	is_status(AT(alice, &file, op_setattr(alice, s, &size)), NFS4ERR_OPENMODE,
			  "SETATTR of the size by what is open to be read");
	is(last_result(alice)->mask[0] | last_result(alice)->mask[1], 0,
	   "sets nothing");
	close_status(alice, &file, s);
	is_status(open_status(alice, &file, "m", READ | WANT_NO_DELEG, 0), NFS4_OK,
			  "OPEN that wants no delegation");
	close_status(alice, &file, last_result(alice)->stateid);
}

/* RFC 8881, 9.7 */
static void
test_share_reservations(void)
{
	struct handle file = new_file("deny");
	struct stateid a = v4_open(alice, &file, "a", READ, 0);
	struct stateid b;
	struct fattr size = fattr_of(&(struct set) {.what = SET_SIZE, .size = 1});

	a = v4_open(alice, &file, "a", READ, WRITE);
	is_status(open_status(bob, &file, "b", WRITE, 0), NFS4ERR_SHARE_DENIED,
			  "OPEN for what another denies");
	is_status(open_status(alice, &file, "b", BOTH, 0), NFS4ERR_SHARE_DENIED,
			  "also by another owner of the same client");
	is_status(open_status(bob, &file, "b", READ, READ), NFS4ERR_SHARE_DENIED,
			  "OPEN that denies what another does");
	is_status(open_status(bob, &file, "b", READ, 0), NFS4_OK,
			  "OPEN for what nobody denies");
	b = last_result(bob)->stateid;
	is_status(write_status(bob, &file, anonymous_stateid), NFS4ERR_LOCKED,
			  "WRITE without an open");
	is_status(AT(bob, &file, op_setattr(bob, anonymous_stateid, &size)),
			  NFS4ERR_LOCKED, "SETATTR of the size without an open");
	is_status(read_status(bob, &file, anonymous_stateid), NFS4_OK,
			  "READ, which nobody denies");
	is_status(open_status(bob, &file, "b", WRITE, 0), NFS4ERR_SHARE_DENIED,
			  "an open is not widened to what is denied");
	is_status(read_status(bob, &file, with_seqid(b, 1)), NFS4_OK,
			  "and stays what it is");
	is_status(AT(alice, &file, op_open_downgrade(alice, a, READ, 0)), NFS4_OK,
			  "OPEN_DOWNGRADE denies no more");
	is_status(open_status(bob, &file, "b", WRITE, 0), NFS4_OK,
			  "OPEN for what was denied");
	is(last_result(bob)->stateid.seqid, 2, "counts on");
	is_status(open_status(alice, &file, "a", READ, WRITE),
			  NFS4ERR_SHARE_DENIED, "nobody denies what is being done");
	close_status(bob, &file, with_seqid(b, 0));
	is_status(open_status(alice, &file, "a", READ, BOTH),
			  NFS4ERR_SHARE_DENIED, "not even what one does oneself");
	close_status(alice, &file, with_seqid(a, 0));
	is_status(open_status(alice, &file, "a", READ, BOTH), NFS4_OK,
			  "all denied");
	a = last_result(alice)->stateid;
	is_status(read_status(bob, &file, anonymous_stateid), NFS4ERR_LOCKED,
			  "READ without an open");
	is_status(open_status(bob, &file, "b", READ, 0), NFS4ERR_SHARE_DENIED,
			  "OPEN");
	close_status(alice, &file, with_seqid(a, 0));
	is_status(open_status(bob, &file, "b", READ, 0), NFS4_OK,
			  "OPEN after the last CLOSE");
	close_status(bob, &file, last_result(bob)->stateid);
}

static uint32_t
create(struct v4 *w, const char *name, uint32_t how, const char *verifier,
	   const struct fattr *attrs)
{
	struct open4 open = {.access = BOTH, .owner = S("creator"), .create = true,
		.how = how, .verifier = verifier, .attrs = attrs, .name = S(name)};

	v4_at(w, &dir);
	op_open(w, &open);
	op_getfh(w);
	return v4_call(w);
}

/* Closes what create() has opened. */
static struct handle
close_created(struct v4 *w)
{
	struct handle file = result_of(w, OP_GETFH)->handle;
	struct stateid s = result_of(w, OP_OPEN)->stateid;

	if (close_status(w, &file, with_seqid(s, 0)) != NFS4_OK)
		bail_out("CLOSE: %u", w->status);
	return file;
}

static bool
is_set(struct v4 *w, int bit)
{
	return in_mask(result_of(w, OP_OPEN)->mask, bit);
}

static void
test_creation(void)
{
	struct fattr mode = fattr_of(MODE(0640));
	struct fattr cut = fattr_of(&(struct set) {.what = SET_MODE | SET_SIZE,
		.mode = 0600, .size = 0});
	const struct result4 *r;
	struct handle file;
	struct handle again;

	is_status(create(alice, "guarded", GUARDED4, NULL, &mode), NFS4_OK,
			  "GUARDED4");
	r = result_of(alice, OP_OPEN);
	ok(r->change.before != r->change.after, "the directory has changed");
	ok(is_set(alice, FATTR4_MODE), "the mode was set");
	file = close_created(alice);
	is((int64_t) v4_attr(alice, &file, FATTR4_MODE), 0640, "as asked for");
	is_status(create(bob, "guarded", GUARDED4, NULL, &mode), NFS4ERR_EXIST,
			  "again");
	is_status(write_status(alice, &file, anonymous_stateid), NFS4_OK, "WRITE");
	is_status(create(bob, "guarded", UNCHECKED4, NULL, &mode), NFS4_OK,
			  "UNCHECKED4 of what there is");
	r = result_of(bob, OP_OPEN);
	ok(r->change.before == r->change.after, "changes nothing");
	ok(!is_set(bob, FATTR4_MODE), "sets no mode");
	again = close_created(bob);
	ok(same_handle(&file, &again), "opens it");
	is_status(create(bob, "guarded", UNCHECKED4, NULL, &cut), NFS4_OK,
			  "UNCHECKED4 of what there is, with size and mode");
	ok(is_set(bob, FATTR4_SIZE) && !is_set(bob, FATTR4_MODE),
	   "the size is set, the mode is not");
	close_created(bob);
	is((int64_t) v4_attr(alice, &file, FATTR4_SIZE), 0, "it is empty");
	is((int64_t) v4_attr(alice, &file, FATTR4_MODE), 0640, "its mode is kept");
	is_status(create(bob, "unchecked", UNCHECKED4, NULL, NULL), NFS4_OK,
			  "UNCHECKED4 of what there is not");
	close_created(bob);
}

/* The verifier of an exclusive creation is kept with the file. */
static void
test_exclusive(uint32_t how)
{
	struct fattr mode = fattr_of(MODE(0640));
	struct fattr time = fattr_of(&(struct set) {.what = SET_MTIME,
		.mtime = 1000000000});
	const struct fattr *attrs = how == EXCLUSIVE4_1 ? &mode : NULL;
	char		name[32];
	struct handle file;
	struct handle again;

	snprintf(name, sizeof(name), "exclusive %u", how);
	is_status(create(alice, name, how, "VERIFIER", attrs), NFS4_OK, "%s",
			  name);
	ok(how == EXCLUSIVE4 || is_set(alice, FATTR4_MODE), "attributes are set");
	file = close_created(alice);
	if (how == EXCLUSIVE4_1)
		is((int64_t) v4_attr(alice, &file, FATTR4_MODE), 0640, "as asked for");
	is_status(create(also, name, how, "VERIFIER", attrs), NFS4_OK,
			  "the same verifier, at another gateway");
	again = close_created(also);
	ok(same_handle(&file, &again), "opens the same file");
	is_status(create(bob, name, how, "verifier", attrs), NFS4ERR_EXIST,
			  "another verifier");
	is_status(create(bob, name, GUARDED4, NULL, &mode), NFS4ERR_EXIST,
			  "GUARDED4");
	if (how == EXCLUSIVE4_1)
	{
		static const int bits[] = {FATTR4_SUPPATTR_EXCLCREAT, -1};
		struct attr4 a = v4_attrs(alice, &dir, bits);

		ok(in_mask(a.exclusive, FATTR4_MODE),
		   "the mode is of those that an exclusive creation can set");
		alice->status = create(alice, "exclusive time", how, "VERIFIER", &time);
		is_status(alice->status, in_mask(a.exclusive, FATTR4_TIME_MODIFY_SET) ?
				  NFS4_OK : NFS4ERR_INVAL, "times: as the server says");
		if (alice->status == NFS4_OK)
			close_created(alice);
	}
}

static uint32_t
open_name(struct v4 *w, const struct handle *where, struct blob name)
{
	struct open4 open = {.access = READ, .owner = S("names"), .name = name};

	v4_at(w, where);
	op_open(w, &open);
	return v4_call(w);
}

static void
test_names(void)
{
	struct fattr mode = fattr_of(MODE(0777));
	struct handle file = new_file("plain");
	char		name[300];
	struct handle symlink;

	memset(name, 'n', sizeof(name));
	v4_make_dir(alice, &dir, "subdirectory", 0755);
	v4_at(alice, &dir);
	op_create(alice, NF4LNK, S("symlink"), S("plain"), &mode);
	op_getfh(alice);
	is_status(v4_call(alice), NFS4_OK, "CREATE of a symbolic link");
	symlink = last_result(alice)->handle;
	is_status(open_name(alice, &dir, S("nothing")), NFS4ERR_NOENT,
			  "OPEN of nothing");
	is_status(open_name(alice, &dir, S("")), NFS4ERR_INVAL, "of no name");
	is_status(open_name(alice, &dir, B(name, 256)), NFS4ERR_NAMETOOLONG,
			  "of too long a name");
	is_status(open_name(alice, &dir, S("subdirectory")), NFS4ERR_ISDIR,
			  "of a directory");
	is_status(open_name(alice, &dir, S("symlink")), NFS4ERR_SYMLINK,
			  "of a symbolic link");
	is_status(open_status(alice, &symlink, "n", READ, 0), NFS4ERR_SYMLINK,
			  "of a symbolic link by its handle");
	is_status(open_name(alice, &file, S("plain")), NFS4ERR_NOTDIR,
			  "in a file");
	open_name(alice, &symlink, S("plain"));
	ok(alice->status == NFS4ERR_NOTDIR || alice->status == NFS4ERR_SYMLINK,
	   "in a symbolic link");
	open_name(alice, &dir, S("a/b"));
	ok(alice->status == NFS4ERR_BADNAME || alice->status == NFS4ERR_BADCHAR,
	   "of a name with a slash");
	is_status(create(alice, "subdirectory", UNCHECKED4, NULL, &mode),
			  NFS4ERR_ISDIR, "creation over a directory");
	is_status(create(alice, "subdirectory", GUARDED4, NULL, &mode),
			  NFS4ERR_EXIST, "a guarded one");
	v4_begin(alice);
	op_open(alice, &(struct open4) {.access = READ, .owner = S("n"),
		.name = S("plain")});
	is_status(v4_call(alice), NFS4ERR_NOFILEHANDLE, "OPEN nowhere");
}

/* A file that is removed while it is open lives until it is closed. */
static void
test_removed(void)
{
	struct handle file = new_file("removed");
	struct stateid a = v4_open(alice, &file, "a", BOTH, 0);
	struct stateid b = v4_open(bob, &file, "b", READ, 0);

	is_status(write_status(alice, &file, a), NFS4_OK, "WRITE");
	is_status(AT(bob, &dir, op_remove(bob, S("removed"))), NFS4_OK,
			  "REMOVE of an open file");
	is_status(open_name(bob, &dir, S("removed")), NFS4ERR_NOENT,
			  "the name is gone");
	is_status(write_status(alice, &file, a), NFS4_OK, "WRITE then");
	is_status(read_status(bob, &file, b), NFS4_OK, "READ by the other client");
	is(last_result(bob)->data.size, 4, "has the data");
	is((int64_t) v4_attr(also, &file, FATTR4_NUMLINKS), 0, "there is no link");
	is_status(close_status(alice, &file, a), NFS4_OK, "CLOSE");
	is_status(read_status(bob, &file, b), NFS4_OK, "READ by the other client");
	is_status(close_status(bob, &file, b), NFS4_OK, "the last CLOSE");
	is_status(AT(alice, &file, op_getattrs(alice, FATTR4_SIZE)),
			  NFS4ERR_STALE, "the file is gone");

	file = new_file("replaced");
	new_file("replacing");
	a = v4_open(alice, &file, "a", BOTH, 0);
	v4_at(bob, &dir);
	op_savefh(bob);
	op_rename(bob, S("replacing"), S("replaced"));
	is_status(v4_call(bob), NFS4_OK, "RENAME over an open file");
	is_status(write_status(alice, &file, a), NFS4_OK, "WRITE then");
	is_status(close_status(alice, &file, a), NFS4_OK, "CLOSE");
	is_status(AT(alice, &file, op_getattrs(alice, FATTR4_SIZE)),
			  NFS4ERR_STALE, "the file is gone");
}

/* Nobody but root opens what he may not. */
static void
test_permission(void)
{
	struct handle file = v4_make_file(alice, &dir, "secret", 0640);
	struct stateid s;

	become(bob->c, 1000, 1000);
	is_status(open_status(bob, &file, "p", READ, 0), NFS4ERR_ACCESS,
			  "OPEN of what is not for everybody");
	is_status(read_status(bob, &file, anonymous_stateid), NFS4ERR_ACCESS,
			  "READ of it");
	is_status(write_status(bob, &file, anonymous_stateid), NFS4ERR_ACCESS,
			  "WRITE");
	s = v4_open(alice, &file, "p", BOTH, 0);
	become(alice->c, 1000, 1000);
	is_status(read_status(alice, &file, s), NFS4ERR_ACCESS,
			  "READ by another user's open");
	become(alice->c, 0, 0);
	close_status(alice, &file, s);
	/* as O_CREAT does with a mode that forbids what it opens for */
	is_status(create(bob, "mode 0", GUARDED4, NULL, &(struct fattr) {0}),
			  NFS4_OK, "creation by a user");
	close_created(bob);
	become(bob->c, 0, 0);
}

/* The claims of a server that has never forgotten anything */
static void
test_claims(void)
{
	struct handle file = new_file("claims");
	struct open4 open = {.access = READ, .owner = S("c"),
		.claim = CLAIM_DELEG_CUR_FH};

	AT(alice, &file, op_open(alice, &open));
	ok(alice->status == NFS4ERR_BAD_STATEID ||
	   alice->status == NFS4ERR_NOTSUPP, "by a delegation: there is none");
	open.claim = CLAIM_DELEG_PREV_FH;
	AT(alice, &file, op_open(alice, &open));
	ok(alice->status == NFS4ERR_NOTSUPP ||
	   alice->status == NFS4ERR_RECLAIM_BAD ||
	   alice->status == NFS4ERR_BAD_STATEID, "by one of the past");
	open.claim = CLAIM_PREVIOUS;
	AT(alice, &file, op_open(alice, &open));
	is_status(alice->status, NFS4ERR_NO_GRACE, "by an open of the past");
	open.claim = 17;
	AT(alice, &file, op_open(alice, &open));
	ok(alice->status == NFS4ERR_BADXDR || alice->status == NFS4ERR_INVAL,
	   "by nothing that exists");
	open.claim = CLAIM_FH;
	open.create = true;
	open.how = GUARDED4;
	AT(alice, &file, op_open(alice, &open));
	is_status(alice->status, NFS4ERR_INVAL, "creation by handle");
}

int
main(void)
{
	int			last = gateway_count() - 1;

	v4_required();
	alice = v4_client(0, "alice");
	bob = v4_client(last, "bob");
	also = v4_also(alice, last);
	dir = v4_playground(alice);
	test_counting();
	test_wrong_stateids();
	test_current();
	test_modes();
	test_share_reservations();
	test_creation();
	test_exclusive(EXCLUSIVE4);
	test_exclusive(EXCLUSIVE4_1);
	test_names();
	test_removed();
	test_permission();
	test_claims();
	return done_testing();
}
