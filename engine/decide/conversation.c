/* decide/conversation.c: the conversation so far, in words: what happened lately, newest first, from the timeline.
 *
 *     a contact is one sentence; so is what belongs to none
 *
 *     contact.started  c1 -.
 *     callback.promised c1 -+-> "Called yesterday about a bill; was promised a call back."
 *     contact.ended    c1 -'
 *     bill.overdue         ---> "A bill went unpaid 3 days ago."
 *
 * The pack says in which words (tell "type"). Within a contact they stand in the order in which the pack declares them;
 * what is told `instead_of` another keeps that one out. What concerns another member of the household than the one who
 * asks is told only where the pack says so. */
#include "script/guidance.h"
#include "decide/sharing.h"
#include "decide/deciding.h"
#include "decide/text.h"

/* One thing to tell. */
struct clause {
	unsigned tell;          /* which: in order of declaration */
	struct slice text;
};

/* What is told of one contact, or of one event that belongs to none. */
struct topic_told {
	struct slice contact;
	int64_t time_ms;        /* of the newest */
	struct clause clauses[LIMIT_TOLD_CLAUSES];
	unsigned count;
};

static bool visible(const struct deciding *d, const struct said_decl *s, const struct moment *m)
{
	return s->household || !member_is_private(d, (uint8_t)m->member) || may_see(d->e, (uint8_t)m->member, str_slice(s->type));
}

static void happening_event(const struct deciding *d, const struct moment *m, const struct happening *h, struct event *out)
{
	const struct record *r = d->e->customer;
	*out = (struct event){ .customer = subject_id(&r->subject), .type = h->type, .channel = h->channel, .agent = h->agent,
			       .contact = h->contact, .time_ms = m->time_ms, .attrs = h->fields, .attr_count = h->field_count };
	if (m->member)
		out->member = record_member_id(r, (uint8_t)m->member);
}

/* The first of the type's tells that applies, with all of its words known. */
static bool clause_of(struct deciding *d, const struct moment *m, const struct happening *h, struct clause *out)
{
	const struct guidance *g = d->m->pack->guidance;
	for (unsigned i = 0; i < g->said_count; i++) {
		const struct said_decl *s = &g->said[i];
		bool unknown = false;
		if (s->kind != SAID_TELL || !slice_equal(str_slice(s->type), h->type) || !visible(d, s, m) ||
		    m->time_ms <= d->e->now_ms - s->within_ms)
			continue;
		d->e->member = (uint8_t)m->member;
		if (s->when && !eval_is_true(eval_term(d->e, s->when)))
			continue;
		d->e->member = (uint8_t)m->member;
		struct slice text = phrase_fill(d->e, &s->say, d->language, &unknown);
		if (unknown || !text.len)
			continue;
		*out = (struct clause){ i, text };
		return true;
	}
	return false;
}

/* Kept in order of declaration; of one tell, the newest alone. */
static void clause_add(struct topic_told *t, const struct clause *c)
{
	unsigned at = 0;
	while (at < t->count && t->clauses[at].tell < c->tell)
		at++;
	if (t->count == LIMIT_TOLD_CLAUSES || (at < t->count && t->clauses[at].tell == c->tell))
		return;
	memmove(&t->clauses[at + 1], &t->clauses[at], (t->count - at) * sizeof(t->clauses[0]));
	t->clauses[at] = *c;
	t->count++;
}

static bool is_replaced(const struct guidance *g, const struct topic_told *t, unsigned which)
{
	const struct str *type = g->said[t->clauses[which].tell].type;
	for (unsigned i = 0; i < t->count; i++) {
		const struct said_decl *s = &g->said[t->clauses[i].tell];
		for (unsigned k = 0; i != which && k < s->instead_count; k++)
			if (s->instead_of[k] == type)
				return true;
	}
	return false;
}

/* The sentence begins with a capital: Latin letters, those of Vietnamese too. */
static void put_capital(struct bytes *out, struct slice text)
{
	unsigned char a = (unsigned char)text.data[0], b = text.len > 1 ? (unsigned char)text.data[1] : 0;
	unsigned char c = text.len > 2 ? (unsigned char)text.data[2] : 0;
	size_t used = 1;
	if (a >= 'a' && a <= 'z') {
		bytes_put_u8(out, (uint8_t)(a - 32));
	} else if (a == 0xc3 && b >= 0xa0 && b != 0xb7 && b != 0xbf) { /* U+00E0 to U+00FE */
		bytes_put_u8(out, a), bytes_put_u8(out, (uint8_t)(b - 32));
		used = 2;
	} else if ((a == 0xc4 && b != 0xb1 && b < 0xb8 && (b & 1)) || (a == 0xc5 && b >= 0x8a && b < 0xb8 && (b & 1)) ||
		   (a == 0xc6 && b == 0xa1)) { /* đ ă ĩ ũ ơ and others of Latin Extended-A: even is capital */
		bytes_put_u8(out, a), bytes_put_u8(out, (uint8_t)(b - 1));
		used = 2;
	} else if (a == 0xc6 && b == 0xb0) { /* ư */
		bytes_put_u8(out, a), bytes_put_u8(out, 0xaf);
		used = 2;
	} else if (a == 0xe1 && (b == 0xba || b == 0xbb) && (c & 1) && !(b == 0xba && c >= 0x96 && c <= 0x9f)) {
		bytes_put_u8(out, a), bytes_put_u8(out, b), bytes_put_u8(out, (uint8_t)(c - 1)); /* ạ to ỹ */
		used = 3;
	} else {
		bytes_put_u8(out, a);
	}
	bytes_put(out, text.data + used, text.len - used);
}

static void sentence(struct deciding *d, const struct topic_told *t)
{
	const struct guidance *g = d->m->pack->guidance;
	struct bytes b = { 0 };
	for (unsigned i = 0; i < t->count; i++) {
		struct slice text = t->clauses[i].text;
		if (is_replaced(g, t, i))
			continue;
		if (b.len)
			bytes_printf(&b, "; %.*s", SLICE_ARG(text));
		else
			put_capital(&b, text);
	}
	if (b.len && !strchr(".!?", b.data[b.len - 1]))
		bytes_put_u8(&b, '.');
	if (b.len)
		d->out->told[d->out->told_count++] =
			(struct told_line){ arena_slice(&d->m->arena, bytes_slice(&b)), t->contact, t->time_ms };
	bytes_finish(&b);
}

/* Where the moment's contact is told already, else a new one; NULL: enough is told. */
static struct topic_told *topic_of(struct topic_told *topics, unsigned *count, const struct happening *h, int64_t time_ms)
{
	for (unsigned i = 0; h->contact.len && i < *count; i++)
		if (slice_equal(topics[i].contact, h->contact))
			return &topics[i];
	if (*count == LIMIT_TOLD)
		return NULL;
	topics[*count] = (struct topic_told){ .contact = h->contact, .time_ms = time_ms };
	return &topics[(*count)++];
}

static bool tells(const struct guidance *g)
{
	for (unsigned i = 0; i < g->said_count; i++)
		if (g->said[i].kind == SAID_TELL)
			return true;
	return false;
}

void conversation_fill(struct deciding *d)
{
	const struct record *r = d->e->customer;
	struct eval *e = d->e;
	if (!r->timeline_count || !tells(d->m->pack->guidance))
		return;
	struct topic_told *topics = arena_alloc(&d->m->arena, LIMIT_TOLD * sizeof(*topics));
	unsigned count = 0;
	e->action = NULL;
	for (unsigned i = r->timeline_count; i > 0; i--) {
		const struct moment *m = &record_timeline(r)[i - 1];
		struct happening h;
		struct event event;
		struct clause clause;
		if (m->time_ms > e->now_ms)
			continue;
		moment_read(m, &h);
		happening_event(d, m, &h, &event);
		eval_occasion(e, NULL, 0); /* one event's address is not two occasions */
		eval_occasion(e, &event, (uint8_t)m->member);
		if (!clause_of(d, m, &h, &clause))
			continue;
		struct topic_told *topic = topic_of(topics, &count, &h, m->time_ms);
		if (topic)
			clause_add(topic, &clause);
	}
	eval_occasion(e, NULL, d->member);
	for (unsigned i = 0; i < count; i++)
		sentence(d, &topics[i]);
}
