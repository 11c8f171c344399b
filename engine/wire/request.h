/* wire/request.h: a Request's bytes to a plain struct, checked whole: lengths, UTF-8 without control characters, enums,
 * numbers that are finite, exactly-one-of rules. Above this file nobody sees protobuf; below it nobody sees what is not
 * valid.
 *
 * Everything is lent, from the frame's bytes or from the arena given, and lives as long as both: who keeps an event for
 * longer keeps its bytes and decodes them again. After an error the struct holds anything, but for the id of a request.
 *
 * Decoding is bounded: frames by LIMIT_FRAME_BYTES, memory by the arena's budget (LIMIT_FRAME_ARENA_FACTOR). It is done
 * by hand over the wire format (wire/scan.h, wire/fields.h) and never recurses, so that the depth of what is sent does
 * not matter. */
#ifndef NUDGED_WIRE_REQUEST_H
#define NUDGED_WIRE_REQUEST_H

#include "base/arena.h"
#include "base/bytes.h"
#include "state/event.h"

enum request_kind {
	REQUEST_HELLO = 1,
	REQUEST_PUBLISH,
	REQUEST_RECOMMEND,
	REQUEST_OUTCOME,
	REQUEST_READ_CUSTOMER,
	REQUEST_RESOLVE_ALIAS,
	REQUEST_FOLLOW,
	REQUEST_ACKNOWLEDGE,
	REQUEST_STATUS,
	REQUEST_ACTIVATE,
	REQUEST_RULES,
	REQUEST_DIGEST,
	REQUEST_LIST_ALERTS,
	REQUEST_UNFOLLOW,
	REQUEST_EXPLAIN,
	REQUEST_MODELS,
	REQUEST_RESET_MODEL,
	REQUEST_REPORT,
	REQUEST_FIND,
	REQUEST_FIGURES = 20,
	REQUEST_ERASE,
	REQUEST_KINDS, /* one past the last; between them may be numbers that no build has used */
};

/* One published event: its bytes as received (these are journaled, never a re-encoding). Each is decoded by itself with
 * event_decode, so that a bad one is refused alone. */
struct request_publish {
	struct slice *events;
	size_t count;
};

struct request_recommend {
	struct slice customer, alias, member, agent, channel, intent, topic, language;
	double mood;
	bool has_mood, explain;
	uint32_t limit, deadline_ms;
	int64_t time_ms;
	const struct event_attr *attrs;
	size_t attr_count;
};

struct request_explain {
	struct slice ask_bytes; /* empty: not of a customer */
	struct request_recommend ask;
	struct slice decision, event, source;
	uint64_t decision_boot, decision_count;
	uint64_t entry, as_of_seq;
};

struct request_outcome {
	struct slice id, source, customer, alias, member, agent, action, channel, decision, language;
	uint64_t decision_boot, decision_count; /* parsed from `decision`; 0, 0 where empty */
	int kind;                               /* enum outcome_kind */
	struct slice reason, currency;
	int64_t revenue, cost, until_ms;        /* minor units of the currency, which is given where one of them is not 0 */
	int64_t time_ms;
	uint64_t id_hash, content_hash;
};

struct request_report {
	struct slice name, by;
	int64_t since_ms, until_ms;
	const struct event_attr *where;
	size_t where_count;
	uint32_t limit;
};

struct request_find {
	struct slice text;
	uint32_t limit;
};

struct request_pack_file {
	struct slice path, content;
};

struct request {
	uint64_t id;
	enum request_kind kind;
	struct slice body; /* the sub-message as received (an Outcome is journaled from it) */
	union {
		struct { uint32_t version; struct slice client, token; bool no_wait; } hello;
		struct request_publish publish;
		struct request_recommend recommend;
		struct request_outcome outcome;
		struct { struct slice customer, alias, agent; uint64_t known_seq; } read;
		struct { struct slice alias; int64_t time_ms; } resolve;
		struct { uint64_t after_seq; uint32_t after_index; bool from_now; struct slice to; } follow;
		struct { uint64_t seq; uint32_t index; struct slice by; } acknowledge;
		struct {
			struct slice name, by, to;
			bool rollback, backfill;
			struct request_pack_file *files;
			size_t count;
		} activate;
		struct { bool stats, history, series, words; uint32_t limit; } rules;
		struct { struct slice to; uint32_t limit; uint64_t after_seq; uint32_t after_index; } list;
		struct { uint64_t follow_id; } unfollow;
		struct request_explain explain;
		struct { struct slice action, by; } model; /* both kinds */
		struct request_report report;
		struct request_find find;
		struct { int64_t since_ms, step_ms; } figures;
		struct { struct slice customer, by; } erase;
	};
};

/* ERR_OK, or the last error with the field. out->id is set whenever it could be read, so that the error can be answered
 * to it. Defaults are filled in (recommend: channel "call", limit RECOMMENDATIONS_DEFAULT). No clock is consulted:
 * whoever has one calls outcome_decode on `body` again, or bounds recommend's time itself. */
int request_decode(struct request *out, struct slice frame, struct arena *arena);
/* The customers that a request names, at most `most` of them: lent from the frame, unchecked (glance.c). */
unsigned request_glance(struct slice frame, struct slice *out, unsigned most);

/* One Event message. `now_ms` fills in a missing time and bounds the future (LIMIT_SKEW_MS); with now_ms < 0 (replay,
 * import of the journal) nothing is checked that a clock decides, and a missing time stays 0: the journal entry has it.
 * The type must not be one that only the engine makes ("case.", "outcome."). */
int event_decode(struct event *out, struct slice bytes, struct arena *arena, int64_t now_ms);
/* To an encoded event that does not say when: that it was then. Where there is no room (limit_event_bytes) it stays as it is. */
void event_put_time(struct bytes *event, int64_t time_ms);
/* The journaled body of an Outcome request. */
int outcome_decode(struct request_outcome *out, struct slice bytes, struct arena *arena, int64_t now_ms);
/* Of any time that a client sends, 0 for none: not from before there were computers to send it. ERR_INVALID, which says so
 * where it looks like seconds. Only where it comes in: what is journaled may be older. */
int wire_check_sent(const char *field, int64_t time_ms);
/* One Explain message, checked whole. */
int explain_decode(struct request_explain *out, struct slice bytes, struct arena *arena);
/* An Event message's bytes from the struct: for tools and tests, and for events that the engine makes. */
void event_encode(const struct event *e, struct bytes *out);

/* Aliases are compared in one form: phone numbers (7 to 15 digits and separators, nothing else) keep "+" and digits
 * ("00" at the start becomes "+"), e-mail addresses become lower case (ASCII), other names stay. Lends from the arena.
 * ERR_INVALID where nothing is left. */
int alias_normalize(struct slice in, struct arena *arena, struct slice *out);

#endif
