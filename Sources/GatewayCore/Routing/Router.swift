public import GatewayPrimitives

/// Plans where a request may go. Immutable.
public struct Router: Sendable {
    private let catalog: Catalog

    public init(catalog: Catalog) { self.catalog = catalog }

    /// The plan of a request, with the choice for its first attempt made.
    public func plan(
        _ request: ModelRequest, for principal: Principal, at now: MonotonicTime,
        random: inout FastRandom
    ) throws(GatewayError) -> RoutePlan {
        let list = catalog.current
        // What the key calls a model, then what everybody does.
        let name = principal.modelAliases[request.model] ?? request.model
        let model = list.rules.aliases[name]?.model ?? name
        guard principal.opensModels else { throw .closedToModels(principal) }
        let entry = list[model]
        // Looked up before the right to it for its groups alone: the refusal is the same.
        guard principal.mayUse(entry, named: model, as: name) else {
            throw GatewayError(
                .notAllowed, origin: .client,
                message:
                    "This API key may not use model `\(name)`. GET /v1/models lists those it may.",
                fields: [FieldViolation(field: "model", message: "not allowed for this key")])
        }
        guard let entry else {
            throw GatewayError(
                .modelNotFound, origin: .client,
                message: "There is no model `\(name)` here. GET /v1/models lists the models.",
                fields: [FieldViolation(field: "model", message: "no such model")])
        }
        let needs = RequestNeeds(request, principal, list)
        let plan = RoutePlan(
            entry, of: list, needs: needs, options: request.routing, for: principal)
        try plan.open(needs, at: now, using: &random)
        return plan
    }
}

extension Principal {
    /// Whether it may use a model, by its name, by the alias it is asked for, or by a group.
    func mayUse(_ entry: ModelEntry?, named model: String, as alias: String) -> Bool {
        let groups = entry?.accessGroups ?? []
        return mayUse(model: alias, groups: groups)
            || alias != model && mayUse(model: model, groups: groups)
    }

    func mayUse(_ entry: ModelEntry, as alias: String) -> Bool {
        mayUse(entry, named: entry.name, as: alias)
    }
}

extension RoutePlan {
    /// Chooses for the first attempt. Where no deployment of the model can serve such a request,
    /// one of a stand-in does, or the request fails for that reason.
    fileprivate func open(
        _ needs: RequestNeeds, at now: MonotonicTime, using random: inout FastRandom
    ) throws(GatewayError) {
        if let error = hindrance(for: needs) {
            refused(error)
            repeat {
                guard enterFallback() else { throw error }
            } while unfitness(for: needs) != nil
        }
        begin(at: now, using: &random)
    }

    /// Why no deployment of the model that is asked for can serve such a request.
    private func hindrance(for needs: RequestNeeds) -> GatewayError? {
        if !entry.unable.isEmpty { return .unable(entry, as: modelAsked) }
        return unfitness(for: needs)?.error(model: entry.name, mode: needs.mode)
    }

    private func unfitness(for needs: RequestNeeds) -> Unfitness? {
        var last: Unfitness?
        for deployment in entry.deployments {
            let unfitness = needs.unfitness(
                of: deployment, isDefaultTagged: entry.isDefaultTagged)
            guard let unfitness else { return nil }
            last = unfitness
        }
        return last
    }
}

extension RequestNeeds {
    init(_ request: ModelRequest, _ principal: Principal, _ list: ModelList) {
        self.init(
            mode: request.mode, otherMode: request.otherMode, isStream: request.isStream,
            inputTokens: list.rules.checksContext ? Int(clamping: request.inputTokens.likely) : 0)
        if case .chat(let chat) = request {
            usesTools = chat.extent.usesTools
            usesMedia = chat.extent.media > 0
        }
        checksContext = list.rules.checksContext
        requiredTags = request.routing?.requiredTags ?? []
        if list.rules.tags.isOn {
            choosesByTag = true
            matchesAnyTag = list.rules.tags.matchesAny
            tags = request.tags
            for tag in principal.tags where !tags.contains(tag) { tags.append(tag) }
        }
        guard list.rules.affinity != .none else { return }
        if let session = request.routing?.session {
            affinity = AffinityHash.hash(session.utf8)
        } else if list.rules.affinity == .prefix {
            affinity = request.prefixHash(bytesMax: list.rules.prefixBytes)
        }
    }
}

extension ModelRequest {
    fileprivate var mode: Deployment.Mode {
        switch self {
        case .chat: .chat
        case .embeddings: .embedding
        case .relay(let request):
            switch request.operation {
            case .moderation: .moderation
            case .rerank: .rerank
            case .tokenCount: .chat
            }
        }
    }

    /// What a deployment may be for as well: a prompt's completion is asked for as such, or as a
    /// chat.
    fileprivate var otherMode: Deployment.Mode? {
        guard case .chat(let request) = self, case .raw(let raw) = request.body,
            raw.dialect == .openAICompletions
        else { return nil }
        return .completion
    }

    /// What the request says about its routing.
    var routing: RequestRouting? {
        switch self {
        case .chat(let request): request.routing
        case .embeddings(let request): request.routing
        case .relay(let request): request.routing
        }
    }

    /// The hash of a prompt's beginning; `nil` where it is too short to be worth a cache, and would
    /// change with the next turn of its conversation.
    fileprivate func prefixHash(bytesMax: Int) -> UInt64? {
        guard case .chat(let request) = self, request.textBytes >= bytesMax else { return nil }
        switch request.body {
        case .raw(let raw):
            guard let prompt = raw.prompt else { return nil }
            return AffinityHash.hash(raw.json[prompt].prefix(bytesMax))
        case .typed(let content):
            return content.messages.isEmpty ? nil : content.prefixHash(bytesMax: bytesMax)
        }
    }
}

extension ChatContent {
    /// The hash of the first texts.
    fileprivate func prefixHash(bytesMax: Int) -> UInt64 {
        var hash: UInt64 = 0
        var left = bytesMax
        for message in messages {
            for part in message.parts {
                guard case .text(let text) = part, left > 0 else { continue }
                let bytes = text.utf8.prefix(left)
                left -= bytes.count
                hash = AffinityHash.mix(hash, AffinityHash.hash(bytes))
            }
        }
        return hash
    }
}
