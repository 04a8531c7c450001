import GatewayCore
import Testing
import Transport

@testable import Gateway

/// How upstreams are called over TLS: for all, and for one.
struct UpstreamSectionTests {
    private func load(
        _ settings: String, params: String = "", environment: [String: String] = [:]
    ) -> LoadedConfiguration {
        ConfigSample.load(
            """
            model_list:
              - model_name: m
                litellm_params: {model: openai/m, api_base: 'https://h/v1', api_key: k\(params)}
            \(settings)
            """,
            environment: ConfigSample.environment.merging(environment) { $1 })
    }

    private func security(_ loaded: LoadedConfiguration) throws -> UpstreamSecurity {
        #expect(loaded.refusals == [])
        return try #require(loaded.settings.deployments.first).security
    }

    @Test func theSystemIsTrustedUnlessTheFileSays() throws {
        #expect(try security(load("")) == UpstreamSecurity())
    }

    @Test func ourSettingsAreForAll() throws {
        let security = try security(
            load(
                "gateway_settings: {upstream: {ca_file: ca.pem, client_cert_file: c.pem, "
                    + "client_key_file: c.key}}"))
        #expect(security.authorityFile == "ca.pem" && security.verifiesUpstream)
        #expect(security.certificateFile == "c.pem" && security.keyFile == "c.key")
    }

    @Test func aDeploymentsWordWins() throws {
        let security = try security(
            load(
                "litellm_settings: {ssl_verify: all.pem, ssl_certificate: all-client.pem}",
                params: ", ssl_verify: own.pem, ssl_certificate: own-client.pem, ssl_key: own.key"))
        #expect(security.authorityFile == "own.pem")
        #expect(security.certificateFile == "own-client.pem" && security.keyFile == "own.key")
    }

    /// What switches the check off is named for what it is.
    @Test func theCheckCanBeSwitchedOff() throws {
        let loaded = load("", params: ", ssl_verify: false")
        #expect(try !security(loaded).verifiesUpstream)
        let finding = loaded.finding("model_list[0].litellm_params.ssl_verify")
        #expect(finding?.meaning.contains("NOT checked") == true)
        let again = load("litellm_settings: {ssl_verify: false}", params: ", ssl_verify: true")
        #expect(try security(again).verifiesUpstream)
    }

    @Test(arguments: [
        ("gateway_settings: {upstream: {client_key_file: k}}", "client_cert_file"),
        ("litellm_settings: {ssl_key: k}", "ssl_certificate"),
    ])
    func aKeyNeedsItsCertificate(settings: String, words: String) {
        #expect(load(settings).refusals.contains { $0.contains(words) })
    }

    @Test func filesOfUpstreamsAreChecked() {
        let loaded = load("", params: ", ssl_verify: /nowhere/ca.pem").checkingFiles()
        #expect(loaded.refusals.contains { $0.contains("/nowhere/ca.pem") && $0.contains("m-1") })
    }

    @Test func aProxyThatCannotBeUsedIsRefusedWithoutItsPassword() {
        let environment = ["HTTPS_PROXY": "https://me:hunter2@proxy:3128"]
        let refusals = load("", environment: environment).refusals
        #expect(refusals.contains { $0.contains("HTTPS_PROXY") && !$0.contains("hunter2") })
        let clear = ["http_proxy": "socks5://me:hunter2@proxy:1080"]
        #expect(load("", environment: clear).refusals.contains { $0.contains("http_proxy") })
        let both = load("", environment: ["ALL_PROXY": "https://proxy:1"]).refusals
        #expect(both.count == 1)
        let off = "gateway_settings: {upstream: {proxy_from_environment: false}}"
        #expect(load(off, environment: environment).refusals == [])
    }
}
