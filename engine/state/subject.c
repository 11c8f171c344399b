/* state/subject.c: names of what has state, their hash slots and their keys in the store.
 *
 * On disk: slot = top 8 bits of XXH3-64 over the id, seeded with the kind; key = slot byte, kind byte, id. Neither
 * may change without a new format version. */
#include "state/subject.h"

#include <stdio.h>
#include "base/check.h"
#include "base/error.h"
#include "base/hash.h"

static const char *const kind_names[] = { "none", "customer", "agent", "area", "alias", "model", "ledger" };

static size_t longest_id(unsigned kind)
{
	return kind == SUBJECT_ALIAS ? LIMIT_ALIAS_BYTES : LIMIT_ID_BYTES;
}

struct subject subject_of(enum subject_kind kind, struct slice id)
{
	CHECK(kind >= SUBJECT_CUSTOMER && kind <= SUBJECT_LEDGER);
	CHECK(id.len >= 1 && id.len <= longest_id(kind));
	struct subject s = { .kind = (uint8_t)kind, .len = (uint8_t)id.len };
	memcpy(s.id, id.data, id.len);
	return s;
}

struct slice subject_id(const struct subject *s)
{
	return (struct slice){ s->id, s->len };
}

uint64_t subject_hash(const struct subject *s)
{
	return hash64(subject_id(s), s->kind);
}

struct subject subject_prospect(struct slice alias)
{
	char id[LIMIT_ID_BYTES + 1];
	int n = snprintf(id, sizeof(id), "prospect:%.*s", SLICE_ARG(alias));
	if (n > (int)LIMIT_ID_BYTES) /* too long to be spelled out */
		n = snprintf(id, sizeof(id), "prospect:#%016llx", (unsigned long long)hash64(alias, 0));
	return subject_of(SUBJECT_CUSTOMER, (struct slice){ id, (size_t)n });
}

bool subject_is_prospect(const struct subject *s)
{
	static const char prospect[] = "prospect:";
	struct slice id = subject_id(s);
	return s->kind == SUBJECT_CUSTOMER && id.len >= sizeof(prospect) - 1 &&
	       memcmp(id.data, prospect, sizeof(prospect) - 1) == 0;
}

uint8_t subject_slot(const struct subject *s)
{
	return (uint8_t)(subject_hash(s) >> 56);
}

bool subject_equal(const struct subject *a, const struct subject *b)
{
	return a->kind == b->kind && slice_equal(subject_id(a), subject_id(b));
}

void subject_key(const struct subject *s, struct bytes *out)
{
	bytes_put_u8(out, subject_slot(s));
	bytes_put_u8(out, s->kind);
	bytes_put(out, s->id, s->len);
}

int subject_from_key(struct slice key, struct subject *out)
{
	if (key.len < 3)
		return error_set(ERR_CORRUPT, NULL, "a subject's key of %zu bytes is too short", key.len);
	uint8_t slot = (uint8_t)key.data[0], kind = (uint8_t)key.data[1];
	struct slice id = { key.data + 2, key.len - 2 };
	if (kind < SUBJECT_CUSTOMER || kind > SUBJECT_LEDGER || id.len > longest_id(kind))
		return error_set(ERR_CORRUPT, NULL, "a subject's key has kind %u and %zu bytes of id", kind, id.len);
	*out = subject_of(kind, id);
	if (subject_slot(out) != slot)
		return error_set(ERR_CORRUPT, NULL, "a subject's key names slot %u, its id belongs to %u", slot,
				 subject_slot(out));
	return ERR_OK;
}

const char *subject_kind_name(enum subject_kind kind)
{
	return (unsigned)kind < sizeof(kind_names) / sizeof(*kind_names) ? kind_names[kind] : "unknown";
}
