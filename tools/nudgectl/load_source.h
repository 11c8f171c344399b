/* nudgectl/load_source.h: the rows of a snapshot: CSV with headings, or JSON lines, plain or gzip, from files or standard
 * input ("-"). Which of the two a file is, its first character says: an object begins with a brace. */
#ifndef NUDGECTL_LOAD_SOURCE_H
#define NUDGECTL_LOAD_SOURCE_H

#include "csv.h"

#include "base/arena.h"
#include "state/event.h"

#include <jansson.h>

#define LOAD_FIELDS_MAX 1024u

struct load_source {
	const char *path;
	struct csv csv;
	bool json;
	char **headings; /* of CSV */
	unsigned heading_count;
	/* The current row, lent until the next: CSV's values are texts, in the order of the headings. */
	uint64_t line;
	struct event_attr fields[LOAD_FIELDS_MAX];
	unsigned count;
	json_t *object; /* of JSON */
	char error[320];
};

/* False with the reason in error. Of CSV the headings are read. */
bool load_source_open(struct load_source *s, const char *path);
void load_source_close(struct load_source *s);
enum load_row {
	LOAD_END,
	LOAD_ROW,
	LOAD_BAD,  /* this row is not one: error says why, the next one may be */
	LOAD_LOST, /* what follows cannot be read */
};
/* With `skip` the row is only stepped over: its fields are not set. */
enum load_row load_source_next(struct load_source *s, struct arena *arena, bool skip);
/* Which column an event's value came from, for words: its number from 1, 0 where nobody can tell; *name is lent. */
unsigned load_source_column(const struct load_source *s, struct slice attribute, struct value v, struct slice *name);

#endif
