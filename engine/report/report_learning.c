/* report/report_learning.c: what each agent could learn, and what others could learn from them: of each topic, how often
 * customers came back about it and how their mood changed, beside the other agents' on the same topic.
 *
 * Nobody is compared before PEERS_LEAST contacts, nor with fewer of the others'. Of one agent's comparisons, chance alone
 * calls any of them worse or better in at most PEERS_ALPHA of all cases (report/peers.h). Repeats are told a week after a
 * contact at the earliest, so contacts of the last week count for moods only. */
#include "report/contacts.h"
#include "report/learning.h"
#include "report/peers.h"

#include <math.h>
#include <stdlib.h>

#define MICRO 1e6

struct side {
	int64_t contacts, followed, moods, mood, squares;
};

enum verdict { VERDICT_WORSE, VERDICT_BETTER, VERDICT_ALIKE, VERDICT_FEW };

struct measured {
	double own, peers;
	struct stats_range difference;
	enum verdict verdict;
	struct peers_judged judged;
	bool enough;
};

/* One agent and topic. */
struct learned {
	struct slice agent, topic;
	struct side own, all; /* all: of everybody on the topic */
	struct measured repeats, mood;
};

static int by_topic(const void *a, const void *b)
{
	const struct learned *x = a, *y = b;
	int order = slice_compare(x->topic, y->topic);
	return order ? order : slice_compare(x->agent, y->agent);
}

static enum verdict worst(const struct learned *l)
{
	return l->repeats.verdict < l->mood.verdict ? l->repeats.verdict : l->mood.verdict;
}

static int by_agent(const void *a, const void *b)
{
	const struct learned *x = a, *y = b;
	int order = slice_compare(x->agent, y->agent);
	if (!order)
		order = (int)worst(x) - (int)worst(y);
	return order ? order : slice_compare(x->topic, y->topic);
}

static void add(struct side *to, const struct side *from)
{
	to->contacts += from->contacts;
	to->followed += from->followed;
	to->moods += from->moods;
	to->mood += from->mood;
	to->squares += from->squares;
}

static struct side side_of(const struct report_making *m, const struct ledger_row *row)
{
	const int64_t *n = row->sums;
	bool settled = row->day < m->today - contact_open_days(m->pack);
	return (struct side){ settled ? n[CONTACTS_SERVED] : 0, settled ? n[CONTACTS_FOLLOWED] : 0, n[CONTACTS_MOOD_CHANGES],
			      n[CONTACTS_MOOD_CHANGE_SUM], n[CONTACTS_MOOD_CHANGE_SQUARES] };
}

/* Rows that pass `where`, but for the agent: who is asked about is compared with all. */
static bool is_asked(struct report_making *m, const struct ledger_row *row)
{
	struct report_ask others = *m->ask;
	struct report_making asked = *m;
	others.where_count = 0;
	for (unsigned i = 0; i < m->ask->where_count; i++)
		if (!slice_equal(m->ask->where[i].dim, SLICE("agent")))
			others.where[others.where_count++] = m->ask->where[i];
	asked.ask = &others;
	return row->dims[0].len && report_where(&asked, 0, row); /* nobody served those without an agent */
}

static bool agent_wanted(const struct report_making *m, struct slice agent)
{
	for (unsigned i = 0; i < m->ask->where_count; i++)
		if (slice_equal(m->ask->where[i].dim, SLICE("agent")) && !slice_equal(m->ask->where[i].value, agent))
			return false;
	return true;
}

/* One a pair of agent and topic, ordered by topic. */
static struct learned *gather(struct report_making *m, size_t *count)
{
	const struct ledger_rows *rows = &m->ledgers[0];
	struct learned *all = arena_alloc(m->arena, (rows->count + 1) * sizeof(*all));
	size_t used = 0, kept = 0;
	for (size_t i = 0; i < rows->count; i++)
		if (is_asked(m, &rows->rows[i]))
			all[used++] = (struct learned){ .agent = rows->rows[i].dims[0], .topic = rows->rows[i].dims[1],
							.own = side_of(m, &rows->rows[i]) };
	qsort(all, used, sizeof(*all), by_topic);
	for (size_t i = 0; i < used; i++) {
		if (kept && by_topic(&all[kept - 1], &all[i]) == 0)
			add(&all[kept - 1].own, &all[i].own);
		else
			all[kept++] = all[i];
	}
	*count = kept;
	return all;
}

static void share_totals(struct learned *all, size_t count)
{
	for (size_t from = 0, to; from < count; from = to) {
		struct side total = { 0 };
		for (to = from; to < count && slice_equal(all[to].topic, all[from].topic); to++)
			add(&total, &all[to].own);
		for (size_t i = from; i < to; i++)
			all[i].all = total;
	}
}

static struct peers_share shares_of(const struct learned *l)
{
	return (struct peers_share){ l->own.followed, l->own.contacts, l->all.followed - l->own.followed,
				     l->all.contacts - l->own.contacts };
}

static struct stats_sample sample_of(int64_t count, int64_t sum, int64_t squares)
{
	return stats_sample_of(count, (double)sum / MICRO, (double)squares / MICRO);
}
static struct stats_sample own_mood(const struct learned *l)
{
	return sample_of(l->own.moods, l->own.mood, l->own.squares);
}
static struct stats_sample peers_mood(const struct learned *l)
{
	return sample_of(l->all.moods - l->own.moods, l->all.mood - l->own.mood, l->all.squares - l->own.squares);
}

static void compare(struct learned *l)
{
	struct peers_share s = shares_of(l);
	struct stats_sample own = own_mood(l), peers = peers_mood(l);
	const struct stats_range none = { NAN, NAN, NAN };
	l->repeats = (struct measured){ .own = s.whole ? (double)s.part / (double)s.whole : NAN,
					.peers = s.other_whole ? (double)s.other_part / (double)s.other_whole : NAN,
					.difference = none, .verdict = VERDICT_FEW,
					.enough = s.whole >= PEERS_LEAST && s.other_whole >= PEERS_LEAST };
	l->mood = (struct measured){ .own = own.mean, .peers = peers.mean, .difference = none, .verdict = VERDICT_FEW,
				     .enough = own.count >= PEERS_LEAST && peers.count >= PEERS_LEAST };
	if (l->repeats.enough)
		l->repeats.judged.p = peers_share_p(&s);
	if (l->mood.enough)
		l->mood.judged.p = peers_mean_p(own, peers);
}

static enum verdict verdict_of(const struct measured *m, bool more_is_worse)
{
	if (!m->judged.differs)
		return VERDICT_ALIKE;
	return (m->difference.value > 0) == more_is_worse ? VERDICT_WORSE : VERDICT_BETTER;
}

/* All comparisons of one agent together. Returns how many there are. */
static unsigned judge(struct report_making *m, struct learned *of, size_t count)
{
	struct peers_judged *all = arena_calloc(m->arena, 2 * count + 1, sizeof(*all));
	unsigned n = 0, at = 0;
	for (size_t i = 0; i < count; i++) {
		compare(&of[i]);
		if (of[i].repeats.enough)
			all[n++] = of[i].repeats.judged;
		if (of[i].mood.enough)
			all[n++] = of[i].mood.judged;
	}
	peers_judge(all, n, PEERS_ALPHA);
	for (size_t i = 0; i < count; i++) {
		struct learned *l = &of[i];
		struct peers_share s = shares_of(l);
		if (l->repeats.enough) {
			l->repeats.judged = all[at++];
			l->repeats.difference = peers_share_difference(&s, l->repeats.judged.alpha);
			l->repeats.verdict = verdict_of(&l->repeats, true);
		}
		if (l->mood.enough) {
			l->mood.judged = all[at++];
			l->mood.difference = peers_mean_difference(own_mood(l), peers_mood(l), l->mood.judged.alpha);
			l->mood.verdict = verdict_of(&l->mood, false);
		}
	}
	return n;
}

static void columns(struct report_making *m)
{
	report_key_columns(m);
	report_column(m, "contacts", "count", "contacts that this agent ended at least 7 days ago: whether the customer came back about "
		      "the topic is known of them");
	report_column(m, "repeats", "share", "of them, those after which the customer came back about the same topic within 7 x 24 h");
	report_column(m, "repeats_peers", "share", "the same of all other agents' contacts about this topic");
	report_column(m, "repeats_difference", "share", "repeats - repeats_peers; positive: more customers came back");
	report_column(m, "repeats_low", "share", "lower end of its interval (Newcombe 1998), at the confidence at which the verdict was "
		      "reached");
	report_column(m, "repeats_high", "share", "upper end of it");
	report_column(m, "repeats_verdict", "", "worse or better than the other agents: all of an agent's comparisons together are wrong "
		      "by chance in at most 5 % (Holm 1979); alike: no difference is shown; too few: fewer than 30 contacts on either side");
	report_column(m, "moods", "count", "contacts of which the mood at the beginning and at the end is known");
	report_column(m, "mood_change", "mood", "mean of the mood at the end - the mood at the beginning, -2 to 2");
	report_column(m, "mood_change_peers", "mood", "the same of all other agents' contacts about this topic");
	report_column(m, "mood_change_difference", "mood", "mood_change - mood_change_peers; negative: customers leave in a worse mood");
	report_column(m, "mood_change_low", "mood", "lower end of its interval (Welch 1947), as of repeats_low");
	report_column(m, "mood_change_high", "mood", "upper end of it");
	report_column(m, "mood_change_verdict", "", "as of repeats_verdict");
}

static void put_known(struct report_making *m, double n)
{
	report_put(m, isnan(n) ? value_unknown() : value_number(n));
}

static void put_measured(struct report_making *m, const struct measured *x)
{
	static const char *const names[] = { "worse", "better", "alike", "too few" };
	put_known(m, x->own);
	put_known(m, x->peers);
	put_known(m, x->difference.value);
	put_known(m, x->difference.low);
	put_known(m, x->difference.high);
	report_put(m, value_string(slice_of(names[x->verdict])));
}

static void put_row(struct report_making *m, const struct learned *l)
{
	struct slice by[REPORT_BY] = { l->agent, l->topic };
	report_row(m, by);
	report_put_count(m, l->own.contacts);
	put_measured(m, &l->repeats);
	report_put_count(m, l->own.moods);
	put_measured(m, &l->mood);
}

/* By agent and topic, whatever was asked: less would compare what differs by its topics. */
static void make(struct report_making *m)
{
	struct report_ask ask = *m->ask;
	unsigned most = 0;
	size_t count;
	ask.by[0] = SLICE("agent");
	ask.by[1] = SLICE("topic");
	ask.by_count = 2;
	m->ask = &ask;
	columns(m);
	struct learned *all = gather(m, &count);
	share_totals(all, count);
	qsort(all, count, sizeof(*all), by_agent);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from; to < count && slice_equal(all[to].agent, all[from].agent); to++)
			;
		if (!agent_wanted(m, all[from].agent))
			continue;
		unsigned n = judge(m, &all[from], to - from);
		most = n > most ? n : most;
		qsort(&all[from], to - from, sizeof(*all), by_agent);
		for (size_t i = from; i < to; i++)
			put_row(m, &all[i]);
	}
	report_remark(m, "An agent is compared with the other agents on the same topic, from %u contacts on either side on.", PEERS_LEAST);
	if (most)
		report_remark(m, "Up to %u comparisons of one agent are judged together, so that chance alone calls any of them worse or "
			      "better in at most %.0f %% of cases. What differs need not be the agent's doing: hours, customers and luck "
			      "differ too.", most, 100 * PEERS_ALPHA);
	else
		report_remark(m, "Nothing could be compared yet.");
}

const struct report_decl report_learning = {
	.name = "learning",
	.help = "what each agent could learn: topics on which customers come back, or leave in a worse mood, more than with others",
	.ledgers = { LEDGER_CONTACTS },
	.ledger_count = 1,
	.by = { "agent", "topic", "channel" },
	.default_by = "agent",
	.where_later = true,
	.keep = { "agent", "topic" },
	.make = make,
};
