/* history/packs.c: see packs.h. Activations are few; two short lists in order of sequence. */
#include "history/packs.h"

#include "base/check.h"
#include "base/error.h"
#include "history/entry.h"
#include "script/bundle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char empty_pack[] = "pack { name = \"empty\" }\n";

struct line {
	struct pack_line told;
	char hash[33]; /* "": only the journal has its bundle */
};

struct aside {
	uint64_t seq;
	char *rule;
};

struct packs {
	struct store *store;
	struct journal *journal;
	struct line *lines;
	size_t line_count, line_cap;
	struct aside *asides;
	size_t aside_count, aside_cap;
	struct machine *loaded_in; /* which machine has … */
	uint64_t loaded_seq;       /* … the pack of this activation, and … */
	size_t asides_set;         /* … rules set aside of `asides` */
	bool loaded;
	struct line empty;
};

struct packs *packs_create(struct store *store, struct journal *journal)
{
	struct packs *p = must_calloc(1, sizeof(*p));
	p->store = store;
	p->journal = journal;
	snprintf(p->empty.told.name, sizeof(p->empty.told.name), "empty");
	return p;
}

void packs_destroy(struct packs *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->aside_count; i++)
		free(p->asides[i].rule);
	free(p->asides);
	free(p->lines);
	free(p);
}

int pack_load_empty(struct pack **out, struct strpool *pool)
{
	struct bundle bundle = { 0 };
	int result = bundle_add(&bundle, SLICE("pack.lua"), slice_of(empty_pack));
	if (result == ERR_OK)
		result = pack_load(out, &bundle, pool);
	bundle_finish(&bundle);
	return result;
}

static struct line *line_at(struct packs *p, uint64_t seq)
{
	size_t at = p->line_count;
	while (at && p->lines[at - 1].told.seq > seq)
		at--;
	if (at && p->lines[at - 1].told.seq == seq)
		return &p->lines[at - 1];
	if (p->line_count == p->line_cap) {
		p->line_cap = p->line_cap ? 2 * p->line_cap : 16;
		p->lines = must_realloc(p->lines, p->line_cap * sizeof(p->lines[0]));
	}
	memmove(p->lines + at + 1, p->lines + at, (p->line_count++ - at) * sizeof(p->lines[0]));
	p->lines[at] = (struct line){ .told.seq = seq };
	return &p->lines[at];
}

void packs_add_activation(struct packs *p, uint64_t seq, int64_t since_ms, struct slice name)
{
	struct line *line = line_at(p, seq);
	line->told.since_ms = since_ms;
	snprintf(line->told.name, sizeof(line->told.name), "%.*s", SLICE_ARG(name));
}

void packs_add_aside(struct packs *p, uint64_t seq, struct slice rule)
{
	size_t at = p->aside_count;
	while (at && p->asides[at - 1].seq > seq)
		at--;
	if (at && p->asides[at - 1].seq == seq)
		return;
	if (p->aside_count == p->aside_cap) {
		p->aside_cap = p->aside_cap ? 2 * p->aside_cap : 16;
		p->asides = must_realloc(p->asides, p->aside_cap * sizeof(p->asides[0]));
	}
	memmove(p->asides + at + 1, p->asides + at, (p->aside_count++ - at) * sizeof(p->asides[0]));
	p->asides[at] = (struct aside){ seq, must_strndup(rule.data, rule.len) };
	p->loaded = false; /* places in the list have moved */
}

static bool number_behind(struct slice key, struct slice prefix, uint64_t *n)
{
	if (key.len <= prefix.len || memcmp(key.data, prefix.data, prefix.len) != 0)
		return false;
	*n = 0;
	for (size_t i = prefix.len; i < key.len && key.data[i] >= '0' && key.data[i] <= '9'; i++)
		*n = *n * 10 + (uint64_t)(key.data[i] - '0');
	return true;
}

static int note_activation(void *arg, struct slice key, struct slice value)
{
	uint64_t seq;
	if (!number_behind(key, SLICE("activation:"), &seq))
		return 1;
	struct reader r = reader_of(value);
	struct slice hash = reader_string(&r), name = reader_string(&r);
	packs_add_activation(arg, seq, reader_zigzag(&r), name);
	struct line *line = line_at(arg, seq);
	snprintf(line->hash, sizeof(line->hash), "%.*s", SLICE_ARG(hash));
	return 0;
}

static int note_aside(void *arg, struct slice key, struct slice value)
{
	uint64_t seq;
	if (!number_behind(key, SLICE("aside:"), &seq))
		return 1;
	packs_add_aside(arg, seq, value);
	return 0;
}

int packs_read_notes(struct packs *p)
{
	if (!p->store)
		return ERR_OK;
	int result = store_scan(p->store, STORE_META, SLICE("activation:"), note_activation, p);
	if (result >= 0)
		result = store_scan(p->store, STORE_META, SLICE("aside:"), note_aside, p);
	return result < 0 ? result : ERR_OK;
}

static int load_noted(struct packs *p, const struct line *line, struct strpool *pool, struct pack **out)
{
	struct bundle bundle = { 0 };
	struct bytes key = { 0 }, value = { 0 };
	bytes_printf(&key, "bundle:%s", line->hash);
	int result = p->store && line->hash[0] ? store_get(p->store, STORE_META, bytes_slice(&key), &value)
					       : error_set(ERR_MISSING, NULL, "it is not noted");
	if (result == ERR_OK)
		result = bundle_decode(&bundle, bytes_slice(&value));
	if (result == ERR_OK)
		result = pack_load(out, &bundle, pool);
	bundle_finish(&bundle);
	bytes_finish(&key);
	bytes_finish(&value);
	return result;
}

static int load_entry(const struct journal_entry *je, struct strpool *pool, struct pack **out)
{
	struct bundle bundle = { 0 };
	struct entry entry;
	struct arena arena;
	arena_init(&arena, 0);
	int result = entry_body_decode(&entry, je->kind, je->body, &arena);
	if (result == ERR_OK && entry.kind != ENTRY_ACTIVATE)
		result = error_set(ERR_CORRUPT, NULL, "the entry activates nothing");
	if (result == ERR_OK)
		result = bundle_decode(&bundle, entry.activate.bundle);
	if (result == ERR_OK)
		result = pack_load(out, &bundle, pool);
	bundle_finish(&bundle);
	arena_finish(&arena);
	return result;
}

static int load_journaled(struct packs *p, uint64_t seq, struct strpool *pool, struct pack **out)
{
	struct journal_reader *reader;
	struct journal_entry je;
	int result = journal_reader_open(&reader, p->journal, seq);
	if (result != ERR_OK)
		return result;
	int got = journal_next(reader, &je);
	if (got == 1 && je.seq == seq)
		result = load_entry(&je, pool, out);
	else
		result = got < 0 ? got : error_set(ERR_MISSING, NULL, "its activation is not kept any more");
	journal_reader_close(reader);
	return result;
}

static int load(struct packs *p, struct machine *m, const struct line *line)
{
	struct pack *pack = NULL;
	int result;
	if (!line->told.seq)
		result = pack_load_empty(&pack, m->pool);
	else
		result = load_noted(p, line, m->pool, &pack);
	if (result == ERR_MISSING)
		result = load_journaled(p, line->told.seq, m->pool, &pack);
	if (result != ERR_OK)
		return error_prefix("the pack %s, active from entry %" PRIu64 " on, does not load", line->told.name,
				    line->told.seq);
	machine_set_pack(m, pack);
	return ERR_OK;
}

/* The rules set aside between the pack's activation and the entry: nearly always none, and those set already. */
static void use_asides(struct packs *p, struct machine *m, uint64_t from, uint64_t seq)
{
	size_t first = 0, end;
	while (first < p->aside_count && p->asides[first].seq < from)
		first++;
	for (end = first; end < p->aside_count && p->asides[end].seq < seq; end++)
		;
	if (p->asides_set == end - first)
		return;
	for (unsigned i = 0; i < m->pack->rule_count; i++)
		m->pack->rules[i].aside = false;
	for (size_t i = first; i < end; i++)
		machine_set_aside(m, slice_of(p->asides[i].rule));
	p->asides_set = end - first;
}

static const struct line *line_before(const struct packs *p, uint64_t seq)
{
	const struct line *found = &p->empty;
	for (size_t i = 0; i < p->line_count && p->lines[i].told.seq < seq; i++)
		found = &p->lines[i];
	return found;
}

unsigned packs_asides_before(const struct packs *p, uint64_t seq)
{
	const struct line *line = line_before(p, seq);
	unsigned count = 0;
	for (size_t i = 0; i < p->aside_count; i++)
		count += p->asides[i].seq > line->told.seq && p->asides[i].seq < seq;
	return count;
}

int packs_use(struct packs *p, struct machine *m, uint64_t seq, const struct pack_line **line)
{
	const struct line *found = line_before(p, seq);
	if (!p->loaded || p->loaded_in != m || p->loaded_seq != found->told.seq) {
		p->loaded = false;
		int result = load(p, m, found);
		if (result != ERR_OK)
			return result;
		p->loaded = true;
		p->loaded_in = m;
		p->loaded_seq = found->told.seq;
		p->asides_set = 0;
	}
	use_asides(p, m, found->told.seq, seq);
	if (line)
		*line = &found->told;
	return ERR_OK;
}
