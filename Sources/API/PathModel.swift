import Dialects
import GatewayCore
import GatewayPrimitives

/// The model that a path names, as Azure's and the oldest of OpenAI's clients put it:
/// `/openai/deployments/MODEL/chat/completions`, `/engines/MODEL/completions`.
struct PathModel {
    let name: String

    /// Finds the model of a path, and the endpoint behind it; `nil` for another path.
    static func split(_ path: ByteView) -> (model: PathModel, rest: ByteView)? {
        for prefix in prefixes where path.hasPrefix(prefix) {
            let rest = path.dropping(first: prefix.utf8CodeUnitCount)
            guard let slash = rest.firstIndex(of: UInt8(ascii: "/")), slash > 0 else { return nil }
            let model = PathModel(name: PercentText.decoded(path: rest[0..<slash]))
            return (model, rest.dropping(first: slash))
        }
        return nil
    }

    private static let prefixes: [StaticString] = [
        "/openai/deployments/", "/v1/engines/", "/engines/",
    ]

    /// The body with the model of the path, whatever it names itself. Members of the name `model`
    /// are left out however often they stand there. What is no JSON object stays as it is, and is
    /// refused as such.
    func applied(to body: ByteView, with parser: JSONParser) -> ByteQueue {
        var output = ByteQueue()
        guard let root = try? parser.parse(body), root.kind == .object else {
            output.append(body)
            return output
        }
        output.append("{\"model\":")
        output.append(jsonString: name)
        var names = root.members
        for member in parser.topLevelMembers(of: body) {
            guard let key = names.next()?.name else { break }
            if key.equals("model") { continue }
            output.append(",")
            output.append(body[member.key])
            output.append(":")
            output.append(body[member.value])
        }
        output.append("}")
        return output
    }
}
