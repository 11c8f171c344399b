/* nudgectl/alert_reader.c: see the header. */
#include "alert_reader.h"

#include "wire/json.h"

#include <stdlib.h>

#define PAGE_ALERTS 200

struct list {
	struct table table;
	json_t *all; /* with --json */
	int64_t now_ms;
	struct point next; /* the last one read */
	uint64_t left;
	bool more;
};

static void take_alert(const struct alert_reader *r, const struct context *c, struct list *l, const Nudge__V1__Alert *a)
{
	l->next = (struct point){ a->seq, a->index };
	if (!r->is_wanted(a))
		return;
	l->left--;
	if (c->json)
		json_array_append_new(l->all, json_from_message(&a->base));
	else
		r->add_row(&l->table, a, l->now_ms);
}

static int take_page(const struct alert_reader *r, struct context *c, struct list *l)
{
	Nudge__V1__ListAlerts ask = NUDGE__V1__LIST_ALERTS__INIT;
	Nudge__V1__Response *answer;
	ask.to = text_or_empty(r->to);
	ask.limit = PAGE_ALERTS;
	ask.after_seq = l->next.seq;
	ask.after_index = l->next.index;
	int code = context_ask(c, NUDGE_LIST_ALERTS, &ask, &answer);
	if (code != EXIT_DONE)
		return code;
	const Nudge__V1__AlertList *page = answer->alert_list;
	for (size_t i = 0; i < page->n_alerts && l->left; i++)
		take_alert(r, c, l, page->alerts[i]);
	l->more = page->more && page->n_alerts > 0 && l->left > 0;
	nudge_free(answer);
	return EXIT_DONE;
}

int alert_reader_list(const struct alert_reader *r, struct context *c)
{
	int code = context_connect(c);
	if (code != EXIT_DONE)
		return code;
	struct list l = { .all = json_array(), .now_ms = c->json ? 0 : context_clock(c), .next = r->after, .left = r->limit,
			  .more = true };
	table_init(&l.table, r->titles);
	while (l.more && code == EXIT_DONE)
		code = take_page(r, c, &l);
	if (code == EXIT_DONE && c->json) {
		code = print_json(json_incref(l.all));
	} else if (code == EXIT_DONE) {
		table_print(&l.table, 0);
		if (!l.table.used)
			printf("%s\n", r->none);
	}
	table_finish(&l.table);
	json_decref(l.all);
	return code;
}

static int show(const struct alert_reader *r, const struct context *c, const Nudge__V1__Alert *a)
{
	int code = EXIT_DONE;
	if (c->json)
		code = print_json_line(json_from_message(&a->base));
	else
		r->put(a);
	return code == EXIT_DONE && (fflush(stdout) || ferror(stdout)) ? EXIT_FAILED : code;
}

static int start_following(const struct alert_reader *r, struct context *c, const struct point *from, bool from_now)
{
	Nudge__V1__Follow ask = NUDGE__V1__FOLLOW__INIT;
	Nudge__V1__Response *answer;
	ask.after_seq = from->seq;
	ask.after_index = from->index;
	ask.from_now = from_now;
	ask.to = text_or_empty(r->to);
	int code = context_ask(c, NUDGE_FOLLOW, &ask, &answer);
	if (code == EXIT_DONE)
		nudge_free(answer);
	return code;
}

static int take_pushed(const struct alert_reader *r, struct context *c, const Nudge__V1__Response *pushed,
		       struct point *last)
{
	if (pushed->body_case == NUDGE__V1__RESPONSE__BODY_ALERT) {
		*last = (struct point){ pushed->alert->seq, pushed->alert->index };
		return r->is_wanted(pushed->alert) ? show(r, c, pushed->alert) : EXIT_DONE;
	}
	if (pushed->body_case == NUDGE__V1__RESPONSE__BODY_MISSED) {
		struct point resume = { pushed->missed->resume_seq, pushed->missed->resume_index };
		fprintf(stderr, "nudgectl: reading was too slow, %llu alerts were held back; catching up\n",
			(unsigned long long)pushed->missed->count);
		return start_following(r, c, &resume, false);
	}
	if (pushed->body_case == NUDGE__V1__RESPONSE__BODY_ERROR) /* what was allowed is no more */
		return report_failed("refused (%s): %s", pushed->error->code, pushed->error->reason);
	return EXIT_DONE;
}

int alert_reader_follow(const struct alert_reader *r, struct context *c)
{
	struct point last = r->after;
	int code = start_following(r, c, &r->after, !r->after.seq);
	while (code == EXIT_DONE) {
		Nudge__V1__Response *pushed = NULL;
		int result = nudge_receive(c->nudge, -1, &pushed);
		if (result == NUDGE_TIMEOUT)
			continue;
		if (result != NUDGE_OK) {
			context_lost(c, result, "following");
			fprintf(stderr, "To go on from here: nudgectl %s --follow --after %llu-%u\n", r->command,
				(unsigned long long)last.seq, last.index);
			return EXIT_FAILED;
		}
		code = take_pushed(r, c, pushed, &last);
		nudge_free(pushed);
	}
	return code;
}

int alert_acknowledge(struct context *c, const char *command, const char *id, const char **by,
		      Nudge__V1__Response **answer)
{
	struct point point;
	const struct option_spec spec = { command, OPTION_POINT, &point, NULL, NULL };
	Nudge__V1__Acknowledge ask = NUDGE__V1__ACKNOWLEDGE__INIT;
	const char *user = getenv("USER");
	if (!option_read(&spec, id))
		return EXIT_USAGE;
	if (!*by)
		*by = user && *user ? user : "nudgectl";
	ask.seq = point.seq;
	ask.index = point.index;
	ask.by = (char *)*by;
	return context_ask(c, NUDGE_ACKNOWLEDGE, &ask, answer);
}
