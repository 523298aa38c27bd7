/* SPDX-License-Identifier: PostgreSQL */
/*-------------------------------------------------------------------------
 *
 * operations.h
 *	  Declares the operations of a COMPOUND (compound.h), by the files that
 *	  have them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef DITTOFS_OPERATIONS_H
#define DITTOFS_OPERATIONS_H

#include "nfs4/compound.h"

/*
 * sessions4.c.  nfs4_sequence() is the first operation of a COMPOUND with a
 * session.  It sets the session's members of Compound, and replay if the
 * COMPOUND is a repetition.  If Compound.classes has one of CLASS_STORED it has
 * the slot to itself from then on, to the end of the transaction.
 */
extern uint32 nfs4_sequence(Compound *c);
/*
 * Called at the end of a COMPOUND with a session that has changed something:
 * the results are complete, and so is data.
 */
extern void nfs4_store(Compound *c);
extern uint32 nfs4_create_session(Compound *c);
extern uint32 nfs4_destroy_session(Compound *c);
extern uint32 nfs4_bind_conn_to_session(Compound *c);
extern uint32 nfs4_backchannel_ctl(Compound *c);

/* clients4.c */
extern uint32 nfs4_exchange_id(Compound *c);
extern uint32 nfs4_destroy_clientid(Compound *c);
extern uint32 nfs4_reclaim_complete(Compound *c);

/* opens4.c */
extern uint32 nfs4_open(Compound *c);
extern uint32 nfs4_close(Compound *c);
extern uint32 nfs4_open_downgrade(Compound *c);
extern uint32 nfs4_test_stateid(Compound *c);
extern uint32 nfs4_free_stateid(Compound *c);
extern uint32 nfs4_delegreturn(Compound *c);

/* locks4.c */
extern uint32 nfs4_lock(Compound *c);
extern uint32 nfs4_lockt(Compound *c);
extern uint32 nfs4_locku(Compound *c);

/* compound_names.c */
extern uint32 nfs4_putfh(Compound *c);
extern uint32 nfs4_putrootfh(Compound *c);
extern uint32 nfs4_getfh(Compound *c);
extern uint32 nfs4_savefh(Compound *c);
extern uint32 nfs4_restorefh(Compound *c);
extern uint32 nfs4_lookup(Compound *c);
extern uint32 nfs4_lookupp(Compound *c);
extern uint32 nfs4_readlink(Compound *c);
extern uint32 nfs4_create(Compound *c);
extern uint32 nfs4_remove(Compound *c);
extern uint32 nfs4_rename(Compound *c);
extern uint32 nfs4_link(Compound *c);
extern uint32 nfs4_secinfo(Compound *c);
extern uint32 nfs4_secinfo_no_name(Compound *c);

/* compound_attrs.c */
extern uint32 nfs4_access(Compound *c);
extern uint32 nfs4_getattr(Compound *c);
extern uint32 nfs4_setattr(Compound *c);
extern uint32 nfs4_verify(Compound *c);
extern uint32 nfs4_nverify(Compound *c);
extern uint32 nfs4_readdir(Compound *c);

/* compound_data.c */
extern uint32 nfs4_read(Compound *c);
extern uint32 nfs4_write(Compound *c);
extern uint32 nfs4_write_blocks(Compound *c);
extern uint32 nfs4_commit(Compound *c);
extern uint32 nfs4_allocate(Compound *c);
extern uint32 nfs4_deallocate(Compound *c);
extern uint32 nfs4_seek(Compound *c);
extern uint32 nfs4_read_plus(Compound *c);
extern uint32 nfs4_copy(Compound *c);
extern uint32 nfs4_clone(Compound *c);
extern uint32 nfs4_io_advise(Compound *c);

/* compound_xattrs.c */
extern uint32 nfs4_getxattr(Compound *c);
extern uint32 nfs4_setxattr(Compound *c);
extern uint32 nfs4_listxattrs(Compound *c);
extern uint32 nfs4_removexattr(Compound *c);

#endif							/* DITTOFS_OPERATIONS_H */
