/// Which models a key may use: what each level above a request allows, the key itself, its user,
/// its team and its place in the team. All of them must allow a model.
public struct ModelAccess: Sendable {
    /// The levels that do not allow everything.
    private(set) var levels: [Level] = []

    /// What one level above a request allows.
    struct Level: Sendable {
        let kind: Subject.Kind
        let rules: [ModelRule]

        /// Whether everything that a rule allows is allowed here, going by the rules alone: a model
        /// in an access group that is named here does not count.
        func covers(_ other: ModelRule) -> Bool { rules.contains { $0.covers(other) } }
    }

    /// Allows every model.
    public init() {}

    /// What a key alone allows.
    public init(models: [String]) { add(.key, models) }

    /// Adds a level. No models, and ``ModelRule/allModels``, allow everything.
    mutating func add(_ kind: Subject.Kind, _ models: [String]) {
        let rules = models.map(ModelRule.init)
        if rules.isEmpty || rules.contains(.prefix("")) { return }
        levels.append(Level(kind: kind, rules: rules))
    }

    /// Adds a level that allows nothing.
    mutating func addNothing(_ kind: Subject.Kind) {
        levels.append(Level(kind: kind, rules: []))
    }

    /// The first level that does not allow a model; `nil` if the model may be used.
    /// - Parameter groups: the access groups that the model is in.
    public func refusal(of model: String, in groups: [String]) -> Subject.Kind? {
        if levels.isEmpty { return nil }
        return levels.first { level in
            !level.rules.contains { $0.applies(to: model, in: groups) }
        }?.kind
    }
}

/// One entry of a list of models that may be used.
public enum ModelRule: Equatable, Sendable {
    /// A model, or an access group.
    case name(String)
    /// All models whose names begin so.
    case prefix(String)

    /// LiteLLM's word for every model.
    public static let allModels = "all-proxy-models"
    /// LiteLLM's word, at a key, for whatever its team may use.
    public static let teamModels = "all-team-models"
    /// LiteLLM's word, at a user, for no model but those that the user's teams give. It is no
    /// model's name, and so allows none.
    public static let noModels = "no-default-models"

    public init(_ text: String) {
        if text == Self.allModels {
            self = .prefix("")
        } else if text.hasSuffix("*") {
            self = .prefix(String(text.dropLast()))
        } else {
            self = .name(text)
        }
    }

    /// The rule in the words it is read from.
    var text: String {
        switch self {
        case .name(let name): name
        case .prefix(let prefix): prefix + "*"
        }
    }

    /// Whether everything that another rule allows is allowed by this one.
    func covers(_ other: ModelRule) -> Bool {
        switch (self, other) {
        case (.prefix(let own), .name(let name)): name.hasPrefix(own)
        case (.prefix(let own), .prefix(let prefix)): prefix.hasPrefix(own)
        case (.name, .name): self == other
        case (.name, .prefix): false
        }
    }

    func applies(to model: String, in groups: [String]) -> Bool {
        switch self {
        case .name(let name): model == name || groups.contains(name)
        case .prefix(let prefix): model.hasPrefix(prefix)
        }
    }
}
