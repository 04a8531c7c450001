internal import GatewayPrimitives

/// Blocks of thinking, whose signatures must come back with the calls that they led to
/// (docs.claude.com/en/docs/build-with-claude/extended-thinking).
enum AnthropicThinking {
    /// Whether a block is one of those.
    static func isThinking(_ type: ByteView) -> Bool {
        type.equals("thinking") || type.equals("redacted_thinking")
    }
}
