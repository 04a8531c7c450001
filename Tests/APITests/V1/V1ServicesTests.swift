import CGatewayProto
import GatewayPrimitives
import TestSupport
import Testing

@testable import API
@testable import GRPC

/// The wires need to know what kind a method is, and protobuf-c's descriptors do not say.
@Suite("The services of the contract")
struct V1ServicesTests {
    /// What the contract says of a method.
    private struct Method {
        let kind: GRPCMethod.Kind
        let isSideEffectFree: Bool
    }

    /// The methods of all services by their path, from descriptor.proto's FileDescriptorSet.
    private static let methods: [String: Method] = {
        var methods: [String: Method] = [:]
        let set = ByteView(start: gw_descriptor_set, count: gw_descriptor_set_count)
        for file in contents(of: set, 1) {
            let package = contents(of: file, 2).first?.string ?? ""
            for service in contents(of: file, 6) {
                let name = package + "." + (contents(of: service, 1).first?.string ?? "")
                for method in contents(of: service, 2) {
                    let path = "\(name)/\(contents(of: method, 1).first?.string ?? "")"
                    let options = contents(of: method, 4).first ?? .empty
                    methods[path] = Method(
                        kind: kind(number(of: method, 5) == 1, number(of: method, 6) == 1),
                        isSideEffectFree: number(of: options, 34) == 1)
                }
            }
        }
        return methods
    }()

    private static func kind(_ streamsIn: Bool, _ streamsOut: Bool) -> GRPCMethod.Kind {
        switch (streamsIn, streamsOut) {
        case (false, false): .unary
        case (false, true): .serverStreaming
        case (true, false): .clientStreaming
        case (true, true): .bidirectional
        }
    }

    private static func contents(of message: ByteView, _ id: UInt32) -> [ByteView] {
        var reader = WireReader(message)
        var found: [ByteView] = []
        while let (other, type) = reader.tag(), let value = reader.value(type) {
            if other == id, case .content(let content) = value { found.append(content) }
        }
        return found
    }

    private static func number(of message: ByteView, _ id: UInt32) -> UInt64? {
        var reader = WireReader(message)
        while let (other, type) = reader.tag(), let value = reader.value(type) {
            if other == id, case .bits(let bits) = value { return bits }
        }
        return nil
    }

    @Test("are of the kinds that the contract says")
    func kinds() throws {
        let harness = PipelineHarness(attempts: [])
        let services =
            V1Services.make(
                pipeline: harness.pipeline, clock: harness.clock,
                admin: AdminSources(
                    administration: DirectoryHarness().administration, reports: ReadableStore()))
            + [HealthService(services: []).service]
            + (try ContractReflection().services(reflecting: []))
        for service in services {
            for method in service.methods {
                let path = "\(service.name)/\(method.name)"
                let known = try #require(Self.methods[path], "\(path) is not in the contract")
                #expect(method.kind == known.kind, "\(path)")
                // The vendored health proto does not say so, but its questions change nothing.
                if service.name.hasPrefix("llmgateway.") {
                    #expect(method.isSideEffectFree == known.isSideEffectFree, "\(path)")
                }
            }
        }
    }
}
