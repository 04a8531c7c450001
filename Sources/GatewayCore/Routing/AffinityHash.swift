/// Hashes for affinity: quick, well mixed, the same in every process; no secrecy.
enum AffinityHash {
    /// Two numbers as one (the finalizer of MurmurHash3 over their sum).
    static func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
        var mixed = left &+ right &* 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 33)) &* 0xFF51_AFD7_ED55_8CCD
        mixed = (mixed ^ (mixed >> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return mixed ^ (mixed >> 33)
    }

    /// The hash of some bytes.
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        var hash: UInt64 = 0
        var word: UInt64 = 0
        var count: UInt64 = 0
        for byte in bytes {
            word = word << 8 | UInt64(byte)
            count += 1
            if count % 8 == 0 {
                hash = mix(hash, word)
                word = 0
            }
        }
        return mix(mix(hash, word), count)
    }
}
