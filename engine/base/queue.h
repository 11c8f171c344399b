/* base/queue.h: a bounded queue between threads with many senders and one receiver, which is woken through an eventfd
 * (so that an event loop can wait for it). The queue moves pointers; ownership moves with them. */
#ifndef NUDGED_BASE_QUEUE_H
#define NUDGED_BASE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>

struct queue;

int queue_create(struct queue **out, size_t capacity); /* ERR_IO where no eventfd is to be had */
void queue_destroy(struct queue *q);                   /* NULL-safe; items left inside are the caller's loss */
bool queue_push(struct queue *q, void *item);          /* false: full. Any thread */
size_t queue_pop_all(struct queue *q, void **items, size_t max); /* receiver only; never blocks */
/* For a receiver without a loop: sleeps until there is something (a NULL item too), then pops. */
size_t queue_wait(struct queue *q, void **items, size_t max);
int queue_fd(const struct queue *q);                   /* readable while items may be waiting */
void queue_clear_fd(struct queue *q);                  /* receiver: before popping, when the loop saw the fd readable */

/* For a receiver whose loop waits for an edge of the fd (EPOLLET), so that it need not be read: nobody tells a receiver
 * that is awake, since it asks queue_rest before it waits. */
bool queue_rest(struct queue *q);  /* true: empty, and from now on the next push tells. False: pop first */
void queue_awake(struct queue *q); /* after waiting, or instead of it: pushes need not tell until the next queue_rest */
void queue_tell(struct queue *q);  /* wakes the receiver as a push does, without an item. Any thread */

#endif
