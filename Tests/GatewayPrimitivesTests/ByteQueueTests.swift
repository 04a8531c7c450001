import GatewayPrimitives
import Testing

/// The queue is compared with an array that does the same in the simplest way.
@Suite("A byte queue gives back what was put in, in order")
struct ByteQueueTests {
    @Test("Any sequence of operations leaves what an array would hold", arguments: 1...40)
    func agreesWithModel(seed: Int) {
        var random = SeededRandom(seed: UInt64(seed))
        var queue = ByteQueue()
        var model: [UInt8] = []
        for step in 0..<400 {
            Self.operate(on: &queue, &model, using: &random)
            // The queue cannot be copied, which `#expect` would do.
            let count = queue.count
            let isEmpty = queue.isEmpty
            #expect(count == model.count, "step \(step)")
            #expect(isEmpty == model.isEmpty, "step \(step)")
            guard queue.view.bytes == model else {
                Issue.record("the bytes differ after step \(step)")
                return
            }
        }
    }

    private static func operate(
        on queue: inout ByteQueue, _ model: inout [UInt8], using random: inout SeededRandom
    ) {
        switch random.next() % 9 {
        case 0, 1, 2:
            // Sizes on both sides of the first allocation and of its doublings.
            let bytes = random.bytes(count: random.below(1200))
            queue.append(array: bytes)
            model += bytes
        case 3:
            let room = queue.reserve(random.below(300))
            let count = random.below(room.count + 1)
            for index in 0..<count {
                room[index] = UInt8(truncatingIfNeeded: index)
                model.append(UInt8(truncatingIfNeeded: index))
            }
            queue.commit(count)
        case 4, 5:
            let count = random.below(queue.count + 1)
            queue.consume(count)
            model.removeFirst(count)
        case 6:
            let count = random.below(queue.count + 1)
            queue.truncate(to: count)
            model.removeLast(model.count - count)
        case 7:
            queue.append(byte: 7)
            queue.append("literal")
            queue.append(text: "Zürich 🚋")
            model += [7] + Array("literalZürich 🚋".utf8)
        default:
            if random.below(8) == 0 {
                queue.release(above: random.below(4096))
                model = []
            }
        }
    }

    @Test("Behind the last byte there is room that may be read")
    func slack() {
        for count in [1, 447, 448, 449, 511, 512, 513, 4096] {
            var queue = ByteQueue()
            queue.append(array: [UInt8](repeating: 1, count: count))
            // Under a sanitizer, a read outside the allocation ends the test.
            var sum = 0
            let end = queue.view.start.unsafelyUnwrapped + count
            for offset in 0..<ByteQueue.slack { sum &+= Int(end[offset]) }
            let waiting = queue.count
            #expect(waiting == count && sum >= 0)
        }
    }

    @Test(
        "Decimal numbers are written as Swift writes them",
        arguments: [0, 1, 9, 10, 99, 100, 12_345, -1, -10, .max, .min])
    func decimal(value: Int) {
        var queue = ByteQueue()
        queue.append(decimal: value)
        let text = queue.view.string
        #expect(text == String(value))
    }

    @Test(
        "Hexadecimal numbers are written as Swift writes them",
        arguments: [0, 1, 15, 16, 255, 256, 0xABCDEF, 0x10_0000_0000, .max])
    func hexadecimal(value: Int) {
        var queue = ByteQueue()
        queue.append(hexadecimal: value)
        let text = queue.view.string
        #expect(text == String(value, radix: 16))
    }

    @Test("An empty view adds nothing")
    func emptyView() {
        var queue = ByteQueue()
        queue.append(ByteView.empty)
        queue.append(array: [])
        queue.append(text: "")
        let isEmpty = queue.isEmpty && queue.view.isEmpty
        #expect(isEmpty)
    }
}
