import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// What OpenAI's endpoints have in common: how their errors leave.
class OpenAIDoor: JSONDoor {
    final let errors: OpenAIErrorWriter

    init(
        _ exchange: ServerExchange, clock: any Clock, parser: JSONParser,
        errors: OpenAIErrorWriter, limits: DoorLimits
    ) {
        self.errors = errors
        super.init(exchange, clock: clock, parser: parser, limits: limits)
    }

    override final func respond(with error: GatewayError, id: CallID) {
        errors.respond(to: exchange, with: error, id: id)
    }

    /// An event with the error and no [DONE] after it: what LiteLLM does, and what SDKs raise.
    override func appendEvent(
        of error: GatewayError, id: CallID, to queue: inout ByteQueue
    ) {
        queue.append("data: ")
        errors.append(error, id: id, to: &queue)
        queue.append("\n\n")
    }
}
