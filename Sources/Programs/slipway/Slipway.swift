import ArgumentParser
import SlipwayCommands

@main
enum Slipway {
    static func main() async {
        await SlipwayCommand.main()
    }
}
