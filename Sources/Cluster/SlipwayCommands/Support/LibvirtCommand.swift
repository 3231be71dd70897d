import ArgumentParser

/// A command that speaks with libvirt.
protocol LibvirtCommand: ParsableCommand {
    var connect: ConnectOptions { get }
}

extension BackupCheck: LibvirtCommand {}
extension BackupCreate: LibvirtCommand {}
extension BackupSchedule: LibvirtCommand {}
extension ClusterAdopt: LibvirtCommand {}
extension ClusterChaos: LibvirtCommand {}
extension ClusterClone: LibvirtCommand {}
extension ClusterDown: LibvirtCommand {}
extension ClusterEnv: LibvirtCommand {}
extension ClusterEvents: LibvirtCommand {}
extension ClusterGraph: LibvirtCommand {}
extension ClusterHistoryList: LibvirtCommand {}
extension ClusterList: LibvirtCommand {}
extension ClusterMaintain: LibvirtCommand {}
extension ClusterMetrics: LibvirtCommand {}
extension ClusterPlan: LibvirtCommand {}
extension ClusterRecover: LibvirtCommand {}
extension ClusterReplace: LibvirtCommand {}
extension ClusterRestore: LibvirtCommand {}
extension ClusterRoll: LibvirtCommand {}
extension ClusterSSHConfig: LibvirtCommand {}
extension ClusterScale: LibvirtCommand {}
extension ClusterSmoke: LibvirtCommand {}
extension ClusterStatus: LibvirtCommand {}
extension ClusterSupport: LibvirtCommand {}
extension ClusterUp: LibvirtCommand {}
extension DashboardCommand: LibvirtCommand {}
extension HostDoctor: LibvirtCommand {}
extension ImageList: LibvirtCommand {}
extension ImagePrune: LibvirtCommand {}
extension ImageRemove: LibvirtCommand {}
extension NodeConsole: LibvirtCommand {}
extension NodeExec: LibvirtCommand {}
extension NodeLogs: LibvirtCommand {}
extension NodeRender: LibvirtCommand {}
extension NodeSSH: LibvirtCommand {}
extension SnapshotList: LibvirtCommand {}
extension SnapshotRemove: LibvirtCommand {}
extension SnapshotRestore: LibvirtCommand {}
extension SnapshotSaveCommand: LibvirtCommand {}
extension SnapshotThaw: LibvirtCommand {}

extension NodeStart: LibvirtCommand { var connect: ConnectOptions { power.connect } }
extension NodeStop: LibvirtCommand { var connect: ConnectOptions { power.connect } }
extension NodeRestart: LibvirtCommand { var connect: ConnectOptions { power.connect } }
extension ClusterUpgrade: LibvirtCommand { var connect: ConnectOptions { options.connect } }
extension ClusterRollback: LibvirtCommand { var connect: ConnectOptions { options.connect } }
