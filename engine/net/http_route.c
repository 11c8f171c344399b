/* net/http_route.c: the table of routes, and how one is found. The document at /v1/openapi.json is made from this table and
 * the messages' descriptors, so that it cannot say anything else than what is answered. */
#include "net/http_parts.h"

#include "base/check.h"

#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#define OF_ASK ROLE_NOBODY
#define ANY NULL
#define NOTHING ""

const struct http_route http_routes[] = {
	{ "POST", "/v1/events", OF_ASK, true, "publish", "published", NOTHING, NULL, http_publish, "Events",
	  "Publish: one event, many, JSON lines, or CloudEvents", "ambiguous conflict storage" },
	{ "POST", "/v1/recommendations", OF_ASK, false, "recommend", "recommendation", NOTHING, NULL, NULL, "Decisions",
	  "What should be done for this customer now", "ambiguous" },
	{ "GET", "/v1/customers/{customer}/recommendation", OF_ASK, false, "recommend", "recommendation",
	  "member agent channel intent topic language mood limit deadline_ms time_ms explain", NULL, NULL, "Decisions",
	  "The same, asked for with a path", NULL },
	{ "POST", "/v1/outcomes", OF_ASK, true, "outcome", "outcome_recorded", NOTHING, NULL, NULL, "Decisions",
	  "What became of a recommendation", "ambiguous conflict storage" },
	{ "GET", "/v1/decisions/{decision}", OF_ASK, false, "explain", "explanation", NOTHING, NULL, NULL, "Decisions",
	  "A past decision, recomputed and explained", "missing" },
	{ "POST", "/v1/explanations", OF_ASK, false, "explain", "explanation", NOTHING, NULL, NULL, "Decisions",
	  "Why: of a customer at a moment, of a decision, of an entry of the journal", "missing ambiguous" },
	{ "GET", "/v1/entries/{entry}", OF_ASK, false, "explain", "explanation", NOTHING, NULL, NULL, "Decisions",
	  "An entry of the journal, explained", "missing" },
	{ "GET", "/v1/customers/search", OF_ASK, false, "find_customers", "customers_found", ANY, NULL, NULL, "Customers",
	  "Customers by a part of a name, an id or a phone number", "busy" },
	{ "GET", "/v1/customers/{customer}", OF_ASK, false, "read_customer", "customer", "known_seq", NULL, NULL, "Customers",
	  "A customer's state", "missing" },
	{ "GET", "/v1/customers", OF_ASK, false, "read_customer", "customer", "alias customer agent known_seq", NULL, NULL, "Customers",
	  "A customer's state, by another name of theirs; or that of whose id fits no path (\".\", \"..\", \"search\")", "missing ambiguous" },
	{ "POST", "/v1/customers/{customer}/erase", OF_ASK, true, "erase_customer", "customer_erased", NOTHING, NULL, NULL, "Customers",
	  "Make all that is held of a customer unreadable, for good; answered when it is done", "missing conflict storage" },
	{ "GET", "/v1/agents/{agent}", OF_ASK, false, "read_customer", "customer", NOTHING, NULL, NULL, "Customers",
	  "An agent's own state", "missing" },
	{ "GET", "/v1/aliases/{alias}", OF_ASK, false, "resolve_alias", "resolved", ANY, NULL, NULL, "Customers",
	  "Whose name this is", "ambiguous" },
	{ "GET", "/v1/alerts", OF_ASK, false, "list_alerts", "alert_list", ANY, NULL, NULL, "Alerts", "Open alerts and nudges", NULL },
	{ "GET", "/v1/alerts/stream", OF_ASK, false, "follow", "alert", ANY, NULL, http_follow, "Alerts",
	  "Alerts and nudges live, as server-sent events; Last-Event-ID resumes", NULL },
	{ "POST", "/v1/alerts/{seq}-{index}/acknowledge", OF_ASK, true, "acknowledge", "acknowledged", NOTHING, NULL, NULL,
	  "Alerts", "An alert was dealt with", "missing storage" },
	{ "GET", "/v1/rules", OF_ASK, false, "get_rules", "rules", NOTHING, "{\"stats\": true}", NULL, "Pack",
	  "The active pack's rules, with their counts", NULL },
	{ "GET", "/v1/rules/history", OF_ASK, false, "get_rules", "rules", "limit", "{\"history\": true}", NULL, "Pack",
	  "Activations, newest first", NULL },
	{ "GET", "/v1/rules/series", OF_ASK, false, "get_rules", "rules", NOTHING, "{\"series\": true}", NULL, "Pack",
	  "What the active pack keeps of customers, and since when", NULL },
	{ "GET", "/v1/rules/words", OF_ASK, false, "get_rules", "rules", NOTHING, "{\"words\": true}", NULL, "Pack",
	  "How the active pack spells things for people, in each of its languages", NULL },
	{ "POST", "/v1/rules/activate", OF_ASK, true, "activate_pack", "pack_activated", NOTHING, "{\"rollback\": false}", NULL,
	  "Pack", "Activate a pack: its files, with its tests", "rule storage" },
	{ "POST", "/v1/rules/rollback", OF_ASK, true, "activate_pack", "pack_activated", NOTHING, "{\"rollback\": true}", NULL,
	  "Pack", "Back to the pack that was active before, or to an earlier one", "missing rule storage" },
	{ "GET", "/v1/models", OF_ASK, false, "get_models", "models", NOTHING, NULL, NULL, "Models", "What actions have learned", NULL },
	{ "GET", "/v1/models/{action}", OF_ASK, false, "get_models", "models", NOTHING, NULL, NULL, "Models",
	  "What one action has learned", "missing" },
	{ "POST", "/v1/models/{action}/reset", OF_ASK, true, "reset_model", "model_reset", NOTHING, NULL, NULL, "Models",
	  "Forget what an action has learned", "missing storage" },
	{ "GET", "/v1/reports/{name}", OF_ASK, false, "get_report", "report", "since_ms until_ms by where limit", NULL, http_report,
	  "Reports", "A report: agents, relationship, actions …; each column with what it means", "missing" },
	{ "GET", "/v1/status", OF_ASK, false, "get_status", "status", NOTHING, NULL, NULL, "Operations", "How the daemon is doing", NULL },
	{ "GET", "/v1/history", OF_ASK, false, "get_history", "history", ANY, NULL, NULL, "Operations",
	  "The daemon's own figures over the last hour, or day", NULL },
	{ "GET", "/v1/digest", OF_ASK, false, "get_digest", "digest", NOTHING, NULL, NULL, "Operations",
	  "A digest of the whole state; reads all of it", NULL },
	{ "GET", "/v1/openapi.json", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_openapi, "Operations", "This document", NULL },
	{ "GET", "/livez", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_live, "Operations", "Whether every shard answers", NULL },
	{ "GET", "/readyz", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_ready, "Operations",
	  "Whether events are taken: not while recovering, nor while disk space is short", NULL },
	{ "GET", "/metrics", ROLE_OPERATE, false, NULL, NULL, NOTHING, NULL, http_metrics, "Operations",
	  "Measurements in the text format of Prometheus", NULL },
	/* the console, for browsers: not in the document */
	{ "GET", "/", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_to_console, NULL, NULL, NULL },
	{ "GET", "/console", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_to_console, NULL, NULL, NULL },
	{ "GET", "/console/", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_console, NULL, NULL, NULL },
	{ "GET", "/console/session", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_session, NULL, NULL, NULL },
	{ "POST", "/console/session", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_session_begin, NULL, NULL, NULL },
	{ "DELETE", "/console/session", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_session_end, NULL, NULL, NULL },
	{ "GET", "/console/{file}", ROLE_NONE, false, NULL, NULL, NOTHING, NULL, http_console, NULL, NULL, NULL },
};
const unsigned http_route_count = sizeof(http_routes) / sizeof(http_routes[0]);

enum access_role http_route_role(const struct http_route *r)
{
	return r->ask ? role_of_name(r->ask) : r->role;
}

bool http_names_have(const char *names, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = names; (at = strstr(at, name)); at += len)
		if ((at == names || at[-1] == ' ') && (at[len] == '\0' || at[len] == ' '))
			return true;
	return false;
}

static bool is_in_path(const struct http_route *r, const char *name)
{
	size_t len = strlen(name);
	for (const char *at = r->path; (at = strchr(at, '{')); at++)
		if (strncmp(at + 1, name, len) == 0 && at[len + 1] == '}')
			return true;
	return false;
}

static bool is_preset(const struct http_route *r, const char *name)
{
	char quoted[80];
	snprintf(quoted, sizeof(quoted), "\"%s\"", name);
	return r->preset && strstr(r->preset, quoted);
}

bool http_route_takes(const struct http_route *r, const ProtobufCFieldDescriptor *f)
{
	bool takes = json_field_is_plain(f) || (r->query && json_field_is_attributes(f));
	if (r->method[0] == 'P' || !takes || is_in_path(r, f->name) || is_preset(r, f->name))
		return false;
	return !r->query || http_names_have(r->query, f->name);
}

static void drop_parts(struct http_part *parts, unsigned *count)
{
	while (*count)
		free(parts[--*count].text);
}

/* A part in braces reaches to the letter that follows it in the pattern, and never over a slash; one that is written %2F
 * belongs to it: parts are decoded after they were cut. */
static bool match(const char *pattern, const char *path, struct http_part *parts, unsigned *count)
{
	while (*pattern) {
		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		const char *end = strchr(pattern, '}');
		char stop[3] = { '/', end[1], '\0' };
		size_t len = strcspn(path, stop);
		if (len == 0)
			return false;
		char *raw = must_strndup(path, len);
		char *text = evhttp_uridecode(raw, 0, NULL);
		free(raw);
		CHECK(text && *count < HTTP_PARTS_MAX);
		parts[(*count)++] = (struct http_part){ pattern + 1, (size_t)(end - pattern) - 1, text };
		path += len;
		pattern = end + 1;
	}
	return *path == '\0';
}

const struct http_route *http_route_find(const char *method, const char *path, struct http_part parts[HTTP_PARTS_MAX],
					 unsigned *part_count, char *allowed, size_t allowed_size)
{
	*part_count = 0;
	for (unsigned i = 0; i < http_route_count; i++) {
		bool matches = match(http_routes[i].path, path, parts, part_count);
		if (matches && strcmp(http_routes[i].method, method) == 0)
			return &http_routes[i];
		drop_parts(parts, part_count);
		if (matches && !http_names_have(allowed, http_routes[i].method))
			snprintf(allowed + strlen(allowed), allowed_size - strlen(allowed), "%s%s", *allowed ? ", " : "",
				 http_routes[i].method);
	}
	return NULL;
}
