import Testing
import Transport

@testable import Gateway

/// Which upstreams are called by HTTP/2.
@Suite struct HTTP2SectionTests {
    private func load(_ upstream: String) -> LoadedConfiguration {
        ConfigSample.loadAfterModels("gateway_settings: {upstream: {\(upstream)}}")
    }

    @Test func readsWhoIsCalledByHTTP2() {
        let loaded = load(
            "http2: prior_knowledge, http2_hosts: ['LLM.test:8000', '[::1]:80'], "
                + "streams_per_connection_max: 50")
        #expect(loaded.isAccepted, "\(loaded.refusals)")
        #expect(loaded.settings.http2.mode == .priorKnowledge)
        #expect(loaded.settings.http2.knownAuthorities == ["llm.test:8000", "[::1]:80"])
        #expect(loaded.settings.client.streamsPerConnectionMax == 50)
    }

    @Test func asksTLSUnlessToldOtherwise() {
        #expect(load("connections_per_host_max: 3").settings.http2.mode == .auto)
        #expect(load("http2: off").settings.http2.mode == .off)
    }

    @Test(arguments: [
        "http2: yes", "http2: h2c", "http2_hosts: ['llm.test']", "http2_hosts: ['llm.test:0']",
        "http2_hosts: ['http://llm.test:80']", "http2_hosts: llm.test:80",
        "streams_per_connection_max: 0",
    ])
    func refusesWhatItCannotRead(_ text: String) {
        #expect(!load(text).isAccepted)
    }
}
