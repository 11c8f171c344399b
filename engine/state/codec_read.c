/* state/codec_read.c: bytes to a record (codec_write.c has the layout). Bytes come from our own disk, but a disk may
 * lie and an effect may come from a newer build, so nothing is believed: counts against base/limits.h, kinds against
 * their enums, sets must be in order, numbers not padded. What is accepted encodes to the same bytes again.
 *
 * Readers return false, or leave the reader bad, where something is wrong; what was read so far is in the record,
 * whole, and goes with it. */
#include "base/error.h"
#include "base/limits.h"
#include "state/codec.h"
#include "state/inside.h"
#include "state/ledger.h"

uint64_t codec_long_varint(struct reader *r)
{
	uint64_t v = 0;
	const char *at = r->at;
	for (unsigned shift = 0; shift < 64 && at != r->end; shift += 7) {
		uint8_t byte = (uint8_t)*at++;
		v |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if ((shift == 63 && byte > 1) || (shift && byte == 0))
			break; /* a tenth byte has room for one bit; padding */
		r->at = at;
		return v;
	}
	r->bad = true;
	r->at = r->end;
	return 0;
}

struct decoder {
	struct reader in;
	struct strpool *pool;
	struct record *r;
};

static struct slice get_slice(struct decoder *d, size_t max)
{
	uint64_t len = codec_varint(&d->in);
	if (d->in.bad || len > max || len > reader_left(&d->in)) {
		d->in.bad = true;
		return (struct slice){ "", 0 };
	}
	return reader_take(&d->in, (size_t)len);
}

static struct str *get_text(struct decoder *d)
{
	return text_opt(d->pool, get_slice(d, LIMIT_ATTRIBUTE_TEXT_BYTES));
}

/* 0 and the reader is bad where there are more than `limit`; each item takes a byte at least. */
static unsigned get_count(struct decoder *d, unsigned limit)
{
	uint64_t count = codec_varint(&d->in);
	if (d->in.bad || count > limit || count > reader_left(&d->in)) {
		d->in.bad = true;
		return 0;
	}
	return (unsigned)count;
}

static uint8_t get_below(struct decoder *d, unsigned end)
{
	uint8_t v = reader_u8(&d->in);
	if (v >= end)
		d->in.bad = true;
	return v;
}

static uint8_t get_member(struct decoder *d)
{
	return get_below(d, d->r->member_count + 1u);
}

/* Kept in fewer bits than it takes on disk. */
static int64_t get_time(struct decoder *d)
{
	int64_t time_ms = codec_zigzag(&d->in);
	if (time_ms > LIMIT_TIME_MAX_MS || time_ms < -LIMIT_TIME_MAX_MS)
		d->in.bad = true;
	return time_ms;
}

/* Of a row of times that lie close together: the distance to the one before. */
static int64_t get_time_after(struct decoder *d, int64_t before_ms)
{
	int64_t time_ms;
	if (__builtin_add_overflow(before_ms, codec_zigzag(&d->in), &time_ms) || time_ms > LIMIT_TIME_MAX_MS ||
	    time_ms < -LIMIT_TIME_MAX_MS) {
		d->in.bad = true;
		return 0;
	}
	return time_ms;
}

/* The name must not be empty: it is what attributes are sorted by. On failure there is nothing to drop. */
static bool get_attr(struct decoder *d, struct attr *a)
{
	*a = (struct attr){ 0 };
	struct slice name = get_slice(d, LIMIT_ATTRIBUTE_NAME_BYTES);
	a->kind = get_below(d, VALUE_STRING + 1);
	if (d->in.bad || a->kind == VALUE_UNKNOWN)
		return false;
	struct slice text = { "", 0 };
	if (a->kind == VALUE_BOOL)
		a->boolean = get_below(d, 2) != 0;
	else if (a->kind == VALUE_NUMBER)
		a->number = reader_f64(&d->in);
	else
		text = get_slice(d, LIMIT_ATTRIBUTE_TEXT_BYTES);
	if (d->in.bad)
		return false;
	a->name = text_take(d->pool, name);
	if (a->kind == VALUE_STRING)
		a->string = text_take(d->pool, text);
	return true;
}

static bool get_attrs(struct decoder *d, uint8_t member)
{
	unsigned count = get_count(d, LIMIT_RECORD_ATTRIBUTES);
	for (unsigned i = 0; i < count; i++) {
		struct attr a;
		if (!get_attr(d, &a))
			return false;
		a.time_ms = get_time(d);
		*attr_insert(d->r, member, i) = a;
		const struct attr *items = record_attrs(d->r, member).items;
		if (i > 0 && slice_compare(str_slice(items[i - 1].name), str_slice(a.name)) >= 0)
			return false;
	}
	return !d->in.bad;
}

static bool get_members(struct decoder *d)
{
	unsigned count = get_count(d, LIMIT_MEMBERS);
	for (unsigned i = 1; i <= count; i++) {
		struct slice id = get_slice(d, LIMIT_ATTRIBUTE_TEXT_BYTES);
		int64_t joined_ms = get_time(d), left_ms = codec_zigzag(&d->in);
		if (d->in.bad || id.len == 0 || record_member(d->r, d->pool, id, true, joined_ms) != (int)i)
			return false;
		member_set_left(d->r, (uint8_t)i, left_ms);
		if (!get_attrs(d, (uint8_t)i))
			return false;
	}
	return !d->in.bad;
}

static bool get_windows(struct decoder *d)
{
	struct record *r = d->r;
	unsigned count = get_count(d, LIMIT_WINDOWS);
	for (unsigned i = 0; i < count; i++) {
		uint32_t series = reader_u32(&d->in);
		uint8_t member = get_member(d);
		struct slice key = get_slice(d, LIMIT_KEY_BYTES);
		struct window_spec spec;
		bool joined;
		if (d->in.bad || (i > 0 && window_order(&record_windows(r)[i - 1], series, member, key) >= 0) ||
		    !window_read_shape(&d->in, &spec, &joined))
			return false;
		struct window *w = window_insert(r, i, window_of_take(d->pool, series, member, key, &spec));
		if (!window_read_cells(&d->in, w, joined))
			return false;
	}
	return !d->in.bad;
}

static bool get_timeline(struct decoder *d)
{
	struct record *r = d->r;
	unsigned count = get_count(d, LIMIT_TIMELINE);
	int64_t before_ms = 0;
	for (unsigned i = 0; i < count; i++) {
		struct happening said;
		int64_t time_ms = get_time_after(d, before_ms);
		uint8_t member = get_member(d);
		struct slice what = get_slice(d, LIMIT_HAPPENING_BYTES);
		if (d->in.bad || !moment_parse(what, &said) || (i > 0 && time_ms < before_ms))
			return false;
		struct moment m = { time_ms, member, strpool_take(d->pool, what) };
		timeline_place(r, d->pool, &m, LIMIT_TIMELINE);
		before_ms = time_ms;
	}
	return !d->in.bad;
}

static bool get_cases(struct decoder *d)
{
	struct record *r = d->r;
	unsigned count = get_count(d, LIMIT_CASES);
	struct rare *rare = count ? record_rare(r) : r->rare;
	for (unsigned i = 0; i < count; i++) {
		ARRAY_INSERT(rare->cases, rare->case_count, rare->case_cap, i, LIMIT_CASES);
		struct open_case *c = &rare->cases[i];
		*c = (struct open_case){ .decl = reader_u32(&d->in) };
		c->member = get_member(d);
		c->state = get_below(d, CASE_CLOSED + 1);
		c->missed = get_below(d, 2) != 0;
		c->key = get_text(d);
		c->agent = get_text(d);
		c->opened_ms = codec_zigzag(&d->in);
		c->due_ms = codec_zigzag(&d->in);
		c->closed_ms = codec_zigzag(&d->in);
		if (d->in.bad || (i > 0 && c->opened_ms < rare->cases[i - 1].opened_ms))
			return false;
	}
	return !d->in.bad;
}

static bool get_alerts(struct decoder *d)
{
	struct record *r = d->r;
	unsigned count = get_count(d, LIMIT_ALERTS);
	struct rare *rare = count ? record_rare(r) : r->rare;
	for (unsigned i = 0; i < count; i++) {
		ARRAY_INSERT(rare->alerts, rare->alert_count, rare->alert_cap, i, LIMIT_ALERTS);
		struct alert *a = &rare->alerts[i];
		*a = (struct alert){ .seq = codec_varint(&d->in) };
		uint64_t index = codec_varint(&d->in);
		a->index = (uint32_t)index;
		a->member = get_member(d);
		a->state = get_below(d, ALERT_CLOSED + 1);
		a->historical = get_below(d, 2) != 0;
		a->rule = get_text(d);
		a->severity = get_text(d);
		a->to = get_text(d);
		struct slice text = get_slice(d, LIMIT_WORDS_BYTES);
		a->text = must_strndup(text.data, text.len);
		a->time_ms = codec_zigzag(&d->in);
		a->expires_ms = codec_zigzag(&d->in);
		if (d->in.bad || index > UINT32_MAX || strlen(a->text) != text.len)
			return false;
	}
	return !d->in.bad;
}

static bool get_outcome_more(struct decoder *d, struct outcome *o)
{
	uint8_t flags = get_below(d, MORE_END);
	if (d->in.bad || !flags)
		return false;
	o->more = must_calloc(1, sizeof(*o->more));
	if (flags & MORE_REASON)
		o->more->reason = get_text(d);
	if (flags & MORE_TERMS)
		o->more->terms = get_text(d);
	if (flags & MORE_REVENUE)
		o->more->revenue = codec_zigzag(&d->in);
	if (flags & MORE_COST)
		o->more->cost = codec_zigzag(&d->in);
	if (flags & MORE_UNTIL)
		o->more->until_ms = get_time(d);
	return !d->in.bad && !(flags & MORE_REASON) == !o->more->reason && !(flags & MORE_TERMS) == !o->more->terms &&
	       !(flags & MORE_REVENUE) == !o->more->revenue && !(flags & MORE_COST) == !o->more->cost &&
	       !(flags & MORE_UNTIL) == !o->more->until_ms;
}

static bool get_outcomes(struct decoder *d)
{
	struct record *r = d->r;
	unsigned count = get_count(d, LIMIT_OUTCOMES);
	struct rare *rare = count ? record_rare(r) : r->rare;
	for (unsigned i = 0; i < count; i++) {
		ARRAY_INSERT(rare->outcomes, rare->outcome_count, rare->outcome_cap, i, LIMIT_OUTCOMES);
		struct outcome *o = &rare->outcomes[i];
		*o = (struct outcome){ .decision_boot = codec_varint(&d->in) };
		o->decision_count = codec_varint(&d->in);
		o->action = get_text(d);
		o->channel = get_text(d);
		o->agent = get_text(d);
		uint8_t kind = reader_u8(&d->in);
		o->kind = kind & (uint8_t)~OUTCOME_HAS_MORE;
		o->member = get_member(d);
		o->time_ms = codec_zigzag(&d->in);
		if (o->kind > OUTCOME_LAST || (kind & OUTCOME_HAS_MORE && !get_outcome_more(d, o)))
			return false;
		if (d->in.bad || o->kind < OUTCOME_SHOWN || (i > 0 && o->time_ms < rare->outcomes[i - 1].time_ms))
			return false;
	}
	return !d->in.bad;
}

static bool get_timers(struct decoder *d)
{
	struct record *r = d->r;
	unsigned count = get_count(d, LIMIT_TIMERS);
	for (unsigned i = 0; i < count; i++) {
		int64_t due_ms = codec_zigzag(&d->in), fire_ms = codec_zigzag(&d->in);
		uint32_t decl = reader_u32(&d->in);
		uint8_t member = get_member(d);
		struct slice key = get_slice(d, LIMIT_ATTRIBUTE_TEXT_BYTES);
		if (d->in.bad || (i > 0 && timer_order(&r->rare->timers[i - 1], due_ms, decl, member, key) >= 0) ||
		    timers_add(r, d->pool, due_ms, fire_ms, decl, member, key) != ERR_OK)
			return false;
	}
	return !d->in.bad;
}

static bool get_marks(struct decoder *d)
{
	struct record *r = d->r;
	unsigned count = get_count(d, LIMIT_MARKS);
	for (unsigned i = 0; i < count; i++) {
		uint32_t rule = reader_u32(&d->in);
		uint8_t member = get_member(d);
		int64_t time_ms = codec_zigzag(&d->in);
		if (d->in.bad || (i > 0 && mark_order(&r->rare->marks[i - 1], rule, member) >= 0))
			return false;
		marks_set(r, rule, member, time_ms);
	}
	return !d->in.bad;
}

static bool get_links(struct decoder *d)
{
	struct record *r = d->r;
	unsigned count = get_count(d, LIMIT_LINKS);
	for (unsigned i = 0; i < count; i++) {
		struct slice id = get_slice(d, LIMIT_ATTRIBUTE_TEXT_BYTES);
		struct slice member = get_slice(d, LIMIT_ATTRIBUTE_TEXT_BYTES);
		int64_t from_ms = codec_zigzag(&d->in), to_ms = codec_zigzag(&d->in);
		if (d->in.bad || (i > 0 && link_order(&r->rare->links[i - 1], id, member, from_ms) >= 0) ||
		    links_place(r, d->pool, id, member, from_ms, to_ms) != ERR_OK)
			return false;
	}
	return !d->in.bad;
}

static bool get_seen(struct decoder *d)
{
	int64_t before_ms = 0;
	d->r->seen_floor_ms = codec_zigzag(&d->in);
	unsigned count = get_count(d, SEEN_IDS_MAX);
	for (unsigned i = 0; i < count; i++) {
		struct seen_id id = { .id = reader_u64(&d->in), .content = reader_u32(&d->in) };
		id.time_ms = before_ms = get_time_after(d, before_ms);
		if (d->in.bad)
			return false;
		seen_push(d->r, id);
	}
	return !d->in.bad;
}

/* What the record's kind has beside the common parts. */
static bool get_rest(struct decoder *d)
{
	if (reader_left(&d->in) == 0)
		return true;
	struct rare *rare = record_rare(d->r);
	bool whole = true;
	if (d->r->subject.kind == SUBJECT_MODEL)
		whole = (rare->model = model_decode(&d->in, d->pool)) != NULL;
	else if (d->r->subject.kind == SUBJECT_LEDGER)
		whole = (rare->ledger = ledger_decode(&d->in, d->pool)) != NULL;
	else
		whole = items_decode(d->r, &d->in, d->pool) && rare->item_count > 0;
	return whole && reader_left(&d->in) == 0;
}

static bool get_body(struct decoder *d)
{
	struct record *r = d->r;
	body_reserve(r, reader_left(&d->in)); /* on disk it takes about what it takes in memory */
	r->newest_ms = codec_zigzag(&d->in);
	uint64_t late = codec_varint(&d->in);
	if (late)
		record_rare(r)->late = late;
	struct str *redirect = get_text(d);
	if (redirect)
		record_rare(r)->redirect = redirect;
	return !d->in.bad && get_attrs(d, 0) && get_members(d) && get_windows(d) && get_timeline(d) &&
	       get_cases(d) && get_alerts(d) && get_outcomes(d) && get_timers(d) && get_marks(d) && get_links(d) &&
	       get_seen(d) && get_rest(d);
}

static int corrupt(void)
{
	return error_set(ERR_CORRUPT, NULL, "a record's bytes are broken");
}

int record_decode(struct record **out, struct strpool *pool, struct slice in)
{
	struct decoder d = { .in = reader_of(in), .pool = pool };
	*out = NULL;
	uint64_t seq = reader_u64(&d.in), version = reader_u64(&d.in);
	if (d.in.bad)
		return corrupt();
	if (version != RECORD_VERSION)
		return error_set(ERR_VERSION, NULL, "a record has format version %llu; this build reads %u",
				 (unsigned long long)version, RECORD_VERSION);
	uint8_t kind = get_below(&d, SUBJECT_LEDGER + 1);
	struct slice id = get_slice(&d, kind == SUBJECT_ALIAS ? LIMIT_ALIAS_BYTES : LIMIT_ID_BYTES);
	if (d.in.bad || kind == SUBJECT_NONE || id.len == 0)
		return corrupt();
	struct subject subject = subject_of(kind, id);
	d.r = record_create(&subject);
	d.r->seq = seq;
	bool whole = get_body(&d);
	body_trim(d.r);
	if (!whole) {
		record_destroy(d.r, pool);
		return corrupt();
	}
	d.r->renamed = false;
	*out = d.r;
	return ERR_OK;
}

bool record_peek_newest(struct slice in, int64_t *newest_ms)
{
	struct decoder d = { .in = reader_of(in) };
	(void)reader_u64(&d.in);
	if (reader_u64(&d.in) != RECORD_VERSION)
		return false;
	(void)reader_u8(&d.in);
	(void)get_slice(&d, LIMIT_ALIAS_BYTES);
	*newest_ms = codec_zigzag(&d.in);
	return !d.in.bad;
}
