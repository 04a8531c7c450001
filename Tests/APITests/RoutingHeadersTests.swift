import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

@testable import API

/// What header fields of the JSON doors say is followed, or refused: never dropped.
@Suite(.timeLimit(.minutes(1)))
struct RoutingHeadersTests {
    /// A request of each dialect.
    private static let doors: [(path: String, body: String)] = [
        ("/v1/chat/completions", APIHarness.chat("demo")),
        ("/v1/completions", #"{"model":"demo","prompt":"Hi"}"#),
        ("/v1/responses", #"{"model":"demo","input":"Hi"}"#),
        ("/v1/embeddings", #"{"model":"vectors","input":"Hi"}"#),
        (
            "/v1/messages",
            #"{"model":"demo","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#
        ),
        (
            "/api/chat",
            #"{"model":"demo","stream":false,"messages":[{"role":"user","content":"Hi"}]}"#
        ),
        ("/api/embed", #"{"model":"vectors","input":"Hi"}"#),
    ]

    private func send(
        _ harness: APIHarness, _ path: String, _ body: String, _ headers: [(String, String)]
    ) async -> InProcessResponse {
        var fields: [InProcessRequest.Field] = [
            .init("content-type", "application/json"),
            .init("authorization", "Bearer " + APIHarness.masterKey),
            .init("anthropic-version", "2023-06-01"),
        ]
        fields += headers.map { .init($0.0, $0.1) }
        return await harness.client.send(
            InProcessRequest(
                method: "POST", target: path, headers: fields, body: Array(body.utf8),
                isComplete: true, isHTTP2: false))
    }

    @Test(arguments: doors) func theEndUserOfTheHeadIsHeld(path: String, body: String) async throws
    {
        let directory = DirectoryHarness()
        let harness = try APIHarness(directory: directory.directory)
        var blocked = CustomerSettings()
        blocked.isBlocked = true
        _ = try await directory.administration.createCustomer(
            blocked, id: "mallory", by: DirectoryHarness.admin)
        for name in ["x-litellm-end-user-id", "x-litellm-customer-id"] {
            let refused = await send(harness, path, body, [(name, "mallory")])
            #expect(refused.status == 403 || refused.status == 400, "\(refused.text)")
            #expect(refused.text.contains("mallory"), "\(refused.text)")
            #expect(await send(harness, path, body, [(name, "alice")]).status == 200)
        }
        let records = await harness.records()
        #expect(Set(records.map(\.endUser)) == ["mallory", "alice"])
    }

    /// The upstream is told of the body's, and so it is the body's that is held.
    @Test func theEndUserOfTheBodyComesFirst() async throws {
        let harness = try APIHarness()
        let answer = await send(
            harness, "/v1/chat/completions", APIHarness.chat("demo", #","user":"body""#),
            [("x-litellm-end-user-id", "head")])
        #expect(answer.status == 200)
        #expect(await harness.records().map(\.endUser) == ["body"])
    }

    private static let unreadable: [(name: String, value: String)] =
        ["x-request-timeout", "x-litellm-timeout", "x-litellm-stream-timeout"].flatMap { name in
            ["abc", "0", "-1", "1.x", ""].map { (name, $0) }
        } + ["abc", "-1", "1.5", "101"].map { ("x-litellm-num-retries", $0) }

    @Test(arguments: unreadable)
    func whatCannotBeReadIsRefused(name: String, value: String) async throws {
        let harness = try APIHarness()
        for (path, body) in Self.doors {
            let answer = await send(harness, path, body, [(name, value)])
            #expect(answer.status == 400, "\(path): \(answer.text)")
            #expect(answer.text.contains(name) && answer.text.contains("`\(value)`"))
        }
    }

    @Test func whatIsOfTheClientsOwnKitIsLeftAlone() async throws {
        let answer = await send(
            try APIHarness(), "/v1/chat/completions", APIHarness.chat("demo"),
            [("x-stainless-timeout", "NOT_GIVEN"), ("x-stainless-retry-count", "x")])
        #expect(answer.status == 200)
    }

    @Test func noTagIsCutOff() async throws {
        let harness = try APIHarness()
        let names = (0..<31).map { "t\($0)" }
        let body = APIHarness.chat("demo", #","tags":["body"]"#)
        let fits = await send(
            harness, "/v1/chat/completions", body,
            [("x-litellm-tags", names.joined(separator: ", "))])
        #expect(fits.status == 200)
        let more = await send(
            harness, "/v1/chat/completions", body,
            [("x-litellm-tags", (names + ["last"]).joined(separator: ","))])
        #expect(more.status == 400 && more.text.contains("33 tags"), "\(more.text)")
    }
}
