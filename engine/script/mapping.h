/* script/mapping.h: a mapping: the Lua file that a pack ships to turn rows of a table (CSV) into events, for `nudgectl
 * import`. It runs in the sandbox of packs, with the same budgets a call, and adds one function, utc().
 *
 *     columns = { "date", "vru_entry" }        -- optional: the import is refused where one is missing
 *     function row(r)                          -- r.NAME is the row's text under that heading; a wrong NAME is an error
 *       if r.outcome == "PHANTOM" then return nil, "phantom" end   -- skipped, counted under that reason
 *       return { id = r.date .. r.call_id, source = "acd", customer = r.customer_id, type = "call.ended",
 *                time = utc(r.date, r.vru_entry), attributes = { wait_s = tonumber(r.q_time) } }
 *     end
 *
 * Fields: id, source, type and one of customer and alias must be there; member, agent, contact, channel may. time: UTC
 * milliseconds (what utc gives), a text "1999-08-01 0:10:10", or { year=, month=, day=, hour=, min=, sec= }, all UTC.
 * Attributes are texts, numbers or booleans. Ids must be the same at every import: then importing again changes
 * nothing. */
#ifndef NUDGED_SCRIPT_MAPPING_H
#define NUDGED_SCRIPT_MAPPING_H

#include "base/arena.h"
#include "state/event.h"

struct mapping;

struct mapped {
	bool skipped;
	struct slice reason; /* of a skip */
	struct event event;  /* else; all of it in the arena; hashes are not set */
};

/* ERR_RULE with file, line and what to do; ERR_IO. *out is NULL then. */
int mapping_open(struct mapping **out, const char *path);
void mapping_close(struct mapping *m); /* NULL-safe */
/* The table's headings, once before the first row. ERR_INVALID where one is doubled or one of `columns` is missing. */
int mapping_columns(struct mapping *m, const struct slice *names, unsigned count);
/* ERR_RULE: the mapping raised an error or returned what is no event. `count` must be that of the headings. */
int mapping_row(struct mapping *m, const struct slice *values, unsigned count, struct arena *arena, struct mapped *out);

#endif
