/* wire/request.c: the envelope, and the bodies that are neither events nor outcomes.
 *
 * A Request is scanned once for its id and the bytes of its body; the body is then decoded by the table of its kind.
 * Nothing here recurses, and all memory is two arrays of slices (events, files) and the attributes, out of the arena.
 */
#include "wire/request.h"

#include "base/error.h"
#include "base/limits.h"
#include "wire/attrs.h"
#include "wire/decision.h"
#include "wire/fields.h"
#include "wire/request_lists.h"
#include "wire/subject_fields.h"

#include <stddef.h>

#define IN(type, member) .offset = offsetof(type, member)
#define NAME(field, limit_text, limit_value, ...) \
	{ .name = field, .kind = FIELD_NAME, LIMIT(limit_text, limit_value), __VA_ARGS__ }
#define ID(field, ...) NAME(field, "limit_id_bytes", LIMIT_ID_BYTES, __VA_ARGS__)
#define ALIAS(field, ...) NAME(field, "limit_alias_bytes", LIMIT_ALIAS_BYTES, __VA_ARGS__)
#define WORD(field, ...) NAME(field, "limit_type_bytes", LIMIT_TYPE_BYTES, __VA_ARGS__)

static const struct field_spec hello_fields[FIELD_NUMBERS] = {
	[1] = { .name = "version", .kind = FIELD_U32, IN(struct request, hello.version) },
	[2] = ID("client", IN(struct request, hello.client)),
	[3] = NAME("token", "limit_token_bytes", LIMIT_TOKEN_BYTES, IN(struct request, hello.token)),
	[4] = { .name = "no_wait", .kind = FIELD_BOOL, IN(struct request, hello.no_wait) },
};

static const struct field_spec read_fields[FIELD_NUMBERS] = {
	[1] = ID("customer", IN(struct request, read.customer)),
	[2] = ALIAS("alias", IN(struct request, read.alias)),
	[3] = ID("agent", IN(struct request, read.agent)),
	[4] = { .name = "known_seq", .kind = FIELD_U64, IN(struct request, read.known_seq) },
};

static const struct field_spec resolve_fields[FIELD_NUMBERS] = {
	[1] = ALIAS("alias", IN(struct request, resolve.alias)),
	[2] = { .name = "time_ms", .kind = FIELD_TIME, IN(struct request, resolve.time_ms) },
};

static const struct field_spec follow_fields[FIELD_NUMBERS] = {
	[1] = { .name = "after_seq", .kind = FIELD_U64, IN(struct request, follow.after_seq) },
	[2] = { .name = "after_index", .kind = FIELD_U32, IN(struct request, follow.after_index) },
	[3] = { .name = "from_now", .kind = FIELD_BOOL, IN(struct request, follow.from_now) },
	[4] = ALIAS("to", IN(struct request, follow.to)),
};

static const struct field_spec acknowledge_fields[FIELD_NUMBERS] = {
	[1] = { .name = "seq", .kind = FIELD_U64, IN(struct request, acknowledge.seq) },
	[2] = { .name = "index", .kind = FIELD_U32, IN(struct request, acknowledge.index) },
	[3] = ID("by", IN(struct request, acknowledge.by)),
};

static const struct field_spec rules_fields[FIELD_NUMBERS] = {
	[1] = { .name = "stats", .kind = FIELD_BOOL, IN(struct request, rules.stats) },
	[2] = { .name = "history", .kind = FIELD_BOOL, IN(struct request, rules.history) },
	[3] = { .name = "series", .kind = FIELD_BOOL, IN(struct request, rules.series) },
	[4] = { .name = "limit", .kind = FIELD_U32, IN(struct request, rules.limit),
		LIMIT("limit_past_lines", LIMIT_PAST_LINES) },
	[5] = { .name = "words", .kind = FIELD_BOOL, IN(struct request, rules.words) },
};

static const struct field_spec list_fields[FIELD_NUMBERS] = {
	[1] = ALIAS("to", IN(struct request, list.to)),
	[2] = { .name = "limit", .kind = FIELD_U32, IN(struct request, list.limit) },
	[3] = { .name = "after_seq", .kind = FIELD_U64, IN(struct request, list.after_seq) },
	[4] = { .name = "after_index", .kind = FIELD_U32, IN(struct request, list.after_index) },
};

static const struct field_spec unfollow_fields[FIELD_NUMBERS] = {
	[1] = { .name = "follow_id", .kind = FIELD_U64, IN(struct request, unfollow.follow_id) },
};

static const struct field_spec model_fields[FIELD_NUMBERS] = {
	[1] = ID("action", IN(struct request, model.action)),
	[2] = NAME("by", "limit_by_bytes", LIMIT_BY_BYTES, IN(struct request, model.by)),
};

static const struct field_spec erase_fields[FIELD_NUMBERS] = {
	[1] = ID("customer", IN(struct request, erase.customer)),
	[2] = NAME("by", "limit_by_bytes", LIMIT_BY_BYTES, IN(struct request, erase.by)),
};

static const struct field_spec no_fields[FIELD_NUMBERS];

static const struct field_spec recommend_fields[FIELD_NUMBERS] = {
	[1] = ID("customer", IN(struct request_recommend, customer)),
	[2] = ALIAS("alias", IN(struct request_recommend, alias)),
	[3] = ID("member", IN(struct request_recommend, member)),
	[4] = ID("agent", IN(struct request_recommend, agent)),
	[5] = NAME("channel", "limit_channel_bytes", LIMIT_CHANNEL_BYTES, IN(struct request_recommend, channel)),
	[6] = WORD("intent", IN(struct request_recommend, intent)),
	[7] = WORD("topic", IN(struct request_recommend, topic)),
	[8] = { .name = "mood", .kind = FIELD_DOUBLE, IN(struct request_recommend, mood) },
	[9] = { .name = "has_mood", .kind = FIELD_BOOL, IN(struct request_recommend, has_mood) },
	[10] = NAME("language", "limit_channel_bytes", LIMIT_CHANNEL_BYTES, IN(struct request_recommend, language)),
	[11] = { .name = "limit", .kind = FIELD_U32, IN(struct request_recommend, limit),
		 LIMIT("limit_recommendations", LIMIT_RECOMMENDATIONS) },
	[12] = { .name = "deadline_ms", .kind = FIELD_U32, IN(struct request_recommend, deadline_ms),
		 LIMIT("limit_deadline_ms", LIMIT_DEADLINE_MS) },
	[13] = { .name = "time_ms", .kind = FIELD_TIME, IN(struct request_recommend, time_ms) },
	[14] = { .name = "explain", .kind = FIELD_BOOL, IN(struct request_recommend, explain) },
	[15] = { .name = "attributes", .kind = FIELD_LIST, LIMIT("limit_attributes", LIMIT_ATTRIBUTES) },
};
static const struct message_spec recommend_spec = MESSAGE_SPEC("Recommend", recommend_fields);

static int decode_recommend(struct request_recommend *r, struct slice body, struct arena *arena)
{
	struct slice items[LIMIT_ATTRIBUTES];
	struct field_list attrs = { .items = items, .cap = LIMIT_ATTRIBUTES };
	int rc = fields_decode(r, &recommend_spec, body, &attrs);
	if (rc == ERR_OK)
		rc = attrs_decode(&attrs, arena, &r->attrs, &r->attr_count, NULL);
	if (rc == ERR_OK)
		rc = wire_check_subject(r->customer, r->alias);
	r->has_mood |= rc == ERR_OK && r->mood != 0; /* 0 alone needs to be said to be one */
	if (rc == ERR_OK && r->has_mood && !(r->mood >= -1 && r->mood <= 1))
		rc = error_set(ERR_INVALID, "mood",
			       "mood must be a number from -1 (worst) to 1; leave has_mood out where it "
			       "is unknown");
	if (r->channel.len == 0)
		r->channel = SLICE("call");
	if (r->limit == 0)
		r->limit = RECOMMENDATIONS_DEFAULT;
	return rc;
}

static const struct field_spec explain_fields[FIELD_NUMBERS] = {
	[1] = { .name = "ask", .kind = FIELD_BYTES, IN(struct request_explain, ask_bytes) },
	[2] = ID("decision", IN(struct request_explain, decision)),
	[3] = ID("event", IN(struct request_explain, event)),
	[4] = ID("source", IN(struct request_explain, source)),
	[5] = { .name = "entry", .kind = FIELD_U64, IN(struct request_explain, entry) },
	[6] = { .name = "as_of_seq", .kind = FIELD_U64, IN(struct request_explain, as_of_seq) },
};
static const struct message_spec explain_spec = MESSAGE_SPEC("Explain", explain_fields);

int explain_decode(struct request_explain *out, struct slice bytes, struct arena *arena)
{
	*out = (struct request_explain){ 0 };
	int rc = fields_decode(out, &explain_spec, bytes, NULL);
	if (rc != ERR_OK)
		return rc;
	if ((out->ask_bytes.len > 0) + (out->decision.len > 0) + (out->entry > 0) != 1)
		return error_set(ERR_INVALID, "ask", "send exactly one of ask (with a customer), decision and entry");
	if (out->event.len && !out->ask_bytes.len)
		return error_set(ERR_INVALID, "event", "an event is looked for in a customer's history: name it in ask");
	if (out->decision.len && !decision_parse(out->decision, &out->decision_boot, &out->decision_count))
		return error_set(ERR_INVALID, "decision", "%.*s is not a decision's id, which is BOOT-COUNT, two numbers",
				 SLICE_ARG(out->decision));
	return out->ask_bytes.len ? decode_recommend(&out->ask, out->ask_bytes, arena) : ERR_OK;
}

static const struct field_spec figures_fields[FIELD_NUMBERS] = {
	[1] = { .name = "since_ms", .kind = FIELD_TIME, IN(struct request, figures.since_ms) },
	[2] = { .name = "step_ms", .kind = FIELD_TIME, IN(struct request, figures.step_ms) },
};

static const struct field_spec find_fields[FIELD_NUMBERS] = {
	[1] = NAME("text", "limit_find_text_bytes", LIMIT_FIND_TEXT_BYTES, IN(struct request, find.text)),
	[2] = { .name = "limit", .kind = FIELD_U32, IN(struct request, find.limit), LIMIT("limit_found", LIMIT_FOUND) },
};

static const struct field_spec report_fields[FIELD_NUMBERS] = {
	[1] = WORD("name", IN(struct request_report, name)),
	[2] = { .name = "since_ms", .kind = FIELD_TIME, IN(struct request_report, since_ms) },
	[3] = { .name = "until_ms", .kind = FIELD_TIME, IN(struct request_report, until_ms) },
	[4] = NAME("by", "limit_key_bytes", LIMIT_KEY_BYTES, IN(struct request_report, by)),
	[5] = { .name = "where", .kind = FIELD_LIST, LIMIT("limit_attributes", LIMIT_ATTRIBUTES) },
	[6] = { .name = "limit", .kind = FIELD_U32, IN(struct request_report, limit) },
};
static const struct message_spec report_spec = MESSAGE_SPEC("GetReport", report_fields);

static int decode_report(struct request_report *r, struct slice body, struct arena *arena)
{
	struct slice items[LIMIT_ATTRIBUTES];
	struct field_list where = { .items = items, .cap = LIMIT_ATTRIBUTES };
	int rc = fields_decode(r, &report_spec, body, &where);
	if (rc == ERR_OK)
		rc = attrs_decode(&where, arena, &r->where, &r->where_count, NULL);
	return rc ? rc : field_required("name", r->name.len > 0, "which report is asked for?");
}

static int by_table(struct request *r, const char *name, const struct field_spec *table)
{
	struct message_spec spec = { name, table };
	return fields_decode(r, &spec, r->body, NULL);
}

static int decode_read(struct request *r)
{
	int rc = by_table(r, "ReadCustomer", read_fields);
	int named = (r->read.customer.len > 0) + (r->read.alias.len > 0) + (r->read.agent.len > 0);
	if (rc == ERR_OK && named != 1)
		rc = error_set(ERR_INVALID, "customer", "send exactly one of customer, alias and agent");
	return rc;
}

/* One kind of body: its number in the Request's oneof is its place in the list. */
static int decode_body(struct request *r, struct arena *arena)
{
	int rc;
	switch (r->kind) {
	case REQUEST_HELLO:
		return by_table(r, "Hello", hello_fields);
	case REQUEST_PUBLISH:
		return wire_decode_publish(r, arena);
	case REQUEST_RECOMMEND:
		return decode_recommend(&r->recommend, r->body, arena);
	case REQUEST_OUTCOME:
		return outcome_decode(&r->outcome, r->body, arena, -1);
	case REQUEST_READ_CUSTOMER:
		return decode_read(r);
	case REQUEST_RESOLVE_ALIAS:
		rc = by_table(r, "ResolveAlias", resolve_fields);
		return rc ? rc : field_required("alias", r->resolve.alias.len > 0, "which name is to be resolved?");
	case REQUEST_FOLLOW:
		return by_table(r, "Follow", follow_fields);
	case REQUEST_ACKNOWLEDGE:
		rc = by_table(r, "Acknowledge", acknowledge_fields);
		return rc ? rc
			  : field_required("seq", r->acknowledge.seq > 0, "an alert is named by its seq and index");
	case REQUEST_ACTIVATE:
		return wire_decode_activate(r, arena);
	case REQUEST_RULES:
		return by_table(r, "GetRules", rules_fields);
	case REQUEST_LIST_ALERTS:
		return by_table(r, "ListAlerts", list_fields);
	case REQUEST_UNFOLLOW:
		rc = by_table(r, "Unfollow", unfollow_fields);
		return rc ? rc : field_required("follow_id", r->unfollow.follow_id > 0, "the request_id of the Follow");
	case REQUEST_EXPLAIN:
		return explain_decode(&r->explain, r->body, arena);
	case REQUEST_MODELS:
		return by_table(r, "GetModels", model_fields);
	case REQUEST_RESET_MODEL:
		rc = by_table(r, "ResetModel", model_fields);
		return rc ? rc : field_required("action", r->model.action.len > 0, "which action is to be forgotten?");
	case REQUEST_REPORT:
		return decode_report(&r->report, r->body, arena);
	case REQUEST_FIND:
		rc = by_table(r, "FindCustomers", find_fields);
		return rc ? rc : field_required("text", r->find.text.len > 0, "what is to be looked for?");
	case REQUEST_FIGURES:
		return by_table(r, "GetHistory", figures_fields);
	case REQUEST_ERASE:
		rc = by_table(r, "EraseCustomer", erase_fields);
		return rc ? rc : field_required("customer", r->erase.customer.len > 0, "who is to be erased?");
	case REQUEST_STATUS:
		return by_table(r, "GetStatus", no_fields);
	default:
		return by_table(r, "GetDigest", no_fields);
	}
}

static const char *const body_names[] = {
	"hello",       "publish",    "recommend",     "outcome",   "read_customer", "resolve_alias", "follow",
	"acknowledge", "get_status", "activate_pack", "get_rules", "get_digest",    "list_alerts",   "unfollow",
	"explain",     "get_models", "reset_model",   "get_report",    "find_customers",
	[REQUEST_FIGURES - 1] = "get_history",
	[REQUEST_ERASE - 1] = "erase_customer",
};
_Static_assert(sizeof(body_names) / sizeof(body_names[0]) == REQUEST_KINDS - 1, "a kind of request has no name yet");

/* The oneof: its numbers follow each other in the order of enum request_kind. */
static int take_body(struct request *r, const struct scan_field *f)
{
	enum request_kind kind = (enum request_kind)(f->number - 1);
	if (f->type != WIRE_BYTES)
		return error_set(ERR_INVALID, body_names[kind - 1],
				 "%s has wire type %d where the schema has a message", body_names[kind - 1],
				 (int)f->type);
	if (r->kind)
		return error_set(ERR_INVALID, body_names[kind - 1], "a Request has one body, this one has %s and %s",
				 body_names[r->kind - 1], body_names[kind - 1]);
	r->kind = kind;
	r->body = f->bytes;
	return ERR_OK;
}

int request_decode(struct request *out, struct slice frame, struct arena *arena)
{
	struct scan s = scan_of(frame);
	struct scan_field f = { .number = 0 };
	int rc = ERR_OK, found = ERR_OK;
	memset(out, 0, sizeof(*out));
	while (scan_next(&s, &f)) {
		if (f.number == 1 && f.type == WIRE_VARINT)
			out->id = f.value;
		else if (f.number == 1)
			rc = error_set(ERR_INVALID, "request_id",
				       "request_id has wire type %d where the schema has a varint", (int)f.type);
		else if (f.number >= REQUEST_HELLO + 1 && f.number <= REQUEST_KINDS && body_names[f.number - 2])
			rc = take_body(out, &f);
		found = found ? found : rc; /* the id may come after what is wrong */
	}
	if (s.bad)
		return error_set(ERR_INVALID, NULL,
				 "not a valid protobuf message of type Request: cut short, or a wire type "
				 "or varint that protobuf does not have");
	if (found != ERR_OK)
		return found;
	if (out->id == 0)
		return error_set(ERR_INVALID, "request_id",
				 "request_id is missing: choose one that is not 0 and not in use");
	if (out->kind == 0)
		return error_set(ERR_INVALID, NULL,
				 "the request has no body that this version knows: is the sender newer?");
	return decode_body(out, arena);
}
