extension Gateway {
    struct MemberAnswer: Decodable, Sendable {
        var ID: Unsigned?
        var name: String?
        var peerURLs: [String]?
        var clientURLs: [String]?
        var isLearner: Bool?

        var value: Member {
            Member(
                id: MemberID(ID?.value ?? 0),
                name: name ?? "",
                peerURLs: peerURLs ?? [],
                clientURLs: clientURLs ?? [],
                isLearner: isLearner ?? false,
            )
        }
    }

    struct MembersAnswer: Decodable, Sendable {
        var member: MemberAnswer?
        var members: [MemberAnswer]?
    }

    struct AddMemberBody: Encodable, Sendable {
        var peerURLs: [String]
        var isLearner: Bool?
    }

    struct MemberBody: Encodable, Sendable {
        var ID: Unsigned
    }

    struct StatusAnswer: Decodable, Sendable {
        var header: Header?
        var version: String?
        var dbSize: Number?
        var leader: Unsigned?
        var raftIndex: Unsigned?
        var raftTerm: Unsigned?

        var value: MemberStatus {
            let leader = leader?.value ?? 0
            return MemberStatus(
                member: MemberID(header?.member_id?.value ?? 0),
                cluster: String(header?.cluster_id?.value ?? 0, radix: 16),
                leader: leader == 0 ? nil : MemberID(leader),
                version: version ?? "",
                revision: header?.revision?.value ?? 0,
                raftTerm: raftTerm?.value ?? 0,
                raftIndex: raftIndex?.value ?? 0,
                databaseSize: dbSize?.value ?? 0,
            )
        }
    }

    struct HealthAnswer: Decodable, Sendable {
        var health: String?
    }
}
