/* workbench/check_names.c: event types and attributes: are they what the pack declares with event "…" { … }? A pack
 * that declares none is held against itself: a name that stands in it once, beside one that is nearly the same, is
 * told. */
#include "script/mask.h"
#include "workbench/check_parts.h"

#include "base/arena.h"
#include "base/nearest.h"

static const char *const event_fields[] = { "agent",  "channel", "contact", "customer", "id",
					    "member", "source",  "time",    "type",     NULL };
const char *const request_fields[] = {
	"agent", "channel", "intent", "language", "member", "mood", "time", "topic", NULL
};
const char *const engine_types[] = {
	"alias.added", "alias.removed", "identity.merged", "member.joined", "member.left", "profile.updated", NULL
};
static const char *const outcome_types[] = { "outcome.shown",
					     "outcome.offered",
					     "outcome.accepted",
					     "outcome.rejected",
					     "outcome.later",
					     "outcome.ignored",
					     "outcome.overruled",
					     NULL };

static bool listed(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

bool is_event_field(const char *name)
{
	return listed(name, event_fields);
}

bool is_request_field(const char *name)
{
	return listed(name, request_fields);
}

bool is_engine_type(const char *type)
{
	return strncmp(type, "case.", 5) == 0 || strncmp(type, "outcome.", 8) == 0 || strncmp(type, "segment.", 8) == 0 || listed(type, engine_types);
}

bool is_any_type(const struct str *type)
{
	return strcmp(type->data, "*") == 0;
}

/* Of what happens to a case: its own attributes, and those of the event that caused it. */
static enum has_attr case_attr(const struct check *c, const struct case_decl *d, const struct str *type,
			       const struct str *name, struct schema_attr *out)
{
	static const char *const texts[] = { "case", "key", "opened_by", "promised_by", NULL };
	struct str **cause = type == d->opened_type ? d->opens : type == d->closed_type ? d->closes : NULL;
	enum has_attr has = LACKS_ATTR;
	*out = (struct schema_attr){ .type = SCHEMA_TIME, .low = 0, .high = LIMIT_TIME_MAX_MS };
	if (strcmp(name->data, "opened") == 0 || (d->due_ms && strcmp(name->data, "due") == 0))
		return HAS_ATTR;
	*out = (struct schema_attr){ .type = SCHEMA_STRING };
	if (listed(name->data, texts) || d->key == name)
		return HAS_ATTR;
	for (; cause && *cause && has != HAS_ATTR; cause++) {
		enum has_attr one = type_attr(c, *cause, name, out);
		has = one == LACKS_ATTR ? has : one;
	}
	return has;
}

enum has_attr type_attr(const struct check *c, const struct str *type, const struct str *name, struct schema_attr *out)
{
	static const char *const of_outcomes[] = { "action", "channel", "cost",   "decision",
						   "reason", "revenue", "until", NULL };
	static const char *const of_segments[] = { "segment", "since", NULL };
	const struct pack *p = c->pack;
	*out = (struct schema_attr){ .type = SCHEMA_STRING };
	if (strncmp(type->data, "segment.", 8) == 0) {
		out->type = strcmp(name->data, "since") == 0 ? SCHEMA_TIME : SCHEMA_STRING;
		return listed(name->data, of_segments) ? HAS_ATTR : LACKS_ATTR;
	}
	for (unsigned i = 0; i < p->case_count; i++)
		if (type == p->cases[i].opened_type || type == p->cases[i].closed_type ||
		    type == p->cases[i].missed_type)
			return case_attr(c, &p->cases[i], type, name, out);
	if (strncmp(type->data, "outcome.", 8) == 0)
		return listed(name->data, of_outcomes) ? HAS_ATTR : LACKS_ATTR;
	const struct event_decl *e = pack_event(p, type);
	if (!e)
		return ATTR_UNTOLD;
	const struct schema_attr *a = event_decl_attr(e, name);
	if (!a)
		return LACKS_ATTR;
	*out = *a;
	return HAS_ATTR;
}

bool subject_attr_known(const struct check *c, const struct str *name)
{
	return (c->profile && event_decl_attr(c->profile, name)) || names_count(&c->sets, str_slice(name));
}

bool subject_attrs_closed(const struct check *c)
{
	return c->profile && !c->sets_unknown && c->loaded->whole;
}

/* Types. */

static const char **declared_types(struct check *c)
{
	const struct pack *p = c->pack;
	unsigned n = 0;
	const char **names = arena_calloc(&c->arena, p->event_count + 7, sizeof(*names));
	for (unsigned i = 0; i < p->event_count; i++)
		names[n++] = p->events[i].type->data;
	for (size_t i = 0; engine_types[i]; i++)
		names[n++] = engine_types[i];
	return names;
}

/* Names that are used more often than this one: what it may have been meant to be. */
static const char **more_used(struct check *c, const struct names *names, struct slice name)
{
	unsigned n = 0, count = names_count(names, name);
	const char **list = arena_calloc(&c->arena, count < names->most ? names->count + 1 : 1, sizeof(*list));
	for (unsigned i = 0; i < names->count && count < names->most; i++) {
		struct name_use *u = &names->list[i];
		if (u->count <= count)
			continue;
		u->text = u->text ? u->text : arena_slice(&c->arena, u->name).data;
		list[n++] = u->text;
	}
	return list;
}

/* Short names are near to each other by nature. */
static const char *near(const char *name, const char *const *names)
{
	return strlen(name) < 4 ? NULL : nearest_name(name, names);
}

const char *more_used_near(struct check *c, const struct names *names, struct slice name)
{
	return near(arena_slice(&c->arena, name).data, more_used(c, names, name));
}

static void check_type(struct check *c, const struct str *type, const char *of, const char *file, int line)
{
	struct tell_place at = { file, line, type->data };
	/* the loader has looked at these */
	bool made = strncmp(type->data, "case.", 5) == 0 || strncmp(type->data, "segment.", 8) == 0;
	if (made || is_any_type(type) || listed(type->data, engine_types))
		return;
	if (strncmp(type->data, "outcome.", 8) == 0) {
		if (!listed(type->data, outcome_types))
			tell(c, FINDING_ERROR, "unknown-event", at,
			     mend_by_name(c, type->data, outcome_types,
					  "outcomes are shown, offered, accepted, rejected, later, ignored, overruled"),
			     "%s: there is no outcome of that name: \"%s\"", of, type->data);
		return;
	}
	if (c->declared && !pack_event(c->pack, type) && c->loaded->complete)
		tell(c, FINDING_ERROR, "unknown-event", at,
		     mend_by_name(c, type->data, declared_types(c), "declare it with event \"…\" { … }"),
		     "%s: no event type \"%s\" is declared", of, type->data);
	const char *nearest = c->declared ? NULL : near(type->data, more_used(c, &c->types, str_slice(type)));
	if (nearest)
		tell(c, FINDING_WARNING, "unknown-event", at,
		     mend_by_name(c, type->data, (const char *[]){ nearest, NULL }, ""),
		     "%s: the event type \"%s\" stands here only", of, type->data);
}

static void check_list(struct check *c, struct str **types, const char *of, const char *file, int line)
{
	for (; types && *types; types++)
		check_type(c, *types, of, file, line);
}

static void note_list(struct check *c, struct str **types)
{
	for (; types && *types; types++)
		names_add(&c->types, str_slice(*types));
}

static void each_list(struct check *c, list_visit visit)
{
	const struct pack *p = c->pack;
	for (unsigned i = 0; i < p->series_count; i++) {
		const char *of = arena_printf(&c->arena, "series \"%s\"", p->series[i].name->data).data;
		visit(c, p->series[i].on, of, p->series[i].file, p->series[i].line);
	}
	for (unsigned i = 0; i < p->case_count; i++) {
		const char *of = arena_printf(&c->arena, "case \"%s\"", p->cases[i].name->data).data;
		visit(c, p->cases[i].opens, of, p->cases[i].file, p->cases[i].line);
		visit(c, p->cases[i].closes, of, p->cases[i].file, p->cases[i].line);
	}
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		const char *of = arena_printf(&c->arena, "rule \"%s\"", r->name->data).data;
		visit(c, r->on, of, r->file, r->line);
		visit(c, r->alert.closes, of, r->file, r->line);
	}
	for (unsigned i = 1; p->contacts && i < CONTACT_ROLES; i++)
		for (struct str **t = p->contacts->types[i]; t && *t; t++)
			if (p->contacts->roles_given >> i & 1 || pack_event(p, *t)) /* what is left to the default need not come */
				visit(c, (struct str *[]){ *t, NULL }, "contacts", p->contacts->file, p->contacts->line);
	each_lasting_list(c, visit);
	visit(c, p->timeline_types, "timeline", p->timeline_file, p->timeline_line);
	relations_lists(c, visit);
}

static void note_types(struct check *c, struct str **types, const char *of, const char *file, int line)
{
	note_list(c, types);
}

/* Attributes of events. */

static const char **attr_names_of(struct check *c, const struct context *x)
{
	unsigned n = 0, most = 16;
	for (unsigned i = 0; i < x->type_count; i++) {
		const struct event_decl *e = pack_event(c->pack, x->types[i]);
		most += e ? e->attr_count : 0;
	}
	const char **names = arena_calloc(&c->arena, most, sizeof(*names));
	for (size_t i = 0; event_fields[i]; i++)
		names[n++] = event_fields[i];
	for (unsigned i = 0; i < x->type_count; i++) {
		const struct event_decl *e = pack_event(c->pack, x->types[i]);
		for (unsigned k = 0; e && k < e->attr_count; k++)
			names[n++] = e->attrs[k].name->data;
	}
	return names;
}

/* Whether events of all these types leave a field empty. */
static bool never_there(const struct check *c, const struct context *x, const char *field)
{
	for (unsigned i = 0; i < x->type_count; i++) {
		const struct event_decl *e = pack_event(c->pack, x->types[i]);
		if (!e)
			return false;
		unsigned says = strcmp(field, "member") == 0    ? e->member
				: strcmp(field, "agent") == 0   ? e->agent
				: strcmp(field, "contact") == 0 ? e->contact
								: PRESENCE_OPTIONAL;
		if (says != PRESENCE_NEVER)
			return false;
	}
	return x->type_count > 0;
}

static const char *types_text(struct check *c, const struct context *x)
{
	return arena_printf(&c->arena, "%s%s", x->types[0]->data, x->type_count > 1 ? " and the others" : "").data;
}

void check_event_attr(struct check *c, const struct context *x, const struct str *name, const char *what,
		      struct tell_place at)
{
	struct schema_attr a;
	bool untold = x->type_count == 0;
	if (is_event_field(name->data)) {
		if (never_there(c, x, name->data))
			tell(c, FINDING_ERROR, "never-there", at, "say %s = \"optional\" in its event \"…\" if some do",
			     "%s: events of type %s never name %s %s", what, types_text(c, x),
			     name->data[0] == 'a' ? "an" : "a", name->data);
		return;
	}
	for (unsigned i = 0; i < x->type_count; i++) {
		enum has_attr has = type_attr(c, x->types[i], name, &a);
		if (has == HAS_ATTR)
			return;
		untold = untold || has == ATTR_UNTOLD;
	}
	if (!untold)
		tell(c, FINDING_ERROR, "unknown-attribute", at,
		     mend_by_name(c, name->data, attr_names_of(c, x),
				  "declare it in attributes = { … } of the event, or correct the name"),
		     "%s: events of type %s have no attribute \"%s\"", what, types_text(c, x), name->data);
	const char *nearest = c->declared ? NULL : near(name->data, more_used(c, &c->event_attrs, str_slice(name)));
	if (nearest && names_count(&c->event_attrs, str_slice(name)) == 1)
		tell(c, FINDING_WARNING, "unknown-attribute", at,
		     mend_by_name(c, name->data, (const char *[]){ nearest, NULL }, ""),
		     "%s: the attribute \"%s\" stands here only", what, name->data);
}

static void check_series(struct check *c, const struct series_decl *s)
{
	static const char *const owners[] = { NULL, "member", "agent", "area" };
	struct context x = { .types = s->on, .type_count = s->on_count };
	struct tell_place at = { s->file, s->line, NULL };
	const char *what = arena_printf(&c->arena, "series \"%s\"", s->name->data).data;
	for (unsigned i = 0; i < s->by_count; i++) {
		at.needle = s->by[i]->data;
		check_event_attr(c, &x, s->by[i], what, at);
	}
	at.needle = s->value ? s->value->data : NULL;
	if (s->value)
		check_event_attr(c, &x, s->value, what, at);
	if (s->tally || s->about == ABOUT_CUSTOMER)
		return;
	at.needle = "per";
	if (s->about != ABOUT_AREA && never_there(c, &x, owners[s->about]))
		tell(c, FINDING_ERROR, "never-there", at, "leave out per, or say in the event that some do",
		     "%s is kept per %s, and events of type %s never name one", what, owners[s->about],
		     types_text(c, &x));
}

static void check_rule(struct check *c, const struct rule_decl *r)
{
	struct context x = { .types = r->on, .type_count = r->on_count };
	struct tell_place at = { r->file, r->line, "about" };
	const char *field = r->about == ABOUT_MEMBER ? "member" : r->about == ABOUT_AGENT ? "agent" : NULL;
	if (field && never_there(c, &x, field))
		tell(c, FINDING_ERROR, "never-there", at, "correct about or on, or say in the event that some do",
		     "rule \"%s\" is about %s %s, and events of type %s never name one", r->name->data,
		     field[0] == 'a' ? "an" : "a", field, types_text(c, &x));
	if (!r->why)
		tell(c, FINDING_HINT, "no-why", (struct tell_place){ r->file, r->line, NULL },
		     "add why = \"…\" for the next person who reads it", "rule \"%s\" does not say why it exists",
		     r->name->data);
}

static void check_case(struct check *c, const struct case_decl *d)
{
	unsigned count = 0;
	while (d->opens[count])
		count++;
	struct context x = { .types = d->opens, .type_count = count };
	struct tell_place at = { d->file, d->line, d->key ? d->key->data : NULL };
	const char *what = arena_printf(&c->arena, "case \"%s\": key", d->name->data).data;
	if (d->key)
		check_event_attr(c, &x, d->key, what, at);
	for (count = 0; d->closes[count];)
		count++;
	x = (struct context){ .types = d->closes, .type_count = count };
	if (d->key)
		check_event_attr(c, &x, d->key, what, at);
}

/* Of all that a contact is made of, one has to bring what is named. */
static void check_contacts(struct check *c, const struct contacts_decl *d)
{
	struct str *types[64];
	struct context x = { .types = types };
	for (unsigned i = 1; i < CONTACT_ROLES; i++)
		for (struct str **t = d->types[i]; t && *t && x.type_count < 64; t++)
			if (!c->declared || pack_event(c->pack, *t))
				types[x.type_count++] = *t;
	for (unsigned i = 0; contacts_name(d, i); i++) {
		struct tell_place at = { d->file, d->line, contacts_name(d, i)->data };
		if (d->names_given >> i & 1)
			check_event_attr(c, &x, contacts_name(d, i), "contacts", at);
	}
	x = (struct context){ .types = d->types[CONTACT_WHOLE] };
	while (x.types && x.types[x.type_count])
		x.type_count++;
	for (struct str **name = d->lasts; x.types && *name; name++)
		check_event_attr(c, &x, *name, "contacts: lasts", (struct tell_place){ d->file, d->line, (*name)->data });
}

/* Attributes that terms read. */

static void note_term(struct check *c, const struct context *x, const struct term *t)
{
	if (t->op == TERM_EVENT)
		names_add(&c->event_attrs, str_slice(t->name));
	else if (t->op == TERM_ATTR)
		names_add(&c->attrs, str_slice(t->name));
}

static void note_root(struct check *c, const struct context *x, const struct root *r)
{
	each_term(c, x, r->term, note_term);
}

static void note_uses(struct check *c)
{
	const struct pack *p = c->pack;
	each_list(c, note_types);
	each_root(c, note_root);
	for (unsigned i = 0; i < p->series_count; i++) {
		const struct series_decl *s = &p->series[i];
		for (unsigned k = 0; k < s->by_count; k++)
			names_add(&c->event_attrs, str_slice(s->by[k]));
		if (s->value)
			names_add(&c->event_attrs, str_slice(s->value));
	}
	for (unsigned i = 0; i < p->rule_count; i++)
		for (unsigned k = 0; k < p->rules[i].set_count; k++)
			names_add(&c->sets, str_slice(p->rules[i].sets[k].name));
}

const char **subject_attr_names(struct check *c)
{
	unsigned n = 0;
	const char **names =
		arena_calloc(&c->arena, c->sets.count + (c->profile ? c->profile->attr_count : 0) + 1, sizeof(*names));
	for (unsigned i = 0; c->profile && i < c->profile->attr_count; i++)
		names[n++] = c->profile->attrs[i].name->data;
	for (unsigned i = 0; i < c->sets.count; i++)
		names[n++] = arena_slice(&c->arena, c->sets.list[i].name).data;
	return names;
}

static void check_attr(struct check *c, const struct term *t)
{
	struct tell_place at = { t->file, t->line, NULL };
	bool skills = t->scope == SCOPE_AGENT && strcmp(t->name->data, "skills") == 0; /* of `skills = { … }` */
	if (skills || subject_attr_known(c, t->name))
		return;
	if (subject_attrs_closed(c)) {
		tell(c, FINDING_ERROR, "unknown-attribute", at,
		     mend_by_name(c, t->name->data, subject_attr_names(c),
				  "declare it in event \"profile.updated\", or let a rule set it"),
		     "no event and no rule gives anybody the attribute \"%s\"", t->name->data);
		return;
	}
	const char *nearest = near(t->name->data, subject_attr_names(c));
	if (!nearest && names_count(&c->attrs, str_slice(t->name)) == 1)
		nearest = near(t->name->data, more_used(c, &c->attrs, str_slice(t->name)));
	if (nearest)
		tell(c, FINDING_WARNING, "unknown-attribute", at,
		     mend_by_name(c, t->name->data, (const char *[]){ nearest, NULL }, ""),
		     "the attribute \"%s\" is read here only, and no rule sets it", t->name->data);
}

static void check_term(struct check *c, const struct context *x, const struct term *t)
{
	struct tell_place at = { t->file, t->line, NULL };
	if (t->op == TERM_EVENT && !x->decision)
		check_event_attr(c, x, t->name, arena_printf(&c->arena, "event.%s", t->name->data).data, at);
	else if (t->op == TERM_ATTR)
		check_attr(c, t);
	if (t->op != TERM_REQUEST || is_request_field(t->name->data))
		return;
	const char *nearest = nearest_name(t->name->data, request_fields);
	if (nearest)
		tell(c, FINDING_WARNING, "unknown-request-field", at,
		     mend_by_name(c, t->name->data, request_fields, ""), "request.%s is no field of a request",
		     t->name->data);
}

static void check_root(struct check *c, const struct context *x, const struct root *r)
{
	each_term(c, x, r->term, check_term);
}

static void check_timeline(struct check *c)
{
	const struct pack *p = c->pack;
	struct context x = { .types = p->timeline_types, .type_count = p->timeline_type_count };
	for (unsigned i = 0; i < p->timeline_field_count; i++)
		check_event_attr(
			c, &x, p->timeline_fields[i], "timeline",
			(struct tell_place){ p->timeline_file, p->timeline_line, p->timeline_fields[i]->data });
}

void check_segment_name(struct check *c, const struct str *name, const char *what, struct tell_place at)
{
	if (pack_fact(c->pack, name) >= 0 || subject_attr_known(c, name))
		return;
	const char **names = subject_attr_names(c);
	if (subject_attrs_closed(c))
		tell(c, FINDING_ERROR, "unknown-attribute", at,
		     mend_by_name(c, name->data, names, "name a fact, or an attribute of event \"profile.updated\""),
		     "%s: by: neither a fact nor an attribute is named \"%s\"", what, name->data);
}

/* What an action learns by: facts, or attributes of the customer. */
static void check_by(struct check *c, const struct action_decl *a)
{
	const char *what = arena_printf(&c->arena, "action \"%s\"", a->name->data).data;
	for (unsigned i = 0; i < a->by_count; i++)
		check_segment_name(c, a->by[i], what, (struct tell_place){ a->file, a->line, a->by[i]->data });
}

static bool event_attr_declared(const struct check *c, const struct str *name)
{
	for (unsigned i = 0; i < c->pack->event_count; i++)
		if (event_decl_attr(&c->pack->events[i], name))
			return true;
	return is_event_field(name->data) || is_request_field(name->data);
}

/* A name that is misspelt here masks nothing. */
static void check_mask(struct check *c, const struct str *name)
{
	if (!c->declared || !c->loaded->whole || event_attr_declared(c, name) || subject_attr_known(c, name) ||
	    pack_fact(c->pack, name) >= 0 || names_count(&c->event_attrs, str_slice(name)))
		return;
	const char **names = arena_calloc(&c->arena, c->pack->event_count * LIMIT_ATTRIBUTES + 1, sizeof(*names));
	for (unsigned i = 0, n = 0; i < c->pack->event_count; i++)
		for (unsigned k = 0; k < c->pack->events[i].attr_count; k++)
			names[n++] = c->pack->events[i].attrs[k].name->data;
	tell(c, FINDING_WARNING, "unknown-attribute",
	     (struct tell_place){ "pack.lua", c->loaded->place_line, name->data },
	     mend_by_name(c, name->data, names, "name a fact, a field or an attribute"),
	     "pack: mask: nothing is named \"%s\", so nothing is masked by it", name->data);
}

/* By a name that is misspelt here nobody is found. */
static void check_search(struct check *c, const struct str *name)
{
	struct tell_place at = { "pack.lua", c->loaded->place_line, name->data };
	const struct schema_attr *a = c->profile ? event_decl_attr(c->profile, name) : NULL;
	if (a && a->type == SCHEMA_BOOLEAN)
		tell(c, FINDING_WARNING, "wrong-type", at, "name an attribute that is a text or a number",
		     "pack: search: \"%s\" is true or false, and nobody is found by that", name->data);
	else if (c->loaded->whole && pack_masks(c->pack, str_slice(name)))
		tell(c, FINDING_HINT, "masked-search", at, "leave it out of mask, or out of search, unless that is meant",
		     "pack: search: \"%s\" is masked: it is found only by the whole of its value, and shown as ***", name->data);
	if (!c->profile || !c->loaded->whole || subject_attr_known(c, name) || c->sets_unknown)
		return;
	tell(c, FINDING_WARNING, "unknown-attribute", at,
	     mend_by_name(c, name->data, subject_attr_names(c), "declare it in event \"profile.updated\""),
	     "pack: search: no event and no rule gives anybody the attribute \"%s\", so nobody is found by it", name->data);
}

void check_names(struct check *c)
{
	const struct pack *p = c->pack;
	note_uses(c);
	each_list(c, check_list);
	for (unsigned i = 0; i < p->series_count; i++)
		check_series(c, &p->series[i]);
	for (unsigned i = 0; i < p->rule_count; i++)
		check_rule(c, &p->rules[i]);
	for (unsigned i = 0; i < p->case_count; i++)
		check_case(c, &p->cases[i]);
	for (unsigned i = 0; i < p->action_count; i++)
		check_by(c, &p->actions[i]);
	for (unsigned i = 0; i < p->mask_count; i++)
		check_mask(c, p->mask[i]);
	for (unsigned i = 0; i < p->searched_count; i++)
		check_search(c, p->searched[i]);
	if (p->contacts)
		check_contacts(c, p->contacts);
	check_timeline(c);
	check_lasting(c);
	each_root(c, check_root);
}
