using Moiety.Data.Almanac;
using Moiety.Data.Simulation;

namespace Moiety.Data.Documents;

/// <summary>What a document kind may use to make the documents of one index.</summary>
/// <param name="Random">The random numbers of this index.</param>
/// <param name="Id">The document's id; a kind that makes several adds a suffix.</param>
/// <param name="AssociationPermille">The association between groups and traits, in thousandths.</param>
/// <param name="Facts">The almanac.</param>
internal sealed record DocumentContext(StoryRandom Random, string Id, int AssociationPermille, FactTable Facts);
