-- SPDX-License-Identifier: PostgreSQL
-- FSINFO, PATHCONF, FSSTAT: what a share can do and how full it is.

SELECT dittofs.create_share('/capabilities', root_mode => '0777') AS root \gset
SELECT dittofs.write_file('/capabilities/file', 'content', caller => 'uid=1000');
SELECT dittofs.resolve('/capabilities/file') AS file \gset

-- Any object of the share will do; the attributes are the object's.
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).kind,
		rtmax, rtpref, rtmult, wtmax, wtpref, wtmult, dtpref, maxfilesize, time_delta, properties,
		linkmax, name_max, no_trunc, chown_restricted, case_insensitive, case_preserving
	FROM dittofs.get_filesystem_capabilities(:'root') \gx
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).kind, rtmax
	FROM dittofs.get_filesystem_capabilities(:'file', 'uid=1000 client=10.0.0.7');

-- Sizes can be changed, share by share.  What is preferred is never more than
-- what is possible.
SELECT dittofs.set_filesystem_capabilities('/capabilities', rtmax => 65536, wtmax => 131072, wtpref => 32768,
	dtpref => 8192, maxfilesize => 1000000);
SELECT rtmax, rtpref, wtmax, wtpref, dtpref, maxfilesize FROM dittofs.get_filesystem_capabilities(:'root');
SELECT dittofs.set_filesystem_capabilities('/capabilities', rtmax => 1048576);
SELECT rtmax, rtpref, wtmax, wtpref, dtpref, maxfilesize FROM dittofs.get_filesystem_capabilities(:'root');
SELECT dittofs.create_share('/capabilities2') AS root2 \gset
SELECT rtmax, rtpref, wtmax, wtpref, dtpref, maxfilesize FROM dittofs.get_filesystem_capabilities(:'root2');

-- They are obeyed.
SELECT dittofs.set_filesystem_capabilities('/capabilities', rtmax => 4096);
SELECT dittofs.write_file('/capabilities/large', convert_to(repeat('x', 10000), 'UTF8'));
SELECT dittofs.status_name(status), length(data), eof FROM dittofs.read(dittofs.resolve('/capabilities/large'), 0, 10000);
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 999999, 'x');
SELECT dittofs.status_name(status) FROM dittofs.write(:'file', 999999, 'xy');
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(:'file', size => 1000001);
SELECT length(dittofs.read_file('/capabilities/large'));

SELECT dittofs.set_filesystem_capabilities('/capabilities', rtmax => 4095);
SELECT dittofs.set_filesystem_capabilities('/capabilities', wtmax => 2097152);
SELECT dittofs.set_filesystem_capabilities('/capabilities', rtpref => 8192);
SELECT dittofs.set_filesystem_capabilities('/capabilities', dtpref => 0);
SELECT dittofs.set_filesystem_capabilities('/capabilities', maxfilesize => -1);
SELECT dittofs.set_filesystem_capabilities('/nowhere');

-- Statistics: totals are settings, what is used is counted.
SELECT dittofs.drop_share('/capabilities', force => true);
SELECT dittofs.create_share('/capabilities') AS root \gset
SELECT dittofs.status_name(status), (dittofs.attributes(attributes)).kind, total_bytes, total_bytes - free_bytes AS used_bytes,
		free_bytes = available_bytes AS same_bytes, total_files, total_files - free_files AS used_files,
		free_files = available_files AS same_files, invarsec
	FROM dittofs.get_filesystem_statistics(:'root') \gx
SELECT dittofs.write_file('/capabilities/file', convert_to(repeat('x', 1000000), 'UTF8'));
SELECT dittofs.mkdir('/capabilities/dir'), dittofs.ln('/capabilities/file', '/capabilities/dir/link');
SELECT total_bytes - free_bytes AS used_bytes, total_files - free_files AS used_files FROM dittofs.get_filesystem_statistics(:'root');
-- A hole uses nothing.
SELECT dittofs.status_name(status) FROM dittofs.set_file_attributes(dittofs.resolve('/capabilities/file'), size => 1000000000000);
SELECT total_bytes - free_bytes AS used_bytes, total_files - free_files AS used_files FROM dittofs.get_filesystem_statistics(:'root');
SELECT dittofs.rm('/capabilities/file'), dittofs.rm('/capabilities/dir', recursive => true);
SELECT total_bytes - free_bytes AS used_bytes, total_files - free_files AS used_files FROM dittofs.get_filesystem_statistics(:'root');

SELECT dittofs.set_server_config('capacity_bytes', '1000'), dittofs.set_server_config('capacity_inodes', '2');
SELECT dittofs.write_file('/capabilities/a', convert_to(repeat('x', 900), 'UTF8'));
SELECT total_bytes, free_bytes, total_files, free_files FROM dittofs.get_filesystem_statistics(:'root');
SELECT dittofs.write_file('/capabilities/b', convert_to(repeat('x', 900), 'UTF8'));
SELECT total_bytes, free_bytes, total_files, free_files FROM dittofs.get_filesystem_statistics(:'root');
SELECT dittofs.set_server_config('capacity_bytes', NULL), dittofs.set_server_config('capacity_inodes', NULL);

-- Both: BADHANDLE, STALE
SELECT dittofs.status_name(status) FROM dittofs.get_filesystem_capabilities('\x00');
SELECT dittofs.status_name(status) FROM dittofs.get_filesystem_statistics(NULL);
SELECT dittofs.status_name(status) FROM dittofs.get_filesystem_capabilities(:'file');
SELECT dittofs.status_name(status) FROM dittofs.get_filesystem_statistics(:'file');

SELECT dittofs.drop_share('/capabilities', force => true), dittofs.drop_share('/capabilities2');
