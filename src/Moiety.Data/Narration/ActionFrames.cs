using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>Frames of moving, playing, seeing, taking, losing, searching, finding and collecting.</summary>
internal static class ActionFrames
{
    internal static EventFrames[] All() =>
    [
        new(EventKind.Move, ["{<go>|<walk>|<run>|<hurry>} to @P", "{<walk> {slowly|happily|quickly}|<run> {happily|quickly}|<go> alone} to @P", "{<set> out for|<make> @A:s way to} @P", "<go> {|out |over }to @P", "<take> the {long|short|old} {road|path} to @P"],
        []),
        new(EventKind.GoHome, ["<go> {home|back home}", "{<walk>|<run>|<hurry>} home"], []),
        new(EventKind.Play, ["<play> with @I:x{| for a long time| all {morning|day|afternoon}| in the sun}", "<play> {happily|quietly} with @I:x"],
        [
            "@A {played|had fun} with @I:x{| all day| for a while| for an hour}.",
            "It was {fun|great fun|nice} to play with @I:x.",
        ]),
        new(EventKind.PlayTogether, [],
        [
            "@A:f and @B:f played {together|a game|with @I:d} {all day|for a long time|until it was dark|in the sun}.",
            "Then @A:f and @B:f {laughed and played|played together}{| with @I:d}.",
            "Together, @A:f and @B:f played with @I:d.",
        ]),
        new(EventKind.See, ["{<see>|<notice>|<spot>} @I:a @D"],
        [
            "{There|@D}, @A {saw|found|spotted} @I:a.",
            "@A looked around and {saw|noticed} @I:a @D.",
            "Something lay @D. ^It was @I:a.",
        ]),
        new(EventKind.Take, ["{<pick> up|<take>} @I:x", "{<pick> @I up|<take> @I along}", "{carefully |quickly |}<pick> up @I:x"], []),
        new(EventKind.Lose, ["<lose> @I:o"],
        [
            "{But then|Then|On the way|Suddenly|While @A played}, @A lost @I:o.",
            "@I:o {fell|slipped} {out of @A:s hand|out of @A:s bag|down} and was gone. ^@A had lost it.",
            "{After a while|Later|A little later}, @A {looked for|wanted} @I:o. ^It was gone. ^@A had lost it.",
            "@A {did not watch|was not careful|ran too fast}, and so @A lost @I:o.",
        ]),
        new(EventKind.Search, ["{<look> {everywhere|all around}|<search>} for @I", "<look> @D"],
        [
            "@A {looked|searched} @D, but {it was not there|there was nothing|@A found nothing}.",
            "First, @A looked @D. ^Nothing was there.",
            "\"{Is it|Maybe it is} @D{?|.}\" {@A thought|@A said}. ^But it was not there.",
        ]),
        new(EventKind.SearchFail, [],
        [
            "@A {looked|searched} {everywhere|for a long time|all day}, but @A could not find @I.",
            "@A {searched and searched|looked and looked}, but @I:d {was gone|was nowhere}.",
            "{No one|Nobody} could find @I:d.",
        ]),
        new(EventKind.Find, ["<find> @I @D"],
        [
            "{At last|Finally|In the end}, @A found @I @D.",
            "{There it was|And there it was}! ^@I:d lay @D, and @A picked it up.",
            "\"{Look|Here it is|I found it}!\" {cried|called} @A:f. ^@I:d was @D.",
            "@A looked @D, and there was @I:d! ^@A picked it up.",
        ]),
        new(EventKind.Collect, ["{<collect>|<find>|<gather>} @N"],
        [
            "@A {collected|gathered|picked up} @N @P:i.",
            "@A {walked around|looked around} and {found|collected|picked up} @N.",
            "@P:i, @A {found|gathered} @N.",
        ]),
        new(EventKind.FindMore, ["{<find>|<collect>|<pick> up} @N:n more", "<get> @N:n more"],
        [
            "{A little later|Then|Soon}, @A {found|collected} @N:n more.",
            "\"Here are more!\" {said|called} @A:f, and @A picked up @N:n more @N:c.",
        ]),
        new(EventKind.CountAll, [],
        [
            "@A counted {the @N:p|all the @N:p}. ^{Now|In all|All together} @A had @N:r.",
            "{Now|So now|In the end}, @A had @N:r.",
            "\"Now I have @N:r,\" {said @A:f|@A:f said}{| {happily|proudly}}.",
        ]),
        new(EventKind.MeetAnimal, [],
        [
            "{Near|Next to} the {path|wall|gate}, @A {saw|met|found} @I:a. ^It {was|looked} {lost|alone|hungry|cold and tired}.",
            "@A heard a {small|soft|sad} sound. ^It was @I:a.",
            "@D, @A {saw|found} @I:a. ^It {was|looked} {lost|alone|hungry|afraid}.",
        ]),
        new(EventKind.FeedAnimal, ["<give> @I:d {some water|some milk|something to eat|a little bread}", "<feed> @I:d"],
        [
            "\"You must be hungry,\" {said @A:f|@A:f said}. ^@A {gave it|brought it} {some water|some milk|a little bread|some food}.",
        ]),
        new(EventKind.AnimalHome, [],
        [
            "@A {took|carried|brought} @I:d {back|home} to {its mother|its family|its home}. ^{It was|The little one was} {very happy|safe again|glad}.",
            "Then @A {looked around|listened} and {found|heard} its mother. ^@A {carried|brought} @I:d to {her|its mother}.",
        ]),
        new(EventKind.KeepAnimal, [],
        [
            "@B:f said that @A could keep @I:d. ^@A {made|built} it a {warm|soft|little} bed.",
            "\"Can I keep it?\" asked @A:f. \"Yes, {you can|you may},\" {said @B:f|@B:f said}. \"But you must {take care of it|be good to it|feed it every day}.\"",
        ]),
        new(EventKind.AnimalGone, [],
        [
            "But @I:d {ran away|was afraid and hid|did not stay}. ^@A {did not see|never saw} it again.",
        ]),
    ];
}
