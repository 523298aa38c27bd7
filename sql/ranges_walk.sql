-- SPDX-License-Identifier: PostgreSQL
-- A walk of random steps on files: writing, cutting, punching holes, copying, cloning,
-- while the reaper and the background pass work slowly.  After each step the files are
-- what a model, a value in memory, says; holes are zeros; nothing is wrong.
\set ECHO none
\i test/check.sql
\i test/store.sql
\set ECHO all

SELECT dittofs.create_content_store('walk', 'filesystem') IS NOT NULL;
SELECT dittofs.create_share('/walkp', squash => 'none') IS NOT NULL, dittofs.create_share('/walkm', content => 'memory', squash => 'none') IS NOT NULL,
	dittofs.create_share('/walks', content => 'filesystem', content_store => 'walk', squash => 'none', block_size => 131072) IS NOT NULL;
SELECT dittofs.set_server_config('merge_delay', '0'), dittofs.set_server_config('external_min', '1');

CREATE TABLE t.model (path text PRIMARY KEY, handle bytea, bytes bytea);
INSERT INTO t.model SELECT p, (dittofs.create_file(dittofs.resolve('/walk' || s), convert_to(f, 'UTF8'))).handle, ''
	FROM unnest(array['p', 'm', 's']) s, unnest(array['a', 'b']) f, concat('/walk', s, '/', f) p;

-- n bytes, none of them zero
CREATE FUNCTION t.bytes(n int) RETURNS bytea LANGUAGE sql AS $$
	SELECT convert_to(substr(repeat(md5(random()::text), n / 32 + 1), 1, n), 'UTF8')
$$;
CREATE FUNCTION t.zeros(n bigint) RETURNS bytea LANGUAGE sql AS $$
	SELECT decode(repeat('00', greatest(n, 0)::int), 'hex')
$$;
-- the model with these bytes from there on
CREATE FUNCTION t.put_at(old bytea, at bigint, new bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT substr(old || t.zeros(at - length(old)), 1, at::int) || new || substr(old, (at + length(new) + 1)::int)
$$;
CREATE FUNCTION t.cat_all(file bytea, size int) RETURNS bytea LANGUAGE sql AS $$
	SELECT coalesce(string_agg(t.cat(file, i * 1048576, 1048576), '' ORDER BY i), '') FROM generate_series(0, (size - 1) / 1048576) i WHERE size > 0
$$;

-- Holes as the functions tell them, which must be zeros in the model; and all that is
-- no hole lies between them.
CREATE FUNCTION t.check_holes(m t.model) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	at bigint := 0;
	data bigint;
BEGIN
	WHILE at < length(m.bytes) LOOP
		data := coalesce(dittofs.seek_data(m.path, at), length(m.bytes));
		ASSERT data >= at, 'data before the offset';
		ASSERT substr(m.bytes, at::int + 1, (data - at)::int) = t.zeros(data - at), format('%s: a hole with data: %s to %s', m.path, at, data);
		EXIT WHEN data = length(m.bytes);
		at := dittofs.seek_hole(m.path, data);
		ASSERT at > data, 'a hole where data is';
	END LOOP;
END $$;

CREATE FUNCTION t.step(what text, m t.model, other t.model) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	size int := length(m.bytes);
	at int := CASE WHEN random() < 0.5 THEN floor(random() * 24) * 131072 ELSE floor(random() * 3000000) END;
	n int := CASE WHEN random() < 0.5 THEN 1 + floor(random() * 2500000) WHEN random() < 0.5 THEN (1 + floor(random() * 3)) * 131072 ELSE 1 + floor(random() * 20000) END;
	from_at int := floor(random() * length(other.bytes));
	new bytea;
	done bigint := 0;
BEGIN
	CASE what
	WHEN 'write' THEN
		new := t.bytes(least(n, 1000000));
		ASSERT (dittofs.write(m.handle, at, new)).status = 0;
		UPDATE t.model SET bytes = t.put_at(m.bytes, at, new) WHERE path = m.path;
	WHEN 'blocks' THEN
		new := t.bytes(131072);
		ASSERT t.store_write(m.handle, at, new, new) = 'OK';
		UPDATE t.model SET bytes = t.put_at(m.bytes, at, new || new) WHERE path = m.path;
	WHEN 'cut' THEN
		IF (dittofs.set_file_attributes(m.handle, size => at)).status <> 0 THEN
			RETURN 'busy';
		END IF;
		UPDATE t.model SET bytes = substr(m.bytes || t.zeros(at - size), 1, at) WHERE path = m.path;
	WHEN 'punch' THEN
		BEGIN
			PERFORM dittofs.punch_hole(m.path, at, n);
		EXCEPTION WHEN lock_not_available THEN
			RETURN 'busy';
		END;
		IF at < size THEN
			UPDATE t.model SET bytes = t.put_at(m.bytes, at, t.zeros(least(n, size - at))) WHERE path = m.path;
		END IF;
	WHEN 'copy' THEN
		n := least(n, length(other.bytes) - from_at);
		IF n > 0 AND (m.path <> other.path OR from_at + n <= at OR at + n <= from_at) THEN
			BEGIN
				WHILE done < n LOOP
					done := done + dittofs.copy_range(other.path, m.path, from_at + done, at + done, n - done);
				END LOOP;
			EXCEPTION WHEN feature_not_supported THEN
				NULL;
			END;
			IF done > 0 THEN
				UPDATE t.model SET bytes = t.put_at(m.bytes, at, substr(other.bytes, from_at + 1, done::int)) WHERE path = m.path;
			END IF;
		END IF;
	WHEN 'clone' THEN
		n := least(n, length(other.bytes) - from_at);
		IF n > 0 AND (m.path <> other.path OR from_at + n <= at OR at + n <= from_at) THEN
			BEGIN
				PERFORM dittofs.clone_range(other.path, m.path, from_at, at, n);
			EXCEPTION WHEN feature_not_supported OR lock_not_available THEN
				RETURN 'refused';
			END;
			UPDATE t.model SET bytes = t.put_at(m.bytes, at, substr(other.bytes, from_at + 1, n)) WHERE path = m.path;
		END IF;
	WHEN 'reap' THEN
		PERFORM dittofs.reap(40);
	WHEN 'merge' THEN
		PERFORM count(*) FROM t.merge(2);
	END CASE;
	RETURN 'done';
END $$;

CREATE PROCEDURE t.walk(steps int, seed float) LANGUAGE plpgsql AS $$
DECLARE
	what text;
	m t.model;
	o t.model;
	outcome text;
	log text := '';
	wrong text;
BEGIN
	PERFORM setseed(seed);
	FOR i IN 1 .. steps LOOP
		what := (array['write', 'write', 'write', 'blocks', 'blocks', 'cut', 'punch', 'punch', 'punch', 'copy', 'copy', 'clone', 'clone', 'reap', 'merge'])[1 + floor(random() * 15)];
		SELECT * INTO m FROM t.model WHERE path LIKE CASE WHEN what = 'blocks' THEN '/walks/%' ELSE '%' END ORDER BY random() LIMIT 1;
		SELECT * INTO o FROM t.model WHERE random() < 0.3 OR path LIKE substr(m.path, 1, 7) || '%' ORDER BY random() LIMIT 1;
		log := right(log || format('%s %s %s ', what, m.path, o.path), 300);
		outcome := t.step(what, m, o);
		COMMIT;
		FOR m IN SELECT * FROM t.model x WHERE x.path = m.path LOOP
			ASSERT (SELECT size FROM dittofs.stat(m.path)) = length(m.bytes), format('size of %s: %s', m.path, log);
			ASSERT t.cat_all(m.handle, length(m.bytes)) = m.bytes, format('content of %s: %s', m.path, log);
			PERFORM t.check_holes(m);
		END LOOP;
		SELECT string_agg(v.rule || ': ' || v.object, ', ') INTO wrong FROM dittofs.fsck() v WHERE v.rule <> 'content that is to be moved is known';
		ASSERT wrong IS NULL, wrong || ' after ' || log;
	END LOOP;
END $$;
CALL t.walk(60, 0.5);
SELECT count(*) FROM t.model m WHERE t.cat_all(m.handle, length(m.bytes)) = m.bytes;
SELECT count(*) > 0 FROM t.merge();
SELECT dittofs.reap(1000000) >= 0;
SELECT count(*) FROM t.model m WHERE t.cat_all(m.handle, length(m.bytes)) = m.bytes;
SELECT * FROM t.violations;

SELECT count(dittofs.drop_share(name, force => true)) FROM dittofs.list_shares() WHERE name LIKE '/walk%';
SELECT dittofs.reap(1000000) > 0;
DELETE FROM dittofs.server_config;
DELETE FROM t.objects;
DELETE FROM dittofs.stored_blocks;
DELETE FROM dittofs.content_stores;
DROP TABLE t.model CASCADE;
