import CGatewayProto
import GatewayPrimitives
import Testing
import Transport

@testable import GRPC

@Suite("Server reflection", .timeLimit(.minutes(1)))
struct ReflectionServiceTests {
    /// What one response says.
    enum Answer: Equatable {
        case files([String])
        case services([String])
        case numbers(String, Int)
        case error(Int32)
        case unreadable
    }

    private let harness: GRPCHarness

    init() throws {
        let set = ByteView(start: gw_descriptor_set, count: gw_descriptor_set_count)
        let reflection = try ReflectionService(
            descriptorSet: set,
            services: [
                Self.service("grpc.health.v1.Health", ["Check", "Watch"]),
                Self.service("llmgateway.v1.ChatService", ["StreamChatCompletion"]),
            ])
        harness = GRPCHarness(reflection.services)
    }

    private static func service(_ name: String, _ methods: [String]) -> GRPCService {
        GRPCService(name: name, methods: methods.map { .bidirectional($0) { _ in } })
    }

    /// A contract may be ahead of the server: what is not served is not in any descriptor.
    @Test("leaves out services and methods that are not served")
    func notServed() async throws {
        for symbol in [
            "llmgateway.v1.ChatService.EstimateChatCompletion", "llmgateway.v1.AdminService",
            "llmgateway.v1.ChatService.GenerateChatCompletion", "llmgateway.v1.ModelService",
        ] {
            #expect(await ask(4, symbol) == .error(5), "\(symbol)")
        }
        let served = "llmgateway.v1.ChatService.StreamChatCompletion"
        guard case .files(let files) = await ask(4, served) else {
            Issue.record("no files")
            return
        }
        #expect(files.first == "llmgateway/v1/chat_service.proto")
        // What details of a status name is told of, though no method has it.
        for message in ["llmgateway.v1.ErrorContext", "google.rpc.BadRequest"] {
            guard case .files = await ask(4, message) else {
                Issue.record("\(message) is not told of")
                return
            }
        }
    }

    @Test("keeps every byte of a file whose services are all served")
    func unchanged() throws {
        let set = ByteView(start: gw_descriptor_set, count: gw_descriptor_set_count)
        let whole = try DescriptorIndex(set)
        let served = ServedMethods([
            Self.service("grpc.health.v1.Health", ["Check", "List", "Watch"])
        ])
        let pruned = try DescriptorIndex(set, served: served)
        for name in ["grpc/health/v1/health.proto", "llmgateway/v1/chat.proto"] {
            let before = try #require(whole.file(named: name))
            let after = try #require(pruned.file(named: name))
            #expect(whole.files[before].bytes == pruned.files[after].bytes)
        }
        let chat = try #require(pruned.file(named: "llmgateway/v1/chat_service.proto"))
        let text = String(decoding: pruned.files[chat].bytes, as: UTF8.self)
        #expect(!text.contains("ChatService"))
        #expect(text.contains("StreamChatCompletionRequest"))
    }

    /// Asks the questions of one call, by the number and content of their fields.
    private func ask(
        _ questions: [(id: UInt8, content: [UInt8])], version: String = "v1"
    ) async -> [Answer] {
        let body = questions.flatMap { frame(.field($0.id, $0.content)) }
        let response = await harness.call(
            "/grpc.reflection.\(version).ServerReflection/ServerReflectionInfo", body)
        #expect(response.grpcStatus == .ok)
        return (messages(in: response.body) ?? []).map(Self.read)
    }

    private func ask(_ id: UInt8, _ text: String) async -> Answer? {
        await ask([(id, Array(text.utf8))]).first
    }

    /// As protobuf-c reads it.
    private static func read(_ bytes: [UInt8]) -> Answer {
        guard
            let response = grpc__reflection__v1__server_reflection_response__unpack(
                nil, bytes.count, bytes)
        else { return .unreadable }
        defer { grpc__reflection__v1__server_reflection_response__free_unpacked(response, nil) }
        #expect(response.pointee.original_request != nil)
        switch response.pointee.message_response_case.rawValue {
        case 4:
            let files = response.pointee.file_descriptor_response.pointee
            return .files(
                (0..<files.n_file_descriptor_proto).map { index in
                    let file = files.file_descriptor_proto[index]
                    return name(of: Array(UnsafeBufferPointer(start: file.data, count: file.len)))
                })
        case 5:
            let numbers = response.pointee.all_extension_numbers_response.pointee
            return .numbers(String(cString: numbers.base_type_name), numbers.n_extension_number)
        case 6:
            let list = response.pointee.list_services_response.pointee
            return .services(
                (0..<list.n_service).map { String(cString: list.service[$0]!.pointee.name) })
        case 7: return .error(response.pointee.error_response.pointee.error_code)
        default: return .unreadable
        }
    }

    /// The name of a packed file descriptor: its first field.
    private static func name(of file: [UInt8]) -> String {
        guard file.count > 2, file[0] == 0x0A else { return "?" }
        return String(decoding: file[2..<min(file.count, 2 + Int(file[1]))], as: UTF8.self)
    }

    @Test("lists what is served, and itself")
    func lists() async {
        let expected = Answer.services([
            "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
            "grpc.reflection.v1alpha.ServerReflection", "llmgateway.v1.ChatService",
        ])
        for version in ["v1", "v1alpha"] {
            #expect(await ask([(7, [])], version: version) == [expected])
        }
    }

    @Test(
        "finds the file of every kind of symbol",
        arguments: [
            "grpc.health.v1.Health", "grpc.health.v1.Health.Check",
            "grpc.health.v1.HealthCheckRequest", "grpc.health.v1.HealthCheckRequest.service",
            "grpc.health.v1.HealthCheckResponse.ServingStatus",
            "grpc.health.v1.HealthCheckResponse.SERVING",
        ])
    func symbols(_ symbol: String) async {
        #expect(await ask(4, symbol) == .files(["grpc/health/v1/health.proto"]))
        #expect(
            await ask(3, "grpc/health/v1/health.proto") == .files(["grpc/health/v1/health.proto"]))
    }

    @Test("sends a file with all it imports, and not again within the call")
    func dependencies() async throws {
        let question = (id: UInt8(4), content: Array("google.rpc.Status".utf8))
        let status = "google/rpc/status.proto"
        #expect(
            await ask([question, question])
                == [.files([status, "google/protobuf/any.proto"]), .files([status])])
        guard case .files(let files) = await ask(4, "llmgateway.v1.ChatService") else {
            Issue.record("no files")
            return
        }
        #expect(files.first == "llmgateway/v1/chat_service.proto")
        #expect(Set(files).count == files.count)
        #expect(files.contains("llmgateway/v1/message.proto"))
    }

    @Test("answers what it does not know by an error within the call")
    func errors() async {
        let unknown: [(id: UInt8, content: [UInt8])] = [
            (3, Array("no.proto".utf8)), (4, Array("no.Symbol".utf8)), (4, []),
            (4, Array(".grpc.health.v1.Health".utf8)), (6, Array("no.Message".utf8)),
            (5, .field(1, Array("google.rpc.Status".utf8)) + [0x10, 1]),
        ]
        #expect(
            await ask(unknown + [(7, [])]).dropLast()
                == Array(repeating: .error(5), count: unknown.count)[...])
        #expect(await ask([(1, Array("host".utf8))]) == [.error(3)])
        #expect(await ask(6, "google.rpc.Status") == .numbers("google.rpc.Status", 0))
    }

    @Test("ends a call whose question cannot be read")
    func malformed() async {
        for message: [UInt8] in [[0xFF], [0x22, 9, 0x61], [0x22, 1, 0xFF]] {
            let response = await harness.call(
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", frame(message))
            #expect(response.grpcStatus == .invalidArgument)
        }
    }

    @Test("refuses a descriptor set that is cut off, wherever it is not between two files")
    func truncatedSet() throws {
        let whole = ByteView(start: gw_descriptor_set, count: gw_descriptor_set_count)
        var wholeFiles = 0
        for count in stride(from: 0, to: 4000, by: 1) {
            do {
                let index = try DescriptorIndex(whole[0..<count])
                #expect(index.files.count >= wholeFiles)
                wholeFiles = index.files.count
            } catch {
                #expect(!error.problem.isEmpty)
            }
        }
        #expect(wholeFiles >= 1)
        #expect(throws: MessageError.self) { try DescriptorIndex(ByteView("no descriptor")) }
    }
}
