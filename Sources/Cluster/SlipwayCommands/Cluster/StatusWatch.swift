import Basics
import Etcd
import Foundation
import Planning
import Provisioning
import Terminal
import TopologyModel
import Workspace

/// Shows a cluster on the whole terminal, as it changes, until somebody presses `q`.
struct StatusWatch {
    let cluster: String
    let workspace: HostWorkspace
    let showsAll: Bool

    private enum Input: Sendable {
        case look(HostLook)
        case samples([String: Double?], load: Double?)
        case key(UInt8)
        case resized
        case second
    }

    /// Time that a member has for an answer.
    private static let patience = Duration.seconds(2)

    /// Runs until `q`, or until the task is cancelled; the terminal is then as it was.
    func run() async {
        let (inputs, input) = AsyncStream.makeStream(of: Input.self)
        let keys = TerminalKeys(pressed: { input.yield(.key($0)) }, resized: { input.yield(.resized) })
        Output.rawOutput(FullScreen.enter)
        var screen = StatusScreen(cluster: cluster)
        screen.showsAll = showsAll
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await workspace.follower(of: [cluster]).run { input.yield(.look($0)) }
            }
            group.addTask {
                while true {
                    input.yield(.second)
                    do { try await Task.sleep(for: .seconds(1)) } catch { return input.finish() }
                }
            }
            var isSampling = false
            var client: (urls: [String], etcd: EtcdHTTPClient)?
            inputs: for await one in inputs {
                switch one {
                case .look(let look): screen.see(look, at: Date().timeIntervalSince1970)
                case .samples(let latencies, let load):
                    isSampling = false
                    screen.samples.add(latencies: latencies, load: load)
                case .key(UInt8(ascii: "q")), .key(UInt8(ascii: "Q")): break inputs
                case .key(UInt8(ascii: "a")): screen.showsAll.toggle()
                case .key: continue
                case .resized: break
                case .second:
                    // A member that is slow to answer is not asked twice at a time.
                    if !isSampling, let nodes = screen.look?.observation.provider.nodes(of: cluster) {
                        isSampling = true
                        client = refreshed(client, nodes)
                        group.addTask { [etcd = client?.etcd] in
                            input.yield(.samples(await latencies(nodes, etcd), load: load()))
                        }
                    }
                }
                draw(screen)
            }
            group.cancelAll()
        }
        keys.stop()
        Output.rawOutput(FullScreen.leave)
        // What was seen last stays where the shell goes on.
        if let look = screen.look {
            Output.print(StatusReport(look.observation, cluster: cluster).text(style: Output.style, all: showsAll))
        }
    }

    private func draw(_ screen: StatusScreen) {
        let (rows, columns) = Output.screen ?? (24, 80)
        let lines = screen.lines(rows: rows, style: Output.style, now: Date().timeIntervalSince1970)
        Output.rawOutput(FullScreen.frame(lines, rows: rows, columns: columns))
    }

    /// The client of the members that are on, made anew where those are others; nil where there are none.
    private func refreshed(
        _ client: (urls: [String], etcd: EtcdHTTPClient)?,
        _ nodes: [ObservedNode],
    ) -> (urls: [String], etcd: EtcdHTTPClient)? {
        let urls = nodes.filter { $0.etcd == .member && $0.power == .running }.compactMap(\.clientURL).sorted()
        if let client, client.urls == urls { return client }
        do {
            return (urls, try workspace.etcdClient(of: cluster, nodes: nodes, timeout: Self.patience))
        } catch {
            // None is on, which the screen shows.
            return nil
        }
    }

    /// Milliseconds until each member that is on has said how it is; nil for one that does not.
    private func latencies(_ nodes: [ObservedNode], _ etcd: EtcdHTTPClient?) async -> [String: Double?] {
        let members = nodes.filter { $0.etcd == .member }
        return await withTaskGroup(of: (String, Double?).self) { group in
            for member in members {
                group.addTask {
                    guard let etcd, let url = member.clientURL, member.power == .running else {
                        return (member.name, nil)
                    }
                    let begin = ContinuousClock.now
                    do {
                        _ = try await etcd.status(of: url)
                        return (member.name, begin.duration(to: .now) / .milliseconds(1))
                    } catch {
                        return (member.name, nil)
                    }
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = .some($1.1) }
        }
    }

    /// Runnable threads a processor; nil where the nodes run on another host.
    private func load() -> Double? {
        guard workspace.jump == nil, let load = HostWorkspace.load else { return nil }
        return Double(load.runnable) / Double(load.processors)
    }
}
