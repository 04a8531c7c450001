import GatewayPrimitives

/// How much came in the last 60 seconds, exact to a slot of one second; or in another time, exact
/// to a sixtieth of it, or to a second.
///
/// It counts the present slot and the 60 before it, so what any 60 seconds hold is never more than
/// what it allowed: there is no boundary at which twice the limit passes, as with fixed windows,
/// and no burst on top of the rate, as with a token bucket. What came leaves at most one slot late.
struct SlidingWindow {
    /// Slots that a window has at most, the present one left out.
    private static let slotsMax: Int64 = 60

    /// The length of a slot.
    private let slotSeconds: Int64
    private let slotCount: Int
    private(set) var sum = 0
    private var slots: [Int] = []
    /// The present slot: seconds of the clock, by the length of a slot.
    private var newest: Int64 = 0

    /// - Parameter seconds: the length of what is limited.
    init(seconds: Int64 = 60) {
        slotSeconds = max(1, (seconds + Self.slotsMax - 1) / Self.slotsMax)
        slotCount = Int((seconds + slotSeconds - 1) / slotSeconds) + 1
    }

    /// The second of a moment, by which windows are told the time.
    static func second(of moment: MonotonicTime) -> Int64 {
        Int64(moment.nanoseconds / 1_000_000_000)
    }

    private func slot(of second: Int64) -> Int64 {
        slotSeconds == 1 ? second : second / slotSeconds
    }

    /// Forgets what is older than the window. Loops' clocks differ by a turn of their loops, so an
    /// earlier moment than the last is taken for that.
    mutating func advance(to second: Int64) {
        let slot = slot(of: second)
        guard slot > newest else { return }
        if slots.isEmpty || slot - newest >= Int64(slotCount) {
            if sum != 0 { for index in slots.indices { slots[index] = 0 } }
            sum = 0
        } else {
            for passed in (newest + 1)...slot {
                let index = index(passed)
                sum -= slots[index]
                slots[index] = 0
            }
        }
        newest = slot
    }

    /// Adds to the present slot.
    mutating func add(_ amount: Int) {
        if slots.isEmpty { slots = [Int](repeating: 0, count: slotCount) }
        slots[index(newest)] += amount
        sum += amount
    }

    /// Changes what was added in a second, if the window still has it.
    mutating func correct(_ difference: Int, in second: Int64) {
        let slot = slot(of: second)
        guard difference != 0, slot > newest - Int64(slotCount), !slots.isEmpty else { return }
        slots[index(slot)] += difference
        sum += difference
    }

    /// When an amount more would fit under a limit, if nothing else came; `nil` if never.
    func wait(for amount: Int, under limit: Int, from now: MonotonicTime) -> Duration? {
        guard amount <= limit else { return nil }
        var rest = sum
        for slot in (newest - Int64(slotCount) + 1)...newest {
            if slots.isEmpty { break }
            rest -= slots[index(slot)]
            if rest + amount <= limit {
                let second = (slot + Int64(slotCount)) * slotSeconds
                let free = UInt64(max(0, second)) * 1_000_000_000
                return MonotonicTime(nanoseconds: free).since(now)
            }
        }
        return .zero
    }

    /// Whether it remembers nothing.
    func isIdle(at second: Int64) -> Bool {
        slot(of: second) - newest >= Int64(slotCount) || sum == 0
    }

    private func index(_ slot: Int64) -> Int {
        let rest = slot % Int64(slotCount)
        return Int(rest < 0 ? rest + Int64(slotCount) : rest)
    }
}
