/* workbench/check_domain.c: what values a term can have, as far as declarations tell: the schema of events for what
 * they bring, the engine's own bounds for what it counts, intervals for arithmetic. What cannot be told can be
 * anything. */
#include "workbench/check_parts.h"

#include "base/arena.h"

#include <math.h>
#include <stdio.h>

#define SETS_DEEP 6 /* attributes that rules set from attributes that rules set … */
#define LISTED 256  /* values that something may have, one of; of more it is anything of its type */

static const struct domain anything = { .type = SCHEMA_ANY, .low = -HUGE_VAL, .high = HUGE_VAL };

static struct domain within(struct check *c, const struct context *x, const struct term *t, unsigned deep);

static struct domain number(double low, double high)
{
	return (struct domain){ .type = SCHEMA_NUMBER, .low = low, .high = high };
}

static struct domain of_type(enum schema_type type)
{
	return (struct domain){ .type = (uint8_t)type, .low = -HUGE_VAL, .high = HUGE_VAL };
}

static struct domain of_schema(const struct schema_attr *a)
{
	struct domain d = of_type(a->type);
	if (a->type == SCHEMA_NUMBER || a->type == SCHEMA_TIME) {
		d.low = a->low;
		d.high = a->high;
	}
	d.one_of = a->one_of;
	d.count = a->one_of_count;
	for (unsigned i = 0; a->type == SCHEMA_NUMBER && i < d.count; i++) {
		double n = d.one_of[i].number;
		d.low = i == 0 || n < d.low ? n : d.low;
		d.high = i == 0 || n > d.high ? n : d.high;
	}
	return d;
}

static bool lists(const struct domain *d, const struct value *v)
{
	for (unsigned i = 0; i < d->count; i++)
		if (value_equal(d->one_of[i], *v))
			return true;
	return false;
}

/* The values of both, where each has only some. */
static void list_both(struct check *c, struct domain *d, const struct domain *a, const struct domain *b)
{
	struct value added[LISTED];
	unsigned n = 0;
	for (unsigned i = 0; i < b->count && a->count + n <= LISTED; i++)
		if (!lists(a, &b->one_of[i]) && n < LISTED)
			added[n++] = b->one_of[i];
	if (a->count + n > LISTED)
		return;
	d->one_of = a->one_of;
	d->count = a->count + n;
	if (!n)
		return;
	struct value *list = arena_calloc(&c->arena, d->count, sizeof(*list));
	memcpy(list, a->one_of, a->count * sizeof(*list));
	memcpy(list + a->count, added, n * sizeof(*list));
	d->one_of = list;
}

static struct domain either(struct check *c, struct domain a, struct domain b)
{
	if (a.type != b.type)
		return anything;
	struct domain d = { .type = a.type, .low = fmin(a.low, b.low), .high = fmax(a.high, b.high) };
	if (a.count && b.count)
		list_both(c, &d, &a, &b);
	return d;
}

static struct domain of_texts(struct check *c, struct str **texts, unsigned count)
{
	struct domain d = of_type(SCHEMA_STRING);
	struct value *list = arena_calloc(&c->arena, count + 1, sizeof(*list));
	for (unsigned i = 0; i < count; i++) {
		if (is_any_type(texts[i]))
			return d;
		list[i] = value_string(str_slice(texts[i]));
	}
	d.one_of = list;
	d.count = count;
	return d;
}

/* The channels that the types' events come by, where each says so. */
static struct domain of_channels(struct check *c, const struct context *x)
{
	struct domain all = of_type(SCHEMA_STRING);
	for (unsigned i = 0; i < x->type_count; i++) {
		const struct event_decl *e = pack_event(c->pack, x->types[i]);
		if (!e || !e->channel_count)
			return of_type(SCHEMA_STRING);
		struct domain d = of_texts(c, e->channels, e->channel_count);
		all = i ? either(c, all, d) : d;
	}
	return all;
}

static struct domain of_event(struct check *c, const struct context *x, const struct str *name)
{
	struct domain all = anything;
	if (strcmp(name->data, "type") == 0)
		return x->decision ? anything : of_texts(c, x->types, x->type_count);
	if (strcmp(name->data, "channel") == 0)
		return of_channels(c, x);
	if (is_event_field(name->data))
		return of_type(strcmp(name->data, "time") == 0 ? SCHEMA_TIME : SCHEMA_STRING);
	bool first = true;
	for (unsigned i = 0; i < x->type_count; i++) {
		struct schema_attr a;
		enum has_attr has = type_attr(c, x->types[i], name, &a);
		if (has == ATTR_UNTOLD)
			return anything;
		if (has == LACKS_ATTR)
			continue;
		struct domain d = of_schema(&a);
		all = first ? d : either(c, all, d);
		first = false;
	}
	return all;
}

/* What rules set it to. Asked for again while it is being looked for, it goes round in a circle: anything. */
static struct domain of_writes(struct check *c, struct written *w, unsigned deep)
{
	const struct pack *p = c->pack;
	struct domain all = anything;
	if (w->judged || w->judging)
		return w->judged ? w->domain : anything;
	w->judging = true;
	for (unsigned i = w->first; i; i = c->writes[i - 1].next) {
		const struct rule_decl *r = &p->rules[c->writes[i - 1].rule];
		struct context x = { .types = r->on, .type_count = r->on_count, .rule = r };
		struct domain d = within(c, &x, r->sets[c->writes[i - 1].which].value, deep + 1);
		all = i == w->first ? d : either(c, all, d);
	}
	all.fixed = false;
	w->domain = all;
	w->judged = true;
	return all;
}

/* What the CRM gives, and what rules set. */
static struct domain of_attr(struct check *c, const struct str *name, unsigned deep)
{
	const struct schema_attr *a = c->profile ? event_decl_attr(c->profile, name) : NULL;
	struct written *w = attr_written(c, name);
	if (!c->profile || deep > SETS_DEEP || names_count(&c->sets, str_slice(name)) > (w ? w->count : 0))
		return anything; /* functions set it, to who knows what */
	struct domain set = w ? of_writes(c, w, deep) : anything;
	return !a ? set : w ? either(c, of_schema(a), set) : of_schema(a);
}

static void add_text(struct value *list, unsigned *count, struct slice text)
{
	for (unsigned i = 0; i < *count; i++)
		if (slice_equal(list[i].string, text))
			return;
	list[(*count)++] = value_string(text);
}

/* A topic of the pack's closed list, or its first level, or `other`; an intent may be a group of actions too. */
static struct domain of_topics(struct check *c, bool intent)
{
	const struct pack *p = c->pack;
	struct domain d = of_type(SCHEMA_STRING);
	struct value *list = arena_calloc(&c->arena, 2 * p->topic_count + p->action_count + 1, sizeof(*list));
	for (unsigned i = 0; i < p->topic_count; i++) {
		struct slice topic = str_slice(p->topics[i]);
		const char *slash = memchr(topic.data, '/', topic.len);
		add_text(list, &d.count, topic);
		if (slash)
			add_text(list, &d.count, (struct slice){ topic.data, (size_t)(slash - topic.data) });
	}
	for (unsigned i = 0; intent && i < p->action_count; i++)
		if (p->actions[i].group)
			add_text(list, &d.count, str_slice(p->actions[i].group));
	add_text(list, &d.count, SLICE("other"));
	d.one_of = list;
	return d;
}

static struct domain of_request(struct check *c, const struct str *name)
{
	bool intent = strcmp(name->data, "intent") == 0;
	if (c->pack->topic_count && (intent || strcmp(name->data, "topic") == 0))
		return of_topics(c, intent);
	if (strcmp(name->data, "mood") == 0)
		return number(-1, 1);
	if (strcmp(name->data, "time") == 0)
		return of_type(SCHEMA_TIME);
	return is_request_field(name->data) ? of_type(SCHEMA_STRING) : anything;
}

/* {name}: what the occasion says, else an attribute. */
static struct domain of_name(struct check *c, const struct context *x, const struct str *name, unsigned deep)
{
	if (x->decision) {
		if (is_request_field(name->data) || strcmp(name->data, "customer") == 0)
			return of_request(c, name);
		return of_attr(c, name,
			       deep); /* or of the request, if it brings one of that name: then it is of the kind */
	}
	struct schema_attr a;
	bool attr = !is_event_field(name->data);
	for (unsigned i = 0; attr && i < x->type_count; i++)
		attr = type_attr(c, x->types[i], name, &a) == LACKS_ATTR;
	return attr ? of_attr(c, name, deep) : of_event(c, x, name);
}

static struct domain of_series(struct check *c, const struct term *t)
{
	const struct series_decl *s = &c->pack->series[t->series.index];
	struct context x = { .types = s->on, .type_count = s->on_count };
	struct domain v = s->value ? of_event(c, &x, s->value) : anything;
	bool numeric = v.type == SCHEMA_NUMBER;
	switch (t->series.aggregate) {
	case AGGREGATE_COUNT:
		return number(0, HUGE_VAL);
	case AGGREGATE_DISTINCT:
	case AGGREGATE_RUN:
		return number(0, LIMIT_WINDOW_CELLS);
	case AGGREGATE_SINCE:
		return number(0, s->window.keep_ms && s->window.keep_ms < LIMIT_SPAN_MS
					 ? (double)s->window.keep_ms / 1000
					 : HUGE_VAL);
	case AGGREGATE_OCCUPANCY:
		return number(0, 1);
	case AGGREGATE_SINCE_BREAK:
		return number(0, HUGE_VAL);
	case AGGREGATE_DAILY_MEAN:
		return !t->series.of_values || (numeric && v.low >= 0) ? number(0, HUGE_VAL)
								       : number(-HUGE_VAL, HUGE_VAL);
	case AGGREGATE_SUM:
		return numeric && v.low >= 0 ? number(0, HUGE_VAL) : number(-HUGE_VAL, HUGE_VAL);
	default:
		return numeric                 ? number(v.low, v.high)
		       : v.type == SCHEMA_TIME ? of_type(SCHEMA_TIME)
					       : number(-HUGE_VAL, HUGE_VAL);
	}
}

static struct domain of_case(const struct term *t)
{
	switch (t->open_case.aggregate) {
	case CASE_COUNT_OPEN:
		return number(0, LIMIT_CASES);
	case CASE_AGE:
	case CASE_TURNAROUND:
		return number(0, HUGE_VAL);
	default:
		return of_type(SCHEMA_BOOLEAN);
	}
}

static struct domain of_contacts(const struct term *t)
{
	switch (t->contacts.aggregate) {
	case CONTACTS_MEAN_MOOD:
		return number(-1, 1);
	case CONTACTS_MEAN_MOOD_CHANGE:
	case CONTACTS_MOOD_TREND:
		return number(-2, 2);
	case CONTACTS_IS_OPEN:
	case CONTACTS_IS_REPEAT:
		return of_type(SCHEMA_BOOLEAN);
	default:
		return number(0, HUGE_VAL);
	}
}

static double times(double a, double b)
{
	return a == 0 || b == 0 ? 0 : a * b; /* 0 x infinity is 0 here: an end that is never reached */
}

static struct domain of_contract(const struct term *t)
{
	switch (t->contract.aggregate) {
	case CONTRACT_DAYS_LEFT:
		return number(-HUGE_VAL, HUGE_VAL);
	case CONTRACT_COUNT_ACTIVE:
		return number(0, LIMIT_CONTRACTS);
	case CONTRACT_MONTHS_KEPT:
	case CHURN_SINCE:
		return number(0, HUGE_VAL);
	case CONTRACT_PRODUCT_OF:
		return of_type(SCHEMA_STRING);
	default:
		return of_type(SCHEMA_BOOLEAN);
	}
}

static struct domain product(struct domain a, struct domain b)
{
	double ends[] = { times(a.low, b.low), times(a.low, b.high), times(a.high, b.low), times(a.high, b.high) };
	struct domain d = number(ends[0], ends[0]);
	for (int i = 1; i < 4; i++) {
		d.low = fmin(d.low, ends[i]);
		d.high = fmax(d.high, ends[i]);
	}
	return d;
}

static struct domain quotient(struct domain a, struct domain b)
{
	if (!(b.low > 0) && !(b.high < 0))
		return number(-HUGE_VAL, HUGE_VAL);
	return product(a, number(isinf(b.high) ? 0 : 1 / b.high, isinf(b.low) ? 0 : 1 / b.low));
}

static struct domain of_arithmetic(const struct term *t, struct domain a, struct domain b)
{
	struct domain d;
	switch (t->op) {
	case TERM_ADD:
		d = number(a.low + b.low, a.high + b.high);
		break;
	case TERM_SUB:
		d = number(a.low - b.high, a.high - b.low);
		break;
	case TERM_MUL:
		d = product(a, b);
		break;
	case TERM_DIV:
		d = quotient(a, b);
		break;
	case TERM_NEG:
		d = number(-a.high, -a.low);
		break;
	case TERM_MIN:
		d = number(fmin(a.low, b.low), fmin(a.high, b.high));
		break;
	default:
		d = number(fmax(a.low, b.low), fmax(a.high, b.high));
	}
	bool times_meet = a.type == SCHEMA_TIME || b.type == SCHEMA_TIME;
	if (times_meet &&
	    (t->op == TERM_MIN || t->op == TERM_MAX || ((t->op == TERM_ADD || t->op == TERM_SUB) && a.type != b.type)))
		d.type = SCHEMA_TIME;
	d.fixed = a.fixed && b.fixed;
	return d;
}

static struct domain of_literal(const struct term *t)
{
	struct domain d = anything;
	if (t->hole)
		return d;
	d.fixed = true;
	if (t->literal.kind == VALUE_NUMBER) {
		d = number(t->literal.number, t->literal.number);
	} else if (t->literal.kind == VALUE_STRING) {
		d.type = SCHEMA_STRING;
		d.one_of = &t->literal;
		d.count = 1;
	} else if (t->literal.kind == VALUE_BOOL) {
		d.type = SCHEMA_BOOLEAN;
	}
	d.fixed = true;
	return d;
}

static struct domain within(struct check *c, const struct context *x, const struct term *t, unsigned deep)
{
	switch (t->op) {
	case TERM_LITERAL:
		return of_literal(t);
	case TERM_EVENT:
		return of_event(c, x, t->name);
	case TERM_REQUEST:
		return of_request(c, t->name);
	case TERM_NAME:
		return of_name(c, x, t->name, deep);
	case TERM_ATTR:
		return of_attr(c, t->name, deep);
	case TERM_SERIES:
		return of_series(c, t);
	case TERM_CASE:
		return of_case(t);
	case TERM_CONTACTS:
		return of_contacts(t);
	case TERM_CONTRACT:
		return of_contract(t);
	case TERM_OUTCOMES:
		return number(0, LIMIT_OUTCOMES);
	case TERM_TENURE:
		return number(0, HUGE_VAL);
	case TERM_RELATIONSHIP:
		return number(0, 100);
	case TERM_NOW:
		return of_type(SCHEMA_TIME);
	case TERM_FACT:
		return within(c, x, c->pack->facts[t->fact].term, deep);
	case TERM_CALL:
		return t->call.context ? of_type(SCHEMA_BOOLEAN) : anything;
	case TERM_OR_ELSE:
		return either(c, within(c, x, t->children[0], deep), within(c, x, t->children[1], deep));
	default:
		break;
	}
	if (t->op < TERM_ADD || t->op > TERM_MAX)
		return of_type(SCHEMA_BOOLEAN);
	struct domain a = within(c, x, t->children[0], deep);
	return of_arithmetic(t, a, t->child_count > 1 ? within(c, x, t->children[1], deep) : a);
}

struct domain domain_of(struct check *c, const struct context *x, const struct term *t)
{
	return within(c, x, t, 0);
}

static const char *list_text(struct check *c, const struct domain *d)
{
	struct bytes b = { 0 };
	char digits[32];
	for (unsigned i = 0; i < d->count && i < 8; i++) {
		const struct value *v = &d->one_of[i];
		if (v->kind == VALUE_STRING)
			bytes_printf(&b, "%s\"%.*s\"", i ? ", " : "", SLICE_ARG(v->string));
		else
			bytes_printf(&b, "%s%s", i ? ", " : "", number_text(v->number, digits));
	}
	struct slice text = arena_printf(&c->arena, "is one of %.*s%s", (int)b.len, b.data, d->count > 8 ? " …" : "");
	bytes_finish(&b);
	return text.data;
}

const char *domain_text(struct check *c, const struct domain *d)
{
	char low[32], high[32];
	if (d->count > 1)
		return list_text(c, d);
	if (d->type == SCHEMA_STRING)
		return "is a text";
	if (d->type == SCHEMA_BOOLEAN)
		return "is true or false";
	if (d->type == SCHEMA_TIME)
		return "is a point in time";
	if (isinf(d->low) && isinf(d->high))
		return "is a number";
	if (isinf(d->high))
		return arena_printf(&c->arena, "is %s or more", number_text(d->low, low)).data;
	if (isinf(d->low))
		return arena_printf(&c->arena, "is %s or less", number_text(d->high, high)).data;
	return arena_printf(&c->arena, "is from %s to %s", number_text(d->low, low), number_text(d->high, high)).data;
}
