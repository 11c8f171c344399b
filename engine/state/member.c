/* state/member.c: members, numbered from 1 in order of appearance. A number stays for the record's life, since windows,
 * cases and the rest refer to it: a member who left keeps its place. */
#include "base/error.h"
#include "base/limits.h"
#include "state/inside.h"

int record_member(struct record *r, struct strpool *pool, struct slice id, bool add, int64_t time_ms)
{
	if (id.len == 0)
		return 0;
	for (unsigned i = 0; i < r->member_count; i++) {
		if (slice_equal(str_slice(r->members[i].id), id))
			return (int)i + 1;
	}
	if (!add || r->member_count >= LIMIT_MEMBERS)
		return -1;
	ARRAY_INSERT(r->members, r->member_count, r->member_cap, r->member_count, LIMIT_MEMBERS);
	r->members[r->member_count - 1] = (struct member){ .id = text_take(pool, id), .joined_ms = time_ms };
	return r->member_count;
}

void record_member_left(struct record *r, uint8_t member, int64_t time_ms)
{
	CHECK(member >= 1 && member <= r->member_count);
	struct member *m = &r->members[member - 1];
	if (time_ms > m->left_ms)
		m->left_ms = time_ms;
}

void record_member_joined(struct record *r, uint8_t member, int64_t time_ms)
{
	CHECK(member >= 1 && member <= r->member_count);
	struct member *m = &r->members[member - 1];
	if (m->left_ms == 0 || time_ms < m->left_ms) {
		if (m->joined_ms == 0 || time_ms < m->joined_ms)
			m->joined_ms = time_ms;
		return;
	}
	m->joined_ms = time_ms;
	m->left_ms = 0;
}

struct attrs *record_attrs(struct record *r, uint8_t member)
{
	CHECK(member <= r->member_count);
	return member == 0 ? &r->attrs : &r->members[member - 1].attrs;
}
