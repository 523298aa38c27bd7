/* SPDX-License-Identifier: PostgreSQL */
/*
 * work_read.c
 *	  Workloads that change nothing: attributes, names, directories.
 */
#include "load.h"

#include <stdlib.h>
#include <string.h>

/* Attributes are asked of this many files: more than fit in one page. */
#define FILES 1000

static void
null_send(struct slot *slot)
{
	engine_sent(slot, rpc_nfs3_null_async(slot->connection->rpc,
										  engine_answered, slot));
}

static void
prepare_files(struct load *load)
{
	struct handle own;

	setup_own_directory(load, &own);
	setup_files(load, &own, 1, FILES, true);
}

static void
getattr_send(struct slot *slot)
{
	send_getattr(slot, &slot->load->files[slot_random(slot, FILES)]);
}

static void
access_send(struct slot *slot)
{
	send_access(slot, &slot->load->files[slot_random(slot, FILES)]);
}

static void
prepare_entries(struct load *load)
{
	setup_entries(load, false);
}

static void
lookup_send(struct slot *slot)
{
	char		name[NAME_SIZE];

	file_name(name, slot_random(slot, slot->load->file_count));
	send_lookup(slot, &slot->load->directories[0], name);
}

/* An operation is a page; a slot reads on where its last page ended. */
static void
pages_send(struct slot *slot)
{
	send_readdirplus(slot, &slot->load->directories[0], slot->cookie);
}

static bool
pages_receive(struct slot *slot, const void *answer)
{
	if (receive_readdirplus(slot, answer))
		slot->cookie = 0;
	return true;
}

static void
prepare_first_page(struct load *load)
{
	setup_entries(load, false);
	load->cookie = 0;
}

static void
page_send(struct slot *slot)
{
	send_readdirplus(slot, &slot->load->directories[0], slot->load->cookie);
}

static bool
page_receive(struct slot *slot, const void *answer)
{
	receive_readdirplus(slot, answer);
	return true;
}

/*
 * Finds the cookie of the last full page, which is the one before the last:
 * load->cookie follows one page behind.
 */
static bool
walk_receive(struct slot *slot, const void *answer)
{
	uint64_t	page = slot->cookie;

	if (receive_readdirplus(slot, answer))
	{
		slot->cookie = 0;
		return true;
	}
	slot->load->cookie = page;
	return false;
}

static const struct workload walk = {
	.name = "walk", .send = pages_send, .receive = walk_receive
};

static void
prepare_last_page(struct load *load)
{
	setup_entries(load, false);
	engine_run(load, &walk, 1, 0, UINT64_C(1) << 62);
}

/* An operation is a directory, read to its end. */
static void
prepare_tree(struct load *load)
{
	setup_directories(load);
	setup_files(load, load->directories, (unsigned) load->settings->directories,
				(uint64_t) (load->settings->directories *
							load->settings->entries), false);
}

static void
find_send(struct slot *slot)
{
	if (slot->step == 0)
		slot->cookie = 0;
	send_readdirplus(slot, &slot->load->directories[slot->order %
					 (uint64_t) slot->load->settings->directories],
					 slot->cookie);
}

const struct workload workloads_read[] = {
	{"null", "NULL: what the load generator and the wire can do",
		NULL, null_send, NULL},
	{"getattr", "GETATTR of 1,000 files", prepare_files, getattr_send, NULL},
	{"access", "ACCESS of 1,000 files", prepare_files, access_send, NULL},
	{"lookup", "LOOKUP in a directory of --entries",
		prepare_entries, lookup_send, NULL},
	{"readdirplus", "READDIRPLUS, page by page, of --entries",
		prepare_entries, pages_send, pages_receive},
	{"readdirplus-first", "the first page of --entries, again and again",
		prepare_first_page, page_send, page_receive},
	{"readdirplus-last", "the last full page of --entries",
		prepare_last_page, page_send, page_receive},
	{"find", "READDIRPLUS of whole directories, each of --entries",
		prepare_tree, find_send, receive_readdirplus},
	{NULL, NULL, NULL, NULL, NULL}
};
