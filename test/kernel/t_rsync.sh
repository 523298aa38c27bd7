#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_rsync.sh: rsync -aH to the share and back, verified by checksums.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

source=$T/source

# plant CALL PATH ARGUMENT...: in the tree, by a system call that must succeed
plant()
{
	sys "$1" "$source${2:+/$2}" "${@:3}"
	[ "$reply" = 0 ] || die "$*: $reply"
}

# A tree with everything that -a and -H preserve, off the share
seed=1
modes=(0644 0600 0755 0444)
owners=(0 1000 4294967294)
groups=(0 50 4294967294)
plant mkdir '' 0755
for d in {0..14}; do
	plant mkdir "dir$d" 0755
	for f in {0..19}; do
		name="dir$d/file $f"
		seed=$((seed * 1103515245 + 12345 & 0x7fffffff))
		plant repeat "$name" $seed $((seed % 3000))
		plant chmod "$name" "${modes[f % 4]}"
		plant chown "$name" "${owners[d % 3]}" "${groups[f % 3]}"
		plant utimens "$name" $((seed * 10**9 + f)) $((seed * 10**9 + seed % 10**9))
	done
done
for i in {0..39}; do
	sys link "$source/dir0/file $((i % 20))" "$source/dir1/link $i"
	sys symlink "../dir$i/nowhere" "$source/dir2/symlink $i"
done
plant mkfifo fifo 0640
plant mkdir $'odd \xff\n name' 0755
plant put $'odd \xff\n name/\xe4\xf6' x
seq -f %09.0f 0 299999 >"$source/large"
plant put sparse ''
plant truncate sparse $((20 << 20))
sys fopen sparse "$source/sparse" O_WRONLY
sys pwrite sparse $((10 << 20)) middle
sys close sparse
plant chmod dir3 02775
plant chmod dir4 01777
plant mkdir empty 0700
for d in {0..14}; do
	plant utimens "dir$d" $((10**18 + d)) $((10**18 + 10**9 + d))
done
same "$(find "$source" | wc -l) $(find "$source" -type f -links 3 | wc -l)" "404 60" \
	"the tree is complete"

# nothing FROM TO NAME: rsync finds nothing to do from FROM to TO.
nothing()
{
	same "$(rsync -aHn --numeric-ids --checksum --delete --itemize-changes \
		"$1/" "$2/" 2>&1)" "" "$3"
}

run "to the share" rsync -aH --numeric-ids --sparse "$source/" copy/
forget
nothing "$source" copy "nothing is left to do"
same "$(stat -c '%h %i' 'copy/dir0/file 3' 'copy/dir1/link 3' 'copy/dir1/link 23' |
	sort -u | wc -l)" 1 "hard links are links again"
same "$(stat -c %y 'copy/dir5/file 7')" "$(stat -c %y "$source/dir5/file 7")" \
	"times to the nanosecond"
run "du" [ "$(du -k copy/sparse | cut -f1)" -lt 1024 ]
run "back from the share" rsync -aH --numeric-ids copy/ "$T/back/"
nothing "$source" "$T/back" "what comes back is the same"
rm -r "$T/back"

echo more >>"$source/dir5/file 5"
printf changed | dd of="$source/large" bs=1 seek=1000000 conv=notrunc status=none
rm -r "$source/dir6"
mv "$source/dir7" "$source/dir1/moved"
rm "$source/fifo"
mkdir "$source/fifo"
chmod 400 "$source/dir8/file 2"
run "changes, with --delete" rsync -aH --numeric-ids --delete --no-whole-file "$source/" copy/
forget
nothing "$source" copy "nothing is left to do after changes"
echo again >>"$source/large"
run "--inplace" rsync -aH --numeric-ids --inplace --no-whole-file "$source/" copy/
run "--link-dest" rsync -aH --numeric-ids --link-dest="$PWD/copy" "$source/" snapshot/
same "$(find snapshot -type f -links 1 | wc -l)" 0 "an incremental copy has links only"
nothing "$source" snapshot "and is complete"
run "rm -rf" rm -rf copy
finish
