/* workbench/check_words.c: what stands in words: {name} parts that nothing fills, formats that do not suit what they
 * show, languages that are missing. */
#include "workbench/check_parts.h"

#include "base/arena.h"

#include <math.h>

/* "{name": stands where the words are written. */
static struct tell_place place_of(struct check *c, const struct words_part *part, const char *file, int line)
{
	return (struct tell_place){ file, line, arena_printf(&c->arena, "{%s", part->name->data).data };
}

static const char **fill_names(struct check *c, const struct context *x)
{
	const struct pack *p = c->pack;
	static const char *const fields[] = { "customer", "member", "agent",  "channel",
					      "contact",  "topic",  "intent", "time" };
	unsigned n = 0, most = p->fact_count + c->sets.count + 10;
	for (unsigned i = 0; i < p->event_count; i++)
		most += p->events[i].attr_count;
	const char **names = arena_calloc(&c->arena, most, sizeof(*names));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		names[n++] = fields[i];
	for (unsigned i = 0; i < p->fact_count; i++)
		names[n++] = p->facts[i].name->data;
	for (unsigned i = 0; i < c->sets.count; i++)
		names[n++] = arena_slice(&c->arena, c->sets.list[i].name).data;
	for (unsigned i = 0; i < p->event_count; i++) {
		bool here = &p->events[i] == c->profile;
		for (unsigned k = 0; k < x->type_count; k++)
			here = here || x->types[k] == p->events[i].type;
		for (unsigned k = 0; here && k < p->events[i].attr_count; k++)
			names[n++] = p->events[i].attrs[k].name->data;
	}
	return names;
}

/* What the occasion itself says under that name. */
static enum has_attr occasion_has(const struct check *c, const struct context *x, const struct str *name)
{
	struct schema_attr a;
	enum has_attr has = LACKS_ATTR;
	for (unsigned i = 0; x->action && i < x->action->term_count; i++)
		if (x->action->terms[i].name == name) /* of its offer */
			return HAS_ATTR;
	if (x->decision) /* a request may bring attributes of its own */
		return is_request_field(name->data) || strcmp(name->data, "customer") == 0 ? HAS_ATTR : ATTR_UNTOLD;
	if (is_event_field(name->data))
		return HAS_ATTR;
	for (unsigned i = 0; i < x->type_count && has != HAS_ATTR; i++) {
		enum has_attr one = type_attr(c, x->types[i], name, &a);
		has = one == LACKS_ATTR ? has : one;
	}
	return has;
}

static bool known_elsewhere(const struct check *c, const struct str *name)
{
	return names_count(&c->attrs, str_slice(name)) || names_count(&c->event_attrs, str_slice(name));
}

static bool is_term_of_offer(const struct context *x, const struct str *name)
{
	for (unsigned i = 0; x->action && i < x->action->term_count; i++)
		if (x->action->terms[i].name == name)
			return true;
	return false;
}

/* {fact.visits}, {event.page}: what stands behind the dot is the name. */
static const char *mend_of_name(struct check *c, const struct context *x, const struct str *name)
{
	static const char *const spaces[] = { "fact.", "event.", "request.", "attr.", "customer.", NULL };
	for (size_t i = 0; spaces[i]; i++)
		if (strncmp(name->data, spaces[i], strlen(spaces[i])) == 0)
			return arena_printf(&c->arena, "write {%s}: words name facts, fields and attributes as they are",
					    name->data + strlen(spaces[i]))
				.data;
	return mend_by_name(c, name->data, fill_names(c, x), "name a fact, an attribute, or a field of the event or request");
}

static void check_filled(struct check *c, const struct context *x, const struct words_part *part, struct tell_place at)
{
	struct str *name = part->term->name;
	enum has_attr has = occasion_has(c, x, name);
	if (has == HAS_ATTR || subject_attr_known(c, name) || is_term_of_offer(x, name))
		return;
	bool sure = has == LACKS_ATTR && subject_attrs_closed(c);
	if (!sure && has == ATTR_UNTOLD && known_elsewhere(c, name) && !subject_attrs_closed(c))
		return;
	if (!sure && !c->loaded->complete)
		return;
	tell(c, sure ? FINDING_ERROR : FINDING_WARNING, "unfilled-word", at,
	     mend_of_name(c, x, name), "nothing fills {%s}: %s", name->data,
	     x->decision ? "the words would be left out whole" : "the words would show \"?\" there");
}

static void check_format(struct check *c, const struct context *x, const struct words_part *part, struct tell_place at)
{
	static const char *const names[] = { "", "money", "percent", "date", "time", "duration", "ago", "words", "" };
	struct domain d = domain_of(c, x, part->term);
	const char *name = part->name->data;
	bool of_time = part->format == FORMAT_DATE || part->format == FORMAT_TIME || part->format == FORMAT_AGO;
	if (part->format == FORMAT_PLAIN && d.type == SCHEMA_TIME)
		tell(c, FINDING_WARNING, "bad-format", at,
		     arena_printf(&c->arena, "write {%s:date} or {%s:time}", name, name).data,
		     "{%s} is a point in time, and would be shown in milliseconds", name);
	if (part->format == FORMAT_PLAIN || part->format == FORMAT_SPELLED || d.type == SCHEMA_ANY)
		return;
	if (d.type == SCHEMA_STRING || d.type == SCHEMA_BOOLEAN)
		tell(c, FINDING_ERROR, "bad-format", at, arena_printf(&c->arena, "write {%s}", name).data,
		     "{%s:%s}: it is a %s, and the format is for numbers", name,
		     part->format == FORMAT_DECIMALS ? "N" : names[part->format],
		     d.type == SCHEMA_STRING ? "text" : "yes or no");
	else if (of_time && d.type == SCHEMA_NUMBER && !isinf(d.high) && d.high < 1e9)
		tell(c, FINDING_WARNING, "bad-format", at, "use duration, money or decimals, or correct the name",
		     "{%s:%s}: it %s, which is no point in time", name, names[part->format], domain_text(c, &d));
	else if (!of_time && d.type == SCHEMA_TIME)
		tell(c, FINDING_WARNING, "bad-format", at,
		     arena_printf(&c->arena, "write {%s:date} or {%s:time}", name, name).data,
		     "{%s} is a point in time, and no amount or length", name);
}

static void check_text(struct check *c, const struct context *x, const struct words *w, const char *file, int line)
{
	for (unsigned i = 0; i < w->count; i++) {
		const struct words_part *part = &w->parts[i];
		if (!part->term)
			continue;
		struct tell_place at = place_of(c, part, file, line);
		if (part->term->op == TERM_NAME)
			check_filled(c, x, part, at);
		check_format(c, x, part, at);
	}
}

/* Words to customers are due in every language that any words are in. What staff read may be in one; in some but not
 * all it is forgotten. */
static void check_languages(struct check *c, const struct text_use *use)
{
	const struct pack *p = c->pack;
	unsigned given = 0;
	for (unsigned i = 0; i < p->language_count; i++)
		given += use->phrase->by_language[i].count > 0;
	if (given == 0 || (!use->to_customer && given == 1))
		return;
	for (unsigned i = 0; i < p->language_count; i++)
		if (!use->phrase->by_language[i].count && names_count(&c->languages, str_slice(p->languages[i])))
			tell(c, FINDING_WARNING, "missing-language",
			     (struct tell_place){ use->file, use->line, *use->name ? use->name : NULL },
			     arena_printf(&c->arena, "add %s = \"…\"", p->languages[i]->data).data,
			     "%s%s%s%s: the words in \"%s\" are missing; the ones in \"%s\" take their place", use->of,
			     *use->name ? " \"" : "", use->name, *use->name ? "\"" : "", p->languages[i]->data,
			     p->languages[0]->data);
}

static void note_languages(struct check *c, const struct context *x, const struct text_use *use)
{
	for (unsigned i = 0; use->phrase->by_language && i < c->pack->language_count; i++)
		names_add(&c->languages, use->phrase->by_language[i].count ? str_slice(c->pack->languages[i])
									   : (struct slice){ "", 0 });
}

/* What was refused as no language of the pack is what one that nothing uses was meant to be. */
static const char **refused_languages(struct check *c)
{
	unsigned n = 0;
	const char **names = arena_calloc(&c->arena, c->out->count + 1, sizeof(*names));
	for (unsigned i = 0; i < c->out->count; i++) {
		const struct finding *f = &c->out->list[i];
		const char *name = strcmp(f->code, "unknown-language") == 0 ? strstr(f->what, "language \"") : NULL;
		const char *end = name ? strchr(name + 10, '"') : NULL;
		if (end)
			names[n++] =
				arena_slice(&c->arena, (struct slice){ name + 10, (size_t)(end - name) - 10 }).data;
	}
	return names;
}

static void check_unused_languages(struct check *c)
{
	const struct pack *p = c->pack;
	const char **refused = refused_languages(c);
	for (unsigned i = 1; i < p->language_count && c->loaded->complete && (c->languages.count || refused[0]); i++)
		if (!names_count(&c->languages, str_slice(p->languages[i])))
			tell(c, FINDING_WARNING, "unused-language",
			     (struct tell_place){ "pack.lua", c->loaded->place_line, p->languages[i]->data },
			     refused[0] ? arena_printf(&c->arena, "did you mean \"%s\"?", refused[0]).data
					: "write words in it, or take it out of languages",
			     "no words are in the language \"%s\"", p->languages[i]->data);
}

static void visit_text(struct check *c, const struct context *x, const struct text_use *use)
{
	if (!use->phrase->by_language)
		return;
	for (unsigned i = 0; i < c->pack->language_count; i++)
		check_text(c, x, &use->phrase->by_language[i], use->file, use->line);
	check_languages(c, use);
}

void check_words(struct check *c)
{
	const struct pack *p = c->pack;
	each_text(c, note_languages);
	each_text(c, visit_text);
	check_unused_languages(c);
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		struct context x = { .types = r->on, .type_count = r->on_count, .rule = r };
		check_text(c, &x, &r->alert.to, r->file, r->line);
	}
}
