# SPDX-License-Identifier: PostgreSQL
# dittofs: build, install, run and test.
#
#	make				extension and gateway
#	make install		into the server that pg_config names (DESTDIR works)
#	make installcheck	pg_regress and isolation tests against a running server
#						that has the extension installed
#	make packages		install what building and testing need (Debian 12)
#	make run			everything from a bare Debian 12 to a mountable share
#	make test			every test, on throwaway clusters (SUITES="regress unit")
#	make lint			how sources, pages and commit messages are written
#	make lint-report	lengths, circles and repetitions in the code
#	make soak			clients through kills, MINUTES=10 (CONTENT=filesystem or s3);
#						docs/reliability.md
#	make test-versions	the SQL suites on PostgreSQL 14 to 18 (VERSIONS="14 assertions")
#	make test-debian	regress and isolation on another Debian release (RELEASE=sid: trixie)
#	make fuzz			hostile input for the gateway (SECONDS=60 or RUNS=2000000); test/fuzz/README.md
#	make deb			Debian packages of both halves, in build/deb/
#	make test-deb		they, the README's installation and the Dockerfile, in fresh Debian systems
#	make test-ha		a primary with a synchronous standby is killed under load
#	make bench			measure (QUICK=1: less than 5 minutes); test/bench/README.md
#	make bench ONLY=bounds	what each call takes, by how much there is
#	make bench ONLY=instructions	... in instructions, beside those of REV=COMMIT
#
# Variables: PG_CONFIG, DESTDIR, WERROR=1 (warnings are errors), SANITIZE=1
# (AddressSanitizer and UBSan in the gateway), GATEWAY=no (extension alone).
#
# The extension is built by PGXS, which wants the whole Makefile for itself:
# MODULE_big and PROGRAM would share OBJS.  So the gateway has its own
# Makefile, reached from all, install and clean by prerequisites only.  run,
# test and packages must work before pg_config exists, so they are scripts
# that call make again.

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

version := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" \
	extension/dittofs.control)

EXTENSION = extension/dittofs
MODULE_big = dittofs
PGFILEDESC = "dittofs - a POSIX file system in PostgreSQL"

OBJS = $(patsubst %.c,%.o,$(wildcard extension/src/*/*.c))
install_script = extension/dittofs--$(version).sql
DATA = $(wildcard extension/upgrade/*--*--*.sql)
DATA_built = $(install_script)
SHLIB_LINK = -luuid -lxxhash -lsodium
# dittofs_contract.h, which the gateway includes, too; a folder's headers by its name.
PG_CPPFLAGS = -I$(srcdir)/extension/include -I$(srcdir)/extension/src

# The server's headers raise the first three when -Wextra is on; declarations
# where they are first useful are allowed in our own code.
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter -Wno-sign-compare \
	-Wno-missing-field-initializers -Wno-declaration-after-statement
ifeq ($(WERROR),1)
PG_CFLAGS += -Werror
endif

REGRESS = $(sort $(patsubst sql/%.sql,%,$(wildcard sql/*.sql)))
REGRESS_OPTS = --load-extension=dittofs
ISOLATION = $(sort $(patsubst test/isolation/specs/%.spec,%,\
	$(wildcard test/isolation/specs/*.spec)))
ISOLATION_OPTS = --inputdir=test/isolation --load-extension=dittofs \
	--launcher=test/isolation/launch

EXTRA_CLEAN = tmp_check test/unit/build test/gateway/build test/model/build \
	test/faults/build test/kernel/build test/fuzz/build \
	$(filter-out $(DATA_built),$(wildcard extension/dittofs--*.sql))

all:

.PHONY: packages run test lint lint-report bench deb soak fuzz test-versions test-debian test-ha test-deb gateway-all \
	gateway-install gateway-clean

packages:
	@test/packages build test

run:
	@test/run-private

test:
	@test/run-tests $(SUITES)

lint:
	@test/run-tests lint

lint-report:
	@test/packages build lint
	@test/lint/report

bench:
	@test/bench/bench

soak:
	@test/packages build test
	@test/faults/soak

fuzz:
	@test/packages build test
	@SECONDS="$(SECONDS)" RUNS="$(RUNS)" test/fuzz/run

deb:
	@docker/deb/build

# Longer than what make test may take
test-ha:
	@test/run-tests ha

test-deb:
	@test/run-tests packaging

test-versions:
	@test/versions $(VERSIONS)

test-debian:
	@test/debian-release $(RELEASE)

GATEWAY = $(if $(wildcard gateway/Makefile),yes)
gateway_make = $(if $(filter yes,$(GATEWAY)),+$(MAKE) -C gateway \
	$(if $(DESTDIR),DESTDIR='$(abspath $(DESTDIR))'))
gateway-all:
	$(and $(gateway_make),$(gateway_make) all)
gateway-install: gateway-all
	$(and $(gateway_make),$(gateway_make) install)
gateway-clean:
	$(and $(gateway_make),$(gateway_make) clean)

ifeq ($(PGXS),)

all install installcheck clean:
	@echo "$(PG_CONFIG) not found: 'make packages' installs what dittofs" \
		"needs on Debian 12" >&2; exit 1

else

all: gateway-all
install: gateway-install
clean: gateway-clean

# Bitcode for the JIT would need clang and speeds up nothing here.
override with_llvm = no
override autodepend = yes
include $(PGXS)

# The install script is its fragments in the order of their names.
$(install_script): $(sort $(wildcard extension/sql/*.sql)) \
		extension/dittofs.control
	cat $(filter %.sql,$^) >$@.tmp
	mv $@.tmp $@

# Objects are out of date when they were compiled with other flags (WERROR,
# another server), which a timestamp cannot show.
$(OBJS): .deps/flags
.deps/flags: compile_now = $(subst ','\'',$(COMPILE.c))
.deps/flags: FORCE
	@mkdir -p .deps
	@echo '$(compile_now)' | cmp -s - $@ || echo '$(compile_now)' >$@
FORCE:
.PHONY: FORCE

endif
