import CGatewayProto
import Testing

@testable import GRPC

@Suite("Details of a status")
struct StatusDetailsTests {
    @Test("are read by protobuf-c as they were given")
    func roundTrip() throws {
        var details = StatusDetails()
        details.addErrorInfo(
            reason: "RATE_LIMITED", domain: "llmgateway",
            metadata: [("model", "gpt"), ("limit", "zwölf")])
        details.addRetryInfo(after: .milliseconds(2500))
        details.addBadRequest([("messages[0].role", "is unknown"), ("n", "is zero")])
        details.add(typeName: "llmgateway.v1.ErrorContext", packed: [8, 1])
        let bytes = details.packed(.resourceExhausted, "Slow down.")

        let status = try #require(google__rpc__status__unpack(nil, bytes.count, bytes))
        defer { google__rpc__status__free_unpacked(status, nil) }
        #expect(status.pointee.code == 8)
        #expect(String(cString: status.pointee.message) == "Slow down.")
        try #require(status.pointee.n_details == 4)
        let urls = (0..<4).map { String(cString: status.pointee.details[$0]!.pointee.type_url) }
        #expect(
            urls
                == [
                    "google.rpc.ErrorInfo", "google.rpc.RetryInfo", "google.rpc.BadRequest",
                    "llmgateway.v1.ErrorContext",
                ].map { "type.googleapis.com/" + $0 })

        let first = status.pointee.details[0]!.pointee.value
        let info = try #require(google__rpc__error_info__unpack(nil, first.len, first.data))
        defer { google__rpc__error_info__free_unpacked(info, nil) }
        #expect(String(cString: info.pointee.reason) == "RATE_LIMITED")
        #expect(String(cString: info.pointee.domain) == "llmgateway")
        try #require(info.pointee.n_metadata == 2)
        #expect(String(cString: info.pointee.metadata[1]!.pointee.key) == "limit")
        #expect(String(cString: info.pointee.metadata[1]!.pointee.value) == "zwölf")

        let second = status.pointee.details[1]!.pointee.value
        let retry = try #require(google__rpc__retry_info__unpack(nil, second.len, second.data))
        defer { google__rpc__retry_info__free_unpacked(retry, nil) }
        #expect(retry.pointee.retry_delay.pointee.seconds == 2)
        #expect(retry.pointee.retry_delay.pointee.nanos == 500_000_000)

        let third = status.pointee.details[2]!.pointee.value
        let request = try #require(google__rpc__bad_request__unpack(nil, third.len, third.data))
        defer { google__rpc__bad_request__free_unpacked(request, nil) }
        try #require(request.pointee.n_field_violations == 2)
        let violation = request.pointee.field_violations[0]!.pointee
        #expect(String(cString: violation.field) == "messages[0].role")
        #expect(String(cString: violation.description) == "is unknown")

        let fourth = status.pointee.details[3]!.pointee.value
        #expect(Array(UnsafeBufferPointer(start: fourth.data, count: fourth.len)) == [8, 1])
    }

    @Test("may be none") func none() throws {
        let bytes = GRPCStatus(.aborted, "m", details: StatusDetails()).details
        let status = try #require(google__rpc__status__unpack(nil, bytes.count, bytes))
        defer { google__rpc__status__free_unpacked(status, nil) }
        #expect(status.pointee.code == 10)
        #expect(status.pointee.n_details == 0)
    }
}
