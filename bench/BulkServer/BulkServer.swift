import GatewayPrimitives
import Glibc
import Transport

/// Sends one large body to whoever asks, by TLS: what the event loop, HTTP and TLS cost where there
/// is no gateway above them. For bench/tls.py.
@main
enum BulkServer {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == 4, let port = UInt16(arguments[0]), let bytes = Int(arguments[3])
        else {
            let usage = ByteView("usage: bulk-server PORT CERTIFICATE KEY BYTES\n")
            _ = write(STDERR_FILENO, usage.start, usage.count)
            exit(2)
        }
        let tls = try TLSServer(
            TLSServerSettings(certificateFile: arguments[1], keyFile: arguments[2]))
        let loop = EventLoop(index: 0)
        // The loop does not run yet: what is done here is done on its behalf.
        let server = HTTPServer(
            loop: loop, limits: Limits(), handler: BulkHandler(byteCount: bytes), tls: tls)
        _ = try server.listen(host: "127.0.0.1", port: port)
        loop.start()
        while true { pause() }
    }
}

/// Answers every request with so many bytes.
private final class BulkHandler: ExchangeHandler {
    private static let pieceBytes = 64 * 1024

    private let byteCount: Int
    private let piece = [UInt8](repeating: 0x61, count: pieceBytes)

    init(byteCount: Int) { self.byteCount = byteCount }

    func handle(_ exchange: ServerExchange) async {
        exchange.sendHead(status: 200, body: .known(byteCount))
        var left = byteCount
        while left > 0 {
            let count = min(left, Self.pieceBytes)
            piece.withUnsafeBufferPointer {
                exchange.write(ByteView(start: $0.baseAddress, count: count))
            }
            left -= count
            do throws(TransportError) {
                try await exchange.awaitRoom()
            } catch {
                // The client has gone, and the exchange with it.
                return
            }
        }
        exchange.end()
    }
}
