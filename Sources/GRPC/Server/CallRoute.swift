import GatewayPrimitives
import Transport

/// Which method a request calls, and by which wire: what a look at its head tells.
public struct CallRoute {
    /// `nil` where the path is a method's, but the content type is that of no wire: GET requests,
    /// and what is refused.
    let contentType: ContentType?
    /// `nil` where a gRPC wire asks for a method that there is not.
    let entry: GRPCMethodTable.Entry?

    /// `nil` for a request that is no business of these wires: neither its content type nor its
    /// path is. Connect's unary methods share their content types with the rest of the world, and
    /// are known by their path.
    init?(_ exchange: ServerExchange, in methods: GRPCMethodTable) {
        let type = ContentType(exchange.requestHeaders.value(of: "content-type"))
        let path = exchange.path
        switch type?.wire {
        case .grpc, .grpcWeb, .grpcWebText, .connectStream:
            entry = methods.entry(at: path)
        case .connectUnary, nil:
            // Full names of services have a point, the paths of other endpoints seldom do.
            guard path.firstIndex(of: UInt8(ascii: ".")) != nil, let found = methods.entry(at: path)
            else { return nil }
            entry = found
        }
        contentType = type
    }
}
