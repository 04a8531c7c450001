import Foundation
import TestSupport
import Transport

extension APIHarness {
    /// A request of an OpenAI client.
    static func request(
        _ method: String = "POST", _ target: String, _ body: String = "", key: String? = masterKey,
        type: String? = "application/json", isComplete: Bool = true
    ) -> InProcessRequest {
        var headers: [InProcessRequest.Field] = []
        if let type { headers.append(.init("content-type", type)) }
        if let key { headers.append(.init("authorization", "Bearer \(key)")) }
        return InProcessRequest(
            method: method, target: target, headers: headers, body: Array(body.utf8),
            isComplete: isComplete, isHTTP2: false)
    }

    func post(
        _ target: String, _ body: String, key: String? = masterKey,
        type: String? = "application/json"
    ) async -> InProcessResponse {
        await client.send(Self.request("POST", target, body, key: key, type: type))
    }

    func get(_ target: String, key: String? = masterKey) async -> InProcessResponse {
        await client.send(Self.request("GET", target, key: key, type: nil))
    }

    /// A chat request for a model, with more members.
    static func chat(_ model: String, _ more: String = "") -> String {
        #"{"model":"\#(model)","messages":[{"role":"user","content":"Hi"}]\#(more)}"#
    }

    func chat(_ model: String, _ more: String = "", key: String? = masterKey) async
        -> InProcessResponse
    {
        await post("/v1/chat/completions", Self.chat(model, more), key: key)
    }
}

extension InProcessResponse {
    /// The body as a JSON object.
    var object: NSDictionary? { FoundationJSON.object(text) }

    /// What is at a path of the body, as text.
    func string(_ path: String) -> String? { object?.at(path) as? String }

    func number(_ path: String) -> Int? { object?.at(path) as? Int }

    /// The data of the events of a stream; `nil` if it is none.
    var events: [String]? {
        guard header("content-type")?.hasPrefix("text/event-stream") == true else { return nil }
        guard text.hasSuffix("\n\n") else { return nil }
        let events = text.dropLast(2).components(separatedBy: "\n\n")
        guard events.allSatisfy({ $0.hasPrefix("data: ") }) else { return nil }
        return events.map { String($0.dropFirst("data: ".count)) }
    }

    /// The same as objects, without the end marker.
    var chunks: [NSDictionary] {
        (events ?? []).filter { $0 != "[DONE]" }.compactMap { FoundationJSON.object($0) }
    }
}
