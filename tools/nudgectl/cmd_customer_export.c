/* nudgectl/cmd_customer_export.c: all that is held of one customer, as JSON, and where it comes from: read from the data
 * directory, beside the daemon or without it. */
#include "ask.h"
#include "entry_json.h"
#include "offline.h"
#include "report.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/error.h"
#include "history/explain.h"
#include "wire/json.h"
#include "wire/request.h"

#include <stdlib.h>

static const char *data_named;

struct found {
	struct slice id;
	json_t *entries, *copies; /* about them; what their entries did to others */
	uint64_t *own;
	size_t count, cap;
};

static bool is_source(const struct found *f, uint64_t seq)
{
	size_t low = 0, high = f->count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (f->own[middle] < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return low < f->count && f->own[low] == seq;
}

static void take(struct found *f, const struct journal_entry *head, const struct entry *e, struct arena *arena)
{
	bool own = e->subject.kind == SUBJECT_CUSTOMER && slice_equal(subject_id(&e->subject), f->id);
	if (own) {
		if (f->count == f->cap) {
			f->cap = f->cap ? 2 * f->cap : 256;
			f->own = must_realloc(f->own, f->cap * sizeof(f->own[0]));
		}
		f->own[f->count++] = head->seq;
		json_array_append_new(f->entries, entry_json(head, e, arena));
	} else if (e->kind == ENTRY_EFFECT &&
		   (slice_equal(e->effect.customer, f->id) || is_source(f, e->effect.source_seq))) {
		json_array_append_new(f->copies, entry_json(head, e, arena));
	}
}

static int read_entries(struct found *f, struct journal *journal)
{
	struct journal_reader *reader;
	struct journal_entry head;
	struct arena arena;
	int got = 0, result = journal_reader_open(&reader, journal, 0);
	arena_init(&arena, 0);
	while (result == ERR_OK && (got = journal_next(reader, &head)) == 1) {
		struct entry e;
		if (head.blanked)
			continue;
		arena_reset(&arena);
		result = entry_body_decode(&e, head.kind, head.body, &arena);
		if (result == ERR_OK)
			take(f, &head, &e, &arena);
	}
	arena_finish(&arena);
	journal_reader_close(reader);
	return result == ERR_OK && got < 0 ? got : result;
}

/* The record as of now, recomputed from what is kept, which is then its provenance. */
static int tell_record(struct offline *o, char *customer, json_t **out)
{
	Nudge__V1__Recommend about = NUDGE__V1__RECOMMEND__INIT;
	Nudge__V1__Explain ask = NUDGE__V1__EXPLAIN__INIT;
	struct bytes packed = { 0 }, told = { 0 };
	struct request_explain q;
	struct arena arena;
	about.customer = customer;
	about.time_ms = clock_wall_ms();
	ask.ask = &about;
	nudge__v1__explain__pack(&ask, (uint8_t *)bytes_grow(&packed, nudge__v1__explain__get_packed_size(&ask)));
	arena_init(&arena, 0);
	int result = explain_decode(&q, bytes_slice(&packed), &arena);
	if (result == ERR_OK)
		result = history_explain(&o->history, &q, 0, &told);
	Nudge__V1__Explanation *x = NULL;
	if (result == ERR_OK)
		x = nudge__v1__explanation__unpack(NULL, told.len, (const uint8_t *)(told.data ? told.data : ""));
	if (x) {
		*out = json_pack("{so* so* ss sI}", "record", x->state ? json_from_message(&x->state->base) : NULL, "recomputed",
				 x->recomputed ? json_from_message(&x->recomputed->base) : NULL, "pack", x->pack, "as_of_seq",
				 (json_int_t)x->as_of_seq);
		nudge__v1__explanation__free_unpacked(x, NULL);
	}
	bytes_finish(&packed);
	bytes_finish(&told);
	arena_finish(&arena);
	return result;
}

static int export(struct offline *o, char *customer)
{
	struct found f = { .id = slice_of(customer), .entries = json_array(), .copies = json_array() };
	json_t *told = NULL;
	int result = tell_record(o, customer, &told);
	bool known = result == ERR_OK;
	if (result == ERR_MISSING || known)
		result = read_entries(&f, o->journal);
	if (result != ERR_OK || (!known && !json_array_size(f.entries) && !json_array_size(f.copies))) {
		json_decref(f.entries);
		json_decref(f.copies);
		json_decref(told);
		free(f.own);
		return result == ERR_OK ? report_failed("nothing is held of customer %s", customer)
					: report_failed("%s", error_last()->text);
	}
	if (!told)
		told = json_object();
	json_object_set_new(told, "customer", json_string(customer));
	json_object_set_new(told, "exported_at_ms", json_integer(clock_wall_ms()));
	json_object_set_new(told, "journal_begins_at_seq", json_integer((json_int_t)journal_first(o->journal)));
	json_object_set_new(told, "entries", f.entries);
	json_object_set_new(told, "in_records_of_others", f.copies);
	free(f.own);
	return print_json(told);
}

static int run(struct context *c, int argc, char **argv)
{
	struct offline o;
	char *data;
	int code = offline_folder(c, data_named, &data);
	if (code == EXIT_DONE)
		code = offline_open(&o, data);
	if (code == EXIT_DONE) {
		code = export(&o, argv[0]);
		offline_close(&o);
	}
	free(data);
	return code;
}

static const struct option_spec options[] = {
	{ "data", OPTION_TEXT, &data_named, "DIR", "the data directory; default: the one of the daemon, which says so" },
	{ 0 },
};

const struct command cmd_customer_export = {
	.name = "customer export",
	.args = "CUSTOMER",
	.summary = "all that is held of a customer, with where it comes from, as JSON",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
	.details = "`record` is what is known now: members, attributes and since when, timeline, cases, alerts, outcomes, aliases; "
		   "`recomputed` says from which entries it comes. `entries` are all journal entries about the customer, in order: "
		   "events as they were received, timers, decisions with what was asked and chosen, outcomes, acknowledgements. "
		   "`in_records_of_others` are the entries that theirs caused elsewhere: copies of events for agents, aliases. It is "
		   "read from the data directory, so run it there; what the journal has let go shows in `record` alone.",
};
