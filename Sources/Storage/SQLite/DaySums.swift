import GatewayCore

/// What the rows of one transaction add to the sums of their days: gathered, so that each sum is
/// written once a transaction, however many rows belong to it.
struct DaySums {
    /// A row of `daily_spend`.
    struct Key: Hashable {
        let day: Int64
        let keyID: String
        let userID: String
        let teamID: String
        let model: String
        let deploymentID: String
        let provider: String
    }

    /// A row of `daily_label_spend`.
    struct LabelKey: Hashable {
        let day: Int64
        let subject: Subject
    }

    /// What is added to one.
    struct Sum {
        var cost = Money.zero
        var inputTokens: Int64 = 0
        var cachedInputTokens: Int64 = 0
        var cacheWriteTokens: Int64 = 0
        var outputTokens: Int64 = 0
        var succeededCount: Int64 = 0
        var failedCount: Int64 = 0

        fileprivate mutating func add(_ row: LedgerRow) {
            cost += row.cost.total
            inputTokens &+= Int64(row.usage.inputTokens)
            cachedInputTokens &+= row.usage.cachedInputTokens
            cacheWriteTokens &+= row.usage.cacheWriteTokens
            outputTokens &+= Int64(row.usage.outputTokens)
            if row.failure == nil { succeededCount &+= 1 } else { failedCount &+= 1 }
        }
    }

    private(set) var days: [(key: Key, sum: Sum)] = []
    private(set) var labels: [LabelKey: Sum] = [:]
    private var places: [Key: Int] = [:]
    /// Where the last row was added: rows that follow each other are often alike, and comparing
    /// costs less than hashing.
    private var lastPlace = 0

    var isEmpty: Bool { days.isEmpty }

    mutating func add(_ row: LedgerRow) {
        let key = Key(
            day: row.day, keyID: row.keyID, userID: row.userID ?? "", teamID: row.teamID ?? "",
            model: row.model, deploymentID: row.deploymentID, provider: row.provider)
        days[place(of: key)].sum.add(row)
        if let user = row.endUser { addLabel(Subject(.endUser, user), row) }
        for tag in row.tags { addLabel(Subject(.tag, tag), row) }
    }

    mutating func removeAll() {
        days.removeAll(keepingCapacity: true)
        labels.removeAll(keepingCapacity: true)
        places.removeAll(keepingCapacity: true)
        lastPlace = 0
    }

    private mutating func place(of key: Key) -> Int {
        if lastPlace < days.count, days[lastPlace].key == key { return lastPlace }
        if let place = places[key] {
            lastPlace = place
        } else {
            lastPlace = days.count
            places[key] = lastPlace
            days.append((key, Sum()))
        }
        return lastPlace
    }

    private mutating func addLabel(_ subject: Subject, _ row: LedgerRow) {
        labels[LabelKey(day: row.day, subject: subject), default: Sum()].add(row)
    }
}
