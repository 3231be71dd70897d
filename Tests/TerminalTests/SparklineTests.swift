import Terminal
import Testing

struct SparklineTests {
    @Test func isAsHighAsItsFigures() {
        #expect(Sparkline.text([0, 50, 100], width: 3, most: 100) == "▁▅█")
        #expect(Sparkline.text([50, 400], width: 2, most: 100) == "▂█", "the highest figure fills the line")
        #expect(Sparkline.text([1, nil, 1], width: 3, most: 100) == "▁×▁")
    }

    @Test func showsTheLastFigures() {
        #expect(Sparkline.text([100, 0, 0], width: 2, most: 100) == "▁▁")
        #expect(Sparkline.text([100], width: 4, most: 100) == "   █")
        #expect(Sparkline.text([], width: 3, most: 100) == "   ")
        #expect(Sparkline.text([1], width: 0, most: 100).isEmpty)
    }

    @Test func aFrameIsCutToTheScreen() {
        let frame = FullScreen.frame(["one", "twotwo", "three"], rows: 2, columns: 4)
        #expect(frame == "\u{1B}[Hone\u{1B}[K\r\ntwo…\u{1B}[K\u{1B}[J")
    }
}
