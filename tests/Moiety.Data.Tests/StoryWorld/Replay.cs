namespace Moiety.Data.Tests.StoryWorld;

/// <summary>
/// Plays the written events of a document again, one at a time, with rules of its own: who holds what, who has how many
/// of what, who has how much money, and who is where. It refuses an event that its state does not allow.
/// </summary>
internal sealed class Replay
{
    private readonly Dictionary<(string Person, string Noun), int> _counts = [];

    internal Replay(IReadOnlyList<StoryEvent> events)
    {
        Events = events;
        foreach (StoryEvent happened in events)
        {
            Apply(happened);
        }
    }

    internal IReadOnlyList<StoryEvent> Events { get; }

    internal Dictionary<string, string> Holders { get; } = [];

    internal Dictionary<string, int> Coins { get; } = [];

    internal Dictionary<string, string> Places { get; } = [];

    /// <summary>Where each thing was lost.</summary>
    internal Dictionary<string, string> LostAt { get; } = [];

    internal int Count(string person, string noun) => _counts.GetValueOrDefault((person, noun));

    private void Apply(StoryEvent happened)
    {
        string actor = happened.Actor ?? "";
        string other = happened.Other ?? "";
        string item = happened.Item ?? "";
        int amount = happened.Amount ?? 0;
        switch (happened.Kind)
        {
            case "own" or "has":
                Assert.False(Holders.ContainsKey(item));
                Holders[item] = actor;
                break;
            case "take" or "find":
                Assert.False(Holders.ContainsKey(item));
                Holders[item] = actor;
                break;
            case "reach":
                Holders[item] = actor;
                break;
            case "lose":
                Assert.Equal(actor, Holders[item]);
                Holders.Remove(item);
                LostAt[item] = Places.GetValueOrDefault(actor, happened.Place ?? "");
                break;
            case "stuck":
                Holders.Remove(item);
                break;
            case "give" or "borrow" or "return":
                Assert.Equal(actor, Holders[item]);
                Holders[item] = other;
                break;
            case "swap":
                Assert.Equal((actor, other), (Holders[item], Holders[happened.SecondItem!]));
                (Holders[item], Holders[happened.SecondItem!]) = (other, actor);
                break;
            case "purse":
                Coins[actor] = amount;
                break;
            case "earn":
                Coins[actor] += amount;
                Assert.Equal(happened.Rest, Coins[actor]);
                break;
            case "buy":
                Coins[actor] -= amount;
                Assert.Equal(happened.Rest, Coins[actor]);
                Holders[item] = actor;
                break;
            case "pay":
                Coins[actor] -= amount;
                Assert.Equal(happened.Rest, Coins[actor]);
                break;
            case "cannot-afford":
                Assert.True(Coins[actor] < amount);
                break;
            case "left":
                Assert.Equal(happened.Rest, Coins[actor]);
                break;
            case "own-count":
                _counts[(actor, item)] = amount;
                break;
            case "collect" or "find-more" or "buy-count":
                _counts[(actor, item)] = Count(actor, item) + amount;
                Assert.Equal(happened.Rest, Count(actor, item));
                break;
            case "count-all":
                Assert.Equal(happened.Rest, Count(actor, item));
                break;
            case "eat":
                _counts[(actor, item)] = Count(actor, item) - amount;
                Assert.Equal(happened.Rest, Count(actor, item));
                Assert.True(Count(actor, item) >= 0);
                break;
            case "give-count":
                // A cook or a worker gives from a store that the story does not count.
                if (_counts.ContainsKey((actor, item)))
                {
                    _counts[(actor, item)] -= amount;
                    Assert.Equal(happened.Rest, Count(actor, item));
                    Assert.True(Count(actor, item) >= 0);
                }

                _counts[(other, item)] = Count(other, item) + amount;
                break;
            case "move" or "shelter":
                Assert.NotEqual(happened.Place, Places.GetValueOrDefault(actor));
                Places[actor] = happened.Place!;
                break;
            case "go-home":
                Places[actor] = "at home";
                break;
            case "visit":
                Places.Remove(actor);
                break;
        }

        Assert.True(Coins.Values.All(coins => coins >= 0));
        if (happened.Cause is { } cause)
        {
            Assert.InRange(cause, 0, Events.Count - 1);
        }
    }
}
