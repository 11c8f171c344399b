/* script/reasons.c: the texts of what may be a reason of a recommendation, made once when the pack is loaded.
 *
 * Every recommendation says why, so the conditions of its actions are written out at each request with the values read.
 * Only those values differ from one request to the next: what stands between them is cut into pieces here.
 *
 *     {texts_today}{ > 3 x texts_habit}        the leaf texts_today follows the first piece, texts_habit the second
 *
 * Texts repeat what they share, so their bytes are bounded (PREPARED_TEXT_BYTES): conditions beyond that are written
 * out when they are wanted. */
#include "script/declare.h"

#include "base/bytes.h"

struct cut {
	size_t at;
	const struct term *leaf;
};
struct cutting {
	struct arena *arena;
	struct cut *cuts; /* arena */
	unsigned count, room;
};

static void cut_after(void *arg, const struct term *leaf, struct bytes *out)
{
	struct cutting *c = arg;
	if (c->count == c->room) {
		struct cut *more = arena_alloc(c->arena, 2 * (c->room + 1) * sizeof(*more));
		if (c->count)
			memcpy(more, c->cuts, c->count * sizeof(*more));
		c->cuts = more;
		c->room = 2 * (c->room + 1);
	}
	c->cuts[c->count++] = (struct cut){ out->len, leaf };
}

static const struct term_text *text_made(struct pack *p, const struct term *t)
{
	struct cutting c = { .arena = &p->arena };
	struct bytes b = { 0 };
	term_render(t, p, cut_after, &c, &b);
	struct term_text *text = arena_alloc(&p->arena, sizeof(*text));
	*text = (struct term_text){
		.whole = arena_slice(&p->arena, bytes_slice(&b)),
		.parts = arena_alloc(&p->arena, (c.count + 1) * sizeof(text->parts[0])),
	};
	bytes_finish(&b);
	size_t from = 0;
	for (unsigned i = 0; i < c.count; from = c.cuts[i++].at)
		text->parts[text->part_count++] =
			(struct term_text_part){ { text->whole.data + from, c.cuts[i].at - from }, c.cuts[i].leaf };
	if (from < text->whole.len)
		text->parts[text->part_count++] =
			(struct term_text_part){ { text->whole.data + from, text->whole.len - from }, NULL };
	return text;
}

/* The parts that decide/explain.c tells: each of `all`, of `any` the one that was true, or all of it. */
static void prepare(struct pack *p, struct term *t, size_t *bytes)
{
	if (!t || t->text || *bytes > PREPARED_TEXT_BYTES)
		return;
	if (t->op == TERM_ALL || t->op == TERM_ANY)
		for (unsigned i = 0; i < t->child_count; i++)
			prepare(p, t->children[i], bytes);
	if (t->op == TERM_ALL)
		return;
	t->text = text_made(p, t);
	*bytes += t->text->whole.len + t->text->part_count * sizeof(t->text->parts[0]);
}

void reasons_prepare(struct pack *p)
{
	size_t bytes = 0;
	for (unsigned i = 0; i < p->above_count; i++) {
		prepare(p, p->above[i].gates.eligible, &bytes);
		prepare(p, p->above[i].gates.applicable, &bytes);
		prepare(p, p->above[i].gates.suitable, &bytes);
	}
	for (unsigned i = 0; i < p->action_count; i++) {
		prepare(p, p->actions[i].eligible, &bytes);
		prepare(p, p->actions[i].applicable, &bytes);
		prepare(p, p->actions[i].suitable, &bytes);
	}
}
