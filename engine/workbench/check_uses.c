/* workbench/check_uses.c: names with how often they are used, and who writes an attribute or a tally. A pack may have
 * thousands of rules, and each of them asks both: they are found by a hash. */
#include "workbench/check_parts.h"

#include "base/arena.h"
#include "base/check.h"
#include "base/hash.h"

#include <stdlib.h>

/* Names. */

static unsigned *slot_of(const struct names *n, struct slice name)
{
	unsigned at = (unsigned)hash64(name, 0) & (n->slot_count - 1);
	while (n->slots[at] && !slice_equal(n->list[n->slots[at] - 1].name, name))
		at = (at + 1) & (n->slot_count - 1);
	return &n->slots[at];
}

static void grow(struct names *n)
{
	n->slot_count = n->slot_count ? 2 * n->slot_count : 64;
	n->list = must_realloc(n->list, n->slot_count / 2 * sizeof(*n->list));
	free(n->slots);
	n->slots = must_calloc(n->slot_count, sizeof(*n->slots));
	for (unsigned i = 0; i < n->count; i++)
		*slot_of(n, n->list[i].name) = i + 1;
}

void names_add(struct names *n, struct slice name)
{
	if (2 * n->count >= n->slot_count)
		grow(n);
	unsigned *slot = slot_of(n, name);
	if (!*slot) {
		n->list[n->count++] = (struct name_use){ .name = name };
		*slot = n->count;
	}
	unsigned uses = ++n->list[*slot - 1].count;
	n->most = uses > n->most ? uses : n->most;
}

unsigned names_count(const struct names *n, struct slice name)
{
	unsigned slot = n->slot_count ? *slot_of(n, name) : 0;
	return slot ? n->list[slot - 1].count : 0;
}

void names_finish(struct names *n)
{
	free(n->list);
	free(n->slots);
	*n = (struct names){ 0 };
}

/* Writes. */

static unsigned chain(struct check *c, unsigned rule, unsigned which)
{
	if (!(c->write_count & (c->write_count - 1)))
		c->writes = must_realloc(c->writes, (c->write_count ? 2 * (size_t)c->write_count : 1) * sizeof(*c->writes));
	c->writes[c->write_count++] = (struct write){ .rule = rule, .which = which };
	return c->write_count;
}

static void append(struct check *c, struct written *w, unsigned rule, unsigned which)
{
	unsigned write = chain(c, rule, which);
	if (w->last)
		c->writes[w->last - 1].next = write;
	else
		w->first = write;
	w->last = write;
	w->count++;
}

static struct written *attr_slot(const struct check *c, const struct str *name)
{
	unsigned at = name->hash & c->attr_mask;
	while (c->attr_slots[at].name && c->attr_slots[at].name != name)
		at = (at + 1) & c->attr_mask;
	return &c->attr_slots[at];
}

struct written *attr_written(const struct check *c, const struct str *name)
{
	struct written *w = attr_slot(c, name);
	return w->name ? w : NULL;
}

void writes_note(struct check *c)
{
	const struct pack *p = c->pack;
	unsigned sets = 0, slots = 64;
	c->tallies = must_calloc(p->series_count + 1, sizeof(*c->tallies));
	for (unsigned i = 0; i < p->rule_count; i++)
		sets += p->rules[i].set_count;
	while (slots < 2 * sets)
		slots *= 2;
	c->attr_slots = must_calloc(slots, sizeof(*c->attr_slots));
	c->attr_mask = slots - 1;
	for (unsigned i = 0; i < p->rule_count; i++) {
		for (unsigned k = 0; k < p->rules[i].set_count; k++) {
			struct written *w = attr_slot(c, p->rules[i].sets[k].name);
			w->name = p->rules[i].sets[k].name;
			append(c, w, i, k);
		}
		for (unsigned k = 0; k < p->rules[i].add_count; k++)
			append(c, &c->tallies[p->rules[i].adds[k].series], i, k);
	}
}

void writes_finish(struct check *c)
{
	free(c->writes);
	free(c->attr_slots);
	free(c->tallies);
}
