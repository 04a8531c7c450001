/// What tells one series of attempts from another.
struct AttemptSeries: Hashable {
    var deployment = ""
    var model = ""
    var upstreamModel = ""
    var apiBase = ""
    var provider = ""

    /// A deployment's id tells nearly all of them apart; the others are compared.
    func hash(into hasher: inout Hasher) {
        hasher.combine(deployment)
        hasher.combine(upstreamModel)
    }
}

/// What is counted of the attempts at one deployment.
struct AttemptCounts {
    var successes = 0
    /// By outcome.
    var failures: [String: Int] = [:]
    var cooldowns = 0
    /// Attempts made beside a late one: those that answered first, and the others.
    var hedgesWon = 0
    var hedgesLost = 0
    var fallbacksGood = 0
    var fallbacksBad = 0
    var firstToken = Histogram()
    var attempt = Histogram()
    var perToken = Histogram()

    mutating func add(_ other: AttemptCounts) {
        successes += other.successes
        failures.merge(other.failures, uniquingKeysWith: +)
        cooldowns += other.cooldowns
        hedgesWon += other.hedgesWon
        hedgesLost += other.hedgesLost
        fallbacksGood += other.fallbacksGood
        fallbacksBad += other.fallbacksBad
        firstToken.add(other.firstToken)
        attempt.add(other.attempt)
        perToken.add(other.perToken)
    }
}
