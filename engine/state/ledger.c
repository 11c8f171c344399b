/* state/ledger.c: see ledger.h. */
#include "state/ledger.h"

#include "base/limits.h"
#include "state/codec.h"
#include "state/inside.h"

const struct ledger *record_ledger(const struct record *r)
{
	return r ? r->rare->ledger : NULL;
}

void ledger_destroy(struct ledger *l, struct strpool *pool)
{
	if (!l)
		return;
	for (uint32_t i = 0; i < l->cell_count; i++) {
		strpool_drop(pool, l->cells[i].key);
		free(l->cells[i].sums);
	}
	free(l->cells);
	free(l);
}

size_t ledger_bytes(const struct ledger *l)
{
	size_t bytes = l ? sizeof(*l) + l->cell_cap * sizeof(*l->cells) : 0;
	for (uint32_t i = 0; l && i < l->cell_count; i++)
		bytes += l->cells[i].cap * sizeof(struct ledger_sum) + sizeof(struct str) + l->cells[i].key->len;
	return bytes;
}

/* Where the key is, or would be. */
static uint32_t place_of(const struct ledger *l, struct slice key, bool *found)
{
	uint32_t low = 0, high = l->cell_count;
	*found = false;
	while (low < high) {
		uint32_t at = low + (high - low) / 2;
		int order = slice_compare(str_slice(l->cells[at].key), key);
		if (order == 0) {
			*found = true;
			return at;
		}
		if (order < 0)
			low = at + 1;
		else
			high = at;
	}
	return low;
}

static struct ledger_cell *cell_insert(struct ledger *l, struct strpool *pool, uint32_t at, struct slice key)
{
	if (l->cell_count == l->cell_cap) {
		l->cell_cap += l->cell_cap / 2 + 4;
		l->cells = must_realloc(l->cells, l->cell_cap * sizeof(*l->cells));
	}
	memmove(&l->cells[at + 1], &l->cells[at], (l->cell_count - at) * sizeof(*l->cells));
	l->cell_count++;
	l->cells[at] = (struct ledger_cell){ .key = strpool_take(pool, key) };
	return &l->cells[at];
}

static void cell_remove(struct ledger *l, struct strpool *pool, uint32_t at)
{
	strpool_drop(pool, l->cells[at].key);
	free(l->cells[at].sums);
	l->cell_count--;
	memmove(&l->cells[at], &l->cells[at + 1], (l->cell_count - at) * sizeof(*l->cells));
}

static void cell_add(struct ledger_cell *c, unsigned measure, int64_t amount)
{
	unsigned at = 0;
	while (at < c->count && c->sums[at].measure < measure)
		at++;
	if (at == c->count || c->sums[at].measure != measure) {
		if (c->count == c->cap) {
			c->cap = (uint8_t)(c->cap + c->cap / 2 + 2);
			c->sums = must_realloc(c->sums, c->cap * sizeof(*c->sums));
		}
		memmove(&c->sums[at + 1], &c->sums[at], (c->count - at) * sizeof(*c->sums));
		c->sums[at] = (struct ledger_sum){ (uint8_t)measure, 0 };
		c->count++;
	}
	c->sums[at].amount = ledger_plus(c->sums[at].amount, amount);
	if (c->sums[at].amount == 0) {
		c->count--;
		memmove(&c->sums[at], &c->sums[at + 1], (c->count - at) * sizeof(*c->sums));
	}
}

void ledger_add(struct record *r, struct strpool *pool, struct slice key, const struct ledger_sum *sums, unsigned count)
{
	struct rare *rare = record_rare(r);
	bool found;
	if (!rare->ledger)
		rare->ledger = must_calloc(1, sizeof(*rare->ledger));
	struct ledger *l = rare->ledger;
	uint32_t at = place_of(l, key, &found);
	if (!found && l->cell_count >= LIMIT_LEDGER_CELLS) {
		key = SLICE("…");
		at = place_of(l, key, &found);
	}
	struct ledger_cell *c = found ? &l->cells[at] : cell_insert(l, pool, at, key);
	for (unsigned i = 0; i < count; i++)
		cell_add(c, sums[i].measure, sums[i].amount);
	if (!c->count)
		cell_remove(l, pool, at);
	if (!l->cell_count) {
		ledger_destroy(l, pool);
		rare->ledger = NULL;
	}
}

void ledger_key_parse(struct slice key, struct slice *dims, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const char *end = key.len ? memchr(key.data, LEDGER_BETWEEN, key.len) : NULL;
		dims[i] = (struct slice){ key.data, end ? (size_t)(end - key.data) : key.len };
		size_t used = dims[i].len + (end != NULL);
		key = (struct slice){ key.data + used, key.len - used };
	}
}

int64_t ledger_sum_of(const struct ledger_cell *c, unsigned measure)
{
	for (unsigned i = 0; i < c->count; i++)
		if (c->sums[i].measure == measure)
			return c->sums[i].amount;
	return 0;
}

void ledger_encode(const struct ledger *l, struct bytes *out)
{
	bytes_put_varint(out, l->cell_count);
	for (uint32_t i = 0; i < l->cell_count; i++) {
		const struct ledger_cell *c = &l->cells[i];
		bytes_put_string(out, str_slice(c->key));
		bytes_put_u8(out, c->count);
		for (unsigned k = 0; k < c->count; k++) {
			bytes_put_u8(out, c->sums[k].measure);
			bytes_put_zigzag(out, c->sums[k].amount);
		}
	}
}

static bool take_cell(struct ledger *l, struct reader *in, struct strpool *pool)
{
	struct slice key = reader_string(in);
	unsigned count = reader_u8(in);
	bool sorted = !l->cell_count || slice_compare(str_slice(l->cells[l->cell_count - 1].key), key) < 0;
	if (in->bad || key.len > LIMIT_KEY_BYTES || count == 0 || count > LEDGER_MEASURES || !sorted)
		return false;
	struct ledger_cell *c = cell_insert(l, pool, l->cell_count, key);
	c->cap = (uint8_t)count;
	c->sums = must_calloc(count, sizeof(*c->sums));
	for (unsigned i = 0; i < count; i++) {
		c->sums[i] = (struct ledger_sum){ reader_u8(in), 0 };
		c->sums[i].amount = codec_zigzag(in);
		c->count++;
		if (in->bad || c->sums[i].measure >= LEDGER_MEASURES || c->sums[i].amount == 0 ||
		    (i > 0 && c->sums[i - 1].measure >= c->sums[i].measure))
			return false;
	}
	return true;
}

struct ledger *ledger_decode(struct reader *in, struct strpool *pool)
{
	struct ledger *l = must_calloc(1, sizeof(*l));
	uint64_t count = codec_varint(in);
	bool whole = !in->bad && count > 0 && count <= LIMIT_LEDGER_CELLS + 1;
	for (uint64_t i = 0; i < count && whole; i++)
		whole = take_cell(l, in, pool);
	if (whole)
		return l;
	ledger_destroy(l, pool);
	return NULL;
}
