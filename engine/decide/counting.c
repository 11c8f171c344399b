/* decide/counting.c: see counting.h. An effect's body: for each cell its key, how many sums, and of each the measure (one
 * byte) and the amount (zigzag). Cells lie in the order in which they were first counted. */
#include "decide/counting.h"

#include "base/check.h"

#include <math.h>

struct counted_cell {
	struct counted_cell *next;
	struct slice key;
	unsigned count;
	struct ledger_sum sums[LEDGER_MEASURES];
};

/* What goes to one record. */
struct counted {
	struct counted *next;
	enum ledger_id ledger;
	int32_t day;
	struct subject subject;
	struct counted_cell *cells, **last;
};

int64_t in_millionths(double value)
{
	return isfinite(value) ? (int64_t)round(fmin(fmax(value, -1e9), 1e9) * 1e6) : 0;
}

static struct counted *counted_of(struct applying *a, enum ledger_id ledger, int64_t time_ms)
{
	struct counted **at = &a->counted;
	int32_t day = ledgers[ledger].stock ? 0 : (int32_t)zone_day_number(a->m->pack->zone, time_ms);
	for (; *at; at = &(*at)->next)
		if ((*at)->ledger == ledger && (*at)->day == day)
			return *at;
	*at = arena_calloc(&a->m->arena, 1, sizeof(**at));
	(*at)->ledger = ledger;
	(*at)->day = day;
	(*at)->subject = ledger_subject(ledger, day);
	(*at)->last = &(*at)->cells;
	return *at;
}

static size_t cut_to(struct slice text, size_t room)
{
	if (text.len <= room)
		return text.len;
	while (room > 0 && ((unsigned char)text.data[room] & 0xc0) == 0x80)
		room--;
	return room;
}

/* Values are cut so that the whole fits, between characters; what lies between values cannot stand in one. */
static struct slice key_of(struct applying *a, const struct slice *dims, unsigned count)
{
	char *key = arena_alloc(&a->m->arena, LIMIT_KEY_BYTES);
	size_t len = 0, used = 0, all = count, room = LIMIT_KEY_BYTES;
	for (unsigned i = 0; i < count; i++)
		all += dims[i].len;
	if (all > LIMIT_KEY_BYTES)
		room = LIMIT_KEY_BYTES / count - 1;
	for (unsigned i = 0; i < count; i++) {
		size_t take = cut_to(dims[i], room);
		if (i)
			key[len++] = LEDGER_BETWEEN;
		for (size_t k = 0; k < take; k++)
			key[len++] = dims[i].data[k] == LEDGER_BETWEEN ? ' ' : dims[i].data[k];
		used = dims[i].len ? len : used;
	}
	return (struct slice){ key, used };
}

static struct counted_cell *cell_of(struct applying *a, struct counted *c, struct slice key)
{
	for (struct counted_cell *cell = c->cells; cell; cell = cell->next)
		if (slice_equal(cell->key, key))
			return cell;
	struct counted_cell *cell = arena_calloc(&a->m->arena, 1, sizeof(*cell));
	cell->key = key;
	*c->last = cell;
	c->last = &cell->next;
	return cell;
}

struct counted_cell *count_cell(struct applying *a, enum ledger_id ledger, int64_t time_ms, const struct slice *dims)
{
	unsigned dim_count = 0;
	CHECK(a->record->subject.kind != SUBJECT_LEDGER);
	while (dim_count < LEDGER_DIMS && ledgers[ledger].dims[dim_count])
		dim_count++;
	return cell_of(a, counted_of(a, ledger, time_ms), key_of(a, dims, dim_count));
}

void cell_add(struct counted_cell *cell, unsigned measure, int64_t amount)
{
	unsigned at = 0;
	CHECK(measure < LEDGER_MEASURES);
	if (!amount)
		return;
	while (at < cell->count && cell->sums[at].measure != measure)
		at++;
	if (at == cell->count)
		cell->sums[cell->count++].measure = (uint8_t)measure;
	cell->sums[at].amount = ledger_plus(cell->sums[at].amount, amount);
}

void count_add(struct applying *a, enum ledger_id ledger, int64_t time_ms, const struct slice *dims, unsigned measure,
	       int64_t amount)
{
	if (amount)
		cell_add(count_cell(a, ledger, time_ms, dims), measure, amount);
}

static bool cell_put(const struct counted_cell *cell, struct bytes *body)
{
	unsigned some = 0;
	for (unsigned i = 0; i < cell->count; i++)
		some += cell->sums[i].amount != 0;
	if (!some)
		return false;
	bytes_put_string(body, cell->key);
	bytes_put_u8(body, (uint8_t)some);
	for (unsigned i = 0; i < cell->count; i++) {
		if (!cell->sums[i].amount)
			continue;
		bytes_put_u8(body, cell->sums[i].measure);
		bytes_put_zigzag(body, cell->sums[i].amount);
	}
	return true;
}

void counting_finish(struct applying *a)
{
	struct bytes body = { 0 };
	for (const struct counted *c = a->counted; c; c = c->next) {
		bool any = false;
		bytes_clear(&body);
		for (const struct counted_cell *cell = c->cells; cell; cell = cell->next)
			any |= cell_put(cell, &body);
		if (any)
			(void)applying_effect(a, EFFECT_COUNT, &c->subject, bytes_slice(&body));
	}
	bytes_finish(&body);
	a->counted = NULL;
}

void machine_count(struct machine *m, struct record *ledger, struct slice body)
{
	struct reader r = reader_of(body);
	struct ledger_sum sums[LEDGER_MEASURES];
	while (!r.bad && reader_left(&r)) {
		struct slice key = reader_string(&r);
		unsigned count = reader_u8(&r);
		CHECK(count <= LEDGER_MEASURES); /* our own bytes */
		for (unsigned i = 0; i < count; i++) {
			sums[i].measure = reader_u8(&r);
			sums[i].amount = reader_zigzag(&r);
		}
		if (!r.bad)
			ledger_add(ledger, m->pool, key, sums, count);
	}
	CHECK(!r.bad);
}

void apply_count_effect(struct applying *a, struct slice body)
{
	machine_count(a->m, a->record, body);
}
