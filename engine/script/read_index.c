/* script/read_index.c: the names that a pack reads from events and requests, each once. Terms, series and cases carry
 * the index of their name, so that whoever evaluates them looks a name up once an occasion, however many of them read
 * it. */
#include "script/declare.h"
#include "script/relations.h"

#include "base/check.h"

#include <stdlib.h>

struct names {
	struct pack *pack;
	uint32_t *table, mask; /* open addressing by str->hash: index into pack->reads + 1 */
};

static unsigned index_of(struct names *n, struct str *name)
{
	struct pack *p = n->pack;
	uint32_t i = name->hash & n->mask;
	while (n->table[i] && p->reads[n->table[i] - 1] != name)
		i = (i + 1) & n->mask;
	if (!n->table[i]) {
		p->reads[p->read_count] = name;
		n->table[i] = ++p->read_count;
	}
	return n->table[i] - 1;
}

static bool reads_occasion(const struct term *t)
{
	return t->op == TERM_EVENT || t->op == TERM_REQUEST || t->op == TERM_NAME;
}

static unsigned most_names(const struct loader *l)
{
	const struct pack *p = l->pack;
	unsigned most = p->case_count;
	for (unsigned i = 0; i < l->term_count; i++)
		most += reads_occasion(l->terms[i]);
	for (unsigned i = 0; i < p->series_count; i++)
		most += p->series[i].by_count + 1;
	most += p->relations->survey_count;
	return most;
}

static void index_series(struct names *n, struct series_decl *s)
{
	s->by_reads = arena_alloc(&n->pack->arena, (s->by_count + 1) * sizeof(*s->by_reads));
	for (unsigned i = 0; i < s->by_count; i++)
		s->by_reads[i] = index_of(n, s->by[i]);
	if (s->value)
		s->value_read = index_of(n, s->value);
}

void reads_build(struct loader *l)
{
	struct pack *p = l->pack;
	unsigned most = most_names(l);
	struct names n = { .pack = p, .mask = 7 };
	while (n.mask < 2 * most)
		n.mask = 2 * n.mask + 1;
	n.table = must_calloc(n.mask + 1, sizeof(*n.table));
	p->reads = arena_calloc(&p->arena, most + 1, sizeof(*p->reads));
	for (unsigned i = 0; i < l->term_count; i++)
		if (reads_occasion(l->terms[i]))
			l->terms[i]->read = index_of(&n, l->terms[i]->name);
	for (unsigned i = 0; i < p->series_count; i++)
		index_series(&n, &p->series[i]);
	for (unsigned i = 0; i < p->case_count; i++)
		if (p->cases[i].key)
			p->cases[i].key_read = index_of(&n, p->cases[i].key);
	for (unsigned i = 0; i < p->relations->survey_count; i++)
		p->relations->surveys[i].score_read = index_of(&n, p->relations->surveys[i].score);
	free(n.table);
}
