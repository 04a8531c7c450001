import Providers
import Transport

/// Where a webhook is posted to.
struct WebhookAddress: Sendable {
    let origin: Origin
    /// Path and query, as they were written.
    let target: String

    /// - Parameter url: such as `https://hooks.example/T0/B0?x=y`. What is thrown does not repeat
    ///   its path, which is often a secret.
    init(_ url: String) throws(UpstreamAddress.Invalid) {
        guard let scheme = url.firstRange(of: "://") else {
            throw UpstreamAddress.Invalid(message: "write it like https://host/path")
        }
        let rest = url[scheme.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        origin = try UpstreamAddress(
            apiBase: String(url[..<scheme.upperBound] + authority)
        ).origin
        let path = rest[authority.endIndex...]
        guard !path.contains("#"), path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw UpstreamAddress.Invalid(
                message: "the path must be percent-encoded, without a fragment")
        }
        target = path.hasPrefix("/") ? String(path) : "/" + path
    }
}
