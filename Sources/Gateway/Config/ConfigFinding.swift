/// What the gateway makes of one key of a configuration.
struct ConfigFinding: Equatable, Sendable {
    let position: ConfigPosition?
    /// The key's whole path; empty when it is about a file.
    let path: String
    let verdict: Verdict
    /// What it does, or why it does not, and what to do instead. Never holds a secret.
    let meaning: String

    /// Every key has one of these.
    enum Verdict: String, Sendable {
        /// Does what it says.
        case honoured
        /// Does nothing; named by one warning at the start.
        case ignored
        /// Keeps the gateway from starting: to ignore it would be unsafe, or it makes no sense.
        case refused
    }

    /// Whether both are about one key. Two files may both have a `model_list[0]`; a finding
    /// without a place is about the key wherever it stands.
    func isAboutTheKey(of other: ConfigFinding) -> Bool {
        guard !path.isEmpty, path == other.path else { return false }
        guard let place = other.position else { return true }
        return position?.fileIndex == place.fileIndex
    }

    /// One line for people and their editors.
    var text: String {
        let place = position.map { "\($0.text): " } ?? ""
        let key = path.isEmpty ? "" : "`\(path)` "
        return "\(place)\(key)\(verdict.rawValue): \(meaning)"
    }
}
