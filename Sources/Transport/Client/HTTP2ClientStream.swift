import CNghttp2
import GatewayPrimitives

/// A stream of an HTTP/2 connection to an upstream: one request and its response.
///
/// It is kept by its wire from the moment an exchange takes its place until the stream is closed,
/// and is then used again for others.
final class HTTP2ClientStream {
    /// How far it has come.
    enum Phase {
        /// An exchange has the place; its request was not written yet.
        case reserved
        /// The request is there; nghttp2 does not know of it yet.
        case written
        /// nghttp2 has it.
        case submitted
        /// It is over.
        case closed
    }

    var phase = Phase.reserved
    var streamID: Int32 = 0
    /// Its place in the wire's list.
    var index = -1
    /// Whom it serves; `nil` when nobody reads the response any more. Not owned, which is safe
    /// since an exchange that ends, even by being forgotten, lets go of its stream first.
    unowned(unsafe) var exchange: ClientExchange?
    /// Kept until the response has begun: until then it may have to be sent again.
    var request = HeldRequest()
    /// How much of the body nghttp2 has taken.
    var bodyTaken = 0
    /// In which flush the head left; zero before.
    var headFlush = 0
    /// Whether the response's last byte has come.
    var hasEnded = false
    var isHeadTooLarge = false
    var interimResponses = 0
    /// The status of the head that is being read.
    var status = 0
    /// Whether the upstream has reset it.
    var isResetByPeer = false
    var closeCode: UInt32 = 0
    /// Body bytes for which the upstream has not got its window back.
    var unconsumedBytes = 0
    /// Until when the end of the response is waited for without a reader; `nil` unless it is.
    var endsBy: MonotonicTime?
    /// Body bytes that have come without a reader.
    var droppedBytes = 0
    /// What an exchange fills in while it is served.
    var spareInbound = ByteQueue()
    var spareHeaders = HeaderList()

    /// Makes the object as new.
    func renew() {
        phase = .reserved
        streamID = 0
        index = -1
        exchange = nil
        request.release(above: Limits.pendingKeptBytes)
        bodyTaken = 0
        headFlush = 0
        hasEnded = false
        isHeadTooLarge = false
        interimResponses = 0
        status = 0
        isResetByPeer = false
        closeCode = 0
        unconsumedBytes = 0
        endsBy = nil
        droppedBytes = 0
    }

    /// Begins to serve an exchange.
    func attach(_ exchange: ClientExchange) {
        self.exchange = exchange
        exchange.stream = self
        swap(&spareInbound, &exchange.inbound)
        swap(&spareHeaders, &exchange.responseHeaders)
    }

    /// Ends the service; takes back what it has lent.
    func detach(_ exchange: ClientExchange) {
        self.exchange = nil
        exchange.stream = nil
        swap(&spareInbound, &exchange.inbound)
        swap(&spareHeaders, &exchange.responseHeaders)
        spareInbound.release(above: Limits.pendingKeptBytes)
        spareHeaders.clear()
    }

    /// The upstream has certainly not acted on the request: it said so, or never saw it.
    ///
    /// - Parameter lostFlush: the flush of which no byte has left; zero if there was none.
    func isUnprocessed(lostFlush: Int) -> Bool {
        closeCode == NGHTTP2_REFUSED_STREAM.rawValue || headFlush == 0
            || (lostFlush != 0 && headFlush == lostFlush)
    }
}
