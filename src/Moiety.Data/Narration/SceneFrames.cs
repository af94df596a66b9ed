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
            "@A:s {friend|best friend|good friend} @B:f was there{ too|, too| as well|}.",
            "@A {met|saw} @B:f there.",
            "There, @A {met|saw} @A:s {friend|good friend} @B:f.",
            "@B:f was {already there|there, too|waiting there}.",
            "{Then|Soon|After a while|A little later}, @B:f {came|came along|came by}.",
        ]),
        new(EventKind.Scene, [],
        [
            "{It was|One day, it was} %a @D.",
            "One @D, something {new|special|surprising} happened.",
            "This story {begins|starts} on %a @D.",
        ]),
        new(EventKind.Own, ["<have> @I:a"],
        [
            "@A had @I:a{| at home| that @A loved| and was very proud of it}.",
            "@A had @I:a, and @A {took|carried} it everywhere.",
            "@A {loved|liked} @A:s @I:n very much.",
            "The {best|dearest} thing @A had was @I:a.",
            "@A had %a @I:n. ^It was {a present|a gift} from a friend.",
        ]),
        new(EventKind.OwnCount, ["<have> @N"],
        [
            "@A had @N{| in a bag| in a basket| with @A:o|}.",
            "In @A:s {bag|basket|box}, @A had @N.",
            "@A {brought|carried} @N{| in a bag| in a basket}.",
            "There were @N in @A:s {bag|basket|box}.",
        ]),
        new(EventKind.Purse, ["<have> @C"],
        [
            "@A had @C{| in @A:s pocket| in a small purse}.",
            "In @A:s {pocket|purse}, @A had @C.",
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
            "\"{Today|This} is @B:f's birthday,\" {said @A:f|@A:f thought}. \"I {want|need} {a present|something nice} for @B:o.\"",
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
            "@A {smiled|laughed} and went {home|to bed}.",
        ]),
    ];
}
