/* wire/outcome.c: one Outcome message: what became of a recommendation. */
#include "wire/decision.h"
#include "wire/fields.h"
#include "wire/request.h"
#include "wire/subject_fields.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"
#include "state/record.h"

#include <stddef.h>

struct draft {
	struct request_outcome o;
	struct slice kind, money;
};

#define AT(member) .offset = offsetof(struct draft, o.member)
#define ID(field, member) { .name = field, .kind = FIELD_NAME, AT(member), LIMIT("limit_id_bytes", LIMIT_ID_BYTES) }

static const struct field_spec fields[FIELD_NUMBERS] = {
	[1] = ID("id", id),
	[2] = ID("source", source),
	[3] = ID("decision", decision),
	[4] = ID("customer", customer),
	[5] = { .name = "alias", .kind = FIELD_NAME, AT(alias), LIMIT("limit_alias_bytes", LIMIT_ALIAS_BYTES) },
	[6] = ID("member", member),
	[7] = ID("agent", agent),
	[8] = ID("action", action),
	[9] = { .name = "channel", .kind = FIELD_NAME, AT(channel), LIMIT("limit_channel_bytes", LIMIT_CHANNEL_BYTES) },
	[10] = { .name = "kind", .kind = FIELD_NAME, .offset = offsetof(struct draft, kind),
		 LIMIT("limit_id_bytes", LIMIT_ID_BYTES) },
	[11] = { .name = "time_ms", .kind = FIELD_TIME, AT(time_ms) },
	[12] = { .name = "reason", .kind = FIELD_NAME, AT(reason),
		 LIMIT("limit_attribute_text_bytes", LIMIT_ATTRIBUTE_TEXT_BYTES) },
	[13] = { .name = "until_ms", .kind = FIELD_TIME, AT(until_ms) },
	[14] = { .name = "money", .kind = FIELD_BYTES, .offset = offsetof(struct draft, money) },
	[15] = ID("language", language),
};
static const struct message_spec spec = MESSAGE_SPEC("Outcome", fields);

static const struct field_spec money_fields[FIELD_NUMBERS] = {
	[1] = { .name = "money.revenue", .kind = FIELD_TIME, AT(revenue) },
	[2] = { .name = "money.cost", .kind = FIELD_TIME, AT(cost) },
	[3] = { .name = "money.currency", .kind = FIELD_NAME, AT(currency), LIMIT("limit_id_bytes", LIMIT_ID_BYTES) },
};
static const struct message_spec money_spec = MESSAGE_SPEC("Money", money_fields);

/* The digits end where `end` is; where they begin. By hand, since every recommendation has an id. */
static char *digits_before(char *end, uint64_t v)
{
	do
		*--end = (char)('0' + v % 10);
	while (v /= 10);
	return end;
}

struct slice decision_format(uint64_t boot, uint64_t count, char buffer[DECISION_TEXT_BYTES])
{
	char *end = buffer + DECISION_TEXT_BYTES - 1, *at = digits_before(end, count);
	*end = '\0';
	*--at = '-';
	at = digits_before(at, boot);
	return (struct slice){ at, (size_t)(end - at) };
}

/* Decimal digits without a leading zero, so that an id has one spelling. */
static bool parse_number(struct slice *s, uint64_t *out)
{
	size_t i = 0;
	uint64_t v = 0;
	for (; i < s->len && s->data[i] >= '0' && s->data[i] <= '9'; i++)
		if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (unsigned)(s->data[i] - '0'), &v))
			return false;
	if (i == 0 || (i > 1 && s->data[0] == '0'))
		return false;
	*out = v;
	*s = (struct slice){ s->data + i, s->len - i };
	return true;
}

bool decision_parse(struct slice text, uint64_t *boot, uint64_t *count)
{
	if (!parse_number(&text, boot) || text.len == 0 || text.data[0] != '-')
		return false;
	text = (struct slice){ text.data + 1, text.len - 1 };
	return parse_number(&text, count) && text.len == 0;
}

static int check_decision(struct request_outcome *o)
{
	if (o->decision.len == 0 || decision_parse(o->decision, &o->decision_boot, &o->decision_count))
		return ERR_OK;
	return error_set(ERR_INVALID, "decision", "decision \"%.*s\" is not of the form BOOT-COUNT: send it as the "
			 "recommendation had it, or leave it out", SLICE_ARG(o->decision));
}

static int check_kind(struct draft *d)
{
	int rc = field_required("kind", d->kind.len > 0, "shown, offered, accepted, rejected, later, ignored or overruled");
	if (rc != ERR_OK)
		return rc;
	d->o.kind = outcome_from_name(d->kind);
	if (d->o.kind == 0)
		return error_set(ERR_INVALID, "kind",
				 "kind \"%.*s\" is not known: shown, offered, accepted, rejected, later, "
				 "ignored or overruled",
				 SLICE_ARG(d->kind));
	return ERR_OK;
}

static int check_money(struct draft *d)
{
	struct request_outcome *o = &d->o;
	if (!d->money.len)
		return ERR_OK;
	int rc = fields_decode(d, &money_spec, d->money, NULL);
	if (rc != ERR_OK)
		return rc;
	if (o->revenue < 0 || o->cost < 0 || o->revenue > LIMIT_MONEY || o->cost > LIMIT_MONEY)
		return error_set(ERR_LIMIT, "money", "revenue and cost are 0 to %lld, in the smallest unit of the currency "
				 "(limit_money)", (long long)LIMIT_MONEY);
	return (o->revenue || o->cost) ? field_required("money.currency", o->currency.len > 0,
							"an ISO code such as \"EUR\": the pack's") : ERR_OK;
}

/* When they want to be asked again: after it was said. */
static int check_until(const struct request_outcome *o)
{
	if (o->until_ms == 0)
		return ERR_OK;
	if (o->kind != OUTCOME_LATER)
		return error_set(ERR_INVALID, "until_ms", "only \"later\" has a time to come back; how long an offer holds is "
				 "the pack's to say");
	if (o->until_ms < LIMIT_TIME_SENT_MIN_MS && o->until_ms <= o->time_ms)
		return wire_check_sent("until_ms", o->until_ms);
	if (o->until_ms <= o->time_ms || o->until_ms > LIMIT_TIME_MAX_MS)
		return error_set(ERR_INVALID, "until_ms", "it lies before the outcome's own time: when do they want to be "
				 "asked again?");
	return ERR_OK;
}

static int check(struct draft *d, int64_t now_ms)
{
	struct request_outcome *o = &d->o;
	int rc = field_required("id", o->id.len > 0, "it makes sending again safe; unique per source");
	if (rc == ERR_OK)
		rc = field_required("source", o->source.len > 0, "who says so, e.g. \"desk\"");
	if (rc == ERR_OK)
		rc = wire_check_subject(o->customer, o->alias);
	if (rc == ERR_OK)
		rc = field_required("action", o->action.len > 0, "which action of the recommendation?");
	if (rc == ERR_OK)
		rc = field_required("channel", o->channel.len > 0, "contact policies count by it, e.g. \"call\"");
	if (rc == ERR_OK)
		rc = check_kind(d);
	if (rc == ERR_OK)
		rc = check_decision(o);
	if (rc == ERR_OK)
		rc = check_money(d);
	if (rc == ERR_OK)
		rc = wire_check_time(&o->time_ms, now_ms);
	return rc == ERR_OK ? check_until(o) : rc;
}

int outcome_decode(struct request_outcome *out, struct slice bytes, struct arena *arena, int64_t now_ms)
{
	(void)arena; /* everything is lent from the bytes */
	struct draft d;
	memset(&d, 0, sizeof(d));
	int rc = fields_decode(&d, &spec, bytes, NULL);
	if (rc == ERR_OK)
		rc = check(&d, now_ms);
	if (rc != ERR_OK)
		return rc;
	d.o.id_hash = wire_id_hash(d.o.source, d.o.id);
	d.o.content_hash = hash64(bytes, 0);
	*out = d.o;
	return ERR_OK;
}
