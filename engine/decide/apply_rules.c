/* decide/apply_rules.c: rules of an event's type, in order of declaration: the condition, once_per, then everything the
 * rule wants is staged; only a rule that completed takes effect (commit.c). */
#include "decide/applying.h"

#include "base/error.h"
#include "base/log.h"
#include "decide/text.h"
#include "decide/watch.h"

#include <stdio.h>

static void rule_failed(struct applying *a, struct rule_decl *rule, unsigned index, const char *why)
{
	counter_add(&rule->failed, 1);
	snprintf(rule->last_error, sizeof(rule->last_error), "%s", why);
	if (++rule->failed_in_a_row % RULE_FAILURES_ASIDE == 0)
		a->out->failing_rule = index + 1;
}

static int host_alert(void *arg, struct slice severity, struct slice to, struct slice text, int64_t expires_ms)
{
	struct eval *e = arg;
	struct stage *s = e->stage;
	struct arena *arena = &e->m->arena;
	if (s->alert_count >= LIMIT_ENTRY_ALERTS)
		return error_set(ERR_LIMIT, NULL, "more than %u alerts (limit_entry_alerts)", LIMIT_ENTRY_ALERTS);
	s->alerts[s->alert_count++] = (struct staged_alert){
		arena_slice(arena, severity.len ? severity : SLICE("medium")),
		arena_slice(arena, to),
		arena_slice(arena, text),
		expires_ms,
	};
	return ERR_OK;
}

static int stage_set(struct eval *e, struct str *name, struct slice text, struct value v, uint8_t scope)
{
	struct stage *s = e->stage;
	if (s->set_count >= LIMIT_RULE_SETS)
		return error_set(ERR_LIMIT, NULL, "more than %u attributes set at once (limit_rule_sets)",
				 LIMIT_RULE_SETS);
	struct staged_set *set = &s->sets[s->set_count++];
	set->name = name;
	set->text = text;
	set->value = v;
	set->scope = scope;
	return ERR_OK;
}

static struct value value_copy(struct arena *arena, struct value v)
{
	if (v.kind == VALUE_STRING)
		v.string = arena_slice(arena, v.string);
	return v;
}

static int host_set(void *arg, struct slice name, struct value v)
{
	struct eval *e = arg;
	if (name.len == 0 || name.len > LIMIT_ATTRIBUTE_NAME_BYTES ||
	    (v.kind == VALUE_STRING && v.string.len > LIMIT_ATTRIBUTE_TEXT_BYTES))
		return error_set(ERR_LIMIT, NULL, "an attribute's name has 1 to %u bytes, its text at most %u",
				 LIMIT_ATTRIBUTE_NAME_BYTES, LIMIT_ATTRIBUTE_TEXT_BYTES);
	return stage_set(e, NULL, arena_slice(&e->m->arena, name), value_copy(&e->m->arena, v),
			 e->stage->rule->about == ABOUT_MEMBER ? SCOPE_MEMBER : SCOPE_SUBJECT);
}

static int stage_add(struct eval *e, unsigned series, double amount)
{
	struct stage *s = e->stage;
	if (s->add_count >= LIMIT_ENTRY_EFFECTS)
		return error_set(ERR_LIMIT, NULL, "more than %u additions (limit_entry_effects)", LIMIT_ENTRY_EFFECTS);
	s->adds[s->add_count++] = (struct staged_add){ series, amount };
	return ERR_OK;
}

/* Of a function: where a rule names the tally itself, loading has looked at it. */
static int host_add(void *arg, unsigned series, double amount)
{
	struct eval *e = arg;
	const struct series_decl *tally = &e->m->pack->series[series];
	uint8_t about = e->stage->rule->about;
	if (about != ABOUT_CUSTOMER && about != ABOUT_MEMBER && tally->about != about)
		return error_set(ERR_INVALID, NULL,
				 "tally \"%s\" is kept for others than whom the rule is about; set its per",
				 tally->name->data);
	return stage_add(e, series, amount);
}

static int host_nudge(void *arg, struct slice channel, struct slice goal, struct slice action)
{
	struct eval *e = arg;
	struct stage *s = e->stage;
	struct arena *arena = &e->m->arena;
	if (s->nudge_count >= LIMIT_ENTRY_ALERTS)
		return error_set(ERR_LIMIT, NULL, "more than %u nudges (limit_entry_alerts)", LIMIT_ENTRY_ALERTS);
	s->nudges[s->nudge_count++] = (struct staged_nudge){
		arena_slice(arena, channel),
		goal.len ? arena_slice(arena, goal) : goal,
		action.len ? arena_slice(arena, action) : action,
	};
	return ERR_OK;
}

static enum ternary function_holds(struct eval *e, int function)
{
	struct vm_host host = { .arg = e, .read = eval_host_read };
	struct value v;
	if (!eval_condition(e, function, &host, &v) || v.kind != VALUE_BOOL)
		return TERNARY_UNKNOWN;
	return v.boolean ? TERNARY_TRUE : TERNARY_FALSE;
}

/* Unknown where it was aborted; e->aborted says so. */
static enum ternary rule_holds(struct eval *e, const struct rule_decl *rule)
{
	enum ternary holds = rule->when ? eval_truth(e, rule->when) : TERNARY_TRUE;
	if (holds == TERNARY_TRUE && !e->aborted && rule->when_function != TERM_NO_FUNCTION)
		holds = function_holds(e, rule->when_function);
	return holds;
}

uint8_t mark_member(const struct applying *a, const struct rule_decl *rule)
{
	return rule->about == ABOUT_MEMBER ? a->e->member : 0;
}

static bool once_allows(const struct applying *a, const struct rule_decl *rule)
{
	if (!rule->once)
		return true;
	int64_t last = marks_get(a->record, rule->id, mark_member(a, rule));
	return last == INT64_MIN || last <= span_from(rule->once_per, a->m->pack->zone, a->now_ms);
}

/* The pack and the occasion last; what the record lends may go when another of the rule's values is set. */
static struct value lasting_value(struct eval *e, const struct term *t)
{
	struct value v = eval_term(e, t);
	bool lasts = t->op == TERM_LITERAL || t->op == TERM_EVENT;
	return lasts ? v : value_copy(&e->m->arena, v);
}

static int stage_declared(struct applying *a, const struct rule_decl *rule)
{
	struct eval *e = a->e;
	int rc = ERR_OK;
	for (unsigned i = 0; i < rule->set_count && rc == ERR_OK; i++) {
		const struct assignment *set = &rule->sets[i];
		rc = stage_set(e, set->name, str_slice(set->name), lasting_value(e, set->value), set->scope);
	}
	for (unsigned i = 0; i < rule->add_count && rc == ERR_OK; i++) {
		struct value amount = rule->adds[i].amount ? eval_term(e, rule->adds[i].amount) : value_number(1);
		if (amount.kind == VALUE_NUMBER)
			rc = stage_add(e, rule->adds[i].series, amount.number);
	}
	if (rule->has_alert && rc == ERR_OK) {
		struct slice language = a->m->pack->language_count ? str_slice(a->m->pack->languages[0]) : SLICE("");
		rc = host_alert(e, str_slice(rule->alert.severity), words_fill(e, &rule->alert.to, language, NULL),
				phrase_fill(e, &rule->alert.say, 0, NULL), rule->alert.expires_ms);
	}
	if (rule->has_nudge && rc == ERR_OK)
		rc = host_nudge(e, str_slice(rule->nudge.channel), str_slice(rule->nudge.goal),
				str_slice(rule->nudge.action));
	return rc;
}

static void run_function(struct eval *e, int function)
{
	struct vm_host host = {
		.arg = e,
		.read = eval_host_read,
		.alert = host_alert,
		.set = host_set,
		.add = host_add,
		.nudge = host_nudge,
	};
	eval_run(e, function, &host);
}

static bool stage_rule(struct applying *a, const struct rule_decl *rule)
{
	struct eval *e = a->e;
	uint8_t member = e->member;
	e->stage->rule = rule;
	e->stage->alert_count = e->stage->nudge_count = e->stage->add_count = e->stage->set_count = 0;
	if (stage_declared(a, rule) != ERR_OK) {
		snprintf(e->error, sizeof(e->error), "%.255s", error_last()->text);
		return false;
	}
	if (rule->run != TERM_NO_FUNCTION && !e->aborted)
		run_function(e, rule->run);
	e->member = member; /* whom the condition bound, whatever the words asked for */
	return !e->aborted;
}

static enum rule_came rule_apply(struct applying *a, struct rule_decl *rule, unsigned index, const struct watch *watch)
{
	struct eval *e = a->e;
	e->aborted = false;
	uint8_t member = e->member;
	enum ternary holds = rule_holds(e, rule);
	if (watch)
		watch->rule(watch->arg, rule, member, value_of_ternary(holds));
	if (e->aborted) {
		rule_failed(a, rule, index, e->error);
		return CAME_FAILED;
	}
	if (holds == TERNARY_UNKNOWN)
		counter_add(&rule->unknown, 1);
	bool once = holds == TERNARY_TRUE && !once_allows(a, rule);
	if (holds != TERNARY_TRUE || once) {
		if (rule->when_function != TERM_NO_FUNCTION)
			rule->failed_in_a_row = 0; /* its Lua did complete */
		return once ? CAME_ONCE : holds == TERNARY_UNKNOWN ? CAME_UNKNOWN : CAME_HELD;
	}
	if (!stage_rule(a, rule) || !stage_commit(a, rule)) {
		rule_failed(a, rule, index, e->error);
		return CAME_FAILED;
	}
	rule->failed_in_a_row = 0;
	counter_add(&rule->fired, 1);
	if (a->out->fired_count < LIMIT_ENTRY_ALERTS)
		a->out->fired[a->out->fired_count++] = rule->name;
	return CAME_FIRED;
}

static void tell(const struct applying *a, const struct rule_decl *rule, uint8_t member, enum rule_came came)
{
	const struct watch *watch = a->e->watch;
	struct rule_told told = { .error = a->e->error, .historical = a->historical };
	if (came == CAME_ONCE)
		told.since_ms = a->now_ms - marks_get(a->record, rule->id, mark_member(a, rule));
	if (watch && watch->rule_done)
		watch->rule_done(watch->arg, rule, member, came, &told);
}

/* Looking at the clock costs as much as a small rule: after the first few, one call is measured for sixteen. */
static unsigned calls_measured(uint64_t before)
{
	return before < 64 ? 1 : before % 16 == 0 ? 16 : 0;
}

#define SLOW_LOG_NS 1000000000u

static void took(struct machine *m, struct rule_decl *rule, uint64_t from_ns, uint64_t to_ns, unsigned stands_for)
{
	uint64_t slow_ns = atomic_load_explicit(&m->slow_rule_ns, memory_order_relaxed), ns = to_ns - from_ns;
	counter_add(&rule->time_ns, ns * stands_for);
	if (!slow_ns || ns <= slow_ns || (m->slow_logged_ns && to_ns - m->slow_logged_ns < SLOW_LOG_NS))
		return;
	m->slow_logged_ns = to_ns;
	log_id(LOG_ID_SLOW_RULE);
	log_field(LOG_RULE, "%.*s", SLICE_ARG(str_slice(rule->name)));
	log_warn("slow rule: %.*s took %.1f ms; `nudgectl rules stats` has its mean, `rules bench` what it costs",
		 SLICE_ARG(str_slice(rule->name)), (double)ns / 1e6);
}

/* For the occasion. A rule about members does not concern an event that names none. */
void apply_rules(struct applying *a, const unsigned *rules, unsigned count)
{
	uint8_t member = a->e->member;
	uint64_t (*now_ns)(void) = a->m->now_ns;
	const struct watch *watch = a->e->watch;
	for (unsigned i = 0; i < count; i++) {
		struct rule_decl *rule = &a->m->pack->rules[rules[i]];
		if (rule->aside || (rule->about == ABOUT_MEMBER && !member)) {
			tell(a, rule, member, rule->aside ? CAME_ASIDE : CAME_NOBODY);
			continue;
		}
		unsigned stands_for = now_ns ? calls_measured(counter_get(&rule->matched)) : 0;
		uint64_t started = stands_for ? now_ns() : 0;
		counter_add(&rule->matched, 1);
		a->e->member = member;
		enum rule_came came = rule_apply(a, rule, rules[i], watch);
		if (watch)
			tell(a, rule, a->e->member, came);
		if (stands_for)
			took(a->m, rule, started, now_ns(), stands_for);
	}
	a->e->member = member;
}

void apply_happened(struct applying *a)
{
	for (unsigned i = 0; i < a->happened_count; i++) {
		struct happened *h = &a->happened[i];
		applying_occasion(a, &h->event, h->member);
		apply_rules(a, h->index->rules, h->index->rule_count);
	}
}

static void close_alert(struct applying *a, struct alert *alert)
{
	struct bytes *trail = &a->e->trail;
	alerts_set_state(alert, ALERT_CLOSED);
	a->out->closed[a->out->closed_count++] = *alert;
	bytes_put_u8(trail, 'c');
	bytes_put_string(trail, str_slice(alert->rule));
	bytes_put_u8(trail, alert->member);
	bytes_put_zigzag(trail, alert->time_ms);
}

/* The event at hand, and whom the alert is about. */
static bool closes_now(struct applying *a, const struct rule_decl *rule, uint8_t member)
{
	struct eval *e = a->e;
	uint8_t bound = e->member;
	if (!rule->alert.closes_when)
		return true;
	e->member = member;
	eval_fresh(e);
	bool holds = eval_truth(e, rule->alert.closes_when) == TERNARY_TRUE;
	e->member = bound;
	return holds;
}

/* An event that names a member closes that member's alerts, of rules that are about members. */
void apply_closers(struct applying *a, const struct type_index *index, uint8_t member)
{
	struct record *r = a->record;
	for (unsigned i = 0; i < index->alert_closer_count; i++) {
		const struct rule_decl *rule = &a->m->pack->rules[index->alert_closers[i]];
		for (unsigned k = 0; k < r->rare->alert_count && a->out->closed_count < LIMIT_ALERTS; k++) {
			struct alert *alert = &r->rare->alerts[k];
			bool same = rule->about != ABOUT_MEMBER || !member || alert->member == member ||
				    (rule->nudge.to_attr && alert_is_nudge(alert));
			if (alert->rule == rule->name && alert->state != ALERT_CLOSED && !alert->historical && same &&
			    alert->time_ms <= a->now_ms && closes_now(a, rule, alert->member))
				close_alert(a, alert);
		}
	}
	if (index->alert_closer_count)
		eval_fresh(a->e);
}
