/* nudgectl/relationship.c: see relationship.h. */
#include "relationship.h"

#include "ask.h"
#include "table.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

static void add(char *out, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void add(char *out, size_t size, const char *format, ...)
{
	size_t len = strlen(out);
	va_list args;
	va_start(args, format);
	if (len + 1 < size)
		vsnprintf(out + len, size - len, format, args);
	va_end(args);
}

/* Rounded, and never "-0". */
static double shown(double n, double unit)
{
	double r = round(n / unit) * unit;
	return r == 0 ? 0 : r;
}

const char *relationship_text(const Nudge__V1__Relationship *r, char *out, size_t size)
{
	out[0] = '\0';
	if (!r->known)
		add(out, size, "unknown");
	else
		add(out, size, "%.0f of 100", shown(r->score, 1));
	if (r->known && r->month)
		add(out, size, ", %+.0f in 30 days", shown(r->month->by, 1));
	if (r->known && r->contact)
		add(out, size, ", %+.0f since the last contact", shown(r->contact->by, 1));
	for (size_t i = 0; i < r->n_parts; i++) {
		const Nudge__V1__RelationshipPart *p = r->parts[i];
		add(out, size, "%s%s ", i ? ", " : ": ", p->name);
		if (p->known)
			add(out, size, "%.2f", shown(p->value, 0.01));
		else
			add(out, size, "unknown");
		if (p->known && p->month && shown(p->month->by, 0.01) != 0)
			add(out, size, " (%+.2f)", shown(p->month->by, 0.01));
	}
	if (r->known && r->share < 0.9999)
		add(out, size, "; the known parts have %.0f %% of the weight", 100 * r->share);
	return out;
}

static void trend_cell(struct table *t, const Nudge__V1__Trend *trend, double unit)
{
	if (!trend)
		table_add(t, "%s", "");
	else if (unit == 1)
		table_add(t, "%+.0f", shown(trend->by, unit));
	else
		table_add(t, "%+.2f", shown(trend->by, unit));
}

static void part_row(struct table *t, const Nudge__V1__RelationshipPart *p)
{
	table_add(t, "%s", p->name);
	table_add(t, "%.0f %%", 100 * p->weight);
	if (p->known)
		table_add(t, "%.2f", shown(p->value, 0.01));
	else
		table_add(t, "%s", "unknown");
	trend_cell(t, p->month, 0.01);
	trend_cell(t, p->contact, 0.01);
}

void relationship_show(const Nudge__V1__Relationship *r, char *const *expects, size_t expect_count)
{
	struct table t;
	if (r) {
		printf("\n%srelationship%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
		table_init(&t, "part|>weight|>value|>in 30 days|>since the last contact");
		table_add_styled(&t, STYLE_BOLD, "%s", "score");
		table_add(&t, "%.0f %%", 100 * r->share);
		if (r->known)
			table_add_styled(&t, STYLE_BOLD, "%.0f", shown(r->score, 1));
		else
			table_add(&t, "%s", "unknown");
		trend_cell(&t, r->month, 1);
		trend_cell(&t, r->contact, 1);
		for (size_t i = 0; i < r->n_parts; i++)
			part_row(&t, r->parts[i]);
		table_print(&t, 1);
		table_finish(&t);
	}
	if (r && r->growth)
		printf(" growth potential: %s %s a month\n", money_text((double)r->growth->revenue, r->growth->currency),
		       r->growth->currency);
	for (size_t i = 0; i < expect_count; i++)
		printf(" expects: %s\n", expects[i]);
}

static void value_cell(struct table *t, const Nudge__V1__Attribute *a)
{
	switch (a ? a->value_case : NUDGE__V1__ATTRIBUTE__VALUE__NOT_SET) {
	case NUDGE__V1__ATTRIBUTE__VALUE_TEXT:
		table_add(t, "%s", a->text);
		break;
	case NUDGE__V1__ATTRIBUTE__VALUE_NUMBER:
		table_add(t, "%.15g", a->number);
		break;
	case NUDGE__V1__ATTRIBUTE__VALUE_FLAG:
		table_add(t, "%s", a->flag ? "yes" : "no");
		break;
	default:
		table_add(t, "%s", "none");
	}
}

static void origin_row(struct table *t, const char *member, const Nudge__V1__Held *h, const Nudge__V1__Origin *o, bool now)
{
	table_add(t, "%s", now ? member : "");
	table_add(t, "%s", now && h->attribute ? h->attribute->name : "");
	value_cell(t, now ? h->attribute : o->value);
	table_add(t, "%s", now ? "now" : "before");
	table_add(t, "%s", o->source);
	table_add(t, "%s", o->type);
	table_add(t, "%s", o->by);
	table_add(t, "%s", time_short(o->time_ms));
}

static void origin_rows(struct table *t, const char *member, size_t count, Nudge__V1__Held *const *held)
{
	for (size_t i = 0; i < count; i++) {
		if (!held[i]->origin)
			continue;
		origin_row(t, member, held[i], held[i]->origin, true);
		for (size_t k = 0; k < held[i]->n_before; k++)
			origin_row(t, member, held[i], held[i]->before[k], false);
	}
}

void origins_show(const Nudge__V1__Customer *c)
{
	struct table t;
	table_init(&t, "member|attribute|value|is|from|event|by|since");
	origin_rows(&t, "", c->n_attributes, c->attributes);
	for (size_t i = 0; i < c->n_members; i++)
		origin_rows(&t, c->members[i]->id, c->members[i]->n_attributes, c->members[i]->attributes);
	if (t.used) {
		printf("\n%swhere attributes came from%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
		table_print(&t, 1);
	}
	table_finish(&t);
}
