/* script/check.c: what can only be checked once all files of a pack ran: bodies that never came, conditions nobody
 * uses, what {names} mean, rules that read what is not theirs, names of rules, actions, goals and topics that do not
 * exist. */
#include "script/declare.h"
#include "script/guidance.h"

static const char *const about_names[] = { "a customer", "a member", "an agent", "an area" };

static void check_finished(lua_State *L, const struct loader *l)
{
	for (unsigned i = 0; i < l->unfinished_count; i++)
		if (!l->unfinished[i].tried)
			complain(L, "no-body", l->unfinished[i].place, "%s has no body; write %s { … }",
				 l->unfinished[i].what, l->unfinished[i].what);
}

/* Something of the kind was declared and refused, or is in a file that broke off: what names it may well be right. Only
 * while a pack is checked. */
static bool some_refused(const struct loader *l, const char *kind)
{
	for (unsigned i = 0; i < l->unfinished_count; i++)
		if (l->unfinished[i].tried && !l->unfinished[i].done &&
		    strncmp(l->unfinished[i].what, kind, strlen(kind)) == 0)
			return true;
	return l->incomplete;
}

static void check_used(lua_State *L, const struct loader *l)
{
	for (unsigned i = 0; i < l->term_count; i++) {
		const struct term *t = l->terms[i];
		bool condition =
			(t->op >= TERM_ABOVE && t->op <= TERM_KNOWN) || (t->op >= TERM_ALL && t->op <= TERM_ANY_MEMBER);
		if (!condition || t->used || l->incomplete)
			continue;
		struct bytes text = { 0 };
		term_text(t, l->pack, &text);
		char *copy = lua_newuserdatauv(L, text.len + 1, 0);
		memcpy(copy, text.len ? text.data : "", text.len);
		copy[text.len] = '\0';
		bytes_finish(&text);
		complain(L, "unused-condition", (struct place){ t->file, t->line },
			 "the condition `%.200s` is used by nothing: Lua's `and` and `or` keep only one "
			 "side; use all { … } or any { … }, or remove it",
			 copy);
	}
}

/* {name:words}: how its values are spelled. */
static void resolve_spelling(lua_State *L, struct loader *l, struct words_part *part, struct place at)
{
	const struct guidance *g = l->pack->guidance;
	unsigned count = g ? g->spell_count : 0;
	part->spell = pack_spell(l->pack, part->name);
	if (part->spell || some_refused(l, "spell "))
		return;
	const char **names = arena_calloc(&l->pack->arena, count + 1, sizeof(*names));
	for (unsigned i = 0; i < count; i++)
		names[i] = g->spells[i].name->data;
	const char *nearest = nearest_name(part->name->data, names);
	complain(L, "unknown-reference", at, "words: {%s:words}: nothing says how its values are spelled; %s%s%s",
		 part->name->data, nearest ? "did you mean {" : "declare spell \"",
		 nearest ? nearest : part->name->data, nearest ? ":words}?" : "\" { … }");
}

/* {member.first_name}: that attribute of the member, else the member's id. */
static struct term *member_term(lua_State *L, struct loader *l, const struct words_part *part, struct place at)
{
	struct str *attribute = pack_str(l->pack, words_of_member(part));
	if (!attribute->len)
		complain(L, "bad-words", at, "words: {member.}: an attribute of the member is wanted, as in {member.first_name}");
	if (part->format != FORMAT_PLAIN)
		complain(L, "bad-words", at, "words: {%s} takes no format, since it may be the member's id", part->name->data);
	struct term *own = term_new(L, TERM_ATTR, TYPE_ANY, 0), *id = term_new(L, TERM_NAME, TYPE_STRING, 0);
	struct term *either = term_new(L, TERM_OR_ELSE, TYPE_ANY, 2);
	own->name = attribute;
	own->scope = SCOPE_MEMBER;
	id->name = pack_str(l->pack, SLICE("member"));
	either->children[0] = own;
	either->children[1] = id;
	own->file = id->file = either->file = at.file;
	own->line = id->line = either->line = at.line;
	term_done(L, either);
	return either;
}

static void resolve_words(lua_State *L, struct loader *l)
{
	for (unsigned i = 0; i < l->read_count; i++) {
		struct words_part *part = l->reads[i];
		if (words_of_member(part).data) {
			part->term = member_term(L, l, part, l->read_places[i]);
			part->term->used = true;
			continue;
		}
		int fact = pack_fact(l->pack, part->name);
		part->term = term_new(L, fact >= 0 ? TERM_FACT : TERM_NAME, TYPE_ANY, 0);
		part->term->file = l->read_places[i].file;
		part->term->line = l->read_places[i].line;
		part->term->used = true;
		if (part->format == FORMAT_SPELLED)
			resolve_spelling(L, l, part, l->read_places[i]);
		if (fact < 0) {
			part->term->name = part->name;
			continue;
		}
		const struct term *of = l->pack->facts[fact].term;
		part->term->fact = (unsigned)fact;
		part->term->type = of->type;
		part->term->scope = of->scope;
		if (of->type == TYPE_STRING && part->format != FORMAT_PLAIN && part->format != FORMAT_SPELLED)
			complain(L, "bad-words", l->read_places[i], "words: {%s} is a text; it takes no number format",
				 part->name->data);
	}
}

static const struct rule_decl *rule_named(const struct pack *p, const struct str *name)
{
	int rule = pack_rule(p, name);
	return rule < 0 ? NULL : &p->rules[rule];
}

static void resolve_open_alerts(lua_State *L, const struct loader *l)
{
	static const enum term_scope scopes[] = { SCOPE_CUSTOMER, SCOPE_MEMBER, SCOPE_AGENT, SCOPE_AREA };
	const struct pack *p = l->pack;
	for (unsigned i = 0; i < l->term_count; i++) {
		struct term *t = l->terms[i];
		if (t->op != TERM_OPEN_ALERT)
			continue;
		const struct rule_decl *r = rule_named(p, t->name);
		if (!r && some_refused(l, "rule "))
			continue;
		if (!r) {
			const char **names = arena_calloc(&l->pack->arena, p->rule_count + 1, sizeof(*names));
			for (unsigned k = 0; k < p->rule_count; k++)
				names[k] = p->rules[k].name->data;
			const char *nearest = nearest_name(t->name->data, names);
			complain(L, "unknown-reference", (struct place){ t->file, t->line },
				 "open_alert \"%s\": no such rule%s%s%s", t->name->data,
				 nearest ? "; did you mean \"" : "; it names a rule that raises alerts",
				 nearest ? nearest : "", nearest ? "\"?" : "");
			continue;
		}
		t->scope = (uint8_t)scopes[r->about];
	}
}

/* NULL where a rule about `about` may read it; else what is wrong. */
static const char *foreign(const struct term *t, unsigned about)
{
	bool customer = about == ABOUT_CUSTOMER || about == ABOUT_MEMBER;
	switch (t->op) {
	case TERM_REQUEST:
		return "a request, which only decisions have";
	case TERM_ASKED:
		return "asked_for_it(), which only decisions have";
	case TERM_CONTRACT:
		return customer ? NULL : "the contracts of a customer";
	case TERM_CASE:
		return customer ? NULL : "a case of a customer";
	case TERM_CONTACTS:
		return customer ? NULL : "contacts of a customer";
	case TERM_OUTCOMES:
		return customer ? NULL : "outcomes of a customer";
	case TERM_IN_SEGMENT:
		return customer ? NULL : "segments of a customer";
	case TERM_ANY_MEMBER:
		return about == ABOUT_CUSTOMER ? NULL : "any_member, which binds members of a customer";
	case TERM_SERIES:
	case TERM_ATTR:
	case TERM_OPEN_ALERT:
		break;
	default:
		return NULL;
	}
	switch (t->scope) {
	case SCOPE_CUSTOMER:
		return customer ? NULL : "state of a customer";
	case SCOPE_MEMBER:
		return customer ? NULL : "state of a member";
	case SCOPE_AGENT:
		return about == ABOUT_AGENT ? NULL : "state of an agent";
	case SCOPE_AREA:
		return about == ABOUT_AREA ? NULL : "state of an area";
	default:
		return NULL;
	}
}

static void check_subject(lua_State *L, const struct pack *p, const struct rule_decl *r, const struct term *t)
{
	if (!t)
		return;
	const char *what = foreign(t, r->about);
	if (what) {
		complain(L, "wrong-subject", (struct place){ r->file, r->line },
			 "rule \"%s\" is about %s and reads %s (%s:%d); a rule reads its own subject only: "
			 "set about, or do it in a rule about that subject",
			 r->name->data, about_names[r->about], what, t->file, t->line);
		return;
	}
	const struct term *part;
	for (unsigned i = 0; (part = term_part(t, p, i)) != NULL; i++)
		check_subject(L, p, r, part);
}

/* A rule about a customer or a member adds to any tally: to that of the member or agent whom the event names. One about an
 * agent or an area knows nobody else. */
static void check_adds(lua_State *L, const struct pack *p, const struct rule_decl *r)
{
	bool customer = r->about == ABOUT_CUSTOMER || r->about == ABOUT_MEMBER;
	for (unsigned i = 0; i < r->add_count; i++) {
		const struct series_decl *s = &p->series[r->adds[i].series];
		if (!customer && s->about != r->about)
			complain(L, "wrong-subject", (struct place){ r->file, r->line },
				 "rule \"%s\" is about %s and adds to tally \"%s\", which is kept for %s (%s:%d), so it would "
				 "add nothing; set per of the tally, or add in a rule about that subject",
				 r->name->data, about_names[r->about], s->name->data, about_names[s->about], s->file, s->line);
		check_subject(L, p, r, r->adds[i].amount);
	}
}

static void check_words_subject(lua_State *L, const struct pack *p, const struct rule_decl *r, const struct words *w)
{
	for (unsigned i = 0; i < w->count; i++)
		check_subject(L, p, r, w->parts[i].term);
}

static void check_segment_type(lua_State *L, const struct pack *p, const struct rule_decl *r, const struct str *type)
{
	for (unsigned i = 0; i < p->segment_count; i++)
		if (type == p->segments[i].entered_type || type == p->segments[i].left_type)
			return;
	complain(L, "unknown-event", (struct place){ r->file, r->line },
		 "rule \"%s\": \"%s\" names no segment of this pack; it is \"segment.NAME.entered\" or \"segment.NAME.left\"",
		 r->name->data, type->data);
}

static void check_types(lua_State *L, const struct pack *p, const struct rule_decl *r, struct str **types,
			unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		bool known = strncmp(types[i]->data, "case.", 5) != 0 || loader_of(L)->incomplete;
		for (unsigned k = 0; k < p->case_count && !known; k++)
			known = types[i] == p->cases[k].opened_type || types[i] == p->cases[k].closed_type ||
				types[i] == p->cases[k].missed_type;
		if (strncmp(types[i]->data, "segment.", 8) == 0 && !loader_of(L)->incomplete)
			check_segment_type(L, p, r, types[i]);
		if (!known)
			complain(L, "unknown-event", (struct place){ r->file, r->line },
				 "rule \"%s\": \"%s\" names no case of this pack; write the case's local: "
				 "on = callback.missed",
				 r->name->data, types[i]->data);
		if (types[i]->len > LIMIT_TYPE_BYTES)
			complain(L, "limit", (struct place){ r->file, r->line },
				 "rule \"%s\": the event type \"%s\" is longer than %u bytes "
				 "(limit_type_bytes)",
				 r->name->data, types[i]->data, LIMIT_TYPE_BYTES);
	}
}

enum action_trait { ACTION_NAME, ACTION_GOAL, ACTION_GROUP };

static const struct str *trait_of(const struct action_decl *a, enum action_trait trait)
{
	return trait == ACTION_NAME ? a->name : trait == ACTION_GOAL ? a->goal : a->group;
}

static bool some_action_has(const struct pack *p, enum action_trait trait, const struct str *name)
{
	for (unsigned i = 0; i < p->action_count; i++)
		if (trait_of(&p->actions[i], trait) == name)
			return true;
	return false;
}

/* The traits of all actions, for nearest_name. */
static const char **trait_names(lua_State *L, const struct pack *p, enum action_trait trait)
{
	const char **names = arena_calloc(&loader_of(L)->pack->arena, p->action_count + 1, sizeof(*names));
	for (unsigned i = 0, n = 0; i < p->action_count; i++)
		if (trait_of(&p->actions[i], trait))
			names[n++] = trait_of(&p->actions[i], trait)->data;
	return names;
}

/* `name` (NULL: none is given) must be the name, goal or group of some action. */
static void check_trait(lua_State *L, const struct pack *p, struct place at, const char *what, enum action_trait trait,
			const struct str *name)
{
	static const char *const without[] = { "no action", "no action has the goal", "no action has the group" };
	if (!name || some_action_has(p, trait, name) || some_refused(loader_of(L), "action "))
		return;
	const char *nearest = nearest_name(name->data, trait_names(L, p, trait));
	if (nearest)
		complain(L, "unknown-reference", at, "%s: %s \"%s\"; did you mean \"%s\"?", what, without[trait],
			 name->data, nearest);
	else
		complain(L, "unknown-reference", at, "%s: %s \"%s\" in this pack; declare it or correct the name", what,
			 without[trait], name->data);
}

/* What asks for an action is a topic of the pack or a group: no request can bring anything else. */
static void check_asks(lua_State *L, const struct pack *p, const struct action_decl *a)
{
	for (unsigned i = 0; i < a->ask_count; i++) {
		struct str *asked = a->asks[i];
		if (pack_has_topic(p, str_slice(asked)) || some_action_has(p, ACTION_GROUP, asked) ||
		    some_refused(loader_of(L), "action "))
			continue;
		const char **names = arena_calloc(&loader_of(L)->pack->arena, p->topic_count + 1, sizeof(*names));
		for (unsigned k = 0; k < p->topic_count; k++)
			names[k] = p->topics[k]->data;
		const char *nearest = nearest_name(asked->data, names);
		nearest = nearest ? nearest : nearest_name(asked->data, trait_names(L, p, ACTION_GROUP));
		complain(L, "unknown-reference", (struct place){ a->file, a->line },
			 "action \"%s\": asks: no such topic as \"%s\" in pack { topics = … }%s%s%s", a->name->data,
			 asked->data, nearest ? "; did you mean \"" : "; add it there", nearest ? nearest : "",
			 nearest ? "\"?" : "");
	}
}

static void check_rules(lua_State *L, const struct pack *p)
{
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		struct place at = { r->file, r->line };
		check_types(L, p, r, r->on, r->on_count);
		check_types(L, p, r, r->alert.closes, r->alert.close_count);
		check_subject(L, p, r, r->when);
		check_subject(L, p, r, r->alert.closes_when);
		for (unsigned k = 0; k < r->set_count; k++)
			check_subject(L, p, r, r->sets[k].value);
		check_adds(L, p, r);
		check_words_subject(L, p, r, &r->alert.to);
		for (unsigned k = 0; r->has_alert && k < p->language_count; k++)
			check_words_subject(L, p, r, &r->alert.say.by_language[k]);
		check_trait(L, p, at, "nudge", ACTION_NAME, r->nudge.action);
		check_trait(L, p, at, "nudge", ACTION_GOAL, r->nudge.goal);
	}
}

static void check_outcomes(lua_State *L, const struct loader *l)
{
	for (unsigned i = 0; i < l->term_count; i++) {
		const struct term *t = l->terms[i];
		struct place at = { t->file, t->line };
		if (t->op != TERM_OUTCOMES)
			continue;
		check_trait(L, l->pack, at, "outcomes", ACTION_GOAL, t->outcomes.goal);
		check_trait(L, l->pack, at, "outcomes", ACTION_GROUP, t->outcomes.group);
	}
}

static const struct term *find_event(const struct pack *p, const struct term *t)
{
	const struct term *found = NULL, *part;
	if (!t || t->op == TERM_EVENT)
		return t;
	for (unsigned i = 0; !found && (part = term_part(t, p, i)) != NULL; i++)
		found = find_event(p, part);
	return found;
}

static void check_no_event(lua_State *L, const struct pack *p, struct place at, const char *what, const struct term *t)
{
	const struct term *e = find_event(p, t);
	if (e)
		complain(L, "event-in-decision", at,
			 "%s reads event.%s (%s:%d), but a decision has no event; use request.%s, an attribute or a "
			 "fact",
			 what, e->name->data, e->file, e->line, e->name->data);
}

void check_customer_only(lua_State *L, const struct pack *p, struct place at, const char *what, const char *because,
			 const struct term *t)
{
	const char *other = foreign(t, ABOUT_CUSTOMER);
	const struct term *part;
	if (other || t->op == TERM_EVENT) {
		complain(L, "wrong-subject", at, "%s read %s (%s:%d); %s", what, other ? other : "an event", t->file, t->line,
			 because);
		return;
	}
	for (unsigned i = 0; (part = term_part(t, p, i)) != NULL; i++)
		check_customer_only(L, p, at, what, because, part);
}

/* What was offered is settled when the outcome comes, from the customer's state alone. */
static void check_term_of_offer(lua_State *L, const struct pack *p, const struct action_decl *a, const struct term *t)
{
	struct slice what = arena_printf(&loader_of(L)->pack->arena, "action \"%s\": the terms of its offer", a->name->data);
	check_customer_only(L, p, (struct place){ a->file, a->line }, what.data,
			    "they stand on the customer only, since they are settled when the offer is made", t);
}

static void check_above(lua_State *L, const struct loader *l)
{
	const struct pack *p = l->pack;
	for (unsigned i = 0; i < p->above_count; i++) {
		const struct level_decl *d = &p->above[i];
		const struct term *terms[] = { d->gates.eligible, d->gates.applicable, d->gates.suitable };
		struct place at = { d->file, d->line };
		for (size_t k = 0; k < sizeof(terms) / sizeof(terms[0]); k++)
			check_no_event(L, p, at, d->name->data, terms[k]);
		check_trait(L, p, at, d->group ? "group" : "goal", d->group ? ACTION_GROUP : ACTION_GOAL, d->name);
	}
}

static void check_decisions(lua_State *L, const struct loader *l)
{
	const struct pack *p = l->pack;
	check_above(L, l);
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		const struct term *terms[] = { a->eligible, a->applicable, a->suitable, a->customer_value,
					       a->business_value };
		struct place at = { a->file, a->line };
		for (size_t k = 0; k < sizeof(terms) / sizeof(terms[0]); k++)
			check_no_event(L, p, at, a->name->data, terms[k]);
		for (unsigned k = 0; k < a->context_count; k++)
			check_no_event(L, p, at, a->name->data, a->contexts[k].when);
		for (unsigned k = 0; k < a->next_count; k++)
			check_trait(L, p, at, "next", ACTION_NAME, a->next[k].action);
		for (unsigned k = 0; k < a->term_count; k++)
			check_term_of_offer(L, p, a, a->terms[k].value);
		if (a->cost)
			check_term_of_offer(L, p, a, a->cost);
		check_asks(L, p, a);
	}
	for (unsigned i = 0; i < p->policy_count; i++) {
		const struct policy_decl *d = &p->policies[i];
		struct place at = { d->file, d->line };
		check_no_event(L, p, at, "policy", d->unless);
		check_no_event(L, p, at, "policy", d->except);
		const char *what = d->kind == POLICY_LADDER ? "ladder" : d->kind == POLICY_BUDGET ? "budget" : "policy";
		check_trait(L, p, at, what, ACTION_NAME, d->action);
		check_trait(L, p, at, what, ACTION_GOAL, d->goal);
		check_trait(L, p, at, what, ACTION_GROUP, d->group);
	}
	for (unsigned i = 0; p->guidance && i < p->guidance->said_count; i++) {
		const struct said_decl *d = &p->guidance->said[i];
		if (d->kind == SAID_TELL)
			check_tell(L, d);
		else
			check_no_event(L, p, (struct place){ d->file, d->line }, "what the agent is told", d->when);
	}
	check_no_event(L, p, l->pack_place, "balance", p->balance);
	for (unsigned i = 0; i < p->fallback_count; i++)
		check_trait(L, p, l->pack_place, "pack: fallback", ACTION_NAME, p->fallback[i]);
}

const char *check_foreign(const struct term *t)
{
	return foreign(t, ABOUT_CUSTOMER);
}

bool check_some_refused(const struct loader *l, const char *kind)
{
	return some_refused(l, kind);
}

void check_catalogue_name(lua_State *L, struct place at, const char *what, bool goal, const struct str *name)
{
	check_trait(L, loader_of(L)->pack, at, what, goal ? ACTION_GOAL : ACTION_NAME, name);
}

void check_pack(lua_State *L)
{
	struct loader *l = loader_of(L);
	if ((!l->pack_declared || (l->pack_assumed && !l->pack->name)) && !l->incomplete)
		complain(L, "pack-not-first", (struct place){ "pack.lua", 1 },
			 "the pack is not declared; begin with pack { name = \"…\" }");
	check_finished(L, l);
	check_used(L, l);
	resolve_words(L, l);
	resolve_open_alerts(L, l);
	check_rules(L, l->pack);
	check_outcomes(L, l);
	check_decisions(L, l);
	check_segments(L);
	check_relations(L);
}
