public import GatewayPrimitives

/// What an `accept-encoding` field, or one that is written like it, says about gzip.
public enum AcceptedEncodings {
    /// Whether a response in gzip is acceptable and asked for: `gzip` (or its old name `x-gzip`),
    /// or else `*`, stands in the list with a weight above zero, and no less than that of
    /// `identity` where that is given one (RFC 9110, 12.5.3). Without the field, no.
    public static func includeGzip(_ value: ByteView?) -> Bool {
        guard var rest = value else { return false }
        var gzip: Int?
        var identity: Int?
        var any: Int?
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: ",")) ?? rest.count
            let (coding, weight) = item(rest[0..<end])
            if coding.equalsIgnoringCase("gzip") || coding.equalsIgnoringCase("x-gzip") {
                gzip = max(gzip ?? 0, weight)
            } else if coding.equalsIgnoringCase("identity") {
                identity = weight
            } else if coding.equals("*") {
                any = weight
            }
            rest = rest.dropping(first: min(end + 1, rest.count))
        }
        guard let weight = gzip ?? any, weight > 0 else { return false }
        return weight >= identity ?? 0
    }

    /// One element of the list and its weight in thousandths; one that is not a weight is zero, so
    /// that what is not understood is not used.
    private static func item(_ text: ByteView) -> (coding: ByteView, weight: Int) {
        guard let semicolon = text.firstIndex(of: UInt8(ascii: ";")) else {
            return (FieldLines.trimmed(text), 1000)
        }
        let coding = FieldLines.trimmed(text[0..<semicolon])
        let parameter = FieldLines.trimmed(text.dropping(first: semicolon + 1))
        guard parameter.count >= 2, parameter[0..<2].equalsIgnoringCase("q=") else {
            return (coding, 0)
        }
        return (coding, thousandths(parameter.dropping(first: 2)))
    }

    /// `0`, `1`, or with up to three digits behind the point.
    private static func thousandths(_ text: ByteView) -> Int {
        guard let whole = text[0..<min(1, text.count)].decimal, whole <= 1 else { return 0 }
        if text.count == 1 { return whole * 1000 }
        let digits = text.dropping(first: 2)
        guard text[1] == UInt8(ascii: "."), digits.count <= 3 else { return 0 }
        if digits.isEmpty { return whole * 1000 }
        guard var fraction = digits.decimal else { return 0 }
        for _ in digits.count..<3 { fraction *= 10 }
        let weight = whole * 1000 + fraction
        return weight <= 1000 ? weight : 0
    }
}
