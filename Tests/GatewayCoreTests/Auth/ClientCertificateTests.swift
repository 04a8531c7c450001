import GatewayCore
import TestSupport
import Testing

/// Which key a client's certificate stands for.
struct ClientCertificateTests {
    private static let billing = ClientCertificate(
        subject: "CN=billing,O=Example",
        alternativeNames: ["dns:billing.internal", "uri:spiffe://example/billing"])
    private static let key = PipelineHarness.knownKey

    private func pipeline(_ matches: [CertificateRule.Match]) -> Pipeline {
        Pipeline(
            directory: KeyRing([Self.key: Principal(name: "alice")]),
            catalog: Catalog(deployments: [], createdAt: 0), providers: [:],
            observer: RecordingObserver(),
            accountant: PipelineHarness.accountant(clock: VirtualClock()), clock: VirtualClock(),
            limits: CallLimits(callTimeout: .seconds(1), attemptsMax: 1), seed: 1,
            certificateRules: matches.map { CertificateRule(match: $0, key: Self.key) })
    }

    @Test(arguments: [
        (CertificateRule.Match.subject("CN=billing,O=Example"), true),
        (.subject("CN=billing"), false), (.subject("CN=billing*"), true), (.subject("*"), true),
        (.alternativeName("dns:billing.internal"), true),
        (.alternativeName("uri:spiffe://example/*"), true),
        (.alternativeName("billing.internal"), false), (.alternativeName("dns:billing"), false),
        (.alternativeName("uri:billing.internal"), false),
    ])
    func rulesNameSubjectsAndAlternativeNames(match: CertificateRule.Match, applies: Bool) {
        #expect(CertificateRule(match: match, key: Self.key).applies(to: Self.billing) == applies)
    }

    @Test func aCertificateStandsForItsKey() throws {
        let pipeline = pipeline([.subject("CN=other"), .alternativeName("dns:billing.internal")])
        #expect(try pipeline.authenticate(.certificate(Self.billing)).name == "alice")
    }

    @Test func aCertificateOfNoRuleIsNamed() throws {
        let pipeline = pipeline([.subject("CN=other")])
        let error = #expect(throws: GatewayError.self) {
            try pipeline.authenticate(.certificate(Self.billing))
        }
        #expect(error?.reason == .keyInvalid)
        #expect(error?.message.contains("CN=billing,O=Example") == true)
    }

    /// Where certificates only keep strangers out, calls need keys as ever.
    @Test func withoutRulesACertificateSaysNothing() throws {
        let error = #expect(throws: GatewayError.self) {
            try pipeline([]).authenticate(.certificate(Self.billing))
        }
        #expect(error?.message.contains("No API key") == true)
    }
}
