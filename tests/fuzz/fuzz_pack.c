/* tests/fuzz/fuzz_pack.c: bytes as a pack: an encoded bundle, or else the text of its pack.lua. What loads must give
 * back every reference, load again to the same identities, render its terms and survive calls of its functions. */
#include "base/check.h"
#include "base/error.h"
#include "script/vm.h"
#include "workbench/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct value read_value(void *arg, struct slice space, struct slice name)
{
	(void)arg;
	(void)space;
	return name.len % 2 ? value_number((double)name.len) : value_string(name);
}

static int do_alert(void *arg, struct slice severity, struct slice to, struct slice text, int64_t expires_ms)
{
	CHECK(arg && severity.len && to.data && text.len <= LIMIT_WORDS_BYTES && expires_ms > 0);
	return ERR_OK;
}

static int do_set(void *arg, struct slice name, struct value v)
{
	CHECK(arg && name.data && v.kind <= VALUE_STRING);
	return ERR_OK;
}

static int do_add(void *arg, unsigned series, double amount)
{
	const struct pack *p = arg;
	CHECK(series < p->series_count && p->series[series].tally && amount == amount);
	return ERR_OK;
}

static int do_nudge(void *arg, struct slice channel, struct slice goal, struct slice action)
{
	(void)goal;
	(void)action;
	CHECK(arg && channel.data);
	return ERR_OK;
}

static void use_term(const struct pack *p, const struct term *t, struct arena *arena)
{
	struct bytes text = { 0 };
	struct value inputs[8], out;
	if (!t)
		return;
	CHECK(t->depth <= LIMIT_TERM_DEPTH && t->size <= LIMIT_TERM_SIZE);
	term_text(t, p, &text);
	bytes_finish(&text);
	if (t->op != TERM_CALL || t->child_count > 8 || t->call.context)
		return;
	for (unsigned i = 0; i < t->child_count; i++)
		inputs[i] = value_number(i);
	vm_call_value(p->vm, t->call.function, t->call.names, inputs, t->child_count, arena, &out);
}

static void use_rules(struct pack *p, struct arena *arena)
{
	struct vm_host reader = { .arg = p, .read = read_value };
	struct vm_host actor = { p, read_value, do_alert, do_set, do_add, do_nudge };
	struct value out;
	for (unsigned i = 0; i < p->rule_count && i < 16; i++) {
		const struct rule_decl *r = &p->rules[i];
		use_term(p, r->when, arena);
		if (r->when_function != TERM_NO_FUNCTION)
			vm_call_condition(p->vm, r->when_function, &reader, arena, &out);
		if (r->run != TERM_NO_FUNCTION)
			vm_call_run(p->vm, r->run, &actor, arena);
		for (unsigned k = 0; k < r->on_count; k++)
			CHECK(pack_type(p, r->on[k]) != NULL);
	}
}

static void use(struct pack *p)
{
	struct arena arena;
	struct vm_usage usage;
	arena_init(&arena, 0);
	use_rules(p, &arena);
	for (unsigned i = 0; i < p->fact_count && i < 64; i++)
		use_term(p, p->facts[i].term, &arena);
	for (unsigned i = 0; i < p->action_count && i < 16; i++)
		use_term(p, p->actions[i].customer_value, &arena);
	use_term(p, p->balance, &arena);
	vm_usage(p->vm, &usage);
	CHECK(usage.bytes_peak <= LIMIT_VM_BYTES);
	arena_finish(&arena);
}

/* What `rules check` says of it: whatever it finds, it must not take a pack for whole that does not load, nor the other
 * way round. It loads the pack without its zone. */
static void check(struct bundle *b, bool loads)
{
	bool zone = !loads && strstr(error_last()->text, "zone");
	struct findings findings = { 0 };
	struct bundle tests = { 0 };
	struct strpool *pool = strpool_create();
	struct pack_checked checked;
	pack_check(&checked, b, pool, &findings);
	CHECK(checked.whole || !loads);
	CHECK(checked.whole || findings_count(&findings, FINDING_ERROR) > 0);
	CHECK(loads || zone || !checked.whole);
	pack_checked_finish(&checked);
	CHECK(strpool_count(pool) == 0);
	strpool_destroy(pool);
	findings_finish(&findings);
	check_pack_folder(&findings, b, &tests);
	findings_finish(&findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice in = { (const char *)data, size };
	struct bundle b = { 0 };
	struct strpool *pool = strpool_create();
	struct pack *p, *again;
	if (bundle_decode(&b, in) != ERR_OK && bundle_add(&b, SLICE("pack.lua"), in) != ERR_OK) {
		strpool_destroy(pool);
		return 0;
	}
	bool loads = pack_load(&p, &b, pool) == ERR_OK;
	if (loads) {
		CHECK(pack_load(&again, &b, pool) == ERR_OK);
		CHECK(p->hash.low == again->hash.low && p->series_count == again->series_count);
		for (unsigned i = 0; i < p->series_count; i++)
			CHECK(p->series[i].id == again->series[i].id);
		pack_destroy(again);
		use(p);
		pack_destroy(p);
	} else {
		CHECK(error_last()->code == ERR_RULE && error_last()->text[0]);
	}
	CHECK(strpool_count(pool) == 0);
	strpool_destroy(pool);
	check(&b, loads);
	bundle_finish(&b);
	return 0;
}
