/* decide/meant_cases.c: complaints and promises as items, so that what is counted of one can be taken back: a complaint
 * that is opened again was not closed. */
#include "decide/contacts.h"

#define CASES_KEPT 16u /* of one declaration: closed ones that may be opened again */

/* Members' cases are told apart by the member, too. */
static struct slice key_of(struct applying *a, const struct open_case *c)
{
	struct slice key = str_slice(c->key);
	if (!c->member)
		return key;
	struct slice member = record_member_id(a->record, c->member);
	return arena_printf(&a->m->arena, "%.*s/%.*s", SLICE_ARG(member), SLICE_ARG(key));
}

static struct item *item_of(struct applying *a, const struct case_decl *decl, const struct open_case *c)
{
	return items_find(a->record, ITEM_CASE, decl->id, key_of(a, c));
}

/* Room for one more: who goes is the one opened longest ago among the closed ones. */
static void make_room(struct applying *a, uint32_t decl)
{
	struct items all = items_of(a->record, ITEM_CASE, decl);
	if (all.count < CASES_KEPT)
		return;
	for (unsigned i = 0; i < all.count; i++) {
		if (all.items[i].numbers[CASE_CLOSED_MS]) {
			items_remove(a->record, a->m->pool, &all.items[i]);
			return;
		}
	}
}

/* What the event says, else the contact that it names. */
static void set_whose(struct applying *a, struct item *it, const struct open_case *c)
{
	const struct pack *p = a->m->pack;
	const struct item *contact = a->event ? contact_of_event(a->record, a->event) : NULL;
	struct slice name = p->contacts ? str_slice(p->contacts->topic) : SLICE("topic");
	struct value topic = eval_event(a->e, name);
	struct slice said = topic.kind == VALUE_STRING ? contact_topic(p, topic.string) : (struct slice){ NULL, 0 };
	struct slice agent = str_slice(c->agent);
	if (!said.len && contact)
		said = item_text(contact, CONTACT_TOPIC);
	if (!agent.len && contact)
		agent = item_text(contact, CONTACT_AGENT);
	item_set_text(it, a->m->pool, CASE_TOPIC, said);
	item_set_text(it, a->m->pool, CASE_AGENT, agent);
}

static struct item *opened_anew(struct applying *a, const struct case_decl *decl, const struct open_case *c)
{
	make_room(a, decl->id);
	struct item *it = items_add(a->record, a->m->pool, ITEM_CASE, decl->id, key_of(a, c), c->member, c->opened_ms,
				    LIMIT_ITEMS);
	if (!it)
		return NULL;
	it->state = decl->meaning;
	item_set_text(it, a->m->pool, CASE_NAME, str_slice(decl->name));
	set_whose(a, it, c);
	return it;
}

static void relate(struct applying *a, const struct item *it)
{
	if (!a->m->pack->contacts)
		return;
	if (it->texts[CASE_TOPIC])
		contacts_relate(a, it->texts[CASE_TOPIC]);
	else
		contacts_relate_all(a);
}

/* By its key it is the same one again; without one only what opens at the very moment is. */
void case_was_opened(struct applying *a, const struct case_decl *decl, const struct open_case *c)
{
	if (decl->meaning == CASE_PLAIN)
		return;
	struct item *it = item_of(a, decl, c);
	if (it && (decl->key || it->time_ms == c->opened_ms)) {
		case_count(a, it, -1);
		it->numbers[CASE_REOPENED] += it->numbers[CASE_CLOSED_MS] != 0;
		it->numbers[CASE_CLOSED_MS] = it->numbers[CASE_MISSED] = 0;
	} else {
		it = opened_anew(a, decl, c);
	}
	if (!it)
		return;
	it->numbers[CASE_DUE_MS] = c->due_ms;
	case_count(a, it, 1);
	relate(a, it);
}

void case_was_closed(struct applying *a, const struct case_decl *decl, const struct open_case *c)
{
	struct item *it = decl->meaning == CASE_PLAIN ? NULL : item_of(a, decl, c);
	if (!it || it->numbers[CASE_CLOSED_MS])
		return;
	case_count(a, it, -1);
	it->numbers[CASE_CLOSED_MS] = c->closed_ms;
	case_count(a, it, 1);
	relate(a, it);
}

void case_was_missed(struct applying *a, const struct case_decl *decl, const struct open_case *c)
{
	struct item *it = decl->meaning == CASE_PLAIN ? NULL : item_of(a, decl, c);
	if (!it || it->numbers[CASE_MISSED])
		return;
	case_count(a, it, -1);
	it->numbers[CASE_MISSED] = 1;
	case_count(a, it, 1);
}

static bool means(const struct pack *p, uint32_t decl)
{
	const struct case_decl *d = pack_case_by_id(p, decl);
	return d && d->meaning != CASE_PLAIN;
}

bool case_open_at(const struct record *r, const struct pack *p, const struct str *topic, int64_t time_ms)
{
	for (unsigned i = r->rare->item_count; i-- > 0 && r->rare->items[i].kind >= ITEM_CASE;) {
		const struct item *it = &r->rare->items[i];
		int64_t closed = it->numbers[CASE_CLOSED_MS];
		if (it->kind == ITEM_CASE && it->time_ms <= time_ms && (!closed || closed > time_ms) &&
		    (!it->texts[CASE_TOPIC] || it->texts[CASE_TOPIC] == topic) && means(p, it->decl))
			return true;
	}
	return false;
}
