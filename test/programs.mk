# SPDX-License-Identifier: PostgreSQL
# What the Makefiles of test programs have in common: include ../programs.mk.
#
#	make [WERROR=1]
#
# They link nothing of dittofs itself: they are the other end of the wire, or
# judge what it does.  test/unit and test/fuzz, which do, take the gateway's
# flags.mk instead.

CC ?= cc
include ../../gateway/libpq.mk
CFLAGS ?= -O1 -g

warnings = -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wpointer-arith -Wvla
ifeq ($(WERROR),1)
warnings += -Werror
endif

# libnfs declares its functions twice, the second time without parameters, and
# a client takes and casts many of them: its headers are system headers.
compile = $(CC) -std=gnu11 -D_GNU_SOURCE -I../gateway \
	-isystem $(libpq_include) $(CPPFLAGS) $(CFLAGS) \
	$(warnings) -Wno-cast-function-type
link = $(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^

# The RPC client of the end-to-end tests, and what it needs.
client := $(patsubst ../gateway/%.c,build/%.o,$(wildcard ../gateway/lib_*.c))
client_libraries = -lnfs $(libpq) -lpthread

.PHONY: all clean
.SECONDARY:

all:

build/%.o: %.c Makefile ../programs.mk
	@mkdir -p build
	$(compile) -MMD -MP -c -o $@ $<

build/lib_%.o: ../gateway/lib_%.c Makefile ../programs.mk
	@mkdir -p build
	$(compile) -MMD -MP -c -o $@ $<

-include $(wildcard build/*.d)

clean:
	rm -rf build
