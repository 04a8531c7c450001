import GatewayCore
import GatewayPrimitives
import JSON

/// The members of a JSON object in a management request, read by type. Null counts as absent,
/// except in ``state(of:)``. What does not fit is collected; ``finish()`` throws it.
///
/// It keeps the parser that its values belong to: they stay valid across waits.
struct BodyFields {
    let violations: FieldViolations
    let value: JSONValue
    /// Where the object stands, for messages: `keys[3].`; empty for the body itself.
    let prefix: String
    private let parser: JSONParser

    /// Reads a body; an empty one is an object without members.
    init(parsing bytes: ByteView) throws(GatewayError) {
        violations = FieldViolations()
        prefix = ""
        parser = JSONParser()
        var text = ByteQueue()
        if bytes.isEmpty { text.append("{}") } else { text.append(bytes) }
        do throws(JSONFault) {
            value = try parser.parse(text.view)
        } catch {
            throw GatewayError(
                .invalidRequest, origin: .client,
                message: "The body is not valid JSON: \(error.summary).",
                fields: [FieldViolation(field: "request_body", message: error.summary)])
        }
        guard value.kind == .object else {
            let why = "must be a JSON object, is \(value.kind.words)"
            throw GatewayError(
                .invalidRequest, origin: .client, message: "The body \(why).",
                fields: [FieldViolation(field: "request_body", message: why)])
        }
    }

    init(of parent: BodyFields, _ value: JSONValue, prefix: String) {
        violations = parent.violations
        parser = parent.parser
        self.value = value
        self.prefix = prefix
    }

    /// Throws what was wrong with the fields read so far.
    func finish() throws(GatewayError) { try violations.finish() }

    /// Adds a fault of a field that only its reader can see.
    func violate(_ name: StaticString, _ message: String) {
        violations.add("\(prefix)\(name)", message)
    }

    // MARK: - Presence

    /// Whether a field is there: an update leaves alone what is absent and clears what is null.
    enum State { case absent, null, given }

    func state(of name: StaticString) -> State {
        guard let found = value[member: name] else { return .absent }
        return found.isNull ? .null : .given
    }

    // MARK: - Values

    func text(_ name: StaticString, bytesMax: Int = ManagementLimits.textBytesMax) -> String? {
        guard let found = given(name) else { return nil }
        guard let bytes = found.string else { return mismatch(name, found, "a string") }
        guard bytes.count <= bytesMax else {
            violate(name, "is longer than \(bytesMax) bytes; send less.")
            return nil
        }
        return bytes.string
    }

    /// A text that must be there and not be empty; the empty text where it is not.
    func requiredText(_ name: StaticString) -> String {
        guard state(of: name) == .given else {
            violate(name, "is required; send a string.")
            return ""
        }
        guard let text = text(name) else { return "" }
        if text.isEmpty { violate(name, "is empty; send a string.") }
        return text
    }

    func integer(_ name: StaticString, in range: ClosedRange<Int> = 0...Int.max) -> Int? {
        guard let found = given(name) else { return nil }
        return integer(found, as: "\(prefix)\(name)", in: range)
    }

    /// The whole number that a value is.
    /// - Parameter field: its whole name, for messages.
    func integer(_ found: JSONValue, as field: String, in range: ClosedRange<Int>) -> Int? {
        guard let number = found.integer else {
            return mismatch(field, found, "a whole number")
        }
        guard range.contains(Int(number)) else {
            violations.add(
                field,
                "is \(number); give a whole number from \(range.lowerBound) to "
                    + "\(range.upperBound).")
            return nil
        }
        return Int(number)
    }

    func number(_ name: StaticString) -> Double? {
        guard let found = given(name) else { return nil }
        return found.number ?? mismatch(name, found, "a number")
    }

    /// Dollars, zero or more. They are what the number's shortest decimal says.
    func money(_ name: StaticString) -> Money? {
        guard let found = given(name) else { return nil }
        return money(found, as: "\(prefix)\(name)")
    }

    /// The dollars that a value is.
    /// - Parameter field: its whole name, for messages.
    func money(_ found: JSONValue, as field: String) -> Money? {
        guard let number = found.number else {
            return mismatch(field, found, "a number of dollars")
        }
        guard number >= 0, let money = Money(dollars: number.description) else {
            violations.add(field, "is \(number); give dollars from 0 to 9 billion.")
            return nil
        }
        return money
    }

    func bool(_ name: StaticString) -> Bool? {
        guard let found = given(name) else { return nil }
        return found.bool ?? mismatch(name, found, "true or false")
    }

    func texts(_ name: StaticString) -> [String]? {
        guard let found = given(name), isList(name, found) else { return nil }
        var texts: [String] = []
        for element in found.elements {
            guard let text = element.string, text.count <= ManagementLimits.textBytesMax else {
                violate(
                    name,
                    "must hold strings of at most \(ManagementLimits.textBytesMax) bytes, "
                        + "holds \(element.kind.words).")
                return nil
            }
            texts.append(text.string)
        }
        return texts
    }

    /// The object in a field.
    func object(_ name: StaticString) -> BodyFields? {
        guard let found = given(name) else { return nil }
        guard found.kind == .object else { return mismatch(name, found, "an object") }
        return BodyFields(of: self, found, prefix: "\(prefix)\(name).")
    }

    /// The objects in a list.
    func objects(_ name: StaticString) -> [BodyFields]? {
        guard let found = given(name), isList(name, found) else { return nil }
        var objects: [BodyFields] = []
        for (index, element) in found.elements.enumerated() {
            guard element.kind == .object else {
                violate(name, "must hold objects, holds \(element.kind.words) at \(index).")
                return nil
            }
            objects.append(BodyFields(of: self, element, prefix: "\(prefix)\(name)[\(index)]."))
        }
        return objects
    }

    /// Any value as JSON text, for what is kept and given back as it came.
    func json(_ name: StaticString) -> String? {
        guard let found = given(name) else { return nil }
        var text = ByteQueue()
        text.append(json: found)
        return text.view.string
    }

    // MARK: - Faults

    private func given(_ name: StaticString) -> JSONValue? {
        guard let found = value[member: name], !found.isNull else { return nil }
        return found
    }

    private func isList(_ name: StaticString, _ found: JSONValue) -> Bool {
        guard found.kind == .array else {
            let _: Never? = mismatch(name, found, "a list")
            return false
        }
        guard found.count <= ManagementLimits.listElementsMax else {
            violate(
                name,
                "has \(found.count) elements; send at most \(ManagementLimits.listElementsMax).")
            return false
        }
        return true
    }

    private func mismatch<Value>(
        _ name: StaticString, _ found: JSONValue, _ wanted: String
    ) -> Value? {
        mismatch("\(prefix)\(name)", found, wanted)
    }

    /// Says that a value is not of the type wanted.
    func mismatch<Value>(_ field: String, _ found: JSONValue, _ wanted: String) -> Value? {
        var shown = ByteQueue()
        shown.append(json: found)
        violations.add(field, "is \(FieldViolations.shown(shown.view.string)); give \(wanted).")
        return nil
    }
}
