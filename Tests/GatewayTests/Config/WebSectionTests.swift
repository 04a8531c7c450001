import Testing

@testable import Gateway

@Suite("The configuration of CORS and compression")
struct WebSectionTests {
    @Test("Nothing is allowed, and JSON is compressed, by default")
    func defaults() {
        let settings = ConfigSample.loadAfterModels("").settings
        #expect(settings.corsOrigins.isEmpty)
        #expect(settings.compressesJSON)
        #expect(!settings.compressesEvents)
        #expect(settings.compressesMessages)
        #expect(settings.compressionBytesMin == 1024)
    }

    @Test("What is set is taken")
    func values() {
        let loaded = ConfigSample.loadAfterModels(
            """
            gateway_settings:
              cors: {allow_origins: ['https://a.example', 'http://localhost:3000']}
              compression: {json: false, events: true, bytes_min: 4KiB}
              grpc: {compression: false}
              limits: {response_bytes_max: 8MiB}
            """)
        #expect(loaded.refusals.isEmpty)
        #expect(loaded.settings.corsOrigins == ["https://a.example", "http://localhost:3000"])
        #expect(!loaded.settings.compressesJSON)
        #expect(loaded.settings.compressesEvents)
        #expect(!loaded.settings.compressesMessages)
        #expect(loaded.settings.compressionBytesMin == 4096)
        #expect(loaded.settings.responseBytesMax == 8 << 20)
    }

    /// An origin that no browser sends would never match, and nobody would know why.
    @Test(
        "An origin that no browser sends is refused",
        arguments: [
            "a.example", "https://", "https://a.example/", "https://a.example/app",
            "https://*.example", "https://A.example", "ftp://a.example", "https://u@a.example", "",
        ])
    func flaws(_ origin: String) {
        #expect(WebSection.flaw(of: origin) != nil)
        let loaded = ConfigSample.loadAfterModels(
            "gateway_settings: {cors: {allow_origins: ['\(origin)']}}")
        #expect(loaded.refusals.count == 1)
    }

    @Test("All origins may be allowed") func all() { #expect(WebSection.flaw(of: "*") == nil) }
}
