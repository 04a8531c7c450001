import Transport

/// Lets time pass on a loop, once. Belongs to the loop.
final class LoopPause: LoopTimerTarget {
    private lazy var timer = LoopTimer(loop: loop, target: self)
    private let loop: EventLoop
    private var waiter: UnsafeContinuation<Void, Never>?

    init(_ loop: EventLoop) { self.loop = loop }

    func wait(_ duration: Duration) async {
        timer.arm(after: duration)
        await withUnsafeContinuation { waiter = $0 }
    }

    func loopTimerFired(_ timer: LoopTimer) {
        waiter?.resume()
        waiter = nil
    }
}

/// Calls an exchange off when it takes too long. Belongs to the exchange's loop.
final class ExchangeWatch: LoopTimerTarget {
    private let exchange: ClientExchange
    private lazy var timer = LoopTimer(loop: exchange.loop, target: self)
    /// Whether its time was over.
    private(set) var isOver = false

    init(_ exchange: ClientExchange, timeout: Duration) {
        self.exchange = exchange
        timer.arm(after: timeout)
    }

    func end() { timer.disarm() }

    func loopTimerFired(_ timer: LoopTimer) {
        isOver = true
        exchange.cancel()
    }
}
