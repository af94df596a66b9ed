using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>Frames that open and close a story: people, the day, what they have and where they are.</summary>
internal static class SceneFrames
{
    internal static EventFrames[] All() =>
    [
        new(EventKind.Introduce, [],
        [
            "{Once upon a time, there|There once} was %a {@D|little|@D little|@D young} @A:k {named|called} @A:f.",
            "{Once upon a time, there|There once} was %a {@D|@D little|@D young} @A:k {named|called} @A:f.",
            "@A:f was %a {@D|@D little|@D young} @A:k.",
            "Once upon a time, %a @D @A:k {named|called} @A:f lived {near the sea|in a small house|in a little town|by a big forest|on a quiet street|at the foot of a hill|in a village}.",
            "{In a {small|quiet|little} {village|town}|Near a {big|green} {forest|lake}|In a house on a hill}, there lived %a @D @A:k {named|called} @A:f.",
            "This is the story of @A:f, %a {@D|@D little} @A:k.",
            "There {was|once was} %a @A:k {named|called} @A:f. ^{Everyone|People} said that @A was {very|always} @D.",
        ]),
        new(EventKind.Friend, [],
        [
            "@A:s {friend|best friend|good friend} @B:f was there{|, too| as well}.",
            "@A {met|saw} @B:f there.",
            "There, @A {met|saw} @A:s {friend|good friend} @B:f.",
            "@B:f was {already there|there, too|waiting there}.",
            "{Then|Soon|After a while|A little later}, @B:f {came|came along|came by}.",
        ]),
        new(EventKind.Join, [],
        [
            "{Then|Soon|After a while|A little later}, @B:f {came|came along|came by|arrived}.",
            "@B:f {was there|was already there|was waiting there|was there, too}.",
            "@A {met|saw|found} @B:f there.",
        ]),
        new(EventKind.Like, [],
        [
            "@A {liked|loved} to @T:b{| very much| more than anything}.",
            "Every {day|morning|week}, @A @T{| and was happy}.",
            "@A:s favorite thing was to @T:b.",
            "On most days, @A @T.",
        ]),
        new(EventKind.Scenery, [], ["@T"]),
        new(EventKind.Think, [],
        [
            "\"What {can|shall|should} I do now?\" {@A thought|thought @A:f|@A asked}.",
            "\"Oh no,\" {said @A:f|@A said|@A thought}.",
            "@A sat down and {thought|did not know what to do|thought about it for a while}.",
            "@A {almost cried|had tears in both eyes|took a deep breath}.",
        ]),
        new(EventKind.WantThat, [],
        [
            "@A {liked|loved} @I:d and wanted to have it.",
            "@A {wanted|wished for} @I:d.",
            "\"{What a nice|I like your} @I:h,\" {said @A:f|@A:f said}.",
        ]),
        new(EventKind.Scene, [],
        [
            "It was %a @D.",
            "One @D, something {new|special|surprising} happened.",
            "This story {begins|starts} on %a @D.",
        ]),
        new(EventKind.Own, ["<have> @I:a"],
        [
            "@A had @I:a{| that @A loved| and was very proud of it}.",
            "@A had @I:a, and @A {took|carried} it everywhere.",
            "@A {loved|liked} @A:s @I:n very much.",
            "The {best|dearest} thing @A had was @I:a.",
            "@A had %a @I:n. ^It was {a present|a gift} from a friend.",
        ]),
        new(EventKind.Has, ["<have> @I:a"],
        [
            "@A had @I:a{| with @A:o|}.",
            "@A {held|was carrying|carried} @I:a.",
            "In @A:s {hand|bag}, there was @I:a.",
        ]),
        new(EventKind.OwnCount, ["<have> @N"],
        [
            "@A had @N{| in a bag| in a basket| with @A:o|}.",
            "@A {had|carried} @N in @A:s {bag|basket|box}.",
            "@A {brought|carried} @N{| in a bag| in a basket}.",
            "There were @N in @A:s {bag|basket|box}.",
        ]),
        new(EventKind.Purse, ["<have> @C"],
        [
            "@A had @C{| in @A:s pocket| in a small purse}.",
            "@A {had|kept} @C in @A:s {pocket|purse|hand}.",
            "@A {counted|looked at} @A:s money. ^@A had @C.",
            "@A had {saved|kept} @C.",
        ]),
        new(EventKind.Want, ["<want> %a @I:n"],
        [
            "@A {wanted|wished for|dreamed of} @I:a.",
            "More than anything, @A wanted @I:a.",
            "@A {wanted|hoped|wished} to {have|get} @I:a{| one day| very much}.",
            "\"I {want|would like|wish I had} %a @I:n,\" {said @A:f|@A:f said|@A thought}.",
        ]),
        new(EventKind.WantTo, [],
        [
            "@A {wanted|hoped|planned} to @T:b{| that day}.",
            "\"I {want|would like|am going} to @T:b,\" {said @A:f|@A:f said}.",
            "@A:s {plan|wish} was to @T:b.",
        ]),
        new(EventKind.Birthday, [],
        [
            "It was @B:s birthday{|, and @A wanted to {give|bring} @B:o {a present|something nice}}.",
            "@A {knew|remembered} that it was @B:s birthday.",
            "\"{Today is|It is} @B:f's birthday,\" {said @A:f|@A:f thought}. \"I {want|need} {a present|something nice} for @B:o.\"",
        ]),
        new(EventKind.Lesson, [],
        [
            "{From that day on|After that day|Since then}, @A {remembered|knew} that @D.",
            "@A {learned|had learned|now knew} that @D.",
            "\"Now I know that @D,\" {said @A:f|@A:f said}.",
            "That day, @A {learned|found out} that @D.",
        ]),
        new(EventKind.End, [],
        [
            "It was a {good|happy|nice|lovely|wonderful} day.",
            "{In the end|At the end of the day|That night}, @A {slept well|was tired but happy|fell asleep with a smile}.",
            "@A never forgot that day.",
            "@A {could not wait to tell|told} everyone {at home|in the family} about it.",
            "The end.",
            "And that was how the day ended.",
            "@A {smiled|laughed} {happily|and was happy}.",
        ]),
    ];

    private static readonly Dictionary<string, Frame[]> Sceneries = new(StringComparer.Ordinal)
    {
        ["sunny"] = Frame.ParseAll("The sun {was shining|was warm}.", "The sky was blue, and {the birds sang|the sun was bright}.", "{Birds|Small birds} were singing in the trees."),
        ["warm"] = Frame.ParseAll("The {air|wind} was {soft and warm|warm}.", "The flowers smelled {sweet|good}.", "{Bees|Butterflies} flew from flower to flower."),
        ["cold"] = Frame.ParseAll("The {air|wind} was {cold|very cold}.", "There was ice on the {path|ground}.", "It was good to have a warm coat."),
        ["windy"] = Frame.ParseAll("The wind {blew|danced} through the {trees|grass}.", "Leaves flew {through the air|everywhere}.", "The trees {moved|bent} in the wind."),
        ["cloudy"] = Frame.ParseAll("{Gray|Big white} clouds {hung|moved} in the sky.", "The sky was {gray|full of clouds}."),
        ["bright"] = Frame.ParseAll("Everything {looked|was} {bright|fresh} and {clean|new}.", "The light was {clear and bright|so bright}."),
        ["foggy"] = Frame.ParseAll("The fog was {thick|gray and thick}.", "In the fog, everything {looked|was} {gray|strange}.", "It was hard to see the path in the fog."),
    };

    /// <summary>What it looks like outside in this weather, one sentence each.</summary>
    internal static Frame[] Scenery(string weather) => Sceneries.GetValueOrDefault(weather) ?? Sceneries["cloudy"];
}
