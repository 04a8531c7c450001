import GatewayPrimitives

/// A parser of what peers send, with what must hold for every input besides that nothing traps.
///
/// One list for libFuzzer (Tests/Fuzz) and for the replay of the corpora (Tests/FuzzTests).
public enum FuzzTarget: String, CaseIterable, Sendable {
    case http1Request = "http1-request"
    case http1Response = "http1-response"
    case proxyHeader = "proxy-header"
    case grpcFraming = "grpc-framing"
    case protobuf
    case protoJSON = "proto-json"
    case grpcWeb = "grpc-web"
    case gzip
    case sse
    case openAIRequest = "openai-request"
    case openAIReply = "openai-reply"
    case otherRequest = "other-request"
    case geminiReply = "gemini-reply"
    case ollamaReply = "ollama-reply"

    /// Runs the parser; what does not hold, or `nil`.
    public func finding(in input: [UInt8]) -> String? {
        switch self {
        case .http1Request: HTTP1Fuzzing.request(input)
        case .http1Response: HTTP1Fuzzing.response(input)
        case .proxyHeader: HTTP1Fuzzing.proxyHeader(input)
        case .grpcFraming: GRPCFuzzing.framing(input)
        case .protobuf: GRPCFuzzing.protobuf(input)
        case .protoJSON: ProtoJSONFuzzing.messages(input)
        case .grpcWeb: WireFuzzing.web(input)
        case .gzip: WireFuzzing.gzip(input)
        case .sse: DialectFuzzing.events(input)
        case .openAIRequest: DialectFuzzing.openAIRequest(input)
        case .openAIReply: DialectFuzzing.openAIReply(input)
        case .otherRequest: RequestFuzzing.request(input)
        case .geminiReply: ReplyFuzzing.gemini(input)
        case .ollamaReply: ReplyFuzzing.ollama(input)
        }
    }
}

/// Ways to cut an input: a parser must not care how its bytes arrive.
enum Cuts {
    /// The pieces of some bytes, each in memory of its own size, so that a sanitizer sees every
    /// byte that is read beyond it.
    static func pieces(of input: ArraySlice<UInt8>, size: Int) -> [[UInt8]] {
        stride(from: input.startIndex, to: input.endIndex, by: size).map {
            Array(input[$0..<min($0 + size, input.endIndex)])
        }
    }

    /// What differs between the transcripts of an input given whole, byte by byte, and in pieces of
    /// a size drawn from it.
    static func difference(
        _ input: ArraySlice<UInt8>, _ transcript: ([[UInt8]]) -> [String]
    ) -> String? {
        let whole = transcript(pieces(of: input, size: max(1, input.count)))
        let drawn = 2 + Int(input.last ?? 0) % 61
        for size in [1, drawn] {
            let cut = transcript(pieces(of: input, size: size))
            if cut != whole { return "whole: \(whole); in pieces of \(size): \(cut)" }
        }
        return nil
    }
}

extension [UInt8] {
    /// Lends the bytes, with nothing readable behind them.
    func withView<Result>(_ body: (ByteView) -> Result) -> Result {
        withUnsafeBufferPointer { body(ByteView(start: $0.baseAddress, count: $0.count)) }
    }
}

extension [String] {
    /// Adds bytes of a body to those that stand last, a character each: a piece may begin or end in
    /// the middle of one of UTF-8.
    mutating func add(body: ByteView) {
        if last?.hasPrefix("body ") != true { append("body ") }
        // In place: a body that comes byte by byte would be copied with each of them.
        for byte in body.buffer {
            self[count - 1].unicodeScalars.append(Unicode.Scalar(byte))
        }
    }
}
