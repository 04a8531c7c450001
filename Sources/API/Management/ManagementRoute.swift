import GatewayCore
import Transport

/// A path of the management, who may use it, and what answers it. There is none without a rule.
struct ManagementRoute {
    /// HEAD is served where GET is.
    let method: HTTPMethod
    let pattern: RoutePattern
    let rule: RouteRule
    let errors: ManagementErrorShape
    let answer: Answer

    /// Runs on the loop of the request.
    typealias Answer = (ManagementRequest) async throws(GatewayError) -> ManagementReply

    /// - Parameters:
    ///   - pattern: such as `/key/{key}/regenerate`; a name in braces stands for one segment.
    ///   - errors: how LiteLLM shows the errors of this route.
    init(
        _ method: HTTPMethod, _ pattern: String, _ rule: RouteRule,
        errors: ManagementErrorShape = .openAI, _ answer: @escaping Answer
    ) {
        self.method = method
        self.pattern = RoutePattern(pattern)
        self.rule = rule
        self.errors = errors
        self.answer = answer
    }
}

/// Routes that belong together, with what they need; made for each loop.
public struct ManagementGroup {
    let routes: [ManagementRoute]
}

/// How an error of a management route is written when LiteLLM's shapes are wanted.
enum ManagementErrorShape {
    /// `{"error":{"message","type","param","code"}}`
    case openAI
    /// `{"detail":{"error":"..."}}`
    case detail
}

extension HTTPMethod {
    /// Its token.
    var token: StaticString {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other: ""
        }
    }
}
