/* script/rule_index.c: rules by their id, which is a hash of their name: a pack may have thousands, and each that comes is
 * held against all before it. Open addressing; a slot holds the rule's number plus one. */
#include "script/declare.h"

#include "base/check.h"
#include "base/hash.h"

#include <stdlib.h>

static void put(struct pack *p, unsigned rule)
{
	unsigned at = p->rules[rule].id & (p->rule_slot_count - 1);
	while (p->rule_slots[at])
		at = (at + 1) & (p->rule_slot_count - 1);
	p->rule_slots[at] = rule + 1;
}

void rule_index_add(struct pack *p)
{
	if (2 * p->rule_count <= p->rule_slot_count) {
		put(p, p->rule_count - 1);
		return;
	}
	free(p->rule_slots);
	p->rule_slot_count = p->rule_slot_count ? 2 * p->rule_slot_count : 64;
	p->rule_slots = must_calloc(p->rule_slot_count, sizeof(*p->rule_slots));
	for (unsigned i = 0; i < p->rule_count; i++)
		put(p, i);
}

uint32_t rule_id(const struct str *name)
{
	return (uint32_t)hash64(str_slice(name), 2);
}

int rule_index_find(const struct pack *p, uint32_t id)
{
	for (unsigned at = id; p->rule_slot_count; at++) {
		unsigned rule = p->rule_slots[at & (p->rule_slot_count - 1)];
		if (!rule)
			break;
		if (p->rules[rule - 1].id == id)
			return (int)rule - 1;
	}
	return -1;
}

int pack_rule(const struct pack *p, const struct str *name)
{
	int rule = rule_index_find(p, rule_id(name));
	return rule >= 0 && p->rules[rule].name == name ? rule : -1;
}
