/* script/mapping_parts.h: what mapping.c and mapping_event.c share, and nobody else needs. */
#ifndef NUDGED_SCRIPT_MAPPING_PARTS_H
#define NUDGED_SCRIPT_MAPPING_PARTS_H

#include "script/mapping.h"
#include "script/sandbox.h"

struct mapping {
	struct vm *vm;
	char *path;
	char **columns;
	unsigned column_count;
	int64_t as_of_ms;
	int globals, row, row_meta, object_meta; /* registry references */
};

/* One protected piece of work. */
struct job {
	struct mapping *m;
	const char *source;
	size_t source_len;
	const struct slice *values;        /* one a column, or … */
	const struct event_attr *fields;   /* … so many with their names */
	unsigned field_count;
	struct arena *arena;
	struct mapped *out;
};

extern char mapping_removed; /* its address is what the mapping calls `removed` */
/* The event, or the list of events, at `index`, into job->out. Raises an error of Lua's. */
void mapping_take_events(lua_State *L, const struct job *job, int index);

#endif
