// The seam between what a call is and how HTTP carries it. GRPCCall has the life of a call: whether
// it has to stop, its deadline, its order. A CallWire has the bytes: where the next message is, how
// one is written, and what the end looks like. Handlers see the call alone, and messages in
// protobuf's wire form, whichever wire it is.

import GatewayPrimitives
import Transport

/// How one of the wires (gRPC, gRPC-Web, Connect) carries calls.
///
/// That of plain gRPC has no state and serves all calls; the others are made for each. Belongs to
/// its calls' loop.
class CallWire {
    /// What there is at the front of a call's request.
    enum Front {
        case message(MessageFrame)
        /// Not all of a message has come.
        case incomplete
        /// The request is complete, and all of it was taken.
        case end
    }

    /// Where a message stands in what the wire has read of the request.
    struct MessageFrame {
        let isCompressed: Bool
        /// Where its bytes begin.
        let start: Int
        let count: Int
        /// Whether more stands behind it already.
        let hasMore: Bool
    }

    /// Adds what the wire says in the head of every response.
    func begin(_ call: GRPCCall) { fatalError("a wire begins calls") }
    /// Looks for a message at the front of what has come and was not left.
    func front(of call: GRPCCall, bytesMax: Int) throws(GRPCStatusError) -> Front {
        fatalError("a wire reads messages")
    }
    /// A message in protobuf's form, valid until it is left, with ``ByteQueue/slack`` readable
    /// bytes behind it.
    func open(
        _ frame: MessageFrame, of call: GRPCCall, bytesMax: Int
    ) throws(GRPCStatusError) -> ByteView { fatalError("a wire opens messages") }
    /// Takes a message, and what stands before it, from the request.
    func leave(_ frame: MessageFrame, of call: GRPCCall) { fatalError("a wire leaves messages") }

    /// Sends the head of a response that succeeds so far, if the wire can.
    func sendHead(of call: GRPCCall) { fatalError("a wire sends heads") }
    /// Writes a message; returns why it could not be.
    func write(
        to call: GRPCCall, _ fill: (inout ByteQueue) -> Void
    ) -> GRPCStatus? { fatalError("a wire writes messages") }
    /// Ends the response.
    func finish(_ call: GRPCCall, _ status: GRPCStatus) { fatalError("a wire ends calls") }
}
