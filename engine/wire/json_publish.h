/* wire/json_publish.h: events given as JSON, gathered into one Publish. Each stands by itself: one whose shape is wrong is
 * refused as the daemon refuses one whose values are, and the others go on. */
#ifndef NUDGED_WIRE_JSON_PUBLISH_H
#define NUDGED_WIRE_JSON_PUBLISH_H

#include "base/bytes.h"
#include "wire/json.h"

struct json_publish {
	struct bytes message; /* the Publish message, of those that can be sent */
	unsigned sent;
	json_t *acks; /* one an event: of those refused already their Ack, of the others null */
};

void json_publish_init(struct json_publish *p);
void json_publish_finish(struct json_publish *p);
unsigned json_publish_count(const struct json_publish *p); /* events added, those refused too */
/* ERR_LIMIT: there is no room for it in this one (limit_batch_events, limit_frame_bytes): send, and begin another. */
int json_publish_add(struct json_publish *p, json_t *event);
/* One that is no JSON, or no event in another way: refused with the last error. */
void json_publish_refuse(struct json_publish *p);
int json_publish_request(const struct json_publish *p, uint64_t id, struct bytes *out);
/* With the answer (a Published; NULL where nothing was sent): the Acks of all, in order, their fields named as seen from
 * the event ("type"). A new reference. */
json_t *json_publish_acks(const struct json_publish *p, json_t *published);

#endif
