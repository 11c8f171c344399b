/* shard/wipe.c: see eraser.h: what each shard does for an erasure, between two entries. Whatever changes a record is an entry
 * (EFFECT_WIPE, decide/wipe.h; EFFECT_COUNT for words in reports), so that recovery and replay agree with it to the bit; none
 * has a source, and those that name the customer are blanked with the rest. */
#include "shard/commit.h"
#include "shard/effects.h"
#include "shard/eraser_parts.h"
#include "shard/wipe.h"
#include "shard/work.h"

#include "base/check.h"
#include "base/fault.h"
#include "history/apply.h"

#include <stdlib.h>

#define WIPE_INDEX (UINT32_MAX - 2) /* no effect of an entry has this index */

/* A full disk does not keep anybody from erasing: these are little things. ERR_BUSY: the disk is behind. */
static int reserve(struct shard *s, size_t bytes)
{
	int result = reserve_one(s, bytes);
	if (result != ERR_STORAGE)
		return result;
	journal_take(s->engine->journal, 1, bytes + ENTRY_SLACK_BYTES);
	return ERR_OK;
}

static void publish_reserved(struct shard *s, struct slot *slot, uint8_t kind, struct slice body, struct slice customer)
{
	struct entry entry = { .kind = ENTRY_EFFECT };
	struct apply_input in = { .received_at_ms = s->now_ms };
	entry.effect.index = WIPE_INDEX;
	entry.effect.kind = kind;
	entry.effect.body = body;
	entry.effect.customer = customer;
	arena_reset(&s->machine.arena);
	CHECK(effect_apply(&s->machine, slot->record, &entry, &in, &s->applied) == ERR_OK);
	entry.aborted = s->applied.aborted;
	(void)fault_hit(erase_before_publish);
	struct commit c = { .slot = slot,
			    .entry = &entry,
			    .applied = &s->applied,
			    .received_at_ms = s->now_ms,
			    .changes_record = true,
			    .reserved_bytes = body.len + customer.len + ENTRY_SLACK_BYTES };
	(void)commit_entry(s, &c);
	cache_measure(&s->cache, slot);
	if (kind == EFFECT_WIPE)
		wipe_told(s, &slot->record->subject, body);
}

static int publish(struct shard *s, struct slot *slot, struct slice body)
{
	int result = reserve(s, body.len);
	if (result == ERR_OK)
		publish_reserved(s, slot, EFFECT_WIPE, body, (struct slice){ 0 });
	return result;
}

void wipe_told(struct shard *s, const struct subject *record, struct slice body)
{
	struct wiped_alert gone;
	struct feed *feed = s->engine->feed;
	if (record->kind == SUBJECT_ALIAS)
		return;
	if (record->kind != SUBJECT_CUSTOMER) {
		for (size_t at = 0; wipe_alerts_next(body, &at, &gone);)
			feed_forget(feed, gone.seq, gone.index);
		return;
	}
	struct subject subject = subject_of(record->kind, subject_id(record));
	feed_forget_subject(feed, &subject);
}

static bool is_asked(const struct work *w)
{
	return slice_equal(subject_id(&w->erase.subject), slice_of(w->erase.eraser->asked.customer));
}

/* What it knew is gone. There is an entry where nothing was known, too: what comes behind it is of somebody new. */
static int wipe(struct shard *s, struct work *w, bool *again)
{
	struct eraser *x = w->erase.eraser;
	struct slot *slot;
	int result = cache_get(&s->cache, &w->erase.subject, true, &slot);
	if (result != ERR_OK)
		return result;
	if (slot->record->rare->redirect && is_asked(w))
		return error_set(ERR_CONFLICT, "customer", "%s was merged into %.*s: erase that one, and this goes with it",
				 x->asked.customer, SLICE_ARG(str_slice(slot->record->rare->redirect)));
	*again = slot->more->pending > 0; /* what it told others is on its way */
	if (*again)
		return ERR_OK;
	result = publish(s, slot, (struct slice){ 0 });
	if (result == ERR_OK)
		atomic_store(&x->wiped, true);
	return result;
}

static struct slice keep(struct slice text)
{
	return (struct slice){ must_strndup(text.data, text.len), text.len };
}

static int note_links(struct shard *s, struct work *w)
{
	struct eraser *x = w->erase.eraser;
	struct slot *slot;
	int result = cache_get(&s->cache, &w->erase.subject, false, &slot);
	for (unsigned i = 0; result == ERR_OK && slot && i < slot->record->rare->link_count; i++) {
		const struct link *l = &slot->record->rare->links[i];
		if (!erase_plan_is_alias(x->plan, str_slice(l->id)))
			continue;
		pthread_mutex_lock(&x->lock);
		x->kept = must_realloc(x->kept, (x->kept_count + 1) * sizeof(*x->kept));
		x->kept[x->kept_count++] = (struct kept_link){
			.alias = keep(str_slice(l->id)),
			.link = { keep(subject_id(&w->erase.subject)), keep(str_slice(l->member)), l->from_ms, l->to_ms },
		};
		pthread_mutex_unlock(&x->lock);
	}
	return result;
}

void kept_links_destroy(struct kept_link *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free((char *)(uintptr_t)list[i].alias.data);
		free((char *)(uintptr_t)list[i].link.customer.data);
		free((char *)(uintptr_t)list[i].link.member.data);
	}
	free(list);
}

void eraser_forget_kept(struct eraser *x)
{
	kept_links_destroy(x->kept, x->kept_count);
	x->kept = NULL;
	x->kept_count = 0;
}

static bool is_link(const struct wiped_link *kept, const struct link *l)
{
	return slice_equal(kept->customer, str_slice(l->id)) && slice_equal(kept->member, str_slice(l->member)) &&
	       kept->from_ms == l->from_ms && kept->to_ms == l->to_ms;
}

/* Whether of theirs there is anything but what stays, or less. */
static bool links_differ(const struct eraser *x, const struct record *r, const struct wiped_link *kept, size_t count)
{
	size_t found = 0;
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		const struct link *l = &r->rare->links[i];
		size_t at = 0;
		if (!erase_plan_is_customer(x->plan, str_slice(l->id)))
			continue;
		while (at < count && !is_link(&kept[at], l))
			at++;
		if (at == count)
			return true;
		found++;
	}
	return found != count;
}

/* Whoever of them the record names, an entry for each: where somebody new had the alias in between, and went (was merged into
 * another), theirs stays when the others are blanked, or replay would give it back. */
static int unlink_all(struct shard *s, const struct eraser *x, struct slot *slot)
{
	const struct record *r = slot->record;
	struct slice *names = must_calloc(r->rare->link_count + 1u, sizeof(*names));
	size_t count = 0;
	struct bytes body = { 0 };
	int result = ERR_OK;
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		struct slice name = str_slice(r->rare->links[i].id);
		if (erase_plan_is_customer(x->plan, name) && (!count || !slice_equal(names[count - 1], name)))
			names[count++] = name; /* they are sorted */
	}
	for (size_t i = 0; i < count && result == ERR_OK; i++) {
		bytes_clear(&body);
		wipe_links_encode(&body, names + i, 1, NULL, 0);
		result = publish(s, slot, bytes_slice(&body));
	}
	bytes_finish(&body);
	free(names);
	return result;
}

static int by_customer(const void *a, const void *b)
{
	const struct wiped_link *x = a, *y = b;
	int order = slice_compare(x->customer, y->customer);
	if (!order)
		order = slice_compare(x->member, y->member);
	return order ? order : (x->from_ms > y->from_ms) - (x->from_ms < y->from_ms);
}

/* What somebody new has, an entry for each: that one is not blanked with those of who goes. */
static int link_again(struct shard *s, struct slot *slot, struct wiped_link *kept, size_t count)
{
	struct bytes body = { 0 };
	int result = ERR_OK;
	qsort(kept, count, sizeof(*kept), by_customer);
	for (size_t i = 0, more; i < count && result == ERR_OK; i += more) {
		for (more = 1; i + more < count && slice_equal(kept[i + more].customer, kept[i].customer);)
			more++;
		bytes_clear(&body);
		wipe_links_encode(&body, NULL, 0, kept + i, more);
		result = publish(s, slot, bytes_slice(&body));
	}
	bytes_finish(&body);
	return result;
}

/* That they owned the alias, but not that somebody new does. Done in part, it differs still, and is done again. */
static int take_links(struct shard *s, struct eraser *x, struct slot *slot)
{
	const struct record *r = slot->record;
	struct wiped_link *kept = must_calloc(x->kept_count + 1, sizeof(*kept));
	size_t count = 0;
	int result = ERR_OK;
	for (size_t i = 0; i < x->kept_count; i++)
		if (slice_equal(x->kept[i].alias, subject_id(&r->subject)))
			kept[count++] = x->kept[i].link;
	if (links_differ(x, r, kept, count)) {
		result = unlink_all(s, x, slot);
		if (result == ERR_OK)
			result = link_again(s, slot, kept, count);
	}
	free(kept);
	return result;
}

static int take_alerts(struct shard *s, const struct eraser *x, struct slot *slot)
{
	const struct rare *rare = slot->record->rare;
	struct wiped_alert *gone = must_calloc(rare->alert_count + 1u, sizeof(*gone));
	size_t count = 0;
	struct bytes body = { 0 };
	for (unsigned i = 0; i < rare->alert_count; i++)
		if (erase_plan_has(x->plan, rare->alerts[i].seq))
			gone[count++] = (struct wiped_alert){ rare->alerts[i].seq, rare->alerts[i].index };
	wipe_alerts_encode(&body, gone, count);
	int result = count ? publish(s, slot, bytes_slice(&body)) : ERR_OK;
	bytes_finish(&body);
	free(gone);
	return result;
}

/* Two entries: the one with the words is blanked, the sum stays. */
static int take_words(struct shard *s, const struct eraser *x, struct slot *slot)
{
	struct bytes less = { 0 }, more = { 0 };
	struct subject ledger = record_subject(slot->record);
	int result = ERR_OK;
	struct slice customer = slice_of(x->asked.customer);
	erase_plan_words(x->plan, &ledger, &less, &more);
	if (less.len)
		result = reserve(s, less.len + customer.len);
	if (less.len && result == ERR_OK) {
		result = reserve(s, more.len);
		if (result != ERR_OK)
			journal_release(s->engine->journal, 1, less.len + customer.len + ENTRY_SLACK_BYTES);
	}
	if (less.len && result == ERR_OK) {
		publish_reserved(s, slot, EFFECT_COUNT, bytes_slice(&less), customer);
		publish_reserved(s, slot, EFFECT_COUNT, bytes_slice(&more), (struct slice){ 0 });
	}
	bytes_finish(&less);
	bytes_finish(&more);
	return result;
}

static int take_out(struct shard *s, struct work *w, bool *again)
{
	struct eraser *x = w->erase.eraser;
	struct slot *slot;
	uint8_t kind = w->erase.subject.kind;
	int result = cache_get(&s->cache, &w->erase.subject, false, &slot);
	if (result != ERR_OK || !slot)
		return result;
	*again = slot->more->pending > 0;
	if (*again)
		return ERR_OK;
	return kind == SUBJECT_ALIAS ? take_links(s, x, slot) :
	       kind == SUBJECT_LEDGER ? take_words(s, x, slot) :
					take_alerts(s, x, slot);
}

/* What an alias told its prospect, and that the customer, has arrived. */
static bool is_still(struct shard *s, const struct subject *subject)
{
	const struct slot *slot = cache_peek(&s->cache, subject);
	return !slot || !slot->more->pending;
}

/* Nothing of what it had is in the journal: it need not be passed over any more. */
static void forget(struct shard *s, struct work *w)
{
	struct slot *slot = cache_peek(&s->cache, &w->erase.subject);
	if (slot && record_is_blank(slot->record))
		cache_drop(&s->cache, slot);
}

static int do_step(struct shard *s, struct work *w, bool *again)
{
	switch ((enum erase_step)w->erase.step) {
	case STEP_WIPE:
		return wipe(s, w, again);
	case STEP_LINKS:
		return note_links(s, w);
	case STEP_UNLINK:
	case STEP_TAKE_OUT:
		return take_out(s, w, again);
	case STEP_STILL:
		*again = !is_still(s, &w->erase.subject);
		return ERR_OK;
	case STEP_SETTLE:
		*again = s->sweep.awaited = !sweep_covers(s, w->erase.eraser->seq);
		return ERR_OK;
	case STEP_FORGET:
		forget(s, w);
		return ERR_OK;
	}
	return ERR_OK;
}

void erase_work(struct shard *s, struct work *w)
{
	struct eraser *x = w->erase.eraser;
	bool again = false;
	int result = do_step(s, w, &again);
	pthread_mutex_lock(&x->lock);
	if (result == ERR_BUSY) { /* the disk is behind */
		again = true;
	} else if (result != ERR_OK && !x->failed) {
		x->failed = result;
		x->error = *error_last();
	}
	x->again |= again;
	if (!again && result == ERR_OK && x->done)
		x->done[w->erase.at] = true;
	x->out--;
	pthread_cond_broadcast(&x->moved);
	pthread_mutex_unlock(&x->lock);
	work_destroy(w);
}
