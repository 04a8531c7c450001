import CGatewayProto
public import GRPC
import GatewayPrimitives

/// Reflection over the contract of proto/: what lets grpcurl call services by name.
public enum ContractReflection {
    /// - Parameter services: the full names of those that are served, besides health and reflection.
    public static func make(services: [String]) throws(MessageError) -> ReflectionService {
        try ReflectionService(
            descriptorSet: ByteView(start: gw_descriptor_set, count: gw_descriptor_set_count),
            services: services)
    }
}
