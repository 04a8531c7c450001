import GatewayCore
import GatewayPrimitives
import JSON

/// LiteLLM's fields of a key, in bodies and answers.
enum KeyFields {
    private static let names: [StaticString] = [
        "key", "key_alias", "duration", "models", "team_id", "user_id", "tags", "metadata",
        "blocked", "key_type", "allowed_routes", "aliases",
    ]

    /// Changes what the body names: null clears, and what is absent stays.
    /// - Parameter more: names that the route reads besides.
    static func read(
        _ body: BodyFields, into settings: inout KeySettings, now: WallTime,
        more: [StaticString] = []
    ) {
        UnsafeFields.refuse(in: body, but: [names, AllowanceFields.names, more])
        body.change("key_alias", &settings.alias) { $0.text($1) }
        if body.text("key_alias")?.isEmpty == true {
            body.violate("key_alias", "is empty; give a name, or null for none.")
        }
        body.change("team_id", &settings.teamID) { $0.text($1) }
        body.change("user_id", &settings.userID) { $0.text($1) }
        body.change("models", &settings.models) { $0.texts($1) }
        readAliases(body, into: &settings)
        readMetadata(body, &settings.metadata, tags: &settings.tags)
        if body.state(of: "blocked") != .absent {
            settings.isBlocked = body.bool("blocked") ?? false
        }
        readDuration(body, into: &settings, now: now)
        readRoutes(body, into: &settings)
        AllowanceFields.read(body, into: &settings.allowance)
    }

    /// Metadata, and tags, which LiteLLM's clients also put into it.
    static func readMetadata(_ body: BodyFields, _ metadata: inout String, tags: inout [String]) {
        if body.state(of: "metadata") != .absent {
            let object = body.object("metadata")
            metadata = object == nil ? "{}" : body.json("metadata") ?? "{}"
            if let inside = object?.texts("tags") { tags = inside }
        }
        body.change("tags", &tags) { $0.texts($1) }
    }

    /// `{name: model}`: what its requests may call models.
    private static func readAliases(_ body: BodyFields, into settings: inout KeySettings) {
        guard body.state(of: "aliases") != .absent else { return }
        settings.modelAliases = [:]
        guard let object = body.object("aliases") else { return }
        for (name, value) in object.value.members {
            guard let model = value.string else {
                body.violate("aliases", "must hold models' names, holds \(value.kind.words).")
                continue
            }
            settings.modelAliases[name.string] = model.string
        }
    }

    /// How long it works from now on; null and -1 mean for ever.
    private static func readDuration(
        _ body: BodyFields, into settings: inout KeySettings, now: WallTime
    ) {
        switch body.state(of: "duration") {
        case .absent: break
        case .null: settings.expiresAt = nil
        case .given:
            guard let text = body.text("duration") else { return }
            if text == "-1" {
                settings.expiresAt = nil
            } else if let lifetime = Lifetime(text), lifetime.duration > .zero {
                settings.expiresAt = lifetime.end(from: now)
            } else {
                body.violate(
                    "duration",
                    "is \(FieldViolations.shown(text)); give a length above zero like "
                        + "30s, 5m, 24h, 30d or 1mo, or -1 for ever.")
            }
        }
    }

    /// What it opens: `key_type`, or its words in `allowed_routes`.
    private static func readRoutes(_ body: BodyFields, into settings: inout KeySettings) {
        if let text = body.text("key_type") {
            if let routes = KeyRoutes(rawValue: text) {
                settings.routes = routes
            } else {
                body.violate(
                    "key_type",
                    "is \(FieldViolations.shown(text)); give default, llm_api, "
                        + "management or read_only.")
            }
        }
        guard let list = body.texts("allowed_routes"), !list.isEmpty else { return }
        switch list {
        case ["llm_api_routes"]: settings.routes = .models
        case ["management_routes"]: settings.routes = .management
        case ["info_routes"]: settings.routes = .reading
        default:
            body.violate(
                "allowed_routes",
                "may be one of llm_api_routes, management_routes and "
                    + "info_routes; single routes are not offered here.")
        }
    }

    // MARK: - Answers

    /// Writes a key as LiteLLM's row of it.
    static func write(
        _ key: KeyRecord, _ figure: SpendFigure, _ administration: Administration,
        to output: inout JSONOutput
    ) {
        let settings = key.settings
        let now = administration.moment
        output.member("key_name", key.hint)
        output.member("key_alias", settings.alias)
        output.member("spend", figure.current)
        output.member("total_spend", figure.total)
        AllowanceFields.write(
            administration.effective(settings.allowance), now: now, to: &output)
        output.member("expires", settings.expiresAt)
        output.member("models", strings: settings.models)
        output.member("team_id", settings.teamID)
        output.member("user_id", settings.userID)
        output.null("organization_id")
        output.member("tags", strings: settings.tags)
        output.member("metadata", json: settings.metadata)
        output.member("blocked", settings.isBlocked)
        output.member("key_type", settings.routes.rawValue)
        output.member("allowed_routes", strings: settings.routes.words)
        output.member("aliases") { output in
            for (name, model) in settings.modelAliases.sorted(by: { $0.key < $1.key }) {
                output.member(name, model)
            }
        }
        output.member("config") { _ in }
        output.member("permissions") { _ in }
        output.member("last_active", figure.lastUsedAt)
        output.member("rotation_count", key.rotationCount)
        output.member("status", status(of: key, at: now))
        write(key.stamp, to: &output)
    }

    /// Writes who made a record and who changed it, and when.
    static func write(_ stamp: RecordStamp, to output: inout JSONOutput) {
        output.member("created_at", stamp.createdAt)
        output.member("created_by", stamp.createdBy)
        output.member("updated_at", stamp.updatedAt)
        output.member("updated_by", stamp.updatedBy)
    }

    /// Writes the row with what the key is called: the hash of its present secret.
    static func writeWhole(
        _ key: KeyRecord, _ figure: SpendFigure, _ administration: Administration,
        to output: inout JSONOutput
    ) {
        output.member("token", key.hash.hexadecimal)
        output.member("token_id", key.hash.hexadecimal)
        output.member("key_id", key.id)
        write(key, figure, administration, to: &output)
    }

    private static func status(of key: KeyRecord, at now: WallTime) -> String {
        if key.revokedAt != nil { return "deleted" }
        if key.settings.isBlocked { return "revoked" }
        return key.isExpired(at: now) ? "expired" : "active"
    }
}

extension KeyRoutes {
    /// LiteLLM's words for it.
    fileprivate var words: [String] {
        switch self {
        case .all: []
        case .models: ["llm_api_routes"]
        case .management: ["management_routes"]
        case .reading: ["info_routes"]
        }
    }
}

extension BodyFields {
    /// Sets a list if the body has the field; null empties it.
    func change(
        _ name: StaticString, _ list: inout [String],
        _ read: (BodyFields, StaticString) -> [String]?
    ) {
        switch state(of: name) {
        case .absent: break
        case .null: list = []
        case .given: if let given = read(self, name) { list = given }
        }
    }

    /// A key, by its secret or its hash.
    func keyReference(_ name: StaticString) -> KeyReference? {
        guard let text = text(name) else { return nil }
        return KeyReference.read(text) { violate(name, $0) }
    }
}

extension KeyReference {
    /// Reads a secret or a hash; says what is wrong without repeating it.
    static func read(_ text: String, _ fault: (String) -> Void) -> KeyReference? {
        if let reference = KeyReference(text) { return reference }
        fault("is neither a key (`sk-...`) nor the 64 digits of a key's hash.")
        return nil
    }
}
