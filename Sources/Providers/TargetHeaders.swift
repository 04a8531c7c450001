import GatewayCore
import GatewayPrimitives
import Transport

/// The header fields of every request to one deployment: what all upstreams are sent, the vendor's
/// own, such as the credential, and the configuration's extra ones.
struct TargetHeaders: ~Copyable {
    private let fields: HeaderList

    init(_ vendorFields: [(name: StaticString, value: HeldBytes)], of deployment: Deployment) {
        var fields = HeaderList()
        fields.append("content-type", "application/json")
        fields.append("accept", "application/json, text/event-stream")
        fields.append("user-agent", "llm-gateway")
        for field in vendorFields { fields.append(field.name, field.value.view) }
        for field in deployment.extraHeaders {
            fields.append(name: field.name.lowercased(), text: field.value)
        }
        self.fields = fields
    }

    /// Those of a vendor that takes its key as a bearer's token.
    static func bearing(_ deployment: Deployment) -> TargetHeaders {
        guard let key = deployment.apiKey else { return TargetHeaders([], of: deployment) }
        return TargetHeaders(
            [("authorization", HeldBytes("Bearer " + key.reveal()))], of: deployment)
    }

    func make() -> HeaderList { HeaderList(copying: fields) }
}
