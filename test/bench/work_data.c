/* SPDX-License-Identifier: PostgreSQL */
/*
 * work_data.c
 *	  Workloads that read and write content.
 */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A COMMIT after so many UNSTABLE writes, as a client's memory allows. */
#define WRITES_A_COMMIT 16

static void
prepare_data(struct load *load)
{
	load->data = malloc((size_t) load->settings->size);
	if (load->data == NULL)
		fatal("out of memory");

	/* Not compressible, as content usually is not. */
	for (int64_t i = 0; i < load->settings->size; i++)
		load->data[i] = (char) slot_random(&load->slots[0], 256);
}

/*
 * Files of --file-size: one for each slot, or what --directories says.
 */
static void
prepare_content(struct load *load, uint64_t files, int64_t size)
{
	struct settings whole = *load->settings;
	const struct settings *settings = load->settings;
	struct handle own;

	setup_own_directory(load, &own);
	setup_files(load, &own, 1, files, true);

	/* Written in large pieces, whatever the size of the run's calls. */
	whole.size = size;
	load->settings = &whole;
	prepare_data(load);
	setup_content(load);
	free(load->data);
	load->settings = settings;
	prepare_data(load);
}

static void
prepare_shared_files(struct load *load)
{
	prepare_content(load, (uint64_t) load->settings->directories, MIB);
}

static void
prepare_slot_files(struct load *load)
{
	prepare_content(load, (uint64_t) load->slot_count,
					load->settings->file_size < MIB ?
					load->settings->file_size : MIB);
}

static uint64_t
pieces(const struct slot *slot)
{
	return (uint64_t) (slot->load->settings->file_size /
					   slot->load->settings->size);
}

/*
 * READ.
 */

static void
send_read(struct slot *slot, const struct handle *file, uint64_t offset)
{
	READ3args	args = {.file = fh_of(file), .offset = offset,
						.count = (count3) slot->load->settings->size};

	engine_sent(slot, rpc_nfs3_read_async(slot->connection->rpc,
										  engine_answered, &args, slot));
}

static bool
read_receive(struct slot *slot, const void *answer)
{
	const READ3res *res = answer;

	slot->bytes += res->READ3res_u.resok.count;
	if (res->READ3res_u.resok.count != (count3) slot->load->settings->size)
		fatal("a short READ: %u bytes", res->READ3res_u.resok.count);
	return true;
}

/* All slots read one file together, then the next: as readahead does. */
static void
read_send(struct slot *slot)
{
	uint64_t	piece = slot->order % pieces(slot);
	uint64_t	file = slot->order / pieces(slot) % slot->load->file_count;

	send_read(slot, &slot->load->files[file],
			  piece * (uint64_t) slot->load->settings->size);
}

static void
read_random_send(struct slot *slot)
{
	if (slot->step == 0)
		slot->choice = slot_random(slot, slot->load->file_count * pieces(slot));
	send_read(slot, &slot->load->files[slot->choice / pieces(slot)],
			  slot->choice % pieces(slot) *
			  (uint64_t) slot->load->settings->size);
}

/*
 * WRITE, FILE_SYNC, at random places of the slot's own file.
 */
static void
write_send(struct slot *slot)
{
	size_t		size = (size_t) slot->load->settings->size;

	slot->bytes = 0;
	send_write(slot, &slot->load->files[slot->number],
			   slot_random(slot, pieces(slot)) * size, size, FILE_SYNC);
}

/*
 * New files, written from beginning to end: FILE_SYNC, or UNSTABLE with a
 * COMMIT now and then.  An operation is a call, and slot->choice is where the
 * slot is in its file: 0 makes a new one.
 */

static void
append_create(struct slot *slot)
{
	char		name[NAME_SIZE];

	snprintf(name, sizeof(name), "a%u.%llu", slot->number,
			 (unsigned long long) slot->serial);
	send_create(slot, &slot->load->directories[slot->number %
				(uint64_t) slot->load->settings->directories], name);
}

static bool
append_created(struct slot *slot, const void *answer)
{
	const CREATE3res *res = answer;

	handle_of_new(&slot->file, &res->CREATE3res_u.resok.obj);
	return false;
}

static void
prepare_append(struct load *load)
{
	setup_directories(load);
	prepare_data(load);
}

static void
append_send(struct slot *slot)
{
	size_t		size = (size_t) slot->load->settings->size;

	if (slot->step == 0 && slot->choice == 0)
		append_create(slot);
	else
	{
		slot->bytes = 0;
		send_write(slot, &slot->file, slot->choice * size, size, FILE_SYNC);
	}
}

static bool
append_receive(struct slot *slot, const void *answer)
{
	if (slot->step == 0 && slot->choice == 0)
		return append_created(slot, answer);
	slot->choice = (slot->choice + 1) % pieces(slot);
	return true;
}

/* An operation is up to 16 MiB and its COMMIT. */
static void
unstable_send(struct slot *slot)
{
	size_t		size = (size_t) slot->load->settings->size;
	COMMIT3args args = {.offset = 0, .count = 0};

	if (slot->choice == 0 && slot->step == 0)
		append_create(slot);
	else if (slot->cookie < WRITES_A_COMMIT)
	{
		slot->bytes = (slot->cookie) * size;
		send_write(slot, &slot->file, slot->choice * size, size, UNSTABLE);
	}
	else
	{
		args.file = fh_of(&slot->file);
		engine_sent(slot, rpc_nfs3_commit_async(slot->connection->rpc,
												engine_answered, &args, slot));
	}
}

static bool
unstable_receive(struct slot *slot, const void *answer)
{
	if (slot->choice == 0 && slot->step == 0)
		return append_created(slot, answer);
	if (slot->cookie < WRITES_A_COMMIT)
	{
		slot->cookie++;
		slot->choice++;
		return false;
	}
	slot->cookie = 0;
	if (slot->choice >= pieces(slot))
		slot->choice = 0;
	return true;
}

/*
 * What tar -x does with a small file: create it, write it, set its times.
 */

static void
untar_send(struct slot *slot)
{
	size_t		size = (size_t) slot->load->settings->size;
	char		name[NAME_SIZE];

	switch (slot->step)
	{
		case 0:
			snprintf(name, sizeof(name), "u%u.%llu", slot->number,
					 (unsigned long long) slot->serial);
			send_create(slot, &slot->load->directories[slot->order %
						(uint64_t) slot->load->settings->directories], name);
			break;
		case 1:
			slot->bytes = 0;
			send_write(slot, &slot->file, 0, size, FILE_SYNC);
			break;
		default:
			send_setattr(slot, &slot->file, 0600);
			break;
	}
}

static bool
untar_receive(struct slot *slot, const void *answer)
{
	if (slot->step == 0)
		return append_created(slot, answer);
	return slot->step == 2;
}

const struct workload workloads_data[] = {
	{"read", "READ of --size, one after the other, of --directories files of "
		"--file-size", prepare_shared_files, read_send, read_receive},
	{"read-random", "the same at random", prepare_shared_files,
		read_random_send, read_receive},
	{"write", "WRITE of --size, FILE_SYNC, at random in a file of --file-size "
		"for each call in flight", prepare_slot_files, write_send, NULL},
	{"append", "WRITE of --size, FILE_SYNC, to new files of --file-size",
	 prepare_append, append_send, append_receive},
	{"append-unstable",
	 "16 WRITEs of --size, UNSTABLE, and a COMMIT; new files "
	 "of --file-size",
	 prepare_append, unstable_send, unstable_receive},
	{"untar", "new files: CREATE, WRITE of --size, SETATTR", prepare_append,
	 untar_send, untar_receive},
	{NULL, NULL, NULL, NULL, NULL}};
