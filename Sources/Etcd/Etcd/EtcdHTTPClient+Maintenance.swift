/// An alarm that a member of etcd has raised. All members know of it, and heed it until it is taken back.
package struct EtcdAlarm: Sendable, Hashable {
    /// What is wrong. Open: newer members may raise others.
    package struct Kind: Sendable, Hashable, CustomStringConvertible {
        /// As etcd names it.
        package let description: String

        /// The member's database has reached its quota. Nothing is written any more, on any member.
        package static let noSpace = Kind("NOSPACE")

        package init(_ description: String) { self.description = description }
    }

    /// Member that raised it.
    package var member: MemberID
    /// Kind.
    package var kind: Kind

    package init(member: MemberID, kind: Kind) {
        (self.member, self.kind) = (member, kind)
    }
}

/// Upkeep of etcd's database (etcd's `Maintenance` service, https://etcd.io/docs/v3.4/op-guide/maintenance/).
extension EtcdHTTPClient {
    package func alarms() async throws(EtcdError) -> [EtcdAlarm] {
        try await alarm(Gateway.AlarmBody(action: "GET"))
    }

    /// Takes an alarm back. One that is not raised is no error.
    package func disarm(_ alarm: EtcdAlarm) async throws(EtcdError) {
        let member = Gateway.Unsigned(alarm.member.rawValue)
        let body = Gateway.AlarmBody(action: "DEACTIVATE", memberID: member, alarm: alarm.kind.description)
        _ = try await self.alarm(body)
    }

    /// Forgets what keys were before a revision, and returns once that is done on the member that was asked. One that
    /// is compacted already is no error.
    ///
    /// - Parameter revision: the oldest that can still be read; at least 1.
    package func compact(before revision: Int64) async throws(EtcdError) {
        let body = Gateway.CompactionBody(revision: Gateway.Number(revision), physical: true)
        do {
            let _: Gateway.Empty = try await call("/v3/kv/compaction", body, mayRepeat: true)
        } catch {
            guard error.code == .compacted else { throw error }
        }
    }

    /// Gives what a member's database does not use back to its file system. The member answers nobody meanwhile.
    ///
    /// - Parameters:
    ///   - endpoint: client URL of the member.
    ///   - limit: time for all of it.
    package func defragment(_ endpoint: String, within limit: Duration) async throws(EtcdError) {
        let bytes = try GatewayCoding.encode(Gateway.Empty())
        let url = endpoint + "/v3/maintenance/defragment"
        let _: Gateway.Empty = try await transport.post(url, bytes, timeout: limit)
    }

    /// Returns whether a member that says that it is not well says so because of an alarm, and commits all the same.
    func commitsInSpiteOfAlarm(at endpoint: String) async -> Bool {
        do {
            // Without a leader the other two questions would be answered by their deadlines.
            guard try await status(of: endpoint).leader != nil else { return false }
            let question = try GatewayCoding.encode(Gateway.AlarmBody(action: "GET"))
            let url = endpoint + "/v3/maintenance/alarm"
            let alarms: Gateway.AlarmAnswer = try await transport.post(url, question, timeout: requestTimeout)
            guard alarms.alarms?.isEmpty == false else { return false }
            let range = try GatewayCoding.encode(Gateway.RangeBody(RangeRequest(.key("health"), limit: 1)))
            let _: Gateway.RangeAnswer = try await transport.post(
                endpoint + "/v3/kv/range",
                range,
                timeout: requestTimeout
            )
            return true
        } catch {
            // It has said already that it is not well.
            return false
        }
    }

    private func alarm(_ body: Gateway.AlarmBody) async throws(EtcdError) -> [EtcdAlarm] {
        let answer: Gateway.AlarmAnswer = try await call("/v3/maintenance/alarm", body, mayRepeat: true)
        return (answer.alarms ?? []).map(\.value)
    }
}

extension Gateway {
    struct AlarmBody: Encodable, Sendable {
        var action: String
        var memberID: Unsigned?
        var alarm: String?
    }

    struct AlarmAnswer: Decodable, Sendable {
        struct Alarm: Decodable, Sendable {
            var memberID: Unsigned?
            var alarm: String?

            var value: EtcdAlarm {
                EtcdAlarm(member: MemberID(memberID?.value ?? 0), kind: EtcdAlarm.Kind(alarm ?? "NONE"))
            }
        }

        var alarms: [Alarm]?
    }

    struct CompactionBody: Encodable, Sendable {
        var revision: Number
        var physical: Bool
    }
}
