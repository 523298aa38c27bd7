/* SPDX-License-Identifier: PostgreSQL */
/*
 * work_change.c
 *	  Workloads that change names and attributes; every answer is durable.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct handle *
directory(struct slot *slot, uint64_t number)
{
	return &slot->load
				->directories[number %
							  (uint64_t) slot->load->settings->directories];
}

/* A name that no other operation of this run uses. */
static void
new_name(char *buffer, const struct slot *slot)
{
	snprintf(buffer, NAME_SIZE, "n%u.%llu", slot->number,
			 (unsigned long long) slot->serial);
}

/*
 * CREATE, MKDIR.  With --directories 1, in one directory.
 */

static void
create_send(struct slot *slot)
{
	char		name[NAME_SIZE];

	new_name(name, slot);
	send_create(slot, directory(slot, slot->order), name);
}

static void
mkdir_send(struct slot *slot)
{
	char		name[NAME_SIZE];
	MKDIR3args	args = {.where.name = name};

	new_name(name, slot);
	args.where.dir = fh_of(directory(slot, slot->order));
	args.attributes.mode.set_it = 1;
	args.attributes.mode.set_mode3_u.mode = 0755;
	engine_sent(slot, rpc_nfs3_mkdir_async(slot->connection->rpc,
										   engine_answered, &args, slot));
}

/*
 * REMOVE of --operations files made before.
 */

static void
prepare_victims(struct load *load)
{
	setup_directories(load);
	setup_files(load, load->directories, (unsigned) load->settings->directories,
				(uint64_t) load->settings->operations, false);
}

static void
remove_send(struct slot *slot)
{
	char		name[NAME_SIZE];

	file_name(name, slot->order);
	send_remove(slot, directory(slot, slot->order), name);
}

/*
 * RENAME: a file for each slot, there and back.
 */

static void
prepare_own_files(struct load *load)
{
	setup_directories(load);
	setup_files(load, load->directories, (unsigned) load->settings->directories,
				(uint64_t) load->slot_count, true);
}

static bool
toggled(struct slot *slot, const void *answer)
{
	(void) answer;
	slot->toggle = !slot->toggle;
	return true;
}

static void
rename_send(struct slot *slot)
{
	struct handle *dir = directory(slot, slot->number);
	char		here[NAME_SIZE];
	char		there[NAME_SIZE + 1];

	file_name(here, slot->number);
	snprintf(there, sizeof(there), "%s.", here);
	if (slot->toggle)
		send_rename(slot, dir, there, dir, here);
	else
		send_rename(slot, dir, here, dir, there);
}

/* Between a directory and its neighbour. */
static void
rename_across_send(struct slot *slot)
{
	struct handle *here = directory(slot, slot->number);
	struct handle *there = directory(slot, slot->number + 1);
	char		name[NAME_SIZE];

	file_name(name, slot->number);
	if (slot->toggle)
		send_rename(slot, there, name, here, name);
	else
		send_rename(slot, here, name, there, name);
}

/* From wherever it is to anywhere: locks cross in every way. */
static void
rename_any_send(struct slot *slot)
{
	uint64_t	from = slot->serial == 0 ? slot->number : slot->cookie;
	char		name[NAME_SIZE];

	if (slot->step == 0)
		slot->choice =
			slot_random(slot, (uint64_t) slot->load->settings->directories);
	file_name(name, slot->number);
	send_rename(slot, directory(slot, from), name,
				directory(slot, slot->choice), name);
}

static bool
rename_any_receive(struct slot *slot, const void *answer)
{
	(void) answer;
	slot->cookie = slot->choice;
	return true;
}

/*
 * RENAME of a directory with --entries files, kept where setup_entries made
 * it: it goes into a directory of this run and back.
 */

static void
prepare_big_directory(struct load *load)
{
	static struct handle pair[2];

	if (load->slot_count != 1)
		fatal("rename-directory runs with one call in flight");
	setup_entries(load, false);
	free(load->directories);
	load->directories = pair;
	pair[0] = load->base;
	setup_own_directory(load, &pair[1]);
}

static void
rename_directory_send(struct slot *slot)
{
	const struct handle *pair = slot->load->directories;
	char		name[NAME_SIZE];

	snprintf(name, sizeof(name), "entries.%lld",
			 (long long) slot->load->settings->entries);
	send_rename(slot, &pair[slot->step], name, &pair[1 - slot->step], name);
}

static bool
rename_directory_receive(struct slot *slot, const void *answer)
{
	(void) answer;
	return slot->step == 1;
}

/*
 * SETATTR, LINK.
 */

#define FILES 1000

static void
prepare_files(struct load *load)
{
	setup_directories(load);
	setup_files(load, load->directories, (unsigned) load->settings->directories,
				FILES, true);
}

static void
setattr_send(struct slot *slot)
{
	send_setattr(slot, &slot->load->files[slot->order % FILES],
				 slot->serial % 2 ? 0640 : 0600);
}

/* A slot unlocks with each second operation what it has locked. */
static void
lock_send(struct slot *slot)
{
	if (slot->serial % 2 != 0)
		send_unlock(slot, &slot->file);
	else
	{
		slot->file = slot->load->files[slot->order % FILES];
		send_lock(slot, &slot->file);
	}
}

static void
link_send(struct slot *slot)
{
	LINK3args	args;
	char		name[NAME_SIZE];

	new_name(name, slot);
	args.file = fh_of(&slot->load->files[slot->order % FILES]);
	args.link.dir = fh_of(directory(slot, slot->order));
	args.link.name = name;
	engine_sent(slot, rpc_nfs3_link_async(slot->connection->rpc,
										  engine_answered, &args, slot));
}

const struct workload workloads_change[] = {
	{"create", "CREATE, in --directories by turns",
		setup_directories, create_send, NULL},
	{"mkdir", "MKDIR, in --directories by turns",
		setup_directories, mkdir_send, NULL},
	{"remove", "REMOVE of --operations files made before",
		prepare_victims, remove_send, NULL},
	{"rename", "RENAME inside a directory",
		prepare_own_files, rename_send, toggled},
	{"rename-across", "RENAME from one directory to the next and back",
		prepare_own_files, rename_across_send, toggled},
	{"rename-any", "RENAME from wherever the file is to any directory",
		prepare_own_files, rename_any_send, rename_any_receive},
	{"rename-directory", "RENAME of a directory of --entries, there and back",
		prepare_big_directory, rename_directory_send, rename_directory_receive},
	{"setattr", "SETATTR of mode and mtime of 1,000 files",
		prepare_files, setattr_send, NULL},
	{"lock", "LOCK of a byte of 1,000 files, and UNLOCK, by turns",
		prepare_files, lock_send, NULL},
	{"link", "LINK of 1,000 files, in --directories by turns",
		prepare_files, link_send, NULL},
	{NULL, NULL, NULL, NULL, NULL}
};
