using System.Text.RegularExpressions;

namespace Moiety.Data.Tests.StoryWorld;

/// <summary>Answers the questions of a document from its events alone, by rules written apart from the generator's.</summary>
internal static class Answers
{
    private static readonly string[] Words =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen",
         "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "twenty-one", "twenty-two", "twenty-three", "twenty-four"];

    private static readonly Dictionary<string, int> Facts = new()
    {
        ["legs a dog"] = 4,
        ["legs a bird"] = 2,
        ["wings a bird"] = 2,
        ["wheels a car"] = 4,
        ["wheels a bike"] = 2,
        ["fingers a hand"] = 5,
        ["days a week"] = 7,
        ["months a year"] = 12,
        ["eyes a cat"] = 2,
        ["legs a spider"] = 8,
        ["legs a fish"] = 0,
        ["legs a horse"] = 4,
        ["legs a table"] = 4,
        ["noses a face"] = 1,
        ["legs a bee"] = 6,
        ["seasons a year"] = 4,
    };

    /// <summary>Every answer that the events allow; a good question has one.</summary>
    internal static string[] To(string question, StoryDocument document, Replay replay)
    {
        IEnumerable<string> found = Find(question, document, replay);
        return [.. found.Select(answer => $"{char.ToUpperInvariant(answer[0])}{answer[1..]}").Distinct()];
    }

    private static IEnumerable<string> Find(string question, StoryDocument document, Replay replay)
    {
        IReadOnlyList<StoryEvent> events = document.Events;
        IEnumerable<StoryEvent> Of(params string[] kinds) => events.Where(happened => kinds.Contains(happened.Kind));
        static string YesNo(bool yes) => yes ? "Yes" : "No";
        static bool IsA(string? item, string noun) => item is not null && item.EndsWith($" {noun}", StringComparison.Ordinal) && item.IndexOf(' ', StringComparison.Ordinal) == item.Length - noun.Length - 1;
        static bool Same(string? one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
        string[] Match(string pattern)
        {
            Match match = Regex.Match(question, $"^{pattern}$");
            return match.Success ? [.. match.Groups.Cast<Group>().Select(group => group.Value)] : [];
        }

        if (question == "What was the weather like?")
        {
            return Of("scene").Select(happened => happened.Detail!.Split(' ')[0]);
        }

        if (question == "What time of day was it?")
        {
            return Of("scene").Select(happened => happened.Detail!.Split(' ')[1]);
        }

        if (question == "Who had an umbrella?")
        {
            return replay.Holders.Where(pair => IsA(pair.Key, "umbrella")).Select(pair => pair.Value);
        }

        if (question == "How many things are in the list?")
        {
            return [Words[Of("own").Count()]];
        }

        if (Match("Did it (rain|snow)\\?") is [_, string fall])
        {
            return [YesNo(Of("weather-turns").Any(happened => happened.Detail!.Contains(fall, StringComparison.Ordinal)))];
        }

        if (Match("What kind of (girl|boy) was (.+)\\?") is [_, _, string hero])
        {
            return Of("introduce").Where(happened => happened.Actor == hero).Select(happened => happened.Detail!);
        }

        if (Match("Is (.+) (\\w+) or (\\w+)\\?") is [_, string member, string one, string other])
        {
            return Of("be-like").Where(happened => happened.Actor == member && (happened.Detail == one || happened.Detail == other)).Select(happened => happened.Detail!);
        }

        if (Match("Where did (.+) find the (.+)\\?") is [_, string finder, string sought])
        {
            return Of("find").Where(happened => happened.Actor == finder && IsA(happened.Item, sought)).Select(happened => happened.Detail!);
        }

        if (Match("Who found the (.+)\\?") is [_, string found])
        {
            return Of("find").Where(happened => IsA(happened.Item, found)).Select(happened => happened.Actor!);
        }

        if (Match("Where did (.+) lose the (.+)\\?") is [_, _, string lost])
        {
            return replay.LostAt.Where(pair => IsA(pair.Key, lost)).Select(pair => pair.Value);
        }

        if (Match("What did (.+) (lose|buy)\\?") is [_, string loser, string how])
        {
            return Of(how).Where(happened => happened.Actor == loser).Select(happened => Indefinite(happened.Item!));
        }

        if (Match("Was the (.+) found\\?") is [_, string missing])
        {
            return [YesNo(Of("find").Any(happened => IsA(happened.Item, missing)))];
        }

        if (Match("How much did the (.+) cost\\?") is [_, string wanted])
        {
            return Of("buy").Where(happened => IsA(happened.Item, wanted)).Select(happened => happened.Amount == 1 ? "one coin" : $"{Words[happened.Amount!.Value]} coins");
        }

        if (Match("Did (.+) have enough money at first\\?") is [_, string buyer])
        {
            int price = Of("buy", "cannot-afford").First(happened => happened.Actor == buyer).Amount!.Value;
            return [YesNo(Of("purse").Single(happened => happened.Actor == buyer).Amount >= price)];
        }

        if (Match("Did (.+) go to (the .+)\\?") is [_, string walker, string goal])
        {
            return [YesNo(Of("move").Any(happened => happened.Actor == walker && happened.Place!.EndsWith($" {goal}", StringComparison.Ordinal)))];
        }

        if (Match("Did (.+) give the (.+) to (.+)\\?") is [_, string from, string thing, string to])
        {
            return [YesNo(Of("give", "return", "borrow").Any(happened => Same(happened.Actor, from) && Same(happened.Other, to) && IsA(happened.Item, thing)))];
        }

        if (Match("Who gave the (.+) to (.+)\\?") is [_, string gift, string receiver])
        {
            return Of("give", "return").Where(happened => Same(happened.Other, receiver) && IsA(happened.Item, gift)).Select(happened => happened.Actor!);
        }

        if (Match("Who wanted to help (.+)\\?") is [_, string helped])
        {
            return Of("offer").Where(happened => happened.Other == helped).Select(happened => happened.Actor!);
        }

        if (Match("Who has the (.+) at the end\\?") is [_, string kept])
        {
            return replay.Holders.Where(pair => IsA(pair.Key, kept)).Select(pair => pair.Value);
        }

        if (Match("Where is (.+) at the end\\?") is [_, string traveler])
        {
            return replay.Places.TryGetValue(traveler, out string? place) ? [place] : [];
        }

        if (Match("How many coins does (.+) have at the end\\?") is [_, string rich])
        {
            return [Words[replay.Coins[rich]]];
        }

        if (Match("How many coins did (.+) earn\\?") is [_, string worker])
        {
            return [Words[Of("earn").Where(happened => happened.Actor == worker).Sum(happened => happened.Amount!.Value)]];
        }

        if (Match("How many (.+) does (.+) have at the end\\?") is [_, string counted, string owner])
        {
            return [Words[replay.Count(owner, counted)]];
        }

        if (Match("How many (.+) did (.+) give to (.+)\\?") is [_, string given, string giver, string taker])
        {
            return [Words[Of("give-count").Where(happened => happened.Item == given && happened.Actor == giver && happened.Other == taker).Sum(happened => happened.Amount!.Value)]];
        }

        if (Match("How many (.+) did (.+) eat\\?") is [_, string food, string eater])
        {
            return [Words[Of("eat").Where(happened => happened.Item == food && happened.Actor == eater).Sum(happened => happened.Amount!.Value)]];
        }

        if (Match("How many (.+) does (.+) need\\?") is [_, string needed, string cook])
        {
            return Of("want-count").Where(happened => happened.Item == needed && happened.Actor == cook).Select(happened => Words[happened.Amount!.Value]);
        }

        if (Match("Does (.+) have an? (.+)\\?") is [_, string holder, string asked])
        {
            return [YesNo(replay.Holders.Any(pair => pair.Value == holder && IsA(pair.Key, asked)))];
        }

        if (Match("How did (.+) feel at the end\\?") is [_, string feeler])
        {
            return Of("feel", "feel-both").Where(happened => happened.Actor == feeler || (happened.Kind == "feel-both" && happened.Other == feeler)).TakeLast(1).Select(happened => happened.Detail!);
        }

        if (Match("Why was (.+) (\\w+)\\?") is [_, string who, string feeling])
        {
            return Of("feel").Where(happened => happened.Actor == who && happened.Detail == feeling).Select(happened => $"because {Reason(events[happened.Cause!.Value])}");
        }

        if (Match("What was (.+) afraid of\\?") is [_, string afraid])
        {
            return Of("afraid").Where(happened => happened.Actor == afraid).Select(happened => happened.Detail!);
        }

        if (Match("What did (.+) and (.+) build\\?") is [_, string first, string second])
        {
            return Of("build").Where(happened => happened.Actor == first && happened.Other == second).Select(happened => happened.Detail!);
        }

        if (Match("How many (\\w+) does (a \\w+) have\\?") is [_, string part, string animal])
        {
            return [Words[Facts[$"{part} {animal}"]]];
        }

        if (Match("What is (\\S+) (plus|minus) (\\S+)\\?") is [_, string left, string sign, string right])
        {
            return [Words[Number(left) + ((sign == "plus" ? 1 : -1) * Number(right))]];
        }

        if (Match("(\\S+) (and|take away) (\\S+) is how many\\?") is [_, string some, string operation, string more])
        {
            return [Words[Number(some) + ((operation == "and" ? 1 : -1) * Number(more))]];
        }

        if (Match("(\\w+) has (\\S+) (.+) and (gets|finds|buys|gives away|loses) (\\S+)( more)?\\. How many (.+) does \\1 have now\\?") is [_, _, string start, _, string verb, string change, ..])
        {
            return [Words[Number(start) + ((verb is "gets" or "finds" or "buys" ? 1 : -1) * Number(change))]];
        }

        return Match("Did (.+?) (\\w+ .+)\\?") is [_, string brave, string deed]
            ? Of("brave", "give-up").Where(happened => happened.Actor == brave && happened.Detail == deed).Select(happened => YesNo(happened.Kind == "brave"))
            : [];
    }

    private static int Number(string word) => Array.IndexOf(Words, word.ToLowerInvariant());

    private static string Indefinite(string item) => $"{("aeiou".Contains(item[0], StringComparison.Ordinal) ? "an" : "a")} {item}";

    private static string Reason(StoryEvent cause)
    {
        string thing = $"the {cause.Item?[(cause.Item.IndexOf(' ', StringComparison.Ordinal) + 1)..]}";
        int amount = cause.Amount ?? 0;
        return cause.Kind switch
        {
            "lose" => $"{cause.Actor} lost {thing}",
            "find" or "see" => $"{cause.Actor} found {thing}",
            "give" => $"{cause.Actor} gave {thing} to {cause.Other}",
            "return" => $"{cause.Actor} gave {thing} back",
            "give-count" => $"{cause.Actor} gave {Words[amount]} {(amount == 1 ? Singular(cause.Item!) : cause.Item)} to {cause.Other}",
            "buy" => $"{cause.Actor} bought {thing}",
            "cannot-afford" => $"{thing} cost too much",
            "get-wet" => $"{cause.Actor} got wet",
            "get-dry" => $"{cause.Actor} was dry again",
            "umbrella" => $"{cause.Actor} shared {thing}",
            "refuse" => $"{cause.Actor} said no",
            "break" => $"{cause.Actor} broke {thing}",
            "stuck" => $"{thing} got stuck",
            "eat" => $"{cause.Actor} ate something",
            "collapse" => $"{cause.Detail} fell down",
            "grow" => $"the {cause.Detail} grew",
            "no-grow" => "the seed did not grow",
            "keeps-thing" => $"{cause.Actor} did not bring {thing} back",
            "animal-gone" => $"{thing} ran away",
            "animal-home" => $"{thing} was home again",
            "keep-animal" => $"{cause.Actor} could keep {thing}",
            "brave" => $"{cause.Actor} was brave",
            "give-up" => $"{cause.Actor} could not do it",
            "help-task" => $"{cause.Actor} helped {cause.Other}",
            "task-fail" => "the work was not done",
            _ => $"of {cause.Kind}",
        };
    }

    private static string Singular(string plural) => plural switch
    {
        "leaves" => "leaf",
        "berries" => "berry",
        "peaches" => "peach",
        "sandwiches" => "sandwich",
        _ => plural[..^1],
    };
}
