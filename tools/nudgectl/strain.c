/* nudgectl/strain.c: see strain.h. */
#include "strain.h"

#include <string.h>

#define INDENT_MOST (LABEL_WIDTH + 1)

void put_text(const char *text, int at)
{
	if (report_is_terminal(stdout)) {
		text_flow(stdout, at, at < INDENT_MOST ? at : INDENT_MOST, text);
		return;
	}
	text_put(stdout, text, strlen(text));
	printf("\n");
}

void put_labelled(const char *label, enum style style, const char *text)
{
	printf(" %s%-*s%s", style_on(stdout, style), LABEL_WIDTH - 1, label, style_off(stdout));
	put_text(text, LABEL_WIDTH);
}

/* "62 of 100 (strained): angry 30, 4 angry conversations in a row; occupancy 20. At most 2 actions." */
void strain_show(const Nudge__V1__Strain *s)
{
	char text[2048];
	size_t len = (size_t)snprintf(text, sizeof(text), "%.0f of 100%s%s%s", s->score, *s->level ? " (" : "", s->level,
				      *s->level ? ")" : "");
	for (size_t i = 0; i < s->n_parts && len < sizeof(text); i++) {
		const Nudge__V1__StrainPart *p = s->parts[i];
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %.0f%s%s%s", i ? "; " : ": ", p->name, p->points,
					*p->say ? " (" : "", p->say, *p->say ? ")" : "");
	}
	if (s->actions && len < sizeof(text))
		snprintf(text + len, sizeof(text) - len, ". At most %u action%s", s->actions, s->actions == 1 ? "" : "s");
	put_labelled("strain", *s->level ? STYLE_YELLOW : STYLE_DIM, text);
	if (*s->suggestion)
		put_labelled("", STYLE_PLAIN, s->suggestion);
}
