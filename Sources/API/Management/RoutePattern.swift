/// A path of which some segments are parameters: `/model/{id}/update`.
struct RoutePattern {
    let text: String
    private let segments: [Segment]

    private enum Segment: Equatable {
        case literal(String)
        case parameter(String)
    }

    init(_ text: String) {
        self.text = text
        segments = RoutePattern.split(text).map { segment in
            segment.hasPrefix("{") && segment.hasSuffix("}")
                ? .parameter(String(segment.dropFirst().dropLast())) : .literal(segment)
        }
    }

    /// Whether any segment is a parameter.
    var hasParameters: Bool {
        segments.contains { if case .parameter = $0 { true } else { false } }
    }

    /// The parameters of a path that it fits; `nil` if it does not. An empty segment is no value.
    /// - Parameter path: its segments, decoded.
    func match(_ path: [String]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, value) in zip(segments, path) {
            switch segment {
            case .literal(let literal): if literal != value { return nil }
            case .parameter(let name):
                if value.isEmpty { return nil }
                parameters[name] = value
            }
        }
        return parameters
    }

    /// The segments of a path behind its first slash.
    static func split(_ path: String) -> [String] {
        path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }
}
