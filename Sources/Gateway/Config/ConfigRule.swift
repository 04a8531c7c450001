/// What is known about one key of a section, whatever its value.
enum ConfigRule: Sendable {
    /// The section's code reads it.
    case honoured(String)
    /// It holds further keys, each with its own rule; it has no line of its own.
    case section
    /// It does nothing, and why.
    case ignored(String)
    /// To ignore it would be unsafe: why, and what to do.
    case refused(String)
    /// As ``refused(_:)``, unless its value says that it is off: false, null, empty or zero.
    case refusedUnlessOff(String)

    /// The reason of keys that wait for a feature.
    static func notBuilt(_ feature: String) -> ConfigRule { .ignored("\(feature) not built yet") }
}

/// What a section does with keys it does not know.
enum UnknownKeys: Sendable {
    /// LiteLLM has hundreds of keys, most of them harmless to lose.
    case ignored
    /// A mistyped key of ours may be the one that secures the gateway.
    case refused
}

extension ConfigNode {
    /// Whether the value says that a feature is off.
    var isOff: Bool {
        switch content {
        case .null: true
        case .scalar(let scalar):
            ["false", "no", "off", "none", "null", "0", ""].contains(
                scalar.text?.lowercased() ?? "x")
        case .sequence(let items): items.isEmpty
        case .mapping(let entries): entries.isEmpty
        }
    }
}
