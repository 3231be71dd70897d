import AsyncHTTPClient
import Basics
import FleetAPI
import FoundationEssentials
import Glibc
import Logging
import NIOCore
import NIOHTTP1
import NodeBoot
import Systemd

/// This machine, as systemd and fleetd know it.
package struct SystemMachine: RebootingMachine {
    /// File that Debian's packages leave where a change needs a reboot. It is gone after one.
    package static let requestPath = "/run/reboot-required"
    /// Time for logged-in users to finish before a reboot.
    private static let notice = Duration.seconds(300)

    private let systemd: any SystemdManager
    private let machineID: String
    private let fleetSocket: String
    private let boot: BootDirectory
    private let requestPath: String
    private let judgesImage: Bool

    /// - Parameters:
    ///   - boot: directory of the record of images; a machine without one is told of none.
    ///   - requestPath: file that asks for a reboot.
    ///   - judgesImage: true for who says whether the machine is well with an image, and does not wait for that word.
    package init(
        systemd: any SystemdManager,
        machineID: String,
        fleetSocket: String = "/run/fleet.sock",
        boot: BootDirectory = BootDirectory(),
        requestPath: String = Self.requestPath,
        judgesImage: Bool = false,
    ) {
        self.judgesImage = judgesImage
        self.boot = boot
        self.requestPath = requestPath
        self.systemd = systemd
        self.machineID = machineID
        self.fleetSocket = fleetSocket
    }

    /// A newer image that is staged asks for a reboot as a package does.
    package func awaitRequest() async throws {
        let requests = [requestPath] + (access(boot.path, F_OK) == 0 ? [boot.file(BootDirectory.stagedName)] : [])
        try await race(requests.map { request in { @Sendable in try await FileWatch(request).appearance() } })
    }

    package func runsEtcd() async throws -> Bool {
        guard let etcd = try await systemd.unitStatus("etcd2.service") else { return false }
        return etcd.activeState == "active" || etcd.activeState == "activating" || etcd.job == "start"
    }

    // MARK: Health

    package func complaint() async -> String? {
        do {
            guard let target = try await systemd.unitStatus("multi-user.target"), target.activeState == "active" else {
                return "systemd has not started everything yet"
            }
            for unit in ["etcd2.service", "fleet.service"] {
                guard let status = try await systemd.unitStatus(unit), status.loadState == "loaded" else { continue }
                let isWanted = status.activeState != "inactive" || status.job != nil
                if isWanted, status.activeState != "active" { return "\(unit) is \(status.activeState)" }
                if isWanted, unit == "fleet.service", try await !fleetListsMachine() {
                    return "fleet does not list this machine"
                }
            }
            // It may go back yet, and no other should take the same image meanwhile.
            return !judgesImage && boot.record?.isOnTrial == true ? "its image is still on trial" : nil
        } catch {
            return "\(error)"
        }
    }

    private func fleetListsMachine() async throws -> Bool {
        let socket = PercentEncoding.encode(fleetSocket)
        let path = "\(APIResource.prefix)/\(APIResource.machines.components.joined(separator: "/"))"
        var page = ""
        while true {
            let request = HTTPClientRequest(url: "http+unix://\(socket)\(path)\(page)")
            let response = try await HTTPClient.shared.execute(request, timeout: .seconds(2))
            guard response.status == .ok else { return false }
            let body = try await response.body.collect(upTo: 4 << 20)
            let found = try GoJSON.decode(APIPage.self, body.readableBytesView)
            if found.machines?.contains(where: { $0.id == machineID }) == true { return true }
            guard let token = found.nextPageToken, !token.isEmpty else { return false }
            page = "?nextPageToken=\(token)"
        }
    }

    package func change(within limit: Duration) async throws {
        // fleet's list changes without a word from systemd.
        let limit = min(limit, .seconds(1))
        _ = await withDeadline(limit) {
            for await change in systemd.unitStateChanges() where change != .resync { return }
        }
        try Task.checkCancellation()
    }

    // MARK: Time

    package func secondOfWeek() -> Int {
        var now = time(nil)
        var local = tm()
        localtime_r(&now, &local)
        // The C library's week begins on Sunday.
        let day = (Int(local.tm_wday) + 6) % 7
        return ((day * 24 + Int(local.tm_hour)) * 60 + Int(local.tm_min)) * 60 + Int(local.tm_sec)
    }

    // MARK: Reboot

    /// Keeps the names of the units that run, by which the node judges a newer image that is staged.
    private func keepUnits(_ logger: Logger) async throws {
        guard boot.staged != nil else { return }
        let units = try await systemd.listUnits().filter { $0.activeState == "active" }.map(\.name)
        do {
            try boot.keep(units: units)
        } catch {
            logger.warning("cannot keep the names of the units that run", metadata: ["error": "\(error)"])
        }
    }

    package func reboot(_ logger: Logger) async throws {
        let minutes = Self.notice.components.seconds / 60
        let told = Terminals.tell("This machine reboots in \(minutes) minutes, as locksmithd was asked to.")
        if told > 0 {
            logger.notice("somebody is logged in: the reboot waits", metadata: ["minutes": "\(minutes)"])
            try await Task.sleep(for: Self.notice)
        }
        try await keepUnits(logger)
        logger.notice("rebooting")
        try await systemd.enqueue(.start, "reboot.target", mode: .replaceIrreversibly)
    }
}
