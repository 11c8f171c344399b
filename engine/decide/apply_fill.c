/* decide/apply_fill.c: series and cases that were declared late are filled from history. The body says which, and brings a
 * record of the subject with their windows:
 *
 *     flags u8 | series: varint n, n u32 | cases: varint n, n u32 | record_encode's
 *
 * No rule runs on it: nothing has happened. */
#include "decide/applying.h"

#include "base/check.h"
#include "base/error.h"

enum { FLAG_KEEP_OLDER = 1 };

static void put_ids(struct bytes *out, const struct id_list *list)
{
	bytes_put_varint(out, list->count);
	for (unsigned i = 0; i < list->count; i++)
		bytes_put_u32(out, list->ids[i]);
}

void machine_fill_body(const struct fill *fill, const struct record *only, struct bytes *out)
{
	bytes_put_u8(out, fill->keep_older ? FLAG_KEEP_OLDER : 0);
	put_ids(out, &fill->series);
	put_ids(out, &fill->cases);
	record_encode(only, out);
}

static struct id_list take_ids(struct reader *r, struct arena *arena)
{
	uint64_t count = reader_varint(r);
	CHECK(!r->bad && count <= reader_left(r));
	uint32_t *ids = arena_alloc(arena, (count + 1) * sizeof(ids[0]));
	for (uint64_t i = 0; i < count; i++)
		ids[i] = reader_u32(r);
	return (struct id_list){ ids, (unsigned)count };
}

void apply_fill_effect(struct applying *a, struct slice body)
{
	struct reader r = reader_of(body);
	struct record *from;
	struct fill fill = { .keep_older = reader_u8(&r) & FLAG_KEEP_OLDER };
	fill.series = take_ids(&r, &a->m->arena);
	fill.cases = take_ids(&r, &a->m->arena);
	CHECK(!r.bad && record_decode(&from, a->m->pool, reader_take(&r, reader_left(&r))) == ERR_OK);
	record_fill(a->record, a->m->pool, from, &fill);
	record_destroy(from, a->m->pool);
	eval_fresh(a->e);
}
