import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives
import Transport

/// ModelService: the models that the caller's key may use.
struct ModelsV1 {
    let pipeline: Pipeline
    let clock: any Clock
    let call: GRPCCall

    static let pageDefault = 100
    static let pageMax = 1_000
    private static let prefix = "models/"

    /// A page of models, by name. The token of a page is the name its predecessor ended with.
    func list(_ bytes: ByteView) throws(GRPCStatusError) {
        let models = try models()
        let arena = MessageArena()
        let request = try unpack(bytes, V1Types.listModelsRequest, arena).pointee
        guard request.page_size >= 0 else {
            throw failed(.invalidRequest, "page_size must not be negative.", field: "page_size")
        }
        let size = request.page_size == 0 ? Self.pageDefault : Int(request.page_size)
        let token = request.page_token.text
        let rest = models.filter { token.isEmpty || $0.name > token }
        let page = rest.prefix(min(size, Self.pageMax))
        let items = page.map { model -> UnsafeMutablePointer<Llmgateway__V1__Model>? in
            message(of: model, arena)
        }
        let response = arena.make(V1Types.listModelsResponse)
        response.pointee.n_models = items.count
        response.pointee.models = arena.array(items)
        if page.count < rest.count, let last = page.last {
            response.pointee.next_page_token = arena.text(last.name)
        }
        call.writeMessage { $0.append(packing: UnsafePointer(response)) }
    }

    func get(_ bytes: ByteView) throws(GRPCStatusError) {
        let models = try models()
        let arena = MessageArena()
        let name = try unpack(bytes, V1Types.getModelRequest, arena).pointee.name.text
        guard name.hasPrefix(Self.prefix) else {
            throw failed(.invalidRequest, "name must be models/NAME, is `\(name)`.", field: "name")
        }
        guard let model = models.first(where: { Self.prefix + $0.name == name }) else {
            throw failed(
                .modelNotFound, "There is no model `\(name)` for this key. ListModels lists them.",
                field: "name")
        }
        let response = arena.make(V1Types.getModelResponse)
        response.pointee.model = message(of: model, arena)
        call.writeMessage { $0.append(packing: UnsafePointer(response)) }
    }

    private func models() throws(GRPCStatusError) -> [ModelEntry] {
        do throws(GatewayError) {
            let credential = Credentials.read(call.exchange)
            return pipeline.models(for: try pipeline.authenticate(credential))
        } catch {
            throw failed(error)
        }
    }

    private func unpack<Message>(
        _ bytes: ByteView, _ type: MessageType<Message>, _ arena: MessageArena
    ) throws(GRPCStatusError) -> UnsafePointer<Message> {
        do throws(MessageError) {
            return try arena.unpack(bytes, as: type)
        } catch {
            throw GRPCStatusError(error)
        }
    }

    private func message(
        of model: ModelEntry, _ arena: MessageArena
    ) -> UnsafeMutablePointer<Llmgateway__V1__Model> {
        let message = arena.make(V1Types.model)
        message.pointee.name = arena.text(Self.prefix + model.name)
        message.pointee.display_name = arena.text(model.name)
        let modes = Set(model.deployments.map(\.mode))
        var capabilities: [Llmgateway__V1__ModelCapability] = []
        if modes.contains(nil) || modes.contains(.chat) {
            capabilities.append(LLMGATEWAY__V1__MODEL_CAPABILITY__MODEL_CAPABILITY_CHAT)
        }
        // Anthropic has no embeddings.
        let embeds = model.deployments.contains { $0.mode == nil && $0.provider != .anthropic }
        if embeds || modes.contains(.embedding) {
            capabilities.append(LLMGATEWAY__V1__MODEL_CAPABILITY__MODEL_CAPABILITY_EMBEDDINGS)
        }
        message.pointee.n_capabilities = capabilities.count
        message.pointee.capabilities = arena.array(capabilities)
        return message
    }

    private func failed(
        _ reason: GatewayError.Reason, _ message: String, field: String
    ) -> GRPCStatusError {
        failed(
            GatewayError(
                reason, origin: .client, message: message,
                fields: [FieldViolation(field: field, message: message)]))
    }

    private func failed(_ error: GatewayError) -> GRPCStatusError {
        var random = SystemRandomNumberGenerator()
        let now = clock.wallNow()
        let record = CallRecord(
            id: CallID(at: now, using: &random), endpoint: "grpc.models",
            receivedAt: call.exchange.receivedAt, receivedAtWall: now)
        return GRPCStatusError(V1ErrorWriter.status(of: error, record: record))
    }
}
