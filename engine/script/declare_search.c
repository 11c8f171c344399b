/* script/declare_search.c: pack { search = { "name", "company" } }: by which attributes people look for a customer. */
#include "script/declare.h"
#include "script/mask.h"

#define DEFAULT_NAME SLICE("name")

void read_search(const struct fields *f, struct pack *p)
{
	struct search *s = &p->search;
	unsigned count = 0;
	struct str **names = f ? fields_texts(f, "search", false, &count) : NULL;
	p->searched = names;
	p->searched_count = count;
	*s = (struct search){ .names = { DEFAULT_NAME }, .count = 1 };
	if (count > LIMIT_SEARCH)
		fields_fail(f, "search: %u names; limit_search is %u", count, LIMIT_SEARCH);
	for (unsigned i = 0; i < count; i++) {
		if (!names[i]->len || names[i]->len > LIMIT_ATTRIBUTE_NAME_BYTES)
			fields_fail(f, "search: an attribute's name of 1 to %u bytes is wanted", LIMIT_ATTRIBUTE_NAME_BYTES);
		for (unsigned k = 0; k < i; k++)
			if (names[k] == names[i])
				fields_fail(f, "search: \"%s\" is listed twice", names[i]->data);
		s->names[i] = str_slice(names[i]);
		s->count = i + 1;
	}
}

void search_finish(struct pack *p)
{
	struct search *s = &p->search;
	s->masks_alias = pack_masks(p, SLICE("alias"));
	s->masks_member = pack_masks(p, SLICE("member"));
	s->hash = hash64((struct slice){ (const char *)(bool[]){ s->masks_alias, s->masks_member }, 2 }, 0);
	for (unsigned i = 0; i < s->count; i++) {
		s->masked[i] = pack_masks(p, s->names[i]);
		s->hash = hash64(s->names[i], s->hash + s->masked[i]);
	}
}
