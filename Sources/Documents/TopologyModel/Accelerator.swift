/// Accelerator of a virtual machine.
package enum Accelerator: String, Sendable, Hashable, Codable, CaseIterable {
    /// KVM where the host's processor can do it, and otherwise TCG.
    case auto
    /// By the host's processor.
    case kvm
    /// By QEMU itself: everywhere, and ten times as slow.
    case tcg
}
