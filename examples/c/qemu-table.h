/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The rest of a table that QEMU's three lists have in common. A list's file includes this after deadline() and run(). */

static void counts(struct headlock_list *list, struct headlock_counts *counts)
{
	pthread_mutex_lock(&list->lock);
	counts->lock = list->counts.lock;
	counts->retries = list->counts.retries;
	pthread_mutex_unlock(&list->lock);
	counts->reclaimed = __atomic_load_n(&list->counts.reclaimed, __ATOMIC_RELAXED);
	counts->retired = __atomic_load_n(&list->counts.retired, __ATOMIC_RELAXED);
	counts->peak_unreclaimed = __atomic_load_n(&list->counts.peak_unreclaimed, __ATOMIC_RELAXED);
}

static void local_counts(struct headlock_handle *handle, struct headlock_counts *counts)
{
	counts->retries = handle->retries;
}

static void lock_counts(struct headlock_handle *handle, struct headlock_lock_counts *counts)
{
	*counts = handle->locks;
}

static void count_locks(struct headlock_handle *handle, int counting)
{
	handle->counting = counting;
}

#define QEMU_FUNCTIONS                                                                                                 \
	.create_list = create_list, .destroy_list = destroy_list, .create_handle = create_handle,                      \
	.destroy_handle = destroy_handle, .create = create, .free = free_timer, .modify = modify,                      \
	.anticipate = anticipate, .cancel = cancel, .deadline = deadline, .run = run, .expired = expired,              \
	.counts = counts, .local_counts = local_counts, .lock_counts = lock_counts,                                    \
	.count_locks = count_locks
