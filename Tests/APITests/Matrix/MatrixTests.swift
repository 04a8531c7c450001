import Foundation
import GatewayCore
import TestSupport
import Testing
import Transport

/// Every door in front of every provider, case by case, as matrix.tsv names them: a cell that is
/// missing in the file, or stands there for nothing, fails; so does one that is not as it says.
@Suite(.timeLimit(.minutes(5)))
struct MatrixTests {
    private static func rows() throws -> [[String]] {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "matrix.tsv")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            .filter { !$0.hasPrefix("#") }
            .map { $0.split(separator: "\t").map { $0.trimmingCharacters(in: .whitespaces) } }
    }

    @Test func theFileNamesEveryCell() throws {
        let rows = try Self.rows()
        #expect(rows.first == ["door", "provider"] + MatrixCase.allCases.map(\.rawValue))
        let named = rows.dropFirst().map { Array($0.prefix(2)) }
        let all = MatrixDoor.allCases.flatMap { door in
            MatrixVendor.allCases.filter { $0.serves(door) }.map { [door.rawValue, $0.rawValue] }
        }
        #expect(named == all)
        for row in rows.dropFirst() {
            #expect(row.count == 2 + MatrixCase.allCases.count, "\(row)")
            for cell in row.dropFirst(2) { #expect(MatrixCell(cell) != nil, "\(row): \(cell)") }
        }
    }

    @Test(arguments: MatrixDoor.allCases, MatrixVendor.allCases)
    func isAsTheFileSays(door: MatrixDoor, vendor: MatrixVendor) async throws {
        guard vendor.serves(door) else { return }
        let row = try #require(
            try Self.rows().first { $0[0] == door.rawValue && $0[1] == vendor.rawValue })
        for (asked, text) in zip(MatrixCase.allCases, row.dropFirst(2)) {
            let place = "\(door.rawValue) x \(vendor.rawValue) x \(asked.rawValue)"
            guard let request = door.request(asked) else {
                #expect(MatrixCell(text) == .unasked, "\(place)")
                continue
            }
            let upstream = try ScriptedUpstream([vendor.script(asked, for: door)])
            defer { upstream.stop() }
            let harness = try MatrixHarness(vendor, port: upstream.port)
            switch try #require(MatrixCell(text)) {
            case .unasked: Issue.record("\(place) can be asked for")
            case .refused(let field):
                let response = await harness.client.send(request)
                #expect(response.status == 400, "\(place)")
                let words = MatrixReader.read(response, from: door).error
                #expect(words?.contains(field) == true, "\(place): \(words ?? response.text)")
                #expect(upstream.requests.isEmpty, "\(place)")
            case .ok where asked == .gone:
                await leave(request, harness, upstream, place)
            case .ok:
                let response = await harness.client.send(request)
                let answer = MatrixReader.read(response, from: door)
                check(answer, response, asked, place)
                try check(upstream.requests, vendor, door, asked, place)
            }
        }
    }

    /// The client goes away after the first piece: its upstream sees that, and the record tells it.
    private func leave(
        _ request: InProcessRequest, _ harness: MatrixHarness, _ upstream: ScriptedUpstream,
        _ place: String
    ) async {
        let call = harness.client.start(request)
        _ = await call.received(atLeast: 1)
        call.goAway()
        _ = await call.response()
        await upstream.abandoned(1)
        var records = await harness.records()
        while records.isEmpty {
            await Task.yield()
            records = await harness.records()
        }
        #expect(records.first?.error?.reason == .cancelled, "\(place)")
    }

    private func check(
        _ answer: MatrixAnswer, _ response: InProcessResponse, _ asked: MatrixCase,
        _ place: String
    ) {
        let seen = Comment(rawValue: "\(place): \(response.status) \(response.text)")
        if asked == .errors {
            #expect(response.status == 400, seen)
            #expect(answer.error?.contains(MatrixCase.fault) == true, seen)
            return
        }
        #expect(response.status == 200, seen)
        if asked == .cut {
            #expect(answer.text == "Hel", seen)
            #expect(answer.error?.isEmpty == false, seen)
            return
        }
        #expect(answer.error == nil, seen)
        let cities = asked == .tools ? ["Oslo"] : asked == .parallelTools ? ["Oslo", "Rome"] : []
        #expect(answer.calls.map(\.name) == cities.map { _ in "get_weather" }, seen)
        #expect(
            answer.calls.map { FoundationJSON.object($0.arguments)?.at("city") as? String }
                == cities, seen)
        #expect(answer.finish == (cities.isEmpty ? "stop" : "tool_calls"), seen)
        if cities.isEmpty { #expect(answer.text == "Hello", seen) }
        if asked == .n { #expect(answer.texts == [0: "Hello", 1: "Hola"], seen) }
        if asked == .usage {
            #expect(answer.inputTokens == 11 && answer.outputTokens == 7, seen)
        }
    }

    private func check(
        _ requests: [String], _ vendor: MatrixVendor, _ door: MatrixDoor, _ asked: MatrixCase,
        _ place: String
    ) throws {
        #expect(requests.count == 1, "\(place)")
        let parts = requests.first?.components(separatedBy: "\r\n\r\n") ?? []
        let body = try #require(parts.last.flatMap(FoundationJSON.object), "\(place)")
        for (path, value) in vendor.wanted(asked, from: door) {
            #expect(body.at(path) == value, "\(place): \(path) in \(parts.last ?? "")")
        }
        if asked == .toolResults {
            let (result, function) = vendor.result(in: body)
            #expect(result == MatrixCase.result, "\(place): \(parts.last ?? "")")
            #expect(function == "get_weather", "\(place): \(parts.last ?? "")")
        }
    }
}
