/* workbench/check_source.c: what the Lua functions of a pack read and do, as far as its source text tells: a function
 * is opaque to the engine until it runs. A scan that skips comments and looks for
 *
 *     X.NAME                                           a fact, where X is what a function is called with
 *     X.event.NAME  X.attr.NAME  X.customer.NAME …    reads (of the occasion, of subjects)
 *     fact.NAME  within run = function or when = function: declarations are over by then
 *     X:set("NAME", …)  X:add(…)                       what `run` does
 *     X:alert { NAME = "TEXT" }                        the fields of an alert, and its severity
 *     .NAME  "NAME"                                    any mention: a fact that is mentioned is not unused
 *
 * Names that are made up as the function runs escape it; then nothing is said. */
#include "workbench/check_parts.h"

#include "base/arena.h"
#include "base/nearest.h"

#include <ctype.h>

struct scan {
	struct check *c;
	const char *file, *begin, *at, *end;
	int line;
	struct slice chain[4]; /* the names of a.b.c, the newest last */
	unsigned links;
	bool dot, colon;       /* stands before the next name */
	bool function;         /* its first parameter comes next */
	struct slice method;   /* of x:method( whose first argument comes next */
	unsigned blocks, body; /* that an `end` closes; of those the body of run = function, 0: not in one */
	unsigned depth, alert; /* of braces; of those of x:alert { … }, 0: not in them */
	struct slice field;    /* of an alert, whose value comes next */
};

static bool is_name(char ch)
{
	return isalnum((unsigned char)ch) || ch == '_';
}

static void skip_to(struct scan *s, const char *to)
{
	for (; s->at < to; s->at++)
		s->line += *s->at == '\n';
}

/* At "[": the end of a long bracket, or NULL. */
static const char *long_end(const struct scan *s, const char *p)
{
	const char *level = p + 1;
	while (level < s->end && *level == '=')
		level++;
	if (level >= s->end || *level != '[')
		return NULL;
	size_t equals = (size_t)(level - p) - 1;
	for (const char *q = level + 1; q < s->end; q++)
		if (*q == ']' && (size_t)(s->end - q) > equals + 1 && q[equals + 1] == ']') {
			size_t k = 1;
			while (k <= equals && q[k] == '=')
				k++;
			if (k == equals + 1)
				return q + equals + 2;
		}
	return s->end;
}

static void skip_comment(struct scan *s)
{
	const char *end = s->at + 2 < s->end && s->at[2] == '[' ? long_end(s, s->at + 2) : NULL;
	if (!end)
		end = memchr(s->at, '\n', (size_t)(s->end - s->at));
	skip_to(s, end ? end : s->end);
}

static bool slice_is(struct slice s, const char *text)
{
	return slice_equal(s, slice_of(text));
}

/* c:alert { severity = "TEXT" } */
static void alert_severity(struct scan *s, struct slice given)
{
	struct check *c = s->c;
	const char *text = arena_slice(&c->arena, given).data;
	for (size_t i = 0; alert_severities[i]; i++)
		if (strcmp(alert_severities[i], text) == 0)
			return;
	tell(c, FINDING_ERROR, "impossible-value", (struct tell_place){ s->file, s->line, NULL },
	     mend_by_name(c, text, alert_severities, "it is one of low, medium, high, critical"),
	     "a function raises an alert with severity = \"%s\", which is not known", text);
}

/* NAME of c:alert { NAME = … }; true where its value comes next. */
static bool alert_field(struct scan *s, struct slice name)
{
	static const char *const allowed[] = { "expires", "say", "severity", "to", NULL };
	struct check *c = s->c;
	const char *after = s->at, *text = arena_slice(&c->arena, name).data;
	while (after < s->end && isspace((unsigned char)*after))
		after++;
	if (!s->alert || s->depth != s->alert || s->dot || after + 1 >= s->end || *after != '=' || after[1] == '=')
		return false;
	for (size_t i = 0; allowed[i]; i++)
		if (strcmp(allowed[i], text) == 0)
			return true;
	tell(c, FINDING_ERROR, "unknown-field", (struct tell_place){ s->file, s->line, NULL },
	     mend_by_name(c, text, allowed, "known are severity, to, say, expires"),
	     "a function raises an alert with the field \"%s\"", text);
	return false;
}

/* c:NAME( … ): that it is no method is a mistake only where it is nearly one: X may be anything. */
static void check_method(struct scan *s, struct slice name)
{
	static const char *const known[] = { "add", "alert", "nudge", "set", NULL };
	struct check *c = s->c;
	const char *text = arena_slice(&c->arena, name).data, *nearest = nearest_name(text, known);
	if (s->links != 1 || !names_count(&c->params, s->chain[0]) || !nearest || strcmp(nearest, text) == 0)
		return;
	tell(c, FINDING_WARNING, "unknown-method", (struct tell_place){ s->file, s->line, NULL },
	     arena_printf(&c->arena, "did you mean \":%s\"?", nearest).data,
	     "a function calls %.*s:%s, which is not there", SLICE_ARG(s->chain[0]), text);
}

static void take_text(struct scan *s)
{
	const char quote = *s->at, *begin = s->at + 1, *p = begin;
	while (p < s->end && *p != quote && *p != '\n')
		p += *p == '\\' && p + 1 < s->end ? 2 : 1;
	p = p < s->end ? p : s->end;
	struct slice text = { begin, (size_t)(p - begin) };
	if (text.len && text.len <= LIMIT_ATTRIBUTE_NAME_BYTES)
		names_add(&s->c->texts, text);
	if (slice_is(s->field, "severity"))
		alert_severity(s, text);
	s->field.len = 0;
	if (slice_is(s->method, "set"))
		names_add(&s->c->sets,
			  strncmp(begin, "customer.", 9) == 0 ? (struct slice){ begin + 9, text.len - 9 } : text);
	s->method.len = 0;
	s->links = 0;
	skip_to(s, p < s->end ? p + 1 : p);
}

static const char **event_attr_names(struct check *c)
{
	const char **names;
	unsigned n = 0, most = 1;
	for (unsigned i = 0; i < c->pack->event_count; i++)
		most += c->pack->events[i].attr_count;
	names = arena_calloc(&c->arena, most, sizeof(*names));
	for (unsigned i = 0; i < c->pack->event_count; i++)
		for (unsigned k = 0; k < c->pack->events[i].attr_count; k++)
			names[n++] = c->pack->events[i].attrs[k].name->data;
	return names;
}

/* c.event.NAME: whose function it is the scan does not know, so some declared type must have it. */
static void event_read(struct scan *s, struct slice name)
{
	static const char *const of_engine[] = { "case",  "key",  "opened_by", "promised_by", "opened", "due",
						 "alias", "into", "action",    "decision",    NULL };
	struct check *c = s->c;
	const char *text = arena_slice(&c->arena, name).data;
	struct tell_place at = { s->file, s->line, NULL };
	names_add(&c->event_attrs, name);
	if (!c->declared || is_event_field(text))
		return;
	for (const char **known = event_attr_names(c); *known; known++)
		if (strcmp(*known, text) == 0)
			return;
	for (size_t i = 0; of_engine[i]; i++)
		if (strcmp(of_engine[i], text) == 0)
			return;
	tell(c, FINDING_ERROR, "unknown-attribute", at,
	     mend_by_name(c, text, event_attr_names(c), "declare it with its event type, or correct the name"),
	     "a function reads event.%s, which no declared event type brings", text);
}

static void attr_read(struct scan *s, struct slice name)
{
	names_add(&s->c->attrs, name);
}

/* What follows is called. */
static bool is_call(const struct scan *s)
{
	const char *p = s->at;
	while (p < s->end && isspace((unsigned char)*p))
		p++;
	return p < s->end && strchr("({\"'", *p);
}

/* c.NAME: that it is no fact is a mistake only where it is nearly one: X may be anything that a function is given. */
static void fact_read(struct scan *s, struct slice name)
{
	static const char *const known[] = { "now",      "event", "request", "attr", "member",
					     "customer", "agent", "area",    NULL };
	struct check *c = s->c;
	const struct pack *p = c->pack;
	const char *text = arena_slice(&c->arena, name).data;
	const char **names = arena_calloc(&c->arena, p->fact_count + 1, sizeof(*names));
	struct tell_place at = { s->file, s->line, NULL };
	static const char *const methods[] = { "add", "alert", "nudge", "set", NULL };
	for (size_t i = 0; known[i]; i++)
		if (slice_is(name, known[i]))
			return;
	for (unsigned i = 0; i < p->fact_count; i++) {
		names[i] = p->facts[i].name->data;
		if (strcmp(names[i], text) == 0)
			return;
	}
	for (size_t i = 0; methods[i]; i++)
		if (slice_is(name, methods[i]) && is_call(s) && !names_count(&c->inputs, name)) {
			tell(c, FINDING_WARNING, "unknown-method", at,
			     arena_printf(&c->arena, "write %.*s:%s, with a colon", SLICE_ARG(s->chain[0]), text).data,
			     "a function calls %.*s.%s with a dot", SLICE_ARG(s->chain[0]), text);
			return;
		}
	if (slice_is(name, "fact") && s->at < s->end && *s->at == '.') {
		tell(c, FINDING_WARNING, "unknown-name", at,
		     arena_printf(&c->arena, "write %.*s.NAME: a fact is read by its name", SLICE_ARG(s->chain[0])).data,
		     "a function reads %.*s.fact, which is not there", SLICE_ARG(s->chain[0]));
		return;
	}
	const char *space = s->at < s->end && *s->at == '.' ? nearest_name(text, known) : NULL; /* c.atr.x */
	if (space)
		tell(c, FINDING_WARNING, "unknown-name", at, mend_by_name(c, text, known, ""),
		     "a function reads %.*s.%s, which is not there", SLICE_ARG(s->chain[0]), text);
	else if (name.len >= 4 && !names_count(&c->inputs, name) && nearest_name(text, names))
		tell(c, FINDING_WARNING, "unknown-fact", at, mend_by_name(c, text, names, ""),
		     "a function reads %.*s.%s, and no fact has that name", SLICE_ARG(s->chain[0]), text);
}

/* A name that follows a dot. */
static void take_link(struct scan *s, struct slice name)
{
	static const char *const subjects[] = { "attr", "member", "customer", "agent", "area", NULL };
	struct slice before = s->links ? s->chain[s->links - 1] : (struct slice){ "", 0 };
	names_add(&s->c->dotted, name);
	if (s->body && s->links == 1 && slice_is(s->chain[0], "fact") && !names_count(&s->c->params, s->chain[0]))
		tell(s->c, FINDING_ERROR, "unknown-name", (struct tell_place){ s->file, s->line, NULL },
		     arena_printf(&s->c->arena, "write c.%.*s, where c is what the function is called with", SLICE_ARG(name)).data,
		     "a function reads fact.%.*s: when it runs, declarations are over", SLICE_ARG(name));
	if (s->links == 1 && names_count(&s->c->params, s->chain[0]))
		fact_read(s, name);
	if (s->links < 2) /* c.event.x has two before it; event.x, of terms, one */
		return;
	if (slice_is(before, "event"))
		event_read(s, name);
	for (size_t i = 0; subjects[i]; i++)
		if (slice_is(before, subjects[i]))
			attr_read(s, name);
}

/* run = … or when = … stands before it. */
static bool is_called(const struct scan *s, const char *p)
{
	static const char *const fields[] = { "run", "when", NULL };
	while (p > s->begin && isspace((unsigned char)p[-1]))
		p--;
	if (p == s->begin || *--p != '=')
		return false;
	while (p > s->begin && isspace((unsigned char)p[-1]))
		p--;
	const char *end = p;
	while (p > s->begin && is_name(p[-1]))
		p--;
	for (size_t i = 0; fields[i]; i++)
		if (slice_is((struct slice){ p, (size_t)(end - p) }, fields[i]))
			return true;
	return false;
}

/* Blocks that an `end` (or `until`) closes: while and for have a `do`. */
static void count_blocks(struct scan *s, struct slice name, const char *begin)
{
	static const char *const opens[] = { "function", "if", "do", "repeat", NULL };
	for (size_t i = 0; opens[i]; i++)
		s->blocks += slice_is(name, opens[i]);
	if (slice_is(name, "function") && !s->body && is_called(s, begin))
		s->body = s->blocks;
	if ((slice_is(name, "end") || slice_is(name, "until")) && s->blocks && s->blocks-- == s->body)
		s->body = 0;
}

static void take_name(struct scan *s)
{
	const char *begin = s->at;
	while (s->at < s->end && is_name(*s->at))
		s->at++;
	struct slice name = { begin, (size_t)(s->at - begin) };
	count_blocks(s, name, begin);
	if (s->function)
		names_add(&s->c->params, name);
	s->function = slice_is(name, "function");
	if (s->method.len)
		s->c->sets_unknown = s->c->sets_unknown || slice_is(s->method, "set"); /* c:set(name, …) */
	s->field = alert_field(s, name) ? name : (struct slice){ "", 0 };
	if (s->colon)
		check_method(s, name);
	s->method = s->colon ? name : (struct slice){ "", 0 };
	s->c->adds = s->c->adds || (s->colon && slice_is(name, "add"));
	if (s->dot)
		take_link(s, name);
	else
		s->links = 0;
	if (s->links == sizeof(s->chain) / sizeof(s->chain[0]))
		s->links--;
	s->chain[s->links++] = name;
	s->dot = s->colon = false;
}

static void take_other(struct scan *s)
{
	char ch = *s->at;
	bool two = s->at + 1 < s->end && s->at[1] == ch;
	if (ch == '{' && ++s->depth && slice_is(s->method, "alert"))
		s->alert = s->depth;
	if (ch == '}' && s->depth && s->depth-- == s->alert)
		s->alert = 0;
	if (ch != '=' && !isspace((unsigned char)ch))
		s->field.len = 0;
	s->function = s->function && (ch == '(' || isspace((unsigned char)ch));
	s->dot = ch == '.' && !two && s->links;
	s->colon = ch == ':' && !two && s->links;
	if (!s->dot && !s->colon && !isspace((unsigned char)ch) && ch != '(')
		s->method.len = 0;
	if (!s->dot && !isspace((unsigned char)ch))
		s->links = s->colon ? s->links : 0;
	skip_to(s, s->at + (two && (ch == '.' || ch == ':') ? 2 : 1));
}

static void read_file(struct check *c, const struct bundle_file *file)
{
	struct scan s = {
		.c = c, .file = file->path, .begin = file->content.data, .at = file->content.data, .line = 1, .method = { "", 0 }, .field = { "", 0 }
	};
	s.end = s.at + file->content.len;
	while (s.at < s.end) {
		const char *end = *s.at == '[' ? long_end(&s, s.at) : NULL;
		if (end)
			skip_to(&s, end);
		else if (*s.at == '"' || *s.at == '\'')
			take_text(&s);
		else if (*s.at == '-' && s.at + 1 < s.end && s.at[1] == '-')
			skip_comment(&s);
		else if (is_name(*s.at))
			take_name(&s);
		else
			take_other(&s);
	}
}

static void note_inputs(struct check *c, const struct context *x, const struct term *t)
{
	for (unsigned i = 0; t->op == TERM_CALL && !t->call.context && i < t->child_count; i++)
		names_add(&c->inputs, str_slice(t->call.names[i]));
}

static void note_inputs_root(struct check *c, const struct context *x, const struct root *r)
{
	each_term(c, x, r->term, note_inputs);
}

void source_read(struct check *c)
{
	each_root(c, note_inputs_root);
	for (unsigned i = 0; i < c->bundle->count; i++)
		if (c->loaded->loaded[i] && c->bundle->files[i].content.len)
			read_file(c, &c->bundle->files[i]);
}
