/// Reads what was spent: the port that a store fills. Shared by all loops; a function returns on
/// the loop of its caller, who does not wait for the store's writer.
public protocol SpendReports: Sendable {
    /// Sums of calls, one for each combination of the dimensions asked for, at most
    /// ``ReportQuery/countMax``.
    func sums(_ query: ReportQuery) async throws(GatewayError) -> [SpendSum]

    /// Rows of the ledger, page by page.
    func rows(_ query: LedgerQuery) async throws(GatewayError) -> LedgerPage

    /// Throws if nothing can be read.
    func check() async throws(GatewayError)

    /// The names by which keys were last known when they called, by their ids. Keys that never
    /// called are missing.
    func names(ofKeys ids: [String]) async throws(GatewayError) -> [String: String]
}
