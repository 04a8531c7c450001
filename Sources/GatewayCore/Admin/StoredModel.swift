/// A deployment that was made over the API, and not by the configuration file.
public struct StoredModel: Sendable {
    public let id: String
    /// The model name that clients ask for.
    public var name: String
    /// LiteLLM's `litellm_params`: the JSON of each member. Credentials are among it, so that it is
    /// shown without those and kept encrypted.
    public var params: [String: String]
    /// LiteLLM's `model_info`, the same way.
    public var info: [String: String]
    public var stamp: RecordStamp

    public init(
        id: String, name: String, params: [String: String], info: [String: String],
        stamp: RecordStamp
    ) {
        self.id = id
        self.name = name
        self.params = params
        self.info = info
        self.stamp = stamp
    }

    /// Changes what a change names: what is `nil` or absent stays, and null removes.
    public mutating func apply(_ change: ModelChange) {
        if let name = change.name { self.name = name }
        Self.merge(change.params, into: &params)
        Self.merge(change.info, into: &info)
    }

    private static func merge(_ change: [String: String], into members: inout [String: String]) {
        for (name, json) in change { members[name] = json == "null" ? nil : json }
    }
}

/// What somebody sets of a stored model.
public struct ModelChange: Sendable {
    public var name: String?
    public var params: [String: String]
    public var info: [String: String]

    public init(name: String?, params: [String: String], info: [String: String]) {
        self.name = name
        self.params = params
        self.info = info
    }
}

/// Makes, changes and deletes deployments while the gateway serves: the port that the executable
/// fills, since what a deployment is stands in the configuration's reader. Any thread; what is
/// answered is in effect, on every loop.
public protocol ModelManagement: Sendable {
    /// - Parameter id: `nil` for one of the gateway's choice.
    func create(
        _ change: ModelChange, id: String?, by caller: Caller
    ) async throws(GatewayError) -> StoredModel

    func update(
        _ id: String, _ change: ModelChange, by caller: Caller
    ) async throws(GatewayError) -> StoredModel

    func delete(_ id: String, by caller: Caller) async throws(GatewayError)
}
