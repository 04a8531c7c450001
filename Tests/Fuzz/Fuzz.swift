import FuzzTargets
import Glibc

/// Which parser this run is for.
private let target: FuzzTarget = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        fatalError("FUZZ_TARGET is `\(name)`; set it to one of \(names)")
    }
    return target
}()

/// What libFuzzer calls with each input (LLVM's documentation of libFuzzer, "Fuzz Target").
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    if let finding = target.finding(in: input) { fatalError(finding) }
    return 0
}
