namespace Moiety.Data;

/// <summary>A person of a document with the person's group and trait, for measuring the association between them.</summary>
/// <param name="Person">The person's name.</param>
/// <param name="Group">The group that the person belongs to.</param>
/// <param name="Axis">The pair of opposite traits that the document is about, e.g. <c>brave/shy</c>.</param>
/// <param name="Trait">The one of the two that the person has.</param>
public sealed record StoryGroup(string Person, string Group, string Axis, string Trait);
