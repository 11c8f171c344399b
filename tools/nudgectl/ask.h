/* nudgectl/ask.h: one request, one answer, and what to say when there is none. */
#ifndef NUDGECTL_ASK_H
#define NUDGECTL_ASK_H

#include "command.h"
#include "report.h"

#include <jansson.h>
#include <nudge.h>

/* EXIT_DONE, or EXIT_FAILED after having said which address was tried and what to do. Waits for a daemon that recovers; with
 * at_once EXIT_FAILED instead, nothing said, and c->nudge has the words. */
int context_connect(struct context *c);
/* Connects where that was not done yet, asks and waits. *out is freed with nudge_free. Says what went wrong. */
int context_ask(struct context *c, Nudge__V1__Request__BodyCase body_case, const void *body, Nudge__V1__Response **out);
/* Says why the last call on the connection failed. `during` is a half sentence: "sending events". */
int context_lost(struct context *c, int result, const char *during);

int64_t context_clock(struct context *c); /* the daemon's now, which may be simulated; 0 where it cannot be had */

/* An alert as it is at that time: open, acknowledged, closed, expired (nobody took care of it in time), or historical
 * (recorded, never open). */
const char *alert_state(const Nudge__V1__Alert *a, int64_t now_ms);
enum style alert_state_style(const char *state);

/* "go on with smaller-plan: That one may fit better." in `out`, which is given back. */
const char *next_text(const Nudge__V1__NextStep *next, char *out, size_t size);

/* protobuf-c's fields are `char *` and never NULL. */
char *text_or_empty(const char *text);

/* One JSON document on standard output: indented for people, one line where it is not a terminal. Drops the reference.
 */
int print_json(json_t *j);
int print_json_line(json_t *j);         /* always on one line; not flushed */
int print_message(const void *message); /* any message of the protocol: what is set in it */
int print_whole(const void *message);   /* with what is empty, 0 or false too */

#endif
