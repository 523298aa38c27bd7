# SPDX-License-Identifier: PostgreSQL
# libpq of the PostgreSQL that pg_config names: $(libpq_include), and $(libpq) to
# link.  Where that build's programs have its directory in them, to find it at run
# time, so have ours; Debian's is where every program looks.

PG_CONFIG ?= pg_config

comma := ,
libpq_include := $(shell $(PG_CONFIG) --includedir)
libpq_directory := $(shell $(PG_CONFIG) --libdir)
libpq := -L$(libpq_directory) $(if $(findstring --disable-rpath,$(shell \
	$(PG_CONFIG) --configure)),,-Wl$(comma)-rpath$(comma)$(libpq_directory)) -lpq
