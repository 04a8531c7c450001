import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// Bad requests and failing upstreams at OpenAI's doors: each its status, its type and a `code`
/// that is a string, and a message that says what to do.
@Suite(.timeLimit(.minutes(1)))
struct OpenAIErrorsTests {
    /// Checks the form that every error has.
    private func check(
        _ response: InProcessResponse, _ status: Int, _ type: String, _ words: String,
        param: String? = nil, line: Int = #line
    ) {
        #expect(response.status == status, "line \(line): \(response.text)")
        #expect(response.header("content-type") == "application/json", "line \(line)")
        #expect(response.ending == .complete, "line \(line)")
        #expect(response.string("error.type") == type, "line \(line): \(response.text)")
        #expect(response.string("error.message")?.contains(words) == true, "\(response.text)")
        #expect(response.object?.at("error.code") is NSString, "line \(line): \(response.text)")
        #expect(response.string("error.param") == param, "line \(line): \(response.text)")
        let id = response.header("x-request-id") ?? "missing"
        #expect(response.string("error.message")?.contains(id) == true, "line \(line)")
        #expect(!response.text.contains("sk-"), "no key is repeated")
    }

    @Test func keysThatAreNone() async throws {
        let harness = try APIHarness()
        let body = APIHarness.chat("demo")
        let type = "invalid_request_error"
        for (headers, words) in [
            ([], "No API key was sent"), ([.init("authorization", "Basic x")], "Bearer"),
            ([.init("authorization", "Bearer wrong")], "does not begin with `sk-`"),
            ([.init("authorization", "Bearer sk-unknown")], "not known"),
            ([.init("api-key", "sk-unknown")], "not known"),
            ([.init("authorization", "Bearer sk-" + String(repeating: "x", count: 600))], "longer"),
        ] as [([InProcessRequest.Field], String)] {
            var request = APIHarness.request("POST", "/v1/chat/completions", body, key: nil)
            request.headers = headers.map { .init($0.name, $0.value) } + request.headers
            let response = await harness.client.send(request)
            #expect(response.status == 401)
            #expect(response.string("error.type") == type)
            #expect(response.string("error.code") == "invalid_api_key")
            #expect(response.string("error.message")?.contains(words) == true, "\(response.text)")
            #expect(response.header("www-authenticate") == "Bearer")
            #expect(!response.text.contains("sk-unknown") && !response.text.contains("xxxx"))
        }
    }

    /// A stranger's body is not read: it is refused before it has come.
    @Test func aStrangerIsRefusedBeforeTheBody() async throws {
        let harness = try APIHarness()
        let call = harness.client.start(
            APIHarness.request("POST", "/v1/chat/completions", key: "sk-unknown", isComplete: false)
        )
        let response = await call.response()
        #expect(response.status == 401)
    }

    /// Keys come in the fields of every SDK.
    @Test(arguments: [
        ("authorization", "Bearer "), ("authorization", "bearer "), ("api-key", ""),
        ("x-api-key", ""), ("x-litellm-api-key", ""), ("x-litellm-api-key", "Bearer "),
    ])
    func keysComeInEveryField(name: String, scheme: String) async throws {
        let harness = try APIHarness()
        var request = APIHarness.request(
            "POST", "/v1/chat/completions", APIHarness.chat("demo"), key: nil)
        request.headers.append(.init(name, scheme + APIHarness.masterKey))
        #expect(await harness.client.send(request).status == 200)
    }

    @Test func modelsThatAreNotToBeHad() async throws {
        let harness = try APIHarness()
        let type = "invalid_request_error"
        check(await harness.chat("nope"), 404, type, "no model `nope`", param: "model")
        let forbidden = await harness.chat("slow", key: APIHarness.narrowKey)
        check(forbidden, 403, "permission_error", "may not use model `slow`", param: "model")
        let unknown = await harness.chat("nope", key: APIHarness.narrowKey)
        check(unknown, 403, "permission_error", "may not use model `nope`", param: "model")
        check(await harness.chat("vectors"), 400, type, "does not serve chat", param: "model")
        let embeddings = await harness.post("/v1/embeddings", #"{"model":"talk","input":"x"}"#)
        check(embeddings, 400, type, "does not serve embedding", param: "model")
    }

    @Test func bodiesThatAreNone() async throws {
        let harness = try APIHarness(bodyBytesMax: 10_000)
        let type = "invalid_request_error"
        let post = { (body: String) in await harness.post("/v1/chat/completions", body) }
        check(await post(""), 400, type, "The body is not valid JSON: line 1, column 1", param: "")
        check(await post("{\n  \"model\": demo\n}"), 400, type, "line 2, column 12", param: "")
        check(await post("[]"), 400, type, "must be a JSON object", param: "")
        check(
            await post(#"{"model":"demo"}"#), 400, type, "messages is required", param: "messages")
        check(
            await post(APIHarness.chat("demo", #","stream":"yes""#)), 400, type,
            "stream must be a boolean, is a string", param: "stream")
        check(
            await post(APIHarness.chat("demo", #","n":0"#)), 400, type, "n must be at least 1",
            param: "n")
        let large = APIHarness.chat(
            "demo", #","x":""# + String(repeating: "x", count: 10_000) + "\"")
        check(await post(large), 413, type, "larger than 10000 bytes")
        var request = APIHarness.request("POST", "/v1/chat/completions")
        request.body =
            Array(#"{"model":"demo","messages":[{"role":"user","content":""#.utf8)
            + [0xC3, 0x28] + Array("\"}]}".utf8)
        check(await harness.client.send(request), 400, type, "a byte that is not UTF-8", param: "")
        let image = await harness.post("/v1/chat/completions", "x", type: "image/png")
        check(image, 415, type, "`image/png`")
        var packed = APIHarness.request("POST", "/v1/chat/completions", APIHarness.chat("demo"))
        packed.headers.append(.init("content-encoding", "gzip"))
        check(await harness.client.send(packed), 415, type, "encoding is `gzip`")
    }

    /// What a request asks for is bounded while it comes, not when it has come.
    @Test func aBodyOverTheCapIsRefusedWhileItComes() async throws {
        let harness = try APIHarness(bodyBytesMax: 1_000)
        let call = harness.client.start(
            APIHarness.request("POST", "/v1/chat/completions", isComplete: false))
        call.send([UInt8](repeating: 0x20, count: 1_001))
        #expect(await call.response().status == 413)
    }

    @Test func pathsAndMethodsThatAreNone() async throws {
        let harness = try APIHarness()
        let type = "invalid_request_error"
        check(await harness.post("/v1/nothing", "{}"), 404, type, "nothing at `/v1/nothing`")
        let get = await harness.get("/v1/chat/completions")
        check(get, 405, type, "POST only")
        #expect(get.header("allow") == "POST")
        let post = await harness.post("/v1/models", "")
        #expect(post.status == 405)
        #expect(post.header("allow") == "GET, HEAD")
    }

    /// The table of errors for what upstreams do, in OpenAI's statuses and in LiteLLM's.
    @Test(arguments: [
        (GatewayError.Reason.upstreamUnavailable, 503, "upstream_error", 503),
        (.upstreamRateLimited, 429, "rate_limit_error", 429),
        (.upstreamAuthFailed, 502, "upstream_error", 401),
        (.contextWindowExceeded, 400, "invalid_request_error", 400),
        (.contentPolicy, 400, "invalid_request_error", 400),
        (.timedOut, 504, "timeout_error", 408), (.internalFault, 500, "api_error", 500),
    ])
    func upstreamsErrors(
        reason: GatewayError.Reason, status: Int, type: String, liteLLMStatus: Int
    ) async throws {
        let failure = GatewayError(
            reason, origin: .upstream, retry: .otherDeployment, message: "It failed.",
            retryAfter: .milliseconds(2_500))
        for usesLiteLLM in [false, true] {
            let harness = try APIHarness(
                steps: [[.fail(failure)], [.fail(failure)]], usesLiteLLMStatuses: usesLiteLLM)
            let response = await harness.chat("steps")
            #expect(response.status == (usesLiteLLM ? liteLLMStatus : status))
            if !usesLiteLLM { check(response, status, type, "It failed.") }
            #expect(response.header("retry-after") == "3", "rounded up, in whole seconds")
            #expect(await harness.records().first?.attempts.count == 2)
        }
    }

    /// What an upstream says of the client's own request goes to the client as it is.
    @Test func anUpstreamsRejectionPasses() async throws {
        var failure = GatewayError(.upstreamRejected, origin: .upstream, message: "No.")
        var fault = UpstreamFault(provider: .openAI, deployment: "d", httpStatus: 422)
        fault.body = Array(#"{"error":{"message":"their words","code":null}}"#.utf8)
        failure.upstream = fault
        let harness = try APIHarness(steps: [[.fail(failure)]])
        let response = await harness.chat("steps")
        #expect(response.status == 422)
        #expect(response.text == #"{"error":{"message":"their words","code":null}}"#)
    }

    /// A client's patience and the gateway's are both kept, whichever is less.
    @Test func anUpstreamThatDoesNotBeginIsTimedOut() async throws {
        let harness = try APIHarness(steps: [[.hang], [.hang]])
        let call = harness.client.start(
            APIHarness.request("POST", "/v1/chat/completions", APIHarness.chat("steps")))
        // Each deployment has its own time; another one is tried after the first.
        while call.soFar.ending == nil {
            await harness.advance(by: .seconds(1_500))
            await Task.yield()
        }
        check(await call.response(), 504, "timeout_error", "did not complete its answer in time")
        let record = await harness.records().first
        #expect(record?.attempts.map(\.outcome) == [.timedOut, .timedOut])
        #expect(record?.attempts.map(\.timeout) == [.attempt, .attempt])
        #expect(await harness.armedTimers() == 0)
    }

    /// After a thousand failures of every kind the gateway serves as before, and holds nothing.
    @Test func nothingIsLeftOfFailures() async throws {
        let harness = try APIHarness()
        let bodies = [
            "", "{", "[]", APIHarness.chat("nope"), APIHarness.chat("vectors"),
            #"{"model":"demo"}"#,
        ]
        for index in 0..<300 {
            let response = await harness.post("/v1/chat/completions", bodies[index % bodies.count])
            #expect((400..<500).contains(response.status))
        }
        for _ in 0..<100 {
            let call = harness.client.start(
                APIHarness.request("POST", "/v1/chat/completions", isComplete: false))
            call.goAway()
            _ = await call.response()
        }
        #expect(await harness.chat("demo").status == 200)
        #expect(await harness.records().count == 401)
        #expect(await harness.armedTimers() == 0)
    }
}
