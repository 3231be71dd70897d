import CloudConfig

extension SetupPlan {
    /// Known state of the system before the plan is carried out.
    package struct Before: Sendable, Hashable {
        /// Record of what was applied for this source; nil where there is none.
        package var applied: AppliedManifest?
        /// Record of what was applied for other sources, which is theirs to take back.
        package var others: AppliedManifest
        /// The users there are.
        package var users: Set<String>

        package init(
            applied: AppliedManifest?,
            others: AppliedManifest = .init(),
            users: Set<String> = []
        ) {
            self.applied = applied
            self.others = others
            self.users = users
        }
    }

    /// Ports that a version without a record opened: they close when the config no longer asks for them.
    static let unrecorded: [AppliedManifest.Item] = [
        .started(unit: "docker-tcp.socket"), .enabled(unit: "docker-tcp.socket"),
        .unitFile(path: "/etc/systemd/system/docker-tcp.socket", .unknown),
        .unitFile(path: "/etc/systemd/system/fleet.socket.d/30-tcp.conf", .unknown),
    ]

    /// This plan, with what takes back the things that were applied before and are not named any more.
    ///
    /// - Parameter isWhole: whether the source is the machine's own, so that what it does not name is not wanted even
    ///   where no record says who made it.
    /// - Returns: the plan, and the record of what is applied once it is carried out.
    package func takingBack(
        _ before: Before,
        isWhole: Bool = true,
    ) -> (plan: SetupPlan, applied: AppliedManifest) {
        let old = before.applied?.items ?? Set(isWhole ? Self.unrecorded : [])
        let wanted = Set(applied(made: madeUsers(before)))
        let kept = Set(wanted.union(before.others.items).map(\.subject))
        let units = namedUnits
        let users = namedUsers
        let gone = old.filter { item in
            switch item {
            case .started(let unit): !units.contains(unit) && !kept.contains(item.subject)
            case .user(let name): !users.contains(name) && !old.contains(.lockedUser(name))
            case .lockedUser: false
            default: !kept.contains(item.subject)
            }
        }
        var plan = self
        let back = gone.sorted { ($0.rank, $0.subject) < ($1.rank, $1.subject) }.map(Effect.takeBack)
        let unlocked = old.compactMap { item -> String? in
            guard case .lockedUser(let name) = item, users.contains(name) else { return nil }
            return name
        }
        plan.preparation = back + unlocked.sorted().map(Effect.unlockUser) + preparationJoining(before)
        return (plan, AppliedManifest(wanted.union(keptUsers(old, users: users))))
    }

    /// Users that left stay this program's, without a login.
    private func keptUsers(_ old: Set<AppliedManifest.Item>, users: Set<String>) -> Set<
        AppliedManifest.Item
    > {
        var kept: Set<AppliedManifest.Item> = []
        for case .user(let name) in old where !users.contains(name) {
            kept.formUnion([.user(name), .lockedUser(name)])
        }
        return kept
    }

    /// Users whom this program made before, or is about to make.
    private func madeUsers(_ before: Before) -> Set<String> {
        let old = before.applied?.items ?? []
        return namedUsers.filter { old.contains(.user($0)) || !before.users.contains($0) }
    }

    /// The groups of users who are there; a new user gets them when made.
    private func preparationJoining(_ before: Before) -> [Effect] {
        let made = madeUsers(before)
        return preparation.flatMap { effect -> [Effect] in
            guard case .ensureUser(let user) = effect, made.contains(user.name),
                before.users.contains(user.name),
                !user.groups.isEmpty
            else { return [effect] }
            return [effect, .joinGroups(user: user.name, groups: user.groups)]
        }
    }

    // MARK: What a plan names

    private func applied(made: Set<String>) -> [AppliedManifest.Item] {
        (preparation + commands).flatMap { effect -> [AppliedManifest.Item] in
            switch effect {
            case .writeFile(let path, let content, _, let mode):
                [.file(path: path, .init(content, mode: mode))]
            case .writeUnit(let path, let content):
                [.unitFile(path: path, .init(Array(content.utf8), mode: 0o644))]
            case .writeNetworkUnit(let path, let content):
                [.networkUnit(path: path, .init(Array(content.utf8), mode: 0o644))]
            case .mask(let path): [.mask(path: path)]
            case .enable(let unit, _): [.enabled(unit: unit)]
            case .run(let command, let unit, isOptional: false) where Self.starts(command):
                [.started(unit: unit)]
            case .authorizeKeys(let user, let name, let keys) where !keys.isEmpty:
                [.keys(user: user, name: name)]
            case .ensureUser(let user) where made.contains(user.name):
                [AppliedManifest.Item.user(user.name)]
                    + user.groups.map { AppliedManifest.Item.group(user: user.name, name: $0) }
            default: []
            }
        }
    }

    private static func starts(_ command: CloudConfig.UnitCommand) -> Bool {
        switch command {
        case .start, .restart, .reloadOrRestart: true
        case .stop, .reload, .tryRestart, .reloadOrTryRestart: false
        }
    }

    private var namedUsers: Set<String> {
        Set(
            preparation.compactMap { effect -> String? in
                guard case .ensureUser(let user) = effect else { return nil }
                return user.name
            }
        )
    }

    private var namedUnits: Set<String> {
        Set(
            (preparation + commands).compactMap { effect -> String? in
                switch effect {
                case .writeUnit(let path, _):
                    UnitFileEdit(kind: UnitFileEdit.Kind(path: path), path: path).unit
                case .mask(let path): NodePath.name(path)
                case .enable(let unit, _), .run(_, let unit, _): unit
                default: nil
                }
            }
        )
    }
}
