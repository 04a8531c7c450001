import GatewayCore
import GatewayPrimitives
import Transport

/// What the routes of reports have in common. Belongs to its loop.
struct ReportTools {
    let reports: any SpendReports
    let directory: any Directory
    /// What people call what is reported; `nil` where only the ledger's words are known.
    let names: DirectoryNames?

    /// What a report that names no days is about: the last thirty and today.
    func lastDays(_ request: ManagementRequest) -> ClosedRange<Int64> {
        let today = request.now.dayNumber
        return today - 30...today
    }

    /// The days of `start_date` and `end_date`, both included; `nil` without either. One alone is
    /// open to the other side.
    func days(_ request: ManagementRequest) throws(GatewayError) -> ClosedRange<Int64>? {
        let start = request.query.day("start_date")
        let end = request.query.day("end_date")
        try request.query.finish()
        return try range(start, end, now: request.now)
    }

    func range(
        _ start: CivilDate?, _ end: CivilDate?, now: WallTime
    ) throws(GatewayError) -> ClosedRange<Int64>? {
        if start == nil && end == nil { return nil }
        let first = start?.daysSince1970 ?? 0
        let last = end?.daysSince1970 ?? max(first, now.dayNumber)
        guard first <= last else {
            let violations = FieldViolations()
            violations.add(
                "start_date", "is after end_date; send the earlier day as start_date.")
            try violations.finish()
            return nil
        }
        return first...last
    }

    /// The days that are asked for, which both have to be named.
    func requiredDays(_ request: ManagementRequest) throws(GatewayError) -> ClosedRange<Int64> {
        for name in ["start_date", "end_date"] where request.query.text(name) == nil {
            request.query.violations.add(name, "is required; give a day as YYYY-MM-DD.")
        }
        guard let days = try days(request) else { return lastDays(request) }
        return days
    }

    /// The id of a key that is named by itself or by its id.
    func keyID(_ text: String) -> String {
        guard text.hasPrefix("sk-") else { return text }
        var bytes = ByteQueue()
        bytes.append(text: text)
        let hash = KeyHash(words: SHA256.digest(of: bytes.view))
        return directory.principal(of: hash)?.keyID ?? hash.hexadecimal
    }

    /// How keys are shown: by what they are called now, or were in the ledger when they are gone.
    func keyLabels(of sums: [SpendSum], at place: Int = 0) async throws(GatewayError)
        -> [String: KeyLabel]
    {
        let ids = Set(sums.map { $0.group[place] })
        let past = try await reports.names(ofKeys: Array(ids))
        var labels: [String: KeyLabel] = [:]
        for id in ids {
            let known = names?.key(id)
            labels[id] =
                known.map { KeyLabel(alias: $0.alias, hint: $0.hint) }
                ?? past[id].map { KeyLabel(alias: $0, hint: $0) }
        }
        return labels
    }

    /// What a key is called, and the end of its secret.
    struct KeyLabel {
        var alias: String?
        var hint: String
    }

    /// What a team is called; its id, where nothing else is known.
    func teamLabel(_ id: String) -> String {
        id.isEmpty ? "Unassigned" : names?.teamAlias(id) ?? id
    }
}
