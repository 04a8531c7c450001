import GatewayCore
import Testing
import Transport

@testable import Gateway

/// `gateway_settings.tls`: what it may say, and what it refuses.
struct TLSSectionTests {
    private static let hash = String(repeating: "ab", count: 32)

    private func load(_ tls: String) -> LoadedConfiguration {
        ConfigSample.loadAfterModels(
            """
            gateway_settings:
              keys: [{key: \(ConfigSample.key)-2, alias: billing}]
              tls: {\(tls)}
            """)
    }

    @Test func filesAreEnough() throws {
        let loaded = load("cert_file: a.pem, key_file: a.key")
        let tls = try #require(loaded.settings.tls)
        #expect(loaded.refusals == [])
        #expect(tls.certificateFile == "a.pem" && tls.keyFile == "a.key")
        #expect(tls.minimumVersion == .tls12 && tls.clientAuthorityFile == nil)
        #expect(tls.files == ["a.pem", "a.key"])
    }

    @Test func clientsMayBeAskedForCertificates() throws {
        let loaded = load(
            """
            cert_file: a.pem, key_file: a.key, min_version: 1.3, client_ca_file: c.pem,
                client_certificate: optional, client_principal: [
                {san: 'uri:spiffe://example/billing', key: billing},
                {subject: 'CN=ops,O=Example', key_hash: \(Self.hash)}]
            """)
        let tls = try #require(loaded.settings.tls)
        #expect(loaded.refusals == [])
        #expect(tls.minimumVersion == .tls13)
        #expect(tls.clientAuthorityFile == "c.pem" && !tls.requiresClientCertificate)
        let rules = loaded.settings.certificateRules
        #expect(
            rules.map(\.match) == [
                .alternativeName("uri:spiffe://example/billing"), .subject("CN=ops,O=Example"),
            ])
        #expect(rules.first?.key == loaded.settings.keys.first?.hash)
    }

    /// Who asks for certificates means it: without a word, a client must have one.
    @Test func aClientAuthorityRequiresCertificates() {
        let loaded = load("cert_file: a, key_file: b, client_ca_file: c")
        #expect(loaded.settings.tls?.requiresClientCertificate == true)
    }

    @Test(arguments: [
        ("cert_file: a", "", "needs cert_file and key_file"),
        ("key_file: a", "", "needs cert_file and key_file"),
        ("cert_file: a, key_file: b, min_version: 1.1", ".min_version", "1.2 or 1.3"),
        ("cert_file: a, key_file: b, ciphers: ALL", ".ciphers", "no such key"),
        ("cert_file: a, key_file: b, client_certificate: optional", ".client_certificate", "needs"),
        (
            "cert_file: a, key_file: b, client_principal: [{san: 'dns:x', key: billing}]",
            ".client_principal", "needs client_ca_file"
        ),
        (
            "cert_file: a, key_file: b, client_ca_file: c, client_certificate: maybe",
            ".client_certificate", "required or optional"
        ),
        (
            "cert_file: a, key_file: b, client_ca_file: c, "
                + "client_principal: [{san: 'dns:x', key: nobody}]",
            ".client_principal[0].key", "no key in gateway_settings.keys"
        ),
        (
            "cert_file: a, key_file: b, client_ca_file: c, client_principal: [{san: 'dns:x'}]",
            ".client_principal[0]", "key or key_hash"
        ),
        (
            "cert_file: a, key_file: b, client_ca_file: c, client_principal: [{key: billing}]",
            ".client_principal[0]", "subject or san"
        ),
        (
            "cert_file: a, key_file: b, client_ca_file: c, "
                + "client_principal: [{san: x.example, key: billing}]",
            ".client_principal[0].san", "kind in front"
        ),
    ])
    func refusesWhatMakesNoSense(tls: String, key: String, words: String) {
        let finding = load(tls).finding("gateway_settings.tls" + key)
        #expect(finding?.verdict == .refused)
        #expect(finding?.meaning.contains(words) == true)
    }

    @Test func filesThatCannotBeUsedAreRefused() {
        let loaded = load("cert_file: /nowhere/a.pem, key_file: /nowhere/a.key").checkingFiles()
        #expect(!loaded.isAccepted)
        #expect(loaded.finding("gateway_settings.tls")?.meaning.contains("/nowhere/a.pem") == true)
    }
}
