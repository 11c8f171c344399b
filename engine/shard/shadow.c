/* shard/shadow.c: see shadow.h. Entries are applied by the same functions as live, with a pack from which all but the
 * wanted series and cases was taken. Where the live machine sends an effect to another subject, one of four things
 * happens here:
 *
 *   an event to its agent or area    at once, while the old pack was active; later, when the journal shows it
 *   a record that joins another's    kept until the journal shows that effect: its order among the other's entries counts
 *   additions to tallies             left out: rules made them
 *   aliases                          left out: no series is about them */
#include "shard/shadow.h"

#include "base/check.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/limits.h"
#include "history/apply.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FOLDER "backfill"
#define SPILL_RECORDS 512u

struct joining { /* a record on its way to another */
	uint64_t source_seq;
	uint32_t index;
	uint8_t kind;
	struct subject target;
	struct bytes body;
};

struct shadow {
	char *data;
	struct machine machine;
	struct store *store;
	struct cache cache;
	struct applied applied, second;
	uint64_t derive_to, merges_from;
	int64_t derive_to_ms;
	struct joining *joinings;
	size_t joining_count;
	struct subject *merged;
	size_t merged_count;
};

static void remove_folder(const char *data)
{
	char path[4096], file[4400];
	snprintf(path, sizeof(path), "%s/" FOLDER, data);
	DIR *dir = opendir(path);
	if (!dir)
		return;
	for (struct dirent *d; (d = readdir(dir));) {
		snprintf(file, sizeof(file), "%s/%s", path, d->d_name);
		(void)unlink(file); /* . and .. refuse */
	}
	closedir(dir);
	(void)rmdir(path);
}

int shadow_create(struct shadow **out, const char *data, const struct bundle *bundle, const struct fill *fill,
		  uint64_t derive_to, int64_t derive_to_ms)
{
	struct shadow *s = must_calloc(1, sizeof(*s));
	struct pack *pack = NULL;
	s->data = must_strdup(data);
	s->derive_to = derive_to;
	s->derive_to_ms = derive_to_ms;
	s->merges_from = UINT64_MAX;
	machine_init(&s->machine);
	remove_folder(data);
	int result = store_open_named(&s->store, data, FOLDER, 0, false);
	if (result == ERR_OK)
		result = pack_load(&pack, bundle, s->machine.pool);
	if (result != ERR_OK) {
		shadow_destroy(s);
		return result;
	}
	pack_keep_only(pack, &fill->series, &fill->cases);
	machine_set_pack(&s->machine, pack);
	cache_init(&s->cache, s->machine.pool, s->store, fault_hit(backfill_short_of_memory) ? 64 * KIB : BACKFILL_BYTES);
	*out = s;
	return ERR_OK;
}

static void joining_remove(struct shadow *s, size_t at)
{
	bytes_finish(&s->joinings[at].body);
	s->joinings[at] = s->joinings[--s->joining_count];
}

void shadow_destroy(struct shadow *s)
{
	if (!s)
		return;
	while (s->joining_count)
		joining_remove(s, s->joining_count - 1);
	free(s->joinings);
	free(s->merged);
	if (s->cache.buckets)
		cache_finish(&s->cache);
	store_close(s->store);
	machine_finish(&s->machine);
	remove_folder(s->data);
	free(s->data);
	free(s);
}

static void changed(struct shadow *s, struct slot *slot, uint64_t seq)
{
	slot->record->seq = seq;
	cache_dirty(&s->cache, slot);
}

/* The live machine knows it too: it is of a case that was opened since the pack is active. */
static bool is_live(const struct shadow *s, const struct timer *t)
{
	const struct case_decl *decl = pack_case_by_id(s->machine.pack, t->decl);
	return decl && t->due_ms - decl->due_ms > s->derive_to_ms;
}

/* What would have fallen due before this: by the wall clock, and by the time of the event. What falls due live comes from
 * the journal. */
static void fire_due(struct shadow *s, struct record *r, int64_t wall_ms, int64_t due_ms)
{
	struct apply_input in = { .received_at_ms = wall_ms, .replay = true };
	for (unsigned i = 0; i < r->rare->timer_count;) {
		struct timer t = r->rare->timers[i];
		if ((t.fire_ms > wall_ms && (t.due_ms > due_ms || timer_of_clock(&t))) || is_live(s, &t)) {
			i++;
			continue;
		}
		struct str *key = t.key ? str_ref(t.key) : NULL;
		machine_apply_timer(&s->machine, r, &t, &in, &s->second);
		strpool_drop(s->machine.pool, key);
		i = 0;
	}
}

static void note_merged(struct shadow *s, const struct subject *subject, uint64_t seq)
{
	if (seq <= s->merges_from)
		return;
	s->merged = must_realloc(s->merged, (s->merged_count + 1) * sizeof(s->merged[0]));
	s->merged[s->merged_count++] = *subject;
}

static void keep_joining(struct shadow *s, const struct effect *f, uint64_t seq)
{
	s->joinings = must_realloc(s->joinings, (s->joining_count + 1) * sizeof(s->joinings[0]));
	struct joining *j = &s->joinings[s->joining_count++];
	*j = (struct joining){ .source_seq = seq, .index = f->index, .kind = f->kind, .target = f->target };
	bytes_put(&j->body, f->body.data, f->body.len);
}

static int event_elsewhere(struct shadow *s, const struct effect *f, const struct event *e, const struct apply_input *in,
			   uint64_t seq)
{
	struct slot *slot;
	int result = cache_get(&s->cache, &f->target, true, &slot);
	if (result != ERR_OK)
		return result;
	machine_apply_effect(&s->machine, slot->record, EFFECT_EVENT, (struct slice){ 0 }, e, in, &s->second);
	changed(s, slot, seq);
	return ERR_OK;
}

static int hand_on(struct shadow *s, const struct event *e, const struct apply_input *in, uint64_t seq)
{
	int result = ERR_OK;
	for (unsigned i = 0; result == ERR_OK && i < s->applied.effect_count; i++) {
		const struct effect *f = &s->applied.effects[i];
		if (f->kind == EFFECT_EVENT && e && seq <= s->derive_to)
			result = event_elsewhere(s, f, e, in, seq);
		else if (f->kind == EFFECT_MERGE || f->kind == EFFECT_ABSORB)
			keep_joining(s, f, seq);
	}
	return result;
}

static int apply_event_entry(struct shadow *s, struct slot *slot, const struct ahead_item *item, const struct apply_input *in)
{
	uint64_t seq = item->je.seq;
	fire_due(s, slot->record, in->received_at_ms, item->event.time_ms);
	machine_apply_event(&s->machine, slot->record, &item->event, in, &s->applied);
	changed(s, slot, seq);
	return hand_on(s, &item->event, in, seq);
}

static int apply_outcome_entry(struct shadow *s, struct slot *slot, const struct ahead_item *item,
			       const struct apply_input *in)
{
	struct outcome_input input;
	int result = outcome_input_decode(&input, &item->entry, in->received_at_ms, &s->machine.arena);
	if (result != ERR_OK)
		return result;
	fire_due(s, slot->record, in->received_at_ms, input.time_ms);
	machine_apply_outcome(&s->machine, slot->record, &input, in, &s->applied);
	changed(s, slot, item->je.seq);
	return hand_on(s, NULL, in, item->je.seq);
}

static int join(struct shadow *s, size_t at, const struct subject *target, const struct apply_input *in, uint64_t seq)
{
	struct slot *slot;
	struct joining *j = &s->joinings[at];
	int result = cache_get(&s->cache, target, j->kind == EFFECT_MERGE, &slot);
	if (result == ERR_OK && slot) {
		machine_apply_effect(&s->machine, slot->record, j->kind, bytes_slice(&j->body), NULL, in, &s->applied);
		changed(s, slot, seq);
		if (j->kind == EFFECT_MERGE)
			note_merged(s, target, seq);
	} else {
		s->applied.effect_count = 0;
	}
	joining_remove(s, at);
	return result == ERR_OK ? hand_on(s, NULL, in, seq) : result;
}

static int apply_effect_entry(struct shadow *s, const struct ahead_item *item, const struct apply_input *in)
{
	const struct entry *entry = &item->entry;
	struct slot *slot;
	if (entry->effect.kind == EFFECT_MERGE || entry->effect.kind == EFFECT_ABSORB) {
		for (size_t i = 0; i < s->joining_count; i++)
			if (s->joinings[i].source_seq == entry->effect.source_seq &&
			    s->joinings[i].index == entry->effect.index)
				return join(s, i, &entry->subject, in, item->je.seq);
		return ERR_OK; /* of an entry before the journal's first */
	}
	/* Who was being erased then, and may have come again. (Once that is done, their entries are blank.) */
	bool wipe = entry->effect.kind == EFFECT_WIPE && entry->subject.kind == SUBJECT_CUSTOMER;
	if (!wipe && (entry->effect.kind != EFFECT_EVENT || entry->effect.source_seq <= s->derive_to))
		return ERR_OK;
	int result = cache_get(&s->cache, &entry->subject, true, &slot);
	if (result == ERR_OK)
		result = effect_apply(&s->machine, slot->record, entry, in, &s->applied);
	if (result == ERR_OK)
		changed(s, slot, item->je.seq);
	return result;
}

int shadow_apply(struct shadow *s, const struct ahead_item *item)
{
	const struct entry *entry = &item->entry;
	struct apply_input in = { .received_at_ms = item->je.received_at_ms, .replay = true };
	struct slot *slot;
	if (item->je.blanked || entry->subject.kind == SUBJECT_NONE)
		return ERR_OK;
	arena_reset(&s->machine.arena);
	if (entry->kind == ENTRY_EFFECT)
		return apply_effect_entry(s, item, &in);
	bool timer = entry->kind == ENTRY_TIMER && item->je.seq > s->derive_to;
	if (entry->kind != ENTRY_EVENT && entry->kind != ENTRY_OUTCOME && !timer)
		return ERR_OK;
	int result = cache_get(&s->cache, &entry->subject, true, &slot);
	if (result != ERR_OK)
		return result;
	if (entry->kind == ENTRY_EVENT)
		return apply_event_entry(s, slot, item, &in);
	if (entry->kind == ENTRY_OUTCOME)
		return apply_outcome_entry(s, slot, item, &in);
	timer_apply(&s->machine, slot->record, entry, &in, &s->applied);
	changed(s, slot, item->je.seq);
	return ERR_OK;
}

static int spill_some(struct shadow *s, struct slot **list)
{
	struct store_write *w;
	struct bytes key = { 0 }, value = { 0 };
	struct slot *first = *list;
	unsigned count = 0;
	int result = store_begin(s->store, &w);
	if (result != ERR_OK)
		return result;
	for (; *list && count < SPILL_RECORDS && result == ERR_OK; *list = (*list)->next_dirty, count++) {
		struct subject subject = record_subject((*list)->record);
		bytes_clear(&key);
		bytes_clear(&value);
		subject_key(&subject, &key);
		record_encode((*list)->record, &value);
		result = store_put(w, STORE_RECORDS, bytes_slice(&key), bytes_slice(&value));
	}
	bytes_finish(&key);
	bytes_finish(&value);
	if (result == ERR_OK)
		result = store_commit(w);
	else
		store_abort(w);
	for (struct slot *slot = first; result == ERR_OK && slot != *list;) {
		struct slot *next = slot->next_dirty;
		cache_clean(&s->cache, slot);
		slot = next;
	}
	return result;
}

int shadow_spill(struct shadow *s, bool all)
{
	int result = ERR_OK;
	if (!all && s->cache.bytes < s->cache.limit_bytes)
		return ERR_OK;
	for (unsigned h = 0; result == ERR_OK && h < HASH_SLOTS; h++)
		for (struct slot *list = cache_take_dirty(&s->cache, h); list && result == ERR_OK;)
			result = spill_some(s, &list);
	for (unsigned i = 0; i < 2; i++) /* the first round finds many in use */
		cache_evict(&s->cache, SIZE_MAX);
	return result;
}

struct listing {
	struct bytes *key;
	struct subject *out;
	unsigned count, most;
};

static int list_one(void *arg, struct slice key, struct slice value)
{
	struct listing *l = arg;
	if (l->count == l->most)
		return 1;
	int result = subject_from_key(key, &l->out[l->count]);
	if (result != ERR_OK)
		return result;
	l->count++;
	bytes_clear(l->key);
	bytes_put(l->key, key.data, key.len);
	bytes_put_u8(l->key, 0); /* the next one is behind it */
	return 0;
}

int shadow_next(struct shadow *s, struct bytes *key, struct subject *out, unsigned most)
{
	struct bytes from = { 0 };
	struct listing l = { key, out, 0, most };
	bytes_put(&from, key->data, key->len);
	int result = store_scan(s->store, STORE_RECORDS, bytes_slice(&from), list_one, &l);
	bytes_finish(&from);
	return result < 0 ? result : (int)l.count;
}

int shadow_body(struct shadow *s, const struct subject *subject, const struct fill *fill, struct bytes *out)
{
	struct slot *slot;
	bytes_clear(out);
	int result = cache_get(&s->cache, subject, false, &slot);
	if (result != ERR_OK || !slot)
		return result;
	arena_reset(&s->machine.arena);
	if (timers_next_fire(slot->record) <= s->derive_to_ms) {
		fire_due(s, slot->record, s->derive_to_ms, INT64_MIN);
		cache_dirty(&s->cache, slot);
	}
	struct record *only = record_only(slot->record, s->machine.pool, fill);
	if (only->window_count || only->rare->case_count)
		machine_fill_body(fill, only, out);
	record_destroy(only, s->machine.pool);
	return ERR_OK;
}

void shadow_watch_merges(struct shadow *s, uint64_t seq)
{
	s->merges_from = seq;
}

size_t shadow_take_merged(struct shadow *s, struct subject **out)
{
	size_t count = s->merged_count;
	*out = s->merged;
	s->merged_count = 0;
	return count;
}

size_t shadow_pending(const struct shadow *s)
{
	return s->joining_count;
}

int shadow_settle(struct shadow *s)
{
	struct apply_input in = { .replay = true };
	int result = ERR_OK;
	while (s->joining_count && result == ERR_OK) {
		struct subject target = s->joinings[0].target;
		result = join(s, 0, &target, &in, UINT64_MAX - 1);
	}
	return result;
}
