import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// The examples that vendors publish of their newer endpoints; see Fixtures/README.md.
struct PublishedRequestsTests {
    private func view(_ file: String) throws -> Bytes { Bytes(try Fixture.bytes(file)) }

    /// What is sent to upstreams of both dialects.
    private func written(
        _ request: ChatRequest, drops: Bool = false
    ) throws -> (openAI: NSDictionary, dropped: [String]) {
        var output = ByteQueue()
        let dropped = try OpenAIRequestWriter.writeChat(
            request, model: "up", dropsUnsupported: drops, into: &output)
        let openAI = try #require(FoundationJSON.object(output.view.string))
        output.clear()
        _ = try AnthropicRequestWriter(model: "claude-opus-4-6", dropsUnsupported: drops)
            .write(request, with: JSONParser(), into: &output)
        #expect(FoundationJSON.object(output.view.string)?.at("model") is String)
        return (openAI, dropped)
    }

    @Test(arguments: ["text", "image", "stream", "functions", "reasoning"])
    func aResponse(name: String) throws {
        let body = try view("responses-request-published-\(name).json")
        let request = try OpenAIResponsesRequestReader(parser: JSONParser()).read(body.view)
        let asked = try #require(FoundationJSON.object(body.view.string))
        let (sent, dropped) = try written(request)
        #expect(dropped.isEmpty)
        #expect((sent.at("messages") as? NSArray)?.count ?? 0 > 0)
        #expect(sent.at("stream") == asked.at("stream"))
        #expect(sent.at("reasoning_effort") == asked.at("reasoning.effort"))
        #expect(sent.at("tools.0.function.name") == asked.at("tools.0.name"))
        if name == "image" {
            #expect(
                sent.at("messages.0.content.1.image_url.url")
                    == asked.at("input.0.content.1.image_url"))
        }
    }

    /// The vendor's own tools run on the vendor's machines; elsewhere there are none.
    @Test(arguments: ["web-search", "file-search"])
    func aResponseWithAToolOfTheVendors(name: String) throws {
        let body = try view("responses-request-published-\(name).json")
        let request = try OpenAIResponsesRequestReader(parser: JSONParser()).read(body.view)
        #expect(throws: GatewayError.self) { try written(request) }
        #expect(try written(request, drops: true).dropped == ["tools[0]"])
    }

    /// A document by its address reaches Anthropic's models; chat completions have no form for it.
    @Test func aResponseAboutADocument() throws {
        let body = try view("responses-request-published-file.json")
        let request = try OpenAIResponsesRequestReader(parser: JSONParser()).read(body.view)
        do {
            _ = try written(request)
            Issue.record("chat completions took a document by its address")
        } catch let error as GatewayError {
            #expect(error.retry == .otherDeployment)
            #expect(error.fields.map(\.field) == ["input[0]"])
        }
        var output = ByteQueue()
        _ = try AnthropicRequestWriter(model: "claude-opus-4-6")
            .write(request, with: JSONParser(), into: &output)
        let sent = try #require(FoundationJSON.object(output.view.string))
        #expect(sent.at("messages.0.content.1.source.type") as? String == "url")
    }

    @Test(arguments: ["text", "stream"])
    func aCompletion(name: String) throws {
        let body = try view("completion-request-published-\(name).json")
        let request = try OpenAICompletionRequestReader(parser: JSONParser()).read(body.view)
        let asked = try #require(FoundationJSON.object(body.view.string))
        let (sent, dropped) = try written(request)
        #expect(dropped.isEmpty)
        #expect(sent.at("messages.0.content") == asked.at("prompt"))
        #expect(sent.at("max_completion_tokens") == asked.at("max_tokens"))
    }

    @Test(arguments: ["text", "image"])
    func aModeration(name: String) throws {
        let body = try view("moderation-request-published-\(name).json")
        let request = try OpenAIRelayReader(parser: JSONParser()).readModeration(body.view)
        #expect(request.extent.media == (name == "image" ? 1 : 0))
        #expect(request.textBytes > 0)
    }

    @Test func aMessage() throws {
        let body = try view("anthropic-request-published.json")
        let request = try AnthropicRequestReader(parser: JSONParser()).read(body.view)
        let (sent, dropped) = try written(request)
        #expect(dropped.isEmpty)
        #expect(sent.at("messages.0.content") as? String == "Hello, world")
        #expect(sent.at("max_completion_tokens") as? Int == 1024)
    }

    /// A stream has the events that the vendor's has, in its order, each with its members.
    @Test func theStreamOfAResponse() throws {
        let published = try objects(Fixture.bytes("responses-stream-published.sse"))
        let body = try view("responses-request-published-stream.json")
        let reader = OpenAIResponsesRequestReader(parser: JSONParser())
        _ = try reader.read(body.view)
        var writer = OpenAIResponsesWriter(
            id: "resp_1", created: 5, model: "m", echo: reader.echo, isStream: true)
        var output = ByteQueue()
        try Decoding.stream(Fixture.bytes("chat-stream-text-and-usage.sse")) { event in
            if case .finished(let finished) = event.body {
                writer.writeEnd(finished, into: &output)
            } else {
                try writer.write(event, into: &output)
            }
        }
        let ours = try objects(output.view.bytes)
        #expect(names(ours) == names(published))
        for event in published {
            let name = event.at("type") as? String
            let same = try #require(ours.first { $0.at("type") as? String == name })
            for path in ["", "response", "item", "part"] {
                let wanted = members(of: event, path)
                #expect(wanted.isSubset(of: members(of: same, path)), "\(name ?? "") \(path)")
            }
        }
    }

    private func objects(_ bytes: [UInt8]) throws -> [NSDictionary] {
        try SSEReading.data(of: bytes).map { try #require(FoundationJSON.object($0.view.string)) }
    }

    /// The names of events, each run of one name told once.
    private func names(_ events: [NSDictionary]) -> [String] {
        var names: [String] = []
        for event in events {
            let name = event.at("type") as? String ?? ""
            if names.last != name { names.append(name) }
        }
        return names
    }

    private func members(of event: NSDictionary, _ path: String) -> Set<String> {
        let object = path.isEmpty ? event : event.at(path) as? NSDictionary
        return Set(object?.allKeys.compactMap { $0 as? String } ?? [])
    }
}
