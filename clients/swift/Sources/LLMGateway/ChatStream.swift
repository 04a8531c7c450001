import GRPCCore

/// A completion that is on its way: iterate over it once, for its deltas. Failures come out of the
/// iteration. Leaving the closure it was given to stops the upstream.
public final class ChatStream: AsyncSequence {
    /// The first event; `nil` until it has come.
    public private(set) var started: LLMGateway_V1_ChatStarted?
    /// The last event, with usage and cost; `nil` until the stream has finished.
    public private(set) var finished: LLMGateway_V1_ChatFinished?

    private let events: RPCAsyncSequence<LLMGateway_V1_StreamChatCompletionResponse, any Error>
    private var parts: [Int32: LLMGateway_V1_Part] = [:]

    init(_ events: RPCAsyncSequence<LLMGateway_V1_StreamChatCompletionResponse, any Error>) {
        self.events = events
    }

    /// Who serves the stream, with timings once it has finished.
    public var routing: LLMGateway_V1_RoutingInfo? { finished?.routing ?? started?.routing }

    /// The first choice's message as far as it has come, to be sent back in the next turn.
    public var message: Message {
        var message = Message()
        message.role = .assistant
        // A piece may have nothing but fields of the upstream's own: no part comes of that alone.
        message.parts = parts.sorted { $0.key < $1.key }.map(\.value).filter { $0.content != nil }
        return message
    }

    /// The pieces of the first choice's text.
    public var texts: AsyncCompactMapSequence<ChatStream, String> {
        compactMap { delta in
            if delta.choiceIndex == 0, case .text(let text) = delta.delta { text } else { nil }
        }
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(stream: self, events: events.makeAsyncIterator())
    }

    /// The deltas of a stream.
    public struct Iterator: AsyncIteratorProtocol {
        fileprivate let stream: ChatStream
        fileprivate var events:
            RPCAsyncSequence<LLMGateway_V1_StreamChatCompletionResponse, any Error>.AsyncIterator

        public mutating func next(
            isolation actor: isolated (any Actor)?
        ) async throws(any Error) -> ChatDelta? {
            do {
                while let event = try await events.next(isolation: actor) {
                    if let delta = stream.take(event) { return delta }
                }
            } catch let error as RPCError {
                throw GatewayError(error)
            }
            guard stream.finished != nil else {
                throw GatewayError(
                    code: .internalError, message: "The stream ended without its last event.")
            }
            return nil
        }

        public mutating func next() async throws -> ChatDelta? {
            try await next(isolation: nil)
        }
    }

    /// Keeps what the event says, and returns its delta.
    private func take(_ event: LLMGateway_V1_StreamChatCompletionResponse) -> ChatDelta? {
        switch event.event {
        case .started(let event): started = event
        case .finished(let event): finished = event
        case .delta(let delta):
            if delta.choiceIndex == 0 {
                parts[delta.partIndex, default: LLMGateway_V1_Part()].append(delta)
            }
            return delta
        case nil: break
        }
        return nil
    }
}
