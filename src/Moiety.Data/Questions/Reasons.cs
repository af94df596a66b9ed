using Moiety.Data.Narration;
using Moiety.Data.Simulation;

namespace Moiety.Data.Questions;

/// <summary>The short answer to a question why: the event that brought something about, in one clause.</summary>
internal static class Reasons
{
    /// <summary>The clause after <c>Because</c>, or null where the event is no plain reason.</summary>
    internal static string? Of(WorldEvent cause)
    {
        string? actor = cause.Actor?.Name;
        string? other = cause.Other?.Name;
        string thing = $"the {cause.Thing?.Noun.Singular}";
        return cause.Kind switch
        {
            EventKind.Lose => $"{actor} lost {thing}",
            EventKind.Find or EventKind.See => $"{actor} found {thing}",
            EventKind.Give => $"{actor} gave {thing} to {other}",
            EventKind.Return => $"{actor} gave {thing} back",
            EventKind.GiveCount => $"{actor} gave {Numbers.Word(cause.Amount)} {cause.Noun!.For(cause.Amount)} to {other}",
            EventKind.Buy => $"{actor} bought {thing}",
            EventKind.CannotAfford => $"{thing} cost too much",
            EventKind.GetWet => $"{actor} got wet",
            EventKind.GetDry => $"{actor} was dry again",
            EventKind.WeatherTurns => $"it began to {cause.Detail}",
            EventKind.Umbrella => $"{actor} shared {thing}",
            EventKind.Refuse => $"{actor} said no",
            EventKind.Break => $"{actor} broke {thing}",
            EventKind.Stuck => $"{thing} got stuck",
            EventKind.GetHungry => $"{actor} was hungry",
            EventKind.Eat => $"{actor} ate something",
            EventKind.Collapse => $"{cause.Detail} fell down",
            EventKind.Grow => $"the {cause.Detail} grew",
            EventKind.NoGrow => "the seed did not grow",
            EventKind.KeepsThing => $"{actor} did not bring {thing} back",
            EventKind.AnimalGone => $"{thing} ran away",
            EventKind.AnimalHome => $"{thing} was home again",
            EventKind.KeepAnimal => $"{actor} could keep {thing}",
            EventKind.Brave => $"{actor} was brave",
            EventKind.GiveUp => $"{actor} could not do it",
            EventKind.HelpTask => $"{actor} helped {other}",
            EventKind.TaskFail => "the work was not done",
            _ => null,
        };
    }

    /// <summary>Reasons that fit the people and things of a story but did not happen in it.</summary>
    internal static IEnumerable<string> Others(World world, Person person)
    {
        StoryRandom random = world.Random;
        string name = person.Name;
        string thing = world.Things.Count > 0 ? world.Things[^1].Noun.Singular : "ball";
        yield return random.Chance(50) ? $"{name} lost the {thing}" : $"{name} broke the {thing}";
        yield return random.Chance(50) ? $"{name} got wet" : $"{name} was hungry";
        yield return random.Chance(50) ? "the seed did not grow" : "the work was not done";
        yield return random.Chance(50) ? $"{name} bought the {thing}" : $"{name} found the {thing}";
    }
}
