import GatewayPrimitives
import Testing
import Transport

@Suite("Accepted encodings")
struct AcceptedEncodingsTests {
    @Test(
        "include gzip, or not",
        arguments: [
            ("gzip", true), ("GZIP", true), ("x-gzip", true), ("gzip, deflate, br", true),
            ("deflate , gzip ", true), ("*", true), ("gzip;q=0.001", true), ("gzip;q=1.000", true),
            ("gzip; q=0.5", true), ("br;q=1.0, gzip;q=0.2", true), ("gzip;q=1, identity;q=1", true),
            ("identity;q=0.1, gzip;q=0.5", true), ("identity;q=0, *", true),
            ("", false), ("identity", false), ("deflate", false), ("gzip;q=0", false),
            ("gzip;q=0.000", false), ("*;q=0", false), ("gzip;q=0, *", false),
            ("gzip;q=0.5, identity;q=1", false), ("gzip;q=2", false), ("gzip;q=1.5", false),
            ("gzip;q=0.0001", false), ("gzip;q=", false), ("gzip;level=1", false), ("gzipx", false),
            (",,", false), ("gzip;q=-1", false), ("q=1", false),
        ])
    func table(_ text: String, _ expected: Bool) {
        var queue = ByteQueue()
        queue.append(text: text)
        #expect(AcceptedEncodings.includeGzip(queue.view) == expected)
    }

    @Test("include nothing when the field is missing")
    func missing() { #expect(!AcceptedEncodings.includeGzip(nil)) }
}
