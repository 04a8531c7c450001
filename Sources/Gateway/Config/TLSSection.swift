import GatewayCore
import Transport

/// The reading of `gateway_settings.tls`. Whether the files hold what they should is seen by
/// ``TLSFiles``.
enum TLSSection {
    private static let rules: [String: ConfigRule] = [
        "cert_file": .honoured("the certificate, those that lead to its authority behind it"),
        "key_file": .honoured("the certificate's private key"),
        "min_version": .honoured("the least version of TLS"),
        "client_ca_file": .honoured("the authorities of clients' certificates"),
        "client_certificate": .honoured("whether a client without a certificate is turned away"),
        "client_principal": .section,
    ]
    private static let principalRules: [String: ConfigRule] = [
        "subject": .honoured("the subject of certificates that stand for the key"),
        "san": .honoured("an alternative name of certificates that stand for the key"),
        "key": .honoured("the alias of the key that such a certificate stands for"),
        "key_hash": .honoured("the SHA-256 of the key that such a certificate stands for"),
    ]
    /// More mappings than this are a mistake.
    static let principalsMax = 1_000

    /// To be called after the keys were read.
    static func read(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        guard let node else { return }
        let values = reader.section(node, rules: rules, unknown: .refused)
        guard let certificate = values["cert_file"], let key = values["key_file"] else {
            if node.entries != nil { reader.refuse(node, "needs cert_file and key_file") }
            return
        }
        guard let certificateFile = reader.text(certificate), let keyFile = reader.text(key) else {
            return
        }
        var tls = TLSServerSettings(certificateFile: certificateFile, keyFile: keyFile)
        let version = reader.value(
            values["min_version"], expected: "1.2 or 1.3", TLSVersion.init(rawValue:))
        if let version { tls.minimumVersion = version }
        tls.clientAuthorityFile = reader.text(values["client_ca_file"])
        let requires = reader.value(
            values["client_certificate"], expected: "required or optional"
        ) { ["required": true, "optional": false][$0] }
        if let requires { tls.requiresClientCertificate = requires }
        for name in ["client_certificate", "client_principal"] {
            guard let value = node[name], tls.clientAuthorityFile == nil else { continue }
            reader.refuse(value, "needs client_ca_file: without it no client is asked")
        }
        settings.certificateRules = readPrincipals(
            node["client_principal"], keys: settings.keys, with: &reader)
        settings.tls = tls
    }

    private static func readPrincipals(
        _ node: ConfigNode?, keys: [StaticKey], with reader: inout ConfigReader
    ) -> [CertificateRule] {
        let items = reader.list(node)
        guard items.count <= principalsMax else {
            if let node { reader.refuse(node, "more than \(principalsMax) mappings") }
            return []
        }
        return items.compactMap { item in
            let values = reader.section(item, rules: principalRules, unknown: .refused)
            guard let match = match(of: item, values, with: &reader),
                let hash = hash(of: item, values, keys, with: &reader)
            else { return nil }
            return CertificateRule(match: match, key: hash)
        }
    }

    private static func match(
        of item: ConfigNode, _ values: [String: ConfigNode], with reader: inout ConfigReader
    ) -> CertificateRule.Match? {
        switch (values["subject"], values["san"]) {
        case (let node?, nil):
            return reader.value(node, expected: "a subject such as CN=billing,O=Example") {
                $0.contains("=") ? .subject($0) : nil
            }
        case (nil, let node?):
            let kinds = ["dns:", "email:", "uri:"]
            return reader.value(
                node, expected: "a name with its kind in front: dns:, email: or uri:"
            ) { text in
                kinds.contains { text.hasPrefix($0) && text.count > $0.count }
                    ? .alternativeName(text) : nil
            }
        default:
            reader.refuse(item, "needs either subject or san")
            return nil
        }
    }

    private static func hash(
        of item: ConfigNode, _ values: [String: ConfigNode], _ keys: [StaticKey],
        with reader: inout ConfigReader
    ) -> KeyHash? {
        switch (values["key"], values["key_hash"]) {
        case (let node?, nil):
            guard let alias = reader.text(node) else { return nil }
            if let key = keys.first(where: { $0.alias == alias }) { return key.hash }
            reader.refuse(node, "no key in gateway_settings.keys has the alias `\(alias)`")
            return nil
        case (nil, let node?):
            guard let text = reader.text(node) else { return nil }
            if let hash = KeyStrength.hash(hexadecimal: text) { return hash }
            reader.refuse(node, "must be the 64 hexadecimal digits of a SHA-256")
            return nil
        default:
            reader.refuse(item, "needs either key or key_hash")
            return nil
        }
    }
}
