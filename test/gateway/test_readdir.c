/* SPDX-License-Identifier: PostgreSQL */
/*
 * test_readdir.c
 *	  READDIR and READDIRPLUS: 10,000 entries in pages of every size, while
 *	  entries come and go, and from one gateway to another.
 */
#include "lib.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRIES 10000

/* What the gateway sends at most, whatever it is asked for. */
#define PAGE_MAX 1048576

/*
 * How many calls are in flight while a directory is filled or emptied.
 */
#define AT_ONCE 200

static struct client *c;
static struct client *other;	/* through another gateway */
static struct handle dir;
static struct handle many;

/* Creates or removes name0 ... , a batch of calls at a time. */
static void
for_each_name(uint32_t procedure, const struct handle *parent,
			  const char *prefix, int first, int step, int last)
{
	int			sent = first;
	int			in_flight = 0;
	int			failed = 0;

	while (sent < last || in_flight > 0)
	{
		struct reply r;

		while (sent < last && in_flight < AT_ONCE)
		{
			char		name[300];

			snprintf(name, sizeof(name), "%s%d", prefix, sent);
			begin(c, NFS_PROGRAM, NFS_V3, procedure);
			put_handle(c, parent);
			put_opaque(c, S(name));
			if (procedure == NFS3_CREATE)
			{
				put(c, GUARDED);
				put_set(c, MODE(0644));
			}
			send_call(c);
			sent += step;
			in_flight++;
		}
		r = receive(c);
		if (r.outcome != DONE)
			bail_out("procedure %u: %u", procedure, r.why);
		failed += take(&r) != NFS3_OK;
		in_flight--;
	}
	if (failed > 0)
		bail_out("%d of the calls of procedure %u failed", failed, procedure);
}

/*
 * A scan, page by page.  seen counts how often each number of "name<number>"
 * came; the rest is checked on the way.
 */
struct scan
{
	bool		plus;
	uint32_t	dircount;
	uint32_t	maxcount;
	struct client *clients[2];	/* take turns */
	int			seen[2 * ENTRIES];
	int			entries;
	int			pages;
	int			faults;
	int			dots;
};

static struct result
page(const struct scan *scan, struct client *client, uint64_t cookie)
{
	struct result result = scan->plus ?
		v3_readdirplus(client, &many, cookie, NULL, scan->dircount,
					   scan->maxcount) :
		v3_readdir(client, &many, cookie, NULL, scan->maxcount);

	if (result.status != NFS3_OK)
		bail_out("READDIR: %u", result.status);
	return result;
}

/* No cookie is 0, and 1 and 2 are those of '.' and '..' if of any. */
static bool
entry_is_right(const struct scan *scan, const struct entry *e)
{
	if (e->cookie == 0 || e->fileid == 0 || e->name.size == 0)
		return false;
	if (e->cookie <= 2 && ((const char *) e->name.data)[0] != '.')
		return false;
	if (!scan->plus)
		return true;
	return e->attr.follows && e->handle.size > 0 && e->attr.fileid == e->fileid;
}

static void
note_entries(struct scan *scan, const struct result *result, uint64_t *cookie)
{
	for (int i = 0; i < result->entry_count; i++)
	{
		const struct entry *e = &result->entries[i];
		char		name[300];
		int			number;

		snprintf(name, sizeof(name), "%.*s", (int) e->name.size,
				 (const char *) e->name.data);
		scan->entries++;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			scan->dots++;
		else if (sscanf(name, "name%d", &number) == 1 &&
				 number < 2 * ENTRIES)
			scan->seen[number]++;
		if (!entry_is_right(scan, e))
			scan->faults++;
		*cookie = e->cookie;
	}
	if (result->size > scan->maxcount || result->size > PAGE_MAX)
		scan->faults++;
	if (!result->dir.follows)
		scan->faults++;
}

/* after_page, if there is one, is called between pages. */
static void
run(struct scan *scan, void (*after_page) (int page))
{
	uint64_t	cookie = 0;
	bool		eof = false;

	while (!eof)
	{
		struct result result = page(scan, scan->clients[scan->pages % 2],
									cookie);

		eof = result.eof;
		if (result.entry_count == 0 && !eof)
			bail_out("an empty page that is not the last");
		note_entries(scan, &result, &cookie);
		if (++scan->pages > 3 * ENTRIES)
			bail_out("a scan without end");
		if (after_page)
			after_page(scan->pages);
	}
}

static struct scan *
new_scan(bool plus, uint32_t dircount, uint32_t maxcount)
{
	struct scan *scan = calloc(1, sizeof(*scan));

	scan->plus = plus;
	scan->dircount = dircount;
	scan->maxcount = maxcount;
	scan->clients[0] = c;
	scan->clients[1] = c;
	return scan;
}

/* Numbers from..to, by step, each seen exactly once. */
static int
seen_once(const struct scan *scan, int from, int step, int to)
{
	int			count = 0;

	for (int i = from; i < to; i += step)
		count += scan->seen[i] == 1;
	return count;
}

static int
seen_twice(const struct scan *scan)
{
	int			count = 0;

	for (int i = 0; i < 2 * ENTRIES; i++)
		count += scan->seen[i] > 1;
	return count;
}

static void
test_sizes(void)
{
	static const struct
	{
		bool		plus;
		uint32_t	dircount;
		uint32_t	maxcount;
	}			sizes[] = {
		{false, 0, 512}, {false, 0, 4096}, {false, 0, 65536},
		{false, 0, 1048576}, {false, 0, UINT32_MAX},
		{true, 512, 4096}, {true, 4096, 4096}, {true, 8192, 32768},
		{true, 65536, 65536}, {true, 1048576, 1048576},
		{true, UINT32_MAX, UINT32_MAX}, {true, 4096, 1048576},
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		struct scan *scan = new_scan(sizes[i].plus, sizes[i].dircount,
									 sizes[i].maxcount);

		run(scan, NULL);
		ok(seen_once(scan, 0, 1, ENTRIES) == ENTRIES &&
		   scan->entries == ENTRIES + 2 && scan->dots == 2 && scan->faults == 0,
		   "%s, %u and %u: all in %d pages", sizes[i].plus ? "READDIRPLUS" :
		   "READDIR", sizes[i].dircount, sizes[i].maxcount, scan->pages);
		if (scan->entries != ENTRIES + 2 || scan->faults != 0)
			note("  %d entries, %d faults", scan->entries, scan->faults);
		free(scan);
	}
}

/* dircount bounds names, fileids and cookies: 28 bytes of "name1234". */
static void
test_dircount(void)
{
	struct result result = v3_readdirplus(c, &many, 0, NULL, 1000, 1048576);
	uint32_t	size = 0;

	for (int i = 0; i < result.entry_count; i++)
		size += 8 + 4 + ((result.entries[i].name.size + 3) & ~3u) + 8;
	ok(result.status == NFS3_OK && size <= 1000 && size > 900,
	   "a dircount of 1,000: %d entries, %u bytes", result.entry_count, size);
	result = v3_readdirplus(c, &many, 0, NULL, 1, 1048576);
	ok(result.status == NFS3ERR_TOOSMALL ||
	   (result.status == NFS3_OK && result.entry_count == 1),
	   "a dircount of 1: TOOSMALL, or one entry");
}

/* Through two gateways in turn: a cookie of one is as good for the other. */
static void
test_gateways(void)
{
	for (int plus = 0; plus < 2; plus++)
	{
		struct scan *scan = new_scan(plus, 8192, 8192);

		scan->clients[1] = other;
		run(scan, NULL);
		is(seen_once(scan, 0, 1, ENTRIES), ENTRIES,
		   "two gateways in turn, page by page");
		is(scan->faults + seen_twice(scan), 0, "no entry twice");
		free(scan);
	}
}

static void
test_attributes(void)
{
	struct result result = v3_readdirplus(c, &many, 0, NULL, 8192, 65536);
	int			count = result.entry_count;
	struct entry *entries = malloc((size_t) count * sizeof(*entries));
	char		(*names)[256] = malloc((size_t) count * sizeof(*names));
	int			right = 0;

	/* names lie in the reply, which the next call overwrites */
	for (int i = 0; i < count; i++)
	{
		entries[i] = result.entries[i];
		memcpy(names[i], entries[i].name.data, entries[i].name.size);
	}
	ok(entries[0].name.size == 1 && memcmp(names[0], ".", 1) == 0 &&
	   entries[1].name.size == 2 && memcmp(names[1], "..", 2) == 0,
	   ". and .. are the first");
	ok(same_handle(&entries[0].handle, &many), "the handle of . is its own");
	ok(same_handle(&entries[1].handle, &dir), "that of .. its parent's");
	for (int i = 0; i < count; i += 10)
	{
		struct result found = v3_lookup(c, &many,
										B(names[i], entries[i].name.size));

		right += found.status == NFS3_OK &&
			same_handle(&found.handle, &entries[i].handle) &&
			found.attr.fileid == entries[i].attr.fileid &&
			found.attr.ctime == entries[i].attr.ctime;
	}
	is(right, (count + 9) / 10, "LOOKUP says the same as READDIRPLUS");
	free(entries);
	free(names);
}

/* Too little room for one entry, and just enough. */
static void
test_too_small(void)
{
	static const uint32_t sizes[] = {0, 1, 8, 64, 100, 110};
	struct result result;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
	{
		result = v3_readdir(c, &many, 0, NULL, sizes[i]);
		is_status(result.status, NFS3ERR_TOOSMALL, "READDIR, %u bytes",
				  sizes[i]);
		ok(result.dir.follows, "with attributes");
		result = v3_readdirplus(c, &many, 0, NULL, sizes[i], sizes[i]);
		is_status(result.status, NFS3ERR_TOOSMALL, "READDIRPLUS, %u bytes",
				  sizes[i]);
	}

	/* from too little to plenty, byte by byte: never more than allowed */
	{
		int			too_large = 0;
		int			other_status = 0;
		uint32_t	first = 0;

		for (uint32_t size = 100; size < 400; size++)
		{
			result = v3_readdir(c, &many, 0, NULL, size);
			too_large += result.status == NFS3_OK && result.size > size;
			other_status += result.status != NFS3_OK &&
				result.status != NFS3ERR_TOOSMALL;
			if (result.status == NFS3_OK && first == 0)
				first = size;
			if (result.status != NFS3_OK && first != 0)
				other_status++;
		}
		is(too_large, 0, "no reply is larger than its count");
		is(other_status, 0, "TOOSMALL up to a size, entries from there on");
		ok(first <= 88 + 8 + 28 + 8 + 4, "which is the size of one: %u", first);
	}
}

/* An empty directory: '.' and '..', whatever the page. */
static void
test_empty(void)
{
	struct handle empty = make_dir(c, &dir, "empty", 0755);
	struct result result = v3_readdir(c, &empty, 0, NULL, 4096);
	uint64_t	last;

	ok(result.entry_count == 2 && result.eof, "an empty directory");
	last = result.entries[1].cookie;
	result = v3_readdir(c, &empty, last, NULL, 4096);
	ok(result.status == NFS3_OK && result.entry_count == 0 && result.eof,
	   "nothing after ..");
	result = v3_readdir(c, &empty, UINT64_MAX, NULL, 4096);
	ok(result.status == NFS3_OK && result.entry_count == 0 && result.eof,
	   "nothing after the largest cookie there is");
	result = v3_readdirplus(c, &empty, (uint64_t) 1 << 63, NULL, 4096, 4096);
	ok(result.status == NFS3_OK && result.entry_count == 0 && result.eof,
	   "nor after 2^63");
}

static void
test_verifier(void)
{
	struct result result = v3_readdir(c, &many, 0, NULL, 4096);
	uint64_t	cookie = result.entries[result.entry_count - 1].cookie;
	unsigned char verifier[8];

	memcpy(verifier, result.verifier, 8);
	result = v3_readdir(c, &many, cookie, verifier, 4096);
	is_status(result.status, NFS3_OK, "the verifier that was given");
	result = v3_readdir(c, &many, cookie, "\1\2\3\4\5\6\7\10", 4096);
	is_status(result.status, NFS3_OK, "any other");
	ok(memcmp(result.verifier, verifier, 8) == 0, "it is always the same");
	make_file(c, &many, "to-change-mtime", 0644);
	v3_remove(c, &many, S("to-change-mtime"));
	result = v3_readdirplus(other, &many, cookie, verifier, 4096, 4096);
	is_status(result.status, NFS3_OK, "also when the directory has changed");
	ok(memcmp(result.verifier, verifier, 8) == 0,
	   "and through another gateway");
}

/*
 * A scan while others are at work: what is there throughout comes exactly
 * once.  Even numbers stay; odd ones go and new ones come between the pages.
 */
static int	removed = 1;		/* next odd number to remove */
static int	added = ENTRIES;	/* next number to add */

static void
come_and_go(int page_number)
{
	(void) page_number;
	for_each_name(NFS3_REMOVE, &many, "name", removed, 2,
				  removed + 60 < ENTRIES ? removed + 60 : ENTRIES);
	removed = removed + 60 < ENTRIES ? removed + 60 : ENTRIES + 1;
	if (added + 20 < 2 * ENTRIES)
	{
		for_each_name(NFS3_CREATE, &many, "name", added, 1, added + 20);
		added += 20;
	}
}

static void
test_concurrent_changes(void)
{
	struct scan *scan = new_scan(true, 4096, 8192);

	scan->clients[1] = other;
	run(scan, come_and_go);
	is(seen_once(scan, 0, 2, ENTRIES), ENTRIES / 2,
	   "every entry that was there throughout, once");
	is(seen_twice(scan), 0, "none twice");
	is(scan->faults, 0, "every one with its attributes");
	note("%d pages, %d removed, %d added meanwhile", scan->pages, removed / 2,
		 added - ENTRIES);
	free(scan);
}

/* rm -rf: each page is removed before the next is read. */
static void
test_remove_while_scanning(void)
{
	uint64_t	cookie = 0;
	bool		eof = false;
	int			gone = 0;

	while (!eof)
	{
		struct result result = v3_readdir(c, &many, cookie, NULL, 8192);
		char		names[1024][32];
		int			count = 0;

		if (result.status != NFS3_OK)
			bail_out("READDIR: %u", result.status);
		eof = result.eof;
		for (int i = 0; i < result.entry_count; i++)
		{
			const struct entry *e = &result.entries[i];

			cookie = e->cookie;
			snprintf(names[count], sizeof(names[0]), "%.*s",
					 (int) e->name.size, (const char *) e->name.data);
			if (names[count][0] != '.')
				count++;
		}
		for (int i = 0; i < count; i++)
			gone += v3_remove(c, &many, S(names[i])).status == NFS3_OK;
	}
	note("%d entries removed in one scan", gone);
	is_status(v3_rmdir(c, &dir, S("many")).status, NFS3_OK,
			  "nothing was skipped: the directory is empty");
}

/* The cookie of an entry that is gone still has its place. */
static void
test_cookie_of_removed(void)
{
	struct handle sub = make_dir(c, &dir, "cookies", 0755);
	struct result result;
	struct entry third;
	char		name[32];
	uint64_t	next;

	for_each_name(NFS3_CREATE, &sub, "name", 0, 1, 20);
	result = v3_readdir(c, &sub, 0, NULL, 65536);
	is(result.entry_count, 22, "twenty entries");
	third = result.entries[10];
	next = result.entries[11].fileid;
	snprintf(name, sizeof(name), "%.*s", (int) third.name.size,
			 (const char *) third.name.data);
	v3_remove(c, &sub, S(name));
	result = v3_readdir(c, &sub, third.cookie, NULL, 65536);
	ok(result.entry_count == 11 && result.entries[0].fileid == next,
	   "the scan goes on behind the place of a removed entry");
	v3_create(c, &sub, S(name), GUARDED, NOTHING);
	result = v3_readdir(c, &sub, third.cookie, NULL, 65536);
	ok(result.entry_count >= 11, "and when it has been made again");
}

static void
test_long_names(void)
{
	struct handle sub = make_dir(c, &dir, "long", 0755);
	char		name[256];
	int			seen = 0;
	uint64_t	cookie = 0;
	bool		eof = false;

	memset(name, 'x', 255);
	name[255] = '\0';
	for (int i = 0; i < 100; i++)
	{
		snprintf(name, 4, "%03d", i);
		name[3] = 'x';
		v3_create(c, &sub, B(name, 255), GUARDED, NOTHING);
	}
	while (!eof)
	{
		struct result result = v3_readdirplus(c, &sub, cookie, NULL, 4096,
											  4096);

		if (result.status != NFS3_OK || result.size > 4096)
			bail_out("READDIRPLUS: status %u, %d bytes", result.status,
					 (int) result.size);
		for (int i = 0; i < result.entry_count; i++)
		{
			seen += result.entries[i].name.size == 255;
			cookie = result.entries[i].cookie;
		}
		eof = result.eof;
	}
	is(seen, 100, "100 names of 255 bytes in pages of 4,096");
}

/* read permission for the list, search permission for what is in it */
static void
test_permission(void)
{
	struct handle sub = make_dir(c, &dir, "private", 0700);
	struct result result;

	make_file(c, &sub, "file", 0644);
	become(c, 2000, 200);
	result = v3_readdir(c, &sub, 0, NULL, 4096);
	is_status(result.status, NFS3ERR_ACCES, "READDIR without permission");
	ok(result.dir.follows, "with attributes");
	result = v3_readdirplus(c, &sub, 0, NULL, 4096, 4096);
	is_status(result.status, NFS3ERR_ACCES, "READDIRPLUS without permission");
	is_status(v3_lookup(c, &sub, S("file")).status, NFS3ERR_ACCES,
			  "LOOKUP without permission");
	become(c, 0, 0);
	v3_setattr(c, &sub, MODE(0711), 0);
	become(c, 2000, 200);
	is_status(v3_lookup(c, &sub, S("file")).status, NFS3_OK,
			  "LOOKUP with x alone");
	is_status(v3_readdir(c, &sub, 0, NULL, 4096).status, NFS3ERR_ACCES,
			  "READDIR with x alone");
	become(c, 0, 0);
}

int
main(void)
{
	c = connect_to(0);
	other = connect_to(gateway_count() - 1);
	dir = make_playground(c);
	many = make_dir(c, &dir, "many", 0755);
	for_each_name(NFS3_CREATE, &many, "name", 0, 1, ENTRIES);
	test_sizes();
	test_dircount();
	test_gateways();
	test_attributes();
	test_too_small();
	test_empty();
	test_verifier();
	test_concurrent_changes();
	test_remove_while_scanning();
	test_cookie_of_removed();
	test_long_names();
	test_permission();
	disconnect(c);
	disconnect(other);
	return done_testing();
}
