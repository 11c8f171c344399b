/* script/vm.h: the sandboxed Lua VM of one shard, seen from above: calling the functions that a pack left behind.
 *
 * Every call has an instruction budget and a memory budget, no way to time, randomness, files or addresses, and
 * leaves nothing behind (globals are read-only after load; see sandbox.c for how, and HAZARDS in the comments there
 * for why). */
#ifndef NUDGED_SCRIPT_VM_H
#define NUDGED_SCRIPT_VM_H

#include "script/pack.h"

/* What a Lua function may ask and do while it runs; decide/ provides it. Reads are traced there, so that they are
 * explained. */
struct vm_host {
	void *arg;
	/* c.NAME (a fact, checked; or "now"), c.event.NAME, c.request.NAME, c.attr.NAME, …: space is "", "event", "request", "attr",
	 * "member", "customer", "agent", "area" (the last four: attributes of that). */
	struct value (*read)(void *arg, struct slice space, struct slice name);
	/* Rules only (NULL elsewhere). Return ERR_OK or an error, which aborts the call. What they do is staged by decide/ and dropped when the call is aborted. */
	int (*alert)(void *arg, struct slice severity, struct slice to, struct slice text, int64_t expires_ms);
	int (*set)(void *arg, struct slice name, struct value v);
	int (*add)(void *arg, unsigned series, double amount);
	int (*nudge)(void *arg, struct slice channel, struct slice goal, struct slice action);
};

/* calc(): inputs by name in a read-only table. A string result is copied into `arena`. ERR_ABORTED with the Lua
 * error (file:line) as text. */
struct arena;
int vm_call_value(struct vm *vm, int function, struct str *const *names, const struct value *inputs, unsigned count,
		  struct arena *arena, struct value *out);
/* when = function(c): truthiness; nil is unknown. */
int vm_call_condition(struct vm *vm, int function, const struct vm_host *host, struct arena *arena, struct value *out);
/* run = function(c) */
int vm_call_run(struct vm *vm, int function, const struct vm_host *host, struct arena *arena);

/* While replaying: what did not abort then must not abort now, and peak memory is not the same from run to run.
 * Budgets count fourfold. */
void vm_relax(struct vm *vm, bool relaxed);

/* Lines of Lua as they run in calls, for coverage; line NULL: no longer. */
typedef void (*vm_line)(void *arg, const char *file, int line);
void vm_trace(struct vm *vm, vm_line line, void *arg);
void vm_trace_pause(struct vm *vm, bool paused); /* what is called only to explain decides nothing */
/* Every line that the functions which the pack left behind, and those they use, can run (vm_lines.c). */
void vm_each_line(struct vm *vm, vm_line line, void *arg);

/* What the calls between the two take, to the instruction and to the byte allocated: slower than they are otherwise. Of
 * a machine that replays nothing. */
struct vm_measured { uint64_t instructions, bytes; };
void vm_measure_begin(struct vm *vm);
void vm_measure_end(struct vm *vm, struct vm_measured *out);

struct vm_usage { uint64_t calls, aborted, instructions, bytes_now, bytes_peak; };
void vm_usage(const struct vm *vm, struct vm_usage *out);

#endif
