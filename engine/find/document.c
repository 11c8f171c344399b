/* find/document.c: see document.h. */
#include "find/document.h"

#include "find/phone.h"

#include <math.h>
#include <stdio.h>

#define PROSPECT "prospect:"
#define WHOLE_NUMBER_MAX 1e15

struct making {
	struct bytes *out;
	unsigned count;
};

/* Cut between characters: the end of a value that is too long is not searched. */
static struct slice cut(struct slice value)
{
	if (value.len <= LIMIT_FIND_VALUE_BYTES)
		return value;
	size_t len = LIMIT_FIND_VALUE_BYTES;
	while (len && ((unsigned char)value.data[len] & 0xc0) == 0x80)
		len--;
	return (struct slice){ value.data, len };
}

static void put_field(struct making *m, enum find_what what, bool masked, struct slice name, struct slice value, struct slice member)
{
	if (m->count == LIMIT_FIND_FIELDS || !value.len)
		return;
	m->count++;
	bytes_put_u8(m->out, (uint8_t)(what | (masked ? FIND_MASKED : 0)));
	bytes_put_string(m->out, name);
	bytes_put_string(m->out, cut(value));
	bytes_put_string(m->out, member);
}

static void put_attrs(struct making *m, const struct record *r, uint8_t member, const struct search *by)
{
	struct attrs attrs = record_attrs(r, member);
	struct slice of = member ? record_member_id(r, member) : (struct slice){ 0 };
	for (unsigned i = 0; i < by->count && attrs.count; i++) {
		struct slice name = by->names[i];
		const struct attr *a = attrs_get_text(attrs, name);
		char digits[24];
		if (a && a->kind == VALUE_STRING) {
			put_field(m, FIND_ATTRIBUTE, by->masked[i], name, str_slice(a->string), of);
		} else if (a && a->kind == VALUE_NUMBER && fabs(a->number) < WHOLE_NUMBER_MAX && a->number == floor(a->number)) {
			int n = snprintf(digits, sizeof(digits), "%.0f", a->number);
			put_field(m, FIND_ATTRIBUTE, by->masked[i], name, (struct slice){ digits, (size_t)n }, of);
		}
	}
}

static void put_members(struct making *m, const struct record *r, const struct search *by)
{
	struct phone phone;
	for (unsigned i = 1; i <= r->member_count; i++) {
		uint8_t member = (uint8_t)i;
		if (record_member_left_ms(r, member))
			continue;
		put_attrs(m, r, member, by);
		struct slice id = record_member_id(r, member);
		if (phone_read(&phone, id, PHONE_DIGITS_MIN))
			put_field(m, FIND_MEMBER, by->masks_member, (struct slice){ 0 }, id, id);
	}
}

static void put_links(struct making *m, const struct record *r, const struct search *by)
{
	for (unsigned i = 0; i < r->rare->link_count; i++) {
		const struct link *l = &r->rare->links[i];
		if (l->to_ms == 0)
			put_field(m, FIND_ALIAS, by->masks_alias, (struct slice){ 0 }, str_slice(l->id), str_slice(l->member));
	}
}

/* Nothing was ever heard of them, or it is erased. */
static bool is_nobody(const struct record *r)
{
	return !r->attr_count && !r->member_count && !r->timeline_count && !r->seen_count && !r->rare->link_count &&
	       !r->rare->item_count && !r->rare->redirect;
}

void document_make(struct bytes *out, const struct record *r, const struct search *by)
{
	struct making m = { .out = out };
	struct slice id = subject_id(&r->subject);
	if (is_nobody(r))
		return;
	bytes_put_string(out, str_slice(r->rare->redirect));
	put_field(&m, FIND_ID, false, (struct slice){ 0 }, id, (struct slice){ 0 });
	if (r->rare->redirect)
		return;
	size_t before = sizeof(PROSPECT) - 1;
	if (id.len > before && memcmp(id.data, PROSPECT, before) == 0 && id.data[before] != '#')
		put_field(&m, FIND_ALIAS, by->masks_alias, (struct slice){ 0 }, (struct slice){ id.data + before, id.len - before },
			  (struct slice){ 0 });
	put_attrs(&m, r, 0, by);
	put_links(&m, r, by);
	put_members(&m, r, by);
}

bool document_read(struct document *out, struct slice in)
{
	struct reader r = reader_of(in);
	out->count = 0;
	out->redirect = (struct slice){ 0 };
	if (!in.len)
		return true;
	out->redirect = reader_string(&r);
	while (reader_left(&r) && !r.bad && out->count < LIMIT_FIND_FIELDS) {
		struct find_field *f = &out->fields[out->count++];
		uint8_t what = reader_u8(&r);
		f->masked = what & FIND_MASKED;
		f->what = what & (uint8_t)~FIND_MASKED;
		f->name = reader_string(&r);
		f->value = reader_string(&r);
		f->member = reader_string(&r);
		if (f->what < FIND_ID || f->what > FIND_MEMBER)
			r.bad = true;
	}
	return !r.bad && !reader_left(&r);
}

struct slice document_label(const struct document *d, struct slice id)
{
	for (unsigned i = 0; i < d->count; i++)
		if (d->fields[i].what == FIND_ATTRIBUTE && !d->fields[i].masked && !d->fields[i].member.len)
			return d->fields[i].value;
	return id;
}
