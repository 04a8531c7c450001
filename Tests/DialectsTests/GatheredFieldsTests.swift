import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

@testable import Dialects

/// Members without a name, put together from pieces.
struct GatheredFieldsTests {
    /// What an upstream says of a whole answer, and of its pieces, reaches every dialect's clients.
    @Test func everyWriterPassesThemOn() throws {
        let finished = ReplyFinished(
            outcomes: [ChoiceOutcome(choiceIndex: 0, reason: .stop, cause: .model)],
            providerFieldsJSON: #"{"whole":1}"#)
        var delta = ChatDelta(content: .none)
        let piece = Bytes(#"{"piece":[1]}"#)
        delta.providerFieldsJSON = piece.view
        let event = ReplyEvent(.delta(delta))
        var said: [String] = []
        var chat = OpenAIChatCollector(id: "i", created: 1, model: "m")
        try chat.add(event)
        said.append(written { chat.write(finished, into: &$0) })
        var message = AnthropicMessageCollector(id: "i", model: "m")
        try message.add(event)
        said.append(try written { try message.write(finished, into: &$0) })
        var stream = AnthropicReplyWriter(id: "i", model: "m")
        said.append(
            try written {
                try stream.write(event, into: &$0)
                stream.writeEnd(finished, into: &$0)
            })
        var ollama = OllamaReplyWriter(model: "m", createdAt: "", isChat: true, isStream: true)
        said.append(
            try written {
                try ollama.write(event, into: &$0)
                try ollama.writeEnd(finished, duration: 1, into: &$0)
            })
        for text in said {
            #expect(text.contains(#""piece":[1]"#) && text.contains(#""whole":1"#), "\(text)")
        }
    }

    @Test(arguments: [
        ([#"{"a":1}"#, "", #"{"b":2}"#], #"{"a":1,"b":2}"#),
        ([#"{"a":1}"#, #"{"a":2}"#], #"{"a":2}"#),
        ([#"{"a":[1]}"#, #"{"a":[2,3]}"#], #"{"a":[1,2,3]}"#),
        ([#"{"a":[ ]}"#, #"{"a":[2]}"#, #"{"a":[]}"#], #"{"a":[2]}"#),
        ([#"{"a":{"b":[1]}}"#, #"{"a":{"b":[2],"c":3}}"#], #"{"a":{"b":[1,2],"c":3}}"#),
        ([#"{"a":[1]}"#, #"{"a":{"b":1}}"#], #"{"a":{"b":1}}"#), ([], "{}"),
    ])
    func grow(pieces: [String], whole: String) {
        var fields = GatheredFields()
        for piece in pieces {
            let bytes = Bytes(piece)
            fields.add(bytes.view)
        }
        #expect(written { fields.appendObject(into: &$0) } == whole)
        #expect(fields.isEmpty == pieces.isEmpty)
    }
}
