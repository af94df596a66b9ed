namespace Moiety.Data.Almanac;

/// <summary>A person of the almanac and the six facts about them.</summary>
/// <param name="Name">First and family name; no two residents share both.</param>
/// <param name="Birthplace">Where they were born.</param>
/// <param name="Home">Where they live.</param>
/// <param name="Work">What they work as.</param>
/// <param name="Animal">What animal they have.</param>
/// <param name="Food">What they like to eat.</param>
/// <param name="Color">What color they wear.</param>
internal sealed record Resident(string Name, string Birthplace, string Home, string Work, string Animal, string Food, string Color);
