import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives
import JSON

/// Reads what a request of AdminService sets of a resource, and collects what is wrong with it by
/// field. Belongs to its call.
struct AdminFields {
    /// The request's field that holds the resource, such as `team`.
    let resource: String
    private let violations = FieldViolations()

    init(_ resource: String) { self.resource = resource }

    func violate(_ field: String, _ message: String) {
        violations.add(field.isEmpty ? resource : "\(resource).\(field)", message)
    }

    /// Throws if anything was wrong.
    func finish() throws(GatewayError) { try violations.finish() }

    /// The resource, which must be there.
    func require<Message>(
        _ message: UnsafeMutablePointer<Message>?
    ) throws(GatewayError) -> Message {
        guard let message else {
            violate("", "is required.")
            try finish()
            throw .noFields
        }
        return message.pointee
    }

    // MARK: - Values

    /// A text; `nil` where it is empty, which is what the contract calls not set.
    func text(_ value: UnsafeMutablePointer<CChar>?) -> String? {
        let text = value.text
        return text.isEmpty ? nil : text
    }

    func texts(
        _ count: Int, _ values: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    ) -> [String] {
        guard let values else { return [] }
        return (0..<count).map { values[$0].text }
    }

    /// A moment; `nil` where none is set.
    func moment(
        _ value: UnsafeMutablePointer<Google__Protobuf__Timestamp>?, _ field: String
    ) -> WallTime? {
        guard let time = value?.pointee else { return nil }
        let moment = WallTime(timestamp: time)
        if moment == nil { violate(field, "is no moment from 1970 to 2255.") }
        return moment
    }

    /// A map of texts, as the JSON object that records keep.
    func metadata<Entry: TextEntry>(
        _ count: Int, _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>?
    ) -> String {
        let pairs = TextMap.read(count, entries)
        var output = JSONOutput()
        output.object { output in
            for (key, value) in pairs.sorted(by: { $0.key < $1.key }) { output.member(key, value) }
        }
        return output.bytes.view.string
    }
}

extension WallTime {
    /// `nil` for what does not fit.
    init?(timestamp time: Google__Protobuf__Timestamp) {
        guard (0...9_000_000_000).contains(time.seconds), (0..<1_000_000_000).contains(time.nanos)
        else { return nil }
        self.init(nanoseconds: time.seconds * 1_000_000_000 + Int64(time.nanos))
    }
}
