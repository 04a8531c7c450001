import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives
import Glibc

/// Tells whether two messages say the same, whatever order their maps were written in: protobuf
/// promises none, and some clients draw it anew for every message.
enum V1Fingerprint {
    /// The identity of a request whose client gave it an id; `nil` for one without.
    static func identity<Message>(
        _ id: UnsafePointer<CChar>?, _ chat: UnsafeMutablePointer<Llmgateway__V1__ChatRequest>?,
        of message: UnsafePointer<Message>
    ) throws(GatewayError) -> RequestIdentity? {
        let id = id.text
        guard !id.isEmpty else { return nil }
        if let chat { sortMaps(of: chat) }
        var packed = ByteQueue()
        packed.append(packing: message)
        return try RequestIdentity(id: id, of: packed.view, field: "request_id")
    }

    /// The identity of a request to make something; `nil` for one whose client gave it no id.
    static func identity<Message>(
        _ id: String, of message: Message
    ) throws(GatewayError) -> RequestIdentity? {
        guard !id.isEmpty else { return nil }
        var packed = ByteQueue()
        withUnsafePointer(to: message) { packed.append(packing: $0) }
        return try RequestIdentity(id: id, of: packed.view, field: "request_id")
    }

    /// Brings the entries of a map from text into one order, in the memory that they were unpacked
    /// into.
    static func sort<Entry: TextEntry>(
        _ count: Int, _ entries: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>?
    ) {
        var entries = UnsafeMutableBufferPointer(start: entries, count: count)
        entries.sort { isBefore($0?.pointee.pair.key, $1?.pointee.pair.key) }
    }

    /// Brings the entries of maps into one order, in the memory that they were unpacked into.
    private static func sortMaps(of chat: UnsafeMutablePointer<Llmgateway__V1__ChatRequest>) {
        sort(chat.pointee.n_metadata, chat.pointee.metadata)
        sort(chat.pointee.n_labels, chat.pointee.labels)
        guard let sampling = chat.pointee.sampling else { return }
        var biases = UnsafeMutableBufferPointer(
            start: sampling.pointee.logit_bias, count: sampling.pointee.n_logit_bias)
        biases.sort { ($0?.pointee.key ?? 0) < ($1?.pointee.key ?? 0) }
    }

    private static func isBefore(
        _ left: UnsafeMutablePointer<CChar>?, _ right: UnsafeMutablePointer<CChar>?
    ) -> Bool {
        guard let left, let right else { return right != nil }
        return strcmp(left, right) < 0
    }
}
