/* script/vm.c: one Lua VM a pack and shard: memory, budgets, and calls into what the pack left behind.
 *
 * Two budgets bound a call. Steps: a count hook adds up VM instructions, C functions of the sandbox charge for their
 * own loops (vm_charge), since hooks never fire inside C. When they are spent the hook is armed for every single
 * instruction and keeps raising, so `while true do pcall(f) end` ends too. Memory: the allocator refuses beyond what
 * the call may add to the VM's size at its start, and beyond a total of allocations, freed or not (else `s .. s` in
 * a loop would be cheap in steps and dear in time).
 *
 * Steps are the same on every run. Peak memory is not (the garbage collector decides), so an abort is recorded in
 * the journal and replay gives calls room to spare (vm_relax). */
#include "script/sandbox.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "base/printable.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define HOOK_STEPS 1000 /* instructions between two looks: an abort is at most so late */
#define RELAXED_FACTOR 4u

const char vm_environment_key, vm_context_key;

_Static_assert(LUA_EXTRASPACE >= sizeof(struct vm *), "the VM's address lives in Lua's extra space");

struct vm *vm_of(lua_State *L)
{
	return *(struct vm **)lua_getextraspace(L);
}

static void *vm_alloc(void *ud, void *ptr, size_t old_size, size_t size)
{
	struct vm *vm = ud;
	size_t old = ptr ? old_size : 0; /* without ptr, old_size is a type */
	if (size == 0) {
		free(ptr);
		vm->bytes -= old;
		return NULL;
	}
	if (size > old) {
		size_t more = size - old;
		if (more > vm->bytes_max || vm->bytes > vm->bytes_max - more || more > vm->churn_max ||
		    vm->churn > vm->churn_max - more)
			return NULL;
		vm->churn += more;
	}
	void *p = realloc(ptr, size);
	if (!p)
		return NULL;
	vm->bytes = vm->bytes - old + size;
	if (vm->bytes > vm->bytes_peak)
		vm->bytes_peak = vm->bytes;
	return p;
}

static void trip(lua_State *L, struct vm *vm, int level);

static void hook(lua_State *L, lua_Debug *ar)
{
	struct vm *vm = vm_of(L);
	if (ar->event == LUA_HOOKLINE) {
		if (lua_getinfo(L, "S", ar) && ar->source[0] == '@')
			vm->traced(vm->traced_arg, ar->source + 1, ar->currentline);
		return;
	}
	vm->steps += vm->tripped ? 1 : (uint64_t)vm->hook_steps;
	if (vm->tripped || vm->steps > vm->step_budget)
		trip(L, vm, 0);
}

static void trip(lua_State *L, struct vm *vm, int level)
{
	vm->tripped = true;
	lua_sethook(L, hook, LUA_MASKCOUNT, 1);
	luaL_where(L, level);
	lua_pushfstring(L, "stopped: it passed the limit of %d instructions (limit_%s_instructions)",
			(int)vm->step_budget, vm->limit ? vm->limit : vm->loader ? "load" : "call");
	lua_concat(L, 2);
	lua_error(L);
}

void vm_charge(lua_State *L, uint64_t steps)
{
	struct vm *vm = vm_of(L);
	vm->steps += steps;
	if (vm->tripped || vm->steps > vm->step_budget)
		trip(L, vm, 1);
}

static int panic(lua_State *L)
{
	(void)L;
	check_failed(__FILE__, __LINE__, "a Lua error outside of a protected call");
}

struct vm *vm_create(void)
{
	/* Lua compares strings with strcoll and prints numbers by the locale: both must be plain for replay to agree */
	CHECK(strcmp(setlocale(LC_COLLATE, NULL), "C") == 0 && strcmp(setlocale(LC_NUMERIC, NULL), "C") == 0);
	struct vm *vm = must_calloc(1, sizeof(*vm));
	vm->bytes_max = LIMIT_VM_BYTES;
	vm->churn_max = SIZE_MAX;
	vm->step_budget = UINT64_MAX;
	vm->hook_steps = HOOK_STEPS;
	vm->L = lua_newstate(vm_alloc, vm);
	if (!vm->L) {
		free(vm);
		return NULL;
	}
	*(struct vm **)lua_getextraspace(vm->L) = vm;
	lua_atpanic(vm->L, panic);
	return vm;
}

void vm_destroy(struct vm *vm)
{
	if (!vm)
		return;
	vm_forget_kept(vm);
	lua_close(vm->L);
	free(vm);
}

void vm_enter(struct vm *vm, uint64_t steps, size_t bytes, size_t churn)
{
	unsigned factor = vm->relaxed ? RELAXED_FACTOR : 1;
	vm->steps = 0;
	vm->tripped = false;
	vm->step_budget = steps * factor;
	vm->churn = 0;
	vm->churn_max = churn * factor;
	size_t most = (size_t)LIMIT_VM_BYTES * factor;
	vm->bytes_max = vm->bytes + bytes * factor < most ? vm->bytes + bytes * factor : most;
	lua_sethook(vm->L, hook, LUA_MASKCOUNT | (vm->traced && !vm->trace_paused ? LUA_MASKLINE : 0), vm->hook_steps);
}

void vm_leave(struct vm *vm)
{
	lua_sethook(vm->L, NULL, 0, 0);
	vm->instructions += vm->steps;
	vm->tripped = false;
	vm->step_budget = UINT64_MAX;
	vm->churn_max = SIZE_MAX;
	/* what is done between calls (putting upvalues back) is small and must not fail */
	vm->bytes_max = (size_t)LIMIT_VM_BYTES * 2 * RELAXED_FACTOR;
}

void vm_error_text(lua_State *L, char *out, size_t size)
{
	if (lua_type(L, -1) == LUA_TSTRING) /* no conversion: it could allocate */
		printable_copy(out, size, lua_tostring(L, -1));
	else
		snprintf(out, size, "error(): the message is a %s, not a text", luaL_typename(L, -1));
	lua_pop(L, 1);
}

/* One call, carried into the protected part as a light userdata. */
struct call {
	int function;
	struct str *const *names;
	const struct value *inputs;
	unsigned count;
	struct arena *arena;
	bool wants_value, truth;
	struct value out;
};

void vm_push_value(lua_State *L, struct value v)
{
	switch (v.kind) {
	case VALUE_BOOL:
		lua_pushboolean(L, v.boolean);
		break;
	case VALUE_NUMBER:
		lua_pushnumber(L, v.number);
		break;
	case VALUE_STRING:
		lua_pushlstring(L, v.string.data ? v.string.data : "", v.string.len);
		break;
	default:
		lua_pushnil(L);
	}
}

static struct value take_result(lua_State *L, struct arena *arena)
{
	size_t len;
	const char *text;
	double n;
	switch (lua_type(L, -1)) {
	case LUA_TNIL:
		return value_unknown();
	case LUA_TBOOLEAN:
		return value_bool(lua_toboolean(L, -1));
	case LUA_TNUMBER:
		n = lua_tonumber(L, -1);
		return isfinite(n) ? value_number(n) : value_unknown();
	case LUA_TSTRING:
		text = lua_tolstring(L, -1, &len);
		if (len > LIMIT_ATTRIBUTE_TEXT_BYTES)
			luaL_error(L, "returned a text of %d bytes: at most %d (limit_attribute_text_bytes)", (int)len,
				   (int)LIMIT_ATTRIBUTE_TEXT_BYTES);
		return value_string(arena_slice(arena, (struct slice){ text, len }));
	default:
		luaL_error(L, "returned a %s: a number, text, boolean or nil is wanted", luaL_typename(L, -1));
		return value_unknown();
	}
}

static int call_protected(lua_State *L)
{
	struct call *call = lua_touserdata(L, 1);
	struct vm *vm = vm_of(L);
	vm_push_kept(vm, call->function);
	if (call->names || !vm->host) {
		lua_createtable(L, 0, (int)call->count);
		for (unsigned i = 0; i < call->count; i++) {
			lua_pushlstring(L, call->names[i]->data, call->names[i]->len);
			vm_push_value(L, call->inputs[i]);
			lua_rawset(L, -3);
		}
	} else {
		lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_context_key);
	}
	lua_call(L, 1, call->wants_value ? 1 : 0);
	if (!call->wants_value)
		return 0;
	if (call->truth && !lua_isnil(L, -1))
		call->out = value_bool(lua_toboolean(L, -1));
	else
		call->out = take_result(L, call->arena);
	return 0;
}

static int call_run(struct vm *vm, struct call *call, const struct vm_host *host)
{
	lua_State *L = vm->L;
	vm->calls++;
	vm->host = host;
	lua_pushcfunction(L, call_protected);
	lua_pushlightuserdata(L, call);
	vm_enter(vm, LIMIT_CALL_INSTRUCTIONS, LIMIT_CALL_BYTES, LIMIT_CALL_CHURN_BYTES);
	int status = lua_pcall(L, 1, 0, 0);
	vm_leave(vm);
	vm->host = NULL;
	char text[600] = "";
	if (status == LUA_ERRMEM) {
		snprintf(text, sizeof(text), "stopped: it passed the limit of %u bytes (limit_call_bytes)",
			 LIMIT_CALL_BYTES);
		lua_pop(L, 1);
		lua_gc(L, LUA_GCCOLLECT, 0);
	} else if (status != LUA_OK) {
		vm_error_text(L, text, sizeof(text));
	}
	const char *changed = vm_restore(vm, call->function);
	if (changed && status == LUA_OK) {
		status = LUA_ERRRUN;
		snprintf(text, sizeof(text),
			 "it changed the outer local \"%s\", which would outlive the call: keep such state in an "
			 "attribute or a tally",
			 changed);
	}
	if (status == LUA_OK)
		return ERR_OK;
	vm->aborted++;
	return error_set(ERR_ABORTED, NULL, "%s", text);
}

int vm_call_value(struct vm *vm, int function, struct str *const *names, const struct value *inputs, unsigned count,
		  struct arena *arena, struct value *out)
{
	struct call call = { .function = function, .names = names, .inputs = inputs, .count = count, .arena = arena,
			     .wants_value = true, .out = value_unknown() };
	int rc = call_run(vm, &call, NULL);
	*out = rc == ERR_OK ? call.out : value_unknown();
	return rc;
}

int vm_call_condition(struct vm *vm, int function, const struct vm_host *host, struct arena *arena, struct value *out)
{
	struct call call = {
		.function = function, .arena = arena, .wants_value = true, .truth = true, .out = value_unknown()
	};
	int rc = call_run(vm, &call, host);
	*out = rc == ERR_OK ? call.out : value_unknown();
	return rc;
}

int vm_call_run(struct vm *vm, int function, const struct vm_host *host, struct arena *arena)
{
	struct call call = { .function = function, .arena = arena };
	return call_run(vm, &call, host);
}

void vm_relax(struct vm *vm, bool relaxed)
{
	vm->relaxed = relaxed;
}

void vm_trace(struct vm *vm, vm_line line, void *arg)
{
	vm->traced = line;
	vm->traced_arg = arg;
}

void vm_trace_pause(struct vm *vm, bool paused)
{
	vm->trace_paused = paused;
}

/* Memory that nobody collects meanwhile adds up: the largest size is what was allocated, and what replay may take is
 * room enough. */
void vm_measure_begin(struct vm *vm)
{
	lua_gc(vm->L, LUA_GCSTOP);
	vm_relax(vm, true);
	vm->hook_steps = 1;
	vm->measured.instructions = vm->instructions;
	vm->measured.bytes_peak = vm->bytes_peak;
	vm->measured.bytes = vm->bytes_peak = vm->bytes;
}

void vm_measure_end(struct vm *vm, struct vm_measured *out)
{
	out->instructions = vm->instructions - vm->measured.instructions;
	out->bytes = vm->bytes_peak - vm->measured.bytes;
	if (vm->bytes_peak < vm->measured.bytes_peak)
		vm->bytes_peak = vm->measured.bytes_peak;
	vm->hook_steps = HOOK_STEPS;
	vm_relax(vm, false);
	lua_gc(vm->L, LUA_GCRESTART);
	lua_gc(vm->L, LUA_GCSTEP, 0); /* which would else fall to whatever allocates next */
}

void vm_usage(const struct vm *vm, struct vm_usage *out)
{
	*out = (struct vm_usage){ vm->calls, vm->aborted, vm->instructions, vm->bytes, vm->bytes_peak };
}
