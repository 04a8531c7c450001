/// What tells one series of calls from another: few values each, whatever clients send. Names that
/// clients choose freely, such as end users, are no labels.
struct CallSeries: Hashable {
    var keyID = ""
    var keyName = ""
    var team = ""
    var user = ""
    /// The model asked for; `unknown` for one that is not served.
    var model = ""
    var route = ""
    var status = 0
    /// The reason of a failure; empty for none.
    var reason = ""

    /// These tell nearly all of them apart; the others are compared.
    func hash(into hasher: inout Hasher) {
        hasher.combine(keyID)
        hasher.combine(model)
        hasher.combine(status)
    }

    /// Where everything goes that comes after the last series there is room for.
    static let others = CallSeries(
        keyID: "other", keyName: "other", team: "other", user: "other", model: "other",
        route: "other")
}

/// What is counted of the calls of one series.
struct CallCounts {
    var calls = 0
    var inputTokens: Int64 = 0
    var outputTokens: Int64 = 0
    var nanoUSD: Int64 = 0
    /// Used beyond holds, and charged to nobody.
    var excessNanoUSD: Int64 = 0
    /// Calls whose price was not known.
    var unpriced = 0
    /// Calls whose row could not be written when they ended.
    var unrecorded = 0

    mutating func add(_ other: CallCounts) {
        calls += other.calls
        inputTokens += other.inputTokens
        outputTokens += other.outputTokens
        nanoUSD += other.nanoUSD
        excessNanoUSD += other.excessNanoUSD
        unpriced += other.unpriced
        unrecorded += other.unrecorded
    }
}
