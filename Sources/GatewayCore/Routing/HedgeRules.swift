/// When a second attempt is made beside one whose first token is late. Off unless configured.
public struct HedgeRules: Equatable, Sendable {
    public var isOn = false
    /// An attempt is late when it takes longer than this share of its deployment's.
    public var quantile = 0.95
    /// The most second attempts, as a share of the streams.
    public var shareMax = 0.05
    /// First tokens of a deployment that must have been seen before it is hedged.
    public var samplesMin = 32

    public init() {}
}

/// Bounds second attempts to a share of the streams. Belongs to its loop.
struct HedgeBudget {
    private var balance = 0.0
    /// What may be saved up for a bad moment.
    private static let balanceMax = 10.0

    /// Whether one may be made.
    var hasOne: Bool { balance >= 1 }

    /// A stream has come.
    mutating func deposit(_ rules: HedgeRules) {
        guard rules.isOn else { return }
        balance = min(Self.balanceMax, balance + rules.shareMax)
    }

    /// Takes one; false when none is left.
    mutating func withdraw() -> Bool {
        guard hasOne else { return false }
        balance -= 1
        return true
    }
}

/// Latencies by their size, the recent ones counting more: buckets a seventh apart, from a
/// millisecond to some minutes, all halved when they hold enough.
struct LatencySketch: Sendable {
    private var counts: [UInt16] = []
    private(set) var total = 0

    private static let bucketCount = 96
    /// The upper bound of each bucket, in nanoseconds.
    private static let bounds: [UInt64] = {
        var bound = 1_000_000.0
        return (0..<bucketCount).map { _ in
            defer { bound *= 1.15 }
            return UInt64(bound)
        }
    }()
    /// How many are held before all are halved.
    private static let totalMax = 1_024

    mutating func add(_ nanoseconds: UInt64) {
        if counts.isEmpty { counts = [UInt16](repeating: 0, count: Self.bucketCount) }
        counts[min(Self.place(of: nanoseconds), Self.bucketCount - 1)] += 1
        total += 1
        guard total >= Self.totalMax else { return }
        total = 0
        for index in counts.indices {
            counts[index] /= 2
            total += Int(counts[index])
        }
    }

    /// The bound under which a share of all lies; `nil` for none.
    func quantile(_ share: Double) -> UInt64? {
        guard total > 0 else { return nil }
        let wanted = share * Double(total)
        var sum = 0.0
        for index in counts.indices {
            sum += Double(counts[index])
            if sum >= wanted { return Self.bounds[index] }
        }
        return Self.bounds.last
    }

    /// The first bucket whose bound is not passed, by halves.
    private static func place(of nanoseconds: UInt64) -> Int {
        var low = 0
        var high = bounds.count
        while low < high {
            let middle = (low + high) / 2
            if bounds[middle] < nanoseconds { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
