/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The changes that QEMU's three lists have in common, and what makes and destroys lists and handles. A list's file includes this
 * after it has defined `struct node`, which begins with its timer, and release(), thread_begins(), thread_ends() and
 * all_released(). It defines deadline() and run() afterwards.
 */
static struct headlock_list *create_list(const struct headlock_config *config)
{
	struct headlock_list *list = calloc(1, sizeof(*list));

	if (list) {
		pthread_mutex_init(&list->lock, NULL);
		list->config = config;
	}
	return list;
}

static struct headlock_handle *create_handle(struct headlock_list *list)
{
	struct headlock_handle *handle = calloc(1, sizeof(*handle));

	if (handle) {
		handle->list = list;
		handle->counting = 1;
		thread_begins();
	}
	return handle;
}

static void destroy_handle(struct headlock_handle *handle)
{
	pthread_mutex_lock(&handle->list->lock);
	handle->list->counts.retries += handle->retries;
	pthread_mutex_unlock(&handle->list->lock);
	free(handle);
	thread_ends();
}

static void destroy_list(struct headlock_list *list)
{
	uint32_t slot;

	all_released();
	for (slot = 0; slot < list->names.used; slot++)
		free(list->names.slots[slot].timer);
	free(list->names.slots);
	pthread_mutex_destroy(&list->lock);
	free(list);
}

/* Takes the lock for the name, without counting it: QEMU's timer_new() takes none. */
static headlock_timer create(struct headlock_handle *handle)
{
	struct timer *timer = calloc(1, sizeof(struct node));

	if (!timer)
		abort();
	timer->expire = UNLINKED;
	pthread_mutex_lock(&handle->list->lock);
	timer->name = give_name(&handle->list->names, timer);
	pthread_mutex_unlock(&handle->list->lock);
	return timer->name;
}

static void free_timer(struct headlock_handle *handle, headlock_timer name)
{
	struct timer *timer;

	lock(handle);
	timer = find(&handle->list->names, name);
	if (timer) {
		del(handle->list, timer);
		take_name(&handle->list->names, name);
	}
	unlock_changed(handle);
	if (timer)
		release(handle, timer);
}

static int modify(struct headlock_handle *handle, headlock_timer name, int64_t expire)
{
	struct timer *timer;
	int rearm = 0;

	lock(handle);
	timer = find(&handle->list->names, name);
	if (timer)
		rearm = mod(handle->list, timer, expire < 0 ? 0 : expire);
	unlock_changed(handle);
	return rearm;
}

static int anticipate(struct headlock_handle *handle, headlock_timer name, int64_t expire)
{
	struct timer *timer;
	int rearm = 0;

	expire = expire < 0 ? 0 : expire;
	lock(handle);
	timer = find(&handle->list->names, name);
	if (timer && (timer->expire == UNLINKED || expire < timer->expire))
		rearm = mod(handle->list, timer, expire);
	unlock_changed(handle);
	return rearm;
}

static int cancel(struct headlock_handle *handle, headlock_timer name)
{
	struct timer *timer;
	int was_active;

	lock(handle);
	timer = find(&handle->list->names, name);
	was_active = timer && del(handle->list, timer);
	unlock_changed(handle);
	return was_active;
}

static int64_t deadline(struct headlock_handle *handle);

static int expired(struct headlock_handle *handle, int64_t now)
{
	int64_t expire = deadline(handle);

	return expire != HEADLOCK_EMPTY && expire <= now;
}
