public import GatewayCore
public import GatewayPrimitives

/// Reads a whole reply of some dialect.
public protocol WholeReplyDecoding {
    /// Reads the body. Its bytes must stay in place, with ``ByteQueue/slack`` readable ones behind
    /// them, until ``next()`` has returned `nil`. Throws if it is an error, or no reply.
    mutating func begin(_ json: ByteView) throws(GatewayError)

    /// The next event; its views are valid until anything else uses the parser, this decoder or the
    /// body's bytes.
    mutating func next() -> ReplyEvent?

    /// What the reply came to.
    mutating func end() throws(GatewayError) -> ReplyFinished

    /// What the upstream has told of what it uses, be it not all; `nil` for nothing.
    var usageSoFar: Usage? { get }
}

extension WholeReplyDecoding {
    public var usageSoFar: Usage? { nil }
}

extension OpenAIChatReplyDecoder: WholeReplyDecoding {}
extension OpenAIEmbeddingsReplyDecoder: WholeReplyDecoding {}
