import GatewayCore
import Providers
import Transport

/// The reading of what is said about upstreams as a whole: `gateway_settings.upstream`, LiteLLM's
/// `ssl_*` keys, and the proxy that the environment names.
enum UpstreamSection {
    private static let rules: [String: ConfigRule] = [
        "connections_per_host_max": .honoured("connections of one loop to one upstream host"),
        "event_bytes_max": .honoured("the longest event of a stream"),
        "reply_bytes_max": .honoured("the longest answer that comes whole"),
        "ca_file": .honoured("the authorities that upstreams' certificates must come from"),
        "client_cert_file": .honoured("the certificate that upstreams are shown"),
        "client_key_file": .honoured("that certificate's private key"),
        "proxy_from_environment": .honoured("whether HTTPS_PROXY, HTTP_PROXY and NO_PROXY count"),
    ]

    static func read(
        _ node: ConfigNode?, environment: ConfigEnvironment, with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        let rules = rules.merging(HTTP2Section.rules) { own, _ in own }
        let values = reader.section(node, rules: rules, unknown: .refused)
        HTTP2Section.read(values, with: &reader, into: &settings)
        if let count = reader.integer(values["connections_per_host_max"], in: 1...65_535) {
            settings.client.connectionsPerOriginMax = count
            settings.client.idleConnectionsPerOriginMax = min(
                count, settings.client.idleConnectionsPerOriginMax)
        }
        let sizes = 4_096...1 << 30
        if let size = reader.size(values["event_bytes_max"], in: sizes) {
            settings.replies.eventBytesMax = size
        }
        if let size = reader.size(values["reply_bytes_max"], in: sizes) {
            settings.replies.replyBytesMax = size
        }
        if let file = reader.text(values["ca_file"]) { settings.security.authorityFile = file }
        if let file = reader.text(values["client_cert_file"]) {
            settings.security.certificateFile = file
            settings.security.keyFile = nil
        }
        if let file = reader.text(values["client_key_file"]) {
            settings.security.keyFile = file
            if settings.security.certificateFile == nil, let node = values["client_key_file"] {
                reader.refuse(node, "needs client_cert_file, whose key it is")
            }
        }
        let isWanted = reader.flag(values["proxy_from_environment"]) ?? true
        if isWanted { readProxies(environment, with: &reader, into: &settings) }
    }

    /// The variables in the order in which curl looks for them; the first that is set counts.
    private static let tlsVariables = ["https_proxy", "HTTPS_PROXY"] + allVariables
    private static let clearVariables = ["http_proxy", "HTTP_PROXY"] + allVariables
    private static let allVariables = ["all_proxy", "ALL_PROXY"]

    private static func readProxies(
        _ environment: ConfigEnvironment, with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        let named = [tlsVariables, clearVariables].map { variables in
            variables.first { environment[$0] != nil }
        }
        var proxies: [String: HTTPProxy] = [:]
        for variable in Set(named.compactMap(\.self)).sorted() {
            do throws(HTTPProxy.Invalid) {
                proxies[variable] = try HTTPProxy(environment[variable] ?? "")
            } catch {
                reader.add(
                    .refused, "gateway_settings.upstream.proxy_from_environment", at: nil,
                    "\(variable): \(error); unset it, or set this key to false")
            }
        }
        settings.proxies = ProxyRules(
            tls: named[0].flatMap { proxies[$0] }, clear: named[1].flatMap { proxies[$0] },
            exceptions: environment["no_proxy"] ?? environment["NO_PROXY"] ?? "")
    }

    /// Reads LiteLLM's keys, which stand in `litellm_settings` and in a deployment's
    /// `litellm_params`.
    static func readSSL(
        _ values: [String: ConfigNode], with reader: inout ConfigReader,
        into security: inout UpstreamSecurity
    ) {
        if let node = values["ssl_verify"], let text = reader.text(node) {
            switch text.lowercased() {
            case "true", "yes", "on": security.verifiesUpstream = true
            case "false", "no", "off":
                security.verifiesUpstream = false
                reader.add(
                    .honoured, node.path, at: node.position,
                    "certificates are NOT checked: whoever stands between reads keys and prompts")
            default:
                security.verifiesUpstream = true
                security.authorityFile = text
            }
        }
        if let file = reader.text(values["ssl_certificate"]) {
            security.certificateFile = file
            security.keyFile = nil
        }
        if let node = values["ssl_key"], let file = reader.text(node) {
            security.keyFile = file
            if security.certificateFile == nil {
                reader.refuse(node, "needs ssl_certificate, whose key it is")
            }
        }
    }

    static let sslRules: [String: ConfigRule] = [
        "ssl_verify": .honoured("whether upstreams' certificates are checked, or by which file"),
        "ssl_certificate": .honoured("the certificate that upstreams are shown"),
        "ssl_key": .honoured("that certificate's key, if it is in a file of its own"),
        "ssl_security_level": .ignored("weak algorithms are never used with upstreams"),
        "ssl_ecdh_curve": .ignored("X25519, P-256 and P-384 are offered"),
    ]
}
