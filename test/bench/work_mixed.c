/* SPDX-License-Identifier: PostgreSQL */
/*
 * work_mixed.c
 *	  A mix of metadata calls as file servers see it: most of them ask.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES 1000

enum kind
{
	GETATTR,
	LOOKUP,
	ACCESS,
	READDIRPLUS,
	SETATTR,
	CREATE,						/* and then RENAME, and then REMOVE */
};

static const struct
{
	enum kind	kind;
	unsigned	percent;
}			mix[] = {
	{GETATTR, 35}, {LOOKUP, 27}, {ACCESS, 17}, {READDIRPLUS, 3}, {SETATTR, 6},
	{CREATE, 12},
};

static enum kind
draw(struct slot *slot)
{
	uint64_t	number = slot_random(slot, 100);
	size_t		i = 0;

	while (number >= mix[i].percent)
		number -= mix[i++].percent;
	return mix[i].kind;
}

static void
prepare(struct load *load)
{
	setup_directories(load);
	setup_files(load, load->directories, (unsigned) load->settings->directories,
				FILES, true);
}

/*
 * slot->choice is how far the slot's own file has come: 0 there is none, 1
 * created, 2 renamed.  slot->units keeps the kind of the call.
 */
static void
own_file_send(struct slot *slot)
{
	uint64_t	count = (uint64_t) slot->load->settings->directories;
	const struct handle *from = &slot->load->directories[slot->number % count];
	const struct handle *to =
		&slot->load->directories[(slot->number + 1) % count];
	char		name[NAME_SIZE];

	snprintf(name, sizeof(name), "m%u", slot->number);
	switch (slot->choice)
	{
		case 0:
			send_create(slot, from, name);
			break;
		case 1:
			send_rename(slot, from, name, to, name);
			break;
		default:
			send_remove(slot, to, name);
			break;
	}
}

static void
send(struct slot *slot)
{
	const struct load *load = slot->load;
	uint64_t	number = slot_random(slot, FILES);
	const struct handle *directory =
		&load->directories[number % (uint64_t) load->settings->directories];
	char		name[NAME_SIZE];

	slot->cookie = draw(slot);
	switch ((enum kind) slot->cookie)
	{
		case GETATTR:
			send_getattr(slot, &load->files[number]);
			break;
		case LOOKUP:
			file_name(name, number);
			send_lookup(slot, directory, name);
			break;
		case ACCESS:
			send_access(slot, &load->files[number]);
			break;
		case READDIRPLUS:
			send_readdirplus(slot, directory, 0);
			break;
		case SETATTR:
			send_setattr(slot, &load->files[number], 0600);
			break;
		case CREATE:
			own_file_send(slot);
			break;
	}
}

static bool
receive(struct slot *slot, const void *answer)
{
	(void) answer;
	if (slot->cookie == CREATE)
		slot->choice = (slot->choice + 1) % 3;
	return true;
}

const struct workload workloads_mixed[] = {
	{"mixed", "GETATTR 35, LOOKUP 27, ACCESS 17, READDIRPLUS 3, SETATTR 6, "
		"CREATE, RENAME, REMOVE 4 percent each", prepare, send, receive},
	{NULL, NULL, NULL, NULL, NULL}
};
