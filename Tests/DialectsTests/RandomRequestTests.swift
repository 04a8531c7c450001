import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// Requests in every dialect, mutated from seeds: each ends in a request that can be written for
/// upstreams of all dialects, or in a refusal that names a field; and never in a trap.
struct RandomRequestTests {
    private static let alphabet = Array("{}[]\",:\\u0123456789.eE-+truefalsnd \n\r\t\u{1}ä".utf8)

    private static let anthropic = [
        #"{"model":"m","max_tokens":9,"system":[{"type":"text","text":"S"}],"stream":true,"#
            + #""tools":[{"name":"f","input_schema":{"type":"object"}}],"#
            + #""tool_choice":{"type":"any"},"#
            + #""thinking":{"type":"enabled","budget_tokens":1024},"messages":[{"role":"user","#
            + #""content":[{"type":"image","source":{"type":"base64","media_type":"image/png","#
            + #""data":"AAEC"}},{"type":"tool_result","tool_use_id":"t","content":"x"}]},"#
            + #"{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}},"#
            + #"{"type":"thinking","thinking":"h","signature":"s"}]}]}"#
    ]
    private static let responses = [
        #"{"model":"m","instructions":"S","max_output_tokens":9,"reasoning":{"effort":"low"},"#
            + #""tools":[{"type":"function","name":"f","parameters":{}}],"tool_choice":"auto","#
            + #""text":{"format":{"type":"json_schema","name":"n","schema":{}}},"input":[{"role":"#
            + #""user","content":[{"type":"input_text","text":"a"},{"type":"input_image","#
            + #""image_url":"data:image/png;base64,AAEC"}]},{"type":"function_call","call_id":"c","#
            + #""name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","#
            + #""output":"x"}]}"#
    ]
    private static let completions = [
        #"{"model":"m","prompt":["a"],"n":2,"logprobs":1,"max_tokens":4,"stop":["x"],"#
            + #""logit_bias":{"5":1},"stream":true,"stream_options":{"include_usage":true}}"#
    ]

    private func mutate(
        _ seeds: [String], seed: UInt64, _ read: (ByteView) throws -> ChatRequest
    ) throws {
        var random = FastRandom(seed: seed)
        var taken = 0
        for _ in 0..<3_000 {
            let json = random.mutated(
                Array(random.pick(seeds).utf8), alphabet: Self.alphabet)
            do {
                let request = try read(Bytes(json).view)
                taken += 1
                for drops in [false, true] { try write(request, drops: drops) }
            } catch let error as GatewayError {
                #expect(error.origin == .client)
                #expect(!error.fields.isEmpty, "\(error.message)")
            }
        }
        #expect(taken > 100 && taken < 2_990, "the seeds must give both kinds: \(taken)")
    }

    /// Whatever is written can be parsed.
    private func write(_ request: ChatRequest, drops: Bool) throws {
        var output = ByteQueue()
        _ = try OpenAIRequestWriter.writeChat(
            request, model: "u", dropsUnsupported: drops, into: &output)
        #expect(JSONScanner.firstFault(in: output.view) == nil)
        output.clear()
        _ = try AnthropicRequestWriter(model: "u", dropsUnsupported: drops)
            .write(request, with: JSONParser(), into: &output)
        #expect(JSONScanner.firstFault(in: output.view) == nil)
        output.clear()
        _ = try OllamaRequestWriter(model: "u", dropsUnsupported: drops)
            .write(request, with: JSONParser(), into: &output)
        #expect(JSONScanner.firstFault(in: output.view) == nil)
        output.clear()
        _ = try GeminiRequestWriter(model: "u", dropsUnsupported: drops)
            .write(request, with: JSONParser(), into: &output)
        #expect(JSONScanner.firstFault(in: output.view) == nil)
    }

    @Test func anthropicsMessages() throws {
        let reader = AnthropicRequestReader(parser: JSONParser())
        try mutate(Self.anthropic, seed: 41) { try reader.read($0) }
    }

    @Test func openAIsResponses() throws {
        let reader = OpenAIResponsesRequestReader(parser: JSONParser())
        try mutate(Self.responses, seed: 42) { try reader.read($0) }
    }

    private static let ollama = [
        #"{"model":"m","keep_alive":"5m","options":{"num_predict":9,"stop":["x"],"num_ctx":4},"#
            + #""think":true,"format":{"type":"object"},"tools":[{"type":"function","function":"#
            + #"{"name":"f","parameters":{}}}],"messages":[{"role":"user","content":"U","#
            + #""images":["iVBORwAA"]},{"role":"assistant","content":"","tool_calls":[{"function":"#
            + #"{"name":"f","arguments":{"a":1}}}]},{"role":"tool","tool_name":"f","content":"#
            + #""r"}]}"#
    ]

    @Test func ollamasChats() throws {
        let reader = OllamaRequestReader(parser: JSONParser())
        try mutate(Self.ollama, seed: 44) { try reader.read($0, as: .ollamaChat) }
    }

    @Test func openAIsCompletions() throws {
        let reader = OpenAICompletionRequestReader(parser: JSONParser())
        try mutate(Self.completions, seed: 43) { try reader.read($0) }
    }
}
