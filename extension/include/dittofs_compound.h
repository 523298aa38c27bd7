/* SPDX-License-Identifier: PostgreSQL */
/*
 * dittofs_compound.h
 *	  Defines what the extension and the gateway must have alike of COMPOUND
 *	  (NFSv4.1 and 4.2: RFC 8881, RFC 7862, RFC 8276).
 *
 * The gateway turns the XDR of a COMPOUND into a program, dittofs.compound()
 * runs it, and the gateway turns the results into XDR.  Program and results are
 * made of the same fields as the XDR, in the same order, all integers
 * big-endian, but nothing is padded, and what an operation does not have is
 * left out.  So the gateway needs a signature for each operation and no
 * knowledge, and the extension needs no XDR.
 *
 * Letters of signatures:
 *
 *	i	uint32, also for enums and bools
 *	l	uint64
 *	o	opaque or string: uint32 length, then the bytes
 *	s	stateid: uint32 seqid, 12 bytes
 *	S	session id: 16 bytes
 *	v	verifier: 8 bytes
 *	b	bitmap: always NFS4_BITMAP_WORDS of uint32.  The gateway drops words
 *		beyond, and fills in zeros
 *	a	attributes: b, then "o" with their values, by ascending bit, each in the
 *		form that NFS4_ATTRIBUTES names
 *	c	change_info4: i atomic, l before, l after
 *	*	the operation has functions of its own on both sides; below
 *
 * The program:
 *
 *	i	version (NFS4_PROGRAM_VERSION)
 *	i	minor version
 *	l	digest of all of the COMPOUND's arguments (the slot's request: equal for
 *		a retransmission, different for another request)
 *	i	number of operations that the client has sent
 *	i	bytes of the whole request, as XDR
 *	i	bytes of the reply that are no operation's result: the RPC header,
 *		status, tag and number of results
 *	i	number of operations that follow; and for each
 *		i number, i length of its arguments, the arguments
 *
 * The results: uint32 status (that of the last operation), uint32 number of
 * results, and the results: uint32 number of the operation, uint32 status, and
 * the fields, as far as the status has some.
 *
 * What the gateway finds wrong in the arguments of an operation (BADXDR,
 * OP_ILLEGAL, an attribute without a form) becomes the operation
 * NFS4_OP_FAIL in its place, and the program ends there; the operations before
 * it run.  An operation that is not in NFS4_OPERATIONS is ILLEGAL.
 *
 * Bytes that would be copied needlessly travel beside the program and beside
 * the results, in one parameter and one column called data: each field that
 * says NFS4_DATA_BESIDE takes the next bytes of it.
 */
#ifndef DITTOFS_COMPOUND_H
#define DITTOFS_COMPOUND_H

#define NFS4_PROGRAM_VERSION	1
#define NFS4_BITMAP_WORDS		3
#define NFS4_SESSION_ID_LEN		16
#define NFS4_OTHER_LEN			12	/* of a stateid */
#define NFS4_VERIFIER_LEN		8
#define NFS4_OPAQUE_MAX			1024	/* owners of clients, opens and locks */

/* A session is offered these at most; the gateway refuses more operations. */
#define NFS4_OPS_MAX			64
#define NFS4_SLOTS_MAX			64

/*
 * Operations.  X(number, NAME, arguments, results, class)
 *
 * class: R it only reads, W it changes something that must be durable, S it
 * changes state that may be lost in a crash of the database (commits
 * asynchronously if nothing else in the COMPOUND is durable), D it moves data
 * and may be made twice.  The gateway chooses the lane by them; replies to W
 * and S are stored.
 */
#define NFS4_OPERATIONS(X) \
	X(3, ACCESS, "i", "ii", R) \
	X(4, CLOSE, "is", "s", S) \
	X(5, COMMIT, "li", "v", D) \
	X(6, CREATE, "*", "cb", W) \
	X(7, DELEGPURGE, "l", "", R)			/* NOTSUPP */ \
	X(8, DELEGRETURN, "s", "", R)			/* BAD_STATEID: there are none */ \
	X(9, GETATTR, "b", "a", R) \
	X(10, GETFH, "", "o", R) \
	X(11, LINK, "o", "c", W) \
	X(12, LOCK, "*", "*", W) \
	X(13, LOCKT, "illlo", "*", R)	/* type, offset, length, client, owner */ \
	X(14, LOCKU, "iisll", "s", W)	/* type, seqid, stateid, offset, length */ \
	X(15, LOOKUP, "o", "", R) \
	X(16, LOOKUPP, "", "", R) \
	X(17, NVERIFY, "a", "", R) \
	X(18, OPEN, "*", "*", S)		/* W if it creates or truncates */ \
	X(19, OPENATTR, "i", "", R)				/* NOTSUPP */ \
	X(21, OPEN_DOWNGRADE, "siii", "s", S) \
	X(22, PUTFH, "o", "", R) \
	X(23, PUTPUBFH, "", "", R) \
	X(24, PUTROOTFH, "", "", R) \
	X(25, READ, "sli", "*", D) \
	X(26, READDIR, "lviib", "*", R) \
	X(27, READLINK, "", "o", R) \
	X(28, REMOVE, "o", "c", W) \
	X(29, RENAME, "oo", "cc", W) \
	X(31, RESTOREFH, "", "", R) \
	X(32, SAVEFH, "", "", R) \
	X(33, SECINFO, "o", "*", R) \
	X(34, SETATTR, "sa", "b", W)	/* failed: its XDR has an empty one */ \
	X(37, VERIFY, "a", "", R) \
	X(38, WRITE, "*", "iiv", D) \
	X(40, BACKCHANNEL_CTL, "*", "", R) \
	X(41, BIND_CONN_TO_SESSION, "Sii", "Sii", R) \
	X(42, EXCHANGE_ID, "*", "*", W) \
	X(43, CREATE_SESSION, "*", "*", W) \
	X(44, DESTROY_SESSION, "S", "", W) \
	X(45, FREE_STATEID, "s", "", W) \
	X(46, GET_DIR_DELEGATION, "*", "*", R)	/* NOTSUPP */ \
	X(47, GETDEVICEINFO, "*", "*", R)		/* NOTSUPP, as all of pNFS */ \
	X(48, GETDEVICELIST, "*", "*", R) \
	X(49, LAYOUTCOMMIT, "*", "*", R) \
	X(50, LAYOUTGET, "*", "*", R) \
	X(51, LAYOUTRETURN, "*", "*", R) \
	X(52, SECINFO_NO_NAME, "i", "*", R) \
	X(53, SEQUENCE, "Siiii", "Siiiii", R)	/* seqid, slot, highest, cache */ \
	X(54, SET_SSV, "*", "*", R)				/* NOTSUPP */ \
	X(55, TEST_STATEID, "*", "*", R) \
	X(56, WANT_DELEGATION, "*", "*", R)		/* NOTSUPP */ \
	X(57, DESTROY_CLIENTID, "l", "", W) \
	X(58, RECLAIM_COMPLETE, "i", "", W) \
	X(59, ALLOCATE, "sll", "", W) \
	X(60, COPY, "*", "*", W) \
	X(61, COPY_NOTIFY, "*", "*", R)			/* NOTSUPP */ \
	X(62, DEALLOCATE, "sll", "", W) \
	X(63, IO_ADVISE, "sllb", "b", R) \
	X(64, LAYOUTERROR, "*", "*", R)			/* NOTSUPP */ \
	X(65, LAYOUTSTATS, "*", "*", R)			/* NOTSUPP */ \
	X(66, OFFLOAD_CANCEL, "s", "", R)		/* NOTSUPP: COPY is synchronous */ \
	X(67, OFFLOAD_STATUS, "s", "*", R)		/* NOTSUPP */ \
	X(68, READ_PLUS, "sli", "*", D) \
	X(69, SEEK, "sli", "il", R)				/* offset, what; eof, offset */ \
	X(70, WRITE_SAME, "*", "*", R)			/* NOTSUPP */ \
	X(71, CLONE, "sslll", "", W) \
	X(72, GETXATTR, "o", "o", R) \
	X(73, SETXATTR, "ioo", "c", W) \
	X(74, LISTXATTRS, "li", "*", R) \
	X(75, REMOVEXATTR, "o", "c", W) \
	X(10044, ILLEGAL, "", "", R)

/* Numbers as NFS4_OP_ACCESS */
#define NFS4_OP_NUMBER(number, name, arguments, results, class) \
	NFS4_OP_##name = number,
enum nfs4_op
{
	NFS4_OPERATIONS(NFS4_OP_NUMBER)
};

/*
 * i the number that the result is to have (the client's, or that of ILLEGAL), i
 * status: stop with it.
 */
#define NFS4_OP_FAIL			20001
/*
 * A WRITE whose whole blocks are in a store already (prepare_write): s, l
 * offset, i stable, i store, o blocks.  Its result is that of WRITE.
 */
#define NFS4_OP_WRITE_BLOCKS	20002

/*
 * Operations with functions of their own
 *
 * CREATE		i type (nfs_ftype4); NF4LNK: o target; NF4BLK, NF4CHR: i major,
 *				i minor; o name; a
 * LOCK			i type, i reclaim, l offset, l length, i new; new: i open_seqid,
 *				s open, i lock_seqid, l clientid, o owner; otherwise s lock,
 *				i lock_seqid.  Results: OK: s; DENIED: l offset, l length, i
 *				type, l clientid, o owner
 * LOCKT		results: DENIED as LOCK's
 * OPEN			i seqid, i access (with its WANT bits), i deny, l clientid,
 *				o owner, i create; create: i how; UNCHECKED, GUARDED: a;
 *				EXCLUSIVE: v; EXCLUSIVE4_1: v, a; i claim; NULL: o name;
 *				PREVIOUS: i; DELEGATE_CUR: s, o; DELEGATE_PREV: o; FH: nothing;
 *				DELEG_CUR_FH: s; DELEG_PREV_FH: nothing
 *				results: s, c, i rflags, b attrset, i delegation: NONE (0), or
 *				NONE_EXT (3) with i why and, for CONTENTION and RESOURCE, i
 * READ			results: i eof, i where: NFS4_DATA_HERE: o; NFS4_DATA_BESIDE: i
 *				length; NFS4_DATA_SEGMENTS: o segments (as prepare_read's),
 *				whose data is beside
 * WRITE		s, l offset, i stable, i where; HERE: o; BESIDE: i length
 * READDIR		cookie, verifier, dircount, maxcount, attributes.
 *				results: v, i number of entries; each: l cookie, o name, a; i
 *				eof
 * SECINFO, SECINFO_NO_NAME	results: i number of flavors, i each
 * BACKCHANNEL_CTL	i program; what follows is dropped
 * EXCHANGE_ID	v, o owner, i flags, i how (SP4_NONE, SP4_MACH_CRED: and
 *				then two b; SP4_SSV is NFS4_OP_FAIL ENCR_ALG_UNSUPP), i number
 *				of implementation ids (0, 1); 1: o domain, o name, l seconds, i
 *				ns results: l clientid, i sequence, i flags, i how (as asked;
 *				for MACH_CRED two b), l so_minor, o so_major, o scope, i 0
 * CREATE_SESSION	l clientid, i sequence, i flags, twice six i (headerpad,
 *				request, response, cached response, operations, requests), i
 *				program results: S, i sequence, i flags, twice six i
 * TEST_STATEID	i number (at most NFS4_OPS_MAX * 16), s each; results: the same
 *				with i each
 * COPY			s source, s destination, l source offset, l destination offset,
 *				l count, i consecutive, i synchronous, i number of source
 *				servers (not 0: NFS4_OP_FAIL NOTSUPP); results: i 0 (callback
 *				ids), l count, i committed, v, i consecutive, i synchronous
 * READ_PLUS	results: i eof, i number of pieces; each: i 0, l offset, then i
 *				where as READ's; or i 1, l offset, l length: a hole
 * LISTXATTRS	results: l cookie, i number, o each, i eof
 * OFFLOAD_STATUS and the like: what cannot be supported has no arguments in a
 *				program: the gateway makes them NFS4_OP_FAIL NOTSUPP
 */
#define NFS4_DATA_HERE		0
#define NFS4_DATA_BESIDE	1
#define NFS4_DATA_SEGMENTS	2

/*
 * Attributes (RFC 8881, 5.8; RFC 7862, 12.2; RFC 8276, 8.2): X(bit, NAME, form)
 *
 * Forms are letters as above; t is a nfstime4: l seconds, i nanoseconds.  T is
 * settime4: i how (0 the server's time, 1 the client's); 1: t.  Attributes that
 * are not here are not supported: in a mask they are ignored, in values they
 * are ATTRNOTSUPP.  Which of these a server tells, the extension knows.
 */
#define NFS4_ATTRIBUTES(X) \
	X(0, SUPPORTED_ATTRS, "b") \
	X(1, TYPE, "i") \
	X(2, FH_EXPIRE_TYPE, "i") \
	X(3, CHANGE, "l") \
	X(4, SIZE, "l") \
	X(5, LINK_SUPPORT, "i") \
	X(6, SYMLINK_SUPPORT, "i") \
	X(7, NAMED_ATTR, "i") \
	X(8, FSID, "ll") \
	X(9, UNIQUE_HANDLES, "i") \
	X(10, LEASE_TIME, "i") \
	X(11, RDATTR_ERROR, "i") \
	X(13, ACLSUPPORT, "i") \
	X(15, CANSETTIME, "i") \
	X(16, CASE_INSENSITIVE, "i") \
	X(17, CASE_PRESERVING, "i") \
	X(18, CHOWN_RESTRICTED, "i") \
	X(19, FILEHANDLE, "o") \
	X(20, FILEID, "l") \
	X(21, FILES_AVAIL, "l") \
	X(22, FILES_FREE, "l") \
	X(23, FILES_TOTAL, "l") \
	X(26, HOMOGENEOUS, "i") \
	X(27, MAXFILESIZE, "l") \
	X(28, MAXLINK, "i") \
	X(29, MAXNAME, "i") \
	X(30, MAXREAD, "l") \
	X(31, MAXWRITE, "l") \
	X(33, MODE, "i") \
	X(34, NO_TRUNC, "i") \
	X(35, NUMLINKS, "i") \
	X(36, OWNER, "o") \
	X(37, OWNER_GROUP, "o") \
	X(38, QUOTA_AVAIL_HARD, "l") \
	X(39, QUOTA_AVAIL_SOFT, "l") \
	X(40, QUOTA_USED, "l") \
	X(41, RAWDEV, "ii") \
	X(42, SPACE_AVAIL, "l") \
	X(43, SPACE_FREE, "l") \
	X(44, SPACE_TOTAL, "l") \
	X(45, SPACE_USED, "l") \
	X(47, TIME_ACCESS, "t") \
	X(48, TIME_ACCESS_SET, "T") \
	X(50, TIME_CREATE, "t") \
	X(51, TIME_DELTA, "t") \
	X(52, TIME_METADATA, "t") \
	X(53, TIME_MODIFY, "t") \
	X(54, TIME_MODIFY_SET, "T") \
	X(55, MOUNTED_ON_FILEID, "l") \
	X(62, FS_LAYOUT_TYPES, "i")			/* a count of 0 */ \
	X(65, LAYOUT_BLKSIZE, "i") \
	X(75, SUPPATTR_EXCLCREAT, "b") \
	X(77, CLONE_BLKSIZE, "i") \
	X(79, CHANGE_ATTR_TYPE, "i") \
	X(81, MODE_UMASK, "ii")				/* mode, umask: only set */ \
	X(82, XATTR_SUPPORT, "i")

/* Numbers of bits as NFS4_ATTR_TYPE */
#define NFS4_ATTR_NUMBER(bit, name, form) NFS4_ATTR_##name = bit,
enum nfs4_attr
{
	NFS4_ATTRIBUTES(NFS4_ATTR_NUMBER)
};

/*
 * nfsstat4 (RFC 8881, 15.1; RFC 7862, 11.1; RFC 8276, 8.5), as far as they are
 * no numbers of enum dittofs_status.
 */
enum nfs4_status
{
	NFS4_OK = 0,
	NFS4ERR_DELAY = 10008,
	NFS4ERR_SAME = 10009,
	NFS4ERR_DENIED = 10010,
	NFS4ERR_EXPIRED = 10011,
	NFS4ERR_LOCKED = 10012,
	NFS4ERR_GRACE = 10013,
	NFS4ERR_FHEXPIRED = 10014,
	NFS4ERR_SHARE_DENIED = 10015,
	NFS4ERR_WRONGSEC = 10016,
	NFS4ERR_CLID_INUSE = 10017,
	NFS4ERR_MOVED = 10019,
	NFS4ERR_NOFILEHANDLE = 10020,
	NFS4ERR_MINOR_VERS_MISMATCH = 10021,
	NFS4ERR_STALE_CLIENTID = 10022,
	NFS4ERR_STALE_STATEID = 10023,
	NFS4ERR_OLD_STATEID = 10024,
	NFS4ERR_BAD_STATEID = 10025,
	NFS4ERR_BAD_SEQID = 10026,
	NFS4ERR_NOT_SAME = 10027,
	NFS4ERR_LOCK_RANGE = 10028,
	NFS4ERR_SYMLINK = 10029,
	NFS4ERR_RESTOREFH = 10030,
	NFS4ERR_ATTRNOTSUPP = 10032,
	NFS4ERR_NO_GRACE = 10033,
	NFS4ERR_RECLAIM_BAD = 10034,
	NFS4ERR_BADXDR = 10036,
	NFS4ERR_LOCKS_HELD = 10037,
	NFS4ERR_OPENMODE = 10038,
	NFS4ERR_BADOWNER = 10039,
	NFS4ERR_BADCHAR = 10040,
	NFS4ERR_BADNAME = 10041,
	NFS4ERR_BAD_RANGE = 10042,
	NFS4ERR_LOCK_NOTSUPP = 10043,
	NFS4ERR_OP_ILLEGAL = 10044,
	NFS4ERR_DEADLOCK = 10045,
	NFS4ERR_FILE_OPEN = 10046,
	NFS4ERR_ADMIN_REVOKED = 10047,
	NFS4ERR_CB_PATH_DOWN = 10048,
	NFS4ERR_BADIOMODE = 10049,
	NFS4ERR_BADLAYOUT = 10050,
	NFS4ERR_BAD_SESSION_DIGEST = 10051,
	NFS4ERR_BADSESSION = 10052,
	NFS4ERR_BADSLOT = 10053,
	NFS4ERR_COMPLETE_ALREADY = 10054,
	NFS4ERR_CONN_NOT_BOUND_TO_SESSION = 10055,
	NFS4ERR_SEQ_MISORDERED = 10063,
	NFS4ERR_SEQUENCE_POS = 10064,
	NFS4ERR_REQ_TOO_BIG = 10065,
	NFS4ERR_REP_TOO_BIG = 10066,
	NFS4ERR_REP_TOO_BIG_TO_CACHE = 10067,
	NFS4ERR_RETRY_UNCACHED_REP = 10068,
	NFS4ERR_UNSAFE_COMPOUND = 10069,
	NFS4ERR_TOO_MANY_OPS = 10070,
	NFS4ERR_OP_NOT_IN_SESSION = 10071,
	NFS4ERR_HASH_ALG_UNSUPP = 10072,
	NFS4ERR_CLIENTID_BUSY = 10074,
	NFS4ERR_SEQ_FALSE_RETRY = 10076,
	NFS4ERR_BAD_HIGH_SLOT = 10077,
	NFS4ERR_DEADSESSION = 10078,
	NFS4ERR_ENCR_ALG_UNSUPP = 10079,
	NFS4ERR_NOT_ONLY_OP = 10081,
	NFS4ERR_WRONG_CRED = 10082,
	NFS4ERR_WRONG_TYPE = 10083,
	NFS4ERR_DIRDELEG_UNAVAIL = 10084,
	NFS4ERR_REJECT_DELEG = 10085,
	NFS4ERR_RETURNCONFLICT = 10086,
	NFS4ERR_DELEG_REVOKED = 10087,
	NFS4ERR_PARTNER_NOTSUPP = 10088,
	NFS4ERR_PARTNER_NO_AUTH = 10089,
	NFS4ERR_UNION_NOTSUPP = 10090,
	NFS4ERR_OFFLOAD_DENIED = 10091,
	NFS4ERR_WRONG_LFS = 10092,
	NFS4ERR_BADLABEL = 10093,
	NFS4ERR_OFFLOAD_NO_REQS = 10094,
	NFS4ERR_NOXATTR = 10095,
	NFS4ERR_XATTR2BIG = 10096
};

#endif							/* DITTOFS_COMPOUND_H */
