import Foundation
import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// From OpenAI's words to Anthropic's and back: what both can say comes home as it went.
struct AnthropicRoundTripTests {
    /// Draws requests in the form that the writer gives them, so that they can be compared whole.
    private struct Requests {
        var random: FastRandom

        mutating func one<Element>(of list: [Element]) -> Element {
            list.randomElement(using: &random)!
        }

        mutating func chance(_ share: Double) -> Bool {
            Double.random(in: 0..<1, using: &random) < share
        }

        mutating func text() -> String {
            let letters = ["a", "ä", "\\n", "\\\"", "日", " ", "\\u0001", "{", "x"]
            return (0...Int.random(in: 0...6, using: &random)).map { _ in one(of: letters) }
                .joined() + "."
        }

        mutating func part() -> String {
            let bytes = one(of: ["AAEC", "AA==", "/+8="])
            return one(of: [
                #"{"type":"text","text":"\#(text())"}"#,
                #"{"type":"image_url","image_url":{"url":"data:image/png;base64,\#(bytes)"}}"#,
                #"{"type":"image_url","image_url":{"url":"https://h/\#(bytes)"}}"#,
                #"{"type":"file","file":{"file_data":"data:application/pdf;base64,\#(bytes)","#
                    + #""filename":"\#(text())"}}"#,
            ])
        }

        mutating func user() -> String {
            if chance(0.5) { return #"{"role":"user","content":"\#(text())"}"# }
            let parts = (0...Int.random(in: 1...3, using: &random)).map { _ in part() }
            return #"{"role":"user","content":[\#(parts.joined(separator: ","))]}"#
        }

        /// A turn of the assistant's; with calls, and their results.
        mutating func assistant() -> [String] {
            guard chance(0.5) else {
                return [#"{"role":"assistant","content":"\#(text())"}"#]
            }
            let ids = (0...Int.random(in: 0...2, using: &random)).map { "call_\($0)-X" }
            let calls = ids.map { id in
                let arguments = one(of: ["{}", #"{\"a\":1}"#, #"{\"b\":[true,null,\"ä\"]}"#])
                return #"{"id":"\#(id)","type":"function","function":"#
                    + #"{"name":"f","arguments":"\#(arguments)"}}"#
            }
            let content = chance(0.5) ? "null" : "\"\(text())\""
            return [
                #"{"role":"assistant","content":\#(content),"tool_calls":["#
                    + calls.joined(separator: ",") + "]}"
            ]
                + ids.map {
                    #"{"role":"tool","tool_call_id":"\#($0)","content":"\#(text())"}"#
                }
        }

        mutating func messages() -> String {
            var list: [String] = []
            if chance(0.5) { list.append(#"{"role":"system","content":"\#(text())"}"#) }
            list.append(user())
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                list += assistant()
                list.append(user())
            }
            return list.joined(separator: ",")
        }

        mutating func options() -> [String] {
            var all: [String] = []
            let isReasoning = chance(0.3)
            if isReasoning {
                all.append(#""reasoning_effort":"\#(one(of: ["low", "medium", "high"]))""#)
            } else {
                if chance(0.3) { all.append(#""temperature":\#(one(of: ["0", "0.25", "0.9"]))"#) }
                if chance(0.3) { all.append(#""top_p":\#(one(of: ["0.1", "0.95"]))"#) }
                if chance(0.3) { all.append(#""top_k":\#(one(of: ["1", "40"]))"#) }
            }
            if chance(0.3) { all.append(#""stop":["\#(text())","b"]"#) }
            if chance(0.3) { all.append(#""user":"\#(text())""#) }
            if chance(0.3) { all.append(#""service_tier":"\#(one(of: ["auto", "default"]))""#) }
            if chance(0.3) {
                all.append(
                    #""response_format":{"type":"json_schema","json_schema":{"name":"response","#
                        + #""strict":true,"schema":{"type":"object","x":[1.5,"ä"]}}}"#)
            }
            if chance(0.3) {
                all.append(#""stream":true,"stream_options":{"include_usage":true}"#)
            }
            if chance(0.5) { all += tools(mayForce: !isReasoning) }
            return all
        }

        mutating func tools(mayForce: Bool) -> [String] {
            let described = chance(0.5) ? #","description":"\#(text())""# : ""
            let strict = chance(0.5) ? #","strict":true"# : ""
            var all = [
                #""tools":[{"type":"function","function":{"name":"f"\#(described)\#(strict),"#
                    + #""parameters":{"type":"object","properties":{"a":{}}}}}]"#
            ]
            guard chance(0.7) else { return all }
            let one = #"{"type":"function","function":{"name":"f"}}"#
            let choices = mayForce ? ["\"auto\"", "\"required\"", one] : ["\"auto\""]
            all.append(#""tool_choice":\#(self.one(of: choices))"#)
            if chance(0.5) { all.append(#""parallel_tool_calls":false"#) }
            return all
        }

        mutating func request() -> String {
            let members = [#""model":"m""#, #""max_completion_tokens":9000"#] + options()
            return "{\(members.joined(separator: ",")),\"messages\":[\(messages())]}"
        }
    }

    @Test(arguments: UInt64(1)...500)
    func whatBothCanSayComesHome(seed: UInt64) throws {
        var requests = Requests(random: FastRandom(seed: seed))
        let json = requests.request()
        let first = try OpenAIChatRequestReader(parser: JSONParser()).read(Bytes(json).view)
        var anthropic = ByteQueue()
        let lost = try AnthropicRequestWriter(model: "claude-opus-4-6")
            .write(first, with: JSONParser(), into: &anthropic)
        // Anthropic's schemas have no names.
        #expect(lost.allSatisfy { $0 == "response_format.json_schema.name" }, "\(json)")
        let second = try AnthropicRequestReader(parser: JSONParser()).read(anthropic.view)
        var home = ByteQueue()
        let lostToo = try OpenAIRequestWriter.writeChat(second, model: "m", into: &home)
        #expect(lostToo.isEmpty, "\(anthropic.view.string)")
        #expect(
            FoundationJSON.object(home.view.string) == FoundationJSON.object(json),
            "\(json)\n\(anthropic.view.string)\n\(home.view.string)")
        #expect(second.isStream == first.isStream)
        #expect(second.maxOutputTokens == first.maxOutputTokens)
    }
}
