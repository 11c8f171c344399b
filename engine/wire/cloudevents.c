/* wire/cloudevents.c: see cloudevents.h. */
#include "wire/cloudevents.h"

#include "base/error.h"

#include <string.h>
#include <strings.h>

static const char *const required[] = { "specversion", "id", "source", "type" };
static const char *const taken[] = { "id",    "source", "type",  "time",    "customer",
				     "alias", "member", "agent", "contact", "channel" };

static int check_content_type(json_t *ce)
{
	const char *type = json_string_value(json_object_get(ce, "datacontenttype"));
	size_t len = type ? strcspn(type, "; ") : 0;
	if (!type || (len == 16 && strncasecmp(type, "application/json", len) == 0) ||
	    (len > 5 && strncasecmp(type + len - 5, "+json", 5) == 0))
		return ERR_OK;
	return error_set(ERR_INVALID, "datacontenttype",
			 "data is to be JSON here: leave datacontenttype out, or say application/json");
}

static int check_frame(json_t *ce)
{
	if (!json_is_object(ce))
		return error_set(ERR_INVALID, NULL, "a CloudEvent is an object");
	for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
		const char *text = json_string_value(json_object_get(ce, required[i]));
		if (!text || !*text)
			return error_set(ERR_INVALID, required[i], "%s is missing: a CloudEvent has one", required[i]);
	}
	const char *version = json_string_value(json_object_get(ce, "specversion"));
	if (strcmp(version, "1.0") != 0)
		return error_set(ERR_VERSION, "specversion", "specversion %.20s is not spoken here; 1.0 is", version);
	if (json_object_get(ce, "data_base64"))
		return error_set(ERR_INVALID, "data_base64",
				 "data_base64 is not taken: data is an object of attributes");
	json_t *data = json_object_get(ce, "data");
	if (!json_object_get(ce, "subject") && !json_object_get(ce, "customer") && !json_object_get(ce, "alias"))
		return error_set(ERR_INVALID, "subject", "subject is missing: it says whose event it is, by the customer's id "
				 "(or the extension customer, or alias)");
	if (data && !json_is_null(data) && !json_is_object(data))
		return error_set(ERR_INVALID, "data", "data must be an object: its members are the event's attributes");
	return check_content_type(ce);
}

int cloudevent_to_event(json_t **out, json_t *ce)
{
	*out = NULL;
	int result = check_frame(ce);
	if (result != ERR_OK)
		return result;
	json_t *event = json_object(), *data = json_object_get(ce, "data");
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		json_t *value = json_object_get(ce, taken[i]);
		if (value)
			json_object_set(event, taken[i], value);
	}
	json_t *subject = json_object_get(ce, "subject");
	if (subject && !json_object_get(ce, "customer") && !json_object_get(ce, "alias"))
		json_object_set(event, "customer", subject);
	if (json_is_object(data))
		json_object_set(event, "attributes", data);
	*out = event;
	return ERR_OK;
}
