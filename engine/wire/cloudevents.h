/* wire/cloudevents.h: CloudEvents 1.0 (structured JSON) as events.
 *
 *     id, source, type, time       the event's own
 *     subject                      the customer, where neither `customer` nor `alias` says
 *     customer, alias, member,     extension attributes: the event's fields of these names
 *     agent, contact, channel
 *     data                         an object: the event's attributes, each a text, a number or a boolean
 *
 * Other extension attributes (traceparent …) are left aside, as the specification has it. */
#ifndef NUDGED_WIRE_CLOUDEVENTS_H
#define NUDGED_WIRE_CLOUDEVENTS_H

#include <jansson.h>

/* *out: the event as JSON, for json_publish_add; a new reference. ERR_INVALID with the field. */
int cloudevent_to_event(json_t **out, json_t *cloudevent);

#endif
