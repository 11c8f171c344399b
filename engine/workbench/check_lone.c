/* workbench/check_lone.c: goals, groups, channels and receivers of alerts are free words, so a slip of the pen makes a
 * new one, which no policy covers and nobody reads. One that stands once, beside one that is nearly the same and stands
 * more often, is told. */
#include "workbench/check_parts.h"

#include "base/arena.h"

#include <ctype.h>

struct lone {
	struct check *c;
	const char *kind; /* "goal" */
	struct names all;
	bool telling; /* the second time round: every name is known */
};

/* "team-1" and "team-2" differ on purpose. */
static bool same_but_for_digits(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (isdigit((unsigned char)*a))
			a++;
		while (isdigit((unsigned char)*b))
			b++;
		if (*a != *b || !*a)
			return *a == *b;
	}
}

/* One letter more, less or another, or two neighbours swapped. Two slips in one word are another word. */
static bool one_slip(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	size_t m = strlen(a), n = strlen(b);
	while (m && n && a[m - 1] == b[n - 1]) {
		m--;
		n--;
	}
	return (m <= 1 && n <= 1) || (m == 2 && n == 2 && a[0] == b[1] && a[1] == b[0]);
}

static void use(struct lone *l, struct slice name, const char *of, const struct str *who, const char *file, int line)
{
	struct check *c = l->c;
	if (!name.len)
		return;
	if (!l->telling) {
		names_add(&l->all, name);
		return;
	}
	const char *text = arena_slice(&c->arena, name).data;
	const char *nearest = names_count(&l->all, name) == 1 ? more_used_near(c, &l->all, name) : NULL;
	if (nearest && one_slip(text, nearest) && !same_but_for_digits(text, nearest))
		tell(c, FINDING_WARNING, "lone-name", (struct tell_place){ file, line, text },
		     mend_by_name(c, text, (const char *[]){ nearest, NULL }, ""),
		     "%s%s%s%s: the %s \"%s\" stands here only", of, who ? " \"" : "", who ? who->data : "",
		     who ? "\"" : "", l->kind, text);
}

static struct slice text_or_none(const struct str *s)
{
	return s ? str_slice(s) : (struct slice){ NULL, 0 };
}

static void goals(struct lone *l)
{
	const struct pack *p = l->c->pack;
	for (unsigned i = 0; i < p->action_count; i++)
		use(l, text_or_none(p->actions[i].goal), "action", p->actions[i].name, p->actions[i].file,
		    p->actions[i].line);
	for (unsigned i = 0; i < p->above_count; i++) {
		const struct level_decl *d = &p->above[i];
		use(l, text_or_none(d->group ? d->goal : d->name), d->group ? "group" : "goal", d->name, d->file,
		    d->line);
	}
	for (unsigned i = 0; i < p->policy_count; i++)
		use(l, text_or_none(p->policies[i].goal), "policy", NULL, p->policies[i].file, p->policies[i].line);
	for (unsigned i = 0; i < p->rule_count; i++)
		use(l, text_or_none(p->rules[i].nudge.goal), "rule", p->rules[i].name, p->rules[i].file,
		    p->rules[i].line);
}

static void groups(struct lone *l)
{
	const struct pack *p = l->c->pack;
	for (unsigned i = 0; i < p->action_count; i++)
		use(l, text_or_none(p->actions[i].group), "action", p->actions[i].name, p->actions[i].file,
		    p->actions[i].line);
	for (unsigned i = 0; i < p->above_count; i++)
		if (p->above[i].group)
			use(l, str_slice(p->above[i].name), "group", NULL, p->above[i].file, p->above[i].line);
	for (unsigned i = 0; i < p->policy_count; i++)
		use(l, text_or_none(p->policies[i].group), "policy", NULL, p->policies[i].file, p->policies[i].line);
}

static void channels(struct lone *l)
{
	const struct pack *p = l->c->pack;
	for (unsigned i = 0; i < p->event_count; i++)
		for (unsigned k = 0; k < p->events[i].channel_count; k++)
			use(l, str_slice(p->events[i].channels[k]), "event", p->events[i].type, p->events[i].file,
			    p->events[i].line);
	for (unsigned i = 0; i < p->action_count; i++)
		for (unsigned k = 0; k < p->actions[i].channel_count; k++)
			use(l, str_slice(p->actions[i].channels[k]), "action", p->actions[i].name, p->actions[i].file,
			    p->actions[i].line);
	for (unsigned i = 0; i < p->policy_count; i++)
		use(l, text_or_none(p->policies[i].channel), "policy", NULL, p->policies[i].file, p->policies[i].line);
	for (unsigned i = 0; i < p->rule_count; i++)
		use(l, text_or_none(p->rules[i].nudge.channel), "rule", p->rules[i].name, p->rules[i].file,
		    p->rules[i].line);
}

static void receivers(struct lone *l)
{
	const struct pack *p = l->c->pack;
	for (unsigned i = 0; i < p->rule_count; i++) {
		const struct rule_decl *r = &p->rules[i];
		const struct words *to = &r->alert.to;
		if (r->has_alert && to->count == 1 && !to->parts[0].term)
			use(l, to->parts[0].text, "rule", r->name, r->file, r->line);
	}
}

static void told(struct check *c, const char *kind, void (*visit)(struct lone *l))
{
	struct lone l = { .c = c, .kind = kind };
	visit(&l);
	l.telling = true;
	visit(&l);
	names_finish(&l.all);
}

void check_lone(struct check *c)
{
	told(c, "goal", goals);
	told(c, "group", groups);
	told(c, "channel", channels);
	told(c, "receiver", receivers);
}
