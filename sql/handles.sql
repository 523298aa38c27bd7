-- SPDX-License-Identifier: PostgreSQL
-- Handles: 33 opaque bytes, readable text for people.

SELECT dittofs.create_share('/handles') AS root \gset
SELECT length(:'root'::bytea), get_byte(:'root', 0) AS version;

-- As text a handle is base64 of {"share": name, "id": uuid}.
SELECT dittofs.handle_to_text(:'root') AS root_text \gset
SELECT regexp_replace(convert_from(decode(:'root_text', 'base64'), 'UTF8'), '[0-9a-f-]{36}', '...');
SELECT convert_from(decode(:'root_text', 'base64'), 'UTF8')::json ->> 'id' = root_id::text AS same_id
	FROM dittofs.shares WHERE name = '/handles';
SELECT dittofs.handle_from_text(:'root_text') = :'root' AS same;
SELECT dittofs.get_share_name_for_handle(:'root');

-- A share's new name shows in the text; the handle stays.
SELECT dittofs.alter_share('/handles', new_name => '/"handles"');
SELECT dittofs.get_share_name_for_handle(:'root');
SELECT dittofs.handle_from_text(dittofs.handle_to_text(:'root')) = :'root' AS same;
SELECT status FROM dittofs.get_file(:'root');
SELECT dittofs.handle_from_text(:'root_text');
SELECT dittofs.alter_share('/"handles"', new_name => '/handles');

-- Other JSON of the same meaning will do.
SELECT dittofs.handle_from_text(encode(convert_to(format('{ "id": "%s", "share": "\u002fhandles" }', root_id), 'UTF8'), 'base64')) = :'root' AS same
	FROM dittofs.shares WHERE name = '/handles';

-- What is no handle, is none: BADHANDLE; of an object that is gone: STALE.
SELECT dittofs.status_name(status) FROM dittofs.get_file('');
SELECT dittofs.status_name(status) FROM dittofs.get_file('\x01');
SELECT dittofs.status_name(status) FROM dittofs.get_file(:'root'::bytea || '\x00');
SELECT dittofs.status_name(status) FROM dittofs.get_file(substr(:'root'::bytea, 1, 32));
SELECT dittofs.status_name(status) FROM dittofs.get_file(set_byte(:'root', 0, 2));
SELECT dittofs.status_name(status) FROM dittofs.get_file(NULL);
SELECT dittofs.status_name(status) FROM dittofs.get_file(overlay(:'root'::bytea placing '\xffffffff' from 25));
SELECT dittofs.status_name(status) FROM dittofs.get_file(overlay(:'root'::bytea placing '\xffffffff' from 5));
SELECT dittofs.get_share_name_for_handle('\x00') IS NULL AS none,
	dittofs.get_share_name_for_handle(overlay(:'root'::bytea placing '\xffffffff' from 5)) IS NULL AS no_share;

-- One share's handle does not open another's file.
SELECT dittofs.create_share('/handles2') AS root2 \gset
SELECT dittofs.status_name(status) FROM dittofs.get_file(
	overlay(:'root'::bytea placing substring(:'root2'::bytea from 2 for 16) from 2));

-- Errors of the conversions
SELECT dittofs.handle_to_text('\x00');
SELECT dittofs.handle_to_text(overlay(:'root'::bytea placing '\xffffffff' from 5));
SELECT dittofs.handle_from_text('!');
SELECT dittofs.handle_from_text('');
SELECT dittofs.handle_from_text(encode('\xff', 'base64'));
SELECT dittofs.handle_from_text(encode('{"share": "/handles"}', 'base64'));
SELECT dittofs.handle_from_text(encode('{"share": "/handles", "id": 1}', 'base64'));
SELECT dittofs.handle_from_text(encode('{"share": "/handles", "id": "1"}', 'base64'));
SELECT dittofs.handle_from_text(encode('["share", "id"]', 'base64'));
SELECT dittofs.handle_from_text(encode('{"share": "/none", "id": "00000000-0000-0000-0000-000000000000"}', 'base64'));

SELECT dittofs.drop_share('/handles'), dittofs.drop_share('/handles2');
SELECT dittofs.status_name(status) FROM dittofs.get_file(:'root');
