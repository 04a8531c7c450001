import Providers
import Testing

/// The reading of scripts.
struct ScriptTests {
    @Test func aScriptsFiguresAreItsParameters() throws {
        let script = try Script(
            upstreamModel: "demo?chunks=3&chunk_bytes=5&first_ms=7&interval_ms=0&dimensions=4")
        #expect(script.chunkCount == 3)
        #expect(script.chunkBytes == 5)
        #expect(script.firstTokenDelay == .milliseconds(7))
        #expect(script.interval == .zero)
        #expect(script.dimensionCount == 4)
    }

    /// A script that cannot be meant is refused with the part at fault.
    @Test(arguments: [
        ("tale", "tale"), ("demo?chunks", "chunks"), ("demo?chunks=-1", "chunks=-1"),
        ("demo?chunks=x", "chunks=x"), ("demo?words=3", "words"),
        ("demo?chunks=1000001", "chunks"), ("demo?interval_ms=600001", "interval_ms"), ("", "``"),
    ])
    func aScriptThatCannotBeMeantIsRefused(name: String, named: String) {
        do {
            _ = try Script(upstreamModel: name)
            Issue.record("accepted")
        } catch {
            #expect(error.message.contains(named))
        }
    }
}
