/* state/member.c: members, numbered from 1 in order of appearance. A number stays for the record's life, since windows,
 * cases and the rest refer to it: a member who left keeps its place. */
#include "base/error.h"
#include "base/limits.h"
#include "state/inside.h"

int record_member(struct record *r, struct strpool *pool, struct slice id, bool add, int64_t time_ms)
{
	if (id.len == 0)
		return 0;
	const struct member *members = record_members(r);
	uint8_t tail = (uint8_t)id.data[id.len - 1];
	for (unsigned i = 0; i < r->member_count; i++) {
		if (members[i].tail == tail && slice_equal(str_slice(members[i].id), id))
			return (int)i + 1;
	}
	if (!add || r->member_count >= LIMIT_MEMBERS)
		return -1;
	struct str *own = text_take(pool, id);
	r->renamed = true;
	struct member *m = body_insert(r, members + r->member_count, sizeof(*m));
	*m = (struct member){ .id = own, .joined_ms = time_ms, .tail = (uint8_t)own->data[own->len - 1] };
	return ++r->member_count;
}

void member_drop(struct member *m, struct strpool *pool)
{
	strpool_drop(pool, m->id);
}

static const struct member *member_at(const struct record *r, uint8_t member)
{
	CHECK(member >= 1 && member <= r->member_count);
	return &record_members(r)[member - 1];
}

struct slice record_member_id(const struct record *r, uint8_t member)
{
	return str_slice(member_at(r, member)->id);
}

int64_t record_member_left_ms(const struct record *r, uint8_t member)
{
	unsigned more = member_at(r, member)->more;
	return more ? r->rare->more[more - 1].left_ms : 0;
}

struct member_more *member_more(struct record *r, uint8_t member)
{
	struct member *m = (struct member *)member_at(r, member);
	struct rare *own = record_rare(r);
	if (!m->more) {
		ARRAY_INSERT(own->more, own->more_count, own->more_cap, own->more_count, LIMIT_MEMBERS);
		m->more = own->more_count;
		own->more[m->more - 1] = (struct member_more){ 0 };
	}
	return &own->more[m->more - 1];
}

void member_set_left(struct record *r, uint8_t member, int64_t left_ms)
{
	if (left_ms == record_member_left_ms(r, member))
		return;
	member_more(r, member)->left_ms = left_ms;
	r->renamed = true;
}

void record_member_left(struct record *r, uint8_t member, int64_t time_ms)
{
	if (time_ms > record_member_left_ms(r, member))
		member_set_left(r, member, time_ms);
}

void record_member_joined(struct record *r, uint8_t member, int64_t time_ms)
{
	struct member *m = (struct member *)member_at(r, member);
	int64_t left_ms = record_member_left_ms(r, member);
	if (left_ms == 0 || time_ms < left_ms) {
		if (m->joined_ms == 0 || time_ms < m->joined_ms)
			m->joined_ms = time_ms;
		return;
	}
	m->joined_ms = time_ms;
	member_set_left(r, member, 0);
}
