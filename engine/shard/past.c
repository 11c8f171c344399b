/* shard/past.c: see past.h. */
#include "shard/past.h"

#include "base/check.h"
#include "base/error.h"
#include "disk/store.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_PREFIX_MIN 4u

enum { FLAG_UNTESTED = 1, FLAG_BACKFILL = 2 };

void pasts_add(struct pasts *p, const struct past *line)
{
	if (p->count && p->items[p->count - 1].seq == line->seq) {
		p->items[p->count - 1] = *line;
		return;
	}
	if (p->count == LIMIT_PAST_LINES) {
		p->count /= 2;
		memmove(p->items, p->items + (LIMIT_PAST_LINES - p->count), p->count * sizeof(p->items[0]));
	}
	if (p->count == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->items = must_realloc(p->items, p->cap * sizeof(p->items[0]));
	}
	p->items[p->count++] = *line;
}

void pasts_finish(struct pasts *p)
{
	free(p->items);
	*p = (struct pasts){ 0 };
}

void past_about_encode(const struct past *line, struct bytes *out)
{
	bytes_put_string(out, slice_of(line->by));
	bytes_put_zigzag(out, line->uid);
	bytes_put_u8(out, line->origin);
	bytes_put_varint(out, line->back_to);
	bytes_put_varint(out, line->rules);
	bytes_put_varint(out, line->actions);
	bytes_put_varint(out, line->series_kept);
	bytes_put_varint(out, line->series_new);
	bytes_put_varint(out, line->tests);
	bytes_put_u8(out, (line->untested ? FLAG_UNTESTED : 0) | (line->backfill ? FLAG_BACKFILL : 0));
}

void past_about_decode(struct past *line, struct reader *r)
{
	line->uid = -1;
	if (!reader_left(r))
		return;
	struct slice by = reader_string(r);
	snprintf(line->by, sizeof(line->by), "%.*s", SLICE_ARG(by));
	line->uid = reader_zigzag(r);
	line->origin = reader_u8(r);
	line->back_to = reader_varint(r);
	line->rules = (uint32_t)reader_varint(r);
	line->actions = (uint32_t)reader_varint(r);
	line->series_kept = (uint32_t)reader_varint(r);
	line->series_new = (uint32_t)reader_varint(r);
	line->tests = (uint32_t)reader_varint(r);
	uint8_t flags = reader_u8(r);
	line->untested = flags & FLAG_UNTESTED;
	line->backfill = flags & FLAG_BACKFILL;
}

void past_encode(const struct past *line, struct bytes *out)
{
	bytes_put_string(out, slice_of(line->hash));
	bytes_put_string(out, slice_of(line->name));
	bytes_put_zigzag(out, line->time_ms);
	past_about_encode(line, out);
}

bool past_decode(struct past *line, uint64_t seq, struct slice value)
{
	struct reader r = reader_of(value);
	*line = (struct past){ .seq = seq };
	struct slice hash = reader_string(&r), name = reader_string(&r);
	snprintf(line->hash, sizeof(line->hash), "%.*s", SLICE_ARG(hash));
	snprintf(line->name, sizeof(line->name), "%.*s", SLICE_ARG(name));
	line->time_ms = reader_zigzag(&r);
	past_about_decode(line, &r);
	return !r.bad;
}

static bool same_pack(const struct past *a, const struct past *b)
{
	return strcmp(a->hash, b->hash) == 0;
}

static const struct past *previous(const struct pasts *p)
{
	const struct past *now = p->count ? &p->items[p->count - 1] : NULL;
	for (size_t i = p->count; now && i-- > 0;)
		if (!same_pack(&p->items[i], now))
			return &p->items[i];
	error_set(ERR_MISSING, NULL, "no other pack was active before: there is nothing to go back to");
	return NULL;
}

static const struct past *by_hash(const struct pasts *p, const char *to)
{
	const struct past *found = NULL;
	size_t len = strlen(to);
	for (size_t i = p->count; len >= HASH_PREFIX_MIN && i-- > 0;) {
		const struct past *line = &p->items[i];
		if (strncmp(line->hash, to, len) != 0)
			continue;
		if (found && !same_pack(found, line)) {
			error_set(ERR_INVALID, "to", "%s begins the hash of both %.12s and %.12s: name more of it", to,
				  found->hash, line->hash);
			return NULL;
		}
		if (!found)
			found = line;
	}
	if (!found)
		error_set(ERR_MISSING, "to",
			  "no activation has the sequence %s, or a hash that begins so (at least %u digits); `nudgectl "
			  "rules history` lists them",
			  to, HASH_PREFIX_MIN);
	return found;
}

const struct past *pasts_find(const struct pasts *p, const char *to)
{
	if (!*to)
		return previous(p);
	char *end;
	unsigned long long seq = strtoull(to, &end, 10);
	for (size_t i = 0; isdigit((unsigned char)*to) && !*end && i < p->count; i++)
		if (p->items[i].seq == seq)
			return &p->items[i];
	return by_hash(p, to);
}

bool pasts_undone(const struct pasts *p, size_t at)
{
	return at + 1 < p->count && p->items[at + 1].origin == PAST_ROLLBACK && !same_pack(&p->items[at], &p->items[at + 1]);
}

/* Whether the same pack comes again, later in the list. */
static bool comes_again(const struct pasts *p, size_t at)
{
	for (size_t i = at + 1; i < p->count; i++)
		if (same_pack(&p->items[i], &p->items[at]))
			return true;
	return false;
}

void pasts_kept(struct pasts *p, struct slice hash)
{
	for (size_t i = 0; i < p->count; i++)
		if (hash.len >= 32 && memcmp(p->items[i].hash, hash.data, 32) == 0)
			p->items[i].pruned = false;
}

static int drop(struct store_write *w, const char *what, const char *name)
{
	struct bytes key = { 0 };
	bytes_printf(&key, "%s:%s", what, name);
	int result = store_delete(w, STORE_META, bytes_slice(&key));
	bytes_finish(&key);
	return result;
}

static int drop_pack(struct store_write *w, struct past *line)
{
	int result = drop(w, "bundle", line->hash);
	return result == ERR_OK ? drop(w, "tests", line->hash) : result;
}

static int drop_warm(struct store_write *w, const struct past *line)
{
	char name[24];
	snprintf(name, sizeof(name), "%020llu", (unsigned long long)line->seq);
	return drop(w, "warm", name);
}

int pasts_prune(struct pasts *p, struct store_write *w, uint64_t needed_from)
{
	unsigned kept = 0;
	bool needed = true; /* the one that was active at needed_from is the last that is */
	int result = ERR_OK;
	for (size_t i = p->count; result == ERR_OK && i-- > 0;) {
		struct past *line = &p->items[i];
		bool last = !line->pruned && !comes_again(p, i), was_needed = needed;
		needed = needed && line->seq > needed_from;
		kept += last;
		if (was_needed || line->pruned)
			continue;
		result = drop_warm(w, line);
		if (result == ERR_OK && last && kept > LIMIT_PACKS_KEPT)
			result = drop_pack(w, line);
		line->pruned = !last || kept > LIMIT_PACKS_KEPT;
	}
	return result;
}
