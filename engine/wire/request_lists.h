/* wire/request_lists.h: the two requests that are lists: events to publish, a pack's files to activate. */
#ifndef NUDGED_WIRE_REQUEST_LISTS_H
#define NUDGED_WIRE_REQUEST_LISTS_H

#include "wire/request.h"

int wire_decode_publish(struct request *r, struct arena *arena);
int wire_decode_activate(struct request *r, struct arena *arena);

#endif
