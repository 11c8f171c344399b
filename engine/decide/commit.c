/* decide/commit.c: what a completed rule wants takes effect: attributes, tallies, alerts, nudges, its once_per mark. */
#include "decide/segments.h"
#include "script/relations.h"

#include <stdio.h>

static bool fits(struct applying *a, bool nudges)
{
	const struct stage *s = a->e->stage;
	unsigned effects = a->out->effect_count;
	struct subject target;
	for (unsigned i = 0; i < s->add_count; i++)
		effects += tally_has_target(a, s->adds[i].series, &target) && target.kind != SUBJECT_NONE;
	if (a->out->alert_count + s->alert_count <= LIMIT_ENTRY_ALERTS && effects <= LIMIT_ENTRY_EFFECTS &&
	    (!nudges || a->out->nudge_count + s->nudge_count <= LIMIT_ENTRY_ALERTS))
		return true;
	snprintf(a->e->error, sizeof(a->e->error),
		 "one entry may raise %u alerts and nudges (limit_entry_alerts) and cause %u effects "
		 "(limit_entry_effects)",
		 LIMIT_ENTRY_ALERTS, LIMIT_ENTRY_EFFECTS);
	return false;
}

static void commit_sets(struct applying *a)
{
	const struct stage *s = a->e->stage;
	for (unsigned i = 0; i < s->set_count; i++) {
		const struct staged_set *set = &s->sets[i];
		uint8_t member = set->scope == SCOPE_MEMBER ? a->e->member : 0;
		if (set->scope == SCOPE_MEMBER && !member)
			continue;
		if (set->name)
			(void)record_set_known(a->record, a->m->pool, member, set->name, set->value, a->now_ms);
		else
			(void)record_set(a->record, a->m->pool, member, set->text, set->value, a->now_ms);
		if (pack_keeps_origins(a->m->pack))
			attribute_told(a, member, set->name ? str_slice(set->name) : set->text, set->value,
				       arena_printf(&a->m->arena, "rule %s", s->rule->name->data));
	}
}

static void commit_alert(struct applying *a, const struct rule_decl *rule, const struct staged_alert *s)
{
	struct applied *out = a->out;
	struct bytes *trail = &a->e->trail;
	struct alert like = {
		.index = a->next_index++, .member = a->e->member, .state = ALERT_OPEN, .historical = a->historical,
		.time_ms = a->now_ms, .expires_ms = s->expires_ms ? a->now_ms + s->expires_ms : 0,
	};
	struct alert *alert =
		alerts_add(a->record, a->m->pool, &like, str_slice(rule->name), s->severity, s->to, s->text);
	out->alerts[out->alert_count++] = (struct applied_alert){ alert, like.index };
	bytes_put_u8(trail, 'a');
	bytes_put_string(trail, str_slice(rule->name));
	bytes_put_u8(trail, like.member);
	bytes_put_u8(trail, like.historical);
	bytes_put_string(trail, s->severity);
	bytes_put_string(trail, s->to);
	bytes_put_string(trail, s->text);
	bytes_put_zigzag(trail, like.time_ms);
}

static void commit_nudge(struct applying *a, const struct rule_decl *rule, const struct staged_nudge *s)
{
	struct applied *out = a->out;
	struct bytes *trail = &a->e->trail;
	uint8_t member = a->e->member;
	if (rule->nudge.to_attr) {
		member = member_with(a->record, rule->nudge.to_attr, str_slice(rule->nudge.to_value), a->now_ms);
		if (!member)
			return; /* nobody there to be told */
	}
	struct nudge_request *n = &out->nudges[out->nudge_count++];
	*n = (struct nudge_request){
		.index = a->next_index++,
		.rule = rule->name,
		.member = member,
		.time_ms = a->now_ms,
		.channel = eval_hold(a->e, s->channel),
		.goal = eval_hold(a->e, s->goal),
		.action = eval_hold(a->e, s->action),
	};
	bytes_put_u8(trail, 'n');
	bytes_put_string(trail, str_slice(rule->name));
	bytes_put_u8(trail, n->member);
	bytes_put_string(trail, s->channel);
	bytes_put_string(trail, s->goal);
	bytes_put_string(trail, s->action);
	bytes_put_zigzag(trail, n->time_ms);
}

static void commit_caused(struct applying *a, const struct rule_decl *rule, bool nudges)
{
	const struct stage *s = a->e->stage;
	for (unsigned i = 0; i < s->add_count; i++)
		apply_tally(a, s->adds[i].series, s->adds[i].amount);
	for (unsigned i = 0; i < s->alert_count; i++)
		commit_alert(a, rule, &s->alerts[i]);
	for (unsigned i = 0; nudges && i < s->nudge_count; i++)
		commit_nudge(a, rule, &s->nudges[i]);
}

bool stage_commit(struct applying *a, struct rule_decl *rule)
{
	const struct stage *s = a->e->stage;
	/* History is not nudged about, and only customers can be reached. */
	bool nudges = !a->historical && a->record->subject.kind == SUBJECT_CUSTOMER;
	bool causes = s->add_count || s->alert_count || s->nudge_count;
	if (causes && !fits(a, nudges))
		return false;
	commit_sets(a);
	if (causes)
		commit_caused(a, rule, nudges);
	if (rule->once)
		marks_set(a->record, rule->id, mark_member(a, rule), a->now_ms);
	if (s->set_count + s->add_count + s->alert_count)
		eval_fresh(a->e);
	return true;
}
