import GatewayCore
import GatewayPrimitives
import Transport

/// The header fields of every request to one deployment: what all upstreams are sent, the vendor's
/// own, such as the credential, and the configuration's extra ones.
struct TargetHeaders {
    private let vendorFields: [(name: StaticString, value: HeldBytes)]
    private let extraFields: [(name: HeldBytes, value: HeldBytes)]

    init(_ vendorFields: [(name: StaticString, value: HeldBytes)], of deployment: Deployment) {
        self.vendorFields = vendorFields
        extraFields = deployment.extraHeaders.map {
            (HeldBytes($0.name.lowercased()), HeldBytes($0.value))
        }
    }

    func make() -> HeaderList {
        var headers = HeaderList()
        headers.append("content-type", "application/json")
        headers.append("accept", "application/json, text/event-stream")
        headers.append("user-agent", "llm-gateway")
        for field in vendorFields { headers.append(field.name, field.value.view) }
        for field in extraFields {
            headers.append(name: field.name.view, value: field.value.view)
        }
        return headers
    }
}
