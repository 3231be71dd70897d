import Fleetctl
import Testing

@Suite struct FleetClientTests {
    /// Answers everything the same.
    private struct Answer: FleetTransport {
        let status: Int
        let body: String

        func send(_ request: FleetRequest) async throws -> FleetResponse {
            FleetResponse(status: status, body: Array(body.utf8))
        }
    }

    @Test(arguments: [
        (#"{"error":{"code":503,"message":"no etcd"}}"#, "cannot list units: fleet answered 503: no etcd"),
        ("", "cannot list units: fleet answered 503: no reason given"),
        ("proxy says no", "cannot list units: fleet answered 503: proxy says no"),
    ])
    func errorsAreTold(body: String, message: String) async {
        let client = FleetClient(Answer(status: 503, body: body))
        let error = await #expect(throws: FleetctlError.self) { try await client.units() }
        #expect(error?.message == message)
    }

    @Test func aStrangeAnswerIsAnError() async {
        let client = FleetClient(Answer(status: 200, body: "<html>"))
        await #expect(throws: FleetctlError.self) { try await client.machines() }
    }

    @Test func aTokenThatRepeatsEnds() async throws {
        let client = FleetClient(Answer(status: 200, body: #"{"nextPageToken":"x","machines":[{"id":"a"}]}"#))
        #expect(try await client.machines().count == 2)
    }
}
