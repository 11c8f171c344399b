/* script/testing_parts.h: what testing.c (files and tests), testing_story.c (what happens) and testing_expect.c (what
 * is expected) share. Private to script/ (it includes lua.h). */
#ifndef NUDGED_SCRIPT_TESTING_PARTS_H
#define NUDGED_SCRIPT_TESTING_PARTS_H

#include "base/arena.h"
#include "script/sandbox.h"
#include "script/testing.h"

#define SUBJECT_META "nudged.test.subject"
#define STEP_META "nudged.test.step"
#define REQUEST_META "nudged.test.request"
#define MATCH_META "nudged.test.match"

struct declared {
	struct test_case about;
	int function;         /* registry reference; LUA_NOREF: none */
	int row;              /* registry reference of a table test's row; LUA_NOREF: none */
	unsigned befores;     /* how many of the file's `before` come first */
};

struct testing {
	struct vm *vm;
	const struct testing_host *host;
	const struct bundle *pack, *tests;
	struct arena arena;   /* of one call into the host */
	struct declared *tests_declared;
	unsigned test_count;
	int *befores;         /* registry references */
	unsigned before_count;
	unsigned expected;    /* expectations of the test that runs, so far */
	bool running;         /* a test runs: nothing may be declared, everything may happen */
	int depth;            /* of require */
	struct subject owner; /* of the alias that the running call is about */
	struct slice owner_member; /* … and whose line it is: lent by the host */
};

struct testing *testing_of(lua_State *L);
/* Raises unless a test runs; charges what the engine does for the test; gives the arena, empty. */
struct testing *testing_acts(lua_State *L, unsigned steps);
/* An error of the host as the test's, with file and line. Returns 0. */
int testing_result(lua_State *L, int rc);
/* A closed set of methods under `meta`: others are refused with the nearest. */
void testing_methods(lua_State *L, const char *meta, const luaL_Reg *list);
struct slice testing_text(lua_State *L, int index, const char *what);
struct value testing_value(lua_State *L, int index, const char *what); /* text, number, boolean or nil */
/* The customer, agent or area at `index`; of an alias its owner now. */
const struct subject *testing_subject(lua_State *L, int index);
struct match testing_match(lua_State *L, int index, const char *what);
void testing_push_step(lua_State *L, unsigned step);

/* The parts of the vocabulary: added to the environment on top of the stack. */
void testing_add_story(lua_State *L);
void testing_add_expectations(lua_State *L);
void testing_add_reports(lua_State *L);
/* Pushes the methods that expect something of a subject, step or request into the table on top. */
void testing_expect_methods(lua_State *L, const char *meta);

#endif
