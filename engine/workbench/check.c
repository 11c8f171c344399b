/* workbench/check.c: see check.h. The run of a check, and what its parts share: telling findings, walking through what
 * a pack declares. */
#include "workbench/check.h"

#include "script/settings.h"
#include "base/arena.h"
#include "base/check.h"
#include "base/error.h"
#include "base/nearest.h"
#include "script/guidance.h"
#include "workbench/check_parts.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const char *const *check_codes(void)
{
	static const char *const codes[] = {
		"always-holds",
		"bad-format",
		"bad-setting",
		"bad-span",
		"bad-value",
		"bad-words",
		"bare-boolean",
		"contradiction",
		"duplicate",
		"event-in-decision",
		"event-in-segment",
		"gap-never-known",
		"global-assignment",
		"impossible-value",
		"later-rule",
		"limit",
		"lone-name",
		"lua-operator",
		"luacheck",
		"masked-search",
		"missing-field",
		"missing-file",
		"missing-language",
		"missing-setting",
		"never-holds",
		"never-there",
		"no-body",
		"no-tests",
		"no-why",
		"not-kept",
		"pack-not-first",
		"policy-covers-nothing",
		"power-operator",
		"refused",
		"runtime",
		"syntax",
		"uncorrected-survey",
		"unfilled-word",
		"unknown-attribute",
		"unknown-event",
		"unknown-fact",
		"unknown-field",
		"unknown-language",
		"unknown-method",
		"unknown-name",
		"unknown-reference",
		"unknown-request-field",
		"unknown-zone",
		"unreachable-nudge",
		"unused-attribute",
		"unused-case",
		"unused-condition",
		"unused-event",
		"unused-fact",
		"unused-file",
		"unused-language",
		"unused-series",
		"unused-setting",
		"unused-tally",
		"wrong-subject",
		"wrong-type",
		NULL,
	};
	return codes;
}

/* Telling. */

static bool stands_alone(const char *at, const char *begin, size_t len)
{
	bool before = at > begin && (isalnum((unsigned char)at[-1]) || at[-1] == '_');
	bool after = isalnum((unsigned char)at[len]) || at[len] == '_';
	return !before && !after;
}

static bool line_has(const char *line, size_t len, const char *needle)
{
	size_t n = strlen(needle);
	for (const char *at = line; (at = memmem(at, len - (size_t)(at - line), needle, n)) != NULL; at++)
		if (stands_alone(at, line, n))
			return true;
	return false;
}

static const struct bytes *source_of(const struct check *c, const char *file)
{
	for (unsigned i = 0; i < c->bundle->count; i++)
		if (strcmp(c->bundle->files[i].path, file) == 0)
			return &c->bundle->files[i].content;
	return NULL;
}

/* `needle = ` stands in the line. */
static bool line_gives(const char *line, size_t len, const char *needle)
{
	size_t n = strlen(needle);
	for (const char *at = line; (at = memmem(at, len - (size_t)(at - line), needle, n)) != NULL; at++) {
		const char *after = at + n, *end = line + len;
		while (after < end && *after == ' ')
			after++;
		if (stands_alone(at, line, n) && after < end && *after == '=' && (after + 1 == end || after[1] != '='))
			return true;
	}
	return false;
}

/* How many lines of the declaration have it; *first is the first of them. A declaration ends where its braces close, or
 * where a line begins with "}". */
static unsigned lines_with(const struct check *c, struct tell_place at, bool (*has)(const char *, size_t, const char *),
			   int *first)
{
	const struct bytes *source = at.needle ? source_of(c, at.file) : NULL;
	const char *p = source ? source->data : NULL, *end = p ? p + source->len : NULL;
	unsigned count = 0, opened = 0, closed = 0;
	for (int line = 1; p && p < end; line++) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t len = (size_t)((stop ? stop : end) - p);
		if (line >= at.line && has(p, len, at.needle) && count++ == 0)
			*first = line;
		for (size_t i = 0; line >= at.line && i < len; i++) {
			opened += p[i] == '{';
			closed += p[i] == '}';
		}
		if (line >= at.line && ((opened && closed >= opened) || (line > at.line && len && *p == '}')))
			break;
		p = stop ? stop + 1 : end;
	}
	return count;
}

static int line_of(const struct check *c, struct tell_place at)
{
	int line = at.line;
	(void)lines_with(c, at, line_has, &line);
	return line;
}

void tell(struct check *c, enum severity severity, const char *code, struct tell_place at, const char *mend,
	  const char *format, ...)
{
	char what[1000];
	va_list args;
	if (findings_full(c->out, severity)) {
		c->out->cut = true;
		return;
	}
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	findings_add(c->out, severity, code, at.file, line_of(c, at), what, mend);
}

const char *mend_by_name(struct check *c, const char *wrong, const char *const *names, const char *otherwise)
{
	const char *nearest = c->out->cut && *otherwise ? NULL : nearest_name(wrong, names); /* of hundreds: told often enough */
	return nearest ? arena_printf(&c->arena, "did you mean \"%s\"?", nearest).data : otherwise;
}

const char *text_of(struct check *c, const struct term *t)
{
	struct bytes b = { 0 };
	term_text(t, c->pack, &b);
	bool cut = b.len > 160;
	struct slice text = arena_printf(&c->arena, "%.*s%s", cut ? 157 : (int)b.len, b.data, cut ? "…" : "");
	bytes_finish(&b);
	return text.data;
}

/* Walking. */

void each_term(struct check *c, const struct context *x, const struct term *t, term_visit visit)
{
	const struct term *part;
	if (!t)
		return;
	visit(c, x, t);
	for (unsigned i = 0; (part = term_part(t, c->pack, i)) != NULL; i++)
		each_term(c, x, part, visit);
}

static void root(struct check *c, const struct context *x, root_visit visit, const struct term *t, const char *what,
		 bool gate, const char *file, int line)
{
	struct root r = { t, what, gate, file, line };
	if (t)
		visit(c, x, &r);
}

static void words_roots(struct check *c, const struct context *x, root_visit visit, const struct words *w,
			const char *file, int line)
{
	for (unsigned i = 0; i < w->count; i++)
		root(c, x, visit, w->parts[i].term, "", false, file, line);
}

static void phrase_roots(struct check *c, const struct context *x, root_visit visit, const struct phrase *phrase,
			 const char *file, int line)
{
	for (unsigned i = 0; phrase->by_language && i < c->pack->language_count; i++)
		words_roots(c, x, visit, &phrase->by_language[i], file, line);
}

static struct context rule_context(const struct rule_decl *r)
{
	return (struct context){ .types = r->on, .type_count = r->on_count, .rule = r };
}

static void rule_roots(struct check *c, const struct rule_decl *r, root_visit visit)
{
	struct context x = rule_context(r);
	root(c, &x, visit, r->when, "when", true, r->file, r->line);
	for (unsigned i = 0; i < r->set_count; i++)
		root(c, &x, visit, r->sets[i].value, "", false, r->file, r->line);
	for (unsigned i = 0; i < r->add_count; i++)
		root(c, &x, visit, r->adds[i].amount, "", false, r->file, r->line);
	words_roots(c, &x, visit, &r->alert.to, r->file, r->line);
	phrase_roots(c, &x, visit, &r->alert.say, r->file, r->line);
}

static void action_roots(struct check *c, const struct action_decl *a, root_visit visit)
{
	struct context x = { .decision = true, .action = a };
	root(c, &x, visit, a->eligible, "eligible", true, a->file, a->line);
	root(c, &x, visit, a->applicable, "applicable", true, a->file, a->line);
	root(c, &x, visit, a->suitable, "suitable", true, a->file, a->line);
	root(c, &x, visit, a->customer_value, "", false, a->file, a->line);
	root(c, &x, visit, a->business_value, "", false, a->file, a->line);
	for (unsigned i = 0; i < a->context_count; i++)
		root(c, &x, visit, a->contexts[i].when, "context", true, a->file, a->line);
	for (unsigned i = 0; i < a->term_count; i++)
		root(c, &x, visit, a->terms[i].value, "offer", false, a->file, a->line);
	phrase_roots(c, &x, visit, &a->say, a->file, a->line);
	for (unsigned i = 0; i < a->next_count; i++)
		phrase_roots(c, &x, visit, &a->next[i].say, a->file, a->line);
}

/* Goals and groups. */
static void level_roots(struct check *c, const struct level_decl *d, root_visit visit)
{
	struct context x = { .decision = true };
	root(c, &x, visit, d->gates.eligible, "eligible", true, d->file, d->line);
	root(c, &x, visit, d->gates.applicable, "applicable", true, d->file, d->line);
	root(c, &x, visit, d->gates.suitable, "suitable", true, d->file, d->line);
}

/* A tell is evaluated on the event that it tells of; all else that the agent is told, for a decision. */
static struct context said_context(const struct said_decl *d)
{
	if (d->kind == SAID_TELL)
		return (struct context){ .types = (struct str **)&d->type, .type_count = 1 };
	return (struct context){ .decision = true };
}

static void guidance_roots(struct check *c, root_visit visit)
{
	const struct guidance *g = c->pack->guidance;
	struct context x = { .decision = true };
	for (unsigned i = 0; g && i < g->said_count; i++) {
		const struct said_decl *d = &g->said[i];
		struct context of = said_context(d);
		root(c, &of, visit, d->when, "when", true, d->file, d->line);
		phrase_roots(c, &of, visit, &d->say, d->file, d->line);
	}
	if (!g || !g->strain.fact_term)
		return;
	const struct strain_decl *s = &g->strain;
	root(c, &x, visit, s->fact_term, "", false, s->file, s->line);
	for (unsigned i = 0; i < s->part_count; i++)
		phrase_roots(c, &x, visit, &s->parts[i].say, s->file, s->line);
	for (unsigned i = 0; i < s->level_count; i++)
		phrase_roots(c, &x, visit, &s->levels[i].say, s->file, s->line);
}

/* On what ends one, or is one whole. */
static void contacts_root(struct check *c, const struct contacts_decl *d, root_visit visit)
{
	enum contact_role role = d->types[CONTACT_WHOLE] ? CONTACT_WHOLE : CONTACT_ENDS;
	struct context on = { .types = d->types[role] };
	while (on.types && on.types[on.type_count])
		on.type_count++;
	root(c, &on, visit, d->abandoned_when, "abandoned_when", true, d->file, d->line);
}

void each_root(struct check *c, root_visit visit)
{
	const struct pack *p = c->pack;
	struct context x = { .decision = true };
	for (unsigned i = 0; i < p->series_count; i++) {
		const struct series_decl *s = &p->series[i];
		struct context on = { .types = s->on, .type_count = s->on_count };
		root(c, &on, visit, s->where, "where", true, s->file, s->line);
	}
	if (p->contacts)
		contacts_root(c, p->contacts, visit);
	for (unsigned i = 0; i < p->rule_count; i++)
		rule_roots(c, &p->rules[i], visit);
	for (unsigned i = 0; i < p->policy_count; i++) {
		const struct policy_decl *d = &p->policies[i];
		root(c, &x, visit, d->unless, "unless", true, d->file, d->line);
		root(c, &x, visit, d->except, "except", true, d->file, d->line);
		phrase_roots(c, &x, visit, &d->say, d->file, d->line);
	}
	for (unsigned i = 0; i < p->above_count; i++)
		level_roots(c, &p->above[i], visit);
	for (unsigned i = 0; i < p->action_count; i++)
		action_roots(c, &p->actions[i], visit);
	for (unsigned i = 0; i < p->answer_count; i++)
		phrase_roots(c, &x, visit, &p->answers[i].text, p->answers[i].file, p->answers[i].line);
	guidance_roots(c, visit);
	root(c, &x, visit, p->balance, "", false, "pack.lua", c->loaded->place_line);
	if (p->churn) {
		root(c, &x, visit, p->churn->when, "when", true, p->churn->file, p->churn->line);
		root(c, &x, visit, p->churn->who, "who", true, p->churn->file, p->churn->line);
	}
	relations_roots(c, visit);
	x = (struct context){ 0 }; /* of facts that nothing reads, nobody knows on what they are evaluated */
	for (unsigned i = 0; i < p->fact_count; i++) {
		const struct term *t = p->facts[i].term;
		root(c, &x, visit, t, "", t->type == TYPE_BOOL, t->file, t->line);
	}
}

static void guidance_texts(struct check *c, text_visit visit)
{
	static const char *const names[] = { "opening", "guideline", "avoid", "tell" };
	const struct guidance *g = c->pack->guidance;
	struct context x = { .decision = true };
	for (unsigned i = 0; g && i < g->said_count; i++) {
		const struct said_decl *d = &g->said[i];
		struct context of = said_context(d);
		struct text_use use = { &d->say, names[d->kind], d->type ? d->type->data : "", d->kind == SAID_OPENING, d->file,
					d->line };
		visit(c, &of, &use);
	}
	for (unsigned i = 0; g && i < g->strain.part_count; i++) {
		struct text_use use = { &g->strain.parts[i].say, "strain", g->strain.parts[i].name->data, false, g->strain.file,
					g->strain.line };
		visit(c, &x, &use);
	}
	for (unsigned i = 0; g && i < g->strain.level_count; i++) {
		struct text_use use = { &g->strain.levels[i].say, "strain", g->strain.levels[i].name->data, false,
					g->strain.file, g->strain.line };
		visit(c, &x, &use);
	}
}

void each_text(struct check *c, text_visit visit)
{
	const struct pack *p = c->pack;
	struct context x = { .decision = true };
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		struct context on = rule_context(r);
		struct text_use use = { &r->alert.say, "rule", r->name->data, false, r->file, r->line };
		if (r->has_alert)
			visit(c, &on, &use);
	}
	for (unsigned i = 0; i < p->policy_count; i++) {
		const struct policy_decl *d = &p->policies[i];
		struct text_use use = { &d->say, "policy", "", false, d->file, d->line };
		visit(c, &x, &use);
	}
	for (unsigned i = 0; i < p->action_count; i++) {
		const struct action_decl *a = &p->actions[i];
		struct context of = { .decision = true, .action = a };
		struct text_use use = { &a->say, "action", a->name->data, true, a->file, a->line };
		visit(c, &of, &use);
		for (unsigned k = 0; k < a->next_count; k++) {
			use.phrase = &a->next[k].say; /* the agent reads it, if only to say it */
			use.to_customer = false;
			visit(c, &of, &use);
		}
	}
	for (unsigned i = 0; i < p->answer_count; i++) {
		const struct answer_decl *a = &p->answers[i];
		struct text_use use = { &a->text, "answer", a->question.data, true, a->file, a->line };
		visit(c, &x, &use);
	}
	relations_texts(c, visit);
	guidance_texts(c, visit);
}

/* The run. */

static void check_init(struct check *c)
{
	const struct pack *p = c->pack;
	arena_init(&c->arena, 0);
	c->declared = p->event_count > 0;
	for (unsigned i = 0; i < p->event_count; i++)
		if (strcmp(p->events[i].type->data, "profile.updated") == 0)
			c->profile = &p->events[i];
	c->fact_used = must_calloc(p->fact_count + 1, 1);
	c->series_used = must_calloc(p->series_count + 1, 1);
	c->series_fed = must_calloc(p->series_count + 1, 1);
	c->case_used = must_calloc(p->case_count + 1, 1);
	writes_note(c);
}

static void check_finish(struct check *c)
{
	struct names *const all[] = { &c->types, &c->event_attrs, &c->attrs,  &c->sets,     &c->dotted,
				      &c->texts, &c->params,      &c->inputs, &c->languages };
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		names_finish(all[i]);
	free(c->fact_used);
	free(c->series_used);
	free(c->series_fed);
	free(c->case_used);
	writes_finish(c);
	arena_finish(&c->arena);
}

static void check_loaded(struct check *c)
{
	check_init(c);
	source_read(c);
	check_names(c);
	check_words(c);
	check_lone(c);
	check_order(c);
	relations_check(c);
	check_gates(c);
	check_unused(c);
	check_finish(c);
}

/* "{name": of words that were refused. */
static void brace_of(const char *what, char brace[LIMIT_ATTRIBUTE_NAME_BYTES + 1])
{
	const char *format = strstr(what, "unknown format \""), *open = strchr(what, '{');
	const char *at = format ? format + 16 : open ? open + 1 : "";
	size_t n = strcspn(at, "\"}");
	snprintf(brace, LIMIT_ATTRIBUTE_NAME_BYTES + 1, "%s%.*s", format ? "" : "{",
		 n < LIMIT_ATTRIBUTE_NAME_BYTES ? (int)n : 0, at);
}

/* Behind the next ": " outside quotes; NULL: there is none. */
static const char *next_part(const char *text)
{
	bool quoted = false;
	for (const char *p = text; *p; p++) {
		quoted ^= *p == '"';
		if (!quoted && p[0] == ':' && p[1] == ' ')
			return p + 2;
	}
	return NULL;
}

/* Only where one line of the declaration can be meant. */
static void find_words(const struct check *c, struct finding *f)
{
	char brace[LIMIT_ATTRIBUTE_NAME_BYTES + 1];
	int line = f->line;
	brace_of(f->what, brace);
	if (brace[0] && brace[1] && lines_with(c, (struct tell_place){ f->file, f->line, brace }, line_has, &line) == 1)
		f->line = line;
}

/* "rule \"r\": alert: FIELD must be …": parts that begin with the name of a field, which only one line gives. */
static void find_field(const struct check *c, struct finding *f)
{
	int declared = f->line;
	for (const char *at = f->what; at; at = next_part(at)) {
		char field[LIMIT_ATTRIBUTE_NAME_BYTES + 1];
		int line = declared;
		size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz_");
		if (!n || n > LIMIT_ATTRIBUTE_NAME_BYTES || !strchr(" :", at[n]))
			continue;
		snprintf(field, sizeof(field), "%.*s", (int)n, at);
		if (lines_with(c, (struct tell_place){ f->file, declared, field }, line_gives, &line) == 1)
			f->line = line;
	}
}

/* The loader knows where a declaration begins; the name that it refused stands further down. */
static void find_lines(struct check *c)
{
	static const char *const codes[] = { "unknown-field", "unknown-language", "unknown-reference", NULL };
	for (unsigned i = 0; i < c->out->count; i++) {
		struct finding *f = &c->out->list[i];
		char *close = strrchr(f->what, '"'), name[LIMIT_ATTRIBUTE_NAME_BYTES + 1];
		const char *open = close ? memrchr(f->what, '"', (size_t)(close - f->what)) : NULL;
		bool of_loader = false;
		for (size_t k = 0; codes[k] && !of_loader; k++)
			of_loader = strcmp(codes[k], f->code) == 0;
		if (!of_loader && strncmp(f->what, "words: ", 7) == 0)
			find_words(c, f);
		else if (!of_loader)
			find_field(c, f);
		if (!of_loader || !open || close - open > (ptrdiff_t)sizeof(name))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(close - open) - 1, open + 1);
		f->line = line_of(c, (struct tell_place){ f->file, f->line, name });
	}
}

void check_pack_folder(struct findings *out, struct bundle *pack, const struct bundle *tests)
{
	struct strpool *pool = strpool_create();
	struct pack_checked loaded;
	for (unsigned i = 0; i < pack->count; i++)
		if (strcmp(pack->files[i].path, SETTINGS_FILE) != 0)
			pack_check_syntax(&pack->files[i], out);
	for (unsigned i = 0; i < tests->count; i++)
		pack_check_syntax(&tests->files[i], out);
	pack_check(&loaded, pack, pool, out);
	if (loaded.whole && bundle_resolve_zone(pack) != ERR_OK)
		findings_add_text(out, "unknown-zone", "pack.lua", error_last()->text);
	struct check c = { .bundle = pack, .tests = tests, .loaded = &loaded, .pack = loaded.pack, .out = out };
	find_lines(&c);
	check_loaded(&c);
	pack_checked_finish(&loaded);
	strpool_destroy(pool);
	findings_sort(out);
}
