internal import GatewayCore
internal import GatewayPrimitives

/// Collects what is wrong with a request, field by field.
struct RequestFields {
    private var violations: [FieldViolation] = []

    /// What a field's value must be. Null counts as absent wherever the field is not required.
    enum Shape {
        case string, nonEmptyString, integer, number, bool, object, array
        /// Anything: the field is checked elsewhere or not at all.
        case any
    }

    /// A field that is known.
    struct Field {
        let name: StaticString
        let shape: Shape
        let isRequired: Bool

        init(_ name: StaticString, _ shape: Shape, isRequired: Bool = false) {
            self.name = name
            self.shape = shape
            self.isRequired = isRequired
        }
    }

    mutating func violate(_ field: String, _ message: String) {
        guard violations.count < DialectLimits.violationsMax else { return }
        violations.append(FieldViolation(field: field, message: message))
    }

    /// A client's text in a message, cut if it is long.
    func quote(_ text: ByteView) -> String {
        guard text.count > DialectLimits.quotedBytesMax else { return "`\(text.string)`" }
        var end = DialectLimits.quotedBytesMax
        while end > 0 && text[end] & 0xC0 == 0x80 { end -= 1 }
        return "`\(text[0..<end].string)…`"
    }

    /// Throws if anything was wrong; the message tells the first.
    func finish() throws(GatewayError) {
        guard let first = violations.first else { return }
        throw Self.invalid("\(first.field) \(first.message).", violations)
    }

    static func invalid(_ message: String, _ fields: [FieldViolation]) -> GatewayError {
        GatewayError(.invalidRequest, origin: .client, message: message, fields: fields)
    }

    /// Checks the types of the known members of an object; unknown ones are fine.
    mutating func check(_ object: JSONValue, against known: [Field], prefix: String = "") {
        for field in known where field.isRequired {
            if object[member: field.name] == nil {
                violate("\(prefix)\(field.name)", "is required")
            }
        }
        for (name, value) in object.members {
            guard let field = known.first(where: { name.equals($0.name) }) else { continue }
            check(value, as: field, prefix: prefix)
        }
    }

    private mutating func check(_ value: JSONValue, as field: Field, prefix: String) {
        if value.isNull && !field.isRequired { return }
        guard !Self.matches(value, field.shape) else { return }
        if field.shape == .nonEmptyString && value.kind == .string {
            return violate("\(prefix)\(field.name)", "must not be empty")
        }
        violate(
            "\(prefix)\(field.name)", "must be \(Self.words(field.shape)), is \(value.kind.words)")
    }

    private static func matches(_ value: JSONValue, _ shape: Shape) -> Bool {
        switch shape {
        case .string: value.kind == .string
        case .nonEmptyString: !(value.string?.isEmpty ?? true)
        case .integer: value.integer != nil || value.kind == .integer
        case .number: value.number != nil
        case .bool: value.kind == .bool
        case .object: value.kind == .object
        case .array: value.kind == .array
        case .any: true
        }
    }

    private static func words(_ shape: Shape) -> StaticString {
        switch shape {
        case .string, .nonEmptyString: "a string"
        case .integer: "an integer"
        case .number: "a number"
        case .bool: "a boolean"
        case .object: "an object"
        case .array: "an array"
        case .any: "anything"
        }
    }
}

extension RequestFields {
    /// The object that a body is.
    static func parse(_ body: ByteView, with parser: JSONParser) throws(GatewayError) -> JSONValue {
        let root: JSONValue
        do throws(JSONFault) {
            root = try parser.parse(body)
        } catch {
            throw invalid(
                "The body is not valid JSON: \(error.summary).",
                [FieldViolation(field: "", message: error.summary)])
        }
        guard root.kind == .object else {
            throw invalid(
                "The body must be a JSON object, is \(root.kind.words).",
                [FieldViolation(field: "", message: "must be an object, is \(root.kind.words)")])
        }
        return root
    }

    /// Where the members stand that the gateway may replace, in the body last parsed.
    ///
    /// A name may be written with escapes and is found all the same. Of `single`, the members that
    /// the gateway decides by, none may stand twice: readers of JSON differ in which of the two
    /// they take, and the upstream would be asked for what the gateway has not seen.
    static func replaceableMembers(
        of body: ByteView, in parser: JSONParser, single: [StaticString],
        bounds: [StaticString] = ["max_tokens", "max_completion_tokens"]
    ) throws(GatewayError) -> [RawRequest.Member] {
        var members: [RawRequest.Member] = []
        var fields = RequestFields()
        var seen: UInt64 = 0
        var names = parser.root.members
        for member in parser.topLevelMembers(of: body) {
            guard let name = names.next()?.name else { break }
            if name.equals("model") {
                members.append(RawRequest.Member(name: .model, value: member.value))
            } else if name.equals("stream_options") {
                members.append(RawRequest.Member(name: .streamOptions, value: member.value))
            } else if bounds.contains(where: { name.equals($0) }) {
                members.append(RawRequest.Member(name: .outputBound, value: member.value))
            } else if name.equals("options") {
                members.append(RawRequest.Member(name: .options, value: member.value))
            } else if GatewayFields.isOurs(name) {
                let whole = member.key.lowerBound..<member.value.upperBound
                members.append(RawRequest.Member(name: .ours, value: whole))
            }
            guard let place = single.firstIndex(where: { name.equals($0) }) else { continue }
            if seen & 1 << UInt64(place) != 0 {
                fields.violate("\(single[place])", "stands more than once in the body")
            }
            seen |= 1 << UInt64(place)
        }
        try fields.finish()
        return members
    }
}
