/* script/sandbox.h: what the files of script/ share of the Lua VM: its budgets and the environment that packs see.
 * Private to script/ (it includes lua.h). */
#ifndef NUDGED_SCRIPT_SANDBOX_H
#define NUDGED_SCRIPT_SANDBOX_H

#include "script/vm.h"

#include "base/nearest.h"

#include <lauxlib.h>
#include <lua.h>

struct loader;

struct vm {
	lua_State *L;
	struct loader *loader;       /* while a pack is loaded; NULL afterwards: declarations are refused */
	struct pack *pack;           /* lent: facts are looked up here */
	const struct vm_host *host;  /* of the call that runs; NULL outside */
	bool relaxed;
	vm_line traced;              /* NULL: lines are not told */
	void *traced_arg;
	bool trace_paused;
	const char *limit;           /* which one a call passes, where it is no pack's: "test" */
	/* budgets of the call that runs */
	uint64_t steps, step_budget;
	int hook_steps;              /* instructions between two looks at the budget */
	bool tripped;                /* the budget is spent: every further step fails, so that pcall cannot go on */
	size_t bytes, bytes_peak, bytes_max;   /* in use; largest ever; what the running call may reach */
	size_t churn, churn_max;     /* allocated by the running call, freed or not */
	uint64_t calls, aborted, instructions;
	struct { uint64_t instructions; size_t bytes, bytes_peak; } measured; /* at vm_measure_begin */
	struct kept *kept;           /* functions that the pack left behind, by handle (vm_keep.c) */
	unsigned kept_count;
	struct pin *pins;            /* upvalues that those can reach */
	unsigned pin_count;
	unsigned reach_depth;        /* of the walk through what they reach */
};

/* registry keys by address: the pack's environment, the `c` of its functions (context.c) */
extern const char vm_environment_key, vm_context_key;

struct vm *vm_create(void); /* NULL: no memory */
void vm_destroy(struct vm *vm);
struct vm *vm_of(lua_State *L);

/* Begins and ends the budget of one call into Lua. */
void vm_enter(struct vm *vm, uint64_t steps, size_t bytes, size_t churn);
void vm_leave(struct vm *vm);
/* Charges work that C did for Lua as so many instructions: hooks never fire inside C functions. Raises when the
 * budget is spent. */
void vm_charge(lua_State *L, uint64_t steps);
/* The error on top of the stack as text without addresses; pops it. `out` is filled and terminated. */
void vm_error_text(lua_State *L, char *out, size_t size);

/* vm_keep.c: functions that outlive loading, and proof that calls leave nothing behind in their upvalues. */
int vm_keep(lua_State *L, int index);     /* handle of the function at index */
void vm_push_kept(struct vm *vm, int handle);
void vm_freeze_kept(lua_State *L);        /* at the end of loading: tables become read-only, upvalues are remembered */
void vm_pin(struct vm *vm);               /* … and after it, outside of any call: puts them where vm_restore compares */
/* Puts back what a call changed; the name of the first such local, or NULL. */
const char *vm_restore(struct vm *vm, int handle);
void vm_forget_kept(struct vm *vm);

/* sandbox.c: pushes the table of names of a new pack, for declarations to be added to it. */
void sandbox_push_environment(lua_State *L);
/* Puts in its place what packs get as _ENV: empty and read-only; reading a name it lacks is an error. */
void sandbox_lock_environment(lua_State *L);
/* Makes the table on top read-only: leaves a proxy in its place. `what` names it in errors. */
void sandbox_protect(lua_State *L, const char *what);
void sandbox_freeze(lua_State *L, int index, const char *what); /* in place */
/* Pushes the table behind a read-only one, or the table itself. */
void sandbox_push_content(lua_State *L, int index);
/* Pushes a list of the table's keys in order: numbers, strings by bytes, booleans; others are refused. Returns their
 * number. */
lua_Integer sandbox_push_sorted_keys(lua_State *L, int index);
/* Takes the table of functions on the top of the stack: the methods of a new kind of userdata, `meta`. A name that is not
 * among them is for `unknown` to refuse, whose upvalue they are. */
void sandbox_methods(lua_State *L, const char *meta, lua_CFunction unknown);
/* Pushes text without addresses for any value. */
const char *sandbox_tostring(lua_State *L, int index, size_t *len);
/* What to say of a name that Lua has and packs have not, such as "os"; NULL of any other. */
const char *sandbox_absent(const char *name);

void sandbox_push_string_library(lua_State *L); /* sandbox_string.c; also sets the string metatable */
void sandbox_push_table_library(lua_State *L);  /* sandbox_table.c */
void sandbox_push_math_library(lua_State *L);   /* sandbox_math.c */

/* vm.c: a value as Lua sees it; unknown is nil. */
void vm_push_value(lua_State *L, struct value v);
/* context.c: makes the `c` object; pushes nothing. */
void context_create(lua_State *L);
/* declare_series.c: the number of the tally at `index`, else raises. */
unsigned series_of_tally(lua_State *L, int index, const char *what);

/* pattern.c: Lua patterns (reference manual, 6.4.1) with every step charged. Captures as in string.find. */
#define PATTERN_CAPTURES 32
struct pattern_match {
	const char *start, *end;
	int count;
	struct { const char *start; ptrdiff_t len; } captures[PATTERN_CAPTURES]; /* len -2: a position */
};
/* Searches text from `from` on (anchored patterns only there). True when found. Raises on malformed patterns. */
bool pattern_find(lua_State *L, const char *text, size_t len, size_t from, const char *pattern, size_t pattern_len,
		  struct pattern_match *out);
/* Matches at exactly one place; the pattern is given without its anchor. */
bool pattern_match_at(lua_State *L, const char *text, size_t len, size_t at, const char *pattern, size_t pattern_len,
		      struct pattern_match *out);
/* Pushes captures (the whole match where there are none and `whole`); returns how many. */
int pattern_push_captures(lua_State *L, const char *text, const struct pattern_match *m, bool whole);

#endif
