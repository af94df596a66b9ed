namespace Moiety.Data.Simulation;

/// <summary>The names, nouns and places of the world: few enough words for a small model.</summary>
internal static class Lexicon
{
    private static readonly string[] Colors = ["red", "blue", "green", "yellow", "white", "black", "brown", "purple", "pink"];
    private static readonly string[] Toyish = ["red", "blue", "green", "yellow", "white", "purple", "pink", "big", "small", "new", "old", "shiny"];
    private static readonly string[] Goods = ["red", "blue", "green", "yellow", "white", "black", "brown", "purple", "new", "old", "small", "big"];

    internal static string[] Girls { get; } =
        ["Mia", "Anna", "Lily", "Sara", "Emma", "Nora", "Zoe", "Ella", "Rosa", "Maya", "Lucy", "Amy", "Ruby", "Clara", "Jane", "Ivy", "Kate", "Molly", "Nina", "Tara"];

    internal static string[] Boys { get; } =
        ["Tom", "Ben", "Max", "Sam", "Leo", "Jack", "Finn", "Noah", "Tim", "Paul", "Oscar", "Dan", "Eli", "Hugo", "Adam", "Luke", "Peter", "Rob", "Omar", "Nick"];

    internal static (string Name, Gender Gender)[] Family { get; } =
        [("Mom", Gender.She), ("Dad", Gender.He), ("Grandma", Gender.She), ("Grandpa", Gender.He), ("Aunt May", Gender.She), ("Uncle Joe", Gender.He)];

    internal static (string Name, Gender Gender)[] Workers { get; } =
        [("the baker", Gender.He), ("the farmer", Gender.He), ("the farmer", Gender.She), ("the gardener", Gender.She), ("the shopkeeper", Gender.He), ("the shopkeeper", Gender.She), ("the fisherman", Gender.He), ("the painter", Gender.She)];

    internal static string[] Traits { get; } =
        ["kind", "brave", "clever", "curious", "cheerful", "quiet", "careful", "friendly", "gentle", "funny", "helpful", "patient"];

    internal static Noun[] Toys { get; } =
    [
        new("ball", "balls", NounClass.Toy, 3, Toyish), new("doll", "dolls", NounClass.Toy, 6, ["pretty", "old", "new", "small", "little"]),
        new("kite", "kites", NounClass.Toy, 5, Toyish), new("drum", "drums", NounClass.Toy, 7, Toyish),
        new("book", "books", NounClass.Toy, 4, ["red", "blue", "green", "old", "new", "big", "thick", "funny"]),
        new("puzzle", "puzzles", NounClass.Toy, 5, ["new", "old", "big", "hard", "easy"]),
        new("toy boat", "toy boats", NounClass.Toy, 6, Toyish), new("toy car", "toy cars", NounClass.Toy, 4, Toyish),
        new("toy train", "toy trains", NounClass.Toy, 8, Toyish), new("teddy bear", "teddy bears", NounClass.Toy, 7, ["brown", "white", "soft", "old", "big", "little"]),
        new("robot", "robots", NounClass.Toy, 9, Toyish), new("puppet", "puppets", NounClass.Toy, 5, ["funny", "old", "new", "little", "green"]),
        new("whistle", "whistles", NounClass.Toy, 2, ["red", "blue", "silver", "shiny", "small", "loud"]),
        new("balloon", "balloons", NounClass.Toy, 2, ["red", "blue", "green", "yellow", "white", "purple", "pink", "big"]),
    ];

    internal static Noun[] Possessions { get; } =
    [
        new("hat", "hats", NounClass.Possession, 5, Goods), new("scarf", "scarves", NounClass.Possession, 6, ["red", "blue", "green", "warm", "soft", "long"]),
        new("key", "keys", NounClass.Possession, 3, ["small", "old", "silver", "golden", "big"]), new("ring", "rings", NounClass.Possession, 9, ["silver", "golden", "shiny", "pretty", "old"]),
        new("lamp", "lamps", NounClass.Possession, 8, Goods), new("bag", "bags", NounClass.Possession, 6, Goods),
        new("basket", "baskets", NounClass.Possession, 5, ["big", "small", "old", "new", "brown"]), new("bell", "bells", NounClass.Possession, 4, ["silver", "golden", "small", "shiny", "old"]),
        new("box", "boxes", NounClass.Possession, 3, Goods), new("cup", "cups", NounClass.Possession, 2, Goods),
        new("bucket", "buckets", NounClass.Possession, 4, Goods), new("flute", "flutes", NounClass.Possession, 8, ["silver", "old", "new", "long", "small"]),
        new("brush", "brushes", NounClass.Possession, 2, Goods), new("mirror", "mirrors", NounClass.Possession, 7, ["small", "old", "shiny", "silver", "pretty"]),
    ];

    internal static Noun Umbrella { get; } = new("umbrella", "umbrellas", NounClass.Possession, 8, Colors);

    internal static Noun[] Foods { get; } =
    [
        new("apple", "apples", NounClass.Food, 1, ["red", "green", "big", "sweet"]), new("orange", "oranges", NounClass.Food, 2, ["sweet", "big", "small"]),
        new("egg", "eggs", NounClass.Food, 1, ["white", "brown", "big"]), new("cookie", "cookies", NounClass.Food, 1, ["sweet", "big", "small", "warm"]),
        new("carrot", "carrots", NounClass.Food, 1, ["big", "small", "sweet"]), new("banana", "bananas", NounClass.Food, 2, ["yellow", "sweet", "big"]),
        new("pear", "pears", NounClass.Food, 1, ["green", "yellow", "sweet"]), new("plum", "plums", NounClass.Food, 1, ["purple", "sweet", "small"]),
        new("bun", "buns", NounClass.Food, 2, ["warm", "soft", "sweet"]), new("sandwich", "sandwiches", NounClass.Food, 3, ["big", "small", "tasty"]),
        new("muffin", "muffins", NounClass.Food, 2, ["warm", "sweet", "small"]), new("peach", "peaches", NounClass.Food, 2, ["sweet", "soft", "big"]),
    ];

    internal static Noun[] Nature { get; } =
    [
        new("shell", "shells", NounClass.Nature, 1, ["white", "pink", "small", "pretty"]), new("stone", "stones", NounClass.Nature, 1, ["white", "black", "smooth", "shiny", "round"]),
        new("flower", "flowers", NounClass.Nature, 1, ["red", "blue", "yellow", "white", "pretty"]), new("leaf", "leaves", NounClass.Nature, 1, ["red", "green", "yellow", "big"]),
        new("acorn", "acorns", NounClass.Nature, 1, ["brown", "small", "round"]), new("feather", "feathers", NounClass.Nature, 1, ["white", "black", "long", "soft"]),
        new("berry", "berries", NounClass.Nature, 1, ["red", "black", "sweet"]), new("nut", "nuts", NounClass.Nature, 1, ["brown", "big", "small"]),
        new("stick", "sticks", NounClass.Nature, 1, ["long", "short", "straight"]),
    ];

    /// <summary>What lies about at an outdoor place.</summary>
    internal static Noun[] NatureAt(Place place)
    {
        string[] here = place.Name switch
        {
            "beach" or "lake" or "river" => ["shell", "stone", "feather", "stick"],
            "forest" => ["acorn", "berry", "nut", "leaf", "stick", "feather"],
            "garden" or "meadow" => ["flower", "berry", "leaf", "stone"],
            _ => ["leaf", "stone", "stick", "feather", "flower"],
        };
        return Array.FindAll(Nature, noun => here.Contains(noun.Singular));
    }

    internal static Noun[] Animals { get; } =
    [
        new("kitten", "kittens", NounClass.Animal, 0, ["little", "gray", "black", "white"]), new("puppy", "puppies", NounClass.Animal, 0, ["little", "brown", "black", "white"]),
        new("duckling", "ducklings", NounClass.Animal, 0, ["little", "yellow", "tiny"]), new("rabbit", "rabbits", NounClass.Animal, 0, ["little", "white", "brown", "gray"]),
        new("lamb", "lambs", NounClass.Animal, 0, ["little", "white", "black"]), new("bird", "birds", NounClass.Animal, 0, ["little", "blue", "tiny", "yellow"]),
        new("hedgehog", "hedgehogs", NounClass.Animal, 0, ["little", "brown", "tiny"]), new("squirrel", "squirrels", NounClass.Animal, 0, ["little", "red", "gray"]),
    ];

    internal static Place[] Outdoors { get; } =
    [
        new("park", "in", true, ["under a bench", "behind a tree", "in the tall grass", "near the gate", "next to the swing"]),
        new("garden", "in", true, ["under a bush", "between the flowers", "behind the shed", "near the fence", "under a big leaf"]),
        new("forest", "in", true, ["under a tall tree", "behind a rock", "in a pile of leaves", "next to an old log"]),
        new("river", "by", true, ["under a bridge", "between two rocks", "in the mud", "behind a bush"]),
        new("beach", "on", true, ["in the sand", "behind a rock", "next to an old boat", "under a towel"]),
        new("hill", "on", true, ["behind a rock", "in the tall grass", "under a small tree", "near the top"]),
        new("playground", "on", true, ["under the slide", "next to the swing", "in the sand", "behind a bench"]),
        new("lake", "by", true, ["under a small boat", "behind a rock", "in the tall grass", "near the water"]),
        new("meadow", "in", true, ["between the flowers", "in the tall grass", "under a bush", "next to a stone wall"]),
        new("farm", "on", true, ["in the hay", "behind the barn", "under a cart", "near the fence"]),
        new("yard", "in", true, ["under a bucket", "behind the shed", "near the gate", "next to the wall"]),
    ];

    internal static Place[] Indoors { get; } =
    [
        new("school", "at", false, ["under a desk", "behind the door", "on a shelf"]), new("library", "in", false, ["under a table", "on a shelf", "between two books"]),
        new("barn", "in", false, ["in the hay", "behind the door", "under a cart"]),
    ];

    internal static Place[] Markets { get; } =
    [
        new("shop", "in", false, ["on a shelf"]), new("market", "at", true, ["under a table"]), new("toy shop", "in", false, ["on a shelf"]),
    ];

    internal static Place[] Shelters { get; } = [new("barn", "in", false, []), new("library", "in", false, []), new("old hut", "in", false, []), new("bus stop", "at", false, [])];

    internal static string[] Times { get; } = ["morning", "afternoon", "evening", "day"];

    internal static string[] DryWeathers { get; } = ["sunny", "warm", "cold", "windy", "cloudy", "bright", "foggy"];

    internal static string[] WetWeathers { get; } = ["rainy", "stormy", "snowy"];
}
