-- SPDX-License-Identifier: PostgreSQL
-- dittofs.fattr and dittofs.wcc: attributes on their way out.

SELECT dittofs.create_share('/attributes', root_uid => 10, root_gid => 20, root_mode => '0750') IS NOT NULL AS made;
SELECT dittofs.resolve('/attributes') AS root \gset
SELECT attributes AS root_attributes FROM dittofs.get_file(:'root') \gset

-- attributes() unfolds one into columns; times are nanoseconds since the epoch.
SELECT kind, mode, nlink, uid, gid, size, used, rdev_major, rdev_minor,
		to_timestamp(ctime / 1e9) BETWEEN now() - interval '1 minute' AND now() + interval '1 minute' AS fresh
	FROM dittofs.get_file(:'root'), dittofs.attributes(attributes);
SELECT (dittofs.attributes(attributes)).mode FROM dittofs.get_file(:'root');

-- As text it is key=value; the binary form has 84 bytes.
SELECT regexp_replace(attributes::text, '(fsid|fileid|.time)=\d+', '\1=...', 'g') FROM dittofs.get_file(:'root');
SELECT length(dittofs.fattr_send(attributes)) FROM dittofs.get_file(:'root');
SELECT substr(dittofs.fattr_send(attributes), 1, 44) FROM dittofs.get_file(:'root');

-- A wcc has size and times before a change, and the attributes after it.
CREATE TEMP TABLE result AS SELECT * FROM dittofs.create_file(:'root', 'file', how => 'guarded');
SELECT status, b.size, b.ctime < (dittofs.attributes(dittofs.after(dir_wcc))).ctime AS ctime_grew,
		(dittofs.attributes(dittofs.after(dir_wcc))).kind
	FROM result, dittofs.before(dir_wcc) b;
SELECT length(dittofs.wcc_send(dir_wcc)) AS both, get_byte(dittofs.wcc_send(dir_wcc), 0) AS has_before,
		get_byte(dittofs.wcc_send(dir_wcc), 25) AS has_after FROM result;
SELECT regexp_replace(dir_wcc::text, '(fsid|fileid|.time)=\d+', '\1=...', 'g') FROM result;

-- commit() changes nothing, so there is no before.
SELECT dittofs.before(wcc) IS NULL AS none_before, length(dittofs.wcc_send(wcc)),
		regexp_replace(wcc::text, '(fsid|fileid|.time)=\d+', '\1=...', 'g')
	FROM result, dittofs.commit(handle);

-- Ids are full 32 bits.
SELECT status, uid, gid FROM dittofs.set_file_attributes(:'root', uid => 4294967295, gid => 4294967294),
	dittofs.attributes(dittofs.after(wcc));

-- Nobody but the functions makes one.
SELECT 'kind=regular'::dittofs.fattr;
SELECT 'before=none'::dittofs.wcc;

-- Statuses are numbers of RFC 1813; 20001 is ours.
SELECT n, dittofs.status_name(n) FROM unnest(array[0, 1, 2, 5, 13, 17, 18, 19, 20, 21, 22, 27, 28, 30,
	31, 63, 66, 69, 70, 10001, 10002, 10003, 10004, 10005, 10006, 10007, 10008, 20001]) n;
SELECT dittofs.status_name(3) IS NULL AS no_such_status;

SELECT dittofs.drop_share('/attributes', force => true);
