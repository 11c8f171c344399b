/* script/mapping.h: a mapping: the Lua file that a pack ships to turn rows of a table into events, for `nudgectl import`
 * and `nudgectl load`. It runs in the sandbox of packs, with the same budgets a call, and adds a function, utc(), and two
 * names, removed and as_of.
 *
 *     columns = { "date", "vru_entry" }        -- may be left out; a file is refused where one of them is missing
 *     optional = { "q_time" }                  -- a file may have them: r.q_time is nil where it has not
 *     function row(r)                          -- r.NAME is the row's text under that heading; a wrong NAME is an error
 *       if r.outcome == "PHANTOM" then return nil, "phantom" end   -- skipped, counted under that reason
 *       return { id = r.date .. r.call_id, source = "acd", customer = r.customer_id, type = "call.ended",
 *                time = utc(r.date, r.vru_entry), attributes = { wait_s = tonumber(r.q_time) } }
 *     end
 *
 * Fields: source, type and one of customer and alias must be there; member, agent, contact, channel may. time: UTC
 * milliseconds (what utc gives), a text "1999-08-01 0:10:10", or { year=, month=, day=, hour=, min=, sec= }, all UTC;
 * without one the newest time among the attributes', else as_of. Attributes are texts, numbers or booleans; those of
 * profile.updated may be { value = …, time = … }, true since then, and `removed`: not known any more. An id must be the
 * same at every import, so that importing again changes nothing; without one it is made from what the event says.
 *
 * A row may also give several events, a list: { { type = "profile.updated", … }, { type = "alias.added", … } }. Rows of
 * JSON objects have numbers and booleans as such; fields within fields are r["address.city"]. What such a row does not
 * have is nil, but where there are `columns`, a name that is neither among them nor `optional` is a mistake. */
#ifndef NUDGED_SCRIPT_MAPPING_H
#define NUDGED_SCRIPT_MAPPING_H

#include "base/arena.h"
#include "state/event.h"

struct mapping;

#define MAPPING_EVENTS 32u /* of one row */

struct mapped {
	bool skipped;
	struct slice reason;        /* of a skip */
	struct event *events;       /* else; all of it in the arena; hashes are not set */
	unsigned count;
};

/* ERR_RULE with file, line and what to do; ERR_IO. *out is NULL then. as_of_ms: when rows are true that do not say it;
 * 0: they must. */
int mapping_open(struct mapping **out, const char *path, int64_t as_of_ms);
void mapping_close(struct mapping *m); /* NULL-safe */
/* The table's headings, once before the first row. ERR_INVALID where one is doubled or one of `columns` is missing. */
int mapping_columns(struct mapping *m, const struct slice *names, unsigned count);
/* A heading that looks like one of `optional`, which the file has not: *nearest. NULL: there is none. */
const char *mapping_slip(const struct mapping *m, const char **nearest);
/* ERR_RULE: the mapping raised an error or returned what is no event. `count` must be that of the headings. */
int mapping_row(struct mapping *m, const struct slice *values, unsigned count, struct arena *arena, struct mapped *out);
/* A row of names and values, each row with its own: those of mapping_columns are not needed. */
int mapping_object(struct mapping *m, const struct event_attr *fields, unsigned count, struct arena *arena,
		   struct mapped *out);
/* Of the last row that was refused: the text in it that is no date or time. Empty: it was something else. */
struct slice mapping_blames(const struct mapping *m);

#endif
