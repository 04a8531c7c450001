import CLinux
import COpenSSL
import GatewayPrimitives
import Glibc
import Synchronization

/// The keys that a server's session tickets are sealed with (RFC 5077, 4): one that seals, and
/// older ones that still open. Drawn in the process, never stored.
///
/// May be used from any thread: the loops share it, so that a client can resume on any of them.
final class TLSTicketKeys: Sendable {
    /// How long a session can be resumed.
    static let lifetimeSeconds: Int64 = 12 * 3600
    /// How long a key seals. A key that leaks opens the tickets of this time and no others.
    static let rotation = Duration.seconds(6 * 3600)
    /// One that seals, and those whose tickets may still be good.
    static let keysMax = 3

    /// 16 bytes that name the key, 32 of AES-256, 32 of HMAC-SHA-256.
    private struct Key {
        static let nameBytes = 16
        static let secretBytes = 32
        let bytes: [UInt8]
        let madeAt: MonotonicTime

        init(madeAt: MonotonicTime) {
            var bytes = [UInt8](repeating: 0, count: Self.nameBytes + 2 * Self.secretBytes)
            let result = RAND_bytes(&bytes, Int32(bytes.count))
            precondition(result == 1, "the system gives no random numbers")
            self.bytes = bytes
            self.madeAt = madeAt
        }
    }

    private let keys = Mutex<[Key]>([])
    private let now: @Sendable () -> MonotonicTime

    /// - Parameter now: the time by which keys are rotated.
    init(now: @escaping @Sendable () -> MonotonicTime) { self.now = now }

    /// CLOCK_MONOTONIC (clock_gettime(2)).
    static let systemNow: @Sendable () -> MonotonicTime = {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return MonotonicTime(
            nanoseconds: UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec))
    }

    /// What OpenSSL's callback returns (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
    private enum Verdict {
        static let failed: Int32 = -1
        /// The ticket is not ours, or too old: a full handshake follows.
        static let unknown: Int32 = 0
        static let accepted: Int32 = 1
        /// The ticket is good, and a new one is to be sent.
        static let renewed: Int32 = 2
    }

    /// Sets up the sealing of a ticket; fills in the key's name and the vector.
    func seal(
        name: UnsafeMutablePointer<UInt8>, vector: UnsafeMutablePointer<UInt8>,
        cipher: OpaquePointer, mac: OpaquePointer
    ) -> Int32 {
        let key = keyForSealing()
        guard RAND_bytes(vector, EVP_MAX_IV_LENGTH) == 1 else { return Verdict.failed }
        return key.bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
                return Verdict.failed
            }
            memcpy(name, start, Key.nameBytes)
            let secret = start + Key.nameBytes
            guard EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nil, secret, vector) == 1,
                gw_EVP_MAC_CTX_set_key(mac, secret + Key.secretBytes, Key.secretBytes) == 1
            else { return Verdict.failed }
            return Verdict.accepted
        }
    }

    /// Sets up the opening of a ticket.
    func open(
        name: UnsafeMutablePointer<UInt8>, vector: UnsafeMutablePointer<UInt8>,
        cipher: OpaquePointer, mac: OpaquePointer
    ) -> Int32 {
        guard let (key, isSealing) = key(named: name) else { return Verdict.unknown }
        return key.bytes.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self) else {
                return Verdict.failed
            }
            let secret = start + Key.nameBytes
            guard EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nil, secret, vector) == 1,
                gw_EVP_MAC_CTX_set_key(mac, secret + Key.secretBytes, Key.secretBytes) == 1
            else { return Verdict.failed }
            return isSealing ? Verdict.accepted : Verdict.renewed
        }
    }

    private func keyForSealing() -> Key {
        let now = now()
        return keys.withLock { keys in
            if let newest = keys.first, now.since(newest.madeAt) < Self.rotation { return newest }
            let made = Key(madeAt: now)
            keys.insert(made, at: 0)
            if keys.count > Self.keysMax { keys.removeLast() }
            return made
        }
    }

    private func key(named name: UnsafePointer<UInt8>) -> (Key, isSealing: Bool)? {
        let now = now()
        return keys.withLock { keys in
            let found = keys.firstIndex { key in
                key.bytes.withUnsafeBufferPointer { bytes in
                    ByteView(start: bytes.baseAddress, count: Key.nameBytes)
                        .equals(ByteView(start: name, count: Key.nameBytes))
                }
            }
            guard let found else { return nil }
            let age = now.since(keys[found].madeAt)
            guard age < Self.rotation + .seconds(Self.lifetimeSeconds) else { return nil }
            return (keys[found], age < Self.rotation)
        }
    }
}
