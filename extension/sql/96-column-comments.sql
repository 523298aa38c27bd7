-- What is in the columns, where the fragment before this one says nothing more.

COMMENT ON COLUMN dittofs.blocks.content_id IS 'content_id of the file, or else its id.';
COMMENT ON COLUMN dittofs.blocks.block IS 'Its number in the file: 17 for each 128 KiB.';
COMMENT ON COLUMN dittofs.blocks.data IS 'The bytes.';

COMMENT ON COLUMN dittofs.blocks_memory.content_id IS 'As in blocks.';
COMMENT ON COLUMN dittofs.blocks_memory.block IS 'As in blocks.';
COMMENT ON COLUMN dittofs.blocks_memory.data IS 'As in blocks.';
COMMENT ON COLUMN dittofs.blocks_memory.ranges IS 'As in blocks.';

COMMENT ON COLUMN dittofs.content_moves.share_id IS 'The share.';
COMMENT ON COLUMN dittofs.content_moves.position IS 'The last file that was looked at.';
COMMENT ON COLUMN dittofs.content_moves.passes IS 'How often all files have been looked at.';
COMMENT ON COLUMN dittofs.content_moves.next_at IS 'When to go on.';

COMMENT ON COLUMN dittofs.content_stores.store_id IS 'Its number, which never means another store.';
COMMENT ON COLUMN dittofs.content_stores.name IS 'By which the gateways'' configuration knows it.';
COMMENT ON COLUMN dittofs.content_stores.kind IS 'filesystem or s3.';
COMMENT ON COLUMN dittofs.content_stores.created_at IS 'When it was made.';

COMMENT ON COLUMN dittofs.extents.content_id IS 'As in blocks.';
COMMENT ON COLUMN dittofs.extents.length IS 'Bytes.';
COMMENT ON COLUMN dittofs.extents.store_id IS 'The store that has the block.';
COMMENT ON COLUMN dittofs.extents.hash IS 'The block.';

COMMENT ON COLUMN dittofs.files.atime IS 'Of the last reading, as the share''s atime has it.';
COMMENT ON COLUMN dittofs.files.mtime IS 'Of the last change of content.';
COMMENT ON COLUMN dittofs.files.ctime IS 'Of the last change of anything; it always grows.';
COMMENT ON COLUMN dittofs.files.uid IS 'The owner.';
COMMENT ON COLUMN dittofs.files.gid IS 'The group.';
COMMENT ON COLUMN dittofs.files.share_id IS 'The share that it is in.';

COMMENT ON COLUMN dittofs.filesystem_capabilities.share_id IS 'The share.';
COMMENT ON COLUMN dittofs.filesystem_capabilities.rtmax IS 'Most bytes of a READ.';
COMMENT ON COLUMN dittofs.filesystem_capabilities.rtpref IS 'Bytes of a READ that clients had better ask for.';
COMMENT ON COLUMN dittofs.filesystem_capabilities.wtmax IS 'Most bytes of a WRITE.';
COMMENT ON COLUMN dittofs.filesystem_capabilities.wtpref IS 'Bytes of a WRITE that clients had better send.';
COMMENT ON COLUMN dittofs.filesystem_capabilities.dtpref IS 'Bytes of a READDIR that clients had better ask for.';
COMMENT ON COLUMN dittofs.filesystem_capabilities.maxfilesize IS 'Most bytes of a file.';

COMMENT ON COLUMN dittofs.gateway_replicas.host IS 'Its machine.';
COMMENT ON COLUMN dittofs.gateway_replicas.pid IS 'Its process there.';
COMMENT ON COLUMN dittofs.gateway_replicas.version IS 'Its version.';
COMMENT ON COLUMN dittofs.gateway_replicas.started_at IS 'When it started.';
COMMENT ON COLUMN dittofs.gateway_replicas.clients IS 'Connections of clients.';
COMMENT ON COLUMN dittofs.gateway_replicas.calls_per_second IS 'Since it had told before.';

COMMENT ON COLUMN dittofs.memory_life.epoch IS 'The number.';

COMMENT ON COLUMN dittofs.mounts.client IS 'The client''s address.';
COMMENT ON COLUMN dittofs.mounts.path IS 'The path it mounted, which may be below the share.';
COMMENT ON COLUMN dittofs.mounts.share_id IS 'The share.';
COMMENT ON COLUMN dittofs.mounts.mounted_at IS 'When.';

COMMENT ON COLUMN dittofs.parent_child_map.parent_id IS 'The directory.';
COMMENT ON COLUMN dittofs.parent_child_map.child_id IS 'What is named.';
COMMENT ON COLUMN dittofs.parent_child_map.name IS 'The name, 1 to 255 bytes.';

COMMENT ON COLUMN dittofs.reap_queue.content_id IS 'Key of the content.';
COMMENT ON COLUMN dittofs.reap_queue.content IS 'postgres or memory: which table its blocks are in.';
COMMENT ON COLUMN dittofs.reap_queue.queued_at IS 'When its last file went.';

COMMENT ON COLUMN dittofs.replies_0.key IS 'Made of the client''s address and its xid without the last six bits.';
COMMENT ON COLUMN dittofs.replies_0.xids IS 'A bit for each value of these six bits that there is a reply for.';
COMMENT ON COLUMN dittofs.replies_0.replies IS 'Of one transaction, 24 bytes each: a hash of the call, and the inode that the reply was about.';

COMMENT ON COLUMN dittofs.replies_1.key IS 'As in replies_0.';
COMMENT ON COLUMN dittofs.replies_1.xids IS 'As in replies_0.';
COMMENT ON COLUMN dittofs.replies_1.replies IS 'As in replies_0.';

COMMENT ON COLUMN dittofs.replies_2.key IS 'As in replies_0.';
COMMENT ON COLUMN dittofs.replies_2.xids IS 'As in replies_0.';
COMMENT ON COLUMN dittofs.replies_2.replies IS 'As in replies_0.';

COMMENT ON COLUMN dittofs.replies_turn.turn IS 'Counts the turns.';
COMMENT ON COLUMN dittofs.replies_turn.since IS 'When this one began.';
COMMENT ON COLUMN dittofs.replies_turn.seen IS 'When somebody last looked whether it is over.';

COMMENT ON COLUMN dittofs.server_config.key IS 'The setting.';
COMMENT ON COLUMN dittofs.server_config.value IS 'Its value.';
COMMENT ON COLUMN dittofs.server_config.changed_at IS 'When it was set.';

COMMENT ON COLUMN dittofs.shares.share_id IS 'Its number in the other tables.';
COMMENT ON COLUMN dittofs.shares.read_only IS 'Changes are refused.';
COMMENT ON COLUMN dittofs.shares.squash IS 'Who becomes anonuid and anongid: none, root or all.';
COMMENT ON COLUMN dittofs.shares.anonuid IS 'The user that squashed callers become.';
COMMENT ON COLUMN dittofs.shares.anongid IS 'And their group.';
COMMENT ON COLUMN dittofs.shares.require_privileged_port IS 'Callers from ports above 1023 are refused.';
COMMENT ON COLUMN dittofs.shares.allow_auth_none IS 'Callers without credentials are anonuid, instead of being refused.';
COMMENT ON COLUMN dittofs.shares.atime IS 'When reading changes atime: off, relative, strict.';
COMMENT ON COLUMN dittofs.shares.created_at IS 'When it was made.';
COMMENT ON COLUMN dittofs.shares.content_store_id IS 'The store, where content is filesystem or s3.';

COMMENT ON COLUMN dittofs.slow_call_log.happened_at IS 'When it ended.';
COMMENT ON COLUMN dittofs.slow_call_log.host IS 'The gateway''s machine.';
COMMENT ON COLUMN dittofs.slow_call_log.client IS 'The client''s address and port.';
COMMENT ON COLUMN dittofs.slow_call_log.procedure IS 'As RFC 1813 names it.';
COMMENT ON COLUMN dittofs.slow_call_log.status IS 'What was answered: nfsstat3.';
COMMENT ON COLUMN dittofs.slow_call_log.total_ms IS 'From its arrival to its reply.';
COMMENT ON COLUMN dittofs.slow_call_log.handle IS 'What it was about: a file, or the directory of a name; NULL: a call without a handle.';

COMMENT ON COLUMN dittofs.space_usage.share_id IS 'The share.';
COMMENT ON COLUMN dittofs.space_usage.slot IS 'Of a session, more or less.';
COMMENT ON COLUMN dittofs.space_usage.bytes IS 'May be negative: the sum counts.';
COMMENT ON COLUMN dittofs.space_usage.inodes IS 'So may these.';

COMMENT ON COLUMN dittofs.staged_files.file_id IS 'The file.';

COMMENT ON COLUMN dittofs.stored_blocks.store_id IS 'The store.';
COMMENT ON COLUMN dittofs.stored_blocks.length IS 'Bytes.';
COMMENT ON COLUMN dittofs.stored_blocks.claimed_at IS 'When somebody last wanted to put it.';

COMMENT ON COLUMN dittofs.clients.client IS 'The client''s address.';
COMMENT ON COLUMN dittofs.clients.mounts IS 'How many mounts it told of.';
COMMENT ON COLUMN dittofs.clients.paths IS 'Their paths.';
COMMENT ON COLUMN dittofs.clients.last_mounted_at IS 'When it last mounted.';

COMMENT ON COLUMN dittofs.content_report.share IS 'The share.';
COMMENT ON COLUMN dittofs.content_report.content IS 'postgres, memory, filesystem or s3.';
COMMENT ON COLUMN dittofs.content_report.store IS 'The store; NULL: in the database.';
COMMENT ON COLUMN dittofs.content_report.files IS 'How many files have content there.';
COMMENT ON COLUMN dittofs.content_report.logical_bytes IS 'Bytes as clients see them.';
COMMENT ON COLUMN dittofs.content_report.stored_bytes IS 'Bytes as they are stored.';

COMMENT ON COLUMN dittofs.entries.share IS 'The share.';
COMMENT ON COLUMN dittofs.entries.parent_id IS 'The directory.';
COMMENT ON COLUMN dittofs.entries.name IS 'The name as text: see name_to_text().';
COMMENT ON COLUMN dittofs.entries.kind IS 'The kind of what is named.';
COMMENT ON COLUMN dittofs.entries.child_id IS 'What is named.';
COMMENT ON COLUMN dittofs.entries.fileid IS 'Its inode number.';
COMMENT ON COLUMN dittofs.entries.cookie IS 'Where it is in its directory.';

COMMENT ON COLUMN dittofs.inodes.share IS 'The share.';
COMMENT ON COLUMN dittofs.inodes.id IS 'Its name in handles.';
COMMENT ON COLUMN dittofs.inodes.fileid IS 'The inode number that clients see.';
COMMENT ON COLUMN dittofs.inodes.kind IS 'As kind_name() has it.';
COMMENT ON COLUMN dittofs.inodes.mode IS 'Permission bits in octal.';
COMMENT ON COLUMN dittofs.inodes.nlink IS 'Number of entries; of a directory 2 plus the number of its subdirectories.';
COMMENT ON COLUMN dittofs.inodes.uid IS 'The owner.';
COMMENT ON COLUMN dittofs.inodes.gid IS 'The group.';
COMMENT ON COLUMN dittofs.inodes.size IS 'Bytes up to the end of the file.';
COMMENT ON COLUMN dittofs.inodes.used IS 'Bytes stored.';
COMMENT ON COLUMN dittofs.inodes.atime IS 'Of the last reading, as the share''s atime has it.';
COMMENT ON COLUMN dittofs.inodes.mtime IS 'Of the last change of content.';
COMMENT ON COLUMN dittofs.inodes.ctime IS 'Of the last change of anything.';
COMMENT ON COLUMN dittofs.inodes.parent_id IS 'Of a directory: where it is.';
COMMENT ON COLUMN dittofs.inodes.rdev IS 'Of a device: major,minor.';
COMMENT ON COLUMN dittofs.inodes.target IS 'Of a symbolic link.';

COMMENT ON COLUMN dittofs.link_counts.file_id IS 'The inode.';
COMMENT ON COLUMN dittofs.link_counts.share_id IS 'Its share.';
COMMENT ON COLUMN dittofs.link_counts.fileid IS 'Its inode number.';
COMMENT ON COLUMN dittofs.link_counts.nlink IS 'Its links.';

COMMENT ON COLUMN dittofs.replicas.replica_id IS 'Of the process.';
COMMENT ON COLUMN dittofs.replicas.host IS 'Its machine.';
COMMENT ON COLUMN dittofs.replicas.pid IS 'Its process there.';
COMMENT ON COLUMN dittofs.replicas.version IS 'Its version.';
COMMENT ON COLUMN dittofs.replicas.address IS 'Where it listens.';
COMMENT ON COLUMN dittofs.replicas.state IS 'serving, or draining when it is being stopped.';
COMMENT ON COLUMN dittofs.replicas.alive IS 'It told so within half a minute.';
COMMENT ON COLUMN dittofs.replicas.clients IS 'Connections of clients.';
COMMENT ON COLUMN dittofs.replicas.calls_per_second IS 'Lately.';
COMMENT ON COLUMN dittofs.replicas.started_at IS 'When it started.';
COMMENT ON COLUMN dittofs.replicas.seen_at IS 'When it last told.';

COMMENT ON COLUMN dittofs.share_usage.share IS 'The path that clients mount.';
COMMENT ON COLUMN dittofs.share_usage.content IS 'Where what is written goes.';
COMMENT ON COLUMN dittofs.share_usage.read_only IS 'Changes are refused.';
COMMENT ON COLUMN dittofs.share_usage.bytes IS 'Bytes stored.';
COMMENT ON COLUMN dittofs.share_usage.size IS 'The same, to be read.';
COMMENT ON COLUMN dittofs.share_usage.inodes IS 'Files, directories and all other kinds.';

COMMENT ON COLUMN dittofs.slow_calls.happened_at IS 'When it ended.';
COMMENT ON COLUMN dittofs.slow_calls.host IS 'The gateway''s machine.';
COMMENT ON COLUMN dittofs.slow_calls.client IS 'The client''s address and port.';
COMMENT ON COLUMN dittofs.slow_calls.procedure IS 'As RFC 1813 names it.';
COMMENT ON COLUMN dittofs.slow_calls.status IS 'What was answered.';
COMMENT ON COLUMN dittofs.slow_calls.total_ms IS 'From its arrival to its reply.';
COMMENT ON COLUMN dittofs.slow_calls.queue_ms IS 'Waiting in the gateway: for a connection, or to be run again.';
COMMENT ON COLUMN dittofs.slow_calls.database_ms IS 'From sending its batch to the end of its transaction.';
COMMENT ON COLUMN dittofs.slow_calls.flush_ms IS 'Part of database_ms: the commit; 0 where it was not measured.';
COMMENT ON COLUMN dittofs.slow_calls.content_ms IS 'Content outside the database.';
COMMENT ON COLUMN dittofs.slow_calls.share IS 'The share; NULL: a call without a handle, or a share that is gone.';
COMMENT ON COLUMN dittofs.slow_calls.handle IS 'A file, or the directory of a name.';
