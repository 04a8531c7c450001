import CGatewayProto
public import GRPC
public import GatewayCore
import GatewayPrimitives

/// The services of the contract, for one loop's server.
public enum V1Services {
    /// Their full names, for reflection and health.
    public static let names = [
        "llmgateway.v1.ChatService", "llmgateway.v1.EmbeddingService", "llmgateway.v1.ModelService",
        AdminService.name,
    ]

    /// The deadline of calls to models is the pipeline's to keep, and so is the order of reading:
    /// the handlers read by themselves, whatever the kind, so that a key is checked before a
    /// message is read.
    public static func make(
        pipeline: Pipeline, clock: any Clock, admin: AdminSources
    ) -> [GRPCService] {
        [
            GRPCService(
                name: names[0],
                methods: [
                    GRPCMethod("GenerateChatCompletion", .unary, deadline: .handler) { call in
                        await pipeline.run(ChatWholeDoor(call))
                    },
                    GRPCMethod("StreamChatCompletion", .serverStreaming, deadline: .handler) {
                        call in
                        await pipeline.run(ChatStreamDoor(call))
                    },
                    GRPCMethod("EstimateChatCompletion", .unary) { call in
                        await EstimateDoor(call).serve(pipeline, clock: clock)
                    },
                ]),
            GRPCService(
                name: names[1],
                methods: [
                    GRPCMethod("GenerateEmbeddings", .unary, deadline: .handler) { call in
                        await pipeline.run(EmbeddingsV1Door(call))
                    }
                ]),
            GRPCService(
                name: names[2],
                methods: [
                    .unary("ListModels", isSideEffectFree: true) {
                        call, request throws(GRPCStatusError) in
                        try ModelsV1(pipeline: pipeline, clock: clock, call: call).list(request)
                    },
                    .unary("GetModel", isSideEffectFree: true) {
                        call, request throws(GRPCStatusError) in
                        try ModelsV1(pipeline: pipeline, clock: clock, call: call).get(request)
                    },
                ]),
            AdminService.make(admin, pipeline: pipeline, clock: clock),
        ]
    }
}
