#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_sqlite.sh: SQLite keeps a database on the share.
#
# Journal modes delete, truncate and persist; a write-ahead log needs memory
# shared by all its readers and is not for network file systems.  The mount
# option nolock makes locks a matter of this client.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# db FILE SQL...: the journal mode is a setting of the connection.
db()
{
	sqlite3 -bail -cmd '.timeout 20000' -cmd '.output /dev/null' \
		-cmd "PRAGMA journal_mode = $mode" -cmd '.output stdout' "$@"
}

check()
{
	same "$(sqlite3 "$1" 'PRAGMA integrity_check')" ok "$2"
}

for mode in delete truncate persist; do
	topic "journal_mode $mode"
	same "$(db $mode.db <<-EOS
		PRAGMA journal_mode;
		CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, data BLOB);
		CREATE INDEX i ON t (name);
		BEGIN;
		WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 3000)
		INSERT INTO t SELECT x, printf('name %d', x * 7919 % 3000), randomblob(200) FROM n;
		COMMIT;
		EOS
	)" "$mode" "created"
	for i in 1 2 3 4 5; do
		echo "BEGIN; UPDATE t SET data = randomblob(300) WHERE id % 10 = $i; COMMIT;"
	done >"$T/sql"
	run "transactions" db $mode.db ".read $T/sql"
	same "$(db $mode.db "BEGIN; DELETE FROM t; ROLLBACK; SELECT count(*) FROM t")" \
		3000 "rolled back"
	run "vacuum" db $mode.db 'DELETE FROM t WHERE id > 2000; VACUUM'
	forget
	check $mode.db "integrity with cold caches"
	same "$(sqlite3 $mode.db "SELECT count(*), count(DISTINCT name) FROM t")" \
		"2000|2000" "content"
	case $mode in
		delete) wanted= ;;
		truncate) wanted=0 ;;
		persist) wanted='[1-9]' ;;
	esac
	like "$(stat -c %s $mode.db-journal 2>/dev/null)" "^$wanted" "$topic: the journal afterwards"
done

# A writer moves amounts between accounts; the sum never changes.
topic "readers beside a writer"
mode=delete
sqlite3 bank.db "CREATE TABLE account (id INTEGER PRIMARY KEY, amount INTEGER);
	WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 500)
	INSERT INTO account SELECT x, 100 FROM n"
for i in {1..60}; do
	echo "BEGIN IMMEDIATE;
		UPDATE account SET amount = amount - $i WHERE id = $i;
		UPDATE account SET amount = amount + $i WHERE id = 500 - $i; COMMIT;"
done | db bank.db >"$T/writer" 2>&1 &
writer=$!
readers=()
for i in 1 2 3; do
	for _ in {1..20}; do
		echo "SELECT sum(amount), count(*) FROM account;"
	done | db bank.db >"$T/reader$i" 2>&1 &
	readers+=($!)
done
wait $writer
ok $? "$topic: the writer's 60 transactions" || sed 's/^/# /' "$T/writer"
wait "${readers[@]}"
same "$(cat "$T"/reader[123] | sort | uniq -c | tr -s ' ')" " 60 50000|500" \
	"60 sums, all the same"
check bank.db "integrity"

# A process that dies in the middle of a transaction leaves a hot journal;
# the next one rolls back.
topic "killed writer"
cp delete.db killed.db
mkfifo "$T/pipe"
sqlite3 killed.db <"$T/pipe" >/dev/null 2>&1 &
writer=$!
exec 7>"$T/pipe"
# A small cache makes it write to the database before the commit.
echo "PRAGMA cache_size = 5; BEGIN; UPDATE t SET data = randomblob(900);
	SELECT 1;" >&7
for ((i = 0; i < 200; i++)); do
	[ "$(stat -c %s killed.db)" = "$(stat -c %s delete.db)" ] || break
	sleep 0.1
done
kill -KILL $writer
wait $writer 2>/dev/null
exec 7>&-
[ -s killed.db-journal ]
ok $? "$topic: there is a hot journal"
check killed.db "integrity after recovery"
same "$(sqlite3 killed.db .dump | md5sum)" "$(sqlite3 delete.db .dump | md5sum)" \
	"rolled back to what was before"
run "rm" rm -- *.db*
finish
