/* workbench/relations_check.c: surveys, the relationship and what is expected: their terms, event types and words for the
 * other checks, and what only they can get wrong. */
#include "workbench/check_parts.h"

#include "script/relations.h"

static void visit_term(struct check *c, const struct context *x, root_visit visit, const struct term *t, const char *what,
		       const char *file, int line)
{
	struct root r = { t, what, what[0] != '\0', file, line };
	if (t)
		visit(c, x, &r);
}

void relations_roots(struct check *c, root_visit visit)
{
	const struct relations *r = c->pack->relations;
	const struct relationship_decl *d = &r->relationship;
	struct context x = { .decision = true };
	for (unsigned i = 0; i < d->part_count; i++)
		visit_term(c, &x, visit, d->parts[i].value, "", d->file, d->line);
	visit_term(c, &x, visit, d->growth, "", d->file, d->line);
	for (unsigned i = 0; i < r->expectation_count; i++) {
		const struct expectation_decl *e = &r->expectations[i];
		visit_term(c, &x, visit, e->when, "when", e->file, e->line);
		for (unsigned k = 0; e->say.by_language && k < c->pack->language_count; k++)
			for (unsigned n = 0; n < e->say.by_language[k].count; n++)
				visit_term(c, &x, visit, e->say.by_language[k].parts[n].term, "", e->file, e->line);
	}
	for (unsigned i = 0; i < r->survey_count; i++) {
		const struct survey_decl *s = &r->surveys[i];
		struct context on = { .types = s->on, .type_count = s->on_count };
		visit_term(c, &on, visit, s->where, "where", s->file, s->line);
	}
}

void relations_texts(struct check *c, text_visit visit)
{
	const struct relations *r = c->pack->relations;
	struct context x = { .decision = true };
	for (unsigned i = 0; i < r->expectation_count; i++) {
		const struct expectation_decl *e = &r->expectations[i];
		struct text_use use = { &e->say, "expectation", e->name->data, false, e->file, e->line };
		visit(c, &x, &use);
	}
}

void relations_lists(struct check *c, list_visit visit)
{
	const struct relations *r = c->pack->relations;
	visit(c, r->relationship.sample, "relationship", r->relationship.file, r->relationship.line);
	for (unsigned i = 0; i < r->survey_count; i++) {
		const struct survey_decl *s = &r->surveys[i];
		const char *of = arena_printf(&c->arena, "survey \"%s\"", s->name->data).data;
		visit(c, s->on, of, s->file, s->line);
		if (s->asked_count)
			visit(c, s->asked, of, s->file, s->line);
	}
}

static void note_by(struct check *c, const struct segment_by *by)
{
	for (unsigned i = 0; i < by->count; i++) {
		int fact = pack_fact(c->pack, by->names[i]);
		if (fact >= 0)
			c->fact_used[fact] = true;
		names_add(&c->attrs, str_slice(by->names[i]));
	}
}

void relations_note(struct check *c)
{
	const struct relations *r = c->pack->relations;
	note_by(c, &r->relationship.by);
	for (unsigned i = 0; i < r->survey_count; i++)
		note_by(c, &r->surveys[i].by);
}

static void check_by(struct check *c, const struct segment_by *by, const char *what, const char *file, int line)
{
	for (unsigned i = 0; i < by->count; i++)
		check_segment_name(c, by->names[i], what, (struct tell_place){ file, line, by->names[i]->data });
}

static void check_survey(struct check *c, const struct survey_decl *s)
{
	struct context x = { .types = s->on, .type_count = s->on_count };
	const char *what = arena_printf(&c->arena, "survey \"%s\"", s->name->data).data;
	check_event_attr(c, &x, s->score, what, (struct tell_place){ s->file, s->line, s->score->data });
	check_by(c, &s->by, what, s->file, s->line);
	if (!s->by.count)
		tell(c, FINDING_HINT, "uncorrected-survey", (struct tell_place){ s->file, s->line, NULL },
		     "name segments in by = { … }, if those who answer are not like those who do not",
		     "%s has no segments, so nothing corrects it for who answers", what);
}

static void check_origins(struct check *c)
{
	const struct relations *r = c->pack->relations;
	for (unsigned i = 0; i < r->origin_count; i++)
		check_segment_name(c, r->origins[i], "pack: provenance",
				   (struct tell_place){ "pack.lua", c->loaded->place_line, r->origins[i]->data });
}

void relations_check(struct check *c)
{
	const struct relations *r = c->pack->relations;
	for (unsigned i = 0; i < r->survey_count; i++)
		check_survey(c, &r->surveys[i]);
	check_by(c, &r->relationship.by, "relationship", r->relationship.file, r->relationship.line);
	check_origins(c);
}
