import GatewayCore
import GatewayPrimitives

/// The parameters of a request's query, read by type. What does not fit is collected;
/// ``finish()`` throws it.
struct QueryFields {
    let violations = FieldViolations()
    private var parameters: [(name: String, value: String)] = []

    /// - Parameter target: path and query.
    init(target: ByteView) {
        guard let start = target.firstIndex(of: UInt8(ascii: "?")) else { return }
        var rest = target.dropping(first: start + 1)
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "&")) ?? rest.count
            let pair = rest[0..<end]
            rest = rest.dropping(first: min(end + 1, rest.count))
            if pair.isEmpty { continue }
            guard parameters.count < ManagementLimits.queryParametersMax else {
                violations.add(
                    "query",
                    "has more than \(ManagementLimits.queryParametersMax) parameters; send fewer.")
                return
            }
            let equals = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.count
            parameters.append(
                (
                    name: PercentText.decoded(form: pair[0..<equals]),
                    value: PercentText.decoded(
                        form: pair.dropping(first: min(equals + 1, pair.count)))
                ))
        }
    }

    /// Throws what was wrong with the parameters read so far.
    func finish() throws(GatewayError) { try violations.finish() }

    /// The first of that name. Empty counts as absent, as clients send it for what they leave out.
    func text(_ name: String) -> String? {
        guard let found = parameters.first(where: { $0.name == name && !$0.value.isEmpty }) else {
            return nil
        }
        guard found.value.utf8.count <= ManagementLimits.textBytesMax else {
            violations.add(
                name, "is longer than \(ManagementLimits.textBytesMax) bytes; send less.")
            return nil
        }
        return found.value
    }

    func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let text = text(name) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            violations.add(
                name,
                "is \(FieldViolations.shown(text)); give a whole number from "
                    + "\(range.lowerBound) to \(range.upperBound).")
            return nil
        }
        return value
    }

    func money(_ name: String) -> Money? {
        guard let text = text(name) else { return nil }
        guard let value = Money(dollars: text) else {
            violations.add(
                name,
                "is \(FieldViolations.shown(text)); give dollars as a decimal, such as 0.25.")
            return nil
        }
        return value
    }

    func bool(_ name: String) -> Bool? {
        guard let text = text(name) else { return nil }
        switch text.lowercased() {
        case "true", "1", "yes", "on": return true
        case "false", "0", "no", "off": return false
        default:
            violations.add(name, "is \(FieldViolations.shown(text)); give true or false.")
            return nil
        }
    }

    /// A day, as `YYYY-MM-DD`; a time of day behind it is allowed and left out.
    func day(_ name: String) -> CivilDate? {
        guard let text = text(name) else { return nil }
        guard let date = CivilDate(text) else {
            violations.add(
                name, "is \(FieldViolations.shown(text)); give a day as YYYY-MM-DD.")
            return nil
        }
        return date
    }
}
