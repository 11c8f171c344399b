/* script/term_text.c: terms as text, for explanations and for the definitions that series are known by. One place
 * for the structure; a callback adds what was read to each leaf: "texts_today 140 > 3 x texts_habit 21". */
#include "script/pack.h"

#include "base/bytes.h"
#include "base/decimal.h"
#include "state/record.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct render {
	const struct pack *pack;
	term_leaf leaf;
	void *arg;
	struct bytes *out;
};

/* How tight a node holds together: a child looser than its parent gets parentheses. */
enum tightness { TIGHT_OR, TIGHT_AND, TIGHT_COMPARE, TIGHT_SUM, TIGHT_PRODUCT, TIGHT_LEAF };

static void render(const struct render *r, const struct term *t, enum tightness outer);

/* Numbers of up to 15 digits, six of them behind the point: nearly all that people write. Then whole / scale is the very
 * double that the decimal stands for (both are exact, division rounds once), and "%.15g" would say the same. */
static bool short_text(double n, char buffer[32])
{
	double scale = 1, whole;
	if (!(fabs(n) >= 1e-4 && fabs(n) < 1e15))
		return false;
	for (unsigned digits = 0; digits <= 6; digits++, scale *= 10) {
		whole = nearbyint(fabs(n) * scale);
		if (whole >= 1e15)
			return false;
		if (whole / scale != fabs(n))
			continue;
		char text[DECIMAL_BYTES], *end = text + sizeof(text) - 1;
		char *at = decimal_before(end, (uint64_t)whole, digits);
		*end = '\0';
		if (n < 0)
			*--at = '-';
		memcpy(buffer, at, (size_t)(text + sizeof(text) - at));
		return true;
	}
	return false;
}

const char *number_text(double n, char buffer[32])
{
	if (short_text(n, buffer))
		return buffer;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(buffer, 32, "%.*g", digits, n);
		if (strtod(buffer, NULL) == n)
			break;
	}
	return buffer;
}

static void put(const struct render *r, const char *text)
{
	bytes_put(r->out, text, strlen(text));
}

static void put_str(const struct render *r, const struct str *s)
{
	bytes_put(r->out, s->data, s->len);
}

static void put_literal(const struct render *r, const struct term *t)
{
	char buffer[32];
	switch (t->literal.kind) {
	case VALUE_BOOL:
		put(r, t->literal.boolean ? "true" : "false");
		break;
	case VALUE_NUMBER:
		if (t->duration)
			bytes_printf(r->out, "%.*s",
				     SLICE_ARG(span_text((struct span){ SPAN_EXACT, llround(t->literal.number * 1000) },
							 buffer)));
		else
			put(r, number_text(t->literal.number, buffer));
		break;
	case VALUE_STRING:
		bytes_printf(r->out, "\"%.*s\"", SLICE_ARG(t->literal.string));
		break;
	default:
		put(r, "unknown");
	}
}

static void put_series(const struct render *r, const struct term *t)
{
	static const char *const names[] = { "count",    "sum",   "mean", "min",      "max",       "latest",
					     "previous", "since", "run",  "distinct", "daily mean", "occupancy",
					     "time since a break" };
	const struct series_decl *s = &r->pack->series[t->series.index];
	char buffer[32], low[32], high[32];
	bytes_printf(r->out, "%s of %s", names[t->series.aggregate], s->name->data);
	if (t->series.aggregate <= AGGREGATE_MAX || t->series.aggregate == AGGREGATE_DISTINCT ||
	    t->series.aggregate == AGGREGATE_OCCUPANCY)
		bytes_printf(r->out, " in %.*s", SLICE_ARG(span_text(t->series.span, buffer)));
	if (t->series.aggregate == AGGREGATE_DAILY_MEAN)
		bytes_printf(r->out, " over %u days%s", t->series.days, t->series.before_today ? " before today" : "");
	if (t->series.aggregate == AGGREGATE_RUN && isinf(t->series.low))
		bytes_printf(r->out, " at most %s", number_text(t->series.high, high));
	else if (t->series.aggregate == AGGREGATE_RUN && isinf(t->series.high))
		bytes_printf(r->out, " at least %s", number_text(t->series.low, low));
	else if (t->series.aggregate == AGGREGATE_RUN)
		bytes_printf(r->out, " between %s and %s", number_text(t->series.low, low),
			     number_text(t->series.high, high));
	if (t->series.before_this && t->series.aggregate <= AGGREGATE_MAX)
		put(r, " before this");
	if (t->series.all_keys)
		put(r, " over all keys");
	for (unsigned i = 0; t->series.key && i < s->by_count; i++) {
		bytes_printf(r->out, "%s%s ", i ? ", " : " with ", s->by[i]->data);
		render(r, t->series.key[i], TIGHT_LEAF);
	}
}

static void put_case(const struct render *r, const struct term *t)
{
	static const char *const names[] = { " is open", " open", " is missed", " age", " turnaround" };
	put_str(r, r->pack->cases[t->open_case.index].name);
	put(r, names[t->open_case.aggregate]);
}

static void put_contacts(const struct render *r, const struct term *t)
{
	static const char *const names[] = { "contacts", "repeat contacts", "abandoned contacts", "unresolved contacts",
					     "transfers", "holds", "effort", "mean wait", "mean mood", "mean mood change",
					     "mood trend", "a contact is open", "a repeat contact" };
	char buffer[32];
	put(r, names[t->contacts.aggregate]);
	if (t->child_count) {
		put(r, " about ");
		render(r, t->children[0], TIGHT_LEAF);
	}
	if (t->contacts.span.kind != SPAN_EVER)
		bytes_printf(r->out, " in %.*s", SLICE_ARG(span_text(t->contacts.span, buffer)));
}

static void put_contract(const struct render *r, const struct term *t)
{
	static const char *const names[] = { "contract days left", "contract months kept", "contract in its last",
					     "contract is active", "contracts active",     "contract's product",
					     "customer has left",  "since they left" };
	char days[32];
	put(r, names[t->contract.aggregate]);
	if (t->contract.aggregate == CONTRACT_IN_LAST)
		bytes_printf(r->out, " %s days", number_text(t->contract.days, days));
	if (t->contract.product)
		bytes_printf(r->out, " of %s", t->contract.product->data);
}

static void put_outcomes(const struct render *r, const struct term *t)
{
	char buffer[32];
	put(r, t->outcomes.kind ? outcome_name((enum outcome_kind)t->outcomes.kind) : "outcomes");
	if (t->outcomes.action)
		bytes_printf(r->out, " of action %s", t->outcomes.action->data);
	if (t->outcomes.group)
		bytes_printf(r->out, " of group %s", t->outcomes.group->data);
	if (t->outcomes.goal)
		bytes_printf(r->out, " of goal %s", t->outcomes.goal->data);
	if (t->outcomes.span.kind != SPAN_EVER)
		bytes_printf(r->out, " in %.*s", SLICE_ARG(span_text(t->outcomes.span, buffer)));
}

static void put_call(const struct render *r, const struct term *t)
{
	bytes_printf(r->out, "function at %s:%d", t->file, t->line);
	for (unsigned i = 0; i < t->child_count; i++) {
		bytes_printf(r->out, "%s%s = ", i ? ", " : " (", t->call.names[i]->data);
		render(r, t->children[i], TIGHT_OR);
	}
	if (t->child_count)
		put(r, ")");
}

static void put_attr(const struct render *r, const struct term *t)
{
	static const char *const owners[] = { "", "customer's ", "member's ", "agent's ", "area's " };
	put(r, owners[t->scope]);
	put_str(r, t->name);
}

static void put_leaf(const struct render *r, const struct term *t)
{
	switch (t->op) {
	case TERM_LITERAL:
		put_literal(r, t);
		return;
	case TERM_ATTR:
		put_attr(r, t);
		break;
	case TERM_EVENT:
		bytes_printf(r->out, "event.%s", t->name->data);
		break;
	case TERM_REQUEST:
		bytes_printf(r->out, "request.%s", t->name->data);
		break;
	case TERM_NAME:
		put_str(r, t->name);
		break;
	case TERM_SERIES:
		put_series(r, t);
		break;
	case TERM_CASE:
		put_case(r, t);
		break;
	case TERM_CONTACTS:
		put_contacts(r, t);
		break;
	case TERM_CONTRACT:
		put_contract(r, t);
		break;
	case TERM_OPEN_ALERT:
		bytes_printf(r->out, "alert %s is open", t->name->data);
		break;
	case TERM_OUTCOMES:
		put_outcomes(r, t);
		break;
	case TERM_IN_SEGMENT:
		bytes_printf(r->out, "in segment %s", t->name->data);
		break;
	case TERM_TENURE:
		put(r, "tenure");
		break;
	case TERM_NOW:
		put(r, "now");
		break;
	case TERM_RELATIONSHIP:
		put(r, "relationship");
		break;
	case TERM_ASKED:
		put(r, "asked for it");
		break;
	case TERM_FACT:
		put_str(r, r->pack->facts[t->fact].name);
		break;
	default:
		put_call(r, t);
	}
	if (r->leaf)
		r->leaf(r->arg, t, r->out);
}

static enum tightness tightness(const struct term *t)
{
	switch (t->op) {
	case TERM_ANY:
		return t->child_count > 1 ? TIGHT_OR : TIGHT_COMPARE;
	case TERM_ALL:
		return t->child_count > 1 ? TIGHT_AND : TIGHT_COMPARE;
	case TERM_ADD:
	case TERM_SUB:
		return TIGHT_SUM;
	case TERM_MUL:
	case TERM_DIV:
		return TIGHT_PRODUCT;
	case TERM_ABOVE:
	case TERM_BELOW:
	case TERM_AT_LEAST:
	case TERM_AT_MOST:
	case TERM_BETWEEN:
	case TERM_IS:
	case TERM_IS_NOT:
	case TERM_ONE_OF:
	case TERM_HAS:
	case TERM_KNOWN:
	case TERM_ANY_MEMBER:
	case TERM_OR_ELSE:
		return TIGHT_COMPARE;
	default:
		return TIGHT_LEAF;
	}
}

static void put_list(const struct render *r, const struct term *t, unsigned from, const char *between,
		     enum tightness outer)
{
	for (unsigned i = from; i < t->child_count; i++) {
		if (i > from)
			put(r, between);
		render(r, t->children[i], outer);
	}
}

/* a OP b, the right side tighter so that a - (b - c) keeps its parentheses */
static void put_binary(const struct render *r, const struct term *t, const char *op, enum tightness left,
		       enum tightness right)
{
	render(r, t->children[0], left);
	put(r, op);
	render(r, t->children[1], right);
}

static void put_function(const struct render *r, const struct term *t, const char *name)
{
	put(r, name);
	put(r, "(");
	put_list(r, t, 0, ", ", TIGHT_OR);
	put(r, ")");
}

static void put_number(const struct render *r, const struct term *t)
{
	switch (t->op) {
	case TERM_ADD:
		put_binary(r, t, " + ", TIGHT_SUM, TIGHT_SUM);
		break;
	case TERM_SUB:
		put_binary(r, t, " - ", TIGHT_SUM, TIGHT_PRODUCT);
		break;
	case TERM_MUL:
		put_binary(r, t, " x ", TIGHT_PRODUCT, TIGHT_PRODUCT);
		break;
	case TERM_DIV:
		put_binary(r, t, " / ", TIGHT_PRODUCT, TIGHT_LEAF);
		break;
	case TERM_NEG:
		put(r, "-");
		render(r, t->children[0], TIGHT_LEAF);
		break;
	default:
		put_function(r, t, t->op == TERM_MIN ? "min" : "max");
	}
}

static void put_condition(const struct render *r, const struct term *t)
{
	static const char *const words[] = {
		[TERM_ABOVE] = " > ",         [TERM_BELOW] = " < ", [TERM_AT_LEAST] = " at least ",
		[TERM_AT_MOST] = " at most ", [TERM_IS] = " is ",   [TERM_IS_NOT] = " is not ",
		[TERM_HAS] = " has "
	};
	switch (t->op) {
	case TERM_BETWEEN:
		put_binary(r, t, " between ", TIGHT_SUM, TIGHT_SUM);
		put(r, " and ");
		render(r, t->children[2], TIGHT_SUM);
		break;
	case TERM_ONE_OF:
		render(r, t->children[0], TIGHT_SUM);
		put(r, " is one of ");
		put_list(r, t, 1, ", ", TIGHT_SUM);
		break;
	case TERM_KNOWN:
		render(r, t->children[0], TIGHT_SUM);
		put(r, " is known");
		break;
	case TERM_OR_ELSE:
		put_binary(r, t, " or else ", TIGHT_SUM, TIGHT_SUM);
		break;
	default:
		put_binary(r, t, words[t->op], TIGHT_SUM, TIGHT_SUM);
	}
}

static void render(const struct render *r, const struct term *t, enum tightness outer)
{
	bool parentheses = tightness(t) < outer;
	if (parentheses)
		put(r, "(");
	if (t->op >= TERM_ADD && t->op <= TERM_MAX)
		put_number(r, t);
	else if (t->op >= TERM_ABOVE && t->op <= TERM_OR_ELSE)
		put_condition(r, t);
	else if (t->op == TERM_ALL)
		put_list(r, t, 0, " and ", TIGHT_AND);
	else if (t->op == TERM_ANY)
		put_list(r, t, 0, " or ", TIGHT_OR);
	else if (t->op == TERM_NO)
		put_function(r, t, t->child_count == 1 ? "not " : "none of ");
	else if (t->op == TERM_ANY_MEMBER)
		put_function(r, t, "any member");
	else
		put_leaf(r, t);
	if (parentheses)
		put(r, ")");
}

void term_render(const struct term *t, const struct pack *p, term_leaf leaf, void *arg, struct bytes *out)
{
	struct render r = { p, leaf, arg, out };
	render(&r, t, TIGHT_OR);
}

void term_text(const struct term *t, const struct pack *p, struct bytes *out)
{
	term_render(t, p, NULL, NULL, out);
}
