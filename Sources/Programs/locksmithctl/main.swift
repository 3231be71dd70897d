import Basics
import Locksmith

StandardOutput.failWhenLost()
await LocksmithMain.run(CommandLine.arguments)
