import GRPC
import GatewayCore
import GatewayPrimitives
import Transport

/// What the contract's methods have in common: how a call comes in over gRPC, and how its errors
/// leave. One object a call; belongs to the call's loop.
class V1Door: GRPCCancelObserver, CancellationTarget {
    final let call: GRPCCall
    final let arrival: Arrival
    /// The contract is written from typed events only.
    final var rawDialect: Dialect? { nil }
    private final var cancellation: Cancellation?
    /// The wire's own status for a request that was not one whole message ("Status codes and their
    /// use in gRPC"), the same for every method.
    private final var framingFault: GRPCStatusCode?

    init(_ call: GRPCCall) {
        self.call = call
        arrival = Arrival(
            receivedAt: call.exchange.receivedAt, timeout: call.timeout,
            credential: Credentials.read(call.exchange),
            client: call.exchange.clientAddress,
            userAgent: ClientProgram.read(call.exchange))
    }

    final func attach(_ cancellation: Cancellation, id: CallID) {
        self.cancellation = cancellation
        call.cancelObserver = self
        cancellation.attach(door: self)
        if call.exchange.failure != nil { callCancelled() }
    }

    /// The client went away, or the gateway stops: whatever the call is doing stops.
    final func callCancelled() {
        cancellation?.cancelCall(call.isExpired ? .drained : .clientGone)
    }

    /// The call must stop: nobody may go on waiting for the client.
    final func cancelled() { call.exchange.cancelWaiting() }

    /// Waits for the request, and reads it with a function that gets it unpacked.
    final func readMessage<Message, Request>(
        _ type: MessageType<Message>,
        _ read: (UnsafePointer<Message>) throws(GatewayError) -> Request
    ) async throws(GatewayError) -> Request {
        let bytes: ByteView
        do throws(GRPCStatusError) {
            bytes = try await call.readOnlyMessage()
        } catch {
            if let reason = cancellation?.error { throw reason }
            if error.status.code == .cancelled { throw .clientGone }
            framingFault = error.status.code
            throw GatewayError(
                error.status.code == .resourceExhausted ? .bodyTooLarge : .invalidRequest,
                origin: .client, message: error.status.message,
                fields: error.violation.map {
                    [FieldViolation(field: $0.path, message: $0.problem)]
                } ?? [])
        }
        let arena = MessageArena()
        let message: UnsafePointer<Message>
        do throws(MessageError) {
            message = try arena.unpack(bytes, as: type)
        } catch {
            let status = GRPCStatusError(error).status
            throw GatewayError(
                .invalidRequest, origin: .client, message: status.message,
                fields: [FieldViolation(field: error.path, message: error.problem)])
        }
        let request = try read(message)
        // What was read is a copy; the message's memory may go.
        withExtendedLifetime(arena) {}
        return request
    }

    final func awaitRoom() async throws(GatewayError) {
        do throws(GRPCStatusError) {
            try await call.awaitRoom()
        } catch {
            throw cancellation?.error ?? .clientGone
        }
    }

    /// Ends the call well, with its cost in the trailers.
    final func finish(_ record: CallRecord) {
        var cost = ByteQueue()
        cost.append(decimal: Int(record.cost.total.nanoUSD))
        call.addTrailingMetadata("llm-gateway-cost-nano-usd", cost.view)
        if let usage = record.usage {
            call.addTrailingMetadata(
                "llm-gateway-usage-source", ByteView(usage.source.name))
        }
        if record.isPriceUnknown {
            call.addTrailingMetadata("llm-gateway-price", ByteView("unknown"))
        }
        if record.cost.excess > .zero {
            var excess = ByteQueue()
            excess.append(decimal: Int(record.cost.excess.nanoUSD))
            call.addTrailingMetadata("llm-gateway-excess-cost-nano-usd", excess.view)
        }
        if let remainder = record.limitRemainder {
            RateLimitHeaders.append(remainder, to: &call.exchange.responseTrailers)
        }
        if let warning = record.budgetWarning {
            call.exchange.responseTrailers.append("llm-gateway-budget-warning", text: warning)
        }
        call.finish(.ok)
    }

    /// Shows an error as the call's status, whatever was written before.
    final func fail(_ error: GatewayError, record: CallRecord) async {
        call.finish(V1ErrorWriter.status(of: error, record: record, code: framingFault))
    }
}
