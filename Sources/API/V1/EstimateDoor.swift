import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// ChatService.EstimateChatCompletion.
final class EstimateDoor: V1Door {
    /// Serves the call: its key is checked before its message is read.
    func serve(_ pipeline: Pipeline, clock: any Clock) async {
        do throws(GatewayError) {
            let principal = try pipeline.authenticate(arrival.credential)
            let request = try await readMessage(V1Types.estimateRequest) {
                message throws(GatewayError) in
                var reader = V1RequestReader()
                return try reader.chat(UnsafePointer(message.pointee.chat), isStream: false)
            }
            write(try await pipeline.estimate(.chat(request), for: principal))
            call.finish(.ok)
        } catch {
            var random = SystemRandomNumberGenerator()
            let now = clock.wallNow()
            await fail(
                error,
                record: CallRecord(
                    id: CallID(at: now, using: &random), endpoint: "grpc.estimate",
                    receivedAt: arrival.receivedAt, receivedAtWall: now))
        }
    }

    private func write(_ estimate: CallEstimate) {
        let records = V1Records(arena: MessageArena())
        let response = records.arena.make(V1Types.estimateResponse)
        response.pointee.input_tokens = estimate.input.likely
        response.pointee.input_tokens_max = estimate.input.most
        if let first = estimate.first {
            response.pointee.deployment = records.arena.text(first.deployment.id)
            response.pointee.reserved_nano_usd = first.held.nanoUSD
            response.pointee.output_tokens_max = first.outputTokensMax
            // A femto-dollar a token is a nano-dollar a million tokens.
            response.pointee.input_nano_usd_per_million_tokens =
                first.rates?.input.femtoUSD ?? 0
            response.pointee.output_nano_usd_per_million_tokens =
                first.rates?.output.femtoUSD ?? 0
        }
        let options = estimate.options.map { records.option($0) }
        response.pointee.n_deployments = options.count
        response.pointee.deployments = records.arena.array(options)
        let violations = records.violations(estimate.violations)
        response.pointee.n_violations = violations.count
        response.pointee.violations = records.arena.array(violations)
        call.writeMessage { $0.append(packing: UnsafePointer(response)) }
    }
}

extension V1Records {
    fileprivate func option(
        _ option: CallEstimate.Option
    ) -> UnsafeMutablePointer<Llmgateway__V1__DeploymentEstimate>? {
        let message = arena.make(V1Types.deploymentEstimate)
        message.pointee.deployment = arena.text(option.deployment.id)
        message.pointee.provider = arena.text(option.deployment.provider.rawValue)
        message.pointee.upstream_model = arena.text(option.deployment.upstreamModel)
        if let obstacle = option.obstacle { message.pointee.obstacle = arena.text(obstacle) }
        message.pointee.reserved_nano_usd = option.held.nanoUSD
        message.pointee.output_tokens_max = option.outputTokensMax
        if let rates = option.rates { message.pointee.prices = prices(rates) }
        return message
    }

    private func prices(_ rates: Price.Rates) -> UnsafeMutablePointer<Llmgateway__V1__TokenPrices> {
        let message = arena.make(V1Types.tokenPrices)
        message.pointee.input_nano_usd = rates.input.femtoUSD
        message.pointee.cached_input_nano_usd = (rates.cachedInput ?? rates.input).femtoUSD
        message.pointee.cache_write_nano_usd = (rates.cacheWrite ?? rates.input).femtoUSD
        message.pointee.audio_input_nano_usd = (rates.audioInput ?? rates.input).femtoUSD
        message.pointee.output_nano_usd = rates.output.femtoUSD
        message.pointee.reasoning_nano_usd = (rates.reasoning ?? rates.output).femtoUSD
        message.pointee.audio_output_nano_usd = (rates.audioOutput ?? rates.output).femtoUSD
        return message
    }
}
