/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * QEMU's timer list after the RFC of 2013: whoever looks at the head does so in a read-side section of liburcu, without the mutex;
 * run() takes it only if the head looks due, and looks again; a freed timer goes through call_rcu().
 *
 * That is racy: a reader may find a timer at the head, and read its deadline after the timer was put off, with nobody to tell it.
 * Compiled with -DVALIDATED, a reader looks again whether the head has moved, under the name qemu-rfc-validated.
 *
 * liburcu is under the LGPL 2.1 or later. _LGPL_SOURCE inlines its read side into this library, functions of a few lines from its
 * headers, which its authors allow to code under a licence compatible with that one, as this file's are. The rest is linked.
 *
 *     cc -O2 -shared -fPIC -ftls-model=initial-exec -I ../../include qemu-rfc.c -lurcu-memb -o qemu-rfc.so
 */
#define _LGPL_SOURCE
#define URCU_API_MAP
/* clock_gettime() in strict C99 too. Before any header of the system. */
#ifndef _DEFAULT_SOURCE
#define _DEFAULT_SOURCE 1
#endif

#include <urcu/urcu-memb.h>

#include "qemu.h"

/* Freed timers that may wait for readers before whoever frees more waits too. */
#define MOST_WAITING 4096

#ifdef VALIDATED
#define NAME "qemu-rfc-validated"
#define SUMMARY "as qemu-rfc, then check that the head did not move, else retry"
#define PROGRESS HEADLOCK_PROGRESS_LOCK_FREE
#define FRESHNESS HEADLOCK_FRESHNESS_NOTIFIED
#else
#define NAME "qemu-rfc"
#define SUMMARY "the RFC: read the head in a read-side section; recheck under the mutex"
#define PROGRESS HEADLOCK_PROGRESS_WAIT_FREE
#define FRESHNESS HEADLOCK_FRESHNESS_RACY
#endif

struct node {
	struct timer timer;
	struct headlock_list *list;
	struct rcu_head rcu;
};

/* liburcu takes a thread once. The library whose list it has a handle to first registers it, and its exit ends that. */
static pthread_key_t exits;
static void unregister(void *key) { rcu_unregister_thread(), (void)key; }
__attribute__((constructor)) static void loaded(void) { pthread_key_create(&exits, unregister); }

static void thread_begins(void)
{
	if (URCU_TLS(urcu_memb_reader).registered)
		return;
	rcu_register_thread();
	pthread_setspecific(exits, &exits);
}
static void thread_ends(void) {}

static void all_released(void)
{
	rcu_barrier();
}

/* Called by liburcu's own thread. */
static void reclaim(struct rcu_head *rcu)
{
	struct node *node = caa_container_of(rcu, struct node, rcu);

	set_expire(&node->timer, HEADLOCK_POISON);
	__atomic_fetch_add(&node->list->counts.reclaimed, 1, __ATOMIC_RELAXED);
	free(node);
}

static void release(struct headlock_handle *handle, struct timer *timer)
{
	struct node *node = caa_container_of(timer, struct node, timer);
	struct headlock_counts *counts = &handle->list->counts;
	uint64_t waiting = __atomic_load_n(&counts->reclaimed, __ATOMIC_ACQUIRE);

	waiting = __atomic_add_fetch(&counts->retired, 1, __ATOMIC_RELAXED) - waiting;
	if (waiting > __atomic_load_n(&counts->peak_unreclaimed, __ATOMIC_RELAXED))
		__atomic_store_n(&counts->peak_unreclaimed, waiting, __ATOMIC_RELAXED);
	node->list = handle->list;
	call_rcu(&node->rcu, reclaim);
	if (waiting > MOST_WAITING)
		rcu_barrier();
}

#include "qemu-changes.h"

/* The deadline that the head's timer shows, whatever has become of it since it was the head. */
static inline int64_t look(struct headlock_list *list)
{
	struct timer *head = __atomic_load_n(&list->head, __ATOMIC_ACQUIRE);

	return head ? __atomic_load_n(&head->expire, __ATOMIC_ACQUIRE) : HEADLOCK_EMPTY;
}

static int64_t deadline(struct headlock_handle *handle)
{
	struct headlock_list *list = handle->list;
	int64_t expire;

	rcu_read_lock();
#ifdef VALIDATED
	for (;; handle->retries++) {
		uint64_t moves = __atomic_load_n(&list->moves, __ATOMIC_ACQUIRE);
		expire = look(list);
		if (__atomic_load_n(&list->moves, __ATOMIC_ACQUIRE) == moves)
			break;
	}
#else
	expire = look(list);
#endif
	rcu_read_unlock();
	return expire;
}

static size_t run(struct headlock_handle *handle, int64_t now, headlock_fire *fire, void *context)
{
	headlock_timer timer;
	size_t fired;

	for (fired = 0; expired(handle, now); fired++) {
		lock(handle);
		timer = pop(handle->list, now);
		unlock_changed(handle);
		if (timer == HEADLOCK_NO_TIMER)
			break;
		fire(context, timer);
	}
	return fired;
}

#include "qemu-table.h"

static const struct headlock_strategy table = {
	.version = HEADLOCK_VERSION,
	.size = sizeof(table),
	.name = NAME,
	.summary = SUMMARY,
	.built_on = "liburcu",
	.writer = "a walk over the earlier timers; free pays a call_rcu",
	.reference = "P. Bonzini, [RFC 4/3] qemu-timer, 2013",
	.reader = HEADLOCK_READER_ASYMMETRIC,
	.progress = PROGRESS,
	.freshness = FRESHNESS,
	QEMU_FUNCTIONS,
};

const struct headlock_strategy *headlock_export(void)
{
	return &table;
}
