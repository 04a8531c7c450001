import CLinux
import Glibc

/// epoll(7).
struct EpollPoller: Poller, ~Copyable {
    private let epoll: Int32
    private let events: UnsafeMutableBufferPointer<epoll_event>

    /// - Parameter eventsMax: how many ready descriptors one wait reports at most.
    init(eventsMax: Int = 512) {
        epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        precondition(epoll >= 0, "epoll_create1 failed with errno \(errno)")
        events = .allocate(capacity: eventsMax)
    }

    deinit {
        close(epoll)
        events.deallocate()
    }

    func add(_ descriptor: Int32, interest: Interest, token: UInt64) {
        control(EPOLL_CTL_ADD, descriptor, interest, token)
    }

    func modify(_ descriptor: Int32, interest: Interest, token: UInt64) {
        control(EPOLL_CTL_MOD, descriptor, interest, token)
    }

    func remove(_ descriptor: Int32) {
        _ = epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, nil)
    }

    private func control(
        _ operation: Int32, _ descriptor: Int32, _ interest: Interest, _ token: UInt64
    ) {
        var mask = EPOLLRDHUP.rawValue
        if interest.contains(.read) { mask |= EPOLLIN.rawValue }
        if interest.contains(.write) { mask |= EPOLLOUT.rawValue }
        var event = epoll_event(events: mask, data: epoll_data_t(u64: token))
        let result = epoll_ctl(epoll, operation, descriptor, &event)
        precondition(result == 0, "epoll_ctl \(operation) failed with errno \(errno)")
    }

    func wait(
        timeoutMilliseconds: Int32?, _ report: (_ token: UInt64, _ ready: Readiness) -> Void
    ) {
        let count = epoll_wait(
            epoll, events.baseAddress, Int32(events.count), timeoutMilliseconds ?? -1)
        var index = 0
        while index < Int(count) {
            let mask = events[index].events
            var ready: Readiness = []
            if mask & EPOLLIN.rawValue != 0 { ready.insert(.read) }
            if mask & EPOLLOUT.rawValue != 0 { ready.insert(.write) }
            if mask & (EPOLLRDHUP.rawValue | EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 {
                ready.insert(.hangup)
            }
            report(events[index].data.u64, ready)
            index &+= 1
        }
    }
}
