using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>Frames of what goes wrong and how it is put right: weather, broken and stuck things, fear.</summary>
internal static class TroubleFrames
{
    internal static EventFrames[] All() =>
    [
        new(EventKind.WeatherTurns, [],
        [
            "{Suddenly|Then|But soon|After a while}, {it {began|started} to @D|dark clouds came, and it {began|started} to @D}.",
            "The sky {turned|grew|became} {dark|gray}. ^{Soon|Then} it {began|started} to @D.",
            "{Drip, drop|Oh no}! ^It {began|started} to @D.",
        ]),
        new(EventKind.GetWet, ["<get> {wet|very wet|all wet}"],
        [
            "@A {got|was} wet {from head to toe|all over}.",
            "@A had no umbrella and got {very|all} wet.",
            "@A:s {hair|coat|shoes} got {wet|very wet}.",
        ]),
        new(EventKind.Umbrella, [],
        [
            "@A {opened|put up} @I:x and held it over @B:o.",
            "\"Come under my umbrella, @B:v!\" {said|called} @A:f. ^@A {held|opened} @I:d.",
            "@A shared @I:d with @B:o.",
        ]),
        new(EventKind.Shelter, ["{<run>|<hurry>} {quickly |}into @P", "<run> to @P {to stay dry|to get out of the {wet|bad weather}}"], []),
        new(EventKind.GetDry, ["<get> dry {again|and warm|by the fire}"],
        [
            "@A {sat by the fire|put on dry clothes|took a warm towel} and got dry {again|and warm}.",
            "Soon @A was {dry|warm and dry} again.",
        ]),
        new(EventKind.Break, ["<break> @I by {mistake|accident}"],
        [
            "@A {was not careful|ran too fast|tripped and fell}, and @I:d {broke|fell down and broke}.",
            "Crash! ^@A {dropped|had dropped} @I:x, and it broke.",
            "By mistake, @A broke @I:d.",
        ]),
        new(EventKind.Hide, [],
        [
            "@A was afraid and hid the @I:h{| under the bed| behind a door}.",
            "@A did not tell {anyone|@B:o} about it{| and hid it}.",
        ]),
        new(EventKind.Confess, ["<tell> @B:o the truth"],
        [
            "\"I {broke|have broken} your @I:h, @B:v,\" {said @A:f|@A:f said}.",
            "@A {was brave|took a deep breath} and told @B:o the truth.",
        ]),
        new(EventKind.Apologize, ["<say> sorry to @B:o", "<say> sorry"],
        [
            "\"I am {sorry|so sorry|very sorry}, @B:v,\" {said @A:f|@A:f said}{| softly| quietly}.",
            "\"{I am sorry|Please forgive me}, @B:v. ^{I did not mean to do it|I was wrong|It was my fault},\" {said @A:f|@A:f said}.",
        ]),
        new(EventKind.Forgive, ["<forgive> @B:o"],
        [
            "\"{It is all right|That is okay|Do not worry}, @B:v,\" {said @A:f|@A:f said}{| with a smile| and gave @B:o a hug}.",
            "@A {was not angry|smiled} and {forgave|hugged} @B:o.",
            "\"Thank you for {telling me|saying that},\" {said @A:f|@A:f said}. \"{I am not angry|We are still friends}.\"",
        ]),
        new(EventKind.Fix, ["{<fix>|<repair>} @I{| with {glue|tape|a rope}}"],
        [
            "With some {glue|tape}, @A {fixed|repaired} @I. ^{Now it was as good as new|It looked almost new}.",
            "@A {fixed|repaired} @I, and it {worked again|was whole again|was as good as new}.",
        ]),
        new(EventKind.FixFail, ["<try> to fix @I, but it did not work"],
        [
            "@A tried to {fix|repair} @I, but {it did not work|it was too hard|it was no use}.",
        ]),
        new(EventKind.Stuck, [],
        [
            "{But then|Suddenly|Then}, {the wind came|a strong wind came|the wind blew}, and @I:d got stuck @D.",
            "@I:d {flew up|went up, up, up} and got stuck @D.",
        ]),
        new(EventKind.ReachFail, ["<jump> and <jump>, but could not reach it", "<try> to reach it, but it was too high"],
        [
            "@A {jumped|stretched|stood on a stone}, but {it was too high|@A could not reach it}.",
            "@A was too {small|short} to reach it.",
        ]),
        new(EventKind.Reach, ["{<climb> up|<take> a {long stick|ladder}} and <get> @I:d down"],
        [
            "@A {took a ladder|took a long stick|climbed up} and got @I:d down.",
            "@A was tall and {could reach it|got it down} {at once|with one hand}. ^Soon @I:d was down again.",
        ]),
        new(EventKind.Afraid, ["<be> afraid of @D"],
        [
            "But @A was {afraid|scared} of @D.",
            "There was {only one|a} problem: @A was {afraid|scared} of @D.",
            "\"I am {afraid|scared} of @D,\" {said @A:f|@A:f said}.",
        ]),
        new(EventKind.Encourage, ["<take> @B:s hand"],
        [
            "\"{You can do it|Do not be afraid|I am with you|I know you can do it}, @B:v{!|,}\" {said @A:f|@A:f said}.",
            "@A {took|held} @B:s hand and said, \"{You can do it|I am here|We will do it together}.\"",
        ]),
        new(EventKind.Brave, [],
        [
            "@A {took a deep breath|closed @A:s eyes|counted to three} and @T. ^{It was not so bad|It was fun|It went well}!",
            "Then @A was brave and @T.",
            "Step by step, @A {tried|went on}. ^At last, @A @T.",
        ]),
        new(EventKind.Comfort, ["<give> @B:o a {big |}hug"],
        [
            "\"{It does not matter|That is fine|You can try again {tomorrow|another day}}, @B:v,\" {said @A:f|@A:f said}.",
        ]),
        new(EventKind.GiveUp, [],
        [
            "But @A {could not do it|did not dare|gave up}. \"{Maybe|Maybe next time|Another day},\" {said @A:f|@A:f said}.",
            "@A tried, but {it was too hard|@A could not do it} that day.",
        ]),
    ];
}
