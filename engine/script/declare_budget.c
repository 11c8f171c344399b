/* script/declare_budget.c: budget { }: how much a group, a goal or an action may give away in a month, in money, in offers, or
 * both. It becomes a policy like those of policy { }, asked in the order of declaration. What counts as spent is
 * decide/spending.h's. */
#include "script/declare.h"

#include "base/currency.h"

#include <math.h>

static void put_money(struct bytes *b, const struct pack *p, int64_t minor)
{
	currency_put(b, (double)minor, str_slice(p->currency));
}

static const char *whose(const struct policy_decl *d)
{
	return d->action ? d->action->data : d->group ? d->group->data : d->goal ? d->goal->data : "all actions";
}

static void describe(struct pack *p, struct policy_decl *d)
{
	struct bytes b = { 0 };
	bytes_printf(&b, "budget of %s: at most ", whose(d));
	if (d->budget_money >= 0)
		put_money(&b, p, d->budget_money);
	if (d->budget_offers >= 0)
		bytes_printf(&b, "%s%lld offers", d->budget_money >= 0 ? " and " : "", (long long)d->budget_offers);
	bytes_printf(&b, " a month");
	if (d->except) {
		bytes_printf(&b, ", except where ");
		term_text(d->except, p, &b);
	}
	d->text = arena_slice(&p->arena, bytes_slice(&b));
	bytes_finish(&b);
}

/* -1 where it is not said. */
static int64_t whole(const struct fields *f, const char *name)
{
	double n = fields_number(f, name, 0, (double)LIMIT_MONEY, -1);
	if (n != floor(n))
		fields_fail(f, "%s must be a whole number", name);
	return (int64_t)n;
}

static int budget_declare(lua_State *L)
{
	static const char *const allowed[] = { "goal", "group", "action", "per", "at_most", "offers", "except", "say", NULL };
	static const char *const pers[] = { "month", NULL };
	struct pack *p = loader_of(L)->pack;
	struct fields f = fields_open(L, 1, "budget", place_here(L), allowed);
	struct policy_decl d = { .kind = POLICY_BUDGET, .file = f.place.file, .line = f.place.line };
	if (p->policy_count >= LIMIT_POLICIES)
		fields_fail(&f, "more than %u policies (limit_policies)", LIMIT_POLICIES);
	d.goal = fields_text(&f, "goal", false);
	d.group = fields_text(&f, "group", false);
	d.action = fields_text(&f, "action", false);
	(void)fields_choice(&f, "per", pers, 0);
	d.budget_money = whole(&f, "at_most");
	d.budget_offers = whole(&f, "offers");
	d.except = fields_condition(&f, "except");
	fields_phrase(&f, "say", &d.say);
	if (d.budget_money < 0 && d.budget_offers < 0)
		fields_fail(&f, "it bounds nothing; give it at_most, in the smallest unit of the currency, or offers, a number of them");
	if ((d.goal != NULL) + (d.group != NULL) + (d.action != NULL) > 1)
		fields_fail(&f, "it is of one goal, one group or one action; write two budgets");
	describe(p, &d);
	p->policies = list_room(p->policies, p->policy_count, sizeof(*p->policies));
	p->policies[p->policy_count++] = d;
	p->budget_count++;
	return 0;
}

/* Whoever has a cost is counted, also without a budget: one may come in the middle of a month. */
void budgets_index(struct pack *p)
{
	for (unsigned i = 0; i < p->action_count; i++) {
		struct action_decl *a = &p->actions[i];
		a->budgeted = a->cost != NULL;
		for (unsigned k = 0; k < a->policy_count; k++)
			a->budgeted |= p->policies[a->policies[k]].kind == POLICY_BUDGET;
	}
}

void declare_budgets(lua_State *L)
{
	lua_pushcfunction(L, budget_declare);
	lua_setfield(L, -2, "budget");
}
