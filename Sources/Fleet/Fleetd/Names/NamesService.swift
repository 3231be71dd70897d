import Basics
import FleetState
import Logging
import ServiceLifecycle

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Keeps a hosts file with the names of the cluster's nodes and units, which a name server on this machine reads whenever
/// it changes. Without etcd it stays as it is.
struct NamesService: Service {
    let watch: ClusterWatch
    let domain: String
    let path: String
    let logger: Logger
    /// Time after a change in which further ones are only collected.
    var pause = Duration.milliseconds(50)

    func run() async throws {
        await cancelWhenGracefulShutdown {
            var names: ClusterNames?
            var written: String?
            for await snapshot in watch.snapshots() {
                let now = ClusterNames(snapshot, after: names)
                let text = now.hosts(in: domain)
                if text != written { await write(text) }
                (names, written) = (now, text)
                do { try await Task.sleep(for: pause) } catch { return }
            }
        }
    }

    /// Writes the file, and tries again where that fails.
    private func write(_ text: String) async {
        var isTold = false
        while !Task.isCancelled {
            do {
                let directory = path.prefix(upTo: path.lastIndex(of: "/") ?? path.startIndex)
                try FileManager.default.createDirectory(atPath: String(directory), withIntermediateDirectories: true)
                // After a loss of power it is written anew as soon as etcd answers.
                return try AtomicFile.write(text, to: path, isDurable: false)
            } catch {
                if !isTold {
                    logger.error("the cluster's names are not up to date", metadata: ["error": "\(error)"])
                }
                isTold = true
                do { try await Task.sleep(for: .seconds(1)) } catch { return }
            }
        }
    }
}
