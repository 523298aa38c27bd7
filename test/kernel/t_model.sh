#!/bin/bash
# SPDX-License-Identifier: PostgreSQL
# test/kernel/t_model.sh: random system calls, each of which must come to what
# the reference model (test/model) says, and the tree that they leave.
#
# On a local directory the same calls show that the model knows POSIX; here they
# show that the share and the kernel's client make POSIX together.

. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

for seed in 1 2 $SRANDOM; do
	run "${MODEL_CALLS:-2000} calls, seed $seed" "$here/../model/build/model" \
		--directory "$D" --seed "$seed" --operations "${MODEL_CALLS:-2000}"
done
finish
