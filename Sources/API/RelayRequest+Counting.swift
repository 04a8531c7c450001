import GatewayCore
import GatewayPrimitives
import Transport

extension RelayRequest {
    /// A request whose tokens are to be counted.
    init(
        counting request: ChatRequest, _ exchange: ServerExchange
    ) throws(GatewayError) {
        guard case .raw(let raw) = request.body else {
            throw GatewayError(
                .internalFault, origin: .gateway, message: "The request has lost its own words.")
        }
        self.init(
            operation: .tokenCount, model: request.model, textBytes: request.textBytes, raw: raw)
        inputCount = max(1, request.extent.messages)
        extent = request.extent
        endUser = request.endUser
        tags = request.tags
        routing = request.routing
        try RoutingHeaders.complete(&routing, &tags, &endUser, exchange)
    }
}
