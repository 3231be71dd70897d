import AsyncHTTPClient
import FleetAPI
import Foundation
import NIOCore
import Synchronization
import TestKit
import Testing
import UnitFiles

@testable import Fleetctl

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite(.timeLimit(.minutes(5)))
struct HTTPTransportTests {
    /// Closes as many connections as it is told to once it has a request, says of as many more that etcd does not answer,
    /// and answers those after them with 404.
    private final class Restarting: Sendable {
        private let closing: Int
        private let refusing: Int
        let asked = Atomic(0)

        init(closing: Int, refusing: Int) { (self.closing, self.refusing) = (closing, refusing) }

        func serve(_ connection: Int32) {
            var bytes = [UInt8](repeating: 0, count: 4096)
            var request = ""
            while !request.contains("\r\n\r\n") {
                let count = read(connection, &bytes, bytes.count)
                guard count > 0 else { return }
                request += String(decoding: bytes[..<count], as: UTF8.self)
            }
            let number = asked.add(1, ordering: .relaxed).newValue
            guard number > closing else { return }
            let status = number - closing <= refusing ? "503 Service Unavailable" : "404 Not Found"
            let answer = "HTTP/1.1 \(status)\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            _ = write(connection, answer, answer.utf8.count)
        }
    }

    private func send(
        _ request: FleetRequest,
        closing: Int = 0,
        refusing: Int = 0,
        within limit: TimeAmount = .seconds(20),
    ) async throws -> (status: Result<Int, any Error>, asked: Int) {
        let fleet = Restarting(closing: closing, refusing: refusing)
        let server = try LoopbackServer(fleet.serve)
        defer { server.stop() }
        let transport = HTTPTransport(
            endpoint: try FleetEndpoint("http://127.0.0.1:\(server.port)"),
            client: .shared,
            timeout: limit,
        )
        let status: Result<Int, any Error>
        do {
            status = .success(try await transport.send(request).status)
        } catch {
            status = .failure(error)
        }
        return (status, fleet.asked.load(ordering: .relaxed))
    }

    @Test func whoEndsBeforeTheAnswerIsAskedAgain() async throws {
        let read = try await send(FleetRequest(.get, .unit("a.service")), closing: 2)
        #expect(try read.status.get() == 404)
        #expect(read.asked == 3)
    }

    /// An election, or a disk that is slow for a moment.
    @Test func aFleetWithoutEtcdIsAskedAgainUntilTheTimeIsUp() async throws {
        let read = try await send(FleetRequest(.get, .units), refusing: 2)
        #expect(try read.status.get() == 404)
        #expect(read.asked == 3)
        // The first may have removed it all the same.
        #expect(try await send(FleetRequest(.delete, .unit("a.service")), refusing: 1).status.get() == 204)
        let never = try await send(FleetRequest(.get, .units), refusing: 1000, within: .milliseconds(700))
        #expect(try never.status.get() == 503)
        // How often there is time for, at most: a machine that is busy has time for less.
        #expect((1...5).contains(never.asked))
        let update = try await send(FleetRequest(.put, .update("a.service"), isRepeatable: false), refusing: 1)
        #expect(try update.status.get() == 503)
    }

    /// The unit went with the request that was not answered.
    @Test func whatIsGoneAtTheSecondTimeWasRemovedByTheFirst() async throws {
        #expect(try await send(FleetRequest(.delete, .unit("a.service")), closing: 1).status.get() == 204)
        #expect(try await send(FleetRequest(.delete, .unit("a.service")), closing: 0).status.get() == 404)
    }

    /// fleet refuses to make what is there: the attempt that was not answered made it.
    @Test(arguments: [
        (true, "ExecStart=/bin/true", true), (false, "ExecStart=/bin/true", false), (true, "ExecStart=/x", false),
    ])
    func whatIsThereAtTheSecondTimeWasMadeByTheFirst(isRepetition: Bool, line: String, isDone: Bool) async throws {
        let file = try UnitFile(parsing: "[Service]\nExecStart=/bin/true\n")
        let there = try UnitFile(parsing: "[Service]\n\(line)\n")
        let client = FleetClient(
            Made(unit: APIUnit(name: "a.service", options: there.options), isRepetition: isRepetition)
        )
        do {
            try await client.create("a.service", file)
            #expect(isDone)
        } catch let error as FleetctlError {
            #expect(!isDone, "\(error)")
        }
    }

    /// A fleet that has the unit.
    private struct Made: FleetTransport {
        let unit: APIUnit
        let isRepetition: Bool

        func send(_ request: FleetRequest) async throws -> FleetResponse {
            guard request.method == .put else {
                return FleetResponse(status: 200, body: Array(try JSONEncoder().encode(unit)))
            }
            var response = FleetResponse(status: 409)
            response.isToRepetition = isRepetition
            return response
        }
    }

    @Test func notForEverAndNotWhatWouldBeDoneTwice() async throws {
        let read = try await send(FleetRequest(.get, .units), closing: .max)
        #expect(throws: FleetctlError.self) { try read.status.get() }
        #expect(read.asked == 3)
        let update = try await send(FleetRequest(.put, .update("a.service"), isRepeatable: false), closing: 1)
        #expect(throws: FleetctlError.self) { try update.status.get() }
        #expect(update.asked == 1)
    }

    /// Words of a library help nobody.
    @Test(arguments: [
        ("unix:///nonexistent.sock", "No such file or directory"), ("http://127.0.0.1:1", "Connection refused"),
    ])
    func whoIsNotThereIsToldOfInWords(endpoint: String, words: String) async throws {
        let transport = HTTPTransport(endpoint: try FleetEndpoint(endpoint), client: .shared, timeout: .seconds(2))
        let error = await #expect(throws: FleetctlError.self) {
            try await transport.send(FleetRequest(.get, .units))
        }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.hasPrefix("fleet does not answer at \(endpoint)"))
        #expect(text.hasSuffix(words) || text.hasSuffix("no answer within 2000 ms"), "\(text)")
        #expect(!["errno", "NIO", "HTTPClient", "connect("].contains { text.contains($0) }, "\(text)")
    }
}
