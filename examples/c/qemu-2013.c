/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * QEMU's timer list of 2013, before the RFC: whoever looks at the head takes the mutex.
 *
 *     cc -O2 -shared -fPIC -I ../../include qemu-2013.c -o qemu-2013.so
 */
#include "qemu.h"

struct node {
	struct timer timer;
};

/* Nobody looks at a timer without the lock, so it goes at once. */
static void release(struct headlock_handle *handle, struct timer *timer)
{
	(void)handle;
	set_expire(timer, HEADLOCK_POISON);
	free(timer);
}

static void thread_begins(void) {}
static void thread_ends(void) {}
static void all_released(void) {}

#include "qemu-changes.h"

static int64_t deadline(struct headlock_handle *handle)
{
	struct headlock_list *list = handle->list;
	int64_t expire;

	lock(handle);
	expire = list->head ? list->head->expire : HEADLOCK_EMPTY;
	unlock(handle);
	return expire;
}

static size_t run(struct headlock_handle *handle, int64_t now, headlock_fire *fire, void *context)
{
	struct headlock_list *list = handle->list;
	headlock_timer timer;
	size_t fired;

	for (fired = 0;; fired++) {
		lock(handle);
		timer = pop(list, now);
		if (timer == HEADLOCK_NO_TIMER)
			break;
		unlock_changed(handle);
		fire(context, timer);
	}
	unlock(handle);
	return fired;
}

#include "qemu-table.h"

static const struct headlock_strategy table = {
	.version = HEADLOCK_VERSION,
	.size = sizeof(table),
	.name = "qemu-2013",
	.summary = "lock, read the head's deadline, unlock; a linked list",
	.built_on = "pthread",
	.writer = "a walk over the earlier timers",
	.reference = "QEMU 1.6, qemu-timer.c",
	.reader = HEADLOCK_READER_LOCK,
	.progress = HEADLOCK_PROGRESS_BLOCKING,
	.freshness = HEADLOCK_FRESHNESS_LINEARIZABLE,
	QEMU_FUNCTIONS,
};

const struct headlock_strategy *headlock_export(void)
{
	return &table;
}
