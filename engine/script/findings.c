/* script/findings.c: see findings.h. */
#include "script/findings.h"

#include "base/check.h"
#include "base/limits.h"
#include "script/settings.h"

#include <stdlib.h>

const char *severity_name(enum severity severity)
{
	static const char *const names[] = { "hint", "warning", "error" };
	return names[severity];
}

static bool same(const struct finding *a, const char *code, const char *file, int line, const char *what)
{
	return a->line == line && strcmp(a->code, code) == 0 && strcmp(a->file, file) == 0 &&
	       strcmp(a->what, what) == 0;
}

static void finding_finish(struct finding *f)
{
	free(f->file);
	free(f->what);
	free(f->mend);
}

/* An error is not left out because of a thousand hints before it. */
static void drop_least(struct findings *f)
{
	enum severity least = f->of[FINDING_HINT] ? FINDING_HINT : f->of[FINDING_WARNING] ? FINDING_WARNING : FINDING_ERROR;
	unsigned at = f->count - 1;
	while (f->list[at].severity != least)
		at--;
	finding_finish(&f->list[at]);
	f->list[at] = f->list[--f->count];
	f->of[least]--;
}

void findings_add(struct findings *f, enum severity severity, const char *code, const char *file, int line,
		  const char *what, const char *mend)
{
	for (unsigned i = 0; i < f->count; i++)
		if (same(&f->list[i], code, file, line, what))
			return;
	f->cut = f->cut || f->count >= LIMIT_FINDINGS;
	if (findings_full(f, severity))
		return;
	if (f->count >= LIMIT_FINDINGS)
		drop_least(f);
	f->list = must_realloc(f->list, (f->count + 1) * sizeof(*f->list));
	f->list[f->count++] = (struct finding){
		severity, code, must_strdup(file), line, must_strdup(what), must_strdup(mend),
	};
	f->of[severity]++;
}

bool findings_full(const struct findings *f, enum severity severity)
{
	unsigned kept = 0; /* ahead of it */
	for (unsigned s = severity; s <= FINDING_ERROR; s++)
		kept += f->of[s];
	return kept >= LIMIT_FINDINGS;
}

/* The length of "FILE.lua" where the text begins with "FILE.lua:LINE: "; else 0. */
static size_t place_of(const char *text, int *line, const char **rest)
{
	size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./");
	char *end;
	bool lua = len >= 5 && memcmp(text + len - 4, ".lua", 4) == 0;
	bool settings = len == strlen(SETTINGS_FILE) && memcmp(text, SETTINGS_FILE, len) == 0;
	if ((!lua && !settings) || text[len] != ':')
		return 0;
	long n = strtol(text + len + 1, &end, 10);
	if (end == text + len + 1 || end[0] != ':' || end[1] != ' ')
		return 0;
	*line = (int)n;
	*rest = end + 2;
	return len;
}

/* What to do stands behind the last "; ". */
static const char *mend_of(const char *text)
{
	const char *mend = NULL;
	for (const char *at = text; (at = strstr(at, "; ")) != NULL; at += 2)
		mend = at + 2;
	return mend;
}

void findings_add_text(struct findings *f, const char *code, const char *file, const char *text)
{
	int line = 0;
	const char *rest = text;
	size_t len = place_of(text, &line, &rest);
	const char *mend = mend_of(rest);
	char *where = len ? must_strndup(text, len) : must_strdup(file);
	char *what = must_strndup(rest, mend ? (size_t)(mend - rest) - 2 : strlen(rest));
	findings_add(f, FINDING_ERROR, code, where, line, what, mend ? mend : "");
	free(what);
	free(where);
}

unsigned findings_count(const struct findings *f, enum severity severity)
{
	return f->of[severity];
}

/* pack.lua, its other files, its tests. */
static int rank(const char *file)
{
	return strcmp(file, "pack.lua") == 0 ? 0 : strncmp(file, "tests/", 6) == 0 ? 2 : 1;
}

static int compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int order = rank(x->file) - rank(y->file);
	order = order ? order : strcmp(x->file, y->file);
	order = order ? order : (x->line > y->line) - (x->line < y->line);
	order = order ? order : (int)y->severity - (int)x->severity;
	order = order ? order : strcmp(x->code, y->code);
	return order ? order : strcmp(x->what, y->what);
}

void findings_sort(struct findings *f)
{
	if (f->count)
		qsort(f->list, f->count, sizeof(*f->list), compare);
}

void findings_finish(struct findings *f)
{
	for (unsigned i = 0; i < f->count; i++)
		finding_finish(&f->list[i]);
	free(f->list);
	*f = (struct findings){ 0 };
}
