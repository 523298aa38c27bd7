# SPDX-License-Identifier: PostgreSQL
# How the gateway's C is compiled; test/unit compiles its tests the same way.
# gateway is the directory this file is in.
#
# Each variant (SANITIZE=1, another compiler) has a build directory of its
# own, so that two runs with different flags do not mix their objects.

include $(gateway)/libpq.mk

PKG_CONFIG ?= pkg-config

ifeq ($(SANITIZE),1)
sanitize = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
endif

# What the fuzz targets link (test/fuzz): with both sanitizers and coverage.
ifeq ($(FUZZ),1)
sanitize = -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined -fno-omit-frame-pointer -DDITTOFS_FUZZ
endif

build := build$(if $(filter 1,$(SANITIZE)),-sanitize)$(if \
	$(filter 1,$(FUZZ)),-fuzz)$(if \
	$(findstring clang,$(CC)),-clang)

version := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" \
	$(gateway)/../extension/dittofs.control)

CFLAGS ?= -O2 -g
warnings = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wvla
ifeq ($(WERROR),1)
warnings += -Werror
endif

# The headers of the libraries are not ours to fix: -isystem.
system_includes := $(patsubst -I%,-isystem %,\
	$(shell $(PKG_CONFIG) --cflags libtirpc libcurl libcrypto expat) \
	-I$(libpq_include))
libraries := $(shell $(PKG_CONFIG) --libs libtirpc libcurl libcrypto expat) \
	$(libpq) -lyaml -lmicrohttpd -ljansson -luuid \
	-lpthread

compile = $(CC) -std=c11 -D_GNU_SOURCE -DDITTOFS_VERSION='"$(version)"' \
	-I$(gateway)/src -I$(gateway)/gen -I$(gateway)/../extension/include $(system_includes) $(CPPFLAGS) \
	$(CFLAGS) $(sanitize)
