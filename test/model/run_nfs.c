/* SPDX-License-Identifier: PostgreSQL */
/*
 * run_nfs.c
 *	  Makes calls on a share, one RPC after the other.
 *
 * A listing is one call here and several RPCs, in pages as large as the call
 * says.  JUKEBOX is no answer: the call is made again, as a client would.
 */
#include "run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compare.h"

const char *nfs_share = "/export";
uint32_t	nfs_block_size;

void
nfs_become(struct client *client, int user)
{
	become(client, users[user].uid, users[user].gid);
	for (int i = 0; i < users[user].group_count; i++)
		add_group(client, users[user].groups[i]);
}

/* Pages until the end, as one result. */
static struct result
list(struct client *client, const struct call *call,
	 const struct handle *dir)
{
	struct result all = {0};
	struct entry *entries = NULL;
	uint64_t	cookie = call->how == ONE_PAGE ? call->offset : 0;
	unsigned char verifier[8] = {0};
	int			count = 0;

	do
	{
		struct result page = call->procedure == NFS3_READDIR ?
			v3_readdir(client, dir, cookie, verifier, call->count) :
			v3_readdirplus(client, dir, cookie, verifier,
						   call->count / 2, call->count);

		if (count > 0 && page.status == NFS3_OK && page.entry_count == 0 &&
			!page.eof)
			bail_out("a page without entries that is not the last");
		if (page.status != NFS3_OK || count == 0)
		{
			all = page;
			all.entry_count = 0;
		}
		if (page.status != NFS3_OK)
			break;
		entries = realloc(entries, (size_t) (count + page.entry_count + 1) *
						  sizeof(struct entry));
		result_keep(&page);
		for (int i = 0; i < page.entry_count; i++)
			entries[count + i] = page.entries[i];
		count += page.entry_count;
		if (page.entry_count > 0)
			cookie = page.entries[page.entry_count - 1].cookie;
		memcpy(verifier, page.verifier, sizeof(verifier));
		all.eof = page.eof;
		free(page.entries);
		free((void *) page.data.data);
	} while (!all.eof && call->how != ONE_PAGE);
	if (all.status == NFS3_OK)
	{
		all.entries = entries;
		all.entry_count = count;
		return all;
	}
	for (int i = 0; i < count; i++)
		free((void *) entries[i].name.data);
	free(entries);
	all.entries = NULL;
	return all;
}

static bool
covers_a_block(const struct call *call)
{
	uint64_t	size = nfs_block_size;

	return call->procedure == NFS3_WRITE && size > 0 &&
		(call->offset + size - 1) / size * size + size <=
		call->offset + call->count;
}

static struct result
call_once(struct client *client, const struct call *call,
		  const struct handle *object, const struct handle *object2)
{
	struct blob name = name_bytes(call->name);
	unsigned char *bytes = NULL;
	char		verifier[NFS3_CREATEVERFSIZE];
	struct result result;

	if (call->procedure == NFS3_WRITE || call->procedure == NFS3_SYMLINK)
	{
		bytes = malloc(call->count + 1);
		call_bytes(call, bytes);
	}
	switch (call->procedure)
	{
		case NFS3_GETATTR:
			return v3_getattr(client, object);
		case NFS3_SETATTR:
			return v3_setattr(client, object, &call->set, call->guard_ctime);
		case NFS3_LOOKUP:
			return v3_lookup(client, object, name);
		case NFS3_ACCESS:
			return v3_access(client, object, call->how);
		case NFS3_READLINK:
			return v3_readlink(client, object);
		case NFS3_READ:
			return v3_read(client, object, call->offset, call->count);
		case NFS3_WRITE:
			result = v3_write(client, object, call->offset,
							  B(bytes, call->count), call->how);
			break;
		case NFS3_CREATE:
			call_verifier(call, verifier);
			return call->how == EXCLUSIVE ?
				v3_create_exclusive(client, object, name, verifier) :
				v3_create(client, object, name, call->how, &call->set);
		case NFS3_MKDIR:
			return v3_mkdir(client, object, name, &call->set);
		case NFS3_SYMLINK:
			result = v3_symlink(client, object, name, &call->set,
								B(bytes, call->count));
			break;
		case NFS3_MKNOD:
			return v3_mknod(client, object, name, call->how, &call->set,
							call->major, call->minor);
		case NFS3_REMOVE:
			return v3_remove(client, object, name);
		case NFS3_RMDIR:
			return v3_rmdir(client, object, name);
		case NFS3_RENAME:
			return v3_rename(client, object, name, object2,
							 name_bytes(call->name2));
		case NFS3_LINK:
			return v3_link(client, object, object2, name);
		case NFS3_COMMIT:
			return v3_commit(client, object, call->offset, call->count);
		default:
			bail_out("procedure %d cannot be called", call->procedure);
	}
	free(bytes);
	return result;
}

void
nfs_call(struct nfs *nfs, struct client *client, const struct call *call,
		 const struct handle *object, const struct handle *object2,
		 struct result *result)
{
	nfs_become(client, call->user);
	for (;;)
	{
		bool		listing = call->procedure == NFS3_READDIR ||
			call->procedure == NFS3_READDIRPLUS;

		*result = listing ? list(client, call, object) :
			call_once(client, call, object, object2);
		if (result->status != NFS3ERR_JUKEBOX)
		{
			if (listing)
				result->data = B(NULL, 0);
			else
				result_keep(result);
			if (result->status == NFS3_OK && covers_a_block(call))
				__atomic_add_fetch(&nfs->whole_blocks, 1, __ATOMIC_RELAXED);
			return;
		}
		__atomic_add_fetch(&nfs->jukeboxes, 1, __ATOMIC_RELAXED);
		usleep(100000);
	}
}

static bool
nfs_run(struct place *place, struct model *model, struct call *call,
		struct result *result)
{
	struct nfs *nfs = (struct nfs *) place;
	bool		two = call->procedure == NFS3_RENAME ||
		call->procedure == NFS3_LINK;
	struct node *object = model_node(model, call->object);
	struct node *object2 = two ? model_node(model, call->object2) : object;

	if (object == NULL || object2 == NULL)
		return false;
	call->guard_ctime = 0;
	if (call->guard == GUARD_RIGHT)
	{
		/* a guard must be known exactly */
		if (object->ctime.after + 1 != object->ctime.until)
			call->guard = GUARD_NONE;
		else
			call->guard_ctime = object->ctime.until;
	}
	else if (call->guard == GUARD_WRONG)
		call->guard_ctime = 1;
	nfs_call(nfs, nfs->clients[(int) call->number % nfs->client_count], call,
			 &object->handle, &object2->handle, result);
	return true;
}

/* A directory of its own for every tree, so that they do not meet. */
static void
nfs_begin(struct place *place, struct model *model)
{
	static int	trees;
	struct nfs *nfs = (struct nfs *) place;
	struct client *client = nfs->clients[0];
	struct node *root = model->root;
	struct handle export;
	struct attr attr;
	char		name[64];

	nfs_become(client, 0);
	export = root_of(client, nfs_share);
	snprintf(name, sizeof(name), "model.%d.%d", (int) getpid(),
			 __atomic_add_fetch(&trees, 1, __ATOMIC_RELAXED));
	root->handle = make_dir(client, &export, name, 0777);
	attr = v3_getattr(client, &root->handle).attr;
	root->mode = attr.mode;
	root->uid = attr.uid;
	root->gid = attr.gid;
	root->size = model->directory_size = attr.size;
	root->fileid = attr.fileid;
	root->mtime = (struct moment) {attr.mtime - 1, attr.mtime};
	root->ctime = (struct moment) {attr.ctime - 1, attr.ctime};
}

struct nfs *
nfs_new(void)
{
	struct nfs *nfs = calloc(1, sizeof(*nfs));

	nfs->place.run = nfs_run;
	nfs->place.begin = nfs_begin;
	nfs->place.compare = COMPARE_SERVER;
	return nfs;
}

struct nfs *
nfs_open(void)
{
	struct nfs *nfs = nfs_new();

	nfs->client_count = gateway_count();
	nfs->clients = calloc((size_t) nfs->client_count, sizeof(struct client *));
	for (int i = 0; i < nfs->client_count; i++)
		nfs->clients[i] = connect_to(i);
	return nfs;
}
