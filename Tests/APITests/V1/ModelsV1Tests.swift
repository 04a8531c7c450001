import CGatewayProto
import GRPC
import TestSupport
import Testing
import Transport

@testable import API

/// ModelService through the whole gateway but its sockets.
@Suite(.timeLimit(.minutes(1)))
struct ModelsV1Tests {
    private static let list = "/llmgateway.v1.ModelService/ListModels"
    private static let get = "/llmgateway.v1.ModelService/GetModel"

    private func page(
        _ harness: APIHarness, size: Int32 = 0, token: String = "",
        key: String = APIHarness.masterKey
    ) async throws -> (names: [String], next: String) {
        let request = APIHarness.packed(V1Types.listModelsRequest) { arena, message in
            message.page_size = size
            message.page_token = arena.text(token)
        }
        let response = await harness.rpc(Self.list, message: request, key: key)
        #expect(response.grpcStatus == 0)
        let message = try #require(try response.message(V1Types.listModelsResponse))
        let names = (0..<message.n_models).map { index in
            message.models[index].map { String(cString: $0.pointee.name) } ?? "missing"
        }
        return (names, String(cString: message.next_page_token))
    }

    private static func name(_ name: String) -> [UInt8] {
        APIHarness.packed(V1Types.getModelRequest) { arena, message in
            message.name = arena.text(name)
        }
    }

    @Test func modelsAreListedInPages() async throws {
        let harness = try APIHarness()
        let all = try await page(harness)
        #expect(
            all.names
                == ["a/b c", "demo", "drip", "slow", "steps", "talk", "vectors"].map {
                    "models/" + $0
                })
        #expect(all.next == "")
        var names: [String] = []
        var token = ""
        repeat {
            let next = try await page(harness, size: 3, token: token)
            #expect(next.names.count <= 3)
            names += next.names
            token = next.next
        } while !token.isEmpty
        #expect(names == all.names)
    }

    /// A key sees the models it may use, and nothing of others.
    @Test func aKeySeesItsModelsOnly() async throws {
        let harness = try APIHarness()
        let names = try await page(harness, key: APIHarness.narrowKey).names
        #expect(names == ["models/demo", "models/steps"])
        let response = await harness.rpc(
            Self.get, message: Self.name("models/slow"), key: APIHarness.narrowKey)
        #expect(response.grpcStatus == 5)
    }

    @Test func oneModelTellsWhatItServes() async throws {
        let harness = try APIHarness()
        for (name, capabilities) in [
            ("demo", [1, 2]), ("talk", [1]), ("vectors", [2]),
        ] as [(String, [UInt32])] {
            let response = await harness.rpc(Self.get, message: Self.name("models/" + name))
            #expect(response.grpcStatus == 0)
            let model = try #require(try response.message(V1Types.getModelResponse)).model.pointee
            #expect(String(cString: model.display_name) == name)
            #expect(
                (0..<model.n_capabilities).map { model.capabilities[$0] }
                    == [
                        LLMGATEWAY__V1__MODEL_CAPABILITY__MODEL_CAPABILITY_CHAT,
                        LLMGATEWAY__V1__MODEL_CAPABILITY__MODEL_CAPABILITY_EMBEDDINGS,
                    ].filter { capability in
                        capabilities.contains(
                            capability == LLMGATEWAY__V1__MODEL_CAPABILITY__MODEL_CAPABILITY_CHAT
                                ? 1 : 2)
                    })
        }
    }

    @Test func badRequestsAreToldByField() async throws {
        let harness = try APIHarness()
        var response = await harness.rpc(Self.get, message: Self.name("demo"))
        #expect(response.grpcStatus == 3)
        #expect(try response.failure()?.fields == ["name"])
        response = await harness.rpc(Self.get, message: Self.name("models/nope"))
        #expect(response.grpcStatus == 5)
        #expect(try response.failure()?.reason == "MODEL_NOT_FOUND")
        let negative = APIHarness.packed(V1Types.listModelsRequest) { _, message in
            message.page_size = -1
        }
        response = await harness.rpc(Self.list, message: negative)
        #expect(response.grpcStatus == 3)
        response = await harness.rpc(Self.list, message: [], key: nil)
        #expect(response.grpcStatus == 16)
    }
}
