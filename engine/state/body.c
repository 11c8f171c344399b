/* state/body.c: the block with what most records have, part behind part:
 *
 *     attributes | members | windows | timeline | ids of events seen
 *
 * Few in number and small, so that making room is moving some hundred bytes, which costs less than the cache misses and
 * the slack of a block each. The parts' counts say where they begin; who inserts counts afterwards. */
#include "base/limits.h"
#include "state/inside.h"

#define BODY_MOST \
	(LIMIT_RECORD_ATTRIBUTES * sizeof(struct attr) + LIMIT_MEMBERS * sizeof(struct member) + \
	 LIMIT_WINDOWS * sizeof(struct window) + LIMIT_TIMELINE * sizeof(struct moment) + \
	 SEEN_IDS_MAX * (2 * sizeof(uint64_t) + sizeof(uint32_t)))
#define SLACK(used) ((used) / 8u + 8u)
_Static_assert(BODY_MOST + SLACK(BODY_MOST) + 32 <= UINT16_MAX, "sizes in a body take 16 bits");

size_t body_used(const struct record *r)
{
	return (size_t)((const char *)(record_timeline(r) + r->timeline_count) - r->body) + seen_bytes(r);
}

static void resize(struct record *r, size_t size)
{
	size = malloc_fit(size);
	r->body = must_realloc(r->body, size);
	r->body_cap = (uint16_t)size;
}

void body_reserve(struct record *r, size_t size)
{
	if (size > BODY_MOST)
		size = BODY_MOST;
	if (size > r->body_cap)
		resize(r, size);
}

void *body_insert(struct record *r, const void *before, size_t size)
{
	size_t used = body_used(r), at = r->body ? (size_t)((const char *)before - r->body) : 0;
	if (used + size > r->body_cap)
		resize(r, used + size + SLACK(used));
	char *gap = r->body + at;
	memmove(gap + size, gap, used - at);
	return gap;
}

void body_remove(struct record *r, const void *from, size_t size)
{
	size_t used = body_used(r), at = (size_t)((const char *)from - r->body);
	memmove(r->body + at, r->body + at + size, used - at - size);
	if (r->body_cap > 2 * used)
		resize(r, used);
}

void body_trim(struct record *r)
{
	size_t used = body_used(r);
	if (r->body_cap > 2 * used)
		resize(r, used);
}
