/* script/testing.c: a file of tests: loading it, what it declares, and running one of its tests. See testing.h. */
#include "script/declare.h"
#include "script/testing_parts.h"

#include "base/check.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

#define REQUIRE_DEPTH 32

static const char testing_key, modules_key; /* registry: the struct testing; values of files already required */

struct testing *testing_of(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &testing_key);
	struct testing *t = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return t;
}

struct testing *testing_acts(lua_State *L, unsigned steps)
{
	struct testing *t = testing_of(L);
	if (!t->running)
		luaL_error(L,
			   "this belongs into a test or into before(function() … end): the file itself only declares");
	vm_charge(L, steps);
	arena_reset(&t->arena);
	return t;
}

int testing_result(lua_State *L, int rc)
{
	if (rc != ERR_OK)
		return luaL_error(L, "%s", error_last()->text);
	return 0;
}

struct slice testing_text(lua_State *L, int index, const char *what)
{
	struct slice s;
	if (lua_type(L, index) != LUA_TSTRING)
		luaL_error(L, "%s must be a text%s, not %s", what, strcmp(what, "wait") == 0 ? " such as \"2h\"" : "",
			   luaL_typename(L, index));
	s.data = lua_tolstring(L, index, &s.len);
	return s;
}

struct value testing_value(lua_State *L, int index, const char *what)
{
	switch (lua_type(L, index)) {
	case LUA_TNIL:
	case LUA_TNONE:
		return value_unknown();
	case LUA_TBOOLEAN:
		return value_bool(lua_toboolean(L, index));
	case LUA_TNUMBER:
		return value_number(lua_tonumber(L, index));
	case LUA_TSTRING:
		return value_string(testing_text(L, index, what));
	default:
		luaL_error(L, "%s must be a text, a number or a boolean, not a %s", what, luaL_typename(L, index));
		return value_unknown();
	}
}

/* Reading a method that is not there. Upvalue: the methods. */
static int unknown_method(lua_State *L)
{
	const char *wrong = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2);
	const char *names[64];
	size_t count = 0;
	lua_Integer n = sandbox_push_sorted_keys(L, lua_upvalueindex(1));
	for (lua_Integer i = 1; i <= n && count < 63; i++) {
		lua_rawgeti(L, -1, i);
		names[count++] = lua_tostring(L, -1); /* the table keeps it */
		lua_pop(L, 1);
	}
	names[count] = NULL;
	const char *nearest = nearest_name(wrong, names);
	if (nearest)
		return luaL_error(L, "there is no \"%s\"; did you mean \"%s\"?", wrong, nearest);
	if (strncmp(wrong, "expect_", 7) == 0) /* of another kind of thing */
		return luaL_error(L, "there is no \"%s\" here: recommendations are expected of an answer, c:ask():expect_…; alerts of "
				  "a customer, agent or area, or of a step, c:event(\"…\"):expect_…", wrong);
	return luaL_error(L, "there is no \"%s\" here", wrong);
}

void testing_methods(lua_State *L, const char *meta, const luaL_Reg *list)
{
	lua_newtable(L);
	luaL_setfuncs(L, list, 0);
	testing_expect_methods(L, meta);
	sandbox_methods(L, meta, unknown_method);
}

/* Declarations. */

static struct declared *declare(lua_State *L, const char *name, bool todo)
{
	struct testing *t = testing_of(L);
	lua_Debug ar;
	if (t->running)
		luaL_error(L, "tests are declared by the file itself, not within a test");
	if (t->test_count >= LIMIT_TESTS)
		luaL_error(L, "more than %d tests in one file (limit_tests)", (int)LIMIT_TESTS);
	t->tests_declared = must_realloc(t->tests_declared, (t->test_count + 1) * sizeof(*t->tests_declared));
	struct declared *d = &t->tests_declared[t->test_count];
	*d = (struct declared){ .function = LUA_NOREF, .row = LUA_NOREF, .befores = t->before_count };
	d->about.todo = todo;
	if (lua_getstack(L, 1, &ar) && lua_getinfo(L, "l", &ar))
		d->about.line = ar.currentline;
	d->about.name = must_strdup(name);
	t->test_count++;
	return d;
}

/* Name at 1, function or rows at 2. */
static int test_declare(lua_State *L)
{
	struct slice name = testing_text(L, 1, "a test's name");
	if (!name.len)
		return luaL_error(L, "a test needs a name: test(\"who comes again is told\", function() … end)");
	if (lua_type(L, 2) == LUA_TFUNCTION) {
		struct declared *d = declare(L, name.data, false);
		lua_pushvalue(L, 2);
		d->function = luaL_ref(L, LUA_REGISTRYINDEX);
		return 0;
	}
	if (lua_type(L, 2) != LUA_TTABLE || lua_type(L, 3) != LUA_TFUNCTION)
		return luaL_error(L,
				  "test(\"name\", function() … end), or with rows: test(\"name\", { … }, function(row) "
				  "… end)");
	lua_settop(L, 3);
	lua_Integer n = sandbox_push_sorted_keys(L, 2);
	if (n == 0)
		return luaL_error(L, "test \"%s\" has no rows", name.data);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, 4, i);
		lua_pushfstring(L, "%s: %s%s", name.data, lua_type(L, 5) == LUA_TSTRING ? "" : "row ",
				sandbox_tostring(L, 5, NULL));
		struct declared *d = declare(L, lua_tostring(L, -1), false);
		lua_pushvalue(L, 5);
		lua_gettable(L, 2);
		d->row = luaL_ref(L, LUA_REGISTRYINDEX);
		lua_pushvalue(L, 3);
		d->function = luaL_ref(L, LUA_REGISTRYINDEX);
		lua_settop(L, 4);
	}
	return 0;
}

static int todo_declare(lua_State *L)
{
	declare(L, testing_text(L, 1, "what is to be tested").data, true);
	return 0;
}

static int before_declare(lua_State *L)
{
	struct testing *t = testing_of(L);
	if (t->running)
		return luaL_error(L, "before belongs into the file itself, not into a test");
	luaL_checktype(L, 1, LUA_TFUNCTION);
	t->befores = must_realloc(t->befores, (t->before_count + 1) * sizeof(*t->befores));
	lua_pushvalue(L, 1);
	t->befores[t->before_count++] = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

/* Files. */

static const struct bundle_file *find_file(const struct bundle *b, const char *path)
{
	for (unsigned i = 0; i < b->count; i++)
		if (strcmp(b->files[i].path, path) == 0)
			return &b->files[i];
	return NULL;
}

/* Pushes what the file returns. */
static void run_file(lua_State *L, const struct bundle_file *file)
{
	char chunk[LIMIT_PACK_PATH_BYTES + 2];
	snprintf(chunk, sizeof(chunk), "@%s", file->path);
	struct slice source = source_text(&file->content);
	if (luaL_loadbufferx(L, source.data, source.len, chunk, "t") != LUA_OK)
		lua_error(L);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_environment_key);
	if (!lua_setupvalue(L, -2, 1))
		lua_pop(L, 1);
	lua_call(L, 0, 1);
}

/* require "tests.homes" is another file of tests, require "business" one of the pack's, run here: as long as it is
 * plain data, the numbers of a pack need not be written twice. */
static int testing_require(lua_State *L)
{
	struct testing *t = testing_of(L);
	const char *name = testing_text(L, 1, "require").data;
	const char *path = lua_pushfstring(L, "%s.lua", luaL_gsub(L, name, ".", "/"));
	const struct bundle_file *file = find_file(t->tests, path);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &modules_key);
	int modules = lua_gettop(L);
	if (lua_getfield(L, modules, path) != LUA_TNIL)
		return 1;
	lua_pop(L, 1);
	if (!file)
		file = find_file(t->pack, path);
	if (!file)
		return luaL_error(L, "require \"%s\": neither the tests nor the pack have a file %s", name, path);
	if (t->depth >= REQUIRE_DEPTH)
		return luaL_error(L, "require \"%s\": nested more than %d deep, or in a circle", name, REQUIRE_DEPTH);
	t->depth++;
	run_file(L, file);
	t->depth--;
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushboolean(L, 1);
	}
	lua_pushvalue(L, -1);
	lua_setfield(L, modules, path);
	return 1;
}

/* The vocabulary of packs: a test that uses it, or requires a file that does, is told why it cannot. */
static int refuse_declaration(lua_State *L)
{
	return luaL_error(L,
			  "\"%s\" is for packs: a test does not declare, and requires only those of the pack's files "
			  "that are plain data",
			  lua_tostring(L, lua_upvalueindex(1)));
}

static void add_vocabulary(lua_State *L)
{
	static const char *const names[] = { "pack",   "timeline", "series",  "tally",   "case",       "rule",
					     "action", "policy",   "answers", "balance", "attr",       "calc",
					     "all",    "any",      "no",      "tenure",  "open_alert", "outcomes",
					     "goal",   "group",    "channel", "ladder",  "expectation", "relationship", "survey" };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		lua_pushstring(L, names[i]);
		lua_pushcclosure(L, refuse_declaration, 1);
		lua_setfield(L, -2, names[i]);
	}
}

/* What the pack's plain data asks for: the pack has checked it. */
static int testing_setting(lua_State *L)
{
	struct testing *t = testing_of(L);
	struct settings settings;
	const char *name = luaL_checkstring(L, 1);
	settings_read(&settings, t->pack, &t->arena);
	const struct setting *s = settings_find(&settings, name);
	if (!s)
		return luaL_error(L, SETTINGS_FILE " has no \"%s\"", name);
	settings_push(L, s);
	return 1;
}

static void create_environment(lua_State *L, struct testing *t)
{
	static const luaL_Reg names[] = {
		{ "before", before_declare },
		{ "require", testing_require },
		{ "setting", testing_setting },
		{ "test", test_declare },
		{ "todo", todo_declare },
		{ NULL, NULL },
	};
	lua_pushlightuserdata(L, t);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &testing_key);
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &modules_key);
	sandbox_push_environment(L);
	add_vocabulary(L);
	luaL_setfuncs(L, names, 0);
	testing_add_story(L);
	testing_add_expectations(L);
	testing_add_reports(L);
	sandbox_lock_environment(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &vm_environment_key);
}

struct opening {
	struct testing *t;
	const struct bundle_file *file;
};

static int open_protected(lua_State *L)
{
	struct opening *o = lua_touserdata(L, 1);
	create_environment(L, o->t);
	run_file(L, o->file);
	if (!lua_isnil(L, -1) && o->t->test_count)
		luaL_error(L, "%s:1: it declares tests and returns a value: what others require is a file of its own",
			   o->file->path);
	return 0;
}

static int run_protected(lua_State *L)
{
	const struct declared *d = lua_touserdata(L, 1);
	const struct testing *t = testing_of(L);
	for (unsigned i = 0; i < d->befores; i++) {
		lua_rawgeti(L, LUA_REGISTRYINDEX, t->befores[i]);
		lua_call(L, 0, 0);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, d->function);
	if (d->row != LUA_NOREF)
		lua_rawgeti(L, LUA_REGISTRYINDEX, d->row);
	lua_call(L, d->row != LUA_NOREF, 0);
	return 0;
}

static int protected(struct testing *t, lua_CFunction work, void *arg, int code)
{
	lua_State *L = t->vm->L;
	char text[700];
	lua_settop(L, 0);
	lua_pushcfunction(L, work);
	lua_pushlightuserdata(L, arg);
	t->vm->limit = "test";
	vm_enter(t->vm, LIMIT_TEST_INSTRUCTIONS, LIMIT_VM_BYTES, SIZE_MAX / 8);
	int status = lua_pcall(L, 1, 0, 0);
	vm_leave(t->vm);
	if (status == LUA_OK)
		return ERR_OK;
	if (status == LUA_ERRMEM) {
		lua_settop(L, 0);
		lua_gc(L, LUA_GCCOLLECT, 0);
		return error_set(code, NULL, "stopped: it passed the limit of %u bytes (limit_vm_bytes)",
				 LIMIT_VM_BYTES);
	}
	vm_error_text(L, text, sizeof(text));
	return error_set(code, NULL, "%s", text);
}

int testing_open(struct testing **out, const struct bundle *pack, const struct bundle *tests, unsigned file,
		 const struct testing_host *host)
{
	struct testing *t = must_calloc(1, sizeof(*t));
	struct opening opening = { t, &tests->files[file] };
	*out = NULL;
	t->pack = pack;
	t->tests = tests;
	t->host = host;
	arena_init(&t->arena, 0);
	t->vm = vm_create();
	CHECK(t->vm != NULL);
	int rc = protected(t, open_protected, &opening, ERR_RULE);
	if (rc != ERR_OK) {
		testing_close(t);
		return rc;
	}
	for (unsigned i = 0; i < t->test_count; i++)
		t->tests_declared[i].about.file = tests->files[file].path;
	*out = t;
	return ERR_OK;
}

void testing_close(struct testing *t)
{
	if (!t)
		return;
	for (unsigned i = 0; i < t->test_count; i++)
		free(t->tests_declared[i].about.name);
	free(t->tests_declared);
	free(t->befores);
	vm_destroy(t->vm);
	arena_finish(&t->arena);
	free(t);
}

unsigned testing_count(const struct testing *t)
{
	return t->test_count;
}

const struct test_case *testing_case(const struct testing *t, unsigned i)
{
	return &t->tests_declared[i].about;
}

uint64_t testing_instructions(const struct testing *t)
{
	return t->vm->instructions;
}

unsigned testing_expected(const struct testing *t)
{
	return t->expected;
}

int testing_run(struct testing *t, unsigned i)
{
	t->running = true;
	t->expected = 0;
	int rc = protected(t, run_protected, &t->tests_declared[i], ERR_ABORTED);
	t->running = false;
	return rc;
}
