/* nudgectl/activation.c: see activation.h. */
#include "activation.h"

#include "base/limits.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

const char *activation_by(const char *given)
{
	static char by[LIMIT_BY_BYTES + 1];
	char host[65] = "";
	const struct passwd *user = getpwuid(geteuid());
	if (given)
		return given;
	if (gethostname(host, sizeof(host) - 1) != 0)
		*host = '\0';
	snprintf(by, sizeof(by), "%.60s%s%s", user ? user->pw_name : "?", *host ? "@" : "", host);
	return by;
}

/* What a backfill fills. */
static bool is_fillable(const Nudge__V1__Declared *d)
{
	return strcmp(d->kind, "series") == 0 || strcmp(d->kind, "case") == 0;
}

static void put_kinds(const Nudge__V1__PackActivated *p, const char *kind, const char *label, bool *first)
{
	bool any = false;
	for (size_t i = 0; i < p->n_declared; i++) {
		const Nudge__V1__Declared *d = p->declared[i];
		if (!d->is_new || strcmp(d->kind, kind) != 0)
			continue;
		printf("%s%s%s%s%s", any || *first ? "" : "; ", any ? ", " : "", any ? "" : label, any || !*label ? "" : " ", d->name);
		any = true;
		*first = false;
	}
}

void activation_put_new(const Nudge__V1__PackActivated *p, bool filling)
{
	static const char *const others[] = { "contacts", "contract", "churn", "relationship" };
	bool first = true;
	size_t fresh = 0, fillable = 0;
	for (size_t i = 0; i < p->n_declared; i++) {
		fresh += p->declared[i]->is_new;
		fillable += p->declared[i]->is_new && is_fillable(p->declared[i]);
	}
	if (!fresh || fresh == p->n_declared)
		return; /* nothing, or all of a first pack */
	printf("new: ");
	put_kinds(p, "series", "series", &first);
	put_kinds(p, "tally", "tallies", &first);
	put_kinds(p, "case", "cases", &first);
	put_kinds(p, "survey", "surveys", &first);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		put_kinds(p, others[i], "", &first);
	printf(". %s", filling && fillable ? "What the journal knows of series and cases is being filled in. " : "");
	if (!filling || fillable < fresh)
		printf("%s now; `nudgectl rules series` tells since when each is warm.",
		       filling && fillable ? "The others begin empty" : "They begin empty");
	printf("\n");
}

void activation_show(const Nudge__V1__PackActivated *p)
{
	printf("%s%s%s %.12s ", style_on(stdout, STYLE_BOLD), p->name, style_off(stdout), p->hash);
	if (!p->seq) {
		printf("is the active pack already: nothing has changed\n");
		return;
	}
	printf("is active as of entry %llu: %s, %s, %u series kept, %u new", (unsigned long long)p->seq,
	       plural_text(p->rules, "rule", "rules"), plural_text(p->actions, "action", "actions"), p->series_kept,
	       p->series_new);
	if (p->tests)
		printf("; %s passed", plural_text(p->tests, "test", "tests"));
	printf("\n");
	if (p->back_to)
		printf("It was active from entry %llu on.%s\n", (unsigned long long)p->back_to,
		       p->untested ? " Its tests are not kept any more, so they were not run." : "");
	if (p->stopped_filling)
		printf("The backfill of the pack before ended unfinished.\n");
}
