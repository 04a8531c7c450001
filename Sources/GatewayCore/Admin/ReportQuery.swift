public import GatewayPrimitives

/// Which sums of calls are asked for.
public struct ReportQuery: Sendable {
    /// Days since 1970 in UTC, both included; `nil` for all there were.
    public var days: ClosedRange<Int64>?
    /// Moments between midnights, for which the days are not fine enough; instead of ``days``.
    public private(set) var moments: (start: WallTime, end: WallTime)?
    /// What the sums are kept apart by, in this order.
    public var by: [ReportDimension]
    public var filter: CallFilter
    /// Which one ``ReportDimension/label`` is.
    public var label = ""
    public var order: Order
    /// How many sums at most.
    public var countMax: Int

    /// What comes first.
    public enum Order: Sendable {
        /// What cost most.
        case cost
        /// By the dimensions, as they are given.
        case dimensions
    }

    /// More sums than this nobody reads.
    public static let countGreatest = 100_000

    public init(
        days: ClosedRange<Int64>? = nil, by: [ReportDimension], filter: CallFilter = CallFilter(),
        order: Order = .dimensions, countMax: Int = countGreatest
    ) {
        self.days = days
        self.by = by
        self.filter = filter
        self.order = order
        self.countMax = min(countMax, Self.countGreatest)
    }

    /// Whether the ledger's rows have to answer it, as far back as they are kept, because the sums
    /// that are kept by day cannot.
    public var needsRows: Bool {
        by.contains(.endUser) || by.contains(.endpoint) || by.contains(.label)
            || filter.endUser != nil
            || filter.tag != nil || moments != nil
    }

    /// Asks for what lies from one moment on and before a later one: by days, where both are
    /// midnights of UTC.
    public mutating func setMoments(from start: WallTime, to end: WallTime) {
        let day: Int64 = 86_400_000_000_000
        if start.nanoseconds % day == 0, end.nanoseconds % day == 0 {
            days = start.nanoseconds / day...end.nanoseconds / day - 1
            moments = nil
        } else {
            days = nil
            moments = (start, end)
        }
    }
}

/// What sums are kept apart by.
public enum ReportDimension: String, Sendable {
    /// `YYYY-MM-DD`, in UTC.
    case day
    /// Keys' ids.
    case key
    case user
    case team
    /// The model asked for.
    case model
    case deployment
    case provider
    /// Who the client said it acted for.
    case endUser
    /// The door and operation.
    case endpoint
    /// A tag; a call with several is in the sum of each. Only by itself or with days.
    case tag
    /// The value of one of the labels that clients mark their requests with.
    case label
}

/// Which calls are looked at: those that fit all that is given.
public struct CallFilter: Equatable, Sendable {
    public var keyID: String?
    public var userID: String?
    public var teamIDs: [String] = []
    public var model: String?
    public var endUser: String?
    public var tag: String?

    public init() {}

    public var isEmpty: Bool { self == CallFilter() }
}

extension CallFilter {
    /// Narrows it to what a caller may see: everything, or what its user's keys did; a key of
    /// nobody sees what it did itself.
    public mutating func narrow(to principal: Principal) {
        guard !principal.role.seesAll else { return }
        if let user = principal.userID { userID = user } else { keyID = principal.keyID }
    }
}

/// A sum of calls.
public struct SpendSum: Equatable, Sendable {
    /// The values of the dimensions asked for, in their order; empty where a call had none.
    public var group: [String] = []
    public var cost = Money.zero
    public var inputTokens: Int64 = 0
    /// Of the input, what came from a provider's cache and what was written to it.
    public var cachedInputTokens: Int64 = 0
    public var cacheWriteTokens: Int64 = 0
    public var outputTokens: Int64 = 0
    public var succeededCount: Int64 = 0
    public var failedCount: Int64 = 0

    public init() {}

    public var tokens: Int64 { inputTokens + outputTokens }
    public var callCount: Int64 { succeededCount + failedCount }

    /// Adds another sum's figures.
    public mutating func add(_ other: SpendSum) {
        cost += other.cost
        inputTokens += other.inputTokens
        cachedInputTokens += other.cachedInputTokens
        cacheWriteTokens += other.cacheWriteTokens
        outputTokens += other.outputTokens
        succeededCount += other.succeededCount
        failedCount += other.failedCount
    }
}
