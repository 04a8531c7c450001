import Foundation
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

@testable import Dialects

/// What a dialect cannot say is reported by the name that its client knows, field by field, or
/// refused by it; and what it can say arrives.
struct LossTests {
    /// The dialects that upstreams are asked for chats in.
    enum Target: String, CaseIterable {
        case openAI, anthropic, gemini, ollama
    }

    /// The request as it goes to an upstream, and what was left out of it.
    private func write(
        _ request: ChatRequest, to target: Target
    ) throws -> (sent: String, dropped: [String]) {
        var output = ByteQueue()
        let parser = JSONParser()
        let dropped =
            switch target {
            case .openAI:
                try OpenAIRequestWriter.writeChat(request, model: "u", into: &output)
            case .anthropic:
                try AnthropicRequestWriter(model: "claude-opus-4-6")
                    .write(request, with: parser, into: &output)
            case .gemini:
                try GeminiRequestWriter(model: "gemini-2.5-flash")
                    .write(request, with: parser, into: &output)
            case .ollama:
                try OllamaRequestWriter(model: "llama3.2")
                    .write(request, with: parser, into: &output)
            }
        _ = try #require(FoundationJSON.object(output.view.string))
        return (output.view.string, dropped)
    }

    private func typed(_ change: (inout ChatContent) -> Void) -> ChatRequest {
        var content = ChatContent(messages: [Message(role: .user, parts: [.text("Hi")])])
        change(&content)
        return ChatRequest(
            model: "m", isStream: false, wantsUsage: true, choiceCount: 1, maxOutputTokens: 9000,
            body: .typed(content))
    }

    private static let part = "chat.messages[0].parts[0]"

    /// A mark of the first part of a request in the contract's words.
    private func marked(_ change: (inout PartMarks) -> Void) -> ChatRequest {
        typed {
            var marks = PartMarks()
            change(&marks)
            $0.messages[0].marks[0] = marks
        }
    }

    @Test(arguments: Target.allCases)
    func marksOfParts(target: Target) throws {
        let cached = try write(marked { $0.cacheBreakpoint = CacheBreakpoint() }, to: target)
        let isAnthropic = target == .anthropic
        #expect(cached.dropped == (isAnthropic ? [] : ["\(Self.part).cache_breakpoint"]))
        #expect(cached.sent.contains(#""cache_control":{"type":"ephemeral"}"#) == isAnthropic)
        let signed = try write(marked { $0.signature = "sig" }, to: target)
        let isGemini = target == .gemini
        #expect(signed.dropped == (isGemini ? [] : ["\(Self.part).signature"]))
        #expect(signed.sent.contains(#""thoughtSignature":"sig""#) == isGemini)
        let annotated = try write(marked { $0.hasAnnotations = true }, to: target)
        #expect(annotated.dropped == ["\(Self.part).annotations"])
        let added = try write(marked { $0.hasProviderFields = true }, to: target)
        #expect(added.dropped == ["\(Self.part).provider_fields_json"])
    }

    /// Only five minutes and an hour can be asked for; what is longer is rounded up.
    @Test(arguments: [
        (nil, #"{"type":"ephemeral"}"#), (60, #"{"type":"ephemeral"}"#),
        (300, #"{"type":"ephemeral"}"#), (301, #"{"type":"ephemeral","ttl":"1h"}"#),
        (3600, #"{"type":"ephemeral","ttl":"1h"}"#),
    ])
    func timesOfTheCache(seconds: Int64?, said: String) throws {
        let request = typed {
            $0.messages.insert(Message(role: .system, parts: [.text("S")]), at: 0)
            $0.messages[0].marks[0] = PartMarks()
            $0.messages[0].marks[0]?.cacheBreakpoint = CacheBreakpoint(seconds: seconds)
            $0.tools = [.function(name: "f", description: "", parametersJSON: "", strict: nil)]
            $0.toolBreakpoints[0] = CacheBreakpoint(seconds: seconds)
        }
        let object = try #require(FoundationJSON.object(try write(request, to: .anthropic).sent))
        let wanted = FoundationJSON.value(Array(said.utf8))
        #expect(object.at("system.0.cache_control") == wanted)
        #expect(object.at("tools.0.cache_control") == wanted)
        for target in Target.allCases where target != .anthropic {
            #expect(
                try write(request, to: target).dropped.contains("tools[0].cache_breakpoint"))
        }
    }

    @Test(arguments: Target.allCases)
    func membersAndToolsForOneDialect(target: Target) throws {
        let dialects: [Target: Dialect] = [
            .openAI: .openAIChat, .anthropic: .anthropicMessages, .gemini: .geminiContent,
            .ollama: .ollamaChat,
        ]
        for dialect in Dialect.ofChats {
            let request = typed {
                $0.extraBodyJSON = #"{"extra_one":1,"extra_two":2}"#
                $0.jsonDialect = dialect
            }
            let isTheirs = dialects[target] == dialect
            let (sent, dropped) = try write(request, to: target)
            #expect(sent.contains(#""extra_one":1"#) == isTheirs)
            #expect(
                dropped
                    == (isTheirs ? [] : ["extra_body_json.extra_one", "extra_body_json.extra_two"]))
            let tool = typed {
                $0.tools = [.provider(json: #"{"own_tool":{}}"#)]
                $0.jsonDialect = dialect
            }
            // Ollama has none of its own.
            guard target != .ollama || !isTheirs else { continue }
            let (told, left) = try write(tool, to: target)
            #expect(told.contains("own_tool") == isTheirs)
            #expect(left == (isTheirs ? [] : ["tools[0].provider_tool_json"]))
        }
    }

    /// What one upstream proved is nothing to another.
    @Test(arguments: [
        (Dialect?.none, #""signature":"sig""#, [String]()), (.anthropicMessages, #""sig""#, []),
        (
            .geminiContent, "",
            [
                "chat.messages[1].provider_fields_json", "chat.messages[1].parts[0].signature",
                "chat.messages[1].parts[0]",
            ]
        ),
    ])
    func messagesOfAnotherUpstream(dialect: Dialect?, said: String, drops: [String]) throws {
        let request = typed {
            var message = Message(
                role: .assistant,
                parts: [.reasoning(Reasoning("R", signature: "sig")), .text("T")])
            message.dialect = dialect
            if dialect == .geminiContent { message.providerFieldsJSON = #"{"gemini_parts":[]}"# }
            $0.messages.append(message)
        }
        let (sent, dropped) = try write(request, to: .anthropic)
        #expect(dropped == drops)
        #expect(sent.contains("sig") == !said.isEmpty)
        #expect(said.isEmpty || sent.contains(said))
    }

    private static let picture = Media(
        source: .inline([0, 1]), mimeType: "image/png", detail: .low, fileName: "p.png")
    private static let document = Media(
        source: .inline([0, 1]), mimeType: "application/pdf", fileName: "a.pdf")

    @Test(arguments: [
        (Target.openAI, ["\(part).media.file_name"]),
        (.anthropic, ["\(part).media.detail", "\(part).media.file_name"]),
        (.gemini, ["\(part).media.detail", "\(part).media.file_name"]),
        (.ollama, ["\(part).media.detail", "\(part).media.file_name"]),
    ])
    func picturesOfTheContract(target: Target, drops: [String]) throws {
        let request = typed { $0.messages[0].parts = [.media(Self.picture)] }
        #expect(try write(request, to: target).dropped == drops)
    }

    @Test(arguments: [
        (Target.openAI, [String]()), (.anthropic, []), (.gemini, ["\(part).media.file_name"]),
    ])
    func documentsOfTheContract(target: Target, drops: [String]) throws {
        let request = typed { $0.messages[0].parts = [.media(Self.document)] }
        let (sent, dropped) = try write(request, to: target)
        #expect(dropped == drops)
        #expect(sent.contains("a.pdf") == drops.isEmpty)
    }

    private func openAI(_ members: String, message: String = #""content":"Hi""#) throws
        -> ChatRequest
    {
        let json = #"{"model":"m","messages":[{"role":"user",\#(message)}]\#(members)}"#
        return try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
    }

    /// Members of OpenAI's, and what is told of them where Gemini answers.
    @Test(arguments: [
        (#","audio":{"voice":"v","format":"mp3"}"#, "audio"),
        (#","top_logprobs":2"#, "top_logprobs"),
        (#","user":"a","safety_identifier":"b""#, "safety_identifier"),
        (#","stream_options":{"include_obfuscation":true}"#, "stream_options.include_obfuscation"),
        (
            #","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{}}}"#,
            "response_format.json_schema.name"
        ),
        (
            #","response_format":{"type":"json_schema","json_schema":{"schema":{},"#
                + #""strict":false}}"#,
            "response_format.json_schema.strict"
        ),
    ])
    func hintsOfOpenAIs(members: String, field: String) throws {
        let dropped = try write(try openAI(members), to: .gemini).dropped
        #expect(dropped.contains(field), "\(dropped)")
    }

    @Test(arguments: [
        (#"{"url":"data:image/png;base64,AAEC","detail":"high"}"#, "image_url", "detail"),
        (#"{"url":"https://h/p","detail":"original"}"#, "image_url", "detail"),
        (#"{"url":"https://h/p","more":1}"#, "image_url", "more"),
        (
            #"{"file_data":"data:application/pdf;base64,AAEC","filename":"a.pdf"}"#, "file",
            "filename"
        ),
        (#"{"data":"AAEC","format":"wav","more":1}"#, "input_audio", "more"),
    ])
    func mediaOfOpenAIs(media: String, type: String, member: String) throws {
        let message = #""content":[{"type":"\#(type)","\#(type)":\#(media)}]"#
        let (_, dropped) = try write(try openAI("", message: message), to: .gemini)
        #expect(dropped == ["messages[0].content[0].\(type).\(member)"])
    }

    @Test func callsOfOpenAIs() throws {
        let json = #"""
            {"model":"m","messages":[{"role":"user","content":"Hi"},{"role":"assistant",
            "tool_calls":[{"id":"c","type":"function","extra_content":{"google":1},"function":
            {"name":"f","arguments":"{}","more":1}}]},
            {"role":"tool","tool_call_id":"c","name":"f","content":"R"}]}
            """#
        let request = try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
        for target in Target.allCases where target != .openAI {
            #expect(
                try write(request, to: target).dropped == [
                    "messages[1].tool_calls[0].extra_content",
                    "messages[1].tool_calls[0].function.more", "messages[2].name",
                ])
        }
    }

    /// Other modalities than text and sound have no answer here.
    @Test(arguments: [Target.anthropic, .gemini, .ollama])
    func modalities(target: Target) throws {
        do throws(GatewayError) {
            var output = ByteQueue()
            let request = try openAIRequest(#","modalities":["text","image"]"#)
            switch target {
            case .anthropic:
                _ = try AnthropicRequestWriter(model: "claude-opus-4-6")
                    .write(request, with: JSONParser(), into: &output)
            case .gemini:
                _ = try GeminiRequestWriter(model: "gemini-2.5-flash")
                    .write(request, with: JSONParser(), into: &output)
            case .ollama, .openAI:
                _ = try OllamaRequestWriter(model: "llama3.2")
                    .write(request, with: JSONParser(), into: &output)
            }
            Issue.record("was taken")
        } catch {
            #expect(error.fields.map(\.field) == ["modalities"])
        }
    }

    private func openAIRequest(_ members: String) throws(GatewayError) -> ChatRequest {
        let json = #"{"model":"m","messages":[{"role":"user","content":"Hi"}]\#(members)}"#
        return try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
    }

    private func anthropic(_ messages: String, _ members: String = "") throws -> ChatRequest {
        let json = #"{"model":"m","max_tokens":9000,"messages":[\#(messages)]\#(members)}"#
        return try AnthropicRequestReader(parser: JSONParser()).read(Bytes(json).view)
    }

    private static let hello = #"{"role":"user","content":"Hi"}"#

    @Test(arguments: [
        (#","thinking":{"type":"disabled"}"#, ["thinking"]),
        (#","thinking":{"type":"adaptive"}"#, ["thinking"]),
        (#","thinking":{"type":"adaptive"},"output_config":{"effort":"low"}"#, []),
        (
            #","thinking":{"type":"enabled","budget_tokens":2048,"display":"omitted"}"#,
            ["thinking.display"]
        ),
    ])
    func thinkingOfAnthropics(members: String, drops: [String]) throws {
        for target in [Target.openAI, .gemini, .ollama] {
            #expect(try write(try anthropic(Self.hello, members), to: target).dropped == drops)
        }
    }

    /// A message that says nothing is said where a dialect can, and told where it cannot.
    @Test func emptyMessages() throws {
        let empty = #"{"role":"user","content":""},\#(Self.hello)"#
        #expect(try write(try anthropic(empty), to: .openAI).dropped.isEmpty)
        #expect(
            try write(try anthropic(empty), to: .openAI).sent.contains(
                #"{"role":"user","content":""}"#))
        #expect(try write(try anthropic(empty), to: .gemini).dropped == ["messages[0]"])
        let none = #"{"role":"user","content":[]},\#(Self.hello)"#
        #expect(try write(try anthropic(none), to: .openAI).dropped == ["messages[0]"])
        let openAI = try openAI(#","n":1"#, message: #""content":"""#)
        for target in [Target.anthropic, .gemini] {
            let error = #expect(throws: GatewayError.self) { try write(openAI, to: target) }
            #expect(error?.fields.first?.field == "messages")
        }
    }
}
