namespace Moiety.Data;

/// <summary>
/// Something that happened in a document's world, in the order in which it happened: the truth that the text tells and
/// the answers follow from. Fields that a kind does not use are null.
/// </summary>
/// <param name="Kind">What happened, e.g. <c>give</c>, <c>buy</c>, <c>move</c> (docs/story-world.md lists the kinds).</param>
/// <param name="Actor">Who did it, or to whom it happened.</param>
/// <param name="Other">Who else took part: the receiver, the helper, the seller.</param>
/// <param name="Item">The thing, or what is counted.</param>
/// <param name="SecondItem">The thing given in return.</param>
/// <param name="Place">Where, or where to.</param>
/// <param name="Amount">How many, or the price in coins.</param>
/// <param name="Rest">How many remain to the actor after it, where that is counted.</param>
/// <param name="Detail">A spot, feeling, weather, time or task.</param>
/// <param name="Cause">The index of the event that brought this one about.</param>
public sealed record StoryEvent(
    string Kind,
    string? Actor = null,
    string? Other = null,
    string? Item = null,
    string? SecondItem = null,
    string? Place = null,
    int? Amount = null,
    int? Rest = null,
    string? Detail = null,
    int? Cause = null);
