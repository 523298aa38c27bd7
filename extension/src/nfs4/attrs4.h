/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * attrs4.h
 *	  Attributes of NFSv4, by their bits: of objects, and as clients set them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_ATTRS4_H
#define DITTOFS_ATTRS4_H

#include "nfs4/compound.h"

/* What attributes are told of. */
typedef struct AttrSource
{
	const Op   *op;				/* NULL: a directory above the shares */
	const Fattr *attributes;
	uint64		change;
	uint64		mounted_on;
	uint32		error;			/* RDATTR_ERROR, of an entry */
	char		handle[HANDLE_LEN];

	/* of the share, read when first wanted */
	FsStat	   *stat;			/* may be shared by several; NULL: none */
	bool	   *has_stat;
} AttrSource;

/* Attributes of an object with this Fattr. */
extern void attrs_of_object(AttrSource *source, const Op *op,
							const Fattr *attributes);
/* Of a directory above the shares; attributes is filled in. */
extern void attrs_of_pseudo(AttrSource *source, const Caller *caller,
							const char *path, Fattr *attributes);
/* Of a filehandle.  STALE */
extern Status attrs_of_fh(const Compound *c, const Fh *fh, AttrSource *source,
						  Fattr *attributes);

/*
 * Which of the wanted attributes there are in this minor version.
 * NFS4ERR_INVAL: one of them can only be set.
 */
extern uint32 attrs_readable(const Compound *c, Bitmap *wanted);
/* Puts an "a": attributes that attrs_readable() has let through. */
extern void put_attrs(Compound *c, const Bitmap *wanted, AttrSource *source);
/* Bytes of XDR that put_attrs() takes at most. */
extern uint32 attrs_size(const Bitmap *wanted);

/*
 * Takes an "a" that sets attributes: which are set, and to what.  creation: of
 * a new object.  ATTRNOTSUPP; INVAL (one that cannot be set, or not so),
 * BADOWNER
 */
extern uint32 get_setattrs(Compound *c, bool creation, Bitmap *given,
						   SetAttrs *set);

/*
 * Takes an "a" and compares it with the current filehandle's.  ATTRNOTSUPP,
 * INVAL, STALE
 */
extern uint32 get_compared_attrs(Compound *c, bool *same);

#endif							/* DITTOFS_ATTRS4_H */
