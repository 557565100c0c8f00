/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * QEMU's timer list since 2016: whoever looks at the head looks first, without the mutex, whether there is one.
 *
 * Notified and no more: a change of the only timer unlinks it and links it again, and a reader that looks in between finds the list
 * empty. The timer is the head then, so that a rearm is on its way.
 *
 *     cc -O2 -shared -fPIC -I ../../include qemu-2016.c -o qemu-2016.so
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

static int is_empty(struct headlock_list *list)
{
	return !__atomic_load_n(&list->head, __ATOMIC_ACQUIRE);
}

static int64_t deadline(struct headlock_handle *handle)
{
	struct headlock_list *list = handle->list;
	int64_t expire;

	if (is_empty(list))
		return HEADLOCK_EMPTY;
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

	if (is_empty(list))
		return 0;
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
	.name = "qemu-2016",
	.summary = "lock-free emptiness check, then as qemu-2013",
	.built_on = "pthread",
	.writer = "a walk over the earlier timers",
	.reference = "QEMU since 2016, util/qemu-timer.c",
	.reader = HEADLOCK_READER_LOCK,
	.progress = HEADLOCK_PROGRESS_BLOCKING,
	.freshness = HEADLOCK_FRESHNESS_NOTIFIED,
	QEMU_FUNCTIONS,
};

const struct headlock_strategy *headlock_export(void)
{
	return &table;
}
