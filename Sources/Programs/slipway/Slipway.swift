import ArgumentParser
import Basics
import SlipwayCommands

#if canImport(Glibc)
    import Glibc
#endif

@main
enum Slipway {
    static func main() async {
        // What the caller's umask is must not decide what a node's users may read in its root.
        umask(0o022)
        StandardOutput.failWhenLost()
        // Each ssh takes several; the usual soft limit is for some hundred nodes.
        DescriptorLimit.raise()
        await SlipwayCommand.main()
    }
}
