/* A C program that talks to nudged: cc example.c $(pkg-config --cflags --libs nudge) -o example
 *
 *     example ADDRESS                three calls of one customer within a week, and what the daemon makes of them
 *     example ADDRESS follow TO      alerts to that recipient, each once, until one says "last"
 *     example ADDRESS send COUNT     so many events, pipelined in batches, sent again where the connection was lost */
#include <nudge.h>

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 100
#define UNDER_WAY 16

static void must(struct nudge *n, int rc, const char *what)
{
	if (rc != NUDGE_OK)
		errx(1, "%s: %s", what, nudge_error(n));
}

static void call_three_times(struct nudge *n)
{
	Nudge__V1__Event events[3], *list[3];
	char ids[3][64];
	for (int i = 0; i < 3; i++) {
		nudge__v1__event__init(&events[i]);
		snprintf(ids[i], sizeof(ids[i]), "c-%llu-%d", (unsigned long long)nudge_welcome(n)->boot_id, i);
		events[i].id = ids[i];
		events[i].source = "pbx";
		events[i].customer = "c-19";
		events[i].type = "contact.started";
		events[i].channel = "call";
		list[i] = &events[i];
	}
	Nudge__V1__Publish publish = NUDGE__V1__PUBLISH__INIT;
	publish.n_events = 3;
	publish.events = list;
	Nudge__V1__Response *r;
	must(n, nudge_call(n, NUDGE_PUBLISH, &publish, &r), "publish");
	for (size_t i = 0; i < r->published->n_acks; i++)
		for (size_t k = 0; k < r->published->acks[i]->n_alerts; k++)
			printf("alert: %s\n", r->published->acks[i]->alerts[k]->text);
	nudge_free(r);
}

static void recommend(struct nudge *n)
{
	Nudge__V1__Recommend ask = NUDGE__V1__RECOMMEND__INIT;
	Nudge__V1__Outcome outcome = NUDGE__V1__OUTCOME__INIT;
	Nudge__V1__Response *r, *recorded;
	ask.customer = "c-19";
	ask.topic = "help";
	must(n, nudge_call(n, NUDGE_RECOMMEND, &ask, &r), "recommend");
	for (size_t i = 0; i < r->recommendation->n_choices; i++)
		printf("%s: %s\n", r->recommendation->choices[i]->action, r->recommendation->choices[i]->say);
	if (r->recommendation->n_choices) {
		outcome.id = r->recommendation->decision; /* one outcome a decision here: its id will do */
		outcome.source = "desk";
		outcome.customer = "c-19";
		outcome.decision = r->recommendation->decision;
		outcome.action = r->recommendation->choices[0]->action;
		outcome.channel = "call";
		outcome.kind = "accepted";
		must(n, nudge_call(n, NUDGE_OUTCOME, &outcome, &recorded), "outcome");
		printf("outcome: %s\n", recorded->outcome_recorded->ack->result == NUDGE__V1__ACK__RESULT__ACCEPTED ? "accepted" : "?");
		nudge_free(recorded);
	}
	nudge_free(r);
}

static void follow(struct nudge *n, const char *to)
{
	struct nudge_follow f = { .to = to }; /* keep f.seq and f.index, and a program can go on after its own end as well */
	bool last = false;
	while (!last) {
		Nudge__V1__Response *r;
		must(n, nudge_next_alert(n, &f, 60000, &r), "follow");
		if (r->body_case == NUDGE__V1__RESPONSE__BODY_ALERT) {
			printf("%llu-%u %s\n", (unsigned long long)r->alert->seq, r->alert->index, r->alert->text);
			fflush(stdout);
			last = strcmp(r->alert->text, "last") == 0;
		}
		nudge_free(r);
	}
}

static int send_batch(struct nudge *n, unsigned batch, uint64_t *id)
{
	Nudge__V1__Event events[BATCH], *list[BATCH];
	char ids[BATCH][24];
	for (unsigned i = 0; i < BATCH; i++) {
		nudge__v1__event__init(&events[i]);
		snprintf(ids[i], sizeof(ids[i]), "e%u", batch * BATCH + i);
		events[i].id = events[i].customer = ids[i];
		events[i].source = "c";
		events[i].type = "count";
		list[i] = &events[i];
	}
	Nudge__V1__Publish publish = NUDGE__V1__PUBLISH__INIT;
	publish.n_events = BATCH;
	publish.events = list;
	int rc = nudge_send(n, NUDGE_PUBLISH, &publish, id);
	return rc == NUDGE_TIMEOUT ? NUDGE_OK : rc; /* packed, not all of it sent yet: nudge_receive goes on */
}

struct sent {
	uint64_t id; /* of the request; 0: to be sent */
	bool answered;
};

static struct sent *find(struct sent *all, unsigned count, uint64_t id)
{
	for (unsigned i = 0; i < count; i++)
		if (all[i].id == id && !all[i].answered)
			return &all[i];
	return NULL;
}

/* What was not answered may have been applied or not: it is sent again, and its ids tell. */
static void come_back(struct nudge *n, struct sent *all, unsigned count)
{
	must(n, nudge_reconnect(n, 30000), "the daemon does not come back");
	for (unsigned i = 0; i < count; i++)
		if (!all[i].answered)
			all[i].id = 0;
}

static void count_acks(const Nudge__V1__Response *r, unsigned long *accepted, unsigned long *duplicates)
{
	if (r->body_case != NUDGE__V1__RESPONSE__BODY_PUBLISHED)
		errx(1, "refused: %s", r->body_case == NUDGE__V1__RESPONSE__BODY_ERROR ? r->error->reason : "?");
	for (size_t i = 0; i < r->published->n_acks; i++) {
		*accepted += r->published->acks[i]->result == NUDGE__V1__ACK__RESULT__ACCEPTED;
		*duplicates += r->published->acks[i]->result == NUDGE__V1__ACK__RESULT__DUPLICATE;
	}
}

static void send_many(struct nudge *n, unsigned count)
{
	struct sent *all = calloc(count, sizeof(*all)), *batch;
	unsigned long accepted = 0, duplicates = 0;
	unsigned answered = 0, under_way = 0;
	while (answered < count) {
		Nudge__V1__Response *r = NULL;
		int rc = NUDGE_OK;
		while (rc == NUDGE_OK && under_way < UNDER_WAY && (batch = find(all, count, 0)) != NULL) {
			rc = send_batch(n, (unsigned)(batch - all), &batch->id);
			under_way++;
		}
		if (rc == NUDGE_OK)
			rc = nudge_receive(n, 10000, &r);
		if (rc == NUDGE_CLOSED) {
			come_back(n, all, count);
			under_way = 0;
			continue;
		}
		must(n, rc, "send");
		if ((batch = find(all, count, r->request_id)) != NULL) {
			count_acks(r, &accepted, &duplicates);
			batch->answered = true;
			answered++;
			under_way--;
		}
		nudge_free(r);
	}
	printf("%lu accepted, %lu sent twice\n", accepted, duplicates);
	free(all);
}

int main(int argc, char **argv)
{
	struct nudge *n;
	struct nudge_options options = { .client = "example" };
	if (argc < 2)
		errx(2, "usage: example ADDRESS [follow TO|send COUNT]");
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(n, nudge_connect(&n, argv[1], &options), "connect");
	printf("%s, pack %s\n", nudge_welcome(n)->server, nudge_welcome(n)->pack);
	if (argc == 4 && strcmp(argv[2], "follow") == 0) {
		follow(n, argv[3]);
	} else if (argc == 4 && strcmp(argv[2], "send") == 0) {
		send_many(n, (unsigned)atoi(argv[3]) / BATCH);
	} else {
		call_three_times(n);
		recommend(n);
	}
	nudge_close(n);
	return 0;
}
