using Moiety.Data.Simulation;

namespace Moiety.Data.Narration;

/// <summary>Frames of building, growing and helping, and the pieces of work that people do.</summary>
internal static class WorkFrames
{
    /// <summary>Work that earns coins or helps somebody.</summary>
    internal static Frame[] Chores { get; } = Frame.ParseAll(
        "<water> the flowers", "<wash> the dishes", "<clean> the windows", "<sweep> the floor", "<feed> the chickens", "<carry> the bags",
        "<pick> the apples", "<paint> the fence", "<brush> the horse", "<dig> a hole", "<clean> the barn", "<carry> the wood", "<bake> some bread",
        "<wash> the car", "<cut> the grass");

    /// <summary>What people like to do.</summary>
    internal static Frame[] Hobbies { get; } = Frame.ParseAll(
        "<sing> songs", "<draw> pictures", "<read> books", "<run> in the grass", "<count> the clouds", "<bake> cakes", "<look> at the stars", "<listen> to the birds",
        "<play> outside", "<help> in the garden", "<tell> funny stories", "<paint> with bright colors", "<dance> to music", "<fly> kites",
        "<talk> to animals", "<walk> in the forest", "<make> paper boats");

    /// <summary>Things that take courage, with what makes them frightening.</summary>
    internal static (string Fear, Frame Work, string Name)[] Dares { get; } =
    [
        ("deep water", Frame.Parse("<swim> in the lake"), "swim in the lake"), ("the dark", Frame.Parse("<walk> through the dark cave"), "walk through the dark cave"),
        ("high places", Frame.Parse("<climb> to the top of the tower"), "climb to the top of the tower"), ("big dogs", Frame.Parse("<pet> the big dog"), "pet the big dog"),
        ("falling", Frame.Parse("<ride> the new bike"), "ride the new bike"), ("high places", Frame.Parse("<go> down the long slide"), "go down the long slide"),
        ("the old bridge", Frame.Parse("<walk> over the old bridge"), "walk over the old bridge"), ("loud noises", Frame.Parse("<beat> the big drum"), "beat the big drum"),
        ("horses", Frame.Parse("<ride> the brown horse"), "ride the brown horse"), ("singing alone", Frame.Parse("<sing> for everyone"), "sing for everyone"),
    ];

    /// <summary>What people build.</summary>
    internal static string[] Buildings { get; } = ["a sand castle", "a tower of stones", "a tree house", "a snowman", "a small raft", "a bird house", "a long bridge of sticks", "a little hut"];

    /// <summary>What people build at a place.</summary>
    internal static string[] BuildingsAt(string place, string weather) => place switch
    {
        "beach" or "playground" => ["a sand castle", "a tower of stones", "a tower of sand"],
        "river" or "lake" => ["a small raft", "a tower of stones", "a long bridge of sticks"],
        _ when weather == "cold" => ["a snowman", "a little hut", "a snow house"],
        "forest" or "yard" or "garden" => ["a tree house", "a little hut", "a bird house"],
        _ => ["a little hut", "a tower of stones", "a long bridge of sticks"],
    };

    internal static EventFrames[] All() =>
    [
        new(EventKind.Build, ["<build> @D with @B:o"],
        [
            "@A:f and @B:f {worked together|worked hard} and built @D.",
            "\"Let us build @D, @B:v!\" {said @A:f|@A:f said}. ^They worked {for a long time|all {morning|day}|side by side}.",
        ]),
        new(EventKind.Collapse, [],
        [
            "But {a strong wind came|a big dog came|a ball hit it|a wave came}, and it fell {down|over|to pieces}.",
            "{Oh no|Crash}! ^It {fell down|fell to pieces|broke}.",
        ]),
        new(EventKind.Rebuild, [],
        [
            "@A:f and @B:f did not give up. ^They {built it again|tried again}, {stronger than before|and this time it stood}.",
            "\"{Let us try again|We can build it again},\" {said @A:f|@A:f said}. ^And {so they did|this time it was even better|the second one was better}.",
        ]),
        new(EventKind.Plant, ["<plant> a seed{| in the ground| in a pot}"],
        [
            "@A {put|planted} a {small|little|tiny} seed in the {ground|garden|soil}.",
            "@A got a seed from @B:o and planted it.",
        ]),
        new(EventKind.Water, ["<water> it every day"],
        [
            "{Every day|Each morning|Every evening}, @A {gave it water|watered it}.",
            "@A did not forget to water it.",
        ]),
        new(EventKind.NoWater, ["<forget> to water it"],
        [
            "But @A {forgot to water it|forgot about it|did not give it any water}.",
        ]),
        new(EventKind.Wait, ["<wait> and <wait>"],
        [
            "@A waited {many days|a whole week|a long time}. ^{Nothing happened|There was nothing to see|It was hard to wait}.",
            "\"When will it grow?\" {asked @A:f|@A:f asked}. \"You must {wait|be patient},\" {said @B:f|@B:f said}.",
        ]),
        new(EventKind.Grow, [],
        [
            "{One morning|One day|Then one day}, {a green leaf|a little plant|something green} {came up|came out of the ground}. ^Soon there was {a beautiful|a big|a lovely} @D.",
            "At last, the seed {grew|came up}. ^It became {a beautiful|a tall|a lovely} @D.",
        ]),
        new(EventKind.NoGrow, [],
        [
            "The seed did not grow. ^The ground was too dry.",
            "{Nothing grew|No plant came up}, because the ground was dry.",
        ]),
        new(EventKind.Task, [],
        [
            "@A had to @T:b{|, but there was a lot to do|, and it was hard work|, but it was too much for one}.",
            "That day, @A {had to|wanted to|needed to} @T:b.",
        ]),
        new(EventKind.HelpTask, ["<help> @B:o to @T:b", "<help> @B:o"],
        [
            "@A helped @B:o to @T:b.",
            "@A {came|ran} over and helped. ^Together, they @T.",
        ]),
        new(EventKind.TaskDone, [],
        [
            "Soon {the work|everything} was done.",
            "{In no time|With two pairs of hands|Before long}, the work was {done|finished}.",
        ]),
        new(EventKind.TaskFail, [],
        [
            "But there was too much to do. ^When it got dark, the work was not done.",
            "@A {worked|tried} alone, but @A could not finish the work.",
        ]),
    ];
}
