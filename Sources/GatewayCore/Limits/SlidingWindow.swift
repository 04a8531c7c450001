import GatewayPrimitives

/// How much came in the last 60 seconds, exact to a slot of one second.
///
/// It counts the present slot and the 60 before it, so what any 60 seconds hold is never more than
/// what it allowed: there is no boundary at which twice the limit passes, as with fixed windows,
/// and no burst on top of the rate, as with a token bucket. What came leaves at most one second
/// late.
struct SlidingWindow {
    /// The length of what is limited.
    static let seconds: Int64 = 60
    private static let slotCount = Int(seconds) + 1

    private(set) var sum = 0
    private var slots: [Int] = []
    /// The present slot: seconds of the clock.
    private var newest: Int64 = 0

    /// The slot of a moment.
    static func slot(of moment: MonotonicTime) -> Int64 {
        Int64(moment.nanoseconds / 1_000_000_000)
    }

    /// Forgets what is older than the window. Loops' clocks differ by a turn of their loops, so an
    /// earlier moment than the last is taken for that.
    mutating func advance(to slot: Int64) {
        guard slot > newest else { return }
        if slots.isEmpty || slot - newest >= Int64(Self.slotCount) {
            if sum != 0 { for index in slots.indices { slots[index] = 0 } }
            sum = 0
        } else {
            for passed in (newest + 1)...slot {
                let index = Self.index(passed)
                sum -= slots[index]
                slots[index] = 0
            }
        }
        newest = slot
    }

    /// Adds to the present slot.
    mutating func add(_ amount: Int) {
        if slots.isEmpty { slots = [Int](repeating: 0, count: Self.slotCount) }
        slots[Self.index(newest)] += amount
        sum += amount
    }

    /// Changes what was added to a slot, if the window still has it.
    mutating func correct(_ difference: Int, in slot: Int64) {
        guard difference != 0, slot > newest - Int64(Self.slotCount), !slots.isEmpty else { return }
        slots[Self.index(slot)] += difference
        sum += difference
    }

    /// When an amount more would fit under a limit, if nothing else came; `nil` if never.
    func wait(for amount: Int, under limit: Int, from now: MonotonicTime) -> Duration? {
        guard amount <= limit else { return nil }
        var rest = sum
        for slot in (newest - Self.seconds)...newest {
            if slots.isEmpty { break }
            rest -= slots[Self.index(slot)]
            if rest + amount <= limit {
                let free = UInt64(max(0, slot + Int64(Self.slotCount))) * 1_000_000_000
                return MonotonicTime(nanoseconds: free).since(now)
            }
        }
        return .zero
    }

    /// Whether it remembers nothing.
    func isIdle(at slot: Int64) -> Bool { slot - newest >= Int64(Self.slotCount) || sum == 0 }

    private static func index(_ slot: Int64) -> Int {
        let rest = slot % Int64(slotCount)
        return Int(rest < 0 ? rest + Int64(slotCount) : rest)
    }
}
