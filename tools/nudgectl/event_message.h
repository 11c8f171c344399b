/* nudgectl/event_message.h: an event that a mapping gave, as a message to be sent. */
#ifndef NUDGECTL_EVENT_MESSAGE_H
#define NUDGECTL_EVENT_MESSAGE_H

#include "state/event.h"

#include <nudge.h>

/* In memory of protobuf-c's default allocator, as the pipeline wants it. */
Nudge__V1__Event *event_message(const struct event *e);

#endif
