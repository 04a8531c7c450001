import GatewayPrimitives

/// The management paths of LiteLLM's, as far as they can be told by their first segment. One that
/// no route serves is said to be LiteLLM's and not offered, so that nobody looks for a misspelling.
enum LiteLLMFamilies {
    private static let first: Set<String> = [
        "access_group", "active", "add", "agents", "alerting", "audit", "budget", "cache",
        "callbacks", "claude-code", "cloudzero", "config", "cost", "credentials", "customer",
        "delete", "email", "end_user", "fallback", "get", "get_image", "get_logo_url", "global",
        "guardrails", "health", "in_product_nudges", "invitation", "jwt", "key", "key_management",
        "login", "mcp-rest", "memory_usage", "model", "model_access_group", "model_group",
        "model_hub", "models_by_provider", "onboarding", "organization", "policies", "policy",
        "project", "prompts", "provider", "public", "queue", "reload", "router", "schedule",
        "scim", "search_tools", "settings", "spend", "sso", "tag", "team", "test", "ui",
        "update", "upload", "user", "user-agent", "utils", "vantage", "vector_store",
    ]

    /// Those whose paths begin with a version.
    private static let versioned: Set<String> = [
        "access_group", "key", "user", "team", "model", "model_group", "login", "guardrails", "mcp",
        "organization", "unified_access_group",
    ]

    /// Whether a path belongs to LiteLLM's management.
    static func contain(_ path: ByteView) -> Bool {
        let segments = RoutePattern.split(path.string)
        guard let head = segments.first else { return false }
        if first.contains(head) { return true }
        return segments.count > 1 && ["v1", "v2", "v3"].contains(head)
            && versioned.contains(segments[1])
    }
}
