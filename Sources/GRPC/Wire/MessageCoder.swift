import CGatewayProto
import GatewayPrimitives
import JSON
import Transport

/// Turns the messages of one call from what the client sends into protobuf's wire form, and back:
/// compression, JSON, or both. Calls in plain protobuf have none.
final class MessageCoder {
    /// What a method takes and gives, where messages are JSON.
    struct Types {
        let input: UnsafePointer<ProtobufCMessageDescriptor>
        let output: UnsafePointer<ProtobufCMessageDescriptor>
    }

    /// What the loop's server works with.
    private let tools: MessageTools
    /// `nil` where messages are protobuf.
    private let json: Types?
    /// Whether the call's requests are in gzip, or each may be.
    let isRequestCompressed: Bool
    /// Whether responses may be in gzip.
    let compressesResponses: Bool
    /// What a message is that cannot be decompressed, as the wire has it.
    private let corruptCode: GRPCStatusCode
    /// The message handed out last.
    private var message = ByteQueue()

    init(
        tools: MessageTools, json: Types?, isRequestCompressed: Bool, compressesResponses: Bool,
        corruptCode: GRPCStatusCode = .internalFault
    ) {
        self.corruptCode = corruptCode
        self.tools = tools
        self.json = json
        self.isRequestCompressed = isRequestCompressed
        self.compressesResponses = compressesResponses
    }

    /// Adds the field that names the encoding of responses, if there is one.
    func appendEncoding(_ name: StaticString, to headers: inout HeaderList) {
        if compressesResponses { headers.append(name, "gzip") }
    }

    // MARK: - Reading

    /// A message in protobuf's form. Valid until the next is decoded, or the bytes change.
    ///
    /// - Parameter copies: whether the bytes go before the message does.
    func decode(
        _ bytes: ByteView, isCompressed: Bool, bytesMax: Int, copies: Bool = false
    ) throws(GRPCStatusError) -> ByteView {
        message.clear()
        guard isCompressed else {
            if json != nil { return try fromJSON(bytes) }
            if !copies { return bytes }
            message.append(bytes)
            return message.view
        }
        guard isRequestCompressed else { throw Self.unnamedCompression }
        // Nothing, compressed or not, is nothing.
        if bytes.isEmpty { return try json == nil ? bytes : fromJSON(bytes) }
        do throws(GzipInflater.Fault) {
            if json == nil {
                try tools.inflater.inflate(bytes, bytesMax: bytesMax, into: &message)
                return message.view
            }
            tools.text.clear()
            try tools.inflater.inflate(bytes, bytesMax: bytesMax, into: &tools.text)
        } catch .tooLarge {
            throw GRPCStatusError(
                .resourceExhausted,
                "A compressed message stands for more than the limit of \(bytesMax) bytes.")
        } catch {
            throw GRPCStatusError(corruptCode, "A compressed message is not in gzip's format.")
        }
        return try fromJSON(tools.text.view)
    }

    private func fromJSON(_ text: ByteView) throws(GRPCStatusError) -> ByteView {
        guard let json else { return text }
        let value: JSONValue
        do throws(JSONFault) {
            value = try tools.parser.parse(text)
        } catch {
            throw GRPCStatusError(.invalidArgument, "The message is not JSON: \(error.summary).")
        }
        do throws(MessageError) {
            try tools.jsonReader.read(value, as: json.input, into: &message)
        } catch {
            throw GRPCStatusError(error)
        }
        return message.view
    }

    // MARK: - Writing

    /// Appends a message in its envelope, or nothing if it cannot be sent.
    func append(
        _ fill: (inout ByteQueue) -> Void, to queue: inout ByteQueue, bytesMax: Int
    ) -> GRPCStatus? {
        let start = queue.count
        var result = Result<Bool, GRPCStatusError>.success(false)
        Envelope.append(to: &queue) { result = encode(fill, into: &$0, bytesMax: bytesMax) }
        switch result {
        case .success(let isCompressed):
            if isCompressed { queue.store(byte: Envelope.compressed, at: start) }
            return nil
        case .failure(let error):
            queue.truncate(to: start)
            return error.status
        }
    }

    /// Appends a message, and tells whether it is compressed: small ones never are.
    func encode(
        _ fill: (inout ByteQueue) -> Void, into queue: inout ByteQueue, bytesMax: Int
    ) -> Result<Bool, GRPCStatusError> {
        tools.plain.clear()
        fill(&tools.plain)
        if let json {
            tools.text.clear()
            do throws(MessageError) {
                try tools.jsonWriter.write(tools.plain.view, as: json.output, into: &tools.text)
            } catch {
                return .failure(
                    GRPCStatusError(
                        .internalFault,
                        "The answer has no JSON form: \(error.path) \(error.problem)."))
            }
            return finish(tools.text.view, into: &queue, bytesMax: bytesMax)
        }
        return finish(tools.plain.view, into: &queue, bytesMax: bytesMax)
    }

    private func finish(
        _ bytes: ByteView, into queue: inout ByteQueue, bytesMax: Int
    ) -> Result<Bool, GRPCStatusError> {
        guard bytes.count <= bytesMax else {
            return .failure(GRPCStatusError(Self.tooLarge(bytes.count, bytesMax)))
        }
        guard compressesResponses, bytes.count >= GRPCLimits.compressedBytesMin else {
            queue.append(bytes)
            return .success(false)
        }
        tools.deflater.deflate(bytes, into: &queue)
        return .success(true)
    }

    // MARK: - Faults

    static var unnamedCompression: GRPCStatusError {
        GRPCStatusError(
            .internalFault,
            "A message is marked as compressed, but the call names no encoding that is. Name gzip, "
                + "or send messages uncompressed.")
    }

    static func tooLarge(_ count: Int, _ bytesMax: Int) -> GRPCStatus {
        GRPCStatus(
            .resourceExhausted,
            "The answer's message has \(count) bytes, which is over the limit of \(bytesMax).")
    }
}

extension ContentType.Wire {
    /// What a message is that cannot be decompressed: gRPC's document of compression has INTERNAL,
    /// Connect's implementations take it for the client's mistake.
    var corruptCode: GRPCStatusCode {
        switch self {
        case .grpc, .grpcWeb, .grpcWebText: .internalFault
        case .connectUnary, .connectStream: .invalidArgument
        }
    }
}
