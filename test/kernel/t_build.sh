#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_build.sh: C projects are unpacked, built and tested on the share.
#
# make lives on times: what is older than what.  The compiler and the linker
# write at random, map and rename; ar and ranlib change files in place; and the
# result is run from the share.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

topic "generated project"
mkdir project
cd project || exit 1
calls=0
for i in {0..11}; do
	echo "extern int f$i(int);" >>all.h
	printf '#include "all.h"\n#include "part%d.h"\nint f%d(int x) { return x + %d + PART%d; }\n' \
		$((i % 3)) "$i" "$i" $((i % 3)) >"f$i.c"
	calls="f$((11 - i))($calls)"
done
for i in 0 1 2; do
	echo "#define PART$i $i" >part$i.h
done
cat >main.c <<EOP
#include <stdio.h>
#include "all.h"
int main(void) { printf("%d\\n", $calls); return 0; }
EOP
cat >Makefile <<'EOP'
OBJS = $(patsubst %.c,%.o,$(wildcard f*.c))
CFLAGS = -O1 -MMD
prog: main.o lib.a
	$(CC) -o $@ $^
lib.a: $(OBJS)
	$(AR) rcs $@ $?
-include $(wildcard *.d)
EOP
run "make -j2" make -j2
# The client's own clock falls behind while other processes have its processor.
skew=$(sed -n 's/.* has modification time \(.*\) s in the future.*/\1/p' "$T/output" |
	sort -g | tail -n 1)
same "$(awk -v s="${skew:-0}" 'BEGIN { print (s < 1) }')" 1 "clocks differ by less than a second"
same "$(./prog)" 78 "the program runs"
same "$(make | grep -c "up to date")" 1 "nothing to do"
echo '#define PART1 100' >part1.h
make >"$T/output" 2>&1
same "$(grep -c '^cc' "$T/output")" 5 "four objects and the program depend on a header"
same "$(./prog)" 474 "the program is new"
run "make -j2 after changes" bash -c 'rm f*.o && make -j2 && make -q'
cd ..
run "rm -r" rm -r project

topic zlib
source=("$top"/tmp_check/sources/zlib_*.orig.tar.*)
if [ -z "${source[0]}" ]; then
	skip "zlib: unpack, configure, make, make check" \
		"no source package, see test/kernel/prepare"
	finish
fi
run "tar xf" tar xf "${source[0]}"
run "tar df: what was unpacked is what is in the archive" tar df "${source[0]}"
cd zlib* || exit 1
run "configure" ./configure --static
run "make" make CFLAGS=-O1
run "make check" make check
run "make install" make install prefix="$D/installed"
forget
run "a program with the installed library" bash -c '
	cd "$D/installed" &&
	printf "%s\n" "#include <stdio.h>" "#include <zlib.h>" \
		"int main(void) { return puts(zlibVersion()) < 0; }" >test.c &&
	gcc -Iinclude -o test test.c -Llib -lz && ./test'
run "tar cf" tar cf "$D/built.tar" .
run "tar df" tar df "$D/built.tar"
run "make distclean" make distclean
cd ..
run "rm -rf" rm -rf zlib* installed built.tar
finish
