import GatewayPrimitives
import Testing

@testable import GRPC

@Suite("The table of methods")
struct GRPCMethodTableTests {
    @Test("finds each of many methods by its whole path, and nothing else")
    func finds() {
        let services = (0..<20).map { number in
            GRPCService(
                name: "test.v\(number).S",
                methods: (0..<15).map { .bidirectional("M\($0)") { _ in } })
        }
        let table = GRPCMethodTable(services)
        for service in services {
            for method in service.methods {
                let path = "/\(service.name)/\(method.name)"
                #expect(lend(path) { table.entry(at: $0)?.method.name } == method.name)
                for other in [String(path.dropLast()) + "x", path + "0x", String(path.dropFirst())]
                {
                    #expect(lend(other) { table.entry(at: $0) == nil })
                }
            }
        }
        #expect(table.entry(at: .empty) == nil)
    }

    @Test("may be empty")
    func empty() {
        #expect(lend("/a/b") { GRPCMethodTable([]).entry(at: $0) == nil })
    }
}
