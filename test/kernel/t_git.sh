#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_git.sh: git keeps a repository on the share.
#
# git renames a lock file over each file it changes, hard-links or renames
# objects into place, maps packs into memory and believes stat data: a wrong
# inode number, time or size shows as a dirty tree, a lost byte as a broken
# object.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

export GIT_CONFIG_NOSYSTEM=1
git config --global user.name Tester
git config --global user.email tester@example.org
git config --global init.defaultBranch main
git config --global advice.detachedHead false
git config --global gc.auto 0
git config --global core.fsync all

# tree DIRECTORY GENERATION: 200 files, some of them changed by GENERATION
tree()
{
	local i

	for ((i = 0; i < 20; i++)); do
		mkdir -p "$1/dir$((i % 10))/sub$((i % 4))"
	done
	awk -v top="$1" -v generation="$2" 'BEGIN {
		for (i = 0; i < 200; i++) {
			file = sprintf("%s/dir%d/sub%d/file %d.txt", top, i % 10, i % 4, i)
			printf "" >file
			for (line = 0; line < i * 3; line++)
				printf "%d %d %d\n", i, line, line * i >file
			if (i % 20 == 0)
				printf "generation %d\n", generation >file
			close(file)
		}
	}'
}

clean()
{
	same "$(git -C "$1" status --porcelain)" "" "$2"
}

run "init" git init -q repo
tree repo 1
printf '#!/bin/sh\n' >repo/run
chmod 755 repo/run
ln -s run repo/link
run "add" git -C repo add .
run "commit" git -C repo commit -q -m one
clean repo "clean after commit"
same "$(git -C repo ls-files -s run link | cut -c1-6 | paste -sd' ')" \
	"120000 100755" "symbolic link and executable"
forget
clean repo "clean with cold caches"
tree repo 2
same "$(git -C repo status --porcelain | wc -l)" 10 "ten files are changed"
run "commit -a" git -C repo commit -q -a -m two
run "branch" git -C repo checkout -q -b side HEAD~1
same "$(tail -n 1 'repo/dir0/sub0/file 20.txt')" "generation 1" "checkout of the old tree"
echo side >repo/side
run "add on a branch" git -C repo add side
run "commit on a branch" git -C repo commit -q -m side
run "checkout" git -C repo checkout -q main
run "merge" git -C repo merge -q -m merge side
run "mv" git -C repo mv dir1 moved
run "commit of renames" git -C repo commit -q -m moved
same "$(git -C repo log --oneline | wc -l)" 5 "five commits"
run "stash" bash -c 'cd repo && echo x >>run && git stash -q && git stash pop -q &&
	git checkout -q run'
run "fsck" git -C repo fsck --full --strict
run "clone with hard links" git clone -q --local repo linked
clean linked "the clone is clean"
same "$(stat -c %h "$(find linked/.git/objects -type f | head -n 1)")" 2 \
	"objects are shared by hard links"
run "gc" git -C repo gc -q --prune=now
same "$(git -C repo count-objects)" "0 objects, 0 kilobytes" "all objects are packed"
forget
run "fsck of packs" git -C repo fsck --full --strict
clean repo "clean after gc"
run "clone" git clone -q --no-local repo clone
same "$(git -C clone rev-parse 'HEAD^{tree}')" "$(git -C repo rev-parse 'HEAD^{tree}')" \
	"the clone has the same tree"
rm -r clone/.git
run "and the same files" diff -r --exclude=.git repo clone
echo more >>linked/side
run "push" bash -c 'git init -q --bare bare && cd linked && git commit -q -a -m more &&
	git push -q ../bare main'
run "pull" git -C repo pull -q ../bare main
same "$(tail -n 1 repo/side)" more "what was pushed arrives"
run "rm -rf" rm -rf repo linked clone bare
finish
