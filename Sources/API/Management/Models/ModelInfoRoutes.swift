public import GatewayCore
import GatewayPrimitives
import Transport

/// What is configured of models and their deployments, as far as the caller's key may use them. No
/// credential is ever among it.
struct ModelInfoRoutes {
    /// The models that a caller may use.
    let models: (Principal) -> [ModelEntry]

    var routes: [ManagementRoute] {
        [
            ManagementRoute(.get, "/model/info", .anyKey, errors: .detail, deployments),
            ManagementRoute(.get, "/v1/model/info", .anyKey, errors: .detail, deployments),
            ManagementRoute(.get, "/model_group/info", .anyKey, errors: .detail, groups),
        ]
    }

    func deployments(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let id = request.query.text("litellm_model_id")
        try request.query.finish()
        let found = models(request.principal).flatMap(\.deployments)
            .filter { id == nil || $0.id == id }
        if let id, found.isEmpty {
            throw GatewayError(
                .notFound, origin: .client,
                message: "There is no deployment \(FieldViolations.shown(id)) for this key; "
                    + "GET /model/info lists them.")
        }
        let showsAddresses = request.principal.role.seesAll
        return ManagementReply { output in
            output.member("data", array: found) { output, deployment in
                output.append(deployment, showsAddress: showsAddresses)
            }
        }
    }

    func groups(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let name = request.query.text("model_group")
        try request.query.finish()
        let found = models(request.principal).filter { name == nil || $0.name == name }
        return ManagementReply { output in
            output.member("data", array: found) { $0.append(group: $1) }
        }
    }
}

extension ManagementGroup {
    /// The routes that tell of models.
    public static func modelInfo(
        models: @escaping (Principal) -> [ModelEntry]
    ) -> ManagementGroup {
        ManagementGroup(routes: ModelInfoRoutes(models: models).routes)
    }
}

extension JSONOutput {
    /// A deployment in the form of LiteLLM's `/model/info`.
    fileprivate mutating func append(_ deployment: Deployment, showsAddress: Bool) {
        object { output in
            output.member("model_name", deployment.model)
            output.member("litellm_params") { output in
                output.member("model", deployment.qualifiedModel)
                if showsAddress { output.member("api_base", deployment.apiBase.nonEmpty) }
                output.member("rpm", deployment.limits.requestsPerMinute)
                output.member("tpm", deployment.limits.tokensPerMinute)
                output.member("max_parallel_requests", deployment.limits.requestsAtOnce)
                output.member("weight", deployment.weight)
                output.append(rates: deployment.price?.rates)
            }
            output.member("model_info") { output in
                output.member("id", deployment.id)
                output.member("db_model", deployment.isStored)
                output.member("key", deployment.upstreamModel)
                output.member("mode", deployment.mode?.rawValue)
                output.member("litellm_provider", deployment.provider.rawValue)
                output.member("max_tokens", deployment.price?.outputTokensMax)
                output.member("max_input_tokens", deployment.price?.inputTokensMax)
                output.member("max_output_tokens", deployment.price?.outputTokensMax)
                output.append(rates: deployment.price?.rates)
            }
        }
    }

    /// A model in the form of LiteLLM's `/model_group/info`: of its deployments the least of what
    /// bounds a request, the most of what it may cost, and all that they serve together.
    fileprivate mutating func append(group entry: ModelEntry) {
        let prices = entry.deployments.compactMap(\.price)
        object { output in
            output.member("model_group", entry.name)
            output.member(
                "providers", strings: Set(entry.deployments.map(\.provider.rawValue)).sorted())
            output.member("max_input_tokens", prices.compactMap(\.inputTokensMax).min())
            output.member("max_output_tokens", prices.compactMap(\.outputTokensMax).min())
            output.member(
                "input_cost_per_token",
                json: prices.map(\.rates.input).max()?.dollarsPerToken ?? "null")
            output.member(
                "output_cost_per_token",
                json: prices.map(\.rates.output).max()?.dollarsPerToken ?? "null")
            output.member("mode", entry.deployments.lazy.compactMap(\.mode).first?.rawValue)
            output.member("rpm", Self.sum(entry.deployments.map(\.limits.requestsPerMinute)))
            output.member("tpm", Self.sum(entry.deployments.map(\.limits.tokensPerMinute)))
            output.member("deployments", entry.deployments.count)
        }
    }

    private mutating func append(rates: Price.Rates?) {
        member("input_cost_per_token", json: rates?.input.dollarsPerToken ?? "null")
        member("output_cost_per_token", json: rates?.output.dollarsPerToken ?? "null")
        guard let rates else { return }
        if let cached = rates.cachedInput {
            member("cache_read_input_token_cost", json: cached.dollarsPerToken)
        }
        if let written = rates.cacheWrite {
            member("cache_creation_input_token_cost", json: written.dollarsPerToken)
        }
        if let written = rates.cacheWriteHour {
            member("cache_creation_input_token_cost_above_1hr", json: written.dollarsPerToken)
        }
    }

    /// `nil` where one of them is without bound.
    private static func sum(_ limits: [Int?]) -> Int? {
        limits.reduce(0) { sum, limit in sum.flatMap { sum in limit.map { sum + $0 } } }
    }
}

extension Deployment {
    /// The upstream's model with its vendor, as the configuration writes it.
    var qualifiedModel: String {
        "\(vendor.isEmpty ? provider.rawValue : vendor)/\(upstreamModel)"
    }
}

extension TokenPrice {
    /// Dollars a token, exactly: `0.00000015`.
    fileprivate var dollarsPerToken: String {
        let magnitude = String(femtoUSD)
        let padded = String(repeating: "0", count: max(0, 16 - magnitude.count)) + magnitude
        var fraction = padded.suffix(15)
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? String(padded.dropLast(15)) : padded.dropLast(15) + "." + fraction
    }
}
