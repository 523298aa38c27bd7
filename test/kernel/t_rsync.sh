#!/bin/bash
# test/kernel/t_rsync.sh: rsync -aH to the share and back, verified by checksums.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# A tree with everything that -a and -H preserve, off the share
python3 -IS - "$T/source" <<'EOP'
import os, sys
top = sys.argv[1]
seed = 1
os.makedirs(top)
os.chdir(top)
for d in range(15):
    os.mkdir('dir%d' % d)
    for f in range(20):
        name = 'dir%d/file %d' % (d, f)
        with open(name, 'wb') as file:
            seed = seed * 1103515245 + 12345 & 0x7fffffff
            file.write(seed.to_bytes(4, 'big') * (seed % 3000))
        os.chmod(name, (0o644, 0o600, 0o755, 0o444)[f % 4])
        os.chown(name, (0, 1000, 4294967294)[d % 3], (0, 50, 4294967294)[f % 3])
        os.utime(name, ns=(seed * 10**9 + f, seed * 10**9 + seed % 10**9))
for i in range(40):
    os.link('dir0/file %d' % (i % 20), 'dir1/link %d' % i)
    os.symlink('../dir%d/nowhere' % i, 'dir2/symlink %d' % i)
os.mkfifo('fifo', 0o640)
os.mkdir(b'odd \xff\n name')
with open(b'odd \xff\n name/\xe4\xf6', 'w') as file:
    file.write('x')
with open('large', 'wb') as file:
    for i in range(300000):
        file.write(b'%09d\n' % i)
with open('sparse', 'wb') as file:
    file.truncate(20 << 20)
    file.seek(10 << 20)
    file.write(b'middle')
os.chmod('dir3', 0o2775)
os.chmod('dir4', 0o1777)
os.mkdir('empty', 0o700)
for d in range(15):
    os.utime('dir%d' % d, ns=(10**18 + d, 10**18 + 10**9 + d))
EOP
source=$T/source

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
