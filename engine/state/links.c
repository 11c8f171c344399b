/* state/links.c: aliases of a customer, or owners of an alias, sorted by id, member and beginning. A link holds in
 * [from, to). Links that ended stay, since an old event may still ask for them; full, the one that ended longest ago
 * gives way, and one that still holds never does. */
#include "base/error.h"
#include "base/limits.h"
#include "state/inside.h"

void link_drop(struct link *l, struct strpool *pool)
{
	strpool_drop(pool, l->id);
	strpool_drop(pool, l->member);
}

int link_order(const struct link *l, struct slice id, struct slice member, int64_t from_ms)
{
	int order = slice_compare(str_slice(l->id), id);
	if (order == 0)
		order = slice_compare(str_slice(l->member), member);
	return order ? order : (l->from_ms > from_ms) - (l->from_ms < from_ms);
}

static bool evict_ended(struct record *r, struct strpool *pool)
{
	unsigned oldest = r->rare->link_count;
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		if (r->rare->links[i].to_ms != 0 && (oldest == r->rare->link_count || r->rare->links[i].to_ms < r->rare->links[oldest].to_ms))
			oldest = i;
	}
	if (oldest == r->rare->link_count)
		return false;
	link_drop(&r->rare->links[oldest], pool);
	ARRAY_REMOVE(r->rare->links, r->rare->link_count, oldest);
	return true;
}

static unsigned place_of(const struct record *r, struct slice id, struct slice member, int64_t from_ms)
{
	unsigned at = 0;
	while (at < r->rare->link_count && link_order(&r->rare->links[at], id, member, from_ms) < 0)
		at++;
	return at;
}

int links_place(struct record *r, struct strpool *pool, struct slice id, struct slice member, int64_t from_ms,
		int64_t to_ms)
{
	unsigned at = place_of(r, id, member, from_ms);
	r->renamed = true;
	if (at < r->rare->link_count && link_order(&r->rare->links[at], id, member, from_ms) == 0) {
		struct link *same = &r->rare->links[at];
		same->to_ms = same->to_ms == 0 || to_ms == 0 ? 0 : same->to_ms > to_ms ? same->to_ms : to_ms;
		return ERR_OK;
	}
	if (r->rare->link_count >= LIMIT_LINKS && !evict_ended(r, pool))
		return error_set(ERR_LIMIT, NULL, "too many aliases or owners; limit_links is %u", LIMIT_LINKS);
	at = place_of(r, id, member, from_ms);
	struct rare *own = record_rare(r);
	ARRAY_INSERT(own->links, own->link_count, own->link_cap, at, LIMIT_LINKS);
	r->rare->links[at] = (struct link){
		.id = text_take(pool, id), .member = text_opt(pool, member), .from_ms = from_ms, .to_ms = to_ms,
	};
	return ERR_OK;
}

static bool same_name(const struct link *l, struct slice id, struct slice member)
{
	return slice_equal(str_slice(l->id), id) && slice_equal(str_slice(l->member), member);
}

int links_add(struct record *r, struct strpool *pool, struct slice id, struct slice member, int64_t from_ms)
{
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		struct link *l = &r->rare->links[i];
		if (!same_name(l, id, member))
			continue;
		if (l->from_ms <= from_ms && (l->to_ms == 0 || from_ms < l->to_ms))
			return ERR_OK; /* holds already */
		if (l->to_ms == 0) { /* an earlier beginning, heard of late */
			link_drop(l, pool);
			ARRAY_REMOVE(r->rare->links, r->rare->link_count, i);
			break;
		}
	}
	return links_place(r, pool, id, member, from_ms, 0);
}

void links_end(struct record *r, struct slice id, int64_t to_ms)
{
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		struct link *l = &r->rare->links[i];
		if (l->to_ms != 0 || l->from_ms > to_ms || !slice_equal(str_slice(l->id), id))
			continue;
		l->to_ms = to_ms > 0 ? to_ms : 1; /* 0 would mean: still */
		r->renamed = true;
	}
}

bool links_forget(struct record *r, struct strpool *pool, struct slice id)
{
	bool any = false;
	for (unsigned i = r->rare->link_count; i-- > 0;) {
		if (!slice_equal(str_slice(r->rare->links[i].id), id))
			continue;
		link_drop(&r->rare->links[i], pool);
		ARRAY_REMOVE(r->rare->links, r->rare->link_count, i);
		any = true;
	}
	r->renamed |= any;
	return any;
}

const struct link *links_at(const struct record *r, int64_t time_ms, unsigned *count)
{
	const struct link *newest = NULL, *before = NULL;
	*count = 0;
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		const struct link *l = &r->rare->links[i];
		if (l->from_ms > time_ms || (l->to_ms != 0 && time_ms >= l->to_ms))
			continue;
		if (!before || !slice_equal(str_slice(before->id), str_slice(l->id)))
			++*count; /* sorted by id: one owner's links lie side by side */
		before = l;
		if (!newest || l->from_ms >= newest->from_ms)
			newest = l;
	}
	return newest;
}
