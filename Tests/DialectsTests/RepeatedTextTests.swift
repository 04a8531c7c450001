import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What is known by the text before it says what it would if it were read.
struct RepeatedTextTests {
    private static let parts = [#"{"id":"1","delta":{"content":""#, #""},"x":null}"#]

    private func view(_ text: String) -> Bytes { Bytes(Array(text.utf8)) }

    /// What a text says in the place of the remembered one's content; `nil` for not known.
    private func said(
        _ text: String, after first: String, content: String, of name: StaticString = "content"
    ) -> String? {
        var repeated = RepeatedText()
        repeated.remember(view(first).view, content: view(content).view, of: name)
        let text = view(text)
        return repeated.content(of: text.view)?.string
    }

    @Test(arguments: ["b", "a longer text", "ü 漢字 😀", "}{][:,", " "])
    func aTextThatDiffersInItsContentIsKnown(content: String) {
        let (head, tail) = (Self.parts[0], Self.parts[1])
        #expect(said(head + content + tail, after: head + "a" + tail, content: "a") == content)
    }

    @Test(arguments: [
        #"{"id":"1","delta":{"content":"a\"b"},"x":null}"#,
        #"{"id":"1","delta":{"content":"a\nb"},"x":null}"#,
        "{\"id\":\"1\",\"delta\":{\"content\":\"a\tb\"},\"x\":null}",
        #"{"id":"1","delta":{"content":""},"x":null}"#,
        #"{"id":"2","delta":{"content":"b"},"x":null}"#,
        #"{"id":"1","delta":{"content":"b"},"x":1}"#,
        #"{"id":"1","delta":{"content":"b"},"x":null,"y":1}"#,
        #"{"id":"1","delta":{"content":"b","role":"x"},"x":null}"#,
        #"{"id":"1","delta":{"content":"b"},"x":null"#, #"{"id":"1","delta":{"content":"b"#,
        #"{"id":"1","delta":{"content":""#, "", "[DONE]",
    ])
    func aTextThatDiffersElsewhereIsRead(text: String) {
        #expect(said(text, after: Self.parts[0] + "a" + Self.parts[1], content: "a") == nil)
    }

    /// The place of the content must be the only one that it can have.
    @Test(arguments: [
        #"{"content":"a","delta":{"content":"a"}}"#, #"{"delta":{"content":"b"}}"#,
        #"{"delta":{"\u0063ontent":"a"}}"#, #"{"delta":{"content":["a"]}}"#,
        #"{"delta":{"text":"a"}}"#, #"["content","a"]"#, #"{"content":"a","obfuscation":1}"#,
    ])
    func aTextWhoseContentCannotBeToldByItsBytesIsNotRemembered(text: String) {
        #expect(said(text, after: text, content: "a") == nil)
    }

    @Test func paddingMayDiffer() {
        let first = #"{"obfuscation":"xYz","delta": {"content" : "a"}}"#
        let next = #"{"obfuscation":"","delta": {"content" : "b c"}}"#
        #expect(said(next, after: first, content: "a") == "b c")
    }

    @Test func aLongTextIsNotRemembered() {
        let long = String(repeating: "x", count: DialectLimits.repeatedTextBytesMax)
        let text = #"{"content":"a","x":"\#(long)"}"#
        #expect(said(text, after: text, content: "a") == nil)
    }

    @Test func aStreamThatNeverRepeatsIsRememberedNoMore() {
        var repeated = RepeatedText()
        for number in 0...DialectLimits.repeatedMissesMax {
            repeated.remember(
                view(#"{"content":"a"}"#).view, content: view("a").view, of: "content")
            #expect(repeated.content(of: view(#"{"content":"a","n":\#(number)}"#).view) == nil)
        }
        repeated.remember(view(#"{"content":"a"}"#).view, content: view("a").view, of: "content")
        #expect(repeated.content(of: view(#"{"content":"a"}"#).view) == nil)
    }
}

extension RepeatedTextTests {
    private static let contents = [
        "a", "b", "Hello ", "ü漢😀", #"\""#, #"\u00e9"#, "", #"q\\"#, "\u{1}", "content",
    ]
    private static let alphabet = Array("{}[]\",:\\u01 abcontext\u{1}ä".utf8)

    /// A chunk of a stream that mostly repeats itself.
    private func chunk(_ random: inout FastRandom) -> [UInt8] {
        let content = random.pick(Self.contents)
        let member = random.pick([
            "content", "content", "content", "content", "reasoning_content", "reasoning", "refusal",
        ])
        let index = random.pick([0, 0, 0, 0, 0, 1])
        let more = random.pick([
            "", "", "", "", #","obfuscation":"\#(random.pick(Self.contents))""#,
            #","usage":{"prompt_tokens":1,"completion_tokens":2}"#, #","usage":null"#,
            #","service_tier":"flex""#, #","error":null"#,
        ])
        let delta = random.pick([
            "", "", "", "", #","role":"assistant""#, #","reasoning_content":"r""#, #","x":1"#,
            #","tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"1"}}]"#,
        ])
        let reason = random.pick(["null", "null", "null", "null", "null", "\"stop\""])
        let text =
            #"{"id":"c","model":"m","choices":[{"index":\#(index),"#
            + #""delta":{"\#(member)":"\#(content)""#
            + #"\#(delta)},"finish_reason":\#(reason)}]\#(more)}"#
        let json = Array(text.utf8)
        return random.pick([0, 0, 0, 0, 0, 0, 0, 1]) == 0
            ? json : random.mutated(json, alphabet: Self.alphabet)
    }

    /// All that a stream's events say, and its end.
    private func transcript(
        of chunks: [[UInt8]], wantsTyped: Bool, remembers: Bool
    ) -> (lines: [String], known: Int) {
        var decoder = OpenAIChatStreamDecoder(parser: JSONParser(), wantsTyped: wantsTyped)
        if !remembers { decoder.repeated = .off }
        var lines: [String] = []
        var known = 0
        do throws(GatewayError) {
            for chunk in chunks {
                let json = Bytes(chunk)
                let generation = decoder.state.generation
                try decoder.begin(json.view)
                if decoder.state.generation == generation { known += 1 }
                while let event = decoder.next() { lines.append(Self.line(event)) }
            }
            lines.append("\(try decoder.end())")
        } catch {
            lines.append("\(error)")
        }
        return (lines, known)
    }

    private static func line(_ event: ReplyEvent) -> String {
        var line = ""
        switch event.body {
        case .started(let started):
            line = "started \(started.upstreamID.string) \(started.upstreamModel.string)"
        case .delta(let delta):
            line = "\(delta.choiceIndex) \(delta.partIndex) \(delta.providerFieldsJSON.string) "
            switch delta.content {
            case .none: line += "none"
            case .text(let text): line += "text \(text.bytes)"
            case .reasoning(let text): line += "reasoning \(text.bytes)"
            case .redactedReasoning(let text): line += "redacted \(text.bytes)"
            case .refusal(let text): line += "refusal \(text.bytes)"
            case .toolCall(let id, let name, let arguments):
                line += "call \(id.string) \(name.string) \(arguments.string)"
            }
        case .embedding, .finished: break
        }
        switch event.raw {
        case .json(let json, let dialect, let isUsageReport):
            line += " \(json.bytes) \(dialect) \(isUsageReport)"
        case .none, .event, .covered: line += " covered"
        }
        return line
    }

    /// Streams from seeds, whole and damaged, say the same whether their chunks are read or known.
    @Test(arguments: [false, true])
    func streamsSayTheSameWithoutIt(wantsTyped: Bool) {
        var random = FastRandom(seed: 47)
        var known = 0
        for _ in 0..<1_500 {
            let first = chunk(&random)
            var chunks = [first]
            for _ in 0..<12 {
                chunks.append(
                    random.pick([0, 0, 1]) == 0 ? chunks[chunks.count - 1] : chunk(&random))
            }
            let with = transcript(of: chunks, wantsTyped: wantsTyped, remembers: true)
            let without = transcript(of: chunks, wantsTyped: wantsTyped, remembers: false)
            known += with.known
            #expect(without.known == 0)
            #expect(
                with.lines == without.lines,
                "\(chunks.map { String(decoding: $0, as: UTF8.self) })")
        }
        #expect(known > 1_000)
    }
}
