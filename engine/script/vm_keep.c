/* script/vm_keep.c: the functions that a pack leaves behind, and the promise that calling them leaves nothing behind.
 *
 * State hidden in the VM would make an event's outcome depend on which events this very process has seen, and
 * recovery would come out different. Globals are read-only (sandbox.c). What is left are a function's upvalues, so
 * at the end of loading
 *   - every table that a kept function can reach is made read-only in place, and
 *   - the value of every upvalue it can reach, through other functions too, is remembered; after each call the upvalues are
 *     compared with that and put back, and a call that changed one is aborted.
 * So a function may use locals of its file as constants and helpers, never as memory.
 *
 * Upvalues are compared after every call, so that must be cheap: each is pinned once, as a closure that has it and
 * its value, at the bottom of the VM's stack, where the API reaches them without a look-up:
 *
 *     stack of the VM: | closure 0 | value 0 | closure 1 | value 1 | … | calls */
#include "script/sandbox.h"

#include "base/check.h"

#include <stdlib.h>

#define REACH_DEPTH 200 /* tables within tables: the walk recurses in C */
#define PINS_MAX 4096   /* upvalues of all kept functions: the stack is no place for a million */

struct pin {
	int upvalue; /* its number in the closure */
};

struct kept {
	int reference;  /* of the function, in the registry */
	unsigned *pins; /* upvalues it can reach */
	unsigned count;
};

static const char pins_key; /* registry, while loading: upvalue id -> number of its pin */

static int pin_closure(unsigned pin)
{
	return 2 * (int)pin + 1;
}

int vm_keep(lua_State *L, int index)
{
	struct vm *vm = vm_of(L);
	lua_pushvalue(L, index);
	int reference = luaL_ref(L, LUA_REGISTRYINDEX);
	vm->kept = must_realloc(vm->kept, (vm->kept_count + 1) * sizeof(*vm->kept));
	vm->kept[vm->kept_count] = (struct kept){ .reference = reference };
	return (int)vm->kept_count++;
}

void vm_push_kept(struct vm *vm, int handle)
{
	CHECK(handle >= 0 && (unsigned)handle < vm->kept_count);
	lua_rawgeti(vm->L, LUA_REGISTRYINDEX, vm->kept[handle].reference);
}

/* Walks what the value on top can reach; pops it. */
static void reach(lua_State *L, struct kept *kept, int seen);

static bool first_visit(lua_State *L, int seen, const void *address)
{
	bool first = lua_rawgetp(L, seen, address) == LUA_TNIL;
	lua_pop(L, 1);
	if (first) {
		lua_pushboolean(L, 1);
		lua_rawsetp(L, seen, address);
	}
	return first;
}

/* The number of the pin for upvalue n of the function; its value is on top and stays. */
static unsigned pin_upvalue(lua_State *L, int function, int n)
{
	struct vm *vm = vm_of(L);
	const void *id = lua_upvalueid(L, function, n);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &pins_key);
	if (lua_rawgetp(L, -1, id) == LUA_TNUMBER) {
		unsigned known = (unsigned)lua_tointeger(L, -1);
		lua_pop(L, 2);
		return known;
	}
	lua_pop(L, 1);
	if (vm->pin_count >= PINS_MAX)
		luaL_error(L, "the pack's functions use more than %d outer locals", PINS_MAX);
	unsigned pin = vm->pin_count++;
	vm->pins = must_realloc(vm->pins, vm->pin_count * sizeof(*vm->pins));
	vm->pins[pin].upvalue = n;
	lua_pushinteger(L, pin);
	lua_rawsetp(L, -2, id);
	lua_pushvalue(L, function);
	lua_rawseti(L, -2, pin_closure(pin)); /* in the same table, until loading is over: see vm_pin */
	lua_pushvalue(L, -2);
	lua_rawseti(L, -2, pin_closure(pin) + 1);
	lua_pop(L, 1);
	return pin;
}

static void reach_function(lua_State *L, struct kept *kept, int seen)
{
	int function = lua_absindex(L, -1);
	for (int n = 1; lua_getupvalue(L, function, n) != NULL; n++) {
		if (!first_visit(L, seen, lua_upvalueid(L, function, n))) {
			lua_pop(L, 1);
			continue;
		}
		kept->pins = must_realloc(kept->pins, (kept->count + 1) * sizeof(*kept->pins));
		kept->pins[kept->count++] = pin_upvalue(L, function, n);
		reach(L, kept, seen);
	}
}

static void reach_table(lua_State *L, struct kept *kept, int seen)
{
	sandbox_freeze(L, -1, "this table");
	sandbox_push_content(L, -1);
	lua_pushnil(L);
	while (lua_next(L, -2)) {
		lua_pushvalue(L, -2);
		reach(L, kept, seen);
		reach(L, kept, seen);
	}
	lua_pop(L, 1);
}

static void reach(lua_State *L, struct kept *kept, int seen)
{
	struct vm *vm = vm_of(L);
	luaL_checkstack(L, 12, "tables and functions nested too deep");
	if (++vm->reach_depth > REACH_DEPTH)
		luaL_error(L, "tables and functions that a kept function uses are nested more than %d deep",
			   REACH_DEPTH);
	vm_charge(L, 1);
	int type = lua_type(L, -1);
	if ((type == LUA_TTABLE || type == LUA_TFUNCTION) && first_visit(L, seen, lua_topointer(L, -1))) {
		if (type == LUA_TTABLE)
			reach_table(L, kept, seen);
		else
			reach_function(L, kept, seen);
	}
	lua_pop(L, 1);
	vm->reach_depth--;
}

void vm_freeze_kept(lua_State *L)
{
	struct vm *vm = vm_of(L);
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &pins_key);
	for (unsigned i = 0; i < vm->kept_count; i++) {
		lua_newtable(L);
		int seen = lua_gettop(L);
		/* the environment is protected already, and it reaches everything */
		lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_environment_key);
		lua_pushboolean(L, 1);
		lua_rawsetp(L, seen, lua_topointer(L, -2));
		lua_pop(L, 1);
		vm_push_kept(vm, (int)i);
		reach(L, &vm->kept[i], seen);
		lua_settop(L, seen - 1);
	}
}

void vm_pin(struct vm *vm)
{
	lua_State *L = vm->L;
	CHECK(lua_gettop(L) == 0 && lua_checkstack(L, 2 * (int)vm->pin_count + LUA_MINSTACK));
	for (unsigned i = 0; i < 2 * vm->pin_count; i++) {
		lua_rawgetp(L, LUA_REGISTRYINDEX, &pins_key);
		lua_rawgeti(L, -1, (lua_Integer)i + 1);
		lua_remove(L, -2);
	}
	lua_pushnil(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &pins_key);
}

const char *vm_restore(struct vm *vm, int handle)
{
	lua_State *L = vm->L;
	const struct kept *kept = &vm->kept[handle];
	const char *changed = NULL;
	for (unsigned i = 0; i < kept->count; i++) {
		int closure = pin_closure(kept->pins[i]), n = vm->pins[kept->pins[i]].upvalue;
		const char *name = lua_getupvalue(L, closure, n);
		bool same = lua_rawequal(L, -1, closure + 1);
		lua_pop(L, 1);
		if (same)
			continue;
		changed = changed ? changed : name[0] ? name : "an iterator";
		lua_pushvalue(L, closure + 1);
		lua_setupvalue(L, closure, n);
	}
	return changed;
}

void vm_forget_kept(struct vm *vm)
{
	for (unsigned i = 0; i < vm->kept_count; i++)
		free(vm->kept[i].pins);
	free(vm->kept);
	free(vm->pins);
	vm->kept = NULL;
	vm->pins = NULL;
	vm->kept_count = vm->pin_count = 0;
}
