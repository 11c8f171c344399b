/* script/declare_survey.c: survey "name" { … }: which answers it is made of, who was asked, and by what those who answer are
 * told apart from those who do not. */
#include "script/declare.h"
#include "script/relations.h"

#include "base/hash.h"

#include <math.h>

#define SMALLEST_DEFAULT 10.0 /* answers of a weighting cell: with fewer its mean is chance */
#define WITHIN_DEFAULT_MS (30LL * 24 * 3600 * 1000)

static const char *const kinds[] = { "nps", "csat", "ces", "ces-mean", NULL };

const char *survey_kind_name(enum survey_kind kind)
{
	return kinds[kind];
}

int survey_kind_of(struct slice name)
{
	for (int i = 0; kinds[i]; i++)
		if (slice_equal(name, slice_of(kinds[i])))
			return i;
	return -1;
}

const struct survey_decl *pack_survey(const struct pack *p, struct slice name)
{
	const struct relations *r = p->relations;
	for (unsigned i = 0; i < r->survey_count; i++)
		if (slice_equal(str_slice(r->surveys[i].name), name))
			return &r->surveys[i];
	return NULL;
}

/* The two best of five and of seven are good; of an effort scale the upper three of seven, and two of five. */
static void read_scale(const struct fields *f, struct survey_decl *s)
{
	bool nps = s->kind == SURVEY_NPS, csat = s->kind == SURVEY_CSAT;
	double most = fields_number(f, "scale", 2, 100, nps ? 10 : csat ? 5 : 7);
	if (most != floor(most))
		fields_fail(f, "scale is the best answer that can be given: a whole number");
	if (nps && most != 10)
		fields_fail(f, "a net promoter score is of answers from 0 to 10; another scale is kind = \"csat\"");
	s->low = nps ? 0 : 1;
	s->high = most;
	s->top = fields_number(f, "good", s->low, s->high, nps ? 9 : csat || most < 7 ? most - 1 : most - 2);
	s->bottom = nps ? 6 : s->low - 1;
	if (nps && s->top != 9)
		fields_fail(f, "a net promoter score counts 9 and 10; another line is kind = \"csat\" with good = …");
}

void read_segment_by(const struct fields *f, struct segment_by *by)
{
	unsigned count;
	struct str **names = fields_texts(f, "by", false, &count);
	if (count > LIMIT_MODEL_BY)
		fields_fail(f, "by has more than %u names (limit_model_by)", LIMIT_MODEL_BY);
	for (unsigned i = 0; i < count; i++) {
		for (unsigned k = 0; k < i; k++)
			if (names[k] == names[i])
				fields_fail(f, "by: \"%s\" is listed twice", names[i]->data);
		by->names[i] = names[i];
	}
	by->count = count;
}

static void read_asked(const struct fields *f, struct survey_decl *s)
{
	s->asked = fields_texts(f, "asked", true, &s->asked_count);
	bool all = s->asked_count == 1 && strcmp(s->asked[0]->data, "customers") == 0;
	if (all)
		s->asked_count = 0;
}

static uint32_t survey_id(const struct survey_decl *s)
{
	struct bytes b = { 0 };
	bytes_put_string(&b, str_slice(s->name));
	bytes_put_u8(&b, s->kind);
	bytes_put_u64(&b, (uint64_t)(s->high * 1000));
	bytes_put_string(&b, str_slice(s->score));
	uint32_t id = (uint32_t)hash64(bytes_slice(&b), 3) | 1;
	bytes_finish(&b);
	return id;
}

static void read_survey(const struct fields *f, struct survey_decl *s)
{
	static const char *const named[] = { "nps", "csat", "ces", NULL };
	static const char *const measures[] = { "share", "mean", NULL };
	int kind = fields_choice(f, "kind", named, -1);
	if (kind < 0)
		fields_fail_as(f, "missing-field", "needs kind = \"nps\", \"csat\" or \"ces\": how it is reckoned");
	bool mean = fields_choice(f, "measure", measures, 0) == 1;
	if (mean && kind != SURVEY_CES)
		fields_fail(f, "measure = \"mean\" is for kind = \"ces\"; the others have one definition");
	s->kind = (uint8_t)(mean ? SURVEY_CES_MEAN : kind);
	s->on = fields_texts(f, "on", true, &s->on_count);
	s->where = fields_condition(f, "where");
	s->score = fields_text(f, "score", true);
	read_scale(f, s);
	read_asked(f, s);
	read_segment_by(f, &s->by);
	double smallest = fields_number(f, "smallest_cell", 1, 1e6, SMALLEST_DEFAULT);
	if (smallest != floor(smallest))
		fields_fail(f, "smallest_cell must be a whole number");
	s->smallest = (int64_t)smallest;
	s->within_ms = fields_ms(f, "within", WITHIN_DEFAULT_MS);
	s->id = survey_id(s);
}

static int survey_body(lua_State *L)
{
	static const char *const allowed[] = { "kind", "measure", "on", "where", "score", "scale", "good", "asked", "by",
					       "smallest_cell", "within", NULL };
	struct pack *p = loader_of(L)->pack;
	struct relations *r = p->relations;
	struct place at = declare_named_place(L);
	struct survey_decl s = { .name = pack_str_at(L, 1), .file = at.file, .line = at.line };
	struct slice what = arena_printf(&p->arena, "survey \"%s\"", s.name->data);
	check_new_name(L, at, "survey", str_slice(s.name), 64);
	const struct survey_decl *other = pack_survey(p, str_slice(s.name));
	if (other)
		fail_as(L, "duplicate", at, "%s is declared twice; first at %s:%d", what.data, other->file, other->line);
	if (r->survey_count >= LIMIT_SURVEYS)
		fail_as(L, "limit", at, "more than %u surveys (limit_surveys)", LIMIT_SURVEYS);
	struct fields f = fields_open(L, 2, what.data, at, allowed);
	read_survey(&f, &s);
	r->population |= s.asked_count == 0;
	r->surveys[r->survey_count++] = s;
	declare_named_done(L);
	return 0;
}

static int survey_declare(lua_State *L)
{
	return declare_named(L, "survey", survey_body);
}

void declare_surveys(lua_State *L)
{
	static const luaL_Reg functions[] = { { "survey", survey_declare }, { NULL, NULL } };
	luaL_setfuncs(L, functions, 0);
}
