/* history/entry.h: what a journal entry's body says, for each kind: whom it is about, what came, and the trailer of Lua
 * calls that were aborted. The layout:
 *
 *     subject kind u8, id string | aborted calls: varint n, n varint steps | payload
 *
 * Bodies are read back by recovery, replay, `journal dump` and explain. Kinds and layouts are on disk: add, never
 * change. */
#ifndef NUDGED_HISTORY_ENTRY_H
#define NUDGED_HISTORY_ENTRY_H

#include "base/arena.h"
#include "decide/machine.h"

enum entry_kind {
	ENTRY_EVENT = 1,  /* payload: an Event message as received; subject: the customer it resolved to */
	ENTRY_EFFECT = 2, /* payload: the effect's body; head says what caused it */
	ENTRY_TIMER = 3,  /* payload: which timer of the subject fell due */
	ENTRY_DECISION =
		4, /* payload: decision_encode's. A nudge changes its subject's record, a recommendation nothing */
	ENTRY_OUTCOME = 5,     /* payload: an Outcome message as received */
	ENTRY_ACKNOWLEDGE = 6, /* payload: alert id, by whom */
	ENTRY_BOOT = 7,        /* payload: boot id. No subject */
	ENTRY_ACTIVATE = 8,    /* payload: name, bundle, about (newer ones). No subject */
	ENTRY_ASIDE = 9,       /* payload: a rule's name. No subject */
	ENTRY_ERASED = 12,     /* payload: who asked for a customer's erasure, and when; not whose. No subject */
};

struct entry {
	uint8_t kind;
	struct subject subject; /* kind SUBJECT_NONE: a global entry */
	struct aborted_calls aborted;
	union {
		struct {
			struct slice member, raw;
		} event; /* member: as the alias resolved it; empty: as in raw */
		struct {
			uint64_t source_seq;
			uint32_t index;
			uint8_t kind;                  /* enum effect_kind */
			struct slice body;             /* EFFECT_EVENT: the source event as received */
			struct slice customer, member; /* EFFECT_EVENT: whom the source event was about */
		} effect;
		struct {
			int64_t due_ms;
			uint32_t decl;
			struct slice member, key;
		} timer;
		struct {
			struct slice bytes;
		} decision;
		struct {
			struct slice member, raw;
		} outcome;
		struct {
			uint64_t seq;
			uint32_t index;
			struct slice by;
			int64_t time_ms;
		} acknowledge;
		struct {
			uint64_t boot_id;
			int64_t time_ms;
		} boot;
		struct {
			struct slice name, bundle, about; /* about: who, whence; shard/past.h */
		} activate;
		struct {
			struct slice rule;
		} aside;
		struct {
			struct slice by;
			int64_t uid, time_ms;
		} erased;
	};
};

void entry_body_encode(const struct entry *e, struct bytes *out);
/* The same, about a subject that is lent, whatever e->subject says. */
void entry_body_encode_about(const struct entry *e, const struct subject *subject, struct bytes *out);
/* Lends from `body`; the aborted calls are in the arena. ERR_CORRUPT. */
int entry_body_decode(struct entry *out, uint8_t kind, struct slice body, struct arena *arena);
const char *entry_kind_name(uint8_t kind);

#endif
