namespace Moiety.Data.Almanac;

/// <summary>The words of the almanac. Every value of a fact starts with a consonant, so that "a" is right before it.</summary>
internal static class Gazetteer
{
    internal static string[] FamilyNames { get; } = Join(
        ["Ash", "Birch", "Black", "Clay", "Fern", "Gold", "Hart", "Hazel", "Lark", "Moss", "North", "Reed", "Sand", "Stone", "Swan", "Thorn", "West", "Winter", "Wolf", "Wood"],
        ["field", "man", "ley", "son", "wick"]);

    internal static string[] Towns { get; } = Join(
        ["Bram", "Corn", "Dun", "East", "Fox", "Glen", "Hill", "Kings", "Long", "Mill", "New", "Old", "Pine", "Queens", "Rose", "Salt"],
        ["bridge", "by", "ford", "port"]);

    internal static string[] Works { get; } =
    [
        "baker", "barber", "builder", "carver", "clerk", "cook", "dentist", "doctor", "driver", "farmer", "fisher", "gardener", "guard", "hunter", "judge", "miller",
        "nurse", "painter", "pilot", "plumber", "porter", "potter", "printer", "ranger", "sailor", "singer", "smith", "tailor", "teacher", "vet", "waiter", "weaver",
    ];

    internal static string[] Animals { get; } =
        ["bee", "canary", "cat", "crow", "dog", "duck", "fox", "frog", "goat", "goose", "hamster", "hen", "lamb", "mouse", "pony", "turtle"];

    internal static string[] Foods { get; } =
        ["beans", "bread", "cakes", "carrots", "cheese", "corn", "fish", "honey", "nuts", "peas", "pears", "plums", "potatoes", "rice", "soup", "tomatoes"];

    internal static string[] Colors { get; } = ["black", "blue", "brown", "gray", "green", "purple", "red", "white"];

    private static string[] Join(string[] heads, string[] tails) => [.. heads.SelectMany(head => tails, (head, tail) => head + tail)];
}
