/* wire/response.h: answers from plain structs to framed Response bytes, appended to a buffer. The structs are lent for
 * the call. Written by hand over base/bytes (wire/put.h): slices are not NUL-terminated, which protobuf-c's strings
 * must be. */
#ifndef NUDGED_WIRE_RESPONSE_H
#define NUDGED_WIRE_RESPONSE_H

#include "base/bytes.h"
#include "base/error.h"
#include "state/record.h"

struct wire_next {
	struct slice outcome, say, action;
};
struct wire_offer {
	struct slice action, channel;
	const struct event_attr *terms;
	size_t term_count;
	int64_t made_ms, until_ms;
};
struct wire_choice {
	struct slice action, goal, group, say;
	double score, propensity, value, context, lever;
	bool drawn;
	const struct slice *reasons;
	size_t reason_count;
	const struct wire_next *next;
	size_t next_count;
	const struct wire_offer *offer;
};
struct wire_answer {
	struct slice question, text;
};
struct wire_left_out {
	struct slice action, gate, reason;
	bool unknown;
	double score, propensity, value, context, lever;
	int64_t until_ms;
};
struct wire_fact {
	struct slice name, member;
	struct value value;
};
struct wire_condition {
	struct slice name, state, text, missing;
	const struct wire_fact *values;
	size_t value_count;
};
struct wire_explained {
	struct slice action, goal, group, gate, member, to_win;
	uint32_t rank;
	const struct wire_condition *gates, *policies, *contexts;
	size_t gate_count, policy_count, context_count;
	double score, propensity, value, context, lever, customer_value, business_value;
	bool customer_unknown, business_unknown;
};
struct wire_told {
	struct slice text, contact;
	int64_t time_ms;
};
struct wire_strain {
	double score;
	struct slice level, suggestion;
	const struct wire_strain_part { struct slice name, say; double points; } *parts;
	size_t part_count;
	unsigned actions;
};
struct wire_trend {
	bool known;
	double by;
};
struct wire_relationship_part {
	struct slice name;
	double weight, value;
	bool known;
	struct wire_trend month, contact;
};
struct wire_relationship {
	bool known, growth_known;
	double score, share;
	struct wire_trend month, contact;
	int64_t since_ms, contact_ms, growth;
	struct slice currency;
	const struct wire_relationship_part *parts;
	size_t part_count;
	const struct wire_past_score { int64_t time_ms; double score; } *past; /* oldest first */
	size_t past_count;
};
struct wire_recommendation {
	uint64_t decision_boot, decision_count;
	struct slice customer, pack_hash, fallback_reason, channel;
	const struct wire_choice *choices;
	size_t choice_count;
	const struct wire_answer *answers;
	size_t answer_count;
	const struct wire_left_out *left_out;
	size_t left_out_count;
	const struct slice *cautions;
	size_t caution_count;
	const struct wire_offer *offers;
	size_t offer_count;
	struct slice opening;
	const struct wire_told *told;
	size_t told_count;
	const struct slice *guidelines, *avoid;
	size_t guideline_count, avoid_count;
	const struct wire_strain *strain; /* NULL: none */
	const struct wire_relationship *relationship; /* NULL: the pack has none */
	const struct slice *expects;
	size_t expect_count;
	bool fallback, control;
	uint64_t as_of_seq;
	int64_t time_ms;
	const struct wire_explained *actions;
	size_t action_count;
	double balance; /* with actions */
};

struct wire_alert {
	uint64_t seq;
	uint32_t index;
	struct slice rule, severity, to, subject, subject_kind, member, text, state, kind;
	int64_t time_ms, expires_ms;
	bool historical;
	struct slice nudge; /* encoded Recommendation message, or empty */
};

enum ack_result { ACK_ACCEPTED = 1, ACK_DUPLICATE = 2, ACK_REFUSED = 3 };
struct wire_ack {
	enum ack_result result;
	uint64_t seq;
	int error_code;                       /* 0: none */
	struct slice error_field; /* within the event ("type"): response_published puts "events[i]." before it */
	struct slice error_text;
	const struct wire_alert *alerts;
	size_t alert_count;
	const struct slice *rules;
	size_t rule_count;
	const struct wire_next *next;         /* of an outcome; NULL: none */
	struct slice warning;                 /* of an outcome; empty: none */
};

struct wire_rule {
	struct slice name, why, last_error, about;
	const struct slice *on;
	size_t on_count;
	uint64_t matched, fired, failed, unknown, time_ns;
	bool aside;
};

struct wire_gauge {
	const char *name, *unit;
	double value;
};

struct wire_stage {
	const char *name, *item, *thread, *about;
	uint64_t items;
	double us;
};

struct wire_shard {
	uint64_t events, queries, recommendations, records, cache_bytes, dirty, effects_pending, timers;
};

struct wire_recovery {
	int64_t took_ms;
	uint64_t stored_seq, last_seq, applied, skipped, dropped_bytes;
};

/* The field names are those of the proto's Status. */
struct wire_status {
	struct slice version, pack, pack_hash, clock, data;
	int64_t uptime_ms, now_ms;
	uint64_t boot_id, events_accepted, events_duplicate, events_refused, recommendations, alerts_raised,
		alerts_open, connections, followers, journal_last, journal_durable, journal_first, journal_bytes,
		store_mark, records_cached, cache_bytes, records_stored, records_dirty, free_bytes, rules_aside,
		effects_pending, timers, open_low, open_medium, open_high, open_critical, open_nudges;
	uint32_t shards;
	const struct wire_shard *each_shard;
	size_t each_count;
	struct wire_recovery recovery;
	bool storage_refusing;
	const struct wire_gauge *gauges;
	size_t gauge_count;
	const struct wire_stage *stages;
	size_t stage_count;
};

struct wire_activated {
	struct slice name, hash;
	uint64_t seq, back_to;
	uint32_t rules, actions, series_kept, series_new, tests;
	bool untested, filling, stopped_filling;
	const struct wire_warm *declared;
	size_t declared_count;
};

/* What the active pack keeps, and since when. */
struct wire_warm {
	struct slice name, kind, about;
	int64_t since_ms, keep_ms;
	uint64_t since_seq;
	bool is_new, filled, filling;
};

struct wire_backfill {
	struct slice state, error;
	uint64_t seq, first_seq, done, all, slots, subjects;
};

struct wire_past {
	struct slice name, hash, by, origin;
	int64_t time_ms, uid; /* uid -1: not known */
	uint64_t seq, back_to;
	uint32_t rules, actions, series_kept, series_new, tests;
	bool untested, active, undone, kept, backfill;
};

/* What a record's declarations are called is known to the pack: these give names to identities. NULL: unknown (then
 * "#hex"). */
struct wire_names {
	void *arg;
	struct slice (*series)(void *arg, uint32_t id);
	struct slice (*open_case)(void *arg, uint32_t id);
	struct slice currency; /* the pack's, of amounts */
	/* What it makes of the record besides. */
	const struct wire_relationship *relationship; /* NULL: none */
	const struct slice *expects;
	size_t expect_count;
	const struct wire_strain *strain; /* an agent's; NULL: not measured */
};

void response_error(struct bytes *out, uint64_t request_id, const struct error *e);
void response_welcome(struct bytes *out, uint64_t request_id, struct slice server, uint64_t boot_id, struct slice pack,
		      struct slice pack_hash);
void response_published(struct bytes *out, uint64_t request_id, const struct wire_ack *acks, size_t count);
void response_recommendation(struct bytes *out, uint64_t request_id, const struct wire_recommendation *r);
void response_outcome(struct bytes *out, uint64_t request_id, const struct wire_ack *ack);
void response_customer(struct bytes *out, uint64_t request_id, const struct record *r, const struct wire_names *names,
		       const struct wire_fact *facts, size_t fact_count, struct slice merged_from, int64_t now_ms);
/* To who has the record as of this seq: that it is still so. */
void response_customer_known(struct bytes *out, uint64_t request_id, const struct record *r);
void response_resolved(struct bytes *out, uint64_t request_id, struct slice customer, struct slice member,
		       bool provisional);
void response_following(struct bytes *out, uint64_t request_id, uint64_t seq);
void response_alert(struct bytes *out, uint64_t request_id, struct slice alert); /* alert: an encoded Alert message */
void response_missed(struct bytes *out, uint64_t request_id, uint64_t count, uint64_t resume_seq,
		     uint32_t resume_index);
void response_unfollowed(struct bytes *out, uint64_t request_id);
void response_acknowledged(struct bytes *out, uint64_t request_id, struct slice alert);
void response_status(struct bytes *out, uint64_t request_id, const struct wire_status *s);
void response_activated(struct bytes *out, uint64_t request_id, const struct wire_activated *a);
void response_rules(struct bytes *out, uint64_t request_id, struct slice pack, struct slice hash, int64_t since_ms,
		    const struct wire_rule *rules, size_t count);
/* In place of the rules: the activations, newest first, and what the active pack keeps. */
void response_history(struct bytes *out, uint64_t request_id, struct slice pack, struct slice hash,
		      const struct wire_past *past, size_t past_count, const struct wire_warm *declared,
		      size_t declared_count, const struct wire_backfill *backfill); /* NULL: none */
struct wire_report;
void response_report(struct bytes *out, uint64_t request_id, const struct wire_report *r); /* wire/report.h */
struct wire_models;
struct wire_model;
void response_models(struct bytes *out, uint64_t request_id, const struct wire_models *m); /* wire/models.h */
struct wire_erased {
	uint64_t entries, customers, aliases, records, alerts, log_lines, mentions, seq;
};
void response_erased(struct bytes *out, uint64_t request_id, const struct wire_erased *r);
void response_model_reset(struct bytes *out, uint64_t request_id, const struct wire_model *forgotten, uint64_t seq);
void response_digest(struct bytes *out, uint64_t request_id, struct hash128 digest, uint64_t records, uint64_t seq);
void response_alert_list(struct bytes *out, uint64_t request_id, const struct slice *alerts, size_t count,
			 bool more); /* encoded Alerts */

void response_explanation(struct bytes *out, uint64_t request_id, struct slice explanation); /* an encoded Explanation */

/* Messages without a frame, for the journal, the outbox and nesting. */
void next_encode(const struct wire_next *n, struct bytes *out);                     /* a NextStep message */
void alert_encode(const struct wire_alert *a, struct bytes *out);                   /* an Alert message */
int alert_decode(struct wire_alert *out, struct slice bytes);                       /* lends from bytes */
void recommendation_encode(const struct wire_recommendation *r, struct bytes *out); /* a Recommendation message */
void strain_encode(struct bytes *out, uint32_t field, const struct wire_strain *s);
void relationship_encode(struct bytes *out, uint32_t field, const struct wire_relationship *r);
/* Where the attribute's value came from as `field`, what was before it, newest first, as the field after. */
void origins_encode(struct bytes *out, uint32_t field, const struct record *r, uint8_t member, struct slice name);
void choice_encode(struct bytes *out, uint32_t field, const struct wire_choice *c); /* a Choice as a field of another */
void condition_encode(struct bytes *out, uint32_t field, const struct wire_condition *c);
void customer_encode(struct bytes *out, const struct record *r, const struct wire_names *names,
		     const struct wire_fact *facts, size_t fact_count, struct slice merged_from, int64_t now_ms);

#endif
