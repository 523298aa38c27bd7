-- SPDX-License-Identifier: PostgreSQL
-- What \d+, \df+, \dT+ and \dv+ show.
--
-- Of a function: what it does, what its parameters mean, what it returns and
-- which statuses or errors it can answer with.  Names of statuses are those of
-- RFC 1813 without NFS3ERR_.  BADHANDLE, STALE, ACCES and TOOWEAK can come from
-- every operation on a handle and are not repeated; NOSPC is the answer to
-- what would go beyond the share's limits, and to a name whose hash 256 others
-- of the directory have.

COMMENT ON SCHEMA dittofs IS 'A POSIX file system: its tables, and functions for gateways, administrators and people.';

-- Types

COMMENT ON TYPE dittofs.caller IS
$$The user that makes a call, and the address the call comes from. Text form, every key optional: 'uid=1000 gid=100 groups=4,27 client=10.0.0.7 port=871 auth=sys'; at most 16 groups. '' is a local root. A caller without client is local: rules about networks, ports and squashing do not apply to it.$$;
COMMENT ON TYPE dittofs.fattr IS
$$The attributes of a file, as of the transaction that returned them. dittofs.attributes() unfolds a fattr into columns.$$;
COMMENT ON TYPE dittofs.wcc IS
$$The attributes of a file before and after a change, of one transaction (RFC 1813, 2.6, wcc_data). dittofs.before() and dittofs.after() unfold a wcc.$$;
COMMENT ON TYPE dittofs.attributes IS 'The fields of a fattr. Times are nanoseconds since the epoch, sizes are bytes; mode has no file type bits.';
COMMENT ON TYPE dittofs.wcc_before IS 'The attributes that a wcc has from before the change.';
COMMENT ON TYPE dittofs.lookup_result IS 'Result of lookup(). A failure has dir_attributes, too, if the directory exists.';
COMMENT ON TYPE dittofs.file_result IS 'Result of get_file().';
COMMENT ON TYPE dittofs.change_result IS 'Result of an operation on one file or directory.';
COMMENT ON TYPE dittofs.access_result IS 'Result of check_permissions().';
COMMENT ON TYPE dittofs.create_result IS 'Result of an operation that makes a file: its handle, its attributes, the directory''s wcc.';
COMMENT ON TYPE dittofs.readlink_result IS 'Result of read_symlink().';
COMMENT ON TYPE dittofs.link_result IS 'Result of create_hard_link().';
COMMENT ON TYPE dittofs.move_result IS 'Result of move(): the wcc of both directories. A failure has them, too.';
COMMENT ON TYPE dittofs.directory_row IS 'A row of read_directory(): the first is the head (status, dir_attributes, eof), the others are entries.';
COMMENT ON TYPE dittofs.read_result IS 'Result of read(). eof: the file ends with this data.';
COMMENT ON TYPE dittofs.write_result IS 'Result of write(). committed: the stability reached, which is never weaker than the one asked for.';
COMMENT ON TYPE dittofs.commit_result IS 'Result of commit().';
COMMENT ON TYPE dittofs.prepare_read_result IS 'Result of prepare_read(): where each byte of the range is; extension/sql/README.md has the form of segments.';
COMMENT ON TYPE dittofs.prepare_write_result IS 'Result of prepare_write(): the store that takes the blocks, and for each block whether it has to be put there.';
COMMENT ON TYPE dittofs.merge_task IS 'Result of merge_next().';
COMMENT ON TYPE dittofs.capabilities_result IS 'Result of get_filesystem_capabilities(): the fields of FSINFO and PATHCONF.';
COMMENT ON TYPE dittofs.statistics_result IS 'Result of get_filesystem_statistics(): the fields of FSSTAT.';
COMMENT ON TYPE dittofs.mount_result IS 'Result of mount(). auth_none: the share takes callers without credentials.';

COMMENT ON FUNCTION dittofs.caller_in IS 'Input function of type caller. Errors: 22P02 unknown, repeated or malformed key; 54000 more than 16 groups.';
COMMENT ON FUNCTION dittofs.caller_out IS 'Output function of type caller.';
COMMENT ON FUNCTION dittofs.caller_recv IS 'Binary input function of type caller; extension/sql/README.md has the layout. Error: 22P03 the value has not this layout.';
COMMENT ON FUNCTION dittofs.caller_send IS 'Binary output function of type caller.';
COMMENT ON FUNCTION dittofs.fattr_in IS 'Refuses with 0A000: only functions make a fattr.';
COMMENT ON FUNCTION dittofs.fattr_out IS 'Output function of type fattr: key=value for each field.';
COMMENT ON FUNCTION dittofs.fattr_send IS 'Binary output function of type fattr: 84 bytes; extension/sql/README.md has the layout.';
COMMENT ON FUNCTION dittofs.wcc_in IS 'Refuses with 0A000: only functions make a wcc.';
COMMENT ON FUNCTION dittofs.wcc_out IS 'Output function of type wcc.';
COMMENT ON FUNCTION dittofs.wcc_send IS 'Binary output function of type wcc; extension/sql/README.md has the layout.';
COMMENT ON FUNCTION dittofs.attributes IS 'Unfolds a fattr into columns: (attributes(f)).size, or select (attributes(f)).*.';
COMMENT ON FUNCTION dittofs.before IS 'The attributes that a wcc has from before the change; NULL if none are known.';
COMMENT ON FUNCTION dittofs.after IS 'The attributes after the change; NULL if the file is gone or unknown.';

-- Operations

COMMENT ON FUNCTION dittofs.lookup IS
$$Finds a name in a directory (LOOKUP, RFC 1813, 3.3.3). '.' is the directory, '..' its parent; a share's root is its own parent. Returns the handle, its attributes and the directory's. Statuses: NOENT, NOTDIR, ACCES (no execute permission), INVAL, NAMETOOLONG.$$;
COMMENT ON FUNCTION dittofs.get_file IS $$Returns the attributes of a file (GETATTR, 3.3.1).$$;
COMMENT ON FUNCTION dittofs.set_file_attributes IS
$$Sets attributes (SETATTR, 3.3.2). An argument of NULL leaves its attribute as it is; a failure sets nothing. mode: bits beyond 07777 are ignored; size: in bytes; atime, mtime: nanoseconds, or *_now for the server's clock; guard: the ctime that the file must have. Statuses: NOT_SYNC (guard), PERM (the caller is not the owner), ACCES, ROFS, ISDIR and INVAL (the object has no size), FBIG, INVAL (an id is out of range), IO (a crash has lost the content, and size is not 0).$$;
COMMENT ON FUNCTION dittofs.check_permissions IS
$$Returns which of the wanted rights the caller has (ACCESS, 3.3.4). wanted, granted: 1 read, 2 lookup, 4 modify, 8 extend, 16 delete, 32 execute. A denied right is no failure.$$;
COMMENT ON FUNCTION dittofs.create_file IS
$$Makes a regular file (CREATE, 3.3.8). how: 'guarded' (the name must not exist), 'unchecked' (a file that exists is taken, and cut or grown if size is given), 'exclusive' (verifier: 8 bytes; a file that was made with the same verifier is taken). Attributes as in set_file_attributes(); mode defaults to 0644. Statuses: EXIST, NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, FBIG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.create_directory IS
$$Makes a directory (MKDIR, 3.3.9); mode defaults to 0755. In a set-gid directory the new one inherits group and bit. Statuses: EXIST, NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.create_symlink IS
$$Makes a symbolic link (SYMLINK, 3.3.10). target: 1 to 4095 bytes, not interpreted. Statuses: EXIST, NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.create_special_file IS
$$Makes a FIFO, socket or device (MKNOD, 3.3.11). kind: 'fifo', 'socket', 'block', 'character'; rdev_*: of devices. Statuses: BADTYPE (another kind), PERM (a device, and the caller is not root), EXIST, NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.read_symlink IS
$$Returns the target of a symbolic link (READLINK, 3.3.5). Status: INVAL (the object is no symbolic link).$$;
COMMENT ON FUNCTION dittofs.create_hard_link IS
$$Gives a file another name (LINK, 3.3.15). handle: the file; dir, name: the new entry. Statuses: ISDIR, EXIST, XDEV (another share), MLINK (2147483647 names), NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.remove_file IS
$$Removes a name (REMOVE, 3.3.12). With its last name the file is gone. Little content is deleted at once, much by reap(). Statuses: NOENT, ISDIR, NOTDIR, ACCES, PERM (sticky directory), ROFS, INVAL, NAMETOOLONG.$$;
COMMENT ON FUNCTION dittofs.remove_directory IS
$$Removes an empty directory (RMDIR, 3.3.13). Statuses: NOTEMPTY, NOENT, NOTDIR, EXIST ('..'), INVAL ('.'), ACCES, PERM (sticky directory), ROFS, NAMETOOLONG.$$;
COMMENT ON FUNCTION dittofs.move IS
$$Renames a file or directory (RENAME, 3.3.14). An object that has the new name is replaced in the same step. If both names are of one file, nothing changes. Statuses: NOENT, NOTDIR, ISDIR, NOTEMPTY (the directory replaced), XDEV (another share), INVAL ('.', '..', into itself), ACCES, PERM (sticky directory), ROFS, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.read_directory IS
$$Returns a page of a directory (READDIR and READDIRPLUS, 3.3.16, 3.3.17): first a row with status, dir_attributes and eof, then the entries after cookie (0: from the start), '.' and '..' first. dircount bounds names, fileids and cookies, maxcount the whole reply, in bytes of XDR. attributes: with attributes and handles, if the caller may search the directory. An entry keeps its cookie as long as it exists. Statuses: NOTDIR, ACCES (no read permission), TOOSMALL, BAD_COOKIE.$$;
COMMENT ON FUNCTION dittofs.read IS
$$Reads count bytes from offset, at most rtmax of the share (READ, 3.3.6). Past the end of the file it returns no bytes and eof. Statuses: ISDIR, INVAL (no regular file, a negative argument), ACCES, IO (a crash has lost content that was in memory), ELSEWHERE (some of the content is in a store: call prepare_read()).$$;
COMMENT ON FUNCTION dittofs.write IS
$$Writes data at offset (WRITE, 3.3.7). stability: 'unstable' (commit() will flush it), 'data_sync', 'file_sync'. Returns the number of bytes written, the stability reached and the write verifier. Statuses: ISDIR, INVAL (no regular file), ACCES, ROFS, FBIG, NOSPC (the share's limit), IO (a crash has lost content that was in memory). A full disk is an error, 53100.$$;
COMMENT ON FUNCTION dittofs.commit IS
$$Flushes all unstable writes, whatever offset and count (COMMIT, 3.3.21). They are stable when the transaction has committed. Returns the write verifier: if it differs from the one that the writes returned, they must be repeated. Statuses: ISDIR, INVAL, ACCES, ROFS.$$;
COMMENT ON FUNCTION dittofs.prepare_read IS
$$Reads as read() does, for a gateway: content in a store is named and not fetched. segments say for each stretch of the range, in order, whether it is zeros, the next bytes of data, or bytes of a block (extension/sql/README.md). Statuses as read().$$;
COMMENT ON FUNCTION dittofs.prepare_write IS
$$The first half of a write whose bytes go to a store. blocks: hash, length and sums of blocks that follow each other from offset on. Claims them, so that garbage collection leaves them, and returns the store and for each block a byte: 0 it is stored already, 1 put it there, 2 it is being deleted, ask again soon. The file is not changed. Statuses as write(), and NOTSUPP: the share's content is in no store, use write().$$;
COMMENT ON FUNCTION dittofs.commit_write IS
$$Does the second half of a write: the blocks are in the store and become the file's content from offset on; size, times and mode follow, as after write(). Repeating it does no harm. Statuses as write(), and JUKEBOX: a block is not known or is being deleted; begin again with prepare_write().$$;
COMMENT ON FUNCTION dittofs.claim_blocks IS
$$Claims blocks as prepare_write() does, for a pass that makes blocks of content that files have already. NULL: there is no such store, or blocks is malformed.$$;
COMMENT ON FUNCTION dittofs.merge_next IS
$$Returns the next task of the background pass that moves content to where it belongs; for a minute no other gateway gets the file. action 'block': make a block of segments and data (as prepare_read() returns them), call claim_blocks(), put it, call merge_commit(). 'fetch': pass the same bytes to merge_store(). 'none': the call has done something itself; ask again. Status NOENT: there is nothing to do; ask again after wait_ms.$$;
COMMENT ON FUNCTION dittofs.merge_commit IS
$$Ends a task of action 'block': blocks that are in the store take the place of the content that the task was made of; the file's content, size, used and times stay as they are. Returns a status: JUKEBOX the file was written meanwhile, or a block is not there: nothing has changed, forget the task. STALE the file is gone.$$;
COMMENT ON FUNCTION dittofs.merge_store IS
$$Ends a task of action 'fetch': data takes the place of blocks. Statuses as merge_commit().$$;
COMMENT ON FUNCTION dittofs.gc IS
$$Looks for blocks that no file refers to. Returns for each store how many blocks there are, how many are unreferenced, how many are due (unreferenced for longer than the setting content_retention) and how many are being deleted. Deletes nothing: gateways delete, which call gc_next() now and then.$$;
COMMENT ON FUNCTION dittofs.gc_next IS
$$Returns up to max blocks that are due, which are 'deleting' from now on: delete them from their stores, beginning within ten minutes, and call gc_done(). No rows: no garbage is old enough. A call looks at a few thousand blocks and notes where it ended; a row of nulls says that it has not come to the end: ask again at once.$$;
COMMENT ON FUNCTION dittofs.gc_done IS
$$Forgets blocks that gc_next() or gc_adopt() named and that are deleted now. hashes: one after the other. Returns their number.$$;
COMMENT ON FUNCTION dittofs.gc_adopt IS
$$Takes hashes of blocks that have been in a store for longer than the retention, and returns those that the database does not know, as after the restoration of a backup. They are 'deleting' from now on, like those of gc_next().$$;
COMMENT ON FUNCTION dittofs.stored_block_list IS
$$Blocks that are in a store, with length and sums: up to max of them after a position, which is that of the last row before, or ''. share: only those that files of this share refer to, in the order of files; a block comes as often as it is used, length and sums are null if the database does not know it, and a row with nothing but a position says that there may be more. No rows: that was all.$$;
COMMENT ON FUNCTION dittofs.block_users IS
$$Returns the files that refer to a block: share, handle, path of one of its names below the share, offset and length in the file. Takes time in proportion to the tables.$$;
COMMENT ON FUNCTION dittofs.content_hints IS
$$Where the content of each share goes: its kind, store, block size and the share's name; and a row with store and store_id only for each store that no share has, but files may. What a gateway remembers of it may be out of date without harm. And whose the store is (content_store_marks): state 'new' (never used), 'own', 'adopting', 'copy' (this database is a copy of the owner), 'unknown'; turn: the marker is due to get the next ticket.$$;
COMMENT ON FUNCTION dittofs.this_database IS
$$Returns the identifier of the cluster and the OID of this database. A restored, cloned or upgraded database has others; a standby has those of its primary.$$;
COMMENT ON FUNCTION dittofs.adopt_content_store IS
$$Makes a content store this database's alone, whatever database its marker names: after a restore, after pg_upgrade, for a clone that takes over, or when the marker was lost. First make sure that the right place is mounted, and that no other database uses the store any more: another database is refused from then on. A gateway writes the marker within seconds. Errors: 42704 there is no such store, 22004 NULL.$$;
COMMENT ON FUNCTION dittofs.attach_content_store IS
$$Lets a clone of a database read the blocks of the original's store. The clone never puts, deletes or lists a block: new content stays in its database. Reading works while the owner keeps the blocks, so the owner's content_retention must be longer than the clone is used. read_only => false ends that; then adopt_content_store() may make the store this database's. Errors: 42704 there is no such store, 22004 NULL.$$;
COMMENT ON FUNCTION dittofs.content_store_marked IS
$$For gateways: says that a store's marker now has this ticket, which was the next one. NULL: another gateway has said so before.$$;
COMMENT ON FUNCTION dittofs.create_content_store IS
$$Makes a store that shares can have their content in; returns its number. name: the one that the gateways' configuration uses (up to 63 lower-case letters, digits, _ and -). kind: 'filesystem', 's3'. Errors: 42710 it exists, 42602 the name is invalid, 22023 the kind is unknown.$$;
COMMENT ON FUNCTION dittofs.drop_content_store IS
$$Drops the name of a store. Errors: 2BP01 a share has it, or there are blocks in it; 42704 it does not exist.$$;
COMMENT ON FUNCTION dittofs.list_content_stores IS
$$Lists the stores: how many shares have each, how many blocks and bytes are in it, and whose it is: state is as in content_hints(), or 'read only'.$$;
COMMENT ON FUNCTION dittofs.get_filesystem_capabilities IS
$$Returns the limits and properties of a share (FSINFO and PATHCONF, 3.3.19, 3.3.20). handle: any object of the share. Sizes are bytes, time_delta nanoseconds; properties: 1 LINK, 2 SYMLINK, 8 HOMOGENEOUS, 16 CANSETTIME.$$;
COMMENT ON FUNCTION dittofs.get_filesystem_statistics IS
$$Returns how full the share is (FSSTAT, 3.3.18). handle: any object of the share. The totals are the share's limits or, if it has none, the settings capacity_bytes and capacity_inodes; invarsec is 0: the numbers are of this moment.$$;
COMMENT ON FUNCTION dittofs.write_verifier IS
$$Returns eight bytes, the same in all sessions. They change when unstable writes may have been lost: after a restart, a crash or a fail-over.$$;
COMMENT ON FUNCTION dittofs.lock_objects IS
$$Locks the objects of several handles of 33 bytes, one behind the other: directories first, in the order of their ids, then the rest. A gateway calls it before a batch whose calls would lock in another order. Objects that do not exist are left out.$$;
COMMENT ON FUNCTION dittofs.reap IS
$$Deletes up to max_blocks blocks of removed files, and entries and inodes of shares that were dropped by force; returns how many it deleted (0: there is nothing to do). Empties the oldest table of replies, too. Gateways call it; calls at the same time take different files.$$;
COMMENT ON FUNCTION dittofs.fsck IS
$$Checks all tables. Returns a row for each violation of an invariant, with the rule and the object (the id of an inode, directory id and name of an entry, the number of a share); no rows: all is well. Reads one snapshot, takes time in proportion to the tables, locks and changes nothing. It runs on a standby, too, and does not see content in memory there. After a crash it reports shares of kind memory, whose content is lost. fsck_repair() repairs.$$;
COMMENT ON FUNCTION dittofs.fsck_reachable IS 'For fsck(): returns the directories that can be reached from the roots of their shares.';
COMMENT ON FUNCTION dittofs.fsck_memory_blocks IS 'For fsck(): content in memory, without the data; none on a standby.';
COMMENT ON FUNCTION dittofs.fsck_memory_lives IS 'For fsck(): which lives content in memory may have; none on a standby.';
COMMENT ON FUNCTION dittofs.fsck_repair IS
$$Repairs what fsck() reports where nothing can be lost by it, in the caller's transaction, and says what it did: the rule that was broken, the object, the action. The last rows, 'not repaired: ...', are what is left and what a person could do about it. Inodes without a name and unreachable directories are put into lost+found of their share's root. It locks the inodes that are concerned until the transaction ends, and waits for changes of them that are under way (lock_timeout bounds that); all others can be changed. Errors: 25001 not in READ COMMITTED, or in a gateway's session.$$;
COMMENT ON FUNCTION dittofs.fsck_repair_check IS 'For fsck_repair() and its parts: refuses a gateway''s session, and a transaction that was one''s, whose changes wait for the commit.';
COMMENT ON FUNCTION dittofs.fsck_advance IS 'For fsck_repair(): moves a sequence to a number that is used, without taking back what others were given.';
COMMENT ON FUNCTION dittofs.fsck_lock IS 'For fsck_repair(): locks these inodes, and what of them waits for the reaper.';
COMMENT ON FUNCTION dittofs.fsck_repair_inodes IS 'A part of fsck_repair(), which has locked what was found wrong: inodes by themselves, roots.';
COMMENT ON FUNCTION dittofs.fsck_repair_entries IS 'A part of fsck_repair(), which has locked what was found wrong: entries, and where directories are.';
COMMENT ON FUNCTION dittofs.fsck_repair_links IS 'A part of fsck_repair(), which has locked what was found wrong: what no root leads to, link counts.';
COMMENT ON FUNCTION dittofs.fsck_repair_content IS 'A part of fsck_repair(), which has locked what was found wrong: content.';
COMMENT ON FUNCTION dittofs.fsck_repair_xattrs IS
$$A part of fsck_repair(): extended attributes. ids: the inodes and attributes that are broken.$$;
COMMENT ON FUNCTION dittofs.fsck_repair_locks IS 'A part of fsck_repair(), which has locked what was found wrong: locks, and the clients'' counts of them.';
COMMENT ON FUNCTION dittofs.fsck_repair_accounts IS 'A part of fsck_repair(): settings, accounts of space.';
COMMENT ON FUNCTION dittofs.fsck_loops IS 'For fsck_repair(): one directory of each loop of directories, and its parent.';
COMMENT ON FUNCTION dittofs.fsck_part IS 'For fsck() and fsck_repair(): the part of the repair that a rule belongs to: names, content, locks, accounts.';
COMMENT ON FUNCTION dittofs.fsck_parts IS 'For fsck() and fsck_repair(): violations of the rules of these parts; NULL: of all.';
COMMENT ON FUNCTION dittofs.fsck_rescue IS 'For fsck_repair(): enters an inode into lost+found of its share and returns its path; NULL where there can be none.';
COMMENT ON FUNCTION dittofs.fsck_attach IS 'For fsck_repair(): enters an inode into a directory; false if the name is none or is taken.';
COMMENT ON FUNCTION dittofs.fsck_tick IS 'For fsck_repair(): returns the time of a change to an inode whose last change was at ctime.';
COMMENT ON FUNCTION dittofs.fsck_advice IS 'For fsck_repair(): what a person could do about a violation of this rule.';
COMMENT ON FUNCTION dittofs.status_name IS
$$Returns the name of a status, like NOENT for 2; NULL: no status has this number.$$;

-- Handles

COMMENT ON FUNCTION dittofs.handle_to_text IS
$$Writes a handle as text: base64 of {"share": name, "id": uuid}. Errors: 22023 the value is no handle; 42704 its share does not exist.$$;
COMMENT ON FUNCTION dittofs.handle_from_text IS
$$Reads a handle that handle_to_text() wrote. Errors: 22P02 the text is malformed; 42704 there is no such share.$$;
COMMENT ON FUNCTION dittofs.get_share_name_for_handle IS
$$Returns the name of the share that a handle belongs to; NULL: it is no handle, or the share does not exist.$$;

-- Mounting

COMMENT ON FUNCTION dittofs.mount IS
$$Returns the handle of a share or of a directory in it (MNT, RFC 1813, 5.2.1), and records that the client has mounted it, by its path without '..' (of a client the latest 32 directories, of all clients 10,000, for 100 days). Of nested shares the one with the longest name counts. Only the address and port of the caller are checked. '..' does not lead out of the share, symbolic links are not followed. Statuses: NOENT, NOTDIR, ACCES, NAMETOOLONG.$$;
COMMENT ON FUNCTION dittofs.unmount IS
$$Forgets that the caller's address has mounted this path (UMNT, 5.2.3). Returns the number of records removed.$$;
COMMENT ON FUNCTION dittofs.unmount_all IS
$$Forgets all mounts of the caller's address (UMNTALL, 5.2.4). Returns the number of records removed.$$;
COMMENT ON FUNCTION dittofs.list_mounts IS
$$Lists which client has mounted which path, as clients said (DUMP, 5.2.2). max_bytes: the list ends before it is larger, at 64 bytes a row and its text; NULL: no limit.$$;
COMMENT ON FUNCTION dittofs.list_exports IS
$$Lists the shares and the networks that may mount them; no networks: every client may (EXPORT, 5.2.5). max_bytes as for list_mounts.$$;

-- Shares, settings, health

COMMENT ON FUNCTION dittofs.create_share IS
$$Makes a share and returns the handle of its root. name: the path that clients mount. content: where new content goes: 'postgres', 'memory' (emptied by a crash), 'filesystem' or 's3', which need a content_store of that kind. block_size: of blocks there, a power of two from 128 KiB to 4 MiB. compression of content in the database: 'none', 'lz4'. max_bytes, max_inodes: limits, NULL or 0 for none. squash: 'none', 'root' or 'all' network callers become anonuid and anongid. allowed_clients: addresses and networks, none for all clients; denied_clients is stronger. require_privileged_port: the client's port must be below 1024. allow_auth_none: takes callers without credentials, as anonuid. atime: 'off', 'relative', 'strict'. root_*: of the root directory; root_mode is octal, as of mkdir(). For the first share of a database a NOTICE tells if no client can create files in the root directory, as with the defaults: it belongs to uid 0, and squash 'root' makes a client's root another user; squash => 'none' lets root be root. Errors: 42602 name, 42710 name is taken, 22023 another argument, 22004 NULL.$$;
COMMENT ON FUNCTION dittofs.alter_share IS
$$Changes options of a share (see create_share); NULL leaves one as it is. new_name: clients that have mounted it keep their handles. content (with content_store, where it needs one): new content goes there, and gateways move what there is; a limit of 0: none. It holds for every call that begins after the commit. Errors as create_share; 42704 there is no such share.$$;
COMMENT ON FUNCTION dittofs.drop_share IS
$$Drops a share. force: with all files in it. From then on clients that have mounted it are told STALE. No transaction waits: the files are deleted by reap(), which gateways call, in slices (dropped_shares shows the rest). Errors: 42704 there is no such share; 2BP01 there are files in it and force is not given.$$;
COMMENT ON FUNCTION dittofs.create_root_directory IS
$$Returns handle and attributes of a share's root; makes the root if it is missing, with this owner and mode (octal). Statuses: NOENT (no such share), INVAL.$$;
COMMENT ON FUNCTION dittofs.list_shares IS
$$Lists the shares with their options, their bytes and inodes (the root included) and the handles of their roots.$$;
COMMENT ON FUNCTION dittofs.set_filesystem_capabilities IS
$$Changes what get_filesystem_capabilities() returns, and read() and write() obey. An argument of NULL leaves its value as it is. rt*, wt*, dtpref: multiples of 4096 up to 1 MiB; maxfilesize: bytes. Clients ask when they mount. Errors: 42704 there is no such share; 22023 a value is out of range.$$;
COMMENT ON FUNCTION dittofs.get_server_config IS
$$Lists all settings with their values, defaults and descriptions.$$;
COMMENT ON FUNCTION dittofs.set_server_config IS
$$Changes a setting; a value of NULL brings back the default. Errors: 42704 there is no such setting; 22023.$$;
COMMENT ON FUNCTION dittofs.healthcheck IS
$$Returns the extension's version, whether this server is a standby, the number of shares, and the write verifier.$$;

COMMENT ON FUNCTION dittofs.shares_changed IS 'Trigger: tells all sessions to read the shares again.';
COMMENT ON FUNCTION dittofs.guard_drop IS
$$Event trigger: while shares have files, refuses every command that would drop the extension (DROP EXTENSION, also of one that dittofs needs; DROP SCHEMA; DROP OWNED), unless a superuser has set dittofs.allow_drop. Error: 2BP01.$$;
COMMENT ON FUNCTION dittofs.watch_drops IS
$$For dittofs.guard_drop(): makes the library watch what the command that begins is going to drop.$$;
COMMENT ON EVENT TRIGGER dittofs_guard_drop IS 'Refuses to drop the extension while shares have files in them.';
COMMENT ON FUNCTION dittofs.guard_tables IS
$$Event trigger: calls check_tables() and check_object() after a command that may concern the tables, or what else belongs to the extension.$$;
COMMENT ON EVENT TRIGGER dittofs_guard_tables IS 'Refuses on tables of dittofs what it cannot honour: triggers, foreign keys, rules and the like.';
COMMENT ON FUNCTION dittofs.check_object IS
$$For the event trigger: raises an error if an object of the extension has another name, schema or owner than before, or has been replaced; if a publication could not pass on changes of a table; or if an object in the extension's schema is not the extension's, since it could be taken for one that is.$$;
COMMENT ON FUNCTION dittofs.check_tables IS
$$Looks at tables and result types that this transaction has altered. Error: 55000 dittofs cannot work with one; the hint says what to do instead.$$;
COMMENT ON FUNCTION dittofs.guard_truncate IS
$$Trigger: refuses to TRUNCATE a table with rows that files need. Error: 55000.$$;

-- For people

COMMENT ON FUNCTION dittofs.kind_name IS 'The name of a kind of file: regular, directory, block, character, symlink, socket, fifo.';
COMMENT ON FUNCTION dittofs.mode_to_text IS 'Mode bits in octal, as 0755.';
COMMENT ON FUNCTION dittofs.name_to_text IS
$$A name as text: as it is where it is valid in the database's encoding, otherwise with \ooo (octal) for bytes above 127; a backslash is doubled.$$;
COMMENT ON FUNCTION dittofs.name_from_text IS
$$Returns the bytes of a name that name_to_text() wrote. Error: 22P02 a backslash begins neither \\ nor \ooo.$$;
COMMENT ON FUNCTION dittofs.time_to_timestamp IS 'Nanoseconds since the epoch as a timestamp, which has microseconds.';
COMMENT ON FUNCTION dittofs.resolve IS
$$Returns the handle of the object that a path names. A path begins with the name of a share; symbolic links are not followed. Errors: 58P01 no such file, 42501 permission denied, 42809 not a directory, 22023 the path is malformed.$$;
COMMENT ON FUNCTION dittofs.stat IS
$$Returns the attributes of the object that a path names; a symbolic link is not followed. rdev: 'major,minor' of a device. Errors as resolve().$$;
COMMENT ON FUNCTION dittofs.ls IS
$$Lists the entries of a directory by name, or one file. Errors as resolve().$$;
COMMENT ON FUNCTION dittofs.tree IS
$$Lists a directory and everything below it, each directory before its entries. root: where to begin. Errors as resolve().$$;
COMMENT ON FUNCTION dittofs.read_file IS
$$Returns the content of a file from offset: count bytes, or all. Errors as resolve(); 42809 a directory, 54000 more than a value can hold (1 GB).$$;
COMMENT ON FUNCTION dittofs.write_file IS
$$Makes a file with this content, or replaces the content of an existing one. mode: of a new file. Errors as resolve(); 25006 read-only share.$$;
COMMENT ON FUNCTION dittofs.mkdir IS
$$Makes a directory. parents: also makes the directories above it, and is no error if the directory exists. Errors as resolve(); 58P02 it exists.$$;
COMMENT ON FUNCTION dittofs.rm IS
$$Removes a name of a file. recursive: removes a directory with everything in it, in one transaction; this takes time in proportion to the directory and a bounded amount of memory. Errors as resolve(); 42809 a directory.$$;
COMMENT ON FUNCTION dittofs.rmdir IS
$$Removes an empty directory. Errors as resolve(); 55000 it is not empty.$$;
COMMENT ON FUNCTION dittofs.mv IS
$$Renames source to target, which is the new path itself and not a directory to move into; a file that has this path is replaced. Errors as resolve(); 22023 into itself, 0A000 another share, 55000 target is a directory with entries.$$;
COMMENT ON FUNCTION dittofs.ln IS
$$Gives an existing file another name. Errors as resolve(); 58P02 the name exists, 42809 a directory, 0A000 another share.$$;
COMMENT ON FUNCTION dittofs.symlink IS
$$Makes a symbolic link at path. target: any text, written like a path. Errors as resolve(); 58P02 the name exists.$$;
COMMENT ON FUNCTION dittofs.readlink IS
$$Returns the target of a symbolic link. Errors as resolve(); 22023 it is no symbolic link.$$;
COMMENT ON FUNCTION dittofs.chmod IS
$$Sets the mode, given in octal text. Errors as resolve(); 42501 the caller is not the owner, 22023 the mode is malformed.$$;
COMMENT ON FUNCTION dittofs.getxattr IS
$$Returns the value of an extended attribute. name: without the "user." that Linux writes in front of it. A caller that may read the file may read its attributes.$$;
COMMENT ON FUNCTION dittofs.setxattr IS
$$Sets an extended attribute of a file or a directory. how: 'either'; 'create' (it must not exist), or 'replace' (it must). A name can have 250 bytes, a value 65536; an object can have 256 attributes, of 1 MiB together.$$;
COMMENT ON FUNCTION dittofs.removexattr IS
$$Removes an extended attribute.$$;
COMMENT ON FUNCTION dittofs.listxattr IS
$$Returns the names of the extended attributes of a file or a directory, in the order in which they were made, and the number of bytes of each value.$$;
COMMENT ON FUNCTION dittofs.seek_data IS
$$Returns the first offset from the given one on at which the file has data. NULL: it has none up to its end. In a file with very many rows more may be said to be data than is.$$;
COMMENT ON FUNCTION dittofs.seek_hole IS
$$Returns the first offset from the given one on at which a hole is; the end of the file begins one. NULL: the offset is not within the file. In a file with very many rows more may be said to be data than is.$$;
COMMENT ON FUNCTION dittofs.punch_hole IS
$$Makes what of a range is within the file a hole, which reads as zeros and takes no space. It takes no longer for a large range: reap() deletes what was there.$$;
COMMENT ON FUNCTION dittofs.allocate IS
$$Makes the file at least as long as the range, and fails if there is no room for the range in the share at the moment. It keeps no room: a later write may fail all the same.$$;
COMMENT ON FUNCTION dittofs.copy_range IS
$$Copies bytes of a file to a place in another one, or in the same one. count 0: up to the end of the source. Returns how many bytes it has copied, which may be fewer: go on behind them. Holes stay holes, and blocks of a store are shared.$$;
COMMENT ON FUNCTION dittofs.clone_range IS
$$Copies all of the range or nothing, at one moment. count 0: up to the end of the source. It is refused where the range has more than 4096 pages (33 MB) in the database or 10000 pieces of blocks in a store. Blocks of a store are shared.$$;
COMMENT ON FUNCTION dittofs.chown IS
$$Sets owner and group. An argument of NULL leaves its attribute as it is. Errors as resolve(); 42501 permission denied.$$;

-- Tables and views

COMMENT ON TABLE dittofs.shares IS 'File systems that clients can mount.';
COMMENT ON COLUMN dittofs.shares.share_uuid IS 'The share in handles; it survives renaming, dump and restore.';
COMMENT ON COLUMN dittofs.shares.name IS 'The path that clients mount.';
COMMENT ON COLUMN dittofs.shares.root_id IS 'The inode of its root directory.';
COMMENT ON COLUMN dittofs.shares.fsid IS 'The number by which clients tell file systems apart.';
COMMENT ON COLUMN dittofs.shares.cookie_seed IS 'Seed of the hash that makes cookies of names, in a share without cookie_key.';
COMMENT ON COLUMN dittofs.shares.cookie_key IS 'Key of the hash that makes cookies of names, 16 bytes; a secret that never changes. NULL: the share was made before there were keys, and has cookie_seed.';
COMMENT ON COLUMN dittofs.shares.allowed_clients IS 'Addresses and networks that may mount; empty: all.';
COMMENT ON COLUMN dittofs.shares.denied_clients IS 'Addresses and networks that may not, even if they are allowed.';
COMMENT ON COLUMN dittofs.shares.content IS 'Where new content goes: postgres, memory, filesystem, s3. Older content may be elsewhere.';
COMMENT ON COLUMN dittofs.shares.block_size IS 'Of blocks in a store, in bytes.';
COMMENT ON COLUMN dittofs.shares.compression IS 'Of pages in the database: none, lz4.';
COMMENT ON COLUMN dittofs.shares.max_bytes IS 'The limit of bytes in its files; NULL: no limit.';
COMMENT ON COLUMN dittofs.shares.max_inodes IS 'The limit of inodes, the root included; NULL: no limit.';
COMMENT ON TABLE dittofs.files IS 'Inodes: files, directories and all other kinds. Times are nanoseconds since the epoch.';
COMMENT ON COLUMN dittofs.files.id IS 'The inode in handles.';
COMMENT ON COLUMN dittofs.files.fileid IS 'The inode number that clients see; never used again.';
COMMENT ON COLUMN dittofs.files.size IS 'Bytes up to the end of the file.';
COMMENT ON COLUMN dittofs.files.used IS 'Bytes stored; holes take none.';
COMMENT ON COLUMN dittofs.files.mode IS 'Permission bits, set-id bits, sticky bit.';
COMMENT ON COLUMN dittofs.files.nlink IS 'Number of entries; of a directory 2 plus the number of its subdirectories.';
COMMENT ON COLUMN dittofs.files.kind IS '1 regular, 2 directory, 3 block device, 4 character device, 5 symbolic link, 6 socket, 7 FIFO.';
COMMENT ON COLUMN dittofs.files.parent_id IS 'Of a directory: where it is; a root is its own parent.';
COMMENT ON COLUMN dittofs.files.memory_epoch IS 'Its pages are in blocks_memory, written in that life of it; NULL: in blocks.';
COMMENT ON COLUMN dittofs.files.external IS 'How many of its bytes are in stores; NULL: none.';
COMMENT ON COLUMN dittofs.files.overflow IS 'Of a directory in which names had the same hash: the number of further hashes by which a name must be looked for; NULL: none.';
COMMENT ON COLUMN dittofs.files.cuts IS 'Content that was cut off and is not deleted yet: the bytes that used does not count any more, how far the reaper is, and for each cut where it begins and its mark, and where it ends and 0, if it ends.';
COMMENT ON COLUMN dittofs.files.moved IS 'Its blocks before that byte have been moved from blocks_memory to blocks, or the other way if it is less than 0; NULL: all are in one table.';
COMMENT ON COLUMN dittofs.files.content_id IS 'Key of its blocks and extents; NULL: its id.';
COMMENT ON COLUMN dittofs.files.rdev IS 'Of a device: major << 32 | minor.';
COMMENT ON COLUMN dittofs.files.target IS 'Of a symbolic link.';
COMMENT ON COLUMN dittofs.files.verifier IS 'Of an exclusive creation, until attributes are set.';
COMMENT ON TABLE dittofs.parent_child_map IS 'Directory entries.';
COMMENT ON COLUMN dittofs.parent_child_map.cookie IS 'The place of the entry in its directory: a hash of the name with room for collisions; it never changes.';
COMMENT ON COLUMN dittofs.parent_child_map.fileid IS 'Of the child.';
COMMENT ON COLUMN dittofs.parent_child_map.place IS 'Where the row of the child was put: a guess, checked when used.';
COMMENT ON TABLE dittofs.blocks IS 'Content that is in the database, in blocks that fill a page: 17 hold 128 KiB of a file.';
COMMENT ON COLUMN dittofs.blocks.ranges IS 'Which bytes of the block data has, one after the other: pairs of int32 from and to, in network order; NULL: the first ones.';
COMMENT ON TABLE dittofs.blocks_memory IS 'Content of shares of kind memory; emptied by a crash.';
COMMENT ON TABLE dittofs.memory_life IS 'A number that lives as long as the rows of blocks_memory.';
COMMENT ON TABLE dittofs.content_store_marks IS 'The database that each content store belongs to, and what the marker in the store must say.';
COMMENT ON TABLE dittofs.content_stores IS 'Stores of content outside the database, by the names under which gateways know them.';
COMMENT ON TABLE dittofs.extents IS 'Content of files that is in blocks of stores.';
COMMENT ON COLUMN dittofs.extents.start IS 'The first byte of the file.';
COMMENT ON COLUMN dittofs.extents.skip IS 'The first byte of the block that belongs to the file.';
COMMENT ON TABLE dittofs.stored_blocks IS 'Blocks that are in a store, or may be.';
COMMENT ON COLUMN dittofs.stored_blocks.hash IS 'SHA-256 of its content; its name in the store.';
COMMENT ON COLUMN dittofs.stored_blocks.state IS 'pending: claimed, and no file refers to it yet; stored: it is in the store; deleting: it may be gone at any moment.';
COMMENT ON COLUMN dittofs.stored_blocks.unreferenced_since IS 'When it was found that no file refers to it.';
COMMENT ON COLUMN dittofs.stored_blocks.sums IS 'The state of SHA-256 (32 bytes) after each 128 KiB of it, without the end: what makes a part of it verifiable.';
COMMENT ON TABLE dittofs.extended_attributes IS 'Extended attributes of files and directories: what clients call user.NAME.';
COMMENT ON TABLE dittofs.staged_files IS 'Files with content that the background pass is to move.';
COMMENT ON COLUMN dittofs.staged_files.next_at IS 'When to look at it; a pass that works on the file moves this into the future.';
COMMENT ON COLUMN dittofs.staged_files.position IS 'Where in the file to go on.';
COMMENT ON COLUMN dittofs.staged_files.moving IS
$$Whether it may have content in a store that is not its share's.$$;
COMMENT ON VIEW dittofs.content_troubles IS 'Files and shares that a background pass (merging, reaping, the sweep of a share that got another kind of content, the search for garbage) could not work on, with the reason. Each is tried again, after a longer time each time, up to a day; other files and shares go on.';
COMMENT ON TABLE dittofs.gc_position IS 'How far the pass that looks for garbage has come.';
COMMENT ON TABLE dittofs.content_moves IS 'Shares that got another kind of content, and how far the look at their files has come.';
COMMENT ON SEQUENCE dittofs.store_ids IS 'Numbers of stores.';
COMMENT ON TABLE dittofs.dropped_shares IS 'Shares that were dropped by force and whose files reap() deletes.';
COMMENT ON TABLE dittofs.dropped_directories IS 'Directories of such shares that are to be emptied next.';
COMMENT ON TABLE dittofs.reap_queue IS 'Content whose files are gone, and content that was cut off files: reap() deletes it.';
COMMENT ON TABLE dittofs.space_usage IS 'Bytes and inodes of shares: the sum over the slots. Sessions add to different slots, so that they do not wait for each other.';
COMMENT ON TABLE dittofs.filesystem_capabilities IS 'Values that set_filesystem_capabilities() changed; other shares have the defaults.';
COMMENT ON TABLE dittofs.server_config IS 'Values that set_server_config() changed; other settings have their defaults.';
COMMENT ON TABLE dittofs.mounts IS 'Which client has mounted which path, as clients said; nothing depends on it.';
COMMENT ON TABLE dittofs.replies_0 IS 'Replies to changes, for clients that ask again; one of three tables that take turns.';
COMMENT ON TABLE dittofs.replies_1 IS 'As replies_0.';
COMMENT ON TABLE dittofs.replies_2 IS 'As replies_0.';
COMMENT ON TABLE dittofs.replies_turn IS 'Which of the tables replies_* is written: number turn modulo 3; and since when.';
COMMENT ON SEQUENCE dittofs.share_ids IS 'Numbers of shares.';
COMMENT ON SEQUENCE dittofs.file_ids IS 'Inode numbers, of all shares.';
COMMENT ON VIEW dittofs.content_report IS 'How much each share holds, and where: files, bytes as clients see them, bytes as they are stored (compressed; equal blocks once). A file may be in several places.';
COMMENT ON VIEW dittofs.link_counts IS 'The link count of every inode.';
COMMENT ON VIEW dittofs.inodes IS 'All inodes, for people: names for numbers, modes in octal, times as timestamps.';
COMMENT ON VIEW dittofs.entries IS 'All directory entries, for people: share, directory, name as text, and the object it names.';

-- Gateways

COMMENT ON FUNCTION dittofs.register_replica IS
$$A gateway tells that it is alive. replica_id: of the process; address: where it listens; state: 'serving' or 'draining' (it is being stopped).$$;
COMMENT ON FUNCTION dittofs.unregister_replica IS
$$A gateway tells that it is gone.$$;
COMMENT ON FUNCTION dittofs.advance_sequences IS
$$Moves the sequences of fileids, share ids, lives and grants far beyond all that are in use: for a logical subscriber that takes over, since logical replication leaves sequences out, and these numbers must never be used again.$$;
COMMENT ON FUNCTION dittofs.gateway_replica_rows IS
$$The rows of gateway_replicas; none on a standby. The view replicas reads them.$$;
COMMENT ON FUNCTION dittofs.slow_call_rows IS
$$The rows of slow_call_log; none on a standby. The view slow_calls reads them.$$;
COMMENT ON FUNCTION dittofs.content_report_rows IS
$$The rows of the view content_report. Content in memory is left out on a standby, which has none.$$;
COMMENT ON FUNCTION dittofs.list_replicas IS
$$The gateways that are alive: that have told so within half a minute.$$;
COMMENT ON FUNCTION dittofs.record_slow_call IS
$$A gateway reports a call that took long, age_ms milliseconds ago; handle: the object of the call, or NULL. The last 1000 are kept.$$;
COMMENT ON FUNCTION dittofs.path IS
$$Returns a path of a file, by any of its names; the inverse of resolve(). NULL: the object has no name, or the value is no handle. A directory is found through its parents; for other objects the function reads all directory entries of the database.$$;
COMMENT ON TABLE dittofs.waiting_calls IS 'What gateways have reported with report_waiting(). Use dittofs.waiting.';
COMMENT ON FUNCTION dittofs.waiting_rows IS 'The rows of waiting_calls; none on a standby.';
COMMENT ON FUNCTION dittofs.lock_holder IS
$$Returns the server process at the end of the chain of pg_blocking_pids() that a process waits for. 0: a prepared transaction. NULL: the process waits for none.$$;
COMMENT ON VIEW dittofs.waiting IS
$$Calls of clients, of all gateways, that have not been answered for more than a second, and the open transaction that each waits for. blocked_by is its process, 0 a prepared transaction, NULL not known: the call waits for something else, as for a content store. Commit that transaction, or end it by pg_terminate_backend(blocked_by). A gateway reports once a second.$$;
COMMENT ON FUNCTION dittofs.report_waiting IS
$$For gateways: replaces what the gateway reported before. calls: an array of {"id", "client", "procedure", "handle" (hexadecimal), "age_ms", "pid" (of the server process, 0: none)}. Returns for each call that waits for a lock the holder of that lock, in words.$$;
COMMENT ON FUNCTION dittofs.list_waiting IS
$$The calls of dittofs.waiting that wait longest, for the gateways' status page: without paths and statements.$$;
COMMENT ON FUNCTION dittofs.list_slow_calls IS
$$The last slow calls, at most max of them: what the view slow_calls shows.$$;
COMMENT ON TABLE dittofs.gateway_replicas IS 'What gateways told of themselves; emptied by a crash.';
COMMENT ON COLUMN dittofs.gateway_replicas.replica_id IS 'Of the process: a gateway that is started again is another one.';
COMMENT ON COLUMN dittofs.gateway_replicas.address IS 'Where it listens.';
COMMENT ON COLUMN dittofs.gateway_replicas.seen_at IS 'When it last told.';
COMMENT ON COLUMN dittofs.gateway_replicas.state IS '''serving'', or ''draining'' when it is being stopped.';
COMMENT ON TABLE dittofs.slow_call_log IS 'Calls that took longer than logging.slow_call of their gateway; emptied by a crash.';
COMMENT ON COLUMN dittofs.slow_call_log.queue_ms IS 'Waiting in the gateway: for a connection, or to be run again.';
COMMENT ON COLUMN dittofs.slow_call_log.database_ms IS 'From sending its batch to the end of its transaction.';
COMMENT ON COLUMN dittofs.slow_call_log.flush_ms IS 'Part of database_ms: the commit; 0 where it was not measured.';
COMMENT ON COLUMN dittofs.slow_call_log.content_ms IS 'Content outside the database.';
COMMENT ON VIEW dittofs.replicas IS 'The gateways, alive or not heard of for up to a day.';
COMMENT ON VIEW dittofs.slow_calls IS 'Slow calls, the last first, with their parts in milliseconds.';
COMMENT ON VIEW dittofs.clients IS 'Clients: of NFSv3 by address, with what they have mounted, as they told; of NFSv4 each with its lease.';
COMMENT ON VIEW dittofs.share_usage IS 'The shares, and what they hold.';

-- Clients and sessions of NFSv4

COMMENT ON FUNCTION dittofs.renew_leases IS
$$A gateway tells which clients of NFSv4 it has seen since its last call, and how much time has passed: leases are measured by the time in which gateways call this. Returns in how many seconds it is to be called again, also if no client was seen.$$;
COMMENT ON FUNCTION dittofs.evict_client IS
$$Ends a client of NFSv4, by its client_id in the view clients: its sessions, opens and locks are gone. Waits for its changes that are under way. A client that lives begins anew, without its locks. false: there is no such client.$$;
COMMENT ON FUNCTION dittofs.forget_clients IS
$$Makes another server of NFSv4 of this database: ends all clients, and returns how many. To be called before gateways start on a database that was restored to an earlier moment: what clients did since then it does not know, and clients must not take it for the database that it was copied from.$$;
COMMENT ON TABLE dittofs.nfs4_server IS 'What clients of NFSv4 know this server by.';
COMMENT ON TABLE dittofs.nfs4_clock IS 'Seconds in which gateways have served NFSv4.';
COMMENT ON TABLE dittofs.nfs4_clients IS 'Clients of NFSv4, by what they call themselves.';
COMMENT ON TABLE dittofs.nfs4_leases IS 'When clients of NFSv4 were last seen.';
COMMENT ON TABLE dittofs.nfs4_sessions IS 'Sessions of clients of NFSv4.';
COMMENT ON TABLE dittofs.nfs4_replies_0 IS 'Answers to changes by NFSv4, for clients that ask again; one of three tables that take turns with those of replies_turn.';
COMMENT ON TABLE dittofs.nfs4_replies_1 IS 'As nfs4_replies_0.';
COMMENT ON TABLE dittofs.nfs4_replies_2 IS 'As nfs4_replies_0.';

-- Locks

COMMENT ON TYPE dittofs.lock_result IS
$$Result of an operation on locks. outcome: granted, denied, blocked (the request waits), no_locks (a limit) or deadlock (the owners in the way wait for this one). holder_...: of denied and blocked, a lock or an older request that is in the way. grants: so many waiting requests were let in; next_grants() tells which.$$;
COMMENT ON TYPE dittofs.lock_grant IS 'A row of next_grants(): a lock that a waiting client has got. wait: what the gateway gave to lock_range().';
COMMENT ON FUNCTION dittofs.lock_range IS
$$Locks a range of a file for an owner (NLM LOCK). What the owner has in the range is replaced, in either direction. offset and length are bit patterns of 64 bits without a sign, length 0: to the end of the file. client_name and the caller's address are the client; client_state is NSM's, 0 if unknown: one that is newer than the last ends all that the client had. wait: bytes that come back with the grant, the first of which are the length (4, 16, or 0: not known) of the server's address that the client has called, and that; NULL: the request does not wait. deadlock: those in the way wait for this owner, and it does not wait. ISDIR, INVAL, FBIG$$;
COMMENT ON FUNCTION dittofs.unlock_range IS
$$Releases what an owner has in a range (NLM UNLOCK). It is no error if there is nothing. Waiting owners are let in. ISDIR, INVAL, FBIG$$;
COMMENT ON FUNCTION dittofs.cancel_lock IS
$$Ends the waiting of a request with the same owner, range and mode (NLM CANCEL), or takes back its grant if the client has not been told. Outcome denied: there is none. ISDIR, INVAL, FBIG$$;
COMMENT ON FUNCTION dittofs.test_lock IS
$$Tells whether a lock would be granted, and if not, what is in the way (NLM TEST). ISDIR, INVAL, FBIG$$;
COMMENT ON FUNCTION dittofs.share_file IS
$$Opens a file with a share mode (NLM SHARE). access, deny: 1 reading, 2 writing. Share modes conflict with each other only. reclaim makes no difference. ISDIR, INVAL$$;
COMMENT ON FUNCTION dittofs.unshare_file IS
$$Ends an owner's share mode (NLM UNSHARE). None is fine, too. ISDIR, INVAL$$;
COMMENT ON FUNCTION dittofs.free_locks IS
$$Ends all that a client has, by its name at the caller's address, in all shares (NLM FREE_ALL). grants: in so many shares it had something, and next_grants() lets in who waited for it.$$;
COMMENT ON FUNCTION dittofs.client_rebooted IS
$$Ends all that the clients at the caller's address have (NSM NOTIFY); if there are several, only what the one of that name has, if there is one. A client_state that was seen before says nothing. grants as for free_locks.$$;
COMMENT ON FUNCTION dittofs.lock_clients_seen IS
$$A gateway tells, once a minute, the addresses of clients that are connected. Returns the number of clients that were noted. Time in which no gateway tells counts for no client.$$;
COMMENT ON FUNCTION dittofs.next_grants IS
$$Returns grants, up to count, of which clients are to be told now. addresses: those of the gateway; a grant goes first to a gateway that has the address at which the client had called, and 0.6 s later to any; NULL: to this one. Each comes again, to any gateway, after 0.5, 1, 2, 4, 8, 16 and then every 30 seconds, until grant_told() ends that. Before, it lets in some of those who waited for clients that have gone.$$;
COMMENT ON FUNCTION dittofs.grant_told IS
$$A client has confirmed a grant, or (accepted false) refused it: then the lock is released again.$$;
COMMENT ON FUNCTION dittofs.break_locks IS
$$Takes locks and share modes from a client (its name or address), on a file (path), or from a client on a file, and lets in who waited. Returns how many went, of a client with its waiting requests. Clients are not told, and go on as if they had them.$$;
COMMENT ON FUNCTION dittofs.unpack_locks IS
$$The locks in a value of files.locks; none of a value that is damaged. The view locks shows those of clients that are alive.$$;
COMMENT ON FUNCTION dittofs.lock_trouble IS 'What is wrong with a value of files.locks; NULL: nothing.';
COMMENT ON FUNCTION dittofs.unconfirmed_locks IS 'The grants in a value of files.locks that clients have not confirmed, as numbers of lock_grants.';
COMMENT ON FUNCTION dittofs.confirm_lock IS 'The value of files.locks without the grant of that number: as if its client had confirmed it.';
COMMENT ON TABLE dittofs.lock_clients IS 'Clients that have locks, or had some a moment ago: a name at an address, in a share.';
COMMENT ON COLUMN dittofs.lock_clients.life IS 'The number of its life: locks of another one are none.';
COMMENT ON COLUMN dittofs.lock_clients.locks IS 'Its locks, waiting requests and share modes.';
COMMENT ON TABLE dittofs.locked_files IS 'Files that have locks, or had some since the last sweep.';
COMMENT ON TABLE dittofs.lock_grants IS 'Locks that a waiting client has got and has not confirmed.';
COMMENT ON TABLE dittofs.lock_passes IS 'Lives of clients that have ended: next_grants() lets in who waited for their locks.';
COMMENT ON TABLE dittofs.lock_watch IS 'When a gateway last told which clients it sees.';
COMMENT ON SEQUENCE dittofs.lock_lives IS 'Numbers of lives of clients; none comes twice.';
COMMENT ON SEQUENCE dittofs.lock_grant_ids IS 'Numbers of grants.';
COMMENT ON VIEW dittofs.opens IS
$$What clients of NFSv4 have open. access and deny: read, write, both or none. It looks at all directory entries.$$;
COMMENT ON TABLE dittofs.nfs4_states IS 'What stateids of NFSv4 stand for: opens, and owners of locks.';
COMMENT ON TABLE dittofs.nfs4_file_states IS 'The rows of nfs4_states by their files.';
COMMENT ON TABLE dittofs.nfs4_unlinked_files IS 'Files without a name that are kept because a client has them open.';
COMMENT ON SEQUENCE dittofs.nfs4_state_ids IS 'Numbers of opens and of owners of locks; none comes twice.';
COMMENT ON VIEW dittofs.locks IS
$$Locks, waiting requests and share modes of all files. range_start and range_end are the first and the last byte; range_end NULL: to the end of the file; both NULL: a share mode. kind: read, write, or the share mode; state: held or waiting. It looks at all directory entries.$$;

-- NFSv4

COMMENT ON TYPE dittofs.compound_result IS
$$Result of compound(). results: what its operations have answered; data: bytes that they refer to; client_id: the client whose lease it renews.$$;
COMMENT ON FUNCTION dittofs.compound IS
$$Runs the operations of a COMPOUND of NFSv4.1 or 4.2, one after the other until one fails. extension/include/dittofs_compound.h has the form of a program and of its results. data: bytes that the program refers to. What succeeds stays, also if a later operation fails. Error: 22023 this is no program.$$;
