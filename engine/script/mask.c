/* script/mask.c: see mask.h. */
#include "script/mask.h"

#include "script/declare.h"

bool pack_masks(const struct pack *p, struct slice name)
{
	for (unsigned i = 0; i < p->mask_count; i++)
		if (slice_equal(str_slice(p->mask[i]), name))
			return true;
	return false;
}

/* The leaf itself, whatever it stands on. */
static bool leaf_masked(const struct pack *p, const struct term *t)
{
	switch (t->op) {
	case TERM_ATTR:
	case TERM_EVENT:
	case TERM_REQUEST:
	case TERM_NAME:
		return pack_masks(p, str_slice(t->name));
	case TERM_SERIES:
		return p->series[t->series.index].value && pack_masks(p, str_slice(p->series[t->series.index].value));
	case TERM_FACT:
		return pack_masks(p, str_slice(p->facts[t->fact].name));
	case TERM_TENURE:
		return pack_masks(p, SLICE("since"));
	case TERM_CALL:
		return t->call.context; /* it reads what it likes */
	default:
		return false;
	}
}

static bool term_masked(const struct pack *p, const struct term *t)
{
	const struct term *part;
	if (leaf_masked(p, t))
		return true;
	for (unsigned i = 0; (part = term_part(t, p, i)) != NULL; i++)
		if (term_masked(p, part))
			return true;
	return false;
}

bool words_masked(const struct pack *p, const struct words *w)
{
	for (unsigned i = 0; p->mask_count && i < w->count; i++)
		if (w->parts[i].term && term_masked(p, w->parts[i].term))
			return true;
	return false;
}

void words_shown(const struct pack *p, const struct words *w, struct bytes *out)
{
	for (unsigned i = 0; i < w->count; i++) {
		const struct words_part *part = &w->parts[i];
		if (!part->term)
			bytes_put(out, part->text.data, part->text.len);
		else if (term_masked(p, part->term))
			bytes_put(out, MASKED, sizeof(MASKED) - 1);
		else
			bytes_printf(out, "{%s}", part->name->data);
	}
}

static unsigned all_sets(const struct pack *p)
{
	unsigned sets = 0;
	for (unsigned i = 0; i < p->rule_count; i++)
		sets += p->rules[i].set_count;
	return sets;
}

/* One round. True: an attribute has joined, so what is set from it may join too. */
static bool spread_once(struct pack *p)
{
	unsigned before = p->mask_count;
	for (unsigned i = 0; i < p->rule_count; i++) {
		for (unsigned k = 0; k < p->rules[i].set_count; k++) {
			const struct assignment *set = &p->rules[i].sets[k];
			if (!pack_masks(p, str_slice(set->name)) && term_masked(p, set->value))
				p->mask[p->mask_count++] = set->name;
		}
	}
	return p->mask_count > before;
}

void mask_spread(struct pack *p)
{
	if (!p->mask_count)
		return;
	struct str **wider = arena_calloc(&p->arena, p->mask_count + all_sets(p), sizeof(*wider));
	memcpy(wider, p->mask, p->mask_count * sizeof(*wider));
	p->mask = wider;
	while (spread_once(p))
		;
}
