/* script/kept.c: see kept.h. */
#include "script/kept.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "script/contacts_decl.h"
#include "script/contract_decl.h"
#include "script/relations.h"
#include "script/term.h"

#define TREND_MS (30 * 24 * 3600 * 1000LL) /* the longer trend of the relationship */

static void put_name(struct bytes *b, const struct str *s)
{
	bytes_printf(b, "%s\n", s ? s->data : "");
}

static void put_names(struct bytes *b, struct str **names)
{
	for (; names && *names; names++)
		put_name(b, *names);
	bytes_printf(b, ";\n");
}

static void put_term(struct bytes *b, const struct term *t, const struct pack *p)
{
	if (t)
		term_text(t, p, b);
	bytes_printf(b, ";\n");
}

static uint32_t identity(struct bytes *b)
{
	uint32_t id = (uint32_t)hash64(bytes_slice(b), 3);
	bytes_finish(b);
	return id;
}

static uint32_t contacts_identity(const struct contacts_decl *c, const struct pack *p)
{
	struct bytes b = { 0 };
	struct str *name;
	for (unsigned i = 0; i < CONTACT_ROLES; i++)
		put_names(&b, c->types[i]);
	for (unsigned i = 0; (name = contacts_name(c, i)) != NULL; i++)
		put_name(&b, name);
	put_names(&b, c->lasts);
	put_term(&b, c->abandoned_when, p);
	bytes_printf(&b, "%d %lld %lld", c->begins, (long long)c->resolved_ms, (long long)c->inferred_ms);
	return identity(&b);
}

static uint32_t contract_identity(const struct contract_decl *c)
{
	struct str *names[] = { c->id, c->product, c->term, c->ends_at, c->agent, c->campaign, c->reason, c->topic };
	struct str **lists[] = { c->starts, c->renews, c->ends, c->complaints, c->contacts };
	struct bytes b = { 0 };
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		put_names(&b, lists[i]);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		put_name(&b, names[i]);
	for (unsigned i = 0; i < c->opinion_count; i++) {
		put_names(&b, c->opinions[i].on);
		put_name(&b, c->opinions[i].value);
	}
	return identity(&b);
}

static uint32_t churn_identity(const struct churn_decl *c, const struct pack *p)
{
	struct bytes b = { 0 };
	put_names(&b, c->on);
	put_names(&b, c->back);
	put_names(&b, c->contacts);
	put_term(&b, c->when, p);
	put_term(&b, c->who, p);
	put_name(&b, c->of);
	put_name(&b, c->reason);
	put_name(&b, c->topic);
	put_name(&b, c->mood);
	bytes_printf(&b, "%lld", (long long)c->within_ms);
	return identity(&b);
}

unsigned pack_kept(const struct pack *p, struct kept out[KEPT_MAX])
{
	const struct relations *r = p->relations;
	unsigned n = 0;
	if (p->contacts)
		out[n++] = (struct kept){ KEPT_CONTACTS, contacts_identity(p->contacts, p), SLICE("contacts"),
					  p->contacts->asked_ms };
	if (p->contract)
		out[n++] = (struct kept){ KEPT_CONTRACT, contract_identity(p->contract), SLICE("contracts"), 0 };
	if (p->churn)
		out[n++] = (struct kept){ KEPT_CHURN, churn_identity(p->churn, p), SLICE("churn"), 0 };
	if (pack_has_relationship(p) && r->relationship.sample_count)
		out[n++] = (struct kept){ KEPT_RELATIONSHIP, r->relationship.id, SLICE("relationship"), TREND_MS };
	for (unsigned i = 0; i < r->survey_count; i++)
		out[n++] = (struct kept){ KEPT_SURVEY, r->surveys[i].id, str_slice(r->surveys[i].name), 0 };
	return n;
}

struct slice kept_kind_name(enum kept_kind kind)
{
	static const char *const names[KEPT_KINDS] = { "contacts", "contract", "churn", "relationship", "survey" };
	return slice_of(names[kind]);
}
