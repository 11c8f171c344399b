/* script/mapping.c: see mapping.h. The mapping's globals live in a table of their own in front of the sandbox's
 * environment, so that `function row(r)` can be written as anybody would. */
#include "script/mapping_parts.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/error.h"
#include "base/nearest.h"
#include "script/utc.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define LIMIT_MAPPING_BYTES (512u * KIB) /* of the file: as a pack's */

void mapping_blame(struct mapping *m, const char *text)
{
	snprintf(m->blamed, sizeof(m->blamed), "%s", text);
}

struct slice mapping_blames(const struct mapping *m)
{
	return slice_of(m->blamed);
}

static int l_utc(lua_State *L)
{
	struct mapping *m = lua_touserdata(L, lua_upvalueindex(1));
	const char *date = luaL_checkstring(L, 1), *time = luaL_optstring(L, 2, "0:00:00");
	int64_t ms;
	if (!utc_parse(date, time, &ms)) {
		const char *bad = utc_parse(date, "0:00:00", &ms) ? time : date;
		mapping_blame(m, bad);
		return luaL_error(L, "\"%s\" is no %s", bad, bad == time ? "time of day: write it like 14:05 or 14:05:30" : "date: write it like 2026-05-31");
	}
	lua_pushinteger(L, ms);
	return 1;
}

static int no_column(lua_State *L, const char *wrong, const char *near)
{
	if (near)
		return luaL_error(L, "there is no column \"%s\"; did you mean \"%s\"?", wrong, near);
	return luaL_error(L, "there is no column \"%s\"", wrong);
}

static bool is_among(char *const *names, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static int l_missing_column(lua_State *L)
{
	struct mapping *m = lua_touserdata(L, lua_upvalueindex(1));
	const char *wrong = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";
	if (is_among(m->optional, m->optional_count, wrong))
		return 0;
	return no_column(L, wrong, nearest_name(wrong, (const char *const *)m->columns));
}

#define NAMES_COMPARED 512

/* The names of a list of the mapping's, behind `count` others. Lent by the table. */
static unsigned list_names(lua_State *L, const struct mapping *m, const char *list, const char **names, unsigned count)
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, m->globals);
	lua_pushstring(L, list);
	if (lua_rawget(L, -2) == LUA_TTABLE) {
		for (lua_Integer i = 1; count < NAMES_COMPARED && lua_rawgeti(L, -1, i) == LUA_TSTRING; i++) {
			names[count++] = lua_tostring(L, -1);
			lua_pop(L, 1);
		}
	}
	names[count] = NULL;
	return count;
}

/* Of a row of a JSON object: what it does not have is nil, where it is not a slip of the pen. */
static int l_missing_field(lua_State *L)
{
	struct mapping *m = lua_touserdata(L, lua_upvalueindex(1));
	const char *wrong = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?", *names[NAMES_COMPARED + 1];
	unsigned columns = list_names(L, m, "columns", names, 0), count = list_names(L, m, "optional", names, columns);
	if (!count || is_among((char *const *)names, count, wrong))
		return 0;
	return no_column(L, wrong, nearest_name(wrong, names));
}

static int keep_meta(lua_State *L, struct mapping *m, lua_CFunction missing)
{
	lua_newtable(L);
	lua_pushlightuserdata(L, m);
	lua_pushcclosure(L, missing, 1);
	lua_setfield(L, -2, "__index");
	return luaL_ref(L, LUA_REGISTRYINDEX);
}

/* Runs the file and keeps its row function. */
static int load_job(lua_State *L)
{
	struct job *job = lua_touserdata(L, 1);
	struct mapping *m = job->m;
	const char *slash = strrchr(m->path, '/');
	lua_pushfstring(L, "@%s", slash ? slash + 1 : m->path);
	if (luaL_loadbufferx(L, job->source, job->source_len, lua_tostring(L, -1), "t") != LUA_OK)
		return lua_error(L);
	lua_newtable(L); /* the mapping's globals, in front of the sandbox's */
	lua_pushlightuserdata(L, m);
	lua_pushcclosure(L, l_utc, 1);
	lua_setfield(L, -2, "utc");
	lua_pushlightuserdata(L, &mapping_removed);
	lua_setfield(L, -2, "removed");
	if (m->as_of_ms) {
		lua_pushinteger(L, m->as_of_ms);
		lua_setfield(L, -2, "as_of");
	}
	lua_newtable(L);
	sandbox_push_environment(L);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_pushvalue(L, -1);
	m->globals = luaL_ref(L, LUA_REGISTRYINDEX);
	lua_pushvalue(L, -1);
	lua_setupvalue(L, -3, 1);
	lua_pushvalue(L, -2);
	lua_call(L, 0, 0);
	lua_pushliteral(L, "row");
	if (lua_rawget(L, -2) != LUA_TFUNCTION)
		return luaL_error(L, "the mapping has no function row(r)");
	m->row = luaL_ref(L, LUA_REGISTRYINDEX);
	m->row_meta = keep_meta(L, m, l_missing_column);
	m->object_meta = keep_meta(L, m, l_missing_field);
	return 0;
}

static int run_job(struct mapping *m, lua_CFunction work, struct job *job, uint64_t steps)
{
	lua_State *L = m->vm->L;
	char text[600];
	lua_settop(L, 0);
	lua_pushcfunction(L, work);
	lua_pushlightuserdata(L, job);
	vm_enter(m->vm, steps, LIMIT_CALL_BYTES, LIMIT_CALL_CHURN_BYTES);
	int status = lua_pcall(L, 1, 0, 0);
	vm_leave(m->vm);
	if (status == LUA_OK)
		return ERR_OK;
	if (status == LUA_ERRMEM) {
		lua_settop(L, 0);
		return error_set(ERR_RULE, NULL, "%s: stopped: it passed the limit of %u bytes (limit_call_bytes)",
				 m->path, LIMIT_CALL_BYTES);
	}
	vm_error_text(L, text, sizeof(text));
	return error_set(ERR_RULE, NULL, "%s", text);
}

static int read_file(const char *path, struct bytes *out)
{
	FILE *f = fopen(path, "r");
	if (!f)
		return error_errno("cannot open %s", path);
	size_t n;
	do {
		char *to = bytes_grow(out, 16 * KIB);
		n = fread(to, 1, 16 * KIB, f);
		out->len -= 16 * KIB - n;
	} while (n > 0 && out->len <= LIMIT_MAPPING_BYTES);
	int bad = ferror(f);
	fclose(f);
	if (bad)
		return error_errno("cannot read %s", path);
	if (out->len > LIMIT_MAPPING_BYTES)
		return error_set(ERR_LIMIT, NULL, "%s is larger than %u bytes", path, LIMIT_MAPPING_BYTES);
	return ERR_OK;
}

int mapping_open(struct mapping **out, const char *path, int64_t as_of_ms)
{
	struct bytes source = { 0 };
	*out = NULL;
	int rc = read_file(path, &source);
	if (rc == ERR_OK) {
		struct mapping *m = must_calloc(1, sizeof(*m));
		m->path = must_strdup(path);
		m->as_of_ms = as_of_ms;
		m->vm = vm_create();
		CHECK(m->vm != NULL);
		struct job job = { .m = m, .source = source.data ? source.data : "", .source_len = source.len };
		rc = run_job(m, load_job, &job, LIMIT_LOAD_INSTRUCTIONS);
		if (rc == ERR_OK)
			*out = m;
		else
			mapping_close(m);
	}
	bytes_finish(&source);
	return rc;
}

static void forget_names(char ***names, unsigned *count)
{
	for (unsigned i = 0; i < *count; i++)
		free((*names)[i]);
	free(*names);
	*names = NULL;
	*count = 0;
}

static void forget_columns(struct mapping *m)
{
	free(m->known);
	m->known = NULL;
	forget_names(&m->columns, &m->column_count);
	forget_names(&m->optional, &m->optional_count);
}

void mapping_close(struct mapping *m)
{
	if (!m)
		return;
	vm_destroy(m->vm);
	forget_columns(m);
	free(m->path);
	free(m);
}

static bool has_column(const struct mapping *m, const char *name)
{
	return is_among(m->columns, m->column_count, name);
}

/* Whether the file has it; from now on it is known. */
static bool know_column(struct mapping *m, const char *name)
{
	for (unsigned i = 0; i < m->column_count; i++)
		m->known[i] = m->known[i] || strcmp(m->columns[i], name) == 0;
	return has_column(m, name);
}

static int lacks_column(lua_State *L, const struct mapping *m, const char *name)
{
	const char *only = m->column_count == 1 ? m->columns[0] : "", *nearest = nearest_name(name, (const char *const *)m->columns);
	if (strpbrk(only, ";\t|"))
		return luaL_error(L, "the file's first row has no comma, and is taken for one column: columns are separated by commas; export "
				  "it so");
	return luaL_error(L, "the file has no column \"%s\", which `columns` of the mapping asks for%s%s%s: rename it in the file, or change "
			  "the mapping, where it is the right file", name, nearest ? ", but \"" : "", nearest ? nearest : "", nearest ? "\"" : "");
}

/* The list of that name in the mapping; `take` each of its names. */
static void each_name(lua_State *L, struct mapping *m, const char *list, void (*take)(lua_State *L, struct mapping *m, const char *name))
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, m->globals);
	lua_pushstring(L, list);
	int type = lua_rawget(L, -2);
	if (type == LUA_TNIL)
		return;
	if (type != LUA_TTABLE)
		luaL_error(L, "%s must be a list of names", list);
	lua_Integer count = (lua_Integer)lua_rawlen(L, -1);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, -1, i);
		take(L, m, lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "?");
		lua_pop(L, 1);
	}
}

static void need_column(lua_State *L, struct mapping *m, const char *name)
{
	if (!know_column(m, name))
		lacks_column(L, m, name);
}

static void note_optional(lua_State *L, struct mapping *m, const char *name)
{
	if (know_column(m, name))
		return;
	m->optional = must_realloc(m->optional, (m->optional_count + 2) * sizeof(*m->optional));
	m->optional[m->optional_count++] = must_strdup(name);
	m->optional[m->optional_count] = NULL;
}

/* Every name that the mapping's `columns` asks for must be there; which of `optional` are not is remembered. */
static int columns_job(lua_State *L)
{
	struct job *job = lua_touserdata(L, 1);
	each_name(L, job->m, "columns", need_column);
	each_name(L, job->m, "optional", note_optional);
	return 0;
}

const char *mapping_slip(const struct mapping *m, const char **nearest)
{
	for (unsigned i = 0; m->optional_count && i < m->column_count; i++) {
		*nearest = m->known[i] ? NULL : nearest_name(m->columns[i], (const char *const *)m->optional);
		if (*nearest)
			return m->columns[i];
	}
	return NULL;
}

int mapping_columns(struct mapping *m, const struct slice *names, unsigned count)
{
	forget_columns(m);
	m->columns = must_calloc(count + 1, sizeof(*m->columns));
	m->known = must_calloc(count + 1, sizeof(*m->known));
	for (unsigned i = 0; i < count; i++) {
		char *name = must_strndup(names[i].data ? names[i].data : "", names[i].len);
		if (has_column(m, name)) {
			free(name);
			return error_set(ERR_INVALID, NULL, "two columns are called \"%.*s\"", SLICE_ARG(names[i]));
		}
		m->columns[m->column_count++] = name;
	}
	struct job job = { .m = m };
	int rc = run_job(m, columns_job, &job, LIMIT_CALL_INSTRUCTIONS);
	return rc == ERR_OK ? ERR_OK : error_set(ERR_INVALID, NULL, "%s", error_last()->text);
}

/* JSON has one kind of numbers; ids that are whole are to be texts without a point. */
static void push_number(lua_State *L, double n)
{
	if (n == floor(n) && fabs(n) < 9007199254740992.0)
		lua_pushinteger(L, (lua_Integer)n);
	else
		lua_pushnumber(L, n);
}

static void push_row(lua_State *L, const struct job *job)
{
	const struct mapping *m = job->m;
	lua_createtable(L, 0, (int)(job->fields ? job->field_count : m->column_count));
	for (unsigned i = 0; !job->fields && i < m->column_count; i++) {
		lua_pushlstring(L, job->values[i].data ? job->values[i].data : "", job->values[i].len);
		lua_setfield(L, -2, m->columns[i]);
	}
	for (unsigned i = 0; job->fields && i < job->field_count; i++) {
		const struct event_attr *f = &job->fields[i];
		lua_pushlstring(L, f->name.data, f->name.len);
		if (f->value.kind == VALUE_NUMBER)
			push_number(L, f->value.number);
		else if (f->value.kind == VALUE_BOOL)
			lua_pushboolean(L, f->value.boolean);
		else
			lua_pushlstring(L, f->value.string.len ? f->value.string.data : "", f->value.string.len);
		lua_rawset(L, -3);
	}
	lua_rawgeti(L, LUA_REGISTRYINDEX, job->fields ? m->object_meta : m->row_meta);
	lua_setmetatable(L, -2);
}

static int row_job(lua_State *L)
{
	struct job *job = lua_touserdata(L, 1);
	struct mapping *m = job->m;
	lua_rawgeti(L, LUA_REGISTRYINDEX, m->row);
	push_row(L, job);
	lua_call(L, 1, 2);
	job->out->skipped = !lua_toboolean(L, -2);
	if (job->out->skipped) {
		size_t len = 0;
		const char *reason = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &len) : NULL;
		job->out->reason =
			reason ? arena_slice(job->arena, (struct slice){ reason, len }) : SLICE("no reason given");
		return 0;
	}
	if (lua_type(L, -2) != LUA_TTABLE)
		return luaL_error(L, "row() returned a %s: an event, or nil and a reason", luaL_typename(L, -2));
	mapping_take_events(L, job, lua_gettop(L) - 1);
	return 0;
}

int mapping_row(struct mapping *m, const struct slice *values, unsigned count, struct arena *arena, struct mapped *out)
{
	*out = (struct mapped){ 0 };
	m->blamed[0] = '\0';
	if (count != m->column_count)
		return error_set(ERR_INVALID, NULL, "%u fields where the heading has %u", count, m->column_count);
	struct job job = { .m = m, .values = values, .arena = arena, .out = out };
	return run_job(m, row_job, &job, LIMIT_CALL_INSTRUCTIONS);
}

int mapping_object(struct mapping *m, const struct event_attr *fields, unsigned count, struct arena *arena,
		   struct mapped *out)
{
	static const struct event_attr none;
	*out = (struct mapped){ 0 };
	m->blamed[0] = '\0';
	struct job job = { .m = m, .fields = fields ? fields : &none, .field_count = count, .arena = arena, .out = out };
	return run_job(m, row_job, &job, LIMIT_CALL_INSTRUCTIONS);
}
