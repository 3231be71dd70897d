import Cgroups
import Glibc

/// Becomes another program. Returns only by failing.
func handOver(to program: String, arguments: [String]) throws(Failure) -> Never {
    var vector: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    vector.append(nil)
    execv(program, &vector)
    throw .system("cannot execute \(program)", hint: "the image has no init; build it again with: slipway image build")
}

/// etcd and dockerd want many files; the limit of whoever started libvirtd is not theirs.
func raiseFileLimit() {
    var limit = rlimit(rlim_cur: 524_288, rlim_max: 1_048_576)
    // Without the right to raise it, the inherited limit has to do.
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
}
