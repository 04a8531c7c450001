import GatewayCore
import GatewayPrimitives
import JSON
import Transport

/// One request to a management route. Belongs to the loop of its exchange.
final class ManagementRequest {
    /// Who asks; its role satisfies the route's rule.
    let principal: Principal
    /// Parts of the path, by the names in the route's pattern.
    let parameters: [String: String]
    /// The moment it came in.
    let now: WallTime
    /// What is behind the path's question mark.
    let query: QueryFields
    private let exchange: ServerExchange
    private let bodyBytesMax: Int
    private let id: CallID
    /// What its client calls it, with the body that it stands for; known once the body is read.
    private var identity: RequestIdentity?

    init(
        _ exchange: ServerExchange, principal: Principal, parameters: [String: String],
        now: WallTime, bodyBytesMax: Int, id: CallID
    ) {
        self.id = id
        self.exchange = exchange
        self.principal = principal
        self.parameters = parameters
        self.now = now
        self.bodyBytesMax = bodyBytesMax
        query = QueryFields(target: exchange.target)
    }

    /// A part of the path. The route's pattern must name it.
    func parameter(_ name: String) -> String {
        guard let value = parameters[name] else {
            preconditionFailure("the route has no parameter `\(name)`")
        }
        return value
    }

    /// The fields of the JSON body, which must be an object; no body has no fields. The values stay
    /// valid for as long as the result is kept.
    func readBody() async throws(GatewayError) -> BodyFields {
        let bytes = try await exchange.readJSONBody(bytesMax: bodyBytesMax)
        if let name = exchange.requestHeaders.value(of: "idempotency-key"), !name.isEmpty {
            identity = try RequestIdentity(id: name.string, of: bytes, field: "Idempotency-Key")
        }
        return try BodyFields(parsing: bytes)
    }

    /// Who asks for something to be made: the same request is not made twice, where its client
    /// gives it a name by the field `idempotency-key`. After ``readBody()``.
    func caller(creating kind: AuditEntry.Object) -> Caller {
        var caller = caller
        caller.creation = identity.map {
            CreateRequest(identity: $0, callID: id, makes: kind)
        }
        return caller
    }

    /// Who an admin says the change is made for (LiteLLM's `litellm-changed-by`), for the audit.
    var changedBy: String? {
        guard let value = exchange.requestHeaders.value(of: "litellm-changed-by"), !value.isEmpty
        else { return nil }
        return value[0..<min(value.count, ManagementLimits.textBytesMax)].string
    }
}
