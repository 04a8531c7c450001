import Synchronization

/// The models that wildcards have come to, so that each is made once. Any thread.
final class ExpandedModels: Sendable {
    private let entries = Mutex<[String: ModelEntry]>([:])

    /// Clients choose the names: what is kept of them is bounded, and begun anew when full.
    static let entriesMax = 1_024

    func entry(_ name: String, _ make: () -> ModelEntry) -> ModelEntry {
        if let known = entries.withLock({ $0[name] }) { return known }
        let entry = make()
        entries.withLock { entries in
            if entries.count >= Self.entriesMax { entries.removeAll() }
            entries[name] = entry
        }
        return entry
    }
}
