/* script/pack.c: loading a pack: a fresh VM, its environment, pack.lua and what that requires, then the checks of
 * the whole; and looking things up in it afterwards. */
#include "script/declare.h"
#include "script/guidance.h"

#include "script/relations.h"

#include "base/check.h"
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>

#define REQUIRE_DEPTH 32
#define CALLERS_TOLD 3
#define TIMELINE_KEEP_DEFAULT 20
#define PACK_FILE "pack.lua"

static const char modules_key; /* registry: values of files already required */

static const struct bundle_file *bundle_find(const struct bundle *b, const char *path)
{
	for (unsigned i = 0; i < b->count; i++)
		if (strcmp(b->files[i].path, path) == 0)
			return &b->files[i];
	return NULL;
}

/* What it mostly is that Lua did not understand; NULL: anything. */
static const char *mend_of_syntax(lua_State *L, const char *text)
{
	static const struct { const char *said, *mend; } others[] = {
		{ "near '&'", "conditions are joined by all { a, b }, values within functions by `and`" },
		{ "near '|'", "conditions are joined by any { a, b }, values within functions by `or`" },
		{ "near '!'", "Lua writes ~= and not; of conditions :is_not(x) and no { … }" },
		{ "near '//'", "a comment begins with --" },
		{ "syntax error near '+'", "Lua has no +=: write n = n + 1" },
		{ "syntax error near '-'", "Lua has no -=: write n = n - 1" },
		{ "syntax error near '>'", "a value alone does nothing: is `return` missing before it?" },
		{ "syntax error near '<'", "a value alone does nothing: is `return` missing before it?" },
		{ "syntax error near '=='", "a value alone does nothing: is `return` missing before it?" },
		{ "unexpected symbol near 'if'", "a value is due here: a condition such as fact.x:above(3), or function(c) … end" },
		{ "unexpected symbol near '}'", "is a value missing before it, or the `end` of a function?" },
		{ "'end' expected", "is an `end` missing that closes a function, if or for?" },
		{ "unexpected symbol near <eof>", "something that was opened is not closed: is a } or an `end` missing?" },
		{ "function arguments expected", "a method is called: write its brackets, such as complaint:is_open()" },
		{ "unfinished string", "a text ends with the quote that it began with, on the same line: is one missing?" },
	};
	const char *open = strstr(text, "(to close '{' at line ");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strstr(text, others[i].said))
			return others[i].mend;
	if (strstr(text, "'}' expected") && strstr(text, "near <eof>"))
		return open ? lua_pushfstring(L, "is a } missing that closes the { of line %d?", atoi(open + 22)) : NULL;
	if (strstr(text, "'}' expected") && open)
		return lua_pushfstring(L, "is a comma missing before it, or a } that closes the { of line %d?",
				       atoi(open + 22));
	if (strstr(text, "'}' expected"))
		return "is a comma missing before it?";
	return NULL;
}

/* Pushes the file's function, or what Lua says of it and what that mostly is. */
static bool compile(lua_State *L, const struct bundle_file *file)
{
	char chunk[LIMIT_PACK_PATH_BYTES + 2];
	snprintf(chunk, sizeof(chunk), "@%s", file->path);
	struct slice source = source_text(&file->content);
	if (luaL_loadbufferx(L, source.data, source.len, chunk, "t") == LUA_OK)
		return true;
	const char *text = lua_tostring(L, -1);
	const char *mend = text ? mend_of_syntax(L, text) : NULL;
	if (mend)
		lua_pushfstring(L, "%s; %s", text, mend);
	return false;
}

/* Pushes the file's function. */
static void load_file(lua_State *L, const struct bundle_file *file)
{
	struct loader *l = loader_of(L);
	int line = source_power_line(bytes_slice(&file->content));
	if (line)
		fail_as(L, "power-operator", (struct place){ file->path, line },
			"the operator `^` differs between machines in the last digit; write x * x, or math.sqrt(x)");
	if (!compile(L, file)) {
		l->code = "syntax";
		lua_error(L);
	}
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_environment_key);
	if (!lua_setupvalue(L, -2, 1))
		lua_pop(L, 1);
}

static int run_protected(lua_State *L)
{
	load_file(L, lua_touserdata(L, 1));
	lua_call(L, 0, 1);
	return 1;
}

/* Handles an error of the pack's own Lua while it is checked: adds who called what failed. */
static int add_callers(lua_State *L)
{
	lua_Debug ar;
	int found = 0;
	if (lua_type(L, 1) != LUA_TSTRING || loader_of(L)->code || vm_of(L)->tripped)
		return 1;
	lua_settop(L, 1);
	for (int level = 0; found < CALLERS_TOLD + 1 && lua_getstack(L, level, &ar); level++) {
		lua_getinfo(L, "Sl", &ar);
		if (ar.currentline <= 0 || ar.source[0] != '@' || ++found == 1) /* the first is the place itself */
			continue;
		lua_pushfstring(L, "%s%s:%d", found == 2 ? "; called from " : ", ", ar.source + 1, ar.currentline);
		lua_concat(L, 2);
	}
	return 1;
}

/* Runs a file and pushes what it gives. While a pack is checked one that fails gives a hole. */
static void run_file(lua_State *L, const struct bundle_file *file)
{
	struct loader *l = loader_of(L);
	if (l->loaded)
		l->loaded[file - l->bundle->files] = true;
	if (!l->findings) {
		lua_pushcfunction(L, run_protected);
		lua_pushlightuserdata(L, (void *)file);
		lua_call(L, 1, 1);
		return;
	}
	lua_pushcfunction(L, add_callers);
	int handler = lua_gettop(L);
	lua_pushcfunction(L, run_protected);
	lua_pushlightuserdata(L, (void *)file);
	int status = lua_pcall(L, 1, 1, handler);
	lua_remove(L, handler);
	if (status == LUA_OK)
		return;
	if (!guard_note(L, "runtime", status))
		lua_error(L);
	l->incomplete = true;
	guard_push_hole(L);
}

/* require "lib.words" runs lib/words.lua of this pack once. */
static int pack_require(lua_State *L)
{
	struct loader *l = loader_of(L);
	const char *name = luaL_checkstring(L, 1);
	struct slice path = arena_printf(&l->pack->arena, "%s.lua", name);
	char *text = (char *)path.data; /* ours: fresh from the arena */
	for (size_t i = 0; i + 4 < path.len; i++)
		text[i] = text[i] == '.' ? '/' : text[i];
	lua_rawgetp(L, LUA_REGISTRYINDEX, &modules_key);
	if (lua_getfield(L, -1, text) != LUA_TNIL) {
		if (lua_type(L, -1) == LUA_TLIGHTUSERDATA)
			fail_here(L, "require \"%s\": files require each other in a circle", name);
		return 1;
	}
	lua_pop(L, 1);
	const struct bundle_file *file = bundle_find(l->bundle, text);
	if (!file && sandbox_absent(name))
		fail_as(L, "missing-file", place_here(L), "require \"%s\": %s", name, sandbox_absent(name));
	if (!file)
		fail_as(L, "missing-file", place_here(L), "require \"%s\": the pack has no file %s", name, text);
	if (++l->depth > REQUIRE_DEPTH)
		fail_here(L, "require \"%s\": nested more than %d deep", name, REQUIRE_DEPTH);
	lua_pushlightuserdata(L, l);
	lua_setfield(L, -2, text);
	run_file(L, file);
	if (lua_isnil(L, -1)) {
		lua_pop(L, 1);
		lua_pushboolean(L, 1);
	}
	lua_pushvalue(L, -1);
	lua_setfield(L, -3, text);
	l->depth--;
	return 1;
}

/* Of the table on top to the one below it. */
static void add_names(lua_State *L)
{
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pushvalue(L, -2);
		lua_insert(L, -2);
		lua_rawset(L, -5);
	}
	lua_pop(L, 1);
}

static void create_environment(lua_State *L)
{
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &modules_key);
	sandbox_push_environment(L);
	lua_newtable(L);
	declare_terms(L);
	declare_logic(L);
	declare_facts(L);
	declare_series(L);
	declare_cases(L);
	declare_contacts(L);
	declare_rules(L);
	declare_decisions(L);
	declare_catalogue(L);
	declare_restraints(L);
	declare_relations(L);
	declare_budgets(L);
	declare_guidance(L);
	declare_strain(L);
	declare_contracts(L);
	declare_churn(L);
	declare_segments(L);
	declare_campaigns(L);
	declare_settings(L);
	declare_pack(L);
	lua_pushcfunction(L, pack_require);
	lua_setfield(L, -2, "require");
	if (loader_of(L)->findings)
		guard_names(L);
	add_names(L);
	sandbox_lock_environment(L);
	if (loader_of(L)->findings)
		guard_environment(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &vm_environment_key);
	context_create(L);
}

static int load_protected(lua_State *L)
{
	struct loader *l = loader_of(L);
	create_environment(L);
	settings_begin(L);
	const struct bundle_file *file = bundle_find(l->bundle, PACK_FILE);
	if (!file) {
		l->code = "missing-file";
		return luaL_error(L, PACK_FILE ":1: the pack has no file " PACK_FILE "; it is where loading begins");
	}
	l->pack->balance = term_new(L, TERM_LITERAL, TYPE_NUMBER, 0);
	l->pack->balance->literal = value_number(0.5);
	run_file(L, file);
	catalogue_settle(L);
	settings_settle(L);
	strain_settle(L);
	check_pack(L);
	series_settle(L);
	if (l->refused)
		return 0; /* what follows is for packs that run */
	segments_settle(L);
	index_build(l->pack);
	churn_settle(l->pack);
	actions_index(l->pack);
	relations_index(l->pack);
	reads_build(l);
	reasons_prepare(l->pack);
	mask_spread(l->pack);
	search_finish(l->pack);
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &modules_key);
	vm_freeze_kept(L);
	return 0;
}

static void loader_finish(struct loader *l)
{
	free(l->terms);
	free(l->uses);
	free(l->reads);
	free(l->read_places);
	free(l->unfinished);
}

static int run_files(struct loader *l)
{
	struct vm *vm = l->vm;
	char text[700] = "";
	vm->loader = l;
	vm_enter(vm, LIMIT_LOAD_INSTRUCTIONS, LIMIT_VM_BYTES, SIZE_MAX / 8);
	lua_pushcfunction(vm->L, load_protected);
	int status = lua_pcall(vm->L, 0, 0, 0);
	vm_leave(vm);
	vm->loader = NULL;
	if (status == LUA_ERRMEM) {
		snprintf(text, sizeof(text), PACK_FILE ":1: loading the pack takes more than %u bytes (limit_vm_bytes)",
			 LIMIT_VM_BYTES);
		lua_pop(vm->L, 1);
	} else if (status != LUA_OK) {
		vm_error_text(vm->L, text, sizeof(text));
		if (!strstr(text, ".lua:") && !strstr(text, SETTINGS_FILE ":")) { /* error() without a place */
			error_set(ERR_RULE, NULL, "%s", text);
			return error_prefix(PACK_FILE);
		}
	} else {
		vm_pin(vm);
		lua_gc(vm->L, LUA_GCCOLLECT, 0);
		return ERR_OK;
	}
	return error_set(ERR_RULE, NULL, "%s", text);
}

static int take_zone(struct loader *l, bool zone_wanted)
{
	struct pack *p = l->pack;
	bool utc = !l->zone || strcmp(l->zone->data, "UTC") == 0;
	if (utc || !zone_wanted) {
		p->zone = zone_create_utc();
		return ERR_OK;
	}
	if (l->bundle->zone.len == 0 || !l->bundle->zone_name || strcmp(l->bundle->zone_name, l->zone->data) != 0)
		return error_set(ERR_RULE, NULL,
				 "%s:%d: the pack's bundle does not carry the table of zone \"%s\"; bundle it again",
				 l->pack_place.file, l->pack_place.line, l->zone->data);
	if (zone_create(&p->zone, bytes_slice(&l->bundle->zone)) != ERR_OK)
		return error_set(ERR_RULE, NULL, "%s:%d: the table of zone \"%s\" is broken", l->pack_place.file,
				 l->pack_place.line, l->zone->data);
	return ERR_OK;
}

static struct pack *pack_create(const struct bundle *bundle, struct strpool *pool)
{
	struct pack *p = must_calloc(1, sizeof(*p));
	arena_init(&p->arena, 0);
	p->pool = pool;
	p->timeline_keep = TIMELINE_KEEP_DEFAULT;
	p->relations = arena_calloc(&p->arena, 1, sizeof(*p->relations));
	p->hash = bundle_hash(bundle);
	hash128_hex(p->hash, p->hash_text);
	p->vm = vm_create();
	CHECK(p->vm != NULL);
	p->vm->pack = p;
	return p;
}

static int load(struct pack **out, const struct bundle *bundle, struct strpool *pool, bool zone_wanted,
		struct bytes *zone_name, struct place *zone_place)
{
	struct pack *p = pack_create(bundle, pool);
	struct loader l = { .vm = p->vm, .pack = p, .bundle = bundle };
	int rc = run_files(&l);
	if (rc == ERR_OK)
		rc = take_zone(&l, zone_wanted);
	if (rc == ERR_OK)
		campaigns_date(p);
	if (rc == ERR_OK && zone_name) {
		bytes_clear(zone_name);
		bytes_put(zone_name, l.zone ? l.zone->data : "UTC", l.zone ? l.zone->len : 3);
		zone_place->line = l.pack_place.line;
		bytes_put_u8(zone_name, 0);
	}
	loader_finish(&l);
	if (rc != ERR_OK) {
		pack_destroy(p);
		return rc;
	}
	*out = p;
	return ERR_OK;
}

int pack_load(struct pack **out, const struct bundle *bundle, struct strpool *pool)
{
	return load(out, bundle, pool, true, NULL, NULL);
}

int pack_zone_name(const struct bundle *bundle, struct bytes *out, int *line)
{
	struct strpool *pool = strpool_create();
	struct pack *p = NULL;
	struct place place = { PACK_FILE, 0 };
	int rc = load(&p, bundle, pool, false, out, &place);
	*line = place.line;
	pack_destroy(p);
	strpool_destroy(pool);
	return rc;
}

void pack_check(struct pack_checked *out, const struct bundle *bundle, struct strpool *pool, struct findings *findings)
{
	struct pack *p = pack_create(bundle, pool);
	*out = (struct pack_checked){ .pack = p, .loaded = must_calloc(bundle->count + 1, sizeof(*out->loaded)) };
	struct loader l = {
		.vm = p->vm,
		.pack = p,
		.bundle = bundle,
		.findings = findings,
		.loaded = out->loaded,
	};
	out->whole = run_files(&l) == ERR_OK;
	if (!out->whole)
		findings_add_text(findings, l.code ? l.code : "limit", PACK_FILE, error_last()->text);
	out->complete = out->whole && !l.incomplete;
	out->whole = out->whole && !l.refused;
	out->place_line = l.pack_place.line;
	p->zone = zone_create_utc();
	loader_finish(&l);
}

void pack_checked_finish(struct pack_checked *c)
{
	pack_destroy(c->pack);
	free(c->loaded);
	*c = (struct pack_checked){ 0 };
}

void pack_check_syntax(const struct bundle_file *file, struct findings *findings)
{
	struct vm *vm = vm_create();
	CHECK(vm != NULL);
	if (!compile(vm->L, file))
		findings_add_text(findings, "syntax", file->path, lua_tostring(vm->L, -1));
	vm_destroy(vm);
}

void pack_destroy(struct pack *p)
{
	if (!p)
		return;
	vm_destroy(p->vm);
	zone_destroy(p->zone);
	for (unsigned i = 0; i < p->string_count; i++)
		strpool_drop(p->pool, p->strings[i]);
	free(p->strings);
	free(p->events);
	free(p->series);
	free(p->cases);
	free(p->facts);
	free(p->rules);
	free(p->rule_slots);
	free(p->policies);
	free(p->actions);
	free(p->above);
	free(p->answers);
	segments_free(p);
	if (p->guidance) {
		free(p->guidance->said);
		free(p->guidance->spells);
	}
	arena_finish(&p->arena);
	free(p);
}

int pack_fact(const struct pack *p, const struct str *name)
{
	for (unsigned i = 0; i < p->fact_count; i++)
		if (p->facts[i].name == name)
			return (int)i;
	return -1;
}

bool pack_has_topic(const struct pack *p, struct slice topic)
{
	for (unsigned i = 0; i < p->topic_count; i++) {
		const struct str *t = p->topics[i];
		bool begins = t->len >= topic.len && memcmp(t->data, topic.data, topic.len) == 0;
		if (begins && (t->len == topic.len || t->data[topic.len] == '/'))
			return true;
	}
	return p->topic_count == 0;
}

int pack_action(const struct pack *p, const struct str *name)
{
	for (unsigned i = 0; i < p->action_count; i++)
		if (p->actions[i].name == name)
			return (int)i;
	return -1;
}

int pack_language(const struct pack *p, struct slice language)
{
	const char *dash = language.len ? memchr(language.data, '-', language.len) : NULL;
	struct slice base = { language.data, dash ? (size_t)(dash - language.data) : language.len };
	int found = -1;
	for (unsigned i = 0; i < p->language_count; i++) {
		if (slice_equal(str_slice(p->languages[i]), language))
			return (int)i;
		if (found < 0 && slice_equal(str_slice(p->languages[i]), base))
			found = (int)i;
	}
	return found < 0 ? 0 : found;
}

const struct series_decl *pack_series_by_id(const struct pack *p, uint32_t id)
{
	for (unsigned i = 0; i < p->series_count; i++)
		if (p->series[i].id == id)
			return &p->series[i];
	return NULL;
}

const struct case_decl *pack_case_by_id(const struct pack *p, uint32_t id)
{
	for (unsigned i = 0; i < p->case_count; i++)
		if (p->cases[i].id == id)
			return &p->cases[i];
	return NULL;
}
