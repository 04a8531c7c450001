public import GatewayCore
import GatewayPrimitives

/// Answers from a script, with real pacing and without a network: for trying the gateway out, for
/// its tests and for load. One instance a loop.
public final class ScriptedProvider: Provider {
    private let clock: any Clock
    /// The script of each deployment, by its index, and its pieces; made once.
    private var scripts: [Int: (script: Script, chunks: [[UInt8]])] = [:]

    public init(clock: any Clock, deployments: [Deployment]) throws(Script.Invalid) {
        self.clock = clock
        for deployment in deployments where deployment.provider == .scripted {
            let script = try Script(upstreamModel: deployment.upstreamModel)
            scripts[deployment.index] = (script, script.chunks)
        }
    }

    public func attempt(
        _ request: ModelRequest, at deployment: Deployment, relay: Relay
    ) async throws(GatewayError) {
        let (script, chunks) = try script(of: deployment)
        relay.noteSent()
        switch request {
        case .chat(let chat): try await answer(chat, with: script, chunks, relay)
        case .embeddings(let embeddings): try await embed(embeddings, with: script, relay)
        case .relay(let relayed): throw .notOffered(relayed.operation, by: deployment)
        }
    }

    /// The script of a deployment; of one that came later, made at its first attempt.
    private func script(
        of deployment: Deployment
    ) throws(GatewayError) -> (script: Script, chunks: [[UInt8]]) {
        if let known = scripts[deployment.index] { return known }
        do throws(Script.Invalid) {
            let script = try Script(upstreamModel: deployment.upstreamModel)
            scripts[deployment.index] = (script, script.chunks)
            return (script, script.chunks)
        } catch {
            throw GatewayError(
                .internalFault, origin: .gateway,
                message: "Deployment `\(deployment.id)` has no script: \(error.message)")
        }
    }

    private func answer(
        _ request: ChatRequest, with script: Script, _ chunks: [[UInt8]], _ relay: Relay
    ) async throws(GatewayError) {
        let pause = Pause(clock: clock)
        relay.cancellation.attach(attempt: pause)
        // A whole answer takes as long as its stream would; it is sent when the last piece is due.
        var moment = clock.now().advanced(by: script.firstTokenDelay)
        await pause.wait(until: moment)
        try relay.emit(ReplyEvent(.started(ReplyStarted())))
        let limit = min(chunks.count, relay.outputTokensMax ?? request.maxOutputTokens ?? .max)
        for index in 0..<limit {
            if index > 0 && script.interval > .zero {
                moment = moment.advanced(by: script.interval)
                await pause.wait(until: moment)
            }
            for choice in 0..<request.choiceCount {
                try emit(chunks[index], choice: choice, relay)
            }
            try await relay.awaitRoom()
        }
        let isCut = limit < chunks.count
        var usage = Usage(source: .reported)
        usage.inputTokens = Self.tokens(inBytes: request.textBytes)
        usage.outputTokens = Int64(limit * request.choiceCount)
        let outcomes = (0..<request.choiceCount).map { choice in
            ChoiceOutcome(
                choiceIndex: choice, reason: isCut ? .length : .stop,
                cause: isCut ? .maxTokens : .model)
        }
        try relay.emit(ReplyEvent(.finished(ReplyFinished(outcomes: outcomes, usage: usage))))
    }

    private func emit(_ chunk: [UInt8], choice: Int, _ relay: Relay) throws(GatewayError) {
        try chunk.withUnsafeBufferPointer { buffer throws(GatewayError) in
            let text = ByteView(start: buffer.baseAddress, count: buffer.count)
            try relay.emit(
                ReplyEvent(.delta(ChatDelta(choiceIndex: choice, content: .text(text)))))
        }
    }

    private func embed(
        _ request: EmbeddingRequest, with script: Script, _ relay: Relay
    ) async throws(GatewayError) {
        try relay.emit(ReplyEvent(.started(ReplyStarted())))
        let dimensions = request.dimensionCount ?? script.dimensionCount
        guard dimensions <= Script.dimensionCountMax else {
            throw GatewayError(
                .invalidRequest, origin: .client,
                message: "dimensions is \(dimensions); this model has at most "
                    + "\(Script.dimensionCountMax).",
                fields: [FieldViolation(field: "dimensions", message: "too large")])
        }
        for index in 0..<request.inputCount {
            // The same input position always has the same vector, of length one.
            var random = FastRandom(seed: UInt64(index))
            var values = (0..<dimensions).map { _ in Float.random(in: -1...1, using: &random) }
            let length = values.reduce(0) { $0 + $1 * $1 }.squareRoot()
            for position in values.indices where length > 0 { values[position] /= length }
            try relay.emit(ReplyEvent(.embedding(EmbeddingVector(index: index, values: values))))
            try await relay.awaitRoom()
        }
        var usage = Usage(source: .reported)
        usage.inputTokens = Self.tokens(inBytes: request.textBytes)
        try relay.emit(ReplyEvent(.finished(ReplyFinished(usage: usage))))
    }

    /// Four bytes a token, as English has on average.
    private static func tokens(inBytes bytes: Int) -> Int64 { Int64((bytes + 3) / 4) }
}
