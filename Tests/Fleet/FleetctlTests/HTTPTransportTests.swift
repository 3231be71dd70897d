import AsyncHTTPClient
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

@Suite(.timeLimit(.minutes(1)))
struct HTTPTransportTests {
    /// Closes as many connections as it is told to once it has a request, and answers those after them with 404.
    private final class Restarting: Sendable {
        private let closing: Int
        let asked = Atomic(0)

        init(closing: Int) { self.closing = closing }

        func serve(_ connection: Int32) {
            var bytes = [UInt8](repeating: 0, count: 4096)
            var request = ""
            while !request.contains("\r\n\r\n") {
                let count = read(connection, &bytes, bytes.count)
                guard count > 0 else { return }
                request += String(decoding: bytes[..<count], as: UTF8.self)
            }
            guard asked.add(1, ordering: .relaxed).newValue > closing else { return }
            let answer = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            _ = write(connection, answer, answer.utf8.count)
        }
    }

    private func send(_ request: APIRequest, closing: Int) async throws -> (status: Result<Int, any Error>, asked: Int)
    {
        let fleet = Restarting(closing: closing)
        let server = try LoopbackServer(fleet.serve)
        defer { server.stop() }
        let transport = HTTPTransport(
            endpoint: try Endpoint("http://127.0.0.1:\(server.port)"),
            client: .shared,
            timeout: .seconds(20),
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
        let read = try await send(APIRequest(.get, ["units", "a.service"]), closing: 2)
        #expect(try read.status.get() == 404)
        #expect(read.asked == 3)
    }

    /// The unit went with the request that was not answered.
    @Test func whatIsGoneAtTheSecondTimeWasRemovedByTheFirst() async throws {
        #expect(try await send(APIRequest(.delete, ["units", "a.service"]), closing: 1).status.get() == 204)
        #expect(try await send(APIRequest(.delete, ["units", "a.service"]), closing: 0).status.get() == 404)
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
    private struct Made: APITransport {
        let unit: APIUnit
        let isRepetition: Bool

        func send(_ request: APIRequest) async throws -> APIResponse {
            guard request.method == .put else {
                return APIResponse(status: 200, body: Array(try JSONEncoder().encode(unit)))
            }
            var response = APIResponse(status: 409)
            response.isToRepetition = isRepetition
            return response
        }
    }

    @Test func notForEverAndNotWhatWouldBeDoneTwice() async throws {
        let read = try await send(APIRequest(.get, ["units"]), closing: .max)
        #expect(throws: FleetctlError.self) { try read.status.get() }
        #expect(read.asked == 3)
        let update = try await send(APIRequest(.put, ["updates", "a.service"], isRepeatable: false), closing: 1)
        #expect(throws: FleetctlError.self) { try update.status.get() }
        #expect(update.asked == 1)
    }
}
