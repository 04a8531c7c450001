import Foundation
import TestSupport

/// What OpenAI's own responses look like, for a door of the same dialect: requests are passed as
/// they are, and so are the answers.
extension MatrixVendor {
    /// Whether clients of a door can come to it as it is: the others are asked for chats.
    func serves(_ door: MatrixDoor) -> Bool { self != .passed || door == .responses }

    func passedScript(_ asked: MatrixCase) -> [ScriptedUpstream.Step] {
        switch asked {
        case .stream:
            return [.request, .send(Self.passedStream(["Hel", "lo"], isWhole: true, chunks))]
        case .cut:
            let begun = Self.passedStream(["Hel"], isWhole: false, chunks)
            return [.request, .send(begun + "0\r\n\r\n")]
        case .gone:
            return [.request, .send(Self.passedStream(["Hel"], isWhole: false, chunks)), .hang]
        case .parallelTools:
            let calls = ["Oslo", "Rome"].enumerated().map { Self.passedCall($0, $1) }
            let events = [Self.created] + calls.map(\.events).joined()
            let end = Self.completed(calls.map(\.item))
            return [
                .request,
                .send(Self.head("text/event-stream") + chunks(events + [end], isWhole: true)),
            ]
        case .tools:
            return [.request, .send(Self.json(Self.response([Self.passedCall(0, "Oslo").item])))]
        case .errors:
            return [.request, .send(Self.json(errorReply, status: "400 Bad Request"))]
        case .plain, .toolResults, .images, .jsonSchema, .stop, .n, .usage:
            return [.request, .send(Self.json(Self.response([Self.passedMessage("Hello")])))]
        }
    }

    func passedWanted(_ asked: MatrixCase) -> [(path: String, value: NSObject)] {
        switch asked {
        case .tools: [("tools.0.name", "get_weather" as NSString)]
        case .images:
            [
                (
                    "input.0.content.1.image_url",
                    "data:image/png;base64,\(MatrixCase.picture)" as NSString
                )
            ]
        case .jsonSchema:
            [("text.format.schema.properties.answer.type", "string" as NSString)]
        default: []
        }
    }

    private static func response(_ items: [String]) -> String {
        #"{"id":"resp_1","object":"response","created_at":1,"status":"completed","model":"um","#
            + #""output":[\#(items.joined(separator: ","))],"usage":{"input_tokens":11,"#
            + #""output_tokens":7,"total_tokens":18}}"#
    }

    private static func passedMessage(_ text: String) -> String {
        #"{"type":"message","id":"msg_1","status":"completed","role":"assistant","content":["#
            + #"{"type":"output_text","text":"\#(text)","annotations":[]}]}"#
    }

    private static func named(_ type: String, _ members: String) -> String {
        "event: \(type)\ndata: {\"type\":\"\(type)\",\(members)}\n\n"
    }

    private static let created = named(
        "response.created",
        #""response":{"id":"resp_1","object":"response","status":"in_progress","model":"um","#
            + #""output":[]}"#)

    private static func completed(_ items: [String]) -> String {
        named("response.completed", #""response":\#(response(items))"#)
    }

    private static func passedCall(_ index: Int, _ city: String) -> (item: String, events: [String])
    {
        let arguments = #"{\"city\":\"\#(city)\"}"#
        let head = #""type":"function_call","id":"fc_\#(index)","call_id":"call_\#(index)""#
        let item =
            #"{\#(head),"name":"get_weather","arguments":"\#(arguments)","status":"completed"}"#
        let place = #""output_index":\#(index)"#
        return (
            item,
            [
                named(
                    "response.output_item.added",
                    #"\#(place),"item":{\#(head),"name":"get_weather","arguments":""}"#),
                named(
                    "response.function_call_arguments.delta",
                    #"\#(place),"item_id":"fc_\#(index)","delta":"\#(arguments)""#),
                named("response.output_item.done", #"\#(place),"item":\#(item)"#),
            ]
        )
    }

    private static func passedStream(
        _ pieces: [String], isWhole: Bool, _ chunks: ([String], Bool) -> String
    ) -> String {
        let deltas = pieces.map {
            named(
                "response.output_text.delta",
                #""output_index":0,"content_index":0,"item_id":"msg_1","delta":"\#($0)""#)
        }
        let end = isWhole ? [completed([passedMessage(pieces.joined())])] : []
        return head("text/event-stream") + chunks([created] + deltas + end, isWhole)
    }
}
