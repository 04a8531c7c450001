import Foundation
import TestSupport
import Testing
import Transport

@testable import API

/// What a model of Anthropic's thought before it called a tool goes back with the call as it came,
/// whatever door its client came by: the API refuses it otherwise.
@Suite(.timeLimit(.minutes(1)))
struct ThinkingTests {
    private static let blocks = [
        #"{"type":"thinking","thinking":"Hm, so","signature":"s/="}"#,
        #"{"type":"redacted_thinking","data":"UlI="}"#,
        #"{"type":"thinking","thinking":"yes","signature":"t"}"#,
        #"{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1}}"#,
    ]

    private static let reply =
        #"{"id":"msg_1","type":"message","role":"assistant","model":"um","content":["#
        + blocks.joined(separator: ",")
        + #"],"stop_reason":"tool_use","usage":{"input_tokens":1,"output_tokens":1}}"#

    private static let stream: [String] = {
        var events = [
            #"{"type":"message_start","message":{"id":"msg_1","model":"um","usage":{}}}"#
        ]
        let deltas = [
            [
                #"{"type":"thinking_delta","thinking":"Hm, "}"#,
                #"{"type":"thinking_delta","thinking":"so"}"#,
                #"{"type":"signature_delta","signature":"s/="}"#,
            ], [],
            [
                #"{"type":"thinking_delta","thinking":"yes"}"#,
                #"{"type":"signature_delta","signature":"t"}"#,
            ],
            [#"{"type":"input_json_delta","partial_json":"{\"a\":1}"}"#],
        ]
        let starts = [
            #"{"type":"thinking","thinking":"","signature":""}"#, blocks[1],
            #"{"type":"thinking","thinking":"","signature":""}"#,
            #"{"type":"tool_use","id":"toolu_1","name":"f","input":{}}"#,
        ]
        for (index, start) in starts.enumerated() {
            events.append(
                #"{"type":"content_block_start","index":\#(index),"content_block":\#(start)}"#)
            events += deltas[index].map {
                #"{"type":"content_block_delta","index":\#(index),"delta":\#($0)}"#
            }
            events.append(#"{"type":"content_block_stop","index":\#(index)}"#)
        }
        return events + [
            #"{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{}}"#,
            #"{"type":"message_stop"}"#,
        ]
    }()

    private static func answer(isStream: Bool) -> [ScriptedUpstream.Step] {
        let body =
            isStream
            ? stream.map { "event: e\ndata: \($0)\n\n" }.joined() : reply
        return [
            .request,
            .send(
                "HTTP/1.1 200 OK\r\ncontent-type: "
                    + (isStream ? "text/event-stream" : "application/json")
                    + "\r\nconnection: close\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)"),
        ]
    }

    private static func json(_ value: Any) throws -> String {
        String(decoding: try JSONSerialization.data(withJSONObject: value), as: UTF8.self)
    }

    /// Asks, sends back what came as `message`, and returns what the upstream then gets.
    private func loop(
        isStream: Bool,
        ask: (_ messages: [Any]) throws -> InProcessRequest,
        message: (InProcessResponse) throws -> Any, user: Any, result: Any
    ) async throws -> NSDictionary {
        let upstream = try ScriptedUpstream([
            Self.answer(isStream: isStream), Self.answer(isStream: isStream),
        ])
        defer { upstream.stop() }
        let harness = try MatrixHarness(.anthropic, port: upstream.port)
        let first = await harness.client.send(try ask([user]))
        #expect(first.status == 200, "\(first.text)")
        let second = await harness.client.send(try ask([user, try message(first), result]))
        #expect(second.status == 200, "\(second.text)")
        let sent = upstream.requests.last?.components(separatedBy: "\r\n\r\n").last ?? ""
        return try #require(FoundationJSON.object(sent), "\(sent)")
    }

    private static func expectBlocks(_ sent: NSDictionary) {
        let wanted = FoundationJSON.value(Array("[\(blocks.joined(separator: ","))]".utf8))
        #expect(sent.at("messages.1.content") == wanted)
        #expect(sent.at("thinking.type") == "enabled" as NSString)
    }

    @Test(arguments: [false, true])
    func byOpenAIsDoor(isStream: Bool) async throws {
        let sent = try await loop(
            isStream: isStream,
            ask: { messages in
                APIHarness.request(
                    "POST", "/v1/chat/completions",
                    #"{"model":"m","stream":\#(isStream),"max_tokens":4000,"messages":"#
                        + (try Self.json(messages))
                        + #","thinking":{"type":"enabled","budget_tokens":2000}}"#)
            },
            message: { isStream ? Self.openAIMessage(of: $0.text) : Self.openAIWhole($0.text) },
            user: ["role": "user", "content": "Q"],
            result: ["role": "tool", "tool_call_id": "toolu_1", "content": "r"])
        Self.expectBlocks(sent)
    }

    private static func openAIWhole(_ text: String) -> Any {
        FoundationJSON.object(text)?.at("choices.0.message") ?? NSNull()
    }

    /// As a client puts it together that knows no `thinking_blocks`, but keeps their list.
    private static func openAIMessage(of text: String) -> Any {
        var message: [String: Any] = ["role": "assistant"]
        var reasoning = ""
        var blocks: [Any] = []
        var arguments = ""
        for line in text.components(separatedBy: "\n") where line.hasPrefix("data: {") {
            let chunk = FoundationJSON.object(String(line.dropFirst(6)))
            let delta = chunk?.at("choices.0.delta") as? NSDictionary
            reasoning += delta?.at("reasoning_content") as? String ?? ""
            blocks += delta?.at("thinking_blocks") as? [Any] ?? []
            arguments += delta?.at("tool_calls.0.function.arguments") as? String ?? ""
        }
        #expect(reasoning == "Hm, soyes")
        message["reasoning_content"] = reasoning
        message["thinking_blocks"] = blocks
        message["tool_calls"] = [
            [
                "id": "toolu_1", "type": "function",
                "function": ["name": "f", "arguments": arguments],
            ]
        ]
        return message
    }

    private static var result: [String: Any] {
        [
            "role": "ROLE_TOOL",
            "parts": [["toolResult": ["toolCallId": "toolu_1", "parts": [["text": "r"]]]]],
        ]
    }

    private static func contract(
        _ messages: [Any], isStream: Bool, reasoning: String
    ) throws -> InProcessRequest {
        let body =
            #"{"chat":{"model":"m","maxOutputTokens":4000,"reasoning":{\#(reasoning)},"#
            + #""messages":\#(try json(messages))}}"#
        guard isStream else {
            return APIHarness.request(
                "POST", APIHarness.chatService + "GenerateChatCompletion", body)
        }
        var request = APIHarness.request(
            "POST", APIHarness.chatService + "StreamChatCompletion", "",
            type: "application/connect+json")
        request.body = APIHarness.framed(Array(body.utf8))
        return request
    }

    private func contractLoop(isStream: Bool, reasoning: String) async throws -> NSDictionary {
        try await loop(
            isStream: isStream,
            ask: { try Self.contract($0, isStream: isStream, reasoning: reasoning) },
            message: { response in
                if isStream { return Self.contractMessage(of: response.body) }
                return FoundationJSON.object(response.text)?.at("completion.choices.0.message")
                    ?? NSNull()
            },
            user: ["role": "ROLE_USER", "parts": [["text": "Q"]]], result: Self.result)
    }

    /// As the clients of the project put it together.
    private static func contractMessage(of body: [UInt8]) -> Any {
        var parts: [Int: [String: Any]] = [:]
        var rest = body[...]
        while rest.count >= 5 {
            let count = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
            let json = String(decoding: rest.dropFirst(5).prefix(count), as: UTF8.self)
            rest = rest.dropFirst(5 + count)
            guard let delta = FoundationJSON.object(json)?.at("delta") as? NSDictionary else {
                continue
            }
            let place = delta.at("partIndex") as? Int ?? 0
            var part = parts[place] ?? [:]
            let joined = { (path: String, old: Any?) in
                (old as? String ?? "") + (delta.at(path) as? String ?? "")
            }
            part["signature"] = joined("signature", part["signature"])
            if delta.at("reasoning") != nil {
                let old = part["reasoning"] as? [String: Any]
                part["reasoning"] = [
                    "text": joined("reasoning.text", old?["text"]),
                    "redactedData": joined("reasoning.redactedData", old?["redactedData"]),
                ]
            }
            if delta.at("toolCall") != nil {
                let old = part["toolCall"] as? [String: Any]
                part["toolCall"] = [
                    "id": joined("toolCall.id", old?["id"]),
                    "name": joined("toolCall.name", old?["name"]),
                    "argumentsJson": joined("toolCall.argumentsJson", old?["argumentsJson"]),
                ]
            }
            parts[place] = part
        }
        return ["role": "ROLE_ASSISTANT", "parts": parts.sorted { $0.key < $1.key }.map(\.value)]
    }

    @Test(arguments: [false, true])
    func byTheContract(isStream: Bool) async throws {
        let sent = try await contractLoop(
            isStream: isStream,
            reasoning: #""maxReasoningTokens":2000,"includeReasoning":true"#)
        Self.expectBlocks(sent)
    }

    /// Anthropic has no embeddings: none are offered.
    @Test func modelsAreOfferedForWhatTheyDo() async throws {
        for (vendor, wanted) in [(MatrixVendor.anthropic, 1), (.openai, 2)] {
            let harness = try MatrixHarness(vendor, port: 1)
            let response = await harness.client.send(
                APIHarness.request("POST", "/llmgateway.v1.ModelService/ListModels", "{}"))
            let offered = FoundationJSON.object(response.text)?.at("models.0.capabilities")
            #expect((offered as? [String])?.count == wanted, "\(response.text)")
        }
    }

    /// Nothing of it is told to a client that did not ask for it; the model then answers without.
    @Test(arguments: [false, true])
    func reasoningThatIsNotAskedForLeavesNoTrace(isStream: Bool) async throws {
        let sent = try await contractLoop(
            isStream: isStream, reasoning: #""maxReasoningTokens":2000"#)
        let wanted = FoundationJSON.value(Array("[\(Self.blocks[3])]".utf8))
        #expect(sent.at("messages.1.content") == wanted)
        #expect(sent.at("thinking") == nil)
    }
}
