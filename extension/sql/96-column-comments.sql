-- SPDX-License-Identifier: PostgreSQL
-- What is in the columns, where the fragment before this one says nothing more.

COMMENT ON COLUMN dittofs.blocks.content_id IS 'content_id of the file, or else its id.';
COMMENT ON COLUMN dittofs.blocks.cut IS 'The cut of its file after which it was written; NULL: none that is not done with.';
COMMENT ON COLUMN dittofs.blocks.block IS 'Its number in the file: 17 for each 128 KiB.';
COMMENT ON COLUMN dittofs.blocks.data IS 'The bytes.';

COMMENT ON COLUMN dittofs.blocks_memory.content_id IS 'As in blocks.';
COMMENT ON COLUMN dittofs.blocks_memory.cut IS 'As in blocks.';
COMMENT ON COLUMN dittofs.blocks_memory.block IS 'As in blocks.';
COMMENT ON COLUMN dittofs.blocks_memory.data IS 'As in blocks.';
COMMENT ON COLUMN dittofs.blocks_memory.ranges IS 'As in blocks.';

COMMENT ON COLUMN dittofs.content_moves.share_id IS 'The share.';
COMMENT ON COLUMN dittofs.content_moves.position IS 'The last file that was looked at.';
COMMENT ON COLUMN dittofs.content_moves.passes IS 'How often all files have been looked at.';
COMMENT ON COLUMN dittofs.content_moves.next_at IS 'When to go on.';
COMMENT ON COLUMN dittofs.content_moves.failures IS 'How often the slice that is due has failed.';
COMMENT ON COLUMN dittofs.content_moves.error IS 'The last reason.';
COMMENT ON COLUMN dittofs.content_troubles.pass IS 'merge, reap, sweep or gc.';
COMMENT ON COLUMN dittofs.content_troubles.share IS 'The share, as far as it is known.';
COMMENT ON COLUMN dittofs.content_troubles.file_id IS 'The file, or key of the content that no file has.';
COMMENT ON COLUMN dittofs.content_troubles.fileid IS 'Its inode number for clients.';
COMMENT ON COLUMN dittofs.content_troubles.failures IS 'How often it has failed.';
COMMENT ON COLUMN dittofs.content_troubles.next_at IS 'When it is tried again; NULL: when the pass comes by.';
COMMENT ON COLUMN dittofs.content_troubles.error IS 'Why it failed the last time.';

COMMENT ON COLUMN dittofs.content_store_marks.store_id IS 'Of content_stores.';
COMMENT ON COLUMN dittofs.content_store_marks.store_uuid IS 'The store; the same in copies of the database.';
COMMENT ON COLUMN dittofs.content_store_marks.owner_uuid IS 'The database it belongs to; another one when it is adopted.';
COMMENT ON COLUMN dittofs.content_store_marks.database IS 'this_database() when it was made or adopted: where it is another one now, this is a copy.';
COMMENT ON COLUMN dittofs.content_store_marks.ticket IS 'What the marker has, or had until a moment ago.';
COMMENT ON COLUMN dittofs.content_store_marks.next_ticket IS 'What the marker gets next.';
COMMENT ON COLUMN dittofs.content_store_marks.turned_at IS 'When the ticket became this one; the next is due a minute later.';
COMMENT ON COLUMN dittofs.content_store_marks.marked_at IS 'When the store was first used; NULL: never.';
COMMENT ON COLUMN dittofs.content_store_marks.adopting IS 'Whether the marker is to be replaced, whosever it is.';
COMMENT ON COLUMN dittofs.content_stores.read_only IS 'Whether it is only read here (attach_content_store).';
COMMENT ON COLUMN dittofs.content_stores.store_id IS 'Its number, which never means another store.';
COMMENT ON COLUMN dittofs.content_stores.name IS 'By which the gateways'' configuration knows it.';
COMMENT ON COLUMN dittofs.content_stores.kind IS 'filesystem or s3.';
COMMENT ON COLUMN dittofs.content_stores.created_at IS 'When it was made.';

COMMENT ON COLUMN dittofs.extents.content_id IS 'As in blocks.';
COMMENT ON COLUMN dittofs.extents.cut IS 'As in blocks.';
COMMENT ON COLUMN dittofs.extents.length IS 'Bytes.';
COMMENT ON COLUMN dittofs.extents.store_id IS 'The store that has the block.';
COMMENT ON COLUMN dittofs.extents.hash IS 'The block.';

COMMENT ON COLUMN dittofs.extended_attributes.file_id IS 'The inode that has it.';
COMMENT ON COLUMN dittofs.extended_attributes.cookie IS 'Its place in a listing, from 1 on; it never changes.';
COMMENT ON COLUMN dittofs.extended_attributes.name IS 'The name, 1 to 250 bytes, without "user.".';
COMMENT ON COLUMN dittofs.extended_attributes.value IS 'The value, up to 65536 bytes.';

COMMENT ON COLUMN dittofs.files.atime IS 'Of the last reading, as the share''s atime has it.';
COMMENT ON COLUMN dittofs.files.mtime IS 'Of the last change of content.';
COMMENT ON COLUMN dittofs.files.ctime IS 'Of the last change of anything; it always grows.';
COMMENT ON COLUMN dittofs.files.uid IS 'The owner.';
COMMENT ON COLUMN dittofs.files.xattrs IS 'Bytes of names and values of its extended attributes; NULL: it has none.';
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

COMMENT ON COLUMN dittofs.gc_position.one IS 'There is one row at most.';
COMMENT ON COLUMN dittofs.gc_position.store_id IS 'The store of the last block that was looked at.';
COMMENT ON COLUMN dittofs.gc_position.hash IS 'Its hash.';
COMMENT ON COLUMN dittofs.gc_position.failures IS 'The number of blocks that this pass could not look at or return.';
COMMENT ON COLUMN dittofs.gc_position.error IS 'The last reason, in this pass or the one before.';
COMMENT ON COLUMN dittofs.mounts.client IS 'The client''s address.';
COMMENT ON COLUMN dittofs.mounts.path IS 'The path it mounted, which may be below the share.';
COMMENT ON COLUMN dittofs.mounts.share_id IS 'The share.';
COMMENT ON COLUMN dittofs.mounts.mounted_at IS 'When.';

COMMENT ON COLUMN dittofs.parent_child_map.parent_id IS 'The directory.';
COMMENT ON COLUMN dittofs.parent_child_map.child_id IS 'The inode of the object.';
COMMENT ON COLUMN dittofs.parent_child_map.name IS 'The name, 1 to 255 bytes.';

COMMENT ON COLUMN dittofs.dropped_shares.share_id IS 'The number it had; its inodes still have it.';
COMMENT ON COLUMN dittofs.dropped_shares.name IS 'The name that it had; another share may have it by now.';
COMMENT ON COLUMN dittofs.dropped_shares.dropped_at IS 'When it was dropped.';
COMMENT ON COLUMN dittofs.dropped_shares.swept IS 'Inodes up to this id have been looked at, for those without a name; NULL: that has not begun.';
COMMENT ON COLUMN dittofs.dropped_shares.files IS 'Whether the directories are gone, and files without a name are looked for.';
COMMENT ON COLUMN dittofs.dropped_directories.id IS 'The directory''s inode.';
COMMENT ON COLUMN dittofs.dropped_directories.share_id IS 'The dropped share it belongs to.';
COMMENT ON COLUMN dittofs.dropped_directories.position IS 'Its entries up to this cookie are deleted.';
COMMENT ON COLUMN dittofs.dropped_directories.next_at IS 'When to try again.';
COMMENT ON COLUMN dittofs.dropped_directories.failures IS 'How often it could not be emptied, one after the other.';
COMMENT ON COLUMN dittofs.dropped_directories.error IS 'The last reason.';
COMMENT ON COLUMN dittofs.reap_queue.content_id IS 'Key of the content.';
COMMENT ON COLUMN dittofs.reap_queue.content IS 'The table its blocks are in: postgres, memory or both; cut: see file_id.';
COMMENT ON COLUMN dittofs.reap_queue.queued_at IS 'When its last file went.';
COMMENT ON COLUMN dittofs.reap_queue.position IS 'Content before this byte is deleted; for a cut, the file has it.';
COMMENT ON COLUMN dittofs.reap_queue.file_id IS 'The file that something was cut off, or out of; NULL: content without a file.';
COMMENT ON COLUMN dittofs.reap_queue.next_at IS 'When it may be looked at next.';
COMMENT ON COLUMN dittofs.reap_queue.failures IS 'The number of attempts that have failed since one succeeded.';
COMMENT ON COLUMN dittofs.reap_queue.error IS 'The last reason.';

COMMENT ON COLUMN dittofs.replies_0.key IS 'Made of the client''s address and its xid without the last six bits.';
COMMENT ON COLUMN dittofs.replies_0.xids IS 'A bit for each value of these six bits: whether there is a reply.';
COMMENT ON COLUMN dittofs.replies_0.replies IS 'The replies of one transaction to one connection: when the calls arrived, and for each a hash of the call and the inode that it made.';

COMMENT ON COLUMN dittofs.replies_1.key IS 'As in replies_0.';
COMMENT ON COLUMN dittofs.replies_1.xids IS 'As in replies_0.';
COMMENT ON COLUMN dittofs.replies_1.replies IS 'As in replies_0.';

COMMENT ON COLUMN dittofs.replies_2.key IS 'As in replies_0.';
COMMENT ON COLUMN dittofs.replies_2.xids IS 'As in replies_0.';
COMMENT ON COLUMN dittofs.replies_2.replies IS 'As in replies_0.';

COMMENT ON COLUMN dittofs.replies_turn.turn IS 'Counts the turns.';
COMMENT ON COLUMN dittofs.replies_turn.since IS 'When this one began.';
COMMENT ON COLUMN dittofs.replies_turn.seen IS 'The last look whether it is over.';

COMMENT ON COLUMN dittofs.server_config.key IS 'The setting.';
COMMENT ON COLUMN dittofs.server_config.value IS 'Its value.';
COMMENT ON COLUMN dittofs.server_config.changed_at IS 'When it was set.';

COMMENT ON COLUMN dittofs.shares.share_id IS 'Its number in the other tables.';
COMMENT ON COLUMN dittofs.shares.read_only IS 'Changes are refused.';
COMMENT ON COLUMN dittofs.shares.squash IS 'The callers that become anonuid and anongid: none, root or all.';
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
COMMENT ON COLUMN dittofs.slow_call_log.status IS 'The status of the reply: nfsstat3.';
COMMENT ON COLUMN dittofs.slow_call_log.total_ms IS 'From its arrival to its reply.';
COMMENT ON COLUMN dittofs.slow_call_log.handle IS 'The object of the call: a file, or the directory of a name; NULL: it has none.';

COMMENT ON COLUMN dittofs.space_usage.share_id IS 'The share.';
COMMENT ON COLUMN dittofs.space_usage.slot IS $$A session's, more or less.$$;
COMMENT ON COLUMN dittofs.space_usage.bytes IS 'Bytes; may be negative, since only the sum counts.';
COMMENT ON COLUMN dittofs.space_usage.inodes IS 'Inodes; may be negative, too.';

COMMENT ON COLUMN dittofs.staged_files.file_id IS 'The file.';
COMMENT ON COLUMN dittofs.staged_files.clean IS 'Whether no content before position was found that is to be moved.';
COMMENT ON COLUMN dittofs.staged_files.tries IS 'The number of tasks given out since one was ended.';
COMMENT ON COLUMN dittofs.staged_files.failures IS 'The number of attempts that have failed since one succeeded.';
COMMENT ON COLUMN dittofs.staged_files.error IS 'The last reason.';

COMMENT ON COLUMN dittofs.stored_blocks.store_id IS 'The store.';
COMMENT ON COLUMN dittofs.stored_blocks.length IS 'Bytes.';
COMMENT ON COLUMN dittofs.stored_blocks.claimed_at IS 'When a gateway last claimed it.';

COMMENT ON COLUMN dittofs.clients.client IS 'The client''s address.';
COMMENT ON COLUMN dittofs.clients.mounts IS 'How many mounts it told of.';
COMMENT ON COLUMN dittofs.clients.paths IS 'Their paths.';
COMMENT ON COLUMN dittofs.clients.last_mounted_at IS 'When it last mounted.';
COMMENT ON COLUMN dittofs.clients.version IS 'Of NFS: 3, 4.1 or 4.2.';
COMMENT ON COLUMN dittofs.clients.name IS 'What a client of NFSv4 calls itself.';
COMMENT ON COLUMN dittofs.clients.client_id IS 'Its number, for evict_client().';
COMMENT ON COLUMN dittofs.clients.sessions IS 'How many sessions it has.';
COMMENT ON COLUMN dittofs.clients.opens IS 'What a client of NFSv4 has open.';
COMMENT ON COLUMN dittofs.clients.locks IS 'Its locks, with requests that wait and share modes; of NFSv3 what is at the address.';
COMMENT ON COLUMN dittofs.clients.lease IS 'active; expired: it has not been seen, and keeps what no other client wants; unconfirmed: it is about to begin; ended: what it had is being freed.';
COMMENT ON COLUMN dittofs.clients.seen_at IS 'When it was last seen, to some seconds.';
COMMENT ON COLUMN dittofs.clients.implementation IS 'What it says that it is.';

COMMENT ON COLUMN dittofs.nfs4_server.one IS 'There is one row.';
COMMENT ON COLUMN dittofs.nfs4_server.server_uuid IS 'so_major_id and scope of EXCHANGE_ID.';
COMMENT ON COLUMN dittofs.nfs4_server.database IS 'The database that got this identity; another value in a copy, which gets one of its own.';

COMMENT ON COLUMN dittofs.nfs4_clock.one IS 'There is one row.';
COMMENT ON COLUMN dittofs.nfs4_clock.served IS 'Seconds, without the time in which no gateway called renew_leases().';
COMMENT ON COLUMN dittofs.nfs4_clock.counted_at IS 'Up to when they are counted.';

COMMENT ON COLUMN dittofs.nfs4_clients.client_id IS 'The clients number; random.';
COMMENT ON COLUMN dittofs.nfs4_clients.owner IS 'What it calls itself (co_ownerid).';
COMMENT ON COLUMN dittofs.nfs4_clients.state IS 'unconfirmed: from EXCHANGE_ID to CREATE_SESSION; confirmed; ended: what it had is being freed.';
COMMENT ON COLUMN dittofs.nfs4_clients.verifier IS 'Another one when the client has begun anew.';
COMMENT ON COLUMN dittofs.nfs4_clients.auth IS 'Flavor of the credential that may speak for it.';
COMMENT ON COLUMN dittofs.nfs4_clients.uid IS 'Its user.';
COMMENT ON COLUMN dittofs.nfs4_clients.gid IS 'Its group.';
COMMENT ON COLUMN dittofs.nfs4_clients.minor IS 'The minor version it came with.';
COMMENT ON COLUMN dittofs.nfs4_clients.reclaimed IS 'It has said RECLAIM_COMPLETE.';
COMMENT ON COLUMN dittofs.nfs4_clients.sequence IS 'Number of its last CREATE_SESSION.';
COMMENT ON COLUMN dittofs.nfs4_clients.reply IS 'The answer to that.';
COMMENT ON COLUMN dittofs.nfs4_clients.address IS 'Where it was when it last said who it is.';
COMMENT ON COLUMN dittofs.nfs4_clients.implementation IS 'What it says that it is.';
COMMENT ON COLUMN dittofs.nfs4_clients.created_at IS 'When it came.';

COMMENT ON COLUMN dittofs.nfs4_leases.client_id IS 'The client.';
COMMENT ON COLUMN dittofs.nfs4_leases.renewed IS 'When it was last seen, by nfs4_clock.';
COMMENT ON COLUMN dittofs.nfs4_leases.seen_at IS 'The same, by the clock of the wall.';

COMMENT ON COLUMN dittofs.nfs4_sessions.session_id IS 'Its id; random, after a mark of this database.';
COMMENT ON COLUMN dittofs.nfs4_sessions.client_id IS 'The client.';
COMMENT ON COLUMN dittofs.nfs4_sessions.slots IS 'How many requests it may have under way.';
COMMENT ON COLUMN dittofs.nfs4_sessions.max_operations IS 'Operations of a request.';
COMMENT ON COLUMN dittofs.nfs4_sessions.max_request IS 'Bytes of a request.';
COMMENT ON COLUMN dittofs.nfs4_sessions.max_response IS 'Bytes of a response.';
COMMENT ON COLUMN dittofs.nfs4_sessions.max_cached IS 'Bytes of a response that the client wants to be kept.';
COMMENT ON COLUMN dittofs.nfs4_sessions.created_at IS 'When it was made.';

COMMENT ON COLUMN dittofs.nfs4_replies_0.key IS 'Of session and slot.';
COMMENT ON COLUMN dittofs.nfs4_replies_0.seqid IS 'The number of the request.';
COMMENT ON COLUMN dittofs.nfs4_replies_0.digest IS 'Of all that was asked.';
COMMENT ON COLUMN dittofs.nfs4_replies_0.results IS 'What was answered.';
COMMENT ON COLUMN dittofs.nfs4_replies_0.data IS 'Data of it.';

COMMENT ON COLUMN dittofs.nfs4_replies_1.key IS 'Of session and slot.';
COMMENT ON COLUMN dittofs.nfs4_replies_1.seqid IS 'The number of the request.';
COMMENT ON COLUMN dittofs.nfs4_replies_1.digest IS 'Of all that was asked.';
COMMENT ON COLUMN dittofs.nfs4_replies_1.results IS 'What was answered.';
COMMENT ON COLUMN dittofs.nfs4_replies_1.data IS 'Data of it.';

COMMENT ON COLUMN dittofs.nfs4_replies_2.key IS 'Of session and slot.';
COMMENT ON COLUMN dittofs.nfs4_replies_2.seqid IS 'The number of the request.';
COMMENT ON COLUMN dittofs.nfs4_replies_2.digest IS 'Of all that was asked.';
COMMENT ON COLUMN dittofs.nfs4_replies_2.results IS 'What was answered.';
COMMENT ON COLUMN dittofs.nfs4_replies_2.data IS 'Data of it.';

COMMENT ON COLUMN dittofs.content_report.share IS 'The share.';
COMMENT ON COLUMN dittofs.content_report.content IS 'postgres, memory, filesystem or s3.';
COMMENT ON COLUMN dittofs.content_report.store IS 'The store; NULL: in the database.';
COMMENT ON COLUMN dittofs.content_report.files IS 'How many files have content there.';
COMMENT ON COLUMN dittofs.content_report.logical_bytes IS 'Bytes as clients see them.';
COMMENT ON COLUMN dittofs.content_report.stored_bytes IS 'Bytes as they are stored.';

COMMENT ON COLUMN dittofs.entries.share IS 'The share.';
COMMENT ON COLUMN dittofs.entries.parent_id IS 'The directory.';
COMMENT ON COLUMN dittofs.entries.name IS 'The name as text: see name_to_text().';
COMMENT ON COLUMN dittofs.entries.kind IS 'The kind of the object.';
COMMENT ON COLUMN dittofs.entries.child_id IS 'The inode of the object.';
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
COMMENT ON COLUMN dittofs.slow_calls.status IS 'The status of the reply.';
COMMENT ON COLUMN dittofs.slow_calls.total_ms IS 'From its arrival to its reply.';
COMMENT ON COLUMN dittofs.slow_calls.queue_ms IS 'Waiting in the gateway: for a connection, or to be run again.';
COMMENT ON COLUMN dittofs.slow_calls.database_ms IS 'From sending its batch to the end of its transaction.';
COMMENT ON COLUMN dittofs.slow_calls.flush_ms IS 'Part of database_ms: the commit; 0 where it was not measured.';
COMMENT ON COLUMN dittofs.slow_calls.content_ms IS 'Content outside the database.';
COMMENT ON COLUMN dittofs.slow_calls.share IS 'The share; NULL: a call without a handle, or a share that is gone.';
COMMENT ON COLUMN dittofs.slow_calls.handle IS 'A file, or the directory of a name.';

COMMENT ON COLUMN dittofs.waiting.gateway IS 'The gateway''s machine.';
COMMENT ON COLUMN dittofs.waiting.client IS 'The client''s address and port.';
COMMENT ON COLUMN dittofs.waiting.procedure IS 'As RFC 1813 names it.';
COMMENT ON COLUMN dittofs.waiting.share IS 'The share of the handle that the call was about.';
COMMENT ON COLUMN dittofs.waiting.path IS 'A path of that file or directory, now. Finding it reads all entries, unless it is a directory.';
COMMENT ON COLUMN dittofs.waiting.waits IS 'For how long.';
COMMENT ON COLUMN dittofs.waiting.since IS 'When the call arrived.';
COMMENT ON COLUMN dittofs.waiting.blocked_by IS 'The server process that holds the lock; 0: a prepared transaction; NULL: none is known.';
COMMENT ON COLUMN dittofs.waiting.blocked_by_user IS 'Its role.';
COMMENT ON COLUMN dittofs.waiting.blocked_by_application IS 'Its application_name.';
COMMENT ON COLUMN dittofs.waiting.blocked_by_address IS 'Where it is connected from; NULL: a Unix socket.';
COMMENT ON COLUMN dittofs.waiting.blocked_by_state IS 'As in pg_stat_activity.';
COMMENT ON COLUMN dittofs.waiting.blocked_since IS 'When its transaction began.';
COMMENT ON COLUMN dittofs.waiting.blocked_by_query IS 'Its last statement.';
COMMENT ON COLUMN dittofs.waiting.handle IS 'The object of the call.';

COMMENT ON COLUMN dittofs.waiting_calls.replica_id IS 'The gateway, as in gateway_replicas.';
COMMENT ON COLUMN dittofs.waiting_calls.call_id IS 'The call, by a name of the gateway''s.';
COMMENT ON COLUMN dittofs.waiting_calls.host IS 'The gateway''s machine.';
COMMENT ON COLUMN dittofs.waiting_calls.client IS 'The client''s address and port.';
COMMENT ON COLUMN dittofs.waiting_calls.procedure IS 'As RFC 1813 names it.';
COMMENT ON COLUMN dittofs.waiting_calls.handle IS 'The object of the call; NULL: it has none.';
COMMENT ON COLUMN dittofs.waiting_calls.since IS 'When the call arrived.';
COMMENT ON COLUMN dittofs.waiting_calls.pid IS 'The server process that runs the call; NULL: none at the moment.';
COMMENT ON COLUMN dittofs.waiting_calls.blocked_by IS 'The server process that holds the lock, when the call was last seen to wait for one; 0: a prepared transaction.';
COMMENT ON COLUMN dittofs.waiting_calls.seen_at IS 'When the gateway last reported the call.';

COMMENT ON COLUMN dittofs.files.locks IS 'All its locks, packed; dittofs.locks shows them. NULL: it has never had any, or none for a while.';

COMMENT ON COLUMN dittofs.lock_clients.id IS 'Made of protocol, share, name and address.';
COMMENT ON COLUMN dittofs.lock_clients.state IS 'Its state of NSM, which counts its reboots, as last seen; 0: never.';
COMMENT ON COLUMN dittofs.lock_clients.seen_at IS 'When a gateway last saw it, to a minute, later by the time in which no gateway told.';
COMMENT ON COLUMN dittofs.lock_clients.share_id IS 'The share.';
COMMENT ON COLUMN dittofs.lock_clients.protocol IS 'The protocol by which it locks.';
COMMENT ON COLUMN dittofs.lock_clients.name IS 'Its name, as it tells.';
COMMENT ON COLUMN dittofs.lock_clients.address IS 'Its address; NULL: a session of SQL.';

COMMENT ON COLUMN dittofs.lock_grants.id IS 'Its number.';
COMMENT ON COLUMN dittofs.lock_grants.file_id IS 'The file.';
COMMENT ON COLUMN dittofs.lock_grants.share_id IS 'Its share.';
COMMENT ON COLUMN dittofs.lock_grants.client_id IS 'The client, as in lock_clients.';
COMMENT ON COLUMN dittofs.lock_grants.life IS 'The client''s life.';
COMMENT ON COLUMN dittofs.lock_grants.owner IS 'The owner at the client.';
COMMENT ON COLUMN dittofs.lock_grants."offset" IS 'The first byte, as a bit pattern of 64 bits without a sign.';
COMMENT ON COLUMN dittofs.lock_grants.length IS 'How many bytes, likewise; 0: to the end of the file.';
COMMENT ON COLUMN dittofs.lock_grants.exclusive IS 'Whether it is a write lock.';
COMMENT ON COLUMN dittofs.lock_grants.wait IS 'What the gateway gave with the request.';
COMMENT ON COLUMN dittofs.lock_grants.next_at IS 'When the client is to be told, or told again.';
COMMENT ON COLUMN dittofs.lock_grants.attempts IS 'How often a gateway has taken it.';
COMMENT ON COLUMN dittofs.lock_grants.server_address IS 'The address at which the client had called; NULL: not known.';

COMMENT ON COLUMN dittofs.lock_watch.one IS 'There is one row at most.';
COMMENT ON COLUMN dittofs.lock_watch.told_at IS 'The time, to 20 seconds.';

COMMENT ON COLUMN dittofs.lock_passes.life IS 'The life that has ended.';
COMMENT ON COLUMN dittofs.lock_passes.share_id IS 'The share of the client.';
COMMENT ON COLUMN dittofs.lock_passes.position IS 'Files up to this one were looked at.';
COMMENT ON COLUMN dittofs.lock_passes.again IS 'Whether there is to be another round: a file was in use, or older transactions were running.';
COMMENT ON COLUMN dittofs.lock_passes.until IS 'Transactions before this one were running when the first round began.';
COMMENT ON COLUMN dittofs.lock_passes.next_at IS 'When to go on.';

COMMENT ON COLUMN dittofs.locked_files.file_id IS 'The file.';
COMMENT ON COLUMN dittofs.locked_files.share_id IS 'Its share.';
COMMENT ON COLUMN dittofs.locked_files.waiting IS 'Whether an owner waits for a lock.';

COMMENT ON COLUMN dittofs.locks.share IS 'The share.';
COMMENT ON COLUMN dittofs.locks.path IS 'A path of the file, with the share.';
COMMENT ON COLUMN dittofs.locks.client IS 'What the client calls itself.';
COMMENT ON COLUMN dittofs.locks.address IS 'Its address; NULL: a session of SQL.';
COMMENT ON COLUMN dittofs.locks.owner IS 'The owner at the client: 4 bytes that are the number of a process there, and what the client adds.';
COMMENT ON COLUMN dittofs.locks.range_start IS 'The first byte; NULL: a share mode.';
COMMENT ON COLUMN dittofs.locks.range_end IS 'The last byte; NULL: to the end of the file.';
COMMENT ON COLUMN dittofs.locks.kind IS 'read, write, or what a share mode shares and denies.';
COMMENT ON COLUMN dittofs.locks.state IS 'held or waiting.';
COMMENT ON COLUMN dittofs.locks.since IS 'When it was granted, or began to wait, to a second.';

COMMENT ON COLUMN dittofs.opens.share IS 'The share.';
COMMENT ON COLUMN dittofs.opens.path IS 'A path of the file, with the share; NULL: it was removed.';
COMMENT ON COLUMN dittofs.opens.client IS 'What the client calls itself.';
COMMENT ON COLUMN dittofs.opens.address IS 'Its address.';
COMMENT ON COLUMN dittofs.opens.client_id IS 'Its number, for evict_client().';
COMMENT ON COLUMN dittofs.opens.owner IS 'The owner at the client.';
COMMENT ON COLUMN dittofs.opens.access IS 'What it is open for: read, write or both.';
COMMENT ON COLUMN dittofs.opens.deny IS 'What others are denied: none, read, write or both.';
COMMENT ON COLUMN dittofs.opens.removed IS 'Whether the file has no name any more, and is kept until it is closed.';
COMMENT ON COLUMN dittofs.opens.since IS 'Since when.';

COMMENT ON COLUMN dittofs.nfs4_states.client_id IS 'The client.';
COMMENT ON COLUMN dittofs.nfs4_states.id IS 'Its number, a part of the stateid.';
COMMENT ON COLUMN dittofs.nfs4_states.salt IS 'The other part of the stateid, which is not to be guessed.';
COMMENT ON COLUMN dittofs.nfs4_states.seqid IS 'The seqid of the stateid, as a bit pattern of 32 bits without a sign.';
COMMENT ON COLUMN dittofs.nfs4_states.file_id IS 'The file.';
COMMENT ON COLUMN dittofs.nfs4_states.share_id IS 'Its share.';
COMMENT ON COLUMN dittofs.nfs4_states.open_id IS 'Of an owner of locks the open by which it locks; 0: this is an open.';
COMMENT ON COLUMN dittofs.nfs4_states.access IS 'What it is open for: 1 reading, 2 writing, 3 both.';
COMMENT ON COLUMN dittofs.nfs4_states.deny IS 'What others are denied, likewise; 0: nothing.';
COMMENT ON COLUMN dittofs.nfs4_states.modes IS 'A bit for each access and deny of an OPEN that made it, at access * 4 + deny; bit 16: owners of locks have come by it.';
COMMENT ON COLUMN dittofs.nfs4_states.owner IS 'The owner at the client.';
COMMENT ON COLUMN dittofs.nfs4_states.owner_key IS 'A hash of the owner.';
COMMENT ON COLUMN dittofs.nfs4_states.since IS 'When it was made.';

COMMENT ON COLUMN dittofs.nfs4_file_states.file_id IS 'The file.';
COMMENT ON COLUMN dittofs.nfs4_file_states.client_id IS 'The client.';
COMMENT ON COLUMN dittofs.nfs4_file_states.owner_key IS 'A hash of the owner.';
COMMENT ON COLUMN dittofs.nfs4_file_states.id IS 'The number of the state.';

COMMENT ON COLUMN dittofs.nfs4_unlinked_files.file_id IS 'The file.';
COMMENT ON COLUMN dittofs.nfs4_unlinked_files.share_id IS 'Its share.';
