/* nudgectl/replay_text.c: a comparison's report for people: what differs first in words, then by rule, action and
 * recipient, then examples to look into. */
#include "replay.h"

#include "report.h"
#include "table.h"

#include <inttypes.h>
#include <string.h>

#define RECIPIENTS_MAX 12u

static uint64_t row_sum(const struct compare_row *row, const enum compare_count *counts, size_t count)
{
	uint64_t n = 0;
	for (size_t i = 0; i < count; i++)
		n += row->counts[counts[i]];
	return n;
}

static const enum compare_count rule_differences[] = {
	COUNT_FIRED_LOST,     COUNT_FIRED_GAINED, COUNT_ALERTS_LOST,   COUNT_ALERTS_GAINED,
	COUNT_ALERTS_CHANGED, COUNT_NUDGES_LOST,  COUNT_NUDGES_GAINED, COUNT_NUDGES_CHANGED,
	COUNT_CLOSED_OTHERWISE,
};
static const enum compare_count action_differences[] = {
	COUNT_SHOWN_LOST, COUNT_SHOWN_GAINED, COUNT_NUDGES_LOST, COUNT_NUDGES_GAINED, COUNT_OUTCOMES_UNKNOWN,
};

static bool rule_differs(const struct compare_row *row)
{
	return row->kind == ROW_RULE &&
	       row_sum(row, rule_differences, sizeof(rule_differences) / sizeof(rule_differences[0]));
}

static bool action_differs(const struct compare_row *row)
{
	return row->kind == ROW_ACTION &&
	       (row->counts[COUNT_FIRST_BEFORE] != row->counts[COUNT_FIRST_AFTER] ||
		row_sum(row, action_differences, sizeof(action_differences) / sizeof(action_differences[0])));
}

/* "12 lost, 3 gained" behind a label and a head, wrapped beneath itself. */
struct part {
	uint64_t n;
	const char *text;
};

#define LABEL_COLUMNS 16
#define LINE_BYTES 512

static void put_parts(const char *label, const char *head, const struct part *parts, size_t count, const char *none)
{
	char line[LINE_BYTES];
	size_t len = (size_t)snprintf(line, sizeof(line), "%s", head);
	bool any = false;
	for (size_t i = 0; i < count && len < sizeof(line); i++) {
		if (!parts[i].n)
			continue;
		len += (size_t)snprintf(line + len, sizeof(line) - len, "%s%s %s", any ? ", " : "",
					count_text(parts[i].n), parts[i].text);
		any = true;
	}
	if (!any && len < sizeof(line))
		snprintf(line + len, sizeof(line) - len, "%s", none);
	printf("  %s%-*s%s", style_on(stdout, STYLE_BOLD), LABEL_COLUMNS, label, style_off(stdout));
	text_flow(stdout, 2 + LABEL_COLUMNS, 2 + LABEL_COLUMNS, line);
}

#define PARTS(list) list, sizeof(list) / sizeof((list)[0])

static void put_sums(const struct compare_report *r)
{
	const uint64_t *t = r->totals;
	char head[96];
	const struct part alerts[] = { { t[TOTAL_ALERTS_LOST], "lost" },
				       { t[TOTAL_ALERTS_GAINED], "gained" },
				       { t[TOTAL_ALERTS_CHANGED], "changed" },
				       { t[TOTAL_ALERTS_RENAMED], "by another name" },
				       { t[TOTAL_CLOSED_OTHERWISE], "closed at another time" } };
	const struct part nudges[] = { { t[TOTAL_NUDGES_LOST], "lost" },
				       { t[TOTAL_NUDGES_GAINED], "gained" },
				       { t[TOTAL_NUDGES_CHANGED], "changed" } };
	const struct part decisions[] = { { t[TOTAL_FIRST_CHANGED], "with another first choice" },
					  { t[TOTAL_LIST_CHANGED], "with others behind the first" },
					  { t[TOTAL_SCORES_CHANGED], "with other scores only" },
					  { t[TOTAL_WORDS_CHANGED], "with other words only" } };
	const struct part touched[] = { { t[TOTAL_CUSTOMERS_TOUCHED], "of the customers" },
					{ t[TOTAL_AGENTS_TOUCHED], "agents" },
					{ t[TOTAL_AREAS_TOUCHED], "areas" } };
	snprintf(head, sizeof(head), "%s before, %s after: ", count_text(t[TOTAL_ALERTS_BEFORE]),
		 count_text(t[TOTAL_ALERTS_AFTER]));
	put_parts("alerts", head, PARTS(alerts), "all the same");
	snprintf(head, sizeof(head), "%s before, %s after: ", count_text(t[TOTAL_NUDGES_BEFORE]),
		 count_text(t[TOTAL_NUDGES_AFTER]));
	put_parts("nudges", head, PARTS(nudges), "all the same");
	snprintf(head, sizeof(head), "%s: ", count_text(t[TOTAL_RECOMMENDATIONS]));
	put_parts("recommendations", head, PARTS(decisions), "all the same");
	put_parts("touched", "", PARTS(touched), "nobody");
}

static void put_unknown(const struct compare_report *r)
{
	const uint64_t *t = r->totals;
	const struct part unknown[] = { { t[TOTAL_OUTCOMES_UNKNOWN], "outcomes, of what it would not have shown" },
					{ t[TOTAL_SHOWN_UNKNOWN], "times an action that was not shown then" } };
	const struct part left_out[] = { { t[TOTAL_ACKNOWLEDGEMENTS_LEFT_OUT],
					   "acknowledgements, of alerts that it does not have open" } };
	if (t[TOTAL_OUTCOMES_UNKNOWN] || t[TOTAL_SHOWN_UNKNOWN])
		put_parts("unknown", "", PARTS(unknown), "");
	if (t[TOTAL_ACKNOWLEDGEMENTS_LEFT_OUT])
		put_parts("left out", "", PARTS(left_out), "");
}

static void put_figure(struct table *t, uint64_t n, enum style style)
{
	if (n)
		table_add_styled(t, style, "%s", count_text(n));
	else
		table_add(t, "-");
}

static const char *standing(const struct compare_row *row)
{
	if (row->in_before && !row->in_after)
		return " (gone)";
	return row->in_after && !row->in_before ? " (new)" : "";
}

static void put_rules(const struct compare_report *r)
{
	struct table t;
	table_init(&t, "rule|>fired|>after|>alerts|>after|>lost|>gained|>changed|>nudges|>after");
	for (size_t i = 0; i < r->row_count; i++) {
		const struct compare_row *row = &r->rows[i];
		const uint64_t *n = row->counts;
		if (!rule_differs(row))
			continue;
		table_add_styled(&t, STYLE_BOLD, "%s%s", row->name, standing(row));
		put_figure(&t, n[COUNT_FIRED_BEFORE], STYLE_PLAIN);
		put_figure(&t, n[COUNT_FIRED_AFTER], STYLE_PLAIN);
		put_figure(&t, n[COUNT_ALERTS_BEFORE], STYLE_PLAIN);
		put_figure(&t, n[COUNT_ALERTS_AFTER], STYLE_PLAIN);
		put_figure(&t, n[COUNT_ALERTS_LOST] + n[COUNT_NUDGES_LOST], STYLE_RED);
		put_figure(&t, n[COUNT_ALERTS_GAINED] + n[COUNT_NUDGES_GAINED], STYLE_GREEN);
		put_figure(&t, n[COUNT_ALERTS_CHANGED] + n[COUNT_NUDGES_CHANGED] + n[COUNT_CLOSED_OTHERWISE],
			   STYLE_YELLOW);
		put_figure(&t, n[COUNT_NUDGES_BEFORE], STYLE_PLAIN);
		put_figure(&t, n[COUNT_NUDGES_AFTER], STYLE_PLAIN);
	}
	if (t.used)
		printf("\n%sRules%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
	table_print(&t, 2);
	table_finish(&t);
}

static void put_renamed(const struct compare_report *r)
{
	for (size_t i = 0; i < r->row_count; i++) {
		const struct compare_row *row = &r->rows[i];
		size_t len = strcspn(row->name, "\n");
		if (row->kind == ROW_RENAMED)
			printf("  %.*s is called %s: %s the same\n", (int)len, row->name, row->name + len + 1,
			       plural_text(row->counts[COUNT_ALERTS_CHANGED], "alert else", "alerts else"));
	}
}

static void put_actions(const struct compare_report *r)
{
	struct table t;
	table_init(&t, "action|>first|>after|>shown|>after|>lost|>gained|>nudges|>after|>outcomes|>unknown");
	for (size_t i = 0; i < r->row_count; i++) {
		const struct compare_row *row = &r->rows[i];
		const uint64_t *n = row->counts;
		if (!action_differs(row))
			continue;
		table_add_styled(&t, STYLE_BOLD, "%s%s", row->name, standing(row));
		put_figure(&t, n[COUNT_FIRST_BEFORE], STYLE_PLAIN);
		put_figure(&t, n[COUNT_FIRST_AFTER], STYLE_PLAIN);
		put_figure(&t, n[COUNT_SHOWN_BEFORE], STYLE_PLAIN);
		put_figure(&t, n[COUNT_SHOWN_AFTER], STYLE_PLAIN);
		put_figure(&t, n[COUNT_SHOWN_LOST], STYLE_RED);
		put_figure(&t, n[COUNT_SHOWN_GAINED], STYLE_GREEN);
		put_figure(&t, n[COUNT_NUDGES_BEFORE], STYLE_PLAIN);
		put_figure(&t, n[COUNT_NUDGES_AFTER], STYLE_PLAIN);
		put_figure(&t, n[COUNT_OUTCOMES], STYLE_PLAIN);
		put_figure(&t, n[COUNT_OUTCOMES_UNKNOWN], STYLE_YELLOW);
	}
	if (t.used)
		printf("\n%sActions%s (first choice, shown at all, sent as a nudge)\n", style_on(stdout, STYLE_BOLD),
		       style_off(stdout));
	table_print(&t, 2);
	table_finish(&t);
}

static uint64_t load_change(const struct compare_row *row, uint64_t *before, uint64_t *after)
{
	bool channel = strncmp(row->name, "channel:", 8) == 0;
	*before = row->counts[channel ? COUNT_NUDGES_BEFORE : COUNT_ALERTS_BEFORE];
	*after = row->counts[channel ? COUNT_NUDGES_AFTER : COUNT_ALERTS_AFTER];
	return *before > *after ? *before - *after : *after - *before;
}

/* Those with the greatest change; the JSON has all. */
static const struct compare_row *next_recipient(const struct compare_report *r, uint64_t below, size_t *from,
						uint64_t *change)
{
	const struct compare_row *found = NULL;
	uint64_t before, after, most = 0;
	for (size_t i = 0; i < r->row_count; i++) {
		uint64_t n = r->rows[i].kind == ROW_RECIPIENT ? load_change(&r->rows[i], &before, &after) : 0;
		if (n > most && (n < below || (n == below && i > *from))) {
			most = n;
			found = &r->rows[i];
		}
	}
	if (found) {
		*from = (size_t)(found - r->rows);
		*change = most;
	}
	return found;
}

static void put_recipients(const struct compare_report *r)
{
	struct table t;
	const struct compare_row *row;
	uint64_t below = UINT64_MAX, before, after;
	size_t from = 0, shown = 0, all = 0;
	for (size_t i = 0; i < r->row_count; i++)
		all += r->rows[i].kind == ROW_RECIPIENT && load_change(&r->rows[i], &before, &after);
	table_init(&t, "who hears of it|>before|>after");
	while (shown < RECIPIENTS_MAX && (row = next_recipient(r, below, &from, &below))) {
		bool channel = strncmp(row->name, "channel:", 8) == 0;
		load_change(row, &before, &after);
		table_add_styled(&t, STYLE_BOLD, "%s%s", channel ? row->name + 8 : row->name, channel ? " (nudges)" : "");
		put_figure(&t, before, STYLE_PLAIN);
		put_figure(&t, after, STYLE_PLAIN);
		shown++;
	}
	if (t.used)
		printf("\n%sLoad%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
	table_print(&t, 2);
	table_finish(&t);
	if (all > shown)
		printf("  and %s; --json has all\n", plural_text(all - shown, "other", "others"));
}

static void put_example(const char *kind, enum style style, const struct compare_example *x)
{
	char line[LINE_BYTES];
	int len = snprintf(line, sizeof(line), "%s  %s %s%s%s", time_text(x->time_ms), subject_kind_name(x->subject_kind),
			   x->subject, x->member ? ", " : "", x->member ? x->member : "");
	if (x->seq)
		len += snprintf(line + len, sizeof(line) - (size_t)len, "  entry %" PRIu64, x->seq);
	if (x->boot || x->count)
		snprintf(line + len, sizeof(line) - (size_t)len, ", decision %" PRIu64 "-%" PRIu64, x->boot, x->count);
	printf("    %s%-8s%s ", style_on(stdout, style), kind, style_off(stdout));
	text_flow(stdout, 13, 13, line);
	if (x->before)
		text_flow(stdout, printf("             %s", x->after ? "was    " : ""), 20, x->before);
	if (x->after)
		text_flow(stdout, printf("             %s", x->before ? "would  " : ""), 20, x->after);
}

static void put_examples(const struct compare_examples *e, const char *kind, enum style style)
{
	for (unsigned i = 0; i < e->count; i++)
		put_example(kind, style, &e->items[i]);
}

/* A decision that stands among the recommendations says there all that it says of an action. */
static bool comes_below(const struct compare_report *r, const struct compare_example *x)
{
	for (unsigned k = 0; x->count && k < CHANGE_KINDS; k++)
		for (unsigned i = 0; i < r->decisions[k].count; i++)
			if (r->decisions[k].items[i].boot == x->boot && r->decisions[k].items[i].count == x->count)
				return true;
	return false;
}

static unsigned examples_of(const struct compare_report *r, const struct compare_row *row)
{
	unsigned count = 0;
	for (unsigned k = 0; k < EXAMPLE_KINDS; k++)
		for (unsigned i = 0; i < row->examples[k].count; i++)
			count += !comes_below(r, &row->examples[k].items[i]);
	return count;
}

/* Of an action one is enough: recommendations come below. */
static void put_examples_of(const struct compare_report *r, const struct compare_row *row, enum example_kind which,
			    const char *kind, enum style style)
{
	const struct compare_examples *e = &row->examples[which];
	unsigned most = row->kind == ROW_ACTION ? 1 : e->count;
	for (unsigned i = 0; i < e->count && most; i++)
		if (!comes_below(r, &e->items[i])) {
			put_example(kind, style, &e->items[i]);
			most--;
		}
}

static void put_row_examples(const struct compare_report *r)
{
	for (size_t i = 0; i < r->row_count; i++) {
		const struct compare_row *row = &r->rows[i];
		if (!examples_of(r, row))
			continue;
		printf("  %s%s%s%s\n", style_on(stdout, STYLE_BOLD), row->kind == ROW_ACTION ? "action " : "", row->name,
		       style_off(stdout));
		put_examples_of(r, row, EXAMPLE_LOST, "lost", STYLE_RED);
		put_examples_of(r, row, EXAMPLE_GAINED, "gained", STYLE_GREEN);
		put_examples_of(r, row, EXAMPLE_CHANGED, "changed", STYLE_YELLOW);
		put_examples_of(r, row, EXAMPLE_UNKNOWN, "unknown", STYLE_YELLOW);
	}
}

static void put_all_examples(const struct compare_report *r)
{
	static const char *const changes[] = { "first", "others", "scores", "words" };
	bool any = false;
	for (unsigned k = 0; k < CHANGE_KINDS; k++)
		any |= r->decisions[k].count != 0;
	for (size_t i = 0; i < r->row_count; i++)
		for (unsigned k = 0; k < EXAMPLE_KINDS; k++)
			any |= r->rows[i].examples[k].count != 0;
	if (!any)
		return;
	printf("\n%sExamples%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
	put_row_examples(r);
	for (unsigned k = 0; k < CHANGE_KINDS; k++) {
		if (k == 0)
			for (unsigned i = 0; i < CHANGE_KINDS; i++)
				if (r->decisions[i].count) {
					printf("  %srecommendations%s\n", style_on(stdout, STYLE_BOLD), style_off(stdout));
					break;
				}
		put_examples(&r->decisions[k], changes[k], STYLE_YELLOW);
	}
}

static void put_warnings(const struct compare_report *r)
{
	const uint64_t *t = r->totals;
	uint64_t other = t[TOTAL_NOT_REPRODUCED] + t[TOTAL_DECISIONS_NOT_REPRODUCED];
	if (other) {
		printf("\n%sNot as recorded.%s ", style_on(stdout, STYLE_RED), style_off(stdout));
		text_flow(stdout, 17, 0,
			  "With the packs that were active some entries do not come out as they did when they were accepted. "
			  "What is told here is the difference between the packs as this build runs them.");
		printf("  %s and %s, the first at entry %" PRIu64 "\n",
		       plural_text(t[TOTAL_NOT_REPRODUCED], "entry", "entries"),
		       plural_text(t[TOTAL_DECISIONS_NOT_REPRODUCED], "decision", "decisions"), r->not_reproduced_seq);
	}
	if (r->dropped_bytes)
		printf("\nThe journal's last %s were not whole when this was read: a daemon is writing there, or was cut off.\n",
		       size_text((double)r->dropped_bytes));
	if (t[TOTAL_ERASED])
		printf("\n%s erased: what they did is not known, and what follows from it may differ.\n",
		       plural_text(t[TOTAL_ERASED], "entry was", "entries were"));
	if (t[TOTAL_FAILED_CALLS]) {
		printf("\n%s of the candidate's functions failed, the first at entry %" PRIu64 ":\n",
		       plural_text(t[TOTAL_FAILED_CALLS], "call", "calls"), r->failed_seq);
		text_wrap(stdout, 2, r->failure);
	}
}

static void put_head(const struct compare_report *r, const char *data, double seconds)
{
	const uint64_t *t = r->totals;
	printf("%s%s%s %.8s over %s: %s", style_on(stdout, STYLE_BOLD), r->candidate.name, style_off(stdout),
	       r->candidate.hash, data, plural_text(t[TOTAL_ENTRIES], "entry", "entries"));
	if (r->first_ms)
		printf(", %s to %s", time_text(r->first_ms), time_text(r->last_ms));
	printf("\n");
	for (unsigned i = 0; i < r->pack_count; i++)
		printf("  %s %.8s was active from entry %" PRIu64 "%s%s%s\n", r->packs[i].name, r->packs[i].hash,
		       r->packs[i].seq, r->packs[i].time_ms ? ", " : "",
		       r->packs[i].time_ms ? time_text(r->packs[i].time_ms) : "",
		       strcmp(r->packs[i].hash, r->candidate.hash) == 0 ? ": the very same" : "");
	if (!r->pack_count)
		printf("  no pack was ever activated: nothing to compare with\n");
	printf("  %s, in %s\n\n", plural_text(t[TOTAL_CUSTOMERS], "customer", "customers"), duration_text(seconds));
}

void replay_print_text(const struct compare_report *r, const char *data, double seconds)
{
	put_head(r, data, seconds);
	printf("%s%s%s\n", style_on(stdout, r->different ? STYLE_YELLOW : STYLE_GREEN),
	       r->different ? "It differs from what happened." : "No difference: it decides as what was active did.",
	       style_off(stdout));
	put_sums(r);
	put_unknown(r);
	put_rules(r);
	put_renamed(r);
	put_actions(r);
	put_recipients(r);
	put_all_examples(r);
	put_warnings(r);
}
