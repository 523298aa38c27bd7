/* SPDX-License-Identifier: PostgreSQL */
/*
 * run.h
 *	  What a call can be made on: a share behind gateways, or a directory.
 */
#ifndef RUN_H
#define RUN_H

#include "model.h"

struct place
{
	/*
	 * Makes the call; false: it names an object that was never made, or has
	 * no meaning here.  The result is kept (result_drop).
	 */
	bool		(*run) (struct place *place, struct model *model,
						struct call *call, struct result *result);
	/* An empty tree to begin with, described to the model. */
	void		(*begin) (struct place *place, struct model *model);
	/* May this status stand for that one?  NULL: never. */
	bool		(*tolerates) (const struct call *call, uint32_t got,
							  uint32_t want);
	int			compare;		/* COMPARE_ */
};

/*
 * A share: calls go to all gateways in turn, which must make no difference.
 */
struct nfs
{
	struct place place;
	struct client **clients;
	int			client_count;
	uint64_t	jukeboxes;		/* calls that were to be made again */
	uint64_t	whole_blocks;	/* WRITEs that covered one */
};

/* With a connection to each gateway, or with none as yet. */
extern struct nfs *nfs_open(void);
extern struct nfs *nfs_new(void);
/* The share, "/export" until it is set. */
extern const char *nfs_share;
/* Of the blocks of the store where its content goes; 0: it goes to none. */
extern uint32_t nfs_block_size;
/* On one connection; handles are those of the arguments. */
extern void nfs_call(struct nfs *nfs, struct client *client,
					 const struct call *call, const struct handle *object,
					 const struct handle *object2, struct result *result);
extern void nfs_become(struct client *client, int user);

/* A directory of a mounted file system (run_posix.c). */
extern struct place *posix_open(const char *directory);
extern void posix_close(struct place *place);

#endif							/* RUN_H */
