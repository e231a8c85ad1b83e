import Glibc

/// A counting semaphore whose waits end by the monotonic clock. On Linux those of `DispatchSemaphore` end by the wall clock: where
/// that is set back by a day, half a second becomes a day and half a second.
final class Permits: @unchecked Sendable {
    // Sendable: the count is touched under the lock only; lock and condition are made for many threads, and stay where they are.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let freed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var count: Int

    init(_ count: Int) {
        self.count = count
        pthread_mutex_init(lock, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(freed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(freed)
        pthread_mutex_destroy(lock)
        freed.deallocate()
        lock.deallocate()
    }

    /// Takes one, once there is one. Blocks. - Returns: false where there is none in time.
    func take(withinMilliseconds milliseconds: Int) -> Bool {
        var deadline = timespec()
        clock_gettime(CLOCK_MONOTONIC, &deadline)
        let nanoseconds = deadline.tv_nsec + milliseconds % 1_000 * 1_000_000
        deadline.tv_sec += milliseconds / 1_000 + nanoseconds / 1_000_000_000
        deadline.tv_nsec = nanoseconds % 1_000_000_000
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        while count == 0 {
            guard pthread_cond_timedwait(freed, lock, &deadline) == 0 else { break }
        }
        guard count > 0 else { return false }
        count -= 1
        return true
    }

    /// Gives one back, or one more.
    func give() {
        pthread_mutex_lock(lock)
        count += 1
        pthread_mutex_unlock(lock)
        pthread_cond_signal(freed)
    }
}
