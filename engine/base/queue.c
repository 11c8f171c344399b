/* base/queue.c: Dmitry Vyukov's bounded queue: each cell has a turn number that says whose move it is.
 *
 *     cell i may be filled when turn == position, and emptied when turn == position + 1
 *
 * The eventfd is written only when the receiver has not been told yet (`told`), so that a burst costs one system call.
 * Clearing resets `told` before the receiver pops: what was pushed earlier is popped, what comes later tells again. A
 * receiver that waits for edges keeps `told` set while it is awake, and resets it before it looks for the last time. */
#include "base/queue.h"

#include "base/check.h"
#include "base/error.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct cell {
	atomic_size_t turn;
	void *item;
};

struct queue {
	struct cell *cells;
	size_t mask;
	int fd;
	_Alignas(64) atomic_size_t tail; /* senders */
	_Alignas(64) atomic_bool told;
	_Alignas(64) size_t head;        /* the receiver */
};

int queue_create(struct queue **out, size_t capacity)
{
	size_t size = 2;
	while (size < capacity)
		size *= 2;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fd < 0)
		return error_errno("cannot create an eventfd");
	struct queue *q = aligned_alloc(64, (sizeof(*q) + 63) & ~(size_t)63);
	CHECK(q != NULL);
	q->cells = must_calloc(size, sizeof(*q->cells));
	q->mask = size - 1;
	q->fd = fd;
	q->head = 0;
	atomic_init(&q->tail, 0);
	atomic_init(&q->told, false);
	for (size_t i = 0; i < size; i++)
		atomic_init(&q->cells[i].turn, i);
	*out = q;
	return ERR_OK;
}

void queue_destroy(struct queue *q)
{
	if (!q)
		return;
	close(q->fd);
	free(q->cells);
	free(q);
}

void queue_tell(struct queue *q)
{
	if (atomic_exchange(&q->told, true))
		return;
	uint64_t one = 1;
	ssize_t n = write(q->fd, &one, sizeof(one));
	CHECK(n == (ssize_t)sizeof(one) || errno == EAGAIN);
}

bool queue_push(struct queue *q, void *item)
{
	size_t at = atomic_load_explicit(&q->tail, memory_order_relaxed);
	struct cell *cell;
	for (;;) {
		cell = &q->cells[at & q->mask];
		size_t turn = atomic_load_explicit(&cell->turn, memory_order_acquire);
		if (turn == at) {
			if (atomic_compare_exchange_weak_explicit(&q->tail, &at, at + 1, memory_order_relaxed,
								  memory_order_relaxed))
				break;
		} else if ((intptr_t)(turn - at) < 0) {
			return false; /* full */
		} else {
			at = atomic_load_explicit(&q->tail, memory_order_relaxed);
		}
	}
	cell->item = item;
	atomic_store_explicit(&cell->turn, at + 1, memory_order_seq_cst);
	queue_tell(q);
	return true;
}

static bool head_is_ready(const struct queue *q)
{
	const struct cell *cell = &q->cells[q->head & q->mask];
	return atomic_load_explicit(&cell->turn, memory_order_seq_cst) == q->head + 1;
}

size_t queue_pop_all(struct queue *q, void **items, size_t max)
{
	size_t n = 0;
	while (n < max && head_is_ready(q)) {
		struct cell *cell = &q->cells[q->head & q->mask];
		items[n++] = cell->item;
		atomic_store_explicit(&cell->turn, q->head + q->mask + 1, memory_order_release);
		q->head++;
	}
	/* the receiver stopped for want of room: the fd must stay readable */
	if (n == max && head_is_ready(q))
		queue_tell(q);
	return n;
}

size_t queue_wait(struct queue *q, void **items, size_t max)
{
	size_t n;
	for (;;) {
		queue_clear_fd(q);
		n = queue_pop_all(q, items, max);
		if (n)
			return n;
		struct pollfd wait = { .fd = q->fd, .events = POLLIN };
		(void)poll(&wait, 1, -1);
	}
}

bool queue_rest(struct queue *q)
{
	atomic_store(&q->told, false);
	if (!head_is_ready(q))
		return true;
	atomic_store(&q->told, true);
	return false;
}

void queue_awake(struct queue *q)
{
	atomic_store_explicit(&q->told, true, memory_order_relaxed);
}

int queue_fd(const struct queue *q)
{
	return q->fd;
}

void queue_clear_fd(struct queue *q)
{
	uint64_t count;
	ssize_t n = read(q->fd, &count, sizeof(count));
	CHECK(n == (ssize_t)sizeof(count) || errno == EAGAIN);
	atomic_store(&q->told, false);
}
