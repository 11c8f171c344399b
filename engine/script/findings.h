/* script/findings.h: what is to be said of a pack: mistakes and oddities, each with its place and how to mend it. */
#ifndef NUDGED_SCRIPT_FINDINGS_H
#define NUDGED_SCRIPT_FINDINGS_H

#include "base/slice.h"

#include <stdbool.h>

/* An error is refused on activation, or can never do what it says. A warning is very likely a mistake. A hint is not
 * one, but somebody may want to know. */
enum severity { FINDING_HINT, FINDING_WARNING, FINDING_ERROR };

struct finding {
	enum severity severity;
	const char *code; /* "unknown-attribute": stable, for machines; static */
	char *file;
	int line;          /* 0: of the whole file */
	char *what, *mend; /* mend may be empty */
};

struct findings {
	struct finding *list;
	unsigned count, of[FINDING_ERROR + 1];
	bool cut; /* there were more than LIMIT_FINDINGS: the gravest are kept */
};

/* One that is there already is not added again. */
void findings_add(struct findings *f, enum severity severity, const char *code, const char *file, int line,
		  const char *what, const char *mend);
/* "FILE.lua:LINE: what; mend" taken apart; a text without a place is said of `file`. */
void findings_add_text(struct findings *f, const char *code, const char *file, const char *text);
bool findings_full(const struct findings *f, enum severity severity); /* one more like that would be left out */
unsigned findings_count(const struct findings *f, enum severity severity);
void findings_sort(struct findings *f); /* by file (pack.lua first), line, severity, code */
const char *severity_name(enum severity severity);
void findings_finish(struct findings *f);

#endif
