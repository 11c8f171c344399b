/* wire/event.c: one Event message, both ways. This is the dearest stage of the daemon's hot path, so strings are lent
 * from the frame and the only allocation is the array of attributes. */
#include "wire/attrs.h"
#include "wire/put.h"
#include "wire/request.h"
#include "wire/subject_fields.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/limits.h"

#include <stddef.h>
#include <stdio.h>
#include <time.h>

#define AT(member) .offset = offsetof(struct event, member)
#define ID(field, member) { .name = field, .kind = FIELD_NAME, AT(member), LIMIT("limit_id_bytes", LIMIT_ID_BYTES) }

static const struct field_spec fields[FIELD_NUMBERS] = {
	[1] = ID("id", id),
	[2] = ID("source", source),
	[3] = ID("customer", customer),
	[4] = { .name = "alias", .kind = FIELD_NAME, AT(alias), LIMIT("limit_alias_bytes", LIMIT_ALIAS_BYTES) },
	[5] = ID("member", member),
	[6] = ID("agent", agent),
	[7] = ID("contact", contact),
	[8] = { .name = "type", .kind = FIELD_NAME, AT(type), LIMIT("limit_type_bytes", LIMIT_TYPE_BYTES) },
	[9] = { .name = "channel", .kind = FIELD_NAME, AT(channel), LIMIT("limit_channel_bytes", LIMIT_CHANNEL_BYTES) },
	[10] = { .name = "time_ms", .kind = FIELD_TIME, AT(time_ms) },
	[11] = { .name = "attributes", .kind = FIELD_LIST, LIMIT("limit_attributes", LIMIT_ATTRIBUTES) },
};
static const struct message_spec spec = MESSAGE_SPEC("Event", fields);

uint64_t wire_id_hash(struct slice source, struct slice id)
{
	char key[2 * LIMIT_ID_BYTES + 1];
	memcpy(key, source.data, source.len);
	key[source.len] = '\0';
	memcpy(key + source.len + 1, id.data, id.len);
	return hash64((struct slice){ key, source.len + 1 + id.len }, 0);
}

int wire_check_subject(struct slice customer, struct slice alias)
{
	if (customer.len && alias.len)
		return error_set(ERR_INVALID, "alias", "both customer and alias are set: send exactly one of the two");
	return field_required("customer", customer.len || alias.len, "send exactly one of customer and alias");
}

enum { SECONDS_MIN = 315532800, SECONDS_MAX = 2147483647 }; /* 1980 to 2038 */

/* Says what the number was read as: seconds or microseconds sent as milliseconds show at once. */
static int refuse_future(const char *field, int64_t time_ms, int64_t now_ms)
{
	static const struct { const char *name; int64_t seconds; } units[] = {
		{ "years", 31556952 }, { "days", 86400 }, { "hours", 3600 }, { "minutes", 60 }, { "seconds", 1 },
	};
	int64_t ahead = (time_ms - now_ms) / 1000;
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm;
	char read_as[48] = "beyond any calendar";
	unsigned u = 0;
	while (ahead < 2 * units[u].seconds && units[u].seconds > 1)
		u++;
	if (gmtime_r(&seconds, &tm))
		strftime(read_as, sizeof(read_as), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return error_set(ERR_LIMIT, field,
			 "%s lies %lld %s in the future (%s), over limit_skew_ms (%d): is the "
			 "sender's clock right, and in UTC milliseconds?",
			 field, (long long)(ahead / units[u].seconds), units[u].name, read_as, LIMIT_SKEW_MS);
}

int wire_check_sent(const char *field, int64_t time_ms)
{
	time_t seconds = (time_t)(time_ms / 1000);
	struct tm tm;
	char read_as[32];
	if (time_ms == 0 || time_ms >= LIMIT_TIME_SENT_MIN_MS)
		return ERR_OK;
	strftime(read_as, sizeof(read_as), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &tm));
	if (time_ms < SECONDS_MIN || time_ms > SECONDS_MAX)
		return error_set(ERR_INVALID, field, "%s %lld is %s, before 1971 (limit_time_sent_min_ms): UTC milliseconds are wanted",
				 field, (long long)time_ms, read_as);
	return error_set(ERR_INVALID, field,
			 "%s %lld is %s, before 1971 (limit_time_sent_min_ms): it looks like seconds, and milliseconds are wanted: "
			 "%lld000", field, (long long)time_ms, read_as, (long long)time_ms);
}

int wire_check_time(int64_t *time_ms, int64_t now_ms)
{
	if (now_ms < 0)
		return ERR_OK;
	if (*time_ms == 0)
		*time_ms = now_ms;
	if (*time_ms < LIMIT_TIME_SENT_MIN_MS)
		return wire_check_sent("time_ms", *time_ms);
	return *time_ms - LIMIT_SKEW_MS > now_ms ? refuse_future("time_ms", *time_ms, now_ms) : ERR_OK;
}

/* Of attributes that have times of their own, or are not known any more. */
static int check_profile(const struct event *e, int64_t now_ms)
{
	char field[48];
	if (!slice_equal(e->type, SLICE(EVENT_PROFILE_UPDATED)))
		return error_set(ERR_INVALID, "attributes",
				 "an event of type %.*s has attributes with a time of their own or removed ones: only "
				 "profile.updated may",
				 SLICE_ARG(e->type));
	for (size_t i = 0; i < e->attr_count && now_ms >= 0; i++) {
		bool early = e->attr_times[i] && e->attr_times[i] < LIMIT_TIME_SENT_MIN_MS;
		if (!early && e->attr_times[i] - LIMIT_SKEW_MS <= now_ms)
			continue;
		snprintf(field, sizeof(field), "attributes[%zu].time_ms", i);
		return early ? wire_check_sent(field, e->attr_times[i]) : refuse_future(field, e->attr_times[i], now_ms);
	}
	return ERR_OK;
}

static bool starts_with(struct slice s, struct slice prefix)
{
	return s.len >= prefix.len && memcmp(s.data, prefix.data, prefix.len) == 0;
}

static int needs_attr(const struct event *e, struct slice name)
{
	for (size_t i = 0; i < e->attr_count; i++)
		if (slice_equal(e->attrs[i].name, name))
			return ERR_OK;
	return error_set(ERR_INVALID, "attributes", "an event of type %.*s needs the attribute %.*s",
			 SLICE_ARG(e->type), SLICE_ARG(name));
}

static int needs_member(const struct event *e)
{
	if (e->member.len > 0)
		return ERR_OK;
	return error_set(ERR_INVALID, "member",
			 "`%.*s` is the engine's: a line or person within a customer; name it in member, or use another "
			 "type",
			 SLICE_ARG(e->type));
}

/* The types that the engine itself understands must say what they are about. */
static int check_type(const struct event *e)
{
	if (starts_with(e->type, SLICE("case.")) || starts_with(e->type, SLICE("outcome.")))
		return error_set(ERR_INVALID, "type",
				 "type %.*s: \"case.\" and \"outcome.\" are made by the engine itself; "
				 "use another name, or send an Outcome",
				 SLICE_ARG(e->type));
	if (slice_equal(e->type, SLICE(EVENT_ALIAS_ADDED)) || slice_equal(e->type, SLICE(EVENT_ALIAS_REMOVED)))
		return needs_attr(e, SLICE("alias"));
	if (slice_equal(e->type, SLICE(EVENT_IDENTITY_MERGED)))
		return needs_attr(e, SLICE("into"));
	if (slice_equal(e->type, SLICE(EVENT_MEMBER_JOINED)) || slice_equal(e->type, SLICE(EVENT_MEMBER_LEFT)))
		return needs_member(e);
	return ERR_OK;
}

static int check(struct event *e, int64_t now_ms)
{
	int rc = field_required("id", e->id.len > 0, "it makes sending again safe; unique per source");
	if (rc == ERR_OK)
		rc = field_required("source", e->source.len > 0, "who says so, e.g. \"pbx\"");
	if (rc == ERR_OK)
		rc = field_required("type", e->type.len > 0, "what happened, e.g. \"call.ended\"");
	if (rc == ERR_OK)
		rc = wire_check_subject(e->customer, e->alias);
	if (rc == ERR_OK)
		rc = check_type(e);
	if (rc == ERR_OK && e->attr_times)
		rc = check_profile(e, now_ms);
	return rc == ERR_OK ? wire_check_time(&e->time_ms, now_ms) : rc;
}

/* What alias.added says is compared with what events say: both in the one form. */
static int normalize_alias_attr(struct event *e, struct arena *arena)
{
	if (!slice_equal(e->type, SLICE(EVENT_ALIAS_ADDED)) && !slice_equal(e->type, SLICE(EVENT_ALIAS_REMOVED)))
		return ERR_OK;
	struct event_attr *attrs = (struct event_attr *)e->attrs; /* ours: just allocated in the arena */
	for (size_t i = 0; i < e->attr_count; i++) {
		struct value *v = &attrs[i].value;
		if (!slice_equal(attrs[i].name, SLICE("alias")))
			continue;
		if (v->string.len > LIMIT_ALIAS_BYTES)
			return error_set(ERR_LIMIT, "attributes.alias", "an alias of %zu bytes is over limit_alias_bytes (%u)",
					 v->string.len, LIMIT_ALIAS_BYTES);
		return alias_normalize(v->string, arena, &v->string);
	}
	return ERR_OK;
}

int event_decode(struct event *out, struct slice bytes, struct arena *arena, int64_t now_ms)
{
	struct slice items[LIMIT_ATTRIBUTES];
	struct field_list attrs = { .items = items, .cap = LIMIT_ATTRIBUTES };
	if (bytes.len > LIMIT_EVENT_BYTES)
		return error_set(ERR_LIMIT, NULL, "an event of %zu bytes is over limit_event_bytes (%u): shorten it",
				 bytes.len, LIMIT_EVENT_BYTES);
	memset(out, 0, sizeof(*out));
	int rc = fields_decode(out, &spec, bytes, &attrs);
	if (rc == ERR_OK)
		rc = attrs_decode(&attrs, arena, &out->attrs, &out->attr_count, &out->attr_times);
	if (rc == ERR_OK)
		rc = check(out, now_ms);
	if (rc == ERR_OK)
		rc = normalize_alias_attr(out, arena);
	if (rc != ERR_OK)
		return rc;
	out->id_hash = wire_id_hash(out->source, out->id);
	out->content_hash = hash64(bytes, 0);
	return ERR_OK;
}

static void put_attribute_parts(struct bytes *out, struct slice name, struct value v)
{
	put_text(out, 1, name);
	if (v.kind == VALUE_STRING)
		put_text_always(out, 2, v.string);
	else if (v.kind == VALUE_NUMBER)
		put_double_always(out, 3, v.number);
	else if (v.kind == VALUE_BOOL)
		put_number_always(out, 4, v.boolean);
}

void put_attribute(struct bytes *out, uint32_t field, struct slice name, struct value v)
{
	size_t mark = put_begin(out, field);
	put_attribute_parts(out, name, v);
	put_end(out, mark);
}

/* Of an event: with its own time, and what is not known any more as such. */
static void put_dated(struct bytes *out, const struct event *e, size_t i)
{
	size_t mark = put_begin(out, 11);
	put_attribute_parts(out, e->attrs[i].name, e->attrs[i].value);
	put_number(out, 5, (uint64_t)e->attr_times[i]);
	if (e->attrs[i].value.kind == VALUE_UNKNOWN)
		put_number_always(out, 6, 1);
	put_end(out, mark);
}

void event_encode(const struct event *e, struct bytes *out)
{
	put_text(out, 1, e->id);
	put_text(out, 2, e->source);
	put_text(out, 3, e->customer);
	put_text(out, 4, e->alias);
	put_text(out, 5, e->member);
	put_text(out, 6, e->agent);
	put_text(out, 7, e->contact);
	put_text(out, 8, e->type);
	put_text(out, 9, e->channel);
	put_number(out, 10, (uint64_t)e->time_ms);
	for (size_t i = 0; i < e->attr_count; i++) {
		if (e->attr_times)
			put_dated(out, e, i);
		else
			put_attribute(out, 11, e->attrs[i].name, e->attrs[i].value);
	}
}

#define TIME_BYTES 11u /* of the field, at most */

void event_put_time(struct bytes *event, int64_t time_ms)
{
	if (event->len + TIME_BYTES <= LIMIT_EVENT_BYTES)
		put_number(event, 10, (uint64_t)time_ms);
}
