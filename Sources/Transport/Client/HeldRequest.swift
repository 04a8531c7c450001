import GatewayPrimitives

/// A request with bytes of its own, for as long as it may have to be sent, or sent again.
struct HeldRequest: ~Copyable {
    /// Target, body, and the body's length in digits.
    private var bytes = ByteQueue()
    /// Its views are of `bytes`, which does not change while there is one.
    private(set) var request = ClientRequest(
        method: "GET", target: .empty, headers: HeaderList(), body: .empty)

    /// The value of its `content-length`; empty where a request of its kind has none.
    private(set) var length = ByteView.empty

    /// Whether there is none.
    var isEmpty: Bool { request.target.isEmpty }

    mutating func hold(_ original: borrowing ClientRequest) {
        bytes.clear()
        bytes.append(original.target)
        bytes.append(original.body)
        let targetEnd = original.target.count
        let bodyEnd = bytes.count
        if RequestWriter.hasLength(original) { bytes.append(decimal: original.body.count) }
        request.method = original.method
        request.target = bytes.view[0..<targetEnd]
        request.body = bytes.view[targetEnd..<bodyEnd]
        length = bytes.view.dropping(first: bodyEnd)
        request.headers.clear()
        var index = 0
        while index < original.headers.count {
            request.headers.append(
                name: original.headers.name(at: index), value: original.headers.value(at: index))
            index &+= 1
        }
    }

    /// Forgets the request; memory of up to `bytes` is kept.
    mutating func release(above bytes: Int = 0) {
        request.target = .empty
        request.body = .empty
        length = .empty
        request.headers.clear()
        self.bytes.release(above: bytes)
    }
}
