public import GatewayCore

extension FastRandom {
    /// A number from zero up to, and without, a bound.
    public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

    /// One of some values.
    public mutating func pick<Value>(_ values: [Value]) -> Value { values[below(values.count)] }

    /// Some bytes with a few of them changed, left out, doubled or put in.
    public mutating func mutated(_ bytes: [UInt8], alphabet: [UInt8]) -> [UInt8] {
        var result = bytes
        for _ in 0...below(3) {
            let place = below(result.count + 1)
            switch below(5) {
            case 0 where place < result.count: result[place] = pick(alphabet)
            case 1 where place < result.count: result.remove(at: place)
            case 2: result.insert(pick(alphabet), at: place)
            case 3 where place < result.count: result[place] = UInt8(truncatingIfNeeded: next())
            default: result = Array(result.prefix(place))
            }
        }
        return result
    }
}
