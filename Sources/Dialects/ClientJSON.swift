internal import GatewayCore
internal import GatewayPrimitives
internal import JSON

/// JSON that a client hands in as a text, to stand within a request that is written from core
/// types.
///
/// It is checked before it is written: a text that closed the member it stands in would go on to
/// set the model, or the bound on tokens, behind the gateway's back.
enum ClientJSON {
    /// Appends an object as it is. Refuses what is none.
    static func append(
        object json: String, field: String, into output: inout ByteQueue
    ) throws(GatewayError) {
        var bytes = ByteQueue()
        bytes.append(text: json)
        if let fault = JSONScanner.firstFault(in: bytes.view) {
            throw refused(field, "is not valid JSON: \(fault.summary)")
        }
        let first = bytes.view.buffer.first { $0 > 0x20 }
        guard first == UInt8(ascii: "{") else { throw refused(field, "must be a JSON object") }
        output.append(bytes.view)
    }

    /// Appends the members of an object, each with a comma before it; nothing for an empty text.
    /// Refuses what is no object, and members that the gateway itself has to set.
    static func append(
        membersOf json: String, field: String, refusing reserved: [StaticString],
        into output: inout ByteQueue
    ) throws(GatewayError) {
        if json.isEmpty { return }
        var bytes = ByteQueue()
        bytes.append(text: json)
        let parser = JSONParser()
        let root = try object(bytes.view, field: field, parser)
        for (name, value) in root.members {
            guard !reserved.contains(where: { name.equals($0) }) else {
                throw refused(field, "must not set `\(name.string)`")
            }
            output.append(",")
            output.append(jsonString: name)
            output.append(":")
            output.append(json: value)
        }
    }

    /// The names of an object's members; none for an empty text. Refuses what is no object.
    static func names(of json: String, field: String) throws(GatewayError) -> [String] {
        if json.isEmpty { return [] }
        var bytes = ByteQueue()
        bytes.append(text: json)
        let parser = JSONParser()
        return try object(bytes.view, field: field, parser).members.map { $0.name.string }
    }

    /// An object, as long as the parser reads nothing else. Refuses what is none.
    static func object(
        _ bytes: ByteView, field: String, _ parser: JSONParser
    ) throws(GatewayError) -> JSONValue {
        let root: JSONValue
        do throws(JSONFault) {
            root = try parser.parse(bytes)
        } catch {
            throw refused(field, "is not valid JSON: \(error.summary)")
        }
        guard root.kind == .object else { throw refused(field, "must be a JSON object") }
        return root
    }

    private static func refused(_ field: String, _ what: String) -> GatewayError {
        GatewayError(
            .invalidRequest, origin: .client, message: "\(field) \(what).",
            fields: [FieldViolation(field: field, message: what)])
    }
}
