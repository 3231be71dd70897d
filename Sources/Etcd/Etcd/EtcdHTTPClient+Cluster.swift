extension EtcdHTTPClient: EtcdCluster {
    package func members() async throws(EtcdError) -> [Member] {
        let path = "/v3/cluster/member/list"
        let answer: Gateway.MembersAnswer = try await call(path, Gateway.Empty(), mayRepeat: true)
        return (answer.members ?? []).map(\.value)
    }

    @discardableResult
    package func addMember(peerURLs: [String], learner: Bool) async throws(EtcdError) -> Member {
        let body = Gateway.AddMemberBody(peerURLs: peerURLs, isLearner: learner ? true : nil)
        let answer: Gateway.MembersAnswer = try await call("/v3/cluster/member/add", body, mayRepeat: false)
        guard let member = answer.member?.value else {
            throw EtcdError(.invalidAnswer, "etcd's answer to member add names no member")
        }
        return member
    }

    package func removeMember(_ id: MemberID) async throws(EtcdError) {
        let body = Gateway.MemberBody(ID: Gateway.Unsigned(id.rawValue))
        let _: Gateway.Empty = try await call("/v3/cluster/member/remove", body, mayRepeat: false)
    }

    package func promoteMember(_ id: MemberID) async throws(EtcdError) {
        let body = Gateway.MemberBody(ID: Gateway.Unsigned(id.rawValue))
        let _: Gateway.Empty = try await call("/v3/cluster/member/promote", body, mayRepeat: false)
    }

    package func status(of endpoint: String) async throws(EtcdError) -> MemberStatus {
        let bytes = try GatewayCoding.encode(Gateway.Empty())
        let url = endpoint + "/v3/maintenance/status"
        let answer: Gateway.StatusAnswer = try await transport.post(url, bytes, timeout: requestTimeout)
        return answer.value
    }

    package func health(of endpoint: String) async throws(EtcdError) -> Bool {
        let answer = try await transport.get(endpoint + "/health", timeout: requestTimeout)
        guard answer.status == 200 || answer.status == 503 else {
            throw EtcdError(.invalidAnswer, "\(endpoint)/health answers with HTTP status \(answer.status)")
        }
        let health: Gateway.HealthAnswer = try GatewayCoding.decode(answer.body, from: endpoint + "/health")
        return health.health == "true"
    }

    package func version(of endpoint: String) async throws(EtcdError) -> EtcdVersion {
        let answer = try await transport.get(endpoint + "/version", timeout: requestTimeout)
        return try GatewayCoding.decode(answer.body, from: endpoint + "/version")
    }
}
