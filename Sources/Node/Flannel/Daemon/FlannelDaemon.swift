import Basics
import Logging

/// flanneld: holds this node's subnet, and leads packets for other nodes' subnets to them.
///
/// Nothing that it has made in the kernel goes away with it, so that it can be restarted, and be away, while containers
/// speak to each other.
package struct FlannelDaemon: Sendable {
    /// Settings of the program.
    package struct Settings: Sendable, Hashable {
        /// Device that packets go out by, or the node's address on it; nil for that of the default route.
        package var interface: String?
        /// Address at which other nodes reach this one; nil for that of the device.
        package var publicIP: IPv4Address?
        /// True when flannel hides containers' addresses from the world outside.
        package var masquerades = false
        /// File for Docker and others.
        package var subnetFile = "/run/flannel/subnet.env"
        /// Configuration that is written to etcd where it has another or none; nil to take what is there.
        package var config: String?

        package init() {}
    }

    /// Pauses before something is done again.
    package struct Pauses: Sendable {
        /// The first after a failure; each that follows is twice as long.
        package var shortest: Duration = .milliseconds(250)
        /// Longest pause between two attempts: what waits for a subnet at boot does not wait much longer than etcd does.
        package var longest: Duration = .seconds(3)
        /// Interval of looking at etcd and the kernel, in case an event was lost.
        package var look: Duration = .seconds(300)

        package init() {}
    }

    let settings: Settings
    let registry: any SubnetRegistry
    let tools: NetworkTools
    let files: SubnetFiles
    let logger: Logger
    let pauses: Pauses
    /// Tells systemd how it does.
    let notify: @Sendable (String) -> Void
    /// Changes of the kernel's routes, as a new stream for each wait.
    let kernelChanges: @Sendable () throws -> AsyncStream<Void>
    let now: @Sendable () -> ContinuousClock.Instant = { .now }

    package init(
        settings: Settings,
        registry: any SubnetRegistry,
        tools: NetworkTools,
        files: SubnetFiles = .system,
        logger: Logger,
        pauses: Pauses = Pauses(),
        notify: @escaping @Sendable (String) -> Void,
        kernelChanges: @escaping @Sendable () throws -> AsyncStream<Void>,
    ) {
        self.settings = settings
        self.registry = registry
        self.tools = tools
        self.files = files
        self.logger = logger
        self.pauses = pauses
        self.notify = notify
        self.kernelChanges = kernelChanges
    }

    /// This node's place in the network.
    private struct Place {
        var link: NodeLink
        var config: NetworkConfig
        var attributes: LeaseAttributes
        var keeper: LeaseKeeper
        /// Device that routes to peers lead through.
        var device: String
        var isTunnel: Bool
    }

    /// Runs until it is cancelled.
    ///
    /// - Throws: when the node's subnet is another's by now: then everything begins anew, with another bridge.
    package func run() async throws {
        var (place, state) = try await settle()
        notify("READY=1\nSTATUS=\(status(place))")
        var complaint = Complaint(logger: logger, pauses: pauses)
        while true {
            do {
                try await follow(place, from: state)
                state = try await registry.state()
                try await keep(&place, &state)
                complaint.settled()
            } catch is CancellationError {
                throw CancellationError()
            } catch let error as FlannelError where error.kind == .lost {
                throw error
            } catch {
                if let held = place.keeper.held, held.certainUntil < now() {
                    complaint.mayBeLost(held.lease.subnet)
                }
                try await complaint.pause("the network is kept as it is", error)
            }
        }
    }

    private func status(_ place: Place) -> String {
        let subnet = place.keeper.held.map { "\($0.lease.subnet)" } ?? "none"
        return "\(subnet) of \(place.config.network) by \(place.config.backend.name)"
    }

    // MARK: The beginning

    /// Takes a subnet and makes the node ready for its containers, however long that takes.
    private func settle() async throws -> (Place, NetworkState) {
        let previous = files.read(settings.subnetFile).flatMap(SubnetFile.subnet)
        var complaint = Complaint(logger: logger, pauses: pauses)
        while true {
            var seen: NetworkState?
            do {
                let link = try await tools.link(named: settings.interface)
                let publicIP = settings.publicIP ?? link.address
                var keeper = LeaseKeeper(publicIP: publicIP, previous: previous)
                let state = try await registry.state()
                seen = state
                guard let (config, attributes) = try await acquire(&keeper, state) else { continue }
                let place = try await prepare(link, config, attributes, keeper)
                try await apply(state.leases, place)
                try write(place)
                return (place, state)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                notify("STATUS=\("\(error)".split(separator: "\n").joined(separator: " "))")
                let change = seen.map { seen in
                    { @Sendable [registry, pauses] in
                        try await registry.change(since: seen.position, within: pauses.longest)
                    }
                }
                try await complaint.pause("there is no subnet yet", error, until: change)
            }
        }
    }

    /// - Returns: nil when somebody else was faster.
    private func acquire(
        _ keeper: inout LeaseKeeper,
        _ state: NetworkState,
    ) async throws -> (NetworkConfig, LeaseAttributes)? {
        if let wanted = settings.config, state.config != wanted {
            let isWritten = try await registry.setConfig(wanted, over: state)
            if isWritten {
                logger.notice("wrote the network's configuration to etcd", metadata: ["config": "\(wanted)"])
            }
            return nil
        }
        guard let text = state.config else {
            throw FlannelError(.configuration, "etcd has no configuration of the network yet, under \"config\"")
        }
        let config = try NetworkConfig(json: text)
        let attributes = try await attributes(config, state, keeper.publicIP)
        switch try await keeper.step(state, config, attributes, in: registry, now: now) {
        case .held: return (config, attributes)
        case .again: return nil
        case .full, .lost:
            throw FlannelError(.full, "all \(config.subnetCount) subnets of \(config.network) are given")
        }
    }

    /// What this node says of itself. It keeps the hardware address that others know, in a restart and in a reboot.
    private func attributes(
        _ config: NetworkConfig,
        _ state: NetworkState,
        _ publicIP: IPv4Address,
    ) async throws -> LeaseAttributes {
        guard case .vxlan(let number, _) = config.backend else {
            return LeaseAttributes(publicIP: publicIP, backend: config.backend.name)
        }
        let present = try await tools.tunnel(named: TunnelDevice.name(number))?.device.hardwareAddress
        let known = state.leases.lazy.compactMap(\.attributes).filter { $0.publicIP == publicIP }
            .compactMap(\.tunnelAddress).first
        var generator = SystemRandomNumberGenerator()
        let address = present ?? known ?? HardwareAddress.random(using: &generator)
        return LeaseAttributes(publicIP: publicIP, backend: config.backend.name, tunnelAddress: address)
    }

    /// Makes the device, and the rules for packets.
    private func prepare(
        _ link: NodeLink,
        _ config: NetworkConfig,
        _ attributes: LeaseAttributes,
        _ keeper: LeaseKeeper,
    ) async throws -> Place {
        var place = Place(
            link: link,
            config: config,
            attributes: attributes,
            keeper: keeper,
            device: link.name,
            isTunnel: false,
        )
        if case .vxlan(let number, _) = config.backend {
            place.device = TunnelDevice.name(number)
            place.isTunnel = true
        }
        let stale = try await tools.tunnelNames().filter { $0 != place.device }
        try await tools.run("ip", stale.map { "link del \($0)" })
        try await ensure(place)
        return place
    }

    /// The device and the rules as they are to be; nothing is done where they are.
    private func ensure(_ place: Place) async throws {
        if case .vxlan(let number, let port) = place.config.backend, let address = place.attributes.tunnelAddress,
            let subnet = place.keeper.held?.lease.subnet
        {
            let wanted = TunnelDevice(
                number: number,
                port: port,
                local: place.link.address,
                link: place.link.name,
                hardwareAddress: address,
                mtu: mtu(place),
            )
            let present = try await tools.tunnel(named: wanted.name)
            let commands = wanted.commands(
                present: present?.device,
                addresses: present?.addresses ?? [],
                address: subnet.base,
            )
            try await tools.run("ip", commands)
        }
        try await tools.ensure(PacketRules.passing(place.config.network))
        if settings.masquerades { try await tools.ensure(PacketRules.masquerading(place.config.network)) }
    }

    private func mtu(_ place: Place) -> Int { place.link.mtu - place.config.backend.overhead }

    private func write(_ place: Place) throws {
        guard let subnet = place.keeper.held?.lease.subnet else { return }
        let file = SubnetFile(
            network: place.config.network,
            subnet: subnet,
            mtu: mtu(place),
            masquerades: settings.masquerades,
        )
        try files.write(settings.subnetFile, file.text)
        logger.notice(
            "this node has a subnet",
            metadata: [
                "subnet": "\(subnet)", "network": "\(place.config.network)", "address": "\(place.keeper.publicIP)",
                "device": "\(place.device)", "mtu": "\(file.mtu)",
            ]
        )
    }

    // MARK: Afterwards

    /// Sees to it that the kernel's tables are as etcd's state says, until etcd may have another.
    private func follow(_ place: Place, from state: NetworkState) async throws {
        // However often somebody changes the kernel's, etcd's changes are seen, too.
        for _ in 0..<8 {
            // It listens before it looks, so that nothing is missed between.
            let changes = try kernelChanges()
            try await apply(state.leases, place)
            let renewal = place.keeper.held.map { $0.renewal - now() } ?? .zero
            let limit = max(.zero, min(renewal, pauses.look))
            let kernels: @Sendable () async throws -> Bool = {
                for await _ in changes { return true }
                // The stream ends with the task, and else never.
                try Task.checkCancellation()
                throw FlannelError(.program, "the kernel does not tell of its changes any more")
            }
            let etcds: @Sendable () async throws -> Bool = { [registry] in
                try await registry.change(since: state.position, within: limit)
                return false
            }
            let isKernels = try await race([kernels, etcds])
            guard isKernels else { return }
            // Changes come together: of a hundred, the last is looked at.
            try await Task.sleep(for: pauses.shortest)
        }
    }

    private func apply(_ leases: [StoredLease], _ place: Place) async throws {
        let peers = Peer.peers(in: leases, of: place.config, beside: place.keeper.publicIP)
        let wanted = ForwardingTables(to: peers, by: place.config.backend)
        let present = try await tools.tables(of: place.device, in: place.config.network, isTunnel: place.isTunnel)
        let changes = wanted.changes(from: present, device: place.device, isTunnel: place.isTunnel)
        guard !changes.isEmpty else { return }
        try await tools.apply(changes)
        let gone = present.routes.keys.filter { wanted.routes[$0] == nil }.count
        logger.info("routes to other nodes changed", metadata: ["nodes": "\(peers.count)", "gone": "\(gone)"])
    }

    private func keep(_ place: inout Place, _ state: inout NetworkState) async throws {
        while true {
            let outcome = try await place.keeper.step(
                state,
                place.config,
                place.attributes,
                in: registry,
                now: now,
            )
            switch outcome {
            case .held:
                for lease in place.keeper.surplus(in: state) {
                    logger.notice("giving a subnet back", metadata: ["subnet": "\(lease.subnet)"])
                    try await registry.release(lease)
                }
                return try await ensure(place)
            case .again:
                state = try await registry.state()
            case .lost(let subnet):
                throw FlannelError(.lost, "the subnet \(subnet) is another node's by now: this one takes another")
            case .full:
                throw FlannelError(.full, "all \(place.config.subnetCount) subnets are given")
            }
        }
    }
}

/// Failures as the journal has them: each once, until another comes.
private struct Complaint {
    let logger: Logger
    let pauses: FlannelDaemon.Pauses
    private var said = ""
    private var next: Duration
    private var hasWarned = false

    init(logger: Logger, pauses: FlannelDaemon.Pauses) {
        (self.logger, self.pauses) = (logger, pauses)
        next = pauses.shortest
    }

    mutating func settled() {
        if !said.isEmpty { logger.notice("etcd and the kernel do as they should again") }
        (said, next, hasWarned) = ("", pauses.shortest, false)
    }

    mutating func mayBeLost(_ subnet: CIDRv4) {
        guard !hasWarned else { return }
        hasWarned = true
        logger.error(
            "the subnet was not renewed in time: another node may be given it",
            metadata: ["subnet": "\(subnet)"]
        )
    }

    /// - Parameter change: returns when something has changed that may mend it; nil where nothing tells.
    mutating func pause(
        _ consequence: String,
        _ error: any Error,
        until change: (@Sendable () async throws -> Void)? = nil,
    ) async throws {
        let text = "\(error)"
        if text != said { logger.warning("\(consequence)", metadata: ["error": "\(text)"]) }
        said = text
        // Those whose etcd went away together do not come back together.
        let limit = next * Double.random(in: 0.5...1)
        let end = ContinuousClock.now + limit
        var isChanged = false
        if let change { isChanged = (try? await withDeadline(limit, change)) != nil }
        if !isChanged { try await Task.sleep(until: end, clock: .continuous) }
        try Task.checkCancellation()
        next = min(next * 2, pauses.longest)
    }
}
