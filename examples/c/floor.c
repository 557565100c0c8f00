/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A list that does nothing: the least that a list in C can cost, and the frame of one of your own. Its name is no list's, so that
 * nobody takes it for one: it fires no timer and knows no deadline, and `headlock verify` says so.
 *
 *     cc -O2 -shared -fPIC -I ../../include floor.c -o floor.so
 *
 * It is C99, and C++20, which has the table's way to name members, too.
 */
#include <stdlib.h>

#include "headlock.h"

struct headlock_list {
	const struct headlock_config *config;
};

struct headlock_handle {
	struct headlock_list *list;
	headlock_timer last;
};

static struct headlock_list *create_list(const struct headlock_config *config)
{
	struct headlock_list *list = (struct headlock_list *)malloc(sizeof(*list));

	if (list)
		list->config = config;
	return list;
}

static void destroy_list(struct headlock_list *list)
{
	free(list);
}

static struct headlock_handle *create_handle(struct headlock_list *list)
{
	struct headlock_handle *handle = (struct headlock_handle *)malloc(sizeof(*handle));

	if (handle) {
		handle->list = list;
		handle->last = 0;
	}
	return handle;
}

static void destroy_handle(struct headlock_handle *handle)
{
	free(handle);
}

static headlock_timer create(struct headlock_handle *handle)
{
	return ++handle->last;
}

static void free_timer(struct headlock_handle *handle, headlock_timer timer)
{
	(void)handle;
	(void)timer;
}

static int modify(struct headlock_handle *handle, headlock_timer timer, int64_t expire)
{
	(void)handle;
	(void)timer;
	(void)expire;
	return 0;
}

static int cancel(struct headlock_handle *handle, headlock_timer timer)
{
	(void)handle;
	(void)timer;
	return 0;
}

static int64_t deadline(struct headlock_handle *handle)
{
	(void)handle;
	return HEADLOCK_EMPTY;
}

static int expired(struct headlock_handle *handle, int64_t now)
{
	(void)handle;
	(void)now;
	return 0;
}

static size_t run(struct headlock_handle *handle, int64_t now, headlock_fire *fire, void *context)
{
	(void)handle;
	(void)now;
	(void)fire;
	(void)context;
	return 0;
}

static const struct headlock_strategy table = {
	.version = HEADLOCK_VERSION,
	.size = sizeof(table),
	.name = "floor.c",
	.summary = "does nothing, in C",
	.built_on = "nothing",
	.writer = "nothing",
	.reference = "",
	.reader = HEADLOCK_READER_NONE,
	.progress = HEADLOCK_PROGRESS_WAIT_FREE,
	.freshness = HEADLOCK_FRESHNESS_RACY,
	.create_list = create_list,
	.destroy_list = destroy_list,
	.create_handle = create_handle,
	.destroy_handle = destroy_handle,
	.create = create,
	.free = free_timer,
	.modify = modify,
	.anticipate = modify,
	.cancel = cancel,
	.deadline = deadline,
	.run = run,
	.expired = expired,
	.quiescent = NULL,
	.counts = NULL,
	.local_counts = NULL,
	.lock_counts = NULL,
	.count_locks = NULL,
};

const struct headlock_strategy *headlock_export(void)
{
	return &table;
}
