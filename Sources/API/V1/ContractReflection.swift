import CGatewayProto
public import GRPC
import GatewayPrimitives
import Synchronization

/// Reflection over the contract of proto/: what lets grpcurl call services by name.
///
/// One instance a process. It tells of the services that the first loop serves, as all loops do.
public final class ContractReflection: Sendable {
    private let made = Mutex<ReflectionService?>(nil)

    public init() {}

    /// The reflection services for one loop's server, which serves `services` beside them.
    public func services(
        reflecting services: [GRPCService]
    ) throws(MessageError) -> [GRPCService] {
        try made.withLock { reflection throws(MessageError) in
            if let reflection { return reflection.services }
            let fresh = try ReflectionService(
                descriptorSet: ByteView(start: gw_descriptor_set, count: gw_descriptor_set_count),
                services: services)
            reflection = fresh
            return fresh.services
        }
    }
}
