import GatewayPrimitives

/// Writes requests in the form of HTTP/1.1 (RFC 9112, 3).
enum RequestWriter {
    /// Appends a whole request: head and body.
    ///
    /// - Parameter form: what the request has in common with all others to its origin.
    ///
    /// Throws ``TransportError/malformed(_:)``, and appends nothing, when the target or a field
    /// holds what would end its line: values come from clients and from configuration.
    static func append(
        _ request: borrowing ClientRequest, as form: borrowing RequestForm,
        to output: inout ByteQueue
    ) throws(TransportError) {
        try check(request)
        // One growth for all: the fields with ": " and line ends, and the lines the wire adds.
        let lines = request.headers.byteCount + request.headers.count * 4 + form.fields.count + 128
        _ = output.reserve(
            form.prefix.count + request.target.count + lines + request.body.count)
        output.append(request.method)
        output.append(" ")
        output.append(form.prefix.view)
        output.append(request.target)
        output.append(" HTTP/1.1\r\n")
        output.append(form.fields.view)
        var index = 0
        while index < request.headers.count {
            output.append(request.headers.name(at: index))
            output.append(": ")
            output.append(request.headers.value(at: index))
            output.append("\r\n")
            index &+= 1
        }
        if hasLength(request) {
            output.append("content-length: ")
            output.append(decimal: request.body.count)
            output.append("\r\n")
        }
        output.append("\r\n")
        output.append(request.body)
    }

    /// Refuses what a value could break out of its place with, in any version of HTTP.
    static func check(_ request: borrowing ClientRequest) throws(TransportError) {
        guard isTarget(request.target) else {
            throw .malformed("the request's target is empty or holds a space or control character")
        }
        var index = 0
        while index < request.headers.count {
            guard Token.isToken(request.headers.name(at: index)),
                FieldLines.isFieldText(request.headers.value(at: index))
            else {
                throw .malformed("a field of the request holds a character that may not be sent")
            }
            index &+= 1
        }
    }

    /// Whether the request says how long its body is: one without a body says so only where one
    /// would be expected (RFC 9110, 8.6).
    static func hasLength(_ request: borrowing ClientRequest) -> Bool {
        let method = ByteView(request.method)
        return !request.body.isEmpty || !(method.equals("GET") || method.equals("HEAD"))
    }

    private static func isTarget(_ target: ByteView) -> Bool {
        var refused = target.isEmpty
        for byte in target.buffer where byte <= 0x20 || byte == 0x7F { refused = true }
        return !refused
    }
}
