import GatewayPrimitives

@testable import Transport

/// HTTP/1.1 in both directions, and what a proxy puts before it.
enum HTTP1Fuzzing {
    private static let headerBytesMax = 512
    private static let headerCountMax = 16

    static func request(_ input: [UInt8]) -> String? {
        Cuts.difference(input[...], requests)
    }

    /// The requests of a connection until one is refused.
    private static func requests(_ pieces: [[UInt8]]) -> [String] {
        var parser = RequestParser(headerBytesMax: headerBytesMax, headerCountMax: headerCountMax)
        var headers = HeaderList()
        var target = ByteQueue()
        var transcript: [String] = []
        var isRefused = false
        for piece in pieces where !isRefused {
            piece.withView { view in
                var rest = view
                while !isRefused {
                    do throws(RequestRefusal) {
                        switch try parser.next(&rest, headers: &headers, target: &target) {
                        case .head:
                            transcript += head(parser, headers, target)
                        case .body(let bytes):
                            transcript.add(body: bytes)
                        case .needsMore:
                            if !rest.isEmpty { transcript.append("left some of its input") }
                            return
                        case .end:
                            transcript.append("end")
                            headers.clear()
                            target.clear()
                            parser.begin()
                            if rest.isEmpty { return }
                        }
                    } catch {
                        transcript.append("refused \(error.status) \(error.sentence)")
                        isRefused = true
                    }
                }
            }
        }
        return transcript
    }

    private static func head(
        _ parser: borrowing RequestParser, _ headers: borrowing HeaderList,
        _ target: borrowing ByteQueue
    ) -> [String] {
        var lines = ["\(parser.method) \(target.view.string) keeps alive: \(parser.keepsAlive)"]
        for index in 0..<headers.count {
            lines.append("\(headers.name(at: index).string): \(headers.value(at: index).string)")
            // What follows a line break here would be a field of ours to whoever reads it next.
            if headers.value(at: index).buffer.contains(where: { $0 == 0x0D || $0 == 0x0A }) {
                lines.append("a line break in a value at \(index), \(headers.count) times")
            }
        }
        if headers.value(of: "content-length") != nil && parser.isChunked {
            lines.append("two lengths")
        }
        if headers.byteCount > headerBytesMax { lines.append("a head beyond its bound") }
        return lines
    }

    /// The first byte says whether the requests were HEAD.
    static func response(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        return Cuts.difference(input[1...]) { responses($0, isHeadRequest: first & 1 == 1) }
    }

    private static func responses(_ pieces: [[UInt8]], isHeadRequest: Bool) -> [String] {
        var parser = ResponseParser(headerBytesMax: headerBytesMax, headerCountMax: headerCountMax)
        parser.begin(isHeadRequest: isHeadRequest)
        var headers = HeaderList()
        var transcript: [String] = []
        var isOver = false
        for piece in pieces where !isOver {
            piece.withView { view in
                var rest = view
                while !isOver {
                    do throws(TransportError) {
                        switch try parser.next(&rest, headers: &headers) {
                        case .head:
                            transcript.append("\(parser.status)")
                            for index in 0..<headers.count {
                                transcript.append(
                                    headers.name(at: index).string + ": "
                                        + headers.value(at: index).string)
                            }
                        case .body(let bytes):
                            transcript.add(body: bytes)
                        case .needsMore:
                            if !rest.isEmpty { transcript.append("left some of its input") }
                            return
                        case .end:
                            transcript.append("end, keeps alive: \(parser.keepsAlive)")
                            isOver = !parser.keepsAlive
                            headers.clear()
                            parser.begin(isHeadRequest: isHeadRequest)
                            if rest.isEmpty { return }
                        }
                    } catch {
                        transcript.append("\(error)")
                        isOver = true
                    }
                }
            }
        }
        if !isOver { transcript.append("complete at the end: \(parser.finish())") }
        return transcript
    }

    static func proxyHeader(_ input: [UInt8]) -> String? {
        Cuts.difference(input[...]) { pieces in
            var header = ProxyHeader()
            var step = ProxyHeader.Step.needsMore
            var rest: [UInt8] = []
            for piece in pieces {
                guard step == .needsMore else {
                    rest += piece
                    continue
                }
                piece.withView { view in
                    var left = view
                    step = header.take(&left)
                    rest += left.bytes
                }
            }
            // Of what is malformed nobody looks at the rest.
            return step == .malformed ? ["\(step)"] : ["\(step)", "\(rest)"]
        }
    }
}
