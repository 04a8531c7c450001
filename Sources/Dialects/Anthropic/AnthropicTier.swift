internal import GatewayPrimitives

/// Anthropic's `service_tier`.
enum AnthropicTier {
    /// OpenAI's word for what a reply reports, which is the core's.
    static func name(of tier: ByteView) -> String {
        tier.equals("standard") ? "default" : tier.string
    }

    /// Anthropic's word for what a reply reports; `nil` where it has none.
    static func reported(_ tier: String) -> StaticString? {
        switch tier {
        case "default": "standard"
        case "priority": "priority"
        case "batch": "batch"
        default: nil
        }
    }

    /// Anthropic's word for what a request asks for; `nil` where it has none.
    static func asked(_ tier: String) -> StaticString? {
        switch tier {
        case "auto": "auto"
        case "default", "standard_only": "standard_only"
        default: nil
        }
    }
}
