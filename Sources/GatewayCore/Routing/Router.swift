/// Chooses where a request may go. Immutable.
public struct Router: Sendable {
    private let catalog: Catalog

    public init(catalog: Catalog) { self.catalog = catalog }

    /// The deployments to try for a request, in order.
    public func plan(
        _ request: ModelRequest, for principal: Principal, random: inout some RandomNumberGenerator
    ) throws(GatewayError) -> RoutePlan {
        let name = request.model
        guard principal.mayUse(model: name) else {
            throw GatewayError(
                .notAllowed, origin: .client,
                message:
                    "This API key may not use model `\(name)`. GET /v1/models lists those it may.",
                fields: [FieldViolation(field: "model", message: "not allowed for this key")])
        }
        guard let entry = catalog[name] else {
            throw GatewayError(
                .modelNotFound, origin: .client,
                message: "There is no model `\(name)` here. GET /v1/models lists the models.",
                fields: [FieldViolation(field: "model", message: "no such model")])
        }
        let able = entry.deployments.filter { $0.mode == nil || $0.mode == request.mode }
        guard !able.isEmpty else {
            throw GatewayError(
                .unsupportedParameter, origin: .client,
                message: "Model `\(name)` does not serve \(request.mode.rawValue) requests.",
                fields: [FieldViolation(field: "model", message: "serves other requests")])
        }
        return RoutePlan(deployments: shuffled(able, using: &random))
    }

    /// Simple shuffle: a random order in which each place is drawn by weight.
    private func shuffled(
        _ deployments: [Deployment], using random: inout some RandomNumberGenerator
    ) -> [Deployment] {
        if deployments.count == 1 { return deployments }
        var rest = deployments
        var order: [Deployment] = []
        order.reserveCapacity(rest.count)
        while rest.count > 1 {
            let total = rest.reduce(0) { $0 + $1.weight }
            var point = Double.random(in: 0..<1, using: &random) * total
            var chosen = total > 0 ? rest.count - 1 : Int.random(in: rest.indices, using: &random)
            for (index, deployment) in rest.enumerated() {
                point -= deployment.weight
                if point < 0 {
                    chosen = index
                    break
                }
            }
            order.append(rest.remove(at: chosen))
        }
        return order + rest
    }
}

/// The deployments to try for a request, in order.
public struct RoutePlan: Sendable {
    public let deployments: [Deployment]
}

extension ModelRequest {
    fileprivate var mode: Deployment.Mode {
        switch self {
        case .chat: .chat
        case .embeddings: .embedding
        }
    }
}
