import CGatewayProto
import GRPC
import GatewayCore
import TestSupport
import Testing

@testable import API

/// What a request in the contract's words becomes in core types: nothing of it goes missing.
struct V1RequestReaderTests {
    private typealias Chat = Llmgateway__V1__ChatRequest

    /// A chat of one message with one part, changed by `change`, as the core has it.
    private func read(
        _ change: (MessageArena, inout Chat, inout Llmgateway__V1__Part) -> Void
    ) throws(GatewayError) -> ChatContent {
        let arena = MessageArena()
        let (chat, part) = APIHarness.chat("m", in: arena)
        change(arena, &chat.pointee, &part.pointee)
        var reader = V1RequestReader()
        let request = try reader.chat(UnsafePointer(chat), isStream: false)
        withExtendedLifetime(arena) {}
        guard case .typed(let content) = request.body else { fatalError("it is typed") }
        return content
    }

    private func refused(
        _ change: (MessageArena, inout Chat, inout Llmgateway__V1__Part) -> Void
    ) -> [String] {
        do throws(GatewayError) {
            _ = try read(change)
            return []
        } catch {
            return error.fields.map(\.field)
        }
    }

    @Test func whatStandsBesideAPart() throws {
        let content = try read { arena, _, part in
            part.signature = arena.text("sig")
            part.provider_fields_json = arena.text("{\"a\":1}")
            part.cache_breakpoint = arena.make(MessageType(llmgateway__v1__cache_breakpoint__init))
            let ttl = arena.make(MessageType(google__protobuf__duration__init))
            ttl.pointee.seconds = 300
            ttl.pointee.nanos = 1
            part.cache_breakpoint.pointee.ttl = ttl
            let annotation = arena.make(MessageType(llmgateway__v1__annotation__init))
            part.n_annotations = 1
            part.annotations = arena.array([Optional(annotation)])
        }
        let marks = try #require(content.messages[0].marks[0])
        #expect(marks.signature == "sig")
        #expect(marks.cacheBreakpoint?.seconds == 301)
        #expect(marks.hasAnnotations && marks.hasProviderFields)
    }

    @Test func whichDialectIsMeant() throws {
        let content = try read { arena, chat, _ in
            chat.json_dialect = arena.text("gemini-content")
            chat.messages[0]?.pointee.dialect = arena.text("anthropic-messages")
        }
        #expect(content.jsonDialect == .geminiContent)
        #expect(content.messages[0].dialect == .anthropicMessages)
        #expect(try read { _, _, _ in }.jsonDialect == .openAIChat)
    }

    /// Choices of a later version of the contract, and what this one cannot do.
    @Test func whatIsNotKnownIsRefusedByName() {
        #expect(
            refused { arena, chat, _ in chat.json_dialect = arena.text("openai-responses") } == [
                "chat.json_dialect"
            ])
        #expect(refused { _, chat, _ in chat.verbosity.rawValue = 9 } == ["chat.verbosity"])
        #expect(
            refused { arena, chat, _ in
                chat.messages[0]?.pointee.dialect = arena.text("x")
            } == ["chat.messages[0].dialect"])
        #expect(
            refused { arena, chat, _ in
                chat.audio_output = arena.make(
                    MessageType(llmgateway__v1__audio_output_params__init))
            } == ["chat.audio_output"])
        #expect(
            refused { arena, chat, _ in
                chat.reasoning = arena.make(MessageType(llmgateway__v1__reasoning_params__init))
                chat.reasoning.pointee.effort.rawValue = 6
            } == ["chat.reasoning.effort"])
    }
}
