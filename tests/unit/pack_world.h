/* tests/unit/pack_world.h: a pack from source text, for tests of script/. */
#ifndef NUDGED_TESTS_PACK_WORLD_H
#define NUDGED_TESTS_PACK_WORLD_H

#include "base/error.h"
#include "script/vm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PACK_HEAD "pack { name = \"test\" }\n" /* one line: sources below it begin at line 2 */

struct world {
	struct strpool *pool;
	struct pack *pack;
	struct arena arena;
};

/* Loads pack.lua = head + source, and lib/extra.lua where given. The result is pack_load's. */
static inline int world_try(struct world *w, const char *head, const char *source, const char *extra)
{
	struct bundle b = { 0 };
	struct bytes text = { 0 };
	*w = (struct world){ .pool = strpool_create() };
	arena_init(&w->arena, 0);
	bytes_printf(&text, "%s%s", head, source);
	assert_int_equal(bundle_add(&b, SLICE("pack.lua"), bytes_slice(&text)), ERR_OK);
	if (extra)
		assert_int_equal(bundle_add(&b, SLICE("lib/extra.lua"), slice_of(extra)), ERR_OK);
	int rc = pack_load(&w->pack, &b, w->pool);
	bytes_finish(&text);
	bundle_finish(&b);
	return rc;
}

static inline void world_finish(struct world *w)
{
	pack_destroy(w->pack);
	assert_int_equal(strpool_count(w->pool), 0); /* every reference was given back */
	strpool_destroy(w->pool);
	arena_finish(&w->arena);
}

static inline void world_load(struct world *w, const char *source)
{
	if (world_try(w, PACK_HEAD, source, NULL) != ERR_OK) {
		print_message("%s\n", error_last()->text);
		fail();
	}
}

#endif
