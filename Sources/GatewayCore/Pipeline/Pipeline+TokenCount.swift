// The counting of a request's tokens, where no upstream is asked for it.

import GatewayPrimitives

extension Pipeline {
    /// Answers with the gateway's own count: by the deployment's vocabulary where it has one, else
    /// by the bytes.
    func countTokens(
        of request: ModelRequest, at deployment: Deployment, _ relay: Relay
    ) -> GatewayError? {
        var usage = Usage(source: .estimated)
        usage.inputTokens = request.inputTokens.likely
        if let counted = accountant.counted(request, by: deployment) {
            usage.inputTokens = counted
            usage.source = .counted
        }
        do throws(GatewayError) {
            try relay.emit(ReplyEvent(.started(ReplyStarted())))
            try relay.emit(ReplyEvent(.finished(ReplyFinished(usage: usage))))
            return nil
        } catch {
            return error
        }
    }
}
