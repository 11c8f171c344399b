/* nudgectl/entry_json.h: a journal entry as JSON, its payload in the protocol's own names. */
#ifndef NUDGECTL_ENTRY_JSON_H
#define NUDGECTL_ENTRY_JSON_H

#include "history/entry.h"
#include "disk/journal.h"

#include <jansson.h>

/* e: NULL where it was erased, or does not decode. A new reference. */
json_t *entry_json(const struct journal_entry *head, const struct entry *e, struct arena *arena);

#endif
