import Basics
import Subprocess

/// Daemons of the host that a cluster runs on.
package protocol HostDaemons: Sendable {
    /// Reason why libvirt's daemons cannot be restarted from here; nil where they can.
    func obstacle() async throws -> String?
    /// Restarts libvirt's daemons, and returns once the new ones run.
    ///
    /// - Throws: ``FaultError`` where that cannot be done.
    func restartLibvirt() async throws
}

/// libvirt's daemons on this host: by systemd where it runs, elsewhere by their own command lines.
///
/// A restart that has begun is finished by systemd, or by a process of its own, whatever becomes of this one.
package struct LibvirtDaemons: HostDaemons {
    private let uri: String

    /// - Parameter uri: libvirt's URI, which has to be this host's.
    package init(uri: String) { self.uri = uri }

    /// Time in which the daemons have to run again.
    private static let patience = Duration.seconds(100)

    package func obstacle() async throws -> String? {
        guard uri.contains(":///"), !uri.hasPrefix("test:") else { return "\(uri) is not this host's own libvirt" }
        let (code, said) = try await Self.run(Self.looking)
        return code == 0 ? nil : said
    }

    package func restartLibvirt() async throws {
        if let obstacle = try await obstacle() {
            throw FaultError(.failed, "libvirt cannot be restarted here: \(obstacle)")
        }
        let (code, said) = try await Self.run(Self.restarting)
        guard code == 0 else { throw FaultError(.failed, "libvirt did not come back: \(said)") }
    }

    // MARK: Scripts

    /// The monolithic daemon, or those that took its place; not those that hold the nodes' logs and locks, whose restart
    /// would be another fault.
    private static let names = "libvirtd virtqemud virtlxcd virtnetworkd virtstoraged"

    /// Sets `units` to the daemons that systemd runs, or `processes` to `name:process` of those that run without it.
    private static let found = """
        units= processes=
        if [ -d /run/systemd/system ]; then
            for d in \(names); do
                if systemctl is-active -q $d.service; then units="$units $d.service"; fi
            done
        else
            for d in \(names); do
                p=$(cat /run/$d.pid 2>/dev/null || cat /run/libvirt/$d.pid 2>/dev/null) || continue
                if [ "$(cat /proc/$p/comm 2>/dev/null)" = $d ]; then processes="$processes $d:$p"; fi
            done
        fi
        """

    /// Says why libvirt cannot be restarted, and fails, where that is so.
    static let looking = """
        [ "$(id -u)" = 0 ] || { echo 'only root may restart it; use sudo'; exit 1; }
        \(found)
        [ -n "$units$processes" ] || { echo 'none of its daemons runs that is known here'; exit 1; }
        """

    /// A daemon that no systemd runs is ended and started with the same words by a session of its own, which lives on
    /// where this shell is killed.
    static let restarting = """
        \(found)
        if [ -n "$units" ]; then exec systemctl restart $units; fi
        for one in $processes; do
            d=${one%:*} p=${one#*:}
            xargs -0 -a /proc/$p/cmdline setsid sh -c '
                out=/dev/null
                if [ -f /proc/$0/fd/2 ]; then out=/proc/$0/fd/2; fi
                exec >>"$out" 2>&1 </dev/null
                kill $0
                n=0
                while readlink /proc/$0/exe >/dev/null && [ $n -lt 600 ]; do sleep 0.05; n=$((n + 1)); done
                exec "$@"' $p >/dev/null 2>&1 &
        done
        for one in $processes; do
            d=${one%:*} p=${one#*:} n=0
            while :; do
                q=$(cat /run/$d.pid 2>/dev/null || cat /run/libvirt/$d.pid 2>/dev/null)
                if [ -n "$q" ] && [ "$q" != $p ] && [ "$(cat /proc/$q/comm 2>/dev/null)" = $d ]; then break; fi
                [ $n -lt 900 ] || { echo "$d does not run again"; exit 1; }
                sleep 0.05
                n=$((n + 1))
            done
        done
        """

    private static func run(_ script: String) async throws -> (code: Int32, said: String) {
        let ran = try await withDeadline(patience) {
            try await Subprocess.run(
                .name("sh"),
                arguments: ["-c", script],
                output: .string(limit: 1 << 16),
                error: .combinedWithOutput,
            )
        }
        guard let ran else {
            throw FaultError(.failed, "libvirt is not restarted after \(patience.components.seconds) s")
        }
        let said = ran.standardOutput.trimmed
        guard case .exited(let code) = ran.terminationStatus else { return (1, "\(ran.terminationStatus)") }
        return (code, said)
    }
}
