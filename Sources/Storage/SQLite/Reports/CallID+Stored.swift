import Foundation
import GatewayCore

extension CallID {
    /// As the ledger has it: 16 bytes, the most significant first.
    var stored: Data {
        withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { Data($0) }
    }

    /// An id that was stored; zero for anything else.
    init(stored: Data) {
        guard stored.count == 16 else {
            self.init(high: 0, low: 0)
            return
        }
        self = stored.withUnsafeBytes { bytes in
            CallID(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                low: UInt64(
                    bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
        }
    }
}
