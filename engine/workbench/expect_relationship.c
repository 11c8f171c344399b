/* workbench/expect_relationship.c: expect_relationship(score, { trust = …, month = …, contact = …, share = …, growth = …,
 * expects = … }): the score of now, its parts by their names, and its trends. */
#include "workbench/story.h"

#include "base/error.h"
#include "base/nearest.h"
#include "decide/relationship.h"

#define OWN_FIELDS 5

static struct value known_number(bool known, double n)
{
	return known ? value_number(n) : value_unknown();
}

/* Each field that is expected is one that there is. */
static int check_names(struct story *s, const struct expectation *x, const struct relationship_view *v)
{
	const char *names[SCORE_PARTS + OWN_FIELDS + 1] = { "month", "contact", "share", "growth", "expects" };
	for (unsigned i = 0; i < v->part_count; i++)
		names[OWN_FIELDS + i] = arena_slice(&s->arena, v->parts[i].name).data;
	for (unsigned i = 0; i < x->field_count; i++) {
		bool known = false;
		for (unsigned k = 0; k < OWN_FIELDS + v->part_count; k++)
			known |= slice_equal(x->fields[i].name, slice_of(names[k]));
		if (!known)
			return story_unknown("part of the relationship", x->fields[i].name,
					     nearest_name(arena_slice(&s->arena, x->fields[i].name).data, names));
	}
	return ERR_OK;
}

static void put_view(const struct relationship_view *v, struct bytes *out)
{
	for (unsigned i = 0; i < v->part_count; i++) {
		const struct relationship_part_view *p = &v->parts[i];
		bytes_printf(out, "%s%.*s ", i ? ", " : "", SLICE_ARG(p->name));
		value_text(known_number(p->known, p->value), out);
	}
}

static bool score_met(struct story *s, const struct expectation *x, const struct relationship_view *v)
{
	struct value score = known_number(v->known, v->score);
	bool any = x->value.kind == MATCH_EQUAL && x->value.value.kind == VALUE_UNKNOWN;
	if (any || match_holds(&x->value, score))
		return true;
	bytes_clear(&s->came);
	value_text(score, &s->came);
	return false;
}

/* Met where one of them is. */
static bool expects_met(struct story *s, const struct expectation *x, const struct slice *expected, unsigned count)
{
	const struct match *m = expectation_field(x, "expects");
	if (!m)
		return true;
	for (unsigned i = 0; i < count; i++)
		if (match_holds(m, value_string(expected[i])))
			return true;
	bytes_clear(&s->came);
	bytes_printf(&s->came, count ? "expects" : "nothing is known of what they expect");
	for (unsigned i = 0; i < count; i++)
		bytes_printf(&s->came, " \"%.*s\"", SLICE_ARG(expected[i]));
	return m->kind == MATCH_EQUAL && m->value.kind == VALUE_STRING && !m->value.string.len && !count;
}

static bool parts_met(struct story *s, const struct expectation *x, const struct relationship_view *v)
{
	for (unsigned i = 0; i < v->part_count; i++) {
		const struct relationship_part_view *p = &v->parts[i];
		if (!field_met(s, x, arena_slice(&s->arena, p->name).data, known_number(p->known, p->value)))
			return false;
	}
	return field_met(s, x, "month", known_number(v->month.known, v->month.by)) &&
	       field_met(s, x, "contact", known_number(v->contact.known, v->contact.by)) &&
	       field_met(s, x, "share", value_number(v->share)) &&
	       field_met(s, x, "growth", known_number(v->growth_known, (double)v->growth));
}

int story_expect_relationship(struct story *s, const struct expectation *x)
{
	struct world *w = s->world;
	struct slice expected[LIMIT_EXPECTED];
	struct relationship_view v = { .known = false };
	unsigned count;
	arena_reset(&w->m.arena);
	machine_relationship(&w->m, world_record(w, x->subject, true), w->now_ms, &v, expected, &count);
	int rc = check_names(s, x, &v);
	if (rc != ERR_OK || (score_met(s, x, &v) && parts_met(s, x, &v) && expects_met(s, x, expected, count)))
		return rc;
	bytes_printf(&s->wanted, "a relationship of ");
	match_text(&x->value, &s->wanted);
	put_view(&v, &s->why);
	return story_fail(s, x);
}
