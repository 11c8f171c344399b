/* shard/profile.c: where the time goes, as status tells it: the shards' stages (base/stages.h) added up, then what the
 * journal's and the store's threads do, all of it by the item it is about. */
#include "shard/profile.h"

#include "shard/parts.h"

enum { JOURNAL_WRITE = STAGES, JOURNAL_SYNC, STORE_COMMIT };

static const struct {
	const char *name, *item, *thread, *about;
} names[PROFILE_STAGES] = {
	[STAGE_FRAME] = { "frame", "event", "shard", "request decoded, room in the journal reserved" },
	[STAGE_DECODE] = { "decode", "event", "shard", "event decoded and checked" },
	[STAGE_FIND] = { "find", "event", "shard", "customer looked up or loaded, duplicates told apart" },
	[STAGE_SERIES] = { "series", "event", "shard", "members, timeline, series and cases brought up to date" },
	[STAGE_RULES] = { "rules", "event", "shard", "conditions, and what the rules that fired do" },
	[STAGE_ENTRY] = { "entry", "event", "shard", "entry encoded and handed to the journal" },
	[STAGE_HOLD] = { "hold", "event", "", "waiting until the entry is on disk" },
	[STAGE_ANSWER] = { "answer", "event", "shard", "acknowledgement encoded" },
	[STAGE_SEND] = { "send", "answer", "shard", "answers of a burst written to their sockets" },
	[STAGE_ASKED] = { "asked", "recommendation", "shard", "request decoded, customer looked up or loaded" },
	[STAGE_GATES] = { "gates", "recommendation", "shard", "balance and the gates of every action" },
	[STAGE_SCORES] = { "scores", "recommendation", "shard", "scores of the actions that passed, ranking" },
	[STAGE_WORDS] = { "words", "recommendation", "shard", "words to say, quick answers, cautions" },
	[STAGE_REASONS] = { "reasons", "recommendation", "shard", "why these actions" },
	[STAGE_RECORD] = { "record", "recommendation", "shard", "decision handed to the journal" },
	[STAGE_REPLY] = { "reply", "recommendation", "shard", "recommendation encoded" },
	[STAGE_STORE] = { "store", "record", "shard", "changed record encoded for the store" },
	[JOURNAL_WRITE] = { "write", "entry", "journal", "batch sealed and written" },
	[JOURNAL_SYNC] = { "sync", "entry", "journal", "batch synced to the disk" },
	[STORE_COMMIT] = { "commit", "record", "store", "records committed to the store" },
};

static void fill(struct wire_stage *out, unsigned stage, uint64_t ns, uint64_t items)
{
	out[stage] = (struct wire_stage){
		.name = names[stage].name,
		.item = names[stage].item,
		.thread = names[stage].thread,
		.about = names[stage].about,
		.items = items,
		.us = items ? (double)ns / (double)items / 1000.0 : 0,
	};
}

size_t profile_fill(const struct engine *e, const struct journal_stats *j, struct wire_stage *out)
{
	for (unsigned stage = 0; stage < STAGES; stage++) {
		uint64_t ns = 0, items = 0;
		for (unsigned i = 0; i < e->shard_count; i++) {
			const struct stage_time *t = &e->shards[i]->machine.stages.times[stage];
			ns += counter_get(&t->ns);
			items += counter_get(&t->items);
		}
		fill(out, stage, ns, items);
	}
	fill(out, JOURNAL_WRITE, j->write_ns, j->entries);
	fill(out, JOURNAL_SYNC, j->sync_ns, j->entries);
	fill(out, STORE_COMMIT, counter_get(&e->store_commits.ns), counter_get(&e->store_commits.items));
	return PROFILE_STAGES;
}
