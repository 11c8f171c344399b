/* workbench/check_lasting.c: contract { … } and churn { … }: do the events that they are on say what they ask for? */
#include "workbench/check_parts.h"

#include "base/arena.h"

void each_lasting_list(struct check *c, list_visit visit)
{
	const struct contract_decl *d = c->pack->contract;
	const struct churn_decl *h = c->pack->churn;
	if (d) {
		struct str **const lists[] = { d->starts, d->renews, d->ends, d->complaints, d->contacts };
		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
			visit(c, lists[i], "contract", d->file, d->line);
		for (unsigned i = 0; i < d->opinion_count; i++)
			visit(c, d->opinions[i].on, "contract", d->file, d->line);
	}
	if (h) {
		struct str **const lists[] = { h->on, h->back, h->contacts };
		for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
			visit(c, lists[i], "churn", h->file, h->line);
	}
}

static void check_said(struct check *c, const char *of, const char *file, int line, struct str **types,
		       const struct str *name)
{
	struct context x = { .types = types };
	while (types && types[x.type_count])
		x.type_count++;
	if (x.type_count)
		check_event_attr(c, &x, name, of, (struct tell_place){ file, line, name->data });
}

static void check_told(struct check *c, const char *of, const char *file, int line, const struct told_attribute *told,
		       unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		check_said(c, of, file, line, told[i].types, told[i].name);
}

static void check_by_name(struct check *c, const struct churn_decl *d, const struct str *name)
{
	if (pack_fact(c->pack, name) >= 0 || subject_attr_known(c, name) || !subject_attrs_closed(c))
		return;
	tell(c, FINDING_ERROR, "unknown-attribute", (struct tell_place){ d->file, d->line, name->data },
	     mend_by_name(c, name->data, subject_attr_names(c), "name a fact, or an attribute of event \"profile.updated\""),
	     "churn: by: neither a fact nor an attribute is named \"%s\"", name->data);
}

void check_lasting(struct check *c)
{
	const struct contract_decl *d = c->pack->contract;
	const struct churn_decl *h = c->pack->churn;
	if (d) {
		check_told(c, "contract", d->file, d->line, d->told, d->told_count);
		for (unsigned i = 0; i < d->opinion_count; i++)
			check_said(c, "contract: opinions", d->file, d->line, d->opinions[i].on, d->opinions[i].value);
	}
	if (h) {
		check_told(c, "churn", h->file, h->line, h->told, h->told_count);
		for (unsigned i = 0; i < h->by_count; i++)
			check_by_name(c, h, h->by[i]);
	}
}
