/* script/mapping_parts.h: what mapping.c and mapping_event.c share, and nobody else needs. */
#ifndef NUDGED_SCRIPT_MAPPING_PARTS_H
#define NUDGED_SCRIPT_MAPPING_PARTS_H

#include "script/mapping.h"
#include "script/sandbox.h"

#define MAPPING_BLAMED_BYTES 64

struct mapping {
	struct vm *vm;
	char *path;
	char **columns;
	bool *known; /* of each column: the mapping names it */
	unsigned column_count;
	char **optional; /* that the mapping names, and the file has not */
	unsigned optional_count;
	int64_t as_of_ms;
	char blamed[MAPPING_BLAMED_BYTES];
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

/* A text of the row that is no date or time, for who looks for its column. */
void mapping_blame(struct mapping *m, const char *text);

extern char mapping_removed; /* its address is what the mapping calls `removed` */
/* The event, or the list of events, at `index`, into job->out. Raises an error of Lua's. */
void mapping_take_events(lua_State *L, const struct job *job, int index);

#endif
