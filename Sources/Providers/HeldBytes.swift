import GatewayPrimitives

/// Bytes kept for as long as the object lives, so that views of them can be lent.
final class HeldBytes {
    private let queue: ByteQueue

    init(_ text: String) {
        var queue = ByteQueue()
        queue.append(text: text)
        self.queue = queue
    }

    /// Valid as long as the object.
    var view: ByteView { queue.view }
}
