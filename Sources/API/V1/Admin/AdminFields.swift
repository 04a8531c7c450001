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
    func metadata<Entry: AdminMapEntry>(
        _ count: Int, _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>?
    ) -> String {
        var pairs: [String: String] = [:]
        for index in 0..<count {
            guard let entry = entries?[index]?.pointee else { continue }
            pairs[entry.pair.key.text] = entry.pair.value.text
        }
        var output = JSONOutput()
        output.object { output in
            for (key, value) in pairs.sorted(by: { $0.key < $1.key }) { output.member(key, value) }
        }
        return output.bytes.view.string
    }

    // MARK: - Limits

    /// Puts the limits of a list in the place of an allowance's own: what is not in it is none.
    func limits(
        _ count: Int, _ values: UnsafeMutablePointer<UnsafeMutablePointer<Llmgateway__V1__Limit>?>?,
        into allowance: inout Allowance
    ) {
        var all = LimitSet()
        var byModel: [String: LimitSet] = [:]
        for index in 0..<count {
            guard let limit = values?[index]?.pointee else { continue }
            let path = "limits[\(index)]"
            guard let kind = kind(of: limit, path) else { continue }
            checkWindow(of: limit, path)
            guard limit.value >= 0, let value = Int(exactly: limit.value) else {
                violate("\(path).value", "is \(limit.value); give zero or more.")
                continue
            }
            let model = limit.model.text
            var set = model.isEmpty ? all : byModel[model] ?? LimitSet()
            if set[keyPath: kind] != nil {
                violate(path, "limits what an earlier limit of the list does; leave one out.")
            }
            set[keyPath: kind] = value
            if model.isEmpty { all = set } else { byModel[model] = set }
        }
        allowance.limits = all
        allowance.modelLimits = byModel
    }

    private func kind(
        of limit: Llmgateway__V1__Limit, _ path: String
    ) -> WritableKeyPath<LimitSet, Int?>? {
        switch limit.kind {
        case LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_REQUESTS: return \.requestsPerMinute
        case LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_TOKENS: return \.tokensPerMinute
        case LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_CONCURRENT_REQUESTS: return \.requestsAtOnce
        case LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_INPUT_TOKENS,
            LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_OUTPUT_TOKENS:
            violate("\(path).kind", "counts one side alone, which is not offered; give TOKENS.")
        default:
            violate("\(path).kind", "must be REQUESTS, TOKENS or CONCURRENT_REQUESTS.")
        }
        return nil
    }

    private func checkWindow(of limit: Llmgateway__V1__Limit, _ path: String) {
        let window = limit.window?.pointee
        if limit.kind == LLMGATEWAY__V1__LIMIT_KIND__LIMIT_KIND_CONCURRENT_REQUESTS {
            if window != nil {
                violate("\(path).window", "is not for requests at once; leave it out.")
            }
        } else if window?.seconds != 60 || window?.nanos != 0 {
            violate("\(path).window", "must be 60s: the gateway counts by the minute.")
        }
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

/// An entry of a map from text to text, whichever message it belongs to.
protocol AdminMapEntry {
    typealias Pair = (key: UnsafeMutablePointer<CChar>?, value: UnsafeMutablePointer<CChar>?)
    var pair: Pair { get set }
}

extension Llmgateway__V1__Team__MetadataEntry: AdminMapEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}

extension Llmgateway__V1__User__MetadataEntry: AdminMapEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}

extension Llmgateway__V1__ApiKey__MetadataEntry: AdminMapEntry {
    var pair: Pair {
        get { (key, value) }
        set { (key, value) = newValue }
    }
}
