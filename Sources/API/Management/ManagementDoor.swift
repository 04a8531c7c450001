import GatewayCore
import GatewayPrimitives
import Transport

/// Takes requests of the management to their routes: who asks is known and may, or is told why not,
/// before a byte of the body is read. One a loop.
final class ManagementDoor {
    let table: ManagementTable
    private let pipeline: Pipeline
    private let clock: any Clock
    private let errors: OpenAIErrorWriter
    private let bodyBytesMax: Int

    init(
        _ table: ManagementTable, pipeline: Pipeline, clock: any Clock,
        errors: OpenAIErrorWriter, bodyBytesMax: Int
    ) {
        self.table = table
        self.pipeline = pipeline
        self.clock = clock
        self.errors = errors
        self.bodyBytesMax = bodyBytesMax
    }

    /// Serves a request whose path no other endpoint has.
    func handle(_ exchange: ServerExchange, id: CallID) async {
        var shape = ManagementErrorShape.openAI
        do throws(GatewayError) {
            let match = try find(exchange)
            shape = match.route.errors
            let principal = try pipeline.authenticate(Credentials.read(exchange))
            try RouteRule.checkManagement(of: principal)
            try match.route.rule.check(principal)
            let request = ManagementRequest(
                exchange, principal: principal, parameters: match.parameters,
                now: clock.wallNow(), bodyBytesMax: bodyBytesMax, id: id)
            let reply = try await match.route.answer(request)
            guard exchange.failure == nil else { return }
            exchange.responseHeaders.append("x-request-id", text: id.text)
            reply.body.withUnsafeBufferPointer { body in
                exchange.respond(
                    status: reply.status,
                    json: ByteView(start: body.baseAddress, count: body.count))
            }
        } catch {
            guard exchange.failure == nil else { return }
            ManagementErrorWriter(errors: errors)
                .respond(to: exchange, with: error, shape: shape, id: id)
        }
    }

    private func find(_ exchange: ServerExchange) throws(GatewayError) -> ManagementTable.Match {
        switch table.find(exchange.method, exchange.path) {
        case .found(let match): return match
        case .methodNotAllowed(let allowed):
            exchange.responseHeaders.append("allow", text: allowed)
            throw GatewayError(
                .methodNotAllowed, origin: .client, message: "This endpoint takes \(allowed) only.")
        case .unknown:
            let path = exchange.path
            let shown = path[0..<min(path.count, 200)].string
            throw GatewayError(
                .unknownMethod, origin: .client,
                message: LiteLLMFamilies.contain(path)
                    ? "`\(shown)` is a management path of LiteLLM's that is not offered here. "
                        + "GET /routes lists those that are."
                    : "There is nothing at `\(shown)`. The endpoints are listed in the README.")
        }
    }
}
