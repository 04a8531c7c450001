import GatewayPrimitives
import Testing

@testable import Transport

@Suite struct FrameWalkerTests {
    /// Every header is found, and its end, however the bytes are cut.
    @Test func findsFramesHoweverTheyAreCut() {
        let frames = [
            Frame(type: Frame.settings), FramePeer.whole(1),
            FramePeer.data(0x7FFF_FFFF, [UInt8](repeating: 1, count: 300)), FramePeer.ping,
            Frame(type: 0xFE, flags: 0xFF, streamID: .min | 5),
        ]
        let bytes = FramePeer.preface + frames.flatMap(\.bytes)
        let expected = frames.map {
            FrameWalker.Header(type: $0.type, streamID: $0.streamID & .max)
        }
        for pieces in [1, 2, 8, 9, 10, 33, bytes.count] {
            var walker = FrameWalker()
            var found: [FrameWalker.Header] = []
            var start = 0
            while start < bytes.count {
                let end = min(start + pieces, bytes.count)
                bytes[start..<end].withUnsafeBufferPointer { buffer in
                    let view = ByteView(start: buffer.baseAddress, count: buffer.count)
                    var offset = 0
                    while let header = walker.next(view, at: &offset) { found.append(header) }
                    #expect(offset == view.count)
                }
                start = end
            }
            #expect(found == expected)
        }
    }

    @Test func remembersSomeStreams() {
        var history = StreamHistory()
        for stream in [1, 3, 9, 11] as [Int32] { history.opened(stream) }
        #expect(history.last == 11)
        #expect([1, 3, 5, 7, 9, 11, 13].filter { history.isSkipped($0) } == [5, 7])
        history.closed(3, .complete)
        history.closed(9, .resetByClient)
        #expect(history.close(of: 3) == .complete)
        #expect(history.close(of: 9) == .resetByClient)
        #expect(history.close(of: 1) == nil)
        // Bounded: the oldest are forgotten.
        for stream in 100..<116 as Range<Int32> { history.closed(stream, .complete) }
        #expect(history.close(of: 3) == nil)
        #expect(history.close(of: 115) == .complete)
    }
}
