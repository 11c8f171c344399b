/* shard/spelled.c: how the active pack spells things for people: names and values in its languages, and which attributes
 * are times or amounts. A screen that shows customers asks once and knows what the pack means; it needs no words of its own
 * for what packs declare. On a loop's thread. */
#include "shard/told.h"

#include "script/guidance.h"
#include "shard/parts.h"
#include "wire/words.h"

static void spell(const struct pack *p, const struct spell_decl *d, const struct spelling *s, struct arena *arena,
		  struct wire_spelling *out)
{
	struct wire_wording *wordings = arena_calloc(arena, p->language_count, sizeof(*wordings));
	*out = (struct wire_spelling){ .name = str_slice(d->name), .value = s->is, .low = s->low, .high = s->high };
	for (unsigned i = 0; i < p->language_count; i++)
		if (s->say.by_language[i].count == 1)
			wordings[out->wording_count++] = (struct wire_wording){
				str_slice(p->languages[i]), s->say.by_language[i].parts[0].text };
	out->wordings = wordings;
}

static void spellings(const struct pack *p, struct arena *arena, struct wire_words *out)
{
	size_t count = 0, spells = p->guidance ? p->guidance->spell_count : 0;
	for (size_t i = 0; i < spells; i++)
		count += p->guidance->spells[i].count;
	struct wire_spelling *list = arena_calloc(arena, count + 1, sizeof(*list));
	for (size_t i = 0; i < spells; i++)
		for (unsigned k = 0; k < p->guidance->spells[i].count; k++)
			spell(p, &p->guidance->spells[i], &p->guidance->spells[i].spellings[k], arena,
			      &list[out->spelling_count++]);
	out->spellings = list;
}

static void note_kind(struct wire_attribute_kind *list, size_t *count, const struct str *name, const struct schema_attr *a)
{
	for (size_t i = 0; i < *count; i++)
		if (slice_equal(list[i].name, str_slice(name)))
			return;
	list[(*count)++] = (struct wire_attribute_kind){ str_slice(name), slice_of(schema_kind(a)) };
}

/* What a rule sets to an attribute of its event is of that attribute's kind. */
static const struct schema_attr *set_from(const struct pack *p, const struct rule_decl *r, const struct assignment *set)
{
	for (unsigned i = 0; set->value->op == TERM_EVENT && i < r->on_count; i++) {
		const struct event_decl *e = pack_event(p, r->on[i]);
		const struct schema_attr *a = e ? event_decl_attr(e, set->value->name) : NULL;
		if (a)
			return a;
	}
	return NULL;
}

static void kinds(const struct pack *p, struct arena *arena, struct wire_words *out)
{
	size_t most = 1;
	for (unsigned i = 0; i < p->event_count; i++)
		most += p->events[i].attr_count;
	for (unsigned i = 0; i < p->rule_count; i++)
		most += p->rules[i].set_count;
	struct wire_attribute_kind *list = arena_calloc(arena, most, sizeof(*list));
	for (unsigned i = 0; i < p->event_count; i++)
		for (unsigned k = 0; k < p->events[i].attr_count; k++)
			note_kind(list, &out->attribute_count, p->events[i].attrs[k].name, &p->events[i].attrs[k]);
	for (unsigned i = 0; i < p->rule_count; i++)
		for (unsigned k = 0; k < p->rules[i].set_count; k++) {
			const struct schema_attr *a = set_from(p, &p->rules[i], &p->rules[i].sets[k]);
			if (a)
				note_kind(list, &out->attribute_count, p->rules[i].sets[k].name, a);
		}
	out->attributes = list;
}

static const struct slice *texts(struct str *const *from, unsigned count, struct arena *arena)
{
	struct slice *out = arena_calloc(arena, count + 1, sizeof(*out));
	for (unsigned i = 0; i < count; i++)
		out[i] = str_slice(from[i]);
	return out;
}

void told_words(struct shard *s, uint64_t request_id, struct bytes *out)
{
	const struct pack *p = s->machine.pack;
	struct wire_words words = {
		.pack = str_slice(p->name), .hash = slice_of(p->hash_text),
		.zone = p->zone_name ? str_slice(p->zone_name) : SLICE("UTC"),
		.currency = p->currency ? str_slice(p->currency) : SLICE(""),
		.languages = texts(p->languages, p->language_count, &s->arena), .language_count = p->language_count,
		.topics = texts(p->topics, p->topic_count, &s->arena), .topic_count = p->topic_count,
	};
	spellings(p, &s->arena, &words);
	kinds(p, &s->arena, &words);
	response_words(out, request_id, &words);
}
