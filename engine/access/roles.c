/* access/roles.c: the table of requests and roles. A kind that is missing here is denied to everybody. */
#include "access/roles.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

static const char *const role_names[ROLES] = { "nobody", "none", "publish", "recommend", "read", "author", "operate" };

static const struct {
	const char *name;
	enum access_role role;
} kinds[] = {
	[REQUEST_HELLO] = { "hello", ROLE_NONE },
	[REQUEST_PUBLISH] = { "publish", ROLE_PUBLISH },
	[REQUEST_RECOMMEND] = { "recommend", ROLE_RECOMMEND },
	[REQUEST_OUTCOME] = { "outcome", ROLE_RECOMMEND },
	[REQUEST_READ_CUSTOMER] = { "read_customer", ROLE_READ },
	[REQUEST_RESOLVE_ALIAS] = { "resolve_alias", ROLE_READ },
	[REQUEST_FOLLOW] = { "follow", ROLE_READ },
	[REQUEST_ACKNOWLEDGE] = { "acknowledge", ROLE_RECOMMEND },
	[REQUEST_STATUS] = { "get_status", ROLE_READ },
	[REQUEST_ACTIVATE] = { "activate_pack", ROLE_AUTHOR },
	[REQUEST_RULES] = { "get_rules", ROLE_READ },
	[REQUEST_DIGEST] = { "get_digest", ROLE_OPERATE },
	[REQUEST_LIST_ALERTS] = { "list_alerts", ROLE_READ },
	[REQUEST_UNFOLLOW] = { "unfollow", ROLE_READ },
	[REQUEST_EXPLAIN] = { "explain", ROLE_READ },
	[REQUEST_MODELS] = { "get_models", ROLE_READ },
	[REQUEST_RESET_MODEL] = { "reset_model", ROLE_AUTHOR },
	[REQUEST_REPORT] = { "get_report", ROLE_READ },
	[REQUEST_FIND] = { "find_customers", ROLE_READ },
	[REQUEST_FIGURES] = { "get_history", ROLE_READ },
	[REQUEST_ERASE] = { "erase_customer", ROLE_OPERATE },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))
_Static_assert(KINDS == REQUEST_KINDS, "a kind of request has no role yet");

const char *role_name(enum access_role role)
{
	return role < ROLES ? role_names[role] : role_names[ROLE_NOBODY];
}

enum access_role role_of_kind(enum request_kind kind)
{
	return (size_t)kind < KINDS ? kinds[kind].role : ROLE_NOBODY;
}

enum access_role role_of_name(const char *kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].name && strcmp(kinds[i].name, kind) == 0)
			return kinds[i].role;
	return ROLE_NOBODY;
}

const char *kind_name(enum request_kind kind)
{
	return (size_t)kind < KINDS && kinds[kind].name ? kinds[kind].name : "request";
}

int roles_parse(const char *text, uint32_t *out)
{
	*out = 0;
	while (true) {
		text += strspn(text, " ");
		size_t len = strcspn(text, ","), at = ROLE_PUBLISH;
		size_t word = len;
		while (word && text[word - 1] == ' ')
			word--;
		while (at < ROLES && (strlen(role_names[at]) != word || memcmp(role_names[at], text, word) != 0))
			at++;
		if (at == ROLES)
			return error_set(ERR_INVALID, "role", "\"%.*s\" is no role; there are: " ROLES_TEXT, (int)word, text);
		*out |= 1u << at;
		if (!text[len])
			return ERR_OK;
		text += len + 1;
	}
}

void roles_text(uint32_t roles, char out[ROLES_TEXT_BYTES])
{
	size_t used = 0;
	out[0] = '\0';
	for (unsigned i = ROLE_PUBLISH; i < ROLES; i++)
		if (roles >> i & 1)
			used += (size_t)snprintf(out + used, ROLES_TEXT_BYTES - used, "%s%s", used ? "," : "", role_names[i]);
}
