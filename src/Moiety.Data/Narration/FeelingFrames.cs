using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>Frames of feelings.</summary>
internal static class FeelingFrames
{
    internal static EventFrames[] All() =>
    [
        new(EventKind.Feel, ["<be> {|very |so }@D", "<feel> {|very |so }@D"],
        [
            "@A {was|felt} {|very |so }@D.",
            "{That made @A:o|It made @A:o} {|very |so }@D.",
        ]),
        new(EventKind.FeelBoth, [],
        [
            "@A:f and @B:f were {|very |both |so }@D.",
            "{They both felt|Both of them were|The two friends were} {|very |so }@D.",
        ]),
    ];
}
