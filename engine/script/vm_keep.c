/* script/vm_keep.c: the functions that a pack leaves behind, and the promise that calling them leaves nothing behind.
 *
 * State hidden in the VM would make an event's outcome depend on which events this very process has seen, and recovery would
 * come out different. Globals are read-only (sandbox.c). What is left are a function's upvalues, so at the end of loading
 *   - every table that a kept function can reach is made read-only in place, and
 *   - the value of every upvalue it can reach, through other functions too, is remembered; after each call the upvalues are
 *     compared with that and put back, and a call that changed one is aborted.
 * So a function may use locals of its file as constants and helpers, never as memory. */
#include "script/sandbox.h"

#include "base/check.h"

#include <stdlib.h>

#define REACH_DEPTH 200 /* tables within tables: the walk recurses in C */

struct kept {
	unsigned upvalues; /* reachable ones */
};

/* registry: a list of { function, closure, number, value, closure, number, value … } */
static const char kept_key;

int vm_keep(lua_State *L, int index)
{
	struct vm *vm = vm_of(L);
	index = lua_absindex(L, index);
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &kept_key) == LUA_TNIL) {
		lua_pop(L, 1);
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &kept_key);
	}
	lua_newtable(L);
	lua_pushvalue(L, index);
	lua_rawseti(L, -2, 1);
	lua_rawseti(L, -2, (lua_Integer)vm->kept_count + 1);
	lua_pop(L, 1);
	vm->kept = must_realloc(vm->kept, (vm->kept_count + 1) * sizeof(*vm->kept));
	vm->kept[vm->kept_count].upvalues = 0;
	return (int)vm->kept_count++;
}

static void push_entry(lua_State *L, int handle)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &kept_key);
	lua_rawgeti(L, -1, (lua_Integer)handle + 1);
	lua_remove(L, -2);
}

void vm_push_kept(struct vm *vm, int handle)
{
	CHECK(handle >= 0 && (unsigned)handle < vm->kept_count);
	push_entry(vm->L, handle);
	lua_rawgeti(vm->L, -1, 1);
	lua_remove(vm->L, -2);
}

/* Walks what the value on top can reach; pops it. Upvalues go into `entry`, each once. */
static void reach(lua_State *L, int entry, int seen, unsigned *count);

static bool first_visit(lua_State *L, int seen, const void *address)
{
	if (lua_rawgetp(L, seen, address) != LUA_TNIL) {
		lua_pop(L, 1);
		return false;
	}
	lua_pop(L, 1);
	lua_pushboolean(L, 1);
	lua_rawsetp(L, seen, address);
	return true;
}

static void reach_function(lua_State *L, int entry, int seen, unsigned *count)
{
	int function = lua_absindex(L, -1);
	const char *name;
	for (int n = 1; (name = lua_getupvalue(L, function, n)) != NULL; n++) {
		if (!first_visit(L, seen, lua_upvalueid(L, function, n))) {
			lua_pop(L, 1);
			continue;
		}
		lua_Integer at = 2 + 3 * (lua_Integer)(*count)++;
		lua_pushvalue(L, function);
		lua_rawseti(L, entry, at);
		lua_pushinteger(L, n);
		lua_rawseti(L, entry, at + 1);
		lua_pushvalue(L, -1);
		lua_rawseti(L, entry, at + 2);
		reach(L, entry, seen, count);
	}
}

static void reach_table(lua_State *L, int entry, int seen, unsigned *count)
{
	sandbox_freeze(L, -1, "this table");
	sandbox_push_content(L, -1);
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pushvalue(L, -2);
		reach(L, entry, seen, count);
		reach(L, entry, seen, count);
	}
	lua_pop(L, 1);
}

static void reach(lua_State *L, int entry, int seen, unsigned *count)
{
	struct vm *vm = vm_of(L);
	luaL_checkstack(L, 12, "tables and functions nested too deep");
	if (++vm->reach_depth > REACH_DEPTH)
		luaL_error(L, "tables and functions that a kept function uses are nested more than %d deep", REACH_DEPTH);
	int type = lua_type(L, -1);
	if ((type == LUA_TTABLE || type == LUA_TFUNCTION) && first_visit(L, seen, lua_topointer(L, -1))) {
		if (type == LUA_TTABLE)
			reach_table(L, entry, seen, count);
		else
			reach_function(L, entry, seen, count);
	}
	lua_pop(L, 1);
	vm->reach_depth--;
}

void vm_freeze_kept(lua_State *L)
{
	struct vm *vm = vm_of(L);
	for (unsigned i = 0; i < vm->kept_count; i++) {
		push_entry(L, (int)i);
		int entry = lua_gettop(L);
		lua_newtable(L);
		int seen = lua_gettop(L);
		/* the environment is protected already, and it reaches everything */
		lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_environment_key);
		lua_pushboolean(L, 1);
		lua_rawsetp(L, seen, lua_topointer(L, -2));
		lua_pop(L, 1);
		vm_push_kept(vm, (int)i);
		reach(L, entry, seen, &vm->kept[i].upvalues);
		lua_settop(L, entry - 1);
	}
}

const char *vm_restore(struct vm *vm, int handle)
{
	unsigned count = vm->kept[handle].upvalues;
	if (count == 0)
		return NULL;
	lua_State *L = vm->L;
	const char *changed = NULL;
	push_entry(L, handle);
	for (unsigned i = 0; i < count; i++) {
		lua_rawgeti(L, -1, 2 + 3 * (lua_Integer)i);
		lua_rawgeti(L, -2, 3 + 3 * (lua_Integer)i);
		int n = (int)lua_tointeger(L, -1);
		lua_pop(L, 1);
		lua_rawgeti(L, -2, 4 + 3 * (lua_Integer)i);
		const char *name = lua_getupvalue(L, -2, n);
		if (!lua_rawequal(L, -1, -2)) {
			changed = changed ? changed : name[0] ? name : "an iterator";
			lua_pop(L, 1);
			lua_setupvalue(L, -2, n);
		} else {
			lua_pop(L, 2);
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
	return changed;
}

void vm_forget_kept(struct vm *vm)
{
	free(vm->kept);
	vm->kept = NULL;
	vm->kept_count = 0;
}
