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
$$Who calls, and from where. Text form, every key optional: 'uid=1000 gid=100 groups=4,27 client=10.0.0.7 port=871 auth=sys'; at most 16 groups. '' is a local root. Without client the caller is local: rules about networks, ports and squashing do not concern him.$$;
COMMENT ON TYPE dittofs.fattr IS
$$Attributes of a file as of the transaction that returned them. dittofs.attributes() unfolds it into columns.$$;
COMMENT ON TYPE dittofs.wcc IS
$$Attributes before and after a change, of one transaction (RFC 1813, 2.6, wcc_data). dittofs.before() and dittofs.after() unfold it.$$;
COMMENT ON TYPE dittofs.attributes IS 'The fields of a fattr. Times are nanoseconds since the epoch, sizes are bytes; mode has no file type bits.';
COMMENT ON TYPE dittofs.wcc_before IS 'What a wcc knows of a file before the change.';
COMMENT ON TYPE dittofs.lookup_result IS 'Result of lookup(). dir_attributes are there on failure too, where the directory exists.';
COMMENT ON TYPE dittofs.file_result IS 'Result of get_file().';
COMMENT ON TYPE dittofs.change_result IS 'Result of an operation on one file or directory.';
COMMENT ON TYPE dittofs.access_result IS 'Result of check_permissions().';
COMMENT ON TYPE dittofs.create_result IS 'Result of an operation that makes a file: its handle, its attributes, the directory''s wcc.';
COMMENT ON TYPE dittofs.readlink_result IS 'Result of read_symlink().';
COMMENT ON TYPE dittofs.link_result IS 'Result of create_hard_link().';
COMMENT ON TYPE dittofs.move_result IS 'Result of move(): the wcc of both directories, on failure too.';
COMMENT ON TYPE dittofs.directory_row IS 'A row of read_directory(): the first is the head (status, dir_attributes, eof), the others are entries.';
COMMENT ON TYPE dittofs.read_result IS 'Result of read(). eof: the file ends with this data.';
COMMENT ON TYPE dittofs.write_result IS 'Result of write(). committed: the stability reached, never weaker than asked for.';
COMMENT ON TYPE dittofs.commit_result IS 'Result of commit().';
COMMENT ON TYPE dittofs.prepare_read_result IS 'Result of prepare_read(): where each byte of the range is; extension/sql/README.md has the form of segments.';
COMMENT ON TYPE dittofs.prepare_write_result IS 'Result of prepare_write(): the store the blocks go to, and for each whether it has to be put there.';
COMMENT ON TYPE dittofs.merge_task IS 'Result of merge_next().';
COMMENT ON TYPE dittofs.capabilities_result IS 'Result of get_filesystem_capabilities(): the fields of FSINFO and PATHCONF.';
COMMENT ON TYPE dittofs.statistics_result IS 'Result of get_filesystem_statistics(): the fields of FSSTAT.';
COMMENT ON TYPE dittofs.mount_result IS 'Result of mount(). auth_none: the share takes callers without credentials.';

COMMENT ON FUNCTION dittofs.caller_in IS 'Input function of type caller. Errors: 22P02 unknown, repeated or malformed key; 54000 more than 16 groups.';
COMMENT ON FUNCTION dittofs.caller_out IS 'Output function of type caller.';
COMMENT ON FUNCTION dittofs.caller_recv IS 'Binary input function of type caller; extension/sql/README.md has the layout. Error: 22P03 for anything but a valid one.';
COMMENT ON FUNCTION dittofs.caller_send IS 'Binary output function of type caller.';
COMMENT ON FUNCTION dittofs.fattr_in IS 'Refuses with 0A000: only functions make a fattr.';
COMMENT ON FUNCTION dittofs.fattr_out IS 'Output function of type fattr: key=value for each field.';
COMMENT ON FUNCTION dittofs.fattr_send IS 'Binary output function of type fattr: 84 bytes; extension/sql/README.md has the layout.';
COMMENT ON FUNCTION dittofs.wcc_in IS 'Refuses with 0A000: only functions make a wcc.';
COMMENT ON FUNCTION dittofs.wcc_out IS 'Output function of type wcc.';
COMMENT ON FUNCTION dittofs.wcc_send IS 'Binary output function of type wcc; extension/sql/README.md has the layout.';
COMMENT ON FUNCTION dittofs.attributes IS 'Unfolds a fattr into columns: (attributes(f)).size, or select (attributes(f)).*.';
COMMENT ON FUNCTION dittofs.before IS 'What a wcc knows of the file before the change; NULL where nothing is known.';
COMMENT ON FUNCTION dittofs.after IS 'The attributes after the change; NULL where the file is gone or unknown.';

-- Operations

COMMENT ON FUNCTION dittofs.lookup IS
$$Finds a name in a directory (LOOKUP, RFC 1813, 3.3.3). '.' is the directory, '..' its parent, of a share's root itself. Returns the handle, its attributes and the directory's. Statuses: NOENT, NOTDIR, ACCES (no execute permission), INVAL, NAMETOOLONG.$$;
COMMENT ON FUNCTION dittofs.get_file IS
$$Attributes of a file (GETATTR, 3.3.1).$$;
COMMENT ON FUNCTION dittofs.set_file_attributes IS
$$Sets attributes (SETATTR, 3.3.2); NULL leaves one as it is, nothing is set on failure. mode: bits beyond 07777 are ignored; size: in bytes; atime, mtime: nanoseconds, or *_now for the server's clock; guard: the ctime the file must have. Statuses: NOT_SYNC (guard), PERM (not the owner), ACCES, ROFS, ISDIR and INVAL (size of what has none), FBIG, INVAL (an id that cannot be), IO (a size other than 0 of what a crash has taken).$$;
COMMENT ON FUNCTION dittofs.check_permissions IS
$$Which of the wanted rights the caller has (ACCESS, 3.3.4). wanted, granted: 1 read, 2 lookup, 4 modify, 8 extend, 16 delete, 32 execute. A denied right is no failure.$$;
COMMENT ON FUNCTION dittofs.create_file IS
$$Makes a regular file (CREATE, 3.3.8). how: 'guarded' (must not exist), 'unchecked' (an existing one is taken, and cut or grown if size is given), 'exclusive' (verifier: 8 bytes; the file that the same verifier made is taken). Attributes as in set_file_attributes(); mode defaults to 0644. Statuses: EXIST, NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, FBIG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.create_directory IS
$$Makes a directory (MKDIR, 3.3.9); mode defaults to 0755. In a set-gid directory it inherits group and bit. Statuses: EXIST, NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.create_symlink IS
$$Makes a symbolic link (SYMLINK, 3.3.10). target: 1 to 4095 bytes, not interpreted. Statuses: EXIST, NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.create_special_file IS
$$Makes a FIFO, socket or device (MKNOD, 3.3.11). kind: 'fifo', 'socket', 'block', 'character'; rdev_*: of devices. Statuses: BADTYPE (another kind), PERM (a device by other than root), EXIST, NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.read_symlink IS
$$The target of a symbolic link (READLINK, 3.3.5). Status: INVAL (no symbolic link).$$;
COMMENT ON FUNCTION dittofs.create_hard_link IS
$$Gives a file another name (LINK, 3.3.15). handle: the file; dir, name: the new entry. Statuses: ISDIR, EXIST, XDEV (another share), MLINK (32000 names), NOTDIR, ACCES, ROFS, INVAL, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.remove_file IS
$$Removes a name; with the last one the file goes (REMOVE, 3.3.12). Its blocks are deleted at once if they are few, otherwise by reap(). Statuses: NOENT, ISDIR, NOTDIR, ACCES, PERM (sticky directory), ROFS, INVAL, NAMETOOLONG.$$;
COMMENT ON FUNCTION dittofs.remove_directory IS
$$Removes an empty directory (RMDIR, 3.3.13). Statuses: NOTEMPTY, NOENT, NOTDIR, EXIST ('..'), INVAL ('.'), ACCES, PERM (sticky directory), ROFS, NAMETOOLONG.$$;
COMMENT ON FUNCTION dittofs.move IS
$$Renames, atomically replacing what has the new name (RENAME, 3.3.14). Two names of one file: nothing changes. Statuses: NOENT, NOTDIR, ISDIR, NOTEMPTY (the directory replaced), XDEV (another share), INVAL ('.', '..', into itself), ACCES, PERM (sticky directory), ROFS, NAMETOOLONG, NOSPC.$$;
COMMENT ON FUNCTION dittofs.read_directory IS
$$A page of a directory (READDIR and READDIRPLUS, 3.3.16, 3.3.17): first a row with status, dir_attributes and eof, then the entries after cookie (0: from the start), '.' and '..' first. dircount bounds names, fileids and cookies, maxcount the whole reply, in bytes of XDR. attributes: with attributes and handles, for who may search the directory. An entry keeps its cookie as long as it lives. Statuses: NOTDIR, ACCES (no read permission), TOOSMALL, BAD_COOKIE.$$;
COMMENT ON FUNCTION dittofs.read IS
$$Reads count bytes from offset, at most rtmax of the share (READ, 3.3.6). Past the end it returns nothing and eof. Statuses: ISDIR, INVAL (no regular file, a negative argument), ACCES, IO (a crash has taken content that was in memory), ELSEWHERE (some of it is in a store: prepare_read()).$$;
COMMENT ON FUNCTION dittofs.write IS
$$Writes data at offset (WRITE, 3.3.7). stability: 'unstable' (commit() will flush it), 'data_sync', 'file_sync'. Returns how much was written, the stability reached and the write verifier. Statuses: ISDIR, INVAL (no regular file), ACCES, ROFS, FBIG, NOSPC (the share's limit), IO (a crash has taken content that was in memory). A full disk is an error, 53100.$$;
COMMENT ON FUNCTION dittofs.commit IS
$$Flushes what unstable writes left; all of it, whatever offset and count (COMMIT, 3.3.21). It has happened when the transaction has committed. Returns the write verifier: if it is not the one that the writes returned, they must be repeated. Statuses: ISDIR, INVAL, ACCES, ROFS.$$;
COMMENT ON FUNCTION dittofs.prepare_read IS
$$As read(), for a gateway: what is in a store is named and not fetched. segments say for each stretch of the range, in order, whether it is zeros, the next bytes of data, or bytes of a block (extension/sql/README.md). Statuses as read().$$;
COMMENT ON FUNCTION dittofs.prepare_write IS
$$The first half of a write whose bytes go to a store. blocks: hash, length and sums of blocks that follow each other from offset on. Claims them, so that nobody takes them for garbage, and returns the store and for each block a byte: 0 it is stored already, 1 put it there, 2 it is being deleted, ask again soon. The file is not changed. Statuses as write(), and NOTSUPP: the share's content is in no store, use write().$$;
COMMENT ON FUNCTION dittofs.commit_write IS
$$The second half: the blocks are in the store and become the file's content from offset on; size, times and mode follow, as after write(). It does no harm to repeat it. Statuses as write(), and JUKEBOX: a block is not known or being deleted, begin again with prepare_write().$$;
COMMENT ON FUNCTION dittofs.claim_blocks IS
$$Claims blocks as prepare_write() does, for whoever makes blocks of what files have already. NULL: no such store, or blocks is malformed.$$;
COMMENT ON FUNCTION dittofs.merge_next IS
$$The next thing to do for the background pass that brings content to where it belongs; the file is not given to anybody else for a minute. action 'block': make a block of segments and data (as prepare_read() returns them), claim_blocks(), put it, merge_commit(). 'fetch': the same bytes to merge_store(). 'none': something was done without a gateway, ask again. Status NOENT: there is nothing to do, ask again after wait_ms.$$;
COMMENT ON FUNCTION dittofs.merge_commit IS
$$Blocks that are in the store take the place of what a task was made of; the file's content, size, used and times stay as they are. Returns a status: JUKEBOX somebody has written meanwhile, or a block is not there: nothing happened, forget the task. STALE the file is gone.$$;
COMMENT ON FUNCTION dittofs.merge_store IS
$$Ends a task of action 'fetch': data takes the place of blocks. Statuses as merge_commit().$$;
COMMENT ON FUNCTION dittofs.gc IS
$$Looks for blocks that no file refers to, and says for each store how many blocks there are, how many of them are unreferenced, how many are due (for longer than the setting content_retention) and how many are being deleted. Deletes nothing: gateways do, which ask gc_next() now and then.$$;
COMMENT ON FUNCTION dittofs.gc_next IS
$$Up to max blocks that are due, which are 'deleting' from now on: delete them from their stores, beginning within ten minutes, and call gc_done(). None: another one is at it, or there is no garbage that is old enough.$$;
COMMENT ON FUNCTION dittofs.gc_done IS
$$Forgets blocks that gc_next() or gc_adopt() named and that are deleted now. hashes: one after the other. Returns how many.$$;
COMMENT ON FUNCTION dittofs.gc_adopt IS
$$Of blocks that are in a store, for longer than the retention, returns those that the database does not know, after the restoration of a backup for example. They are 'deleting' from now on, as those of gc_next().$$;
COMMENT ON FUNCTION dittofs.stored_block_list IS
$$Blocks that are in a store, with length and sums, in the order of their hashes: up to max of them after a hash. share: only those that files of this share refer to.$$;
COMMENT ON FUNCTION dittofs.block_users IS
$$The files that refer to a block: share, handle, path of one of its names below the share, offset and length in the file. Takes time in proportion to the tables.$$;
COMMENT ON FUNCTION dittofs.content_hints IS
$$Where the content of each share goes: its kind, store, block size and the share's name; and a row with store and store_id only for each store that no share has, but files may. What a gateway remembers of it may be out of date without harm.$$;
COMMENT ON FUNCTION dittofs.create_content_store IS
$$Makes a store that shares can have their content in; returns its number. name: by which the gateways' configuration knows it (up to 63 lower-case letters, digits, _ and -). kind: 'filesystem', 's3'. Errors: 42710 it exists, 42602 no name, 22023 no kind.$$;
COMMENT ON FUNCTION dittofs.drop_content_store IS
$$Drops the name of a store. Errors: 2BP01 a share has it, or there are blocks in it; 42704 it does not exist.$$;
COMMENT ON FUNCTION dittofs.list_content_stores IS
$$All stores: how many shares have them, how many blocks and bytes are in them.$$;
COMMENT ON FUNCTION dittofs.get_filesystem_capabilities IS
$$What the share can do (FSINFO and PATHCONF, 3.3.19, 3.3.20). handle: any object of the share. Sizes are bytes, time_delta nanoseconds; properties: 1 LINK, 2 SYMLINK, 8 HOMOGENEOUS, 16 CANSETTIME.$$;
COMMENT ON FUNCTION dittofs.get_filesystem_statistics IS
$$How full the share is (FSSTAT, 3.3.18). handle: any object of the share. The totals are the share's limits or, where it has none, the settings capacity_bytes and capacity_inodes; invarsec is 0, the numbers are of this moment.$$;
COMMENT ON FUNCTION dittofs.write_verifier IS
$$Eight bytes, the same in all sessions; others once unstable writes may have been lost: after a restart, a crash or a fail-over.$$;
COMMENT ON FUNCTION dittofs.lock_objects IS
$$Locks the objects of several handles of 33 bytes, one behind the other: directories first, in the order of their ids, then the rest. A gateway calls it in front of a batch whose calls would lock in another order. What does not exist is left out.$$;
COMMENT ON FUNCTION dittofs.reap IS
$$Deletes up to max_blocks blocks of removed files; returns how many it deleted (0: there is nothing to do). Empties the oldest table of replies, too. Gateways call it; calls at the same time take different files.$$;
COMMENT ON FUNCTION dittofs.fsck IS
$$Checks all tables: a row for each violation of an invariant, with the rule and the object (the id of an inode, directory id and name of an entry, the number of a share); no rows is right. Reads one snapshot, takes time in proportion to the tables, locks and changes nothing; runs on a standby too, where it does not see content in memory. After a crash, shares of kind memory have lost their blocks and are reported. fsck_repair() repairs.$$;
COMMENT ON FUNCTION dittofs.fsck_reachable IS 'For fsck(): the directories that can be reached from the roots of their shares.';
COMMENT ON FUNCTION dittofs.fsck_memory_blocks IS 'For fsck(): content in memory, without the data; none on a standby.';
COMMENT ON FUNCTION dittofs.fsck_memory_lives IS 'For fsck(): which lives content in memory may have; none on a standby.';
COMMENT ON FUNCTION dittofs.fsck_repair IS
$$Repairs what fsck() reports where nothing can be lost by it, in the caller's transaction, and says what it did: the rule that was broken, the object, the action. The last rows, 'not repaired: ...', are what is left and what a person could do about it. Inodes without a name and unreachable directories are put into lost+found of their share's root. Without violations it does nothing; else it keeps all changes out of all shares until the transaction ends, and waits for those under way (lock_timeout bounds that). Errors: 25001 not in READ COMMITTED, or in a gateway's session.$$;
COMMENT ON FUNCTION dittofs.fsck_repair_check IS 'For fsck_repair() and its parts: refuses a gateway''s session, and a transaction that was one''s, whose changes wait for the commit.';
COMMENT ON FUNCTION dittofs.fsck_repair_inodes IS 'A part of fsck_repair(), which holds the locks it needs: inodes by themselves, roots.';
COMMENT ON FUNCTION dittofs.fsck_repair_entries IS 'A part of fsck_repair(), which holds the locks it needs: entries, and where directories are.';
COMMENT ON FUNCTION dittofs.fsck_repair_links IS 'A part of fsck_repair(), which holds the locks it needs: what no root leads to, link counts.';
COMMENT ON FUNCTION dittofs.fsck_repair_content IS 'A part of fsck_repair(), which holds the locks it needs: content, accounts of space.';
COMMENT ON FUNCTION dittofs.fsck_rescue IS 'For fsck_repair(): enters an inode into lost+found of its share and returns its path; NULL where there can be none.';
COMMENT ON FUNCTION dittofs.fsck_attach IS 'For fsck_repair(): enters an inode into a directory; false if the name is none or is taken.';
COMMENT ON FUNCTION dittofs.fsck_tick IS 'For fsck_repair(): the time of a change to an inode that was changed last at ctime.';
COMMENT ON FUNCTION dittofs.fsck_advice IS 'For fsck_repair(): what a person could do about a violation of this rule.';
COMMENT ON FUNCTION dittofs.status_name IS
$$The name of a status, like NOENT for 2; NULL for a number that is none.$$;

-- Handles

COMMENT ON FUNCTION dittofs.handle_to_text IS
$$A handle as text: base64 of {"share": name, "id": uuid}. Errors: 22023 no handle; 42704 its share does not exist.$$;
COMMENT ON FUNCTION dittofs.handle_from_text IS
$$The handle that handle_to_text() made a text of. Errors: 22P02 malformed; 42704 there is no such share.$$;
COMMENT ON FUNCTION dittofs.get_share_name_for_handle IS
$$The name of the share a handle belongs to; NULL if it is no handle or the share does not exist.$$;

-- Mounting

COMMENT ON FUNCTION dittofs.mount IS
$$The handle of a share or of a directory in it (MNT, RFC 1813, 5.2.1), and a record of who mounted it; of nested shares the one with the longest name. Only the address and port of the caller are checked. '..' does not lead out of the share, symbolic links are not followed. Statuses: NOENT, NOTDIR, ACCES, NAMETOOLONG.$$;
COMMENT ON FUNCTION dittofs.unmount IS
$$Forgets that the caller's address has mounted this path (UMNT, 5.2.3). Returns how many records went.$$;
COMMENT ON FUNCTION dittofs.unmount_all IS
$$Forgets all mounts of the caller's address (UMNTALL, 5.2.4). Returns how many records went.$$;
COMMENT ON FUNCTION dittofs.list_mounts IS
$$Who has mounted what, as clients told (DUMP, 5.2.2).$$;
COMMENT ON FUNCTION dittofs.list_exports IS
$$The shares and the networks that may mount them, none for everybody (EXPORT, 5.2.5).$$;

-- Shares, settings, health

COMMENT ON FUNCTION dittofs.create_share IS
$$Makes a share and returns the handle of its root. name: the path that clients mount. content: where new content goes: 'postgres', 'memory' (emptied by a crash), 'filesystem' or 's3', which need a content_store of that kind. block_size: of blocks there, a power of two from 128 KiB to 4 MiB. compression of content in the database: 'none', 'lz4'. max_bytes, max_inodes: limits, NULL or 0 for none. squash: 'none', 'root' or 'all' network callers become anonuid and anongid. allowed_clients: addresses and networks, none for everybody; denied_clients is stronger. require_privileged_port: the client's port must be below 1024. allow_auth_none: takes callers without credentials, as anonuid. atime: 'off', 'relative', 'strict'. root_*: of the root directory; root_mode 493 is octal 0755. Errors: 42602 name, 42710 name is taken, 22023 another argument, 22004 NULL.$$;
COMMENT ON FUNCTION dittofs.alter_share IS
$$Changes options of a share (see create_share); NULL leaves one as it is. new_name: clients that have mounted it keep their handles. content (with content_store, where it needs one): new content goes there, and gateways move what there is; a limit of 0: none. It holds for every call that begins after the commit. Errors as create_share; 42704 there is no such share.$$;
COMMENT ON FUNCTION dittofs.drop_share IS
$$Drops a share. force: with all files in it; waits for open transactions that changed files of any share and makes others wait meanwhile. Errors: 42704 there is no such share; 2BP01 there are files in it and force is not given.$$;
COMMENT ON FUNCTION dittofs.create_root_directory IS
$$Handle and attributes of a share's root; makes it where it is missing, with this owner and mode. Statuses: NOENT (no such share), INVAL.$$;
COMMENT ON FUNCTION dittofs.list_shares IS
$$The shares with their options, what they hold (bytes, inodes, the root included) and the handles of their roots.$$;
COMMENT ON FUNCTION dittofs.set_filesystem_capabilities IS
$$Changes what get_filesystem_capabilities() tells, and read() and write() obey; NULL leaves a value as it is. rt*, wt*, dtpref: multiples of 4096 up to 1 MiB; maxfilesize: bytes. Clients ask when they mount. Errors: 42704 there is no such share; 22023.$$;
COMMENT ON FUNCTION dittofs.get_server_config IS
$$All settings with their values, defaults and descriptions.$$;
COMMENT ON FUNCTION dittofs.set_server_config IS
$$Changes a setting; a value of NULL brings back the default. Errors: 42704 there is no such setting; 22023.$$;
COMMENT ON FUNCTION dittofs.healthcheck IS
$$The extension's version, whether this server is a standby, the number of shares, the write verifier.$$;

COMMENT ON FUNCTION dittofs.shares_changed IS 'Trigger: tells all sessions to read the shares again.';
COMMENT ON FUNCTION dittofs.guard_drop IS
$$Event trigger: refuses DROP EXTENSION dittofs (and DROP SCHEMA, DROP OWNED) while shares have files, unless dittofs.allow_drop is on. Error: 2BP01.$$;
COMMENT ON EVENT TRIGGER dittofs_guard_drop IS 'Refuses to drop the extension while shares have files in them.';

-- For people

COMMENT ON FUNCTION dittofs.kind_name IS 'The name of a kind of file: regular, directory, block, character, symlink, socket, fifo.';
COMMENT ON FUNCTION dittofs.mode_to_text IS 'Mode bits in octal, as 0755.';
COMMENT ON FUNCTION dittofs.name_to_text IS
$$A name as text: as it is where it is valid in the database's encoding, otherwise with \ooo (octal) for bytes above 127; a backslash is doubled.$$;
COMMENT ON FUNCTION dittofs.name_from_text IS
$$The bytes that name_to_text() made a text of. Error: 22P02 a backslash that begins neither \\ nor \ooo.$$;
COMMENT ON FUNCTION dittofs.time_to_timestamp IS 'Nanoseconds since the epoch as a timestamp, which has microseconds.';
COMMENT ON FUNCTION dittofs.resolve IS
$$The handle of what a path names. A path begins with the name of a share; symbolic links are not followed. Errors: 58P01 no such file, 42501 permission denied, 42809 not a directory, 22023 no path.$$;
COMMENT ON FUNCTION dittofs.stat IS
$$Attributes of what a path names; of a symbolic link itself. rdev: 'major,minor' of a device. Errors as resolve().$$;
COMMENT ON FUNCTION dittofs.ls IS
$$The entries of a directory by name, or the one file. Errors as resolve().$$;
COMMENT ON FUNCTION dittofs.tree IS
$$A directory and everything below it, each directory before its entries. root: where to begin. Errors as resolve().$$;
COMMENT ON FUNCTION dittofs.read_file IS
$$The content of a file from offset; count bytes, or all. Errors as resolve(); 42809 a directory, 54000 more than a value can hold (1 GB).$$;
COMMENT ON FUNCTION dittofs.write_file IS
$$Makes a file with this content, or replaces the content of an existing one. mode: of a new file. Errors as resolve(); 25006 read-only share.$$;
COMMENT ON FUNCTION dittofs.mkdir IS
$$Makes a directory. parents: directories above it too, and no error if it exists. Errors as resolve(); 58P02 it exists.$$;
COMMENT ON FUNCTION dittofs.rm IS
$$Removes a name of a file. recursive: a directory with all that is in it. Errors as resolve(); 42809 a directory.$$;
COMMENT ON FUNCTION dittofs.rmdir IS
$$Removes an empty directory. Errors as resolve(); 55000 it is not empty.$$;
COMMENT ON FUNCTION dittofs.mv IS
$$Renames source to target, which is the new path itself and not a directory to move into; a file of that name is replaced. Errors as resolve(); 22023 into itself, 0A000 another share, 55000 target is a directory with entries.$$;
COMMENT ON FUNCTION dittofs.ln IS
$$Gives an existing file another name. Errors as resolve(); 58P02 the name exists, 42809 a directory, 0A000 another share.$$;
COMMENT ON FUNCTION dittofs.symlink IS
$$Makes a symbolic link at path. target: any text, written like a path. Errors as resolve(); 58P02 the name exists.$$;
COMMENT ON FUNCTION dittofs.readlink IS
$$The target of a symbolic link. Errors as resolve(); 22023 it is none.$$;
COMMENT ON FUNCTION dittofs.chmod IS
$$Sets the mode, given in octal text. Errors as resolve(); 42501 not the owner, 22023 no mode.$$;
COMMENT ON FUNCTION dittofs.chown IS
$$Sets owner and group; NULL leaves one as it is. Errors as resolve(); 42501.$$;

-- Tables and views

COMMENT ON TABLE dittofs.shares IS 'File systems that clients can mount.';
COMMENT ON COLUMN dittofs.shares.share_uuid IS 'Its name in handles; survives renaming, dump and restore.';
COMMENT ON COLUMN dittofs.shares.name IS 'The path that clients mount.';
COMMENT ON COLUMN dittofs.shares.root_id IS 'The inode of its root directory.';
COMMENT ON COLUMN dittofs.shares.fsid IS 'What clients tell file systems apart by.';
COMMENT ON COLUMN dittofs.shares.cookie_seed IS 'Seed of the hash that makes cookies of names.';
COMMENT ON COLUMN dittofs.shares.allowed_clients IS 'Who may come in; none: everybody.';
COMMENT ON COLUMN dittofs.shares.denied_clients IS 'Who may not, even if allowed.';
COMMENT ON COLUMN dittofs.shares.content IS 'Where what is written goes: postgres, memory, filesystem, s3. What was written before may be elsewhere.';
COMMENT ON COLUMN dittofs.shares.block_size IS 'Of blocks in a store, in bytes.';
COMMENT ON COLUMN dittofs.shares.compression IS 'Of pages in the database: none, lz4.';
COMMENT ON COLUMN dittofs.shares.max_bytes IS 'What its files may hold; NULL: no limit.';
COMMENT ON COLUMN dittofs.shares.max_inodes IS 'How many inodes it may have, the root among them; NULL: no limit.';
COMMENT ON TABLE dittofs.files IS 'Inodes: files, directories and all other kinds. Times are nanoseconds since the epoch.';
COMMENT ON COLUMN dittofs.files.id IS 'Its name in handles.';
COMMENT ON COLUMN dittofs.files.fileid IS 'The inode number that clients see; never used again.';
COMMENT ON COLUMN dittofs.files.size IS 'Bytes up to the end of the file.';
COMMENT ON COLUMN dittofs.files.used IS 'Bytes stored; holes take none.';
COMMENT ON COLUMN dittofs.files.mode IS 'Permission bits, set-id bits, sticky bit.';
COMMENT ON COLUMN dittofs.files.nlink IS 'Number of entries; of a directory 2 plus the number of its subdirectories.';
COMMENT ON COLUMN dittofs.files.kind IS '1 regular, 2 directory, 3 block device, 4 character device, 5 symbolic link, 6 socket, 7 FIFO.';
COMMENT ON COLUMN dittofs.files.parent_id IS 'Of a directory: where it is; a root is its own parent.';
COMMENT ON COLUMN dittofs.files.memory_epoch IS 'Its pages are in blocks_memory, written in that life of it; NULL: in blocks.';
COMMENT ON COLUMN dittofs.files.external IS 'How many of its bytes are in stores; NULL: none.';
COMMENT ON COLUMN dittofs.files.content_id IS 'Key of its blocks; NULL: its id.';
COMMENT ON COLUMN dittofs.files.rdev IS 'Of a device: major << 32 | minor.';
COMMENT ON COLUMN dittofs.files.target IS 'Of a symbolic link.';
COMMENT ON COLUMN dittofs.files.verifier IS 'Of an exclusive creation, until attributes are set.';
COMMENT ON TABLE dittofs.parent_child_map IS 'Directory entries.';
COMMENT ON COLUMN dittofs.parent_child_map.cookie IS 'Where it is in its directory: a hash of the name with room for collisions; never changes.';
COMMENT ON COLUMN dittofs.parent_child_map.fileid IS 'Of the child.';
COMMENT ON COLUMN dittofs.parent_child_map.place IS 'Where the row of the child was put: a guess, checked when used.';
COMMENT ON TABLE dittofs.blocks IS 'Content that is in the database, in blocks that fill a page: 17 hold 128 KiB of a file.';
COMMENT ON COLUMN dittofs.blocks.ranges IS 'Which bytes of the block data has, one after the other: pairs of int32 from and to, in network order; NULL: the first ones.';
COMMENT ON TABLE dittofs.blocks_memory IS 'Content of shares of kind memory; emptied by a crash.';
COMMENT ON TABLE dittofs.memory_life IS 'A number that lives as long as the rows of blocks_memory.';
COMMENT ON TABLE dittofs.content_stores IS 'Stores of content outside the database, by the names under which gateways know them.';
COMMENT ON TABLE dittofs.extents IS 'What of files is in blocks of stores.';
COMMENT ON COLUMN dittofs.extents.start IS 'The first byte of the file.';
COMMENT ON COLUMN dittofs.extents.skip IS 'Which byte of the block that is.';
COMMENT ON TABLE dittofs.stored_blocks IS 'Blocks that are in a store, or may be.';
COMMENT ON COLUMN dittofs.stored_blocks.hash IS 'SHA-256 of its content; its name in the store.';
COMMENT ON COLUMN dittofs.stored_blocks.state IS 'pending: claimed, not yet a file''s; stored: it is there; deleting: it may be gone at any moment.';
COMMENT ON COLUMN dittofs.stored_blocks.unreferenced_since IS 'When it was found that no file refers to it.';
COMMENT ON COLUMN dittofs.stored_blocks.sums IS 'The state of SHA-256 (32 bytes) after each 128 KiB of it, without the end: what makes a part of it verifiable.';
COMMENT ON TABLE dittofs.staged_files IS 'Files with content that the background pass is to move.';
COMMENT ON COLUMN dittofs.staged_files.next_at IS 'When to look at it; a pass that works on it puts it off.';
COMMENT ON COLUMN dittofs.staged_files.position IS 'Where in the file to go on.';
COMMENT ON COLUMN dittofs.staged_files.moving IS 'It may have content in a store that is not its share''s.';
COMMENT ON TABLE dittofs.content_moves IS 'Shares that got another kind of content, and whose files are being looked at.';
COMMENT ON SEQUENCE dittofs.store_ids IS 'Numbers of stores.';
COMMENT ON TABLE dittofs.reap_queue IS 'Content whose files are gone, to be deleted by reap().';
COMMENT ON TABLE dittofs.space_usage IS 'What shares hold: the sum over the slots. Sessions add to different slots so as not to wait for each other.';
COMMENT ON TABLE dittofs.filesystem_capabilities IS 'What set_filesystem_capabilities() changed; other shares have the defaults.';
COMMENT ON TABLE dittofs.server_config IS 'What set_server_config() changed; other settings have their defaults.';
COMMENT ON TABLE dittofs.mounts IS 'Who has mounted what, as clients told; nothing depends on it.';
COMMENT ON TABLE dittofs.replies_0 IS 'Replies to changes, for clients that ask again; one of three tables that take turns.';
COMMENT ON TABLE dittofs.replies_1 IS 'As replies_0.';
COMMENT ON TABLE dittofs.replies_2 IS 'As replies_0.';
COMMENT ON TABLE dittofs.replies_turn IS 'Which of the tables replies_* is written: number turn modulo 3; and since when.';
COMMENT ON SEQUENCE dittofs.share_ids IS 'Numbers of shares.';
COMMENT ON SEQUENCE dittofs.file_ids IS 'Inode numbers, of all shares.';
COMMENT ON VIEW dittofs.content_report IS 'What each share holds where: files, bytes as clients see them, bytes as they are stored (compressed; equal blocks once). A file may be in several places.';
COMMENT ON VIEW dittofs.link_counts IS 'The link count of every inode.';
COMMENT ON VIEW dittofs.inodes IS 'All inodes for people: names for numbers, modes in octal, times as timestamps.';
COMMENT ON VIEW dittofs.entries IS 'All directory entries for people: share, directory, name as text, and what it names.';

-- Gateways

COMMENT ON FUNCTION dittofs.register_replica IS
$$A gateway tells that it is alive. replica_id: of the process; address: where it listens; state: 'serving' or 'draining' (it is being stopped).$$;
COMMENT ON FUNCTION dittofs.unregister_replica IS
$$A gateway tells that it is gone.$$;
COMMENT ON FUNCTION dittofs.list_replicas IS
$$The gateways that are alive: that have told so within half a minute.$$;
COMMENT ON FUNCTION dittofs.record_slow_call IS
$$A gateway tells of a call that took long, age_ms milliseconds ago; handle: what it was about, or NULL. The last 1000 are kept.$$;
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
COMMENT ON VIEW dittofs.clients IS 'Clients by address, with what they have mounted, as they told.';
COMMENT ON VIEW dittofs.share_usage IS 'The shares, and what they hold.';
