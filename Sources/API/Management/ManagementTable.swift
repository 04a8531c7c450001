import GatewayCore
import GatewayPrimitives
import Transport

/// All routes of the management, found by their paths. One a loop; immutable.
struct ManagementTable {
    let routes: [ManagementRoute]
    /// Places in `routes` by path, of those without parameters.
    private var exact: [String: [Int]] = [:]
    /// Places of those with parameters, in order.
    private var patterns: [Int] = []

    init(_ groups: [ManagementGroup]) {
        var routes = groups.flatMap(\.routes)
        routes.append(Self.listing(of: routes))
        self.routes = routes
        for (place, route) in routes.enumerated() {
            if route.pattern.hasParameters {
                patterns.append(place)
            } else {
                exact[route.pattern.text, default: []].append(place)
            }
        }
    }

    /// A route with the values of its parameters.
    struct Match {
        let route: ManagementRoute
        let parameters: [String: String]
    }

    /// What a request leads to.
    enum Outcome {
        case found(Match)
        /// Another method would be right: the value of an `allow` field.
        case methodNotAllowed(String)
        case unknown
    }

    func find(_ method: HTTPMethod, _ path: ByteView) -> Outcome {
        guard path.count <= ManagementLimits.pathBytesMax else { return .unknown }
        let wanted = method == .head ? .get : method
        var candidates = (exact[path.string] ?? []).map {
            Match(route: routes[$0], parameters: [:])
        }
        if candidates.isEmpty {
            // Split before it is decoded: an escaped slash is part of a value.
            let segments = RoutePattern.split(path.string).map {
                PercentText.decoded(path: $0)
            }
            candidates = patterns.compactMap { place in
                routes[place].pattern.match(segments).map {
                    Match(route: routes[place], parameters: $0)
                }
            }
        }
        if let match = candidates.first(where: { $0.route.method == wanted }) {
            return .found(match)
        }
        if candidates.isEmpty { return .unknown }
        let allowed = candidates.map { "\($0.route.method.token)" }
        return .methodNotAllowed(
            (allowed + (allowed.contains("GET") ? ["HEAD"] : [])).joined(separator: ", "))
    }

    /// `GET /routes`: the table itself.
    private static func listing(of routes: [ManagementRoute]) -> ManagementRoute {
        let rows = routes.map { (path: $0.pattern.text, method: $0.method, rule: $0.rule) }
        func answer(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
            ManagementReply { output in
                output.member(
                    "routes", array: rows + [(path: "/routes", method: .get, rule: .anyKey)]
                ) { output, row in
                    output.object {
                        $0.member("path", row.path)
                        $0.member("methods", array: ["\(row.method.token)"]) { $0.value($1) }
                        $0.member("role", row.rule.rawValue)
                    }
                }
            }
        }
        return ManagementRoute(.get, "/routes", .anyKey, answer)
    }
}
