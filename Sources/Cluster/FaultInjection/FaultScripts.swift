import Basics
import Chaos

/// Shell scripts by which a node brings a fault upon itself, and gets rid of it again. They run as root.
///
/// Everything that they make lies in the node's memory, so that a reboot undoes each of them.
struct FaultScripts {
    /// Exit code for a fault that the node cannot have; the reason is printed.
    static let impossible = 77
    /// Exit code for a fault that no such node of the host can have; the reason is printed.
    static let impossibleHere = 78
    /// Directory on a node with the scripts that undo what is being done to it.
    static let directory = "/run/slipway-chaos"
    /// Prefix of units and chains.
    static let prefix = "slipway-chaos"

    /// Script that brings the fault about.
    var apply: String
    /// Script that undoes it; it may run twice, and without the other having run.
    var undo: String

    /// - Parameters:
    ///   - others: addresses of the nodes that a cut parts the node from.
    /// - Returns: nil for a fault that is not brought about on the node.
    init?(_ fault: Fault, others: [String]) {
        let number = fault.number
        switch fault.kind {
        case .powerOff, .freeze, .reboot, .slowProcessor, .lowMemory, .slowDisk, .libvirtdRestart: return nil
        case .cut: (apply, undo) = Self.cut(number, fault.direction, from: others)
        case .leaderKill, .etcdKill:
            (apply, undo) = ("systemctl kill -s KILL etcd2.service", Self.start("etcd2.service"))
        case .diskFull: (apply, undo) = Self.fullDisk(number)
        case .fleetdKill:
            (apply, undo) = ("systemctl kill -s KILL fleet.service", Self.start("fleet.service"))
        case .fleetdCrashLoop: (apply, undo) = Self.crashLoop(number)
        case .dockerKill:
            apply =
                Self.requires("systemctl is-active -q docker.service", "Docker does not run")
                + "systemctl kill -s KILL docker.service"
            undo = Self.start("docker.service")
        case .flanneldKill:
            apply =
                Self.requires("systemctl is-active -q flanneld.service", "flanneld does not run")
                + "systemctl kill -s KILL flanneld.service"
            undo = Self.start("flanneld.service")
        case .slowNetwork: (apply, undo) = Self.traffic("delay 200ms 50ms")
        case .lossyNetwork: (apply, undo) = Self.traffic("loss 10%")
        case .clockJump: (apply, undo) = Self.clock(number)
        }
    }

    private static func requires(_ condition: String, _ reason: String) -> String {
        "\(condition) || { echo '\(reason)'; exit \(impossible); }\n"
    }

    private static func start(_ unit: String) -> String {
        "systemctl reset-failed \(unit) 2>/dev/null; systemctl start \(unit)"
    }

    private static func cut(
        _ number: Int,
        _ direction: CutDirection,
        from others: [String],
    ) -> (apply: String, undo: String) {
        let chain = "SLIPWAY-CHAOS-\(number)"
        let hooks: [String] =
            switch direction {
            case .both: ["INPUT", "OUTPUT", "FORWARD"]
            case .incoming: ["INPUT"]
            case .outgoing: ["OUTPUT"]
            }
        let rules = others.flatMap { ["-s \($0)", "-d \($0)"] }.map { "iptables -w -A \(chain) \($0) -j DROP\n" }
        let apply =
            requires("command -v iptables >/dev/null", "there is no iptables") + "iptables -w -N \(chain)\n"
            + rules.joined() + hooks.map { "iptables -w -I \($0) -j \(chain)" }.joined(separator: "\n")
        let undo = """
            for h in \(hooks.joined(separator: " ")); do
                while iptables -w -D $h -j \(chain) 2>/dev/null; do :; done
            done
            iptables -w -F \(chain) 2>/dev/null; iptables -w -X \(chain) 2>/dev/null
            ! iptables -w -S \(chain) >/dev/null 2>&1
            """
        return (apply, undo)
    }

    /// etcd may write no file beyond its first byte, and ends as on a full disk; systemd starts it again in vain. No disk
    /// is filled, which on a container would be the host's.
    private static func fullDisk(_ number: Int) -> (apply: String, undo: String) {
        let directory = "/run/systemd/system/etcd2.service.d"
        let file = "\(directory)/90-\(prefix).conf"
        let apply = """
            mkdir -p \(directory)
            printf '[Service]\\nLimitFSIZE=1\\n' >\(file)
            systemctl daemon-reload
            systemctl kill -s KILL etcd2.service
            """
        let undo = "rm -f \(file); systemctl daemon-reload; \(start("etcd2.service"))"
        return (apply, undo)
    }

    private static func crashLoop(_ number: Int) -> (apply: String, undo: String) {
        let unit = "\(prefix)-loop-\(number)"
        let apply =
            "systemd-run --quiet --collect --unit=\(unit) sh -c 'while :; do systemctl kill -s KILL fleet.service; sleep 1; done'"
        return (apply, "systemctl stop \(unit).service 2>/dev/null; \(start("fleet.service"))")
    }

    private static func traffic(_ rule: String) -> (apply: String, undo: String) {
        let interface = "$(ip -o -4 route show default | sed -n 's/.* dev \\([^ ]*\\).*/\\1/p' | head -n 1)"
        let apply = """
            command -v tc >/dev/null || { echo 'there is no tc'; exit \(impossible); }
            i=\(interface); [ -n "$i" ] || i=$(ip -o -4 addr show scope global | awk '{ print $2; exit }')
            said=$(tc qdisc add dev "$i" root netem \(rule) 2>&1) ||
                { echo "the kernel has no sch_netem ($said)"; exit \(impossibleHere); }
            """
        let undo = """
            for i in $(tc qdisc show 2>/dev/null | sed -n 's/^qdisc netem .* dev \\([^ ]*\\) .*/\\1/p'); do
                tc qdisc del dev "$i" root
            done
            """
        return (apply, undo)
    }

    /// Name under which a node's journal has a line before each jump of its clock.
    static let journalName = "slipway-chaos-clock"
    /// Seconds that a clock jumps ahead. Back it would be before the certificates of a young cluster.
    private static let jump = 3600

    /// The clock is put back by the time since the node's start, which does not jump.
    private static func clock(_ number: Int) -> (apply: String, undo: String) {
        let file = "\(directory)/clock-\(number)"
        let apply = """
            echo "$(date +%s.%N) $(cut -d' ' -f1 /proc/uptime)" >\(file)
            echo 'the clock jumps' | systemd-cat -t \(journalName)
            journalctl --sync
            date -s "@$(($(date +%s) + \(jump)))" >/dev/null
            """
        let undo = """
            [ -s \(file) ] || exit 0
            read -r clock up <\(file)
            date -s "@$(awk -v c="$clock" -v u="$up" '{ printf "%.3f", c + $1 - u }' /proc/uptime)" >/dev/null && rm \(file)
            """
        return (apply, undo)
    }

    // MARK: On the node

    /// Command that brings a fault about, after what undoes it was laid down with a timer that does so by itself.
    ///
    /// - Parameter limit: seconds after which the node undoes it.
    func applying(_ fault: Fault, limit: Int) -> String {
        let file = "\(Self.directory)/undo-\(fault.number)"
        let script = """
            set -e
            mkdir -p \(Self.directory)
            printf '%s\\n' \(ShellWord.quoted(undo)) >\(file)
            systemctl stop \(Self.timer(fault)).timer 2>/dev/null || true
            systemd-run --quiet --collect --unit=\(Self.timer(fault)) --on-active=\(limit) --timer-property=AccuracySec=100ms \
            sh -c 'sh \(file) && rm -f \(file)'
            \(apply)
            """
        return Self.asRoot(script)
    }

    /// Command that undoes a fault, whether the node has done so or not.
    func undoing(_ fault: Fault) -> String {
        Self.asRoot(
            """
            sh -c \(ShellWord.quoted(undo)) || exit 1
            systemctl stop \(Self.timer(fault)).timer 2>/dev/null
            rm -f \(Self.directory)/undo-\(fault.number)
            rmdir \(Self.directory) 2>/dev/null || true
            """
        )
    }

    /// Command that undoes whatever a node's own scripts say, of all faults.
    static var undoingAll: String {
        asRoot(
            """
            rc=0
            for f in \(directory)/undo-*; do
                [ -e "$f" ] || continue
                sh "$f" && rm -f "$f" || rc=1
            done
            systemctl stop '\(prefix)-undo-*.timer' 2>/dev/null
            rmdir \(directory) 2>/dev/null
            exit $rc
            """
        )
    }

    /// Command that prints what of faults is still on a node, a line each.
    static var remains: String {
        asRoot(
            """
            ls \(directory) 2>/dev/null | sed 's,^,\(directory)/,'
            iptables -w -S 2>/dev/null | grep SLIPWAY-CHAOS
            systemctl list-units --all --plain --no-legend '\(prefix)-undo-*' '\(prefix)-loop-*' | sed 's/ .*//'
            ls /run/systemd/system/etcd2.service.d/90-\(prefix).conf 2>/dev/null
            tc qdisc show 2>/dev/null | grep netem
            exit 0
            """
        )
    }

    private static func timer(_ fault: Fault) -> String { "\(prefix)-undo-\(fault.number)" }

    static func asRoot(_ script: String) -> String { "sudo sh -c \(ShellWord.quoted(script))" }
}
