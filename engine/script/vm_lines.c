/* script/vm_lines.c: which lines of Lua a pack's functions can run, for coverage. The last line of a function over
 * several lines is its `end`, which runs only where nothing returned before: it does not count. */
#include "script/sandbox.h"

/* Of the function on top; pops it. */
static void function_lines(lua_State *L, vm_line line, void *arg)
{
	lua_Debug ar;
	lua_getinfo(L, ">SL", &ar);
	if (ar.source[0] == '@' && lua_istable(L, -1)) {
		lua_pushnil(L);
		while (lua_next(L, -2)) {
			int number = (int)lua_tointeger(L, -2);
			if (number != ar.lastlinedefined || ar.linedefined == ar.lastlinedefined)
				line(arg, ar.source + 1, number);
			lua_pop(L, 1);
		}
	}
	lua_pop(L, 1);
}

void vm_each_line(struct vm *vm, vm_line line, void *arg)
{
	lua_State *L = vm->L;
	for (unsigned i = 0; i < vm->kept_count; i++) {
		vm_push_kept(vm, (int)i);
		function_lines(L, line, arg);
	}
	for (int i = 1; i <= 2 * (int)vm->pin_count; i++) /* outer locals: among them the functions that those call */
		if (lua_type(L, i) == LUA_TFUNCTION && !lua_iscfunction(L, i)) {
			lua_pushvalue(L, i);
			function_lines(L, line, arg);
		}
}
